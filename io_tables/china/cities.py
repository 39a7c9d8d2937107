"""How the provinces of the Chinese table become 341 cities.

Public names:
- `nest_cities`: split the provincial table; a `NestedTable` in gravity form.
- `city_costs`: stand-in costs between cities from their coordinates.
- `read_city_output`: better figures of output by city and sector.

Terms: city m in province P, sector i. Only population (urban, rural) and an estimated GDP are known
of a city, so the sector mix is a prior, balanced in every province to (value added of its
sectors) and (GDP of its cities, scaled to the province):

    01 agriculture   rural population
    02-27 industry   GDP
    28-42 services   urban population x GDP per head

Mines and plants are NOT located: coal lies in every city of Shanxi in proportion to its GDP. Final
demand: rural and urban households by rural and urban population, government by population, capital
formation and stocks by GDP. Exports follow the city's part in the output of the sector. Product
flows between provinces stay those of the provincial table; inside and between pairs of provinces
trade falls with the cost between cities, with the decay of the provincial table.

Costs between cities are computed from their coordinates, the smallest thing that can be shipped
(116,281 pairs otherwise): great circle x 1.3, own city 2/3 sqrt(area / pi) x 1.3, freight 40 yuan
per tonne + 0.40 per km, passengers 60 yuan + 0.825 per km (assumptions). They only say how a known
flow between two provinces is spread over their cities; costs of the network can be passed instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from io_tables.china.figures import CATEGORIES, FIGURES
from io_tables.container.checks import raise_collected
from io_tables.errors import InvalidTable, MissingTable, UnreadableTable
from io_tables.labels import positions_of, shown
from io_tables.nest import NestedTable, nest
from io_tables.table import RegionalTable

DETOUR: Final = 1.3
FREIGHT: Final = (40.0, 0.40)
"""Yuan per tonne at the ends and per kilometre (assumption)."""
PASSENGER: Final = (60.0, 0.825)
"""Yuan per trip at the ends and per kilometre: fare 0.45 and time at 30 yuan/h, 80 km/h."""
EARTH_KM: Final = 6371.0


@lru_cache(maxsize=1)
def load_cities() -> pd.DataFrame:
    """Read the 341 cities: index code; name, name_zh, region, lon, lat, area, population, gdp."""
    return pd.read_csv(FIGURES / "cities.csv", dtype={"city": str}).set_index("city")


def city_costs(cities: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Freight and passenger costs (M, M) in yuan, own city included, from coordinates."""
    lon, lat = np.radians(cities["lon"].to_numpy(float)), np.radians(cities["lat"].to_numpy(float))
    half = np.sin((lat[:, None] - lat) / 2) ** 2
    half += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(half)) * DETOUR
    own = 2.0 / 3.0 * np.sqrt(cities["area_km2"].to_numpy(float) / np.pi) * DETOUR
    np.fill_diagonal(km, own)
    return {
        name: pd.DataFrame(ends + per_km * km, index=cities.index, columns=cities.index)
        for name, (ends, per_km) in (("freight", FREIGHT), ("passenger", PASSENGER))
    }


def nest_cities(
    provinces: RegionalTable,
    decay: np.ndarray,
    *,
    city_output: str | Path | pd.DataFrame | None = None,
    city_cost: Mapping[str, pd.DataFrame] | None = None,
) -> NestedTable:
    """Split the provincial table into cities.

    Parameters
    ----------
    provinces
        The table of `load_china`.
    decay
        (S,) elasticity of trade to cost by product.
    city_output
        File or frame of city, sector, output (million yuan of 2020); `read_city_output`.
    city_cost
        "freight" and "passenger" costs (341, 341) labelled by city code, own city included.

    Raises
    ------
    InvalidTable, MissingTable, UnreadableTable, UnknownLabel
        For figures that do not fit.
    """
    cities = load_cities()
    costs = dict(city_costs(cities) if city_cost is None else city_cost)
    if set(costs) != {"freight", "passenger"}:
        raise InvalidTable(f"city_cost needs 'freight' and 'passenger', found {shown(costs)}")
    urban, rural = cities["population_urban"], cities["population_rural"]
    people = urban + rural
    places = pd.DataFrame(
        {
            "parent": cities["region"],
            "size": cities["gdp"],
            "population": people,
            "region_name": cities["name"],
            "region_zh": cities["name_zh"],
        }
    )
    rural_use, urban_use, government, capital, stocks = CATEGORIES
    demand = pd.DataFrame(
        {
            rural_use: rural, urban_use: urban, government: people,
            capital: cities["gdp"], stocks: cities["gdp"],
        }
    )  # fmt: skip
    # A province whose cities have no rural (urban) population on record spreads it by all people.
    for column in (rural_use, urban_use):
        bare = demand.groupby(cities["region"])[column].transform("sum") <= 0
        demand[column] = demand[column].where(~bare, people)
    output = None if city_output is None else read_city_output(city_output, provinces, cities)
    roles = provinces.data["sector_role"].values.tolist()
    nested = nest(
        provinces,
        places,
        costs,
        decay=dict(zip(provinces.sectors, decay.tolist(), strict=True)),
        cost_of={
            sector: "freight" if role == "goods" else "passenger"
            for sector, role in zip(provinces.sectors, roles, strict=True)
        },
        output=output,
        employment=_prior(provinces, cities),
        value_added=cities["gdp"],
        demand=demand,
    )
    return nested


def city_notes(*, output_given: bool, cost_given: bool) -> tuple[str, ...]:
    """Say what the split into cities rests on."""
    return (
        "ESTIMATE of cities: sectors by rural population (agriculture), estimated GDP (industry, "
        "construction) and urban population times GDP per head (services), balanced to the GDP of "
        "cities. Mines and plants are not located"
        + (" except where the given output of cities says so." if output_given else "."),
        "Costs between cities: "
        + ("given." if cost_given else "great circle from coordinates, rates assumed."),
    )


def _prior(provinces: RegionalTable, cities: pd.DataFrame) -> pd.DataFrame:
    """Weights by city and sector, (M, S)."""
    urban, rural, gdp = cities["population_urban"], cities["population_rural"], cities["gdp"]
    services = urban * gdp / (urban + rural)
    columns = {}
    codes = [int(code) for code in provinces.data["sector_code"].values.tolist()]
    for sector, code in zip(provinces.sectors, codes, strict=True):
        columns[sector] = rural if code == 1 else gdp if code <= 27 else services
    frame = pd.DataFrame(columns)
    bare = frame.groupby(cities["region"]).transform("sum") <= 0
    return frame.mask(bare, gdp, axis=0)


def read_city_output(
    source: str | Path | pd.DataFrame, provinces: RegionalTable, cities: pd.DataFrame
) -> pd.DataFrame:
    """Read output by city and sector, (M, S) with NaN where nothing is told.

    Raises
    ------
    MissingTable, UnreadableTable
        For a file that is not there or is no such table.
    InvalidTable, UnknownLabel
        For cells told twice, negative figures, unknown cities or sectors.
    """
    if isinstance(source, pd.DataFrame):
        frame = source
    else:
        if not Path(source).exists():
            raise MissingTable(
                f"{source}: no such file; city_output is a CSV of city, sector, output"
            )
        try:
            frame = pd.read_csv(source, dtype={"city": str, "sector": str})
        except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
            raise UnreadableTable(
                f"{source} is not a CSV of city, sector, output: {error}"
            ) from None
    lacking = [c for c in ("city", "sector", "output") if c not in frame.columns]
    if lacking:
        raise UnreadableTable(f"city_output needs the columns {', '.join(lacking)}")
    at = positions_of(
        [str(c) for c in frame["city"]], list(cities.index),
        aliases={"name": list(cities["name"]), "name_zh": list(cities["name_zh"])}, what="city",
    )  # fmt: skip
    sector = provinces.sector_positions(frame["sector"].tolist())
    values = pd.to_numeric(frame["output"], errors="coerce").to_numpy(dtype=np.float64)
    failures: list[str] = []
    bad = ~(values >= 0)
    if bad.any():
        rows = np.flatnonzero(bad).tolist()
        failures.append(f"output must be a number >= 0, found otherwise in rows {shown(rows)}")
    pairs = pd.MultiIndex.from_arrays([at, sector])
    if pairs.has_duplicates:
        twice = pairs[pairs.duplicated()]
        names = [f"{cities['name'].iloc[m]} / {provinces.sectors[i]}" for m, i in twice]
        failures.append(f"cells are told twice: {shown(names)}")
    raise_collected(InvalidTable, failures, "city_output")
    out = np.full((len(cities), provinces.n_sectors), np.nan)
    out[at, sector] = values
    return pd.DataFrame(out, index=cities.index, columns=provinces.sectors)
