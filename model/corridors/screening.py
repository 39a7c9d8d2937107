"""Thousands of candidates ranked: to first order all of them, exactly the best.

Owns the question: which corridors are worth a closer look, and what are they worth then?

Public names
------------
``screen_corridors``    a model and candidates in, a Dataset with one row a candidate out

First-order values of all candidates come from one gradient of the objective and the exact costs
after each edit; the best of them are solved exactly, and both numbers stand side by side. User
benefits by the rule of half stand beside the wider effects and are never added to them. Benefits
are per year, build costs once: their ratio is the yearly return on what is built, not a
benefit-cost ratio over a lifetime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from model.corridors.candidates import Candidate
from model.corridors.edits import check_names, edits_of
from model.corridors.labelled import USERS, labelled
from model.corridors.reasons import reasons_of, zero_reason
from model.corridors.shapes import legs_of
from model.corridors.store import Store, question_of
from model.corridors.worth import Valuer
from model.coupling import SpatialModel
from model.errors import ScenarioError
from model.link_values.objectives import Objective
from model.response import FinalDemandClosure, PriceRule
from networks.network import Network
from networks.whatif.links import LinkEdit, base_links
from networks.whatif.skims import in_order

__all__ = ["screen_corridors"]

Progress = Callable[[str, float], None]


def screen_corridors(
    model: SpatialModel,
    candidates: Sequence[Candidate],
    objective: Objective = "real_consumption",
    *,
    regions: Sequence[str] | None = None,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
    channels: Sequence[str] = ("sourcing",),
    best: int | None = 20,
    workers: int = 1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Rank candidates by what they are worth.

    Parameters
    ----------
    model : SpatialModel
    candidates : sequence of Candidate
        Names must differ.
    objective, regions, closure, prices, channels
        As in `hl.link_values`, purchase_cost left out.
    best : int, optional
        How many are solved exactly, largest gain to first order first; None is all of them.
    workers : int
        Candidates worked on at a time; the numbers do not depend on it.
    folder : path, optional
        Keeps answers as they come; the same question asked again goes on from there.
    progress : callable, optional
        Called with (step, fraction).

    Returns
    -------
    Dataset
        Dim candidate (names, best first: by the exact change where it is known, others after them
        by the first-order one). `first_order` and `exact` change of the objective (exact is NaN
        where it was not solved); `rank`, `rank_first_order`; `user_benefit` (candidate, purpose),
        rule of half, money per year; `minutes` change of the mean of fastest minutes between
        people, `cluster_minutes` (candidate, cluster) of those who set out from each cluster, over
        `cluster_minutes_base`; `region_gain` (candidate, region) change of real consumption, money
        per year; `gainers`, `losers` numbers of regions; `km`, `build_cost` (money of the network's
        currency), `annual_return` exact change over build cost, where the objective is money;
        `pairs` whose passenger or freight cost differs; `reason` (candidate, purpose) why no cost
        of a purpose differs, and `zero_reason` why a candidate is worth exactly nothing;
        `identity_gap`. Attributes: objective, better, closure, prices,
        channels.

    Raises
    ------
    ScenarioError
        For candidates that cannot be built, each named, names that are there twice, and a folder
        of another question.
    NotInThisVersion
        For objectives that jump.
    """
    check_names(candidates)
    if best is not None and best < 0:
        raise ScenarioError(f"best must be zero or more; found {best}.")
    tell = progress or (lambda step, done: None)
    tell("making costs ready", 0.0)
    edits = edits_of(base_links(model.network), candidates)
    valuer = Valuer.of(
        model, objective, regions=regions, closure=closure, prices=prices, channels=channels
    )
    store = Store(folder, question_of(valuer))
    _first_order(valuer, candidates, edits, store, workers, tell)
    sign = 1.0 if valuer.goal.better == "more" else -1.0
    first = np.array([store.get(one)["first_order"] for one in candidates])
    order = np.argsort(-sign * first, kind="stable")[:best]
    _exact(valuer, [(candidates[k], edits[k]) for k in order], store, workers, tell)
    tell("done", 1.0)
    return labelled(valuer, model, candidates, [store.get(one) for one in candidates])


def _first_order(
    valuer: Valuer,
    candidates: Sequence[Candidate],
    edits: Sequence[LinkEdit | Network],
    store: Store,
    workers: int,
    tell: Progress,
) -> None:
    """Value every candidate that is not in the store."""
    waiting = [
        (one, edit)
        for one, edit in zip(candidates, edits, strict=True)
        if "first_order" not in store.get(one)
    ]
    network = valuer.base.network

    def value(pair: tuple[Candidate, LinkEdit | Network]) -> dict[str, Any]:
        edit = pair[1]
        costs = valuer.after(edit)
        worth = valuer.first_order(costs)
        why = reasons_of(edit, costs, network)
        built = edit.fresh.km if isinstance(edit, LinkEdit) else np.zeros(0)
        return {
            "first_order": worth,
            "km": float(built.sum()) if len(built) else None,
            "pairs": sum(len(costs.changed[name][0]) for name in USERS),
            "legs": legs_of(edit, network),
            "why": [why[name] for name in USERS],
            "zero": zero_reason(why) if worth == 0.0 else "",
        }

    answers = zip(waiting, in_order(value, waiting, workers), strict=True)
    for done, ((one, _), found) in enumerate(answers, start=1):
        store.put(one, found)
        tell("first-order values", 0.5 * done / len(waiting))


def _exact(
    valuer: Valuer,
    chosen: Sequence[tuple[Candidate, LinkEdit | Network]],
    store: Store,
    workers: int,
    tell: Progress,
) -> None:
    """Solve the model for each candidate that is not in the store."""
    waiting = [pair for pair in chosen if "exact" not in store.get(pair[0])]

    def solve(pair: tuple[Candidate, LinkEdit | Network]) -> dict[str, Any]:
        worth = valuer.worth(valuer.after(pair[1]))
        return {
            "exact": worth.value,
            "minutes": worth.minutes,
            "clusters": worth.clusters.tolist(),
            "gap": worth.gap,
            "regions": worth.regions.tolist(),
            "users": [worth.users[name] for name in USERS],
        }

    answers = zip(waiting, in_order(solve, waiting, workers), strict=True)
    for done, ((one, _), found) in enumerate(answers, start=1):
        store.put(one, found)
        tell("exact values of the best", 0.5 + 0.5 * done / len(waiting))
