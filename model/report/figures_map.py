"""Maps of places: a dot each, coloured by a value, sized by population, links behind.

Owns the question "where on the map is it large, where small?".

- `plot_places`: the map.
- `Backdrop`: what is drawn behind and over the dots: links of the network, legs of a new line.
- `read_backdrop`: the backdrop a result carries.
- `drawing_order`: the order in which `plot_places` draws its dots (large ones first).

Terms: *levels* are coloured from light (low) to dark (high); *changes* diverge from a light grey at
zero, blue below, orange above, and only the side that occurs is used. Both maps of colours are
readable by colour-blind people. Values beyond the second and ninety-eighth percentile take the end
colours, and the colour bar says so with a tip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.report.map_labels import Box, place_labels
from model.report.projection import Projection, fit_projection
from model.report.strings import Strings, read_strings
from model.report.svg import WIDTH, figure_of, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.colors import Colormap, Normalize

__all__ = ["Backdrop", "colour_limits", "drawing_order", "plot_places", "read_backdrop"]

LINK_STYLE = {"rail_conventional": ("#c3c9d1", 0.5), "rail_hsr": ("#8d97a3", 0.8)}  # colour, width
NEW_LINE = "#d55e00"
OWN = "#d55e00"
NAME_SIZE = 7.0
ALONE = 0.775  # width of axes that have their figure for themselves, before layout
STEPS = 40  # of the colour bar


@dataclass(frozen=True)
class Backdrop:
    """What a map shows besides its dots.

    Parameters
    ----------
    links
        Frame with mode, lon_from, lat_from, lon_to, lat_to; modes without a style are left out.
    legs
        Frame with lon_from, lat_from, lon_to, lat_to of a new line; drawn over the links.
    stops
        Names to be shown first, whatever the population.
    """

    links: pd.DataFrame | None = None
    legs: pd.DataFrame | None = None
    stops: Sequence[str] = field(default_factory=tuple)


ENDS = ("lon_from", "lat_from", "lon_to", "lat_to")


def read_backdrop(data: xr.Dataset, *, line: bool = False, stops: Sequence[str] = ()) -> Backdrop:
    """Take the backdrop from a result's dataset.

    Parameters
    ----------
    line
        Include the new line, when there is one.
    stops
        Names to be shown first.
    """
    links = legs = None
    if "link_mode" in data:
        links = pd.DataFrame({end: data[f"link_{end}"].to_numpy() for end in ENDS})
        links["mode"] = data["link_mode"].to_numpy().astype(str)
        links = _once(links)
    if line and "corridor_lon_from" in data:
        legs = pd.DataFrame({end: data[f"corridor_{end}"].to_numpy() for end in ENDS})
    return Backdrop(links, legs, tuple(stops))


def _once(links: pd.DataFrame) -> pd.DataFrame:
    """Keep one of the links of a mode between the same two ends, whatever the direction."""
    ends = links[list(ENDS)].round(3)
    turned = (ends["lon_from"] > ends["lon_to"]) | (
        (ends["lon_from"] == ends["lon_to"]) & (ends["lat_from"] > ends["lat_to"])
    )
    back = ends[["lon_to", "lat_to", "lon_from", "lat_from"]].set_axis(list(ENDS), axis=1)
    key = ends.mask(turned, back).assign(mode=links["mode"])
    return links[~key.duplicated()].reset_index(drop=True)


def drawing_order(places: pd.DataFrame) -> pd.Index:
    """Give the places in drawing order: the most populous first, so that no small dot hides."""
    order: pd.Index = places.sort_values("population", ascending=False, kind="stable").index
    return order


def colour_limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Give the second and ninety-eighth percentile of the values that are known."""
    known = values[np.isfinite(values)]
    if known.size == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(known, [2, 98]))
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def plot_places(
    places: pd.DataFrame,
    values: pd.Series,
    *,
    label: str,
    ax: Axes | None = None,
    kind: Literal["level", "change"] = "level",
    backdrop: Backdrop | None = None,
    own: pd.Series | None = None,
    limits: tuple[float, float] | None = None,
    named: int = 28,
    gid: str = "places",
    say: Strings | None = None,
) -> Axes:
    """Draw the places as dots: colour is the value, area the population.

    Parameters
    ----------
    places
        Index place; name, lon, lat (degrees), population (persons).
    values
        Value by place; places without one are drawn empty.
    label
        What the colours show, with the unit; empty leaves the colour bar out.
    kind
        ``"level"`` (sequential colours) or ``"change"`` (diverging, centred at zero).
    own
        True for places drawn orange instead of by value (the region the map is about).
    limits
        Values at the ends of the colours; default their second and ninety-eighth percentile.
    named
        How many places to name, if there is room.
    gid
        Identifier of the dots in the SVG, unique in its figure.
    say
        Words of the legend; default English.
    """
    words = say or read_strings()
    behind = backdrop or Backdrop()
    places = places.loc[drawing_order(places)]
    shown = values.reindex(places.index).to_numpy(dtype=np.float64)
    dark = np.zeros(len(places), dtype=bool)
    if own is not None:
        dark = own.reindex(places.index).to_numpy(dtype=bool)
    projection = fit_projection(places["lon"], places["lat"])
    x, y = projection(places["lon"], places["lat"])
    if ax is None:
        ax = new_axes(min(max(WIDTH * float(np.ptp(y) / np.ptp(x)), 4.0), 8.0))
    _draw_links(ax, projection, behind, words)
    area = _dot_areas(places["population"].to_numpy(dtype=np.float64), ax)
    low, high = limits or colour_limits(shown[~dark])
    norm, colours = _colours(kind, low, high)
    face = np.asarray(colours(norm(np.nan_to_num(shown, nan=low))))
    face[np.isnan(shown)] = (1.0, 1.0, 1.0, 1.0)
    face[dark] = _rgba(OWN)
    dots = ax.scatter(x, y, s=area, c=face, edgecolors="#5b626c", linewidths=0.3, zorder=3, gid=gid)
    _set_frame(ax, x, y)
    if label:
        _draw_colour_bar(ax, norm, colours, label, shown[~dark])
    _draw_names(ax, places, dots, behind.stops, named)
    return ax


def _rgba(colour: str) -> tuple[float, float, float, float]:
    from matplotlib.colors import to_rgba

    return to_rgba(colour)


def _dot_areas(population: NDArray[np.float64], ax: Axes) -> NDArray[np.float64]:
    """Areas in square points, in proportion to population above a smallest visible dot."""
    largest = float(np.nanmax(population)) if population.size else 1.0
    across = figure_of(ax).get_figwidth() / WIDTH * ax.get_position().width / ALONE
    unit = max(across**2, 0.35)  # small maps keep dots that can be seen
    return unit * (7.0 + 150.0 * np.nan_to_num(population) / (largest or 1.0))


def _colours(
    kind: Literal["level", "change"], low: float, high: float
) -> tuple[Normalize, Colormap]:
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    if kind == "level":
        return Normalize(low, high), colormaps["viridis_r"]
    reach = max(abs(low), abs(high)) or 1.0
    start, stop = (-reach if low < 0 else 0.0), (reach if high > 0 else 0.0)
    ends = ["#08519c", "#4292c6", "#a6cee3", "#f0f0ee", "#fdc086", "#e6781e", "#8c3a00"]
    full = LinearSegmentedColormap.from_list("change", ends)
    part = full(np.linspace(0.5 + start / reach / 2, 0.5 + stop / reach / 2, 256))
    return Normalize(start, stop), LinearSegmentedColormap.from_list("part", part)


def _draw_links(ax: Axes, projection: Projection, behind: Backdrop, words: Strings) -> None:
    if behind.links is not None:
        for mode, (colour, width) in LINK_STYLE.items():
            chosen = behind.links[behind.links["mode"] == mode]
            if len(chosen):
                x, y = _segments(projection, chosen)
                label = words.name("mode", mode)
                ax.plot(x, y, zorder=1, label=label, color=colour, linewidth=width)
    if behind.legs is not None and len(behind.legs):
        x, y = _segments(projection, behind.legs)
        ax.plot(x, y, color="white", linewidth=4.0, zorder=2)
        ax.plot(x, y, color=NEW_LINE, linewidth=2.0, zorder=2.1, label=words("map.new_line"))
        ax.plot(x, y, "o", color="white", mec=NEW_LINE, mew=0.9, markersize=3.2, zorder=2.2)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper left", borderaxespad=0.2, handlelength=1.6)


def _segments(
    projection: Projection, frame: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All segments as one path with gaps: one element of the SVG instead of thousands."""
    x1, y1 = projection(frame["lon_from"], frame["lat_from"])
    x2, y2 = projection(frame["lon_to"], frame["lat_to"])
    gap = np.full_like(x1, np.nan)
    return np.column_stack([x1, x2, gap]).ravel(), np.column_stack([y1, y2, gap]).ravel()


def _set_frame(ax: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    margin_x, margin_y = 0.03 * np.ptp(x), 0.04 * np.ptp(y)
    ax.set_xlim(x.min() - margin_x, x.max() + margin_x)
    ax.set_ylim(y.min() - margin_y, y.max() + margin_y)
    ax.set_aspect("equal")
    ax.set_axis_off()


def _draw_colour_bar(
    ax: Axes,
    norm: Normalize,
    colours: Colormap,
    label: str,
    values: NDArray[np.float64],
) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import MaxNLocator

    known = values[np.isfinite(values)]
    below = bool(known.size) and float(known.min()) < float(norm.vmin or 0.0) - 1e-12
    above = bool(known.size) and float(known.max()) > float(norm.vmax or 0.0) + 1e-12
    extend: Literal["neither", "both", "min", "max"] = (
        "both" if below and above else "min" if below else "max" if above else "neither"
    )
    bar = figure_of(ax).colorbar(
        ScalarMappable(norm, colours),
        cax=ax.inset_axes((0.01, 0.09, 0.32, 0.022)),
        orientation="horizontal",
        extend=extend,
        # Few enough steps to be drawn as shapes; more would become an embedded picture.
        boundaries=np.linspace(float(norm.vmin or 0.0), float(norm.vmax or 0.0), STEPS + 1),
        spacing="proportional",
        ticks=MaxNLocator(5),
    )
    if bar.solids is not None:
        bar.solids.set_edgecolor("face")  # no seams between the steps
    bar.outline.set_visible(False)
    bar.ax.set_title(label, fontsize=8, fontweight="normal", pad=3)
    bar.ax.tick_params(labelsize=7.5, length=2)


def _draw_names(
    ax: Axes, places: pd.DataFrame, dots: PathCollection, stops: Sequence[str], named: int
) -> None:
    if named == 0:
        return
    figure = figure_of(ax)
    figure.draw_without_rendering()  # settles where the axes lie
    points = 72.0 / figure.dpi
    offsets = np.asarray(dots.get_offsets(), dtype=np.float64)
    centres = ax.transData.transform(offsets) * points
    radius = np.sqrt(np.asarray(dots.get_sizes(), dtype=np.float64) / np.pi)
    first = {name: i for i, name in reversed(list(enumerate(places["name"])))}
    order = [first[name] for name in stops if name in first]
    order += [i for i in range(len(places)) if i not in set(order)]
    box = ax.get_window_extent()
    frame = (box.x0 * points, box.y0 * points, box.x1 * points, box.y1 * points)
    spots = place_labels(
        [str(places["name"].iloc[i]) for i in order],
        centres[order, 0],
        centres[order, 1],
        radius[order],
        font_size=NAME_SIZE,
        frame=frame,
        taken=_taken(frame),
        limit=named,
    )
    for spot in spots:
        i = order[spot.position]
        ax.annotate(
            str(places["name"].iloc[i]),
            (float(offsets[i, 0]), float(offsets[i, 1])),
            xytext=(spot.left - float(centres[i, 0]), spot.bottom - float(centres[i, 1])),
            textcoords="offset points",
            fontsize=NAME_SIZE,
            zorder=4,
        )


def _taken(frame: Box) -> list[Box]:
    """Where colour bar and legend stand."""
    left, bottom, right, top = frame
    width, height = right - left, top - bottom
    return [
        (left, bottom, left + 0.36 * width, bottom + 0.18 * height),
        (left, top - 0.12 * height, left + 0.22 * width, top),
    ]
