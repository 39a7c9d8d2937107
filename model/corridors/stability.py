"""How sure a ranking is: corridors valued again under drawn parameters.

Owns the question: would another value of what nobody has measured rank other corridors first?

Public names
------------
``rank_stability``    median, interval, and the probability of being among the best

Drawn, each with its range in the parameters table as the ends of a 90 % interval, in logarithms
around the central value (the half below and the half above each with its own width): the trade
elasticity theta (one factor for all products), the transport shares kappa of goods, services and
business services, and the value of time. The base year is calibrated again to the same observed
table in every draw. Where there are other estimates of the table (own shares low and high), one of
them is drawn too, each alike.

Costs do not move smoothly with the value of time, so they are made at `NODES` values and
interpolated between them, in logarithms, region by region; `interpolation_error` is the largest
relative error found halfway between the nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from io_tables.labels import did_you_mean
from io_tables.table import RegionalTable
from model.calibration import Calibration, with_table
from model.corridors.candidates import Candidate
from model.corridors.edits import check_names, edits_of
from model.corridors.worth import Valuer
from model.costs import business_value_of_time
from model.coupling import SpatialModel
from model.errors import NotInThisVersion, ScenarioError
from model.link_values.objectives import Objective
from model.parameters import Parameters
from model.response import FinalDemandClosure, PriceRule, respond
from networks.network import Network
from networks.whatif import Asked, Costs, LinkEdit, build_skim_base
from networks.whatif.skims import in_order

__all__ = ["rank_stability"]

Array = NDArray[np.float64]
NINETY = 1.6448536269514722
NODES = 7
SCALES = ("theta", "kappa_goods", "kappa_services", "kappa_business_services")
TIME = "value_of_time"
Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class _Trips:
    """Passenger costs between regions at one value of time: base, and after each candidate."""

    base: Array
    after: tuple[Array, ...]


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
    tables: Mapping[str, RegionalTable] | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Value candidates under drawn parameters.

    Parameters
    ----------
    model : SpatialModel
    candidates : sequence of Candidate
        A few: each is solved exactly in every draw.
    objective, regions, closure, prices
        As in `screen_corridors`; a measure of access does not depend on what is drawn and is
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
    if draws < 2 or not 0.0 < interval < 1.0 or top < 1:
        raise ScenarioError(
            "Stability needs at least 2 draws, an interval between 0 and 1 and at least one place "
            f"that counts; found {draws}, {interval} and {top}."
        )
    check_names(candidates)
    tell = progress or (lambda step, done: None)
    tell("costs at several values of time", 0.0)
    central = Valuer.of(model, objective, regions=regions, closure=closure, prices=prices)
    if central.goal.access is not None:
        raise NotInThisVersion(
            "what is drawn (elasticities, transport shares, value of time) does not move travel "
            "times: a measure of access has no spread here"
        )
    base = central.base
    known = model.variants if tables is None else tables
    bases = [base if one is model.table else with_table(base, one) for one in known.values()]
    bases = bases or [base]
    widths = _widths(base.parameters, ranges or {})
    factors, variant = _drawn(widths, len(bases), draws, seed)
    edits = edits_of(central.links, candidates)
    costs = [central.after(edit) for edit in edits]
    freight = [base.means.after(base.costs, one, base.ready).freight for one in costs]
    grid, nodes, error = _nodes(central, edits, costs, factors[:, -1], workers, tell)

    def one(draw: int) -> Array:
        trips = _between(grid, nodes, float(factors[draw, -1]))
        return _values(central, bases[variant[draw]], factors[draw], trips, freight)

    values = np.empty((draws, len(candidates)))
    for draw, found in enumerate(in_order(one, range(draws), workers)):
        values[draw] = found
        tell("draws", 0.2 + 0.8 * (draw + 1) / draws)
    still = np.ones(factors.shape[1])
    at_rest = _values(central, base, still, _between(grid, nodes, 1.0), freight)
    return _summary(central, candidates, values, at_rest, factors, variant, top, interval, error)


def _widths(
    parameters: Parameters, ranges: Mapping[str, tuple[float, float]]
) -> NDArray[np.float64]:
    """Return the standard deviations of logarithms below and above the centre, (parameters, 2)."""
    keys = (*SCALES, TIME)
    if strange := [key for key in ranges if key not in keys]:
        raise ScenarioError(
            f"Ranges are for {', '.join(keys)}; found {strange[0]!r}"
            f"{did_you_mean(strange[0], keys)}."
        )
    if wrong := [
        f"{key} {ends}" for key, ends in ranges.items() if not 0 < ends[0] <= 1 <= ends[1]
    ]:
        raise ScenarioError(
            "A range holds factors on the central value, 0 < low <= 1 <= high; found "
            f"{', '.join(wrong)}."
        )
    widths = np.empty((len(keys), 2))
    for row, key in enumerate(keys):
        spec = parameters.spec(key)
        middle, low, high = (float(v) for v in (spec.value, spec.low, spec.high))
        ends = ranges.get(key, (low / middle, high / middle))
        widths[row] = -np.log(ends[0]) / NINETY, np.log(ends[1]) / NINETY
    return widths


def _drawn(widths: Array, tables: int, draws: int, seed: int) -> tuple[Array, NDArray[np.int64]]:
    """Return factors on the central values, (draws, parameters), and the table of each draw."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((draws, len(widths)))
    variant = rng.integers(tables, size=draws).astype(np.int64)
    return np.exp(np.where(z < 0.0, widths[:, 0], widths[:, 1]) * z), variant


def _nodes(
    central: Valuer,
    edits: Sequence[LinkEdit | Network],
    costs: Sequence[Costs],
    drawn: Array,
    workers: int,
    tell: Progress,
) -> tuple[Array, list[_Trips], float]:
    """Return factors on the value of time, costs at each, and the error halfway between them."""
    base = central.base
    low, high = float(min(drawn.min(), 1.0)), float(max(drawn.max(), 1.0))
    if low == high:
        grid = np.array([1.0])
        extra = []
    else:
        grid = np.unique(np.append(np.geomspace(low, high, NODES), 1.0))
        widest = int(np.argmax(np.diff(np.log(grid))))
        extra = [float(np.sqrt(grid[widest] * grid[widest + 1]))]

    def at(factor: float) -> _Trips:
        if factor == 1.0:
            after = (base.means.after(base.costs, one, base.ready).passenger for one in costs)
            return _Trips(base.costs.passenger, tuple(after))
        return _trips(base, edits, factor)

    found = []
    wanted = [*grid.tolist(), *extra]
    for done, one in enumerate(in_order(at, wanted, workers), start=1):
        found.append(one)
        tell("costs at several values of time", 0.2 * done / len(wanted))
    nodes = found[: len(grid)]
    error = 0.0
    for factor, exact in zip(extra, found[len(grid) :], strict=True):
        guess = _between(grid, nodes, factor)
        parts = zip((exact.base, *exact.after), (guess.base, *guess.after), strict=True)
        error = max(float(np.abs(g / e - 1.0).max()) for e, g in parts)
    return grid, nodes, error


def _trips(base: Calibration, edits: Sequence[LinkEdit | Network], factor: float) -> _Trips:
    """Return passenger costs between regions at another value of time."""
    value = business_value_of_time(base.parameters) * factor
    asked = {"passenger": Asked(combine="composite", parameters={"value_of_time": value})}
    ready = build_skim_base(base.network, asked, zones=base.places.codes)
    weights, size = base.means.passenger, len(base.places.codes)
    before = weights.T @ ready["passenger"] @ weights
    after = []
    for edit in edits:
        cells, values = ready.run(edit).changed["passenger"]
        change = np.zeros(size * size)
        change[cells] = values - ready["passenger"].ravel()[cells]
        after.append(before + weights.T @ change.reshape(size, size) @ weights)
    return _Trips(before, tuple(after))


def _between(grid: Array, nodes: Sequence[_Trips], factor: float) -> _Trips:
    """Interpolate costs between the two nearest nodes, in logarithms of both."""
    if len(grid) == 1:
        return nodes[0]
    right = int(np.clip(np.searchsorted(grid, factor), 1, len(grid) - 1))
    left = right - 1
    share = float(np.log(factor / grid[left]) / np.log(grid[right] / grid[left]))
    if share <= 0.0:
        return nodes[left]
    if share >= 1.0:
        return nodes[right]

    def mixed(a: Array, b: Array) -> Array:
        return np.asarray(np.exp((1.0 - share) * np.log(a) + share * np.log(b)))

    pairs = zip(nodes[left].after, nodes[right].after, strict=True)
    return _Trips(mixed(nodes[left].base, nodes[right].base), tuple(mixed(a, b) for a, b in pairs))


def _values(
    central: Valuer, base: Calibration, factors: Array, trips: _Trips, freight: Sequence[Array]
) -> Array:
    """Return the change of the objective by each candidate, (candidates,)."""
    theta, goods, services, business = factors[:4]
    delivery = base.delivery
    is_business = base.roles.mask("business service")
    scale = np.where(delivery.goods, goods, np.where(is_business, business, services))
    drawn = replace(delivery, kappa=delivery.kappa * scale, passenger=trips.base)
    values = []
    for after, goods_cost in zip(trips.after, freight, strict=True):
        found = respond(
            base.blocks,
            drawn.change(goods_cost, after),
            base.theta * theta,
            closure=central.closure,
            prices=central.prices,
        )
        values.append(central.economy(found))
    return np.array(values)


def _summary(
    central: Valuer,
    candidates: Sequence[Candidate],
    values: Array,
    at_rest: Array,
    factors: Array,
    variant: NDArray[np.int64],
    top: int,
    interval: float,
    error: float,
) -> xr.Dataset:
    sign = 1.0 if central.goal.better == "more" else -1.0
    rank = np.argsort(np.argsort(-sign * values, axis=1, kind="stable"), axis=1) + 1
    ends = [50.0 * (1.0 - interval), 100.0 - 50.0 * (1.0 - interval)]
    low, high = np.percentile(values, ends, axis=0)
    names = [*SCALES, TIME]
    columns = factors
    if variant.any():
        names = [*names, "table"]
        columns = np.column_stack([factors, variant.astype(float)])
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
        "drawn": (("draw", "parameter"), columns, "1"),
        "rank_correlation": (("parameter", "candidate"), _rank_correlation(columns, values), "1"),
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


def _rank_correlation(drawn: Array, values: Array) -> Array:
    """Spearman's correlation of every column of `drawn` with every one of `values`."""

    def centred(columns: Array) -> Array:
        ranks = np.argsort(np.argsort(columns, axis=0, kind="stable"), axis=0).astype(float)
        ranks -= ranks.mean(axis=0)
        size = np.sqrt((ranks**2).sum(axis=0))
        return np.asarray(ranks / np.where(size > 0.0, size, 1.0))

    return np.asarray(centred(drawn).T @ centred(values))
