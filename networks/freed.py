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

import numpy as np
import pandas as pd

from networks.engine import Core, Ends, least_paths
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
    rail = np.flatnonzero((links["mode"] == "rail_conventional").to_numpy(dtype=bool))
    starts = nodes.index.get_indexer(pd.Index(links["from_node"])).astype(np.int64)[rail]
    ends = nodes.index.get_indexer(pd.Index(links["to_node"])).astype(np.int64)[rail]
    km = links["km"].to_numpy(dtype=np.float64)[rail]
    called = nodes.index.get_indexer(pd.Index(list(stops))).astype(np.int64)
    called = called[np.isin(called, np.concatenate([starts, ends]))]
    mask = np.zeros(len(links), dtype=bool)
    if len(called) < 2:
        return mask
    core = Core(
        len(nodes),
        np.concatenate([starts, ends]),
        np.concatenate([ends, starts]),
        np.concatenate([km, km])[:, None],
    )
    everywhere = np.arange(len(nodes), dtype=np.int64)
    to_km, _ = least_paths(
        core,
        Ends(
            len(called), np.arange(len(called), dtype=np.int64), called, np.zeros((len(called), 1))
        ),
        Ends(len(nodes), everywhere, everywhere, np.zeros((len(nodes), 1))),
        np.ones(1),
    )
    where = nodes[["lon", "lat"]].to_numpy(dtype=np.float64)
    for (one, a), (two, b) in pairwise(enumerate(called)):
        shortest = to_km[one, b]
        if a == b or shortest > WAY_ROUND * float(great_circle_km(*where[a], *where[b])):
            continue
        through = np.minimum(
            to_km[one, starts] + km + to_km[two, ends],
            to_km[one, ends] + km + to_km[two, starts],
        )
        mask[rail[through <= SLACK * shortest]] = True
    return mask
