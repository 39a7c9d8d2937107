"""How an objective of the economy moves with delivery costs: one quantity and one price adjoint.

Owns the question: what is dJ / dln tau_i^rs at the base year, for any J of the response?

Public names
------------
``delivery_gradient``   base arrays and an objective in, `EconomyGradient` out
``EconomyGradient``     dJ / dln tau, and dJ / dln A of productivity
``EconomyWeights``      an objective in the terms of the response

Formula (product i, origin r, destination s; hats at 1; T trade shares, F = T D flows, D bought)
------------------------------------------------------------------------------------------------
    dln P_i^s  = sum_r T_i^rs (dln tau_i^rs + dln p_i^r)
    dT^q_i^rs  = T_i^rs [(1 + theta_i) (dln P_i^s - dln p_i^r) - theta_i dln tau_i^rs]
    dD_i^s     = E_i^s dln P_i^s,  with d the domestic share of a cell
    E_i^s      = (1 + theta_i) sum_cells (d - 1) use  -  sum_final d demand     (``spending``)
For J = omega'x + direct terms q0 in dln P and h0 in dln p:
    lambda     = (I - T A)^-T omega                       quantity adjoint
    q_i^s      = q0_i^s + [(1 + theta_i) D_i^s + E_i^s] sum_r lambda_i^r T_i^rs
    h_i^r      = h0_i^r + sum_s T_i^rs q_i^s - (1 + theta_i) lambda_i^r sum_s F_i^rs
    mu         = (I - T A)^-1 h                           price adjoint, prices that follow costs
    dJ / dln tau_i^rs = T_i^rs (q_i^s + (A mu)_i^s) - theta_i lambda_i^r F_i^rs
Productivity A^ makes delivery from r cheaper for everybody and exports out of fewer bundles:
    dJ / dln A_i^r = c0_i^r - h0_i^r - sum_s dJ / dln tau_i^rs - lambda_i^r e_i^r
with c0 what more output of the same bundles counts. With households closed (type II) lambda is that
of the closed system, and real income counts by what it buys (n0 per money of income):
    [lambda, nu] = (I - M)^-T [omega, n0],  M of `model.leontief.household_operator`
A purchase cost at fixed real demand has dJ / dln tau = F and needs no solve (envelope).

Source: the response of ``model.response``, differentiated; adjoints as in A. Griewank and
A. Walther (2008), Evaluating Derivatives, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.blocks import Blocks
from model.operator import PooledOperator
from model.response import FinalDemandClosure, PriceRule
from model.solve import Leontief, Solution

Array = NDArray[np.float64]

__all__ = ["EconomyGradient", "EconomyWeights", "delivery_gradient"]


@dataclass(frozen=True, eq=False)
class EconomyWeights:
    """An objective in the terms of the response, (R, S, K) each, K objectives at a time.

    Attributes
    ----------
    output : array
        omega, per unit of output in base-year prices, by place of production.
    price : array
        q0, per dln of the price of the domestic bundle, by place of use.
    mill : array
        h0, per dln of the mill price, by place of production.
    made : array or None
        c0, per dln of productivity at the same bundles, by place of production; None is nothing.
    income : (R, K) array or None
        n0, per money of household income by region, where households are closed.
    """

    output: Array
    price: Array
    mill: Array
    made: Array | None = None
    income: Array | None = None


@dataclass(frozen=True, eq=False)
class EconomyGradient:
    """How objectives move with what a network changes.

    Attributes
    ----------
    delivery : (S, R, R, K) array
        dJ / dln tau by [product, from, to, objective].
    productivity : (R, S, K) array
        dJ / dln A by place of production.
    solutions : list of Solution
    """

    delivery: Array
    productivity: Array
    solutions: list[Solution]


def _domestic_share(domestic: Array, foreign: Array) -> Array:
    """Return d of each cell; 1 where a negative entry keeps the two apart."""
    total = domestic + foreign
    buys = (domestic >= 0.0) & (foreign >= 0.0) & (total > 0.0)
    return np.divide(domestic, total, out=np.ones_like(total), where=buys)


def _demand_slope(base: Blocks, theta: Array, closure: FinalDemandClosure) -> Array:
    """Return E (R, S): how purchases of the domestic bundle move with its price."""
    power = (1.0 + theta)[None, :]
    inputs = _domestic_share(base.use, base.imported_use)
    final = _domestic_share(base.demand, base.imported_demand)
    slope = power * ((inputs - 1.0) * base.use).sum(axis=2)
    slope += power * ((final - 1.0) * base.demand).sum(axis=2)
    if closure == "spending":
        slope -= (final * base.demand).sum(axis=2)
    return np.asarray(slope)


def delivery_gradient(
    base: Blocks,
    theta: Array,
    weights: EconomyWeights,
    *,
    closure: FinalDemandClosure,
    prices: PriceRule,
    households: Leontief | None = None,
) -> EconomyGradient:
    """Return how objectives move with delivery costs and productivity, and the solves behind it.

    Parameters
    ----------
    base : Blocks
    theta : (S,) array
    weights : EconomyWeights
    closure : {"spending", "real"}
    prices : {"given", "follow costs"}
    households : Leontief, optional
        The base year closed for households, where they spend what they earn.

    Raises
    ------
    NotProductive, NotConverged
        When the base-year system cannot be solved to its certificate.
    """
    trade, flows = base.trade, base.flows
    columns = weights.output.shape[2]
    shape = (*base.output.shape, columns)
    system = Leontief(PooledOperator(base.technology, trade))
    solutions: list[Solution] = []
    quantity = np.zeros(shape)
    if households is not None:
        wide = np.zeros((shape[0], shape[1] + 1, columns))
        wide[:, :-1] = weights.output
        wide[:, -1] = 0.0 if weights.income is None else weights.income
        if wide.any():
            solved = households.solve_transposed(wide.reshape(-1, columns)).raise_for_status()
            solutions.append(solved)
            quantity = np.asarray(solved.x, dtype=np.float64).reshape(wide.shape)[:, :-1]
    elif weights.output.any():
        solved = system.solve_transposed(weights.output.reshape(-1, columns)).raise_for_status()
        solutions.append(solved)
        quantity = np.asarray(solved.x, dtype=np.float64).reshape(shape)
    price = weights.price.copy()
    if quantity.any():
        slope = (1.0 + theta)[None, :] * base.bought + _demand_slope(base, theta, closure)
        price += slope[:, :, None] * np.einsum("rik,irs->sik", quantity, trade)
    if prices == "follow costs":
        mill = weights.mill + np.einsum("irs,sik->rik", trade, price)
        sold = flows.sum(axis=2).T
        mill -= ((1.0 + theta)[None, :] * sold)[:, :, None] * quantity
        mill *= (base.output > 0.0)[:, :, None]
        if mill.any():
            solved = system.solve(mill.reshape(-1, columns)).raise_for_status()
            solutions.append(solved)
            adjoint = np.asarray(solved.x, dtype=np.float64).reshape(shape)
            price = price + np.einsum("sij,sjk->sik", base.technology, adjoint)
    gradient = np.einsum("irs,sik->irsk", trade, price)
    if quantity.any():
        gradient -= np.einsum("i,rik,irs->irsk", theta, quantity, flows)
    made = -gradient.sum(axis=2).transpose(1, 0, 2) - weights.mill
    made -= quantity * base.exports[:, :, None]
    if weights.made is not None:
        made += weights.made
    return EconomyGradient(gradient, made, solutions)
