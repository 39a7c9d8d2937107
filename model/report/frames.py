"""From a labelled array to a pandas table of known shape.

Owns the question "how does a piece of the result's dataset become rows and columns?".

- `frame_of`: two dimensions as a DataFrame.
- `floats`: values of a Series as a list, for a column of a table.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import xarray as xr

__all__ = ["floats", "frame_of"]


def frame_of(array: xr.DataArray, rows: str, columns: str) -> pd.DataFrame:
    """Give a two-dimensional array as a DataFrame with its labels."""
    ordered = array.transpose(rows, columns)
    return pd.DataFrame(
        ordered.to_numpy(),
        index=pd.Index(ordered[rows].to_numpy(), name=rows),
        columns=pd.Index(ordered[columns].to_numpy(), name=columns),
    )


def floats(values: Iterable[object], factor: float = 1.0) -> list[float]:
    """Give numbers as floats times a factor."""
    return [float(value) * factor for value in values]  # type: ignore[arg-type]  # numbers only
