"""The gravity operator: trade shares follow from costs and supply weights, and are never formed.

Question owned: how are products with T A done when T has too many entries to store?

Public names
    GravityOperator    technology, cost kernels, supply weights; protocol: `model.leontief.products`

Terms: producing region r, using region s, product i; products that share a cost matrix and a decay
share one kernel k_c (R, R), see `model.leontief.decay`.

    k_c(r,s) = c^-decay (power) or exp(-decay c) (exponential)
    t_i^rs   = w_i^r h_i^{P(r)Q(s)} k_c(r,s) / sum_q w_i^q h_i^{P(q)Q(s)} k_c(q,s)
    T V      = w * (k_c @ (V / denominator))

with supply weights w >= 0 (balanced ones: the plain supply misses the base year), block factors
h (default 1) between groups P, Q of regions, and a home factor on the own region. One product costs
S R^2 + R S^2 multiplications and stores C kernels instead of S trade matrices.

Source: Wilson (1967), eq. 8; Chenery (1953), Moses (1955).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from model.errors import ShapeError
from model.leontief import narrow
from model.leontief.decay import KernelForm, Kernels, build_kernels
from model.leontief.pooled import two_stage_graph
from model.leontief.products import FloatArray, IntArray, Operator, none_negative, read_only
from model.leontief.sparse_technology import SparseTechnology, technology_of_form
from model.leontief.technology import Technology


class GravityOperator(Operator):
    """T A with trade shares from a gravity law.

    Parameters
    ----------
    technology
        (R, S, S), one (S, S) shared by all, or (G, S, S) with `technology_of`; or a list of scipy
        sparse blocks in the same numbers.
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
    decay_nodes
        Interpolate decays on so many kernels per cost matrix when they are more; the error is in
        `kernels.error`. None stores one kernel per distinct decay.

    Raises
    ------
    ShapeError
        For shapes that do not fit, costs or factors out of range, and a product that industry in a
        region needs and no region can deliver there.
    """

    def __init__(
        self,
        technology: ArrayLike | Technology | SparseTechnology | Sequence[Any],
        cost: ArrayLike,
        decay: ArrayLike,
        weights: ArrayLike,
        *,
        kernel: KernelForm = "power",
        technology_of: ArrayLike | None = None,
        cost_of: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        block_factors: ArrayLike | None = None,
        home: ArrayLike | None = None,
        decay_nodes: int | None = None,
    ) -> None:
        self.weights = read_only(weights, "weights", (2,))
        n_regions, n_sectors = (int(size) for size in self.weights.shape)
        self.n_regions, self.n_sectors = n_regions, n_sectors
        _check(none_negative(self.weights), "weights must be >= 0")
        self.technology = technology_of_form(technology, n_regions, n_sectors, technology_of)
        self.nonnegative = self.technology.nonnegative
        self.region_starts = np.arange(n_regions + 1, dtype=np.intp) * n_sectors

        self._law_of = partial(
            build_kernels, decay=decay, n_regions=n_regions, n_sectors=n_sectors, form=kernel,
            cost_of=cost_of, nodes=decay_nodes,
        )  # fmt: skip
        self._groups, self._factors = _block_factors(groups, block_factors, n_regions, n_sectors)
        self._home = _home(home, n_regions, n_sectors)
        self._set_law(self._law_of(cost))

    def _set_law(self, kernels: Kernels) -> None:
        """Take kernels, and what follows from them and the weights."""
        self.kernels = kernels
        self._own = kernels.own * self._own_factor() * self._home
        self.denominators = self._law(self.weights[:, :, None], True)[:, :, 0]
        self._inverse = np.divide(
            1.0,
            self.denominators,
            out=np.zeros_like(self.denominators),
            where=self.denominators > 0,
        )
        self._check_supply()

    def _check_supply(self) -> None:
        region, product = np.nonzero(self.denominators <= 0)
        needed = self.technology.uses()[region, product]
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
        """Rounded terms in a row of T A x: both stages, the scalings, group and kernel sums."""
        sums = self.n_regions + 6 + self._n_groups + len(self.kernels.terms)
        return float(self.n_sectors + self.kernels.condition * sums)

    @property
    def column_terms(self) -> float:
        """Rounded terms in a row of A' T' x."""
        return self.row_terms

    @property
    def multiplications(self) -> float:
        """Multiplications in one product with one vector."""
        uses = np.count_nonzero(self.kernels.mixing) / self.n_sectors
        return float(self.n * uses * self.n_regions + self.technology.multiplications)

    @property
    def stored(self) -> float:
        """Numbers read from memory in one product."""
        return float(self.kernels.matrices.size + self.technology.size + 3 * self.n)

    @property
    def _n_groups(self) -> int:
        return 0 if self._factors is None else len(self._groups)

    def _law(self, values: FloatArray, transposed: bool) -> FloatArray:
        """(h k) V, or its transpose, for V (R, S, k)."""
        out = np.zeros_like(values)
        for term in self.kernels.terms:
            matrix = self.kernels.matrices[term.kernel]
            part = values[:, term.products]
            shape = part.shape
            if self._factors is None:
                flat = part.reshape(shape[0], -1)
                if narrow.few(flat.shape[1]):
                    product = narrow.times(matrix, flat, transposed=transposed).reshape(shape)
                else:
                    product = ((matrix.T if transposed else matrix) @ flat).reshape(shape)
            else:
                matrix = matrix.T if transposed else matrix
                common = self._factors.shape[0] == 1
                factors = self._factors if common else self._factors[term.products]
                product = _by_group(matrix, part, self._groups, factors, transposed)
            if term.coefficients is not None:
                product *= term.coefficients[:, None]
            out[:, term.products] += product
        out += self._own[:, :, None] * values
        return out

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

    def with_technology(self, changes: Mapping[int, FloatArray]) -> GravityOperator:
        """Return the same with the technology of some regions (positions) replaced."""
        out = copy(self)
        out.technology = self.technology.replaced(changes)
        out.nonnegative = out.technology.nonnegative
        out._check_supply()
        return out

    def with_law(
        self, *, cost: ArrayLike | None = None, weights: ArrayLike | None = None
    ) -> GravityOperator:
        """Return the same with other costs, other supply weights, or both; decays stay."""
        out = copy(self)
        if weights is not None:
            out.weights = read_only(weights, "weights", (2,))
            _check(
                out.weights.shape == self.weights.shape and none_negative(out.weights),
                f"weights must be >= 0 of shape {self.weights.shape}; found {out.weights.shape}",
            )
        out._set_law(self.kernels if cost is None else self._law_of(cost))
        return out

    def shares(self, product: IntArray, origin: IntArray, destination: IntArray) -> FloatArray:
        """t_i^rs at broadcast positions."""
        law = self.kernels.entries(product, origin, destination)
        if self._factors is not None:
            group_of = np.empty(self.n_regions, dtype=np.intp)
            for g, members in enumerate(self._groups):
                group_of[members] = g
            which = product if self._factors.shape[0] > 1 else np.zeros_like(product)
            law = law * self._factors[which, group_of[origin], group_of[destination]]
        law = np.where(origin == destination, self._own[origin, product], law)
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
        out = copy(self)
        out.technology = self.technology.magnitude()
        out.nonnegative = True
        return out

    def pattern(self) -> sp.csr_array:
        """Graph over rows, products by place of use, and one hub per product where all trade."""
        between = (self.kernels.matrices + np.eye(self.n_regions)).min() > 0
        if between and self._own.min() > 0 and self._factors is None:
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


def _home(home: ArrayLike | None, n_regions: int, n_sectors: int) -> FloatArray:
    """Return the factor on every own region (R, S), 1 where none is given."""
    out = np.asarray(1.0 if home is None else home, dtype=np.float64)
    out = out[:, None] if out.ndim == 1 else out
    _check(
        out.shape in ((), (n_sectors, 1), (n_sectors, n_regions)) and bool((out >= 0).all()),
        f"home must be one number, ({n_sectors},) or ({n_sectors}, {n_regions}), >= 0; "
        f"found {out.shape}",
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
