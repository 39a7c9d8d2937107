"""Whether the output a source prints is the total of its rows.

Public names: `settled_output`, `Settled`, `half_units`, `negative_note`.

World tables are printed with rounded figures, so that printed output and row totals differ in the
last digits. Gaps up to `ROUNDING` of a row, or half a unit for each of its figures where all are
whole numbers, are taken for that: the row totals are the output, and the size of the gaps is
noted. Anything larger is a table that was cut, shuffled or damaged, and is refused.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from io_tables.container.checks import ROW_TOLERANCE, Floats
from io_tables.errors import UnbalancedTable
from io_tables.labels import shown

ROUNDING: Final = 0.01
"""Largest gap of a row, relative to its output, that is rounding."""


class Settled(NamedTuple):
    """Output by row, the discrepancy it leaves (None when it leaves none), and what to note."""

    output: Floats
    discrepancy: Floats | None
    notes: list[str]


def half_units(*blocks: Floats) -> float:
    """Return half a unit for each figure of a row where all figures are whole numbers, else 0."""
    for block in blocks:
        for row in block:  # row by row: a copy of all flows would double the memory of reading
            if not (row == np.rint(row)).all():
                return 0.0
    return 0.5 * float(sum(block.shape[1] for block in blocks))


def settled_output(
    totals: Floats,
    given: ArrayLike | None,
    index: pd.Index,
    where: str,
    *,
    rounding: float = 0.0,
) -> Settled:
    """Return the output of every row, with a note when it is not the printed one.

    Parameters
    ----------
    totals
        (N,) row totals.
    given
        (N,) printed output, or None.
    index
        (N,) labels for messages.
    where
        File, for messages.
    rounding
        What rounding of single figures may add up to in a row, in money.

    Raises
    ------
    UnbalancedTable
        When printed output is no rounding of the row totals.
    """
    if given is None:
        return Settled(totals, None, [])
    printed = np.asarray(given, dtype=np.float64).reshape(-1)
    if printed.shape != totals.shape:
        raise UnbalancedTable(
            f"{where}: output must have {len(totals)} entries, found {len(printed)}"
        )
    gap = np.abs(printed - totals)
    scale = np.abs(totals) + np.abs(printed)
    if (gap <= ROW_TOLERANCE * scale).all():
        return Settled(printed, None, [])
    bad = np.flatnonzero(~(gap <= np.maximum(ROUNDING * scale / 2, rounding)))
    if len(bad):
        bad = bad[np.argsort(-gap[bad], kind="stable")]
        names = [
            f"{' / '.join(map(str, np.atleast_1d(np.array(index[k], dtype=object))))} "
            f"({totals[k]:.6g} against printed output {printed[k]:.6g})"
            for k in bad.tolist()
        ]
        raise UnbalancedTable(
            f"{where}: row totals must be the printed output up to rounding, found {shown(names)}; "
            "is the file complete and in its own order?"
        )
    notes = [
        f"printed output differs from row totals by up to {gap.max():.6g} "
        f"({gap.sum():.6g} in all, rounding); row totals are taken as output"
    ]
    below = totals < 0
    if not below.any():
        return Settled(totals, None, notes)
    # rounding can leave a row below zero, which no output is: the printed one stands there
    output = np.where(below, np.maximum(printed, 0.0), totals)
    notes.append(
        f"{int(below.sum())} rows have totals below zero ({totals[below].sum():.6g} in all): "
        "printed output stands, the difference is in the discrepancy"
    )
    return Settled(output, output - totals, notes)


def negative_note(flows: Floats) -> list[str]:
    """Return a note on negative flows that were kept; nothing when there are none."""
    if not flows.min(initial=0.0) < 0:
        return []
    bad = flows[flows < 0]
    return [f"{len(bad)} negative flows were kept, {bad.sum():.6g} in all"]
