"""From costs to the few kernels that all products share.

Question owned: how many (R, R) matrices does it take to weigh distance for every product?

Public names
    Kernels        stored kernels, and which products use them with what coefficients
    build_kernels  kernels of a cost matrix or several, exact or interpolated in the decay

Terms: u = ln(cost / typical) (power) or cost - typical (exponential), so that k = exp(-decay u) up
to a factor that cancels in shares. Products with the same cost matrix and decay share a kernel.
Where decays are many, kernels at M Chebyshev nodes d_m of their range serve them all:

    k_i(u) ~ sum_m l_m(decay_i) exp(-d_m u)        l_m Lagrange polynomials

The operator is defined by the kernel it uses, so balance on that one (`GravityOperator.trade`). The
interpolation error is measured on a fine grid of u, and told.

Source: Trefethen (2013), chapters 2 and 5 for Chebyshev interpolation.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.errors import ShapeError
from model.leontief.machine import threads
from model.leontief.products import FloatArray, IntArray

KernelForm = Literal["power", "exponential"]
Span = slice | IntArray

WORST_ERROR = 0.1
"""Relative error of an interpolated kernel above which it is refused."""
GRID = 2049
ROWS = 32
"""Rows of a cost matrix turned into kernels together."""


@dataclass(frozen=True)
class Term:
    """One stored kernel, the products that use it, and their coefficients (None: all one)."""

    kernel: int
    products: Span
    coefficients: FloatArray | None


@dataclass(frozen=True)
class Kernels:
    """Distance decay of all products.

    Attributes
    ----------
    matrices
        (K, R, R) stored kernels between different regions; zero on the diagonal.
    own
        (R, S) kernel of every region with itself, kept apart so that factors on it never cancel.
    terms
        How products combine them.
    mixing
        (S, K) coefficients of every product, for single entries.
    error
        Largest relative error of interpolation; 0 when every decay has its own kernel.
    condition
        Largest sum |l_m k_m| / |sum l_m k_m|: by how much rounding grows through cancellation.
    """

    matrices: FloatArray
    own: FloatArray
    terms: list[Term]
    mixing: FloatArray
    error: float
    condition: float

    def entries(self, product: IntArray, origin: IntArray, destination: IntArray) -> FloatArray:
        """Kernel of products between different regions, at broadcast positions; 0 within."""
        shape = np.broadcast_shapes(product.shape, origin.shape, destination.shape)
        out = np.zeros(shape)
        for k, matrix in enumerate(self.matrices):
            coefficient = self.mixing[product, k]
            if coefficient.any():
                out += coefficient * matrix[origin, destination]
        return out


def build_kernels(
    cost: ArrayLike,
    decay: ArrayLike,
    n_regions: int,
    n_sectors: int,
    *,
    form: KernelForm,
    cost_of: ArrayLike | None,
    nodes: int | None,
) -> Kernels:
    """Build kernels.

    Parameters
    ----------
    cost
        (R, R) or (C, R, R) [from, to]; > 0 for power, >= 0 for exponential; infinite is no trade.
    decay
        One number or (S,).
    form
        "power": cost ** -decay; "exponential": exp(-decay * cost).
    cost_of
        (S,) which cost matrix a product follows.
    nodes
        Interpolate the decays of a cost matrix on so many nodes when they are more; None never.

    Raises
    ------
    ShapeError
        For shapes that do not fit, costs out of range, and interpolation that is too rough.
    """
    costs = _costs(cost, n_regions, form)
    rates = _by_product(decay, n_sectors)
    which = _positions(cost_of, n_sectors, costs)
    wanted: list[tuple[int, float]] = []
    terms: list[Term] = []
    mixing: list[FloatArray] = []
    error, condition = 0.0, 1.0

    def add(c: int, rate: float, products: IntArray, coefficients: FloatArray | None) -> None:
        column = np.zeros(n_sectors)
        column[products] = 1.0 if coefficients is None else coefficients
        terms.append(Term(len(wanted), _span(products), coefficients))
        wanted.append((c, rate))
        mixing.append(column)

    for c, matrix in enumerate(costs):
        products = np.flatnonzero(which == c)
        if not products.size:
            continue
        middle = _middle(matrix, form)
        distinct = np.unique(rates[products])
        if nodes is None or distinct.size <= nodes:
            for rate in distinct:
                add(c, float(rate), products[rates[products] == rate], None)
            continue
        places = _chebyshev(float(distinct[0]), float(distinct[-1]), nodes)
        weights = _lagrange(places, rates[products])
        distance = _distance(matrix, middle, form)
        error_here, condition_here = _measure(distance, places, rates[products], weights)
        error, condition = max(error, error_here), max(condition, condition_here)
        if error > WORST_ERROR:
            raise ShapeError(
                f"{nodes} nodes are too few for decays from {distinct[0]:.3g} to "
                f"{distinct[-1]:.3g}: the kernel would be off by {error:.1%}. Use more nodes."
            )
        for m, place in enumerate(places):
            add(c, float(place), products, np.ascontiguousarray(weights[:, m]))
    stacked = _stacked(costs, wanted, form)
    within = np.arange(n_regions)
    coefficients_of = np.stack(mixing, axis=1)
    own = stacked[:, within, within].T @ coefficients_of.T
    stacked[:, within, within] = 0.0
    stacked.flags.writeable = False
    return Kernels(stacked, own, terms, coefficients_of, error, condition)


def _middle(cost: FloatArray, form: KernelForm) -> float:
    """Return the middle of the finite values of ln(cost), or of cost: what u is centred on."""
    finite = np.isfinite(cost)
    ends = np.array([cost.min(where=finite, initial=np.inf), cost.max(where=finite, initial=0.0)])
    return 0.5 * float((np.log(ends) if form == "power" else ends).sum())


def _distance(cost: FloatArray, middle: float, form: KernelForm) -> FloatArray:
    """Return u, its finite values centred on zero."""
    u = np.log(cost) if form == "power" else cost.copy()
    u -= middle
    return np.asarray(u)


def _stacked(costs: FloatArray, wanted: list[tuple[int, float]], form: KernelForm) -> FloatArray:
    """Return all kernels (K, R, R); some rows at a time, so that u is used while it is near."""
    n_regions = costs.shape[1]
    out = np.empty((len(wanted), n_regions, n_regions))
    used = {c: _middle(costs[c], form) for c in {c for c, _ in wanted}}

    def fill(first: int) -> None:
        rows = slice(first, first + ROWS)
        for c, middle in used.items():
            distance = _distance(costs[c, rows], middle, form)
            for kernel, (of, rate) in enumerate(wanted):
                if of == c:
                    _kernel(distance, rate, out[kernel, rows])

    starts = range(0, n_regions, ROWS)
    workers = min(threads(), len(starts))
    if workers <= 1:
        for first in starts:
            fill(first)
    else:
        with ThreadPoolExecutor(workers) as pool:  # every row by itself: the same bits
            list(pool.map(fill, starts))
    return out


def _kernel(distance: FloatArray, rate: float, out: FloatArray) -> None:
    """Fill out with exp(-rate u)."""
    if rate == 0.0:  # no decay: infinite cost still means no trade
        out[:] = np.isfinite(distance)
        return
    np.multiply(distance, -rate, out=out)
    np.exp(out, out=out)


def _chebyshev(low: float, high: float, count: int) -> FloatArray:
    angle = (2 * np.arange(count) + 1) * np.pi / (2 * count)
    return np.asarray(0.5 * (low + high) - 0.5 * (high - low) * np.cos(angle))


def _lagrange(places: FloatArray, at: FloatArray) -> FloatArray:
    """l_m(at): (len(at), len(places))."""
    out = np.ones((at.size, places.size))
    for m, own in enumerate(places):
        for other in np.delete(places, m):
            out[:, m] *= (at - other) / (own - other)
    return out


def _measure(
    distance: FloatArray, places: FloatArray, rates: FloatArray, weights: FloatArray
) -> tuple[float, float]:
    """Largest relative error and condition over the range of u and the products' decays."""
    finite = distance[np.isfinite(distance)]
    u = np.linspace(finite.min(), finite.max(), GRID)
    at_nodes = np.exp(-places[:, None] * u)
    exact = np.exp(-rates[:, None] * u)
    found = weights @ at_nodes
    error = float(np.abs(found / exact - 1.0).max())
    return error, float((np.abs(weights) @ at_nodes / np.maximum(np.abs(found), 1e-300)).max())


def _span(products: IntArray) -> Span:
    """Positions as a slice where they are neighbours, so that no copy is made."""
    if products[-1] - products[0] + 1 == products.size:
        return slice(int(products[0]), int(products[-1]) + 1)
    return products


def _costs(cost: ArrayLike, n_regions: int, form: KernelForm) -> FloatArray:
    costs = np.ascontiguousarray(cost, dtype=np.float64)
    costs = costs[None] if costs.ndim == 2 else costs
    square = (n_regions, n_regions)
    if form not in ("power", "exponential"):
        raise ShapeError(f'kernel must be "power" or "exponential"; found {form!r}.')
    if costs.ndim != 3 or costs.shape[1:] != square:
        raise ShapeError(
            f"cost must be {square} or (C, {n_regions}, {n_regions}) beside weights of "
            f"{n_regions} regions; found {np.shape(cost)}."
        )
    bad: NDArray[np.bool_] = ~(costs > 0) if form == "power" else ~(costs >= 0)
    if bad.any():
        raise ShapeError(
            f"cost must be {'> 0' if form == 'power' else '>= 0'} for the {form} kernel, own "
            f"region included; it is not at [matrix, from, to] {np.argwhere(bad)[:5].tolist()}."
        )
    return costs


def _by_product(decay: ArrayLike, n_sectors: int) -> FloatArray:
    out = np.asarray(decay, dtype=np.float64)
    if out.shape not in ((), (n_sectors,)) or not np.isfinite(out).all() or (out < 0).any():
        raise ShapeError(
            f"decay must be one number >= 0 or {n_sectors}, one per product; found {out.shape}."
        )
    return np.array(np.broadcast_to(out, (n_sectors,)))


def _positions(cost_of: ArrayLike | None, n_sectors: int, costs: FloatArray) -> IntArray:
    if cost_of is None and costs.shape[0] == 1:
        return np.zeros(n_sectors, dtype=np.intp)
    out = np.asarray([] if cost_of is None else cost_of, dtype=np.intp)
    if out.shape != (n_sectors,) or out.min() < 0 or out.max() >= costs.shape[0]:
        raise ShapeError(
            f"cost holds {costs.shape[0]} matrices: cost_of must hold {n_sectors} positions among "
            "them, one per product."
        )
    return out
