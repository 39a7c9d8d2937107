"""Structural paths: chains of industries through which a stressor reaches final demand.

Question owned: which paths carry a total, and how much do those that are not shown carry at most?

Public names
    structural_paths   the largest paths, by coverage, count, size or depth, with a proven rest
    stream_paths       all paths down to a size, in chunks, never all in memory
    Paths              what comes back

Terms: w intensities per money of output, f final demand by place of production, m = L'|w|.

    w'L f = sum over paths of w_i0 a_i0i1 ... a_ik-1,ik f_ik
    value of a path's head i    m_i a ... f: all that comes through it, longer paths included

A walk from final demand upstream goes on while the value of the head is at least `smallest`. What
is left out is the sum of the values where it stopped: exactly, up to the certified error of m, so

    total = sum of paths + e,   |e| <= left_out,   equality when w, f >= 0 .

The size that reaches a coverage is found by drawing paths at random in proportion to what they
contribute (the share of draws that end above a size is its coverage); the walk then proves it.

Source: Defourny & Thorbecke (1984); Treloar (1997); Lenzen (2003); bounds as in Peters & Hertwich
(2006).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from io_tables.table import RegionalTable
from model.accounts import account_of
from model.errors import ShapeError, TooLarge
from model.leontief.align import align, positions
from model.leontief.products import FloatArray
from model.paths import _kernels
from model.paths.graph import PathGraph, path_graph
from model.solve import Leontief
from model.stressors import final_use_of

Demand: TypeAlias = "str | tuple[str, str] | pd.Series[float] | None"
DEEPEST = 60
"""Steps from final demand at which a walk turns back when no depth is given."""
DRAWS = 20_000
LEVELS = 200
MOST_PATHS = 2e10
"""Paths above which a coverage is refused: a walk meets some 50 million in a second."""
TRIES = 60
ROUNDING = 1e-11
"""Allowance for rounded running sums, relative to the total."""


@dataclass(frozen=True, eq=False)
class Paths:
    """The largest paths behind a total.

    Attributes
    ----------
    frame
        One row per path, largest first: value, share of the total, cumulative share, steps
        (0 is the direct effect), path (industries from the stressor to final demand, in words).
    nodes
        (k, longest) row positions in the table from the stressor to final demand, -1 beyond.
    labels
        (region, sector) of the positions.
    total
        w'L f.
    covered
        Sum of |values| of all paths that were met, those not listed included.
    left_out
        Bound on the sum of |values| of all other paths.
    n_paths
        How many were met.
    smallest
        Value of a path's head down to which all were met.
    by_steps
        Sum of |values| met, by number of steps.
    gap
        (covered + left_out - total of |w|) over the total of |w|: rounding and the error of m.
    of, units
        What is counted.
    """

    frame: pd.DataFrame
    nodes: np.ndarray
    labels: pd.MultiIndex
    total: float
    covered: float
    left_out: float
    n_paths: int
    smallest: float
    by_steps: pd.Series[float]
    gap: float
    of: str
    units: str

    @property
    def coverage(self) -> float:
        """Covered over covered and left out."""
        whole = self.covered + self.left_out
        return self.covered / whole if whole > 0 else 1.0


def structural_paths(
    table: RegionalTable,
    of: str | pd.Series[float] = "value_added",
    demand: Demand = None,
    *,
    coverage: float | None = None,
    count: int | None = None,
    smallest: float | None = None,
    depth: int | None = None,
    listed: int = 1000,
    seed: int = 0,
) -> Paths:
    """Find the paths that carry a total.

    Parameters
    ----------
    of
        Account, or Series of intensities (`model.accounts`).
    demand
        None for all final demand; a region for that of its residents; (region, sector) for one
        money of demand for that product (its multiplier); or a Series of money by place of
        production, 0 where it names nothing.
    coverage
        Share of the total that all paths met must reach, below 1.
    count
        The so many largest paths, for certain. Without any of the three: the 100 largest.
    smallest
        Meet all paths whose head carries at least this much, in units of the account.
    depth
        Most steps from final demand.
    listed
        Paths that are listed, the largest of those met.
    seed
        Of the draws that find the size for a coverage.

    Returns
    -------
    Paths; their sum and what is left out make up the total.

    Raises
    ------
    ShapeError
        For more than one stopping rule, a coverage outside 0 to 1, or A with negative entries.
    TooLarge
        When a coverage needs more than 20 billion paths, with the estimate; ask for less.
    UnknownLabel
        For industries, regions and accounts that the table does not have.
    """
    rules = [rule for rule in (coverage, count, smallest) if rule is not None]
    if len(rules) > 1:
        raise ShapeError("paths stop by coverage, by count or by size: give one of the three.")
    if coverage is not None and not 0.0 < coverage < 1.0:
        raise ShapeError(f"coverage must lie between 0 and 1; found {coverage}.")
    walker, units, name, signed_total = _walker(table, of, demand, depth)
    if coverage is not None:
        _walk_to_coverage(walker, coverage, listed, seed)
    elif smallest is not None:
        walker.walk(float(smallest), listed)
    else:
        _walk_to_count(walker, 100 if count is None else int(count))
    return _result(walker, table, signed_total, name, units)


def stream_paths(
    table: RegionalTable,
    of: str | pd.Series[float] = "value_added",
    demand: Demand = None,
    *,
    smallest: float,
    depth: int | None = None,
    chunk: int = 100_000,
) -> Iterator[tuple[FloatArray, np.ndarray]]:
    """Give all paths whose head carries at least `smallest`, in chunks.

    Parameters
    ----------
    of, demand, smallest, depth
        As in `structural_paths`.
    chunk
        Paths at a time.

    Yields
    ------
    values (k,) and nodes (k, longest), row positions from the stressor to final demand, -1 beyond;
    in the order of the walk, not by size.
    """
    walker, *_ = _walker(table, of, demand, depth)
    walker.start(float(smallest), 0)
    while True:
        values, nodes = walker.go_on(chunk)
        if values.size:
            yield values, nodes
        if walker.done:
            return


class _Walker:
    """A walk through a path graph: its roots, its state and what it has met."""

    def __init__(self, graph: PathGraph, demand: FloatArray, deepest: int) -> None:
        self.graph, self.deepest = graph, deepest
        value = graph.multiplier * np.abs(demand)
        order = np.argsort(-value, kind="stable")
        self.roots = order[value[order] > 0].astype(np.int64)
        self.root_value = np.ascontiguousarray(value[self.roots])
        self.root_sign = np.where(demand[self.roots] < 0, -1.0, 1.0)
        self.whole = float(self.root_value.sum())
        self.smallest = 0.0

    def start(self, smallest: float, listed: int, *, prune: bool = False) -> None:
        """Forget everything and begin anew."""
        self.smallest, self.prune = max(smallest, np.finfo(np.float64).tiny), prune
        levels = 2 * (self.deepest + 2)
        self.state = np.array([-1, 0, 0, 0, 0], dtype=np.int64)
        self.sums, self.by_depth = np.zeros(2), np.zeros(self.deepest + 1)
        ints = np.zeros((3, levels), dtype=np.int64)
        floats = np.zeros((2, levels))
        self.stack = (ints[0], ints[1], floats[0], floats[1], ints[2])
        self.heap = (
            np.zeros(listed),
            np.zeros((listed, self.deepest + 1), dtype=np.int32),
            np.zeros(listed, dtype=np.int64),
        )

    def go_on(self, chunk: int) -> tuple[FloatArray, np.ndarray]:
        """Walk on; write at most `chunk` paths (0: write none and walk to the end)."""
        g = self.graph
        values = np.zeros(chunk)
        paths = np.zeros((chunk, self.deepest + 1), dtype=np.int32)
        lengths = np.zeros(chunk, dtype=np.int64)
        written = _kernels.walk(
            g.n, g.first, g.width, g.child, g.share, g.stop, g.rest, g.sign, g.ahead, g.sums_to,
            self.roots, self.root_value, self.root_sign, self.smallest, self.deepest, self.prune,
            self.state, self.sums, self.by_depth, *self.stack, *self.heap, values, paths, lengths,
        )  # fmt: skip
        return values[:written], _from_stressor(paths[:written], lengths[:written])

    def walk(self, smallest: float, listed: int, *, prune: bool = False) -> None:
        """Walk all the way."""
        self.start(smallest, listed, prune=prune)
        self.go_on(0)

    @property
    def done(self) -> bool:
        """Whether nothing is left to walk."""
        return bool(self.state[0] < 0 and self.state[1] >= self.roots.size)

    def draws(self, seed: int) -> tuple[FloatArray, FloatArray]:
        """Value and contribution of paths drawn in proportion to their contribution."""
        g = self.graph
        value, gives = np.zeros(DRAWS), np.zeros(DRAWS)
        uniform = np.random.default_rng(seed).random((DRAWS, LEVELS))
        _kernels.draw(
            g.n, g.first, g.width, g.child, g.share, g.stop, g.rest, self.roots, self.root_value,
            uniform, self.deepest, value, gives,
        )  # fmt: skip
        return value, gives


def _walk_to_coverage(walker: _Walker, coverage: float, listed: int, seed: int) -> None:
    value, gives = walker.draws(seed)
    # Two standard errors on the safe side, so that one walk is nearly always enough.
    missed = 1.0 - coverage - 2.0 * np.sqrt(coverage * (1.0 - coverage) / value.size)
    smallest = float(np.quantile(value, max(missed, 0.0))) if walker.whole > 0 else 0.0
    for _ in range(TRIES):
        if walker.whole > 0 and smallest <= 0.0:
            raise ShapeError(
                f"no more than {100 * (value > 0).mean():.1f} % of the total lies on paths of at "
                f"most {walker.deepest} steps: allow more depth, or ask for less coverage."
            )
        met = value >= smallest
        expected = float((walker.whole / gives[met]).sum() / value.size) if met.any() else 0.0
        if expected > MOST_PATHS:
            raise TooLarge(
                f"{100 * coverage:g} % of this total lies on about {expected:.1e} paths, more "
                f"than {MOST_PATHS:.0e}: ask for less coverage, for a count, or aggregate."
            )
        walker.walk(smallest, listed)
        if walker.sums[_kernels.COVERED] >= coverage * walker.whole:
            return
        smallest *= 0.93


def _walk_to_count(walker: _Walker, count: int) -> None:
    smallest = 0.1 * walker.whole
    for _ in range(TRIES):
        walker.walk(smallest, count, prune=True)
        full = walker.state[_kernels.KEPT] == count
        if full and walker.heap[0][0] >= walker.smallest:
            break
        if walker.sums[_kernels.LEFT] <= 1e-15 * walker.whole:
            break
        smallest *= 0.1
    kept = float(walker.heap[0][: walker.state[_kernels.KEPT]].sum())
    walker.sums[_kernels.LEFT] += walker.sums[_kernels.COVERED] - kept
    walker.sums[_kernels.COVERED] = kept
    walker.state[_kernels.COUNT] = walker.state[_kernels.KEPT]


def _walker(
    table: RegionalTable, of: str | pd.Series[float], demand: Demand, depth: int | None
) -> tuple[_Walker, str, str, float]:
    if depth is not None and depth < 0:
        raise ShapeError(f"depth must not be negative; found {depth}.")
    account = account_of(table, of)
    f, unit_demand = _demand(table, demand)
    graph = path_graph(Leontief(table), account.intensity)
    walker = _Walker(graph, f, DEEPEST if depth is None else int(depth))
    total = float(np.where(graph.multiplier > 0, graph.multiplier, 0.0) @ f)
    if (account.intensity < 0).any():
        solved = Leontief(table).solve_transposed(account.intensity).raise_for_status().x
        total = float(np.asarray(solved) @ f)
    units = f"{account.units} per {table.unit}" if unit_demand else account.units
    return walker, units, account.name, total


def _demand(table: RegionalTable, demand: Demand) -> tuple[FloatArray, bool]:
    n = len(table.labels)
    if demand is None:
        return np.asarray(table.f.to_numpy(), dtype=np.float64), False
    if isinstance(demand, str):
        use = final_use_of(table)
        if demand in use.outside:
            return use.values[:, use.destinations.index(demand)].copy(), False
        return use.values[:, int(table.region_positions([demand])[0])].copy(), False
    if isinstance(demand, tuple):
        out = np.zeros(n)
        out[positions([demand], table.labels)] = 1.0
        return out, True
    rows = positions(demand.index, table.labels)
    out = np.zeros(n)
    np.add.at(out, rows, demand.to_numpy(dtype=np.float64))
    return align(out, n, table.labels, "demand").columns[:, 0], False


def _from_stressor(paths: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Turn paths around, (k, longest), -1 beyond: walks begin at final demand, paths end there."""
    longest = int(lengths.max(initial=1))
    at = lengths[:, None] - 1 - np.arange(longest)
    return np.where(at >= 0, np.take_along_axis(paths, np.maximum(at, 0), axis=1), -1)


def _result(walker: _Walker, table: RegionalTable, total: float, name: str, units: str) -> Paths:
    kept = int(walker.state[_kernels.KEPT])
    values, paths, lengths = (part[:kept] for part in walker.heap)
    # Equal values in the order of their nodes: the same list whatever the walk.
    nodes = _from_stressor(paths, np.abs(lengths))
    order = np.lexsort((*nodes.T[::-1], -values)) if kept else np.zeros(0, dtype=np.intp)
    values, nodes = (values * np.sign(lengths))[order], nodes[order]
    share = values / total if total else np.zeros_like(values)
    words = _words(nodes, table.labels.tolist())
    frame = pd.DataFrame(
        {
            "value": values,
            "share": share,
            "cumulative": np.cumsum(share),
            "steps": np.abs(lengths)[order] - 1,
            "path": words,
        }
    )
    covered, left = (float(v) for v in walker.sums[:2])
    whole = max(walker.whole, np.finfo(np.float64).tiny)
    steps = walker.by_depth[: int(np.flatnonzero(walker.by_depth).max(initial=0)) + 1]
    return Paths(
        frame=frame,
        nodes=nodes,
        labels=table.labels,
        total=total,
        covered=covered,
        left_out=left + (walker.graph.error + ROUNDING) * walker.whole,
        n_paths=int(walker.state[_kernels.COUNT]),
        smallest=walker.smallest,
        by_steps=pd.Series(steps, pd.RangeIndex(len(steps), name="steps"), name=name),
        gap=(covered + left - walker.whole) / whole,
        of=name,
        units=units,
    )


def _words(nodes: np.ndarray, labels: Sequence[tuple[str, str]]) -> list[str]:
    return [
        " > ".join(" / ".join(map(str, labels[k])) for k in row if k >= 0) for row in nodes.tolist()
    ]
