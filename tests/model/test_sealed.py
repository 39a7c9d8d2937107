"""What is calibrated once cannot be written to."""

import numpy as np
import pytest
from cases_networks import random_network

import hinterland as hl
from io_tables.testing import random_table
from model.equilibrium import EquilibriumBase, equilibrium

ROLES = hl.SectorRoles(("goods", "goods", "transport", "service"))


@pytest.fixture(scope="module")
def model():
    table, network = random_table(1, 3, 4), random_network(1, places=5)
    nodes = network.nodes.copy()
    place = nodes["kind"] == "place"
    nodes.loc[place, "region"] = [table.regions[i % 3] for i in range(place.sum())]
    nodes.loc[place, "gdp"] = 1.0
    return hl.SpatialModel(table, hl.Network(nodes, network.links), {"theta": 3.0}, roles=ROLES)


def test_no_number_of_a_calibrated_model_can_be_written_to(model):
    base = model.calibration
    kept = [base.theta, base.blocks.use, base.blocks.exports, base.blocks.technology]
    kept += [base.delivery.kappa, base.delivery.factor, base.costs.freight, base.costs.passenger]
    kept += [one.values for skim in (base.skims.fastest, base.skims.freight) for one in
             (skim["minutes"], skim["cost"], skim["km"])]  # fmt: skip
    kept += [base.ready[name] for name in base.ready.asked]
    for array in kept:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 7.0


def test_costs_after_an_edit_are_their_own_where_they_differ(model):
    base = model.calibration
    before = {name: base.ready[name].copy() for name in base.ready.asked}
    link = model.network.links.index[0]
    faster = model.network.with_links(change=[{"select": {"link": link}, "minutes": 0.5}])
    costs = base.ready.run(faster)
    for name, (cells, _) in costs.changed.items():
        if len(cells):
            costs[name][...] = -1.0
        assert np.array_equal(base.ready[name], before[name])


def test_the_accounts_of_an_equilibrium_serve_many_changes_unchanged():
    base = EquilibriumBase.of(random_table(2, 3, 2))
    for array in (base.inputs, base.final, base.exports, base.output, base.trade, base.factors):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 7.0
    found = equilibrium(base, 1.0, 4.0)
    for array in (found.wages, found.output, found.trade_shares, found.expenditure):
        if array.flags.writeable:
            array[...] = 7.0
    assert (equilibrium(base, 1.0, 4.0).wages == 1.0).all()
