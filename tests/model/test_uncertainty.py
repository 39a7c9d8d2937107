"""Draws of tables and results over them: totals kept, bits repeated, known variance shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.errors import ShapeError
from model.spillover import spillovers
from model.table_draws import Draws, TableDrawer
from model.uncertainty import plot_uncertainty, uncertainty


def ledger(table):
    return spillovers(table, "R0", 100.0)["ledger"].isel(pole=0, account=0).sum("sector")


def gained(table):
    return ledger(table).sum("part")


COST = np.array([[10.0, 100.0, 300.0], [100.0, 20.0, 150.0], [300.0, 150.0, 15.0]])


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6))
def test_a_drawn_table_keeps_the_totals_and_differs_inside(seed):
    table = random_table(seed, 3, 3, kind="pooled")
    drawer = TableDrawer(table, Draws(cost=COST))
    drawn = drawer.draw(seed, dict.fromkeys(drawer.sources, 3))
    for name in ("output", "demand", "exports", "value_added", "imported_use"):
        assert np.array_equal(drawn.data[name], table.data[name]), name
    one, two = (t.data["domestic_use"].values for t in (table, drawn))
    assert np.allclose(one.sum(axis=0), two.sum(axis=0), rtol=1e-9)
    assert np.allclose(one.sum(axis=2), two.sum(axis=2), rtol=1e-8)
    assert not [f for f in drawn.check() if f.level == "error"]
    assert np.abs(one - two).max() > 1e-3 * one.max()


def test_own_shares_move_by_their_odds_before_balancing_and_together():
    table = random_table(2, 3, 3, kind="pooled")
    drawer = TableDrawer(table, Draws(own_share=(0.5, 2.0), noise=0.0))
    assert drawer.sources == ("own_share",)
    before = table.data["trade_share"].values
    z = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(0, 1))).standard_normal()
    factor = np.exp(np.log(4.0) / (2 * 1.6448536269514722) * z)
    after = drawer.draw(7, {"own_share": 1}).data["trade_share"].values
    # Scaling rows and columns keeps products of opposite corners: the odds of two regions.
    for s, r in ((0, 1), (1, 2)):

        def odds(t, s=s, r=r):
            return t[:, s, s] * t[:, r, r] / (t[:, s, r] * t[:, r, s])

        assert np.allclose(odds(after) / odds(before), factor**2, rtol=1e-6)


def test_the_same_seed_gives_the_same_bits_at_any_number_of_workers_and_when_resumed(tmp_path):
    table = random_table(4, 3, 2, kind="pooled")
    plan = {"draws": 40, "pairs": 6, "seed": 11}
    one = uncertainty(table, gained, **plan)
    three = uncertainty(table, gained, workers=3, **plan)
    xr.testing.assert_identical(one, three)

    calls = [0]

    def stops(some):
        calls[0] += 1
        if calls[0] > 30:
            raise KeyboardInterrupt
        return gained(some)

    with pytest.raises(KeyboardInterrupt):
        uncertainty(table, stops, folder=tmp_path / "run", **plan)
    calls[0] = 0

    def counts(some):
        calls[0] += 1
        return gained(some)

    resumed = uncertainty(table, counts, folder=tmp_path / "run", **plan)
    xr.testing.assert_identical(one, resumed)
    assert calls[0] < 1 + 40 + 6 * 3
    with pytest.raises(ShapeError, match="another run"):
        uncertainty(table, gained, folder=tmp_path / "run", draws=40, pairs=6, seed=12)
    assert not np.array_equal(
        one["median"], uncertainty(table, gained, draws=40, pairs=0)["median"]
    )


def test_without_uncertainty_nothing_moves():
    table = random_table(4, 3, 2, kind="pooled")
    sure = Draws(own_share=(1.0, 1.0), noise=0.0)
    found = uncertainty(table, gained, uncertain=sure, draws=3)
    assert np.allclose(found["low"], found["central"], rtol=1e-8)
    assert np.allclose(found["high"], found["central"], rtol=1e-8)
    assert (found["rank_kept"] == 1.0).all()
    assert float(found["order_kept"]) == 1.0


def test_the_interval_holds_the_median_and_widens_with_the_uncertainty():
    table = random_table(6, 3, 3, kind="pooled")
    narrow = uncertainty(table, gained, uncertain=Draws(noise=0.02, own_share=(0.9, 1.1)),
                         draws=60, pairs=0)  # fmt: skip
    wide = uncertainty(table, gained, uncertain=Draws(noise=0.2), draws=60, pairs=0)
    for data in (narrow, wide):
        assert (data["low"] <= data["median"]).all()
        assert (data["median"] <= data["high"]).all()
    assert float((wide["high"] - wide["low"]).sum()) > float((narrow["high"] - narrow["low"]).sum())


def test_variance_shares_sum_to_one_and_blame_the_source_that_moves():
    table = random_table(5, 3, 2, kind="pooled")

    def own(some):
        t = some.data["trade_share"].values
        return np.log(t[0, 0, 0] * t[0, 1, 1] / (t[0, 0, 1] * t[0, 1, 0]))

    calm = Draws(noise=0.01, own_share=(0.3, 3.0), cost=COST)
    found = uncertainty(table, own, uncertain=calm, draws=60, pairs=60)
    share = found["variance_share"]
    assert float(share.sum()) == pytest.approx(1.0, abs=1e-12)
    assert float(share.sel(source="own_share")) > 0.5
    noisy = uncertainty(table, own, uncertain=Draws(noise=0.5, own_share=(0.99, 1.01)),
                        draws=40, pairs=40)["variance_share"]  # fmt: skip
    assert float(noisy.sel(source="noise")) > 0.95


def test_results_may_be_numbers_series_or_arrays_and_ranks_follow_one_dimension():
    table = random_table(7, 3, 2, kind="pooled")

    def one(some):
        return float(some.trade[0, 0, 0])

    def series(some):
        return pd.Series(some.trade[0, :, 0], index=some.regions, name="t")

    assert uncertainty(table, one, draws=4, pairs=0)["median"].ndim == 0
    found = uncertainty(table, series, draws=20, pairs=0)
    assert found["rank"].values.argmin() == found["central"].values.argmax()
    assert "rank" not in uncertainty(table, ledger, draws=3, pairs=0)
    along = uncertainty(table, ledger, draws=3, pairs=0, rank_along="region")
    assert along["order_kept"].dims == ("part",)
    for bad, words in ((lambda t: t.data, "one array"), (lambda t: np.nan, "finite")):
        with pytest.raises(ShapeError, match=words):
            uncertainty(table, bad, draws=2, pairs=0)
    with pytest.raises(ShapeError, match="rank_along"):
        uncertainty(table, ledger, draws=2, pairs=0, rank_along="city")
    with pytest.raises(ShapeError, match="at least 2"):
        uncertainty(table, one, draws=1)
    with pytest.raises(ShapeError, match="low <= 1"):
        Draws(own_share=(2.0, 0.5))
    with pytest.raises(ShapeError, match="above zero"):
        TableDrawer(table, Draws(cost=COST - 10.0))


def test_explicit_tables_are_pooled_and_progress_ends_at_one():
    import matplotlib

    matplotlib.use("Agg")
    seen: list[float] = []
    table = random_table(8, 3, 2, kind="explicit")
    found = uncertainty(table, gained, draws=20, pairs=0, progress=lambda _, f: seen.append(f))
    assert seen[-1] == 1.0
    assert np.isfinite(found["median"]).all()
    assert plot_uncertainty(found).get_xlabel()
    matplotlib.pyplot.close("all")
