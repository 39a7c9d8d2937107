"""Trips of one kind of driver, and how they are meant on a network.

Public names
------------
UserClass : trips, and what a trip means for the road and for the driver
Demand : what trips may be given as
on_network : the graph of a network's roads, and classes in its keys
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.assignment.graph import BACK, RoadGraph
from networks.errors import InvalidNetwork
from networks.network import Network

Floats = NDArray[np.float64]
Demand = pd.DataFrame | xr.DataArray | Floats


@dataclass(frozen=True, eq=False)
class UserClass:
    """Trips of one kind of driver.

    Attributes
    ----------
    demand
        Trips from zone to zone in vehicles: a frame or DataArray with zone labels, or an array in
        the order of the zones. Trips inside a zone are not loaded.
    name
        What the class is called.
    pce
        Car units of one vehicle.
    value_of_time
        Money per hour, to weigh the ``toll`` of links; tolls count for nothing when left out.
    fixed
        More minutes by link key, whatever the traffic.
    closed
        Link keys that the class must not use.
    """

    demand: Demand
    name: str = "all"
    pce: float = 1.0
    value_of_time: float | None = None
    fixed: "pd.Series[float] | None" = None
    closed: Sequence[str] = ()


def on_network(network: Network, classes: list[UserClass]) -> tuple[RoadGraph, list[UserClass]]:
    """Return the roads of a network with their own capacities, and the classes in its keys.

    Zones are the places that some class names, all of them where trips come as an array. Fixed
    minutes and closures of a link count for both of its directions.

    Raises
    ------
    InvalidNetwork
        Links without a capacity, trips with other places as rows than as columns, or twice.
    UnknownLabel
        A place that the network does not have.
    """
    every = [str(k) for k in network.places.index]
    tables = []
    for one in classes:
        given = one.demand
        if isinstance(given, xr.DataArray):
            if given.ndim != 2 or any(dim not in given.coords for dim in given.dims):
                raise InvalidNetwork(
                    f"The trips of {one.name!r} must have two dimensions of zones."
                )
            axes = [given.coords[dim].to_numpy() for dim in given.dims]
            given = pd.DataFrame(given.to_numpy(), axes[0], axes[1])
        if isinstance(given, pd.DataFrame):
            rows, columns = (
                network.resolve([str(v) for v in axis], kinds=("place",))
                for axis in (given.index, given.columns)
            )
            if len(set(rows)) < len(rows) or len(set(columns)) < len(columns):
                raise InvalidNetwork(f"The trips of {one.name!r} must have every place once.")
            tables.append(pd.DataFrame(given.to_numpy(dtype=np.float64), rows, columns))
        else:
            values = np.asarray(given, dtype=np.float64)
            if values.shape != (len(every), len(every)):
                raise InvalidNetwork(
                    f"The trips of {one.name!r} must have shape {(len(every), len(every))}, one "
                    f"row and column a place; found {values.shape}."
                )
            tables.append(pd.DataFrame(values, every, every))
    named = {k for table in tables for axis in table.axes for k in axis}
    zones = [k for k in every if k in named]
    graph = RoadGraph.from_network(network, zones=zones)
    both = {str(k) for k in graph.links.index if str(k).endswith(BACK)}

    def ways(key: object) -> list[str]:
        return [str(key), *([f"{key}{BACK}"] if f"{key}{BACK}" in both else [])]

    made = []
    for one, table in zip(classes, tables, strict=True):
        fixed = one.fixed
        if fixed is not None:
            pairs = [(way, float(v)) for k, v in fixed.items() for way in ways(k)]
            fixed = pd.Series([v for _, v in pairs], index=[k for k, _ in pairs], dtype=np.float64)
        trips = table.reindex(index=zones, columns=zones, fill_value=0.0)
        closed = [way for k in one.closed for way in ways(k)]
        made.append(replace(one, demand=trips, fixed=fixed, closed=closed))
    return graph, made
