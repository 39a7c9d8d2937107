"""What this machine offers: memory and threads.

Question owned: how much fits, and how many threads may work?

Public names
    free_memory    bytes that can still be used, a cautious guess where the system does not tell
    threads        threads for work of our own
"""

from __future__ import annotations

import os
from pathlib import Path

UNKNOWN = 4 * 1024**3
"""Bytes assumed where the system does not tell."""
_MEMINFO = Path("/proc/meminfo")
_LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def free_memory() -> int:
    """Bytes that can be used without swapping: told by Linux, half of what there is elsewhere."""
    try:
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass  # not Linux
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return UNKNOWN


def threads() -> int:
    """Return the cores this process may use, or what OMP_NUM_THREADS allows of them."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    for name in _LIMITS:
        told = os.environ.get(name, "")
        if told.isdigit() and int(told) > 0:
            return min(cores, int(told))
    return cores
