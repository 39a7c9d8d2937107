"""Tables for tests, and the comparison of two tables.

Public names: `random_table`, `assert_table_equal`.

`random_table` draws a realistic economy: technology with zero cells and column sums between 0.3
and 0.7, imports beside domestic inputs, taxes, two kinds of primary input, exports, and trade
that favours the own region. It balances to rounding, because output is solved from demand.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.dims import Kind
from io_tables.table import RegionalTable

PRIMARIES = ("compensation of employees", "other value added")


def random_table(
    rng: np.random.Generator | int,
    n_regions: int = 3,
    n_sectors: int = 4,
    *,
    kind: Kind = "pooled",
    categories: tuple[str, ...] = ("households", "government", "investment"),
    imports: bool = True,
    zero_industry: bool = False,
) -> RegionalTable:
    """Draw a balanced, productive table.

    Parameters
    ----------
    rng
        Generator or seed; the same seed gives the same bits.
    n_regions, n_sectors
        R and S.
    kind
        "pooled", or "explicit" with origin shares that differ from cell to cell.
    categories
        Names of the C categories of final demand.
    imports
        Whether the table has imports, product taxes and exports.
    zero_industry
        Whether the last sector of the last region has no output (needs two regions).

    Returns
    -------
    The table, in "million yuan 2020", regions "R0"..., sectors "S0"....
    """
    rng = np.random.default_rng(rng)
    R, S, C = n_regions, n_sectors, len(categories)
    needs = rng.gamma(0.7, 1.0, (R, S, S)) * (rng.random((R, S, S)) < 0.8)
    needs[:, np.arange(S), np.arange(S)] += 0.1
    needs *= (rng.uniform(0.3, 0.7, (R, S)) / needs.sum(axis=1))[:, None, :]
    foreign = rng.uniform(0.0, 0.3, (R, S, S)) if imports else np.zeros((R, S, S))
    technology = needs * (1.0 - foreign)
    cell_shares = rng.gamma(0.8, 1.0, (R, S, R, S + C)) + 1e-6
    if kind == "pooled":
        cell_shares[:] = cell_shares[:, :, :, :1]
    cell_shares[np.arange(R), :, np.arange(R), :] += 2.0
    if zero_industry and R > 1:
        cell_shares[-1, -1] = 0.0
    cell_shares /= cell_shares.sum(axis=0, keepdims=True)
    demand = rng.lognormal(8.0, 1.0, (R, S, C))
    exports = rng.lognormal(6.0, 1.0, (R, S)) if imports else np.zeros((R, S))
    if zero_industry and R > 1:
        exports[-1, -1] = 0.0

    # r origin, i product, s place of use, j industry, c category
    coefficients = cell_shares[:, :, :, :S] * technology.transpose(1, 0, 2)[None]
    final = cell_shares[:, :, :, S:] * demand.transpose(1, 0, 2)[None]
    n = R * S
    output = np.linalg.solve(
        np.eye(n) - coefficients.reshape(n, n), (final.sum(axis=(2, 3)) + exports).reshape(n)
    ).reshape(R, S)
    if zero_industry and R > 1:
        output[-1, -1] = 0.0
    flows = coefficients * output[None, None]
    use = flows.sum(axis=0)
    imported_use = (needs * foreign).transpose(1, 0, 2) * output[None]
    taxes = rng.uniform(0.0, 0.02, (R, S)) * output if imports else np.zeros((R, S))
    remainder = output - use.sum(axis=0) - imported_use.sum(axis=0) - taxes
    labour = rng.uniform(0.3, 0.7, (R, S)) * remainder
    value_added = np.stack([labour, remainder - labour])
    final_imports = demand * rng.uniform(0.0, 0.2, (R, S, C)) if imports else 0.0 * demand
    regions, sectors = [f"R{r}" for r in range(R)], [f"S{i}" for i in range(S)]
    population = rng.uniform(1e6, 1e8, R)
    if kind == "pooled":
        return RegionalTable.from_pooled(
            use,
            np.ascontiguousarray(cell_shares[:, :, :, 0].transpose(1, 0, 2)),
            demand,
            exports,
            output,
            value_added=value_added,
            imported_use=imported_use if imports else None,
            imported_demand=final_imports if imports else None,
            taxes=taxes if imports else None,
            population=population,
            regions=regions,
            sectors=sectors,
            categories=categories,
            primaries=PRIMARIES,
            units="million yuan 2020",
            year=2020,
            name="random",
        )
    return RegionalTable.from_flows(
        flows.reshape(n, n),
        final.reshape(n, R * C),
        output.reshape(n),
        pd.DataFrame(value_added.reshape(2, n), index=list(PRIMARIES)),
        imports=imported_use.reshape(S, n) if imports else None,
        final_imports=final_imports.transpose(1, 0, 2).reshape(S, R * C) if imports else None,
        taxes=taxes.reshape(n) if imports else None,
        exports=exports.reshape(n) if imports else None,
        population=population,
        regions=regions,
        sectors=sectors,
        categories=categories,
        units="million yuan 2020",
        year=2020,
        name="random",
    )


def assert_table_equal(
    left: RegionalTable, right: RegionalTable, *, rtol: float = 1e-12, atol: float = 0.0
) -> None:
    """Assert that two tables have the same kind, labels, units and (nearly) the same numbers.

    Numbers may differ by `rtol` times the largest value of their variable, plus `atol`. Names,
    years and notes are not compared.
    """
    assert left.kind == right.kind, f"kinds differ: {left.kind} and {right.kind}"
    names = sorted(map(str, left.data.data_vars)), sorted(map(str, right.data.data_vars))
    assert names[0] == names[1], f"variables differ: {names[0]} and {names[1]}"
    for name in names[0]:
        a, b = left.data[name], right.data[name]
        assert a.dims == b.dims, f"dims of {name} differ: {a.dims} and {b.dims}"
        assert a.attrs["units"] == b.attrs["units"], (
            f"units of {name} differ: {a.attrs['units']} and {b.attrs['units']}"
        )
        _assert_labels_equal(a, b, name)
        limit = atol + rtol * max(float(np.abs(b.values).max(initial=0.0)), 0.0)
        gap = np.abs(a.values - b.values)
        worst = float(gap.max(initial=0.0))
        assert worst <= limit, f"{name} differs by {worst:.3g}, more than {limit:.3g}"


def _assert_labels_equal(left: xr.DataArray, right: xr.DataArray, name: str) -> None:
    for dim in left.dims:
        one, two = left[dim].values.tolist(), right[dim].values.tolist()
        assert one == two, f"labels of {dim} in {name} differ: {one[:5]} and {two[:5]}"
