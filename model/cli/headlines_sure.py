"""The lines on how sure a run is, and on what each channel is worth when all work at once.

Owns the question: what does somebody see of draws and of the split who reads a few lines only?

Public names
------------
``drawn_lines``   medians, intervals, and what drives them
``split_lines``   shares of the joint effect by channel
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.cli.text import aligned, amount, percent, signed

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["drawn_lines", "split_lines"]

ALL = "all regions"
NAMED = 3


def drawn_lines(data: xr.Dataset) -> list[str]:
    """Return the lines on draws; none where a run drew nothing."""
    lines: list[str] = []
    if "ledger_draws" in data:
        lines += _ledger(data)
    if "corridor_draws" in data:
        lines += ["", *_corridor(data)] if lines else _corridor(data)
    return lines


def _about(values: xr.DataArray) -> str:
    return f"{values.attrs['draws']:,} draws, {values.attrs['interval']:.0%} of them"


def _ledger(data: xr.Dataset) -> list[str]:
    drawn = data["ledger_draws"]
    whole = drawn.sel(drawn_region=ALL, account="value_added")
    drivers = data["ledger_drivers"].sel(drawn_region=ALL, account="value_added")
    head = (
        f"how sure the ledger is ({_about(drawn)})",
        "part",
        "median",
        "low",
        "high",
        "driven by",
    )
    rows = []
    for pole in drawn["pole"].values:
        for part in ("intraregional", "feedback", "spillover"):
            one = whole.sel(pole=pole, drawn_part=part)
            cells = [amount(float(one.sel(statistic=s))) for s in ("median", "low", "high")]
            rows.append([str(pole), part, *cells, _driven(drivers.sel(pole=pole, drawn_part=part))])
    return aligned(head, rows, left=2)


def _corridor(data: xr.Dataset) -> list[str]:
    drawn = data["corridor_draws"]
    head = (
        f"how sure the edits are ({_about(drawn)})",
        str(drawn.attrs["units"]),
        "low",
        "high",
        "driven by",
    )
    rows = []
    for effect in ("real_consumption", "value_added", "output"):
        one = drawn.sel(drawn_effect=effect)
        cells = [signed(float(one.sel(statistic=s))) for s in ("median", "low", "high")]
        driven = _driven(data["corridor_drivers"].sel(drawn_effect=effect))
        rows.append([f"{effect.replace('_', ' ')}, median", *cells, driven])
    return aligned(head, rows)


def _driven(shares: xr.DataArray) -> str:
    """Return the largest shares with their names, at most three."""
    first = shares[(-shares.values).argsort(kind="stable")[:NAMED]]
    dim = str(first.dims[0])
    told = [
        f"{str(name).replace('_', ' ')} {percent(min(float(share), 1.0), 1.0)}"
        for name, share in zip(first[dim].values, first.values, strict=True)
        if share > 0.005
    ]
    return ", ".join(told) or "-"


def split_lines(data: xr.Dataset) -> list[str]:
    """Return the lines on the split; none where a run shared nothing out."""
    if "split_real_consumption" not in data:
        return []
    unit = data["split_real_consumption"].attrs["units"]
    head = (f"joint effect shared out without an order ({unit})", "value added", "real consumption")
    names = ("value_added", "real_consumption")
    rows = []
    for channel in data["split_channel"].values:
        shares = [float(data[f"split_{n}"].sel(split_channel=channel).sum()) for n in names]
        rows.append([str(channel), *map(signed, shares)])
    rows.append(["all together", *(signed(float(data[f"joint_{n}"].sum())) for n in names)])
    return aligned(head, rows)
