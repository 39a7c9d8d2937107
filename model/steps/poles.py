"""Growth poles: the spillover ledger of every stimulus, its range, and its spread over cities.

Owns the question: when a pole's final demand grows, how much stays, comes back or ends elsewhere,
and where do the cities around it come in?

Public names
------------
``check_stimuli``   look up every pole and sector before any work is done
``ask_stimulus``    one stimulus with its pole looked up and its money worked out
``poles_dataset``   ledger, leakage, low/high range, allocated clusters, rings and places

Terms: the ledger is computed between regions; a pole is whole regions. ``allocated_*`` figures
spread a region's result over its places by gross product: they are not computed. Rings are shortest
door-to-door times from any place of the pole. Stimuli are poles of their own, in scenario order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.bridge import Bridged
from io_tables.errors import TableError
from io_tables.table import RegionalTable
from model.calibration import Calibration
from model.errors import ModelError, ScenarioError
from model.results import IdentityRecord, SolveRecord
from model.scenario import Stimulus
from model.spillover import spillovers
from model.steps.base import identity, labelled
from model.steps.cities import identities_of, places_dataset, places_ledger, solves_of
from model.steps.groupings import RINGS, Groupings, allocation, rings_of
from model.steps.prices import bridge_stimulus
from model.stimulus import PoleLike, pole_demand, resolve_poles

__all__ = ["AskedStimulus", "PolesOutcome", "ask_stimulus", "check_stimuli", "poles_dataset"]

ACCOUNTS = ("output", "value_added")
PARTS = ("intraregional", "feedback", "spillover")
LEDGER_TOLERANCE = 1e-10


@dataclass(frozen=True)
class PolesOutcome:
    """Variables, identities, solves and what is to be said of the demand channel."""

    data: xr.Dataset
    notes: list[str]
    identities: list[IdentityRecord]
    solves: list[SolveRecord]


@dataclass(frozen=True)
class AskedStimulus:
    """A stimulus with its pole looked up and its money worked out.

    Attributes
    ----------
    stimulus : Stimulus
    pole : PoleLike
    amount : float
        As stated, in the unit of the table.
    bridged : Bridged or None
        Basic prices, taxes and margins of an amount at purchasers' prices.
    """

    stimulus: Stimulus
    pole: PoleLike
    amount: float
    bridged: Bridged | None = None

    @property
    def money(self) -> float | pd.Series[float]:
        """The amount at basic prices, by sector where the stimulus says so."""
        if self.bridged is not None:
            return self.bridged.basic
        sectors = self.stimulus.sectors
        if isinstance(sectors, str):
            return self.amount
        return pd.Series({name: share * self.amount for name, share in sectors.items()})


def check_stimuli(base: Calibration, stimuli: Sequence[Stimulus], groupings: Groupings) -> None:
    """Look up every pole and sector.

    Raises
    ------
    ScenarioError
        Naming the stimulus and the name in it that is not known.
    """
    for one in stimuli:
        ask_stimulus(base, one, groupings)


def ask_stimulus(base: Calibration, stimulus: Stimulus, groupings: Groupings) -> AskedStimulus:
    """Look up the pole of a stimulus and work out its money.

    Raises
    ------
    ScenarioError
        Naming the stimulus and the name in it that is not known.
    """
    table = base.table
    try:
        pole = groupings.resolve(stimulus.pole, table.regions)
        found = resolve_poles(table, {stimulus.name: pole})[0]
        if not isinstance(stimulus.sectors, str):
            table.sector_positions(list(stimulus.sectors))
        if stimulus.share_of_final_demand is None:
            amount = stimulus.amount_in(table.unit)
        else:
            demand = pole_demand(table, found, at=stimulus.at)
            amount = stimulus.share_of_final_demand * float(demand.sum())
        bridged = None
        if stimulus.prices == "purchaser":
            bridged = bridge_stimulus(table, stimulus, amount)
    except (ModelError, TableError) as error:
        raise ScenarioError(f"[[stimulus]] '{stimulus.name}': {error}") from error
    return AskedStimulus(stimulus, pole, amount, bridged)


def poles_dataset(
    base: Calibration,
    stimuli: Sequence[Stimulus],
    *,
    groupings: Groupings,
    variants: Mapping[str, RegionalTable],
    places_table: RegionalTable | None,
    progress: Callable[[str, float], None],
) -> PolesOutcome:
    """Return the ledger of every stimulus.

    Parameters
    ----------
    base : Calibration
    stimuli : sequence of Stimulus
    groupings : Groupings
    variants : mapping of str to RegionalTable
        Other estimates of the same economy, for the range.
    places_table : RegionalTable or None
        The same economy nested to the places of the network.
    progress : callable
    """
    asked = [ask_stimulus(base, one, groupings) for one in stimuli]
    progress("spillover ledger", 0.0)
    ledger = _ledger(base.table, asked)
    data = ledger[["ledger", "leakage", "stimulus"]]
    data["at"] = ("pole", np.array([one.stimulus.at for one in asked], dtype=object))
    data["at"].attrs = {"units": "1", "long_name": "whose demand the stimulus is: origin or use"}
    ranges = {}
    for position, (name, table) in enumerate(variants.items()):
        progress(f"spillover ledger, {name} own shares", 0.1 * (1 + position))
        ranges[name] = _ledger(table, asked)
    if ranges:
        data = data.merge(_ranges(ranges, base.table.unit))
    rings = [_rings(base, one) for one in asked]
    data = data.merge(_allocated(base, asked, rings, data["ledger"], groupings))
    data = data.merge(_levels(base, asked, ledger))
    identities, solves = _identities(ledger), _solves(ledger)
    if places_table is not None:
        between = []
        for position, one in enumerate(asked):
            progress(f"ledger between cities, {one.stimulus.name}", 0.4 + 0.15 * position)
            members = _members(base, one)
            between.append(
                places_ledger(
                    places_table,
                    one.stimulus.name,
                    members,
                    one.money,
                    at=one.stimulus.at,
                    accounts=ACCOUNTS,
                )
            )
        computed = places_dataset(
            between,
            clusters=groupings.place_group("clusters", base.places.codes),
            cluster_order=groupings.group_order("clusters"),
            rings=rings,
            ring_order=RINGS,
            unit=base.table.unit,
        )
        data = data.merge(computed)
        identities += identities_of(between)
        solves += solves_of(between)
    notes = [
        f"Pole '{one.stimulus.name}' is finer than the table: its whole regions "
        f"({', '.join(one.pole)}) are used, weighed by the gross product it has in each."
        for one in asked
        if groupings.is_finer(one.stimulus.pole, base.table.regions)
    ]
    data = data.merge(_taken_out(asked, base.table.unit))
    notes += [
        _said_prices(one, found, base.table.unit)
        for one in asked
        if (found := one.bridged) is not None
    ]
    return PolesOutcome(data, notes, identities, solves)


def _taken_out(asked: Sequence[AskedStimulus], unit: str) -> xr.Dataset:
    """Return what stimuli at purchasers' prices hold beside the product; empty without any."""
    if all(one.bridged is None for one in asked):
        return xr.Dataset()
    parts = [(0.0, 0.0) if (b := one.bridged) is None else (b.margins.sum(), b.taxes.sum())
             for one in asked]  # fmt: skip
    names = [one.stimulus.name for one in asked]
    about = (
        ("stimulus_margins", "margins of trade and transport inside the stimulus as stated"),
        ("stimulus_taxes", "net taxes on products inside the stimulus as stated"),
    )
    made = {
        name: labelled([part[k] for part in parts], ("pole",), unit, text)
        for k, (name, text) in enumerate(about)
    }
    return xr.Dataset(made).assign_coords(pole=names)


def _said_prices(asked: AskedStimulus, found: Bridged, unit: str) -> str:
    return (
        f"Stimulus '{asked.stimulus.name}': {asked.amount:,.0f} {unit} at purchasers' prices are "
        f"{float(found.basic.sum()):,.0f} at basic prices, of which margins of "
        f"{float(found.margins.sum()):,.0f} go to trade and transport; net taxes of "
        f"{float(found.taxes.sum()):,.0f} go to no producer."
    )


def _ledger(table: RegionalTable, asked: Sequence[AskedStimulus]) -> xr.Dataset:
    """Return the ledgers of all stimuli along `pole`."""
    made = []
    for one in asked:
        name = one.stimulus.name
        made.append(
            spillovers(
                table, {name: one.pole}, one.money, of=list(ACCOUNTS), at=one.stimulus.at
            ).drop_vars("account_units")
        )
    joined = xr.concat(made, dim="pole", join="outer", fill_value=0.0, combine_attrs="override")
    joined["ledger"].attrs = {
        "units": table.unit,
        "long_name": "effect of a stimulus by place, sector and part of the ledger",
    }
    joined["leakage"].attrs["long_name"] = "where the stimulus leaves the chain of production"
    joined["stimulus"].attrs["long_name"] = "money put in"
    joined.attrs = {"solves": [dict(one.attrs) for one in made]}
    return joined


def _ranges(ranges: Mapping[str, xr.Dataset], unit: str) -> xr.Dataset:
    variant = xr.DataArray(list(ranges), dims="variant", name="variant")
    ledger = xr.concat(
        [one["ledger"].sum("sector") for one in ranges.values()], dim=variant
    ).transpose("variant", "pole", "region", "part", "account")
    leakage = xr.concat([one["leakage"] for one in ranges.values()], dim=variant)
    ledger.attrs = {
        "units": unit,
        "long_name": "effect of a stimulus under low, central and high own-region shares",
    }
    leakage.attrs = {"units": unit, "long_name": "leakage under each variant of own shares"}
    return xr.Dataset({"ledger_range": ledger, "leakage_range": leakage})


def _members(base: Calibration, asked: AskedStimulus) -> list[str] | dict[str, float]:
    """Return the places of a pole; weights of regions are shared out by gross product."""
    region = base.places.region
    regions = [asked.pole] if isinstance(asked.pole, str) else list(asked.pole)
    inside = region[region.isin(regions)]
    if not isinstance(asked.pole, Mapping):
        return [str(code) for code in inside.index]
    mass = base.places.mass("gdp")[inside.index]
    share = mass / mass.groupby(inside).transform("sum")
    weights = inside.map(dict(asked.pole)) * share
    return {str(code): float(weight) for code, weight in weights.items()}


def _rings(base: Calibration, asked: AskedStimulus) -> pd.Series[str]:
    return rings_of(base.skims.fastest["minutes"], list(_members(base, asked)))


def _allocated(
    base: Calibration,
    asked: Sequence[AskedStimulus],
    rings: Sequence[pd.Series[str]],
    ledger: xr.DataArray,
    groupings: Groupings,
) -> xr.Dataset:
    """Spread regional results over clusters, rings and places by gross product."""
    places = base.places
    mass, region = places.mass("gdp"), places.region
    by_region = ledger.sum("sector")
    order = groupings.group_order("clusters")
    shares = allocation(groupings.place_group("clusters", places.codes), region, mass, order)
    clusters = by_region.dot(shares.rename(group="cluster"), dim="region")
    by_ring = []
    for one, ring in zip(asked, rings, strict=True):
        spread = allocation(ring, region, mass, list(RINGS)).rename(group="ring")
        by_ring.append(by_region.sel(pole=one.stimulus.name).dot(spread, dim="region"))
    own = (mass / mass.groupby(region).transform("sum")).to_numpy()
    by_place = by_region.sum("part").sel(region=region.to_numpy())
    by_place = by_place.rename(region="place").assign_coords(place=places.codes)
    unit, note = base.table.unit, "results of regions spread by gross product, not computed"
    kind = "allocated"
    if groupings.of_places:  # nothing is spread
        kind, note = "computed", "sums over places, which are the regions of the table"
    made = {
        "allocated_cluster": clusters.transpose("pole", "cluster", "part", "account"),
        "allocated_ring": xr.concat(by_ring, dim="pole").transpose(
            "pole", "ring", "part", "account"
        ),
        "allocated_place": (by_place * xr.DataArray(own, dims="place")).transpose(
            "pole", "place", "account"
        ),
    }
    for name, values in made.items():
        what = name.removeprefix("allocated_")
        values.attrs = {"units": unit, "long_name": f"effect of a stimulus by {what}: {note}"}
    return xr.Dataset({name.replace("allocated", kind): values for name, values in made.items()})


def _levels(base: Calibration, asked: Sequence[AskedStimulus], ledger: xr.Dataset) -> xr.Dataset:
    """Return levels with the demand channel alone: the base year and all stimuli together."""
    total = ledger["ledger"].sum(["pole", "part"])
    unit = base.table.unit
    blocks = base.blocks
    rate = np.divide(
        blocks.primary, blocks.output, out=np.zeros_like(blocks.output), where=blocks.output > 0
    )
    money = (blocks.demand + blocks.imported_demand).sum(axis=2)
    # Demand stated at origin does not say who buys: spending by place of use is then not known.
    told = all(one.stimulus.at == "use" for one in asked)
    placed = ledger["stimulus_placed"].sum("pole").values if told else np.nan
    levels = {
        "output": (blocks.output, total.sel(account="output").values, "output"),
        "value_added": (
            rate * blocks.output,
            total.sel(account="value_added").values,
            "value added",
        ),
        "final_demand": (money, placed, "residents' spending"),
        "real_consumption": (money, placed, "residents' final purchases"),
    }
    return xr.Dataset(
        {
            name: labelled(
                (level + change)[:, :, None],
                ("region", "sector", "channel"),
                unit,
                f"{text}, with one channel alone",
            )
            for name, (level, change, text) in levels.items()
        }
    ).assign_coords(channel=["demand"], region=base.table.regions, sector=base.table.sectors)


def _identities(ledger: xr.Dataset) -> list[IdentityRecord]:
    worst = ledger["gap"].max("pole")
    return [
        identity(f"ledger: {name}", float(worst.sel(identity=name)), LEDGER_TOLERANCE)
        for name in worst["identity"].values
    ]


def _solves(ledger: xr.Dataset) -> list[SolveRecord]:
    return [
        {
            "what": f"spillover ledger of {pole}",
            "method": str(one["method"]),
            "iterations": int(one["iterations"]),
            "residual": float(one["residual"]),
            "error_bound": float(one["error_bound"]),
            "seconds": float(one["seconds"]),
        }
        for pole, one in zip(ledger["pole"].values, ledger.attrs["solves"], strict=True)
    ]
