"""Write stand-in costs of trade between provinces from road kilometres (OpenStreetMap, ODbL).

Question owned: what does it cost to move a tonne and a person between provinces, until the costs
of the embedded network are written into the same file in the same format?

    freight   = 40 yuan per tonne + 0.40 yuan per tonne-km
    passenger = 60 yuan per trip + (0.45 yuan per km + 30 yuan per hour / 80 km/h) km

(assumptions), averaged over pairs of the 341 places with their populations of 2010 as weights;
a place to itself lies 2/3 sqrt(area / pi) x 1.3 km away. Own province included, never zero.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from io_tables.china.build import HERE, SHARED, region_table

DETOUR = 1.3
ROAD_CORRECTION = 1.06


def main() -> None:
    """Write odbl/trade_costs.csv."""
    regions = region_table()
    places = pd.read_csv(SHARED / "china_case" / "cities.csv", dtype={"adcode": str})
    km = np.load(SHARED / "china_case" / "road_km_341x341.npy").astype(float) * ROAD_CORRECTION
    counties = pd.read_csv(SHARED / "city" / "prefectures_from_mapchina_census.csv")
    area = counties.assign(code=counties["Code_Perfecture"].astype(str)).set_index("code")["area"]
    own_code = places["adcode"].str[:4].where(~places["adcode"].str.endswith("0000"))
    own_code = own_code.fillna(places["adcode"].str[:2] + "01")
    own_area = own_code.map(area[~area.index.duplicated()])
    own_area = own_area.fillna(own_area.median()).to_numpy(float)
    np.fill_diagonal(km, 2.0 / 3.0 * np.sqrt(own_area / np.pi) * DETOUR)
    weight = places["population_2010_10k_with_folded"].to_numpy(float)
    member = (regions["region_zh"].to_numpy()[:, None] == places["province_zh"].to_numpy()) * weight
    member = member / member.sum(axis=1, keepdims=True)
    mean_km = member @ ((km + km.T) / 2.0) @ member.T
    freight = 40.0 + 0.40 * mean_km
    passenger = 60.0 + (0.45 + 30.0 / 80.0) * mean_km
    names = regions["region"]
    table = pd.DataFrame(
        {
            "region_from": np.repeat(names.to_numpy(), len(names)),
            "region_to": np.tile(names.to_numpy(), len(names)),
            "freight": freight.ravel().round(2),
            "passenger": passenger.ravel().round(2),
        }
    )
    table.to_csv(HERE / "odbl" / "trade_costs.csv", index=False, lineterminator="\n")
    print(f"trade_costs.csv: {len(table)} rows; own province {np.diag(mean_km).round(0)} km")


if __name__ == "__main__":
    main()
