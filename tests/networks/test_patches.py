"""Edits as values: what they do, what undoes them, and how they are stored and told."""

import contextlib
import dataclasses
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from cases_networks import random_network
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import Network, skim
from networks import patches as p
from networks.china import load_china_network
from networks.errors import InvalidNetwork, MissingNetwork, UnknownLabel
from networks.patch_apply import apply_patches, between, difference, reverse
from networks.patch_files import read_patches, write_patches
from networks.patch_words import FORMS, patch_from_text

NEW_PLACE = {"node": "new", "name": "New Town", "lon": 101.0, "lat": 31.0, "area_km2": 90.0}


def corridor():
    """Three cities on a line, a stop between two of them, a slow railway and a road beside."""
    places = [("a", "Alpha", "甲", 100.0), ("b", "Beta", "乙", 101.0), ("c", "Gamma", "丙", 102.0)]
    nodes = [
        {"node": k, "name": n, "name_zh": z, "lon": x, "lat": 30.0, "area_km2": 100.0}
        | {"kind": "place"}
        for k, n, z, x in places
    ]
    nodes.append({"node": "s", "name": "Halt", "kind": "stop", "lon": 100.5, "lat": 30.0})
    for key, parent in (("x", "a"), ("y", "c"), ("z", "c")):
        nodes.append(
            {"node": key, "name": f"{key.upper()} Field", "kind": "airport", "parent": parent}
            | {"lon": 100.0, "lat": 30.1}
        )
    links = [
        ("h1", "a", "s", "rail_hsr", "fast", 48.0, 20.0),
        ("h2", "s", "b", "rail_hsr", "fast", 48.0, 20.0),
        ("h3", "a", "b", "rail_hsr", "express", 96.0, 35.0),
        ("h4", "b", "c", "rail_hsr", "fast", 96.0, 14.0),
        ("r1", "a", "b", "rail_conventional", "old", 110.0, 90.0),
        ("d1", "a", "b", "road", "", 100.0, 70.0),
        ("d2", "b", "c", "road", "", 100.0, 70.0),
        ("f1", "x", "y", "air", "", 200.0, 50.0),
        ("f2", "x", "z", "air", "", 200.0, 50.0),
    ]
    columns = ["link", "from_node", "to_node", "mode", "line", "km", "minutes"]
    return Network(pd.DataFrame(nodes), pd.DataFrame(links, columns=columns), name="corridor")


def a_patch(network, seed):
    """A patch of several random edits that fit a random network."""
    rng = np.random.default_rng(seed)
    keys = list(network.links.index)
    places = list(network.places.index)
    edits = []
    for verb in rng.choice(["line", "links", "place", "change", "remove", "money"], 3):
        a, b = rng.choice(places, 2, replace=False)
        if verb == "line":
            edits.append(
                p.add_line(
                    "rail_hsr", [a, b], speed_kmh=300, trains_per_day=9, name=f"n{len(edits)}"
                )
            )
        elif verb == "links":
            edits.append(
                p.add_links([{"from_node": a, "to_node": b, "mode": "road", "minutes": 7.5}])
            )
        elif verb == "place" and all(e.do != "add_places" for e in edits):
            edits.append(p.add_places([NEW_PLACE]))
        elif verb == "change":
            edits.append(p.change({"link": str(rng.choice(keys))}, km=3.25, note="é"))
        elif verb == "money":
            edits.append(p.change({"link": str(rng.choice(keys))}, money=None))
        else:
            key = str(rng.choice(keys))
            keys.remove(key)
            edits.append(p.remove({"link": key}))
    return p.Patch(f"patch {seed}", tuple(edits), "made up")


def same_tables(one, two):
    pd.testing.assert_frame_equal(one.nodes, two.nodes)
    pd.testing.assert_frame_equal(one.links, two.links)


@given(st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_a_patch_and_its_reverse_change_nothing_bit_for_bit(seed):
    network = random_network(seed)
    before = network.links.copy()
    patch = a_patch(network, seed)
    try:
        edited = apply_patches(network, [patch])
    except UnknownLabel:  # removed by an earlier edit of the same patch
        return
    undone = apply_patches(edited, [reverse(patch, network)])
    same_tables(undone, network)
    pd.testing.assert_frame_equal(network.links, before)
    again = apply_patches(undone, [difference(undone, edited, name="redo")])
    same_tables(again, edited)


@given(st.integers(0, 10_000), st.sampled_from([".json", ".toml"]))
@settings(max_examples=6, deadline=None)
def test_stored_patches_come_back_equal_and_do_the_same(tmp_path_factory, seed, ending):
    network = random_network(seed)
    patch = a_patch(network, seed)
    path = tmp_path_factory.mktemp("patches") / f"two{ending}"
    stored = [patch]
    with contextlib.suppress(UnknownLabel):
        stored.append(reverse(patch, network))
    assert read_patches(write_patches(stored, path)) == tuple(stored)
    if len(stored) == 2:
        same_tables(apply_patches(network, read_patches(path)), network)


def test_patches_are_frozen_hashable_and_travel_between_processes():
    patch = p.Patch("one", (p.upgrade(between=["a", "b"], speed_kmh=350),))
    assert pickle.loads(pickle.dumps(patch)) == patch
    assert len({patch, p.Patch("one", (p.upgrade(between=["a", "b"], speed_kmh=350.0),))}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        patch.name = "two"


def test_stacking_is_applying_one_after_the_other():
    network = corridor()
    one = p.Patch("one", (p.remove({"line": "old"}),))
    two = p.Patch("two", (p.change({"line": "fast"}, trains_per_day=80),))
    stacked = apply_patches(network, [one.then(two)])
    same_tables(stacked, apply_patches(network, [one, two]))
    assert stacked.notes[-1] == "patch 'one + two' applied"


def test_links_between_places_are_those_on_the_way_with_runs_that_skip_stops():
    network = corridor()

    def found(*stops, **options):
        return set(network.links.index[between(network, list(stops), **options)])

    assert found("Alpha", "Beta") == {"h1", "h2", "h3"}
    assert found("甲", "丙") == {"h1", "h2", "h3", "h4"}
    assert found("a", "b", mode="rail_conventional") == {"r1"}
    assert found("a", "c", mode="road") == {"d1", "d2"}
    assert found("Beta", "Halt") == {"h2"}
    assert found("a", "c", mode="air") == {"f1", "f2"}
    with pytest.raises(UnknownLabel, match="No rail_conventional link"):
        found("a", "c", mode="rail_conventional")
    with pytest.raises(UnknownLabel, match="did you mean 'Gamma'"):
        found("a", "Gama")


def test_an_upgrade_told_in_words_makes_links_as_fast_as_a_new_line_and_none_slower():
    network = corridor()
    patch = patch_from_text("upgrade 甲-丙 to 350 km/h")
    edited = apply_patches(network, [patch])
    new = network.with_line("rail_hsr", ["a", "c"], speed_kmh=350, trains_per_day=1)
    hop = new.links.iloc[-1]
    per_km = (hop["minutes"] - 5.0) / hop["km"]  # stop_minutes 5
    expected = {"h1": 48, "h2": 48, "h3": 96}
    for key, km in expected.items():
        assert edited.links.at[key, "minutes"] == pytest.approx(km * per_km + 5.0)
    assert edited.links.at["h4", "minutes"] == 14.0  # faster than the formula
    untouched = ["h4", "r1", "d1", "d2", "f1", "f2"]
    pd.testing.assert_frame_equal(edited.links.loc[untouched], network.links.loc[untouched])
    assert "3 of 4 links" in edited.notes[-2]
    as_hsr = apply_patches(network, [patch_from_text("upgrade line old to 250 km/h as hsr")])
    assert as_hsr.links.at["r1", "mode"] == "rail_hsr"


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("close airport X Field", {"f1", "f2"}),
        ("close airport y", {"f1"}),
        ("close airport 甲", {"f1", "f2"}),
        ("close Alpha - Beta", {"h1", "h2", "h3"}),
        ("Close alpha–beta by railway.", {"r1"}),
        ("close line fast", {"h1", "h2", "h4"}),
        ("close station Halt; close line old", {"h1", "h2", "r1"}),
        ("close station Gamma", {"h4"}),
    ],
)
def test_closures_told_in_words_remove_what_they_name(words, gone):
    network = corridor()
    edited = apply_patches(network, [patch_from_text(words)])
    assert set(network.links.index) - set(edited.links.index) == gone


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("甲-丙提速到350公里/小时", "upgrade 甲-丙 to 350 km/h"),
        ("将甲至丙的高铁提速至时速350公里", "upgrade 甲-丙 to 350 km/h by hsr"),
        ("线路 old 提速到250km/h，改为高速铁路", "upgrade line old to 250 km/h as hsr"),
        ("关闭X Field机场", "close airport X Field"),
        ("关闭机场甲", "close airport 甲"),
        ("关闭甲-乙", "close Alpha - Beta"),
        ("关闭甲至乙的铁路。", "close Alpha-Beta by railway"),
        ("关闭线路fast", "close line fast"),
        ("关闭Halt站；关闭线路old", "close station Halt; close line old"),
        (
            "新建甲-乙-丙高速铁路，时速350公里，每天60列，名为New",
            "build Alpha-Beta-Gamma as hsr at 350 km/h with 60 trains a day called New",
        ),
    ],
)
def test_what_is_told_in_chinese_is_what_is_told_in_english(chinese, english):
    network = corridor()
    one, two = (
        apply_patches(network, [patch_from_text(words, name="told")])
        for words in (chinese, english)
    )
    same_tables(one, two)
    with pytest.raises(AssertionError):
        same_tables(one, network)


def test_a_chinese_sentence_that_means_nothing_lists_the_forms():
    with pytest.raises(InvalidNetwork, match=r"Say one of: .*关闭NAME机场"):
        patch_from_text("请关闭一切")


def test_a_line_told_in_words_is_with_line():
    network = corridor()
    words = "build Alpha-Beta-Gamma as high-speed rail at 350 km/h with 60 trains a day called New"
    told = apply_patches(network, [patch_from_text(words)])
    built = network.with_line(
        "rail_hsr", ["a", "b", "c"], speed_kmh=350, trains_per_day=60, name="New"
    )
    same_tables(told, built)


def test_the_upgrade_of_the_embedded_network_leaves_the_railway_beside_alone():
    network = load_china_network()
    patch = patch_from_text("upgrade 成都-重庆 to 350 km/h")
    edited = apply_patches(network, [patch])
    changed = edited.links.index[edited.links["source"] == patch.name]
    ends = set(edited.links.loc[changed, ["from_node", "to_node"]].to_numpy().ravel())
    names = set(network.nodes.loc[sorted(ends), "name"])
    assert {"Chengdu", "Chongqing", "Neijiang", "Ziyang"} <= names
    assert "Suining" not in names  # a railway of the same length, and much slower
    fast = edited.links.loc[changed, "minutes"].to_numpy()
    assert (fast < network.links.loc[changed, "minutes"].to_numpy()).all()
    zones = ["Chengdu", "Chongqing"]
    before, after = (skim(n, modes=["rail"], zones=zones)["minutes"] for n in (network, edited))
    assert 5 < float(before[0, 1] - after[0, 1]) < 30
    same_tables(apply_patches(edited, [reverse(patch, network)]), network)


def test_what_a_patch_cannot_do_is_named_with_patch_and_edit():
    network = corridor()
    with pytest.raises(UnknownLabel, match=r"Patch 'oops', edit 2 .*did you mean 'fast'"):
        apply_patches(network, [p.Patch("oops", (p.remove({"link": "h1"}), p.close(line="fost")))])
    with pytest.raises(UnknownLabel, match="means 2: Y Field"):
        apply_patches(network, [patch_from_text("close airport Gamma")])
    row = {"from_node": "a", "to_node": "b", "mode": "road", "minutes": 1.0}
    undo = reverse(p.Patch("p", (p.add_links([row]),)), network)
    with pytest.raises(UnknownLabel, match="fits the network it was made for"):
        apply_patches(network, [undo])
    with pytest.raises(InvalidNetwork, match="did you mean 'remove'"):
        p.make_edit("remov", {})
    with pytest.raises(InvalidNetwork, match=r"needs speed_kmh.*needs one of"):
        p.make_edit("upgrade", {})
    with pytest.raises(InvalidNetwork, match="did you mean 'rail_hsr'"):
        p.upgrade(between=["a", "b"], speed_kmh=1, mode="rail_hs")
    with pytest.raises(InvalidNetwork, match="list of names"):
        p.upgrade(between="ab", speed_kmh=1)
    for words in ("", "raise taxes", "close Alpha", "upgrade Alpha-Beta to fast"):
        with pytest.raises(InvalidNetwork):
            patch_from_text(words)
    assert all(word.split()[0] in ("upgrade", "close", "build") for word in FORMS)


def test_bad_files_of_patches_give_one_clear_error(tmp_path):
    with pytest.raises(MissingNetwork, match="no file"):
        read_patches(tmp_path / "none.json")
    good = write_patches([p.Patch("one", (p.remove({"line": "old"}),))], tmp_path / "good.json")
    whole = good.read_bytes()
    cases = {
        "cut.json": whole[: len(whole) // 2],
        "latin.json": whole.replace(b"one", "Münster".encode("latin-1")),
        "list.json": b"[]",
        "schema.json": whole.replace(b'"schema": 1', b'"schema": 9'),
        "verb.json": whole.replace(b'"remove"', b'"remov"'),
        "field.json": whole.replace(b'"select"', b'"selekt"'),
        "row.json": json.dumps({"schema": 1, "patches": [{"name": "x", "edits": [3]}]}).encode(),
        "cut.toml": b"schema = 1\n[[patches",
        "other.txt": b"",
    }
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InvalidNetwork):
            read_patches(path)
    with pytest.raises(InvalidNetwork, match=r"\.json or \.toml"):
        write_patches([], tmp_path / "x.yaml")
    assert read_patches(write_patches([], tmp_path / "none.toml")) == ()
