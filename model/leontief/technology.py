"""Domestic input coefficients by place of use, stored once per region or shared between regions.

Question owned: what does each region's industry buy, and how is that multiplied?

Public names
    Technology    blocks a_ij^s, one per region, one per group of regions, or one for all

Terms: a_ij^s (product i bought by sector j of region s per money of j's output); G distinct blocks,
`of` (R,) says which block a region uses.

    w = A x        w_i^s = sum_j a_ij^s x_j^s        x, w flat (R*S, k), money

Source: Miller & Blair (2009), section 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.errors import ShapeError
from model.leontief import narrow
from model.leontief.products import FloatArray, IntArray, none_negative, read_only

TOGETHER = 16
"""Regions in a piece of work of many columns."""
OFTEN = 16
"""Regions to a block from which its products are done for all of them together."""


class Technology:
    """Blocks (G, S, S) and which region uses which.

    Parameters
    ----------
    blocks
        (R, S, S) one per region; (S, S) shared by all; (G, S, S) with `of`.
    n_regions, n_sectors
        R and S.
    of
        (R,) index into the G blocks.

    Raises
    ------
    ShapeError
        For shapes that do not fit and numbers that are not finite.
    """

    def __init__(
        self, blocks: ArrayLike, n_regions: int, n_sectors: int, *, of: ArrayLike | None = None
    ) -> None:
        taken = read_only(blocks, "technology", (2, 3))
        square = (n_sectors, n_sectors)
        self.blocks = taken.reshape(1, *taken.shape) if taken.ndim == 2 else taken
        n_blocks = self.blocks.shape[0]
        fits = taken.ndim == 2 or n_blocks == n_regions or of is not None
        if self.blocks.shape[1:] != square or not fits:
            raise ShapeError(
                f"technology must be ({n_regions}, {n_sectors}, {n_sectors}) or {square}, or "
                f"(G, {n_sectors}, {n_sectors}) with technology_of; found {taken.shape}."
            )
        self.n_regions, self.n_sectors = n_regions, n_sectors
        self.of = self._block_of(of, n_blocks)
        self.nonnegative = none_negative(self.blocks)
        order = np.arange(n_regions)
        self._members = [order[self.of == g] for g in range(n_blocks)] if of is not None else None

    def _block_of(self, of: ArrayLike | None, n_blocks: int) -> IntArray:
        if of is None:
            return np.arange(self.n_regions) if n_blocks > 1 else np.zeros(self.n_regions, np.intp)
        out = np.asarray(of, dtype=np.intp)
        if out.shape != (self.n_regions,) or out.min() < 0 or out.max() >= n_blocks:
            raise ShapeError(
                f"technology_of must hold {self.n_regions} positions among {n_blocks} blocks; "
                f"found shape {out.shape} with values {out.min()} to {out.max()}."
            )
        return out

    def apply(self, columns: FloatArray, *, transposed: bool = False) -> FloatArray:
        """Return A X, or A' X, for X (R*S, k)."""
        n, k = columns.shape
        if narrow.few(k) and self.n_regions < OFTEN * self.blocks.shape[0]:
            return self._apply_few(columns, transposed)
        if self._members is not None or self.blocks.shape[0] == 1:
            return self._apply_shared(columns, transposed)
        blocks = self.blocks.transpose(0, 2, 1) if transposed else self.blocks
        by_region = columns.reshape(self.n_regions, self.n_sectors, k)
        out = np.empty_like(by_region)

        def work(first: int, last: int) -> None:  # blocks are too small for the threads of BLAS
            np.matmul(blocks[first:last], by_region[first:last], out=out[first:last])

        narrow.share(work, self.n_regions, TOGETHER, float(self.blocks.size) * k)
        return out.reshape(n, k)

    def _apply_few(self, columns: FloatArray, transposed: bool) -> FloatArray:
        """Region by region, few columns."""
        (n, k), size = columns.shape, self.n_sectors
        if transposed:
            turned = np.zeros((k, n))
            steps = (size * k, 1, k)
            narrow.columns_times(self.blocks, columns, steps, k, turned, (size, n, 1), self.of)
            return narrow.turned(turned)
        out = np.empty((n, k))
        turned = narrow.turned(columns)
        narrow.rows_times(self.blocks, turned, (size, n, 1), k, out, (size * k, 1, k), self.of)
        return out

    def _apply_shared(self, columns: FloatArray, transposed: bool) -> FloatArray:
        """Blocks of groups of regions: a region's columns are the matrix, the block the vectors."""
        (n, k), size = columns.shape, self.n_sectors
        by_region = columns.reshape(self.n_regions, size, k)
        out = np.empty_like(by_region)
        for group, members in zip(range(self.blocks.shape[0]), self._groups, strict=True):
            part = by_region if members is None else by_region[members]
            if narrow.few(k):
                rows = narrow.turned(part.reshape(-1, k)) if k > 1 else part
                block = self._turned[group] if transposed else self.blocks[group]
                found = np.empty(part.size).reshape(k, -1)
                lines = rows.reshape(1, -1, size)
                narrow.rows_times(lines, block, (0, size, 1), size, found, (0, 1, size))
                part = narrow.turned(found).reshape(part.shape)
            else:
                block = self.blocks[group].T if transposed else self.blocks[group]
                part = np.matmul(block, part)
            if members is None:
                return part.reshape(n, k)
            out[members] = part
        return out.reshape(n, k)

    @property
    def _groups(self) -> list[IntArray] | list[None]:
        """Regions that use each block; None stands for all."""
        return [None] if self._members is None else self._members

    @cached_property
    def _turned(self) -> FloatArray:
        """Blocks transposed, where they are shared and therefore few."""
        return np.ascontiguousarray(self.blocks.transpose(0, 2, 1))

    def entries(self, region: IntArray, product: IntArray, buyer: IntArray) -> FloatArray:
        """a_ij^s at broadcast positions."""
        return np.asarray(self.blocks[self.of[region], product, buyer])

    def by_region(self) -> FloatArray:
        """(R, S, S): a view where every region has its own block."""
        if self.blocks.shape[0] == self.n_regions and self._members is None:
            return self.blocks
        return np.asarray(self.blocks[self.of])

    @property
    def size(self) -> float:
        """Numbers stored."""
        return float(self.blocks.size)

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector."""
        return float(self.n_regions * self.n_sectors**2)

    def nonzero(self) -> tuple[IntArray, IntArray, IntArray]:
        """Region, product and buyer of every entry that is not zero."""
        region, product, buyer = np.nonzero(self.by_region())
        return region, product, buyer

    def uses(self) -> NDArray[np.bool_]:
        """Whether region s uses product i, (R, S)."""
        used: NDArray[np.bool_] = (self.blocks != 0).any(axis=2)
        return used[self.of]

    def part(self, regions: IntArray) -> Technology:
        """Return the technology of some regions alone, shared where it is shared."""
        kept, of = np.unique(self.of[regions], return_inverse=True)
        return Technology(self.blocks[kept], len(regions), self.n_sectors, of=of.reshape(-1))

    def replaced(self, changes: Mapping[int, FloatArray]) -> Technology:
        """Return the same with the blocks of some regions (positions) replaced, each (S, S)."""
        blocks = self.by_region().copy()
        for region, block in changes.items():
            blocks[region] = read_only(block, f"technology of region {region}", (2,))
        blocks.flags.writeable = False
        return Technology._trusted(blocks, self)

    @classmethod
    def _trusted(cls, blocks: FloatArray, like: Technology) -> Technology:
        """One finite block per region, nothing checked again."""
        out = object.__new__(cls)
        out.blocks = blocks
        out.n_regions, out.n_sectors = like.n_regions, like.n_sectors
        out.of = np.arange(like.n_regions)
        out.nonnegative = none_negative(blocks)
        out._members = None
        return out

    def magnitude(self) -> Technology:
        """Return the same with |a|."""
        of = None if self._members is None else self.of
        blocks = abs(self.blocks)
        if of is None and blocks.shape[0] == 1:
            blocks = blocks[0]
        return Technology(blocks, self.n_regions, self.n_sectors, of=of)
