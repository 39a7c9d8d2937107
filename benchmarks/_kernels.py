"""Kernels that measure the machine; serial, without the interpreter's lock."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@njit(nogil=True)
def triad(a: FloatArray, b: FloatArray, c: FloatArray, sweeps: int) -> None:
    """a = b + s c, `sweeps` times, in place in a; all (n,)."""
    for sweep in range(sweeps):
        s = 1.0 + sweep
        for i in range(a.shape[0]):
            a[i] = b[i] + s * c[i]
