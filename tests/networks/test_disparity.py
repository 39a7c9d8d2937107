import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import coefficient_of_variation, gini, theil_l, theil_parts, theil_t
from networks.errors import MeasureError

INDICES = (theil_t, theil_l, gini, coefficient_of_variation)
FEW = settings(max_examples=30, deadline=None)


@st.composite
def samples(draw):
    n = draw(st.integers(2, 12))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    return rng.uniform(0.1, 10, n), rng.uniform(0.1, 5, n), rng.integers(0, 3, n)


def test_known_values():
    """Two people with 1 and 3: by the definitions, to all digits."""
    y = [1.0, 3.0]
    assert theil_t(y) == pytest.approx(0.5 * (0.5 * np.log(0.5) + 1.5 * np.log(1.5)))
    assert theil_l(y) == pytest.approx(0.5 * (np.log(2) + np.log(2 / 3)))
    assert gini(y) == pytest.approx(0.25)
    assert coefficient_of_variation(y) == pytest.approx(0.5)
    assert gini([0, 0, 0, 1.0]) == pytest.approx(0.75)
    assert theil_t([0, 0, 0, 1.0]) == pytest.approx(np.log(4))


@FEW
@given(samples())
def test_gini_equals_the_sum_over_all_pairs(sample):
    y, p, _ = sample
    w = p / p.sum()
    pairs = (w[:, None] * w[None, :] * np.abs(y[:, None] - y[None, :])).sum()
    assert gini(y, p) == pytest.approx(pairs / (2 * w @ y), rel=1e-10, abs=1e-14)


@FEW
@given(samples(), st.floats(0.01, 100))
def test_scale_and_replication_and_order_do_not_matter(sample, factor):
    y, p, _ = sample
    order = np.random.default_rng(0).permutation(len(y))
    for index in INDICES:
        value = index(y, p)
        assert index(factor * y, 7 * p) == pytest.approx(value, rel=1e-9, abs=1e-13)
        assert index(y[order], p[order]) == pytest.approx(value, rel=1e-9, abs=1e-13)
        assert index(np.tile(y, 2), np.tile(p, 2)) == pytest.approx(value, rel=1e-9, abs=1e-13)


@FEW
@given(samples())
def test_population_weights_are_people(sample):
    y, _, n = sample
    people = n + 1
    for index in INDICES:
        assert index(y, people) == pytest.approx(index(np.repeat(y, people)), rel=1e-9, abs=1e-13)


@FEW
@given(samples())
def test_equal_places_are_not_unequal(sample):
    _, p, _ = sample
    for index in INDICES:
        assert index(np.full(len(p), 3.7), p) == pytest.approx(0.0, abs=1e-7)


@FEW
@given(samples())
def test_a_gift_from_rich_to_poor_lowers_every_index(sample):
    y, _, _ = sample
    rich, poor = y.argmax(), y.argmin()
    gift = 0.25 * (y[rich] - y[poor])
    after = y.copy()
    after[rich] -= gift
    after[poor] += gift
    if gift > 1e-6:
        assert all(index(after) < index(y) for index in INDICES)


@FEW
@given(samples(), st.sampled_from(["T", "L"]))
def test_between_and_within_add_up(sample, index):
    y, p, g = sample
    parts = theil_parts(y, g, p, index=index)
    assert parts.total == pytest.approx((theil_t if index == "T" else theil_l)(y, p))
    assert parts.between + parts.within == pytest.approx(parts.total, rel=1e-10, abs=1e-14)
    assert parts.groups["contribution"].sum() == pytest.approx(parts.within, abs=1e-14)
    assert parts.groups["population_share"].sum() == pytest.approx(1)


def test_one_group_is_all_within_and_single_places_are_all_between():
    y = [1.0, 2.0, 5.0]
    assert theil_parts(y, ["x"] * 3).between == pytest.approx(0, abs=1e-15)
    assert theil_parts(y, ["x", "y", "z"]).within == pytest.approx(0, abs=1e-15)


def test_places_without_people_do_not_count():
    assert theil_t([1.0, 2.0, np.nan], [1, 1, 0]) == theil_t([1.0, 2.0])
    parts = theil_parts([1.0, 2.0, 9.0], ["a", "b", "c"], [1, 1, 0])
    assert parts.groups.index.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("y", "p", "words"),
    [
        ([1.0, -1.0], None, "1 are too low"),
        ([1.0, np.nan], None, "1 not finite"),
        ([1.0, 2.0], [1.0], "one length"),
        ([1.0, 2.0], [1.0, -1.0], "Population"),
        ([0.0, 0.0], None, "not all zero"),
    ],
)
def test_bad_values_are_refused(y, p, words):
    for index in (theil_t, gini, coefficient_of_variation):
        with pytest.raises(MeasureError, match=words):
            index(y, p)
    with pytest.raises(MeasureError, match="positive"):
        theil_l([0.0, 1.0])


def test_misaligned_series_and_missing_groups_are_refused():
    with pytest.raises(MeasureError, match="same index"):
        theil_t(pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([1.0, 2.0], index=["b", "a"]))
    with pytest.raises(MeasureError, match="group"):
        theil_parts([1.0, 2.0], ["a", None])
