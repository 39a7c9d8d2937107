"""Where are the 341 cities, who lives there and what do they produce? Builds ``places.csv``.

Public names
------------
build_places : figures of the census, the county table and provincial accounts -> one row per city

Terms
-----
A *city* is one of 341 units: 4 municipalities, 332 prefecture-level units and 5 units directly
under a province. 27 small units are *folded* into a city of the same province.

Formula
-------
Population is the census of 2020, folded units added. Gross product of city c in province p is an
ESTIMATE, in million yuan of 2020:

    g_c = G_p * n_c q_c / sum_k n_k q_k        n: population 2020, q: product per head 2010

with G_p the gross product of the province in the nine-sector figures for 2020, so that cities sum
to their province exactly. q carries relative product per head inside the province from 2010.
"""

from pathlib import Path

import numpy as np
import pandas as pd

MUNICIPAL = {
    "110100": "110000",
    "120100": "120000",
    "310100": "310000",
    "500100": "500000",
}
NOT_IN_THE_NETWORK = {"460300", "810000", "820000"}  # Sansha, Hong Kong, Macao


def _read(path: Path, *keys: str) -> pd.DataFrame:
    return pd.read_csv(path, dtype=dict.fromkeys(keys, "str"), encoding="utf-8-sig")


def _folded(cities: pd.DataFrame) -> dict[str, str]:
    """Return ``{code of a folded unit: code of the city that takes it}``."""
    pairs = cities.loc[cities["folded_units"].notna(), ["adcode", "folded_units"]]
    return {
        item.split(":")[0]: code
        for code, units in pairs.itertuples(index=False)
        for item in units.split()
    }


def _population(shared: Path, hand: Path, cities: pd.DataFrame) -> pd.DataFrame:
    """Return population, urban, rural of 2020 by city, persons."""
    census = _read(shared / "city/city_census_2010_2020.csv", "city_code", "province_code")
    census = census[~census["city_code"].isin(NOT_IN_THE_NETWORK)]
    code = census["city_code"].replace(MUNICIPAL).replace(_folded(cities))
    columns = {
        "population": "popu_2020",
        "population_urban": "popu_urban_2020",
        "population_rural": "popu_rural_2020",
    }
    figures = census[list(columns.values())].set_axis(list(columns), axis=1)
    people = figures.groupby(code.to_numpy()).sum(min_count=1).reindex(cities["adcode"])
    # The corps cities of Xinjiang are blank in the census table: their 2010 figures grow as
    # Xinjiang did.
    totals = pd.read_csv(shared / "economy/province_gdp_population_chartjson.csv")
    xinjiang = totals[totals["province_zh"] == "新疆"].set_index("year")["population_10k"]
    growth = xinjiang[2020] / xinjiang[2010]
    by_city = cities.set_index("adcode")
    own, folded = "population_2010_10k", "population_2010_10k_with_folded"
    corps = (by_city[folded] - by_city[own]).where(by_city.index.str.startswith("65"), 0.0)
    corps["659001"] = by_city.at["659001", own]
    extra = corps * 1e4 * growth
    added = _read(hand / "population_additions.csv", "place")
    extra = extra.add(added.groupby("place")["persons"].sum(), fill_value=0.0)
    extra = extra.reindex(people.index).fillna(0.0)
    province = pd.Series(people.index.str[:2], index=people.index)
    sums = people.dropna().groupby(province).sum()
    urban_share = (people["population_urban"] / people["population"]).fillna(
        province.map(sums["population_urban"] / sums["population"])
    )
    total = people["population"].fillna(0.0) + extra
    return pd.DataFrame(
        {
            "population": total.round(),
            "population_urban": (total * urban_share).round(),
            "population_rural": (total * (1.0 - urban_share)).round(),
        }
    )


def _area(shared: Path, cities: pd.DataFrame) -> pd.Series:
    """Return km2 by city from the county table, folded units added."""
    counties = _read(shared / "city/mapchina_counties_census2000_2010.csv", "Code_County")
    code = counties["Code_County"]
    special = _folded(cities) | {c: c for c in cities["adcode"] if c[2:4] == "90"}
    prefecture = code.str[:4] + "00"
    municipal = code.str[:2].isin(["11", "12", "31", "50"])
    prefecture = prefecture.where(~municipal, code.str[:2] + "0000")
    city = code.map(special).fillna(prefecture)
    area = counties["Area"].groupby(city.to_numpy()).sum(min_count=1)
    return area.reindex(cities["adcode"])


def _gdp(shared: Path, cities: pd.DataFrame, population: pd.Series) -> pd.Series:
    """Return the estimate of gross product 2020 by city, million yuan."""
    accounts = pd.read_csv(
        shared / "economy/province_value_added_9sectors_2019_2023.csv", encoding="utf-8-sig"
    )
    rows = accounts[(accounts["year"] == 2020) & (accounts["item"] == "地区生产总值")]
    province = rows.set_index("province_zh")["value"] * 100.0
    by_city = cities.set_index("adcode")
    key = by_city["province_zh"]
    if not set(key) <= set(province.index):  # the accounts use short or long names
        short = {long: next(s for s in province.index if long.startswith(s)) for long in set(key)}
        key = key.map(short)
    per_head = by_city["gdp_2010_1e8yuan_with_folded"] / by_city["population_2010_10k_with_folded"]
    raw = population * per_head
    return (raw / raw.groupby(key).transform("sum") * key.map(province)).round(1)


def build_places(shared: Path, hand: Path) -> pd.DataFrame:
    """Return the place table: one row per city, indexed by code, in code order.

    Parameters
    ----------
    shared
        Folder of the source data.
    hand
        Folder of the tables compiled by hand.

    Returns
    -------
    DataFrame
        Columns of a node table plus ``population_urban``, ``population_rural``, ``kind_of_city``.
    """
    cities = _read(shared / "china_case/cities.csv", "adcode")
    people = _population(shared, hand, cities)
    area = _area(shared, cities)
    gdp = _gdp(shared, cities, people["population"])
    code = cities["adcode"].to_numpy()
    places = pd.DataFrame(
        {
            "name": cities["english_unique"].to_numpy(),
            "name_zh": cities["short_name"].to_numpy(),
            "name_zh_full": cities["name_zh"].to_numpy(),
            "kind": "place",
            "kind_of_city": cities["kind"].to_numpy(),
            "region": cities["province_en"].to_numpy(),
            "region_code": [c[:2] + "0000" for c in code],
            "lon": cities["lon"].round(4).to_numpy(),
            "lat": cities["lat"].round(4).to_numpy(),
            "area_km2": area.round(1).to_numpy(),
            "population": people["population"].to_numpy(),
            "population_urban": people["population_urban"].to_numpy(),
            "population_rural": people["population_rural"].to_numpy(),
            "gdp": gdp.reindex(code).to_numpy(),
        },
        index=pd.Index(code, name="node"),
    ).sort_index()
    numbers = places[["area_km2", "population", "gdp"]].to_numpy()
    if not (np.isfinite(numbers).all() and (numbers > 0).all()):
        bad = places.index[~(np.isfinite(numbers) & (numbers > 0)).all(axis=1)]
        raise ValueError(f"area, population and product must be positive; not at {list(bad)}")
    return places
