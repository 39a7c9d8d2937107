"""Why a table has no Leontief inverse that makes sense: the block that needs too much of itself.

Question owned: A >= 0 and no certificate was found; is the spectral radius at least one, and where?

Public names
    diagnose             bounds on the spectral radius of the worst strongly connected block
    Verdict              what `diagnose` found
    not_productive       the error that names the block and its five heaviest rows

Terms: Perron vector v of a strongly connected block of A: A v = radius v, v > 0.

    min_i (A v)_i / v_i <= radius <= max_i (A v)_i / v_i        for any v > 0 on the block

The block is the strongly connected one around the row with the largest product of left and right
dominant vectors; restricted to it, power steps on (A + I) / 2 converge whatever its periods.

Source: Hawkins & Simon (1949); Collatz (1942), Wielandt (1950); Miller & Blair (2009), 2.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from model.errors import NotProductive
from model.leontief.certificate import EPS
from model.leontief.products import FloatArray, IntArray, Operator

STEPS = 300


@dataclass(frozen=True)
class Verdict:
    """Rows of the block, its Perron vector there, and bounds on its spectral radius."""

    rows: IntArray
    weight: FloatArray
    lower: float
    upper: float

    @property
    def proves_not_productive(self) -> bool:
        """Whether the radius is at least one, up to the rounding of a single row."""
        return self.lower >= 1.0


def _power(operator: Operator, start: FloatArray, *, transposed: bool) -> FloatArray:
    """Dominant vector of (A + I) / 2, sum 1."""
    vector: FloatArray = start / start.sum()
    for _ in range(STEPS):
        product = operator.rmatvec(vector) if transposed else operator.matvec(vector)
        following: FloatArray = 0.5 * (product + vector)
        following /= following.sum()
        if np.abs(following - vector).sum() <= 1e-13:
            return following
        vector = following
    return vector


def diagnose(operator: Operator) -> Verdict:
    """Find the strongly connected block of A >= 0 with the largest spectral radius; bound it."""
    start = np.ones(operator.n)
    right = _power(operator, start, transposed=False)
    left = _power(operator, start, transposed=True)
    _, label = connected_components(operator.pattern(), directed=True, connection="strong")
    label = label[: operator.n]
    inside = label == label[int(np.argmax(left * right))]
    weight = np.where(inside, np.maximum(right, 1e-300), 0.0)
    weight /= weight.sum()
    lower, upper = 0.0, np.inf
    for _ in range(STEPS):
        product = np.where(inside, operator.matvec(weight), 0.0)
        ratio = product[inside] / weight[inside]
        terms = np.broadcast_to(np.asarray(operator.row_terms) + 4.0, (operator.n,))[inside]
        lower = max(lower, float((ratio * (1.0 + terms * EPS)).min()))
        upper = min(upper, float((ratio * (1.0 + terms * EPS)).max()))
        if lower >= 1.0 or upper < 1.0 or upper - lower <= 1e-13 * upper:
            break
        weight = 0.5 * (product + weight)
        weight /= weight.sum()
    rows = np.flatnonzero(inside)
    return Verdict(rows, weight[rows], lower, upper)


def not_productive(verdict: Verdict, labels: pd.Index | None) -> NotProductive:
    """Say which block needs more of itself than it makes, and its five heaviest rows."""
    heaviest = np.argsort(-verdict.weight, kind="stable")[:5]
    names = [row_name(labels, int(verdict.rows[i])) for i in heaviest]
    shares = [f"{name} ({verdict.weight[i]:.1%})" for name, i in zip(names, heaviest, strict=True)]
    return NotProductive(
        "the table is not productive (Hawkins-Simon): every industry together must make more than "
        f"it uses up, but a strongly connected block of {len(verdict.rows)} rows has a spectral "
        f"radius of at least {verdict.lower:.9g}. Rows with most weight in it: {', '.join(shares)}."
        " Check their inputs against their output, and that imports and taxes are not counted as "
        "domestic inputs."
    )


def row_name(labels: pd.Index | None, row: int) -> str:
    """Return a row's label as text: "region / sector", or "row 7"."""
    if labels is None:
        return f"row {row}"
    label = labels[row]
    return " / ".join(str(part) for part in label) if isinstance(label, tuple) else str(label)
