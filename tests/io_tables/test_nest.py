"""Places inside regions: what is kept exactly, in gravity form, at any depth."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import full_table

from io_tables.aggregate import aggregate
from io_tables.errors import InvalidTable, TableTooLarge, UnknownLabel
from io_tables.nest import nest
from io_tables.nesting.change import nest_change
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.leontief.gravity import GravityOperator
from model.solve import Leontief


def split(table, per_region=3, seed=0):
    """Random places: random order, sizes, costs."""
    rng = np.random.default_rng(seed)
    parents = np.repeat(table.regions, per_region)
    rng.shuffle(parents)
    M = len(parents)
    places = pd.DataFrame(
        {"parent": parents, "size": rng.lognormal(0, 1, M)}, index=[f"p{m}" for m in range(M)]
    )
    at = rng.uniform(0, 100, (M, 2))
    km = np.hypot(*(at[:, None] - at).transpose(2, 0, 1)) + 5.0
    return places, pd.DataFrame(km, index=places.index, columns=places.index)


def region_sums(nested, values):
    out = np.zeros((nested.parent.n_regions, *values.shape[1:]))
    np.add.at(out, nested.parent_of, values)
    return out


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.5, 1.0, 2.0]), st.booleans())
def test_flows_between_regions_and_all_accounts_are_kept_exactly(seed, decay, hole):
    table = random_table(seed, 3, 4, zero_industry=hole)
    places, km = split(table, seed=seed)
    nested = nest(table, places, km, decay=decay)
    data = table.data
    for name in ("output", "exports"):
        np.testing.assert_allclose(region_sums(nested, getattr(nested, name)), data[name],
                                   rtol=1e-12, atol=1e-9)  # fmt: skip
    np.testing.assert_allclose(region_sums(nested, nested.demand), data["demand"], rtol=1e-12)
    added = region_sums(nested, nested.value_added.transpose(1, 0, 2)).transpose(1, 0, 2)
    np.testing.assert_allclose(added, data["value_added"], rtol=1e-12, atol=1e-9)
    use = data["domestic_use"].values.sum(axis=2) + data["demand"].values.sum(axis=2).T
    flows = table.trade * use[:, None, :]
    np.testing.assert_allclose(nested.parent_flows(), flows, rtol=1e-9, atol=1e-9 * flows.max())


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["flows", "cells"]))
def test_solving_the_gravity_law_returns_the_output_of_the_parent(seed, preserve):
    table = random_table(seed, 3, 4)
    places, km = split(table, seed=seed)
    nested = nest(table, places, {"road": km, "rail": km**0.5}, preserve=preserve,
                  cost_of=dict(zip(table.sectors, ["road", "rail"] * 2, strict=True)),
                  decay=dict(zip(table.sectors, [1.0, 1.0, 2.0, 0.5], strict=True)))  # fmt: skip
    system = Leontief(GravityOperator(**nested.gravity_arguments()))
    n = nested.output.size
    f = system.deliver(nested.demand.sum(axis=2).reshape(n)) + nested.exports.reshape(n)
    x = np.asarray(system.solve(f).x).reshape(nested.output.shape)
    np.testing.assert_allclose(x, nested.output, rtol=1e-8)
    np.testing.assert_allclose(region_sums(nested, x), table.data["output"], rtol=1e-9)


def test_preserving_cells_keeps_every_cell_and_multiplier():
    table = random_table(4, 3, 4)
    places, km = split(table)
    nested = nest(table, places, km, preserve="cells")
    parents = dict(zip(nested.places, places["parent"], strict=True))
    back = aggregate(nested.to_table(), regions=parents)
    order = list(back.regions)
    np.testing.assert_allclose(
        back.Z.loc[order, order], table.Z.loc[order, order], rtol=1e-9, atol=1e-6
    )
    # cell by cell over places, not only through pooled shares
    Z = nested.to_table().Z
    parent_from = Z.index.get_level_values(0).map(parents)
    summed = Z.groupby([parent_from, Z.index.get_level_values(1)]).sum().T
    parent_to = summed.index.get_level_values(0).map(parents)
    summed = summed.groupby([parent_to, summed.index.get_level_values(1)]).sum().T
    np.testing.assert_allclose(summed.loc[table.labels, table.labels], table.Z, rtol=1e-9)
    assert nest_change(nested).largest < 1e-8


def test_preserving_flows_moves_multipliers_a_little_and_says_how_much():
    table = random_table(5, 4, 5)
    places, km = split(table, 4)
    change = nest_change(nest(table, places, km, decay=1.5))
    assert 1e-6 < change.weighted < change.largest < 0.2
    flat = nest_change(nest(table, places, km**0, decay=1.0))
    assert flat.largest < change.largest
    # the same from dense algebra
    nested = nest(table, places, km, decay=1.5)
    A = nested.to_table().A.to_numpy()
    after = np.linalg.solve(np.eye(len(A)) - A.T, np.ones(len(A))).reshape(nested.output.shape)
    before = np.linalg.solve(np.eye(20) - table.A.to_numpy().T, np.ones(20)).reshape(4, 5)
    mean = region_sums(nested, after * nested.output) / region_sums(nested, nested.output)
    np.testing.assert_allclose(change.change, (mean / before - 1).ravel(), rtol=1e-5, atol=1e-9)


def test_the_pooled_table_of_places_is_valid_and_can_be_nested_again():
    table = random_table(6, 2, 3)
    places, km = split(table, 2)
    cities = nest(table, places, km).to_table()
    assert isinstance(cities, RegionalTable)
    assert [f for f in cities.check(tolerance=1e-8) if f.kind != "negative_value_added"] == []
    counties, roads = split(cities, 2, seed=3)
    deeper = nest(cities, counties, roads)
    np.testing.assert_allclose(
        region_sums(deeper, deeper.output), cities.data["output"], rtol=1e-11
    )


def test_nearer_places_trade_more():
    table = random_table(7, 2, 3)
    places = pd.DataFrame({"parent": ["R0", "R0", "R1", "R1"], "size": 1.0}, index=list("abcd"))
    km = pd.DataFrame(100.0, index=places.index, columns=places.index)
    km.loc["a", "c"] = km.loc["c", "a"] = 10.0
    t = nest(table, places, km, decay=1.0).trade(0)
    assert t[0, 2] > t[1, 2]
    assert t[0, 2] > t[0, 3]


def test_known_output_employment_and_value_added_are_used():
    table = random_table(8, 2, 3)
    places = pd.DataFrame(
        {"parent": ["R0", "R0", "R0", "R1", "R1"], "size": [1.0, 1.0, 2.0, 1.0, 3.0]},
        index=list("abcde"),
    )
    km = pd.DataFrame(np.eye(5) * -5 + 10, index=places.index, columns=places.index)
    x = table.data["output"].values
    told = pd.DataFrame({"S0": [0.0, x[0, 0] * 0.9]}, index=["a", "b"])
    jobs = pd.DataFrame({"S1": [10.0, 30.0]}, index=["d", "e"])
    nested = nest(table, places, km, output=told, employment=jobs)
    np.testing.assert_allclose(nested.output[:3, 0], x[0, 0] * np.array([0.0, 0.9, 0.1]))
    np.testing.assert_allclose(nested.output[3:, 1], x[1, 1] * np.array([0.25, 0.75]))
    np.testing.assert_allclose(nested.output[:3, 2], x[0, 2] * np.array([0.25, 0.25, 0.5]))
    gdp = pd.Series([3.0, 1.0, 1.0, 1.0, 1.0], index=places.index)
    rich = nest(table, places, km, value_added=gdp)
    added = rich.value_added.sum(axis=(0, 2))
    np.testing.assert_allclose(added[:3] / added[:3].sum(), [0.6, 0.2, 0.2], rtol=1e-9)
    np.testing.assert_allclose(region_sums(rich, rich.output), x, rtol=1e-12)
    with pytest.raises(InvalidTable, match="R0 / S0: places have"):
        nest(table, places, km, output=told * 2.0)


def test_impossible_requests_are_refused():
    table = random_table(1, 2, 3)
    places, km = split(table, 2)
    with pytest.raises(InvalidTable, match="every region needs a place with a size, none in R1"):
        nest(table, places[places["parent"] == "R0"], km)
    with pytest.raises(UnknownLabel, match="unknown region 'R9'"):
        nest(table, places.assign(parent="R9"), km)
    with pytest.raises(InvalidTable, match="above zero, found otherwise at p0 / p0"):
        nest(table, places, km - np.diag(np.diagonal(km)))
    with pytest.raises(InvalidTable, match="which of road, rail each sector follows"):
        nest(table, places, {"road": km, "rail": km})
    with pytest.raises(InvalidTable, match="pooled"):
        nest(random_table(1, 2, 3, kind="explicit"), places, km)
    with pytest.raises(InvalidTable, match="'flows' or 'cells'"):
        nest(table, places, km, preserve="all")


def test_many_places_take_seconds_and_are_not_spelled_out_by_mistake():
    table = random_table(2, 6, 42)
    places, km = split(table, 100)
    start = time.perf_counter()
    nested = nest(table, places, km)
    assert time.perf_counter() - start < 10.0
    assert nested.gap <= 1e-11
    big = pd.concat([places] * 5, ignore_index=True)
    with pytest.raises(TableTooLarge, match="gravity_arguments"):
        nest(table, big, np.full((3000, 3000), 2.0), preserve="cells").to_table()


def test_places_in_another_order_and_money_in_another_unit_give_the_same_shares():
    table = random_table(9, 3, 4)
    places, km = split(table, 3)
    order = np.random.default_rng(1).permutation(len(places))
    one = nest(table, places, km, decay=1.3)
    two = nest(table, places.iloc[order], km, decay=1.3)
    np.testing.assert_allclose(two.output, one.output[order], rtol=1e-12)
    for i in range(4):
        np.testing.assert_allclose(two.trade(i), one.trade(i)[np.ix_(order, order)], rtol=1e-8)
    money = {"money", table.unit}
    data = table.data.map(lambda v: v * 1e3 if v.attrs["units"] in money else v, keep_attrs=True)
    scaled = nest(RegionalTable(data, "pooled"), places, km * 7.0, decay=1.3)
    np.testing.assert_allclose(scaled.output, one.output * 1e3, rtol=1e-12)
    np.testing.assert_allclose(scaled.trade(0), one.trade(0), rtol=1e-8)


def deming_stephan(kernel, parent_of, supply, use, blocks, sweeps=4000):
    """Rows, columns and blocks scaled in turn, cell by cell, on the full matrix."""
    flow = kernel.copy()
    member = parent_of[:, None] == np.arange(len(blocks))
    for _ in range(sweeps):
        flow *= (supply / flow.sum(axis=1))[:, None]
        flow *= use / flow.sum(axis=0)
        found = member.T.astype(float) @ flow @ member
        flow *= (blocks / found)[np.ix_(parent_of, parent_of)]
    return flow


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_flows_between_places_are_those_of_plain_scaling(seed):
    table = random_table(seed, 2, 3)
    places, km = split(table, seed=seed)
    nested = nest(table, places, km, decay=1.2)
    use = nested.use
    supply = nested.output - nested.exports
    for i in range(3):
        block = table.trade[i] * (
            table.data["domestic_use"].values[i].sum(axis=1)
            + table.data["demand"].values[:, i].sum(axis=1)
        )
        slow = deming_stephan(
            km.to_numpy() ** -1.2, nested.parent_of, supply[:, i], use[:, i], block
        )
        np.testing.assert_allclose(nested.trade(i) * use[:, i], slow, rtol=1e-5)


def test_accounts_beside_the_flows_go_to_the_places_and_add_up_again():
    table = full_table().pooled()
    assert {"discrepancy", "stressor_use", "stressor_demand", "final_taxes"} <= set(table.data)
    places, cost = split(table)
    made = nest(table, places, cost).to_table()
    back = aggregate(made, regions=places["parent"])
    for name in ("discrepancy", "employment", "stressor_use", "stressor_demand", "final_taxes",
                 "imported_use", "imported_demand", "taxes", "value_added", "exports"):  # fmt: skip
        ours = back.data[name].sel(region=table.regions)
        np.testing.assert_allclose(ours, table.data[name], rtol=1e-10, err_msg=name)
    assert back.stressor_units.equals(table.stressor_units)


def test_what_is_told_by_region_alone_is_named_as_left_out():
    table = random_table(1, 2, 3)
    jobs = table.data.assign(employment=(("region",), np.ones(2), {"units": "persons"}))
    places, cost = split(table)
    made = nest(RegionalTable(jobs, "pooled"), places, cost)
    assert made.notes[-1].endswith("not told: employment")
