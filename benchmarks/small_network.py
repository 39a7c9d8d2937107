"""A small map for smoke runs: towns on a grid of roads, with one railway line.

Question owned: what network fits a small synthetic economy?
"""

from __future__ import annotations

import pandas as pd

from networks.network import Network

DEGREES = 0.8


def grid_network(regions: tuple[str, ...], rows: int = 3) -> Network:
    """One column of `rows` towns for each region, roads between neighbours, rail along the middle.

    Minutes are those of 70 km/h by road and 120 km/h by rail on distances of a degree's length.
    """
    towns, links = [], []
    km = 110.0 * DEGREES
    for column, region in enumerate(regions):
        for row in range(rows):
            towns.append(
                {
                    "node": f"t{column}_{row}",
                    "name": f"Town {column} {row}",
                    "kind": "place",
                    "region": region,
                    "lon": 100.0 + DEGREES * column,
                    "lat": 30.0 + DEGREES * row,
                    "area_km2": 4000.0,
                    "population": 1e6 * (1 + (3 * column + row) % 5),
                    "gdp": 1e4 * (1 + (2 * column + row) % 7),
                }
            )
            if row:
                links.append((f"t{column}_{row - 1}", f"t{column}_{row}", "road", ""))
            if column:
                links.append((f"t{column - 1}_{row}", f"t{column}_{row}", "road", ""))
        if column:
            ends = (f"t{column - 1}_{rows // 2}", f"t{column}_{rows // 2}")
            links.append((*ends, "rail_conventional", "old line"))
    table = pd.DataFrame(links, columns=["from_node", "to_node", "mode", "line"])
    speed = table["mode"].map({"road": 70.0, "rail_conventional": 120.0})
    table = table.assign(
        link=[f"l{k}" for k in range(len(table))],
        km=km,
        minutes=60.0 * km / speed,
        trains_per_day=20.0,
    )
    return Network(pd.DataFrame(towns), table, name=f"grid of {len(towns)} towns")
