"""What a table holds beside its flows, carried to places.

Public names:
- `place_accounts`: the accounts of the places, by name; and what could not be carried.
- `account_arguments`: these as arguments of `RegionalTable.from_pooled`.

Terms: M places, S sectors, C categories, K stressors; sigma (M, S) shares of output, delta (M, C)
shares of final demand within the region. Accounts of industries follow output, accounts of final
use follow final demand:

    discrepancy, employment (M, S), stressor_use (K, M, S)       times sigma
    final_taxes (M, C), stressor_demand (K, M, C)                times delta
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.container.checks import Floats
from io_tables.dims import CATEGORY, REGION, SECTOR, STRESSOR
from io_tables.table import RegionalTable

ACCOUNTS: Final[dict[str, tuple[str, ...]]] = {
    "discrepancy": (REGION, SECTOR),
    "employment": (REGION, SECTOR),
    "stressor_use": (STRESSOR, REGION, SECTOR),
    "final_taxes": (REGION, CATEGORY),
    "stressor_demand": (STRESSOR, REGION, CATEGORY),
}
"""Dims that an account must have to be carried."""


def place_accounts(
    table: RegionalTable, parent_of: NDArray[np.intp], sigma: Floats, delta: Floats
) -> tuple[dict[str, Floats], list[str]]:
    """Accounts of the places, and the names of those whose place is not told."""
    found: dict[str, Floats] = {}
    lost: list[str] = []
    for name, dims in ACCOUNTS.items():
        if name not in table.data:
            continue
        variable = table.data[name]
        if variable.dims != dims:
            lost.append(name)
            continue
        share = sigma if SECTOR in dims else delta
        found[name] = np.asarray(variable.values.take(parent_of, axis=dims.index(REGION)) * share)
    return found, lost


def account_arguments(
    parent: RegionalTable, accounts: Mapping[str, Floats], places: Sequence[str]
) -> dict[str, Any]:
    """Keyword arguments of `RegionalTable.from_pooled` for the accounts there are."""
    made: dict[str, Any] = {
        name: accounts[name] for name in ("discrepancy", "employment") if name in accounts
    }
    industries = pd.MultiIndex.from_product([places, parent.sectors], names=[REGION, SECTOR])
    finals = pd.MultiIndex.from_product([places, parent.categories], names=[REGION, CATEGORY])
    rows = parent.stressor_units.index
    if "stressor_use" in accounts:
        made["stressors"] = _frame(accounts["stressor_use"], rows, industries)
        made["stressor_units"] = {str(k): str(v) for k, v in parent.stressor_units.items()}
    if "stressor_demand" in accounts:
        made["stressor_demand"] = _frame(accounts["stressor_demand"], rows, finals)
    if "final_taxes" in accounts:
        made["final_taxes"] = _frame(accounts["final_taxes"], pd.Index(["taxes"]), finals)
    return made


def _frame(values: Floats, rows: pd.Index, columns: pd.MultiIndex) -> pd.DataFrame:
    return pd.DataFrame(values.reshape(len(rows), -1), index=rows, columns=columns)
