"""Leontief systems: textbook answers, labels, methods that agree, tables that cannot be solved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_model as slow
import scipy.sparse as sp
import xarray as xr
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import (
    NotConverged,
    NotProductive,
    ShapeError,
    TooLarge,
    Uncertified,
    UnknownLabel,
)
from model.leontief.splitting import RegionBlocks
from model.operator import Explicit, GravityOperator, PooledOperator
from model.solve import Leontief, Status

METHODS = ("direct", "krylov", "blocked")

# Miller & Blair (2009), section 2.3: A, and L to four digits.
A2 = np.array([[0.15, 0.25], [0.20, 0.05]])
L2 = np.array([[1.2541, 0.3300], [0.2640, 1.1221]])


@pytest.mark.parametrize("method", METHODS)
def test_miller_and_blair_two_sectors(method):
    system = Leontief(A2)
    assert np.allclose(system.inverse(), L2, atol=5e-5)
    found = system.solve([600.0, 1500.0], method=method)  # their new final demand, page 22
    assert np.allclose(found.x, [1247.5, 1841.6], atol=0.05)
    assert found.method == method
    assert found.status is Status.CERTIFIED
    assert found.error_bound <= 1e-10 * found.x.sum()
    assert found.raise_for_status() is found


def test_published_inverses_to_full_precision():
    toy = case("ioanalysis_toy_10x10")
    x = toy.X.to_numpy()[:, 0]
    assert np.allclose(Leontief(toy.Z.to_numpy() / x).inverse(), toy.value["L"], atol=1e-12)
    two = case("mb_2x2")
    table = RegionalTable.from_flows(
        two.Z.to_numpy(), two.y.to_numpy(), regions=["one"], sectors=["Agr", "Man"]
    )
    assert np.allclose(Leontief(table).inverse(), two.value["L"], atol=1e-9)
    dutch = case("netherlands_2000_6x6").table
    sectors = dutch.index[:6]
    flows = dutch.loc[sectors, sectors] / dutch.loc["output_bp", sectors]
    expected = case("netherlands_2000_6x6").value["L"]
    assert np.allclose(Leontief(flows).inverse(), expected, atol=1e-12)


def test_miller_and_blair_two_regions():
    two = case("mb_two_region_5x5")
    frame = two.Z / two.x["x"]
    frame.index = frame.columns = pd.MultiIndex.from_tuples(
        [tuple(label.split("_")) for label in frame.index], names=["region", "sector"]
    )
    system = Leontief(frame)
    assert system.operator.region_starts.tolist() == [0, 3, 5]  # sectors differ by region
    assert np.allclose(system.inverse(), two.value["L"], atol=1e-12)
    demand = pd.Series([100.0, 0, 0, 0, 0], index=frame.index)
    assert np.allclose(system.solve(demand).x, two.value["df100_s1_x_full"], atol=1e-9)
    column = system.columns([("r1", "s1")])
    assert np.allclose(100 * column[("r1", "s1")], two.value["df100_s1_x_full"], atol=1e-9)


def test_value_added_in_exports_of_three_countries():
    three = case("decompr_leather_9x9")
    x = three.x["x"].to_numpy()
    coefficients = three.Z.to_numpy() / x
    primary = 1 - coefficients.sum(axis=0)
    own = np.kron(np.eye(3), np.ones((3, 3)))
    exports = (three.Z.to_numpy() * (1 - own)).sum(axis=1)
    exports += (three.Y.to_numpy() * (1 - np.kron(np.eye(3), np.ones((3, 1))))).sum(axis=1)
    assert np.allclose(exports, three.value["exports"])
    embodied = primary[:, None] * Leontief(coefficients).solve(np.diag(exports)).x
    assert np.allclose(embodied, three.value["VBE"], rtol=1e-10)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_a_table_solved_for_its_own_demand_is_its_own_output(kind):
    for seed in range(5):
        table = random_table(seed, 4, 5, kind=kind, zero_industry=True)
        system = Leontief(table)
        found = system.solve(table.Y.sum(axis=1)).raise_for_status()
        assert isinstance(found.x, pd.Series)
        assert np.allclose(found.x, table.x, rtol=1e-10, atol=1e-9 * table.x.max())
        if kind == "pooled":
            y = table.demand.sum(axis=1)
            assert np.allclose(system.deliver(y) + table.exports, table.f, rtol=1e-12)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 10**6), st.integers(1, 6))
def test_all_methods_and_forms_give_the_same_answer(n_regions, n_sectors, seed, n_columns):
    table = random_table(seed, n_regions, n_sectors)
    matrix = slow.pooled_matrix(table.technology, table.trade)
    f = np.random.default_rng(seed).standard_normal((matrix.shape[0], n_columns))
    reference = np.linalg.solve(np.eye(matrix.shape[0]) - matrix, f)
    adjoint = np.linalg.solve(np.eye(matrix.shape[0]) - matrix.T, f)
    for source in (table, matrix, sp.csr_array(matrix), table.A):
        system = Leontief(source)
        for method in METHODS:
            found = system.solve(f, method=method).raise_for_status()
            assert np.abs(found.x - reference).sum(axis=0).max() <= found.error_bound + 1e-12
            back = system.solve_transposed(f, method=method).raise_for_status()
            assert np.abs(back.x - adjoint).max() <= back.error_bound + 1e-12


def test_the_same_input_gives_the_same_bits():
    table = random_table(3, 6, 7)
    f = np.random.default_rng(0).random((42, 5))
    for method in METHODS:
        first = Leontief(table).solve(f, method=method)
        again = Leontief(random_table(3, 6, 7)).solve(f.copy(), method=method)
        assert np.array_equal(first.x, again.x)
        assert first.error_bound == again.error_bound


def test_permuting_regions_and_sectors_permutes_the_answer():
    table = random_table(5, 4, 5)
    rng = np.random.default_rng(1)
    regions, sectors = rng.permutation(4), rng.permutation(5)
    technology = table.technology[np.ix_(regions, sectors, sectors)]
    trade = table.trade[np.ix_(sectors, regions, regions)]
    rows = (regions[:, None] * 5 + sectors).reshape(-1)
    f = table.f.to_numpy()
    moved = Leontief(PooledOperator(technology, trade)).solve(f[rows]).x
    assert np.allclose(moved, Leontief(table).solve(f).x[rows], rtol=1e-9)


def test_with_the_same_technology_everywhere_the_nation_does_not_see_trade():
    rng = np.random.default_rng(2)
    technology = rng.random((4, 4))
    technology *= 0.6 / technology.sum(axis=0)
    f = rng.random((5, 4))
    national = Leontief(technology).solve(f.sum(axis=0)).x
    for draw in range(3):
        trade = rng.random((4, 5, 5)) ** (draw + 1)
        trade /= trade.sum(axis=1, keepdims=True)
        x = Leontief(PooledOperator(technology, trade)).solve(f.reshape(-1)).x
        assert np.allclose(x.reshape(5, 4).sum(axis=0), national, rtol=1e-9)
    gravity = GravityOperator(technology, rng.uniform(1, 5, (5, 5)), 2.0, rng.random((5, 4)) + 0.1)
    x = Leontief(gravity).solve(f.reshape(-1)).x
    assert np.allclose(x.reshape(5, 4).sum(axis=0), national, rtol=1e-9)


def test_without_trade_every_region_is_alone():
    table = random_table(6, 3, 4)
    trade = np.broadcast_to(np.eye(3), (4, 3, 3))
    f = np.random.default_rng(0).random((3, 4))
    x = Leontief(PooledOperator(table.technology, trade)).solve(f.reshape(-1)).x.reshape(3, 4)
    for region in range(3):
        assert np.allclose(
            x[region], Leontief(table.technology[region]).solve(f[region]).x, rtol=1e-9
        )


def test_output_is_at_least_demand_and_changes_with_the_unit_of_money():
    table = random_table(8, 5, 6)
    f = table.f.to_numpy()
    x = Leontief(table).solve(f).x
    assert (x >= f).all()
    assert np.array_equal(Leontief(table).solve(f / 1024).x, x / 1024)


def test_labels_come_back_as_they_were_given():
    table = random_table(9, 3, 4)
    system = Leontief(table)
    f = table.f
    x = system.solve(f).x
    order = np.random.default_rng(0).permutation(12)
    shuffled = f.iloc[order]
    assert np.allclose(system.solve(shuffled).x, x.iloc[order], rtol=1e-9)
    assert system.solve(shuffled).x.index.equals(shuffled.index)
    swapped = f.swaplevel()
    assert np.allclose(system.solve(swapped).x, x, rtol=1e-9)
    frame = pd.DataFrame({"a": f, "b": 2 * f})
    both = system.solve(frame).x
    assert list(both.columns) == ["a", "b"]
    assert np.allclose(both["b"], 2 * x, rtol=1e-9)
    grid = xr.DataArray(
        f.to_numpy().reshape(3, 4),
        dims=("region", "sector"),
        coords={"region": table.regions, "sector": table.sectors},
    )
    grid = xr.concat([grid, 2 * grid], dim="draw").transpose("sector", "draw", "region")
    found = system.solve(grid.isel(region=[2, 0, 1])).x
    assert found.dims == ("sector", "draw", "region")
    expected = xr.DataArray(x.to_numpy().reshape(3, 4), dims=("region", "sector"))
    expected = expected.assign_coords(region=table.regions, sector=table.sectors)
    assert np.allclose(found.sel(region=table.regions, draw=0).T, expected, rtol=1e-9)


def test_labels_that_do_not_fit_are_named():
    table = random_table(9, 3, 4)
    system = Leontief(table)
    f = table.f.rename(index={"S1": "S11"}, level="sector")
    with pytest.raises(UnknownLabel, match=r"R0 / S11.*did you mean"):
        system.solve(f)
    with pytest.raises(ShapeError, match=r"missing: R0 / S0.*reindex"):
        system.solve(table.f.iloc[1:])
    with pytest.raises(ShapeError, match="12 rows"):
        system.solve(np.ones(11))
    with pytest.raises(ShapeError, match="finite"):
        system.solve(table.f * np.nan)
    with pytest.raises(UnknownLabel):
        system.columns([("R0", "S9")])
    with pytest.raises(UnknownLabel):
        Leontief(A2).columns([2])


def test_pieces_of_the_inverse_agree_with_the_inverse():
    table = random_table(10, 3, 4)
    system = Leontief(table)
    full = system.inverse()
    some = [("R2", "S1"), ("R0", "S3")]
    assert np.allclose(system.columns(some), full[some], rtol=1e-8, atol=1e-10)
    assert np.allclose(system.rows(some), full.loc[some], rtol=1e-8, atol=1e-10)
    assert np.allclose(system.diagonal(), np.diag(full), rtol=1e-9)
    assert np.allclose(full, np.linalg.inv(np.eye(12) - table.A), rtol=1e-8, atol=1e-10)


def test_an_inverse_whose_simple_bound_is_too_wide_is_bounded_by_sharper_weights(monkeypatch):
    rng = np.random.default_rng(8)
    a = rng.random((60, 60))
    a *= rng.uniform(0.1, 0.9, 60) / a.sum(axis=0)
    engine = Leontief(a)._engine
    inverse, bounds = engine.inverse()
    sharp = engine.sharper(inverse, bounds)
    exact = np.linalg.inv(np.eye(60) - a)
    assert (np.abs(inverse - exact).sum(axis=0) <= sharp).all()
    size = np.abs(inverse.sum(axis=0))
    wide, narrow = (bounds / size).max(), (sharp / size).max()
    assert narrow < 0.8 * wide
    system = Leontief(a)
    monkeypatch.setattr(Leontief, "solve", None)  # not asked: nothing is solved a second time
    found = system.inverse(tolerance=float(np.sqrt(wide * narrow)))
    np.testing.assert_array_equal(found, inverse)


def test_an_inverse_that_does_not_fit_is_refused_before_it_is_formed():
    large = PooledOperator(np.zeros((100, 100)), np.zeros((100, 300, 300)))
    with pytest.raises(TooLarge, match=r"GiB.*columns\(labels\)"):
        Leontief(large).inverse()


def test_a_first_guess_shortens_the_way():
    table = random_table(12, 8, 9)
    system, f = Leontief(table), table.f.to_numpy()
    cold = system.solve(f, method="krylov")
    warm = system.solve(f * (1 + 1e-6), method="krylov", start=cold.x)
    assert warm.iterations < cold.iterations
    assert warm.status is Status.CERTIFIED
    assert system.solve(f, start=cold.x).iterations == 0


def test_a_table_that_is_not_productive_names_its_block_and_rows():
    matrix = np.zeros((6, 6))
    matrix[:3, :3] = 0.2
    matrix[4:, 4:] = [[0.7, 0.4], [0.4, 0.7]]
    matrix[0, 4] = 0.5  # the block needs the others, and they do not need it
    labels = pd.MultiIndex.from_product([["North", "South"], ["Coal", "Iron", "Cars"]])
    frame = pd.DataFrame(matrix, index=labels, columns=labels)
    for solve in (Leontief(frame).solve, Leontief(frame).solve_transposed):
        with pytest.raises(NotProductive) as caught:
            solve(np.ones(6))
        message = str(caught.value)
        assert "block of 2 rows" in message
        assert "1.1" in message
        assert "South / Iron" in message
        assert "South / Cars" in message
        assert "North" not in message


def test_a_pooled_table_that_is_not_productive_names_the_region():
    table = random_table(3, 3, 2)
    technology = table.technology.copy()
    technology[1] = [[0.6, 0.9], [0.9, 0.6]]
    trade = np.broadcast_to(np.eye(3), (2, 3, 3))
    system = Leontief(PooledOperator(technology, trade), labels=table.labels)
    with pytest.raises(NotProductive, match=r"block of 2 rows.*R1 / S[01].*R1 / S[01]"):
        system.solve(table.f)


def test_a_cycle_as_large_as_itself_is_not_productive():
    ring = np.roll(np.eye(4), 1, axis=0)  # periodic, radius exactly one
    with pytest.raises(NotProductive, match="block of 4 rows"):
        Leontief(ring).solve(np.ones(4))


def test_signs_without_a_certificate_come_back_uncertified():
    matrix = np.array([[0.5, -0.9], [0.9, 0.5]])
    found = Leontief(matrix).solve([1.0, 1.0])
    assert found.status is Status.UNCERTIFIED
    assert np.isnan(found.error_bound)
    assert "negative entries" in found.reason
    assert np.allclose(found.x, np.linalg.solve(np.eye(2) - matrix, [1.0, 1.0]))
    with pytest.raises(Uncertified):
        found.raise_for_status()
    mild = Leontief(np.array([[0.5, -0.2], [0.3, 0.4]])).solve([1.0, 1.0])
    assert mild.status is Status.CERTIFIED


def test_more_than_can_be_certified_is_said_and_not_claimed():
    matrix = np.array([[0.5, 0.5 - 1e-13], [0.5, 0.5]])
    found = Leontief(matrix).solve([1.0, 1.0])
    assert found.status is Status.NOT_CONVERGED
    assert "rounding" in found.reason
    with pytest.raises(NotConverged):
        found.raise_for_status()
    few = Leontief(random_table(1, 5, 6)).solve(np.ones(30), method="krylov", max_iterations=2)
    assert few.status is Status.NOT_CONVERGED
    assert few.error_bound > 1e-10 * few.x.sum()


def test_no_demand_needs_no_output_and_no_columns_no_work():
    system = Leontief(random_table(1, 2, 3))
    for method in METHODS:
        found = system.solve(np.zeros((6, 2)), method=method)
        assert not found.x.any()
        assert found.status is Status.CERTIFIED
    assert system.solve(np.zeros((6, 0))).x.shape == (6, 0)


def test_column_sums_above_one_are_no_obstacle_when_the_table_is_productive():
    matrix = np.array([[0.1, 5.0], [0.001, 0.1]])  # in other units of measurement
    found = Leontief(matrix).solve([1.0, 1.0])
    assert found.status is Status.CERTIFIED
    quantity_shares = np.full((1, 2, 2), 0.6)  # columns of 1.2: cheaper transport melts less
    found = Leontief(PooledOperator(np.full((1, 1), 0.7), quantity_shares)).solve([1.0, 1.0])
    assert np.allclose(found.x, 1 / (1 - 0.84))
    assert found.status is Status.CERTIFIED


def test_progress_is_told():
    told = []
    Leontief(random_table(1, 5, 6)).solve(
        np.ones(30), method="krylov", progress=lambda count, residual: told.append(count)
    )
    assert told == sorted(told)
    assert told


@pytest.mark.parametrize(("per_row", "kept"), [(3, False), (190, True)])
def test_region_blocks_precondition_a_sparse_matrix_only_where_they_pay(per_row, kept):
    rng = np.random.default_rng(per_row)
    n, regions = 400, 40
    matrix = sp.random_array((n, n), density=per_row / n, rng=rng, format="csr")
    matrix = matrix * (0.8 / max(matrix.sum(axis=0).max(), 1.0))
    operator = Explicit(matrix, region_starts=np.arange(regions + 1) * (n // regions))
    system, f = Leontief(operator), rng.random(n)
    found = system.solve(f, method="krylov").raise_for_status()
    assert isinstance(system._engine.splitting, RegionBlocks) is kept
    assert np.allclose(found.x, np.linalg.solve(np.eye(n) - matrix.toarray(), f), rtol=1e-9)
