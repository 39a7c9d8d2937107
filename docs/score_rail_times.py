"""How near rail times of the embedded network come to published ones: writes the quality page.

Station to station, between cities that are not neighbours on a line. Run from a checkout with the
source data beside it; the page docs/network_quality.md carries the figures:

    python docs/score_rail_times.py

Three comparisons: journeys with a published time (never used to build the network); runs of the
timetable of December 2020 that pass a city without stopping, as the network has them; the same runs
with the link of the run itself left out on every line, so that the network has to tell the time
from other trains. Nothing is fitted to any of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from networks.china import load_china_network
from networks.china.build_corridors import lay_runs
from networks.china.build_rail import STOP_MINUTES, read_lines, read_mode
from networks.geo import great_circle_km
from networks.network import Network
from networks.skim import skim

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared" / "data"
HAND = HERE.parent / "networks" / "china" / "hand"
OFTEN = 2.0  # trains a day in one direction
BANDS = (0.0, 300.0, 600.0, 1000.0, np.inf)
STATIONS = {
    "Beijing South": "Beijing",
    "Beijing West": "Beijing",
    "Shanghai Hongqiao": "Shanghai",
    "Guangzhou South": "Guangzhou",
    "Fuzhou": "Fuzhou (Fujian)",
}
NAMES = {"hsr": "high-speed (G, D, C)", "conventional": "conventional (Z, T, K and slower)"}
LEFT_OUT = {
    ("Beijing South", "Shanghai Hongqiao", "2011-2017"): "an earlier timetable, at 300 km/h",
    ("Wuhan", "Guangzhou", "2009"): "opening year, higher speed, no stop on the way",
    ("Beijing", "Tianjin", "2008-08"): "neighbours on the line",
}


def published(network: Network) -> pd.DataFrame:
    """Return every published journey inside the network, with the minutes of the skim."""
    table = pd.read_csv(SHARED / "rail/travel_times_seen.csv", dtype={"asof": str})
    code = {name: key for key, name in network.places["name"].items()}
    found = skim(network, modes=["rail_hsr"], ends="stop", by="minutes", unreachable="keep")
    rows = []
    for one, two, minutes, year in table[["from", "to", "minutes", "asof"]].itertuples(index=False):
        ends = [code.get(STATIONS.get(end, end), "") for end in (one, two)]
        if not all(ends):
            continue  # Hong Kong is no place of the network
        at = found.sel(origin=ends[0], destination=ends[1])
        where = network.nodes.loc[ends, ["lon", "lat"]].to_numpy().ravel()
        rows.append(
            {
                "journey": f"{one} - {two}",
                "as of": year,
                "km": float(great_circle_km(*where)),
                "published": float(minutes),
                "network": float(at["minutes"]),
                "error": float(at["minutes"]) / minutes - 1.0,
                "remark": LEFT_OUT.get((one, two, year), ""),
            }
        )
    return pd.DataFrame(rows)


def passing_runs(network: Network, mode: str) -> tuple[pd.DataFrame, int]:
    """Return runs between cities that are not neighbours, and how many runs were left out.

    Columns km, trains, passed (key cities on the way), run (minutes of the timetable), with_run,
    without_run (minutes of the network), and their relative errors. Runs that end at a county
    station or junction are no zones: left out.
    """
    cities = pd.read_csv(SHARED / "china_case/cities.csv", dtype={"adcode": str})
    rail = read_mode(SHARED, HAND, cities, read_lines(SHARED, HAND), mode)
    link_mode = f"rail_{mode}"
    only = network.with_known_links(network.links[network.links["mode"] == link_mode])
    ways, _, _ = lay_runs(rail.runs, set(rail.edges), rail.points)
    every = skim(only, modes=[link_mode], ends="stop", by="minutes", unreachable="keep")
    places = set(network.places.index)
    rows, elsewhere = [], 0
    for (a, b), (minutes, trains) in rail.runs.items():
        one, two = rail.nodes[a], rail.nodes[b]
        if (a, b) in rail.edges or one == two:
            continue
        if not {one, two} <= places:
            elsewhere += 1
            continue
        links = only.links
        own = (links["from_node"].isin([one, two])) & (links["to_node"].isin([one, two]))
        rest = only.with_known_links(links[~own])
        left = skim(
            rest, modes=[link_mode], ends="stop", by="minutes", zones=[one, two], unreachable="keep"
        )
        rows.append(
            {
                "km": float(great_circle_km(*rail.points[a], *rail.points[b])),
                "trains": trains,
                "passed": len(ways[(a, b)]) - 2 if (a, b) in ways else np.nan,
                "run": minutes,
                "with_run": float(every["minutes"].sel(origin=one, destination=two)),
                "without_run": float(left["minutes"][0, 1]),
            }
        )
    table = pd.DataFrame(rows)
    for name in ("with_run", "without_run"):
        table[f"{name}_error"] = table[name] / table["run"] - 1.0
    return table, elsewhere


def summary(errors: pd.Series, weights: pd.Series | None = None) -> dict[str, float]:
    """Return median and 90 % of absolute errors and the median error (bias), in per cent."""
    known = errors[np.isfinite(errors)]
    weight = pd.Series(1.0, known.index) if weights is None else weights[known.index]
    return {
        "median": 100 * quantile(known.abs(), weight, 0.5),
        "90 %": 100 * quantile(known.abs(), weight, 0.9),
        "bias": 100 * quantile(known, weight, 0.5),
    }


def quantile(values: pd.Series, weights: pd.Series, share: float) -> float:
    """Return the value below which a share of the weight lies, interpolated between two."""
    order = np.argsort(values.to_numpy(), kind="stable")
    value, weight = values.to_numpy()[order], weights.to_numpy()[order]
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    return float(np.interp(share, middle, value))


def bands(table: pd.DataFrame, column: str) -> list[str]:
    """Return a table of errors by distance band; the last two rows are all, by pair and train."""
    lines = [
        "| straight line, km | pairs | median error, % | 90 % below, % | bias, % |",
        "|---|---|---|---|---|",
    ]
    cut = pd.cut(table["km"], list(BANDS))
    groups: list[tuple[str, pd.DataFrame, pd.Series | None]] = [
        (_band(band.left, band.right), part, None) for band, part in _by_band(table, cut)
    ]
    groups.append(("all", table, None))
    if "trains" in table:
        groups.append(("all, weighted by trains a day", table, table["trains"]))
    for name, part, weights in groups:
        one = summary(part[column], weights)
        cells = " | ".join(f"{one[k]:+.1f}" if k == "bias" else f"{one[k]:.1f}" for k in one)
        lines.append(f"| {name} | {len(part)} | {cells} |")
    return lines


def _by_band(table: pd.DataFrame, cut: pd.Series) -> list[tuple[pd.Interval, pd.DataFrame]]:
    return [(band, part) for band, part in table.groupby(cut, observed=True)]


def _band(low: float, high: float) -> str:
    return f"over {low:.0f}" if np.isinf(high) else f"{low:.0f} to {high:.0f}"


HEAD = """# How good are the rail times of the embedded network

Written by `docs/score_rail_times.py`; do not edit by hand. Times are station to station, in
minutes, of the network of 2020, between cities that are not neighbours on a line (between
neighbours the network has the timetable's own figure). An error is the time of the network over the
published one, less one; *median* and *90 %* are of absolute errors, *bias* is the median of signed
ones. No figure of the network is fitted to a pair.
"""

ENDING = """## What this says

- Every run ends with {stop:.0f} minutes for the stop, the last one of a journey too: a direct run
  of half an hour is {short:.0f} % too long, one of four hours less than one per cent. That is the
  bias of short journeys in the second comparison.
- Left without its own run, a journey is put together from trains that stop in between, and from
  medians of trains that stop more often than the fast ones do. The difference is {hsr:.1f} minutes
  for every key city passed by high-speed trains and {conventional:.1f} by others (median over runs
  of {often:.0f} trains a day or more): standing, braking and gathering speed. The network has a
  link of its own for every faster run that the timetable knows, so its journeys rest on the second
  comparison, or on a chain of such runs.
- The large errors of the second and third comparison are slow trains that run once a day or less
  (night trains, detours): the network answers with the way that is fast. Weighted by trains they
  count for what they carry.
- Published times are of other years (2008 to 2018), of single trains, and some are rounded to the
  hour ("about 4 h"): Xi'an-Chengdu and Xi'an-Lanzhou have become faster since.
"""


def page(network: Network) -> str:
    """Return the whole page as Markdown."""
    journeys = published(network)
    kept = journeys[journeys["remark"] == ""]
    one = summary(kept["error"])
    lines = [HEAD, "## High-speed journeys with a published time", ""]
    lines += [
        f"{len(kept)} journeys: median error {one['median']:.1f} %, 90 % below "
        f"{one['90 %']:.1f} %, bias {one['bias']:+.1f} %. None of these times was used to build "
        "the network.",
        "",
        *bands(kept, "error"),
        "",
        "| journey | as of | straight line, km | published | network | error, % | left out |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['journey']} | {row['as of']} | {row['km']:.0f} | {row['published']:.0f} | "
        f"{row['network']:.0f} | {100 * row['error']:+.1f} | {row['remark']} |"
        for _, row in journeys.iterrows()
    ]
    saved = {}
    for mode, name in NAMES.items():
        runs, elsewhere = passing_runs(network, mode)
        often = runs[(runs["trains"] >= OFTEN) & (runs["passed"] >= 1)]
        saved[mode] = float(((often["without_run"] - often["run"]) / often["passed"]).median())
        lines += ["", f"## Runs of the timetable that pass a city: {name}", ""]
        lines += [
            f"{len(runs)} pairs of cities ({elsewhere} more end at a county station or junction "
            "and are left out). Published is the smallest of the medians of the train classes.",
            "",
            "As the network has them:",
            "",
            *bands(runs, "with_run_error"),
            "",
            "With the run itself left out of the network, told from other trains:",
            "",
            *bands(runs, "without_run_error"),
        ]
    words = {"stop": STOP_MINUTES, "short": 100 * STOP_MINUTES / 30, "often": OFTEN, **saved}
    return "\n".join([*lines, "", ENDING.format(**words)])


def main() -> None:
    """Write the page and print it."""
    if not SHARED.exists():
        raise SystemExit(f"the source data are not beside this checkout: {SHARED}")
    text = page(load_china_network())
    (HERE / "network_quality.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
