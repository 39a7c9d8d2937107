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
from model.corridors.shapes import legs_of
from model.corridors.store import Store, question_of
from model.corridors.worth import Valuer
from model.coupling import SpatialModel
from model.errors import ScenarioError
from model.link_values.objectives import Objective
from model.response import FinalDemandClosure, PriceRule
from model.scenario import money_multiplier
from networks.errors import NetworkError
from networks.whatif.links import LinkEdit
from networks.whatif.skims import in_order

__all__ = ["screen_corridors"]

Progress = Callable[[str, float], None]
USERS = ("passenger", "freight")


def screen_corridors(
    model: SpatialModel,
    candidates: Sequence[Candidate],
    objective: Objective = "real_consumption",
    *,
    regions: Sequence[str] | None = None,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
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
    objective, regions, closure, prices
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
        people; `region_gain` (candidate, region) change of real consumption, money per year;
        `gainers`, `losers` numbers of regions; `km`, `build_cost` (money of the network's
        currency), `annual_return` exact change over build cost, where the objective is money;
        `pairs` whose passenger or freight cost differs; `identity_gap`. Attributes: objective,
        better, closure, prices, and what is left out.

    Raises
    ------
    ScenarioError
        For candidates that cannot be built, each named, names that are there twice, and a folder
        of another question.
    NotInThisVersion
        For objectives that jump.
    """
    names = [one.name for one in candidates]
    if not candidates or len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ScenarioError(
            "Screening needs candidates whose names differ; "
            + (f"several are called {', '.join(map(repr, twice[:5]))}." if twice else "found none.")
        )
    if best is not None and best < 0:
        raise ScenarioError(f"best must be zero or more; found {best}.")
    tell = progress or (lambda step, done: None)
    tell("making costs ready", 0.0)
    valuer = Valuer.of(model, objective, regions=regions, closure=closure, prices=prices)
    question = question_of(
        valuer.base,
        {
            "objective": valuer.goal.name,
            "access": repr(valuer.goal.access),
            "intensity": None if valuer.goal.intensity is None else valuer.goal.intensity.tolist(),
            "chosen": valuer.chosen.tolist(),
            "closure": closure,
            "prices": prices,
        },
    )
    store = Store(folder, question)
    _first_order(valuer, candidates, store, workers, tell)
    sign = 1.0 if valuer.goal.better == "more" else -1.0
    first = np.array([store.get(one)["first_order"] for one in candidates])
    order = np.argsort(-sign * first, kind="stable")
    _exact(valuer, [candidates[k] for k in order[:best]], store, workers, tell)
    tell("done", 1.0)
    return _dataset(valuer, candidates, store, sign)


def _first_order(
    valuer: Valuer,
    candidates: Sequence[Candidate],
    store: Store,
    workers: int,
    tell: Progress,
) -> None:
    """Value every candidate that is not in the store."""
    waiting = [one for one in candidates if "first_order" not in store.get(one)]
    failures: list[str] = []

    def value(one: Candidate) -> dict[str, Any] | str:
        try:
            edit = valuer.edit(one)
            costs = valuer.base.ready.run(edit)  # type: ignore[arg-type]  # an Edited
        except NetworkError as error:
            return str(error)
        km = float(edit.fresh.km.sum()) if isinstance(edit, LinkEdit) else None
        pairs = sum(len(costs.changed[name][0]) for name in USERS)
        return {
            "first_order": valuer.first_order(costs),
            "km": km,
            "pairs": pairs,
            "legs": legs_of(edit, valuer.base.network),
        }

    answers = zip(waiting, in_order(value, waiting, workers), strict=True)
    for done, (one, found) in enumerate(answers, start=1):
        if isinstance(found, str):
            failures.append(f"{one.name}: {found.rstrip('.')}")
        else:
            store.put(one, found)
        tell("first-order values", 0.5 * done / len(waiting))
    if failures:
        more = f"; and {len(failures) - 5} more" if len(failures) > 5 else ""
        raise ScenarioError(
            f"{len(failures)} of {len(candidates)} candidates cannot be built: "
            f"{'; '.join(failures[:5])}{more}."
        )


def _exact(
    valuer: Valuer, chosen: Sequence[Candidate], store: Store, workers: int, tell: Progress
) -> None:
    """Solve the model for each candidate that is not in the store."""
    waiting = [one for one in chosen if "exact" not in store.get(one)]

    def solve(one: Candidate) -> dict[str, Any]:
        worth = valuer.worth(valuer.costs(one))
        return {
            "exact": worth.value,
            "minutes": worth.minutes,
            "gap": worth.gap,
            "regions": worth.regions.tolist(),
            "users": [worth.users[name] for name in USERS],
        }

    answers = zip(waiting, in_order(solve, waiting, workers), strict=True)
    for done, (one, found) in enumerate(answers, start=1):
        store.put(one, found)
        tell("exact values of the best", 0.5 + 0.5 * done / len(waiting))


def _dataset(
    valuer: Valuer, candidates: Sequence[Candidate], store: Store, sign: float
) -> xr.Dataset:
    """Return the answers as labelled arrays, best first."""
    regions = list(valuer.base.places.regions)
    nothing = {"exact": np.nan, "minutes": np.nan, "gap": np.nan}
    rows = [
        {"regions": [np.nan] * len(regions), "users": [np.nan] * 2, **nothing, **store.get(one)}
        for one in candidates
    ]
    exact = np.array([row["exact"] for row in rows])
    first = np.array([row["first_order"] for row in rows])
    known = np.isfinite(exact)
    order = np.lexsort((-sign * np.where(known, exact, first), ~known))
    chosen = [candidates[k] for k in order]
    rows = [rows[k] for k in order]
    first, exact = first[order], exact[order]
    money = valuer.base.table.unit
    currency = valuer.base.network.parameters.currency
    goal = valuer.goal
    gain = np.array([row["regions"] for row in rows])
    cost = np.array([np.nan if one.build_cost is None else one.build_cost for one in chosen])
    slack = 1e-9 * np.nanmax(np.abs(gain), initial=0.0)
    by_first = np.argsort(np.argsort(-sign * first, kind="stable"), kind="stable") + 1
    in_money = goal.units == money
    scale = money_multiplier(money)
    one, wide = ("candidate",), ("candidate", "region")
    columns: dict[str, tuple[tuple[str, ...], Any, str, str]] = {
        "first_order": (one, first, goal.units, f"{goal.name}, to first order"),
        "exact": (one, exact, goal.units, f"{goal.name}, full model"),
        "rank": (one, np.arange(1, len(chosen) + 1), "1", "place in this order"),
        "rank_first_order": (one, by_first, "1", "place by first-order value"),
        "user_benefit": (
            ("candidate", "purpose"),
            np.array([row["users"] for row in rows]),
            f"{money} per year",
            "what those who travel and ship save, rule of half; beside the effects, not added",
        ),
        "minutes": (
            one, np.array([row["minutes"] for row in rows]), "min",
            "change of the mean of fastest minutes between people",
        ),
        "region_gain": (wide, gain, f"{money} per year", "real consumption by region of use"),
        "gainers": (one, _count(gain > slack, gain), "regions", "with more real consumption"),
        "losers": (one, _count(gain < -slack, gain), "regions", "with less real consumption"),
        "km": (
            one,
            np.array([np.nan if row["km"] is None else row["km"] for row in rows]),
            "km", "length of new links",
        ),
        "build_cost": (one, cost, currency, "all of it, once"),
        "annual_return": (
            one,
            sign * exact * scale / cost if in_money else np.full(len(chosen), np.nan),
            "1 per year", "exact change per year over build cost",
        ),
        "pairs": (
            one, np.array([row["pairs"] for row in rows]), "pairs",
            "ordered pairs of places whose passenger or freight cost differs",
        ),
        "identity_gap": (
            one, np.array([row["gap"] for row in rows]), "1", "largest gap of the accounts"
        ),
        **_geometry(rows),
    }  # fmt: skip
    data = xr.Dataset(
        {
            name: (dims, values, {"units": units, "long_name": text})
            for name, (dims, values, units, text) in columns.items()
        },
        coords={
            "candidate": [c.name for c in chosen],
            "region": regions,
            "purpose": list(USERS),
            "mode": (one, [_mode(c) for c in chosen]),
            "stops": (one, [_stops(c) for c in chosen]),
            "terrain": (one, [c.terrain for c in chosen]),
            "note": (one, [c.note or c.patch.note for c in chosen]),
            "leg_candidate": (
                ("leg",),
                [c.name for c, row in zip(chosen, rows, strict=True) for _ in row["legs"]],
            ),
        },
    )
    data.attrs = {
        "objective": goal.name,
        "units": goal.units,
        "better": goal.better,
        "closure": valuer.closure,
        "prices": valuer.prices,
        "table": valuer.base.table.name,
        "network": valuer.base.network.name,
        "reading": (
            "first-order and exact are changes per year of the same objective; user benefits are "
            "another view of part of it: never add them"
        ),
    }
    return data


def _count(chosen: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return how many regions were chosen, NaN for candidates that were not solved."""
    return np.where(np.isfinite(gain).all(axis=1), chosen.sum(axis=1), np.nan)


def _geometry(
    rows: Sequence[dict[str, Any]],
) -> dict[str, tuple[tuple[str, ...], Any, str, str]]:
    """Return where the links of candidates run, dim leg; which one is in `leg_candidate`."""
    legs = np.array([leg for row in rows for leg in row["legs"]], dtype=np.float64).reshape(-1, 4)
    ends = ("lon_from", "lat_from", "lon_to", "lat_to")
    return {
        f"leg_{end}": (("leg",), legs[:, k], "degrees", "end of a link that is built or changed")
        for k, end in enumerate(ends)
    }


def _mode(candidate: Candidate) -> str:
    line = candidate.line
    return str(line.get("mode")) if line is not None else "edit"


def _stops(candidate: Candidate) -> str:
    line = candidate.line
    if line is None:
        return "; ".join(str(edit) for edit in candidate.patch.edits)
    return "; ".join(str(stop) for stop in line.get("stops"))
