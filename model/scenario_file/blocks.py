"""The blocks a scenario is made of.

Owns the question: what can each block of a scenario state?

Public names
------------
``Stimulus``        growth of demand in a pole
``Edit``            a line added, links changed or removed
``Place``           a place the network lacks
``Closure``, ``Groups``, ``ReportOptions``, ``RunOptions``   the small blocks
``money_multiplier``  how many currency units one unit of a table is ("million yuan 2020": 1e6)

All of them are frozen and hold what the file says; names are checked against table and network when
the scenario runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from model.errors import ScenarioError

__all__ = [
    "CHANNELS",
    "Channel",
    "Closure",
    "Edit",
    "Groups",
    "Place",
    "ReportOptions",
    "RunOptions",
    "Stimulus",
    "money_multiplier",
]

Channel: TypeAlias = Literal[
    "demand",
    "sourcing",
    "price",
    "productivity",
    "households",
    "relocation",
    "congestion",
    "equilibrium",
]

CHANNELS: tuple[Channel, ...] = ("demand", "sourcing")
"""Channels of a scenario that names none; the others answer to them and are named when wanted."""


@dataclass(frozen=True, kw_only=True)
class Closure:
    """What final demand does, which channels run, and whether households are closed.

    Parameters
    ----------
    final_demand
        "spending": money of each region constant, the gain is real consumption; "real": quantities
        constant, the gain is what is saved.
    channels
        Which effects are computed: demand and sourcing alone, the others as what they add to these.
    households
        True for the channel "households" by another name.
    """

    final_demand: Literal["spending", "real"] = "spending"
    channels: tuple[Channel, ...] = CHANNELS
    households: bool = False


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Where groupings of places come from; None is the shipped one."""

    clusters: str | None = None


@dataclass(frozen=True, kw_only=True)
class Stimulus:
    """Growth of final demand in a pole.

    Parameters
    ----------
    name
        What results call it; also what `Scenario.with_only` takes.
    pole
        A pole, cluster or region by name, or shares by region that sum to one.
    at
        "origin": demand for what the pole makes; "use": spending by the pole's residents.
    share_of_final_demand
        Stimulus as a share of the pole's final demand; None when an amount is given.
    amount
        Stimulus in the table's currency (yuan, not million yuan; see `amount_in`); None when a
        share is given.
    sectors
        "mix" for the mix the pole already has, or shares by sector that sum to one.
    prices
        "basic": no margins or taxes inside; "purchaser": what buyers pay, margins and taxes taken
        out first (an amount with sectors, and `margins`).
    margins
        CSV file: margins per unit of money at purchasers' prices, products down (first column),
        services that earn them across; only with "purchaser".
    taxes
        CSV file of two columns: product, and net taxes per unit of money at purchasers' prices;
        products that are not listed pay none; only with "purchaser".
    """

    name: str
    pole: str | Mapping[str, float]
    at: Literal["origin", "use"] = "origin"
    share_of_final_demand: float | None = None
    amount: float | None = None
    sectors: str | Mapping[str, float] = "mix"
    prices: Literal["basic", "purchaser"] = "basic"
    margins: str | None = None
    taxes: str | None = None

    def amount_in(self, unit: str) -> float:
        """Return the amount in the unit of a table, such as "million yuan 2020".

        Raises
        ------
        ScenarioError
            When the stimulus is stated as a share.
        """
        if self.amount is None:
            raise ScenarioError(f"stimulus {self.name!r} is stated as a share, not as an amount")
        return self.amount / money_multiplier(unit)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place the network lacks: degrees, persons, square kilometres, money per year."""

    code: str
    name: str
    lon: float
    lat: float
    population: float
    name_zh: str = ""
    region: str = ""
    area_km2: float | None = None
    gdp: float | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change of the network.

    Parameters
    ----------
    kind
        "add" a line through stops, "change" or "remove" the links that are selected.
    name
        What results call it; also what `Scenario.with_only` takes.
    mode, stops, speed_kmh, trains_per_day, fare_per_km, freed_freight_capacity
        Of a line that is added. km/h, trains a day in each direction, money per km; the fare is the
        mode's own when None. `freed_freight_capacity` is the share (0 to 1) of the capacity of
        the old lines beside it that is freed for goods.
    select
        Which links are changed or removed: values by link column.
    fields
        New values by link column.
    """

    kind: Literal["add", "change", "remove"]
    name: str
    mode: str = ""
    stops: tuple[str, ...] = ()
    speed_kmh: float | None = None
    trains_per_day: float | None = None
    fare_per_km: float | None = None
    freed_freight_capacity: float = 0.0
    select: Mapping[str, str | float] = field(default_factory=dict)
    fields: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Languages of the report, and what the scenario's own names are called in Chinese.

    Attributes
    ----------
    languages : tuple of str
        The first is ``report.html``.
    names_zh : mapping of str to str
        Chinese for the name of the scenario, of an edit or of a stimulus.
    """

    languages: tuple[str, ...] = ("en",)
    names_zh: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a scenario is run.

    Parameters
    ----------
    seed
        Of the draws: the same seed gives the same bits at any number of workers.
    draws
        Random draws behind intervals; 0 is the central run alone.
    split
        Whether the joint effect of all channels is shared out over them, without an order.
    """

    seed: int = 1
    draws: int = 0
    split: bool = False


def money_multiplier(unit: str) -> float:
    """Return how many currency units one unit of a table is: "million yuan 2020" gives 1e6.

    Words (thousand, million, billion, trillion), figures ("10,000 yuan") and the short ``M.EUR`` or
    ``k EUR`` of published tables are understood; anything else counts as the currency itself, 1.
    """
    figure = re.match(r"\s*(\d[\d,_]*)\s+(.*)", unit)
    factor = 1.0
    if figure is not None:
        factor, unit = float(re.sub("[,_]", "", figure.group(1))), figure.group(2)
    head = re.match(r"\s*([A-Za-z]+)(?:[\s.]|$)", unit)
    scales = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
    scales |= {"k": 1e3, "M": 1e6, "Mio": 1e6, "mn": 1e6, "bn": 1e9, "B": 1e9}
    word = head.group(1) if head else ""
    return factor * scales.get(word, scales.get(word.lower(), 1.0))
