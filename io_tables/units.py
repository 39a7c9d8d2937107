"""What money is counted in: other units, another currency, prices of another year.

Public names:
- `convert_money`: all money of a table in another unit or currency.
- `deflate`: a table at prices of another year, by product.

    convert_money      every money variable times one factor
    deflate            z'_ij = z_ij / p_i,  y'_i = y_i / p_i,  x'_i = x_i / p_i,  m'_i = m_i / pm_i
                       v'_j = x'_j - sum z'_ij - sum m'_ij - taxes_j / p_j      (double deflation)

Nothing is converted by itself: a table says its unit, and whoever needs another one says so. Only
multiples of the same money (10,000 yuan, million yuan) are converted without a factor; currency
and year are part of the name of the unit and never guessed. Physical accounts, shares and persons
stay. Source of double deflation: Miller & Blair (2009), section 4.7; United Nations (1993), SNA,
chapter XVI.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from io_tables.container.checks import Floats
from io_tables.dims import REGION, SECTOR, SECTOR_FROM
from io_tables.errors import InvalidTable
from io_tables.labels import shown
from io_tables.schema import SCHEMA
from io_tables.table import RegionalTable

_WORDS: Final = {
    "thousand": 1e3,
    "million": 1e6,
    "mill": 1e6,
    "mio": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
}
DEFLATED: Final = "value added at constant prices (double deflation)"


def _magnitude(unit: str) -> tuple[float, str]:
    """Multiple and name of a unit: ("10,000 yuan 2020") is (1e4, "yuan 2020")."""
    text = " ".join(unit.replace("‘", "").replace("'", "").split())
    match = re.match(r"(0{3}|[\d,]+(?:\.\d+)?)\s+", text)
    scale = 1.0
    if match:
        number = match.group(1)
        scale = 1e3 if number == "000" else float(number.replace(",", ""))
        text = text[match.end() :]
    for separator in (" ", "."):
        first, _, rest = text.partition(separator)
        word = first.casefold().rstrip("s.") if len(first) > 1 else first.casefold()
        if rest and word in _WORDS:
            return scale * _WORDS[word], rest
    return scale, text


def convert_money(
    table: RegionalTable, units: str, *, factor: float | None = None
) -> RegionalTable:
    """Return the table with its money in another unit.

    Parameters
    ----------
    table
        Any table.
    units
        The new unit with currency and year ("million USD 2020").
    factor
        New units for one old unit. Left out only when both name the same money: the factor is
        then the quotient of their multiples.

    Returns
    -------
    A table of the same kind, with a note on the conversion. Stressors, persons and shares stay.

    Raises
    ------
    InvalidTable
        When no factor is given and the units are not multiples of the same money, or the factor
        is not positive.
    """
    if factor is None:
        (old, money), (new, wanted) = _magnitude(table.unit), _magnitude(units)
        if money.casefold() != wanted.casefold():
            raise InvalidTable(
                f"{table.unit!r} and {units!r} are not multiples of the same money: say factor= "
                "(new units for one old unit)"
            )
        factor = old / new
    if not (np.isfinite(factor) and factor > 0):
        raise InvalidTable(f"factor must be positive, found {factor}")
    variables: dict[str, Any] = {}
    for name, variable in table.data.data_vars.items():
        if SCHEMA[str(name)].units == "money":
            attrs = {**variable.attrs, "units": units}
            variables[str(name)] = (variable.dims, variable.values * factor, attrs)
        else:
            variables[str(name)] = (variable.dims, variable.values, variable.attrs)
    note = f"money converted from {table.unit} to {units}, times {factor:.10g}"
    return _noted(table, variables, table.data.coords, note)


def _noted(
    table: RegionalTable, variables: dict[str, Any], coords: Any, note: str, **attrs: object
) -> RegionalTable:
    notes = "\n".join([*table.notes, note])
    told = {k: v for k, v in attrs.items() if v is not None}
    data = xr.Dataset(variables, coords=coords, attrs={**table.data.attrs, "notes": notes, **told})
    return RegionalTable(data, table.kind)


def _by_product(index: ArrayLike | pd.Series, table: RegionalTable, what: str) -> Floats:
    """(S,) price index by product, from a number, a Series by sector or an array."""
    if isinstance(index, pd.Series):
        at = table.sector_positions(index.index)
        if sorted(at.tolist()) != list(range(table.n_sectors)):
            lacking = [s for k, s in enumerate(table.sectors) if k not in set(at.tolist())]
            raise InvalidTable(f"{what} must have every sector once, missing: {shown(lacking)}")
        values = np.empty(table.n_sectors)
        values[at] = index.to_numpy(dtype=np.float64)
    else:
        values = np.asarray(index, dtype=np.float64)
        values = np.full(table.n_sectors, float(values)) if values.ndim == 0 else values
    if values.shape != (table.n_sectors,):
        raise InvalidTable(
            f"{what} must have {table.n_sectors} entries by sector, found {values.shape}"
        )
    bad = [table.sectors[k] for k in np.flatnonzero(~(np.isfinite(values) & (values > 0)))]
    if bad:
        raise InvalidTable(f"{what} must be positive, found otherwise in {shown(bad)}")
    return values


def deflate(
    table: RegionalTable,
    prices: ArrayLike | pd.Series,
    units: str,
    *,
    import_prices: ArrayLike | pd.Series | None = None,
    year: int | None = None,
) -> RegionalTable:
    """Return the table at prices of another year, by double deflation.

    Parameters
    ----------
    table
        A table with imports by product, in one row, or without imports.
    prices
        Price of each product now, in prices of the year that is wanted (1 = unchanged): a number,
        (S,), or a Series by sector.
    units
        The new unit with its price year ("million yuan, prices of 2015").
    import_prices
        The same for imported products; those of domestic ones when left out. Imports that are not
        told by product take the mean, weighted by output.
    year
        Year of the flows; kept when left out.

    Returns
    -------
    A table of the same kind. Value added is one row, what is left of output; taxes on products go
    with the output of their industry, value added tells nothing of its former rows.

    Raises
    ------
    InvalidTable
        When prices are not positive or not by sector, or when prices make an output negative.
    """
    if table.is_sparse:
        full = table.dense()
        return deflate(full, prices, units, import_prices=import_prices, year=year).sparse()
    own = _by_product(prices, table, "prices")
    foreign = own if import_prices is None else _by_product(import_prices, table, "import_prices")
    weights = table.data["output"].values.sum(axis=0)
    mean = float(weights.sum() / (weights / foreign).sum()) if weights.sum() > 0 else 1.0
    product_dim = {
        "flows": SECTOR_FROM, "domestic_use": SECTOR_FROM, "imported_use": SECTOR_FROM,
    }  # fmt: skip
    variables: dict[str, Any] = {}
    for name, variable in table.data.data_vars.items():
        key = str(name)
        if SCHEMA[key].units != "money" or key == "value_added":
            variables[key] = (variable.dims, variable.values, variable.attrs)
            continue
        dim = product_dim.get(key, SECTOR)
        index = foreign if key.startswith("imported") else own
        if dim in variable.dims:
            shape = [1] * variable.ndim
            shape[variable.get_axis_num(dim)] = len(index)
            values = variable.values / index.reshape(shape)
        else:
            values = variable.values / (
                mean if key.startswith("imported") else _total(own, weights)
            )
        variables[key] = (variable.dims, values, {**variable.attrs, "units": units})
    output: Floats = variables["output"][1]
    key = "flows" if table.kind == "explicit" else "domestic_use"
    used = variables[key][1].sum(axis=(0, 1) if table.kind == "explicit" else 0)
    rest = output - used
    for name in ("imported_use", "taxes"):
        if name in variables:
            rest = rest - (
                variables[name][1].sum(axis=0) if name != "taxes" else variables[name][1]
            )
    variables["value_added"] = (("primary", REGION, SECTOR), rest[None], {"units": units})
    coords = {
        str(name): (coord.dims, coord.values)
        for name, coord in table.data.coords.items()
        if "primary" not in coord.dims
    }
    coords["primary"] = (("primary",), np.array([DEFLATED]))
    note = f"double deflation from {table.unit} to {units}"
    return _noted(table, variables, coords, note, year=year)


def _total(own: Floats, weights: Floats) -> float:
    """Mean price weighted by quantities."""
    quantity = float((weights / own).sum())
    return float(weights.sum()) / quantity if quantity > 0 else 1.0
