"""Solving, multipliers and spillovers of a sparse table are those of the dense one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import xarray as xr

from io_tables.table import RegionalTable
from model.multipliers import multipliers
from model.solve import Leontief
from model.spillover import spillovers
from model.triangulation import triangulate


@pytest.fixture(scope="module")
def thin() -> RegionalTable:
    rng = np.random.default_rng(4)
    n = 5 * 12
    flows = sp.random_array((n, n), density=0.08, rng=rng, data_sampler=rng.random)
    return RegionalTable.from_flows(
        flows, 20.0 * rng.random((n, 5)), exports=rng.random(n),
        regions=[f"R{k}" for k in range(5)], sectors=[f"S{k}" for k in range(12)],
    )  # fmt: skip


def test_its_system_stays_sparse_and_returns_its_output(thin: RegionalTable) -> None:
    system = Leontief(thin)
    found = system.solve(thin.f)
    np.testing.assert_allclose(found.x, thin.x, rtol=1e-10)
    assert found.error_bound <= 1e-9 * float(thin.x.sum())
    other = Leontief(thin.dense())
    demand = thin.demand.sum(axis=1)
    np.testing.assert_allclose(system.deliver(demand), other.deliver(demand), rtol=1e-12)
    prices = system.solve_transposed(np.ones(60)).x
    np.testing.assert_allclose(prices, other.solve_transposed(np.ones(60)).x, rtol=1e-9)


def test_multipliers_and_spillovers_do_not_know_the_difference(thin: RegionalTable) -> None:
    full = thin.dense()
    xr.testing.assert_allclose(multipliers(thin), multipliers(full), rtol=1e-8)
    one, two = (spillovers(t, {"pole": ["R0", "R3"]}, at="origin")["ledger"] for t in (thin, full))
    np.testing.assert_allclose(one.values, two.values, rtol=1e-8, atol=1e-12)
    assert list(triangulate(thin).order) == list(triangulate(full).order)
