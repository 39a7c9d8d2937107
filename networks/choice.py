"""How alternatives compete: the least of them, the logsum or the CES composite, with shares.

Public names
------------
logsum : expected least cost of several alternatives, in money
shares : the share of each alternative under a logsum
composite : CES composite of several alternatives, in money
composite_shares : the share of each alternative under a composite

Formula
-------
logsum = -(1 / mu) ln sum_m exp(-mu (G_m - a_m)) and share_m = exp(-mu (G_m - a_m)) / sum, with
costs G of shape (M, ...) in money, constants a of shape (M,) in money and mu in 1 / money.
mu -> inf gives the minimum. An alternative of infinite cost is not there.
composite = (sum_m G_m^-theta)^(-1 / theta) and share_m = G_m^-theta / sum, with theta > 0 without
unit: the same ratio of costs gives the same shares over 100 and over 2,000 km, and the composite is
always positive. theta -> inf gives the minimum.

Source: K. Small and H. Rosen (1981), Applied welfare economics with discrete choice models; the
composite as in T. Allen and C. Arkolakis (2022), The welfare effects of transportation
infrastructure improvements.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from networks.errors import MeasureError

Floats = NDArray[np.float64]


def _checked(costs: ArrayLike, mu: float, constants: ArrayLike | None) -> Floats:
    values = np.asarray(costs, dtype=np.float64)
    if not (np.isfinite(mu) and mu > 0):
        raise MeasureError(f"The scale mu of a logsum must be positive and finite; found {mu!r}.")
    if values.ndim < 1 or np.isnan(values).any():
        raise MeasureError(
            "Costs of alternatives must be an array without NaN, alternatives first."
        )
    if constants is None:
        return values
    shift = np.asarray(constants, dtype=np.float64)
    if shift.shape != values.shape[:1] or not np.isfinite(shift).all():
        raise MeasureError(
            f"Constants must be one finite number an alternative, {values.shape[0]} in all; "
            f"found shape {shift.shape}."
        )
    return np.asarray(values - shift.reshape(-1, *[1] * (values.ndim - 1)))


def logsum(costs: ArrayLike, *, mu: float, constants: ArrayLike | None = None) -> Floats:
    """Return the logsum over the first axis.

    Parameters
    ----------
    costs
        Generalised costs, shape (M, ...), in money; infinite where an alternative is not there.
    mu
        Scale, 1 / money.
    constants
        What an alternative is worth beside its cost, shape (M,), in money.

    Returns
    -------
    ndarray
        Shape (...), in money; infinite where no alternative is there.

    Raises
    ------
    MeasureError
        A logsum that is zero or negative: as a price it would mean nothing. Also bad arguments.
    """
    values = _checked(costs, mu, constants)
    least = values.min(axis=0)
    there = np.isfinite(least)
    base = np.where(there, least, 0.0)
    total = np.exp(-mu * (values - base)).sum(axis=0)
    result = np.full(least.shape, np.inf)
    np.subtract(base, np.log(np.where(there, total, 1.0)) / mu, out=result, where=there)
    if (result <= 0).any():
        raise MeasureError(
            f"A logsum must be positive to serve as a cost; {int((result <= 0).sum())} of "
            f"{result.size} are not, the least is {result.min():.6g}. Raise mu ({mu:g}) or "
            "lower the constants of the alternatives."
        )
    return result


def shares(costs: ArrayLike, *, mu: float, constants: ArrayLike | None = None) -> Floats:
    """Return the share of every alternative, in the shape of the costs.

    Shares sum to 1 over the first axis; where no alternative is there, all are zero.
    Parameters as in ``logsum``.
    """
    values = _checked(costs, mu, constants)
    least = values.min(axis=0)
    base = np.where(np.isfinite(least), least, 0.0)
    weight = np.exp(-mu * (values - base))
    total = weight.sum(axis=0)
    return np.asarray(np.divide(weight, total, out=np.zeros_like(weight), where=total > 0))


def composite(costs: ArrayLike, *, theta: float) -> Floats:
    """Return the CES composite over the first axis.

    Parameters
    ----------
    costs
        Generalised costs, shape (M, ...), positive; infinite where an alternative is not there.
    theta
        Dispersion: how strongly a cheaper alternative is preferred.

    Returns
    -------
    ndarray
        Shape (...), in the unit of the costs, never above the least; infinite where no alternative
        is there.

    Raises
    ------
    MeasureError
        Costs that are not positive, or a theta that is not.
    """
    ratio, least, there = _ratios(costs, theta)
    total = (ratio**-theta).sum(axis=0)
    result = np.full(least.shape, np.inf)
    np.multiply(least, np.where(there, total, 1.0) ** (-1.0 / theta), out=result, where=there)
    return result


def composite_shares(costs: ArrayLike, *, theta: float) -> Floats:
    """Return the share of every alternative under a composite, in the shape of the costs.

    Shares sum to 1 over the first axis; where no alternative is there, all are zero.
    Parameters as in ``composite``.
    """
    ratio, _, there = _ratios(costs, theta)
    weight = np.where(there, ratio**-theta, 0.0)
    total = weight.sum(axis=0)
    return np.asarray(np.divide(weight, total, out=np.zeros_like(weight), where=total > 0))


def _ratios(costs: ArrayLike, theta: float) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return costs over the least of them, the least, and where there is one."""
    values = np.asarray(costs, dtype=np.float64)
    if not (np.isfinite(theta) and theta > 0):
        raise MeasureError(f"The dispersion theta must be positive and finite; found {theta!r}.")
    if values.ndim < 1 or np.isnan(values).any() or (values <= 0).any():
        raise MeasureError(
            "Costs of alternatives must be positive and without NaN, alternatives first; the least "
            f"is {np.nanmin(values, initial=np.inf):.6g}."
        )
    least = values.min(axis=0)
    there = np.isfinite(least)
    return values / np.where(there, least, 1.0), least, there
