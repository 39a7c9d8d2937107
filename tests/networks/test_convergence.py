"""Convergence in closed form, and the indices added beside it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.convergence import beta_convergence, sigma_convergence
from networks.disparity import atkinson, coefficient_of_variation, theil_l, williamson
from networks.errors import MeasureError

FEW = settings(max_examples=25, deadline=None)


@st.composite
def places(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(3, 10))
    return rng.uniform(0.5, 20.0, n), rng.uniform(0.1, 5.0, n)


def test_gaps_that_close_at_a_known_speed_are_found():
    """Every log gap shrinks by exp(-beta T): speed, half-life and sigma follow."""
    start = np.array([1.0, 2.0, 4.0, 9.0])
    beta, years = 0.02, 10.0
    logs = np.log(start)
    end = np.exp(logs.mean() + (logs - logs.mean()) * np.exp(-beta * years) + 0.3)
    found = beta_convergence(start, end, years)
    assert found.speed == pytest.approx(beta)
    assert found.half_life == pytest.approx(np.log(2) / beta)
    assert found.r_squared == pytest.approx(1.0)
    assert found.slope_error == pytest.approx(0.0, abs=1e-12)
    spread = sigma_convergence(pd.DataFrame({2000: start, 2010: end}))
    assert spread["sigma"].iloc[1] / spread["sigma"].iloc[0] == pytest.approx(np.exp(-beta * years))
    assert spread.attrs["trend"] == pytest.approx(spread["change"].iloc[1])
    assert spread["sigma"].iloc[0] == pytest.approx(logs.std())


def test_least_squares_with_its_standard_error_equals_the_textbook_formula():
    rng = np.random.default_rng(0)
    start = rng.uniform(1, 10, 12)
    end = start * np.exp(rng.normal(0.3, 0.1, 12))
    found = beta_convergence(start, end, 5)
    design = np.column_stack([np.ones(12), np.log(start)])
    growth = np.log(end / start) / 5
    coefficients, residual, *_ = np.linalg.lstsq(design, growth, rcond=None)
    covariance = np.linalg.inv(design.T @ design) * residual[0] / 10
    assert [found.intercept, found.slope] == pytest.approx(coefficients.tolist())
    assert found.slope_error == pytest.approx(np.sqrt(covariance[1, 1]))


def test_places_that_drift_apart_never_close_the_gap():
    start = np.array([1.0, 2.0, 3.0])
    found = beta_convergence(start, start**1.1, 10)
    assert found.slope > 0
    assert found.half_life == np.inf


@FEW
@given(places(), st.floats(0.1, 10))
def test_units_replication_and_order_do_not_matter(sample, factor):
    y, p = sample
    order = np.random.default_rng(1).permutation(len(y))
    later = y**0.9
    one = beta_convergence(y, later, 5, p)
    two = beta_convergence(factor * y[order], factor * later[order], 5, 3 * p[order])
    assert two.slope == pytest.approx(one.slope)
    assert two.speed == pytest.approx(one.speed)
    frame = pd.DataFrame({1: y, 2: later})
    whole = sigma_convergence(frame, p)["sigma"]
    again = sigma_convergence(factor * frame.iloc[order], 3 * p[order])["sigma"]
    assert np.allclose(whole, again)
    for index in (williamson, atkinson, lambda a, b: atkinson(a, b, aversion=2.5)):
        value = index(y, p)
        assert index(factor * y[order], 3 * p[order]) == pytest.approx(value, abs=1e-12)
        assert index(np.tile(y, 2), np.tile(p, 2)) == pytest.approx(value, abs=1e-12)


@FEW
@given(places())
def test_weights_count_people_in_the_regression(sample):
    y, _ = sample
    people = np.arange(1, len(y) + 1)
    end = y**0.8 * (1 + 0.1 * np.arange(len(y)))
    one = beta_convergence(y, end, 7, people)
    two = beta_convergence(np.repeat(y, people), np.repeat(end, people), 7)
    assert one.slope == pytest.approx(two.slope)
    assert one.r_squared == pytest.approx(two.r_squared)


def test_indices_meet_those_that_are_there():
    y, p = np.array([1.0, 2.0, 5.0]), np.array([3.0, 2.0, 1.0])
    assert williamson(y, p) == pytest.approx(coefficient_of_variation(y, p))
    assert williamson(y, p, national=2.0) == pytest.approx(np.sqrt((3 + 0 + 9) / 6) / 2)
    assert atkinson(y, p) == pytest.approx(1 - np.exp(-theil_l(y, p)))
    assert atkinson([1.0, 4.0], aversion=0.5) == pytest.approx(1 - 1.5**2 / 2.5)
    assert atkinson(y, p, aversion=1 + 1e-10) == pytest.approx(atkinson(y, p), abs=1e-8)
    assert atkinson(y, p, aversion=1 + 1e-6) == pytest.approx(atkinson(y, p), abs=1e-5)
    assert atkinson([0.0, 1.0]) == 1.0
    assert 0 < atkinson([0.0, 1.0], aversion=0.5) < 1
    assert atkinson([1e-9, 1.0], aversion=60.0) == pytest.approx(1.0)
    assert atkinson([3.0, 3.0], aversion=3) == pytest.approx(0, abs=1e-15)


@FEW
@given(places())
def test_more_aversion_finds_more_inequality(sample):
    y, p = sample
    values = [atkinson(y, p, aversion=e) for e in (0.25, 0.5, 1.0, 2.0, 4.0)]
    assert all(a <= b + 1e-12 for a, b in pairwise(values))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: atkinson([1.0, 2.0], aversion=0), "Aversion"),
        (lambda: williamson([1.0, 2.0], [1, 1], national=-1), "national"),
        (lambda: sigma_convergence(pd.DataFrame({2: [1.0], 1: [2.0]})), "rise"),
        (lambda: sigma_convergence(pd.DataFrame({1: [0.0], 2: [2.0]})), "positive"),
        (lambda: sigma_convergence(pd.DataFrame({1: [1.0]}), [0.0]), "all zero"),
        (lambda: sigma_convergence(pd.DataFrame({1: [1.0]}), [1.0, 2.0]), "1 finite"),
        (lambda: beta_convergence([1.0, 1.0], [2.0, 3.0], 5), "start alike"),
        (lambda: beta_convergence([1.0, 2.0], [2.0, 3.0], 0), "Years"),
        (lambda: beta_convergence([1.0, 2.0], [2.0], 5), "one length"),
        (
            lambda: beta_convergence(
                pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([1.0, 2.0], index=["b", "a"]), 5
            ),
            "same index",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(call, words):
    with pytest.raises(MeasureError, match=words):
        call()
