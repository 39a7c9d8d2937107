"""A changed system is the system of the changed operator, and the old one stays as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.errors import ShapeError
from model.operator import GravityOperator
from model.solve import Leontief, Status


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 5), st.integers(1, 4), st.integers(0, 10**6), st.booleans())
def test_new_technology_in_some_regions(n_regions, n_sectors, seed, factored):
    table = random_table(seed, n_regions, n_sectors)
    rng = np.random.default_rng(seed)
    system = Leontief(table)
    before = system.operator.dense()
    f = rng.standard_normal((n_regions * n_sectors, 3))
    system.solve(f, method="direct" if factored else "krylov")
    blocks = {f"R{r}": 0.9 * table.technology[r][::-1] for r in (0, n_regions - 1)}
    first = system.update(technology={"R0": blocks["R0"]})
    new = first.update(technology=blocks)
    assert np.array_equal(system.operator.dense(), before)
    technology = table.technology.copy()
    technology[0], technology[-1] = blocks["R0"], blocks[f"R{n_regions - 1}"]
    matrix = np.einsum("irs,sij->risj", table.trade, technology).reshape(before.shape)
    assert np.allclose(new.operator.dense(), matrix, rtol=1e-14)
    for method in ("direct", "krylov", "blocked"):
        for solve, a in ((new.solve, matrix), (new.solve_transposed, matrix.T)):
            found = solve(f, method=method)
            assert found.status is Status.CERTIFIED
            assert np.allclose(found.x, np.linalg.solve(np.eye(len(a)) - a, f), atol=1e-8)


def test_new_trade_shares_of_a_product():
    table = random_table(2, 3, 4)
    new = Leontief(table).update(trade={"S2": np.eye(3)})
    trade = table.trade.copy()
    trade[2] = np.eye(3)
    assert np.array_equal(new.operator.trade, trade)
    matrix = np.einsum("irs,sij->risj", trade, table.technology).reshape(12, 12)
    expected = np.linalg.solve(np.eye(12) - matrix, table.f)
    assert np.allclose(new.solve(table.f).x, expected, rtol=1e-9)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_new_columns_of_an_explicit_matrix(form):
    rng = np.random.default_rng(4)
    labels = pd.Index([f"row {i}" for i in range(40)])
    matrix = rng.random((40, 40)) / 60
    system = Leontief(form(matrix), labels=labels)
    system.solve(np.ones(40), method="direct")
    column = rng.random(40) / 60
    new = system.update(columns={"row 3": pd.Series(column, index=labels)})
    matrix[:, 3] = column
    for method in ("direct", "krylov"):
        found = new.solve(np.ones(40), method=method).x
        assert np.allclose(found, np.linalg.solve(np.eye(40) - matrix, np.ones(40)), rtol=1e-9)
    assert "factors" not in new._engine.__dict__  # the old factors were corrected


def test_new_technology_under_gravity():
    rng = np.random.default_rng(5)
    technology = rng.random((4, 3, 3)) / 5
    operator = GravityOperator(technology, rng.uniform(1, 3, (4, 4)), 1.5, rng.random((4, 3)) + 0.1)
    f = rng.random(12)
    system = Leontief(operator)
    system.solve(f)
    new = system.update(technology={2: 0.5 * technology[2]})
    changed = technology.copy()
    changed[2] *= 0.5
    matrix = np.einsum("irs,sij->risj", operator.trade(), changed).reshape(12, 12)
    assert np.allclose(new.solve(f).x, np.linalg.solve(np.eye(12) - matrix, f), rtol=1e-9)


def test_changes_that_do_not_fit_are_refused():
    table = random_table(6, 3, 4)
    system = Leontief(table)
    with pytest.raises(ShapeError, match=r"technology of 'R1' must be \(4, 4\)"):
        system.update(technology={"R1": np.eye(3)})
    with pytest.raises(LookupError, match="R7"):
        system.update(technology={"R7": np.eye(4)})
    with pytest.raises(ShapeError, match="explicit system"):
        system.update(columns={("R1", "S1"): np.zeros(12)})
    with pytest.raises(ShapeError, match="columns="):
        Leontief(np.eye(2) / 2).update(technology={0: np.eye(2)})


def test_new_costs_and_weights_of_a_gravity_system():
    rng = np.random.default_rng(6)
    technology, f = rng.random((5, 4, 4)) / 8, rng.random(20)
    cost, weights = rng.uniform(1, 5, (5, 5)), rng.random((5, 4)) + 0.1
    decay = np.array([0.5, 0.5, 1.5, 2.0])
    system = Leontief(GravityOperator(technology, cost, decay, weights, home=2.0))
    before = system.solve(f)
    shorter, heavier = 0.99 * cost, 1.01 * weights
    shorter[0, 1] *= 0.9
    heavier[2] *= 1.1
    for change in ({"cost": shorter}, {"weights": heavier}, {"cost": shorter, "weights": heavier}):
        new = system.update(**change)
        law = {"cost": cost, "weights": weights} | change
        anew = GravityOperator(technology, law["cost"], decay, law["weights"], home=2.0)
        assert np.array_equal(new.operator.dense(), anew.dense())
        warm = new.solve(f, start=before.x, method="krylov").raise_for_status()
        cold = Leontief(anew).solve(f, method="krylov")
        assert np.allclose(warm.x, cold.x, rtol=1e-9)
        assert warm.iterations <= cold.iterations
    assert np.array_equal(system.solve(f).x, before.x)
    with pytest.raises(ShapeError, match="weights must be"):
        system.update(weights=weights[:, :3])
    with pytest.raises(ShapeError, match="gravity system"):
        Leontief(random_table(2, 3, 4)).update(cost=np.ones((3, 3)))


def gravity_system(seed, n_regions=6, n_sectors=5):
    rng = np.random.default_rng(seed)
    cost = rng.uniform(1, 5, (n_regions, n_regions))
    technology = rng.random((n_regions, n_sectors, n_sectors)) / (1.4 * n_sectors)
    weights = rng.random((n_regions, n_sectors)) + 0.1
    return Leontief(GravityOperator(technology, cost, 1.2, weights, home=2.0)), cost, rng


def test_region_blocks_are_kept_while_own_shares_hardly_move():
    system, cost, rng = gravity_system(7)
    f = rng.random(system.n)
    old = system.solve(f, method="krylov")
    nearby = system.update(cost=0.98 * cost).update(cost=0.97 * cost)
    kept = nearby._engine.__dict__["splitting"]
    assert kept.lender is system._engine.splitting
    far = cost.copy()
    far[np.diag_indices(len(far))] *= 40.0
    assert "splitting" not in system.update(cost=far)._engine.__dict__
    changed = cost.copy()
    changed[0] *= 0.8
    new = system.update(cost=changed)
    matrix = new.operator.dense()
    for method in ("krylov", "blocked", "direct"):
        for solve, a in ((new.solve, matrix), (new.solve_transposed, matrix.T)):
            found = solve(f, method=method, start=old.x).raise_for_status()
            assert np.allclose(found.x, np.linalg.solve(np.eye(len(a)) - a, f), rtol=1e-9)


def test_trade_shares_changed_a_little_keep_region_blocks_too():
    table = random_table(3, 4, 3)
    system = Leontief(table)
    f = np.asarray(table.f, dtype=float)
    old = system.solve(f, method="krylov")
    shares = 0.97 * table.trade[1] + 0.03 / 4
    new = system.update(trade={"S1": shares})
    assert new._engine.__dict__["splitting"].lender is system._engine.splitting
    matrix = new.operator.dense()
    found = new.solve(f, start=old)
    assert np.allclose(found.x, np.linalg.solve(np.eye(len(f)) - matrix, f), rtol=1e-9)


def test_an_answer_depends_on_the_start_that_is_given_and_on_nothing_solved_before():
    system, cost, rng = gravity_system(8)
    f, other = rng.random(system.n), rng.random(system.n)
    old = system.solve(f)
    new = system.update(cost=0.99 * cost)
    first = new.solve(f).x
    new.solve(other)
    new.solve(f, start=old)
    assert np.array_equal(new.solve(f).x, first)
    warm = new.solve(f, start=old, method="krylov")
    assert np.array_equal(warm.x, new.solve(f, start=old.x, method="krylov").x)
    assert warm.iterations < new.solve(f, method="krylov").iterations


def test_correction_or_a_warm_start_is_chosen_by_its_cost():
    rng = np.random.default_rng(9)
    n = 900
    matrix = rng.random((n, n)) / (1.5 * n)
    f = rng.random(n)
    system = Leontief(matrix)
    old = system.solve(f, method="direct")
    few = system.update(columns={j: 0.9 * matrix[:, j] for j in range(2)})
    many = system.update(columns={j: 0.9 * matrix[:, j] for j in range(200)})
    assert few.solve(rng.random((n, 40))).method == "direct"  # corrected factors
    assert many.solve(f, start=old).method == "krylov"  # 200 columns are not worth it for one
    changed = matrix.copy()
    changed[:, :200] *= 0.9
    exact = np.linalg.solve(np.eye(n) - changed, f)
    assert np.allclose(many.solve(f, start=old).x, exact, rtol=1e-9)
