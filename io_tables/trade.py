"""How much of a product each region sends to each other one, when only the totals are known.

Public names:
- `balance_gravity`: flows of many products from totals and kernels.
- `estimate_trade`: flows of one product from totals and costs; the decay given or estimated.
- `log_kernel`: logarithm of the power, exponential or combined kernel of a cost matrix.

Also reached from here: `feasible_own_flow` and `domestic_shares` of `shares.py`. Decay, home and
border effects are estimated from observed flows by `trade_fit.fit_trade`.

Doubly constrained gravity, from r to s, with c the cost and beta > 0 the decay:

    F_rs = u_r O_r v_s D_s k(c_rs),  sum_s F_rs = O_r,  sum_r F_rs = D_s
    k = c^-beta (power),  exp(-beta c) (exponential)  or  c^-b1 exp(-b2 c) (combined)

times, where given, a home factor on the own region, factors between groups of regions, and a
prior flow T_rs: with a prior, F is the flow nearest to it in information that has the totals. If
true flows and prior share k and differ by factors of origin and destination only, F is exact
(Cai 2021). Flows that are known are kept and the rest is balanced without their cells; with own
flows given that is a zero diagonal. With observed flows T_rs the decay is where the model has the
observed mean of ln c (power) or c (exponential): the first-order condition of the Poisson
likelihood. Where nothing is observed the decay is an assumption.
Sources: Wilson (1970); Fotheringham & O'Kelly (1989); Santos Silva & Tenreyro (2006); Cai (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from io_tables.balance import BalanceStatus
from io_tables.balancing.feasibility import check_pattern, check_totals
from io_tables.balancing.margins import TOLERANCE, finish_margins, put, scale_to_margins, take
from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InfeasibleMargins, InvalidTable, NotConverged
from io_tables.labels import shown
from io_tables.shares import DomesticShares, domestic_shares, feasible_own_flow
from io_tables.trade_inputs import known_flows, log_factors

__all__ = [
    "DomesticShares",
    "GravityFlows",
    "Kernel",
    "TradeEstimate",
    "balance_gravity",
    "domestic_shares",
    "estimate_trade",
    "feasible_own_flow",
    "log_kernel",
]

Kernel = Literal["power", "exponential", "combined"]
Decay = float | tuple[float, float]
"""One decay, or the pair (power, exponential) of a combined kernel."""
MAX_SWEEPS: Final = 5_000
_PATIENCE: Final = 300
_STEEP: Final = 50.0
"""Range of the logarithm of a kernel above which balancing starts from a flatter one."""


def log_kernel(cost: ArrayLike, decay: Decay, *, kernel: Kernel = "power") -> Floats:
    """Logarithm of a distance-decay kernel.

    Parameters
    ----------
    cost
        (R, R) costs from origin to destination, in any unit; NaN or inf means no connection.
    decay
        beta, positive where trade falls with cost: an elasticity (power) or per unit of cost
        (exponential); the pair of both for the combined kernel.
    kernel
        "power", "exponential" or "combined".

    Returns
    -------
    (R, R) logarithms, -inf without connection.

    Raises
    ------
    InvalidTable
        When a power or combined kernel meets a cost <= 0, or gets another number of decays.
    """
    values = np.asarray(cost, dtype=np.float64)
    names = _region_names(cost, values.shape[0])
    if kernel == "combined":
        pair = np.asarray(decay, dtype=np.float64)
        if pair.shape != (2,):
            raise InvalidTable("a combined kernel needs two decays, (power, exponential)")
        power = _decayed(_cost_term(values, "power", names), float(pair[0]))
        return power + _decayed(_cost_term(values, "exponential", names), float(pair[1]))
    if np.ndim(decay):
        raise InvalidTable(f"a {kernel} kernel needs one decay, found {decay}")
    return _decayed(_cost_term(values, kernel, names), float(np.asarray(decay)))


def _decayed(term: Floats, decay: float) -> Floats:
    """Logarithm of the kernel; no connection stays none, whatever the decay."""
    reached = np.isfinite(term)
    return np.where(reached, -decay * np.where(reached, term, 0.0), -np.inf)


def _cost_term(cost: Floats, kernel: Kernel, names: Sequence[object]) -> Floats:
    """Return what the decay multiplies: ln c or c, inf without connection."""
    if kernel not in ("power", "exponential"):
        raise InvalidTable(f"kernel must be power, exponential or combined, found {kernel!r}")
    if kernel == "exponential":
        return np.where(np.isnan(cost), np.inf, cost)
    if (cost <= 0).any():
        where = [(names[r], names[s]) for r, s in np.argwhere(cost <= 0)]
        raise InvalidTable(
            f"a power kernel needs costs above zero, found {shown(where)}; give a region a cost "
            "to itself, or fix its own flow"
        )
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(cost), np.inf, np.log(cost))


def _region_names(source: object, count: int) -> list[object]:
    if isinstance(source, pd.DataFrame | pd.Series):
        return list(source.index)
    return list(range(count))


class GravityFlows(NamedTuple):
    """Flows of S products: `flows` (S, R, R) [product, from, to] and the weights behind them.

    `origin_weight` (S, R) is u_r O_r up to the scale of a product, so that shares are
    weight_r k_rs / sum_q weight_q k_qs. `margin_gap` (S,) is the largest relative gap of a total.
    """

    flows: Floats
    origin_weight: Floats
    margin_gap: Floats
    iterations: int


def balance_gravity(
    origins: ArrayLike,
    destinations: ArrayLike,
    kernel: ArrayLike,
    *,
    own_flow: ArrayLike | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_SWEEPS,
    kernel_is_log: bool = False,
) -> GravityFlows:
    """Balance the trade of many products at once.

    Parameters
    ----------
    origins, destinations
        (S, R) money a region supplies to, and buys from, the regions of the table.
    kernel
        (S, R, R) or (R, R) non-negative kernels [from, to], or their logarithms.
    own_flow
        (S, R) flows of a region to itself; the rest is balanced on a zero diagonal.
    tolerance, max_iterations
        Largest relative gap of the totals; sweeps after which `NotConverged` is raised.
    kernel_is_log
        Whether `kernel` holds logarithms (costs that would underflow).

    Returns
    -------
    Flows, origin weights, gaps and sweeps.

    Raises
    ------
    InvalidTable
        For wrong shapes and negative kernels.
    InfeasibleMargins
        When the totals of a product contradict each other or the zeros of its kernel; products
        are named by position.
    NotConverged
        When the totals are not met within `max_iterations`.
    """
    supply = np.array(origins, dtype=np.float64)
    use = np.array(destinations, dtype=np.float64)
    given = np.asarray(kernel, dtype=np.float64)
    if supply.ndim != 2 or use.shape != supply.shape:
        raise InvalidTable(
            f"origins and destinations must both be (products, regions), found {supply.shape} "
            f"and {use.shape}"
        )
    S, R = supply.shape
    if given.shape not in ((R, R), (S, R, R)):
        raise InvalidTable(f"the kernel must be ({R}, {R}) or ({S}, {R}, {R}), found {given.shape}")
    if not kernel_is_log:
        if not (given >= 0).all():
            raise InvalidTable("the kernel must be finite and not negative")
        with np.errstate(divide="ignore"):
            given = np.log(given)
    prior = np.array(np.broadcast_to(given, (S, R, R)))
    diagonal = np.arange(R)
    own: Floats | None = None
    if own_flow is not None:
        own = np.asarray(own_flow, dtype=np.float64)
        if own.shape != (S, R):
            raise InvalidTable(f"own_flow must be ({S}, {R}), found {own.shape}")
        _check_own(own, supply, use)
        whole = supply.sum(axis=1)
        supply, use = _less_own(supply, own), _less_own(use, own)
        use = _same_sum(supply, use, whole)
        prior[:, diagonal, diagonal] = -np.inf
    pattern = np.isfinite(prior) & (supply > 0)[:, :, None] & (use > 0)[:, None, :]
    _check_products(supply, use, pattern, cheap=True)
    prior[~pattern] = -np.inf
    first = scale_to_margins(
        prior, supply, use, tolerance=tolerance, max_iterations=min(_PATIENCE, max_iterations),
        log_column=_flatter_start(prior, supply, use),
    )  # fmt: skip
    scaled, iterations = first, first.iterations
    late = np.flatnonzero(first.margin_gap > tolerance)
    if len(late):
        parts = [
            finish_margins(
                prior[i], supply[i], use[i], take(first, int(i)),
                tolerance=tolerance, max_iterations=max_iterations,
            )
            for i in late
        ]  # fmt: skip
        scaled = put(first, late, parts)
        iterations += max(part.iterations for part in parts)
        late = np.flatnonzero(scaled.margin_gap > tolerance)
        if len(late):
            _check_products(supply, use, pattern, cheap=False, only=late)
            raise NotConverged(
                f"totals of products {shown(late)} are missed by "
                f"{scaled.margin_gap.max():.3g} relative after {iterations} sweeps"
            )
    flows = scaled.matrix
    if own is not None:
        flows[:, diagonal, diagonal] = own
    top = np.where(np.isfinite(scaled.log_row), scaled.log_row, -np.inf).max(axis=1, keepdims=True)
    weights = np.exp(scaled.log_row - np.where(np.isfinite(top), top, 0.0))
    return GravityFlows(flows, weights, scaled.margin_gap, iterations)


def _flatter_start(prior: Floats, supply: Floats, use: Floats) -> Floats | None:
    """Column factors to start from when kernels are steep: those of ever less flattened kernels.

    Sweeps move factors by about the logarithm of a gap, so a kernel that spans e^1000 needs
    thousands of them; flattened to e^50 and steepened by steps it needs tens.
    """
    finite = prior[np.isfinite(prior)]
    if not len(finite) or finite.max() - finite.min() <= _STEEP:
        return None
    flatness = _STEEP / float(finite.max() - finite.min())
    start: Floats | None = None
    while flatness < 1.0:
        stage = scale_to_margins(
            flatness * prior, supply, use, tolerance=1e-6, max_iterations=_PATIENCE,
            log_column=start,
        )  # fmt: skip
        step = min(2.0, 1.0 / flatness)
        start = np.where(use > 0, step * stage.log_column, 0.0)
        flatness *= step
    return start


def _less_own(totals: Floats, own: Floats) -> Floats:
    rest = totals - own
    return np.where(np.abs(rest) <= 1e-15 * np.abs(totals), 0.0, rest)


def _same_sum(supply: Floats, use: Floats, whole: Floats) -> Floats:
    """Use whose sum is that of supply, where only the rounding of larger totals differs."""
    have, want = use.sum(axis=-1), supply.sum(axis=-1)
    rounding = (np.abs(have - want) <= 1e-12 * whole) & (have > 0)
    factor = np.where(rounding, want / np.where(have > 0, have, 1.0), 1.0)
    return np.asarray(use * factor[..., None])


def _check_own(own: Floats, supply: Floats, use: Floats) -> None:
    bad = ~(own >= 0) | (own > supply * (1 + 1e-12)) | (own > use * (1 + 1e-12))
    if bad.any():
        where = [f"product {i} in region {r}" for i, r in np.argwhere(bad)]
        raise InfeasibleMargins(
            f"an own flow must lie between zero and both totals of its region, found {shown(where)}"
            "; io_tables.shares.feasible_own_flow caps them"
        )


def _check_products(
    supply: Floats,
    use: Floats,
    pattern: NDArray[np.bool_],
    *,
    cheap: bool,
    only: NDArray[np.intp] | None = None,
) -> None:
    regions = [f"region {r}" for r in range(supply.shape[1])]
    check = check_totals if cheap else check_pattern
    failures = [
        f"product {i}: {failure}"
        for i in (range(len(supply)) if only is None else only)
        for failure in check(supply[i], use[i], pattern[i], regions, regions)
    ]
    raise_collected(InfeasibleMargins, failures, "trade")


@dataclass(frozen=True)
class TradeEstimate:
    """Trade of one product between regions.

    `flows` (R, R) [from, to] in the unit of the totals; outside known flows F_rs = u_r O_r v_s
    D_s K_rs with `balancing_origin` u, `balancing_destination` v (0 where a region ships or buys
    nothing) and K the kernel times home and group factors and prior. `own_share` is the part of
    all flows that stays in its region.
    """

    flows: pd.DataFrame
    balancing_origin: Floats
    balancing_destination: Floats
    decay: Decay
    decay_estimated: bool
    kernel: Kernel
    own_share: float
    status: BalanceStatus
    iterations: int
    margin_gap: float


def estimate_trade(
    origins: ArrayLike | pd.Series,
    destinations: ArrayLike | pd.Series,
    cost: ArrayLike | pd.DataFrame,
    *,
    kernel: Kernel = "power",
    decay: Decay | None = None,
    observed: ArrayLike | pd.DataFrame | None = None,
    own_flow: ArrayLike | pd.Series | None = None,
    home: ArrayLike | None = None,
    groups: Sequence[object] | None = None,
    block_factors: ArrayLike | pd.DataFrame | None = None,
    prior: ArrayLike | pd.DataFrame | None = None,
    known: ArrayLike | pd.DataFrame | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_SWEEPS,
) -> TradeEstimate:
    """Estimate trade between regions by doubly constrained gravity.

    Parameters
    ----------
    origins, destinations
        (R,) money supplied and bought, with equal sums.
    cost
        (R, R) cost from origin to destination; NaN or inf where there is no connection.
    kernel
        "power", "exponential" or "combined".
    decay
        beta, a pair for the combined kernel; estimated from `observed` when left out (one decay
        only; several effects at once are estimated by `trade_fit.fit_trade`).
    observed
        (R, R) observed flows, used only to estimate the decay.
    own_flow
        (R,) flows of regions to themselves, kept as they are.
    home
        Factor on the kernel of the own region, one number or (R,).
    groups, block_factors
        (R,) group of each region, and (G, G) factors on the kernel [group from, group to], in the
        order in which the groups first appear or labelled by them.
    prior
        (R, R) flows of another year, product or source that the result stays near to; zeros stay.
    known
        (R, R) flows that are known and kept, NaN elsewhere. Known cells, own flows among them,
        take no part in the estimation of the decay.
    tolerance, max_iterations
        As in `balance_gravity`.

    Returns
    -------
    The flows with their balancing factors and the decay.

    Raises
    ------
    InvalidTable
        For wrong shapes, a cost <= 0 under a power kernel, or neither decay nor observed flows.
    InfeasibleMargins, NotConverged
        As in `balance_gravity`.
    """
    supply = np.asarray(origins, dtype=np.float64).reshape(-1)
    use = np.asarray(destinations, dtype=np.float64).reshape(-1)
    costs = np.array(cost, dtype=np.float64)
    R = len(supply)
    names = _region_names(cost if isinstance(cost, pd.DataFrame) else origins, R)
    if use.shape != (R,) or costs.shape != (R, R):
        raise InvalidTable(
            f"destinations must be ({R},) and cost ({R}, {R}), found {use.shape} and {costs.shape}"
        )
    kept = known_flows(known, own_flow, supply, use, names)
    costs[~np.isnan(kept)] = np.inf
    held = np.where(np.isnan(kept), 0.0, kept)
    rest = _less_own(supply, held.sum(axis=1)), _less_own(use, held.sum(axis=0))
    left = rest[0], _same_sum(*rest, supply.sum())
    factors = log_factors(home, groups, block_factors, prior, names)

    def balanced(beta: Decay) -> GravityFlows:
        law = log_kernel(pd.DataFrame(costs, index=names), beta, kernel=kernel) + factors
        return balance_gravity(
            left[0][None], left[1][None], law,
            tolerance=tolerance, max_iterations=max_iterations, kernel_is_log=True,
        )  # fmt: skip

    estimated = decay is None
    if decay is None:
        if observed is None:
            raise InvalidTable("give the decay, or observed flows to estimate it from")
        if kernel == "combined":
            raise InvalidTable("two decays at once are estimated by io_tables.trade_fit.fit_trade")
        term = _cost_term(costs, kernel, names)
        decay = _estimate_decay(np.asarray(observed, dtype=np.float64), term, balanced)
    result = balanced(decay)
    weight = result.origin_weight[0]
    law = log_kernel(pd.DataFrame(costs, index=names), decay, kernel=kernel) + factors
    reached = weight @ np.exp(law)
    column = np.divide(left[1], reached, out=np.zeros(R), where=reached > 0)
    flows = result.flows[0] + held
    return TradeEstimate(
        flows=pd.DataFrame(flows, index=names, columns=names),
        balancing_origin=np.divide(weight, supply, out=np.zeros(R), where=supply > 0),
        balancing_destination=np.divide(column, use, out=np.zeros(R), where=use > 0),
        decay=decay,
        decay_estimated=estimated,
        kernel=kernel,
        own_share=float(np.trace(flows) / flows.sum()) if flows.sum() > 0 else 0.0,
        status=BalanceStatus.CONVERGED,
        iterations=result.iterations,
        margin_gap=float(result.margin_gap.max()),
    )


def _estimate_decay(
    observed: Floats, term: Floats, balanced: Callable[[float], GravityFlows]
) -> float:
    """Decay at which the model has the observed mean of the cost term; it falls with the decay."""
    reached = np.isfinite(term)
    if observed.shape != term.shape or not (observed >= 0).all():
        raise InvalidTable(
            f"observed flows must be {term.shape} and not negative, found {observed.shape}"
        )
    cost = np.where(reached, term, 0.0)
    seen = np.where(reached, observed, 0.0)
    if seen.sum() <= 0:
        raise InvalidTable("observed flows must not all be zero where there is a connection")
    wanted = float((seen * cost).sum() / seen.sum())

    def miss(beta: float) -> float:
        flows = np.where(reached, balanced(beta).flows[0], 0.0)
        return float((flows * cost).sum() / flows.sum()) / wanted - 1.0

    sign = np.sign(wanted)
    if sign * miss(0.0) <= 0:
        raise InvalidTable(
            "observed flows are not nearer than trade without any decay: no positive decay fits; "
            "check that costs and flows have the same order of regions, or give the decay"
        )
    spread = float(np.std(cost[reached & (seen > 0)]))
    low, high = 0.0, 1.0 / spread if spread > 0 else 1.0
    for _ in range(12):
        if sign * miss(high) <= 0:
            break
        low, high = high, 2.0 * high
    else:
        raise InvalidTable(
            f"no decay up to {high:.4g} reaches the observed mean cost {wanted:.6g}: observed "
            "flows are about as near as their totals allow; give the decay"
        )
    return float(brentq(miss, low, high, xtol=1e-15, rtol=1e-14))
