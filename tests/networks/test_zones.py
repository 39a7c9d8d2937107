import numpy as np
import pandas as pd
import pytest
from cases_networks import random_network, three_cities

from networks import region_cost, skim
from networks.errors import MeasureError


def test_the_mean_by_hand():
    network = three_cities()
    s, mass = skim(network), network.nodes["population"]
    found = region_cost(s, mass, network.nodes["region"])
    c = s["cost"].values
    assert found.index.tolist() == found.columns.tolist() == ["West", "East"]
    west = (1 * (c[0, 0] * 1 + c[0, 1] * 2) + 2 * (c[1, 0] * 1 + c[1, 1] * 2)) / 9
    assert found.at["West", "West"] == pytest.approx(west)
    assert found.at["West", "East"] == pytest.approx((c[0, 2] + 2 * c[1, 2]) / 3)
    assert found.at["East", "East"] == pytest.approx(c[2, 2])


def test_every_place_a_region_gives_back_the_skim():
    network = random_network(1)
    s = skim(network)
    labels = pd.Series(network.places.index, index=network.places.index)
    found = region_cost(s, network.places["population"], labels)
    np.testing.assert_allclose(found.to_numpy(), s["cost"].values, rtol=1e-14)


def test_scaling_mass_and_permuting_places_change_nothing():
    network = random_network(2)
    s, mass = skim(network), network.places["population"]
    regions = pd.Series(["x", "y", "x", "z", "y", "z", "x"], index=network.places.index)
    found = region_cost(s, mass, regions)
    order = np.random.default_rng(0).permutation(len(mass))
    other = region_cost(s.isel(origin=order), 3 * mass[::-1], regions[::-1], order=["x", "y", "z"])
    pd.testing.assert_frame_equal(found, other)


def test_other_masses_at_the_destination_and_other_variables():
    network = three_cities()
    s, mass = skim(network), network.nodes["population"]
    everywhere = pd.Series("all", index=mass.index)
    found = region_cost(s, mass, everywhere, of="km", mass_to=network.nodes["gdp"] ** 2)
    w, v = np.array([1, 2, 3]) / 6, np.array([1, 4, 9]) / 14
    assert found.iloc[0, 0] == pytest.approx(w @ s["km"].values @ v)


def test_an_improvement_of_any_pair_lowers_the_mean():
    network = random_network(4)
    regions = pd.Series(["x", "y", "x", "z", "y", "z", "x"], index=network.places.index)
    better = network.with_line("rail_hsr", ["p0", "p3", "p5"], speed_kmh=350, trains_per_day=99)
    old, new = (
        region_cost(skim(n), network.places["population"], regions) for n in (network, better)
    )
    assert (new <= old * (1 + 1e-12)).all().all()
    assert (new < old).any().any()


def test_what_is_missing_is_named():
    network = three_cities()
    s, mass, regions = skim(network), network.nodes["population"], network.nodes["region"]
    with pytest.raises(MeasureError, match="1 have none: b"):
        region_cost(s, mass, regions.drop("b"))
    with pytest.raises(MeasureError, match=r"a \(nan\)"):
        region_cost(s, mass.drop("a"), regions)
    with pytest.raises(MeasureError, match="have none: East"):
        region_cost(s, mass.where(mass.index != "c", 0.0), regions)
    with pytest.raises(MeasureError, match="leaves out regions that have places: East"):
        region_cost(s, mass, regions, order=["West"])
    with pytest.raises(MeasureError, match="a to b"):
        region_cost(skim(network, modes=["air"]), mass, regions)


def test_empty_and_repeated_lists_are_refused_in_one_line():
    network = three_cities()
    s, mass, regions = skim(network), network.nodes["population"], network.nodes["region"]

    def refused(match, skim=s, **more):
        with pytest.raises(MeasureError, match=match) as caught:
            region_cost(skim, mass, regions, **more)
        assert "\n" not in str(caught.value)

    refused("region of order once, and at least one; there is none", order=[])
    refused("region of order once.*twice: West", order=["West", "East", "West"])
    refused("origin of the skim once.*twice: b", s.isel(origin=[0, 1, 1, 2]))
    refused("destination of the skim once.*twice: c, a", s.isel(destination=[2, 0, 0, 2]))
    refused("origin of the skim once.*there is none", s.isel(origin=[], destination=[]))
    # a region in one word is that region, not its letters
    everywhere = pd.Series("all", index=mass.index)
    assert region_cost(s, mass, everywhere, order="all").shape == (1, 1)
