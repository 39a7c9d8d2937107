"""Which way given trips take through a network that slows down under them.

Public names
------------
assign : all-or-nothing or user equilibrium, by links or by paths
UserClass : trips of one kind of driver, with what a trip means for the road and for the driver
Assignment : flows, costs and how well they fit each other

Terms
-----
Demand is given; nothing is generated or distributed here. *all_or_nothing* loads at the costs of
the empty network. *fw*, *cfw*, *bfw* and *paths* find the user equilibrium: no driver has a cheaper
way. Classes share the road: the time of a link depends on the flow of all in car units.

Formula
-------
Class k pays minutes t(v) + 60 toll / value_of_time + fixed over a link, v = sum_k pce_k x_k.
Source: as in ``networks.assignment.equilibrium``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.assignment.costs import CostFunction, check_cost
from networks.assignment.equilibrium import Problem, Progress, Solved, Watch
from networks.assignment.frank_wolfe import solve_links
from networks.assignment.graph import RoadGraph
from networks.assignment.loading import zone_costs
from networks.assignment.paths import solve_paths
from networks.assignment.user_class import Demand, UserClass, on_network
from networks.dims import DESTINATION, LINK, ORIGIN
from networks.errors import InvalidNetwork, NetworkError, UnknownLabel, UnreachablePlace
from networks.labels import did_you_mean
from networks.network import Network

Floats = NDArray[np.float64]
Method = Literal["all_or_nothing", "fw", "cfw", "bfw", "paths"]
METHODS: tuple[Method, ...] = ("all_or_nothing", "fw", "cfw", "bfw", "paths")
USER_CLASS = "user_class"


class Status(StrEnum):
    """How an assignment ended."""

    CONVERGED = "converged"
    LIMIT = "iteration limit"


class NotConverged(NetworkError, RuntimeError):
    """An equilibrium that was not reached within the iterations allowed."""


@dataclass(frozen=True)
class Report:
    """How an assignment was found: gaps as in ``networks.assignment.equilibrium``."""

    method: str
    iterations: int
    relative_gap: float
    average_excess_cost: float
    objective: float
    total_cost: float
    paths: int
    seconds: float
    gaps: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Assignment:
    """Result of ``assign``.

    Attributes
    ----------
    status : Status
        Whether the gap asked for was reached.
    data : Dataset
        flow (link) in car units, minutes, free_minutes and capacity (link), volume (user_class,
        link) in vehicles, cost (user_class, origin, destination) in minutes, least at these flows.
    report : Report
        Method, iterations, relative gap, objective, seconds.
    """

    status: Status
    data: xr.Dataset
    report: Report

    @property
    def links(self) -> pd.DataFrame:
        """By link: from_node, to_node, flow, minutes and free_minutes, capacity and load.

        ``load`` is flow over capacity; a link taken against its direction ends in ``:back``.
        """
        wanted = ("flow", "minutes", "free_minutes", "capacity")
        table = self.data[list(wanted)].to_dataframe()[["from_node", "to_node", *wanted]]
        return table.assign(load=table["flow"] / table["capacity"])

    def raise_for_status(self) -> "Assignment":
        """Return the result itself; raise NotConverged where the gap was not reached."""
        if self.status is not Status.CONVERGED:
            raise NotConverged(
                f"Equilibrium must reach the relative gap asked for; after "
                f"{self.report.iterations} iterations it is {self.report.relative_gap:.2e}. "
                "Allow more iterations or another method."
            )
        return self


def assign(
    graph: RoadGraph | Network,
    demand: Demand | Sequence[UserClass],
    *,
    method: Method = "paths",
    cost: CostFunction | None = None,
    gap: float = 1e-6,
    max_iterations: int = 1000,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Assignment:
    """Return flows and costs of given trips.

    Parameters
    ----------
    graph
        Links, zones, and nodes that must not be passed through; or a network, whose roads and
        ferries have a ``capacity`` (``RoadGraph.from_network`` takes other ones).
    demand
        Trips of one class, or several ``UserClass``. On a network, frames may have names of places
        and some places only, and links are named as there.
    method
        One of ``METHODS``; ``"paths"`` is the fastest to a small gap, ``"bfw"`` keeps no paths.
    cost
        Cost function of the links; BPR from their columns when left out.
    gap
        Relative gap at which to stop.
    max_iterations
        Iterations after which to stop all the same; the status then says so.
    workers
        Threads; any number gives the same bits.
    progress
        Called with the iteration and its relative gap.

    Raises
    ------
    InvalidNetwork
        Demand that is negative, not finite or of other zones; an unsound cost function or class.
    UnreachablePlace
        Trips between zones that no path joins, the pairs named.
    UnknownLabel
        An unknown method or link.
    """
    if method not in METHODS:
        raise UnknownLabel(
            f"There is no method {method!r}{did_you_mean(method, METHODS)}; "
            f"they are {', '.join(METHODS)}."
        )
    classes = _classes(demand)
    if isinstance(graph, Network):
        graph, classes = on_network(graph, classes)
    function = graph.bpr() if cost is None else cost
    trips = np.array([_matrix(graph, c) * c.pce for c in classes])
    fixed = np.array([_fixed(graph, c) for c in classes])
    if problems := check_cost(function, np.full(len(graph.links), trips.sum() + 1.0)):
        raise InvalidNetwork(f"The cost function cannot be used: {'; '.join(problems)}.")
    problem = Problem(graph, function, trips, fixed, workers)
    _check_paths(problem, classes)
    watch = Watch(gap, 1 if method == "all_or_nothing" else max(1, max_iterations), progress)
    if method == "all_or_nothing":
        solved = _loaded(problem, watch)
    elif method == "paths":
        solved = solve_paths(problem, watch)
    else:
        solved = solve_links(problem, watch, method)
    return _result(problem, classes, solved, method)


def _loaded(problem: Problem, watch: Watch) -> Solved:
    flows, _ = problem.load(problem.function.cost(np.zeros(problem.fixed.shape[1])))
    now = problem.function.cost(flows.sum(axis=0))
    watch.done(problem.total_cost(now, flows), problem.load(now)[1])
    return watch.solved(flows)


def _classes(demand: Demand | Sequence[UserClass]) -> list[UserClass]:
    if isinstance(demand, pd.DataFrame | xr.DataArray | np.ndarray):
        return [UserClass(demand)]
    classes = list(demand)
    names = [c.name for c in classes]
    if not classes or len(set(names)) < len(names):
        raise InvalidNetwork(f"Classes must be one or more with names of their own; found {names}.")
    if bad := [c.name for c in classes if not (np.isfinite(c.pce) and c.pce > 0)]:
        raise InvalidNetwork(f"pce must be a positive number; it is not for {', '.join(bad)}.")
    return classes


def _matrix(graph: RoadGraph, one: UserClass) -> Floats:
    """Return the trips of a class as (zones, zones) in the order of the graph."""
    zones = list(graph.zones)
    given = one.demand
    if isinstance(given, xr.DataArray):
        if given.ndim != 2 or any(dim not in given.coords for dim in given.dims):
            raise InvalidNetwork(f"The demand of {one.name!r} must have two dimensions of zones.")
        axes = [given.coords[dim].to_numpy() for dim in given.dims]
        given = pd.DataFrame(given.to_numpy(), axes[0], axes[1])
    if isinstance(given, pd.DataFrame):
        table = given.set_axis([str(v) for v in given.index], axis=0)
        table = table.set_axis([str(v) for v in given.columns], axis=1)
        lost = [z for z in zones if z not in table.index or z not in table.columns]
        more = sorted((set(table.index) | set(table.columns)) - set(zones))
        if lost or more or not (table.index.is_unique and table.columns.is_unique):
            raise InvalidNetwork(
                f"The demand of {one.name!r} must have every zone once, as row and as column; "
                f"missing: {', '.join(lost[:5]) or 'none'}; not a zone: "
                f"{', '.join(more[:5]) or 'none'}."
            )
        values = table.loc[zones, zones].to_numpy(dtype=np.float64)
    else:
        values = np.array(given, dtype=np.float64)
        if values.shape != (len(zones), len(zones)):
            raise InvalidNetwork(
                f"The demand of {one.name!r} must have shape {(len(zones), len(zones))}; "
                f"found {values.shape}."
            )
    bad = np.argwhere(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        where = ", ".join(f"{zones[i]} to {zones[j]}" for i, j in bad[:5])
        raise InvalidNetwork(
            f"Trips must be finite and not negative; {len(bad)} of {one.name!r} are not: {where}."
        )
    return np.ascontiguousarray(values)


def _fixed(graph: RoadGraph, one: UserClass) -> Floats:
    """Return the minutes of a class that traffic does not change, (links,)."""
    links = graph.links.index
    minutes = np.zeros(len(links))
    if one.value_of_time is not None:
        if not one.value_of_time > 0:
            raise InvalidNetwork(f"value_of_time of {one.name!r} must be positive.")
        minutes += 60.0 * graph.links["toll"].to_numpy(dtype=np.float64) / one.value_of_time
    named = [] if one.fixed is None else [str(k) for k in one.fixed.index]
    if unknown := [k for k in (*named, *map(str, one.closed)) if k not in links]:
        raise UnknownLabel(
            f"Class {one.name!r} must name links that exist; found {', '.join(unknown[:5])}"
            f"{did_you_mean(unknown[0], links)}."
        )
    if one.fixed is not None:
        values = one.fixed.to_numpy(dtype=np.float64)
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise InvalidNetwork(f"fixed minutes of {one.name!r} must be zero or more.")
        np.add.at(minutes, links.get_indexer(pd.Index(named)), values)
    minutes[links.get_indexer(pd.Index([str(k) for k in one.closed]))] = np.inf
    return minutes


def _check_paths(problem: Problem, classes: list[UserClass]) -> None:
    empty = problem.function.cost(np.zeros(problem.fixed.shape[1]))
    zones = problem.graph.zones
    words = []
    for k, one in enumerate(classes):
        costs = zone_costs(problem.graph, empty + problem.fixed[k], workers=problem.workers)
        lost = np.argwhere(np.isinf(costs) & (problem.demand[k] > 0))
        words += [f"{zones[i]} to {zones[j]} ({one.name})" for i, j in lost if i != j]
    if words:
        more = f" and {len(words) - 5} more" if len(words) > 5 else ""
        raise UnreachablePlace(
            f"Trips need a path; there is none from {', '.join(words[:5])}{more}. Add links, or "
            "leave these trips out."
        )


def _result(problem: Problem, classes: list[UserClass], solved: Solved, method: str) -> Assignment:
    graph = problem.graph
    total = solved.flows.sum(axis=0)
    now = problem.function.cost(total)
    by_class = [
        zone_costs(graph, now + problem.fixed[k], workers=problem.workers)
        for k in range(len(classes))
    ]
    spent = problem.total_cost(now, solved.flows)
    trips = problem.demand.sum() - np.trace(problem.demand, axis1=1, axis2=2).sum()
    pce = np.array([c.pce for c in classes])
    keys = graph.links.index.to_numpy(dtype=object)
    zones = np.array(graph.zones, dtype=object)
    data = xr.Dataset(
        {
            "flow": (LINK, total, {"units": "car units"}),
            "minutes": (LINK, now, {"units": "min"}),
            "free_minutes": (LINK, graph.links["free_minutes"].to_numpy(), {"units": "min"}),
            "capacity": (LINK, graph.links["capacity"].to_numpy(), {"units": "car units"}),
            "volume": ((USER_CLASS, LINK), solved.flows / pce[:, None], {"units": "vehicles"}),
            "cost": ((USER_CLASS, ORIGIN, DESTINATION), np.array(by_class), {"units": "min"}),
        },
        coords={
            LINK: keys,
            "from_node": (LINK, graph.links["from_node"].to_numpy(dtype=object)),
            "to_node": (LINK, graph.links["to_node"].to_numpy(dtype=object)),
            USER_CLASS: np.array([c.name for c in classes], dtype=object),
            ORIGIN: zones,
            DESTINATION: zones,
        },
    )
    report = Report(
        method=method,
        iterations=len(solved.gaps),
        relative_gap=solved.gaps[-1],
        average_excess_cost=solved.gaps[-1] * spent / trips if trips > 0 else 0.0,
        objective=problem.objective(solved.flows),
        total_cost=spent,
        paths=solved.paths,
        seconds=solved.seconds,
        gaps=solved.gaps,
    )
    done = solved.converged or method == "all_or_nothing"
    return Assignment(Status.CONVERGED if done else Status.LIMIT, data, report)
