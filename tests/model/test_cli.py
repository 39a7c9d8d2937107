"""The command line: verbs, exit codes, one-line errors, and folders that are whole or absent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from io_tables.testing import random_table
from model.cli import main
from model.cli.headlines import headlines
from model.cli.output import check_output, replacing
from model.cli.progress import Progress
from model.cli.text import aligned, amount, percent
from model.errors import OutputRefused
from model.results import Result, RunReport, RunStatus, read_result
from model.scenario import Scenario, read_scenario

ROOT = Path(__file__).resolve().parents[2]


class Answer:
    """Exit code, data and messages of one command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Say = Callable[..., Answer]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*words: object) -> Answer:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


def refused(answer: Answer, *words: str) -> None:
    """One line on standard error, nothing on standard output, exit code 2."""
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("hinterland: ")
    assert answer.err.count("\n") == 1
    for word in words:
        assert word in answer.err


@pytest.fixture
def network(tmp_path: Path) -> Path:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "nodes.csv").write_text(
        "node,name,kind,region,lon,lat,area_km2,population\n"
        "1,Ahaven,place,North,0.0,50.0,100,1000\n"
        "2,Beton,place,North,1.0,50.0,100,3000\n"
        "3,Cefield,place,South,2.0,50.0,100,6000\n",
        encoding="utf-8",
    )
    (folder / "links.csv").write_text(
        "link,from_node,to_node,mode,km,minutes\n12,1,2,road,80,60\n23,2,3,road,80,60\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return random_table(1, 3, 4).to_netcdf(tmp_path / "table.nc")


def made_result(scenario: Scenario, status: RunStatus = RunStatus.ok) -> Result:
    unit = {"units": "million yuan 2020", "long_name": "money"}
    data = xr.Dataset(
        {
            "value_added_base": (
                ("region", "sector"),
                np.array([[10.0, 20.0], [30.0, 40.0]]),
                unit,
            ),
            "stimulus": ("pole", [10.0], unit),
            "ledger": (
                ("pole", "region", "sector", "part", "account"),
                np.array([[[[5.0, 1.0, 0.0]] * 1, [[0.0, 0.0, 2.5]] * 1]]).reshape(1, 2, 1, 3, 1)
                * np.array([0.25, 0.75]).reshape(1, 1, 2, 1, 1),
                unit,
            ),
            "corridor_range": (
                ("case", "effect"),
                np.array([[4.0, -2.0], [1.0, -2.0], [9.0, -3.0]]),
                {"units": "mixed", "long_name": "changes"},
            ),
            "real_consumption_base": (("region", "sector"), np.ones((2, 2)), unit),
            "access": (("place", "measure", "year"), [[[50.0]], [[100.0]]], {"units": "min"}),
            "access_base": (("place", "measure", "year"), [[[100.0]], [[100.0]]], {"units": "min"}),
        },
        coords={
            "region": ["North", "South"],
            "sector": ["a", "b"],
            "pole": ["P"],
            "part": ["intraregional", "feedback", "spillover"],
            "account": ["value_added"],
            "case": ["central", "all low", "all high"],
            "effect": ["real_consumption", "mean_minutes"],
            "place": ["1", "2"],
            "population": ("place", [1.0, 3.0]),
            "measure": ["weighted_mean_minutes"],
            "year": [2020],
        },
    )
    report = RunReport(zero_effects=("goods are untouched because no freight link changed",))
    return Result(status, data, report, scenario)


@pytest.fixture
def quick_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace computing and drawing by something instant; writing is the real one."""

    def run(scenario: Scenario, *, progress: Callable[[str, float], None]) -> Result:
        progress("base year", 0.5)
        return made_result(scenario)

    def to_html(self: Result, path: Path) -> Path:
        path.write_text("<html></html>", encoding="utf-8")
        return path

    monkeypatch.setattr("model.run.run", run)
    monkeypatch.setattr(Result, "to_html", to_html)


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\n[[stimulus]]\npole = "P"\namount = 1.0\n'
        '[[stimulus]]\npole = "Q"\namount = 2.0\n',
        encoding="utf-8",
    )
    return path


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
        (["spillover", "--pole", "A"], ["--amount"]),
        (["spillover", "--pole", "A", "--amount", "much"], ["--amount", "'much'"]),
        (["spillover", "--pole", "A", "--amount", "1", "--at", "home"], ["'home'"]),
    ],
)
def test_words_that_make_no_command_get_one_line(
    say: Say, words: list[str], expected: list[str]
) -> None:
    refused(say(*words), *expected)


@pytest.mark.parametrize(
    "words",
    [
        ["corridors"],
        ["corridors", "my.toml", "--top", "5"],
        ["network", "skim", "--purpose", "freight"],
        ["network", "convert"],
    ],
)
def test_verbs_without_a_method_are_not_in_this_version(say: Say, words: list[str]) -> None:
    refused(say(*words), "not in this version")


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
        ('name = "x"\n[closure]\nchannels = ["price"]\n', ["not in this version"]),
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


def test_a_name_that_is_not_in_the_scenario_gets_the_nearest(
    say: Say, scenario: Path, tmp_path: Path
) -> None:
    refused(say("run", scenario, "-o", tmp_path / "out", "--only", "R"), "'R'", "'P', 'Q'")


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


# ---- running ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick_run")
def test_a_run_leaves_data_tables_report_and_scenario(
    say: Say, scenario: Path, tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "out"
    answer = say("run", scenario, "-o", out)
    assert answer.code == 0
    assert sorted(one.name for one in out.iterdir()) == [
        "report.html",
        "result.nc",
        "scenario.toml",
        "tables",
    ]
    assert read_result(out / "result.nc").identical(made_result(read_scenario(scenario)))
    assert read_scenario(out / "scenario.toml") == read_scenario(scenario)
    assert [one.name for one in out.parent.iterdir()] == ["out"]
    assert str(out / "report.html") in answer.out
    assert out.stat().st_mode & 0o055 == 0o055 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.usefixtures("quick_run")
def test_progress_is_one_line_a_step_when_nobody_watches(
    say: Say, scenario: Path, tmp_path: Path
) -> None:
    lines = say("run", scenario, "-o", tmp_path / "out").err.splitlines()
    assert [line.split(" s  ")[1] for line in lines] == [
        "loading",
        "base year",
        "writing the data",
        "writing the tables",
        "drawing the report",
        "done",
    ]
    assert lines[-1].startswith("[100%]")


@pytest.mark.usefixtures("quick_run")
def test_only_runs_one_block(say: Say, scenario: Path, tmp_path: Path) -> None:
    assert say("run", scenario, "-o", tmp_path / "out", "--only", "Q").code == 0
    assert [one.name for one in read_result(tmp_path / "out" / "result.nc").scenario.stimuli] == [
        "Q"
    ]


@pytest.mark.usefixtures("quick_run")
def test_an_earlier_result_is_replaced_and_foreign_files_are_refused(
    say: Say, scenario: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert say("run", scenario, "-o", out).code == 0
    assert say("run", scenario, "-o", out, "--only", "P").code == 0
    assert [one.name for one in read_result(out / "result.nc").scenario.stimuli] == ["P"]
    (out / "thesis.docx").write_text("three years of work")
    refused(say("run", scenario, "-o", out), "thesis.docx")
    assert (out / "thesis.docx").read_text() == "three years of work"
    (out / "thesis.docx").unlink()
    (out / "tables" / "notes.txt").write_text("mine")
    refused(say("run", scenario, "-o", out), "tables/notes.txt")


@pytest.mark.usefixtures("quick_run")
def test_a_folder_of_other_things_or_a_file_is_refused(
    say: Say, scenario: Path, tmp_path: Path
) -> None:
    refused(say("run", scenario, "-o", tmp_path), "mine.toml")
    refused(say("run", scenario, "-o", scenario), "is a file")
    refused(say("run", scenario, "-o", scenario / "out"), "not a folder")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert say("run", scenario, "-o", empty).code == 0


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no folder that nobody may write to")
@pytest.mark.usefixtures("quick_run")
def test_a_folder_nobody_may_write_to_is_refused_before_computing(
    say: Say, scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.run.run", lambda *_, **__: pytest.fail("it was computed"))
    refused(say("run", scenario, "-o", "/proc/out"), "/proc/out cannot be written")


@pytest.mark.usefixtures("quick_run")
def test_a_failure_while_drawing_keeps_the_earlier_result(
    say: Say, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert say("run", scenario, "-o", out, "--only", "P").code == 0

    def breaks(self: Result, path: Path) -> Path:
        raise ZeroDivisionError("no ink")

    monkeypatch.setattr(Result, "to_html", breaks)
    answer = say("run", scenario, "-o", out)
    assert answer.code == 1
    assert answer.err.splitlines()[-1] == (
        "hinterland: ZeroDivisionError: no ink; --debug shows where"
    )
    assert [one.name for one in read_result(out / "result.nc").scenario.stimuli] == ["P"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mine.toml", "out"]
    assert say("run", scenario, "-o", tmp_path / "a" / "b" / "c").code == 1
    assert not (tmp_path / "a").exists()


@pytest.mark.usefixtures("quick_run")
@pytest.mark.parametrize(("status", "kept"), [("partial", True), ("failed", False)])
def test_a_run_without_certified_numbers_ends_with_code_1(
    say: Say,
    scenario: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    kept: bool,
) -> None:
    monkeypatch.setattr(
        "model.run.run", lambda asked, *, progress: made_result(asked, RunStatus(status))
    )
    answer = say("run", scenario, "-o", tmp_path / "out")
    assert answer.code == 1
    assert f"ended {status}" in answer.err.splitlines()[-1]
    assert (tmp_path / "out").exists() is kept


def test_the_shipped_scenario_can_be_exported_once(say: Say, tmp_path: Path) -> None:
    copy = tmp_path / "my.toml"
    assert say("demo", "--export", copy).code == 0
    assert len(read_scenario(copy).stimuli) == 4
    copy.write_text("mine now")
    refused(say("demo", "--export", copy), "my.toml is there already")
    assert copy.read_text() == "mine now"
    refused(say("demo", "--export", tmp_path / "no" / "my.toml"), "no folder")


@pytest.mark.usefixtures("quick_run")
def test_the_demonstration_runs_the_shipped_scenario(say: Say, tmp_path: Path) -> None:
    answer = say("demo", "-o", tmp_path / "demo")
    assert answer.code == 0
    assert len(read_result(tmp_path / "demo" / "result.nc").scenario.stimuli) == 4
    assert answer.out.strip().splitlines()[-2].endswith("report.html")


def test_a_run_that_is_told_to_stop_leaves_nothing(tmp_path: Path, scenario: Path) -> None:
    code = """
import sys, time
import model.run
def run(scenario, *, progress):
    progress("computing", 0.1)
    time.sleep(60)
model.run.run = run
from model.cli import main
sys.exit(main(sys.argv[1:]))
"""
    out = tmp_path / "new" / "out"
    with subprocess.Popen(
        [sys.executable, "-c", code, "run", str(scenario), "-o", str(out)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "computing" in line:
                break
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
    assert process.returncode == 1
    assert rest == "hinterland: stopped; nothing was written\n"
    assert [one.name for one in tmp_path.iterdir()] == ["mine.toml"]


def test_a_folder_takes_its_name_only_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with replacing(target) as folder:
        (folder / "result.nc").write_text("first")
        assert not target.exists()

    def stopped() -> None:
        with replacing(target) as folder:
            (folder / "result.nc").write_text("second")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert (target / "result.nc").read_text() == "first"

    def meanwhile() -> None:
        with replacing(target):
            (target / "own.txt").write_text("written by somebody else")

    with pytest.raises(OutputRefused, match=r"own\.txt"):
        meanwhile()
    assert sorted(one.name for one in target.iterdir()) == ["own.txt", "result.nc"]
    assert [one.name for one in tmp_path.iterdir()] == ["out"]
    with pytest.raises(OutputRefused):
        check_output(target)


# ---- the words of an answer -------------------------------------------------------------------


def test_headlines_are_read_from_the_result(scenario: Path) -> None:
    lines = headlines(made_result(read_scenario(scenario)))
    assert lines[0] == "mine: ok"
    assert lines[1] == "base year: value added 100.0 million yuan 2020, 2 regions x 2 sectors"
    text = "\n".join(lines)
    row = next(line.split() for line in lines if line.startswith("P "))
    assert " ".join(row) == "P 10.00 60.0 % 25.0 % 15.0 % South 25.0 %"
    assert "real consumption +4.000 [+1.000 to +9.000] million yuan 2020" in text
    assert "mean travel time -2.000 [-3.000 to -2.000] min" in text
    assert "weighted mean minutes: 100.0 -> 87.50 (-12.50%)" in text
    assert lines[-1] == "note: goods are untouched because no freight link changed"


def test_headlines_of_a_base_year_are_short() -> None:
    plain = Scenario.from_dict({"name": "plain"})
    full = made_result(plain)
    bare = Result(full.status, full.data[["value_added_base"]], RunReport(), plain)
    assert headlines(bare) == [
        "plain: ok",
        "base year: value added 100.0 million yuan 2020, 2 regions x 2 sectors",
    ]


def test_numbers_are_written_for_a_reader() -> None:
    values = [0.0, 0.01234, 1.5, 99.99, 1234.5, -1234567.0, float("nan")]
    assert [amount(one) for one in values] == [
        "0",
        "0.01234",
        "1.500",
        "99.99",
        "1,234",
        "-1,234,567",
        "-",
    ]
    assert (percent(1.0, 8.0), percent(1.0, 0.0)) == ("12.5 %", "-")


def test_columns_line_up_with_wide_characters() -> None:
    lines = aligned(("city", "km"), [("北京", "1"), ("Wuhan", "1000")])
    assert lines == ["city     km", "北京      1", "Wuhan  1000"]


def test_a_bar_is_drawn_on_a_terminal_and_taken_away() -> None:
    stream = StringIO()
    progress = Progress(stream, bar=True)
    progress("first", 0.0)
    progress("second", 0.5)
    progress.close()
    drawn = stream.getvalue().split("\r")
    assert "[........................]   0%  first" in drawn[1]
    assert "[############............]  50%  second" in drawn[2]
    assert drawn[-1] == ""
    assert drawn[-2].strip() == ""
