"""How the time of a link grows with the traffic on it.

Public names
------------
Bpr : the formula of the Bureau of Public Roads, link by link
UserCost : any increasing function of the flows, each link by its own
CostFunction : what assignment asks of either
check_cost : whether a function can be used

Formula
-------
BPR: t(v) = t0 (1 + alpha (v / capacity)^power), its derivative and its integral from 0 to v; arrays
of shape (links,). A link with alpha 0 keeps its free time whatever its capacity.

Source: Bureau of Public Roads (1964), Traffic Assignment Manual.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from networks.errors import InvalidNetwork

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


class CostFunction(Protocol):
    """Cost, slope and integral of every link at given flows, each of shape (links,)."""

    def cost(self, flow: Floats) -> Floats:
        """Return the cost of a trip over every link."""

    def derivative(self, flow: Floats) -> Floats:
        """Return the change of that cost per unit of flow on the same link, none negative."""

    def integral(self, flow: Floats) -> Floats:
        """Return the area under the cost from no flow to this one."""


@dataclass(frozen=True, eq=False)
class Bpr:
    """Bureau of Public Roads function.

    Attributes
    ----------
    free_time
        Minutes without traffic, (links,).
    capacity
        Flow at which a link takes (1 + alpha) times as long, in the unit of the demand, (links,).
    alpha, power
        Shape, (links,).
    """

    free_time: Floats
    capacity: Floats
    alpha: Floats
    power: Floats

    def __post_init__(self) -> None:
        """Refuse shapes, signs and capacities with which there is no cost."""
        problems = []
        for name in ("free_time", "capacity", "alpha", "power"):
            values = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, values)
            if values.shape != np.shape(self.free_time) or values.ndim != 1:
                problems.append(f"{name} must have one value for every link")
            elif not (np.isfinite(values).all() and (values >= 0).all()):
                problems.append(f"{name} must be finite and not negative")
        if not problems and ((self.capacity <= 0) & (self.alpha > 0)).any():
            where = np.flatnonzero((self.capacity <= 0) & (self.alpha > 0))
            problems.append(
                f"capacity must be positive where alpha is; it is not at {len(where)} links, "
                f"the first at position {where[0]}"
            )
        if problems:
            raise InvalidNetwork(f"A BPR function needs sound figures: {'; '.join(problems)}.")

    @property
    def shape(self) -> Floats:
        """Return the four arrays as one, (4, links), for the kernels."""
        capacity = np.where(self.capacity > 0, self.capacity, 1.0)
        return np.stack([self.free_time, capacity, self.alpha, self.power])

    def _ratio(self, flow: Floats) -> Floats:
        safe = np.where(self.capacity > 0, self.capacity, 1.0)
        return np.asarray(np.where(self.alpha > 0, flow / safe, 0.0))

    def cost(self, flow: Floats) -> Floats:
        """Return minutes at these flows."""
        return np.asarray(self.free_time * (1.0 + self.alpha * self._ratio(flow) ** self.power))

    def derivative(self, flow: Floats) -> Floats:
        """Return minutes per unit of flow."""
        ratio = self._ratio(flow)
        safe = np.where(self.capacity > 0, self.capacity, 1.0)
        lowered = np.where(self.power == 0, 0.0, ratio ** np.maximum(self.power - 1.0, 0.0))
        return np.asarray(self.free_time * self.alpha * self.power * lowered / safe)

    def integral(self, flow: Floats) -> Floats:
        """Return minutes times flow, summed up from no flow."""
        grown = self.alpha / (self.power + 1.0) * self._ratio(flow) ** self.power
        return np.asarray(self.free_time * flow * (1.0 + grown))


@dataclass(frozen=True, eq=False)
class UserCost:
    """A cost function of the user's own.

    Attributes
    ----------
    curve
        Flows (links,) -> costs (links,); each link by its own flow, finite, not negative and not
        falling.
    slope
        Its derivative; central differences when left out.
    area
        Its integral from 0; sixteen Gauss-Legendre points when left out.
    """

    curve: Curve
    slope: Curve | None = None
    area: Curve | None = None

    def cost(self, flow: Floats) -> Floats:
        """Return the cost at these flows."""
        return np.asarray(self.curve(flow), dtype=np.float64)

    def derivative(self, flow: Floats) -> Floats:
        """Return the slope at these flows."""
        if self.slope is not None:
            return np.asarray(self.slope(flow), dtype=np.float64)
        step = 1e-6 * np.maximum(flow, 1.0)
        low = np.maximum(flow - step, 0.0)
        high = flow + step
        return np.asarray(np.maximum(self.cost(high) - self.cost(low), 0.0) / (high - low))

    def integral(self, flow: Floats) -> Floats:
        """Return the area under the cost up to these flows."""
        if self.area is not None:
            return np.asarray(self.area(flow), dtype=np.float64)
        total = np.zeros_like(flow)
        for node, weight in zip(NODES, WEIGHTS, strict=True):
            total += weight * self.cost(0.5 * (node + 1.0) * flow)
        return np.asarray(0.5 * total * flow)


def check_cost(function: CostFunction, scale: Floats) -> list[str]:
    """Return what is wrong with a function over flows from nothing to ``scale`` (links,)."""
    problems: list[str] = []
    last: Floats | None = None
    for share in (0.0, 0.1, 0.5, 1.0):
        flow = share * scale
        value, slope = function.cost(flow), function.derivative(flow)
        if value.shape != flow.shape or slope.shape != flow.shape:
            return [f"it must return {len(flow)} values, one a link; found shape {value.shape}"]
        if not (np.isfinite(value).all() and (value >= 0).all()):
            problems.append(f"cost must be finite and not negative; it is not at {share:g} of flow")
        elif not (np.isfinite(slope).all() and (slope >= 0).all()):
            problems.append(
                f"slope must be finite and not negative; it is not at {share:g} of flow"
            )
        elif last is not None and (value < last - 1e-12 * np.abs(last)).any():
            where = int(np.flatnonzero(value < last - 1e-12 * np.abs(last))[0])
            problems.append(
                f"cost must not fall with flow; it does on the link at position {where}"
            )
        last = value
    return problems
