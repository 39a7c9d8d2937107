"""Multipliers by industry, split into what stays, what comes back and what ends elsewhere.

Question owned: what does one money of demand for an industry's product bring about, and where?

Public names
    multipliers    total, intraregional, feedback, spillover by (region, sector)
    by_region, ByRegion    effects of every industry in every region
    closed_system, certain_transposed    the system they rest on, and how surely it is solved

Terms: w intensities per money of output; s the industry's own region; A_ss its own block.

    total           (w'L)_j
    own             sum over i in s of w_i L_ij
    intraregional   w_s' (I - A_ss)^-1                    the region closed to all others
    feedback        own - intraregional
    spillover       total - own

With households closed (type II), L is that of the enlarged system and w is 0 on household rows:
output of industries only ("truncated"; `model.multiplier_kinds` has the other readings). All parts
come from one transposed solve with R + 1 right-hand sides; the gap between the total and the sum
over regions is returned.

A bound counts rounding, which grows with rows and with the length of loops. TOLERANCE is asked of
industries alone; with households inside, whose loops are longer, CERTAIN, the promise of every
identity here. What rounding leaves of TOLERANCE is taken up to CERTAIN as well.

Source: Miller & Blair (2009), sections 6.2 and 6.3; Round (1985).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import Account, AccountLike, account_of
from model.dims import REGION, SECTOR
from model.errors import NotProductive
from model.households import Households, close_households, spending_too_much
from model.leontief.products import FloatArray, Operator
from model.leontief.solution import Status
from model.leontief.within import own_blocks
from model.solve import Leontief, Solution

TOLERANCE = 1e-11
"""Certified error that is asked for, households outside."""
CERTAIN = 1e-10
"""Certified error above which multipliers are refused, and what is asked with households inside."""


@dataclass(frozen=True, eq=False)
class ByRegion:
    """Effects of every industry in every region.

    Attributes
    ----------
    effects
        (R, wide, R + 1): of demand for an industry, in each region, and last in all of them; wide
        is S, or S + 1 with households last.
    weights
        (R, wide) intensities, 0 on households.
    operator
        What was solved.
    solution
        With its bound.
    """

    effects: FloatArray
    weights: FloatArray
    operator: Operator
    solution: Solution


def multipliers(
    table: RegionalTable,
    of: AccountLike = "output",
    households: bool | Households = False,
) -> xr.Dataset:
    """Multipliers of every industry.

    Parameters
    ----------
    table
        The economy, used as given (pooled or explicit).
    of
        "output", "value_added", "jobs", a primary input, a stressor, a Series of intensities, or
        an account.
    households
        True closes the model for households (type II), finding wages and spending by name;
        `Households(...)` says which they are, household income and who lives where.

    Returns
    -------
    Dataset over (region, sector): `total`, `intraregional`, `feedback`, `spillover`, `direct` (the
    intensity itself: total / direct is the type I or II ratio), in units of the account per money
    of demand for the industry's product. Attributes: gap, error_bound, method, households.

    Raises
    ------
    UnknownLabel
        For an account that the table does not have, or households that its names do not tell.
    NotProductive
        When A, or A with households, has no inverse that makes sense; the block is named.
    """
    account = account_of(table, of)
    one = by_region(table, account, households)
    found, weights, solved = one.effects, one.weights, one.solution
    n_regions, n_sectors = table.n_regions, table.n_sectors
    closed = isinstance(households, Households) or households
    own = found[np.arange(n_regions), :, np.arange(n_regions)]
    total = found[:, :, n_regions]
    alone = _alone(one.operator, weights)
    gap = np.abs(found[:, :, :n_regions].sum(axis=2) - total).max()
    parts = {
        "total": total,
        "intraregional": alone,
        "feedback": own - alone,
        "spillover": total - own,
        "direct": weights,
    }
    attrs = {"units": f"{account.units} per {table.unit}"}
    return xr.Dataset(
        {
            name: ((REGION, SECTOR), np.ascontiguousarray(values[:, :n_sectors]), attrs)
            for name, values in parts.items()
        },
        coords={REGION: table.regions, SECTOR: table.sectors},
        attrs={
            "of": account.name,
            "households": "inside (type II)" if closed else "outside (type I)",
            "gap": float(gap / max(float(np.abs(total).max()), np.finfo(np.float64).tiny)),
            "error_bound": solved.error_bound,
            "method": solved.method,
        },
    )


def by_region(
    table: RegionalTable, account: Account, households: bool | Households = False
) -> ByRegion:
    """Solve for the effects of every industry in every region.

    Raises
    ------
    NotProductive
        Naming the block, or the regions whose households spend more than they earn.
    NotConverged
        When the bound stays above CERTAIN.
    """
    system, closed = closed_system(table, households)
    n_regions, n_sectors = table.n_regions, table.n_sectors
    wide = n_sectors + 1 if closed else n_sectors
    weights = np.zeros((n_regions, wide))
    weights[:, :n_sectors] = account.intensity.reshape(n_regions, n_sectors)
    masked = np.zeros((n_regions, wide, n_regions + 1))
    masked[np.arange(n_regions), :, np.arange(n_regions)] = weights
    masked[:, :, n_regions] = weights
    solved = certain_transposed(table, system, masked.reshape(-1, n_regions + 1), closed=closed)
    found = np.asarray(solved.x).reshape(n_regions, wide, n_regions + 1)
    return ByRegion(found, weights, system.operator, solved)


def closed_system(table: RegionalTable, households: bool | Households) -> tuple[Leontief, bool]:
    """Return the system of a table, closed for households when asked, and whether it is."""
    if not (isinstance(households, Households) or households):
        return Leontief(table), False
    chosen = households if isinstance(households, Households) else None
    operator, labels = close_households(table, chosen)
    return Leontief(operator, labels=labels), True


def certain_transposed(
    table: RegionalTable, system: Leontief, weights: FloatArray, *, closed: bool
) -> Solution:
    """Solve for multipliers to TOLERANCE, to CERTAIN where rounding or households stand in the way.

    Raises
    ------
    NotConverged
        When the bound stays above CERTAIN.
    NotProductive
        Naming the block, or the regions whose households spend more than they earn.
    """
    asked = CERTAIN if closed else TOLERANCE
    try:
        solved = system.solve_transposed(weights, tolerance=asked)
    except NotProductive as error:
        if not closed:
            raise
        raise spending_too_much(table, system.operator, error) from error
    size = np.abs(np.asarray(solved.x)).max(axis=0, initial=0.0)
    if solved.status is Status.NOT_CONVERGED and (solved.error_bounds <= CERTAIN * size).all():
        return solved
    return solved.raise_for_status()


def _alone(operator: Operator, weights: FloatArray) -> FloatArray:
    """Multipliers (R, S) of every region closed to all others."""
    blocks = np.stack(own_blocks(operator)).transpose(0, 2, 1)
    alone = np.linalg.solve(np.eye(weights.shape[1]) - blocks, weights[:, :, None])
    return np.asarray(alone[:, :, 0])
