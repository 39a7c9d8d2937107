"""The shipped scenario on the embedded data, run once, looked at from every side."""

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

import hinterland as hl
from model.results import RunStatus
from model.sources import open_model


@pytest.fixture(scope="module")
def scenario():
    return hl.read_scenario(str(files("model") / "scenarios" / "demo.toml"))


@pytest.fixture(scope="module")
def model(scenario):
    return open_model(scenario)


@pytest.fixture(scope="module")
def result(model, scenario):
    return model.run(scenario)


def test_the_run_is_certified_and_every_identity_holds(result):
    assert result.status is RunStatus.ok
    assert result.raise_for_status() is result
    assert all(one["holds"] for one in result.report.identities)
    assert all(np.isfinite(one["error_bound"]) for one in result.report.solves)
    ledger = [one for one in result.report.identities if one["name"].startswith("ledger")]
    assert ledger
    assert max(one["gap"] for one in ledger) < 1e-10


def test_value_added_and_imports_of_a_stimulus_are_the_stimulus(result):
    data = result.data
    np.testing.assert_allclose(data["leakage"].sum("kind"), data["stimulus"], rtol=1e-10)
    value_added = data["ledger"].sel(account="value_added").sum(["region", "sector", "part"])
    imports = data["leakage"].sel(kind="imports")
    np.testing.assert_allclose(value_added + imports, data["stimulus"], rtol=1e-10)


def test_parts_lie_where_they_must(result):
    ledger = result.data["ledger"].sel(account="output").sum("sector")
    delta = ["Shanghai", "Jiangsu", "Zhejiang", "Anhui"]
    pole = ledger.sel(pole="Yangtze River Delta")
    inside = pole["region"].isin(delta)
    assert float(abs(pole.sel(part="spillover").where(inside, 0.0)).sum()) == 0.0
    assert float(abs(pole.sel(part="intraregional").where(~inside, 0.0)).sum()) == 0.0
    assert float(pole.sel(part="feedback").where(inside, 0.0).sum()) > 0.0
    sums = pole.sum("region")
    assert sums.sel(part="intraregional") > sums.sel(part="spillover") > sums.sel(part="feedback")


def test_spreading_over_clusters_rings_and_places_keeps_every_total(result):
    data = result.data
    total = data["ledger"].sum(["region", "sector"])
    for name, dim in (("allocated_cluster", "cluster"), ("allocated_ring", "ring")):
        spread = data[name].sum(dim).transpose(*total.dims)
        np.testing.assert_allclose(spread, total, rtol=1e-10, atol=1e-9 * float(total.max()))
    places = data["allocated_place"].sum("place")
    np.testing.assert_allclose(places, total.sum("part").transpose(*places.dims), rtol=1e-10)


def test_the_ledger_between_cities_agrees_with_the_one_between_provinces(result):
    data = result.data
    total = data["ledger"].sum(["region", "sector"])
    computed = data["computed_place"].sum("place")
    np.testing.assert_allclose(computed, total.sum("part").transpose(*computed.dims), rtol=5e-3)
    for name, dim in (("computed_cluster", "cluster"), ("computed_ring", "ring")):
        np.testing.assert_allclose(data[name].sum([dim, "part"]), computed, rtol=1e-10)
    inside = data["computed_ring"].sel(ring="in the pole")
    assert bool((inside.sel(part="spillover") == 0.0).all())
    outside = data["computed_ring"].drop_sel(ring="in the pole")
    assert bool((outside.sel(part=["intraregional", "feedback"]) == 0.0).all())
    both = np.corrcoef(
        data["computed_cluster"].values.ravel(), data["allocated_cluster"].values.ravel()
    )
    assert both[0, 1] > 0.99
    assert not np.allclose(data["computed_cluster"], data["allocated_cluster"], rtol=1e-3)


def test_low_and_high_own_shares_order_the_spillovers(result):
    spill = result.data["ledger_range"].sel(part="spillover", account="value_added").sum("region")
    assert bool((spill.sel(variant="low") > spill.sel(variant="central")).all())
    assert bool((spill.sel(variant="central") > spill.sel(variant="high")).all())


def test_a_new_line_makes_no_trip_longer_and_some_shorter(result):
    data = result.data
    for name in ("minutes", "cost", "rail_minutes"):
        before, after = data[f"{name}_base"], data[name]
        assert not bool((after > before * (1 + 1e-9)).any()), name
    saved = (data["rail_minutes_base"] - data["rail_minutes"]).max()
    assert float(saved) > 120.0


def test_a_high_speed_line_leaves_goods_exactly_alone(result):
    data = result.data
    goods = data["sector_kind"] == "goods"
    assert bool((data["delivered_price"].where(goods, 1.0) == 1.0).all())
    same = data["trade_share"] == data["trade_share_base"]
    assert bool(same.where(goods, True).all())
    freight = {"purpose": "freight"}
    assert bool((data["cost"].sel(freight) == data["cost_base"].sel(freight)).all())
    assert result.report.zero_effects
    range_of_goods = result.data["corridor_range"].sel(effect="goods_real_consumption")
    assert bool((range_of_goods == 0.0).all())


def test_freed_freight_capacity_lets_goods_gain(model, scenario):
    line = replace(scenario.edits[0], freed_freight_capacity=0.5)
    freed = model.run(replace(scenario, stimuli=(), edits=(line,)))
    effect = freed.data["corridor_range"].sel(case="central", effect="goods_real_consumption")
    assert float(effect) > 0.0
    assert not any("goods" in one for one in freed.report.zero_effects)


def test_real_consumption_rises_where_delivery_got_cheaper_and_money_stays(result):
    data = result.data
    change = data["real_consumption"].sel(channel="sourcing") - data["real_consumption_base"]
    assert float(change.sum()) > 0.0
    assert float(change.sum("sector").min()) >= 0.0
    money = data["final_demand"].sel(channel="sourcing")
    assert bool((money == data["final_demand_base"]).all())


def test_an_edit_that_changes_nothing_has_exactly_no_effect(model, scenario):
    network = model.network
    link = network.links[network.links["mode"] == "rail_hsr"].iloc[0]
    same = hl.Scenario.from_dict(
        {
            "name": "nothing",
            "change": [{"select": {"link": str(link.name)}, "minutes": float(link["minutes"])}],
        }
    )
    data = model.run(same).data
    for name in ("output", "value_added", "final_demand", "real_consumption"):
        assert bool((data[name].sel(channel="sourcing") == data[f"{name}_base"]).all()), name
    assert bool((data["delivered_price"] == 1.0).all())
    assert bool((data["corridor_range"] == 0.0).all())
    assert bool((data["access"] == data["access_base"]).all())


def test_a_scenario_without_stimulus_and_edits_is_the_base_year(model):
    result = model.run(hl.Scenario(name="base year"))
    assert result.status is RunStatus.ok
    assert {"output_base", "access_base"} <= set(result.data)
    assert not {"output", "ledger", "trade_share"} & set(result.data)


def test_the_same_scenario_gives_the_same_bits(model, scenario, result):
    again = model.run(scenario)
    assert again.data.identical(result.data)


def test_a_result_comes_back_from_its_file_unchanged(result, tmp_path):
    path = result.to_netcdf(tmp_path / "result.nc")
    assert hl.read_result(path).identical(result)


def test_closing_a_line_raises_no_real_consumption(model):
    network = model.network
    line = network.links.loc[network.links["mode"] == "rail_hsr", "line"].value_counts().index[0]
    without = network.with_links(remove=[{"line": line}])
    response = model.respond(without)
    assert response.real_consumption.sum() < 0.0
    assert response.real_consumption.max() <= 1e-9
