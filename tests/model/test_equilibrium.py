"""The equilibrium against levels solved by scipy, closed forms, limits and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_equilibrium import solve_levels

from io_tables.china import load_china
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.blocks import Blocks
from model.equilibrium import EquilibriumBase, equilibrium

CLOSURES = (
    {},
    {"labour": "mobile"},
    {"labour": "partly mobile", "migration_elasticity": 1.5},
    {"numeraire": "foreign price"},
    {"export_elasticity": 0.0},
)


def with_stocks(table):
    """The same table with some final use below zero, rows balanced by exports."""
    data = table.data.copy(deep=True)
    size = 0.15 * float(data["demand"].values[0, 1].sum())
    cut = float(data["demand"].values[0, 1, 2]) + size
    data["demand"].values[0, 1, 2] = -size
    data["exports"].values[:, 1] += data["trade_share"].values[1, :, 0] * cut
    return RegionalTable(data, "pooled")


def with_imports_in_total(table):
    """The same table with its imports told only in total."""
    data, kept = table.data, ("imported_use", "imported_demand")
    total = data["imported_use"].sum("sector_from").expand_dims("import_product")
    final = data["imported_demand"].sum("sector").expand_dims("import_product", axis=1)
    lumped = data.drop_vars(kept)
    for name, values in zip(kept, (total, final), strict=True):
        lumped[name] = values.assign_attrs(data[name].attrs)
    return RegionalTable(lumped.assign_coords(import_product=["imports"]), "pooled")


def with_discrepancy(table):
    """The same table with part of the deliveries unexplained, and one export below zero."""
    data = table.data.copy(deep=True)
    gap = np.array([[0.05, -0.02], [-0.03, 0.04]]) * data["output"].values
    gap[1, 0] = data["exports"].values[1, 0] * 1.5
    data["discrepancy"] = data["exports"].copy(data=gap)
    data["exports"].values[:] -= gap
    assert data["exports"].values[1, 0] < 0.0
    return RegionalTable(data, "pooled")


def economy_of(table, labour=None):
    """The arrays of a table as the reference takes them."""
    blocks, data = Blocks.of(table), table.data
    earned = data["value_added"].transpose("primary", "region", "sector").values
    earned = earned.sum(axis=0)[None] if labour is None else earned
    tax = data["taxes"].values if "taxes" in data else np.zeros_like(blocks.output)
    lumped = "import_product" in data.dims
    imported = ("import_product", "region", "sector")
    flat = np.zeros_like(blocks.output)
    return {
        "trade": blocks.trade,
        "use": blocks.use,
        "imported_use": blocks.imported_use,
        "imported_total": data["imported_use"].transpose(*imported).values[0] if lumped else flat,
        "final_total": data["imported_demand"].sum(("import_product", "category")).values
        if lumped
        else flat[:, 0],
        "earned": earned,
        "tax": tax,
        "demand": blocks.demand,
        "imported_demand": blocks.imported_demand,
        "exports": np.maximum(data["exports"].values, 0.0),
        "exports_fixed": np.minimum(data["exports"].values, 0.0)
        + (data["discrepancy"].values if "discrepancy" in data else 0.0),
        "output": blocks.output,
        "population": data["population"].values,
    }


def shock_of(seed, shape, spread=0.2):
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(-0.05, spread, shape))


def one_sector(trade, income):
    """A closed economy of one product without inputs; `trade` [from, to] makes rows balance."""
    n = len(income)
    demand = np.linalg.solve(trade, income)
    return RegionalTable.from_pooled(
        np.zeros((1, n, 1)),
        trade[None],
        demand.reshape(n, 1, 1),
        np.zeros((n, 1)),
        np.asarray(income, float).reshape(n, 1),
        population=np.arange(1.0, n + 1.0),
        regions=[f"R{r}" for r in range(n)],
        sectors=["all"],
        categories=["final"],
    )


SHARES = np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.3], [0.1, 0.2, 0.6]])
INCOME = np.array([100.0, 80.0, 60.0])


@pytest.mark.parametrize(
    ("options", "closed"),
    [*((one, False) for one in CLOSURES), *((one, True) for one in CLOSURES[:3])],
    ids=str,
)
def test_no_change_returns_exactly_ones_without_a_step(options, closed):
    found = equilibrium(random_table(2, 4, 3, imports=not closed), 1.0, 4.0, **options)
    for name in ("wages", "mill_prices", "consumer_prices", "welfare", "population", "real_wage"):
        assert np.all(getattr(found, name) == 1.0), name
    assert found.import_price == 1.0
    assert found.iterations == 0
    assert found.status == "certified"
    assert found.residual < 1e-12


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_the_base_year_is_found_again_from_other_wages(seed):
    table = random_table(seed, 3, 3)
    found = equilibrium(table, 1.0, 4.0, starts=2, rng=seed)
    assert found.status == "certified", found.reason


@pytest.mark.parametrize("options", CLOSURES, ids=str)
@pytest.mark.parametrize(
    "alter", [lambda table: table, with_stocks, with_imports_in_total, with_discrepancy]
)
def test_two_regions_equal_levels_solved_by_scipy(options, alter):
    table = alter(random_table(11, 2, 2))
    theta = np.array([3.0, 6.0])
    tau = shock_of(4, (2, 2, 2))
    made = shock_of(5, (2, 2), 0.1)
    found = equilibrium(table, tau, theta, productivity=made, **options).raise_for_status()
    mobility = {"mobile": np.inf, "partly mobile": 1.5}.get(options.get("labour"), 0.0)
    levels = solve_levels(
        economy_of(table),
        tau,
        theta,
        productivity=made,
        mobility=mobility,
        export_elasticity=np.zeros(2) if "export_elasticity" in options else None,
        foreign_numeraire="numeraire" in options,
    )
    same = {"rtol": 1e-8}
    np.testing.assert_allclose(found.wages, levels["wages"], **same)
    np.testing.assert_allclose(found.mill_prices, levels["prices"], **same)
    np.testing.assert_allclose(found.output, levels["sales"], **same)
    np.testing.assert_allclose(found.population, levels["population"], **same)
    np.testing.assert_allclose(found.real_consumption, levels["real"], **same)
    np.testing.assert_allclose(found.consumer_prices, levels["living"], **same)
    assert found.import_price == pytest.approx(levels["foreign"], rel=1e-8)


@pytest.mark.parametrize("mobility", [0.0, 2.0])
def test_two_factors_equal_levels_solved_by_scipy(mobility):
    table = random_table(12, 2, 2)
    theta, tau = np.array([0.0, 4.0]), shock_of(6, (2, 2, 2))
    options = {"labour": "partly mobile", "migration_elasticity": mobility} if mobility else {}
    found = equilibrium(
        table, tau, theta, labour_primaries=["compensation of employees"], **options
    ).raise_for_status()
    levels = solve_levels(economy_of(table, labour=True), tau, theta, mobility=mobility)
    np.testing.assert_allclose(found.wages, levels["wages"], rtol=1e-8)
    np.testing.assert_allclose(found.other_return, levels["other"], rtol=1e-8)
    np.testing.assert_allclose(found.real_consumption, levels["real"], rtol=1e-8)


def test_a_closed_country_with_new_deficits_equals_levels_solved_by_scipy():
    table = random_table(13, 2, 2, imports=False)
    theta, tau = np.array([4.0, 4.0]), shock_of(7, (2, 2, 2))
    found = equilibrium(table, tau, theta, deficits=np.zeros(2)).raise_for_status()
    levels = solve_levels(economy_of(table), tau, theta, deficits=np.zeros(2))
    np.testing.assert_allclose(found.wages, levels["wages"], rtol=1e-8)
    np.testing.assert_allclose(found.real_consumption, levels["real"], rtol=1e-8)


@pytest.mark.parametrize("labour", ["immobile", "mobile"])
@pytest.mark.parametrize("pair", [(0, 1), (2, 0), (1, 1)])
def test_one_sector_gains_sum_to_the_flow_over_income(pair, labour):
    """sum_r (I_r / I) dlnW_r / dln tau = - flow / I, by central differences (DESIGN 3.13).

    Those who move take their income along: it is taken off what a region's total grows by.
    """
    base, step = EquilibriumBase.of(one_sector(SHARES, INCOME)), 1e-4
    tau = np.ones((1, 3, 3))
    tau[0, pair[0], pair[1]] = np.exp(step)
    high, low = (equilibrium(base, change, 4.0, labour=labour) for change in (tau, 1.0 / tau))
    slope = np.log(high.real_consumption / low.real_consumption) / (2.0 * step)
    moved = np.log(high.population / low.population) / (2.0 * step)
    spending, income = base.expenditure, base.factor_income[0]
    flow = SHARES[pair] * spending[pair[1]]
    gain = (spending @ slope - income @ moved) / income.sum()
    assert gain == pytest.approx(-flow / income.sum(), rel=1e-6)
    assert np.ptp(slope) > 1e-3  # single regions differ


def test_with_mobile_people_and_balanced_trade_all_regions_gain_the_same():
    trade = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    base, step = EquilibriumBase.of(one_sector(trade, np.full(3, 50.0))), 1e-4
    tau = np.ones((1, 3, 3))
    tau[0, 0, 1] = np.exp(-step)
    found = equilibrium(base, tau, 4.0, labour="mobile")
    np.testing.assert_allclose(found.welfare, found.welfare[0], rtol=1e-12)
    assert np.log(found.welfare[0]) == pytest.approx(step * 5.0 / 150.0, rel=1e-3)
    assert np.ptp(found.population) > 1e-6


def first_order(base, found, low, step):
    """Sum of spending times change of log real consumption, by central differences."""
    return base.purchases @ np.log(found.real_consumption / low.real_consumption) / (2 * step)


@pytest.mark.parametrize("theta", [0.0, 4.0])
@pytest.mark.parametrize("cell", [(0, 0, 1), (2, 1, 1)])
def test_an_efficient_closed_economy_gains_the_flow(cell, theta):
    """Inputs included: a sum over all uses of a product, with any elasticity."""
    table = random_table(21, 3, 3, imports=False)
    base, step = EquilibriumBase.of(table), 1e-4
    tau = np.ones((3, 3, 3))
    tau[cell] = np.exp(step)
    high = equilibrium(base, tau, theta)
    low = equilibrium(base, 1.0 / tau, theta)
    flow = Blocks.of(table).flows[cell]
    assert first_order(base, high, low, step) == pytest.approx(-flow, rel=1e-6)


def test_an_open_economy_gains_the_flow_and_its_terms_of_trade():
    drawn = random_table(22, 3, 3)
    data = drawn.data.drop_vars("taxes").copy(deep=True)
    data["value_added"].values[0] += drawn.data["taxes"].values
    base, step = EquilibriumBase.of(RegionalTable(data, "pooled")), 1e-4
    tau = np.ones((3, 3, 3))
    tau[1, 2, 0] = np.exp(step)
    high, low = (equilibrium(base, change, 4.0) for change in (tau, 1.0 / tau))
    flow = Blocks.of(drawn).flows[1, 2, 0]
    price = np.log(high.mill_prices / low.mill_prices) / (2 * step)
    abroad = np.log(high.import_price / low.import_price) / (2 * step)
    imports = base.abroad.sum() - base.exports.sum()
    terms = (base.exports * price).sum() - imports * abroad
    assert first_order(base, high, low, step) == pytest.approx(terms - flow, rel=1e-5)


@pytest.mark.parametrize("options", CLOSURES, ids=str)
def test_walras_imports_are_paid_by_exports_and_deficits(options):
    table = random_table(31, 4, 3)
    base = EquilibriumBase.of(table)
    found = equilibrium(base, shock_of(3, (3, 4, 4)), 4.0, **options)
    domestic = (found.output - found.exports).sum()
    inputs = found.output.sum() - found.value_added.sum() - (base.tax * found.output).sum()
    imports = inputs + found.expenditure.sum() - domestic
    assert imports == pytest.approx(found.exports.sum() + found.deficit.sum(), rel=1e-12)
    np.testing.assert_allclose(found.expenditure, found.income + found.deficit, rtol=1e-12)
    np.testing.assert_allclose(found.final_demand.sum(axis=1), found.expenditure, rtol=1e-12)


def test_units_of_money_and_the_numeraire_change_nothing_real():
    table, tau = random_table(32, 3, 3), shock_of(1, (3, 3, 3))
    data = table.data.copy(deep=True)
    for name in data.data_vars:
        if name not in ("trade_share", "population"):
            data[name] = 1000.0 * data[name].assign_attrs(table.data[name].attrs)
    plain = equilibrium(table, tau, 4.0)
    scaled = equilibrium(RegionalTable(data, "pooled"), tau, 4.0)
    np.testing.assert_allclose(scaled.wages, plain.wages, rtol=1e-12)
    balanced = {"deficits": np.zeros(3)}
    one = equilibrium(table, tau, 4.0, **balanced)
    other = equilibrium(table, tau, 4.0, numeraire="foreign price", **balanced)
    np.testing.assert_allclose(other.welfare, one.welfare, rtol=1e-10)
    np.testing.assert_allclose(other.wages, one.wages / one.import_price, rtol=1e-10)


def test_real_wages_follow_own_shares_as_in_the_gains_from_trade_formula():
    """ln(w/P) = - alpha' (I - Gamma')^-1 (ln own share change / theta).

    Costinot & Rodriguez-Clare (2014), section 3, Cobb-Douglas upper tiers.
    """
    table = random_table(41, 4, 3, imports=False)
    base, theta = EquilibriumBase.of(table), np.array([2.0, 4.0, 8.0])
    tau = shock_of(2, (3, 4, 4), 0.4)
    tau[:, range(4), range(4)] = 1.0
    found = equilibrium(base, tau, theta)
    for r in range(4):
        own = np.log(found.trade_shares[:, r, r] / base.trade[:, r, r]) / theta
        use = base.final[r].sum(axis=1) / base.final[r].sum()
        gain = -use @ np.linalg.solve(np.eye(3) - base.inputs[r].T, own)
        # prices follow p = Gamma' P, and P = p + own: P = (I - Gamma')^-1 own
        assert np.log(found.real_wage[r]) == pytest.approx(gain, rel=1e-9)


def test_a_route_that_closes_leaves_autarky_and_its_cost():
    """One sector: real income falls to own share ^ (1 / theta), Arkolakis et al. (2012)."""
    table = random_table(42, 2, 1)
    data = one_sector(np.array([[0.6, 0.4], [0.4, 0.6]]), np.array([50.0, 50.0]))
    tau = np.ones((1, 2, 2))
    tau[0, 0, 1] = tau[0, 1, 0] = 1e8
    found = equilibrium(data, tau, 4.0)
    np.testing.assert_allclose(found.welfare, 0.6**0.25, rtol=1e-9)
    closed = np.ones((1, 2, 2))
    closed[0, 0, 1] = np.inf
    one_way = equilibrium(table, closed, 4.0).raise_for_status()
    assert one_way.trade_shares[0, 0, 1] == 0.0
    assert one_way.trade_shares[0, 1, 1] == pytest.approx(1.0, rel=1e-12)


def test_a_single_region_is_the_national_price_model():
    table = random_table(43, 1, 4, imports=False)
    base = EquilibriumBase.of(table)
    tau = shock_of(8, (4, 1, 1))
    found = equilibrium(base, tau, 4.0)
    gamma = base.inputs[0].T
    price = np.linalg.solve(np.eye(4) - gamma, gamma @ np.log(tau[:, 0, 0]))
    use = base.final[0].sum(axis=1) / base.final.sum()
    assert found.wages[0] == pytest.approx(1.0, rel=1e-13)
    np.testing.assert_allclose(np.log(found.mill_prices[0]), price, rtol=1e-10)
    assert np.log(found.welfare[0]) == pytest.approx(-use @ (price + np.log(tau[:, 0, 0])))


def test_symmetric_regions_stay_symmetric():
    one = random_table(44, 1, 3)
    n, trade = 3, np.full((3, 3, 3), 0.2)
    trade[:, range(3), range(3)] = 0.6
    d = one.data
    table = RegionalTable.from_pooled(
        np.repeat(d["domestic_use"].values, n, axis=1),
        trade,
        np.repeat(d["demand"].values, n, axis=0),
        np.repeat(d["exports"].values, n, axis=0),
        np.repeat(d["output"].values, n, axis=0),
        imported_use=np.repeat(d["imported_use"].values, n, axis=1),
        imported_demand=np.repeat(d["imported_demand"].values, n, axis=0),
        population=np.ones(n),
        regions=["A", "B", "C"],
        sectors=one.sectors,
        categories=one.categories,
    )
    tau = np.ones((3, n, n))
    tau[:, ~np.eye(n, dtype=bool)] = 0.8
    alone = equilibrium(one, 0.9, 4.0, labour="mobile")  # nowhere else to go
    assert alone.status == "certified"
    assert alone.population[0] == pytest.approx(1.0, rel=1e-12)
    for labour in ("immobile", "mobile"):
        found = equilibrium(table, tau, 4.0, labour=labour)
        np.testing.assert_allclose(found.wages, found.wages[0], rtol=1e-12)
        np.testing.assert_allclose(found.population, 1.0, rtol=1e-12)
        assert np.all(found.welfare > 1.0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(4)))
def test_relabelling_regions_permutes_the_answer(seed, order):
    table = random_table(seed, 4, 2)
    order = list(order)
    d = table.data.isel(region=order, region_from=order, region_to=order)
    tau = shock_of(seed, (2, 4, 4))
    here = equilibrium(table, tau, 4.0, labour="partly mobile", migration_elasticity=1.0)
    there = equilibrium(
        RegionalTable(d, "pooled"),
        tau[np.ix_(range(2), order, order)],
        4.0,
        labour="partly mobile",
        migration_elasticity=1.0,
    )
    np.testing.assert_allclose(there.wages, here.wages[order], rtol=1e-9)
    np.testing.assert_allclose(there.population, here.population[order], rtol=1e-9)


def test_productivity_everywhere_scales_welfare():
    plain = equilibrium(one_sector(SHARES, INCOME), 1.0, 4.0, productivity=1.1)
    np.testing.assert_allclose(plain.welfare, 1.1, rtol=1e-12)
    np.testing.assert_allclose(plain.wages, 1.0, rtol=1e-12)
    # With inputs it multiplies: ln welfare = alpha' (I - Gamma')^-1 ln A
    base = EquilibriumBase.of(random_table(45, 1, 3, imports=False))
    found = equilibrium(base, 1.0, 4.0, productivity=1.1)
    use = base.final[0].sum(axis=1) / base.final.sum()
    growth = use @ np.linalg.solve(np.eye(3) - base.inputs[0].T, np.full(3, np.log(1.1)))
    assert np.log(found.welfare[0]) == pytest.approx(growth, rel=1e-10)


def test_theta_zero_keeps_shares_and_is_the_limit_of_small_theta():
    table, tau = random_table(46, 3, 3), shock_of(9, (3, 3, 3))
    zero = equilibrium(table, tau, 0.0)
    small = equilibrium(table, tau, 1e-7, export_elasticity=1.0)
    np.testing.assert_allclose(zero.trade_shares, Blocks.of(table).trade, rtol=1e-12)
    np.testing.assert_allclose(small.wages, zero.wages, rtol=1e-5)


def test_at_a_large_theta_all_who_sell_ask_one_price_and_wages_settle():
    tau = np.ones((1, 3, 3))
    tau[0, 0, 1] = 0.9
    found = {
        theta: equilibrium(one_sector(SHARES, INCOME), tau, theta).raise_for_status()
        for theta in (100.0, 200.0, 400.0, 800.0)
    }
    last = found[800.0]
    delivered = last.mill_prices * tau[0] / last.delivered_prices.T
    assert delivered.min() > 1.0 - 0.005
    assert np.all(delivered[last.trade_shares[0] > 0.02] < 1.005)
    steps = [np.abs(found[t].wages - found[2 * t].wages).max() for t in (100.0, 200.0, 400.0)]
    assert steps[2] < 0.7 * steps[1] < 0.7 * 0.7 * steps[0]


def test_elasticity_zero_is_immobile_and_a_large_one_is_mobile():
    table, tau = random_table(47, 3, 3), shock_of(10, (3, 3, 3))

    def at(elasticity):
        return equilibrium(table, tau, 4.0, labour="partly mobile", migration_elasticity=elasticity)

    still = equilibrium(table, tau, 4.0)
    assert np.array_equal(at(0.0).wages, still.wages)
    np.testing.assert_allclose(at(1e-9).wages, still.wages, rtol=1e-7)
    mobile = equilibrium(table, tau, 4.0, labour="mobile")
    assert np.array_equal(at(np.inf).wages, mobile.wages)
    np.testing.assert_allclose(at(1e9).population, mobile.population, rtol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_mobile_people_are_conserved_and_equalise_real_wages(seed):
    table = random_table(seed, 4, 2)
    base = EquilibriumBase.of(table)
    even = np.full(4, base.deficit.sum() / 4.0)
    found = equilibrium(base, shock_of(seed, (2, 4, 4), 0.1), 4.0, labour="mobile", deficits=even)
    assert found.status == "certified", found.reason
    persons = table.data["population"].values
    assert persons @ found.population == pytest.approx(persons.sum(), rel=1e-10)
    np.testing.assert_allclose(found.real_wage, found.real_wage[0], rtol=1e-9)


def test_china_gains_the_flow_and_its_terms_of_trade():
    """Stocks run down, imports by product and 42 sectors included; no taxes in this table."""
    table = load_china()
    base, step = EquilibriumBase.of(table), 1e-4
    assert base.stocks.min() < 0.0
    direction = np.random.default_rng(1).uniform(0.0, 1.0, base.trade.shape)
    high = equilibrium(base, np.exp(step * direction), 4.0).raise_for_status()
    low = equilibrium(base, np.exp(-step * direction), 4.0).raise_for_status()
    assert max(high.residual, low.residual) < 1e-12
    flow = (Blocks.of(table).flows * direction).sum()
    price = np.log(high.mill_prices / low.mill_prices) / (2 * step)
    abroad = np.log(high.import_price / low.import_price) / (2 * step)
    imports = base.abroad.sum() - base.exports.sum()
    terms = ((base.exports + base.exports_fixed) * price).sum() - imports * abroad
    assert first_order(base, high, low, step) == pytest.approx(terms - flow, rel=1e-6)


def test_rows_that_add_up_only_nearly_are_a_base_year_all_the_same():
    data = random_table(48, 3, 2).data.copy(deep=True)
    data["exports"].values[1, 0] += 1e-8 * data["output"].values[1, 0]
    nearly = RegionalTable(data, "pooled")
    found = equilibrium(nearly, 1.0, 4.0)
    assert found.status == "certified"
    assert found.residual < 1e-13
    assert np.all(found.welfare == 1.0)
    assert equilibrium(nearly, 0.9, 4.0).residual < 1e-12


def test_real_consumption_of_a_product_is_its_money_over_its_price():
    table = random_table(49, 3, 3, imports=False)
    found = equilibrium(table, shock_of(11, (3, 3, 3)), 4.0)
    np.testing.assert_allclose(
        found.real_consumption_by_product * found.delivered_prices, found.final_demand, rtol=1e-12
    )
    np.testing.assert_allclose(found.real_output * found.mill_prices, found.output, rtol=1e-12)


def test_an_industry_that_all_but_disappears_keeps_its_digits():
    """Theta 20 and delivery at a fifth: some outputs fall by eight orders of magnitude."""
    table = random_table(2, 4, 3)
    base = EquilibriumBase.of(table)
    tau = np.ones((3, 4, 4))
    tau[:, ~np.eye(4, dtype=bool)] = 0.2
    even = np.full(4, base.deficit.sum() / 4)
    found = equilibrium(base, tau, 20.0, deficits=even).raise_for_status()
    assert (found.output / base.output).min() < 1e-8
    assert found.residual < 1e-12


def test_a_better_road_can_make_a_region_lose():
    """What a demand-driven table cannot show: cheaper delivery between two hurts the third."""
    tau = np.ones((1, 3, 3))
    tau[0, 0, 1] = tau[0, 1, 0] = 0.8
    found = equilibrium(one_sector(SHARES, INCOME), tau, 6.0)
    assert found.welfare[0] > 1.0
    assert found.welfare[1] > 1.0
    assert found.welfare[2] < 1.0
