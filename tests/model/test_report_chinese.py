"""The report in Chinese: the same page, the same numbers, Chinese words and names."""

import re
import tomllib
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic_channels
import synthetic_result
from hypothesis import given, settings
from hypothesis import strategies as st

from model.cli.output import LANGUAGES as OUTPUT_LANGUAGES
from model.cli.output import NAMES, check_output, write_result
from model.errors import ScenarioError
from model.report.localize import Sayings, _pattern, in_language, read_sayings, unit_in
from model.report.map_labels import place_labels
from model.report.quantities import money_scale, spoken
from model.report.strings import LANGUAGES, read_strings
from model.report.svg import drawing_style, new_axes, render
from model.report.wide_letters import cut, text_width, wrap
from model.report.write import html_of
from model.scenario import Scenario
from model.scenario_file.blocks import ReportOptions
from model.steps.groupings import Groupings
from model.steps.report import CLOSURES

# What may stay in Latin script: proper names, keys of parameters, software, units, identifiers.
PROPER = (
    *("Synthetic", "A line", "Elsewhere", "hinterland", "bicgstab", "numpy"),
    *("rows balance", "columns balance", "a book", "a table", "The table is an estimate"),
    *("spending: money stays", "The effect on the sourcing of goods is exactly zero"),
    *("no link for goods was edited", "Factors"),
)


@pytest.fixture(scope="module")
def english():
    return synthetic_channels.with_channels(synthetic_result.synthetic_result())


@pytest.fixture(scope="module")
def chinese(english):
    """The same result with the Chinese names that a run on an embedded network carries."""
    data = english.data
    known = [*data["pole"].to_numpy(), *data["macro_region"].to_numpy()]
    known += [f"Cluster {n}" for n in "AB1"] + ["Delta", "Basin"]
    known = list(dict.fromkeys(str(name) for name in known))
    return replace(
        english,
        data=data.assign_coords(
            region_zh=("region", [f"第{i}省" for i in range(data.sizes["region"])]),
            sector_zh=("sector", [f"第{i}部门" for i in range(data.sizes["sector"])]),
            known_name=known,
            known_name_zh=("known_name", [f"群{i}" for i in range(len(known))]),
        ),
    )


@pytest.fixture(scope="module")
def page(chinese):
    return html_of(chinese, read_strings("zh"))


def visible(page):
    """The words a reader sees, one piece of text a line."""
    bare = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", "\n", bare).replace("&lt;", "<").replace("&amp;", "&")


def fields(sentence):
    return sorted(set(re.findall(r"{\w+}", sentence)))


def test_both_languages_have_the_same_keys_fields_and_bold_marks():
    one, other = (read_strings(language).entries for language in LANGUAGES)
    assert set(one) == set(other)
    for key, sentence in one.items():
        assert fields(sentence) == fields(other[key]), key
        assert sentence.count("**") == other[key].count("**"), key
        assert bool(sentence) == bool(other[key]) or key == "word.pause", key


def test_the_chinese_words_are_chinese():
    english = read_strings("en").entries
    for key, sentence in read_strings("zh").entries.items():
        says_words = re.search("[a-z]{3}", re.sub(r"{\w+}", "", english[key]))
        assert not says_words or re.search("[\u4e00-\u9fff]", sentence), key


def test_the_chinese_page_holds_no_english_sentence(page):
    shown = visible(page)
    for name in sorted(PROPER, key=len, reverse=True):
        shown = re.sub(rf"\b{name}\b", "_", shown)
    found = re.findall(r"[A-Za-z][a-z]+(?:[ ,]+[A-Za-z][a-z]+)+", shown)
    assert found == []


def test_regions_sectors_places_poles_and_clusters_have_their_chinese_names(page, chinese):
    shown = visible(page)
    data = chinese.data
    for label in ("Region 1", "Sector 1", "City 3", "Pole 1", "North", "Cluster 1", "Delta"):
        assert not re.search(rf"\b{label}\b", shown), label
    for label in ("第0省", "第0部门", "城3", "群0"):
        assert label in shown
    assert str(data["known_name_zh"].to_numpy()[0]) in shown


def test_the_page_says_its_language_and_is_as_complete_as_the_english_one(page, english):
    other = html_of(english, read_strings())
    assert '<html lang="zh">' in page
    for piece in ("<table", "<figure", "<svg", "<h2", "<h3", "<title>"):
        assert page.count(piece) == other.count(piece), piece


def test_another_language_changes_no_number(chinese):
    told = in_language(chinese, read_strings("zh"))
    for name, variable in chinese.data.data_vars.items():
        if variable.dtype.kind in "fi":
            np.testing.assert_array_equal(told.data[name].to_numpy(), variable.to_numpy())
        assert told.data[name].dims == variable.dims
    assert in_language(chinese, read_strings()) is chinese


def test_labels_that_would_become_alike_stay_apart(chinese):
    same = chinese.data.assign_coords(region_zh=("region", ["省"] * chinese.data.sizes["region"]))
    told = in_language(replace(chinese, data=same), read_strings("zh"))
    assert list(told.data["region"].to_numpy()) == list(same["region"].to_numpy())


def test_a_result_without_chinese_names_is_told_with_the_names_it_has(english):
    told = in_language(english, read_strings("zh"))
    assert "Region 1" in told.data["region"].to_numpy()


@pytest.mark.parametrize(
    ("units", "shown"),
    [
        ("million yuan 2020", "百万元，2020年价"),
        ("yuan", "元"),
        ("billion euro 2014", "十亿欧元，2014年价"),
        ("min", "分钟"),
        ("million yuan 2020; mean_minutes in min", "百万元，2020年价; mean_minutes in min"),
        ("guilders 1900", "guilders 1900"),
    ],
)
def test_units_are_told_in_chinese_where_they_are_known(units, shown):
    assert unit_in(units, read_strings("zh")) == shown


@pytest.mark.parametrize(
    ("amount", "units", "shown", "unit"),
    [
        (12_345.0, "百万元，2020年价", 123.45, "亿元，2020年价"),
        (0.5, "百万元，2020年价", 50.0, "万元，2020年价"),
        (-2_500_000.0, "百万元", -2.5, "万亿元"),
        (3.0, "十亿元", 30.0, "亿元"),
        (7.0, "元", 7.0, "元"),
        (0.0, "百万元", 0.0, "元"),
    ],
)
def test_chinese_money_is_counted_in_ten_thousands_and_hundred_millions(amount, units, shown, unit):
    scale = money_scale([amount], units)
    assert scale.unit == unit
    assert amount * scale.factor == pytest.approx(shown)
    assert spoken(scale.unit) == unit.partition("，")[0]


# what the run says --------------------------------------------------------------------------------


def test_every_saying_keeps_its_fields():
    root = Path(synthetic_result.__file__).parent.parent
    for package in ("model/report", "model/china"):
        text = (root / package / "said_zh.toml").read_text(encoding="utf-8")
        pairs = tomllib.loads(text)["said"]
        assert len({one for one, _ in pairs}) == len(pairs)
        for sentence, wording in pairs:
            assert fields(sentence) == fields(wording), sentence
            assert re.search("[\u4e00-\u9fff]", wording), sentence


def test_a_saying_fills_its_fields_with_sayings_and_names():
    said = Sayings(
        (
            (_pattern("ledger of {pole}: {how}"), "{pole}的账户（{how}）"),
            (_pattern("exact"), "准确"),
        )
    )
    assert said("ledger of Delta: exact", {"Delta": "三角洲"}) == "三角洲的账户（准确）"
    assert said("something else (a + b)") == "something else (a + b)"
    assert said("a ledger of Delta: exact") == "a ledger of Delta: exact"


def test_the_closures_of_a_run_have_a_wording():
    said = read_sayings("zh")
    for sentence in CLOSURES.values():
        assert said(sentence) != sentence
    assert read_sayings("xx")("a") == "a"


def test_notes_of_the_embedded_case_stand_beside_it():
    note = "Air links are the routes of 2017 without frequencies; the block time is a formula."
    assert read_sayings("zh")(note) == note
    assert "航线" in read_sayings("zh", "china:2020", "a/path.csv")(note)


def test_groups_carry_their_other_names():
    groups = Groupings.empty()
    assert groups.names("group_zh") == {}
    rows = groups.places.reindex(range(3)).assign(
        group=["Delta", "outside", "Basin"], group_zh=["三角洲", "其他", None]
    )
    assert replace(groups, places=rows).names("group_zh") == {"Delta": "三角洲"}


# figures ------------------------------------------------------------------------------------------


def test_chinese_letters_get_the_room_they_take_and_no_warning():
    from matplotlib.font_manager import fontManager

    before = list(fontManager.ttflist)
    with warnings.catch_warnings(), drawing_style(wide=True):
        warnings.simplefilter("error")
        ax = new_axes(2.0)
        ax.set_yticks([0, 1], ["平均出行时间", "w"])
        ax.set_title("平均", fontweight="bold")
        svg = render(ax.get_figure(), "one", "图")
        box = ax.get_yticklabels()[0].get_window_extent()
        size = ax.get_yticklabels()[0].get_fontsize()  # an SVG has 72 dots to the inch
    assert box.width == pytest.approx(6 * size, rel=0.02)
    assert box.x0 >= 0
    assert "平均出行时间" in svg
    assert fontManager.ttflist == before


def test_width_counts_chinese_letters_as_squares():
    assert text_width("ab") == 2
    assert text_width("城市") == pytest.approx(2 / 0.6)
    assert cut("short", 10) == "short"
    assert cut("abcdefghij", 5) == "abcd…"
    assert cut("平均出行时间", 5) == "平均…"
    assert wrap("北部湾和其他城市", 6) == "北部湾\n和其他\n城市"
    assert wrap("two words", 5) == "two\nwords"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_chinese_names_never_lie_on_each_other(seed):
    rng = np.random.default_rng(seed)
    count = 30
    x, y = rng.uniform(0, 300, count), rng.uniform(0, 200, count)
    names = ["城" * int(n) for n in rng.integers(2, 7, count)]
    spots = place_labels(
        names, x, y, np.full(count, 2.0), font_size=7, frame=(0, 0, 300, 200), limit=25
    )
    boxes = [(s.left, s.bottom, s.left + 7 * len(names[s.position]), s.bottom + 8) for s in spots]
    assert boxes
    for i, one in enumerate(boxes):
        assert one[2] <= 300 + 1e-9
        for other in boxes[:i]:
            apart = one[0] >= other[2] - 1e-9 or other[0] >= one[2] - 1e-9
            assert apart or one[1] >= other[3] or other[1] >= one[3]


# files --------------------------------------------------------------------------------------------


def test_a_run_writes_a_report_for_every_language_it_is_asked_for(chinese, tmp_path, monkeypatch):
    monkeypatch.setattr("model.report.section.render", lambda *_: "")
    report = ReportOptions(languages=("en", "zh"))
    both = replace(chinese, scenario=replace(chinese.scenario, report=report))
    write_result(both, tmp_path / "made", progress=lambda *_: None)
    assert '<html lang="en">' in (tmp_path / "made" / "report.html").read_text("utf-8")
    assert '<html lang="zh">' in (tmp_path / "made" / "report.zh.html").read_text("utf-8")
    check_output(tmp_path / "made")
    assert OUTPUT_LANGUAGES == LANGUAGES
    assert {one.name for one in (tmp_path / "made").iterdir()} <= set(NAMES)


def test_the_first_language_is_the_report(chinese, tmp_path, monkeypatch):
    monkeypatch.setattr("model.report.section.render", lambda *_: "")
    report = ReportOptions(languages=("zh",))
    only = replace(chinese, scenario=replace(chinese.scenario, report=report))
    write_result(only, tmp_path / "made", progress=lambda *_: None)
    assert '<html lang="zh">' in (tmp_path / "made" / "report.html").read_text("utf-8")
    assert not (tmp_path / "made" / "report.zh.html").exists()


def test_a_language_without_words_is_refused(english, tmp_path):
    with pytest.raises(ValueError, match="written in en, zh"):
        english.to_html(tmp_path / "report.html", language="fr")


def test_a_scenario_says_what_its_own_names_are_in_chinese(chinese):
    names = {"Synthetic & <small>": "合成", "A line": "一条线", "Pole 2": "二极"}
    report = ReportOptions(languages=("zh",), names_zh=names)
    scenario = replace(chinese.scenario, report=report)
    assert type(scenario).from_dict(scenario.to_dict()) == scenario
    told = in_language(replace(chinese, scenario=scenario), read_strings("zh"))
    assert told.scenario.name == "合成"
    assert told.scenario.edits[0].name == "一条线"
    assert told.scenario.stimuli[1].name == told.data["pole"].to_numpy()[1] == "二极"


@pytest.mark.parametrize("wrong", ["长江", {"a line": 3}])
def test_chinese_names_are_texts_by_name(wrong):
    with pytest.raises(ScenarioError, match="names_zh must be texts by name"):
        Scenario.from_dict({"name": "a test", "report": {"names_zh": wrong}})
