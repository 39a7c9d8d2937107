"""The registry of cases: names, sizes, actors and bars fit together."""

from __future__ import annotations

import pytest

from benchmarks.case import BEST_FORCED, FORCED, OURS, PHYSICAL_LIMIT
from benchmarks.registry import FAMILIES, find, select

CASES = select()


def test_names_are_unique_and_belong_to_their_family():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert {case.family for case in CASES} == set(FAMILIES)
    assert all(find(name).name == name for name in names)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_fits_together(case):
    assert next(iter(case.actors)) == OURS
    rows = [size.rows for size in case.sizes]
    assert rows == sorted(rows)
    labels = [size.label for size in case.sizes]
    assert len(set(labels)) == len(labels)
    assert len(case.settings("smoke")) == 1
    assert set(map(repr, case.settings("quick"))) <= set(map(repr, case.settings("full")))
    measured = {(s.size.label, s.severity.label) for s in case.settings("full")}
    for bar in case.bars:
        assert (bar.size, bar.severity) in measured
        assert bool(bar.against) == (bar.kind == "ratio")
        if bar.against == BEST_FORCED:
            assert any(name.startswith(FORCED) for name in case.actors)
        elif bar.against and bar.against != PHYSICAL_LIMIT:
            assert bar.against in case.actors


def test_every_bar_of_the_design_is_a_case():
    bars = {(case.name, bar.size, bar.kind, bar.against) for case in CASES for bar in case.bars}
    for bar in (
        ("pooled/one-demand", "100x42", "ratio", "numpy inv"),
        ("pooled/one-demand", "100x42", "ratio", "numpy solve"),
        ("pooled/one-demand", "313x42", "seconds", ""),
        ("pooled/one-demand", "313x42", "MB", ""),
        ("pooled/31-poles", "31x42", "ratio", BEST_FORCED),
        ("gravity/one-demand", "2850x400", "seconds", ""),
        ("gravity/one-demand", "2850x400", "MB", ""),
        ("gravity/one-demand", "2850x42", "seconds", ""),
        ("real/multipliers-split", "41x35", "ratio", "pymrio calc_all"),
        ("update/one-region", "31x42", "ratio", "numpy solve"),
        ("pooled/product", "313x42", "ratio", PHYSICAL_LIMIT),
        ("gravity/product", "2850x42", "ratio", PHYSICAL_LIMIT),
        ("coupling/corridor", "341 cities, 31x42", "seconds", ""),
    ):
        assert bar in bars


def test_a_glob_selects_by_name():
    assert {case.family for case in select("gravity/*")} == {"gravity"}
    assert not select("nothing")
