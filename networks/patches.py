"""Edits of a network as values: named, stored, stacked and told in words of planners.

Public names
------------
Patch, Edit : what is to be changed, frozen, comparable, free of any one network
add_line, add_links, add_places, change, remove : edits that ``Network`` itself knows
upgrade, close : edits of everything between cities, of a line, a station or an airport
patch_to_dict, patch_from_dict : plain values for JSON and TOML

Terms
-----
An edit names places, stops and lines, not positions, and is resolved on the network it is applied
to (``networks.patch_apply``). A *selection* is what ``Network.with_links`` takes. *Between* two
places are the links of a mode on the shortest ways between them, runs that skip stops included.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from networks.dims import LINK_MODES, LinkMode
from networks.errors import InvalidNetwork
from networks.labels import did_you_mean

Value = str | float | int | bool | tuple[str, ...]
Pairs = tuple[tuple[str, Value], ...]
Rows = tuple[Pairs, ...]
Verb = Literal[
    "add_line", "add_links", "add_places", "change", "remove", "upgrade", "close", "restore"
]
LINE = {
    "mode": True,
    "stops": True,
    "speed_kmh": True,
    "trains_per_day": True,
    "fare_per_km": False,
    "name": False,
    "year_opened": False,
    "freed_freight_capacity": False,
}
# What an edit of each verb says: fields (true = must be there), and whether select or rows.
FIELDS: dict[str, dict[str, bool]] = {
    "add_line": LINE,
    "add_links": {"rows": True},
    "add_places": {"rows": True},
    "change": {"select": True, "fields": True},
    "remove": {"select": True},
    "upgrade": {"between": False, "line": False, "mode": False, "speed_kmh": True, "to": False},
    "close": {"between": False, "line": False, "mode": False, "node": False, "kind": False},
    "restore": {
        "remove_links": False,
        "change_links": False,
        "add_links": False,
        "remove_nodes": False,
        "change_nodes": False,
        "add_nodes": False,
    },
}
ONE_OF = ("between", "line", "node")  # what an upgrade or a closure is about
KINDS = ("airport", "station")
MAPPINGS = ("select", "fields")
TABLES = ("rows", "change_links", "add_links", "change_nodes", "add_nodes")
LISTS = ("stops", "between", "remove_links", "remove_nodes")


def _frozen(value: Any) -> Value:
    """Return a value that cannot change: nan and None become the blank cell of a table."""
    if value is None:
        return ""
    if isinstance(value, list | tuple | np.ndarray | pd.Index):
        return tuple(str(v) for v in value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return "" if np.isnan(value) else value
    if isinstance(value, str | int | bool):
        return value
    raise InvalidNetwork(f"A patch holds text, numbers and lists of names; found {value!r}.")


def _pairs(values: Mapping[str, Any]) -> Pairs:
    if not isinstance(values, Mapping):
        raise InvalidNetwork(f"A patch needs a mapping of names to values here; found {values!r}.")
    return tuple((str(k), _frozen(v)) for k, v in values.items())


def _rows(rows: Any, key: str) -> Rows:
    if isinstance(rows, pd.DataFrame):
        rows = (rows.reset_index() if rows.index.name == key else rows).to_dict("records")
    if isinstance(rows, str | Mapping) or not isinstance(rows, Iterable):
        raise InvalidNetwork(f"A patch needs a list of rows here; found {rows!r}.")
    return tuple(_pairs(row) for row in rows)


@dataclass(frozen=True)
class Edit:
    """One edit: a verb and what it says, all of it hashable.

    Attributes
    ----------
    do : str
        ``add_line``, ``add_links``, ``add_places``, ``change``, ``remove``, ``upgrade``, ``close``
        or ``restore`` (exact rows, made by ``reverse``).
    says : tuple of pairs
        Field and value.
    """

    do: Verb
    says: tuple[tuple[str, Value | Pairs | Rows], ...]

    def get(self, name: str, default: Any = None) -> Any:
        """Return what the edit says under a name."""
        return dict(self.says).get(name, default)

    def __str__(self) -> str:
        """Return the edit in short words."""
        shown = [f"{k}={v}" for k, v in self.says if k not in TABLES]
        shown += [f"{len(v)} {k}" for k, v in self.says if k in TABLES and isinstance(v, tuple)]
        return f"{self.do} {', '.join(shown)}"[:160]


@dataclass(frozen=True)
class Patch:
    """A named list of edits, applied in order; belongs to no network.

    Attributes
    ----------
    name : str
        What it is called in notes and files.
    edits : tuple of Edit
        At least one... or none: a patch that changes nothing.
    note : str
        Free text.
    """

    name: str
    edits: tuple[Edit, ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Require a name and edits."""
        object.__setattr__(self, "edits", tuple(self.edits))
        if not self.name or any(not isinstance(e, Edit) for e in self.edits):
            raise InvalidNetwork(f"A patch needs a name and edits; found {self.name!r}.")

    def then(self, other: "Patch", *, name: str | None = None) -> "Patch":
        """Return one patch that does this one and then the other."""
        return Patch(name or f"{self.name} + {other.name}", self.edits + other.edits, self.note)


def make_edit(do: str, says: Mapping[str, Any]) -> Edit:
    """Return an edit from plain values, checked.

    Raises
    ------
    InvalidNetwork
        An unknown verb, a field it does not have, one that is missing, or a value of another kind.
    """
    if do not in FIELDS:
        raise InvalidNetwork(
            f"There is no edit {do!r}{did_you_mean(do, FIELDS)}; they are {', '.join(FIELDS)}."
        )
    fields = FIELDS[do]
    problems = [
        f"{do!r} has no field {n!r}{did_you_mean(n, fields)}" for n in says if n not in fields
    ]
    problems += [f"{do!r} needs {n}" for n, must in fields.items() if must and n not in says]
    if do in ("upgrade", "close"):
        asked = [n for n in ONE_OF if says.get(n)]
        if len(asked) != 1:
            problems.append(f"{do!r} needs one of {', '.join(n for n in fields if n in ONE_OF)}")
    if "mode" in says and says["mode"] and says["mode"] not in LINK_MODES:
        problems.append(
            f"mode must be a link mode; found {says['mode']!r}"
            f"{did_you_mean(str(says['mode']), LINK_MODES)}"
        )
    if says.get("kind") and says["kind"] not in KINDS:
        problems.append(f"kind must be {' or '.join(KINDS)}; found {says['kind']!r}")
    if problems:
        raise InvalidNetwork(f"An edit must be one that is known: {'; '.join(problems)}.")
    made: list[tuple[str, Value | Pairs | Rows]] = []
    for name, value in says.items():
        if value is None:
            continue
        if name in MAPPINGS:
            made.append((name, _pairs(value)))
        elif name in TABLES:
            made.append((name, _rows(value, "node" if "node" in name else "link")))
        elif name in LISTS:
            if isinstance(value, str) or not isinstance(value, Iterable):
                raise InvalidNetwork(f"{name!r} must be a list of names; found {value!r}.")
            made.append((name, tuple(str(v) for v in value)))
        else:
            made.append((name, _frozen(value)))
    return Edit(do, tuple(made))  # type: ignore[arg-type]  # a key of FIELDS is a Verb


def add_line(
    mode: LinkMode,
    stops: Sequence[str],
    *,
    speed_kmh: float,
    trains_per_day: float,
    fare_per_km: float | None = None,
    name: str | None = None,
    year_opened: float | None = None,
    freed_freight_capacity: float = 0.0,
) -> Edit:
    """Return the edit that builds a line; see ``Network.with_line``."""
    return make_edit(
        "add_line",
        {
            "mode": mode,
            "stops": stops,
            "speed_kmh": float(speed_kmh),
            "trains_per_day": float(trains_per_day),
            "fare_per_km": fare_per_km,
            "name": name,
            "year_opened": year_opened,
            "freed_freight_capacity": float(freed_freight_capacity),
        },
    )


def add_links(rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> Edit:
    """Return the edit that adds links; rows as for ``Network.with_links``."""
    return make_edit("add_links", {"rows": rows})


def add_places(rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> Edit:
    """Return the edit that adds nodes; rows as for ``Network.with_places``."""
    if isinstance(rows, pd.DataFrame) and rows.index.name == "node":
        rows = rows.reset_index()
    return make_edit("add_places", {"rows": rows})


def change(select: Mapping[str, Any], **fields: Any) -> Edit:
    """Return the edit that sets columns (or ``speed_kmh``) of the selected links."""
    return make_edit("change", {"select": select, "fields": fields})


def remove(select: Mapping[str, Any]) -> Edit:
    """Return the edit that removes the selected links."""
    return make_edit("remove", {"select": select})


def upgrade(
    *,
    speed_kmh: float,
    between: Sequence[str] | None = None,
    line: str | None = None,
    mode: LinkMode | None = None,
    to: LinkMode | None = None,
) -> Edit:
    """Return the edit that makes links as fast as a new line of a speed, none of them slower.

    Parameters
    ----------
    speed_kmh
        Design speed; minutes follow as for a new line.
    between
        Two or more places or stops in order, or ...
    line
        ... a line.
    mode
        Link mode that is upgraded; between places the fastest railway there is, else the road.
    to
        Link mode that the links become, such as ``"rail_hsr"``; they stay what they are without.
    """
    says = {"between": between, "line": line, "mode": mode, "speed_kmh": float(speed_kmh), "to": to}
    return make_edit("upgrade", {k: v for k, v in says.items() if v is not None})


def close(
    *,
    between: Sequence[str] | None = None,
    line: str | None = None,
    node: str | None = None,
    kind: Literal["airport", "station"] | None = None,
    mode: LinkMode | None = None,
) -> Edit:
    """Return the edit that removes the links between places, of a line, or at one node.

    With ``kind`` the node is an airport (a part of its name or its city's name will do where that
    means one only), or a station, of which the railway links are closed. Without it every link at
    the node goes.
    """
    says = {"between": between, "line": line, "node": node, "kind": kind, "mode": mode}
    return make_edit("close", {k: v for k, v in says.items() if v is not None})


def patch_to_dict(patch: Patch) -> dict[str, Any]:
    """Return a patch as dicts, lists, text and numbers."""

    def plain(name: str, value: Any) -> Any:
        if name in MAPPINGS:
            return {k: list(v) if isinstance(v, tuple) else v for k, v in value}
        if name in TABLES:
            return [plain("fields", row) for row in value]
        return list(value) if isinstance(value, tuple) else value

    edits = [{"do": e.do, **{k: plain(k, v) for k, v in e.says}} for e in patch.edits]
    return {"name": patch.name, "note": patch.note, "edits": edits}


def patch_from_dict(values: Mapping[str, Any]) -> Patch:
    """Return the patch of such a dict.

    Raises
    ------
    InvalidNetwork
        Keys that are missing or unknown, or an edit that is not one; the number of the edit named.
    """
    if not isinstance(values, Mapping):
        raise InvalidNetwork(f"A patch must be a table with name and edits; found {values!r}.")
    known = ("name", "note", "edits")
    if unknown := [k for k in values if k not in known]:
        raise InvalidNetwork(
            f"A patch has {', '.join(known)}; found {unknown[0]!r}"
            f"{did_you_mean(str(unknown[0]), known)}."
        )
    edits = values.get("edits", [])
    if not isinstance(edits, list) or not all(isinstance(e, Mapping) for e in edits):
        raise InvalidNetwork("The edits of a patch must be a list of tables.")
    made = []
    for number, one in enumerate(edits, start=1):
        says = {str(k): v for k, v in one.items() if k != "do"}
        try:
            made.append(make_edit(str(one.get("do", "")), says))
        except InvalidNetwork as error:
            raise InvalidNetwork(f"Edit {number} of {values.get('name')!r}: {error}") from error
    return Patch(str(values.get("name", "")), tuple(made), str(values.get("note", "")))
