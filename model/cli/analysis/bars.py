"""Bars for the first rows of an answer.

Owns the question: what does a picture of ranked rows look like?

Public names
------------
``plot_rows``    one bar a row, split by columns that add up
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_rows"]

MOST = 25
LONGEST = 60
"""Letters of a name that are written out, if nothing else is asked."""


def plot_rows(
    frame: pd.DataFrame,
    *,
    labels: Sequence[str],
    parts: Sequence[str],
    units: str,
    title: str,
    interval: tuple[str, str] | None = None,
    longest: int = LONGEST,
    ax: Axes | None = None,
) -> Axes:
    """Draw the first rows of a frame as bars.

    Parameters
    ----------
    frame
        Rows in the order they are drawn, from the top.
    labels
        Columns that name a row.
    parts
        Columns that are put end to end in a bar; negative ones go to the left.
    units
        Of the parts.
    title
        Above the axes.
    interval
        Columns of the two ends of an interval, when there is one.
    longest
        Letters of a name that are written out.
    ax
        Where to draw; a new figure when left out.
    """
    import matplotlib.pyplot as plt

    shown = frame.head(MOST).iloc[::-1]
    if ax is None:
        ax = plt.subplots(figsize=(9, 0.3 * len(shown) + 1.5))[1]
    where = np.arange(len(shown))
    right, left = np.zeros(len(shown)), np.zeros(len(shown))
    for part in parts:
        value = shown[part].to_numpy(dtype=float)
        start = np.where(value >= 0.0, right, left)
        ax.barh(where, value, left=start, label=part.replace("_", " "))
        right += np.maximum(value, 0.0)
        left += np.minimum(value, 0.0)
    if interval is not None:
        low, high = (shown[name].to_numpy(dtype=float) for name in interval)
        ax.hlines(where, low, high, color="0.2", linewidth=1.0, label="90 % of draws")
    names = shown[list(labels)].astype(str).agg(" / ".join, axis=1)
    short = [one if len(one) <= longest else one[: longest - 3] + "..." for one in names]
    ax.set_yticks(where, short, fontsize="small")
    ax.axvline(0.0, color="0.3", linewidth=0.8)
    ax.set_xlabel(units)
    legend = len(parts) > 1 or interval is not None
    if legend:
        ax.legend(
            fontsize="small", frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=6
        )
    ax.set_title(title, loc="left", fontsize="medium", pad=24.0 if legend else 6.0)
    return ax
