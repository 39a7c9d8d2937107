"""The embedded network of China: counts, corrections, treatments, groupings, years."""

import numpy as np
import pandas as pd
import pytest
from paths import shared

from networks.china import load_china_groups, load_china_network
from networks.china.load import UnknownYear
from networks.errors import UnknownLabel
from networks.geo import great_circle_km
from networks.network import Network
from networks.skim import skim

RAIL = ["rail_hsr", "rail_conventional"]


@pytest.fixture(scope="module")
def china() -> Network:
    return load_china_network()


@pytest.fixture(scope="module")
def code(china: Network) -> dict[str, str]:
    return {name: key for key, name in china.nodes["name"].items()}


def between(network: Network, a: str, b: str, mode: str | None = None) -> pd.DataFrame:
    links = network.links
    ends = set(links["from_node"]), set(links["to_node"])
    assert a in ends[0] | ends[1], a
    there = (links["from_node"] == a) & (links["to_node"] == b)
    back = (links["from_node"] == b) & (links["to_node"] == a)
    found = links[there | back]
    return found if mode is None else found[found["mode"] == mode]


def straight_km(network: Network, links: pd.DataFrame) -> np.ndarray:
    where = network.nodes[["lon", "lat"]]
    a, b = where.loc[links["from_node"]].to_numpy(), where.loc[links["to_node"]].to_numpy()
    return great_circle_km(a[:, 0], a[:, 1], b[:, 0], b[:, 1])


def test_there_are_341_cities_in_31_provinces_and_1409_million_people(china: Network) -> None:
    places = china.places
    assert len(places) == 341
    assert places["region"].nunique() == 31
    assert places["name"].is_unique
    # Census of 1 November 2020: 1,411,778,724 with 2.0 million servicemen.
    assert places["population"].sum() == pytest.approx(1_409_778_724, rel=5e-4)
    assert (places[["population", "gdp", "area_km2"]] > 0).all(axis=None)


def test_census_totals_of_provinces_hold_after_the_additions(china: Network) -> None:
    people = china.places.groupby("region")["population"].sum()
    # Communique of the seventh census, no. 3.
    published = {
        "Hebei": 74_610_235,
        "Shaanxi": 39_528_999,
        "Hainan": 10_081_232,
        "Guangdong": 126_012_510,
        "Shandong": 101_527_453,
        "Chongqing": 32_054_159,
    }
    for province, count in published.items():
        assert people[province] == pytest.approx(count, rel=1e-3), province


def test_city_product_sums_to_the_provinces_and_says_that_it_is_an_estimate(
    china: Network,
) -> None:
    path = shared("data", "economy", "province_value_added_9sectors_2019_2023.csv")
    accounts = pd.read_csv(path, encoding="utf-8-sig")
    rows = accounts[(accounts["year"] == 2020) & (accounts["item"] == "地区生产总值")]
    total = rows["value"].sum() * 100.0
    assert china.places["gdp"].sum() == pytest.approx(total, rel=1e-6)
    beijing = rows.loc[rows["province_zh"].str.startswith("北京"), "value"].iloc[0] * 100.0
    assert china.places.loc["110000", "gdp"] == pytest.approx(beijing, rel=1e-6)
    assert any("estimate" in note for note in china.notes)
    assert "ESTIMATE" in (load_china_network.__doc__ or "")


def test_every_city_is_reached_from_every_other_door_to_door(china: Network) -> None:
    for purpose in ("passenger", "freight"):
        found = skim(china, purpose)
        assert bool(found["reachable"].all())
        assert np.isfinite(found["cost"].to_numpy()).all()
        assert (found["cost"].to_numpy() > 0).all()


def test_damaged_names_are_repaired(china: Network, code: dict[str, str]) -> None:
    joined = [
        ("Dandong", "Shenyang"),
        ("S_qidong", "Nantong"),
        ("Jinan", "Dezhou"),
        ("Huainan", "Hefei"),
    ]
    for a, b in joined:
        links = between(china, code.get(a, a), code[b])
        assert links["mode"].isin(RAIL).any(), (a, b)


def test_opening_years_are_corrected(china: Network, code: dict[str, str]) -> None:
    def year(a: str, b: str) -> float:
        return float(between(china, code[a], code[b], "rail_hsr")["year_opened"].min())

    assert year("Shanghai", "Jiaxing") == 2010
    assert year("Jinhua", "Quzhou") == 2014
    assert year("Guiyang", "Anshun") == 2016
    assert year("Guangzhou", "Shenzhen") == 2011
    assert year("Hefei", "Wuhan") == 2009
    assert year("Harbin", "Mudanjiang") == 2018
    before = load_china_network(2013)
    assert between(before, code["Jinhua"], code["Quzhou"], "rail_hsr").empty
    assert not between(before, code["Jinhua"], code["Quzhou"], "rail_conventional").empty


def test_barrier_pairs_are_dropped_and_bridges_overridden(
    china: Network, code: dict[str, str]
) -> None:
    for a, b in [("Dalian", "Yantai"), ("Dalian", "Weihai"), ("Jiuquan", "Haixi")]:
        assert between(china, code[a], code[b], "road").empty, (a, b)
    bridges = {("Shenzhen", "Zhongshan"): 105.0, ("Ezhou", "Huanggang"): 12.0}
    for (a, b), km in bridges.items():
        road = between(china, code[a], code[b], "road")
        assert road["km"].tolist() == [km]
        assert road["status"].tolist() == ["assumption"]


def test_one_ferry_leads_to_hainan_and_its_time_counts_the_boarding(
    china: Network, code: dict[str, str]
) -> None:
    island = set(china.places.index[china.places["region"] == "Hainan"])
    links = china.links[china.links["mode"].isin(["road", "ferry"])]
    crossing = links[links["from_node"].isin(island) != links["to_node"].isin(island)]
    assert crossing["mode"].tolist() == ["ferry"]
    assert set(crossing[["from_node", "to_node"]].iloc[0]) == {code["Zhanjiang"], code["Haikou"]}
    assert 240 <= crossing["minutes"].iloc[0] <= 360


def test_no_run_is_faster_than_its_class_allows(china: Network) -> None:
    links = china.links[china.links["mode"].isin(RAIL)]
    limit = links["mode"].map({"rail_hsr": 350.0, "rail_conventional": 180.0}).to_numpy()
    km = np.maximum(straight_km(china, links), links["km"].to_numpy())
    kmh = 60.0 * km / links["minutes"].to_numpy()
    assert (kmh <= limit).all(), links.index[kmh > limit].tolist()[:5]


def test_runs_are_medians_and_not_the_fastest_train(china: Network, code: dict[str, str]) -> None:
    # Fastest of the table 27 and 24 minutes, impossible on the length of the track.
    assert between(china, code["Hengyang"], code["Changsha"], "rail_hsr")["minutes"].min() >= 37
    assert between(china, code["Weifang"], code["Qingdao"], "rail_hsr")["minutes"].min() >= 51


def test_cities_the_timetable_lacks_are_marked_interpolated(china: Network) -> None:
    path = shared("data", "china_case", "rail_names.csv")
    names = pd.read_csv(path, dtype=str)
    known = set(names.loc[names["level"] == "seat", "adcode"])
    places = set(china.places.index)
    links = china.links[china.links["mode"].isin(RAIL)]
    touches = [
        bool({a, b} & places - known)
        for a, b in links[["from_node", "to_node"]].itertuples(index=False)
    ]
    assert set(links.loc[touches, "status"]) == {"interpolated", "speed"}
    assert "timetable" in set(links.loc[~np.array(touches), "status"])


def test_the_largest_cities_the_timetable_lacks_are_on_the_railway(
    china: Network, code: dict[str, str]
) -> None:
    links = china.links[china.links["mode"].isin(RAIL)]
    on = set(links["from_node"]) | set(links["to_node"])
    named = [
        "Baoding",
        "Tangshan",
        "Wuxi",
        "Dongguan",
        "Foshan",
        "Quanzhou",
        "Linyi",
        "Cangzhou",
        "Xingtai",
        "Haikou",
    ]
    assert {code[name] for name in named} <= on
    off = set(china.places.index) - on
    # Jining has its two stations as stops of their own.
    assert {code[n] for n in ("Alxa", "Zhoushan", "Jining", "Golog", "Ngari")} <= off
    assert len(off) == 23


def test_passing_through_far_stations_takes_the_time_it_takes(
    china: Network, code: dict[str, str]
) -> None:
    stops = china.nodes[china.nodes["kind"] == "stop"]
    seats = china.nodes.loc[stops["parent"], ["lon", "lat"]].to_numpy()
    away = great_circle_km(stops["lon"], stops["lat"], seats[:, 0], seats[:, 1])
    far = stops.index[away > 150]
    assert {"S_wanzhou", "S_qianjiang", "S_golmud", "S_fuyuan", "S_manzhouli"} <= set(far)
    access = china.links[china.links["mode"] == "access"]
    km = straight_km(china, access)
    assert (60.0 * km / access["minutes"].to_numpy() <= 60.0).all()
    wanzhou = between(china, "S_wanzhou", code["Chongqing"], "rail_hsr")
    assert 70 <= wanzhou["minutes"].min() <= 120


def test_through_trains_need_no_change_and_other_trips_do(
    china: Network, code: dict[str, str]
) -> None:
    found = skim(china, modes=["rail"], ends="stop", by="minutes", unreachable="keep")

    def changes(a: str, b: str) -> float:
        return float(found["transfers"].sel(origin=code[a], destination=code[b]))

    through = [
        ("Beijing", "Guangzhou"),
        ("Beijing", "Shanghai"),
        ("Shanghai", "Kunming"),
        ("Beijing", "Xi'an"),
        ("Shanghai", "Ningbo"),
        ("Lanzhou", "Urumqi"),
        ("Beijing", "Dalian"),
    ]
    for a, b in through:
        assert changes(a, b) == 0, (a, b)
    for a, b in [("Zhuhai", "Lhasa"), ("Rizhao", "Zhangjiajie"), ("Yanbian", "Beihai")]:
        assert changes(a, b) >= 1, (a, b)


def test_goods_ride_on_conventional_lines_only_and_reach_the_coast(
    china: Network, code: dict[str, str]
) -> None:
    found = skim(china, "freight", modes=["rail"], unreachable="keep")
    for a, b in [("Taiyuan", "Qinhuangdao"), ("Xiamen", "Wuhan"), ("Urumqi", "Shanghai")]:
        cost = float(found["cost"].sel(origin=code[a], destination=code[b]))
        assert 100 < cost < 1200, (a, b)
    fast_only = china.subset(["road", "ferry", "access", "rail_hsr", "air"])
    none = skim(fast_only, "freight", modes=["rail"], unreachable="keep")
    assert not bool(none["reachable"].sel(origin="110000", destination="310000"))


def test_airports_follow_the_year(china: Network) -> None:
    def flying(network: Network, airport: str) -> bool:
        flights = network.links[network.links["mode"] == "air"]
        return airport in set(flights["from_node"]) | set(flights["to_node"])

    assert flying(china, "A_PKX")
    assert not flying(china, "A_NAY")
    early = load_china_network(2018)
    assert flying(early, "A_NAY")
    assert not flying(early, "A_PKX")
    assert "A_TFU" not in china.nodes.index
    flights = china.links[china.links["mode"] == "air"]
    assert china.nodes.loc["A_XIY", "parent"] == "610100"
    assert (flights["minutes"] > 30).all()


def test_earlier_years_have_less_and_still_join_everything(china: Network) -> None:
    early = load_china_network(1995)
    assert early.year == 1995
    assert "rail_hsr" not in early.modes
    assert early.unreachable().empty
    assert (early.links["note"] == "expressway").sum() < (china.links["note"] == "expressway").sum()
    pairs = early.links[early.links["mode"] == "road"][["from_node", "to_node"]]
    assert not pairs.duplicated().any()
    with pytest.raises(UnknownYear, match="1990 to 2020; 2031"):
        load_china_network(2031)


def test_every_city_stands_once_in_every_grouping(china: Network) -> None:
    groups = load_china_groups()
    known = {
        "national_poles",
        "clusters",
        "air_quality_regions",
        "tiers",
        "macro_region",
        "north_south",
        "coast_interior",
    }
    assert set(groups["grouping"]) == known
    for _, rows in groups.groupby("grouping"):
        assert sorted(rows["place"]) == sorted(china.places.index)
    assert groups["group_zh"].notna().all()
    assert groups["source"].notna().all()
    sizes = load_china_groups("national_poles")["group"].value_counts()
    assert sizes["Pearl River Delta"] == 9
    assert sizes["Yangtze River Delta"] == 26
    assert sizes["Chengdu-Chongqing"] == 16
    quality = load_china_groups("air_quality_regions")["group"].value_counts()
    assert sum(quality) - quality["outside"] == 128


def test_cluster_lists_say_that_they_are_not_verified() -> None:
    clusters = load_china_groups("clusters").set_index("place")
    inside = clusters[clusters["group"] != "outside"]
    assert inside["source"].str.contains("not verified").all()
    assert inside["group"].nunique() == 19
    assert clusters.loc["140800", "group"] == "Central Plains"  # Yuncheng, claimed by two plans


def test_groups_are_copies_and_unknown_groupings_are_named() -> None:
    mine = load_china_groups()
    mine["group"] = "spoiled"
    assert "spoiled" not in set(load_china_groups()["group"])
    with pytest.raises(UnknownLabel, match="did you mean 'clusters'"):
        load_china_groups("cluster")


def test_committed_tables_are_what_the_build_scripts_write() -> None:
    shared("data", "china_case", "cities.csv")
    from networks.china import build

    for name, text in build.build_tables().items():
        assert (build.HERE / name).read_text("utf-8") == text, f"{name}: run networks.china.build"


def test_the_yangtze_corridor_can_be_built_through_a_pass_through_stop(
    china: Network, code: dict[str, str]
) -> None:
    stops = ["Shanghai", "Nanjing", "Hefei", "Wuhan", "Yichang", "Wanzhou", "Chongqing", "Chengdu"]
    line = china.with_line("rail_hsr", stops, speed_kmh=350.0, trains_per_day=60, name="Yangtze")
    before = skim(china, modes=["rail"], ends="stop", by="minutes", unreachable="keep")
    after = skim(line, modes=["rail"], ends="stop", by="minutes", unreachable="keep")
    pair = {"origin": code["Shanghai"], "destination": code["Chengdu"]}
    assert 330 <= float(after["minutes"].sel(pair)) <= 480
    assert float(before["minutes"].sel(pair)) > float(after["minutes"].sel(pair)) + 60
    reached = before["reachable"].to_numpy()
    gain = (before["minutes"].to_numpy()[reached]) - after["minutes"].to_numpy()[reached]
    assert gain.min() >= -1e-9


def test_flights_join_163_cities_in_1268_pairs(china: Network) -> None:
    # Routes of 2017 by the crosswalk of airports to cities: NOTES of the source data, section 4.
    city = pd.read_csv(shared("data", "china_case", "airport_to_city.csv"), dtype={"adcode": str})
    city = city.drop_duplicates("iata").set_index("iata")["adcode"]
    flights = china.links[china.links["mode"] == "air"]
    ends = [flights[c].str.removeprefix("A_").map(city) for c in ("from_node", "to_node")]
    pairs = {tuple(sorted(pair)) for pair in zip(*ends, strict=True)}
    assert len(pairs) == 1268
    assert len({one for pair in pairs for one in pair}) == 163
    assert all(one != two for one, two in pairs)
    beijing = between(china, "A_PEK", "A_SHA", "air")["minutes"]
    assert 110 < float(beijing.iloc[0]) < 120  # in the block
