"""Products with few vectors: exact sums as twins, every layout, the same bits for any threads."""

from __future__ import annotations

import os

import numpy as np
import pytest
import reference_narrow as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from model.leontief import narrow
from model.leontief._kernels import LANES, SLAB
from model.operator import Explicit, GravityOperator, PooledOperator

EPS = np.finfo(np.float64).eps


def drawn(seed, groups, users, n_rows, width, n_vectors):
    rng = np.random.default_rng(seed)
    matrices = rng.standard_normal((groups, n_rows, width))
    which = rng.integers(0, groups, users)
    across = rng.standard_normal((users, n_vectors, width))
    down = rng.standard_normal((users, n_vectors, n_rows))
    return matrices, which, across, down


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    groups=st.integers(1, 3),
    users=st.integers(1, 4),
    n_rows=st.integers(1, 21),
    width=st.integers(1, 4 * LANES + 5),
    n_vectors=st.integers(1, 11),
)
def test_products_stay_within_the_rounding_that_certificates_allow_for(
    seed, groups, users, n_rows, width, n_vectors
):
    matrices, which, across, down = drawn(seed, groups, users, n_rows, width, n_vectors)
    out = np.empty((users, n_vectors, n_rows))
    narrow.rows_times(
        matrices, across, (n_vectors * width, width, 1), n_vectors,
        out, (n_vectors * n_rows, n_rows, 1), which,
    )  # fmt: skip
    allowed = width * EPS * slow.size(matrices, which, across)
    assert (np.abs(out - slow.rows(matrices, which, across)) <= allowed).all()
    out = np.zeros((users, n_vectors, width))
    narrow.columns_times(
        matrices, down, (n_vectors * n_rows, n_rows, 1), n_vectors,
        out, (n_vectors * width, width, 1), which,
    )  # fmt: skip
    allowed = n_rows * EPS * slow.size(matrices.transpose(0, 2, 1), which, down)
    assert (np.abs(out - slow.columns(matrices, which, down)) <= allowed).all()


@pytest.mark.parametrize("width", [1, LANES, SLAB - 1, SLAB, SLAB + 1, SLAB + LANES + 3, 1300])
@pytest.mark.parametrize("n_rows", [1, 255, 300])
def test_one_matrix_of_any_size_gives_what_numpy_gives(width, n_rows):
    rng = np.random.default_rng(width + n_rows)
    matrix = rng.standard_normal((n_rows, width))
    for k in (1, 2, 5, 12):
        x, y = rng.standard_normal((width, k)), rng.standard_normal((n_rows, k))
        assert np.allclose(narrow.times(matrix, x), matrix @ x, atol=1e-11)
        found = narrow.times(matrix, y, transposed=True)
        assert np.allclose(found, matrix.T @ y, atol=1e-11)


def test_vectors_are_found_wherever_they_lie():
    matrices, which, across, down = drawn(5, 4, 4, 6, 19, 3)
    expected = slow.rows(matrices, which, across)
    by_place = np.ascontiguousarray(across.transpose(1, 0, 2))  # vector, user, number
    out = np.empty((6, 4, 3))  # row, user, vector
    narrow.rows_times(matrices, by_place, (19, 4 * 19, 1), 3, out, (3, 1, 12), which)
    assert np.allclose(out, expected.transpose(2, 0, 1), atol=1e-13)
    laid = np.ascontiguousarray(down.transpose(2, 0, 1))  # row, user, vector
    out = np.zeros((3, 4, 19))
    narrow.columns_times(matrices, laid, (3, 1, 12), 3, out, (19, 4 * 19, 1), which)
    expected = slow.columns(matrices, which, down)
    assert np.allclose(out, expected.transpose(1, 0, 2), atol=1e-13)


@pytest.mark.parametrize("n", [1, 5, 16384, 16385, 40000])
def test_a_basis_of_long_vectors_is_multiplied_and_combined(n):
    rng = np.random.default_rng(n)
    basis, vector, weights = rng.standard_normal((11, n)), rng.standard_normal(n), rng.random(11)
    assert np.allclose(narrow.dots(basis, vector), basis @ vector, atol=1e-10)
    assert np.allclose(narrow.combine(basis, weights), weights @ basis, atol=1e-12)
    assert narrow.norm(vector) == pytest.approx(np.linalg.norm(vector), rel=1e-14)


def test_a_transpose_is_one_piece_of_memory():
    matrix = np.random.default_rng(0).random((37, 21))
    assert np.array_equal(narrow.turned(matrix), matrix.T)
    assert narrow.turned(matrix).flags.c_contiguous
    assert np.shares_memory(narrow.turned(matrix[:, :1].copy().T), matrix) is False


def test_bits_do_not_depend_on_the_number_of_threads(monkeypatch):
    rng = np.random.default_rng(3)
    n_regions, n_sectors = 90, 40
    trade = rng.random((n_sectors, n_regions, n_regions))
    technology = rng.random((n_regions, n_sectors, n_sectors)) / n_sectors
    cost, weights = 1.0 + rng.random((n_regions, n_regions)), rng.random((n_regions, n_sectors))
    basis = rng.random((9, 100_000))
    operators = (
        PooledOperator(technology, trade),
        PooledOperator(technology[0], trade),
        GravityOperator(technology, cost, 1.0, weights),
        Explicit(rng.random((900, 900))),
    )
    seen = []
    for workers in (1, 2, 3, 7):
        monkeypatch.setattr(narrow, "_crew", narrow._Crew())
        monkeypatch.setattr(narrow, "threads", lambda workers=workers: workers)
        found = [narrow.dots(basis, basis[0]).tobytes()]
        for operator in operators:
            for k in (1, 3, 64):
                x = np.random.default_rng(k).random((operator.n, k))
                found += [operator.matmat(x).tobytes(), operator.rmatmat(x).tobytes()]
        seen.append(found)
    assert all(found == seen[0] for found in seen)


@pytest.mark.parametrize("slab", [LANES, 100, 1_000_000])
def test_pieces_are_as_large_as_who_shares_them_out_says(monkeypatch, slab):
    rng = np.random.default_rng(5)
    matrix, x = rng.random((70, 1300)), rng.random((70, 5))
    narrow.times(matrix, x, transposed=True)  # compiled, or taken from the cache, before
    monkeypatch.setattr(narrow._kernels, "SLAB", slab)
    np.testing.assert_allclose(narrow.times(matrix, x, transposed=True), matrix.T @ x, rtol=1e-13)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_starts_threads_of_its_own():
    matrix, x = np.ones((700, 700)), np.ones((700, 1))
    before = narrow.times(matrix, x)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(narrow.times(matrix, x), before) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_kernels_can_be_loaded_before_they_are_needed():
    narrow.load()
    known = len(narrow._kernels.rows.signatures), len(narrow._kernels.columns.signatures)
    narrow.times(np.ones((30, 20)), np.ones((20, 3)))
    narrow.times(np.ones((30, 20)), np.ones((30, 3)), transposed=True)
    assert (len(narrow._kernels.rows.signatures), len(narrow._kernels.columns.signatures)) == known
