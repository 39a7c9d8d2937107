"""What pairs of places put on links: weights of pairs accumulated over shortest-path trees.

Public names
------------
load_links, LinkLoad, tracks : from weights of pairs of places to every link of a network
load_core, CoreLoad, Ways : the same for one graph
street_legs : the links on the ways between zones and stops
"""

from networks.tree_loading.links import LinkLoad, load_links, tracks
from networks.tree_loading.trees import CoreLoad, Ways, load_core, street_legs

__all__ = ["CoreLoad", "LinkLoad", "Ways", "load_core", "load_links", "street_legs", "tracks"]
