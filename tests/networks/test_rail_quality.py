"""The page on rail times: what it claims is what the script finds, and the aim is met."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paths import shared

from networks.china import load_china_network

DOCS = Path(__file__).resolve().parents[2] / "docs"


def load(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script():
    shared("data", "rail", "travel_times_seen.csv")
    return load("score_rail_times")


def test_the_committed_page_has_the_figures_of_the_network(script):
    page = (DOCS / "network_quality.md").read_text(encoding="utf-8")
    assert script.page(load_china_network()) == page, "run python docs/score_rail_times.py"


def test_half_of_the_published_journeys_lie_within_ten_per_cent(script):
    journeys = script.published(load_china_network())
    kept = journeys.loc[journeys["remark"] == "", "error"]
    assert len(kept) == 10
    assert script.summary(kept)["median"] < 10
    assert abs(script.summary(kept)["bias"]) < 5


def test_quantiles_with_equal_weights_are_plain_medians():
    script = load("score_rail_times")
    values = pd.Series([5.0, 1.0, 3.0, 9.0])
    assert script.quantile(values, pd.Series(np.ones(4)), 0.5) == np.median(values)
    heavy = pd.Series([1.0, 1.0, 100.0, 1.0])
    assert script.quantile(values, heavy, 0.5) == pytest.approx(3.0, abs=0.1)
