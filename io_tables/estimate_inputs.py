"""What a user tells of regions and trade costs, aligned to the national table and checked.

Public names: `read_regions`, `Regions`, `read_costs`, `TradeLaw`. Labels become positions here;
every failure found is raised at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InvalidTable, UnknownLabel
from io_tables.labels import duplicates, positions_of, shown
from io_tables.table import RegionalTable
from io_tables.trade import Kernel, log_kernel

AGREES: Final = 1e-9
"""Relative gap up to which regional sums count as the national figure (rounding)."""


@dataclass(frozen=True)
class Regions:
    """Regional figures in table order: (R, S) but `final_share` (R, C) and `population` (R,)."""

    names: list[str]
    sectors: list[str]
    output: Floats
    value_added: Floats | None
    final_share: Floats
    exports: Floats
    population: Floats | None
    notes: tuple[str, ...]

    def label(self, region: int, sector: int) -> str:
        """Name a cell for messages."""
        return f"{self.names[region]} / {self.sectors[sector]}"


@dataclass(frozen=True)
class TradeLaw:
    """Logarithms of the kernels (S, R, R), home factors included."""

    log_kernels: Floats
    home_given: bool
    notes: tuple[str, ...]


def read_regions(
    national: RegionalTable,
    output: pd.DataFrame,
    *,
    value_added: pd.DataFrame | None,
    final_demand: pd.DataFrame | pd.Series | None,
    exports: pd.DataFrame | None,
    population: pd.Series | None,
    scale_output: bool,
) -> Regions:
    """Align regional figures and check them against the national ones.

    Raises
    ------
    InvalidTable
        Listing what is missing, negative, or does not sum to the national table.
    """
    failures: list[str] = []
    names = [str(name) for name in output.index]
    if duplicates(names):
        failures.append(f"regions must be unique, found twice: {shown(duplicates(names))}")
    x = _by_sector(national, output, output.index, "regional_output", failures)
    total = np.asarray(national.x, dtype=np.float64)
    notes: list[str] = []
    if x is not None:
        x = _to_national(x, total, national, "regional_output", scale_output, failures, notes)
    added = _by_sector(national, value_added, output.index, "value_added", failures)
    if added is not None:
        wanted = np.asarray(national.va.sum(axis=0), dtype=np.float64)
        added = _to_national(added, wanted, national, "value_added", False, failures, notes)
    sent = _by_sector(national, exports, output.index, "exports", failures)
    abroad = np.asarray(national.exports, dtype=np.float64)
    if sent is not None:
        sent = _to_national(sent, abroad, national, "exports", False, failures, notes)
    size = _size(national, final_demand, output.index, failures)
    people = None if population is None else population.reindex(output.index).to_numpy(float)
    if people is not None and not (people >= 0).all():
        failures.append("population must be told for every region")
    raise_collected(InvalidTable, failures, "estimate")
    assert x is not None
    part = np.divide(x, total, out=np.zeros_like(x), where=total > 0)
    if size is None:
        # The region's share of value added, the same for every category.
        weight = added if added is not None else part * np.asarray(national.va.sum(axis=0))
        size = np.repeat(weight.sum(axis=1)[:, None], len(national.categories), axis=1)
        notes.append("Final demand follows value added of the region (assumption).")
    else:
        notes.append("Final demand follows given sizes; its product mix is national (assumption).")
    if added is None:
        notes.append("Technology and value added per output are national (assumption).")
    else:
        notes.append("Inputs follow given value added; their mix starts from the national one.")
    if sent is None:
        sent = part * abroad
        notes.append("Exports abroad follow output (assumption).")
    return Regions(
        names=names,
        sectors=national.sectors,
        output=x,
        value_added=added,
        final_share=size / size.sum(axis=0),
        exports=sent,
        population=people,
        notes=("ESTIMATE from the national table and regional output.", *notes),
    )


def _by_sector(
    national: RegionalTable,
    frame: pd.DataFrame | None,
    index: pd.Index,
    what: str,
    failures: list[str],
) -> Floats | None:
    """(R, S) in table order, or None with the reason collected."""
    if frame is None:
        return None
    try:
        at = national.sector_positions(frame.columns)
    except UnknownLabel as error:
        failures.append(f"{what}: {error}")
        return None
    absent = [r for r in index if r not in frame.index]
    lacking = [s for i, s in enumerate(national.sectors) if i not in set(at.tolist())]
    if absent or lacking or len(at) != len(set(at.tolist())):
        failures.append(
            f"{what} must tell every region and sector once, missing: {shown([*absent, *lacking])}"
        )
        return None
    values = np.empty((len(index), national.n_sectors))
    values[:, at] = frame.loc[index].to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values) | ((values < 0) & (what != "value_added"))
    if bad.any():
        where = [(index[r], national.sectors[i]) for r, i in np.argwhere(bad).tolist()]
        failures.append(
            f"{what} must be finite and not negative, found otherwise at {shown(where)}"
        )
        return None
    return values


def _to_national(
    values: Floats,
    total: Floats,
    national: RegionalTable,
    what: str,
    scale: bool,
    failures: list[str],
    notes: list[str],
) -> Floats:
    """Remove rounding, or scale when asked; refuse other sums."""
    sums = values.sum(axis=0)
    gap = np.abs(sums - total) > AGREES * np.maximum(np.abs(total), 1e-9 * np.abs(total).max())
    factor = np.divide(total, sums, out=np.ones_like(total), where=sums != 0)
    if gap.any() and (not scale or ((sums == 0) & (total != 0)).any()):
        where = [
            f"{national.sectors[i]} ({sums[i]:.8g} of {total[i]:.8g})"
            for i in np.flatnonzero(gap).tolist()
        ]
        advice = "; scale_output=True scales them" if what == "regional_output" else ""
        failures.append(
            f"{what} must sum to the national figure, not so for {shown(where)}{advice}"
        )
    elif gap.any():
        low, high = factor.min(), factor.max()
        notes.append(f"Regional output is scaled by sector, factors {low:.4g} to {high:.4g}.")
    return np.asarray(values * factor)


def _size(
    national: RegionalTable,
    given: pd.DataFrame | pd.Series | None,
    index: pd.Index,
    failures: list[str],
) -> Floats | None:
    """Size of final demand (R, C)."""
    if given is None:
        return None
    frame = given.reindex(index)
    if isinstance(frame, pd.Series):
        values = np.repeat(frame.to_numpy(float)[:, None], len(national.categories), axis=1)
    else:
        values = frame.reindex(columns=national.categories).to_numpy(dtype=np.float64)
    if not (values >= 0).all() or not (values.sum(axis=0) > 0).all():
        failures.append(
            "final_demand must be told for every region and category, not negative; categories "
            f"are {shown(national.categories)}"
        )
        return None
    return values


def read_costs(
    national: RegionalTable,
    names: list[str],
    cost: pd.DataFrame | Mapping[str, pd.DataFrame],
    cost_of: Mapping[str, str] | pd.Series | None,
    decay: float | Mapping[str, float] | pd.Series,
    kernel: Kernel,
    home: float | Mapping[str, float] | pd.Series | None,
) -> TradeLaw:
    """Kernels of every product.

    Raises
    ------
    InvalidTable
        For missing regions, sectors without a cost, and impossible costs or decays.
    """
    frames = {"cost": cost} if isinstance(cost, pd.DataFrame) else dict(cost)
    failures: list[str] = []
    for label, frame in frames.items():
        odd = [n for n in names if n not in frame.index or n not in frame.columns]
        if odd:
            failures.append(f"cost {label!r} lacks the regions {shown(odd)}")
    chosen = [next(iter(frames))] * national.n_sectors
    if cost_of is not None:
        given = dict(cost_of.items())
        at = positions_of(list(given), national.sectors, aliases=_codes(national), what="sector")
        chosen = [""] * national.n_sectors
        for position, label in zip(at.tolist(), given.values(), strict=True):
            chosen[position] = str(label)
        lost = [s for s, c in zip(national.sectors, chosen, strict=True) if c not in frames]
        if lost:
            failures.append(f"cost_of must name one of {shown(frames)} for {shown(lost)}")
    elif len(frames) > 1:
        failures.append(f"cost_of must say which of {shown(frames)} each sector follows")
    decays = _by_label(national, decay, "decay", failures)
    homes = _by_label(national, 1.0 if home is None else home, "home", failures)
    if not (decays >= 0).all() or not (homes >= 0).all():
        failures.append("decay and home must be numbers >= 0")
    raise_collected(InvalidTable, failures, "estimate")
    logs = np.empty((national.n_sectors, len(names), len(names)))
    own = np.arange(len(names))
    with np.errstate(divide="ignore"):
        log_home = np.log(homes)
    for i, label in enumerate(chosen):
        frame = frames[label].loc[names, names]
        logs[i] = log_kernel(frame, float(decays[i]), kernel=kernel)
        logs[i, own, own] += log_home[i]
    low, high = decays.min(), decays.max()
    span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return TradeLaw(logs, home is not None, (f"Decay of trade with cost ({kernel}): {span}.",))


def _codes(national: RegionalTable) -> dict[str, list[object]]:
    return {
        str(label): coord.values.tolist()
        for label, coord in national.data.coords.items()
        if coord.dims == ("sector",) and label != "sector"
    }


def _by_label(
    national: RegionalTable,
    given: float | Mapping[str, float] | pd.Series,
    what: str,
    failures: list[str],
) -> Floats:
    """One number per sector (S,)."""
    if isinstance(given, int | float | np.number):
        return np.full(national.n_sectors, float(given))
    values = np.full(national.n_sectors, np.nan)
    items = dict(given.items())
    at = positions_of(list(items), national.sectors, aliases=_codes(national), what="sector")
    values[at] = [float(v) for v in items.values()]
    lost = [s for s, v in zip(national.sectors, values, strict=True) if np.isnan(v)]
    if lost:
        failures.append(f"{what} is missing for {shown(lost)}")
        return np.zeros(national.n_sectors)
    return values
