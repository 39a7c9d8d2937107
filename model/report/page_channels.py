"""The page on channels: each a column of its own, who gains and who loses, flows on links.

Owns the question "what does the report say about the channels beside demand and sourcing?".

- `write_channels`: fill the section.

Terms: *spread* and *backwash* as in `model.channels.spread`; nothing here is added over channels.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr

from model.report.facts_channels import (
    balance,
    busiest,
    by_mode,
    by_region,
    disparity_of,
    groups_of,
)
from model.report.figures_chart import plot_changes
from model.report.frames import floats
from model.report.markup import Column
from model.report.page_gains import scale_of
from model.report.section import Section
from model.report.svg import new_figure
from model.results import Result

__all__ = ["write_channels"]

LEVELS = ("real_consumption", "value_added", "output")
LOSSES = ("real_consumption", "value_added")
BARS = 20
LINKS = 12
SCALES = {"volume": 1e-6, "volume_km": 1e-9}
DRIVERS = ("demand", "sourcing")


def write_channels(section: Section, result: Result) -> None:
    """Fill the section from a result with channels beside demand and sourcing."""
    data, say = result.data, section.say
    section.words(say("channels.intro"), "lead")
    channels = [str(one) for one in data["channel"].to_numpy()]
    section.bullets(say(f"channels.about_{one}") for one in channels)
    _balances(section, data)
    _bars(section, data, [one for one in channels if one not in DRIVERS])
    _regions(section, data)
    _groups(section, data)
    _disparity(section, data)
    if "travel_by_mode" in data:
        _travel(section, data)


def _balances(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("channels.balance_title"))
    section.words(say("channels.reading"), "note")
    contraction = data["contraction"].to_series() if "contraction" in data else None
    for level in LEVELS:
        frame = balance(data, level)
        scale = scale_of(data, list(frame[["effect", "spread", "backwash"]].to_numpy().ravel()))
        columns = [Column(say("corridor.channel"), [say.name("channel", c) for c in frame.index])]
        columns += [
            Column(
                say(f"channels.{name}"), floats(frame[name], scale.factor), scale.unit, signed=True
            )
            for name in ("effect", "spread", "backwash")
        ]
        columns.append(Column(say("channels.losers"), floats(frame["losers"]), places=0))
        if level == LEVELS[0] and contraction is not None:
            rates = floats(contraction.reindex(frame.index))
            columns.append(Column(say("channels.contraction"), rates, places=3))
        section.table(columns, say("channels.balance", variable=say(f"variable.{level}")))


def _bars(section: Section, data: xr.Dataset, channels: list[str]) -> None:
    """Draw the change by region, one panel a channel that does something.

    Of value added where any channel moves it, else of real consumption.
    """
    say = section.say
    for level in ("value_added", "real_consumption"):
        frame = by_region(data, level)[channels]
        moving = [name for name in channels if bool((frame[name].fillna(0.0) != 0.0).any())]
        if moving:
            break
    else:
        return
    size = frame[moving].abs().sum(axis=1).sort_values(ascending=False, kind="stable")
    shown = frame.loc[size.index[:BARS]].sort_values(moving[-1], kind="stable", ascending=False)
    figure = new_figure(0.9 + 0.21 * len(shown))
    for position, name in enumerate(moving):
        ax = figure.add_subplot(1, len(moving), position + 1)
        scale = scale_of(data, list(shown[name]))
        plot_changes(
            shown[name] * scale.factor,
            label=f"{say.name('channel', name)},\n{scale.unit}",
            ax=ax,
            names=position == 0,
        )
    section.figure(
        figure,
        say(
            "channels.bars_caption",
            variable=say(f"variable.{level}"),
            channel=say.name("channel", moving[-1]),
        ),
        say("channels.bars_alt", variable=say(f"variable.{level}")),
    )


def _regions(section: Section, data: xr.Dataset) -> None:
    """Table the regions that lose most through any channel."""
    for level in LOSSES:
        _losers(section, data, level)


def _losers(section: Section, data: xr.Dataset, level: str) -> None:
    say = section.say
    frame = by_region(data, level)
    worst = frame.min(axis=1).sort_values(kind="stable")
    losing = frame.loc[worst.index[worst < 0.0][:BARS]].dropna(axis=1, how="all")
    variable = say(f"variable.{level}")
    if losing.empty:
        section.words(say("channels.nobody", variable=variable))
        return
    scale = scale_of(data, list(losing.to_numpy().ravel()))
    columns = [Column(say("word.region"), [str(one) for one in losing.index])]
    columns += [
        Column(
            say.name("channel", name), floats(losing[name], scale.factor), scale.unit, signed=True
        )
        for name in losing
    ]
    section.table(columns, say("channels.losing", variable=variable))


def _groups(section: Section, data: xr.Dataset) -> None:
    say = section.say
    for group in ("ring", "cluster"):
        found = groups_of(data, group, "value_added")
        if found is None:
            continue
        frame, computed = found
        scale = scale_of(data, list(frame.to_numpy().ravel()))
        kind = "line_ring" if group == "ring" else "group"
        names = [say.name(kind, one) for one in frame.index]
        columns = [Column(say(f"channels.{group}"), names)]
        columns += [
            Column(
                say.name("channel", name),
                floats(frame[name], scale.factor),
                scale.unit,
                signed=True,
            )
            for name in frame
        ]
        how = say("channels.computed" if computed else "channels.allocated")
        section.table(columns, say(f"channels.{group}_table", how=how))


def _disparity(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("channels.disparity_title"))
    for per_head in ("real_consumption", "value_added"):
        frame = disparity_of(data, per_head)
        change = frame - frame.iloc[0]
        columns = [
            Column(
                say("channels.state"),
                [say.name("channel", one) for one in frame.index],
            ),
            Column(say("channels.theil"), floats(frame["total"]), places=5),
        ]
        for part in ("total", "between", "within", "gini"):
            columns.append(
                Column(say(f"channels.change_{part}"), floats(change[part], 1e6), "×10⁻⁶", 1, True)
            )
        variable = say(f"variable.{per_head}").lower()
        section.table(columns, say("channels.disparity", variable=variable))


def _travel(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("channels.travel_title"))
    section.words(say("channels.travel_intro"))
    for purpose in ("passenger", "freight"):
        frame = by_mode(data, purpose)
        money = scale_of(data, list(frame[["charges", "value"]].to_numpy().ravel()))
        columns = [Column(say("channels.mode"), [say.name("mode", m) for m in frame.index])]
        for name in ("volume", "volume_km", "charges", "value"):
            factor = SCALES.get(name, money.factor)
            unit = say(f"channels.unit_{purpose}_{name}") if name in SCALES else money.unit
            columns.append(Column(say(f"channels.{name}"), floats(frame[name], factor), unit))
            change = floats(frame[f"{name}_change"], factor)
            columns.append(Column(say("word.change"), change, unit, signed=True))
        section.table(columns, say(f"channels.{purpose}_table"))
    for purpose in ("passenger", "freight"):
        frame = busiest(data, purpose, LINKS)
        if len(frame):
            _links(section, frame, purpose)


def _links(section: Section, frame: pd.DataFrame, purpose: str) -> None:
    say = section.say
    unit = say(f"channels.unit_{purpose}_volume")
    section.table(
        [
            Column(say("channels.from"), [str(one) for one in frame["from"]]),
            Column(say("channels.to"), [str(one) for one in frame["to"]]),
            Column(say("channels.mode"), [say.name("mode", one) for one in frame["mode"]]),
            Column(say("word.base"), floats(frame["base"], SCALES["volume"]), unit),
            Column(
                say("word.change"), floats(frame["change"], SCALES["volume"]), unit, signed=True
            ),
        ],
        say(f"channels.{purpose}_links"),
    )
