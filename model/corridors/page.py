"""The report of a screening: ranking with a map, who gains, how sure, and packages.

Owns the question: what does a planner read about the corridors, in English or Chinese?

Public names
------------
``write_page``    one self-contained HTML page in one language; ``page_of`` as text
``words_of``      the words of a language
``LANGUAGES``     languages there are words for
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import xarray as xr

from model.corridors.drawing import plot_corridors
from model.corridors.packages import Package
from model.corridors.page_gains import write_gains, written
from model.corridors.reasons import REASONS
from model.report.markup import Column, join, paragraph, text
from model.report.quantities import money_scale
from model.report.section import Section
from model.report.strings import Strings
from model.report.svg import drawing_style, figure_of
from networks.network import Network

__all__ = ["LANGUAGES", "Story", "page_of", "words_of", "write_page"]

LANGUAGES = ("en", "zh")
SHOWN = 25


@dataclass(frozen=True, eq=False)
class Story:
    """What a page tells.

    Parameters
    ----------
    name
        Of the screening; of pairs of places when empty.
    data
        From `screen_corridors`.
    network
        On which the map is drawn.
    stability
        From `rank_stability`, when there were draws.
    package
        From `choose_package`, when there was a budget.
    interaction
        From `interactions`, when it was asked for.
    """

    name: str
    data: xr.Dataset
    network: Network
    stability: xr.Dataset | None = None
    package: Package | None = None
    interaction: xr.DataArray | None = None


def write_page(story: Story, path: str | Path, *, language: str = "en") -> Path:
    """Write the page of a screening and return the file.

    Raises
    ------
    FileNotFoundError
        There are no words for this language.
    """
    target = Path(path)
    target.write_text(page_of(story, words_of(language)), encoding="utf-8")
    return target


def page_of(story: Story, say: Strings) -> str:
    """Return the page as text, in the language of the words."""
    with drawing_style(), warnings.catch_warnings():
        # Text stays text in the page; the browser has the letters that the drawing font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        sections = _sections(story, say)
    name = story.name or say("page.pairs", mode=say.name("mode", story.data["mode"].values[0]))
    title = say("page.title", name=name)
    return "\n".join(
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
    )


def words_of(language: str) -> Strings:
    """Return the words of a language."""
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
        unit=say.name("unit", data.attrs["units"]),
        closure=say.name("closure", data.attrs["closure"]),
        prices=say.name("prices", data.attrs["prices"].replace(" ", "_")),
        channels=say("word.comma").join(
            say.name("channel", one) for one in data.attrs["channels"].split()
        ),
    )


@dataclass(frozen=True, eq=False)
class _Named:
    """Names of corridors and regions in the language of the page."""

    corridors: dict[str, str]
    regions: list[str]

    @classmethod
    def of(cls, data: xr.Dataset, language: str) -> _Named:
        chinese = language == "zh"
        keys = data["candidate"].values.astype(str)
        shown = data["name_zh" if chinese else "candidate"].values.astype(str)
        regions = data["region_zh" if chinese else "region"].values.astype(str)
        return cls(dict(zip(keys, shown, strict=True)), [str(one) for one in regions])


def _sections(story: Story, say: Strings) -> list[Section]:
    keys = ["ranking", "gains"]
    keys += ["sure"] if story.stability is not None else []
    keys += ["together"] if story.interaction is not None else []
    keys += ["package"] if story.package is not None else []
    numbers = {key: number for number, key in enumerate(keys, start=1)}
    made = {key: Section(key, numbers, say) for key in keys}
    named = _Named.of(story.data, say.language)
    _ranking(made["ranking"], story, named)
    write_gains(made["gains"], story.data, named.corridors, named.regions)
    if story.stability is not None:
        _sure(made["sure"], story.stability, named)
    if story.interaction is not None:
        _together(made["together"], story.interaction, named)
    if story.package is not None:
        _package(made["package"], story.package, story, named)
    return list(made.values())


def _ranking(section: Section, story: Story, named: _Named) -> None:
    say, data = section.say, story.data
    exact, first = data["exact"].values, data["first_order"].values
    unit, many = say.name("unit", data.attrs["units"]), data.sizes["candidate"]
    best = exact[0] if np.isfinite(exact[0]) else first[0]
    names = [named.corridors[str(v)] for v in data["candidate"].values]
    section.words(say("ranking.lead", name=names[0], value=written(best), unit=unit), "lead")
    both = np.isfinite(exact) & (exact != 0.0)
    if both.any():
        gap = 100.0 * float(np.abs(first[both] / exact[both] - 1.0).max())
        section.words(say("ranking.order", gap=f"{gap:.2g}"))
    section.words(say("ranking.beside"))
    axes = plot_corridors(data, story.network, label=f"{say('ranking.value')}, {unit}")
    section.figure(figure_of(axes), say("ranking.map"), say("ranking.map_alt"), kind="map")
    shown = data.isel(candidate=slice(0, SHOWN))
    users = shown["user_benefit"].sum("purpose", skipna=False).values
    yearly = say.name("unit", data["user_benefit"].attrs["units"])
    regions = say("column.regions")
    columns = [
        Column(
            say("column.name"),
            [f"{rank}  {name}" for rank, name in enumerate(names[:SHOWN], start=1)],
        ),
        Column(say("column.exact"), _floats(shown["exact"].values), unit),
        Column(say("column.first_order"), _floats(shown["first_order"].values), unit),
        Column(say("column.users"), _floats(users), yearly),
        Column(say("column.minutes"), _floats(60.0 * shown["minutes"].values), say("unit.s")),
        Column(say("column.km"), _floats(shown["km"].values), "km", places=0),
        Column(say("column.gainers"), _floats(shown["gainers"].values), regions, places=0),
        Column(say("column.losers"), _floats(shown["losers"].values), regions, places=0),
    ]
    if len(set(shown["mode"].values.astype(str))) > 1:
        modes = [say.name("mode", v) for v in shown["mode"].values]
        columns.insert(1, Column(say("column.mode"), modes))
    if np.isfinite(shown["build_cost"].values).any():
        cost, currency = _money(shown["build_cost"].values, data, say)
        columns.append(Column(say("column.cost"), _floats(cost), currency))
        columns.append(
            Column(say("column.return"), _floats(100.0 * shown["annual_return"].values), "%")
        )
    section.table(columns, say("ranking.caption", shown=shown.sizes["candidate"], count=many))
    _zeros(section, data, names)


def _zeros(section: Section, data: xr.Dataset, names: Sequence[str]) -> None:
    """Say of corridors that are worth exactly nothing, and of goods left out, why."""
    say, codes = section.say, {sentence: code for code, sentence in REASONS.items()}
    told: dict[str, list[str]] = {}
    for name, why in zip(names, data["zero_reason"].values.astype(str), strict=True):
        if why:
            told.setdefault(codes[why], []).append(name)
    lines = [
        say("ranking.zero", names=_some(found, say), why=say(f"reason.{code}"))
        for code, found in told.items()
    ]
    no_goods = data["reason"].sel(purpose="freight").values.astype(str) == REASONS["no_goods"]
    if no_goods.any():
        found = [name for name, flag in zip(names, no_goods, strict=True) if flag]
        lines.append(say("ranking.no_goods", names=_some(found, say)))
    section.bullets(lines)


def _some(names: Sequence[str], say: Strings, most: int = 5) -> str:
    """Return names as a list, the first of many only."""
    text = say("word.comma").join(names[:most])
    return text + (say("word.more", count=len(names) - most) if len(names) > most else "")


def _sure(section: Section, found: xr.Dataset, named: _Named) -> None:
    say = section.say
    interval = f"{100.0 * float(found.attrs['interval']):.0f}"
    drawn = say("word.comma").join(say.name("parameter", str(p)) for p in found["parameter"].values)
    section.words(
        say("sure.lead", draws=f"{found.attrs['draws']:,}", drawn=drawn, interval=interval), "lead"
    )
    units = say.name("unit", found["median"].attrs["units"])
    order = np.argsort(-found["median"].values * (1 if found.attrs["better"] == "more" else -1))
    names = [named.corridors[str(v)] for v in found["candidate"].values]
    moved = found["rank_correlation"].isel(candidate=int(order[0]))
    strongest = np.argsort(-np.abs(moved.values), kind="stable")[:3]
    drivers = say("word.comma").join(
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


def _together(section: Section, found: xr.DataArray, named: _Named) -> None:
    say = section.say
    names = [named.corridors[str(v)] for v in found["candidate"].values]
    unit = say.name("unit", found.attrs["units"])
    section.words(say("together.lead"), "lead")
    values = found.values
    pairs = [(values[a, b], a, b) for a in range(len(names)) for b in range(a)]
    for key, (value, a, b) in (("most", max(pairs)), ("least", min(pairs))):
        if (value > 0.0) == (key == "most") and value != 0.0:
            words = say(f"together.{key}", one=names[b], two=names[a], value=written(abs(value)))
            section.words(f"{words} {unit}")
    columns = [Column(say("column.name"), [f"{k + 1}  {name}" for k, name in enumerate(names)])]
    columns += [Column(str(k + 1), _floats(values[:, k]), signed=True) for k in range(len(names))]
    section.table(columns, say("together.caption", unit=unit))


def _package(section: Section, found: Package, story: Story, named: _Named) -> None:
    say = section.say
    unit = say.name("unit", story.data.attrs["units"])
    steps = found.steps
    costs = np.array([found.budget, found.cost, *steps["build_cost"]])
    costs, currency = _money(costs, story.data, say)
    section.words(
        say(
            "package.lead",
            budget=written(costs[0]),
            currency=currency,
            names=say("word.comma").join(named.corridors[name] for name in found.names),
            value=written(found.value),
            unit=unit,
            cost=written(costs[1]),
        ),
        "lead",
    )
    section.table(
        [
            Column(say("column.name"), [named.corridors[str(v)] for v in steps["candidate"]]),
            Column(say("column.cost"), _floats(costs[2:]), currency),
            Column(say("column.added"), _floats(steps["added"].to_numpy()), unit),
            Column(say("column.alone"), _floats(steps["alone"].to_numpy()), unit),
        ],
        say("package.caption"),
    )


def _money(values: np.ndarray, data: xr.Dataset, say: Strings) -> tuple[np.ndarray, str]:
    """Return build costs in the magnitude that reads best, with the unit."""
    scale = money_scale(
        values[np.isfinite(values)].tolist(), str(data["build_cost"].attrs["units"])
    )
    return values * scale.factor, say.name("unit", scale.unit)


def _floats(values: Sequence[float] | np.ndarray) -> list[float]:
    return [float(v) for v in values]
