"""What a link may be valued by, and what may not.

Owns the question: is this objective smooth, and what is it called and counted in?

Public names
------------
``AccessObjective``   a smooth measure of access, its mean over people or how unequal it is
``Goal``              an objective that has been checked
``check_objective``   word, Series or `AccessObjective` in, `Goal` out; refuses what jumps by name

Terms: an objective *jumps* when its value does not move with a small change of cost and then moves
at once (mass within a cut-off), or has a corner where two places change ranks (Gini). A derivative
says nothing about such an objective; an exact re-solve does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.labels import did_you_mean
from model.accounts import account_of
from model.calibration import Calibration
from model.errors import InvalidParameter, NotInThisVersion, ShapeError, UnknownLabel
from model.response import FinalDemandClosure, PriceRule

Array = NDArray[np.float64]
EconomyObjective = Literal["real_consumption", "purchase_cost", "output", "value_added", "jobs"]
SmoothMeasure = Literal["potential", "weighted_mean", "efficiency", "logsum", "effective_density"]
SmoothDecay = Literal["power", "exponential", "gaussian", "logistic", "log_logistic"]
SkimName = Literal["passenger", "freight", "fastest", "rail"]
Index = Literal["mean", "theil_t", "theil_l"]

__all__ = ["AccessObjective", "Goal", "Objective", "check_objective"]

ECONOMY: dict[str, str] = {
    "real_consumption": "more",
    "purchase_cost": "less",
    "output": "more",
    "value_added": "more",
    "jobs": "more",
}
MEASURES: dict[str, str] = {  # which way is better
    "potential": "more",
    "weighted_mean": "less",
    "efficiency": "less",
    "logsum": "more",
    "effective_density": "more",
}
DECAYS = ("power", "exponential", "gaussian", "logistic", "log_logistic")
SKIMS = ("passenger", "freight", "fastest", "rail")
INDICES = ("mean", "theil_t", "theil_l")
JUMPS: dict[str, str] = {
    "cumulative": "counts mass within a cut-off",
    "interval": "counts mass within several cut-offs",
    "daily": "counts mass within a day",
    "closest": "changes when another place becomes the nearest",
    "binary": "counts mass within a cut-off",
    "linear": "has a corner at its cut-off",
    "gini": "has a corner where two places change ranks",
}


@dataclass(frozen=True, eq=False)
class AccessObjective:
    """A measure of access over places, as its mean over people or as an index of disparity.

    Attributes
    ----------
    measure : {"potential", "weighted_mean", "efficiency", "logsum", "effective_density"}
        As in ``networks.accessibility``, own place included.
    index : {"mean", "theil_t", "theil_l"}
        Mean over places weighted by `people`, or an index over places so weighted.
    skim : {"fastest", "rail", "passenger", "freight"}
        Least door-to-door minutes, those by rail, money per trip, money per tonne.
    decay, beta, cutoff
        As in ``networks.accessibility``.
    mass : str or Series
        What is reached: a column of the places ("population", "gdp") or values by place code.
    people : str or Series
        Weights of places in the mean and the index.
    straight_speed : float, optional
        For "efficiency", km/h; that of the skim when left out.
    """

    measure: SmoothMeasure = "potential"
    index: Index = "mean"
    skim: SkimName = "fastest"
    decay: SmoothDecay = "power"
    beta: float | None = None
    cutoff: float | None = None
    mass: str | pd.Series = "population"
    people: str | pd.Series = "population"
    straight_speed: float | None = None


Objective = EconomyObjective | SmoothMeasure | str | pd.Series | AccessObjective


@dataclass(frozen=True, eq=False)
class Goal:
    """An objective that has been checked.

    Attributes
    ----------
    name, units : str
        What it is and what it is counted in.
    better : {"more", "less"}
        Which way is a gain.
    intensity : (R, S) array or None
        Per money of output in base-year prices; None for what is not an account of output.
    access : AccessObjective or None
    of_output : bool
        Whether the intensity is per output, or per bundle of inputs, as what is paid, employed or
        burnt to make it: the two differ where productivity changes.
    """

    name: str
    units: str
    better: str
    intensity: Array | None = None
    access: AccessObjective | None = None
    of_output: bool = False


def check_objective(
    base: Calibration,
    objective: Objective,
    *,
    closure: FinalDemandClosure,
    prices: PriceRule,
) -> Goal:
    """Return the objective, checked.

    Parameters
    ----------
    base : Calibration
    objective : str, Series or AccessObjective
        "real_consumption", "purchase_cost", "output", "value_added", "jobs" or another account of
        the table; a measure of access; intensities per money of output by (region, sector).

    Raises
    ------
    NotInThisVersion
        An objective that jumps, with the exact re-solve that answers instead.
    InvalidParameter
        An objective that the closure holds fixed, or options of access that do not exist.
    UnknownLabel
        An objective that is none of all these.
    """
    if isinstance(objective, AccessObjective):
        return _access(base, objective)
    if isinstance(objective, str) and objective in JUMPS:
        raise NotInThisVersion(_jump(objective))
    if isinstance(objective, str) and objective in MEASURES:
        chosen = next(m for m in _MEASURES if m == objective)
        return _access(base, AccessObjective(chosen))
    if isinstance(objective, str) and objective in INDICES[1:]:
        raise InvalidParameter(
            f"An index needs to know of what: {objective!r} is asked for as "
            f'AccessObjective("potential", index="{objective}").'
        )
    table = base.table
    if not isinstance(objective, str):
        account = account_of(table, objective)
        intensity = _flat(base, account.intensity)
        return Goal(account.name, account.units, "more", intensity, of_output=True)
    if objective == "real_consumption":
        if closure == "real":
            raise InvalidParameter(
                'Under the closure "real" quantities of final demand stay, so real consumption '
                "does not move and every link would be worth exactly zero. Value links by "
                '"purchase_cost" or "value_added", or take the closure "spending".'
            )
        return Goal(objective, table.unit, "more")
    if objective == "purchase_cost":
        return Goal(objective, table.unit, "less")
    if objective == "value_added":
        blocks = base.blocks
        made = blocks.output > 0.0
        rate = np.divide(
            blocks.primary, blocks.output, out=np.zeros_like(blocks.output), where=made
        )
        return Goal(objective, table.unit, "more", rate)
    try:
        account = account_of(table, objective)
    except UnknownLabel as missing:
        known = [*ECONOMY, *MEASURES]
        raise UnknownLabel(
            f"there is no objective {objective!r}{did_you_mean(objective, known)}; links are "
            f"valued by {', '.join(known)}, by an account of the table ({missing}), or by "
            "intensities."
        ) from missing
    intensity = _flat(base, account.intensity)
    of_output = objective == "output"
    return Goal(account.name, account.units, "more", intensity, of_output=of_output)


_MEASURES: tuple[SmoothMeasure, ...] = (
    "potential",
    "weighted_mean",
    "efficiency",
    "logsum",
    "effective_density",
)


def _flat(base: Calibration, intensity: Array) -> Array:
    return np.asarray(intensity, dtype=np.float64).reshape(base.blocks.output.shape)


def _jump(word: str) -> str:
    what = (
        'gini(hl.accessibility(skims.fastest, mass, "potential"), population)'
        if word == "gini"
        else f'hl.accessibility(skims.fastest, mass, "{word}", ...)'
        if word not in ("binary", "linear")
        else f'hl.accessibility(skims.fastest, mass, decay="{word}", ...)'
    )
    return (
        f"Links have no derivative by {word!r}: it {JUMPS[word]}. Solve exactly instead, before "
        f"and after the edit: skims = model.skims(edited), then {what}. Smooth measures: "
        f"{', '.join(MEASURES)}."
    )


def _access(base: Calibration, wanted: AccessObjective) -> Goal:
    for word in (wanted.measure, wanted.index, wanted.decay):
        if word in JUMPS:
            raise NotInThisVersion(_jump(word))
    for what, given, known in (
        ("measure", wanted.measure, tuple(MEASURES)),
        ("index", wanted.index, INDICES),
        ("decay", wanted.decay, DECAYS),
        ("skim", wanted.skim, SKIMS),
    ):
        if given not in known:
            raise InvalidParameter(
                f"The {what} of access must be one of {', '.join(known)}; found {given!r}"
                f"{did_you_mean(given, known)}."
            )
    if wanted.index != "mean":
        return Goal(f"{wanted.index} of {wanted.measure}", "1", "less", access=wanted)
    minutes = wanted.skim in ("fastest", "rail")
    unit = "min" if minutes else str(getattr(base.skims, wanted.skim)["cost"].attrs["units"])
    units = {
        "weighted_mean": unit,
        "logsum": unit,
        "efficiency": "1" if minutes else f"{unit}/min",
    }
    better = MEASURES[wanted.measure]
    return Goal(f"mean {wanted.measure}", units.get(wanted.measure, "mass"), better, access=wanted)


def place_values(base: Calibration, given: str | pd.Series, what: str) -> pd.Series:
    """Return a column of the places, or values by place code, in the order of the places.

    Raises
    ------
    UnknownLabel
        A column that places do not have.
    ShapeError
        Places without a value, or values below zero.
    """
    if isinstance(given, str):
        known = [c for c in ("population", "gdp") if c in base.places.table]
        if given not in known:
            raise UnknownLabel(
                f"the {what} of access must be a column of the places, {', '.join(known)}, or a "
                f"Series by place code; found {given!r}{did_you_mean(given, known)}."
            )
        return base.places.mass(given)
    values = given.set_axis(pd.Index([str(k) for k in given.index])).reindex(base.places.codes)
    bad = ~(np.isfinite(values.to_numpy(dtype=np.float64)) & (values.to_numpy() >= 0))
    if bad.any():
        lost = ", ".join(np.array(base.places.codes)[bad][:5])
        raise ShapeError(
            f"the {what} of access must be zero or more at every place; {int(bad.sum())} have "
            f"none or less ({lost})."
        )
    return values.astype(float)
