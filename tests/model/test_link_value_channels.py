"""Links valued with channels beside sourcing, against differences of the whole model."""

import numpy as np
import pytest
from cases_channels import line_model

from model.channels.answers import Answers, acting
from model.link_value import link_values

SETS = [
    ("productivity",),
    ("households",),
    ("price", "productivity"),
    ("price", "productivity", "households"),
]
STEP = 2e-3


@pytest.fixture(scope="module", params=["ces", "logit"])
def model(request):
    return line_model(seed=2, sourcing_form=request.param)


def objectives(model, response):
    """What the whole model says of every objective, without the tables of the library."""
    blocks = model.calibration.blocks
    activity = response.activity
    return {
        "real_consumption": response.real_consumption.sum(),
        "output": response.output.sum(),
        "value_added": (blocks.primary / blocks.output * activity).sum(),
    }


def change_of(link, minutes):
    return [{"select": {"link": link}, "minutes": minutes}]


@pytest.mark.parametrize("channels", SETS, ids="+".join)
@pytest.mark.parametrize("objective", ["real_consumption", "output", "value_added"])
def test_every_link_equals_central_differences_of_the_whole_model(model, channels, objective):
    found = link_values(model.calibration, objective, channels=channels)
    value = found["per_minute"].sum("purpose").sel(side="improve")
    for link in model.network.links.index:
        minutes = model.network.links.at[link, "minutes"]
        seen = []
        for k in (-2, -1, 1, 2):
            edited = model.network.with_links(change=change_of(link, minutes * (1 + k * STEP)))
            seen.append(objectives(model, model.respond(edited, channels=channels))[objective])
        far, near = (seen[3] - seen[0]) / (4 * STEP), (seen[2] - seen[1]) / (2 * STEP)
        expected = -(4 * near - far) / 3 / minutes
        scale = float(np.abs(value).max())
        assert float(value.sel(link=link)) == pytest.approx(expected, rel=1e-6, abs=1e-8 * scale)
    plain = link_values(model.calibration, objective)["per_minute"].sum("purpose")
    assert np.abs(value - plain.sel(side="improve")).max() > 1e-4 * scale


def test_channels_are_said_and_productivity_needs_its_elasticity(model):
    found = link_values(model.calibration, "output", channels=("price", "productivity"))
    assert found.attrs["channels"] == "sourcing price productivity"
    endings = ("goods", "services", "construction", "business_services")
    off = {f"agglomeration_{end}": 0.0 for end in endings}
    still = line_model(seed=2, **off)
    one = link_values(still.calibration, "output", channels=("productivity",))["per_minute"]
    two = link_values(still.calibration, "output")["per_minute"]
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_jobs_and_value_added_follow_inputs_and_output_follows_what_is_made(model):
    answers = Answers(model.calibration, acting(("productivity",), "given"))
    edited = model.network.with_links(change=change_of(model.network.links.index[1], 60.0))
    response = answers.after(model.costs(edited))
    made = response.productivity
    base = model.calibration.blocks.output
    assert np.all(made > 1.0)
    np.testing.assert_allclose(made * (base + response.activity), base + response.output)
