"""Leontief systems solved with a certificate: (I - A) x = f, never inverted unless asked.

Question owned: given an operator and demand, what is output, and how sure is it?

Public names
    Leontief     the system: solve, solve_transposed, deliver, columns, rows, diagonal, inverse
    Solution     what a solve returns (`model.leontief.solution`)

Terms: f demand by place of production (n,) or (n, k), money; w weights per money of output.

    solve             (I - A) x = f
    solve_transposed  (I - A') l = w
    deliver           f = T y, y demand by place of use

Every solution is refined until the bound of `model.leontief.certificate` is within the tolerance;
a table with A >= 0 that is not productive raises, a signed one without certificate comes back
uncertified. The same input gives the same bits on the same machine.

Source: Miller & Blair (2009), chapter 2; the methods name theirs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from io_tables.container.flows import matrix_of, product_flows
from io_tables.table import RegionalTable
from model.errors import ModelError, TooLarge
from model.leontief import choice
from model.leontief.align import Labelled, align, positions
from model.leontief.certificate import Weights
from model.leontief.choice import Method
from model.leontief.engine import Engine
from model.leontief.explicit import Explicit
from model.leontief.krylov import Progress
from model.leontief.machine import free_memory
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, Operator
from model.leontief.refine import COLUMNS, Run
from model.leontief.solution import Solution, Status
from model.leontief.update import changed

__all__ = ["Leontief", "Method", "Solution", "Status", "operator_of"]

TOLERANCE = 1e-10
MAX_ITERATIONS = 2000


def operator_of(source: Any) -> tuple[Operator, pd.Index | None]:
    """Return the operator of a table, matrix or operator, and its row labels if it has any."""
    if isinstance(source, RegionalTable):
        if source.kind == "pooled":
            return PooledOperator(source.technology, source.trade), source.labels
        return _explicit(source), source.labels
    if isinstance(source, pd.DataFrame):
        rows = source.index
        if not rows.equals(source.columns):
            source = source.reindex(columns=rows)
        return Explicit(source.to_numpy(), region_starts=_starts(rows)), rows
    if isinstance(source, Operator):
        return source, None
    return Explicit(source if sp.issparse(source) else np.asarray(source)), None


def _starts(labels: pd.Index) -> NDArray[np.intp] | None:
    """First row of each region when the first level groups rows into neighbours."""
    if not isinstance(labels, pd.MultiIndex):
        return None
    codes = labels.codes[0]
    changes = np.flatnonzero(np.diff(codes)) + 1
    if np.unique(codes).size != changes.size + 1:
        return None
    return np.concatenate([[0], changes, [len(labels)]]).astype(np.intp)


def _explicit(table: RegionalTable) -> Explicit:
    """Return A = Z diag(1 / x) of an explicit table: its flows as they are, and no copy."""
    n = len(table.labels)
    output = np.asarray(table.x)
    per_output = np.divide(1.0, output, out=np.zeros(n), where=output > 0)
    if table.is_sparse:
        return Explicit(
            matrix_of(table.data) @ sp.diags_array(per_output),
            region_starts=np.arange(table.n_regions + 1) * table.n_sectors,
            delivery=partial(_delivery, table) if table.final_use_told else None,
        )
    return Explicit(
        table.data["flows"].values.reshape(n, n),
        region_starts=np.arange(table.n_regions + 1) * table.n_sectors,
        delivery=partial(_delivery, table) if table.final_use_told else None,
        scale=per_output,
        sound=not table.data.attrs.get("signed", 0),  # the table has looked at its flows
    )


def _delivery(table: RegionalTable) -> FloatArray:
    """Shares of final demand by origin (S, R, R); of all uses where a region buys none finally."""
    final = table.data["final_demand"].values.sum(axis=3).transpose(1, 0, 2)
    flows = product_flows(table.data).transpose(1, 0, 2)
    bought = final.sum(axis=1, keepdims=True)
    shares = np.where((bought > 0) & (final >= 0).all(axis=1, keepdims=True), final, final + flows)
    total = shares.sum(axis=1, keepdims=True)
    own = np.broadcast_to(np.eye(table.n_regions), shares.shape)
    return np.where(total > 0, np.maximum(shares, 0) / np.where(total > 0, total, 1.0), own)


class Leontief:
    """A Leontief system, ready to be solved for any demand.

    Parameters
    ----------
    source
        A `RegionalTable`; a coefficient matrix A as an array, DataFrame or scipy sparse matrix; or
        an operator (`PooledOperator`, `GravityOperator`, `Explicit`).
    labels
        (n,) row labels when `source` has none.

    Notes
    -----
    A system never changes. Factors, region blocks and weights are worked out at the first solve
    that needs them and kept.
    """

    def __init__(self, source: Any, *, labels: pd.Index | None = None) -> None:
        operator, own = operator_of(source)
        self.operator: Operator = operator
        self.labels: pd.Index | None = own if labels is None else labels
        self._engine = Engine(operator, self.labels)
        if self.labels is not None and len(self.labels) != operator.n:
            raise ModelError(f"{len(self.labels)} labels were given for {operator.n} rows.")

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.operator.n

    @property
    def factored(self) -> bool:
        """Whether dense factors of I - A are at hand: solves that use them cost little."""
        return self._engine.factored

    @property
    def roots_known(self) -> bool:
        """Whether the roots of blocked iterations are at hand."""
        return "roots" in self._engine.__dict__

    @property
    def weights(self) -> Weights:
        """What bounds errors of this system (`model.leontief.certificate`).

        Raises
        ------
        NotProductive
            When A >= 0 and its spectral radius is at least one.
        """
        return self._engine.weights

    def solve(
        self,
        f: Labelled,
        *,
        tolerance: float = TOLERANCE,
        method: Method | None = None,
        start: Labelled | Solution | None = None,
        max_iterations: int = MAX_ITERATIONS,
        progress: Progress | None = None,
    ) -> Solution:
        """Output x for demand f by place of production: (I - A) x = f.

        Parameters
        ----------
        f
            (n,) or (n, k) money: array, Series or DataFrame with the system's row labels in any
            order, or a DataArray with dims region and sector. The answer has the same labels.
        tolerance
            Certified error: error_bound <= tolerance * sum |x| for every column.
        method
            "direct" (dense factors), "krylov" (column by column) or "blocked" (all columns at
            once); chosen from the sizes when left out.
        start
            A first guess of x in the form of f, or the solution of a system nearby: the one it was
            updated from. Bits depend on what is given, never on what was solved before.
        max_iterations
            Products that one column may take.
        progress
            Called with (iterations, residual norm) in long Krylov solves.

        Raises
        ------
        NotProductive
            When A >= 0 and its spectral radius is at least one.
        ShapeError, UnknownLabel
            When f does not fit the rows.
        """
        return self._solve(False, f, tolerance, method, start, max_iterations, progress)

    def solve_transposed(
        self,
        w: Labelled,
        *,
        tolerance: float = TOLERANCE,
        method: Method | None = None,
        start: Labelled | Solution | None = None,
        max_iterations: int = MAX_ITERATIONS,
        progress: Progress | None = None,
    ) -> Solution:
        """Multipliers l for weights w per money of output: (I - A') l = w; as `solve`.

        The bound is on max |l - exact|; certified means error_bound <= tolerance * max |l|.
        """
        return self._solve(True, w, tolerance, method, start, max_iterations, progress)

    def _solve(
        self,
        transposed: bool,
        given: Labelled,
        tolerance: float,
        method: Method | None,
        start: Labelled | Solution | None,
        max_iterations: int,
        progress: Progress | None,
    ) -> Solution:
        began = time.perf_counter()
        what = "weights w" if transposed else "demand f"
        aligned = align(given, self.n, self.labels, what)
        rhs = aligned.columns
        guess = start.x if isinstance(start, Solution) else start
        x = (
            np.zeros_like(rhs)
            if guess is None
            else align(guess, self.n, self.labels, "start").columns.copy()
        )
        run = Run(self._engine, transposed, tolerance, method, max_iterations, progress)
        certificate = run.solve(rhs, x, warm=start is not None)
        status, reason = run.outcome(x, certificate)
        return Solution(
            x=aligned.restore(x),
            error_bound=float(certificate.bounds.max(initial=0.0)),
            residual=float(certificate.residuals.max(initial=0.0)),
            iterations=run.iterations,
            method=run.method,
            status=status,
            reason=reason,
            seconds=time.perf_counter() - began,
            tolerance=tolerance,
            error_bounds=certificate.bounds,
        )

    def deliver(self, y: Labelled) -> Labelled:
        """Demand by place of use y (n,) or (n, k), as demand by place of production f = T y."""
        aligned = align(y, self.n, self.labels, "demand y")
        return aligned.restore(self.operator.deliver(aligned.columns))

    def update(
        self,
        *,
        technology: Mapping[Any, ArrayLike] | None = None,
        trade: Mapping[Any, ArrayLike] | None = None,
        columns: Mapping[Any, ArrayLike] | pd.DataFrame | None = None,
        cost: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> Leontief:
        """Return a new system that differs in some blocks; this one stays as it is.

        Parameters
        ----------
        technology
            {region: (S, S) block} of a pooled or gravity system.
        trade
            {sector: (R, R) shares [from, to]} of a pooled system.
        columns
            {row label: (n,) column of A} of an explicit system.
        cost, weights
            New costs (R, R) or (C, R, R), new supply weights (R, S), of a gravity system.

        Notes
        -----
        The new system takes over what this one has worked out: region blocks, anew only where
        technology changed, and kept where costs or trade shares moved own shares a little; dense
        factors, by a low-rank correction. The solution of this system is given by hand,
        `new.solve(f, start=old)`, so that an answer never depends on what was solved before. Which
        way is taken, correction or iterations from the start, follows from their cost.

        Raises
        ------
        ShapeError, UnknownLabel
            For parts that the system does not have and blocks that do not fit.
        """
        operator, touched = changed(
            self.operator, self.labels, technology, trade, columns, cost=cost, weights=weights
        )
        law = bool(trade) or cost is not None or weights is not None
        out = object.__new__(Leontief)
        out.operator, out.labels = operator, self.labels
        out._engine = self._engine.successor(operator, touched, trade=law)
        return out

    def columns(self, labels: Any, *, tolerance: float = TOLERANCE) -> Any:
        """Columns of the Leontief inverse: DataFrame (n, k), or array without labels."""
        return self._pieces(labels, tolerance, transposed=False)

    def rows(self, labels: Any, *, tolerance: float = TOLERANCE) -> Any:
        """Rows of the Leontief inverse: DataFrame (k, n), or array without labels."""
        return self._pieces(labels, tolerance, transposed=True)

    def _pieces(self, wanted: Any, tolerance: float, *, transposed: bool) -> Any:
        where = positions(wanted, self.labels, self.n)
        unit = np.zeros((self.n, where.size))
        unit[where, np.arange(where.size)] = 1.0
        solve = self.solve_transposed if transposed else self.solve
        found = solve(unit, tolerance=tolerance).raise_for_status().x
        found = found.T if transposed else found
        if self.labels is None:
            return found
        chosen = self.labels[where]
        if transposed:
            return pd.DataFrame(found, index=chosen, columns=self.labels)
        return pd.DataFrame(found, index=self.labels, columns=chosen)

    def diagonal(self, *, tolerance: float = TOLERANCE) -> Any:
        """Diagonal of the Leontief inverse (n,): Series, or array without labels."""
        out = np.empty(self.n)
        for first in range(0, self.n, COLUMNS):
            rows = np.arange(first, min(first + COLUMNS, self.n))
            unit = np.zeros((self.n, rows.size))
            unit[rows, rows - first] = 1.0
            found = self.solve(unit, tolerance=tolerance).raise_for_status().x
            out[rows] = found[rows, rows - first]
        return out if self.labels is None else pd.Series(out, index=self.labels, name="diagonal")

    def inverse(self, *, tolerance: float = TOLERANCE) -> Any:
        """Leontief inverse L = (I - A)^-1 (n, n): DataFrame, or array without labels.

        Raises
        ------
        TooLarge
            When L and its working space do not fit; `columns` and `rows` give parts of it.
        """
        needed = 3 * 8 * self.n**2
        allowed = min(choice.LARGEST_DENSE, free_memory())
        if needed > allowed:
            raise TooLarge(
                f"the inverse of {self.n} rows needs about {needed / 2**30:.1f} GiB, more than the "
                f"{allowed / 2**30:.1f} GiB there is. Use columns(labels) or rows(labels) for "
                "parts of it, solve and solve_transposed for sums over it."
            )
        found = self._inverse(tolerance)
        if self.labels is None:
            return found
        return pd.DataFrame(found, index=self.labels, columns=self.labels, copy=False)

    def _inverse(self, tolerance: float) -> FloatArray:
        direct = self._engine.inverse()
        if direct is not None:
            inverse, bounds = direct
            size = np.abs(inverse.sum(axis=0))  # no more than sum |x|
            if not (bounds <= tolerance * size).all():
                bounds = self._engine.sharper(inverse, bounds)
            if (bounds <= tolerance * size).all():
                return inverse
        eye = np.eye(self.n)
        return np.asarray(self.solve(eye, tolerance=tolerance).raise_for_status().x)
