"""A matrix transposed block by block, so that both sides are read and written near each other.

Question owned: how is a large matrix turned without a cache miss for every number?

Public names: turn.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BLOCK = 16
"""Rows and columns transposed together."""


@njit(cache=True, nogil=True)
def turn(source: FloatArray, out: FloatArray) -> None:
    """out[c, r] = source[r, c] for source (R, C), out (C, R): block by block."""
    n_rows, n_columns = source.shape
    for top in range(0, n_rows, BLOCK):
        for left in range(0, n_columns, BLOCK):
            for c in range(left, min(left + BLOCK, n_columns)):
                for r in range(top, min(top + BLOCK, n_rows)):
                    out[c, r] = source[r, c]
