"""Kinds of multipliers: a textbook's numbers, what they are of each other, and a dense twin."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.households import Households, close_households
from model.multiplier_kinds import multiplier_kinds, plot_matrix, region_matrix
from model.multipliers import certain_transposed, closed_system, multipliers
from model.solve import Leontief

mpl.use("Agg")

HOUSEHOLDS = Households(
    labour=("labour",),
    spending=("households",),
    income=pd.Series({"here": 1000.0}),
    from_households=pd.Series({"here": 50.0}),
)


@pytest.fixture
def miller_and_blair() -> RegionalTable:
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


def test_output_multipliers_of_miller_and_blair(miller_and_blair: RegionalTable) -> None:
    found = multiplier_kinds(miller_and_blair, "output", HOUSEHOLDS)
    # The inverse printed in section 2.5: 1.365 0.425 / 0.527 1.348 / 0.570 0.489.
    assert np.allclose(found["simple"], [[1.518, 1.452]], atol=6e-4)
    assert np.allclose(found["truncated"], [[1.365 + 0.527, 0.425 + 1.348]], atol=1.2e-3)
    assert np.allclose(found["total"], [[2.462, 2.262]], atol=1.8e-3)


def test_income_multipliers_of_types_one_and_two_differ_by_one_number(
    miller_and_blair: RegionalTable,
) -> None:
    found = multiplier_kinds(miller_and_blair, "labour_income", HOUSEHOLDS)
    assert np.allclose(found["direct"], [[0.3, 0.25]])
    assert np.allclose(found["total"], [[0.570, 0.489]], atol=6e-4)  # the household row itself
    assert np.allclose(found["type_2"], [[0.570 / 0.3, 0.489 / 0.25]], atol=3e-3)
    assert np.allclose(found["ratio"], 1.289, atol=6e-4)  # the household's entry of the inverse
    assert float(np.ptp(found["ratio"].values)) < 1e-12


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), st.sampled_from(["pooled", "explicit"]))
def test_kinds_are_those_of_the_inverse(seed: int, kind: str) -> None:
    table = random_table(seed, 3, 3, kind=kind)
    inverse = np.linalg.inv(np.eye(9) - Leontief(table).operator.dense())
    weights = table.va.to_numpy().sum(axis=0) / table.x.to_numpy()
    found = multiplier_kinds(table, "value_added", households=False)
    ghosh = inverse * table.x.to_numpy() / table.x.to_numpy()[:, None]
    for name, expected in (
        ("simple", weights @ inverse),
        ("type_1", (weights @ inverse) / weights),
        ("row", weights * inverse.sum(axis=1)),
        ("row_ghosh", ghosh @ weights),
    ):
        assert np.allclose(found[name].values.reshape(-1), expected, rtol=1e-10), name
    assert "total" not in found


def test_with_households_kinds_are_those_of_the_enlarged_inverse() -> None:
    table = random_table(8, 3, 3)
    operator, labels = close_households(table)
    inverse = np.linalg.inv(np.eye(12) - operator.dense())
    homes = labels.get_level_values("sector") == "households"
    found = multiplier_kinds(table)
    expected = inverse[np.ix_(~homes, ~homes)].sum(axis=0)
    assert np.allclose(found["truncated"].values.reshape(-1), expected, rtol=1e-10)
    assert np.allclose(found["total"].values.reshape(-1), inverse.sum(axis=0)[~homes], rtol=1e-10)
    assert np.allclose(found["truncated"], multipliers(table, households=True)["total"])
    jobs = multiplier_kinds(table, "value_added")
    assert np.allclose(jobs["total"], jobs["truncated"])


@pytest.mark.parametrize("mix", ["final_demand", "output"])
def test_region_by_region_columns_are_means_of_multipliers(mix: str) -> None:
    table = random_table(4, 3, 4)
    matrix = region_matrix(table, "value_added", mix=mix)
    given = (table.f if mix == "final_demand" else table.x).to_numpy().reshape(3, 4)
    shares = given / given.sum(axis=1, keepdims=True)
    found = multipliers(table, "value_added")
    assert np.allclose(matrix.sum("receiver"), (found["total"] * shares).sum("sector"))
    own = (found["intraregional"] + found["feedback"]) * shares
    assert np.allclose(np.diag(matrix), own.sum("sector"))
    ax = plot_matrix(matrix)
    assert np.isnan(ax.images[0].get_array().filled(np.nan)).sum() == 3


def test_what_rounding_leaves_is_taken_up_to_the_promise_and_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = random_table(2, 2, 3)
    system, closed = closed_system(table, False)
    weights = np.ones((6, 1))
    proved = float(system.solve_transposed(weights).error_bounds[0])
    monkeypatch.setattr("model.multipliers.TOLERANCE", 1e-17)  # less than rounding allows
    found = certain_transposed(table, system, weights, closed=closed)
    assert found.status == "not_converged"
    assert 0 < found.error_bounds[0] <= max(proved, 1e-13)
    monkeypatch.setattr("model.multipliers.CERTAIN", 1e-17)
    with pytest.raises(Exception, match="rounding"):
        certain_transposed(table, system, weights, closed=closed)
