"""Two blocks: what happens inside each, what crosses once, and what goes round between them.

Question owned: how does the effect of a stimulus split into own effects, open loop and closed loop
when the table is seen as one block of regions and the rest?

Public names
    two_blocks         the effect of a stimulus in three factors, without forming them
    block_matrices     the factors M1, M2, M3 themselves, for tables that are small enough
    plot_two_blocks    what each factor adds, in the pole and outside of it

Terms: P the pole, Q everything else, L_P = (I - A_PP)^-1, L_Q alike; D_QP = L_Q A_QP what output of
P needs of Q once, D_PQ = L_P A_PQ.

    M1 = [L_P 0; 0 L_Q]                               inside each block, closed to the other
    M2 = [I D_PQ; D_QP I]                             across the border once: open loop
    M3 = [(I - D_PQ D_QP)^-1 0; 0 (I - D_QP D_PQ)^-1] round and back again: closed loop
    L  = M3 M2 M1

What it means: every factor multiplies what the one before has reached. With f in P alone, M1 f is
the ledger's intraregional part, and in P what M3 adds is exactly its feedback; in Q the ledger's
spillover is the open loop M2 M1 f together with what M3 adds there. The form holds for two blocks;
for more, the factors depend on the order of the blocks, and the ledger's parts do not. Each pole is
taken against everything else, so figures of several poles do not add up to one form.

Source: Round (1985); Pyatt & Round (1979); Miller & Blair (2009), sections 3.3 and 6.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import AccountLike, account_of
from model.dims import ACCOUNT, POLE, REGION, SECTOR
from model.errors import ShapeError, TooLarge
from model.ledger.economy import TOLERANCE, open_economy
from model.ledger.kinds import AnyStimulus, place
from model.leontief.products import FloatArray, IntArray
from model.leontief.within import within
from model.solve import Leontief
from model.spillover import stimulus_of
from model.stimulus import At, PoleLike, Poles, resolve_poles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FACTOR = "factor"
FACTORS = ("within", "open loop", "closed loop")
LARGEST = 2 * 1024**3


def two_blocks(
    table: RegionalTable,
    poles: Poles,
    stimulus: AnyStimulus | Mapping[str, AnyStimulus] = 1.0,
    of: AccountLike = "value_added",
    *,
    at: At = "origin",
) -> xr.Dataset:
    """Split the effect of each pole's stimulus between the three factors.

    Parameters
    ----------
    table, poles, stimulus, at
        As in `spillovers`; a pole must leave at least one region to the other block.
    of
        The account.

    Returns
    -------
    Dataset with `effect` (pole, factor, region, sector): M1 f, what M2 adds, what M3 adds; they sum
    to L f. `gap` (pole): the factors' sum against a solve of the whole, relative.

    Raises
    ------
    ShapeError
        For a pole that is the whole table.
    """
    account = account_of(table, of)
    found = resolve_poles(table, poles)
    economy = open_economy(table)
    effect = np.zeros((len(found), len(FACTORS), len(table.labels)))
    gap = np.zeros(len(found))
    for p, pole in enumerate(found):
        blocks = _Blocks(economy.open, table, pole.regions)
        money = stimulus_of(stimulus, pole, found)
        f = place(economy, pole, money, at=at, by_sector=False).production
        first = blocks.within(f)
        crossed = first + blocks.across(first)
        closed = blocks.closed_loop(crossed)
        whole = np.asarray(economy.solve_open(f).x)
        effect[p] = np.stack([first, crossed - first, closed - crossed])[:, :, 0]
        gap[p] = np.abs(closed - whole).max() / max(np.abs(whole).max(), np.finfo(float).tiny)
    values = (effect * account.intensity).reshape(
        len(found), len(FACTORS), table.n_regions, table.n_sectors
    )
    return xr.Dataset(
        {
            "effect": ((POLE, FACTOR, REGION, SECTOR), values, {"units": account.units}),
            "gap": ((POLE,), gap, {"units": "1"}),
        },
        coords={
            POLE: [pole.name for pole in found], FACTOR: list(FACTORS), REGION: table.regions,
            SECTOR: table.sectors,
        },
        attrs={ACCOUNT: account.name, "at": at},
    )  # fmt: skip


class _Blocks:
    """The two blocks of a system and what the factors do to output of all rows."""

    def __init__(self, system: Leontief, table: RegionalTable, regions: IntArray) -> None:
        rest = np.setdiff1d(np.arange(table.n_regions), regions)
        if not rest.size:
            raise ShapeError(
                "two blocks need at least one region outside the pole; the pole is the whole table."
            )
        self.operator = system.operator
        sectors = np.arange(table.n_sectors)
        self.rows = [
            (one[:, None] * table.n_sectors + sectors).reshape(-1) for one in (regions, rest)
        ]
        self.alone = [
            Leontief(within(self.operator, one), labels=table.labels[rows])
            for one, rows in zip((regions, rest), self.rows, strict=True)
        ]

    def within(self, columns: FloatArray) -> FloatArray:
        """M1: solve each block for its own rows."""
        out = np.zeros_like(columns)
        for rows, system in zip(self.rows, self.alone, strict=True):
            if columns[rows].any():
                solved = system.solve(np.ascontiguousarray(columns[rows]), tolerance=TOLERANCE)
                out[rows] = solved.raise_for_status().x
        return out

    def across(self, columns: FloatArray) -> FloatArray:
        """D: what the output of each block needs of the other, solved there."""
        out = np.zeros_like(columns)
        for here, there in ((0, 1), (1, 0)):
            given = np.zeros_like(columns)
            given[self.rows[here]] = columns[self.rows[here]]
            needed = self.operator.matmat(given)
            needed[self.rows[here]] = 0.0
            out[self.rows[there]] += self.within(needed)[self.rows[there]]
        return out

    def closed_loop(self, columns: FloatArray) -> FloatArray:
        """M3: add rounds from a block through the other and back until they are rounding."""
        out, term = columns.copy(), columns
        size = np.abs(columns).max()
        for _ in range(10_000):
            term = self.across(self.across(term))
            out += term
            if np.abs(term).max() <= 1e-16 * size:
                break
        return out


@dataclass(frozen=True, eq=False)
class BlockMatrices:
    """The factors of the Leontief inverse.

    Attributes
    ----------
    within, open_loop, closed_loop
        M1, M2, M3 (n, n), rows and columns in the order of `labels`.
    labels
        Rows of the table with those of the pole first.
    """

    within: FloatArray
    open_loop: FloatArray
    closed_loop: FloatArray
    labels: pd.MultiIndex

    def inverse(self) -> pd.DataFrame:
        """L = M3 M2 M1."""
        product = self.closed_loop @ self.open_loop @ self.within
        return pd.DataFrame(product, index=self.labels, columns=self.labels)


def block_matrices(table: RegionalTable, pole: PoleLike) -> BlockMatrices:
    """Form the three factors for one pole against everything else.

    Raises
    ------
    ShapeError
        For a pole that is the whole table.
    TooLarge
        When the factors do not fit in 2 GB; `two_blocks` does without them.
    """
    found = resolve_poles(table, {"pole": pole})[0]
    system = Leontief(table)
    blocks = _Blocks(system, table, found.regions)
    n, order = system.n, np.concatenate(blocks.rows)
    if 6 * 8 * n**2 > LARGEST:
        raise TooLarge(
            f"the factors of {n} rows need {6 * 8 * n**2 / 2**30:.1f} GiB; two_blocks(...) gives "
            "what they do to a stimulus without forming them."
        )
    a = system.operator.dense()[np.ix_(order, order)]
    k = blocks.rows[0].size
    eye_p, eye_q = np.eye(k), np.eye(n - k)
    first, second, third = np.zeros((n, n)), np.eye(n), np.zeros((n, n))
    first[:k, :k] = np.linalg.solve(eye_p - a[:k, :k], eye_p)
    first[k:, k:] = np.linalg.solve(eye_q - a[k:, k:], eye_q)
    second[:k, k:] = first[:k, :k] @ a[:k, k:]
    second[k:, :k] = first[k:, k:] @ a[k:, :k]
    third[:k, :k] = np.linalg.solve(eye_p - second[:k, k:] @ second[k:, :k], eye_p)
    third[k:, k:] = np.linalg.solve(eye_q - second[k:, :k] @ second[:k, k:], eye_q)
    return BlockMatrices(first, second, third, table.labels[order])


def plot_two_blocks(data: xr.Dataset, *, pole: str | None = None, ax: Axes | None = None) -> Axes:
    """Bars of the regions, what each factor adds on top of the one before.

    Parameters
    ----------
    data
        From `two_blocks`.
    pole
        Which; the first when left out.
    """
    import matplotlib.pyplot as plt

    chosen = str(data[POLE].values[0]) if pole is None else pole
    values = data["effect"].sel({POLE: chosen}).sum(SECTOR).transpose(FACTOR, REGION).values
    order = np.argsort(-values.sum(axis=0), kind="stable")
    ax = plt.subplots(figsize=(7, 4))[1] if ax is None else ax
    base = np.zeros(len(order))
    for name, row in zip(FACTORS, values[:, order], strict=True):
        ax.bar(np.arange(len(order)), row, bottom=base, label=name)
        base = base + row
    ax.set_xticks(np.arange(len(order)), data[REGION].values[order], rotation=90, fontsize="small")
    ax.set_ylabel(f"{data.attrs[ACCOUNT]}, {data['effect'].attrs['units']}")
    ax.set_title(chosen, loc="left")
    ax.legend(frameon=False)
    return ax
