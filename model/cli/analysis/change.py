"""The verb ``decompose``: why an account differs between two tables.

Owns the question: was it technology, trade, the mix of demand or its level?

Public names
------------
``change_answer``    contribution of each factor by region or sector
"""

from __future__ import annotations

from typing import Literal

from io_tables.table import RegionalTable
from model.cli.analysis.answer import Answer
from model.cli.analysis.shapes import wide
from model.cli.text import amount
from model.decomposition import Form, Method, decompose_change, plot_decomposition

__all__ = ["change_answer"]


def change_answer(
    base: RegionalTable,
    new: RegionalTable,
    *,
    of: str,
    by: Literal["region", "sector"],
    method: Method,
    form: Form,
) -> Answer:
    """Return the contribution of each factor to the change of an account."""
    found = decompose_change(base, new, of, method=method, form=form)
    other = "sector" if by == "region" else "region"
    parts = found.sum(other) if form == "additive" else found.prod(other)
    frame = wide(parts, by, "factor")
    names = [str(one) for one in found["factor"].values]
    if form == "additive":
        frame.insert(0, "change", frame.sum(axis=1))
        frame = frame.reindex(frame["change"].abs().sort_values(ascending=False).index)
        totals = frame[names].sum()
        largest = str(totals.abs().idxmax())
        reading = (
            f"of the whole change of {amount(float(frame['change'].sum()))}, {largest} makes "
            f"{amount(float(totals[largest]))}; the factors of a row sum to its change."
        )
    else:
        frame.insert(0, "change", frame[names].prod(axis=1))
        reading = "the factors of a row multiply to its change; 1 is no change."
    return Answer(
        title=f"why {of} differs between {base.name} and {new.name}, {method}",
        frame=frame.reset_index(),
        labels=1,
        units=str(found.attrs["units"]),
        reading=reading,
        notes=(f"Largest gap of the sums: {float(found.attrs['gap']):.1e}.",),
        plot=lambda: plot_decomposition(found, over=by),
    )
