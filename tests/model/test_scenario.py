"""Scenario files: what is read, what is refused, and how it is said."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import MissingScenario, ScenarioError
from model.scenario import Scenario, Stimulus, money_multiplier, read_scenario
from model.scenario_file.toml import toml_text

DEMO = files("model").joinpath("scenarios/demo.toml").read_text(encoding="utf-8")
LINE = {
    "mode": "rail_hsr",
    "stops": ["Shanghai", "Wuhan"],
    "speed_kmh": 350.0,
    "trains_per_day": 60,
}
GROWTH = {"pole": "Pearl River Delta", "share_of_final_demand": 0.01}


def scenario(**blocks: object) -> Scenario:
    return Scenario.from_dict({"name": "a test", **blocks})


def refusal(**blocks: object) -> str:
    with pytest.raises(ScenarioError) as caught:
        scenario(**blocks)
    return str(caught.value)


def test_the_shipped_demonstration_states_four_poles_and_one_line() -> None:
    demo = Scenario.from_dict(tomllib.loads(DEMO))
    assert [one.name for one in demo.stimuli] == [
        "Beijing-Tianjin-Hebei",
        "Yangtze River Delta",
        "Pearl River Delta",
        "Chengdu-Chongqing",
    ]
    assert {(one.at, one.share_of_final_demand, one.sectors) for one in demo.stimuli} == {
        ("origin", 0.01, "mix")
    }
    (line,) = demo.edits
    assert (line.kind, line.mode, len(line.stops)) == ("add", "rail_hsr", 8)
    assert (line.stops[0], line.stops[-1]) == ("Shanghai", "Chengdu")
    assert (line.speed_kmh, line.trains_per_day, line.fare_per_km) == (350.0, 60.0, 0.46)
    assert line.freed_freight_capacity == 0.0


def test_the_commented_blocks_of_the_demonstration_are_valid_once_uncommented() -> None:
    kept = DEMO[: DEMO.index("# Other edits")] + "\n".join(
        line.removeprefix("# ").removeprefix("#")
        for line in DEMO[DEMO.index("# [[change]]") :].splitlines()
    )
    read = Scenario.from_dict(tomllib.loads(kept))
    assert [one.kind for one in read.edits] == ["remove", "change", "add"]
    assert [one.code for one in read.places] == ["XA"]


def test_a_scenario_without_blocks_is_the_base_year_with_the_defaults() -> None:
    plain = scenario()
    assert (plain.stimuli, plain.edits, plain.places) == ((), (), ())
    assert (plain.table, plain.network) == ("china:2020", "china:2020")
    assert plain.closure.final_demand == "spending"
    assert plain.closure.channels == ("demand", "sourcing")


def test_a_scenario_written_and_read_again_is_the_same() -> None:
    demo = Scenario.from_dict(tomllib.loads(DEMO))
    assert Scenario.from_dict(tomllib.loads(demo.to_toml())) == demo
    mixed = scenario(
        parameters={"theta": {"default": 4.0, 'Sector with "quotes"': 5.0}, "own_share": "low"},
        stimulus=[{"pole": {"Shanghai": 0.6, "Jiangsu": 0.4}, "amount": 1e9, "at": "use"}],
        change=[{"select": {"between": ["A", "B"]}, "minutes": 30, "note": "faster"}],
        remove=[{"select": {"line": "old"}, "name": "closing"}],
        place=[{"code": "x", "name": "新", "lon": 1.0, "lat": 2.0, "population": 5}],
    )
    assert Scenario.from_dict(tomllib.loads(mixed.to_toml())) == mixed


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
        st.one_of(
            st.booleans(),
            st.integers(-(10**9), 10**9),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
            st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=3),
            st.dictionaries(st.text("ab ."), st.floats(-1, 1), max_size=2),
        ),
        max_size=5,
    )
)
def test_whatever_is_written_as_toml_reads_the_same(data: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(data)) == data


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "here.toml"
    path.write_text('name = "n"\ntable = "mine"\n[groups]\nclusters = "g.csv"\n', encoding="utf-8")
    read = read_scenario(path)
    assert Path(read.table) == tmp_path.resolve() / "mine"
    assert Path(read.groups.clusters or "") == tmp_path.resolve() / "g.csv"
    assert read.network == "china:2020"


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ({"stimuls": [GROWTH]}, ["there is no key 'stimuls'", "did you mean 'stimulus'?"]),
        ({"stimulus": [{**GROWTH, "sector": "mix"}]}, ["[[stimulus]] 1", "did you mean 'sectors'"]),
        ({"add": [{**LINE, "speed": 350}]}, ["[[add]] 1", "'speed'", "did you mean 'speed_kmh'"]),
        ({"closure": {"final_demnd": "real"}}, ["[closure]", "did you mean 'final_demand'"]),
        ({"closure": {"final_demand": "reel"}}, ["spending, real", "did you mean 'real'"]),
        ({"closure": {"channels": ["demnd"]}}, ["did you mean 'demand'"]),
        ({"parameters": {"value_of_tme": 3}}, ["'value_of_tme'", "did you mean 'value_of_time'"]),
        ({"parameters": {"theta": -1}}, ["theta must be a number from 0 to 50", "-1"]),
        ({"parameters": {"theta": True}}, ["theta must be a number", "True"]),
        ({"parameters": {"value_of_time": {"a": 1.0}}}, ["value_of_time must be a number"]),
        ({"parameters": {"own_share": "lowest"}}, ["low, central, high", "'lowest'"]),
        ({"stimulus": [{"pole": "A"}]}, ["one of share_of_final_demand and amount"]),
        ({"stimulus": [{**GROWTH, "amount": 1.0}]}, ["and not both"]),
        ({"stimulus": [{"pole": "A", "amount": 0.0}]}, ["must not be zero"]),
        ({"stimulus": [{"pole": "A", "amount": "1e9"}]}, ["amount must be a finite number"]),
        ({"stimulus": [{"amount": 1.0}]}, ["must have pole"]),
        ({"stimulus": [{**GROWTH, "at": "home"}]}, ["at must be one of origin, use"]),
        ({"stimulus": [{**GROWTH, "sectors": {"A": 0.5}}]}, ["must sum to 1", "0.5"]),
        ({"stimulus": [{**GROWTH, "sectors": "all"}]}, ['sectors must be "mix"']),
        ({"stimulus": [{"pole": {"A": 2.0}, "amount": 1.0}]}, ["share of 'A'", "at most 1"]),
        ({"stimulus": [GROWTH, GROWTH]}, ["found twice", "'Pearl River Delta'"]),
        ({"stimulus": GROWTH}, ["written [[stimulus]]"]),
        ({"add": [{**LINE, "stops": ["A"]}]}, ["at least two places; found 1"]),
        ({"add": [{**LINE, "stops": ["A", "A"]}]}, ["'A' twice in a row"]),
        ({"add": [{**LINE, "mode": "maglev"}]}, ["mode must be one of rail_hsr"]),
        ({"add": [{**LINE, "speed_kmh": -3}]}, ["speed_kmh", "above 0", "-3"]),
        ({"add": [{**LINE, "freed_freight_capacity": 2}]}, ["at most 1", "2"]),
        ({"add": [{"mode": "road"}]}, ["must have stops, speed_kmh, trains_per_day"]),
        ({"change": [{"select": {"mode": "road"}}]}, ["must set at least one link column"]),
        ({"change": [{"minutes": 3}]}, ["must have select"]),
        ({"remove": [{"select": {}}]}, ["select must be values by link column"]),
        ({"remove": [{"select": {"a": 1}, "minutes": 1}]}, ["[[remove]] 1", "'minutes'"]),
        ({"place": [{"code": "x"}]}, ["must have name, lon, lat, population"]),
        ({"schema": 2}, ["schema must be 1", "2"]),
        ({"table": "china:2019"}, ["china:2020", "'china:2019'", "did you mean"]),
        ({"run": {"draws": -1}}, ["draws must be a whole number of at least 0"]),
        ({"closure": {"channels": ["demand", "price"]}}, ["price", 'list "sourcing" too']),
        ({"closure": {"channels": ["sourcing", "relocatoin"]}}, ["did you mean 'relocation'"]),
        (
            {"closure": {"households": True, "final_demand": "real"}},
            ['final_demand must be "spending"', "found 'real'".replace("'", '"')],
        ),
        ({"closure": "spending"}, ["must be a block of keys"]),
        ({"name": "  "}, ["name must be a text"]),
    ],
)
def test_what_is_wrong_is_named_with_its_block(blocks: dict[str, object], words: list[str]) -> None:
    message = refusal(**blocks)
    for word in words:
        assert word in message


def test_all_failures_are_said_at_once() -> None:
    message = refusal(stimulus=[{"pole": "A"}], add=[{**LINE, "sped": 1}], nam="x")
    assert message.count(";") >= 2
    assert "share_of_final_demand" in message
    assert "'sped'" in message
    assert "'nam'" in message


PURCHASED = {
    "pole": "Shanghai",
    "amount": 1e9,
    "sectors": {"Construction": 1.0},
    "prices": "purchaser",
}


def test_draws_split_and_purchasers_prices_are_read_and_written() -> None:
    made = scenario(
        stimulus=[{**PURCHASED, "margins": "m.csv", "taxes": "t.csv"}],
        run={"seed": 3, "draws": 50, "split": True},
    )
    assert (made.run.draws, made.run.split) == (50, True)
    one = made.stimuli[0]
    assert one.prices == "purchaser"
    assert Path(one.margins or "").name == "m.csv"
    assert Scenario.from_dict(made.to_dict()) == made


@pytest.mark.parametrize(
    ("stimulus", "words"),
    [
        ({**PURCHASED, "sectors": "mix"}, "amount and sectors"),
        ({**GROWTH, "prices": "purchaser"}, "amount and sectors"),
        ({**GROWTH, "margins": "m.csv"}, 'prices = "purchaser" only'),
    ],
)
def test_purchasers_prices_go_with_an_amount_and_sectors(
    stimulus: dict[str, object], words: str
) -> None:
    assert words in refusal(stimulus=[stimulus])


def test_one_draw_has_no_interval() -> None:
    assert "at least 2" in refusal(run={"draws": 1})


def test_every_mistake_is_named_beside_what_is_right() -> None:
    assert "'nme'" in refusal(nme=1, run={"draws": 9})


def test_one_block_can_be_run_alone() -> None:
    both = scenario(
        stimulus=[GROWTH, {"pole": "Shanghai", "amount": 1.0}], add=[{**LINE, "name": "the line"}]
    )
    alone = both.with_only("Shanghai")
    assert ([one.name for one in alone.stimuli], alone.edits) == (["Shanghai"], ())
    line = both.with_only("the line")
    assert (line.stimuli, [one.name for one in line.edits]) == ((), ["the line"])
    with pytest.raises(ScenarioError, match="did you mean 'Shanghai'"):
        both.with_only("Shangai")


def test_a_missing_file_is_both_ours_and_the_builtin_error(tmp_path: Path) -> None:
    with pytest.raises(MissingScenario, match=r"nothing\.toml") as caught:
        read_scenario(tmp_path / "nothing.toml")
    assert isinstance(caught.value, FileNotFoundError)


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text('name = "x"\ntable = oops\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"broken\.toml must be TOML.*line 2"):
        read_scenario(path)
    path.write_bytes(b'name = "\xff\xfe"\n')
    with pytest.raises(ScenarioError, match=r"broken\.toml must be TOML in UTF-8"):
        read_scenario(path)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("million yuan 2020", 1e6),
        ("10,000 yuan 2020", 1e4),
        ("yuan 2020", 1.0),
        ("M.EUR", 1e6),
        ("k EUR", 1e3),
        ("billion USD", 1e9),
        ("10 million yuan", 1e7),
        ("Mexican pesos", 1.0),
        ("", 1.0),
    ],
)
def test_the_unit_of_a_table_tells_how_many_currency_units_it_is(unit: str, factor: float) -> None:
    assert money_multiplier(unit) == factor
    given_amount = Stimulus(name="a", pole="a", amount=3e9).amount_in(unit)
    assert given_amount == pytest.approx(3e9 / factor, rel=1e-15)
