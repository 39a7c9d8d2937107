"""Published figures that a ledger must give: who gives to whom, self-reliance, multipliers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from cases_io import case

from io_tables.table import RegionalTable
from model.ledger.exchange import spillover_exchange
from model.spillover import spillovers


def table_of(found, demand):
    labels = pd.MultiIndex.from_tuples(
        [tuple(label.split("_")) for label in found.Z.index], names=["region", "sector"]
    )
    flows = found.Z.set_axis(labels, axis=0).set_axis(labels, axis=1)
    return RegionalTable.from_flows(flows, demand.set_axis(labels))


def test_spillovers_of_fio_s_example_between_two_regions_and_two_sectors():
    # fio 1.0, tests/testthat/_snaps/miom.md
    fio = case("fio_miom_4x4")
    output = fio.x.squeeze()
    final = pd.Series(output.to_numpy() - fio.Z.to_numpy().sum(axis=1), index=fio.Z.index)
    table = table_of(fio, final)
    one_of_each = dict.fromkeys(table.sectors, 1.0)
    given = spillover_exchange(table, stimulus=one_of_each, of="output")
    out = given["emitted"].isel(account=0)
    assert np.allclose(
        out, fio.value["total_spillover_out"], atol=fio.tolerance["total_spillover_out"]
    )
    kept = np.diag(given["effect"].isel(account=0)) / table.n_sectors
    assert np.allclose(kept, fio.value["self_reliance"], atol=fio.tolerance["self_reliance"])
    ledger = spillovers(table, table.regions, one_of_each, "output", by_stimulus_sector=True)
    outside = ledger["ledger"].sel(part="spillover").isel(account=0)
    columns = outside.transpose("region", "sector", "pole", "stimulus_sector").values.reshape(4, 4)
    assert np.allclose(columns, fio.value["spillover_matrix"], atol=1e-12)


def test_effects_in_the_own_region_of_miller_and_blair_s_two_regions():
    # Miller & Blair (2009), section 3.3.2: own effect is intraregional and feedback together.
    two = case("mb_two_region_5x5")
    demand = two.Y
    labels = pd.MultiIndex.from_tuples([tuple(label.split("_")) for label in two.Z.index])
    table = table_of(
        two, demand.set_axis(pd.MultiIndex.from_product([["r1", "r2"], ["all"]]), axis=1)
    )
    for k, (region, sector) in enumerate(labels):
        ledger = spillovers(table, region, {sector: 1.0}, "output")["ledger"].isel(
            account=0, pole=0
        )
        own = float(ledger.sel(part=["intraregional", "feedback"]).sum())
        away = float(ledger.sel(part="spillover").sum())
        assert np.isclose(own, two.value["intraregional_multiplier"][k], rtol=1e-11)
        assert np.isclose(away, two.value["spillover_multiplier"][k], rtol=1e-11)


def test_one_region_keeps_all_of_miller_and_blair_s_multipliers():
    # Miller & Blair (2009), chapter 2: output multipliers 1.518 and 1.452, value added all of it.
    two = case("mb_2x2")
    sectors = list(two.Z.index)
    table = RegionalTable.from_flows(
        two.Z.to_numpy(), two.y.to_numpy().reshape(-1), regions=["all"], sectors=sectors
    )
    ledger = spillovers(
        table, "all", dict.fromkeys(sectors, 1.0), ["output", "value_added"],
        by_stimulus_sector=True,
    )["ledger"].sum(["region", "sector", "part"])  # fmt: skip
    output = ledger.sel(account="output").values.reshape(-1)
    assert np.allclose(
        output, two.value["output_multiplier_I"], atol=two.tolerance["output_multiplier_I"]
    )
    income = ledger.sel(account="value_added").values.reshape(-1)
    assert np.allclose(
        income, two.value["income_multiplier_I_with_all_va"],
        atol=two.tolerance["income_multiplier_I_with_all_va"],
    )  # fmt: skip
