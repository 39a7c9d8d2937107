"""What the map is: networks in, cost matrices and accessibility out.

Public names
------------
Network, read_network : places, stops and links with their costs
Parameters, read_parameters : what generalised cost rests on
skim, skim_modes : origin-destination costs, times and their parts
region_cost : mean cost between regions
accessibility, competitive_accessibility, doubly_constrained : what places reach
theil_t, theil_l, theil_parts, gini, coefficient_of_variation : inequality over places
logsum, shares : alternatives that compete
"""

from networks.accessibility import accessibility
from networks.choice import logsum, shares
from networks.competition import competitive_accessibility, doubly_constrained
from networks.disparity import coefficient_of_variation, gini, theil_l, theil_parts, theil_t
from networks.network import Network
from networks.parameters import Parameters, read_parameters
from networks.readers import read_network
from networks.skim import skim, skim_modes
from networks.zones import region_cost

__all__ = [
    "Network",
    "Parameters",
    "accessibility",
    "coefficient_of_variation",
    "competitive_accessibility",
    "doubly_constrained",
    "gini",
    "logsum",
    "read_network",
    "read_parameters",
    "region_cost",
    "shares",
    "skim",
    "skim_modes",
    "theil_l",
    "theil_parts",
    "theil_t",
]
