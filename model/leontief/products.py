"""What a Leontief operator is: products with A, transposed products, pieces; never an inverse.

Question owned: what must any coefficient matrix A over rows (region, sector) be able to do?

Public names
    Operator     the protocol every operator satisfies
    read_only    an array as read-only float64, copied only when it could still change
    none_negative    whether every number is >= 0
    spread       T Y for trade shares by product
    gather       T' W

Terms: rows are flat and region-major, row = region * n_sectors + sector where regions and sectors
form a full product; `region_starts` (R + 1,) marks where each region's rows begin, so that a table
whose sectors differ by region is as good. "By place of use" is demand before it is spread over
producing regions, "by place of production" after.

    x = A x + f        A (n, n) in money of input per money of output, x and f in money

An operator never changes: arrays that are read-only are taken as they are, others are copied.

Source: Miller & Blair (2009), chapters 2 and 3.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from model.errors import ShapeError
from model.leontief import narrow

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]


@runtime_checkable
class Operator(Protocol):
    """Products with a coefficient matrix A (n, n) that may never be formed.

    `matmat` and `rmatmat` take and return (n, k), C-contiguous float64, and trust their input.
    """

    region_starts: IntArray
    """(R + 1,): first row of each region, and n."""
    nonnegative: bool
    """True when every entry of A is >= 0 for certain."""

    @property
    def n(self) -> int:
        """Number of rows."""
        ...

    @property
    def row_terms(self) -> FloatArray | float:
        """How many rounded terms enter one row of A x, all stages together: (n,) or one number."""
        ...

    @property
    def column_terms(self) -> FloatArray | float:
        """The same for A' x."""
        ...

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector."""
        ...

    @property
    def stored(self) -> float:
        """Numbers read from memory in one product, however many vectors."""
        ...

    def matmat(self, columns: FloatArray) -> FloatArray:
        """Return A X for X (n, k)."""
        ...

    def rmatmat(self, columns: FloatArray) -> FloatArray:
        """Return A' X for X (n, k)."""
        ...

    def matvec(self, vector: FloatArray) -> FloatArray:
        """Return A v for v (n,)."""
        return self.matmat(vector[:, None])[:, 0]

    def rmatvec(self, vector: FloatArray) -> FloatArray:
        """Return A' v for v (n,)."""
        return self.rmatmat(vector[:, None])[:, 0]

    def deliver(self, demand: FloatArray) -> FloatArray:
        """Demand by place of use (n, k) spread over producing regions (n, k)."""
        ...

    def deliver_transposed(self, weights: FloatArray) -> FloatArray:
        """Weights by place of production (n, k) as met by a buyer in each region (n, k)."""
        ...

    def block(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """A[rows][:, columns] as a dense matrix."""
        ...

    def dense(self) -> FloatArray:
        """Return A (n, n), formed anew."""
        ...

    def magnitude(self) -> Operator:
        """Return |A|, or an operator that is nowhere below it; itself when A >= 0."""
        ...

    def pattern(self) -> sp.csr_array:
        """Graph over the n rows, helper nodes after them: a path i -> j when a_ij is not 0."""
        ...


def read_only(array: ArrayLike, what: str, dimensions: tuple[int, ...]) -> FloatArray:
    """Take an array as float64, C-contiguous and read-only; copied only when it could still change.

    Raises
    ------
    ShapeError
        When the number of dimensions is not among `dimensions`, or a number is not finite.
    """
    given = np.asarray(array)
    out = np.ascontiguousarray(given, dtype=np.float64)
    if out.ndim not in dimensions:
        expected = " or ".join(str(d) for d in dimensions)
        raise ShapeError(f"{what} must have {expected} dimensions; it has shape {out.shape}.")
    with np.errstate(over="ignore", invalid="ignore"):
        surely_finite = bool(np.isfinite(out.sum()))  # no second array of this size
    bad = np.zeros(0, dtype=bool) if surely_finite else ~np.isfinite(out)
    if bad.any():
        raise ShapeError(
            f"{what} must be finite; {int(bad.sum())} entries are not, at "
            f"{np.argwhere(bad)[:5].tolist()}. Replace or remove them before the table is solved."
        )
    if np.shares_memory(out, given) and _can_change(given):
        out = out.copy()
    out.flags.writeable = False
    return out


def none_negative(values: FloatArray) -> bool:
    """Tell whether every number is >= 0, without an array of answers."""
    return values.size == 0 or bool(values.min() >= 0)


def _can_change(array: NDArray[Any]) -> bool:
    """Tell whether anybody can still write to this memory."""
    node: Any = array
    while isinstance(node, np.ndarray):
        if node.flags.writeable:
            return True
        node = node.base
    return node is not None


def spread(trade: FloatArray, demand: FloatArray) -> FloatArray:
    """T Y: trade (S, R, R) [product, from, to] times demand by place of use (R*S, k)."""
    n_sectors, n_regions, _ = trade.shape
    k = demand.shape[1]
    out = np.empty((n_regions * n_sectors, k))
    shape = (n_regions, n_sectors, k)
    if narrow.few(k):
        by_product = narrow.turned(demand.reshape(n_regions, n_sectors * k))
        steps, out_steps = (k * n_regions, n_regions, 1), (k, 1, n_sectors * k)
        narrow.rows_times(trade, by_product, steps, k, out, out_steps)
        return out
    np.matmul(
        trade, demand.reshape(shape).transpose(1, 0, 2), out=out.reshape(shape).transpose(1, 0, 2)
    )
    return out


def gather(trade: FloatArray, weights: FloatArray) -> FloatArray:
    """T' W: what a buyer in each region meets of weights by place of production (R*S, k)."""
    n_sectors, n_regions, _ = trade.shape
    k = weights.shape[1]
    if not narrow.few(k):
        return spread(trade.transpose(0, 2, 1), weights)
    out = np.zeros((n_sectors * k, n_regions))
    steps, out_steps = (k, 1, n_sectors * k), (k * n_regions, n_regions, 1)
    narrow.columns_times(trade, weights, steps, k, out, out_steps)
    return narrow.turned(out).reshape(weights.shape)
