"""How much of a joint effect each channel is worth, whatever the order they are switched on in.

Owns the question: when channels work on each other, how is what they do together shared out?

Public names
------------
``shapley``    effects of every subset in, the share of every channel out

Formula (K channels on, v(C) the effect with the channels C on and v(none) = 0)
-------------------------------------------------------------------------------
    share_c = sum over C without c of |C|! (K - |C| - 1)! / K! (v(C + c) - v(C))
the mean over all K! orders of what c adds when its turn comes. The shares sum to v(all).

Source: Shapley (1953); as a decomposition: Sastre and Trannoy (2002); Shorrocks (2013).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

__all__ = ["shapley"]


def shapley(channels: Sequence[str], effect: Callable[[frozenset[str]], Array]) -> dict[str, Array]:
    """Share out the joint effect of channels.

    Parameters
    ----------
    channels : sequence of str
        K different names.
    effect : callable
        Effect of a set of channels, an array of any one shape; called once for each of 2^K sets.

    Returns
    -------
    dict of str to array
        Shares by channel; they sum to the joint effect less that of no channel.
    """
    names = list(channels)
    count = len(names)
    sets = [frozenset(c) for size in range(count + 1) for c in combinations(names, size)]
    value = {one: effect(one) for one in sets}
    shares = {name: np.zeros(np.shape(value[sets[0]])) for name in names}
    for one in sets:
        weight = factorial(len(one)) * factorial(max(count - len(one) - 1, 0)) / factorial(count)
        for name in names:
            if name not in one:
                shares[name] += weight * (value[one | {name}] - value[one])
    return shares
