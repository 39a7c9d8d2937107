"""What links cannot be valued by, and what is exactly so: words, labels, rows of tracks."""

import numpy as np
import pandas as pd
import pytest
from cases_link_value import small_model

from model.errors import InvalidParameter, NotInThisVersion, ShapeError, UnknownLabel
from model.link_value import AccessObjective, first_order_value, link_values, pair_values


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.mark.parametrize("word", ["cumulative", "daily", "interval", "closest", "gini"])
def test_objectives_that_jump_are_refused_by_name_with_the_exact_re_solve(model, word):
    with pytest.raises(NotInThisVersion, match=rf"'{word}'.*Solve exactly.*model\.skims\(edited\)"):
        link_values(model.calibration, word)


def test_decays_with_a_corner_and_unknown_words_are_refused(model):
    base = model.calibration
    with pytest.raises(NotInThisVersion, match="'linear': it has a corner"):
        link_values(base, AccessObjective(decay="linear", cutoff=60.0))
    with pytest.raises(NotInThisVersion, match="'gini'"):
        link_values(base, AccessObjective(index="gini"))
    with pytest.raises(InvalidParameter, match=r"skim of access must be one of.*'fastets'"):
        link_values(base, AccessObjective(skim="fastets"))
    with pytest.raises(UnknownLabel, match="did you mean 'output'"):
        link_values(base, "outputs")
    with pytest.raises(UnknownLabel, match="no region 'Atlantis'"):
        link_values(base, regions=["Atlantis"])
    with pytest.raises(InvalidParameter, match=r'closure "real".*purchase_cost'):
        link_values(base, "real_consumption", closure="real")
    with pytest.raises(InvalidParameter, match="AccessObjective"):
        link_values(base, "theil_t")


def test_words_and_people_that_are_not_there_are_refused(model):
    base = model.calibration
    with pytest.raises(InvalidParameter, match=r"closure must be .*did you mean 'spending'"):
        link_values(base, closure="spendin")
    with pytest.raises(InvalidParameter, match=r"closure must be .*found 'open'"):
        pair_values(base, closure="open")
    with pytest.raises(InvalidParameter, match="name a link once; l0"):
        link_values(base, build_cost=pd.Series([1.0, 2.0], index=["l0", "l0"]))
    people = pd.Series(0.0, index=base.places.codes)
    people[[r == "R1" for r in base.places.region]] = 5.0
    objective = AccessObjective("potential", people=people)
    assert np.isfinite(link_values(base, objective)["per_minute"]).all()
    with pytest.raises(ShapeError, match="there are none in R0, R2"):
        link_values(base, objective, by_region=True)


def test_channels_without_an_adjoint_are_refused_by_name(model):
    base = model.calibration
    with pytest.raises(NotInThisVersion, match="relocation, congestion has no adjoint"):
        link_values(base, channels=("sourcing", "relocation", "congestion"))
    with pytest.raises(InvalidParameter, match="did you mean 'productivity'"):
        link_values(base, channels=("sourcing", "productvity"))
    with pytest.raises(InvalidParameter, match='closure must be "spending"'):
        link_values(base, "output", channels=("households",), closure="real")
    one = link_values(base, "output", channels=("sourcing", "price"))
    two = link_values(base, "output", prices="follow costs")
    np.testing.assert_array_equal(one["per_minute"], two["per_minute"])


def test_intensities_of_ones_are_output(model):
    table = model.table
    ones = pd.Series(1.0, index=table.labels, name="ones")
    one = link_values(model.calibration, ones)
    np.testing.assert_array_equal(
        one["per_minute"], link_values(model.calibration, "output")["per_minute"]
    )
    assert one.attrs["objective"] == "ones"


def test_first_order_values_refuse_what_does_not_fit():
    square = np.zeros((2, 2))
    with pytest.raises(ShapeError, match="Costs of rail have no weights"):
        first_order_value({"freight": square}, {"freight": square}, {"rail": square})
    with pytest.raises(ShapeError, match=r"one shape; found \(2, 2\), \(2, 2\) and \(3, 3\)"):
        first_order_value({"a": square}, {"a": square}, {"a": np.zeros((3, 3))})


def test_a_way_that_is_lost_counts_only_where_something_is_at_stake():
    weight, cost = np.array([[0.0, -2.0], [0.0, 0.0]]), np.array([[1.0, 5.0], [np.inf, 1.0]])
    lost = np.array([[np.inf, 6.0], [np.inf, 1.0]])
    assert first_order_value({"a": weight}, {"a": cost}, {"a": lost}) == -2.0
    gone = np.array([[1.0, np.inf], [4.0, 1.0]])
    assert first_order_value({"a": weight}, {"a": cost}, {"a": gone}) == -np.inf


def test_tracks_are_rows_of_their_own(model):
    base = model.calibration
    links = link_values(base)
    found = link_values(base, together="track", build_cost=pd.Series({"l0": 5.0, "l5": 7.0}))
    # two roads join p0 and p1, and nothing else of one mode runs side by side
    assert int(found["links"].sum()) == links.sizes["link"]
    assert found.sizes["link"] < links.sizes["link"]
    single = found["link"][found["links"] == 1]
    np.testing.assert_allclose(
        found["per_minute"].sel(link=single), links["per_minute"].sel(link=single), rtol=1e-12
    )
    twins = found["per_minute_and_cost"].sel(link="l0") * 12.0
    np.testing.assert_allclose(twins, found["per_minute"].sel(link="l0"))
    assert "per_departure" not in found
    with pytest.raises(InvalidParameter, match="'line'"):
        link_values(base, together="line")
