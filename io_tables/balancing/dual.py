"""How multipliers of totals are found when scaling one total after the other is too slow.

Public names: `minimise_dual`, `newton_margins`, `newton_signed`, `Multipliers`. Inner code: trusts
its arguments.

The matrix nearest to a prior X with given totals is y = x exp(G'm), G the 0/1 matrix of what each
total adds up and m its multipliers, where m minimises the convex dual

    D(m) = sum_k x_k exp((G'm)_k) - c'm,   gradient G y - c,   Hessian G diag(y) G'.

Newton's method with a shrinking step needs tens of steps where alternate scaling needs thousands
(totals that nearly force entries to zero). The Hessian is singular wherever totals add up to each
other; a small ridge leaves the result, which is unique, as it is.
Source: Boyd & Vandenberghe (2004), sections 5.2 and 9.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import scipy.linalg

from io_tables.container.checks import Floats

LARGEST_DUAL: Final = 4_000
"""Totals up to which the dense Hessian is formed."""
_LONGEST: Final = 8.0
"""Largest change of a multiplier in one step."""


class Multipliers(NamedTuple):
    """Multipliers, the largest gap at them, and steps taken."""

    values: Floats
    gap: float
    iterations: int


def minimise_dual(
    evaluate: Callable[[Floats], tuple[float, Floats]],
    hessian: Callable[[Floats], Floats],
    scale: Floats,
    start: Floats,
    *,
    tolerance: float,
    max_iterations: int,
) -> Multipliers:
    """Minimise a convex dual by Newton steps with backtracking.

    Parameters
    ----------
    evaluate
        Objective and gradient (K,) at multipliers (K,).
    hessian
        (K, K) second derivatives there.
    scale
        (K,) what a gap is measured against.
    start
        (K,) where to begin.
    tolerance, max_iterations
        Largest |gradient| / scale wanted; steps after which to stop regardless.
    """
    point = start
    with np.errstate(over="ignore", invalid="ignore"):
        value, gradient = evaluate(point)
        gap = float(np.abs(gradient / scale).max(initial=0.0))
        for iteration in range(max_iterations):
            if gap <= tolerance:
                return Multipliers(point, gap, iteration)
            step = -_solve(hessian(point), gradient)
            length = min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
            slope = float(gradient @ step)
            better = False
            for _ in range(40):
                trial = point + length * step
                new_value, new_gradient = evaluate(trial)
                new_gap = float(np.abs(new_gradient / scale).max(initial=0.0))
                lower = np.isfinite(new_value) and new_value <= value + 1e-4 * length * slope
                better = bool(lower) or (np.isfinite(new_gap) and new_gap < gap)
                if better:
                    break
                length *= 0.5
            if not better:
                return Multipliers(point, gap, iteration)
            point, value, gradient, gap = trial, new_value, new_gradient, new_gap
    return Multipliers(point, gap, max_iterations)


def _solve(hessian: Floats, gradient: Floats) -> Floats:
    """Solve H step = gradient, H scaled to a unit diagonal and made definite by a small ridge."""
    size = np.sqrt(np.maximum(np.diagonal(hessian), 1e-300))
    scaled = hessian / size[:, None] / size
    ridge = 1e-14
    for _ in range(8):
        try:
            factor = scipy.linalg.cho_factor(scaled + ridge * np.eye(len(size)), check_finite=False)
        except np.linalg.LinAlgError:
            ridge *= 100.0
            continue
        return np.asarray(scipy.linalg.cho_solve(factor, gradient / size)) / size
    return np.asarray(gradient / size**2)


def newton_margins(
    log_prior: Floats,
    rows: Floats,
    columns: Floats,
    log_row: Floats,
    log_column: Floats,
    *,
    tolerance: float,
    max_iterations: int = 200,
) -> Multipliers:
    """Logarithms of row and column factors of one problem, rows first.

    Parameters
    ----------
    log_prior
        (n, m) logarithm of the prior, -inf for zeros.
    rows, columns
        (n,) and (m,) totals, all above zero.
    log_row, log_column
        Where to begin.
    tolerance, max_iterations
        As in `minimise_dual`, gaps relative to the totals.
    """
    n = len(rows)
    unit = float(rows.sum())
    totals = np.concatenate([rows, columns]) / unit
    shifted = log_prior - np.log(unit)

    def matrix(point: Floats) -> Floats:
        return np.asarray(np.exp(shifted + point[:n, None] + point[n:]))

    def evaluate(point: Floats) -> tuple[float, Floats]:
        cells = matrix(point)
        sums = np.concatenate([cells.sum(axis=1), cells.sum(axis=0)])
        return float(cells.sum() - totals @ point), sums - totals

    def hessian(point: Floats) -> Floats:
        cells = matrix(point)
        out = np.zeros((len(totals), len(totals)))
        out[:n, n:], out[n:, :n] = cells, cells.T
        np.fill_diagonal(out, np.concatenate([cells.sum(axis=1), cells.sum(axis=0)]))
        return out

    start = np.concatenate([log_row, log_column])
    return minimise_dual(
        evaluate, hessian, totals, start, tolerance=tolerance, max_iterations=max_iterations
    )


def newton_signed(
    positive: Floats,
    negative: Floats,
    rows: Floats,
    columns: Floats,
    row_factors: Floats,
    column_factors: Floats,
    *,
    tolerance: float,
    max_iterations: int = 200,
) -> Multipliers:
    """Logarithms of the factors of GRAS, rows first: y = p exp(a + b) - n exp(-a - b).

    Parameters
    ----------
    positive, negative
        (n, m) parts of the prior, both not negative.
    rows, columns
        (n,) and (m,) totals of any sign.
    row_factors, column_factors
        Where to begin.
    tolerance, max_iterations
        As in `minimise_dual`, gaps relative to the absolute entries at the start.
    """
    n = len(rows)
    unit = max(float(np.abs(rows).sum()), 1e-300)
    totals = np.concatenate([rows, columns]) / unit

    def parts(point: Floats) -> tuple[Floats, Floats]:
        scale = np.exp(point[:n, None] + point[n:])
        return positive * scale / unit, negative / scale / unit

    def both(cells: Floats) -> Floats:
        return np.concatenate([cells.sum(axis=1), cells.sum(axis=0)])

    def evaluate(point: Floats) -> tuple[float, Floats]:
        up, down = parts(point)
        return float(up.sum() + down.sum() - totals @ point), both(up - down) - totals

    def hessian(point: Floats) -> Floats:
        up, down = parts(point)
        out = np.diag(both(up + down))
        out[:n, n:], out[n:, :n] = up + down, (up + down).T
        return out

    start = np.log(np.concatenate([row_factors, column_factors]))
    start = np.clip(start, -100.0, 100.0)
    up, down = parts(start)
    scale = np.maximum(both(up + down), np.abs(totals))
    return minimise_dual(
        evaluate, hessian, np.where(scale > 0, scale, 1.0), start,
        tolerance=tolerance, max_iterations=max_iterations,
    )  # fmt: skip
