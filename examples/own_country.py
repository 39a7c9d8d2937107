"""A country of one's own: three regions, three sectors, four cities, a railway that gets faster.

Run it with ``python examples/own_country.py``. Every number here is made up.
"""

import numpy as np
import pandas as pd

import hinterland as hl

regions = ["North", "Centre", "South"]
sectors = ["Farms and factories", "Transport", "Services"]
rows = pd.MultiIndex.from_product([regions, sectors], names=["region", "sector"])

# 1. The economy: flows between industries, final demand, exports, imports (million crowns).
home = np.array([[30.0, 6.0, 9.0], [5.0, 2.0, 4.0], [12.0, 5.0, 20.0]])
near = 0.2 * home
flows = np.block([[home if r == s else near for s in range(3)] for r in range(3)])
final = pd.DataFrame(
    np.kron(np.full((3, 3), 4.0) + 40.0 * np.eye(3), np.ones((3, 1))),
    index=rows,
    columns=pd.MultiIndex.from_product([regions, ["households"]], names=["region", "category"]),
)
exports = pd.Series(np.tile([12.0, 0.0, 3.0], 3), index=rows)
imports = pd.Series(np.full(9, 6.0), index=rows)
Z = pd.DataFrame(flows, index=rows, columns=rows)
table = hl.RegionalTable.from_flows(
    Z, final, exports=exports, imports=imports, units="million crowns 2024", name="Example"
)

# 2. The map: cities name the region they lie in; links name their mode.
cities = pd.DataFrame(
    {
        "node": ["n", "c", "d", "s"],
        "name": ["Northport", "Central City", "Crossing", "Southport"],
        "kind": "place",
        "region": ["North", "Centre", "Centre", "South"],
        "lon": [10.0, 10.2, 10.6, 10.4],
        "lat": [52.0, 50.5, 50.3, 49.0],
        "area_km2": [900.0, 700.0, 400.0, 800.0],
        "population": [1.2e6, 2.0e6, 4.0e5, 9.0e5],
        "gdp": [40.0, 80.0, 12.0, 30.0],
    }
).set_index("node")
links = pd.DataFrame(
    [
        ("road n-c", "n", "c", "road", "", 180.0, 130.0),
        ("road c-d", "c", "d", "road", "", 40.0, 35.0),
        ("road d-s", "d", "s", "road", "", 160.0, 115.0),
        ("rail n-c", "n", "c", "rail_conventional", "Main line", 190.0, 140.0),
        ("rail c-s", "c", "s", "rail_conventional", "Main line", 200.0, 150.0),
    ],
    columns=["link", "from_node", "to_node", "mode", "line", "km", "minutes"],
).set_index("link")
network = hl.Network(cities, links, name="Example railways and roads")

# 3. Who gains when the Centre grows?
ledger = hl.spillovers(table, "Centre", stimulus=10.0, of="output").ledger
print("10 million crowns of demand for what the Centre makes, output by part and region:")
print(ledger.sum("sector").isel(pole=0, account=0).to_pandas().T.round(2))

# 4. Who gains when the main line is rebuilt for 200 km/h?
roles = hl.SectorRoles(("goods", "transport", "service"))
model = hl.SpatialModel(table, network, roles=roles)
faster = network.with_links(change=[{"select": {"line": "Main line"}, "speed_kmh": 200.0}])
response = model.respond(faster)
gain = pd.Series(response.real_consumption.sum(axis=1), index=regions)
print("\nreal consumption with the faster line, million crowns a year:")
print(gain.round(4))
print("largest identity gap:", f"{max(response.gaps.values()):.1e}")
