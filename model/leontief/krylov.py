"""Iterations for (I - N) z = b that need products alone.

Question owned: how is a well-conditioned system solved by products, one column or many at once?

Public names
    gmres          one column: smallest residual over the Krylov space, restarted
    find_roots     roots of a residual polynomial that fits the operator, from one GMRES cycle
    polynomial     many columns at once with that polynomial: matrix-matrix products only
    shorten        one pass of it, as a fixed linear map that nearly inverts B

Terms: B = I - N, z (n,) or (n, k); theta_j harmonic Ritz values of B.

    GMRES residual     r_m = p(B) r_0, |r_m|_2 smallest over p of degree m, p(0) = 1
    shared polynomial  p(B) = prod_j (1 - B / theta_j), conjugate pairs as one real step of two

Columns share the spectrum of B, so the roots found for one random vector serve them all: no inner
products, no stored basis, and the cost is that of m matrix-matrix products.

Source: Saad & Schultz (1986); Morgan & Zeng (1998) for harmonic Ritz values; Nachtigal, Reichel &
Trefethen (1992) for the hybrid; Reichel (1990) for the Leja order.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.leontief.narrow import combine, dots, norm
from model.leontief.products import FloatArray

Apply = Callable[[FloatArray], FloatArray]
Progress = Callable[[int, float], None]

RESTART = 40
"""Vectors kept before GMRES starts again; a million rows keep 0.3 GB."""


SMALLEST_ROOT = 1e-12
"""Roots below it, relative to the largest, would divide by nothing."""


@dataclass(frozen=True)
class Iterated:
    """Where an iteration ended: z, products used, whether the target was reached."""

    z: FloatArray
    iterations: int
    reached: bool


@dataclass(frozen=True)
class _Cycle:
    """One Arnoldi cycle: basis (m + 1, n), Hessenberg (m + 1, m), first norm, residual norm."""

    basis: FloatArray
    hessenberg: FloatArray
    start: float
    residual: float


def _arnoldi(
    rest: Apply,
    vector: FloatArray,
    target: float,
    steps: int,
    *,
    progress: Progress | None = None,
    done: int = 0,
) -> _Cycle:
    """Grow the Krylov space of B = I - N from `vector` until the GMRES residual is below target."""
    n = vector.shape[0]
    start = norm(vector)
    basis = np.empty((min(steps, 16) + 1, n))
    hessenberg = np.zeros((steps + 1, steps))
    basis[0] = vector / start
    # gamma'H = 0 with gamma_0 = 1 gives the residual norm as start / |gamma| without solving.
    gamma = np.zeros(steps + 1)
    gamma[0] = 1.0
    used, residual = 0, start
    for j in range(steps):
        if j + 1 >= basis.shape[0]:
            basis = np.concatenate([basis, np.empty((min(16, steps - j), n))])
        known = basis[: j + 1]
        new = basis[j] - rest(basis[j][:, None])[:, 0]
        column = dots(known, new)
        before = norm(new)
        new -= combine(known, column)
        length = norm(new)
        if length < 0.1 * before:  # most of it cancelled: take out what rounding left
            again = dots(known, new)
            new -= combine(known, again)
            column += again
            length = norm(new)
        hessenberg[: j + 1, j] = column
        hessenberg[j + 1, j] = length
        used = j + 1
        size = float(np.abs(column).max())
        if length <= 1e-14 * size:  # the space is invariant: the solution is inside
            residual = 0.0
            break
        gamma[j + 1] = -float(column @ gamma[: j + 1]) / length
        residual = start / float(np.linalg.norm(gamma[: j + 2]))
        if progress is not None:
            progress(done + used, residual)
        basis[j + 1] = new / length
        if residual <= target:
            break
    return _Cycle(basis[: used + 1], hessenberg[: used + 1, :used], start, residual)


def gmres(
    rest: Apply,
    rhs: FloatArray,
    target: float,
    *,
    max_iterations: int,
    progress: Progress | None = None,
) -> Iterated:
    """Solve (I - N) z = rhs (n,) until |residual|_2 <= target.

    `rest` applies N to (n, 1). The residual is taken anew at every restart, so that the answer does
    not rest on a recurrence alone.
    """
    z = np.zeros_like(rhs)
    residual = rhs
    size = norm(rhs)
    done = 0
    while size > target and done < max_iterations:
        room = min(RESTART, max_iterations - done)
        cycle = _arnoldi(rest, residual, target, room, progress=progress, done=done)
        steps = cycle.hessenberg.shape[1]
        first = np.zeros(steps + 1)
        first[0] = cycle.start
        found = np.linalg.lstsq(cycle.hessenberg, first, rcond=None)[0]
        y = np.asarray(found, dtype=np.float64)
        z = z + combine(cycle.basis[:steps], y)
        done += steps
        if cycle.residual <= target:
            return Iterated(z, done, True)
        residual = rhs - z + rest(z[:, None])[:, 0]
        now = norm(residual)
        if not now < 0.5 * size:  # a whole cycle that does not halve it: no way forward
            return Iterated(z, done, now <= target)
        size = now
    return Iterated(z, done, size <= target)


def find_roots(rest: Apply, n: int, reduction: float, *, max_degree: int) -> NDArray[np.complex128]:
    """Roots theta (m,) in Leja order: harmonic Ritz values after reducing a random vector.

    The vector comes from a fixed seed: the same operator gives the same roots.
    """
    vector = np.random.default_rng(20201230).standard_normal(n)
    target = reduction * norm(vector)
    cycle = _arnoldi(rest, vector, target, min(max_degree, n))
    m = cycle.hessenberg.shape[1]
    square = cycle.hessenberg[:m].copy()
    tail = float(cycle.hessenberg[m, m - 1]) ** 2
    unit = np.zeros(m)
    unit[-1] = 1.0
    with suppress(np.linalg.LinAlgError):  # singular: plain Ritz values do
        square[:, -1] += tail * np.linalg.solve(square.T, unit)
    found = np.linalg.eigvals(square).astype(np.complex128)
    usable = found[np.abs(found) > SMALLEST_ROOT * np.abs(found).max()]
    return _leja(usable if usable.size else np.ones(1, dtype=np.complex128))


def _leja(roots: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Order roots so that every partial product stays small; one of each conjugate pair is kept."""
    left = [complex(root) for root in roots if root.imag >= 0]
    ordered: list[complex] = []
    logs = [float(np.log(abs(root))) for root in left]
    while left:
        best = max(range(len(left)), key=lambda i: (logs[i], left[i].real, left[i].imag))
        chosen = left.pop(best)
        logs.pop(best)
        ordered.append(chosen)
        for i, root in enumerate(left):
            distance = abs(root - chosen)
            if chosen.imag > 0:
                distance *= abs(root - chosen.conjugate())
            logs[i] += float(np.log(max(distance, 1e-300)))
    return np.array(ordered)


def shorten(
    rest: Callable[[NDArray[Any]], NDArray[Any]],
    roots: NDArray[np.complex128],
    rhs: NDArray[Any],
) -> NDArray[Any]:
    """Return q(B) rhs with 1 - B q(B) = p(B): one pass over the roots, in the precision of rhs."""
    z = np.zeros_like(rhs)
    residual = rhs
    for i, root in enumerate(roots):
        last = i + 1 == len(roots)
        if root.imag == 0.0:
            step = residual * (1.0 / float(root.real))
            z += step
            if not last:
                residual = residual - step
                residual += rest(step)
        else:
            size = float(abs(root)) ** 2
            step = residual * ((2.0 * float(root.real) - 1.0) / size)
            step += rest(residual) * (1.0 / size)
            z += step
            if not last:
                residual = residual - step
                residual += rest(step)
    return z


def polynomial(
    rest: Apply,
    roots: NDArray[np.complex128],
    rhs: FloatArray,
    target: FloatArray,
    *,
    max_cycles: int = 3,
    progress: Progress | None = None,
) -> Iterated:
    """Solve (I - N) Z = rhs (n, k) until every column's |residual|_1 <= target (k,).

    Stops unreached when a cycle of all roots does not reduce the residual tenfold.
    """
    z = np.zeros_like(rhs)
    residual = rhs.copy()
    products = 0
    norms = np.abs(residual).sum(axis=0)
    for cycle in range(max_cycles):
        for root in roots:
            if root.imag == 0.0:
                z += residual * (1.0 / root.real)
                residual -= (residual - rest(residual)) * (1.0 / root.real)
                products += 1
            else:
                size = abs(root) ** 2
                step = residual * (2.0 * root.real - 1.0)
                step += rest(residual)
                step *= 1.0 / size
                z += step
                residual -= step
                residual += rest(step)
                products += 2
            if progress is not None:
                progress(products, float(np.abs(residual).sum(axis=0).max(initial=0.0)))
            if cycle and (np.abs(residual).sum(axis=0) <= target).all():
                return Iterated(z, products, True)
        after = np.abs(residual).sum(axis=0)
        if (after <= target).all():
            return Iterated(z, products, True)
        late = after > target
        if not (after[late] <= 0.1 * norms[late]).all():
            break
        norms = after
    return Iterated(z, products, False)
