"""Lengths of chains against sums over rounds, and in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import reference_toolbox as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.aggregate import aggregate
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import TooLarge, UnknownLabel
from model.linkages import linkages
from model.propagation import chain_position, plot_chain_position, propagation_length
from model.solve import Leontief

FEW = settings(max_examples=10, deadline=None)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_lengths_equal_sums_over_rounds(kind):
    table = random_table(5, 3, 3, kind=kind)
    matrix = Leontief(table).operator.dense()
    exact = slow.propagation(matrix)
    found = propagation_length(table)
    assert np.allclose(found, exact, rtol=1e-8)
    chosen = [table.labels[4], table.labels[0]]
    some = propagation_length(table, chosen)
    assert np.allclose(some, exact[:, [4, 0]], rtol=1e-8)
    assert list(some.columns) == chosen


def test_chains_that_do_not_exist_have_no_length():
    flows = np.array([[0.0, 10.0, 0.0], [0.0, 0.0, 10.0], [0.0, 0.0, 0.0]])
    table = RegionalTable.from_flows(
        flows, np.array([10.0, 10.0, 30.0]), regions=["here"], sectors=["ore", "steel", "car"]
    )
    found = propagation_length(table).to_numpy()
    assert found[0, 1] == pytest.approx(1.0)
    assert found[0, 2] == pytest.approx(2.0)
    assert np.isnan(found[2, 0])
    assert np.isnan(found[0, 0])


def test_positions_equal_sums_over_rounds_and_total_linkages():
    table = random_table(6, 3, 3)
    matrix, f, x = Leontief(table).operator.dense(), table.f.to_numpy(), table.x.to_numpy()
    found = chain_position(table)
    up = found.upstreamness.values.ravel()
    assert np.allclose(up, slow.upstreamness(matrix, f), rtol=1e-9)
    linked = linkages(table, dispersion=False, pure=False)
    assert np.allclose(found.upstreamness, linked.forward)
    assert np.allclose(found.downstreamness, linked.backward)
    inverse = slow.inverse(matrix)
    later, weighted = inverse - np.eye(9), inverse @ (inverse - np.eye(9))
    back = found.backward_length.values.ravel()
    assert np.allclose(back, weighted.sum(axis=0) / later.sum(axis=0))
    ahead = found.forward_length.values.ravel()
    assert np.allclose(ahead, weighted.sum(axis=1) / later.sum(axis=1))
    # Weighted by what is final and what is primary, both ends are equally far apart.
    primary = x * (1.0 - matrix.sum(axis=0))
    down = found.downstreamness.values.ravel()
    assert primary @ up == pytest.approx(f @ down)


def test_a_symmetric_economy_in_closed_form():
    """Every industry spends a share c on all alike: chains have length 1 / (1 - c)."""
    n, c = 4, 0.6
    table = RegionalTable.from_flows(
        np.full((n, n), 100.0 * c / n),
        np.full(n, 100.0 * (1 - c)),
        regions=["A", "B"],
        sectors=["p", "q"],
    )
    assert np.allclose(propagation_length(table), 1 / (1 - c))
    found = chain_position(table)
    assert np.allclose(found.to_array(), 1 / (1 - c))


@FEW
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_units_and_order_do_not_matter(seed, factor):
    table = random_table(seed, 3, 2, kind="explicit")
    order = np.random.default_rng(seed).permutation(6)
    labels = table.labels[order]
    other = RegionalTable.from_flows(
        factor * table.Z.loc[labels, labels],
        factor * table.Y.sum(axis=1).loc[labels],
        factor * table.x.loc[labels],
    )
    one, two = propagation_length(table), propagation_length(other)
    # An industry that sells to no industry has no chain ahead of it.
    assert np.allclose(one, two.loc[table.labels, table.labels], rtol=1e-7, equal_nan=True)
    again = chain_position(other).sel(region=table.regions, sector=table.sectors)
    here = chain_position(table).to_array()
    assert np.allclose(again.to_array(), here, rtol=1e-7, equal_nan=True)


def test_mean_upstreamness_of_the_whole_does_not_depend_on_the_level():
    """Output over final use, sum x / sum f, whatever is merged."""
    table = random_table(8, 3, 3, kind="explicit")
    merged = aggregate(table, regions={"R0": "west", "R1": "east", "R2": "east"})
    for one in (table, merged):
        down = chain_position(one).downstreamness.values.ravel()
        assert one.f.to_numpy() @ down == pytest.approx(float(one.x.sum()))


def test_unknown_buyers_and_too_many_are_refused(monkeypatch):
    table = random_table(0, 2, 2)
    with pytest.raises(UnknownLabel):
        propagation_length(table, [("R0", "S7")])
    monkeypatch.setattr("model.propagation.LARGEST", 10)
    with pytest.raises(TooLarge, match="fewer buyers"):
        propagation_length(table)


def test_the_figure_names_industries_of_one_region():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = chain_position(random_table(1, 2, 3))
    assert len(plot_chain_position(found, region="R1").texts) == 3
    plt.close("all")
