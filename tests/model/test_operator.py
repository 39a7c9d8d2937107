"""Every operator multiplies as the matrix it stands for, and refuses what it cannot be."""

from __future__ import annotations

import numpy as np
import pytest
import reference_model as slow
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ShapeError
from model.leontief.within import within
from model.operator import (
    AccountOperator,
    Explicit,
    GravityOperator,
    HouseholdOperator,
    PooledOperator,
)
from model.solve import Leontief

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(0, 10**6))


def draw(sizes):
    n_regions, n_sectors, seed = sizes
    rng = np.random.default_rng(seed)
    technology = rng.random((n_regions, n_sectors, n_sectors)) * 0.8 / n_sectors
    trade = rng.random((n_sectors, n_regions, n_regions)) * (
        rng.random((n_sectors, n_regions, n_regions)) < 0.8
    )
    return rng, technology, trade


def assert_same_operator(operator, matrix, rng):
    n = matrix.shape[0]
    assert np.allclose(operator.dense(), matrix, rtol=1e-13, atol=1e-16)
    for k in (1, 3):
        columns = rng.standard_normal((n, k))
        assert np.allclose(operator.matmat(columns), matrix @ columns, rtol=1e-12, atol=1e-13)
        assert np.allclose(operator.rmatmat(columns), matrix.T @ columns, rtol=1e-12, atol=1e-13)
    vector = rng.standard_normal(n)
    assert np.allclose(operator.matvec(vector), matrix @ vector, rtol=1e-12, atol=1e-13)
    assert np.allclose(operator.rmatvec(vector), matrix.T @ vector, rtol=1e-12, atol=1e-13)
    rows, columns = rng.integers(0, n, 3), rng.integers(0, n, 4)
    assert np.allclose(operator.block(rows, columns), matrix[np.ix_(rows, columns)], rtol=1e-13)
    reach = operator.pattern()
    steps = (
        reach.astype(float)
        @ (sp.eye(reach.shape[0]) + reach.astype(float))
        @ (sp.eye(reach.shape[0]) + reach.astype(float))
    )
    steps = steps.toarray()[:n, :n]
    assert (steps[matrix != 0] != 0).all()


@settings(deadline=None, max_examples=25)
@given(SIZES)
def test_a_pooled_operator_multiplies_as_the_matrix_written_out_by_loops(sizes):
    rng, technology, trade = draw(sizes)
    matrix = slow.pooled_matrix(technology, trade)
    assert_same_operator(PooledOperator(technology, trade), matrix, rng)


@settings(deadline=None, max_examples=15)
@given(SIZES)
def test_technology_shared_by_all_or_by_groups_is_technology_repeated(sizes):
    rng, technology, trade = draw(sizes)
    n_regions = technology.shape[0]
    shared = PooledOperator(technology[0], trade)
    assert_same_operator(shared, slow.pooled_matrix(technology[0], trade), rng)
    of = rng.integers(0, n_regions, n_regions)
    grouped = PooledOperator(technology, trade, technology_of=of)
    assert_same_operator(grouped, slow.pooled_matrix(technology[of], trade), rng)


@settings(deadline=None, max_examples=30)
@given(
    SIZES, st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["power", "exponential"])
)
def test_a_gravity_operator_is_the_pooled_one_with_shares_from_its_law(
    sizes, grouped, home, two_costs, kernel
):
    rng, technology, _ = draw(sizes)
    n_regions, n_sectors = technology.shape[:2]
    weights = rng.random((n_regions, n_sectors)) + 0.01
    cost = rng.uniform(0.5, 4.0, (2 if two_costs else 1, n_regions, n_regions))
    cost_of = rng.integers(0, cost.shape[0], n_sectors)
    decay = rng.choice([0.5, 1.0, 2.0], n_sectors)
    group = rng.integers(0, 2, n_regions)
    factors = rng.uniform(0.1, 3.0, (n_sectors, 2, 2)) if grouped else None
    own = rng.uniform(0.0, 5.0, (n_sectors, n_regions)) if home else None
    operator = GravityOperator(
        technology,
        cost,
        decay,
        weights,
        kernel=kernel,
        cost_of=cost_of,
        groups=group if grouped else None,
        block_factors=factors,
        home=own,
    )
    trade = slow.gravity_trade(
        cost, decay, weights, kernel=kernel, group=group, factors=factors, home=own, cost_of=cost_of
    )
    assert np.allclose(operator.trade(), trade, rtol=1e-12)
    assert np.allclose(operator.trade().sum(axis=1), 1.0, rtol=1e-13)
    assert_same_operator(operator, slow.pooled_matrix(technology, trade), rng)
    y = rng.random((n_regions * n_sectors, 2))
    spread = np.einsum("irs,sik->rik", trade, y.reshape(n_regions, n_sectors, 2))
    assert np.allclose(operator.deliver(y), spread.reshape(y.shape), rtol=1e-12)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, sp.csc_matrix, sp.coo_array])
def test_an_explicit_matrix_multiplies_in_every_storage(form):
    rng = np.random.default_rng(3)
    matrix = rng.random((7, 7)) * (rng.random((7, 7)) < 0.5) - 0.1 * np.eye(7)
    operator = Explicit(form(matrix), region_starts=[0, 3, 3, 7])
    assert not operator.nonnegative
    assert_same_operator(operator, matrix, rng)
    assert np.allclose(operator.magnitude().dense(), abs(matrix))


def test_the_operator_of_some_regions_is_the_block_of_the_matrix():
    rng, technology, trade = draw((5, 3, 1))
    regions = np.array([1, 2, 4])
    rows = np.concatenate([np.arange(3 * r, 3 * r + 3) for r in regions])
    pooled = PooledOperator(technology, trade)
    gravity = GravityOperator(
        technology, rng.uniform(1, 2, (5, 5)), 1.0, rng.random((5, 3)) + 0.1, home=2.0
    )
    for operator in (pooled, gravity, Explicit(pooled.dense(), region_starts=np.arange(6) * 3)):
        inside = within(operator, regions)
        assert np.allclose(inside.dense(), operator.dense()[np.ix_(rows, rows)], rtol=1e-14)


def test_an_operator_does_not_follow_an_array_that_changes_later():
    technology, trade = np.full((2, 1, 1), 0.5), np.full((1, 2, 2), 0.5)
    operator = PooledOperator(technology, trade)
    before = operator.dense()
    technology[:] = 9.0
    trade[:] = 9.0
    assert np.array_equal(operator.dense(), before)
    frozen = np.full((1, 2, 2), 0.5)
    frozen.flags.writeable = False
    assert PooledOperator(technology, frozen).trade is frozen


def test_a_home_factor_of_zero_leaves_nothing_at_home():
    rng = np.random.default_rng(9)
    cost = rng.uniform(1, 2, (4, 4))
    np.fill_diagonal(cost, 1e-5)  # the own kernel is 1e15 times the others
    operator = GravityOperator(
        rng.random((4, 2, 2)) / 4, cost, 3.0, rng.random((4, 2)) + 0.1, home=0.0
    )
    expected = operator.trade()
    assert np.array_equal(np.diagonal(expected, axis1=1, axis2=2), np.zeros((2, 4)))
    delivered = operator.deliver(np.eye(8)).reshape(4, 2, 4, 2)
    for product in range(2):
        assert np.allclose(delivered[:, product, :, product], expected[product], rtol=1e-14, atol=0)
    assert (operator.matmat(np.eye(8)) >= 0).all()


def test_many_decays_are_interpolated_with_an_error_that_is_told():
    rng = np.random.default_rng(8)
    technology, weights = rng.random((6, 12, 12)) / 20, rng.random((6, 12)) + 0.1
    cost = rng.uniform(1, 20, (2, 6, 6))
    cost_of, decay = np.arange(12) % 2, rng.uniform(0.5, 2.0, 12)
    exact = GravityOperator(technology, cost, decay, weights, cost_of=cost_of)
    assert exact.kernels.error == 0.0
    errors = []
    for nodes in (3, 4, 5):
        near = GravityOperator(
            technology, cost, decay, weights, cost_of=cost_of, decay_nodes=nodes, home=1.5
        )
        home = GravityOperator(technology, cost, decay, weights, cost_of=cost_of, home=1.5)
        assert near.kernels.matrices.shape[0] == 2 * nodes
        assert_same_operator(near, slow.pooled_matrix(technology, near.trade()), rng)
        assert np.allclose(near.trade().sum(axis=1), 1.0, rtol=1e-12)
        off = np.abs(near.trade() / home.trade() - 1).max()
        assert off <= 2.1 * near.kernels.error  # numerator and denominator
        errors.append(near.kernels.error)
    assert errors[0] > 5 * errors[1] > 25 * errors[2]
    with pytest.raises(ShapeError, match="too few"):
        GravityOperator(technology, cost, 4 * decay, weights, cost_of=cost_of, decay_nodes=2)


def test_wrong_shapes_and_numbers_are_named():
    technology, trade = np.full((2, 3, 3), 0.1), np.full((3, 2, 2), 0.5)
    with pytest.raises(ShapeError, match=r"\[product, from, to\]"):
        PooledOperator(technology, trade[:, :, :1])
    with pytest.raises(ShapeError, match="technology must be"):
        PooledOperator(technology[:, :2], trade)
    bad = trade.copy()
    bad[1, 0, 1] = -0.1
    with pytest.raises(ShapeError, match=r"below zero at .*\[\[1, 0, 1\]\]"):
        PooledOperator(technology, bad)
    with pytest.raises(ShapeError, match="finite"):
        PooledOperator(technology * np.nan, trade)
    with pytest.raises(ShapeError, match="square"):
        Explicit(np.zeros((2, 3)))


def test_a_gravity_law_needs_positive_costs_and_a_supplier():
    technology, weights = np.full((2, 1, 1), 0.5), np.ones((2, 1))
    cost = np.array([[1.0, 2.0], [2.0, 0.0]])
    with pytest.raises(ShapeError, match=r"cost must be > 0 .*\[\[0, 1, 1\]\]"):
        GravityOperator(technology, cost, 1.0, weights)
    GravityOperator(technology, cost, 1.0, weights, kernel="exponential")
    for decay in (0.0, 1.5):
        far = np.where(np.eye(2, dtype=bool), 1.0, np.inf)
        alone = GravityOperator(technology, far, decay, weights)
        assert np.array_equal(alone.trade()[0], np.eye(2))
    with pytest.raises(ShapeError, match="must have a supplier"):
        GravityOperator(technology, cost + 1, 1.0, 0 * weights)
    with pytest.raises(ShapeError, match="cost_of"):
        GravityOperator(technology, np.ones((2, 2, 2)), 1.0, weights)
    with pytest.raises(ShapeError, match="belong together"):
        GravityOperator(technology, cost + 1, 1.0, weights, groups=[0, 0])


@settings(deadline=None, max_examples=30)
@given(SIZES, st.sampled_from(["pooled", "gravity", "by production"]), st.booleans())
def test_households_go_round_any_operator(sizes, form, signed):
    rng, technology, trade = draw(sizes)
    n_regions, n_sectors = technology.shape[:2]
    if signed:
        technology = technology - 0.05
    n = n_regions * n_sectors
    if form == "gravity":
        weights = rng.random((n_regions, n_sectors)) + 0.1
        inner = GravityOperator(technology, rng.uniform(1, 3, (n_regions,) * 2), 1.0, weights)
        trade = inner.trade()
    else:
        inner = PooledOperator(technology, trade)
    earning, own = rng.random(n), rng.random(n_regions)
    residence = rng.random((n_regions, n_regions)) * (rng.random((n_regions, n_regions)) < 0.7)
    by_use = rng.random((n_regions, n_sectors)) * 0.1
    delivered = np.einsum("irs,si->ris", trade, by_use).reshape(n, n_regions)
    production = form == "by production"
    operator = HouseholdOperator(
        Explicit(inner.dense(), region_starts=inner.region_starts) if production else inner,
        earning,
        delivered if production else by_use.reshape(-1),
        spending_at="production" if production else "use",
        residence=residence,
        own=own,
    )
    matrix = np.zeros((n + n_regions, n + n_regions))
    goods = [r * (n_sectors + 1) + i for r in range(n_regions) for i in range(n_sectors)]
    homes = [r * (n_sectors + 1) + n_sectors for r in range(n_regions)]
    matrix[np.ix_(goods, goods)] = inner.dense()
    matrix[np.ix_(goods, homes)] = delivered
    for r in range(n_regions):
        for s in range(n_regions):
            matrix[homes[r], homes[s]] = residence[r, s] * own[s]
            for j in range(n_sectors):
                place = s * n_sectors + j
                matrix[homes[r], goods[place]] = residence[r, s] * earning[place]
    assert operator.nonnegative == (matrix >= 0).all() or not operator.nonnegative
    assert_same_operator(operator, matrix, rng)
    assert (operator.magnitude().dense() >= abs(matrix) - 1e-15).all()


@settings(deadline=None, max_examples=20)
@given(SIZES)
def test_sparse_technology_is_the_dense_one(sizes):
    rng, technology, trade = draw(sizes)
    n_regions, n_sectors = technology.shape[:2]
    technology *= rng.random(technology.shape) < 0.4
    sparse = [sp.csr_array(block) for block in technology]
    dense, operator = PooledOperator(technology, trade), PooledOperator(sparse, trade)
    assert_same_operator(operator, dense.dense(), rng)
    assert np.allclose(operator.technology.by_region(), technology)
    assert np.array_equal(operator.technology.uses(), dense.technology.uses())
    regions = np.unique(rng.integers(0, n_regions, 2))
    inside = within(operator, regions).dense()
    assert np.allclose(inside, within(dense, regions).dense(), rtol=1e-14)
    new = {0: rng.random((n_sectors, n_sectors))}
    assert np.allclose(
        operator.with_technology(new).dense(), dense.with_technology(new).dense(), rtol=1e-14
    )
    one_for_all = PooledOperator(sparse[0], trade)
    assert_same_operator(one_for_all, slow.pooled_matrix(technology[0], trade), rng)
    of = rng.integers(0, n_regions, n_regions)
    law = (np.full((n_regions, n_regions), 2.0), 1.0, np.ones((n_regions, n_sectors)))
    grouped = GravityOperator(sparse, *law, technology_of=of)
    assert_same_operator(grouped, GravityOperator(technology[of], *law).dense(), rng)
    f = rng.random(operator.n)
    scaled = [0.5 * block for block in sparse]
    solved = Leontief(GravityOperator(scaled, *law)).solve(f).raise_for_status()
    expected = Leontief(GravityOperator(0.5 * technology, *law)).solve(f)
    assert np.allclose(solved.x, expected.x, rtol=1e-9)


@settings(deadline=None, max_examples=30)
@given(SIZES, st.sampled_from(["pooled", "gravity", "explicit", "households"]), st.booleans())
def test_accounts_go_beside_any_operator_and_come_with_its_solutions(sizes, form, signed):
    rng, technology, trade = draw(sizes)
    n_regions, n_sectors = technology.shape[:2]
    technology = 0.5 * technology / max(1.0, technology.sum(axis=1).max() * n_regions)
    economy = PooledOperator(technology, trade)
    if form == "gravity":
        weights = rng.random((n_regions, n_sectors)) + 0.1
        economy = GravityOperator(technology, rng.uniform(1, 3, (n_regions,) * 2), 1.0, weights)
    elif form == "explicit":
        economy = Explicit(economy.dense(), region_starts=economy.region_starts)
    elif form == "households":
        economy = HouseholdOperator(economy, np.full(economy.n, 0.1), np.full(economy.n, 0.01))
    n = economy.n
    intensities = rng.random((3, n)) * 5 - (1.0 if signed else 0.0)
    operator = AccountOperator(economy, intensities)
    matrix = np.zeros((n + 3, n + 3))
    matrix[:n, :n], matrix[n:, :n] = economy.dense(), intensities
    assert_same_operator(operator, matrix, rng)
    assert np.allclose(operator.magnitude().dense(), abs(matrix), rtol=1e-14)
    f = np.zeros((n + 3, 9))
    f[:n] = rng.random((n, 9))
    inverse = np.linalg.inv(np.eye(n + 3) - matrix)
    for method in ("direct", "krylov", "blocked"):
        found = Leontief(operator).solve(f, method=method).raise_for_status()
        assert np.abs(found.x - inverse @ f).sum(axis=0).max() <= found.error_bound + 1e-11
        assert np.allclose(found.x[n:], intensities @ found.x[:n], rtol=1e-8, atol=1e-9)
        mix = np.concatenate([np.zeros(n), rng.random(3)])
        back = Leontief(operator).solve_transposed(mix, method=method).raise_for_status()
        assert np.abs(back.x - mix @ inverse).max() <= back.error_bound + 1e-11
    with pytest.raises(ShapeError, match="intensities must be"):
        AccountOperator(economy, intensities[:, 1:])


def test_kernels_are_the_same_bits_with_any_number_of_threads(monkeypatch):
    rng = np.random.default_rng(4)
    cost, decay = rng.uniform(1, 9, (2, 70, 70)), np.array([0.0, 0.7, 1.3, 1.3])
    cost[0, 1, 2] = np.inf
    law = (np.full((4, 4), 0.1), cost, decay, np.ones((70, 4)))
    found = []
    for workers in (1, 2, 3):
        monkeypatch.setattr("model.leontief.decay.threads", lambda workers=workers: workers)
        found.append(GravityOperator(*law, cost_of=[0, 0, 1, 0]).kernels)
    assert all(np.array_equal(found[0].matrices, other.matrices) for other in found[1:])
    assert all(np.array_equal(found[0].own, other.own) for other in found[1:])
