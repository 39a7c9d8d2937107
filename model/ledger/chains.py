"""The paths behind a number of the ledger.

Question owned: through which chains of industries does a pole's stimulus reach a region or sector?

Public names
    ledger_paths    the largest paths from a pole's stimulus to chosen receivers, by part

Terms: a path runs from the industry where the effect arises to the industry whose product is
demanded. With w set to 0 outside the receivers, all paths sum to the ledger's number,

    sum over paths of w_i0 a_i0i1 ... a_ik-1,ik f_ik = w' L f

and each belongs to one part: "intraregional" when all its industries lie in the pole, "feedback"
when it leaves the pole and ends in it, "spillover" when the effect arises elsewhere.

Source: Defourny & Thorbecke (1984); bounds in `model.paths.search`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from io_tables.table import RegionalTable
from model.accounts import AccountLike, account_of
from model.errors import StimulusError
from model.grids import Names, block_rows
from model.ledger.economy import open_economy
from model.ledger.kinds import AnyStimulus, place
from model.paths.search import Paths, structural_paths
from model.stimulus import At, PoleLike, resolve_poles


def ledger_paths(
    table: RegionalTable,
    pole: PoleLike,
    stimulus: AnyStimulus = 1.0,
    of: AccountLike = "value_added",
    *,
    regions: Names = None,
    sectors: Names = None,
    at: At = "origin",
    coverage: float | None = None,
    count: int | None = None,
    smallest: float | None = None,
    listed: int = 1000,
) -> Paths:
    """Find the paths behind what a pole's stimulus brings to some receivers.

    Parameters
    ----------
    table, stimulus, at
        As in `spillovers`.
    pole
        One pole: a region, several, or {region: weight}.
    of
        The account.
    regions, sectors
        Receivers; None is all.
    coverage, count, smallest, listed
        As in `structural_paths`.

    Returns
    -------
    Paths whose total is the ledger's number (parts together, households outside); `frame` has a
    column `part`.

    Raises
    ------
    StimulusError
        For a stimulus that reaches no industry.
    """
    found = resolve_poles(table, {"pole": pole})[0]
    account = account_of(table, of)
    rows = block_rows(table, regions, sectors)
    intensity = np.zeros(len(table.labels))
    intensity[rows] = account.intensity[rows]
    demand = place(open_economy(table), found, stimulus, at=at, by_sector=False).production[:, 0]
    if not demand.any():
        raise StimulusError("the stimulus reaches no industry of the table: there are no paths.")
    name = str(account.name)
    paths = structural_paths(
        table,
        pd.Series(intensity, index=table.labels, name=name),
        pd.Series(demand, index=table.labels),
        coverage=coverage,
        count=count,
        smallest=smallest,
        listed=listed,
    )
    inside = np.isin(np.arange(len(table.labels)), found.rows(table))
    here = inside[paths.nodes] | (paths.nodes < 0)
    arises = inside[paths.nodes[:, 0]] if len(paths.nodes) else np.zeros(0, dtype=bool)
    part = np.where(~arises, "spillover", np.where(here.all(axis=1), "intraregional", "feedback"))
    return replace(paths, frame=paths.frame.assign(part=part), units=account.units)
