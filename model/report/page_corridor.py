"""The page on the corridor: how large the effect, how sure, who saves time, who gains.

Owns the question "what does the report say about a change of the network?".

- `write_corridor`: fill the section.
- `lead_sentence`: the effect with its range, which also opens the summary.

Terms: a *lever* is one parameter moved between its low and high value. Real consumption, value
added and output stand in columns of their own and are never added.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from model.report.facts_access import access_of, has_access_change, place_frame
from model.report.facts_corridor import (
    effects,
    levers,
    line_places,
    price_change,
    range_frame,
    range_of,
    share_shifts,
    times_along,
)
from model.report.figures_chart import plot_changes, plot_range
from model.report.figures_map import drawing_order, plot_places, read_backdrop
from model.report.frames import floats
from model.report.markup import Column
from model.report.page_access import MINUTES, access_change_table, disparity_table
from model.report.quantities import Scale, money_scale, short, spoken
from model.report.section import Section
from model.report.svg import figure_of, new_figure
from model.results import Result

__all__ = ["corridor_name", "lead_sentence", "money_units", "write_corridor"]

EFFECT = "real_consumption"
VARIABLES = ("real_consumption", "value_added", "output")
SHIFTS = 20
CITIES = 15
SECTORS = 20
PAIRS = 40


def corridor_name(result: Result) -> str:
    """Name what was changed: the edits' names, or the scenario's where there is none."""
    return ", ".join(edit.name for edit in result.scenario.edits) or result.scenario.name


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
    _add_line(section, data)
    sourcing = "channel" in data.coords and "sourcing" in data["channel"].to_numpy()
    if sourcing:
        _add_effects(section, result)
    if "trade_share" in data and "trade_share_base" in data:
        _add_shifts(section, data)
    if "channel" in data.coords:
        _add_channels(section, data)


def lead_sentence(section: Section, result: Result) -> str:
    """Give the effect on real consumption with its range, and what of it is assumed."""
    data, say = result.data, section.say
    name = corridor_name(result)
    if "corridor_range" not in data:
        return say("corridor.lead_missing", name=name)
    frame = range_frame(data)
    central, low, high = range_of(frame, EFFECT)
    scale = _scale_of(data, [central])
    sentence = say(
        "corridor.lead",
        name=name,
        unit=spoken(scale.unit),
        central=_amount(central, scale),
        low=_amount(low, scale),
        high=_amount(high, scale),
        rest=_assumed_sentence(section, frame),
    )
    alone = [
        say(
            "corridor.lead_part",
            lever=say.name("case", lever),
            unit=spoken(scale.unit),
            low=_amount(min(row["low"], row["high"]), scale),
            high=_amount(max(row["low"], row["high"]), scale),
        )
        for lever, row in levers(frame, EFFECT).iterrows()
        if lever != "all"
    ]
    return sentence + " " + say("corridor.lead_parts", parts="; ".join(alone))


def _assumed_sentence(section: Section, frame: pd.DataFrame) -> str:
    if "services_real_consumption" not in frame or range_of(frame, EFFECT)[0] == 0:
        return section.say("corridor.rest_unknown")
    services, both = range_of(frame, "services_real_consumption")[0], range_of(frame, EFFECT)[0]
    return section.say("corridor.rest_services", share=short(100 * services / both))


def _amount(value: float, scale: Scale) -> str:
    return short(value * scale.factor, signed=True)


def money_units(data: xr.Dataset) -> str:
    """Give the units of money in a result."""
    for name in ("real_consumption_base", "output_base", "ledger", "corridor_range"):
        if name in data:
            return str(data[name].attrs.get("units", "")).split(";")[0]
    return ""


def _scale_of(data: xr.Dataset, values: list[float]) -> Scale:
    return money_scale(values, money_units(data))


def _add_range(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("corridor.range_title"))
    frame = range_frame(data)
    money = [str(name) for name in frame if name != "mean_minutes"]
    scale = _scale_of(data, list(frame[money].to_numpy().ravel()))
    steps = levers(frame, EFFECT)
    steps.index = pd.Index([say.name("case", lever) for lever in steps.index])
    steps.columns = pd.Index([say("case.low"), say("case.high")])
    ax = plot_range(
        steps * scale.factor,
        range_of(frame, EFFECT)[0] * scale.factor,
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
    return f"{section.say.name('case', lever)}: {section.say.name('case', side)}"


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
            say("corridor.map_caption"),
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
        saved = frame["base"] - frame["scenario"]
        columns = [
            Column(say("corridor.times_from"), _names(places, frame["origin"])),
            Column(say("corridor.times_to"), _names(places, frame["destination"])),
            Column(say("word.base"), floats(frame["base"]), say("word.hours_minutes"), clock=True),
            Column(
                say("word.scenario"),
                floats(frame["scenario"]),
                say("word.hours_minutes"),
                clock=True,
            ),
            Column(say("corridor.saved"), floats(saved), say("word.minutes"), 0),
            Column(say("word.change"), floats(saved / frame["base"], -100), "%", 0),
        ]
        section.table(columns, say("corridor.times"))
    if strangers:
        section.words(say("corridor.not_places", names=", ".join(strangers)), "small")


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


def _add_effects(section: Section, result: Result) -> None:
    data, say = result.data, section.say
    section.part(say("corridor.effects_title"))
    section.words(say("corridor.four_columns"), "note")
    section.words(say("corridor.why_fall"), "note")
    section.words(say(f"corridor.closure_{result.scenario.closure.final_demand}"))
    by_region = effects(data, "region", "sourcing", VARIABLES)
    by_sector = effects(data, "sector", "sourcing", VARIABLES)
    if not by_region:
        return
    _add_bars(section, data, by_region, "region", None)
    _add_effect_table(section, data, by_region, "region")
    _add_bars(section, data, by_sector, "sector", SECTORS)
    _add_effect_table(section, data, by_sector, "sector")


def _ordered(frames: Mapping[str, pd.DataFrame]) -> pd.Index:
    first = next(iter(frames.values()))
    order: pd.Index = first.sort_values("change", ascending=False, kind="stable").index
    return order


def _add_bars(
    section: Section,
    data: xr.Dataset,
    frames: Mapping[str, pd.DataFrame],
    dim: str,
    limit: int | None,
) -> None:
    say = section.say
    order = _ordered(frames)
    if limit is not None and len(order) > limit:
        size = sum(f["change"].abs() / (f["change"].abs().max() or 1.0) for f in frames.values())
        largest = set(pd.Series(size).sort_values(ascending=False, kind="stable").index[:limit])
        order = order[[label in largest for label in order]]
    drawing = new_figure(0.8 + 0.165 * len(order))
    axes = drawing.subplots(1, len(frames), squeeze=False)[0]
    for i, ((name, frame), ax) in enumerate(zip(frames.items(), axes, strict=True)):
        change = frame.loc[order, "change"]
        scale = _scale_of(data, list(change))
        title = say(f"variable.{name}")
        label = say("corridor.change_label", variable=title, unit=scale.unit)
        plot_changes(change * scale.factor, ax=ax, label=label, names=i == 0)
    section.figure(drawing, say(f"corridor.{dim}_caption"), say(f"corridor.{dim}_alt"))


def _add_effect_table(
    section: Section, data: xr.Dataset, frames: Mapping[str, pd.DataFrame], dim: str
) -> None:
    say = section.say
    order = _ordered(frames)
    names = [*(str(label) for label in order), say("word.total")]
    columns = [Column(say(f"word.{dim}"), names)]
    for name, frame in frames.items():
        totals = frame[["base", "change"]].sum()
        scale = _scale_of(data, list(frame["change"]))
        changes = floats([*frame.loc[order, "change"], totals["change"]], scale.factor)
        whole = 100 * totals["change"] / totals["base"] if totals["base"] else np.nan
        percents = floats([*frame.loc[order, "percent"], whole])
        columns.append(Column(say(f"variable.{name}"), changes, scale.unit, signed=True))
        columns.append(Column(say("word.change"), percents, "%", signed=True))
    if "cost_saving" in data:
        other = "sector" if dim == "region" else "region"
        saved = data["cost_saving"].sum(other).to_series()[order]
        scale = _scale_of(data, list(saved))
        values = floats([*saved, saved.sum()], scale.factor)
        columns.append(Column(say("corridor.cost_saving"), values, scale.unit, signed=True))
    prices = price_change(data, dim)
    if prices is not None:
        values = floats([*prices[order], np.nan])
        columns.append(Column(say("corridor.price"), values, "%", signed=True))
    section.table(columns, say(f"corridor.{dim}_table"), last_is_total=True)


def _add_shifts(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("corridor.sourcing_title"))
    frame = share_shifts(data, SHIFTS)
    if frame.empty:
        section.words(say("corridor.no_shifts"))
        return
    scale = _scale_of(data, list(frame["moved"]))
    columns = [
        Column(say("corridor.product"), [str(v) for v in frame["sector"]]),
        Column(say("corridor.origin"), [str(v) for v in frame["region_from"]]),
        Column(say("corridor.use"), [str(v) for v in frame["region_to"]]),
        Column(say("corridor.share_base"), floats(frame["base"]), "%", 2),
        Column(say("corridor.share_new"), floats(frame["scenario"]), "%", 2),
        Column(
            say("corridor.shift"),
            floats(frame["points"]),
            say("word.points"),
            signed=True,
        ),
        Column(
            say("corridor.moved"),
            floats(frame["moved"], scale.factor),
            scale.unit,
            signed=True,
        ),
    ]
    section.table(columns, say("corridor.shifts"))


def _add_channels(section: Section, data: xr.Dataset) -> None:
    """Totals of every variable with one channel alone."""
    say = section.say
    channels = [str(c) for c in data["channel"].to_numpy()]
    variables = ("real_consumption", "final_demand", "value_added", "output")
    columns = [Column(say("corridor.channel"), [say.name("channel", c) for c in channels])]
    for name in variables:
        frames = [effects(data, "region", c, (name,)).get(name) for c in channels]
        totals = [float(f["change"].sum()) for f in frames if f is not None]
        if len(totals) == len(channels):
            scale = _scale_of(data, totals)
            shown = [value * scale.factor for value in totals]
            columns.append(Column(say(f"variable.{name}"), shown, scale.unit, signed=True))
    if len(columns) > 1:
        section.part(say("corridor.channels_title"))
        section.table(columns, say("corridor.channels"))
