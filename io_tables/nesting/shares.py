"""Which part of its region's output and final demand every place inside it has.

Public names:
- `output_shares`: (M, S) by what is known: output, employment, value added of the place, size.
- `demand_shares`: (M, C) by sizes.

Terms: place m in region P(m), sector i; sigma_mi the part of output x_Pi, sum over the places of a
region = 1. In this order: output that is told stands; what is left of the region is spread by
employment where that is told, otherwise by size. With a value added (GDP) of places, the spread is
then balanced within each region to (value added of places, scaled to the region's) and (value
added of its sectors), so that a richer place is richer in all its sectors alike. Output that is
told stands there too: what it brings in value added is taken out first, and a place that has more
than its value added from it alone gets next to nothing else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.balance import ras
from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InvalidTable, UnknownLabel
from io_tables.labels import shown
from io_tables.table import RegionalTable

_ROUNDING = 1e-9


def output_shares(
    table: RegionalTable,
    places: pd.Index,
    parent_of: NDArray[np.intp],
    size: Floats,
    *,
    output: pd.DataFrame | None = None,
    employment: pd.DataFrame | None = None,
    value_added: pd.Series | None = None,
) -> Floats:
    """Part of its region's output that every place has, by sector.

    Parameters
    ----------
    table
        The regions.
    places, parent_of, size
        (M,) labels, position of the region, and size in any unit.
    output, employment
        Rows places, columns sectors, NaN or absent where not told; money of the table, persons.
    value_added
        (M,) of all sectors together, in any unit.

    Returns
    -------
    (M, S), summing to one within every region.

    Raises
    ------
    InvalidTable
        For negative or missing figures, and output that exceeds or misses the region's.
    """
    failures: list[str] = []
    x = table.data["output"].values
    told = _frame(table, places, output, "output", failures)
    jobs = _frame(table, places, employment, "employment", failures)
    raise_collected(InvalidTable, failures, "nest")
    weight = np.repeat(size[:, None], table.n_sectors, axis=1)
    for p in range(table.n_regions):
        inside = parent_of == p
        known = inside[:, None] & ~np.isnan(jobs)
        per_size = np.where(known, jobs, 0.0).sum(axis=0) / np.maximum(
            np.where(known, weight, 0.0).sum(axis=0), 1e-300
        )
        filled = np.where(known, jobs, weight * per_size)
        weight = np.where(inside[:, None] & (per_size > 0), filled, weight)
    shares = np.zeros_like(weight)
    for p in range(table.n_regions):
        inside = np.flatnonzero(parent_of == p)
        given = told[inside]
        held = np.where(np.isnan(given), 0.0, given)
        left = x[p] - held.sum(axis=0)
        free = np.where(np.isnan(given), weight[inside], 0.0)
        total = free.sum(axis=0)
        wrong = (left < -_ROUNDING * x[p]) | ((total == 0) & (left > _ROUNDING * x[p]))
        for i in np.flatnonzero(wrong).tolist():
            failures.append(
                f"{table.regions[p]} / {table.sectors[i]}: places have {held[:, i].sum():.8g} of "
                f"{x[p, i]:.8g}"
            )
        spread = free * np.divide(
            np.maximum(left, 0.0), total, out=np.zeros_like(total), where=total > 0
        )
        part = held + spread
        sums = part.sum(axis=0)
        shares[inside] = np.where(
            sums > 0, part / np.where(sums > 0, sums, 1.0), size[inside, None] / size[inside].sum()
        )
    if failures:
        raise InvalidTable(
            "nest: output of places must sum to that of their region where all are told, and stay "
            f"below it elsewhere, not so for {shown(failures)}"
        )
    if value_added is not None:
        held = np.where(np.isnan(told), 0.0, shares)
        shares = _fit_value_added(table, places, parent_of, shares, held, value_added)
    return shares


def _fit_value_added(
    table: RegionalTable,
    places: pd.Index,
    parent_of: NDArray[np.intp],
    shares: Floats,
    held: Floats,
    value_added: pd.Series,
) -> Floats:
    """Balance the shares of every region to the value added of its places; `held` ones stay."""
    total = value_added.reindex(places).to_numpy(dtype=np.float64)
    if not (total >= 0).all():
        lost = [places[m] for m in np.flatnonzero(~(total >= 0)).tolist()]
        raise InvalidTable(f"nest: value added must be told for every place: {shown(lost)}")
    added = table.data["value_added"].values.sum(axis=0)
    shares = shares.copy()
    for p, region in enumerate(table.regions):
        inside = np.flatnonzero(parent_of == p)
        some = np.flatnonzero(added[p] > 0)
        if not len(inside) or not len(some):
            continue
        if total[inside].sum() <= 0:
            raise InvalidTable(f"nest: the places of {region} have no value added")
        kept = held[np.ix_(inside, some)]
        prior = (shares[np.ix_(inside, some)] - kept) * added[p, some]
        columns = prior.sum(axis=0)
        free = np.flatnonzero(columns > 1e-12 * added[p, some])
        if not len(free):
            continue
        wanted = total[inside] * (added[p, some].sum() / total[inside].sum())
        rows = np.maximum(wanted - kept @ added[p, some], 1e-6 * wanted)
        rows = np.where((prior[:, free] > 0).any(axis=1), rows, 0.0)
        if rows.sum() <= 0:
            continue
        result = ras(
            pd.DataFrame(prior[:, free], index=places[inside]),
            rows * (columns[free].sum() / rows.sum()),
            columns[free],
        ).raise_for_status()
        fitted = result.matrix / added[p, some[free]]
        shares[np.ix_(inside, some[free])] = kept[:, free] + fitted
    return shares


def demand_shares(
    table: RegionalTable,
    places: pd.Index,
    parent_of: NDArray[np.intp],
    size: Floats,
    given: pd.DataFrame | pd.Series | None,
) -> Floats:
    """Part of its region's final demand that every place buys, (M, C)."""
    C = len(table.categories)
    weight = np.repeat(size[:, None], C, axis=1)
    if isinstance(given, pd.Series):
        weight = np.repeat(given.reindex(places).to_numpy(float)[:, None], C, axis=1)
    elif given is not None:
        weight = given.reindex(index=places, columns=table.categories).to_numpy(dtype=np.float64)
    if not (weight >= 0).all():
        raise InvalidTable("nest: sizes of final demand must be told for every place and category")
    out = np.empty_like(weight)
    for p, region in enumerate(table.regions):
        inside = parent_of == p
        sums = weight[inside].sum(axis=0)
        if not (sums > 0).all():
            raise InvalidTable(f"nest: final demand of {region} needs a place with a size")
        out[inside] = weight[inside] / sums
    return out


def _frame(
    table: RegionalTable,
    places: pd.Index,
    frame: pd.DataFrame | None,
    what: str,
    failures: list[str],
) -> Floats:
    """(M, S) with NaN where nothing is told."""
    values = np.full((len(places), table.n_sectors), np.nan)
    if frame is None:
        return values
    odd = frame.index.difference(places)
    if len(odd):
        failures.append(f"{what} names places that are not there: {shown(odd)}")
        return values
    try:
        at = table.sector_positions(frame.columns)
    except UnknownLabel as error:
        failures.append(f"{what}: {error}")
        return values
    values[:, at] = frame.reindex(places).to_numpy(dtype=np.float64)
    if (values < 0).any() or np.isinf(values).any():
        where = [
            (places[m], table.sectors[i])
            for m, i in np.argwhere((values < 0) | np.isinf(values)).tolist()
        ]
        failures.append(f"{what} must be finite and not negative, found at {shown(where)}")
    return values
