"""What every equilibrium method works on, and how far from equilibrium flows are.

Public names
------------
Problem : graph, cost function, demand and fixed costs by class
Solved : flows by class with the history of the gap
Watch : the gap of an iteration, and whether to stop
step_length : the step along a direction that makes the objective least

Terms
-----
Flows and demand are in passenger car units. Class k pays t(v) + f_k over a link, v the flow of all
classes and f_k its fixed cost; equilibrium is the least of Z = sum integral_0^v t + sum_k f_k x_k.

Formula
-------
relative gap = (sum_k c_k x_k - sum_k d_k u_k) / sum_k c_k x_k, with link costs c_k, flows x_k,
demand d_k and least costs u_k, all at the same flows; 0 at equilibrium (J. Wardrop, 1952).
Source: M. Beckmann, C. McGuire and C. Winsten (1956).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from networks.assignment.costs import CostFunction
from networks.assignment.graph import RoadGraph
from networks.assignment.loading import all_or_nothing

Floats = NDArray[np.float64]
Progress = Callable[[int, float], None]


@dataclass(frozen=True, eq=False)
class Problem:
    """Arrays of one assignment: demand (K, Z, Z) in car units, fixed (K, E), infinite = closed."""

    graph: RoadGraph
    function: CostFunction
    demand: Floats
    fixed: Floats
    workers: int | None = None

    @property
    def payable(self) -> Floats:
        """Fixed costs where a class may drive, zero elsewhere: what flows are multiplied with."""
        return np.where(np.isfinite(self.fixed), self.fixed, 0.0)

    def load(self, time_now: Floats) -> tuple[Floats, float]:
        """Return flows (K, E) on least-cost paths and the sum of demand times least cost."""
        flows = np.empty_like(self.fixed)
        total = 0.0
        for k in range(len(self.demand)):
            flows[k], part = all_or_nothing(
                self.graph, time_now + self.fixed[k], self.demand[k], workers=self.workers
            )
            total += part
        return flows, total

    def total_cost(self, time_now: Floats, flows: Floats) -> float:
        """Return the sum of cost times flow over links and classes."""
        return float(time_now @ flows.sum(axis=0) + (self.payable * flows).sum())

    def objective(self, flows: Floats) -> float:
        """Return Beckmann's objective Z."""
        area = self.function.integral(flows.sum(axis=0)).sum()
        return float(area + (self.payable * flows).sum())


@dataclass(frozen=True, eq=False)
class Solved:
    """Flows (K, E), relative gap of every iteration, and whether the gap asked for was met."""

    flows: Floats
    gaps: tuple[float, ...]
    converged: bool
    seconds: float
    paths: int = 0


@dataclass
class Watch:
    """The stopping rule: counts iterations, keeps gaps, reports progress."""

    gap: float
    max_iterations: int
    progress: Progress | None = None
    gaps: list[float] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def done(self, total: float, least: float) -> bool:
        """Note the gap of these costs; return whether to stop."""
        gap = (total - least) / total if total > 0 else 0.0
        self.gaps.append(gap)
        if self.progress is not None:
            self.progress(len(self.gaps), gap)
        return gap <= self.gap or len(self.gaps) >= self.max_iterations

    def solved(self, flows: Floats, paths: int = 0) -> Solved:
        """Return the flows with what was watched."""
        seconds = time.perf_counter() - self.started
        return Solved(flows, tuple(self.gaps), self.gaps[-1] <= self.gap, seconds, paths)


def step_length(
    function: CostFunction, total: Floats, direction: Floats, fixed: float, *, rounds: int = 40
) -> float:
    """Return the step in [0, 1] that makes the objective least along a direction.

    Parameters
    ----------
    total, direction
        Flow of all classes and its change, (E,).
    fixed
        Change of the fixed costs over the whole step.
    """

    def slope(step: float) -> float:
        moved = np.maximum(total + step * direction, 0.0)
        return float(function.cost(moved) @ direction) + fixed

    at_start = slope(0.0)
    if at_start >= 0.0:
        return 0.0
    if slope(1.0) <= 0.0:
        return 1.0
    low, high, step = 0.0, 1.0, 0.5
    square = direction * direction
    curve = float(function.derivative(np.maximum(total, 0.0)) @ square)
    if curve > 0.0 and 0.0 < -at_start / curve < 1.0:
        step = -at_start / curve
    for _ in range(rounds):
        value = slope(step)
        if value > 0.0:
            high = step
        else:
            low = step
        if abs(value) <= 1e-12 * -at_start or high - low <= 1e-15:
            break
        moved = np.maximum(total + step * direction, 0.0)
        curve = float(function.derivative(moved) @ square)
        newton = step - value / curve if curve > 0.0 else low
        step = newton if low < newton < high else 0.5 * (low + high)
    return step
