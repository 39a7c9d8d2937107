"""The summary: the answer in sentences, every number of which is computed from the result.

Owns the question "what is the answer, in a minute of reading?".

- `write_summary`: fill the section.

Terms: to *gain* from a pole is to get value added from its stimulus; to gain from a corridor is to
have more real consumption, or to need less time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from model.report.facts_access import (
    access_of,
    disparity_frame,
    has_access_change,
    place_frame,
    weighted_mean,
)
from model.report.facts_channels import by_region, has_channels
from model.report.facts_corridor import effects, has_corridor, levers, range_frame, range_of
from model.report.facts_poles import ledger_summary, own_regions, spillover_by
from model.report.page_access import MINUTES, access_sentence
from model.report.page_corridor import lead_sentence, pairs_sentence
from model.report.page_gains import VARIABLES, money_units
from model.report.quantities import money_scale, short, spoken, write
from model.report.section import Section
from model.results import Result

__all__ = ["write_summary"]

NAMED = 3
DRIVERS = ("demand", "sourcing")
STRONG = -10.0  # minutes


def write_summary(section: Section, result: Result) -> None:
    """Fill the section from whatever the result holds."""
    data, say = result.data, section.say
    poles, corridor = "ledger" in data, has_corridor(data)
    section.tiles(_tiles(section, data))
    if not poles and not corridor:
        section.words(say("summary.nothing"), "lead")
        if "access_base" in data and MINUTES in data["measure"].to_numpy():
            section.words(access_sentence(section, data))
    if poles:
        section.part(say("summary.poles_title"))
        section.words(say("summary.poles_intro"))
        section.bullets(_pole_sentences(section, result))
        for sentence in _pole_comparison(section, data):
            section.words(sentence)
    if corridor:
        section.part(say("summary.corridor_title"))
        section.words(lead_sentence(section, result), "lead")
        section.words(say("summary.corridor_intro"))
        section.bullets([*_corridor_sentences(section, data), *result.report.zero_effects])
        if channels := _channel_sentences(section, data):
            section.words(say("summary.channels", section=section.numbers["channels"]))
            section.bullets(channels)
    section.part(say("summary.sure_title"))
    section.bullets(_certainty(section, result))


def _account(data: xr.Dataset) -> str:
    return str(data["account"].to_numpy()[-1])


def _listed(section: Section, words: Sequence[str]) -> str:
    if not words:
        return section.say("word.none")
    if len(words) == 1:
        return words[0]
    return section.say("word.and", first=section.say.listed(words[:-1]), last=words[-1])


def _money(value: float, data: xr.Dataset, *, signed: bool = False) -> str:
    if value == 0:
        return short(value)
    scale = money_scale([value], money_units(data))
    return f"{short(value * scale.factor, signed=signed)} {spoken(scale.unit)}"


def _tiles(section: Section, data: xr.Dataset) -> list[tuple[str, str]]:
    say = section.say
    tiles = []
    if "ledger" in data:
        summary = ledger_summary(data, _account(data))
        for pole, share in summary["spillover_share"].items():
            rounded = say("word.per_cent", value=f"{100 * float(share):.0f}")
            tiles.append((rounded, say("summary.tile_pole", pole=pole)))
    if "corridor_range" in data:
        central, low, high = range_of(range_frame(data), "real_consumption")
        scale = money_scale([central], money_units(data))
        spread = say("word.range", low=short(low * scale.factor), high=short(high * scale.factor))
        what = say.noted(say("summary.tile_consumption"), spread)
        tiles.append((f"{short(central * scale.factor, signed=True)} {spoken(scale.unit)}", what))
    if has_access_change(data) and MINUTES in data["measure"].to_numpy():
        base, new, _change = _mean_minutes(data)
        percent = say("word.per_cent", value=write(100 * (new / base - 1), 2))
        tiles.append((percent, say("summary.tile_minutes")))
    if not tiles and "access_base" in data:
        tiles = _base_tiles(section, data)
    return tiles


def _base_tiles(section: Section, data: xr.Dataset) -> list[tuple[str, str]]:
    say = section.say
    tiles = []
    if "daily" in data["measure"].to_numpy():
        reached = float(access_of(data, "access_base", "daily").median()) / 1e6
        unit = say("word.million_persons")
        tiles.append((f"{short(reached)} {unit}", say("summary.tile_daily")))
    if "disparity_base" in data:
        frame = disparity_frame(data)
        rows = frame[(frame["subject"] == MINUTES) & (frame["index"] == "theil_t")]
        parts = rows.set_index("disparity_part")["base"]
        if {"total", "between"} <= set(parts.index):
            between = write(100 * float(parts["between"] / parts["total"]), 0)
            words = say("summary.tile_theil", between=between)
            tiles.append((short(float(parts["total"])), words))
    return tiles


def _pole_sentences(section: Section, result: Result) -> list[str]:
    data, say = result.data, section.say
    account = _account(data)
    summary = ledger_summary(data, account)
    by_region = spillover_by(data, "region", account)
    by_sector = spillover_by(data, "sector", account)
    own = own_regions(data)
    readings = {s.name: s.at for s in result.scenario.stimuli}
    sentences = []
    for pole, row in summary.iterrows():
        outside = by_region[pole][~own[pole]].sort_values(ascending=False, kind="stable")
        relative = outside
        if f"{account}_base" in data:
            base = data[f"{account}_base"].sum("sector").to_series()
            relative = (outside / base[outside.index]).sort_values(ascending=False, kind="stable")
        sectors = by_sector[pole].sort_values(ascending=False, kind="stable").index[:NAMED]
        spread = ""
        if np.isfinite(row["spillover_share_low"]):
            low, high = row["spillover_share_low"], row["spillover_share_high"]
            spread = say("summary.spread", low=write(100 * low, 1), high=write(100 * high, 1))
        receivers = [
            say.noted(str(name), _money(float(outside[name]), data))
            for name in outside.index[:NAMED]
        ]
        sentences.append(
            say(
                "summary.pole",
                pole=pole,
                amount=_money(float(row["stimulus"]), data),
                at=say(f"at.{readings.get(str(pole), 'origin')}"),
                total=_money(float(row["total"]), data),
                share=write(100 * row["spillover_share"], 1),
                spread=spread,
                receivers=_listed(section, receivers),
                sectors=_listed(section, [str(name) for name in sectors]),
                strongest=relative.index[0] if len(relative) else say("word.none"),
                weakest=relative.index[-1] if len(relative) else say("word.none"),
            )
        )
    return sentences


def _pole_comparison(section: Section, data: xr.Dataset) -> list[str]:
    say = section.say
    summary = ledger_summary(data, _account(data))
    share = 100 * summary["spillover_share"]
    feedback = 100 * float((summary["feedback"] / summary["total"]).max())
    compared = []
    if len(share) > 1:
        compared.append(
            say(
                "summary.compare",
                open=share.idxmax(),
                open_share=write(float(share.max()), 1),
                closed=share.idxmin(),
                closed_share=write(float(share.min()), 1),
                feedback=short(feedback, 2),
            )
        )
    return [*compared, say("summary.no_loser")]


def _mean_minutes(data: xr.Dataset) -> tuple[float, float, pd.Series]:
    people = place_frame(data)["population"]
    base = access_of(data, "access_base", MINUTES)
    new = access_of(data, "access", MINUTES)
    return weighted_mean(base, people), weighted_mean(new, people), new - base


def _corridor_sentences(section: Section, data: xr.Dataset) -> list[str]:
    say = section.say
    sentences = []
    if has_access_change(data) and MINUTES in data["measure"].to_numpy():
        places = place_frame(data)
        base, new, change = _mean_minutes(data)
        order = change.sort_values(kind="stable").index[:NAMED]
        unchanged = change.abs() < 1
        people = places["population"]
        unit = say("word.minutes")
        sentences.append(
            say(
                "summary.access",
                base=f"{base / 60:.2f}",
                new=f"{new / 60:.2f} {say('word.hours')}",
                percent=write(100 * (new / base - 1), 2, signed=True),
                gaining=int((change < 0).sum()),
                cities=len(change),
                strongly=int((change < STRONG).sum()),
                names=_listed(
                    section,
                    [
                        say.noted(str(places.loc[p, "name"]), f"{short(float(change[p]))} {unit}")
                        for p in order
                    ],
                ),
                unchanged=int(unchanged.sum()),
                share=write(100 * float(people[unchanged].sum() / people.sum()), 0),
            )
        )
    if "channel" in data.coords and "sourcing" in data["channel"].to_numpy():
        sentences += [sentence for sentence in [pairs_sentence(section, data)] if sentence]
        sentences += _money_sentences(section, data)
    return sentences


def _money_sentences(section: Section, data: xr.Dataset) -> list[str]:
    say = section.say
    found = effects(data, "region", "sourcing", VARIABLES)
    sentences = []
    if "real_consumption" in found:
        change = found["real_consumption"]["change"].sort_values(ascending=False, kind="stable")
        best = [
            say.noted(str(name), _money(float(change[name]), data, signed=True))
            for name in change.index[:NAMED]
        ]
        losers = change[change < 0].index[::-1]
        if len(losers):
            names = _listed(section, [str(name) for name in losers[:NAMED]])
            rest = say("summary.losers", count=len(losers), regions=len(change), names=names)
        else:
            rest = say("summary.losers_none")
        still = int((change == 0).sum())
        if still:
            rest = say.sentences(rest, say("summary.unmoved", count=still, regions=len(change)))
        gainers = say("summary.gainers", names=_listed(section, best))
        sentences.append(say.sentences(gainers, rest))
    if {"output", "value_added"} <= set(found):
        falls = {name: int((found[name]["change"] < 0).sum()) for name in ("output", "value_added")}
        if any(falls.values()):
            regions = len(found["output"])
            sentences.append(
                say(
                    "summary.output_falls",
                    regions=regions,
                    section=section.numbers["corridor"],
                    **falls,
                )
            )
    return sentences


def _channel_sentences(section: Section, data: xr.Dataset) -> list[str]:
    """Say of every channel beside demand and sourcing who has less real consumption by it."""
    if not has_channels(data):
        return []
    say, sentences = section.say, []
    frame = by_region(data, "real_consumption")
    for channel in frame:
        change = frame[channel].dropna()
        if channel in DRIVERS or change.empty or not change.any():
            continue
        losing = change[change < 0.0].sort_values(kind="stable")
        whole = say(
            "summary.channel",
            channel=say.name("channel", channel),
            effect=_money(float(change.sum()), data, signed=True),
        )
        if losing.empty:
            sentences.append(say.sentences(whole, say("summary.losers_none")))
            continue
        names = [
            say.noted(str(name), _money(float(losing[name]), data, signed=True))
            for name in losing.index[:NAMED]
        ]
        worst = say(
            "summary.channel_losers",
            count=len(losing),
            regions=len(change),
            losses=_money(float(-losing.sum()), data),
            names=_listed(section, names),
        )
        sentences.append(say.sentences(whole, worst))
    return sentences


def _certainty(section: Section, result: Result) -> list[str]:
    data, say = result.data, section.say
    sentences = []
    if "corridor_range" in data:
        frame = range_frame(data)
        central, low, high = range_of(frame, "real_consumption")
        alone = levers(frame, "real_consumption").drop(index="all", errors="ignore")
        if len(alone):
            span = (alone["high"] - alone["low"]).abs()
            lever = str(span.idxmax())
            ends = sorted(alone.loc[lever].to_numpy(dtype=np.float64).tolist())
            sentences.append(
                say(
                    "summary.sure_range",
                    low=_money(low, data, signed=True),
                    high=_money(high, data, signed=True),
                    central=_money(central, data, signed=True),
                    lever=say.name("case", lever),
                    lever_low=_money(ends[0], data, signed=True),
                    lever_high=_money(ends[-1], data, signed=True),
                )
            )
    if "ledger_range" in data and "ledger" in data:
        summary = ledger_summary(data, _account(data))
        width = summary["spillover_share_high"] - summary["spillover_share_low"]
        sentences.append(say("summary.sure_own", points=short(100 * float(width.max()), 2)))
    identities = result.report.identities
    if identities:
        gaps = [float(i["gap"]) for i in identities]
        sentences.append(
            say(
                "summary.sure_exact",
                section=section.numbers["made"],
                holding=sum(bool(i["holds"]) for i in identities),
                count=len(identities),
                gap=f"{max(gaps):.0e}".replace("-", "−"),
            )
        )
    return sentences
