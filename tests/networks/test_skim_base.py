"""Cost matrices kept ready against skims of the edited network from nothing."""

import functools

import numpy as np
import pytest
from cases_networks import random_network, three_cities
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.china import load_china_network
from networks.choice import composite
from networks.criticality import criticality
from networks.errors import InvalidNetwork, NetworkError, UnknownLabel, UnreachablePlace
from networks.patch_apply import apply_patches
from networks.patches import Patch, add_line, close
from networks.skim import skim
from networks.whatif import Asked, build_skim_base
from networks.whatif.combined import combining

FEW = settings(max_examples=20, deadline=None)
FEWER = settings(max_examples=8, deadline=None)
LEAST = Asked(unreachable="keep")
VALUE = {"value_of_time": 45.0}
ASKED = {
    "composite": Asked(combine="composite", parameters=VALUE, unreachable="keep"),
    "logsum": Asked(
        combine="logsum", parameters={"logsum_scale": {"passenger": 0.05}}, unreachable="keep"
    ),
    "nested": Asked(
        combine="nested", parameters={"logsum_scale": {"passenger": 0.05}}, unreachable="keep"
    ),
    "fastest": Asked(by="minutes", unreachable="keep"),
    "rail": Asked(by="minutes", modes=("rail",)),
    "freight": Asked("freight", unreachable="keep"),
}


@functools.cache
def drawn(seed, ties=False):
    network = random_network(seed, ties=ties)
    return network, build_skim_base(network, ASKED)


def anew(network, zones, asked):
    found = skim(
        network,
        asked.purpose,
        asked.modes,
        zones=zones,
        by=asked.by,
        combine=asked.combine,
        parameters=asked.parameters,
        unreachable="keep",
    )
    return found[asked.by].to_numpy()


def assert_equal_to_skims(costs, network, base, asked=ASKED):
    for name, one in asked.items():
        wanted = anew(network, list(base.zones), one)
        np.testing.assert_allclose(costs[name], wanted, rtol=1e-12, atol=0, err_msg=name)
        rest = np.ones(wanted.size, dtype=bool)
        rest[costs.changed[name][0]] = False
        assert np.array_equal(costs[name].ravel()[rest], base[name].ravel()[rest])


@st.composite
def edits(draw):
    """One to three edits as functions of a network; those that do not fit do nothing."""
    node = st.sampled_from([f"p{k}" for k in range(7)] + ["s0", "s1", "s2"])
    place = st.sampled_from([f"p{k}" for k in range(7)])
    link = st.integers(0, 40)
    kinds = draw(
        st.lists(
            st.sampled_from(["line", "road", "remove", "change", "mode", "rerun", "county"]),
            min_size=1,
            max_size=3,
        )
    )
    steps = []
    for number, kind in enumerate(kinds):
        where = draw(link)
        if kind == "line":
            stops = draw(st.lists(node, min_size=2, max_size=5, unique=True))
            mode = draw(st.sampled_from(["rail_hsr", "rail_conventional"]))
            speed = draw(st.sampled_from([60.0, 250.0, 900.0]))
            freed = draw(st.sampled_from([0.0, 0.5]))
            steps.append(
                lambda n, s=stops, m=mode, v=speed, f=freed, k=number: n.with_line(
                    m,
                    s,
                    speed_kmh=v,
                    trains_per_day=9.0,
                    name=f"new {k}",
                    freed_freight_capacity=f,
                )
            )
        elif kind == "road":
            a, b = draw(st.lists(place, min_size=2, max_size=2, unique=True))
            minutes = draw(st.floats(0.0, 100.0))
            both = draw(st.booleans())
            row = {"from_node": a, "to_node": b, "mode": "road", "km": 20.0, "minutes": minutes}
            steps.append(lambda n, r=row, w=both: n.with_links(add=[{**r, "bidirectional": w}]))
        elif kind == "county":
            a, b = draw(st.lists(place, min_size=2, max_size=2, unique=True))
            steps.append(lambda n, x=a, y=b, k=number: with_county(n, f"c{k}", x, y))
        elif kind == "rerun":  # another link of a line that is there
            a, b = draw(st.lists(node, min_size=2, max_size=2, unique=True))
            steps.append(lambda n, x=a, y=b, k=where: with_run(n, x, y, k))
        elif kind == "remove":
            steps.append(lambda n, k=where: n.with_links(remove=[at(n, k)]))
        elif kind == "mode":
            mode = draw(st.sampled_from(["road", "rail_hsr"]))
            steps.append(
                lambda n, k=where, m=mode: n.with_links(
                    change=[{"select": {"link": at(n, k)}, "mode": m}]
                )
            )
        else:
            factor = draw(st.sampled_from([0.0, 0.5, 1.0, 3.0]))
            column = draw(st.sampled_from(["minutes", "km", "trains_per_day", "freight_factor"]))
            steps.append(
                lambda n, k=where, f=factor, c=column: n.with_links(
                    change=[{"select": {"link": at(n, k)}, c: float(n.links[c].iloc[k]) * f}]
                )
            )
    return steps


def at(network, number):
    return str(network.links.index[number])


def with_county(network, key, a, b):
    place = {"code": key, "name": f"County {key}", "lon": 101.0, "lat": 31.0, "area_km2": 9.0}
    return network.with_places([place]).with_links(
        add=[
            {"from_node": key, "to_node": end, "mode": "road", "km": 5.0, "minutes": 6.0}
            for end in (a, b)
        ]
    )


def with_run(network, a, b, number):
    of_line = network.links[network.links["line"] != ""]
    row = of_line.iloc[number % len(of_line)]
    run = {"from_node": a, "to_node": b, "mode": row["mode"], "line": row["line"]}
    return network.with_links(add=[{**run, "km": 30.0, "minutes": 7.0, "trains_per_day": 20.0}])


@FEW
@given(seed=st.integers(0, 9), ties=st.booleans(), steps=edits())
def test_every_edit_of_a_random_network_equals_its_skims_from_nothing(seed, ties, steps):
    network, base = drawn(seed, ties)
    edited = network
    for step in steps:
        try:
            edited = step(edited)
        except (NetworkError, IndexError):
            continue
    assert_equal_to_skims(base.run(edited), edited, base)


@FEWER
@given(seed=st.integers(0, 9), data=st.data())
def test_a_line_told_without_a_network_is_the_line_of_the_network(seed, data):
    network, base = drawn(seed)
    names = [f"Place {k}" for k in range(7)] + ["s0", "s1", "s2"]
    stops = data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=6, unique=True))
    line = {"speed_kmh": 200.0, "trains_per_day": 12.0, "freed_freight_capacity": 0.4}
    mode = data.draw(st.sampled_from(["rail_hsr", "rail_conventional"]))
    fare = data.draw(st.sampled_from([None, 0.1]))
    try:
        edited = network.with_line(mode, stops, fare_per_km=fare, **line)
    except InvalidNetwork:  # a place handed over to the station after it
        with pytest.raises(InvalidNetwork, match="must differ"):
            base.line(mode, stops, fare_per_km=fare, **line)
        return
    edit = base.line(mode, stops, fare_per_km=fare, **line)
    patch = Patch("new", (add_line(mode, stops, fare_per_km=fare, **line),))
    assert_equal_to_skims(base.run(edit), edited, base)
    for name in ASKED:
        assert np.array_equal(base.run(patch)[name], base.run(edit)[name])


def test_no_edit_changes_nothing_to_the_bit():
    network = three_cities()
    base = build_skim_base(network, {"least": Asked(), "freight": Asked("freight")})
    costs = base.run(network)
    assert all(len(cells) == 0 for cells, _ in costs.changed.values())
    assert costs["least"] is base["least"]
    assert costs.methods == {}


def test_a_service_the_edit_does_not_touch_is_left_alone():
    network = random_network(3)
    base = build_skim_base(network, {"all": Asked(unreachable="keep"), "freight": ASKED["freight"]})
    edit = base.line("rail_hsr", ["p0", "p4"], speed_kmh=300.0, trains_per_day=30.0)
    assert list(base.run(edit).methods) == ["passenger rail (rail_conventional, rail_hsr) by cost"]


def test_the_methods_say_when_a_service_was_skimmed_anew():
    network = random_network(2)
    base = build_skim_base(network, {"least": LEAST})
    edited = network.with_links(
        add=[{"from_node": "p2", "to_node": "s0", "mode": "access", "km": 3.0, "minutes": 5.0}]
    )
    costs = base.run(edited)
    assert costs.methods["passenger rail (rail_conventional, rail_hsr) by cost"] == "anew"
    assert_equal_to_skims(costs, edited, base, {"least": LEAST})


@pytest.mark.parametrize(
    "change", [lambda n: n.with_parameters({"value_of_time": 11.0}), lambda n: _bigger(n)]
)
def test_other_parameters_and_other_places_are_skimmed_anew(change):
    network = random_network(4)
    base = build_skim_base(network, ASKED)
    edited = change(network)
    costs = base.run(edited)
    assert set(costs.methods.values()) == {"anew"}
    assert_equal_to_skims(costs, edited, base)


def _bigger(network):
    nodes = network.nodes.copy()
    nodes.loc["p1", "area_km2"] *= 2.0
    return type(network)(nodes, network.links, parameters=network.parameters)


def test_a_cut_place_is_named_or_kept():
    network = three_cities()
    strict = build_skim_base(network, {"freight": Asked("freight")})
    edited = network.with_links(remove=[str(k) for k in network.links.index])
    with pytest.raises(UnreachablePlace, match="'freight' have no path"):
        strict.run(edited)
    kept = build_skim_base(network, {"freight": Asked("freight", unreachable="keep")})
    assert np.isinf(kept.run(edited)["freight"]).any()


def test_a_stream_is_the_same_at_any_number_of_workers_and_in_order():
    network = random_network(5)
    base = build_skim_base(network, ASKED)
    ends = [("p0", "p3"), ("p1", "p5"), ("p2", "p6"), ("p4", "p0"), ("p3", "p6")]
    lines = [base.line("rail_hsr", e, speed_kmh=300.0, trains_per_day=9.0) for e in ends]
    done = []
    one = list(base.stream(iter(lines), progress=done.append))
    two = list(base.stream(lines, workers=3))
    assert done == [1, 2, 3, 4, 5]
    for a, b in zip(one, two, strict=True):
        assert a.name == b.name
        assert all(np.array_equal(a[name], b[name]) for name in ASKED)


def test_pairs_tell_origins_and_destinations_of_what_changed():
    network = random_network(6)
    base = build_skim_base(network, {"fastest": ASKED["fastest"]})
    edit = base.line("rail_hsr", ["p0", "p3"], speed_kmh=900.0, trains_per_day=90.0)
    costs = base.run(edit)
    origins, destinations, values = costs.pairs("fastest")
    assert np.array_equal(costs["fastest"][origins, destinations], values)
    assert (values < base["fastest"][origins, destinations]).all()


def test_a_way_that_gets_a_thousand_times_better_is_what_it_costs():
    far, near = np.full((2, 2), 1000.0), np.full((2, 2), 1200.0)
    made = combining(
        [far, near], np.ones(2), combine="composite", mu=1.0, theta=100.0,
        constants=np.zeros(2), mains=["road", "rail"], nest_ratio=1.0,
    )  # fmt: skip
    cells, values = made.at([(np.array([1]), np.array([0.5])), None])
    assert cells.tolist() == [1]
    assert values == pytest.approx([composite(np.array([[0.5], [1200.0]]), theta=100.0)[0]])
    assert values == pytest.approx([0.5])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"by": "minuets"}, r"by must be one of cost, minutes; .*did you mean 'minutes'"),
        ({"combine": "logsums"}, r"combine must be one of .* found 'logsums'"),
        ({"purpose": "walk"}, "purpose must be one of passenger, freight; found 'walk'"),
        ({"unreachable": "maybe"}, "unreachable must be one of raise, keep; found 'maybe'"),
    ],
)
def test_costs_that_do_not_exist_are_refused_and_not_taken_for_others(wrong, message):
    with pytest.raises(UnknownLabel, match=message):
        Asked(**wrong)
    with pytest.raises(UnknownLabel, match=message):
        skim(three_cities(), **wrong)
    with pytest.raises(UnknownLabel, match="ends must be one of door, stop; found 'home'"):
        skim(three_cities(), ends="home")


def test_what_is_no_matrix_and_no_edit_of_a_base_is_named():
    network, base = drawn(3)
    with pytest.raises(UnknownLabel, match=r"no matrix 'frieght' .did you mean 'freight'"):
        base["frieght"]
    with pytest.raises(UnknownLabel, match="no matrix 'freight'; those asked for are rail"):
        base.run(network, names=["rail"])["freight"]
    with pytest.raises(UnknownLabel, match="no matrix 'roads'"):
        base.run(network, names=["roads"])
    with pytest.raises(InvalidNetwork, match="found a str"):
        base.run("close everything")
    with pytest.raises(InvalidNetwork, match=r"found \[999\]; no link stands twice, found \[1\]"):
        base.links(gone=[1, 999], changed=[1])
    with pytest.raises(
        InvalidNetwork, match=f"found nan, -1.0 at {at(network, 2)}, {at(network, 4)}"
    ):
        base.links(changed=[2, 3, 4], minutes=np.array([np.nan, 5.0, -1.0]))
    with pytest.raises(InvalidNetwork, match="found 1 for 2 links"):
        base.links(changed=[2, 3], km=np.array([1.0]))
    with pytest.raises(InvalidNetwork, match="whole numbers"):
        base.links(gone=[1.5])


def test_a_line_that_cannot_be_built_says_everything_that_is_wrong():
    base = build_skim_base(three_cities(), {"least": Asked()})
    with pytest.raises(InvalidNetwork, match=r"speed_kmh.*trains_per_day.*share"):
        base.line(
            "rail_hsr",
            list(base.zones[:2]),
            speed_kmh=-1.0,
            trains_per_day=0.0,
            freed_freight_capacity=2.0,
        )
    with pytest.raises(InvalidNetwork, match="two stops at least"):
        base.line("rail_hsr", [base.zones[0]], speed_kmh=1.0, trains_per_day=1.0)
    with pytest.raises(InvalidNetwork, match="must differ"):
        base.line("rail_hsr", [base.zones[0]] * 2, speed_kmh=1.0, trains_per_day=1.0)


@pytest.fixture(scope="module")
def china():
    network = load_china_network(year=2020)
    asked = {
        "passenger": Asked(combine="composite", parameters=VALUE),
        "fastest": Asked(by="minutes"),
        "freight": Asked("freight"),
    }
    return network, asked, build_skim_base(network, asked)


def _patches():
    line = add_line("rail_hsr", ["Chengdu", "Xining"], speed_kmh=350.0, trains_per_day=40.0)
    freed = add_line(
        "rail_hsr",
        ["Shanghai", "Nanjing", "Hefei", "Wuhan", "Yichang", "Chongqing", "Chengdu"],
        speed_kmh=350.0,
        trains_per_day=60.0,
        freed_freight_capacity=0.5,
    )
    return {
        "a line between two cities": [line],
        "a line that frees freight capacity": [freed],
        "an airport closed": [close(node="A_PKX")],
        "a road closed": [close(between=["Wuhan", "Changsha"], mode="road")],
        "a line and a closure": [line, close(between=["Wuhan", "Changsha"], mode="rail_hsr")],
    }


@pytest.mark.parametrize("what", list(_patches()))
def test_edits_of_the_embedded_network_equal_its_skims_from_nothing(china, what):
    network, asked, base = china
    patch = Patch(what, tuple(_patches()[what]))
    costs = base.run(patch)
    assert_equal_to_skims(costs, apply_patches(network, [patch]), base, asked)
    assert "anew" not in costs.methods.values()
    assert any(len(cells) for cells, _ in costs.changed.values())


@pytest.mark.parametrize("closed", [["p1", "p4"], ["p0", "s0"]])
def test_edits_keep_out_of_nodes_that_must_not_be_passed(closed):
    plain = random_network(7)
    network = type(plain)(
        plain.nodes.assign(no_pass=plain.nodes.index.isin(closed)), plain.links, name="gated"
    )
    base = build_skim_base(network, ASKED)
    assert (base["freight"] >= build_skim_base(plain, ASKED)["freight"] * (1 - 1e-12)).all()
    row = {"from_node": "p2", "to_node": "p5", "mode": "road", "km": 5.0, "minutes": 4.0}
    for edited in (
        network.with_line("rail_hsr", ["p1", "p3", "s0"], speed_kmh=500.0, trains_per_day=9.0),
        network.with_links(add=[row]),
        network.with_links(remove=[at(network, 0)]),
        plain,
    ):
        assert_equal_to_skims(base.run(edited), edited, base)


@pytest.mark.parametrize("closed", [[], ["p1", "p4"]])
def test_closing_each_link_costs_what_criticality_says(closed):
    plain = random_network(9)
    network = type(plain)(plain.nodes.assign(no_pass=plain.nodes.index.isin(closed)), plain.links)
    base = build_skim_base(network, {"least": LEAST})
    mass = network.places["population"].astype(float)
    weights = np.outer(mass, mass) / (mass.sum() ** 2 - (mass**2).sum())
    np.fill_diagonal(weights, 0.0)
    told = criticality(network, mass)
    before = base["least"]
    for number, rise in enumerate(told["rise"]):
        after = base.run(base.links(gone=[number]))["least"]
        kept = np.isfinite(after) & np.isfinite(before) & (weights > 0)
        found = (weights[kept] * (after[kept] - before[kept])).sum()
        assert found == pytest.approx(rise, rel=1e-9, abs=1e-9)
