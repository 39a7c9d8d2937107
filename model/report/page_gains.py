"""The part of the corridor page on gains: prices, consumption, work, and who buys from whom.

Owns the question "what does the report say about who gains in money from a change of the network?".

- `write_gains`: fill the rest of the corridor's section.

Terms: real consumption, value added, output and input costs saved stand in columns of their own and
are never added; a *channel* acts alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from model.report.facts_corridor import effects, price_change, share_shifts
from model.report.figures_chart import plot_changes
from model.report.frames import floats
from model.report.markup import Column
from model.report.quantities import Scale, money_scale, share_scale, short, spoken
from model.report.section import Section
from model.report.svg import new_figure
from model.results import Result

__all__ = ["VARIABLES", "amount_in", "money_units", "scale_of", "write_gains"]

VARIABLES = ("real_consumption", "value_added", "output")
SHIFTS = 20
SECTORS = 20
REGIONS = 45  # of more, figures and tables show those that change most


def write_gains(section: Section, result: Result) -> None:
    """Fill the rest of the section with what the result holds of the sourcing channel."""
    data = result.data
    if "channel" in data.coords and "sourcing" in data["channel"].to_numpy():
        _add_effects(section, result)
    if "trade_share" in data and "trade_share_base" in data:
        _add_shifts(section, data)
    if "channel" in data.coords:
        _add_channels(section, data)


def money_units(data: xr.Dataset) -> str:
    """Give the units of money in a result."""
    for name in ("real_consumption_base", "output_base", "ledger", "corridor_range"):
        if name in data:
            return str(data[name].attrs.get("units", "")).split(";")[0]
    return ""


def scale_of(data: xr.Dataset, values: Sequence[float]) -> Scale:
    """Choose the unit in which some amounts of a result are shown."""
    return money_scale(values, money_units(data))


def amount_in(value: float, scale: Scale) -> str:
    """Write a change of money in a unit chosen before; the unit is left to the sentence."""
    return short(value * scale.factor, signed=True)


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
    _add_bars(section, data, by_region, "region", REGIONS)
    _add_effect_table(section, data, by_region, "region")
    _add_bars(section, data, by_sector, "sector", SECTORS)
    _add_effect_table(section, data, by_sector, "sector")


def _ordered(frames: Mapping[str, pd.DataFrame]) -> pd.Index:
    first = next(iter(frames.values()))
    order: pd.Index = first.sort_values("change", ascending=False, kind="stable").index
    return order


def _changed_most(frames: Mapping[str, pd.DataFrame], limit: int) -> pd.Index:
    """Return the `limit` labels that change most, all variables counted alike, in order."""
    order = _ordered(frames)
    if len(order) <= limit:
        return order
    size = sum(f["change"].abs() / (f["change"].abs().max() or 1.0) for f in frames.values())
    largest = set(pd.Series(size).sort_values(ascending=False, kind="stable").index[:limit])
    return order[[label in largest for label in order]]


def _add_bars(
    section: Section,
    data: xr.Dataset,
    frames: Mapping[str, pd.DataFrame],
    dim: str,
    limit: int,
) -> None:
    say = section.say
    order = _changed_most(frames, limit)
    drawing = new_figure(1.0 + 0.165 * len(order))
    axes = drawing.subplots(1, len(frames), squeeze=False)[0]
    for i, ((name, frame), ax) in enumerate(zip(frames.items(), axes, strict=True)):
        change = frame.loc[order, "change"]
        scale = scale_of(data, list(change))
        label = say("corridor.change_label", unit=scale.unit)
        plot_changes(change * scale.factor, ax=ax, label=label, names=i == 0)
        ax.set_title(say(f"variable.{name}"))
    shown = {"shown": str(len(order)), "count": str(len(_ordered(frames)))}
    section.figure(drawing, say(f"corridor.{dim}_caption", **shown), say(f"corridor.{dim}_alt"))


def _add_effect_table(
    section: Section, data: xr.Dataset, frames: Mapping[str, pd.DataFrame], dim: str
) -> None:
    say = section.say
    order = _changed_most(frames, REGIONS)
    names = [*(str(label) for label in order), say("word.total")]
    columns = [Column(say(f"word.{dim}"), names)]
    for name, frame in frames.items():
        totals = frame[["base", "change"]].sum()
        scale = scale_of(data, list(frame["change"]))
        changes = floats([*frame.loc[order, "change"], totals["change"]], scale.factor)
        whole = 100 * totals["change"] / totals["base"] if totals["base"] else np.nan
        percents = [*frame.loc[order, "percent"], whole]
        columns.append(Column(say(f"variable.{name}"), changes, scale.unit, signed=True))
        columns.append(_relative(section, say("word.change"), percents))
    if "cost_saving" in data:
        other = "sector" if dim == "region" else "region"
        saved = data["cost_saving"].sum(other).to_series()[order]
        scale = scale_of(data, list(saved))
        whole_saved = float(data["cost_saving"].sum())
        values = floats([*saved, whole_saved], scale.factor)
        columns.append(Column(say("corridor.cost_saving"), values, scale.unit, signed=True))
    prices = price_change(data, dim)
    if prices is not None:
        columns.append(_relative(section, say("corridor.price"), [*prices[order], np.nan]))
    shown = {"shown": str(len(order)), "count": str(len(_ordered(frames)))}
    section.table(columns, say(f"corridor.{dim}_table", **shown), last_is_total=True)


def _relative(section: Section, title: str, percents: Sequence[float]) -> Column:
    """Give a column of changes in per cent, or in parts per million where they are tiny."""
    factor, unit = share_scale(value / 100 for value in percents)
    shown = floats(percents, factor / 100)
    return Column(title, shown, section.say(f"word.{unit}"), signed=True)


def _add_shifts(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("corridor.sourcing_title"))
    frame = share_shifts(data, SHIFTS)
    if frame.empty:
        section.words(say("corridor.no_shifts"))
        return
    scale = scale_of(data, list(frame["moved"]))
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
    """Totals of every variable with one channel alone, each in a unit of its own."""
    say = section.say
    channels = [str(c) for c in data["channel"].to_numpy()]
    columns = [Column(say("corridor.channel"), [say.name("channel", c) for c in channels])]
    for name in ("real_consumption", "final_demand", "value_added", "output"):
        frames = [effects(data, "region", c, (name,)).get(name) for c in channels]
        totals = [_whole(frame) for frame in frames if frame is not None]
        if len(totals) == len(channels):
            cells = [_with_unit(value, data) for value in totals]
            columns.append(Column(say(f"variable.{name}"), cells))
    if len(columns) > 1:
        section.part(say("corridor.channels_title"))
        section.table(columns, say("corridor.channels"))


def _whole(frame: pd.DataFrame) -> float:
    """Add up changes; what rounding leaves of gains and losses that cancel is nothing."""
    total = float(frame["change"].sum(skipna=False))
    return 0.0 if abs(total) <= 1e-12 * float(frame["base"].abs().sum()) else total


def _with_unit(value: float, data: xr.Dataset) -> str:
    scale = scale_of(data, [value])
    unit = f" {spoken(scale.unit)}" if np.isfinite(value) and value != 0 else ""
    return amount_in(value, scale) + unit
