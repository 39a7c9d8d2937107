import numpy as np
import pandas as pd
import pytest

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.blocks import Blocks
from model.elasticity import estimate_elasticity
from model.errors import ShapeError

TRADE_DIMS = {"sector", "region_from", "region_to"}


def poisson_with_dummies(flows, log_cost):
    """Poisson regression with a dummy for every product-origin and product-destination."""
    n, regions, _ = flows.shape
    rows = []
    for i in range(n):
        for r in range(regions):
            for s in range(regions):
                row = np.zeros(1 + 2 * n * regions)
                row[0] = log_cost[r, s]
                row[1 + i * regions + r] = 1.0
                row[1 + n * regions + i * regions + s] = 1.0
                rows.append(row)
    x, y = np.array(rows), flows.ravel() / flows.sum()
    pair = np.tile(np.arange(regions**2), n)
    beta = np.zeros(x.shape[1])
    beta[1:] = np.log(y.mean()) / 2
    for _ in range(200):
        mean = np.exp(x @ beta)
        bread = np.linalg.pinv(x.T @ (x * mean[:, None]), rcond=1e-12)
        step = bread @ (x.T @ (y - mean))
        beta += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-13:
            break
    residual = x * (y - np.exp(x @ beta))[:, None]
    scores = np.zeros((regions**2, x.shape[1]))
    np.add.at(scores, pair, residual)
    return -beta[0], np.sqrt((bread @ scores.T @ scores @ bread)[0, 0])


@pytest.mark.parametrize("seed", range(3))
def test_the_common_elasticity_is_the_one_of_a_regression_with_dummies(seed):
    table = random_table(seed, 4, 2)
    rng = np.random.default_rng(seed)
    cost = np.exp(rng.uniform(0.0, 1.0, (4, 4)))
    fit = estimate_elasticity(table, cost)
    theta, error = poisson_with_dummies(Blocks.of(table).flows, np.log(cost))
    assert fit.common == pytest.approx(theta, rel=1e-7, abs=1e-9)
    assert fit.common_error == pytest.approx(error, rel=1e-6)


def test_a_product_alone_has_the_common_elasticity_of_itself():
    table = random_table(5, 5, 3)
    cost = np.exp(np.random.default_rng(5).uniform(0.0, 1.0, (5, 5)))
    fit = estimate_elasticity(table, cost, products=[table.sectors[1]])
    assert fit.common == pytest.approx(fit.by_product["theta"].iloc[0], rel=1e-7)
    assert fit.common_error == pytest.approx(fit.by_product["standard_error"].iloc[0], rel=1e-6)


def test_units_of_cost_do_not_matter_and_labels_are_matched():
    table = random_table(6, 5, 2)
    cost = pd.DataFrame(
        np.exp(np.random.default_rng(6).uniform(0.0, 1.0, (5, 5))), table.regions, table.regions
    )
    one = estimate_elasticity(table, cost)
    other = estimate_elasticity(table, 1000.0 * cost.iloc[::-1, ::-1])
    assert other.common == pytest.approx(one.common, rel=1e-8)


def test_trade_made_with_an_elasticity_gives_it_back():
    rng = np.random.default_rng(7)
    theta = np.array([2.0, 4.0, 7.0])
    base = random_table(7, 8, 3)
    where = rng.uniform(0.0, 10.0, (8, 2))
    tau = 1.05 + 0.1 * np.linalg.norm(where[:, None] - where, axis=2)
    weight = rng.uniform(0.5, 2.0, (3, 8, 1)) * tau ** -theta[:, None, None]
    share = weight / weight.sum(axis=1, keepdims=True)
    data = base.data.copy()
    name = next(k for k, v in data.items() if v.dims and set(v.dims) == TRADE_DIMS)
    order = [("sector", "region_from", "region_to").index(d) for d in data[name].dims]
    data[name] = data[name].copy(data=np.transpose(share, order))
    bought = Blocks.of(base).bought
    sold = np.einsum("irs,si->ri", share, bought)
    exports = data["exports"].transpose("region", "sector").values + (
        Blocks.of(base).output - Blocks.of(base).exports - sold
    )
    data["exports"] = data["exports"].copy(
        data=exports if data["exports"].dims == ("region", "sector") else exports.T
    )
    table = RegionalTable(data, "pooled")
    fit = estimate_elasticity(table, tau)
    np.testing.assert_allclose(fit.by_product["theta"], theta, rtol=1e-7)
    assert (fit.by_product["standard_error"] < 1e-7).all()
    assert theta.min() < fit.common < theta.max()
    assert fit.as_parameter(least=3.0).keys() == {"default", *table.sectors[1:]}
    at_home = estimate_elasticity(table, tau, home=True)
    np.testing.assert_allclose(at_home.by_product["theta"], theta, rtol=1e-6)


def test_costs_that_do_not_fit_are_named():
    table = random_table(8, 3, 2)
    with pytest.raises(ShapeError, match="shape"):
        estimate_elasticity(table, np.ones((2, 2)))
    cost = np.ones((3, 3))
    cost[0, 1] = 0.0
    with pytest.raises(ShapeError, match=f"{table.regions[0]} to {table.regions[1]}"):
        estimate_elasticity(table, cost)
    with pytest.raises(ShapeError, match="differ between pairs"):
        estimate_elasticity(table, np.ones((3, 3)))
