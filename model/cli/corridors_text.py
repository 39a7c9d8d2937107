"""A screening of corridors as lines on a terminal.

Owns the question: what does a planner read first?

Public names
------------
``text_of``    what was found, in English, as lines
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from model.cli.text import aligned, amount, percent, wrapped
from model.corridors import Package
from model.corridors.labelled import SLACK
from model.corridors.page import Story

__all__ = ["text_of"]

SHOWN = 15
NAMED = 5
DRIVERS = 3


def text_of(story: Story, left: list[str]) -> list[str]:
    """Return lines on a screening.

    Parameters
    ----------
    story
        What was found.
    left
        What could not be written, and why.
    """
    data = story.data
    units = str(data.attrs["units"])
    lines = [
        f"{data.sizes['candidate']:,} candidates by {data.attrs['objective']}, {units} a year; "
        f"closure {data.attrs['closure']}, prices {data.attrs['prices']}, channels "
        f"{data.attrs['channels']}",
        "",
        *_ranking(data),
        "",
    ]
    if story.stability is not None:
        lines += [*_sure(story.stability), ""]
    if story.interaction is not None:
        lines += [*_together(story.interaction, units), ""]
    if story.package is not None:
        lines += [*_package(story.package, units), ""]
    money = str(data["user_benefit"].attrs["units"])
    top = data.isel(candidate=0)
    return lines + wrapped(
        [
            f"How to read it: {top['candidate'].item()} changes {data.attrs['objective']} by "
            f"{amount(float(_worth(top)))} {units} a year (first order "
            f"{amount(float(top['first_order']))}). User benefits, {money} by the rule of half, "
            "are another view of part of it: never add them. gain and lose count regions.",
            *_who(data),
            *_zeros(data),
            *(f"left out: {one}" for one in left),
        ]
    )


def _worth(one: xr.Dataset) -> float:
    exact = float(one["exact"])
    return exact if np.isfinite(exact) else float(one["first_order"])


def _ranking(data: xr.Dataset) -> list[str]:
    shown = data.isel(candidate=slice(0, SHOWN))
    priced = bool(np.isfinite(shown["build_cost"].values).any())
    numbers = shown.assign(users=shown["user_benefit"].sum("purpose", skipna=False))
    numbers = numbers.assign(seconds=60.0 * numbers["minutes"])
    head = ["corridor", "exact", "first order", "user benefits", "mean time, s", "km", "gain"]
    keys = ["exact", "first_order", "users", "seconds", "km", "gainers", "losers"]
    rows = []
    for k, name in enumerate(shown["candidate"].values.astype(str)):
        row = [name, *(amount(float(numbers[key].values[k])) for key in keys)]
        if priced:
            row.append(percent(float(shown["annual_return"].values[k]), 1.0))
        rows.append(row)
    more = data.sizes["candidate"] - shown.sizes["candidate"]
    head += ["lose", *(["return"] if priced else [])]
    return [
        *aligned(head, rows),
        *([f"... and {more:,} more: --csv has all of them"] if more > 0 else []),
    ]


def _who(data: xr.Dataset) -> list[str]:
    """Say where the gain of the best corridor lies, who loses, and who saves time."""
    top = data.isel(candidate=0)
    gain = top["region_gain"].values
    if not np.isfinite(gain).all() or not gain.any():
        return []
    regions = top["region"].values.astype(str)
    order = np.argsort(-gain, kind="stable")
    total = float(gain.sum())
    most = ", ".join(f"{regions[r]} {percent(float(gain[r]), total)}" for r in order[:NAMED])
    lost = [r for r in order[::-1] if gain[r] < -SLACK * np.abs(gain).max()]
    worst = ", ".join(f"{regions[r]} {amount(float(gain[r]))}" for r in lost[:NAMED])
    told = [
        f"Who gains from {top['candidate'].item()}: {most} of the gain in real consumption; "
        + (f"who loses: {worst}." if lost else "no region loses.")
    ]
    given = (data.attrs["channels"], data.attrs["closure"]) == ("sourcing", "spending")
    if lost and given:
        told.append(
            "A loss at given prices comes from stocks that are run down: what leaves the store is "
            "valued at the lower price."
        )
    saved = top["cluster_minutes"]
    if saved.sizes["cluster"] and float(saved.min()) < 0.0:
        first = np.argsort(saved.values, kind="stable")[:NAMED]
        named = ", ".join(
            f"{saved['cluster'].values[k]} {amount(60.0 * float(saved.values[k]))} s"
            for k in first
            if saved.values[k] < 0.0
        )
        told.append(f"Mean fastest time to all people, from the places of a cluster: {named}.")
    return told


def _zeros(data: xr.Dataset) -> list[str]:
    """Say why corridors are worth exactly nothing."""
    told: dict[str, list[str]] = {}
    for name, why in zip(
        data["candidate"].values.astype(str), data["zero_reason"].values.astype(str), strict=True
    ):
        if why:
            told.setdefault(why, []).append(name)
    made = []
    for why, names in told.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        made.append(f"Exactly zero: {', '.join(names[:NAMED])}{more}: {why}.")
    return made


def _sure(found: xr.Dataset) -> list[str]:
    sign = 1.0 if found.attrs["better"] == "more" else -1.0
    order = np.argsort(-sign * found["median"].values)
    names = found["candidate"].values.astype(str)
    rows = [
        [
            names[k],
            *(amount(float(found[key].values[k])) for key in ("median", "low", "high")),
            f"{100.0 * float(found['probability_first'].values[k]):.0f} %",
            f"{100.0 * float(found['probability_top'].values[k]):.0f} %",
        ]
        for k in order
    ]
    top = int(found.attrs["top"])
    head = [f"{found.attrs['draws']} draws", "median", "low", "high", "first", f"in first {top}"]
    return [*aligned(head, rows), *wrapped([_moved(found, int(order[0]))])]


def _moved(found: xr.Dataset, first: int) -> str:
    """Say what moves the value of the first corridor most."""
    by = found["rank_correlation"].isel(candidate=first)
    strongest = np.argsort(-np.abs(by.values), kind="stable")[:DRIVERS]
    names = by["parameter"].values.astype(str)
    told = ", ".join(f"{names[k]} {by.values[k]:+.2f}" for k in strongest)
    return (
        f"Drawn: {', '.join(names)}. Rank correlation with the value of "
        f"{found['candidate'].values[first]}: {told}."
    )


def _together(found: xr.DataArray, units: str) -> list[str]:
    names = found["candidate"].values.astype(str)
    head = [f"beyond the sum of each alone ({units})", *(str(k + 1) for k in range(len(names)))]
    rows = [
        [f"{k + 1} {name}", *("" if k == j else amount(float(found.values[k, j]))
         for j in range(len(names)))]
        for k, name in enumerate(names)
    ]  # fmt: skip
    return [*aligned(head, rows), "above zero complements, below zero substitutes"]


def _package(found: Package, units: str) -> list[str]:
    rows = [
        [
            str(row["candidate"]),
            *(amount(float(row[key])) for key in ("build_cost", "added", "alone")),
        ]
        for _, row in found.steps.iterrows()
    ]
    head = ["package", "build cost", f"adds ({units})", "alone"]
    return [
        *aligned(head, rows),
        f"together {amount(found.value)} {units} a year for {amount(found.cost)} of "
        f"{amount(found.budget)}",
    ]
