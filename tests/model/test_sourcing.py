import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.sourcing import shift_foreign, shift_origins


def random_case(seed: int, n_products: int = 3, n_regions: int = 4):
    rng = np.random.default_rng(seed)
    trade = rng.gamma(0.5, size=(n_products, n_regions, n_regions))
    trade /= trade.sum(axis=1, keepdims=True)
    change = np.exp(rng.normal(0.0, 0.3, trade.shape))
    theta = rng.uniform(0.5, 8.0, n_products)
    return trade, change, theta


def ces_by_hand(trade, change, theta):
    """Levels, one cell at a time, by the printed formula."""
    n_products, n_regions, _ = trade.shape
    shares = np.empty_like(trade)
    price = np.empty((n_products, n_regions))
    for i in range(n_products):
        for s in range(n_regions):
            weights = [trade[i, r, s] * change[i, r, s] ** -theta[i] for r in range(n_regions)]
            total = sum(weights)
            price[i, s] = total ** (-1.0 / theta[i])
            shares[i, :, s] = [w / total for w in weights]
    return shares, price


@pytest.mark.parametrize("seed", range(5))
def test_shares_and_price_index_follow_the_printed_formula(seed):
    trade, change, theta = random_case(seed)
    shares, price = ces_by_hand(trade, change, theta)
    found = shift_origins(trade, change, theta)
    np.testing.assert_allclose(found.value_share, shares, rtol=1e-12)
    np.testing.assert_allclose(found.price_index, price, rtol=1e-12)
    np.testing.assert_allclose(found.quantity_share, shares * price[:, None, :], rtol=1e-12)


def test_no_change_of_cost_gives_exactly_the_base_shares_and_price_one():
    trade, change, theta = random_case(1)
    found = shift_origins(trade, np.ones_like(change), theta)
    assert np.array_equal(found.value_share, trade)
    assert np.array_equal(found.quantity_share, trade)
    assert np.all(found.price_index == 1.0)


def test_a_product_whose_cost_did_not_change_is_untouched_beside_one_that_did():
    trade, change, theta = random_case(2)
    change[1] = 1.0
    found = shift_origins(trade, change, theta)
    assert np.array_equal(found.quantity_share[1], trade[1])
    assert not np.array_equal(found.quantity_share[0], trade[0])


def test_theta_zero_keeps_value_shares_and_averages_logs_and_small_theta_approaches_it():
    trade, change, _ = random_case(3)
    zero = shift_origins(trade, change, np.zeros(3))
    np.testing.assert_array_equal(zero.value_share, trade)
    by_hand = np.exp(np.einsum("irs,irs->is", trade, np.log(change)))
    np.testing.assert_allclose(zero.price_index, by_hand, rtol=1e-14)
    near = shift_origins(trade, change, np.full(3, 1e-9))
    np.testing.assert_allclose(near.price_index, zero.price_index, rtol=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_envelope_the_price_index_moves_by_the_value_share(seed):
    # d ln P / d ln tau = t': the cost of a unit of composite moves by the flow that it rests on.
    trade, change, theta = random_case(seed, n_products=1)
    step = 1e-6
    here = shift_origins(trade, change, theta)
    up, down = change.copy(), change.copy()
    up[0, 1, 2] *= np.exp(step)
    down[0, 1, 2] *= np.exp(-step)
    slope = (
        np.log(shift_origins(trade, up, theta).price_index[0, 2])
        - np.log(shift_origins(trade, down, theta).price_index[0, 2])
    ) / (2 * step)
    assert slope == pytest.approx(here.value_share[0, 1, 2], abs=1e-9)


def test_a_mean_delivered_cost_as_the_price_would_break_the_envelope():
    trade, change, theta = random_case(0, n_products=1)
    step = 1e-6

    def mean_cost(factor):
        moved = change.copy()
        moved[0, 1, 2] *= factor
        shares = shift_origins(trade, moved, theta).value_share
        return np.log((shares * moved)[0, :, 2].sum())

    slope = (mean_cost(np.exp(step)) - mean_cost(np.exp(-step))) / (2 * step)
    share = shift_origins(trade, change, theta).value_share[0, 1, 2]
    assert abs(slope - share) > 0.05 * share


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_what_buyers_pay_for_shipped_goods_is_what_they_spend(seed):
    trade, change, theta = random_case(seed)
    found = shift_origins(trade, change, theta)
    assert found.value_share.sum(axis=1) == pytest.approx(np.ones((3, 4)), abs=1e-12)
    spent = found.quantity_share.sum(axis=1)  # base-price output bought for one unit of composite
    assert spent == pytest.approx(found.price_index, rel=1e-12)


def test_foreign_origin_equals_one_more_region_in_the_same_nest():
    rng = np.random.default_rng(7)
    n_regions = 4
    trade, change, theta = random_case(11, n_products=1, n_regions=n_regions)
    domestic, foreign = 70.0, 30.0
    share = domestic / (domestic + foreign)
    # One nest by hand: four domestic origins and one foreign whose price stays at one.
    s = 2
    flat = np.append(share * trade[0, :, s], 1.0 - share)
    hats = np.append(change[0, :, s], 1.0) ** -theta[0]
    total = (flat * hats).sum()
    price = total ** (-1.0 / theta[0])
    value_share = flat * hats / total
    nest = shift_origins(trade, change, theta)
    use = rng.uniform(1, 2, (n_regions, 1, 1))
    use[s] = domestic
    imports = np.ones((n_regions, 1, 1))
    imports[s] = foreign
    shift = shift_foreign(use, imports, nest.price_index.T, theta)
    assert shift.price_index[s, 0, 0] == pytest.approx(price, rel=1e-13)
    paid_abroad = foreign * shift.foreign[s, 0, 0]
    assert paid_abroad == pytest.approx(100.0 * price * value_share[-1], rel=1e-13)
    shipped = domestic * shift.domestic[s, 0, 0] * nest.quantity_share[0, :, s]
    np.testing.assert_allclose(shipped, 100.0 * price * value_share[:-1], rtol=1e-13)


def test_run_down_of_stocks_does_not_substitute():
    shift = shift_foreign(
        np.full((1, 1, 1), -5.0), np.full((1, 1, 1), 2.0), np.full((1, 1), 0.9), np.array([4.0])
    )
    assert shift.domestic[0, 0, 0] == 1.0
    assert shift.foreign[0, 0, 0] == 1.0
    assert not shift.substitutes[0, 0, 0]


def test_dearer_domestic_goods_raise_imports_and_cheaper_ones_lower_them():
    use, imports, theta = np.full((1, 1, 1), 60.0), np.full((1, 1, 1), 40.0), np.array([3.0])
    dearer = shift_foreign(use, imports, np.full((1, 1), 1.1), theta)
    cheaper = shift_foreign(use, imports, np.full((1, 1), 0.9), theta)
    assert dearer.foreign[0, 0, 0] > 1.0 > cheaper.foreign[0, 0, 0]
    assert dearer.domestic[0, 0, 0] < 1.0 < cheaper.domestic[0, 0, 0]
