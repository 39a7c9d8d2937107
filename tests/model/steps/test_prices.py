"""Stimuli at purchasers' prices."""

from dataclasses import replace

import numpy as np
import pytest
from cases_channels import line_model

from model.errors import ScenarioError
from model.scenario import Closure, Scenario, Stimulus

BOUGHT = Stimulus(
    name="buy",
    pole="R1",
    amount=10e6,
    sectors={"Making": 0.8, "Advice": 0.2},
    prices="purchaser",
)


@pytest.fixture(scope="module")
def model():
    return line_model()


def run(model, stimulus):
    return model.run(Scenario(name="x", closure=Closure(channels=("demand",)), stimuli=(stimulus,)))


def files(folder, margins, taxes=None):
    made = {}
    for name, text in (("margins", margins), ("taxes", taxes)):
        if text is not None:
            path = folder / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            made[name] = str(path)
    return made


MARGINS = "product,Trade,Transport\nMaking,0.15,0.05\n"
TAXES = "product,rate\nMaking,0.1\nTransport,0.3\n"


@pytest.mark.parametrize("at", ["origin", "use"])
def test_margins_go_to_those_who_earn_them_and_taxes_to_nobody(model, tmp_path, at):
    stimulus = replace(BOUGHT, at=at, **files(tmp_path, MARGINS, TAXES))
    found = run(model, stimulus)
    basic = {"Making": 8 * 0.7, "Trade": 8 * 0.15, "Transport": 8 * 0.05, "Advice": 2.0}
    total = sum(basic.values())
    plain = Stimulus(
        name="buy",
        pole="R1",
        at=at,
        amount=1e6 * total,
        sectors={k: v / total for k, v in basic.items()},
    )
    expected = run(model, plain)
    np.testing.assert_allclose(
        found.data["ledger"].values, expected.data["ledger"].values, rtol=1e-12, atol=1e-12
    )
    assert found.data["stimulus_taxes"].item() == pytest.approx(0.8)
    assert found.data["stimulus_margins"].item() == pytest.approx(1.6)
    assert found.data["stimulus"].item() == pytest.approx(10.0 - 0.8)
    assert any("at purchasers' prices" in one for one in found.report.estimates)


def test_the_joint_system_of_channels_sees_basic_prices_too(model, tmp_path):
    stimulus = replace(BOUGHT, **files(tmp_path, MARGINS, TAXES))
    asked = Scenario(
        name="x", closure=Closure(channels=("demand", "households")), stimuli=(stimulus,)
    )
    found = model.run(asked)
    alone = found.data["value_added"].sel(channel="demand") - found.data["value_added_base"]
    primary = float(alone.sum())
    assert 0.0 < primary <= 10.0 - 0.8 + 1e-9


def test_without_margins_it_is_refused_by_name_with_what_to_give(model):
    with pytest.raises(ScenarioError, match=r"'buy'.*tells none\. Give margins = a CSV file"):
        run(model, BOUGHT)


@pytest.mark.parametrize(
    ("margins", "taxes", "words"),
    [
        ("product,Trade\nMakign,0.1\n", None, "did you mean 'Making'"),
        ("product,Trade\nMaking,0.9\n", "product,rate\nMaking,0.3\n", "not be more than the price"),
        ("product,Trade\nMaking,a lot\n", None, "CSV file"),
        ("product,Trade\nMaking,0.1\nMaking,0.1\n", None, "every product once"),
        (MARGINS, "product,rate,more\nMaking,0.1,0.2\n", "two columns"),
    ],
)
def test_files_that_cannot_be_used_are_named(model, tmp_path, margins, taxes, words):
    with pytest.raises(ScenarioError, match=words):
        run(model, replace(BOUGHT, **files(tmp_path, margins, taxes)))


def test_a_file_that_is_not_there_is_named(model, tmp_path):
    with pytest.raises(ScenarioError, match=r"there is no file .*none\.csv of margins"):
        run(model, replace(BOUGHT, margins=str(tmp_path / "none.csv")))
