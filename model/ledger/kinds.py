"""What a stimulus may be besides final demand: an output target, investment, something created.

Question owned: which demand for products stands behind "output shall grow by so much", "so much is
invested" or "so many jobs shall be created"?

Public names
    OutputTarget   output of the pole's industries grows by exactly so much
    Investment     so much is spent in the pole on what its capital formation buys
    Creation       so much value added, so many jobs or so much of any account is created
    AnyStimulus    one of these, or money of final demand (`model.stimulus.Stimulus`)
    place          any of them as demand by place of production
    formation_of   categories of final demand that are capital formation

Terms: K the rows with an output target x_K, r all others; A and its inverse L, of the system with
households where they are inside; w intensities of an account, f_1 the pole's stimulus of one money.

    output target   x_r = A_rr x_r + A_rK x_K,  f_K = x_K - A_KK x_K - A_Kr x_r, the mixed model,
                    f_K = L_KK^-1 x_K; no other final demand changes
    investment      y_i^s spread by capital formation of s, imports and all; f = T ((1 - mu) y)
    creation        f = f_1 amount / w'L f_1          w counted in the pole, or everywhere

Source: Miller & Blair (2009), section 13.2 (mixed model) and 6.2 (multipliers as scales).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.accounts import AccountLike, account_of
from model.errors import NotConverged, StimulusError, UnknownLabel
from model.ledger.economy import Economy
from model.leontief.products import FloatArray, IntArray
from model.stimulus import At, Placed, Pole, Stimulus, place_stimulus

_FORMATION = ("capital formation", "investment", "gfcf")
MOST_ROUNDS = 5000
SMALL = 1e-15
"""Step, relative to the largest target, at which other industries' output is settled."""
_NEGATIVE = 1e-9
"""Share of the largest demand that counts as rounding, not as negative."""


@dataclass(frozen=True)
class OutputTarget:
    """Output that grows by exactly so much, whatever it takes of final demand.

    Attributes
    ----------
    money
        Growth of output: a number spread over the pole's industries by their output, a Series or
        mapping by sector (each spread over the pole's regions by output), or a Series by (region,
        sector). Industries that are not named follow as in any other stimulus.
    allow_negative
        Accept that final demand for some industry must fall, because its target is below what the
        other targets need of it. Where the table's own final demand is negative (stocks run down)
        it may fall without being asked.
    """

    money: Stimulus
    allow_negative: bool = False


@dataclass(frozen=True)
class Investment:
    """Spending on investment in the pole.

    Attributes
    ----------
    money
        A number spread by the pole's own mix of capital formation, or money by sector or by
        (region, sector): the products bought, wherever they are made.
    categories
        Categories of final demand that are capital formation; found by name when left out.
    """

    money: Stimulus
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Creation:
    """So much of an account that is to be created by final demand.

    Attributes
    ----------
    amount
        How much, in the account's units.
    of
        "jobs", "value_added" or any other account.
    where
        "pole": counted in the pole alone; "everywhere": in the whole table.
    mix
        Proportions of the final demand by sector or (region, sector); the pole's mix of demand
        when left out.
    """

    amount: float
    of: AccountLike = "jobs"
    where: Literal["pole", "everywhere"] = "pole"
    mix: Mapping[str, float] | pd.Series[float] | None = None


AnyStimulus: TypeAlias = Stimulus | OutputTarget | Investment | Creation


def place(
    economy: Economy, pole: Pole, stimulus: AnyStimulus, *, at: At = "origin", by_sector: bool
) -> Placed:
    """Put any stimulus of a pole on the rows of the table.

    Raises
    ------
    StimulusError
        For output targets "at use", targets that need negative final demand, amounts that no
        demand of this mix can create, and what `place_stimulus` refuses.
    UnknownLabel
        For sectors, categories and accounts that the table does not have.
    """
    table, operator = economy.table, economy.open.operator
    if isinstance(stimulus, OutputTarget):
        if at != "origin":
            raise StimulusError(
                f"pole {pole.name!r}: an output target is set where output is made; at must be "
                f"'origin', found {at!r}."
            )
        return _target(economy, pole, stimulus, by_sector)
    if isinstance(stimulus, Investment):
        return place_stimulus(
            table, operator, pole, stimulus.money, at="use", by_sector=by_sector,
            categories=formation_of(table, stimulus.categories),
        )  # fmt: skip
    if isinstance(stimulus, Creation):
        mix = 1.0 if stimulus.mix is None else stimulus.mix
        unit = place_stimulus(table, operator, pole, mix, at=at, by_sector=by_sector)
        scale = _scale(economy, pole, stimulus, unit)
        parts = {name: getattr(unit, name) * scale for name in ("given", "production", "imported")}
        return replace(unit, **parts)
    return place_stimulus(table, operator, pole, stimulus, at=at, by_sector=by_sector)


def _target(economy: Economy, pole: Pole, stimulus: OutputTarget, by_sector: bool) -> Placed:
    table = economy.table
    wanted = _by_output(economy, pole, stimulus.money)
    rows = np.flatnonzero(wanted)
    if not rows.size:
        raise StimulusError(f"pole {pole.name!r}: an output target must not be zero everywhere.")
    needed = _left_for_final_use(economy, wanted, rows)
    against = needed * np.sign(wanted[rows].sum()) < -_NEGATIVE * np.abs(needed).max()
    wrong = against & (np.asarray(table.f)[rows] >= 0)
    if wrong.any() and not stimulus.allow_negative:
        raise StimulusError(
            f"pole {pole.name!r}: final demand would have to move against the target for "
            f"{shown(table.labels[rows[wrong]].tolist())}, of which the other targets need more "
            "than theirs. Raise these targets, leave them out, or accept it with allow_negative."
        )
    demand = np.zeros((wanted.size, 1))
    demand[rows, 0] = needed
    if by_sector:
        sector = np.arange(wanted.size) % table.n_sectors
        demand = np.where(sector[:, None] == np.arange(table.n_sectors), demand, 0.0)
    return Placed(demand, demand, np.zeros(demand.shape[1]))


def _left_for_final_use(economy: Economy, wanted: FloatArray, rows: IntArray) -> FloatArray:
    """Find the final demand (k,) behind targets, making what others need round by round."""
    system = economy.open if economy.closed is None else economy.closed
    places = np.arange(wanted.size) if economy.closed is None else economy.goods
    target = np.zeros((system.n, 1))
    target[places] = wanted[:, None]
    given = places[rows]
    others = np.zeros_like(target)
    for _ in range(MOST_ROUNDS):
        needed = system.operator.matmat(target + others)
        for_targets = needed[given, 0]
        needed[given] = 0.0
        step = np.abs(needed - others).max()
        others = needed
        if step <= SMALL * np.abs(wanted).max():
            return np.asarray(wanted[rows] - for_targets)
    raise NotConverged(
        f"what other industries need for the targets still grows after {MOST_ROUNDS} rounds: the "
        "table, or its households, are hardly productive without them."
    )


def _by_output(economy: Economy, pole: Pole, money: Stimulus) -> FloatArray:
    """Target output (n,), what is not told by region or sector spread by output."""
    table = economy.table
    output = np.asarray(table.x).reshape(table.n_regions, table.n_sectors)[pole.regions]
    labels = pd.MultiIndex.from_product(
        [np.asarray(table.regions)[pole.regions], table.sectors], names=table.labels.names
    )
    if isinstance(money, Mapping):
        money = pd.Series(money, dtype=float)
    if isinstance(money, pd.Series) and not isinstance(money.index, pd.MultiIndex):
        by_sector = np.zeros(table.n_sectors)
        np.add.at(by_sector, table.sector_positions(money.index.tolist()), money.to_numpy(float))
        shares = output
        if pole.weights is not None:
            shares = np.where(output > 0, pole.weights[:, None], 0.0)
        total = shares.sum(axis=0)
        idle = (total <= 0) & (by_sector != 0)
        if idle.any():
            named = shown(np.asarray(table.sectors)[idle].tolist())
            raise StimulusError(f"pole {pole.name!r} has no output of {named} that could grow.")
        grid = by_sector * np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
        money = pd.Series(grid.reshape(-1), index=labels)
    elif not isinstance(money, pd.Series):
        totals = output.sum() if pole.weights is None else output.sum(axis=1, keepdims=True)
        weights = 1.0 if pole.weights is None else pole.weights[:, None]
        if np.any(totals <= 0):
            raise StimulusError(f"pole {pole.name!r} has no output that could grow.")
        money = pd.Series((float(money) * weights * output / totals).reshape(-1), index=labels)
    placed = place_stimulus(table, economy.open.operator, pole, money)
    return placed.production[:, 0]


def formation_of(table: RegionalTable, categories: Sequence[str] = ()) -> list[str]:
    """Return the categories of final demand that are capital formation, by name or by their names.

    Raises
    ------
    UnknownLabel
        For categories that the table does not have, and names that do not tell.
    """
    known = table.categories
    if categories:
        missing = [c for c in categories if c not in known]
        if missing:
            raise UnknownLabel(f"no category {shown(missing)}; the table has {shown(known)}.")
        return list(categories)
    found = [c for c in known if any(word in c.lower() for word in _FORMATION)]
    if not found:
        raise UnknownLabel(
            "an investment needs the categories of final demand that are capital formation; the "
            f"names do not tell: {shown(known)}. Say which with Investment(categories=(...))."
        )
    return found


def _scale(economy: Economy, pole: Pole, stimulus: Creation, unit: Placed) -> float:
    """Money of demand per money of the unit stimulus that creates the amount."""
    account = account_of(economy.table, stimulus.of)
    if stimulus.where not in ("pole", "everywhere"):
        raise StimulusError(f"where must be 'pole' or 'everywhere'; found {stimulus.where!r}.")
    made = economy.solve(unit.production.sum(axis=1, keepdims=True))[:, 0] * account.intensity
    counted = float(
        made[pole.rows(economy.table)].sum() if stimulus.where == "pole" else made.sum()
    )
    if not np.isfinite(stimulus.amount):
        raise StimulusError(f"pole {pole.name!r}: the amount to be created must be finite.")
    if counted <= 0.0:
        raise StimulusError(
            f"pole {pole.name!r}: demand of this mix creates no {account.name} "
            f"({counted:.3g} {account.units}), so no amount of it can be reached. Name other "
            "sectors, or count everywhere."
        )
    return float(stimulus.amount) / counted
