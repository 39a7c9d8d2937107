"""The command line: verbs, exit codes, one-line errors, and folders that are whole or absent."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from cli_answers import Answer, Say, say_with, small_network
from cli_answers import refused_in_a_line as refused

from io_tables.testing import random_table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    return say_with(capsys)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return small_network(tmp_path / "net")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return random_table(1, 3, 4).to_netcdf(tmp_path / "table.nc")


# ---- words on the command line ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["VERB"]),
        (["tabel"], ["did you mean 'table'"]),
        (["table"], ["VERB"]),
        (["table", "inof"], ["did you mean 'info'"]),
        (["run"], ["SCENARIO.toml"]),
        (["demo", "--ouput", "x"], ["--ouput", "did you mean '--output'"]),
        (["network", "access", "--measure", "dayly"], ["did you mean 'daily'"]),
        (["network", "access", "--json", "--csv"], ["--csv", "--json"]),
        (["spillover", "--amount", "1", "--share", "0.1"], ["--amount", "--share"]),
        (["spillover", "--pole", "A", "--amount", "much"], ["--amount", "'much'"]),
        (["spillover", "--pole", "A", "--amount", "1", "--at", "home"], ["'home'"]),
    ],
)
def test_words_that_make_no_command_get_one_line(
    say: Say, words: list[str], expected: list[str]
) -> None:
    refused(say(*words), *expected)


def test_version_and_help_end_well(say: Say) -> None:
    assert say("--version").out.startswith("hinterland ")
    for words in (["-h"], ["run", "-h"], ["spillover", "--help"], ["table", "info", "-h"]):
        answer = say(*words)
        assert (answer.code, answer.err) == (0, "")
        assert "usage: hinterland" in answer.out


def test_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, model.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "pandas", "xarray", "scipy", "numba", "matplotlib", "h5netcdf"}


def test_debug_adds_the_traceback_to_the_same_line_and_code(say: Say) -> None:
    answer = say("run", "none.toml", "--debug")
    assert answer.code == 2
    assert "Traceback" in answer.err
    assert answer.err.splitlines()[-1] == "hinterland: there is no scenario file none.toml"


# ---- wrong input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name = "x"\nstimuls = 1\n', ["did you mean 'stimulus'"]),
        ("name = oops\n", ["must be TOML", "line 1"]),
        ('name = "x"\n[closure]\nchannels = ["price"]\n', ['list "sourcing" too']),
        ('name = "x"\n[[add]]\nmode = "road"\nstops = ["A"]\n', ["[[add]] 1", "two places"]),
    ],
)
def test_a_scenario_that_is_wrong_is_named_and_leaves_nothing(
    say: Say, tmp_path: Path, text: str, expected: list[str]
) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    refused(say("run", path, "-o", tmp_path / "out" / "deep"), "s.toml", *expected)
    assert [one.name for one in tmp_path.iterdir()] == ["s.toml"]


def test_missing_tables_and_networks_are_named(say: Say, tmp_path: Path) -> None:
    refused(say("table", "info", tmp_path / "no.nc"), "no.nc")
    refused(say("network", "info", tmp_path / "no"), "no")
    refused(say("table", "info", "china:1999"), "china:1999")


def test_a_table_with_a_negative_flow_is_named(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "flows.csv"
    pd.DataFrame(
        [("A", "s", "A", "s", -5.0), ("A", "s", "A", "final:c", 10.0)],
        columns=["region_from", "sector_from", "region_to", "sector_to", "value"],
    ).to_csv(path, index=False)
    refused(say("table", "info", path), "-5", "A")


def test_a_table_that_does_not_balance_is_named(say: Say, tmp_path: Path, table: Path) -> None:
    folder = tmp_path / "unbalanced"
    folder.mkdir()
    heads = ",,A,A\n,,s,t\n"
    (folder / "Z.csv").write_text(heads + "A,s,1,2\nA,t,3,4\n", encoding="utf-8")
    (folder / "Y.csv").write_text(",,A\n,,c\nA,s,10\nA,t,10\n", encoding="utf-8")
    (folder / "x.csv").write_text(",,x\nA,s,99\nA,t,17\n", encoding="utf-8")
    refused(say("table", "info", folder), "99")


def test_a_network_with_an_unreachable_place_is_named(say: Say, network: Path) -> None:
    (network / "links.csv").write_text(
        "link,from_node,to_node,mode,km,minutes\n12,1,2,road,80,60\n", encoding="utf-8"
    )
    refused(say("network", "access", network), "Cefield")
    info = say("network", "info", network)
    assert info.code == 0
    assert "cannot be reached" in info.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["--top", "0"], "--top"), (["--tmax", "-4"], "--tmax"), (["--decay", "nan"], "--decay")],
)
def test_numbers_out_of_range_are_named(
    say: Say, network: Path, words: list[str], expected: str
) -> None:
    refused(say("network", "access", network, *words), expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"Wuhan"', '"Wuhann"', ["Yangtze high-speed line", "did you mean 'Wuhan'"]),
        (
            'pole = "Pearl River Delta"',
            'pole = "Pearl Delta"',
            ["did you mean 'Pearl River Delta'"],
        ),
        ('sectors = "mix"', 'sectors = { "Constructon" = 1.0 }', ["did you mean 'Construction'"]),
        ("theta = 4.0", 'theta = { "Financ" = 2.0 }', ["did you mean 'Finance'"]),
        ('network = "china:2020"', 'network = "nowhere"', ["nowhere"]),
        ('table = "china:2020"', 'table = "nothing.csv"', ["nothing.csv"]),
    ],
)
def test_a_wrong_name_in_the_shipped_scenario_is_named_with_the_nearest(
    say: Say, tmp_path: Path, old: str, new: str, expected: list[str]
) -> None:
    path = tmp_path / "wrong.toml"
    assert say("demo", "--export", path).code == 0
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    refused(say("run", path, "-o", tmp_path / "out"), *expected)
    assert [one.name for one in tmp_path.iterdir()] == ["wrong.toml"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--pole", "Guangdon", "--amount", "1"], ["did you mean 'Guangdong'"]),
        (["--pole", "Hubei", "--amount", "0"], ["must not be zero"]),
        (["--pole", "Hubei", "--amount", "nan"], ["--amount must be a finite number"]),
        (["--pole", "Hubei=x", "--amount", "1"], ["--pole", "'Hubei=x'"]),
        (["--pole", "Hubei=1,Hunan=1", "--amount", "1"], ["sum to 1", "2"]),
        (["--pole", "Hubei", "--amount", "1", "--sectors", "Financ=1"], ["did you mean 'Finance'"]),
        (["--pole", "Hubei", "--amount", "1", "--table", "gone.csv"], ["gone.csv"]),
    ],
)
def test_a_wrong_word_about_a_pole_is_named(
    say: Say, words: list[str], expected: list[str]
) -> None:
    refused(say("spillover", *words), *expected)


@pytest.mark.parametrize(
    "words",
    [
        ["run", "none.toml"],
        ["table", "info", "none.csv"],
        ["network", "access", "none"],
        ["spillover", "--pole", "Atlantis", "--amount", "1"],
        ["bench", "--quik"],
    ],
)
def test_the_console_command_itself_ends_with_one_line_and_code_2(words: list[str]) -> None:
    code = "import sys; from model.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    refused(Answer(done.returncode, done.stdout, done.stderr))


# ---- looking at tables and networks -----------------------------------------------------------


def test_table_info_says_what_the_table_holds(say: Say, table: Path) -> None:
    facts = json.loads(say("table", "info", table, "--json").out)
    made = random_table(1, 3, 4)
    assert facts["regions"] == made.regions
    assert facts["totals"]["output"] == pytest.approx(float(made.x.sum()), rel=1e-12)
    assert facts["findings"] == []
    text = say("table", "info", table)
    assert text.code == 0
    assert "3 regions x 4 sectors" in text.out
    assert "rows and columns balance" in text.out


def test_network_info_counts_nodes_and_links(say: Say, network: Path) -> None:
    facts = json.loads(say("network", "info", network, "--json").out)
    assert facts["nodes"] == {"place": 3}
    assert facts["modes"]["road"] == {"links": 2, "km": 160.0, "mean_kmh": 80.0}
    assert facts["unreachable"] == {}
    assert "every place is reachable" in say("network", "info", network).out


def test_access_ranks_places_best_first(say: Say, network: Path) -> None:
    words = ("network", "access", network)
    near = json.loads(say(*words, "--json").out)["places"]
    values = [one["value"] for one in near]
    assert values == sorted(values)
    assert near[-1]["name"] == "Ahaven"
    table = pd.read_csv(StringIO(say(*words, "--measure", "daily", "--csv", "--top", 2).out))
    assert list(table.columns[:4]) == ["place", "name", "region", "population"]
    assert len(table) == 2
    assert table.iloc[0, 4] == 10_000
    short = json.loads(say(*words, "--measure", "cumulative", "--tmax", 10, "--json").out)
    assert max(one["value"] for one in short["places"]) < 10_000
    assert "lower is better" in say(*words).out


def test_the_ledger_of_a_pole_adds_up_to_the_stimulus(say: Say) -> None:
    words = ("spillover", "--pole", "Pearl River Delta", "--pole", "Hubei=0.5,Hunan=0.5")
    answers = json.loads(say(*words, "--amount", "2e9", "--json").out)
    assert [one["pole"] for one in answers] == ["Pearl River Delta", "Hubei=0.5,Hunan=0.5"]
    for one in answers:
        assert one["stimulus"] == 2000.0
        assert sum(one["leakage"].values()) == pytest.approx(2000.0, rel=1e-9)
        total = sum(row["total"] for row in one["regions"])
        assert total == pytest.approx(sum(one["sectors"].values()), rel=1e-9)
        inside = {row["region"] for row in one["regions"] if row["intraregional"] > 0}
        assert inside in ({"Guangdong"}, {"Hubei", "Hunan"})
    table = pd.read_csv(StringIO(say(*words, "--amount", "2e9", "--csv").out))
    assert len(table) == 62
    assert table.groupby("pole", sort=False)["total"].sum().tolist() == pytest.approx(
        [sum(row["total"] for row in one["regions"]) for one in answers], rel=1e-9
    )


def test_the_text_of_a_ledger_says_how_to_read_it(say: Say, table: Path) -> None:
    region = random_table(1, 3, 4).regions[0]
    text = say("spillover", "--pole", region, "--amount", "3", "--table", table, "--at", "use").out
    assert "spending in it" in text
    assert "How to read it: of every 100 put into" in text
    assert "where the stimulus ends" in text
