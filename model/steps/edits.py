"""Carrying out what a scenario says about the network.

Owns the question: which network do the places and edits of a scenario make?

Public names
------------
``edited_network``   base network and scenario in, new network out (the base one is untouched)
``line_legs``        the legs of the lines a scenario adds, with coordinates, for maps
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from model.errors import ScenarioError
from model.scenario import Edit, Scenario
from networks.errors import NetworkError
from networks.network import Network

__all__ = ["Leg", "edited_network", "line_legs"]


@dataclass(frozen=True)
class Leg:
    """One hop of an added line: node names and degrees of both ends."""

    line: str
    from_name: str
    to_name: str
    lon_from: float
    lat_from: float
    lon_to: float
    lat_to: float


def _place_rows(scenario: Scenario) -> pd.DataFrame:
    rows = [
        {
            "node": one.code,
            "name": one.name,
            "name_zh": one.name_zh,
            "kind": "place",
            "region": one.region,
            "lon": one.lon,
            "lat": one.lat,
            "area_km2": one.area_km2,
            "population": one.population,
            "gdp": one.gdp,
        }
        for one in scenario.places
    ]
    return pd.DataFrame(rows)


def _apply(network: Network, edit: Edit) -> Network:
    if edit.kind == "remove":
        return network.with_links(remove=[dict(edit.select)])
    if edit.kind == "change":
        return network.with_links(change=[{"select": dict(edit.select), **edit.fields}])
    return network.with_line(
        edit.mode,
        list(edit.stops),
        speed_kmh=edit.speed_kmh or 0.0,
        trains_per_day=edit.trains_per_day or 0.0,
        fare_per_km=edit.fare_per_km,
        name=edit.name,
        freed_freight_capacity=edit.freed_freight_capacity,
    )


def edited_network(network: Network, scenario: Scenario) -> Network:
    """Return the network with the scenario's places added and its edits made, in file order.

    Raises
    ------
    ScenarioError
        Naming the block and what is wrong with it: an unknown place, a line that is not there.
    """
    try:
        edited = network.with_places(_place_rows(scenario)) if scenario.places else network
    except NetworkError as error:
        raise ScenarioError(f"[[place]]: {error}") from error
    for edit in scenario.edits:
        try:
            edited = _apply(edited, edit)
        except NetworkError as error:
            raise ScenarioError(f"[[{edit.kind}]] '{edit.name}': {error}") from error
    return edited


def line_legs(network: Network, scenario: Scenario) -> list[Leg]:
    """Return the legs of every added line, in order; `network` is the edited one."""
    legs: list[Leg] = []
    for edit in scenario.edits:
        if edit.kind != "add":
            continue
        stops = network.nodes.loc[network.resolve(edit.stops)]
        for (_, one), (_, two) in zip(
            stops.iloc[:-1].iterrows(), stops.iloc[1:].iterrows(), strict=True
        ):
            legs.append(
                Leg(
                    line=edit.name,
                    from_name=str(one["name"]),
                    to_name=str(two["name"]),
                    lon_from=float(one["lon"]),
                    lat_from=float(one["lat"]),
                    lon_to=float(two["lon"]),
                    lat_to=float(two["lat"]),
                )
            )
    return legs
