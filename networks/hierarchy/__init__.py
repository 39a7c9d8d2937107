"""Customizable contraction hierarchies: the order of a graph once, its weights as often as wanted.

Public names
------------
Hierarchy, build_hierarchy, load_hierarchy : the order of one topology
Metric, customised : weights in it
"""

from networks.hierarchy.metric import Metric, customised
from networks.hierarchy.topology import Hierarchy, build_hierarchy, load_hierarchy

__all__ = ["Hierarchy", "Metric", "build_hierarchy", "customised", "load_hierarchy"]
