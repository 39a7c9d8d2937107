"""Gravity systems: trade follows from costs and is never formed; up to 1,140,000 rows."""

from __future__ import annotations

import numpy as np

from benchmarks.actors import gravity, numpy_solve, ours, pooled, product
from benchmarks.case import OURS, PHYSICAL_LIMIT, Bar, Case, Severity, Size
from benchmarks.tasks import ONE_DEMAND, OUTPUT_MULTIPLIERS

TINY = Size(8, 8)
FOUR = Severity(decay=(0.8, 1.2, 1.6, 2.0))
CONTINUUM = Severity(decay=tuple(np.linspace(0.8, 2.0, 42).round(4).tolist()))
CITIES, COUNTIES, MILLION = Size(341, 42, "quick"), Size(2850, 42, "quick"), Size(2850, 400)
POOLED_FORM = "hinterland, pooled form"

CASES = (
    Case(
        "gravity/one-demand",
        ONE_DEMAND.name,
        (TINY, CITIES, COUNTIES, MILLION),
        {
            OURS: ours(gravity, ONE_DEMAND),
            POOLED_FORM: ours(pooled, ONE_DEMAND, largest=20_000),
            "numpy solve": numpy_solve(ONE_DEMAND, 4200),
        },
        severities=(FOUR,),
        bars=(
            Bar("341x42", "seconds", 0.2, severity=FOUR.label),
            Bar("2850x42", "seconds", 1.0, severity=FOUR.label),
            Bar("2850x400", "seconds", 6.0, severity=FOUR.label),
            Bar("2850x400", "MB", 1500.0, severity=FOUR.label),
        ),
        repeats=3,
    ),
    Case(
        "gravity/output-multipliers",
        OUTPUT_MULTIPLIERS.name,
        (TINY, CITIES, Size(2850, 42)),
        {
            OURS: ours(gravity, OUTPUT_MULTIPLIERS),
            POOLED_FORM: ours(pooled, OUTPUT_MULTIPLIERS, largest=20_000),
        },
        severities=(FOUR,),
        repeats=3,
    ),
    Case(
        "gravity/decay-continuum",
        ONE_DEMAND.name + ", every product a decay of its own",
        (Size(8, 42), Size(341, 42, "quick"), Size(2850, 42)),
        {
            OURS: ours(gravity, ONE_DEMAND),
            POOLED_FORM: ours(pooled, ONE_DEMAND, largest=20_000),
        },
        severities=(CONTINUUM,),
        repeats=3,
    ),
    Case(
        "gravity/product",
        "2 products with one vector",
        (TINY, CITIES, COUNTIES, MILLION),
        {OURS: product(gravity, 1, 2)},
        severities=(FOUR,),
        bars=tuple(
            Bar(size, "ratio", 0.5, against=PHYSICAL_LIMIT, severity=FOUR.label)
            for size in ("2850x42", "2850x400")
        ),
        repeats=5,
    ),
    Case(
        "gravity/product-16",
        "one product with 16 vectors",
        (TINY, CITIES, Size(2850, 42)),
        {OURS: product(gravity, 16, 1)},
        severities=(FOUR,),
        bars=(Bar("2850x42", "ratio", 0.5, against=PHYSICAL_LIMIT, severity=FOUR.label),),
        repeats=5,
    ),
)
