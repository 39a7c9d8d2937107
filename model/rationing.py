"""Supply constraints: what an economy still makes when some industries cannot make all they did.

Question owned: how do shortages spread, with limits to what can be replaced?

Public names
    ration            output, final demand, what is unmet and what is replaced, under a rule
    Rule              proportional, least_loss
    plot_rationing    bars of the largest changes

Terms: x, f output and final demand before; capacity k_i, the share of x_i that can be made; s_p,
the share of product p that its users can get from elsewhere or do without (substitution).

    proportional   Every buyer is offered the same share chi_i of what it bought, whatever it is
                   for. chi is the largest solution of
                     chi_j = min(k_j, min_p (sum_r z_pj^r chi_p^r / sum_r z_pj^r + s_p), 1)
                   over the products p that j uses, origins r pooled; then output is what can be
                   made and is asked for, final users coming last,
                     x_j = min(chi_j x0_j, sum_k d_jk + f_j),  d_jk = a_jk min(x_k, chi_j x0_k).
    least_loss     Final demand u >= 0 is left unmet and m >= 0 replaced so that capacities hold,
                     min 1'u + c 1'm   with  L (f - u - m) <= k x,  u <= (1 - protected) f,
                     m_i <= s_i x_i,  L (f - u - m) >= 0;
                   only rows of L with a capacity enter. Its dual values say what one more money of
                   capacity is worth.

The first says what happens when nobody steers, the second what the best steering could reach; what
is between them is the value of steering. Neither lets prices move.

Source: Hallegatte (2008), proportional rationing; Steenge & Bockarjova (2007), bottlenecks; Rose
& Wei (2013), resilience by substitution; Koks & Thissen (2016), the linear program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr
from scipy.optimize import linprog

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.errors import Infeasible, NotConverged, ShapeError
from model.grids import draw_largest, grid, grid_coords
from model.leontief.align import positions
from model.leontief.inverse_pieces import TOLERANCE
from model.leontief.products import FloatArray, IntArray
from model.rationing_shares import equal_shares
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rule = Literal["proportional", "least_loss"]


def ration(
    table: RegionalTable,
    capacity: pd.Series[float],
    *,
    rule: Rule = "proportional",
    substitution: float | Mapping[str, float] = 0.0,
    replacement_cost: float = 0.5,
    protected: float = 0.0,
) -> xr.Dataset:
    """Find what is made and bought when some industries cannot make all they did.

    Parameters
    ----------
    table
        The economy.
    capacity
        Share (0 to 1) of its output that an industry can still make, by (region, sector);
        industries left out can make all of it.
    rule
        "proportional" or "least_loss".
    substitution
        Share of a product that users can replace from outside or do without: one number, or
        {sector: number}.
    replacement_cost
        With "least_loss": money of unmet final demand that one money of replacement is worth.
    protected
        With "least_loss": share of final demand that must be met everywhere.

    Returns
    -------
    Dataset over (region, sector), money: `output`, `output_loss`, `final_demand`, `unmet` (final
    demand not met), `replaced` (domestic deliveries replaced or done without); "proportional":
    `capability`, the share of output that inputs and capacity allow; "least_loss": `shadow_price`,
    final demand that one more money of capacity would save. Attributes: rule, total_loss, rounds
    (times that shortages were passed on, or that the linear program was solved).

    Raises
    ------
    ShapeError, UnknownLabel
        For capacities and shares outside 0 to 1, and rows that the table does not have.
    Infeasible
        When no final demand can keep the capacities and the protected share.
    NotConverged, TooLarge
        When no end is found, or sales of the industries that are short do not fit into memory.
    """
    if rule not in ("proportional", "least_loss"):
        raise ShapeError(f"rule must be 'proportional' or 'least_loss'; found {rule!r}.")
    room = np.ones(len(table.labels))
    rows = positions(capacity.index, table.labels)
    room[rows] = _shares(np.asarray(capacity, dtype=np.float64), "capacity")
    spare = _substitution(table, substitution)
    system = Leontief(table)
    if rule == "proportional":
        found, rounds = equal_shares(table, system.operator, room, spare)
    else:
        if not 0 <= protected <= 1:
            raise ShapeError(f"protected must be a share from 0 to 1; found {protected!r}.")
        if not replacement_cost > 0:
            raise ShapeError(f"replacement_cost must be above 0; found {replacement_cost!r}.")
        found, rounds = _least_loss(table, system, room, spare, replacement_cost, protected)
    x = np.asarray(table.x, dtype=float)
    found = {"output_loss": x - found["output"], **found}
    units = {"capability": "1", "shadow_price": "money per money"}
    data = {
        name: grid(table, values, units.get(name, table.unit), name.replace("_", " "))
        for name, values in found.items()
    }
    total = float(found["output_loss"].sum())
    attrs = {"rule": rule, "total_loss": total, "rounds": rounds}
    return xr.Dataset(data, coords=grid_coords(table), attrs=attrs)


def _shares(values: FloatArray, what: str) -> FloatArray:
    bad = ~(np.isfinite(values) & (values >= 0) & (values <= 1))
    if bad.any():
        raise ShapeError(
            f"{what} must be shares from 0 to 1; {int(bad.sum())} are not: "
            f"{values[bad][:5].tolist()}."
        )
    return values


def _substitution(table: RegionalTable, given: float | Mapping[str, float]) -> FloatArray:
    """Share of each product (S,) that users can replace."""
    out = np.zeros(table.n_sectors)
    if isinstance(given, Mapping):
        where = table.sector_positions(list(given))
        out[where] = [float(v) for v in given.values()]
    else:
        out[:] = float(given)
    return _shares(out, "substitution")


def _least_loss(
    table: RegionalTable,
    system: Leontief,
    room: FloatArray,
    spare: FloatArray,
    cost: float,
    protected: float,
) -> tuple[dict[str, FloatArray], int]:
    n = system.n
    f = np.asarray(table.f, dtype=float)
    x = np.asarray(system.solve(f, tolerance=TOLERANCE).raise_for_status().x)
    limited = np.flatnonzero(room < 1.0)
    scale = float(x.max())
    bounds = np.concatenate(
        [(1.0 - protected) * np.maximum(f, 0.0), np.tile(spare, table.n_regions) * x]
    )
    weights = np.concatenate([np.ones(n), np.full(n, cost)])
    cut, shadow = np.zeros(2 * n), np.zeros(n)
    floor = np.empty(0, dtype=np.intp)
    rounds = 0
    while limited.size and rounds < 50:
        rounds += 1
        # Rows of L: what one money cut anywhere takes off the output of the limited industries.
        reach = _rows(system, np.concatenate([limited, floor]))
        sign = np.concatenate([-np.ones(limited.size), np.ones(floor.size)])
        bound = np.concatenate([-(x - room * x)[limited], x[floor]]) / scale
        sides = sign[:, None] * np.hstack([reach, reach])
        upper = [(0.0, float(most)) for most in bounds / scale]
        answer = linprog(weights, A_ub=sides, b_ub=bound, bounds=upper, method="highs")
        if answer.status == 2:
            reduced = table.labels[limited].tolist()
            raise Infeasible(
                "no final demand keeps the capacities of "
                f"{shown(reduced)} and the protected share {protected:g}: protect less, or let "
                "more be replaced (substitution)."
            )
        if answer.status != 0:
            raise NotConverged(f"the linear program ended without an answer: {answer.message}")
        cut = np.asarray(answer.x) * scale
        shadow = np.zeros(n)
        shadow[limited] = -np.asarray(answer.ineqlin.marginals)[: limited.size]
        made = x - _solve(system, cut[:n] + cut[n:])
        below = np.setdiff1d(np.flatnonzero(made < -1e-9 * scale), floor)
        if not below.size:
            break
        floor = np.concatenate([floor, below])
    made = x - _solve(system, cut[:n] + cut[n:])
    return {
        "output": made,
        "final_demand": f - cut[:n],
        "unmet": cut[:n],
        "replaced": cut[n:],
        "shadow_price": shadow,
    }, rounds


def _rows(system: Leontief, rows: IntArray) -> FloatArray:
    """Rows of L (k, n)."""
    unit = np.zeros((system.n, rows.size))
    unit[rows, np.arange(rows.size)] = 1.0
    solved = system.solve_transposed(unit, tolerance=TOLERANCE).raise_for_status()
    return np.ascontiguousarray(np.asarray(solved.x).T)


def _solve(system: Leontief, f: FloatArray) -> FloatArray:
    return np.asarray(system.solve(f, tolerance=TOLERANCE).raise_for_status().x)


def plot_rationing(data: xr.Dataset, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Bars of the largest losses of output, with final demand that is not met.

    Parameters
    ----------
    data
        From `ration`.
    most
        Industries that are drawn.
    """
    return draw_largest(data, ["output_loss", "unmet"], most=most, ax=ax)
