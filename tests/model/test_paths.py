"""Paths: every path of small economies, proven rests, stops, streams and figures."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
import reference_trade as slow
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from io_tables.synthetic import synthetic_economy
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError, TooLarge, UnknownLabel
from model.paths import (
    path_links,
    path_tree,
    plot_paths,
    plot_sankey,
    search,
    stream_paths,
    structural_paths,
)
from model.paths.names import spread, wrapped

KINDS = st.sampled_from(["pooled", "explicit"])


def twin(table, weights, final, depth):
    A, L = slow.inverse(table.Z.to_numpy(), table.x.to_numpy())
    return slow.all_paths(weights, A, final, depth), float(weights @ L @ final)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), KINDS)
def test_all_paths_up_to_a_depth_are_those_of_a_recursion(seed, kind):
    table = random_table(seed, 2, 2, kind=kind)
    weights = table.va.to_numpy().sum(axis=0) / table.x.to_numpy()
    wanted, total = twin(table, weights, table.f.to_numpy(), 3)
    found = structural_paths(table, smallest=1e-300, depth=3, listed=1000)
    ours = {
        tuple(k for k in row if k >= 0): value
        for row, value in zip(found.nodes.tolist(), found.frame["value"], strict=True)
    }
    theirs = {path: value for path, value in wanted if value > 0}
    assert ours.keys() == theirs.keys()
    assert np.allclose([ours[k] for k in theirs], list(theirs.values()), rtol=1e-10)
    assert found.total == pytest.approx(total, rel=1e-10)
    rest = total - sum(theirs.values())
    assert found.left_out == pytest.approx(rest, rel=1e-8)
    assert found.by_steps.sum() == pytest.approx(found.covered, rel=1e-12)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), KINDS, st.floats(0.3, 0.93))
def test_paths_and_what_is_left_out_make_up_the_total(seed, kind, coverage):
    table = random_table(seed, 2, 3, kind=kind)
    found = structural_paths(table, "output", coverage=coverage)
    assert found.coverage >= coverage - 1e-12
    assert abs(found.covered + found.left_out - found.total) < 1e-9 * found.total
    assert abs(found.gap) < 1e-10
    assert found.total == pytest.approx(table.x.sum(), rel=1e-9)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), KINDS, st.integers(1, 40))
def test_the_largest_paths_are_the_largest_for_certain(seed, kind, count):
    table = random_table(seed, 2, 2, kind=kind)
    weights = np.ones(4)
    wanted, _ = twin(table, weights, table.f.to_numpy(), 7)
    best = sorted((value for _, value in wanted), reverse=True)[:count]
    found = structural_paths(table, "output", count=count, depth=7)
    assert np.allclose(found.frame["value"], best, rtol=1e-9)
    assert found.n_paths == count
    assert found.covered + found.left_out == pytest.approx(found.total, rel=1e-9)


def test_a_stream_gives_every_path_once_whatever_the_chunk():
    table = random_table(3, 3, 3, kind="pooled")
    listed = structural_paths(table, "output", smallest=50.0, listed=100_000)
    for chunk in (7, 1000):
        seen: dict[tuple[int, ...], float] = {}
        for values, nodes in stream_paths(table, "output", smallest=50.0, chunk=chunk):
            assert len(values) <= chunk
            for value, row in zip(values.tolist(), nodes.tolist(), strict=True):
                key = tuple(k for k in row if k >= 0)
                assert key not in seen
                seen[key] = value
        assert len(seen) == listed.n_paths
        assert sum(seen.values()) == pytest.approx(listed.covered, rel=1e-12)
    assert max(seen.values()) == listed.frame["value"].iloc[0]


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6))
def test_signs_stay_and_the_bound_holds(seed):
    table = random_table(seed, 2, 2, kind="explicit")
    rng = np.random.default_rng(seed)
    weights, final = rng.normal(size=4), rng.normal(size=4)
    given_weights = pd.Series(weights, table.labels, name="odd")
    found = structural_paths(
        table, given_weights, pd.Series(final, table.labels), smallest=1e-3, listed=100_000
    )
    wanted, total = twin(table, weights, final, 3)
    lookup = dict(wanted)
    for row, value in zip(found.nodes.tolist(), found.frame["value"], strict=True):
        path = tuple(k for k in row if k >= 0)
        if path in lookup:
            assert value == pytest.approx(lookup[path], rel=1e-9)
    assert found.total == pytest.approx(total, rel=1e-9, abs=1e-9)
    assert abs(total - found.frame["value"].sum()) <= found.left_out * (1 + 1e-9)


def test_pooled_and_explicit_forms_have_the_same_paths():
    table = random_table(9, 3, 3, kind="pooled")
    one = structural_paths(table, count=50)
    two = structural_paths(table.explicit(), count=50)
    assert np.allclose(one.frame["value"], two.frame["value"], rtol=1e-9)
    assert one.frame["path"].tolist() == two.frame["path"].tolist()


def test_demand_can_be_a_product_a_region_or_anything():
    table = random_table(2, 3, 2, kind="pooled")
    one = structural_paths(table, "output", ("R1", "S0"), coverage=0.9)
    assert one.units.endswith("per million yuan 2020")
    assert one.frame["path"].iloc[0] == "R1 / S0"
    assert one.total > 1.0
    parts = [structural_paths(table, demand=r, count=1).total for r in [*table.regions, "abroad"]]
    whole = structural_paths(table, count=1).total
    assert sum(parts) == pytest.approx(whole, rel=1e-9)
    some = pd.Series({("R0", "S1"): 3.0})
    some.index = pd.MultiIndex.from_tuples(some.index, names=["region", "sector"])
    assert structural_paths(table, "output", some, count=1).total == pytest.approx(
        3.0 * structural_paths(table, "output", ("R0", "S1"), count=1).total
    )
    with pytest.raises(UnknownLabel, match="R1"):
        structural_paths(table, "output", ("R11", "S0"))


def test_a_large_pooled_economy_is_covered_without_its_matrix():
    table = synthetic_economy(60, 30).table()
    found = structural_paths(table, "output", table.labels[100], coverage=0.7)
    assert found.coverage >= 0.7
    assert abs(found.gap) < 1e-10
    assert len(found.frame) == min(found.n_paths, 1000)


def test_rules_are_refused_when_they_contradict_or_cannot_end(monkeypatch):
    table = random_table(1, 2, 2, kind="pooled")
    with pytest.raises(ShapeError, match="one of the three"):
        structural_paths(table, coverage=0.5, count=5)
    with pytest.raises(ShapeError, match="between 0 and 1"):
        structural_paths(table, coverage=1.0)
    with pytest.raises(ShapeError, match="allow more depth"):
        structural_paths(table, "output", coverage=0.99, depth=0)
    monkeypatch.setattr(search, "MOST_PATHS", 5.0)
    with pytest.raises(TooLarge, match="ask for less"):
        structural_paths(table, "output", coverage=0.9)


def test_without_demand_there_are_no_paths():
    table = random_table(1, 2, 2, kind="pooled")
    nothing = structural_paths(table, demand=pd.Series(0.0, table.labels), count=5)
    assert nothing.n_paths == 0
    assert nothing.total == 0.0
    assert nothing.coverage == 1.0


def test_links_trees_and_figures_carry_what_is_listed():
    import matplotlib

    matplotlib.use("Agg")
    table = random_table(5, 2, 3, kind="pooled")
    found = structural_paths(table, count=40)
    listed = found.frame["value"].sum()
    tree = path_tree(found, by="sector")
    assert tree["value"] == pytest.approx(listed)
    assert sum(child["value"] for child in tree["children"]) == pytest.approx(listed)
    links = path_links(found, by="region")
    longer = found.frame.loc[found.frame["steps"] > 0, "value"].sum()
    assert links.loc[links["layer"] == 1, "value"].sum() == pytest.approx(longer)
    assert len(plot_paths(found, most=10).patches) == 10
    assert plot_sankey(found).texts
    with pytest.raises(ValueError, match="both"):
        path_links(found, by="city")
    matplotlib.pyplot.close("all")


def boxes_that_overlap(ax) -> list[tuple[str, str]]:
    """Pairs of names, and of a name and a bar, that share a pixel of the drawn figure."""
    ax.figure.canvas.draw()
    names = [(text.get_text(), text.get_window_extent()) for text in ax.texts]
    bars = [("bar", bar.get_window_extent()) for bar in ax.patches]
    pairs = [*combinations(names, 2), *product(names, bars)]
    return [
        (one, two)
        for (one, a), (two, b) in pairs
        if min(a.x1, b.x1) > max(a.x0, b.x0) and min(a.y1, b.y1) > max(a.y0, b.y0)
    ]


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 100),
    by=st.sampled_from(["region", "sector", "both"]),
    size=st.sampled_from([None, (4.0, 2.0), (8.0, 5.0)]),
    wide=st.booleans(),
)
def test_names_of_a_sankey_diagram_never_overlap(seed, by, size, wide):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    table = random_table(seed, 3, 6, kind="pooled")
    # letters that every font has: long words that must be broken, and many short ones
    sectors = [("supercalifragilistic" * 3 if wide else "goods and more ") * k for k in range(1, 7)]
    sectors = [f"{name} {k}" for k, name in enumerate(sectors)]
    data = table.data.assign_coords(
        {d: sectors for d in table.data.dims if str(d).startswith("sector")}
    )
    found = structural_paths(RegionalTable(data, table.kind), count=60)
    ax = None if size is None else plt.subplots(figsize=size)[1]
    drawn = plot_sankey(found, by=by, most=40, ax=ax)
    assert boxes_that_overlap(drawn) == []
    if size is None:  # all of them, in a figure that grew
        assert len(drawn.texts) == len(drawn.patches)
        assert "left out" not in drawn.get_title(loc="left")
    else:
        lost = len(drawn.patches) - len(drawn.texts)
        title = drawn.get_title(loc="left")
        assert (f"; {lost} small names left out" in title) == (lost > 0)
    plt.close("all")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 1)), min_size=1, max_size=8))
def test_names_are_pushed_apart_as_little_as_possible(pairs):
    centres = np.sort([one for one, _ in pairs])
    heights = np.array([height for _, height in pairs])
    found = spread(centres, heights, low=0.0, high=10.0)
    gaps = (heights[1:] + heights[:-1]) / 2
    assert (np.diff(found) >= gaps - 1e-9).all()
    assert found[0] >= heights[0] / 2 - 1e-9
    assert found[-1] <= 10.0 - heights[-1] / 2 + 1e-9
    least = minimize(
        lambda y: ((y - centres) ** 2).sum(),
        np.linspace(1.0, 9.0, len(centres)),
        jac=lambda y: 2 * (y - centres),
        method="SLSQP",
        bounds=[(h / 2, 10 - h / 2) for h in heights],
        constraints=[
            {"type": "ineq", "fun": lambda y, k=k, g=g: y[k + 1] - y[k] - g}
            for k, g in enumerate(gaps)
        ],
    )
    assert ((found - centres) ** 2).sum() <= least.fun + 1e-6


def test_names_are_parted_at_blanks_and_between_wide_letters():
    assert wrapped("Real estate and more", len, 11) == "Real estate\nand more"
    assert wrapped("化学产品制造业", len, 3) == "化学产\n品制造\n业"
    assert wrapped("incomprehensibly so", len, 6) == "incomp\nrehens\nibly\nso"
    assert wrapped("广东 / Real estate", len, 20) == "广东 / Real estate"
