"""How sure a ranking is: corridors valued again under drawn parameters.

Owns the question: would another value of what nobody has measured rank other corridors first?

Public names
------------
``rank_stability``    median, interval, and the probability of being among the best

Terms and draws are those of `model.drawn_costs`. The table is drawn too: where there are other
estimates of it (own shares low and high) one of them, each alike; or, where it is told how
uncertain it is, its own shares, the decay of its trade and its cells (`model.table_draws`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from io_tables.table import RegionalTable
from model.calibration import Calibration, with_table
from model.corridors.candidates import Candidate
from model.corridors.edits import check_names, edits_of
from model.corridors.worth import Valuer
from model.coupling import SpatialModel
from model.drawn_costs import (
    DrawnCosts,
    build_drawn_costs,
    draw_factors,
    drawn_parameters,
    rank_correlation,
)
from model.errors import NotInThisVersion, ScenarioError
from model.link_values.objectives import Objective
from model.response import FinalDemandClosure, PriceRule
from model.table_draws import Draws, TableDrawer
from networks.whatif.skims import in_order

__all__ = ["rank_stability"]

Array = NDArray[np.float64]
Progress = Callable[[str, float], None]


def rank_stability(
    model: SpatialModel,
    candidates: Sequence[Candidate],
    objective: Objective = "real_consumption",
    *,
    draws: int = 200,
    top: int = 3,
    seed: int = 0,
    interval: float = 0.9,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    regions: Sequence[str] | None = None,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
    channels: Sequence[str] = ("sourcing",),
    tables: Mapping[str, RegionalTable] | None = None,
    uncertain: Draws | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Value candidates under drawn parameters.

    Parameters
    ----------
    model : SpatialModel
    candidates : sequence of Candidate
        A few: each is solved exactly in every draw.
    objective, regions, closure, prices, channels
        As in `screen_corridors`; with "productivity" its elasticities and the decays of effective
        density are drawn as well. A measure of access does not depend on what is drawn and is
        refused.
    draws, seed : int
        The same seed gives the same bits at any number of workers.
    top : int
        Places that count as being among the best.
    interval : float
        Mass of the interval.
    ranges : mapping of str to (low, high), optional
        Ends of the 90 % interval of a parameter as factors on its value, instead of those of the
        parameters table; (1, 1) keeps it.
    tables : mapping of str to RegionalTable, optional
        Estimates of the same economy, one of which is drawn each time; those of the model when
        left out.
    uncertain : Draws, optional
        How uncertain the table is: every draw has a table of its own, in place of `tables`. Its
        decay is drawn where a cost between regions is given.
    workers : int
        Threads.
    progress : callable, optional
        Called with (step, fraction).

    Returns
    -------
    Dataset
        Dim candidate: `central`, `median`, `low`, `high`, in units of the objective;
        `probability_top`, `probability_first`, `rank_median`; over (draw, candidate) `value`; over
        (draw, parameter) `drawn`, relative to the central value; over (parameter, candidate)
        `rank_correlation` of what was drawn with the value: what drives the spread.

    Raises
    ------
    ScenarioError
        For fewer than two draws, an interval outside 0 to 1, or ranges that are none.
    NotInThisVersion
        For a measure of access.
    """
    if uncertain is not None and (tables is not None or uncertain.parameters):
        raise ScenarioError(
            "uncertain tells how the table is drawn: leave out tables, and give ranges of "
            "parameters as ranges."
        )
    if draws < 2 or not 0.0 < interval < 1.0 or top < 1:
        raise ScenarioError(
            "Stability needs at least 2 draws, an interval between 0 and 1 and at least one place "
            f"that counts; found {draws}, {interval} and {top}."
        )
    check_names(candidates)
    tell = progress or (lambda step, done: None)
    tell("costs at several values of time", 0.0)
    central = Valuer.of(
        model, objective, regions=regions, closure=closure, prices=prices, channels=channels
    )
    if central.goal.access is not None:
        raise NotInThisVersion(
            "what is drawn (elasticities, transport shares, value of time) does not move travel "
            "times: a measure of access has no spread here"
        )
    base = central.base
    acts = central.answers.acting
    names = drawn_parameters(acts)
    known = model.variants if tables is None else tables
    drawer: TableDrawer | None = None
    if uncertain is not None:
        known, drawer = {}, TableDrawer(base.table, uncertain)
    bases = [base if one is model.table else with_table(base, one) for one in known.values()]
    bases = bases or [base]
    factors, variant = draw_factors(
        base.parameters, tables=len(bases), draws=draws, seed=seed, ranges=ranges, names=names
    )
    drawn = build_drawn_costs(
        base,
        edits_of(central.links, candidates),
        factors,
        acts=acts,
        workers=workers,
        progress=lambda step, done: tell(step, 0.2 * done),
    )

    def one(draw: int) -> Array:
        mine = bases[variant[draw]]
        if drawer is not None:
            mine = with_table(base, drawer.draw(seed, dict.fromkeys(drawer.sources, draw)))
        return _values(central, drawn, mine, factors[draw])

    values = np.empty((draws, len(candidates)))
    for draw, found in enumerate(in_order(one, range(draws), workers)):
        values[draw] = found
        tell("draws", 0.2 + 0.8 * (draw + 1) / draws)
    still = np.ones(factors.shape[1])
    at_rest = _values(central, drawn, base, still)
    columns = dict(zip(names, factors.T, strict=True))
    if variant.any():
        columns["table"] = variant.astype(np.float64)
    if drawer is not None:
        told = [drawer.factors(seed, dict.fromkeys(drawer.sources, k)) for k in range(draws)]
        columns |= {f"table {key}": np.array([one[key] for one in told]) for key in told[0]}
    return _summary(central, candidates, values, at_rest, columns, top, interval, drawn.error)


def _values(central: Valuer, drawn: DrawnCosts, base: Calibration, factors: Array) -> Array:
    """Return the change of the objective by each candidate, (candidates,)."""
    found = drawn.respond(base, factors, closure=central.answers.closure)
    return np.array([central.economy(one) for one in found])


def _summary(
    central: Valuer,
    candidates: Sequence[Candidate],
    values: Array,
    at_rest: Array,
    columns: Mapping[str, Array],
    top: int,
    interval: float,
    error: float,
) -> xr.Dataset:
    sign = 1.0 if central.goal.better == "more" else -1.0
    rank = np.argsort(np.argsort(-sign * values, axis=1, kind="stable"), axis=1) + 1
    ends = [50.0 * (1.0 - interval), 100.0 - 50.0 * (1.0 - interval)]
    low, high = np.percentile(values, ends, axis=0)
    names = list(columns)
    drawn = np.column_stack(list(columns.values()))
    units = central.goal.units
    one = ("candidate",)
    entries: dict[str, tuple[tuple[str, ...], Array, str]] = {
        "central": (one, at_rest, units),
        "median": (one, np.median(values, axis=0), units),
        "low": (one, low, units),
        "high": (one, high, units),
        "probability_top": (one, (rank <= top).mean(axis=0), "1"),
        "probability_first": (one, (rank == 1).mean(axis=0), "1"),
        "rank_median": (one, np.median(rank, axis=0), "1"),
        "value": (("draw", "candidate"), values, units),
        "drawn": (("draw", "parameter"), drawn, "1"),
        "rank_correlation": (("parameter", "candidate"), rank_correlation(drawn, values), "1"),
    }
    data = xr.Dataset(
        {name: (dims, array, {"units": unit}) for name, (dims, array, unit) in entries.items()},
        coords={"candidate": [c.name for c in candidates], "parameter": names},
    )
    data.attrs = {
        "objective": central.goal.name,
        "better": central.goal.better,
        "draws": len(values),
        "top": top,
        "interval": interval,
        "interpolation_error": error,
    }
    return data
