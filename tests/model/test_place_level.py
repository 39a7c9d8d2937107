"""Scenarios on a table whose regions are the places of the network."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from io_tables.china import load_china
from model.errors import ScenarioError
from model.place_level import groups_of_places, is_of_places, named_by_places, tied_to_places
from model.results import read_result
from model.results_csv import tidy
from model.run import run
from model.scenario import Scenario
from model.sources import open_groupings
from model.steps.groupings import Groupings
from networks.china import load_china_network

LINE = {
    "mode": "rail_hsr",
    "stops": ["Shanghai", "Nanjing", "Hefei", "Wuhan", "Yichang", "Wanzhou", "Chongqing"],
    "speed_kmh": 350.0,
    "trains_per_day": 60,
    "fare_per_km": 0.46,
}
POLES = [
    {"pole": "Yangtze River Delta", "share_of_final_demand": 0.01},
    {"pole": {"Shanghai": 0.6, "Jiangsu": 0.4}, "amount": 1e9, "name": "mix"},
]


@pytest.fixture(scope="module")
def network():
    return load_china_network(2020)


@pytest.fixture(scope="module")
def cities(network):
    return named_by_places(load_china("city"), network)


@pytest.fixture(scope="module")
def groupings(network) -> Groupings:
    made = groups_of_places(open_groupings("china:2020"), network)
    tied = tied_to_places(network).places
    return replace(made, place_region=tied["region"], place_mass=tied["gdp"])


def test_a_table_of_places_is_known_by_the_codes_of_the_network(network) -> None:
    assert is_of_places(load_china("city"), network)
    assert not is_of_places(load_china("province"), network)


def test_regions_are_called_as_the_network_calls_its_places_with_codes_beside(
    cities, network
) -> None:
    assert cities.regions[:2] == ["Beijing", "Tianjin"]
    assert cities.data["region_code"].values[:2].tolist() == ["110000", "120000"]
    assert cities.region_positions(["310000"]) == cities.region_positions(["Shanghai"])
    assert cities.x.to_numpy().tobytes() == load_china("city").x.to_numpy().tobytes()


def test_every_place_lies_in_a_region_of_its_own_and_the_old_network_is_untouched(
    network, cities
) -> None:
    tied = tied_to_places(network)
    assert sorted(tied.places["region"]) == sorted(cities.regions)
    assert network.places["region"].nunique() == 31


def test_places_whose_names_do_not_tell_them_apart_are_called_by_code(network) -> None:
    nodes = network.nodes.copy()
    nodes["name"] = "Springfield"
    tied = tied_to_places(replace(network, nodes=nodes))
    assert tied.places["region"].tolist() == [str(code) for code in network.places.index]


def test_provinces_clusters_codes_and_groups_of_provinces_are_groups_of_places(
    cities, groupings, network
) -> None:
    regions = cities.regions
    inside = network.places["region"]
    by_name = network.places["name"]
    assert groupings.resolve("Jiangsu", regions) == by_name[inside == "Jiangsu"].tolist()
    assert groupings.resolve("310000", regions) == ["Shanghai"]
    delta = ["Shanghai", "Jiangsu", "Zhejiang", "Anhui"]
    assert groupings.resolve("Yangtze River Delta", regions) == by_name[inside.isin(delta)].tolist()
    plain = groupings.resolve("Fenwei Plain", regions)
    assert isinstance(plain, list)
    assert len(plain) == 13
    assert not groupings.is_finer("Fenwei Plain", regions)


def test_shares_of_provinces_are_spread_over_their_places_by_gross_product(
    cities, groupings, network
) -> None:
    shares = groupings.resolve({"Shanghai": 0.6, "Jiangsu": 0.4}, cities.regions)
    assert isinstance(shares, dict)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["Shanghai"] == pytest.approx(0.6)
    gdp = network.places.set_index("name")["gdp"]
    assert shares["Nanjing"] / shares["Xuzhou"] == pytest.approx(gdp["Nanjing"] / gdp["Xuzhou"])


def test_a_name_that_two_places_share_is_answered_with_both(cities, groupings) -> None:
    with pytest.raises(ScenarioError, match=r"'Suzhou \(Jiangsu\)' or 'Suzhou \(Anhui\)'"):
        groupings.resolve("Suzhou", cities.regions)


def test_a_scenario_on_cities_agrees_with_provinces_where_the_two_must(tmp_path) -> None:
    blocks = {"schema": 1, "name": "cities", "network": "china:2020", "stimulus": POLES}
    blocks["add"] = [LINE]
    made = run(Scenario.from_dict({**blocks, "table": "china:2020:city"}))
    wide = run(Scenario.from_dict({**blocks, "table": "china:2020"}))
    assert made.status == "ok"
    city, province = made.data, wide.data
    for name in ("output_base", "value_added_base", "final_demand_base"):
        assert float(city[name].sum()) == pytest.approx(float(province[name].sum()), rel=1e-9)
    parents = load_china("city").data["parent"].to_series()
    parents.index = city["region"].values.astype(object)
    effect = city["ledger"].sel(account="value_added").sum(["part", "sector"])
    by_province = effect.to_pandas().T.groupby(parents.astype(object)).sum()
    given = province["ledger"].sel(account="value_added").sum(["part", "sector"]).to_pandas().T
    given = given.loc[by_province.index, by_province.columns]
    # product flows between provinces are the same; only the mixes inside them differ
    assert np.allclose(by_province, given, rtol=0.02)
    assert np.corrcoef(by_province["mix"], given["mix"])[0, 1] > 0.9999
    # where nothing is spread, clusters are sums of the ledger, and no figure is called allocated
    assert not [name for name in city if str(name).startswith("allocated")]
    total = float(city["computed_cluster"].sel(account="value_added").sum())
    assert total == pytest.approx(float(effect.sum()), rel=1e-12)
    gain = {n: float((d["real_consumption"] - d["real_consumption_base"]).sel(channel="sourcing")
                     .sum()) for n, d in (("city", city), ("province", province))}  # fmt: skip
    # trade between near cities is cheaper than between the means of provinces: the line tells more
    assert 1.0 < gain["city"] / gain["province"] < 1.5
    again = read_result(made.to_netcdf(tmp_path / "city.nc"))
    assert again.data["region"].to_numpy()[0] == "Beijing"


def test_the_network_has_no_level_of_its_own() -> None:
    with pytest.raises(ScenarioError, match="network"):
        Scenario.from_dict({"schema": 1, "name": "x", "network": "china:2020:city"})


def test_codes_that_name_a_group_already_keep_its_meaning(network) -> None:
    rows = pd.DataFrame({"grouping": ["own"], "group": ["310000"], "region": ["Jiangsu"]})
    made = groups_of_places(replace(Groupings.empty(), regions=rows), network).regions
    assert set(made.loc[made["group"] == "310000", "grouping"]) == {"own"}


def test_a_table_too_long_to_read_shows_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.results_csv.LARGEST_TABLE", 5)
    dims, units = ("region_from", "region_to"), {"units": "1", "long_name": "share"}
    base = np.full((2, 3), 0.5)
    data = xr.Dataset(
        {
            "trade_share": (dims, np.add(base, [[0.0, 1e-3, 1e-12], [0.0, -1e-3, 0.0]]), units),
            "trade_share_base": (dims, base, units),
        },
        coords={"region_from": ["a", "b"], "region_to": ["x", "y", "z"]},
    )
    rows = tidy(data, ["trade_share", "trade_share_base"])
    assert rows["region_to"].tolist() == ["y", "y"]
    monkeypatch.setattr("model.results_csv.LARGEST_TABLE", 6)
    assert len(tidy(data, ["trade_share", "trade_share_base"])) == 6
