"""Tying one table to one network: everything a what-if starts from, calibrated on the base year.

Owns the question: with these parameters, what are the base-year costs, delivered-cost factors and
elasticities, and how does the economy respond to another network?

Public names
------------
``Calibration``   arrays and skims of the base year; ``calibrate`` makes it
``with_parameters``  the same base year under other parameters, reusing what they do not touch
``respond_to``    skims of an edited network in, `Response` out

The base year is reproduced exactly: only ratios to it enter (`model.sourcing`), so an unedited
network returns exactly zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from io_tables.table import RegionalTable
from model.blocks import Blocks
from model.costs import (
    Places,
    RegionCosts,
    RegionMeans,
    Skims,
    business_value_of_time,
    skim_base,
    skim_network,
    skim_passengers,
)
from model.delivery import Delivery, SectorRoles, transport_share
from model.errors import MissingRoles, NetworkMismatch
from model.parameters import Parameters
from model.response import FinalDemandClosure, PriceRule, Response, respond
from model.sealed import sealed
from model.sourcing import SourcingForm
from networks.network import Network
from networks.whatif import SkimBase

Array = NDArray[np.float64]

__all__ = [
    "Calibration",
    "calibrate",
    "respond_to",
    "skims_of",
    "with_parameters",
]


@dataclass(frozen=True, eq=False)
class Calibration:
    """A table tied to a network at given parameters.

    Attributes
    ----------
    table : RegionalTable
    network : Network
        The base network.
    parameters : Parameters
    roles : SectorRoles
    blocks : Blocks
    places : Places
    skims : Skims
    delivery : Delivery
        Delivered-cost factors of the base year.
    theta : (S,) array
        Trade elasticity by product.
    form : {"ces", "logit"}
        How buyers choose between origins.
    """

    table: RegionalTable
    network: Network
    parameters: Parameters
    roles: SectorRoles
    blocks: Blocks
    places: Places
    skims: Skims
    delivery: Delivery
    theta: Array
    form: SourcingForm

    def __post_init__(self) -> None:
        """Seal the numbers: every run after this one rests on them."""
        sealed(self)

    @property
    def costs(self) -> RegionCosts:
        """Region-to-region costs of the base network."""
        return RegionCosts(freight=self.delivery.freight, passenger=self.delivery.passenger)

    @cached_property
    def ready(self) -> SkimBase:
        """Cost matrices of the base network, ready for edits; made when first asked for."""
        value = business_value_of_time(self.parameters)
        return skim_base(self.network, self.places.codes, value_of_time=value)

    @cached_property
    def means(self) -> RegionMeans:
        """Weights of places in their regions."""
        return RegionMeans.of(self.places)


def _delivery(
    blocks: Blocks,
    roles: SectorRoles,
    costs: RegionCosts,
    parameters: Parameters,
    table: RegionalTable,
) -> Delivery:
    sectors = table.sectors
    kappa = transport_share(
        blocks,
        roles,
        goods_scale=parameters.get("kappa_goods"),
        services=np.array(parameters.by_sector("kappa_services", sectors)),
        business_services=np.array(parameters.by_sector("kappa_business_services", sectors)),
    )
    return Delivery(
        goods=roles.goods,
        kappa=kappa,
        freight=costs.freight,
        passenger=costs.passenger,
        flows=blocks.flows,
    )


def _form(parameters: Parameters) -> SourcingForm:
    return "logit" if parameters.variant("sourcing_form") == "logit" else "ces"


def calibrate(
    table: RegionalTable,
    network: Network,
    parameters: Parameters,
    *,
    roles: SectorRoles | None = None,
) -> Calibration:
    """Tie a table to a network.

    Raises
    ------
    NetworkMismatch
        When regions and places do not meet or a place lacks its mass.
    MissingRoles
        When the table does not say which sectors are goods and `roles` is not given.
    """
    known = SectorRoles.of_table(table) if roles is None else roles
    if len(known.roles) != table.n_sectors:
        raise MissingRoles(
            f"Every sector needs a role: table '{table.name}' has {table.n_sectors} sectors, and "
            f"{len(known.roles)} roles were given."
        )
    blocks = Blocks.of(table)
    places = Places.of(network, table.regions)
    skims = skim_network(network, places.codes, value_of_time=business_value_of_time(parameters))
    costs = RegionCosts.of(skims.passenger, skims.freight, places)
    return Calibration(
        table=table,
        network=network,
        parameters=parameters,
        roles=known,
        blocks=blocks,
        places=places,
        skims=skims,
        delivery=_delivery(blocks, known, costs, parameters, table),
        theta=np.array(parameters.by_sector("theta", table.sectors)),
        form=_form(parameters),
    )


def with_parameters(base: Calibration, parameters: Parameters) -> Calibration:
    """Return the same base year under other parameters; only passenger skims can change."""
    skims = _at_value_of_time(base, base.network, base.skims, parameters)
    costs = base.costs
    if skims is not base.skims:
        costs = RegionCosts.of(skims.passenger, skims.freight, base.places)
    return replace(
        base,
        parameters=parameters,
        skims=skims,
        delivery=_delivery(base.blocks, base.roles, costs, parameters, base.table),
        theta=np.array(parameters.by_sector("theta", base.table.sectors)),
        form=_form(parameters),
    )


def with_table(base: Calibration, table: RegionalTable) -> Calibration:
    """Return another estimate of the same economy on the same network: regions and sectors stay.

    Raises
    ------
    NetworkMismatch
        When the table has other regions or sectors.
    """
    if list(table.regions) != list(base.table.regions) or table.sectors != base.table.sectors:
        raise NetworkMismatch(
            f"Another estimate of table '{base.table.name}' needs its regions and sectors, in its "
            f"order; '{table.name}' has others."
        )
    blocks = Blocks.of(table)
    return replace(
        base,
        table=table,
        blocks=blocks,
        delivery=_delivery(blocks, base.roles, base.costs, base.parameters, table),
    )


def skims_of(
    base: Calibration,
    network: Network,
    *,
    central: Skims | None = None,
    at: Parameters | None = None,
) -> Skims:
    """Return the skims of an edited network.

    Parameters
    ----------
    base : Calibration
    network : Network
        The edited one.
    central : Skims, optional
        Its skims at the parameters of `base`, when they are there: then only what `at` changes is
        skimmed again.
    at : Parameters, optional
        Those of `base` when left out.
    """
    if central is None:
        central = skim_network(
            network,
            base.places.codes,
            value_of_time=business_value_of_time(base.parameters),
            base=(base.network, base.skims),
        )
    return central if at is None else _at_value_of_time(base, network, central, at)


def _at_value_of_time(
    base: Calibration, network: Network, skims: Skims, parameters: Parameters
) -> Skims:
    value = business_value_of_time(parameters)
    if value == business_value_of_time(base.parameters):
        return skims
    codes = base.places.codes
    return replace(
        skims, passenger=skim_passengers(network, codes, value_of_time=value, parts=False)
    )


def respond_to(
    base: Calibration,
    skims: Skims,
    *,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
) -> Response:
    """Return the response of the economy to the costs of an edited network."""
    costs = RegionCosts.of(skims.passenger, skims.freight, base.places)
    if skims.freight is base.skims.freight:
        costs = replace(costs, freight=base.delivery.freight)
    change = base.delivery.change(costs.freight, costs.passenger)
    return respond(base.blocks, change, base.theta, closure=closure, prices=prices, form=base.form)
