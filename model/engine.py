"""How a system is solved: factors, iterations and weights worked out when first needed.

Question owned: which steps bring a right-hand side to a certified solution?

Public names
    Engine     an operator with what solving it needs: region blocks, roots, factors, weights
    Run        one solve: a method, refined until the certificate holds

Terms: direct system (I - A) x = f, transposed system (I - A') l = w; columns (n, k).

An engine never changes: what it works out depends on the operator alone. Each step solves for the
remaining residual, so that any method, however rough, ends at the same certificate.

Source: Higham (2002), chapter 12 for refinement; the rooms used name theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.linalg
from numpy.typing import NDArray

from model import choice
from model.certificate import Certificate, Weights, certify, column_sum_weights, verified_weights
from model.choice import Method
from model.krylov import Progress, find_roots, gmres, polynomial
from model.productive import Verdict, diagnose, not_productive
from model.products import FloatArray, Operator
from model.solution import Status
from model.splitting import Splitting, split

log = logging.getLogger(__name__)

REFINEMENTS = 6
COLUMNS = 128
"""Right-hand sides iterated at once."""


@dataclass(frozen=True, eq=False)
class Side:
    """The direct or the transposed system, as the methods see it."""

    transposed: bool
    rest: Callable[[FloatArray], FloatArray]
    before: Callable[[FloatArray], FloatArray]
    after: Callable[[FloatArray], FloatArray]


class Engine:
    """An operator and what solving it needs; `labels` name rows in messages."""

    def __init__(self, operator: Operator, labels: pd.Index | None) -> None:
        self.operator = operator
        self.labels = labels

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
        lu, pivots = scipy.linalg.lu_factor(matrix.T, overwrite_a=True, check_finite=False)
        return lu, pivots

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
        trial = bounding._approximate_multipliers()
        weights = verified_weights(self.magnitude, trial)
        if weights.valid:
            return weights
        verdict = diagnose(self.magnitude)
        if verdict.upper < 1.0:  # the multipliers were poor, not the table
            weights = verified_weights(self.magnitude, bounding._polish(trial))
            if weights.valid:
                return weights
        if self.operator.nonnegative and verdict.proves_not_productive:
            raise not_productive(verdict, self.labels)
        return Weights(trial, float("nan"), _no_weights(self.operator, verdict))

    def _approximate_multipliers(self) -> FloatArray:
        ones = np.ones((self.n, 1))
        side = self.side(True)
        if "factors" in self.__dict__:
            return self.direct(ones, transposed=True)[:, 0]
        found = gmres(side.rest, side.before(ones)[:, 0], 1e-9, max_iterations=400)
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
        """Solve with the dense factors, columns (n, k)."""
        solved = scipy.linalg.lu_solve(
            self.factors, rhs, trans=0 if transposed else 1, check_finite=False
        )
        return np.ascontiguousarray(solved)


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


class Run:
    """One call of solve: a method, refined until the certificate holds."""

    def __init__(
        self,
        engine: Engine,
        transposed: bool,
        tolerance: float,
        method: Method | None,
        max_iterations: int,
        progress: Progress | None,
    ) -> None:
        self.engine, self.transposed, self.tolerance = engine, transposed, tolerance
        self.forced, self.max_iterations, self.progress = method, max_iterations, progress
        self.method: str = method or ""
        self.iterations = 0
        self.weights = engine.weights

    def solve(self, rhs: FloatArray, x: FloatArray, *, warm: bool) -> Certificate:
        """Fill x (n, k) and return its certificate."""
        k = rhs.shape[1]
        known = self.engine.__dict__
        estimate, _ = choice.choose(
            self.engine.operator, k, factored="factors" in known, roots_known="roots" in known
        )
        self.method = self.forced or estimate
        if self.method == "direct":
            return self._refine(rhs, x, warm=warm)
        parts = []
        for first in range(0, max(k, 1), COLUMNS):
            some = slice(first, first + COLUMNS)
            block = np.ascontiguousarray(x[:, some])
            parts.append(self._refine(np.ascontiguousarray(rhs[:, some]), block, warm=warm))
            x[:, some] = block
        return Certificate(
            residuals=np.concatenate([p.residuals for p in parts]),
            bounds=np.concatenate([p.bounds for p in parts]),
            rounding=np.concatenate([p.rounding for p in parts]),
            remainder=parts[-1].remainder,
        )

    def _refine(self, rhs: FloatArray, x: FloatArray, *, warm: bool) -> Certificate:
        certificate = self._certify(rhs, x) if warm else None
        remainder = rhs if certificate is None else certificate.remainder
        scale = self._size(rhs)
        last = np.inf
        for _ in range(REFINEMENTS):
            if certificate is None or not self._met(x, certificate).all():
                x += self._step(remainder, scale)
                certificate = self._certify(rhs, x)
            if self._met(x, certificate).all():
                break
            self._sharpen()
            certificate = self._certify(rhs, x)
            worst = float((certificate.residuals / np.maximum(self._size(x), 1e-300)).max())
            if self._met(x, certificate).all() or not worst < 0.5 * last:
                break
            last, remainder, scale = worst, certificate.remainder, self._size(x)
        assert certificate is not None
        return certificate

    def _certify(self, rhs: FloatArray, x: FloatArray) -> Certificate:
        engine = self.engine
        return certify(
            engine.operator, engine.magnitude, self.weights, rhs, x, transposed=self.transposed
        )

    def _sharpen(self) -> None:
        """Fall back on the smallest amplification there is, when the simple one is not enough."""
        if self.weights.valid and self.weights is not self.engine.sharp_weights:
            sharp = self.engine.sharp_weights
            if sharp.valid and sharp.gamma < 1.0:
                self.weights = sharp

    def _size(self, columns: FloatArray) -> FloatArray:
        size = np.abs(columns)
        return np.asarray(size.max(axis=0, initial=0.0) if self.transposed else size.sum(axis=0))

    def _met(self, x: FloatArray, certificate: Certificate) -> NDArray[np.bool_]:
        limit = self.tolerance * self._size(x)
        if not self.weights.valid:  # nothing is proved; stop where the residual is as small
            return np.asarray(certificate.residuals <= limit)
        return np.asarray(certificate.bounds <= limit)

    def _step(self, rhs: FloatArray, scale: FloatArray) -> FloatArray:
        """Solve for a right-hand side to a residual that the certificate will accept."""
        engine = self.engine
        if self.method == "direct":
            self.iterations += 1
            return engine.direct(rhs, transposed=self.transposed)
        gamma = self.weights.gamma if self.weights.valid else 0.9
        target = 0.25 * self.tolerance * (1.0 - gamma) * scale
        target = np.maximum(target / float(self.weights.q.max()), 1e-17 * scale)
        side = engine.side(self.transposed)
        before = side.before(rhs)
        if self.method == "blocked":
            done = polynomial(side.rest, engine.roots, before, target)
            self.iterations += done.iterations
            if done.reached:
                return side.after(done.z)
            log.warning("blocked iterations stopped short; going on column by column")
        out = np.zeros_like(rhs)
        room, most = max(self.max_iterations - self.iterations, 0), 0
        for j in range(rhs.shape[1]):
            column = np.ascontiguousarray(before[:, j])
            unit = 2.0 ** np.frexp(np.abs(column).max(initial=0.0))[1]
            if not column.any():
                continue
            aim = float(target[j]) / unit / (1.0 if self.transposed else np.sqrt(engine.n))
            found = gmres(
                side.rest,
                column / unit,
                aim,
                max_iterations=room,
                progress=self.progress,
            )
            most = max(most, found.iterations)
            out[:, j] = unit * found.z
        self.iterations += most
        return side.after(out)

    def outcome(self, x: FloatArray, certificate: Certificate) -> tuple[Status, str]:
        """Status, and in words what stands in the way of a certificate."""
        if not self.weights.valid:
            return Status.UNCERTIFIED, self.weights.reason
        met = self._met(x, certificate)
        if met.all():
            return Status.CERTIFIED, ""
        worst = int(np.argmax(certificate.bounds - self.tolerance * self._size(x)))
        bound, rounding = certificate.bounds[worst], certificate.rounding[worst]
        size = float(self._size(x)[worst])
        cause = (
            "rounding alone accounts for most of it"
            if rounding > 0.3 * bound
            else f"{self.iterations} iterations were not enough"
        )
        return Status.NOT_CONVERGED, (
            f"the error bound must be at most {self.tolerance:.1e} of the solution; right-hand "
            f"side {worst} has {bound / size if size else np.inf:.1e} (gamma "
            f"{self.weights.gamma:.6f}); {cause}. Ask for a larger tolerance."
        )
