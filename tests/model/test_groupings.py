from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from model.errors import ScenarioError
from model.steps.groupings import (
    INSIDE,
    OUTSIDE,
    Groupings,
    allocation,
    read_place_groups,
    rings_of,
)

REGIONS = ["North", "South", "West"]


@pytest.fixture
def groupings():
    regions = pd.DataFrame(
        [("poles", "Delta", "North"), ("poles", "Delta", "South"), ("macro", "Inland", "West")],
        columns=["grouping", "group", "region"],
    )
    places = pd.DataFrame(
        [("clusters", "One", "a"), ("clusters", "Two", "c")],
        columns=["grouping", "group", "place"],
    )
    return Groupings(regions, places)


def test_a_pole_is_a_group_a_region_or_weights(groupings):
    assert groupings.resolve("Delta", REGIONS) == ["North", "South"]
    assert groupings.resolve("West", REGIONS) == ["West"]
    assert groupings.resolve({"North": 0.4, "West": 0.6}, REGIONS) == {"North": 0.4, "West": 0.6}


def test_a_cluster_stands_for_the_whole_regions_it_touches_weighed_by_its_mass_there(groupings):
    region = pd.Series(["North", "South", "West"], index=list("abc"))
    mass = pd.Series([3.0, 1.0, 4.0], index=list("abc"))
    wide = replace(groupings, place_region=region, place_mass=mass).with_places(
        pd.DataFrame(
            [("clusters", "Both", "a"), ("clusters", "Both", "b")],
            columns=["grouping", "group", "place"],
        )
    )
    assert wide.resolve("Both", REGIONS) == {"North": 0.75, "South": 0.25}
    assert wide.is_finer("Both", REGIONS)
    assert not wide.is_finer("Delta", REGIONS)


def test_on_a_table_of_places_groups_stand_for_their_places(groupings):
    region = pd.Series(["North", "South", "West"], index=list("abc"))
    placed = replace(groupings, place_region=region, place_mass=pd.Series(1.0, index=list("abc")))
    assert placed.resolve("Delta", list("abc")) == ["a", "b"]
    assert placed.resolve("Two", list("abc")) == ["c"]
    assert placed.resolve("b", list("abc")) == ["b"]


def test_a_group_that_two_groupings_have_is_taken_from_one(groupings):
    more = pd.DataFrame(
        [("air", "One", "b"), ("air", "One", "a")], columns=["grouping", "group", "place"]
    )
    both = replace(groupings, places=pd.concat([more, groupings.places]))
    assert both.resolve("One", list("abc")) == ["a"]


def test_an_unknown_pole_is_named_with_the_nearest_name(groupings):
    with pytest.raises(ScenarioError, match=r"'Dleta'.*did you mean 'Delta'"):
        groupings.resolve("Dleta", REGIONS)
    with pytest.raises(ScenarioError, match=r"'Nort'.*'North'"):
        groupings.resolve({"Nort": 1.0}, REGIONS)


def test_members_outside_every_group_are_outside(groupings):
    assert groupings.place_group("clusters", ["a", "b", "c"]).tolist() == ["One", OUTSIDE, "Two"]
    assert groupings.group_order("clusters") == ["One", "Two", OUTSIDE]
    assert groupings.region_group("macro", REGIONS).tolist() == [OUTSIDE, OUTSIDE, "Inland"]


def test_allocation_gains_and_loses_nothing(groupings):
    region = pd.Series(["North", "North", "South", "West"], index=list("abcd"))
    mass = pd.Series([3.0, 1.0, 5.0, 2.0], index=list("abcd"))
    groups = groupings.place_group("clusters", list("abcd"))
    weights = allocation(groups, region, mass, groupings.group_order("clusters"))
    assert weights.sum("group").values == pytest.approx(np.ones(3))
    assert float(weights.sel(group="One", region="North")) == pytest.approx(0.75)
    assert float(weights.sel(group="Two", region="South")) == 1.0
    assert float(weights.sel(group=OUTSIDE, region="West")) == 1.0


def test_rings_take_the_nearest_member_of_the_pole_and_keep_members_apart():
    minutes = xr.DataArray(
        [[10.0, 90.0, 700.0], [300.0, 130.0, 250.0], [1.0, 1.0, 1.0]],
        dims=("origin", "destination"),
        coords={"origin": list("abc"), "destination": list("abc")},
    )
    rings = rings_of(minutes, ["a", "b"])
    assert rings.to_dict() == {"a": INSIDE, "b": INSIDE, "c": "4-8 h"}
    assert rings_of(minutes, ["a"]).to_dict() == {"a": INSIDE, "b": "1-2 h", "c": "8 h and more"}
    assert rings_of(minutes, ["c"])["b"] == "up to 1 h"


def test_a_users_groups_replace_the_shipped_ones_of_that_grouping(groupings, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("place,group\nb,Mine\n")
    rows = read_place_groups(path, list("abc"), grouping="clusters")
    mine = groupings.with_places(rows)
    assert mine.place_group("clusters", list("abc")).tolist() == [OUTSIDE, "Mine", OUTSIDE]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("place,gruop\nb,Mine\n", "group is missing"),
        ("place,group\nz,Mine\n", "1 places that the network does not have: z"),
    ],
)
def test_a_wrong_file_of_groups_is_refused_in_one_sentence(tmp_path, text, words):
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=words):
        read_place_groups(path, list("abc"), grouping="clusters")


def test_a_missing_file_of_groups_is_named(tmp_path):
    with pytest.raises(ScenarioError, match="no file of groups"):
        read_place_groups(tmp_path / "none.csv", [], grouping="clusters")
