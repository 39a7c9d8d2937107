"""How long `import hinterland` takes, beside the packages it stands on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.case import OURS, Actor, Answer, Case, Setting, Size

ROOT = Path(__file__).resolve().parents[1]


def _starting(statement: str) -> Actor:
    def prepare(setting: Setting) -> list[str]:
        return [sys.executable, "-c", statement]

    def run(command: list[str]) -> None:
        subprocess.run(command, check=True, cwd=ROOT, capture_output=True)

    def read(command: list[str], result: None) -> Answer:
        return Answer(np.zeros(1))

    return Actor(prepare, run, read)


CASES = (
    Case(
        "startup/import",
        "a fresh interpreter that imports the package",
        (Size(1, 1, "quick", name="-"),),
        {
            OURS: _starting("import hinterland"),
            "numpy, scipy, pandas, xarray": _starting(
                "import numpy, scipy.sparse.linalg, pandas, xarray"
            ),
            "nothing": _starting("pass"),
        },
        repeats=5,
    ),
)
