"""Least paths from many origins to many destinations over a customised hierarchy.

Public names
------------
many_to_many, weights_between, path_arcs : see ``networks.sweeps.matrix``
"""

from networks.sweeps.matrix import many_to_many, path_arcs, weights_between

__all__ = ["many_to_many", "path_arcs", "weights_between"]
