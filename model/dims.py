"""The names of the dimensions that `model` writes, spelled once.

Every labelled array of this package takes its dimension names from here.
"""

from __future__ import annotations

from typing import Final

REGION: Final = "region"
SECTOR: Final = "sector"
CATEGORY: Final = "category"
PRIMARY: Final = "primary"
STRESSOR: Final = "stressor"
POLE: Final = "pole"
PART: Final = "part"
ACCOUNT: Final = "account"
KIND: Final = "kind"
IDENTITY: Final = "identity"
STIMULUS_SECTOR: Final = "stimulus_sector"
CITY: Final = "city"
CLUSTER: Final = "cluster"
ORIGIN: Final = "origin"
DESTINATION: Final = "destination"
SCENARIO: Final = "scenario"
DRAW: Final = "draw"

ROW: Final = (REGION, SECTOR)
"""The two names of a table's rows, in the order of the flat arrays (region-major)."""
