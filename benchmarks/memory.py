"""Memory of this process: what it holds, and the most it has held since a given moment.

Question owned: how much memory did a run need? Linux tells; elsewhere only the peak since start.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def _kilobytes(key: str) -> int | None:
    if not _STATUS.exists():
        return None
    for line in _STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return None


def held() -> int:
    """Bytes in memory now; the peak where the system does not tell."""
    found = _kilobytes("VmRSS:")
    return peak() if found is None else found * 1024


def peak() -> int:
    """Most bytes in memory since `forget_peak`, or since the start where it cannot forget."""
    found = _kilobytes("VmHWM:")
    if found is not None:
        return found * 1024
    if sys.platform == "win32":
        return 0
    import resource  # not on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def forget_peak() -> bool:
    """Start the peak anew from what is held now; False where the system cannot."""
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def give_back() -> None:
    """Hand freed memory back to the system, so that it does not count as held (glibc alone can)."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
