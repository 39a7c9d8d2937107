"""What is known of trade before it is estimated, as arrays.

Public names:
- `known_flows`: flows that are kept, own flows among them, checked against the totals.
- `log_factors`: logarithm of home factors, factors between groups and prior flows, as one matrix.

All R x R, [from, to]; NaN marks what is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from io_tables.container.checks import Floats, raise_collected
from io_tables.errors import InfeasibleMargins, InvalidTable
from io_tables.labels import positions_of, shown


def known_flows(
    known: ArrayLike | pd.DataFrame | None,
    own_flow: ArrayLike | pd.Series | None,
    supply: Floats,
    use: Floats,
    names: Sequence[object],
) -> Floats:
    """Flows that are kept, NaN elsewhere.

    Raises
    ------
    InvalidTable
        For a wrong shape.
    InfeasibleMargins
        When known flows are negative or exceed a total.
    """
    R = len(supply)
    kept = np.full((R, R), np.nan) if known is None else _matrix(known, names, "known flows", True)
    if own_flow is not None:
        own = np.asarray(own_flow, dtype=np.float64).reshape(-1)
        if own.shape != (R,):
            raise InvalidTable(f"own_flow must be ({R},), found {own.shape}")
        np.fill_diagonal(kept, own)
    failures: list[str] = []
    if (kept < 0).any():
        where = [(names[r], names[s]) for r, s in np.argwhere(kept < 0)]
        failures.append(f"known flows must not be negative, found {shown(where)}")
    held = np.where(np.isnan(kept), 0.0, kept)
    for side, total, taken in (
        ("supply", supply, held.sum(axis=1)),
        ("use", use, held.sum(axis=0)),
    ):
        over = taken > total * (1 + 1e-12)
        if over.any():
            short = np.flatnonzero(over).tolist()
            found = shown(f"{names[r]} ({taken[r]:.6g} of {total[r]:.6g})" for r in short)
            failures.append(
                f"known flows must leave the {side} of a region, found {found}"
                "; io_tables.shares.feasible_own_flow caps own flows"
            )
    raise_collected(InfeasibleMargins, failures, "trade")
    return kept


def log_factors(
    home: ArrayLike | None,
    groups: Sequence[object] | None,
    block_factors: ArrayLike | pd.DataFrame | None,
    prior: ArrayLike | pd.DataFrame | None,
    names: Sequence[object],
) -> Floats:
    """Logarithm (R, R) of everything that multiplies the kernel, -inf where it is zero.

    Raises
    ------
    InvalidTable
        For negative factors, wrong shapes, and groups without factors.
    """
    R = len(names)
    factors = np.ones((R, R))
    if home is not None:
        own = np.broadcast_to(np.asarray(home, dtype=np.float64), (R,))
        factors[np.arange(R), np.arange(R)] = own
    if (groups is None) != (block_factors is None):
        raise InvalidTable("groups and block_factors belong together: give both or neither")
    if groups is not None and block_factors is not None:
        if len(groups) != R:
            raise InvalidTable(f"a group is needed for each of {R} regions, found {len(groups)}")
        order = list(dict.fromkeys(groups))
        at = positions_of(groups, order, what="group")
        factors *= _matrix(block_factors, order, "block_factors", False)[np.ix_(at, at)]
    if prior is not None:
        factors *= _matrix(prior, names, "prior flows", False)
    if not (factors >= 0).all():
        raise InvalidTable("home, block factors and prior flows must be finite and not negative")
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(factors))


def _matrix(
    given: ArrayLike | pd.DataFrame, names: Sequence[object], what: str, gaps: bool
) -> Floats:
    """Square matrix in the order of `names`; a frame is aligned by its labels."""
    if isinstance(given, pd.DataFrame) and not isinstance(given.index, pd.RangeIndex):
        odd = [n for n in names if n not in given.index or n not in given.columns]
        if odd and not gaps:
            raise InvalidTable(f"{what} must be labelled like the regions, missing {shown(odd)}")
        given = given.reindex(index=list(names), columns=list(names))
    values = np.array(given, dtype=np.float64, order="C")
    if values.shape != (len(names), len(names)):
        raise InvalidTable(f"{what} must be {(len(names),) * 2}, found {values.shape}")
    return values
