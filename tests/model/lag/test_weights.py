"""Spatial weights: bounds from real eigenvalues, bipartite ones, builders from costs and tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.errors import ShapeError
from model.lag.weights import (
    SpatialWeights,
    standardised,
    weights_from_cost,
    weights_from_table,
)


def names(n):
    return tuple(f"r{k}" for k in range(n))


def ring(n):
    """Everybody has two neighbours in a circle, half each: eigenvalues cos(2 pi k / n)."""
    dense = np.zeros((n, n))
    here = np.arange(n)
    dense[here, (here + 1) % n] = dense[here, here - 1] = 0.5
    return SpatialWeights(names(n), sp.csr_array(dense))


@pytest.mark.parametrize("n", [4, 5, 9, 12])
def test_bounds_of_a_circle_are_those_of_its_cosines(n):
    w = ring(n)
    expected = np.sort(np.cos(2 * np.pi * np.arange(n) / n))
    assert np.allclose(np.sort(w.eigenvalues.real), expected, atol=1e-12)
    assert w.bounds == pytest.approx((1 / expected[0], 1.0))
    assert w.bipartite == (n % 2 == 0)
    assert (w.bounds[0] == pytest.approx(-1.0)) == w.bipartite


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 10**6))
def test_regions_of_two_sorts_have_symmetric_bounds(a, b, seed):
    rng = np.random.default_rng(seed)
    dense = np.zeros((a + b, a + b))
    dense[:a, a:] = rng.random((a, b)) + 0.1
    dense[a:, :a] = rng.random((b, a)) + 0.1
    w = standardised(SpatialWeights(names(a + b), sp.csr_array(dense)), "row")
    assert w.bipartite
    assert w.bounds == pytest.approx((-1.0, 1.0), rel=1e-9)
    raw = SpatialWeights(names(a + b), sp.csr_array(dense))
    assert raw.bounds[1] == pytest.approx(1 / np.abs(np.linalg.eigvals(dense)).max(), rel=1e-9)
    joined = dense.copy()
    joined[0, 1] = 1.0
    joined[1, 0] = 1.0
    assert not SpatialWeights(names(a + b), sp.csr_array(joined)).bipartite


@settings(deadline=None, max_examples=25)
@given(st.integers(3, 9), st.integers(0, 10**6))
def test_inside_the_bounds_the_determinant_keeps_its_sign_and_at_them_it_is_zero(n, seed):
    rng = np.random.default_rng(seed)
    dense = rng.random((n, n)) * (rng.random((n, n)) < 0.5)
    np.fill_diagonal(dense, 0.0)
    dense[0, 1] = 1.0
    w = SpatialWeights(names(n), sp.csr_array(dense))
    for bound in w.bounds:
        if np.isfinite(bound):
            size = np.abs(np.linalg.det(np.eye(n)))
            assert abs(np.linalg.det(np.eye(n) - bound * dense)) < 1e-6 * max(
                size, np.abs(bound * dense).sum(axis=1).max() ** n
            )
    reach = 5.0 / max(w.radius, 0.2)
    low, high = np.clip(w.bounds, -reach, reach)
    for rho in np.linspace(low, high, 41)[1:-1]:
        assert np.linalg.det(np.eye(n) - rho * dense) > 0


def test_a_one_way_chain_bounds_nothing_and_complex_eigenvalues_do_not_either():
    chain = np.diag(np.ones(4), 1)
    order = np.random.default_rng(0).permutation(5)
    w = SpatialWeights(names(5), sp.csr_array(chain[np.ix_(order, order)]))
    assert w.bounds == (-np.inf, np.inf)
    assert w.radius == 0.0
    turn = np.roll(np.eye(3), 1, axis=1)  # 1 -> 2 -> 3 -> 1: eigenvalues 1 and two complex ones
    assert SpatialWeights(names(3), sp.csr_array(turn)).bounds == pytest.approx((-np.inf, 1.0))


def test_row_standardised_symmetric_weights_have_real_eigenvalues():
    rng = np.random.default_rng(3)
    near = rng.random((40, 40))
    near = near + near.T
    np.fill_diagonal(near, 0.0)
    w = standardised(SpatialWeights(names(40), sp.csr_array(near)), "row")
    assert not w.eigenvalues.imag.any()
    assert np.sort(w.eigenvalues.real) == pytest.approx(
        np.sort(np.linalg.eigvals(w.matrix.toarray()).real), abs=1e-12
    )
    assert w.radius == pytest.approx(1.0)
    by_size = standardised(SpatialWeights(names(40), sp.csr_array(near)), "largest eigenvalue")
    assert by_size.bounds[1] == pytest.approx(1.0)


def test_large_weights_take_the_safe_bound():
    n = 2100
    w = ring(n + 1)
    assert w.bounds == pytest.approx((-1.0, 1.0), rel=1e-4)
    line = sp.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1])
    low, high = SpatialWeights(names(n), line).bounds
    exact = 0.5 / np.cos(np.pi / (n + 1))
    assert exact * (1 - 1e-4) < high <= exact
    assert low == -high


def test_eigenvalues_that_coincide_bound_rho_though_rounding_moves_them_off_the_real_line():
    near = np.array([[0, 1, 1, 0], [0, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 0]], dtype=float)
    w = standardised(SpatialWeights(names(4), sp.csr_array(near)), "row")
    dense = w.matrix.toarray()
    assert np.linalg.svd(np.eye(4) + 2.0 * dense, compute_uv=False)[-1] < 1e-15
    assert w.bounds == pytest.approx((-2.0, 1.0), abs=1e-6)  # -1/2 is an eigenvalue twice


COST = pd.DataFrame(
    [[1.0, 10.0, 40.0], [20.0, 1.0, 30.0], [40.0, 30.0, 1.0]],
    index=["a", "b", "c"], columns=["a", "b", "c"],
)  # fmt: skip


def test_weights_fall_with_cost():
    inverse = weights_from_cost(COST, standard="none").matrix.toarray()
    assert inverse[0, 1] / inverse[0, 2] == pytest.approx(4.0)
    assert not inverse.diagonal().any()
    squared = weights_from_cost(COST, decay=2.0).matrix.toarray()
    assert squared.sum(axis=1) == pytest.approx(1.0)
    assert squared[1, 0] / squared[1, 2] == pytest.approx((30 / 20) ** 2)
    falls = weights_from_cost(COST, kernel="exponential", decay=0.1, standard="none")
    line = falls.matrix.toarray()
    assert line[0, 1] / line[0, 2] == pytest.approx(np.exp(3.0))
    near = weights_from_cost(COST, kernel="nearest", nearest=1).matrix.toarray()
    assert near.tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]
    close = weights_from_cost(COST, kernel="within", within=30.0)
    assert close.matrix.toarray().tolist() == [[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]]
    alone = weights_from_cost(COST, kernel="within", within=15.0)
    assert alone.without_neighbours == ["b", "c"]


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_weights_of_a_table_are_its_flows_between_regions(kind):
    table = random_table(2, 3, 4, kind=kind)
    flows = table.Z.to_numpy().reshape(3, 4, 3, 4).sum(axis=(1, 3))
    np.fill_diagonal(flows, 0.0)
    bought = weights_from_table(table, standard="none").matrix.toarray()
    assert np.allclose(bought, flows.T, rtol=1e-10)
    sold = weights_from_table(table, by="sales").matrix.toarray()
    assert np.allclose(sold, flows / flows.sum(axis=1, keepdims=True), rtol=1e-10)
    both = weights_from_table(table, by="both", standard="none").matrix.toarray()
    assert np.allclose(both, flows + flows.T, rtol=1e-10)


def test_weights_are_a_copy_of_the_matrix_given():
    given = sp.csr_array(np.array([[0.0, 1.0], [2.0, 0.0]]))
    w = SpatialWeights(names(2), given)
    given.data[:] = 9.0
    assert w.matrix.toarray().tolist() == [[0.0, 1.0], [2.0, 0.0]]


def test_weights_that_are_none_are_refused():
    with pytest.raises(ShapeError, match="neighbours itself"):
        SpatialWeights(names(2), sp.csr_array(np.eye(2)))
    with pytest.raises(ShapeError, match="some weight"):
        SpatialWeights(names(2), sp.csr_array((2, 2)))
    with pytest.raises(ShapeError, match=">= 0"):
        SpatialWeights(names(2), sp.csr_array([[0.0, -1.0], [1.0, 0.0]]))
    with pytest.raises(ShapeError, match="needs within"):
        weights_from_cost(COST, kernel="within")
    with pytest.raises(ShapeError, match="same regions"):
        weights_from_cost(COST.iloc[:2])
    with pytest.raises(ShapeError, match="above zero"):
        weights_from_cost(0.0 * COST)
    with pytest.raises(ShapeError, match="between 1 and 2"):
        weights_from_cost(COST, nearest=3)
    with pytest.raises(ShapeError, match="standard must be"):
        weights_from_cost(COST, standard="column")
    with pytest.raises(ShapeError, match="by must be"):
        weights_from_table(random_table(2, 3, 2), by="all")
