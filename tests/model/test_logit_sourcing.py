from dataclasses import replace

import numpy as np
import pytest
from cases_channels import economy, line_model, shocks
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import hinterland as hl
from model.channels.joint import Forces, Joint
from model.equilibrium import equilibrium
from model.errors import InvalidParameter, NotInThisVersion
from model.logit_sourcing import logit_price
from model.price_system import mill_prices
from model.response import respond
from model.sourcing import shift_foreign, shift_origins

SEEDS = st.integers(0, 10_000)


def random_case(seed, n_products=3, n_regions=4, spread=0.3):
    rng = np.random.default_rng(seed)
    trade = rng.gamma(0.5, size=(n_products, n_regions, n_regions))
    trade /= trade.sum(axis=1, keepdims=True)
    change = np.exp(rng.normal(0.0, spread, trade.shape))
    return trade, change, rng.uniform(0.5, 8.0, n_products)


def logit_by_hand(share, cost, sensitivity):
    """Price and quantities of one bundle: a root of the logsum by bisection, no shared code."""

    def excess(price):
        return np.log(share @ np.exp(-sensitivity * (cost / price - 1.0)))

    price = brentq(excess, cost.min(), cost.max(), xtol=1e-15, rtol=1e-15)
    mu = sensitivity / price
    chosen = share * np.exp(-mu * cost)
    return price, chosen * price / (chosen @ cost)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
@example(9).via("a dear origin with a large base share")
def test_price_and_quantities_are_those_of_a_logsum_solved_by_bisection(seed):
    trade, change, theta = random_case(seed)
    found = shift_origins(trade, change, theta, form="logit")
    for i in range(3):
        for s in range(4):
            price, units = logit_by_hand(trade[i, :, s], change[i, :, s], 1.0 + theta[i])
            assert found.price_index[i, s] == pytest.approx(price, rel=1e-12)
            paid = units * change[i, :, s]
            np.testing.assert_allclose(found.quantity_share[i, :, s], paid, rtol=1e-10, atol=1e-15)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_price_is_the_logsum_and_what_is_paid_for_all_origins(seed):
    trade, change, theta = random_case(seed)
    found = shift_origins(trade, change, theta, form="logit")
    mu = (1.0 + theta[:, None]) / found.price_index
    logsum = -np.log((trade * np.exp(-mu[:, None, :] * change)).sum(axis=1)) / mu
    np.testing.assert_allclose(logsum, found.price_index, rtol=1e-12)
    np.testing.assert_allclose(found.quantity_share.sum(axis=1), found.price_index, rtol=1e-12)
    np.testing.assert_allclose(found.value_share.sum(axis=1), 1.0, rtol=1e-12)
    units = found.quantity_share / change  # odds of delivered units follow money, not ratios
    odds = np.log(units[:, 0] / units[:, 1] * trade[:, 1] / trade[:, 0])
    np.testing.assert_allclose(odds, -mu * (change[:, 0] - change[:, 1]), rtol=1e-8, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_envelope_the_price_moves_by_the_units_bought(seed):
    trade, change, theta = random_case(seed, n_products=1)
    here = shift_origins(trade, change, theta, form="logit")
    step = 1e-6
    up, down = change.copy(), change.copy()
    up[0, 1, 2] += step
    down[0, 1, 2] -= step
    ends = [shift_origins(trade, one, theta, form="logit").price_index[0, 2] for one in (up, down)]
    units = here.quantity_share[0, 1, 2] / change[0, 1, 2]
    assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(units, abs=1e-8)


def test_the_mean_cost_of_a_logit_of_fixed_dispersion_would_break_the_envelope():
    trade, change, theta = random_case(0, n_products=1)
    share, cost, sensitivity = trade[0, :, 2], change[0, :, 2], 1.0 + theta[0]

    def mean_cost(cost):
        chosen = share * np.exp(-sensitivity * cost)
        return chosen @ cost / chosen.sum(), chosen / chosen.sum()

    step = np.array([0.0, 1e-6, 0.0, 0.0])
    slope = (mean_cost(cost + step)[0] - mean_cost(cost - step)[0]) / 2e-6
    bought = mean_cost(cost)[1][1]
    assert abs(slope - bought) > 0.05 * bought


def test_no_change_is_exactly_none_and_an_untouched_product_stays():
    trade, change, theta = random_case(1)
    still = shift_origins(trade, np.ones_like(change), theta, form="logit")
    assert np.array_equal(still.quantity_share, trade)
    assert np.all(still.price_index == 1.0)
    change[1] = 1.0
    found = shift_origins(trade, change, theta, form="logit")
    assert np.array_equal(found.quantity_share[1], trade[1])
    assert not np.array_equal(found.quantity_share[0], trade[0])


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.floats(0.2, 5.0))
def test_all_costs_times_a_factor_move_the_price_by_it_and_leave_shares(seed, factor):
    trade, change, theta = random_case(seed)
    once = shift_origins(trade, change, theta, form="logit")
    scaled = shift_origins(trade, factor * change, theta, form="logit")
    np.testing.assert_allclose(scaled.price_index, factor * once.price_index, rtol=1e-12)
    np.testing.assert_allclose(scaled.value_share, once.value_share, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("figure", "order"), [("value_share", 2), ("quantity_share", 2), ("price_index", 3)]
)
def test_shares_are_those_of_ces_to_first_order_and_prices_to_second(figure, order):
    trade, change, theta = random_case(5)
    gaps = []
    for size in (1e-2, 1e-3):
        small = change**size
        ces = getattr(shift_origins(trade, small, theta), figure)
        logit = getattr(shift_origins(trade, small, theta, form="logit"), figure)
        gaps.append(np.abs(ces - logit).max())
    assert np.log10(gaps[0] / gaps[1]) == pytest.approx(order, abs=0.1)


def test_infinite_cost_closes_an_origin_and_too_much_of_it_is_refused():
    trade, change, theta = random_case(2)
    change[0, 1, 2] = np.inf
    found = shift_origins(trade, change, theta, form="logit")
    assert found.quantity_share[0, 1, 2] == 0.0
    almost = change.copy()
    almost[0, 1, 2] = 1e3
    near = shift_origins(trade, almost, theta, form="logit")
    np.testing.assert_allclose(near.price_index, found.price_index, rtol=1e-9)
    cost = np.array([[np.inf], [0.0]])
    with pytest.raises(InvalidParameter, match=r"0\.9 is closed at lambda 1.*Raise theta"):
        logit_price(cost, np.array([[0.9], [0.1]]), np.array([1.0]), axis=0)


def test_imports_join_by_the_same_rule_cell_by_cell():
    use, imports, theta = np.full((1, 1, 1), 60.0), np.full((1, 1, 1), 40.0), np.array([3.0])
    price, units = logit_by_hand(np.array([0.6, 0.4]), np.array([1.2, 1.0]), 4.0)
    found = shift_foreign(use, imports, np.full((1, 1), 1.2), theta, form="logit")
    assert found.price_index[0, 0, 0] == pytest.approx(price, rel=1e-13)
    assert 60.0 * found.domestic[0, 0, 0] == pytest.approx(100.0 * units[0], rel=1e-12)
    assert 40.0 * found.foreign[0, 0, 0] == pytest.approx(100.0 * units[1], rel=1e-12)
    stocks = shift_foreign(-use, imports, np.full((1, 1), 0.9), theta, form="logit")
    assert stocks.domestic[0, 0, 0] == stocks.foreign[0, 0, 0] == 1.0


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from(["given", "follow costs"]), st.sampled_from(["spending", "real"]))
def test_accounts_balance_cell_by_cell_with_either_rule_of_prices(seed, prices, closure):
    one = economy(seed)
    change, made = shocks(seed, one)
    found = respond(
        one.blocks,
        change,
        one.theta,
        prices=prices,
        closure=closure,
        form="logit",
        productivity=made,
    )
    assert max(found.gaps.values()) < 1e-12


def test_prices_that_follow_costs_settle_on_unit_costs():
    one = economy(4)
    change, _ = shocks(4, one)
    found = mill_prices(one.blocks, change, one.theta, form="logit")
    assert found.gap < 1e-13
    ces = mill_prices(one.blocks, change, one.theta)
    assert 1e-5 < np.abs(found.ratio - ces.ratio).max() < 0.05


@pytest.mark.parametrize("form", ["ces", "logit"])
@pytest.mark.parametrize("prices", ["given", "follow costs"])
@pytest.mark.parametrize("closure", ["spending", "real"])
def test_the_response_to_costs_and_productivity_is_that_of_all_forces(form, prices, closure):
    one = replace(economy(7), form=form)
    change, made = shocks(7, one)
    forces = Forces.none(one, delivery=change, productivity=made, prices=prices, closure=closure)
    state = Joint(one, forces).solve()
    found = respond(
        one.blocks,
        change,
        one.theta,
        prices=prices,
        closure=closure,
        form=form,
        productivity=made,
    )
    for name in ("output", "value_added", "cost_saving", "real_consumption", "mill_price"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(state, name), rtol=1e-9, atol=1e-7, err_msg=name
        )
    np.testing.assert_allclose(
        (one.blocks.output + found.activity) * made, one.blocks.output + found.output, rtol=1e-12
    )


def test_a_model_chooses_by_its_parameter_and_the_equilibrium_says_it_cannot():
    ces, logit = line_model(seed=3), line_model(seed=3, sourcing_form="logit")
    edit = ces.line("rail_hsr", ["p0", "p3", "p5"], speed_kmh=300.0, trains_per_day=60.0)
    gains = [one.respond(edit).real_consumption.sum() for one in (ces, logit)]
    assert gains[0] > 0.0
    assert gains[0] != gains[1]
    assert gains[1] == pytest.approx(gains[0], rel=1e-3)  # prices agree to second order
    with pytest.raises(NotInThisVersion, match='sourcing_form = "logit" has none'):
        equilibrium(logit)
    with pytest.raises(NotInThisVersion, match="leave the channel out"):
        logit.run(
            hl.Scenario.from_dict(
                {
                    "name": "at rest",
                    "table": "t",
                    "network": "n",
                    "closure": {"channels": ["sourcing", "equilibrium"]},
                    "remove": [{"select": {"mode": "rail_conventional"}}],
                }
            )
        )
