"""Runs from the command line: folders that are whole or absent, progress, words of the answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from cli_answers import Say, say_with
from cli_answers import refused_in_a_line as refused

from model.cli.headlines import headlines
from model.cli.output import check_output, replacing
from model.cli.progress import Progress
from model.cli.text import aligned, amount, percent
from model.errors import OutputRefused
from model.results import Result, RunReport, RunStatus, read_result
from model.scenario import Scenario, read_scenario

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    return say_with(capsys)


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

    def to_html(self: Result, path: Path, language: str = "en") -> Path:
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

    def breaks(self: Result, path: Path, language: str = "en") -> Path:
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


def test_a_name_that_is_not_in_the_scenario_gets_the_nearest(
    say: Say, scenario: Path, tmp_path: Path
) -> None:
    refused(say("run", scenario, "-o", tmp_path / "out", "--only", "R"), "'R'", "'P', 'Q'")


def test_draws_and_split_are_set_from_the_shell(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "d.toml"
    path.write_text(
        'name = "d"\n[[stimulus]]\npole = "Yangtze River Delta"\nshare_of_final_demand = 0.01\n',
        encoding="utf-8",
    )
    refused(say("run", path, "-o", tmp_path / "out", "--draws", "1"), "--draws must be 0 or")
