"""User equilibrium by moving link flows: Frank-Wolfe, plain, conjugate and biconjugate.

Public names
------------
solve_links : flows by class from one of the three methods

Formula
-------
Flows x move towards a target s by the step that makes the objective least. Plain: s = y, the flows
of everybody on least-cost paths. Conjugate and biconjugate: s - x is the combination of y - x with
the last one or two targets, s1 - x and step s1 + (1 - step) s2 - x, that is conjugate to these in
the metric of t'(v), with weights not negative, so that s can be loaded too.

Source: M. Mitradjieva and P. O. Lindberg (2013), The stiff is moving: conjugate direction
Frank-Wolfe methods with applications to traffic assignment, Transportation Science 47(2).
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from networks.assignment.equilibrium import Problem, Solved, Watch, step_length

Floats = NDArray[np.float64]
LinkMethod = Literal["fw", "cfw", "bfw"]
DEPTH: dict[LinkMethod, int] = {"fw": 0, "cfw": 1, "bfw": 2}
LONGEST = 0.99  # a conjugate target keeps this share of older ones at most, else it starts afresh
FULL_STEP = 0.99999  # after a whole step the older targets say nothing about where flows came from


def solve_links(problem: Problem, watch: Watch, method: LinkMethod = "bfw") -> Solved:
    """Return equilibrium flows (K, E).

    Parameters
    ----------
    problem
        Graph, costs and demand.
    watch
        Gap and number of iterations after which to stop.
    method
        How many older targets a direction is made conjugate to: none, one or two.
    """
    function = problem.function
    flows, _ = problem.load(function.cost(np.zeros(problem.fixed.shape[1])))
    targets: list[Floats] = []  # newest first
    step = 0.0
    while True:
        total = flows.sum(axis=0)
        now = function.cost(total)
        loaded, least = problem.load(now)
        if watch.done(problem.total_cost(now, flows), least):
            return watch.solved(flows)
        target = _target(flows, loaded, targets[: DEPTH[method]], step, function.derivative(total))
        direction = target - flows
        fixed = float((problem.payable * direction).sum())
        if float(now @ direction.sum(axis=0)) + fixed >= 0.0:
            target, targets = loaded, []
            direction = target - flows
            fixed = float((problem.payable * direction).sum())
        step = step_length(function, total, direction.sum(axis=0), fixed)
        flows = flows + step * direction
        targets = [] if step >= FULL_STEP else [target, *targets[:1]]


def _target(
    flows: Floats, loaded: Floats, targets: list[Floats], step: float, bend: Floats
) -> Floats:
    """Return the flows to move towards, (K, E)."""
    fresh = (loaded - flows).sum(axis=0)
    older = []
    if targets:
        older.append((targets[0] - flows).sum(axis=0))
    if len(targets) == 2:
        older.append((step * targets[0] + (1.0 - step) * targets[1] - flows).sum(axis=0))
    while older:
        basis = np.array(older)
        metric = (basis * bend) @ basis.T
        try:
            weights = np.linalg.solve(metric, -(basis * bend) @ fresh)
        except np.linalg.LinAlgError:
            older.pop()
            continue
        # in terms of the targets themselves: the second direction holds a part of the first target
        mixed = weights.copy()
        if len(weights) == 2:
            mixed = np.array([weights[0] + step * weights[1], (1.0 - step) * weights[1]])
        if np.isfinite(mixed).all() and (mixed >= 0.0).all():
            whole = 1.0 + mixed.sum()
            if mixed.sum() / whole > LONGEST:
                break
            made = loaded / whole
            for weight, target in zip(mixed, targets, strict=False):
                made = made + weight / whole * target
            return np.asarray(made)
        older.pop()
    return loaded
