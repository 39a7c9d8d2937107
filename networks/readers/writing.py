"""Networks and cost matrices to files, the counterpart of the readers.

Public names
------------
write_network : a network to a folder or file of another format
write_skim : a cost matrix to OMX, CSV or NetCDF

What is written reads back the same (``networks.readers.read_network``,
``networks.given_costs.read_skim``).
"""

from pathlib import Path
from typing import Literal

import xarray as xr

from networks.dims import DESTINATION, ORIGIN
from networks.errors import InvalidNetwork, UnknownLabel
from networks.labels import did_you_mean
from networks.network import Network

WritingFormat = Literal["folder", "gmns", "geo"]
WRITING: dict[str, str] = {
    "folder": "a folder with nodes.csv, links.csv and parameters.csv",
    "gmns": "a folder with node.csv, link.csv and config.csv",
    "geo": "one file: .geojson, .gpkg or .shp",
}
MAPS = (".geojson", ".json", ".gpkg", ".shp")
MATRICES = (".omx", ".csv", ".nc")

__all__ = ["MATRICES", "WRITING", "WritingFormat", "write_network", "write_skim"]


def write_network(network: Network, path: str | Path, format: WritingFormat | None = None) -> Path:
    """Write a network and return where it is.

    Parameters
    ----------
    network
        The network.
    path
        A folder, or a file whose ending is one of a map.
    format
        One of ``WRITING``; a map where the ending says so, else this package's own folder.

    Raises
    ------
    UnknownLabel
        An unknown format.
    InvalidNetwork, MissingPackage
        From the writer.
    """
    path = Path(path)
    if format is not None and format not in WRITING:
        raise UnknownLabel(
            f"Networks are written as {', '.join(WRITING)}; there is no format "
            f"{format!r}{did_you_mean(format, WRITING)}."
        )
    chosen = format or ("geo" if path.suffix.casefold() in MAPS else "folder")
    if chosen == "folder":
        return network.to_csv(path)
    if chosen == "gmns":
        from networks.readers.gmns import write_gmns

        return write_gmns(network, path)
    from networks.readers.geo import write_geo

    return write_geo(network, path)


def write_skim(data: xr.Dataset, path: str | Path) -> Path:
    """Write the matrices of a skim and return the file.

    Parameters
    ----------
    data
        A skim, dims (origin, destination).
    path
        ``.omx``, ``.csv`` (one row a pair: origin, destination and a column a variable) or ``.nc``
        (all labels and units with it).

    Raises
    ------
    InvalidNetwork
        Another ending.
    MissingPackage
        h5py is not installed and OMX needs it.
    """
    path = Path(path)
    ending = path.suffix.casefold()
    if ending == ".omx":
        from networks.readers.omx import write_omx

        return write_omx(data, path)
    if ending == ".nc":
        data.to_netcdf(path, engine="h5netcdf")
        return path
    if ending != ".csv":
        raise InvalidNetwork(
            f"Cost matrices are written as {', '.join(MATRICES)}; found {path.name!r}."
        )
    pairs = data[[n for n, v in data.data_vars.items() if set(v.dims) == {ORIGIN, DESTINATION}]]
    rows = pairs.reset_coords(drop=True).to_dataframe(dim_order=[ORIGIN, DESTINATION])
    rows.to_csv(path, encoding="utf-8", lineterminator="\n")
    return path
