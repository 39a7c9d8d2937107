"""Slow twins of the kernels of io_tables: plain loops over the formulas, no project imports."""

from __future__ import annotations

import math

import numpy as np


def ras(prior, row_totals, column_totals, sweeps=3000):
    """Alternate scaling, cell by cell."""
    matrix = [[float(v) for v in row] for row in prior]
    n, m = len(matrix), len(matrix[0])
    for _ in range(sweeps):
        for i in range(n):
            total = math.fsum(matrix[i])
            factor = row_totals[i] / total if total > 0 else 0.0
            matrix[i] = [v * factor for v in matrix[i]]
        for j in range(m):
            total = math.fsum(matrix[i][j] for i in range(n))
            factor = column_totals[j] / total if total > 0 else 0.0
            for i in range(n):
                matrix[i][j] *= factor
    return np.array(matrix)


def gras(prior, row_totals, column_totals, sweeps=3000):
    """Alternate the positive root of p r^2 - u r - n = 0 over rows and columns."""
    prior = np.asarray(prior, dtype=float)
    n, m = prior.shape
    r, s = [1.0] * n, [1.0] * m
    root = np.roots
    for _ in range(sweeps):
        for i in range(n):
            p = sum(prior[i, j] * s[j] for j in range(m) if prior[i, j] > 0)
            q = sum(-prior[i, j] / s[j] for j in range(m) if prior[i, j] < 0)
            r[i] = _positive_root(p, row_totals[i], q, root)
        for j in range(m):
            p = sum(prior[i, j] * r[i] for i in range(n) if prior[i, j] > 0)
            q = sum(-prior[i, j] / r[i] for i in range(n) if prior[i, j] < 0)
            s[j] = _positive_root(p, column_totals[j], q, root)
    out = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            scale = r[i] * s[j]
            out[i, j] = prior[i, j] * scale if prior[i, j] > 0 else prior[i, j] / scale
    return out


def _positive_root(p, u, q, root):
    if p == 0 and q == 0:
        return 1.0
    if p == 0:
        return -q / u
    if q == 0:
        return u / p
    return max(z.real for z in root([p, -u, -q]))


def furness(origins, destinations, kernel, sweeps=3000):
    """Gravity flows of one product by alternate balancing factors."""
    R = len(origins)
    v = [1.0] * R
    u = [1.0] * R
    for _ in range(sweeps):
        for r in range(R):
            reach = sum(v[s] * destinations[s] * kernel[r][s] for s in range(R))
            u[r] = 1.0 / reach if reach > 0 else 0.0
        for s in range(R):
            reach = sum(u[r] * origins[r] * kernel[r][s] for r in range(R))
            v[s] = 1.0 / reach if reach > 0 else 0.0
    return np.array(
        [
            [u[r] * origins[r] * v[s] * destinations[s] * kernel[r][s] for s in range(R)]
            for r in range(R)
        ]
    )


def pooled_system(domestic_use, trade_share, demand, exports, output):
    """Explicit A (N, N) and f (N,) of a pooled table, one cell at a time."""
    S, R, _ = domestic_use.shape
    n = R * S
    A, f = np.zeros((n, n)), np.zeros(n)
    for r in range(R):
        for i in range(S):
            row = r * S + i
            f[row] = exports[r, i]
            for s in range(R):
                share = trade_share[i, r, s]
                for c in range(demand.shape[2]):
                    f[row] += share * demand[s, i, c]
                for j in range(S):
                    if output[s, j] > 0:
                        A[row, s * S + j] = share * domestic_use[i, s, j] / output[s, j]
    return A, f


def product_flows(Z, Y_told, R, S):
    """F (S, R, R) [product, from, to] of an explicit table, from its flat blocks."""
    C = Y_told.shape[1] // R
    F = np.zeros((S, R, R))
    for r in range(R):
        for i in range(S):
            for s in range(R):
                for j in range(S):
                    F[i, r, s] += Z[r * S + i, s * S + j]
                for c in range(C):
                    F[i, r, s] += Y_told[r * S + i, s * C + c]
    return F
