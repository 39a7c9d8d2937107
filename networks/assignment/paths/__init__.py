"""User equilibrium by path flows.

Public names
------------
solve_paths : flows by class, from flows on stored paths
"""

from networks.assignment.paths.solve import solve_paths

__all__ = ["solve_paths"]
