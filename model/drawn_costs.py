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

Drawn, each with its range in the parameters table as the ends of a 90 % interval, in logarithms
around the central value (the half below and the half above each with its own width): the trade
elasticity theta (one factor for all products), the transport shares kappa of goods, services and
business services, and the value of time. The base year is calibrated again to the same observed
table in every draw.

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
from model.costs import business_value_of_time
from model.errors import ScenarioError
from model.parameters import Parameters
from model.response import FinalDemandClosure, PriceRule, Response, respond
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

    Returns
    -------
    (draws, parameters) factors in the order of `PARAMETERS`, and (draws,) positions of tables.

    Raises
    ------
    ScenarioError
        For ranges of what is not drawn, or that are none.
    """
    widths = _widths(parameters, ranges or {})
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((draws, len(widths)))
    variant = rng.integers(tables, size=draws).astype(np.int64)
    return np.exp(np.where(z < 0.0, widths[:, 0], widths[:, 1]) * z), variant


def _widths(
    parameters: Parameters, ranges: Mapping[str, tuple[float, float]]
) -> NDArray[np.float64]:
    """Return the standard deviations of logarithms below and above the centre, (parameters, 2)."""
    if strange := [key for key in ranges if key not in PARAMETERS]:
        raise ScenarioError(
            f"Ranges are for {', '.join(PARAMETERS)}; found {strange[0]!r}"
            f"{did_you_mean(strange[0], PARAMETERS)}."
        )
    if wrong := [
        f"{key} {ends}" for key, ends in ranges.items() if not 0 < ends[0] <= 1 <= ends[1]
    ]:
        raise ScenarioError(
            "A range holds factors on the central value, 0 < low <= 1 <= high; found "
            f"{', '.join(wrong)}."
        )
    widths = np.empty((len(PARAMETERS), 2))
    for row, key in enumerate(PARAMETERS):
        spec = parameters.spec(key)
        middle, low, high = (float(v) for v in (spec.value, spec.low, spec.high))
        ends = ranges.get(key, (low / middle, high / middle))
        widths[row] = -np.log(ends[0]) / NINETY, np.log(ends[1]) / NINETY
    return widths


@dataclass(frozen=True, eq=False)
class _Trips:
    """Passenger costs between regions at one value of time: base, and after each edit."""

    base: Array
    after: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class DrawnCosts:
    """Costs of edits at several values of time, ready for draws.

    Attributes
    ----------
    freight : tuple of (R, R) arrays
        Costs of goods after each edit: nothing that is drawn moves them.
    error : float
        Largest relative error of interpolated costs, halfway between the nodes.
    """

    freight: tuple[Array, ...]
    error: float
    _grid: Array
    _nodes: tuple[_Trips, ...]

    def respond(
        self,
        base: Calibration,
        factors: Array,
        *,
        closure: FinalDemandClosure = "spending",
        prices: PriceRule = "given",
    ) -> list[Response]:
        """Return the response of an economy to every edit under one draw.

        Parameters
        ----------
        base : Calibration
            The economy of the draw; its network is that of the edits.
        factors : (parameters,) array
            On the central values, in the order of `PARAMETERS`.
        closure, prices
            As in `model.response.respond`.
        """
        theta, goods, services, business = factors[:4]
        trips = _between(self._grid, self._nodes, float(factors[-1]))
        delivery = base.delivery
        is_business = base.roles.mask("business service")
        scale = np.where(delivery.goods, goods, np.where(is_business, business, services))
        drawn = replace(delivery, kappa=delivery.kappa * scale, passenger=trips.base)
        return [
            respond(
                base.blocks,
                drawn.change(freight, passenger),
                base.theta * theta,
                closure=closure,
                prices=prices,
                form=base.form,
            )
            for passenger, freight in zip(trips.after, self.freight, strict=True)
        ]


def build_drawn_costs(
    base: Calibration,
    edits: Sequence[LinkEdit | Network],
    factors: Array,
    *,
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
        From `draw_factors`; the values of time between which nodes are laid.
    workers : int
        Threads; the numbers do not depend on it.
    progress : callable, optional
        Called with (step, fraction).
    """
    tell = progress or (lambda step, done: None)
    costs = [base.ready.run(edit) for edit in edits]
    freight = tuple(base.means.after(base.costs, one, base.ready).freight for one in costs)
    grid, nodes, error = _nodes(base, edits, costs, factors[:, -1], workers, tell)
    return DrawnCosts(freight, error, grid, tuple(nodes))


def _nodes(
    base: Calibration,
    edits: Sequence[LinkEdit | Network],
    costs: Sequence[Costs],
    drawn: Array,
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
            return _Trips(base.costs.passenger, tuple(after))
        return _trips(base, edits, factor)

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
