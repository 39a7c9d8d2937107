"""The gravity operator: trade shares follow from costs and supply weights, and are never formed.

Question owned: how are products with T A done when T has too many entries to store?

Public names
    GravityOperator    technology, cost kernels, supply weights; the protocol of `model.products`

Terms: producing region r, using region s, product i; classes of products that share a cost matrix
and a decay share one kernel k_c (R, R).

    k_c(r,s) = c^-decay (power) or exp(-decay c) (exponential)
    t_i^rs   = w_i^r h_i^{P(r)Q(s)} k_c(r,s) / sum_q w_i^q h_i^{P(q)Q(s)} k_c(q,s)
    T V      = w * (k_c @ (V / denominator))

with supply weights w >= 0 (balanced ones: the plain supply misses the base year), block factors
h (default 1) between groups P, Q of regions, and a home factor on the own region. One product costs
S R^2 + R S^2 multiplications and stores C kernels instead of S trade matrices.

Source: Wilson (1967), eq. 8; Chenery (1953), Moses (1955).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from model.errors import ShapeError
from model.pooled import two_stage_graph
from model.products import FloatArray, IntArray, Operator, read_only
from model.technology import Technology

Kernel = Literal["power", "exponential"]


class GravityOperator(Operator):
    """T A with trade shares from a gravity law.

    Parameters
    ----------
    technology
        (R, S, S), one (S, S) shared by all, or (G, S, S) with `technology_of`.
    cost
        (R, R) [from, to] for all products, or (C, R, R) with `cost_of`; > 0 for the power kernel,
        own region included. Infinite cost means no trade.
    decay
        One number, or (S,) by product.
    weights
        (R, S) supply weights by producing region, >= 0.
    kernel
        "power": cost ** -decay; "exponential": exp(-decay * cost).
    technology_of
        (R,) position of each region's block among shared ones.
    cost_of
        (S,) position of each product's matrix in `cost`.
    groups
        (R,) position of each region's group, for `block_factors`.
    block_factors
        (G, G) or (S, G, G) [product, group from, group to] factors on the kernel, >= 0.
    home
        One number, (S,) or (S, R): a factor on the kernel of the own region, >= 0.

    Raises
    ------
    ShapeError
        For shapes that do not fit, costs or factors out of range, and a product that industry in a
        region needs and no region can deliver there.
    """

    def __init__(
        self,
        technology: ArrayLike,
        cost: ArrayLike,
        decay: ArrayLike,
        weights: ArrayLike,
        *,
        kernel: Kernel = "power",
        technology_of: ArrayLike | None = None,
        cost_of: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        block_factors: ArrayLike | None = None,
        home: ArrayLike | None = None,
    ) -> None:
        self.weights = read_only(weights, "weights", (2,))
        n_regions, n_sectors = (int(size) for size in self.weights.shape)
        self.n_regions, self.n_sectors = n_regions, n_sectors
        _check(bool((self.weights >= 0).all()), "weights must be >= 0")
        self.technology = Technology(technology, n_regions, n_sectors, of=technology_of)
        self.nonnegative = self.technology.nonnegative
        self.region_starts = np.arange(n_regions + 1, dtype=np.intp) * n_sectors

        costs = _costs(cost, n_regions, kernel)
        self._class_of, self.kernels = _classes(
            costs, _by_product(decay, n_sectors), _positions(cost_of, n_sectors, costs), kernel
        )
        self._classes = [_span(self._class_of == c) for c in range(self.kernels.shape[0])]
        self._diagonal = np.diagonal(self.kernels, axis1=1, axis2=2)[self._class_of].T.copy()
        self._home = _home(home, n_regions, n_sectors)
        self._groups, self._factors = _block_factors(groups, block_factors, n_regions, n_sectors)
        self.denominators = self._law(np.ascontiguousarray(self.weights)[:, :, None], True)[:, :, 0]
        self._inverse = np.divide(
            1.0,
            self.denominators,
            out=np.zeros_like(self.denominators),
            where=self.denominators > 0,
        )
        self._check_supply()

    def _check_supply(self) -> None:
        region, product = np.nonzero(self.denominators <= 0)
        needed = (self.technology.blocks != 0).any(axis=2)[self.technology.of[region], product]
        if needed.any():
            where = list(zip(region[needed].tolist(), product[needed].tolist(), strict=True))
            raise ShapeError(
                "every product that industry uses must have a supplier within reach; none for "
                f"(region, product) {where[:5]}. Give a weight > 0 to a region that makes it."
            )

    @property
    def n(self) -> int:
        """Number of rows, R * S."""
        return self.n_regions * self.n_sectors

    @property
    def row_terms(self) -> float:
        """Rounded terms in a row of T A x: both stages, the scalings and the group sums."""
        return float(self.n_sectors + self.n_regions + 6 + self._n_groups)

    @property
    def column_terms(self) -> float:
        """Rounded terms in a row of A' T' x."""
        return self.row_terms

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector."""
        return float(self.n * (self.n_regions + self.n_sectors))

    @property
    def stored(self) -> float:
        """Numbers read from memory in one product."""
        return float(self.kernels.size + self.technology.blocks.size + 3 * self.n)

    @property
    def _n_groups(self) -> int:
        return 0 if self._factors is None else len(self._groups)

    def _law(self, values: FloatArray, transposed: bool) -> FloatArray:
        """(h k) V, or its transpose, for V (R, S, k)."""
        k = values.shape[2]
        out = np.empty_like(values)
        for kernel, span in zip(self.kernels, self._classes, strict=True):
            matrix = kernel.T if transposed else kernel
            part = values[:, span]
            shape = part.shape
            if self._factors is None:
                out[:, span] = (matrix @ part.reshape(shape[0], -1)).reshape(shape)
                continue
            factors = self._factors[span] if self._factors.shape[0] > 1 else self._factors
            out[:, span] = _by_group(matrix, part, self._groups, factors, transposed)
        if self._home is not None:
            out += ((self._home - 1.0) * self._own_factor() * self._diagonal)[:, :, None] * values
        return out.reshape(self.n_regions, self.n_sectors, k)

    def _own_factor(self) -> FloatArray | float:
        """Block factor of each region's own group, (R, S) or 1."""
        if self._factors is None:
            return 1.0
        out = np.empty((self.n_regions, self._factors.shape[0]))
        for g, members in enumerate(self._groups):
            out[members] = self._factors[:, g, g]
        return out

    def deliver(self, demand: FloatArray) -> FloatArray:
        """T Y: demand by place of use (n, k) as production (n, k)."""
        shape = (self.n_regions, self.n_sectors, demand.shape[1])
        scaled = demand.reshape(shape) * self._inverse[:, :, None]
        out = self._law(scaled, False)
        out *= self.weights[:, :, None]
        return out.reshape(demand.shape)

    def deliver_transposed(self, weights: FloatArray) -> FloatArray:
        """T' W: weights by place of production (n, k) as a buyer in each region meets them."""
        shape = (self.n_regions, self.n_sectors, weights.shape[1])
        out = self._law(weights.reshape(shape) * self.weights[:, :, None], True)
        out *= self._inverse[:, :, None]
        return out.reshape(weights.shape)

    def matmat(self, columns: FloatArray) -> FloatArray:
        """T (A X) for X (n, k)."""
        return self.deliver(self.technology.apply(columns))

    def rmatmat(self, columns: FloatArray) -> FloatArray:
        """Return A' (T' X) for X (n, k)."""
        return self.technology.apply(self.deliver_transposed(columns), transposed=True)

    def shares(self, product: IntArray, origin: IntArray, destination: IntArray) -> FloatArray:
        """t_i^rs at broadcast positions."""
        law = self.kernels[self._class_of[product], origin, destination]
        if self._factors is not None:
            group_of = np.empty(self.n_regions, dtype=np.intp)
            for g, members in enumerate(self._groups):
                group_of[members] = g
            which = product if self._factors.shape[0] > 1 else np.zeros_like(product)
            law = law * self._factors[which, group_of[origin], group_of[destination]]
        if self._home is not None:
            law = law * np.where(origin == destination, self._home[origin, product], 1.0)
        return np.asarray(self.weights[origin, product] * law * self._inverse[destination, product])

    def trade(self) -> FloatArray:
        """All trade shares (S, R, R), formed: for small systems and for reports."""
        product = np.arange(self.n_sectors)[:, None, None]
        region = np.arange(self.n_regions)
        return self.shares(product, region[:, None], region)

    def own_shares(self) -> FloatArray:
        """t_i^ss as (R, S)."""
        region = np.arange(self.n_regions)[:, None]
        return self.shares(np.arange(self.n_sectors)[None, :], region, region)

    def block(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """(T A)[rows][:, columns], dense."""
        origin, product = np.divmod(rows[:, None], self.n_sectors)
        destination, buyer = np.divmod(columns, self.n_sectors)
        shares = self.shares(product, origin, destination)
        return shares * self.technology.entries(destination, product, buyer)

    def dense(self) -> FloatArray:
        """T A as a new dense (n, n) matrix."""
        rows = np.arange(self.n)
        return np.concatenate(
            [
                self.block(rows[start:end], rows)
                for start, end in zip(self.region_starts[:-1], self.region_starts[1:], strict=True)
            ]
        )

    def magnitude(self) -> Operator:
        """T |A|."""
        if self.nonnegative:
            return self
        out = object.__new__(GravityOperator)
        out.__dict__.update(self.__dict__)
        out.technology = self.technology.magnitude()
        out.nonnegative = True
        return out

    def pattern(self) -> sp.csr_array:
        """Graph over rows, products by place of use, and one hub per product where all trade."""
        if self.kernels.min() > 0 and self._home is None and self._factors is None:
            region, product = np.nonzero(self.weights)
            every, use = np.divmod(np.arange(self.n), self.n_sectors)
            start = np.concatenate([region * self.n_sectors + product, -1 - use])
            end = np.concatenate([-1 - product, every * self.n_sectors + use])
            return two_stage_graph(self.technology, (start, end), n_hubs=self.n_sectors)
        product, origin, destination = np.nonzero(self.trade())
        edges = (origin * self.n_sectors + product, destination * self.n_sectors + product)
        return two_stage_graph(self.technology, edges, n_hubs=0)


def _by_group(
    matrix: FloatArray,
    values: FloatArray,
    groups: list[IntArray],
    factors: FloatArray,
    transposed: bool,
) -> FloatArray:
    """(h k) V summed over groups of the far end; values (R, S_c, k), factors (S_c or 1, G, G)."""
    out = np.zeros_like(values)
    width = values.shape[1] * values.shape[2]
    for g, members in enumerate(groups):
        part = values[members].reshape(len(members), width)
        product = (matrix[:, members] @ part).reshape(values.shape)
        toward = factors[:, g, :] if transposed else factors[:, :, g]
        for other, rows in enumerate(groups):
            out[rows] += toward[:, other][None, :, None] * product[rows]
    return out


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise ShapeError(message + ".")


def _costs(cost: ArrayLike, n_regions: int, kernel: Kernel) -> FloatArray:
    costs = np.ascontiguousarray(cost, dtype=np.float64)
    costs = costs[None] if costs.ndim == 2 else costs
    _check(
        costs.ndim == 3 and costs.shape[1:] == (n_regions, n_regions),
        f"cost must be ({n_regions}, {n_regions}) or (C, {n_regions}, {n_regions}) beside weights "
        f"of {n_regions} regions; found {np.shape(cost)}",
    )
    _check(kernel in ("power", "exponential"), f'kernel must be "power" or "exponential": {kernel}')
    bad = ~(costs > 0) if kernel == "power" else ~(costs >= 0)
    _check(
        not bad.any(),
        f"cost must be {'> 0' if kernel == 'power' else '>= 0'} for the {kernel} kernel, own "
        f"region included; it is not at [matrix, from, to] {np.argwhere(bad)[:5].tolist()}",
    )
    return costs


def _by_product(decay: ArrayLike, n_sectors: int) -> FloatArray:
    out = np.asarray(decay, dtype=np.float64)
    _check(
        out.shape in ((), (n_sectors,)) and bool(np.isfinite(out).all()),
        f"decay must be one finite number or {n_sectors}, one per product; found {out.shape}",
    )
    return np.broadcast_to(out, (n_sectors,))


def _positions(cost_of: ArrayLike | None, n_sectors: int, costs: FloatArray) -> IntArray:
    if cost_of is None:
        _check(
            costs.shape[0] == 1,
            f"cost holds {costs.shape[0]} matrices: cost_of must say which one a product follows",
        )
        return np.zeros(n_sectors, dtype=np.intp)
    out = np.asarray(cost_of, dtype=np.intp)
    _check(
        out.shape == (n_sectors,) and out.min() >= 0 and out.max() < costs.shape[0],
        f"cost_of must hold {n_sectors} positions among {costs.shape[0]} cost matrices",
    )
    return out


def _classes(
    costs: FloatArray, decay: FloatArray, cost_of: IntArray, kernel: Kernel
) -> tuple[IntArray, FloatArray]:
    """Class of each product (S,), and one kernel (C, R, R) per distinct cost matrix and decay."""
    pairs, class_of = np.unique(
        np.stack([cost_of.astype(np.float64), decay], axis=1), axis=0, return_inverse=True
    )
    kernels = np.empty((len(pairs), *costs.shape[1:]))
    for out, (which, rate) in zip(kernels, pairs, strict=True):
        matrix = costs[int(which)]
        if kernel == "power":
            np.power(matrix, -rate, out=out)
        else:
            np.exp(-rate * matrix, out=out)
    kernels.flags.writeable = False
    return class_of.reshape(-1).astype(np.intp), kernels


def _span(chosen: NDArray[np.bool_]) -> slice | IntArray:
    """Positions as a slice where they are neighbours, so that no copy is made."""
    where = np.flatnonzero(chosen)
    if where.size and where[-1] - where[0] + 1 == where.size:
        return slice(int(where[0]), int(where[-1]) + 1)
    return where


def _home(home: ArrayLike | None, n_regions: int, n_sectors: int) -> FloatArray | None:
    if home is None:
        return None
    out = np.asarray(home, dtype=np.float64)
    out = out[:, None] if out.ndim == 1 else out
    _check(
        out.shape in ((), (n_sectors, 1), (n_sectors, n_regions)) and bool((out >= 0).all()),
        f"home must be one number, ({n_sectors},) or ({n_sectors}, {n_regions}), >= 0; "
        f"found {np.shape(home)}",
    )
    return np.ascontiguousarray(np.broadcast_to(out, (n_sectors, n_regions)).T)


def _block_factors(
    groups: ArrayLike | None, block_factors: ArrayLike | None, n_regions: int, n_sectors: int
) -> tuple[list[IntArray], FloatArray | None]:
    if (groups is None) != (block_factors is None):
        raise ShapeError("groups and block_factors belong together: give both or neither.")
    if groups is None or block_factors is None:
        return [], None
    group_of = np.asarray(groups, dtype=np.intp)
    _check(
        group_of.shape == (n_regions,) and group_of.min() >= 0,
        f"groups must hold {n_regions} positions >= 0; found shape {group_of.shape}",
    )
    factors = read_only(block_factors, "block_factors", (2, 3))
    factors = factors[None] if factors.ndim == 2 else factors
    n_groups = factors.shape[1]
    _check(
        factors.shape[0] in (1, n_sectors)
        and factors.shape[2] == n_groups > group_of.max()
        and bool((factors >= 0).all()),
        f"block_factors must be (G, G) or ({n_sectors}, G, G), >= 0, for {group_of.max() + 1} "
        f"groups; found {np.shape(block_factors)}",
    )
    return [np.flatnonzero(group_of == g) for g in range(n_groups)], factors
