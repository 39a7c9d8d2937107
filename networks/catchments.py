"""Which places a station or airport serves, and which of them are hubs.

Public names
------------
catchments : the stops within reach of every place, the nearest first, and its shares
hub_shares : people, trains and links of every stop, and its share of each

Terms
-----
Reach is by road, ferry and access links, out from the place; ``limit`` minutes at most (the
parameter ``access_limit`` of the main mode when left out). A place belongs to its nearest stop, or
is shared among the stops in reach.

Formula
-------
nearest: share 1 to the stop of least minutes t. huff: share_ps = a_s exp(-t_ps / scale) / sum over
stops in reach, with attraction a_s the departures a day. Catchment of a stop: sum over places of
share x mass. A hub share is what a stop has of the sum over all stops of its kind.

Source: D. Huff (1963), A probabilistic analysis of shopping center trade areas.
"""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.betweenness import graph_betweenness
from networks.dims import Purpose
from networks.engine import Core, Ends, least_paths
from networks.errors import MeasureError, UnknownLabel
from networks.labels import did_you_mean
from networks.modes import ACCESS_MODES, Arcs, directed_arcs
from networks.network import Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MODES = {"rail": ("rail_conventional", "rail_hsr"), "air": ("air",)}
Service = Literal["rail", "air", "rail_conventional", "rail_hsr"]


def catchments(
    network: Network,
    mode: Service = "rail",
    *,
    limit: float | None = None,
    share: Literal["nearest", "huff"] = "nearest",
    scale: float = 30.0,
    purpose: Purpose = "passenger",
) -> pd.DataFrame:
    """Return pairs of a place and a stop in reach, with minutes and the share of the place.

    Parameters
    ----------
    network
        Places, stops and links.
    mode
        ``"rail"``, ``"air"`` or one link mode: what must call at a stop.
    limit
        Longest way to a stop, minutes.
    share
        Whether a place goes to its nearest stop or is shared (Huff).
    scale
        Minutes over which attraction falls by a factor of e, for ``"huff"``.
    purpose
        Whose minutes: lorries may be slower than cars.

    Returns
    -------
    DataFrame
        Columns place, place_name, stop, stop_name, minutes, rank (1 = nearest), share; the shares
        of a place sum to one. Places without a stop in reach are left out.

    Raises
    ------
    UnknownLabel
        A mode that has no stops.
    MeasureError
        A limit or scale that is not positive.
    """
    _check(share, scale, limit)
    arcs = directed_arcs(network, purpose)
    stops, departures = _stops(network, mode, arcs)
    main = "air" if mode == "air" else "rail"
    reach = network.parameters.get("access_limit", main, purpose) if limit is None else limit
    street = arcs.only(ACCESS_MODES)
    places = np.flatnonzero((network.nodes["kind"] == "place").to_numpy(dtype=bool))
    minutes = _minutes(street, len(network.nodes), places, stops)
    row, column = np.nonzero(minutes <= reach)
    keys = network.nodes.index.to_numpy(dtype=object)
    names = network.nodes["name"].to_numpy(dtype=object)
    table = pd.DataFrame(
        {
            "place": keys[places[row]],
            "place_name": names[places[row]],
            "stop": keys[stops[column]],
            "stop_name": names[stops[column]],
            "minutes": minutes[row, column],
            "departures": departures[column],
        }
    )
    table = table.sort_values(["place", "minutes", "stop"], kind="stable", ignore_index=True)
    table["rank"] = table.groupby("place").cumcount() + 1
    if share == "nearest":
        table["share"] = (table["rank"] == 1).astype(np.float64)
    else:
        first = table.groupby("place")["minutes"].transform("min")
        weight = table["departures"] * np.exp(-(table["minutes"] - first) / scale)
        table["share"] = weight / weight.groupby(table["place"]).transform("sum")
    order = {key: k for k, key in enumerate(keys[places])}
    by_place = table["place"].map(order).argsort(kind="stable")
    return table.iloc[by_place].drop(columns="departures").reset_index(drop=True)


def _check(share: str, scale: float, limit: float | None) -> None:
    if share not in ("nearest", "huff"):
        raise MeasureError(f"share must be 'nearest' or 'huff'; found {share!r}.")
    for name, value in (("scale", scale), ("limit", limit)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise MeasureError(f"{name} must be a positive number of minutes; found {value!r}.")


def _stops(network: Network, mode: str, arcs: Arcs) -> tuple[Ints, Floats]:
    """Return positions of the stops of a mode and their departures a day (1 where not known)."""
    words = [*MODES, *(m for group in MODES.values() for m in group)]
    if mode not in words:
        raise UnknownLabel(
            f"Stops are of {', '.join(dict.fromkeys(words))}; found {mode!r}"
            f"{did_you_mean(mode, words)}."
        )
    links = network.links[network.links["mode"].isin(list(MODES.get(mode, (mode,))))]
    index = network.nodes.index
    both = links["bidirectional"].to_numpy(dtype=bool)
    trains = links["trains_per_day"].fillna(1.0).to_numpy(dtype=np.float64)
    leave = np.zeros(len(index))
    start, end = (index.get_indexer(pd.Index(links[c])) for c in ("from_node", "to_node"))
    np.add.at(leave, start, trains)
    np.add.at(leave, end[both], trains[both])
    stops = np.union1d(start, end).astype(np.int64)
    return stops, leave[stops]


def _minutes(street: Arcs, n_nodes: int, places: Ints, stops: Ints) -> Floats:
    """Return least minutes (places, stops); infinite where no road leads."""

    def ends(nodes: Ints) -> Ends:
        own = np.arange(len(nodes), dtype=np.int64)
        return Ends(len(nodes), own, nodes.astype(np.int64), np.zeros((len(nodes), 1)))

    core = Core(n_nodes, street.tails, street.heads, street.minutes[:, None])
    minutes, _ = least_paths(core, ends(places), ends(stops), np.ones(1))
    return minutes


def hub_shares(
    network: Network,
    mode: Service = "rail",
    *,
    mass: "pd.Series[float] | None" = None,
    limit: float | None = None,
    share: Literal["nearest", "huff"] = "nearest",
    scale: float = 30.0,
    between: bool = False,
) -> pd.DataFrame:
    """Return what every stop has of people in its catchment, departures and destinations.

    Parameters
    ----------
    mass
        What is caught, by place; the population of the places when left out.
    between
        Also the betweenness of stops on the links of the mode (share of shortest journeys by
        minutes that pass a stop; journeys that tie count in equal parts).
    network, mode, limit, share, scale
        As for ``catchments``.

    Returns
    -------
    DataFrame
        By stop, most departures first: name, catchment, departures (per day), destinations (stops
        reached without a change of link), the share of each of the first two in its sum, and
        ``betweenness`` where asked for.

    Raises
    ------
    MeasureError
        Mass that is missing or negative at a place.
    """
    table = catchments(network, mode, limit=limit, share=share, scale=scale)
    stops, departures = _stops(network, mode, directed_arcs(network, "passenger"))
    weights = network.places["population"] if mass is None else mass
    given = weights.reindex(sorted(set(table["place"])))
    if given.isna().any() or (given < 0).any():
        bad = [str(k) for k in given.index[(given.isna() | (given < 0)).to_numpy()]]
        raise MeasureError(
            f"Mass must be zero or more at every place; it is not at {', '.join(bad[:5])}. Say "
            "by mass= what is caught."
        )
    caught = (table["share"] * table["place"].map(given)).groupby(table["stop"]).sum()
    keys = network.nodes.index[stops]
    links = network.links[network.links["mode"].isin(list(MODES.get(mode, (mode,))))]
    back = links[links["bidirectional"]]
    pairs = pd.DataFrame(
        {
            "a": [*links["from_node"], *back["to_node"]],
            "b": [*links["to_node"], *back["from_node"]],
            "minutes": [*links["minutes"], *back["minutes"]],
        }
    )
    reached = pairs.drop_duplicates(["a", "b"]).groupby("a").size()
    result = pd.DataFrame(
        {
            "name": network.nodes.loc[keys, "name"],
            "catchment": caught.reindex(keys).fillna(0.0),
            "departures": departures,
            "destinations": reached.reindex(keys).fillna(0).astype(np.int64),
        },
        index=pd.Index(keys, name="stop"),
    )
    for column in ("catchment", "departures"):
        total = result[column].sum()
        result[f"{column}_share"] = result[column] / total if total > 0 else 0.0
    if between:
        result["betweenness"] = _betweenness(pairs, keys)
    return result.sort_values(["departures", "catchment"], ascending=False, kind="stable")


def _betweenness(pairs: pd.DataFrame, keys: "pd.Index[str]") -> Floats:
    """Return the share of pairs of stops whose shortest journeys pass each stop."""
    least = pairs.groupby(["a", "b"])["minutes"].min().reset_index()
    tails, heads = (keys.get_indexer(pd.Index(least[c])) for c in ("a", "b"))
    passed = graph_betweenness(tails, heads, least["minutes"], size=len(keys)).nodes
    pairs_of_others = (len(keys) - 1) * (len(keys) - 2)
    return passed / max(pairs_of_others, 1)
