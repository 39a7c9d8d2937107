"""Which way of solving is cheapest: a cost model of sizes alone, so that the choice never varies.

Question owned: dense factors, one Krylov space per column, or matrix-matrix iterations?

Public names
    Method     "direct", "krylov", "blocked"
    choose     the method with the least estimated seconds, and the estimates
    limit      bytes a dense matrix may take

Terms: n rows, k right-hand sides; a product with one vector costs m multiplications and reads s
numbers from memory.

    direct    2/3 n^3 once (nothing when the factors exist) + 2 n^2 k
    krylov    k columns, each about ITERATIONS products of one vector
    blocked   about ITERATIONS products of k vectors, and one Krylov run for the roots

Rates are orders of magnitude for one core of this decade; only their ratios matter.
"""

from __future__ import annotations

from typing import Literal

from model.products import Operator

Method = Literal["direct", "krylov", "blocked"]

ITERATIONS = 14
FACTOR_FLOPS = 45e9
SOLVE_FLOPS = 50e9
GEMM_FLOPS = 35e9
VECTOR_FLOPS = 12e9
BANDWIDTH = 6e9 / 8 * 4
"""Numbers a second from memory, for products with one vector."""
CALL = 25e-6
"""Seconds of overhead of one product and the vector work around it."""
LARGEST_DENSE = 8 * 1024**3


def choose(
    operator: Operator, n_columns: int, *, factored: bool, roots_known: bool
) -> tuple[Method, dict[Method, float]]:
    """Return the cheapest method and the estimated seconds of each."""
    n = float(operator.n)
    m, s = operator.multiplications, operator.stored
    one = CALL + max(2 * m / VECTOR_FLOPS, s / BANDWIDTH) + 40 * n / BANDWIDTH
    many = CALL + max(2 * m * n_columns / GEMM_FLOPS, s / BANDWIDTH)
    many += 8 * n * n_columns / BANDWIDTH
    seconds: dict[Method, float] = {
        "krylov": n_columns * ITERATIONS * one,
        "blocked": (ITERATIONS + 4) * many + (0.0 if roots_known else ITERATIONS * one),
    }
    if factored or 8 * n * n <= LARGEST_DENSE / 2:
        factor = 0.0 if factored else 2 / 3 * n**3 / FACTOR_FLOPS + 4 * n * n / BANDWIDTH
        rate = SOLVE_FLOPS if n_columns > 8 else 2 * BANDWIDTH
        seconds["direct"] = factor + 2 * n * n * n_columns / rate + 2 * CALL
    best = min(seconds, key=lambda method: seconds[method])
    return best, seconds
