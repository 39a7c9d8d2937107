"""Scenario updates: the same system with one region's technology changed, a thousand times."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.actors import economy_of, explicit, gravity, pooled, solve_work
from benchmarks.case import (
    OURS,
    Actor,
    Answer,
    Bar,
    Case,
    FloatArray,
    Setting,
    Severity,
    Size,
    Work,
)
from model.operator import GravityOperator
from model.solve import Leontief

SCENARIOS, CORRIDORS = 1000, 20
MEASURED = 20
"""Dense solves that are measured; their seconds stand for a thousand."""


def changed_block(block: FloatArray, scenario: int) -> FloatArray:
    """A region's technology with every coefficient 1 to 10 % lower, by scenario."""
    rng = np.random.default_rng([7, scenario])
    return block * rng.uniform(0.90, 0.99, block.shape)


def _updates() -> Actor:
    def prepare(setting: Setting) -> Any:
        economy = economy_of(setting)
        return Leontief(pooled(economy)()), economy.technology_by_region(), economy.final_demand()

    def run(given: Any) -> tuple[FloatArray, float]:
        system, technology, f = given
        flops = 0.0
        out = np.empty((MEASURED, len(f)))
        base = system.solve(f).x
        for scenario in range(SCENARIOS):
            region = scenario % len(technology)
            block = changed_block(technology[region], scenario)
            changed = system.update(technology={region: block})
            found = changed.solve(f, start=base).raise_for_status()
            flops += solve_work(changed.operator, found, 1).flops
            if scenario < MEASURED:
                out[scenario] = found.x
        return out, flops

    def read(given: Any, found: tuple[FloatArray, float]) -> Answer:
        out, flops = found
        operator = given[0].operator
        return Answer(out, Work(flops, 4.0 * flops, 8.0 * operator.stored))

    return Actor(prepare, run, read)


def _dense_solves() -> Actor:
    def prepare(setting: Setting) -> Any:
        economy = economy_of(setting)
        matrix = np.array(explicit(economy)().dense())
        return matrix, economy.technology_by_region(), economy.trade(), economy.final_demand()

    def run(given: Any) -> FloatArray:
        matrix, technology, trade, f = given
        R, S = technology.shape[:2]
        out = np.empty((MEASURED, len(f)))
        for scenario in range(MEASURED):
            region = scenario % R
            block = changed_block(technology[region], scenario)
            system = np.eye(len(f)) - matrix
            columns = trade[:, :, region].T[:, :, None] * block
            rows = slice(region * S, (region + 1) * S)
            system[:, rows] = np.eye(len(f))[:, rows] - columns.reshape(len(f), S)
            out[scenario] = np.linalg.solve(system, f)
        return out

    def read(given: Any, out: FloatArray) -> Answer:
        return Answer(out, facts={"measured": f"{MEASURED} of {SCENARIOS} solves"})

    return Actor(prepare, run, read, scale=SCENARIOS / MEASURED)


def changed_cost(cost: FloatArray, scenario: int) -> FloatArray:
    """Costs between one place and ten others 10 % lower, both ways."""
    rng = np.random.default_rng([8, scenario])
    n = len(cost)
    out = cost.copy()
    here, there = scenario % n, rng.choice(n, min(10, n - 1), replace=False)
    out[here, there] *= 0.9
    out[there, here] = out[here, there]
    return out


def _costs(*, anew: bool) -> Actor:
    """Corridors of a gravity system: updated and solved from the base, or built and solved anew."""

    def prepare(setting: Setting) -> Any:
        economy = economy_of(setting)
        system = Leontief(gravity(economy)())
        f = economy.final_demand()
        return system, economy, np.array(economy.cost), f, system.solve(f).raise_for_status()

    def run(given: Any) -> FloatArray:
        system, economy, cost, f, base = given
        out = np.empty((CORRIDORS, len(f)))
        for scenario in range(CORRIDORS):
            edited = changed_cost(cost, scenario)
            if anew:
                changed = Leontief(
                    GravityOperator(
                        economy.technology,
                        edited,
                        economy.decay,
                        economy.weights,
                        technology_of=economy.technology_of,
                        home=economy.home,
                    )
                )
                out[scenario] = changed.solve(f).raise_for_status().x
            else:
                changed = system.update(cost=edited)
                out[scenario] = changed.solve(f, start=base).raise_for_status().x
        return out

    return Actor(prepare, run, lambda given, out: Answer(out, facts={"corridors": CORRIDORS}))


CASES = (
    Case(
        "update/one-region",
        f"{SCENARIOS:,} scenarios that change one region's technology",
        (Size(6, 8), Size(31, 42, "quick")),
        {OURS: _updates(), "numpy solve": _dense_solves()},
        bars=(Bar("31x42", "ratio", 20.0, against="numpy solve"),),
        repeats=2,
    ),
    Case(
        "update/costs",
        f"{CORRIDORS} scenarios that change costs of a gravity system",
        (Size(8, 8), Size(341, 42, "quick")),
        {OURS: _costs(anew=False), "hinterland, everything anew": _costs(anew=True)},
        severities=(Severity(decay=(0.8, 1.2, 1.6, 2.0)),),
        repeats=3,
    ),
)
