"""The embedded network of China: 341 cities, rail, road and air, base year 2020.

Public names
------------
load_china_network : the network of a year, 1990 to 2020
load_border_places : county towns, ports and passes on the border that can be named
load_china_groups : national poles, clusters, tiers and other groupings of the cities
"""

from networks.china.load import load_border_places, load_china_groups, load_china_network

__all__ = ["load_border_places", "load_china_groups", "load_china_network"]
