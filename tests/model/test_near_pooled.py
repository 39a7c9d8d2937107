"""The pooled stand-in of an explicit system: close, linear, and never trusted with the answer."""

from __future__ import annotations

import numpy as np
import pytest
import reference_model as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.leontief.near_pooled import NearPooled, is_near_pooled
from model.leontief.splitting import split
from model.operator import Explicit
from model.solve import Leontief, Status

SIZES = st.tuples(st.integers(7, 9), st.integers(6, 8), st.integers(0, 10**6))


def rough_matrix(rng, n_regions, n_sectors, *, roughness=1.0):
    """A pooled matrix of spectral radius below one, its cells multiplied by noise."""
    shares = rng.random((n_sectors, n_regions, n_regions)) ** 2
    shares /= shares.sum(axis=1, keepdims=True)
    technology = rng.random((n_regions, n_sectors, n_sectors)) / n_sectors
    matrix = slow.pooled_matrix(technology, shares)
    matrix *= np.exp(roughness * rng.standard_normal(matrix.shape))
    return matrix * (rng.uniform(0.3, 0.95) / abs(np.linalg.eigvals(matrix)).max())


def explicit(matrix, n_regions, **more):
    return Explicit(matrix, region_starts=np.linspace(0, len(matrix), n_regions + 1), **more)


@settings(deadline=None, max_examples=25)
@given(SIZES, st.sampled_from([0.0, 0.5]))
def test_the_stand_in_is_the_pooled_inverse_of_its_slow_twin(sizes, roughness):
    n_regions, n_sectors, seed = sizes
    rng = np.random.default_rng(seed)
    matrix = rough_matrix(rng, n_regions, n_sectors, roughness=roughness)
    scale = rng.uniform(0.5, 2.0, len(matrix))
    near = NearPooled(explicit(matrix / scale, n_regions, scale=scale))
    stand_in = slow.near_pooled_matrix(matrix, matrix / scale, n_regions)
    unit = np.eye(len(matrix))
    exact = np.linalg.inv(unit - stand_in)
    found, back = near.finish(unit), near.finish_transposed(unit)
    assert np.allclose(back, found.T, rtol=1e-12, atol=1e-14)  # one linear map and its transpose
    assert np.abs(found - exact).max() <= 0.2 * np.abs(exact).max()
    assert np.allclose(near.rest(unit), unit - (unit - matrix) @ found, atol=1e-13)
    assert np.allclose(near.rest_transposed(unit), unit - back @ (unit - matrix.T), atol=1e-13)


def test_trade_alike_for_all_buyers_leaves_little_to_iterate():
    rng = np.random.default_rng(3)
    matrix = rough_matrix(rng, 12, 8, roughness=0.1)
    f = rng.random(96)
    near = Leontief(explicit(matrix, 12)).solve(f, method="krylov").raise_for_status()
    plain = Leontief(matrix).solve(f, method="krylov").raise_for_status()
    assert near.iterations < 0.7 * plain.iterations


@settings(deadline=None, max_examples=40)
@given(SIZES, st.sampled_from([0.0, 1.0, 3.0]), st.sampled_from([1e-150, 1.0, 1e150]))
def test_products_in_single_precision_end_at_a_bound_that_holds(sizes, roughness, money):
    n_regions, n_sectors, seed = sizes
    rng = np.random.default_rng(seed)
    matrix = rough_matrix(rng, n_regions, n_sectors, roughness=roughness)
    n = len(matrix)
    f = money * rng.standard_normal((n, 9)) * 10.0 ** rng.uniform(-8, 8, 9)
    f[:, 4] = 0.0
    system = Leontief(explicit(matrix, n_regions))
    assert is_near_pooled(system.operator) == isinstance(split(system.operator), NearPooled)
    for solve, a in ((system.solve, matrix), (system.solve_transposed, matrix.T)):
        found = solve(f, method="blocked")
        exact = np.linalg.solve((np.eye(n) - a).astype(np.longdouble).astype(float), f)
        for _ in range(2):  # in extended precision: good to 1e-18 of the solution
            left = f - (exact - a.astype(np.longdouble) @ exact.astype(np.longdouble))
            exact = exact + np.linalg.solve(np.eye(n) - a, left.astype(float))
        gap = np.abs(found.x - exact)
        size = np.abs(exact).sum(axis=0)
        off = gap.sum(axis=0) if solve == system.solve else gap.max(axis=0)
        bounded = found.error_bounds + 4e-16 * size  # the reference itself is rounded
        assert (off <= bounded).all()
        assert found.status is solve(f, method="direct").status


@pytest.mark.parametrize("largest", [1e60, 1e-60])
def test_numbers_that_single_precision_cannot_hold_do_no_harm(largest):
    rng = np.random.default_rng(8)
    matrix = rough_matrix(rng, 8, 7)
    operator = explicit(matrix * largest, 8, scale=np.full(56, 1 / largest))
    f = rng.random((56, 12))
    found = Leontief(operator).solve(f, method="blocked").raise_for_status()
    assert np.allclose(found.x, np.linalg.solve(np.eye(56) - matrix, f), rtol=1e-8)


def test_flows_and_their_scale_are_the_coefficients():
    table = random_table(4, 5, 6, kind="explicit", zero_industry=True)
    operator = Leontief(table).operator
    matrix = np.array(table.A)
    assert np.allclose(operator.dense(), matrix, rtol=1e-14)
    rng = np.random.default_rng(0)
    columns = rng.standard_normal((30, 3))
    assert np.allclose(operator.matmat(columns), matrix @ columns, rtol=1e-12)
    assert np.allclose(operator.rmatmat(columns), matrix.T @ columns, rtol=1e-12)
    rows = rng.integers(0, 30, 4)
    assert np.allclose(operator.block(rows, rows[:2]), matrix[np.ix_(rows, rows[:2])], rtol=1e-14)
    new = operator.with_columns(np.array([3]), columns[:, :1])
    matrix[:, 3] = columns[:, 0]
    assert np.allclose(new.dense(), matrix, rtol=1e-14)
    assert np.array_equal(operator.pattern().toarray(), np.array(table.A) != 0)


def test_progress_is_told_and_can_stop_blocked_solves():
    table = random_table(4, 9, 8, kind="explicit")
    told = []
    f = np.random.default_rng(0).random((72, 10))
    for source in (table, table.pooled()):
        told.clear()
        system = Leontief(source)
        system.solve(f, method="blocked", progress=lambda count, left: told.append(count))
        assert told

        def stop(count, left):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            system.solve(f, method="blocked", progress=stop)
        assert system.solve(f, method="blocked").status is Status.CERTIFIED
