"""What is asked of a matrix of least weights, and what is answered.

Public names
------------
Edit : arcs with new weights, new arcs, new nodes
Joins : arcs that join zones to new nodes
Outcome : the matrix after an edit, and how it was made
Method : how it was made

Terms
-----
An arc *improves* when its weight falls, *worsens* when it rises, and is *closed* by an infinite
weight. Arcs are positions in the graph, nodes likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from networks.errors import InvalidNetwork

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Method = Literal["auto", "update", "rows", "columns", "full"]


def _ints() -> Ints:
    return np.zeros(0, dtype=np.int64)


def _floats() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Joins:
    """Arcs between zones and new nodes: zones, nodes and weights, each of shape (J,)."""

    zones: Ints = field(default_factory=_ints)
    nodes: Ints = field(default_factory=_ints)
    weights: Floats = field(default_factory=_floats)


@dataclass(frozen=True, eq=False)
class Edit:
    """Arcs with new weights, new arcs and new nodes.

    Attributes
    ----------
    arcs, weights
        Positions of arcs and what they weigh now (infinite: closed), shape (C,).
    tails, heads, new_weights
        New arcs between nodes, shape (A,).
    new_nodes
        How many nodes are new: they are called N, N + 1, ... where the graph has N.
    starts, ends
        How zones start at new nodes, and how they are reached from them.
    name
        What the edit is called in reports.
    """

    arcs: Ints = field(default_factory=_ints)
    weights: Floats = field(default_factory=_floats)
    tails: Ints = field(default_factory=_ints)
    heads: Ints = field(default_factory=_ints)
    new_weights: Floats = field(default_factory=_floats)
    new_nodes: int = 0
    starts: Joins = field(default_factory=Joins)
    ends: Joins = field(default_factory=Joins)
    name: str = ""

    def __post_init__(self) -> None:
        """Give the arrays their types."""
        for name in ("arcs", "tails", "heads"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.int64))
        for name in ("weights", "new_weights"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Outcome:
    """The matrix after an edit.

    Attributes
    ----------
    weights
        Least weights (O, D). In a stream it is good until the next outcome is asked for.
    method
        ``"nothing"``, ``"update"``, ``"rows"``, ``"columns"`` or ``"full"``; two are joined by
        ``+`` when some arcs got worse and others better.
    pairs
        Pairs whose least weight used an arc that got worse.
    recomputed
        Rows or columns that were searched anew.
    rows, columns
        What may differ from the base: pairs with row and column flagged, (O,) and (D,) of bool.
    seconds
        What it took.
    name
        Of the edit.
    """

    weights: Floats
    method: str
    pairs: int
    recomputed: int
    rows: Flags
    columns: Flags
    seconds: float
    name: str = ""


def check_edit(edit: Edit, size: int, n_arcs: int, shape: tuple[int, ...]) -> None:
    """Raise InvalidNetwork for arcs or nodes that are not there and weights below zero.

    ``size`` and ``n_arcs`` are those of the graph, ``shape`` that of its matrix.
    """
    problems: list[str] = []
    if edit.arcs.shape != edit.weights.shape:
        problems.append(f"{len(edit.arcs)} arcs and {len(edit.weights)} weights for them")
    if not len(edit.tails) == len(edit.heads) == len(edit.new_weights):
        problems.append(
            f"{len(edit.tails)} tails, {len(edit.heads)} heads and {len(edit.new_weights)} weights "
            "of new arcs"
        )
    if bad := _outside(edit.arcs, n_arcs):
        problems.append(f"arcs {bad} where positions go from 0 to {n_arcs - 1}")
    if len(np.unique(edit.arcs)) < len(edit.arcs):
        problems.append("an arc that is named twice")
    most = size + edit.new_nodes
    if bad := [*_outside(edit.tails, most), *_outside(edit.heads, most)]:
        problems.append(f"nodes {bad[:5]} where positions go from 0 to {most - 1}")
    for joins, zones in ((edit.starts, shape[0]), (edit.ends, shape[1])):
        if bad := _outside(joins.nodes - size, edit.new_nodes):
            problems.append(f"zones that join nodes which are not new: {[b + size for b in bad]}")
        if bad := _outside(joins.zones, zones):
            problems.append(f"zones {bad} where positions go from 0 to {zones - 1}")
    for values in (edit.weights, edit.new_weights, edit.starts.weights, edit.ends.weights):
        if len(values) and not (values >= 0.0).all():
            problems.append(f"weights {values[~(values >= 0.0)][:5].tolist()} below zero")
    if problems:
        raise InvalidNetwork(
            f"An edit{f' ({edit.name})' if edit.name else ''} needs arcs and nodes of the graph "
            f"and weights of zero or more; found {'; '.join(problems)}."
        )


def _outside(positions: Ints, size: int) -> Sequence[int]:
    bad = (positions < 0) | (positions >= size)
    return [int(k) for k in positions[bad][:5]]
