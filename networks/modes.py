"""What one link costs a traveller or a tonne, split into the components of the total.

Public names
------------
COMPONENTS : the quantities carried along a path, in the order of every component array
LinkColumns, link_columns, line_codes : the link table as arrays
mode_flags : link modes as flags
Arcs, directed_arcs, arcs_of : links as one-way arcs with minutes, km, money and wait
prices : what a unit of each component weighs, for least cost or least minutes
value_per_minute : what a minute of a traveller or a tonne is worth
wait_minutes : expected wait from departures a day
own_place : components of the trip of a place to itself
chosen_modes : the user's modes -> link modes by main mode
services : main modes with their link modes, rail apart by kind of train where asked

Formula
-------
cost = money + value_of_time / 60 x (w_a (access + egress) + w_t wait + w_i in_vehicle + w_x
transfer), minutes in the bracket; wait = min(wait_cap, wait_share x 60 service_hours / departures);
a place to itself: both ends of a road trip and 1.3 x (2/3) sqrt(area / pi) km at the local speed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.dims import LINK_MODES, MAIN_MODES, MODES_OF, LinkMode, MainMode, Purpose
from networks.errors import UnknownLabel
from networks.geo import own_radius_km
from networks.labels import did_you_mean
from networks.network import Network
from networks.parameters import Parameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COMPONENTS = ("km", "money", "in_vehicle", "access", "wait", "transfer", "transfers", "egress")
KM, MONEY, IN_VEHICLE, ACCESS, WAIT, TRANSFER, TRANSFERS, EGRESS = range(len(COMPONENTS))
TIMES = (IN_VEHICLE, ACCESS, WAIT, TRANSFER, EGRESS)
RATE: dict[Purpose, str] = {"passenger": "fare_per_km", "freight": "freight_per_km"}
HOUR: dict[Purpose, str] = {"passenger": "value_of_time", "freight": "value_of_tonne_hour"}
ACCESS_MODES: tuple[LinkMode, ...] = ("road", "ferry", "access")


def mode_flags(modes: Sequence[LinkMode]) -> NDArray[np.bool_]:
    """Return which of ``LINK_MODES`` are among some link modes."""
    return np.array([mode in modes for mode in LINK_MODES], dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Arcs:
    """One-way arcs; all arrays have shape (arcs,).

    Attributes
    ----------
    tails, heads
        Positions in the node table.
    modes
        Positions in ``LINK_MODES``.
    lines
        Position of the (mode, line) pair, or -1 for a service of its own.
    km, minutes, money, wait
        Of one traveller or one tonne.
    links
        Positions in the link table.
    """

    tails: Ints
    heads: Ints
    modes: Ints
    lines: Ints
    km: Floats
    minutes: Floats
    money: Floats
    wait: Floats
    links: Ints

    def only(self, modes: Sequence[LinkMode]) -> "Arcs":
        """Return the arcs of the given link modes."""
        wanted = mode_flags(modes)[self.modes]
        return Arcs(*(getattr(self, name)[wanted] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class LinkColumns:
    """The columns of links that costs are made of; all arrays have shape (links,).

    Attributes
    ----------
    tails, heads
        Positions in the node table.
    modes
        Positions in ``LINK_MODES``.
    lines
        Number of the line and mode, or -1 for a service of its own.
    km, minutes, money, departures, freight_factor
        As in the link table; departures a day, NaN where not known.
    both
        Whether the link runs both ways.
    """

    tails: Ints
    heads: Ints
    modes: Ints
    lines: Ints
    km: Floats
    minutes: Floats
    money: Floats
    departures: Floats
    freight_factor: Floats
    both: NDArray[np.bool_]

    def at(self, which: Ints | NDArray[np.bool_]) -> "LinkColumns":
        """Return some of the links."""
        return LinkColumns(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def wait_minutes(parameters: Parameters, departures: Floats, mode: str, purpose: Purpose) -> Floats:
    """Return the expected wait in minutes for departures a day (NaN: not known)."""
    share = parameters.get("wait_share", mode, purpose)
    cap = parameters.get("wait_cap", mode, purpose)
    unknown = parameters.get("wait_unknown", mode, purpose)
    headway = 60.0 * parameters.get("service_hours", mode, purpose) / departures
    return np.minimum(cap, np.where(np.isnan(departures), unknown, share * headway))


def line_codes(links: pd.DataFrame) -> tuple[Ints, dict[tuple[str, int], int]]:
    """Return a number for each link, the same for links of one line and mode, -1 for no line.

    Beside it the numbers by line and position of the mode.
    """
    mode = pd.Index(list(LINK_MODES)).get_indexer(pd.Index(links["mode"])).astype(np.int64)
    code, names = pd.factorize(links["line"].to_numpy(dtype=object))
    line = np.where(
        (links["line"] != "").to_numpy(dtype=bool), code * len(LINK_MODES) + mode, np.int64(-1)
    ).astype(np.int64)
    taken = np.unique(line[line >= 0])
    width = len(LINK_MODES)
    return line, {(str(names[k // width]), int(k % width)): int(k) for k in taken}


def link_columns(
    links: pd.DataFrame, nodes: "pd.Index[str]", lines: Ints | None = None
) -> LinkColumns:
    """Return a link table as arrays; ``nodes`` are the keys of the node table.

    ``lines`` are numbers of lines that are known already.
    """
    mode = pd.Index(list(LINK_MODES)).get_indexer(pd.Index(links["mode"])).astype(np.int64)

    def numbers(name: str) -> Floats:
        return links[name].to_numpy(dtype=np.float64)

    return LinkColumns(
        nodes.get_indexer(pd.Index(links["from_node"])).astype(np.int64),
        nodes.get_indexer(pd.Index(links["to_node"])).astype(np.int64),
        mode,
        line_codes(links)[0] if lines is None else lines,
        numbers("km"),
        numbers("minutes"),
        numbers("money"),
        numbers("trains_per_day"),
        numbers("freight_factor"),
        links["bidirectional"].to_numpy(dtype=bool),
    )


def directed_arcs(network: Network, purpose: Purpose) -> Arcs:
    """Return every link that carries a purpose as one arc, or two where it runs both ways."""
    return arcs_of(link_columns(network.links, network.nodes.index), network.parameters, purpose)


def arcs_of(links: LinkColumns, parameters: Parameters, purpose: Purpose) -> Arcs:
    """Return links as arcs: all of them there, then those that also run back.

    Passengers pay the money of the link, or its km times ``fare_per_km``; goods always pay km times
    ``freight_per_km`` times the ``freight_factor`` of the link (which also scales their time).
    """
    mode, km = links.modes, links.km
    minutes, money = links.minutes.copy(), links.money.copy()
    wait = np.zeros(len(km))
    carried = {m for group in MODES_OF[purpose].values() for m in group} | {"access"}
    for code, name in enumerate(LINK_MODES):
        of_mode = mode == code
        if name not in carried or not of_mode.any():
            continue
        minutes[of_mode] *= parameters.get("time_factor", name, purpose)
        by_km = parameters.get(RATE[purpose], name, purpose) * km[of_mode]
        if purpose == "freight":
            factor = links.freight_factor[of_mode]
            money[of_mode] = by_km * factor
            minutes[of_mode] *= factor
        else:
            money[of_mode] = np.where(np.isnan(money[of_mode]), by_km, money[of_mode])
        if name not in ACCESS_MODES:
            main = "air" if name == "air" else "rail"
            wait[of_mode] = wait_minutes(parameters, links.departures[of_mode], main, purpose)
    both = links.both

    def doubled(values: NDArray[np.float64]) -> Floats:
        return np.concatenate([values, values[both]])

    arcs = Arcs(
        np.concatenate([links.tails, links.heads[both]]),
        np.concatenate([links.heads, links.tails[both]]),
        np.concatenate([mode, mode[both]]),
        np.concatenate([links.lines, links.lines[both]]),
        doubled(km),
        doubled(minutes),
        doubled(money),
        doubled(wait),
        np.concatenate([np.arange(len(km)), np.flatnonzero(both)]),
    )
    return arcs.only([m for m in LINK_MODES if m in carried])


def value_per_minute(parameters: Parameters, purpose: Purpose) -> float:
    """Return the money a minute of a traveller or of a tonne is worth."""
    return parameters.get(HOUR[purpose], purpose=purpose) / 60.0


def prices(parameters: Parameters, purpose: Purpose, by: str) -> Floats:
    """Return what a unit of each component weighs, shape (K,): in money, or 1 for every minute."""
    weights = np.zeros(len(COMPONENTS))
    if by == "minutes":
        weights[list(TIMES)] = 1.0
        return weights
    per_minute = value_per_minute(parameters, purpose)
    weights[MONEY] = 1.0
    weights[IN_VEHICLE] = per_minute * parameters.get("weight_in_vehicle", purpose=purpose)
    weights[[ACCESS, EGRESS]] = per_minute * parameters.get("weight_access", purpose=purpose)
    weights[WAIT] = per_minute * parameters.get("weight_wait", purpose=purpose)
    weights[TRANSFER] = per_minute * parameters.get("weight_transfer", purpose=purpose)
    return weights


def terminal(
    parameters: Parameters, mode: MainMode, purpose: Purpose, *, in_place: bool
) -> tuple[Floats, Floats]:
    """Return the components, shape (K,) each, of what comes before and after the main mode.

    ``in_place``: the stop is the place itself, so the way from the door to it is not in the links.
    """
    before, after = np.zeros(len(COMPONENTS)), np.zeros(len(COMPONENTS))
    way = parameters.get("access_minutes", mode, purpose, 0.0) if in_place else 0.0
    before[ACCESS] = way + parameters.get("before_minutes", mode, purpose, 0.0)
    before[MONEY] = parameters.get("fixed_money", mode, purpose, 0.0)
    after[EGRESS] = way + parameters.get("after_minutes", mode, purpose, 0.0)
    return before, after


def own_place(parameters: Parameters, area_km2: Floats, purpose: Purpose, *, door: bool) -> Floats:
    """Return the components of places to themselves, shape (places, K); never all zero."""
    km = parameters.get("own_place_detour") * own_radius_km(area_km2)
    parts = np.zeros((len(area_km2), len(COMPONENTS)))
    if door:
        before, after = terminal(parameters, "road", purpose, in_place=True)
        parts += before + after
    parts[:, KM] += km
    parts[:, MONEY] += parameters.get(RATE[purpose], "road", purpose) * km
    parts[:, IN_VEHICLE] += 60.0 * km / parameters.get("own_place_speed")
    return parts


def chosen_modes(
    modes: Sequence[str] | None, purpose: Purpose
) -> dict[MainMode, tuple[LinkMode, ...]]:
    """Return the link modes of every main mode that was asked for.

    Parameters
    ----------
    modes
        Main modes (``"rail"``) or link modes (``"rail_hsr"``); all when None.
    purpose
        Passenger or freight; modes that carry no goods are left out of freight.

    Raises
    ------
    UnknownLabel
        A word that is neither, or a choice that leaves nothing for this purpose.
    """
    allowed = MODES_OF[purpose]
    if modes is None:
        return dict(allowed)
    asked = [modes] if isinstance(modes, str) else list(modes)
    words = [*MAIN_MODES, *(m for m in LINK_MODES if m != "access")]
    if unknown := [m for m in asked if m not in words]:
        raise UnknownLabel(
            f"There is no mode {unknown[0]!r}{did_you_mean(unknown[0], words)}; "
            f"the modes are {', '.join(words)}."
        )
    chosen = {
        main: tuple(m for m in group if main in asked or m in asked)
        for main, group in allowed.items()
    }
    chosen = {main: group for main, group in chosen.items() if group}
    if not chosen:
        raise UnknownLabel(
            f"Modes for {purpose} are {', '.join(m for g in allowed.values() for m in g)}; "
            f"{', '.join(asked)} carries none."
        )
    return chosen


def services(
    chosen: dict[MainMode, tuple[LinkMode, ...]], *, apart: bool
) -> list[tuple[MainMode, tuple[LinkMode, ...]]]:
    """Return the alternatives of a trip: main modes, or with `apart` rail by kind of train.

    Taken together, a path may change between kinds of train and the cheapest one is the way by
    rail. Apart, slow and fast trains are different things to buy, and both are bought.
    """
    if not apart:
        return list(chosen.items())
    made: list[tuple[MainMode, tuple[LinkMode, ...]]] = []
    for main, group in chosen.items():
        made += [(main, (mode,)) for mode in group] if main == "rail" else [(main, group)]
    return made
