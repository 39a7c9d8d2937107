"""How trade falls with cost and at borders, where flows are observed.

Public names: `fit_trade`, `TradeFit`.

Terms: observed flows T (R, R), regressors z_k (R, R): ln c, c, own region, same group.

    F_rs = exp(a_r + b_s + sum_k theta_k z_k,rs),   sum_s F = sum_s T,  sum_r F = sum_r T,
    sum_rs z_k (T - F) = 0 for every k

the conditions of a Poisson regression with effects of origin and destination; they say that the
model has the observed margins, mean log cost, mean cost, own flow and flow inside groups. For
given theta the effects are a balancing (RAS); theta follows by Newton steps with the regressors
cleared of both effects. Standard errors allow any variance (sandwich).
Sources: Wilson (1970); Santos Silva & Tenreyro (2006), equation 10; Fally (2015) for the identity
of both readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from io_tables.balance import BalanceStatus
from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InvalidTable, NotConverged
from io_tables.labels import shown
from io_tables.trade import balance_gravity

TOLERANCE: Final = 1e-10
MAX_STEPS: Final = 60


@dataclass(frozen=True)
class TradeFit:
    """A fitted gravity law.

    `coefficients` and `standard_errors` by effect: "log_cost" and "cost" are minus a decay,
    "home" and "same_group" are logarithms of factors. `decay` and `home` are what
    `estimate_trade` takes; `flows` are the fitted ones, with the observed margins.
    """

    coefficients: pd.Series
    standard_errors: pd.Series
    flows: pd.DataFrame
    deviance: float
    status: BalanceStatus
    iterations: int
    gap: float

    @property
    def decay(self) -> float | tuple[float, float]:
        """Decay of the power or exponential kernel, or the pair of a combined one."""
        found = [-float(self.coefficients.get(name, 0.0)) for name in ("log_cost", "cost")]
        if "log_cost" in self.coefficients and "cost" in self.coefficients:
            return found[0], found[1]
        return found[0] if "log_cost" in self.coefficients else found[1]

    @property
    def home(self) -> float:
        """Factor on the kernel of the own region, 1 when not estimated."""
        return float(np.exp(self.coefficients.get("home", 0.0)))

    def raise_for_status(self) -> TradeFit:
        """Return self, or raise `NotConverged`."""
        if self.status is not BalanceStatus.CONVERGED:
            raise NotConverged(
                f"observed means are missed by {self.gap:.3g} after {self.iterations} steps; an "
                "effect that no flow contradicts has no finite size: leave it out"
            )
        return self


def fit_trade(
    observed: ArrayLike | pd.DataFrame,
    cost: ArrayLike | pd.DataFrame,
    *,
    power: bool = True,
    exponential: bool = False,
    home: bool = False,
    groups: Sequence[object] | None = None,
    own_flows: bool = True,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_STEPS,
) -> TradeFit:
    """Estimate decay, home and border effects from observed flows.

    Parameters
    ----------
    observed
        (R, R) flows [from, to], not negative, in any unit.
    cost
        (R, R) costs; NaN or inf where there is no connection: such flows take no part.
    power, exponential
        Which decays; both give the combined kernel.
    home
        Whether a region's trade with itself has a factor of its own.
    groups
        (R,) group of each region; adds a factor on flows inside a group.
    own_flows
        Whether flows of regions to themselves take part.
    tolerance
        Largest gap of an observed mean, relative to its spread.
    max_iterations
        Newton steps.

    Returns
    -------
    Coefficients with standard errors, and the fitted flows.

    Raises
    ------
    InvalidTable
        For wrong shapes, a cost <= 0 under power decay, no effect at all, or effects that the
        margins or each other already determine.
    """
    names = observed.index if isinstance(observed, pd.DataFrame) else None
    flows = np.array(observed, dtype=np.float64, order="C")
    costs = np.array(cost, dtype=np.float64, order="C")
    R = len(flows)
    names = pd.RangeIndex(R) if names is None else names
    failures: list[str] = []
    if flows.shape != (R, R) or costs.shape != (R, R):
        raise InvalidTable(f"flows and cost must be square and alike: {flows.shape}, {costs.shape}")
    taking = np.isfinite(costs) & (own_flows | ~np.eye(R, dtype=bool))
    if not (flows >= 0).all():
        failures.append("observed flows must be finite and not negative")
    if power and (costs[taking] <= 0).any():
        where = [(names[r], names[s]) for r, s in np.argwhere(taking & (costs <= 0))]
        failures.append(f"power decay needs costs above zero, found {shown(where)}")
    if groups is not None and len(groups) != R:
        failures.append(f"a group is needed for each of {R} regions, found {len(groups)}")
    if home and not own_flows:
        failures.append("a home effect needs the flows of regions to themselves")
    raise_collected(InvalidTable, failures, "trade fit")
    flows = np.where(taking, flows, 0.0)
    safe = np.where(taking, costs, 1.0)
    terms: dict[str, Floats] = {}
    if power:
        terms["log_cost"] = np.log(safe)
    if exponential:
        terms["cost"] = safe
    if home:
        terms["home"] = np.eye(R)
    if groups is not None:
        member = np.asarray(pd.factorize(np.array(list(groups), dtype=object))[0])
        terms["same_group"] = (member[:, None] == member).astype(float)
    if not terms:
        raise InvalidTable("trade fit: choose at least one effect")
    return _fit(flows, taking, terms, names, tolerance, max_iterations)


def _fit(
    flows: Floats,
    taking: np.ndarray,
    terms: dict[str, Floats],
    names: pd.Index,
    tolerance: float,
    steps: int,
) -> TradeFit:
    centre = {k: float(z[taking].mean()) for k, z in terms.items()}
    spread = {k: float(z[taking].std()) or 1.0 for k, z in terms.items()}
    z = np.stack([(terms[k] - centre[k]) / spread[k] for k in terms])
    z[:, ~taking] = 0.0
    unit = flows.sum()
    observed = flows / unit
    base = np.where(taking, 0.0, -np.inf)
    theta = np.zeros(len(z))
    fitted, loss = _balanced(base, observed, z, theta)
    gap, iterations = np.inf, 0
    for iterations in range(1, steps + 1):
        clear = _cleared(z, fitted)
        gradient = np.einsum("krs,rs->k", z, observed - fitted)
        information = np.einsum("krs,lrs,rs->kl", clear, clear, fitted)
        gap = float(np.abs(gradient).max())
        if iterations == 1 and np.linalg.cond(information) > 1e12:
            raise InvalidTable(
                f"trade fit: the effects {', '.join(terms)} are determined by the margins or by "
                "each other; leave one out"
            )
        if gap <= tolerance:
            break
        step = np.linalg.solve(information, gradient)
        length = min(1.0, 5.0 / float(np.abs(step).max()))
        for _ in range(30):
            trial, lower = _balanced(base, observed, z, theta + length * step)
            if lower <= loss + 1e-13 * abs(loss):
                break
            length *= 0.5
        theta, fitted, loss = theta + length * step, trial, lower
    clear = _cleared(z, fitted)
    bread = np.linalg.inv(np.einsum("krs,lrs,rs->kl", clear, clear, fitted))
    meat = np.einsum("krs,lrs,rs->kl", clear, clear, (observed - fitted) ** 2)
    scale = np.array([spread[k] for k in terms])
    some = observed > 0
    ratio = np.log(np.where(some, observed, 1.0) / np.where(some & (fitted > 0), fitted, 1.0))
    deviance = 2.0 * float(unit * (observed * np.where(some, ratio, 0.0) - observed + fitted).sum())
    index = pd.Index(list(terms), name="effect")
    return TradeFit(
        coefficients=pd.Series(theta / scale, index=index, name="coefficient"),
        standard_errors=pd.Series(
            np.sqrt(np.diagonal(bread @ meat @ bread)) / scale, index=index, name="standard error"
        ),
        flows=pd.DataFrame(fitted * unit, index=names, columns=names),
        deviance=deviance,
        status=BalanceStatus.CONVERGED if gap <= tolerance else BalanceStatus.MAX_ITERATIONS,
        iterations=iterations,
        gap=gap,
    )


def _balanced(base: Floats, observed: Floats, z: Floats, theta: Floats) -> tuple[Floats, float]:
    """Flows with the observed margins under theta, and minus the likelihood."""
    law = base + np.einsum("k,krs->rs", theta, z)
    fitted = balance_gravity(
        observed.sum(axis=1)[None], observed.sum(axis=0)[None], law, kernel_is_log=True
    ).flows[0]
    some = observed > 0
    with np.errstate(divide="ignore"):
        return fitted, float(-(observed[some] * np.log(fitted[some])).sum())


def _cleared(z: Floats, weights: Floats) -> Floats:
    """Regressors (K, R, R) less their weighted projection on effects of origin and destination."""
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    some, these = rows > 0, columns > 0
    cells = weights[np.ix_(some, these)]
    n = int(some.sum())
    normal = np.block([[np.diag(rows[some]), cells], [cells.T, np.diag(columns[these])]])
    right = np.concatenate(
        [(z * weights).sum(axis=2)[:, some], (z * weights).sum(axis=1)[:, these]], axis=1
    )
    size = 1.0 / np.sqrt(np.diagonal(normal))
    scaled = normal * size[:, None] * size
    solved = size[:, None] * np.linalg.lstsq(scaled, size[:, None] * right.T, rcond=1e-13)[0]
    out = z.copy()
    out[:, some, :] -= solved[:n].T[:, :, None]
    out[:, :, these] -= solved[n:].T[:, None, :]
    return out
