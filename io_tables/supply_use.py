"""How supply and use tables become an input-output table.

Public names:
- `SupplyUse`: make, use, final demand and accounts of one or several regions, checked.
- `table_from_supply_use`: the symmetric table under one of four assumptions.
- `transformation`: the matrix behind it, for those who have further accounts to carry over.

Terms: V (G, K) make, industries x products; U (K, G) use, products x industries; e (K,) final
demand and exports; q = V'1 product output, x = V1 industry output, money. B = U x^-1,
D = V q^-1 (market shares of industries), C = V' x^-1 (product mix of industries).

    A  product technology      products x products     Z = B C^-1 q,  W = w x^-1 C^-1 q
    B  industry technology     products x products     Z = B V,       W = w x^-1 V
    C  fixed industry sales    industries x industries Z = C^-1 U,    Y = C^-1 e
    D  fixed product sales     industries x industries Z = D U,       Y = D e

A and C need as many products as industries and a make matrix that can be inverted, and may give
negative flows; B and D are always non-negative. C is a matrix of product mixes scaled by INDUSTRY
output, D of market shares scaled by PRODUCT output.

Several regions: V is block-diagonal (an industry makes products of its own region), U has rows
(region of origin, product) and columns (region, industry), and the formulas stay as they are.
Source: Miller & Blair (2009), chapter 5; Eurostat (2008), Manual of Supply, Use and Input-Output
Tables, chapter 11, whose letters A to D these are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InvalidTable, UnbalancedTable
from io_tables.labels import shown
from io_tables.table import RegionalTable

Model = Literal[
    "product_technology", "industry_technology", "fixed_industry_sales", "fixed_product_sales"
]
MODELS: Final = (
    "product_technology",
    "industry_technology",
    "fixed_industry_sales",
    "fixed_product_sales",
)
_LETTERS: Final = dict(zip("ABCD", MODELS, strict=True))
_ROUNDING: Final = 1e-12
"""Flows below this part of the largest one are rounding of the inverse, not results."""
_SINGULAR: Final = 1e12
"""Condition number of product mixes above which they count as not invertible."""


@dataclass(frozen=True, eq=False)
class SupplyUse:
    """Supply and use of one or several regions at basic prices; all money in one unit.

    Attributes
    ----------
    make
        (G, K) rows industries, columns products, both labelled (region, name); a make matrix
        with plain labels is one region, called "all".
    use
        (K, G) domestic products used by industries.
    final_demand
        (K, C) domestic products, columns labelled (region of use, category) or by category; a
        category called "exports" becomes exports.
    value_added
        (P, G) primary inputs by industry.
    imports, taxes
        (M, G) imported inputs and (G,) net product taxes by industry, none when left out.

    Raises
    ------
    InvalidTable
        For labels that do not match, negative or non-finite cells of make and use.
    UnbalancedTable
        When product output is not use plus final demand, or industry output not its cost, to
        `tolerance` relative.
    """

    make: pd.DataFrame
    use: pd.DataFrame
    final_demand: pd.DataFrame
    value_added: pd.DataFrame
    imports: pd.DataFrame | None = None
    taxes: pd.Series | None = None
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        make = _labelled(self.make, rows=True, columns=True)
        object.__setattr__(self, "make", make)
        parts: dict[str, tuple[pd.Index | None, pd.Index | None]] = {
            "use": (make.columns, make.index),
            "final_demand": (make.columns, None),
            "value_added": (None, make.index),
            "imports": (None, make.index),
        }
        failures: list[str] = []
        for name, (rows, columns) in parts.items():
            frame: pd.DataFrame | None = getattr(self, name)
            if frame is not None:
                object.__setattr__(self, name, _aligned(frame, rows, columns, name, failures))
        if self.taxes is not None:
            row = _aligned(self.taxes.to_frame().T, None, make.index, "taxes", failures)
            object.__setattr__(self, "taxes", row.iloc[0])
        raise_collected(InvalidTable, failures, "supply and use")
        for name in ("make", "use"):
            values = getattr(self, name).to_numpy(float)
            bad = ~(values >= 0) | ~np.isfinite(values)
            if bad.any():
                failures.append(
                    f"{name} must be finite and not negative, {_cells(self, name, bad)}"
                )
        raise_collected(InvalidTable, failures, "supply and use")
        raise_collected(UnbalancedTable, self._gaps(), "supply and use")

    def _gaps(self) -> list[str]:
        cost = self.use.sum() + self.value_added.sum()
        cost += 0.0 if self.imports is None else self.imports.sum()
        cost += 0.0 if self.taxes is None else self.taxes
        failures = []
        for what, found, wanted in (
            ("use and final demand of a product must equal its output",
             self.use.sum(axis=1) + self.final_demand.sum(axis=1), self.product_output),
            ("costs of an industry must equal its output", cost, self.industry_output),
        ):  # fmt: skip
            gap = (found - wanted).abs() > self.tolerance * (found.abs() + wanted)
            if gap.any():
                where = [
                    f"{_name(k)} ({found[k]:.6g} against {wanted[k]:.6g})" for k in gap[gap].index
                ]
                failures.append(f"{what}, found {shown(where)}")
        return failures

    @property
    def product_output(self) -> pd.Series[float]:
        """(K,) q, column totals of make."""
        return self.make.sum(axis=0)

    @property
    def industry_output(self) -> pd.Series[float]:
        """(G,) x, row totals of make."""
        return self.make.sum(axis=1)


def transformation(tables: SupplyUse, model: Model) -> pd.DataFrame:
    """Matrix that turns products into industries or industries into products.

    Parameters
    ----------
    tables
        Supply and use.
    model
        One of the four names, or its letter "A" to "D".

    Returns
    -------
    Models A and B: (G, K), what an industry's input structure is multiplied by to give the inputs
    of a product, in money of product output; C and D: (G, K), what a product's sales are
    multiplied by to give those of an industry.

    Raises
    ------
    InvalidTable
        When the model is not defined: not square, not invertible, or a product that is used and
        nobody makes.
    """
    name = _LETTERS.get(model, model)
    if name not in MODELS:
        raise InvalidTable(f"model must be one of {', '.join(MODELS)} or A to D, found {model!r}")
    make = tables.make.to_numpy(float)
    q, x = make.sum(axis=0), make.sum(axis=1)
    _check_defined(tables, name, q, x)
    if name == "industry_technology":
        result = make
    elif name == "fixed_product_sales":
        result = np.divide(make, q, out=np.zeros_like(make), where=q > 0)
    else:
        mix_inverse = np.linalg.inv(make.T / x)
        result = mix_inverse * q if name == "product_technology" else mix_inverse
    return pd.DataFrame(result, index=tables.make.index, columns=tables.make.columns)


def table_from_supply_use(
    tables: SupplyUse,
    *,
    model: Model = "industry_technology",
    negatives: Literal["refuse", "keep"] = "refuse",
    units: str = "money",
    year: int | None = None,
    name: str = "",
    notes: Sequence[str] = (),
) -> RegionalTable:
    """Make a symmetric input-output table.

    Parameters
    ----------
    tables
        Supply and use at basic prices.
    model
        "product_technology" (A), "industry_technology" (B): products by products;
        "fixed_industry_sales" (C), "fixed_product_sales" (D): industries by industries.
    negatives
        What to do where A or C gives negative flows: refuse and name them, or keep them (the
        table then bears signs).
    units, year, name, notes
        As in `RegionalTable.from_flows`.

    Returns
    -------
    An explicit table whose totals (value added, imports, taxes, final demand, output) are those
    of the supply and use tables.

    Raises
    ------
    InvalidTable
        When the model is not defined for these tables, or gives negative flows.
    """
    matrix = transformation(tables, model).to_numpy()
    kind = _LETTERS.get(model, model)
    x = tables.industry_output.to_numpy()
    use, final = tables.use.to_numpy(float), tables.final_demand
    by_product = kind in ("product_technology", "industry_technology")
    if by_product:
        per_output = np.divide(matrix, x[:, None], out=np.zeros_like(matrix), where=x[:, None] > 0)
        labels, output = tables.make.columns, tables.product_output
        flows, final_values = use @ per_output, final.to_numpy(float)
    else:
        labels, output = tables.make.index, tables.industry_output
        flows, final_values = matrix @ use, matrix @ final.to_numpy(float)

    def carried(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame.to_numpy(float) @ per_output if by_product else frame.to_numpy(float)
        return pd.DataFrame(values, index=frame.index, columns=labels)

    flows[np.abs(flows) < _ROUNDING * np.abs(flows).max(initial=0.0)] = 0.0
    negative = flows < 0
    if negative.any() and negatives == "refuse":
        where = [f"{_name(labels[i])} to {_name(labels[j])} ({flows[i, j]:.4g})"
                 for i, j in np.argwhere(negative)]  # fmt: skip
        raise InvalidTable(
            f"{kind} gives negative flows at {shown(where)}: use industry_technology or "
            "fixed_product_sales, which cannot, or negatives='keep'"
        )
    told = (
        f"{'Products' if by_product else 'Industries'} by the same from supply and use tables, "
        f"assumption: {kind.replace('_', ' ')}."
    )
    if negative.any():
        told += (
            f" {int(negative.sum())} negative flows, {flows[negative].sum():.6g} in all, are kept."
        )
    taxes = None if tables.taxes is None else carried(tables.taxes.to_frame().T).iloc[0]
    return RegionalTable.from_flows(
        pd.DataFrame(flows, index=labels, columns=labels),
        pd.DataFrame(final_values, index=labels, columns=final.columns),
        output,
        carried(tables.value_added),
        imports=None if tables.imports is None else carried(tables.imports),
        taxes=taxes,
        units=units,
        year=year,
        name=name,
        notes=(*notes, told),
        signed=bool(negative.any()),
        tolerance=max(tables.tolerance, 1e-9),
    )


def _check_defined(tables: SupplyUse, model: str, q: Floats, x: Floats) -> None:
    """Refuse what a model cannot do."""
    failures: list[str] = []
    products, industries = tables.make.columns, tables.make.index
    used = (tables.use.to_numpy(float) != 0).any(axis=1) | (
        tables.final_demand.to_numpy(float) != 0
    ).any(axis=1)
    unmade = (q == 0) & used
    if unmade.any():
        failures.append(
            f"a product that is used must be made: {shown(map(_name, products[unmade]))}"
        )
    idle = (x == 0) & (tables.use.to_numpy(float) != 0).any(axis=0)
    if idle.any():
        failures.append(
            f"industries without output use inputs: {shown(map(_name, industries[idle]))}"
        )
    if model in ("product_technology", "fixed_industry_sales"):
        make = tables.make.to_numpy(float)
        if len(q) != len(x):
            failures.append(
                f"{model} needs as many products as industries, found {len(q)} and {len(x)}: "
                "aggregate one of them, or use industry_technology or fixed_product_sales"
            )
        elif (x == 0).any() or (q == 0).any():
            empty = [*industries[x == 0], *products[q == 0]]
            failures.append(f"{model} needs output everywhere, none at {shown(map(_name, empty))}")
        elif np.linalg.cond(make.T / x) > _SINGULAR:
            failures.append(
                f"{model} needs product mixes that differ between industries; those of "
                f"{shown(map(_name, _alike(make / x[:, None], industries)))} do not"
            )
    raise_collected(InvalidTable, failures, "supply and use")


def _alike(mix: Floats, industries: pd.Index) -> list[object]:
    """Industries whose product mixes are combinations of each other."""
    _, _, right = np.linalg.svd(mix.T)
    return list(industries[np.abs(right[-1]) > 1e-6 * np.abs(right[-1]).max()])


def _name(label: object) -> str:
    return " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _cells(tables: SupplyUse, name: str, bad: np.ndarray) -> str:
    frame: pd.DataFrame = getattr(tables, name)
    where = [f"{_name(frame.index[i])} to {_name(frame.columns[j])}" for i, j in np.argwhere(bad)]
    return f"found otherwise at {shown(where)}"


def _pair(index: pd.Index) -> pd.Index:
    if isinstance(index, pd.MultiIndex):
        return index
    return pd.MultiIndex.from_product([["all"], index.astype(str)], names=["region", "sector"])


def _labelled(frame: pd.DataFrame, *, rows: bool, columns: bool) -> pd.DataFrame:
    frame = frame.copy()
    frame.index = _pair(frame.index) if rows else frame.index
    frame.columns = _pair(frame.columns) if columns else frame.columns
    return frame


def _aligned(
    frame: pd.DataFrame,
    rows: pd.Index | None,
    columns: pd.Index | None,
    what: str,
    failures: list[str],
) -> pd.DataFrame:
    """Frame in the order of make; labels that are missing or unknown are collected."""
    frame = _labelled(frame, rows=rows is not None, columns=columns is not None)
    for wanted, found, side in ((rows, frame.index, "rows"), (columns, frame.columns, "columns")):
        if wanted is None:
            continue
        odd = wanted.symmetric_difference(found)
        if len(odd) or len(found) != len(wanted):
            failures.append(f"{what} must have the {side} of make, different: {shown(odd)}")
    if failures:
        return frame
    frame = frame if rows is None else frame.loc[rows]
    return frame if columns is None else frame[columns]
