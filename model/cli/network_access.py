"""The verb ``network access``: places, or groups of them, ranked by accessibility.

Owns the question: which of the places of this network are near to people, by which way of counting?

Public names
------------
``network_access``   places ranked by accessibility, or groups with disparity
``AccessRequest``    what is asked of it
``dated_network``    a network by name or path, as it was in a year
``group_labels``     the group of every place in a grouping
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from model.cli.text import aligned, amount, write, write_json
from model.errors import ScenarioError
from model.parameters import load_parameters
from model.scenario_file.checks import near

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from networks.accessibility import Measure
    from networks.competition import Form
    from networks.decay import Decay
    from networks.network import Network

__all__ = ["AccessRequest", "dated_network", "group_labels", "network_access"]

Format = Literal["text", "json", "csv"]

LOWER_IS_BETTER = ("weighted_mean", "efficiency", "closest")
COMPETING = ("two_step", "balanced", "availability", "total_constrained")
WITH_DECAY = ("potential", *COMPETING)


@dataclass(frozen=True, kw_only=True)
class AccessRequest:
    """Which network, which measure, and how many places to show.

    Parameters
    ----------
    network
        Embedded name or folder.
    measure
        One of ``networks.accessibility.MEASURES`` or ``networks.competition.FORMS``.
    of
        Fastest minutes or least generalised cost.
    tmax, decay
        Cut-off and steepness; those of the parameters table when None, where it has them.
    decay_form
        How mass fades with cost; a power for the potential, exponential with competition.
    interval
        "LOW:HIGH", for interval access.
    nth, straight_speed
        Which nearest place, and km/h on the straight line.
    mass, demand
        Column of the places that is reached (or offered), and that competes for it.
    modes, purpose, ends, year
        Which trips: main or link modes (all when empty), people or goods, door to door or station
        to station, as of a year.
    own_place, passive
        Whether a place counts in its own access; whether it is reached instead of reaching.
    by
        Grouping to take means over, "region" included; places when None.
    top
        The best N only.
    """

    network: str
    measure: str = "weighted_mean"
    of: Literal["minutes", "cost"] = "minutes"
    tmax: float | None = None
    decay: float | None = None
    decay_form: str | None = None
    interval: str | None = None
    nth: int = 1
    straight_speed: float | None = None
    mass: Literal["population", "gdp"] = "population"
    demand: Literal["population", "gdp"] = "population"
    modes: tuple[str, ...] = ()
    purpose: Literal["passenger", "freight"] = "passenger"
    ends: Literal["door", "stop"] = "door"
    year: int | None = None
    own_place: bool = True
    passive: bool = False
    by: str | None = None
    top: int | None = None


def network_access(request: AccessRequest, *, output_format: Format = "text") -> int:
    """Write the places, or groups, ranked by accessibility, best first.

    Raises
    ------
    ScenarioError
        For a number out of range, or an option that the measure does not have.
    NetworkError
        When the network cannot be read or a place cannot be reached.
    """
    _check(request)
    network = dated_network(request.network, request.year)
    values, left_out = _values(request, network)
    unit = _unit(request, str(values.attrs["units"]))
    frame = values.to_dataframe(name="value").reset_index()
    columns = ["place", "name", "region", "population", "value"]
    disparity: dict[str, float] = {}
    if request.by is not None:
        frame, disparity = _grouped(request, network, frame)
        columns = ["group", "places", "population", "value"]
    frame = frame.sort_values(
        "value", ascending=request.measure in LOWER_IS_BETTER, kind="stable", ignore_index=True
    )
    ranked = frame[columns].head(len(frame) if request.top is None else request.top)
    if output_format == "csv":
        ranked.rename(columns={"value": f"{request.measure} [{unit}]"}).to_csv(
            sys.stdout, index=False
        )
        return 0
    if output_format == "json":
        about: dict[str, Any] = {
            "network": request.network,
            "year": network.year,
            "measure": request.measure,
            "units": unit,
            "left_out": left_out,
        }
        rows = "places" if request.by is None else "groups"
        extra = {"disparity": disparity} if disparity else {}
        write_json({**about, **extra, rows: ranked.to_dict("records")})
        return 0
    _write_text(request, ranked, unit, left_out, disparity)
    return 0


def dated_network(name: str, year: int | None) -> Network:
    """Return a network by embedded name or folder, as it was in a year.

    Raises
    ------
    ScenarioError
        A year after that of the network, or a network whose links carry no years.
    """
    from model.sources import open_network  # loads pandas; a mistyped word is answered before that

    network = open_network(name)
    if year is None:
        return network
    dated = network.links[["year_opened", "year_closed"]].notna().to_numpy().any()
    if not dated and not len(network.other_years):
        raise ScenarioError(f"--year needs links with opening years; those of {name} have none")
    if network.year is not None and year > network.year:
        raise ScenarioError(f"--year must be {network.year} or earlier for {name}; found {year}")
    return network.as_of(year)


def group_labels(network: Network, name: str, grouping: str) -> pd.Series[str]:
    """Return the group of every place; "region" is the column of the places.

    Raises
    ------
    ScenarioError
        When the network has no such grouping.
    """
    import pandas as pd

    from model.sources import open_groupings

    places = network.places
    groupings = open_groupings(name)
    of_places, of_regions = (
        list(dict.fromkeys(table["grouping"])) for table in (groupings.places, groupings.regions)
    )
    if grouping == "region":
        return places["region"]
    if grouping in of_places:
        return groupings.place_group(grouping, [str(k) for k in places.index])
    if grouping in of_regions:
        by_region = groupings.region_group(grouping, list(dict.fromkeys(places["region"])))
        return pd.Series(by_region.reindex(places["region"]).to_numpy(), index=places.index)
    known = ["region", *dict.fromkeys([*of_places, *of_regions])]
    raise ScenarioError(
        f"--by: there is no grouping '{grouping}'{near(grouping, known)}; there is "
        f"{', '.join(known)}"
    )


def _check(request: AccessRequest) -> None:
    for name, value in (
        ("--tmax", request.tmax),
        ("--decay", request.decay),
        ("--straight-speed", request.straight_speed),
    ):
        if value is not None and not 0 < value < float("inf"):
            raise ScenarioError(f"{name} must be above 0; found {value:g}")
    for name, count in (("--top", request.top), ("--nth", request.nth)):
        if count is not None and count < 1:
            raise ScenarioError(f"{name} must be at least 1; found {count}")
    wrong = [
        name
        for name, given, fits in (
            ("--decay-form", request.decay_form is not None, WITH_DECAY),
            ("--interval", request.interval is not None, ("interval",)),
            ("--nth", request.nth != 1, ("closest",)),
            ("--straight-speed", request.straight_speed is not None, ("efficiency",)),
            ("--passive", request.passive, tuple(m for m in _measures() if m not in COMPETING)),
            ("--without-own", not request.own_place, _measures()),
        )
        if given and request.measure not in fits
    ]
    if wrong:
        raise ScenarioError(f"{wrong[0]} does not belong to --measure {request.measure}")
    if request.measure == "interval" and request.interval is None:
        raise ScenarioError("--measure interval needs --interval LOW:HIGH")


def _measures() -> tuple[str, ...]:
    from networks.accessibility import Measure

    return get_args(Measure)


def _values(request: AccessRequest, network: Network) -> tuple[xr.DataArray, list[str]]:
    """Return the measure by place code, and the names of places that no way joins to the rest."""
    from networks.accessibility import accessibility
    from networks.competition import competitive_accessibility
    from networks.skim import skim

    parameters = load_parameters()
    travel = skim(
        network,
        request.purpose,
        list(request.modes) or None,
        request.ends,
        by=request.of,
        parameters={"value_of_time": parameters.get("value_of_time")},
        unreachable="keep" if request.modes or request.ends == "stop" else "raise",
    )
    travel, lost = _joined(travel)
    places = network.places
    mass = _mass(network, request.mass)
    steepness, cutoff = _decay_of(request)
    if request.measure in COMPETING:
        values = competitive_accessibility(
            travel,
            mass,
            _mass(network, request.demand),
            cast("Form", request.measure),
            of=request.of,
            decay=cast("Decay", request.decay_form or "exponential"),
            beta=steepness,
            cutoff=cutoff,
        )
    else:
        values = accessibility(
            travel,
            mass,
            cast("Measure", request.measure),
            of=request.of,
            decay=cast("Decay", request.decay_form or "power"),
            beta=steepness,
            cutoff=cutoff,
            interval=_interval(request.interval),
            nth=request.nth,
            straight_speed=request.straight_speed,
            own_place=request.own_place,
            passive=request.passive,
        )
    rows = places.loc[values["place"].values]
    labels = {n: ("place", rows[n].to_numpy()) for n in ("name", "region", "population")}
    return values.assign_coords(labels), [str(places.at[code, "name"]) for code in lost]


def _joined(travel: xr.Dataset) -> tuple[xr.Dataset, list[str]]:
    """Return the skim of the largest set of places joined both ways, and the other places."""
    import numpy as np

    there = travel["reachable"].to_numpy()
    both = there & there.T
    kept = both[int(np.argmax(both.sum(axis=1)))]
    codes = travel["origin"].to_numpy()
    inside = [str(code) for code in codes[kept]]
    lost = [str(code) for code in codes[~kept]]
    return (travel.sel(origin=inside, destination=inside), lost) if lost else (travel, lost)


def _mass(network: Network, column: str) -> pd.Series[float]:
    values = network.places[column]
    if values.isna().any():
        names = ", ".join(network.places["name"][values.isna()].tolist()[:5])
        raise ScenarioError(
            f"--mass and --demand need the {column} of every place; {int(values.isna().sum())} "
            f"have none ({names})"
        )
    return values


def _decay_of(request: AccessRequest) -> tuple[float | None, float | None]:
    """Return steepness and cut-off for a measure, those of the parameters where it has them."""
    parameters = load_parameters()
    if request.measure == "potential" and request.decay_form in (None, "power"):
        default = parameters.get("potential_decay")
        return (default if request.decay is None else request.decay), None
    if request.measure in ("daily", "cumulative"):
        return None, (parameters.get("daily_minutes") if request.tmax is None else request.tmax)
    if request.measure in (*WITH_DECAY, "logsum", "effective_density"):
        return request.decay, request.tmax
    return None, None


def _interval(words: str | None) -> tuple[float, float] | None:
    if words is None:
        return None
    parts = words.split(":")
    try:
        low, high = (float(part) for part in parts)
    except ValueError as error:
        raise ScenarioError(
            f"--interval must be LOW:HIGH, such as 60:240; found {words}"
        ) from error
    return low, high


def _unit(request: AccessRequest, unit: str) -> str:
    people = {"population": "persons", "gdp": "money"}
    if request.measure in COMPETING:
        return unit.replace("supply", people[request.mass]).replace(
            "demand", people[request.demand]
        )
    return unit.replace("mass", people[request.mass])


def _grouped(
    request: AccessRequest, network: Network, frame: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return means over people by group, and indices of disparity over the places."""
    from networks.disparity import coefficient_of_variation, gini, theil_parts

    assert request.by is not None
    labels = group_labels(network, request.network, request.by).reindex(frame["place"]).to_numpy()
    people = frame["population"].to_numpy(dtype=float)
    values = frame["value"].to_numpy(dtype=float)
    summed = frame.assign(group=labels, weighted=people * values).groupby("group", sort=False)
    table = summed.agg(
        places=("place", "size"), population=("population", "sum"), weighted=("weighted", "sum")
    ).reset_index()
    table["value"] = table["weighted"] / table["population"]
    theil = theil_parts(values, labels, people)
    return table, {
        "theil_t": theil.total,
        "theil_t_between": theil.between,
        "theil_t_within": theil.within,
        "gini": gini(values, people),
        "coefficient_of_variation": coefficient_of_variation(values, people),
    }


def _write_text(
    request: AccessRequest,
    ranked: pd.DataFrame,
    unit: str,
    left_out: list[str],
    disparity: dict[str, float],
) -> None:
    better = "lower" if request.measure in LOWER_IS_BETTER else "higher"
    write(f"{request.measure} [{unit}], {better} is better", "")
    if request.by is None:
        head: tuple[str, ...] = ("", "place", "region", "persons", request.measure)
        rows = [
            [str(n), str(one["name"]), str(one["region"]), *_amounts(one)]
            for n, one in enumerate(ranked.to_dict("records"), 1)
        ]
        write(*aligned(head, rows, left=3))
    else:
        head = ("", request.by, "places", "persons", request.measure)
        rows = [
            [str(n), str(one["group"]), str(one["places"]), *_amounts(one)]
            for n, one in enumerate(ranked.to_dict("records"), 1)
        ]
        write(*aligned(head, rows, left=2))
        found = [(name, f"{value:.4f}") for name, value in disparity.items()]
        write("", *aligned(("disparity over people", request.by), found))
    if left_out:
        shown = ", ".join(left_out[:10]) + (", ..." if len(left_out) > 10 else "")
        write("", f"{len(left_out)} places that such trips do not join are left out: {shown}")


def _amounts(row: dict[Any, Any]) -> list[str]:
    return [amount(row["population"]), amount(row["value"])]
