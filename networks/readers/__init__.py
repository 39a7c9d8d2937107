"""Networks from files, one module per format.

Public names
------------
read_network : a network from a file or folder of any format that is known
FORMATS : the formats, a line each

Terms
-----
*folder* is this package's own form. What a format does not know (areas of places, speeds) is
assumed by its reader, written into ``network.notes``, and can be said to the reader itself:
``read_gmns``, ``read_tntp``, ``read_gtfs``, ``read_osm``, ``read_geo`` in the modules of this room.
"""

import importlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from networks.errors import InvalidNetwork, MissingNetwork, UnknownLabel
from networks.labels import did_you_mean
from networks.network import Network
from networks.readers.files import UNPACKING

Format = Literal["folder", "gmns", "tntp", "gtfs", "osm", "geo"]
FORMATS: dict[str, str] = {
    "folder": "nodes.csv and links.csv in the columns of this package",
    "gmns": "node.csv and link.csv of the general modeling network specification",
    "tntp": "*_net.tntp, the text format of research networks",
    "gtfs": "a timetable feed: stops.txt, stop_times.txt and more, or a zip archive of them",
    "osm": "an extract of OpenStreetMap (.osm.pbf, .osm)",
    "geo": "points and lines: GeoJSON, GeoPackage, Shapefile",
}
# Files that tell the format of a folder or archive; all of them must be there.
TELLING: dict[str, tuple[str, ...]] = {
    "folder": ("nodes.csv", "links.csv"),
    "gmns": ("node.csv", "link.csv"),
    "gtfs": ("stops.txt", "stop_times.txt"),
}
SUFFIXES: dict[str, str] = {
    ".tntp": "tntp",
    ".pbf": "osm",
    ".osm": "osm",
    ".osm.bz2": "osm",
    ".osm.gz": "osm",
    ".geojson": "geo",
    ".json": "geo",
    ".gpkg": "geo",
    ".shp": "geo",
}


# Imported when they are used: some bring heavy packages with them.
READERS: dict[str, tuple[str, str]] = {
    "folder": ("folder", "read_network"),
    "gmns": ("gmns", "read_gmns"),
    "tntp": ("tntp", "read_tntp_network"),
    "gtfs": ("gtfs", "read_gtfs"),
    "osm": ("osm", "read_osm"),
    "geo": ("geo", "read_geo"),
}


def read_network(
    path: str | Path,
    format: Format | None = None,
    *,
    name: str | None = None,
    year: int | None = None,
) -> Network:
    """Return the network of a file or folder.

    Parameters
    ----------
    path
        What to read.
    format
        One of ``FORMATS``; told by the files and endings when left out, and then written into
        ``network.notes``.
    name, year
        Name for reports (that of the file or folder when left out) and the year it stands for.

    Raises
    ------
    MissingNetwork
        The file, the folder or a table in it is not there.
    InvalidNetwork
        No known format, a damaged file, or tables that do not make a network.
    UnknownLabel
        An unknown format.
    MissingPackage
        The format needs a package that is not installed.
    """
    path = Path(path)
    if format is not None and format not in READERS:
        raise UnknownLabel(
            f"There is no format {format!r}{did_you_mean(format, READERS)}; "
            f"they are {', '.join(READERS)}."
        )
    chosen, told_by = (format, "") if format is not None else _detect(path)
    module, function = READERS[chosen]
    reader: Callable[..., Network] = getattr(
        importlib.import_module(f"networks.readers.{module}"), function
    )
    network = reader(path, name=name, year=year)
    if not told_by:
        return network
    return replace(network, notes=(f"read as {chosen}, told by {told_by}", *network.notes))


def _detect(path: Path) -> tuple[str, str]:
    """Return the format and what tells it."""
    if path.is_dir():
        names = {f.name for f in path.iterdir()}
        for one, files in TELLING.items():
            if names >= set(files):
                return one, " and ".join(files)
        found = sorted(n for n in names if n.endswith("_net.tntp"))
        if len(found) == 1:
            return "tntp", found[0]
        return "folder", "being a folder"  # whose reader says what is missing
    if not path.is_file():
        raise MissingNetwork(
            f"There is no folder or file {str(path)!r}; a network is a folder with nodes.csv and "
            "links.csv, or a file of another format."
        )
    low = path.name.casefold()
    for ending, one in SUFFIXES.items():
        if low.endswith(ending):
            return one, f"its ending {ending}"
    if low.endswith(".zip"):
        try:
            with zipfile.ZipFile(path) as archive:
                names = {n.rsplit("/", 1)[-1] for n in archive.namelist()}
        except UNPACKING as error:
            raise InvalidNetwork(f"{str(path)!r} must be a sound zip archive: {error}.") from error
        for one in ("gtfs", "gmns"):
            if names >= set(TELLING[one]):
                return one, " and ".join(TELLING[one])
    known = "; ".join(f"{k}: {v}" for k, v in FORMATS.items())
    raise InvalidNetwork(
        f"{str(path)!r} must be a network in a format that is known; its name and content tell "
        f"none. They are {known}."
    )


__all__ = ["FORMATS", "Format", "read_network"]
