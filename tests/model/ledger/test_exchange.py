"""Who gives to whom: sums of ledgers, symmetric economies, no trade, labels, aggregation."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.aggregate import aggregate
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import StimulusError
from model.ledger.exchange import REST, plot_exchange, plot_net, spillover_exchange
from model.spillover import spillovers

mpl.use("Agg")
KINDS = st.sampled_from(["pooled", "explicit"])


def symmetric(n_regions, own=0.6):
    """Regions that are alike and trade alike: closed forms for every number."""
    sectors, use = ["a", "b"], np.array([[0.2, 0.1], [0.1, 0.3]])
    share = np.full((n_regions, n_regions), (1 - own) / max(n_regions - 1, 1))
    np.fill_diagonal(share, own if n_regions > 1 else 1.0)
    demand = np.array([3.0, 2.0])
    output = np.linalg.solve(np.eye(2) - use, demand)
    domestic = np.repeat((use * output)[:, None, :], n_regions, axis=1)
    return RegionalTable.from_pooled(
        domestic, np.repeat(share[None], 2, axis=0), np.tile(demand, (n_regions, 1)),
        np.zeros((n_regions, 2)), np.tile(output, (n_regions, 1)),
        regions=[f"r{k}" for k in range(n_regions)], sectors=sectors,
    )  # fmt: skip


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), KINDS, st.booleans())
def test_effects_are_those_of_the_ledgers(seed, kind, closed):
    table = random_table(seed, 4, 3, kind=kind)
    poles = {"A": ["R0", "R2"], "B": ["R1"]}
    data = spillover_exchange(table, poles, 3.0, ["output", "value_added"], households=closed)
    ledger = spillovers(table, poles, 3.0, ["output", "value_added"], households=closed)["ledger"]
    by_region = ledger.sum(["sector", "part"])
    for name, members in (*poles.items(), (REST, ["R3"])):
        expected = by_region.sel(region=members).sum("region")
        assert np.allclose(data["effect"].sel(receiver=name), expected, rtol=1e-9)
    parts = ledger.sum(["sector", "region"])
    assert np.allclose(data["intraregional"], parts.sel(part="intraregional"), rtol=1e-9)
    assert np.allclose(data["feedback"], parts.sel(part="feedback"), rtol=1e-7, atol=1e-10)
    if not closed:
        assert np.allclose(data["emitted"], parts.sel(part="spillover"), rtol=1e-9)
        assert not data["induced_inside"].any()
    assert float(data["gap"].max()) < 1e-12


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), KINDS)
def test_net_positions_of_all_regions_sum_to_zero_and_balances_are_opposite(seed, kind):
    table = random_table(seed, 4, 3, kind=kind)
    data = spillover_exchange(table, share=0.01)
    size = float(data["emitted"].sum())
    assert abs(float(data["net"].sum())) < 1e-12 * size
    balance = data["balance"].isel(account=0).values
    assert np.allclose(balance, -balance.T, atol=1e-12 * size)
    assert np.allclose(balance.sum(axis=1), -data["net"].isel(account=0), atol=1e-10 * size)
    demand = table.f.groupby(level="region", sort=False).sum()
    assert np.allclose(data["stimulus"], 0.01 * demand, rtol=1e-12)


@pytest.mark.parametrize("n_regions", [2, 3, 6])
def test_poles_that_are_alike_give_alike(n_regions):
    table = symmetric(n_regions)
    data = spillover_exchange(table, stimulus=1.0, of="output")
    effect = data["effect"].isel(account=0).values
    away = effect[~np.eye(n_regions, dtype=bool)]
    assert np.allclose(away, away[0], rtol=1e-12)
    assert np.allclose(np.diag(effect), effect[0, 0], rtol=1e-12)
    assert np.abs(data["net"]).max() < 1e-14 * effect.sum()
    # Modes of a symmetric economy: the mean has trade 1, deviations have own less other share.
    use = np.array([[0.2, 0.1], [0.1, 0.3]])
    f = np.array([0.6, 0.4])
    mean = np.linalg.solve(np.eye(2) - use, f).sum()
    tilt = 0.6 - 0.4 / (n_regions - 1)
    deviation = np.linalg.solve(np.eye(2) - tilt * use, f).sum()
    assert effect[0, 0] == pytest.approx((mean + (n_regions - 1) * deviation) / n_regions)
    assert effect[0, 1] == pytest.approx((mean - deviation) / n_regions)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6))
def test_without_trade_nothing_is_given(seed):
    table = random_table(seed, 3, 3, imports=False)
    alone = np.repeat(np.eye(3)[None], 3, axis=0)
    use = table.data["domestic_use"]
    technology = use.values / table.x.to_numpy().reshape(3, 3)[None]
    demand = table.demand.to_numpy().reshape(3, 3, 3)
    output = np.stack(
        [np.linalg.solve(np.eye(3) - technology[:, r], demand[r].sum(axis=1)) for r in range(3)]
    )
    shut = RegionalTable.from_pooled(
        technology * output[None], alone, demand, np.zeros((3, 3)), output,
        regions=table.regions, sectors=table.sectors,
    )  # fmt: skip
    data = spillover_exchange(shut)
    assert not data["emitted"].any()
    assert np.abs(data["feedback"]).max() < 1e-12
    ledger = spillovers(shut, "R1", 5.0)["ledger"]
    assert not ledger.sel(part="spillover").any()


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6), KINDS)
def test_units_scale_and_order_permutes(seed, kind):
    table = random_table(seed, 4, 3, kind=kind)
    data = spillover_exchange(table, stimulus=2.0)
    money = [v for v in table.data if table.data[v].attrs.get("units") == table.unit]
    thousands = RegionalTable(
        table.data.assign({v: table.data[v] * 1000.0 for v in money}), table.kind
    )
    assert np.allclose(
        spillover_exchange(thousands, stimulus=2.0)["effect"], data["effect"], rtol=1e-10
    )
    order = np.random.default_rng(seed).permutation(4)
    dims = {d: order for d in ("region", "region_from", "region_to") if d in table.data.dims}
    turned = RegionalTable(table.data.isel(dims), table.kind)
    again = spillover_exchange(turned, stimulus=2.0)["effect"]
    names = [table.regions[k] for k in range(4)]
    assert np.allclose(again.sel(pole=names, receiver=names), data["effect"], rtol=1e-10)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10**6))
def test_an_aggregated_table_gives_the_same_when_its_parts_are_alike(seed):
    # Aggregation is exact where the regions put together have the same columns.
    table = random_table(seed, 2, 3, imports=False)
    twin = np.array([0, 0, 1])  # R0 twice, half the size each
    weight = np.array([0.5, 0.5, 1.0])
    share = table.trade[:, twin[:, None], twin] * weight[None, :, None]
    data = table.data
    big = RegionalTable.from_pooled(
        data["domestic_use"].values[:, twin] * weight[None, :, None], share,
        table.demand.to_numpy().reshape(2, 3, 3)[twin] * weight[:, None, None],
        np.zeros((3, 3)), table.x.to_numpy().reshape(2, 3)[twin] * weight[:, None],
        regions=["a1", "a2", "b"], sectors=table.sectors,
    )  # fmt: skip
    small = aggregate(big, regions={"a1": "a", "a2": "a", "b": "b"})
    fine = spillovers(big, {"a": ["a1", "a2"], "b": ["b"]}, 4.0, "output")["ledger"]
    coarse = spillovers(small, ["a", "b"], 4.0, "output")["ledger"]
    joined = fine.sel(region=["a1", "a2"]).sum("region")
    assert np.allclose(joined, coarse.sel(region="a"), rtol=1e-8, atol=1e-12)
    assert np.allclose(fine.sel(region="b"), coarse.sel(region="b"), rtol=1e-8, atol=1e-12)


def test_poles_must_not_overlap_and_figures_are_drawn():
    table = random_table(3, 3, 2)
    with pytest.raises(StimulusError, match=r"overlap.*R1"):
        spillover_exchange(table, {"A": ["R0", "R1"], "B": ["R1", "R2"]})
    data = spillover_exchange(table, of=["output", "value_added"])
    ax = plot_exchange(data, account="value_added")
    assert ax.images[0].get_array().shape == (3, 3)
    bars = plot_net(data).patches
    assert sorted(bar.get_width() for bar in bars) == pytest.approx(
        sorted(data["net"].sel(account="output").values)
    )
    series = pd.Series([1.0, 2.0, 3.0], index=["R0", "R1", "R2"])
    own = spillover_exchange(table, stimulus={k: float(v) for k, v in series.items()})
    assert np.allclose(own["stimulus"], series)
