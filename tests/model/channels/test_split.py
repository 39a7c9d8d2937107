from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.channels.split import shapley


def game(seed, names):
    rng = np.random.default_rng(seed)
    kept = {}

    def effect(on):
        if on not in kept:
            kept[on] = rng.normal(size=(2, 3)) if on else np.zeros((2, 3))
        return kept[on]

    return effect


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_shares_are_means_over_all_orders_and_sum_to_the_whole(seed, count):
    names = [f"c{k}" for k in range(count)]
    effect = game(seed, names)
    shares = shapley(names, effect)
    plain = {name: np.zeros((2, 3)) for name in names}
    orders = list(permutations(names))
    for order in orders:
        for position, name in enumerate(order):
            before = frozenset(order[:position])
            plain[name] += (effect(before | {name}) - effect(before)) / len(orders)
    for name in names:
        np.testing.assert_allclose(shares[name], plain[name], rtol=1e-10, atol=1e-12)
    whole = effect(frozenset(names))
    np.testing.assert_allclose(sum(shares.values()), whole, rtol=1e-10, atol=1e-12)


def test_channels_that_do_not_meet_keep_what_they_do_alone():
    alone = {"a": 1.0, "b": -2.0, "c": 0.0}
    shares = shapley(list(alone), lambda on: np.array([sum(alone[k] for k in on)]))
    assert {name: float(v[0]) for name, v in shares.items()} == pytest.approx(alone)
