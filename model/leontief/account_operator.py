"""Accounts beside output: stressors, jobs or primary inputs come with every solve.

Question owned: how are products with A done when accounts per output are rows of it?

Public names
    AccountOperator    an operator with K account rows after its n rows

Terms: F (K, n) account per money of output; A of the economy, with households inside or not.

    [ x ]   [ A  0 ] [ x ]   [ f ]        s = F x + g
    [ s ] = [ F  0 ] [ s ] + [ g ]        g accounts of final users themselves, 0 as a rule

Solved transposed for weights (0, w) it gives the multipliers of w's mix of accounts. A bound on an
error is then one on sum |x - exact| + sum |s - exact|, each account in its own units.

Source: Miller & Blair (2009), section 13.2 (augmented Leontief models).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from model.errors import ShapeError
from model.leontief.products import FloatArray, IntArray, Operator, none_negative, read_only


class AccountOperator(Operator):
    """An operator with accounts beside output.

    Parameters
    ----------
    economy
        The operator of n rows, in any form.
    intensities
        (K, n) account per money of output.

    Raises
    ------
    ShapeError
        For intensities that do not fit or are not finite.
    """

    def __init__(self, economy: Operator, intensities: ArrayLike) -> None:
        self.economy = economy
        self.intensities = read_only(intensities, "intensities", (2,))
        if self.intensities.shape[1] != economy.n:
            raise ShapeError(
                f"intensities must be (accounts, {economy.n}); found {self.intensities.shape}."
            )
        self.region_starts = np.append(economy.region_starts, self.n).astype(np.intp)
        self.nonnegative = economy.nonnegative and none_negative(self.intensities)

    @property
    def n(self) -> int:
        """Number of rows, accounts included."""
        return int(self.economy.n + self.intensities.shape[0])

    @property
    def row_terms(self) -> float:
        """Rounded terms in a row, the largest."""
        return max(float(np.max(self.economy.row_terms)), float(self.economy.n))

    @property
    def column_terms(self) -> float:
        """Rounded terms in a column, the largest."""
        most = float(np.max(self.economy.column_terms))
        return most + float(self.intensities.shape[0]) + 1.0

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector."""
        return float(self.economy.multiplications + self.intensities.size)

    @property
    def stored(self) -> float:
        """Numbers read from memory in one product."""
        return float(self.economy.stored + self.intensities.size)

    def accounts_of(self, output: FloatArray) -> FloatArray:
        """F X for output (n, k)."""
        return np.asarray(self.intensities @ output)

    def accounts_transposed(self, weights: FloatArray) -> FloatArray:
        """F' W for weights of accounts (K, k)."""
        return np.asarray(self.intensities.T @ weights)

    def matmat(self, columns: FloatArray) -> FloatArray:
        """Return the product with X (n + K, k)."""
        output = columns[: self.economy.n]
        return np.concatenate([self.economy.matmat(output), self.accounts_of(output)])

    def rmatmat(self, columns: FloatArray) -> FloatArray:
        """Return the transposed product with X (n + K, k)."""
        out = np.zeros_like(columns)
        n = self.economy.n
        out[:n] = self.economy.rmatmat(columns[:n])
        out[:n] += self.accounts_transposed(columns[n:])
        return out

    def deliver(self, demand: FloatArray) -> FloatArray:
        """Spread demand by place of use over producing regions; accounts stay."""
        n = self.economy.n
        return np.concatenate([self.economy.deliver(demand[:n]), demand[n:]])

    def deliver_transposed(self, weights: FloatArray) -> FloatArray:
        """Return weights as a buyer in each region meets them; accounts stay."""
        n = self.economy.n
        return np.concatenate([self.economy.deliver_transposed(weights[:n]), weights[n:]])

    def block(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """Return [rows][:, columns], dense."""
        n = self.economy.n
        out = np.zeros((rows.size, columns.size))
        outputs = np.flatnonzero(columns < n)
        goods, accounts = np.flatnonzero(rows < n), np.flatnonzero(rows >= n)
        out[np.ix_(goods, outputs)] = self.economy.block(rows[goods], columns[outputs])
        out[np.ix_(accounts, outputs)] = self.intensities[
            np.ix_(rows[accounts] - n, columns[outputs])
        ]
        return out

    def dense(self) -> FloatArray:
        """Return the augmented matrix (n + K, n + K), formed anew."""
        n = self.economy.n
        out = np.zeros((self.n, self.n))
        out[:n, :n] = self.economy.dense()
        out[n:, :n] = self.intensities
        return out

    def magnitude(self) -> Operator:
        """Return absolute values throughout."""
        if self.nonnegative:
            return self
        return AccountOperator(self.economy.magnitude(), np.abs(self.intensities))

    def pattern(self) -> sp.csr_array:
        """Graph over rows and accounts, then the economy's helper nodes."""
        inner = self.economy.pattern().tocoo()
        n, more = self.economy.n, self.intensities.shape[0]
        account, output = np.nonzero(self.intensities)
        start = np.concatenate([np.where(inner.row < n, inner.row, inner.row + more), n + account])
        end = np.concatenate([np.where(inner.col < n, inner.col, inner.col + more), output])
        size = inner.shape[0] + more
        return sp.csr_array((np.ones(start.size, dtype=bool), (start, end)), shape=(size, size))
