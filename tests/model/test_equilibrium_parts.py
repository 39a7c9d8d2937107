"""Shares, derivatives, accounts, refusals and statuses behind the equilibrium."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.errors import InvalidTable, UnknownLabel
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.equilibria.certificate import Certificate
from model.equilibria.closure import Layout, Rules, Shock
from model.equilibria.jacobian import newton_step, slopes
from model.equilibria.newton import find_equilibrium
from model.equilibria.point import evaluate
from model.equilibria.shares import home_shares, origin_shares
from model.equilibrium import EquilibriumBase, _other_answer, _verdict, equilibrium
from model.errors import Infeasible, InvalidParameter, NotConverged, ShapeError
from model.errors import UnknownLabel as UnknownModelLabel
from model.sourcing import shift_foreign, shift_origins


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 1e-9, 0.5, 4.0, 12.0]))
def test_shares_in_logs_are_those_of_sourcing(seed, theta):
    rng = np.random.default_rng(seed)
    trade = rng.dirichlet(np.full(4, 0.5), (3, 4)).transpose(0, 2, 1)
    change = rng.normal(0.0, 0.5, trade.shape)
    elasticity = np.full(3, theta)
    shares, index = origin_shares(trade, change, elasticity)
    known = shift_origins(trade, np.exp(change), elasticity)
    np.testing.assert_allclose(shares, known.value_share, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(
        np.exp(index), known.price_index, rtol=1e-6 if theta == 1e-9 else 1e-10
    )
    home = rng.random((4, 3, 2))
    price = rng.normal(0.0, 0.5, (4, 3))
    found, cell = home_shares(home, price, elasticity)
    shift = shift_foreign(home, 1.0 - home, np.exp(price), elasticity)
    np.testing.assert_allclose(
        np.exp(cell), shift.price_index, rtol=1e-6 if theta == 1e-9 else 1e-10
    )
    money = home * shift.domestic * np.exp(price)[:, :, None] / shift.price_index
    np.testing.assert_allclose(found, money, rtol=1e-6 if theta == 1e-9 else 1e-10)


def test_shares_keep_their_digits_far_from_the_base_year_and_near_it():
    trade = np.array([[[1e-6], [1.0 - 1e-6]]])
    change = np.array([[[0.0], [20.0]]])  # all but a millionth gets out of reach
    shares, index = origin_shares(trade, change, np.array([8.0]))
    assert shares[0, 0, 0] == pytest.approx(1.0, rel=1e-14)
    assert index[0, 0] == pytest.approx(-np.log(1e-6) / 8.0, rel=1e-14)
    near, moved = origin_shares(trade, np.full((1, 2, 1), 1e-13), np.array([8.0]))
    assert moved[0, 0] == pytest.approx(1e-13, rel=1e-9)
    assert np.array_equal(near, trade)


def hand_made(seed, labour_primaries=None):
    return EquilibriumBase.of(random_table(seed, 3, 2), labour_primaries=labour_primaries)


@pytest.mark.parametrize("mobility", [0.0, 1.5, np.inf])
@pytest.mark.parametrize("numeraire", ["national value added", "foreign price"])
@pytest.mark.parametrize("labour", [None, ["compensation of employees"]])
def test_derivatives_equal_central_differences_with_prices_following(mobility, numeraire, labour):
    base = hand_made(3, labour)
    run_down = np.array([[-0.05, 0.0], [0.0, -0.1], [0.0, 0.0]]) * base.output
    base = replace(base, stocks=run_down, stocks_imported=0.5 * run_down)
    rng = np.random.default_rng(1)
    rules = Rules(np.array([3.0, 0.0]), np.array([2.0, 0.5]), mobility, numeraire)
    layout = Layout.of(base, rules)
    shock = Shock(rng.normal(0, 0.1, (2, 3, 3)), rng.normal(0, 0.1, (3, 2)), np.zeros(3))
    middle = rng.normal(0.0, 0.05, layout.size)

    def at(z):
        price = np.zeros((3, 2))
        for _ in range(60):
            point = evaluate(base, rules, shock, layout, z, price)
            if np.abs(point.price_gap).max() < 1e-14:
                break
            price = price + point.price_gap
        return point

    found = slopes(base, rules, layout, at(middle))
    step = 1e-5
    for column in range(layout.size):
        unit = np.zeros(layout.size)
        unit[column] = step
        numeric = (at(middle + unit).gaps - at(middle - unit).gaps) / (2 * step)
        np.testing.assert_allclose(found.matrix[:, column], numeric, rtol=1e-6, atol=1e-8)


def at_wages(base, rules, shock, returns, people=None):
    """The economy at given wages, prices equal to unit costs, markets not cleared."""
    layout = Layout.of(base, rules)
    z, price = np.zeros(layout.size), np.zeros_like(base.output)
    z[: layout.n_returns] = returns
    if people is not None:
        z[layout.n_returns : layout.n_returns + base.n_regions] = people
    for _ in range(300):
        point = evaluate(base, rules, shock, layout, z, price)
        if np.abs(point.price_gap).max() < 1e-15:
            break
        price = price + point.price_gap
    return point


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_walras_law_holds_at_any_wages(seed):
    """What factors are asked to earn equals what they supply, market by market or not."""
    base = EquilibriumBase.of(random_table(seed, 4, 2, imports=False))
    rng = np.random.default_rng(seed)
    people = rng.normal(0.0, 0.1, 4)
    rules = Rules(rng.uniform(0.5, 8.0, 2), np.zeros(2), 1.0, "national value added")
    shock = Shock(rng.normal(0.0, 0.2, (2, 4, 4)), rng.normal(0.0, 0.1, (4, 2)), -base.deficit)
    wages = rng.normal(0.0, 0.2, 4)
    point = at_wages(base, rules, shock, wages, people)
    supplied = base.factor_income[0] * np.exp(wages + people)
    assert point.earned.sum() == pytest.approx(supplied.sum(), rel=1e-11)
    assert np.abs(point.earned[0] / supplied - 1.0).max() > 1e-4


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(-1.0, 1.0))
def test_excess_demand_is_homogeneous_of_degree_zero_in_all_prices(seed, scale):
    base = EquilibriumBase.of(random_table(seed, 3, 2, imports=False))
    rng = np.random.default_rng(seed)
    rules = Rules(np.array([2.0, 6.0]), np.zeros(2), 0.0, "national value added")
    shock = Shock(rng.normal(0.0, 0.2, (2, 3, 3)), np.zeros((3, 2)), -base.deficit)
    wages = rng.normal(0.0, 0.2, 3)
    one = at_wages(base, rules, shock, wages)
    other = at_wages(base, rules, shock, wages + scale)
    np.testing.assert_allclose(other.gaps[:3], one.gaps[:3], atol=1e-11)
    np.testing.assert_allclose(other.log_price, one.log_price + scale, atol=1e-12)
    np.testing.assert_allclose(other.output, one.output * np.exp(scale), rtol=1e-11)


def test_newton_steps_converge_quadratically():
    base = hand_made(4)
    rules = Rules(np.full(2, 4.0), np.full(2, 5.0), 1.0, "national value added")
    layout = Layout.of(base, rules)
    rng = np.random.default_rng(2)
    shock = Shock(rng.normal(0, 0.1, (2, 3, 3)), np.zeros((3, 2)), np.zeros(3))
    point = evaluate(base, rules, shock, layout, np.zeros(layout.size), np.zeros((3, 2)))
    sizes = []
    for _ in range(4):
        step, prices = newton_step(layout, point, slopes(base, rules, layout, point))
        point = evaluate(base, rules, shock, layout, point.z + step, point.log_price + prices)
        sizes.append(point.size)
    assert sizes[1] < 10 * sizes[0] ** 2
    assert sizes[2] < 1e-9


def test_accounts_add_up():
    table = random_table(5, 3, 4, zero_industry=True)
    base = EquilibriumBase.of(table, labour_primaries=["compensation of employees"])
    cost = base.inputs.sum(axis=1) + base.input_imports + base.factors.sum(axis=0) + base.tax
    np.testing.assert_allclose(cost[base.output > 0], 1.0, rtol=1e-12)
    imports = base.abroad.sum() - base.exports.sum()
    assert base.deficit.sum() == pytest.approx(imports - base.exports.sum(), rel=1e-10)
    np.testing.assert_allclose(base.final_use.sum(axis=1), base.expenditure, rtol=1e-12)
    found = equilibrium(base, 0.9, 4.0)
    assert found.status == "certified"
    assert found.output[-1, -1] == 0.0


def test_imports_told_only_in_total_keep_their_share():
    table = random_table(6, 2, 3)
    data = table.data
    total = data["imported_use"].sum("sector_from").expand_dims("import_product")
    final = data["imported_demand"].sum("sector").expand_dims("import_product", axis=1)
    data = data.drop_vars(["imported_use", "imported_demand"])
    data["imported_use"] = total.assign_attrs(table.data["imported_use"].attrs)
    data["imported_demand"] = final.assign_attrs(table.data["imported_demand"].attrs)
    lumped = RegionalTable(data.assign_coords(import_product=["imports"]), "pooled")
    base = EquilibriumBase.of(lumped)
    assert base.deficit == pytest.approx(EquilibriumBase.of(table).deficit, rel=1e-9)
    assert np.all(base.input_home == 1.0)
    rng = np.random.default_rng(3)
    tau = np.exp(rng.normal(0.0, 0.1, (3, 2, 2)))
    found = equilibrium(base, tau, 4.0).raise_for_status()
    spent = found.final_demand.sum(axis=1) + base.final_imports * (
        (found.expenditure - base.stocks.sum(axis=1)) / base.purchases
    )
    np.testing.assert_allclose(spent, found.expenditure, rtol=1e-10)


def test_a_table_of_places_and_an_explicit_one_are_taken():
    explicit = random_table(7, 2, 2, kind="explicit")
    base = EquilibriumBase.of(explicit)
    assert base.regions == ("R0", "R1")
    found = equilibrium(explicit, 0.95, 4.0)
    assert found.status == "certified"
    assert np.all(found.welfare > 1.0)


def test_labelled_changes_are_aligned():
    table = random_table(8, 3, 2)
    rng = np.random.default_rng(4)
    tau = np.exp(rng.normal(0.0, 0.1, (2, 3, 3)))
    regions = ["R2", "R0", "R1"]
    order = [2, 0, 1]
    labelled = xr.DataArray(
        tau[:, order][:, :, order],
        dims=("sector", "region_from", "region_to"),
        coords={"sector": ["S0", "S1"], "region_from": regions, "region_to": regions},
    ).transpose("region_from", "sector", "region_to")
    plain = equilibrium(table, tau, 4.0)
    assert np.array_equal(equilibrium(table, labelled, 4.0).wages, plain.wages)
    assert plain.data["wage"].sel(region="R1") == plain.wages[1]
    assert plain.data.attrs["status"] == "certified"
    with pytest.raises(UnknownModelLabel, match="region_from 'R2'"):
        equilibrium(table, labelled.isel(region_from=[1, 2]), 4.0)


def changed(table, **arrays):
    data = table.data.copy(deep=True)
    for name, edit in arrays.items():
        edit(data[name].values)
    data.attrs["signed"] = 1
    return RegionalTable(data, "pooled")


def test_tables_without_an_equilibrium_are_refused_with_labels():
    table = random_table(9, 2, 2)

    def loss(values):
        values[0, 1, 0] -= 3.0 * values[:, 1, 0].sum()

    with pytest.raises(InvalidTable, match=r"factor earns must not be negative.*R1 / S0"):
        EquilibriumBase.of(changed(table, value_added=loss))
    with pytest.raises(InvalidTable, match=r"must add up to its output.*R1 / S0"):
        EquilibriumBase.of(changed(table, value_added=loss))

    def taken_back(values):  # [product, region, buyer]: the row still adds up
        values[1, 0, 0] -= 2.0 * values[1, 0, 0]
        values[1, 0, 1] -= 2.0 * values[1, 0, 0]

    with pytest.raises(InvalidTable, match=r"buys must not be negative: R0 / S0"):
        EquilibriumBase.of(changed(table, domestic_use=taken_back))
    with pytest.raises(UnknownLabel, match=r"'wages'.*compensation of employees"):
        EquilibriumBase.of(table, labour_primaries=["wages"])


def test_arguments_that_cannot_be_are_refused():
    table = random_table(10, 3, 2)
    closed = random_table(10, 3, 2, imports=False)
    with pytest.raises(InvalidParameter, match="theta must be given"):
        equilibrium(table, 1.0)
    with pytest.raises(ShapeError, match=r"theta must be finite and at least 0; .*S1 \(-1\)"):
        equilibrium(table, 1.0, [4.0, -1.0])
    free = np.ones((2, 3, 3))
    free[0, 1, 2] = 0.0
    with pytest.raises(ShapeError, match=r"above 0 .*S0 from R1 to R2"):
        equilibrium(table, free, 4.0)
    with pytest.raises(ShapeError, match=r"\(2, 3, 3\)"):
        equilibrium(table, np.ones((3, 3)), 4.0)
    with pytest.raises(InvalidParameter, match="migration_elasticity is needed"):
        equilibrium(table, 1.0, 4.0, labour="partly mobile")
    uncounted = RegionalTable(table.data.drop_vars("population"), "pooled")
    with pytest.raises(InvalidParameter, match="population"):
        equilibrium(uncounted, 1.0, 4.0, labour="mobile")
    with pytest.raises(InvalidParameter, match="trades with nobody"):
        equilibrium(closed, 1.0, 4.0, numeraire="foreign price")
    with pytest.raises(Infeasible, match="sum to zero"):
        equilibrium(closed, 1.0, 4.0, deficits=[1.0, 0.0, 0.0])
    with pytest.raises(Infeasible, match="cannot owe more than its income: R0"):
        equilibrium(table, 1.0, 4.0, deficits=[-1e12, 0.0, 0.0])
    shut = np.ones((2, 3, 3))
    shut[1, :, 2] = np.inf
    with pytest.raises(Infeasible, match="S1 in R2"):
        equilibrium(table, shut, 4.0)
    with pytest.raises(InvalidParameter, match="tolerance must lie above 0"):
        equilibrium(table, 1.0, 4.0, tolerance=float("nan"))
    with pytest.raises(InvalidParameter, match="found 0 and -1"):
        equilibrium(table, 1.0, 4.0, max_iterations=0, starts=-1)
    with pytest.raises(UnknownModelLabel, match="population lacks region 'R2'"):
        equilibrium(table, 1.0, 4.0, population=pd.Series([1.0, 2.0], ["R0", "R1"]))
    island = np.ones((2, 3, 3))
    island[:, 0, 1:] = island[:, 1:, 0] = np.inf
    with pytest.raises(Infeasible, match=r"trade with others or abroad.*R0; R1, R2"):
        equilibrium(closed, island, 4.0)


def test_too_few_steps_are_told_and_raised_on_request():
    table = random_table(11, 3, 2)
    tau = np.exp(np.random.default_rng(5).normal(0.0, 0.5, (2, 3, 3)))
    found = equilibrium(table, tau, 4.0, max_iterations=1)
    assert found.status == "not_converged"
    assert "max_iterations" in found.reason
    with pytest.raises(NotConverged, match="max_iterations"):
        found.raise_for_status()


def surplus_table():
    """Closed, two regions, one product: R0 must deliver goods worth a third of its income."""
    trade = np.array([[[0.7, 0.6], [0.3, 0.4]]])
    demand = np.array([60.0, 120.0])
    return RegionalTable.from_pooled(
        np.zeros((1, 2, 1)), trade, demand.reshape(2, 1, 1), np.zeros((2, 1)),
        (trade[0] @ demand).reshape(2, 1), regions=["R0", "R1"], sectors=["all"],
        categories=["final"],
    )  # fmt: skip


def test_a_surplus_that_cannot_be_delivered_any_more_is_infeasible():
    """Dearer delivery cuts what the surplus region earns until it owes more than that."""
    tau = np.ones((1, 2, 2))
    tau[0, 0, 1] = tau[0, 1, 0] = 10.0
    found = equilibrium(surplus_table(), tau, 6.0)
    assert found.status == "infeasible"
    assert "R0" in found.reason
    with pytest.raises(Infeasible, match="deficits"):
        found.raise_for_status()


def test_regions_that_hardly_trade_are_solved_as_long_as_wages_are_determined():
    """Trade falls to 20^-6: markets hardly see wages, and the search must not lose its way."""
    tau = np.ones((1, 2, 2))
    tau[0, 0, 1] = tau[0, 1, 0] = 20.0
    found = equilibrium(surplus_table(), tau, 6.0, deficits=np.zeros(2))
    assert found.status == "certified"
    assert found.iterations < 10
    tau[tau > 1.0] = 1000.0
    lost = equilibrium(surplus_table(), tau, 6.0, deficits=np.zeros(2))
    assert lost.status == "not_converged"
    assert "hardly trade" in lost.reason


@pytest.mark.parametrize(
    ("index", "pull", "said"),
    [(-1, -0.1, "index -1"), (0, float("nan"), "singular"), (1, 0.6, "2 x 0.6 >= 1")],
)
def test_signs_of_other_equilibria_are_named_with_what_to_change(index, pull, said):
    base = hand_made(13)
    rules = Rules(np.full(2, 4.0), np.full(2, 5.0), 2.0, "national value added")
    none = Shock(np.zeros((2, 3, 3)), np.zeros((3, 2)), np.zeros(3))
    outcome = find_equilibrium(base, rules, none, tolerance=1e-10, max_iterations=10)
    found = Certificate({"goods markets": 0.0}, 0.0, index, None, pull)
    status, reason = _verdict(rules, outcome, found, 1e-10)
    assert status == "not_unique"
    assert said in reason
    assert "elasticity" in reason
    sound = Certificate({"goods markets": 0.0}, 0.0, 1, None, 0.4)
    assert _verdict(rules, outcome, sound, 1e-10)[0] == "certified"


def test_a_second_answer_from_other_wages_is_told():
    """The answer of another change stands in for a second equilibrium."""
    base = hand_made(14)
    rules = Rules(np.full(2, 4.0), np.full(2, 5.0), 0.0, "national value added")
    shock = Shock(np.zeros((2, 3, 3)), np.zeros((3, 2)), np.zeros(3))
    other = Shock(np.full((2, 3, 3), 0.2) * np.eye(3), np.zeros((3, 2)), np.zeros(3))
    limits = {"tolerance": 1e-10, "max_iterations": 40}
    here = find_equilibrium(base, rules, shock, **limits)
    there = find_equilibrium(base, rules, other, **limits)
    assert _other_answer(base, rules, shock, here, 3, 1, 1e-10, 40) == ""
    assert "another equilibrium" in _other_answer(base, rules, shock, there, 3, 1, 1e-10, 40)


def test_the_pull_of_crowds_is_how_the_real_wage_answers_to_people():
    """By solving with population moved by hand: more labour is more productivity of factors."""
    base = hand_made(15)
    rules = Rules(np.full(2, 4.0), np.full(2, 5.0), 0.5, "foreign price")
    found = equilibrium(
        base, 1.0, 4.0, labour="partly mobile", migration_elasticity=0.5, numeraire="foreign price"
    )
    layout = Layout.of(base, rules)
    step, response = 1e-5, np.zeros((3, 3))
    for r in range(3):
        log_wage = []
        for sign in (1.0, -1.0):
            people = np.zeros(3)
            people[r] = sign * step
            z = np.zeros(layout.size)
            price = np.zeros((3, 2))
            for _ in range(4):  # Newton on wages alone at given people
                z[3:6] = people
                point = evaluate(base, rules, EMPTY, layout, z, price)
                slope = slopes(base, rules, layout, point)
                wages = slice(0, 3)
                move = np.linalg.solve(
                    slope.matrix[wages, wages], -(point.gaps[wages] + slope.correction[wages])
                )
                z = z.copy()
                z[wages] += move
                price = price + (slope.prices[:, :3] @ move + slope.price_correction).reshape(3, 2)
            z[3:6] = people
            point = evaluate(base, rules, EMPTY, layout, z, price)
            log_wage.append(z[:3] - point.final_price)
        response[:, r] = (log_wage[0] - log_wage[1]) / (2 * step)
    weight = base.population / base.population.sum()
    centred = np.eye(3) - np.outer(np.ones(3), weight)
    values = np.linalg.eigvals(centred @ response @ centred)
    values = np.delete(values, np.argmin(np.abs(values)))
    assert found.certificate.crowd_pull == pytest.approx(values.real.max(), rel=1e-5)
    assert found.certificate.crowd_pull < 0.0


EMPTY = Shock(np.zeros((2, 3, 3)), np.zeros((3, 2)), np.zeros(3))
