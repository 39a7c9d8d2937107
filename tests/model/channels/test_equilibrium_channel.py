"""A scenario's economy at rest: the equilibrium as a channel of a run."""

from dataclasses import replace

import numpy as np
import pytest
from cases_channels import line_model

from model.equilibrium import EquilibriumBase, equilibrium
from model.errors import ScenarioError
from model.results import RunStatus, read_result
from model.scenario import Closure, Edit, Scenario
from model.steps.edits import edited_network


def scenario(channels=("sourcing", "equilibrium"), minutes=60.0):
    return Scenario(
        name="faster",
        closure=Closure(channels=channels),
        edits=(
            Edit(kind="change", name="road", select={"mode": "road"}, fields={"minutes": minutes}),
        ),
    )


@pytest.fixture(scope="module")
def model():
    return line_model(relocation_labour=1.5)


@pytest.fixture(scope="module")
def result(model):
    return model.run(scenario())


def change_of(model):
    """tau^ of the edited network, by the costs kept ready instead of by a skim."""
    base = model.calibration
    costs = model.costs(edited_network(model.network, scenario()))
    after = base.means.after(base.costs, costs, base.ready)
    return base.delivery.change(after.freight, after.passenger)


def test_the_column_is_the_equilibrium_of_the_library_and_certified(model, result):
    assert result.status is RunStatus.ok
    found = equilibrium(model, change_of(model))
    np.testing.assert_allclose(result.data["equilibrium_welfare"], found.welfare, rtol=1e-9)
    column = result.data["real_consumption"].sel(channel="equilibrium")
    gain = (column - result.data["real_consumption_base"]).sum("sector")
    base = EquilibriumBase.of(model.table)
    expected = found.real_consumption_by_product - base.final_use
    np.testing.assert_allclose(gain, expected.sum(axis=1), rtol=1e-7)
    named = [one for one in result.report.identities if one["name"].startswith("equilibrium")]
    assert {"goods markets", "factor markets"} <= {one["name"].split(": ")[1] for one in named}
    assert all(one["holds"] for one in named)


def test_people_stay_unless_relocation_is_on_too(model, result):
    assert np.array_equal(result.data["equilibrium_population"], np.ones(len(model.table.regions)))
    moved = model.run(scenario(("sourcing", "relocation", "equilibrium")))
    people = moved.data["equilibrium_population"]
    weights = model.table.data["population"]
    assert float(abs(people - 1.0).max()) > 0.0
    assert float((people * weights).sum()) == pytest.approx(float(weights.sum()), rel=1e-10)
    assert any("partly mobile" in note for note in moved.report.estimates)


def test_columns_of_the_other_channels_do_not_know_of_it(model, result):
    plain = model.run(scenario(("sourcing",)))
    for name in ("output", "value_added", "real_consumption", "final_demand"):
        np.testing.assert_array_equal(
            result.data[name].sel(channel="sourcing"), plain.data[name].sel(channel="sourcing")
        )


def test_no_change_is_exactly_the_base_year(model):
    minutes = model.network.links.loc[model.network.links["mode"] == "road", "minutes"]
    first = str(minutes.index[0])
    edit = Edit(
        kind="change",
        name="same",
        select={"link": first},
        fields={"minutes": float(minutes[first])},
    )
    still = model.run(replace(scenario(), edits=(edit,)))
    for name in ("output", "value_added", "real_consumption", "final_demand"):
        np.testing.assert_array_equal(
            still.data[name].sel(channel="equilibrium"), still.data[f"{name}_base"]
        )
    assert any("The equilibrium is the base year" in one for one in still.report.zero_effects)


def test_it_goes_to_files_and_comes_back(result, tmp_path):
    result.to_netcdf(tmp_path / "result.nc")
    assert read_result(tmp_path / "result.nc").data.identical(result.data)
    result.to_html(tmp_path / "report.html")
    assert "Equilibrium" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_without_sourcing_it_is_refused():
    with pytest.raises(ScenarioError, match="beside sourcing"):
        Scenario.from_dict({"name": "x", "closure": {"channels": ["equilibrium"]}})
