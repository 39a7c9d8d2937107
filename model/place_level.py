"""A table whose regions are the places of the network: both told in the same words.

Owns the question: how do a table of places and a network of the same places meet?

Public names
------------
``is_of_places``      whether a table's regions are the places of a network, by code
``named_by_places``   the table with the places' names for labels, their codes beside them
``tied_to_places``    the network whose places lie in a region of their own
``groups_of_places``  groupings in which groups of regions, and regions, are groups of places

Terms: a *region* of such a table is one place. Readers know places by name and files by code, so
names are the labels wherever they tell places apart, and codes otherwise; both are understood. What
would be spread over the places of a region by weights is computed here, place by place.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from io_tables.table import RegionalTable
from model.steps.groupings import Groupings
from networks.network import Network

__all__ = ["groups_of_places", "is_of_places", "named_by_places", "tied_to_places"]

CODES = "region_code"
REGION_DIMS = ("region", "region_from", "region_to")


def is_of_places(table: RegionalTable, network: Network) -> bool:
    """Tell whether the regions of a table are the codes of the network's places, in any order."""
    codes = {str(code) for code in network.places.index}
    return set(table.regions) == codes


def _labels(network: Network) -> pd.Series[str]:
    """Return the label of every place, by code: its name, or its code where names are not told."""
    places = network.places
    names = places["name"].astype(str)
    names.index = places.index.astype(str)
    told = names.is_unique and names.str.strip().ne("").all()
    return names if told else pd.Series(names.index, index=names.index)


def named_by_places(table: RegionalTable, network: Network) -> RegionalTable:
    """Return a table of places whose regions are called as the network calls its places."""
    codes = table.regions
    names = _labels(network)[codes].tolist()
    dims = [dim for dim in REGION_DIMS if dim in table.data.dims]
    data = table.data.assign_coords(dict.fromkeys(dims, names))
    return RegionalTable(data.assign_coords({CODES: ("region", codes)}), table.kind)


def tied_to_places(network: Network) -> Network:
    """Return the network in which every place lies in a region of its own."""
    labels = _labels(network)
    nodes = network.nodes.copy()
    nodes.loc[network.places.index, "region"] = labels.to_numpy()
    nodes.loc[network.places.index, "region_code"] = labels.index.to_numpy()
    return replace(network, nodes=nodes)


def groups_of_places(groupings: Groupings, network: Network) -> Groupings:
    """Return groupings of the regions of a table of places.

    A group of regions holds the places in them, a region of the coarser table is a group of its
    places, and every code stands for its place. Where two of these have one name, the first of them
    is meant. Groups of places stay what they are.

    Parameters
    ----------
    groupings : Groupings
        Of the coarser table and of the places.
    network : Network
        The base network, whose places still name the regions of the coarser table.
    """
    labels = _labels(network)
    inside = network.places["region"].to_numpy()
    members = pd.DataFrame({"region": inside, "place": labels.to_numpy()})
    wide = groupings.regions.merge(members, on="region")[["grouping", "group", "place"]]
    own = members.rename(columns={"region": "group"}).assign(grouping="region")
    coded = pd.DataFrame({"group": labels.index, "place": labels.to_numpy(), "grouping": "place"})
    own = own[~own["group"].isin(set(wide["group"]))]
    coded = coded[~coded["group"].isin({*wide["group"], *own["group"], *labels})]
    regions = pd.concat([wide, own, coded], ignore_index=True).rename(columns={"place": "region"})
    return replace(groupings, regions=regions[["grouping", "group", "region"]], of_places=True)
