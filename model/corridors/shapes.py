"""Where candidates lie on the map, and as files for a geographic information system.

Owns the question: how does a planner see the corridors in QGIS?

Public names
------------
``legs_of``       ends of the links that an edit builds or changes
``write_shapes``  candidates as lines and places as points: GeoJSON, or GeoPackage
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from networks.network import Network
from networks.readers.files import optional
from networks.whatif.links import LinkEdit

__all__ = ["legs_of", "write_shapes"]

COLUMNS = ("first_order", "exact", "rank", "rank_first_order", "minutes", "gainers", "losers", "km",
           "build_cost", "annual_return")  # fmt: skip


def legs_of(edit: object, network: Network) -> list[list[float]]:
    """Return lon_from, lat_from, lon_to, lat_to of every link that is built or changed.

    An edit that is a whole network (places added) has none.
    """
    if not isinstance(edit, LinkEdit):
        return []
    nodes = network.nodes if edit.nodes is None else edit.nodes
    where = nodes[["lon", "lat"]].to_numpy(dtype=float)
    fresh = np.column_stack([edit.fresh.tails, edit.fresh.heads]).astype(np.int64)
    moved = np.unique(np.concatenate([edit.changed, edit.gone]))
    links = network.links.iloc[moved]
    index = network.nodes.index
    old = np.column_stack(
        [index.get_indexer(pd.Index(links[end])) for end in ("from_node", "to_node")]
    )
    built = fresh if len(fresh) else old.reshape(-1, 2)
    ends = np.unique(np.sort(built, axis=1), axis=0)
    return [[float(v) for v in (*where[a], *where[b])] for a, b in ends]


def write_shapes(data: xr.Dataset, network: Network, path: str | Path) -> Path:
    """Write the candidates of a screening as lines, with their numbers, and the places.

    Parameters
    ----------
    data : Dataset
        From `screen_corridors`.
    network : Network
    path
        ``.geojson`` (lines and points in one file) or ``.gpkg`` (layers corridors and places).

    Raises
    ------
    MissingPackage
        geopandas is not installed and the file is a GeoPackage.
    """
    path = Path(path)
    lines = _lines(data)
    places = network.places[["name", "name_zh", "region", "population", "lon", "lat"]].reset_index()
    if path.suffix.casefold() != ".gpkg":
        features = [_feature(row, "MultiLineString", shape) for row, shape in lines]
        features += [
            _feature(row, "Point", [row["lon"], row["lat"]]) for row in places.to_dict("records")
        ]
        whole = {"type": "FeatureCollection", "features": features}
        path.write_text(json.dumps(whole, ensure_ascii=False) + "\n", encoding="utf-8")
        return path
    geopandas = optional("geopandas", "geo", "A GeoPackage")
    shapely = optional("shapely", "geo", "A GeoPackage")
    frame = pd.DataFrame([row for row, _ in lines])
    shapes = [shapely.MultiLineString(shape) for _, shape in lines]
    made = geopandas.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")
    made.to_file(path, layer="corridors", driver="GPKG")
    points = geopandas.points_from_xy(places["lon"], places["lat"])
    spots = geopandas.GeoDataFrame(places, geometry=points, crs="EPSG:4326")
    spots.to_file(path, layer="places", driver="GPKG", mode="a")
    return path


def _lines(data: xr.Dataset) -> list[tuple[dict[str, Any], list[list[tuple[float, float]]]]]:
    """Return the numbers of each candidate that lies somewhere, and its lines."""
    owner = data["leg_candidate"].values.astype(str)
    ends = np.column_stack([data[f"leg_{end}"].values for end in (
        "lon_from", "lat_from", "lon_to", "lat_to"
    )])  # fmt: skip
    by_name = {str(name): np.flatnonzero(owner == str(name)) for name in np.unique(owner)}
    made = []
    for k, name in enumerate(data["candidate"].values.astype(str)):
        if name not in by_name:
            continue
        shape = [[(float(a), float(b)), (float(c), float(d))] for a, b, c, d in ends[by_name[name]]]
        row: dict[str, Any] = {"name": name}
        row |= {
            c: str(data[c].values[k])
            for c in ("name_zh", "mode", "stops", "stops_zh", "terrain", "note", "zero_reason")
        }
        row |= {c: _plain(data[c].values[k]) for c in COLUMNS}
        made.append((row, shape))
    return made


def _plain(value: Any) -> float | int | None:
    number = value.item()
    if isinstance(number, float):
        return number if np.isfinite(number) else None
    return int(number)


def _feature(row: dict[Any, Any], kind: str, coordinates: Any) -> dict[str, Any]:
    plain = {str(k): None if v != v else v for k, v in row.items()}  # JSON has no nan
    return {
        "type": "Feature",
        "properties": plain,
        "geometry": {"type": kind, "coordinates": coordinates},
    }
