"""Inequality before and after: sums, a closed form, who narrows and who widens."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.errors import ShapeError
from model.ledger.gap import ledger_disparity, plot_disparity
from model.spillover import spillovers
from networks.disparity import gini, theil_parts, theil_t

mpl.use("Agg")


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), st.sampled_from(["pooled", "explicit"]), st.booleans())
def test_shares_of_the_parts_sum_to_the_change(seed, kind, closed):
    table = random_table(seed, 4, 3, kind=kind)
    amount = 0.1 * float(table.f.sum())
    data = ledger_disparity(
        table,
        ["R0", "R3"],
        amount,
        households=closed,
        groups={"a": ["R0", "R1"], "b": ["R2", "R3"]},
    )
    assert np.allclose(data["share"].sum("part"), data["change"], atol=1e-13)
    assert np.allclose(data["after"] - data["before"], data["change"])
    for name in ("theil_t", "theil_l"):
        for values in (data["before"], data["after"], data["change"]):
            split = values.sel(index=[f"{name}_between", f"{name}_within"]).sum("index")
            assert np.allclose(split, values.sel(index=name), atol=1e-12)


def test_indices_are_those_of_value_added_per_head():
    table = random_table(3, 4, 3)
    people = np.asarray(table.data["population"].values)
    before = table.va.to_numpy().sum(axis=0).reshape(4, 3).sum(axis=1)
    gained = spillovers(table, "R1", 1000.0)["ledger"].sum(["sector", "part"]).values.reshape(-1)
    data = ledger_disparity(table, "R1", 1000.0, groups={"x": ["R0"], "y": ["R1", "R2"]})
    assert float(data["before"].sel(index="gini")) == pytest.approx(gini(before / people, people))
    after = theil_t((before + gained) / people, people)
    assert float(data["after"].sel(index="theil_t")[0]) == pytest.approx(after)
    split = theil_parts(before / people, ["x", "y", "y", "outside"], people)
    assert float(data["before"].sel(index="theil_t_between")) == pytest.approx(split.between)
    alone = spillovers(table, "R1", 1000.0)["ledger"].sum("sector").sel(part="spillover")
    only = gini((before + alone.values.reshape(-1)) / people, people) - gini(
        before / people, people
    )
    assert float(data["alone"].sel(index="gini", part="spillover")[0]) == pytest.approx(only)


def test_a_rich_pole_widens_by_itself_and_narrows_by_its_spillovers():
    table = random_table(5, 3, 3)
    level = table.va.to_numpy().sum(axis=0).reshape(3, 3).sum(axis=1)
    people = pd.Series(level / np.array([10.0, 1.0, 3.0]), index=table.regions)
    # R0 is rich, R1 poor.
    share = ledger_disparity(table, "R0", 0.2 * level.sum(), population=people)["share"]
    assert (share.sel(part="intraregional") > 0).all()
    assert (share.sel(part="spillover") < 0).all()
    poor = ledger_disparity(table, "R1", 0.01 * level.sum(), population=people)
    assert (poor["share"].sel(part="intraregional") < 0).all()
    ax = plot_disparity(poor)
    assert len(ax.patches) == 3 * 6
    assert min(bar.get_width() for bar in ax.patches) < 0


def test_what_has_no_meaning_per_head_is_refused():
    table = random_table(6, 3, 2)
    with pytest.raises(ShapeError, match=r"needs people.*R2"):
        ledger_disparity(table, "R0", population=pd.Series({"R0": 1.0, "R1": 2.0}))
    with pytest.raises(ShapeError, match=r"split.*R0"):
        ledger_disparity(table, "R0", groups={"a": {"R0": 0.5}})
    nothing = pd.Series([1.0, 1.0, 0.0, 0.0, 1.0, 1.0], index=table.labels)
    with pytest.raises(ShapeError, match="R1"):
        ledger_disparity(table, "R0", of=nothing)
