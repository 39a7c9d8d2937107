"""Lists of corridors from files: what may stand in them, and everything wrong told at once."""

import pytest

from model.china.case import candidate_lists, load_network_for
from model.corridors import Candidate, line_candidate, read_candidates
from model.corridors.edits import edits_of
from model.errors import ScenarioError
from networks.errors import NetworkError
from networks.patch_files import write_patches
from networks.patches import Patch, add_line, upgrade
from networks.whatif.links import base_links

TOML = """
[[candidate]]
name = "a line"
name_zh = "一条线"
mode = "rail_hsr"
stops = ["A", "B", "C"]
speed_kmh = 350
trains_per_day = 60
fare_per_km = 0.5
freed_freight_capacity = 0.25
build_cost = 2e10
terrain = "hills"
note = "a plan"

[[candidate]]
name = "faster"
do = "upgrade A - B to 200 km/h by rail"
"""
CSV = """name,mode,stops,speed_kmh,trains_per_day,build_cost,terrain,name_zh
a line,rail_hsr,A; B ;C,350,60,2e10,hills,一条线
a road,road,A;C,90,24,,,
"""


@pytest.fixture
def write(tmp_path):
    def made(text, name="list.toml", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return made


def test_toml_says_what_a_line_is(write):
    line, faster = read_candidates(write(TOML))
    assert line == line_candidate(
        "a line",
        "rail_hsr",
        ["A", "B", "C"],
        speed_kmh=350.0,
        trains_per_day=60.0,
        fare_per_km=0.5,
        freed_freight_capacity=0.25,
        build_cost=2e10,
        terrain="hills",
        note="a plan",
        name_zh="一条线",
    )
    assert faster.line is None
    assert faster.patch.edits[0].do == "upgrade"
    assert faster.build_cost is None


def test_csv_says_the_same_with_or_without_a_byte_order_mark(write):
    for encoding in ("utf-8", "utf-8-sig"):
        line, road = read_candidates(write(CSV, "list.csv", encoding))
        assert line.line.get("stops") == ("A", "B", "C")
        assert (line.build_cost, line.terrain, line.name_zh) == (2e10, "hills", "一条线")
        assert road.build_cost is None
        assert road.line.get("speed_kmh") == 90.0


@pytest.mark.parametrize("name", ["patches.toml", "patches.json"])
def test_a_file_of_patches_is_a_list_of_corridors(tmp_path, name):
    patches = [
        Patch("one", (add_line("road", ["A", "B"], speed_kmh=80.0, trains_per_day=9.0),)),
        Patch("two", (upgrade(line="old", speed_kmh=200.0),)),
    ]
    path = write_patches(patches, tmp_path / name)
    assert read_candidates(path) == [Candidate(one) for one in patches]


ROAD = 'name = "x"\nmode = "road"\nstops = ["A", "B"]'
WRONG = {
    'speeed_kmh = 3\nname = "x"\nmode = "road"\nstops = ["A", "B"]': "did you mean 'speed_kmh'",
    'mode = "road"\nstops = ["A", "B"]': "needs a name",
    'name = "x"\nstops = ["A", "B"]': "needs mode, or do",
    'name = "x"': "needs mode and stops, or do",
    'name = "x"\nmode = "road"\nstops = "A - B"': "stops must be a list",
    f'{ROAD}\nspeed_kmh = "fast"': "speed_kmh must be a number",
    f"{ROAD}\nbuild_cost = true": "build_cost must be a number",
    f"{ROAD}\nbuild_cost = -1": "above zero",
    'name = "x"\nmode = "tram"\nstops = ["A", "B"]': "tram",
    'name = "x"\ndo = "upgrade A - B to 200 km/h by rail"\nmode = "road"': "says both do and mode",
    'name = "x"\ndo = "make it nice"': "make it nice",
}


@pytest.mark.parametrize("text", list(WRONG))
def test_what_is_wrong_is_said_with_the_name_of_the_file(write, text):
    with pytest.raises(ScenarioError, match=r"^list\.toml: candidate 1") as told:
        read_candidates(write(f"[[candidate]]\n{text}\n"))
    assert WRONG[text] in str(told.value)


def test_everything_wrong_is_told_at_once(write):
    blocks = [f"[[candidate]]\n{text}\n" for text in list(WRONG)[:4]]
    with pytest.raises(ScenarioError) as told:
        read_candidates(write("\n".join(blocks)))
    for number, text in enumerate(list(WRONG)[:4], start=1):
        assert f"candidate {number}" in str(told.value)
        assert WRONG[text] in str(told.value)
    both = '[[candidate]]\nname = "x"\nmode = "road"\nstops = 3\nfare_per_km = "much"\nnmae = "y"\n'
    with pytest.raises(ScenarioError) as told:
        read_candidates(write(both))
    for word in ("'nmae'", "fare_per_km must be a number", "stops must be a list"):
        assert word in str(told.value)
    many = "\n".join('[[candidate]]\nmode = "road"\n' for _ in range(8))
    with pytest.raises(ScenarioError, match="and 3 more"):
        read_candidates(write(many))


def test_csv_tells_numbers_that_are_none_with_the_rest(write):
    rows = CSV + "bad,road,A;B,fast,24,,,\nworse,road,,90,24,,,\n"
    with pytest.raises(ScenarioError) as told:
        read_candidates(write(rows, "list.csv"))
    assert "candidate 3 (bad): speed_kmh must be a number; found 'fast'" in str(told.value)
    assert "candidate 4 (worse): needs stops" in str(told.value)
    with pytest.raises(ScenarioError, match="more cells than the head"):
        read_candidates(write(CSV + "a,b,c,d,e,f,g,h,i,j\n", "list.csv"))


@pytest.mark.parametrize(
    ("text", "name", "word"),
    [
        ("", "list.toml", "no block"),
        ("name,mode\n", "list.csv", "no block"),
        ("[[candidat]]\n", "list.toml", "did you mean 'candidate'"),
        ("[candidate]\nname = 'x'\n", "list.toml", "two brackets"),
        ("[[candidate]\n", "list.toml", "cannot be read"),
        (TOML.replace("faster", "a line"), "list.toml", "several candidates called 'a line'"),
    ],
)
def test_files_that_are_no_list_are_refused(write, text, name, word):
    with pytest.raises(ScenarioError, match=word):
        read_candidates(write(text, name))


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="no file of candidates"):
        read_candidates(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_candidates(tmp_path / "bytes.toml")


@pytest.mark.parametrize("name", ["plans", "belts", "border"])
def test_every_shipped_corridor_can_be_built_and_has_a_chinese_name(name):
    candidates = read_candidates(candidate_lists()[name])
    assert all(one.name_zh and not one.name_zh.isascii() for one in candidates)
    edits = edits_of(base_links(load_network_for(name)), candidates)
    for one, edit in zip(candidates, edits, strict=True):
        assert not edit.empty, one.name


def test_the_border_list_holds_what_box_12_names():
    names = {one.name for one in read_candidates(candidate_lists()["border"])}
    roads = ("Ji'an-Huanren", "Hunchun-Quanhe", "Lushui-Tengchong", "Medog-Zayu",
             "Qinghe-Fuyun-Altay", "Bulunkou-Khunjerab", "Barkol-Laoyemiao",
             "Erenhot-Saihantala")  # fmt: skip
    airports = ("Taxkorgan", "Longzi", "Suifenhe")
    assert names == {f"road {r}" for r in roads} | {f"airport {a}" for a in airports}


def test_a_line_that_cannot_be_is_refused_when_it_is_made():
    with pytest.raises(NetworkError):
        line_candidate("x", "tram", ["A", "B"])
