"""From weights of pairs of places to every link of a network, through modes and ways to stops.

Public names
------------
load_links : weights of pairs in, `LinkLoad` out
LinkLoad : derivatives with respect to minutes, money and waits of links
tracks : links that run side by side

Terms
-----
The *skim* is that of ``networks.skim.skim`` with the same purpose, ``by``, ``combine``, modes and
parameters, door to door: c over pairs of zones. Both directions of a link are one row of the link
table and change together. Which stops are within the access limit is taken as it is.

Formula
-------
For J with dJ/dc_od = W_od:
    dJ/dG_m,od = W_od x dc/dG_m       services m: 1 for the least; its share for a logsum; for a
                                      composite (c / G_m)^(1 + theta), G less constants
    dJ/dminutes_l = sum over arcs of price x time factor x load of the arc (``trees``)
with the price of a minute in the vehicle on the main mode, of access on the way to a stop, of a
transfer between stops. One-sided derivatives as in ``networks.tree_loading.trees``; where two main
modes cost the least alike, either gains by itself and none loses by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.choice import composite, shares
from networks.combine import Combination
from networks.dims import MODES_OF, Purpose
from networks.engine import least_paths
from networks.errors import MeasureError
from networks.graph import Core
from networks.layers import (
    Layer,
    closed_nodes,
    leaving,
    leg_prices,
    road_layer,
    street_core,
    transit_layer,
)
from networks.modes import (
    ACCESS,
    ACCESS_MODES,
    IN_VEHICLE,
    MONEY,
    TRANSFER,
    TRANSFERS,
    WAIT,
    Arcs,
    chosen_modes,
    directed_arcs,
    prices,
    services,
    value_per_minute,
)
from networks.network import Network
from networks.parameters import Overrides, Parameters
from networks.skim import By
from networks.tree_loading.trees import (
    BOARD,
    LEG,
    NO_LEGS,
    RIDE,
    Ways,
    load_core,
    street_legs,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
TIE = 1.0 + 1e-12


@dataclass(frozen=True, eq=False)
class LinkLoad:
    """Derivatives of sum W c with respect to what a link costs; all but the last two (2, L, K).

    First axis: for an improvement, for a worsening. L links in the order of the link table, K
    columns of weights.

    Attributes
    ----------
    minutes
        Per minute of the link table.
    money
        Per unit of money paid on the link by a traveller or for a tonne; zero for a skim of
        minutes.
    wait
        Per minute of wait where the link is boarded.
    pairs
        Ordered pairs of zones that go over the link, summed over the services they choose, (L,).
    carried
        Whether the link's mode serves the purpose, (L,).
    weighed, tied
        Pairs, summed over the services they choose, and those of them with several least ways.
    """

    minutes: Floats
    money: Floats
    wait: Floats
    pairs: Floats
    carried: Flags
    weighed: int
    tied: int


@dataclass(frozen=True, eq=False)
class _Service:
    layer: Layer
    boards: Flags
    legs: Ways = NO_LEGS
    start_legs: Ints | None = field(default=None)
    end_legs: Ints | None = field(default=None)


def load_links(
    network: Network,
    pair_weights: Floats,
    purpose: Purpose = "passenger",
    *,
    zones: Sequence[str] | None = None,
    by: By = "cost",
    combine: Combination = "least",
    modes: Sequence[str] | None = None,
    parameters: Overrides | None = None,
    together: Ints | None = None,
    workers: int | None = None,
) -> LinkLoad:
    """Return the derivative of sum W c with respect to every link.

    Parameters
    ----------
    network
        Places, links and parameters.
    pair_weights
        W over pairs of zones, (Z, Z) or (Z, Z, K); what zones weigh to themselves does not depend
        on links and is left out.
    purpose, zones, by, combine, modes, parameters
        The skim c, as in ``networks.skim.skim``.
    together
        Group of each link, 0, 1, ..., (L,): the links of a group change together and are one row of
        the result. They must run side by side (no way takes two of them) and weigh alike, such as
        the services on one track (``tracks``).
    workers
        Threads; as many as there are processors when left out. The result is the same bit for bit.

    Raises
    ------
    MeasureError
        No zones or one twice; weights that do not fit them, are not finite, or weigh a pair
        without a way; groups of links that are not side by side.
    """
    if parameters:
        network = network.with_parameters(parameters)
    settings = network.parameters
    keys = network.zone_keys(zones)
    count = len(keys)
    weights = _checked(pair_weights, count)
    where = network.nodes.index.get_indexer(pd.Index(keys)).astype(np.int64)
    arcs = directed_arcs(network, purpose)
    weigh = prices(settings, purpose, by)
    chosen = services(chosen_modes(modes, purpose), apart=combine == "composite")
    parts, objective, constants = [], [], []
    for main, link_modes in chosen:
        of_mode = arcs.only(link_modes)
        if not len(of_mode.km):
            continue
        parts.append(_service(network, arcs, of_mode, where, main, purpose, weigh))
        layer = parts[-1].layer
        objective.append(least_paths(layer.core, layer.starts, layer.ends, weigh)[0])
        constant = settings.get("mode_constant", main, purpose, 0.0)
        constants.append(constant if by == "cost" else 0.0)
    first, group = _groups(network, together)
    links = len(first)
    out = np.zeros((2, 3, links, weights.shape[2]))
    pairs = np.zeros(links)
    weighed = tied = 0
    if parts:
        cost = np.stack(objective)
        slope, alone = _slopes(cost, np.array(constants), combine, settings, purpose, by)
        lost = (weights != 0.0).any(axis=2) & ~(slope > 0.0).any(axis=0)
        if lost.any():
            one, two = np.argwhere(lost)[0]
            raise MeasureError(
                f"Weights must be zero where there is no way; {int(lost.sum())} pairs have weight "
                f"and no way, the first {keys[one]} to {keys[two]}."
            )
        price = _link_prices(network, purpose, weigh)[:, first]
        for service, rate in zip(parts, slope, strict=True):
            columns = np.concatenate([weights * rate[..., None], (rate > 0.0)[..., None]], axis=2)
            layer, legs = service.layer, service.legs
            owners = np.where(layer.links < 0, -1, group[layer.links])
            found = load_core(
                *(layer.core, layer.starts, layer.ends, weigh, columns, owners, links),
                boards=service.boards,
                legs=Ways(legs.indptr, group[legs.links], legs.whole),
                start_legs=service.start_legs,
                end_legs=service.end_legs,
                alone=alone,
                workers=workers,
            )
            pairs += found.load[0, [RIDE, LEG], :, -1].sum(axis=0)
            weighed += found.pairs
            tied += found.tied
            out += found.load[..., :-1]
    else:
        price = np.zeros((2, links))
    return LinkLoad(
        minutes=out[:, RIDE] * price[0][:, None] + out[:, LEG] * price[1][:, None],
        money=(out[:, RIDE] + out[:, LEG]) * weigh[MONEY],
        wait=out[:, BOARD] * weigh[WAIT],
        pairs=pairs,
        carried=_carried(network, purpose)[first],
        weighed=weighed,
        tied=tied,
    )


def _checked(pair_weights: Floats, count: int) -> Floats:
    weights = np.array(pair_weights, dtype=np.float64)
    weights = weights[..., None] if weights.ndim == 2 else weights
    if weights.ndim != 3 or weights.shape[:2] != (count, count):
        raise MeasureError(
            f"Weights must be given for every pair of the {count} zones, ({count}, {count}) or "
            f"({count}, {count}, columns); found shape {np.shape(pair_weights)}."
        )
    if not np.isfinite(weights).all():
        raise MeasureError(
            f"Weights of pairs must be finite; {int((~np.isfinite(weights)).sum())} are not."
        )
    own = np.arange(count)
    weights[own, own] = 0.0
    return weights


def tracks(network: Network) -> Ints:
    """Return the track of each link, (L,): same two ends, mode and freight factor."""
    links = network.links
    one, two = links["from_node"].astype(str), links["to_node"].astype(str)
    low, high = one.where(one <= two, two), one.where(one > two, two)
    ends = pd.MultiIndex.from_arrays([low, high, links["mode"], links["freight_factor"]])
    return np.asarray(pd.factorize(ends)[0], dtype=np.int64)


def _groups(network: Network, together: Ints | None) -> tuple[Ints, Ints]:
    """Return the first link of each group and the group of each link."""
    count = len(network.links)
    if together is None:
        every = np.arange(count, dtype=np.int64)
        return every, every
    group = np.asarray(together, dtype=np.int64)
    known, first = np.unique(group, return_index=True)
    if group.shape != (count,) or not np.array_equal(known, np.arange(len(known))):
        raise MeasureError(
            f"Groups of links must be numbered 0, 1, ... with one for each of {count} links; found "
            f"shape {group.shape}."
        )
    beside = pd.Series(tracks(network)).groupby(group).nunique()
    if (beside > 1).any():
        lost = network.links.index[first[np.flatnonzero(beside > 1)]]
        raise MeasureError(
            "Links that change together must be side by side: the same two ends, mode and freight "
            f"factor; {int((beside > 1).sum())} groups are not, those of "
            f"{', '.join(map(str, lost[:5]))}."
        )
    return first.astype(np.int64), group


def _carried(network: Network, purpose: Purpose) -> Flags:
    carrying = {m for group in MODES_OF[purpose].values() for m in group} | {"access"}
    return np.asarray(network.links["mode"].isin(carrying), dtype=np.bool_)


def _link_prices(network: Network, purpose: Purpose, weigh: Floats) -> Floats:
    """Return what a minute of the link table weighs, ridden and on the way to a stop, (2, L)."""
    mode = network.links["mode"].to_numpy()
    factor = np.zeros(len(mode))
    for name in set(mode[_carried(network, purpose)]):
        factor[mode == name] = network.parameters.get("time_factor", str(name), purpose)
    if purpose == "freight":
        factor *= network.links["freight_factor"].to_numpy(dtype=np.float64)
    ridden = np.where(mode == "access", weigh[TRANSFER], weigh[IN_VEHICLE])
    return np.stack([ridden * factor, weigh[ACCESS] * factor])


def _service(
    network: Network,
    arcs: Arcs,
    of_mode: Arcs,
    where: Ints,
    main: str,
    purpose: Purpose,
    weigh: Floats,
) -> _Service:
    settings, nodes = network.parameters, network.nodes
    closed = closed_nodes(nodes)
    if main == "road":
        layer = road_layer(of_mode, len(nodes), where, settings, purpose, door=True, closed=closed)
        return _Service(layer, np.zeros(len(layer.links), dtype=np.bool_))
    street = arcs.only(ACCESS_MODES)
    layer = transit_layer(
        of_mode,
        street,
        nodes,
        where,
        settings,
        "rail" if main == "rail" else "air",
        purpose,
        weigh,
        door=True,
    )
    n_stops = len(layer.stops)
    boards = layer.core.tails < n_stops
    boards |= layer.core.components[:, TRANSFERS] > 0.0
    graph = street_core(street, len(nodes), closed)
    _, on_leg = leg_prices(weigh)
    cost = graph.components @ on_leg
    owners = np.concatenate([street.links, np.full(len(closed), -1, dtype=np.int64)])
    out_order = np.argsort(layer.starts.zones, kind="stable")
    back_order = np.argsort(layer.ends.zones, kind="stable")
    out_stops = layer.stops[layer.starts.nodes[out_order]]
    back_stops = layer.stops[layer.ends.nodes[back_order] - n_stops]

    def legs(core: Core, zones: Ints, of_zone: Ints, stops: Ints) -> Ways:
        return street_legs(core, cost, owners, zones, (of_zone, stops), len(network.links))

    def away(nodes_left: Ints) -> Ints:
        return leaving(len(nodes), closed, nodes_left)

    out = legs(graph, away(where), layer.starts.zones[out_order], out_stops)
    back = legs(graph.reversed(), where, layer.ends.zones[back_order], away(back_stops))
    both = Ways(
        np.concatenate([out.indptr, back.indptr[1:] + out.indptr[-1]]),
        np.concatenate([out.links, back.links]),
        np.concatenate([out.whole, back.whole]),
    )
    return _Service(layer, boards, both, _inverse(out_order), _inverse(back_order) + len(out_order))


def _inverse(order: Ints) -> Ints:
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def _slopes(
    cost: Floats,
    constants: Floats,
    combine: Combination,
    settings: Parameters,
    purpose: Purpose,
    by: By,
) -> tuple[Floats, Flags]:
    """Return dc/dG by service (M, Z, Z), and where no other service is as good (Z, Z)."""
    net = cost - constants[:, None, None]
    own = np.arange(cost.shape[1])
    net[:, own, own] = np.inf
    alone = np.ones(net.shape[1:], dtype=np.bool_)
    if combine == "least":
        least = net.min(axis=0)
        best = (net <= least * TIE) & np.isfinite(least)
        return best.astype(np.float64), np.asarray(best.sum(axis=0) < 2)
    if combine == "logsum":
        scale = settings.get("logsum_scale", purpose=purpose)
        if by == "minutes":
            scale *= value_per_minute(settings, purpose)
        return shares(net, mu=scale), alone
    theta = settings.get("mode_dispersion", purpose=purpose)
    total = composite(net, theta=theta)
    ratio = np.divide(total, net, out=np.zeros_like(net), where=np.isfinite(net))
    return ratio ** (1.0 + theta), alone
