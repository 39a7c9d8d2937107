"""Write figures/cities.csv: what the table of cities needs to know of the 341 places.

Taken from the places of the embedded network, so that both have the same list and figures:
population of the census 2020 (urban, rural), estimated GDP 2020, representative point and area.
The census copy does not split the cities of Xinjiang: all get the province's urban share.
"""

from __future__ import annotations

import pandas as pd

from io_tables.china.build import FIGURES, HERE

PLACES = HERE.parents[1] / "networks" / "china" / "places.csv"

COLUMNS = {
    "node": "city", "name": "name", "name_zh": "name_zh", "region": "region", "lon": "lon",
    "lat": "lat", "area_km2": "area_km2", "population_urban": "population_urban",
    "population_rural": "population_rural", "gdp": "gdp",
}  # fmt: skip


XINJIANG_URBAN = 0.565
"""Urban share of Xinjiang in the census of 2020 (general knowledge, not in the sources)."""


def main() -> None:
    """Write the file."""
    places = pd.read_csv(PLACES, dtype={"node": str})
    places = places[places["kind"] == "place"].copy()
    lacking = places["population_urban"].isna()
    if not (places.loc[lacking, "region"] == "Xinjiang").all():
        raise SystemExit("only cities of Xinjiang are known to lack the urban population")
    urban = (places["population"] * XINJIANG_URBAN).round()
    places["population_urban"] = places["population_urban"].where(~lacking, urban)
    places["population_rural"] = places["population_rural"].where(
        ~lacking, places["population"] - urban
    )
    table = places[list(COLUMNS)].rename(columns=COLUMNS)
    table.to_csv(FIGURES / "cities.csv", index=False, lineterminator="\n")
    print(f"cities.csv: {len(table)} rows, GDP {table['gdp'].sum() / 1e6:.1f} trillion yuan")


if __name__ == "__main__":
    main()
