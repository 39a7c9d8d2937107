"""The value of every link: how an objective moves when a link gets faster or cheaper.

Owns the question: which existing link is worth most, for whom, and what is a candidate worth to
first order?

Public names
------------
``link_values``        a calibrated model and an objective in; Dataset over links out
``pair_values``        dJ / dc over pairs of places: what the value of links is made of
``first_order_value``  a candidate: sum of dJ / dc (c' - c) with c' from a what-if skim
``AccessObjective``    a smooth measure of access, or how unequal it is

Terms: *improve* is the rate at which J moves as the link gets better, *worsen* the rate as it gets
worse, both stated per unit saved; they differ only where least ways tie. Both directions of a link
are one row of the link table and change together; a *track* is all links of a mode between the
same two ends. Values are derivatives at the base year: per
unit, not for a large change.

Formula
-------
    value_l = - sum_od dJ / dc_od  dc_od / dw_l
by one quantity adjoint, one price adjoint where prices follow costs (`model.link_values.economy`),
the derivative of closeness where productivity acts (`model.channels.productivity`), region means
and place pairs (`model.link_values.pairs`), and one accumulation over shortest-path trees
(`networks.tree_loading`).

Source: R. Roy's identity and the envelope theorem; T. Allen and C. Arkolakis (2022), The welfare
effects of transportation infrastructure improvements, for links in a model with one sector.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from io_tables.labels import did_you_mean
from model.calibration import Calibration
from model.channels.answers import Acting, acting
from model.costs import business_value_of_time
from model.errors import InvalidParameter, UnknownLabel
from model.link_values.objectives import AccessObjective, Goal, Objective, check_objective
from model.link_values.pairs import PairGradients, first_order_value, pair_gradients
from model.response import FinalDemandClosure, PriceRule
from networks.combine import Combination
from networks.dims import Purpose
from networks.modes import wait_minutes
from networks.network import Network
from networks.skim import By
from networks.tree_loading import LinkLoad, load_links, tracks

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Together = Literal["link", "track"]

__all__ = [
    "AccessObjective",
    "Objective",
    "Together",
    "first_order_value",
    "link_values",
    "pair_values",
]

SIDES = ("improve", "worsen")


class _Skim(NamedTuple):
    """How a skim of the model is made (``model.costs``)."""

    purpose: Purpose
    by: By
    combine: Combination
    modes: tuple[str, ...] | None = None
    business: bool = False


SKIMS: dict[str, _Skim] = {
    "passenger": _Skim("passenger", "cost", "composite", business=True),
    "freight": _Skim("freight", "cost", "least"),
    "fastest": _Skim("passenger", "minutes", "least"),
    "rail": _Skim("passenger", "minutes", "least", ("rail",)),
}


def pair_values(
    base: Calibration,
    objective: Objective = "real_consumption",
    *,
    regions: Sequence[str] | None = None,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
    channels: Sequence[str] = ("sourcing",),
) -> xr.Dataset:
    """Return how an objective moves with the cost between every two places.

    Parameters
    ----------
    base : Calibration
        Of a ``SpatialModel``.
    objective, regions, closure, prices, channels
        As in ``link_values``.

    Returns
    -------
    Dataset
        Dims origin, destination (place codes). One variable for each skim that the objective rests
        on ("passenger", "freight", "fastest" or "rail"): units of the objective per unit of the
        skim more. ``{k: v.values for k, v in found.items()}`` goes into ``first_order_value``.

    Raises
    ------
    As ``link_values``.
    """
    acts = acting(channels, prices, closure)
    goal = check_objective(base, objective, closure=closure, prices=acts.prices)
    chosen = _chosen(base, regions)
    found = pair_gradients(
        base, goal, np.asarray(chosen.any(axis=1)).reshape(-1, 1), closure=closure, acts=acts
    )
    codes = base.places.codes
    data = xr.Dataset(
        {
            name: (("origin", "destination"), np.ascontiguousarray(weight[..., 0]))
            for name, weight in found.weights.items()
        },
        coords={"origin": codes, "destination": codes},
    )
    for name in found.weights:
        data[name].attrs["units"] = f"{goal.units} per {_cost_unit(base, name)}"
    data.attrs = _facts(base, goal, found, closure, acts)
    return data


def link_values(
    base: Calibration,
    objective: Objective = "real_consumption",
    *,
    regions: Sequence[str] | None = None,
    by_region: bool = False,
    closure: FinalDemandClosure = "spending",
    prices: PriceRule = "given",
    channels: Sequence[str] = ("sourcing",),
    together: Together = "link",
    build_cost: pd.Series | None = None,
    workers: int | None = None,
) -> xr.Dataset:
    """Return how an objective moves with the time and money of every existing link.

    Parameters
    ----------
    base : Calibration
        Of a ``SpatialModel``.
    objective : str, Series or AccessObjective
        "real_consumption", "purchase_cost" (of base-year purchases), "output", "value_added",
        "jobs" or another account of the table; intensities per money of output by (region, sector);
        or a smooth measure of access ("potential", "weighted_mean", "efficiency", "logsum",
        "effective_density", or an ``AccessObjective``).
    regions : sequence of str, optional
        Whose output, purchases or access counts; all when left out.
    by_region : bool
        One value for each of these regions, dim ``region``, instead of their sum.
    closure : {"spending", "real"}
    prices : {"given", "follow costs"}
        As in ``SpatialModel.respond``.
    channels : sequence of str
        The responses that are switched on, of sourcing, price (prices follow costs), productivity
        and households. One without an adjoint is refused.
    together : {"link", "track"}
        One row for each link, or for all links of a mode between the same two ends: services that
        share a track are worth little one by one where others do as well, and all of it together.
        A track has the key of its first link, the number of its links beside it, and no
        ``per_departure``.
    build_cost : Series, optional
        Cost by link; links that are left out have none. That of a track is their sum.
    workers : int, optional
        Threads; the result is the same bit for bit.

    Returns
    -------
    Dataset
        Dims link, purpose, side ("improve", "worsen") and, where asked, region; mode, line,
        from_name, to_name and km beside the links.
        per_minute : change of the objective for each minute of the link table saved
        per_money : for each unit of money saved on the link by a traveller or for a tonne
        per_wait_minute : for each minute of wait saved where the link is boarded
        per_departure : for one more departure a day; NaN where departures are not known
        per_minute_and_km, per_minute_and_cost : per_minute over km, and over the build cost
        pairs : (link, purpose) ordered pairs of places whose least way goes over the link, summed
        over road, kinds of train and air
        reason : (link, purpose) why the value is exactly zero; empty otherwise
        Units in ``attrs``; those of the Dataset hold objective, better ("more" or "less"), closure,
        prices, and how many pairs have several least ways.

    Raises
    ------
    NotInThisVersion
        An objective that jumps (cumulative, interval, daily, closest, Gini, decays with a corner),
        or a channel without an adjoint.
    InvalidParameter
        An objective that the closure holds fixed.
    UnknownLabel
        Objectives, regions or links that are not there.
    """
    acts = acting(channels, prices, closure)
    goal = check_objective(base, objective, closure=closure, prices=acts.prices)
    chosen = _chosen(base, regions)
    groups = chosen if by_region else np.asarray(chosen.any(axis=1)).reshape(-1, 1)
    found = pair_gradients(base, goal, groups, closure=closure, acts=acts)
    if together not in ("link", "track"):
        raise InvalidParameter(f'together must be "link" or "track"; found {together!r}.')
    every = np.arange(len(base.network.links), dtype=np.int64)
    group = tracks(base.network) if together == "track" else every
    loads = _loads(base, found, group, workers)
    purposes = list(dict.fromkeys(SKIMS[name].purpose for name in loads))
    of_purpose = {SKIMS[name].purpose: load for name, load in loads.items()}
    data = _labelled(base, goal, of_purpose, group)
    if together == "track":
        data = data.drop_vars("per_departure")
    if by_region:
        labels = [base.places.regions[k] for k in np.flatnonzero(chosen.any(axis=1))]
        data = data.assign_coords(region=labels)
    else:
        data = data.isel(region=0)
    data["per_minute_and_km"] = _over(data, data["km"], "per km")
    if build_cost is not None:
        cost = _build_cost(base.network, build_cost, group, data["link"])
        data["per_minute_and_cost"] = _over(data, cost, "per money of build cost")
    data.attrs = _facts(base, goal, found, closure, acts) | {
        "directions": "both directions of a link change together",
        "pairs_with_weight": sum(load.weighed for load in loads.values()),
        "pairs_with_several_least_ways": sum(load.tied for load in loads.values()),
        "purposes": " ".join(purposes),
    }
    return data


def _chosen(base: Calibration, regions: Sequence[str] | None) -> NDArray[np.bool_]:
    """Return (R, K): one column for each region chosen, in table order."""
    known = base.places.regions
    wanted = known if regions is None else [regions] if isinstance(regions, str) else list(regions)
    if strange := [r for r in wanted if r not in known]:
        raise UnknownLabel(
            f"the table has no region {', '.join(map(repr, strange[:5]))}"
            f"{did_you_mean(strange[0], known)}."
        )
    if not wanted:
        raise UnknownLabel("links are valued for one region at least; none was given.")
    return np.stack([np.array([k == r for k in known]) for r in known if r in wanted], axis=1)


def _loads(
    base: Calibration, found: PairGradients, group: Ints, workers: int | None
) -> dict[str, LinkLoad]:
    loads = {}
    for name, weight in found.weights.items():
        how = SKIMS[name]
        overrides = {"value_of_time": business_value_of_time(base.parameters)}
        loads[name] = load_links(
            base.network,
            weight,
            how.purpose,
            zones=base.places.codes,
            by=how.by,
            combine=how.combine,
            modes=how.modes,
            parameters=overrides if how.business else None,
            together=group,
            workers=workers,
        )
    return loads


def _labelled(
    base: Calibration, goal: Goal, loads: dict[Purpose, LinkLoad], group: Ints
) -> xr.Dataset:
    _, first, members = np.unique(group, return_index=True, return_counts=True)
    links, names = base.network.links.iloc[first], base.network.nodes["name"]
    dims = ("link", "purpose", "side", "region")
    parts = list(loads.values())

    def stacked(name: Literal["minutes", "money", "wait"]) -> Array:
        saved = [-getattr(load, name) for load in parts]  # per unit saved
        return np.stack(saved, axis=1).transpose(2, 1, 0, 3) + 0.0  # no minus zero

    wait = stacked("wait")
    more = np.stack([_wait_per_departure(base.network, p)[first] for p in loads], axis=1)
    variables: dict[str, tuple[tuple[str, ...], object, dict[str, str]]] = {
        "per_minute": (dims, stacked("minutes"), {"units": f"{goal.units} per minute saved"}),
        "per_money": (dims, stacked("money"), {"units": _money_units(base, goal)}),
        "per_wait_minute": (dims, wait, {"units": f"{goal.units} per minute of wait saved"}),
        "per_departure": (
            dims,
            wait * more[..., None],
            {"units": f"{goal.units} per departure a day more"},
        ),
        "pairs": (dims[:2], np.stack([load.pairs for load in parts], axis=1), {"units": "pairs"}),
        "reason": (dims[:2], np.stack([_reasons(load) for load in parts], axis=1), {"units": ""}),
    }
    coords = {
        "link": links.index.to_numpy(dtype=object),
        "purpose": list(loads),
        "side": list(SIDES),
        "mode": ("link", links["mode"].to_numpy(dtype=object)),
        "line": ("link", links["line"].to_numpy(dtype=object)),
        "from_name": ("link", names.loc[links["from_node"]].to_numpy(dtype=object)),
        "to_name": ("link", names.loc[links["to_node"]].to_numpy(dtype=object)),
        "links": ("link", members, {"units": "links side by side"}),
        "km": ("link", links["km"].to_numpy(dtype=np.float64), {"units": "km"}),
    }
    return xr.Dataset(variables, coords=coords)


def _reasons(load: LinkLoad) -> NDArray[np.object_]:
    """Return why a link is worth exactly zero, or nothing, by link."""
    reasons = np.full(len(load.pairs), "", dtype=object)
    zero = ~(load.minutes.any(axis=(0, 2)) | load.money.any(axis=(0, 2)))
    used = load.pairs > 0.0
    reasons[zero & used] = "the pairs of places that use it have no weight in the objective"
    reasons[zero & ~used] = "no least way between places goes over it"
    reasons[~load.carried] = "its mode carries none of this purpose"
    return reasons


def _wait_per_departure(network: Network, purpose: Purpose) -> Array:
    """Return minutes of wait saved by one more departure a day, (L, 2) by side."""
    links, parameters = network.links, network.parameters
    departures = links["trains_per_day"].to_numpy(dtype=np.float64)
    mode = links["mode"].to_numpy()
    found = np.zeros((len(links), 2))
    for main, modes in (("air", ["air"]), ("rail", ["rail_conventional", "rail_hsr"])):
        of = np.isin(mode, modes)
        wait = wait_minutes(parameters, departures[of], main, purpose)
        cap = parameters.get("wait_cap", main, purpose)
        share = parameters.get("wait_share", main, purpose)
        hours = parameters.get("service_hours", main, purpose)
        free = share * 60.0 * hours / departures[of]
        slope = wait / departures[of]
        found[of, 0] = np.where(np.isnan(free), np.nan, np.where(free <= cap, slope, 0.0))
        found[of, 1] = np.where(np.isnan(free), np.nan, np.where(free < cap, slope, 0.0))
    return found


def _over(data: xr.Dataset, amount: xr.DataArray, words: str) -> xr.DataArray:
    divided = data["per_minute"] / amount.where(amount > 0.0)
    return divided.assign_attrs(units=f"{data['per_minute'].attrs['units']}, {words}")


def _build_cost(
    network: Network, given: pd.Series, group: Ints, keys: xr.DataArray
) -> xr.DataArray:
    known = network.links.index
    if lost := [str(k) for k in given.index if k not in known]:
        raise UnknownLabel(
            f"build_cost names {len(lost)} links that the network does not have: "
            f"{', '.join(lost[:5])}{did_you_mean(lost[0], list(known)[:5000])}."
        )
    if given.index.has_duplicates:
        twice = given.index[given.index.duplicated()].astype(str)
        raise InvalidParameter(
            f"build_cost must name a link once; {', '.join(twice[:5])} stand more often. Sum them."
        )
    values = given.reindex(known).groupby(group).sum(min_count=1).to_numpy(dtype=np.float64)
    return xr.DataArray(values, dims=("link",), coords={"link": keys})


def _cost_unit(base: Calibration, skim: str) -> str:
    of = "minutes" if SKIMS[skim].by == "minutes" else "cost"
    return str(getattr(base.skims, skim)[of].attrs.get("units", ""))


def _money_units(base: Calibration, goal: Goal) -> str:
    currency = base.network.parameters.currency
    return f"{goal.units} per {currency}/person (passenger) or {currency}/t (freight) saved"


def _facts(
    base: Calibration,
    goal: Goal,
    found: PairGradients,
    closure: FinalDemandClosure,
    acts: Acting,
) -> dict[str, object]:
    bounds = [solution.error_bound for solution in found.solutions]
    economy = goal.access is None
    return {
        "objective": goal.name,
        "units": goal.units,
        "better": goal.better,
        "closure": closure if economy else "",
        "prices": acts.prices if economy else "",
        "channels": " ".join(acts.channels) if economy else "",
        "solves": len(bounds),
        "largest_error_bound": max(bounds, default=0.0),
        "network": base.network.name,
    }
