"""How much of a demand goes over every link and through every node, on least ways.

Public names
------------
betweenness, Betweenness : of a network, by the least main mode, door to door
graph_betweenness, GraphBetweenness : of any graph of arcs with weights
"""

from networks.betweenness.graph import Engine, GraphBetweenness, graph_betweenness
from networks.betweenness.of_network import Betweenness, betweenness

__all__ = ["Betweenness", "Engine", "GraphBetweenness", "betweenness", "graph_betweenness"]
