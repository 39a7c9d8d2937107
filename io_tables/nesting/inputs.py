"""What a user tells of places inside regions, aligned and checked.

Public names: `read_places`, `read_costs`, `read_decays`, `Costs`. Labels become positions here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InvalidTable
from io_tables.labels import duplicates, positions_of, shown
from io_tables.table import RegionalTable

Costs = pd.DataFrame | Floats | Mapping[str, pd.DataFrame | Floats]


def read_places(table: RegionalTable, places: pd.DataFrame) -> tuple[NDArray[np.intp], Floats]:
    """Position of the region (M,) and size (M,)."""
    failures: list[str] = []
    for column in ("parent", "size"):
        if column not in places.columns:
            failures.append(f"places need a column {column!r}")
    raise_collected(InvalidTable, failures, "nest")
    twice = duplicates(places.index)
    if twice:
        failures.append(f"places must be unique, found twice: {shown(twice)}")
    parent_of = table.region_positions(places["parent"])
    size = places["size"].to_numpy(dtype=np.float64)
    if not (size >= 0).all():
        failures.append("sizes of places must be numbers >= 0")
    empty = [r for p, r in enumerate(table.regions) if not size[parent_of == p].sum() > 0]
    if empty:
        failures.append(f"every region needs a place with a size, none in {shown(empty)}")
    raise_collected(InvalidTable, failures, "nest")
    return parent_of, size


def read_costs(
    table: RegionalTable,
    places: pd.Index,
    cost: Costs,
    cost_of: Mapping[str, str] | pd.Series | None,
) -> tuple[Floats, NDArray[np.intp]]:
    """Costs (C, M, M) in the order of places, and which one each product follows."""
    given = dict(cost) if isinstance(cost, Mapping) else {"cost": cost}
    M, failures = len(places), list[str]()
    out = np.empty((len(given), M, M))
    for c, (name, matrix) in enumerate(given.items()):
        if isinstance(matrix, pd.DataFrame):
            lost = places.difference(matrix.index).union(places.difference(matrix.columns))
            if len(lost):
                failures.append(f"{name} lacks the places {shown(lost)}")
                continue
            matrix = matrix.loc[places, places].to_numpy(dtype=np.float64)
        if np.shape(matrix) != (M, M):
            failures.append(f"{name} must be ({M}, {M}), found {np.shape(matrix)}")
            continue
        out[c] = matrix
        bad = ~((out[c] > 0) & np.isfinite(out[c]))
        if bad.any():
            where = [(places[r], places[s]) for r, s in np.argwhere(bad)[:6].tolist()]
            failures.append(
                f"{name} must be finite and above zero, found otherwise at {shown(where)}"
            )
    names = list(given)
    which = np.zeros(table.n_sectors, dtype=np.intp)
    if cost_of is not None:
        told = dict(cost_of.items())
        which[:] = -1
        which[table.sector_positions(list(told))] = positions_of(
            list(told.values()), names, what="cost"
        )
    if len(names) > 1 and (cost_of is None or (which < 0).any()):
        failures.append(f"cost_of must say which of {shown(names)} each sector follows")
    raise_collected(InvalidTable, failures, "nest")
    return out, np.maximum(which, 0)


def read_decays(table: RegionalTable, decay: float | Mapping[str, float] | pd.Series) -> Floats:
    """Decay by product (S,)."""
    if isinstance(decay, int | float | np.number):
        values = np.full(table.n_sectors, float(decay))
    else:
        told = dict(decay.items())
        values = np.full(table.n_sectors, np.nan)
        values[table.sector_positions(list(told))] = [float(v) for v in told.values()]
    if not (values >= 0).all():
        raise InvalidTable("nest: decay must be a number >= 0 for every sector")
    return values
