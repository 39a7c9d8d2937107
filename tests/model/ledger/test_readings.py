"""Rounds, groups and rings, factors of two blocks, and paths behind a number of the ledger."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError, UnknownLabel
from model.ledger.chains import ledger_paths
from model.ledger.groups import INSIDE, OUTSIDE, by_ring, group_regions, group_sectors, rings
from model.ledger.rounds import plot_rounds, spillover_rounds
from model.ledger.two_blocks import block_matrices, two_blocks
from model.spillover import plot_ledger, spillovers

mpl.use("Agg")
KINDS = st.sampled_from(["pooled", "explicit"])


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), KINDS)
def test_rounds_are_powers_of_a_and_add_up_to_the_ledger(seed, kind):
    table = random_table(seed, 3, 3, kind=kind)
    data = spillover_rounds(table, ["R0", "R2"], 5.0, "output", n_rounds=80)
    ledger = spillovers(table, ["R0", "R2"], 5.0, "output")
    a = table.A.to_numpy()
    for pole in ("R0", "R2"):
        f = ledger["stimulus_placed"].sel(pole=pole).values.reshape(-1)
        mine = table.labels.get_level_values("region") == pole
        whole = ledger["ledger"].sel(pole=pole).sum(["sector", "part", "account"])
        inside = float(whole.sel(region=pole))
        assert np.allclose(
            data["whole"].sel(pole=pole), [inside, float(whole.sum()) - inside], rtol=1e-9
        )
        power, moments = f.copy(), np.zeros(2)
        for k in range(81):
            told = [power[mine].sum(), power[~mine].sum()]
            assert np.allclose(data["effect"].sel(pole=pole, round=k), told, rtol=1e-10)
            moments += k * np.array(told)
            power = a @ power
        mean = moments / data["whole"].sel(pole=pole).values
        assert np.allclose(data["mean_rounds"].sel(pole=pole), mean, rtol=1e-6)
    assert np.allclose(data["so_far"].isel(round=-1), 1.0, rtol=1e-9)
    assert not data["effect"].sel(round=0, where="elsewhere").any()


def test_rounds_until_a_share_is_there_are_the_first_such():
    table = random_table(4, 3, 3)
    data = spillover_rounds(table, "R1", shares=[0.3, 0.8])
    shares = data["so_far"].isel(pole=0)
    for share in (0.3, 0.8):
        for place in ("in the pole", "elsewhere"):
            until = int(data["rounds_until"].isel(pole=0).sel(share=share, where=place))
            line = shares.sel(where=place).values
            assert line[until] >= share
            assert until == 0 or line[until - 1] < share
    assert float(data["crossed"].isel(round=0).sum()) == 0.0
    assert (np.diff(data["crossed"].isel(pole=0).values[:4]) > 0).all()
    short = spillover_rounds(table, "R1", shares=[0.99], n_rounds=1)
    assert np.isnan(short["rounds_until"]).any()
    assert len(plot_rounds(data).lines) == 2


def test_rounds_with_households_inside_take_longer_and_reach_the_closed_whole():
    table = random_table(14, 3, 3)
    closed = spillover_rounds(table, "R0", 2.0, households=True)
    ledger = spillovers(table, "R0", 2.0, households=True)["ledger"]
    assert float(closed["whole"].sum()) == pytest.approx(float(ledger.sum()), rel=1e-9)
    opened = spillover_rounds(table, "R0", 2.0)
    assert (closed["mean_rounds"] > opened["mean_rounds"]).all()


def test_rounds_refuse_what_means_nothing():
    table = random_table(5, 2, 2)
    with pytest.raises(ShapeError, match="between 0 and 1"):
        spillover_rounds(table, "R0", shares=[1.0])
    with pytest.raises(ShapeError, match="one sign"):
        spillover_rounds(table, "R0", of=pd.Series([1.0, -1.0, 0.0, 1.0], index=table.labels))
    with pytest.raises(ShapeError, match="negative"):
        spillover_rounds(table, "R0", n_rounds=-1)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), KINDS)
def test_grouping_keeps_every_sum(seed, kind):
    table = random_table(seed, 4, 3, kind=kind)
    data = spillovers(table, "R0", 3.0, ["output", "value_added"])
    rng = np.random.default_rng(seed)
    split = float(rng.random())
    groups = {"x": {"R0": split, "R1": 1.0}, "y": {"R0": 1 - split}}
    found = group_regions(data, groups)
    assert list(found["group"].values) == ["x", "y", OUTSIDE]
    assert np.allclose(
        found["ledger"].sum("group"), data["ledger"].sum("region"), rtol=1e-12, atol=1e-14
    )
    one = data["ledger"]
    expected = split * one.sel(region="R0") + one.sel(region="R1")
    assert np.allclose(found["ledger"].sel(group="x"), expected, rtol=1e-12)
    assert found["ledger"].attrs == data["ledger"].attrs
    assert np.array_equal(found["leakage"], data["leakage"])
    series = pd.Series({"S0": "goods", "S1": "goods", "S2": "services"})
    by_kind = group_sectors(data["ledger"], series, name="kind_of_sector")
    assert by_kind.dims == tuple(
        "kind_of_sector" if d == "sector" else d for d in data["ledger"].dims
    )
    assert np.allclose(
        by_kind.sel(kind_of_sector="goods"), one.isel(sector=[0, 1]).sum("sector"), rtol=1e-12
    )


def test_a_coordinate_beside_regions_is_a_grouping():
    table = random_table(6, 3, 2)
    data = spillovers(table, "R0")["ledger"].assign_coords(belt=("region", ["N", "S", "N"]))
    found = group_regions(data, "belt", name="belt")
    assert np.allclose(found.sel(belt="N"), data.isel(region=[0, 2]).sum("region"))
    with pytest.raises(UnknownLabel, match="did you mean 'belt'"):
        group_regions(data, "blet")


def test_groups_that_do_not_fit_are_named():
    data = spillovers(random_table(7, 3, 2), "R0")["ledger"]
    with pytest.raises(UnknownLabel, match="R7"):
        group_regions(data, {"x": ["R7"]})
    with pytest.raises(ShapeError, match="R1"):
        group_regions(data, {"x": ["R1"], "y": ["R1"]})
    with pytest.raises(ShapeError, match="no dimension 'region'"):
        group_regions(data.sum("region"), {"x": ["R1"]})
    with pytest.raises(ShapeError, match=r"shares >= 0 .*R2"):
        group_regions(data, {"x": {"R2": float("nan")}})
    with pytest.raises(ShapeError, match="must not be called 'outside'"):
        group_regions(data, {"outside": ["R1"]})


COST = pd.DataFrame(
    [[5.0, 60.0, 130.0, 500.0], [60.0, 5.0, 90.0, 400.0], [130.0, 90.0, 5.0, 479.0],
     [500.0, 400.0, 479.0, 5.0]],
    index=["R0", "R1", "R2", "R3"], columns=["R0", "R1", "R2", "R3"],
)  # fmt: skip


def test_rings_begin_at_their_edge_and_are_seen_from_the_nearest_member():
    assert rings(COST, ["R0"]).tolist() == [
        INSIDE, "60-120 min", "120-240 min", "480 min and more",
    ]  # fmt: skip
    assert rings(COST, ["R0", "R1"], edges=[100.0]).tolist() == [
        INSIDE, INSIDE, "up to 100 min", "100 min and more",
    ]  # fmt: skip
    with pytest.raises(ShapeError, match="must rise"):
        rings(COST, ["R0"], edges=[2.0, 1.0])
    with pytest.raises(UnknownLabel, match="R9"):
        rings(COST, ["R9"])
    with pytest.raises(ShapeError, match="none was given"):
        rings(COST, [])
    with pytest.raises(ShapeError, match=r"cost .* to every region; not so: R2"):
        rings(COST.replace(130.0, np.nan), ["R0"])


def test_a_ledger_by_ring_sums_to_the_ledger_around_every_pole():
    table = random_table(8, 4, 2)
    poles = {"one": ["R0", "R1"], "R3": ["R3"]}
    ledger = spillovers(table, poles)["ledger"].sum(["sector", "account"])
    found = by_ring(ledger, COST, {"one": ["R0", "R1"]})
    assert np.allclose(found.sum("ring"), ledger.sum("region"), rtol=1e-12)
    inside = ledger.sel(pole="one", region=["R0", "R1"]).sum("region")
    assert np.allclose(found.sel(pole="one", ring=INSIDE), inside, rtol=1e-12)
    assert np.allclose(
        found.sel(pole="R3", ring="240-480 min"),
        ledger.sel(pole="R3", region=["R1", "R2"]).sum("region"),
    )
    with pytest.raises(UnknownLabel, match="R3"):
        by_ring(ledger, COST.iloc[:3, :3])


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), KINDS)
def test_the_three_factors_multiply_to_the_leontief_inverse(seed, kind):
    table = random_table(seed, 4, 3, kind=kind)
    factors = block_matrices(table, ["R1", "R3"])
    inverse = np.linalg.inv(np.eye(12) - table.A)
    inverse = pd.DataFrame(inverse, index=table.labels, columns=table.labels)
    expected = inverse.loc[factors.labels, factors.labels]
    assert np.abs(factors.inverse() - expected).max().max() < 1e-12 * np.abs(expected).max().max()
    # Off-diagonal blocks only in the open loop, diagonal ones only in the other two.
    assert not factors.within[:6, 6:].any()
    assert not factors.closed_loop[6:, :6].any()
    assert np.array_equal(factors.open_loop[:6, :6], np.eye(6))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), KINDS)
def test_factors_tell_the_ledger_s_parts(seed, kind):
    table = random_table(seed, 4, 3, kind=kind)
    pole = {"P": ["R0", "R2"]}
    found = two_blocks(table, pole, 3.0, "output")
    ledger = spillovers(table, pole, 3.0, "output")["ledger"].isel(pole=0, account=0)
    effect = found["effect"].isel(pole=0)
    here = ["R0", "R2"]
    within, closed = effect.sel(factor="within"), effect.sel(factor="closed loop")
    part = ledger.sel(part="intraregional", region=here)
    assert np.allclose(within.sel(region=here), part, rtol=1e-9)
    assert np.allclose(
        closed.sel(region=here), ledger.sel(part="feedback", region=here), rtol=1e-6, atol=1e-10
    )
    outside = effect.sel(region=["R1", "R3"])
    assert np.allclose(
        outside.sum("factor"), ledger.sel(part="spillover", region=["R1", "R3"]), rtol=1e-9
    )
    assert not effect.sel(factor="open loop", region=here).any()
    assert float(found["gap"].max()) < 1e-11


def test_the_two_blocks_of_miller_and_blair():
    two = case("mb_two_region_5x5")
    labels = pd.MultiIndex.from_tuples([tuple(v.split("_")) for v in two.Z.index])
    flows = two.Z.set_axis(labels).T.set_axis(labels).T
    flows.index.names = flows.columns.names = ["region", "sector"]
    final = two.Y.set_axis(flows.index)
    final.columns = pd.MultiIndex.from_product([["r1", "r2"], ["all"]])
    table = RegionalTable.from_flows(flows, final)
    found = two_blocks(table, "r1", {"s1": 100.0}, "output")["effect"].isel(pole=0)
    inside = found.sel(region="r1")
    assert np.allclose(
        inside.sel(factor="closed loop"), two.value["df100_s1_feedback_r1"], atol=1e-9
    )
    whole = found.sum("factor")
    assert np.allclose(whole.sel(region="r1"), two.value["df100_s1_x_full"][:3], atol=1e-9)


def test_two_blocks_need_two():
    table = random_table(9, 2, 2)
    with pytest.raises(ShapeError, match="whole table"):
        two_blocks(table, {"all": ["R0", "R1"]})
    with pytest.raises(ShapeError, match="whole table"):
        block_matrices(table, ["R0", "R1"])


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), KINDS)
def test_paths_behind_a_number_sum_to_it_part_by_part(seed, kind):
    table = random_table(seed, 3, 2, kind=kind)
    ledger = spillovers(table, "R1", 10.0)["ledger"].isel(pole=0, account=0)
    for regions in (["R0"], ["R1"], None):
        paths = ledger_paths(table, "R1", 10.0, regions=regions, smallest=1e-5, listed=100_000)
        chosen = ledger if regions is None else ledger.sel(region=regions)
        assert paths.total == pytest.approx(float(chosen.sum()), rel=1e-8)
        listed = paths.frame.groupby("part")["value"].sum()
        for part, value in listed.items():
            whole = float(chosen.sel(part=part).sum())
            assert value <= whole * (1 + 1e-9)
            assert value >= whole - paths.left_out - 1e-9
    assert set(listed.index) == {"intraregional", "feedback", "spillover"}
    assert paths.units == table.unit


def test_paths_in_the_pole_that_never_leave_are_its_own():
    table = random_table(11, 3, 2)
    paths = ledger_paths(table, "R0", 1.0, regions="R0", count=200)
    region = np.where(paths.nodes >= 0, paths.nodes // 2, 0)
    left = (region != 0).any(axis=1)
    assert (paths.frame["part"] == np.where(left, "feedback", "intraregional")).all()


def test_bars_of_the_ledger_end_at_its_totals():
    table = random_table(12, 3, 2)
    data = spillovers(table, ["R0", "R1"], 2.0, ["output", "value_added"])
    ax = plot_ledger(data, pole="R1", account="value_added", most=2)
    whole = data["ledger"].sel(pole="R1", account="value_added").sum(["sector", "part"])
    ends = sorted({bar.get_y(): bar.get_x() + bar.get_width() for bar in ax.patches}.values())
    assert ends == pytest.approx(sorted(whole.values)[-2:])
