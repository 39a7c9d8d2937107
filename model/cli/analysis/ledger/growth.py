"""What grows: the words about poles and their stimulus, as the ledger takes them.

Owns the question: which poles grow, by how much of what?

Public names
------------
``Growth``     the words
``Grown``      poles and stimuli of a table
``grown``      from the one to the other
``account_of_request``   an account of the table, or a stressor that comes beside it
``KINDS``      words for kinds of stimulus; any other word is an account that is to be created

Without a pole, the poles that belong to the table are taken; without an amount, one per cent of
what the pole has: of its final demand, output, capital formation, jobs, ...
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from model.accounts import Account, account_of
from model.cli.analysis.footprint import stress_of_request
from model.cli.text import amount
from model.errors import ScenarioError
from model.ledger.kinds import AnyStimulus, Creation, Investment, OutputTarget, formation_of
from model.scenario import Scenario, Stimulus, money_multiplier
from model.sources import open_stressors
from model.stimulus import At, Pole, PoleLike, pole_demand, resolve_poles

if TYPE_CHECKING:
    from io_tables.table import RegionalTable
    from model.cli.analysis.world import World

__all__ = ["KINDS", "Grown", "Growth", "account_of_request", "grown"]

KINDS = ("demand", "output", "investment")
EVERY = "all"
POLES = "poles"
SHARE = 0.01


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Words about what grows.

    Parameters
    ----------
    poles
        Names, or "Shanghai=0.6,Jiangsu=0.4"; "all" is every region; none are those of the table.
    amount
        In the table's currency, not in its unit; of an account that is not money, in its units.
    share
        Instead of an amount, the share of what the pole has.
    sectors
        "mix", or "Construction=0.7,Finance=0.3".
    at
        "origin" or "use", as in a scenario.
    kind
        One of `KINDS`, or an account to be created.
    """

    poles: tuple[str, ...] = ()
    amount: float | None = None
    share: float | None = None
    sectors: str = "mix"
    at: At = "origin"
    kind: str = "demand"

    def __post_init__(self) -> None:
        if self.amount is not None and self.share is not None:
            raise ScenarioError("--amount and --share say the same thing: leave one of them out")
        if len(set(self.poles)) < len(self.poles):
            raise ScenarioError("--pole names a pole twice")
        if self.kind in ("output", "investment") and self.at == "use":
            told = (
                "investment is always counted where it is spent"
                if self.kind == "investment"
                else "an output target is set where output is made"
            )
            raise ScenarioError(f"--kind {self.kind}: {told}; leave --at out")
        self.checked(self.poles or ("the poles of the table",))

    def checked(self, poles: tuple[str, ...]) -> tuple[Stimulus, ...]:
        """Check the words by the rules of a scenario file and return its stimuli."""
        sectors = _shares("--sectors", self.sectors)
        size = (
            {"amount": self.amount}
            if self.amount is not None
            else {"share_of_final_demand": SHARE if self.share is None else self.share}
        )
        blocks = [
            {
                "name": pole,
                "pole": _shares("--pole", pole),
                "at": self.at,
                "sectors": sectors,
                **size,
            }
            for pole in poles
        ]
        if not blocks:
            return ()
        try:
            return Scenario.from_dict({"name": "spillover", "stimulus": blocks}).stimuli
        except ScenarioError as error:
            sentence = str(error).replace("share_of_final_demand", "--share")
            sentence = sentence.replace("; leave the block out for the base year", "")
            for word in ("sectors", "pole", "amount"):
                sentence = sentence.replace(f": {word}", f": --{word}")
            raise ScenarioError(sentence.replace("[[stimulus]]", "pole")) from error


@dataclass(frozen=True, eq=False)
class Grown:
    """Poles of a table and what each of them is given.

    Parameters
    ----------
    poles, stimuli
        By name, as `spillovers` takes them.
    words
        What each is given, in words.
    at
        Where it is counted.
    notes
        What a reader has to know about the poles.
    """

    poles: dict[str, PoleLike]
    stimuli: dict[str, AnyStimulus]
    words: dict[str, str]
    at: At
    notes: tuple[str, ...]

    def members(self, table: RegionalTable) -> dict[str, list[str]]:
        """Return the regions of every pole."""
        return {
            pole.name: [table.regions[r] for r in pole.regions]
            for pole in resolve_poles(table, self.poles)
        }


def grown(words: Growth, world: World) -> Grown:
    """Find the poles in a table and make their stimuli.

    Raises
    ------
    ScenarioError, UnknownLabel
        For poles, sectors and accounts that there are not.
    """
    table, groupings = world.table, world.groupings
    names = words.poles or _own_poles(world)
    if names == (EVERY,):
        names = tuple(table.regions)
    poles: dict[str, PoleLike] = {}
    stimuli: dict[str, AnyStimulus] = {}
    told: dict[str, str] = {}
    notes: list[str] = []
    for one in words.checked(names):
        poles[one.name] = groupings.resolve(one.pole, table.regions)
        if groupings.is_finer(one.pole, table.regions):
            notes.append(
                f"{one.name} is finer than the regions of {table.name}: the whole regions it "
                "touches are the pole, and weights spread its stimulus over them. A table of "
                "places tells it apart."
            )
        shares = None if isinstance(one.sectors, str) else one.sectors
        if shares is not None:
            table.sector_positions(list(shares))
        pole = resolve_poles(table, {one.name: poles[one.name]})[0]
        stimuli[one.name], told[one.name] = _stimulus(words, world, pole, shares)
    return Grown(poles, stimuli, told, words.at, tuple(notes))


def account_of_request(world: World, of: str) -> tuple[Account, tuple[str, ...]]:
    """Return an account by name, in the table or beside it, with what is to be said about it."""
    found = stress_of_request(world.table, open_stressors(world.name), of)
    rate = found.intensity(world.table)
    if rate is None:
        return account_of(world.table, found.name), ()
    units = "amount" if found.units is None else found.units[0]
    return Account(found.name, units, np.asarray(rate, dtype=np.float64)), found.notes


def _own_poles(world: World) -> tuple[str, ...]:
    rows = world.groupings.regions
    found = tuple(dict.fromkeys(rows.loc[rows["grouping"] == POLES, "group"]))
    if not found:
        first = ", ".join(world.table.regions[:5])
        raise ScenarioError(
            f"{world.table.name} has no poles of its own: name some with --pole ({first}, ...), or "
            f"--pole {EVERY} for every region in turn"
        )
    return found


def _stimulus(
    words: Growth, world: World, pole: Pole, shares: Mapping[str, float] | None
) -> tuple[AnyStimulus, str]:
    table = world.table
    if words.kind in KINDS:
        if words.amount is not None:
            size = words.amount / money_multiplier(table.unit)
        else:
            share = SHARE if words.share is None else words.share
            size = share * _has(words, table, pole)
        money: float | pd.Series[float] = size
        if shares is not None:
            money = pd.Series({name: part * size for name, part in shares.items()})
        text = f"{amount(size)} {table.unit} of "
        if words.kind == "output":
            return OutputTarget(money), text + "output more"
        if words.kind == "investment":
            return Investment(money), text + "investment in it"
        where = "demand for its products" if words.at == "origin" else "spending in it"
        return money, text + where
    account, _ = account_of_request(world, words.kind)
    if words.amount is None:
        made = account.intensity * table.x.to_numpy()
        share = SHARE if words.share is None else words.share
        size = share * float(made[pole.rows(table)].sum())
    else:
        size = words.amount
        if account.units == table.unit:
            size /= money_multiplier(table.unit)
    named = account.name.replace("_", " ")
    units = "" if account.name == "jobs" else f" {account.units} of"
    return Creation(size, of=account, mix=shares), f"{amount(size)}{units} {named} created in it"


def _has(words: Growth, table: RegionalTable, pole: Pole) -> float:
    """Return what a share is a share of: final demand, output or capital formation of a pole."""
    if words.kind == "output":
        return float(table.x.to_numpy()[pole.rows(table)].sum())
    if words.kind == "investment":
        kinds = formation_of(table)
        return float(pole_demand(table, pole, at="use", categories=kinds).sum())
    return float(pole_demand(table, pole, at=words.at).sum())


def _shares(option: str, text: str) -> str | dict[str, float]:
    """Read "A=0.6,B=0.4"; a text without "=" is a name."""
    if "=" not in text:
        return text
    found = re.findall(r"([^=]+)=([^,=]+)(?:,|$)", text)  # names may have commas of their own
    try:
        if ",".join(f"{name}={share}" for name, share in found) != text:
            raise ValueError(text)
        return {name.strip(): float(share) for name, share in found}
    except ValueError as error:
        raise ScenarioError(
            f'{option} must be a name or shares such as "A=0.6,B=0.4"; found {text!r}'
        ) from error
