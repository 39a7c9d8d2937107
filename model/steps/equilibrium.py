"""What an edited network does once wages, prices, trade and people have all adjusted.

Owns the question: where does the economy come to rest with the edits, and who is better off?

Public names
------------
``equilibrium_dataset``   calibration and skims of the edited network in, `EquilibriumOutcome` out
``mobility_of``           who may move, by the switches of a scenario
``EquilibriumOutcome``    variables, identities, notes and which effects are exactly zero

The channel stands apart from the others: factors are fully used, so a region gains in prices and
wages, not in jobs. Levels follow the definitions of the other channels:

    output             at base-year prices
    value_added        primary inputs at base-year returns; with people immobile it only moves
                       between the industries of a region
    final_demand       money in the numeraire (national value added constant, unless told)
    real_consumption   final purchases at base-year delivered prices
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from model.calibration import Calibration
from model.costs import RegionCosts, Skims
from model.equilibrium import Equilibrium, EquilibriumBase, Labour, equilibrium
from model.results import IdentityRecord
from model.scenario import Scenario
from model.steps.base import identity, labelled

Array = NDArray[np.float64]

__all__ = ["CHANNEL", "EquilibriumOutcome", "Mobility", "equilibrium_dataset", "mobility_of"]

CHANNEL = "equilibrium"
BY_REGION = (
    ("wage", "wages", "wage, new / base"),
    ("consumer_price", "consumer_prices", "price of final purchases, new / base"),
    ("real_wage", "real_wage", "real wage, new / base"),
    ("welfare", "welfare", "real consumption per person, new / base"),
    ("population", "population", "residents, new / base"),
)


@dataclass(frozen=True)
class EquilibriumOutcome:
    """What the channel adds to a run.

    Attributes
    ----------
    data : xr.Dataset
        output, value_added, final_demand, real_consumption over (region, sector, channel), channel
        "equilibrium"; `equilibrium_*` ratios over region; mill prices and trade shares.
    identities : list of IdentityRecord
    notes : list of str
        Closure and what is known about uniqueness.
    zero_effects : list of str
    found : Equilibrium
    """

    data: xr.Dataset
    identities: list[IdentityRecord]
    notes: list[str]
    zero_effects: list[str]
    found: Equilibrium


class Mobility(TypedDict, total=False):
    """Who may move, as `equilibrium_dataset` takes it."""

    labour: Labour
    migration_elasticity: float


def mobility_of(base: Calibration, scenario: Scenario) -> Mobility:
    """Return who may move: people stay unless the channel "relocation" is on too.

    With it they move by the elasticity that relocation has (`relocation_labour`).
    """
    elasticity = base.parameters.get("relocation_labour")
    if "relocation" not in scenario.closure.channels or elasticity == 0.0:
        return {"labour": "immobile"}
    return {"labour": "partly mobile", "migration_elasticity": elasticity}


def equilibrium_dataset(
    base: Calibration,
    skims: Skims,
    *,
    labour: Labour = "immobile",
    migration_elasticity: float | None = None,
    labour_primaries: Sequence[str] | None = None,
    export_elasticity: ArrayLike | None = None,
    productivity: ArrayLike | None = None,
) -> EquilibriumOutcome:
    """Return the levels at which the economy comes to rest with other travel costs.

    Parameters
    ----------
    base : Calibration
    skims : Skims
        Of the edited network (`model.calibration.skims_of`).
    labour, migration_elasticity, labour_primaries, export_elasticity, productivity
        As in `model.equilibrium.equilibrium`.

    Raises
    ------
    InvalidTable, InvalidParameter, Infeasible
        When the table or the options have no equilibrium.
    NotConverged, Uncertified
        When the search ended without a certified one.
    """
    accounts = EquilibriumBase.of(base.table, labour_primaries=labour_primaries)
    costs = RegionCosts.of(skims.passenger, skims.freight, base.places)
    if skims.freight is base.skims.freight:
        costs = RegionCosts(freight=base.delivery.freight, passenger=costs.passenger)
    change = base.delivery.change(costs.freight, costs.passenger)
    found = equilibrium(
        accounts,
        change,
        base.theta,
        labour=labour,
        migration_elasticity=migration_elasticity,
        export_elasticity=export_elasticity,
        productivity=productivity,
    ).raise_for_status()
    gaps = [
        identity(f"equilibrium: {name}", gap, found.tolerance)
        for name, gap in found.certificate.residuals.items()
    ]
    notes = [
        f"Equilibrium: labour {labour}, deficits given, {found.numeraire} constant; uniqueness: "
        f"{found.guarantee}."
    ]
    return EquilibriumOutcome(
        _levels(base, accounts, found), gaps, notes, _zero_effects(found, change), found
    )


def _levels(base: Calibration, accounts: EquilibriumBase, found: Equilibrium) -> xr.Dataset:
    unit, flat = base.table.unit, ("region", "sector")
    blocks = base.blocks
    returns = np.stack([found.wages, found.other_return])[-accounts.n_factors :]
    # Differences on the base year's own figures, so that no change gives exactly these.
    inputs = (accounts.factors / returns[:, :, None]).sum(axis=0) * found.output
    inputs_base = accounts.factors.sum(axis=0) * accounts.output
    taxed = accounts.tax * (found.real_output - accounts.output)
    money = (blocks.demand + blocks.imported_demand).sum(axis=2)
    none = np.zeros_like(blocks.output)
    rate = np.divide(blocks.primary, blocks.output, out=none, where=blocks.output > 0.0)
    shown = {
        "output": (
            blocks.output + (found.real_output - accounts.output),
            "output at base-year prices, by place of production",
        ),
        "value_added": (
            rate * blocks.output + (inputs - inputs_base) + taxed,
            "primary inputs at base-year returns, by place of production",
        ),
        "final_demand": (
            money + (found.final_demand - accounts.final_use),
            f"residents' spending, money with {found.numeraire} constant",
        ),
        "real_consumption": (
            money + (found.real_consumption_by_product - accounts.final_use),
            "residents' final purchases at base-year prices",
        ),
    }
    data = xr.Dataset(
        {
            name: labelled(
                level[:, :, None], (*flat, "channel"), unit, f"{text}, with one channel alone"
            )
            for name, (level, text) in shown.items()
        }
    ).assign_coords(channel=[CHANNEL])
    for name, attribute, text in BY_REGION:
        data[f"equilibrium_{name}"] = labelled(getattr(found, attribute), ("region",), "1", text)
    data["equilibrium_mill_price"] = labelled(
        found.mill_prices, flat, "1", "mill price, new / base, by place of production"
    )
    data["equilibrium_trade_share"] = labelled(
        found.trade_shares,
        ("sector", "region_from", "region_to"),
        "1",
        "share of each origin in domestic purchases, at rest",
    )
    regions = base.table.regions
    return data.assign_coords(
        region=regions, sector=base.table.sectors, region_from=regions, region_to=regions
    )


def _zero_effects(found: Equilibrium, change: Array) -> list[str]:
    """Say which effects are exactly zero, and why."""
    if np.all(change == 1.0):
        return [
            "The equilibrium is the base year: the edits change no delivered cost between the "
            "regions of the table."
        ]
    if np.all(found.population == 1.0):
        return [
            "What the factors of a region supply does not move in the equilibrium: they are "
            "fully used and people are immobile, so value added at base-year returns only moves "
            "between industries, and gains show in real consumption. Let people move (labour "
            "mobile) to see where they go."
        ]
    return []
