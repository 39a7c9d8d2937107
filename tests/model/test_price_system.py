import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.blocks import Blocks
from model.errors import NotProductive
from model.price_system import mill_prices
from model.response import respond


def case(seed, n_regions=4, n_sectors=3, imports=True):
    base = Blocks.of(random_table(seed, n_regions, n_sectors, imports=imports))
    rng = np.random.default_rng(seed)
    change = np.exp(rng.normal(-0.05, 0.1, base.trade.shape))
    theta = rng.uniform(0.5, 8.0, n_sectors)
    return base, change, theta


def prices_by_iteration(base, change, theta):
    """Unit costs again and again, one cell at a time, until they stand still."""
    n_sectors, n_regions, _ = base.trade.shape
    price = np.ones((n_regions, n_sectors))
    for _ in range(2000):
        index = np.empty_like(price)
        for i in range(n_sectors):
            for s in range(n_regions):
                weight = base.trade[i, :, s] * (price[:, i] * change[i, :, s]) ** -theta[i]
                index[s, i] = weight.sum() ** (-1 / theta[i])
        new = np.ones_like(price)
        for s in range(n_regions):
            for j in range(n_sectors):
                cost = base.output[s, j]
                for i in range(n_sectors):
                    home, abroad = base.use[s, i, j], base.imported_use[s, i, j]
                    if home + abroad > 0:
                        share = home / (home + abroad)
                        both = (share * index[s, i] ** -theta[i] + 1 - share) ** (-1 / theta[i])
                        cost += (home + abroad) * (both - 1)
                new[s, j] = cost / base.output[s, j]
        if np.abs(np.log(new / price)).max() < 1e-15:
            return new
        price = new
    raise AssertionError("the plain iteration did not settle")


@pytest.mark.parametrize("seed", range(4))
def test_prices_equal_those_of_the_plain_iteration(seed):
    base, change, theta = case(seed)
    found = mill_prices(base, change, theta)
    np.testing.assert_allclose(found.ratio, prices_by_iteration(base, change, theta), rtol=1e-12)
    assert found.gap <= 1e-14
    assert found.contraction < 1.0


def test_no_change_leaves_every_price_at_exactly_one():
    base, change, theta = case(1)
    found = mill_prices(base, np.ones_like(change), theta)
    assert np.all(found.ratio == 1.0)
    assert found.iterations == 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["spending", "real"]))
def test_values_add_up_cell_by_cell_and_producers_keep_nothing(seed, closure):
    base, change, theta = case(seed)
    found = respond(base, change, theta, closure=closure, prices="follow costs")
    assert max(found.gaps.values()) < 1e-11
    assert np.abs(found.cost_saving).max() < 1e-9 * base.output.max()


def test_a_small_uniform_cut_hands_on_the_whole_transport_bill():
    # d(final purchases) + d(exports) in money = flow of every delivery x d ln tau: the envelope.
    base, _, theta = case(6)
    step = 1e-6
    change = np.full(base.trade.shape, np.exp(-step))
    found = respond(base, change, theta, prices="follow costs")
    gain = -(np.log(found.mill_price) * base.exports).sum()
    gain += found.real_consumption.sum()
    assert gain == pytest.approx(step * base.flows.sum(), rel=1e-4)


def test_prices_that_follow_costs_give_residents_more_than_given_prices():
    base, _, theta = case(7)
    change = np.full(base.trade.shape, 0.95)
    given_prices = respond(base, change, theta)
    passed_on = respond(base, change, theta, prices="follow costs")
    assert passed_on.real_consumption.sum() > given_prices.real_consumption.sum() > 0.0
    assert given_prices.cost_saving.sum() > 0.0
    assert np.all(passed_on.mill_price <= 1.0)


def test_permuting_regions_permutes_prices():
    base, change, theta = case(8)
    order = np.array([2, 0, 3, 1])
    cells = np.ix_(range(3), order, order)
    names = (
        "use",
        "imported_use",
        "demand",
        "imported_demand",
        "output",
        "exports",
        "primary",
        "technology",
    )
    moved = Blocks(
        trade=np.ascontiguousarray(base.trade[cells]),
        **{name: np.ascontiguousarray(getattr(base, name)[order]) for name in names},
    )
    here = mill_prices(base, change, theta).ratio[order]
    there = mill_prices(moved, np.ascontiguousarray(change[cells]), theta).ratio
    np.testing.assert_allclose(there, here, rtol=1e-12)


def test_an_industry_that_buys_all_of_its_output_at_home_is_named():
    base, change, theta = case(9, imports=False)
    technology = base.technology.copy()
    technology[1, :, 2] = 0.4
    broken = Blocks(**{**base.__dict__, "technology": technology})
    with pytest.raises(NotProductive, match="industry 2 of region 1"):
        mill_prices(broken, change, theta)
