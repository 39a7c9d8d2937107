"""What a graph with its matrix known keeps, and the pieces of what it answers.

Public names
------------
Room : weights that an edit is put into and taken out of again
Known : least weights of candidates
Moved, Block, Gains : ends that changed; rows or columns that differ; cells that got lower
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from networks.sweeps.matrix import SortedEnds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Room:
    """Weights that an edit is put into and taken out of again."""

    up: Floats
    down: Floats
    weights: Floats
    waiting: Flags
    before: list[tuple[Int32s, Floats, Floats]]  # edges that changed, and what they weighed


@dataclass(frozen=True, eq=False)
class Known:
    """Least weights of candidates: to ends (T, D), from starts (T, O), between (T, T) if few."""

    place: Ints  # of each node among the candidates, or -1
    ahead: Floats
    back: Floats
    between: Floats | None


@dataclass(frozen=True, eq=False)
class Moved:
    """All ends of all zones with some of them changed, and the zones that have these."""

    zones: SortedEnds
    which: Flags


@dataclass(frozen=True, eq=False)
class Gains:
    """Cells of a matrix that new arcs lower.

    Attributes
    ----------
    rows
        Where they may lie, (O,).
    cells, values
        Positions in the flat matrix, ascending, and the new least weights there, (n,).
    """

    rows: Flags
    cells: Ints
    values: Floats


@dataclass(frozen=True, eq=False)
class Block:
    """Rows (axis 0) or columns (axis 1) of a matrix: which, and what they are, one in a row."""

    axis: int
    which: Ints
    values: Floats
