"""The verb ``spillover`` in all its views says what the library says."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_answers import Say, done, say_with
from cli_answers import refused_in_a_line as refused

import hinterland as hl
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.ledger.exchange import spillover_exchange
from model.ledger.kinds import Creation, Investment, OutputTarget
from model.ledger.sure import ledger_uncertainty


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    return say_with(capsys)


@pytest.fixture
def table() -> RegionalTable:
    return random_table(3, 4, 4)


@pytest.fixture
def path(table: RegionalTable, tmp_path: Path) -> Path:
    return table.to_netcdf(tmp_path / "table.nc")


def rows(say: Say, *words: object) -> pd.DataFrame:
    return pd.read_csv(StringIO(done(say("spillover", *words, "--csv")).out))


def total(found: object) -> float:
    return float(found["ledger"].sum())


def test_without_a_word_the_poles_of_the_embedded_case_grow_by_one_per_cent(say: Say) -> None:
    answers = json.loads(done(say("spillover", "--json")).out)
    assert [one["pole"] for one in answers] == [
        "Beijing-Tianjin-Hebei",
        "Yangtze River Delta",
        "Pearl River Delta",
        "Chengdu-Chongqing",
    ]
    china = hl.load_china()
    pearl = answers[2]
    demand = float(china.f.groupby(level="region").sum()["Guangdong"])
    assert pearl["stimulus"] == pytest.approx(0.01 * demand, rel=1e-9)
    expected = hl.spillovers(china, "Guangdong", 0.01 * demand)["ledger"].sum(["sector", "pole"])
    given = pd.DataFrame(pearl["regions"]).set_index("region")["spillover"]
    away = expected.sel(part="spillover").isel(account=0).to_series()
    np.testing.assert_allclose(given.reindex(away.index), away, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "stimulus"),
    [
        (("--kind", "output"), OutputTarget(10.0)),
        (("--kind", "investment"), Investment(10.0)),
        (("--kind", "value_added"), Creation(10.0, of="value_added")),
        (
            ("--kind", "output", "--sectors", "S1=0.25,S2=0.75"),
            OutputTarget({"S1": 2.5, "S2": 7.5}),
        ),
    ],
)
def test_kinds_of_stimulus_are_those_of_the_ledger(
    say: Say, path: Path, table: RegionalTable, words: tuple[str, ...], stimulus: object
) -> None:
    scale = 1.0 if "million" not in table.unit else 1e6
    size = ("--table", path, "--pole", "R1", "--amount", 10.0 * scale)
    categories = [c for c in table.categories if "formation" in c or "investment" in c]
    if isinstance(stimulus, Investment) and not categories:
        refused(say("spillover", *size, *words), "capital formation")
        return
    found = rows(say, *size, *words)["total"].sum()
    assert found == pytest.approx(total(hl.spillovers(table, "R1", stimulus)), rel=1e-9)


def test_any_reading_keeps_the_sum(say: Say) -> None:
    words = ("--pole", "Sichuan", "--pole", "Beijing", "--households")
    sums = rows(say, *words).groupby("pole")["total"].sum()
    for by in ("sector", "pole", "macro_region", "coast_interior", "cluster", "ring"):
        found = rows(say, *words, "--by", by)
        parts = ["intraregional", "feedback", "spillover", "induced"]
        np.testing.assert_allclose(found[parts].sum(axis=1), found["total"], rtol=1e-9)
        np.testing.assert_allclose(
            found.groupby("pole")["total"].sum().reindex(sums.index), sums, rtol=1e-9, err_msg=by
        )
    text = done(say("spillover", *words, "--by", "cluster", "--top", 3)).out
    assert "spread over the places" in text


def test_groups_may_come_from_a_file(say: Say, path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("region,group,share\nR0,a,0.5\nR1,b,1\nR0,b,0.5\n")
    words = ("--table", path, "--pole", "R0")
    found = rows(say, *words, "--by", tmp_path / "mine.csv").set_index("group")["total"]
    single = rows(say, *words).set_index("region")["total"]
    assert found["a"] == pytest.approx(single["R0"] / 2)
    assert found["outside"] == pytest.approx(single["R2"] + single["R3"])


def test_a_stressor_beside_the_table_is_an_account(say: Say) -> None:
    found = rows(say, "--pole", "Shanxi", "--of", "CO2", "--by", "pole")
    china, emitted = hl.load_china(), hl.load_china_emissions()
    rate = emitted.industries.iloc[0].reindex(china.labels).fillna(0.0) / china.x.where(china.x > 0)
    given = float(found["given"].iloc[0])
    expected = hl.spillovers(china, "Shanxi", given, rate.fillna(0.0).rename("CO2"))
    assert found["total"].iloc[0] == pytest.approx(total(expected), rel=1e-9)


def test_exchange_tells_who_gives_to_whom(say: Say, path: Path, table: RegionalTable) -> None:
    words = ("--table", path, "--pole", "all", "--exchange", "--amount", 5)
    found = rows(say, *words).set_index("pole")
    scale = 1.0 if "million" not in table.unit else 1e-6
    expected = spillover_exchange(table, stimulus=5.0 * scale)
    net = expected["net"].isel(account=0).to_series()
    np.testing.assert_allclose(found["net"].reindex(net.index), net, rtol=1e-9, atol=1e-15)
    assert found["net"].sum() == pytest.approx(0.0, abs=1e-12 * found["emitted"].sum())
    to = found[[f"to {name}" for name in table.regions]].sum(axis=1)
    np.testing.assert_allclose(to, found["kept"] + found["emitted"])


def test_rounds_and_blocks_sum_to_the_ledger(say: Say, path: Path) -> None:
    words = ("--table", path, "--pole", "R2")
    ledger = rows(say, *words)
    rounds = rows(say, *words, "--rounds")
    share = rounds[["so_far_in_the_pole", "so_far_elsewhere"]].to_numpy()
    assert (np.diff(share, axis=0) >= -1e-15).all()
    assert (share[-1] > 0.99).all()
    blocks = rows(say, *words, "--two-blocks").set_index("region")
    given = ledger.set_index("region")["total"]
    np.testing.assert_allclose(blocks["total"].reindex(given.index), given, rtol=1e-9)
    feedback = ledger.set_index("region").loc["R2", "feedback"]
    assert blocks.loc["R2", "closed_loop"] == pytest.approx(feedback, rel=1e-9)


def test_paths_stand_behind_what_a_region_receives(say: Say) -> None:
    words = ("--pole", "Beijing", "--amount", 1e10)
    found = rows(say, *words, "--paths", 2, "--to", "Hebei")
    assert len(found) == 2
    ledger = rows(say, *words).set_index("region")
    assert found["received"].iloc[0] == pytest.approx(ledger.loc["Hebei", "total"], rel=1e-9)
    assert (found["value"].diff().dropna() <= 0).all()
    assert found["path"].iloc[0].startswith("Hebei / ")
    assert rows(say, *words, "--paths", 1)["receiver"].nunique() == 5


def test_decay_has_an_interval_around_the_half_distance(say: Say) -> None:
    found = rows(say, "--pole", "Sichuan", "--pole", "Beijing", "--decay").set_index("pole")
    assert (found["half_low"] < found["half"]).all()
    assert (found["half"] < found["half_high"]).all()
    assert "halves with every" in done(say("spillover", "--decay", "--pole", "Sichuan")).out


def test_cities_are_called_by_name_and_stand_in_their_clusters(say: Say) -> None:
    words = ("--table", "china:2020:city", "--pole", "Guanzhong Plain")
    found = rows(say, *words).set_index("region")
    inside = set(found.index[found["intraregional"] > 0])
    assert {"Xi'an", "Baoji"} <= inside
    assert len(inside) == 10
    clusters = rows(say, *words, "--by", "cluster").set_index("cluster")
    kept = found.loc[sorted(inside), ["intraregional", "feedback"]].sum().sum()
    assert clusters.loc["Guanzhong Plain", "total"] == pytest.approx(kept, rel=1e-9)


def test_intervals_are_those_of_the_library(say: Say, path: Path, table: RegionalTable) -> None:
    words = ("--table", path, "--pole", "R0", "--pole", "R1", "--amount", 5)
    found = rows(say, *words, "--draws", 8, "--seed", 2)
    scale = 1.0 if "million" not in table.unit else 1e-6
    expected = ledger_uncertainty(table, ["R0", "R1"], 5.0 * scale, draws=8, pairs=0, seed=2)
    low = expected["low"].sel(part="all").to_series()
    given = found.set_index(["pole", "region"])["low"]
    np.testing.assert_allclose(given.reindex(low.index), low, rtol=1e-9)
    one = rows(say, *words, "--draws", 8, "--by", "pole")
    assert (one["spillover_low"] < one["spillover_high"]).all()
    net = rows(say, *words, "--draws", 8, "--exchange")
    assert (net["net_low"] <= net["net_high"]).all()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--amount", "1", "--share", "0.1"), ("--amount", "--share")),
        (("--exchange", "--by", "sector"), ("--by", "--exchange")),
        (("--rounds", "--draws", "5"), ("--draws", "--rounds")),
        (("--to", "Hebei"), ("--paths",)),
        (("--paths", "0"), ("--paths", "0")),
        (("--paths", "2", "--households"), ("--households",)),
        (("--two-blocks", "--households"), ("--households",)),
        (("--kind", "output", "--at", "use"), ("--kind output", "--at")),
        (("--kind", "outptu"), ("did you mean 'output'",)),
        (("--of", "CO"), ("'CO'", "CO2")),
        (("--by", "macroregion"), ("did you mean 'macro_region'",)),
        (("--by", "gone.csv"), ("gone.csv",)),
        (("--pole", "Hebei", "--pole", "Hebei"), ("twice",)),
        (("--by", "ring", "--draws", "5"), ("--draws",)),
        (("--top", "0"), ("--top", "0")),
        (("--plot", "x.gif"), (".png",)),
        (("--decay", "linear"), ("'linear'",)),
        (("--table", "{path}"), ("--pole", "R0")),
        (("--table", "{path}", "--pole", "R0", "--decay"), ("--network",)),
        (("--table", "{path}", "--pole", "R0", "--by", "cluster"), ("columns region, group",)),
    ],
)
def test_words_that_do_not_go_together_get_one_line(
    say: Say, path: Path, words: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    refused(say("spillover", *(word.format(path=path) for word in words)), *expected)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--by", "macro_region"),
        ("--by", "pole", "--draws", "4"),
        ("--exchange",),
        ("--rounds",),
        ("--decay", "power"),
        ("--paths", "2"),
        ("--two-blocks",),
    ],
)
def test_every_view_draws_reads_and_is_valid_json(
    say: Say, tmp_path: Path, words: tuple[str, ...]
) -> None:
    where = ("--pole", "Sichuan", "--pole", "Hubei=0.5,Hunan=0.5")
    picture = tmp_path / "figure.png"
    assert "How to read it" in done(say("spillover", *where, *words, "--plot", picture)).out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert json.loads(done(say("spillover", *where, *words, "--json")).out)
