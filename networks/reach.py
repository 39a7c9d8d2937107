"""Which places no path joins to the others, and why.

Public names
------------
unreachable_places : reason by place, empty for a network in one piece
"""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def unreachable_places(nodes: pd.DataFrame, links: pd.DataFrame) -> pd.Series:
    """Return the reason for every place outside the largest piece of the network.

    Pieces are strongly connected: every place of a piece can be left and reached. The largest is
    the one with most places. All modes count, so a place in the list has no way at all.

    Parameters
    ----------
    nodes, links
        The tables of a network.

    Returns
    -------
    Series of str
        Indexed by node.
    """
    position = pd.Series(np.arange(len(nodes)), index=nodes.index)
    start = position.reindex(links["from_node"]).to_numpy()
    end = position.reindex(links["to_node"]).to_numpy()
    both = links["bidirectional"].to_numpy(dtype=bool)
    tail = np.concatenate([start, end[both]])
    head = np.concatenate([end, start[both]])
    shape = (len(nodes), len(nodes))
    graph = coo_array((np.ones(len(tail)), (tail, head)), shape=shape).tocsr()
    _, piece = connected_components(graph, directed=True, connection="strong")
    is_place = (nodes["kind"] == "place").to_numpy()
    largest = np.bincount(piece[is_place]).argmax()
    lost = np.flatnonzero(is_place & (piece != largest))
    _, weak = connected_components(graph, directed=False)
    main = weak[np.flatnonzero(is_place & (piece == largest))[0]]
    touched = np.zeros(len(nodes), dtype=bool)
    touched[tail] = True
    touched[head] = True
    leaves = np.zeros(len(nodes), dtype=bool)
    leaves[tail] = True
    reasons = {}
    keys = [str(k) for k in nodes.index]
    for i in lost:
        if not touched[i]:
            reason = "no link starts or ends there"
        elif weak[i] != main:
            mates = int((is_place & (weak == weak[i])).sum()) - 1
            reason = f"its links join it only to {mates} other place(s), none to the main network"
        elif not leaves[i]:
            reason = "it can be reached but not left: its links run one way"
        else:
            reason = "it can be left but not reached, or reached but not left: links run one way"
        reasons[keys[i]] = reason
    return pd.Series(reasons, dtype=str, index=pd.Index(list(reasons), dtype=str, name="node"))
