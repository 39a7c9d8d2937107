"""Slow twins of the Leontief engine, in plain loops and exact fractions; nothing of ours inside."""

from __future__ import annotations

from fractions import Fraction

import numpy as np


def pooled_matrix(technology, trade):
    """A[(r,i),(s,j)] = t_i^rs a_ij^s by four loops."""
    n_products, n_regions, _ = trade.shape
    out = np.zeros((n_regions * n_products, n_regions * n_products))
    for r in range(n_regions):
        for i in range(n_products):
            for s in range(n_regions):
                for j in range(n_products):
                    block = technology if technology.ndim == 2 else technology[s]
                    out[r * n_products + i, s * n_products + j] = trade[i, r, s] * block[i, j]
    return out


def gravity_trade(
    cost, decay, weights, *, kernel="power", group=None, factors=None, home=None, cost_of=None
):
    """t_i^rs = w h k / sum w h k by loops; factors (S, G, G) or (G, G), home (S, R)."""
    n_regions, n_products = weights.shape
    costs = cost if cost.ndim == 3 else cost[None]
    out = np.zeros((n_products, n_regions, n_regions))
    for i in range(n_products):
        c = costs[0 if cost_of is None else cost_of[i]]
        for s in range(n_regions):
            for r in range(n_regions):
                k = c[r, s] ** -decay[i] if kernel == "power" else np.exp(-decay[i] * c[r, s])
                if factors is not None:
                    table = factors if factors.ndim == 2 else factors[i]
                    k *= table[group[r], group[s]]
                if home is not None and r == s:
                    k *= home[i, s]
                out[i, r, s] = weights[r, i] * k
            out[i, :, s] /= out[i, :, s].sum()
    return out


def exact_product(left, right):
    """Matrix product of two float matrices in exact fractions, as lists of lists."""
    a = [[Fraction(float(v)) for v in row] for row in left]
    b = [[Fraction(float(v)) for v in row] for row in right]
    return [
        [sum((a[i][k] * b[k][j] for k in range(len(b))), Fraction(0)) for j in range(len(b[0]))]
        for i in range(len(a))
    ]


def exact_solve(matrix, rhs):
    """Solve (I - A) x = f in exact fractions; None when I - A is singular."""
    n = len(rhs)
    rows = [
        [Fraction(int(i == j)) - Fraction(matrix[i][j]) for j in range(n)] + [Fraction(rhs[i])]
        for i in range(n)
    ]
    for column in range(n):
        pivot = next((r for r in range(column, n) if rows[r][column] != 0), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        top = rows[column]
        for r in range(column + 1, n):
            if rows[r][column] != 0:
                factor = rows[r][column] / top[column]
                rows[r] = [a - factor * b for a, b in zip(rows[r], top, strict=True)]
    x = [Fraction(0)] * n
    for i in reversed(range(n)):
        tail = sum((rows[i][j] * x[j] for j in range(i + 1, n)), Fraction(0))
        x[i] = (rows[i][n] - tail) / rows[i][i]
    return x


def exact_gap(exact, found):
    """sum |x - x_hat| and max |x - x_hat| as floats, rounded up by the last bit."""
    gaps = [abs(e - Fraction(float(v))) for e, v in zip(exact, found, strict=True)]
    return float(sum(gaps, Fraction(0))), float(max(gaps))


def split_multipliers(matrix, region_of, weights):
    """total, intraregional, feedback, spillover of each column from dense inverses."""
    n = len(weights)
    region_of = np.asarray(region_of)
    inverse = np.linalg.inv(np.eye(n) - matrix)
    out = np.zeros((4, n))
    for j in range(n):
        own = np.flatnonzero(region_of == region_of[j])
        block = np.linalg.inv(np.eye(own.size) - matrix[np.ix_(own, own)])
        alone = sum(weights[i] * block[a, list(own).index(j)] for a, i in enumerate(own))
        inside = sum(weights[i] * inverse[i, j] for i in own)
        total = sum(weights[i] * inverse[i, j] for i in range(n))
        out[:, j] = total, alone, inside - alone, total - inside
    return out


def ledger(matrix, rows, stimulus):
    """intraregional, feedback, spillover (3, n) of a stimulus on the rows of a pole."""
    n = len(stimulus)
    whole = np.linalg.inv(np.eye(n) - matrix) @ stimulus
    block = np.linalg.inv(np.eye(len(rows)) - matrix[np.ix_(rows, rows)])
    out = np.zeros((3, n))
    out[0, rows] = block @ stimulus[rows]
    out[1, rows] = whole[rows] - out[0, rows]
    out[2] = whole
    out[2, rows] = 0.0
    return out


def near_pooled_matrix(matrix, flows, n_regions):
    """Own blocks as they are; what is bought elsewhere summed over origins, spread by flows."""
    n_sectors = len(matrix) // n_regions
    out = np.zeros_like(matrix)
    for s in range(n_regions):
        here = range(s * n_sectors, (s + 1) * n_sectors)
        for i in range(n_sectors):
            abroad = [r * n_sectors + i for r in range(n_regions) if r != s]
            total = sum(flows[row, j] for row in abroad for j in here)
            for j in here:
                bought = sum(matrix[row, j] for row in abroad)
                for row in abroad:
                    share = sum(flows[row, k] for k in here) / total if total else 0.0
                    out[row, j] = share * bought
                out[s * n_sectors + i, j] = matrix[s * n_sectors + i, j]
    return out
