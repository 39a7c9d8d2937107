"""People and capital that move to where real income is higher.

Owns the question: who moves where, and is there one answer only?

Public names
------------
``relocate``     prices under forces in, the state with movers settled out
``Relocation``   state, people and capital by region, contraction rate
``largest_elasticity``   up to which elasticity one answer is certain

Formula (region r; hats new / base; N people, E income earned in r, P price of what they buy)
---------------------------------------------------------------------------------------------
    omega_r = E^_r / (n_r P^_r)                       real income per head
    n_r = omega_r^epsilon / sum_q (N_q / N) omega_q^epsilon
so n_r is proportional to (E^_r / P^_r)^beta, beta = epsilon / (1 + epsilon). Movers take what they
spend with them: spending of their categories in r is multiplied by m_r = n_r / mean n, the mean
weighted by base-year spending. People and, at base-year incomes, their money are conserved:
relocation moves what is there and creates nothing. Capital moves investment in the same way.

One answer: E depends on m, with elasticities J >= 0 whose row sums rho are one more solve. In the
spread of ln n over regions the map contracts at the rate beta max rho; at a rate of one or more it
is not certain that the answer is the only one, and nothing is reported. Without closed households
rho < 1 always: any elasticity has one answer.

Source: Tombe and Zhu (2019) for migration within China in response to real income; contraction:
Banach's theorem for the span seminorm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.channels.joint import Joint, State
from model.errors import NotConverged, NotUnique, UnknownLabel

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

__all__ = ["Relocation", "largest_elasticity", "relocate"]

TOLERANCE = 1e-12
MAX_STEPS = 400


@dataclass(frozen=True, eq=False)
class Relocation:
    """Who moved.

    Attributes
    ----------
    state : State
    people, capital : (R,) arrays
        New / base population and invested capital.
    real_income : (R,) array
        New / base real income per head, omega.
    rate : float
        Bound of the contraction rate in the spread of ln n; 0 when nothing may move.
    iterations : int
    gap : float
        Largest |ln n - ln F(n)| left.
    """

    state: State
    people: Array
    capital: Array
    real_income: Array
    rate: float
    iterations: int
    gap: float


@dataclass(frozen=True, eq=False)
class _Group:
    """What moves together: the categories that go with it, its exponent, prices and weights."""

    buys: Mask
    beta: float
    price: Array
    heads: Array
    money: Array


def largest_elasticity(row_sum: float) -> float:
    """Return the elasticity below which beta x row_sum < 1; infinite for row sums up to one."""
    return float("inf") if row_sum <= 1.0 else 1.0 / (row_sum - 1.0)


def relocate(joint: Joint, *, labour: float, capital: float = 0.0) -> Relocation:
    """Let people and capital move until real incomes and moves fit each other.

    Parameters
    ----------
    joint : Joint
    labour, capital : float
        Elasticity of people, and of invested capital, to real income; 0 keeps them.

    Raises
    ------
    UnknownLabel
        When the table does not tell which categories move with people or capital.
    NotUnique
        When the map is not a contraction, naming the largest elasticity that is safe.
    NotConverged
        When moves do not settle.
    """
    economy = joint.economy
    n_regions = len(economy.regions)
    still = np.ones(n_regions)
    groups = {
        name: _group(joint, name, elasticity)
        for name, elasticity in (("people", labour), ("capital", capital))
        if elasticity > 0.0
    }
    state = joint.solve()
    if not groups:
        omega = state.income / joint.price_of(economy.household_buys)
        return Relocation(state, still, still, omega, 0.0, 0, 0.0)
    mobile = np.any([one.buys for one in groups.values()], axis=0)
    beta = max(one.beta for one in groups.values())
    rate = _checked(joint, state, mobile, beta)
    moved = dict.fromkeys(groups, np.zeros(n_regions))
    system = None if joint.forces.households else joint.system(state.movers)
    for iteration in range(MAX_STEPS + 1):
        wanted = {
            name: _shares(one, one.beta * (np.log(state.income) - np.log(one.price)))
            for name, one in groups.items()
        }
        gap = max(float(np.abs(wanted[name] - moved[name]).max()) for name in groups)
        if gap <= TOLERANCE:
            break
        if iteration == MAX_STEPS:
            raise NotConverged(
                f"Moves did not settle in {MAX_STEPS} steps: they still differ by {gap:.3g} in "
                f"logarithms at a contraction rate of {rate:.3f}. Lower relocation_labour or "
                "relocation_capital."
            )
        moved = wanted
        state = joint.solve(_movers(joint, groups, moved), system=system)
    rate = max(rate, _checked(joint, state, mobile, beta))
    people, invested = (
        np.exp(moved[name]) if name in groups else still for name in ("people", "capital")
    )
    omega = state.income / (people * joint.price_of(economy.household_buys))
    return Relocation(state, people, invested, omega, rate, iteration, gap)


def _group(joint: Joint, name: str, elasticity: float) -> _Group:
    economy = joint.economy
    buys = economy.household_buys if name == "people" else economy.investment_buys
    if not buys.any():
        word = "household" if name == "people" else "capital formation"
        raise UnknownLabel(
            f"Relocation of {name} needs a category of final demand that goes with them, named so "
            f"that it contains '{word}'; the table has {', '.join(economy.categories[:5])}."
        )
    base = economy.blocks
    money = (base.demand + base.imported_demand)[:, :, buys].sum(axis=(1, 2))
    heads = economy.population if name == "people" else money
    return _Group(buys, elasticity / (1.0 + elasticity), joint.price_of(buys), heads, money)


def _shares(group: _Group, log_pull: Array) -> Array:
    """Return ln n with the total of heads conserved; exactly zero where all pull alike."""
    relative = log_pull - log_pull[0]
    mean = float(group.heads @ np.expm1(relative)) / float(group.heads.sum())
    return np.asarray(relative - np.log1p(mean))


def _movers(joint: Joint, groups: dict[str, _Group], moved: dict[str, Array]) -> Array:
    """Return the factor on spending, (R, C), with the money of each group conserved."""
    economy = joint.economy
    factor = np.ones((len(economy.regions), len(economy.categories)))
    for name, one in groups.items():
        share = np.exp(moved[name])
        mean = float(one.money @ share) / float(one.money.sum())
        factor[:, one.buys] = (share / mean)[:, None]
    return factor


def _checked(joint: Joint, state: State, mobile: Mask, beta: float) -> float:
    """Return the contraction rate at a state, or raise when it does not contract."""
    rows = joint.income_response(state, mobile)
    worst = int(np.argmax(rows))
    rate = beta * float(rows[worst])
    if rate >= 1.0:
        raise NotUnique(
            "Relocation must pull less than it is pulled, so that one answer exists; incomes in "
            f"{joint.economy.regions[worst]} grow by {rows[worst]:.2f} % for every per cent that "
            f"movers spend more, and the contraction rate is {rate:.2f}. Set relocation_labour and "
            f"relocation_capital below {largest_elasticity(float(rows[worst])):.3g}, or leave out "
            'the channel "households".'
        )
    return rate
