from collections import Counter

import numpy as np
import pytest
import reference_paths as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.engine import least_paths
from networks.errors import InvalidNetwork
from networks.graph import Core, Ends, at_nodes
from networks.synthetic import synthetic_graph
from networks.whatif import Edit, build_whatif

FEW = settings(max_examples=120, deadline=None)
METHODS = ["auto", "rows", "columns", "full"]


@st.composite
def cases(draw):
    """A graph with ties, zeros, loops and parallels, and an edit of every kind."""
    size = draw(st.integers(2, 12))
    node = st.integers(0, size - 1)
    weight = st.one_of(st.integers(0, 5).map(float), st.floats(0, 9), st.just(np.inf))
    arcs = draw(st.lists(st.tuples(node, node, weight), min_size=1, max_size=45))
    fresh = draw(st.lists(st.tuples(node, node, weight), max_size=3))
    changed = draw(st.lists(st.integers(0, len(arcs) - 1), max_size=6, unique=True))
    weights = draw(st.lists(weight, min_size=len(changed), max_size=len(changed)))
    zones = draw(st.lists(node, min_size=1, max_size=size, unique=True))
    candidates = draw(st.lists(node, max_size=size))
    return size, arcs, fresh, changed, weights, zones, candidates


def parts(rows):
    tails, heads, weights = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(tails, np.int64), np.array(heads, np.int64), np.array(weights, np.float64)


@FEW
@given(case=cases(), method=st.sampled_from(METHODS))
def test_every_edit_equals_a_full_redo_by_the_slow_twin(case, method):
    size, arcs, fresh, changed, weights, zones, candidates = case
    tails, heads, base = parts(arcs)
    core = Core(size, tails, heads, base[:, None])
    where = np.array(zones, dtype=np.int64)
    whatif = build_whatif(core, base, at_nodes(where), candidates=np.array(candidates, np.int64))
    before = whatif.weights.copy()
    more = parts(fresh)
    outcome = whatif.run(Edit(np.array(changed, np.int64), weights, *more), method=method)
    now = base.copy()
    now[changed] = weights
    redone = reference.all_pairs(
        size,
        np.concatenate([tails, more[0]]),
        np.concatenate([heads, more[1]]),
        np.concatenate([now, more[2]]),
        where,
    )[:, where]
    np.testing.assert_allclose(outcome.weights, redone, rtol=1e-12, atol=0)
    untouched = ~(outcome.rows[:, None] & outcome.columns)
    assert np.array_equal(outcome.weights[untouched], before[untouched])
    assert np.array_equal(whatif.weights, before)
    again = whatif.run(Edit(np.array(changed, np.int64), weights, *more), method=method)
    assert np.array_equal(again.weights, outcome.weights)  # rooms are left as they were found


@pytest.fixture(scope="module")
def map_of_roads():
    graph = synthetic_graph(120, junctions=180, stations=50, lines=8, airports=8, seed=4)
    candidates = np.arange(0, 120, 2)
    return graph, build_whatif(
        graph.core, graph.minutes, at_nodes(graph.zones), candidates=candidates
    )


def edits_of(graph, count, seed=0):
    rng = np.random.default_rng(seed)
    for number in range(count):
        arcs = rng.choice(len(graph.minutes), 3, replace=False)
        factor = (rng.uniform(0.3, 1.0, 3), rng.uniform(1.0, 3.0, 3), np.full(3, np.inf))
        tails, heads = rng.choice(graph.zones, (2, 2))
        kind = number % 4
        if kind == 3:
            yield Edit(tails=tails, heads=heads, new_weights=[5.0, 9.0], name=f"new {number}")
        else:
            yield Edit(arcs, graph.minutes[arcs] * factor[kind], name=f"old {number}")


def redo(graph, edit):
    weights = graph.minutes.copy()
    weights[edit.arcs] = edit.weights
    core = Core(
        graph.core.size,
        np.concatenate([graph.core.tails, edit.tails]),
        np.concatenate([graph.core.heads, edit.heads]),
        np.concatenate([weights, edit.new_weights])[:, None],
    )
    ends = at_nodes(graph.zones)
    return least_paths(core, ends, ends, np.ones(1), method="heap")[0]


def test_a_stream_of_edits_uses_one_matrix_and_tells_its_methods(map_of_roads):
    graph, whatif = map_of_roads
    edits = list(edits_of(graph, 40))
    seen, made, places = [], Counter(), set()
    for edit, outcome in zip(edits, whatif.stream(edits, progress=seen.append), strict=True):
        np.testing.assert_allclose(outcome.weights, redo(graph, edit), rtol=1e-12)
        made[outcome.method] += 1
        places.add(outcome.weights.ctypes.data)
        assert outcome.name == edit.name
    assert seen == list(range(1, len(edits) + 1))
    assert len(places) == 1
    assert made["update"] >= 10
    assert set(made) <= {"nothing", "update", "rows", "columns", "full"}


def test_closing_and_adding_at_once_takes_both_steps(map_of_roads):
    graph, whatif = map_of_roads
    arcs = np.flatnonzero(graph.core.tails == graph.zones[0])
    edit = Edit(arcs, np.full(len(arcs), np.inf), [0, 7], [7, 0], [3.0, 3.0])
    for method in METHODS:
        outcome = whatif.run(edit, method=method)
        np.testing.assert_allclose(outcome.weights, redo(graph, edit), rtol=1e-12)
        assert outcome.method.endswith("+update")
        assert outcome.pairs == 0 or outcome.recomputed > 0


def test_a_better_link_never_raises_a_weight_and_a_worse_one_never_lowers_it(map_of_roads):
    graph, whatif = map_of_roads
    for edit in edits_of(graph, 24, seed=3):
        outcome = whatif.run(edit)
        old = graph.minutes[edit.arcs]
        if (edit.weights <= old).all():
            assert (outcome.weights <= whatif.weights).all()
        elif (edit.weights >= old).all():
            assert (outcome.weights >= whatif.weights * (1 - 1e-12)).all()


def test_zones_with_several_ends_are_served_alike():
    """Origins and destinations that differ, each with ends of their own cost."""
    graph = synthetic_graph(40, junctions=60, stations=20, lines=4, airports=4)
    rng = np.random.default_rng(1)
    core, prices = graph.core, np.array([1.0, 0.1])
    sides = []
    for count in (7, 11):
        zones = np.sort(rng.integers(0, count, 3 * count))
        sides.append(
            Ends(count, zones, rng.integers(0, 40, 3 * count), rng.uniform(0, 9, (3 * count, 2)))
        )
    starts, ends = sides
    weights = core.components @ prices
    whatif = build_whatif(core, weights, starts, ends, prices=prices, candidates=np.arange(20))
    for trial in range(12):
        arcs = rng.choice(len(weights), 4, replace=False)
        now = weights.copy()
        now[arcs] *= rng.uniform(0.2, 3.0, 4)
        outcome = whatif.run(Edit(arcs, now[arcs]), method=METHODS[trial % 4])
        # the same weights as components of their own
        again = Core(core.size, core.tails, core.heads, np.column_stack([now, np.zeros(len(now))]))
        redone, _ = least_paths(again, starts, ends, prices, method="heap")
        np.testing.assert_allclose(outcome.weights, redone, rtol=1e-12)


def test_an_edit_of_what_is_not_there_is_refused_with_all_that_is_wrong(map_of_roads):
    _, whatif = map_of_roads
    with pytest.raises(InvalidNetwork, match=r"arcs \[999999\].*nodes \[-1\].*below zero"):
        whatif.run(Edit([999999], [1.0], [-1], [0], [-2.0], name="bad"))
    with pytest.raises(InvalidNetwork, match="named twice"):
        whatif.run(Edit([1, 1], [1.0, 2.0]))
    with pytest.raises(InvalidNetwork, match="2 arcs and 1 weights"):
        whatif.run(Edit([1, 2], [1.0]))
