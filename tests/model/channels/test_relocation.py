"""People move to real income: conserved, unique, symmetric, and able to drain regions."""

from dataclasses import fields, replace

import numpy as np
import pytest
from cases_channels import economy, shocks

from model.channels.joint import Forces, Joint
from model.channels.relocation import largest_elasticity, relocate
from model.errors import NotUnique


def joint(seed, households=False, prices="given"):
    one = economy(seed)
    change, _ = shocks(seed, one)
    return Joint(one, Forces.none(one, delivery=change, households=households, prices=prices))


@pytest.mark.parametrize("prices", ["given", "follow costs"])
def test_off_is_the_same_bits_as_elasticity_zero(prices):
    made = joint(1, prices=prices)
    moved, still = relocate(made, labour=0.0), made.solve()
    for name in ("output", "value_added", "final_demand", "real_consumption"):
        assert np.array_equal(getattr(moved.state, name), getattr(still, name))
    assert np.all(moved.people == 1.0)


@pytest.mark.parametrize("capital", [0.0, 1.0])
@pytest.mark.parametrize("labour", [0.5, 1.5, 8.0])
def test_people_and_their_money_are_conserved(labour, capital):
    made = joint(2)
    found = relocate(made, labour=labour, capital=capital)
    people = made.economy.population
    assert people @ found.people == pytest.approx(people.sum(), rel=1e-14)
    assert abs(found.state.final_demand.sum()) < 1e-10 * made.economy.blocks.demand.sum()
    assert np.ptp(found.people) > 0.0


def test_moves_are_those_of_the_definition_solved_another_way():
    made = joint(3)
    one, epsilon = made.economy, 1.5
    people = np.ones(len(one.regions))
    spent = (one.blocks.demand + one.blocks.imported_demand)[:, :, one.household_buys]
    money = spent.sum(axis=(1, 2))
    price = money / made._cells[1][:, :, one.household_buys].sum(axis=(1, 2))
    for _ in range(4000):  # a small step at a time towards omega^epsilon, normalised
        factor = np.ones((len(one.regions), len(one.categories)))
        factor[:, one.household_buys] = (people * money.sum() / (money @ people))[:, None]
        income = made.solve(factor).income
        omega = income / (people * price)
        wanted = omega**epsilon
        wanted *= one.population.sum() / (one.population @ wanted)
        if np.abs(wanted / people - 1).max() < 1e-13:
            break
        people = people * (wanted / people) ** 0.3
    found = relocate(made, labour=epsilon)
    np.testing.assert_allclose(found.people, people, rtol=1e-11)
    np.testing.assert_allclose(found.real_income, omega, rtol=1e-11)


def test_no_change_moves_nobody_at_all():
    one = economy(4)
    found = relocate(Joint(one, Forces.none(one)), labour=2.0, capital=1.0)
    assert np.all(found.people == 1.0)
    assert np.all(found.capital == 1.0)
    assert np.all(found.state.output == 0.0)


def test_the_rate_bounds_how_fast_the_moves_settle():
    made = joint(5)
    found = relocate(made, labour=4.0)
    one = made.economy
    beta, money = 0.8, (one.blocks.demand + one.blocks.imported_demand)[:, :, one.household_buys]
    money = money.sum(axis=(1, 2))
    price = np.log(made.price_of(one.household_buys))

    def image(u):
        factor = np.ones((len(one.regions), len(one.categories)))
        share = np.exp(u)
        factor[:, one.household_buys] = (share * money.sum() / (money @ share))[:, None]
        return beta * (np.log(made.solve(factor).income) - price)

    rng = np.random.default_rng(0)
    settled = np.log(found.people)
    for _ in range(10):
        step = rng.normal(0.0, 1e-4, len(one.regions))
        there = image(settled + step) - image(settled)
        assert np.ptp(there) <= found.rate * np.ptp(step) * (1 + 1e-3)


def test_two_regions_alike_stay_alike():
    one = economy(6, 3, 2)
    b = one.blocks
    twin = [1, 0, 2]
    both = {}
    for name in (field.name for field in fields(b)):
        values = getattr(b, name)
        mirrored = values[:, twin][:, :, twin] if name == "trade" else values[twin]
        both[name] = np.ascontiguousarray((values + mirrored) / 2)
    blocks = replace(b, **both)
    sold = np.einsum("irs,si->ri", blocks.trade, blocks.bought) + blocks.exports
    blocks = replace(blocks, output=sold, technology=blocks.use / sold[:, None, :])
    whole = replace(
        one,
        blocks=blocks,
        wages=(one.wages + one.wages[twin]) / 2,
        population=np.array([2.0, 2.0, 5.0]),
    )
    change = np.ones_like(blocks.trade)
    change[:, 0, 1] = change[:, 1, 0] = 0.9
    found = relocate(Joint(whole, Forces.none(whole, delivery=change)), labour=3.0)
    np.testing.assert_allclose(found.people[0], found.people[1], rtol=1e-11)
    np.testing.assert_allclose(found.state.output[0], found.state.output[1], rtol=1e-7, atol=1e-9)
    assert found.people[0] > 1.0 > found.people[2]


def test_those_who_are_left_behind_lose_output():
    one = economy(7)
    change = np.ones_like(one.blocks.trade)
    change[:, :2, :2] = 0.8
    made = Joint(one, Forces.none(one, delivery=change))
    still, moved = made.solve(), relocate(made, labour=3.0).state
    backwash = (moved.value_added - still.value_added).sum(axis=1)
    assert (backwash[2:] < 0.0).any()
    assert backwash[:2].sum() > 0.0


def test_moves_that_feed_on_themselves_are_refused_with_what_to_change():
    one = economy(9)  # everything that is bought at home is bought by households
    tight = replace(one, household_buys=np.ones_like(one.household_buys))
    change, _ = shocks(9, tight)
    made = Joint(tight, Forces.none(tight, delivery=change, households=True))
    rows = made.income_response(made.solve(), tight.household_buys)
    assert rows.max() > 1.0
    safe = largest_elasticity(float(rows.max()))
    with pytest.raises(NotUnique, match=r"relocation_labour .* below"):
        relocate(made, labour=1.5 * safe + 1.0)
    assert relocate(made, labour=0.5 * safe).rate < 1.0
