"""Structural paths from any stressor or value added to any final demand."""

from model.paths.figures import path_links, path_tree, plot_paths, plot_sankey
from model.paths.search import Paths, stream_paths, structural_paths

__all__ = [
    "Paths",
    "path_links",
    "path_tree",
    "plot_paths",
    "plot_sankey",
    "stream_paths",
    "structural_paths",
]
