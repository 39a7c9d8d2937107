"""What changed in a network over the years, what it is owed to, and who gained.

Public names
------------
CAUSES, changed_causes, causes_of_modes, network_of_years : rail, roads and flights of any years
FastestOfYears, split_change : what each of them changed
quantile_table, gains_by_group, gains_of, who_gains, Gains : who gains and who does not
"""

from networks.change.causes import (
    CAUSES,
    FastestOfYears,
    causes_of_modes,
    changed_causes,
    network_of_years,
    split_change,
)
from networks.change.gains import (
    Gains,
    gains_by_group,
    gains_of,
    quantile_table,
    who_gains,
)

__all__ = [
    "CAUSES",
    "FastestOfYears",
    "Gains",
    "causes_of_modes",
    "changed_causes",
    "gains_by_group",
    "gains_of",
    "network_of_years",
    "quantile_table",
    "split_change",
    "who_gains",
]
