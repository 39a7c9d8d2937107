"""Scenarios that come with the package can be read, and say what they claim to show."""

from importlib.resources import files

import pytest

from model.channels.case import ANSWERS
from model.scenario import read_scenario

SHIPPED = sorted(
    path.name for path in (files("model") / "scenarios").iterdir() if path.name.endswith(".toml")
)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_reads_and_writes_back_the_same(name, tmp_path):
    scenario = read_scenario(str(files("model") / "scenarios" / name))
    again = tmp_path / name
    again.write_text(scenario.to_toml(), encoding="utf-8")
    assert read_scenario(again) == scenario


def test_the_one_on_channels_switches_all_of_them_on():
    scenario = read_scenario(str(files("model") / "scenarios" / "channels.toml"))
    assert set(ANSWERS) <= set(scenario.closure.channels)
    assert scenario.edits
