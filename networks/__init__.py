"""What the map is: networks in, cost matrices and accessibility out.

Public names
------------
Network, read_network : places, stops and links with their costs
Parameters, read_parameters : what generalised cost rests on
skim, skim_modes : origin-destination costs, times and their parts
"""

from networks.network import Network
from networks.parameters import Parameters, read_parameters
from networks.readers import read_network
from networks.skim import skim, skim_modes

__all__ = ["Network", "Parameters", "read_network", "read_parameters", "skim", "skim_modes"]
