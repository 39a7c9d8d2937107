"""Which corridors to build together: packages within a budget, and how corridors interact.

Owns the question: given so much money, which set of candidates is worth most?

Public names
------------
``choose_package``    greedy with a new solve at each step, or exact over all sets
``Package``           the set, its worth and cost, and how it was found
``interactions``      what two corridors are worth together beyond their sum

A set is valued by the full model with all of it built: corridors that share traffic are worth less
together (substitutes), corridors that feed each other more (complements).

Source: Nemhauser, Wolsey & Fisher (1978) for the greedy rule and its bound where values are
submodular (no complements); with complements it has none, and `exact` says how far off it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from model.corridors.candidates import Candidate
from model.corridors.edits import check_names, edits_of
from model.corridors.store import Store, question_of
from model.corridors.worth import Valuer
from model.coupling import SpatialModel
from model.errors import ScenarioError
from model.link_values.objectives import Objective
from model.response import FinalDemandClosure, PriceRule
from networks.patches import Patch
from networks.whatif.links import base_links
from networks.whatif.skims import in_order

__all__ = ["Package", "choose_package", "interactions"]

MOST_EXACT = 12
"""Candidates whose every set is solved; 4,096 sets."""
BLOCK = 32
"""Sets solved between two reports of progress."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Package:
    """A set of candidates to be built together.

    Attributes
    ----------
    names : tuple of str
        In the order they were chosen.
    value : float
        Change of the objective with all of it built.
    cost, budget : float
        Money of the network's currency.
    steps : DataFrame
        Candidate, its build cost, what it added when it was chosen, what it is worth alone.
    solves : int
        How many sets were valued.
    method : {"greedy", "exact"}
    """

    names: tuple[str, ...]
    value: float
    cost: float
    budget: float
    steps: pd.DataFrame
    solves: int
    method: Literal["greedy", "exact"]


class _Sets:
    """The value of sets of candidates, each solved once."""

    def __init__(
        self, valuer: Valuer, candidates: Sequence[Candidate], workers: int, store: Store
    ) -> None:
        self._valuer, self._candidates = valuer, candidates
        self._workers, self._store = workers, store
        self._sign = 1.0 if valuer.goal.better == "more" else -1.0
        self._known: dict[frozenset[int], float] = {frozenset(): 0.0}

    @property
    def solves(self) -> int:
        """How many sets were valued."""
        return len(self._known) - 1

    def gains(self, sets: Sequence[frozenset[int]]) -> list[float]:
        """Return the gain of each set; a gain is above zero whichever way is better."""
        missing = [one for one in dict.fromkeys(sets) if one not in self._known]
        found = {one: self._store.get(self._whole(one)) for one in missing}
        waiting = [one for one in missing if not {"exact", "set"} & set(found[one])]
        for one, value in zip(waiting, in_order(self._solve, waiting, self._workers), strict=True):
            found[one] = {"set": value}
            self._store.put(self._whole(one), found[one])
        for one in missing:
            answer = found[one]
            self._known[one] = self._sign * (
                answer["exact"] if "exact" in answer else answer["set"]
            )
        return [self._known[one] for one in sets]

    def gain(self, chosen: frozenset[int]) -> float:
        """Return the gain of one set."""
        return self.gains([chosen])[0]

    def value(self, chosen: frozenset[int]) -> float:
        """Return the change of the objective."""
        return self._sign * self.gain(chosen)

    def _members(self, chosen: frozenset[int]) -> list[Candidate]:
        return [self._candidates[k] for k in sorted(chosen)]

    def _whole(self, chosen: frozenset[int]) -> Candidate:
        """Return a set as one candidate, by which its answer is kept."""
        members = self._members(chosen)
        if len(members) == 1:
            return members[0]
        edits = tuple(edit for member in members for edit in member.patch.edits)
        return Candidate(Patch(" + ".join(member.name for member in members), edits))

    def _solve(self, chosen: frozenset[int]) -> float:
        return self._valuer.worth(self._valuer.costs(*self._members(chosen))).value


def _sets(
    model: SpatialModel,
    candidates: Sequence[Candidate],
    objective: Objective,
    regions: Sequence[str] | None,
    closure: FinalDemandClosure,
    prices: PriceRule,
    channels: Sequence[str],
    workers: int,
    folder: str | Path | None,
) -> tuple[_Sets, Valuer]:
    check_names(candidates)
    edits_of(base_links(model.network), candidates)  # what cannot be built is told first
    valuer = Valuer.of(
        model, objective, regions=regions, closure=closure, prices=prices, channels=channels
    )
    store = Store(folder, "" if folder is None else question_of(valuer))
    return _Sets(valuer, candidates, workers, store), valuer


def choose_package(
    model: SpatialModel,
    candidates: Sequence[Candidate],
    budget: float,
    objective: Objective = "real_consumption",
    *,
    regions: Sequence[str] | None = None,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
    channels: Sequence[str] = ("sourcing",),
    method: Literal["greedy", "exact"] = "greedy",
    workers: int = 1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> Package:
    """Return the set of candidates that is worth most within a budget.

    Parameters
    ----------
    model : SpatialModel
    candidates : sequence of Candidate
        Each with a build cost.
    budget : float
        Money of the network's currency.
    objective, regions, closure, prices, channels
        As in `screen_corridors`.
    method : {"greedy", "exact"}
        Add, again and again, what gains most per money given what is built already (and compare
        with the best one alone); or solve every set that the budget allows.
    workers : int
        Sets solved at a time; the numbers do not depend on it.
    folder : path, optional
        Keeps answers, also those of `screen_corridors` to the same question.
    progress : callable, optional
        Called with (step, fraction).

    Raises
    ------
    ScenarioError
        For candidates without a cost, a budget that buys nothing, or too many for "exact".
    """
    unpriced = [one.name for one in candidates if one.build_cost is None]
    if unpriced:
        raise ScenarioError(
            f"A package needs the build cost of every candidate; {len(unpriced)} have none "
            f"({', '.join(unpriced[:5])}). Give build_cost, or `price_candidates`."
        )
    costs = np.array([float(one.build_cost or 0.0) for one in candidates])
    if not len(costs) or budget < costs.min():
        least = f"the least costs {costs.min():,.0f}" if len(costs) else "there is no candidate"
        raise ScenarioError(f"A budget of {budget:,.0f} buys nothing: {least}.")
    if method == "exact" and len(candidates) > MOST_EXACT:
        raise ScenarioError(
            f"'exact' solves every set of at most {MOST_EXACT} candidates; found "
            f"{len(candidates)}. Screen first and hand over the best, or take 'greedy'."
        )
    sets, _ = _sets(
        model, candidates, objective, regions, closure, prices, channels, workers, folder
    )
    tell = progress or (lambda step, done: None)
    search = _greedy if method == "greedy" else _exact
    order = search(sets, costs, budget, tell)
    steps, built = [], frozenset[int]()
    for k in order:
        added = sets.gain(built | {k}) - sets.gain(built)
        steps.append(
            {
                "candidate": candidates[k].name,
                "build_cost": costs[k],
                "added": added,
                "alone": sets.gain(frozenset({k})),
            }
        )
        built |= {k}
    tell("done", 1.0)
    return Package(
        names=tuple(candidates[k].name for k in order),
        value=sets.value(built),
        cost=float(costs[list(order)].sum()),
        budget=float(budget),
        steps=pd.DataFrame(steps, columns=["candidate", "build_cost", "added", "alone"]),
        solves=sets.solves,
        method=method,
    )


def _greedy(sets: _Sets, costs: np.ndarray, budget: float, tell: Progress) -> list[int]:
    built: list[int] = []
    left = budget
    while True:
        here = frozenset(built)
        fits = [k for k in range(len(costs)) if k not in here and costs[k] <= left]
        found = sets.gains([here | {k} for k in fits])
        added = {k: gain - sets.gain(here) for k, gain in zip(fits, found, strict=True)}
        useful = [k for k in fits if added[k] > 0.0]
        if not useful:
            break
        best = max(useful, key=lambda k: (added[k] / costs[k], -k))
        built.append(best)
        left -= costs[best]
        tell("adding to the package", 1.0 - left / budget)
    alone = [k for k in range(len(costs)) if costs[k] <= budget]
    one = max(alone, key=lambda k: sets.gain(frozenset({k})))
    if sets.gain(frozenset({one})) > sets.gain(frozenset(built)):
        return [one]
    return built


def _exact(sets: _Sets, costs: np.ndarray, budget: float, tell: Progress) -> list[int]:
    every = range(len(costs))
    allowed = [
        frozenset(chosen)
        for size in range(len(costs) + 1)
        for chosen in combinations(every, size)
        if costs[list(chosen)].sum() <= budget
    ]
    best: frozenset[int] = frozenset()
    for begin in range(0, len(allowed), BLOCK):
        for chosen, gain in zip(
            allowed[begin : begin + BLOCK],
            sets.gains(allowed[begin : begin + BLOCK]),
            strict=True,
        ):
            if gain > sets.gain(best):
                best = chosen
        tell("solving every set", min(1.0, (begin + BLOCK) / len(allowed)))
    order: list[int] = []
    while len(order) < len(best):  # as it would be built: most first
        here = frozenset(order)
        order.append(max(sorted(best - here), key=lambda k: sets.gain(here | {k})))
    return order


def interactions(
    model: SpatialModel,
    candidates: Sequence[Candidate],
    objective: Objective = "real_consumption",
    *,
    regions: Sequence[str] | None = None,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
    channels: Sequence[str] = ("sourcing",),
    workers: int = 1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> xr.DataArray:
    """Return what two candidates are worth together beyond the sum of each alone.

    Parameters
    ----------
    model, candidates, objective, regions, closure, prices, channels
        As in `screen_corridors`.
    workers : int
        Sets solved at a time; the numbers do not depend on it.
    folder : path, optional
        Keeps answers, also those of `screen_corridors` to the same question.
    progress : callable, optional
        Called with (step, fraction).

    Returns
    -------
    DataArray (candidate, other), symmetric, in units of the objective and counted as a gain: above
    zero complements, below zero substitutes. On the diagonal what each is worth alone.
    """
    sets, valuer = _sets(
        model, candidates, objective, regions, closure, prices, channels, workers, folder
    )
    tell = progress or (lambda step, done: None)
    count = len(candidates)
    values = np.diag(sets.gains([frozenset({k}) for k in range(count)]))
    pairs = list(combinations(range(count), 2))
    for begin in range(0, len(pairs), BLOCK):
        some = pairs[begin : begin + BLOCK]
        for (a, b), both in zip(some, sets.gains([frozenset(one) for one in some]), strict=True):
            values[a, b] = values[b, a] = both - values[a, a] - values[b, b]
        tell("pairs of corridors", min(1.0, (begin + BLOCK) / len(pairs)))
    names = [one.name for one in candidates]
    return xr.DataArray(
        values,
        dims=("candidate", "other"),
        coords={"candidate": names, "other": names},
        name="interaction",
        attrs={"units": valuer.goal.units, "objective": valuer.goal.name},
    )
