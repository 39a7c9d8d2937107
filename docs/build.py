"""Draw the figures and write the pages of the docs that come from a run.

``python docs/build.py`` runs the shipped scenarios and writes docs/figures/*.svg and
docs/results.md. Nothing in them is written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import pandas as pd
import xarray as xr
from matplotlib import rc_context
from matplotlib.figure import Figure

import hinterland as hl
from model.report.facts_poles import ledger_summary
from model.report.figures_chart import plot_parts
from model.report.figures_map import plot_places, read_backdrop
from model.report.svg import drawing_style, figure_of
from model.scenario import read_scenario

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures"
DRAWS = 8  # few: the variables are listed, not their values
PARTS = {
    "intraregional": "inside the pole",
    "feedback": "feedback to the pole",
    "spillover": "in other regions",
}


def growth_poles(data: xr.Dataset) -> None:
    """Where the value added of each stimulus arises."""
    frame = ledger_summary(data, "value_added")
    shares = frame[list(PARTS)].div(frame["total"], axis=0).rename(columns=PARTS)
    spread = (frame["spillover_share_low"], frame["spillover_share_high"])
    with drawing_style():
        axes = plot_parts(shares, label="Share of value added, %", low_high=spread)
        save(figure_of(axes), "growth_poles.svg")


def access(data: xr.Dataset) -> None:
    """Mean travel time of every city."""
    places = pd.DataFrame(
        {
            "name": data["place_name"].values,
            "lon": data["lon"].values,
            "lat": data["lat"].values,
            "population": data["population"].values,
        },
        index=data["place"].values,
    )
    hours = data["access_base"].sel(measure="weighted_mean_minutes").isel(year=0).to_series() / 60
    with drawing_style():
        axes = plot_places(
            places, hours, label="Mean travel time, hours", backdrop=read_backdrop(data)
        )
        save(figure_of(axes), "access.svg")


def save(figure: Figure, name: str) -> None:
    """Write a figure with the same bytes every time."""
    FIGURES.mkdir(exist_ok=True)
    with rc_context({"svg.hashsalt": name}):
        figure.savefig(FIGURES / name, format="svg", metadata={"Date": None}, bbox_inches="tight")


def results_page(runs: Mapping[str, xr.Dataset]) -> None:
    """One row for every variable of a result, in a table for each run that adds some."""
    lines = [
        "# What a result holds",
        "",
        "Written by `python docs/build.py` from runs of the shipped scenarios. `hl.read_result`",
        "reads the NetCDF file back; `Result.data` is this dataset. A variable `v` with a twin",
        "`v_base` is a level, and the effect is their difference; a channel acts alone.",
    ]
    listed: set[str] = set()
    for title, data in runs.items():
        new = sorted({str(name) for name in data.data_vars} - listed)
        listed |= set(new)
        lines += ["", f"## {title}", "", "| variable | dimensions | unit | what it is |"]
        lines.append("|---|---|---|---|")
        for name in new:
            one = data[name]
            dims = ", ".join(str(d) for d in one.dims)
            unit = one.attrs.get("units", "")
            lines.append(f"| `{name}` | {dims} | {unit} | {one.attrs.get('long_name', '')} |")
    (HERE / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Run the shipped scenarios and write everything."""
    with as_file(files("model") / "scenarios") as folder:
        demo = read_scenario(folder / "demo.toml")
        every = read_scenario(folder / "channels.toml")
    demo = replace(demo, closure=replace(demo.closure, channels=("demand", "sourcing")))
    data = hl.run(demo).data
    growth_poles(data)
    access(data)
    drawn = replace(demo, run=replace(demo.run, draws=DRAWS))
    channels = tuple(dict.fromkeys((*every.closure.channels, "equilibrium")))
    every = replace(every, closure=replace(every.closure, channels=channels))
    results_page(
        {
            "Of every run with stimuli and edits": data,
            "With draws": hl.run(drawn).data,
            "With every channel": hl.run(every).data,
        }
    )


if __name__ == "__main__":
    main()
