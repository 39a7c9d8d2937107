"""Delivery costs as they might be: theta, transport shares and the value of time drawn.

Owns the question: what would edits of the network do under other values of what nobody has
measured?

Public names
------------
``draw_factors``      factors on the central values and the table of every draw
``build_drawn_costs`` edits in, `DrawnCosts` out
``DrawnCosts``        the response of the economy to an edit under any draw
``rank_correlation``  what drives a spread: Spearman's correlation with what was drawn
``PARAMETERS``        what is drawn, in the order of columns
``drawn_parameters``  the same, with closeness where productivity acts

Drawn, each with its range in the parameters table as the ends of a 90 % interval, in logarithms
around the central value (the half below and the half above each with its own width): the trade
elasticity theta (one factor for all products), the transport shares kappa of goods, services and
business services, and the value of time; where productivity acts, its elasticities and the decays
of effective density too (`model.channels.drawn_closeness`). The base year is calibrated again to
the same observed table in every draw.

Costs do not move smoothly with the value of time, so they are made at `NODES` values and
interpolated between them, in logarithms, region by region; `DrawnCosts.error` is the largest
relative error found halfway between the nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from io_tables.labels import did_you_mean
from model.calibration import Calibration
from model.channels.answers import Acting, Answers
from model.channels.drawn_closeness import CLOSENESS, DrawnCloseness
from model.costs import business_value_of_time
from model.errors import ScenarioError
from model.parameters import Parameters
from model.response import FinalDemandClosure, Response
from networks.network import Network
from networks.whatif import Asked, Costs, LinkEdit, build_skim_base
from networks.whatif.skims import in_order

__all__ = ["PARAMETERS", "DrawnCosts", "build_drawn_costs", "draw_factors", "rank_correlation"]

Array = NDArray[np.float64]
NINETY = 1.6448536269514722
NODES = 13
SCALES = ("theta", "kappa_goods", "kappa_services", "kappa_business_services")
TIME = "value_of_time"
PARAMETERS = (*SCALES, TIME)
Progress = Callable[[str, float], None]


def draw_factors(
    parameters: Parameters,
    *,
    tables: int,
    draws: int,
    seed: int,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    names: Sequence[str] = PARAMETERS,
) -> tuple[Array, NDArray[np.int64]]:
    """Draw factors on the central values, and the table of every draw.

    Parameters
    ----------
    parameters : Parameters
        Whose ranges are the ends of 90 % intervals.
    tables : int
        Estimates of the economy, one of which is drawn each time, each alike.
    draws, seed : int
    ranges : mapping of str to (low, high), optional
        Factors on the central value instead of those of the parameters table; (1, 1) keeps it.
    names : sequence of str
        What is drawn.

    Returns
    -------
    (draws, parameters) factors in the order of `names`, and (draws,) positions of tables.

    Raises
    ------
    ScenarioError
        For ranges of what is not drawn, or that are none.
    """
    widths = _widths(parameters, ranges or {}, names)
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((draws, len(widths)))
    variant = rng.integers(tables, size=draws).astype(np.int64)
    return np.exp(np.where(z < 0.0, widths[:, 0], widths[:, 1]) * z), variant


def drawn_parameters(acts: Acting) -> tuple[str, ...]:
    """Return what is drawn with these channels, in the order of columns."""
    return (*PARAMETERS, *CLOSENESS) if acts.productivity else PARAMETERS


def _widths(
    parameters: Parameters, ranges: Mapping[str, tuple[float, float]], names: Sequence[str]
) -> NDArray[np.float64]:
    """Return the standard deviations of logarithms below and above the centre, (parameters, 2)."""
    if strange := [key for key in ranges if key not in names]:
        raise ScenarioError(
            f"Ranges are for {', '.join(names)}; found {strange[0]!r}"
            f"{did_you_mean(strange[0], names)}."
        )
    if wrong := [
        f"{key} {ends}" for key, ends in ranges.items() if not 0 < ends[0] <= 1 <= ends[1]
    ]:
        raise ScenarioError(
            "A range holds factors on the central value, 0 < low <= 1 <= high; found "
            f"{', '.join(wrong)}."
        )
    widths = np.empty((len(names), 2))
    for row, key in enumerate(names):
        spec = parameters.spec(key)
        middle, low, high = (float(v) for v in (spec.value, spec.low, spec.high))
        ends = ranges.get(key, (low / middle, high / middle))
        widths[row] = -np.log(ends[0]) / NINETY, np.log(ends[1]) / NINETY
    return widths


@dataclass(frozen=True, eq=False)
class _Trips:
    """Passengers at one value of time: costs between regions, base and after each edit.

    `growth` is of effective density (decays, places) by each edit, where productivity acts.
    """

    base: Array
    after: tuple[Array, ...]
    growth: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class DrawnCosts:
    """Costs of edits at several values of time, ready for draws.

    Attributes
    ----------
    names : tuple of str
        What is drawn, in the order of columns.
    acts : Acting
        Which channels act.
    freight : tuple of (R, R) arrays
        Costs of goods after each edit: nothing that is drawn moves them.
    error : float
        Largest relative error of interpolated costs, halfway between the nodes.
    """

    names: tuple[str, ...]
    acts: Acting
    freight: tuple[Array, ...]
    error: float
    _grid: Array
    _nodes: tuple[_Trips, ...]
    _closeness: DrawnCloseness | None

    def respond(
        self,
        base: Calibration,
        factors: Array,
        *,
        closure: FinalDemandClosure = "spending",
    ) -> list[Response]:
        """Return the response of an economy to every edit under one draw.

        Parameters
        ----------
        base : Calibration
            The economy of the draw; its network is that of the edits.
        factors : (parameters,) array
            On the central values, in the order of `names`.
        closure
            As in `model.response.respond`.
        """
        of = dict(zip(self.names, factors.tolist(), strict=True))
        theta, goods, services, business = (of[key] for key in SCALES)
        trips = _between(self._grid, self._nodes, of[TIME])
        delivery = base.delivery
        is_business = base.roles.mask("business service")
        scale = np.where(delivery.goods, goods, np.where(is_business, business, services))
        drawn = replace(delivery, kappa=delivery.kappa * scale, passenger=trips.base)
        answers = Answers(replace(base, theta=base.theta * theta), self.acts, closure)
        made: list[Array | None] = [None] * len(self.freight)
        if self._closeness is not None:
            made = [self._closeness.ratio(one, of) for one in trips.growth]
        return [
            answers.to(drawn.change(freight, passenger), one)
            for passenger, freight, one in zip(trips.after, self.freight, made, strict=True)
        ]


def build_drawn_costs(
    base: Calibration,
    edits: Sequence[LinkEdit | Network],
    factors: Array,
    *,
    acts: Acting | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> DrawnCosts:
    """Make the costs of edits ready for draws.

    Parameters
    ----------
    base : Calibration
    edits : sequence of LinkEdit or Network
        Each by itself.
    factors : (draws, parameters) array
        From `draw_factors`, columns as `drawn_parameters`; nodes are laid between the values of
        time, and between the decays of density.
    acts : Acting, optional
        Which channels act; sourcing alone when left out.
    workers : int
        Threads; the numbers do not depend on it.
    progress : callable, optional
        Called with (step, fraction).
    """
    tell = progress or (lambda step, done: None)
    costs = [base.ready.run(edit) for edit in edits]
    freight = tuple(base.means.after(base.costs, one, base.ready).freight for one in costs)
    acts = Acting() if acts is None else acts
    names = drawn_parameters(acts)
    drawn = dict(zip(names, factors.T, strict=True))
    closeness = DrawnCloseness.of(base, drawn) if acts.productivity else None
    grid, nodes, error = _nodes(base, edits, costs, drawn[TIME], closeness, workers, tell)
    return DrawnCosts(names, acts, freight, error, grid, tuple(nodes), closeness)


def _nodes(
    base: Calibration,
    edits: Sequence[LinkEdit | Network],
    costs: Sequence[Costs],
    drawn: Array,
    closeness: DrawnCloseness | None,
    workers: int,
    tell: Progress,
) -> tuple[Array, list[_Trips], float]:
    """Return factors on the value of time, costs at each, and the error halfway between them."""
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
            grown = _grown(closeness, base.ready["passenger"], costs)
            return _Trips(base.costs.passenger, tuple(after), grown)
        return _trips(base, edits, closeness, factor)

    found = []
    wanted = [*grid.tolist(), *extra]
    for done, one in enumerate(in_order(at, wanted, workers), start=1):
        found.append(one)
        tell("costs at several values of time", done / len(wanted))
    nodes = found[: len(grid)]
    error = 0.0
    for factor, exact in zip(extra, found[len(grid) :], strict=True):
        guess = _between(grid, nodes, factor)
        parts = zip((exact.base, *exact.after), (guess.base, *guess.after), strict=True)
        error = max(float(np.abs(g / e - 1.0).max()) for e, g in parts)
        for e, g in zip(exact.growth, guess.growth, strict=True):
            error = max(error, float(np.abs(np.expm1(g - e)).max()))
    return grid, nodes, error


def _grown(
    closeness: DrawnCloseness | None, before: Array, costs: Sequence[Costs]
) -> tuple[Array, ...]:
    """Return the growth of density by each edit; nothing where productivity does not act."""
    if closeness is None:
        return ()
    there = closeness.at(before)
    return tuple(there.growth(*one.changed["passenger"]) for one in costs)


def _trips(
    base: Calibration,
    edits: Sequence[LinkEdit | Network],
    closeness: DrawnCloseness | None,
    factor: float,
) -> _Trips:
    """Return passenger costs between regions at another value of time."""
    value = business_value_of_time(base.parameters) * factor
    asked = {"passenger": Asked(combine="composite", parameters={"value_of_time": value})}
    ready = build_skim_base(base.network, asked, zones=base.places.codes)
    weights, size = base.means.passenger, len(base.places.codes)
    before = weights.T @ ready["passenger"] @ weights
    after = []
    costs = [ready.run(edit) for edit in edits]
    for one in costs:
        cells, values = one.changed["passenger"]
        change = np.zeros(size * size)
        change[cells] = values - ready["passenger"].ravel()[cells]
        after.append(before + weights.T @ change.reshape(size, size) @ weights)
    return _Trips(before, tuple(after), _grown(closeness, ready["passenger"], costs))


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
    grown = zip(nodes[left].growth, nodes[right].growth, strict=True)
    return _Trips(
        mixed(nodes[left].base, nodes[right].base),
        tuple(mixed(a, b) for a, b in pairs),
        tuple((1.0 - share) * a + share * b for a, b in grown),
    )


def rank_correlation(drawn: Array, values: Array) -> Array:
    """Spearman's correlation of every column of `drawn` with every one of `values`.

    Parameters
    ----------
    drawn : (draws, parameters) array
    values : (draws, n) array

    Returns
    -------
    (parameters, n) array; 0 where nothing varies. Ties share their mean rank.
    """

    def centred(columns: Array) -> Array:
        ranks = np.stack([_ranks(column) for column in columns.T], axis=1)
        ranks -= ranks.mean(axis=0)
        size = np.sqrt((ranks**2).sum(axis=0))
        return np.asarray(ranks / np.where(size > 0.0, size, 1.0))

    return np.asarray(centred(drawn).T @ centred(values))


def _ranks(column: Array) -> Array:
    """Ranks from 0, those of equal values their mean."""
    _, where, count = np.unique(column, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count + 1.0) / 2.0)[where], dtype=np.float64)
