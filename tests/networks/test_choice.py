import numpy as np
import pytest

from networks import logsum, shares
from networks.choice import composite, composite_shares
from networks.errors import MeasureError


def test_the_logsum_of_two_equal_alternatives():
    assert float(logsum([10.0, 10.0], mu=0.5)) == pytest.approx(10 - np.log(2) / 0.5)
    assert shares([10.0, 10.0], mu=0.5).tolist() == [0.5, 0.5]


def test_shares_are_the_slope_of_the_logsum():
    costs, mu, step = np.array([12.0, 9.0, 30.0]), 0.2, 1e-6
    slope = [
        float(logsum(costs + step * e, mu=mu) - logsum(costs - step * e, mu=mu)) / (2 * step)
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(shares(costs, mu=mu), slope, atol=1e-8)


def test_a_large_scale_gives_the_minimum_and_absent_alternatives_do_not_count():
    costs = np.array([[12.0, np.inf], [9.0, 4.0], [np.inf, np.inf]])
    np.testing.assert_allclose(logsum(costs, mu=500.0), [9.0, 4.0])
    assert shares(costs, mu=0.1)[:, 1].tolist() == [0, 1, 0]
    assert np.isinf(logsum(np.array([np.inf, np.inf]), mu=1.0))
    assert shares(np.array([np.inf, np.inf]), mu=1.0).tolist() == [0, 0]


def test_constants_are_money():
    assert float(logsum([10.0], mu=1.0, constants=[3.0])) == pytest.approx(7.0)
    moved = shares([10.0, 7.0], mu=1.0, constants=[3.0, 0.0])
    np.testing.assert_allclose(moved, [0.5, 0.5])


def test_huge_costs_do_not_overflow():
    assert float(logsum([1e6, 1e6 + 1], mu=10.0)) == pytest.approx(1e6, abs=1e-3)


@pytest.mark.parametrize(
    ("costs", "options", "words"),
    [
        ([1.0, 1.0], {"mu": 0.1}, "must be positive to serve as a cost"),
        ([1.0], {"mu": 0.0}, "scale mu"),
        ([np.nan], {"mu": 1.0}, "without NaN"),
        ([1.0, 2.0], {"mu": 1.0, "constants": [1.0]}, "2 in all"),
    ],
)
def test_what_has_no_meaning_is_refused(costs, options, words):
    with pytest.raises(MeasureError, match=words):
        logsum(costs, **options)


def test_the_composite_of_equal_alternatives_and_of_one():
    assert float(composite([10.0, 10.0], theta=4.0)) == pytest.approx(10 * 2**-0.25)
    assert float(composite([10.0, np.inf], theta=4.0)) == 10.0
    assert composite_shares([10.0, 10.0], theta=4.0).tolist() == [0.5, 0.5]


def test_the_composite_is_the_same_at_every_scale_and_always_positive():
    costs = np.array([120.0, 90.0, 300.0])
    for factor in (1e-6, 1.0, 1e6):
        total = float(composite(factor * costs, theta=8.0))
        assert total == pytest.approx(factor * float(composite(costs, theta=8.0)), rel=1e-12)
        np.testing.assert_allclose(
            composite_shares(factor * costs, theta=8.0), composite_shares(costs, theta=8.0)
        )


def test_composite_shares_are_the_elasticities_of_the_composite():
    costs, theta, step = np.array([12.0, 9.0, 30.0]), 6.0, 1e-6
    slope = [
        np.log(composite(costs * np.exp(step * e), theta=theta) / composite(costs, theta=theta))
        / step
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(composite_shares(costs, theta=theta), slope, atol=1e-5)


def test_a_large_theta_gives_the_minimum_and_absent_alternatives_do_not_count():
    costs = np.array([[12.0, np.inf], [9.0, 4.0]])
    np.testing.assert_allclose(composite(costs, theta=1e4), [9.0, 4.0], rtol=1e-3)
    assert composite_shares(costs, theta=2.0)[:, 1].tolist() == [0, 1]
    assert np.isinf(composite(np.array([np.inf, np.inf]), theta=2.0))


@pytest.mark.parametrize(
    ("costs", "theta", "words"),
    [([1.0, 0.0], 2.0, "must be positive"), ([1.0], -1.0, "dispersion theta")],
)
def test_a_composite_without_meaning_is_refused(costs, theta, words):
    with pytest.raises(MeasureError, match=words):
        composite(costs, theta=theta)
