"""Edits answered from costs kept ready against the way through skims of the edited network."""

import numpy as np
import pandas as pd
import pytest

import hinterland as hl
from io_tables.testing import random_table
from model.calibration import respond_to
from networks.patches import Patch, add_line, upgrade
from networks.whatif import Costs

ROLES = hl.SectorRoles(("goods", "goods", "transport", "service"))
FIELDS = ("output", "value_added", "cost_saving", "real_consumption", "delivered_price")


@pytest.fixture(scope="module")
def model():
    table = random_table(5, 5, 4)
    regions = [str(r) for r in table.regions]
    nodes = pd.DataFrame(
        {
            "node": [f"p{k}" for k in range(10)],
            "name": [f"City {k}" for k in range(10)],
            "kind": "place",
            "region": [regions[k // 2 % len(regions)] for k in range(10)],
            "lon": 10.0 + 0.9 * np.arange(10),
            "lat": 50.0 + np.arange(10) % 3,
            "area_km2": 500.0,
            "population": 1e6 * (1 + np.arange(10)),
            "gdp": 10.0 * (1 + np.arange(10)[::-1]),
        }
    )
    rows = [(f"p{k}", f"p{k + 1}", "road", "") for k in range(9)]
    rows += [(f"p{k}", f"p{k + 1}", "rail_conventional", "old") for k in range(0, 8)]
    rows += [(f"p{k}", f"p{k + 2}", "rail_hsr", "fast") for k in range(0, 7, 2)]
    links = pd.DataFrame(rows, columns=["from_node", "to_node", "mode", "line"])
    speed = links["mode"].map({"road": 70.0, "rail_conventional": 100.0, "rail_hsr": 220.0})
    links = links.assign(
        link=[f"l{k}" for k in range(len(rows))], km=90.0, minutes=60 * 90.0 / speed
    )
    assert len(set(nodes["region"])) == len(regions)
    return hl.SpatialModel(table, hl.Network(nodes, links), roles=ROLES)


def line(freed=0.0):
    return add_line(
        "rail_hsr",
        ["p0", "p3", "p9"],
        speed_kmh=300.0,
        trains_per_day=40.0,
        name="new",
        freed_freight_capacity=freed,
    )


PATCHES = {
    "a line": Patch("a line", (line(),)),
    "a line that frees capacity": Patch("freed", (line(0.6),)),
    "a faster line": Patch("faster", (upgrade(line="fast", speed_kmh=350.0),)),
}


@pytest.mark.parametrize("what", list(PATCHES))
@pytest.mark.parametrize("prices", ["given", "follow costs"])
def test_an_edit_is_answered_as_through_skims_of_the_edited_network(model, what, prices):
    network = _edited(model.network, what)
    slow = respond_to(model.calibration, model.skims(network), prices=prices)
    for edited in (PATCHES[what], network, model.costs(network)):
        found = model.respond(edited, prices=prices)
        for name in FIELDS:
            scale = np.abs(getattr(slow, name)).max()
            gap = np.abs(getattr(found, name) - getattr(slow, name)).max()
            assert gap <= 1e-9 * scale + 1e-12, name
        assert max(found.gaps.values()) < 1e-11


def _edited(network, what):
    if what == "a faster line":
        fast = network.links[network.links["line"] == "fast"]
        rows = fast.assign(minutes=np.minimum(fast["minutes"], _minutes(network, fast["km"])))
        return network.with_links(change=rows[["minutes"]])
    freed = 0.6 if what == "a line that frees capacity" else 0.0
    return network.with_line(
        "rail_hsr",
        ["p0", "p3", "p9"],
        speed_kmh=300.0,
        trains_per_day=40.0,
        name="new",
        freed_freight_capacity=freed,
    )


def _minutes(network, km):
    share = network.parameters.get("running_share", "rail_hsr")
    return 60.0 * km / (share * 350.0) + network.parameters.get("stop_minutes", "rail_hsr")


def test_no_edit_does_exactly_nothing(model):
    found = model.respond(model.network, prices="follow costs")
    assert all(np.all(getattr(found, name) == 0.0) for name in FIELDS[:4])
    assert np.all(found.delivered_price == 1.0)
    assert found.solution is None


def test_a_passenger_line_leaves_the_price_of_goods_exactly_alone(model):
    found = model.respond(PATCHES["a line"])
    goods = model.calibration.roles.goods
    assert np.all(found.sourcing.price_index[goods] == 1.0)
    assert np.any(found.sourcing.price_index[~goods] < 1.0)


def test_many_edits_come_in_order_and_alike_at_any_number_of_workers(model):
    ends = [("p0", "p5"), ("p2", "p9"), ("p1", "p7"), ("p4", "p9"), ("p0", "p9")]
    edits = [model.line("rail_hsr", e, speed_kmh=320.0, trains_per_day=20.0) for e in ends]
    done = []
    one = list(model.respond_many(iter(edits), progress=done.append))
    two = list(model.respond_many(edits, workers=2))
    assert done == [1, 2, 3, 4, 5]
    for edit, a, b in zip(edits, one, two, strict=True):
        assert a.name == edit.name
        assert isinstance(a.costs, Costs)
        assert np.array_equal(a.response.output, b.response.output)
        assert np.array_equal(a.response.output, model.respond(edit).output)


def test_the_mean_cost_of_regions_after_an_edit_is_that_of_all_its_places(model):
    network = _edited(model.network, "a line")
    base = model.calibration
    moved = base.means.after(base.costs, model.costs(network), base.ready)
    skims = model.skims(network)
    wanted = type(moved).of(skims.passenger, skims.freight, base.places)
    np.testing.assert_allclose(moved.passenger, wanted.passenger, rtol=1e-12)
    assert np.array_equal(moved.freight, base.costs.freight)
