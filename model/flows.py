"""Travel and freight that the economy makes: trips and tonnes by pair, by mode, on links.

Owns the question: how many people and tonnes does the trade of a table put on the network, by which
mode, over which links, and what are they worth?

Public names
------------
``travel_demand``   trade between regions in, `TravelDemand` by pair of places out
``TravelDemand``    trips, tonnes, and the value of products that they deliver
``assign_modes``    shares of modes by pair of places on one network
``link_flows``      flows on every link by mode
``flows_dataset``   base and edited network side by side, labelled

Terms
-----
A delivery of product i worth M at the mill costs M kappa_i g / g_mean_i to bring over a pair at
cost g (`model.delivery`), so the table and the network already say how much is moved:

    tonnes (trips)  V_i^rs = M_i^rs kappa_i / g_mean_i,    M_i^rs = F_i^rs / tau_i^rs
    so that         V_i^rs g_rs + M_i^rs = F_i^rs          the delivered value, exactly

with F the trade, tau the delivered-cost factor. Goods make tonnes at the freight cost, services
make trips of those who sell or buy them at the passenger cost. Private journeys and commuting are
not in a table and are not here. Trips and tonnes of a pair of regions are shared out over pairs of
places by the masses that average costs (population, gross product); the mean cost stays the same.

Passengers choose between road, kinds of train and air in the shares of the CES composite that their
cost is; freight takes the cheapest main mode. On links all of a pair goes the least-cost way of its
mode. Links side by side that are alike (lines on the same track) share what goes over any of them
evenly; other ways that tie are told apart by less than a ten-thousandth of their time. What is
carried is conserved: km on links are the km of all trips, which is checked.

Source: melting transport as in Samuelson (1954), read backwards from cost to quantity; shares of
modes as in `networks.choice`.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration
from model.costs import business_value_of_time
from model.scenario import money_multiplier
from networks.choice import composite_shares
from networks.dims import MODES_OF, Purpose
from networks.network import Network
from networks.skim import skim
from networks.tree_loading import load_links

Array = NDArray[np.float64]

__all__ = [
    "ModeShares",
    "TravelDemand",
    "assign_modes",
    "flows_dataset",
    "link_flows",
    "travel_demand",
]

TIE_BREAK = 1e-4
PURPOSES: tuple[Purpose, ...] = ("passenger", "freight")


@dataclass(frozen=True, eq=False)
class TravelDemand:
    """Yearly flows between places, (O, D) in network order.

    Attributes
    ----------
    volume : dict of purpose to array
        Trips, or tonnes.
    value : dict of purpose to array
        Mill value of the products delivered, money of the table.
    regions : dict of purpose to (R, R) array
        Volume between regions, before it is shared out.
    """

    volume: dict[Purpose, Array]
    value: dict[Purpose, Array]
    regions: dict[Purpose, Array]


@dataclass(frozen=True, eq=False)
class ModeShares:
    """Modes of one purpose on one network.

    Attributes
    ----------
    network : Network
        Without ways that tie.
    modes : tuple of str
        Kinds of train apart for passengers, main modes for freight.
    share : (M, O, D) array
        Summing to one over modes; a place to itself is on no mode.
    cost, km, money : (M, O, D) arrays
        Generalised cost, way and money paid by each mode; infinite or NaN where there is none.
    """

    network: Network
    modes: tuple[str, ...]
    share: Array
    cost: Array
    km: Array
    money: Array


def travel_demand(base: Calibration, flows: Array, delivery_change: Array) -> TravelDemand:
    """Return trips and tonnes of trade between regions.

    Parameters
    ----------
    base : Calibration
    flows : (S, R, R) array
        Trade [product, from, to] in base-year output of the origin (`Joint.flows`).
    delivery_change : (S, R, R) array
        tau^ of the network on which it is moved.
    """
    delivery, places = base.delivery, base.places
    mill = flows / (delivery.factor * delivery_change)
    intensity = (delivery.kappa / delivery.mean_cost)[:, None, None]
    scale = money_multiplier(base.table.unit)
    goods = delivery.goods
    volume: dict[Purpose, Array] = {}
    value: dict[Purpose, Array] = {}
    regions: dict[Purpose, Array] = {}
    parts: list[tuple[Purpose, NDArray[np.bool_], str]] = [
        ("passenger", ~goods, "population"),
        ("freight", goods, "gdp"),
    ]
    for purpose, members, mass in parts:
        between = (mill * intensity)[members].sum(axis=0) * scale
        weights = _weights(base, places.mass(mass))
        regions[purpose] = between
        volume[purpose] = weights.T @ between @ weights
        value[purpose] = weights.T @ mill[members].sum(axis=0) @ weights
    return TravelDemand(volume, value, regions)


def _weights(base: Calibration, mass: pd.Series[float]) -> Array:
    """Return the share of every place in its region's mass, (R, O)."""
    region = base.places.region.to_numpy()
    member = np.array([region == one for one in base.places.regions]) * mass.to_numpy()
    return np.asarray(member / member.sum(axis=1, keepdims=True))


def assign_modes(base: Calibration, network: Network, purpose: Purpose) -> ModeShares:
    """Return shares and costs of the modes of a purpose, over the places of the base network."""
    apart = _without_ties(network)
    alternatives = {name: _link_modes(purpose, name) for name in _names(purpose)}
    there = set(network.links["mode"])
    found, names = [], []
    for name, modes in alternatives.items():
        if not there & set(modes):
            continue
        one = skim(
            apart,
            purpose,
            modes,
            zones=base.places.codes,
            parameters=_overrides(base, purpose),
            unreachable="keep",
        )
        names.append(name)
        found.append([one[part].values for part in ("cost", "km", "money")])
    cost, km, money = (np.stack(parts) for parts in zip(*found, strict=True))
    own = np.arange(cost.shape[1])
    open_ways = cost.copy()
    open_ways[:, own, own] = np.inf
    if purpose == "passenger":
        theta = network.parameters.get("mode_dispersion", purpose=purpose)
        share = composite_shares(open_ways, theta=theta)
    else:
        best = open_ways.argmin(axis=0)
        share = (np.arange(len(names))[:, None, None] == best) & np.isfinite(open_ways)
        share = share.astype(np.float64)
    return ModeShares(apart, tuple(names), np.asarray(share), cost, km, money)


def _overrides(base: Calibration, purpose: Purpose) -> dict[str, float] | None:
    if purpose == "freight":
        return None
    return {"value_of_time": business_value_of_time(base.parameters)}


def _link_modes(purpose: Purpose, name: str) -> list[str]:
    groups = {str(main): [str(m) for m in group] for main, group in MODES_OF[purpose].items()}
    return groups.get(name, [name])


def link_flows(
    base: Calibration, network: Network, shares: ModeShares, demand: TravelDemand, purpose: Purpose
) -> tuple[Array, Array]:
    """Return volume and value on every link, each (L, M), both directions of a link together.

    The ways to and from stops count as flow on the roads and access links that they use.
    """
    volume = np.zeros((len(network.links), len(shares.modes)))
    value = np.zeros_like(volume)
    alike = _alike(network.links)
    for position, name in enumerate(shares.modes):
        share = shares.share[position]
        weights = np.stack([demand.volume[purpose] * share, demand.value[purpose] * share], axis=-1)
        if not weights.any():
            continue
        load = load_links(
            shares.network,
            weights,
            purpose,
            zones=base.places.codes,
            modes=_link_modes(purpose, name),
            parameters=_overrides(base, purpose),
        )
        carried = load.money[0]  # d cost / d money of a link is what goes over it
        total = np.zeros((alike.max() + 1, 2))
        np.add.at(total, alike, carried)
        carried = (total / np.bincount(alike)[:, None])[alike]
        volume[:, position], value[:, position] = carried[:, 0], carried[:, 1]
    return volume, value


def _without_ties(network: Network) -> Network:
    """Return the network with every link's time stretched by its own part of a ten-thousandth.

    The part comes from the key of the link, so that an edit elsewhere does not move ways that tie.
    """
    part = np.array([zlib.crc32(str(key).encode()) for key in network.links.index]) / 2.0**32
    minutes = network.links["minutes"].to_numpy() * (1.0 + TIE_BREAK * part)
    return replace(network, links=network.links.assign(minutes=minutes))


def _alike(links: pd.DataFrame) -> NDArray[np.int64]:
    """Return the group of each link; links of a group join the same nodes at the same cost."""
    ends = np.sort(links[["from_node", "to_node"]].to_numpy(dtype=str), axis=1)
    columns = ["mode", "km", "minutes", "money", "trains_per_day", "freight_factor"]
    keys = links[columns].assign(one=ends[:, 0], two=ends[:, 1], both=links["bidirectional"])
    found = keys.groupby(list(keys), dropna=False, sort=False).ngroup()
    return np.asarray(found, dtype=np.int64)


def flows_dataset(
    base: Calibration, networks: dict[str, tuple[Network, TravelDemand]]
) -> xr.Dataset:
    """Return flows by mode and on links for the base network and an edited one.

    Parameters
    ----------
    base : Calibration
    networks : dict of suffix to (Network, TravelDemand)
        "_base" and "" (the edits).

    Returns
    -------
    Dataset
        `travel_by_mode` (purpose, travel_mode, carried): volume, volume-km, charges, value;
        `link_volume`, `link_value` (flow_link, purpose), each with a twin `*_base`. Links without
        flow in either are left out.
    """
    purposes = list(PURPOSES)
    modes = list(dict.fromkeys(m for p in purposes for m in _names(p)))
    carried = ("volume", "volume_km", "charges", "value")
    gap = 0.0
    frames: dict[str, dict[str, pd.DataFrame]] = {}
    made: dict[str, xr.DataArray] = {}
    money = base.table.unit
    for suffix, (network, demand) in networks.items():
        table = np.zeros((len(purposes), len(modes), len(carried)))
        links: dict[str, pd.DataFrame] = {}
        for p, purpose in enumerate(purposes):
            shares = assign_modes(base, network, purpose)
            volume, value = link_flows(base, network, shares, demand, purpose)
            links[purpose] = pd.DataFrame(
                {"volume": volume.sum(axis=1), "value": value.sum(axis=1)},
                index=network.links.index,
            )
            on_links = volume.T @ network.links["km"].to_numpy()
            for position, name in enumerate(shares.modes):
                trips = demand.volume[purpose] * shares.share[position]
                worth = demand.value[purpose] * shares.share[position]
                there = trips > 0.0
                way = np.where(there, shares.km[position], 0.0)
                paid = np.where(there, shares.money[position], 0.0)
                far = float((trips * way).sum())
                gap = max(gap, abs(on_links[position] / far - 1.0) if far > 0.0 else 0.0)
                table[p, modes.index(name)] = (
                    trips.sum(),
                    far,
                    (trips * paid).sum() / money_multiplier(money),
                    worth.sum(),
                )
        frames[suffix] = links
        made[f"travel_by_mode{suffix}"] = xr.DataArray(
            table,
            dims=("purpose", "travel_mode", "carried"),
            attrs={
                "units": f"trips or tonnes a year; their km; {money}; {money}",
                "long_name": "trips of services and tonnes of goods between places, by mode",
            },
        )
    data = xr.Dataset(made).assign_coords(
        purpose=purposes, travel_mode=modes, carried=list(carried)
    )
    data["flow_gap"] = xr.DataArray(
        gap,
        attrs={"units": "1", "long_name": "largest gap of km on links and km of trips, by mode"},
    )
    return data.merge(_links(networks, frames, money), join="exact")


def _names(purpose: Purpose) -> list[str]:
    if purpose == "freight":
        return [str(main) for main in MODES_OF[purpose]]
    made: list[str] = []
    for main, group in MODES_OF[purpose].items():
        made += [str(m) for m in group] if main == "rail" else [str(main)]
    return made


def _links(
    networks: dict[str, tuple[Network, TravelDemand]],
    frames: dict[str, dict[str, pd.DataFrame]],
    money: str,
) -> xr.Dataset:
    """Return flows on links, those of either network, with what the links are."""
    about = pd.concat(
        [
            network.links[["from_node", "to_node", "mode", "line", "km"]]
            for network, _ in networks.values()
        ]
    )
    about = about[~about.index.duplicated(keep="last")]
    used = np.zeros(len(about))
    for links in frames.values():
        for frame in links.values():
            used += frame.reindex(about.index).fillna(0.0).to_numpy().sum(axis=1)
    about = about[used > 0.0]
    nodes = pd.concat([network.nodes[["name", "lon", "lat"]] for network, _ in networks.values()])
    nodes = nodes[~nodes.index.duplicated(keep="last")]
    start, end = nodes.loc[about["from_node"]], nodes.loc[about["to_node"]]
    made = {}
    for suffix, links in frames.items():
        when = "base year" if suffix else "with the edits"
        for column, unit in (("volume", "trips, tonnes a year"), ("value", money)):
            values = [
                links[p].reindex(about.index)[column].fillna(0.0).to_numpy() for p in PURPOSES
            ]
            made[f"link_{column}{suffix}"] = xr.DataArray(
                np.stack(values, axis=1),
                dims=("flow_link", "purpose"),
                attrs={
                    "units": unit,
                    "long_name": f"{column} of services (trips) and goods (tonnes) on links, "
                    f"both directions, {when}",
                },
            )
    dims = "flow_link"
    return xr.Dataset(made).assign_coords(
        {
            "flow_link": about.index.to_numpy(dtype=object),
            "purpose": list(PURPOSES),
            "flow_mode": (dims, about["mode"].to_numpy(dtype=object)),
            "flow_line": (dims, about["line"].to_numpy(dtype=object)),
            "flow_from": (dims, start["name"].to_numpy(dtype=object)),
            "flow_to": (dims, end["name"].to_numpy(dtype=object)),
            "flow_lon_from": (dims, start["lon"].to_numpy(), {"units": "degrees east"}),
            "flow_lat_from": (dims, start["lat"].to_numpy(), {"units": "degrees north"}),
            "flow_lon_to": (dims, end["lon"].to_numpy(), {"units": "degrees east"}),
            "flow_lat_to": (dims, end["lat"].to_numpy(), {"units": "degrees north"}),
        }
    )
