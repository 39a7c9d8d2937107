"""Extraction by low-rank algebra against solving every changed table anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_toolbox as slow
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.aggregate import aggregate
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError, UnknownLabel
from model.extraction import extract, plot_extraction
from model.extractions import extractions, plot_extractions
from model.solve import Leontief

FEW = settings(max_examples=10, deadline=None)
HOWS = ["complete", "isolated", "backward", "forward", "forward_ghosh"]


def matrix_of(table):
    return Leontief(table).operator.dense(), table.x.to_numpy(), table.f.to_numpy()


def flat(data, name="output_loss"):
    return data[name].values.reshape(-1)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
@pytest.mark.parametrize("how", HOWS)
def test_blocks_of_every_shape_equal_brute_force(kind, how):
    table = random_table(7, 3, 4, kind=kind)
    matrix, x, f = matrix_of(table)
    blocks = [
        ({"regions": "R1"}, [4, 5, 6, 7]),
        ({"sectors": "S2"}, [2, 6, 10]),
        ({"regions": ["R2", "R0"], "sectors": ["S3", "S0"]}, [0, 3, 8, 11]),
        ({"regions": "R0", "sectors": "S0"}, [0]),
    ]
    for block, rows in blocks:
        after = slow.extracted(matrix, f, rows, how)
        found = extract(table, **block, how=how)
        assert np.allclose(flat(found), x - after, rtol=1e-8, atol=1e-8 * x.max())
        assert np.allclose(flat(found, "after"), after, rtol=1e-7, atol=1e-8 * x.max())
        assert found.attrs["rows"] == len(rows)
        assert found.attrs["total"] == pytest.approx((x - after).sum())
        outside = np.setdiff1d(np.arange(12), rows)
        assert found.attrs["elsewhere"] == pytest.approx((x - after)[outside].sum())
        assert ("warning" in found.attrs) == (how == "forward_ghosh")


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_trade_links_equal_brute_force(kind):
    table = random_table(8, 3, 3, kind=kind)
    matrix, x, f = matrix_of(table)
    found = extract(table, regions="R0", to_regions="R2")
    after = slow.extracted(matrix, f, [0, 1, 2], "link", buyers=[6, 7, 8])
    assert np.allclose(flat(found), x - after)
    found = extract(table, regions="R0", sectors="S1", to_regions=["R0", "R2"], to_sectors="S0")
    after = slow.extracted(matrix, f, [1], "link", buyers=[0, 6])
    assert np.allclose(flat(found), x - after)
    found = extract(table, regions="R0", to_regions="R2", final_demand=True)
    cut = table.Y.loc["R0", "R2"].drop(columns="exports", errors="ignore").sum(axis=1).to_numpy()
    after = slow.extracted(matrix, f, [0, 1, 2], "link", buyers=[6, 7, 8], cut=cut)
    assert np.allclose(flat(found), x - after)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("each", ["industry", "sector", "region"])
def test_all_at_once_equals_one_by_one(kind, how, each):
    table = random_table(9, 3, 4, kind=kind)
    found = extractions(table, each=each, how=how, of="value_added")
    for r, region in enumerate(table.regions):
        for s, sector in enumerate(table.sectors):
            block = {
                "industry": {"regions": region, "sectors": sector},
                "sector": {"sectors": sector},
                "region": {"regions": region},
            }[each]
            if (each == "sector" and r) or (each == "region" and s):
                continue
            one = extract(table, **block, how=how, of="value_added")
            names = {"industry": ["region", "sector"]}.get(each, [each])
            where = {n: {"region": region, "sector": sector}[n] for n in names}
            here = found.sel(where)
            assert float(here.loss) == pytest.approx(one.attrs["total"])
            assert float(here.elsewhere) == pytest.approx(one.attrs["elsewhere"], abs=1e-6)
            assert float(here.share) == pytest.approx(one.attrs["share"])
            assert np.allclose(here.loss_by_region, one.loss.sum("sector"), atol=1e-6)


def test_an_economy_of_two_like_regions_in_closed_form():
    """One sector, a at home and b across: the other region loses x - f / (1 - a)."""
    a, b, f = 0.3, 0.2, 50.0
    x = f / (1.0 - a - b)
    table = RegionalTable.from_flows(
        np.array([[a * x, b * x], [b * x, a * x]]),
        np.array([f, f]),
        regions=["here", "there"],
        sectors=["all"],
    )
    found = extract(table, regions="here")
    assert flat(found) == pytest.approx([x, x - f / (1.0 - a)])
    both = extractions(table, each="region")
    assert both.loss.values[0] == pytest.approx(both.loss.values[1])


def test_without_trade_nobody_else_loses():
    flows = np.zeros((4, 4))
    flows[:2, :2], flows[2:, 2:] = [[1, 2], [3, 1]], [[2, 1], [1, 3]]
    table = RegionalTable.from_flows(flows, np.full(4, 5.0), regions=["A", "B"], sectors=["p", "q"])
    found = extractions(table, each="region")
    assert np.allclose(found.elsewhere, 0.0, atol=1e-12)
    assert np.allclose(extract(table, regions="A", to_regions="B").output_loss, 0.0)
    assert np.allclose(extract(table, regions="A", how="isolated").output_loss, 0.0, atol=1e-12)


@FEW
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_losses_scale_with_units_and_follow_their_labels(seed, factor):
    table = random_table(seed, 3, 3, kind="explicit")
    found = extractions(table)
    order = np.random.default_rng(seed).permutation(len(table.labels))
    labels = table.labels[order]
    other = RegionalTable.from_flows(
        factor * table.Z.loc[labels, labels],
        factor * table.Y.sum(axis=1).loc[labels],
        factor * table.x.loc[labels],
    )
    again = extractions(other).sel(region=table.regions, sector=table.sectors)
    assert np.allclose(again.loss, factor * found.loss, rtol=1e-7)
    assert np.allclose(again.share, found.share, rtol=1e-7)


@FEW
@given(st.integers(0, 10_000))
def test_losses_are_ordered_as_what_is_taken_out(seed):
    """Isolation loses less than extraction; a larger block more than a part of it."""
    table = random_table(seed, 3, 3)
    whole = extract(table, regions=["R0", "R1"])
    part = extract(table, regions="R0")
    alone = extract(table, regions="R0", how="isolated")
    slack = 1e-9 * table.x.max()
    assert (whole.output_loss >= part.output_loss - slack).all()
    assert (part.output_loss >= alone.output_loss - slack).all()
    assert (alone.output_loss >= -slack).all()


def test_extracting_a_region_survives_the_aggregation_of_its_own_sectors_total():
    """Merging the other regions into one leaves the output of the rest as it was, on the whole."""
    table = random_table(4, 3, 1, kind="explicit")
    merged = aggregate(table, regions={"R0": "R0", "R1": "rest", "R2": "rest"})
    # One sector and one rest: extraction of the rest depends on R0 alone, which is not merged.
    fine = extract(table, regions=["R1", "R2"])
    coarse = extract(merged, regions="rest")
    assert coarse.attrs["total"] == pytest.approx(fine.attrs["total"])


def test_what_cannot_be_is_refused_in_words():
    table = random_table(0)
    with pytest.raises(ShapeError, match="name regions"):
        extract(table)
    with pytest.raises(ShapeError, match="did you mean 'backward'"):
        extract(table, regions="R0", how="backwards")
    with pytest.raises(UnknownLabel, match="R9"):
        extract(table, regions="R9")
    with pytest.raises(LookupError, match="S9"):
        extract(table, sectors=["S9"])
    with pytest.raises(ShapeError, match="link"):
        extract(table, regions="R0", to_regions="R1", how="backward")
    with pytest.raises(ShapeError, match="final_demand"):
        extract(table, regions="R0", to_sectors="S1", final_demand=True)
    with pytest.raises(ShapeError, match="each"):
        extractions(table, each="planet")


def test_the_figure_draws_the_regions_that_lose():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ax = plot_extraction(extract(random_table(1, 4, 3), regions="R0"), top=3)
    assert len(ax.patches) == 3
    assert len(plot_extractions(extractions(random_table(1, 4, 3)), top=5).patches) == 10
    plt.close("all")


def test_columns_may_come_in_pieces_of_any_width(monkeypatch):
    table = random_table(2, 3, 4)
    whole = [extractions(table, each=each).loss for each in ("sector", "region")]
    monkeypatch.setattr("model.leontief.inverse_pieces.WIDTH", 5)
    parts = [extractions(table, each=each).loss for each in ("sector", "region")]
    for one, two in zip(whole, parts, strict=True):
        assert np.allclose(one, two)


def test_a_region_of_miller_and_blair_on_its_own():
    """Cut off from the other, a region makes its single-region multipliers times its own demand."""
    two = case("mb_two_region_5x5")
    labels = pd.MultiIndex.from_tuples([tuple(label.split("_")) for label in two.Z.index])
    demand = two.Y.sum(axis=1).set_axis(labels)
    table = RegionalTable.from_flows(
        two.Z.set_axis(labels, axis=0).set_axis(labels, axis=1), demand
    )
    alone = pd.Series(two.value["single_region_multiplier"], index=labels) * demand
    for region in table.regions:
        found = extract(table, regions=region, how="isolated")
        made = float(found.after.sel(region=region).sum())
        assert made == pytest.approx(float(alone.loc[region].sum()), rel=1e-12)


def test_a_pooled_table_and_the_same_one_spelled_out_agree():
    table = random_table(6, 3, 3)
    other = table.explicit()
    one = extract(table, regions="R1", to_regions="R0", final_demand=True)
    two = extract(other, regions="R1", to_regions="R0", final_demand=True)
    assert np.allclose(one.loss, two.loss)
    assert np.allclose(extractions(table).loss_by_region, extractions(other).loss_by_region)


def test_a_group_of_regions_is_a_block():
    table = random_table(5, 3, 2)
    named = table.data.assign_coords(belt=("region", ["coast", "inland", "coast"]))
    grouped = RegionalTable(named, table.kind)
    one, two = extract(grouped, regions="coast"), extract(table, regions=["R0", "R2"])
    assert np.allclose(one.loss, two.loss)
