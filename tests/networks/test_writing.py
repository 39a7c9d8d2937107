"""What is written reads back the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hinterland as hl
from networks.errors import InvalidNetwork, UnknownLabel
from networks.given_costs import read_skim
from networks.network import Network
from networks.readers.writing import write_network, write_skim


@pytest.fixture(scope="module")
def network() -> Network:
    return hl.load_china_network(2020)


@pytest.mark.parametrize(
    ("name", "format"), [("folder", None), ("folder", "gmns"), ("map.geojson", None)]
)
def test_a_network_written_in_a_format_reads_back(
    network: Network, tmp_path: Path, name: str, format: str | None
) -> None:
    back = hl.read_network(write_network(network, tmp_path / name, format))
    columns = ["from_node", "to_node", "mode", "km", "minutes", "line", "trains_per_day"]
    pd.testing.assert_frame_equal(
        back.links[columns].sort_index(), network.links[columns].sort_index(), check_names=False
    )
    assert set(back.places.index) == set(network.places.index)


@pytest.mark.parametrize("ending", [".omx", ".csv", ".nc"])
def test_a_skim_written_to_a_file_reads_back_to_the_last_digit(
    network: Network, tmp_path: Path, ending: str
) -> None:
    skim = hl.skim(network, zones=list(network.places.index[:12]))
    back = read_skim(write_skim(skim, tmp_path / f"costs{ending}"), network=network)
    for name in ("cost", "minutes", "money", "wait"):
        np.testing.assert_array_equal(
            back[name].sel(origin=skim["origin"], destination=skim["destination"]), skim[name]
        )


def test_what_cannot_be_written_is_said(network: Network, tmp_path: Path) -> None:
    with pytest.raises(UnknownLabel, match="did you mean 'gmns'"):
        write_network(network, tmp_path / "x", "gmn")
    skim = hl.skim(network, zones=list(network.places.index[:3]))
    with pytest.raises(InvalidNetwork, match=r"\.omx, \.csv, \.nc"):
        write_skim(skim, tmp_path / "costs.xls")
    assert not any(tmp_path.iterdir())
