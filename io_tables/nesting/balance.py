"""How flows between places are balanced to their own totals and to known flows between groups.

Public names: `balance_blocks`, `BlockFlows`. Inner code: trusts its arguments.

Terms: places r, s (M) in groups P(r), Q(s) (G), product i (S); kernels K_c (M, M) by class.

    F_i^rs = u_r O_r v_s h_i^PQ K_c(i)(r,s)     written with u for u_r O_r
    sum_s F = O_i^r,   sum_r F = D_i^s,   sum over r in P, s in Q of F = B_i^PQ

Three sets of totals, met in turn; each pass over the places costs one product with the kernel, the
factors of groups are settled in between on sums over groups. A solution always exists when the
totals agree, because O_r D_s B^PQ / (O_P D_Q) is one. Flows themselves are never formed.
Source: Deming & Stephan (1940) for the iteration; Wilson (1970) for the law.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from io_tables.container.checks import Floats

_LARGEST: Final = 128 * 1024**2
"""Bytes of sums by place and group held at once; products are worked on in parts of this size."""
Members = slice | NDArray[np.intp]
_INNER: Final = 2
"""Rounds of group factors between two passes over the places."""


class BlockFlows(NamedTuple):
    """Factors of the flows: `weights` u (M, S), `factors` h (S, G, G); largest gap, passes."""

    weights: Floats
    factors: Floats
    gap: float
    iterations: int


def balance_blocks(
    kernels: Sequence[Floats],
    kernel_of: NDArray[np.intp],
    group_of: NDArray[np.intp],
    supply: Floats,
    use: Floats,
    blocks: Floats,
    *,
    tolerance: float,
    max_iterations: int,
) -> BlockFlows:
    """Find the factors of flows between places.

    Parameters
    ----------
    kernels
        (M, M) positive kernels, one per class; `kernel_of` (S,) says which a product follows.
    group_of
        (M,) group of each place.
    supply, use
        (M, S) totals by place, not negative.
    blocks
        (S, G, G) flows between groups, with the same totals.
    tolerance, max_iterations
        Largest relative gap of supply and of blocks (use is exact); passes after which to stop.
    """
    order = np.argsort(group_of, kind="stable")
    # Places of a group become neighbours, so that their part of a kernel is a view.
    bounds = np.searchsorted(group_of[order], np.arange(blocks.shape[1] + 1))
    groups = [slice(a, b) for a, b in pairwise(bounds.tolist())]
    M, S = supply.shape
    width = max(1, int(_LARGEST / (8 * M * len(groups))))
    weights, factors = np.zeros((M, S)), np.zeros_like(blocks)
    gap, iterations = 0.0, 0
    for c, given in enumerate(kernels):
        products = np.flatnonzero(kernel_of == c)
        kernel = given[np.ix_(order, order)]
        for start in range(0, len(products), width):
            part = products[start : start + width]
            found = _balance_class(
                kernel, groups, supply[np.ix_(order, part)], use[np.ix_(order, part)],
                blocks[part], tolerance, max_iterations,
            )  # fmt: skip
            weights[np.ix_(order, part)], factors[part] = found.weights, found.factors
            gap, iterations = max(gap, found.gap), max(iterations, found.iterations)
    return BlockFlows(weights, factors, gap, iterations)


def by_group(matrix: Floats, values: Floats, groups: Sequence[Members]) -> Floats:
    """Sum over the members of every group: (M, G, S) with [r, Q] = sum_{s in Q} K_rs v_s."""
    out = np.empty((len(matrix), len(groups), values.shape[1]))
    for g, members in enumerate(groups):
        out[:, g] = matrix[:, members] @ values[members]
    return out


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _group_sums(by_place: Floats, sums: Floats, groups: Sequence[slice]) -> Floats:
    """[P, Q, i]: sums (M, G, S) weighted by (M, S), over the members of P."""
    return np.stack([np.einsum("mi,mgi->gi", by_place[p], sums[p]) for p in groups])


def _row_sums(factors: Floats, sums: Floats, groups: Sequence[slice]) -> Floats:
    """(M, S): sums (M, G, S) weighted by the factors of the own group, over the other groups."""
    parts = [np.einsum("gi,mgi->mi", factors[g], sums[p]) for g, p in enumerate(groups)]
    return np.concatenate(parts)


def _balance_class(
    kernel: Floats,
    groups: Sequence[slice],
    supply: Floats,
    use: Floats,
    blocks: Floats,
    tolerance: float,
    max_iterations: int,
) -> BlockFlows:
    """Work of `balance_blocks` for products that share a kernel, places of a group together."""
    wanted = blocks.transpose(1, 2, 0)
    turned = wanted.transpose(1, 0, 2)
    u = supply / np.maximum(supply.mean(axis=0), 1e-300)
    v = use / np.maximum(use.mean(axis=0), 1e-300)
    h = np.where(wanted > 0, 1.0, 0.0)
    gap, iteration = np.inf, 0
    for iteration in range(1, max_iterations + 1):
        sums = by_group(kernel, v, groups)  # (r, Q, i)
        cells = _group_sums(u, sums, groups)
        if iteration > 1:
            rows = u * _row_sums(h, sums, groups)
            gap = max(_gap(rows, supply), _gap(h * cells, wanted))
            if gap <= tolerance:
                break
        for _ in range(_INNER):
            h = _ratio(wanted, cells)
            u = _ratio(supply, _row_sums(h, sums, groups))
            cells = _group_sums(u, sums, groups)
        sums = by_group(kernel.T, u, groups)  # (s, P, i)
        for _ in range(_INNER):
            back = _ratio(turned, _group_sums(v, sums, groups))
            v = _ratio(use, _row_sums(back, sums, groups))
        h = back.transpose(1, 0, 2)
    return BlockFlows(u, np.ascontiguousarray(h.transpose(2, 0, 1)), gap, iteration)


def _gap(found: Floats, wanted: Floats) -> float:
    return float(np.abs(_ratio(found - wanted, wanted)).max(initial=0.0))
