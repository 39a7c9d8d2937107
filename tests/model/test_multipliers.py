"""Multipliers: published values, a slow twin, and households inside the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_model as slow
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import NotProductive, ShapeError, UnknownLabel
from model.households import Households, close_households
from model.multipliers import multipliers

MB = Households(
    labour=("labour",),
    spending=("households",),
    income=pd.Series({"here": 1000.0}),
    from_households=pd.Series({"here": 50.0}),
)


def miller_and_blair():
    """Table 2.3 with households as in section 2.5: spending 50 and 400, labour 300 and 500."""
    return RegionalTable.from_flows(
        np.array([[150.0, 500.0], [200.0, 100.0]]),
        np.array([[50.0, 300.0], [400.0, 1300.0]]),
        np.array([1000.0, 2000.0]),
        pd.DataFrame([[300.0, 500.0], [350.0, 900.0]], index=["labour", "other"]),
        regions=["here"],
        sectors=["Agr", "Man"],
        categories=["households", "other"],
    )


def test_type_one_and_two_output_multipliers_of_miller_and_blair():
    table = miller_and_blair()
    assert np.allclose(multipliers(table).total, [[1.518, 1.452]], atol=5e-4)
    assert np.allclose(multipliers(table, households=MB).total, [[1.892, 1.773]], atol=5e-4)
    operator, labels = close_households(table, MB)
    assert labels[2] == ("here", "households")
    inverse = np.linalg.inv(np.eye(3) - operator.dense())
    printed = [[1.365, 0.425, 0.251], [0.527, 1.348, 0.595], [0.570, 0.489, 1.289]]
    assert np.allclose(inverse, printed, atol=6e-4)


def test_two_regions_of_miller_and_blair():
    two = case("mb_two_region_5x5")
    labels = pd.MultiIndex.from_tuples(
        [tuple(label.split("_")) for label in two.Z.index], names=["region", "sector"]
    )
    flows = two.Z.set_axis(labels, axis=0).set_axis(labels, axis=1)
    demand = two.Y.sum(axis=1).set_axis(labels)
    found = multipliers(RegionalTable.from_flows(flows, demand)).to_dataframe().loc[labels]
    value = two.value
    assert np.allclose(found["total"], value["output_multiplier"], atol=1e-10)
    assert np.allclose(found["intraregional"], value["single_region_multiplier"], atol=1e-10)
    assert np.allclose(found["feedback"], value["feedback_multiplier"], atol=1e-10)
    assert np.allclose(found["spillover"], value["spillover_multiplier"], atol=1e-10)


def test_two_regions_of_fio_whose_intraregional_part_counts_feedback_in():
    fio = case("fio_miom_4x4")
    table = RegionalTable.from_flows(
        fio.Z.to_numpy(),
        (fio.x["x"] - fio.Z.sum(axis=1)).to_numpy(),
        regions=["R1", "R2"],
        sectors=["S1", "S2"],
    )
    found = {name: values.values.reshape(-1) for name, values in multipliers(table).items()}
    value = fio.value
    own = found["intraregional"] + found["feedback"]
    assert np.allclose(own, value["intra_regional_multiplier"], atol=1e-7)
    assert np.allclose(found["feedback"], value["feedback_multiplier"], atol=1e-10)
    assert np.allclose(found["spillover"], value["spillover_multiplier"], atol=1e-7)
    assert np.allclose(found["total"], value["total_multiplier"], atol=1e-6)


def test_germany_1995():
    german = case("eurostat_germany_1995_6x6")
    frame = german.table
    sectors = list(frame.columns[: list(frame.columns).index("total")])
    x = frame.loc["output", sectors].astype(float)
    table = RegionalTable.from_flows(
        frame.loc[sectors, sectors].to_numpy(float),
        (x - frame.loc[sectors, sectors].sum(axis=1)).to_numpy(),
        x.to_numpy(),
        regions=["Germany"],
        sectors=sectors,
    )
    checks = {
        "backward_linkages": ("output", 0.002),
        "gva_multiplier": ("gva", 0.001),
        "employment_multiplier": ("employment_domestic_total", 1e-4),
    }
    for key, (row, tolerance) in checks.items():
        rate = pd.Series(1.0, index=table.labels)
        if row != "output":
            rate = pd.Series((frame.loc[row, sectors] / x).to_numpy(float), index=table.labels)
        found = multipliers(table, rate).total.values[0]
        assert np.allclose(found, german.value[key], atol=tolerance)


def test_income_multipliers_of_the_netherlands_2000():
    dutch = case("netherlands_2000_6x6")
    frame = dutch.table
    sectors = list(frame.index[:6])
    x = frame.loc["output_bp", sectors].astype(float)
    flows = frame.loc[sectors, sectors].to_numpy(float)
    table = RegionalTable.from_flows(
        flows, x.to_numpy() - flows.sum(axis=1), x.to_numpy(), regions=["NL"], sectors=sectors
    )
    wages = (frame.loc["compensation_employees", sectors] / x).to_numpy(float)
    found = multipliers(table, pd.Series(wages, index=table.labels))
    assert np.allclose(found.total.values[0], dutch.value["income_effects_wL"], atol=6e-4)
    ratio = (found.total / found.direct).values[0]
    assert np.allclose(ratio, dutch.value["income_multiplier_type_I_wL_over_w"], atol=2e-3)


@settings(deadline=None, max_examples=20)
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 10**6),
    st.sampled_from(["pooled", "explicit"]),
)
def test_multipliers_are_those_of_dense_inverses(n_regions, n_sectors, seed, kind):
    table = random_table(seed, n_regions, n_sectors, kind=kind)
    region_of = np.repeat(np.arange(n_regions), n_sectors)
    rate = table.va.to_numpy().sum(axis=0) / table.x.to_numpy()
    for of, weights in (("output", np.ones(rate.size)), ("value_added", rate)):
        found = multipliers(table, of)
        expected = slow.split_multipliers(table.A.to_numpy(), region_of, weights)
        for row, name in enumerate(("total", "intraregional", "feedback", "spillover")):
            assert np.allclose(found[name].values.reshape(-1), expected[row], atol=1e-10)
        assert found.attrs["gap"] < 1e-10


def test_a_value_added_multiplier_and_its_leakages_make_one():
    table = random_table(30, 4, 5)
    total = multipliers(table, "value_added").total.values.reshape(-1)
    leak = (table.imports.sum() + table.taxes) / table.x
    assert np.allclose(total + multipliers(table, leak).total.values.reshape(-1), 1.0, rtol=1e-10)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_households_written_into_the_matrix_by_hand_give_the_same(kind):
    table = random_table(31, 3, 4, kind=kind)
    rng = np.random.default_rng(0)
    residence = rng.random((3, 3)) + 3 * np.eye(3)
    residence /= residence.sum(axis=0)
    frame = pd.DataFrame(residence, index=table.regions, columns=table.regions)
    wages = table.va.loc["compensation of employees"].to_numpy().reshape(3, 4)
    income = 1.5 * residence @ wages.sum(axis=1)
    chosen = Households(
        ("compensation of employees",),
        ("households",),
        income=pd.Series(income, index=table.regions),
        residence=frame,
    )
    columns = [(region, "households") for region in table.regions]
    spending = table.Y[columns].to_numpy() / income
    rows = residence[:, :, None] * (wages / table.x.to_numpy().reshape(3, 4))[None]
    matrix = np.block([[table.A.to_numpy(), spending], [rows.reshape(3, 12), np.zeros((3, 3))]])
    weights = np.concatenate([np.ones(12), np.zeros(3)])
    region_of = np.concatenate([np.repeat(np.arange(3), 4), np.arange(3)])
    expected = slow.split_multipliers(matrix, region_of, weights)[:, :12]
    found = multipliers(table, households=chosen)
    for row, name in enumerate(("total", "intraregional", "feedback", "spillover")):
        assert np.allclose(found[name].values.reshape(-1), expected[row], rtol=1e-9, atol=1e-11)
    assert (found.total > multipliers(table).total).all()


def test_households_are_found_by_name_or_asked_for():
    table = random_table(32, 2, 3)
    assert Households.of(table).spending == ("households",)
    bare = random_table(32, 2, 3, categories=("all",))
    with pytest.raises(UnknownLabel, match=r"Households\(labour="):
        multipliers(bare, households=True)
    with pytest.raises(UnknownLabel, match="wages"):
        multipliers(table, households=Households(("wages",), ("households",)))
    chosen = Households(
        ("compensation of employees",), ("households",), income=pd.Series({"R0": 1.0})
    )
    with pytest.raises(ShapeError, match="income must name every region"):
        multipliers(table, households=chosen)


def test_households_that_spend_more_than_the_system_gives_are_named_and_never_rescaled():
    table = random_table(33, 2, 3)
    wages = table.va.loc["compensation of employees"].groupby("region").sum()
    chosen = Households(("compensation of employees",), ("households",), income=wages / 1e3)
    with pytest.raises(NotProductive, match=r"households inside.*R[01] \([0-9.]+\)"):
        multipliers(table, households=chosen)
