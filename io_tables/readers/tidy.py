"""Tables from one long CSV file.

Public names: `read_tidy`.

One row a flow: `region_from, sector_from, region_to, sector_to, value`.

    final demand    sector_to "final:<category>", region_to the place of use
    exports         sector_to "final:exports", whatever region_to says
    imports         sector_from "import:<product>", region_from blank
    value added     sector_from "primary:<kind>", region_from blank
    product taxes   sector_from "taxes", region_from blank

Flows that are not listed are zero; a flow listed twice is refused. A column `unit`, where there
is one, holds one value. Output is the row total.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from io_tables.dims import EXPORTS
from io_tables.errors import UnreadableTable
from io_tables.labels import did_you_mean, shown
from io_tables.table import RegionalTable

KEYS: Final = ["region_from", "sector_from", "region_to", "sector_to"]
_FORGIVEN: Final = {
    "from_region": "region_from",
    "from_sector": "sector_from",
    "to_region": "region_to",
    "to_sector": "sector_to",
    "units": "unit",
    "flow": "value",
}
_FINAL: Final = "final:"
_IMPORT: Final = "import:"
_PRIMARY: Final = "primary:"
_TAXES: Final = "taxes"


def _read(path: Path) -> pd.DataFrame:
    separator = "\t" if path.suffix.lower() in (".tsv", ".txt") else ","
    try:
        long = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False)
    except (ValueError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableTable(f"{path.name} is not a CSV file: {first}") from error
    names = [str(column).strip().lower() for column in long.columns]
    long.columns = pd.Index([_FORGIVEN.get(name, name) for name in names])
    lacking = [c for c in [*KEYS, "value"] if c not in long.columns]
    if lacking:
        near = did_you_mean(lacking[0], list(long.columns))
        raise UnreadableTable(
            f"{path.name} must have the columns {', '.join([*KEYS, 'value'])}, missing: "
            f"{', '.join(lacking)}{near}"
        )
    value = pd.to_numeric(long["value"], errors="coerce")
    if value.isna().any():
        where = [f"line {i + 2} ({long['value'].iloc[i]!r})" for i in value.index[value.isna()]]
        raise UnreadableTable(f"{path.name}: values must be numbers, found {shown(where)}")
    for key in KEYS:
        long[key] = long[key].str.strip()
    long["value"] = value.astype("float64")
    repeated = long.duplicated(KEYS)
    if repeated.any():
        rows = [tuple(row) for row in long.loc[repeated, KEYS].itertuples(index=False)]
        raise UnreadableTable(f"{path.name}: flows listed twice: {shown(rows)}")
    return long


def _wide(
    rows: pd.DataFrame, index: list[str], columns: list[str], labels: pd.MultiIndex
) -> pd.DataFrame:
    """Rows as a frame whose columns are all industries."""
    wide = rows.pivot(index=index, columns=columns, values="value")
    return wide.reindex(columns=labels).fillna(0.0)


def read_tidy(path: Path) -> RegionalTable:
    """Read an explicit table from one long CSV file.

    Raises
    ------
    UnreadableTable
        When columns are missing, values are not numbers or flows are listed twice.
    InvalidTable
        As for `RegionalTable.from_flows`.
    """
    long = _read(path)
    final = long["sector_to"].str.lower().str.startswith(_FINAL)
    lower = long["sector_from"].str.lower()
    imported, primary = lower.str.startswith(_IMPORT), lower.str.startswith(_PRIMARY)
    taxed = lower == _TAXES
    made = ~(imported | primary | taxed)
    between = long[made & ~final]
    industries = list(
        dict.fromkeys(
            [
                *zip(long.loc[made, "region_from"], long.loc[made, "sector_from"], strict=True),
                *zip(long.loc[~final, "region_to"], long.loc[~final, "sector_to"], strict=True),
            ]
        )
    )
    if not industries or not (made & final).any():
        raise UnreadableTable(
            f"{path.name}: a table needs flows between industries and final demand (sector_to "
            f"'{_FINAL}<category>')"
        )
    labels = pd.MultiIndex.from_tuples(industries)
    Z = _wide(between, KEYS[:2], KEYS[2:], labels).reindex(labels).fillna(0.0)
    demand = long[final].assign(category=long.loc[final, "sector_to"].str[len(_FINAL) :])
    exported = demand["category"].str.lower() == EXPORTS
    at_home = demand[made[final] & ~exported]
    Y = at_home.pivot(index=KEYS[:2], columns=["region_to", "category"], values="value")
    exports = demand[made[final] & exported].groupby(KEYS[:2])["value"].sum()
    blocks = {
        name: _wide(
            long[mask & ~final].assign(
                row=long.loc[mask & ~final, "sector_from"].str[len(prefix) :]
            ),
            ["row"],
            KEYS[2:],
            labels,
        )
        if (mask & ~final).any()
        else None
        for name, mask, prefix in (("imports", imported, _IMPORT), ("va", primary, _PRIMARY))
    }
    final_rows = demand[imported[final] & ~exported]
    final_imports = (
        final_rows.assign(row=final_rows["sector_from"].str[len(_IMPORT) :])
        .pivot(index="row", columns=["region_to", "category"], values="value")
        .fillna(0.0)
        if len(final_rows)
        else None
    )
    taxes = long[taxed & ~final].set_index(KEYS[2:])["value"].reindex(labels).fillna(0.0)
    units = sorted(set(long["unit"])) if "unit" in long else ["money"]
    if len(units) != 1:
        raise UnreadableTable(f"{path.name}: one unit is needed, found {shown(units)}")
    return RegionalTable.from_flows(
        Z,
        Y.reindex(labels).fillna(0.0),
        va=blocks["va"],
        imports=blocks["imports"],
        final_imports=final_imports,
        taxes=taxes if taxed.any() else None,
        exports=exports.reindex(labels).fillna(0.0) if exported.any() else None,
        units=units[0],
        name=path.stem,
    )
