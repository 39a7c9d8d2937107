"""Several new lines as one edit, against the network with all of them built."""

import numpy as np
import pytest
from cases_corridors import economy, towns

from networks.patches import Patch, add_line
from networks.whatif import Asked, build_skim_base
from networks.whatif.merging import merged

ASKED = {
    "passenger": Asked(combine="composite", parameters={"value_of_time": 40.0}),
    "fastest": Asked(by="minutes"),
    "freight": Asked("freight"),
}


@pytest.fixture(scope="module")
def base():
    return build_skim_base(towns(economy()), ASKED)


def line(name, stops, mode="rail_hsr", freed=0.0):
    return add_line(
        mode,
        [f"p{k}" for k in stops],
        speed_kmh=260.0,
        trains_per_day=20.0,
        name=name,
        freed_freight_capacity=freed,
    )


SETS = {
    "lines that meet": [line("a", [0, 4]), line("b", [4, 9])],
    "lines that cross and share a track": [
        line("a", [1, 4, 8]),
        line("b", [4, 8]),
        line("c", [2, 8]),
    ],
    "modes that differ": [line("a", [0, 9], "air"), line("b", [3, 6], "road"), line("c", [2, 7])],
    "one frees capacity": [line("a", [0, 4]), line("b", [4, 7], freed=0.5)],
}


@pytest.mark.parametrize("what", list(SETS))
def test_merged_lines_cost_what_the_network_with_all_of_them_costs(base, what):
    edits = SETS[what]
    whole = merged([base.edit(Patch(edit.get("name"), (edit,))) for edit in edits])
    together = base.run(whole)
    network = base.run(Patch("all", tuple(edits)))
    fresh = build_skim_base(_built(base.network, edits), ASKED)
    for name in ASKED:
        np.testing.assert_allclose(together[name], network[name], rtol=1e-12)
        np.testing.assert_allclose(together[name], fresh[name], rtol=1e-9)
        assert len(together.changed[name][0]) == len(network.changed[name][0])
    assert len(np.unique(whole.fresh.lines)) == len(edits)


def _built(network, edits):
    for edit in edits:
        says = {k: v for k, v in edit.says if k not in ("mode", "stops")}
        network = network.with_line(edit.get("mode"), list(edit.get("stops")), **says)
    return network


def test_the_order_of_lines_does_not_matter(base):
    edits = [base.edit(Patch(e.get("name"), (e,))) for e in SETS["modes that differ"]]
    one, other = base.run(merged(edits)), base.run(merged(edits[::-1]))
    for name in ASKED:
        np.testing.assert_array_equal(one[name], other[name])


def test_edits_that_lean_on_each_other_are_not_merged(base):
    def edit(*edits):
        return base.edit(Patch("x", edits))

    freed = [edit(line("a", [0, 4], freed=0.5)), edit(line("b", [1, 5], freed=0.5))]
    assert merged(freed) is None  # the same track is freed twice
    laid = edit(line("c", [7, 9], "rail_conventional"))
    assert merged([laid, freed[0]]) is None  # and the new track might be freed too
    assert merged([laid, edit(line("d", [2, 8]))]) is not None
    assert merged([]) is None
    closed = base.links(gone=[0])
    assert merged([closed, laid]) is None
