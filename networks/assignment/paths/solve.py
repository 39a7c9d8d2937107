"""User equilibrium by moving path flows: gradient projection on ever better quadratic models.

Public names
------------
solve_paths : flows by class, from flows on stored paths

Terms
-----
The *store* is what ``networks.assignment.paths._kernels`` describes. One iteration finds the
least-cost paths at the present flows, stores the new ones, and then, some rounds over, moves flow
of every pair towards its cheapest path with link costs taken as linear. Near equilibrium that is a
Newton step, so the gap falls to the rounding of the machine. Where it goes too far, BPR costs are
followed along their curve, pair by pair; with other functions the change is made as far as makes
the true objective least.

Source: R. Jayakrishnan, W. Tsai, J. Prashker and S. Rajadhyaksha (1994), A faster path-based
algorithm for traffic assignment, Transportation Research Record 1443.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from networks.assignment._kernels import tree
from networks.assignment.costs import Bpr
from networks.assignment.equilibrium import Problem, Solved, Watch, step_length
from networks.assignment.paths import _kernels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS = 4  # moves on new linear costs before least-cost paths are looked for again
SWEEPS = 20
ENOUGH = 0.05  # a move ends when the excess cost on linear costs has fallen to this share
ROUNDING = 1e-15  # of changes of flows, relative to the flows
SAME = 1e-14  # paths whose costs differ by less, relatively, are equally good


@dataclass
class _Store:
    """Paths of all pairs, ordered by pair; arrays that are replaced as they grow."""

    pool: Ints
    start: Ints
    length: Ints
    pair_of: Ints
    flow: Floats
    used: int = 0
    count: int = 0

    def make_room(self, paths: int, links: int) -> None:
        """Have space for so many more paths and links."""
        if self.used + links > len(self.pool):
            self.pool = np.resize(self.pool, 2 * (self.used + links))
        if self.count + paths > len(self.start):
            size = 2 * (self.count + paths)
            self.start, self.length = np.resize(self.start, size), np.resize(self.length, size)
            self.pair_of = np.resize(self.pair_of, size)
            self.flow = np.concatenate([self.flow[: self.count], np.zeros(size - self.count)])

    def trimmed(self) -> tuple[Ints, Ints, Ints]:
        """Return start, length and pair of the paths that are there."""
        return self.start[: self.count], self.length[: self.count], self.pair_of[: self.count]


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs with trips, by class and origin; ``groups`` are (class, origin, first, last)."""

    of_class: Ints
    node: Ints
    demand: Floats
    groups: list[tuple[int, int, int, int]]


def _pairs(problem: Problem) -> _Pairs:
    wanted = problem.demand > 0
    own = np.arange(wanted.shape[1])
    wanted[:, own, own] = False
    of_class, origin, destination = np.nonzero(wanted)
    code = of_class * wanted.shape[1] + origin
    edges = np.flatnonzero(np.diff(code, prepend=-1, append=-1))
    groups = [
        (int(of_class[a]), int(problem.graph.zone_nodes[origin[a]]), int(a), int(b))
        for a, b in pairwise(edges)
    ]
    return _Pairs(
        of_class.astype(np.int64),
        problem.graph.zone_nodes[destination],
        problem.demand[of_class, origin, destination],
        groups,
    )


def solve_paths(problem: Problem, watch: Watch) -> Solved:
    """Return equilibrium flows (K, E); arguments as for the methods by links."""
    function = problem.function
    pairs = _pairs(problem)
    none = np.zeros(0, dtype=np.int64)
    store = _Store(none, none, none, none, np.zeros(0))
    flows = np.zeros_like(problem.fixed)
    now = function.cost(flows.sum(axis=0))
    while True:
        least = _find_paths(problem, pairs, store, now)
        if not flows.any():  # all trips on the paths of the empty network
            store.flow[: store.count] = pairs.demand[store.pair_of[: store.count]]
            flows = _link_flows(problem, pairs, store)
            now = function.cost(flows.sum(axis=0))
            if watch.max_iterations > 1 and len(pairs.demand):
                continue
            least = problem.load(now)[1]
        if watch.done(problem.total_cost(now, flows), least):
            return watch.solved(flows, store.count)
        for _ in range(ROUNDS):
            flows, moved = _move(problem, pairs, store, flows)
            if not moved:
                break
        fresh = np.empty_like(store.pool)
        store.used, store.count = _kernels.drop_unused(
            store.pool, *store.trimmed(), store.flow[: store.count], fresh
        )
        store.pool = fresh
        now = function.cost(flows.sum(axis=0))


def _link_flows(problem: Problem, pairs: _Pairs, store: _Store) -> Floats:
    start, length, pair_of = store.trimmed()
    flows = np.empty_like(problem.fixed)
    _kernels.flows_of_paths(
        store.pool, start, length, pairs.of_class[pair_of], store.flow[: store.count], flows
    )
    return flows


def _find_paths(problem: Problem, pairs: _Pairs, store: _Store, now: Floats) -> float:
    """Store the least-cost paths that are new; return the sum of demand times least cost."""
    graph = problem.graph
    cost = now + problem.fixed
    indptr, order = graph.rows
    n = len(graph.nodes)
    distance, via, settled = np.empty(n), np.empty(n, np.int64), np.empty(n, np.int64)
    heap_key, heap_node = np.empty(len(order) + 1), np.empty(len(order) + 1, np.int64)
    start, length, pair_of = store.trimmed()
    path_cost = np.empty(store.count)
    _kernels.costs_of_paths(store.pool, start, length, pairs.of_class[pair_of], cost, path_cost)
    first = np.searchsorted(pair_of, np.arange(len(pairs.demand) + 1)).astype(np.int64)
    wanted = np.zeros(len(pairs.demand), dtype=bool)
    total = 0.0
    before = store.count
    for of_class, origin, low, high in pairs.groups:
        tree(
            indptr,
            order,
            graph.heads,
            cost[of_class],
            graph.through,
            origin,
            distance,
            via,
            settled,
            heap_key,
            heap_node,
        )
        part, paths, links = _kernels.price_pairs(
            distance,
            via,
            graph.tails,
            pairs.node,
            pairs.demand,
            low,
            high,
            first,
            path_cost,
            SAME,
            wanted,
        )
        total += part
        if paths:
            store.make_room(paths, links)
            store.used, store.count = _kernels.append_paths(
                via,
                graph.tails,
                pairs.node,
                low,
                high,
                wanted,
                store.pool,
                store.used,
                store.start,
                store.length,
                store.pair_of,
                store.count,
            )
    if store.count > before:
        _sort(store, before)
    return total


def _sort(store: _Store, before: int) -> None:
    """Put the paths in the order of their pairs; new ones carry nothing yet."""
    store.flow[before : store.count] = 0.0
    by_pair = np.argsort(store.pair_of[: store.count], kind="stable")
    for name in ("start", "length", "pair_of", "flow"):
        values = getattr(store, name)
        values[: store.count] = values[: store.count][by_pair]


def _move(problem: Problem, pairs: _Pairs, store: _Store, flows: Floats) -> tuple[Floats, bool]:
    """Move path flows once on linear costs and as far as serves; return flows (K, E)."""
    total = flows.sum(axis=0)
    model = problem.function.cost(total)
    slope = problem.function.derivative(total)
    start, length, pair_of = store.trimmed()
    first = np.searchsorted(pair_of, np.arange(len(pairs.demand) + 1)).astype(np.int64)
    old = store.flow[: store.count].copy()
    path_flow = store.flow[: store.count]
    _kernels.shift(
        store.pool,
        start,
        length,
        first,
        pairs.of_class,
        problem.payable,
        slope,
        SWEEPS,
        ENOUGH,
        model,
        path_flow,
    )
    whole = path_flow.copy()
    moved = _link_flows(problem, pairs, store)
    direction = moved - flows
    change = direction.sum(axis=0)
    fixed = float((problem.payable * direction).sum())
    now = problem.function.cost(total)
    at_start = float(now @ change) + fixed
    at_end = float(problem.function.cost(moved.sum(axis=0)) @ change) + fixed
    # The descent is of second order in what is left to move: close to equilibrium it drowns in
    # rounding while the moves still serve, so they are then made whole.
    noise = ROUNDING * float(now @ total)
    if at_end <= max(0.5 * -at_start, noise):
        return moved, True
    if at_start >= 0.0:
        path_flow[:] = old
        return flows, False
    path_flow[:] = old
    if isinstance(problem.function, Bpr):  # the curves bend up too much for lines to serve
        _kernels.shift_bpr(
            store.pool,
            start,
            length,
            first,
            pairs.of_class,
            problem.payable,
            problem.function.shape,
            total.copy(),
            path_flow,
        )
        return _link_flows(problem, pairs, store), True
    step = step_length(problem.function, total, change, fixed)
    path_flow[:] = old + step * (whole - old)
    return _link_flows(problem, pairs, store), True
