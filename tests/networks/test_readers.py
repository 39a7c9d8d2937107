"""Networks from files of many formats; bad files give one clear error."""

import contextlib
import io
import json
import shutil
import zipfile

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from cases_networks import OSM, random_network
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paths import shared

from networks import read_network, skim
from networks.assignment import assign
from networks.china import load_china_network
from networks.errors import InvalidNetwork, MissingNetwork, NetworkError, UnknownLabel
from networks.readers import FORMATS, files
from networks.readers.geo import read_geo, write_geo
from networks.readers.gmns import read_gmns, road_graph_of_gmns, write_gmns
from networks.readers.graphs import from_igraph, from_networkx, to_igraph, to_networkx
from networks.readers.gtfs import add_gtfs, read_gtfs
from networks.readers.tntp import network_of_tntp, read_tntp, write_tntp

NETWORK = random_network(11)
FEED = {
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon,parent_station\n"
    "a1,A platform 1,30.0,100.0,A\nA,Alpha,30.0,100.0,\nb,Beta,30.0,101.0,\nc,Gamma,30.0,102.0,\n",
    "routes.txt": "route_id,route_short_name,route_long_name,route_type\n"
    "R,G1,,2\nS,G1,,101\nB,9,,3\n",
    "trips.txt": "route_id,service_id,trip_id\nR,work,t1\nR,work,t2\nR,sun,t3\nS,work,t4\n"
    "B,work,t5\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,08:00:00,08:00:00,a1,1\nt1,09:00:00,09:06:00,b,2\nt1,10:00:00,10:00:00,c,3\n"
    "t2,23:30:00,23:30:00,A,5\nt2,24:40:00,24:44:00,b,7\nt2,,,c,9\nt2,26:00:00,26:00:00,A,10\n"
    "t3,08:00:00,08:00:00,A,1\nt3,09:00:00,09:00:00,c,2\n"
    "t4,08:00:00,08:00:00,A,1\nt4,08:45:00,08:45:00,c,2\n"
    "t5,08:00:00,08:00:00,A,1\nt5,08:45:00,08:45:00,c,2\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nwork,1,1,1,1,1,0,0,20200101,20201231\nsun,0,0,0,0,0,0,1,20200101,20201231\n",
    "calendar_dates.txt": "service_id,date,exception_type\nsun,20200106,1\nwork,20200107,2\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nt4,06:00:00,08:00:00,1800\n",
}


def feed_file(path, **changes):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**FEED, **changes}.items():
            if text is not None:
                archive.writestr(name, text)
    return path


def same(one, two, **options):
    pd.testing.assert_frame_equal(one.nodes, two.nodes, **options)
    pd.testing.assert_frame_equal(one.links, two.links, **options)


# --- what comes back is what went out -----------------------------------------------------------


@given(st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_formats_of_text_and_graphs_give_back_the_network_bit_for_bit(tmp_path_factory, seed):
    network = random_network(seed)
    folder = tmp_path_factory.mktemp("formats")
    same(read_network(network.to_csv(folder / "own")), network)
    same(read_network(write_gmns(network, folder / "gmns")), network)
    same(read_network(write_geo(network, folder / "map.geojson")), network)
    same(from_networkx(to_networkx(network)), network)


def test_the_embedded_network_survives_gmns_and_networkx(tmp_path):
    network = load_china_network()
    same(read_network(write_gmns(network, tmp_path)), network)
    same(from_networkx(to_networkx(network)), network)


def test_igraph_gives_back_the_network():
    pytest.importorskip("igraph", reason="igraph is not installed")
    same(from_igraph(to_igraph(NETWORK)), NETWORK)


@pytest.mark.parametrize("ending", ["gpkg", "shp"])
def test_maps_of_geopandas_give_back_the_network(tmp_path, ending):
    pytest.importorskip("geopandas", reason="geopandas is not installed")
    path = write_geo(NETWORK, tmp_path / f"map.{ending}")
    again = read_network(path)
    exact = {} if ending == "gpkg" else {"rtol": 1e-12, "check_exact": False}
    same(again, NETWORK, **exact)
    assert again.notes[0].startswith("read as geo")


def test_detected_formats_are_said_in_the_notes(tmp_path):
    assert read_network(NETWORK.to_csv(tmp_path / "own")).notes[0].startswith("read as folder")
    assert read_network(tmp_path / "own", "folder").notes == ()
    gmns = write_gmns(NETWORK, tmp_path / "gmns")
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", gmns)
    for path in (gmns, packed):
        assert read_network(path).notes[0] == "read as gmns, told by node.csv and link.csv"
    feed = feed_file(tmp_path / "feed.zip")
    assert read_network(feed).notes[0] == "read as gtfs, told by stops.txt and stop_times.txt"
    with pytest.raises(UnknownLabel, match="did you mean 'gtfs'"):
        read_network(feed, "gtf")
    (tmp_path / "x.dat").write_text("")
    with pytest.raises(InvalidNetwork, match="format that is known"):
        read_network(tmp_path / "x.dat")
    with pytest.raises(MissingNetwork, match="no folder or file"):
        read_network(tmp_path / "nowhere")
    assert set(FORMATS) == {"folder", "gmns", "tntp", "gtfs", "osm", "geo"}


# --- GMNS ---------------------------------------------------------------------------------------


def gmns_folder(path, *, link=None, node=None, config=None):
    path.mkdir()
    (path / "node.csv").write_text(
        node or "node_id,x_coord,y_coord,zone_id\n1,100,30,1\n2,101,30,\n3,102,30,9\n"
    )
    (path / "link.csv").write_text(
        link
        or "link_id,from_node_id,to_node_id,directed,length,free_speed,lanes,capacity,"
        "facility_type\n"
        "a,1,2,true,60,30,2,900,primary\nb,2,3,false,60,60,1,800,\nc,1,3,false,,100,,,railway\n"
    )
    if config:
        (path / "config.csv").write_text(config)
    return path


def test_gmns_of_others_is_read_with_its_units(tmp_path):
    miles = gmns_folder(tmp_path / "g", config="dataset_name,long_length,speed\nx,mi,mph\n")
    network = read_gmns(miles)
    assert list(network.nodes["kind"]) == ["place", "stop", "place"]
    assert network.links.at["a", "km"] == pytest.approx(60 * 1.609344)
    assert network.links.at["a", "minutes"] == pytest.approx(120.0)
    assert not network.links.at["a", "bidirectional"]
    assert network.links.at["b", "bidirectional"]
    assert network.links.at["c", "mode"] == "rail_conventional"
    assert any("area_km2" in n for n in network.notes)
    graph = road_graph_of_gmns(miles)
    assert list(graph.links["capacity"]) == [1800.0, 800.0, 800.0]
    with pytest.raises(InvalidNetwork, match="units that are known"):
        read_gmns(gmns_folder(tmp_path / "h", config="long_length\nli\n"))


def test_gmns_without_speed_wants_one(tmp_path):
    link = "link_id,from_node_id,to_node_id,directed,length\na,1,3,false,50\n"
    path = gmns_folder(tmp_path / "g", link=link)
    with pytest.raises(InvalidNetwork, match="positive free_speed"):
        read_gmns(path)
    assert read_gmns(path, speed_kmh=100).links.at["a", "minutes"] == pytest.approx(30.0)


# --- TNTP ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["SiouxFalls", "Anaheim", "Braess-Example"])
def test_tntp_out_and_in_is_the_same_case(tmp_path, case):
    read = read_tntp(shared("cases", "network", "tntp", case))
    write_tntp(read.graph, tmp_path, demand=read.demand, name="copy")
    again = read_tntp(tmp_path)
    pd.testing.assert_frame_equal(again.graph.links, read.graph.links)
    pd.testing.assert_frame_equal(again.demand, read.demand)
    assert again.graph.zones == read.graph.zones
    assert again.graph.closed == read.graph.closed
    assert len(again.graph.closed) == (38 if case == "Anaheim" else 0)


def test_tntp_with_coordinates_is_a_network_of_roads():
    path = shared("cases", "network", "tntp", "SiouxFalls")
    network = read_network(path)
    assert len(network.places) == 24
    assert len(network.links) == 76
    assert network.notes[0] == "read as tntp, told by SiouxFalls_net.tntp"
    minutes = skim(network, modes=["road"], ends="stop", by="minutes")["minutes"]
    graph = nx.DiGraph()
    for _, row in network.links.iterrows():
        graph.add_edge(row["from_node"], row["to_node"], w=row["minutes"])
    expected = nx.single_source_dijkstra_path_length(graph, "1", weight="w")
    for to, value in expected.items():
        if to != "1":
            assert float(minutes.sel(origin="1", destination=to)) == pytest.approx(value)
    with pytest.raises(InvalidNetwork, match="coordinates"):
        network_of_tntp(read_tntp(shared("cases", "network", "tntp", "Anaheim")))


def test_labels_of_other_graphs_are_numbered_for_tntp(tmp_path):
    from networks.assignment import RoadGraph

    graph = RoadGraph.from_network(NETWORK, capacity=500.0, closed=["p3"])
    demand = pd.DataFrame(1.0, graph.zones, graph.zones)
    again = read_tntp(write_tntp(graph, tmp_path, demand=demand))
    assert again.graph.closed == {"1"}
    a, b = assign(graph, demand), assign(again.graph, again.demand)
    np.testing.assert_allclose(a.data["flow"], b.data["flow"], rtol=1e-9)


# --- GTFS ---------------------------------------------------------------------------------------


def test_a_feed_becomes_lines_with_run_times_and_departures(tmp_path):
    links = read_gtfs(feed_file(tmp_path / "feed.zip")).links.set_index(
        ["from_node", "to_node", "line"]
    )
    slow, fast = "G1", "G1 (S)"
    assert set(links.index) == {
        ("A", "b", slow), ("b", "c", slow), ("c", "A", slow), ("A", "c", fast)
    }  # fmt: skip
    # A-b: 66 and 74 minutes with the stop at b; b-c: 54 and, evenly between known times, 38
    assert links.at[("A", "b", slow), "minutes"] == pytest.approx((66 + 74) / 2)
    assert links.at[("b", "c", slow), "minutes"] == pytest.approx((54 + 38) / 2)
    assert links.at[("A", "b", slow), "trains_per_day"] == 2.0
    assert links.at[("c", "A", slow), "trains_per_day"] == 1.0
    assert links.at[("A", "c", fast), "trains_per_day"] == 4.0  # every half hour for two hours
    assert links.at[("A", "c", fast), "mode"] == "rail_hsr"  # 212 km in 45 minutes
    assert set(links["mode"]) == {"rail_hsr", "rail_conventional"}
    assert not links["bidirectional"].any()


def test_the_day_of_service_says_which_trips_run(tmp_path):
    path = feed_file(tmp_path / "feed.zip")
    sunday = read_gtfs(path, date="20200105").links
    assert list(sunday["trains_per_day"]) == [1.0]
    monday = read_gtfs(path, date="20200106").links  # both services, by an exception
    assert monday["trains_per_day"].sum() == read_gtfs(path).links["trains_per_day"].sum() + 1
    with pytest.raises(InvalidNetwork, match="none on '20200107'"):
        read_gtfs(path, date="20200107")
    with pytest.raises(UnknownLabel, match="20191004"):
        read_gtfs(path, date="tomorrow")


def test_a_real_line_takes_its_published_time_end_to_end():
    path = shared("cases", "network", "gtfs_osm", "poa_trensurb.zip")
    network = read_network(path)
    assert len(network.places) == 24
    with zipfile.ZipFile(path) as archive:
        times = pd.read_csv(io.BytesIO(archive.read("stop_times.txt")))
        trips = pd.read_csv(io.BytesIO(archive.read("trips.txt")))
    weekday = trips.loc[trips["service_id"] == "FULLW", "trip_id"]
    assert network.notes[1].startswith(f"GTFS feed poa_trensurb.zip: {len(weekday)} trips")
    runs = times[times["trip_id"].isin(weekday)]
    seconds = pd.to_timedelta(runs["departure_time"]).dt.total_seconds()
    first = seconds[runs["stop_id"] == "MR"].groupby(runs["trip_id"]).first()
    last = pd.to_timedelta(runs["arrival_time"]).dt.total_seconds()[runs["stop_id"] == "NH"]
    last = last.groupby(runs["trip_id"]).first()
    published = ((last - first).dropna() / 60).loc[lambda s: s > 0].median()
    found = skim(network, modes=["rail"], ends="stop", by="minutes")
    assert float(found["minutes"].sel(origin="MR", destination="NH")) == pytest.approx(
        published, abs=3
    )
    assert float(found["transfers"].sel(origin="MR", destination="NH")) == 0.0


def test_a_feed_joins_a_network_by_its_nearest_places(tmp_path):
    network = random_network(11)
    nodes = network.nodes.copy()
    nodes.loc["p0", ["lon", "lat"]] = [100.0, 30.05]
    nodes.loc["p1", ["lon", "lat"]] = [102.0, 30.05]
    network = type(network)(nodes, network.links).subset(["road", "ferry"])
    grown = add_gtfs(network, feed_file(tmp_path / "feed.zip"), within_km=20)
    assert grown.nodes.at["A", "parent"] == "p0"
    assert grown.nodes.at["b", "kind"] == "stop"
    one = {"modes": ["rail"], "zones": ["p0", "p1"], "by": "minutes"}
    assert not skim(network, **one)["reachable"][0, 1]
    found = skim(grown, **one).isel(origin=0, destination=1)
    # ways of 5.56 km by road at either end, and the fast train of 45 minutes
    assert float(found["access"]) == pytest.approx(15 + 60 * 1.3 * 5.56 / 30, abs=0.1)
    assert float(found["in_vehicle"]) == pytest.approx(45.0)
    with pytest.raises(InvalidNetwork):
        add_gtfs(grown, feed_file(tmp_path / "feed.zip"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stops.txt": None}, "must have stops.txt"),
        ({"stops.txt": "stop_id,stop_name\na,b\n"}, "columns stop_lat, stop_lon"),
        ({"stop_times.txt": FEED["stop_times.txt"].replace("09:00:00", "9 o'clock")}, "05:06:00"),
        ({"stop_times.txt": FEED["stop_times.txt"].replace("10:00:00", "05:00:00")}, "backwards"),
        ({"stop_times.txt": FEED["stop_times.txt"].replace(",b,2", ",q,2")}, "not there: q"),
        ({"trips.txt": FEED["trips.txt"].replace("R,work", "Q,work")}, "not there: Q"),
        ({"trips.txt": FEED["trips.txt"] + "R,work,t1\n"}, "found again t1"),
        ({"routes.txt": FEED["routes.txt"].replace(",2\n", ",3\n").replace(",101", ",3")}, "rail"),
        ({"calendar.txt": None, "calendar_dates.txt": None}, "calendar.txt or"),
        ({"stops.txt": FEED["stops.txt"].replace("100.0", "east")}, "must be a number"),
        ({"stops.txt": FEED["stops.txt"].encode("utf-16")}, "UTF-8"),
    ],
)
def test_bad_feeds_are_told_in_one_line(tmp_path, changes, words):
    with pytest.raises((InvalidNetwork, MissingNetwork), match=words):
        read_network(feed_file(tmp_path / "feed.zip", **changes), "gtfs")


# --- OpenStreetMap ------------------------------------------------------------------------------


def test_a_small_map_is_thinned_to_what_matters(tmp_path):
    pytest.importorskip("osmium", reason="osmium is not installed")
    path = tmp_path / "small.osm"
    path.write_text(OSM)
    network = read_network(path)
    roads = network.links[network.links["mode"] == "road"].set_index(["from_node", "to_node"])
    # node 2 only carries on and is gone; both directions of the motorway stay apart
    assert "j2" not in network.nodes.index
    km = roads["km"]
    assert km[("j1", "j3")] == pytest.approx(0.2 * 111.195 * np.cos(np.radians(50)), rel=1e-4)
    assert roads.at[("j1", "j3"), "minutes"] == pytest.approx(60 * km[("j1", "j3")] / 85)
    assert roads.at[("j3", "j5"), "minutes"] == pytest.approx(60 * km[("j3", "j5")] / (0.85 * 110))
    assert roads.at[("j5", "j3"), "minutes"] == pytest.approx(
        60 * km[("j5", "j3")] / (42.5 * 1.609344)
    )
    assert not roads.at[("j3", "j5"), "bidirectional"]
    rail = network.links[network.links["mode"].str.startswith("rail")]
    assert list(rail["mode"]) == ["rail_hsr", "rail_conventional"]
    assert set(rail["line"]) == {"railway 1"}
    assert network.nodes.at["o11", "parent"] == "o21"
    assert network.nodes.at["A_AIR", "kind"] == "airport"
    assert network.nodes.at["o21", "population"] == 12000.0
    assert skim(network)["reachable"].all()


def test_a_real_extract_makes_a_routable_network():
    pytest.importorskip("osmium", reason="osmium is not installed")
    from networks.readers.osm import read_osm

    path = shared("cases", "network", "gtfs_osm", "poa_osm.pbf")
    with pytest.raises(InvalidNetwork, match="place=city or town"):
        read_network(path)
    columns = ["node", "name", "lon", "lat"]
    rows = [("c", "Centro", -51.228, -30.03), ("p", "Petropolis", -51.18, -30.05)]
    roads = ("motorway", "trunk", "primary", "secondary", "tertiary")
    network = read_osm(
        path, roads=roads, railways=("subway",), places=pd.DataFrame(rows, columns=columns)
    )
    assert "A_POA" in network.nodes.index
    assert (network.links["mode"] == "rail_conventional").sum() == 2
    km = skim(network, modes=["road"], by="minutes")["km"].to_numpy()
    assert 5.1 < km[0, 1] < 9.0  # 5.1 km on the great circle
    assert network.unreachable().empty


# --- maps and graphs of others ------------------------------------------------------------------


def test_lines_and_points_that_know_nothing_of_each_other_are_joined(tmp_path):
    features = [
        {"type": "Point", "coordinates": [100.0, 30.0]},
        {"type": "Point", "coordinates": [102.0, 30.01, 7.0]},
        {"type": "LineString", "coordinates": [[100.0, 30.0], [100.5, 30.2], [101.0, 30.0]]},
        {"type": "MultiLineString", "coordinates": [[[101.0, 30.000001], [102.0, 30.0]]]},
    ]
    names = [{"name": "Aby", "population": 7}, None, {"speed_kmh": 60}, {"speed_kmh": 120}]
    pairs = zip(names, features, strict=True)
    made = [{"type": "Feature", "properties": p, "geometry": g} for p, g in pairs]
    whole = {"type": "FeatureCollection", "features": made}
    path = tmp_path / "lines.geojson"
    path.write_text(json.dumps(whole))
    network = read_geo(path)
    assert list(network.places["name"]) == ["Aby", "place 2"]
    assert network.unreachable().empty
    assert network.links.at["l1", "minutes"] == pytest.approx(network.links.at["l1", "km"])
    assert network.links.at["l1", "km"] > 100
    whole["features"][2]["properties"] = {}
    path.write_text(json.dumps(whole))
    with pytest.raises(InvalidNetwork, match="number 1"):
        read_geo(path)
    assert read_geo(path, speed_kmh=30).links.at["l1", "minutes"] == pytest.approx(
        2 * network.links.at["l1", "km"]
    )


def test_undirected_graphs_of_others_run_both_ways():
    graph = nx.Graph()
    graph.add_node(1, x=100.0, y=30.0)
    graph.add_node(2, x=101.0, y=30.0)
    graph.add_edge(1, 2, time=50.0)
    network = from_networkx(graph, minutes="time", mode="rail_conventional")
    assert network.links["bidirectional"].all()
    assert network.links["km"].iloc[0] == pytest.approx(1.15 * 96.3, rel=1e-3)
    with pytest.raises(InvalidNetwork, match="minutes="):
        from_networkx(graph)
    del graph.nodes[2]["x"]
    with pytest.raises(InvalidNetwork, match="lon and lat"):
        from_networkx(graph, minutes="time")


# --- files that are cut, garbled or not what they say -------------------------------------------


def whole_files(tmp_path):
    """Good files of every format that reads text or archives."""
    made = {"own": NETWORK.to_csv(tmp_path / "own"), "gmns": write_gmns(NETWORK, tmp_path / "gmns")}
    made["geo"] = write_geo(NETWORK, tmp_path / "map.geojson")
    made["gtfs"] = feed_file(tmp_path / "feed.zip")
    from networks.assignment import RoadGraph

    graph = RoadGraph.from_network(NETWORK, capacity=1.0)
    demand = pd.DataFrame(1.0, graph.zones, graph.zones)
    made["tntp"] = write_tntp(graph, tmp_path / "tntp", demand=demand, name="t").parent
    numbers = range(1, len(graph.nodes) + 1)
    text = "Node X Y ;\n" + "".join(f"{k} 100 30 ;\n" for k in numbers)
    (made["tntp"] / "t_node.tntp").write_text(text)
    return made


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return whole_files(tmp_path_factory.mktemp("good"))


@given(
    which=st.sampled_from(["own", "gmns", "geo", "gtfs", "tntp"]),
    at=st.floats(0, 0.999),
    how=st.sampled_from(["cut", "bytes", "swap", "drop column", "zero"]),
    pick=st.integers(0, 9),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_read_or_end_in_one_of_our_errors(
    good, tmp_path_factory, which, at, how, pick
):
    source = good[which]
    folder = tmp_path_factory.mktemp("bad")
    if source.is_dir():
        target = folder / which
        shutil.copytree(source, target)
        inside = sorted(target.iterdir())
        path = inside[pick % len(inside)]
    else:
        path = target = folder / source.name
        shutil.copy(source, target)
    raw = path.read_bytes()
    place = int(at * len(raw))
    if how == "cut":
        raw = raw[:place]
    elif how == "bytes":
        raw = raw[:place] + b"\xff\xfe" + raw[place + 2 :]
    elif how == "swap":
        raw = raw[:place] + b",;x" + raw[place + 3 :]
    elif how == "zero":
        raw = raw[:place] + b"\x00" + raw[place + 1 :]
    else:
        lines = raw.splitlines(keepends=True)
        raw = b"".join(line.replace(b",", b"", 1) if k else line for k, line in enumerate(lines))
    path.write_bytes(raw)
    with contextlib.suppress(NetworkError):
        read_network(target)


def test_a_format_without_its_package_says_what_to_install(monkeypatch, tmp_path):
    def none(name):
        raise ImportError(name)

    monkeypatch.setattr(files.importlib, "import_module", none)
    (tmp_path / "x.gpkg").write_bytes(b"")
    with pytest.raises(files.MissingPackage, match=r"pip install 'hinterland\[geo\]'"):
        read_geo(tmp_path / "x.gpkg")
    assert issubclass(files.MissingPackage, ImportError)


@pytest.mark.parametrize(
    ("name", "package"), [("x.gpkg", "geopandas"), ("x.shp", "geopandas"), ("x.osm.pbf", "osmium")]
)
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x00" * 4000])
def test_binary_files_that_are_none_are_refused(tmp_path, name, package, content):
    pytest.importorskip(package, reason=f"{package} is not installed")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidNetwork):
        read_network(tmp_path / name)


def test_an_extract_cut_short_is_refused(tmp_path):
    pytest.importorskip("osmium", reason="osmium is not installed")
    raw = shared("cases", "network", "gtfs_osm", "poa_osm.pbf").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(InvalidNetwork, match=r"cannot be read as OpenStreetMap|must have places"):
        read_network(path)
