"""Slow twins of the kernels for few vectors: plain loops, exact sums; nothing of ours inside."""

from __future__ import annotations

from math import fsum

import numpy as np


def rows(matrices, which, vectors):
    """out[b, c, r] = sum_s M[which[b], r, s] v[b, c, s], every sum exact before it is rounded."""
    out = np.empty((len(which), vectors.shape[1], matrices.shape[1]))
    for b, of in enumerate(which):
        for c in range(vectors.shape[1]):
            for r, row in enumerate(matrices[of]):
                products = (m * v for m, v in zip(row, vectors[b, c], strict=True))
                out[b, c, r] = fsum(products)
    return out


def columns(matrices, which, vectors):
    """out[b, c, s] = sum_r M[which[b], r, s] v[b, c, r]."""
    return rows(matrices.transpose(0, 2, 1), which, vectors)


def size(matrices, which, vectors):
    """sum_s |M v|: what bounds of rounding are measured in."""
    return rows(np.abs(matrices), which, np.abs(vectors))
