from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cases_channels import line_model

from model.channels.case import Case
from model.channels.congestion import capacities, congest
from model.channels.economy import Economy
from model.errors import NetworkMismatch
from model.flows import assign_modes, travel_demand
from model.scenario import Closure, Edit, Scenario, Stimulus


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


def told(network, cars):
    """The network with capacities on its roads."""
    keys = [k for k in network.links.index if network.links.loc[k, "mode"] == "road"]
    links = network.links
    links.loc[keys, "capacity"] = cars
    return replace(network, links=links)


def test_capacities_on_links_are_read_and_travel_with_edits(base):
    network = told(base.network, 500.0)
    assert set(capacities(network)) == {500.0}
    wider = network.with_links(change=[{"select": {"link": "road1"}, "capacity": 900.0}])
    assert capacities(wider)["road1"] == 900.0
    assert capacities(wider)["road2"] == 500.0


def test_a_wider_road_is_faster_without_any_other_edit_and_a_narrower_one_slower(base, case):
    cars = daily(base)
    network = told(base.network, cars)
    gains = {}
    for factor in (2.0, 1.0, 0.8):
        edited = network.with_links(
            change=[{"select": {"link": "road2"}, "capacity": factor * cars}]
        )
        found = congest(
            replace(base, network=network), edited, capacities(edited), case=case,
            base_capacity=capacities(network),
        )  # fmt: skip
        gains[factor] = float((1.0 - found.delivery).sum())
    assert gains[2.0] > 0.0
    assert gains[1.0] == 0.0
    assert gains[0.8] < 0.0


def test_a_capacity_that_only_the_edit_tells_was_there_before(base, case):
    edited = told(base.network, daily(base))
    found = congest(base, edited, capacities(edited), case=case, base_capacity=None)
    np.testing.assert_allclose(found.delivery, 1.0, rtol=0, atol=1e-3)
    expected = base.network.links["minutes"].reindex(
        [str(k).removesuffix(":back") for k in found.minutes.index]
    )
    np.testing.assert_allclose(found.minutes, expected, rtol=1e-3)


def test_a_run_lets_roads_slow_down_when_the_network_tells_capacities(base):
    free = line_model()
    tight = replace(free, network=told(free.network, 0.8 * daily(base)))
    edit = Edit(kind="change", name="fast", select={"link": "road2"}, fields={"minutes": 60.0})
    asked = Scenario(name="x", closure=Closure(channels=("sourcing", "congestion")), edits=(edit,))
    one, other = free.run(asked), tight.run(asked)
    assert any("no capacities" in s for s in one.report.zero_effects)
    assert not any("no capacities" in s for s in other.report.zero_effects)
    effect = other.data["channel_effect"].sel(channel="congestion", level="real_consumption")
    gain = other.data["channel_effect"].sel(channel="sourcing", level="real_consumption")
    assert float(effect.sum()) < 0.0 < float(gain.sum())
    assert float((gain + effect).sum()) > 0.0
    assert any(s["what"].startswith("road times") for s in other.report.solves)


def test_a_stimulus_alone_slows_roads_down(base):
    free = line_model()
    tight = replace(free, network=told(free.network, 0.8 * daily(base)))
    grown = Stimulus(name="grow", pole="R0", share_of_final_demand=0.1)
    closure = Closure(channels=("demand", "sourcing", "congestion"))
    found = tight.run(Scenario(name="x", closure=closure, stimuli=(grown,)))
    effect = found.data["channel_effect"].sel(channel="congestion", level="real_consumption")
    assert float(effect.sum()) < 0.0
