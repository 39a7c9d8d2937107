"""What an edited network does: travel, trade shares, output and real consumption, and how sure.

Owns the question: who gains from the edits through cheaper or dearer delivery, and how far does the
answer move with the parameters nobody has measured?

Public names
------------
``corridor_dataset``   levels with the sourcing channel alone, prices, shares, skims, ranges
``CASES``              the parameter cases shown beside the central one

Every figure is a change against the base year through sourcing alone, at given mill prices. Cases
move one parameter (or all) to the low or high end of its range and do the whole chain again, the
base year included, so that each case is calibrated to the same observed table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration, respond_to, skims_of, with_parameters
from model.costs import Skims, goods_links_equal
from model.response import FinalDemandClosure, Response
from model.results import IdentityRecord, SolveRecord
from model.steps.base import identity, labelled, solve_record
from model.steps.edits import Leg
from networks.network import Network

Array = NDArray[np.float64]

__all__ = ["CASES", "CorridorOutcome", "corridor_dataset"]

_KAPPA = ("kappa_goods", "kappa_services", "kappa_business_services")
_ALL = (*_KAPPA, "theta", "value_of_time")
CASES: tuple[tuple[str, Literal["low", "high"] | None, tuple[str, ...]], ...] = (
    ("central", None, ()),
    ("kappa low", "low", _KAPPA),
    ("kappa high", "high", _KAPPA),
    ("theta low", "low", ("theta",)),
    ("theta high", "high", ("theta",)),
    ("value of time low", "low", ("value_of_time",)),
    ("value of time high", "high", ("value_of_time",)),
    ("all low", "low", _ALL),
    ("all high", "high", _ALL),
)
EFFECTS = (
    "real_consumption",
    "cost_saving",
    "value_added",
    "output",
    "goods_real_consumption",
    "services_real_consumption",
    "mean_minutes",
)


@dataclass(frozen=True)
class CorridorOutcome:
    """Variables, skims with the edits, identities, solves, and which effects are exactly zero."""

    data: xr.Dataset
    skims: Skims
    identities: list[IdentityRecord]
    solves: list[SolveRecord]
    zero_effects: list[str]


def corridor_dataset(
    base: Calibration,
    network: Network,
    legs: list[Leg],
    *,
    closure: FinalDemandClosure,
    progress: Callable[[str, float], None],
) -> CorridorOutcome:
    """Return what the edited network changes.

    Parameters
    ----------
    base : Calibration
    network : Network
        The edited one.
    legs : list of Leg
        Of the lines it adds, for maps.
    closure : {"spending", "real"}
    progress : callable
        Called with what is done now and the share of this step that is behind it.
    """
    progress("travel times with the edits", 0.0)
    skims = skims_of(base, network)
    progress("sourcing with the edits", 0.3)
    response = respond_to(base, skims, closure=closure)
    data = _levels(base, response).merge(_skim_dataset(base, skims))
    data = data.merge(_legs_dataset(legs))
    data["corridor_range"] = _ranges(base, network, skims, response, closure, progress)
    gaps = [
        identity(f"sourcing: {name} balance with quantity shares", gap, 1e-9)
        for name, gap in response.gaps.items()
    ]
    solves = []
    if response.solution is not None:
        solves.append(solve_record("sourcing", response.solution))
    return CorridorOutcome(data, skims, gaps, solves, _zero_effects(base, network, response))


def _levels(base: Calibration, response: Response) -> xr.Dataset:
    """Return levels with the sourcing channel alone, and shares and prices."""
    blocks, unit = base.blocks, base.table.unit
    flat = ("region", "sector")
    money = (blocks.demand + blocks.imported_demand).sum(axis=2)
    rate = np.divide(
        blocks.primary, blocks.output, out=np.zeros_like(blocks.output), where=blocks.output > 0
    )
    levels = {
        "output": (blocks.output, response.output, "output by place of production"),
        "value_added": (
            rate * blocks.output,
            response.value_added,
            "value added at base-year rates by place of production",
        ),
        "final_demand": (money, response.final_demand, "residents' spending, money"),
        "real_consumption": (
            money,
            response.real_consumption,
            "residents' final purchases at base-year prices",
        ),
    }
    data = xr.Dataset(
        {
            name: labelled(
                (level + change)[:, :, None],
                (*flat, "channel"),
                unit,
                f"{text}, with one channel alone",
            )
            for name, (level, change, text) in levels.items()
        }
    ).assign_coords(channel=["sourcing"])
    data["cost_saving"] = labelled(
        response.cost_saving,
        flat,
        unit,
        "input costs that producers save at given prices, by place of production",
    )
    data["delivered_price"] = labelled(
        response.delivered_price, flat, "1", "price index of final purchases, new / base"
    )
    shares = ("sector", "region_from", "region_to")
    data["trade_share"] = labelled(
        response.sourcing.value_share, shares, "1", "share of each origin in domestic purchases"
    )
    data["trade_share_base"] = labelled(
        blocks.trade, shares, "1", "share of each origin in domestic purchases, base year"
    )
    regions = base.table.regions
    return data.assign_coords(region_from=regions, region_to=regions)


def _skim_dataset(base: Calibration, skims: Skims) -> xr.Dataset:
    """Return minutes and cost, with and without the edits, over (origin, destination, purpose)."""
    pairs = ("origin", "destination", "purpose")
    codes = base.places.codes

    def stack(passenger: xr.DataArray, freight: xr.DataArray) -> Array:
        order = {"origin": codes, "destination": codes}
        return np.stack([passenger.sel(order).values, freight.sel(order).values], axis=-1)

    made = {}
    for suffix, one in (("", skims), ("_base", base.skims)):
        when = "base year" if suffix else "with the edits"
        made[f"minutes{suffix}"] = labelled(
            stack(one.fastest["minutes"], one.freight["minutes"]),
            pairs,
            "min",
            f"door-to-door minutes, {when} (freight: of the cheapest way)",
        )
        made[f"cost{suffix}"] = labelled(
            stack(one.passenger["cost"], one.freight["cost"]),
            pairs,
            f"{one.passenger['cost'].attrs['units']} per trip, per tonne",
            f"generalised cost, {when}",
        )
        rail = one.rail["minutes"].sel(origin=codes, destination=codes).values
        made[f"rail_minutes{suffix}"] = labelled(
            np.where(np.isfinite(rail), rail, np.nan),
            pairs[:2],
            "min",
            f"door-to-door minutes by rail, {when}; missing where no train leads",
        )
    return xr.Dataset(made).assign_coords(
        origin=codes, destination=codes, purpose=["passenger", "freight"]
    )


def _legs_dataset(legs: list[Leg]) -> xr.Dataset:
    dims = ("corridor_leg",)
    columns = {
        "corridor_line": ([one.line for one in legs], "", "line that the scenario adds"),
        "corridor_from": ([one.from_name for one in legs], "", "stop a leg leaves"),
        "corridor_to": ([one.to_name for one in legs], "", "stop a leg reaches"),
        "corridor_lon_from": ([one.lon_from for one in legs], "degrees east", "longitude"),
        "corridor_lat_from": ([one.lat_from for one in legs], "degrees north", "latitude"),
        "corridor_lon_to": ([one.lon_to for one in legs], "degrees east", "longitude"),
        "corridor_lat_to": ([one.lat_to for one in legs], "degrees north", "latitude"),
    }
    return xr.Dataset(
        {
            name: labelled(
                np.array(values, dtype=float if unit else object), dims, unit or "1", text
            )
            for name, (values, unit, text) in columns.items()
        }
    )


def mean_minutes(base: Calibration, skims: Skims) -> float:
    """Return the population-weighted mean of fastest door-to-door minutes between places."""
    mass = base.places.mass("population").to_numpy()
    codes = base.places.codes
    minutes = skims.fastest["minutes"].sel(origin=codes, destination=codes).values
    return float(mass @ minutes @ mass / mass.sum() ** 2)


def _effects(base: Calibration, response: Response, minutes: float) -> list[float]:
    goods = base.roles.goods
    real = response.real_consumption
    return [
        float(real.sum()),
        float(response.cost_saving.sum()),
        float(response.value_added.sum()),
        float(response.output.sum()),
        float(real[:, goods].sum()),
        float(real[:, ~goods].sum()),
        minutes,
    ]


def _ranges(
    base: Calibration,
    network: Network,
    skims: Skims,
    central: Response,
    closure: FinalDemandClosure,
    progress: Callable[[str, float], None],
) -> xr.DataArray:
    """Return the national effects of every case of `CASES`, shape (cases, effects)."""
    minutes = mean_minutes(base, skims) - mean_minutes(base, base.skims)
    rows = [_effects(base, central, minutes)]
    calibrated = {base.parameters.get("value_of_time"): (base, skims)}
    for position, (name, bound, keys) in enumerate(CASES[1:], start=1):
        progress(f"how sure: {name}", 0.3 + 0.7 * position / len(CASES))
        parameters = base.parameters.at(bound or "low", *keys)
        value = parameters.get("value_of_time")
        if value not in calibrated:
            calibrated[value] = (
                with_parameters(base, base.parameters.with_values({"value_of_time": value})),
                skims_of(base, network, central=skims, at=parameters),
            )
        near, edited = calibrated[value]
        case = with_parameters(near, parameters)
        rows.append(_effects(case, respond_to(case, edited, closure=closure), minutes))
    return labelled(
        rows,
        ("case", "effect"),
        f"{base.table.unit}; mean_minutes in min",
        "national change in each case of the parameters",
    ).assign_coords(case=[name for name, _, _ in CASES], effect=list(EFFECTS))


def _zero_effects(base: Calibration, network: Network, response: Response) -> list[str]:
    """Say which effects are exactly zero, and why."""
    goods = base.roles.goods
    price = response.sourcing.price_index
    if not goods.any() or np.any(price[goods] != 1.0):
        return []
    if goods_links_equal(base.network, network):
        why = (
            "no link that carries goods was edited: a high-speed line carries passengers only. "
            "Give freed_freight_capacity (the share of parallel conventional capacity that the "
            "line frees) to let goods gain"
        )
    else:
        why = "the edited links carry goods, but no least-cost way of goods uses them"
    moved = float(response.output[:, goods].sum())
    return [
        f"The effect on the delivered cost and the sourcing of goods is exactly zero: {why}. "
        "Output of goods still moves, as an input to services "
        f"({'−' if moved < 0 else '+'}{abs(moved):,.0f} {base.table.unit} in all)."
    ]
