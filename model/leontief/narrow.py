"""Products with few vectors, at the speed of memory: own kernels, side by side.

Question owned: when do stored matrices meet vectors one by one, and how is that shared by threads?

Public names
    load             compile the kernels, or load them, now
    few              whether so many vectors are few: then this room is faster than BLAS
    rows_times       M v for B matrices and C vectors each, wherever these lie
    columns_times    M' v
    times            one matrix with columns (n, k)
    turned           a transpose in one piece
    share            any work in pieces, by threads
    dots, norm, combine    products of a basis (j, n) with a vector, and sums of its rows

BLAS has two ways: a product with one vector, which it splits over threads matrix by matrix, and one
with a block of them, which comes to its speed at tens of columns. Between them a matrix read from
memory is used too little. Here a matrix is read once for all vectors.

Work is cut into pieces by sizes alone, and threads take the next piece when they have done one:
the same bits with any number of them. None of this wakes the threads of BLAS, which spin for a
while after every call and would keep ours from their cores.

Source: Williams, Waterman & Patterson (2009) for the limit of memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.leontief import _kernels
from model.leontief._kernels import FloatArray, IntArray, Steps
from model.leontief._turn import turn
from model.leontief.machine import threads

WIDEST, WIDEST_ALONE = 64, 512
"""Vectors up to which the kernels are used: with stacks of small matrices, with one large one
(measured beside BLAS: `benchmarks`, */product-*)."""
PIECE = 2**17
"""Numbers of a matrix in a piece of work."""
SHARED = 2**18
"""Multiplications from which a second thread pays for being woken."""
LONG = 2**14
"""Numbers of a basis vector in a piece of a dot product."""

Kind = TypeVar("Kind", bound=np.generic)
Work = Callable[[int, int], None]


def few(n_vectors: int, *, alone: bool = False) -> bool:
    """Tell whether products with so many vectors are done here; `alone` of one large matrix."""
    return n_vectors <= (WIDEST_ALONE if alone else WIDEST)


def load() -> None:
    """Compile the kernels, or load them from the cache: code that is otherwise met on first use."""
    matrix = np.ones((9, 9))
    times(matrix, np.ones((9, 2)))
    times(matrix, np.ones((9, 2)), transposed=True)
    dots(matrix, np.ones(9))


def rows_times(
    matrices: FloatArray,
    vectors: FloatArray,
    vector_steps: Steps,
    n_vectors: int,
    out: FloatArray,
    out_steps: Steps,
    which: IntArray | None = None,
) -> None:
    """out[b, c] = M[which[b]] v[b, c] for matrices (G, R, S); out and vectors are contiguous.

    `which` (B,) is every matrix in turn when left out. Steps are the numbers from one b, one c and
    one place in a vector to the next; vectors lie in one piece each: vector_steps[2] is 1.
    """
    matrices, given, found = _plain(matrices), _plain(vectors.reshape(-1)), out.reshape(-1)
    users = _fixed(np.arange(matrices.shape[0]) if which is None else which)
    n_rows, width = matrices.shape[1:]
    step = max(8, PIECE // max(width, 1) // 8 * 8)

    def work(first: int, last: int) -> None:
        _kernels.rows(
            matrices, users, given, vector_steps, n_vectors, found, out_steps, first, last
        )

    share(work, users.size * n_rows, step, float(users.size * n_rows * width) * n_vectors)


def columns_times(
    matrices: FloatArray,
    vectors: FloatArray,
    vector_steps: Steps,
    n_vectors: int,
    out: FloatArray,
    out_steps: Steps,
    which: IntArray | None = None,
) -> None:
    """out[b, c] += M[which[b]]' v[b, c]: as `rows_times`, but outputs lie in one piece each."""
    matrices, given, found = _plain(matrices), _plain(vectors.reshape(-1)), out.reshape(-1)
    users = _fixed(np.arange(matrices.shape[0]) if which is None else which)
    n_rows, width = matrices.shape[1:]
    slab = _kernels.SLAB
    slabs = -(-width // slab)
    step = max(1, PIECE // max(n_rows * min(width, slab), 1))

    def work(first: int, last: int) -> None:
        _kernels.columns(
            matrices, users, given, vector_steps, n_vectors, found, out_steps, slab, first, last
        )

    share(work, users.size * slabs, step, float(users.size * n_rows * width) * n_vectors)


def times(matrix: FloatArray, columns: FloatArray, *, transposed: bool = False) -> FloatArray:
    """Return M X, or M' X, for one matrix (R, S) and few columns (S, k), or (R, k)."""
    k = columns.shape[1]
    if transposed:
        turned_out = np.zeros((k, matrix.shape[1]))
        columns_times(matrix[None], columns, (0, 1, k), k, turned_out, (0, matrix.shape[1], 1))
        return turned(turned_out)
    out = np.empty((matrix.shape[0], k))
    rows_times(matrix[None], turned(columns), (0, columns.shape[0], 1), k, out, (0, 1, k))
    return out


def turned(matrix: FloatArray) -> FloatArray:
    """Return the transpose, contiguous; the same memory where one side has one number."""
    n_rows, n_columns = matrix.shape
    if n_rows == 1 or n_columns == 1:
        return np.ascontiguousarray(matrix).reshape(n_columns, n_rows)
    out = np.empty((n_columns, n_rows))
    turn(_plain(matrix), out)
    return out


def dots(basis: FloatArray, vector: FloatArray) -> FloatArray:
    """Return basis (j, n) times vector (n,)."""
    basis, vector = _plain(basis), _plain(vector)
    pieces = max(1, -(-vector.size // LONG))
    out = np.empty((pieces, basis.shape[0]))

    def work(first: int, last: int) -> None:
        _kernels.dots(basis, vector, out, LONG, first, last)

    share(work, pieces, 4, float(basis.size))
    return np.asarray(out.sum(axis=0))


def norm(vector: FloatArray) -> float:
    """Return the Euclidean length of a vector (n,)."""
    return float(np.sqrt(dots(vector[None], vector)[0]))


def combine(basis: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Return sum_j coefficients_j basis_j (n,)."""
    out = np.zeros(basis.shape[1])
    columns_times(basis[None], coefficients, (0, 0, 1), 1, out, (0, 0, 1))
    return out


def _plain(array: FloatArray) -> FloatArray:
    """Return the array as kernels address it: float64, C-contiguous, read-only.

    What can change and what cannot are two kinds of array to a kernel: one is compiled, not four.
    """
    out = np.ascontiguousarray(array, dtype=np.float64)
    return out if not out.flags.writeable else _fixed(out)


def _fixed(array: NDArray[Kind]) -> NDArray[Kind]:
    """Return a view that cannot be written to."""
    out = array.view()
    out.flags.writeable = False
    return out


def share(work: Work, size: int, step: int, multiplications: float) -> None:
    """Do work(first, last) for all pieces of [0, size): `step` each, whoever does them.

    Threads take part where there are enough multiplications.
    """
    if multiplications < SHARED or size <= step:
        for first in range(0, size, step):
            work(first, min(first + step, size))
        return
    turn = count(0, step)

    def take() -> None:
        for first in turn:  # `count` hands out every number once, whoever asks
            if first >= size:
                return
            work(first, min(first + step, size))

    helpers = [_pool().submit(take) for _ in range(min(threads(), -(-size // step)) - 1)]
    take()
    for helper in helpers:
        if not helper.cancel():
            helper.result()


class _Crew:
    """Threads that wait for work; a forked process starts its own."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forget the threads; they are started anew when there is work."""
        self.pool: ThreadPoolExecutor | None = None
        self.lock = Lock()


_crew = _Crew()


def _pool() -> ThreadPoolExecutor:
    if _crew.pool is None:
        with _crew.lock:
            if _crew.pool is None:
                _crew.pool = ThreadPoolExecutor(max(1, threads()), "leontief")
    return _crew.pool


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_crew.renew)
