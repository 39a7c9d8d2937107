"""Which way given trips take, and how the roads slow down under them.

Public names
------------
assign, UserClass, Assignment : all-or-nothing and user equilibrium of given trips
RoadGraph : links, zones and nodes that must not be passed through
Bpr, UserCost : how time grows with traffic
all_or_nothing, zone_costs : one loading, and least costs between zones
"""

from networks.assignment.assign import Assignment, NotConverged, Status, assign
from networks.assignment.costs import Bpr, CostFunction, UserCost
from networks.assignment.graph import RoadGraph
from networks.assignment.loading import all_or_nothing, zone_costs
from networks.assignment.user_class import UserClass

__all__ = [
    "Assignment",
    "Bpr",
    "CostFunction",
    "NotConverged",
    "RoadGraph",
    "Status",
    "UserClass",
    "UserCost",
    "all_or_nothing",
    "assign",
    "zone_costs",
]
