"""Answers by candidate as one labelled Dataset, best first.

Owns the question: what does a screening look like to those who read it?

Public names
------------
``labelled``   answers in, Dataset out
``USERS``      purposes whose users benefit, in order
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from model.corridors.candidates import Candidate
from model.corridors.reasons import REASONS
from model.corridors.worth import Valuer
from model.coupling import SpatialModel
from model.scenario import money_multiplier
from networks.dims import Purpose
from networks.errors import NetworkError
from networks.network import Network

__all__ = ["USERS", "labelled"]

USERS: tuple[Purpose, ...] = ("passenger", "freight")
ENDS = ("lon_from", "lat_from", "lon_to", "lat_to")
SLACK = 1e-9
"""Of the largest gain of a candidate; less is no gain and no loss."""
Array = NDArray[np.float64]
Columns = dict[str, tuple[tuple[str, ...], Any, str, str]]


def labelled(
    valuer: Valuer,
    model: SpatialModel,
    candidates: Sequence[Candidate],
    answers: Sequence[Mapping[str, Any]],
) -> xr.Dataset:
    """Return answers as labelled arrays, best first; see `screen_corridors`.

    Parameters
    ----------
    valuer, model
        What was asked, of what.
    candidates, answers
        In the same order; an answer without "exact" was not solved.
    """
    sign = 1.0 if valuer.goal.better == "more" else -1.0
    exact, first = (_numbers(answers, key) for key in ("exact", "first_order"))
    known = np.isfinite(exact)
    order = np.lexsort((-sign * np.where(known, exact, first), ~known))
    by_first = np.argsort(np.argsort(-sign * first, kind="stable"), kind="stable") + 1
    chosen, rows = [candidates[k] for k in order], [answers[k] for k in order]
    columns = _values(valuer, chosen, rows, sign, by_first[order]) | _geometry(rows)
    data = xr.Dataset(
        {
            name: (dims, values, {"units": units, "long_name": text})
            for name, (dims, values, units, text) in columns.items()
        },
        coords=_coords(valuer, model, chosen, rows),
    )
    goal, base = valuer.goal, valuer.base
    data.attrs = {
        "objective": goal.name,
        "units": goal.units,
        "better": goal.better,
        "closure": valuer.answers.closure,
        "prices": valuer.answers.acting.prices,
        "channels": " ".join(valuer.answers.acting.channels),
        "table": base.table.name,
        "network": base.network.name,
        "reading": (
            "first-order and exact are changes per year of the same objective; user benefits are "
            "another view of part of it: never add them"
        ),
    }
    return data


def _numbers(rows: Sequence[Mapping[str, Any]], key: str) -> Array:
    found = [row.get(key) for row in rows]
    return np.array([np.nan if one is None else one for one in found], dtype=np.float64)


def _lists(rows: Sequence[Mapping[str, Any]], key: str, size: int) -> Array:
    found = [row.get(key, [np.nan] * size) for row in rows]
    return np.array(found, dtype=np.float64).reshape(len(rows), size)


def _values(
    valuer: Valuer,
    chosen: Sequence[Candidate],
    rows: Sequence[Mapping[str, Any]],
    sign: float,
    by_first: NDArray[np.int64],
) -> Columns:
    goal, money = valuer.goal, valuer.base.table.unit
    yearly = f"{money} per year"
    exact = _numbers(rows, "exact")
    gain = _lists(rows, "regions", len(valuer.base.places.regions))
    most = np.abs(gain).max(axis=1, keepdims=True, initial=0.0)
    cost = np.array([np.nan if one.build_cost is None else one.build_cost for one in chosen])
    returned = np.full(len(chosen), np.nan)
    if goal.units == money:
        returned = sign * exact * money_multiplier(money) / cost
    solved = np.isfinite(exact)
    why = [[REASONS[code] for code in row["why"]] for row in rows]
    zero = [REASONS[row["zero"]] for row in rows]
    one, wide, far = ("candidate",), ("candidate", "region"), ("candidate", "cluster")
    by_purpose = ("candidate", "purpose")
    clusters = _lists(rows, "clusters", len(valuer.travel.clusters))
    return {
        "first_order": (
            one, _numbers(rows, "first_order"), goal.units, f"{goal.name}, to first order"
        ),
        "exact": (one, exact, goal.units, f"{goal.name}, full model"),
        "rank": (one, np.arange(1, len(chosen) + 1), "1", "place in this order"),
        "rank_first_order": (one, by_first, "1", "place by first-order value"),
        "user_benefit": (
            by_purpose, _lists(rows, "users", len(USERS)), yearly,
            "what those who travel and ship save, rule of half; beside the effects, not added",
        ),
        "minutes": (
            one, _numbers(rows, "minutes"), "min", "change of the mean fastest time between people"
        ),
        "cluster_minutes": (
            far, clusters, "min", "change of the mean fastest time from a cluster to everybody"
        ),
        "cluster_minutes_base": (
            far[1:], valuer.travel.base, "min", "mean fastest time from a cluster to everybody"
        ),
        "region_gain": (wide, gain, yearly, "real consumption by region of use"),
        "gainers": (
            one, _count(gain > SLACK * most, solved), "regions", "with more real consumption"
        ),
        "losers": (
            one, _count(gain < -SLACK * most, solved), "regions", "with less real consumption"
        ),
        "km": (one, _numbers(rows, "km"), "km", "length of new links"),
        "build_cost": (one, cost, valuer.base.network.parameters.currency, "all of it, once"),
        "annual_return": (one, returned, "1 per year", "exact change per year over build cost"),
        "pairs": (
            one, np.array([row["pairs"] for row in rows]), "pairs",
            "ordered pairs of places whose passenger or freight cost differs",
        ),
        "reason": (
            by_purpose, np.array(why, dtype=object), "", "why no cost of this purpose differs"
        ),
        "zero_reason": (
            one, np.array(zero, dtype=object), "", "why it is worth exactly nothing"
        ),
        "identity_gap": (one, _numbers(rows, "gap"), "1", "largest gap of the accounts"),
    }  # fmt: skip


def _count(there: NDArray[np.bool_], solved: NDArray[np.bool_]) -> Array:
    """Return how many regions, NaN for candidates that were not solved."""
    return np.where(solved, there.sum(axis=1), np.nan)


def _geometry(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Return where links of candidates run, dim leg; whose they are is in `leg_candidate`."""
    legs = np.array([leg for row in rows for leg in row["legs"]], dtype=np.float64).reshape(-1, 4)
    text = "end of a link that is built or changed"
    return {f"leg_{end}": (("leg",), legs[:, k], "degrees", text) for k, end in enumerate(ENDS)}


def _coords(
    valuer: Valuer,
    model: SpatialModel,
    chosen: Sequence[Candidate],
    rows: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    one = ("candidate",)
    data, network = model.table.data, valuer.base.network
    regions = list(valuer.base.places.regions)
    chinese = data["region_zh"].values if "region_zh" in data.coords else regions
    owners = [c.name for c, row in zip(chosen, rows, strict=True) for _ in row["legs"]]
    return {
        "candidate": [c.name for c in chosen],
        "region": regions,
        "region_zh": (("region",), [str(name) for name in chinese]),
        "cluster": list(valuer.travel.clusters),
        "cluster_zh": (("cluster",), list(valuer.travel.chinese)),
        "purpose": list(USERS),
        "name_zh": (one, [_name_zh(c, network) for c in chosen]),
        "mode": (one, [_mode(c) for c in chosen]),
        "stops": (one, [_stops(c) for c in chosen]),
        "stops_zh": (one, [_stops_zh(c, network) for c in chosen]),
        "terrain": (one, [c.terrain for c in chosen]),
        "note": (one, [c.note or c.patch.note for c in chosen]),
        "leg_candidate": (("leg",), np.array(owners, dtype=object)),
    }


def _name_zh(candidate: Candidate, network: Network) -> str:
    """Return the Chinese name, or the name with the Chinese names of its ends where they have."""
    if candidate.name_zh or candidate.line is None:
        return candidate.name_zh or candidate.name
    ends = _stops_zh(candidate, network).split("; ")
    if ends == _stops(candidate).split("; "):
        return candidate.name
    return f"{candidate.name}（{ends[0]}—{ends[-1]}）"


def _mode(candidate: Candidate) -> str:
    line = candidate.line
    return str(line.get("mode")) if line is not None else "edit"


def _stops(candidate: Candidate) -> str:
    """Return stops as they were given, or what else is done in short words."""
    line = candidate.line
    if line is None:
        return "; ".join(str(edit) for edit in candidate.patch.edits)
    return "; ".join(str(stop) for stop in line.get("stops"))


def _stops_zh(candidate: Candidate, network: Network) -> str:
    """Return the Chinese names of stops where all have one, otherwise as they were given."""
    line = candidate.line
    if line is None:
        return _stops(candidate)
    try:
        keys = network.resolve(line.get("stops"))
    except NetworkError:  # stops that only the line itself can tell apart
        return _stops(candidate)
    names = [str(name) for name in network.nodes.loc[keys, "name_zh"]]
    return "; ".join(names) if all(names) else _stops(candidate)
