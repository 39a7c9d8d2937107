"""China at city level: the provinces kept exactly, what is known of cities used, the rest told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from io_tables.china import china_report, load_china
from io_tables.china.cities import city_costs, load_cities, nest_cities
from io_tables.errors import InvalidTable, MissingTable, UnknownLabel, UnreadableTable
from io_tables.nesting.change import nest_change
from model.solve import Leontief

COAL = "Mining and washing of coal"


@pytest.fixture(scope="module")
def provinces():
    return load_china()


@pytest.fixture(scope="module")
def cities():
    return load_china(level="city")


def by_province(table, values):
    """Sum (M, ...) over the cities of every province, in the order of the provinces."""
    parents = table.data["parent"].values
    order = {name: p for p, name in enumerate(load_china().regions)}
    out = np.zeros((31, *values.shape[1:]))
    np.add.at(out, [order[p] for p in parents], values)
    return out


def test_there_are_341_cities_with_names_and_the_sums_are_the_provincial_table(cities, provinces):
    assert (cities.n_regions, cities.n_sectors) == (341, 42)
    for name in ("output", "exports", "demand"):
        np.testing.assert_allclose(
            by_province(cities, cities.data[name].values), provinces.data[name].values,
            rtol=1e-9, atol=1e-6,
        )  # fmt: skip
    added = by_province(cities, cities.data["value_added"].values.transpose(1, 0, 2))
    wanted = provinces.data["value_added"].values.transpose(1, 0, 2)
    np.testing.assert_allclose(added, wanted, rtol=1e-9, atol=1e-6)
    people = cities.data["population"].values.sum()
    assert people == pytest.approx(1.4e9, rel=0.02)
    at = cities.region_positions(["310000", "Shanghai", "上海"])
    assert len(set(at.tolist())) == 1
    assert cities.sector_positions(["02"]).tolist() == [1]


def test_product_flows_between_provinces_are_those_of_the_provincial_table(cities, provinces):
    def flows(table):
        data = table.data
        use = data["domestic_use"].values.sum(axis=2) + data["demand"].values.sum(axis=2).T
        return table.trade * use[:, None, :]

    fine, coarse = flows(cities), flows(provinces)
    for i in (0, 1, 11, 26, 33):
        once = by_province(cities, fine[i])
        np.testing.assert_allclose(
            by_province(cities, once.T).T, coarse[i], rtol=1e-8, atol=1e-9 * coarse[i].max()
        )


def test_value_added_of_cities_follows_their_gdp_inside_every_province(cities):
    added = cities.data["value_added"].values.sum(axis=(0, 2))
    gdp = load_cities()["gdp"].to_numpy()
    ratio = added / gdp
    parents = pd.Series(cities.data["parent"].values)
    spread = pd.Series(ratio).groupby(parents).agg(lambda r: r.max() / r.min() - 1)
    assert spread.max() < 1e-8


def test_the_table_of_cities_solves_to_its_own_output_and_balances(cities):
    assert [f for f in cities.check(tolerance=1e-8) if f.kind != "negative_value_added"] == []
    solution = Leontief(cities).solve(cities.f)
    x = cities.x.to_numpy()
    np.testing.assert_allclose(np.asarray(solution.x), x, rtol=1e-8, atol=1e-9 * x.max())


def test_multipliers_of_provinces_move_no_more_than_the_sources_say(provinces):
    nested = nest_cities(provinces, np.ones(42))
    change = nest_change(nested)
    assert change.largest < 0.003
    assert change.weighted < 0.0001


def test_the_notes_say_that_mines_are_not_located_and_what_is_estimated(cities):
    text = " ".join(cities.notes)
    assert "Mines and plants are not located." in text
    assert "great circle" in text
    assert text.count("ESTIMATE") == 3


def test_the_list_of_cities_is_that_of_the_embedded_network():
    path = Path(__file__).parents[2] / "networks" / "china" / "places.csv"
    places = pd.read_csv(path, dtype={"node": str}).set_index("node")
    own = load_cities()
    assert list(places.index) == list(own.index)
    for column in ("name", "name_zh", "region", "gdp", "lon", "lat", "area_km2"):
        assert places[column].equals(own[column].rename(column)), column
    people = own["population_urban"] + own["population_rural"]
    np.testing.assert_allclose(people, places["population"], rtol=1e-9)


def test_given_output_of_cities_stands_and_the_rest_of_the_province_follows(tmp_path, provinces):
    coal = float(provinces.x["Shanxi", COAL])
    file = tmp_path / "city.csv"
    frame = pd.DataFrame(
        {"city": ["Taiyuan", "140200"], "sector": ["02", COAL], "output": [0.0, coal * 0.5]}
    )
    frame.to_csv(file, index=False)
    table = load_china(level="city", city_output=file)
    data = table.data["output"].values
    at = table.region_positions(["Taiyuan", "140200"])
    np.testing.assert_allclose(data[at, 1], [0.0, coal * 0.5], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(by_province(table, data), provinces.data["output"].values, rtol=1e-9,
                               atol=1e-6)  # fmt: skip
    assert any("except where the given output" in note for note in table.notes)


def test_costs_of_the_user_replace_those_from_coordinates(cities):
    costs = city_costs(load_cities())
    assert (np.diagonal(costs["freight"]) > 40).all()
    steep = {name: frame**3 for name, frame in costs.items()}
    own = [
        np.einsum("irr->ir", t.trade).mean() for t in (cities, load_china("city", city_cost=steep))
    ]
    assert own[1] > own[0] * 1.2
    with pytest.raises(InvalidTable, match="needs 'freight' and 'passenger'"):
        load_china("city", city_cost={"road": costs["freight"]})


def test_wrong_files_and_arguments_are_refused(tmp_path):
    with pytest.raises(MissingTable, match="no such file"):
        load_china("city", city_output=tmp_path / "none.csv")
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableTable, match="columns city, sector, output"):
        load_china("city", city_output=bad)
    with pytest.raises(UnknownLabel, match="unknown city 'Taiyuann'"):
        load_china("city", city_output=pd.DataFrame(
            {"city": ["Taiyuann"], "sector": ["02"], "output": [1.0]}))  # fmt: skip
    twice = pd.DataFrame({"city": ["Taiyuan"] * 2, "sector": ["02"] * 2, "output": [1.0, -2.0]})
    with pytest.raises(InvalidTable, match=r"rows 1; cells are told twice: Taiyuan"):
        load_china("city", city_output=twice)
    with pytest.raises(InvalidTable, match="belong to level='city'"):
        load_china(city_output=twice)
    with pytest.raises(InvalidTable, match="report is that of the provinces"):
        china_report("city")
