"""One case in a process of its own.

Question owned: how long does each actor take cold and warm, how much memory, and what does it find?

`python -m benchmarks.child ORDER.json`: reads what to do, writes `result.json` and one
`probe<k>.npy` for each actor beside it. Cold is the first run in the process (compilation, first
touch); warm are the runs after it, each from the same prepared input. Peak memory is what a run
held above the interpreter with its imports, prepared input included.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sys
import time
import traceback
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import memory, registry
from benchmarks.case import Actor, Answer, FloatArray, Setting, Severity, Size, Skip

LONG = 20.0
"""Seconds of a cold run above which it is not repeated: it stands for the warm one."""


def main(order_file: str) -> None:
    """Do what the order says; failures are results too."""
    began = time.perf_counter()
    folder = Path(order_file).parent
    order = json.loads(Path(order_file).read_text(encoding="utf-8"))
    case = registry.find(order["case"])
    actors = [name for name in order["actors"] if name in case.actors]
    for name in actors:
        for module in case.actors[name].needs:
            if find_spec(module) is not None:
                import_module(module)
    imported = time.perf_counter() - began
    severity = dict(order["severity"])
    severity["decay"] = tuple(severity["decay"])
    setting = Setting(Size(**order["size"]), Severity(**severity))
    loaded = Setting(case.sizes[0], case.severities[0])
    for name in actors:  # what is imported on the way to the input is no memory of the run
        load(case.actors[name], loaded)
    memory.give_back()
    base = memory.held()
    results = {}
    for k, name in enumerate(actors):
        found, probe = measure(case.actors[name], setting, order["repeats"], order["budget"], base)
        if probe is not None:
            np.save(folder / f"probe{k}.npy", probe)
        results[name] = found
    done = {"import_seconds": imported, "actors": results}
    (folder / "result.json").write_text(json.dumps(done), encoding="utf-8")


def load(actor: Actor, setting: Setting) -> None:
    """Prepare a small input and let it go; what stands in the way is told by `measure`."""
    try:
        actor.prepare(setting)
    except Exception:  # measured, and told, in its own turn
        return


def measure(
    actor: Actor, setting: Setting, repeats: int, budget: float, base: int
) -> tuple[dict[str, Any], FloatArray | None]:
    """Return the record of one actor and its probe, None when it has none."""
    missing = [module for module in actor.needs if find_spec(module) is None]
    if missing:
        return {"status": "skipped", "reason": f"{', '.join(missing)} is not installed"}, None
    if actor.largest is not None and setting.size.rows > actor.largest:
        return {"status": "skipped", "reason": f"left out above {actor.largest:,} rows"}, None
    try:
        return _measured(actor, setting, repeats, budget, base)
    except Skip as reason:
        return {"status": "skipped", "reason": str(reason)}, None
    except Exception as error:  # a failing case must not hide the others
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return {"status": "error", "reason": f"{type(error).__name__}: {error} ({place})"}, None


def _measured(
    actor: Actor, setting: Setting, repeats: int, budget: float, base: int
) -> tuple[dict[str, Any], FloatArray]:
    prepared = actor.prepare(setting)
    memory.give_back()
    in_hand = memory.held()
    alone = memory.forget_peak()
    cold, answer = _timed(actor, prepared)
    sums = {_checksum(answer.probe)}
    warm: list[float] = []
    while cold <= LONG and len(warm) < repeats and (not warm or sum(warm) < budget):
        seconds, answer = _timed(actor, prepared)
        warm.append(seconds)
        sums.add(_checksum(answer.probe))
    warm = [actor.scale * seconds for seconds in warm or [cold]]
    return {
        "status": "ok",
        "cold_seconds": actor.scale * cold,
        "warm_seconds": float(np.median(warm)),
        "best_seconds": min(warm),
        "repeats": len(warm),
        "peak_mb": max(memory.peak() - base, 0) / 1e6,
        "input_mb": max(in_hand - base, 0) / 1e6,
        "peak_is_of_run": alone,
        "same_bits": len(sums) == 1,
        "checksum": min(sums),
        "total": float(answer.probe.sum()),
        "work": None if answer.work is None else asdict(answer.work),
        "facts": dict(answer.facts),
    }, answer.probe


def _timed(actor: Actor, prepared: Any) -> tuple[float, Answer]:
    gc.collect()
    began = time.perf_counter()
    result = actor.run(prepared)
    seconds = time.perf_counter() - began
    return seconds, actor.read(prepared, result)


def _checksum(probe: FloatArray) -> str:
    return hashlib.sha256(np.ascontiguousarray(probe).tobytes()).hexdigest()[:16]


if __name__ == "__main__":
    main(sys.argv[1])
