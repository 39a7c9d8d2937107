"""The part of the access page on the past: what rail, roads and flights changed, and for whom.

Owns the question "what does the report say about how access came to be what it is?".

- `write_history`: fill the rest of the section; nothing for a result without earlier years.
- `write_edit_gains`: who gains from the edits of the scenario, a fifth of the people at a time.

Terms: as in `model.report.facts_history`. Times are in hours, gains are positive where access is
better.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from model.report.facts_access import access_of, place_frame, weighted_mean
from model.report.facts_history import (
    FREE,
    by_group,
    causes_of,
    city_changes,
    disparity_by_year,
    has_history,
    levels_of,
    national,
    owed_of,
    quintiles,
    years_of,
)
from model.report.figures_chart import plot_cumulative
from model.report.figures_map import drawing_order, plot_places, read_backdrop
from model.report.frames import floats
from model.report.markup import Column
from model.report.quantities import short, write
from model.report.section import Section
from model.report.svg import figure_of, new_figure
from networks.change import gains_by_group, who_gains

__all__ = ["write_edit_gains", "write_history"]

MINUTES = "weighted_mean_minutes"
SURFACE = "rail and road"
ALL = "all modes"
SHOWN = 10
A_MINUTE = 1.0


def write_history(section: Section, data: xr.Dataset) -> None:
    """Fill the rest of the section where the result has earlier years."""
    if not has_history(data):
        return
    say = section.say
    years = years_of(data)
    section.part(say("history.title", first=years[0]))
    section.words(_lead(section, data), "lead")
    section.words(say("history.intro", first=years[0], last=years[-1]))
    section.words(_known_until(section, data), "note")
    _add_maps(section, data)
    _add_national(section, data)
    _add_curve(section, data)
    section.part(say("history.groups_title"))
    for grouping in ("macro_region", "clusters"):
        if (data["access_grouping"].to_numpy() == grouping).any():
            _add_groups(section, data, grouping)
    section.part(say("history.cities_title"))
    _add_cities(section, data)
    section.part(say("history.equity_title"))
    section.words(_who(section, data))
    _add_quintiles(section, data)
    _add_regions(section, data)
    _add_disparity(section, data)


def write_edit_gains(section: Section, data: xr.Dataset) -> None:
    """Add who gains from the edits, by quintile of people in order of their mean travel time."""
    say = section.say
    places = place_frame(data)
    before, after = (access_of(data, name, MINUTES) for name in ("access_base", "access"))
    saved = pd.DataFrame({"all": before - after})
    table = quintiles(before / 60, saved, places["population"])
    gain, stay, lose = who_gains(saved["all"], places["population"], threshold=A_MINUTE)
    section.words(
        say(
            "history.edit_who",
            gain=write(100 * gain, 1),
            stay=write(100 * stay, 1),
            lose=write(100 * lose, 1),
        )
    )
    columns = _quintile_heads(section, table)
    columns.append(Column(say("history.saved"), floats(table["all"]), say("word.minutes"), 2))
    columns.append(Column(say("history.share"), floats(100 * table["share"]), "%", 1))
    section.table(columns, say("history.edit_quintiles"))


def _hours(value: float) -> str:
    return write(value / 60, 2)


def _lead(section: Section, data: xr.Dataset) -> str:
    years = years_of(data)
    levels, owed = national(data, SURFACE, MINUTES)
    last = owed.sel(later_year=years[-1])

    def saved(cause: str, order: str) -> str:
        if cause not in causes_of(data, SURFACE):
            return _hours(0.0)
        return _hours(-float(last.sel(cause=cause, order=order)))

    mean = [section.say.noted(_hours(float(levels[year])), str(year)) for year in years]
    every, _ = national(data, ALL, MINUTES)
    return section.say(
        "history.lead",
        means=section.say.listed(mean),
        first=years[0],
        saved=_hours(float(levels[years[0]] - levels[years[-1]])),
        rail=saved("rail", FREE),
        rail_first=saved("rail", "first"),
        rail_last=saved("rail", "last"),
        roads=saved("roads", FREE),
        roads_first=saved("roads", "first"),
        roads_last=saved("roads", "last"),
        all_first=_hours(float(every[years[0]])),
        all_last=_hours(float(every[years[-1]])),
    )


def _known_until(section: Section, data: xr.Dataset) -> str:
    say = section.say
    known = data["cause_known_until"].to_series()
    listed = [
        say("history.known_one", cause=say.name("cause", cause), year=int(year))
        for cause, year in known.items()
    ]
    return say("history.known", causes=say.listed(listed, "semicolon"))


def _add_maps(section: Section, data: xr.Dataset) -> None:
    """Hours saved on the surface, a map a cause, each with a scale of its own."""
    say = section.say
    causes = causes_of(data, SURFACE)
    if not causes:
        return
    places = place_frame(data)
    saved = -owed_of(data, SURFACE, MINUTES)[causes] / 60
    drawing = new_figure(4.4 if len(causes) > 1 else 6.0)
    drawing.set_layout_engine("constrained", rect=(0.0, 0.0, 1.0, 0.96))  # room for the heads
    axes = drawing.subplots(1, len(causes), squeeze=False)[0]
    titles = {}
    backdrop = read_backdrop(data)
    for ax, cause in zip(axes, causes, strict=True):
        gid = f"history-{cause}"
        plot_places(
            places,
            saved[cause],
            ax=ax,
            label=say("history.map_label"),
            backdrop=backdrop,
            named=0,
            gid=gid,
            say=say,
        )
        ax.set_title(say("history.map_head", cause=say.name("cause", cause)))
        if ax is not axes[0] and ax.get_legend():
            ax.get_legend().remove()
        titles[gid] = [
            say(
                "history.map_title",
                name=places.loc[place, "name"],
                region=places.loc[place, "region"],
                value=short(float(saved.loc[place, cause])),
            )
            for place in drawing_order(places)
        ]
    years = years_of(data)
    section.figure(
        drawing,
        say("history.map_caption", first=years[0], last=years[-1]),
        say("history.map_alt"),
        kind="map",
        titles=titles,
    )


def _factor(data: xr.Dataset, travel: str, measure: str, say_unit: Section) -> tuple[float, str]:
    """Factor and unit a measure is shown in; the potential is 100 in the base year."""
    if measure == MINUTES:
        return 1 / 60, say_unit.say("word.hours")
    if measure == "daily":
        return 1e-6, say_unit.say("word.million_persons")
    levels, _ = national(data, travel, measure)
    return 100 / float(levels.iloc[-1]), say_unit.say("word.index_100")


def _add_national(section: Section, data: xr.Dataset) -> None:
    say = section.say
    years = years_of(data)
    causes = [str(cause) for cause in data["cause"].to_numpy()]
    for travel in (str(t) for t in data["travel"].to_numpy()):
        rows: list[dict[str, object]] = []
        for measure in (str(m) for m in data["measure"].to_numpy()):
            factor, unit = _factor(data, travel, measure, section)
            levels, owed = national(data, travel, measure)
            for year in years[1:]:
                at = owed.sel(later_year=year)
                row: dict[str, object] = {
                    "measure": say.noted(say.name("measure", measure), unit),
                    "until": str(year),
                    "first": float(levels[years[0]]) * factor,
                    "last": float(levels[year]) * factor,
                    "change": float(levels[year] - levels[years[0]]) * factor,
                }
                for cause in causes:
                    one = at.sel(cause=cause)
                    row[cause] = float(one.sel(order=FREE)) * factor
                    span = [float(one.sel(order=o)) * factor for o in ("first", "last")]
                    row[f"{cause}_span"] = "\u00a0/\u00a0".join(
                        write(v, 2, signed=True) for v in span
                    )
                rows.append(row)
        frame = pd.DataFrame(rows)
        caption = say("history.national", first=years[0], travel=say.name("travel", travel))
        section.table(_national_columns(section, frame, causes, years), caption)


def _national_columns(
    section: Section, frame: pd.DataFrame, causes: list[str], years: list[int]
) -> list[Column]:
    say = section.say
    columns = [
        Column(say("history.measure"), list(frame["measure"])),
        Column(say("history.until"), list(frame["until"])),
        Column(str(years[0]), floats(frame["first"]), "", 1),
        Column(say("history.then"), floats(frame["last"]), "", 1),
        Column(say("word.change"), floats(frame["change"]), "", 2, signed=True),
    ]
    for cause in causes:
        title = say.name("cause", cause)
        columns.append(Column(title, floats(frame[cause]), say("history.free"), 2, signed=True))
        if frame[cause].abs().max() > 0 and cause != "flights":
            columns.append(Column(title, list(frame[f"{cause}_span"]), say("history.span")))
    return columns


def _add_curve(section: Section, data: xr.Dataset) -> None:
    say = section.say
    places = place_frame(data)
    levels = levels_of(data, SURFACE, MINUTES) / 60
    ax = plot_cumulative(
        {str(year): levels[year] for year in years_of(data)},
        places["population"],
        label=say("history.curve_label"),
        weight_label=say("access.curve_weight"),
    )
    section.figure(figure_of(ax), say("history.curve_caption"), say("access.curve_alt"))


def _add_groups(section: Section, data: xr.Dataset, grouping: str) -> None:
    """Per-cent changes on the surface by group, each measure with its causes."""
    say = section.say
    causes = causes_of(data, SURFACE)
    columns: list[Column] = []
    for measure in (str(m) for m in data["measure"].to_numpy()):
        frame = by_group(data, SURFACE, measure, grouping)
        if not columns:
            names = [say.name("group", g) for g in frame.index]
            columns.append(Column(say(f"history.{grouping}"), names))
            first, last = years_of(data)[0], years_of(data)[-1]
            name = say.name("measure", measure)
            hours = say("word.hours")
            columns.append(Column(f"{name} {first}", floats(frame["first"], 1 / 60), hours, 1))
            columns.append(Column(f"{name} {last}", floats(frame["last"], 1 / 60), hours, 1))
        columns.append(
            Column(say.name("measure", measure), floats(frame["change"]), "%", 1, signed=True)
        )
        for cause in causes:
            title = say("history.of_it", cause=say.name("cause", cause))
            columns.append(Column(title, floats(frame[cause]), say("history.pp"), 1, signed=True))
    years = years_of(data)
    caption = say(f"history.{grouping}_table", first=years[0], last=years[-1])
    section.table(columns, caption)


def _add_cities(section: Section, data: xr.Dataset) -> None:
    say = section.say
    frame = city_changes(data, SURFACE, MINUTES).sort_values("change", kind="stable")
    most = [str(p) for p in frame.index[:SHOWN]]
    least = [str(p) for p in frame.index[::-1][:SHOWN]]
    section.tables(
        [
            (_city_columns(section, data, frame, most), say("history.most")),
            (_city_columns(section, data, frame, least), say("history.least")),
        ]
    )


def _city_columns(
    section: Section, data: xr.Dataset, frame: pd.DataFrame, chosen: Sequence[str]
) -> list[Column]:
    say = section.say
    names = data["place_name"].to_series()
    rows = frame.loc[list(chosen)] / 60
    hours = say("word.hours")
    columns = [
        Column(say("word.city"), [str(names[p]) for p in chosen]),
        Column(str(years_of(data)[0]), floats(rows["first"]), hours, 1),
        Column(str(years_of(data)[-1]), floats(rows["last"]), hours, 1),
    ]
    for cause in causes_of(data, SURFACE):
        title = say("history.of_it", cause=say.name("cause", cause))
        columns.append(Column(title, floats(rows[cause]), hours, 1, signed=True))
    return columns


def _who(section: Section, data: xr.Dataset) -> str:
    places = place_frame(data)
    people = places["population"]
    frame = city_changes(data, SURFACE, MINUTES)
    saved = -frame["change"] / 60
    half = saved[saved.sort_values(kind="stable").index]
    cumulated = people[half.index].cumsum() / people.sum()
    median = float(half.iloc[int(np.searchsorted(cumulated.to_numpy(), 0.5))])
    relative = -frame["change"] / frame["first"]
    below = float(people[relative < weighted_mean(relative, people) / 2].sum() / people.sum())
    lose = who_gains(saved * 60, people, threshold=A_MINUTE).lose
    return section.say(
        "history.who",
        first=years_of(data)[0],
        median=short(median),
        below=write(100 * below, 1),
        lose=write(100 * lose, 1),
    )


def _quintile_heads(section: Section, table: pd.DataFrame) -> list[Column]:
    say = section.say
    names = [
        say("history.fifth_first") if n == 1 else
        say("history.fifth_last") if n == len(table) else str(n)
        for n in table.index
    ]  # fmt: skip
    hours = say("word.hours")
    return [
        Column(say("history.fifth"), names),
        Column(say("history.from"), floats(table["before_from"]), hours, 1),
        Column(say("history.to"), floats(table["before_to"]), hours, 1),
    ]


def _add_quintiles(section: Section, data: xr.Dataset) -> None:
    say = section.say
    places = place_frame(data)
    frame = city_changes(data, SURFACE, MINUTES) / 60
    causes = causes_of(data, SURFACE)
    gains = -frame[["change", *causes]]
    gains["relative"] = -100 * frame["change"] / frame["first"]
    table = quintiles(frame["first"], gains, places["population"])
    columns = _quintile_heads(section, table)
    hours = say("word.hours")
    columns.append(Column(say("history.saved"), floats(table["change"]), hours, 1))
    columns.append(Column(say("history.saved"), floats(table["relative"]), "%", 1))
    for cause in causes:
        title = say("history.of_it", cause=say.name("cause", cause))
        columns.append(Column(title, floats(table[cause]), hours, 1))
    columns.append(Column(say("history.share"), floats(100 * table["share"]), "%", 1))
    section.table(columns, say("history.quintiles", first=years_of(data)[0]))


def _add_regions(section: Section, data: xr.Dataset) -> None:
    """Who gains and who does not, by region of the table."""
    say = section.say
    places = place_frame(data)
    levels = levels_of(data, SURFACE, MINUTES) / 60
    first, last = levels.iloc[:, 0], levels.iloc[:, -1]
    half = weighted_mean((first - last) / first, places["population"]) / 2
    table = gains_by_group(
        first, last, places["population"], places["region"], lower_is_better=True
    )
    behind = ((first - last) / first < half).groupby(places["region"])
    people = places["population"]
    slow = {
        str(name): 100 * float(people[low.index[low]].sum() / people[low.index].sum())
        for name, low in behind
    }
    table = table.sort_values("gain", ascending=False, kind="stable")
    hours = say("word.hours")
    columns = [
        Column(say("word.region"), [str(name) for name in table.index]),
        Column(str(levels.columns[0]), floats(table["before"]), hours, 1),
        Column(str(levels.columns[-1]), floats(table["after"]), hours, 1),
        Column(say("history.saved"), floats(table["gain"]), hours, 1),
        Column(say("history.saved"), floats(100 * table["relative"]), "%", 1),
        Column(say("history.share"), floats(100 * table["share_of_gain"]), "%", 1),
        Column(say("history.behind"), [slow[str(name)] for name in table.index], "%", 1),
    ]
    section.table(columns, say("history.regions", first=int(levels.columns[0])))


def _add_disparity(section: Section, data: xr.Dataset) -> None:
    say = section.say
    frame = disparity_by_year(data, SURFACE)
    years = years_of(data)
    columns = [
        Column(say("word.disparity_of"), [say.name("subject", s) for s in frame["measure"]]),
        Column(say("word.index"), [say.name("index", s) for s in frame["index"]]),
        Column(say("word.part"), [say.name("disparity_part", s) for s in frame["disparity_part"]]),
    ]
    columns += [Column(str(year), floats(frame[year]), "", 4) for year in years]
    for cause in causes_of(data, SURFACE):
        title = say("history.of_it", cause=say.name("cause", cause))
        columns.append(Column(title, floats(frame[cause]), "", 4, signed=True))
    section.table(columns, say("history.disparity", first=years[0], last=years[-1]))
