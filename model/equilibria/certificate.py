"""What is sure about an equilibrium: how far markets are from clearing, and whether it is alone.

Owns the question: is this an equilibrium, how accurate are its wages, and could there be others?

Public names
------------
``Certificate``   residuals by market, error of log wages, index, gross substitutes, pull of crowds
``certify``       an outcome in, `Certificate` out

What guarantees uniqueness. If demand for every region's labour rises with every other region's wage
(gross substitutes) at ALL wages, there is one equilibrium; with one sector, no inputs, balanced
trade and any theta >= 0 that holds. With many sectors and inputs no theorem covers all cases: the
property is checked at the solution, where it makes the equilibrium regular and locally unique.

The index, the sign of the determinant of the derivative of the equations (times -1 for each factor
market), is +1 at the only equilibrium of an economy with one; an equilibrium with index -1 is never
the only one (index theorem).

With mobile people nothing here makes a crowd attract (no agglomeration); fixed factors and falling
terms of trade push apart. `crowd_pull`, the largest real part of an eigenvalue of d real wage /
d log population with the total constant, says so: times the elasticity it must stay below 1.

Source: Alvarez & Lucas (2007), Journal of Monetary Economics 54(6); Mas-Colell, Whinston & Green
(1995), sections 17.D and 17.F; Allen & Arkolakis (2014), Quarterly Journal of Economics 129(3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.equilibria.base import EquilibriumBase
from model.equilibria.closure import Layout, Rules
from model.equilibria.jacobian import Slopes
from model.equilibria.point import Point

Array = NDArray[np.float64]

__all__ = ["Certificate", "certify"]

SUBSTITUTE_SLACK = 1e-12
ROUNDING = 4.0 * np.finfo(float).eps
"""What a residual of zero may hide."""


@dataclass(frozen=True)
class Certificate:
    """What is sure about an equilibrium.

    Attributes
    ----------
    residuals : dict of str to float
        Largest relative gap by kind of equation.
    wage_error : float
        Largest error of a log factor return that these residuals can come from, to first order:
        inverse derivative times residuals and rounding. nan where the derivative is singular.
    index : int
        +1 or -1; 0 where the derivative is singular.
    gross_substitutes : bool or None
        Whether demand for labour rises with the wages of others, at the solution; None with mobile
        people or two factors, where it is not the condition.
    crowd_pull : float
        See the module; nan where people do not move.
    """

    residuals: dict[str, float]
    wage_error: float
    index: int
    gross_substitutes: bool | None
    crowd_pull: float

    @property
    def residual(self) -> float:
        """Largest of the residuals."""
        return max(self.residuals.values())


def certify(
    base: EquilibriumBase, rules: Rules, point: Point, found: Slopes | None, deficit: Array
) -> Certificate:
    """Return what is sure about a point.

    Parameters
    ----------
    base, rules, point
    found : Slopes or None
        Derivatives at the point.
    deficit : (R,) array
        Deficits given, money.
    """
    layout = Layout.of(base, rules)
    residuals = _residuals(base, layout, point, deficit)
    if found is None:
        return Certificate(residuals, float("nan"), 0, None, float("nan"))
    sign, _ = np.linalg.slogdet(found.matrix)
    index = int(sign) * (-1) ** layout.n_returns * (-1 if layout.moves else 1)
    error, pull = float("nan"), float("nan")
    substitutes = None
    if index != 0:
        inverse = np.linalg.inv(found.matrix)
        gaps = np.abs(point.gaps) + np.abs(found.correction) + point.goods_gap + ROUNDING
        error = float((np.abs(inverse) @ gaps)[: layout.n_returns].max())
        if layout.moves:
            pull = _crowd_pull(base, layout, point, found)
    if layout.n_factors == 1 and not layout.moves:
        demand = found.matrix[: layout.n_regions, : layout.n_regions]
        off = demand[~np.eye(layout.n_regions, dtype=bool)]
        substitutes = bool(off.min(initial=0.0) >= -SUBSTITUTE_SLACK)
    return Certificate(residuals, error, index, substitutes, pull)


def _residuals(
    base: EquilibriumBase, layout: Layout, point: Point, deficit: Array
) -> dict[str, float]:
    """Return relative gaps, each evaluated anew from shares, prices and money."""
    returns, people = layout.returns(point.z), layout.people(point.z)
    supplied = np.exp(returns)
    supplied[0] = supplied[0] * np.exp(people)
    factor = np.abs(point.earned / (base.factor_income * supplied) - 1.0)
    sold = np.einsum("irs,si->ri", point.shares, point.composite)
    sold = sold + point.exports + point.exports_fixed
    made = point.output > 0.0
    goods = np.abs(sold - point.output)[made] / point.output[made]
    income = point.earned.sum(axis=0) + (base.tax * point.output).sum(axis=1)
    stocks = (point.stocks + base.stocks_imported * np.exp(point.import_price)).sum(axis=1)
    budget = np.abs(point.purchases + stocks - income - deficit) / point.purchases
    out = {
        "goods markets": float(goods.max(initial=0.0)),
        "factor markets": float(factor.max()),
        "prices equal unit costs": float(np.abs(point.price_gap).max()),
        "budgets": float(budget.max()),
    }
    if layout.moves:
        start = layout.n_returns
        out["migration"] = float(np.abs(point.gaps[start : start + layout.n_regions]).max())
        out["population"] = abs(float(point.gaps[start + layout.n_regions]))
    if layout.last != "none":
        out["numeraire"] = abs(float(point.gaps[-1]))
    return out


def _crowd_pull(base: EquilibriumBase, layout: Layout, point: Point, found: Slopes) -> float:
    """Largest real part of an eigenvalue of d real wage / d log population, total constant."""
    n_returns, n_regions = layout.n_returns, layout.n_regions
    people = slice(n_returns, n_returns + n_regions)
    rest = np.r_[0:n_returns, layout.size - 1] if layout.last != "none" else np.r_[0:n_returns]
    follow = -np.linalg.solve(found.matrix[np.ix_(rest, rest)], found.matrix[rest, people])
    columns = found.real_price
    wages = follow[:n_regions]
    price = columns[:, :n_returns] @ follow[:n_returns]
    if layout.last == "import price":
        price = price + np.outer(columns[:, n_returns], follow[-1])
    response = wages - price
    assert base.population is not None
    weight = base.population * np.exp(layout.people(point.z))
    weight = weight / weight.sum()
    centred = np.eye(n_regions) - np.outer(np.ones(n_regions), weight)
    if n_regions == 1:
        return float("-inf")
    values = np.linalg.eigvals(centred @ response @ centred)
    values = np.delete(values, np.argmin(np.abs(values)))  # all together: not a move
    return float(values.real.max())
