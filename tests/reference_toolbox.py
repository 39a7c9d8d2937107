"""Slow twins of the input-output toolbox: dense inverses, one case at a time; nothing of ours."""

from __future__ import annotations

from itertools import permutations

import numpy as np


def inverse(matrix):
    return np.linalg.inv(np.eye(len(matrix)) - matrix)


def cv(values):
    """Standard deviation with n - 1 over the mean, by loops."""
    n = len(values)
    mean = sum(values) / n
    return (sum((v - mean) ** 2 for v in values) / (n - 1)) ** 0.5 / mean


def pure_linkages(matrix, f, j):
    """GHS backward and forward linkages of one industry from partitioned inverses."""
    n = len(f)
    rest = [i for i in range(n) if i != j]
    alone = 1.0 / (1.0 - matrix[j, j])
    others = inverse(matrix[np.ix_(rest, rest)])
    backward = (others @ matrix[rest, j] * alone * f[j]).sum()
    forward = alone * matrix[j, rest] @ others @ f[rest]
    return backward, forward


def extracted(matrix, f, rows, how, buyers=None, cut=None):
    """Output after an extraction, by solving the changed table anew."""
    n = len(f)
    rest = [i for i in range(n) if i not in set(rows)]
    changed, demand = matrix.copy(), f.copy()
    if buyers is not None:
        changed[np.ix_(rows, buyers)] = 0.0
        if cut is not None:
            demand[rows] -= cut
    elif how == "complete":
        changed[rows, :] = 0.0
        changed[:, rows] = 0.0
        demand[rows] = 0.0
    elif how == "isolated":
        changed[np.ix_(rows, rest)] = 0.0
        changed[np.ix_(rest, rows)] = 0.0
    elif how == "backward":
        changed[:, rows] = 0.0
    elif how == "forward":
        changed[rows, :] = 0.0
    elif how == "forward_ghosh":
        x = inverse(matrix) @ f
        sales = matrix * x[None, :] / x[:, None]
        primary = x - sales.T @ x
        sales[rows, :] = 0.0
        return np.linalg.solve((np.eye(n) - sales).T, primary)
    return np.linalg.solve(np.eye(n) - changed, demand)


def output_limit(matrix, f, i, j, tolerance):
    """Largest increase of a_ij that moves no output by more than the tolerance, by bisection."""
    x = inverse(matrix) @ f

    def moves(change):
        new = matrix.copy()
        new[i, j] += change
        found = inverse(new) @ f
        return np.abs(found / x - 1.0).max()

    return _bisect(moves, tolerance)


def inverse_limit(matrix, i, j, tolerance):
    """The same for every cell of the inverse."""
    before = inverse(matrix)

    def moves(change):
        new = matrix.copy()
        new[i, j] += change
        after = inverse(new)
        return np.nanmax(np.where(before > 0, np.abs(after / before - 1.0), np.nan))

    return _bisect(moves, tolerance)


def _bisect(moves, tolerance):
    low, high = 0.0, 1e-3
    while moves(high) < tolerance:
        high *= 2.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if moves(middle) < tolerance else (low, middle)
    return 0.5 * (low + high)


def propagation(matrix, rounds=3000):
    """Average propagation lengths by adding up rounds."""
    power = np.eye(len(matrix))
    weighted = np.zeros_like(matrix)
    total = np.zeros_like(matrix)
    for k in range(1, rounds + 1):
        power = power @ matrix
        weighted += k * power
        total += power
    with np.errstate(invalid="ignore", divide="ignore"):
        return weighted / total


def upstreamness(matrix, f, rounds=3000):
    """Mean distance to final use by adding up rounds."""
    x = inverse(matrix) @ f
    part, out = f.copy(), np.zeros_like(f)
    for k in range(1, rounds + 1):
        out += k * part
        part = matrix @ part
    return out / x


def best_order(flows):
    """The best triangulation of all, by trying every order."""
    n = len(flows)
    best = -1.0
    for order in permutations(range(n)):
        best = max(best, sum(flows[order[a], order[b]] for a in range(n) for b in range(a + 1, n)))
    return best


def mixed(matrix, f, rows, given):
    """Partitioned solution with output of `rows` given: output and final demand."""
    n = len(f)
    rest = [i for i in range(n) if i not in set(rows)]
    x, final = np.zeros(n), f.copy()
    x[rows] = given
    right = f[rest] + matrix[np.ix_(rest, rows)] @ x[rows]
    x[rest] = np.linalg.solve(np.eye(len(rest)) - matrix[np.ix_(rest, rest)], right)
    final[rows] = x[rows] - matrix[rows] @ x
    return x, final


def proportional(matrix, x, f, n_sectors, room, spare, rounds=20000):
    """Shortages offered in equal shares, by loops over buyers and products."""
    n = len(x)
    n_regions = n // n_sectors
    able = room.copy()
    for _ in range(rounds):
        new = room.copy()
        for j in range(n):
            for p in range(n_sectors):
                rows = [r * n_sectors + p for r in range(n_regions)]
                bought = sum(matrix[i, j] for i in rows)
                if bought > 0:
                    share = sum(matrix[i, j] * able[i] for i in rows) / bought
                    new[j] = min(new[j], share + spare[p], 1.0)
        if np.abs(new - able).max() < 1e-13:
            break
        able = new
    made = able * x
    for _ in range(rounds):
        bought = np.array(
            [
                sum(
                    matrix[i, j] * (min(made[j], able[i] * x[j]) if able[i] < 1 else made[j])
                    for j in range(n)
                )
                for i in range(n)
            ]
        )
        new = np.minimum(able * x, bought + f)
        if np.abs(new - made).max() < 1e-13 * x.max():
            break
        made = new
    return able, made, made - bought
