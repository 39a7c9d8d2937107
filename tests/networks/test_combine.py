"""The nested logsum against its limits and its derivative."""

import numpy as np
import pytest
from cases_networks import random_network
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import skim, skim_modes
from networks.choice import logsum, shares
from networks.combine import combine_modes, nested, nested_shares
from networks.errors import MeasureError

MAINS = ("road", "rail", "rail", "air")
COSTS = st.lists(st.floats(50.0, 900.0), min_size=4, max_size=4).map(np.array)
FEW = settings(max_examples=60, deadline=None)


@FEW
@given(costs=COSTS, mu=st.floats(0.01, 0.2))
def test_a_nest_of_ratio_one_is_the_logsum_over_all_kinds(costs, mu):
    try:
        wanted = logsum(costs, mu=mu)
    except MeasureError:
        return
    assert nested(costs, MAINS, mu=mu, ratio=1.0) == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(
        nested_shares(costs, MAINS, mu=mu, ratio=1.0), shares(costs, mu=mu), rtol=1e-9, atol=1e-15
    )


def test_a_very_sharp_nest_takes_its_least_kind():
    costs = np.array([300.0, 250.0, 180.0, 400.0])
    wanted = logsum(costs[[0, 2, 3]], mu=0.02)
    assert nested(costs, MAINS, mu=0.02, ratio=1e4) == pytest.approx(wanted, rel=1e-12)


def test_two_equal_kinds_shift_their_nest_by_ln_two_over_its_scale():
    costs = np.array([1e6, 250.0, 250.0, 1e6])
    found = nested(costs, MAINS, mu=0.02, ratio=4.0)
    assert found == pytest.approx(250.0 - np.log(2.0) / (4.0 * 0.02), rel=1e-12)


@FEW
@given(costs=COSTS, ratio=st.floats(1.0, 5.0))
def test_the_share_of_a_kind_is_the_derivative_of_the_nested_logsum(costs, ratio):
    mu, step = 0.02, 1e-4
    share = nested_shares(costs, MAINS, mu=mu, ratio=ratio)
    assert share.sum() == pytest.approx(1.0, rel=1e-12)
    for k in range(4):
        near = [costs.copy(), costs.copy()]
        near[0][k] += step
        near[1][k] -= step
        try:
            above, below = (nested(c, MAINS, mu=mu, ratio=ratio) for c in near)
        except MeasureError:
            return
        assert (above - below) / (2 * step) == pytest.approx(share[k], abs=1e-7)


def test_a_kind_that_is_not_there_leaves_its_nest_to_the_other():
    costs = np.array([300.0, np.inf, 180.0, np.inf])
    found = nested_shares(costs, MAINS, mu=0.02, ratio=3.0)
    assert found[1] == 0.0
    assert found[3] == 0.0
    np.testing.assert_allclose(found[[0, 2]], shares(costs[[0, 2]], mu=0.02), rtol=1e-12)


def test_a_ratio_below_one_and_a_missing_main_mode_are_refused():
    with pytest.raises(MeasureError, match="1 or more"):
        nested(np.full(4, 100.0), MAINS, mu=0.02, ratio=0.5)
    with pytest.raises(MeasureError, match="4 alternatives, 2 modes"):
        nested(np.full(4, 100.0), MAINS[:2], mu=0.02, ratio=2.0)


def test_a_nested_skim_lies_between_the_logsums_over_kinds_and_over_main_modes():
    network = random_network(11)
    scale = {"logsum_scale": {"passenger": 0.2}}
    one = skim(network, combine="nested", parameters={**scale, "nest_ratio": 1.0})
    two = skim(network, combine="nested", parameters={**scale, "nest_ratio": 4.0})
    assert (two["cost"].to_numpy() >= one["cost"].to_numpy() * (1 - 1e-12)).all()
    assert (two["cost"].to_numpy() > one["cost"].to_numpy()).any()
    least = skim(network)
    assert (two["cost"].to_numpy() <= least["cost"].to_numpy() * (1 + 1e-12)).all()


def test_components_of_a_nested_skim_are_means_by_share():
    costs = np.array([300.0, 250.0, 180.0, 400.0]).reshape(4, 1, 1)
    parts = np.arange(8.0).reshape(4, 1, 1, 2)
    found = combine_modes(
        costs,
        parts,
        combine="nested",
        mu=0.02,
        theta=8.0,
        constants=np.zeros(4),
        mains=MAINS,
        nest_ratio=2.0,
    )
    share = nested_shares(costs, MAINS, mu=0.02, ratio=2.0)[:, 0, 0]
    np.testing.assert_allclose(found.components[0, 0], share @ parts[:, 0, 0], rtol=1e-12)


@pytest.mark.parametrize("combine", ["least", "logsum", "nested", "composite"])
def test_shares_by_mode_sum_to_one_and_weigh_the_parts_of_the_skim(combine):
    network = random_network(11)
    given = {"parameters": {"logsum_scale": {"passenger": 0.2}}}
    by_mode = skim_modes(network, combine=combine, **given)
    share = by_mode["share"].to_numpy()
    own = np.eye(share.shape[1], dtype=bool)
    assert np.isnan(share[:, own]).all()
    np.testing.assert_allclose(share[:, ~own].sum(axis=0), 1.0, rtol=1e-12)
    if combine in ("least", "logsum"):
        km = np.where(share > 0, by_mode["km"].to_numpy(), 0.0)
        wanted = (share * km).sum(axis=0)
        found = skim(network, combine=combine, **given)["km"].to_numpy()
        np.testing.assert_allclose(found[~own], wanted[~own], rtol=1e-12)
