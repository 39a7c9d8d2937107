"""One scenario as a set of switches: any subset of its channels gives a state of the economy.

Owns the question: what does the economy look like when these channels act and the others do not?

Public names
------------
``Case``       the forces that a scenario has, each behind its switch
``Outcome``    a state, and what prices and movers had to say
``Runs``       outcomes by set of channels, each worked out once
``DRIVERS``    channels that start something; the others answer to them
``ANSWERS``    channels that change what the drivers do

Terms
-----
*demand* puts the stimulus in, *sourcing* lets delivery costs act on who buys from whom,
*productivity* lets closeness act on what inputs make; *price* passes costs on, *households* spends
what is earned, *relocation* lets people and capital move. Under *congestion* delivery costs are
those at which flows and travel times fit each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.channels.economy import Economy
from model.channels.joint import Forces, Joint, State
from model.channels.relocation import Relocation, relocate
from model.response import FinalDemandClosure

Array = NDArray[np.float64]

__all__ = ["ANSWERS", "DRIVERS", "Case", "Outcome", "Runs"]

DRIVERS = ("demand", "sourcing")
ANSWERS = ("price", "productivity", "households", "relocation", "congestion")


@dataclass(frozen=True, eq=False)
class Case:
    """What a scenario brings to an economy; None where it brings nothing.

    Attributes
    ----------
    economy : Economy
    closure : {"spending", "real"}
    delivery : (S, R, R) array or None
        tau^ of the edited network.
    congested : (S, R, R) array or None
        tau^ at which flows and travel times fit each other.
    productivity : (R, S) array or None
        A^ of the edited network.
    at_origin, at_use, imported_use : (R, S) arrays or None
        The stimuli.
    labour, capital : float
        Elasticities of relocation.
    """

    economy: Economy
    closure: FinalDemandClosure = "spending"
    delivery: Array | None = None
    congested: Array | None = None
    productivity: Array | None = None
    at_origin: Array | None = None
    at_use: Array | None = None
    imported_use: Array | None = None
    labour: float = 0.0
    capital: float = 0.0

    def outcome(self, channels: Iterable[str]) -> Outcome:
        """Return the economy with the given channels on and all others off."""
        on = frozenset(channels)
        delivery = self.delivery if "sourcing" in on else None
        answers = delivery is not None or self.delivery is None  # without edits to the stimulus
        if "congestion" in on and self.congested is not None and answers:
            delivery = self.congested
        demand = "demand" in on
        forces = Forces.none(
            self.economy,
            delivery=delivery,
            productivity=self.productivity if "productivity" in on else None,
            at_origin=self.at_origin if demand else None,
            at_use=self.at_use if demand else None,
            imported_use=self.imported_use if demand else None,
            prices="follow costs" if "price" in on else "given",
            closure=self.closure,
            households="households" in on,
        )
        joint = Joint(self.economy, forces)
        if "relocation" not in on:
            return Outcome(joint.solve(), joint, None)
        moved = relocate(joint, labour=self.labour, capital=self.capital)
        return Outcome(moved.state, joint, moved)


@dataclass(frozen=True, eq=False)
class Outcome:
    """A state with the prices and the moves that it rests on."""

    state: State
    joint: Joint
    moved: Relocation | None


@dataclass(frozen=True, eq=False)
class Runs:
    """Outcomes of a case by set of channels; nothing is worked out twice."""

    case: Case
    known: dict[frozenset[str], Outcome] = field(default_factory=dict)

    def of(self, channels: Iterable[str]) -> Outcome:
        """Return the outcome with the given channels on."""
        key = frozenset(channels)
        if key not in self.known:
            self.known[key] = self.case.outcome(key)
        return self.known[key]
