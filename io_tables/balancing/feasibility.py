"""Whether any matrix with a given pattern of zeros has the wanted totals.

Public names: `check_totals` (cheap, always), `check_pattern` (a linear program, when needed),
`forced_zeros` (cells that no matrix with these totals can fill), `check_signed` (for cells of any
sign) and `contradicting`, the program behind it, for any sums of cells.

A non-negative matrix with row totals u, column totals v and zeros where the pattern has zeros
exists if and only if sum u = sum v and no set of rows needs more than the columns it may use:
sum_{i in I} u_i <= sum_{j in N(I)} v_j for all I (Hall's condition for flows; Gale 1957). The
program maximises what can be shipped; where that falls short, the set I is read off the cut.
Where it does not, a cell that carries nothing can be filled only if it closes a circle: more in
(i, j), less in (k, j), more in (k, l), ... back to i. Cells that close none are zero in every
matrix with these totals, although the pattern would allow them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

from io_tables.container.checks import Floats
from io_tables.labels import shown

TOTALS_TOLERANCE: Final = 1e-9
"""Relative difference between the two sums of totals above which they contradict each other."""


def check_totals(
    rows: Floats,
    columns: Floats,
    pattern: NDArray[np.bool_],
    row_labels: Sequence[object],
    column_labels: Sequence[object],
    *,
    signed: bool = False,
) -> list[str]:
    """Failures that need no search: signs, sums, totals of empty rows and columns."""
    failures: list[str] = []
    for what, totals, labels, axis in (
        ("row", rows, row_labels, 1),
        ("column", columns, column_labels, 0),
    ):
        bad = ~np.isfinite(totals)
        if bad.any():
            failures.append(f"{what} totals must be finite, found {_at(labels, bad)}")
        bad = totals < 0
        if not signed and bad.any():
            failures.append(f"{what} totals must not be negative, found {_at(labels, bad, totals)}")
        bad = (totals != 0) & ~pattern.any(axis=axis)
        if bad.any():
            failures.append(
                f"a {what} without entries cannot have a total, found {_at(labels, bad, totals)}"
            )
    scale = max(float(np.abs(rows).sum()), float(np.abs(columns).sum()))
    gap = abs(float(rows.sum()) - float(columns.sum()))
    if np.isfinite(scale) and gap > TOTALS_TOLERANCE * scale:
        failures.append(
            f"row and column totals must have the same sum, found {rows.sum():.10g} and "
            f"{columns.sum():.10g}; correct one of them, nothing is rescaled here"
        )
    return failures


def _at(labels: Sequence[object], bad: NDArray[np.bool_], values: Floats | None = None) -> str:
    return shown(
        f"{labels[i]}" + ("" if values is None else f" ({values[i]:.6g})")
        for i in np.flatnonzero(bad).tolist()
    )


def check_pattern(
    rows: Floats,
    columns: Floats,
    pattern: NDArray[np.bool_],
    row_labels: Sequence[object],
    column_labels: Sequence[object],
) -> list[str]:
    """Whether the pattern can carry non-negative totals; names the rows that need too much."""
    n, m = pattern.shape
    scale = float(rows.sum())
    flow = _shipped(rows, columns, pattern)
    if flow is None:
        return []
    short = rows - flow.sum(axis=1)
    if short.sum() <= TOTALS_TOLERANCE * scale:
        return []
    reached_rows = short > TOTALS_TOLERANCE * scale / n
    reached_columns = np.zeros(m, dtype=bool)
    for _ in range(n + m):
        reached_columns = pattern[reached_rows].any(axis=0)
        back = (flow[:, reached_columns] > TOTALS_TOLERANCE * scale / (n * m)).any(axis=1)
        if (back <= reached_rows).all():
            break
        reached_rows = reached_rows | back
    return [
        f"the zeros of the matrix leave no room: rows {_at(row_labels, reached_rows)} need "
        f"{rows[reached_rows].sum():.6g} but may use only columns "
        f"{_at(column_labels, reached_columns)} with {columns[reached_columns].sum():.6g}; "
        "change a total or put small entries where flows are possible"
    ]


def _shipped(rows: Floats, columns: Floats, pattern: NDArray[np.bool_]) -> Floats | None:
    """Ship as much as the pattern and the totals allow; None when there is nothing to search."""
    i, j = np.nonzero(pattern)
    n, m, k = len(rows), len(columns), len(i)
    ones = np.ones(k)
    cells = np.arange(k)
    limits = scipy.sparse.vstack(
        [
            scipy.sparse.csr_array((ones, (i, cells)), shape=(n, k)),
            scipy.sparse.csr_array((ones, (j, cells)), shape=(m, k)),
        ]
    )
    scale = float(rows.sum())
    if scale == 0.0:
        return None
    bounds = np.concatenate([rows, columns]) / scale
    shipped = milp(-ones, constraints=LinearConstraint(limits, ub=bounds))
    if shipped.x is None:  # shipping nothing is always possible, so this is a failed search
        return None
    flow = np.zeros((n, m))
    flow[i, j] = shipped.x * scale
    return flow


def forced_zeros(rows: Floats, columns: Floats, pattern: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells (n, m) of the pattern that are zero in every matrix with these feasible totals."""
    flow = _shipped(rows, columns, pattern)
    if flow is None:
        return np.zeros_like(pattern)
    n, m = pattern.shape
    carries = flow > TOTALS_TOLERANCE * np.minimum(rows[:, None], columns)
    more, less = np.nonzero(pattern), np.nonzero(carries)
    graph = scipy.sparse.csr_array(
        (
            np.ones(len(more[0]) + len(less[0])),
            (np.concatenate([more[0], n + less[1]]), np.concatenate([n + more[1], less[0]])),
        ),
        shape=(n + m, n + m),
    )
    part = connected_components(graph, connection="strong")[1]
    return np.asarray(pattern & ~carries & (part[:n, None] != part[n:]))


def check_signed(
    rows: Floats,
    columns: Floats,
    signs: Floats,
    row_labels: Sequence[object],
    column_labels: Sequence[object],
) -> list[str]:
    """Whether cells of these signs (n, m) can have the totals; names the totals that cannot be."""
    n, m = signs.shape
    where = np.flatnonzero(signs.reshape(-1))
    i, j = np.divmod(where, m)
    cells = np.arange(len(where))
    ones = np.ones(len(where))
    member = scipy.sparse.csr_array(
        (np.tile(ones, 2), (np.concatenate([i, n + j]), np.tile(cells, 2))),
        shape=(n + m, len(where)),
    )
    wanted = np.concatenate([rows, columns])
    short, blame = contradicting(member, signs.reshape(-1)[where], wanted)
    if short == 0.0:
        return []
    # Rows and columns have one sum, so blame may move from all rows to all columns: name few.
    side = np.concatenate([np.ones(n), -np.ones(m)])
    moved = [blame - shift * side for shift in np.unique((blame * side).round(9))]
    guilty = min((np.flatnonzero(np.abs(b) > 1e-7).tolist() for b in moved), key=len)
    names = [f"row {k}" for k in row_labels] + [f"column {k}" for k in column_labels]
    found = shown(f"{names[k]} ({wanted[k]:.6g})" for k in guilty)
    return [
        f"no matrix with these signs and zeros has these totals, they miss {short:.6g} in all; "
        f"look at {found}"
    ]


def contradicting(
    member: scipy.sparse.csr_array, signs: Floats, wanted: Floats
) -> tuple[float, Floats]:
    """Find sums of cells that contradict each other.

    Parameters
    ----------
    member
        (K, L) 0/1 matrix of the cells in each sum.
    signs
        (L,) sign of each cell.
    wanted
        (K,) sums.

    Returns
    -------
    By how much the sums are missed in all, 0 when they can hold, and the dual of the program (K,):
    sums it leaves at zero are not to blame.
    """
    scale = float(np.abs(wanted).max(initial=0.0))
    if scale == 0.0:
        return 0.0, np.zeros(len(wanted))
    K = len(wanted)
    eye = scipy.sparse.csr_array(np.eye(K))
    found = linprog(
        np.concatenate([np.zeros(len(signs)), np.ones(2 * K)]),
        A_eq=scipy.sparse.hstack([member * signs, eye, -eye], format="csr"),
        b_eq=wanted / scale,
        method="highs",
    )
    short = float(found.fun or 0.0)
    if found.status != 0 or short <= 1e-8:
        return 0.0, np.zeros(K)
    return short * scale, np.asarray(found.eqlin.marginals)
