"""Responsibility: every rule shares out the same total; limits, a slow twin; what is owed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_trade as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.errors import ShapeError
from model.footprints import footprints
from model.responsibility import compensation, plot_responsibility, responsibility
from model.stressors import final_use_of

KINDS = st.sampled_from(["pooled", "explicit"])


def amounts(table, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.random((1, len(table.labels))) * table.x.to_numpy()
    return pd.DataFrame(values, ["co2"], table.labels)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), KINDS)
def test_every_rule_shares_out_the_whole(seed, kind):
    table = random_table(seed, 3, 3, kind=kind)
    stress = amounts(table, seed)
    direct = pd.DataFrame([[1.0, 2.0, 3.0]], ["co2"], table.regions)
    found = responsibility(table, stress, final=direct)
    total = stress.to_numpy().sum() + 6.0
    assert np.allclose(found.sum("region"), total, rtol=1e-9)
    accounts = footprints(table, stress, final=direct)
    inside = {"region": table.regions}
    assert np.allclose(found.sel(rule="producer").sel(inside), accounts["D_pba_reg"], rtol=1e-9)
    assert np.allclose(found.sel(rule="consumer").sel(inside), accounts["D_cba_reg"], rtol=1e-9)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), KINDS)
def test_shared_responsibility_is_handed_on_round_by_round(seed, kind):
    table = random_table(seed, 2, 3, kind=kind)
    stress, x = amounts(table, seed), table.x.to_numpy()
    A, _ = slow.inverse(table.Z.to_numpy(), x)
    share = 1.0 - table.va.to_numpy().sum(axis=0) / x
    final = final_use_of(table).values
    kept, bought = slow.shared_responsibility(stress.to_numpy()[0] / x, A, x, final, share, 120)
    wanted = kept.reshape(2, 3).sum(axis=1) + bought[:2]
    found = responsibility(table, stress).sel(rule="shared").values[0]
    assert np.allclose(found[:2], wanted, rtol=1e-9)
    assert np.isclose(found[2], bought[2], rtol=1e-9)


def test_handing_nothing_on_is_the_producer_and_everything_the_consumer():
    table = random_table(4, 3, 2, kind="pooled")
    stress = amounts(table)
    nothing = responsibility(table, stress, handed_on=0.0)
    everything = responsibility(table, stress, handed_on=pd.Series(1.0, table.labels))
    assert np.allclose(nothing.sel(rule="shared"), nothing.sel(rule="producer"), rtol=1e-9)
    assert np.allclose(everything.sel(rule="shared"), everything.sel(rule="consumer"), rtol=1e-9)
    with pytest.raises(ShapeError, match="between 0 and 1"):
        responsibility(table, stress, handed_on=1.5)


@pytest.mark.parametrize("basis", ["net", "excess"])
def test_what_is_owed_is_received_and_symmetric_regions_owe_nothing(basis):
    table = random_table(6, 3, 2, kind="pooled")
    found = compensation(table, amounts(table), price=50.0, basis=basis)
    assert np.isclose(float(found["balance"].sum()), 0.0, atol=1e-9 * found["owed"].values.max())
    owed = found["owed"].values[0]
    assert (owed >= 0).all()
    assert not (owed * owed.T).any()
    nothing = compensation(table, "value_added", price=50.0, basis="excess")
    assert nothing["owed"].values.max() < 1e-6 * found["owed"].values.max()


def test_the_net_debt_is_the_price_of_the_net_flow():
    table = random_table(6, 2, 2, kind="explicit")
    found = compensation(table, amounts(table), price=3.0)
    flow = found["embodied"].values[0]
    net = flow[0, 1] - flow[1, 0]
    debt = float(found["owed"].sel(payer="R1", payee="R0").item())
    credit = float(found["owed"].sel(payer="R0", payee="R1").item())
    assert np.isclose(debt - credit, 3.0 * net)


def test_regions_that_are_not_known_owe_nothing_and_are_named():
    table = random_table(6, 3, 2, kind="pooled")
    stress = amounts(table)
    stress.loc[:, "R2"] = np.nan
    found = compensation(table, stress, price=1.0)
    assert found.attrs["not_told"] == "R2"
    assert not found["owed"].sel(payer="R2").values.any()
    assert not found["owed"].sel(payee="R2").values.any()


def test_the_figure_draws():
    import matplotlib

    matplotlib.use("Agg")
    table = random_table(1, 3, 2, kind="pooled")
    assert len(plot_responsibility(responsibility(table, amounts(table))).get_yticks()) == 4
    matplotlib.pyplot.close("all")
