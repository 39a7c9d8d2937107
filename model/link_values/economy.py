"""How an objective of the economy moves with delivery costs: one quantity and one price adjoint.

Owns the question: what is dJ / dln tau_i^rs at the base year, for any J of the response?

Public names
------------
``delivery_gradient``   base arrays and an objective in, (S, R, R, K) out
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

__all__ = ["EconomyWeights", "delivery_gradient"]


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
    """

    output: Array
    price: Array
    mill: Array


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
) -> tuple[Array, list[Solution]]:
    """Return dJ / dln tau by [product, from, to, objective], and the solves behind it.

    Parameters
    ----------
    base : Blocks
    theta : (S,) array
    weights : EconomyWeights
    closure : {"spending", "real"}
    prices : {"given", "follow costs"}

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
    if weights.output.any():
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
    return gradient, solutions
