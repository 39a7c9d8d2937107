"""Products of stored matrices with few vectors: a matrix read once serves all vectors.

Question owned: how is a product with one to a few vectors done at the speed of memory?

Public names: rows, columns, dots (formulas below); LANES, the float64 numbers that are multiplied
together.

Terms: G matrices M (G, R, S), B places that use one each, C vectors at every place.

    rows     out[b, c, r] = sum_s M[which[b], r, s] v[b, c, s]
    columns  out[b, c, s] = sum_r M[which[b], r, s] v[b, c, r]
    dots     out[p, j]    = sum_i B[j, i] v[i]             i in the p-th piece

All numbers are float64. Vectors may lie in any order, told by steps, so that nothing is copied
between products. Kernels work on a range of their output: several may work side by side, and which
range a number falls into never depends on how many do.

Without leave to reorder sums no compiler puts a dot product into lanes, and with it (`fastmath`)
rows of a few dozen numbers end in a slow remainder. So the innermost loops are written in lanes: a
tile keeps partial sums of each row and vector in registers; what is left of a row is read as its
last whole vector, numbers already used set to zero. Products may be fused with their sum. Any order
of summation obeys |error| <= n eps sum |m v|, the bound that certificates use.

Source: Higham (2002), section 3.1; Goto & van de Geijn (2008) for tiles held in registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils, codegen
from numba.extending import intrinsic
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Steps = tuple[int, int, int]

_tools: Any = cgutils  # typed in part only
_processor: Any = codegen
ir: Any = _tools.ir


def _registers() -> tuple[int, int]:
    """Float64 numbers in a vector register of this processor, and how many registers it has."""
    features = str(_processor.get_host_cpu_features()).split(",")
    if "+avx512f" in features:
        return 8, 32
    return (4, 16) if "+avx" in features else (2, 32 if "+neon" in features else 16)


LANES, _REGISTERS = _registers()
SIZE = 8
"""Bytes of a number."""
SLAB, DEEP = 240, 128
"""Numbers across and down that `columns` works through while they are near. SLAB is handed to it:
who shares out its work and who does it must mean the same pieces, whatever the cache holds."""

_word: Any = ir.IntType(64)  # called with a number, it gives the constant
_WORD, _INDEX, _NUMBER = ir.IntType(64), ir.IntType(32), ir.DoubleType()
_LANE = ir.VectorType(_NUMBER, LANES)
_ZERO = ir.Constant(_LANE, [0.0] * LANES)
FUSED = ("contract",)


def _at(builder: Any, base: Any, numbers: Any, kind: Any) -> Any:
    """Pointer to what lies so many numbers after an address."""
    moved = builder.add(base, builder.mul(numbers, _word(SIZE)))
    return builder.inttoptr(moved, kind.as_pointer())


def _load(builder: Any, base: Any, numbers: Any) -> Any:
    return builder.load(_at(builder, base, numbers, _LANE), align=SIZE)


def _multiply_add(builder: Any, total: Any, a: Any, b: Any) -> Any:
    return builder.fadd(total, builder.fmul(a, b, flags=FUSED), flags=FUSED)


def _spread(builder: Any, value: Any, kind: Any) -> Any:  # one value in all lanes
    empty = ir.Constant(ir.VectorType(kind, LANES), ir.Undefined)
    one = builder.insert_element(empty, value, ir.Constant(_INDEX, 0))
    first = ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES)
    return builder.shuffle_vector(one, empty, first)


def _last_lanes(builder: Any, kept: Any) -> Any:
    """Whether a lane is among the last `kept` ones."""
    lanes = ir.Constant(ir.VectorType(_WORD, LANES), list(range(LANES)))
    first = builder.sub(_word(LANES), kept)
    return builder.icmp_signed(">=", lanes, _spread(builder, first, _WORD))


def _sum(builder: Any, total: Any) -> Any:
    """Sum over lanes: halves onto halves."""
    width = LANES
    while width > 1:
        width //= 2
        kind = ir.VectorType(_INDEX, width)
        low, high = (ir.Constant(kind, [first + k for k in range(width)]) for first in (0, width))
        empty = ir.Constant(total.type, ir.Undefined)
        total = builder.fadd(
            builder.shuffle_vector(total, empty, low), builder.shuffle_vector(total, empty, high)
        )
    return builder.extract_element(total, ir.Constant(_INDEX, 0))


def _moved(builder: Any, base: Any, step: Any, times: int) -> Any:
    """Address so many steps (in numbers) after another."""
    return builder.add(base, builder.mul(step, _word(SIZE * times)))


def _row_tile(n_rows: int, n_vectors: int) -> Callable[..., None]:
    """Dot products of so many rows with so many vectors.

    What is built takes the address of the first row and its step (numbers from one to the next),
    the same of the vectors, their length (at least LANES), the address of the output, and its steps
    from vector to vector and from row to row.
    """

    @intrinsic
    def tile(  # type: ignore[no-untyped-def]  # numba reads types, not hints, here
        context, matrix, row_step, vectors, vector_step, length, out, out_vector, out_row
    ):
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            matrix, row_step, vectors, vector_step, length, out, out_vector, out_row = arguments
            m = [_moved(builder, matrix, row_step, r) for r in range(n_rows)]
            v = [_moved(builder, vectors, vector_step, c) for c in range(n_vectors)]
            totals = [
                [_tools.alloca_once_value(builder, _ZERO) for _ in range(n_vectors)]
                for _ in range(n_rows)
            ]

            def add(at: Any, keep: Any) -> None:
                x = [_load(builder, base, at) for base in v]
                if keep is not None:
                    x = [builder.select(keep, lane, _ZERO) for lane in x]
                for r in range(n_rows):
                    lane = _load(builder, m[r], at)
                    for c in range(n_vectors):
                        before = builder.load(totals[r][c])
                        builder.store(_multiply_add(builder, before, lane, x[c]), totals[r][c])

            whole = builder.and_(length, _word(-LANES))
            with _tools.for_range_slice(builder, _word(0), whole, _word(LANES), _WORD) as (i, _):
                add(i, None)
            left = builder.sub(length, whole)
            with builder.if_then(builder.icmp_signed(">", left, _word(0))):
                add(builder.sub(length, _word(LANES)), _last_lanes(builder, left))
            for c in range(n_vectors):
                line = _moved(builder, out, out_vector, c)
                for r in range(n_rows):
                    place = _at(builder, line, builder.mul(out_row, _word(r)), _NUMBER)
                    builder.store(_sum(builder, builder.load(totals[r][c])), place)
            return context.get_dummy_value()

        step = types.intp
        spot = (types.uintp, step)
        return types.void(*spot, *spot, step, *spot, step), build

    return tile


def _column_tile(width: int, n_vectors: int) -> Callable[..., None]:
    """Add weighted rows to an output of `width` vectors of lanes, for so many vectors of weights.

    What is built takes address and step of the rows, address of the weights and their steps from
    vector to vector and from row to row, how many rows, address and step of the output, and how
    many of the last lanes count (where `width` is one).
    """

    @intrinsic
    def tile(  # type: ignore[no-untyped-def]  # numba reads types, not hints, here
        context, matrix, row_step, weights, weight_vector, weight_row, n_rows, out, out_step, kept
    ):
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            matrix, row_step, weights, vector_step, weight_row = arguments[:5]
            n_rows, out, out_step, kept = arguments[5:]
            keep = None if width > 1 else _last_lanes(builder, kept)
            lines = [_moved(builder, out, out_step, c) for c in range(n_vectors)]
            places = [
                [_at(builder, line, _word(LANES * w), _LANE) for w in range(width)]
                for line in lines
            ]
            totals = [
                [_tools.alloca_once_value(builder, builder.load(p, align=SIZE)) for p in line]
                for line in places
            ]
            x = [_moved(builder, weights, vector_step, c) for c in range(n_vectors)]
            with _tools.for_range_slice(builder, _word(0), n_rows, _word(1), _WORD) as (r, _):
                start = builder.mul(row_step, r)
                lanes = [
                    _load(builder, matrix, builder.add(start, _word(LANES * w)))
                    for w in range(width)
                ]
                if keep is not None:
                    lanes = [builder.select(keep, lane, _ZERO) for lane in lanes]
                at = builder.mul(weight_row, r)
                for c in range(n_vectors):
                    weight = builder.load(_at(builder, x[c], at, _NUMBER))
                    all_lanes = _spread(builder, weight, _NUMBER)
                    for w in range(width):
                        before = builder.load(totals[c][w])
                        after = _multiply_add(builder, before, lanes[w], all_lanes)
                        builder.store(after, totals[c][w])
            for line, found in zip(places, totals, strict=True):
                for place, total in zip(line, found, strict=True):
                    builder.store(builder.load(total), place, align=SIZE)
            return context.get_dummy_value()

        step = types.intp
        spot = (types.uintp, step)
        return types.void(*spot, *spot, step, step, *spot, step), build

    return tile


# Partial sums, matrix and weights of a tile fit the registers: 32 of them, or 16.
_TALL = 6 if _REGISTERS == 32 else 3
_MOST = 8 if _REGISTERS == 32 else 4
_FOUR_WIDE = 4 if _REGISTERS == 32 else 2
_one_vector = _row_tile(8, 1)
_tall_by_four, _tall_by_two, _tall_by_one = (_row_tile(_TALL, c) for c in (4, 2, 1))
_flat_by_four, _flat_by_two, _flat_by_one = (_row_tile(1, c) for c in (4, 2, 1))
_wide_eight, _thin_eight = _column_tile(3, 8), _column_tile(1, 8)
_wide_four, _thin_four = _column_tile(_FOUR_WIDE, 4), _column_tile(1, 4)
_wide_two, _thin_two = _column_tile(4, 2), _column_tile(1, 2)
_wide_one, _thin_one = _column_tile(8, 1), _column_tile(1, 1)


# One function each, though they look alike: functions that a factory makes share their name, and
# cached code of two processes then calls one for the other.


@njit(cache=True, nogil=True)
def _tall_rows(
    line: Any, n: int, v: Any, v_c: int, n_vectors: int, o: Any, o_c: int, o_r: int
) -> None:
    """_TALL rows with all vectors: four at a time, then two, then one."""
    c = 0
    while c + 4 <= n_vectors:
        w, p = v + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
        _tall_by_four(line, n, w, v_c, n, p, o_c, o_r)
        c += 4
    if c + 2 <= n_vectors:
        w, p = v + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
        _tall_by_two(line, n, w, v_c, n, p, o_c, o_r)
        c += 2
    if c < n_vectors:
        w, p = v + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
        _tall_by_one(line, n, w, v_c, n, p, o_c, o_r)


@njit(cache=True, nogil=True)
def _one_row(
    line: Any, n: int, v: Any, v_c: int, n_vectors: int, o: Any, o_c: int, o_r: int
) -> None:
    """One row with all vectors: four at a time, then two, then one."""
    c = 0
    while c + 4 <= n_vectors:
        w, p = v + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
        _flat_by_four(line, n, w, v_c, n, p, o_c, o_r)
        c += 4
    if c + 2 <= n_vectors:
        w, p = v + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
        _flat_by_two(line, n, w, v_c, n, p, o_c, o_r)
        c += 2
    if c < n_vectors:
        w, p = v + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
        _flat_by_one(line, n, w, v_c, n, p, o_c, o_r)


@njit(cache=True, nogil=True)
def _by_eight(
    m: Any, n: int, v: Any, v_c: int, v_r: int, deep: int, o: Any, o_c: int, start: int, end: int
) -> None:
    """Eight vectors over columns [start, end) of some rows: wide windows, single, the last."""
    s = start
    while s + 3 * LANES <= end:
        _wide_eight(
            m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, LANES
        )
        s += 3 * LANES
    while s + LANES <= end:
        _thin_eight(
            m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, LANES
        )
        s += LANES
    if s < end:
        kept, s = end - s, end - LANES
        _thin_eight(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, kept)


@njit(cache=True, nogil=True)
def _by_four(
    m: Any, n: int, v: Any, v_c: int, v_r: int, deep: int, o: Any, o_c: int, start: int, end: int
) -> None:
    """Four vectors over columns [start, end) of some rows: wide windows, single, the last."""
    s = start
    while s + _FOUR_WIDE * LANES <= end:
        _wide_four(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, LANES)
        s += _FOUR_WIDE * LANES
    while s + LANES <= end:
        _thin_four(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, LANES)
        s += LANES
    if s < end:
        kept, s = end - s, end - LANES
        _thin_four(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, kept)


@njit(cache=True, nogil=True)
def _by_two(
    m: Any, n: int, v: Any, v_c: int, v_r: int, deep: int, o: Any, o_c: int, start: int, end: int
) -> None:
    """Two vectors over columns [start, end) of some rows: wide windows, single, the last."""
    s = start
    while s + 4 * LANES <= end:
        _wide_two(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, LANES)
        s += 4 * LANES
    while s + LANES <= end:
        _thin_two(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, LANES)
        s += LANES
    if s < end:
        kept, s = end - s, end - LANES
        _thin_two(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, kept)


@njit(cache=True, nogil=True)
def _by_one(
    m: Any, n: int, v: Any, v_c: int, v_r: int, deep: int, o: Any, o_c: int, start: int, end: int
) -> None:
    """One vector over columns [start, end) of some rows: wide windows, single, the last."""
    s = start
    while s + 8 * LANES <= end:
        _wide_one(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, LANES)
        s += 8 * LANES
    while s + LANES <= end:
        _thin_one(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, LANES)
        s += LANES
    if s < end:
        kept, s = end - s, end - LANES
        _thin_one(m + np.uintp(SIZE * s), n, v, v_c, v_r, deep, o + np.uintp(SIZE * s), o_c, kept)


@njit(cache=True, nogil=True)
def rows(
    matrices: FloatArray,
    which: IntArray,
    vectors: FloatArray,
    vector_steps: Steps,
    n_vectors: int,
    out: FloatArray,
    out_steps: Steps,
    first: int,
    last: int,
) -> None:
    """out[b, c, r] = sum_s M[which[b], r, s] v[b, c, s] for b R + r in [first, last).

    matrices (G, R, S), which (B,); vectors and out are flat, `*_steps` the numbers from one
    b, one c and one s (or r) to the next; those of vectors lie next to each other:
    vector_steps[2] is 1.
    """
    n_rows, n = matrices.shape[1], matrices.shape[2]
    v_b, v_c, _ = vector_steps
    o_b, o_c, o_r = out_steps
    at = first
    while at < last:
        b = at // n_rows
        r = at - b * n_rows
        end = min(n_rows, r + last - at)
        at += end - r
        if n < LANES:
            for row in range(r, end):
                for c in range(n_vectors):
                    total = 0.0
                    for s in range(n):
                        total += matrices[which[b], row, s] * vectors[b * v_b + c * v_c + s]
                    out[b * o_b + c * o_c + row * o_r] = total
            continue
        m = matrices.ctypes.data + np.uintp(SIZE * which[b] * n_rows * n)
        v = vectors.ctypes.data + np.uintp(SIZE * b * v_b)
        o = out.ctypes.data + np.uintp(SIZE * b * o_b)
        while n_vectors == 1 and r + 8 <= end:
            line = m + np.uintp(SIZE * r * n)
            _one_vector(line, n, v, v_c, n, o + np.uintp(SIZE * r * o_r), o_c, o_r)
            r += 8
        while r + _TALL <= end:
            line = m + np.uintp(SIZE * r * n)
            _tall_rows(line, n, v, v_c, n_vectors, o + np.uintp(SIZE * r * o_r), o_c, o_r)
            r += _TALL
        while r < end:
            line = m + np.uintp(SIZE * r * n)
            _one_row(line, n, v, v_c, n_vectors, o + np.uintp(SIZE * r * o_r), o_c, o_r)
            r += 1


@njit(cache=True, nogil=True)
def columns(
    matrices: FloatArray,
    which: IntArray,
    vectors: FloatArray,
    vector_steps: Steps,
    n_vectors: int,
    out: FloatArray,
    out_steps: Steps,
    slab_size: int,
    first: int,
    last: int,
) -> None:
    """out[b, c, s] = sum_r M[which[b], r, s] v[b, c, r] for slabs [first, last).

    matrices (G, R, S), which (B,), every b has ceil(S / slab_size) slabs; vectors and out are flat,
    `*_steps` the numbers from one b, one c and one r (or s) to the next; those of out lie next to
    each other: out_steps[2] is 1. Out must be zero before.
    """
    n_rows, n = matrices.shape[1], matrices.shape[2]
    v_b, v_c, v_r = vector_steps
    o_b, o_c, _ = out_steps
    slabs = (n + slab_size - 1) // slab_size
    for slab in range(first, last):
        b = slab // slabs
        start = (slab - b * slabs) * slab_size
        end = min(start + slab_size, n)
        if end - start < LANES:  # the last vector of lanes would start before this slab
            for c in range(n_vectors):
                for s in range(start, end):
                    total = 0.0
                    for r in range(n_rows):
                        total += matrices[which[b], r, s] * vectors[b * v_b + c * v_c + r * v_r]
                    out[b * o_b + c * o_c + s] = total
            continue
        m = matrices.ctypes.data + np.uintp(SIZE * which[b] * n_rows * n)
        v = vectors.ctypes.data + np.uintp(SIZE * b * v_b)
        o = out.ctypes.data + np.uintp(SIZE * b * o_b)
        for top in range(0, n_rows, DEEP):
            deep = min(DEEP, n_rows - top)
            line, w = m + np.uintp(SIZE * top * n), v + np.uintp(SIZE * top * v_r)
            c = 0
            while c + _MOST <= n_vectors and _MOST == 8:
                at, p = w + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
                _by_eight(line, n, at, v_c, v_r, deep, p, o_c, start, end)
                c += 8
            while c + 4 <= n_vectors:
                at, p = w + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
                _by_four(line, n, at, v_c, v_r, deep, p, o_c, start, end)
                c += 4
            if c + 2 <= n_vectors:
                at, p = w + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
                _by_two(line, n, at, v_c, v_r, deep, p, o_c, start, end)
                c += 2
            if c < n_vectors:
                at, p = w + np.uintp(SIZE * c * v_c), o + np.uintp(SIZE * c * o_c)
                _by_one(line, n, at, v_c, v_r, deep, p, o_c, start, end)


@njit(cache=True, nogil=True)
def dots(
    basis: FloatArray, vector: FloatArray, out: FloatArray, piece: int, first: int, last: int
) -> None:
    """out[p, j] = sum of basis[j, i] vector[i] over the p-th `piece` of i, for p in [first, last).

    basis (J, n), vector (n,), out (P, J).
    """
    n_rows, n = basis.shape
    for p in range(first, last):
        start = p * piece
        length = min(piece, n - start)
        if length < LANES:
            for j in range(n_rows):
                out[p, j] = 0.0
                for i in range(start, n):
                    out[p, j] += basis[j, i] * vector[i]
            continue
        m = basis.ctypes.data + np.uintp(SIZE * start)
        v = vector.ctypes.data + np.uintp(SIZE * start)
        o = out.ctypes.data + np.uintp(SIZE * p * n_rows)
        j = 0
        while j + 8 <= n_rows:
            line = m + np.uintp(SIZE * j * n)
            _one_vector(line, n, v, n, length, o + np.uintp(SIZE * j), n_rows, 1)
            j += 8
        while j < n_rows:
            line = m + np.uintp(SIZE * j * n)
            _flat_by_one(line, n, v, n, length, o + np.uintp(SIZE * j), n_rows, 1)
            j += 1
