"""The verb corridors: text, JSON and CSV; files whole or not at all; wrong input told early."""

from __future__ import annotations

import json
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cases_corridors import CANDIDATES, economy, small_model, towns
from cli_answers import done, refused, refused_in_a_line, say_with

from model.corridors import choose_package, interactions, rank_stability, screen_corridors
from networks.readers.writing import write_network

LIST = "\n".join(
    f'[[candidate]]\nname = "{one.name}"\nmode = "{one.line.get("mode")}"\n'
    f"stops = {list(one.line.get('stops'))}\nspeed_kmh = {one.line.get('speed_kmh')}\n"
    f"trains_per_day = {one.line.get('trains_per_day')}\nbuild_cost = {one.build_cost}\n"
    f"freed_freight_capacity = {one.line.get('freed_freight_capacity') or 0.0}\n"
    for one in CANDIDATES
)


@pytest.fixture
def say(capsys):
    return say_with(capsys)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A table and a network as files, and the words that name them."""
    where = tmp_path_factory.mktemp("given")
    table = economy()
    table.to_netcdf(where / "table.nc")
    write_network(towns(table), where / "network")
    (where / "list.toml").write_text(LIST, encoding="utf-8")
    return where


@pytest.fixture(scope="module")
def words(given):
    return ("--table", given / "table.nc", "--network", given / "network")


@pytest.fixture(scope="module")
def screened():
    return screen_corridors(small_model(), CANDIDATES)


def test_csv_has_the_numbers_of_the_library(say, given, words, screened):
    answer = done(say("corridors", given / "list.toml", *words, "--csv"))
    found = pd.read_csv(StringIO(answer.out))
    assert found["candidate"].tolist() == screened["candidate"].values.tolist()
    np.testing.assert_allclose(found["exact"], screened["exact"], rtol=1e-9)
    np.testing.assert_allclose(found["first_order"], screened["first_order"], rtol=1e-9)
    np.testing.assert_allclose(found["losers"], screened["losers"])


def test_json_has_ranking_certainty_package_and_interactions(say, given, words):
    answer = done(
        say(
            "corridors", given / "list.toml", *words, "--json", "--best", 3, "--budget", 1e10,
            "--draws", 4, "--seed", 2, "--interactions",
        )
    )  # fmt: skip
    found = json.loads(answer.out)
    model = small_model()
    best = [one["candidate"] for one in found["candidates"][:3]]
    by_name = {one.name: one for one in CANDIDATES}
    some = [by_name[name] for name in best]
    package = choose_package(model, some, 1e10)
    assert found["package"]["names"] == list(package.names)
    assert found["package"]["value"] == pytest.approx(package.value, rel=1e-9)
    sure = rank_stability(model, some, draws=4, seed=2, top=2)
    told = {one["candidate"]: one for one in found["stability"]}
    for name in best:
        assert told[name]["median"] == pytest.approx(float(sure["median"].sel(candidate=name)))
    pairs = interactions(model, some).to_pandas()
    assert found["interactions"][best[0]][best[1]] == pytest.approx(pairs.loc[best[0], best[1]])
    assert found["candidates"][0]["zero_reason"] == ""


def test_text_names_the_best_who_gains_and_what_is_zero(say, given, words, screened):
    answer = done(say("corridors", given / "list.toml", *words, "--interactions"))
    top = str(screened["candidate"].values[0])
    for word in (
        "6 candidates by real_consumption",
        "How to read it",
        "never add them",
        f"Who gains from {top}",
        "no region loses",
        "Exactly zero: west: no way of least cost",
        "above zero complements",
    ):
        assert word in " ".join(answer.out.split()), word
    assert answer.err.count("exact values of the best") == 1


def test_pairs_of_places_are_taken_where_no_list_is_given(say, words):
    answer = done(say("corridors", *words, "--band", 60, 200, "--most", 4, "--best", 2, "--csv"))
    found = pd.read_csv(StringIO(answer.out))
    assert len(found) == 4
    assert found["exact"].notna().sum() == 2
    assert (found["note"] == "pair without a direct link").all()


def test_files_are_written_and_written_again(say, given, words, tmp_path, screened):
    out = tmp_path / "out"
    ask = ("corridors", given / "list.toml", *words, "-o", out, "--language", "en")
    assert f"written to {out}" in done(say(*ask)).out
    names = {one.name for one in out.iterdir()}
    assert {
        "corridors.nc",
        "corridors.csv",
        "gains.csv",
        "corridors.geojson",
        "report.html",
    } <= names
    assert "report.zh.html" not in names
    with xr.open_dataset(out / "corridors.nc", engine="h5netcdf") as data:
        np.testing.assert_allclose(data["exact"], screened["exact"], rtol=1e-9)
    done(say(*ask, "--language", "zh", "--draws", 2))
    names = {one.name for one in out.iterdir()}
    assert {"report.html", "report.zh.html", "stability.csv"} <= names
    assert [one.name for one in tmp_path.iterdir()] == ["out"]  # nothing half-written beside it


def test_a_run_that_fails_late_leaves_the_earlier_files_alone(
    say, given, words, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    ask = ("corridors", given / "list.toml", *words, "-o", out)
    done(say(*ask))
    before = {one.name: one.read_bytes() for one in out.iterdir()}

    def fail(*arguments, **named):
        raise OSError("disk full")

    monkeypatch.setattr("model.corridors.outputs.write_page", fail)
    assert say(*ask).code in (1, 2)
    assert {one.name: one.read_bytes() for one in out.iterdir()} == before
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_what_was_answered_is_kept_and_gone_on_from(say, given, words, tmp_path):
    kept = tmp_path / "kept"
    ask = ("corridors", given / "list.toml", *words, "--resume", kept, "--csv", "--interactions")
    first = done(say(*ask))
    lines = (kept / "answers.jsonl").read_text().splitlines()
    again = done(say(*ask, "--best", 20))
    assert again.out == first.out
    assert (kept / "answers.jsonl").read_text().splitlines() == lines
    refused(say(*ask, "--objective", "output"), "another question")


def test_build_costs_by_mode_and_terrain_give_returns(say, given, words, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("mode,terrain,cost_per_km\nrail_hsr,,1e8\n", encoding="utf-8")
    ask = ("corridors", *words, "--band", 60, 200, "--most", 3, "--build-costs", rates)
    found = pd.read_csv(StringIO(done(say(*ask, "--csv")).out))
    np.testing.assert_allclose(found["build_cost"], 1e8 * found["km"])
    np.testing.assert_allclose(found["annual_return"], found["exact"] * 1e6 / found["build_cost"])
    answer = done(say(*ask, "--budget", found["build_cost"].min() * 1.01))
    assert "package" in answer.out
    assert "return" in answer.out


EARLY = {
    ("--budget", "1"): "buys nothing",
    ("--budget", "-1"): "above zero",
    ("--best", "-1"): "--best must be at least 0",
    ("--band", "600", "100"): "LOW < HIGH",
    ("--most", "0"): "--most must be at least 1",
    ("--language", "de"): "languages en, zh",
    ("--objective", "purchase_cost"): "take one of real_consumption",
    ("--objective", "potential", "--draws", "5"): "does not depend on",
    ("--draws", "1"): "at least 2",
    ("--build-costs", "none.csv"): "no file none.csv",
    ("--objective", "real_consumptoin"): "did you mean 'real_consumption'",
    ("--objective", "daily"): "within a day",
    ("--closure", "real"): "exactly zero",
}


@pytest.mark.parametrize("extra", list(EARLY))
def test_wrong_options_get_one_clear_line(say, given, words, extra, tmp_path):
    out = tmp_path / "out"
    answer = say("corridors", given / "list.toml", *words, *extra, "-o", out)
    refused(answer, EARLY[extra])
    assert not out.exists()
    assert "exact values" not in answer.err  # before anything was solved


def test_wrong_lists_get_one_clear_line(say, given, words, tmp_path):
    refused_in_a_line(say("corridors", tmp_path / "none.toml", *words), "no file of candidates")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[[candidate]]\nname = "x"\n', encoding="utf-8")
    refused_in_a_line(say("corridors", wrong, *words), "needs mode and stops")
    wrong.write_text(LIST.replace("p9", "Atlantis"), encoding="utf-8")
    refused_in_a_line(say("corridors", wrong, *words), "cannot be built", "Atlantis", "long")
    refused_in_a_line(say("corridors", "china:plan", *words), "china:plans")
    rates = tmp_path / "rates.csv"
    rates.write_text("mode,cost\n", encoding="utf-8")
    ask = ("corridors", given / "list.toml", *words, "--build-costs", rates)
    refused_in_a_line(say(*ask), "terrain, cost_per_km is not there")
    unpriced = tmp_path / "unpriced.toml"
    unpriced.write_text(LIST.replace("build_cost = 9000000000.0\n", ""), encoding="utf-8")
    refused_in_a_line(say("corridors", unpriced, *words, "--budget", 1e10), "1 have none (long)")


def test_other_folders_are_not_written_over(say, given, words, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    ask = ("corridors", given / "list.toml", *words)
    refused_in_a_line(say(*ask, "-o", tmp_path), "photo.jpg")
    refused_in_a_line(say(*ask, "-o", tmp_path / "photo.jpg"), "a file")
    assert [one.name for one in tmp_path.iterdir()] == ["photo.jpg"]
