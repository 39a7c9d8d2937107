from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cases_channels import line_model

from model.calibration import skims_of
from model.channels.productivity import productivity
from model.costs import Skims
from model.delivery import SectorRoles


def scaled(skims, factor):
    """Skims whose passenger costs are multiplied by a factor."""
    passenger = skims.passenger.copy()
    passenger["cost"] = passenger["cost"] * factor
    return Skims(**(vars(skims) | {"passenger": passenger}))


def test_ratios_are_those_of_the_definition_place_by_place():
    base = line_model().calibration
    rng = np.random.default_rng(0)
    codes = base.places.codes
    before = base.skims.passenger["cost"].values
    after = scaled(base.skims, rng.uniform(0.7, 1.1, before.shape))
    found = productivity(base, after)
    people, product = (base.places.mass(m) for m in ("population", "gdp"))
    elasticity = {"goods": (0.02, 1.0), "business service": (0.08, 1.8)}
    for r, region in enumerate(base.table.regions):
        for j, role in enumerate(base.roles.roles):
            rho, alpha = elasticity.get(role, (0.02, 1.8))
            total = 0.0
            for o, code in enumerate(codes):
                if base.places.region[code] != region:
                    continue
                old = sum(people[d] / before[o, k] ** alpha for k, d in enumerate(codes))
                new = sum(
                    people[d] / after.passenger["cost"].values[o, k] ** alpha
                    for k, d in enumerate(codes)
                )
                total += product[code] * (new / old) ** rho
            mass = product[base.places.region == region].sum()
            assert found.ratio[r, j] == pytest.approx(total / mass, rel=1e-12)


def test_the_same_skims_change_nothing_at_all():
    base = line_model().calibration
    found = productivity(base, base.skims)
    assert np.all(found.ratio == 1.0)
    assert np.all(found.density == 1.0)


def test_a_cut_of_all_costs_raises_density_by_the_decay_alone():
    base = line_model().calibration
    found = productivity(base, scaled(base.skims, 0.9))
    goods = np.array(base.roles.roles) == "goods"
    np.testing.assert_allclose(found.ratio[:, goods], 0.9 ** (-1.0 * 0.02), rtol=1e-12)
    np.testing.assert_allclose(found.density, 0.9**-1.8, rtol=1e-12)


def test_elasticities_by_sector_and_zero_elasticity():
    base = line_model(
        agglomeration_goods=0.0, agglomeration_services={"default": 0.02, "Trade": 0.1}
    ).calibration
    found = productivity(base, scaled(base.skims, 0.9)).ratio
    names = pd.Index(base.table.sectors)
    assert np.all(found[:, np.array(base.roles.roles) == "goods"] == 1.0)
    np.testing.assert_allclose(found[:, names.get_loc("Trade")], 0.9 ** (-1.8 * 0.1), rtol=1e-12)


def test_construction_has_an_elasticity_and_a_decay_of_its_own():
    roles = ("goods", "construction", "transport", "business service")
    base = line_model().calibration
    built = replace(base, roles=SectorRoles(roles))
    network = base.network.with_links(change=[{"select": {"mode": "road"}, "minutes": 60.0}])
    skims = skims_of(base, network)
    plain, own = productivity(base, skims).ratio, productivity(built, skims).ratio
    np.testing.assert_array_equal(np.delete(plain, 1, axis=1), np.delete(own, 1, axis=1))
    told = base.parameters.with_values(
        {"agglomeration_services": 0.03, "density_decay_services": 1.6}
    )
    by_sector = productivity(replace(base, parameters=told), skims).ratio
    np.testing.assert_array_equal(own[:, 1], by_sector[:, 1])
    assert (own[:, 1] > plain[:, 1]).all()
