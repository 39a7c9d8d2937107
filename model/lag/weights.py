"""Who is near to whom: spatial weights from travel times or from a table.

Question owned: which matrix W says how much of its neighbours' outcome a region meets, and between
which bounds may its coefficient lie?

Public names
    SpatialWeights       labels and a sparse matrix, with its eigenvalues and bounds
    weights_from_cost    nearness as a falling function of travel time or cost
    weights_from_table   who buys from whom
    standardised         rows that sum to one, a largest eigenvalue of one, or as they are

Terms: w_rs what region r meets of s; lambda the eigenvalues of W, n regions.

    bounds of rho    (1 / most negative real lambda, 1 / largest real lambda)

I - rho W is singular at real rho only where 1 / rho is a real eigenvalue, so complex ones bound
nothing; those that are real but for rounding count, because eigenvalues that coincide are found
apart. Without real eigenvalues of a sign there is no bound on that side. Rows that sum to one
give an upper bound of 1 and a lower one at or below -1; a W that only joins two sorts of regions
with each other (bipartite) has eigenvalues in pairs and the bounds -1 and 1. Where W is not
standardised the bounds are not 1, and rho says little before it is multiplied by the largest
eigenvalue.

Source: LeSage & Pace (2009), section 4.3; Kelejian & Prucha (2010) on bounds and standardisation;
Horn & Johnson (2013), theorem 8.1.26, for the bound of Collatz and Wielandt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, connected_components

from io_tables.labels import shown
from io_tables.table import RegionalTable
from model.errors import ShapeError, TooLarge
from model.leontief.products import FloatArray

Kernel: TypeAlias = Literal["inverse", "exponential", "within", "nearest"]
Standard: TypeAlias = Literal["row", "largest eigenvalue", "none"]
DENSE_ROWS = 2000
"""Regions up to which eigenvalues are found exactly."""
REAL = 1e-5
"""Imaginary part, relative to the largest eigenvalue, up to which an eigenvalue counts as real: two
or three that coincide are found apart by the square or cube root of rounding."""
NONE = 1e-9
"""Size, relative to the largest eigenvalue, up to which one counts as zero."""
POWER_STEPS = 10_000


@dataclass(frozen=True, eq=False)
class SpatialWeights:
    """Spatial weights.

    Attributes
    ----------
    labels
        (n,) regions.
    matrix
        (n, n) sparse, what the row's region meets of the column's; zero diagonal.

    Raises
    ------
    ShapeError
        For a matrix that is not square or finite, has negative weights, a diagonal that is not
        zero, no weights at all, or labels that do not fit or occur twice.
    """

    labels: tuple[str, ...]
    matrix: Any

    def __post_init__(self) -> None:
        n = len(self.labels)
        given: Any = self.matrix
        matrix: Any = sp.csr_array(given, dtype=np.float64, copy=True)
        matrix.eliminate_zeros()
        failures = []
        if matrix.shape != (n, n):
            failures.append(f"must be ({n}, {n}) for {n} labels, found {matrix.shape}")
        elif matrix.diagonal().any():
            own = np.flatnonzero(matrix.diagonal())[:5]
            failures.append(f"no region neighbours itself: {shown([self.labels[k] for k in own])}")
        if not np.isfinite(matrix.data).all() or (matrix.data < 0).any():
            failures.append("weights must be finite and >= 0")
        if not matrix.nnz:
            failures.append("some weight must be above zero")
        if len(set(self.labels)) != n:
            failures.append("labels must differ")
        if failures:
            raise ShapeError(f"spatial weights: {'; '.join(failures)}.")
        object.__setattr__(self, "matrix", matrix)

    @property
    def n(self) -> int:
        """Number of regions."""
        return len(self.labels)

    @cached_property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """All eigenvalues, dense.

        Raises
        ------
        TooLarge
            Above 2,000 regions.
        """
        if self.n > DENSE_ROWS:
            raise TooLarge(
                f"eigenvalues of {self.n} regions are not found one by one (at most {DENSE_ROWS})."
            )
        count, part = connected_components(self.matrix, connection="strong")
        found = np.zeros(self.n, dtype=np.complex128)
        for k in range(count):  # regions that reach each other; alone, a region has eigenvalue 0
            rows = np.flatnonzero(part == k)
            if rows.size > 1:
                found[rows] = _eigenvalues(self.matrix[rows][:, rows])
        return found

    @cached_property
    def radius(self) -> float:
        """Largest eigenvalue (of a matrix >= 0 it is real and none is larger in size)."""
        if self.n <= DENSE_ROWS:
            return float(np.abs(self.eigenvalues).max())
        return self._by_powers[0]

    @cached_property
    def _by_powers(self) -> tuple[float, float]:
        """Largest eigenvalue by powers, and a number that it does not exceed (Collatz-Wielandt)."""
        vector: Any = np.ones(self.n)
        shifted: Any = self.matrix + sp.eye_array(self.n)
        found = 0.0
        for _ in range(POWER_STEPS):
            vector = shifted @ vector
            size = float(np.linalg.norm(vector))
            vector = np.maximum(vector / size, np.finfo(np.float64).tiny)
            if abs(size - found) <= 1e-13 * size:
                break
            found = size
        limits = (
            ((shifted @ vector) / vector).max() - 1.0,
            self.matrix.sum(axis=0).max(),
            self.matrix.sum(axis=1).max(),
        )
        return size - 1.0, (1.0 + 1e-12) * float(min(limits))

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Open interval around 0 in which I - rho W has an inverse.

        Above 2,000 regions both ends are 1 over a bound on all eigenvalues: on the safe side.
        """
        if self.n > DENSE_ROWS:
            reach = 1.0 / self._by_powers[1]
            return -reach, reach
        values = self.eigenvalues
        size = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
        real = values.real[np.abs(values.imag) <= REAL * size]
        real = real[np.abs(real) > NONE * size]
        low = 1.0 / real.min() if (real < 0).any() else -np.inf
        high = 1.0 / real.max() if (real > 0).any() else np.inf
        return float(low), float(high)

    @cached_property
    def bipartite(self) -> bool:
        """Whether regions fall into two sorts that have neighbours only in the other."""
        pattern = self.matrix + self.matrix.T
        cover = sp.block_array([[None, pattern], [pattern, None]], format="csr")
        once, twice = (connected_components(one, directed=False)[0] for one in (pattern, cover))
        return int(twice) == 2 * int(once)

    @property
    def without_neighbours(self) -> list[str]:
        """Regions whose rows are empty."""
        sums = np.asarray(self.matrix.sum(axis=1)).reshape(-1)
        return [label for label, total in zip(self.labels, sums, strict=True) if total == 0]

    def lag(self, values: FloatArray) -> FloatArray:
        """W times (n,) or (n, k)."""
        return np.asarray(self.matrix @ values)


def _eigenvalues(matrix: Any) -> NDArray[np.complex128]:
    """Eigenvalues of a strongly connected matrix; real ones where it is symmetric but for scales.

    Rows of a symmetric matrix divided by anything are diag(d)^-1 C: d is read along a tree and
    checked on all entries.
    """
    dense = matrix.toarray()
    if ((dense > 0) == (dense.T > 0)).all():
        order, before = breadth_first_order(matrix, 0)
        scale = np.ones(len(dense))
        for k in order[1:]:
            scale[k] = scale[before[k]] * np.sqrt(dense[before[k], k] / dense[k, before[k]])
        even = dense * (scale[:, None] / scale)
        if np.abs(even - even.T).max() <= 1e-12 * even.max():
            return np.linalg.eigvalsh((even + even.T) / 2).astype(np.complex128)
    return np.asarray(np.linalg.eigvals(dense), dtype=np.complex128)


def standardised(weights: SpatialWeights, standard: Standard) -> SpatialWeights:
    """Divide weights by their row sums or by the largest eigenvalue.

    Rows without neighbours stay empty.
    """
    if standard == "none":
        return weights
    if standard == "row":
        sums = np.asarray(weights.matrix.sum(axis=1)).reshape(-1)
        by = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)
        return SpatialWeights(weights.labels, sp.csr_array(sp.diags_array(by) @ weights.matrix))
    if standard == "largest eigenvalue":
        if weights.radius <= 0:
            raise ShapeError("weights without a positive eigenvalue cannot be divided by it.")
        return SpatialWeights(weights.labels, sp.csr_array(weights.matrix / weights.radius))
    raise ShapeError(f"standard must be 'row', 'largest eigenvalue' or 'none'; found {standard!r}.")


def weights_from_cost(
    cost: pd.DataFrame,
    *,
    kernel: Kernel = "inverse",
    decay: float = 1.0,
    within: float | None = None,
    nearest: int | None = None,
    standard: Standard = "row",
) -> SpatialWeights:
    """Build weights from travel times or costs.

    Parameters
    ----------
    cost
        (n, n) from (index) and to (columns), as `region_cost`; above zero between regions. What a
        region meets of another is weighed by the cost from itself to the other.
    kernel
        "inverse" cost^-decay, "exponential" exp(-decay cost), "within" 1 up to `within`, "nearest"
        1 for the `nearest` regions (ties: the first).
    decay
        Of the first two.
    within
        Cost beyond which weights are zero, for any kernel.
    nearest
        Keep only the so many nearest, for any kernel.
    standard
        How they are standardised.

    Raises
    ------
    ShapeError
        For costs that are not square, positive and finite, and options that a kernel needs.
    """
    names = [str(v) for v in cost.index]
    if set(names) != {str(v) for v in cost.columns} or len(set(names)) != len(names):
        raise ShapeError("costs must have the same regions, once each, in rows and columns.")
    square = cost.set_axis(names, axis=0).set_axis([str(v) for v in cost.columns], axis=1)[names]
    values = square.to_numpy(dtype=np.float64).copy()
    np.fill_diagonal(values, np.inf)
    failures = []
    off = ~np.eye(len(names), dtype=bool)
    if not (np.isfinite(values[off]) & (values[off] > 0)).all():
        failures.append("costs between regions must be finite and above zero")
    if kernel not in ("inverse", "exponential", "within", "nearest"):
        failures.append(f"unknown kernel {kernel!r}")
    if not decay > 0:
        failures.append(f"decay must be above zero, found {decay}")
    if kernel == "within" and within is None:
        failures.append("kernel 'within' needs within=")
    if kernel == "nearest" and nearest is None:
        failures.append("kernel 'nearest' needs nearest=")
    if nearest is not None and not 1 <= nearest < len(names):
        failures.append(f"nearest must lie between 1 and {len(names) - 1}, found {nearest}")
    if failures:
        raise ShapeError(f"weights from costs: {'; '.join(failures)}.")
    if kernel == "inverse":
        weight = (values / np.median(values[off])) ** -decay
    elif kernel == "exponential":
        weight = np.exp(-decay * (values - values.min()))
    else:
        weight = np.ones_like(values)
    np.fill_diagonal(weight, 0.0)
    if within is not None:
        weight = np.where(values <= within, weight, 0.0)
    if nearest is not None:
        order = np.argsort(values, axis=1, kind="stable")[:, nearest:]
        np.put_along_axis(weight, order, 0.0, axis=1)
    return standardised(SpatialWeights(tuple(names), sp.csr_array(weight)), standard)


def weights_from_table(
    table: RegionalTable,
    *,
    by: Literal["purchases", "sales", "both"] = "purchases",
    standard: Standard = "row",
) -> SpatialWeights:
    """Build weights from what regions buy from and sell to each other as intermediate products.

    Parameters
    ----------
    by
        "purchases": a region meets those it buys from; "sales": those it sells to; "both": the sum.
    standard
        How they are standardised.
    """
    if by not in ("purchases", "sales", "both"):
        raise ShapeError(f"by must be 'purchases', 'sales' or 'both'; found {by!r}.")
    n_regions, n_sectors = table.n_regions, table.n_sectors
    if table.kind == "pooled":
        used = table.data["domestic_use"].values.sum(axis=2)  # (S, R) product, region of use
        flows = np.einsum("irs,is->rs", table.trade, used)
    else:
        blocks = table.data["flows"].values.reshape(n_regions, n_sectors, n_regions, n_sectors)
        flows = blocks.sum(axis=(1, 3))
    flows = np.maximum(flows, 0.0)
    np.fill_diagonal(flows, 0.0)
    weight = {"purchases": flows.T, "sales": flows, "both": flows + flows.T}[by]
    return standardised(SpatialWeights(tuple(table.regions), sp.csr_array(weight)), standard)
