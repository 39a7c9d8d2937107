"""Which matrix with given totals is nearest to a prior one.

Public names:
- `ras`: biproportional scaling of a non-negative matrix.
- `gras`: the same for matrices with negative entries.
- `scale_to_margins`, `Scaled`: the engine of `margins.py`, also reached from here.
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
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from io_tables.balancing.dual import LARGEST_DUAL, newton_signed
from io_tables.balancing.feasibility import check_pattern, check_signed, check_totals, forced_zeros
from io_tables.balancing.margins import TOLERANCE, Scaled, finish_margins, log_of, scale_to_margins
from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InfeasibleMargins, InvalidTable, NotConverged
from io_tables.labels import shown

__all__ = [
    "MAX_ITERATIONS",
    "TOLERANCE",
    "BalanceStatus",
    "Balanced",
    "Scaled",
    "gras",
    "ras",
    "scale_to_margins",
]

MAX_ITERATIONS: Final = 20_000
_PATIENCE: Final = 300
"""Sweeps after which an unfinished problem is tested for a contradiction in its zeros."""
_SEARCHED: Final = 50_000
"""Cells up to which flows through the pattern are searched before Newton steps, and for forced
zeros; larger problems are searched only when Newton steps fail."""
_NOTHING: Final = 1e-9
"""A cell below this part of both its totals is tested for being forced to zero."""


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
    matrix is the limit of the sweeps, and factors give the other cells only (not searched for in
    matrices of more than 50,000 cells, where such cells come back tiny).
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
    log_prior = np.where(pattern, log_of(prior), -np.inf)[None]
    scaled = scale_to_margins(
        log_prior, rows[None], columns[None],
        tolerance=tolerance, max_iterations=min(_PATIENCE, max_iterations),
    )  # fmt: skip
    iterations, forced = scaled.iterations, np.zeros_like(pattern)
    small = bool(pattern.sum() <= _SEARCHED)
    if small:
        _refuse_slow(scaled, rows, columns, pattern, labels, tolerance)
    if scaled.margin_gap[0] > tolerance and iterations < max_iterations:
        scaled = finish_margins(
            log_prior[0], rows, columns, scaled,
            tolerance=tolerance, max_iterations=max_iterations - iterations,
        )  # fmt: skip
        iterations += scaled.iterations
        if not small:
            _refuse_slow(scaled, rows, columns, pattern, labels, tolerance)
        else:
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


def _refuse_slow(
    scaled: Scaled,
    rows: Floats,
    columns: Floats,
    pattern: NDArray[np.bool_],
    labels: tuple[Sequence[object], Sequence[object]],
    tolerance: float,
) -> None:
    """Refuse an unfinished problem that its zeros make impossible."""
    if scaled.margin_gap[0] > tolerance and not pattern.all():
        failures = check_pattern(rows, columns, pattern, *labels)
        raise_collected(InfeasibleMargins, failures, "ras")


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


def _sweep_signed(
    positive: Floats,
    negative: Floats,
    rows: Floats,
    columns: Floats,
    sweeps: int,
    tolerance: float,
    *,
    start: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats, float, int]:
    """Sweeps of GRAS from given factors: factors, gap of the rows, sweeps made."""
    r, s = (np.ones(len(rows)), np.ones(len(columns))) if start is None else start
    gap, iterations = np.inf, 0
    while True:
        p, n = positive @ s, negative @ (1.0 / s)
        size = p * r + n / r
        miss = np.abs(p * r - n / r - rows)
        gap = float(np.divide(miss, size, out=np.zeros_like(miss), where=size > 0).max())
        if (iterations and gap <= tolerance) or iterations >= sweeps:
            return r, s, gap, iterations
        r = np.maximum(_signed_factor(rows, p, n), 1e-300)
        s = np.maximum(_signed_factor(columns, r @ positive, (1.0 / r) @ negative), 1e-300)
        iterations += 1


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

    r, s, gap, iterations = _sweep_signed(
        positive, negative, rows, columns, min(max_iterations, _PATIENCE), tolerance
    )
    if gap > tolerance and iterations < max_iterations:
        failures = check_signed(rows, columns, np.sign(prior), *labels)
        raise_collected(InfeasibleMargins, failures, "gras")
        if len(rows) + len(columns) <= LARGEST_DUAL:
            logs = newton_signed(
                positive, negative, rows, columns, r, s, tolerance=tolerance / 4.0
            ).values
            r, s = np.exp(logs[: len(rows)]), np.exp(logs[len(rows) :])
        r, s, gap, more = _sweep_signed(
            positive, negative, rows, columns, max_iterations - iterations, tolerance, start=(r, s)
        )
        iterations += more
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
