"""The economy at given factor returns and mill prices: what is bought, made, earned, left over.

Owns the question: with these wages and prices, how far is every market from clearing?

Public names
------------
``Point``      everything at one guess: shares, prices, money flows, residuals
``evaluate``   guess in, `Point` out

Formulae (hats are new / base in logs; p mill prices, f price of imports, omega factor returns,
lambda population; A productivity; Greek as in `model.equilibria.base`)
-------------------------------------------------------------------------------------------------
    unit cost     ln c_j^s = (sum_k beta_kj omega_k + sum_i g_ij ln P^c_ij + g0_j f)/(1 - tax_j)
                             - ln A_j^s
    spending      E_s = E_s(base) + sum_k I_ks (exp(omega_ks + lambda_ks) - 1)
                             + change of taxes + change of deficit, lambda of labour only
    goods         x = T'(A' x + y') + e'           money; A' = g x domestic share, T' value shares
    exports       e' = e exp((1 - eta) ln p + eta f)
    factors       sum_j beta_kj^s x_j^s = I_ks exp(omega_ks + lambda_ks)
    real wage     v_s = omega_1s - ln P_s;         P_s: final purchases above zero, base shares
    migration     lambda_s = epsilon (v_s - v),    sum_s N_s exp(lambda_s) = sum_s N_s
Inputs are combined as Cobb-Douglas, origins as CES; final purchases split over products and
categories in base-year shares. Goods are solved for the difference from the base year,
    (I - T' Q) dx = T'(A' x + y') + e' - [T (A x + y) + e],      Q = A' + y-shares x tax
(taxes are spent where they are paid), so that no change gives exactly zero.

Source: Caliendo & Parro (2015), Review of Economic Studies 82(1), section 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.equilibria.base import EquilibriumBase
from model.equilibria.closure import Layout, Rules, Shock
from model.equilibria.shares import home_shares, origin_shares
from model.operator import PooledOperator
from model.solve import Leontief

Array = NDArray[np.float64]

__all__ = ["Point", "evaluate"]

SOLVE_TOLERANCE = 1e-12
SWEEP_TOLERANCE = 1e-14
SWEEPS = 60
SHRUNK = 0.5
"""New / base below which a level is computed as such."""


@dataclass(frozen=True, eq=False)
class Point:
    """The economy at one guess.

    Attributes
    ----------
    z : (m,) array
        Unknowns in the order of `Layout`.
    log_price : (R, S) array
        ln of mill prices, the other unknown.
    import_price : float
        ln of the price of imports.
    shares : (S, R, R) array
        T', value shares of domestic origins.
    log_bundle : (R, S) array
        ln P of the domestic bundle, by region of use and product.
    input_home, final_home : (R, S, N) arrays
        Domestic shares of cells of use.
    final_price : (R,) array
        ln P of final purchases.
    technology : (R, S, S) array
        A', domestic products per money of output.
    with_tax : (R, S, S) array
        Q, with the domestic purchases that taxes pay for.
    final_mix : (R, S) array
        Domestic product bought per money of final purchases.
    composite : (R, S) array
        Domestic product used in a region, money.
    purchases, expenditure : (R,) arrays
        Final purchases above zero, and E.
    stocks : (R, S) array
        Stocks run down, money at new prices (at most 0).
    exports, exports_fixed : (R, S) arrays
        Money.
    output, output_change : (R, S) arrays
        x' and dx, money.
    earned : (K, R) array
        What industries pay to factors.
    price_gap : (R, S) array
        ln unit cost less ln price.
    gaps : (m,) array
        Residuals of the equations of `Layout`.
    goods_gap : float
        Largest gap of a goods market, relative to its output.
    sound : bool
        False where spending or demand for a factor is not above zero, or numbers overflow.
    """

    z: Array
    log_price: Array
    import_price: float
    shares: Array
    log_bundle: Array
    input_home: Array
    final_home: Array
    final_price: Array
    technology: Array
    with_tax: Array
    final_mix: Array
    composite: Array
    purchases: Array
    expenditure: Array
    stocks: Array
    exports: Array
    exports_fixed: Array
    output: Array
    output_change: Array
    earned: Array
    price_gap: Array
    gaps: Array
    goods_gap: float
    sound: bool

    @property
    def size(self) -> float:
        """Largest residual of all equations; infinite where the point is not sound."""
        if not self.sound:
            return float("inf")
        parts = (np.abs(self.gaps).max(), np.abs(self.price_gap).max(), self.goods_gap)
        return float(max(parts))


def evaluate(
    base: EquilibriumBase, rules: Rules, shock: Shock, layout: Layout, z: Array, log_price: Array
) -> Point:
    """Return the economy at unknowns `z` and log mill prices `log_price` (R, S)."""
    returns, people, abroad = layout.returns(z), layout.people(z), layout.import_price(z)
    prices = _prices(base, rules.theta, shock, returns, abroad, log_price)
    share = base.final / base.purchases[:, None, None]
    home_mix = np.einsum("ric,ric->ri", share, base.final_home)
    final_mix = np.einsum("ric,ric->ri", share, prices.final_home)
    technology = base.inputs * prices.input_home
    with_tax = technology
    if base.tax.any():
        with_tax = technology + final_mix[:, :, None] * base.tax[:, None, :]

    income = base.factor_income
    grown = returns.copy()
    grown[0] += people
    eta = rules.export_elasticity
    with np.errstate(over="ignore", invalid="ignore"):
        paid = income * np.expm1(grown)
        spent_change = paid.sum(axis=0) + shock.deficit
        stocks = base.stocks * np.exp(prices.log_bundle)
        purchases = _purchases(base, shock, prices.log_bundle, abroad, grown)
        exports = base.exports * np.exp((1.0 - eta) * log_price + eta * abroad)
        exports_fixed = base.exports_fixed * np.exp(log_price)
    abroad_sales = exports + exports_fixed

    home_needs = base.inputs * base.input_home
    needed = _needed(home_needs, base.output, home_mix, base.purchases, base.stocks)
    before = _sold(base.trade, needed) + (base.exports + base.exports_fixed)
    needed = _needed(technology, base.output, final_mix, purchases, stocks)
    impulse = _sold(prices.shares, needed) + abroad_sales - before
    sound = bool(np.isfinite(impulse).all() and np.isfinite(prices.gap).all())
    change, output = np.zeros_like(base.output), base.output
    if sound and impulse.any():
        bare = final_mix * (purchases - base.tax_revenue)[:, None] + stocks
        operator = PooledOperator(np.ascontiguousarray(with_tax), prices.shares)
        level = _sold(prices.shares, bare) + abroad_sales
        change, output = _solve_goods(base, operator, impulse, level)
    tax_change = (base.tax * change).sum(axis=1)
    purchases = purchases + tax_change
    composite = _needed(technology, output, final_mix, purchases, stocks)

    earned = np.einsum("krj,rj->kr", base.factors, output)
    sound = sound and bool((purchases > 0.0).all() and (earned > 0.0).all())
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        growth = np.einsum("krj,rj->kr", base.factors, change) / income
        kept = growth > SHRUNK - 1.0
        demand = np.where(kept, np.log1p(np.where(kept, growth, 0.0)), np.log(earned / income))
        gaps = _gaps(base, rules, layout, z, demand, paid, prices.final)
    goods_gap = 0.0
    if impulse.any():
        made = np.abs(output) > 0.0
        left = _sold(prices.shares, composite) + abroad_sales - output
        goods_gap = float((np.abs(left)[made] / np.abs(output)[made]).max(initial=0.0))
    return Point(
        z=z,
        log_price=log_price,
        import_price=abroad,
        shares=prices.shares,
        log_bundle=prices.log_bundle,
        input_home=prices.input_home,
        final_home=prices.final_home,
        final_price=prices.final,
        technology=technology,
        with_tax=with_tax,
        final_mix=final_mix,
        composite=composite,
        purchases=purchases,
        expenditure=base.expenditure + spent_change + tax_change,
        stocks=stocks,
        exports=exports,
        exports_fixed=exports_fixed,
        output=output,
        output_change=change,
        earned=earned,
        price_gap=prices.gap,
        gaps=gaps,
        goods_gap=goods_gap,
        sound=sound and bool(np.isfinite(gaps).all()),
    )


@dataclass(frozen=True, eq=False)
class _Prices:
    """Shares and prices as in `Point`; `gap` is ln unit cost less ln price, `final` ln P."""

    shares: Array
    log_bundle: Array
    input_home: Array
    final_home: Array
    gap: Array
    final: Array


def _prices(
    base: EquilibriumBase, theta: Array, shock: Shock, returns: Array, abroad: float, price: Array
) -> _Prices:
    """Return what factor returns, the price of imports and mill prices make of shares and costs."""
    shares, index = origin_shares(base.trade, shock.log_delivery + price.T[:, :, None], theta)
    log_bundle = np.ascontiguousarray(index.T)
    input_home, input_log = home_shares(base.input_home, log_bundle - abroad, theta)
    final_home, final_log = home_shares(base.final_home, log_bundle - abroad, theta)
    cost = np.einsum("krj,kr->rj", base.factors, returns)
    cost += np.einsum("rij,rij->rj", base.inputs, input_log)
    cost += (base.inputs.sum(axis=1) + base.input_imports) * abroad
    cost = cost / (1.0 - base.tax) - np.where(base.output > 0.0, shock.log_productivity, 0.0)
    share = base.final / base.purchases[:, None, None]
    final = np.einsum("ric,ric->r", share, final_log) + abroad
    return _Prices(shares, log_bundle, input_home, final_home, cost - price, final)


def _purchases(
    base: EquilibriumBase, shock: Shock, log_bundle: Array, abroad: float, grown: Array
) -> Array:
    """Return final purchases (R,) at base-year tax revenue; `grown` (K, R) is log factor income.

    As a change on the base year, and as a level where little is left.
    """
    released = (base.stocks * np.expm1(log_bundle)).sum(axis=1)
    released = released + base.stocks_imported.sum(axis=1) * np.expm1(abroad)
    income = base.factor_income
    change = (income * np.expm1(grown)).sum(axis=0) + shock.deficit - released
    level = (income * np.exp(grown)).sum(axis=0) + base.tax_revenue + base.deficit + shock.deficit
    level = level - (base.stocks * np.exp(log_bundle)).sum(axis=1)
    level = level - base.stocks_imported.sum(axis=1) * np.exp(abroad)
    return np.asarray(np.where(level < SHRUNK * base.purchases, level, base.purchases + change))


def _needed(technology: Array, output: Array, mix: Array, bought: Array, fixed: Array) -> Array:
    """Domestic product needed in each region, (R, S)."""
    inputs: Array = np.einsum("rij,rj->ri", technology, output)
    return inputs + mix * bought[:, None] + fixed


def _sold(shares: Array, needed: Array) -> Array:
    """Return what each region sells to all of them, (R, S)."""
    return np.asarray(np.einsum("irs,si->ri", shares, needed))


def _solve_goods(
    base: EquilibriumBase, operator: PooledOperator, impulse: Array, level: Array
) -> tuple[Array, Array]:
    """Return dx and x' (R, S).

    The solver bounds the error of the sum; sweeps then settle each industry to its own size. An
    industry that shrinks is settled as a level, which loses no digits to the base year.

    Parameters
    ----------
    base : EquilibriumBase
    operator : PooledOperator
        T' Q.
    impulse, level : (R, S) arrays
        Right-hand sides for the change, and for the level.
    """
    rhs, fixed = impulse.reshape(-1, 1), level.reshape(-1, 1)
    size = base.output.reshape(-1, 1)
    found = Leontief(operator).solve(rhs, tolerance=SOLVE_TOLERANCE)
    change = np.asarray(found.x, dtype=np.float64)
    whole = size + change
    gap = np.inf
    for _ in range(SWEEPS):
        shrunk = whole < SHRUNK * size
        new = rhs + operator.matmat(change)
        if shrunk.any():
            new = np.where(shrunk, fixed + operator.matmat(whole) - size, new)
            new_whole = np.where(shrunk, fixed + operator.matmat(whole), size + new)
        else:
            new_whole = size + new
        scale = np.maximum(np.abs(new_whole), np.finfo(float).tiny)
        step = float((np.abs(new_whole - whole) / scale).max())
        better, gap = step < 0.9 * gap, min(step, gap)
        change, whole = new, new_whole
        if step <= SWEEP_TOLERANCE or not better:
            break
    shape = base.output.shape
    return change.reshape(shape), whole.reshape(shape)


def _gaps(
    base: EquilibriumBase,
    rules: Rules,
    layout: Layout,
    z: Array,
    demand: Array,
    paid: Array,
    final_price: Array,
) -> Array:
    """Return the residuals of factor markets, migration and numeraire, in the order of `Layout`."""
    returns, people = layout.returns(z), layout.people(z)
    market = demand - returns + layout.excess(z)
    market[0] -= people
    parts = [market.reshape(-1)]
    if layout.moves:
        persons = _persons(base)
        stay, go = mobility_weights(rules.mobility)
        wish = returns[0] - final_price - layout.common(z)
        parts.append(stay * people - go * wish)
        parts.append(np.array([persons @ np.expm1(people) / persons.sum()]))
    if layout.last != "none":
        parts.append(np.array([paid.sum() / base.factor_income.sum()]))
    return np.concatenate(parts)


def mobility_weights(mobility: float) -> tuple[float, float]:
    """Weights of staying and of going: migration is stay * lambda = go * (v_s - v)."""
    if np.isinf(mobility):
        return 0.0, 1.0
    return 1.0 / (1.0 + mobility), mobility / (1.0 + mobility)


def _persons(base: EquilibriumBase) -> Array:
    assert base.population is not None
    return base.population
