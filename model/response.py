"""What the economy does when delivery gets cheaper or dearer.

Owns the question: how do purchases, output, value added and real consumption move when the
delivered-cost factor changes by tau^, at given mill prices (p^ = 1) or with prices that follow
costs (`model.price_system`)?

Public names
------------
``respond``            base table and tau^ in, `Response` out
``Response``           changes against the base year, with certificate and identity gaps
``check_rules``        refuse a closure or a rule of prices that does not exist

Formula
-------
Quantities, in base-price units (T^q, A^q from `model.sourcing`):
    x' = (I - T^q A^q)^-1 (T^q y' + e)
solved for the difference, so that no change gives exactly zero and small effects keep their digits:
    (I - T^q A^q) dx = T^q (A^q x + y') - T (A x + y)
Where productivity changes by A^, bundles of inputs z = x / A^ take the place of x, p^ is the price
of a bundle, p^ / A^ that of output and e / A^ the bundles exports need (`model.channels.joint`).
Closure of final demand: ``spending`` keeps the money of each region, category and product
(y' = y / P^ in real terms); ``real`` keeps the quantities (y' = y).

Identities checked (gaps returned, relative):
    deliveries   p^ x'_i^r = sum_s t'_i^rs P^_i^s D_i^s + p^ e_i^r, cell by cell, D = A^q x' + y'
    spending     sum (p^ - sum_i A^q P^) x' = sum P^ y' + sum p^ e

Source: Dekle, Eaton & Kortum (2008) for the shares; melting transport as in Samuelson (1954).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from io_tables.labels import did_you_mean
from model.blocks import Blocks
from model.errors import InvalidParameter
from model.operator import PooledOperator
from model.price_system import input_saving, mill_prices
from model.solve import Leontief, Solution
from model.sourcing import Sourcing, SourcingForm, shift_foreign, shift_origins

Array = NDArray[np.float64]
FinalDemandClosure = Literal["spending", "real"]
PriceRule = Literal["given", "follow costs"]

__all__ = ["FinalDemandClosure", "PriceRule", "Response", "check_rules", "respond"]


@dataclass(frozen=True)
class Response:
    """Changes against the base year; all arrays money per year in the table's unit.

    Attributes
    ----------
    output : (R, S) array
        Change of output in base-year prices, by place of production.
    activity : (R, S) array
        Change of bundles of inputs at work, counted in the output they made in the base year: that
        of output, unless productivity changed.
    value_added : (R, S) array
        Change of primary inputs paid at base-year rates, by place of production.
    cost_saving : (R, S) array
        What producers save on inputs and keep, by place of production; zero with prices that
        follow costs.
    final_demand : (R, S) array
        Change of residents' money spending by place of use and product (zero under ``spending``).
    real_consumption : (R, S) array
        Change of residents' purchases valued at base-year delivered prices, by place of use and
        product.
    delivered_price : (R, S) array
        New / base price index of final purchases, domestic and foreign, by place of use and
        product.
    mill_price : (R, S) array
        p^ by place of production; ones at given prices.
    bought : (R, S) array
        Domestic product bought for any use after the change, in base-year quantities, by place of
        use; with `Sourcing.quantity_share` it says what goes where.
    sourcing : Sourcing
    productivity : (R, S) array
        A^, new / base output of a bundle of inputs.
    solution : Solution or None
        None when nothing changed and nothing was solved.
    gaps : dict of str to float
        Largest relative gap of each identity.
    """

    output: Array
    activity: Array
    value_added: Array
    cost_saving: Array
    final_demand: Array
    real_consumption: Array
    delivered_price: Array
    mill_price: Array
    bought: Array
    sourcing: Sourcing
    productivity: Array
    solution: Solution | None
    gaps: dict[str, float]

    @property
    def flows(self) -> Array:
        """What goes from region to region after the change, (S, R, R) [product, from, to].

        Counted in base-year output of the origin, what is lost on the way included.
        """
        moved = self.sourcing.quantity_share * self.bought.T[:, None, :]
        return np.asarray(moved * self.productivity.T[:, :, None])


def _by_region(array: Array) -> Array:
    """(R, S, N) summed over buyers: (R, S)."""
    return np.asarray(array.sum(axis=2))


def check_rules(closure: str, prices: str) -> None:
    """Raise InvalidParameter for a closure or a rule of prices that does not exist."""
    for name, word, known in (
        ("closure", closure, ("spending", "real")),
        ("prices", prices, ("given", "follow costs")),
    ):
        if word not in known:
            raise InvalidParameter(
                f'{name} must be "{known[0]}" or "{known[1]}"; found {word!r}'
                f"{did_you_mean(str(word), known)}."
            )


def respond(
    base: Blocks,
    delivery_change: Array,
    theta: Array,
    *,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
    form: SourcingForm = "ces",
    productivity: Array | None = None,
) -> Response:
    """Let buyers shift between origins.

    Parameters
    ----------
    base : Blocks
        Base-year arrays, R regions and S sectors.
    delivery_change : (S, R, R) array
        tau^ by [product, from, to].
    theta : (S,) array
        Trade elasticity by product.
    closure : {"spending", "real"}
    prices : {"given", "follow costs"}
        Whether mill prices stay, or producers pass on what their inputs cost.
    form : {"ces", "logit"}
        How buyers choose between origins (`model.sourcing`).
    productivity : (R, S) array, optional
        A^, new / base output of a bundle of inputs, by place of production; ones when left out.

    Returns
    -------
    Response

    Raises
    ------
    NotProductive, NotConverged
        From the price system.
    InvalidParameter
        A closure or a rule of prices that does not exist.
    """
    check_rules(closure, prices)
    trade, output = base.trade, base.output
    made = np.ones_like(output) if productivity is None else productivity
    delivered = delivery_change if productivity is None else delivery_change / made.T[:, :, None]
    bundle = np.ones_like(output)
    if prices == "follow costs":
        bundle = mill_prices(base, delivered, theta, form=form).ratio
    sourcing = shift_origins(trade, delivered, theta, mill_price=bundle.T, form=form)
    price = sourcing.price_index.T  # (R, S) by region of use

    use, imports = base.use, base.imported_use
    inputs = shift_foreign(use, imports, price, theta, form=form)
    final = _final_use(base, price, theta, closure, form)
    new_use = use * inputs.domestic  # at base output

    before = np.einsum("irs,si->ri", trade, base.bought)
    after = np.einsum(
        "irs,si->ri", sourcing.quantity_share, _by_region(new_use) + _by_region(final.domestic)
    )
    exports = base.exports if productivity is None else base.exports / made
    impulse = after - before + (exports - base.exports)

    technology = np.ascontiguousarray(base.technology * inputs.domestic)
    solution: Solution | None = None
    change = np.zeros_like(output)
    if impulse.any():
        system = Leontief(PooledOperator(technology, sourcing.quantity_share))
        solution = system.solve(impulse.reshape(-1)).raise_for_status()
        change = np.asarray(solution.x, dtype=np.float64).reshape(output.shape)

    bundles = output + change
    bought = np.einsum("sij,sj->si", technology, bundles) + _by_region(final.domestic)
    saving = (bundle - 1.0) + input_saving(base, price, inputs)
    return Response(
        output=change if productivity is None else (made - 1.0) * output + made * change,
        activity=change,
        value_added=_per_unit(base.primary, output) * change,
        cost_saving=saving * bundles,
        final_demand=final.spent - final.base_money,
        real_consumption=final.real - final.base_money,
        delivered_price=np.divide(
            final.spent, final.real, out=price.copy(), where=np.abs(final.real) > 0.0
        ),
        mill_price=bundle / made,
        bought=bought,
        sourcing=sourcing,
        productivity=made,
        solution=solution,
        gaps=_identity_gaps(base, sourcing, technology, bundles, final, bundle, exports, bought),
    )


def _per_unit(amount: Array, output: Array) -> Array:
    return np.divide(amount, output, out=np.zeros_like(amount), where=output > 0.0)


@dataclass(frozen=True)
class _FinalUse:
    """Final use after the change: `domestic` (R, S, C) in quantities, the rest (R, S)."""

    domestic: Array
    base_money: Array
    spent: Array
    real: Array


def _final_use(
    base: Blocks, price: Array, theta: Array, closure: FinalDemandClosure, form: SourcingForm
) -> _FinalUse:
    """Apply the closure of final demand to residents' purchases."""
    demand, imports = base.demand, base.imported_demand
    shift = shift_foreign(demand, imports, price, theta, form=form)
    cell_price = price[:, :, None]
    base_money = _by_region(demand + imports)
    if closure == "real":
        domestic = demand * shift.domestic
        spent = _by_region(domestic * cell_price + imports * shift.foreign)
        return _FinalUse(domestic, base_money, spent, base_money)
    domestic = demand * shift.domestic / shift.price_index
    real = np.where(
        shift.substitutes, (demand + imports) / shift.price_index, demand / cell_price + imports
    )
    return _FinalUse(domestic, base_money, base_money, _by_region(real))


def _identity_gaps(
    base: Blocks,
    sourcing: Sourcing,
    technology: Array,
    bundles: Array,
    final: _FinalUse,
    bundle: Array,
    exports: Array,
    bought: Array,
) -> dict[str, float]:
    """Return the largest relative gap of each identity of this module's docstring."""
    price = sourcing.price_index.T
    exports = bundle * exports
    earned = bundle * bundles
    sold = np.einsum("irs,si->ri", sourcing.value_share, price * bought) + exports
    primary = earned - bundles * (technology * price[:, :, None]).sum(axis=1)
    uses = float((price * _by_region(final.domestic)).sum() + exports.sum())
    return {
        "deliveries": float(np.abs(earned - sold).max() / np.abs(earned).max()),
        "spending": abs(float(primary.sum()) - uses) / abs(uses),
    }
