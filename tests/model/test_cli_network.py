"""The verbs about the places of a network: access by every measure, catchments, hubs, years."""

import json
from io import StringIO
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from cli_answers import Say, refused, say_with

from model.cli.network_words import DECAYS, FORMS, MEASURES, SERVICES
from networks.accessibility import MEASURES as KNOWN
from networks.accessibility import accessibility
from networks.catchments import Service, catchments, hub_shares
from networks.china import load_china_network
from networks.competition import FORMS as KNOWN_FORMS
from networks.competition import competitive_accessibility
from networks.decay import DECAYS as KNOWN_DECAYS
from networks.skim import skim


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    return say_with(capsys)


@pytest.fixture(scope="module")
def china():
    return load_china_network()


@pytest.fixture(scope="module")
def fastest(china):
    return skim(china, by="minutes")


def test_the_options_name_what_the_library_has():
    assert set(MEASURES) == set(KNOWN)
    assert FORMS == KNOWN_FORMS
    assert set(DECAYS) == set(KNOWN_DECAYS)
    assert set(SERVICES) == set(get_args(Service))


def values(say: Say, *words: str) -> pd.Series:
    answer = say("network", "access", *words, "--csv")
    assert answer.code == 0, answer.err
    table = pd.read_csv(StringIO(answer.out), dtype={"place": str})
    return table.set_index("place").iloc[:, -1]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["--measure", "closest", "--nth", "3", "--without-own"],
         {"measure": "closest", "nth": 3, "own_place": False}),
        (["--measure", "interval", "--interval", "60:120"],
         {"measure": "interval", "interval": (60, 120)}),
        (["--measure", "potential", "--decay-form", "gaussian", "--decay", "120"],
         {"decay": "gaussian", "beta": 120}),
        (["--measure", "potential", "--decay-form", "linear", "--tmax", "300"],
         {"decay": "linear", "cutoff": 300}),
        (["--measure", "logsum", "--decay", "0.01", "--passive"],
         {"measure": "logsum", "beta": 0.01, "passive": True}),
        (["--measure", "effective_density", "--decay", "1.8"],
         {"measure": "effective_density", "beta": 1.8}),
        (["--measure", "efficiency", "--straight-speed", "200"],
         {"measure": "efficiency", "straight_speed": 200}),
    ],
)  # fmt: skip
def test_every_measure_is_that_of_the_library(say, china, fastest, words, options):
    wanted = accessibility(fastest, china.places["population"], **options).to_series()
    found = values(say, *words)
    np.testing.assert_allclose(found, wanted.reindex(found.index), rtol=1e-9)


@pytest.mark.parametrize("form", ["two_step", "availability"])
def test_competition_is_that_of_the_library(say, china, fastest, form):
    places = china.places
    wanted = competitive_accessibility(
        fastest, places["gdp"], places["population"], form, beta=0.01
    ).to_series()
    found = values(say, "--measure", form, "--mass", "gdp", "--decay", "0.01")
    np.testing.assert_allclose(found, wanted.reindex(found.index), rtol=1e-9)


def test_modes_ends_purpose_and_year_choose_the_trips(say):
    early = load_china_network(2005)
    stations = skim(early, modes=["rail"], ends="stop", by="minutes", unreachable="keep")
    there = stations["reachable"].to_numpy()
    kept = there[int(there.sum(axis=1).argmax())]
    stations = stations.isel(origin=kept, destination=kept)
    wanted = accessibility(stations, early.places["population"], "daily", cutoff=200).to_series()
    found = values(
        say, "--measure", "daily", "--tmax", "200", "--year", "2005", "--mode", "rail",
        "--ends", "stop",
    )  # fmt: skip
    assert set(found.index) == set(wanted.index)
    np.testing.assert_allclose(found, wanted.reindex(found.index))
    freight = skim(load_china_network(), "freight")
    goods = accessibility(freight, early.places["gdp"], "weighted_mean", of="cost").to_series()
    found = values(say, "--purpose", "freight", "--of", "cost", "--mass", "gdp")
    np.testing.assert_allclose(found, goods.reindex(found.index), rtol=1e-9)


def test_places_off_the_rails_are_named_and_not_counted(say):
    answer = say("network", "access", "--mode", "rail_hsr", "--ends", "stop", "--json")
    told = json.loads(answer.out)
    assert len(told["left_out"]) + len(told["places"]) == 341
    assert "Lhasa" in told["left_out"]
    text = say("network", "access", "--mode", "rail_hsr", "--ends", "stop", "--top", 1)
    assert f"{len(told['left_out'])} places that such trips do not join" in text.out


def test_groups_are_means_over_people_with_disparity(say, china, fastest):
    told = json.loads(say("network", "access", "--by", "macro_region", "--json").out)
    assert {one["group"] for one in told["groups"]} == {"East", "Central", "West", "Northeast"}
    people = china.places["population"]
    every = accessibility(fastest, people, "weighted_mean").to_series()
    mean = sum(one["value"] * one["population"] for one in told["groups"]) / people.sum()
    assert mean == pytest.approx(float((every * people).sum() / people.sum()))
    parts = told["disparity"]
    between, within = parts["theil_t_between"], parts["theil_t_within"]
    assert between + within == pytest.approx(parts["theil_t"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--measure", "interval"], ["--interval LOW:HIGH"]),
        (["--measure", "interval", "--interval", "6-9"], ["60:240", "6-9"]),
        (["--nth", "2"], ["--nth does not belong to --measure weighted_mean"]),
        (["--nth", "0"], ["--nth must be at least 1"]),
        (["--decay-form", "linear"], ["--decay-form does not belong"]),
        (["--measure", "balanced", "--passive"], ["--passive does not belong"]),
        (["--year", "2031"], ["--year must be 2020 or earlier", "2031"]),
        (["--by", "cluster"], ["did you mean 'clusters'"]),
        (["--mode", "rial"], ["did you mean 'rail'"]),
        (["--measure", "logsum"], ["positive beta"]),
        (["--straight-speed", "-3", "--measure", "efficiency"], ["--straight-speed"]),
    ],
)
def test_what_does_not_belong_is_named(say, words, expected):
    refused(say("network", "access", *words), *expected)


def test_catchments_are_those_of_the_library(say, china):
    answer = say("network", "catchments", "--mode", "air", "--share", "huff", "--csv")
    table = pd.read_csv(StringIO(answer.out), dtype={"place": str})
    wanted = catchments(china, "air", share="huff")
    np.testing.assert_allclose(table["share"], wanted["share"])
    one = json.loads(say("network", "catchments", "--place", "Baoding", "--json").out)
    assert {row["place_name"] for row in one["pairs"]} == {"Baoding"}
    assert one["pairs"][0]["stop_name"] == "Baoding"
    lonely = say("network", "catchments", "--limit", 30, "--place", "Ngari")
    assert "1 places have no stop in reach: Ngari" in lonely.out
    refused(say("network", "catchments", "--place", "Baodin"), "did you mean 'Baoding'")
    refused(say("network", "catchments", "--limit", "-1"), "limit")


def test_hubs_are_those_of_the_library(say, china):
    answer = say("network", "hubs", "--mode", "air", "--csv")
    table = pd.read_csv(StringIO(answer.out))
    wanted = hub_shares(china, "air").reset_index()
    assert table["stop"].tolist() == wanted["stop"].tolist()
    np.testing.assert_allclose(table["catchment_share"], wanted["catchment_share"])
    first = say("network", "hubs", "--top", 1, "--between")
    assert "Zhengzhou" in first.out
    assert "passed by" in first.out
    refused(say("network", "hubs", "--top", "0"), "--top")


def test_years_tell_what_each_cause_did(say):
    words = ("network", "years", "--first", 2000, "--mode", "rail", "--mode", "road")
    told = json.loads(say(*words, "--by", "macro_region", "--json").out)
    for one in told["groups"]:
        assert "flights" not in one
        assert one["rail"] + one["roads"] == pytest.approx(one["last"] - one["first"])
        assert one["rail_first"] <= one["rail"] <= one["rail_last"] < 0
    text = say(*words)
    assert "all people" in text.out
    table = pd.read_csv(StringIO(say(*words, "--by", "place", "--measure", "daily", "--csv").out))
    assert len(table) == 341
    refused(say("network", "years", "--first", "2030"), "--year must be 2020 or earlier")
    refused(say("network", "years", "--first", "2015", "--last", "2010"), "--first")
