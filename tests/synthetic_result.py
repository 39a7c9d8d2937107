"""A result that no run made: plausible numbers to the dictionary of a result, seeded, any size.

For tests of what reads a result (the report). The economy is invented; only the relations that a
reader may check hold: spillovers lie outside the pole, parts of Theil add up, times are symmetric.
"""

import numpy as np
import xarray as xr

from model.results import Result, RunReport, RunStatus
from model.scenario import Closure, Edit, Scenario, Stimulus

UNIT = "million yuan 2020"
PARTS = ["intraregional", "feedback", "spillover"]
ACCOUNTS = ["output", "value_added"]
CASES = ["central"] + [
    f"{lever} {side}"
    for lever in ("kappa", "theta", "value of time", "all")
    for side in ("low", "high")
]
EFFECTS = [
    "real_consumption",
    "cost_saving",
    "value_added",
    "output",
    "goods_real_consumption",
    "services_real_consumption",
    "mean_minutes",
]
RINGS = ["0-1 h", "1-2 h", "2-4 h", "4-8 h", "8 h and more"]


def var(dims, values, units, long_name="synthetic"):
    return xr.DataArray(
        np.asarray(values), dims=dims, attrs={"units": units, "long_name": long_name}
    )


def base(rng, n_regions, n_sectors, n_places):
    regions = [f"Region {i + 1}" for i in range(n_regions)]
    sectors = [f"Sector {i + 1}" for i in range(n_sectors)]
    codes = [f"{100000 + i}" for i in range(n_places)]
    home = np.sort(rng.integers(0, n_regions, n_places))
    home[:n_regions] = np.arange(n_regions)
    home = np.sort(home)
    macro = np.array(["North", "South", "West"], dtype=object)[np.arange(n_regions) % 3]
    centre = rng.uniform([80, 20], [125, 48], (n_regions, 2))
    where = centre[home] + rng.normal(0, 1.5, (n_places, 2))
    population = np.round(np.exp(rng.normal(14.9, 0.7, n_places)))
    output = np.exp(rng.normal(12, 1, (n_regions, n_sectors)))
    values = {
        "output_base": output,
        "value_added_base": 0.4 * output,
        "final_demand_base": 0.45 * output,
        "real_consumption_base": 0.45 * output,
    }
    data = xr.Dataset({k: var(("region", "sector"), v, UNIT) for k, v in values.items()})
    return data.assign_coords(
        region=regions,
        sector=sectors,
        macro_region=("region", macro),
        sector_kind=("sector", np.where(np.arange(n_sectors) < n_sectors / 2, "goods", "service")),
        place=codes,
        place_name=("place", [f"City {i}" for i in range(n_places)]),
        place_name_zh=("place", [f"城{i}" for i in range(n_places)]),
        place_region=("place", np.array(regions, dtype=object)[home]),
        lon=("place", where[:, 0]),
        lat=("place", where[:, 1]),
        population=("place", population),
        gdp=("place", population * 0.07),
    )


def access(data, rng, corridor):
    lon, lat, people = (data[k].to_numpy() for k in ("lon", "lat", "population"))
    minutes = 60 + 30 * np.hypot(lon[:, None] - lon, lat[:, None] - lat)
    faster = minutes.copy()
    if corridor:
        near = np.abs(lat - lat.mean()) < 6
        faster = np.where(near[:, None] & near, 0.9 * minutes, minutes)
        np.fill_diagonal(faster, minutes.diagonal())
    both = {"minutes_base": minutes, "minutes": faster}
    names = ["weighted_mean_minutes", "potential", "daily"]
    out = xr.Dataset(coords={"measure": names, "year": [2020]})
    for suffix, m in (("_base", minutes), ("", faster)):
        levels = [m @ people / people.sum(), (people / m).sum(1), (m < 240) @ people]
        values = np.stack(levels, axis=1)[:, :, None]
        if corridor or suffix:
            out[f"access{suffix}"] = var(("place", "measure", "year"), values, "min; persons")
            parts = rng.uniform(0.01, 0.02, (2, 1, 1, 1)) * [0.4, 0.6]
            block = np.concatenate([parts.sum(-1, keepdims=True), parts], axis=-1)
            gini = np.concatenate([block[..., :1] + 0.1, np.full((2, 1, 1, 2), np.nan)], axis=-1)
            gini = np.concatenate([gini, 2 * gini], axis=1)  # and coefficient of variation
            out[f"disparity{suffix}"] = var(
                ("subject", "index", "grouping", "disparity_part"),
                np.concatenate([block, gini], axis=1) * (1.0 if suffix else 0.98),
                "1",
            )
    if corridor:
        for name, m in both.items():
            stacked = np.stack([m, 2 * m], axis=2)
            out[name] = var(("origin", "destination", "purpose"), stacked, "min")
            cost = name.replace("minutes", "cost")
            out[cost] = var(("origin", "destination", "purpose"), 0.5 * stacked + 9, "yuan")
            out[f"rail_{name}"] = var(("origin", "destination"), 1.2 * m, "min")
        codes = data["place"].to_numpy()
        out = out.assign_coords(origin=codes, destination=codes, purpose=["passenger", "freight"])
    return out.assign_coords(
        subject=["potential", "weighted_mean_minutes"],
        index=["theil_t", "gini", "coefficient_of_variation"],
        grouping=["macro_region"],
        disparity_part=["total", "between", "within"],
    )


def history(data, rng):
    """Three years, made of a start and what each cause adds, free of order in the middle."""
    causes, orders = ["rail", "roads", "flights"], ["order-free", "first", "last"]
    people = data["population"].to_numpy()
    macro = data["macro_region"].to_series().reindex(data["place_region"].to_numpy()).to_numpy()
    cluster = np.where(np.arange(len(people)) % 3, "Cluster 1", "outside")
    names = ["all people", *dict.fromkeys(macro), *dict.fromkeys(cluster)]
    grouping = ["nation"] + ["macro_region"] * len(set(macro)) + ["clusters"] * len(set(cluster))
    rows = [people, *(people * (macro == n) for n in dict.fromkeys(macro))]
    rows += [people * (cluster == n) for n in dict.fromkeys(cluster)]
    member = np.array(rows) / np.array(rows).sum(axis=1, keepdims=True)
    start = rng.uniform(800, 2000, (len(people), 2, 3, 1)) * [[[1.0], [1e3], [1e4]]]
    share = rng.uniform(0.01, 0.1, (len(people), 2, 3, 3, 3, 1)) * [[1.0], [0.3], [0.02]]
    share[:, 1, :, :, 2] = 0.0  # no flight by rail and road
    share = (
        share * np.array([0.0, 0.4, 1.0])[:, None, None] * np.array([-1, 1, 1])[:, None, None, None]
    )
    owed = start[..., None, None] * share * [1.0, 1.2, 0.8]
    levels = start + owed[..., 0].sum(-1)
    shape = (2, 3, 3, 1, 3, 3, 3, 3)
    some = rng.normal(0, 1e-3, shape)
    index = 0.02 + np.cumsum(rng.uniform(0, 0.01, shape[:-2]), axis=-1)
    index[:, :, 1:, :, 1:] = np.nan  # only the Theil index has parts
    some[:, :, 1:, :, 1:] = np.nan
    place, group = ("place", "travel", "measure"), ("access_group", "travel", "measure")
    parts = ("travel", "measure", "index", "grouping", "disparity_part")
    by = ("later_year", "cause", "order")
    year = ("history_year",)

    def mean(values):
        return np.tensordot(member, values, 1)

    return xr.Dataset(
        {
            "access_history": var((*place, *year), levels, "min; persons"),
            "access_history_cause": var((*place, *by[:2]), owed[:, :, :, 1:, :, 0], "min; persons"),
            "access_history_group": var((*group, *year), mean(levels), "min; persons"),
            "access_history_group_cause": var(
                (*group, *by), mean(owed[:, :, :, 1:]), "min; persons"
            ),
            "disparity_history": var((*parts, *year), index, "1"),
            "disparity_history_cause": var((*parts, *by), some[:, :, :, :, :, 1:], "1"),
            "cause_known_until": var(("cause",), np.array([2020, 2018, 2020]), "year"),
        },
        coords={
            "travel": ["all modes", "rail and road"],
            "history_year": [2000, 2010, 2020],
            "later_year": [2010, 2020],
            "cause": causes,
            "order": orders,
            "access_group": names,
            "access_grouping": ("access_group", grouping),
        },
    )


def poles_block(data, rng, poles):
    names, n_regions, n_sectors = list(poles), data.sizes["region"], data.sizes["sector"]
    ledger = np.zeros((len(names), n_regions, n_sectors, 3, 2))
    size = data["output_base"].sum("sector").to_numpy()
    for i, members in enumerate(poles.values()):
        inside = np.isin(data["region"].to_numpy(), members)
        weight = np.where(inside, 1.0, 0.0)[:, None] * rng.uniform(0.5, 1, (n_regions, n_sectors))
        ledger[i, :, :, 0, 0] = 20000 * weight / weight.sum()
        ledger[i, :, :, 1, 0] = 300 * weight / weight.sum()
        spill = (
            np.where(inside, 0.0, size)[:, None] * rng.uniform(0, 1, (n_regions, n_sectors)) ** 2
        )
        ledger[i, :, :, 2, 0] = (9000 + 1500 * i) * spill / (spill.sum() or 1.0)
    ledger[..., 1] = 0.38 * ledger[..., 0]
    dims = ("pole", "region", "sector", "part", "account")
    out = xr.Dataset({"ledger": var(dims, ledger, UNIT)})
    summed = ledger.sum(2)
    low, high = summed.copy(), summed.copy()
    low[:, :, 2] *= 1.15
    high[:, :, 2] *= 0.85
    out["ledger_range"] = var(
        ("variant", "pole", "region", "part", "account"), np.stack([low, summed, high]), UNIT
    )
    out["stimulus"] = var(("pole",), np.full(len(names), 12000.0), UNIT)
    leak = np.tile([900.0, 250.0], (len(names), 1))
    out["leakage"] = var(("pole", "kind"), leak, UNIT)
    out["leakage_range"] = var(("variant", "pole", "kind"), np.stack([leak, leak, leak]), UNIT)
    totals = summed.sum(1)
    ring = np.array([0.4, 0.1, 0.2, 0.2, 0.1])
    out["allocated_ring"] = var(
        ("pole", "ring", "part", "account"), totals[:, None] * ring[:, None, None], UNIT
    )
    cluster = np.array([0.5, 0.2, 0.3])
    out["allocated_cluster"] = var(
        ("pole", "cluster", "part", "account"), totals[:, None] * cluster[:, None, None], UNIT
    )
    return out.assign_coords(
        pole=names,
        part=PARTS,
        account=ACCOUNTS,
        variant=["low", "central", "high"],
        kind=["imports", "taxes"],
        ring=RINGS,
        cluster=["Cluster A", "Cluster B", "outside"],
    )


def corridor_block(data, rng, stops):
    shape = (data.sizes["region"], data.sizes["sector"])
    service = (data["sector_kind"] == "service").to_numpy()
    share = rng.dirichlet(np.ones(shape[0]), (shape[1], shape[0])).transpose(0, 2, 1)
    new = share.copy()
    new[service, 0] *= 1.05
    new /= new.sum(1, keepdims=True)
    dims = ("sector", "region_from", "region_to")
    out = xr.Dataset(
        {"trade_share_base": var(dims, share, "1"), "trade_share": var(dims, new, "1")}
    )
    price = np.where(service, 1 - 0.0004 * rng.uniform(size=shape), 1.0)
    out["delivered_price"] = var(("region", "sector"), price, "1")
    out["cost_saving"] = var(("region", "sector"), 3.0 * rng.uniform(size=shape), UNIT)
    effect = np.array([2100.0, 1900, -300, -900, 0, 2100, -4.2])
    factor = np.array([1, 0.3, 2.4, 0.96, 1.1, 0.7, 1.5, 0.2, 5])
    values = effect * factor[:, None]
    values[:, -1] = effect[-1]
    out["corridor_range"] = var(("case", "effect"), values, f"{UNIT}; mean_minutes in min")
    known = {str(n): i for i, n in enumerate(data["place_name"].to_numpy())}
    at = [known.get(stop, 0) for stop in stops]
    for side, names, picks in (("from", stops[:-1], at[:-1]), ("to", stops[1:], at[1:])):
        out[f"corridor_{side}"] = var(("corridor_leg",), np.array(names, dtype=object), "1")
        for axis in ("lon", "lat"):
            positions = data[axis].to_numpy()[picks]
            out[f"corridor_{axis}_{side}"] = var(("corridor_leg",), positions, "degrees")
    return out.assign_coords(
        region_from=data["region"].to_numpy(),
        region_to=data["region"].to_numpy(),
        case=CASES,
        effect=EFFECTS,
    )


def with_channels(data, rng, channels):
    shape = (data.sizes["region"], data.sizes["sector"], len(channels))
    for name in ("output", "value_added", "final_demand", "real_consumption"):
        level = data[f"{name}_base"].to_numpy()[:, :, None]
        change = rng.normal(2e-4, 4e-4, shape)
        if name == "final_demand":
            change = np.zeros(shape)
        data[name] = var(("region", "sector", "channel"), level * (1 + change), UNIT)
    return data.assign_coords(channel=channels)


def backdrop(data, rng):
    lon, lat = data["lon"].to_numpy(), data["lat"].to_numpy()
    pairs = rng.integers(0, len(lon), (2, 3 * len(lon)))
    near = np.hypot(lon[pairs[0]] - lon[pairs[1]], lat[pairs[0]] - lat[pairs[1]]) < 5
    pairs = pairs[:, near]
    mode = np.where(np.arange(pairs.shape[1]) % 3 == 0, "rail_hsr", "rail_conventional")
    out = xr.Dataset({"link_mode": var(("link",), mode.astype(object), "1")})
    for side, picks in (("from", pairs[0]), ("to", pairs[1])):
        out[f"link_lon_{side}"] = var(("link",), lon[picks], "degrees")
        out[f"link_lat_{side}"] = var(("link",), lat[picks], "degrees")
    return out


def run_report(corridor):
    zero = ("The effect on the sourcing of goods is exactly zero: no link for goods was edited.",)
    numbers = {"value": 4.0, "low": 2.0, "high": 8.0, "unit": "1"}
    return RunReport(
        solves=(
            {
                "what": "base year",
                "method": "bicgstab",
                "iterations": 12,
                "residual": 3e-11,
                "error_bound": 7e-11,
                "seconds": 0.08,
            },
        ),
        identities=(
            {"name": "rows balance", "gap": 2e-13, "tolerance": 1e-9, "holds": True},
            {"name": "columns balance", "gap": 0.0, "tolerance": 1e-9, "holds": True},
        ),
        closure="spending: money stays.",
        assumptions=(
            {"name": "theta", **numbers, "source": "a book", "assumption": True},
            {
                "name": "own_share",
                "value": "central",
                "low": "low",
                "high": "high",
                "unit": "variant",
                "source": "a table",
                "assumption": False,
            },
        ),
        estimates=("The table is an estimate.",),
        table_report={
            "factors": {
                "title": "Factors",
                "columns": ["region", "factor"],
                "rows": [["Region 1", 1.02], ["Region 2", None]],
            }
        },
        zero_effects=zero if corridor else (),
        inputs={"table": "ab" * 32},
        versions={"numpy": "2.4"},
        seconds={"base year": 1.5},
    )


def synthetic_result(
    *,
    n_regions=8,
    n_sectors=6,
    n_places=40,
    n_poles=3,
    corridor=True,
    seed=1,
    stops=("City 3", "City 12", "Elsewhere", "City 25"),
    base_of=base,
):
    """Return a result with `n_poles` stimuli (0: none) and a new line or not."""
    rng = np.random.default_rng(seed)
    data = base_of(rng, n_regions, n_sectors, n_places)
    regions = data["region"].to_numpy()
    poles = {f"Pole {i + 1}": list(regions[2 * i : 2 * i + 2]) for i in range(n_poles)}
    blocks = [access(data, rng, corridor), backdrop(data, rng)]
    blocks.append(history(data, np.random.default_rng(seed)))
    if poles:
        blocks.append(poles_block(data, rng, poles))
    if corridor:
        blocks.append(corridor_block(data, rng, list(stops)))
    data = data.merge(xr.merge(blocks, compat="no_conflicts", join="exact"))
    channels = ["demand"] * bool(poles) + ["sourcing"] * corridor
    if channels:
        data = with_channels(data, rng, channels)
    stimuli = tuple(
        Stimulus(name=name, pole=name, at="use" if i else "origin", share_of_final_demand=0.01)
        for i, name in enumerate(poles)
    )
    edits = ()
    if corridor:
        line = {"mode": "rail_hsr", "stops": tuple(stops), "speed_kmh": 350.0}
        edits = (Edit(kind="add", name="A line", trains_per_day=60, fare_per_km=0.46, **line),)
    scenario = Scenario(name="Synthetic & <small>", stimuli=stimuli, edits=edits, closure=Closure())
    return Result(status=RunStatus.ok, data=data, report=run_report(corridor), scenario=scenario)
