"""Which conventional rail links run beside a new line, so that it can free their capacity.

Public names
------------
freed_links : a mask over the link table

Terms
-----
For two stops of the new line that follow each other, the links of the conventional railway on the
shortest way (km) between them are parallel, when that way is at most ``WAY_ROUND`` times the great
circle. A stop that is not on the conventional network is stepped over.
"""

from collections.abc import Sequence
from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd

from networks.geo import great_circle_km

WAY_ROUND = 2.0  # a longer way round is not beside the line


def freed_links(nodes: pd.DataFrame, links: pd.DataFrame, stops: Sequence[str]) -> np.ndarray:
    """Return which links are conventional rail beside the line, shape (links,) of bool.

    Parameters
    ----------
    nodes, links
        The tables of a network.
    stops
        Node keys of the line, in order.
    """
    graph = nx.Graph()
    rail = links[links["mode"] == "rail_conventional"]
    for key, a, b, km in zip(
        rail.index, rail["from_node"], rail["to_node"], rail["km"], strict=True
    ):
        if not graph.has_edge(a, b) or km < graph[a][b]["km"]:
            graph.add_edge(a, b, km=float(km), link=str(key))
    beside: set[frozenset[str]] = set()
    on_rail = [s for s in stops if s in graph]
    for a, b in pairwise(on_rail):
        if a == b or not nx.has_path(graph, a, b):
            continue
        path = nx.dijkstra_path(graph, a, b, weight="km")
        km = sum(graph[u][v]["km"] for u, v in pairwise(path))
        ends = nodes.loc[[a, b], ["lon", "lat"]].to_numpy()
        if km <= WAY_ROUND * float(great_circle_km(*ends[0], *ends[1])):
            beside |= {frozenset(hop) for hop in pairwise(path)}
    joined = [frozenset(p) for p in zip(links["from_node"], links["to_node"], strict=True)]
    return np.array([p in beside for p in joined], dtype=bool) & (
        links["mode"] == "rail_conventional"
    ).to_numpy(dtype=bool)
