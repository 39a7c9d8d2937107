"""The report of a screening: ranking with a map, who gains, how sure, and packages.

Owns the question: what does a planner read about the corridors, in English or Chinese?

Public names
------------
``write_page``    one self-contained HTML page in one language
``plot_corridors``    candidates on the map, coloured by value
``LANGUAGES``     languages there are words for
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from model.corridors.packages import Package
from model.report.markup import Column, join, paragraph, text
from model.report.projection import fit_projection
from model.report.section import Section
from model.report.strings import Strings
from model.report.svg import WIDTH, drawing_style, figure_of, new_axes
from networks.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LANGUAGES", "Story", "plot_corridors", "write_page"]

LANGUAGES = ("en", "zh")
SHOWN = 25
BEST = 3
REGIONS = 15
ENDS = ("lon_from", "lat_from", "lon_to", "lat_to")


@dataclass(frozen=True, eq=False)
class Story:
    """What a page tells.

    Parameters
    ----------
    name
        Of the screening.
    data
        From `screen_corridors`.
    network
        On which the map is drawn.
    stability
        From `rank_stability`, when there were draws.
    package
        From `choose_package`, when there was a budget.
    region_names
        Names of regions in the language of the page, where they differ from the labels.
    """

    name: str
    data: xr.Dataset
    network: Network
    stability: xr.Dataset | None = None
    package: Package | None = None
    region_names: dict[str, str] | None = None


def write_page(story: Story, path: str | Path, *, language: str = "en") -> Path:
    """Write the page of a screening and return the file.

    Raises
    ------
    FileNotFoundError
        There are no words for this language.
    """
    say = _words(language)
    target = Path(path)
    with drawing_style(), warnings.catch_warnings():
        # Text stays text in the page; the browser has the letters that the drawing font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        sections = _sections(story, say)
    title = say("page.title", name=story.name)
    target.write_text(
        "\n".join(
            [
                "<!DOCTYPE html>",
                f'<html lang="{text(say.language)}">',
                '<head><meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f"<title>{text(title)}</title>",
                f"<style>{_asset('page.css')}</style></head>",
                "<body><header>",
                f'<p class="eyebrow">{text(say("page.eyebrow"))}</p><h1>{text(title)}</h1>',
                paragraph(say("page.question"), "question"),
                paragraph(_facts(story, say), "small"),
                "</header><main>",
                join(section.html() for section in sections),
                "</main>",
                f"<footer>{paragraph(say('page.footer'), 'small')}</footer>",
                f"<script>{_asset('sort.js')}</script>",
                "</body></html>\n",
            ]
        ),
        encoding="utf-8",
    )
    return target


def _words(language: str) -> Strings:
    source = files("model.corridors") / f"words_{language}.toml"
    tree = tomllib.loads(source.read_text(encoding="utf-8"))
    flat = {f"{part}.{key}": str(v) for part, rows in tree.items() for key, v in rows.items()}
    return Strings(language, flat)


def _asset(name: str) -> str:
    return (files("model.report") / name).read_text(encoding="utf-8")


def _facts(story: Story, say: Strings) -> str:
    data = story.data
    return say(
        "page.facts",
        count=f"{data.sizes['candidate']:,}",
        solved=int(np.isfinite(data["exact"].values).sum()),
        table=data.attrs["table"],
        network=data.attrs["network"],
        objective=say.name("objective", data.attrs["objective"]),
        unit=data.attrs["units"],
        closure=data.attrs["closure"],
        prices=data.attrs["prices"],
    )


def _sections(story: Story, say: Strings) -> list[Section]:
    keys = ["ranking", "gains"]
    keys += ["sure"] if story.stability is not None else []
    keys += ["package"] if story.package is not None else []
    numbers = {key: number for number, key in enumerate(keys, start=1)}
    made = {key: Section(key, numbers, say) for key in keys}
    _ranking(made["ranking"], story)
    _gains(made["gains"], story)
    if story.stability is not None:
        _sure(made["sure"], story.stability)
    if story.package is not None:
        _package(made["package"], story.package, story)
    return list(made.values())


def _ranking(section: Section, story: Story) -> None:
    say, data = section.say, story.data
    exact, first = data["exact"].values, data["first_order"].values
    best = exact[0] if np.isfinite(exact[0]) else first[0]
    unit = str(data.attrs["units"])
    section.words(
        say("ranking.lead", name=data["candidate"].values[0], value=f"{best:,.0f}", unit=unit),
        "lead",
    )
    both = np.isfinite(exact) & (exact != 0.0)
    if both.any():
        gap = 100.0 * float(np.abs(first[both] / exact[both] - 1.0).max())
        section.words(say("ranking.order", gap=f"{gap:.2g}"))
    section.words(say("ranking.beside"))
    axes = plot_corridors(data, story.network, label=f"{say('ranking.value')}, {unit}")
    section.figure(figure_of(axes), say("ranking.map"), say("ranking.map_alt"), kind="map")
    shown = data.isel(candidate=slice(0, SHOWN))
    users = shown["user_benefit"].sum("purpose", skipna=False).values
    columns = [
        Column(say("column.rank"), [str(v) for v in shown["rank"].values]),
        Column(say("column.name"), [str(v) for v in shown["candidate"].values]),
        Column(say("column.mode"), [say.name("mode", v) for v in shown["mode"].values]),
        Column(say("column.exact"), _floats(shown["exact"].values), unit),
        Column(say("column.first_order"), _floats(shown["first_order"].values), unit),
        Column(say("column.users"), _floats(users), str(data["user_benefit"].attrs["units"])),
        Column(say("column.minutes"), _floats(shown["minutes"].values), "min", signed=True),
        Column(say("column.km"), _floats(shown["km"].values), "km", places=0),
        Column(say("column.gainers"), _floats(shown["gainers"].values), places=0),
        Column(say("column.losers"), _floats(shown["losers"].values), places=0),
    ]
    if np.isfinite(shown["build_cost"].values).any():
        currency = str(data["build_cost"].attrs["units"])
        columns.append(Column(say("column.cost"), _floats(shown["build_cost"].values), currency))
        columns.append(
            Column(say("column.return"), _floats(100.0 * shown["annual_return"].values), "%")
        )
    count = f"{data.sizes['candidate']:,}"
    section.table(columns, say("ranking.caption", shown=shown.sizes["candidate"], count=count))


def _gains(section: Section, story: Story) -> None:
    say, data = section.say, story.data
    section.words(say("gains.lead"))
    solved = [k for k in range(data.sizes["candidate"]) if np.isfinite(data["exact"].values[k])]
    names = story.region_names or {}
    regions = [names.get(str(r), str(r)) for r in data["region"].values]
    for k in solved[:BEST]:
        gain = data["region_gain"].values[k]
        name = str(data["candidate"].values[k])
        order = np.argsort(-np.abs(gain), kind="stable")[:REGIONS]
        section.part(name)
        lost = [regions[r] for r in np.argsort(gain) if gain[r] < -1e-9 * np.abs(gain).max()]
        if lost:
            words = ", ".join(lost[:8])
            section.words(say("gains.losers", name=name, count=len(lost), regions=words))
        else:
            section.words(say("gains.none", name=name))
        section.table(
            [
                Column(say("column.region"), [regions[r] for r in order]),
                Column(
                    say("column.gain"),
                    _floats(gain[order]),
                    str(data["region_gain"].attrs["units"]),
                    signed=True,
                ),
            ],
            say("gains.caption", name=name),
        )


def _sure(section: Section, found: xr.Dataset) -> None:
    say = section.say
    interval = f"{100.0 * float(found.attrs['interval']):.0f}"
    section.words(say("sure.lead", draws=f"{found.attrs['draws']:,}", interval=interval), "lead")
    units = str(found["median"].attrs["units"])
    order = np.argsort(-found["median"].values)
    names = found["candidate"].values.astype(str)
    moved = found["rank_correlation"].isel(candidate=int(order[0]))
    strongest = np.argsort(-np.abs(moved.values))[:3]
    drivers = ", ".join(
        f"{say.name('parameter', moved['parameter'].values[k])} ({moved.values[k]:+.2f})"
        for k in strongest
    )
    section.words(say("sure.drivers", name=names[order[0]], drivers=drivers))
    columns = [Column(say("column.name"), [names[k] for k in order])]
    for key in ("median", "low", "high"):
        columns.append(Column(say(f"column.{key}"), _floats(found[key].values[order]), units))
    first, top = (100.0 * found[f"probability_{key}"].values[order] for key in ("first", "top"))
    columns.append(Column(say("column.first"), _floats(first), "%", places=0))
    title = say("column.top", top=found.attrs["top"])
    columns.append(Column(title, _floats(top), "%", places=0))
    section.table(columns, say("sure.caption"))


def _package(section: Section, found: Package, story: Story) -> None:
    say = section.say
    unit = str(story.data.attrs["units"])
    currency = str(story.data["build_cost"].attrs["units"])
    section.words(
        say(
            "package.lead",
            budget=f"{found.budget:,.0f}",
            currency=currency,
            names=", ".join(found.names),
            value=f"{found.value:,.0f}",
            unit=unit,
            cost=f"{found.cost:,.0f}",
        ),
        "lead",
    )
    steps = found.steps
    section.table(
        [
            Column(say("column.name"), [str(v) for v in steps["candidate"]]),
            Column(say("column.cost"), _floats(steps["build_cost"].to_numpy()), currency),
            Column(say("column.added"), _floats(steps["added"].to_numpy()), unit),
            Column(say("column.alone"), _floats(steps["alone"].to_numpy()), unit),
        ],
        say("package.caption"),
    )


def _floats(values: Sequence[float] | np.ndarray) -> list[float]:
    return [float(v) for v in values]


def plot_corridors(
    data: xr.Dataset,
    network: Network,
    *,
    label: str = "",
    most: int = 100,
    ax: Axes | None = None,
) -> Axes:
    """Draw candidates on the map, darker and wider the more they are worth.

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
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Normalize

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
    colours = "viridis_r" if sign > 0 else "viridis"
    lines = LineCollection(
        _segments(projection, legs[order]),
        array=colour[order],
        cmap=colours,
        norm=norm,
        linewidths=0.7 + 2.3 * strength[order],
        zorder=3,
    )
    ax.add_collection(lines)
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


def _segments(projection: object, legs: np.ndarray) -> list[np.ndarray]:
    legs = np.asarray(legs, dtype=float).reshape(-1, 4)
    x1, y1 = projection(legs[:, 0], legs[:, 1])  # type: ignore[operator]  # a Projection
    x2, y2 = projection(legs[:, 2], legs[:, 3])  # type: ignore[operator]
    return list(np.stack([np.column_stack([x1, y1]), np.column_stack([x2, y2])], axis=1))
