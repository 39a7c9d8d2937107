"""Starting the children, comparing their answers, judging the bars.

Question owned: what did every actor do on every case, and does it agree with ours?

Public names
    Plan           mode, threads, which cases
    run_cases      results of all cases (the JSON document)
    measure_machine    the machine block, measured in a child with the same threads
    failures       what makes a run red: errors, answers that differ, bits that change

Each case runs in fresh processes with a fixed number of threads: every actor in one of its own, so
that peak memory is its own; in a smoke run all actors of a case share one, and two cases run at
once, because nobody reads its figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.bars import judge
from benchmarks.case import OURS, Case, Setting
from benchmarks.machine import limit_seconds

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = 1
Mode = Literal["smoke", "quick", "full"]
Record = dict[str, Any]
_REPEATS = {"smoke": 1, "quick": 3, "full": 50}
_BUDGET = {"smoke": 1.0, "quick": 2.0, "full": 20.0}
_PATIENCE = {"smoke": 60.0, "quick": 120.0, "full": 1200.0}


@dataclass(frozen=True)
class Plan:
    mode: Mode
    threads: int
    cases: tuple[Case, ...]
    say: Callable[[str], None] = lambda line: None


def _environment(threads: int) -> dict[str, str]:
    names = ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM", "BLIS")
    fixed = {f"{name}_NUM_THREADS": str(threads) for name in names}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return os.environ | fixed | {"VECLIB_MAXIMUM_THREADS": str(threads), "PYTHONPATH": path}


def measure_machine(threads: int, *, seconds: float) -> Record:
    """The machine block (`benchmarks.machine`), from a process with the same threads."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.machine", str(threads), str(seconds)],
        env=_environment(threads), cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: Record = json.loads(done.stdout.splitlines()[-1])
    return found


def run_cases(plan: Plan) -> Record:
    """Run all cases of a plan and return the results document."""
    began = time.perf_counter()
    machine = measure_machine(plan.threads, seconds=0.02 if plan.mode == "smoke" else 0.2)
    results: list[Record] = []
    if plan.mode == "smoke":
        with ThreadPoolExecutor(max(1, plan.threads)) as pool:
            jobs = [(case, s) for case in plan.cases for s in case.settings("smoke")]
            for found in pool.map(lambda job: _smoke(plan, *job), jobs):
                results += found
                plan.say(_line(found))
    else:
        for case in plan.cases:
            for setting in case.settings(plan.mode):
                found = run_setting(plan, case, setting)
                results += found
                plan.say(_line(found))
    for record in results:
        limit = limit_seconds(record.get("work"), machine)
        if limit is not None:
            record["limit_seconds"] = limit
            record["fraction_of_limit"] = limit / record["warm_seconds"]
    return {
        "schema": SCHEMA,
        "mode": plan.mode,
        "threads": plan.threads,
        "seconds": time.perf_counter() - began,
        "machine": machine,
        "results": results,
        "bars": judge(plan.cases, results) if plan.mode != "smoke" else [],
    }


def _smoke(plan: Plan, case: Case, setting: Setting) -> list[Record]:
    alone = Plan(plan.mode, 1, plan.cases)
    return run_setting(alone, case, setting, together=True)


def run_setting(
    plan: Plan, case: Case, setting: Setting, *, together: bool = False
) -> list[Record]:
    """One record for each actor on one setting, ours first."""
    names = list(case.actors)
    groups = [names] if together else [[name] for name in names]
    records: list[Record] = []
    ours: np.ndarray[Any, np.dtype[np.float64]] | None = None
    for group in groups:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
            folder = Path(name)
            found = _child(plan, case, setting, group, folder)
            for k, actor in enumerate(group):
                record = _identity(case, setting, actor) | found[actor]
                file = folder / f"probe{k}.npy"
                probe = np.load(file) if file.exists() else None
                if actor == OURS:
                    ours = probe
                elif probe is not None and ours is not None:
                    record |= compare(ours, probe, case.tolerance)
                records.append(record)
    return records


def compare(
    ours: np.ndarray[Any, np.dtype[np.float64]],
    theirs: np.ndarray[Any, np.dtype[np.float64]],
    tolerance: float,
) -> Record:
    """Largest difference relative to the largest number; a shape that differs is a difference."""
    if ours.shape != theirs.shape:
        return {"difference": None, "agrees": False,
                "reason": f"answers have shapes {ours.shape} and {theirs.shape}"}  # fmt: skip
    size = float(np.abs(theirs).max(initial=0.0)) or 1.0
    difference = float(np.abs(ours - theirs).max(initial=0.0)) / size
    return {"difference": difference, "agrees": bool(difference <= tolerance)}


def _identity(case: Case, setting: Setting, actor: str) -> Record:
    return {
        "case": case.name,
        "task": case.task,
        "size": setting.size.label,
        "rows": setting.size.rows,
        "severity": setting.severity.label,
        "actor": actor,
    }


def _child(
    plan: Plan, case: Case, setting: Setting, actors: Sequence[str], folder: Path
) -> dict[str, Record]:
    order = {
        "case": case.name,
        "size": asdict(setting.size),
        "severity": asdict(setting.severity),
        "actors": list(actors),
        "repeats": min(_REPEATS[plan.mode], case.repeats),
        "budget": _BUDGET[plan.mode],
    }
    file = folder / "order.json"
    file.write_text(json.dumps(order), encoding="utf-8")
    failed = "the process ended without a result"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.child", str(file)], env=_environment(plan.threads),
            cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE[plan.mode], check=False,
        )  # fmt: skip
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        failed = f"{failed}: {last[0]}"
    except subprocess.TimeoutExpired:
        failed = f"stopped after {_PATIENCE[plan.mode]:.0f} s"
    result = folder / "result.json"
    if not result.exists():
        return {actor: {"status": "error", "reason": failed} for actor in actors}
    found = json.loads(result.read_text(encoding="utf-8"))
    records: dict[str, Record] = found["actors"]
    for record in records.values():
        record["import_seconds"] = found["import_seconds"]
    return records


def failures(results: Sequence[Record]) -> list[str]:
    """One line for each error, each answer that differs and each answer whose bits change."""
    lines = []
    for record in results:
        what = f"{record['case']} {record['size']} {record['severity']}".strip()
        what = f"{what}, {record['actor']}"
        if record["status"] == "error":
            lines.append(f"{what}: {record['reason']}")
        elif not record.get("agrees", True):
            found = record.get("difference")
            gap = record["reason"] if found is None else f"differs from ours by {found:.1e}"
            lines.append(f"{what}: {gap}")
        elif record["actor"] == OURS and not record.get("same_bits", True):
            lines.append(f"{what}: repeated runs gave different bits")
    return lines


def _line(records: Sequence[Record]) -> str:
    first = records[0]
    head = f"{first['case']} {first['size']} {first['severity']}".strip()
    parts = []
    for record in records:
        if record["status"] == "ok":
            parts.append(f"{record['actor']} {record['warm_seconds']:.4g} s")
        elif record["status"] == "error":
            parts.append(f"{record['actor']} ERROR {record['reason']}")
        elif record["actor"] == OURS:
            parts.append(f"skipped: {record['reason']}")
    return f"{head}: {'; '.join(parts)}"
