"""How every dimension of a table is spelled.

Dimension names live here and nowhere else. A pair stands where a matrix needs two:
`REGION_FROM`, `SECTOR_FROM` say where a product is made, `REGION_TO`, `SECTOR_TO` who buys it.
Flat arrays are region-major: row r * n_sectors + i is sector i of region r.
"""

from __future__ import annotations

from typing import Final, Literal

REGION: Final = "region"
SECTOR: Final = "sector"
REGION_FROM: Final = "region_from"
SECTOR_FROM: Final = "sector_from"
REGION_TO: Final = "region_to"
SECTOR_TO: Final = "sector_to"
CATEGORY: Final = "category"
PRIMARY: Final = "primary"
STRESSOR: Final = "stressor"
IMPORT_PRODUCT: Final = "import_product"
"""Rows of imports that are not told by the sectors of the table (often one total row)."""

Kind = Literal["explicit", "pooled"]

EXPORTS: Final = "exports"
"""Category label of the last columns of `RegionalTable.Y`: exports by producing region."""
DISCREPANCY: Final = "discrepancy"
"""Category label of the columns of `RegionalTable.Y` with what the source leaves unexplained."""
UNTOLD: Final = "place of use not told"
"""Region label of final demand whose place of use a source does not give."""
ONE_CATEGORY: Final = "final demand"
ONE_IMPORT: Final = "imports"
REMAINDER: Final = "primary inputs and imports, not told apart"
"""The one primary row of a table that gives neither value added nor imports."""
