"""The ledger: textbook splits, a slow twin, identities, and readings of a stimulus."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_model as slow
import xarray as xr
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import StimulusError, UnknownLabel
from model.spillover import spillovers
from model.stimulus import pole_demand, resolve_poles


def two_regions():
    two = case("mb_two_region_5x5")
    labels = pd.MultiIndex.from_tuples(
        [tuple(label.split("_")) for label in two.Z.index], names=["region", "sector"]
    )
    flows = two.Z.set_axis(labels, axis=0).set_axis(labels, axis=1)
    demand = two.Y.set_axis(labels, axis=0)
    demand.columns = pd.MultiIndex.from_product([["r1", "r2"], ["all"]])
    return two, RegionalTable.from_flows(flows, demand)


def test_a_demand_of_100_in_region_one_of_miller_and_blair():
    two, table = two_regions()
    data = spillovers(table, "r1", {"s1": 100.0}, "output")
    ledger = data["ledger"].isel(pole=0, account=0)
    inside = ledger.sel(region="r1").transpose("part", "sector").values
    assert np.allclose(inside[0], two.value["df100_s1_x_r1_single_region"], atol=1e-9)
    assert np.allclose(inside[1], two.value["df100_s1_feedback_r1"], atol=1e-9)
    assert not inside[2].any()
    outside = ledger.sel(region="r2", part="spillover", sector=["s1", "s2"])
    assert np.allclose(outside, two.value["df100_s1_spillover_r2"], atol=1e-9)
    assert float(np.abs(data["gap"]).max()) < 1e-12


@settings(deadline=None, max_examples=25)
@given(
    st.integers(2, 5),
    st.integers(1, 4),
    st.integers(0, 10**6),
    st.sampled_from(["pooled", "explicit"]),
)
def test_the_ledger_is_that_of_dense_inverses(n_regions, n_sectors, seed, kind):
    table = random_table(seed, n_regions, n_sectors, kind=kind)
    rng = np.random.default_rng(seed)
    members = sorted(rng.choice(n_regions, int(rng.integers(1, n_regions + 1)), replace=False))
    pole = {"P": [f"R{r}" for r in members]}
    rows = np.concatenate([np.arange(r * n_sectors, (r + 1) * n_sectors) for r in members])
    money = pd.Series(rng.random(rows.size), index=table.labels[rows])
    data = spillovers(table, pole, money, ["output", "value_added"])
    f = np.zeros(n_regions * n_sectors)
    f[rows] = money
    expected = slow.ledger(table.A.to_numpy(), rows, f)
    found = data["ledger"].isel(pole=0).transpose("account", "part", "region", "sector").values
    assert np.allclose(found[0].reshape(3, -1), expected, rtol=1e-9, atol=1e-12)
    rate = table.va.to_numpy().sum(axis=0) / table.x.to_numpy()
    assert np.allclose(found[1].reshape(3, -1), expected * rate, rtol=1e-9, atol=1e-12)
    assert float(np.abs(data["gap"]).max()) < 1e-10


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
@pytest.mark.parametrize("at", ["origin", "use"])
@pytest.mark.parametrize("imports", [True, False])
def test_value_added_imports_and_taxes_add_up_to_the_stimulus(kind, at, imports):
    table = random_table(4, 4, 5, kind=kind, imports=imports)
    poles = {"one": "R0", "two": ["R1", "R3"], "three": {"R0": 1.0, "R2": 3.0}}
    data = spillovers(table, poles, 7.0, ["value_added", "output"], at=at)
    assert np.allclose(data["stimulus"], 7.0)
    assert np.allclose(data["leakage"].sum("kind"), 7.0, rtol=1e-10)
    primary = data["leakage"].sel(kind=table.primaries).sum("kind")
    whole = data["ledger"].sel(account="value_added").sum(["region", "sector", "part"])
    assert np.allclose(primary, whole, rtol=1e-10)
    assert ("imports for final demand" in data["kind"]) == (imports and at == "use")
    assert float(np.abs(data["gap"]).max()) < 1e-10
    assert abs(float(data["leakage"].sel(kind="remainder not explained").max())) < 1e-9


def test_a_table_without_imports_says_that_they_are_not_told_apart():
    _, table = two_regions()
    data = spillovers(table, ["r1", "r2"], 10.0)
    assert "primary inputs and imports, not told apart" in data["kind"]
    assert np.allclose(data["leakage"].sum("kind"), 10.0, rtol=1e-12)


def test_identities_survive_the_union_of_poles():
    table = random_table(14, 5, 3)
    sectors = pd.Series([1.0, 2.0, 3.0], index=table.sectors)
    rows = [("R1", "S0"), ("R2", "S2")]
    money = pd.Series([4.0, 5.0], index=pd.MultiIndex.from_tuples(rows))
    apart = spillovers(table, ["R1", "R2"], {"R1": money.iloc[:1], "R2": money.iloc[1:]}, "output")
    union = spillovers(table, {"both": ["R1", "R2"]}, money, "output")
    total = union["ledger"].isel(pole=0).sum("part")
    assert np.allclose(apart["ledger"].sum(["pole", "part"]), total, rtol=1e-9)
    inside = union["ledger"].sel(part="intraregional", region=["R1", "R2"]).sum()
    assert float(inside) > float(apart["ledger"].sel(part="intraregional").sum())
    everywhere = spillovers(table, {"all": table.regions}, sectors, "output")
    assert float(np.abs(everywhere["ledger"].sel(part=["feedback", "spillover"])).max()) < 1e-9


def test_one_ledger_per_stimulated_sector_adds_up_to_the_whole():
    table = random_table(15, 4, 3)
    for at in ("origin", "use"):
        whole = spillovers(table, ["R0", "R1"], 5.0, at=at)
        split = spillovers(table, ["R0", "R1"], 5.0, at=at, by_stimulus_sector=True)
        assert split["ledger"].dims[1] == "stimulus_sector"
        for name in ("ledger", "leakage", "stimulus"):
            summed = split[name].sum("stimulus_sector")
            assert np.allclose(summed, whole[name], rtol=1e-9, atol=1e-11)
        assert float(np.abs(split["gap"]).max()) < 1e-10


def test_the_mix_is_the_pole_s_own_demand():
    table = random_table(16, 3, 4)
    pole = resolve_poles(table, {"P": ["R0", "R2"]})[0]
    made = spillovers(table, {"P": ["R0", "R2"]}, 1.0)["stimulus_placed"].isel(pole=0)
    demand = pole_demand(table, pole)
    assert np.allclose(
        made.sel(region=["R0", "R2"]).values.reshape(-1), demand / demand.sum(), rtol=1e-12
    )
    assert not made.sel(region="R1").any()
    bought = pole_demand(table, pole, at="use")
    domestic = table.demand.sum(axis=1)
    assert (bought > domestic[bought.index]).all()  # imported products are part of what is bought
    whole_use = spillovers(table, {"P": ["R0", "R2"]}, float(bought.sum()), "output", at="use")
    y = domestic.where(domestic.index.isin(["R0", "R2"], level="region"), 0.0)
    trade_y = np.einsum("irs,si->ri", table.trade, y.to_numpy().reshape(3, 4)).reshape(-1)
    x = np.linalg.solve(np.eye(12) - table.A, trade_y)
    found = whole_use["ledger"].isel(pole=0, account=0).sum("part").values.reshape(-1)
    assert np.allclose(found, x, rtol=1e-9)


def test_weights_only_spread_the_stimulus():
    table = random_table(17, 4, 3)
    data = spillovers(table, {"P": {"R1": 1.0, "R3": 3.0}}, 8.0, "output")
    placed = data["stimulus_placed"].isel(pole=0).sum("sector")
    assert np.allclose(placed, [0, 2, 0, 6], rtol=1e-12)


def test_a_pole_may_be_named_by_a_group_of_the_table():
    table = random_table(18, 4, 3)
    grouped = RegionalTable(
        table.data.assign_coords(belt=("region", ["", "North", "", "North"])), table.kind
    )
    pole = resolve_poles(grouped, "North")[0]
    assert pole.regions.tolist() == [1, 3]


def test_made_there_and_bought_there_are_not_the_same():
    table = random_table(19, 3, 3)
    made = spillovers(table, "R0", 1.0, "output")["ledger"].sel(part="spillover").sum()
    bought = spillovers(table, "R0", 1.0, "output", at="use")["ledger"].sel(part="spillover").sum()
    assert float(bought) > float(made)


def test_wrong_poles_and_stimuli_are_named():
    table = random_table(20, 3, 3, zero_industry=True)
    with pytest.raises(UnknownLabel, match="R9"):
        spillovers(table, "R9")
    with pytest.raises(UnknownLabel, match="did you mean 'value_added'"):
        spillovers(table, "R0", of="value_aded")
    with pytest.raises(StimulusError, match="at least one"):
        spillovers(table, {})
    with pytest.raises(StimulusError, match="region twice"):
        spillovers(table, {"P": ["R0", "R0"]})
    with pytest.raises(StimulusError, match="weights"):
        spillovers(table, {"P": {"R0": -1.0}})
    with pytest.raises(StimulusError, match="at must be"):
        spillovers(table, "R0", at="home")
    with pytest.raises(StimulusError, match=r"without output.*R2 / S2"):
        spillovers(table, "R2", {"S2": 1.0})
    away = pd.Series([1.0], index=pd.MultiIndex.from_tuples([("R1", "S0")]))
    with pytest.raises(StimulusError, match="must lie in its regions"):
        spillovers(table, "R0", away)
    with pytest.raises(LookupError, match="S7"):
        spillovers(table, "R0", {"S7": 1.0})


def test_everything_is_labelled_and_carries_units():
    table = random_table(21, 3, 3)
    data = spillovers(table, ["R0", "R1"], 2.0, ["output", "value_added"])
    assert data["ledger"].dims == ("pole", "region", "sector", "part", "account")
    assert all("units" in data[name].attrs for name in data.data_vars)
    assert data["ledger"].attrs["units"] == table.unit
    assert data.attrs["at"] == "origin"
    jobs = pd.Series(1.0, index=table.labels, name="jobs per money")
    assert "jobs per money" in spillovers(table, "R0", of=jobs)["account"]
    assert isinstance(data, xr.Dataset)
