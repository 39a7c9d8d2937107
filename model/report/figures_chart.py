"""Charts: bars of parts, heat maps, ranges, changes, cumulative shares.

Owns the question "how do these numbers compare at a glance?".

- `plot_parts`: stacked bars of shares, with a range for one part.
- `plot_heat`: a matrix as colours with its numbers.
- `plot_range`: an effect with each parameter at its low and high value.
- `plot_changes`: bars left and right of zero.
- `plot_cumulative`: which share of the weight lies below a value.

Terms: colours of parts are those of Okabe and Ito (2008), which colour-blind people can tell apart;
changes are blue below zero and orange above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from model.report.quantities import decimals, write
from model.report.svg import new_axes
from model.report.wide_letters import cut, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_changes", "plot_cumulative", "plot_heat", "plot_parts", "plot_range"]

OKABE_ITO = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
BELOW, ABOVE, NEUTRAL = "#2b6ca3", "#d9731a", "#5b626c"
BAR = 0.26  # inches of height a bar takes
LONGEST = 44  # letters of a name beside a chart
TAIL = 0.055  # smallest share that gets its number written into the bar


def plot_parts(
    shares: pd.DataFrame,
    *,
    label: str,
    ax: Axes | None = None,
    low_high: tuple[pd.Series, pd.Series] | None = None,
    ordered: bool = False,
) -> Axes:
    """Draw stacked horizontal bars.

    Parameters
    ----------
    shares
        Rows are bars, columns parts, values shares (0 to 1).
    label
        What the horizontal axis shows.
    low_high
        Smallest and largest share of the LAST column by row: a whisker where the last part begins.
    ordered
        The columns have an order (rings): colours run from dark to light.
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    if ax is None:
        ax = new_axes(1.1 + 1.35 * BAR * len(shares))
    count = shares.shape[1]
    if ordered:
        colours = [to_hex(c) for c in colormaps["viridis"](np.linspace(0.1, 0.95, count))]
    else:
        colours = [OKABE_ITO[i % len(OKABE_ITO)] for i in range(count)]
    rows = np.arange(len(shares))
    left = np.zeros(len(shares))
    for colour, part in zip(colours, shares.columns, strict=True):
        value = shares[part].fillna(0.0).to_numpy(dtype=np.float64)
        ax.barh(rows, value, left=left, height=0.66, color=colour, label=str(part))
        for row in rows[value >= TAIL]:
            ax.text(
                left[row] + value[row] / 2,
                row,
                f"{100 * value[row]:.0f} %",
                ha="center",
                va="center",
                color=_ink(colour),
                fontsize=8,
            )
        left = left + value
    if low_high is not None:
        low, high = (s.reindex(shares.index).to_numpy(dtype=np.float64) for s in low_high)
        last = shares.iloc[:, -1].to_numpy(dtype=np.float64)
        start = left - last
        known = np.isfinite(low) & np.isfinite(high)
        reach = np.vstack([last - low, high - last])[::-1]
        ax.errorbar(
            start[known],
            rows[known] - 0.42,
            xerr=np.maximum(reach[:, known], 0.0),
            fmt="none",
            ecolor=NEUTRAL,
            elinewidth=1.2,
            capsize=2.5,
        )
    ax.set_yticks(rows, [str(name) for name in shares.index])
    ax.invert_yaxis()
    ax.set_xlabel(label)
    ax.xaxis.set_major_formatter(lambda value, _position: f"{100 * value:.0f}")
    ax.set_xlim(0, max(float(left.max(initial=0.0)), 1e-9))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=min(count, 6), borderaxespad=0.2)
    return ax


def plot_heat(
    matrix: pd.DataFrame,
    *,
    label: str,
    ax: Axes | None = None,
    own: pd.DataFrame | None = None,
) -> Axes:
    """Draw a matrix as colours, each cell with its number.

    Parameters
    ----------
    matrix
        Values >= 0; rows and columns are the labels.
    label
        What the cells show, with the unit.
    own
        True where a cell is left out as a matter of definition: drawn grey.
    """
    from matplotlib import colormaps

    if ax is None:
        ax = new_axes(0.9 + 0.19 * len(matrix))
    values = matrix.to_numpy(dtype=np.float64).copy()
    if own is not None:
        values[own.reindex(index=matrix.index, columns=matrix.columns).to_numpy(dtype=bool)] = (
            np.nan
        )
    known = values[np.isfinite(values)]
    top = float(known.max(initial=0.0)) or 1.0
    colours = colormaps["YlGnBu"].with_extremes(bad="#e3e6ea")
    # The square root keeps the small receivers apart without hiding who is large.
    shade = np.sqrt(np.clip(values, 0.0, None) / top)
    ax.pcolormesh(
        np.ma.masked_invalid(shade), cmap=colours, vmin=0, vmax=1, edgecolors="white", linewidth=0.8
    )
    places = decimals(known)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = "white" if shade[row, column] > 0.62 else "#22262c"
            where = (column + 0.5, row + 0.5)
            ax.text(*where, write(value, places), ha="center", va="center", color=ink, fontsize=7.5)
    wrapped = [wrap(str(name), 15) for name in matrix.columns]
    ax.set_xticks(np.arange(matrix.shape[1]) + 0.5, wrapped)
    ax.set_yticks(
        np.arange(matrix.shape[0]) + 0.5, [cut(str(name), LONGEST) for name in matrix.index]
    )
    ax.invert_yaxis()
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(label)
    return ax


def plot_range(levers: pd.DataFrame, centre: float, *, label: str, ax: Axes | None = None) -> Axes:
    """Draw an effect with one parameter at its low and high value, as distance from the centre.

    Parameters
    ----------
    levers
        Rows are parameters; two columns, low and high, whose names are written at the bars.
    centre
        The effect in the central case.
    label
        What is shown, with the unit.
    """
    if ax is None:
        ax = new_axes(0.9 + 1.4 * BAR * max(len(levers), 1))
    places = decimals([centre, *levers.to_numpy(dtype=np.float64).ravel().tolist()])
    values = levers.to_numpy(dtype=np.float64)
    for i, (colour, side) in enumerate(zip((BELOW, ABOVE), levers.columns, strict=True)):
        ends, other = values[:, i], values[:, 1 - i]
        ax.barh(np.arange(len(levers)), ends - centre, left=centre, height=0.56, color=colour)
        for row in np.flatnonzero(np.isfinite(ends)):
            rightmost = ends[row] > centre or (ends[row] == centre and other[row] <= centre)
            ax.annotate(
                f"{side} {write(ends[row], places)}",
                (ends[row], row),
                xytext=(4 if rightmost else -4, 0),
                textcoords="offset points",
                ha="left" if rightmost else "right",
                va="center",
                fontsize=8,
            )
    ax.axvline(centre, color=NEUTRAL, linewidth=1)
    ax.set_yticks(range(len(levers)), [str(name) for name in levers.index])
    ax.invert_yaxis()
    ax.margins(x=0.2)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(label)
    return ax


def plot_changes(
    values: pd.Series, *, label: str, ax: Axes | None = None, names: bool = True
) -> Axes:
    """Draw bars to the left (below zero, blue) and right (above zero, orange), in the given order.

    Parameters
    ----------
    label
        What is shown, with the unit.
    names
        Write the index beside the bars (False where another chart to the left does).
    """
    if ax is None:
        ax = new_axes(0.7 + 0.6 * BAR * len(values))
    heights = values.fillna(0.0).to_numpy(dtype=np.float64)
    colours = np.where(heights < 0, BELOW, ABOVE)
    ax.barh(np.arange(len(values)), heights, color=list(colours), height=0.72)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    beside = [cut(str(name), LONGEST) for name in values.index] if names else []
    ax.set_yticks(np.arange(len(values)), beside)
    ax.set_ylim(len(values) - 0.4, -0.6)
    ax.grid(axis="x")
    ax.locator_params(axis="x", nbins=5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(label)
    return ax


def plot_cumulative(
    curves: Mapping[str, pd.Series],
    weights: pd.Series,
    *,
    label: str,
    weight_label: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of the weight that lies at or below a value.

    Parameters
    ----------
    curves
        Name of the curve to value by place.
    weights
        Weight by place (population).
    label, weight_label
        What the two axes show.
    """
    if ax is None:
        ax = new_axes(3.2)
    styles: Sequence[tuple[str, str]] = [(NEUTRAL, "--"), (ABOVE, "-"), (BELOW, "-")]
    if len(curves) == 1:
        styles = [(BELOW, "-")]
    for (name, values), (colour, dash) in zip(curves.items(), styles, strict=False):
        known = values.dropna().sort_values(kind="stable")
        share = weights.reindex(known.index).cumsum() / weights.reindex(known.index).sum()
        ax.step(
            known.to_numpy(),
            100 * share.to_numpy(),
            where="post",
            color=colour,
            linestyle=dash,
            linewidth=1.6,
            label=name,
        )
    ax.set_ylim(0, 100)
    ax.grid(visible=True)
    ax.set_xlabel(label)
    ax.set_ylabel(weight_label)
    if len(curves) > 1:
        ax.legend(loc="lower right")
    return ax


def _ink(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return "#22262c" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.52 else "white"
