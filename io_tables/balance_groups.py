"""Which matrix is nearest to a prior when totals are known for groups, cells, or only roughly.

Public names:
- `Total`: one known sum over a block of rows and columns, with how uncertain it is.
- `balance_totals`: the nearest matrix; `GroupBalanced`: the result with its certificate.

Terms: prior X (n, m) of any sign, total k the sum over a block G_k of cells with value c_k and
relative uncertainty w_k (0: must hold). Row and column totals are blocks of one row or column.

    minimise   sum over cells of the information loss of y against x
             + sum over uncertain totals of (G_k y - c_k)^2 / (2 w_k^2 |c_k|)
    subject to G_k y = c_k where w_k = 0, y = value for fixed cells

with solution, eta = G'm for the multipliers m of the totals,

    y = x exp(eta) for x > 0,  x exp(-eta) for x < 0,  G_k y = c_k - w_k^2 |c_k| m_k .

A cell of the prior counts as known to about 100 %, so totals known to 10 % weigh a hundred times
as much. Zeros and signs of the prior stay. Totals that contradict each other are met in between,
each in proportion to its uncertainty; this states as one problem what KRAS does by moving totals
step by step, and has one answer whatever the order. Without uncertain totals, and with rows and
columns only, it is RAS or GRAS.
Sources: Lenzen, Gallego & Wood (2009) for the task; Junius & Oosterhaven (2003) for signs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import scipy.sparse
from numpy.typing import ArrayLike

from io_tables.balance import BalanceStatus
from io_tables.balancing.dual import LARGEST_DUAL, minimise_dual
from io_tables.balancing.feasibility import contradicting
from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InfeasibleMargins, InvalidTable, NotConverged
from io_tables.labels import positions_of, shown

TOLERANCE: Final = 1e-10
MAX_STEPS: Final = 300


@dataclass(frozen=True)
class Total:
    """One known sum.

    Attributes
    ----------
    value
        What the cells add up to.
    rows, columns
        Labels of the block; None takes all.
    uncertainty
        Relative to |value|; 0 means that the total must hold.
    name
        What messages and the certificate call it.
    """

    value: float
    rows: Sequence[Hashable] | None = None
    columns: Sequence[Hashable] | None = None
    uncertainty: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class GroupBalanced:
    """A balanced matrix and the certificate of its totals.

    `totals` has a row for each total: `wanted`, `found`, `uncertainty`, `moved` (found less
    wanted, relative to the uncertainty times |wanted|; nan where it must hold) and `multiplier`.
    `gap` is the largest relative miss of the totals that must hold.
    """

    frame: pd.DataFrame
    totals: pd.DataFrame
    status: BalanceStatus
    iterations: int
    gap: float

    def raise_for_status(self) -> GroupBalanced:
        """Return self, or raise `NotConverged` when the totals were not reached."""
        if self.status is BalanceStatus.MAX_ITERATIONS:
            raise NotConverged(
                f"totals are missed by {self.gap:.3g} relative after {self.iterations} steps; "
                "cells that must go to zero make convergence slow: give the totals an "
                "uncertainty, or put small entries where the prior has zeros"
            )
        return self


def balance_totals(
    matrix: ArrayLike | pd.DataFrame,
    totals: Sequence[Total] = (),
    *,
    row_totals: ArrayLike | pd.Series | None = None,
    column_totals: ArrayLike | pd.Series | None = None,
    uncertainty: float = 0.0,
    fixed: ArrayLike | pd.DataFrame | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_STEPS,
) -> GroupBalanced:
    """Balance a matrix to totals of rows, columns and blocks, some of them uncertain.

    Parameters
    ----------
    matrix
        (n, m) prior of any sign; zeros stay zero.
    totals
        Sums over blocks of cells; blocks may overlap.
    row_totals, column_totals
        (n,) and (m,) totals in the order of the matrix; NaN where nothing is known.
    uncertainty
        Relative uncertainty of `row_totals` and `column_totals`.
    fixed
        (n, m) values of cells that are known, NaN elsewhere.
    tolerance
        Largest miss of a total that must hold, relative to it.
    max_iterations
        Newton steps after which the result says `max_iterations`.

    Returns
    -------
    The matrix with the certificate of its totals.

    Raises
    ------
    InvalidTable
        For wrong shapes, unknown labels, non-finite priors and negative uncertainties.
    InfeasibleMargins
        When totals that must hold contradict each other, the fixed cells or the zeros and signs
        of the prior; the contradicting totals are named.
    """
    prior = matrix if isinstance(matrix, pd.DataFrame) else pd.DataFrame(np.asarray(matrix))
    known = _fixed_cells(fixed, prior)
    problem = _problem(
        prior, known, _all_totals(prior, totals, row_totals, column_totals, uncertainty)
    )
    raise_collected(InfeasibleMargins, _contradiction(problem), "balance")
    cells, multipliers, steps = _solve(problem, tolerance, max_iterations)
    values = np.where(np.isnan(known), 0.0, known)
    values.reshape(-1)[problem.where] += cells
    found = problem.member @ cells
    gap = np.abs(found - problem.wanted)[problem.hard] / problem.scale[problem.hard]
    widest = float(gap.max(initial=0.0))
    spread = problem.softness / np.maximum(np.abs(problem.value), 1e-300)
    report = pd.DataFrame(
        {
            "wanted": problem.value,
            "found": found + problem.value - problem.wanted,
            "uncertainty": np.sqrt(spread),
            "moved": np.where(problem.hard, np.nan, -np.sqrt(spread) * multipliers),
            "multiplier": multipliers,
        },
        index=pd.Index(problem.names, name="total"),
    )
    return GroupBalanced(
        frame=pd.DataFrame(values, index=prior.index, columns=prior.columns),
        totals=report,
        status=(
            BalanceStatus.CONVERGED
            if _done(problem, cells, multipliers) <= tolerance
            else BalanceStatus.MAX_ITERATIONS
        ),
        iterations=steps,
        gap=widest,
    )


@dataclass(frozen=True)
class _Problem:
    """The free cells (L,) and the totals (K,) on them, fixed cells already taken out."""

    prior: Floats
    where: np.ndarray
    member: scipy.sparse.csr_array
    value: Floats
    wanted: Floats
    softness: Floats
    names: list[str]

    @property
    def hard(self) -> np.ndarray:
        return np.asarray(self.softness == 0)

    @property
    def scale(self) -> Floats:
        size = np.abs(self.value)
        return np.where(size > 0, size, max(float(size.max(initial=0.0)), 1e-300))


def _fixed_cells(fixed: ArrayLike | pd.DataFrame | None, prior: pd.DataFrame) -> Floats:
    if fixed is None:
        return np.full(prior.shape, np.nan)
    if isinstance(fixed, pd.DataFrame):
        fixed = fixed.reindex(index=prior.index, columns=prior.columns)
    known = np.array(fixed, dtype=np.float64, order="C")
    if known.shape != prior.shape:
        raise InvalidTable(f"fixed cells must be {prior.shape}, found {known.shape}")
    return known


def _all_totals(
    prior: pd.DataFrame,
    totals: Sequence[Total],
    row_totals: ArrayLike | pd.Series | None,
    column_totals: ArrayLike | pd.Series | None,
    uncertainty: float,
) -> list[Total]:
    out, failures = list(totals), list[str]()
    for given, labels, side in (
        (row_totals, prior.index, "row"),
        (column_totals, prior.columns, "column"),
    ):
        if given is None:
            continue
        if isinstance(given, pd.Series) and not isinstance(given.index, pd.RangeIndex):
            given = given.reindex(labels)
        values = np.asarray(given, dtype=np.float64).reshape(-1)
        if len(values) != len(labels):
            failures.append(f"{len(labels)} {side} totals are needed, found {len(values)}")
            continue
        for label, value in zip(labels, values.tolist(), strict=True):
            block = {"rows": [label]} if side == "row" else {"columns": [label]}
            if not np.isnan(value):
                out.append(Total(value, **block, uncertainty=uncertainty, name=f"{side} {label}"))
    for k, total in enumerate(out):
        if not (np.isfinite(total.value) and total.uncertainty >= 0):
            failures.append(
                f"total {total.name or k} must be finite with an uncertainty >= 0, found "
                f"{total.value} and {total.uncertainty}"
            )
    if len(out) > LARGEST_DUAL:
        failures.append(f"at most {LARGEST_DUAL} totals are balanced at once, found {len(out)}")
    if not np.isfinite(prior.to_numpy(dtype=np.float64)).all():
        failures.append("the prior must be finite")
    raise_collected(InvalidTable, failures, "balance")
    return out


def _problem(prior: pd.DataFrame, known: Floats, totals: list[Total]) -> _Problem:
    n, m = prior.shape
    flat = prior.to_numpy(dtype=np.float64).reshape(-1)
    where = np.flatnonzero((flat != 0) & np.isnan(known.reshape(-1)))
    at = np.full(n * m, -1)
    at[where] = np.arange(len(where))
    held = np.where(np.isnan(known), 0.0, known)
    rows: list[np.ndarray] = []
    wanted = np.zeros(len(totals))
    names: list[str] = []
    for k, total in enumerate(totals):
        i = (
            np.arange(n)
            if total.rows is None
            else positions_of(total.rows, list(prior.index), what="row")
        )
        j = (
            np.arange(m)
            if total.columns is None
            else positions_of(total.columns, list(prior.columns), what="column")
        )
        block = at[(np.unique(i)[:, None] * m + np.unique(j)).reshape(-1)]
        rows.append(block[block >= 0])
        wanted[k] = total.value - held[np.ix_(np.unique(i), np.unique(j))].sum()
        names.append(total.name or f"total {k}")
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    cells = np.concatenate(rows) if rows else np.zeros(0, dtype=np.intp)
    member = scipy.sparse.csr_array(
        (np.ones(len(cells)), cells, starts), shape=(len(totals), len(where))
    )
    value = np.array([total.value for total in totals])
    softness = np.array([t.uncertainty**2 * abs(t.value) for t in totals])
    return _Problem(flat[where], where, member, value, wanted, softness, names)


def _contradiction(problem: _Problem) -> list[str]:
    """Find what totals that must hold lack: a linear program whose dual names the guilty ones."""
    hard = problem.hard
    if not hard.any():
        return []
    at = np.flatnonzero(hard)
    signs = np.sign(problem.prior)
    short, blame = contradicting(problem.member[at], signs, problem.wanted[at])
    if short == 0.0:
        return []
    blamed = np.flatnonzero(np.abs(blame) > 1e-7).tolist()
    guilty = [f"{problem.names[at[k]]} ({problem.value[at[k]]:.6g})" for k in blamed]
    return [
        f"totals that must hold contradict each other, the zeros or signs of the prior, or fixed "
        f"cells, by {short:.6g}: {shown(guilty)}; correct one of them or give it an "
        "uncertainty, nothing is rescaled here"
    ]


def _cells(problem: _Problem, multipliers: Floats) -> Floats:
    eta = problem.member.T @ multipliers
    return np.asarray(problem.prior * np.exp(np.where(problem.prior > 0, eta, -eta)))


def _done(problem: _Problem, cells: Floats, multipliers: Floats) -> float:
    gap = problem.member @ cells - problem.wanted + problem.softness * multipliers
    return float(np.abs(gap / problem.scale).max(initial=0.0))


def _solve(problem: _Problem, tolerance: float, steps: int) -> tuple[Floats, Floats, int]:
    """Cells, multipliers and Newton steps; cells of hard totals of zero are emptied first."""
    prior = problem.prior.copy()
    one_sign = (problem.member @ np.abs(prior)) == np.abs(problem.member @ prior)
    empty = problem.hard & (problem.wanted == 0) & one_sign
    prior[(problem.member.T @ empty.astype(float)) > 0] = 0.0
    problem = _Problem(
        prior, problem.where, problem.member, problem.value,
        problem.wanted, problem.softness, problem.names,
    )  # fmt: skip
    unit = float(problem.scale.max(initial=1e-300))

    def evaluate(point: Floats) -> tuple[float, Floats]:
        cells = _cells(problem, point)
        value = np.abs(cells).sum() - problem.wanted @ point
        value += 0.5 * float(problem.softness @ point**2)
        gradient = problem.member @ cells - problem.wanted + problem.softness * point
        return float(value) / unit, gradient / unit

    def hessian(point: Floats) -> Floats:
        weighted = problem.member * np.abs(_cells(problem, point))
        out = (weighted @ problem.member.T).toarray() + np.diag(problem.softness)
        return np.asarray(out / unit)

    live = ~empty
    # Totals of cells that were all emptied have no multiplier: a unit keeps the Hessian regular.
    found = minimise_dual(
        evaluate,
        lambda point: hessian(point) + np.diag((~live).astype(float)),
        problem.scale / unit,
        np.zeros(len(problem.value)),
        tolerance=tolerance / 2.0,
        max_iterations=steps,
    )
    return _cells(problem, found.values), found.values, found.iterations
