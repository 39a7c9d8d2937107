"""Holding results to their bars.

Question owned: is a bar met, missed, or was it not measured?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.case import BEST_FORCED, FORCED, OURS, PHYSICAL_LIMIT, Bar, Case

Record = dict[str, Any]

STOPS: dict[str, str] = {
    "pooled/product": "Every number of the shares is used once: the time is that of reading them, "
    "and of waking a second thread.",
    "gravity/product": "Some ten products share a kernel: between the limit of memory and that of "
    "matrix products.",
    "explicit/inverse": "2 n^3 operations (LAPACK's factors, L below its diagonal, one triangular "
    "solve) where numpy does 8/3 n^3; the bound takes four passes over the matrix more.",
    "real/multipliers-split": "Seven products of A with one column per region and one more, the "
    "certificate's among them, are the floor; the stand-in for the inverse takes as long again as "
    "three of them.",
}
"""What stops a case, said where one of its bars may be missed."""


def judge(cases: Sequence[Case], results: Sequence[Record]) -> list[Record]:
    """One record for each bar of the cases: value, limit, met (None when not measured)."""
    return [_judged(case.name, bar, results) for case in cases for bar in case.bars]


def _judged(case: str, bar: Bar, results: Sequence[Record]) -> Record:
    here = {
        record["actor"]: record
        for record in results
        if record["case"] == case
        and record["size"] == bar.size
        and record["severity"] == bar.severity
        and record["status"] == "ok"
    }
    value = value_of(bar, here)
    met = None
    if value is not None:
        met = value >= bar.limit if bar.kind == "ratio" else value <= bar.limit
    return {
        "case": case, "size": bar.size, "severity": bar.severity, "kind": bar.kind,
        "against": bar.against, "limit": bar.limit, "value": value, "met": met, "note": bar.note,
        "profile": profile_of(here) if met is False else None, "stops": STOPS.get(case, ""),
    }  # fmt: skip


def profile_of(here: dict[str, Record]) -> Record | None:
    """Where a missed bar stands: our seconds and facts, the machine's limit, the peers' seconds."""
    ours = here.get(OURS)
    if ours is None:
        return None
    work = ours.get("work") or {}
    limit = ours.get("limit_seconds")
    flops = float(work.get("flops", 0.0)) / max(float(work.get("bytes", 0.0)), 1.0)
    return {
        "seconds": ours["warm_seconds"],
        "peak_mb": ours["peak_mb"],
        "limit_seconds": limit,
        "limited_by": f"{flops:.2g} operations to a byte of memory",
        "facts": ours.get("facts", {}),
        "beside": {n: r["warm_seconds"] for n, r in here.items() if n != OURS},
    }


def value_of(bar: Bar, here: dict[str, Record]) -> float | None:
    """What is held against the bar, from the records by actor; None when it was not measured."""
    ours = here.get(OURS)
    if ours is None:
        return None
    if bar.kind == "seconds":
        return float(ours["warm_seconds"])
    if bar.kind == "MB":
        return float(ours["peak_mb"])
    if bar.against == PHYSICAL_LIMIT:
        found = ours.get("fraction_of_limit")
        return None if found is None else float(found)
    if bar.against == BEST_FORCED:
        return _choice(ours, {n: r for n, r in here.items() if n.startswith(FORCED)})
    peer = here.get(bar.against)
    return None if peer is None else float(peer["warm_seconds"]) / float(ours["warm_seconds"])


def _choice(ours: Record, forced: dict[str, Record]) -> float | None:
    """Best forced seconds over those of the method chosen: its own two measurements, the better.

    The method chosen, forced, does the same work to the same bits: that it was measured twice must
    not count against the choice.
    """
    if not forced:
        return None
    chosen = forced.get(f"{FORCED}{ours.get('facts', {}).get('method')}", ours)
    best = min(float(record["warm_seconds"]) for record in forced.values())
    return best / min(float(ours["warm_seconds"]), float(chosen["warm_seconds"]))
