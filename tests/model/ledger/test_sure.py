"""Intervals of the ledger: the readings of drawn tables, the same at any number of workers."""

from __future__ import annotations

import numpy as np
import pytest

from io_tables.testing import random_table
from model.errors import ShapeError
from model.ledger.exchange import spillover_exchange
from model.ledger.gap import ledger_disparity
from model.ledger.sure import exchange_uncertainty, ledger_uncertainty
from model.multipliers import multipliers
from model.spillover import spillovers
from model.table_draws import Draws, TableDrawer
from model.uncertainty import uncertainty


def test_intervals_of_the_ledger_are_quantiles_of_ledgers_of_drawn_tables():
    table = random_table(3, 3, 3, kind="pooled")
    found = ledger_uncertainty(table, ["R0", "R1"], 5.0, draws=12, pairs=0, seed=2)
    drawer = TableDrawer(table, Draws())
    every = []
    for k in range(12):
        drawn = drawer.draw(2, dict.fromkeys(drawer.sources, k))
        every.append(spillovers(drawn, ["R0", "R1"], 5.0)["ledger"].sum("sector").isel(account=0))
    values = np.stack(every)
    assert np.allclose(found["low"].isel(part=slice(3)), np.quantile(values, 0.05, axis=0))
    assert np.allclose(found["median"].sel(part="all"), np.median(values.sum(axis=3), axis=0))
    central = spillovers(table, ["R0", "R1"], 5.0)["ledger"].sum(["sector", "account"])
    assert np.allclose(found["central"].isel(part=slice(3)), central, rtol=1e-8)
    assert found["low"].attrs["units"] == table.unit
    assert (found["rank"].sel(part="all").min("region") == 1).all()


def test_any_number_of_workers_and_a_resumed_run_give_the_same_bits(tmp_path):
    table = random_table(4, 3, 3, kind="pooled")
    options = {"draws": 20, "pairs": 2, "seed": 5, "groups": {"A": ["R0", "R2"]}}
    one = ledger_uncertainty(table, "R1", **options)
    three = ledger_uncertainty(table, "R1", workers=3, folder=tmp_path / "kept", **options)
    again = ledger_uncertainty(table, "R1", folder=tmp_path / "kept", **options)
    for other in (three, again):
        for name in one.data_vars:
            assert np.array_equal(one[name], other[name]), name
    assert list(one["group"].values) == ["A", "outside"]
    shares = one["variance_share"].sum("source")  # 0 where nothing can vary
    assert np.allclose(shares.sel(part="all"), 1.0)
    assert np.allclose(shares, np.round(shares))


def test_households_inside_widen_nothing_but_add_a_part():
    table = random_table(5, 3, 3, kind="pooled")
    found = ledger_uncertainty(table, "R0", households=True, draws=4, pairs=0)
    assert list(found["part"].values)[-2:] == ["induced", "all"]
    assert (found["low"].sel(part="induced") > 0).all()


def test_net_positions_sum_to_zero_in_the_middle_of_every_draw():
    table = random_table(6, 4, 2, kind="pooled")
    found = exchange_uncertainty(table, share=0.01, draws=8, pairs=0, seed=1)
    mean = found["mean"].sel(reading="net")
    size = float(np.abs(mean).sum())
    assert abs(float(mean.sum())) < 1e-10 * size
    assert np.allclose(
        found["central"].sel(reading="net"),
        spillover_exchange(table, share=0.01)["net"].isel(account=0),
    )
    assert set(found["rank"].sel(reading="net").values) == {1.0, 2.0, 3.0, 4.0}


def test_elasticities_beside_the_table_are_drawn_with_it_and_get_their_share():
    table = random_table(7, 3, 2, kind="pooled")
    uncertain = Draws(
        own_share=(1.0, 1.0), noise=0.05, parameters={"theta": (2.0, 4.0, 16.0), "fixed": (3, 3, 3)}
    )
    drawer = TableDrawer(table, uncertain)
    assert drawer.sources == ("noise", "theta")
    drawn = [drawer.values(9, {"theta": k})["theta"] for k in range(4000)]
    assert np.quantile(drawn, [0.05, 0.5, 0.95]) == pytest.approx([2.0, 4.0, 16.0], rel=0.06)
    assert drawer.values(9, {}) == {"theta": 4.0, "fixed": 3.0}

    def reading(one, numbers):
        assert numbers["fixed"] == 3.0
        return multipliers(one)["total"] + np.log(numbers["theta"])

    found = uncertainty(table, reading, uncertain=uncertain, draws=60, pairs=30, seed=3)
    shares = found["variance_share"]
    assert np.allclose(shares.sum("source"), 1.0)
    assert (shares.sel(source="theta") > 0.95).all()  # ln theta moves by 0.6, multipliers by 0.01
    alone = uncertainty(
        table, lambda one, numbers: numbers["theta"],
        uncertain=Draws((1, 1), noise=0.0, parameters={"theta": (2.0, 4.0, 16.0)}), draws=9,
    )  # fmt: skip
    assert float(alone["central"]) == 4.0
    assert alone.attrs["sources"] == "theta"


def test_multipliers_and_the_gap_between_regions_carry_intervals_too():
    table = random_table(9, 3, 2, kind="pooled")
    total = uncertainty(table, lambda one: multipliers(one)["total"], draws=6, pairs=0)
    assert total["low"].dims == ("region", "sector")
    assert (total["low"] <= total["high"]).all()
    amount = 0.1 * float(table.f.sum())

    def reading(one):
        return ledger_disparity(one, ["R0", "R2"], amount)["share"].isel(index=0, drop=True)

    gap = uncertainty(table, reading, draws=6, pairs=0, rank_along="pole")
    assert gap["median"].dims == ("pole", "part")
    assert np.allclose(gap["central"], reading(table.pooled()))


def test_parameters_that_cannot_be_are_refused():
    with pytest.raises(ShapeError, match="theta"):
        Draws(parameters={"theta": (2.0, 1.0, 3.0)})
    with pytest.raises(ShapeError, match="name of its own"):
        Draws(parameters={"noise": (1.0, 2.0, 3.0)})
    many = {f"p{k}": (1.0, 2.0, 3.0) for k in range(6)}
    table = random_table(8, 2, 2, kind="pooled")
    with pytest.raises(ShapeError, match="at most 6 sources"):
        uncertainty(table, lambda one, numbers: 1.0, uncertain=Draws(parameters=many), draws=20)
