"""The base year of a run: coordinates, base levels, and the identities of the table.

Owns the question: what is the economy before anything happens, and does it add up?

Public names
------------
``labelled``        one DataArray with units and a long name
``backdrop_dataset``  the railways, for maps
``base_dataset``    coordinates of regions, sectors, places and the ``*_base`` variables
``base_identities`` gaps of the table's own accounts and of the solve that must return its output

Identities (relative gaps): rows x = T (A x + y) + e; columns x = inputs + imports + taxes + value
added; the certified solve of its own final demand returns x.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from model.calibration import Calibration
from model.results import IdentityRecord, SolveRecord
from model.solve import Leontief, Solution
from model.steps.groupings import Groupings
from networks.network import Network

__all__ = [
    "backdrop_dataset",
    "base_dataset",
    "base_identities",
    "identity",
    "labelled",
    "solve_record",
]

IDENTITY_TOLERANCE = 1e-9
SAME_WAY = 1.02  # length of two hops over the run that passes their common stop


def labelled(
    values: NDArray[Any] | Sequence[Any], dims: tuple[str, ...], units: str, long_name: str
) -> xr.DataArray:
    """Return a DataArray with its unit and what it is."""
    return xr.DataArray(
        np.asarray(values), dims=dims, attrs={"units": units, "long_name": long_name}
    )


def identity(name: str, gap: float, tolerance: float = IDENTITY_TOLERANCE) -> IdentityRecord:
    """Return one identity with its verdict."""
    return {"name": name, "gap": gap, "tolerance": tolerance, "holds": bool(gap <= tolerance)}


def solve_record(what: str, solution: Solution) -> SolveRecord:
    """Return what a report keeps of a solve."""
    return {
        "what": what,
        "method": str(solution.method),
        "iterations": int(solution.iterations),
        "residual": float(solution.residual),
        "error_bound": float(solution.error_bound),
        "seconds": float(solution.seconds),
    }


def base_dataset(base: Calibration, groupings: Groupings) -> xr.Dataset:
    """Return coordinates and base-year levels (R regions, S sectors)."""
    table, places, blocks = base.table, base.places, base.blocks
    unit = table.unit
    flat = ("region", "sector")
    money = (blocks.demand + blocks.imported_demand).sum(axis=2)
    rate = np.divide(
        blocks.primary, blocks.output, out=np.zeros_like(blocks.output), where=blocks.output > 0
    )
    use = "final purchases of residents, domestic and imported, by place of use and product"
    data = xr.Dataset(
        {
            "output_base": labelled(blocks.output, flat, unit, "output by place of production"),
            "value_added_base": labelled(
                rate * blocks.output, flat, unit, "value added by place of production"
            ),
            "final_demand_base": labelled(money, flat, unit, f"{use}, money"),
            "real_consumption_base": labelled(money, flat, unit, f"{use}, at base-year prices"),
        },
        coords={"region": table.regions, "sector": table.sectors},
    )
    kind = np.where(base.roles.goods, "goods", "service").astype(object)
    coords: dict[str, Any] = {
        "sector_kind": ("sector", kind),
        "macro_region": (
            "region",
            groupings.region_group("macro_region", table.regions).to_numpy(object),
        ),
        "place": places.codes,
        "place_name": ("place", places.table["name"].to_numpy(object)),
        "place_name_zh": ("place", places.table["name_zh"].to_numpy(object)),
        "place_region": ("place", places.region.to_numpy(object)),
        "lon": ("place", places.table["lon"].to_numpy(float)),
        "lat": ("place", places.table["lat"].to_numpy(float)),
        "population": ("place", places.mass("population").to_numpy()),
        "gdp": ("place", places.mass("gdp").to_numpy()),
        "cluster_of": (
            "place",
            groupings.place_group("clusters", places.codes).to_numpy(object),
        ),
    }
    for name in ("region_zh", "region_code", "sector_zh", "sector_code"):
        if name in table.data.coords:
            coords[name] = (name.split("_")[0], table.data[name].values.astype(object))
    known = _known_names(base.network, groupings)
    if known:
        coords["known_name"] = np.array(list(known), dtype=object)
        coords["known_name_zh"] = ("known_name", np.array(list(known.values()), dtype=object))
    data = data.assign_coords(coords)
    for name, unit_of in (("lon", "degrees east"), ("lat", "degrees north"), ("gdp", unit)):
        data[name].attrs["units"] = unit_of
    data["population"].attrs["units"] = "persons"
    return data


def _known_names(network: Network, groupings: Groupings) -> dict[str, str]:
    """Return the Chinese names of stops and groups that have one, by their English name."""
    names = groupings.names("group_zh")
    if "name_zh" in network.nodes:
        stops = network.nodes[["name", "name_zh"]].dropna().astype(str)
        names = dict(zip(stops["name"], stops["name_zh"], strict=True)) | names
    return {name: other for name, other in names.items() if name and other}


def backdrop_dataset(network: Network) -> xr.Dataset:
    """Return the railways of a network as lines for maps: mode and degrees of both ends.

    Runs that pass a stop of their own line are left out: the hops they consist of are there.
    """
    rail = network.links[network.links["mode"].str.startswith("rail")]
    links = rail[[not passes for passes in _passes_a_stop(rail)]]
    ends = network.nodes[["lon", "lat"]]
    start, stop = ends.loc[links["from_node"]], ends.loc[links["to_node"]]
    rows = pd.DataFrame(
        {
            "mode": links["mode"].to_numpy(),
            "lon_from": start["lon"].to_numpy(),
            "lat_from": start["lat"].to_numpy(),
            "lon_to": stop["lon"].to_numpy(),
            "lat_to": stop["lat"].to_numpy(),
        }
    ).drop_duplicates(ignore_index=True)
    dims = ("link",)
    made = {"link_mode": labelled(rows["mode"].to_numpy(object), dims, "1", "mode of a railway")}
    for name in ("lon_from", "lat_from", "lon_to", "lat_to"):
        unit = "degrees east" if name.startswith("lon") else "degrees north"
        made[f"link_{name}"] = labelled(rows[name].to_numpy(), dims, unit, "end of a railway")
    return xr.Dataset(made)


def _passes_a_stop(links: pd.DataFrame) -> list[bool]:
    """Tell of each link whether two others of its line make the same way."""
    length: dict[str, dict[str, dict[str, float]]] = {}
    rows = list(zip(links["line"], links["from_node"], links["to_node"], links["km"], strict=True))
    for line, one, two, km in rows:
        of_line = length.setdefault(line, {})
        of_line.setdefault(one, {})[two] = km
        of_line.setdefault(two, {})[one] = km
    found = []
    for line, one, two, km in rows:
        onward, back = length[line][one], length[line][two]
        between = onward.keys() & back.keys()
        found.append(any(onward[stop] + back[stop] <= SAME_WAY * km for stop in between))
    return found


def base_identities(base: Calibration) -> tuple[list[IdentityRecord], list[SolveRecord]]:
    """Return the gaps of the base year's accounts and the record of the solve behind one."""
    table, blocks = base.table, base.blocks
    output = blocks.output
    scale = float(np.abs(output).max())
    sold = np.einsum("irs,si->ri", blocks.trade, blocks.bought) + blocks.exports
    imports = table.imports.to_numpy().sum(axis=0).reshape(output.shape)
    spent = blocks.use.sum(axis=1) + imports + blocks.primary
    solution = Leontief(table).solve(table.f.to_numpy()).raise_for_status()
    again = np.asarray(solution.x, dtype=np.float64).reshape(output.shape)
    return (
        [
            identity("base year: rows balance", float(np.abs(sold - output).max()) / scale),
            identity("base year: columns balance", float(np.abs(spent - output).max()) / scale),
            identity(
                "base year: solving its own final demand returns its output",
                float(np.abs(again - output).max()) / scale,
            ),
        ],
        [solve_record("base year", solution)],
    )
