"""Trade elasticities from a table's own trade and a network's own costs.

Owns the question: how much less do regions buy from each other where delivery costs more?

Public names
------------
``estimate_elasticity``   table and costs in, `ElasticityFit` out
``ElasticityFit``         theta by product and one for all products, with standard errors

Formula (product i, origin r, destination s; F observed trade, z ln cost)
-------------------------------------------------------------------------
    F_i^rs = exp(a_i^r + b_i^s - theta_i z_i^rs) + error             by product
    F_i^rs = exp(a_i^r + b_i^s - theta z_i^rs) + error               one theta for all
Poisson likelihood with effects of origin and destination of every product: fitted trade has the
observed margins, and sum z (F - fitted) = 0. By product, standard errors allow any variance cell by
cell; for the common theta they also allow any correlation inside a pair of regions (clusters). With
z the logarithm of a delivered-cost factor tau, theta is the trade elasticity of `model.sourcing`;
with z the logarithm of a cost it is the decay of a power kernel.

Trade that was itself estimated by a gravity law gives back that law and nothing else: the notes of
a table say whether its trade was observed.

Source: Santos Silva and Tenreyro (2006), equation 10; Fally (2015); clusters: Liang and Zeger
(1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from io_tables.balance import BalanceStatus
from io_tables.errors import InvalidTable
from io_tables.table import RegionalTable
from io_tables.trade_fit import fit_trade
from model.blocks import Blocks
from model.errors import NotConverged, ShapeError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

__all__ = ["ElasticityFit", "estimate_elasticity"]

TOLERANCE = 1e-10
MAX_STEPS = 60
MAX_SWEEPS = 20_000


@dataclass(frozen=True, eq=False)
class ElasticityFit:
    """Elasticities with how well trade founds them.

    Attributes
    ----------
    by_product : DataFrame
        Index product; columns theta, standard_error, flow (money of the table), status:
        "converged", "iteration limit" or "no variation" (theta is NaN: too little trade).
    common, common_error : float
        One theta for all products, and its standard error clustered by pair of regions.
    iterations : int
        Newton steps of the common theta.
    gap : float
        Largest sum z (F - fitted) left, relative to the spread of z.
    clusters : int
        Pairs of regions that take part.
    """

    by_product: pd.DataFrame
    common: float
    common_error: float
    iterations: int
    gap: float
    clusters: int

    def as_parameter(self, *, least: float = 0.0) -> dict[str, float]:
        """Return ``theta`` for a scenario: the common one as default, products of their own.

        Parameters
        ----------
        least
            Products with a smaller estimate, or none, take the common one.
        """
        told = self.by_product["theta"]
        kept = told[(told >= least) & told.notna()]
        return {"default": self.common, **{str(name): float(v) for name, v in kept.items()}}


def estimate_elasticity(
    table: RegionalTable,
    costs: ArrayLike | pd.DataFrame,
    *,
    products: Sequence[str] | None = None,
    own_flows: bool = True,
    home: bool = False,
) -> ElasticityFit:
    """Estimate how trade falls with cost.

    Parameters
    ----------
    table : RegionalTable
        R regions; its domestic trade by product is what is observed.
    costs : (R, R) or (P, R, R)
        Cost or delivered-cost factor [product, from, to], > 0; one for all products, or one each
        for the products used. A frame has the table's regions on both axes.
    products : sequence of str, optional
        Products that take part; all when left out.
    own_flows : bool
        Whether what regions buy from themselves takes part.
    home : bool
        Whether, by product, own trade has an effect of its own (the common theta then leaves own
        flows out, which is the same for theta).

    Raises
    ------
    ShapeError
        For costs that do not fit or are not positive.
    NotConverged
        When the common theta does not settle.
    """
    wanted = list(table.sectors) if products is None else list(products)
    where = np.asarray(table.sector_positions(wanted))
    flows = np.clip(Blocks.of(table).flows[where], 0.0, None)
    cost = _costs(table, costs, len(wanted))
    whole = own_flows and not home
    taking: Mask = ~np.eye(table.n_regions, dtype=bool) | whole
    rows = [
        _one(flow, z, own_flows=own_flows or home, home=home)
        for flow, z in zip(flows, cost, strict=True)
    ]
    by_product = pd.DataFrame(rows, index=pd.Index(wanted, name="sector"))
    common, error, iterations, gap = _common(flows * taking, np.log(cost), taking)
    pairs = int(((flows > 0.0).any(axis=0) & taking).sum())
    return ElasticityFit(by_product, common, error, iterations, gap, pairs)


def _costs(table: RegionalTable, costs: ArrayLike | pd.DataFrame, count: int) -> Array:
    if isinstance(costs, pd.DataFrame):
        costs = costs.reindex(index=table.regions, columns=table.regions)
    given = np.asarray(costs, dtype=np.float64)
    shape = (count, table.n_regions, table.n_regions)
    if given.shape not in (shape, shape[1:]):
        raise ShapeError(f"costs must have shape {shape[1:]} or {shape}; found {given.shape}.")
    bad = np.argwhere(~(np.isfinite(given) & (given > 0.0)))
    if len(bad):
        names = table.regions
        shown = ", ".join(f"{names[one[-2]]} to {names[one[-1]]}" for one in bad[:5])
        raise ShapeError(
            f"Costs must be finite and above zero; {len(bad)} are not: {shown}. Give every pair of "
            "the table's regions a cost."
        )
    return np.ascontiguousarray(np.broadcast_to(given, shape))


def _one(flow: Array, cost: Array, *, own_flows: bool, home: bool) -> dict[str, object]:
    """Return the row of one product."""
    nothing = {"theta": np.nan, "standard_error": np.nan, "flow": float(flow.sum())}
    if not flow.any():
        return nothing | {"status": "no variation"}
    try:
        fit = fit_trade(flow, cost, own_flows=own_flows, home=home)
    except InvalidTable:
        return nothing | {"status": "no variation"}
    done = fit.status is BalanceStatus.CONVERGED
    return {
        "theta": -float(fit.coefficients["log_cost"]),
        "standard_error": float(fit.standard_errors["log_cost"]),
        "flow": float(flow.sum()),
        "status": "converged" if done else "iteration limit",
    }


def _common(flows: Array, log_cost: Array, taking: Mask) -> tuple[float, float, int, float]:
    """Return one theta for all products, its error clustered by pair, steps and gap."""
    observed = flows / flows.sum()
    spread = float(log_cost[:, taking].std()) or 1.0
    z = np.where(taking, (log_cost - log_cost[:, taking].mean()) / spread, 0.0)
    slope, gap = 0.0, np.inf
    fitted = _balanced(observed, np.where(taking, 1.0, 0.0) * np.ones_like(z))
    for iteration in range(1, MAX_STEPS + 1):
        clear = np.stack([_cleared(*one) for one in zip(z, fitted, strict=True)])
        score = float((z * (observed - fitted)).sum())
        information = float((clear**2 * fitted).sum())
        gap = abs(score)
        if information <= 1e-14:
            raise ShapeError(
                "Costs must differ between pairs in a way that effects of origin and destination "
                "do not already tell; they do not. Give costs from pair to pair."
            )
        if gap <= TOLERANCE:
            scores = (clear * (observed - fitted)).sum(axis=0)
            meat = float((scores**2).sum())
            return -slope / spread, np.sqrt(meat) / information / spread, iteration, gap
        step = score / information
        slope += float(np.clip(step, -2.0, 2.0))
        fitted = _balanced(observed, np.where(taking, np.exp(slope * z), 0.0))
    raise NotConverged(
        f"One theta for all products did not settle in {MAX_STEPS} steps (gap {gap:.3g}). Look at "
        "the products one by one and leave out those without variation."
    )


def _balanced(observed: Array, kernel: Array) -> Array:
    """Return flows u kernel v with the observed margins of every product, (P, R, R)."""
    rows, columns = observed.sum(axis=2), observed.sum(axis=1)
    v = np.ones_like(columns)
    for _ in range(MAX_SWEEPS):
        reach = np.einsum("irs,is->ir", kernel, v)
        u = np.divide(rows, reach, out=np.zeros_like(rows), where=reach > 0.0)
        back = np.einsum("irs,ir->is", kernel, u)
        v = np.divide(columns, back, out=np.zeros_like(columns), where=back > 0.0)
        flows = u[:, :, None] * kernel * v[:, None, :]
        if np.abs(flows.sum(axis=2) - rows).max() <= 1e-15:
            return np.asarray(flows)
    raise NotConverged(
        "Trade with the observed margins was not found: some regions buy only where they do not "
        "trade. Let own flows take part."
    )


def _cleared(z: Array, weights: Array) -> Array:
    """Return the regressor (R, R) less its weighted projection on both effects."""
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    normal = np.block([[np.diag(rows), weights], [weights.T, np.diag(columns)]])
    size = np.sqrt(np.where(np.diagonal(normal) > 0.0, np.diagonal(normal), 1.0))
    right = np.concatenate([(z * weights).sum(axis=1), (z * weights).sum(axis=0)])
    scaled = normal / size[:, None] / size
    solved = np.linalg.lstsq(scaled, right / size, rcond=1e-12)[0] / size
    n = len(rows)
    return np.asarray(z - solved[:n, None] - solved[None, n:])
