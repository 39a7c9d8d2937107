"""Linkages: published values, partitioned inverses, and what symmetry and units demand."""

from __future__ import annotations

import numpy as np
import pytest
import reference_toolbox as slow
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError
from model.ghosh import ghosh_inverse
from model.linkages import linkages, plot_key_sectors
from model.solve import Leontief

FEW = settings(max_examples=12, deadline=None)


def flat(data, name):
    return data[name].values.reshape(-1)


def fio():
    found = case("fio_miom_4x4")
    table = RegionalTable.from_flows(
        found.Z.to_numpy(),
        (found.x["x"] - found.Z.sum(axis=1)).to_numpy(),
        regions=["R1", "R2"],
        sectors=["S1", "S2"],
    )
    return table, found.value


SIX = [
    "agriculture_group",
    "industry_group",
    "construction",
    "trade_group",
    "business_services_group",
    "other_services_group",
]


def germany():
    frame = case("eurostat_germany_1995_6x6").table
    flows = frame.loc[SIX, SIX].to_numpy(float)
    x = frame.loc["output", SIX].to_numpy(float)
    return flows, x, frame


def test_four_by_four_of_fio_with_the_dispersion_that_textbooks_define():
    table, value = fio()
    found = linkages(table, forward="leontief")
    assert np.allclose(flat(found, "backward"), value["total_multiplier"], atol=1e-6)
    assert np.allclose(flat(found, "direct_backward"), value["multiplier_direct"], atol=1e-6)
    assert np.allclose(flat(found, "power"), value["power_dispersion"], atol=1e-6)
    assert np.allclose(flat(found, "sensitivity"), value["sensitivity_dispersion"], atol=1e-6)
    assert np.allclose(flat(found, "power_cv"), value["power_dispersion_cv_textbook"], atol=1e-10)
    textbook = value["sensitivity_dispersion_cv_textbook"]
    assert np.allclose(flat(found, "sensitivity_cv"), textbook, atol=1e-10)
    assert not np.allclose(flat(found, "power_cv"), value["power_dispersion_cv"], atol=1e-2)
    words = {
        "key": "Key Sector",
        "backward": "Strong Backward Linkage",
        "forward": "Strong Forward Linkage",
        "weak": "Non-Key Sector",
    }
    assert [words[k] for k in flat(found, "key")] == list(value["key_sectors"].values())


def test_germany_of_the_eurostat_manual():
    expected = case("eurostat_germany_1995_6x6")
    flows, x, _ = germany()
    table = RegionalTable.from_flows(
        flows, x - flows.sum(axis=1), x, regions=["Germany"], sectors=SIX
    )
    found = linkages(table)
    value = expected.value
    assert np.allclose(flat(found, "backward"), value["backward_linkages"], atol=2e-3)
    # Printed to four digits; the second entry (1.6691) is off by two hundredths, within the
    # tolerance of the case: its own inputs give 1.6910.
    gap = np.abs(flat(found, "forward") - value["forward_linkages"])
    assert np.delete(gap, 1).max() < 6e-5
    assert gap[1] < expected.tolerance["forward_linkages"]
    column = ghosh_inverse(table).iloc[:, 0]
    assert np.allclose(column, value["ghosh_inverse_column_agriculture"], atol=6e-5)


@pytest.mark.parametrize("kind", ["pooled", "explicit"])
@pytest.mark.parametrize("forward", ["ghosh", "leontief"])
def test_every_number_equals_its_definition(kind, forward):
    table = random_table(3, 3, 4, kind=kind)
    matrix = Leontief(table).operator.dense()
    x, f, n = table.x.to_numpy(), table.f.to_numpy(), 12
    whole = slow.inverse(matrix)
    ahead = whole * x / x[:, None] if forward == "ghosh" else whole
    found = linkages(table, forward=forward)
    assert np.allclose(flat(found, "backward"), whole.sum(axis=0))
    assert np.allclose(flat(found, "forward"), ahead.sum(axis=1))
    direct = matrix * x / x[:, None] if forward == "ghosh" else matrix
    assert np.allclose(flat(found, "direct_forward"), direct.sum(axis=1))
    assert np.allclose(flat(found, "power_cv"), [slow.cv(whole[:, j]) for j in range(n)])
    assert np.allclose(flat(found, "sensitivity_cv"), [slow.cv(ahead[i]) for i in range(n)])
    for j in range(n):
        backward, onward = slow.pure_linkages(matrix, f, j)
        assert flat(found, "pure_backward")[j] == pytest.approx(backward)
        assert flat(found, "pure_forward")[j] == pytest.approx(onward)
        lost = x - slow.extracted(matrix, f, [j], "complete")
        assert flat(found, "total")[j] * x[j] == pytest.approx(lost.sum())
    assert np.allclose(found.pure_total, found.pure_backward + found.pure_forward)
    assert found.attrs["gap"] < 1e-10
    assert found["pure_total"].attrs["units"] == table.unit


def test_means_of_power_and_sensitivity_are_one():
    found = linkages(random_table(5, 4, 3), dispersion=False, pure=False)
    assert float(found.power.mean()) == pytest.approx(1)
    assert float(found.sensitivity.mean()) == pytest.approx(1)
    assert "power_cv" not in found
    assert "total" not in found


def test_a_symmetric_economy_has_one_answer_for_all():
    """a on the diagonal and b elsewhere: column sums 1 / (1 - a - (n - 1) b)."""
    a, b, n = 0.1, 0.05, 6
    matrix = np.full((n, n), b) + (a - b) * np.eye(n)
    x = np.full(n, 100.0)
    table = RegionalTable.from_flows(
        matrix * x, x - matrix @ x, x, regions=["A", "B"], sectors=["p", "q", "r"]
    )
    found = linkages(table)
    one = 1.0 / (1.0 - a - (n - 1) * b)
    assert np.allclose(found.backward, one)
    assert np.allclose(found.forward, one)
    own = 1.0 / (1.0 - a + b) * (1.0 + b * one)
    assert np.allclose(found.total, one / own)
    assert np.allclose(found.power, 1.0)


def test_industries_without_output_push_nothing():
    found = linkages(random_table(2, 3, 3, zero_industry=True))
    last = found.isel(region=-1, sector=-1)
    assert float(last.forward) == 1.0
    assert float(last.direct_forward) == 0.0
    assert float(last.sensitivity_cv) == pytest.approx(np.sqrt(9))
    assert float(last.pure_total) == pytest.approx(0.0, abs=1e-9)
    assert np.isfinite(found.drop_vars("key").to_array()).all()


@FEW
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_units_and_the_order_of_regions_do_not_matter(seed, factor):
    table = random_table(seed, 3, 3, kind="explicit")
    found = linkages(table)
    order = np.random.default_rng(seed).permutation(len(table.labels))
    labels = table.labels[order]
    other = RegionalTable.from_flows(
        factor * table.Z.loc[labels, labels],
        factor * table.Y.sum(axis=1).loc[labels],
        factor * table.x.loc[labels],
    )
    again = linkages(other).sel(region=table.regions, sector=table.sectors)
    for name in ("backward", "forward", "power_cv", "sensitivity_cv", "total"):
        assert np.allclose(again[name], found[name], rtol=1e-8), name
    assert np.allclose(again.pure_total, factor * found.pure_total, rtol=1e-7)
    assert (again.key == found.key).all()


def test_a_reading_that_does_not_exist_is_refused():
    with pytest.raises(ShapeError, match="ghosh"):
        linkages(random_table(0), forward="sideways")


def test_the_figure_names_key_industries():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = linkages(random_table(1, 4, 5))
    ax = plot_key_sectors(found)
    assert len(ax.texts) == min(10, int((found.key == "key").sum()))
    plot_key_sectors(found, region="R0", ax=ax)
    plt.close("all")


def test_the_toy_of_ioanalysis_to_all_digits():
    toy = case("ioanalysis_toy_10x10")
    table = RegionalTable.from_flows(
        toy.Z.to_numpy(float),
        toy.X.iloc[:, 0].to_numpy(float) - toy.Z.to_numpy(float).sum(axis=1),
        regions=["Hogwarts", "Narnia"],
        sectors=[f"S{i}" for i in range(5)],
    )
    value = toy.value
    found = linkages(table)
    assert np.allclose(flat(found, "backward"), np.array(value["L"]).sum(axis=0), rtol=1e-12)
    assert np.allclose(flat(found, "forward"), np.array(value["G"]).sum(axis=1), rtol=1e-12)
    assert np.allclose(ghosh_inverse(table), value["G"], rtol=1e-11)
