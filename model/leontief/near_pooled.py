"""The pooled system nearest to an explicit one: a cheap and close stand-in for its inverse.

Question owned: how is (I - A) nearly inverted when A is explicit and regions trade as they do?

Public names
    NearPooled    a splitting whose M^-1 nearly inverts the pooled system, and `correct`
    near_pooled   the one of an operator, None where it does not pay

Terms: an explicit table's regions mostly buy abroad in proportions that differ little between
buyers. Own blocks are kept exactly, the rest is summed over origins and spread again.

    B_s = A_ss                                  own block, kept
    m_ij^s = sum over r, not s, of a_ij^rs      bought from all others
    t_i^rs = sum_j z_ij^rs / sum_qj z_ij^qs     where it comes from, r not s
    K = B + T m,   N = T m (I - B)^-1,   (I - K)^-1 = (I - B)^-1 (I - N)^-1

(I - N)^-1 is a fixed polynomial in N, so that M^-1 is one linear map; its products cost
R S^2 + S R^2, little beside n^2. Then

    x <- x + M^-1 r,   r <- r - (I - A) M^-1 r

with M^-1 in float32 loses nothing: the residual is that of the step taken. Nor does the product
with A in float32, where there are more columns than `model.leontief.narrow` takes: what it leaves
over is in the float64 residual that every solution is certified with, and is corrected once more.

Source: Chenery (1953), Moses (1955) for the pooled form; Higham (2002), chapter 12 for refinement
in two precisions; Saad (2003), section 12.3 for polynomial preconditioners.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.leontief.explicit import Explicit
from model.leontief.krylov import Iterated, Progress, find_roots, shorten
from model.leontief.narrow import combine, few, share, times
from model.leontief.products import FloatArray, Operator

ROOM = 1e-3
"""What the polynomial leaves of a random vector."""
DEGREE = 16
FLOOR = 4e-6
"""Reduction of a residual after which float32 products have told what they can."""
SINGLE_COLUMNS = 8
"""Columns from which products in float32 pay for taking A to it."""
SPLIT = 16
"""Least columns of a block that a thread works on by itself."""
PANEL = 144
"""Rows of A taken to float32 at once."""
NEAR = 2.0
"""Of the target: from here the last step is left to the certificate, whose product is due anyway;
should it not do, what it leaves over is where the next step starts."""
LARGEST_SINGLE = 1e30
"""Coefficients above it are not taken to float32."""

AnyFloat = NDArray[Any]


class NearPooled:
    """M nearly the pooled system of an explicit A; satisfies `model.leontief.splitting.Splitting`.

    Parameters
    ----------
    operator
        Dense, >= 0, a full product of regions and sectors.
    """

    def __init__(self, operator: Explicit) -> None:
        grid = operator.grid
        assert grid is not None
        self._operator = operator
        n_regions, n_sectors = grid
        matrix, scale = operator.parts
        here = np.arange(n_regions)
        flows = matrix.reshape(n_regions, n_sectors, n_regions, n_sectors)
        per_output = scale.reshape(n_regions, 1, n_sectors)
        own = flows[here, :, here, :]
        bought_in_all = combine(matrix.reshape(n_regions, -1), np.ones(n_regions))
        in_all = bought_in_all.reshape(n_sectors, n_regions, n_sectors).transpose(1, 0, 2)
        abroad = (in_all - own) * per_output
        np.maximum(abroad, 0.0, out=abroad)
        by_buyer = times(matrix.reshape(-1, n_sectors), np.ones((n_sectors, 1)))
        bought = by_buyer.reshape(n_regions, n_sectors, n_regions)
        self._largest_row = float(bought.max(initial=0.0))
        shares = np.ascontiguousarray(bought.transpose(1, 0, 2))
        shares[:, here, here] = 0.0
        total = shares.sum(axis=1, keepdims=True)
        np.divide(shares, total, out=shares, where=total > 0)
        inverse = np.linalg.inv(np.eye(n_sectors) - own * per_output)
        self._double = _Stages(inverse, np.matmul(abroad, inverse), shares)
        self._roots = find_roots(self._double.rest, operator.n, ROOM, max_degree=DEGREE)

    def rest(self, columns: FloatArray) -> FloatArray:
        """N Z = Z - (I - A) M^-1 Z."""
        inner = self.finish(columns)
        return columns - inner + self._operator.matmat(inner)

    def rest_transposed(self, columns: FloatArray) -> FloatArray:
        """N' Z = Z - M^-T (I - A') Z."""
        return columns - self.finish_transposed(columns - self._operator.rmatmat(columns))

    def finish(self, columns: FloatArray) -> FloatArray:
        """M^-1 Z."""
        return np.asarray(self._double.solve(columns, self._roots, transposed=False))

    def finish_transposed(self, columns: FloatArray) -> FloatArray:
        """M^-T Z."""
        return np.asarray(self._double.solve(columns, self._roots, transposed=True))

    def own_inverses(self) -> FloatArray:
        """(I - A_ss)^-1 of every region, (R, S, S)."""
        return np.asarray(self._double.inverse)

    @cached_property
    def _single(self) -> _Stages | None:
        """The stages in float32, None when A has numbers too large for it."""
        scale = self._operator.parts[1]
        if max(self._largest_row, float(scale.max(initial=0.0))) > LARGEST_SINGLE:
            return None
        return self._double.in_single()

    def _product(self, columns: AnyFloat, transposed: bool) -> AnyFloat:
        """Return A X, or A' X, in float32; A is taken to it a few rows at a time and never kept."""
        matrix, scale = self._operator.parts
        n = matrix.shape[0]
        single = scale.astype(np.float32)[:, None]
        room = np.empty((min(PANEL, n), n), dtype=np.float32)
        out = np.zeros_like(columns)
        if not transposed:
            columns = single * columns
        for first in range(0, n, PANEL):
            rows = slice(first, min(first + PANEL, n))
            panel = room[: rows.stop - first]
            np.copyto(panel, matrix[rows], casting="same_kind")
            if transposed:
                out += panel.T @ columns[rows]
            else:
                np.matmul(panel, columns, out=out[rows])
        if transposed:
            out *= single
        return out

    def correct(
        self,
        rhs: FloatArray,
        target: FloatArray,
        *,
        transposed: bool,
        progress: Progress | None = None,
    ) -> Iterated:
        """Reduce the residual of (I - A) x = rhs, or of the transposed, towards target (k,).

        The x returned has a residual near target (its sum, transposed its maximum) by the rate
        seen so far, or FLOOR of what it was; `reached` is False when a step does not halve it.
        """
        product: Callable[[AnyFloat], AnyFloat]
        single = self._single if rhs.shape[1] >= SINGLE_COLUMNS else None
        stages, precision = (self._double, np.float64) if single is None else (single, np.float32)
        floor = 0.0
        if single is None or few(rhs.shape[1]):
            product = self._operator.rmatmat if transposed else self._operator.matmat
        else:
            floor = FLOOR
            product = partial(self._product, transposed=transposed)
        left = rhs.copy()
        norms = _norms(left, transposed)
        goal = np.maximum(target, floor * norms)
        x = np.zeros_like(rhs)
        products, rate = 0, np.inf
        while True:
            unit = np.where(norms > 0.0, norms, 1.0)
            scaled = np.divide(left, unit, dtype=precision, casting="same_kind")
            step = stages.solve_shared(scaled, self._roots, transposed=transposed)
            x += step * unit
            if products and (rate * norms <= NEAR * goal).all():
                return Iterated(x, products, True)
            change = product(step if floor else step.astype(np.float64, copy=False))
            change -= step
            left += change * unit
            products += 1
            after = _norms(left, transposed)
            if progress is not None:
                progress(products, float(after.max()))
            if (after <= goal).all():
                return Iterated(x, products, True)
            rate = float((after / np.maximum(norms, 1e-300)).max())
            if not rate < 0.5:
                return Iterated(x, products, False)
            norms = after


def _norms(columns: FloatArray, largest: bool) -> FloatArray:
    size = np.abs(columns)
    return np.asarray(size.max(axis=0, initial=0.0) if largest else size.sum(axis=0))


class _Stages:
    """The pooled stand-in in one precision: own inverses, purchases abroad, trade shares."""

    def __init__(self, inverse: AnyFloat, through: AnyFloat, shares: AnyFloat) -> None:
        self.inverse, self._through, self._shares = inverse, through, shares
        self._shape = shares.shape[1], shares.shape[0]

    def in_single(self) -> _Stages:
        parts = (self.inverse, self._through, self._shares)
        return _Stages(*(part.astype(np.float32) for part in parts))

    def rest(self, columns: AnyFloat) -> AnyFloat:
        """T m (I - B)^-1 Z."""
        inside = (*self._shape, columns.shape[1])
        used = np.matmul(self._through, columns.reshape(inside))
        return self._traded(self._shares, used).reshape(columns.shape)

    def rest_transposed(self, columns: AnyFloat) -> AnyFloat:
        """((I - B)^-1)' m' T' Z."""
        met = self._traded(self._shares.transpose(0, 2, 1), columns.reshape(*self._shape, -1))
        return np.asarray(np.matmul(self._through.transpose(0, 2, 1), met)).reshape(columns.shape)

    @staticmethod
    def _traded(shares: AnyFloat, columns: AnyFloat) -> AnyFloat:
        out = np.empty_like(columns)
        np.matmul(shares, columns.transpose(1, 0, 2), out=out.transpose(1, 0, 2))
        return out

    def solve_shared(
        self, columns: AnyFloat, roots: NDArray[np.complex128], *, transposed: bool
    ) -> AnyFloat:
        """Do the same as `solve`, blocks of columns by threads; blocks follow from sizes alone."""
        n, k = columns.shape
        step = -(-k // max(1, k // SPLIT))
        out = np.empty_like(columns)

        def work(first: int, last: int) -> None:
            some = np.ascontiguousarray(columns[:, first:last])
            out[:, first:last] = self.solve(some, roots, transposed=transposed)

        share(work, k, step, float(n) * self._shape[1] * k)
        return out

    def solve(
        self, columns: AnyFloat, roots: NDArray[np.complex128], *, transposed: bool
    ) -> AnyFloat:
        """M^-1 Z, or M^-T Z."""
        inside = (*self._shape, columns.shape[1])
        if transposed:
            inverse = self.inverse.transpose(0, 2, 1)
            first = np.matmul(inverse, columns.reshape(inside)).reshape(columns.shape)
            return shorten(self.rest_transposed, roots, first)
        between = shorten(self.rest, roots, columns)
        return np.asarray(np.matmul(self.inverse, between.reshape(inside))).reshape(columns.shape)


def near_pooled(operator: Operator) -> NearPooled | None:
    """Return the stand-in where A is dense, >= 0, and much larger than it; None otherwise.

    Raises
    ------
    LinAlgError
        When a region alone is singular.
    """
    if not is_near_pooled(operator):
        return None
    assert isinstance(operator, Explicit)
    return NearPooled(operator)


def is_near_pooled(operator: Operator) -> bool:
    """Tell from sizes and signs alone whether `near_pooled` is used."""
    if not isinstance(operator, Explicit) or not operator.nonnegative or operator.grid is None:
        return False
    n_regions, n_sectors = operator.grid
    own_size = 2.0 * n_regions * n_sectors**2 + n_sectors * n_regions**2
    return n_regions > 1 and own_size <= operator.n**2 / 2
