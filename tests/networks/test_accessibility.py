import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cases_networks import random_network, three_cities
from paths import shared

from networks import accessibility, competitive_accessibility, doubly_constrained, skim
from networks.decay import decay
from networks.errors import MeasureError


@pytest.fixture(scope="module")
def belo():
    """The travel matrix and land use of the R package ``accessibility`` (MIT), as a skim."""
    folder = shared("cases", "network", "accessibility_r")
    trips = pd.read_csv(folder / "travel_matrix.csv.gz")
    land = pd.read_csv(folder / "land_use_data.csv").set_index("id")
    wide = trips.pivot(index="from_id", columns="to_id", values="travel_time")
    wide = wide.reindex(index=land.index, columns=land.index).fillna(np.inf)
    data = xr.Dataset(
        {"minutes": (("origin", "destination"), wide.to_numpy())},
        coords={"origin": land.index.to_numpy(), "destination": land.index.to_numpy()},
    )
    return data, land, json.loads((folder / "expected.json").read_text())


BFCA = {"form": "balanced", "beta": 0.5}
CASES = {
    "cost_to_closest schools n=1": ("schools", {"measure": "closest"}),
    "cumulative_cutoff jobs 30 active": ("jobs", {"measure": "cumulative", "cutoff": 30}),
    "cumulative_cutoff population 30 passive": (
        "population",
        {"measure": "cumulative", "cutoff": 30, "passive": True},
    ),
    "cumulative_interval jobs 40-60 mean": ("jobs", {"measure": "interval", "interval": (40, 60)}),
    "gravity schools exponential 0.2": ("schools", {"decay": "exponential", "beta": 0.2}),
    "gravity schools exponential 0.5": ("schools", {"decay": "exponential", "beta": 0.5}),
    "gravity schools linear 50": ("schools", {"decay": "linear", "cutoff": 50}),
    "2sfca jobs/population binary 50": (
        "jobs",
        {"form": "two_step", "decay": "binary", "cutoff": 50},
    ),
    "bfca jobs/population exponential 0.5": ("jobs", {"form": "balanced", "beta": 0.5}),
    "spatial_availability jobs/population exponential 0.1": (
        "jobs",
        {"form": "availability", "beta": 0.1},
    ),
    "total_constrained supply jobs exponential 0.1": (
        "jobs",
        {"form": "total_constrained", "beta": 0.1},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_printed_cases_of_the_r_package(belo, case):
    data, land, expected = belo
    column, options = CASES[case]
    if "form" in options:
        found = competitive_accessibility(data, land[column], land["population"], **options)
    else:
        found = accessibility(data, land[column], **options)
    printed = pd.Series(expected["cases"][case])
    values = found.sel(place=printed.index.to_numpy()).to_numpy()
    # a mean of counts is printed cut to whole numbers, the rest to seven digits
    rounded = np.floor(values + 1e-9) if "interval" in case else values
    np.testing.assert_allclose(rounded, printed, rtol=1e-6, atol=1e-7)


def test_the_doubly_constrained_toy_of_the_r_package(belo):
    toy = belo[2]["doubly_constrained toy"]
    times = np.array(toy["travel_time"], dtype=float)
    people, jobs = np.array(toy["population"], float), np.array(toy["jobs"], float)
    flows = doubly_constrained(np.exp(-0.1 * times), people, jobs)
    assert flows.status == "converged"
    np.testing.assert_allclose(flows.flows.sum(axis=1), people, rtol=1e-10)
    np.testing.assert_allclose(flows.flows.sum(axis=0), jobs, rtol=1e-12)
    # the print stops at an error of 0.001
    np.testing.assert_allclose(flows.flows, np.array(toy["flow_from_rows"]), rtol=2e-3)


def test_measures_by_hand():
    data = xr.Dataset(
        {"minutes": (("origin", "destination"), [[10.0, 60.0], [300.0, 20.0]])},
        coords={"origin": ["a", "b"], "destination": ["a", "b"]},
    )
    data["cost"] = data["minutes"] / 2
    mass = pd.Series({"b": 3.0, "a": 1.0})

    def measure(name, **kw):
        return accessibility(data, mass, name, **kw).to_numpy().tolist()

    assert measure("weighted_mean") == [(10 + 180) / 4, (300 + 60) / 4]
    assert measure("weighted_mean", own_place=False) == [60, 300]
    assert measure("potential") == pytest.approx([1 / 10 + 3 / 60, 1 / 300 + 3 / 20])
    assert measure("cumulative", cutoff=60) == [4, 3]
    assert measure("daily", cutoff=180) == [4, 4]  # 60 there and 300 back are 360
    assert measure("daily", cutoff=179) == [1, 3]
    assert measure("closest", nth=2) == [60, 300]
    assert measure("effective_density", of="cost", beta=2) == [
        1 / 25 + 3 / 900,
        1 / 22500 + 3 / 100,
    ]
    expected = np.log(np.exp(-1) + 3 * np.exp(-6)) / 0.1
    assert measure("logsum", beta=0.1)[0] == pytest.approx(expected)


def test_efficiency_is_one_on_straight_lines_at_the_stated_speed():
    s = skim(three_cities())
    straight = 60 * np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]]) * 111.19508 / 120
    data = s.assign(minutes=(("origin", "destination"), straight))
    found = accessibility(
        data, three_cities().nodes["population"], "efficiency", straight_speed=120
    )
    np.testing.assert_allclose(found, 1.0, rtol=1e-6)


def test_a_better_network_is_better_for_all_on_every_measure():
    network = random_network(5)
    better = network.with_line("rail_hsr", ["p0", "p3", "p5"], speed_kmh=350, trains_per_day=99)
    mass = network.places["population"]
    old, new = (skim(n, by="minutes") for n in (network, better))
    for name, kw in {
        "potential": {},
        "daily": {"cutoff": 150},
        "cumulative": {"cutoff": 150},
        "logsum": {"beta": 0.02},
        "effective_density": {"of": "minutes"},
    }.items():
        assert (accessibility(new, mass, name, **kw) >= accessibility(old, mass, name, **kw)).all()
    for name in ("weighted_mean", "efficiency", "closest"):
        assert (accessibility(new, mass, name) <= accessibility(old, mass, name)).all()


def test_names_and_units_come_along():
    found = accessibility(skim(three_cities()), three_cities().nodes["population"], "weighted_mean")
    assert found["name"].values.tolist() == ["Alpha", "Beta", "Gamma"]
    assert found.attrs["units"] == "min"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"measure": "potental"}, "did you mean 'potential'"),
        ({"decay": "powr"}, "did you mean 'power'"),
        ({"decay": "linear"}, "needs a positive cutoff"),
        ({"decay": "exponential"}, "needs a positive beta"),
        ({"decay": "exponential", "beta": 1, "cutoff": 1}, "has no cutoff"),
        ({"measure": "cumulative"}, "needs a positive cutoff"),
        ({"measure": "interval"}, "low <= high"),
        ({"measure": "closest", "nth": 9}, "between 1 and"),
        ({"of": "hours"}, "must have a variable 'hours'"),
        ({"measure": "logsum"}, "positive beta"),
    ],
)
def test_bad_options_are_refused(options, words):
    s, mass = skim(three_cities()), three_cities().nodes["population"]
    with pytest.raises(MeasureError, match=words):
        accessibility(s, mass, **options)


def test_bad_masses_and_missing_paths_are_refused():
    s, mass = skim(three_cities()), three_cities().nodes["population"]
    with pytest.raises(MeasureError, match=r"c \(nan\)"):
        accessibility(s, mass.drop("c"))
    with pytest.raises(MeasureError, match=r"b \(-1\)"):
        accessibility(s, mass.where(mass.index != "b", -1))
    rail = skim(three_cities(), modes=["air"])
    with pytest.raises(MeasureError, match="6 pairs have none"):
        accessibility(rail, mass, "weighted_mean")
    with pytest.raises(MeasureError, match="cost 0"):
        decay([0.0, 1.0], "power", beta=1)


def test_decays_at_known_points():
    assert decay(np.inf, "power", beta=2) == 0
    assert decay(30.0, "gaussian", beta=30) == pytest.approx(np.exp(-0.5))
    assert decay(30.0, "log_logistic", beta=3, cutoff=30) == 0.5
    assert decay(30.0, "logistic", beta=3, cutoff=30) == 0.5
    assert decay([30.0, 31.0], "binary", cutoff=30).tolist() == [1, 0]


def test_doubly_constrained_refuses_margins_that_cannot_hold():
    with pytest.raises(MeasureError, match="same sum"):
        doubly_constrained(np.ones((2, 2)), [1, 2], [1, 1])
    with pytest.raises(MeasureError, match="must reach"):
        doubly_constrained(np.array([[0.0, 0.0], [1.0, 1.0]]), [1, 1], [1, 1])
