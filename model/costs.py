"""Cost matrices of a network as the model uses them: passengers, fastest trips, rail, freight.

Owns the question: what does it cost and how long does it take to get from place to place, and from
region to region?

Public names
------------
``Skims``            the place-to-place skims of one network
``skim_network``     makes them; reuses what an edit cannot have changed
``skim_passengers``  the one that depends on the value of time
``skim_base``        the same matrices kept ready for edits of the network
``RegionCosts``      region-to-region freight and passenger cost with fixed base-year masses
``Places``           codes, region, population and product of the zones, in network order
``RegionMeans``      the weights of that mean, and what it makes of changed costs

Formula: g_rs = sum_o in r, d in s m_o m_d c_od / sum m_o m_d, own region included; c is
generalised cost (money per trip; per tonne for freight), m the base-year population for passengers
and gross product for freight, frozen so that an edit changes costs and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.errors import NetworkMismatch
from model.parameters import Parameters
from networks.dims import MODES_OF
from networks.network import Network
from networks.skim import skim
from networks.whatif import Asked, Costs, SkimBase, build_skim_base
from networks.zones import region_cost

Array = NDArray[np.float64]

__all__ = [
    "Places",
    "RegionCosts",
    "RegionMeans",
    "Skims",
    "business_value_of_time",
    "goods_links_equal",
    "skim_base",
    "skim_network",
    "skim_passengers",
]


@dataclass(frozen=True)
class Places:
    """The zones of the base network, tied to the regions of a table.

    Attributes
    ----------
    table : DataFrame
        Index place; columns name, name_zh, region, lon, lat, population, gdp.
    regions : tuple of str
        The table's regions, in table order.
    """

    table: pd.DataFrame
    regions: tuple[str, ...]

    @classmethod
    def of(cls, network: Network, regions: Sequence[str]) -> Places:
        """Tie the places of a network to regions by the region each place names.

        Raises
        ------
        NetworkMismatch
            When a region of the table has no place, or places lie in no region of the table.
        """
        places = network.places
        empty = [r for r in regions if r not in set(places["region"])]
        strange = sorted(set(places["region"]) - set(regions))
        if empty or strange:
            parts = []
            if empty:
                parts.append(f"no place lies in {', '.join(map(repr, empty[:5]))}")
            if strange:
                parts.append(f"the table has no region {', '.join(map(repr, strange[:5]))}")
            raise NetworkMismatch(
                f"Every region of the table needs places in network '{network.name}' and every "
                f"place a region of the table: {'; '.join(parts)}. Set the column `region` of "
                "the nodes to the table's labels."
            )
        return cls(places, tuple(regions))

    @property
    def codes(self) -> list[str]:
        """Place codes."""
        return [str(code) for code in self.table.index]

    @property
    def region(self) -> pd.Series[str]:
        """Region of each place."""
        return self.table["region"]

    def mass(self, column: str) -> pd.Series[float]:
        """Return population or gdp by place.

        Raises
        ------
        NetworkMismatch
            When a place has none.
        """
        values = self.table[column].astype(float)
        if values.isna().any():
            names = ", ".join(self.table["name"][values.isna()].tolist()[:5])
            raise NetworkMismatch(
                f"Weighing places needs their {column}; {int(values.isna().sum())} places have "
                f"none ({names}). Fill the column in the nodes table."
            )
        return values


@dataclass(frozen=True)
class Skims:
    """Place-to-place skims of one network, dims (origin, destination).

    Attributes
    ----------
    passenger : Dataset
        Composite generalised cost over road, slow and fast trains and air, money per trip, at the
        value of time of those who travel to sell services.
    fastest : Dataset
        Least door-to-door minutes.
    rail : Dataset
        Least door-to-door minutes by rail; infinite where no train leads.
    freight : Dataset
        Least generalised cost of goods, money per tonne.
    """

    passenger: xr.Dataset
    fastest: xr.Dataset
    rail: xr.Dataset
    freight: xr.Dataset


def goods_links_equal(one: Network, other: Network) -> bool:
    """Tell whether two networks have the same links for goods."""
    modes = [*(m for group in MODES_OF["freight"].values() for m in group), "access"]
    first, second = (n.links[n.links["mode"].isin(modes)] for n in (one, other))
    return bool(first.equals(second))


def skim_network(
    network: Network,
    zones: Sequence[str],
    *,
    value_of_time: float,
    base: tuple[Network, Skims] | None = None,
) -> Skims:
    """Make the skims of a network.

    Parameters
    ----------
    network : Network
    zones : sequence of str
        Place codes, origins and destinations alike.
    value_of_time : float
        Money per hour of those who travel to sell services.
    base : (Network, Skims), optional
        A network with skims at the same values; freight is taken from it when no link that carries
        goods differs.
    """
    if base is not None and goods_links_equal(base[0], network):
        freight = base[1].freight
    else:
        freight = skim(network, "freight", zones=zones)
    return Skims(
        passenger=skim_passengers(network, zones, value_of_time=value_of_time),
        fastest=skim(network, "passenger", zones=zones, by="minutes"),
        rail=skim(network, "passenger", modes=["rail"], zones=zones, by="minutes"),
        freight=freight,
    )


def skim_passengers(
    network: Network, zones: Sequence[str], *, value_of_time: float, parts: bool = True
) -> xr.Dataset:
    """Return the composite generalised cost of passengers over all modes, money per trip.

    Without `parts` the cost alone, in a third of the time.
    """
    overrides = {"value_of_time": value_of_time}
    return skim(
        network, "passenger", zones=zones, combine="composite", parameters=overrides, parts=parts
    )


def skim_base(network: Network, zones: Sequence[str], *, value_of_time: float) -> SkimBase:
    """Keep the matrices of `Skims` ready for edits: passenger, fastest, rail and freight.

    Parameters
    ----------
    network : Network
        The base.
    zones : sequence of str
        Place codes.
    value_of_time : float
        Money per hour of those who travel to sell services.
    """
    asked = {
        "passenger": Asked(combine="composite", parameters={"value_of_time": value_of_time}),
        "fastest": Asked(by="minutes"),
        "rail": Asked(by="minutes", modes=("rail",)),
        "freight": Asked("freight"),
    }
    return build_skim_base(network, asked, zones=zones)


def business_value_of_time(parameters: Parameters) -> float:
    """Return money per hour of those who travel to sell services."""
    return parameters.get("value_of_time") * parameters.get("business_factor")


@dataclass(frozen=True)
class RegionCosts:
    """Region-to-region costs, (R, R) in table order, own region included.

    Attributes
    ----------
    freight : array
        Money per tonne.
    passenger : array
        Money per trip.
    """

    freight: Array
    passenger: Array

    @classmethod
    def of(cls, passenger: xr.Dataset, freight: xr.Dataset, places: Places) -> RegionCosts:
        """Average place-to-place costs over the places of each pair of regions."""

        def mean(costs: xr.Dataset, mass: str) -> Array:
            frame = region_cost(costs, places.mass(mass), places.region)
            order = list(places.regions)
            return np.ascontiguousarray(frame.loc[order, order].to_numpy(dtype=np.float64))

        return cls(freight=mean(freight, "gdp"), passenger=mean(passenger, "population"))


@dataclass(frozen=True, eq=False)
class RegionMeans:
    """What each place weighs in the mean of its region.

    Attributes
    ----------
    freight, passenger : (Z, R) array
        Share of a place in the mass of its region, zero elsewhere.
    """

    freight: Array
    passenger: Array

    @classmethod
    def of(cls, places: Places) -> RegionMeans:
        """Read the weights of places."""
        region = {name: k for k, name in enumerate(places.regions)}
        member = np.zeros((len(places.table), len(region)))
        member[np.arange(len(member)), [region[str(r)] for r in places.region]] = 1.0

        def share(mass: str) -> Array:
            weights = member * places.mass(mass).to_numpy()[:, None]
            return np.ascontiguousarray(weights / weights.sum(axis=0))

        return cls(freight=share("gdp"), passenger=share("population"))

    def after(self, base: RegionCosts, costs: Costs, before: SkimBase) -> RegionCosts:
        """Return region-to-region costs after an edit.

        Only the change is averaged, so pairs of regions without one keep their cost to the bit.

        Parameters
        ----------
        base : RegionCosts
            Of the network without edits.
        costs, before : Costs, SkimBase
            Place-to-place costs, passenger and freight, with and without the edit.
        """

        def moved(name: str, known: Array, weights: Array) -> Array:
            cells, values = costs.changed[name]
            if not len(cells):
                return known
            matrix = before[name]
            change = np.zeros(matrix.shape)
            change.ravel()[cells] = values - matrix.ravel()[cells]
            return known + weights.T @ change @ weights

        return RegionCosts(
            freight=moved("freight", base.freight, self.freight),
            passenger=moved("passenger", base.passenger, self.passenger),
        )
