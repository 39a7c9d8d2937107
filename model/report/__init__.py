"""The report a planner reads: one self-contained page made from a result.

Owns the question "how is a result told to a person?".

- `write_html`: write the page.
- `plot_places`: a map; `plot_parts`, `plot_heat`, `plot_range`, `plot_changes`, `plot_cumulative`:
  charts. Each takes data and an ``ax``, gives the axes back, and loads matplotlib only when called.

Sentences live in ``strings_<language>.toml``; what they say is computed in the ``facts_*`` rooms
from the result's dataset alone; ``page_*`` rooms put both together. Names, units and what the run
itself says change language once, in `model.report.localize`, before a page is begun.
"""

from model.report.figures_chart import (
    plot_changes,
    plot_cumulative,
    plot_heat,
    plot_parts,
    plot_range,
)
from model.report.figures_map import plot_places
from model.report.write import write_html

__all__ = [
    "plot_changes",
    "plot_cumulative",
    "plot_heat",
    "plot_parts",
    "plot_places",
    "plot_range",
    "write_html",
]
