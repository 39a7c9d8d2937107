import numpy as np
import pytest
import reference_paths as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.engine import least_paths
from networks.errors import InvalidNetwork, MissingNetwork
from networks.graph import Core, Ends, at_nodes
from networks.hierarchy import build_hierarchy, customised, load_hierarchy
from networks.sweeps import many_to_many, path_arcs, weights_between
from networks.synthetic import synthetic_graph

FEW = settings(max_examples=60, deadline=None)


@st.composite
def graphs(draw):
    """Arcs with ties, zeros, loops, parallels and cycles; nodes that nothing joins."""
    size = draw(st.integers(1, 14))
    node = st.integers(0, size - 1)
    whole = draw(st.booleans())
    weight = (
        st.integers(0, 4).map(float)
        if whole
        else st.floats(0, 100, allow_nan=False, allow_infinity=False)
    )
    arcs = draw(st.lists(st.tuples(node, node, weight), max_size=60))
    tails, heads, weights = (np.array(c) for c in zip(*arcs, strict=True)) if arcs else [[]] * 3
    return (
        size,
        np.asarray(tails, dtype=np.int64),
        np.asarray(heads, dtype=np.int64),
        np.asarray(weights, dtype=np.float64),
    )


def everywhere(size):
    return np.arange(size, dtype=np.int64)


@FEW
@given(graph=graphs(), prune=st.booleans())
def test_weights_equal_the_slow_twin(graph, prune):
    size, tails, heads, weights = graph
    metric = customised(build_hierarchy(size, tails, heads), weights, prune=prune)
    found = weights_between(metric, everywhere(size), everywhere(size))
    expected = reference.all_pairs(size, tails, heads, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


@FEW
@given(graph=graphs())
def test_a_graph_turned_round_has_the_weights_turned_round(graph):
    size, tails, heads, weights = graph
    metric = customised(build_hierarchy(size, tails, heads), weights)
    nodes = everywhere(size)
    there, back = (weights_between(m, nodes, nodes) for m in (metric, metric.reversed()))
    np.testing.assert_allclose(back, there.T, rtol=1e-12, atol=0)


@FEW
@given(graph=graphs(), data=st.data())
def test_paths_are_chains_of_arcs_with_the_weight(graph, data):
    size, tails, heads, weights = graph
    metric = customised(build_hierarchy(size, tails, heads), weights, unpack=True)
    a, b = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    weight, arcs = path_arcs(metric, a, b)
    expected = reference.all_pairs(size, tails, heads, weights)[a, b]
    if np.isinf(expected):
        assert np.isinf(weight)
        assert len(arcs) == 0
        return
    assert weight == pytest.approx(expected, rel=1e-12)
    assert weights[arcs].sum() == pytest.approx(expected, rel=1e-12)
    at = a
    for arc in arcs:
        assert tails[arc] == at
        at = heads[arc]
    assert at == b


@FEW
@given(graph=graphs(), seed=st.integers(0, 99), own=st.booleans())
def test_both_methods_agree_with_ends_and_components(graph, seed, own):
    """Zones that no path runs through, several ends each; parts that add up to the weight."""
    size, tails, heads, weights = graph
    rng = np.random.default_rng(seed)
    parts = np.column_stack([weights, rng.integers(0, 3, len(weights))]).astype(np.float64)
    count = int(rng.integers(1, 40))
    zones = np.sort(rng.integers(0, count, 2 * count)) if own else np.arange(count)
    where = rng.integers(0, size, len(zones))
    starts = Ends(count, zones, where, rng.integers(0, 3, (len(zones), 2)).astype(np.float64))
    ends = Ends(count, zones, where, rng.integers(0, 3, (len(zones), 2)).astype(np.float64))
    prices = np.array([1.0, 0.25])
    core = Core(size, tails, heads, parts)
    heap = least_paths(core, starts, ends, prices, method="heap")
    fast = least_paths(core, starts, ends, prices, method="hierarchy")
    np.testing.assert_allclose(fast[0], heap[0], rtol=1e-12, atol=0)
    reached = np.isfinite(heap[0])
    assert np.array_equal(np.isnan(fast[1]).any(axis=2), ~reached)
    np.testing.assert_allclose((fast[1] @ prices)[reached], heap[0][reached], rtol=1e-12)


def test_components_are_those_of_the_path_where_there_is_only_one():
    graph = synthetic_graph(60, junctions=90, stations=30, lines=6, airports=6, seed=2)
    ends = at_nodes(graph.zones, 2)
    prices = np.array([1.0, 0.0])
    heap = least_paths(graph.core, ends, ends, prices, method="heap")
    fast = least_paths(graph.core, ends, ends, prices, method="hierarchy")
    np.testing.assert_allclose(fast[0], heap[0], rtol=1e-12)
    np.testing.assert_allclose(fast[1], heap[1], rtol=1e-10)


def test_any_number_of_threads_gives_the_same_bits():
    graph = synthetic_graph(150, junctions=200, stations=60, lines=10, airports=10)
    core, ends = graph.core, at_nodes(graph.zones, 2)
    hierarchy = build_hierarchy(core.size, core.tails, core.heads)
    plain = customised(hierarchy, graph.minutes)
    carrying = customised(hierarchy, graph.minutes, components=core.components)
    prices = np.array([1.0, 0.0])
    for metric in (plain, carrying):
        one = many_to_many(metric, ends, ends, prices, workers=1)
        three = many_to_many(metric, ends, ends, prices, workers=3)
        assert np.array_equal(one[0], three[0])
    assert np.array_equal(one[1], three[1])
    alone = weights_between(plain, graph.zones[40:41], graph.zones)
    assert np.array_equal(alone[0], one[0][40])


def test_new_weights_need_no_new_order():
    graph = synthetic_graph(80, junctions=100, stations=40, lines=8, airports=8)
    core = graph.core
    hierarchy = build_hierarchy(core.size, core.tails, core.heads)
    rng = np.random.default_rng(0)
    for _ in range(3):
        weights = graph.minutes * rng.uniform(0.2, 3.0, len(core.tails))
        weights[rng.integers(0, len(weights), 20)] = np.inf
        found = weights_between(customised(hierarchy, weights), graph.zones, graph.zones)
        expected = reference.all_pairs(core.size, core.tails, core.heads, weights, graph.zones)
        np.testing.assert_allclose(found, expected[:, graph.zones], rtol=1e-12)


def test_a_saved_order_serves_its_own_topology_only(tmp_path):
    graph = synthetic_graph(40, junctions=60, stations=20, lines=4, airports=4)
    core = graph.core
    built = build_hierarchy(core.size, core.tails, core.heads)
    path = built.save(tmp_path / "order.npz")
    loaded = load_hierarchy(path, core.size, core.tails, core.heads)
    assert loaded.key == built.key
    nodes = graph.zones
    one, two = (
        weights_between(customised(h, graph.minutes), nodes, nodes) for h in (built, loaded)
    )
    assert np.array_equal(one, two)
    with pytest.raises(InvalidNetwork, match="another topology"):
        load_hierarchy(path, core.size, core.heads, core.tails[::-1])
    with pytest.raises(MissingNetwork, match="no hierarchy at"):
        load_hierarchy(tmp_path / "none.npz", core.size, core.tails, core.heads)
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(InvalidNetwork, match="not a saved hierarchy"):
        load_hierarchy(tmp_path / "bad.npz", core.size, core.tails, core.heads)


def test_bad_arcs_and_weights_are_named():
    with pytest.raises(InvalidNetwork, match="positions 0 to 2"):
        build_hierarchy(3, np.array([0, 5]), np.array([1, 1]))
    with pytest.raises(InvalidNetwork, match="as many tails as heads"):
        build_hierarchy(3, np.array([0]), np.array([1, 1]))
    hierarchy = build_hierarchy(3, np.array([0, 1]), np.array([1, 2]))
    with pytest.raises(InvalidNetwork, match=r"at arcs \[1\]"):
        customised(hierarchy, np.array([1.0, -2.0]))
    with pytest.raises(InvalidNetwork, match="at arcs"):
        customised(hierarchy, np.array([1.0, np.nan]))
    with pytest.raises(InvalidNetwork, match="one weight for each of 2"):
        customised(hierarchy, np.ones(3))


def test_a_graph_that_cannot_be_ordered_well_is_left_to_the_heap():
    """A random graph has no small separators: its order would cost more than it saves."""
    rng = np.random.default_rng(0)
    n, arcs = 1500, 9000
    core = Core(n, rng.integers(0, n, arcs), rng.integers(0, n, arcs), rng.uniform(size=(arcs, 1)))
    ends = at_nodes(np.arange(40))
    auto = least_paths(core, ends, ends, np.ones(1))
    heap = least_paths(core, ends, ends, np.ones(1), method="heap")
    assert np.array_equal(auto[0], heap[0])


def test_the_same_seed_draws_the_same_graph():
    kw = {"junctions": 60, "stations": 30, "lines": 4, "airports": 5, "shape": 1}
    one, two, other = (synthetic_graph(50, **kw, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one.core.components, two.core.components)
    assert len(one.xy) == one.core.size
    assert one.core.components.shape != other.core.components.shape
    assert (one.minutes >= 0).all()
