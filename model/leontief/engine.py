"""How a system is solved: factors, iterations and weights worked out when first needed.

Question owned: what does solving a system need besides its operator, and when is it worked out?

Public names
    Engine     an operator with what solving it needs: region blocks, roots, factors, weights
    Side       the direct or the transposed system, as iterations see it

Terms: direct system (I - A) x = f, transposed system (I - A') l = w; columns (n, k).

An engine never changes: what it works out depends on the operator alone, and is kept. An operator
that differs in c columns, A + dA E', is solved with the factors of the first:

    x = y + W (I - E' W)^-1 E' y        y = L0 f, W = L0 dA (n, c)

Source: Woodbury (1950); Golub & Van Loan (2013), section 2.1.4.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.linalg
from numpy.typing import NDArray
from scipy.linalg.blas import dtrsm

from model.leontief.certificate import FactorBound, Weights, column_sum_weights, verified_weights
from model.leontief.gravity import GravityOperator
from model.leontief.krylov import find_roots, gmres
from model.leontief.pooled import PooledOperator
from model.leontief.productive import Verdict, diagnose, not_productive
from model.leontief.products import FloatArray, IntArray, Operator
from model.leontief.splitting import Splitting, TwoStage, borrowed, split

ROUGH, FINE = 1e-2, 1e-9
"""Residuals of trial weights: the first is enough unless the system is nearly singular."""


@dataclass(frozen=True, eq=False)
class Side:
    """The direct or the transposed system, as the methods see it."""

    transposed: bool
    rest: Callable[[FloatArray], FloatArray]
    before: Callable[[FloatArray], FloatArray]
    after: Callable[[FloatArray], FloatArray]


class Engine:
    """An operator and what solving it needs; `labels` name rows in messages.

    `near` is the engine of an operator that differs in some columns only, and `columns` are their
    positions: its factors then serve this one by a low-rank correction.
    """

    def __init__(
        self,
        operator: Operator,
        labels: pd.Index | None,
        *,
        near: Engine | None = None,
        columns: IntArray | None = None,
    ) -> None:
        self.operator = operator
        self.labels = labels
        self.near = near
        self.columns = columns

    def successor(self, operator: Operator, columns: IntArray, *, trade: bool) -> Engine:
        """Return the engine of an operator that differs from this one in `columns` (positions).

        With `trade` other than before, factors are of no use; region blocks serve on as a rough
        inverse while own shares are nearly what they were.
        """
        if trade or columns.size > self.n // 4:
            out = Engine(operator, self.labels)
            kept = borrowed(self.__dict__.get("splitting"), self.operator, operator)
            if kept is not None:
                out.__dict__["splitting"] = kept
            return out
        root, all_columns = self, columns
        if self.near is not None and self.columns is not None:
            root, all_columns = self.near, np.union1d(self.columns, columns)
        out = Engine(operator, self.labels, near=root, columns=all_columns)
        known = self.splitting
        if isinstance(known, TwoStage) and isinstance(operator, PooledOperator | GravityOperator):
            regions = np.unique(columns // operator.n_sectors)
            out.__dict__["splitting"] = known.renewed(operator, regions)
        return out

    @property
    def factored(self) -> bool:
        """Whether dense factors are at hand, of this operator or of the one near it."""
        return "factors" in self.__dict__ or (
            self.near is not None and "factors" in self.near.__dict__
        )

    @property
    def uncorrected(self) -> int:
        """Columns that the factors at hand do not know of yet, 0 when they do."""
        if "factors" in self.__dict__ or "correction" in self.__dict__ or self.columns is None:
            return 0
        return self.columns.size

    @cached_property
    def correction(self) -> tuple[FloatArray, FloatArray]:
        """L0 dA (n, c), and its core (I - E' L0 dA) (c, c), for the columns E that changed."""
        assert self.near is not None
        assert self.columns is not None
        rows = np.arange(self.n)
        change = self.operator.block(rows, self.columns) - self.near.operator.block(
            rows, self.columns
        )
        wide = self.near.direct(np.ascontiguousarray(change), transposed=False)
        return wide, np.eye(self.columns.size) - wide[self.columns]

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.operator.n

    @cached_property
    def magnitude(self) -> Operator:
        """Return |A|, the operator itself when A >= 0."""
        return self.operator.magnitude()

    @cached_property
    def splitting(self) -> Splitting:
        """What is solved exactly within regions, and the rest."""
        return split(self.operator)

    @cached_property
    def factors(self) -> tuple[FloatArray, NDArray[np.int32]]:
        """LU factors and pivots of (I - A)'."""
        matrix = self.operator.dense()
        np.negative(matrix, out=matrix)
        matrix[np.diag_indices(self.n)] += 1.0
        # The transpose is column-major already: factored in place, and solved as the transposed.
        with warnings.catch_warnings():  # a singular matrix is told by the solution's status
            warnings.simplefilter("ignore", scipy.linalg.LinAlgWarning)
            lu, pivots = scipy.linalg.lu_factor(matrix.T, overwrite_a=True, check_finite=False)
        return lu, pivots

    def factor_bound(self, weights: Weights) -> FactorBound | None:
        """Return what bounds solves with this engine's own factors; None when there are none."""
        if "factors" not in self.__dict__ or not weights.valid:
            return None
        known = self.__dict__.get("_factor_bound")
        if isinstance(known, FactorBound) and known.weights is weights:
            return known
        factors, pivots = self.factors
        order = _order(pivots)
        terms = max(float(np.max(t)) for t in (self.operator.row_terms, self.operator.column_terms))
        found = FactorBound.of(factors, order, terms + 3.0, weights)
        self.__dict__["_factor_bound"] = found
        return found

    def inverse(self) -> tuple[FloatArray, FloatArray] | None:
        """(I - A)^-1 (n, n) and bounds of its columns (n,); None without bounds.

        The factors are those of the transpose, P L U: its columns are the rows, and are in place.
        L Y = I is solved below the diagonal alone, then U X' P = Y: 2 n^3 operations in all. Every
        column obeys what is known of triangular solves, so that its bound stays what it was.
        """
        factors, pivots = self.factors
        bound = self.factor_bound(self.weights)
        if bound is None:
            return None
        found = dtrsm(1.0, factors, _lower_inverse(factors), overwrite_b=True).T
        order = _order(pivots)
        if (order != np.arange(self.n)).any():
            placed = np.empty_like(found)
            placed[order] = found
            found = placed
        if not np.isfinite(found.sum()):
            return None
        return found, bound.certify_inverse(found)

    def sharper(self, inverse: FloatArray, bounds: FloatArray) -> FloatArray:
        """Return bounds (n,) of the columns of `inverse` by the smallest amplification there is.

        The simple weights are cheaper; on tables of thousands of rows they lose more than rounding.
        """
        sharp = self.sharp_weights
        bound = None if sharp is self.weights else self.factor_bound(sharp)
        return bounds if bound is None else np.minimum(bounds, bound.certify_inverse(inverse))

    @cached_property
    def roots(self) -> NDArray[np.complex128]:
        """Roots of the residual polynomial that all columns share."""
        return find_roots(self.splitting.rest, self.n, 1e-12, max_degree=40)

    @cached_property
    def weights(self) -> Weights:
        """What bounds errors of this system, by column sums or by a transposed solve.

        Raises
        ------
        NotProductive
            When A >= 0 and its spectral radius is at least one.
        """
        simple = column_sum_weights(self.magnitude)
        return simple if simple.valid else self.sharp_weights

    @cached_property
    def sharp_weights(self) -> Weights:
        """Weights from an approximate (I - |A|')^-1 1: the smallest amplification there is."""
        bounding = self if self.magnitude is self.operator else Engine(self.magnitude, None)
        for accuracy in (ROUGH, FINE):
            trial = bounding._approximate_multipliers(accuracy)
            weights = verified_weights(self.magnitude, trial)
            # The exact multipliers have gamma = 1 - 1 / max q before they are scaled.
            if weights.valid and (accuracy == FINE or (1.0 - weights.gamma) * trial.max() > 0.8):
                return weights
        verdict = diagnose(self.magnitude)
        if verdict.upper < 1.0:  # the multipliers were poor, not the table
            weights = verified_weights(self.magnitude, bounding._polish(trial))
            if weights.valid:
                return weights
        if self.operator.nonnegative and verdict.proves_not_productive:
            raise not_productive(verdict, self.labels)
        return Weights(trial, float("nan"), _no_weights(self.operator, verdict))

    def _approximate_multipliers(self, accuracy: float) -> FloatArray:
        ones = np.ones((self.n, 1))
        side = self.side(True)
        if self.factored:
            return self.direct(ones, transposed=True)[:, 0]
        found = gmres(side.rest, side.before(ones)[:, 0], accuracy, max_iterations=400)
        return np.asarray(side.after(found.z[:, None])[:, 0])

    def _polish(self, trial: FloatArray) -> FloatArray:
        q = np.maximum(np.nan_to_num(trial, nan=1.0), 1.0)
        for _ in range(200):
            q = 1.0 + self.operator.rmatvec(q)
        return q

    def side(self, transposed: bool) -> Side:
        """Return the direct or the transposed system as iterations see it."""
        split_, same = self.splitting, _same
        if transposed:
            return Side(True, split_.rest_transposed, split_.finish_transposed, same)
        return Side(False, split_.rest, same, split_.finish)

    def direct(self, rhs: FloatArray, *, transposed: bool) -> FloatArray:
        """Solve with the dense factors, columns (n, k); near factors are corrected by Woodbury."""
        if "factors" not in self.__dict__ and self.near is not None and self.near.factored:
            return self._corrected(rhs, transposed=transposed)
        solved = scipy.linalg.lu_solve(
            self.factors, rhs, trans=0 if transposed else 1, check_finite=False
        )
        return np.ascontiguousarray(solved)

    def _corrected(self, rhs: FloatArray, *, transposed: bool) -> FloatArray:
        assert self.near is not None
        wide, core = self.correction
        if not transposed:
            first = self.near.direct(rhs, transposed=False)
            return np.asarray(first + wide @ np.linalg.solve(core, first[self.columns]))
        moved = rhs.copy()
        moved[self.columns] += np.linalg.solve(core.T, wide.T @ rhs)
        return self.near.direct(moved, transposed=True)


def _order(pivots: NDArray[np.int32]) -> IntArray:
    """Which row of the matrix each row of its factors came from."""
    order = np.arange(pivots.size)
    for i, other in enumerate(pivots):
        order[i], order[other] = order[other], order[i]
    return order


def _lower_inverse(factors: FloatArray) -> FloatArray:
    """Return L^-1 (n, n) of unit lower factors, column-major: solves for two halves of columns.

    The second half is zero above: it needs the lower right quarter of L alone.
    """
    n = factors.shape[0]
    half = n // 2
    out = np.zeros((n, n), order="F")
    out[np.diag_indices(n)] = 1.0
    out[:, :half] = dtrsm(1.0, factors, out[:, :half], lower=1, diag=1, overwrite_b=True)
    corner = np.asfortranarray(factors[half:, half:])
    below = np.asfortranarray(out[half:, half:])
    out[half:, half:] = dtrsm(1.0, corner, below, lower=1, diag=1, overwrite_b=True)
    return out


def _same(columns: FloatArray) -> FloatArray:
    return columns


def _no_weights(operator: Operator, verdict: Verdict) -> str:
    radius = f"between {verdict.lower:.6g} and {verdict.upper:.6g}"
    if operator.nonnegative:
        return (
            f"the spectral radius of A is {radius}: it cannot be told from one in double "
            "precision, so no error can be bounded"
        )
    return (
        f"A has negative entries and the spectral radius of |A| is {radius}: no positive weights "
        "q with q'|A| < q' exist, so the error cannot be bounded this way"
    )
