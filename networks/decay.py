"""How the pull of an opportunity fades with the cost of getting there.

Public names
------------
decay : the impedance function f(c) by its name and parameter
DECAYS : the names and what their parameter means

Formula
-------
power c^-beta; exponential exp(-beta c); gaussian exp(-c^2 / (2 beta^2)); logistic
1 / (1 + exp(beta (c - cutoff))); log_logistic 1 / (1 + (c / cutoff)^beta); linear max(0, 1 - c /
cutoff); binary 1 where c <= cutoff. An infinite cost has f = 0.

Source: G. Hansen (1959), How accessibility shapes land use; the decays of the R package
``accessibility`` (Pereira and Herszenhut) under the same names where it has them.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from networks.errors import MeasureError
from networks.labels import did_you_mean

Floats = NDArray[np.float64]
Decay = Literal["power", "exponential", "gaussian", "logistic", "log_logistic", "linear", "binary"]

DECAYS: dict[str, tuple[str, ...]] = {
    "power": ("beta",),
    "exponential": ("beta",),
    "gaussian": ("beta",),
    "logistic": ("beta", "cutoff"),
    "log_logistic": ("beta", "cutoff"),
    "linear": ("cutoff",),
    "binary": ("cutoff",),
}


def decay(
    cost: ArrayLike, kind: Decay, *, beta: float | None = None, cutoff: float | None = None
) -> Floats:
    """Return f(cost), same shape, between 0 and 1 (a power may exceed 1 below cost 1).

    Parameters
    ----------
    cost
        Costs or minutes, not negative; infinite where there is no path.
    kind
        One of ``DECAYS``.
    beta
        Steepness: no unit for power and log_logistic, 1 / cost for exponential and logistic, cost
        for gaussian (its standard deviation).
    cutoff
        A cost.

    Raises
    ------
    MeasureError
        An unknown decay, a parameter that is missing or not positive, a negative or missing cost,
        or a cost of zero under a power.
    """
    if kind not in DECAYS:
        raise MeasureError(
            f"There is no decay {kind!r}{did_you_mean(kind, DECAYS)}; they are {', '.join(DECAYS)}."
        )
    given = {"beta": beta, "cutoff": cutoff}
    for name in DECAYS[kind]:
        value = given[name]
        if value is None or not (np.isfinite(value) and value > 0):
            raise MeasureError(f"The decay {kind!r} needs a positive {name}; found {value!r}.")
    for name, value in given.items():
        if value is not None and name not in DECAYS[kind]:
            raise MeasureError(f"The decay {kind!r} has no {name}; leave it out.")
    values = np.asarray(cost, dtype=np.float64)
    if np.isnan(values).any() or (values < 0).any():
        raise MeasureError("Costs under a decay must be zero or more, and none missing.")
    slope, edge = beta or 1.0, cutoff or 1.0
    if kind == "power":
        if (values == 0).any():
            raise MeasureError(
                f"A power of cost has no value at cost 0; {int((values == 0).sum())} costs are 0. "
                "Give every place a cost to itself, or take another decay."
            )
        return np.asarray(values**-slope)
    if kind == "exponential":
        return np.asarray(np.exp(-slope * values))
    if kind == "gaussian":
        return np.asarray(np.exp(-0.5 * (values / slope) ** 2))
    if kind == "logistic":
        return np.asarray(0.5 * (1.0 - np.tanh(0.5 * slope * (values - edge))))
    if kind == "log_logistic":
        return np.asarray(1.0 / (1.0 + (values / edge) ** slope))
    if kind == "linear":
        return np.asarray(np.clip(1.0 - values / edge, 0.0, None))
    return np.asarray((values <= edge).astype(np.float64))
