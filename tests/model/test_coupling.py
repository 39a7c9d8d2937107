"""A small country of random numbers tied to a small map: nothing here knows about China."""

import numpy as np
import pandas as pd
import pytest

import hinterland as hl
from io_tables.testing import random_table
from model.errors import MissingRoles, NetworkMismatch

ROLES = hl.SectorRoles(("goods", "goods", "transport", "service"))


def cities(regions):
    n = len(regions)
    return pd.DataFrame(
        {
            "node": [f"p{i}" for i in range(n)],
            "name": [f"City {i}" for i in range(n)],
            "kind": "place",
            "region": regions,
            "lon": 10.0 + np.arange(n),
            "lat": 50.0 + np.arange(n) % 2,
            "area_km2": 500.0,
            "population": 1e6 * (1 + np.arange(n)),
            "gdp": 10.0 * (1 + np.arange(n)),
        }
    ).set_index("node")


def chain(n, mode, km=100.0, minutes=80.0):
    return pd.DataFrame(
        {
            "link": [f"{mode}{i}" for i in range(n - 1)],
            "from_node": [f"p{i}" for i in range(n - 1)],
            "to_node": [f"p{i + 1}" for i in range(n - 1)],
            "mode": mode,
            "line": "" if mode == "road" else f"line of {mode}",
            "km": km,
            "minutes": minutes,
        }
    ).set_index("link")


@pytest.fixture
def table():
    return random_table(3, 3, 4)


@pytest.fixture
def network(table):
    links = pd.concat([chain(3, "road"), chain(3, "rail_conventional")])
    return hl.Network(cities(table.regions), links)


def test_an_unedited_network_has_exactly_no_effect(table, network):
    response = hl.SpatialModel(table, network, roles=ROLES).respond(network)
    assert np.all(response.output == 0.0)
    assert np.all(response.real_consumption == 0.0)
    assert response.solution is None


def test_faster_roads_help_goods_and_services(table, network):
    model = hl.SpatialModel(table, network, roles=ROLES)
    faster = network.with_links(change=[{"select": {"mode": "road"}, "minutes": 20.0}])
    response = model.respond(faster)
    price = response.sourcing.price_index
    assert np.all(price[0] < 1.0)  # goods pay for the time of a tonne
    assert np.all(price[3] < 1.0)  # services for the time of a person
    assert response.real_consumption.sum() > 0.0
    assert max(response.gaps.values()) < 1e-12


def test_stronger_response_moves_shares_more(table, network):
    faster = network.with_links(change=[{"select": {"link": "road0"}, "minutes": 10.0}])

    def shift(theta):
        model = hl.SpatialModel(table, network, {"theta": theta}, roles=ROLES)
        sourcing = model.respond(faster).sourcing
        return np.abs(sourcing.value_share - model.calibration.blocks.trade).sum()

    assert 0.0 < shift(1.0) < shift(4.0) < shift(8.0)


def test_theta_zero_keeps_value_shares(table, network):
    model = hl.SpatialModel(table, network, {"theta": 0.0}, roles=ROLES)
    faster = network.with_links(change=[{"select": {"link": "road0"}, "minutes": 10.0}])
    shares = model.respond(faster).sourcing.value_share
    np.testing.assert_allclose(shares, model.calibration.blocks.trade, rtol=0, atol=1e-15)


def test_kappa_zero_makes_distance_free(table, network):
    values = {"kappa_goods": 0.0, "kappa_services": 0.0, "kappa_business_services": 0.0}
    model = hl.SpatialModel(table, network, values, roles=ROLES)
    faster = network.with_links(change=[{"select": {"link": "road0"}, "minutes": 10.0}])
    assert np.all(model.respond(faster).real_consumption == 0.0)


def test_an_explicit_table_is_pooled_for_the_coupling(network):
    explicit = random_table(3, 3, 4, kind="explicit")
    network = hl.Network(
        network.nodes.assign(region=explicit.regions), network.links, name=network.name
    )
    faster = network.with_links(change=[{"select": {"link": "road0"}, "minutes": 10.0}])
    one = hl.SpatialModel(explicit, network, roles=ROLES).respond(faster)
    two = hl.SpatialModel(explicit.pooled(), network, roles=ROLES).respond(faster)
    np.testing.assert_array_equal(one.output, two.output)


def test_regions_and_places_that_do_not_meet_are_named(table):
    nodes = cities([*table.regions[:2], "Atlantis"])
    network = hl.Network(nodes, chain(3, "road"))
    with pytest.raises(NetworkMismatch, match=f"(?s){table.regions[2]}.*'Atlantis'"):
        hl.SpatialModel(table, network, roles=ROLES)


def test_a_table_without_roles_and_a_place_without_mass_are_refused(table, network):
    with pytest.raises(MissingRoles, match="roles=SectorRoles"):
        hl.SpatialModel(table, network)
    bare = hl.Network(network.nodes.assign(gdp=np.nan), network.links)
    with pytest.raises(NetworkMismatch, match="gdp; 3 places have none"):
        hl.SpatialModel(table, bare, roles=ROLES)


def test_a_role_for_every_sector_is_asked_for(table, network):
    with pytest.raises(MissingRoles, match="4 sectors"):
        hl.SpatialModel(table, network, roles=hl.SectorRoles(("goods", "transport")))
