"""Every channel as a column of its own: what it adds to the drivers, by region and sector.

Owns the question: what does each channel that is switched on do, at base-year prices and at new
ones, and why is an effect exactly zero?

Public names
------------
``channel_columns``   runs of a case in, `Columns` out
``Columns``           variables, identities, solves, sentences on what is exactly zero

Terms: the drivers (demand, sourcing) act alone. Every other channel is what it *adds to the
drivers*: the state with drivers and channel, less the state with the drivers. Columns answer
different questions and are not to be added; `model.channels.split` shares a joint effect out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from model.channels.case import DRIVERS, Outcome, Runs
from model.channels.joint import State
from model.results import IdentityRecord, SolveRecord
from model.steps.base import identity, labelled, solve_record

Array = NDArray[np.float64]

__all__ = ["LEVELS", "Columns", "change_of", "channel_columns"]

LEVELS = {
    "output": ("output by place of production", "base-year prices"),
    "value_added": ("value added at base-year rates by place of production", "base-year rates"),
    "final_demand": ("residents' spending, money", "new prices"),
    "real_consumption": ("residents' final purchases at base-year prices", "base-year prices"),
}
"""Variables by channel: what they are, and at which prices."""
TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Columns:
    """Variables over (region, sector, channel) and what is to be said of them."""

    data: xr.Dataset
    identities: list[IdentityRecord]
    solves: list[SolveRecord]
    zero_effects: list[str]


def channel_columns(runs: Runs, switched_on: Sequence[str], drivers: Sequence[str]) -> Columns:
    """Return what each channel adds to the drivers.

    Parameters
    ----------
    runs : Runs
    switched_on : sequence of str
        Channels that are not drivers, in the order of the columns.
    drivers : sequence of str
        Drivers that the scenario has: it says demand and has a stimulus, sourcing and an edit.
    """
    economy = runs.case.economy
    base = economy.blocks
    start = runs.of(drivers)
    money = (base.demand + base.imported_demand).sum(axis=2)
    rate = np.divide(
        base.primary, base.output, out=np.zeros_like(base.output), where=base.output > 0.0
    )
    levels = {
        "output": base.output,
        "value_added": rate * base.output,
        "final_demand": money,
        "real_consumption": money,
    }
    found = {name: runs.of([*drivers, name]) for name in switched_on}
    dims = ("region", "sector", "channel")
    data = xr.Dataset(
        {
            name: labelled(
                np.stack([level + change_of(one, start, name) for one in found.values()], axis=2),
                dims,
                economy.unit,
                f"{LEVELS[name][0]}, with one channel alone",
            ).assign_attrs(prices=LEVELS[name][1])
            for name, level in levels.items()
        }
    ).assign_coords(channel=list(found), region=list(economy.regions), sector=list(economy.sectors))
    data = data.merge(_own_variables(runs, found, list(drivers)))
    identities = [
        identity(f"{name}: {what} balance at new prices", gap, TOLERANCE)
        for name, one in found.items()
        for what, gap in one.state.gaps.items()
    ]
    identities += _conserved(runs, found)
    zeros = [zero for name, one in found.items() if (zero := _zero(runs, name, one, start))]
    return Columns(data, identities, _solves(found), zeros)


def change_of(one: Outcome, start: Outcome, name: str) -> Array:
    """Return what an outcome adds to another in one variable, (R, S)."""
    return np.asarray(getattr(one.state, name) - getattr(start.state, name))


def _own_variables(runs: Runs, found: dict[str, Outcome], drivers: list[str]) -> xr.Dataset:
    """Return the variables that only one channel has."""
    economy, case = runs.case.economy, runs.case
    flat = ("region", "sector")
    made: dict[str, xr.DataArray] = {}
    rates = np.full(len(found), np.nan)
    for position, (name, one) in enumerate(found.items()):
        if name == "price":
            made["mill_price"] = labelled(
                one.state.mill_price,
                flat,
                "1",
                "price at the mill, new / base, where prices follow costs",
            ).assign_attrs(prices="new over base-year prices")
            rates[position] = one.joint.bundle.contraction
        if name == "productivity" and case.productivity is not None:
            made["productivity"] = labelled(
                case.productivity, flat, "1", "output of a bundle of inputs, new / base"
            )
        if name == "households":
            base = economy.household_income
            growth = one.state.income
            made["household_income"] = labelled(
                base * growth,
                ("region",),
                economy.unit,
                "wages earned in a region with drivers and closed households",
            ).assign_attrs(prices="base-year rates")
            made["household_income_base"] = labelled(
                base, ("region",), economy.unit, "wages earned in a region, base year"
            )
        if one.moved is not None:
            made["people"] = labelled(
                economy.population * one.moved.people,
                ("region",),
                "persons",
                "population after people have moved",
            )
            made["people_base"] = labelled(
                economy.population, ("region",), "persons", "population, base year"
            )
            made["real_income_per_head"] = labelled(
                one.moved.real_income,
                ("region",),
                "1",
                "income earned per head at new consumer prices, new / base",
            )
            rates[position] = one.moved.rate
    made["contraction"] = labelled(
        rates,
        ("channel",),
        "1",
        "bound of the contraction rate of the channel's fixed point; missing where there is none",
    )
    data = xr.Dataset(made)
    return data.assign_coords(
        {
            "channel": list(found),
            **({"region": list(economy.regions)} if "region" in data.dims else {}),
            **({"sector": list(economy.sectors)} if "sector" in data.dims else {}),
        }
    )


def _conserved(runs: Runs, found: dict[str, Outcome]) -> list[IdentityRecord]:
    moved = found["relocation"].moved if "relocation" in found else None
    if moved is None:
        return []
    people = runs.case.economy.population
    gap = abs(float(people @ moved.people) / float(people.sum()) - 1.0)
    return [identity("relocation: nobody is lost", gap, 1e-12)]


def _solves(found: dict[str, Outcome]) -> list[SolveRecord]:
    made: list[SolveRecord] = []
    for name, one in found.items():
        if one.state.solution is not None:
            made.append(solve_record(f"{name}, beside the drivers", one.state.solution))
        if name == "price":
            prices = one.joint.bundle
            made.append(
                {
                    "what": "mill prices (logarithms)",
                    "method": f"Newton on a map that contracts at {prices.contraction:.3f}",
                    "iterations": prices.iterations,
                    "residual": prices.gap,
                    "error_bound": prices.gap / (1.0 - prices.contraction),
                    "seconds": 0.0,
                }
            )
        if one.moved is not None and one.moved.rate > 0.0:
            made.append(
                {
                    "what": "people and capital (logarithms)",
                    "method": f"iteration of a map that contracts at {one.moved.rate:.3f}",
                    "iterations": one.moved.iterations,
                    "residual": one.moved.gap,
                    "error_bound": one.moved.gap / (1.0 - one.moved.rate),
                    "seconds": 0.0,
                }
            )
    return made


def _still(one: State, start: State) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(start, name))
        for name in ("output", "value_added", "real_consumption")
    )


def _zero(runs: Runs, name: str, one: Outcome, start: Outcome) -> str | None:
    """Say why a channel does exactly nothing, or return None when it does something."""
    if not _still(one.state, start.state):
        return None
    case = runs.case
    edited = case.delivery is not None and bool((case.delivery != 1.0).any())
    if name == "congestion" and case.congested is None:
        why = "the links of the network have no capacities; flows are reported, times stay"
    elif name == "relocation" and case.labour == 0.0 and case.capital == 0.0:
        why = "relocation_labour and relocation_capital are 0: nobody may move"
    elif name in ("price", "productivity") and not edited:
        why = "no delivery cost changes, so there is nothing that prices or closeness could follow"
    else:
        why = f"nothing that the drivers ({', '.join(DRIVERS)}) start reaches it"
    return f"The effect of the channel {name} is exactly zero: {why}."
