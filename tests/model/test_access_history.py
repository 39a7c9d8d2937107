"""Access in earlier years of the embedded network, against skims made by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from model.calibration import calibrate
from model.parameters import load_parameters
from model.sources import open_groupings, open_table
from model.steps.access import access_dataset
from model.steps.access_history import history_years
from model.steps.base import base_dataset
from networks.accessibility import accessibility
from networks.change import network_of_years
from networks.china import load_china_network
from networks.disparity import gini, theil_parts
from networks.skim import skim

SURFACE, ALL = "rail and road", "all modes"


@pytest.fixture(scope="module")
def base():
    return calibrate(open_table("china:2020"), load_china_network(), load_parameters())


@pytest.fixture(scope="module")
def data(base):
    groupings = open_groupings("china:2020")
    groupings = replace(groupings, place_region=base.places.region)
    levels = base_dataset(base, groupings)
    return levels.merge(access_dataset(base, None, levels, groupings))


def mean(data, values):
    return float((values * data["population"]).sum() / data["population"].sum())


def test_the_years_are_the_base_year_and_one_and_two_decades_before(base):
    assert history_years(base) == (2000, 2010, 2020)
    static = base.network.with_known_links(base.network.links)
    assert history_years(replace(base, network=static)) == ()
    undated = static.links.assign(year_opened=np.nan, year_closed=np.nan)
    assert history_years(replace(base, network=replace(static, links=undated, year=2020))) == ()


@pytest.mark.parametrize("year", [2000, 2010])
def test_levels_are_those_of_the_network_of_that_year(data, year):
    network = load_china_network(year)
    for travel, modes in ((ALL, None), (SURFACE, ["road", "rail"])):
        travelled = skim(network, by="minutes", modes=modes)
        wanted = accessibility(travelled, network.places["population"], "weighted_mean")
        found = data["access_history"].sel(
            travel=travel, measure="weighted_mean_minutes", history_year=year
        )
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_the_base_year_is_the_access_the_result_has_anyway(data):
    found = data["access_history"].sel(travel=ALL, history_year=2020)
    wanted = data["access_base"].isel(year=0).transpose(*found.dims)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_rail_alone_and_roads_last_are_skims_of_mixed_years(data):
    china = load_china_network()
    people = china.places["population"]

    def potential(rail, roads):
        years = {"rail": rail, "roads": roads, "flights": 2000}
        travelled = skim(network_of_years(china, years), by="minutes", modes=["road", "rail"])
        return accessibility(travelled, people, "potential", beta=1.0).to_numpy()

    chosen = {"travel": SURFACE, "measure": "potential", "later_year": 2020}
    everybody = (data["access_group"] == "all people").to_numpy()
    mean = data["access_history_group_cause"].sel(chosen)[everybody].squeeze()
    start, rail, roads = potential(2000, 2000), potential(2020, 2000), potential(2000, 2020)
    whole = potential(2020, 2020)
    share = (people / people.sum()).to_numpy()
    first, last = mean.sel(cause="rail", order="first"), mean.sel(cause="roads", order="last")
    assert float(first) == pytest.approx(share @ (rail - start))
    assert float(last) == pytest.approx(share @ (whole - rail))
    free = 0.5 * ((rail - start) + (whole - roads))
    owed = data["access_history_cause"].sel(chosen)
    np.testing.assert_allclose(owed.sel(cause="rail"), free, rtol=1e-9)


@pytest.mark.parametrize("name", ["access_history", "access_history_group", "disparity_history"])
def test_causes_add_up_to_the_change_of_everything(data, name):
    change = (data[name] - data[name].sel(history_year=2000)).isel(history_year=slice(1, None))
    owed = data[f"{name}_cause"].sum("cause", skipna=False)
    owed = owed.sel(order="order-free") if "order" in owed.dims else owed
    owed = owed.rename(later_year="history_year")
    np.testing.assert_allclose(
        owed.transpose(*change.dims), change, atol=1e-9 * float(abs(data[name]).max())
    )


def test_groups_are_means_over_their_people(data):
    cluster = data["cluster_of"].to_numpy() == "Yangtze River Delta"
    people = data["population"].to_numpy() * cluster
    chosen = {"travel": SURFACE, "measure": "daily", "history_year": 2010}
    wanted = people @ data["access_history"].sel(chosen).to_numpy() / people.sum()
    groups = data["access_history_group"].sel(chosen)
    found = groups[(data["access_group"] == "Yangtze River Delta").to_numpy()]
    assert float(found.squeeze()) == pytest.approx(wanted, rel=1e-12)
    assert set(data["access_grouping"].to_numpy()) == {"nation", "macro_region", "clusters"}


def test_disparity_is_that_of_the_levels(data):
    chosen = {"travel": SURFACE, "measure": "weighted_mean_minutes", "history_year": 2000}
    levels, people = data["access_history"].sel(chosen).to_numpy(), data["population"].to_numpy()
    macro = data["macro_region"].to_series().reindex(data["place_region"].to_numpy())
    found = data["disparity_history"].sel(chosen).isel(grouping=0)
    parts = theil_parts(levels, macro.to_numpy(), people)
    assert float(found.sel(index="gini", disparity_part="total")) == pytest.approx(
        gini(levels, people)
    )
    for part in ("total", "between", "within"):
        value = float(found.sel(index="theil_t", disparity_part=part))
        assert value == pytest.approx(getattr(parts, part))


def test_every_year_is_better_connected_than_the_one_before_and_rail_did_most(data):
    """Wang et al. (2018) find 18.7 h without and 13.1 h with the first fast lines, by rail."""
    chosen = {"travel": SURFACE, "measure": "weighted_mean_minutes"}
    hours = [
        mean(data, data["access_history"].sel({**chosen, "history_year": y})) / 60
        for y in (2000, 2010, 2020)
    ]
    assert hours[0] > hours[1] > hours[2]
    assert 15 < hours[0] < 23
    assert 9 < hours[2] < 13
    owed = data["access_history_cause"].sel({**chosen, "later_year": 2020})
    assert mean(data, owed.sel(cause="rail")) < 5 * mean(data, owed.sel(cause="roads")) < 0
    assert mean(data, abs(owed.sel(cause="flights"))) == 0.0
    assert (
        pd.Series(data["cause_known_until"].to_numpy(), data["cause"].to_numpy())["roads"] <= 2018
    )


def test_a_year_in_which_a_place_is_cut_off_ends_in_a_warning_and_not_in_a_number(base, caplog):
    links = base.network.links.copy()
    touches = (links["from_node"] == "110000") | (links["to_node"] == "110000")
    links.loc[touches, "year_opened"] = 2015.0
    network = replace(base.network, links=links, other_years=pd.DataFrame())
    cut = replace(base, network=network)
    groupings = open_groupings("china:2020")
    made = access_dataset(cut, None, base_dataset(base, groupings), groupings)
    assert "access_history" not in made
    assert "access_base" in made
    assert "cut off in 2000" in caplog.text
