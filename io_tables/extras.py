"""Packages that only some formats need, imported when they are needed.

Public names: `require`. Extras: excel (openpyxl), parquet (pyarrow), zarr (zarr), pymrio (pymrio).
"""

from __future__ import annotations

import importlib
from types import ModuleType

from io_tables.errors import MissingExtra


def require(module: str, extra: str, what: str) -> ModuleType:
    """Return an optional module.

    Raises
    ------
    MissingExtra
        Saying what needs it and how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"{what} needs the package {module.split('.')[0]!r} ({error}): "
            f"pip install 'hinterland[{extra}]'"
        ) from error
