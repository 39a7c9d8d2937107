"""Which links traffic can take, as arrays and with the labels they came from.

Public names
------------
RoadGraph : links with capacities and free times, zones, and nodes that must not be passed

Terms
-----
*Zones* are the nodes where trips start and end. A node that is not *through* can start or end a
trip and is never in the middle of one (centroids of a city network).
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.assignment.costs import Bpr
from networks.dims import LINK_MODES
from networks.errors import InvalidNetwork, UnknownLabel
from networks.labels import did_you_mean
from networks.network import Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NUMBERS = {"free_minutes": None, "capacity": np.inf, "alpha": 0.15, "power": 4.0, "toll": 0.0}
SHOWN = 5
BACK = ":back"  # what the key of a two-way link ends in when it is taken against its direction


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Directed links that traffic can take; immutable.

    Attributes
    ----------
    links : DataFrame
        Index ``link``; columns from_node, to_node, free_minutes, capacity (demand units),
        alpha, power, toll, km. Parallel links are kept.
    zones : tuple of str
        Node labels in the order of every demand matrix.
    closed : frozenset of str
        Nodes that must not be passed through.

    Raises
    ------
    InvalidNetwork
        Missing or unsound columns, links from a node to itself, zones without links.
    """

    links: pd.DataFrame
    zones: tuple[str, ...]
    closed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Give the table its columns and check it."""
        links, problems = _typed(self.links)
        zones = tuple(str(z) for z in self.zones)
        closed = frozenset(str(z) for z in self.closed)
        if len(set(zones)) < len(zones):
            problems.append("zones must be unique")
        if not problems:
            nodes = set(links["from_node"]) | set(links["to_node"])
            if lost := [z for z in zones if z not in nodes]:
                problems.append(
                    f"every zone must be the end of a link; {len(lost)} are not: "
                    f"{', '.join(lost[:SHOWN])}"
                )
        if problems:
            raise InvalidNetwork(f"These links cannot be assigned to: {'; '.join(problems)}.")
        object.__setattr__(self, "links", links)
        object.__setattr__(self, "zones", zones)
        object.__setattr__(self, "closed", closed)

    @functools.cached_property
    def nodes(self) -> "pd.Index[str]":
        """Labels of all nodes, in the order in which links name them."""
        ends = np.column_stack([self.links["from_node"], self.links["to_node"]]).ravel()
        labels: pd.Index[str] = pd.Index(pd.unique(ends), name="node")
        return labels

    @functools.cached_property
    def tails(self) -> Ints:
        """Position of the node every link leaves."""
        return self.nodes.get_indexer(pd.Index(self.links["from_node"])).astype(np.int64)

    @functools.cached_property
    def heads(self) -> Ints:
        """Position of the node every link reaches."""
        return self.nodes.get_indexer(pd.Index(self.links["to_node"])).astype(np.int64)

    @functools.cached_property
    def zone_nodes(self) -> Ints:
        """Position of every zone among the nodes."""
        return self.nodes.get_indexer(pd.Index(self.zones)).astype(np.int64)

    @functools.cached_property
    def through(self) -> NDArray[np.bool_]:
        """Whether a trip may pass a node, (nodes,)."""
        return ~self.nodes.isin(list(self.closed))

    @functools.cached_property
    def rows(self) -> tuple[Ints, Ints]:
        """Row ends (nodes + 1,) and link positions (links,), links by the node they leave."""
        order = np.argsort(self.tails, kind="stable").astype(np.int64)
        indptr = np.zeros(len(self.nodes) + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.tails, minlength=len(self.nodes)), out=indptr[1:])
        return indptr, order

    def bpr(self) -> Bpr:
        """Return the cost function of the columns free_minutes, capacity, alpha and power."""
        free, capacity, alpha, power = (
            self.links[c].to_numpy(dtype=np.float64)
            for c in ("free_minutes", "capacity", "alpha", "power")
        )
        endless = np.isinf(capacity)
        return Bpr(free, np.where(endless, 1.0, capacity), np.where(endless, 0.0, alpha), power)

    @staticmethod
    def from_network(
        network: Network,
        *,
        capacity: "pd.Series[float] | float | None" = None,
        alpha: float = 0.15,
        power: float = 4.0,
        modes: Sequence[str] = ("road", "ferry"),
        closed: Sequence[str] = (),
        zones: Sequence[str] | None = None,
    ) -> "RoadGraph":
        """Return the links of a network as a graph for assignment; two-way links become two.

        Parameters
        ----------
        network
            Its places are the zones; minutes of the links are the times without traffic. Nodes with
            ``no_pass`` are not passed through.
        capacity
            Flow per direction in the unit of the demand, by link key or one for all; the column
            ``capacity`` of the links when left out.
        alpha, power
            Shape of the BPR function.
        modes
            Link modes that can be taken.
        closed
            More nodes that must not be passed through.
        zones
            Places where trips start and end; all when left out.

        Raises
        ------
        InvalidNetwork
            A link without a capacity, or a zone that no link of the modes touches.
        UnknownLabel
            A mode or place that does not exist.
        MeasureError
            No zones, or one twice.
        """
        if unknown := [m for m in modes if m not in LINK_MODES]:
            raise UnknownLabel(
                f"There is no link mode {unknown[0]!r}{did_you_mean(unknown[0], LINK_MODES)}."
            )
        chosen = network.links[np.isin(network.links["mode"], list(modes))]
        if capacity is None:
            capacity = chosen["capacity"]
        given = capacity if isinstance(capacity, pd.Series) else pd.Series(capacity, chosen.index)
        found = given.reindex(chosen.index).to_numpy(dtype=np.float64)
        if np.isnan(found).any():
            lost = [str(k) for k in chosen.index[np.isnan(found)]]
            raise InvalidNetwork(
                f"Every link needs a capacity; {len(lost)} have none: {', '.join(lost[:SHOWN])}. "
                "Set the column capacity, or give capacity (infinite where traffic does not count)."
            )
        ahead = pd.DataFrame(
            {
                "from_node": chosen["from_node"],
                "to_node": chosen["to_node"],
                "free_minutes": chosen["minutes"],
                "capacity": found,
                "alpha": alpha,
                "power": power,
                "toll": chosen["money"].fillna(0.0),
                "km": chosen["km"],
            }
        )
        back = ahead[chosen["bidirectional"].to_numpy(dtype=bool)]
        back = back.rename(columns={"from_node": "to_node", "to_node": "from_node"})
        back = back.set_axis([f"{k}{BACK}" for k in back.index])
        keys = network.zone_keys(zones)
        nodes = network.nodes
        barred = {str(k) for k in nodes.index[nodes["no_pass"].to_numpy(dtype=bool)]}
        barred |= set(network.resolve(list(closed)))
        return RoadGraph(pd.concat([ahead, back]), tuple(keys), frozenset(barred))


def _typed(links: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the table with all its columns, and what is wrong with it."""
    problems: list[str] = []
    table = links.copy()
    table.index = pd.Index([str(k) for k in table.index], name="link")
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()].unique()
        problems.append(f"link keys must be unique; given twice: {', '.join(twice[:SHOWN])}")
    if lost := [c for c in ("from_node", "to_node", "free_minutes") if c not in table.columns]:
        return table, [f"links need {', '.join(lost)}"]
    for name in ("from_node", "to_node"):
        table[name] = table[name].astype(str)
    loops = table.index[table["from_node"] == table["to_node"]]
    if len(loops):
        problems.append(f"a link must join two nodes; it does not at {', '.join(loops[:SHOWN])}")
    for name, default in {**NUMBERS, "km": np.nan}.items():
        if name not in table.columns:
            table[name] = default
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(np.float64)
        bad = ~(table[name] >= 0) if name != "km" else table[name] < 0
        if bad.any():
            where = [str(k) for k in table.index[bad]]
            problems.append(
                f"{name} must be a number, zero or more; it is not at {', '.join(where[:SHOWN])}"
            )
    return table, problems
