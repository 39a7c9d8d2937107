"""The engine of balancing: batches of non-negative problems with priors given as logarithms.

Public names:
- `scale_to_margins`, `Scaled`: sweeps over a batch.
- `finish_margins`: one slow problem, by Newton steps on the dual; `take` and `put` move one problem
  out of a batch and back.
- `log_of`: logarithm without warnings.

Inner code: trusts its arguments. Terms as in `balance.py`: priors (B, n, m), totals u (B, n) and
v (B, m). Sweeps work on factors whose logarithms are split off whenever they grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from io_tables.balancing.dual import LARGEST_DUAL, newton_margins
from io_tables.container.checks import Floats

TOLERANCE: Final = 1e-12
MAX_SWEEPS: Final = 20_000
_LARGE: Final = 1e60
"""Factors beyond this are moved into the logarithms."""


@dataclass(frozen=True)
class Scaled:
    """Result of `scale_to_margins`, arrays with a leading batch axis B."""

    log_row: Floats
    log_column: Floats
    matrix: Floats
    iterations: int
    margin_gap: Floats


def log_of(values: Floats) -> Floats:
    """Logarithm, -inf for zeros, without a warning."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))


def _log_sum(log_values: Floats, axis: int) -> Floats:
    """Logarithm of the sum of exponentials; -inf where there is nothing."""
    top = log_values.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.exp(log_values - top).sum(axis=axis)
    return np.asarray(log_of(total) + np.squeeze(top, axis=axis))


def _ratio(above: Floats, below: Floats, where: NDArray[np.bool_]) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=where)


def _finite_minus(a: Floats, b: Floats) -> Floats:
    """Logarithm a - b, -inf wherever a is."""
    return np.where(np.isneginf(a), -np.inf, a - np.where(np.isneginf(a), 0.0, b))


def scale_to_margins(
    log_prior: Floats,
    rows: Floats,
    columns: Floats,
    *,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_SWEEPS,
    log_column: Floats | None = None,
) -> Scaled:
    """Balance a batch of priors; inner code, trusts its arguments.

    Parameters
    ----------
    log_prior
        (B, n, m) logarithms of the priors, -inf for zeros.
    rows, columns
        (B, n) and (B, m) non-negative totals with equal sums.
    tolerance
        Largest relative gap of a row total at which to stop (columns are exact).
    max_iterations
        Sweeps after which to stop regardless.
    log_column
        (B, m) logarithms of column factors to start from.

    Returns
    -------
    Logarithms of the factors (-inf for totals of zero), the balanced matrices, sweeps and the
    largest relative gap of each problem.
    """
    log_rows, log_columns = log_of(rows), log_of(columns)
    b = np.zeros_like(columns) if log_column is None else log_column.copy()
    a = _finite_minus(log_rows, _log_sum(log_prior + b[:, None, :], 2))
    b = _finite_minus(log_columns, _log_sum(log_prior + a[:, :, None], 1))
    kernel = np.exp(log_prior + a[:, :, None] + b[:, None, :])
    r, s = np.ones_like(rows), np.ones_like(columns)
    gap = np.full(len(rows), np.inf)
    iterations = 1
    while True:
        sums = np.matmul(kernel, s[:, :, None])[:, :, 0]
        now = sums * r
        gap = np.abs(_ratio(now - rows, rows, rows > 0)).max(axis=1)
        if gap.max() <= tolerance or iterations >= max_iterations:
            break
        lost = ((sums <= 0) & (rows > 0)).any()
        if not lost:
            r = _ratio(rows, sums, rows > 0)
            back = np.matmul(r[:, None, :], kernel)[:, 0, :]
            lost = ((back <= 0) & (columns > 0)).any()
        if not lost:
            s = _ratio(columns, back, columns > 0)
            lost = max(r.max(), s.max()) > _LARGE
        if lost:
            a = np.where(rows > 0, a + log_of(r), -np.inf)
            b = np.where(columns > 0, b + log_of(s), -np.inf)
            a = _finite_minus(log_rows, _log_sum(log_prior + b[:, None, :], 2))
            b = _finite_minus(log_columns, _log_sum(log_prior + a[:, :, None], 1))
            kernel = np.exp(log_prior + a[:, :, None] + b[:, None, :])
            r, s = np.ones_like(rows), np.ones_like(columns)
        iterations += 1
    matrix = r[:, :, None] * kernel * s[:, None, :]
    a = np.where(rows > 0, a + log_of(r), -np.inf)
    b = np.where(columns > 0, b + log_of(s), -np.inf)
    return Scaled(a, b, matrix, iterations, gap)


def take(scaled: Scaled, position: int) -> Scaled:
    """One problem of a batch, as a batch of one."""
    one = slice(position, position + 1)
    return Scaled(
        scaled.log_row[one], scaled.log_column[one], scaled.matrix[one],
        scaled.iterations, scaled.margin_gap[one],
    )  # fmt: skip


def put(batch: Scaled, positions: NDArray[np.intp], parts: Sequence[Scaled]) -> Scaled:
    """Replace problems of a batch by their own results; changes the arrays of the batch."""
    for i, part in zip(positions.tolist(), parts, strict=True):
        batch.log_row[i], batch.log_column[i] = part.log_row[0], part.log_column[0]
        batch.matrix[i], batch.margin_gap[i] = part.matrix[0], part.margin_gap[0]
    return batch


def finish_margins(
    log_prior: Floats,
    rows: Floats,
    columns: Floats,
    scaled: Scaled,
    *,
    tolerance: float,
    max_iterations: int,
) -> Scaled:
    """Finish one slow problem: Newton steps on the dual where it is small enough, then sweeps.

    Parameters
    ----------
    log_prior, rows, columns
        (n, m), (n,) and (m,), feasible.
    scaled
        Where the sweeps got to, a batch of one.
    tolerance, max_iterations
        As in `scale_to_margins`.
    """
    log_column, steps = scaled.log_column, 0
    some, these = rows > 0, columns > 0
    if some.sum() + these.sum() <= LARGEST_DUAL:
        found = newton_margins(
            log_prior[np.ix_(some, these)], rows[some], columns[these],
            scaled.log_row[0, some], scaled.log_column[0, these], tolerance=tolerance / 4.0,
            max_iterations=200 if some.sum() + these.sum() <= 600 else 40,
        )  # fmt: skip
        steps = found.iterations
        if found.gap <= scaled.margin_gap[0]:
            log_column = np.full_like(scaled.log_column, -np.inf)
            log_column[0, these] = found.values[some.sum() :]
    last = scale_to_margins(
        log_prior[None], rows[None], columns[None],
        tolerance=tolerance, max_iterations=max_iterations, log_column=log_column,
    )  # fmt: skip
    return replace(last, iterations=last.iterations + steps)
