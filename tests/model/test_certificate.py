"""The error bound is never below the true error, computed in exact fractions."""

from __future__ import annotations

import numpy as np
import pytest
import reference_model as slow

from io_tables.testing import random_table
from model.errors import NotProductive
from model.leontief.certificate import certify, column_sum_weights, verified_weights
from model.operator import Explicit, GravityOperator, PooledOperator
from model.solve import Leontief, Status

SHAPES = ("plain", "zeros", "signed", "near singular", "columns above one", "scaled")


def draw_matrix(rng, shape):
    """A small matrix of a given kind, with its spectral radius below one unless signed."""
    n = int(rng.integers(1, 6))
    matrix = rng.random((n, n)) ** 3
    if shape == "zeros":
        matrix *= rng.random((n, n)) < 0.4
        matrix[rng.integers(0, n)] = 0.0
    if shape == "columns above one":  # a similarity keeps the radius and spoils the column sums
        stretch = 10.0 ** rng.uniform(-3, 3, n)
        matrix = matrix * stretch[:, None] / stretch
    radius = max(abs(np.linalg.eigvals(matrix)).max(), 1e-3)
    aim = 1 - 10.0 ** rng.uniform(-12, -3) if shape == "near singular" else rng.uniform(0.1, 0.95)
    matrix *= min(aim / radius, 1.0) if shape == "zeros" else aim / radius
    if shape == "signed":
        matrix *= rng.choice([-1.0, 1.0], (n, n), p=[0.3, 0.7])
    return matrix


def draw_demand(rng, n, shape):
    scale = 10.0 ** rng.uniform(-200, 200) if shape == "scaled" else 1.0
    return scale * rng.standard_normal(n) * (rng.random(n) < 0.8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", ["direct", "krylov", "blocked"])
def test_the_bound_holds_for_random_tables_in_exact_arithmetic(shape, method):
    rng = np.random.default_rng([SHAPES.index(shape), len(method)])
    certified = 0
    for _ in range(300):
        matrix = draw_matrix(rng, shape)
        f = draw_demand(rng, matrix.shape[0], shape)
        system = Leontief(matrix)
        try:
            direct = system.solve(f, method=method)
            transposed = system.solve_transposed(f, method=method)
        except NotProductive:
            assert shape == "near singular"  # a radius of 1 - 1e-12 rounds to one in a row
            continue
        if direct.status is Status.UNCERTIFIED:
            assert shape in ("signed", "near singular")
            assert np.isnan(direct.error_bound)
            continue
        total, _ = slow.exact_gap(slow.exact_solve(matrix.tolist(), f.tolist()), direct.x)
        assert total <= direct.error_bound
        _, largest = slow.exact_gap(slow.exact_solve(matrix.T.tolist(), f.tolist()), transposed.x)
        assert largest <= transposed.error_bound
        certified += direct.status is Status.CERTIFIED
    assert certified >= (10 if shape == "near singular" else 140)


@pytest.mark.parametrize("kind", ["pooled", "gravity"])
def test_the_bound_holds_for_structured_operators_in_exact_arithmetic(kind):
    rng = np.random.default_rng(len(kind))
    for _ in range(60):
        n_regions, n_sectors = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        technology = rng.random((n_regions, n_sectors, n_sectors)) * rng.choice([0.3, 0.9])
        technology /= max(technology.sum(axis=1).max() / 0.9, 1.0)
        if kind == "pooled":
            trade = rng.random((n_sectors, n_regions, n_regions))
            trade /= trade.sum(axis=1, keepdims=True) * rng.choice([1.0, 0.97])
            operator = PooledOperator(technology, trade)
            left = np.zeros((n_regions * n_sectors,) * 2)
            for i in range(n_sectors):
                left[i::n_sectors, i::n_sectors] = trade[i]
            right = np.zeros_like(left)
            for s in range(n_regions):
                span = slice(s * n_sectors, (s + 1) * n_sectors)
                right[span, span] = technology[s]
            matrix = slow.exact_product(left, right)
        else:
            operator = GravityOperator(
                technology,
                rng.uniform(1, 9, (n_regions, n_regions)),
                rng.uniform(0, 3),
                rng.random((n_regions, n_sectors)) + 0.01,
            )
            matrix = operator.dense().tolist()
        f = rng.standard_normal(n_regions * n_sectors)
        found = Leontief(operator).solve(f)
        total, _ = slow.exact_gap(slow.exact_solve(matrix, f.tolist()), found.x)
        # The dense gravity matrix is itself rounded, to a few bits of each entry.
        slack = 1e-13 * float(np.abs(found.x).sum()) if kind == "gravity" else 0.0
        assert total <= found.error_bound + slack


def test_the_bound_holds_for_any_wrong_answer_and_is_not_idle():
    rng = np.random.default_rng(11)
    ratios = []
    for _ in range(200):
        matrix = draw_matrix(rng, "plain")
        n = matrix.shape[0]
        f = rng.random(n)
        operator = Explicit(matrix)
        wrong = np.linalg.solve(np.eye(n) - matrix, f) + 10.0 ** rng.uniform(-12, 0) * (
            rng.standard_normal(n)
        )
        q = np.linalg.solve(np.eye(n) - matrix.T, np.ones(n))
        for weights in (verified_weights(operator, q), column_sum_weights(operator)):
            if not weights.valid:
                continue
            certificate = certify(operator, operator, weights, f[:, None], wrong[:, None])
            total, _ = slow.exact_gap(slow.exact_solve(matrix.tolist(), f.tolist()), wrong)
            assert total <= certificate.bounds[0]
            ratios.append(certificate.bounds[0] / total)
    assert np.median(ratios) < 20


def test_weights_are_checked_and_not_believed():
    operator = Explicit(np.array([[0.7, 0.2], [0.4, 0.1]]))
    assert not column_sum_weights(operator).valid
    assert not verified_weights(operator, np.array([1.0, -1.0])).valid
    assert not verified_weights(operator, np.array([1.0, 1.0])).valid
    good = np.linalg.solve(np.eye(2) - operator.dense().T, np.ones(2))
    assert not np.isnan(verified_weights(operator, good).gamma)


def test_a_bound_in_money_scales_with_money():
    rng = np.random.default_rng(5)
    matrix, f = draw_matrix(rng, "plain"), rng.random(5)
    f = f[: matrix.shape[0]]
    one, thousand = Leontief(matrix).solve(f), Leontief(matrix).solve(1024.0 * f)
    assert thousand.error_bound == pytest.approx(1024.0 * one.error_bound, rel=1e-9)
    assert np.array_equal(thousand.x, 1024.0 * one.x)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_factors_alone_bound_every_column_of_the_inverse_in_exact_arithmetic(shape):
    rng = np.random.default_rng([SHAPES.index(shape), 7])
    bounded, ratios = 0, []
    for _ in range(80):
        matrix = draw_matrix(rng, shape)
        n = matrix.shape[0]
        try:
            found = Leontief(matrix)._engine.inverse()
        except NotProductive:
            continue
        if found is None:
            assert shape in ("signed", "near singular")
            continue
        inverse, bounds = found
        for j in range(n):
            exact = slow.exact_solve(matrix.tolist(), np.eye(n)[j].tolist())
            total, _ = slow.exact_gap(exact, inverse[:, j])
            assert total <= bounds[j]
            ratios.append(bounds[j] / inverse[:, j].sum())
        bounded += 1
    assert bounded >= (10 if shape in ("signed", "near singular") else 80)
    if shape == "plain":
        assert np.median(ratios) < 1e-12  # it is not idle


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_an_inverse_of_some_size_is_certified_by_its_factors(kind):
    table = random_table(5, 12, 13, kind=kind)
    system = Leontief(table)
    found = system._engine.inverse()
    assert found is not None
    inverse, bounds = found
    matrix = system.operator.dense().astype(np.longdouble)
    exact = np.linalg.inv((np.eye(156) - matrix).astype(float)).astype(np.longdouble)
    for _ in range(2):
        exact = exact + exact @ (np.eye(156) - (np.eye(156) - matrix) @ exact)
    off = np.abs(inverse - exact).sum(axis=0)
    assert (off <= bounds).all()
    assert bounds.max() <= 1e-10
