"""What could be built: candidates by hand, from pairs of places, with what they cost.

Owns the question: which corridors are on the table?

Public names
------------
``Candidate``          a patch of the network, with its build cost
``line_candidate``     a new line or road over stops
``pair_candidates``    every pair of places within a band of distance that has no direct fast link
``price_candidates``   build costs from km, mode and terrain
``line_km``            km of the line that a candidate builds

Terms: a pair has a *direct link* of a mode when one link of that mode joins the two places, or a
stop of one and a stop of the other. Distances are great circles; km of a candidate are those of its
links in the network (great circle times the detour of the mode).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from model.errors import ScenarioError
from networks.dims import LinkMode
from networks.geo import great_circle_km
from networks.network import Network
from networks.patch import line_stops
from networks.patches import Edit, Patch, add_line

__all__ = ["Candidate", "line_candidate", "line_km", "pair_candidates", "price_candidates"]

BAND_KM = (80.0, 600.0)
SPEED_KMH = 300.0
TRAINS = 30.0


@dataclass(frozen=True)
class Candidate:
    """One thing that could be built.

    Attributes
    ----------
    patch : Patch
        What it does to the network; its name is that of the candidate.
    build_cost : float or None
        Money in the network's currency, all of it; None where nobody has said.
    terrain : str
        Class for `price_candidates`; empty where nobody has said.
    note : str
        Where it comes from.
    name_zh : str
        What it is called in Chinese; empty where nobody has said.
    """

    patch: Patch
    build_cost: float | None = None
    terrain: str = ""
    note: str = ""
    name_zh: str = ""

    def __post_init__(self) -> None:
        """Require a cost above zero where there is one.

        Raises
        ------
        ScenarioError
            For a build cost that is not a positive number.
        """
        if self.build_cost is not None and not 0.0 < self.build_cost < np.inf:
            raise ScenarioError(
                f"The build cost of '{self.name}' must be above zero; found {self.build_cost!r}. "
                "Leave it out when it is not known."
            )

    @property
    def name(self) -> str:
        """What it is called."""
        return self.patch.name

    @property
    def line(self) -> Edit | None:
        """The one line that it builds, or None when it does anything else."""
        edits = self.patch.edits
        return edits[0] if len(edits) == 1 and edits[0].do == "add_line" else None


def line_candidate(
    name: str,
    mode: LinkMode,
    stops: Sequence[str],
    *,
    speed_kmh: float = SPEED_KMH,
    trains_per_day: float = TRAINS,
    fare_per_km: float | None = None,
    freed_freight_capacity: float = 0.0,
    build_cost: float | None = None,
    terrain: str = "",
    note: str = "",
    name_zh: str = "",
) -> Candidate:
    """Return a candidate that builds one line or road.

    Parameters
    ----------
    name : str
    mode, stops, speed_kmh, trains_per_day, fare_per_km, freed_freight_capacity
        As in `Network.with_line`.
    build_cost, terrain, note, name_zh
        As in `Candidate`.

    Raises
    ------
    InvalidNetwork
        For a line that cannot be.
    """
    edit = add_line(
        mode,
        stops,
        speed_kmh=speed_kmh,
        trains_per_day=trains_per_day,
        fare_per_km=fare_per_km,
        freed_freight_capacity=freed_freight_capacity,
        name=name,
    )
    return Candidate(Patch(name, (edit,)), build_cost, terrain, note, name_zh)


def pair_candidates(
    network: Network,
    mode: LinkMode = "rail_hsr",
    *,
    band_km: tuple[float, float] = BAND_KM,
    speed_kmh: float = SPEED_KMH,
    trains_per_day: float = TRAINS,
    fare_per_km: float | None = None,
    freed_freight_capacity: float = 0.0,
    places: Sequence[str] | None = None,
    most: int | None = None,
) -> list[Candidate]:
    """Return a candidate for every pair of places that a direct link of a mode does not join.

    Parameters
    ----------
    network : Network
    mode : str
        Of the new links.
    band_km : (float, float)
        Least and largest great-circle distance.
    speed_kmh, trains_per_day, fare_per_km, freed_freight_capacity
        Of every candidate.
    places : sequence of str, optional
        Names or codes; all places when left out.
    most : int, optional
        So many pairs only, those with the largest product of populations over squared distance.

    Returns
    -------
    list of Candidate
        By that product, largest first.

    Raises
    ------
    ScenarioError
        For a band that is none.
    UnknownLabel
        For places that the network does not have.
    """
    low, high = band_km
    if not 0.0 <= low < high < np.inf:
        raise ScenarioError(f"A band of distance needs 0 <= low < high; found {low} and {high} km.")
    table = network.places
    if places is not None:
        table = table.loc[network.resolve(places, kinds=("place",))]
    keys = [str(key) for key in table.index]
    lon, lat = table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float)
    first, second = np.triu_indices(len(keys), k=1)
    km = great_circle_km(lon[first], lat[first], lon[second], lat[second])
    joined = _joined(network, mode, keys)
    wanted = (km >= low) & (km <= high) & ~joined[first, second]
    first, second, km = first[wanted], second[wanted], km[wanted]
    people = np.nan_to_num(table["population"].to_numpy(dtype=float), nan=0.0)
    pull = people[first] * people[second] / np.maximum(km, 1.0) ** 2
    order = np.lexsort((second, first, -pull))[:most]
    names, chinese = (table[key].astype(str).to_numpy() for key in ("name", "name_zh"))
    return [
        line_candidate(
            f"{names[first[k]]} - {names[second[k]]}",
            mode,
            (keys[first[k]], keys[second[k]]),
            speed_kmh=speed_kmh,
            trains_per_day=trains_per_day,
            fare_per_km=fare_per_km,
            freed_freight_capacity=freed_freight_capacity,
            note="pair without a direct link",
            name_zh=_pair_name(chinese[first[k]], chinese[second[k]]),
        )
        for k in order
    ]


def _pair_name(one: str, other: str) -> str:
    return f"{one}—{other}" if one and other else ""


def _joined(network: Network, mode: str, keys: Sequence[str]) -> np.ndarray:
    """Return whether one link of a mode joins two places, (places, places), symmetric."""
    nodes, links = network.nodes, network.links
    position = {key: k for k, key in enumerate(keys)}
    parent = nodes["parent"].astype(str)
    owner = {
        str(node): position.get(str(node), position.get(str(parent[node]), -1))
        for node in nodes.index
    }
    rows = links[links["mode"] == mode]
    ends = np.array(
        [
            (owner[str(a)], owner[str(b)])
            for a, b in zip(rows["from_node"], rows["to_node"], strict=True)
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    known = ends[(ends >= 0).all(axis=1)]
    joined = np.zeros((len(keys), len(keys)), dtype=bool)
    joined[known[:, 0], known[:, 1]] = True
    joined[known[:, 1], known[:, 0]] = True
    return joined


def price_candidates(
    candidates: Sequence[Candidate], per_km: pd.DataFrame, network: Network
) -> list[Candidate]:
    """Return the candidates with build costs of km times money per km.

    Parameters
    ----------
    candidates : sequence of Candidate
        Those with a build cost keep it.
    per_km : DataFrame
        Columns mode, terrain, cost_per_km (money per km). A row with an empty terrain serves every
        terrain that has no row of its own.
    network : Network

    Raises
    ------
    ScenarioError
        For columns that are missing, costs that are not above zero, and modes or terrains without
        a row.
    """
    needed = ["mode", "terrain", "cost_per_km"]
    if lost := [name for name in needed if name not in per_km]:
        raise ScenarioError(
            f"Build costs need the columns {', '.join(needed)}; {', '.join(lost)} is not there."
        )
    money = pd.to_numeric(per_km["cost_per_km"], errors="coerce").to_numpy(dtype=float)
    if not (np.isfinite(money) & (money > 0.0)).all():
        wrong = per_km["cost_per_km"][~(np.isfinite(money) & (money > 0.0))].tolist()
        raise ScenarioError(
            f"cost_per_km must be above zero in every row; found {', '.join(map(repr, wrong[:5]))}."
        )
    terrain = per_km["terrain"].fillna("").astype(str)
    rates = dict(zip(zip(per_km["mode"].astype(str), terrain, strict=True), money, strict=True))
    made, failures = [], []
    for one in candidates:
        line = one.line
        if one.build_cost is not None or line is None:
            made.append(one)
            continue
        mode = str(line.get("mode"))
        rate = rates.get((mode, one.terrain), rates.get((mode, "")))
        if rate is None:
            failures.append(f"{mode} in terrain '{one.terrain}' ({one.name})")
            continue
        made.append(replace(one, build_cost=float(rate * line_km(one, network))))
    if failures:
        more = f" and {len(failures) - 5} more" if len(failures) > 5 else ""
        raise ScenarioError(
            "Every mode and terrain of a candidate needs a row of build costs; there is none for "
            f"{'; '.join(failures[:5])}{more}."
        )
    return made


def line_km(candidate: Candidate, network: Network) -> float:
    """Return the km of the line that a candidate builds; nan when it does anything else."""
    line = candidate.line
    if line is None:
        return float("nan")
    keys = line_stops(network, str(line.get("mode")), line.get("stops"))
    where = network.nodes.loc[keys, ["lon", "lat"]].to_numpy(dtype=float)
    straight = great_circle_km(where[:-1, 0], where[:-1, 1], where[1:, 0], where[1:, 1])
    return float(network.parameters.get("detour", str(line.get("mode"))) * straight.sum())
