"""The page on growth poles: how much stays, who receives, through which sectors, what leaves.

Owns the question "what does the report say about the spillovers of growth poles?".

- `write_poles`: fill the section.

Terms: the *reading* of a stimulus is its ``at``: demand for what the pole makes, or spending by the
pole's residents. Figures by cluster and ring are computed between places, or *allocated* by city
GDP; the page says which.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from model.report.facts_access import place_frame
from model.report.facts_poles import (
    PARTS,
    agreement,
    by_group,
    exchange,
    leakage_shares,
    ledger_summary,
    own_regions,
    spillover_by,
    total_by_region,
)
from model.report.figures_chart import plot_heat, plot_parts
from model.report.figures_map import (
    colour_limits,
    drawing_order,
    plot_places,
    read_backdrop,
)
from model.report.frames import floats
from model.report.markup import Column
from model.report.page_access import with_rails
from model.report.quantities import decimals, money_scale, plain, short, spoken
from model.report.section import Section
from model.report.svg import figure_of, new_figure
from model.scenario import Scenario, Stimulus

__all__ = ["reading_of", "write_poles"]

RECEIVERS = 8
HEAT_ROWS = 45
SECTORS = 15
AGREES = 0.1  # computed and allocated clusters that differ less tell the same
CLUSTERS = 15


def write_poles(section: Section, data: xr.Dataset, scenario: Scenario) -> None:
    """Fill the section from a result with a ledger."""
    say = section.say
    stimuli = {s.name: s for s in scenario.stimuli}
    poles = [str(pole) for pole in data["pole"].to_numpy()]
    readings = [reading_of(section, stimuli[p], data) for p in poles if p in stimuli]
    section.words(say("poles.reading"))
    section.bullets(readings)
    section.words(say("poles.reading_note"), "note")
    _add_parts(section, data)
    _add_where(section, data)
    _add_sectors(section, data)
    blocks = {"allocated_ring", "allocated_cluster", "computed_ring", "computed_cluster"}
    if blocks & set(data.data_vars):
        _add_space(section, data)
    if "leakage" in data:
        _add_leakage(section, data)


def reading_of(section: Section, stimulus: Stimulus, data: xr.Dataset) -> str:
    """Say what a stimulus is: how much, of what, made there or bought there."""
    say = section.say
    units = str(data["stimulus"].attrs.get("units", ""))
    amount = float(data["stimulus"].sel(pole=stimulus.name))
    scale = money_scale([amount], units)
    if stimulus.share_of_final_demand is not None:
        origin = say("poles.reading_share", share=plain(100 * stimulus.share_of_final_demand))
    else:
        origin = say("poles.reading_amount")
    if isinstance(stimulus.sectors, str):
        sectors = say("poles.reading_mix")
    else:
        shares = stimulus.sectors.items()
        sectors = say.listed(
            f"{name} {say('word.per_cent', value=plain(100 * share))}" for name, share in shares
        )
    return say(
        "poles.reading_one",
        pole=stimulus.name,
        amount=f"{short(amount * scale.factor)} {spoken(scale.unit)}",
        origin=origin,
        at=say(f"at.{stimulus.at}"),
        sectors=sectors,
    )


def _accounts(data: xr.Dataset) -> list[str]:
    return [str(account) for account in data["account"].to_numpy()]


def _add_parts(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("poles.parts_title"))
    section.words(say("poles.parts_intro"))
    accounts = _accounts(data)
    summaries = {account: ledger_summary(data, account) for account in accounts}
    rows = next(iter(summaries.values()))
    drawing = new_figure(0.7 + len(accounts) * (0.75 + 0.34 * len(rows)))
    axes = drawing.subplots(len(accounts), 1, squeeze=False)[:, 0]
    for account, ax in zip(accounts, axes, strict=True):
        frame = summaries[account]
        shares = frame[list(PARTS)].div(frame["total"], axis=0)
        shares.columns = pd.Index([say(f"part.{part}") for part in PARTS])
        spread = None
        if frame["spillover_share_low"].notna().any():
            spread = (frame["spillover_share_low"], frame["spillover_share_high"])
        label = say("poles.parts_label", account=say.name("account", account))
        plot_parts(shares, ax=ax, label=label, low_high=spread)
        if ax is not axes[0]:
            ax.get_legend().remove()
    caption = say(
        "poles.parts_caption",
        output=say.name("account", accounts[0]),
        value_added=say.name("account", accounts[-1]),
    )
    section.figure(drawing, caption, say("poles.parts_alt"))
    for account in reversed(accounts):
        name = say.name("account", account)
        columns = _summary_columns(section, data, summaries[account])
        section.table(columns, say("poles.parts_table", account=name))


def _summary_columns(section: Section, data: xr.Dataset, frame: pd.DataFrame) -> list[Column]:
    say = section.say
    money = frame[["stimulus", *PARTS, "total"]]
    scale = money_scale(money.to_numpy().ravel(), str(data["ledger"].attrs.get("units", "")))
    titles = {"stimulus": say("poles.stimulus"), "total": say("word.total")}
    titles |= {part: say(f"part.{part}") for part in PARTS}
    columns = [Column(say("word.pole"), [str(p) for p in frame.index])]
    # One number of decimals for all columns of money: the smallest number keeps a figure.
    smallest = float(np.nanmin(money.where(money > 0).to_numpy(dtype=np.float64))) * scale.factor
    places = min(decimals([smallest], figures=1), 2)
    for name in money:
        values = floats(money[name], scale.factor)
        columns.append(Column(titles[str(name)], values, scale.unit, places))
    share = floats(frame["spillover_share"], 100)
    columns.append(Column(say("poles.spillover_share"), share, "%", 1))
    if frame["spillover_share_low"].notna().any():
        for side in ("low", "high"):
            values = floats(frame[f"spillover_share_{side}"], 100)
            columns.append(Column(say(f"poles.{side}"), values, "%", 1))
    return columns


def _per_thousand(frame: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    return 1000 * frame / data["stimulus"].to_series().reindex(frame.columns)


def _add_where(section: Section, data: xr.Dataset) -> None:
    say = section.say
    account = _accounts(data)[-1]
    section.part(say("poles.where_title"))
    own = own_regions(data)
    spill = spillover_by(data, "region", account)
    matrix = _per_thousand(spill, data)
    order = matrix.sum(axis=1).sort_values(ascending=False, kind="stable").index
    order = order[:HEAT_ROWS]
    ax = plot_heat(matrix.loc[order], label=say("poles.heat_label"), own=own)
    figure = figure_of(ax)
    shown = {"shown": str(len(order)), "count": str(len(matrix))}
    section.figure(figure, say("poles.heat_caption", **shown), say("poles.heat_alt"))
    relative = None
    if f"{account}_base" in data:
        base = data[f"{account}_base"].sum("sector").to_series()
        relative = 1000 * spill.div(base, axis=0)
        if "place_name" in data:
            _add_maps(section, data, relative, own)
    section.tables(
        (_receiver_columns(section, data, spill[pole], relative), say("poles.receivers", pole=pole))
        for pole in spill.columns
    )
    _add_macro(section, data, account)
    _add_exchange(section, data, account)


def _receiver_columns(
    section: Section, data: xr.Dataset, spill: pd.Series, relative: pd.DataFrame | None
) -> list[Column]:
    say = section.say
    largest = spill.sort_values(ascending=False, kind="stable").index[:RECEIVERS]
    scale = money_scale(spill, str(data["ledger"].attrs.get("units", "")))
    columns = [
        Column(say("word.region"), [str(region) for region in largest]),
        Column(say("poles.amount"), floats(spill[largest], scale.factor), scale.unit),
    ]
    if relative is not None:
        of_own = floats(relative[spill.name][largest])
        columns.append(Column(say("poles.of_own"), of_own, say("poles.per_mille")))
    return columns


def _add_maps(
    section: Section, data: xr.Dataset, relative: pd.DataFrame, own: pd.DataFrame
) -> None:
    """One small map a pole, all in one scale; every city carries its region's figure."""
    say = section.say
    places = place_frame(data)
    poles = list(relative.columns)
    limits = colour_limits(relative.mask(own).to_numpy().ravel())
    across = 2 if len(poles) > 1 else 1
    down = -(-len(poles) // across)
    drawing = new_figure(3.9 * down if across > 1 else 6.0)
    axes = drawing.subplots(down, across, squeeze=False).ravel()
    titles = {}
    backdrop = read_backdrop(data)
    for i, ax in enumerate(axes):
        if i >= len(poles):
            ax.set_axis_off()
            continue
        values = places["region"].map(relative[poles[i]])
        plot_places(
            places,
            values,
            ax=ax,
            label="" if i else say("poles.maps_label"),
            backdrop=backdrop,
            own=places["region"].map(own[poles[i]]),
            limits=(0.0, limits[1]),
            named=0,
            gid=f"places-{i}",
            say=say,
        )
        ax.set_title(str(poles[i]))
        if i and ax.get_legend():
            ax.get_legend().remove()
        titles[f"places-{i}"] = [
            say(
                "poles.maps_title",
                name=places.loc[place, "name"],
                region=places.loc[place, "region"],
                value=short(float(values[place])),
            )
            for place in drawing_order(places)
        ]
    section.figure(
        drawing,
        with_rails(say("poles.maps_caption"), data, say),
        say("poles.maps_alt"),
        kind="map",
        titles=titles,
    )


def _add_macro(section: Section, data: xr.Dataset, account: str) -> None:
    say = section.say
    if "macro_region" not in data:
        return
    total = total_by_region(data, account)
    groups = data["macro_region"].to_series()
    grouped = total.groupby(groups.reindex(total.index), sort=False).sum()
    share = 100 * grouped / total.sum()
    columns = [Column(say("word.macro_region"), [str(name) for name in share.index])]
    columns += [Column(str(pole), floats(share[pole]), "%", 1) for pole in share]
    section.table(columns, say("poles.macro"))


def _add_exchange(section: Section, data: xr.Dataset, account: str) -> None:
    say = section.say
    frame = exchange(data, account)
    if len(frame) < 2:
        return
    scale = money_scale(frame.to_numpy().ravel(), str(data["ledger"].attrs.get("units", "")))
    columns = [Column(say("word.pole"), [str(pole) for pole in frame.index])]
    for receiver in frame:
        title = say("word.elsewhere") if receiver == "elsewhere" else str(receiver)
        values = floats(frame[receiver], scale.factor)
        columns.append(Column(title, values, scale.unit))
    section.table(columns, say("poles.exchange"))


def _add_sectors(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("poles.sectors_title"))
    matrix = _per_thousand(spillover_by(data, "sector", _accounts(data)[-1]), data)
    order = matrix.sum(axis=1).sort_values(ascending=False, kind="stable").index[:SECTORS]
    ax = plot_heat(matrix.loc[order], label=say("poles.heat_label"))
    figure = figure_of(ax)
    section.figure(figure, say("poles.sectors_caption"), say("poles.sectors_alt"))


def _add_space(section: Section, data: xr.Dataset) -> None:
    say = section.say
    account = _accounts(data)[-1]
    computed = "computed_cluster" in data and "computed_ring" in data
    kind = "computed" if computed else "allocated"
    section.part(say(f"poles.{kind}_title"))
    section.words(say(f"poles.{kind}_intro"), "note")
    if f"{kind}_ring" in data:
        shares = by_group(data, f"{kind}_ring", account)
        shares.columns = pd.Index([say.name("ring", ring) for ring in shares.columns])
        ax = plot_parts(shares, label=say("poles.rings_label"), ordered=True)
        section.figure(figure_of(ax), say(f"poles.{kind}_rings"), say("poles.rings_alt"))
    if f"{kind}_cluster" not in data:
        return
    shares = by_group(data, f"{kind}_cluster", account)
    order = shares.sum().sort_values(ascending=False, kind="stable").index[:CLUSTERS]
    columns = [Column(say("poles.cluster"), [say.name("group", name) for name in order])]
    columns += [
        Column(str(pole), floats(shares.loc[pole, order], 100), "%", 1) for pole in shares.index
    ]
    if computed and "allocated_cluster" in data:
        columns.append(_beside_allocation(section, data, account, [str(name) for name in order]))
    section.table(columns, say(f"poles.{kind}_clusters"))


def _beside_allocation(
    section: Section, data: xr.Dataset, account: str, order: list[str]
) -> Column:
    """Say of each cluster whether plain weights would have told the same."""
    say = section.say
    ratio, correlation = agreement(data, account)
    near = (ratio["low"] >= 1 - AGREES) & (ratio["high"] <= 1 + AGREES)
    section.words(
        say(
            "poles.agreement",
            correlation=f"{correlation:.4f}",
            near=str(int(near.sum())),
            count=str(len(near)),
            percent=plain(100 * AGREES),
        )
    )
    low, high = 100 * (ratio["low"] - 1), 100 * (ratio["high"] - 1)
    words = [
        say("poles.same")
        if near[name]
        else say(
            "poles.apart",
            low=short(float(low[name]), signed=True),
            high=short(float(high[name]), signed=True),
        )
        for name in order
    ]
    return Column(say("poles.beside"), words)


def _add_leakage(section: Section, data: xr.Dataset) -> None:
    say = section.say
    section.part(say("poles.leakage_title"))
    share = 100 * leakage_shares(data)
    columns = [Column(say("word.pole"), [str(pole) for pole in share.index])]
    columns += [Column(say.name("kind", kind), floats(share[kind]), "%", 1) for kind in share]
    columns.append(Column(say("word.total"), floats(share.sum(axis=1)), "%", 1))
    section.table(columns, say("poles.leakage"))
    if "leakage_range" not in data:
        return
    spread = (100 * data["leakage_range"] / data["stimulus"]).round(9)
    frame = spread.transpose("pole", "variant", "kind").to_dataframe("share").reset_index()
    table = frame.pivot_table(
        index=["pole", "variant"], columns="kind", values="share", sort=False
    ).reset_index()
    columns = [
        Column(say("word.pole"), [str(pole) for pole in table["pole"]]),
        Column(say("poles.variant"), [say.name("case", v) for v in table["variant"]]),
    ]
    kinds = [str(kind) for kind in data["kind"].to_numpy()]
    columns += [Column(say.name("kind", kind), floats(table[kind]), "%", 1) for kind in kinds]
    section.table(columns, say("poles.leakage_range"))
