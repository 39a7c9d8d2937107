"""Cost-push prices: who pays when an input becomes dearer.

Question owned: how far do prices move, by region and sector, when costs change and are passed on?

Public names
    cost_push           prices after any change of unit costs
    primary_prices      after a change of wages, or of any primary input, by region and sector
    import_prices       after a change of the price of imports, also in the baskets of final buyers
    carbon_price        after a price on a stressor
    plot_price_change   final buyers' prices by region

Terms: p (n,) relative prices, 1 in the base year; c (n,) primary cost, imports and taxes per money
of output; L = (I - A)^-1; everything per money of base output, quantities given.

    p' = p'A + c'        d_p = L' d_c
    delivered_i^s = sum_r t_i^rs d_p_i^r                 by place of use
    final^sc = (sum_i y_i^sc delivered_i^s + n_i^sc m_i) / (y^sc + n^sc)
    d_c' x = d_p' f                                      what costs more is what final buyers pay

Costs are passed on in full and nothing is substituted: an upper bound on price changes, and the
first-order one. m_i is the change of the price of imported product i.

Source: Leontief (1947); Miller & Blair (2009), section 2.6 (price model) and 2.6.4 (imports).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.labels import did_you_mean, shown
from io_tables.table import RegionalTable
from model.accounts import account_of
from model.dims import CATEGORY, REGION
from model.errors import ShapeError, UnknownLabel
from model.ghosh import full_rows
from model.grids import Names, block_rows, grid, grid_coords, ratio
from model.leontief.inverse_pieces import TOLERANCE
from model.leontief.products import FloatArray
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def cost_push(table: RegionalTable, cost_change: pd.Series[float]) -> xr.Dataset:
    """Prices after a change of unit costs.

    Parameters
    ----------
    table
        The economy.
    cost_change
        d_c: money more per money of output by (region, sector); rows left out do not change.

    Returns
    -------
    Dataset: over (region, sector) `cost_change` (money per money of output), `price_change`
    (relative, at the producer), `indirect` (what comes from suppliers' prices); over
    (region, category) `final_price_change` of a region's basket; and, where trade is told by
    product, `delivered_price_change` (region, sector) by place of use. Attributes: gap of
    d_c'x = d_p'f, cost (money, d_c'x), and what is assumed.

    Raises
    ------
    UnknownLabel, ShapeError
        For rows that the table does not have, and numbers that are not finite.
    """
    change = full_rows(table, cost_change, "cost_change")
    return _pushed(table, change, np.zeros(0))


def primary_prices(
    table: RegionalTable,
    change: float,
    *,
    of: str = "value_added",
    regions: Names = None,
    sectors: Names = None,
) -> xr.Dataset:
    """Prices after a relative change of the price of a primary input, in all or some industries.

    Parameters
    ----------
    table
        The economy.
    change
        Relative change: 0.1 is ten per cent dearer.
    of
        "value_added" or one primary input.
    regions, sectors
        Where it changes; None is everywhere.

    Returns
    -------
    As `cost_push`.

    Raises
    ------
    UnknownLabel
        For names that the table does not have.
    """
    if of != "value_added" and of not in table.primaries:
        raise UnknownLabel(
            f"the table has no primary input {of!r}{did_you_mean(of, table.primaries)}; it has "
            f"{shown(table.primaries)}."
        )
    costs = np.zeros(len(table.labels))
    rows = block_rows(table, regions, sectors)
    costs[rows] = float(change) * account_of(table, of).intensity[rows]
    return _pushed(table, costs, np.zeros(0))


def import_prices(table: RegionalTable, change: float | Mapping[str, float]) -> xr.Dataset:
    """Prices after a change of the price of imports.

    Parameters
    ----------
    table
        The economy; it must have imports.
    change
        Relative change of all import prices, or {product: relative change} where the table tells
        imports by product.

    Returns
    -------
    As `cost_push`; baskets of final buyers include what they import themselves, where the table
    tells it.

    Raises
    ------
    UnknownLabel
        For products that are no rows of the imports.
    ShapeError
        When the table has no imports.
    """
    imports = table.imports
    if not len(imports):
        raise ShapeError("the table has no imports, so their prices cannot change.")
    products = imports.index.tolist()
    by_product = np.zeros(len(products))
    if isinstance(change, Mapping):
        unknown = [p for p in change if p not in products]
        if unknown:
            hint = did_you_mean(unknown[0], products)
            raise UnknownLabel(
                f"the imports of the table have no product {shown(unknown)}{hint}; they are told "
                f"by {shown(products)}."
            )
        by_product = np.array([float(change.get(p, 0.0)) for p in products])
    else:
        by_product[:] = float(change)
    costs = ratio(by_product @ imports.to_numpy(dtype=float), np.asarray(table.x, dtype=float))
    return _pushed(table, costs, by_product)


def carbon_price(
    table: RegionalTable,
    price: float,
    *,
    stressor: str,
    regions: Names = None,
    sectors: Names = None,
) -> xr.Dataset:
    """Prices after a price is put on a stressor, for all emitters or some.

    Parameters
    ----------
    table
        The economy; it must have the stressor.
    price
        Money of the table's unit per unit of the stressor.
    stressor
        Its name.
    regions, sectors
        Who pays it; None is everybody. Imports and households' own emissions pay nothing.

    Returns
    -------
    As `cost_push`, and `revenue` (region, sector), money at given quantities.

    Raises
    ------
    UnknownLabel
        For a stressor, regions or sectors that the table does not have.
    """
    known = table.stressors.index.tolist()
    if stressor not in known:
        has = f"it has {shown(known)}" if known else "it has none"
        raise UnknownLabel(f"no stressor {stressor!r}{did_you_mean(stressor, known)}; {has}.")
    costs = np.zeros(len(table.labels))
    rows = block_rows(table, regions, sectors)
    costs[rows] = float(price) * account_of(table, stressor).intensity[rows]
    data = _pushed(table, costs, np.zeros(0))
    revenue = costs * np.asarray(table.x, dtype=float)
    data["revenue"] = grid(table, revenue, table.unit, f"paid for {stressor}")
    data.attrs["price"] = f"{price:g} {table.unit} per {table.stressor_units[stressor]}"
    return data


def _pushed(table: RegionalTable, costs: FloatArray, of_imports: FloatArray) -> xr.Dataset:
    """Prices from unit costs (n,) and changes of import prices by product, or none."""
    if not (np.isfinite(costs).all() and np.isfinite(of_imports).all()):
        raise ShapeError("changes of costs must be finite.")
    system = Leontief(table)
    solved = system.solve_transposed(costs, tolerance=TOLERANCE).raise_for_status()
    price = np.asarray(solved.x)
    x, f = np.asarray(table.x, dtype=float), np.asarray(table.f, dtype=float)
    pushed, paid = float(costs @ x), float(price @ f)
    size = max(float(np.abs(costs) @ x), float(np.abs(price) @ np.abs(f)), np.finfo(float).tiny)
    per = "money per money of output"
    data = {
        "cost_change": grid(table, costs, per, "change of unit cost"),
        "price_change": grid(table, price, "1", "relative change of the producer's price"),
        "indirect": grid(table, price - costs, "1", "part that comes from suppliers"),
    }
    coords: dict[str, list[str]] = grid_coords(table)
    if table.kind == "pooled":
        delivered = system.operator.deliver_transposed(price[:, None])[:, 0]
        data["delivered_price_change"] = grid(table, delivered, "1", "as bought, by place of use")
    if table.final_use_told:
        index = _final_index(table, system, price, of_imports)
        meaning = {"units": "1", "long_name": "relative change of the price of a basket"}
        data["final_price_change"] = ((REGION, CATEGORY), index, meaning)
        coords[CATEGORY] = table.categories
    attrs = {
        "cost": pushed,
        "gap": abs(pushed - paid) / size,
        "assumes": "costs are passed on in full, quantities stay, nothing is substituted",
    }
    return xr.Dataset(data, coords=coords, attrs=attrs)


def _final_index(
    table: RegionalTable, system: Leontief, price: FloatArray, of_imports: FloatArray
) -> FloatArray:
    """Relative change of the price of final baskets (R, C), domestic and imported products."""
    shape = (table.n_regions, table.n_sectors)
    if table.kind == "pooled":
        delivered = system.operator.deliver_transposed(price[:, None]).reshape(shape)
        bought = table.data["demand"].values
        dearer, total = np.einsum("si,sic->sc", delivered, bought), bought.sum(axis=1)
    else:
        final = table.data["final_demand"].values
        dearer = np.einsum("ri,risc->sc", price.reshape(shape), final)
        total = final.sum(axis=(0, 1))
    if "imported_demand" in table.data and REGION in table.data["imported_demand"].dims:
        imported = table.data["imported_demand"].values
        total = total + imported.sum(axis=1)
        if of_imports.any():
            if imported.shape[1] != of_imports.size and np.ptp(of_imports) > 0:
                raise ShapeError(
                    "imports for final use are not told by the products of imported inputs: give "
                    "one change for all imports."
                )
            changes = np.broadcast_to(of_imports[:1], imported.shape[1:2])
            if imported.shape[1] == of_imports.size:
                changes = of_imports
            dearer = dearer + np.einsum("i,sic->sc", changes, imported)
    return ratio(dearer, total)


def plot_price_change(
    data: xr.Dataset, *, category: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how much dearer a region's basket becomes, as bars.

    Parameters
    ----------
    data
        What a function of this module returned.
    category
        Whose basket; the first category when left out.
    ax
        Where to draw; a new figure when left out.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(6.0, 6.0), layout="constrained")
    index = data["final_price_change"]
    chosen = str(index[CATEGORY].values[0]) if category is None else category
    bars = index.sel(category=chosen).to_series().sort_values()
    ax.barh(bars.index.astype(str).tolist(), 100.0 * bars.to_numpy())
    ax.set_xlabel(f"price of the basket of {chosen}, change in %")
    ax.tick_params(axis="y", labelsize=7)
    return ax
