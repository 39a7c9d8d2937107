"""Whether nodes and links make a network: one rule per function, each returning complaints.

Public names
------------
check_network : every complaint about a pair of typed tables
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from networks.labels import did_you_mean

SHOWN = 5
ENDS_OF_MODE = {
    "road": ("place", "stop"),
    "ferry": ("place", "stop"),
    "rail_conventional": ("place", "stop"),
    "rail_hsr": ("place", "stop"),
    "air": ("place", "airport"),
    "access": ("place", "stop", "airport"),
}


def _where(labels: "pd.Index[str] | list[str]") -> str:
    words = [str(v) for v in labels]
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more


def check_places(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Require a place, and an area of every place (its cost to itself needs one)."""
    places = nodes[nodes["kind"] == "place"]
    if places.empty:
        return ["a network must have a node of kind 'place'; there is none"]
    bare = places.index[places["area_km2"].isna()]
    if len(bare):
        return [f"every place needs area_km2; it is missing at {_where(bare)}"]
    return []


def check_parents(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Require that a parent is a place, and that places have none."""
    child = nodes[nodes["parent"] != ""]
    places = set(nodes.index[nodes["kind"] == "place"])
    problems = []
    if len(bad := child.index[~child["parent"].isin(places)]):
        where = [f"{b} ({child.at[b, 'parent']!r})" for b in bad]
        problems.append(f"parent must be the key of a place; it is not at {_where(where)}")
    if len(bad := child.index[child["kind"] == "place"]):
        problems.append(f"a place has no parent; one is given at {_where(bad)}")
    return problems


def check_ends(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Require that both ends of a link are nodes, and not the same node."""
    problems = []
    for column in ("from_node", "to_node"):
        lost = links[~links[column].isin(nodes.index)]
        where = [
            f"{k} ({v!r}{did_you_mean(v, nodes.index)})"
            for k, v in lost[column].iloc[: SHOWN + 1].items()
        ]
        if where:
            problems.append(
                f"links.{column} must be a node; {len(lost)} are not, among them {_where(where)}"
            )
    loops = links.index[links["from_node"] == links["to_node"]]
    if len(loops):
        problems.append(f"a link must join two nodes; from_node equals to_node at {_where(loops)}")
    return problems


def check_kinds(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Require ends of the right kind: trains do not call at airports."""
    kind = nodes["kind"]
    problems = []
    kinds = kind.to_numpy(dtype=object)
    mode_of = links["mode"].to_numpy(dtype=object)
    at = [nodes.index.get_indexer(pd.Index(links[c])) for c in ("from_node", "to_node")]
    for mode, allowed in ENDS_OF_MODE.items():
        chosen = mode_of == mode
        of_mode = links.index[chosen]
        fits = np.isin(kinds, allowed)
        wrong = ~(fits[at[0][chosen]] & fits[at[1][chosen]])
        if wrong.any():
            problems.append(
                f"links of mode {mode} must join nodes of kind {' or '.join(allowed)}; "
                f"others at {_where(of_mode[wrong])}"
            )
    return problems


def check_years(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Require that a link closes after it opens."""
    wrong = links.index[links["year_closed"] <= links["year_opened"]]
    if len(wrong):
        return [f"year_closed must come after year_opened; it does not at {_where(wrong)}"]
    return []


RULES: tuple[Callable[[pd.DataFrame, pd.DataFrame], list[str]], ...] = (
    check_places,
    check_parents,
    check_ends,
    check_years,
)


def check_network(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Return every complaint about two tables that already have their columns and dtypes."""
    problems = [p for rule in RULES for p in rule(nodes, links)]
    if not problems:  # kinds of ends can only be judged where the ends exist
        problems = check_kinds(nodes, links)
    return problems
