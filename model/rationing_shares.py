"""Equal shares: what industries make when every buyer is offered the same share of what it bought.

Question owned: where do shortages settle that nobody steers?

Public names
    equal_shares     output, final demand and capability under the rule "proportional"

Terms: n industries in R regions and S sectors, rows region-major; m = 1 - chi, the share that an
industry lacks; k_j the share of its output that it can make; s_p the share of product p that users
can get from elsewhere or do without; w_pj^r the share of origin r in what j buys of p.

    m_j = max(1 - k_j, max_p (sum_r w_pj^r m_p^r - s_p), 0)             the smallest solution
    x_j = min(chi_j x0_j, sum_k d_jk + f_j),  d_jk = a_jk min(x_k, chi_j x0_k)    the largest

Plain rounds from m = 1 - k, where everything else is whole, rise to the smallest solution, but
slowly where industries buy nearly everything from each other. Every `PATIENCE` rounds, therefore,
the industries N that rose go at once to where they would end if each kept the product that last
raised it and all others stayed: one linear solve (Howard's policy improvement),
    (I - W_NN) m_N = W_NL m_L - s.
It never overshoots, because each of its rows is one of those the maximum is taken over: its rounds
stay below those of the maximum. It has one answer: I - W_NN is singular only if some industries
of N took their last rise all from each other, and the first of them to reach the level that they
share cannot have, because none was there before. Few products are the scarcest anywhere, so that
few columns of W are not empty and factors stay sparse.

The rounds of x fall to the largest solution, slowly where industries sell nearly everything to each
other; they are sped up in the same way from above, with the smaller term of every minimum kept.
I - A_NN is invertible: of industries that sell to nobody else, the scarcest never falls.

Source: Hallegatte (2008), proportional rationing; Howard (1960), policy iteration; Tarski (1955),
smallest and largest solutions of rising maps.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from io_tables.table import RegionalTable
from model.errors import NotConverged, TooLarge
from model.leontief.products import FloatArray, IntArray, Operator

LARGEST: Final = 2 * 1024**3
"""Bytes that one dense piece may take."""
ROUNDS: Final = 50_000
PATIENCE: Final = 50
"""Plain rounds before industries whose shortage still rises are solved for."""
PATIENCE_MADE: Final = 200
"""The same for output that still falls: that solve is dense, and few tables need as many rounds."""
CLOSE: Final = 1e-12
WHOLE: Final = 1e-9
"""Shortages below this are none: flows of tables are not known to more digits."""


def equal_shares(
    table: RegionalTable, operator: Operator, room: FloatArray, spare: FloatArray
) -> tuple[dict[str, FloatArray], int]:
    """Find where shortages settle when every buyer is offered the same share.

    Parameters
    ----------
    table, operator
        The economy and its coefficients.
    room
        (n,) share of its output that an industry can make.
    spare
        (S,) share of a product that its users can replace.

    Returns
    -------
    `output`, `final_demand`, `unmet`, `replaced` (money) and `capability` (share), each (n,), and
    how many times shortages were passed on to users until none rose.

    Raises
    ------
    NotConverged, TooLarge
        When shortages still spread after `ROUNDS` rounds; when sales do not fit into `LARGEST`.
    """
    x, f = np.asarray(table.x, dtype=float), np.asarray(table.f, dtype=float)
    lacking, rounds = _lacking(_Offers(table, operator, spare), 1.0 - room)
    able = 1.0 - lacking
    sales = _Sales(operator, able, x)
    made = _made(sales, f)
    bought = sales.bought(made)
    final = made - bought
    return {
        "output": made,
        "final_demand": final,
        "unmet": f - final,
        "replaced": operator.matvec(made) - bought,
        "capability": able,
    }, rounds


def _lacking(offers: _Offers, least: FloatArray) -> tuple[FloatArray, int]:
    """Smallest shares (n,) that industries lack, at `least` and more, and rounds taken."""
    lacking = least.copy()
    scarcest = np.zeros(least.size, dtype=np.intp)
    rising = np.zeros(least.size, dtype=np.bool_)
    for rounds in range(1, ROUNDS + 1):
        new, product = offers.passed_on(lacking)
        rises = new > lacking + CLOSE
        if not rises.any():
            return lacking, rounds
        lacking[rises], scarcest[rises] = new[rises], product[rises]
        rising |= rises
        if rounds % PATIENCE == 0:
            who = np.flatnonzero(rising)
            lacking[who] = offers.settled(lacking, who, scarcest[who])
            rising[:] = False
    raise NotConverged(f"shortages still spread after {ROUNDS} rounds.")


class _Offers:
    """How much of its inputs every industry lacks when sellers lack shares m."""

    def __init__(self, table: RegionalTable, operator: Operator, spare: FloatArray) -> None:
        self.shape = (table.n_regions, table.n_sectors)
        self.spare = spare
        self.operator = operator
        self.pooled = table.kind == "pooled"
        self.bought: FloatArray
        self.uses: NDArray[np.bool_]
        self.origins: FloatArray
        """Pooled: trade shares (S, R, R); explicit: coefficients (R, S, n)."""
        if self.pooled:
            self.uses = table.technology > 0
            self.origins = table.trade
            self.bought = self._by_use(np.ones(operator.n))
        else:
            # Cells below zero are given back, not bought: nobody stops for want of them.
            cells = np.maximum(operator.dense(), 0.0)
            self.origins = cells.reshape(*self.shape, operator.n)
            self.bought = self._by_use(np.ones(operator.n))
            self.uses = self.bought > 0

    def passed_on(self, lacking: FloatArray) -> tuple[FloatArray, IntArray]:
        """Largest share (n,) that an industry lacks of a product beyond `spare`; the product."""
        offered = self._by_use(lacking)
        means = np.divide(offered, self.bought, out=np.zeros_like(offered), where=self.bought > 0)
        beyond = np.where(self.uses, means - self.spare[None, :, None], 0.0)
        product = beyond.argmax(axis=1)
        most = np.take_along_axis(beyond, product[:, None], axis=1).reshape(-1)
        return np.where(most < WHOLE, 0.0, np.minimum(most, 1.0)), product.reshape(-1)

    def settled(self, lacking: FloatArray, who: IntArray, product: IntArray) -> FloatArray:
        """Shares (k,) at which industries `who` (k,) end that look at one product each."""
        shares = self._weights(who, product)
        users, origins = np.nonzero(shares)
        columns = origins * self.shape[1] + product[users]
        weights = shares[users, origins]
        # Without what an industry buys from itself, the diagonal is a sum and loses no digits.
        other = columns != who[users]
        users, columns, weights = users[other], columns[other], weights[other]
        k, n = who.size, lacking.size
        total = np.bincount(users, weights, minlength=k)
        within = sp.csc_array((weights, (users, columns)), shape=(k, n))[:, who]
        factors = splu(sp.csc_array(sp.diags_array(total) - within))
        ends = lacking.copy()
        for _ in range(3):  # the step, then twice what rounding left of it
            apart = weights * (ends[columns] - ends[who[users]])
            gap = np.bincount(users, apart, minlength=k) - self.spare[product]
            ends[who] += factors.solve(gap)
        return np.clip(ends[who], lacking[who], 1.0)

    def _by_use(self, values: FloatArray) -> FloatArray:
        """Sum over origins by purchases: (R, S, S or 1) [place of use, product, user]."""
        n_regions, n_sectors = self.shape
        if self.pooled:
            return self.operator.deliver_transposed(values[:, None]).reshape(*self.shape, 1)
        by_product: FloatArray = np.einsum("rpj,rp->pj", self.origins, values.reshape(self.shape))
        return by_product.reshape(n_sectors, n_regions, n_sectors).transpose(1, 0, 2)

    def _weights(self, who: IntArray, product: IntArray) -> FloatArray:
        """Share (k, R) of every origin in what industries `who` (k,) buy of one product each."""
        if self.pooled:
            amounts = self.origins[product, :, who // self.shape[1]]
        else:
            amounts = self.origins[:, product, who].T
        return np.asarray(amounts / amounts.sum(axis=1, keepdims=True))


def _made(sales: _Sales, f: FloatArray) -> FloatArray:
    """Largest output (n,) that is allowed and asked for."""
    made = sales.limit.copy()
    close = CLOSE * float(sales.x.max())
    fallen = np.zeros(made.size, dtype=np.bool_)
    for rounds in range(1, ROUNDS + 1):
        new = np.clip(np.minimum(sales.limit, sales.bought(made) + f), 0.0, None)
        if float(np.abs(new - made).max()) <= close:
            return new
        fallen |= made - new > close
        made = new
        if rounds % PATIENCE_MADE == PATIENCE_MADE // 2:
            fallen[:] = False  # most are done by now, and small systems are solved soonest
        if rounds % PATIENCE_MADE == 0:
            made = sales.settled(made, f, np.flatnonzero(fallen))
    raise NotConverged(f"demand still falls after {ROUNDS} rounds.")


class _Sales:
    """What industries sell to each other when nobody takes more than the share it is offered."""

    def __init__(self, operator: Operator, able: FloatArray, x: FloatArray) -> None:
        self.short = np.flatnonzero(able < 1.0)
        if 8 * self.short.size * operator.n > LARGEST:
            raise TooLarge(
                f"{self.short.size} industries are short: too many to hold their sales at once."
            )
        self.operator, self.able, self.x = operator, able, x
        self.limit = able * x
        self.cells = operator.block(self.short, np.arange(operator.n))

    def bought(self, made: FloatArray) -> FloatArray:
        """Sales (n,) to industries that make `made`: in full, or the share offered where short."""
        out = self.operator.matvec(made)
        taken = np.minimum(made, self.able[self.short, None] * self.x)
        out[self.short] = np.einsum("ij,ij->i", self.cells, taken)
        return out

    def settled(self, made: FloatArray, f: FloatArray, who: IntArray) -> FloatArray:
        """Output (n,) where industries `who` end if all others stay; `made` where that is unsure.

        Unsure are tables with cells below zero, where demand may rise again; demand below zero
        that would leave less than nothing to make; and systems that are too large.
        """
        if not self.operator.nonnegative or 8 * who.size**2 > LARGEST:
            return made
        counts = made[who] <= self.able[who, None] * self.x[who]
        slopes = np.where(counts, self.operator.block(who, who), 0.0)
        gap = (self.bought(made) + f - made)[who]
        ends = made[who] + np.linalg.solve(np.eye(who.size) - slopes, gap)
        if (ends < 0.0).any():
            return made
        out = made.copy()
        out[who] = np.minimum(ends, made[who])
        return out
