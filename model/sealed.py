"""Arrays that are kept for later and handed out: to be read, never written.

Owns the question: how does an object that others share keep its numbers?

Public names
------------
``sealed``   make every array of a frozen dataclass read-only

What is calibrated once serves many runs. A number written into one of its arrays would change every
run after it without a word; so numpy refuses. Arrays of fields are sealed, those of Datasets among
them, and of dataclasses in fields; what a table or a network holds is its own affair.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import xarray as xr

__all__ = ["sealed"]

OWN_AFFAIR = ("table", "network", "parameters", "roles", "places")


def sealed(kept: Any) -> None:
    """Make the arrays of a frozen dataclass read-only, in place.

    Parameters
    ----------
    kept : dataclass
        Fields that are called table, network, parameters, roles or places are left alone.
    """
    for field in fields(kept):
        if field.name in OWN_AFFAIR:
            continue
        held = getattr(kept, field.name)
        if isinstance(held, np.ndarray):
            held.flags.writeable = False
        elif isinstance(held, xr.Dataset):
            for variable in held.variables.values():
                if isinstance(variable.data, np.ndarray):
                    variable.data.flags.writeable = False
        elif is_dataclass(held):
            sealed(held)
