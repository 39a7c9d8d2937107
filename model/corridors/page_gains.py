"""Who gains and who loses from the best corridors: regions by consumption, clusters by time.

Owns the question: how does a planner see for whom a corridor is built?

Public names
------------
``write_gains``   fill the section
``written``       one number in a sentence
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from model.corridors.labelled import SLACK
from model.report.markup import Column
from model.report.quantities import short, write
from model.report.section import Section

__all__ = ["write_gains", "written"]

BEST = 3
REGIONS = 15
CLUSTERS = 15


def written(value: float) -> str:
    """Return a number for a sentence: whole when large, three figures otherwise."""
    return write(value, 0) if abs(value) >= 1000.0 else short(value)


def write_gains(
    section: Section, data: xr.Dataset, corridors: Mapping[str, str], regions: Sequence[str]
) -> None:
    """Fill the section.

    Parameters
    ----------
    section
        The section.
    data
        From `screen_corridors`.
    corridors, regions
        Names in the language of the page.
    """
    say = section.say
    solved = np.flatnonzero(np.isfinite(data["exact"].values) & (data["exact"].values != 0.0))
    if not len(solved):
        section.words(say("gains.unsolved"))
        return
    chosen = data.isel(candidate=solved[:BEST])
    names = [corridors[str(v)] for v in chosen["candidate"].values]
    gain = chosen["region_gain"].values
    section.words(say("gains.lead"))
    lines = [_winners(section, name, one, regions) for name, one in zip(names, gain, strict=True)]
    section.bullets(lines)
    given = (data.attrs["channels"], data.attrs["closure"]) == ("sourcing", "spending")
    if given:
        lost = bool((chosen["losers"].values > 0).any())
        section.words(say("gains.stocks" if lost else "gains.given"), "note")
    order = np.argsort(-np.abs(gain).max(axis=0), kind="stable")[:REGIONS]
    unit = say.name("unit", data["region_gain"].attrs["units"])
    columns = [Column(say("column.region"), [regions[r] for r in order])]
    columns += [
        Column(name, one[order].tolist(), unit, signed=True)
        for name, one in zip(names, gain, strict=True)
    ]
    section.table(columns, say("gains.caption"))
    if data.sizes["cluster"]:
        _clusters(section, chosen, names)


def _winners(section: Section, name: str, gain: np.ndarray, regions: Sequence[str]) -> str:
    """Return who gains most and who loses under one corridor."""
    say, comma = section.say, section.say("word.comma")
    order = np.argsort(-gain, kind="stable")
    slack = SLACK * float(np.abs(gain).max())
    most = [f"{regions[r]} ({100.0 * gain[r] / gain.sum():.0f} %)" for r in order[:3]]
    lost = [r for r in order[::-1] if gain[r] < -slack]
    told = say("gains.most", name=name, regions=comma.join(most))
    if not lost:
        return told + " " + say("gains.none")
    worst = comma.join(f"{regions[r]} ({written(float(gain[r]))})" for r in lost[:5])
    return told + " " + say("gains.losers", count=len(lost), regions=worst)


def _clusters(section: Section, chosen: xr.Dataset, names: Sequence[str]) -> None:
    """Show the mean time from each cluster before, and what each corridor takes off it."""
    say, change = section.say, chosen["cluster_minutes"].values
    order = np.argsort(change.min(axis=0), kind="stable")[:CLUSTERS]
    order = order[np.abs(change).max(axis=0)[order] > 0.0]
    if not len(order):
        section.words(say("gains.no_time"))
        return
    keys = chosen["cluster"].values[order]
    shown = chosen["cluster_zh"].values[order] if say.language == "zh" else keys
    clusters = [
        say.name("cluster", k) if k == v else str(v) for k, v in zip(keys, shown, strict=True)
    ]
    before = chosen["cluster_minutes_base"].values[order]
    columns = [
        Column(say("column.cluster"), clusters),
        Column(say("column.before"), before.tolist(), say("unit.h"), form="clock"),
    ]
    columns += [
        Column(name, one[order].tolist(), say("unit.min"), signed=True)
        for name, one in zip(names, change, strict=True)
    ]
    section.table(columns, say("gains.clusters"))
