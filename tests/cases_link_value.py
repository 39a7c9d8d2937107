"""A small table on a random network, for tests of the value of links."""

import numpy as np
from cases_networks import random_network

import hinterland as hl
from io_tables.testing import random_table

ROLES = hl.SectorRoles(("goods", "goods", "transport", "service"))


def small_model(seed=1, *, theta=3.0, regions=3):
    table = random_table(seed, regions, 4)
    network = random_network(seed, places=5)
    nodes, links = network.nodes.copy(), network.links.copy()
    place = nodes["kind"] == "place"
    nodes.loc[place, "region"] = [table.regions[i % regions] for i in range(place.sum())]
    nodes.loc[place, "gdp"] = np.random.default_rng(seed).uniform(1.0, 9.0, place.sum())
    links["minutes"] = links["minutes"].clip(lower=2.0)
    links["km"] = links["km"].clip(lower=2.0)
    return hl.SpatialModel(table, hl.Network(nodes, links), {"theta": theta}, roles=ROLES)
