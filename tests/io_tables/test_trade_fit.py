"""Decay, home and border effects: the same as a Poisson regression fitted another way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import shared

from io_tables.errors import InfeasibleMargins, InvalidTable
from io_tables.trade import estimate_trade, log_kernel
from io_tables.trade_fit import fit_trade


def poisson(flows, terms, keep):
    """Poisson regression with dummies of origin and destination, by weighted least squares."""
    R = len(flows)
    r, s = np.nonzero(keep)
    design = np.zeros((len(r), 2 * R - 1 + len(terms)))
    design[np.arange(len(r)), r] = 1.0
    inner = s > 0
    design[np.flatnonzero(inner), R + s[inner] - 1] = 1.0
    for k, term in enumerate(terms):
        design[:, 2 * R - 1 + k] = term[keep]
    y = flows[keep]
    eta = np.log(y + y.mean())
    for _ in range(200):
        mu = np.exp(eta)
        working = eta + (y - mu) / mu
        root = np.sqrt(mu)
        beta = np.linalg.lstsq(design * root[:, None], working * root, rcond=None)[0]
        if np.abs(design @ beta - eta).max() < 1e-13:
            break
        eta = design @ beta
    mu = np.exp(design @ beta)
    bread = np.linalg.inv(design.T @ (design * mu[:, None]))
    cover = bread @ (design.T @ (design * ((y - mu) ** 2)[:, None])) @ bread
    return beta[2 * R - 1 :], np.sqrt(np.diagonal(cover))[2 * R - 1 :]


def economy(seed, R=7):
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 10, (R, 2))
    cost = np.hypot(*(place[:, None] - place).transpose(2, 0, 1)) + 0.5
    flows = rng.lognormal(0, 1, (R, 1)) * rng.lognormal(0, 1, R) * cost**-1.2
    flows[np.arange(R), np.arange(R)] *= 3.0
    return flows * rng.gamma(2.0, 0.5, (R, R)), cost


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_the_fit_is_the_two_way_poisson_regression(seed):
    flows, cost = economy(seed)
    groups = list("aabbbcc")
    same = (np.array(groups)[:, None] == np.array(groups)).astype(float)
    fit = fit_trade(flows, cost, exponential=True, home=True, groups=groups).raise_for_status()
    slow, errors = poisson(
        flows, [np.log(cost), cost, np.eye(7), same], np.ones((7, 7), dtype=bool)
    )
    np.testing.assert_allclose(fit.coefficients, slow, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fit.standard_errors, errors, rtol=1e-5)
    fitted = fit.flows.to_numpy()
    np.testing.assert_allclose(fitted.sum(axis=1), flows.sum(axis=1), rtol=1e-10)
    for term in (np.log(cost), cost, np.eye(7), same):
        assert (term * fitted).sum() == pytest.approx((term * flows).sum(), rel=1e-8)


def test_one_decay_without_own_flows_is_that_of_estimate_trade():
    flows, cost = economy(3)
    fit = fit_trade(flows, cost, own_flows=False)
    other = estimate_trade(
        flows.sum(axis=1), flows.sum(axis=0), cost, observed=flows, own_flow=np.diagonal(flows)
    )
    assert fit.decay == pytest.approx(other.decay, rel=1e-8)
    slow, _ = poisson(flows, [np.log(cost)], ~np.eye(7, dtype=bool))
    assert fit.decay == pytest.approx(-slow[0], rel=1e-8)


def test_austrian_migration_has_the_published_decay_to_eight_digits():
    long = pd.read_csv(shared("cases", "spatial", "austria_migration.csv"), index_col=0)
    flows = long.pivot(index="Origin", columns="Destination", values="Data")
    cost = long.pivot(index="Origin", columns="Destination", values="Dij")
    fit = fit_trade(flows, cost, power=False, exponential=True, own_flows=False)
    assert fit.decay == pytest.approx(0.00791533, abs=5e-9)
    assert fit.standard_errors["cost"] > 0


def test_fitted_effects_give_the_fitted_flows_back():
    flows, cost = economy(5)
    fit = fit_trade(flows, cost, exponential=True, home=True)
    again = estimate_trade(
        flows.sum(axis=1), flows.sum(axis=0), cost, kernel="combined", decay=fit.decay,
        home=fit.home,
    )  # fmt: skip
    np.testing.assert_allclose(again.flows, fit.flows, rtol=1e-7)
    power, per_cost = fit.decay
    both = log_kernel(cost, fit.decay, kernel="combined")
    np.testing.assert_allclose(both, -power * np.log(cost) - per_cost * cost)


def test_flows_that_share_their_kernel_with_a_prior_are_recovered_exactly():
    # Cai (2021): another product or year with the same bilateral pattern, whatever its margins.
    rng = np.random.default_rng(2)
    pattern = rng.lognormal(0, 1.5, (9, 9))
    true = rng.lognormal(0, 1, (9, 1)) * pattern * rng.lognormal(0, 1, 9)
    prior = rng.lognormal(2, 1, (9, 1)) * pattern * rng.lognormal(0, 1, 9)
    found = estimate_trade(
        true.sum(axis=1), true.sum(axis=0), np.ones((9, 9)), decay=0.0, prior=prior
    )
    np.testing.assert_allclose(found.flows, true, rtol=1e-9)


def test_known_flows_are_kept_and_the_rest_meets_the_totals():
    flows, cost = economy(8)
    known = np.full((7, 7), np.nan)
    known[0, 3], known[5, 5], known[2, 1] = flows[0, 3], flows[5, 5], 0.0
    u, v = flows.sum(axis=1), flows.sum(axis=0)
    found = estimate_trade(u, v, cost, decay=1.0, known=known).flows.to_numpy()
    np.testing.assert_array_equal(found[~np.isnan(known)], known[~np.isnan(known)])
    np.testing.assert_allclose(found.sum(axis=1), u, rtol=1e-10)
    np.testing.assert_allclose(found.sum(axis=0), v, rtol=1e-10)
    with pytest.raises(InfeasibleMargins, match="must leave the supply of a region"):
        estimate_trade(u, v, cost, decay=1.0, known=np.where(known == 0, 1e9, known))


def test_home_and_block_factors_multiply_the_kernel():
    u = v = np.array([3.0, 3.0, 3.0])
    cost = np.ones((3, 3))
    home = estimate_trade(u, v, cost, decay=1.0, home=4.0).flows.to_numpy()
    np.testing.assert_allclose(home, np.eye(3) * 1.5 + 0.5, rtol=1e-10)
    factors = pd.DataFrame([[1.0, 0.0], [0.0, 1.0]], index=["n", "s"], columns=["n", "s"])
    blocks = estimate_trade(
        u, v, cost, decay=1.0, groups=["s", "n", "n"], block_factors=factors
    ).flows.to_numpy()
    np.testing.assert_allclose(blocks, [[3, 0, 0], [0, 1.5, 1.5], [0, 1.5, 1.5]], atol=1e-10)


def test_effects_that_cannot_be_told_apart_are_refused():
    flows, cost = economy(1)
    with pytest.raises(InvalidTable, match="determined by the margins or by each other"):
        fit_trade(flows, cost, home=True, groups=list("abcdefg"))
    with pytest.raises(InvalidTable, match="at least one effect"):
        fit_trade(flows, cost, power=False)
    with pytest.raises(InvalidTable, match="above zero, found 0 / 0"):
        fit_trade(flows, cost - np.diag(np.diagonal(cost)))
    with pytest.raises(InvalidTable, match="belong together"):
        estimate_trade([1.0], [1.0], [[1.0]], decay=1.0, groups=["a"])
