"""One solve: a method chosen by cost, repeated on what remains until the certificate holds.

Question owned: which steps bring right-hand sides to a certified solution?

Public names
    Run        one call of solve

Terms: direct system (I - A) x = f, transposed system (I - A') l = w; columns (n, k).

Each step solves for the remaining residual, so that any method, however rough, ends at the same
certificate. Where q = 1 amplifies too much, the sharpest weights take its place.

Source: Higham (2002), chapter 12 for refinement; the rooms used name theirs.
"""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from model.leontief import choice
from model.leontief.certificate import Certificate, Weights, certify
from model.leontief.choice import Method
from model.leontief.engine import Engine
from model.leontief.krylov import Progress, gmres, polynomial
from model.leontief.near_pooled import NearPooled
from model.leontief.products import FloatArray
from model.leontief.solution import Status

log = logging.getLogger(__name__)

REFINEMENTS = 6
COLUMNS = 128
"""Right-hand sides iterated at once."""
FACTORED_COLUMNS = 512
"""Right-hand sides solved with dense factors at once."""


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
        estimate, _ = choice.choose(
            self.engine.operator,
            k,
            factored=self.engine.factored,
            roots_known="roots" in self.engine.__dict__,
            warm=warm,
            corrected=self.engine.uncorrected,
        )
        self.method = self.forced or estimate
        most = 0
        width = FACTORED_COLUMNS if self.method == "direct" else COLUMNS
        parts = []
        for first in range(0, max(k, 1), width):
            some = slice(first, first + width)
            block = np.ascontiguousarray(x[:, some])
            self.iterations = 0
            parts.append(self._refine(np.ascontiguousarray(rhs[:, some]), block, warm=warm))
            x[:, some] = block
            most = max(most, self.iterations)
        self.iterations = most
        return Certificate(
            residuals=np.concatenate([p.residuals for p in parts]),
            bounds=np.concatenate([p.bounds for p in parts]),
            rounding=np.concatenate([p.rounding for p in parts]),
            remainder=parts[-1].remainder,
            rho=parts[-1].rho,
        )

    def _refine(self, rhs: FloatArray, x: FloatArray, *, warm: bool) -> Certificate:
        certificate = self._certify(rhs, x) if warm else None
        remainder = rhs if certificate is None else certificate.remainder
        scale = self._size(rhs)
        last = np.inf
        for _ in range(REFINEMENTS):
            if certificate is None or not self._met(x, certificate).all():
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    x += self._step(remainder, scale)
                if not np.isfinite(x).all():
                    return self._nothing(rhs, x)
                if certificate is None and self.method == "direct":
                    known = self._from_factors(x)
                    if known is not None:
                        return known
                certificate = self._certify(rhs, x)
            if self._met(x, certificate).all():
                break
            before = self.weights
            self._sharpen()
            if self.weights is not before:
                certificate = certificate.under(self.weights, transposed=self.transposed)
            worst = float((certificate.residuals / np.maximum(self._size(x), 1e-300)).max())
            if self._met(x, certificate).all() or not worst < 0.5 * last:
                break
            last, remainder, scale = worst, certificate.remainder, self._size(x)
        assert certificate is not None
        return certificate

    def _from_factors(self, x: FloatArray) -> Certificate | None:
        """Return what the factors alone prove, when it is enough."""
        bound = self.engine.factor_bound(self.weights)
        if bound is None:
            return None
        certificate = bound.certify(x, transposed=self.transposed)
        return certificate if self._met(x, certificate).all() else None

    def _nothing(self, rhs: FloatArray, x: FloatArray) -> Certificate:
        """Give up: I - A is singular in working precision."""
        x[:] = np.nan
        self.weights = Weights(self.weights.q, float("nan"), "I - A is singular")
        unknown = np.full(rhs.shape[1], np.nan)
        return Certificate(unknown, unknown, unknown, rhs, rhs)

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
        near = engine.splitting
        if self.method == "blocked" and isinstance(near, NearPooled):
            done = near.correct(rhs, target, transposed=self.transposed, progress=self.progress)
            self.iterations += done.iterations
            if done.reached:
                return done.z
            log.warning("blocked corrections stopped short; going on column by column")
        side = engine.side(self.transposed)
        before = side.before(rhs)
        if self.method == "blocked" and not isinstance(near, NearPooled):
            done = polynomial(side.rest, engine.roots, before, target, progress=self.progress)
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
