"""How the economy answers to an edit of the network, with the channels that are switched on.

Owns the question: given the costs of an edited network, what does the economy do through sourcing,
and through prices, closeness and household incomes where these act too?

Public names
------------
``Answers``     a calibration with its channels, ready for many edits
``Acting``      which channels act; ``acting`` reads them from words
``CHANNELS``    the words

Terms: *sourcing* always acts; *price* lets prices follow costs, *productivity* lets closeness act
on what inputs make (`model.channels.productivity`), *households* lets them spend what they earn.
*demand* is taken for granted and changes nothing: an edit is no stimulus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from io_tables.labels import did_you_mean
from model.calibration import Calibration
from model.channels.economy import Economy
from model.channels.joint import Forces, Joint
from model.channels.productivity import Agglomeration
from model.errors import InvalidParameter, NotInThisVersion
from model.response import FinalDemandClosure, PriceRule, Response, check_rules, respond
from networks.whatif import Costs

Array = NDArray[np.float64]

__all__ = ["CHANNELS", "Acting", "Answers", "acting"]

CHANNELS = ("demand", "sourcing", "price", "productivity", "households")
OTHERS = ("relocation", "congestion", "equilibrium")


@dataclass(frozen=True)
class Acting:
    """Which channels act beside sourcing.

    Attributes
    ----------
    prices : {"given", "follow costs"}
    productivity, households : bool
    """

    prices: PriceRule = "given"
    productivity: bool = False
    households: bool = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Return them as words."""
        on = (True, self.prices == "follow costs", self.productivity, self.households)
        return tuple(word for word, acts in zip(CHANNELS[1:], on, strict=True) if acts)


def acting(
    channels: Sequence[str], prices: PriceRule, closure: FinalDemandClosure = "spending"
) -> Acting:
    """Return which channels act.

    Parameters
    ----------
    channels : sequence of str
        Of `CHANNELS`; "price" is the same as `prices` "follow costs".
    prices : {"given", "follow costs"}
    closure : {"spending", "real"}

    Raises
    ------
    NotInThisVersion
        For a channel that has no derivative and is run by scenarios alone.
    InvalidParameter
        For a word that is no channel, and households with a closure that fixes what they buy.
    """
    words = [channels] if isinstance(channels, str) else list(channels)
    if without := [word for word in words if word in OTHERS]:
        raise NotInThisVersion(
            f"Links and corridors are valued with the channels {', '.join(CHANNELS)}; "
            f"{', '.join(without)} has no adjoint in this version. Leave it out, or solve exactly "
            "for each edit: model.run(scenario)."
        )
    if strange := [word for word in words if word not in CHANNELS]:
        raise InvalidParameter(
            f"channels must be of {', '.join(CHANNELS)}; found {strange[0]!r}"
            f"{did_you_mean(strange[0], CHANNELS)}."
        )
    rule: PriceRule = "follow costs" if "price" in words else prices
    check_rules(closure, rule)
    if "households" in words and closure == "real":
        raise InvalidParameter(
            "Households that spend what they earn cannot also buy fixed quantities: with the "
            'channel "households" the closure must be "spending".'
        )
    return Acting(rule, "productivity" in words, "households" in words)


@dataclass(frozen=True, eq=False)
class Answers:
    """A calibration with its channels, ready for many edits.

    Attributes
    ----------
    base : Calibration
    acting : Acting
    closure : {"spending", "real"}
    """

    base: Calibration
    acting: Acting
    closure: FinalDemandClosure = "spending"

    @cached_property
    def closeness(self) -> Agglomeration | None:
        """Densities of the base year, where productivity acts."""
        if not self.acting.productivity:
            return None
        return Agglomeration.of(self.base, self.base.ready["passenger"])

    @cached_property
    def economy(self) -> Economy | None:
        """Earners and buyers, where households act."""
        return Economy.of(self.base) if self.acting.households else None

    def after(self, costs: Costs) -> Response:
        """Return the response to costs that `Calibration.ready` made of an edit."""
        base = self.base
        after = base.means.after(base.costs, costs, base.ready)
        change = base.delivery.change(after.freight, after.passenger)
        made = None if self.closeness is None else self.closeness.after(costs)
        return self.to(change, made)

    def to(self, delivery_change: Array, productivity: Array | None) -> Response:
        """Return the response to tau^ (S, R, R) and A^ (R, S)."""
        base, acts, closure = self.base, self.acting, self.closure
        if self.economy is None:
            return respond(
                base.blocks,
                delivery_change,
                base.theta,
                closure=closure,
                prices=acts.prices,
                form=base.form,
                productivity=productivity,
            )
        forces = Forces.none(
            self.economy,
            delivery=delivery_change,
            productivity=productivity,
            prices=acts.prices,
            closure=closure,
            households=True,
        )
        return _response(self.economy, Joint(self.economy, forces))


def _response(economy: Economy, joint: Joint) -> Response:
    """Return the state of all forces as the response to an edit."""
    state, blocks, made = joint.solve(), economy.blocks, joint.forces.productivity
    money = (blocks.demand + blocks.imported_demand).sum(axis=2)
    spent, real = state.final_demand + money, state.real_consumption + money
    return Response(
        output=state.output,
        activity=(state.output - (made - 1.0) * blocks.output) / made,
        value_added=state.value_added,
        cost_saving=state.cost_saving,
        final_demand=state.final_demand,
        real_consumption=state.real_consumption,
        delivered_price=np.divide(spent, real, out=joint.price.copy(), where=np.abs(real) > 0.0),
        mill_price=state.mill_price,
        bought=joint.bought(state),
        sourcing=joint.sourcing,
        productivity=made,
        solution=state.solution,
        gaps=state.gaps,
    )
