"""What it would cost to lose a link, for every link, exactly.

Public names
------------
criticality : for every link of a network, the rise in total cost when it closes
group_criticality : the same for groups of arcs of any graph

Terms
-----
*Demand* weighs pairs of places: products of masses, scaled to sum to one, or a table of trips. A
*bridge* is a link whose closure leaves pairs without any path; these pairs are counted and left out
of the rise. A place is *isolated* when it loses most of the other places, out or back. Main modes
compete by least cost; for a composite, a logsum or nests close links one by one with
``networks.whatif.SkimBase.run``, which is as exact.

The fastest way to a stop says whether the stop is within the access limit (``networks.layers``).
Where it is not the way of least cost, its links are missed by trips that do not ride them: by cost,
more pairs may get worse than go over a link.

Formula
-------
rise(l) = sum over pairs of demand x (cost without l - cost), the cost that of the least main mode,
a place to itself left out. With masses it is the rise of the mean cost of a trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.betweenness import betweenness
from networks.closures import Service, build_services, put
from networks.dims import Purpose
from networks.errors import UnknownLabel
from networks.labels import did_you_mean
from networks.modes import ACCESS_MODES
from networks.network import Network
from networks.pair_demand import check_asked, check_demand, pair_demand
from networks.parameters import Overrides
from networks.whatif.engine import Block, WhatIf

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Item = TypeVar("Item")
CHUNK = 32  # links handed to a thread at a time; no result depends on it


@dataclass(frozen=True, eq=False)
class Loss:
    """What the closure of one link costs.

    Attributes
    ----------
    rise
        In total cost, over pairs that keep a path.
    pairs
        Pairs that get worse, those without any path among them.
    pairs_cut, demand_cut
        Pairs that lose every path, and their demand.
    isolated
        Positions of zones that lose most of the others.
    """

    rise: float = 0.0
    pairs: int = 0
    pairs_cut: int = 0
    demand_cut: float = 0.0
    isolated: tuple[int, ...] = ()


NO_LOSS = Loss()


def _loss(base: Floats, now: Floats, demand: Floats) -> Loss:
    """Return what a square matrix of costs loses; ``now`` is below ``base`` by rounding only."""
    matters = (demand > 0) & np.isfinite(base)
    cut = matters & np.isinf(now)
    worse = matters & (now > base * (1.0 + 1e-12))
    kept = worse & ~cut
    rise = float((demand[kept] * (now[kept] - base[kept])).sum())
    isolated: tuple[int, ...] = ()
    if cut.any():
        lost = np.maximum(cut.sum(axis=1), cut.sum(axis=0))
        isolated = tuple(int(k) for k in np.flatnonzero(2 * lost > len(base) - 1))
    return Loss(rise, int(worse.sum()), int(cut.sum()), float(demand[cut].sum()), isolated)


def group_criticality(
    whatif: WhatIf, demand: Floats, groups: Sequence[Ints], *, workers: int | None = None
) -> list[Loss]:
    """Return what is lost when each group of arcs closes by itself.

    Parameters
    ----------
    whatif
        A graph whose matrix is known, origins and destinations the same zones.
    demand
        Weight of each pair of zones, (Z, Z); zero for pairs that do not matter.
    groups
        Arcs that close together, such as the two directions of a link.
    workers
        Threads; as many as there are processors when left out. The result is the same bit for bit.

    Raises
    ------
    MeasureError
        Demand that does not fit, is negative or is not a number.
    """
    check_demand(demand, whatif.weights.shape)
    among = np.where(demand > 0, whatif.weights, -np.inf)

    def one(arcs: Ints) -> Loss:
        blocks = whatif.closed(np.asarray(arcs, dtype=np.int64), among=among)
        return _of_blocks(whatif.weights, blocks, demand)

    return _threaded(one, list(groups), workers, None)


def _of_blocks(base: Floats, blocks: list[Block], demand: Floats) -> Loss:
    if not blocks:
        return NO_LOSS
    now = base.copy()
    put(now, blocks)
    return _loss(base, now, demand)


def criticality(
    network: Network,
    demand: pd.Series | pd.DataFrame,
    *,
    purpose: Purpose = "passenger",
    by: str = "cost",
    modes: list[str] | None = None,
    links: Sequence[str] | None = None,
    parameters: Overrides | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Return for every link what its closure costs, door to door by the least main mode.

    Parameters
    ----------
    network
        Places, links and parameters.
    demand
        Mass of each place (population, GDP), or trips between places (rows origins, columns
        destinations). Its places are the zones.
    purpose, by, modes
        As in ``networks.skim.skim``.
    links
        Links to close; all when left out.
    parameters
        Overrides for this call.
    workers
        Threads; as many as there are processors when left out. The result is the same bit for bit.
    progress
        Called with the number of links done.

    Returns
    -------
    DataFrame
        Index ``link``; columns mode, line, from_name, to_name, rise (money or minutes times
        demand), share (of the total), pairs, pairs_cut, demand_cut, bridge, isolated (names) and
        betweenness (demand over the link, ``networks.betweenness``). ``attrs``: total, by, purpose.

    Raises
    ------
    UnknownLabel
        A place or link that the network does not have, a purpose or objective that none has.
    MeasureError
        Demand that is negative or is not a number.
    """
    if parameters:
        network = network.with_parameters(parameters)
    check_asked(purpose, by)
    keys, weights = pair_demand(network, demand)
    where = network.nodes.index.get_indexer(pd.Index(keys)).astype(np.int64)
    parts = build_services(network, where, purpose, modes, by)
    settings = network.parameters
    constants = [
        settings.get("mode_constant", s.mode, purpose, 0.0) if by == "cost" else 0.0 for s in parts
    ]
    nets = [s.whatif.weights - c for s, c in zip(parts, constants, strict=True)]
    base = np.minimum.reduce(nets)
    known = network.links.index
    chosen = np.arange(len(known))
    if links is not None:
        chosen = known.get_indexer(pd.Index(list(links)))
        if (chosen < 0).any():
            lost = [k for k, at in zip(links, chosen, strict=True) if at < 0]
            raise UnknownLabel(
                f"Links to close must exist; {', '.join(lost[:5])} do not"
                f"{did_you_mean(lost[0], known)}."
            )
    street = network.links["mode"].isin(list(ACCESS_MODES)).to_numpy(dtype=bool)
    whole = [np.where(weights > 0, s.whatif.weights, -np.inf) for s in parts]
    # A train or flight is missed only where it was taken; a road may serve several main modes.
    taken = [np.where(net <= base, among, -np.inf) for net, among in zip(nets, whole, strict=True)]

    def one(link: int) -> Loss:
        among = whole if street[link] else taken
        return _closed(parts, nets, constants, among, base, weights, int(link))

    losses = _threaded(one, chosen.tolist(), workers, progress)
    table = network.links.iloc[chosen]
    names = network.nodes["name"]
    there = np.isfinite(base) & (weights > 0)
    total = float((weights[there] * base[there]).sum())
    rise = np.array([loss.rise for loss in losses])
    used = betweenness(network, demand, purpose=purpose, by=by, modes=modes, workers=workers)
    result = pd.DataFrame(
        {
            "mode": table["mode"].to_numpy(),
            "line": table["line"].to_numpy(),
            "from_name": names.loc[table["from_node"]].to_numpy(),
            "to_name": names.loc[table["to_node"]].to_numpy(),
            "rise": rise,
            "share": rise / total if total > 0 else np.zeros(len(rise)),
            "pairs": [loss.pairs for loss in losses],
            "pairs_cut": [loss.pairs_cut for loss in losses],
            "demand_cut": [loss.demand_cut for loss in losses],
            "bridge": [loss.pairs_cut > 0 for loss in losses],
            "isolated": ["; ".join(names[keys[k]] for k in loss.isolated) for loss in losses],
            "betweenness": used.links["betweenness"].to_numpy()[chosen],
        },
        index=pd.Index(table.index, name="link"),
    )
    result.attrs = {"total": total, "by": by, "purpose": purpose}
    return result


def _closed(
    parts: list[Service],
    nets: list[Floats],
    constants: list[float],
    among: list[Floats],
    base: Floats,
    demand: Floats,
    link: int,
) -> Loss:
    """Return what is lost when one link closes in all services."""
    now = list(nets)
    for k, service in enumerate(parts):
        blocks = service.without(link, among[k])
        if blocks:
            now[k] = nets[k].copy()
            put(now[k], [Block(b.axis, b.which, b.values - constants[k]) for b in blocks])
    if all(one is other for one, other in zip(now, nets, strict=True)):
        return NO_LOSS
    return _loss(base, np.minimum.reduce(now), demand)


def _threaded(
    one: Callable[[Item], Loss],
    items: list[Item],
    workers: int | None,
    progress: Callable[[int], None] | None,
) -> list[Loss]:
    """Return ``one`` of each item, in order, in chunks over threads."""
    chunks = [items[k : k + CHUNK] for k in range(0, len(items), CHUNK)]
    found: list[Loss] = []
    with ThreadPoolExecutor(max(1, min(workers or cpu_count() or 1, len(chunks)))) as pool:
        for part in pool.map(lambda chunk: [one(item) for item in chunk], chunks):
            found += part
            if progress is not None:
                progress(len(found))
    return found
