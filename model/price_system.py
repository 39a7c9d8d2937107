"""Mill prices when delivery costs change: the fixed point of unit costs over all regions.

Owns the question: when producers pass on what inputs cost them, how far does each price move?

Public names
------------
``mill_prices``   base arrays and tau^ in, `MillPrices` out
``MillPrices``    p^, how it converged, and how contracting the system is
``input_saving``  base less new cost of inputs per unit of output, at shares that are known

Formula (hats are new / base; domestic a, imported m, everything else v per unit of output)
-------------------------------------------------------------------------------------------
    p^_j^s = v_j^s + sum_i (a_ij^s + m_ij^s) P^c_ij^s
with P^c the price of domestic and imported product together (`model.sourcing`), itself a function
of p^ tau^, by CES or logit. Written as a difference from one, so that no change gives exactly one;
solved by Newton steps with the base year's Jacobian, which is (T A)': d ln p^ =
(I - (T A)')^-1 (cost change). The map is a contraction in the largest change of a logarithm, with
the largest share of domestic inputs in a unit cost as its rate; it needs v + m > 0 everywhere.

Source: price model of Leontief (1941) with CES sourcing; Miller & Blair (2009), section 2.6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.blocks import Blocks
from model.errors import NotConverged, NotProductive
from model.operator import PooledOperator
from model.solve import Leontief
from model.sourcing import ForeignShift, SourcingForm, shift_foreign, shift_origins

Array = NDArray[np.float64]

__all__ = ["MillPrices", "input_saving", "mill_prices"]

TOLERANCE = 1e-14
STEP_TOLERANCE = 1e-8


@dataclass(frozen=True)
class MillPrices:
    """New / base mill prices.

    Attributes
    ----------
    ratio : (R, S) array
        p^ by place of production; 1 where nothing is made.
    iterations : int
    gap : float
        Largest |ln unit cost - ln price| left.
    contraction : float
        Largest share of domestic inputs in a unit cost at the base year.
    """

    ratio: Array
    iterations: int
    gap: float
    contraction: float


def input_saving(base: Blocks, index: Array, inputs: ForeignShift) -> Array:
    """Return base less new cost of inputs per unit of output, (R, S).

    Parameters
    ----------
    base : Blocks
    index : (R, S) array
        P^ of the domestic bundle, by region of use and product.
    inputs : ForeignShift
        How industries' purchases shift at it.
    """
    domestic = base.technology * (1.0 - inputs.domestic * index[:, :, None])
    foreign = base.imported_technology * (1.0 - inputs.foreign)
    return np.asarray((domestic + foreign).sum(axis=1))


def mill_prices(
    base: Blocks,
    delivery_change: Array,
    theta: Array,
    *,
    form: SourcingForm = "ces",
    max_iterations: int = 60,
) -> MillPrices:
    """Return the mill prices at which every price equals its unit cost.

    Parameters
    ----------
    base : Blocks
    delivery_change : (S, R, R) array
        tau^ by [product, from, to].
    theta : (S,) array
        Trade elasticity by product.
    form : {"ces", "logit"}
        How buyers choose between origins.
    max_iterations : int

    Raises
    ------
    NotProductive
        When an industry buys domestic inputs for all of its output or more: its price would follow
        itself.
    NotConverged
        When prices do not settle.
    """
    made = base.output > 0.0
    share = base.technology.sum(axis=1)
    contraction = float(share[made].max(initial=0.0))
    if contraction >= 1.0:
        region, sector = np.argwhere((share >= 1.0) & made)[0]
        raise NotProductive(
            "Prices follow costs only where value added and imports are above zero; industry "
            f"{sector} of region {region} (counted from 0) pays {share[region, sector]:.4g} of its "
            "output for domestic inputs."
        )
    log_price = np.zeros_like(base.output)
    system: Leontief | None = None
    for iteration in range(max_iterations):
        mill = np.exp(log_price).T
        found = shift_origins(base.trade, delivery_change, theta, mill_price=mill, form=form)
        index = found.price_index.T
        inputs = shift_foreign(base.use, base.imported_use, index, theta, form=form)
        saving = input_saving(base, index, inputs)
        step = np.where(made, np.log1p(-saving) - log_price, 0.0)
        gap = float(np.abs(step).max())
        if gap <= TOLERANCE:
            return MillPrices(np.exp(log_price), iteration, gap, contraction)
        if system is None:
            system = Leontief(PooledOperator(base.technology, base.trade))
        solved = system.solve_transposed(step.reshape(-1), tolerance=STEP_TOLERANCE)
        log_price = log_price + np.asarray(solved.raise_for_status().x).reshape(step.shape)
    raise NotConverged(
        f"Mill prices did not settle in {max_iterations} steps: a price and its unit cost still "
        f"differ by {gap:.3g} in logarithms. Check the trade elasticities and the cost changes."
    )
