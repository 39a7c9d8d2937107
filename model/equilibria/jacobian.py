"""How residuals move with wages, population and prices: one blocked transposed solve.

Owns the question: what is the exact derivative of every equation, and the Newton step?

Public names
------------
``newton_step``   steps of the unknowns and of log mill prices
``Slopes``        the derivative of the equations, prices and goods followed all the way

Formulae. A price follows factor returns as a value-added multiplier, and the value added of a
region follows spending as the same multiplier:
    d ln p = (I - A~' T'')^-1 (d cost),      A~ = A' / (1 - tax)
    d earned = Lambda' d(source),            (I - (T' Q)') Lambda = beta, one column per factor
Without taxes the two systems are one. With dP = T'' dp and df the price of imports, the source of
goods at given output moves by
    T'[theta W dP - theta a (dP - df) + stocks dP - mix dN] - theta (T' W) dp + d exports
W domestic use, a the part of it that competes with imports, N the money of stocks run down.

Source: implicit differentiation; Miller & Blair (2009), section 2.6 for the multiplier duality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.equilibria.base import EquilibriumBase
from model.equilibria.closure import Layout, Rules
from model.equilibria.point import Point, mobility_weights
from model.operator import PooledOperator
from model.solve import Leontief

Array = NDArray[np.float64]

__all__ = ["Slopes", "newton_step", "slopes"]

TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class Slopes:
    """Derivatives at a point.

    Attributes
    ----------
    matrix : (m, m) array
        Of the equations of `Layout` in its unknowns, mill prices following.
    correction : (m,) array
        What closing the price gap adds to the residuals.
    prices : (R * S, K * R + 1) array
        Of log mill prices in factor returns and the price of imports.
    price_correction : (R * S,) array
        Change of log mill prices that closes the price gap at given unknowns.
    real_price : (R, K * R + 1) array
        Of the log price of final purchases, same columns as `prices`.
    """

    matrix: Array
    correction: Array
    prices: Array
    price_correction: Array
    real_price: Array


def slopes(base: EquilibriumBase, rules: Rules, layout: Layout, point: Point) -> Slopes:
    """Return the derivatives at a point."""
    n_factors, n_regions, n_sectors = base.factors.shape
    n, n_returns = n_regions * n_sectors, layout.n_returns
    keep = 1.0 - base.tax
    each = np.arange(n_regions)
    by_region = np.zeros((n_regions, n_sectors, n_factors, n_regions))
    for k in range(n_factors):
        by_region[each, :, k, each] = base.factors[k]
    pays = by_region.reshape(n, n_returns)
    foreign = (base.inputs * (1.0 - point.input_home)).sum(axis=1) + base.input_imports
    causes = np.column_stack(
        [pays / keep.reshape(n, 1), (foreign / keep).reshape(n), point.price_gap.reshape(n)]
    )
    operator = PooledOperator(
        np.ascontiguousarray(point.technology / keep[:, None, :]), point.shares
    )
    follow = _multipliers(operator, causes)
    if base.tax.any():
        goods = PooledOperator(np.ascontiguousarray(point.with_tax), point.shares)
        earned_by = _multipliers(goods, pays)
    else:
        earned_by = follow[:, :n_returns]

    moves = _price_effects(base, rules, point, operator, follow)
    earned = point.earned.reshape(-1)
    market = earned_by.T @ moves.source / earned[:, None]
    spread = operator.deliver_transposed(np.ascontiguousarray(earned_by))
    by_spending = np.einsum(
        "sik,si->ks", spread.reshape(n_regions, n_sectors, n_returns), point.final_mix
    )
    by_spending /= earned[:, None]
    return Slopes(
        matrix=_matrix(base, rules, layout, point, market, by_spending, moves.final_price),
        correction=_correction(rules, layout, market[:, -1], moves.final_price[:, -1]),
        prices=follow[:, :-1],
        price_correction=follow[:, -1],
        real_price=moves.final_price[:, :-1],
    )


def newton_step(layout: Layout, point: Point, found: Slopes) -> tuple[Array, Array]:
    """Return the Newton steps of the unknowns (m,) and of log mill prices (R, S).

    Raises
    ------
    numpy.linalg.LinAlgError
        When the equations do not determine the unknowns.
    """
    step = np.asarray(np.linalg.solve(found.matrix, -(point.gaps + found.correction)))
    prices: Array = found.prices[:, :-1] @ step[: layout.n_returns] + found.price_correction
    if layout.last == "import price":
        prices = prices + found.prices[:, -1] * step[-1]
    return step, np.reshape(prices, point.log_price.shape)


def _multipliers(operator: PooledOperator, weights: Array) -> Array:
    """Solve the transposed system; what its certificate cannot promise, Newton steps correct."""
    found = Leontief(operator).solve_transposed(np.ascontiguousarray(weights), tolerance=TOLERANCE)
    return np.asarray(found.x, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Effects:
    """Of price changes, one column for each: source of goods (n, m), ln P of final use (R, m)."""

    source: Array
    final_price: Array


def _price_effects(
    base: EquilibriumBase, rules: Rules, point: Point, operator: PooledOperator, follow: Array
) -> _Effects:
    """Follow price changes `follow` (n, K * R + 2) at given output and factor income."""
    n_regions, n_sectors = base.output.shape
    n, width = follow.shape
    abroad = np.zeros(width)
    abroad[-2] = 1.0
    bundle = operator.deliver_transposed(np.ascontiguousarray(follow))
    theta = np.broadcast_to(rules.theta, base.output.shape)

    share = base.final / base.purchases[:, None, None]
    competes = np.einsum(
        "rij,rij,rj->ri", point.technology, 1.0 - point.input_home, point.output
    ) + point.purchases[:, None] * np.einsum(
        "ric,ric,ric->ri", share, point.final_home, 1.0 - point.final_home
    )
    bundle_effect = theta * (point.composite - competes) + point.stocks
    import_effect = theta * competes
    by_region = bundle.reshape(n_regions, n_sectors, width)
    released = np.einsum("si,sim->sm", point.stocks, by_region)
    sold = base.stocks_imported.sum(axis=1) * np.exp(point.import_price)
    released += sold[:, None] * abroad
    inner = bundle_effect[:, :, None] * by_region + import_effect[:, :, None] * abroad
    inner -= point.final_mix[:, :, None] * released[:, None, :]
    source = operator.deliver(np.ascontiguousarray(inner.reshape(n, width)))
    supplied = np.einsum("irs,si->ri", point.shares, point.composite)
    eta = rules.export_elasticity
    own = -theta * supplied + (1.0 - eta) * point.exports + point.exports_fixed
    source += own.reshape(n, 1) * follow
    source += (eta * point.exports).reshape(n, 1) * abroad
    final_price = np.einsum("si,sim->sm", point.final_mix, by_region)
    final_price += (1.0 - point.final_mix.sum(axis=1))[:, None] * abroad
    return _Effects(source, final_price)


def _matrix(
    base: EquilibriumBase,
    rules: Rules,
    layout: Layout,
    point: Point,
    market: Array,
    by_spending: Array,
    final_price: Array,
) -> Array:
    """Assemble the derivative of the equations in the unknowns."""
    n_factors, n_regions, n_returns = layout.n_factors, layout.n_regions, layout.n_returns
    size = layout.size
    matrix = np.zeros((size, size))
    grown = layout.returns(point.z).copy()
    grown[0] += layout.people(point.z)
    paid = base.factor_income * np.exp(grown)  # (K, R)
    returns = slice(0, n_returns)
    matrix[returns, returns] = market[:, :n_returns] - np.eye(n_returns)
    for k in range(n_factors):
        columns = slice(k * n_regions, (k + 1) * n_regions)
        matrix[returns, columns] += by_spending * paid[k]
    national = base.factor_income.sum()
    if layout.moves:
        people = slice(n_returns, n_returns + n_regions)
        common = n_returns + n_regions
        matrix[returns, people] = by_spending * paid[0]
        matrix[:n_regions, people] -= np.eye(n_regions)
        stay, go = mobility_weights(rules.mobility)
        matrix[people, returns] = go * final_price[:, :n_returns]
        matrix[people, :n_regions] -= go * np.eye(n_regions)
        matrix[people, people] = stay * np.eye(n_regions)
        matrix[people, common] = go
        assert base.population is not None
        crowd = base.population * np.exp(layout.people(point.z))
        matrix[common, people] = crowd / base.population.sum()
        if layout.last == "import price":
            matrix[people, -1] = go * final_price[:, n_returns]
        if layout.last != "none":
            matrix[-1, people] = paid[0] / national
    if layout.last == "import price":
        matrix[returns, -1] = market[:, n_returns]
    if layout.last == "excess demand":
        matrix[returns, -1] = 1.0
    if layout.last != "none":
        matrix[-1, returns] = paid.reshape(-1) / national
    return matrix


def _correction(rules: Rules, layout: Layout, market: Array, final_price: Array) -> Array:
    """Residuals' change when the price gap closes."""
    out = np.zeros(layout.size)
    out[: layout.n_returns] = market
    if layout.moves:
        _, go = mobility_weights(rules.mobility)
        out[layout.n_returns : layout.n_returns + layout.n_regions] = go * final_price
    return out
