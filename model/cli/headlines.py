"""The first lines of an answer, read from a result.

Owns the question: what should somebody see who reads four lines only?

Public names
------------
``headlines``    lines of text; every number is taken from the result given
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.cli.headlines_sure import drawn_lines, split_lines
from model.cli.text import aligned, amount, percent, signed

if TYPE_CHECKING:
    import xarray as xr

    from model.results import Result

__all__ = ["headlines"]


def headlines(result: Result) -> list[str]:
    """Return the lines that sum up a result.

    Blocks that the scenario does not have leave no line. Effects always come with their range,
    where the result has one.
    """
    data = result.data
    lines = [f"{result.scenario.name}: {result.status.value}", *_base(data)]
    for block in (_poles, _corridor, drawn_lines, _channels, split_lines, _access, _disparity):
        found = block(data)
        if found:
            lines += ["", *found]
    return lines + [f"note: {sentence}" for sentence in result.report.zero_effects]


def _base(data: xr.Dataset) -> list[str]:
    if "value_added_base" not in data:
        return []
    base = data["value_added_base"]
    where = " x ".join(f"{size} {dim}s" for dim, size in base.sizes.items())
    return [f"base year: value added {amount(float(base.sum()))} {base.attrs['units']}, {where}"]


def _poles(data: xr.Dataset) -> list[str]:
    if "ledger" not in data:
        return []
    ledger = data["ledger"].sel(account="value_added").sum("sector")
    unit = data["ledger"].attrs["units"]
    head = (
        "value added of a stimulus",
        unit,
        "in the pole",
        "elsewhere",
        "leaves",
        "first to gain",
    )
    rows = []
    for pole in ledger["pole"].values:
        one = ledger.sel(pole=pole)
        given = float(data["stimulus"].sel(pole=pole)) if "stimulus" in data else float(one.sum())
        inside = float(one.sel(part=["intraregional", "feedback"]).sum())
        outside = one.sel(part="spillover")
        spread = float(outside.sum())
        first = ", ".join(
            f"{outside['region'].values[n]} {percent(float(outside.values[n]), given)}"
            for n in np.argsort(-outside.values)[:3]
            if outside.values[n] > 0
        )
        shares = [percent(one, given) for one in (inside, spread, given - inside - spread)]
        rows.append([str(pole), amount(given), *shares, first])
    return aligned(head, rows)


def _corridor(data: xr.Dataset) -> list[str]:
    if "corridor_range" not in data:
        return []
    effects = data["corridor_range"]
    units = data["real_consumption_base"].attrs["units"] if "real_consumption_base" in data else ""
    titles = {
        "real_consumption": ("real consumption", units),
        "goods_real_consumption": ("  of it goods", units),
        "services_real_consumption": ("  of it services", units),
        "value_added": ("value added at base-year rates", units),
        "mean_minutes": ("mean travel time", "min"),
    }
    known = set(effects["effect"].values.tolist())
    lines = ["what the edits of the network do (low and high parameters in brackets):"]
    for effect, (title, unit) in titles.items():
        if effect not in known:
            continue
        values = effects.sel(effect=effect)
        central = float(values.sel(case="central"))
        spread = values.values[np.isfinite(values.values)]
        around = (
            f" [{signed(spread.min())} to {signed(spread.max())}]" if np.ptp(spread) > 0 else ""
        )
        lines.append(f"  {title} {signed(central)}{around} {unit}".rstrip())
    return lines


def _channels(data: xr.Dataset) -> list[str]:
    if "spread" not in data:
        return []
    unit = data["spread"].attrs["units"]
    head = ("channel by channel, not to be added", unit, "gains", "losses", "regions losing")
    rows = []
    for level in ("real_consumption", "value_added"):
        for channel in data["channel"].values:
            one = data["spread"].sel(channel=channel, level=level)
            gains, losses = (float(one.sel(side=side)) for side in ("spread", "backwash"))
            if not np.isfinite(gains):
                continue
            title = f"{level.replace('_', ' ')}, {channel}"
            lost = int(data["losers"].sel(channel=channel, level=level))
            sums = (signed(gains + losses), signed(gains), signed(losses))
            rows.append([title, *sums, str(lost)])
    return aligned(head, rows)


def _access(data: xr.Dataset) -> list[str]:
    if not {"access", "access_base"} <= set(data.data_vars) or "population" not in data.coords:
        return []
    people = data["population"]
    lines = []
    for measure in data["measure"].values:
        now, base = (
            float((_latest(data[name]).sel(measure=measure) * people).sum() / people.sum())
            for name in ("access", "access_base")
        )
        change = f"{now / base - 1.0:+.2%}" if base else "-"
        lines.append(
            f"  {str(measure).replace('_', ' ')}: {amount(base)} -> {amount(now)} ({change})"
        )
    return ["access of the average resident, base -> scenario:", *lines]


def _disparity(data: xr.Dataset) -> list[str]:
    if not {"disparity", "disparity_base"} <= set(data.data_vars):
        return []
    lines = []
    for subject in data["disparity"]["subject"].values:
        chosen = {"subject": subject, "index": "theil_t", "disparity_part": "total"}
        now, base = (
            float(data[name].sel(chosen).isel(grouping=0))
            for name in ("disparity", "disparity_base")
        )
        if np.isfinite(now) and np.isfinite(base):
            lines.append(f"  {str(subject).replace('_', ' ')}: {base:.5f} -> {now:.5f}")
    return ["disparity between places (Theil T, 0 is equal):", *lines] if lines else []


def _latest(values: xr.DataArray) -> xr.DataArray:
    return values.isel(year=-1) if "year" in values.dims else values
