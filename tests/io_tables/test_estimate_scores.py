"""The scores of estimated tables: what the page claims is what the script finds."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from paths import shared

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def script():
    shared("data", "mrio", "wiot_2011.npz")
    spec = importlib.util.spec_from_file_location("score_estimates", DOCS / "score_estimates.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["score_estimates"] = module
    spec.loader.exec_module(module)
    return module


def test_telling_own_shares_helps_and_the_committed_page_has_these_numbers(script):
    known = script.finland()
    scores = script.score(known)
    wrong = scores["flows in the wrong place, %"]
    assert wrong["the given table"] == pytest.approx(0.0, abs=1e-9)
    assert wrong["decay 1, own share by region and product told"] < 0.5 * wrong["decay 1 (default)"]
    assert (scores["own share of use"] > 0).all()
    page = (DOCS / "estimate_scores.md").read_text(encoding="utf-8")
    assert script.report(known, scores) in page
    assert "itself partly estimated" in page
