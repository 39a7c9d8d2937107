"""The mixed model: output given for some industries, final demand for the others.

Question owned: what else must be made, and what is left for final use, when the output of some
industries is set from outside?

Public names
    mixed         outputs and final demands of a table with some outputs given
    plot_mixed    bars of the largest changes

Terms: K the rows with output x_K given, r the rows with final demand f_r given; L = (I - A)^-1, z
the output for final demand (f_r, 0).

    f_K = L_KK^-1 (x_K - z_K)        x = z + L_K f_K

which solves (I - A_rr) x_r = f_r + A_rK x_K and f_K = (I - A_KK) x_K - A_Kr x_r with the columns K
of L alone. An output target, a closed mine, a bad harvest or a new plant are all of this kind.
Where f_K comes out below zero the given outputs cannot serve even the other industries: such a
result is refused unless it is asked for.

Source: Stone (1961); Johnson & Kulshreshtha (1982); Miller & Blair (2009), section 13.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.errors import NegativeResult, ShapeError
from model.grids import draw_largest, grid, grid_coords
from model.leontief.align import align, positions
from model.leontief.inverse_pieces import TOLERANCE
from model.leontief.products import FloatArray, IntArray
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BELOW_ZERO = 1e-9
"""Share of the largest figure that counts as rounding, not as a negative result."""


def mixed(
    table: RegionalTable,
    output: pd.Series[float],
    *,
    final_demand: pd.Series[float] | None = None,
    allow_negative: bool = False,
) -> xr.Dataset:
    """Solve the table with the output of some industries given.

    Parameters
    ----------
    table
        The economy.
    output
        Money of output by (region, sector) of the industries where it is given.
    final_demand
        Money by place of production for all industries; those in `output` are not used. The
        table's own when left out.
    allow_negative
        Return results below zero instead of refusing them.

    Returns
    -------
    Dataset over (region, sector), money: `output`, `final_demand` (found where output is given),
    `output_change`, `final_demand_change` against the table, `given` (bool). Attributes: method,
    error_bound.

    Raises
    ------
    NegativeResult
        When an output, or final demand that is not negative in the table, would be below zero.
    UnknownLabel, ShapeError
        For rows that the table does not have, named twice, negative or not finite.
    """
    rows = _given_rows(table, output)
    wanted = output.to_numpy(dtype=float)
    n = len(table.labels)
    base = np.asarray(table.f, dtype=float)
    asked = base if final_demand is None else _all_rows(table, final_demand)
    system = Leontief(table)
    right = np.zeros((n, rows.size + 1))
    right[:, 0] = asked
    right[rows, 0] = 0.0
    right[rows, np.arange(rows.size) + 1] = 1.0
    solved = system.solve(right, tolerance=TOLERANCE).raise_for_status()
    reach = np.asarray(solved.x)
    columns = reach[:, 1:]
    left = np.linalg.solve(columns[rows], wanted - reach[rows, 0])
    made = reach[:, 0] + columns @ left
    made[rows] = wanted
    final = np.where(np.isin(np.arange(n), rows), 0.0, asked)
    final[rows] = left
    if not allow_negative:
        _refuse_negative(table, made, final, np.minimum(np.minimum(base, asked), 0.0))
    money = table.unit
    given = np.zeros(n, dtype=bool)
    given[rows] = True
    x = np.asarray(table.x, dtype=float)
    data = {
        "output": grid(table, made, money, "output"),
        "final_demand": grid(table, final, money, "final demand by place of production"),
        "output_change": grid(table, made - x, money, "output less that of the table"),
        "final_demand_change": grid(table, final - base, money, "final demand less the table's"),
        "given": grid(table, given, "1", "whether output was given"),
    }
    attrs = {"method": solved.method, "error_bound": solved.error_bound}
    return xr.Dataset(data, coords=grid_coords(table), attrs=attrs)


def _given_rows(table: RegionalTable, output: pd.Series[float]) -> IntArray:
    rows = positions(output.index, table.labels)
    values = output.to_numpy(dtype=float)
    failures = []
    if not rows.size:
        failures.append("output must be given for at least one industry")
    if np.unique(rows).size != rows.size:
        twice = output.index[output.index.duplicated()].tolist()
        failures.append(f"an industry may be given once; twice: {shown(twice)}")
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        failures.append(
            f"outputs must be finite and >= 0; not so: {shown(output.index[bad].tolist())}"
        )
    idle = np.asarray(table.x, dtype=float)[rows] <= 0
    if (idle & (values > 0)).any():
        named = shown(output.index[idle].tolist())
        failures.append(f"industries without output have no known inputs: {named}")
    if failures:
        raise ShapeError("; ".join(failures) + ".")
    return rows


def _all_rows(table: RegionalTable, final_demand: pd.Series[float]) -> FloatArray:
    return align(final_demand, len(table.labels), table.labels, "final demand").columns[:, 0]


def _refuse_negative(
    table: RegionalTable, made: FloatArray, final: FloatArray, lowest: FloatArray
) -> None:
    slack = BELOW_ZERO * float(np.abs(made).max(initial=0.0))
    failures = []
    for what, values, floor in (("output", made, np.zeros_like(made)), ("final", final, lowest)):
        below = np.flatnonzero(values < floor - slack)
        if below.size:
            worst = below[np.argsort(values[below], kind="stable")]
            named = [f"{' / '.join(table.labels[i])} ({values[i]:.6g})" for i in worst]
            name = "output" if what == "output" else "what is left for final use"
            failures.append(f"{name} is below zero in {shown(named)}")
    if failures:
        raise NegativeResult(
            f"the outputs given cannot be made together: {'; '.join(failures)}. Give more output "
            "there, less final demand elsewhere, or ask for it with allow_negative=True."
        )


def plot_mixed(data: xr.Dataset, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Bars of the largest changes of output, with what changes of final demand.

    Parameters
    ----------
    data
        From `mixed`.
    most
        Industries that are drawn.
    """
    return draw_largest(data, ["output_change", "final_demand_change"], most=most, ax=ax)
