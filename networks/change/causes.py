"""Which part of a change over the years is owed to rail, which to roads, which to flights.

Public names
------------
CAUSES : the causes and the link modes that each stands for
changed_causes : the causes whose links differ between years
causes_of_modes : the causes that trips by some main modes depend on
network_of_years : a network with the rail of one year, the roads of another, the flights of a third
FastestOfYears : least door-to-door minutes for any such mixture, each layer skimmed once
split_change : a change split over its causes: changed first, changed last, and free of order

Terms
-----
A *state* is the set of causes that stand as in the last year, all others as in the first. Roads
take ferries and the ways to stations with them; what a better road does for the way to a station is
an effect of roads.

Formula
-------
With v(S) any figure of state S, N all n causes and c one of them: first v({c}) - v({}), last
v(N) - v(N less c), order-free sum over S without c of |S|! (n - |S| - 1)! / n! (v(S + c) - v(S)).
The order-free parts add up to v(N) - v({}) exactly; for two causes they are the mean of first and
last.

Source: L. Shapley (1953), A value for n-person games; A. Shorrocks (2013), Decomposition procedures
for distributional analysis, Journal of Economic Inequality 11.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.dims import MAIN_MODES, LinkMode, MainMode
from networks.errors import MeasureError
from networks.labels import did_you_mean
from networks.network import Network
from networks.skim import skim

Floats = NDArray[np.float64]
State = frozenset[str]

CAUSES: dict[str, tuple[LinkMode, ...]] = {
    "rail": ("rail_conventional", "rail_hsr"),
    "roads": ("road", "ferry", "access"),
    "flights": ("air",),
}
ORDERS = ("order-free", "first", "last")
NOTHING: State = frozenset()
_LAYERS: dict[MainMode, tuple[str, ...]] = {  # the causes that a main mode depends on
    "road": ("roads",),
    "rail": ("roads", "rail"),
    "air": ("roads", "flights"),
}


def changed_causes(network: Network, years: Iterable[int]) -> tuple[str, ...]:
    """Return the causes whose links are not the same in all of the given years."""
    of_year = [network.as_of(year).links for year in years]
    return tuple(
        cause
        for cause, modes in CAUSES.items()
        if len({tuple(one.index[one["mode"].isin(modes)].sort_values()) for one in of_year}) > 1
    )


def causes_of_modes(modes: Iterable[MainMode]) -> tuple[str, ...]:
    """Return the causes that trips by the given main modes depend on, in the order of CAUSES."""
    found = {cause for mode in modes for cause in _LAYERS[mode]}
    return tuple(cause for cause in CAUSES if cause in found)


def network_of_years(network: Network, years: Mapping[str, int]) -> Network:
    """Return a network with every cause as of a year of its own.

    Parameters
    ----------
    network
        One that knows the links of all those years (see ``Network.as_of``).
    years
        A year for every cause, such as ``{"rail": 2020, "roads": 2000, "flights": 2000}``.

    Returns
    -------
    Network
        Without a year of its own.

    Raises
    ------
    MeasureError
        A cause without a year, or a word that is no cause.
    """
    if unknown := [c for c in years if c not in CAUSES]:
        raise MeasureError(
            f"There is no cause {unknown[0]!r}{did_you_mean(unknown[0], CAUSES)}; they are "
            f"{', '.join(CAUSES)}."
        )
    if missing := [c for c in CAUSES if c not in years]:
        raise MeasureError(f"Every cause needs a year; {', '.join(missing)} has none.")
    dated = {year: network.as_of(year).links for year in set(years.values())}
    parts = [dated[year][dated[year]["mode"].isin(CAUSES[cause])] for cause, year in years.items()]
    return network.with_known_links(pd.concat(parts))


@dataclass(frozen=True, eq=False)
class FastestOfYears:
    """Least door-to-door minutes with rail, roads and flights of any years.

    The fastest way is the fastest of road, rail and air, and each of these depends on two causes at
    most: every layer is skimmed once and the rest is a minimum.

    Parameters
    ----------
    network
        One that knows the links of all years asked for.
    zones
        Places; all when left out.
    rail
        Least minutes by rail of the network as it stands, where they are known already.

    Attributes
    ----------
    skims : int
        How many layers were skimmed so far.
    """

    network: Network
    zones: Sequence[str] | None = None
    rail: xr.Dataset | None = None
    _dated: dict[tuple[str, int], pd.DataFrame] = field(
        default_factory=dict, init=False, repr=False
    )
    _years: dict[str, dict[int, int]] = field(default_factory=dict, init=False, repr=False)
    _layers: dict[tuple[object, ...], xr.Dataset] = field(
        default_factory=dict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        """Take the layer that is known."""
        if self.rail is not None and self.network.year is not None:
            year = self.network.year
            key = tuple(self._first_like(cause, year) for cause in _LAYERS["rail"])
            self._layers[("rail", *key)] = self.rail

    @property
    def skims(self) -> int:
        """How many layers were skimmed so far."""
        return len(self._layers) - (self.rail is not None)

    def minutes(
        self, years: Mapping[str, int], *, modes: Sequence[MainMode] = MAIN_MODES
    ) -> xr.Dataset:
        """Return minutes (origin, destination), infinite where there is no path.

        Parameters
        ----------
        years
            A year for every cause.
        modes
            Main modes a trip may be made by.
        """
        made = [self._layer(main, years) for main in modes]
        least = np.minimum.reduce([one["minutes"].to_numpy() for one in made])
        return made[0][["minutes"]].assign(
            minutes=(made[0]["minutes"].dims, least, made[0]["minutes"].attrs)
        )

    def _layer(self, main: MainMode, years: Mapping[str, int]) -> xr.Dataset:
        causes = _LAYERS[main]
        key = (main, *(self._first_like(cause, years[cause]) for cause in causes))
        if key not in self._layers:
            parts = [self._links(cause, years[cause]) for cause in causes]
            network = self.network.with_known_links(pd.concat(parts))
            self._layers[key] = skim(
                network, modes=[main], zones=self.zones, by="minutes", unreachable="keep"
            )
        return self._layers[key]

    def _links(self, cause: str, year: int) -> pd.DataFrame:
        if (cause, year) not in self._dated:
            links = self.network.as_of(year).links
            for one, modes in CAUSES.items():
                self._dated[one, year] = links[links["mode"].isin(modes)]
        return self._dated[cause, year]

    def _first_like(self, cause: str, year: int) -> int:
        """Return the first year asked for in which a cause had the same links."""
        known = self._years.setdefault(cause, {})
        if year not in known:
            own = set(self._links(cause, year).index)
            like = (y for y in known if own == set(self._links(cause, y).index))
            known[year] = next(like, year)
        return known[year]


def split_change(
    value: Callable[[State], Floats], causes: Sequence[str]
) -> tuple[dict[str, dict[str, Floats]], dict[State, Floats]]:
    """Return what each cause adds to the change of a figure, and the figure in every state.

    Parameters
    ----------
    value
        The figure in a state: an array of any shape, the same for all. Called once a state.
    causes
        The causes that can change, n of them: 2^n states.

    Returns
    -------
    dict of dict
        By order (``ORDERS``), by cause.
    dict
        By state.
    """
    states = [
        frozenset(chosen)
        for size in range(len(causes) + 1)
        for chosen in combinations(causes, size)
    ]
    at = {state: np.asarray(value(state), dtype=np.float64) for state in states}
    whole, n = frozenset(causes), len(causes)
    parts: dict[str, dict[str, Floats]] = {order: {} for order in ORDERS}
    for cause in causes:
        parts["first"][cause] = at[frozenset({cause})] - at[NOTHING]
        parts["last"][cause] = at[whole] - at[whole - {cause}]
        free = np.zeros_like(at[NOTHING])
        for state in states:
            if cause not in state:
                weight = factorial(len(state)) * factorial(n - len(state) - 1) / factorial(n)
                free += weight * (at[state | {cause}] - at[state])
        parts["order-free"][cause] = free
    return parts, at
