import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.blocks import Blocks
from model.errors import InvalidParameter
from model.response import respond


def case(seed, n_regions=4, n_sectors=3):
    base = Blocks.of(random_table(seed, n_regions, n_sectors))
    rng = np.random.default_rng(seed)
    change = np.exp(rng.normal(-0.05, 0.1, base.trade.shape))
    theta = rng.uniform(0.5, 8.0, n_sectors)
    return base, change, theta


def dense_answer(base, change, theta, closure):
    """The same model in levels, by plain loops and a dense solve; no shared code."""
    n_sectors, n_regions, _ = base.trade.shape
    price = np.empty((n_regions, n_sectors))
    quantity = np.empty_like(base.trade)
    for i in range(n_sectors):
        for s in range(n_regions):
            weight = base.trade[i, :, s] * change[i, :, s] ** -theta[i]
            price[s, i] = weight.sum() ** (-1 / theta[i])
            quantity[i, :, s] = weight / weight.sum() * price[s, i]

    def cell(domestic, foreign, p, th, spending):
        total = domestic + foreign
        if domestic < 0 or foreign < 0 or total == 0:
            return domestic / (p if spending else 1.0)
        share = domestic / total
        both = (share * p**-th + 1 - share) ** (-1 / th)
        kept = total / (both if spending else 1.0)  # composite quantity
        return kept * share * p**-th * both**th * both / p

    n = n_regions * n_sectors
    matrix = np.zeros((n, n))
    demand = base.exports.ravel().copy()
    for s in range(n_regions):
        for i in range(n_sectors):
            wanted = sum(
                cell(
                    base.demand[s, i, c],
                    base.imported_demand[s, i, c],
                    price[s, i],
                    theta[i],
                    closure == "spending",
                )
                for c in range(base.demand.shape[2])
            )
            for r in range(n_regions):
                demand[r * n_sectors + i] += quantity[i, r, s] * wanted
            for j in range(n_sectors):
                bought = cell(
                    base.use[s, i, j], base.imported_use[s, i, j], price[s, i], theta[i], False
                )
                for r in range(n_regions):
                    matrix[r * n_sectors + i, s * n_sectors + j] += (
                        quantity[i, r, s] * bought / base.output[s, j]
                    )
    return np.linalg.solve(np.eye(n) - matrix, demand).reshape(n_regions, n_sectors)


@pytest.mark.parametrize("closure", ["spending", "real"])
@pytest.mark.parametrize("seed", range(4))
def test_output_equals_a_dense_solve_in_levels_written_cell_by_cell(seed, closure):
    base, change, theta = case(seed)
    found = base.output + respond(base, change, theta, closure=closure).output
    np.testing.assert_allclose(found, dense_answer(base, change, theta, closure), rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["spending", "real"]))
def test_identities_hold_to_twelve_digits(seed, closure):
    base, change, theta = case(seed)
    response = respond(base, change, theta, closure=closure)
    assert max(response.gaps.values()) < 1e-11


def test_no_change_gives_exactly_zero_everywhere_without_a_solve():
    base, change, theta = case(3)
    found = respond(base, np.ones_like(change), theta)
    for values in (
        found.output,
        found.value_added,
        found.cost_saving,
        found.final_demand,
        found.real_consumption,
    ):
        assert np.all(values == 0.0)
    assert np.all(found.delivered_price == 1.0)
    assert found.solution is None


def test_permuting_regions_permutes_the_response():
    base, change, theta = case(5)
    order = np.array([2, 0, 3, 1])
    trade = np.ix_(range(3), order, order)
    moved = Blocks(
        trade=np.ascontiguousarray(base.trade[trade]),
        **{
            name: np.ascontiguousarray(getattr(base, name)[order])
            for name in (
                "use",
                "imported_use",
                "demand",
                "imported_demand",
                "output",
                "exports",
                "primary",
                "technology",
            )
        },
    )
    here = respond(base, change, theta).output[order]
    there = respond(moved, np.ascontiguousarray(change[trade]), theta).output
    np.testing.assert_allclose(there, here, rtol=1e-8, atol=1e-9 * np.abs(here).max())


def test_cheaper_delivery_everywhere_raises_real_consumption_by_the_transport_bill():
    base, _, theta = case(8)
    step = 1e-6
    change = np.full(base.trade.shape, np.exp(-step))
    found = respond(base, change, theta)
    positive = np.where((base.demand >= 0) & (base.imported_demand >= 0), base.demand, 0.0)
    assert found.real_consumption.sum() == pytest.approx(step * positive.sum(), rel=1e-4)
    assert np.all(found.real_consumption >= -1e-9)


def test_with_real_demand_fixed_cheaper_delivery_saves_output():
    base, _, theta = case(9)
    change = np.full(base.trade.shape, 0.99)
    found = respond(base, change, theta, closure="real")
    assert found.output.sum() < 0.0
    assert found.value_added.sum() < 0.0
    assert np.all(found.final_demand <= 1e-9)  # the same goods cost less money
    assert np.all(found.real_consumption == 0.0)


def test_a_route_that_closes_loses_its_trade():
    base, _, _ = case(10)
    change = np.ones_like(base.trade)
    change[:, 0, 1] = 1e9
    found = respond(base, change, np.full(3, 4.0))
    assert np.all(found.sourcing.value_share[:, 0, 1] < 1e-20)


def test_symmetric_regions_stay_symmetric():
    one = random_table(4, 1, 3)
    blocks = Blocks.of(one)
    n = 3
    trade = np.full((3, n, n), 0.2)
    trade[:, range(n), range(n)] = 0.6
    repeated = {
        name: np.ascontiguousarray(np.repeat(getattr(blocks, name), n, axis=0))
        for name in (
            "use",
            "imported_use",
            "demand",
            "imported_demand",
            "output",
            "exports",
            "primary",
            "technology",
        )
    }
    change = np.ones((3, n, n))
    change[:, ~np.eye(n, dtype=bool)] = 0.9
    found = respond(Blocks(trade=trade, **repeated), change, np.full(3, 4.0))
    assert found.output == pytest.approx(np.tile(found.output[:1], (n, 1)), rel=1e-9)


def test_rules_that_do_not_exist_are_refused_and_not_taken_for_others():
    base, change, theta = case(1)
    with pytest.raises(InvalidParameter, match=r"closure must be .*did you mean 'spending'"):
        respond(base, change, theta, closure="spendin")
    with pytest.raises(InvalidParameter, match=r"prices must be .*did you mean 'follow costs'"):
        respond(base, change, theta, prices="follows costs")
