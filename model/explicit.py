"""A coefficient matrix that is there: dense, or sparse of any density.

Question owned: how is an explicit A applied?

Public names
    Explicit     A as a dense or sparse matrix, with the protocol of `model.products`

    x = A x + f        A (n, n), money of input per money of output; regions x sectors need not be
                       a full product

Source: Miller & Blair (2009), sections 2.2 and 3.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from model.errors import ShapeError
from model.products import FloatArray, IntArray, Operator, gather, read_only, spread


class Explicit(Operator):
    """A coefficient matrix that is there: dense, or sparse of any density.

    Parameters
    ----------
    matrix
        A (n, n), money of input per money of output: an array, or any scipy sparse matrix.
    region_starts
        (R + 1,) first row of each region and n at the end; without it, all rows are one region.
    delivery
        Trade shares (S, R, R) [product, from, to] used by `deliver` alone: for an explicit table of
        a full product of regions and sectors whose final demand tells where it is bought.

    Raises
    ------
    ShapeError
        For a matrix that is not square or not finite, and region starts that do not fit it.
    """

    def __init__(
        self,
        matrix: Any,
        *,
        region_starts: ArrayLike | None = None,
        delivery: ArrayLike | None = None,
    ) -> None:
        self._sparse: sp.csr_array | None = None
        self._sparse_transposed: sp.csr_array | None = None
        self._dense: FloatArray | None = None
        if sp.issparse(matrix):
            self._sparse = _as_sparse(matrix)
            self._sparse_transposed = sp.csr_array(self._sparse.T)
            shape, values = self._sparse.shape, self._sparse.data
        else:
            self._dense = read_only(matrix, "A", (2,))
            shape, values = self._dense.shape, self._dense
        if shape[0] != shape[1]:
            raise ShapeError(f"A must be square; it has shape {shape}.")
        self._n = int(shape[0])
        self.nonnegative = bool((values >= 0).all())
        self.region_starts = _starts(region_starts, self._n)
        self.delivery = None if delivery is None else read_only(delivery, "delivery", (3,))

    @property
    def n(self) -> int:
        """Number of rows."""
        return self._n

    @property
    def row_terms(self) -> FloatArray | float:
        """Rounded terms in a row of A x."""
        return _terms(self._sparse, self._n)

    @property
    def column_terms(self) -> FloatArray | float:
        """Rounded terms in a row of A' x."""
        return _terms(self._sparse_transposed, self._n)

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector."""
        return float(self._n**2 if self._sparse is None else 4 * self._sparse.nnz)

    @property
    def stored(self) -> float:
        """Numbers read from memory in one product."""
        return float(self._n**2 if self._sparse is None else 1.5 * self._sparse.nnz)

    def matmat(self, columns: FloatArray) -> FloatArray:
        """A X for X (n, k)."""
        if self._dense is not None:
            return np.asarray(self._dense @ columns)
        return np.asarray(self._sparse @ columns)

    def rmatmat(self, columns: FloatArray) -> FloatArray:
        """A' X for X (n, k)."""
        if self._dense is not None:
            return np.asarray(self._dense.T @ columns)
        return np.asarray(self._sparse_transposed @ columns)

    def deliver(self, demand: FloatArray) -> FloatArray:
        """Demand by place of use (n, k) spread over producing regions, by the shares given."""
        return spread(self._shares(), demand)

    def deliver_transposed(self, weights: FloatArray) -> FloatArray:
        """Weights by place of production (n, k) as met by a buyer in each region (n, k)."""
        return gather(self._shares(), weights)

    def _shares(self) -> FloatArray:
        if self.delivery is None:
            raise ShapeError(
                "An explicit matrix does not say where demand by place of use is bought: give "
                "demand by place of production to `solve`, or use a table with trade shares."
            )
        return self.delivery

    def block(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """A[rows][:, columns], dense."""
        if self._dense is not None:
            return self._dense[np.ix_(rows, columns)]
        assert self._sparse is not None
        return np.asarray(self._sparse[rows][:, columns].toarray())

    def dense(self) -> FloatArray:
        """A as a new dense matrix."""
        if self._dense is not None:
            return self._dense.copy()
        assert self._sparse is not None
        return np.asarray(self._sparse.toarray())

    def magnitude(self) -> Operator:
        """|A|."""
        if self.nonnegative:
            return self
        matrix = self._sparse if self._dense is None else self._dense
        return Explicit(abs(matrix), region_starts=self.region_starts)

    def pattern(self) -> sp.csr_array:
        """Graph of the entries that are not zero."""
        return sp.csr_array((self._sparse if self._dense is None else self._dense) != 0)


def _as_sparse(matrix: Any) -> sp.csr_array:
    out = sp.csr_array(matrix, dtype=np.float64, copy=True)
    out.sum_duplicates()
    if not np.isfinite(out.data).all():
        raise ShapeError(
            f"A must be finite; {int((~np.isfinite(out.data)).sum())} stored entries are not."
        )
    out.data.flags.writeable = False
    return out


def _terms(matrix: sp.csr_array | None, n: int) -> FloatArray | float:
    return float(n) if matrix is None else np.diff(matrix.indptr).astype(np.float64)


def _starts(region_starts: ArrayLike | None, n: int) -> IntArray:
    starts = np.array([0, n] if region_starts is None else region_starts, dtype=np.intp)
    if starts.ndim != 1 or starts[0] != 0 or starts[-1] != n or (np.diff(starts) < 0).any():
        raise ShapeError(
            f"region_starts must rise from 0 to the number of rows, {n}; found {starts.tolist()[:5]}."
        )
    return starts
