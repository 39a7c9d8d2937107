"""Which places hang together, told from what moves between them or how near they are.

Public names
------------
find_clusters : communities of places from flows or from travel times

Terms
-----
Places are vertices of a weighted graph; a community is a set with more weight inside than its
members' weights would make by chance (modularity). igraph, an optional package under the GPL,
finds them; the order in which it looks at places is drawn from ``seed``.

Formula
-------
From flows (commuters, trips): weight of a pair is F_ij + F_ji. From travel times c (both ways on
average): m_i m_j exp(-c / scale) with masses m, or exp(-c / scale) without, pairs beyond ``limit``
left out. Modularity Q = sum_ij (w_ij - resolution s_i s_j / 2W) [same] / 2W, s the sums of weights.

Source: M. Newman and M. Girvan (2004); V. Traag, L. Waltman and N. van Eck (2019), Leiden.
"""

import random
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.dims import DESTINATION, ORIGIN
from networks.errors import MeasureError
from networks.readers.files import optional

Floats = NDArray[np.float64]
Method = Literal["leiden", "fast_greedy", "label_propagation"]


def find_clusters(
    costs: xr.Dataset | None = None,
    *,
    flows: pd.DataFrame | None = None,
    mass: "pd.Series[float] | None" = None,
    of: str = "minutes",
    scale: float = 60.0,
    limit: float | None = None,
    method: Method = "leiden",
    resolution: float = 1.0,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the cluster of every place.

    Parameters
    ----------
    costs
        A skim, to cluster by nearness; or
    flows
        a square table of flows, to cluster by what moves.
    mass
        Weight of places, with ``costs``.
    of, scale, limit
        Variable of the skim, the cost over which nearness falls by a factor of e, and the cost
        beyond which places are not joined.
    method
        ``"leiden"`` and ``"fast_greedy"`` raise modularity; ``"label_propagation"`` needs none.
    resolution
        Above 1 more and smaller clusters (Leiden only).
    seed
        Draws the order of places; the same seed gives the same clusters.

    Returns
    -------
    DataFrame
        By place: cluster (1, 2, ... by size, largest first), size, and ``attrs["modularity"]``.

    Raises
    ------
    MeasureError
        Neither or both of costs and flows, tables that are not square, negative figures.
    MissingPackage
        igraph is not installed.
    """
    if (costs is None) == (flows is None):
        raise MeasureError("Clusters come from costs or from flows: give one of the two.")
    for name, value in (("scale", scale), ("resolution", resolution)):
        if not (np.isfinite(value) and value > 0):
            raise MeasureError(f"{name} must be a positive number; found {value!r}.")
    if flows is not None:
        keys, weights = _from_flows(flows)
    else:
        assert costs is not None
        keys, weights = _from_costs(costs, mass, of, scale, limit)
    if not keys:
        raise MeasureError("Clusters need a place at least; there is none.")
    igraph = optional("igraph", "igraph", "Finding clusters")
    row, column = np.nonzero(np.triu(weights, 1))
    values = weights[row, column]
    values = values / values.max() if len(values) else values
    graph = igraph.Graph(n=len(keys), edges=np.column_stack([row, column]).tolist())
    igraph.set_random_number_generator(random.Random(seed))
    listed = values.tolist()
    try:
        if method == "leiden":
            found = graph.community_leiden(
                objective_function="modularity",
                weights=listed,
                resolution=resolution,
                n_iterations=-1,
            )
        elif method == "fast_greedy":
            found = graph.community_fastgreedy(weights=listed).as_clustering()
        elif method == "label_propagation":
            found = graph.community_label_propagation(weights=listed)
        else:
            raise MeasureError(
                f"method must be leiden, fast_greedy or label_propagation; found {method!r}."
            )
    finally:
        igraph.set_random_number_generator(random)
    member = np.array(found.membership)
    sizes = np.bincount(member)
    order = np.argsort(-sizes, kind="stable")
    number = np.empty_like(order)
    number[order] = np.arange(1, len(order) + 1)
    table = pd.DataFrame(
        {"cluster": number[member], "size": sizes[member]}, index=pd.Index(keys, name="place")
    )
    table.attrs["modularity"] = float(graph.modularity(found.membership, weights=listed))
    return table


def _from_flows(flows: pd.DataFrame) -> tuple[list[str], Floats]:
    keys = [str(k) for k in flows.index]
    if keys != [str(k) for k in flows.columns] or len(set(keys)) < len(keys):
        raise MeasureError("Flows must have the same places as rows and as columns, each once.")
    values = flows.to_numpy(dtype=np.float64)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise MeasureError("Flows must be finite and not negative.")
    return keys, values + values.T


def _from_costs(
    costs: xr.Dataset,
    mass: "pd.Series[float] | None",
    of: str,
    scale: float,
    limit: float | None,
) -> tuple[list[str], Floats]:
    if of not in costs:
        raise MeasureError(f"The skim has no variable {of!r}.")
    keys = [str(k) for k in costs[ORIGIN].to_numpy()]
    if keys != [str(k) for k in costs[DESTINATION].to_numpy()]:
        raise MeasureError("Clusters need the same places as origins and destinations.")
    one_way = costs[of].transpose(ORIGIN, DESTINATION).to_numpy()
    cost = 0.5 * (one_way + one_way.T)
    weights = np.exp(-cost / scale)
    if limit is not None:
        weights[cost > limit] = 0.0
    if mass is not None:
        given = mass.set_axis([str(k) for k in mass.index]).reindex(keys).to_numpy(np.float64)
        if not (given >= 0).all():
            lost = [k for k, v in zip(keys, given, strict=True) if not v >= 0]
            raise MeasureError(f"Mass must be zero or more; it is not at {', '.join(lost[:5])}.")
        weights = weights * given[:, None] * given[None, :]
    return keys, weights
