"""How the many small matrices of the estimate are fitted to their totals.

Public names: `fit_totals`, `Fitted`.

A thin layer over the batched RAS of `io_tables.balance`: the 42 matrices of 84 x 31 (one per
buying sector) run as one batch. Matrices P (B, n, m) >= 0 are fitted as diag(r) P diag(c) to row
totals (B, n) and column totals (B, m); column totals then hold to rounding, row totals to `gap`.
What cannot be met is refused here, by name, before the iteration starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from io_tables.balance import scale_to_margins
from io_tables.errors import InfeasibleMargins, NotConverged

TOLERANCE = 1e-12
SWEEPS = 3000


@dataclass(frozen=True)
class Fitted:
    """A fitted batch: the matrices and the largest relative gap of a row total."""

    matrix: np.ndarray
    gap: float


def fit_totals(
    prior: np.ndarray, row_totals: np.ndarray, column_totals: np.ndarray, *, what: str
) -> Fitted:
    """Fit non-negative matrices to their totals.

    Parameters
    ----------
    prior
        (B, n, m) or (n, m).
    row_totals, column_totals
        (B, n) and (B, m), or (n,) and (m,).
    what
        What is fitted, for messages.

    Raises
    ------
    InfeasibleMargins
        When totals are negative, differ in sum, or are positive where the prior is zero.
    NotConverged
        When row totals are missed by more than the tolerance after `SWEEPS` sweeps.
    """
    single = prior.ndim == 2
    matrix = prior[None] if single else prior
    rows, columns = np.atleast_2d(row_totals), np.atleast_2d(column_totals)
    _check(matrix, rows, columns, what)
    with np.errstate(divide="ignore"):
        scaled = scale_to_margins(
            np.log(matrix), rows, columns, tolerance=TOLERANCE, max_iterations=SWEEPS
        )
    gap = float(scaled.margin_gap.max())
    if gap > TOLERANCE:
        raise NotConverged(
            f"{what}: row totals must be met to {TOLERANCE:g}; {gap:.1e} was left after "
            f"{scaled.iterations} sweeps; look for a total that only tiny prior entries can meet"
        )
    return Fitted(matrix=scaled.matrix[0] if single else scaled.matrix, gap=gap)


def _check(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, what: str) -> None:
    """Refuse totals that the prior cannot reach."""
    problems: list[str] = []
    for name, totals, reach in (
        ("row", rows, matrix.sum(axis=2)),
        ("column", columns, matrix.sum(axis=1)),
    ):
        if (totals < 0).any():
            problems.append(f"{name} totals must not be negative")
        missing = np.argwhere((totals > 0) & (reach <= 0))
        if len(missing):
            places = ", ".join(f"matrix {b}, {name} {k}" for b, k in missing[:5])
            problems.append(f"a positive {name} total meets a prior of zeros at {places}")
    sums = rows.sum(axis=1), columns.sum(axis=1)
    if not np.allclose(*sums, rtol=1e-9, atol=0.0):
        worst = int(np.argmax(np.abs(sums[0] - sums[1])))
        problems.append(
            f"row and column totals must have equal sums; in matrix {worst} they are "
            f"{sums[0][worst]:.10g} and {sums[1][worst]:.10g}"
        )
    if problems:
        raise InfeasibleMargins(f"{what}: " + "; ".join(problems))
