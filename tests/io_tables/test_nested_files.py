"""Tables of places in gravity form as files: exact round trips, and damage told in one line."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from tables import full_table

from io_tables.errors import InvalidTable, MissingTable, TableError, UnreadableTable
from io_tables.nest import NestedTable, nest
from io_tables.nesting.portable import check_nested
from io_tables.readers import read_regional_table, read_table, write_table
from io_tables.testing import assert_table_equal, random_table


def places(count: int, regions: list[str], seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "parent": [regions[k % len(regions)] for k in range(count)],
            "size": rng.uniform(1.0, 5.0, count),
            "name_zh": [f"县{k}" for k in range(count)],
        },
        index=[f"P{k}" for k in range(count)],
    )
    cost = pd.DataFrame(rng.uniform(1.0, 9.0, (count, count)), frame.index, frame.index)
    return frame, cost


@pytest.fixture(params=["flows", "cells"])
def nested(request) -> NestedTable:
    table = random_table(3, 3, 4)
    frame, cost = places(8, table.regions)
    if request.param == "flows":
        frame["population"] = 1000.0 * frame["size"]
    return nest(table, frame, cost, preserve=request.param, decay=1.3)


def assert_same(one: NestedTable, other: NestedTable) -> None:
    assert_table_equal(one.parent, other.parent)
    for field in dataclasses.fields(NestedTable):
        given, found = getattr(one, field.name), getattr(other, field.name)
        if isinstance(given, np.ndarray):
            assert given.dtype == found.dtype
            assert given.tobytes() == found.tobytes(), field.name
        elif field.name == "accounts":
            assert given.keys() == found.keys()
            assert all(given[k].tobytes() == found[k].tobytes() for k in given)
        elif field.name != "parent":
            assert given == found, field.name


@pytest.mark.parametrize("name", ["places.nc", "places.npz"])
def test_accounts_beside_the_flows_are_in_the_file(tmp_path, name):
    table = full_table().pooled()
    frame, cost = places(5, table.regions)
    made = nest(table, frame, cost)
    assert {"discrepancy", "stressor_use"} <= set(made.accounts)
    assert_same(made, read_table(write_table(made, tmp_path / name)))


@pytest.mark.parametrize("name", ["places.nc", "places.npz"])
def test_a_table_of_places_comes_back_bit_by_bit(nested, tmp_path, name):
    path = write_table(nested, tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    back = read_table(path)
    assert isinstance(back, NestedTable)
    assert_same(nested, back)
    assert_same(nested, read_table(path, format="nested"))
    # where its trade fits, everything that takes a table takes the file
    assert_table_equal(read_regional_table(path), nested.to_table())


def test_a_file_is_small_beside_its_trade(tmp_path):
    table = random_table(5, 2, 12)
    frame, cost = places(120, table.regions)
    made = nest(table, frame, cost)
    path = write_table(made, tmp_path / "t.nc")
    assert path.stat().st_size < 0.3 * 8 * 120 * 120 * 12


def test_formats_that_spell_trade_out_say_how(nested, tmp_path):
    with pytest.raises(UnreadableTable, match=r"netcdf or npz, not as tidy.*to_table"):
        write_table(nested, tmp_path / "t.csv")
    with pytest.raises(MissingTable, match="no folder"):
        write_table(nested, tmp_path / "nowhere" / "t.nc")
    whole = write_table(nested.parent, tmp_path / "t.nc")
    with pytest.raises(UnreadableTable, match=r"t\.nc"):
        read_table(whole, format="nested")


@pytest.mark.parametrize("name", ["places.nc", "places.npz"])
def test_a_file_cut_or_scratched_anywhere_is_the_same_table_or_one_clear_error(
    nested, tmp_path, name
):
    good = write_table(nested, tmp_path / name).read_bytes()
    path = tmp_path / f"bad.{name.split('.')[1]}"
    rng = np.random.default_rng(1)
    spoiled = [good[: int(k)] for k in np.linspace(0, len(good) - 1, 12)]
    for at in rng.integers(0, len(good), 25).tolist():
        spoiled.append(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
    for content in spoiled:
        path.write_bytes(content)
        try:
            found = read_table(path)
        except TableError:
            continue
        assert isinstance(found, NestedTable)
        np.testing.assert_allclose(found.output, nested.output, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n: {"output": n.output * 1.01}, "output of places must sum"),
        (lambda n: {"cost": n.cost * 0}, "cost must be above 0"),
        (lambda n: {"places": ("P0",) * len(n.places)}, "found twice: P0"),
        (lambda n: {"parent_of": n.parent_of + 3}, "parent_of must be below 3"),
        (lambda n: {"weights": -n.weights}, "weights must not be negative"),
        (lambda n: {"decay": n.decay * np.nan}, "decay must be finite"),
        (lambda n: {"coords": {"code": ["x"]}}, "one a place, not so: code"),
        (lambda n: {"parent": n.parent.explicit()}, "must be pooled"),
    ],
)
def test_figures_that_do_not_belong_together_are_refused(nested, tmp_path, change, message):
    wrong = dataclasses.replace(nested, **change(nested))
    assert any(message in failure for failure in check_nested(wrong))
    path = write_table(wrong, tmp_path / "t.npz")
    with pytest.raises(InvalidTable, match=message):
        read_table(path)


def test_arrays_of_another_shape_are_named(nested, tmp_path):
    wrong = dataclasses.replace(nested, weights=nested.weights[1:], decay=nested.decay[:1])
    with pytest.raises(UnreadableTable, match=r"decay must have shape \(4,\), found \(1,\); wei"):
        read_table(write_table(wrong, tmp_path / "t.npz"))
