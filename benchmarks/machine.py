"""What this machine can do: the physical limits that figures are held against.

Question owned: how fast can memory be read and matrices be multiplied, with these threads, now?

Public names
    describe_machine    the machine block of the results
    limit_seconds       the least seconds a piece of work can take

Bandwidth is the larger of a triad a = b + s c (three streams) and a dot product (two), on working
sets from a megabyte to a quarter of a gigabyte: what fits in a cache is held against that cache.
The matrix-multiply rate is the best of several products of 1,536 x 1,536 float64 matrices by BLAS.
Our kernels for few vectors can be faster than BLAS is (their rate is measured beside it): shares of
the limit above one are theirs.

    least seconds = max(flops / rate, bytes / bandwidth of the working set)

Source: McCalpin (1995) for the triad; Williams, Waterman & Patterson (2009) for the limit.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

WORKING_SETS = (1.0, 4.0, 16.0, 64.0, 256.0)
"""Megabytes."""
PACKAGES = ("hinterland", "numpy", "scipy", "pandas", "xarray", "numba", "pymrio", "mariopy")


def _best(run: Callable[[], object], seconds: float) -> float:
    """Fewest seconds of a run, repeated for a given time."""
    run()
    fewest, until = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        run()
        fewest = min(fewest, time.perf_counter() - began)
    return float(fewest)


def bandwidth(megabytes: float, threads: int, seconds: float) -> dict[str, float]:
    """GB a second of triad and dot product over a working set."""
    from benchmarks._kernels import triad  # compiles

    n = int(megabytes * 1e6 / 24) // threads * threads
    a, b, c = np.zeros(n), np.ones(n), np.ones(n)
    sweeps = max(1, int(4e6 / n))
    pieces = np.arange(threads + 1) * (n // threads)
    with ThreadPoolExecutor(threads) as pool:

        def all_threads() -> None:
            parts = [slice(pieces[t], pieces[t + 1]) for t in range(threads)]
            list(pool.map(lambda part: triad(a[part], b[part], c[part], sweeps), parts))

        triad_seconds = _best(all_threads, seconds) / sweeps

    def dots() -> None:
        for _ in range(sweeps):
            np.dot(b, c)

    dot_seconds = _best(dots, seconds) / sweeps
    return {"megabytes": megabytes, "triad": 24e-9 * n / triad_seconds,
            "dot": 16e-9 * n / dot_seconds}  # fmt: skip


def multiply_rate(seconds: float, n: int = 1536) -> float:
    """Giga-operations a second of a matrix product."""
    rng = np.random.default_rng(1)
    a, b, out = rng.random((n, n)), rng.random((n, n)), np.empty((n, n))
    return 2e-9 * n**3 / _best(lambda: np.matmul(a, b, out=out), seconds)


def kernel_rate(seconds: float, n: int = 1302, columns: int = 64) -> float:
    """Giga-operations a second of our kernels for few vectors: one matrix that stays in a cache."""
    from model.leontief import narrow  # compiles

    matrix, vectors = np.ones((n, n)), np.ones((n, columns))
    return 2e-9 * n * n * columns / _best(lambda: narrow.times(matrix, vectors), seconds)


def describe_machine(threads: int, *, seconds: float = 0.15) -> dict[str, Any]:
    """Return cores, BLAS, threads, memory, versions and measured limits; no names of hosts."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "processor": _from_proc("/proc/cpuinfo", "model name") or platform.processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": available_cores(),
        "threads": threads,
        "memory_gb": _memory_gb(),
        "last_cache_mb": _last_cache_mb(),
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "bandwidth_gb_s": [bandwidth(size, threads, seconds) for size in WORKING_SETS],
        "multiply_gflops": multiply_rate(2 * seconds),
        "kernel_gflops": kernel_rate(2 * seconds),
    }


def limit_seconds(work: dict[str, float] | None, machine: dict[str, Any]) -> float | None:
    """Least seconds the work can take on the machine; None when there is no figure for it."""
    if work is None:
        return None
    rungs = machine["bandwidth_gb_s"]
    fitting = [rung for rung in rungs if 1e6 * rung["megabytes"] >= work["resident"]]
    rung = fitting[0] if fitting else rungs[-1]
    streams = work["bytes"] / (1e9 * max(rung["triad"], rung["dot"]))
    return max(work["flops"] / (1e9 * float(machine["multiply_gflops"])), float(streams))


def available_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _from_proc(file: str, key: str) -> str:
    path = Path(file)
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    return ""


def _memory_gb() -> float | None:
    text = _from_proc("/proc/meminfo", "MemTotal")
    return round(int(text.split()[0]) * 1024 / 1e9, 1) if text else None


def _last_cache_mb() -> float | None:
    sizes = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    found = [int(p.read_text(encoding="ascii").strip().rstrip("K")) for p in sizes]
    return round(max(found) * 1024 / 1e6, 1) if found else None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(describe_machine(int(sys.argv[1]), seconds=float(sys.argv[2]))))
