"""First-order truths about all forces at once, none of which uses the formulas of the engine.

Hulten (1978): where prices follow costs, what a small fall of delivery costs or a small rise of
productivity is worth is the money that it acts on, whatever buyers do about it.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from cases_channels import economy

from model.channels.joint import Forces, Joint
from model.channels.relocation import relocate

STEP = 1e-6


def small(seed, one):
    rng = np.random.default_rng(seed + 7)
    delivery = rng.normal(0.0, 1.0, one.blocks.trade.shape)
    made = rng.normal(0.0, 1.0, one.blocks.output.shape)
    return delivery, made


def worth(one, delivery, made):
    """Money that the shocks act on: deliveries at delivered prices, and output."""
    flows = one.blocks.trade * one.blocks.bought.T[:, None, :]
    return -float((flows * delivery).sum()) + float((one.blocks.output * made).sum())


def central(one, read, delivery, made, **forces):
    """Derivative of a reading along the shocks, by central differences."""
    ends = []
    for sign in (1.0, -1.0):
        given = Forces.none(
            one,
            delivery=np.exp(sign * STEP * delivery),
            productivity=np.exp(sign * STEP * made),
            prices="follow costs",
            **forces,
        )
        ends.append(read(Joint(one, given).solve()))
    return (ends[0] - ends[1]) / (2.0 * STEP)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("parts", ["delivery", "productivity", "both"])
def test_what_buyers_at_home_and_abroad_gain_is_what_the_shocks_act_on(seed, parts):
    one = economy(seed)
    delivery, made = small(seed, one)
    delivery = delivery * (parts != "productivity")
    made = made * (parts != "delivery")

    def gain(state):
        abroad = (one.blocks.exports * (1.0 - state.mill_price)).sum()
        return float(state.real_consumption.sum() + abroad)

    found = central(one, gain, delivery, made)
    assert found == pytest.approx(worth(one, delivery, made), rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_what_fixed_quantities_cost_less_is_what_the_shocks_act_on(seed):
    one = economy(seed)
    delivery, made = small(seed, one)

    def cost(state):
        abroad = (one.blocks.exports * (state.mill_price - 1.0)).sum()
        return float(state.final_demand.sum() + abroad)

    found = central(one, cost, delivery, made, closure="real")
    assert found == pytest.approx(-worth(one, delivery, made), rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_with_closed_households_wages_add_to_what_the_shocks_act_on(seed):
    """Households spend what they earn: their spending grows by their wages, money for money."""
    one = economy(seed)
    delivery, made = small(seed, one)

    def gain(state):
        abroad = (one.blocks.exports * (1.0 - state.mill_price)).sum()
        grown = state.final_demand.sum()
        return float(state.real_consumption.sum() - grown + abroad)

    found = central(one, gain, delivery, made, households=True)
    assert found == pytest.approx(worth(one, delivery, made), rel=1e-5)
    homes = one.household_buys
    money = (one.blocks.demand + one.blocks.imported_demand)[:, :, homes].sum(axis=(1, 2))
    given = Forces.none(
        one,
        delivery=np.exp(0.05 * delivery),
        productivity=np.exp(0.02 * made),
        prices="follow costs",
        households=True,
    )
    state = Joint(one, given).solve()
    np.testing.assert_allclose(
        state.final_demand.sum(axis=1), money * (state.income - 1.0), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("seed", range(3))
def test_where_people_may_move_freely_real_incomes_per_head_are_even(seed):
    one = economy(seed)
    delivery, made = small(seed, one)
    given = Forces.none(one, delivery=np.exp(0.1 * delivery), productivity=np.exp(0.05 * made))
    joint = Joint(one, given)
    spreads = []
    for labour in (0.5, 5.0, 50.0, 1e7):
        found = relocate(joint, labour=labour)
        spreads.append(float(np.ptp(np.log(found.real_income))))
        np.testing.assert_allclose(
            np.ptp(np.log(found.people) - labour * np.log(found.real_income)),
            0.0,
            atol=1e-9 * labour,
        )
    assert all(later < earlier for earlier, later in pairwise(spreads))
    assert spreads[-1] < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_a_small_shock_moves_people_by_the_linear_system(seed):
    """ln n = beta (d ln E - d ln P) less its mean, with E answering to n through one solve each."""
    one = economy(seed)
    delivery, _ = small(seed, one)
    labour = 1.5
    beta = labour / (1.0 + labour)
    step = 1e-5
    joint = Joint(one, Forces.none(one, delivery=np.exp(step * delivery)))
    still = joint.solve()
    homes = one.household_buys
    pull = np.log(still.income) - np.log(joint.price_of(homes))
    n = len(one.regions)
    jacobian = np.empty((n, n))
    idle = Joint(one, Forces.none(one))
    for q in range(n):
        movers = np.ones((n, len(one.categories)))
        movers[q, homes] += 1e-4
        jacobian[:, q] = np.log(idle.solve(movers).income) / 1e-4
    money = (one.blocks.demand + one.blocks.imported_demand)[:, :, homes].sum(axis=(1, 2))
    heads = one.population / one.population.sum()
    spend = money / money.sum()
    take = np.eye(n) - np.ones((n, 1)) * spend  # ln m = ln n less its mean by spending
    centre = np.eye(n) - np.ones((n, 1)) * heads
    ln_n = np.linalg.solve(np.eye(n) - beta * centre @ jacobian @ take, beta * centre @ pull)
    found = relocate(joint, labour=labour)
    np.testing.assert_allclose(
        np.log(found.people), ln_n, rtol=2e-3, atol=1e-3 * np.abs(ln_n).max()
    )


def test_a_stimulus_is_worth_the_same_money_under_any_prices_at_use():
    """What residents spend on top is their money: real terms follow the price they pay."""
    one = economy(1)
    delivery, _ = small(1, one)
    at_use = np.abs(np.random.default_rng(0).normal(1.0, 0.3, one.blocks.output.shape))
    shock = np.exp(0.2 * delivery)
    with_it = Joint(one, Forces.none(one, delivery=shock, at_use=at_use))
    without = Joint(one, Forces.none(one, delivery=shock))
    both, alone = with_it.solve(), without.solve()
    np.testing.assert_allclose(both.final_demand - alone.final_demand, at_use, rtol=1e-9)
    np.testing.assert_allclose(
        both.real_consumption - alone.real_consumption, at_use / with_it.price, rtol=1e-9
    )
    doubled = replace(with_it.forces, at_use=2.0 * at_use)
    twice = Joint(one, doubled).solve()
    np.testing.assert_allclose(
        twice.output - both.output, both.output - alone.output, rtol=1e-7, atol=1e-9
    )
