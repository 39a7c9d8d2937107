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

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.errors import ShapeError
from model.leontief.products import FloatArray, IntArray, none_negative, read_only


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
        blocks = self.blocks.transpose(0, 2, 1) if transposed else self.blocks
        n, k = columns.shape
        by_region = columns.reshape(self.n_regions, self.n_sectors, k)
        if self._members is None:
            if blocks.shape[0] == 1 and k == 1:
                return np.asarray(by_region[:, :, 0] @ blocks[0].T).reshape(n, 1)
            return np.asarray(np.matmul(blocks, by_region)).reshape(n, k)
        out = np.empty_like(by_region)
        for block, members in zip(blocks, self._members, strict=True):
            if k == 1:
                out[members, :, 0] = by_region[members, :, 0] @ block.T
            else:
                out[members] = np.matmul(block, by_region[members])
        return out.reshape(n, k)

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
