"""The equilibrium as a channel of a run: levels beside the other channels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import hinterland as hl
from io_tables.testing import random_table
from model.equilibrium import equilibrium
from model.errors import InvalidParameter
from model.steps.equilibrium import equilibrium_dataset

ROLES = hl.SectorRoles(("goods", "goods", "transport", "service"))


@pytest.fixture(scope="module")
def model():
    table = random_table(3, 3, 4)
    places = pd.DataFrame(
        {
            "node": ["p0", "p1", "p2"],
            "name": ["City 0", "City 1", "City 2"],
            "kind": "place",
            "region": table.regions,
            "lon": [10.0, 11.0, 12.0],
            "lat": [50.0, 51.0, 50.0],
            "area_km2": 500.0,
            "population": [1e6, 2e6, 3e6],
            "gdp": [10.0, 20.0, 30.0],
        }
    ).set_index("node")
    links = pd.DataFrame(
        {
            "link": ["a", "b"],
            "from_node": ["p0", "p1"],
            "to_node": ["p1", "p2"],
            "mode": "road",
            "line": "",
            "km": 100.0,
            "minutes": 80.0,
        }
    ).set_index("link")
    return hl.SpatialModel(table, hl.Network(places, links), roles=ROLES)


def test_the_unedited_network_gives_exactly_the_base_year(model):
    base = model.calibration
    found = equilibrium_dataset(base, base.skims)
    blocks = base.blocks
    money = (blocks.demand + blocks.imported_demand).sum(axis=2)
    rate = blocks.primary / blocks.output  # as the levels of the base year are told
    for name, level in (
        ("output", blocks.output),
        ("value_added", rate * blocks.output),
        ("final_demand", money),
        ("real_consumption", money),
    ):
        assert np.array_equal(found.data[name].sel(channel="equilibrium").values, level), name
    assert np.all(found.data["equilibrium_welfare"] == 1.0)
    assert "no delivered cost" in found.zero_effects[0]
    assert all(one["holds"] for one in found.identities)


def test_a_faster_road_raises_real_consumption_and_moves_people_when_they_may(model):
    faster = model.network.with_links(change=[{"select": {"link": "a"}, "minutes": 20.0}])
    skims = model.skims(faster)
    stay = equilibrium_dataset(model.calibration, skims)
    go = equilibrium_dataset(
        model.calibration, skims, labour="partly mobile", migration_elasticity=2.0
    )
    base = model.calibration.blocks
    money = (base.demand + base.imported_demand).sum()
    assert float(stay.data["real_consumption"].sum()) > money
    regional = stay.data["value_added"].sum("sector").values[:, 0]
    np.testing.assert_allclose(regional, base.primary.sum(axis=1), rtol=1e-3)
    assert "supply does not move" in stay.zero_effects[0]
    assert go.zero_effects == []
    assert np.ptp(go.data["equilibrium_population"].values) > 1e-6
    assert "partly mobile" in go.notes[0]
    for name in go.data.data_vars:
        assert go.data[name].attrs["units"], name
        assert go.data[name].attrs["long_name"], name


def test_a_calibrated_model_brings_its_own_elasticities(model):
    tau = np.full(model.calibration.blocks.trade.shape, 0.95)
    mine = equilibrium(model, tau)
    given = equilibrium(model.table, tau, model.calibration.theta)
    assert np.array_equal(mine.wages, given.wages)
    with pytest.raises(InvalidParameter, match="migration_elasticity"):
        equilibrium_dataset(model.calibration, model.calibration.skims, labour="partly mobile")
