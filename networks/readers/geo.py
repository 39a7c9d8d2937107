"""Networks as maps: GeoJSON, GeoPackage and Shapefile, in and out.

Public names
------------
read_geo : points and lines of a file as a network
write_geo : a network as points and lines

Terms
-----
Files this package wrote have all columns of both tables and come back as they were. Files from
elsewhere have *lines* with, where they have them, ``mode``, ``speed_kmh`` or ``minutes``,
``bidirectional``, ``line``, and *points* with ``name``: the points are places, joined to the
nearest end of a line by a road. Ends of lines within about a metre are one node. Coordinates are
degrees; other reference systems are turned into them where the file names one.

Source: RFC 7946 (GeoJSON); OGC GeoPackage; ESRI Shapefile technical description (names of ten
letters, which are matched with the columns they abbreviate).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks.errors import InvalidNetwork, MissingNetwork
from networks.geo import great_circle_km
from networks.network import Network
from networks.readers.files import optional, read_text
from networks.schema import read_schema

AREA_KM2 = 10.0
DIGITS = 5  # of degrees within which ends of lines are one node, about a metre
JOIN_KMH = 40.0  # speed between a point and the end of the line it is joined to
ENDINGS = (".geojson", ".json", ".gpkg", ".shp")
Feature = tuple[dict[str, Any], np.ndarray]  # properties, coordinates (points, 2)


def read_geo(
    path: str | Path,
    *,
    mode: str = "road",
    speed_kmh: float | None = None,
    area_km2: float = AREA_KM2,
    name: str | None = None,
    year: int | None = None,
) -> Network:
    """Return the points and lines of a file as a network.

    Parameters
    ----------
    path
        ``.geojson`` (read directly), ``.gpkg`` or ``.shp`` (with geopandas). A shapefile of lines
        ``x_links.shp`` has its points beside it in ``x_nodes.shp``.
    mode, speed_kmh
        Of lines that do not say theirs.
    area_km2
        Area of points that do not say theirs.
    name, year
        What the network is called and the year it stands for.

    Raises
    ------
    MissingNetwork
        There is no such file.
    InvalidNetwork
        A damaged file, no points or lines, lines without speed, coordinates that are no degrees.
    MissingPackage
        geopandas is not installed and the format needs it.
    """
    path = Path(path)
    if not path.exists():
        raise MissingNetwork(f"There is no file {str(path)!r}.")
    points, lines = (
        _geojson(path) if path.suffix.casefold() in (".geojson", ".json") else _layers(path)
    )
    if not points or not lines:
        raise InvalidNetwork(
            f"{path.name} must have points (places) and lines (links); it has {len(points)} and "
            f"{len(lines)}."
        )
    for _, where in [*points, *lines]:
        inside = np.isfinite(where).all() and (np.abs(where) <= [180.0, 90.0]).all()
        if not inside:
            raise InvalidNetwork(
                f"{path.name} must be in degrees of longitude and latitude; found "
                f"{where[0].tolist()}."
            )
    ours = all("node" in p for p, _ in points) and all("from_node" in p for p, _ in lines)
    name = name or path.stem
    if ours:
        nodes = pd.DataFrame([_known(p, "nodes") for p, _ in points])
        links = pd.DataFrame([_known(p, "links") for p, _ in lines])
        return Network(nodes, links, name=name, year=year)
    return _assembled(points, lines, mode, speed_kmh, area_km2, name, year)


def _known(properties: dict[str, Any], table: str) -> dict[str, Any]:
    """Return the properties that are columns, names of ten letters lengthened."""
    schema = read_schema()
    columns = [str(v) for v in schema.loc[schema["table"] == table, "variable"]]
    short = {c[:10]: c for c in columns} | {c: c for c in columns}
    return {short[k]: "" if v is None else v for k, v in properties.items() if k in short}


def _geojson(path: Path) -> tuple[list[Feature], list[Feature]]:
    try:
        whole = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InvalidNetwork(f"{str(path)!r} must be JSON: {error}.") from error
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list):
        raise InvalidNetwork(f"{path.name} must be a GeoJSON FeatureCollection.")
    points: list[Feature] = []
    lines: list[Feature] = []
    for number, feature in enumerate(features, start=1):
        try:
            geometry = feature["geometry"]
            properties = dict(feature.get("properties") or {})
            kind, where = geometry["type"], geometry["coordinates"]
            if kind == "Point":
                points.append((properties, np.array([where[:2]], dtype=np.float64)))
            elif kind in ("LineString", "MultiLineString"):
                for part in [where] if kind == "LineString" else where:
                    line = np.array([p[:2] for p in part], dtype=np.float64)
                    if line.ndim != 2 or line.shape[0] < 2 or line.shape[1] != 2:
                        raise ValueError("a line has two points at least")
                    lines.append((properties, line))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise InvalidNetwork(
                f"{path.name}: feature {number} must have a geometry of points or lines: {error!r}."
            ) from error
    return points, lines


def _layers(path: Path) -> tuple[list[Feature], list[Feature]]:
    """Return the features of all layers of a file that geopandas reads."""
    if path.suffix.casefold() not in ENDINGS:
        raise InvalidNetwork(f"Maps are read from {', '.join(ENDINGS)}; found {path.name!r}.")
    geopandas = optional("geopandas", "geo", f"A {path.suffix} file")
    pyogrio = optional("pyogrio", "geo", f"A {path.suffix} file")
    errors = (pyogrio.errors.DataSourceError, OSError, ValueError, RuntimeError)
    frames = []
    try:
        if path.suffix.casefold() == ".shp":
            pair = [path.with_name(path.name.replace("_links", "_nodes")), path]
            frames = [geopandas.read_file(p) for p in dict.fromkeys(pair) if p.exists()]
        else:
            names = geopandas.list_layers(path)["name"]
            frames = [geopandas.read_file(path, layer=n) for n in names]
    except errors as error:
        raise InvalidNetwork(f"{str(path)!r} cannot be read as a map: {error}.") from error
    points: list[Feature] = []
    lines: list[Feature] = []
    for frame in frames:
        if not hasattr(frame, "geometry") or frame.empty:
            continue
        if frame.crs is not None:
            frame = frame.to_crs("EPSG:4326")
        table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
        table = table.astype(object).where(table.notna(), None)
        for row, shape in zip(table.to_dict("records"), frame.geometry, strict=True):
            if shape is None or shape.is_empty:
                continue
            properties = {str(k): v for k, v in row.items()}
            if shape.geom_type == "Point":
                points.append((properties, np.array([[shape.x, shape.y]])))
            elif shape.geom_type in ("LineString", "MultiLineString"):
                for part in getattr(shape, "geoms", [shape]):
                    lines.append((properties, np.asarray(part.coords, dtype=np.float64)[:, :2]))
    return points, lines


def _assembled(
    points: list[Feature],
    lines: list[Feature],
    mode: str,
    speed_kmh: float | None,
    area_km2: float,
    name: str,
    year: int | None,
) -> Network:
    """Return a network from lines and points that know nothing of each other."""
    ends = np.array([[line[0], line[-1]] for _, line in lines]).round(DIGITS).reshape(-1, 2)
    where, number = np.unique(ends, axis=0, return_inverse=True)
    number = number.reshape(-1, 2)
    rows = []
    slow = []
    for k, (properties, line) in enumerate(lines):
        row = {c: v for c, v in _known(properties, "links").items() if c != "link" and v != ""}
        km = float(great_circle_km(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1]).sum())
        row.setdefault("mode", mode)
        row.setdefault("km", km)
        speed = properties.get("speed_kmh") or speed_kmh
        if "minutes" not in row and speed is None:
            slow.append(str(k + 1))
            continue
        if "minutes" not in row:
            row["minutes"] = 60.0 * float(row["km"]) / _positive(speed, k + 1)
        a, b = (f"n{v}" for v in number[k])
        if a != b:
            rows.append({"link": f"l{k + 1}", "from_node": a, "to_node": b, **row})
    if slow:
        raise InvalidNetwork(
            f"Lines need minutes or speed_kmh; {len(slow)} have none: number "
            f"{', '.join(slow[:5])}. Or give speed_kmh."
        )
    nodes: list[dict[str, Any]] = [
        {"node": f"n{k}", "name": f"n{k}", "kind": "stop", "lon": x, "lat": y}
        for k, (x, y) in enumerate(where)
    ]
    joined = 0.0
    for k, (properties, point) in enumerate(points):
        row = {c: v for c, v in _known(properties, "nodes").items() if c != "node" and v != ""}
        row = {"name": f"place {k + 1}", "area_km2": area_km2, **row}
        row |= {"node": f"p{k + 1}", "kind": "place", "lon": point[0, 0], "lat": point[0, 1]}
        nodes.append(row)
        away = great_circle_km(point[0, 0], point[0, 1], where[:, 0], where[:, 1])
        nearest = int(away.argmin())
        km = 1.3 * float(away[nearest])
        joined = max(joined, km)
        join = {"link": f"join{k + 1}", "from_node": f"p{k + 1}", "to_node": f"n{nearest}"}
        rows.append(join | {"mode": "road", "km": km, "minutes": 60.0 * km / JOIN_KMH})
    notes = (
        f"{name}: {len(points)} points joined to the nearest ends of {len(lines)} lines by roads "
        f"of at most {joined:.1f} km (1.3 x great circle, {JOIN_KMH:g} km/h: assumptions)",
        f"area_km2 of places that do not say theirs is an assumption: {area_km2:g}",
    )
    return Network(pd.DataFrame(nodes), pd.DataFrame(rows), name=name, year=year, notes=notes)


def _positive(speed: Any, number: int) -> float:
    try:
        value = float(speed)
    except (TypeError, ValueError):
        value = np.nan
    if not (np.isfinite(value) and value > 0):
        raise InvalidNetwork(f"speed_kmh must be positive; line {number} has {speed!r}.")
    return value


def write_geo(network: Network, path: str | Path) -> Path:
    """Write a network as points and straight lines; return the path.

    Parameters
    ----------
    path
        ``.geojson`` (written directly), ``.gpkg`` with the layers nodes and links, or ``.shp``:
        two shapefiles ``<stem>_nodes.shp`` and ``<stem>_links.shp``, of which the latter is
        returned. Shapefiles cut text at 254 letters and round numbers to 15 digits.

    Raises
    ------
    InvalidNetwork
        Another ending.
    MissingPackage
        geopandas is not installed and the format needs it.
    """
    path = Path(path)
    nodes = network.nodes.reset_index()
    links = network.links.reset_index()
    where = network.nodes[["lon", "lat"]]
    ends = np.stack([where.loc[links[c]].to_numpy() for c in ("from_node", "to_node")], axis=1)
    if path.suffix.casefold() in (".geojson", ".json"):
        features = [
            _feature(row, {"type": "Point", "coordinates": [row["lon"], row["lat"]]})
            for row in nodes.to_dict("records")
        ]
        features += [
            _feature(row, {"type": "LineString", "coordinates": line.tolist()})
            for row, line in zip(links.to_dict("records"), ends, strict=True)
        ]
        whole = {"type": "FeatureCollection", "name": network.name, "features": features}
        text = json.dumps(whole, ensure_ascii=False, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
        return path
    if path.suffix.casefold() not in ENDINGS:
        raise InvalidNetwork(f"Maps are written as {', '.join(ENDINGS)}; found {path.name!r}.")
    geopandas = optional("geopandas", "geo", f"A {path.suffix} file")
    shapely = optional("shapely", "geo", f"A {path.suffix} file")
    shapes = {"nodes": geopandas.points_from_xy(nodes["lon"], nodes["lat"])}
    shapes["links"] = shapely.linestrings(ends)
    for table, frame in (("nodes", nodes), ("links", links)):
        made = geopandas.GeoDataFrame(frame, geometry=shapes[table], crs="EPSG:4326")
        if path.suffix.casefold() == ".gpkg":
            made.to_file(path, layer=table, driver="GPKG", mode="w" if table == "nodes" else "a")
            continue
        made = made.rename(columns={c: c[:10] for c in frame.columns})
        made.to_file(path.with_name(f"{path.stem}_{table}.shp"), encoding="utf-8")
    return path if path.suffix.casefold() == ".gpkg" else path.with_name(f"{path.stem}_links.shp")


def _feature(row: dict[Any, Any], geometry: dict[str, Any]) -> dict[str, Any]:
    plain = {str(k): None if v != v else v for k, v in row.items()}  # JSON has no nan
    return {"type": "Feature", "properties": plain, "geometry": geometry}
