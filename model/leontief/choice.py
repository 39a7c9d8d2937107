"""Which way of solving is cheapest: a cost model of sizes alone, so that the choice never varies.

Question owned: dense factors, one Krylov space per column, or matrix-matrix iterations?

Public names
    Method     "direct", "krylov", "blocked"
    choose     the method with the least estimated seconds, and the estimates
    inverse_pays    whether all columns of L come cheapest as one dense inverse
    limit      bytes a dense matrix may take

Terms: n rows, k right-hand sides; a product with one vector costs m multiplications and reads s
numbers from memory.

    direct    2/3 n^3 once (nothing when the factors exist; 2 n^2 c when they are those of a system
              that differs in c columns) + 2 n^2 k
    krylov    k columns, each about ITERATIONS products of one vector
    blocked   about ITERATIONS products of k vectors, and one Krylov run for the roots
    near      explicit systems of many regions (`model.leontief.near_pooled`) take fewer of both,
              most of the blocked ones in float32

Rates are orders of magnitude for one core of this decade; only their ratios matter.
"""

from __future__ import annotations

from typing import Literal

from model.leontief.near_pooled import SINGLE_COLUMNS, is_near_pooled
from model.leontief.products import Operator

Method = Literal["direct", "krylov", "blocked"]

ITERATIONS = 11
NEAR_ITERATIONS = 7
NEAR_PRODUCTS = 4.5
"""Products in float64 that take as long as the blocked corrections of `near_pooled`."""
FACTOR_FLOPS = 45e9
SOLVE_FLOPS = 40e9
GEMM_FLOPS = 42e9
GEMM_COLUMNS = 8.0
"""Columns at which a matrix-matrix product runs at half its full rate."""
VECTOR_FLOPS = 12e9
BLOCK_VECTORS = 60
"""Operations on every number of the columns in a blocked iteration, beside its product."""
BANDWIDTH = 3e9
"""Numbers a second from memory, for what does not fit in the cache."""
CACHE = 3e6
"""Numbers that stay in the cache between products."""
WARM = 0.6
"""Share of the iterations that a first guess from a system nearby leaves (measured: 0 to 0.9)."""
CALL = 20e-6
"""Seconds of overhead of one product and the vector work around it."""
LARGEST_DENSE = 8 * 1024**3


def choose(
    operator: Operator,
    n_columns: int,
    *,
    factored: bool,
    roots_known: bool,
    warm: bool = False,
    corrected: int = 0,
) -> tuple[Method, dict[Method, float]]:
    """Return the cheapest method and the estimated seconds of each.

    `warm` tells of a first guess; `corrected` counts the columns by which factors at hand are those
    of another operator, when the correction is still to be made.
    """
    n, k = float(operator.n), float(n_columns)
    flops = 2 * operator.multiplications
    read = operator.stored / BANDWIDTH if operator.stored > CACHE else 0.0
    one = CALL + max(flops / VECTOR_FLOPS, read) + 4 * ITERATIONS * n / VECTOR_FLOPS
    together = flops * (k + GEMM_COLUMNS) / GEMM_FLOPS
    many = CALL + max(together, read) + BLOCK_VECTORS * n * k / VECTOR_FLOPS
    seconds: dict[Method, float] = {
        "krylov": k * ITERATIONS * one,
        "blocked": (ITERATIONS + 1) * many + (0.0 if roots_known else ITERATIONS * one),
    }
    if factored or 8 * n * n <= LARGEST_DENSE / 2:
        factor = 0.0 if factored else 2 / 3 * n**3 / FACTOR_FLOPS + n * n / BANDWIDTH
        solve = 2 * n * n * k / SOLVE_FLOPS if n_columns > 1 else n * n / BANDWIDTH
        correct = 2 * n * n * corrected / SOLVE_FLOPS
        seconds["direct"] = factor + correct + solve + 2 * CALL
    if is_near_pooled(operator):
        seconds["krylov"] = k * NEAR_ITERATIONS * one
        whole = flops * (k + GEMM_COLUMNS) / GEMM_FLOPS + BLOCK_VECTORS * n * k / VECTOR_FLOPS
        products = NEAR_PRODUCTS if n_columns >= SINGLE_COLUMNS else NEAR_ITERATIONS
        seconds["blocked"] = products * whole + 2 * n * n / BANDWIDTH
    if warm:
        seconds["krylov"] *= WARM
        seconds["blocked"] *= WARM
    best = min(seconds, key=lambda method: seconds[method])
    return best, seconds


def inverse_pays(operator: Operator, *, factored: bool, roots_known: bool) -> bool:
    """Tell whether all n columns of L cost least as a dense inverse, 2 n^3 operations from A on."""
    n = float(operator.n)
    if 8 * n * n > LARGEST_DENSE / 2:
        return False
    _, seconds = choose(operator, operator.n, factored=factored, roots_known=roots_known)
    return 2 * n**3 / SOLVE_FLOPS <= min(seconds["krylov"], seconds["blocked"])
