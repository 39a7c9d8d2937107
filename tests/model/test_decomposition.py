"""Decomposition: a printed case, all orders by brute force, exact sums, sampled orders."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_trade as slow
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.decomposition import FACTORS, decompose, decompose_change, plot_decomposition
from model.errors import ShapeError

KINDS = st.sampled_from(["pooled", "explicit"])


def miller_and_blair():
    made = case("mb_2x2")
    flows, demand = made.Z.to_numpy(), made.y.to_numpy()
    names = {"regions": ["r"], "sectors": ["Agr", "Man"], "categories": ["all"]}
    base = RegionalTable.from_flows(flows, demand, **names)
    new = RegionalTable.from_flows(
        made.value["Z1_factor"] * flows, made.value["Y1_factor"] * demand, **names
    )
    return made, base, new


def test_the_two_polar_effects_of_miller_and_blair():
    made, base, new = miller_and_blair()
    rest = [name for name in FACTORS if name not in ("technology", "trade")]
    groups = [["technology", "trade"], rest]
    for method in ("two_polar", "shapley"):
        found = decompose_change(base, new, factors=groups, method=method)
        first, second = found.values.reshape(2, 2)
        assert np.allclose(first, made.value["SDA_two_polar_L"], rtol=0, atol=1e-9)
        assert np.allclose(second, made.value["SDA_two_polar_Y"], rtol=0, atol=1e-9)
        assert np.allclose(found.sum("factor").values[0], made.value["SDA_total"], atol=1e-9)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 5), st.integers(0, 10**6))
def test_the_mean_over_all_orders_is_brute_force(n, seed):
    rng = np.random.default_rng(seed)
    base, new = rng.random((2, n, 3)) + 0.5

    def function(*states):
        return np.prod(states, axis=0) + states[0] ** 2

    names = [f"f{k}" for k in range(n)]
    one, two = dict(zip(names, base, strict=True)), dict(zip(names, new, strict=True))

    def by_name(**states):
        return function(*states.values())

    effects, ratios = slow.shapley(function, list(base), list(new))
    assert np.allclose(decompose(by_name, one, two), effects, atol=1e-12)
    assert np.allclose(decompose(by_name, one, two, form="multiplicative"), ratios, rtol=1e-11)
    polar = slow.two_polar(function, list(base), list(new))
    assert np.allclose(decompose(by_name, one, two, method="two_polar"), polar, atol=1e-12)


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 10**6), KINDS, st.sampled_from(["output", "value_added"]))
def test_seven_effects_sum_to_the_change_whatever_the_method(seed, kind, of):
    base = random_table(seed, 2, 3, kind=kind)
    new = random_table(seed + 1, 2, 3, kind=kind)
    wanted = [t.x if of == "output" else t.va.sum() for t in (base, new)]
    wanted = (wanted[1] - wanted[0]).to_numpy().reshape(2, 3)
    for method in ("shapley", "two_polar", "sampled"):
        found = decompose_change(base, new, of, method=method, orders=2)
        assert np.allclose(found.sum("factor"), wanted, atol=1e-9 * np.abs(wanted).max())
        assert found.attrs["gap"] < 1e-12
        if of == "output":
            assert not found.sel(factor="intensity").any()
    ratio = decompose_change(base, new, of, form="multiplicative").prod("factor")
    assert np.allclose(
        ratio.values.reshape(-1),
        (new.x / base.x if of == "output" else new.va.sum() / base.va.sum()).to_numpy(),
        rtol=1e-9,
    )


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 10**6))
def test_the_effects_are_those_of_dense_algebra(seed):
    tables = [random_table(seed + k, 2, 2, kind="pooled") for k in (0, 1)]

    def state(table):
        demand = table.demand.to_numpy().reshape(2, 2, 3)
        bought = demand.sum(axis=1, keepdims=True)
        return (
            np.ones(4), table.technology, table.trade, demand / bought,
            bought / demand.sum(), demand.sum(), table.exports.to_numpy(),
        )  # fmt: skip

    def dense(w, technology, trade, mix, distribution, level, exports):
        A = np.zeros((2, 2, 2, 2))
        f = np.zeros((2, 2))
        y = (mix * distribution * level).sum(axis=2)
        for r in range(2):
            for i in range(2):
                for s in range(2):
                    f[r, i] += trade[i, r, s] * y[s, i]
                    A[r, i, s] = trade[i, r, s] * technology[s, i]
        return w * np.linalg.solve(np.eye(4) - A.reshape(4, 4), f.reshape(4) + exports)

    base, new = state(tables[0]), state(tables[1])
    polar = slow.two_polar(dense, list(base), list(new))
    found = decompose_change(*tables, method="two_polar").values.reshape(7, 4)
    assert np.allclose(found, np.stack(polar), atol=1e-8 * np.abs(found).max())


def test_nothing_changes_between_a_table_and_itself_and_only_demand_when_it_grows():
    base = random_table(3, 2, 3, kind="explicit", imports=False)
    assert np.abs(decompose_change(base, base)).max() < 1e-9
    new = RegionalTable.from_flows(
        2 * base.Z, 2 * base.Y, 2 * base.x, 2 * base.va, units=base.unit,
        regions=base.regions, sectors=base.sectors, categories=base.categories,
    )  # fmt: skip
    found = decompose_change(base, new)
    level = found.sel(factor="level").values.reshape(-1)
    assert np.allclose(level, base.x, rtol=1e-8)
    assert np.abs(found.drop_sel(factor="level")).max() < 1e-7 * level.max()


def test_sampled_orders_repeat_and_come_close_to_all_orders():
    tables = [random_table(k, 2, 2, kind="pooled") for k in (5, 6)]
    one = decompose_change(*tables, method="sampled", orders=60, seed=4)
    two = decompose_change(*tables, method="sampled", orders=60, seed=4)
    assert np.array_equal(one, two)
    exact = decompose_change(*tables)
    assert np.abs(one - exact).max() < 0.1 * np.abs(exact).max()


def test_a_product_bought_in_one_year_only_does_not_break_the_sum():
    base = random_table(1, 2, 2, kind="pooled", zero_industry=True)
    new = random_table(2, 2, 2, kind="pooled")
    found = decompose_change(base, new)
    change = (new.x - base.x).to_numpy()
    assert np.allclose(found.sum("factor").values.reshape(-1), change, atol=1e-9 * new.x.max())


def test_messages_and_the_figure():
    import matplotlib

    matplotlib.use("Agg")
    base, new = random_table(1, 2, 2), random_table(2, 2, 2)
    with pytest.raises(ShapeError, match="regions differ"):
        decompose_change(base, random_table(1, 3, 2))
    with pytest.raises(ShapeError, match="each of"):
        decompose_change(base, new, factors=[["trade"]])
    with pytest.raises(ShapeError, match="above zero"):
        decompose(lambda a: a, {"a": -1.0}, {"a": 1.0}, form="multiplicative")
    with pytest.raises(ShapeError, match="same factors"):
        decompose(lambda a: a, {"a": 1.0}, {"b": 1.0})
    own = decompose_change(base, new, (pd.Series(1.0, base.labels), pd.Series(2.0, base.labels)))
    assert own.sel(factor="intensity").any()
    assert len(plot_decomposition(own).get_yticks()) == 2
    matplotlib.pyplot.close("all")
