import numpy as np
import pandas as pd
import pytest
from cases_channels import line_model

from model.channels.case import Case
from model.channels.congestion import capacities, congest
from model.channels.economy import Economy
from model.errors import NetworkMismatch
from model.flows import assign_modes, travel_demand


@pytest.fixture(scope="module")
def base():
    return line_model().calibration


@pytest.fixture(scope="module")
def case(base):
    return Case(Economy.of(base))


def roads(network, cars):
    return pd.Series(cars, index=network.links.index[network.links["mode"] == "road"])


def faster(network, minutes=70.0):
    return network.with_links(change=[{"select": {"link": "road2"}, "minutes": minutes}])


def daily(base, purpose="passenger"):
    """Car units a day that pass the middle of the line, one way, in the base year."""
    demand = travel_demand(base, base.blocks.flows, np.ones_like(base.blocks.trade))
    total = 0.0
    for name, load, units in (("passenger", 2.0, 1.0), ("freight", 15.0, 2.5)):
        shares = assign_modes(base, base.network, name)
        moved = demand.volume[name] * shares.share[shares.modes.index("road")]
        total += moved[:3, 3:].sum() * units / load / 365.0
    return total


def test_no_edit_changes_nothing_at_all(base, case):
    found = congest(base, base.network, roads(base.network, daily(base)), case=case)
    assert np.all(found.delivery == 1.0)
    expected = base.network.links["minutes"].reindex(
        [str(k).removesuffix(":back") for k in found.minutes.index]
    )
    np.testing.assert_allclose(found.minutes, expected, rtol=1e-14)


def test_base_year_traffic_is_what_passes_each_link(base, case):
    found = congest(base, base.network, roads(base.network, 1e9), case=case)
    assert found.base_traffic["road2"] == pytest.approx(daily(base), rel=1e-9)


def test_roads_without_limits_are_the_plain_edit(base, case):
    network = faster(base.network)
    found = congest(base, network, roads(network, 1e15), case=case)
    kept = network.links["minutes"]
    for key, value in found.minutes.items():
        assert value == pytest.approx(kept[str(key).removesuffix(":back")], rel=1e-12)


def test_times_and_traffic_fit_each_other(base, case):
    network, capacity = faster(base.network), daily(base)
    found = congest(base, network, roads(network, capacity), case=case, tolerance=1e-7)
    assert found.gap <= 1e-7
    assert found.bound < 1e-5
    base_minutes = base.network.links["minutes"]
    for key, value in found.minutes.items():
        link = str(key).removesuffix(":back")
        free = network.links.loc[link, "minutes"] / (
            1 + 0.15 * (found.base_traffic[key] / capacity) ** 4
        )
        full = free * (1 + 0.15 * (found.traffic[key] / capacity) ** 4)
        assert value == pytest.approx(full, rel=1e-6)
    assert found.traffic["road2"] > found.base_traffic["road2"]
    plain = network.links.loc["road2", "minutes"]
    assert plain < found.minutes["road2"] < base_minutes["road2"]


def test_a_tight_road_gives_back_part_of_the_gain(base, case):
    network = faster(base.network)
    gains = []
    for share in (100.0, 0.7):
        found = congest(
            base, network, roads(network, share * daily(base)), case=case, tolerance=1e-3
        )
        gains.append(float((1.0 - found.delivery).sum()))
    assert gains[0] > gains[1] > 0.0


def test_capacities_of_links_that_are_not_there_are_named(base, case):
    with pytest.raises(NetworkMismatch, match="did you mean 'road2'"):
        congest(base, base.network, pd.Series({"raod2": 1.0}), case=case)
    with pytest.raises(NetworkMismatch, match="above zero"):
        congest(base, base.network, pd.Series({"road2": 0.0}), case=case)
    assert capacities(base.network) is None
