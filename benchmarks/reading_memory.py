"""Peak memory and seconds of reading one explicit table from every format.

    python -m benchmarks.reading_memory 100 100 t.nc t.zarr t.npz t.parquet folder

writes a dense table of 100 regions x 100 sectors under the given names (which tell the format) in
a temporary folder, and reads each in a fresh process. Peak is what reading added to the process
after its imports, as a multiple of the table: the bar is 1.5 at 10,000 rows. Linux only (VmHWM).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from io_tables.readers import write_table
from io_tables.table import RegionalTable

CHILD = """
import json, sys, time
from io_tables.readers import read_table

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024

before, start = peak(), time.perf_counter()
table = read_table(sys.argv[1])
seconds = time.perf_counter() - start
size = sum(v.nbytes for v in table.data.data_vars.values())
print(json.dumps([table.x.size, size, peak() - before, seconds]))
"""


def dense_table(regions: int, sectors: int) -> RegionalTable:
    """Flows without a zero, and final demand that makes the table productive."""
    rng = np.random.default_rng(0)
    n = regions * sectors
    flows = rng.random((n, n)).astype(np.float32).astype(np.float64)
    return RegionalTable.from_flows(
        flows,
        rng.random((n, regions)) * n,
        regions=[f"R{k}" for k in range(regions)],
        sectors=[f"S{k}" for k in range(sectors)],
        copy=False,
    )


def main(regions: int, sectors: int, names: list[str]) -> None:
    """Print one line a format."""
    table = dense_table(regions, sectors)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            start = time.perf_counter()
            path = write_table(table, Path(folder) / name)
            written = time.perf_counter() - start
            child = [sys.executable, "-c", CHILD, str(path)]
            text = subprocess.run(child, capture_output=True, text=True, check=True).stdout
            rows, size, peak, read = json.loads(text)
            print(
                f"{name:12} {rows} rows, table {size / 2**20:.0f} MiB, peak {peak / 2**20:.0f} MiB "
                f"= {peak / size:.2f} x, write {written:.1f} s, read {read:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
