"""Gravity trade: Austria's migration, the slow twin, own flows, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_io_tables as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import shared

from io_tables.errors import InfeasibleMargins, InvalidTable
from io_tables.shares import domestic_shares, feasible_own_flow, make_room
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from io_tables.trade import (
    balance_gravity,
    estimate_trade,
    log_kernel,
)


@pytest.fixture
def austria():
    long = pd.read_csv(shared("cases", "spatial", "austria_migration.csv"), index_col=0)
    flows = long.pivot(index="Origin", columns="Destination", values="Data")
    cost = long.pivot(index="Origin", columns="Destination", values="Dij")
    origins = long.groupby("Origin")["Oi"].first()
    destinations = long.groupby("Destination")["Dj"].first()
    return flows, cost, origins, destinations


def test_austrian_migration_has_the_published_decay_to_eight_digits(austria):
    flows, cost, origins, destinations = austria
    fit = estimate_trade(
        origins, destinations, cost, kernel="exponential", observed=flows, own_flow=np.zeros(9)
    )
    assert fit.decay == pytest.approx(0.00791533, abs=5e-9)
    assert fit.decay_estimated
    np.testing.assert_allclose(fit.flows.sum(axis=1), origins, rtol=1e-12)
    np.testing.assert_allclose(fit.flows.sum(axis=0), destinations, rtol=1e-12)
    assert np.trace(fit.flows) == 0.0
    # the condition of the Poisson likelihood
    observed = (flows * cost).to_numpy().sum() / flows.to_numpy().sum()
    modelled = (fit.flows * cost).to_numpy().sum() / fit.flows.to_numpy().sum()
    assert modelled == pytest.approx(observed, rel=1e-10)


def test_flows_are_the_product_of_their_balancing_factors(austria):
    _, cost, origins, destinations = austria
    fit = estimate_trade(
        origins, destinations, cost, kernel="exponential", decay=0.005, own_flow=np.zeros(9)
    )
    product = (
        fit.balancing_origin[:, None] * origins.to_numpy()[:, None]
        * fit.balancing_destination * destinations.to_numpy() * np.exp(-0.005 * cost.to_numpy())
    )  # fmt: skip
    np.fill_diagonal(product, 0.0)
    np.testing.assert_allclose(fit.flows, product, rtol=1e-11, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.sampled_from([0.3, 1.0, 2.5]), st.integers(0, 10_000))
def test_power_gravity_agrees_with_the_slow_twin(R, decay, seed):
    rng = np.random.default_rng(seed)
    supply, use = rng.lognormal(3, 1, R), rng.lognormal(3, 1, R)
    use *= supply.sum() / use.sum()
    cost = rng.uniform(1.0, 50.0, (R, R))
    fast = estimate_trade(supply, use, cost, decay=decay).flows.to_numpy()
    slow = reference.furness(supply, use, cost**-decay, sweeps=1500)
    np.testing.assert_allclose(fast, slow, rtol=1e-7)


@settings(max_examples=10, deadline=None)
@given(st.integers(3, 6), st.sampled_from(["power", "exponential"]), st.integers(0, 10_000))
def test_a_decay_is_recovered_from_the_flows_it_made(R, kernel, seed):
    rng = np.random.default_rng(seed)
    supply, use = rng.lognormal(3, 1, R), rng.lognormal(3, 1, R)
    use *= supply.sum() / use.sum()
    cost = rng.uniform(1.0, 5.0, (R, R))
    made = estimate_trade(supply, use, cost, kernel=kernel, decay=1.3)
    found = estimate_trade(supply, use, cost, kernel=kernel, observed=made.flows)
    assert found.decay == pytest.approx(1.3, rel=1e-6)


def test_many_products_at_once_are_each_product_alone():
    rng = np.random.default_rng(1)
    S, R = 6, 7
    supply, use = rng.lognormal(3, 1.5, (S, R)), rng.lognormal(3, 1.5, (S, R))
    use *= supply.sum(axis=1, keepdims=True) / use.sum(axis=1, keepdims=True)
    cost = rng.uniform(1.0, 50.0, (R, R))
    decays = rng.uniform(0.2, 3.0, S)
    kernels = cost ** -decays[:, None, None]
    together = balance_gravity(supply, use, kernels)
    for i in range(S):
        alone = estimate_trade(supply[i], use[i], cost, decay=decays[i]).flows
        np.testing.assert_allclose(together.flows[i], alone, rtol=1e-9)
    reach = together.origin_weight[:, :, None] * kernels
    shares = together.flows / use[:, None, :]
    np.testing.assert_allclose(reach / reach.sum(axis=1, keepdims=True), shares, rtol=1e-9)


def test_own_flows_are_kept_and_the_rest_meets_the_totals():
    rng = np.random.default_rng(3)
    S, R = 5, 8
    supply, use = rng.lognormal(3, 0.7, (S, R)), rng.lognormal(3, 0.7, (S, R))
    use *= supply.sum(axis=1, keepdims=True) / use.sum(axis=1, keepdims=True)
    capped = feasible_own_flow(supply, use, np.full((S, R), 0.7))
    assert (capped <= 0.98 * np.minimum(supply, use) * (1 + 1e-15)).all()
    own = make_room(supply, use, capped)
    assert (own >= capped).all()
    assert (own == capped).mean() > 0.7
    result = balance_gravity(supply, use, rng.uniform(0.1, 1.0, (R, R)), own_flow=own)
    np.testing.assert_array_equal(np.einsum("irr->ir", result.flows), own)
    np.testing.assert_allclose(result.flows.sum(axis=2), supply, rtol=1e-11)
    np.testing.assert_allclose(result.flows.sum(axis=1), use, rtol=1e-11)


def test_own_shares_are_raised_where_one_region_dwarfs_the_others():
    supply = np.array([[80.0, 12.0, 8.0], [50.0, 50.0, 1e-3]])
    use = np.array([[70.0, 10.0, 20.0], [1e-3, 50.0, 50.0]])
    own = make_room(supply, use, feasible_own_flow(supply, use, np.full((2, 3), 0.1)))
    assert own[0, 0] > 7.0
    flows = balance_gravity(supply, use, np.ones((3, 3)), own_flow=own).flows
    np.testing.assert_allclose(flows.sum(axis=1), use, rtol=1e-11)
    two = make_room([6.0, 4.0], [7.0, 3.0], [0.7, 0.3])
    rest = np.array([6.0, 4.0]) - two, np.array([7.0, 3.0]) - two
    np.testing.assert_allclose(rest[0], rest[1][::-1])


def test_a_region_that_would_have_to_trade_with_itself_is_refused():
    with pytest.raises(InfeasibleMargins, match="no room: rows region 0 need 80 but may use"):
        balance_gravity(
            [[80.0, 10.0, 10.0]], [[80.0, 10.0, 10.0]], np.ones((3, 3)), own_flow=np.zeros((1, 3))
        )


def test_own_flows_above_a_total_are_refused():
    with pytest.raises(InfeasibleMargins, match="product 0 in region 1"):
        balance_gravity([[5.0, 5.0]], [[5.0, 5.0]], np.ones((2, 2)), own_flow=[[1.0, 6.0]])


def test_a_power_kernel_refuses_costs_of_zero_and_names_the_regions():
    cost = pd.DataFrame([[0.0, 2.0], [2.0, 1.0]], index=["A", "B"], columns=["A", "B"])
    with pytest.raises(InvalidTable, match="above zero, found A / A"):
        estimate_trade([1.0, 1.0], [1.0, 1.0], cost, decay=1.0)
    flows = estimate_trade([1.0, 1.0], [1.0, 1.0], cost, decay=1.0, own_flow=[0.5, 0.5]).flows
    np.testing.assert_allclose(flows, [[0.5, 0.5], [0.5, 0.5]])


def test_unconnected_regions_do_not_trade():
    cost = np.array([[1.0, 2.0, np.inf], [2.0, 1.0, 3.0], [np.nan, 3.0, 1.0]])
    flows = estimate_trade([2.0, 3.0, 4.0], [3.0, 3.0, 3.0], cost, decay=1.0).flows.to_numpy()
    assert flows[0, 2] == flows[2, 0] == 0.0
    np.testing.assert_allclose(flows.sum(axis=1), [2.0, 3.0, 4.0], rtol=1e-11)
    assert np.isneginf(log_kernel(cost, 0.0)[0, 2])


def test_steep_decay_does_not_underflow():
    cost = np.array([[10.0, 3000.0], [3000.0, 10.0]])
    flows = estimate_trade([5.0, 7.0], [6.0, 6.0], cost, kernel="exponential", decay=3.0).flows
    np.testing.assert_allclose(flows.to_numpy(), [[5.0, 0.0], [1.0, 6.0]], atol=1e-9)


def test_flows_that_do_not_fall_with_cost_give_no_decay():
    cost = np.array([[1.0, 9.0], [9.0, 1.0]])
    with pytest.raises(InvalidTable, match="no positive decay"):
        estimate_trade([5.0, 5.0], [5.0, 5.0], cost, observed=[[1.0, 4.0], [4.0, 1.0]])
    with pytest.raises(InvalidTable, match="decay, or observed"):
        estimate_trade([5.0, 5.0], [5.0, 5.0], cost)


def test_regions_without_supply_or_use_are_left_out():
    flows = balance_gravity([[0.0, 4.0, 2.0]], [[3.0, 0.0, 3.0]], np.ones((3, 3))).flows[0]
    np.testing.assert_allclose(flows, [[0, 0, 0], [2, 0, 2], [1, 0, 1]], atol=1e-12)


def test_shares_with_a_foreign_part_are_converted_into_a_balanced_table():
    base = random_table(2, 3, 4, imports=False).data
    domestic = np.random.default_rng(0).uniform(0.5, 1.0, (4, 3))
    share = base["trade_share"].values * domestic[:, None, :]
    total_use = base["domestic_use"].values / domestic[:, :, None]
    total_demand = base["demand"].values / domestic.T[:, :, None]
    split = domestic_shares(share, total_use, total_demand)
    table = RegionalTable.from_pooled(
        split.domestic_use, split.trade_share, split.demand, base["exports"].values,
        base["output"].values, imported_use=split.imported_use,
        imported_demand=split.imported_demand, regions=list("abc"), sectors=list("wxyz"),
    )  # fmt: skip
    assert [f.kind for f in table.check()] in ([], ["negative_value_added"])
    np.testing.assert_allclose(split.domestic_use, base["domestic_use"].values, rtol=1e-12)
    np.testing.assert_allclose(split.domestic_use + split.imported_use, total_use, rtol=1e-12)
    with pytest.raises(InvalidTable, match="at most one"):
        domestic_shares(base["trade_share"].values * 1.1, total_use, total_demand)
