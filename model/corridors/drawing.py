"""Candidates on the map.

Public names
------------
``plot_corridors``    lines coloured by what they are worth, railways and places behind them
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from model.report.projection import Projection, fit_projection
from model.report.svg import WIDTH, figure_of, new_axes
from networks.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_corridors"]

NUMBERED = 10
"""Candidates whose rank is written on the map."""
ENDS = ("lon_from", "lat_from", "lon_to", "lat_to")


def plot_corridors(
    data: xr.Dataset,
    network: Network,
    *,
    label: str = "",
    most: int = 100,
    ax: Axes | None = None,
) -> Axes:
    """Draw candidates on the map, darker and wider the more they are worth, ranks beside them.

    Parameters
    ----------
    data : Dataset
        From `screen_corridors`.
    network : Network
        Railways and places are drawn behind, in grey.
    label
        What the colours show, with the unit.
    most
        Candidates that are drawn, the best ones.
    ax
        Where to draw; a new figure when left out.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection
    from matplotlib.colors import ListedColormap, Normalize

    places = network.places
    projection = fit_projection(places["lon"], places["lat"])
    x, y = projection(places["lon"], places["lat"])
    if ax is None:
        ax = new_axes(min(max(WIDTH * float(np.ptp(y) / np.ptp(x)), 4.0), 8.0))
    rail = network.links[network.links["mode"].isin(["rail_hsr", "rail_conventional"])]
    ends = np.sort(rail[["from_node", "to_node"]].to_numpy(dtype=str), axis=1)
    ends = np.unique(ends, axis=0)
    where = network.nodes[["lon", "lat"]]
    drawn = _segments(
        projection, np.hstack([where.loc[ends[:, k]].to_numpy().round(2) for k in (0, 1)])
    )
    gap = np.full((len(drawn), 1, 2), np.nan)
    path = np.concatenate([np.stack(drawn), gap], axis=1).reshape(-1, 2)  # one element, not many
    ax.plot(path[:, 0], path[:, 1], color="#d3d8de", linewidth=0.5, zorder=1)
    ax.scatter(x, y, s=2.0, color="#8d97a3", zorder=2)
    value = np.where(np.isfinite(data["exact"]), data["exact"], data["first_order"])
    known = pd.Series(value[:most], index=data["candidate"].values[:most].astype(str))
    owner = data["leg_candidate"].values.astype(str)
    chosen = np.isin(owner, known.index)
    legs = np.column_stack([data[f"leg_{end}"].values[chosen] for end in ENDS])
    colour = known.loc[owner[chosen]].to_numpy(dtype=float)
    sign = 1.0 if data.attrs["better"] == "more" else -1.0
    order = np.argsort(sign * colour, kind="stable")
    low, high = float(colour.min(initial=0.0)), float(colour.max(initial=0.0))
    norm = Normalize(low, high if high > low else low + 1.0)
    strength = np.clip(
        sign * (colour - (low if sign > 0 else high)) / max(high - low, 1e-300), 0, 1
    )
    ramp = colormaps["viridis_r"](np.linspace(0.15, 1.0, 256))  # its palest end is lost on white
    colours = ListedColormap(ramp if sign > 0 else ramp[::-1])
    lines = LineCollection(
        _segments(projection, legs[order]),
        array=colour[order],
        cmap=colours,
        norm=norm,
        linewidths=0.7 + 2.3 * strength[order],
        zorder=3,
    )
    ax.add_collection(lines)
    for number, name in enumerate(known.index[:NUMBERED], start=1):
        if len(mine := np.flatnonzero(owner[chosen] == name)):
            spot = legs[mine[len(mine) // 2]]
            x_mid, y_mid = projection([(spot[0] + spot[2]) / 2], [(spot[1] + spot[3]) / 2])
            ax.annotate(
                str(number), (x_mid[0], y_mid[0]), xytext=(4, 4), textcoords="offset points",
                fontsize=8, fontweight="bold", zorder=5,
            )  # fmt: skip
    ax.set_xlim(x.min(), x.max())
    ax.set_ylim(y.min(), y.max())
    ax.margins(0.03)
    ax.set_aspect("equal")
    ax.set_axis_off()
    bar = figure_of(ax).colorbar(
        ScalarMappable(norm, colours),
        cax=ax.inset_axes((0.01, 0.09, 0.32, 0.022)),
        orientation="horizontal",
        boundaries=np.linspace(norm.vmin or 0.0, norm.vmax or 1.0, 41),
        spacing="proportional",
        ticks=np.linspace(norm.vmin or 0.0, norm.vmax or 1.0, 3),
    )
    bar.ax.set_title(label, fontsize=8, fontweight="normal", pad=3)
    bar.ax.tick_params(labelsize=7.5, length=2)
    return ax


def _segments(projection: Projection, legs: np.ndarray) -> list[np.ndarray]:
    legs = np.asarray(legs, dtype=float).reshape(-1, 4)
    x1, y1 = projection(legs[:, 0], legs[:, 1])
    x2, y2 = projection(legs[:, 2], legs[:, 3])
    return list(np.stack([np.column_stack([x1, y1]), np.column_stack([x2, y2])], axis=1))
