"""Preconditioning by region: what a region needs of itself is solved exactly, the rest iterated.

Question owned: with M = I - (own-region blocks of A), how is the rest applied cheaply?

Public names
    Splitting         products with N and M^-1, direct and transposed
    split             the splitting that fits an operator
    borrowed          that of a system nearby, where it serves

Terms: M block-diagonal by region.

    (I - A) M^-1 = I - N        direct: (I - N) z = f,            x = M^-1 z
    M^-T (I - A') = I - N'      transposed: (I - N') l = M^-T w

In pooled and gravity form N = (T - own shares) G with G = A M^-1 formed once per region, so that
one preconditioned step costs as much as one plain product. The residual of the direct system is
that of the original one. Explicit systems of many regions take M near the pooled system instead
(`model.leontief.near_pooled`).

Source: Saad (2003), sections 9.3 and 10.2.
"""

from __future__ import annotations

from copy import copy
from itertools import pairwise
from typing import Protocol

import numpy as np

from model.leontief.account_operator import AccountOperator
from model.leontief.explicit import Explicit
from model.leontief.gravity import GravityOperator
from model.leontief.near_pooled import near_pooled
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, IntArray, Operator
from model.leontief.technology import Technology

FULLER = 12.0
"""Stored entries of a sparse A per number of region blocks from which these pay (measured at 0.5 %
and 5 % density: below it plain iterations are up to six times as fast, above it no slower)."""
NEARLY = 0.1
"""Change of an own share up to which region blocks of a system nearby are kept."""
MAX_BLOCK_NUMBERS = 1.5e7
"""Numbers that region blocks may take beside the operator; above it no blocks are formed."""


class Splitting(Protocol):
    """Products with N, its transpose, M^-1 and M^-T; all on (n, k)."""

    def rest(self, columns: FloatArray) -> FloatArray:
        """N Z."""
        ...

    def rest_transposed(self, columns: FloatArray) -> FloatArray:
        """N' Z."""
        ...

    def finish(self, columns: FloatArray) -> FloatArray:
        """M^-1 Z."""
        ...

    def finish_transposed(self, columns: FloatArray) -> FloatArray:
        """M^-T Z."""
        ...


class Plain:
    """M = I: N is A itself."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def rest(self, columns: FloatArray) -> FloatArray:
        """Return A Z."""
        return self._operator.matmat(columns)

    def rest_transposed(self, columns: FloatArray) -> FloatArray:
        """Return A' Z."""
        return self._operator.rmatmat(columns)

    def finish(self, columns: FloatArray) -> FloatArray:
        """Z."""
        return columns

    def finish_transposed(self, columns: FloatArray) -> FloatArray:
        """Z."""
        return columns


class TwoStage:
    """Region blocks of T A, with G = A M^-1 formed: N = (T - own) G."""

    def __init__(self, operator: PooledOperator | GravityOperator) -> None:
        n_regions, n_sectors = operator.n_regions, operator.n_sectors
        technology = operator.technology.by_region()
        own = operator.own_shares()
        inverse = np.linalg.inv(np.eye(n_sectors) - own[:, :, None] * technology)
        self._operator = operator
        self.own = own.reshape(-1, 1)
        """t_i^ss (R*S, 1)."""
        self._inverse = Technology(inverse, n_regions, n_sectors)
        self._through = Technology(technology @ inverse, n_regions, n_sectors)

    def rest(self, columns: FloatArray) -> FloatArray:
        """N Z = T G Z - own * G Z."""
        used = self._through.apply(columns)
        out = self._operator.deliver(used)
        used *= self.own
        out -= used
        return out

    def rest_transposed(self, columns: FloatArray) -> FloatArray:
        """N' Z = G' (T' Z - own * Z)."""
        met = self._operator.deliver_transposed(columns)
        met -= self.own * columns
        return self._through.apply(met, transposed=True)

    def finish(self, columns: FloatArray) -> FloatArray:
        """M^-1 Z."""
        return self._inverse.apply(columns)

    def finish_transposed(self, columns: FloatArray) -> FloatArray:
        """M^-T Z."""
        return self._inverse.apply(columns, transposed=True)

    def renewed(self, operator: PooledOperator | GravityOperator, regions: IntArray) -> TwoStage:
        """Return the splitting of an operator that differs in the technology of some regions."""
        size = operator.n_sectors
        blocks = operator.technology.by_region()[regions]
        own = self.own.reshape(-1, size)[regions]
        inverse = np.linalg.inv(np.eye(size) - own[:, :, None] * blocks)
        out = copy(self)
        out._operator = operator
        places = [int(region) for region in regions]
        through = np.matmul(blocks, inverse)
        out._inverse = self._inverse.replaced(dict(zip(places, inverse, strict=True)))
        out._through = self._through.replaced(dict(zip(places, through, strict=True)))
        return out


class RegionBlocks:
    """Region blocks of any operator: N Z = Z - (P - A P), P = M^-1 Z."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        starts = operator.region_starts
        self._spans = [slice(a, b) for a, b in pairwise(starts) if b > a]
        rows = np.arange(operator.n)
        self._inverses = [
            np.linalg.inv(np.eye(span.stop - span.start) - operator.block(rows[span], rows[span]))
            for span in self._spans
        ]

    def rest(self, columns: FloatArray) -> FloatArray:
        """N Z."""
        inner = self.finish(columns)
        return columns - inner + self._operator.matmat(inner)

    def rest_transposed(self, columns: FloatArray) -> FloatArray:
        """N' Z = Z - M^-T (Z - A' Z)."""
        return columns - self.finish_transposed(columns - self._operator.rmatmat(columns))

    def finish(self, columns: FloatArray) -> FloatArray:
        """M^-1 Z."""
        out = np.empty_like(columns)
        for span, inverse in zip(self._spans, self._inverses, strict=True):
            np.matmul(inverse, columns[span], out=out[span])
        return out

    def finish_transposed(self, columns: FloatArray) -> FloatArray:
        """M^-T Z."""
        out = np.empty_like(columns)
        for span, inverse in zip(self._spans, self._inverses, strict=True):
            np.matmul(inverse.T, columns[span], out=out[span])
        return out


class Borrowed:
    """M of another operator: N Z = Z - (P - A P), P = M^-1 Z."""

    def __init__(self, operator: Operator, lender: TwoStage) -> None:
        self._operator, self.lender = operator, lender

    def rest(self, columns: FloatArray) -> FloatArray:
        """N Z."""
        inner = self.finish(columns)
        return columns - inner + self._operator.matmat(inner)

    def rest_transposed(self, columns: FloatArray) -> FloatArray:
        """N' Z = Z - M^-T (Z - A' Z)."""
        return columns - self.finish_transposed(columns - self._operator.rmatmat(columns))

    def finish(self, columns: FloatArray) -> FloatArray:
        """M^-1 Z."""
        return self.lender.finish(columns)

    def finish_transposed(self, columns: FloatArray) -> FloatArray:
        """M^-T Z."""
        return self.lender.finish_transposed(columns)


class WithAccounts:
    """Accounts beside an economy: N = diag(N of the economy, 0), accounts come with M^-1.

    M^-1 = [ M_e^-1     0 ]        (I - [A 0; F 0]) M^-1 = I - diag(N_e, 0)
           [ F M_e^-1   I ]
    """

    def __init__(self, operator: AccountOperator, economy: Splitting) -> None:
        self._operator, self._economy = operator, economy
        self._n = operator.economy.n

    def rest(self, columns: FloatArray) -> FloatArray:
        """N Z."""
        out = np.zeros_like(columns)
        out[: self._n] = self._economy.rest(columns[: self._n])
        return out

    def rest_transposed(self, columns: FloatArray) -> FloatArray:
        """N' Z."""
        out = np.zeros_like(columns)
        out[: self._n] = self._economy.rest_transposed(columns[: self._n])
        return out

    def finish(self, columns: FloatArray) -> FloatArray:
        """M^-1 Z: output, and its accounts."""
        out = np.empty_like(columns)
        out[: self._n] = self._economy.finish(columns[: self._n])
        out[self._n :] = columns[self._n :] + self._operator.accounts_of(out[: self._n])
        return out

    def finish_transposed(self, columns: FloatArray) -> FloatArray:
        """M^-T Z."""
        met = self._operator.accounts_transposed(columns[self._n :])
        out = columns.copy()
        out[: self._n] = self._economy.finish_transposed(columns[: self._n] + met)
        return out


def borrowed(known: object, old: Operator, new: Operator) -> Borrowed | None:
    """Return the splitting of `old`, kept for `new`: same technology, own shares nearly the same.

    Working region blocks out costs as much as tens of iterations, which a change of costs or trade
    shares hardly touches.
    """
    lender = known.lender if isinstance(known, Borrowed) else known
    structured = PooledOperator | GravityOperator
    if (
        not isinstance(lender, TwoStage)
        or not isinstance(old, structured)
        or not isinstance(new, structured)
        or old.technology is not new.technology
    ):
        return None
    moved = np.abs(new.own_shares().reshape(-1, 1) - lender.own).max(initial=0.0)
    return Borrowed(new, lender) if moved <= NEARLY else None


def split(operator: Operator) -> Splitting:
    """Region blocks where there are regions, and the blocks fit and pay; M = I otherwise."""
    if isinstance(operator, AccountOperator):
        return WithAccounts(operator, split(operator.economy))
    sizes = np.diff(operator.region_starts).astype(np.float64)
    if sizes.size < 2 or (sizes**2).sum() > MAX_BLOCK_NUMBERS:
        return Plain(operator)
    if isinstance(operator, Explicit) and operator.stored_entries < FULLER * (sizes**2).sum():
        return Plain(operator)
    try:
        if isinstance(operator, PooledOperator | GravityOperator):
            return TwoStage(operator)
        return near_pooled(operator) or RegionBlocks(operator)
    except np.linalg.LinAlgError:  # a region alone is singular: the whole may still be solvable
        return Plain(operator)
