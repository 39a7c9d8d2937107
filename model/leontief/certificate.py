"""How far a computed solution can be from the exact one, proved from the residual.

Question owned: given x_hat, what bounds x - x_hat?

Public names
    Weights            q and gamma with q'|A| <= gamma q', or the reason why there are none
    column_sum_weights q = 1, where column sums are below one
    verified_weights   any q > 0, verified by one product
    Certificate        residual and bound of each right-hand side
    certify            the certificate of a solution, direct or transposed
    FactorBound        bounds from the factors alone, for many columns: no product

Terms: |v|_q = sum_i q_i |v_i|; eps = 2^-52; n_i terms in row i of the product, all stages together.

    r     = f - (I - A) x_hat
    rho_i = (n_i + 3) eps (|f| + |x_hat| + |A| |x_hat|)_i         rounding of r
    direct      |x - x_hat|_q <= (|r|_q + |rho|_q) / (1 - gamma)
    transposed  max_i |l - l_hat|_i / q_i <= max_i (|r| + rho)_i / q_i / (1 - gamma)

q is scaled to min q = 1, so that the direct bound is one on sum |x - x_hat| in money; the
transposed bound is multiplied by max q and is then one on max |l - l_hat|.

With computed factors (I - A)' = P L U every solve obeys, whatever its right-hand side,

    |r| <= (c P |L| |U| + m eps |A'|) |l_hat|      transposed; its transpose for direct solves
    c = (3 n + 13) eps,  m the terms of an entry of A,  v = c P |L| |U| q + m eps q

    direct      |x - x_hat|_q <= v'|x_hat| / (1 - gamma)
    transposed  max_i |l - l_hat|_i / q_i <= max (v / q) max (|l_hat| / q) / (1 - gamma)

Source: Varga (1962), theorem 3.10 for M-matrices; Higham (2002), section 3.1 for the rounding term
(unit roundoff is eps / 2, which leaves a factor two for second-order terms) and theorem 9.4 for the
factors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dtrmv

from model.leontief.narrow import combine
from model.leontief.products import FloatArray, Operator, none_negative

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)
ROWS = 64
"""Rows of an inverse looked at together."""


@dataclass(frozen=True)
class Weights:
    """What turns a residual into a bound: q (n,), min q = 1, with q'|A| <= gamma q'.

    `gamma` >= 1 or nan means that no certificate is possible, and `reason` says why.
    """

    q: FloatArray
    gamma: float
    reason: str = ""

    @property
    def valid(self) -> bool:
        """Whether this bounds anything."""
        return self.gamma < 1.0

    @property
    def amplification(self) -> float:
        """1 / (1 - gamma), rounded up."""
        return (1.0 + 4 * EPS) / (1.0 - self.gamma)


def column_sum_weights(magnitude: Operator) -> Weights:
    """Weights q = 1 with gamma the largest column sum of |A|, rounded up."""
    ones = np.ones(magnitude.n)
    return Weights(ones, _rate(magnitude, ones))


def verified_weights(magnitude: Operator, q: FloatArray) -> Weights:
    """Scale q > 0 to min 1 and find the smallest gamma with q'|A| <= gamma q', rounded up."""
    if not (np.isfinite(q).all() and (q > 0).all()):
        return Weights(q, float("nan"), "the trial weights are not all positive")
    scaled = q / q.min()
    scaled[scaled < 1.0] = 1.0
    return Weights(scaled, _rate(magnitude, scaled))


def _rate(magnitude: Operator, q: FloatArray) -> float:
    ratios = magnitude.rmatvec(q) / q
    rounding = (magnitude.column_terms + np.full(1, 4.0)) * EPS
    return float((ratios * (1.0 + rounding)).max(initial=0.0))


@dataclass(frozen=True)
class Certificate:
    """Per right-hand side (k,): residuals as sum |r|, bounds, and the share that is rounding."""

    residuals: FloatArray
    bounds: FloatArray
    rounding: FloatArray
    remainder: FloatArray
    """f - (I - A) x_hat, (n, k): what a further step would have to solve."""
    rho: FloatArray
    """Rounding of the remainder, (n, k)."""

    def under(self, weights: Weights, *, transposed: bool) -> Certificate:
        """Return the same residuals with the bounds that other weights give: no product."""
        absolute = np.abs(self.remainder)
        return _bounded(absolute, absolute.sum(axis=0), self, weights, transposed)


def certify(
    operator: Operator,
    magnitude: Operator,
    weights: Weights,
    rhs: FloatArray,
    solution: FloatArray,
    *,
    transposed: bool = False,
) -> Certificate:
    """Bound the error of `solution` (n, k) for `rhs` (n, k).

    One product, and a second one only where the solution or the operator has mixed signs. Bounds
    are nan where the weights bound nothing.
    """
    product = operator.rmatmat(solution) if transposed else operator.matmat(solution)
    size = np.abs(solution)
    if operator is magnitude and none_negative(solution):
        reach = product
    else:
        reach = magnitude.rmatmat(size) if transposed else magnitude.matmat(size)
    remainder = rhs - solution
    remainder += product
    terms = operator.column_terms if transposed else operator.row_terms
    size += np.abs(rhs)
    touched = size.any(axis=0)
    size += reach
    size *= (np.reshape(terms, (-1, 1)) + 3.0) * EPS
    size += TINY * touched  # underflow; nothing rounds in zeros
    absolute = np.abs(remainder)
    residuals = absolute.sum(axis=0)
    empty = np.empty(0)
    raw = Certificate(residuals, empty, empty, remainder, size)
    return _bounded(absolute, residuals, raw, weights, transposed)


def _bounded(
    absolute: FloatArray,
    residuals: FloatArray,
    raw: Certificate,
    weights: Weights,
    transposed: bool,
) -> Certificate:
    """Turn |r| (n, k) and the rounding of r into bounds."""
    rho = raw.rho
    if not weights.valid:
        nothing = np.full(rho.shape[1], np.nan)
        return Certificate(residuals, nothing, nothing, raw.remainder, rho)
    if transposed:
        scale = weights.amplification * float(weights.q.max())
        per_weight = (1.0 + EPS) / weights.q[:, None]
        rounding = (rho * per_weight).max(axis=0, initial=0.0)
        bounds = ((absolute + rho) * per_weight).max(axis=0, initial=0.0)
    else:
        # A sum of n terms >= 0 is off by at most n eps of itself.
        scale = weights.amplification * (1.0 + rho.shape[0] * EPS)
        # Not BLAS: its threads would spin on while ours begin the next product.
        rounding = np.einsum("i,ij->j", weights.q, rho)
        bounds = np.einsum("i,ij->j", weights.q, absolute + rho)
    return Certificate(residuals, scale * bounds, scale * rounding, raw.remainder, rho)


@dataclass(frozen=True)
class FactorBound:
    """What bounds all solves with the same dense factors: v (n,) and the weights."""

    reach: FloatArray
    weights: Weights

    @classmethod
    def of(
        cls, factors: FloatArray, order: NDArray[np.intp], terms: float, weights: Weights
    ) -> FactorBound:
        """Take factors L and U of (I - A)' in one matrix (n, n), and which row each came from."""
        n, q = factors.shape[0], weights.q
        rate = (3.0 * n + 13.0) * EPS
        size = np.abs(factors)
        through = dtrmv(size, dtrmv(size, q), lower=1, diag=1)
        reach = terms * EPS * q
        reach[order] += rate / (1.0 - rate) * through
        return cls(reach * (1.0 + (2 * n + 8) * EPS), weights)

    def certify(self, solution: FloatArray, *, transposed: bool) -> Certificate:
        """Bound the error of columns (n, k) solved from nothing with these factors."""
        size = np.abs(solution)
        q, growth = self.weights.q, 1.0 + (self.reach.size + 8) * EPS
        if transposed:
            largest = (size / q[:, None]).max(axis=0, initial=0.0)
            residuals = growth * float(self.reach.sum()) * largest
            bounds = growth * float((self.reach / q).max(initial=0.0)) * largest * q.max()
        else:
            residuals = bounds = growth * (self.reach @ size)
        bounds = self.weights.amplification * bounds + TINY * solution.shape[0] * size.any(axis=0)
        empty = np.empty((0, solution.shape[1]))
        return Certificate(residuals, bounds, bounds, empty, empty)

    def certify_inverse(self, inverse: FloatArray) -> FloatArray:
        """Bound each column (n,) of an inverse found row by row, sum |error| in money.

        With R = I - (I - A)' X' the error of X is at most |R'| (I - A)^-1, and q'|R'| <= eta q'.
        """
        n, q = inverse.shape[0], self.weights.q
        reached = np.zeros(n)  # q'|X|
        for i in range(0, n, ROWS):
            reached += combine(np.abs(inverse[i : i + ROWS]), q[i : i + ROWS])
        growth = 1.0 + (2 * n + 8) * EPS
        eta = growth * float((reached / q).max()) * float((self.reach / q).max())
        return np.asarray(self.weights.amplification * eta * q + TINY * n)
