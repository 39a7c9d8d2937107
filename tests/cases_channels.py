"""Small economies for tests of channels: who earns, who buys, and what shakes them."""

import numpy as np
import pandas as pd

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.blocks import Blocks
from model.channels.economy import Economy
from model.coupling import SpatialModel
from networks.network import Network


def economy(seed, n_regions=4, n_sectors=3):
    """A random economy in which part of primary inputs are wages and one category households."""
    for again in range(100):  # until no industry would pay more in wages than it has
        blocks = Blocks.of(random_table(seed + 100_003 * again, n_regions, n_sectors))
        rng = np.random.default_rng(seed)
        categories = blocks.demand.shape[2]
        homes = np.arange(categories) == 0
        spent = blocks.demand[:, :, homes].sum(axis=(1, 2))
        wages = blocks.primary * rng.uniform(0.5, 0.7, (n_regions, 1))
        wages *= np.maximum(1.0, 1.3 * spent / wages.sum(axis=1))[:, None]
        if np.all(wages <= 0.9 * blocks.primary):
            break
    return Economy(
        blocks=blocks,
        theta=rng.uniform(0.5, 8.0, n_sectors),
        regions=tuple(f"r{k}" for k in range(n_regions)),
        sectors=tuple(f"s{k}" for k in range(n_sectors)),
        categories=tuple(f"c{k}" for k in range(categories)),
        unit="money",
        wages=wages,
        household_buys=homes,
        investment_buys=np.arange(categories) == 1,
        population=rng.uniform(1.0, 5.0, n_regions),
    )


def shocks(seed, one):
    rng = np.random.default_rng(seed + 1)
    return (
        np.exp(rng.normal(-0.05, 0.1, one.blocks.trade.shape)),
        np.exp(rng.normal(0.02, 0.05, one.blocks.output.shape)),
    )


ROLES = ("goods", "service", "transport", "business service")
SECTORS = ["Making", "Trade", "Transport", "Advice"]


def line_network(n_regions=3):
    """Two places in each region along one line, joined by roads and a railway."""
    nodes, links = [], []
    count = 2 * n_regions
    for k in range(count):
        nodes.append(
            {
                "node": f"p{k}",
                "name": f"Place {k}",
                "kind": "place",
                "region": f"R{k // 2}",
                "lon": 100.0 + 1.3 * k + 0.1 * (k % 2),
                "lat": 30.0 + 0.2 * k,
                "area_km2": 900.0 + 100 * k,
                "population": 1e6 * (1 + (3 * k) % 5),
                "gdp": 1e4 * (1 + (2 * k) % 3),
            }
        )
    for k in range(count - 1):
        for mode, km, minutes in (("road", 140.0, 110.0), ("rail_conventional", 150.0, 120.0)):
            links.append(
                {
                    "link": f"{mode}{k}",
                    "from_node": f"p{k}",
                    "to_node": f"p{k + 1}",
                    "mode": mode,
                    "line": "main line" if mode != "road" else "",
                    "km": km + 3 * k,
                    "minutes": minutes + 2 * k,
                    "trains_per_day": 20.0 if mode != "road" else np.nan,
                }
            )
    return Network(pd.DataFrame(nodes).set_index("node"), pd.DataFrame(links).set_index("link"))


TOLD = ("household consumption", "government", "fixed capital formation")


def line_model(n_regions=3, seed=0, *, kind="pooled", categories=TOLD, **parameters):
    """A random economy of four sectors on the line, its categories households and investment."""
    table = random_table(seed, n_regions, len(SECTORS), kind=kind, categories=categories)
    data = table.data
    names = {dim: SECTORS for dim in ("sector", "sector_from", "sector_to") if dim in data.dims}
    names["primary"] = ["compensation of employees", *map(str, data["primary"].values[1:])]
    data = data.assign_coords(names).assign_coords(sector_role=("sector", list(ROLES)))
    return SpatialModel(RegionalTable(data, table.kind), line_network(n_regions), parameters)
