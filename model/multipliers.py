"""Multipliers by industry, split into what stays, what comes back and what ends elsewhere.

Question owned: what does one money of demand for an industry's product bring about, and where?

Public names
    multipliers    total, intraregional, feedback, spillover by (region, sector)

Terms: w intensities per money of output; s the industry's own region; A_ss its own block.

    total           (w'L)_j
    own             sum over i in s of w_i L_ij
    intraregional   w_s' (I - A_ss)^-1                    the region closed to all others
    feedback        own - intraregional
    spillover       total - own

With households closed (type II), L is that of the enlarged system and w is 0 on household rows:
output of industries only. All parts come from one transposed solve with R + 1 right-hand sides; the
gap between the total and the sum over regions is returned.

Source: Miller & Blair (2009), sections 6.2 and 6.3; Round (1985).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import account_of
from model.dims import REGION, SECTOR
from model.errors import NotProductive
from model.households import Households, close_households, spending_too_much
from model.leontief.products import FloatArray, Operator
from model.leontief.within import own_blocks
from model.solve import Leontief

TOLERANCE = 1e-11
"""Certified error: the gap between the total and the sum over regions is then below 1e-10."""


def multipliers(
    table: RegionalTable,
    of: str | pd.Series[float] = "output",
    households: bool | Households = False,
) -> xr.Dataset:
    """Multipliers of every industry.

    Parameters
    ----------
    table
        The economy, used as given (pooled or explicit).
    of
        "output", "value_added", "jobs", a primary input, a stressor, or a Series of intensities.
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
    closed = isinstance(households, Households) or households
    if closed:
        chosen = households if isinstance(households, Households) else None
        operator, labels = close_households(table, chosen)
        system = Leontief(operator, labels=labels)
    else:
        system = Leontief(table)
    n_regions, n_sectors = table.n_regions, table.n_sectors
    wide = n_sectors + 1 if closed else n_sectors
    weights = np.zeros((n_regions, wide))
    weights[:, :n_sectors] = account.intensity.reshape(n_regions, n_sectors)
    masked = np.zeros((n_regions, wide, n_regions + 1))
    masked[np.arange(n_regions), :, np.arange(n_regions)] = weights
    masked[:, :, n_regions] = weights

    try:
        solved = system.solve_transposed(
            masked.reshape(-1, n_regions + 1), tolerance=TOLERANCE
        ).raise_for_status()
    except NotProductive as error:
        if not closed:
            raise
        raise spending_too_much(table, system.operator, error) from error
    found = np.asarray(solved.x).reshape(n_regions, wide, n_regions + 1)
    own = found[np.arange(n_regions), :, np.arange(n_regions)]
    total = found[:, :, n_regions]
    alone = _alone(system.operator, weights)
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


def _alone(operator: Operator, weights: FloatArray) -> FloatArray:
    """Multipliers (R, S) of every region closed to all others."""
    blocks = np.stack(own_blocks(operator)).transpose(0, 2, 1)
    alone = np.linalg.solve(np.eye(weights.shape[1]) - blocks, weights[:, :, None])
    return np.asarray(alone[:, :, 0])
