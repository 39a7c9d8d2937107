"""What the map is: networks in, cost matrices and accessibility out.

Public names
------------
Network, read_network : places, stops and links with their costs
"""

from networks.network import Network
from networks.readers import read_network

__all__ = ["Network", "read_network"]
