"""The whole economy under any set of forces at once: prices first, then one quantity solve.

Owns the question: with delivery costs, productivity, prices, household incomes, movers and a
stimulus acting together, what are output, income and real consumption?

Public names
------------
``Forces``    what acts: costs, productivity, stimulus, price rule, closure, households
``Joint``     prices and shares under the forces; `solve(movers)` gives a `State`
``State``     changes against the base year with certificate and identity gaps

Terms: hats are new / base. z = x / A^ is output counted in bundles of base-year inputs: A^ > 1
makes more of the same bundle, so that a unit of output costs p = p~ / A^ with p~ the price of a
bundle.

Formula (R regions, S sectors; letters as in `model.response`)
--------------------------------------------------------------
    delivered price   p~_r tau^_rs / A^_r                      enters the CES shares and P^
    price of bundles  p~ = 1 (given), or p~_j^s = v + sum_i (a + m)_ij^s P^c_ij^s (follow costs)
    quantities        z = T^q (A^q z + y' + u / P^) + (e + f) / A^
    households        y'_h^s = c^s m^s I^s / P^,  I^s = sum_j w_j^s z_j^s    when closed (type II)
u spending by residents, f demand at origin (the stimulus), m movers: factor on what each category
of each region spends. All is solved for the difference, so that no force gives exactly zero.

Identities checked: deliveries cell by cell, and what producers keep equals what is spent, as in
`model.response`, both at new prices.

Source: Dekle, Eaton & Kortum (2008); Miller & Blair (2009), section 2.5, for households.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.channels.economy import Economy
from model.errors import NotProductive, ScenarioError
from model.leontief.household_operator import HouseholdOperator
from model.leontief.products import Operator
from model.operator import PooledOperator
from model.price_system import MillPrices, input_saving, mill_prices
from model.response import FinalDemandClosure, PriceRule
from model.solve import Leontief, Solution
from model.sourcing import ForeignShift, Sourcing, shift_foreign, shift_origins

Array = NDArray[np.float64]

__all__ = ["Forces", "Joint", "State"]


@dataclass(frozen=True, eq=False)
class Forces:
    """What acts on an economy; ones and zeros where nothing does.

    Attributes
    ----------
    delivery : (S, R, R) array
        tau^ by [product, from, to].
    productivity : (R, S) array
        A^ by place of production.
    at_origin : (R, S) array
        Stimulus by place of production, money at base-year prices.
    at_use, imported_use : (R, S) arrays
        Stimulus by place of use: spending on domestic products, and on imports.
    prices : {"given", "follow costs"}
    closure : {"spending", "real"}
    households : bool
        Whether households spend what they earn.
    """

    delivery: Array
    productivity: Array
    at_origin: Array
    at_use: Array
    imported_use: Array
    prices: PriceRule = "given"
    closure: FinalDemandClosure = "spending"
    households: bool = False

    @classmethod
    def none(
        cls,
        economy: Economy,
        *,
        delivery: Array | None = None,
        productivity: Array | None = None,
        at_origin: Array | None = None,
        at_use: Array | None = None,
        imported_use: Array | None = None,
        prices: PriceRule = "given",
        closure: FinalDemandClosure = "spending",
        households: bool = False,
    ) -> Forces:
        """Return no forces, or those given alone."""
        shape = economy.blocks.output.shape
        zero = np.zeros(shape)
        return cls(
            delivery=np.ones_like(economy.blocks.trade) if delivery is None else delivery,
            productivity=np.ones(shape) if productivity is None else productivity,
            at_origin=zero if at_origin is None else at_origin,
            at_use=zero if at_use is None else at_use,
            imported_use=zero if imported_use is None else imported_use,
            prices=prices,
            closure=closure,
            households=households,
        )


@dataclass(frozen=True, eq=False)
class State:
    """Changes against the base year; money per year in the table's unit, (R, S) unless said.

    Attributes
    ----------
    output : array
        Of output in base-year prices, by place of production.
    value_added : array
        Of primary inputs paid at base-year rates, by place of production.
    cost_saving : array
        What producers save on inputs and keep; zero with prices that follow costs.
    final_demand : array
        Of residents' money spending, at new prices, by place of use and product.
    real_consumption : array
        Of residents' purchases valued at base-year delivered prices, by place of use and product.
    mill_price, delivered_price : arrays
        New / base: p by place of production, P^ of domestic purchases by place of use.
    income : (R,) array
        New / base income of the region's earners (wages, or primary inputs).
    movers : (R, C) array
        Factor on what each category of each region spends.
    solution : Solution or None
        None when nothing changed and nothing was solved.
    gaps : dict of str to float
        Largest relative gap of each identity.
    """

    output: Array
    value_added: Array
    cost_saving: Array
    final_demand: Array
    real_consumption: Array
    mill_price: Array
    delivered_price: Array
    income: Array
    movers: Array
    solution: Solution | None
    gaps: dict[str, float]


@dataclass(frozen=True, eq=False)
class Joint:
    """Prices, shares and technology under forces; quantities follow in `solve`.

    Attributes
    ----------
    economy : Economy
    forces : Forces
    bundle : MillPrices
        p~ with its contraction rate; ones at given prices.
    sourcing : Sourcing
    technology : (R, S, S) array
        Domestic use per bundle under the new prices.

    Raises
    ------
    ScenarioError
        When households are closed while quantities of final demand are fixed.
    NotProductive, NotConverged
        From the price system.
    """

    economy: Economy
    forces: Forces
    bundle: MillPrices = field(init=False)
    sourcing: Sourcing = field(init=False)
    technology: Array = field(init=False)
    _final: ForeignShift = field(init=False)
    _bought: tuple[Array, Array] = field(init=False)
    _saving: Array = field(init=False)

    def __post_init__(self) -> None:
        """Settle prices; they do not depend on quantities."""
        forces, base = self.forces, self.economy.blocks
        if forces.households and forces.closure == "real":
            raise ScenarioError(
                "Households that spend what they earn cannot also buy fixed quantities: with "
                'closed households final_demand must be "spending".'
            )
        theta, form = self.economy.theta, self.economy.form
        if forces.prices == "follow costs":
            bundle = mill_prices(base, self._delivered, theta, form=form)
        else:
            bundle = MillPrices(np.ones_like(base.output), 0, 0.0, float("nan"))
        sourcing = shift_origins(
            base.trade,
            self._delivered,
            theta,
            mill_price=np.ascontiguousarray(bundle.ratio.T),
            form=form,
        )
        price = sourcing.price_index.T
        inputs = shift_foreign(base.use, base.imported_use, price, theta, form=form)
        before = np.einsum("irs,si->ri", base.trade, base.bought)
        used = (base.use * inputs.domestic).sum(axis=2)
        object.__setattr__(self, "bundle", bundle)
        object.__setattr__(self, "sourcing", sourcing)
        object.__setattr__(
            self, "technology", np.ascontiguousarray(base.technology * inputs.domestic)
        )
        final = shift_foreign(base.demand, base.imported_demand, price, theta, form=form)
        object.__setattr__(self, "_final", final)
        object.__setattr__(self, "_bought", (before, used))
        object.__setattr__(self, "_saving", input_saving(base, price, inputs))

    @property
    def _delivered(self) -> Array:
        made = self.forces.productivity.T[:, :, None]
        return self.forces.delivery / made

    @property
    def price(self) -> Array:
        """P^ of domestic purchases, (R, S) by place of use."""
        return self.sourcing.price_index.T

    @cached_property
    def _cells(self) -> tuple[Array, Array]:
        """Per unit of movers and incomes: domestic purchases and all real purchases, (R, S, C)."""
        base = self.economy.blocks
        demand, imports = base.demand, base.imported_demand
        shift = self._final
        if self.forces.closure == "real":
            return demand * shift.domestic, demand + imports
        price = self.price[:, :, None]
        domestic = demand * shift.domestic / shift.price_index
        real = np.where(
            shift.substitutes, (demand + imports) / shift.price_index, demand / price + imports
        )
        return domestic, real

    @cached_property
    def _money(self) -> Array:
        """Money spent per unit of movers and incomes at new prices, (R, S, C)."""
        base = self.economy.blocks
        if self.forces.closure == "real":
            return self._cells[0] * self.price[:, :, None] + (
                base.imported_demand * self._final.foreign
            )
        return np.asarray(base.demand + base.imported_demand)

    @property
    def _extra(self) -> tuple[Array, Array]:
        """Quantity and money of the stimulus at use, (R, S), domestic products."""
        stated = self.forces.at_use
        if self.forces.closure == "real":
            return stated, stated * self.price
        return stated / self.price, stated

    def flows(self, state: State) -> Array:
        """Return what goes from region to region, (S, R, R) [product, from, to].

        Counted in base-year output of the origin, what is lost on the way included: the flows of
        the base year where nothing acts.
        """
        moved = self.sourcing.quantity_share * self.bought(state).T[:, None, :]
        return np.asarray(moved * self.forces.productivity.T[:, :, None])

    def bought(self, state: State) -> Array:
        """Return domestic product bought for any use, (R, S) by place of use, base quantities."""
        bundles = (self.economy.blocks.output + state.output) / self.forces.productivity
        factor = state.movers.copy()
        if self.forces.households:
            factor[:, self.economy.household_buys] *= state.income[:, None]
        final = (self._cells[0] * factor[:, None, :]).sum(axis=2) + self._extra[0]
        return np.asarray(np.einsum("sij,sj->si", self.technology, bundles) + final)

    def price_of(self, categories: NDArray[np.bool_]) -> Array:
        """Return the price index of the purchases of some categories, (R,), new / base."""
        base = self.economy.blocks
        money = (base.demand + base.imported_demand)[:, :, categories].sum(axis=(1, 2))
        if self.forces.closure == "real":
            spent = self._money[:, :, categories].sum(axis=(1, 2))
            return np.asarray(np.divide(spent, money, out=np.ones_like(money), where=money > 0.0))
        real = self._cells[1][:, :, categories].sum(axis=(1, 2))
        return np.asarray(np.divide(money, real, out=np.ones_like(money), where=real > 0.0))

    def system(self, movers: Array) -> Leontief:
        """Return the quantity system; movers enter it where households are closed."""
        operator: Operator = PooledOperator(self.technology, self.sourcing.quantity_share)
        if not self.forces.households:
            return Leontief(operator)
        economy = self.economy
        homes = economy.household_buys
        bought = (self._cells[0] * movers[:, None, :])[:, :, homes].sum(axis=2)
        income = economy.household_income[:, None]
        rate = np.divide(bought, income, out=np.zeros_like(bought), where=income > 0.0)
        closed = HouseholdOperator(operator, economy.wage_rate.reshape(-1), rate.reshape(-1))
        return Leontief(closed)

    def solve(self, movers: Array | None = None, *, system: Leontief | None = None) -> State:
        """Return the state of the economy.

        Parameters
        ----------
        movers : (R, C) array, optional
            Factor on what each category of each region spends; ones when left out.
        system : Leontief, optional
            That of these movers, when it is there already.

        Raises
        ------
        NotProductive
            When closed households spend more than can be made, the regions named.
        """
        economy, forces = self.economy, self.forces
        base = economy.blocks
        moved = np.ones((len(economy.regions), len(economy.categories)))
        moved = moved if movers is None else movers
        final = (self._cells[0] * moved[:, None, :]).sum(axis=2) + self._extra[0]
        before, used = self._bought
        made = forces.productivity
        impulse = np.einsum("irs,si->ri", self.sourcing.quantity_share, used + final) - before
        extra = base.exports / made - base.exports + forces.at_origin / made
        impulse = impulse + extra
        change = np.zeros_like(base.output)
        growth = np.zeros(len(economy.regions))
        solution: Solution | None = None
        if impulse.any():
            known = self.system(moved) if system is None else system
            change, growth, solution = self._solved(known, impulse)
        bundles = base.output + change
        earned = economy.income_rate
        now, then = (earned * bundles).sum(axis=1), (earned * base.output).sum(axis=1)
        grown = np.ones_like(moved)
        grown[:, economy.household_buys] += growth[:, None]
        factor = (moved * grown)[:, None, :]
        money = (base.demand + base.imported_demand).sum(axis=2)
        bought, paid = self._extra
        spent = (self._money * factor).sum(axis=2) + paid + forces.imported_use
        real = (self._cells[1] * factor).sum(axis=2) + bought + forces.imported_use
        mill = self.bundle.ratio
        saving = (mill - 1.0) + self._saving
        domestic = (self._cells[0] * factor).sum(axis=2) + bought
        rate = np.divide(
            base.primary, base.output, out=np.zeros_like(base.output), where=base.output > 0.0
        )
        return State(
            output=(made - 1.0) * base.output + made * change,
            value_added=rate * change,
            cost_saving=saving * bundles,
            final_demand=spent - money,
            real_consumption=real - money,
            mill_price=mill / made,
            delivered_price=self.price,
            income=np.divide(now, then, out=np.ones_like(now), where=then > 0.0),
            movers=moved,
            solution=solution,
            gaps=self._gaps(bundles, domestic),
        )

    def income_response(self, state: State, mobile: NDArray[np.bool_]) -> Array:
        """Return d ln income / d ln (movers everywhere alike) at a state, (R,).

        The row sums of the elasticities of regional incomes with respect to what mobile categories
        spend in each region; all of them are >= 0, so one solve gives them.
        """
        economy = self.economy
        factor = state.movers.copy()
        spends = (self._cells[0] * factor[:, None, :])[:, :, mobile].sum(axis=2)
        if self.forces.households:
            grown = factor.copy()
            grown[:, economy.household_buys] *= (1.0 + self._growth(state))[:, None]
            spends = (self._cells[0] * grown[:, None, :])[:, :, mobile].sum(axis=2)
        impulse = np.einsum("irs,si->ri", self.sourcing.quantity_share, spends)
        change, _, _ = self._solved(self.system(state.movers), impulse)
        rate = economy.income_rate
        total = (rate * economy.blocks.output).sum(axis=1) * state.income
        more = (rate * change).sum(axis=1)
        return np.asarray(np.divide(more, total, out=np.zeros_like(more), where=total > 0.0))

    def _growth(self, state: State) -> Array:
        """Growth of household income, (R,); wages are the income of closed households."""
        return np.asarray(state.income - 1.0)

    def _solved(self, system: Leontief, impulse: Array) -> tuple[Array, Array, Solution]:
        """Solve for the change of bundles (R, S) and the growth of household income (R,)."""
        n_regions, n_sectors = impulse.shape
        if not self.forces.households:
            solution = system.solve(impulse.reshape(-1)).raise_for_status()
            change = np.asarray(solution.x, dtype=np.float64).reshape(impulse.shape)
            return change, np.zeros(n_regions), solution
        wide = np.zeros((n_regions, n_sectors + 1))
        wide[:, :-1] = impulse
        try:
            solution = system.solve(wide.reshape(-1)).raise_for_status()
        except NotProductive as error:
            raise NotProductive(self._spenders(error)) from error
        found = np.asarray(solution.x, dtype=np.float64).reshape(wide.shape)
        income = self.economy.household_income
        growth = np.divide(found[:, -1], income, out=np.zeros_like(income), where=income > 0.0)
        return np.ascontiguousarray(found[:, :-1]), growth, solution

    def _spenders(self, error: NotProductive) -> str:
        economy = self.economy
        spent = economy.blocks.demand[:, :, economy.household_buys].sum(axis=(1, 2))
        income = economy.household_income
        share = np.divide(spent, income, out=np.full_like(income, np.inf), where=income > 0.0)
        worst = np.argsort(-share, kind="stable")[:5]
        named = ", ".join(f"{economy.regions[r]} ({share[r]:.2f})" for r in worst)
        return (
            f"with households inside, {error} Households that spend most of what they earn: "
            f"{named}. Check wages and household spending there, or leave out the channel "
            '"households".'
        )

    def _gaps(self, bundles: Array, domestic: Array) -> dict[str, float]:
        """Return the largest relative gap of each identity of the module docstring."""
        base, made = self.economy.blocks, self.forces.productivity
        mill, price = self.bundle.ratio, self.price
        outside = mill / made * (base.exports + self.forces.at_origin)
        earned = mill * bundles
        composite = np.einsum("sij,sj->si", self.technology, bundles) + domestic
        sold = np.einsum("irs,si->ri", self.sourcing.value_share, price * composite) + outside
        kept = earned - bundles * (self.technology * price[:, :, None]).sum(axis=1)
        uses = float((price * domestic).sum() + outside.sum())
        return {
            "deliveries": float(np.abs(earned - sold).max() / np.abs(earned).max()),
            "spending": abs(float(kept.sum()) - uses) / abs(uses),
        }
