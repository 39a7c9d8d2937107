"""What delivery adds to a price: transport shares and delivered-cost factors.

Owns the question: how does a region-to-region cost matrix become the factor tau by which a product
costs more at its destination than at the mill?

Public names
------------
``SectorRoles``        which sectors are goods, construction, transport, business services
``transport_share``    kappa by product: from the table for goods, from the parameters for services
``Delivery``           calibrated factors tau; `change` gives tau^ = tau'/tau for new cost matrices

Formula (product i, origin r, destination s)
--------------------------------------------
    tau_i^rs = 1 + kappa_i g_rs / g_mean_i,    kappa = share / (1 - share)
share is transport in the delivered value; g is the freight cost (goods) or the passenger cost
(services) between regions, own region included; g_mean_i = sum F_i^rs g_rs / sum F_i^rs over
base-year flows F, frozen at the base year.

Goods: share = purchases of transport by goods industries / (those + goods bought by goods
industries), from the table itself, one figure for all goods. Services: an assumption with a wide
range.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from io_tables.table import RegionalTable
from model.blocks import Blocks
from model.errors import MissingRoles

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

__all__ = ["Delivery", "SectorRoles", "transport_share"]

ROLES = ("goods", "service", "construction", "transport", "business service")


@dataclass(frozen=True)
class SectorRoles:
    """What kind of product each sector makes.

    Attributes
    ----------
    roles : tuple of str
        One of "goods", "service", "construction", "transport", "business service" for each sector,
        in table order. Construction is a service to deliver and has an agglomeration of its own.
    """

    roles: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = sorted(set(self.roles) - set(ROLES))
        if unknown:
            raise MissingRoles(
                f"A sector role must be one of {', '.join(ROLES)}; found {', '.join(unknown[:5])}."
            )

    @classmethod
    def of_table(cls, table: RegionalTable) -> SectorRoles:
        """Read the roles from the table's `sector_role` coordinate.

        Raises
        ------
        MissingRoles
            If the table carries none.
        """
        if "sector_role" not in table.data.coords:
            raise MissingRoles(
                "Tying a table to a network needs to know which sectors are goods (they follow "
                "freight costs) and which services (passenger costs); table "
                f"'{table.name}' does not say. Pass roles=SectorRoles((...)) with one of "
                f"{', '.join(ROLES)} for each of its {table.n_sectors} sectors."
            )
        return cls(tuple(str(role) for role in table.data.coords["sector_role"].values))

    def mask(self, *roles: str) -> Mask:
        """Return a boolean array (S,) that is true where the sector has one of `roles`."""
        return np.isin(np.array(self.roles), roles)

    @property
    def goods(self) -> Mask:
        """Sectors whose products travel as freight, shape (S,)."""
        return self.mask("goods")


def transport_share(
    base: Blocks,
    roles: SectorRoles,
    *,
    goods_scale: float,
    services: Array,
    business_services: Array,
) -> Array:
    """Return kappa, the transport cost per unit of mill value at the mean distance, by product.

    Parameters
    ----------
    base : Blocks
    roles : SectorRoles
    goods_scale : float
        Factor on the figure read from the table (1 = as found).
    services, business_services : (S,) arrays
        kappa of services, by sector: assumptions.

    Returns
    -------
    (S,) array

    Raises
    ------
    MissingRoles
        If no sector has the role "transport": goods then have no figure of their own.
    """
    goods = roles.goods
    transport = roles.mask("transport")
    if goods.any() and not transport.any():
        raise MissingRoles(
            "The transport share of goods is read from their makers' purchases of transport; "
            "no sector has the role 'transport'. Mark one."
        )
    use = base.use + base.imported_use
    kappa = np.where(roles.mask("business service"), business_services, services)
    if goods.any():
        by_makers = use[:, :, goods].sum(axis=(0, 2))
        kappa[goods] = goods_scale * by_makers[transport].sum() / by_makers[goods].sum()
    return kappa


@dataclass(frozen=True)
class Delivery:
    """Delivered-cost factors calibrated on the base year.

    Attributes
    ----------
    goods : (S,) bool array
        True where the product follows `freight`, false where it follows `passenger`.
    kappa : (S,) array
        Transport cost per unit of mill value at the mean distance.
    freight, passenger : (R, R) arrays
        Base cost from region to region, money, > 0.
    flows : (S, R, R) array
        Base-year flows [product, from, to] that weigh the mean cost.
    mean_cost : (S,) array
        Flow-weighted mean of the cost each product follows (computed).
    factor : (S, R, R) array
        tau at the base year (computed).
    """

    goods: Mask
    kappa: Array
    freight: Array
    passenger: Array
    flows: Array
    mean_cost: Array = field(init=False)
    factor: Array = field(init=False)

    def __post_init__(self) -> None:
        cost = self._cost(self.freight, self.passenger)
        volume = self.flows.sum(axis=(1, 2))
        weighted = (self.flows * cost).sum(axis=(1, 2))
        plain = cost.mean(axis=(1, 2))
        mean = np.divide(weighted, volume, out=plain, where=volume > 0.0)
        object.__setattr__(self, "mean_cost", mean)
        object.__setattr__(self, "factor", self._factor(cost))

    def _cost(self, freight: Array, passenger: Array) -> Array:
        return np.where(self.goods[:, None, None], freight[None], passenger[None])

    def _factor(self, cost: Array) -> Array:
        return 1.0 + (self.kappa / self.mean_cost)[:, None, None] * cost

    def change(self, freight: Array, passenger: Array) -> Array:
        """Return tau^ = tau'/tau for new costs, (S, R, R); exactly 1 where nothing changed."""
        return self._factor(self._cost(freight, passenger)) / self.factor
