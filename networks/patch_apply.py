"""What a patch makes of a network, and what undoes it again.

Public names
------------
apply_patches : a network after patches, in order
reverse : the patch that undoes another on a network
difference : the patch that leads from one network to another
between : the links of a mode on the ways between places

Terms
-----
A patch made by ``reverse`` or ``difference`` holds exact rows and their positions, so that the
tables of the network come back bit for bit; it fits the network it was made for.

Formula
-------
A link u-v is between a and b when d(a,u) + d(u,v) + d(v,b) <= slack d(a,b), for d the least km
and for d the least minutes over links of the mode, the latter with more slack: stops on the way
take time, another railway beside takes more. d(a,b) is at most WAY_ROUND great circles.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.engine import Core, Ends, least_paths
from networks.errors import NetworkError, UnknownLabel
from networks.geo import great_circle_km
from networks.labels import did_you_mean
from networks.network import Network
from networks.patch import hop_minutes
from networks.patches import Edit, Patch, make_edit

Ints = NDArray[np.int64]
SLACK = {"km": 1.02, "minutes": 1.25}  # runs that skip stops differ a little from their parts
WAY_ROUND = 2.0  # a longer way round does not lie between
RAIL = ("rail_hsr", "rail_conventional")
FASTEST_FIRST = (*RAIL, "road", "ferry", "air")


def apply_patches(network: Network, patches: Sequence[Patch]) -> Network:
    """Return the network after the patches, in order; the old one is as it was.

    Raises
    ------
    NetworkError
        What ``Network`` raises, with the patch and the edit named.
    """
    for patch in patches:
        for number, edit in enumerate(patch.edits, start=1):
            try:
                network = VERBS[edit.do](network, edit, patch.name)
            except NetworkError as error:
                told = f"Patch {patch.name!r}, edit {number} ({edit}): {error}"
                raise type(error)(told) from error
        network = replace(network, notes=(*network.notes, f"patch {patch.name!r} applied"))
    return network


def _records(rows: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]


def _add_line(network: Network, edit: Edit, name: str) -> Network:
    says = dict(edit.says)
    stops = edit.get("stops")
    return network.with_line(
        str(says["mode"]),
        list(stops),
        speed_kmh=edit.get("speed_kmh"),
        trains_per_day=edit.get("trains_per_day"),
        fare_per_km=edit.get("fare_per_km"),
        name=edit.get("name"),
        year_opened=edit.get("year_opened"),
        freed_freight_capacity=edit.get("freed_freight_capacity", 0.0),
    )


def _add_links(network: Network, edit: Edit, name: str) -> Network:
    rows = [{"source": name, **row} for row in _records(edit.get("rows"))]
    return network.with_links(add=rows)


def _add_places(network: Network, edit: Edit, name: str) -> Network:
    return network.with_places(_records(edit.get("rows")))


def _change(network: Network, edit: Edit, name: str) -> Network:
    select, fields = dict(edit.get("select")), dict(edit.get("fields"))
    return network.with_links(change=[{"select": select, **fields}])


def _remove(network: Network, edit: Edit, name: str) -> Network:
    return network.with_links(remove=[dict(edit.get("select"))])


def _upgrade(network: Network, edit: Edit, name: str) -> Network:
    """Set minutes where a new line of the speed would be faster; nothing gets slower."""
    chosen = network.links[_meant(network, edit)]
    if edit.get("mode") is None and edit.get("line") is not None:
        chosen = chosen[chosen["mode"] != "access"]
    mode = str(edit.get("to") or chosen["mode"].iloc[0])
    km = chosen["km"].to_numpy(dtype=np.float64)
    speed = float(edit.get("speed_kmh"))
    fresh = hop_minutes(network, mode, km, speed) if mode in RAIL else 60.0 * km / speed
    old = chosen["minutes"].to_numpy(dtype=np.float64)
    faster = fresh < old
    rows = pd.DataFrame(
        {
            "minutes": np.where(faster, fresh, old),
            "status": np.where(faster, "speed", chosen["status"].to_numpy(dtype=object)),
            "source": np.where(faster, name, chosen["source"].to_numpy(dtype=object)),
        },
        index=chosen.index,
    )
    if edit.get("to"):
        rows["mode"] = mode
    note = (
        f"{name}: {int(faster.sum())} of {len(rows)} links upgraded to {speed:g} km/h design "
        "speed; the others were as fast already"
    )
    return replace(network.with_links(change=rows), notes=(*network.notes, note))


def _close(network: Network, edit: Edit, name: str) -> Network:
    return network.with_links(remove=list(network.links.index[_meant(network, edit)]))


def _meant(network: Network, edit: Edit) -> NDArray[np.bool_]:
    """Return which links an upgrade or a closure means, (links,)."""
    links = network.links
    mode = edit.get("mode")
    of_mode = f" of mode {mode}" if mode else ""
    if stops := edit.get("between"):
        return between(network, list(stops), mode=mode)
    mask = np.ones(len(links), dtype=bool)
    if mode is not None:
        mask &= (links["mode"] == mode).to_numpy(dtype=bool)
    if line := edit.get("line"):
        mask &= (links["line"] == line).to_numpy(dtype=bool)
        if not mask.any():
            known = sorted(set(links["line"]) - {""})
            raise UnknownLabel(
                f"There is no line {line!r}{of_mode}{did_you_mean(str(line), known)}."
            )
        return mask
    key = _node_meant(network, str(edit.get("node")), edit.get("kind"))
    if edit.get("kind") == "station":
        mask &= np.isin(links["mode"], RAIL)
    mask &= ((links["from_node"] == key) | (links["to_node"] == key)).to_numpy(dtype=bool)
    if not mask.any():
        raise UnknownLabel(f"No link{of_mode} calls at {key!r}.")
    return mask


def _node_meant(network: Network, word: str, kind: str | None) -> str:
    """Return a node for a name; an airport also for a part of its name or for its city."""
    if kind is None:
        return network.resolve([word])[0]
    if kind == "station":
        return network.resolve([word], kinds=("stop", "place"))[0]
    airports = network.nodes[network.nodes["kind"] == "airport"]
    try:
        return network.resolve([word], kinds=("airport",))[0]
    except UnknownLabel:
        part = str(word).casefold()
        found = [
            str(key)
            for key, *names in airports[["name", "name_zh"]].itertuples(name=None)
            if any(part in str(n).casefold() for n in names)
        ]
        if not found:
            places = network.resolve([word], kinds=("place",))
            found = [str(k) for k in airports.index[airports["parent"].isin(places)]]
        if len(found) == 1:
            return found[0]
        named = ", ".join(f"{name} ({k})" for k, name in airports.loc[found[:5], "name"].items())
        raise UnknownLabel(
            f"{word!r} must mean one airport; it means {len(found)}{': ' if found else ''}{named}."
        ) from None


def between(
    network: Network, stops: Sequence[str], *, mode: str | None = None
) -> NDArray[np.bool_]:
    """Return which links of a mode lie on the ways between places, shape (links,).

    Parameters
    ----------
    stops
        Two or more places or stops in order, by key or name. A place stands for its stops too.
    mode
        Link mode; the first of high-speed rail, rail, road, ferry and air that joins each two of
        them directly enough, when left out.

    Raises
    ------
    UnknownLabel
        A place that is not there, fewer than two, or no way of the mode between two of them.
    """
    if len(stops) < 2:
        raise UnknownLabel(f"Links lie between two places at least; found {list(stops)}.")
    keys = network.resolve(list(stops))
    for one in (mode,) if mode else FASTEST_FIRST:
        masks = [_on_the_way(network, a, b, str(one)) for a, b in pairwise(keys)]
        if all(m.any() for m in masks):
            return np.asarray(np.any(masks, axis=0))
    named = " - ".join(str(s) for s in stops)
    what = f"No {mode} link" if mode else "No link"
    raise UnknownLabel(f"{what} lies on a direct way between {named} in {network.name!r}.")


def _on_the_way(network: Network, start: str, end: str, mode: str) -> NDArray[np.bool_]:
    nodes, links = network.nodes, network.links
    mask = np.zeros(len(links), dtype=bool)
    chosen = np.flatnonzero((links["mode"] == mode).to_numpy(dtype=bool))
    tails, heads = (
        nodes.index.get_indexer(pd.Index(links[c].iloc[chosen])).astype(np.int64)
        for c in ("from_node", "to_node")
    )
    both = links["bidirectional"].to_numpy(dtype=bool)[chosen]
    served = np.unique(np.concatenate([tails, heads]))
    ends = [np.intersect1d(_stops_of(network, key), served) for key in (start, end)]
    if not (len(ends[0]) and len(ends[1])):
        return mask
    ahead, round_about = np.ones(len(chosen), dtype=bool), both.copy()
    for of, slack in SLACK.items():
        d = links[of].to_numpy(dtype=np.float64)[chosen]
        core = Core(
            len(nodes),
            np.concatenate([tails, heads[both]]),
            np.concatenate([heads, tails[both]]),
            np.concatenate([d, d[both]])[:, None],
        )
        onward = _least_from(core, ends[0])
        back = _least_from(core.reversed(), ends[1])
        least = onward[ends[1]].min()
        if of == "km" and not least <= WAY_ROUND * _straight_km(network, start, end):
            return mask
        ahead &= onward[tails] + d + back[heads] <= slack * least
        round_about &= onward[heads] + d + back[tails] <= slack * least
    on_it = ahead | round_about
    mask[chosen[on_it]] = True
    return mask


def _stops_of(network: Network, key: str) -> Ints:
    own = (network.nodes["parent"] == key).to_numpy(dtype=bool) | (network.nodes.index == key)
    return np.flatnonzero(own).astype(np.int64)


def _straight_km(network: Network, start: str, end: str) -> float:
    a, b = network.nodes.loc[[start, end], ["lon", "lat"]].to_numpy(dtype=np.float64)
    return max(float(great_circle_km(*a, *b)), 1.0)


def _least_from(core: Core, starts: Ints) -> NDArray[np.float64]:
    """Return least weight from the nearest of some nodes to every node; infinite without a way."""
    everywhere = np.arange(core.size, dtype=np.int64)
    least, _ = least_paths(
        core,
        Ends(1, np.zeros(len(starts), dtype=np.int64), starts, np.zeros((len(starts), 1))),
        Ends(core.size, everywhere, everywhere, np.zeros((core.size, 1))),
        np.ones(1),
    )
    return np.asarray(least[0])


def reverse(patch: Patch, network: Network) -> Patch:
    """Return the patch that undoes a patch on this network: both after each other change nothing.

    Raises
    ------
    NetworkError
        The patch does not fit the network.
    """
    return difference(apply_patches(network, [patch]), network, name=f"reverse of {patch.name}")


def difference(before: Network, after: Network, *, name: str) -> Patch:
    """Return the patch that makes the tables of one network from those of another, exactly."""
    says: dict[str, Any] = {}
    for table, old, new in (
        ("nodes", before.nodes, after.nodes),
        ("links", before.links, after.links),
    ):
        key = table[:-1]
        kept = _kept(old.index, new.index)
        gone = [str(k) for k in old.index if k not in kept]
        if gone:
            says[f"remove_{table}"] = gone
        rows = []
        both = [k for k in new.index if k in kept]
        a, b = old.loc[both], new.loc[both]
        differs = {c: _unlike(a[c], b[c]) for c in new.columns}
        for position in np.flatnonzero(np.any(list(differs.values()), axis=0)):
            cells = {c: b[c].iloc[position] for c in new.columns if differs[c][position]}
            rows.append({key: both[position], **cells})
        if rows:
            says[f"change_{table}"] = rows
        fresh = [
            {key: k, "position": int(p), **new.loc[k].to_dict()}
            for p, k in enumerate(new.index)
            if k not in kept
        ]
        if fresh:
            says[f"add_{table}"] = fresh
    return Patch(name, (make_edit("restore", says),) if says else ())


def _kept(old: "pd.Index[str]", new: "pd.Index[str]") -> set[str]:
    """Return the keys of both tables whose order need not change."""
    first = [k for k in old if k in new]
    second = [k for k in new if k in old]
    same = next((n for n, (a, b) in enumerate(zip(first, second, strict=True)) if a != b), None)
    return set(first if same is None else first[:same])


def _unlike(a: "pd.Series[Any]", b: "pd.Series[Any]") -> NDArray[np.bool_]:
    same = (a == b) | (a.isna() & b.isna())
    return ~same.to_numpy(dtype=bool)


def _restore(network: Network, edit: Edit, name: str) -> Network:
    tables = {"nodes": network.nodes, "links": network.links}
    for table, frame in tables.items():
        key = table[:-1]
        gone = list(edit.get(f"remove_{table}", ()))
        changed = _records(edit.get(f"change_{table}", ()))
        needed = [*gone, *(str(row[key]) for row in changed)]
        if lost := [k for k in needed if k not in frame.index]:
            raise UnknownLabel(
                f"This patch fits the network it was made for; there is no {key} "
                f"{', '.join(lost[:5])}{did_you_mean(lost[0], frame.index)}."
            )
        if not (gone or changed or edit.get(f"add_{table}")):
            continue
        frame = frame.astype(object)
        for row in changed:
            for column, value in row.items():
                if column != key:
                    frame.loc[str(row[key]), column] = value
        tables[table] = _inserted(frame.drop(index=gone), edit.get(f"add_{table}", ()), key)
    return replace(network, nodes=tables["nodes"], links=tables["links"])


def _inserted(frame: pd.DataFrame, rows: Any, key: str) -> pd.DataFrame:
    """Return the frame with rows put in at their positions in the result."""
    fresh = sorted(_records(rows), key=lambda row: row["position"])
    if not fresh:
        return frame
    labels = [str(k) for k in frame.index]
    for row in fresh:
        labels.insert(min(int(row["position"]), len(labels)), str(row[key]))
    added = pd.DataFrame(fresh).set_index(key)[list(frame.columns)].astype(object)
    stacked = pd.concat([frame, added])
    stacked.index.name = key
    return stacked.loc[labels] if stacked.index.is_unique else stacked


VERBS: dict[str, Callable[[Network, Edit, str], Network]] = {
    "add_line": _add_line,
    "add_links": _add_links,
    "add_places": _add_places,
    "change": _change,
    "remove": _remove,
    "upgrade": _upgrade,
    "close": _close,
    "restore": _restore,
}
