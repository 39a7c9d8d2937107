import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from cases_networks import three_cities

from networks import Network, Parameters, read_network, read_parameters, skim, skim_modes
from networks.assignment import RoadGraph
from networks.errors import (
    InvalidNetwork,
    MeasureError,
    MissingNetwork,
    NetworkError,
    ParameterError,
    UnknownLabel,
    UnreachablePlace,
)
from networks.geo import great_circle_km
from networks.modes import wait_minutes
from networks.schema import read_schema
from networks.tree_loading import load_links
from networks.whatif.asked import Asked
from networks.whatif.skims import build_skim_base


def tables():
    network = three_cities()
    return network.nodes, network.links


def complaint(nodes, links):
    with pytest.raises(InvalidNetwork) as caught:
        Network(nodes, links, name="bad")
    return str(caught.value)


def test_every_failure_is_reported_at_once_with_where_and_what():
    nodes, links = tables()
    text = complaint(
        nodes.assign(lat=[0.0, 95.0, 0.0], kind=["place", "city", "place"]),
        links.assign(minutes=[90.0, -1.0, np.inf, 30.0], sped=1.0),
    )
    assert "nodes.lat must lie in [-90, 90]; found b (95)" in text
    assert "nodes.kind must be one of place, stop, airport; found b ('city')" in text
    assert "links.minutes must lie in [0, inf); found r2 (-1)" in text
    assert "links.minutes must be float; it is not at t1" in text
    assert "links has no column 'sped'" in text


def test_negative_minutes_are_named():
    nodes, links = tables()
    assert "found r2 (-1)" in complaint(nodes, links.assign(minutes=[1.0, -1.0, 1.0, 1.0]))


def test_duplicate_keys_are_named():
    nodes, links = tables()
    text = complaint(nodes.set_axis(["a", "a", "c"]), links.set_axis(["x", "y", "x", "x"]))
    assert "node keys must be unique; given more than once: a" in text
    assert "link keys must be unique; given more than once: x" in text


def test_missing_columns_and_cells_are_named():
    nodes, links = tables()
    text = complaint(nodes.drop(columns="lon"), links.assign(km=[1.0, np.nan, 1.0, 1.0]))
    assert "nodes must have a column 'lon'" in text
    assert "links.km must be given; it is missing at r2" in text


def test_ends_that_are_no_nodes_and_loops_are_named():
    nodes, links = tables()
    text = complaint(nodes, links.assign(from_node=["a", "bb", "a", "b"], to_node=list("acbc")))
    assert "links.from_node must be a node; 1 are not, among them r2 ('bb'" in text
    assert "from_node equals to_node at r1" in text


def test_ends_of_the_wrong_kind_are_named():
    nodes, links = tables()
    text = complaint(nodes.assign(kind=["place", "place", "airport"]), links)
    assert "links of mode rail_hsr must join nodes of kind place or stop; others at t2" in text


def test_parents_years_and_areas_are_checked():
    nodes, links = tables()
    text = complaint(
        nodes.assign(parent=["", "a", ""], area_km2=[1.0, 1.0, np.nan]),
        links.assign(year_opened=2000, year_closed=[2000, 2001, 2001, 2001]),
    )
    assert "a place has no parent; one is given at b" in text
    assert "every place needs area_km2; it is missing at c" in text
    assert "year_closed must come after year_opened; it does not at r1" in text


def test_a_network_needs_a_place():
    nodes, links = tables()
    assert "there is none" in complaint(nodes.assign(kind="stop"), links)


def test_errors_are_builtin_errors_too():
    assert issubclass(InvalidNetwork, ValueError)
    assert issubclass(UnknownLabel, LookupError)
    assert issubclass(MissingNetwork, FileNotFoundError)
    assert all(issubclass(e, NetworkError) for e in (InvalidNetwork, UnknownLabel, MissingNetwork))


def test_schema_columns_are_the_columns_of_the_tables():
    schema = read_schema()
    nodes, links = tables()
    for table, frame in (("nodes", nodes), ("links", links)):
        names = schema.loc[schema["table"] == table, "variable"].tolist()
        assert names == [frame.index.name, *frame.columns]


def test_a_round_trip_through_csv_keeps_every_cell(tmp_path):
    network = three_cities().with_line("rail_hsr", ["a", "c"], speed_kmh=300, trains_per_day=9)
    network = network.with_parameters({"value_of_time": {"passenger": 41}})
    again = read_network(network.to_csv(tmp_path / "net"), year=2020)
    pd.testing.assert_frame_equal(again.nodes, network.nodes)
    pd.testing.assert_frame_equal(again.links, network.links)
    pd.testing.assert_frame_equal(again.parameters.table, network.parameters.table)
    assert (again.name, again.year) == ("net", 2020)


def test_a_missing_folder_or_file_is_one_clear_error(tmp_path):
    with pytest.raises(MissingNetwork, match="There is no folder"):
        read_network(tmp_path / "nowhere")
    three_cities().to_csv(tmp_path)
    (tmp_path / "links.csv").unlink()
    with pytest.raises(MissingNetwork, match=r"must have links\.csv"):
        read_network(tmp_path)
    (tmp_path / "links.csv").write_text("")
    with pytest.raises(InvalidNetwork, match="CSV"):
        read_network(tmp_path)
    with pytest.raises(MissingNetwork):
        read_parameters(tmp_path / "none.csv")


def test_codes_keep_their_zeros(tmp_path):
    network = three_cities()
    nodes = network.nodes.rename(index={"a": "001"})
    links = network.links.replace("a", "001")
    again = read_network(Network(nodes, links).to_csv(tmp_path))
    assert again.nodes.index[0] == "001"


def test_places_are_found_by_code_english_or_chinese_name():
    network = three_cities()
    assert network.resolve(["a", "beta", "丙"]) == ["a", "b", "c"]
    with pytest.raises(UnknownLabel, match="did you mean 'Alpha'"):
        network.resolve(["Alhpa"])
    twin = network.with_places(
        [{"code": "s", "name": "Alpha", "kind": "stop", "lon": 0, "lat": 0, "parent": "a"}]
    )
    assert twin.resolve(["Alpha"]) == ["a"]  # the place before its station
    assert twin.resolve(["Alpha"], kinds=("stop",)) == ["s"]
    double = Network(network.nodes.assign(name=["Same", "Same", "Gamma"]), network.links)
    with pytest.raises(UnknownLabel, match=r"the name of 2 nodes: a .*, b .*; use a key"):
        double.resolve(["Same"])


def test_edits_return_a_new_network_and_leave_the_old_one():
    network = three_cities()
    before = network.links.copy()
    edited = network.with_links(
        add=[{"from_node": "Alpha", "to_node": "Gamma", "mode": "road", "speed_kmh": 100}],
        change=[{"select": {"between": ["b", "a"], "mode": "road"}, "minutes": 80}],
        remove=["r2"],
    )
    pd.testing.assert_frame_equal(network.links, before)
    assert edited.links.at["r1", "minutes"] == 80
    assert "r2" not in edited.links.index
    fresh = edited.links.iloc[-1]
    km = 1.2 * float(great_circle_km(0, 0, 2, 0))
    assert fresh["km"] == pytest.approx(km)
    assert fresh["minutes"] == pytest.approx(60 * km / 100)


def test_changes_by_a_frame_and_by_speed():
    network = three_cities()
    frame = pd.DataFrame({"minutes": [50.0, 60.0]}, index=["r1", "t1"])
    assert network.with_links(change=frame).links.loc[["r1", "t1"], "minutes"].tolist() == [50, 60]
    faster = network.with_links(change=[{"select": {"line": "main"}, "speed_kmh": 200}])
    assert faster.links.at["t1", "minutes"] == pytest.approx(60 * 100 / (0.85 * 200) + 5)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"remove": ["T1x"]}, "did you mean 't1'"),
        ({"remove": [{"line": "mian"}]}, "did you mean 'main'"),
        ({"remove": [{"colour": "red"}]}, "selected by"),
        ({"change": [{"minutes": 3}]}, "'select'"),
        ({"change": [{"select": {"link": "r1"}, "minuts": 3}]}, "did you mean 'minutes'"),
        ({"change": [{"select": {"link": "r1"}, "minutes": -3}]}, r"found r1 \(-3\)"),
        ({"add": [{"from_node": "a", "mode": "road"}]}, "needs to_node"),
        ({"add": [{"from_node": "a", "to_node": "Gama", "mode": "road"}]}, "did you mean 'Gamma'"),
        ({"add": [{"from_node": "a", "to_node": "c", "mode": "road"}]}, "minutes must be given"),
        ({"add": [{"from_node": "a", "to_node": "c", "mode": "rod"}]}, "must be one of"),
        (
            {
                "add": [
                    {"link": "r1", "from_node": "a", "to_node": "c", "mode": "road", "minutes": 1}
                ]
            },
            "more than once: r1",
        ),
    ],
)
def test_bad_edits_are_refused_with_the_way_out(edit, words):
    with pytest.raises(NetworkError, match=words):
        three_cities().with_links(**edit)


def test_a_line_runs_between_consecutive_stops():
    network = three_cities().with_line(
        "rail_hsr", ["Alpha", "乙", "c"], speed_kmh=350, trains_per_day=60, fare_per_km=0.5
    )
    new = network.links.iloc[-2:]
    km = 1.09 * great_circle_km(0, 0, 1, 0)
    assert new["km"].tolist() == pytest.approx([km, km])
    assert new["minutes"].tolist() == pytest.approx([60 * km / (0.85 * 350) + 5] * 2)
    assert new["money"].tolist() == pytest.approx([0.5 * km] * 2)
    assert new["line"].nunique() == 1
    assert "assumptions" in network.notes[-1]


def test_hop_minutes_are_near_published_runs():
    """Beijing-Tianjin 30, Shanghai-Nanjing 73, Beijing-Shanghai 258 minutes (published times)."""
    share, stop = (Parameters.default().get(n) for n in ("running_share", "stop_minutes"))
    for km, speed, published in ((117, 350, 30), (301, 350, 73), (1302, 350, 258)):
        assert 60 * km / (share * speed) + stop == pytest.approx(published, rel=0.12)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"stops": ["Alpha", "Gama"]}, "did you mean 'Gamma'"),
        ({"stops": ["Alpha"]}, "two stops at least"),
        ({"stops": ["Alpha", "a", "c"]}, "must differ"),
        ({"speed_kmh": 0}, "speed_kmh must be a positive"),
        ({"trains_per_day": -2}, "trains_per_day must be a positive"),
        ({"mode": "rail_hrs"}, "did you mean 'rail_hsr'"),
        ({"name": "main"}, "already"),
        ({"fare_per_km": -1}, "fare_per_km"),
        ({"freed_freight_capacity": 2}, "share from 0 to 1"),
    ],
)
def test_bad_lines_are_refused(line, words):
    good = {"mode": "rail_hsr", "stops": ["a", "c"], "speed_kmh": 300, "trains_per_day": 10}
    with pytest.raises(NetworkError, match=words):
        three_cities().with_line(**(good | line))


def test_a_line_calls_at_the_only_station_of_a_place():
    network = three_cities().with_links(remove=["t1", "t2"])
    network = network.with_places(
        [{"code": "s", "name": "Alpha South", "kind": "stop", "lon": 0, "lat": 0, "parent": "a"}]
    ).with_links(
        add=[
            {"from_node": "a", "to_node": "s", "mode": "access", "minutes": 20},
            {"from_node": "s", "to_node": "b", "mode": "rail_conventional", "minutes": 99},
        ]
    )
    new = network.with_line("rail_hsr", ["Alpha", "Gamma"], speed_kmh=300, trains_per_day=9)
    assert new.links.iloc[-1][["from_node", "to_node"]].tolist() == ["s", "c"]


def test_new_places_must_be_new():
    network = three_cities()
    place = {"code": "d", "name": "Delta", "lon": 1.0, "lat": 1.0, "area_km2": 5.0}
    assert network.with_places([place]).places.index.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(InvalidNetwork, match="already the place a"):
        network.with_places([place | {"name": "Alpha"}])
    with pytest.raises(InvalidNetwork, match="is the key of 'Beta'"):
        network.with_places([place | {"code": "b"}])


def test_a_year_keeps_what_is_open():
    network = three_cities().with_links(
        change=[
            {"select": {"link": "t1"}, "year_opened": 2010},
            {"select": {"link": "t2"}, "year_closed": 2015},
        ]
    )
    assert "t1" not in network.as_of(2009).links.index
    assert "t1" in network.as_of(2010).links.index
    assert "t2" in network.as_of(2014).links.index
    assert "t2" not in network.as_of(2015).links.index
    assert network.as_of(2015).year == 2015


def test_a_subset_keeps_the_modes_asked_for():
    assert three_cities().subset(["road"]).modes == ("road",)
    with pytest.raises(UnknownLabel, match="did you mean 'road'"):
        three_cities().subset(["raod"])


def test_parameters_take_the_most_particular_row():
    p = Parameters.default()
    assert p.get("value_of_time", purpose="passenger") == 30
    assert p.get("fare_per_km", "rail_hsr", "passenger") == 0.46
    assert p.get("service_hours", "rail", "passenger") == 16
    changed = p.with_values(
        {"access_minutes": {"road.freight": 7}, "fare_per_km": {"rail_hsr": 0.4}}
    )
    assert changed.get("access_minutes", "road", "freight") == 7
    assert changed.get("access_minutes", "road", "passenger") == 10
    assert changed.get("fare_per_km", "rail_hsr", "passenger") == 0.4
    assert p.get("fare_per_km", "rail_hsr", "passenger") == 0.46
    assert p.at("high", "value_of_time").get("value_of_time", purpose="passenger") == 60


def test_every_parameter_has_a_range_a_unit_and_a_source():
    t = Parameters.default().table
    assert (t["low"] <= t["value"]).all()
    assert (t["value"] <= t["high"]).all()
    assert (t[["unit", "source", "description"]] != "").all().all()
    assert t.loc[t["source"] == "no source found", "assumption"].all()


def test_bad_parameters_are_refused():
    p = Parameters.default()
    with pytest.raises(ParameterError, match="did you mean 'fare_per_km'"):
        p.get("fare_per_kn")
    with pytest.raises(ParameterError, match="no row 'rail'"):
        p.with_values({"fare_per_km": {"rail": 1}})
    with pytest.raises(ParameterError, match=r"freight and passenger here: .*'passenger': 2"):
        p.with_values({"weight_wait": 2})
    with pytest.raises(ParameterError, match=r"'rail\.passenger': 2"):
        p.with_values({"access_minutes": {"rail": 2}})
    with pytest.raises(ParameterError, match="must be a number"):
        p.with_values({"value_of_time": "much"})
    with pytest.raises(ParameterError, match="must not be negative"):
        p.with_values({"value_of_time": -1})
    with pytest.raises(ParameterError, match="finite"):
        p.with_values({"value_of_time": float("nan")})


def test_the_wait_follows_from_departures():
    p = Parameters.default()
    wait = wait_minutes(p, np.array([60.0, 1.0, np.nan]), "rail", "passenger")
    assert wait.tolist() == [0.25 * 16, 60.0, 30.0]


def test_writing_to_a_table_that_was_handed_out_leaves_the_network_as_it_is():
    network = three_cities().as_of(2020)
    before = {name: getattr(network, name).copy() for name in ("nodes", "links", "other_years")}
    for name in before:
        table = getattr(network, name)
        if len(table):
            table.loc[table.index[0], "lon" if name == "nodes" else "minutes"] = 7.0
        table["more"] = 1.0
        table.index.name = "x"
    for name, table in before.items():
        pd.testing.assert_frame_equal(getattr(network, name), table)
    links = network.links
    again = Network(network.nodes, links)
    links["minutes"] = 0.0
    assert again.links["minutes"].tolist() == [90.0, 90.0, 30.0, 30.0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.links = links
    assert pickle.loads(pickle.dumps(network)).links.equals(network.links)


def test_what_is_no_table_no_year_or_one_word_is_understood_or_named():
    network = three_cities()
    with pytest.raises(InvalidNetwork, match="nodes must be a DataFrame; found list"):
        Network([1], network.links)
    with pytest.raises(InvalidNetwork, match="links must be a DataFrame; found NoneType"):
        Network(network.nodes, None)
    with pytest.raises(InvalidNetwork, match="found '2000'"):
        network.as_of("2000")
    assert network.subset("road").modes == ("road",)
    assert network.resolve("Alpha") == ["a"]
    assert network.as_of(np.int64(2000)).year == 2000


def test_parallel_zero_and_one_way_links_and_places_without_links_are_what_they_are():
    network = three_cities().subset("road")
    quick = {"link": "q", "from_node": "a", "to_node": "b", "mode": "road", "minutes": 5.0, "km": 1}
    beside = network.with_links(add=[quick])
    assert len(beside.links) == 3
    minutes = [
        float(skim(n, modes=["road"], by="minutes")["minutes"].sel(origin="a", destination="b"))
        for n in (network, beside, beside.with_links(change=pd.DataFrame({"minutes": {"q": 0.0}})))
    ]
    assert minutes[0] - minutes[1] == pytest.approx(85.0)
    assert minutes[1] - minutes[2] == pytest.approx(5.0)
    slow = beside.with_links(change=pd.DataFrame({"minutes": {"q": 500.0}}))
    again = skim(slow, modes=["road"], by="minutes")["minutes"].sel(origin="a", destination="b")
    assert float(again) == minutes[0]
    one_way = network.with_links(change=pd.DataFrame({"bidirectional": {"r2": False}}))
    assert one_way.unreachable().to_dict() == {
        "c": "it can be reached but not left: its links run one way"
    }
    lonely = network.with_places([{"code": "z", "name": "Zed", "lon": 1, "lat": 1, "area_km2": 5}])
    assert lonely.unreachable().to_dict() == {"z": "no link starts or ends there"}
    with pytest.raises(UnreachablePlace, match=r"Zed \(z\): no link starts or ends there"):
        skim(lonely)


def test_zones_are_places_each_once_and_at_least_one_wherever_they_are_asked_for():
    network = three_cities()
    weights = np.ones((3, 3))
    askings = [
        network.zone_keys,
        lambda zones: skim(network, zones=zones),
        lambda zones: skim_modes(network, zones=zones),
        lambda zones: build_skim_base(network, {"it": Asked("passenger")}, zones=zones),
        lambda zones: RoadGraph.from_network(network, capacity=9.0, zones=zones),
        lambda zones: load_links(network, weights, "passenger", zones=zones),
    ]
    for asking in askings:
        for zones, found in [
            ([], "there is none"),
            (["a", "b", "a"], "twice: a and a"),
            (["Beta", "c", "b"], "twice: Beta and b"),
        ]:
            with pytest.raises(MeasureError, match=found) as caught:
                asking(zones)
            assert "\n" not in str(caught.value)
    assert network.zone_keys(None) == ["a", "b", "c"]
    assert network.zone_keys("Gamma") == ["c"]
    assert network.zone_keys(np.array(["c", "甲"])) == ["c", "a"]
