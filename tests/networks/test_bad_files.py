"""Files that are cut, shuffled or garbled: one clear error, or the network that was meant."""

import contextlib
import json
import re
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest
from cases_networks import random_network
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paths import shared

from networks import Network, read_network, skim
from networks.errors import InvalidNetwork, NetworkError
from networks.readers.geo import read_geo, write_geo
from networks.readers.gmns import read_gmns, write_gmns
from networks.readers.graphs import from_igraph, from_networkx, to_igraph, to_networkx
from networks.readers.omx import read_omx
from networks.readers.tntp import network_of_tntp, read_tntp

FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def full_network():
    """A network with every column in use: gates, capacities, years, notes with commas."""
    network = random_network(11)
    rng = np.random.default_rng(0)
    count = len(network.links)
    road = network.links["mode"] == "road"
    links = network.links.assign(
        capacity=pd.Series(rng.uniform(100, 9000, count), network.links.index).where(road),
        year_opened=rng.integers(1990, 2020, count).astype(float),
        note=[f'says "{k}", and more' for k in range(count)],
    )
    nodes = network.nodes.assign(
        no_pass=network.nodes.index == "p2", note="a, b", gdp=rng.uniform(1, 9, len(network.nodes))
    )
    return Network(nodes, links, name="full")


NETWORK = full_network()


def written(folder, form):
    if form == "own":
        return NETWORK.to_csv(folder / "own")
    if form == "gmns":
        return write_gmns(NETWORK, folder / "gmns")
    return write_geo(NETWORK, folder / f"map.{form}")


def same(one, two, **options):
    pd.testing.assert_frame_equal(one.nodes, two.nodes, **options)
    pd.testing.assert_frame_equal(one.links, two.links, **options)


@pytest.mark.parametrize("form", ["own", "gmns", "geojson", "gpkg", "shp"])
def test_every_column_survives_every_format(tmp_path, form):
    if form in ("gpkg", "shp"):
        pytest.importorskip("geopandas", reason="geopandas is not installed")
    exact = {"rtol": 1e-12, "check_exact": False} if form == "shp" else {"check_exact": True}
    same(read_network(written(tmp_path, form)), NETWORK, **exact)


def test_every_column_survives_the_graphs_of_other_packages():
    same(from_networkx(to_networkx(NETWORK)), NETWORK)
    pytest.importorskip("igraph", reason="igraph is not installed")
    same(from_igraph(to_igraph(NETWORK)), NETWORK)


# --- tables ---------------------------------------------------------------------------------------


def tables_of(folder):
    """The CSV files of a format whose rows make the network."""
    return sorted(p for p in folder.iterdir() if p.stem.rstrip("s") in ("node", "link"))


@pytest.mark.parametrize("form", ["own", "gmns"])
@given(data=st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_shuffled_rows_and_columns_make_the_same_network(tmp_path_factory, form, data):
    folder = written(tmp_path_factory.mktemp("shuffled"), form)
    for path in tables_of(folder):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        seed = data.draw(st.integers(0, 1000))
        rng = np.random.default_rng(seed)
        table = table.iloc[rng.permutation(len(table)), rng.permutation(table.shape[1])]
        table.to_csv(path, index=False)
    again = read_network(folder)
    nodes, links = again.nodes.loc[NETWORK.nodes.index], again.links.loc[NETWORK.links.index]
    same(Network(nodes, links), NETWORK, check_exact=True)


@pytest.mark.parametrize("form", ["own", "gmns"])
@given(which=st.integers(0, 1), row=st.integers(0, 10), data=st.data())
@FEW
def test_a_row_given_twice_or_a_number_that_is_none_is_refused(
    tmp_path_factory, form, which, row, data
):
    folder = written(tmp_path_factory.mktemp("double"), form)
    path = tables_of(folder)[which]
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if data.draw(st.booleans()):
        pd.concat([table, table.iloc[[row]]]).to_csv(path, index=False)
    else:
        numeric = ("lon", "lat", "x_coord", "y_coord", "km", "length", "minutes")
        column = data.draw(st.sampled_from([c for c in numeric if c in table.columns]))
        table.loc[row, column] = data.draw(
            st.sampled_from(["east", "-1e400", "inf", "1,5", "12 km", "--3", "0x10", "1e999"])
        )
        table.to_csv(path, index=False)
    with pytest.raises(InvalidNetwork):
        read_network(folder)


@pytest.mark.parametrize("form", ["own", "gmns"])
@given(end=st.sampled_from(["from", "to"]), row=st.integers(0, 10))
@FEW
def test_a_link_to_a_node_that_is_not_there_is_named(tmp_path_factory, form, end, row):
    folder = written(tmp_path_factory.mktemp("lost"), form)
    path = tables_of(folder)[0]
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    column = next(c for c in table.columns if c.startswith(f"{end}_node"))
    table.loc[row, column] = "p99"
    table.to_csv(path, index=False)
    with pytest.raises(InvalidNetwork, match="p99"):
        read_network(folder)


@pytest.mark.parametrize("form", ["own", "gmns"])
@given(which=st.integers(0, 1), at=st.floats(0, 1, exclude_max=True))
@FEW
def test_a_table_cut_inside_a_row_never_reads(tmp_path_factory, form, which, at):
    folder = written(tmp_path_factory.mktemp("cut"), form)
    path = tables_of(folder)[which]
    raw = path.read_bytes()
    cut = raw[: int(at * len(raw))]
    path.write_bytes(cut)
    if cut.endswith(b"\n") or raw[len(cut) : len(cut) + 1] == b"\n":
        # whole rows are gone: what is left is a network of them, or says what it misses
        with contextlib.suppress(NetworkError):
            again = read_network(folder)
            pd.testing.assert_frame_equal(again.links, NETWORK.links.loc[again.links.index])
            pd.testing.assert_frame_equal(again.nodes, NETWORK.nodes.loc[again.nodes.index])
        return
    with contextlib.suppress(NetworkError):
        again = read_network(folder)
        # cut inside the last cell, which is free text
        free = {"note", "notes"}
        for table, whole in ((again.nodes, NETWORK.nodes), (again.links, NETWORK.links)):
            columns = [c for c in table.columns if c not in free]
            pd.testing.assert_frame_equal(table[columns], whole.loc[table.index, columns])


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "latin-1"])
def test_other_encodings_are_named_and_never_guessed(tmp_path, encoding):
    folder = written(tmp_path, "own")
    path = folder / "nodes.csv"
    text = path.read_text(encoding="utf-8").replace("地", "地" if encoding != "latin-1" else "é")
    path.write_bytes(text.encode(encoding))
    with pytest.raises(InvalidNetwork, match="UTF-8"):
        read_network(folder)


def test_tables_with_cells_too_many_or_columns_twice_are_refused(tmp_path):
    folder = written(tmp_path, "own")
    path = folder / "links.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n", ",surplus\n").replace(",surplus", "", 1), encoding="utf-8")
    with pytest.raises(InvalidNetwork, match="row 2 has"):
        read_network(folder)
    path.write_text(text.replace("km,", "minutes,", 1), encoding="utf-8")
    with pytest.raises(InvalidNetwork, match="twice: minutes"):
        read_network(folder)
    path.write_text("", encoding="utf-8")
    with pytest.raises(InvalidNetwork, match="CSV"):
        read_network(folder)


def test_hourly_capacities_of_gmns_become_those_of_a_day(tmp_path):
    folder = written(tmp_path, "gmns")
    table = pd.read_csv(folder / "link.csv", dtype=str, keep_default_na=False)
    table = table.drop(columns="capacity_per_day").assign(capacity="900", lanes="2")
    table.to_csv(folder / "link.csv", index=False)
    network = read_gmns(folder)
    assert (network.links["capacity"] == 900 * 2 * 24).all()
    assert any("capacity of a day" in note for note in network.notes)


# --- TNTP -----------------------------------------------------------------------------------------

NET = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 3
<FIRST THRU NODE> 3
<NUMBER OF LINKS> 4
<END OF METADATA>

~\tinit_node\tterm_node\tcapacity\tlength\tfree_flow_time\tb\tpower\tspeed\ttoll\tlink_type\t;
\t1\t3\t9\t1\t2\t0.15\t4\t0\t0\t1\t;
\t3\t1\t9\t1\t2\t0.15\t4\t0\t0\t1\t;
\t3\t2\t9\t1\t2\t0.15\t4\t0\t0\t1\t;
\t2\t3\t9\t1\t2\t0.15\t4\t0\t0\t1\t;
"""
TRIPS = """<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 30
<END OF METADATA>

Origin 1
2 : 10.0;
Origin 2
1 : 20.0;
"""
NODES = "Node X Y ;\n1 10 50 ;\n2 11 50 ;\n3 10.5 50 ;\n"


def tntp(folder, net=NET, trips=TRIPS, nodes=NODES):
    for kind, text in (("net", net), ("trips", trips), ("node", nodes)):
        (folder / f"x_{kind}.tntp").write_text(text)
    return folder


def test_columns_of_tntp_are_taken_by_their_names(tmp_path):
    rows = [line.split("\t") for line in NET.splitlines()[6:]]
    order = [0, 3, 2, 1, 5, 4, *range(6, 12)]
    moved = "\n".join("\t".join(row[k] for k in order) for row in rows)
    case = read_tntp(tntp(tmp_path, net=NET[: NET.index("~")] + moved.replace("capacity", "~", 0)))
    plain = tmp_path / "plain"
    plain.mkdir()
    pd.testing.assert_frame_equal(case.graph.links, read_tntp(tntp(plain)).graph.links)
    assert case.demand.to_numpy().tolist() == [[0.0, 10.0], [20.0, 0.0]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"net": NET.replace("ZONES> 2", "ZONES> 1e15")}, "zones among its nodes"),
        ({"net": NET.replace("NODES> 3", "NODES> 1e15")}, "nodes at the ends of its links"),
        ({"net": NET.replace("THRU NODE> 3", "THRU NODE> 1e15")}, "first through node"),
        ({"net": NET.replace("\t1\t3\t9", "\t1.5\t3\t9")}, "whole number"),
        ({"net": NET.replace("\t1\t3\t9", "\tnan\t3\t9")}, "whole number"),
        ({"net": NET.replace("\t1\t3\t9", "\t1\t4\t9")}, "link 1 has 4"),
        ({"net": NET.replace("\t1\t3\t9", "\t1\t3\t-9")}, "capacity must be a number"),
        ({"net": NET.replace("capacity\tlength", "length\tlength")}, "every column once"),
        ({"net": NET.replace("LINKS> 4", "LINKS> 5")}, "Is it cut off"),
        ({"net": NET[:-20]}, "must have 10 columns"),
        ({"trips": TRIPS.replace("20.0;", "2")}, "semicolon"),
        ({"trips": TRIPS.replace("1 : 20.0;\n", "")}, "they are 10. Is it cut off"),
        ({"trips": TRIPS.replace("20.0", "-20.0")}, "zero or more"),
        ({"trips": TRIPS.replace("20.0", "inf")}, "zero or more"),
        ({"trips": TRIPS + "1 : 0.0;\n"}, "each pair of zones once"),
        ({"trips": TRIPS.replace("Origin 2", "Origin 7")}, "zone from 1 to 2"),
        ({"nodes": NODES + "1 10 50 ;\n"}, "node 1 is there twice"),
        ({"nodes": NODES.replace("11 50", "inf 50")}, "must number its nodes"),
        ({"nodes": NODES.replace("3 10.5 50 ;\n", "")}, "without coordinates: 3"),
    ],
)
def test_bad_tntp_files_are_told_in_one_line(tmp_path, change, words):
    with pytest.raises(InvalidNetwork, match=words) as caught:
        read_network(tntp(tmp_path, **change))
    assert "\n" not in str(caught.value).removeprefix("'x' is not a network:\n- ")


def test_zones_of_tntp_are_gates_of_its_network(tmp_path):
    net = NET.replace("LINKS> 4", "LINKS> 6") + (
        "\t1\t2\t9\t1\t1\t0.15\t4\t0\t0\t1\t;\n\t2\t1\t9\t1\t1\t0.15\t4\t0\t0\t1\t;\n"
    )
    network = network_of_tntp(read_tntp(tntp(tmp_path, net=net)))
    assert network.nodes["no_pass"].tolist() == [True, True, False]
    assert network.links["capacity"].tolist() == [9.0] * 6
    assert float(skim(network, by="minutes", modes=["road"], ends="stop")["minutes"][0, 1]) == 1.0


@pytest.mark.parametrize("case", ["SiouxFalls", "Anaheim"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_published_cases_that_are_cut_off_do_not_read(tmp_path, case, share):
    source = shared("cases", "network", "tntp", case)
    for kind in ("net", "trips", "flow"):
        folder = tmp_path / kind
        folder.mkdir()
        for name in ("net", "trips", "flow"):
            shutil.copy(source / f"{case}_{name}.tntp", folder)
        path = folder / f"{case}_{kind}.tntp"
        path.chmod(0o644)
        text = path.read_text().rstrip()
        path.write_text(text[: int(share * len(text))])
        with pytest.raises(InvalidNetwork):
            read_tntp(folder)


# --- maps, archives and matrices ------------------------------------------------------------------


@given(at=st.floats(0, 0.999))
@FEW
def test_a_map_cut_anywhere_is_refused(tmp_path_factory, at):
    path = written(tmp_path_factory.mktemp("map"), "geojson")
    raw = path.read_bytes().rstrip()
    path.write_bytes(raw[: int(at * len(raw))])
    with pytest.raises(InvalidNetwork):
        read_network(path)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda f: f.update(features=[]), "must have points"),
        (lambda f: f["features"].append(f["features"][0]), "unique"),
        (lambda f: f["features"].append(f["features"][-1]), "unique"),
        (lambda f: f["features"].append({"type": "Feature"}), "geometry"),
        (lambda f: f["features"][0]["geometry"].update(coordinates=[1e6, 2e6]), "degrees"),
        (lambda f: f["features"][0]["geometry"].update(coordinates=["a", "b"]), "geometry"),
        (lambda f: f["features"][-1]["geometry"].update(coordinates=[[1, 2]]), "two points"),
        (lambda f: f["features"][-1]["properties"].update(to_node="p99"), "p99"),
        (lambda f: f["features"][-1]["properties"].update(minutes="long"), "minutes must be float"),
        (lambda f: f["features"][-1]["properties"].update(minutes=1e400), "minutes must be float"),
        (lambda f: f.update(features="x"), "FeatureCollection"),
    ],
)
def test_bad_maps_are_told(tmp_path, edit, words):
    path = written(tmp_path, "geojson")
    whole = json.loads(path.read_text(encoding="utf-8"))
    edit(whole)
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(InvalidNetwork, match=words):
        read_network(path)
    upper = path.with_name("MAP.GEOJSON")
    path.rename(upper)
    with pytest.raises(InvalidNetwork, match=words):
        read_geo(upper)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_archives_and_real_feeds_cut_short_are_refused(tmp_path, share):
    raw = shared("cases", "network", "gtfs_osm", "poa_trensurb.zip").read_bytes()
    path = tmp_path / "feed.zip"
    path.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(NetworkError):
        read_network(path)


@given(which=st.integers(0, 20), at=st.floats(0, 0.999))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_real_feed_with_a_table_cut_inside_a_row_is_refused_or_whole(tmp_path_factory, which, at):
    source = shared("cases", "network", "gtfs_osm", "poa_trensurb.zip")
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt")[which % 5]
    raw = files[name].rstrip()
    last = raw.rfind(b"\n")
    cut = last + 1 + int(at * (len(raw) - last - 1))  # somewhere in the last row
    files[name] = raw[: max(cut, last + 2)]
    path = tmp_path_factory.mktemp("feed") / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for one, content in files.items():
            archive.writestr(one, content)
    whole = read_network(source)
    with contextlib.suppress(NetworkError):
        again = read_network(path)
        assert set(again.links.index) <= set(whole.links.index)


def test_matrices_without_sound_labels_are_refused(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    for number, (lookup, words) in enumerate(
        [(["a", "a"], "different"), (["a"], "2 labels"), (["a", "b", "c"], "2 labels")]
    ):
        path = tmp_path / f"{number}.omx"
        with h5py.File(path, "w") as file:
            file.create_group("data").create_dataset("m", data=np.ones((2, 2)))
            file.create_group("lookup").create_dataset("zone", data=np.array(lookup, dtype="S"))
        with pytest.raises(InvalidNetwork, match=re.escape(words)):
            read_omx(path)
