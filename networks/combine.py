"""How the skims of the alternatives become one: by least cost, logsum, nests or composite.

Public names
------------
Combined : the arrays of a skim over all modes
combine_modes : alternatives by zone pair -> Combined
nested, nested_shares : logsum over main modes, kinds of train in a nest of their own
APART : ways of combining that take kinds of train for alternatives by themselves

Terms
-----
Components of a logsum or composite are the means of the alternatives' components weighted by their
shares; the main mode is the most likely one. The order of the modes settles ties, first come first.

Formula
-------
nested = -(1 / mu) ln sum_m exp(-mu I_m) over main modes m, with I_m = -(1 / (r mu)) ln sum_k exp(-r
mu G_k) over the kinds k of a main mode and r >= 1 (``nest_ratio``): r = 1 is the logsum over all
kinds, r -> inf takes the least kind. share_k = share_m x share of k in m.

Source: H. Williams (1977), On the formation of travel demand models; M. Ben-Akiva and S. Lerman,
Discrete Choice Analysis (1985), 10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from networks.choice import composite, composite_shares, logsum, shares
from networks.errors import MeasureError

Floats = NDArray[np.float64]
Combination = Literal["least", "logsum", "nested", "composite"]
APART: tuple[Combination, ...] = ("nested", "composite")


@dataclass(frozen=True, eq=False)
class Combined:
    """Objective (O, D), components (O, D, K), position of the main mode (O, D) with -1 for none."""

    objective: Floats
    components: Floats
    main: NDArray[np.int8]


def combine_modes(
    objective: Floats,
    components: Floats,
    *,
    combine: Combination,
    mu: float,
    theta: float,
    constants: Floats,
    mains: Sequence[str] = (),
    nest_ratio: float = 1.0,
) -> Combined:
    """Return one skim from several.

    Parameters
    ----------
    objective
        Money or minutes by main mode, shape (M, O, D); infinite where there is no path.
    components
        Shape (M, O, D, K); NaN where there is no path.
    combine
        ``"least"``, ``"logsum"``, ``"nested"`` or ``"composite"``.
    mu, constants
        Scale of the logsum (in 1 / unit of the objective) and what each mode is worth (in its
        unit), (M,).
    theta
        Dispersion of the composite; it takes costs less constants.
    mains, nest_ratio
        Main mode of each alternative, and the scale within a main mode over that between them:
        for ``"nested"``.

    Raises
    ------
    MeasureError
        A logsum or composite that is not positive, or a cost that constants make negative.
    """
    net = objective - constants[:, None, None]
    best = net.argmin(axis=0)
    there = np.isfinite(np.take_along_axis(net, best[None], axis=0)[0])
    main = np.where(there, best, -1).astype(np.int8)
    if combine == "least":
        least = np.take_along_axis(net, best[None], axis=0)[0]
        if (least < 0).any():
            raise MeasureError(
                f"A cost must not be negative; mode_constant makes {int((least < 0).sum())} so, "
                f"the least {least.min():.6g}. Lower the constants of the modes."
            )
        picked = np.take_along_axis(components, best[None, ..., None], axis=0)[0]
        return Combined(least, picked, main)
    if combine == "logsum":
        total = logsum(objective, mu=mu, constants=constants)
        share = shares(objective, mu=mu, constants=constants)
    elif combine == "nested":
        total = nested(net, mains, mu=mu, ratio=nest_ratio)
        share = nested_shares(net, mains, mu=mu, ratio=nest_ratio)
    else:
        total = composite(net, theta=theta)
        share = composite_shares(net, theta=theta)
    mean = (share[..., None] * np.where(share[..., None] > 0, components, 0.0)).sum(axis=0)
    mean[~there] = np.nan
    return Combined(total, mean, main)


def nested(costs: Floats, mains: Sequence[str], *, mu: float, ratio: float) -> Floats:
    """Return the nested logsum over the first axis.

    Parameters
    ----------
    costs
        Money or minutes by alternative, shape (M, ...); infinite where one is not there.
    mains
        Main mode of each alternative, (M,).
    mu
        Scale of the choice between main modes, in 1 / unit of the costs.
    ratio
        Scale within a main mode over ``mu``, 1 or more.

    Raises
    ------
    MeasureError
        A logsum that is not positive, or a ratio below 1.
    """
    return logsum(_inclusive(costs, mains, mu, ratio), mu=mu)


def nested_shares(costs: Floats, mains: Sequence[str], *, mu: float, ratio: float) -> Floats:
    """Return the share of every alternative, in the shape of the costs; see ``nested``."""
    of_main = shares(_inclusive(costs, mains, mu, ratio), mu=mu)
    made = np.empty_like(costs)
    for k, group in enumerate(_groups(mains)):
        made[group] = of_main[k] * shares(costs[group], mu=ratio * mu)
    return made


def _groups(mains: Sequence[str]) -> list[list[int]]:
    return [[k for k, m in enumerate(mains) if m == main] for main in dict.fromkeys(mains)]


def _inclusive(costs: Floats, mains: Sequence[str], mu: float, ratio: float) -> Floats:
    """Return the logsum of each main mode over its kinds."""
    if not (np.isfinite(ratio) and ratio >= 1.0):
        raise MeasureError(
            f"nest_ratio must be 1 or more: kinds within a main mode are nearer to each other than "
            f"main modes; found {ratio!r}."
        )
    if len(mains) != len(costs):
        raise MeasureError(
            f"Every alternative needs its main mode; {len(costs)} alternatives, {len(mains)} modes."
        )
    return np.stack(
        [
            costs[group[0]] if len(group) == 1 else logsum(costs[group], mu=ratio * mu)
            for group in _groups(mains)
        ]
    )
