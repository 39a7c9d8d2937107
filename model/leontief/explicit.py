"""A coefficient matrix that is there: dense, or sparse of any density.

Question owned: how is an explicit A applied?

Public names
    Explicit     A as a dense or sparse matrix, with the protocol of `model.leontief.products`

    x = A x + f        A (n, n), money of input per money of output; regions x sectors need not be
                       a full product
    A = Z diag(scale)  flows as they are and one over output, so that A itself is never formed

Source: Miller & Blair (2009), sections 2.2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from model.errors import ShapeError
from model.leontief import narrow
from model.leontief.products import (
    FloatArray,
    IntArray,
    Operator,
    gather,
    none_negative,
    read_only,
    spread,
)


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
        a full product of regions and sectors whose final demand tells where it is bought; or what
        returns them, called when they are first needed.
    scale
        (n,) >= 0 by which the columns of a dense `matrix` are multiplied: A = matrix diag(scale).
    sound
        The matrix is a read-only float64 array, finite and >= 0 for certain: it is not looked at.

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
        delivery: ArrayLike | Callable[[], FloatArray] | None = None,
        scale: ArrayLike | None = None,
        sound: bool = False,
    ) -> None:
        # Dense or sparse: both know `@` and indexing, which is all that products need.
        self._sparse = bool(sp.issparse(matrix))
        self._matrix: Any = matrix
        if not sound:
            self._matrix = _as_sparse(matrix) if self._sparse else read_only(matrix, "A", (2,))
        if self._matrix.shape[0] != self._matrix.shape[1]:
            raise ShapeError(f"A must be square; it has shape {self._matrix.shape}.")
        self._transposed: Any = sp.csr_array(self._matrix.T) if self._sparse else self._matrix.T
        self._n = int(self._matrix.shape[0])
        self._scale = None if scale is None else read_only(scale, "scale", (1,))
        if self._scale is not None and (self._sparse or self._scale.shape != (self._n,)):
            raise ShapeError(f"scale must be ({self._n},), beside a dense matrix.")
        values = np.asarray(self._matrix.data if self._sparse else self._matrix)
        self.nonnegative = sound or none_negative(values)
        self.region_starts = _starts(region_starts, self._n)
        self._delivery = delivery

    @property
    def grid(self) -> tuple[int, int] | None:
        """Regions and sectors when A is dense and they form a full product, None otherwise."""
        sizes = np.diff(self.region_starts)
        if self._sparse or not sizes.size or (sizes != sizes[0]).any():
            return None
        return sizes.size, int(sizes[0])

    @property
    def stored_entries(self) -> float:
        """Entries that are stored of a sparse A; infinite for a dense one."""
        return float(self._matrix.nnz) if self._sparse else np.inf

    @property
    def parts(self) -> tuple[FloatArray, FloatArray]:
        """A dense A as matrix (n, n) and scale (n,)."""
        scale = np.ones(self._n) if self._scale is None else self._scale
        return np.asarray(self._matrix), scale

    @cached_property
    def delivery(self) -> FloatArray | None:
        """Trade shares (S, R, R) that `deliver` uses, None when there are none."""
        given = self._delivery() if callable(self._delivery) else self._delivery
        return None if given is None else read_only(given, "delivery", (3,))

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
        if self._scale is not None:
            columns = self._scale[:, None] * columns
        if not self._sparse and narrow.few(columns.shape[1], alone=True):
            return narrow.times(self._matrix, columns)
        return np.asarray(self._matrix @ columns)

    def rmatmat(self, columns: FloatArray) -> FloatArray:
        """Return A' X for X (n, k)."""
        if not self._sparse and narrow.few(columns.shape[1], alone=True):
            out = narrow.times(self._matrix, columns, transposed=True)
        else:
            out = np.asarray(self._transposed @ columns)
        if self._scale is not None:
            out *= self._scale[:, None]
        return out

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
        found = np.asarray(self._matrix[np.ix_(rows, columns)])
        return found if self._scale is None else found * self._scale[columns]

    def dense(self) -> FloatArray:
        """Return A as a new dense matrix."""
        if self._scale is not None:
            return np.asarray(self._matrix * self._scale)
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
        scale = self._scale
        if scale is not None:
            scale = scale.copy()
            scale[columns] = 1.0
        return Explicit(
            matrix, region_starts=self.region_starts, delivery=self._delivery, scale=scale
        )

    def magnitude(self) -> Operator:
        """Return |A|."""
        if self.nonnegative:
            return self
        return Explicit(abs(self._matrix), region_starts=self.region_starts, scale=self._scale)

    def pattern(self) -> sp.csr_array:
        """Graph of the entries that are not zero."""
        found = self._matrix != 0
        return sp.csr_array(found if self._scale is None else found & (self._scale > 0))

    def _terms(self, matrix: Any) -> FloatArray | float:
        if self._sparse:
            return np.asarray(np.diff(matrix.indptr), dtype=np.float64)
        return float(self._n + (self._scale is not None))


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
