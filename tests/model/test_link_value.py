"""Links valued by derivatives, against differences of the whole model and closed forms."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cases_link_value import ROLES, small_model
from reference_link_value import gradient_of, real_consumption_by_hand

import hinterland as hl
from io_tables.testing import random_table
from model.blocks import Blocks
from model.calibration import respond_to
from model.costs import business_value_of_time, skim_passengers
from model.errors import UnknownLabel
from model.link_value import AccessObjective, first_order_value, link_values, pair_values
from model.link_values.economy import EconomyWeights, delivery_gradient
from model.response import respond
from model.sourcing import shift_origins
from networks.accessibility import accessibility
from networks.disparity import theil_l, theil_t
from networks.skim import skim

RULES = [("spending", "given"), ("spending", "follow costs"), ("real", "follow costs")]
STEP = 1e-3


@pytest.fixture(scope="module")
def model():
    return small_model()


def objectives(model, response, prices):
    """Every objective of the economy read from a response of the whole model."""
    blocks = model.calibration.blocks
    cost = response.final_demand.sum()
    if prices == "given":
        per_unit = response.cost_saving / (blocks.output + response.output)
        cost -= (per_unit * blocks.output).sum()
    else:
        cost += ((response.mill_price - 1.0) * blocks.exports).sum()
    return {
        "output": response.output.sum(),
        "value_added": response.value_added.sum(),
        "real_consumption": response.real_consumption.sum(),
        "purchase_cost": cost,
        "one region": response.output[1].sum(),
    }


def slopes(values):
    """Central difference without its error of second order, from values at -2h, -h, h, 2h."""
    far, near = (values[3] - values[0]) / (4 * STEP), (values[2] - values[1]) / (2 * STEP)
    return (4 * near - far) / 3


@pytest.fixture(scope="module")
def differences(model):
    """Objective by closure and price rule: what a minute saved on each link is worth."""
    network, found = model.network, {}
    for link in network.links.index:
        minutes = network.links.at[link, "minutes"]
        seen = {}
        for k in (-2, -1, 1, 2):
            change = {"select": {"link": link}, "minutes": minutes * (1.0 + k * STEP)}
            skims = costs_of(model, network.with_links(change=[change]))
            for closure, prices in RULES:
                response = _respond(model, skims, closure, prices)
                for name, value in objectives(model, response, prices).items():
                    seen.setdefault((name, closure, prices), []).append(value)
        for key, values in seen.items():
            found.setdefault(key, []).append(-slopes(np.array(values)) / minutes)
    return found


def costs_of(model, network):
    """Skims of an edited network, without those that the economy does not rest on."""
    base = model.calibration
    value = business_value_of_time(base.parameters)
    return replace(
        base.skims,
        passenger=skim_passengers(network, base.places.codes, value_of_time=value),
        freight=skim(network, "freight", zones=base.places.codes),
    )


def _respond(model, skims, closure, prices):
    return respond_to(model.calibration, skims, closure=closure, prices=prices)


@pytest.mark.parametrize(
    ("objective", "closure", "prices"),
    [
        (objective, *rule)
        for objective in ("real_consumption", "output", "value_added")
        for rule in RULES
        if (objective, rule[0]) != ("real_consumption", "real")  # held fixed, refused below
    ],
)
def test_every_link_equals_central_differences_of_the_whole_model(
    model, differences, objective, closure, prices
):
    found = link_values(model.calibration, objective, closure=closure, prices=prices)
    expected = np.array(differences[objective, closure, prices])
    for side in ("improve", "worsen"):
        value = found["per_minute"].sum("purpose").sel(side=side).values
        np.testing.assert_allclose(value, expected, rtol=1e-6, atol=5e-9 * np.abs(expected).max())
    assert (np.abs(expected) > 0.0).sum() > 10


@pytest.mark.parametrize("prices", ["given", "follow costs"])
def test_purchase_cost_equals_central_differences_of_the_whole_model(model, prices):
    network = model.network
    found = link_values(model.calibration, "purchase_cost", closure="real", prices=prices)
    value = found["per_minute"].sum("purpose").sel(side="improve")
    for link in list(network.links.index)[::6]:
        minutes = network.links.at[link, "minutes"]
        costs = []
        for k in (-2, -1, 1, 2):
            change = {"select": {"link": link}, "minutes": minutes * (1.0 + k * STEP)}
            skims = costs_of(model, network.with_links(change=[change]))
            response = _respond(model, skims, "real", prices)
            costs.append(objectives(model, response, prices)["purchase_cost"])
        expected = -slopes(np.array(costs)) / minutes
        scale = float(np.abs(value).max())
        assert float(value.sel(link=link)) == pytest.approx(expected, rel=1e-6, abs=1e-9 * scale)


def test_one_regions_output_is_valued_by_itself_and_regions_sum_to_all(model, differences):
    key = ("one region", "spending", "follow costs")
    region = model.table.regions[1]
    one = link_values(model.calibration, "output", regions=[region], prices="follow costs")
    value = one["per_minute"].sum("purpose").sel(side="improve").values
    expected = np.array(differences[key])
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=5e-9 * np.abs(expected).max())
    every = link_values(model.calibration, "output", by_region=True, prices="follow costs")
    whole = link_values(model.calibration, "output", prices="follow costs")
    np.testing.assert_allclose(
        every["per_minute"].sel(region=region), one["per_minute"], rtol=1e-8, atol=1e-10
    )
    np.testing.assert_allclose(
        every["per_minute"].sum("region"), whole["per_minute"], rtol=1e-8, atol=1e-10
    )


ACCESS = [
    AccessObjective(),
    AccessObjective("potential", skim="passenger", decay="exponential", beta=0.01),
    AccessObjective("potential", decay="gaussian", beta=150.0),
    AccessObjective("potential", decay="logistic", beta=0.02, cutoff=120.0),
    AccessObjective("potential", decay="log_logistic", beta=2.0, cutoff=120.0),
    AccessObjective("weighted_mean", skim="passenger"),
    AccessObjective("efficiency"),
    AccessObjective("logsum", skim="freight", beta=0.02),
    AccessObjective("effective_density", index="theil_t", skim="passenger", beta=1.3),
    AccessObjective("potential", index="theil_l", mass="gdp"),
]


def access_of(model, skims, wanted):
    places = model.calibration.places
    values = accessibility(
        getattr(skims, wanted.skim),
        places.mass(wanted.mass),
        wanted.measure,
        of="minutes" if wanted.skim in ("fastest", "rail") else "cost",
        decay=wanted.decay,
        beta=wanted.beta,
        cutoff=wanted.cutoff,
    ).to_numpy()
    people = places.mass("population").to_numpy()
    if wanted.index == "mean":
        return people @ values / people.sum()
    return (theil_t if wanted.index == "theil_t" else theil_l)(values, people)


def test_smooth_access_and_theil_equal_central_differences(model):
    network = model.network
    found = [link_values(model.calibration, wanted) for wanted in ACCESS]
    for link in list(network.links.index)[::6]:
        minutes = network.links.at[link, "minutes"]
        seen = []
        for k in (-2, -1, 1, 2):
            change = {"select": {"link": link}, "minutes": minutes * (1.0 + k * STEP)}
            skims = model.skims(network.with_links(change=[change]))
            seen.append([access_of(model, skims, wanted) for wanted in ACCESS])
        expected = -slopes(np.array(seen)) / minutes
        for data, value in zip(found, expected, strict=True):
            got = data["per_minute"].sum("purpose").sel(side="improve")
            scale = float(np.abs(got).max())
            assert float(got.sel(link=link)) == pytest.approx(value, rel=1e-6, abs=3e-9 * scale)


@pytest.mark.parametrize("theta", [0.0, 1e-9])
def test_theta_near_zero_is_the_limit(theta):
    model = small_model(2, theta=theta)
    network = model.network
    data = link_values(model.calibration, "output", prices="follow costs")
    link = str(np.abs(data["per_minute"].sum("purpose").sel(side="improve")).idxmax().values)
    minutes = network.links.at[link, "minutes"]
    seen = []
    for k in (-2, -1, 1, 2):
        change = {"select": {"link": link}, "minutes": minutes * (1.0 + k * STEP)}
        edited = network.with_links(change=[change])
        seen.append(model.respond(edited, prices="follow costs").output.sum())
    value = float(data["per_minute"].sum("purpose").sel(side="improve", link=link))
    assert value == pytest.approx(-slopes(np.array(seen)) / minutes, rel=1e-6)
    assert value != 0.0


def test_links_on_tied_ways_have_both_one_sided_values():
    """Two equal roads between two places: closing in on either helps, losing one costs nothing."""
    table = random_table(3, 2, 4)
    nodes = pd.DataFrame(
        {
            "node": ["a", "b", "m", "n"],
            "name": ["A", "B", "M", "N"],
            "kind": ["place", "place", "stop", "stop"],
            "region": [*table.regions, "", ""],
            "lon": [0.0, 2.0, 1.0, 1.0],
            "lat": [0.0, 0.0, 1.0, -1.0],
            "area_km2": 100.0,
            "population": [1e6, 2e6, np.nan, np.nan],
            "gdp": [1.0, 2.0, np.nan, np.nan],
        }
    ).set_index("node")
    links = pd.DataFrame(
        {
            "link": ["am", "mb", "an", "nb"],
            "from_node": ["a", "m", "a", "n"],
            "to_node": ["m", "b", "n", "b"],
            "mode": "road",
            "km": 100.0,
            "minutes": 60.0,
        }
    ).set_index("link")
    model = hl.SpatialModel(table, hl.Network(nodes, links), roles=ROLES)
    data = link_values(model.calibration)["per_minute"].sum("purpose")
    assert np.all(data.sel(side="worsen") == 0.0)
    for link in links.index:
        change = [{"select": {"link": link}, "minutes": 60.0 - h} for h in (2e-3, 4e-3)]
        near, far = (
            model.respond(model.network.with_links(change=[c])).real_consumption.sum() / h
            for c, h in zip(change, (2e-3, 4e-3), strict=True)
        )
        assert float(data.sel(link=link, side="improve")) == pytest.approx(2 * near - far, rel=1e-6)
        slower = model.network.with_links(change=[{"select": {"link": link}, "minutes": 61.0}])
        assert np.all(model.respond(slower).real_consumption == 0.0)
    facts = link_values(model.calibration).attrs
    assert facts["pairs_with_several_least_ways"] == 4  # both ways, for goods and for people


def test_one_sector_without_inputs_has_the_closed_form():
    """Sum over buyers of I dlnW = - flow dln tau, and the gradient by levels in plain Python."""
    n, theta = 3, 4.0
    rng = np.random.default_rng(5)
    blocks = small_blocks(rng, n)
    weights = EconomyWeights(
        np.zeros((n, 1, 1)), -blocks.demand.sum(axis=2)[:, :, None], np.zeros((n, 1, 1))
    )
    found = delivery_gradient(
        blocks, np.array([theta]), weights, closure="spending", prices="given"
    )
    gradient = found.delivery
    np.testing.assert_allclose(gradient[0, :, :, 0], -blocks.flows[0], rtol=1e-14)
    assert not found.solutions
    share, spending = blocks.trade[0].tolist(), blocks.demand[:, 0, 0].tolist()
    by_hand = gradient_of(
        lambda logs: real_consumption_by_hand(share, spending, np.exp(logs).tolist(), theta),
        np.zeros((n, n)).tolist(),
    )
    np.testing.assert_allclose(gradient[0, :, :, 0], by_hand, rtol=1e-7)


def small_blocks(rng, n):
    trade = rng.uniform(0.1, 1.0, (1, n, n))
    trade /= trade.sum(axis=1, keepdims=True)
    demand = rng.uniform(1.0, 5.0, (n, 1, 1))
    flat = np.zeros((n, 1))
    output = np.einsum("irs,si->ri", trade, demand[:, :, 0])
    nothing = np.zeros((n, 1, 1))
    return Blocks(trade, nothing, nothing, demand, nothing, output, flat, output, nothing)


def test_a_hundredth_off_every_cost_saves_a_hundredth_of_the_transport_bill(model):
    base = model.calibration
    values = pair_values(base, "purchase_cost")
    tau, flows = base.delivery.factor, base.blocks.flows
    bill = (flows * (tau - 1.0) / tau).sum()
    costs = {k: getattr(base.skims, k)["cost"].values for k in ("freight", "passenger")}
    cheaper = {k: 0.99 * v for k, v in costs.items()}
    weights = {k: v.values for k, v in values.items()}
    assert first_order_value(weights, costs, cheaper) == pytest.approx(-0.01 * bill, rel=1e-12)
    # and so says the whole model, to first order
    step = 1e-6
    change = base.delivery.change(
        (1 - step) * base.delivery.freight, (1 - step) * base.delivery.passenger
    )
    response = respond(base.blocks, change, base.theta, closure="real")
    saved = objectives(model, response, "given")["purchase_cost"]
    assert saved == pytest.approx(-step * bill, rel=1e-5)


def purchase_cost(blocks, change, theta):
    response = respond(blocks, change, theta, closure="real")
    per_unit = response.cost_saving / (blocks.output + response.output)
    return response.final_demand.sum() - (per_unit * blocks.output).sum()


def test_the_envelope_holds_cell_by_cell(model):
    blocks, theta = model.calibration.blocks, model.calibration.theta
    step, flows = 1e-4, blocks.flows
    for i, r, s in ((0, 0, 1), (1, 2, 2), (3, 1, 0)):
        found = []
        for k in (-2, -1, 1, 2):
            change = np.ones_like(blocks.trade)
            change[i, r, s] = np.exp(k * step)
            found.append(purchase_cost(blocks, change, theta))
        slope = (8 * (found[2] - found[1]) - (found[3] - found[0])) / (12 * step)
        assert slope == pytest.approx(flows[i, r, s], rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_mean_of_delivered_costs_as_the_price_would_break_the_envelope(seed):
    """Away from the base year the CES index still has the value share as slope, the mean not."""
    rng = np.random.default_rng(seed)
    n, theta = 4, 4.0
    trade = rng.uniform(0.1, 1.0, (1, n, 1))
    trade /= trade.sum(axis=1, keepdims=True)
    logs = rng.normal(0.0, 0.2, (1, n, 1))

    def index(change):
        return shift_origins(trade, np.exp(change), np.array([theta])).price_index[0, 0]

    def mean(change):
        found = shift_origins(trade, np.exp(change), np.array([theta])).value_share
        return float((found * np.exp(change)).sum())

    share = shift_origins(trade, np.exp(logs), np.array([theta])).value_share[0, :, 0]
    worst = 0.0
    for r in range(n):
        step = np.zeros((1, n, 1))
        step[0, r] = 1e-5
        slope = (np.log(index(logs + step)) - np.log(index(logs - step))) / 2e-5
        assert slope == pytest.approx(share[r], rel=1e-6)
        wrong = (mean(logs + step) - mean(logs - step)) / 2e-5 / mean(logs)
        worst = max(worst, abs(wrong / share[r] - 1.0))
    assert worst > 0.1


def test_purchase_cost_needs_no_solve_output_one_and_prices_two(model):
    base = model.calibration
    assert link_values(base, "purchase_cost").attrs["solves"] == 0
    assert link_values(base, "output").attrs["solves"] == 1
    assert link_values(base, "output", prices="follow costs").attrs["solves"] == 2
    total = {
        prices: pair_values(base, "purchase_cost", prices=prices)["freight"].sum()
        for prices in ("given", "follow costs")
    }
    # whoever bears it, what is saved is the same
    assert float(total["given"]) == pytest.approx(float(total["follow costs"]), rel=1e-9)


def test_first_order_values_of_small_edits_equal_the_whole_model(model):
    base, network = model.calibration, model.network
    values = pair_values(base)
    weights = {k: v.values for k, v in values.items()}
    costs = {k: getattr(base.skims, k)["cost"].values for k in weights}
    row = {"from_node": "p0", "to_node": "p2", "mode": "road", "km": 20.0, "minutes": 200.0}
    edited = network.with_links(add=[row])
    skims = model.skims(edited)
    new = {k: getattr(skims, k)["cost"].values for k in weights}
    first = first_order_value(weights, costs, new)
    exact = model.respond(edited).real_consumption.sum()
    assert exact > 0.0
    assert first == pytest.approx(exact, rel=0.05)
    assert first != pytest.approx(exact, rel=1e-9)
    assert first_order_value(weights, costs, costs) == 0.0
    same = {k: v.copy() for k, v in costs.items()}
    assert first_order_value(weights, costs, same) == 0.0


def test_a_fast_line_carries_no_goods_and_says_so(model):
    data = link_values(model.calibration)
    fast = data["mode"] == "rail_hsr"
    assert int(fast.sum()) > 0
    of = data.sel(purpose="freight").where(fast, drop=True)
    assert np.all(of["per_minute"] == 0.0)
    assert set(of["reason"].values.tolist()) == {"its mode carries none of this purpose"}
    zero = (data["per_minute"] == 0.0).all("side") & (data["per_money"] == 0.0).all("side")
    assert np.all((data["reason"] != "") == zero)


def test_values_over_km_and_build_cost_and_units(model):
    cost = pd.Series({"l0": 50.0, "l1": 20.0})
    data = link_values(model.calibration, build_cost=cost)
    one = data.sel(link="l0", purpose="freight", side="improve")
    assert float(one["per_minute_and_cost"]) == pytest.approx(float(one["per_minute"]) / 50.0)
    assert float(one["per_minute_and_km"]) == pytest.approx(
        float(one["per_minute"]) / float(one["km"])
    )
    assert np.isnan(data["per_minute_and_cost"].sel(link="l2")).all()
    assert data["per_minute"].attrs["units"] == f"{model.table.unit} per minute saved"
    assert data.attrs["better"] == "more"
    with pytest.raises(UnknownLabel, match="nowhere"):
        link_values(model.calibration, build_cost=pd.Series({"nowhere": 1.0}))


def test_departures_and_money_equal_differences_of_the_whole_model(model):
    network = model.network
    data = link_values(model.calibration).sel(purpose="passenger", side="worsen")
    trains = network.links["trains_per_day"]
    chosen = [k for k in trains.index[trains > 8] if abs(float(data["per_departure"].sel(link=k)))]
    assert chosen
    for link in chosen[:2]:
        here = trains[link]
        seen = []
        for k in (-2, -1, 1, 2):
            change = {"select": {"link": link}, "trains_per_day": here * (1.0 + k * STEP)}
            edited = network.with_links(change=[change])
            seen.append(model.respond(edited).real_consumption.sum())
        expected = slopes(np.array(seen)) / here
        value = float(data["per_departure"].sel(link=link))
        assert value == pytest.approx(expected, rel=1e-5, abs=1e-8)
    paid = [k for k in network.links.index if network.links.at[k, "money"] > 1.0]
    used = [k for k in paid if float(data["per_money"].sel(link=k)) != 0.0]
    assert used
    here = network.links.at[used[0], "money"]
    seen = []
    for k in (-2, -1, 1, 2):
        change = {"select": {"link": used[0]}, "money": here * (1.0 + k * STEP)}
        seen.append(model.respond(network.with_links(change=[change])).real_consumption.sum())
    expected = -slopes(np.array(seen)) / here
    assert float(data["per_money"].sel(link=used[0])) == pytest.approx(expected, rel=1e-6)
