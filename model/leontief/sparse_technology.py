"""Domestic input coefficients by place of use when most of them are zero.

Question owned: how is A x done when every region has its own, sparse, technology?

Public names
    SparseTechnology    the twin of `model.leontief.technology.Technology` for scipy sparse blocks
    technology_of_form  dense or sparse, as the blocks given are

    w = A x        one block-diagonal CSR matrix (R*S, R*S), and its transpose

Source: Saad (2003), section 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from model.errors import ShapeError
from model.leontief.products import FloatArray, IntArray
from model.leontief.technology import Technology


class SparseTechnology:
    """Sparse blocks (S, S), one per region.

    Parameters
    ----------
    matrix
        (R*S, R*S) block-diagonal, finite.
    n_regions, n_sectors
        R and S.
    """

    def __init__(self, matrix: Any, n_regions: int, n_sectors: int) -> None:
        self._matrix = sp.csr_array(matrix)
        self._transposed = sp.csr_array(self._matrix.T)
        self.n_regions, self.n_sectors = n_regions, n_sectors
        self.nonnegative = bool((np.asarray(self._matrix.data) >= 0).all())

    @property
    def size(self) -> float:
        """Numbers stored, positions counted as half of one."""
        return 1.5 * self._matrix.nnz

    @property
    def multiplications(self) -> float:
        """Multiplications in one product; a sparse entry counts as eight."""
        return 8.0 * self._matrix.nnz

    def apply(self, columns: FloatArray, *, transposed: bool = False) -> FloatArray:
        """Return A X, or A' X, for X (R*S, k)."""
        return np.asarray((self._transposed if transposed else self._matrix) @ columns)

    def entries(self, region: IntArray, product: IntArray, buyer: IntArray) -> FloatArray:
        """Return a_ij^s at broadcast positions."""
        first = region * self.n_sectors
        shape = np.broadcast_shapes((first + product).shape, (first + buyer).shape)
        rows = np.array(np.broadcast_to(first + product, shape)).reshape(-1)
        columns = np.array(np.broadcast_to(first + buyer, shape)).reshape(-1)
        found: Any = self._matrix[rows, columns]
        return np.asarray(sp.coo_array(found).toarray()).reshape(shape)

    def by_region(self) -> FloatArray:
        """Return (R, S, S), formed dense."""
        out = np.zeros((self.n_regions, self.n_sectors, self.n_sectors))
        region, product, buyer = self.nonzero()
        out[region, product, buyer] = self._matrix.tocoo().data
        return out

    def nonzero(self) -> tuple[IntArray, IntArray, IntArray]:
        """Region, product and buyer of every stored entry."""
        coo = self._matrix.tocoo()
        region, product = np.divmod(coo.row.astype(np.intp), self.n_sectors)
        return region, product, coo.col.astype(np.intp) % self.n_sectors

    def uses(self) -> Any:
        """Whether region s uses product i, (R, S) booleans."""
        used = np.diff(self._matrix.indptr) > 0
        return used.reshape(self.n_regions, self.n_sectors)

    def part(self, regions: IntArray) -> SparseTechnology:
        """Return the technology of some regions alone."""
        rows = (regions[:, None] * self.n_sectors + np.arange(self.n_sectors)).reshape(-1)
        return SparseTechnology(self._matrix[rows][:, rows], len(regions), self.n_sectors)

    def replaced(self, changes: Mapping[int, FloatArray]) -> SparseTechnology:
        """Return the same with the blocks of some regions (positions) replaced, each (S, S)."""
        size = self.n_sectors
        blocks = [
            sp.csr_array(changes[r])
            if r in changes
            else self._matrix[r * size : (r + 1) * size, r * size : (r + 1) * size]
            for r in range(self.n_regions)
        ]
        return sparse_technology(blocks, self.n_regions, size, None)

    def magnitude(self) -> SparseTechnology:
        """Return the same with |a|."""
        return SparseTechnology(abs(self._matrix), self.n_regions, self.n_sectors)


def sparse_technology(
    blocks: Sequence[Any], n_regions: int, n_sectors: int, of: ArrayLike | None
) -> SparseTechnology:
    """Build from sparse blocks: one for all, one per region, or any number with `of`.

    Raises
    ------
    ShapeError
        For shapes that do not fit and numbers that are not finite.
    """
    wrong = [b.shape for b in blocks if b.shape != (n_sectors, n_sectors)]
    which = np.asarray(
        of if of is not None else (np.arange(n_regions) if len(blocks) > 1 else [0] * n_regions),
        dtype=np.intp,
    )
    fits = of is not None or len(blocks) in (1, n_regions)
    if wrong or not fits or which.shape != (n_regions,) or which.max() >= len(blocks):
        raise ShapeError(
            f"technology must be 1 or {n_regions} sparse blocks of ({n_sectors}, {n_sectors}), or "
            f"any number with technology_of; found {len(blocks)}, of shapes {wrong[:5] or 'right'}."
        )
    matrix = sp.block_diag([blocks[i] for i in which], format="csr", dtype=np.float64)
    if not np.isfinite(matrix.data).all():
        raise ShapeError("technology must be finite; some stored entries are not.")
    return SparseTechnology(matrix, n_regions, n_sectors)


def technology_of_form(
    technology: Any, n_regions: int, n_sectors: int, of: ArrayLike | None
) -> Technology | SparseTechnology:
    """Return the technology as it is given: dense blocks, sparse blocks, or ready-made."""
    if isinstance(technology, Technology | SparseTechnology):
        return technology
    if sp.issparse(technology):
        return sparse_technology([technology], n_regions, n_sectors, of)
    if isinstance(technology, list | tuple) and any(sp.issparse(b) for b in technology):
        return sparse_technology(technology, n_regions, n_sectors, of)
    return Technology(technology, n_regions, n_sectors, of=of)
