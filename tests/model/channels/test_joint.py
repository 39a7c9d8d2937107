from dataclasses import replace

import numpy as np
import pytest
from cases_channels import economy, shocks
from hypothesis import given, settings
from hypothesis import strategies as st

from model.channels.joint import Forces, Joint
from model.errors import ScenarioError
from model.leontief.household_operator import HouseholdOperator
from model.operator import PooledOperator
from model.response import respond
from model.solve import Leontief


def levels_by_hand(one, change, made, rule, households):
    """Prices and quantities in levels, cell by cell and again and again; no shared code."""
    b, theta = one.blocks, one.theta
    n_sectors, n_regions, _ = b.trade.shape
    price = np.ones((n_regions, n_sectors))
    for _ in range(3000):
        index, share = np.empty_like(price), np.empty_like(b.trade)
        for i in range(n_sectors):
            for s in range(n_regions):
                weight = (
                    b.trade[i, :, s] * (price[:, i] / made[:, i] * change[i, :, s]) ** -theta[i]
                )
                index[s, i] = weight.sum() ** (-1 / theta[i])
                share[i, :, s] = weight / weight.sum()

        def cell(home, abroad, p, th):
            total = home + abroad
            if home < 0 or abroad < 0 or total == 0:
                return home, p, False
            part = home / total
            both = (part * p**-th + 1 - part) ** (-1 / th)
            return total * part * (both / p) ** (1 + th), both, True

        if rule == "given":
            break
        new = np.ones_like(price)
        for s in range(n_regions):
            for j in range(n_sectors):
                cost = b.output[s, j]
                for i in range(n_sectors):
                    home, abroad = b.use[s, i, j], b.imported_use[s, i, j]
                    _, both, _ = cell(home, abroad, index[s, i], theta[i])
                    cost += (home + abroad) * (both - 1)
                new[s, j] = cost / b.output[s, j]
        done = np.abs(new - price).max() < 1e-15
        price = new
        if done:
            break
    homes = np.flatnonzero(one.household_buys)
    income = one.wages.sum(axis=1)
    earned = income.copy()
    for _ in range(3000):
        n = n_regions * n_sectors
        matrix, demand = np.zeros((n, n)), (b.exports / made).ravel()
        for s in range(n_regions):
            for i in range(n_sectors):
                wanted = 0.0
                for c in range(b.demand.shape[2]):
                    kept, both, joined = cell(
                        b.demand[s, i, c], b.imported_demand[s, i, c], index[s, i], theta[i]
                    )
                    grows = earned[s] / income[s] if households and c in homes else 1.0
                    wanted += grows * kept / (both if joined else index[s, i])
                for r in range(n_regions):
                    quantity = share[i, r, s] * index[s, i] / price[r, i]
                    demand[r * n_sectors + i] += quantity * wanted
                    for j in range(n_sectors):
                        kept, _, _ = cell(
                            b.use[s, i, j], b.imported_use[s, i, j], index[s, i], theta[i]
                        )
                        matrix[r * n_sectors + i, s * n_sectors + j] += (
                            quantity * kept / b.output[s, j]
                        )
        bundles = np.linalg.solve(np.eye(n) - matrix, demand).reshape(n_regions, n_sectors)
        again = (one.wages / b.output * bundles).sum(axis=1)
        done = np.abs(again / earned - 1).max() < 1e-14
        earned = again
        if done or not households:
            break
    return made * bundles, price / made, earned / income


@pytest.mark.parametrize("rule", ["given", "follow costs"])
@pytest.mark.parametrize("households", [False, True])
def test_everything_at_once_equals_levels_written_cell_by_cell(rule, households):
    one = economy(2, 3, 2)
    change, made = shocks(2, one)
    forces = Forces.none(
        one, delivery=change, productivity=made, prices=rule, households=households
    )
    state = Joint(one, forces).solve()
    output, mill, income = levels_by_hand(one, change, made, rule, households)
    np.testing.assert_allclose(one.blocks.output + state.output, output, rtol=1e-9)
    np.testing.assert_allclose(state.mill_price, mill, rtol=1e-11)
    np.testing.assert_allclose(state.income, income, rtol=1e-9)


@pytest.mark.parametrize("rule", ["given", "follow costs"])
@pytest.mark.parametrize("closure", ["spending", "real"])
@pytest.mark.parametrize("seed", range(3))
def test_costs_alone_are_the_response_of_sourcing_and_prices(seed, closure, rule):
    one = economy(seed)
    change, _ = shocks(seed, one)
    state = Joint(one, Forces.none(one, delivery=change, prices=rule, closure=closure)).solve()
    found = respond(one.blocks, change, one.theta, closure=closure, prices=rule)
    scale = np.abs(found.output).max()
    for name in ("output", "value_added", "cost_saving", "final_demand", "real_consumption"):
        np.testing.assert_allclose(
            getattr(state, name), getattr(found, name), rtol=1e-8, atol=1e-9 * scale
        )


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["given", "follow costs"]),
    st.booleans(),
)
def test_incomes_equal_spending_cell_by_cell(seed, rule, households):
    one = economy(seed)
    change, made = shocks(seed, one)
    rng = np.random.default_rng(seed)
    extra = rng.uniform(0.0, 0.1, one.blocks.output.shape) * one.blocks.output
    forces = Forces.none(
        one,
        delivery=change,
        productivity=made,
        at_origin=extra,
        at_use=0.3 * extra,
        prices=rule,
        households=households,
    )
    assert max(Joint(one, forces).solve().gaps.values()) < 1e-11


@pytest.mark.parametrize("households", [False, True])
@pytest.mark.parametrize("rule", ["given", "follow costs"])
def test_no_force_gives_exactly_zero_everywhere_without_a_solve(rule, households):
    one = economy(3)
    state = Joint(one, Forces.none(one, prices=rule, households=households)).solve()
    for name in ("output", "value_added", "cost_saving", "final_demand", "real_consumption"):
        assert np.all(getattr(state, name) == 0.0), name
    assert np.all(state.mill_price == 1.0)
    assert np.all(state.income == 1.0)
    assert state.solution is None


def test_a_stimulus_alone_is_the_leontief_answer_with_and_without_households():
    one = economy(4)
    b = one.blocks
    extra = np.zeros_like(b.output)
    extra[1] = 0.02 * b.output[1]
    operator = PooledOperator(b.technology, b.trade)
    plain = Leontief(operator).solve(extra.ravel()).x.reshape(extra.shape)
    found = Joint(one, Forces.none(one, at_origin=extra)).solve()
    np.testing.assert_allclose(found.output, plain, rtol=1e-9)
    bought = b.demand[:, :, one.household_buys].sum(axis=2)
    spends = bought / one.household_income[:, None]
    closed = HouseholdOperator(operator, one.wage_rate.ravel(), spends.ravel())
    wide = np.concatenate([extra, np.zeros((len(extra), 1))], axis=1)
    answer = Leontief(closed).solve(wide.ravel()).x.reshape(wide.shape)
    state = Joint(one, Forces.none(one, at_origin=extra, households=True)).solve()
    np.testing.assert_allclose(state.output, answer[:, :-1], rtol=1e-8)
    np.testing.assert_allclose((state.income - 1) * one.household_income, answer[:, -1], rtol=1e-8)
    assert np.all(state.output >= found.output)


def test_theta_zero_keeps_every_share():
    one = economy(5)
    change, made = shocks(5, one)
    fixed = replace(one, theta=np.zeros(len(one.sectors)))
    joint = Joint(fixed, Forces.none(fixed, delivery=change, productivity=made))
    np.testing.assert_allclose(joint.sourcing.value_share, one.blocks.trade, rtol=1e-14)


def test_a_region_with_endless_costs_is_left_alone():
    one = economy(6)
    change = np.ones_like(one.blocks.trade)
    change[:, 0, 1:] = change[:, 1:, 0] = 1e200
    state = Joint(one, Forces.none(one, delivery=change)).solve()
    assert (
        Joint(one, Forces.none(one, delivery=change)).sourcing.value_share[:, 0, 1:].max() < 1e-80
    )
    assert np.isfinite(state.output).all()


def test_productivity_everywhere_alike_lowers_prices_and_keeps_incomes():
    one = economy(7)
    b = one.blocks
    closed = replace(
        b,
        imported_use=np.zeros_like(b.imported_use),
        imported_demand=np.zeros_like(b.imported_demand),
        exports=np.zeros_like(b.exports),
    )
    home = replace(one, blocks=closed)
    made = np.full_like(b.output, 1.01)
    state = Joint(home, Forces.none(home, productivity=made)).solve()
    np.testing.assert_allclose(state.mill_price, 1 / 1.01, rtol=1e-12)
    np.testing.assert_allclose(state.real_consumption, 0.01 * b.demand.sum(axis=2), rtol=1e-9)


def test_closed_households_with_fixed_quantities_are_refused():
    one = economy(8)
    with pytest.raises(ScenarioError, match="spending"):
        Joint(one, Forces.none(one, households=True, closure="real"))
