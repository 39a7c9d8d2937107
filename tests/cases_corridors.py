"""A small economy of ten towns in five regions, and corridors for it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import hinterland as hl
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.corridors import line_candidate
from model.steps.groupings import Groupings

ROLES = ("goods", "goods", "transport", "business service", "service")
TOWNS = 10


def economy(seed: int = 5) -> RegionalTable:
    """Five regions and five sectors whose roles the table knows, with Chinese names of regions."""
    table = random_table(seed, 5, 5)
    chinese = [f"区{k}" for k in range(len(table.regions))]
    data = table.data.assign_coords(
        sector_role=("sector", list(ROLES)), region_zh=("region", chinese)
    )
    return RegionalTable(data, table.kind)


def towns(table: RegionalTable) -> hl.Network:
    """Ten towns in a row: a slow road, a slow railway, and a few fast trains."""
    nodes = pd.DataFrame(
        {
            "node": [f"p{k}" for k in range(TOWNS)],
            "name": [f"City {k}" for k in range(TOWNS)],
            "name_zh": [f"市{k}" for k in range(TOWNS)],
            "kind": "place",
            "region": [table.regions[k // 2] for k in range(TOWNS)],
            "lon": 10.0 + 0.9 * np.arange(TOWNS),
            "lat": 50.0 + np.arange(TOWNS) % 3,
            "area_km2": 500.0,
            "population": 1e6 * (1 + np.arange(TOWNS)),
            "gdp": 10.0 * (1 + np.arange(TOWNS)[::-1]),
        }
    )
    rows = [(f"p{k}", f"p{k + 1}", "road", "") for k in range(TOWNS - 1)]
    rows += [(f"p{k}", f"p{k + 1}", "rail_conventional", "old") for k in range(TOWNS - 2)]
    rows += [(f"p{k}", f"p{k + 2}", "rail_hsr", "fast") for k in (0, 2)]
    links = pd.DataFrame(rows, columns=["from_node", "to_node", "mode", "line"])
    speed = links["mode"].map({"road": 60.0, "rail_conventional": 70.0, "rail_hsr": 220.0})
    links = links.assign(
        link=[f"l{k}" for k in range(len(rows))], km=110.0, minutes=60 * 110.0 / speed
    )
    return hl.Network(nodes, links)


def clusters() -> Groupings:
    """Two clusters of towns; the last town lies outside."""
    places = [f"p{k}" for k in range(TOWNS - 1)]
    groups = ["west" if k < 4 else "east" for k in range(TOWNS - 1)]
    frame = pd.DataFrame({"grouping": "clusters", "group": groups, "place": places})
    frame["group_zh"] = frame["group"].map({"west": "西", "east": "东"})
    return Groupings(regions=Groupings.empty().regions, places=frame)


@cache
def small_model() -> hl.SpatialModel:
    """The economy on its towns."""
    table = economy()
    return hl.SpatialModel(table, towns(table), groupings=clusters())


def fast(name: str, *stops: int, cost: float | None = None, **fields: object):
    """A fast line over towns by number."""
    return line_candidate(
        name,
        fields.pop("mode", "rail_hsr"),
        [f"p{k}" for k in stops],
        speed_kmh=fields.pop("speed_kmh", 300.0),
        trains_per_day=fields.pop("trains_per_day", 40.0),
        build_cost=cost,
        **fields,
    )


CANDIDATES = (
    fast("long", 0, 4, 9, cost=9e9),
    fast("east", 5, 9, cost=4e9),
    fast("east again", 5, 7, 9, cost=4e9),
    fast("west", 0, 4, cost=3e9),
    fast("freed", 4, 7, cost=5e9, freed_freight_capacity=0.6),
    fast("road", 6, 9, cost=1e9, mode="road", speed_kmh=110.0),
)
NOTHING = fast("nobody uses it", 0, 2, mode="road", speed_kmh=10.0, cost=1e9)
