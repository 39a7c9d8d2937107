"""Orders of industries against all orders there are, and against bounds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_toolbox as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.errors import ShapeError
from model.triangulation import plot_triangulation, triangulate


def frame(values):
    names = [f"s{i}" for i in range(len(values))]
    return pd.DataFrame(values, index=names, columns=names)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_six_industries_are_put_in_the_best_order_of_all(seed):
    values = np.random.default_rng(seed).gamma(0.5, 1.0, (6, 6))
    found = triangulate(frame(values), starts=20)
    total = values.sum() - np.trace(values)
    assert found.linearity * total == pytest.approx(slow.best_order(values))
    assert 0.5 <= found.linearity <= found.bound + 1e-12
    again = np.triu(found.flows.to_numpy(), 1).sum() / total
    assert again == pytest.approx(found.linearity)


def test_a_chain_is_found_whole():
    values = np.triu(np.ones((9, 9)), 1)
    shuffled = np.random.default_rng(1).permutation(9)
    found = triangulate(frame(values).iloc[shuffled, shuffled])
    assert found.linearity == 1.0
    assert found.bound == 1.0
    assert list(found.order) == [f"s{i}" for i in range(9)]


@pytest.mark.parametrize("over", ["sector", "region", "industry"])
def test_pooled_and_explicit_tables_are_summed_alike(over):
    table = random_table(3, 3, 4)
    one, two = triangulate(table, over=over), triangulate(table.explicit(), over=over)
    assert list(one.order) == list(two.order)
    assert one.linearity == pytest.approx(two.linearity)
    everything = table.Z.to_numpy().sum()
    assert one.flows.to_numpy().sum() == pytest.approx(everything)


def test_the_same_seed_gives_the_same_order_and_labels_go_along():
    table = random_table(5, 3, 8)
    assert list(triangulate(table, rng=4).order) == list(triangulate(table, rng=4).order)


def test_no_single_move_helps():
    values = np.random.default_rng(0).gamma(0.5, 1.0, (14, 14))
    found = triangulate(frame(values), starts=3)
    ordered = found.flows.to_numpy()
    reached = np.triu(ordered, 1).sum()
    for take in range(14):
        rest = [k for k in range(14) if k != take]
        for put in range(14):
            order = [*rest[:put], take, *rest[put:]]
            assert np.triu(ordered[np.ix_(order, order)], 1).sum() <= reached * (1 + 1e-12)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.ones((2, 3)), "square"),
        (-np.ones((2, 2)), ">= 0"),
        (np.eye(3), "there is none"),
    ],
)
def test_matrices_without_an_order_are_refused(values, words):
    with pytest.raises(ShapeError, match=words):
        triangulate(pd.DataFrame(values))
    with pytest.raises(ShapeError, match="over"):
        triangulate(random_table(0), over="city")
    with pytest.raises(ShapeError, match="starts"):
        triangulate(random_table(0), starts=0)


def test_the_figure_shows_the_ordered_matrix():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ax = plot_triangulation(triangulate(random_table(0, 2, 5)))
    assert len(ax.get_yticklabels()) == 5
    plt.close("all")
