"""Which node may be left out before which: the order of a graph, whatever its weights.

Public names
------------
Hierarchy : the frozen order of one topology, with the edges it needs
build_hierarchy, load_hierarchy : from arcs; from a file and arcs
hierarchy_within : from arcs, unless it would be too large
topology_key : what tells one topology from another

Terms
-----
The *rank* of a node is its place in the order in which nodes are left out. Leaving out a node joins
its neighbours; the *edges* are all pairs that were ever joined. See ``networks.hierarchy._kernels``
for how they are laid out.

Source: J. Dibbelt, B. Strasser and D. Wagner, Customizable Contraction Hierarchies, ACM Journal of
Experimental Algorithmics 21 (2016); order by least degree, D. Rose (1972).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from networks.errors import InvalidNetwork, MissingNetwork
from networks.graph import by_tail
from networks.hierarchy._kernels import edges_of_arcs, minimum_degree, postorder

Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Flags = NDArray[np.bool_]
MOST = 2**31 - 2
STORED = ("rank", "indptr", "heads")


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The order of one topology and its edges; read-only arrays.

    Attributes
    ----------
    key
        Of the topology: size, tails and heads of the arcs in their order.
    rank
        Of each node, shape (N,).
    indptr, heads
        Edges by lower rank: (N + 1,), (M,).
    low_indptr, low_edges, low_tails
        Edges by higher rank: (N + 1,), their number (M,) and their lower rank (M,).
    slots, upward
        Edge of each arc (-1: a loop) and whether the arc leads to the higher rank: (E,).
    """

    key: str
    rank: Ints
    indptr: Ints
    heads: Int32s
    low_indptr: Ints
    low_edges: Int32s
    low_tails: Int32s
    slots: Int32s
    upward: Flags

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.rank)

    @property
    def triangles(self) -> int:
        """Number of triangles: what putting weights in costs."""
        degree = np.diff(self.indptr)
        return int((degree * (degree - 1) // 2).sum())

    def save(self, path: str | Path) -> Path:
        """Write the order to an ``.npz`` file; return its path."""
        path = Path(path)
        arrays: dict[str, Any] = {name: getattr(self, name) for name in STORED}
        with path.open("wb") as file:
            np.savez_compressed(file, key=np.array(self.key), **arrays)
        return path


def topology_key(size: int, tails: Ints, heads: Ints) -> str:
    """Return 32 hexadecimal digits that tell one topology from another."""
    digest = blake2b(np.int64(size).tobytes(), digest_size=16)
    for array in (tails, heads):
        digest.update(np.ascontiguousarray(array, dtype=np.int64).data)
    return digest.hexdigest()


def build_hierarchy(size: int, tails: Ints, heads: Ints) -> Hierarchy:
    """Return the hierarchy of a topology; the same arcs give the same one.

    Parameters
    ----------
    size
        Number of nodes.
    tails, heads
        Ends of the arcs, shape (E,), positions 0..size-1. Parallel arcs and loops are allowed.

    Raises
    ------
    InvalidNetwork
        Arcs that are not positions, or more of them than 32-bit numbers can count.
    """
    built, _ = hierarchy_within(size, tails, heads, float("inf"))
    assert built is not None  # nothing exceeds infinity
    return built


def hierarchy_within(
    size: int, tails: Ints, heads: Ints, most_triangles: float
) -> tuple[Hierarchy | None, float]:
    """Return the hierarchy, None when it has more triangles than ``most_triangles``, and how many.

    Parameters and errors as in ``build_hierarchy``. The count of a hierarchy that was given up is a
    lower bound.
    """
    tails, heads = _checked(size, tails, heads)
    apart = tails != heads
    a = np.concatenate([tails[apart], heads[apart]])
    b = np.concatenate([heads[apart], tails[apart]])
    pairs = np.unique(a * size + b)
    a, b = pairs // max(size, 1), pairs % max(size, 1)
    _, rows = by_tail(a, size)
    order, up_rows, up_nodes, triangles = minimum_degree(rows, b.astype(np.int32), most_triangles)
    if len(order) < size:
        return None, triangles
    place = np.empty(size, dtype=np.int64)
    place[order] = np.arange(size)
    above = place[up_nodes]
    degree = np.diff(up_rows)
    parent = np.full(size, -1, dtype=np.int64)
    joined = degree > 0
    if len(above):
        parent[joined] = np.minimum.reduceat(above, up_rows[:-1][joined])
    moved = postorder(parent)
    rank = np.empty(size, dtype=np.int64)
    rank[order] = moved
    lower, higher = np.repeat(moved, degree), moved[above]
    if len(higher) > MOST:
        raise InvalidNetwork(f"A hierarchy holds {MOST} edges; this one has {len(higher)}.")
    by_pair = np.argsort(lower * size + higher, kind="stable")
    _, indptr = by_tail(lower, size)
    built = _laid_out(rank, indptr, higher[by_pair].astype(np.int32), tails, heads)
    return built, triangles


def load_hierarchy(path: str | Path, size: int, tails: Ints, heads: Ints) -> Hierarchy:
    """Return the hierarchy saved at ``path`` for these arcs.

    Raises
    ------
    MissingNetwork
        No such file.
    InvalidNetwork
        A file that is no hierarchy, or one of another topology.
    """
    path = Path(path)
    if not path.exists():
        raise MissingNetwork(f"There is no hierarchy at {path}.")
    tails, heads = _checked(size, tails, heads)
    try:
        with np.load(path, allow_pickle=False) as saved:
            key = str(saved["key"])
            rank, indptr, up = (saved[name] for name in STORED)
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise InvalidNetwork(f"{path} is not a saved hierarchy: {error}.") from error
    if key != topology_key(size, tails, heads):
        raise InvalidNetwork(
            f"{path} is the hierarchy of another topology ({key}); build one for these arcs."
        )
    return _laid_out(rank, indptr, up, tails, heads)


def _checked(size: int, tails: Ints, heads: Ints) -> tuple[Ints, Ints]:
    tails = np.ascontiguousarray(tails, dtype=np.int64)
    heads = np.ascontiguousarray(heads, dtype=np.int64)
    if tails.shape != heads.shape or tails.ndim != 1:
        raise InvalidNetwork(
            f"Arcs need as many tails as heads; found {tails.shape} and {heads.shape}."
        )
    for name, values in (("tails", tails), ("heads", heads)):
        if len(values) and (values.min() < 0 or values.max() >= size):
            raise InvalidNetwork(
                f"The {name} of arcs are positions 0 to {size - 1}; found {values.min()} to "
                f"{values.max()}."
            )
    if max(size, len(tails)) > MOST:
        raise InvalidNetwork(f"A hierarchy holds {MOST} nodes or arcs; found more.")
    return tails, heads


def _laid_out(rank: Ints, indptr: Ints, up: Int32s, tails: Ints, heads: Ints) -> Hierarchy:
    size = len(rank)
    lower = np.repeat(np.arange(size), np.diff(indptr))
    low_edges, low_indptr = by_tail(up.astype(np.int64), size)
    a, b = rank[tails], rank[heads]
    arrays: dict[str, Any] = {
        "rank": rank,
        "indptr": indptr,
        "heads": up,
        "low_indptr": low_indptr,
        "low_edges": low_edges.astype(np.int32),
        "low_tails": lower[low_edges].astype(np.int32),
        "slots": edges_of_arcs(indptr, up, np.minimum(a, b), np.maximum(a, b)),
        "upward": a < b,
    }
    for array in arrays.values():
        array.flags.writeable = False
    return Hierarchy(key=topology_key(size, tails, heads), **arrays)
