"""Footprints: pymrio's own answers, a slow twin, what must add up, and what is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_trade as slow
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import shared

from io_tables.aggregate import aggregate
from io_tables.errors import NotTold
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError, UnknownLabel
from model.footprints import embodied_flows, footprints, plot_embodied, plot_footprints
from model.stressors import final_use_of

KINDS = st.sampled_from(["pooled", "explicit"])
ACCOUNTS = ("D_cba", "D_pba", "D_imp", "D_exp")


def amounts(table, seed=0, rows=("co2",)):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        rng.random((len(rows), len(table.labels))) * table.x.to_numpy(), list(rows), table.labels
    )


def assert_pymrio_agrees(data, extension, rtol=1e-9):
    for name in ACCOUNTS:
        theirs = getattr(extension, name).to_numpy()
        ours = data[name].values.reshape(len(theirs), -1)
        assert np.allclose(ours, theirs, rtol=rtol, atol=rtol * np.abs(theirs).max()), name
        theirs = getattr(extension, f"{name}_reg").to_numpy()
        scale = np.abs(theirs).max()
        assert np.allclose(data[f"{name}_reg"].values, theirs, rtol=rtol, atol=rtol * scale), name


def test_the_test_system_of_pymrio_gets_pymrios_answers():
    pymrio = pytest.importorskip("pymrio")
    io = pymrio.load_test()
    io.calc_all()
    final = io.Y.copy()
    table = RegionalTable.from_flows(
        io.Z.to_numpy(),
        final.to_numpy(),
        regions=list(io.get_regions()),
        sectors=list(io.get_sectors()),
        categories=list(io.get_Y_categories()),
    )
    stress = io.emissions.F.set_axis(table.labels, axis=1)
    stress.index = ["first", "second"]
    direct = io.emissions.F_Y.copy()
    direct.index = ["first", "second"]
    people = io.population.iloc[0]
    data = footprints(table, stress, final=direct, population=people)
    assert_pymrio_agrees(data, io.emissions)
    for name in ACCOUNTS:
        theirs = getattr(io.emissions, f"{name}_cap").to_numpy()
        assert np.allclose(data[f"{name}_cap"], theirs, rtol=1e-9), name
    assert data.attrs["gap"] < 1e-12


def test_the_world_of_2011_gets_pymrios_answers():
    pymrio = pytest.importorskip("pymrio")
    stored = np.load(shared("data", "mrio", "wiot_2011.npz"))
    rows = pd.read_csv(shared("data", "mrio", "wiot_2011_rows.csv"))
    labels = pd.MultiIndex.from_arrays(
        [rows["country"], rows["industry"]], names=["region", "sector"]
    )
    regions = list(dict.fromkeys(rows["country"]))
    uses = stored["F"].astype(np.float64)
    uses[stored["Z"].sum(axis=1) + uses.sum(axis=1) < 0] = 0.0
    columns = pd.MultiIndex.from_product([regions, list("abcde")], names=["region", "category"])
    flows = pd.DataFrame(stored["Z"].astype(np.float64), labels, labels)
    final = pd.DataFrame(uses, labels, columns)
    table = RegionalTable.from_flows(flows, final)
    output = (flows.sum(axis=1) + final.sum(axis=1)).to_frame("indout")
    stress = pd.DataFrame(
        np.random.default_rng(1).random((1, len(labels))) * output.T.to_numpy(), ["co2"], labels
    )
    L = pymrio.calc_L(pymrio.calc_A(flows, output))
    S = pymrio.calc_S(stress, output)
    agg = final.T.groupby(level=0, sort=False).sum().T
    theirs = pymrio.tools.iomath.calc_accounts(S, L, agg)
    data = footprints(table, stress.set_axis(table.labels, axis=1))
    for name, frame in zip(ACCOUNTS, theirs, strict=True):
        wanted = frame.to_numpy().reshape(-1)
        found = data[name].values.reshape(-1)
        assert np.allclose(found, wanted, rtol=1e-9, atol=1e-10 * np.abs(wanted).max()), name


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 4), st.integers(1, 4), st.integers(0, 10**6), KINDS)
def test_the_accounts_are_those_of_loops_over_the_inverse(R, S, seed, kind):
    table = random_table(seed, R, S, kind=kind)
    stress = amounts(table, seed)
    data = footprints(table, stress)
    _, L = slow.inverse(table.Z.to_numpy(), table.x.to_numpy())
    final = final_use_of(table)
    assert final.destinations == [*table.regions, "abroad"]
    intensity = stress.to_numpy()[0] / table.x.to_numpy()
    cba, imported, exported, flows = slow.accounts(intensity, L, final.values, R, S)
    for name, wanted in (("D_cba", cba), ("D_imp", imported), ("D_exp", exported)):
        assert np.allclose(data[name].values[0], wanted, rtol=1e-9, atol=1e-9 * wanted.max())
    assert np.allclose(data["D_pba"].values.reshape(-1), stress.to_numpy()[0], rtol=1e-8)
    assert np.allclose(embodied_flows(table, stress).values[0], flows, rtol=1e-9)
    by_sector = embodied_flows(table, stress, by="producer")
    assert np.allclose(by_sector.sum("sector").values[0], flows, rtol=1e-9)
    assert data.attrs["gap"] < 1e-10


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6))
def test_the_four_accounts_balance_and_units_only_scale(seed):
    table = random_table(seed, 3, 3, kind="pooled")
    stress = amounts(table, seed)
    data, tons = footprints(table, stress), footprints(table, 1000.0 * stress)
    left = data["D_cba_reg"] + data["D_exp_reg"]
    right = data["D_pba_reg"] + data["D_imp_reg"]
    assert np.allclose(left, right, rtol=1e-9)
    for name in ACCOUNTS:
        assert np.allclose(1000.0 * data[name], tons[name], rtol=1e-9)


def test_regions_without_trade_have_footprints_of_their_own_only():
    table = random_table(3, 3, 2, kind="pooled")
    data = {name: np.array(table.data[name].values) for name in table.data.data_vars}
    data["trade_share"] = np.broadcast_to(np.eye(3), data["trade_share"].shape).copy()
    closed = RegionalTable.from_pooled(
        0.2 * data["domestic_use"],
        data["trade_share"],
        data["demand"],
        data["exports"],
        0.2 * data["domestic_use"].sum(axis=2).T + data["demand"].sum(axis=2) + data["exports"],
        regions=table.regions,
        sectors=table.sectors,
    )
    found = footprints(closed, "value_added")
    assert np.abs(found["D_imp"]).max() < 1e-9 * np.abs(found["D_cba"]).max()
    assert np.allclose(found["D_exp_reg"], found["D_abroad"])


def test_what_final_demand_emits_itself_stays_where_it_is():
    table = random_table(1, 2, 2, kind="explicit")
    stress = amounts(table)
    direct = pd.DataFrame([[5.0, 7.0]], ["co2"], table.regions)
    without, with_it = footprints(table, stress), footprints(table, stress, final=direct)
    for name, more in (("D_cba", True), ("D_pba", True), ("D_imp", False), ("D_exp", False)):
        gained = (with_it[f"{name}_reg"] - without[f"{name}_reg"]).values[0]
        scale = with_it[f"{name}_reg"].values.max()
        assert np.allclose(gained, [5.0, 7.0] if more else 0.0, atol=1e-12 * scale)


def test_a_region_that_is_not_known_is_missing_and_not_zero():
    table = random_table(5, 3, 2, kind="pooled")
    stress = amounts(table)
    stress.loc[:, "R1"] = np.nan
    data = footprints(table, stress)
    assert data.attrs["not_told"] == "R1"
    assert np.isnan(data["D_pba_reg"].sel(region="R1")).all()
    assert np.isnan(data["D_exp"].sel(region="R1")).all()
    assert np.isfinite(data["D_cba_reg"]).all()
    assert np.isfinite(data["D_pba_reg"].sel(region=["R0", "R2"])).all()
    assert np.isnan(embodied_flows(table, stress).sel(origin="R1")).all()


def test_accounts_survive_the_aggregation_of_buyers():
    # Regions of equal technology and trade are merged: only then do footprints not move.
    table = random_table(2, 2, 3, kind="explicit")
    stress = amounts(table)
    one = aggregate(table, regions={"R0": "all", "R1": "all"})
    merged = stress.T.groupby(level="sector", sort=False).sum().T
    merged.columns = one.labels
    assert np.isclose(
        float(footprints(one, merged)["D_pba_reg"].sum()), float(stress.to_numpy().sum())
    )


def test_messages_say_what_is_missing():
    table = random_table(1, 2, 2, kind="explicit")
    with pytest.raises(ShapeError, match="no stressors"):
        footprints(table)
    with pytest.raises(ShapeError, match="left out"):
        footprints(table, amounts(table).iloc[:, :3])
    wrong = amounts(table)
    wrong.columns = pd.MultiIndex.from_tuples([("X", s) for _, s in table.labels])
    with pytest.raises(UnknownLabel, match="not among them"):
        footprints(table, wrong)
    untold = RegionalTable.from_flows(
        table.Z, table.f.to_numpy()[:, None], table.x, categories=["all"]
    )
    with pytest.raises(NotTold, match="place of use"):
        footprints(untold, "output")


def test_the_figures_draw():
    import matplotlib

    matplotlib.use("Agg")
    table = random_table(1, 3, 2, kind="explicit")
    stress = amounts(table)
    assert len(plot_footprints(footprints(table, stress)).patches) == 6
    assert plot_footprints(footprints(table, stress), per_head=True).get_xlabel()
    assert len(plot_embodied(embodied_flows(table, stress)).images) == 1
    matplotlib.pyplot.close("all")
