"""What a screening leaves behind: two pages, tables, and shapes for a map."""

import json
import re
import tomllib
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cases_corridors import CANDIDATES, NOTHING, small_model

from model.corridors import choose_package, interactions, rank_stability, screen_corridors
from model.corridors.outputs import FILES, table_of, write_screening
from model.corridors.page import LANGUAGES, Story, page_of, words_of, write_page
from model.corridors.reasons import REASONS
from model.corridors.shapes import write_shapes
from model.errors import ScenarioError

EVERY = [*CANDIDATES, NOTHING]
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def story():
    model = small_model()
    return Story(
        "a list",
        screen_corridors(model, EVERY, best=5),
        model.network,
        rank_stability(model, CANDIDATES[:3], draws=4),
        choose_package(model, CANDIDATES, 1e10),
        interactions(model, CANDIDATES[1:5]),
    )


@pytest.fixture(scope="module")
def folder(story, tmp_path_factory):
    where = tmp_path_factory.mktemp("out")
    left = write_screening(story, where, LANGUAGES)
    assert all(one.startswith("corridors.gpkg") for one in left)
    return where


def words(language):
    text = (files("model.corridors") / f"words_{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def test_both_languages_have_the_same_keys_and_the_same_fields():
    def flat(tree):
        return {
            f"{part}.{key}": value for part, rows in tree.items() for key, value in rows.items()
        }

    english, chinese = flat(words("en")), flat(words("zh"))
    assert english.keys() == chinese.keys()
    for key, sentence in english.items():
        fields = set(re.findall(r"{(\w+)}", sentence))
        assert fields == set(re.findall(r"{(\w+)}", chinese[key])), key
    same = {key for key, sentence in english.items() if sentence == chinese[key]}
    assert not same
    assert {f"reason.{code}" for code in REASONS if code} <= english.keys()


def test_every_sentence_is_said_somewhere(story):
    """Words that name values (modes, units, ...) are asked for by value; all others must appear."""
    say = words_of("en")
    data = story.data
    less = data.assign(exact=data["exact"] * np.nan)
    still = data.assign(cluster_minutes=data["cluster_minutes"] * 0.0)
    lost = data.assign(losers=data["losers"] * 0 + 1, region_gain=data["region_gain"] * -1.0)
    zeros = data.assign(zero_reason=xr.full_like(data["zero_reason"], REASONS["no_way"]))
    for one in (data, less, still, lost, zeros):
        page_of(replace(story, name="", data=one), say)
    named = ("mode", "objective", "parameter", "closure", "prices", "channel", "unit")
    named += ("reason", "cluster")
    assert {key for key in say.entries if not key.startswith(named)} <= say.used


def test_a_page_is_whole_and_needs_nothing_from_elsewhere(folder):
    for name in ("report.html", "report.zh.html"):
        page = (folder / name).read_text(encoding="utf-8")
        assert page.rstrip().endswith("</html>")
        assert "<svg" in page
        assert not re.search(r'(?:src|href)="https?:', page)
        assert "{" not in re.sub(r"<(style|script)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
        assert len(page) < 3e6


def test_the_english_page_tells_ranking_winners_certainty_and_package(folder, story):
    page = (folder / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", " ", page)
    top = str(story.data["candidate"].values[0])
    for word in (top, "never add them", "No region loses", "complements", "substitutes", "east"):
        assert word in text
    assert "Exactly zero: " in text
    assert "freed_freight_capacity" in text
    best = story.data["region_gain"].isel(candidate=0)
    assert str(best["region"].values[int(np.argmax(best.values))]) in text
    assert not CHINESE.search(text)


def test_the_chinese_page_names_regions_and_clusters_in_chinese(folder):
    page = (folder / "report.zh.html").read_text(encoding="utf-8")
    assert 'lang="zh"' in page
    for word in ("排序", "谁受益", "可靠程度", "相互作用", "区0", "西", "互补", "切勿"):
        assert word in page, word
    assert len(CHINESE.findall(page)) > 300


def test_a_language_without_words_is_refused(story, tmp_path):
    with pytest.raises(FileNotFoundError):
        write_page(story, tmp_path / "page.html", language="xx")
    assert not list(tmp_path.iterdir())


def test_the_data_come_back_as_they_were(folder, story):
    with xr.open_dataset(folder / "corridors.nc", engine="h5netcdf") as data:
        for name, values in story.data.data_vars.items():
            np.testing.assert_array_equal(data[name].values, values.values, err_msg=str(name))
        assert data.attrs["objective"] == "real_consumption"
        assert data["name_zh"].values.tolist() == story.data["name_zh"].values.tolist()
    with xr.open_dataset(folder / "stability.nc", engine="h5netcdf") as data:
        np.testing.assert_array_equal(data["value"], story.stability["value"])


def test_tables_have_a_row_a_candidate_and_all_numbers(folder, story):
    table = pd.read_csv(folder / "corridors.csv", keep_default_na=True)
    assert table["candidate"].tolist() == story.data["candidate"].values.tolist()
    np.testing.assert_allclose(table["exact"], story.data["exact"])
    users = story.data["user_benefit"].sel(purpose="freight")
    np.testing.assert_allclose(table["user_benefit_freight"], users)
    zero = table.set_index("candidate")["zero_reason"]
    assert zero[NOTHING.name] == REASONS["no_way"]
    assert table.equals(pd.read_csv(folder / "corridors.csv"))
    gains = pd.read_csv(folder / "gains.csv", index_col=0)
    assert len(gains) == 5  # those that were solved
    np.testing.assert_allclose(gains.sum(axis=1), story.data["exact"][:5], rtol=1e-9)
    pairs = pd.read_csv(folder / "interactions.csv", index_col=0)
    np.testing.assert_allclose(pairs, story.interaction)
    assert list(table_of(story.data).columns) == list(table.columns)
    assert {one.name for one in folder.iterdir()} <= set(FILES)


def test_geojson_holds_every_corridor_where_it_lies_and_every_place(folder, story):
    shapes = json.loads((folder / "corridors.geojson").read_text(encoding="utf-8"))
    lines = {
        one["properties"]["name"]: one
        for one in shapes["features"]
        if one["geometry"]["type"] == "MultiLineString"
    }
    assert set(lines) == set(story.data["candidate"].values.tolist())
    where = story.network.nodes[["lon", "lat"]]
    long = lines["long"]["geometry"]["coordinates"]
    assert long == [
        [where.loc["p0"].tolist(), where.loc["p4"].tolist()],
        [where.loc["p4"].tolist(), where.loc["p9"].tolist()],
    ]
    best = story.data["candidate"].values[0]
    assert lines[best]["properties"]["rank"] == 1
    assert lines[NOTHING.name]["properties"]["exact"] is None
    points = [one for one in shapes["features"] if one["geometry"]["type"] == "Point"]
    assert [one["properties"]["name"] for one in points] == story.network.places["name"].tolist()


def test_a_geopackage_has_lines_and_places(story, tmp_path):
    geopandas = pytest.importorskip("geopandas")
    path = write_shapes(story.data, story.network, tmp_path / "x.gpkg")
    lines = geopandas.read_file(path, layer="corridors")
    assert len(lines) == len(EVERY)
    assert len(geopandas.read_file(path, layer="places")) == len(story.network.places)
    np.testing.assert_allclose(lines["first_order"], story.data["first_order"])


def test_a_result_without_regions_that_gain_still_makes_a_page(tmp_path):
    model = small_model()
    data = screen_corridors(model, [NOTHING], best=1)
    page = write_page(Story("nothing", data, model.network), tmp_path / "page.html")
    assert "No corridor with an effect" in page.read_text(encoding="utf-8")


def test_a_story_is_told_with_first_order_values_alone(tmp_path):
    model = small_model()
    data = screen_corridors(model, EVERY, best=0)
    page = write_page(Story("first", data, model.network), tmp_path / "page.html", language="zh")
    assert CHINESE.search(page.read_text(encoding="utf-8"))
    with pytest.raises(ScenarioError):
        screen_corridors(model, EVERY, best=-2)
