"""What it costs to get from every zone to every zone, in money, minutes and their parts.

Public names
------------
skim : one labelled Dataset (origin, destination), main modes combined
skim_modes : the same with a dimension for the main mode
MODE_NAMES : what the codes of ``main_mode`` mean

Terms
-----
``by`` says what a path makes least: generalised cost (money) or minutes door to door without
weights. ``ends="stop"`` leaves out access, egress and the first wait: station to station.

Formula
-------
Generalised cost as in ``networks.modes``, paths as in ``networks.layers``, modes combined as in
``networks.combine``. A zone to itself costs both ends of a road trip and the way inside the place,
whatever the modes; never zero.

Source: J. de D. Ortuzar and L. Willumsen, Modelling Transport (2011), 5.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.choice import composite_shares, shares
from networks.combine import APART, Combination, combine_modes, nested_shares
from networks.dims import DESTINATION, MAIN_MODES, MODE, ORIGIN, MainMode, Purpose
from networks.engine import least_paths
from networks.errors import UnreachablePlace
from networks.layers import service_layer
from networks.modes import (
    COMPONENTS,
    chosen_modes,
    directed_arcs,
    link_columns,
    own_place,
    prices,
    services,
    value_per_minute,
)
from networks.network import Network
from networks.parameters import Overrides, Parameters
from networks.schema import units_of
from networks.whatif.asked import Asked, check_words, joined, objective, parts_of

Floats = NDArray[np.float64]
By = Literal["cost", "minutes"]
MODE_NAMES = MAIN_MODES


@dataclass(frozen=True, eq=False)
class _Skimmed:
    """Arrays by main mode: objective (M, Z, Z), components (M, Z, Z, K); zones and parameters."""

    modes: tuple[MainMode, ...]
    objective: Floats
    components: Floats
    zones: list[str]
    parameters: Parameters


def skim(
    network: Network,
    purpose: Purpose = "passenger",
    modes: Sequence[str] | None = None,
    ends: Literal["door", "stop"] = "door",
    zones: Sequence[str] | None = None,
    *,
    by: By = "cost",
    combine: Combination = "least",
    parameters: Overrides | None = None,
    unreachable: Literal["raise", "keep"] | None = None,
    parts: bool = True,
) -> xr.Dataset:
    """Return costs, times and their parts between all pairs of zones.

    Parameters
    ----------
    network
        Places, links and parameters.
    purpose
        ``"passenger"`` (money per person) or ``"freight"`` (money per tonne; no high-speed line and
        no aircraft carries goods).
    modes
        Main modes (road, rail, air) or link modes (``"rail_hsr"``) of the trip; all when left out.
        Stops are reached by road whatever the modes.
    ends
        ``"door"``, or ``"stop"`` for station to station: a zone then has only its own stops.
    zones
        Places (codes or names) that are origins and destinations; all places when left out.
    by
        What a path makes least: generalised ``"cost"`` or ``"minutes"``.
    combine
        ``"least"`` of the main modes, their ``"logsum"``, the logsum ``"nested"`` with kinds of
        train in a nest (``nest_ratio``), or the CES ``"composite"`` of road, each kind of train by
        itself, and air (smooth, positive at every distance).
    parameters
        Overrides for this call; see ``Parameters.with_values``.
    unreachable
        ``"raise"`` when a pair has no path or ``"keep"`` it at infinity. Left out: raise when all
        modes may be used, keep otherwise.
    parts
        Whether the variable of ``by`` comes with all others; without them it takes a third of the
        time.

    Returns
    -------
    Dataset
        Dims origin, destination (place codes, with name, name_zh, lon and lat beside them).
        Variables cost, minutes, km, money, in_vehicle, access, wait, transfer, transfers, egress,
        main_mode (code), reachable; units in ``attrs``. Where there is no path cost and minutes are
        infinite, the parts NaN and ``reachable`` false. Under ``logsum``, ``nested`` and
        ``composite`` the variable of ``by`` is that and the others are means over the alternatives;
        ``skim_modes`` has them by mode, with the share of each.

    Raises
    ------
    UnknownLabel
        A zone or mode that the network does not have, and options that do not exist.
    UnreachablePlace
        Places that cannot be reached or left, with the reason.
    ParameterError
        An override of a parameter that does not exist.
    MeasureError
        No zones or one twice, a logsum that is not positive, or a ``mode_constant`` above the cost
        of a trip.
    """
    asked = Asked(purpose, by, modes, combine, parameters, unreachable)
    check_words(ends=(ends, ("door", "stop")))
    apart = combine in APART
    if not parts:
        return _objective_alone(network, asked, zones, ends)
    done = _skim_all(network, purpose, modes, ends, zones, by, parameters, apart=apart)
    settings = done.parameters
    scale, constants = _scale(settings, done.modes, purpose, by)
    weights = prices(settings, purpose, by)
    own = np.arange(len(done.zones))
    area = network.nodes.loc[done.zones, "area_km2"].to_numpy(dtype=np.float64)
    inside = own_place(settings, area, purpose, door=ends == "door")
    done.objective[:, own, own] = np.inf
    done.objective[0, own, own] = inside @ weights + constants[0]
    total = combine_modes(
        done.objective,
        done.components,
        combine=combine,
        mu=scale,
        theta=settings.get("mode_dispersion", purpose=purpose),
        constants=constants,
        mains=done.modes,
        nest_ratio=settings.get("nest_ratio", "rail", purpose),
    )
    main = np.full(total.main.shape, -1, dtype=np.int8)
    for position, mode in enumerate(done.modes):
        main[total.main == position] = MAIN_MODES.index(mode)
    objective, components = total.objective, total.components
    components[own, own] = inside
    objective[own, own] = inside @ weights
    main[own, own] = MAIN_MODES.index("road")
    data = _variables(objective, components, by, purpose, settings)
    reachable = np.isfinite(objective)
    data["main_mode"] = main
    data["reachable"] = reachable
    if asked.strict and not reachable.all():
        raise UnreachablePlace(_who_is_lost(network, done.zones, reachable))
    return _labelled(network, done, data, (ORIGIN, DESTINATION), purpose, by, combine, ends)


def _objective_alone(
    network: Network, asked: Asked, zones: Sequence[str] | None, ends: Literal["door", "stop"]
) -> xr.Dataset:
    """Return the skim with the variable of ``by`` alone, and what can be reached."""
    keys = network.zone_keys(zones)
    settings = asked.settings(network)
    where = network.nodes.index.get_indexer(pd.Index(keys)).astype(np.int64)
    parts = parts_of(asked, network, settings)
    columns = link_columns(network.links, network.nodes.index)
    door = ends == "door"
    objectives = {p: objective(p, columns, network.nodes, where, door=door) for p in parts}
    area = network.nodes["area_km2"].to_numpy(dtype=np.float64)[where]
    matrix = joined(asked, settings, parts, objectives, area, door=door).matrix
    reachable = np.isfinite(matrix)
    if asked.strict and not reachable.all():
        raise UnreachablePlace(_who_is_lost(network, keys, reachable))
    empty = np.zeros(0)
    done = _Skimmed(tuple(p.main for p in parts), empty, empty, keys, settings)
    data: dict[str, NDArray[np.generic]] = {asked.by: matrix, "reachable": reachable}
    dims = (ORIGIN, DESTINATION)
    return _labelled(network, done, data, dims, asked.purpose, asked.by, asked.combine, ends)


def skim_modes(
    network: Network,
    purpose: Purpose = "passenger",
    modes: Sequence[str] | None = None,
    ends: Literal["door", "stop"] = "door",
    zones: Sequence[str] | None = None,
    *,
    by: By = "cost",
    combine: Combination | None = None,
    parameters: Overrides | None = None,
) -> xr.Dataset:
    """Return the skim of every main mode by itself, dims mode, origin, destination.

    Parameters and variables as in ``skim``; a zone to itself is the same in every mode. With
    ``combine`` the variable ``share`` says how many trips of a pair each main mode has, kinds of
    train together; NaN for a zone to itself, zero where a mode has no path.
    """
    Asked(purpose, by, modes, combine or "least")
    check_words(ends=(ends, ("door", "stop")))
    done = _skim_all(network, purpose, modes, ends, zones, by, parameters)
    own = np.arange(len(done.zones))
    area = network.nodes.loc[done.zones, "area_km2"].to_numpy(dtype=np.float64)
    inside = own_place(done.parameters, area, purpose, door=ends == "door")
    done.components[:, own, own] = inside
    done.objective[:, own, own] = inside @ prices(done.parameters, purpose, by)
    data = _variables(done.objective, done.components, by, purpose, done.parameters)
    data["reachable"] = np.isfinite(done.objective)
    dims = (MODE, ORIGIN, DESTINATION)
    made = _labelled(network, done, data, dims, purpose, by, "least", ends)
    if combine is None:
        return made
    apart = done
    if combine in APART:
        apart = _skim_all(network, purpose, modes, ends, zones, by, parameters, apart=True)
    share = _shares(apart, done.modes, purpose, by, combine)
    return made.assign(share=(dims, share, {"units": "1"})).assign_attrs(combine=combine)


def _shares(
    done: _Skimmed, mains: tuple[MainMode, ...], purpose: Purpose, by: By, combine: Combination
) -> Floats:
    """Return the share of every main mode in the trips of each pair, (M, Z, Z)."""
    settings = done.parameters
    mu, constants = _scale(settings, done.modes, purpose, by)
    net = done.objective - constants[:, None, None]
    there = np.isfinite(net).any(axis=0)
    if combine == "least":
        share = (np.arange(len(net))[:, None, None] == net.argmin(axis=0)) & there
    elif combine == "logsum":
        share = shares(net, mu=mu)
    elif combine == "nested":
        ratio = settings.get("nest_ratio", "rail", purpose)
        share = nested_shares(net, done.modes, mu=mu, ratio=ratio)
    else:
        share = composite_shares(net, theta=settings.get("mode_dispersion", purpose=purpose))
    made = np.zeros((len(mains), *net.shape[1:]))
    for k, main in enumerate(done.modes):
        made[mains.index(main)] += share[k]
    own = np.arange(net.shape[1])
    made[:, own, own] = np.nan
    return made


def _scale(
    settings: Parameters, modes: tuple[MainMode, ...], purpose: Purpose, by: By
) -> tuple[float, Floats]:
    """Return the scale of a logsum in 1 / unit of the objective, and what modes are worth."""
    mu = settings.get("logsum_scale", purpose=purpose)
    if by == "minutes":  # minutes stay minutes
        return mu * value_per_minute(settings, purpose), np.zeros(len(modes))
    return mu, np.array([settings.get("mode_constant", m, purpose, 0.0) for m in modes])


def _skim_all(
    network: Network,
    purpose: Purpose,
    modes: Sequence[str] | None,
    ends: str,
    zones: Sequence[str] | None,
    by: By,
    overrides: Overrides | None,
    *,
    apart: bool = False,
) -> _Skimmed:
    if overrides:
        network = network.with_parameters(overrides)
    settings = network.parameters
    chosen = services(chosen_modes(modes, purpose), apart=apart)
    keys = network.zone_keys(zones)
    where = network.nodes.index.get_indexer(pd.Index(keys)).astype(np.int64)
    arcs = directed_arcs(network, purpose)
    weights = prices(settings, purpose, by)
    door = ends == "door"
    objective = np.full((len(chosen), len(keys), len(keys)), np.inf)
    components = np.full((*objective.shape, len(COMPONENTS)), np.nan)
    for position, (main, link_modes) in enumerate(chosen):
        layer = service_layer(
            arcs, network.nodes, where, settings, main, link_modes, purpose, weights, door=door
        )
        if layer is None:
            continue
        objective[position], components[position] = least_paths(
            layer.core, layer.starts, layer.ends, weights
        )
    return _Skimmed(tuple(main for main, _ in chosen), objective, components, keys, settings)


def _variables(
    objective: Floats, components: Floats, by: By, purpose: Purpose, settings: Parameters
) -> dict[str, NDArray[np.generic]]:
    """Return the variables by name; the one made least is the exact objective of the paths."""
    data: dict[str, NDArray[np.generic]] = {}
    other: By = "minutes" if by == "cost" else "cost"
    derived = components @ prices(settings, purpose, other)
    data[by] = objective
    data[other] = np.where(np.isfinite(objective), derived, np.inf)
    for position, name in enumerate(COMPONENTS):
        data[name] = np.ascontiguousarray(components[..., position])
    return {name: data[name] for name in ("cost", "minutes", *COMPONENTS)}


def _labelled(
    network: Network,
    done: _Skimmed,
    data: dict[str, NDArray[np.generic]],
    dims: tuple[str, ...],
    purpose: Purpose,
    by: By,
    combine: Combination,
    ends: str,
) -> xr.Dataset:
    currency = done.parameters.currency
    per = "person" if purpose == "passenger" else "t"
    units = {k: (f"{currency}/{per}" if u == "money" else u) for k, u in units_of("skim").items()}
    rows = network.nodes.loc[done.zones]
    coords: dict[str, object] = {}
    for dim in (ORIGIN, DESTINATION):
        coords[dim] = (dim, rows.index.to_numpy(dtype=object))
        for column in ("name", "name_zh"):
            coords[f"{dim}_{column}"] = (dim, rows[column].to_numpy(dtype=object))
        for column in ("lon", "lat"):
            coords[f"{dim}_{column}"] = (dim, rows[column].to_numpy(), {"units": "degrees"})
    if MODE in dims:
        coords[MODE] = (MODE, np.array(done.modes, dtype=object))
    variables = {k: (dims, v, {"units": units[k]}) for k, v in data.items()}
    dataset = xr.Dataset(variables, coords=coords)
    if "main_mode" in dataset:
        dataset["main_mode"].attrs |= {
            "flag_values": np.array([-1, 0, 1, 2], dtype=np.int8),
            "flag_meanings": "none " + " ".join(MAIN_MODES),
        }
    used = done.parameters.table
    dataset.attrs = {
        "network": network.name,
        "year": "" if network.year is None else int(network.year),
        "purpose": purpose,
        "by": by,
        "combine": combine,
        "ends": ends,
        "modes": " ".join(dict.fromkeys(done.modes)),
        "currency": currency,
        "straight_speed": done.parameters.get("straight_speed"),
        "parameters": json.dumps(
            {
                ".".join(filter(None, key)): value
                for *key, value in used[["parameter", "mode", "purpose", "value"]].to_numpy()
            }
        ),
    }
    return dataset


def _who_is_lost(network: Network, zones: list[str], reachable: NDArray[np.bool_]) -> str:
    """Return the sentence that names the places that are cut off, and why."""
    both_ways = reachable & reachable.T
    reference = int(np.argmax(both_ways.sum(axis=1)))  # a place of the largest piece
    lost = np.flatnonzero(~both_ways[reference])
    reasons = network.unreachable()
    names = network.nodes["name"]
    limit = "no road or access link leads to it, and no stop within the access limit does"
    words = [f"{names[zones[i]]} ({zones[i]}): {reasons.get(zones[i], limit)}" for i in lost]
    shown = "; ".join(words[:5]) + (f"; and {len(words) - 5} more" if len(words) > 5 else "")
    return (
        f"Every place must be reached from every other; {len(words)} of {len(zones)} in "
        f"{network.name!r} are not: {shown}. Add a link, leave the place out by zones=, or say "
        "unreachable='keep'."
    )
