"""Change over time or between scenarios, split into what changed it.

Question owned: how much of a change is due to technology, trade, the mix and level of demand ...?

Public names
    decompose            any function of factors between two states
    decompose_change     output or an account between two tables, up to seven factors
    plot_decomposition   effects as bars

Terms: n factors, states 0 and 1, v(u) the result with the factors in the set u at state 1 and the
others at state 0; additive effects sum to v(all) - v(none), multiplicative ones multiply to
v(all) / v(none).

    shapley     phi_k = sum over u without k of |u|! (n-1-|u|)! / n! (v(u + k) - v(u))
                the mean over all n! orders (Sun), from 2^n results and never n! of them
    two_polar   the mean of the order given and its mirror image
    sampled     the mean over drawn orders, each with its mirror image

Multiplicative effects are those of ln v: geometric means over the same orders.

    account = w # x,   x = (I - T A)^-1 (T y + e),   y = mix # distribution * level

factors intensity w, technology A by place of use, trade T, mix of products inside (region,
category), distribution over regions and categories, level of final demand, exports e
(and what the source leaves unexplained).

Source: Dietzenbacher & Los (1998) for orders and polar means; Sun (1998); Shapley (1953); Miller &
Blair (2009), section 13.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import factorial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.container.flows import dense_of
from io_tables.table import RegionalTable
from model.accounts import account_of
from model.dims import REGION, SECTOR
from model.errors import ShapeError
from model.leontief.explicit import Explicit
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, Operator, spread
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Method = Literal["shapley", "two_polar", "sampled"]
Form = Literal["additive", "multiplicative"]
Subset: TypeAlias = "frozenset[int]"
FACTORS = ("intensity", "technology", "trade", "mix", "distribution", "level", "exports")
MOST_FACTORS = 12
TOLERANCE = 1e-11


def decompose(
    function: Callable[..., Any],
    base: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    method: Method = "shapley",
    form: Form = "additive",
    orders: int = 50,
    seed: int = 0,
) -> xr.DataArray:
    """Split the change of a function of factors.

    Parameters
    ----------
    function
        Called with the factors by name; returns a number, array or DataArray of one shape.
    base, new
        {factor: value} in the two states, the same factors in the same order.
    method
        "shapley", "two_polar" or "sampled".
    form
        "additive" or "multiplicative" (results must be above zero).
    orders
        Drawn orders of "sampled", each with its mirror image.
    seed
        Of the drawn orders.

    Returns
    -------
    DataArray over (factor, ...): effects, which sum (or multiply) to the change exactly.
    attrs["gap"] is their largest relative gap.

    Raises
    ------
    ShapeError
        For factors that differ, too many of them, and results that are not positive in the
        multiplicative form.
    """
    names = list(base)
    if names != list(new) or not names:
        raise ShapeError(f"both states need the same factors; found {names} and {list(new)}.")
    shape: list[Any] = []

    def result(changed: Subset) -> FloatArray:
        mixed = {n: (new if k in changed else base)[n] for k, n in enumerate(names)}
        found = function(**mixed)
        shape[:] = [found]
        return np.asarray(found, dtype=np.float64)

    effects, gap = _effects(result, len(names), method, form, orders, seed)
    like = shape[0]
    coords: dict[str, Any] = {"factor": names}
    if isinstance(like, xr.DataArray):
        dims, coords = (
            ("factor", *map(str, like.dims)),
            {**coords, **{str(k): v for k, v in like.coords.items()}},
        )
    else:
        dims = ("factor", *(f"axis_{k}" for k in range(effects.ndim - 1)))
    about = {"method": method, "form": form, "gap": gap}
    return xr.DataArray(effects, coords=coords, dims=dims, name="effect", attrs=about)


def decompose_change(
    base: RegionalTable,
    new: RegionalTable,
    of: str | tuple[pd.Series[float], pd.Series[float]] = "output",
    *,
    factors: Sequence[Sequence[str]] | None = None,
    method: Method = "shapley",
    form: Form = "additive",
    orders: int = 50,
    seed: int = 0,
) -> xr.DataArray:
    """Split the change of an account between two tables.

    Parameters
    ----------
    base, new
        Tables with the same regions, sectors and categories, of the same kind, in the same units
        (of constant prices, if the change shall be one of quantities).
    of
        "output" or an account of both tables; or two Series of intensities.
    factors
        Groups of factors that change together, in the order of "two_polar"; each of the seven once.
        Left out: the seven on their own, those that do not change being zero.
    method, form, orders, seed
        As in `decompose`.

    Returns
    -------
    DataArray (factor, region, sector) in units of the account (1 when multiplicative); a group is
    called by its factors joined by " + ". Where a product is not used at all in one table, its
    trade shares and mixes are those of the other one: it then changes by technology or level.

    Raises
    ------
    ShapeError
        For tables that do not match, factors named twice or left out, and results that are not
        positive in the multiplicative form.
    """
    _check_match(base, new)
    groups = [[name] for name in FACTORS] if factors is None else [list(g) for g in factors]
    if sorted(name for group in groups for name in group) != sorted(FACTORS):
        raise ShapeError(f"factors must name each of {list(FACTORS)} once; found {groups}.")
    accounts = [
        account_of(table, of if isinstance(of, str) else of[k])
        for k, table in enumerate((base, new))
    ]
    values = _Values(base, new, [a.intensity for a in accounts])

    def result(changed: Subset) -> FloatArray:
        state = {name: int(k in changed) for k, group in enumerate(groups) for name in group}
        return values.account([state[name] for name in FACTORS])

    effects, gap = _effects(result, len(groups), method, form, orders, seed)
    shape = (len(groups), base.n_regions, base.n_sectors)
    return xr.DataArray(
        effects.reshape(shape),
        coords={
            "factor": [" + ".join(group) for group in groups],
            REGION: base.regions,
            SECTOR: base.sectors,
        },
        dims=("factor", REGION, SECTOR),
        name=accounts[0].name,
        attrs={
            "units": accounts[0].units if form == "additive" else "1",
            "method": method,
            "form": form,
            "gap": gap,
        },
    )


def _effects(
    result: Callable[[Subset], FloatArray],
    n: int,
    method: Method,
    form: Form,
    orders: int,
    seed: int,
) -> tuple[FloatArray, float]:
    """Effects (n, ...) and the largest relative gap between their sum and the change."""
    if method not in ("shapley", "two_polar", "sampled") or form not in (
        "additive",
        "multiplicative",
    ):
        raise ShapeError(f"unknown method or form: {method!r}, {form!r}.")
    if method == "shapley" and n > MOST_FACTORS:
        raise ShapeError(
            f"the mean over all orders of {n} factors needs 2^{n} results: group them to at most "
            f"{MOST_FACTORS}, or take method='sampled'."
        )
    known: dict[Subset, FloatArray] = {}

    def value(changed: Subset) -> FloatArray:
        if changed not in known:
            known[changed] = _in_form(result(changed), form)
        return known[changed]

    everything, nothing = frozenset(range(n)), frozenset[int]()
    effects = np.zeros((n, *value(nothing).shape))
    if method == "shapley":
        for flags in product((False, True), repeat=n):
            without = frozenset(k for k in range(n) if flags[k])
            for k in everything - without:
                weight = factorial(len(without)) * factorial(n - 1 - len(without)) / factorial(n)
                effects[k] += weight * (value(without | {k}) - value(without))
    else:
        rng = np.random.default_rng(seed)
        drawn = [np.arange(n)]
        if method == "sampled":
            drawn = [rng.permutation(n) for _ in range(orders)]
        for order in drawn:
            for one in (order, order[::-1]):
                met: list[int] = []
                for k in one.tolist():
                    before = value(frozenset(met))
                    met.append(k)
                    effects[k] += (value(frozenset(met)) - before) / (2 * len(drawn))
    change = value(everything) - value(nothing)
    size = np.maximum(np.abs(value(everything)), np.abs(value(nothing))).max(initial=0.0)
    gap = np.abs(effects.sum(axis=0) - change).max(initial=0.0)
    relative = float(gap / max(float(size), np.finfo(np.float64).tiny))
    return (effects if form == "additive" else np.exp(effects)), relative


def _in_form(values: FloatArray, form: Form) -> FloatArray:
    if form == "additive":
        return values
    if not (values > 0).all():
        raise ShapeError(
            f"multiplicative effects need results above zero; {int((values <= 0).sum())} are not: "
            "take the additive form, or leave industries without output out."
        )
    return np.asarray(np.log(values))


def _check_match(base: RegionalTable, new: RegionalTable) -> None:
    failures = [
        f"{what} differ"
        for what, same in (
            ("kinds", base.kind == new.kind),
            ("regions", base.regions == new.regions),
            ("sectors", base.sectors == new.sectors),
            ("categories", base.categories == new.categories),
            ("units", base.unit == new.unit),
        )
        if not same
    ]
    if failures:
        raise ShapeError(
            f"two tables to be compared must match: {', '.join(failures)}. Aggregate them to "
            "common labels and put them in prices of one year first."
        )


class _Values:
    """Accounts of every mixture of two tables; operators and demand are worked out once."""

    def __init__(
        self, base: RegionalTable, new: RegionalTable, intensity: Sequence[FloatArray]
    ) -> None:
        self.tables, self.intensity = (base, new), intensity
        R, S, C = base.n_regions, base.n_sectors, len(base.categories)
        self.shape = (R, S, C)
        demand = [t.demand.to_numpy().reshape(R, S, C) for t in self.tables]
        bought = [d.sum(axis=1, keepdims=True) for d in demand]
        self.level = [float(d.sum()) for d in demand]
        # Where one table has no basket or no demand at all, the other one's shares stand in.
        self.mix = _filled([_ratio(d, b) for d, b in zip(demand, bought, strict=True)], bought)
        self.distribution = [
            b / v if v else np.zeros_like(b) for b, v in zip(bought, self.level, strict=True)
        ]
        self.exports = [t.exports.to_numpy() + t.discrepancy.to_numpy() for t in self.tables]
        self.pooled = base.kind == "pooled"
        self.inputs, self.final = self._shares()
        self._systems: dict[tuple[int, int], Leontief] = {}

    def _shares(self) -> tuple[list[FloatArray], list[FloatArray]]:
        """Trade of inputs and of final use: pooled shares twice, or shares of every cell."""
        R, S = self.shape[:2]
        if self.pooled:
            used = [
                (t.data["domestic_use"].values.sum(axis=2) + t.demand.to_numpy().sum(axis=1)
                 .reshape(R, S).T)[:, None, :] for t in self.tables
            ]  # fmt: skip
            trade = _filled([np.asarray(t.trade) for t in self.tables], used)
            return trade, trade
        flows = [dense_of(t.data).reshape(R, S, R, S) for t in self.tables]
        uses = [f.sum(axis=0, keepdims=True) for f in flows]
        final = [t.data["final_demand"].values for t in self.tables]
        buys = [f.sum(axis=0, keepdims=True) for f in final]
        return (
            _filled([_ratio(f, u) for f, u in zip(flows, uses, strict=True)], uses),
            _filled([_ratio(f, b) for f, b in zip(final, buys, strict=True)], buys),
        )

    def _operator(self, technology: int, trade: int) -> Operator:
        R, S, _ = self.shape
        blocks = self.tables[technology].technology
        if self.pooled:
            return PooledOperator(blocks, self.inputs[trade])
        # [from, product, to, industry] times [to, product, industry]
        matrix = self.inputs[trade] * blocks.transpose(1, 0, 2)[None]
        return Explicit(matrix.reshape(R * S, R * S), region_starts=np.arange(R + 1) * S)

    def account(self, state: Sequence[int]) -> FloatArray:
        """Account (N,) with each of `FACTORS` of table 0 or 1."""
        R, S = self.shape[:2]
        w, technology, trade, mix, distribution, level, exports = state
        demand = self.mix[mix] * self.distribution[distribution] * self.level[level]
        if self.pooled:
            sold = spread(self.inputs[trade], demand.sum(axis=2).reshape(R * S, 1))[:, 0]
        else:
            by_cell = self.final[trade] * demand.transpose(1, 0, 2)[None]
            sold = by_cell.sum(axis=(2, 3)).reshape(R * S)
        pair = (technology, trade)
        if pair not in self._systems:
            self._systems[pair] = Leontief(self._operator(*pair))
        f = sold + self.exports[exports]
        x = self._systems[pair].solve(f, tolerance=TOLERANCE).raise_for_status().x
        return np.asarray(x) * self.intensity[w]


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.asarray(
        np.divide(
            part, whole, out=np.zeros(part.shape), where=np.broadcast_to(whole, part.shape) != 0
        )
    )


def _filled(shares: list[FloatArray], wholes: list[FloatArray]) -> list[FloatArray]:
    """Shares of nothing take those of the other table."""
    one, two = shares
    empty = [np.broadcast_to(w == 0, s.shape) for w, s in zip(wholes, shares, strict=True)]
    return [np.where(empty[0], two, one), np.where(empty[1], one, two)]


def plot_decomposition(data: xr.DataArray, *, over: str = REGION, ax: Axes | None = None) -> Axes:
    """Stacked additive effects along one dimension, with the change as a dot.

    Parameters
    ----------
    data
        From `decompose_change` in additive form.
    over
        What the bars are: "region" or "sector".
    """
    import matplotlib.pyplot as plt

    rest = [d for d in data.dims if d not in ("factor", over)]
    totals = data.sum(rest).transpose(over, "factor")
    ax = plt.subplots(figsize=(8, 0.25 * totals.sizes[over] + 1.5))[1] if ax is None else ax
    where = np.arange(totals.sizes[over])
    up, down = np.zeros(where.size), np.zeros(where.size)
    for name in totals["factor"].values.tolist():
        width = totals.sel(factor=name).values
        ax.barh(where, width, left=np.where(width >= 0, up, down), label=str(name))
        up, down = up + np.maximum(width, 0.0), down + np.minimum(width, 0.0)
    ax.plot(totals.sum("factor").values, where, "k.", label="change")
    ax.set_yticks(where, [str(name) for name in totals[over].values])
    ax.set_xlabel(f"change of {data.name}, {data.attrs.get('units', '')}")
    ax.legend(frameon=False, ncols=4, fontsize="small", loc="lower center",
              bbox_to_anchor=(0.5, 1.0))  # fmt: skip
    return ax
