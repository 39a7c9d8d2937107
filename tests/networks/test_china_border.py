"""Border places: nameable, tied to the network, out of everybody's way, zones on request."""

import re
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from paths import shared

from networks.china import load_border_places, load_china_network
from networks.errors import UnknownLabel
from networks.geo import great_circle_km
from networks.skim import skim

# The border roads and airports of box 12 of the 14th Five-Year Plan.
ROADS = [
    ("Ji'an (Jilin)", "Huanren"), ("Hunchun", "Quanhe"), ("Lushui", "Tengchong"),
    ("Medog", "Zayu"), ("Qinghe", "Fuyun"), ("Fuyun", "Altay"), ("Bulunkou", "Khunjerab"),
    ("Barkol", "Laoyemiao"), ("Erenhot", "Saihantala"),
]  # fmt: skip
AIRPORTS = ["Taxkorgan Airport", "Longzi Airport", "Suifenhe Airport"]


@pytest.fixture(scope="module")
def china():
    return load_china_network()


@pytest.mark.parametrize("road", ROADS)
def test_every_road_of_the_plan_can_be_built_by_name(china, road):
    link = {"from_node": road[0], "to_node": road[1], "mode": "road", "speed_kmh": 60.0}
    built = china.with_links(add=[link])
    new = built.links[~built.links.index.isin(china.links.index)]
    assert len(new) == 1
    assert float(new["km"].iloc[0]) > 0


@pytest.mark.parametrize("airport", AIRPORTS)
def test_every_airport_of_the_plan_can_be_given_flights(china, airport):
    flown = china.with_line("air", [airport, "Beijing"], speed_kmh=800, trains_per_day=1)
    new = flown.links[~flown.links.index.isin(china.links.index)]
    assert set(new["mode"]) == {"air"}


def test_the_zones_and_the_ways_between_them_stay_as_they_are(china):
    assert len(china.places) == 341
    border = load_border_places()
    links = china.links
    touched = links["from_node"].isin(border.index) | links["to_node"].isin(border.index)
    old = touched & ~links["note"].str.startswith("way to a border place")
    stops = [n for n in border.index if not n.startswith("S_")]
    without = china.with_links(remove=list(links.index[touched & ~old]))
    keep = without.nodes.drop(index=stops)
    without = replace(without, nodes=keep)
    for kind in ({}, {"by": "minutes"}, {"purpose": "freight"}):
        one, two = skim(china, **kind), skim(without, **kind)
        np.testing.assert_array_equal(one["cost"], two["cost"])
        np.testing.assert_array_equal(one["minutes"], two["minutes"])


def test_every_border_place_hangs_on_one_road_no_shorter_than_the_straight_line(china):
    border = load_border_places()
    links = china.links[china.links["note"].str.startswith("way to a border place")]
    assert sorted(links["to_node"]) == sorted(border.index)
    ends = [china.nodes.loc[links[c], ["lon", "lat"]].to_numpy() for c in ("from_node", "to_node")]
    straight = great_circle_km(ends[0][:, 0], ends[0][:, 1], ends[1][:, 0], ends[1][:, 1])
    assert (links["km"].to_numpy() >= 0.999 * straight).all()
    assert set(links["status"]) == {"assumption"}


def test_towns_lie_in_the_county_of_their_code_and_carry_its_people():
    path = shared("data", "city", "mapchina_counties_census2000_2010.csv")
    counties = pd.read_csv(path, dtype={"Code_County": str}).set_index("Code_County")
    border = load_border_places()
    towns = border[border["code"] != ""]
    assert len(towns) == 15
    np.testing.assert_array_equal(
        towns["population"], counties.loc[towns["code"], "Pop_2010"].to_numpy()
    )
    assert (towns["parent"].str[:4] == towns["code"].str[:4]).all()
    rest = border[border["code"] == ""]
    assert rest["population"].isna().all()
    assert {"Quanhe", "Bulunkou", "Khunjerab", "Laoyemiao", *AIRPORTS} == set(rest["name"])


def test_border_places_become_places_and_nobody_is_counted_twice(china):
    zones = load_china_network(places="border")
    assert len(zones.places) == 341 + 15
    for column in ("population", "gdp", "area_km2"):
        assert zones.places[column].sum() == pytest.approx(china.places[column].sum(), rel=1e-12)
        assert (zones.places[column] > 0).all()
    some = load_china_network(places=["Medog", "540425", "隆子"])
    assert set(some.places.index) - set(china.places.index) == {"B_medog", "B_zayu", "B_longzi"}
    assert "Medog, Zayu, Longzi" in some.notes[-1]
    assert "B_medog" not in load_china_network().places.index


def test_the_road_from_medog_to_zayu_brings_them_together():
    network = load_china_network(places=["Medog", "Zayu"])
    road = {"from_node": "Medog", "to_node": "Zayu", "mode": "road", "speed_kmh": 60.0}
    pair = {"origin": "B_medog", "destination": "B_zayu"}
    minutes = [
        float(skim(one, by="minutes")["minutes"].sel(pair))
        for one in (network, network.with_links(add=[road]))
    ]
    assert minutes[0] > 700
    assert minutes[1] < 300


def test_ports_without_people_and_unknown_words_are_named():
    with pytest.raises(UnknownLabel, match="county table has none for Quanhe"):
        load_china_network(places=["Quanhe"])
    with pytest.raises(UnknownLabel, match="did you mean 'Medog'"):
        load_china_network(places=["Medok"])


def test_the_sources_count_the_coordinates_that_nobody_verified():
    border = load_border_places()
    note = border["note"]
    guessed = border[note.str.endswith("coordinates: general knowledge")]
    assert len(guessed) + note.str.endswith("coordinates: GeoNames").sum() == len(border)
    airports = int((guessed["kind"] == "airport").sum())
    text = files("networks.china").joinpath("SOURCES.md").read_text(encoding="utf-8")
    told = re.search(r"\((\d+) of (\d+): (\d+) towns, ports and passes, (\d+) airports\)", text)
    assert told is not None
    counts = [len(guessed), len(border), len(guessed) - airports, airports]
    assert [int(number) for number in told.groups()] == counts
    said = f"{counts[0]} of their {counts[1]} coordinates are general knowledge"
    assert any(said in note for note in load_china_network().notes)
