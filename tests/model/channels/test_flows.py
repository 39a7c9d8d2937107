import numpy as np
import pytest
from cases_channels import line_model, line_network

from model.channels.case import Case
from model.channels.economy import Economy
from model.flows import assign_modes, flows_dataset, link_flows, travel_demand
from model.scenario import money_multiplier


@pytest.fixture(scope="module")
def base():
    return line_model().calibration


@pytest.fixture(scope="module")
def demand(base):
    return travel_demand(base, base.blocks.flows, np.ones_like(base.blocks.trade))


def test_mill_value_and_transport_bill_are_the_delivered_value(base, demand):
    scale = money_multiplier(base.table.unit)
    for purpose, costs, chosen in (
        ("freight", base.delivery.freight, base.roles.goods),
        ("passenger", base.delivery.passenger, ~base.roles.goods),
    ):
        bill = (demand.regions[purpose] * costs).sum() / scale
        delivered = base.blocks.flows[chosen].sum()
        assert bill + demand.value[purpose].sum() == pytest.approx(delivered, rel=1e-12)


def test_flows_of_no_force_are_the_trade_of_the_base_year(base):
    none = Case(Economy.of(base)).outcome(())
    np.testing.assert_allclose(none.joint.flows(none.state), base.blocks.flows, rtol=1e-12)


def test_places_share_a_pair_of_regions_by_mass_and_keep_its_mean_cost(base, demand):
    region = base.places.region.to_numpy()
    for purpose, skims in (("freight", base.skims.freight), ("passenger", base.skims.passenger)):
        volume, cost = demand.volume[purpose], skims["cost"].values
        costs = base.delivery.freight if purpose == "freight" else base.delivery.passenger
        for r, one in enumerate(base.places.regions):
            for s, two in enumerate(base.places.regions):
                cells = np.ix_(region == one, region == two)
                total = demand.regions[purpose][r, s]
                assert volume[cells].sum() == pytest.approx(total, rel=1e-12)
                mean = (volume[cells] * cost[cells]).sum() / total
                assert mean == pytest.approx(costs[r, s], rel=1e-12)


def test_on_a_line_every_link_carries_what_passes_it(base, demand):
    network = base.network
    for purpose in ("freight", "passenger"):
        shares = assign_modes(base, network, purpose)
        volume, _ = link_flows(base, network, shares, demand, purpose)
        for position, mode in enumerate(shares.modes):
            prefix = "road" if mode == "road" else "rail_conventional"
            moved = demand.volume[purpose] * shares.share[position]
            for k in range(len(base.places.codes) - 1):
                passing = moved[: k + 1, k + 1 :].sum() + moved[k + 1 :, : k + 1].sum()
                row = network.links.index.get_loc(f"{prefix}{k}")
                if prefix == "road":  # a stop is in its place: no road leads to the train
                    assert volume[row, position] == pytest.approx(passing, rel=1e-9)
                else:
                    others = [m for m in shares.modes if m.startswith("rail")]
                    assert len(others) == 1
                    assert volume[row, position] <= passing * (1 + 1e-9)


def test_shares_of_modes_sum_to_one_between_places_and_to_nothing_inside(base):
    for purpose in ("freight", "passenger"):
        total = assign_modes(base, base.network, purpose).share.sum(axis=0)
        np.testing.assert_allclose(total, 1.0 - np.eye(len(total)), rtol=1e-12)


def test_km_on_links_are_the_km_of_trips_and_nothing_changes_without_an_edit(base, demand):
    data = flows_dataset(base, {"_base": (base.network, demand), "": (base.network, demand)})
    assert float(data["flow_gap"]) < 1e-12
    assert bool((data["link_volume"] == data["link_volume_base"]).all())
    assert bool((data["travel_by_mode"] == data["travel_by_mode_base"]).all())


def test_lines_on_the_same_track_share_what_goes_over_it():
    base = line_model().calibration
    network = line_network()
    twin = network.links.loc[["road2"]].rename(index={"road2": "road2b"})
    double = network.with_links(add=twin.reset_index())
    demand = travel_demand(base, base.blocks.flows, np.ones_like(base.blocks.trade))
    single = link_flows(base, network, assign_modes(base, network, "freight"), demand, "freight")
    both = link_flows(base, double, assign_modes(base, double, "freight"), demand, "freight")
    position = network.links.index.get_loc("road2")
    halves = both[0][[double.links.index.get_loc(k) for k in ("road2", "road2b")], 0]
    np.testing.assert_allclose(halves, single[0][position, 0] / 2, rtol=1e-6)
