"""The page on access: who is near, who is far, how unequal that is.

Owns the question "what does the report say about access?".

- `write_access`: fill the section.
- `access_change_table`, `disparity_table`: the before-and-after tables, which other pages use too.

Terms: mean travel time is shown in hours, the potential as an index (100 is the population-weighted
mean of the base year), the daily reach in million persons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from model.report.facts_access import (
    access_of,
    disparity_frame,
    group_means,
    has_access_change,
    place_frame,
    weighted_mean,
)
from model.report.figures_chart import plot_cumulative
from model.report.figures_map import drawing_order, plot_places, read_backdrop
from model.report.frames import floats
from model.report.markup import Column
from model.report.page_history import write_edit_gains, write_history
from model.report.quantities import short, write
from model.report.section import Section
from model.report.strings import Strings
from model.report.svg import figure_of

__all__ = [
    "access_change_table",
    "access_sentence",
    "disparity_table",
    "with_rails",
    "write_access",
]

MINUTES = "weighted_mean_minutes"
SHOWN = 10


def write_access(section: Section, data: xr.Dataset) -> None:
    """Fill the section; a result without access leaves it empty but for its introduction."""
    say = section.say
    section.words(say("access.intro"))
    if "access_base" not in data:
        return
    places = place_frame(data)
    measures = [str(m) for m in data["measure"].to_numpy()]
    if MINUTES in measures:
        hours = access_of(data, "access_base", MINUTES) / 60
        section.words(access_sentence(section, data), "lead")
        _add_map(section, data, places, hours, "map")
        section.part(say("access.rank_title"))
        best = [str(place) for place in hours.sort_values(kind="stable").dropna().index]
        section.tables(
            [
                (_rank_columns(section, data, places, best[:SHOWN]), say("access.best")),
                (
                    _rank_columns(section, data, places, best[::-1][:SHOWN]),
                    say("access.worst"),
                ),
            ]
        )
        _add_curve(section, data, places, hours)
    if "potential" in measures:
        potential = access_of(data, "access_base", "potential")
        index = 100 * potential / weighted_mean(potential, places["population"])
        _add_map(section, data, places, index, "potential")
    section.part(say("access.groups_title"))
    access_change_table(section, data, say("access.groups"), changed=False)
    if has_access_change(data) and MINUTES in measures and "corridor" in section.numbers:
        section.words(_change_sentence(section, data, places))
        write_edit_gains(section, data)
    if "disparity_base" in data:
        section.part(say("access.disparity_title"))
        section.words(say("access.disparity_intro"))
        section.bullets(_between_sentences(section, data))
        disparity_table(section, data, say("access.disparity"), changed=False)
    write_history(section, data)


def access_change_table(section: Section, data: xr.Dataset, caption: str, *, changed: bool) -> None:
    """Add mean access by macro-region, with the change when asked."""
    say = section.say
    places = place_frame(data)
    columns: list[Column] = []
    for measure in (str(m) for m in data["measure"].to_numpy()):
        base = access_of(data, "access_base", measure)
        factor, unit = _shown_in(section, base, places, measure)
        before = _with_total(base * factor, places)
        if not columns:
            names = [*before.index[:-1], say("word.all_cities")]
            columns.append(Column(say("word.macro_region"), names))
        title = say.name("measure", measure)
        columns.append(Column(title, floats(before), unit))
        if changed:
            after = _with_total(access_of(data, "access", measure) * factor, places)
            percent = 100 * (after / before - 1)
            columns.append(Column(say("word.change"), floats(percent), "%", 2, signed=True))
    section.table(columns, caption, last_is_total=True)


def disparity_table(section: Section, data: xr.Dataset, caption: str, *, changed: bool) -> None:
    """Add every index of disparity, with the change when asked."""
    say = section.say
    frame = disparity_frame(data)
    columns = [
        Column(say("word.disparity_of"), [say.name("subject", s) for s in frame["subject"]]),
        Column(say("word.index"), [say.name("index", s) for s in frame["index"]]),
        Column(say("word.part"), [say.name("disparity_part", s) for s in frame["disparity_part"]]),
        Column(say("word.base"), floats(frame["base"]), "", 4),
    ]
    if changed:
        percent = 100 * (frame["scenario"] / frame["base"] - 1)
        columns += [
            Column(say("word.scenario"), floats(frame["scenario"]), "", 4),
            Column(say("word.change"), floats(percent), "%", 2, signed=True),
        ]
    section.table(columns, caption)


def with_rails(caption: str, data: xr.Dataset, say: Strings) -> str:
    """Add to the caption of a map what its grey lines are, where it has them."""
    return say.sentences(caption, say("map.rails")) if "link_mode" in data else caption


def _change_sentence(section: Section, data: xr.Dataset, places: pd.DataFrame) -> str:
    before, after = (
        weighted_mean(access_of(data, name, MINUTES), places["population"])
        for name in ("access_base", "access")
    )
    percent = write(100 * (after / before - 1), 2, signed=True)
    return section.say("access.change_note", percent=percent, section=section.numbers["corridor"])


def _with_total(values: pd.Series, places: pd.DataFrame) -> pd.Series:
    means = group_means(values, places)
    means["*"] = weighted_mean(values, places["population"])
    return means


def _shown_in(
    section: Section, base: pd.Series, places: pd.DataFrame, measure: str
) -> tuple[float, str]:
    """Factor and unit a measure is shown in."""
    if measure == MINUTES:
        return 1 / 60, section.say("word.hours")
    if measure == "daily":
        return 1e-6, section.say("word.million_persons")
    return 100 / weighted_mean(base, places["population"]), section.say("word.index_100")


def access_sentence(section: Section, data: xr.Dataset) -> str:
    """Say how near people are to each other, and who is best and worst placed."""
    places = place_frame(data)
    hours = access_of(data, "access_base", MINUTES) / 60
    order = hours.dropna().sort_values(kind="stable")
    people = places.loc[order.index, "population"].cumsum()
    median = order.iloc[int(np.searchsorted(people.to_numpy(), people.iloc[-1] / 2))]
    unit = section.say("word.hours")
    return section.say(
        "access.sentence",
        mean=f"{short(weighted_mean(hours, places['population']))} {unit}",
        median=f"{short(float(median))} {unit}",
        best=places.loc[order.index[0], "name"],
        best_value=f"{short(float(order.iloc[0]))} {unit}",
        worst=places.loc[order.index[-1], "name"],
        worst_value=f"{short(float(order.iloc[-1]))} {unit}",
    )


def _add_map(
    section: Section, data: xr.Dataset, places: pd.DataFrame, values: pd.Series, key: str
) -> None:
    say = section.say
    ax = plot_places(
        places, values, label=say(f"access.{key}_label"), backdrop=read_backdrop(data), say=say
    )
    words = [
        say(
            f"access.{key}_title",
            name=places.loc[place, "name"],
            region=places.loc[place, "region"],
            value=short(float(values.get(place, np.nan))),
        )
        for place in drawing_order(places)
    ]
    section.figure(
        figure_of(ax),
        with_rails(say(f"access.{key}_caption"), data, say),
        say(f"access.{key}_alt"),
        kind="map",
        titles={"places": words},
    )


def _rank_columns(
    section: Section, data: xr.Dataset, places: pd.DataFrame, chosen: Sequence[str]
) -> list[Column]:
    say = section.say
    columns = [
        Column(say("word.city"), [str(places.loc[p, "name"]) for p in chosen]),
        Column(say("word.region"), [str(places.loc[p, "region"]) for p in chosen]),
    ]
    for measure in (str(m) for m in data["measure"].to_numpy()):
        values = access_of(data, "access_base", measure)
        factor, unit = _shown_in(section, values, places, measure)
        shown = [float(values[p]) * factor for p in chosen]
        columns.append(Column(say.name("measure", measure), shown, unit))
    return columns


def _add_curve(section: Section, data: xr.Dataset, places: pd.DataFrame, hours: pd.Series) -> None:
    say = section.say
    curves = {say("word.base"): hours}
    if has_access_change(data):
        curves[say("word.scenario")] = access_of(data, "access", MINUTES) / 60
    ax = plot_cumulative(
        curves,
        places["population"],
        label=say("access.curve_label"),
        weight_label=say("access.curve_weight"),
    )
    section.figure(figure_of(ax), say("access.curve_caption"), say("access.curve_alt"))


def _between_sentences(section: Section, data: xr.Dataset) -> list[str]:
    frame = disparity_frame(data)
    theil = frame[frame["index"] == "theil_t"].pivot_table(
        index="subject", columns="disparity_part", values="base", sort=False
    )
    if not {"between", "total"} <= set(theil.columns):
        return []
    share = 100 * theil["between"] / theil["total"]
    return [
        section.say(
            "access.disparity_between",
            share=write(float(value), 0),
            subject=section.say.name("subject", subject),
        )
        for subject, value in share.dropna().items()
    ]
