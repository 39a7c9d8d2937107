"""From an objective to the worth of a cheaper way between every two places.

Owns the question: by how much does J move when it costs one unit more to get from o to d?

Public names
------------
``pair_gradients``     dJ / dc over pairs of places, one array for each skim that J rests on
``PairGradients``      those arrays with the solves behind them
``first_order_value``  sum of dJ / dc (c' - c): what an edit that is not a link yet is worth

Formula
-------
    dln tau_i^rs / dg_rs = kappa_i / (g_mean_i tau_i^rs)      goods with freight, services with
    dJ / dg_rs = sum_i dJ / dln tau_i^rs  dln tau_i^rs / dg_rs          passenger cost g
    dJ / dc_od = dJ / dg_rs m_o m_d / (sum_{i in r} m_i sum_{j in s} m_j),  o in r, d in s
with the masses that make region means (``model.costs``). Where productivity acts, passenger costs
move it too (``model.channels.productivity``), and that derivative is added. Access rests on its
own skim.
First-order value of an edit: sum_od dJ / dc_od (c'_od - c_od) over all skims, c' of the edited
network, for a link that no least way uses yet as for any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.calibration import Calibration
from model.channels.answers import Acting
from model.channels.economy import Economy
from model.channels.joint import Forces, Joint
from model.channels.productivity import Agglomeration
from model.errors import ShapeError, TooLarge
from model.link_values.access import access_gradient
from model.link_values.economy import EconomyGradient, EconomyWeights, delivery_gradient
from model.link_values.objectives import Goal, place_values
from model.response import FinalDemandClosure, PriceRule
from model.solve import Leontief, Solution

Array = NDArray[np.float64]
MOST_BYTES = 4e9

__all__ = ["PairGradients", "first_order_value", "pair_gradients"]


@dataclass(frozen=True, eq=False)
class PairGradients:
    """dJ / dc by skim.

    Attributes
    ----------
    weights : mapping of str to (Z, Z, K) array
        By skim ("passenger", "freight", "fastest", "rail"): units of J per unit of the skim, for
        each of K objectives.
    economy : EconomyGradient or None
        What it rests on, where J is of the economy.
    """

    weights: Mapping[str, Array]
    economy: EconomyGradient | None

    @property
    def solutions(self) -> Sequence[Solution]:
        """The solves behind it."""
        return () if self.economy is None else self.economy.solutions


def pair_gradients(
    base: Calibration,
    goal: Goal,
    groups: NDArray[np.bool_],
    *,
    closure: FinalDemandClosure,
    acts: Acting,
) -> PairGradients:
    """Return dJ / dc for K objectives: the goal of each group of regions.

    Parameters
    ----------
    base : Calibration
    goal : Goal
    groups : (R, K) bool array
        Whose output, purchases or access counts.
    closure : {"spending", "real"}
    acts : Acting
        Which channels act.

    Raises
    ------
    TooLarge
        When the gradients of all groups do not fit.
    """
    blocks = base.blocks
    columns = groups.shape[1]
    cells = len(base.places.codes) ** 2 + blocks.trade.size
    if 8.0 * cells * columns > MOST_BYTES:
        raise TooLarge(
            f"Links valued for {columns} groups of regions at once need about "
            f"{8.0 * cells * columns / 2**30:.1f} GiB; ask for fewer regions, or for all together."
        )
    if goal.access is not None:
        return PairGradients(_of_access(base, goal, groups), None)
    economy = Economy.of(base) if acts.households else None
    found = delivery_gradient(
        blocks,
        base.theta,
        _economy_weights(base, goal, groups, acts.prices, economy),
        closure=closure,
        prices=acts.prices,
        households=None if economy is None else _closed(economy),
    )
    gradient = found.delivery
    delivery = base.delivery
    per_cost = (delivery.kappa / delivery.mean_cost)[:, None, None] / delivery.factor
    goods = delivery.goods
    of_goods = np.einsum("irsk,irs->rsk", gradient[goods], per_cost[goods])
    of_services = np.einsum("irsk,irs->rsk", gradient[~goods], per_cost[~goods])
    weights = {
        "freight": _to_places(base, of_goods, "gdp"),
        "passenger": _to_places(base, of_services, "population"),
    }
    if acts.productivity:
        closeness = Agglomeration.of(base, base.ready["passenger"])
        weights["passenger"] += closeness.gradient(found.productivity)
    return PairGradients(weights, found)


def _closed(economy: Economy) -> Leontief:
    """Return the quantity system of the base year with households closed."""
    joint = Joint(economy, Forces.none(economy, households=True))
    return joint.system(np.ones((len(economy.regions), len(economy.categories))))


def _economy_weights(
    base: Calibration,
    goal: Goal,
    groups: NDArray[np.bool_],
    prices: PriceRule,
    economy: Economy | None,
) -> EconomyWeights:
    blocks = base.blocks
    member = groups[:, None, :].astype(np.float64)  # (R, 1, K)
    nothing = np.zeros((*blocks.output.shape, groups.shape[1]))
    final = blocks.demand.sum(axis=2)[:, :, None]
    if goal.intensity is not None:
        output = goal.intensity[:, :, None] * member
        made = output * blocks.output[:, :, None] if goal.of_output else None
        return EconomyWeights(output, nothing, nothing, made)
    if goal.name == "real_consumption":
        income: Array | None = None
        if economy is not None:
            homes = economy.household_buys
            spent = (blocks.demand + blocks.imported_demand)[:, :, homes].sum(axis=(1, 2))
            earned = economy.household_income
            rate = np.divide(spent, earned, out=np.zeros_like(spent), where=earned > 0.0)
            income = rate[:, None] * groups
        return EconomyWeights(nothing, -final * member, nothing, income=income)
    if prices == "given":
        return EconomyWeights(nothing, blocks.bought[:, :, None] * member, nothing)
    # with prices that follow costs those who buy finally pay for all that is delivered before
    return EconomyWeights(nothing, final * member, blocks.exports[:, :, None] * member)


def _to_places(base: Calibration, gradient: Array, mass: str) -> Array:
    """Return dJ / dc over places (Z, Z, K) from dJ / dg over regions (R, R, K)."""
    place = {label: k for k, label in enumerate(base.places.regions)}
    region = np.array([place[str(label)] for label in base.places.region])
    masses = base.places.mass(mass).to_numpy(dtype=np.float64)
    share = masses / np.bincount(region, weights=masses, minlength=len(place))[region]
    found = gradient[region[:, None], region[None, :]]
    found *= share[:, None, None] * share[None, :, None]
    return np.asarray(found)


def _of_access(base: Calibration, goal: Goal, groups: NDArray[np.bool_]) -> dict[str, Array]:
    wanted = goal.access
    assert wanted is not None
    place = {label: k for k, label in enumerate(base.places.regions)}
    region = np.array([place[str(label)] for label in base.places.region])
    mass = place_values(base, wanted.mass, "mass")
    people = place_values(base, wanted.people, "people").to_numpy()
    nobody = [not people[of[region]].sum() > 0.0 for of in groups.T]
    if any(nobody):
        alone = np.flatnonzero(groups[:, nobody].any(axis=1))
        lost = [base.places.regions[k] for k in alone]
        raise ShapeError(
            f"The people whose access counts must be more than none; there are none in "
            f"{', '.join(lost[:5])}. Give others as people=, or leave these regions out."
        )
    if wanted.skim == "fastest":
        skim = base.skims.fastest
    elif wanted.skim == "rail":
        skim = base.skims.rail
    else:
        skim = base.skims.freight if wanted.skim == "freight" else base.skims.passenger
    found = [access_gradient(skim, wanted, mass, people * of[region]) for of in groups.T]
    return {wanted.skim: np.stack(found, axis=2)}


def first_order_value(
    weights: Mapping[str, Array], base: Mapping[str, Array], new: Mapping[str, Array]
) -> float:
    """Return the first-order change of an objective: sum of dJ / dc (c' - c).

    Parameters
    ----------
    weights : mapping of str to (Z, Z) array
        dJ / dc by skim, as from ``pair_values``.
    base, new : mapping of str to (Z, Z) array
        Costs of pairs of places in the base year and with the edit, by skim. A skim that `new`
        leaves out, or gives as the very object of `base`, did not change.

    Returns
    -------
    float
        Units of the objective; exactly zero where no cost differs, infinite where a pair with a
        weight loses its only way or gets a first one.

    Raises
    ------
    ShapeError
        Matrices that do not fit, or a skim in `new` without weights or base.
    """
    total = 0.0
    strange = sorted(set(new) - (set(weights) & set(base)))
    if strange:
        raise ShapeError(
            f"Costs of {', '.join(strange)} have no weights or no base; the objective rests on "
            f"{', '.join(weights)}."
        )
    for name, cost in new.items():
        before, weight = np.asarray(base[name]), np.asarray(weights[name])
        after = np.asarray(cost)
        if after is before:
            continue
        if not weight.shape == before.shape == after.shape:
            raise ShapeError(
                f"Weights, base and new costs of {name} must have one shape; found {weight.shape}, "
                f"{before.shape} and {after.shape}."
            )
        with np.errstate(invalid="ignore"):
            change = after - before
        found = float(np.vdot(weight, change))
        if not np.isfinite(found):  # no way before or none now, where nothing may be at stake
            change[(after == before) | (weight == 0.0)] = 0.0
            found = float(np.vdot(weight, change))
        total += found
    return total
