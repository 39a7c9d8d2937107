"""Holding results to their bars.

Question owned: is a bar met, missed, or was it not measured?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.case import BEST_FORCED, FORCED, OURS, PHYSICAL_LIMIT, Bar, Case

Record = dict[str, Any]


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
    }  # fmt: skip


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
