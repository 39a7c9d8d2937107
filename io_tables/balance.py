"""Which matrix with given totals is nearest to a prior one.

Public names:
- `ras`: biproportional scaling of a non-negative matrix.
- `gras`: the same for matrices with negative entries.
- `scale_to_margins`: the engine, for a batch of problems with priors given as logarithms;
  `finish_margins` for one of them that is slow, with `take` and `put`.
- `Balanced`, `BalanceStatus`.

Terms: prior matrix X (n, m), row totals u (n,), column totals v (m,), factors r (n,), s (m,).

    RAS    y_ij = r_i x_ij s_j                       minimises sum y ln(y / x)
    GRAS   y_ij = r_i p_ij s_j - n_ij / (r_i s_j)    X = P - N, P, N >= 0

Totals are never rescaled: when no matrix has them, `InfeasibleMargins` names the reason. Sweeps
work on factors whose logarithms are split off whenever they grow, so that priors of any range
(a steep distance decay) balance without overflow. Where sweeps are slow, cells that the totals
force to zero are found by a flow and emptied, and Newton steps on the dual do the rest.
Sources: Stone (1961); Bacharach (1970); Junius & Oosterhaven (2003), corrected and in closed
form by Lenzen, Wood & Gallego (2007) and Temurshoev, Miller & Bouwmeester (2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from io_tables.checks import Floats, raise_collected
from io_tables.dual import LARGEST_DUAL, newton_margins
from io_tables.errors import InfeasibleMargins, InvalidTable, NotConverged
from io_tables.feasibility import check_pattern, check_totals, forced_zeros
from io_tables.labels import shown

TOLERANCE: Final = 1e-12
MAX_ITERATIONS: Final = 20_000
_PATIENCE: Final = 300
"""Sweeps after which an unfinished problem is tested for a contradiction in its zeros."""
_NOTHING: Final = 1e-9
"""A cell below this part of both its totals is tested for being forced to zero."""
_LARGE: Final = 1e60
"""Factors beyond this are moved into the logarithms."""


class BalanceStatus(StrEnum):
    """How a balancing ended."""

    CONVERGED = "converged"
    BOUNDARY = "boundary"
    """Totals are met, but only with zeros in cells where the prior has none."""
    MAX_ITERATIONS = "max_iterations"


@dataclass(frozen=True)
class Balanced:
    """A balanced matrix.

    `matrix` (n, m) has column totals v to rounding and row totals u to `margin_gap`, the largest
    relative gap of any total. For RAS, matrix = row_factors[:, None] * prior * column_factors.
    `frame` is the matrix with the labels of a prior given as a DataFrame. With status "boundary",
    `emptied` names the cells of the prior that are zero in every matrix with these totals; the
    matrix is the limit of the sweeps, and factors give the other cells only.
    """

    matrix: Floats
    row_factors: Floats
    column_factors: Floats
    status: BalanceStatus
    iterations: int
    margin_gap: float
    index: pd.Index
    columns: pd.Index
    emptied: tuple[tuple[object, object], ...] = ()

    @property
    def frame(self) -> pd.DataFrame:
        """The balanced matrix with its labels."""
        return pd.DataFrame(self.matrix, index=self.index, columns=self.columns)

    def raise_for_status(self) -> Balanced:
        """Return self, or raise `NotConverged` when the totals were not reached."""
        if self.status is BalanceStatus.MAX_ITERATIONS:
            raise NotConverged(
                f"totals are missed by {self.margin_gap:.3g} relative after {self.iterations} "
                "sweeps; entries that must go to zero make convergence slow: loosen the "
                "tolerance, or put small entries where the prior has zeros"
            )
        return self


@dataclass(frozen=True)
class Scaled:
    """Result of `scale_to_margins`, arrays with a leading batch axis B."""

    log_row: Floats
    log_column: Floats
    matrix: Floats
    iterations: int
    margin_gap: Floats


def _log(values: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))


def _log_sum(log_values: Floats, axis: int) -> Floats:
    """Logarithm of the sum of exponentials; -inf where there is nothing."""
    top = log_values.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.exp(log_values - top).sum(axis=axis)
    return np.asarray(_log(total) + np.squeeze(top, axis=axis))


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
    max_iterations: int = MAX_ITERATIONS,
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
    log_rows, log_columns = _log(rows), _log(columns)
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
            a = np.where(rows > 0, a + _log(r), -np.inf)
            b = np.where(columns > 0, b + _log(s), -np.inf)
            a = _finite_minus(log_rows, _log_sum(log_prior + b[:, None, :], 2))
            b = _finite_minus(log_columns, _log_sum(log_prior + a[:, :, None], 1))
            kernel = np.exp(log_prior + a[:, :, None] + b[:, None, :])
            r, s = np.ones_like(rows), np.ones_like(columns)
        iterations += 1
    matrix = r[:, :, None] * kernel * s[:, None, :]
    a = np.where(rows > 0, a + _log(r), -np.inf)
    b = np.where(columns > 0, b + _log(s), -np.inf)
    return Scaled(a, b, matrix, iterations, gap)


def _margin(totals: ArrayLike | pd.Series, labels: pd.Index, what: str) -> Floats:
    """Totals as an array in the order of the matrix; labelled totals are aligned by label."""
    if isinstance(totals, pd.Series) and not isinstance(totals.index, pd.RangeIndex):
        lacking = labels.difference(totals.index)
        if len(lacking) or len(totals) != len(labels):
            raise InvalidTable(
                f"{what} totals must have the labels of the matrix, missing: {shown(lacking)}; "
                f"{len(totals)} totals for {len(labels)} labels"
            )
        totals = totals.reindex(labels)
    values = np.array(totals, dtype=np.float64).reshape(-1)
    if len(values) != len(labels):
        raise InvalidTable(f"{len(labels)} {what} totals are needed, found {len(values)}")
    return values


@dataclass(frozen=True)
class _Problem:
    prior: Floats
    rows: Floats
    columns: Floats
    index: pd.Index
    column_index: pd.Index


def _read(
    matrix: ArrayLike | pd.DataFrame,
    row_totals: ArrayLike | pd.Series,
    column_totals: ArrayLike | pd.Series,
) -> _Problem:
    frame = matrix if isinstance(matrix, pd.DataFrame) else pd.DataFrame(np.asarray(matrix))
    prior = frame.to_numpy(dtype=np.float64)
    index, columns = frame.index, frame.columns
    if not np.isfinite(prior).all():
        where = [(index[i], columns[j]) for i, j in np.argwhere(~np.isfinite(prior))]
        raise InvalidTable(f"the prior must be finite, found otherwise at {shown(where)}")
    rows, column = _margin(row_totals, index, "row"), _margin(column_totals, columns, "column")
    return _Problem(prior, rows, column, index, columns)


def _labels(index: pd.Index) -> Sequence[object]:
    return list(index)


def ras(
    matrix: ArrayLike | pd.DataFrame,
    row_totals: ArrayLike | pd.Series,
    column_totals: ArrayLike | pd.Series,
    *,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> Balanced:
    """Scale rows and columns of a non-negative matrix to given totals.

    Parameters
    ----------
    matrix
        (n, m) prior, any unit; zeros stay zero.
    row_totals, column_totals
        (n,) and (m,) in one unit; labelled totals are aligned to a labelled prior.
    tolerance
        Largest relative gap of any total.
    max_iterations
        Sweeps after which the result says `max_iterations`.

    Returns
    -------
    The balanced matrix with its factors and status.

    Raises
    ------
    InvalidTable
        For negative or non-finite priors, and totals of another size.
    InfeasibleMargins
        When no matrix with these zeros has these totals; nothing is rescaled.

    Notes
    -----
    Stone (1961); Miller & Blair (2009), section 7.4.
    """
    problem = _read(matrix, row_totals, column_totals)
    prior, rows, columns = problem.prior, problem.rows, problem.columns
    if (prior < 0).any():
        where = [(problem.index[i], problem.column_index[j]) for i, j in np.argwhere(prior < 0)]
        raise InvalidTable(f"the prior must not be negative, found {shown(where)}; use gras")
    labels = _labels(problem.index), _labels(problem.column_index)
    pattern = (prior > 0) & (rows > 0)[:, None] & (columns > 0)
    failures = check_totals(rows, columns, pattern, *labels)
    raise_collected(InfeasibleMargins, failures, "ras")
    log_prior = np.where(pattern, _log(prior), -np.inf)[None]
    scaled = scale_to_margins(
        log_prior, rows[None], columns[None],
        tolerance=tolerance, max_iterations=min(_PATIENCE, max_iterations),
    )  # fmt: skip
    iterations, forced = scaled.iterations, np.zeros_like(pattern)
    if scaled.margin_gap[0] > tolerance and not pattern.all():
        failures = check_pattern(rows, columns, pattern, *labels)
        raise_collected(InfeasibleMargins, failures, "ras")
    if scaled.margin_gap[0] > tolerance and iterations < max_iterations:
        scaled = finish_margins(
            log_prior[0], rows, columns, scaled,
            tolerance=tolerance, max_iterations=max_iterations - iterations,
        )  # fmt: skip
        iterations += scaled.iterations
        emptied, forced = _emptied(log_prior, rows, columns, scaled, tolerance=tolerance)
        scaled = scaled if emptied is None else emptied
    row_factors, column_factors = _factors(scaled.log_row[0], scaled.log_column[0])
    gap = float(scaled.margin_gap[0])
    reached = BalanceStatus.BOUNDARY if forced.any() else BalanceStatus.CONVERGED
    return Balanced(
        matrix=scaled.matrix[0],
        row_factors=row_factors,
        column_factors=column_factors,
        status=reached if gap <= tolerance else BalanceStatus.MAX_ITERATIONS,
        iterations=iterations,
        margin_gap=gap,
        index=problem.index,
        columns=problem.column_index,
        emptied=tuple((problem.index[i], problem.column_index[j]) for i, j in np.argwhere(forced)),
    )


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


def _emptied(
    log_prior: Floats, rows: Floats, columns: Floats, scaled: Scaled, *, tolerance: float
) -> tuple[Scaled | None, NDArray[np.bool_]]:
    """Balance again without the cells that went to nothing and that the totals force to zero."""
    pattern = np.isfinite(log_prior[0])
    gone = pattern & (scaled.matrix[0] <= _NOTHING * np.minimum(rows[:, None], columns))
    if gone.any() and not pattern.all():
        gone &= forced_zeros(rows, columns, pattern)
    elif gone.any():
        gone &= False
    if not gone.any():
        return None, gone
    without = np.where(gone, -np.inf, log_prior)
    left = np.isfinite(without[0])
    if (left.any(axis=1) < (rows > 0)).any() or (left.any(axis=0) < (columns > 0)).any():
        return None, np.zeros_like(gone)
    again = finish_margins(
        without[0], rows, columns, scaled, tolerance=tolerance, max_iterations=_PATIENCE
    )
    if again.margin_gap[0] > tolerance:
        return None, np.zeros_like(gone)
    return again, gone


def _status(gap: float, tolerance: float) -> BalanceStatus:
    return BalanceStatus.CONVERGED if gap <= tolerance else BalanceStatus.MAX_ITERATIONS


def _factors(log_row: Floats, log_column: Floats) -> tuple[Floats, Floats]:
    """Factors from their logarithms, the free scale chosen so that both have like size."""
    finite_rows = log_row[np.isfinite(log_row)]
    finite_columns = log_column[np.isfinite(log_column)]
    if not len(finite_rows) or not len(finite_columns):
        return np.exp(log_row), np.exp(log_column)
    shift = (float(np.median(finite_columns)) - float(np.median(finite_rows))) / 2.0
    return np.exp(log_row + shift), np.exp(log_column - shift)


def _signed_factor(totals: Floats, positive: Floats, negative: Floats) -> Floats:
    """Solve p r - n / r = u for r > 0, without cancellation; 1 where p = n = 0."""
    root = np.sqrt(totals**2 + 4.0 * positive * negative)
    up = np.divide(totals + root, 2.0 * positive, out=np.ones_like(root), where=positive > 0)
    down = np.divide(2.0 * negative, root - totals, out=np.ones_like(root), where=root > totals)
    return np.where((totals > 0) | (negative == 0), up, down)


def gras(
    matrix: ArrayLike | pd.DataFrame,
    row_totals: ArrayLike | pd.Series,
    column_totals: ArrayLike | pd.Series,
    *,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> Balanced:
    """Scale a matrix with negative entries to given totals; signs and zeros stay.

    Parameters
    ----------
    matrix
        (n, m) prior of any sign.
    row_totals, column_totals
        (n,) and (m,), of any sign.
    tolerance
        Largest gap of a row total relative to the sum of absolute entries of the row.
    max_iterations
        Sweeps after which the result says `max_iterations`.

    Returns
    -------
    The balanced matrix; positive entries are multiplied by r_i s_j, negative ones divided.

    Raises
    ------
    InvalidTable
        For a non-finite prior, and totals of another size.
    InfeasibleMargins
        When the sums of the totals differ, an empty row has a total, or a row or column with
        entries of one sign has a total of the other.

    Notes
    -----
    Temurshoev, Miller & Bouwmeester (2013), equations 8 to 12.
    """
    problem = _read(matrix, row_totals, column_totals)
    prior, rows, columns = problem.prior, problem.rows, problem.columns
    positive, negative = np.maximum(prior, 0.0), np.maximum(-prior, 0.0)
    labels = _labels(problem.index), _labels(problem.column_index)
    failures = check_totals(rows, columns, prior != 0, *labels, signed=True)
    for what, totals, names, axis in (
        ("row", rows, labels[0], 1),
        ("column", columns, labels[1], 0),
    ):
        wrong = ((totals > 0) & ~(prior > 0).any(axis=axis)) | (
            (totals < 0) & ~(prior < 0).any(axis=axis)
        )
        wrong &= (prior != 0).any(axis=axis)
        if wrong.any():
            found = shown(f"{names[i]} ({totals[i]:.6g})" for i in np.flatnonzero(wrong).tolist())
            failures.append(f"a {what} cannot have a total of a sign it has no entry of: {found}")
    raise_collected(InfeasibleMargins, failures, "gras")

    r, s = np.ones(len(rows)), np.ones(len(columns))
    gap, iterations = np.inf, 0
    while iterations < max_iterations:
        p, n = positive @ s, negative @ (1.0 / s)
        size = p * r + n / r
        miss = np.abs(p * r - n / r - rows)
        gap = float(np.divide(miss, size, out=np.zeros_like(miss), where=size > 0).max())
        if iterations and gap <= tolerance:
            break
        r = np.maximum(_signed_factor(rows, p, n), 1e-300)
        s = np.maximum(_signed_factor(columns, r @ positive, (1.0 / r) @ negative), 1e-300)
        iterations += 1
    scale = r[:, None] * s
    return Balanced(
        matrix=positive * scale - negative / scale,
        row_factors=r,
        column_factors=s,
        status=_status(gap, tolerance),
        iterations=iterations,
        margin_gap=gap,
        index=problem.index,
        columns=problem.column_index,
    )
