"""Kinds of multipliers: simple, truncated, total, ratios, rows, and region by region.

Question owned: which of the textbook's multipliers is which number of one table?

Public names
    multiplier_kinds   one variable a kind, by (region, sector)
    region_matrix      effects in every region of demand for what every region makes
    plot_matrix        that matrix, darker where more

Terms: w intensities per money of output; L the inverse of industries, L_h that with a household row
and column in every region; w_h what a household row counts: 1 for output (its income is the output
of that row), for labour income what households pay households, 0 for any other account.

    direct           w_j
    simple           (w'L)_j                          households outside
    truncated        (w'L_h)_j over industries        households inside, their own rows left out
    total            truncated + w_h' rows of households
    type_1           simple / direct                  nan where direct is 0
    type_2           total / direct;  type_2_truncated   truncated / direct
    ratio            total / simple                   what households add
    row              w_i (L 1)_i                      demand for every product one higher
    row_ghosh        (G w)_i, G = x^-1 L x            primary inputs of i one higher, what it makes
                                                      sold on in fixed shares
    matrix_rs        sum_j m_j^s (w^r)'L_.j^s         m^s the mix of region s, summing to one

In one region type II and type I income multipliers differ by one number, the household's own entry
of the inverse: ratio = L_h[h, h] in every sector.

Source: Miller & Blair (2009), sections 6.2.2 (simple, total, truncated; types I and II), 6.3
(region by region) and 12.1.3 (row sums, Ghosh).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import LABOUR_INCOME, AccountLike, account_of
from model.dims import REGION, SECTOR
from model.errors import ShapeError
from model.grids import ratio
from model.households import Households
from model.leontief.household_operator import HouseholdOperator
from model.leontief.products import FloatArray
from model.multipliers import TOLERANCE, by_region, certain_transposed, closed_system
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECEIVER = "receiver"
KINDS = (
    "direct",
    "simple",
    "truncated",
    "total",
    "type_1",
    "type_2",
    "type_2_truncated",
    "ratio",
    "row",
    "row_ghosh",
)


def multiplier_kinds(
    table: RegionalTable,
    of: AccountLike = "output",
    households: bool | Households = True,
) -> xr.Dataset:
    """Give every kind of multiplier of every industry.

    Parameters
    ----------
    table
        The economy, used as given.
    of
        The account.
    households
        True finds wages and spending by their names; False leaves out the kinds that have
        households inside.

    Returns
    -------
    Dataset over (region, sector) of the kinds above: direct to total in units of the account per
    money of demand, ratios in 1. `row` is per money of demand for every product, `row_ghosh` per
    money of primary inputs.

    Raises
    ------
    UnknownLabel
        For accounts, and households that the names do not tell.
    NotProductive
        When A, or A with households, has no inverse that makes sense.
    """
    account = account_of(table, of)
    weights = account.intensity
    n_regions, n_sectors = table.n_regions, table.n_sectors
    system, _ = closed_system(table, False)
    column = weights[:, None]
    simple = np.asarray(certain_transposed(table, system, column, closed=False).x)[:, 0]
    found = {"direct": weights, "simple": simple, "type_1": _over(simple, weights)}
    inside = isinstance(households, Households) or households
    if inside:
        closed, _ = closed_system(table, households)
        counted = np.zeros((n_regions, n_sectors + 1, 2))
        counted[:, :n_sectors, 0] = weights.reshape(n_regions, n_sectors)
        counted[:, n_sectors, 1] = _household_weights(closed, account.name)
        solved = certain_transposed(table, closed, counted.reshape(-1, 2), closed=True)
        rows = np.asarray(solved.x).reshape(n_regions, n_sectors + 1, 2)[:, :n_sectors]
        truncated = rows[:, :, 0].reshape(-1)
        total = truncated + rows[:, :, 1].reshape(-1)
        found |= {
            "truncated": truncated,
            "total": total,
            "type_2": _over(total, weights),
            "type_2_truncated": _over(truncated, weights),
            "ratio": _over(total, simple),
        }
    found["row"], found["row_ghosh"] = _rows(table, system, weights)
    grid = (n_regions, n_sectors)
    per = {"units": f"{account.units} per {table.unit}"}
    one = {"units": "1"}
    return xr.Dataset(
        {
            name: (
                (REGION, SECTOR),
                np.ascontiguousarray(found[name]).reshape(grid),
                one if name.startswith("type") or name == "ratio" else per,
            )
            for name in KINDS
            if name in found
        },
        coords={REGION: table.regions, SECTOR: table.sectors},
        attrs={
            "of": account.name,
            "households": "inside (type II)" if inside else "outside (type I)",
        },
    )


def region_matrix(
    table: RegionalTable,
    of: AccountLike = "output",
    households: bool | Households = False,
    *,
    mix: Literal["final_demand", "output"] = "final_demand",
) -> xr.DataArray:
    """Give what one money of demand for the products of a region brings to every region.

    Parameters
    ----------
    table, of, households
        As in `multipliers`.
    mix
        Products of a region weighed by final demand for them, or by output.

    Returns
    -------
    DataArray (receiver, region): columns are the region whose products are demanded; their sums
    are multipliers of the region. Units of the account per money.

    Raises
    ------
    ShapeError
        For a region without output, or whose final demand does not sum to anything above zero.
    """
    account = account_of(table, of)
    n_regions, n_sectors = table.n_regions, table.n_sectors
    given = np.asarray(table.f if mix == "final_demand" else table.x, dtype=np.float64)
    shares = given.reshape(n_regions, n_sectors)
    sums = shares.sum(axis=1, keepdims=True)
    empty = [r for r, one in zip(table.regions, sums[:, 0], strict=True) if not one > 0]
    if empty:
        raise ShapeError(
            f"a mix of products needs {mix.replace('_', ' ')} above zero in every region; not so: "
            f"{', '.join(empty[:5])}."
        )
    effects = by_region(table, account, households).effects[:, :n_sectors, :n_regions]
    matrix = np.einsum("sj,sjr->rs", shares / sums, effects)
    inside = isinstance(households, Households) or households
    return xr.DataArray(
        matrix,
        dims=(RECEIVER, REGION),
        coords={RECEIVER: table.regions, REGION: table.regions},
        attrs={
            "units": f"{account.units} per {table.unit}",
            "of": account.name,
            "mix": mix,
            "households": "inside (type II)" if inside else "outside (type I)",
        },
        name="multiplier",
    )


def _household_weights(closed: Leontief, of: str) -> FloatArray:
    """Return what the rows of households count, (R,)."""
    operator = closed.operator
    assert isinstance(operator, HouseholdOperator)
    if of == "output":
        return np.ones(operator.n_regions)
    return np.asarray(operator.own) if of == LABOUR_INCOME else np.zeros(operator.n_regions)


def _rows(
    table: RegionalTable, system: Leontief, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Row sums of the Leontief and of the Ghosh inverse in terms of an account, (n,) each."""
    output = np.asarray(table.x, dtype=np.float64)
    given = np.column_stack([np.ones(output.size), weights * output])
    solved = system.solve(given, tolerance=TOLERANCE).raise_for_status()
    sums = np.asarray(solved.x)
    return weights * sums[:, 0], ratio(sums[:, 1], output)


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0.0))


def plot_matrix(data: xr.DataArray, *, own: bool = False, ax: Axes | None = None) -> Axes:
    """Draw effects of demand for a region's products (columns) in every region (rows).

    Parameters
    ----------
    data
        From `region_matrix`.
    own
        Show what stays in a region as well, which dwarfs the rest.
    """
    import matplotlib.pyplot as plt

    values = data.values.copy()
    if not own:
        np.fill_diagonal(values, np.nan)
    size = min(1.5 + 0.28 * len(values), 14.0)
    ax = plt.subplots(figsize=(size + 1, size))[1] if ax is None else ax
    image = ax.imshow(values, cmap="viridis_r", aspect="auto")
    if len(values) <= 60:
        where = np.arange(len(values))
        ax.set_xticks(where, data[REGION].values, rotation=90, fontsize="small")
        ax.set_yticks(where, data[RECEIVER].values, fontsize="small")
    ax.set_xlabel("demand for products of")
    ax.set_ylabel("effect in")
    ax.figure.colorbar(image, ax=ax, label=f"{data.attrs['of']}, {data.attrs['units']}")
    return ax
