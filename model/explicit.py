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
        # Dense or sparse: both know `@` and indexing, which is all that products need.
        self._sparse = bool(sp.issparse(matrix))
        self._matrix: Any = _as_sparse(matrix) if self._sparse else read_only(matrix, "A", (2,))
        if self._matrix.shape[0] != self._matrix.shape[1]:
            raise ShapeError(f"A must be square; it has shape {self._matrix.shape}.")
        self._transposed: Any = sp.csr_array(self._matrix.T) if self._sparse else self._matrix.T
        self._n = int(self._matrix.shape[0])
        values = np.asarray(self._matrix.data if self._sparse else self._matrix)
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
        return self._terms(self._matrix)

    @property
    def column_terms(self) -> FloatArray | float:
        """Rounded terms in a row of A' x."""
        return self._terms(self._transposed)

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector; a sparse entry counts as eight."""
        return float(8 * self._matrix.nnz if self._sparse else self._n**2)

    @property
    def stored(self) -> float:
        """Numbers read from memory in one product."""
        return float(1.5 * self._matrix.nnz if self._sparse else self._n**2)

    def matmat(self, columns: FloatArray) -> FloatArray:
        """Return A X for X (n, k)."""
        return np.asarray(self._matrix @ columns)

    def rmatmat(self, columns: FloatArray) -> FloatArray:
        """Return A' X for X (n, k)."""
        return np.asarray(self._transposed @ columns)

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
        if self._sparse:
            return np.asarray(self._matrix[rows][:, columns].toarray())
        return np.asarray(self._matrix[np.ix_(rows, columns)])

    def dense(self) -> FloatArray:
        """Return A as a new dense matrix."""
        return np.array(self._matrix.toarray() if self._sparse else self._matrix)

    def with_columns(self, columns: IntArray, values: FloatArray) -> Explicit:
        """Return the same with some columns (positions) replaced by values (n, k)."""
        if self._sparse:
            matrix = self._matrix.tolil(copy=True)
            for position, column in zip(columns, values.T, strict=True):
                matrix[:, [position]] = column[:, None]
        else:
            matrix = self._matrix.copy()
            matrix[:, columns] = values
            matrix.flags.writeable = False
        return Explicit(matrix, region_starts=self.region_starts, delivery=self.delivery)

    def magnitude(self) -> Operator:
        """Return |A|."""
        if self.nonnegative:
            return self
        return Explicit(abs(self._matrix), region_starts=self.region_starts)

    def pattern(self) -> sp.csr_array:
        """Graph of the entries that are not zero."""
        return sp.csr_array(self._matrix != 0)

    def _terms(self, matrix: Any) -> FloatArray | float:
        return np.diff(matrix.indptr).astype(np.float64) if self._sparse else float(self._n)


def _as_sparse(matrix: Any) -> sp.csr_array:
    out = sp.csr_array(matrix, dtype=np.float64, copy=True)
    out.sum_duplicates()
    if not np.isfinite(out.data).all():
        raise ShapeError(
            f"A must be finite; {int((~np.isfinite(out.data)).sum())} stored entries are not."
        )
    out.data.flags.writeable = False
    return out


def _starts(region_starts: ArrayLike | None, n: int) -> IntArray:
    starts = np.array([0, n] if region_starts is None else region_starts, dtype=np.intp)
    if starts.ndim != 1 or starts[0] != 0 or starts[-1] != n or (np.diff(starts) < 0).any():
        raise ShapeError(
            f"region_starts must rise from 0 to the number of rows, {n}; "
            f"found {starts.tolist()[:5]}."
        )
    return starts
