"""Explicit matrices: dense and at 0.5 % and 5 % density."""

from __future__ import annotations

from benchmarks.actors import (
    explicit,
    mario_w,
    numpy_inv,
    numpy_solve,
    ours,
    product,
    pymrio_all,
    spsolve,
)
from benchmarks.case import OURS, PHYSICAL_LIMIT, Actor, Bar, Case, Severity, Size
from benchmarks.tasks import (
    INVERSE,
    ONE_DEMAND,
    OUTPUT_MULTIPLIERS,
    POLES,
    REGION_MULTIPLIERS,
    Task,
)

TINY = Size(6, 8)
SMALL, MIDDLE, LARGE = Size(31, 42, "quick"), Size(161, 31), Size(322, 31)
SPARSE = (Severity(density=0.05), Severity(density=0.005))


def with_peers(task: Task, largest: int) -> dict[str, Actor]:
    """Ours, numpy's two ways, and the table packages on sizes that stay within seconds."""
    return {
        OURS: ours(explicit, task),
        "numpy inv": numpy_inv(task, largest),
        "numpy solve": numpy_solve(task, largest),
        "pymrio calc_all": pymrio_all(task, min(largest, 5000)),
        "MARIO calc_w": mario_w(task, min(largest, 5000)),
    }


CASES = (
    Case(
        "explicit/one-demand",
        ONE_DEMAND.name,
        (TINY, SMALL, MIDDLE, LARGE),
        with_peers(ONE_DEMAND, 10_000),
        repeats=3,
    ),
    Case(
        "explicit/output-multipliers",
        OUTPUT_MULTIPLIERS.name,
        (TINY, SMALL, MIDDLE, LARGE),
        with_peers(OUTPUT_MULTIPLIERS, 5000),
        repeats=3,
    ),
    Case(
        "explicit/region-multipliers",
        REGION_MULTIPLIERS.name,
        (TINY, SMALL, MIDDLE),
        with_peers(REGION_MULTIPLIERS, 5000),
        repeats=3,
    ),
    Case(
        "explicit/31-poles",
        POLES.name,
        (TINY, SMALL, MIDDLE),
        with_peers(POLES, 5000),
        repeats=3,
    ),
    Case(
        "explicit/product",
        "20 products with one vector",
        (TINY, SMALL, MIDDLE),
        {OURS: product(explicit, 1, 20)},
        bars=(Bar(SMALL.label, "ratio", 0.5, against=PHYSICAL_LIMIT),),
    ),
    Case(
        "explicit/inverse",
        INVERSE.name,
        (TINY, SMALL, MIDDLE, LARGE),
        {
            OURS: ours(explicit, INVERSE),
            "numpy inv": numpy_inv(INVERSE, 10_000),
            "pymrio calc_all": pymrio_all(INVERSE, 5000),
        },
        bars=(Bar(SMALL.label, "ratio", 0.9, against="numpy inv", note="with the certificate"),),
        repeats=3,
    ),
    Case(
        "explicit/sparse",
        ONE_DEMAND.name,
        (Size(10, 12), SMALL, MIDDLE, LARGE),
        {
            OURS: ours(explicit, ONE_DEMAND),
            "scipy spsolve": spsolve(ONE_DEMAND, 5000),
            "numpy solve": numpy_solve(ONE_DEMAND, 10_000),
        },
        severities=SPARSE,
        repeats=3,
    ),
)
