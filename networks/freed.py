"""Which conventional rail links run beside a new line, so that it can free their capacity.

Public names
------------
freed_links : a mask over the link table

Terms
-----
For two stops of the new line that follow each other, a conventional link is beside the line when a
way between the stops that uses it is at most ``SLACK`` longer than the shortest conventional way
(skip-stop runs over the same track are caught so), and that shortest way is at most ``WAY_ROUND``
times the great circle. A stop that is not on the conventional network is stepped over.
"""

from collections.abc import Sequence
from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd

from networks.geo import great_circle_km

WAY_ROUND = 2.0  # a longer way round is not beside the line
SLACK = 1.02  # a run that skips stops may be a little longer or shorter than its parts


def freed_links(nodes: pd.DataFrame, links: pd.DataFrame, stops: Sequence[str]) -> np.ndarray:
    """Return which links are conventional rail beside the line, shape (links,) of bool.

    Parameters
    ----------
    nodes, links
        The tables of a network.
    stops
        Node keys of the line, in order.
    """
    rail = (links["mode"] == "rail_conventional").to_numpy(dtype=bool)
    starts, ends = links["from_node"].to_numpy(), links["to_node"].to_numpy()
    km = links["km"].to_numpy(dtype=np.float64)
    graph = nx.Graph()
    for i in np.flatnonzero(rail):
        a, b = starts[i], ends[i]
        if not graph.has_edge(a, b) or km[i] < graph[a][b]["km"]:
            graph.add_edge(a, b, km=float(km[i]))
    beside = np.zeros(len(links), dtype=bool)
    on_rail = [s for s in stops if s in graph]
    for a, b in pairwise(on_rail):
        from_a = nx.single_source_dijkstra_path_length(graph, a, weight="km")
        from_b = nx.single_source_dijkstra_path_length(graph, b, weight="km")
        ends_ab = nodes.loc[[a, b], ["lon", "lat"]].to_numpy()
        straight = float(great_circle_km(*ends_ab[0], *ends_ab[1]))
        shortest = from_a.get(b, np.inf)
        if a == b or shortest > WAY_ROUND * straight:
            continue
        for i in np.flatnonzero(rail):
            one = from_a.get(starts[i], np.inf) + km[i] + from_b.get(ends[i], np.inf)
            other = from_a.get(ends[i], np.inf) + km[i] + from_b.get(starts[i], np.inf)
            beside[i] |= min(one, other) <= SLACK * shortest
    return beside
