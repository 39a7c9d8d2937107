"""Accessibility after edits against measuring the edited network from nothing."""

import numpy as np
import pytest
from cases_networks import random_network

from networks.accessibility import accessibility
from networks.skim import skim
from networks.whatif import (
    EVERY_MEASURE,
    AccessAsked,
    Asked,
    build_access_base,
    build_skim_base,
    stream_accessibility,
)

FASTEST = {"fastest": Asked(by="minutes", unreachable="keep")}
MEASURES = dict(EVERY_MEASURE) | {
    "logistic": AccessAsked("potential", decay="logistic", beta=0.05, cutoff=120.0),
    "nearest": AccessAsked("closest"),
}


def ready(seed):
    network = random_network(seed)
    base = build_skim_base(network, FASTEST)
    mass = network.places["population"].astype(float)
    return network, base, mass


@pytest.mark.parametrize("seed", [1, 4])
@pytest.mark.parametrize("name", list(MEASURES))
def test_every_measure_after_a_line_equals_measuring_from_nothing(seed, name):
    network, base, mass = ready(seed)
    line = {"speed_kmh": 700.0, "trains_per_day": 60.0}
    edited = network.with_line("rail_hsr", ["p0", "p3", "p5"], **line)
    one = MEASURES[name]
    found = build_access_base(base, mass, {name: one}).run(
        base.line("rail_hsr", ["p0", "p3", "p5"], **line)
    )
    wanted = accessibility(
        skim(edited, by="minutes"),
        mass,
        one.measure,
        decay=one.decay,
        beta=one.beta,
        cutoff=one.cutoff,
        interval=one.interval,
        step=one.step,
        nth=one.nth,
    )
    assert len(found.places) > 0
    np.testing.assert_allclose(found.values[name], wanted.to_numpy(), rtol=1e-12)


def test_places_that_no_change_reaches_keep_their_numbers_to_the_bit():
    _, base, mass = ready(2)
    access = build_access_base(base, mass)
    found = access.run(base.links(changed=[0], minutes=np.array([1e6])))
    rest = np.setdiff1d(np.arange(len(mass)), found.places)
    assert np.array_equal(found.values.to_numpy()[rest], access.values.to_numpy()[rest])


def test_a_place_that_is_cut_off_has_no_mean():
    network = random_network(3).subset(["road"])
    base = build_skim_base(network, FASTEST)
    mass = network.places["population"].astype(float)
    touching = (network.links[["from_node", "to_node"]] == "p2").any(axis=1).to_numpy()
    edit = base.links(gone=np.flatnonzero(touching))
    found = next(stream_accessibility(base, [edit], mass)).values
    assert found["weighted_mean"].isna().all()
    assert found["potential"].notna().all()
    assert found["potential"]["p2"] < build_access_base(base, mass).values["potential"]["p2"]


def test_a_stream_tells_how_far_it_is_and_does_not_depend_on_workers():
    network, base, mass = ready(5)
    edits = [base.links(gone=[k]) for k in range(6)]
    done = []
    one = list(stream_accessibility(base, edits, mass, progress=done.append))
    two = list(stream_accessibility(base, edits, mass, workers=2))
    assert done == list(range(1, 7))
    assert len(network.links) > 6
    for a, b in zip(one, two, strict=True):
        assert a.values.equals(b.values)
