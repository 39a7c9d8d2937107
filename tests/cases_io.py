"""Published input-output cases beside the checkout; a test skips where they are absent."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
from paths import shared


def case(name):
    """Frames by file name (index in the first column) and `expected`: values and tolerances."""
    folder = shared("cases", "io", name)
    frames = {path.stem: pd.read_csv(path, index_col=0) for path in sorted(folder.glob("*.csv"))}
    expected = json.loads((folder / "expected.json").read_text())["expected"]
    return SimpleNamespace(
        **frames,
        value={key: entry["value"] for key, entry in expected.items()},
        tolerance={key: entry["tol"] for key, entry in expected.items()},
    )
