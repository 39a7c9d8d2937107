"""Shortages: the rules against loops and linear programs of their own, and what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_toolbox as slow
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import Infeasible, ShapeError, UnknownLabel
from model.rationing import ration
from model.solve import Leontief

FEW = settings(max_examples=10, deadline=None)


def flat(data, name):
    return data[name].values.reshape(-1)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
@pytest.mark.parametrize("substitution", [0.0, 0.15])
def test_equal_shares_equal_loops(kind, substitution):
    table = random_table(6, 3, 3, kind=kind)
    matrix, x, f = Leontief(table).operator.dense(), table.x.to_numpy(), table.f.to_numpy()
    room = np.ones(9)
    room[[1, 5]] = 0.6, 0.8
    capacity = pd.Series(room[[1, 5]], index=table.labels[[1, 5]])
    able, made, final = slow.proportional(matrix, x, f, 3, room, np.full(3, substitution))
    found = ration(table, capacity, substitution=substitution)
    assert np.allclose(flat(found, "capability"), able, atol=1e-9)
    assert np.allclose(flat(found, "output"), made, rtol=1e-8)
    assert np.allclose(flat(found, "final_demand"), final, atol=1e-7 * x.max())
    replaced = flat(found, "replaced").sum()
    assert (replaced > 1.0) == (substitution > 0)


@pytest.mark.parametrize("substitution", [0.0, 0.1])
def test_the_least_loss_equals_the_full_linear_program(substitution):
    table = random_table(7, 2, 3)
    matrix, x, f = Leontief(table).operator.dense(), table.x.to_numpy(), table.f.to_numpy()
    room = np.array([1.0, 0.7, 1.0, 1.0, 0.9, 1.0])
    capacity = pd.Series(room, index=table.labels)
    n, eye = 6, np.eye(6)
    # x, unmet, replaced with the balance spelled out: (I - A) x + u + m = f.
    answer = linprog(
        np.concatenate([np.zeros(n), np.ones(n), np.full(n, 0.5)]),
        A_eq=np.hstack([eye - matrix, eye, eye]),
        b_eq=f,
        bounds=[(0, v) for v in np.concatenate([room * x, f, substitution * x])],
    )
    found = ration(table, capacity, rule="least_loss", substitution=substitution)
    cost = flat(found, "unmet").sum() + 0.5 * flat(found, "replaced").sum()
    assert cost == pytest.approx(answer.fun)
    made = flat(found, "output")
    assert (made <= room * x * (1 + 1e-9)).all()
    balance = made - matrix @ made - flat(found, "final_demand") + flat(found, "replaced")
    assert np.allclose(balance, 0.0, atol=1e-7 * x.max())


def test_shadow_prices_are_what_one_more_money_of_capacity_saves():
    table = random_table(8, 2, 3)
    capacity = pd.Series([0.7, 0.8], index=table.labels[[1, 4]])
    found = ration(table, capacity, rule="least_loss")
    step = 1e-4
    for k, row in enumerate([1, 4]):
        more = capacity.copy()
        more.iloc[k] += step
        again = ration(table, more, rule="least_loss")
        saved = float(found.unmet.sum() - again.unmet.sum())
        assert flat(found, "shadow_price")[row] == pytest.approx(
            saved / (step * table.x.iloc[row]), rel=1e-4, abs=1e-8
        )


def plain_rounds(matrix, x, f, n_sectors, room, spare, rounds=200_000):
    """Find what `ration` finds by plain rounds from above, which may take very many of them."""
    n = len(x)
    by_product = matrix.reshape(-1, n_sectors, n)
    bought = by_product.sum(axis=0)
    able = room.copy()
    for _ in range(rounds):
        offered = np.einsum("rpj,rp->pj", by_product, able.reshape(-1, n_sectors))
        share = np.divide(offered, bought, out=np.ones((n_sectors, n)), where=bought > 0)
        reached = (share + np.where(bought > 0, spare[:, None], 0.0)).min(axis=0)
        new = np.minimum(room, np.where(reached > 1.0 - 1e-9, 1.0, reached))
        step, able = np.abs(new - able).max(), new
        if step <= 1e-14:
            break
    made = able * x
    most = np.where(able[:, None] < 1.0, able[:, None] * x, np.inf)
    for _ in range(rounds):
        new = np.minimum(able * x, (matrix * np.minimum(made, most)).sum(axis=1) + f)
        fall, made = np.abs(new - made).max(), new
        if fall <= 1e-15 * x.max():
            break
    assume(step <= 1e-14 and fall <= 1e-15 * x.max())
    return able, made


def nearly_closed(seed, kind):
    """Draw a table whose purchases differ by orders, with little for final users in some draws."""
    rng = np.random.default_rng(seed)
    flows = rng.gamma(1.0, 1.0, (6, 6)) * 10.0 ** -rng.uniform(0.0, 4.0, (6, 6))
    flows *= rng.random((6, 6)) < 0.7
    f = rng.gamma(1.0, 1.0, 6) * 10.0 ** -rng.uniform(0.0, 4.0)
    demand = np.zeros((6, 2))
    demand[:3, 0], demand[3:, 1] = f[:3], f[3:]
    table = RegionalTable.from_flows(
        flows, demand, regions=["A", "B"], sectors=["p", "q", "r"], categories=["all"]
    )
    return table.pooled() if kind == "pooled" else table


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 1e-3, 0.1]), st.integers(1, 3))
def test_the_largest_solution_is_that_of_plain_rounds_from_above(kind, seed, substitution, n_short):
    table = nearly_closed(seed, kind)
    matrix, x, f = Leontief(table).operator.dense(), table.x.to_numpy(), table.f.to_numpy()
    rng = np.random.default_rng(seed)
    room, spare = np.ones(6), substitution * rng.random(3)
    room[rng.choice(6, n_short, replace=False)] = rng.uniform(0.0, 0.9, n_short)
    able, made = plain_rounds(matrix, x, f, 3, room, spare)
    given_spare = dict(zip(table.sectors, spare, strict=True))
    found = ration(table, pd.Series(room, index=table.labels), substitution=given_spare)
    assert np.allclose(flat(found, "capability"), able, atol=1e-8)
    assert np.allclose(flat(found, "output"), made, atol=1e-8 * x.max())


@pytest.mark.parametrize("leak", [1e-2, 1e-6, 1e-8])
@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_two_industries_that_live_on_each_other_lack_what_leaks_in_over_what_is_replaced(
    kind, leak
):
    # In A, p uses q and q uses p, of which a share `leak` comes from B, where half can be made:
    # m_q = (1 - leak) m_p + leak / 2 - s_p and m_p = m_q, hence m = 1/2 - s_p / leak. Plain rounds
    # go a share `leak` of the way in two.
    flows = np.zeros((4, 4))
    flows[1, 0], flows[0, 1], flows[2, 1] = 1.0, 1.0 - leak, leak
    demand = np.zeros((4, 2))
    demand[:3, 0], demand[2:, 1] = [2.0 * (1.0 - leak), 2.0, 2.0 * leak], [3.0, 1.0]
    table = RegionalTable.from_flows(
        flows, demand, regions=["A", "B"], sectors=["p", "q"], categories=["all"]
    )
    table = table.pooled() if kind == "pooled" else table
    half = pd.Series([0.5], index=[("B", "p")])
    for replaced in (0.0, 0.2, 0.3):
        found = ration(table, half, substitution={"p": replaced * leak})
        reached = 0.5 + replaced
        assert np.allclose(
            flat(found, "capability"), [reached, reached, 0.5, 1.0], rtol=0, atol=1e-9
        )
        assert found.attrs["rounds"] < 200
    whole = ration(table, half, substitution={"p": 0.5 * leak})
    assert np.allclose(flat(whole, "capability"), [1.0, 1.0, 0.5, 1.0], rtol=0, atol=1e-9)


def test_a_loop_that_nothing_scarce_enters_stays_whole_beside_one_that_it_does():
    # A: p and q use each other alone; B the same, and q also uses r, of which none is made.
    flows = np.zeros((6, 6))
    flows[1, 0] = flows[0, 1] = flows[4, 3] = flows[3, 4] = flows[5, 4] = 1.0
    table = RegionalTable.from_flows(
        flows, np.full(6, 2.0), regions=["A", "B"], sectors=["p", "q", "r"]
    )
    found = ration(table, pd.Series([0.25], index=[("B", "r")]))
    assert np.array_equal(flat(found, "capability"), [1.0, 1.0, 1.0, 0.25, 0.25, 0.25])


@pytest.mark.parametrize("own", [1e2, 1e6])
def test_an_industry_that_sells_nearly_all_to_itself_falls_to_what_others_still_ask(own):
    # p makes own + 1 and needs `own` of it; the buyer of one half stops. Left is
    # x = own / (own + 1) x + 1/2, half of before, which plain rounds near by 1 in `own`.
    flows = np.array([[own, 0.5], [0.0, 0.0]])
    table = RegionalTable.from_flows(flows, np.array([0.5, 5.0]), regions=["A"], sectors=["p", "q"])
    found = ration(table, pd.Series([0.0], index=[("A", "q")]))
    assert np.allclose(flat(found, "capability"), [1.0, 0.0])
    assert np.allclose(flat(found, "output"), [(own + 1.0) / 2.0, 0.0], rtol=1e-9)
    assert float(found.unmet.sum()) == pytest.approx(5.0, abs=1e-6)


def test_what_is_given_back_is_not_bought():
    # q in A buys 2 of p at home and gives 1 of it back to B.
    flows = np.zeros((4, 4))
    flows[0, 1], flows[2, 1] = 2.0, -1.0
    table = RegionalTable.from_flows(
        flows, np.full(4, 5.0), regions=["A", "B"], sectors=["p", "q"], signed=True
    )
    for short, reached in (("A", 0.5), ("B", 1.0)):
        found = ration(table, pd.Series([0.5], index=[(short, "p")]))
        assert float(found.capability.sel(region="A", sector="q")) == reached


@FEW
@given(st.integers(0, 10_000), st.floats(0.1, 1.0))
@example(6224, 0.5)  # an industry of which 2 in 10 000 of a product come from a short one
def test_what_is_made_can_be_made_and_steering_never_loses_more(seed, share):
    table = random_table(seed, 2, 3)
    matrix, x, f = Leontief(table).operator.dense(), table.x.to_numpy(), table.f.to_numpy()
    rng = np.random.default_rng(seed)
    rows = rng.choice(6, 2, replace=False)
    capacity = pd.Series(share, index=table.labels[rows])
    slack = 1e-7 * x.max()
    found = ration(table, capacity)
    made, final = flat(found, "output"), flat(found, "final_demand")
    assert (made <= x + slack).all()
    assert (made[rows] <= share * x[rows] + slack).all()
    assert (flat(found, "capability") >= share - 1e-9).all()
    assert (final >= -slack).all()
    assert (final <= f + slack).all()
    assert np.allclose(made - matrix @ made - final, 0.0, atol=slack)
    best = ration(table, capacity, rule="least_loss")
    assert float(best.unmet.sum()) <= float(found.unmet.sum()) + slack


@FEW
@given(st.integers(0, 10_000))
def test_more_substitution_never_hurts(seed):
    table = random_table(seed, 2, 3)
    capacity = pd.Series(0.5, index=table.labels[[0]])
    losses = [ration(table, capacity, substitution=s).attrs["total_loss"] for s in (0, 0.2, 0.6)]
    assert losses[0] >= losses[1] - 1e-6
    assert losses[1] >= losses[2] - 1e-6


def test_full_capacity_changes_nothing_and_no_capacity_at_all_stops_everything():
    table = random_table(3, 2, 3)
    for rule in ("proportional", "least_loss"):
        same = ration(table, pd.Series(1.0, index=table.labels), rule=rule)
        assert same.attrs["total_loss"] == pytest.approx(0, abs=1e-6 * table.x.max())
        none = ration(table, pd.Series(0.0, index=table.labels), rule=rule)
        assert np.allclose(none.output, 0.0, atol=1e-7 * table.x.max())


def test_a_shortage_stays_where_nothing_is_sold():
    flows = np.zeros((4, 4))
    flows[:2, :2], flows[2:, 2:] = [[1, 2], [3, 1]], [[2, 1], [1, 3]]
    table = RegionalTable.from_flows(flows, np.full(4, 5.0), regions=["A", "B"], sectors=["p", "q"])
    found = ration(table, pd.Series([0.5], index=[("A", "p")]))
    assert np.allclose(found.output_loss.sel(region="B"), 0.0)
    assert np.allclose(found.capability.sel(region="A"), 0.5)


def test_a_product_that_is_not_critical_does_not_stop_its_users():
    table = random_table(4, 2, 3)
    capacity = pd.Series(0.5, index=table.labels[[2, 5]])
    found = ration(table, capacity, substitution={"S2": 0.6})
    assert np.allclose(found.capability.sel(sector=["S0", "S1"]), 1.0)
    assert float(found.replaced.sel(sector="S2").sum()) > 0
    assert np.allclose(found.replaced.sel(sector=["S0", "S1"]), 0.0, atol=1e-6)


def test_limits_that_cannot_be_kept_and_words_that_mean_nothing_are_refused():
    table = random_table(0, 2, 2)
    low = pd.Series(0.1, index=table.labels)
    with pytest.raises(Infeasible, match=r"protected share 0\.9"):
        ration(table, low, rule="least_loss", protected=0.9)
    with pytest.raises(ShapeError, match="capacity must be shares"):
        ration(table, pd.Series([1.5], index=table.labels[[0]]))
    with pytest.raises(ShapeError, match="substitution"):
        ration(table, low, substitution=-1)
    with pytest.raises(ShapeError, match="protected"):
        ration(table, low, rule="least_loss", protected=2.0)
    with pytest.raises(ShapeError, match="rule"):
        ration(table, low, rule="fair")
    with pytest.raises(UnknownLabel):
        ration(table, pd.Series([0.5], index=[("R0", "S9")]))
    with pytest.raises(LookupError, match="S9"):
        ration(table, low, substitution={"S9": 0.1})
