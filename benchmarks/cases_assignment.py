"""Trips that find their way: the user equilibrium of published cases, beside AequilibraE."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size, Skip
from networks.assignment import Assignment, RoadGraph, assign
from networks.assignment.assign import Method
from networks.readers.tntp import Tntp, read_tntp

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "cases" / "network" / "tntp"
SIOUX_FALLS = Size(24, 1, "quick", name="SiouxFalls")
ANAHEIM = Size(38, 1, "quick", name="Anaheim")
TINY = Size(2, 1, "full", name="two roads")
GAP = 1e-6


def case_of(setting: Setting) -> Tntp:
    """A published case, or two roads for the smoke run."""
    name = setting.size.label
    if setting.size == TINY:
        rows = [("1", "2", 10.0, 100.0), ("1", "2", 25.0, 100.0), ("2", "1", 1.0, 100.0)]
        links = pd.DataFrame(rows, columns=["from_node", "to_node", "free_minutes", "capacity"])
        links = links.assign(alpha=1.0, power=1.0, toll=0.0, km=1.0)
        links.index = pd.Index(["1", "2", "3"], name="link")
        demand = pd.DataFrame([[0.0, 200.0], [5.0, 0.0]], index=["1", "2"], columns=["1", "2"])
        return Tntp(RoadGraph(links, ("1", "2")), demand, None, None, name)
    path = FOLDER / name
    if not path.is_dir():
        raise Skip(f"the published case {name} is not beside this checkout")
    return read_tntp(path)


def _probe(flow: FloatArray, case: Tntp, cost: FloatArray) -> FloatArray:
    """What all answers must agree on: minutes spent by all, which a gap of 1e-6 fixes well."""
    return np.array([float(flow @ cost)])


def _ours(method: Method) -> Actor:
    def run(case: Tntp) -> Assignment:
        demand = case.demand
        if demand is None:
            raise Skip("the case has no trips")
        return assign(case.graph, demand, method=method, gap=GAP, max_iterations=5000)

    def read(case: Tntp, found: Assignment) -> Answer:
        found.raise_for_status()
        flow, minutes = (found.data[n].values for n in ("flow", "minutes"))
        report = found.report
        facts = {"relative gap": report.relative_gap, "iterations": report.iterations}
        return Answer(_probe(flow, case, minutes), facts=facts)

    return Actor(case_of, run, read)


def _aequilibrae() -> Actor:
    """AequilibraE's biconjugate Frank-Wolfe to the same gap, graph and trips prepared before."""

    def prepare(setting: Setting) -> tuple[Tntp, Any, Any]:
        os.environ["AEQ_SHOW_PROGRESS"] = "FALSE"  # it draws a bar otherwise
        case = case_of(setting)
        if case.demand is None:
            raise Skip("the case has no trips")
        links, zones = case.graph.links, np.array([int(z) for z in case.graph.zones])
        graph = import_module("aequilibrae.paths").Graph()
        graph.network = pd.DataFrame(
            {
                "link_id": np.arange(1, len(links) + 1),
                "a_node": links["from_node"].astype(int).to_numpy(),
                "b_node": links["to_node"].astype(int).to_numpy(),
                "direction": np.ones(len(links), dtype=np.int8),
                "free_flow_time": links["free_minutes"].to_numpy(),
                "capacity": links["capacity"].to_numpy(),
                "b": links["alpha"].to_numpy(),
                "power": links["power"].to_numpy(),
            }
        )
        graph.prepare_graph(zones)
        graph.set_graph("free_flow_time")
        graph.set_skimming(["free_flow_time"])
        graph.set_blocked_centroid_flows(bool(case.graph.closed))
        trips = import_module("aequilibrae.matrix").AequilibraeMatrix()
        trips.create_empty(zones=len(zones), matrix_names=["car"], memory_only=True)
        trips.index[:] = zones
        trips.matrices[:, :, 0] = case.demand.to_numpy()
        trips.computational_view(["car"])
        return case, graph, trips

    def run(given: tuple[Tntp, Any, Any]) -> tuple[FloatArray, float, int]:
        _, graph, trips = given
        room = import_module("aequilibrae.paths")
        one = room.TrafficClass("car", graph, trips)
        work = room.TrafficAssignment()
        work.set_classes([one])
        work.set_vdf("BPR")
        work.set_vdf_parameters({"alpha": "b", "beta": "power"})
        work.set_capacity_field("capacity")
        work.set_time_field("free_flow_time")
        work.set_algorithm("bfw")
        work.set_cores(int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count() or 1)
        work.max_iter = 5000
        work.rgap_target = GAP
        work.execute()
        flow = one.results.get_load_results()["car_tot"].to_numpy(dtype=np.float64)
        last = work.report().iloc[-1]
        return flow, float(last["rgap"]), int(last["iteration"])

    def read(given: tuple[Tntp, Any, Any], found: tuple[FloatArray, float, int]) -> Answer:
        flow, gap, iterations = found
        links = given[0].graph.links
        free, alpha, power, capacity = (
            links[n].to_numpy(dtype=np.float64)
            for n in ("free_minutes", "alpha", "power", "capacity")
        )
        minutes = free * (1.0 + alpha * (flow / capacity) ** power)
        facts = {"relative gap": gap, "iterations": iterations}
        return Answer(_probe(flow, given[0], minutes), facts=facts)

    return Actor(prepare, run, read, ("aequilibrae",))


CASES = (
    Case(
        "assignment/equilibrium",
        f"user equilibrium of given trips to a relative gap of {GAP:g}",
        (TINY, SIOUX_FALLS, ANAHEIM),
        {
            OURS: _ours("paths"),
            "hinterland, biconjugate Frank-Wolfe": _ours("bfw"),
            "AequilibraE, biconjugate Frank-Wolfe": _aequilibrae(),
        },
        bars=(Bar(ANAHEIM.label, "ratio", 1, "AequilibraE, biconjugate Frank-Wolfe"),),
        tolerance=1e-4,  # minutes spent by all, each to its own gap
        repeats=5,
    ),
)
