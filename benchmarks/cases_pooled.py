"""Pooled systems: technology by place of use and trade shares by product."""

from __future__ import annotations

from benchmarks.actors import numpy_inv, numpy_solve, ours, pooled, product
from benchmarks.case import (
    BEST_FORCED,
    FORCED,
    OURS,
    PHYSICAL_LIMIT,
    Actor,
    Bar,
    Case,
    Severity,
    Size,
)
from benchmarks.tasks import (
    INVERSE,
    ONE_DEMAND,
    OUTPUT_MULTIPLIERS,
    POLES,
    REGION_MULTIPLIERS,
    Task,
)

TINY = Size(6, 8, level="full", name="6x8")
CHINA = Size(31, 42, level="quick")
HUNDRED = Size(100, 42, level="quick")
CITIES = (Size(313, 42, level="quick"), Size(341, 42, level="quick"))
DENSE = 4200
"""Rows up to which the dense peers take part: beyond them they take minutes."""
INV, SOLVE = "numpy inv", "numpy solve"


def with_peers(task: Task) -> dict[str, Actor]:
    """Ours, and numpy's two ways."""
    return {
        OURS: ours(pooled, task),
        INV: numpy_inv(task, DENSE),
        SOLVE: numpy_solve(task, DENSE),
    }


def forced(task: Task, *, direct: int = DENSE, krylov: int = 20_000) -> dict[str, Actor]:
    """Ours with each method forced, up to the rows where that makes sense."""
    return {
        FORCED + "direct": ours(pooled, task, "direct", direct),
        FORCED + "krylov": ours(pooled, task, "krylov", krylov),
        FORCED + "blocked": ours(pooled, task, "blocked"),
    }


def chosen(size: str, severity: str = "") -> Bar:
    """The automatic choice is within 10 % of the best forced method."""
    return Bar(size, "ratio", 1 / 1.1, against=BEST_FORCED, severity=severity)


SEVERE = (
    Severity(spectral_radius=0.4),
    Severity(openness=0.1),
    Severity(openness=0.7),
    Severity(spectral_radius=0.8),
    Severity(spectral_radius=0.9),
    Severity(spectral_radius=0.99),
    Severity(spectral_radius=0.99, openness=0.7),
)

CASES = (
    Case(
        "pooled/one-demand",
        ONE_DEMAND.name,
        (TINY, CHINA, HUNDRED, *CITIES),
        with_peers(ONE_DEMAND) | forced(ONE_DEMAND),
        bars=(
            Bar("100x42", "ratio", 100.0, against=INV),
            Bar("100x42", "ratio", 30.0, against=SOLVE),
            Bar("313x42", "seconds", 0.15),
            Bar("313x42", "MB", 300.0),
            Bar("341x42", "seconds", 0.2),
            *(chosen(size.label) for size in (CHINA, HUNDRED, *CITIES)),
        ),
        repeats=15,
    ),
    Case(
        "pooled/severity",
        ONE_DEMAND.name,
        (TINY, Size(100, 42)),
        {OURS: ours(pooled, ONE_DEMAND), SOLVE: numpy_solve(ONE_DEMAND, DENSE)}
        | forced(ONE_DEMAND),
        severities=SEVERE,
        bars=tuple(chosen("100x42", severity.label) for severity in SEVERE),
        repeats=9,
    ),
    Case(
        "pooled/output-multipliers",
        OUTPUT_MULTIPLIERS.name,
        (TINY, CHINA, HUNDRED, Size(313, 42)),
        with_peers(OUTPUT_MULTIPLIERS) | forced(OUTPUT_MULTIPLIERS),
        bars=tuple(chosen(size) for size in ("31x42", "100x42", "313x42")),
        repeats=9,
    ),
    Case(
        "pooled/region-multipliers",
        REGION_MULTIPLIERS.name,
        (TINY, CHINA, Size(100, 42), Size(341, 42)),
        with_peers(REGION_MULTIPLIERS) | forced(REGION_MULTIPLIERS, krylov=5000),
        bars=tuple(chosen(size) for size in ("31x42", "100x42")),
        repeats=3,
    ),
    Case(
        "pooled/31-poles",
        POLES.name,
        (TINY, CHINA, Size(100, 42)),
        with_peers(POLES) | forced(POLES, krylov=1302),
        bars=(chosen("31x42"), chosen("100x42")),
        repeats=3,
    ),
    Case(
        "pooled/inverse",
        INVERSE.name,
        (TINY, CHINA, Size(100, 42)),
        {OURS: ours(pooled, INVERSE), INV: numpy_inv(INVERSE, DENSE)},
        repeats=3,
    ),
    Case(
        "pooled/product",
        "20 products with one vector",
        (TINY, HUNDRED, Size(313, 42, level="quick"), Size(341, 42)),
        {OURS: product(pooled, 1, 20)},
        bars=(Bar("313x42", "ratio", 0.5, against=PHYSICAL_LIMIT),),
        repeats=9,
    ),
    Case(
        "pooled/product-16",
        "5 products with 16 vectors",
        (TINY, HUNDRED, Size(313, 42, level="quick"), Size(341, 42)),
        {OURS: product(pooled, 16, 5)},
        bars=(Bar("313x42", "ratio", 0.5, against=PHYSICAL_LIMIT),),
        repeats=9,
    ),
    Case(
        "pooled/product-128",
        "2 products with 128 vectors",
        (TINY, HUNDRED, Size(313, 42, level="quick"), Size(341, 42)),
        {OURS: product(pooled, 128, 2)},
        bars=(Bar("313x42", "ratio", 0.5, against=PHYSICAL_LIMIT),),
        repeats=9,
    ),
)
