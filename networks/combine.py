"""How the skims of the alternatives become one: by least cost, logsum or composite.

Public names
------------
Combined : the arrays of a skim over all modes
combine_modes : alternatives by zone pair -> Combined

Terms
-----
Components of a logsum or composite are the means of the alternatives' components weighted by their
shares; the main mode is the most likely one. The order of the modes settles ties, first come first.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from networks.choice import composite, composite_shares, logsum, shares
from networks.errors import MeasureError

Floats = NDArray[np.float64]
Combination = Literal["least", "logsum", "composite"]


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
) -> Combined:
    """Return one skim from several.

    Parameters
    ----------
    objective
        Money or minutes by main mode, shape (M, O, D); infinite where there is no path.
    components
        Shape (M, O, D, K); NaN where there is no path.
    combine
        ``"least"``, ``"logsum"`` or ``"composite"``.
    mu, constants
        Scale of the logsum (in 1 / unit of the objective) and what each mode is worth (in its
        unit), (M,).
    theta
        Dispersion of the composite; it takes costs less constants.

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
    else:
        total = composite(net, theta=theta)
        share = composite_shares(net, theta=theta)
    mean = (share[..., None] * np.where(share[..., None] > 0, components, 0.0)).sum(axis=0)
    mean[~there] = np.nan
    return Combined(total, mean, main)
