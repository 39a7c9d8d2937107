"""How a network is edited: links added, changed and removed, places added, lines built.

Public names
------------
edit_links : the link table after removals, changes and additions
add_nodes : the node table with more places
add_line : the link table with a new line
line_stops : the node that each stop of a line means

Terms
-----
A *selection* is a mapping of link, line, mode, from_node, to_node or ``between`` to a value. The
functions take a network, leave it as it is and return a table; ``Network`` wraps them.

Formula
-------
Minutes of a hop of a new line = 60 km / (running_share x speed) + stop_minutes; km = detour of the
mode x great circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks.dims import LINK_MODES
from networks.errors import InvalidNetwork, UnknownLabel
from networks.freed import freed_links
from networks.geo import great_circle_km
from networks.labels import did_you_mean
from networks.schema import conform

if TYPE_CHECKING:
    from networks.network import Network

Rows = pd.DataFrame | Iterable[Mapping[str, Any]]
SELECTORS = ("link", "line", "mode", "from_node", "to_node", "between")


def hop_minutes(network: "Network", mode: str, km: np.ndarray, speed_kmh: float) -> np.ndarray:
    """Return minutes of hops of a new line, km and minutes of shape (hops,)."""
    share = network.parameters.get("running_share", mode)
    stop = network.parameters.get("stop_minutes", mode)
    return np.asarray(60.0 * km / (share * speed_kmh) + stop)


def link_km(network: "Network", mode: str, start: Sequence[str], end: Sequence[str]) -> np.ndarray:
    """Return detour x great-circle km between node keys, shape (links,)."""
    where = network.nodes[["lon", "lat"]]
    a, b = where.loc[list(start)].to_numpy(), where.loc[list(end)].to_numpy()
    detour = network.parameters.get("detour", mode)
    return detour * great_circle_km(a[:, 0], a[:, 1], b[:, 0], b[:, 1])


def _records(rows: Rows, key: str) -> list[dict[str, Any]]:
    if isinstance(rows, pd.DataFrame):
        frame = rows.reset_index() if rows.index.name == key else rows
        return [{str(k): v for k, v in r.items()} for r in frame.to_dict("records")]
    return [dict(r) for r in rows]


def _missing(row: Mapping[str, Any], name: str) -> bool:
    return name not in row or row[name] is None or row[name] == "" or row[name] != row[name]


def select_links(network: "Network", selection: Mapping[str, Any]) -> np.ndarray:
    """Return a mask over the links, shape (links,).

    Raises
    ------
    UnknownLabel
        A key that selects nothing it knows, or a selection that no link meets.
    """
    links = network.links
    mask = np.ones(len(links), dtype=bool)
    for name, value in selection.items():
        if name == "link":
            mask &= links.index == value
        elif name in ("line", "mode"):
            mask &= (links[name] == value).to_numpy(dtype=bool)
        elif name in ("from_node", "to_node"):
            mask &= (links[name] == network.resolve([value])[0]).to_numpy(dtype=bool)
        elif name == "between":
            a, b = network.resolve(list(value))
            start, end = links["from_node"], links["to_node"]
            mask &= (((start == a) & (end == b)) | ((start == b) & (end == a))).to_numpy(dtype=bool)
        else:
            raise UnknownLabel(
                f"Links are selected by {', '.join(SELECTORS)}; found {name!r}"
                f"{did_you_mean(name, SELECTORS)}."
            )
    if not mask.any():
        hint = ""
        if "line" in selection:
            hint = did_you_mean(str(selection["line"]), set(links["line"]))
        elif "link" in selection:
            hint = did_you_mean(str(selection["link"]), links.index)
        raise UnknownLabel(f"No link of {network.name!r} is {dict(selection)}{hint}.")
    return mask


def edit_links(
    network: "Network",
    add: Rows | None,
    change: Rows | None,
    remove: Iterable[str | Mapping[str, Any]] | None,
) -> pd.DataFrame:
    """Return the link table after ``remove``, ``change`` and ``add``, in that order.

    See ``Network.with_links`` for what the three may be and what is raised.
    """
    links = network.links.copy()
    keep = np.ones(len(links), dtype=bool)
    if isinstance(remove, str):
        remove = [remove]
    for item in remove if remove is not None else ():
        keep &= ~select_links(network, {"link": item} if isinstance(item, str) else item)
    if change is not None:
        links = _changed(network, links, change)
    links = links[keep]
    if add is None:
        return links
    rows = [
        _completed_link(network, row, number, links.index)
        for number, row in enumerate(_records(add, "link"))
    ]
    if not rows:
        return links
    return _stacked(links, pd.DataFrame(rows).set_index("link"), "links")


def _stacked(old: pd.DataFrame, new: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the rows of both; what is wrong with the new ones is left for ``Network`` to say."""
    typed, problems = conform(new, table)
    if not problems and list(old.columns) == list(typed.columns):
        return pd.concat([old, typed])
    columns = [*old.columns, *[c for c in new.columns if c not in old.columns]]
    blank = new.astype(object).reindex(columns=columns)
    stacked = pd.concat([old.astype(object).reindex(columns=columns), blank])
    stacked.index.name = old.index.name
    return stacked


def _changed(network: "Network", links: pd.DataFrame, change: Rows) -> pd.DataFrame:
    links = links.copy()
    if isinstance(change, pd.DataFrame):
        selections = [
            (links.index == key, {str(k): v for k, v in row.items()})
            for key, row in zip(change.index, change.to_dict("records"), strict=True)
        ]
        if lost := [str(k) for k in change.index if k not in links.index]:
            raise UnknownLabel(
                f"Links to change must exist; {', '.join(lost[:5])} do not"
                f"{did_you_mean(lost[0], links.index)}."
            )
    else:
        selections = []
        for item in change:
            fields = dict(item)
            select = fields.pop("select", None)
            if not isinstance(select, Mapping):
                raise InvalidNetwork(
                    f"A change must say which links it means by 'select'; found {dict(item)}."
                )
            selections.append((select_links(network, select), fields))
    for mask, fields in selections:
        speed = fields.pop("speed_kmh", None)
        for name, value in fields.items():
            if name not in links.columns:
                raise InvalidNetwork(
                    f"Links have no column {name!r}{did_you_mean(name, links.columns)}."
                )
            links[name] = links[name].astype(object)  # conform types it again, and checks
            links.loc[mask, name] = value
        if speed is not None:
            km = links.loc[mask, "km"].to_numpy(dtype=np.float64)
            links.loc[mask, "minutes"] = _minutes_at(
                network, str(links.loc[mask, "mode"].iloc[0]), km, speed
            )
    return links


def _minutes_at(network: "Network", mode: str, km: np.ndarray, speed: Any) -> np.ndarray:
    value = _positive("speed_kmh", speed)
    return hop_minutes(network, mode, km, value) if mode.startswith("rail") else 60.0 * km / value


def _positive(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not (np.isfinite(number) and number > 0):
        raise InvalidNetwork(f"{name} must be a positive number; found {value!r}.")
    return number


def _completed_link(
    network: "Network", row: dict[str, Any], number: int, taken: pd.Index
) -> dict[str, Any]:
    row = dict(row)
    if lost := [c for c in ("from_node", "to_node", "mode") if _missing(row, c)]:
        raise InvalidNetwork(f"A new link needs {', '.join(lost)}; found {row}.")
    row["from_node"], row["to_node"] = network.resolve([row["from_node"], row["to_node"]])
    mode = str(row["mode"])
    if _missing(row, "link"):
        stem = f"{mode}:{row['from_node']}-{row['to_node']}:new"
        row["link"] = next(k for k in _keys(f"{stem}{number}") if k not in taken)
    if mode not in LINK_MODES:
        return row  # the schema says so, with the choices
    if _missing(row, "km"):
        row["km"] = float(link_km(network, mode, [row["from_node"]], [row["to_node"]])[0])
    speed = row.pop("speed_kmh", None)
    if _missing(row, "minutes") and speed is not None:
        row["minutes"] = float(_minutes_at(network, mode, np.array([float(row["km"])]), speed)[0])
    return row


def _keys(stem: str) -> Iterable[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}.{number}"
        number += 1


def add_nodes(network: "Network", places: Rows) -> pd.DataFrame:
    """Return the node table with more nodes; see ``Network.with_places``."""
    rows = []
    problems = []
    nodes = network.nodes
    names = {n.casefold(): k for column in ("name", "name_zh") for k, n in nodes[column].items()}
    names.pop("", None)
    for row in _records(places, "node"):
        if "code" in row:
            row["node"] = row.pop("code")
        row.setdefault("kind", "place")
        if _missing(row, "node") or _missing(row, "name"):
            problems.append(f"a new place needs a code and a name; found {row}")
            continue
        row["node"] = str(row["node"])
        if row["node"] in nodes.index:
            problems.append(f"{row['node']!r} is the key of {nodes.at[row['node'], 'name']!r}")
        for word in (str(row["name"]), str(row.get("name_zh", ""))):
            if row["kind"] == "place" and word.casefold() in names:
                key = names[word.casefold()]
                if nodes.at[key, "kind"] == "place":
                    problems.append(f"{word!r} is already the place {key}")
        rows.append(row)
    if problems:
        raise InvalidNetwork(f"New places must be new: {'; '.join(problems[:5])}.")
    if not rows:
        return nodes
    return _stacked(nodes, pd.DataFrame(rows).set_index("node"), "nodes")


def line_stops(network: "Network", mode: str, stops: Sequence[str]) -> list[str]:
    """Return nodes for stops; a place hands over to its only station where it has none itself."""
    family = {"air": ("air",)}.get(mode, ("rail_conventional", "rail_hsr"))
    of_family = network.links[network.links["mode"].isin(list(family))]
    served = set(of_family["from_node"]) | set(of_family["to_node"])
    kind = "airport" if mode == "air" else "stop"
    keys = []
    for key in network.resolve(stops):
        children = network.nodes.index[
            (network.nodes["parent"] == key)
            & (network.nodes["kind"] == kind)
            & network.nodes.index.isin(list(served))
        ]
        alone = mode not in ("road", "ferry", "access") and key not in served
        keys.append(str(children[0]) if alone and len(children) == 1 else key)
    return keys


def add_line(
    network: "Network",
    mode: str,
    stops: Sequence[str],
    *,
    speed_kmh: float,
    trains_per_day: float,
    fare_per_km: float | None,
    name: str | None,
    year_opened: float | None,
    freed_freight_capacity: float,
) -> tuple[pd.DataFrame, str]:
    """Return the link table with a new line, and a note on what it assumes.

    See ``Network.with_line``.
    """
    if mode not in LINK_MODES:
        raise InvalidNetwork(
            f"A line needs a link mode; found {mode!r}{did_you_mean(mode, LINK_MODES)}."
        )
    if isinstance(stops, str) or len(stops) < 2:
        raise InvalidNetwork(f"A line needs two stops at least; found {stops!r}.")
    speed = _positive("speed_kmh", speed_kmh)
    trains = _positive("trains_per_day", trains_per_day)
    if not 0.0 <= freed_freight_capacity <= 1.0:
        raise InvalidNetwork(
            f"freed_freight_capacity is a share from 0 to 1; found {freed_freight_capacity!r}."
        )
    if fare_per_km is not None and not (np.isfinite(fare_per_km) and fare_per_km >= 0):
        raise InvalidNetwork(f"fare_per_km must be zero or more; found {fare_per_km!r}.")
    keys = line_stops(network, mode, stops)
    if twice := [stops[i] for i, (a, b) in enumerate(pairwise(keys)) if a == b]:
        raise InvalidNetwork(f"Stops that follow each other must differ; {twice[0]!r} is twice.")
    line = name or f"{stops[0]} - {stops[-1]} ({mode}, new)"
    if (network.links["line"] == line).any():
        raise InvalidNetwork(f"There is a line {line!r} already; give the new one another name.")
    km = link_km(network, mode, keys[:-1], keys[1:])
    fresh = pd.DataFrame(
        {
            "from_node": keys[:-1],
            "to_node": keys[1:],
            "mode": mode,
            "line": line,
            "km": km,
            "minutes": hop_minutes(network, mode, km, speed),
            "money": np.nan if fare_per_km is None else fare_per_km * km,
            "trains_per_day": trains,
            "year_opened": np.nan if year_opened is None else float(year_opened),
            "year_closed": np.nan,
            "bidirectional": True,
            "freight_factor": 1.0,
            "source": "scenario",
            "status": "speed",
            "note": "",
        },
        index=pd.Index([f"{line}:{i + 1}" for i in range(len(km))], name="link"),
    )
    note = (
        f"{line}: {len(keys)} stops, {km.sum():.0f} km, {speed:g} km/h design speed, {trains:g} "
        "trains a day each way; km and minutes follow from the parameters detour, running_share "
        "and stop_minutes, which are assumptions"
    )
    links = network.links
    if freed_freight_capacity > 0.0:
        factor = 1.0 - network.parameters.get("freight_relief", purpose="freight") * (
            freed_freight_capacity
        )
        parallel = freed_links(network.nodes, links, keys)
        links = links.copy()
        links["freight_factor"] = np.where(
            parallel, links["freight_factor"] * factor, links["freight_factor"]
        )
        note += f"; freight rate x {factor:.3f} on {int(parallel.sum())} parallel rail links"
    return pd.concat([links, fresh]), note
