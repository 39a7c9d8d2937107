"""Fields of influence and important coefficients against changed tables solved anew."""

from __future__ import annotations

import numpy as np
import pytest
import reference_toolbox as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError, TooLarge, UnknownLabel
from model.influence import (
    field_of_influence,
    influence,
    inverse_important,
    most_influential,
)
from model.solve import Leontief

FEW = settings(max_examples=8, deadline=None)


def test_a_field_is_what_one_coefficient_does_to_the_inverse():
    table = random_table(2, 2, 3)
    matrix = Leontief(table).operator.dense()
    before = slow.inverse(matrix)
    supplier, buyer = table.labels[1], table.labels[5]
    for change in (0.05, -0.01):
        new = matrix.copy()
        new[1, 5] += change
        exact = field_of_influence(table, supplier, buyer, change=change)
        assert np.allclose(exact, slow.inverse(new) - before, atol=1e-12)
    step = 1e-6
    new = matrix.copy()
    new[1, 5] += step
    field = field_of_influence(table, supplier, buyer)
    assert np.allclose(field, (slow.inverse(new) - before) / step, rtol=1e-4)
    assert field.index.equals(table.labels)


@pytest.mark.parametrize("norm", ["frobenius", "sum"])
def test_sizes_of_all_fields_are_an_outer_product(norm):
    table = random_table(3, 2, 3)
    sizes = influence(table, norm=norm)
    strength = np.outer(sizes.as_supplier.values.ravel(), sizes.as_buyer.values.ravel())
    for i in range(6):
        for j in range(6):
            field = field_of_influence(table, table.labels[i], table.labels[j]).to_numpy()
            size = np.linalg.norm(field) if norm == "frobenius" else field.sum()
            assert strength[i, j] == pytest.approx(size)
    listed = most_influential(table, top=5, norm=norm)
    matrix = Leontief(table).operator.dense()
    best = np.sort(strength[matrix != 0])[::-1][:5]
    assert np.allclose(listed["strength"], best)
    assert (listed["coefficient"] != 0).all()
    everywhere = most_influential(table, top=5, norm=norm, existing=False)
    assert np.allclose(everywhere["strength"], np.sort(strength.ravel())[::-1][:5])


@pytest.mark.parametrize("criterion", ["output", "inverse"])
@pytest.mark.parametrize("kind", ["pooled", "explicit"])
def test_tolerable_changes_equal_bisection_over_all_cells(criterion, kind):
    table = random_table(4, 2, 3, kind=kind)
    matrix, f = Leontief(table).operator.dense(), table.f.to_numpy()
    found = inverse_important(table, tolerance=0.02, criterion=criterion, top=1000)
    assert len(found) == (matrix > 0).sum()
    assert found["tolerable"].is_monotonic_increasing
    for _, row in found.iloc[::5].iterrows():
        i = table.labels.get_loc((row.region_from, row.sector_from))
        j = table.labels.get_loc((row.region_to, row.sector_to))
        limit = (
            slow.output_limit(matrix, f, i, j, 0.02)
            if criterion == "output"
            else slow.inverse_limit(matrix, i, j, 0.02)
        )
        assert row.coefficient == pytest.approx(matrix[i, j])
        assert row.tolerable * matrix[i, j] == pytest.approx(limit, rel=1e-6)


@FEW
@given(st.integers(0, 10_000))
def test_the_coefficient_itself_moves_most_in_the_inverse(seed):
    """l_ii l_jj / l_ij bounds l_ki l_jl / l_kl for every k, l: what makes O(n^2) possible."""
    inverse = slow.inverse(Leontief(random_table(seed, 2, 3)).operator.dense())
    own = np.diagonal(inverse)
    for i in range(6):
        for j in range(6):
            every = np.outer(inverse[:, i], inverse[j]) * inverse[i, j]
            assert (every <= own[i] * own[j] * inverse * (1 + 1e-9)).all()


@FEW
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_units_do_not_matter(seed, factor):
    table = random_table(seed, 2, 3, kind="explicit")
    other = RegionalTable.from_flows(
        factor * table.Z, factor * table.Y.sum(axis=1), factor * table.x
    )
    one, two = inverse_important(table, top=9), inverse_important(other, top=9)
    assert np.allclose(one["tolerable"], two["tolerable"], rtol=1e-7)


def test_the_list_is_the_same_however_the_rows_are_cut(monkeypatch):
    table = random_table(6, 4, 5)
    whole = most_influential(table, top=12), inverse_important(table, top=12)
    monkeypatch.setattr("model.influence.ROWS_AT_ONCE", 3)
    monkeypatch.setattr("model.leontief.inverse_pieces.WIDTH", 7)
    parts = most_influential(table, top=12), inverse_important(table, top=12)
    for one, two in zip(whole, parts, strict=True):
        assert one.iloc[:, :4].equals(two.iloc[:, :4])
        assert np.allclose(one.iloc[:, 4:], two.iloc[:, 4:])


@pytest.mark.parametrize("criterion", ["output", "inverse"])
def test_industries_without_output_are_left_out(criterion):
    table = random_table(5, 2, 3, zero_industry=True)
    found = inverse_important(table, criterion=criterion, top=1000)
    assert np.isfinite(found["tolerable"]).all()
    idle = (found["region_to"] == "R1") & (found["sector_to"] == "S2")
    assert not idle.any()


def test_what_cannot_be_is_refused(monkeypatch):
    table = random_table(0, 2, 2)
    with pytest.raises(UnknownLabel, match="not rows of the table: R1 / S8"):
        field_of_influence(table, ("R0", "S1"), ("R1", "S8"))
    with pytest.raises(ShapeError, match="must stay below"):
        field_of_influence(table, table.labels[0], table.labels[0], change=5.0)
    with pytest.raises(ShapeError, match="norm"):
        influence(table, norm="max")
    with pytest.raises(ShapeError, match="tolerance"):
        inverse_important(table, tolerance=0.0)
    with pytest.raises(ShapeError, match="criterion"):
        inverse_important(table, criterion="price")
    with pytest.raises(ShapeError, match="top"):
        most_influential(table, top=0)
    monkeypatch.setattr("model.influence.LARGEST", 100)
    with pytest.raises(TooLarge, match="aggregate"):
        field_of_influence(table, table.labels[0], table.labels[1])
