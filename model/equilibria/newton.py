"""Newton's method on log wages and log prices, with damping and, where that fails, in stages.

Owns the question: which wages and prices clear all markets, and did we get there?

Public names
------------
``find_equilibrium``   base, rules, shock in; `Outcome` out
``Outcome``            the last point, its derivatives, and how the search went

Every step solves prices and wages together with the exact derivative of `model.equilibria.jacobian`
and goods exactly. A step is halved until the largest residual falls. A shock that cannot be reached
in one stretch is taken in 2, 4, 8, 16 stages, each started from the last.

Source: Deuflhard (2004), Newton Methods for Nonlinear Problems, chapters 3 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.equilibria.base import EquilibriumBase
from model.equilibria.closure import Layout, Rules, Shock
from model.equilibria.jacobian import Slopes, newton_step, slopes
from model.equilibria.point import Point, evaluate

Array = NDArray[np.float64]

__all__ = ["Outcome", "find_equilibrium"]

STAGES = (1, 2, 4, 8, 16)
SHORTEST = 2.0**-10
LONGEST = 3.0
"""Largest change of a logarithm in one step."""
SETTLED = 1e-13


@dataclass(frozen=True, eq=False)
class Outcome:
    """Where a search ended.

    Attributes
    ----------
    point : Point
    slopes : Slopes or None
        Derivatives at `point`; None where they do not exist.
    iterations : int
        Newton steps in all stages.
    stages : int
        In how many parts the shock was taken.
    trouble : str
        Empty when the residual is within the tolerance.
    """

    point: Point
    slopes: Slopes | None
    iterations: int
    stages: int
    trouble: str


def find_equilibrium(
    base: EquilibriumBase,
    rules: Rules,
    shock: Shock,
    *,
    tolerance: float,
    max_iterations: int,
    start: Array | None = None,
) -> Outcome:
    """Search for wages and prices at which all markets clear.

    Parameters
    ----------
    base, rules, shock
        Base year, closure, and what changes.
    tolerance : float
        Largest residual of any equation, relative.
    max_iterations : int
        Newton steps in one stage.
    start : (m,) array, optional
        Unknowns to start from, in the order of `Layout`; the base year when left out.
    """
    layout = Layout.of(base, rules)
    origin = np.zeros(layout.size) if start is None else start
    still = np.zeros_like(base.output)
    iterations, trouble = 0, ""
    for n_stages in STAGES:
        point = None
        for stage in range(1, n_stages + 1):
            part = shock.part(stage / n_stages)
            z, price = (origin, still) if point is None else (point.z, point.log_price)
            point, steps, trouble = _search(
                base, rules, part, layout, z, price, tolerance, max_iterations
            )
            iterations += steps
            if trouble:
                break
        if not trouble or start is not None:
            break
    assert point is not None
    found = slopes(base, rules, layout, point) if point.sound else None
    return Outcome(point, found, iterations, n_stages, trouble)


def _search(
    base: EquilibriumBase,
    rules: Rules,
    shock: Shock,
    layout: Layout,
    z: Array,
    log_price: Array,
    tolerance: float,
    max_iterations: int,
) -> tuple[Point, int, str]:
    """One stage: last point, Newton steps, and what is wrong with it (empty when nothing is)."""
    point = evaluate(base, rules, shock, layout, z, log_price)
    if not point.sound:
        return point, 0, unsound(base, shock, point)
    for iteration in range(max_iterations):
        if point.size <= SETTLED:
            return point, iteration, ""
        try:
            step, price_step = newton_step(layout, point, slopes(base, rules, layout, point))
        except np.linalg.LinAlgError:
            step = np.array([np.nan])
        if not (np.isfinite(step).all() and np.isfinite(price_step).all()):
            return point, iteration, _undetermined(base, layout)
        longest = max(np.abs(step).max(), np.abs(price_step).max())
        length, tried = min(1.0, LONGEST / longest) if longest > 0.0 else 1.0, point
        while length >= SHORTEST:
            z, log_price = _in_numeraire(
                base, layout, point.z + length * step, point.log_price + length * price_step
            )
            tried = evaluate(base, rules, shock, layout, z, log_price)
            if tried.size < (1.0 - 1e-4 * length) * point.size:
                break
            if point.size <= tolerance:  # as good as rounding lets it be
                better = tried if tried.size < point.size else point
                return better, iteration + 1, ""
            length /= 2.0
        else:
            return point, iteration, _stalled(base, shock, layout, point, tried)
        point = tried
    if point.size <= tolerance:
        return point, max_iterations, ""
    return (
        point,
        max_iterations,
        f"the largest residual is still {point.size:.3g} after {max_iterations} steps; raise "
        "max_iterations, or take a smaller change",
    )


def _in_numeraire(
    base: EquilibriumBase, layout: Layout, z: Array, log_price: Array
) -> tuple[Array, Array]:
    """Return a guess with all prices scaled so that national value added stays.

    Markets do not see a common scale, so damping need not bring it about step by step.
    """
    if layout.last == "none":
        return z, log_price
    grown = layout.returns(z).copy()
    grown[0] += layout.people(z)
    with np.errstate(over="ignore"):
        national = (base.factor_income * np.exp(grown)).sum() / base.factor_income.sum()
    if not (np.isfinite(national) and national > 0.0):
        return z, log_price
    scale = np.log(national)
    z = z.copy()
    z[: layout.n_returns] -= scale
    if layout.last == "import price":
        z[-1] -= scale
    return z, log_price - scale


def unsound(base: EquilibriumBase, shock: Shock, point: Point) -> str:
    """Say why a point is no economy."""
    owes = base.deficit + shock.deficit < 0.0
    broke = np.flatnonzero(~(point.purchases > 0.0) & owes)
    if broke.size and np.isfinite(point.purchases).all():
        names = ", ".join(base.regions[r] for r in broke[:5])
        return (
            f"given deficits leave nothing to spend in {names}: what it owes exceeds its income. "
            "Give smaller surpluses (deficits=...)"
        )
    return (
        "spending or demand in some region runs to zero or out of bounds: check delivery_change "
        "and productivity for extreme values"
    )


def _undetermined(base: EquilibriumBase, layout: Layout) -> str:
    hint = (
        "exports fixed in quantity and imports that do not substitute leave the price of imports "
        "open: give export_elasticity above zero, or numeraire='foreign price'"
        if layout.last == "import price"
        else "some regions trade with no other; merge them, or leave them out"
    )
    return f"the equations do not determine the unknowns (singular derivative): {hint}"


def _stalled(
    base: EquilibriumBase, shock: Shock, layout: Layout, point: Point, tried: Point
) -> str:
    if not tried.sound:
        return f"the search left what can be: {unsound(base, shock, tried)}"
    worst = int(np.argmax(np.abs(point.gaps)))
    where = "the numeraire, migration or population"
    if worst < layout.n_returns:
        where = f"the factor market of {base.regions[worst % layout.n_regions]}"
    return (
        f"no step lowers the largest residual, {point.size:.3g}, which is largest in {where}; take "
        "a smaller change, smaller deficits, or a lower trade elasticity"
    )
