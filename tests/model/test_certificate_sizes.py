"""The error bound against solutions in extended precision, at sizes where lanes and blocks work."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp

from model.errors import NotProductive
from model.leontief.household_operator import HouseholdOperator
from model.operator import Explicit, GravityOperator, PooledOperator
from model.solve import Leontief, Status

LONG = np.longdouble
TABLES = 12
FORMS = ("explicit", "sparse", "pooled", "shared", "gravity", "groups")
KINDS = ("plain", "near singular", "zero rows", "signed", "columns above one", "scaled")

pytestmark = pytest.mark.skipif(
    np.finfo(LONG).eps > 1e-18, reason="this machine has no precision beyond float64"
)


def solved(matrix, rhs):
    """Solve (I - A) x = rhs with residuals in extended precision until they no longer shrink."""
    whole = np.eye(len(matrix), dtype=LONG) - matrix.astype(LONG)
    factors = scipy.linalg.lu_factor(whole.astype(np.float64))
    x = np.zeros_like(rhs, dtype=LONG)
    for _ in range(40):
        left = rhs.astype(LONG) - whole @ x
        x = x + scipy.linalg.lu_solve(factors, left.astype(np.float64)).astype(LONG)
    return x


def drawn(rng, form, kind):
    """Return an operator of some tens of rows of a given form and kind."""
    n_regions, n_sectors = int(rng.integers(2, 7)), int(rng.integers(4, 12))
    aim = 1 - 10.0 ** rng.uniform(-6, -3) if kind == "near singular" else rng.uniform(0.2, 0.9)
    if kind == "columns above one":
        aim = rng.uniform(0.5, 0.8)
    shared = form == "shared"
    technology = rng.random((1 if shared else n_regions, n_sectors, n_sectors)) ** 3
    if kind == "zero rows":
        technology[:, rng.integers(0, n_sectors)] = 0.0
        technology *= rng.random(technology.shape) < 0.5
    technology *= aim / np.maximum(technology.sum(axis=1, keepdims=True), 1e-9)
    if kind == "columns above one":
        stretch = 10.0 ** rng.uniform(-1.5, 1.5, n_sectors)
        technology *= stretch[:, None] / stretch
    if kind == "signed":
        technology *= rng.choice([-1.0, 1.0], technology.shape, p=[0.2, 0.8])
    if form in ("gravity", "groups"):
        more = {}
        if form == "groups":
            group = rng.integers(0, 2, n_regions)
            more = {"groups": group, "block_factors": rng.uniform(0.5, 2.0, (2, 2))}
        cost = rng.uniform(1, 6, (n_regions, n_regions))
        weights = rng.random((n_regions, n_sectors)) + 0.05
        return GravityOperator(
            technology, cost, rng.uniform(0.5, 2.0, n_sectors), weights, home=3.0, **more
        )
    trade = rng.random((n_sectors, n_regions, n_regions)) + 2 * np.eye(n_regions)
    trade /= trade.sum(axis=1, keepdims=True)
    operator = PooledOperator(technology[0] if shared else technology, trade)
    if form in ("pooled", "shared"):
        return operator
    matrix = operator.dense()
    if form == "sparse":
        matrix = sp.csr_array(matrix * (rng.random(matrix.shape) < 0.3))
    return Explicit(matrix, region_starts=operator.region_starts)


def true_errors(operator, rhs, found, *, transposed):
    matrix = operator.dense()
    exact = solved(matrix.T if transposed else matrix, rhs)
    gap = np.abs(found.astype(LONG) - exact)
    return np.asarray(gap.max(axis=0) if transposed else gap.sum(axis=0), dtype=np.float64)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_is_never_below_the_error_whatever_the_form_the_method_and_the_width(form, kind):
    rng = np.random.default_rng([FORMS.index(form), KINDS.index(kind)])
    certified = drawn_tables = 0
    for table in range(TABLES):
        operator = drawn(rng, form, kind)
        scale = 10.0 ** rng.uniform(-200, 200) if kind == "scaled" else 1.0
        rhs = scale * rng.standard_normal((operator.n, (1, 3, 9)[table % 3]))
        rhs *= rng.random(rhs.shape) < 0.7
        system = Leontief(operator)
        for method in ("direct", "krylov", "blocked"):
            try:
                direct = system.solve(rhs, method=method)
                transposed = system.solve_transposed(rhs, method=method)
            except NotProductive:
                assert kind in ("near singular", "columns above one")
                continue
            drawn_tables += 1
            if direct.status is Status.UNCERTIFIED:
                assert kind == "signed"
                continue
            certified += direct.status is Status.CERTIFIED
            errors = true_errors(operator, rhs, direct.x, transposed=False)
            assert (errors <= direct.error_bounds).all()
            errors = true_errors(operator, rhs, transposed.x, transposed=True)
            assert (errors <= transposed.error_bounds).all()
    least = {"signed": 0.5, "near singular": 0.05}.get(kind, 0.9)
    assert certified >= least * drawn_tables > 0


def test_households_inside_are_bounded_too():
    rng = np.random.default_rng(1)
    for _ in range(12):
        inner = drawn(rng, "pooled", "plain")
        n_regions, n_sectors = inner.n_regions, inner.n_sectors
        income = rng.uniform(0.0, 0.1, n_regions * n_sectors)
        spending = rng.random(n_regions * n_sectors) / n_sectors
        operator = HouseholdOperator(inner, income, spending)
        rhs = rng.standard_normal((operator.n, 2))
        system = Leontief(operator)
        found = system.solve(rhs).raise_for_status()
        errors = true_errors(operator, rhs, found.x, transposed=False)
        assert (errors <= found.error_bounds).all()
        found = system.solve_transposed(rhs).raise_for_status()
        errors = true_errors(operator, rhs, found.x, transposed=True)
        assert (errors <= found.error_bounds).all()


@pytest.mark.parametrize("kind", ["plain", "columns above one", "near singular"])
def test_every_column_of_an_inverse_is_within_its_bound(kind):
    rng = np.random.default_rng(len(kind))
    for _ in range(12):
        operator = drawn(rng, "explicit", kind)
        try:
            system = Leontief(operator)
            found = system._engine.inverse()
        except NotProductive:
            continue
        assert found is not None
        inverse, bounds = found
        errors = true_errors(operator, np.eye(operator.n), inverse, transposed=False)
        assert (errors <= bounds).all()


def test_factors_that_were_pivoted_give_the_inverse_in_the_right_order():
    rng = np.random.default_rng(3)
    matrix = rng.random((60, 60)) * 0.05
    order = rng.permutation(60)
    stretch = 10.0 ** rng.uniform(-3, 3, 60)  # a similarity: columns far above one, same radius
    matrix = (matrix * stretch[:, None] / stretch) * (0.6 / (0.05 * 30))
    system = Leontief(matrix[order][:, order])
    inverse = system.inverse(tolerance=1e-8)
    pivots = system._engine.factors[1]
    assert (pivots != np.arange(60)).any()
    expected = np.linalg.inv(np.eye(60) - matrix)[order][:, order]
    assert np.allclose(inverse, expected, rtol=1e-8)
