"""Networks from files, one module per format.

Public names
------------
read_network : a folder of CSV tables
"""

from networks.readers.folder import read_network

__all__ = ["read_network"]
