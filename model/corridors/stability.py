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

from io_tables.table import RegionalTable
from model.calibration import Calibration, with_parameters, with_table
from model.corridors.candidates import Candidate
from model.corridors.worth import Valuer
from model.costs import RegionCosts
from model.coupling import SpatialModel
from model.errors import NotInThisVersion, ScenarioError
from model.link_values.objectives import Objective
from model.response import FinalDemandClosure, PriceRule, respond
from networks.whatif.skims import in_order

__all__ = ["rank_stability"]

Array = NDArray[np.float64]
NINETY = 1.6448536269514722
NODES = 7
SCALES = ("theta", "kappa_goods", "kappa_services", "kappa_business_services")
TIME = "value_of_time"
Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class _Node:
    """Region-to-region costs at one value of time: base, and after each candidate."""

    base: RegionCosts
    after: tuple[RegionCosts, ...]


def rank_stability(
    model: SpatialModel,
    candidates: Sequence[Candidate],
    objective: Objective = "real_consumption",
    *,
    draws: int = 200,
    top: int = 3,
    seed: int = 0,
    interval: float = 0.9,
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
        For fewer than two draws or an interval outside 0 to 1.
    NotInThisVersion
        For a measure of access.
    """
    if draws < 2 or not 0.0 < interval < 1.0 or top < 1:
        raise ScenarioError(
            "Stability needs at least 2 draws, an interval between 0 and 1 and at least one place "
            f"that counts; found {draws}, {interval} and {top}."
        )
    tell = progress or (lambda step, done: None)
    tell("costs at several values of time", 0.0)
    central = Valuer.of(model, objective, regions=regions, closure=closure, prices=prices)
    if central.goal.access is not None:
        raise NotInThisVersion(
            "what is drawn (elasticities, transport shares, value of time) does not move travel "
            "times: a measure of access has no spread here"
        )
    known = model.variants if tables is None else tables
    bases = [
        central.base if one is model.table else with_table(central.base, one)
        for one in known.values()
    ] or [central.base]
    factors, variant = _drawn(central.base, len(bases), draws, seed)
    grid, nodes, error = _nodes(central, candidates, factors[:, -1], tell)

    def one(draw: int) -> Array:
        return _values(
            central,
            bases[variant[draw]],
            factors[draw],
            _between(grid, nodes, float(factors[draw, -1])),
        )

    values = np.empty((draws, len(candidates)))
    for draw, found in enumerate(in_order(one, range(draws), workers)):
        values[draw] = found
        tell("draws", 0.2 + 0.8 * (draw + 1) / draws)
    ones = np.ones(factors.shape[1])
    at_rest = _values(central, central.base, ones, _between(grid, nodes, 1.0))
    return _summary(central, candidates, values, at_rest, factors, variant, top, interval, error)


def _drawn(
    base: Calibration, tables: int, draws: int, seed: int
) -> tuple[Array, NDArray[np.int64]]:
    """Return factors on the central values, (draws, parameters), and the table of each draw."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((draws, len(SCALES) + 1))
    variant = rng.integers(tables, size=draws)
    factors = np.empty_like(z)
    for column, key in enumerate((*SCALES, TIME)):
        spec = base.parameters.spec(key)
        middle, low, high = (float(v) for v in (spec.value, spec.low, spec.high))
        below, above = (np.log(end / middle) / NINETY for end in (low, high))
        width = np.where(z[:, column] < 0.0, -below, above)
        factors[:, column] = np.exp(width * z[:, column])
    return factors, variant.astype(np.int64)


def _nodes(
    central: Valuer, candidates: Sequence[Candidate], drawn: Array, tell: Progress
) -> tuple[Array, list[_Node], float]:
    """Return factors on the value of time, costs at each, and the error halfway between them."""
    low, high = float(min(drawn.min(), 1.0)), float(max(drawn.max(), 1.0))
    if low == high:
        grid = np.array([1.0])
    else:
        grid = np.unique(np.append(np.geomspace(low, high, NODES), 1.0))
    nodes = []
    for k, factor in enumerate(grid):
        nodes.append(_node(central, candidates, float(factor)))
        tell("costs at several values of time", 0.15 * (k + 1) / len(grid))
    error = 0.0
    if len(grid) > 1:
        widest = int(np.argmax(np.diff(np.log(grid))))
        middle = float(np.sqrt(grid[widest] * grid[widest + 1]))
        exact = _node(central, candidates, middle)
        guess = _between(grid, nodes, middle)
        parts = zip((exact.base, *exact.after), (guess.base, *guess.after), strict=True)
        error = max(float(np.abs(g.passenger / e.passenger - 1.0).max()) for e, g in parts)
        tell("costs at several values of time", 0.2)
    return grid, nodes, error


def _node(central: Valuer, candidates: Sequence[Candidate], factor: float) -> _Node:
    base, valuer = central.base, central
    if factor != 1.0:
        value = base.parameters.get(TIME) * factor
        base = with_parameters(base, base.parameters.with_values({TIME: value}))
        valuer = replace(central, base=base)
    after = tuple(base.means.after(base.costs, valuer.costs(one), base.ready) for one in candidates)
    return _Node(base.costs, after)


def _between(grid: Array, nodes: list[_Node], factor: float) -> _Node:
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

    def mixed(a: RegionCosts, b: RegionCosts) -> RegionCosts:
        passenger = np.exp((1.0 - share) * np.log(a.passenger) + share * np.log(b.passenger))
        return RegionCosts(freight=a.freight, passenger=passenger)

    pairs = zip(nodes[left].after, nodes[right].after, strict=True)
    return _Node(mixed(nodes[left].base, nodes[right].base), tuple(mixed(a, b) for a, b in pairs))


def _values(central: Valuer, base: Calibration, factors: Array, costs: _Node) -> Array:
    """Return the change of the objective by each candidate, (candidates,)."""
    theta, goods, services, business = factors[:4]
    delivery = base.delivery
    kappa = delivery.kappa.copy()
    is_business = np.array([role == "business service" for role in base.roles.roles])
    kappa[delivery.goods] *= goods
    kappa[~delivery.goods & ~is_business] *= services
    kappa[is_business] *= business
    drawn = replace(
        delivery, kappa=kappa, freight=costs.base.freight, passenger=costs.base.passenger
    )
    values = []
    for after in costs.after:
        change = drawn.change(after.freight, after.passenger)
        found = respond(
            base.blocks,
            change,
            base.theta * theta,
            closure=central.closure,
            prices=central.prices,
        )
        if central.goal.name == "real_consumption":
            values.append(float(central.chosen @ found.real_consumption.sum(axis=1)))
        else:
            assert central.goal.intensity is not None
            values.append(
                float(central.chosen @ (central.goal.intensity * found.output).sum(axis=1))
            )
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
