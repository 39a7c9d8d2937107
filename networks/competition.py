"""Who gets a share of what can be reached, when others want it too.

Public names
------------
competitive_accessibility : floating catchments, spatial availability, constrained forms
doubly_constrained : flows that meet both supply and demand

Terms
-----
*supply* S_j is at destinations, *demand* P_i at origins, f_ij a decay of the cost between them.

Formula
-------
two_step: A_i = sum_j f_ij S_j / sum_k P_k f_kj. balanced: the same with f normalised, in the first
step over destinations (f_ij / sum_j f_ij) and in the second over origins (f_ij / sum_i f_ij).
availability: A_i = sum_j S_j P_i f_ij / sum_k P_k f_kj. total_constrained: A_i = S sum_j S_j f_ij /
sum_ij S_j f_ij with S = sum_j S_j. doubly constrained: T_ij = a_i P_i b_j S_j f_ij.

Source: W. Luo and F. Wang (2003); A. Paez, C. Higgins and S. Vivona (2019); A. Soukhov et al.
(2023), Spatial availability; A. Wilson (1971), A family of spatial interaction models.
"""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.accessibility import cost_matrix, labelled, mass_at
from networks.decay import Decay
from networks.decay import decay as impedance
from networks.dims import DESTINATION, ORIGIN
from networks.errors import MeasureError
from networks.labels import did_you_mean

Floats = NDArray[np.float64]
Form = Literal["two_step", "balanced", "availability", "total_constrained"]
FORMS = ("two_step", "balanced", "availability", "total_constrained")


class ConstrainedFlows(NamedTuple):
    """Flows (O, D), balancing factors (O,) and (D,), largest relative gap of a margin, status."""

    flows: Floats
    balancing_origin: Floats
    balancing_destination: Floats
    gap: float
    status: Literal["converged", "not converged"]


def competitive_accessibility(
    skim: xr.Dataset,
    supply: pd.Series,
    demand: pd.Series,
    form: Form = "two_step",
    *,
    of: Literal["minutes", "cost"] = "minutes",
    decay: Decay = "exponential",
    beta: float | None = None,
    cutoff: float | None = None,
) -> xr.DataArray:
    """Return accessibility under competition for every origin.

    Parameters
    ----------
    skim
        Dataset (origin, destination).
    supply, demand
        What is offered, by destination code, and who wants it, by origin code.
    form
        ``"two_step"`` and ``"balanced"`` (supply per head), ``"availability"`` and
        ``"total_constrained"`` (supply; both sum to the total supply that can be reached).
    of, decay, beta, cutoff
        Cost and its decay; see ``networks.decay``.

    Raises
    ------
    MeasureError
        An unknown form, or supply or demand that is negative or missing.
    """
    if form not in FORMS:
        raise MeasureError(
            f"There is no form {form!r}{did_you_mean(form, FORMS)}; they are {', '.join(FORMS)}."
        )
    f = impedance(cost_matrix(skim, of), decay, beta=beta, cutoff=cutoff)
    offered, wanted = mass_at(skim, supply, DESTINATION), mass_at(skim, demand, ORIGIN)
    if form == "total_constrained":
        pull = f @ offered
        values = offered.sum() * _ratio(pull, pull.sum())
    elif form == "balanced":
        first = _ratio(f, f.sum(axis=1, keepdims=True))
        second = _ratio(f, f.sum(axis=0, keepdims=True))
        values = second @ _ratio(offered, wanted @ first)
    else:
        values = f @ _ratio(offered, wanted @ f)
        values = values * wanted if form == "availability" else values
    unit = "supply/demand" if form in ("two_step", "balanced") else "supply"
    return labelled(skim, values, form, unit)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    """Return top / bottom, zero where nobody competes."""
    wide = np.broadcast_to(bottom, np.broadcast_shapes(np.shape(top), np.shape(bottom)))
    return np.asarray(np.divide(top, wide, out=np.zeros(wide.shape), where=wide > 0))


def doubly_constrained(
    impedances: Floats,
    demand: Floats,
    supply: Floats,
    *,
    tolerance: float = 1e-12,
    max_iterations: int = 10_000,
) -> ConstrainedFlows:
    """Return flows T_ij = a_i P_i b_j S_j f_ij with row sums P and column sums S.

    Parameters
    ----------
    impedances
        f, shape (O, D), none negative.
    demand, supply
        P (O,) and S (D,); their sums must agree.
    tolerance
        Largest relative gap of a row sum at which the balancing stops (column sums are exact).
    max_iterations
        After as many rounds the result says ``"not converged"``.

    Raises
    ------
    MeasureError
        Sums of supply and demand that differ by more than 1e-9 relative, or a place with demand or
        supply that can reach nobody.
    """
    f = np.asarray(impedances, dtype=np.float64)
    wanted, offered = np.asarray(demand, dtype=np.float64), np.asarray(supply, dtype=np.float64)
    if abs(wanted.sum() - offered.sum()) > 1e-9 * abs(offered.sum()):
        raise MeasureError(
            f"Demand and supply must have the same sum; found {wanted.sum():g} and "
            f"{offered.sum():g}."
        )
    lonely = ((f @ offered <= 0) & (wanted > 0)).any() or ((wanted @ f <= 0) & (offered > 0)).any()
    if lonely:
        raise MeasureError("Every place with demand must reach some supply, and the reverse.")
    b = np.ones_like(offered)
    gap = np.inf
    for _ in range(max_iterations):
        a = _ratio(np.ones_like(wanted), f @ (b * offered))
        b = _ratio(np.ones_like(offered), (a * wanted) @ f)
        rows = a * (f @ (b * offered))
        gap = float(np.abs(rows - 1.0)[wanted > 0].max(initial=0.0))
        if gap <= tolerance:
            break
    flows = (a * wanted)[:, None] * f * (b * offered)[None, :]
    return ConstrainedFlows(flows, a, b, gap, "converged" if gap <= tolerance else "not converged")
