"""What one edit of the network is worth, exactly: to the objective, to travellers, by region.

Owns the question: what does building this do, in numbers that can be put side by side?

Public names
------------
``Valuer``   a model and an objective, ready for many edits
``Worth``    what one edit does

Formula
-------
Exact: J of the edited network less J of the base, by the full model (`model.response`) or, for a
measure of access, by the edited travel times. First order: sum over pairs of dJ / dc (c' - c)
(`model.link_value`). User benefits by the rule of half, over pairs of places o, d and purposes:

    B = 1/2 sum (V_od + V'_od) (c_od - c'_od)

with V, V' the trips and tonnes that the table's trade makes before and after (`model.flows`). They
are what those who travel save, and reach consumers as lower prices: beside the wider effects, never
to be added to them.

Source: Jara-Diaz (1986) and Mackie & Nellthorp (2001) for the rule of half beside wider effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration
from model.channels.answers import Answers, acting
from model.corridors.candidates import Candidate
from model.corridors.edits import edit_of_set
from model.corridors.travel import TravelTimes
from model.coupling import SpatialModel
from model.errors import NotInThisVersion
from model.flows import TravelDemand, travel_demand
from model.link_value import pair_values
from model.link_values.objectives import Goal, Objective, check_objective, place_values
from model.response import FinalDemandClosure, PriceRule, Response
from model.scenario import money_multiplier
from model.steps.groupings import Groupings
from networks.accessibility import accessibility
from networks.disparity import theil_l, theil_t
from networks.network import Network
from networks.whatif import Costs, LinkEdit
from networks.whatif.links import LinkBase, base_links

Array = NDArray[np.float64]

__all__ = ["Valuer", "Worth"]

PURPOSES = {"passenger": "passenger", "freight": "freight"}


@dataclass(frozen=True, eq=False)
class Worth:
    """What one edit does.

    Attributes
    ----------
    value : float
        Change of the objective, in its units; below zero is a fall, whichever way is better.
    regions : (R,) array
        Change of real consumption by region of use, money per year.
    users : dict of purpose to float
        Rule of half, money of the table per year.
    minutes : float
        Change of the population-weighted mean of fastest minutes between places.
    clusters : (G,) array
        Change of that mean for those who set out from each cluster of places.
    gap : float
        Largest gap of the identities of the response; 0 when nothing was solved.
    """

    value: float
    regions: Array
    users: dict[str, float]
    minutes: float
    clusters: Array
    gap: float


@dataclass(frozen=True, eq=False)
class Valuer:
    """A model and an objective, ready for many edits.

    Attributes
    ----------
    base : Calibration
    goal : Goal
    answers : Answers
        How the economy answers, with its channels.
    weights : dict of str to (Z, Z) array
        dJ / dc by skim.
    chosen : (R,) array
        1 for regions that count, 0 for others.
    travel : TravelTimes
        What means of travel time are taken over.
    """

    base: Calibration
    goal: Goal
    answers: Answers
    weights: dict[str, Array]
    chosen: Array
    travel: TravelTimes
    _volume: dict[str, Array]
    _access: float

    @classmethod
    def of(
        cls,
        model: SpatialModel | Calibration,
        objective: Objective = "real_consumption",
        *,
        regions: Sequence[str] | None = None,
        closure: FinalDemandClosure = "spending",
        prices: PriceRule = "given",
        channels: Sequence[str] = ("sourcing",),
    ) -> Valuer:
        """Make everything ready that edits have in common.

        Raises
        ------
        NotInThisVersion
            For an objective that jumps, or one whose exact change is not offered (purchase_cost).
        """
        if isinstance(model, SpatialModel):
            base, groupings = model.calibration, model.groupings
        else:
            base, groupings = model, Groupings.empty()
        acts = acting(channels, prices, closure)
        goal = check_objective(base, objective, closure=closure, prices=acts.prices)
        if goal.name == "purchase_cost":
            raise NotInThisVersion(
                "corridors are ranked by real_consumption, output, value_added, jobs, an account "
                "or a measure of access; purchase_cost is for hl.link_values"
            )
        pairs = pair_values(
            base, objective, regions=regions, closure=closure, prices=prices, channels=channels
        )
        known = list(base.places.regions)
        given = [regions] if isinstance(regions, str) else regions
        wanted = known if given is None else list(given)
        chosen = np.array([float(name in wanted) for name in known])
        still = np.ones_like(base.blocks.flows)
        volume = _named(travel_demand(base, base.blocks.flows, still))
        weights = {str(k): np.ascontiguousarray(v.values) for k, v in pairs.items()}
        travel = TravelTimes.of(base, groupings)
        answers = Answers(base, acts, closure)
        made = cls(base, goal, answers, weights, chosen, travel, volume, 0.0)
        if goal.access is None:
            return made
        return replace(made, _access=made._access_of(base.ready[goal.access.skim]))

    @cached_property
    def links(self) -> LinkBase:
        """Links of the base network, for edits."""
        return base_links(self.base.network)

    def costs(self, *candidates: Candidate) -> Costs:
        """Return the cost matrices after candidates, all of them built.

        Raises
        ------
        NetworkError
            For what cannot be built.
        """
        return self.after(edit_of_set(self.links, candidates))

    def after(self, edit: LinkEdit | Network) -> Costs:
        """Return the cost matrices after an edit."""
        return self.base.ready.run(edit)

    def first_order(self, costs: Costs) -> float:
        """Return sum of dJ / dc (c' - c) over the pairs whose cost differs."""
        total = 0.0
        for name, weight in self.weights.items():
            cells, values = costs.changed[name]
            if len(cells):
                before = self.base.ready[name].ravel()[cells]
                total += float(weight.ravel()[cells] @ (values - before))
        return total

    def worth(self, costs: Costs) -> Worth:
        """Solve the model with the costs of an edit and return what it does."""
        response = self.answers.after(costs)
        gain = response.real_consumption.sum(axis=1)
        return Worth(
            value=self._value(costs, response),
            regions=gain,
            users=self.users(costs, response),
            minutes=self.travel.mean_change(costs),
            clusters=self.travel.cluster_change(costs),
            gap=max(response.gaps.values(), default=0.0),
        )

    def users(self, costs: Costs, response: Response) -> dict[str, float]:
        """Return user benefits by purpose, by the rule of half."""
        base = self.base
        scale = money_multiplier(base.table.unit)
        after: dict[str, Array] | None = None
        found = {}
        for name, purpose in PURPOSES.items():
            cells, values = costs.changed[name]
            if not len(cells):
                found[purpose] = 0.0
                continue
            if after is None:
                after = self._volume_after(costs, response)
            matrix = base.ready[name]
            saved = np.zeros(matrix.shape)
            saved.ravel()[cells] = matrix.ravel()[cells] - values
            weights = getattr(base.means, name)
            between = weights.T @ saved @ weights
            volume = 0.5 * (self._volume[purpose] + after[purpose])
            found[purpose] = float((volume * between).sum() / scale)
        return found

    def _volume_after(self, costs: Costs, response: Response) -> dict[str, Array]:
        """Return trips and tonnes between regions after an edit, (R, R) by purpose."""
        base = self.base
        regional = base.means.after(base.costs, costs, base.ready)
        change = base.delivery.change(regional.freight, regional.passenger)
        return _named(travel_demand(base, response.flows, change))

    def _value(self, costs: Costs, response: Response) -> float:
        goal = self.goal
        if goal.access is not None:
            return self._access_of(costs[goal.access.skim]) - self._access
        return self.economy(response)

    def economy(self, response: Response) -> float:
        """Return the change of an objective of the economy, access apart."""
        goal = self.goal
        if goal.name == "real_consumption":
            return float(self.chosen @ response.real_consumption.sum(axis=1))
        assert goal.intensity is not None
        moved = response.output if goal.of_output else response.activity
        return float(self.chosen @ (goal.intensity * moved).sum(axis=1))

    def _access_of(self, matrix: Array) -> float:
        """Return the objective of access at a matrix of minutes or costs."""
        wanted = self.goal.access
        assert wanted is not None
        base = self.base
        minutes = wanted.skim in ("fastest", "rail")
        of: Literal["minutes", "cost"] = "minutes" if minutes else "cost"
        codes = base.places.codes
        known: xr.Dataset = getattr(base.skims, wanted.skim)
        known = known.sel(origin=codes, destination=codes)
        skim = known.assign({of: (("origin", "destination"), matrix, known[of].attrs)})
        access = accessibility(
            skim,
            place_values(base, wanted.mass, "mass"),
            wanted.measure,
            of=of,
            decay=wanted.decay,
            beta=wanted.beta,
            cutoff=wanted.cutoff,
            straight_speed=wanted.straight_speed,
        ).to_numpy()
        inside = self.chosen[[list(base.places.regions).index(str(r)) for r in base.places.region]]
        people = place_values(base, wanted.people, "people").to_numpy(dtype=float) * inside
        if wanted.index == "mean":
            return float(people @ access / people.sum())
        return (theil_t if wanted.index == "theil_t" else theil_l)(access, people)


def _named(demand: TravelDemand) -> dict[str, Array]:
    """Return trips and tonnes between regions, (R, R) by purpose."""
    return {str(purpose): volume for purpose, volume in demand.regions.items()}
