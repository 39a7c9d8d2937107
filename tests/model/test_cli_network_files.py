"""Matrices and networks that the command line writes are whole, and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_answers import Say, done, say_with, small_network
from cli_answers import refused_in_a_line as refused

import hinterland as hl
from networks.given_costs import read_skim


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    return say_with(capsys)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return small_network(tmp_path / "net", shortcut_from=2010)


def test_a_skim_is_the_one_of_the_library(say: Say, network: Path, tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    text = done(say("network", "skim", network, "-o", file, "--purpose", "freight")).out
    assert "3 x 3 pairs" in text
    expected = hl.skim(hl.read_network(network), "freight")
    np.testing.assert_array_equal(read_skim(file)["cost"], expected["cost"])


def test_a_year_leaves_out_what_opened_later(say: Say, network: Path, tmp_path: Path) -> None:
    for year, file in ((2000, "old.csv"), (2020, "new.csv")):
        done(say("network", "skim", network, "-o", tmp_path / file, "--year", year))
    old, new = (read_skim(tmp_path / f)["minutes"].sel(origin="1") for f in ("old.csv", "new.csv"))
    assert float(old.sel(destination="3")) > float(new.sel(destination="3"))


def test_a_network_converted_there_and_back_is_the_same(
    say: Say, network: Path, tmp_path: Path
) -> None:
    done(say("network", "convert", network, tmp_path / "gmns", "--to", "gmns"))
    done(say("network", "convert", tmp_path / "gmns", tmp_path / "back"))
    one, two = hl.read_network(network), hl.read_network(tmp_path / "back")
    assert list(one.links["minutes"]) == list(two.links["minutes"])
    done(say("network", "convert", network, tmp_path / "back", "--replace"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["skim", "NET"], ["-o"]),
        (["skim", "NET", "-o", "DIR/x.xls"], [".omx", "x.xls"]),
        (["skim", "NET", "-o", "DIR/net"], ["is there already"]),
        (["skim", "NET", "-o", "DIR/x.csv", "--mode", "rial"], ["did you mean 'rail'"]),
        (["skim", "DIR/none", "-o", "DIR/x.csv"], ["no folder or file"]),
        (["convert", "NET", "DIR/x", "--to", "gmn"], ["did you mean 'gmns'"]),
        (["convert", "NET", "DIR/net"], ["is there already"]),
    ],
)
def test_what_cannot_be_done_gets_one_line_and_leaves_nothing(
    say: Say, network: Path, tmp_path: Path, words: list[str], expected: list[str]
) -> None:
    made = [w.replace("NET", str(network)).replace("DIR", str(tmp_path)) for w in words]
    refused(say("network", *made), *expected)
    assert [one.name for one in tmp_path.iterdir()] == ["net"]
