"""Value added in trade: printed cases, slow twins of three decompositions, identities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import reference_trade as slow
from cases_io import case
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.china import load_china
from io_tables.table import RegionalTable
from io_tables.testing import random_table
from model.errors import ShapeError, TooLarge
from model.export_decomposition import (
    BM_TERMS,
    KWW_TERMS,
    WWZ_TERMS,
    borin_mancini,
    koopman_wang_wei,
    plot_decomposition,
    wang_wei_zhu,
)
from model.stressors import final_use_of
from model.value_added_trade import (
    circulation,
    domestic_chains,
    plot_circulation,
    value_added_in_final_demand,
    value_added_origins,
    vertical_specialisation,
)

KINDS = st.sampled_from(["pooled", "explicit"])


def leather():
    made = case("decompr_leather_9x9")
    labels = pd.MultiIndex.from_tuples(
        [tuple(name.split(".")) for name in made.Z.index], names=["region", "sector"]
    )
    regions = list(dict.fromkeys(labels.get_level_values(0)))
    columns = pd.MultiIndex.from_product([regions, ["all"]])
    flows = made.Z.set_axis(labels, axis=0).set_axis(labels, axis=1)
    final = made.Y.set_axis(labels, axis=0).set_axis(columns, axis=1)
    return made, RegionalTable.from_flows(flows, final, made.x.iloc[:, 0].to_numpy())


def parts_of(table):
    A, _ = slow.inverse(table.Z.to_numpy(), table.x.to_numpy())
    x = table.x.to_numpy()
    return A, table.va.to_numpy().sum(axis=0) / x, x, final_use_of(table).values


def close(ours, theirs):
    assert np.allclose(ours, theirs, rtol=1e-8, atol=1e-10 * max(np.abs(theirs).max(), 1e-300))


def test_the_leather_economies_have_their_printed_value_added():
    made, table = leather()
    exports = value_added_origins(table, "exports", detail=True)
    matrix = exports.values.reshape(9, 9)
    close(matrix, np.array(made.value["VBE"]))
    printed = made.value["leontief_exports_row1_row81"]  # cut after five decimals
    assert np.allclose(matrix[[0, 8], [0, 8]], printed, rtol=0.0, atol=1e-5)
    output = value_added_origins(table, "output", detail=True).values.reshape(9, 9)
    printed = made.value["leontief_output_row1_row81"]
    assert np.allclose(output[[0, 8], [0, 8]], printed, atol=1e-7)
    final = value_added_origins(table, "final_demand", detail=True).values.reshape(-1)
    printed = made.value["leontief_final_demand_row1_row20"]
    assert np.allclose(final[[0, 19]], printed, atol=1e-7)
    sold = wang_wei_zhu(table)["exports"].sum("partner").values.reshape(-1)
    close(sold, np.array(made.value["exports"]))


@settings(deadline=None, max_examples=12)
@given(st.integers(2, 4), st.integers(1, 3), st.integers(0, 10**6), KINDS, st.booleans())
def test_koopman_wang_wei_is_its_formula(R, S, seed, kind, imports):
    table = random_table(seed, R, S, kind=kind, imports=imports)
    found = koopman_wang_wei(table)
    wanted = slow.koopman(*parts_of(table), R, S)
    ours = np.stack([found[name].values for name in KWW_TERMS], axis=1)
    close(ours[:, :6], wanted[:, :6])
    # the rest (taxes) is in the twin's foreign content, by term, and ours is one sum
    close(ours[:, 6:].sum(axis=1) + found["rest"].values, wanted[:, 6:].sum(axis=1))
    if not imports:
        close(ours, wanted)
    assert found.attrs["gap"] < 1e-12


@settings(deadline=None, max_examples=10)
@given(st.integers(2, 4), st.integers(1, 3), st.integers(0, 10**6), KINDS)
def test_wang_wei_zhu_is_its_formula_in_a_closed_world(R, S, seed, kind):
    table = random_table(seed, R, S, kind=kind, imports=False)
    found = wang_wei_zhu(table)
    wanted = slow.wang(*parts_of(table), R, S)
    for name, term in zip(WWZ_TERMS, wanted, strict=True):
        scale = found["exports"].values.max()
        assert np.allclose(found[name], term, rtol=1e-8, atol=1e-11 * scale), name


@settings(deadline=None, max_examples=12)
@given(
    st.integers(2, 4),
    st.integers(1, 3),
    st.integers(0, 10**6),
    KINDS,
    st.sampled_from(["source", "sink"]),
)
def test_borin_mancini_is_the_inverse_without_a_regions_input_exports(R, S, seed, kind, approach):
    table = random_table(seed, R, S, kind=kind, imports=False)
    found = borin_mancini(table, approach)
    wanted = slow.borin(*parts_of(table), R, S, approach == "sink")
    for name, term in zip(("DVA", "REF", "DDC", "FVA", "FDC"), wanted, strict=True):
        scale = found["exports"].values.max()
        assert np.allclose(found[name], term, rtol=1e-8, atol=1e-11 * scale), name


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), KINDS, st.booleans())
def test_the_three_decompositions_agree_where_they_say_the_same(seed, kind, imports):
    table = random_table(seed, 3, 3, kind=kind, imports=imports)
    kww, wwz = koopman_wang_wei(table), wang_wei_zhu(table).sum(["sector", "partner"])
    source, sink = (borin_mancini(table, a) for a in ("source", "sink"))
    for data in (kww, wang_wei_zhu(table), source, sink):
        assert data.attrs["gap"] < 1e-12
    scale = float(kww["exports"].max())
    for name in ("DVA", "DAVAX", "REF", "DDC", "FVA", "FDC"):
        one, two = (d[name].sum(["sector", "partner"]).values for d in (source, sink))
        assert np.allclose(one, two, atol=1e-11 * scale), name
    own = kww["DVA_FIN"] + kww["DVA_INT"] + kww["DVA_INTrex"]
    vax = (source["DVA"] - source["REF"]).sum(["sector", "partner"])
    assert np.allclose(own, vax, atol=1e-11 * scale)
    assert np.allclose(kww["DVA_INT"], wwz["DVA_INT"] + wwz["DVA_INTrexI1"], atol=1e-11 * scale)
    assert np.allclose(kww["DDC"], wwz["DDC_FIN"] + wwz["DDC_INT"], atol=1e-11 * scale)
    found = vertical_specialisation(table)
    assert np.allclose(found["VAX"], own, atol=1e-11 * scale)
    assert np.allclose(
        found["DC"] + found["VS"] + found["rest"], kww["exports"], atol=1e-11 * scale
    )
    assert np.allclose(found["returned"], kww["RDV_FIN"] + kww["RDV_INT"], atol=1e-11 * scale)
    assert float(source["DAVAX"].min()) >= -1e-12 * scale
    assert float(source["VAX_GVC"].min()) >= -1e-9 * scale
    assert set(BM_TERMS) <= set(source.data_vars)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), KINDS)
def test_origins_add_up_to_what_is_sold(seed, kind):
    table = random_table(seed, 3, 3, kind=kind)
    x = table.x.to_numpy().reshape(3, 3)
    close(value_added_origins(table, "output").sum("origin").values, x)
    sold = wang_wei_zhu(table)["exports"].sum("partner").values
    close(value_added_origins(table, "exports").sum("origin").values, sold)
    final = value_added_origins(table, "final_demand").sum("origin").values
    close(final.reshape(9, -1), final_use_of(table).values)
    absorbed = value_added_in_final_demand(table)
    close(absorbed.sum("destination").values, table.va.to_numpy().sum(axis=0).reshape(3, 3).sum(1))
    detail = value_added_origins(table, "exports", detail=True).sum("origin_sector")
    close(detail.values, value_added_origins(table, "exports").values[:3])


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), KINDS)
def test_circulations_add_up_to_output_and_are_those_of_dense_inverses(seed, kind):
    table = random_table(seed, 3, 2, kind=kind)
    found = circulation(table, "output")
    x = table.x.to_numpy()
    close(found.sum("circulation").values.reshape(-1), x)
    A, L = slow.inverse(table.Z.to_numpy(), x)
    final = final_use_of(table).values
    for r, cut in enumerate(slow.blocks(3, 2)):
        alone = np.linalg.inv(np.eye(2) - A[cut, cut]) @ final[cut, r]
        whole = (L @ final[:, r])[cut]
        others = sum((L @ final[:, u])[cut] for u in range(3) if u != r)
        wanted = np.stack([alone, whole - alone, others, (L @ final[:, 3])[cut]], axis=1)
        close(found.values[r], wanted)
    jobs = circulation(table, pd.Series(2.0, table.labels, name="jobs"))
    close(jobs.values, 2.0 * found.values)


def test_chains_through_others_carry_what_a_region_does_not_sell_abroad_itself():
    table = random_table(4, 3, 2, kind="pooled")
    found = domestic_chains(table)
    abroad = value_added_in_final_demand(table).sel(destination="abroad").values
    close(found["through"].sum("region").values, abroad)
    assert ((found["indirect"] > 0) & (found["indirect"] < 1)).all()
    assert not np.diagonal(found["sold"]).any()


def test_relabelling_regions_relabels_the_result():
    table = random_table(8, 3, 2, kind="explicit")
    order = [2, 0, 1]
    rows = np.concatenate([np.arange(2 * r, 2 * r + 2) for r in order])
    moved = RegionalTable.from_flows(
        table.Z.iloc[rows, rows],
        table.Y.iloc[rows],
        table.x.iloc[rows],
        table.va.iloc[:, rows],
        imports=table.imports.iloc[:, rows],
        taxes=table.taxes.iloc[rows],
        regions=[table.regions[r] for r in order],
    )
    one, two = borin_mancini(table), borin_mancini(moved)
    close(two["DVA"].sel(region=table.regions, partner=one.partner.values).values, one["DVA"])


def test_without_trade_nothing_is_exported_and_ratios_are_zero():
    table = RegionalTable.from_flows(
        np.kron(np.eye(2), [[1.0, 2.0], [3.0, 1.0]]),
        np.kron(np.eye(2), [[5.0], [6.0]]),
        regions=["a", "b"],
        sectors=["s", "t"],
    )
    assert not koopman_wang_wei(table)["exports"].any()
    found = vertical_specialisation(table)
    assert not found["participation"].any()
    assert np.isfinite(found.to_array()).all()


def test_the_provinces_balance_in_every_decomposition():
    table = load_china()
    for data in (koopman_wang_wei(table), borin_mancini(table)):
        assert data.attrs["gap"] < 1e-11
    shares = circulation(table).sum(["region", "sector"])
    assert float(shares.sum()) == pytest.approx(table.va.to_numpy().sum(), rel=1e-9)


def test_messages_and_figures(monkeypatch):
    import matplotlib

    matplotlib.use("Agg")
    table = random_table(1, 3, 2, kind="pooled")
    with pytest.raises(ShapeError, match="final_demand"):
        value_added_origins(table, "sales")
    with pytest.raises(ShapeError, match="source"):
        borin_mancini(table, "both")
    monkeypatch.setattr("model.value_added_trade.LARGEST_DETAIL", 10)
    with pytest.raises(TooLarge, match="GiB"):
        value_added_origins(table, detail=True)
    assert plot_circulation(circulation(table)).get_xlabel()
    assert plot_decomposition(wang_wei_zhu(table)).get_xlabel()
    matplotlib.pyplot.close("all")
