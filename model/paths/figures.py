"""Paths as links, as a tree and as bars.

Question owned: how are paths drawn?

Public names
    path_links     steps between industries with what flows through them, for a Sankey diagram
    path_tree      the same paths as nested dictionaries, final demand at the root
    plot_paths     bars of the largest paths
    plot_sankey    the flows of path_links, layer by layer from the stressor to final demand
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from model.paths.names import Node, place_names
from model.paths.search import Paths

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def path_links(paths: Paths, *, by: str = "both") -> pd.DataFrame:
    """Sum the listed paths into links between layers.

    Parameters
    ----------
    by
        "region", "sector" or "both": what a node of the diagram is.

    Returns
    -------
    Frame with layer (1 is the step into final demand), source, target, value; a link's value is
    the sum of the paths through it, in the units of the paths.
    """
    name = _namer(paths, by)
    found: dict[tuple[int, Hashable, Hashable], float] = {}
    for value, row in zip(paths.frame["value"], paths.nodes.tolist(), strict=True):
        chain = [name(k) for k in row if k >= 0][::-1]
        for layer, (target, source) in enumerate(pairwise(chain), start=1):
            key = (layer, source, target)
            found[key] = found.get(key, 0.0) + float(value)
    rows = [(*key, value) for key, value in found.items()]
    frame = pd.DataFrame(rows, columns=["layer", "source", "target", "value"])
    return frame.sort_values(["layer", "value"], ascending=[True, False], ignore_index=True)


def path_tree(paths: Paths, *, by: str = "both") -> dict[str, Any]:
    """Nest the listed paths: final demand's product first, what it needs below it.

    Returns
    -------
    {"name", "value", "children"}; value is what the listed paths contribute at and below a node,
    "direct" what ends at the node itself.
    """
    name = _namer(paths, by)
    root: dict[str, Any] = {"name": paths.of, "value": 0.0, "direct": 0.0, "children": {}}
    for value, row in zip(paths.frame["value"], paths.nodes.tolist(), strict=True):
        node = root
        node["value"] += float(value)
        for k in [k for k in row if k >= 0][::-1]:
            fresh = {"name": name(k), "value": 0.0, "direct": 0.0, "children": {}}
            node = node["children"].setdefault(name(k), fresh)
            node["value"] += float(value)
        node["direct"] += float(value)
    return _listed(root)


def _listed(node: dict[str, Any]) -> dict[str, Any]:
    children = [_listed(child) for child in node["children"].values()]
    children.sort(key=lambda child: -abs(child["value"]))
    return {**node, "children": children}


def _namer(paths: Paths, by: str) -> Callable[[int], str]:
    labels = paths.labels.tolist()
    if by not in ("region", "sector", "both"):
        raise ValueError(f"by must be 'region', 'sector' or 'both'; found {by!r}.")

    def name(k: int) -> str:
        region, sector = labels[k]
        return {"region": str(region), "sector": str(sector)}.get(by, f"{region} / {sector}")

    return name


def plot_paths(paths: Paths, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Bars of the largest paths, with what is not shown said in the title.

    Parameters
    ----------
    most
        Paths that are drawn.
    """
    import matplotlib.pyplot as plt

    frame = paths.frame.head(most)[::-1]
    ax = plt.subplots(figsize=(8, 0.3 * len(frame) + 1.5))[1] if ax is None else ax
    where = np.arange(len(frame))
    ax.barh(where, frame["value"].to_numpy())
    ax.set_yticks(where, frame["path"].tolist(), fontsize="small")
    ax.set_xlabel(f"{paths.of}, {paths.units}")
    shown = float(frame["value"].sum()) / paths.total if paths.total else 0.0
    ax.set_title(f"{len(frame)} paths carry {100 * shown:.1f} % of {paths.total:.4g}", loc="left")
    return ax


def plot_sankey(
    paths: Paths, *, by: str = "sector", most: int = 30, ax: Axes | None = None
) -> Axes:
    """Bands between layers, final demand at the right.

    Names stand at the right of their node, wrapped where the next layer begins and pushed apart;
    a thin line leads to a name that had to move. A figure of its own grows with its names; in
    axes that are too low the names of the smallest nodes are left out, and the title says so.

    Parameters
    ----------
    by
        As in `path_links`.
    most
        Links that are drawn, the largest.
    ax
        Where to draw, as large as it will be shown: names are measured there.
    """
    import matplotlib.pyplot as plt

    links = path_links(paths, by=by)
    links = links.sort_values("value", ascending=False).head(most)
    nodes = _stacked(links)
    own = ax is None
    deepest = max((-node.x for node in nodes), default=1)
    ax = plt.subplots(figsize=(3.2 * (deepest + 1), 6))[1] if ax is None else ax
    ax.set_axis_off()
    ax.set_xlim(-deepest - 0.1, 1.0)
    tops = [node.low + node.height for node in nodes]
    ax.set_ylim(0.0, max(tops, default=0.0) or 1.0)
    for node in nodes:
        ax.bar(node.x, node.height, width=0.08, bottom=node.low, color="0.4")
    leaving = {(-node.x, node.name): node.low for node in nodes}
    coming = dict(leaving)
    for layer, source, target, value in links.itertuples(index=False):
        y0, y1 = leaving[layer, source], coming[layer - 1, target]
        t = np.linspace(0.0, 1.0, 40)
        bend = (1.0 - np.cos(np.pi * t)) / 2
        low = y0 + (y1 - y0) * bend
        ax.fill_between(-layer + t, low, low + value, alpha=0.3, linewidth=0, color="tab:blue")
        leaving[layer, source] += value
        coming[layer - 1, target] += value
    lost = place_names(ax, nodes, grow=own)
    said = f"; {lost} small names left out" if lost else ""
    ax.set_title(
        f"{paths.of}: from where it happens (left) to final demand (right){said}", loc="left"
    )
    return ax


def _stacked(links: pd.DataFrame) -> list[Node]:
    """Nodes of every layer one above the other, the largest at the bottom."""
    ends: dict[tuple[int, str], float] = {}
    for layer, source, target, value in links.itertuples(index=False):
        ends[layer, source] = max(ends.get((layer, source), 0.0), 0.0) + value
        ends.setdefault((layer - 1, target), 0.0)
    for (layer, name), _ in list(ends.items()):
        arriving = links[(links["layer"] == layer + 1) & (links["target"] == name)]["value"].sum()
        ends[layer, name] = max(ends[layer, name], float(arriving))
    base = dict.fromkeys({layer for layer, _ in ends}, 0.0)
    space = 0.02 * max(sum(ends.values()), np.finfo(np.float64).tiny)
    nodes = []
    for (layer, name), height in sorted(ends.items(), key=lambda item: -item[1]):
        nodes.append(Node(-layer, base[layer], height, name))
        base[layer] += height + space
    return nodes
