"""The page on the corridor: how large the effect, how sure, who saves time, who gains.

Owns the question "what does the report say about a change of the network?".

- `write_corridor`: fill the section.
- `lead_sentence`: the effect with its range, which also opens the summary.

Terms: a *lever* is one parameter moved between its low and high value.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr

from model.report.facts_access import access_of, has_access_change, place_frame
from model.report.facts_corridor import (
    levers,
    line_places,
    pair_counts,
    range_frame,
    range_of,
    times_along,
)
from model.report.figures_chart import plot_range
from model.report.figures_map import drawing_order, plot_places, read_backdrop
from model.report.frames import floats
from model.report.markup import Column
from model.report.page_access import MINUTES, access_change_table, disparity_table, with_rails
from model.report.page_gains import amount_in, scale_of, write_gains
from model.report.quantities import short, spoken
from model.report.section import Section
from model.report.strings import Strings
from model.report.svg import figure_of
from model.results import Result

__all__ = ["corridor_name", "lead_sentence", "pairs_sentence", "write_corridor"]

EFFECT = "real_consumption"
CITIES = 15
PAIRS = 40


def corridor_name(result: Result, say: Strings) -> str:
    """Name what was changed: the edits' names, or the scenario's where there is none."""
    return say.listed(edit.name for edit in result.scenario.edits) or result.scenario.name


def write_corridor(section: Section, result: Result) -> None:
    """Fill the section from a result with a changed network."""
    data, say = result.data, section.say
    section.words(lead_sentence(section, result), "lead")
    if "corridor_range" in data:
        _add_range(section, data)
    if result.report.zero_effects:
        section.part(say("corridor.zero_title"))
        section.bullets(result.report.zero_effects)
    section.part(say("corridor.line_title"))
    section.words(pairs_sentence(section, data))
    _add_line(section, data)
    write_gains(section, result)


def lead_sentence(section: Section, result: Result) -> str:
    """Give the effect on real consumption with its range, and what of it is assumed."""
    data, say = result.data, section.say
    name = corridor_name(result, say)
    if "corridor_range" not in data:
        return say("corridor.lead_missing", name=name)
    frame = range_frame(data)
    central, low, high = range_of(frame, EFFECT)
    scale = scale_of(data, [central])
    sentence = say(
        "corridor.lead",
        name=name,
        unit=spoken(scale.unit),
        central=amount_in(central, scale),
        low=amount_in(low, scale),
        high=amount_in(high, scale),
        rest=_assumed_sentence(section, frame),
    )
    alone = [
        say(
            "corridor.lead_part",
            lever=say.name("case", lever),
            unit=spoken(scale.unit),
            low=amount_in(min(row["low"], row["high"]), scale),
            high=amount_in(max(row["low"], row["high"]), scale),
        )
        for lever, row in levers(frame, EFFECT).iterrows()
        if lever != "all"
    ]
    parts = say("corridor.lead_parts", parts=say.listed(alone, "semicolon"))
    return say.sentences(sentence, parts)


def pairs_sentence(section: Section, data: xr.Dataset) -> str:
    """Say how many pairs of cities become faster, and how many cheaper; empty if not known."""
    if not {"minutes", "minutes_base", "cost", "cost_base"} <= set(data.data_vars):
        return ""
    counts = pair_counts(data, str(data["purpose"].to_numpy()[0]))
    return section.say(
        "corridor.pairs",
        pairs=f"{counts['pairs']:,}",
        faster=f"{counts['faster']:,}",
        faster_share=short(100 * counts["faster"] / counts["pairs"]),
        cheaper=f"{counts['cheaper']:,}",
        cheaper_share=short(100 * counts["cheaper"] / counts["pairs"]),
    )


def _assumed_sentence(section: Section, frame: pd.DataFrame) -> str:
    if "services_real_consumption" not in frame or range_of(frame, EFFECT)[0] == 0:
        return section.say("corridor.rest_unknown")
    services, both = range_of(frame, "services_real_consumption")[0], range_of(frame, EFFECT)[0]
    return section.say("corridor.rest_services", share=short(100 * services / both))


def _add_range(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("corridor.range_title"))
    frame = range_frame(data)
    money = [str(name) for name in frame if name != "mean_minutes"]
    centre = range_of(frame, EFFECT)[0]
    scale = scale_of(data, [centre] if centre else list(frame[money].to_numpy().ravel()))
    steps = levers(frame, EFFECT)
    steps.index = pd.Index([say.name("case", lever) for lever in steps.index])
    steps.columns = pd.Index([say("case.low"), say("case.high")])
    ax = plot_range(
        steps * scale.factor,
        centre * scale.factor,
        label=say("corridor.range_label", unit=scale.unit),
    )
    figure = figure_of(ax)
    section.figure(figure, say("corridor.range_caption"), say("corridor.range_alt"))
    columns = [Column(say("corridor.case"), [_case(section, case) for case in frame.index])]
    for name in frame:
        factor, unit = (scale.factor, scale.unit)
        if name == "mean_minutes":
            factor, unit = 1.0, say("word.minutes")
        values = floats(frame[name], factor)
        columns.append(Column(say.name("effect", name), values, unit, signed=True))
    section.table(columns, say("corridor.range_table"))


def _case(section: Section, case: object) -> str:
    lever, _, side = str(case).rpartition(" ")
    if not lever:
        return section.say.name("case", case)
    return section.say.headed(section.say.name("case", lever), section.say.name("case", side))


def _add_line(section: Section, data: xr.Dataset) -> None:
    say = section.say
    stops, strangers = line_places(data)
    if has_access_change(data) and MINUTES in data["measure"].to_numpy():
        places = place_frame(data)
        before = access_of(data, "access_base", MINUTES)
        change = access_of(data, "access", MINUTES) - before
        names = [str(places.loc[stop, "name"]) for stop in stops]
        ax = plot_places(
            places,
            change,
            kind="change",
            label=say("corridor.map_label"),
            backdrop=read_backdrop(data, line=True, stops=names),
            say=say,
        )
        words = [
            say(
                "corridor.map_title",
                name=places.loc[place, "name"],
                region=places.loc[place, "region"],
                value=short(float(change[place]), signed=True),
            )
            for place in drawing_order(places)
        ]
        figure = figure_of(ax)
        section.figure(
            figure,
            with_rails(say("corridor.map_caption"), data, say),
            say("corridor.map_alt"),
            kind="map",
            titles={"places": words},
        )
        _add_times(section, data, places, stops, strangers)
        _add_changed(section, places, before, change)
        access_change_table(section, data, say("corridor.access_table"), changed=True)
    if "disparity" in data and "disparity_base" in data:
        disparity_table(section, data, say("corridor.disparity"), changed=True)


def _add_times(
    section: Section,
    data: xr.Dataset,
    places: pd.DataFrame,
    stops: list[str],
    strangers: list[str],
) -> None:
    say = section.say
    if len(stops) > 1 and "minutes" in data and "minutes_base" in data:
        purpose = str(data["purpose"].to_numpy()[0])
        frame = times_along(data, stops, purpose)
        if len(frame) > PAIRS:  # a long line: the neighbours and the pairs with its first stop
            position = {stop: i for i, stop in enumerate(stops)}
            apart = frame["destination"].map(position) - frame["origin"].map(position)
            frame = frame[(apart == 1) | (frame["origin"] == stops[0])]
        columns = [
            Column(say("corridor.times_from"), _names(places, frame["origin"])),
            Column(say("corridor.times_to"), _names(places, frame["destination"])),
        ]
        ways = [("", say("corridor.fastest"))]
        if "rail_base" in frame:
            ways.insert(0, ("rail_", say("corridor.by_rail")))
        for prefix, way in ways:
            base, new = frame[f"{prefix}base"], frame[f"{prefix}scenario"]
            clock = say("word.hours_minutes")
            columns += [
                Column(say.headed(way, say("word.base")), floats(base), clock, form="clock"),
                Column(say.headed(way, say("word.scenario")), floats(new), clock, form="clock"),
                Column(
                    say.headed(way, say("corridor.saved")),
                    floats(base - new),
                    say("word.minutes"),
                    0,
                ),
            ]
        section.table(columns, say("corridor.times"))
    if strangers:
        section.words(say("corridor.not_places", names=say.listed(strangers)), "small")


def _names(places: pd.DataFrame, codes: pd.Series) -> list[str]:
    return [str(places.loc[code, "name"]) for code in codes]


def _add_changed(
    section: Section, places: pd.DataFrame, before: pd.Series, change: pd.Series
) -> None:
    say = section.say
    largest = change.dropna().abs().sort_values(ascending=False, kind="stable").index[:CITIES]
    columns = [
        Column(say("word.city"), [str(places.loc[p, "name"]) for p in largest]),
        Column(say("word.region"), [str(places.loc[p, "region"]) for p in largest]),
        Column(say("word.base"), [float(before[p]) / 60 for p in largest], say("word.hours")),
        Column(
            say("word.change"),
            [float(change[p]) for p in largest],
            say("word.minutes"),
            signed=True,
        ),
        Column(say("word.change"), [100 * float(change[p] / before[p]) for p in largest], "%", 1),
    ]
    section.table(columns, say("corridor.changed_table"))
