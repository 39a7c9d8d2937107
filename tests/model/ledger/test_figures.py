"""Bars of the largest industries: what is drawn is what was found."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from io_tables.testing import random_table
from model.errors import ShapeError
from model.ghosh import ghosh, plot_ghosh
from model.ledger.groups import group_regions, plot_groups
from model.ledger.two_blocks import plot_two_blocks, two_blocks
from model.rationing import plot_rationing, ration
from model.spillover import spillovers
from model.supply_side import mixed, plot_mixed

mpl.use("Agg")


def widths(ax):
    return [bar.get_width() for bar in ax.patches]


def test_bars_show_the_largest_changes_largest_on_top():
    table = random_table(1, 3, 3)
    row = pd.MultiIndex.from_tuples([("R1", "S1")])
    less = mixed(table, pd.Series(0.9 * table.x[[("R1", "S1")]].to_numpy(), index=row))
    ax = plot_mixed(less, most=4)
    sizes = np.sort(np.abs(less["output_change"].values.reshape(-1)))[-4:]
    assert np.abs(widths(ax)[:4]) == pytest.approx(sizes)
    assert len(ax.patches) == 8
    assert ax.get_yticklabels()[-1].get_text() == "R1 / S1"
    assert ax.get_xlabel() == table.unit


def test_losses_and_pushed_values_are_drawn_too():
    table = random_table(2, 2, 3)
    row = pd.MultiIndex.from_tuples([("R0", "S2")])
    short = ration(table, pd.Series([0.5], index=row))
    ax = plot_rationing(short, most=6)
    assert max(widths(ax)) == pytest.approx(float(short["output_loss"].max()))
    pushed = ghosh(table, pd.Series([1.0], index=row))
    ax = plot_ghosh(pushed, most=3)
    assert max(widths(ax)) == pytest.approx(float(pushed["output_change"].max()))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "output change", "final change",
    ]  # fmt: skip


def test_groups_are_stacked_to_their_totals_and_factors_to_the_effect():
    table = random_table(3, 3, 2)
    ledger = spillovers(table, "R0", 5.0)["ledger"].sum("sector").isel(pole=0, account=0)
    grouped = group_regions(ledger, {"A": ["R0"], "B": ["R1", "R2"]})
    bars = plot_groups(grouped).patches
    tops = [max(bar.get_y() + bar.get_height() for bar in bars[k::2]) for k in (0, 1)]
    assert tops == pytest.approx(grouped.sum("part").values)
    assert len(plot_groups(grouped.sum("part")).patches) == 2
    with pytest.raises(ShapeError, match="one dimension"):
        plot_groups(spillovers(table, ["R0", "R1"])["ledger"])
    found = two_blocks(table, "R0", 5.0)
    bars = plot_two_blocks(found).patches
    assert sum(bar.get_height() for bar in bars) == pytest.approx(float(found["effect"].sum()))
