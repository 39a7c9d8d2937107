"""Matrices in OMX, the open matrix format of travel models: HDF5 with a few conventions.

Public names
------------
read_omx : every matrix of a file, as a Dataset over origin and destination
write_omx : matrices of a Dataset into a file that other tools open

Terms
-----
A file has ``OMX_VERSION`` and ``SHAPE`` at its root, matrices under ``data`` and, under ``lookup``,
lists of labels. One list serves rows and columns; where they differ this package writes two,
``origin`` and ``destination``.

Source: OMX specification 0.2 (osPlanning/omx).
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from networks.dims import DESTINATION, ORIGIN
from networks.errors import InvalidNetwork, MissingNetwork, UnknownLabel
from networks.labels import did_you_mean
from networks.readers.files import optional

VERSION = "0.2"
PLACE_LOOKUP = "place"


def read_omx(
    path: str | Path, matrices: Sequence[str] | None = None, *, lookup: str | None = None
) -> xr.Dataset:
    """Return the matrices of an OMX file.

    Parameters
    ----------
    path
        The file.
    matrices
        Names to read; all when left out.
    lookup
        List of labels of the places; ``place`` or the only one when left out. Without any list
        places are called "1", "2", ...

    Returns
    -------
    Dataset
        One variable (origin, destination) a matrix, float64; attributes of the matrices are kept
        where they are text or numbers.

    Raises
    ------
    MissingNetwork
        There is no such file.
    InvalidNetwork
        It is no OMX file, is cut off, or its shapes and labels do not fit.
    UnknownLabel
        A matrix or lookup that it does not have.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingNetwork(f"There is no OMX file {str(path)!r}.")
    h5py = optional("h5py", "omx", "OMX")
    try:
        with h5py.File(path, "r") as file:
            return _dataset(file, path, matrices, lookup, h5py)
    except (OSError, RuntimeError, KeyError) as error:  # what HDF5 says of damaged files
        raise InvalidNetwork(f"{str(path)!r} must be a sound OMX (HDF5) file: {error}.") from error


def _dataset(
    file: Any, path: Path, matrices: Sequence[str] | None, lookup: str | None, h5py: Any
) -> xr.Dataset:
    if not isinstance(file.get("data"), h5py.Group):
        raise InvalidNetwork(f"{path.name} is HDF5 and no OMX file: it has no group 'data'.")
    stored = {
        str(n): m for n, m in file["data"].items() if isinstance(m, h5py.Dataset) and m.ndim == 2
    }
    wanted = list(stored) if matrices is None else list(matrices)
    if unknown := [m for m in wanted if m not in stored]:
        raise UnknownLabel(
            f"{path.name} has no matrix {unknown[0]!r}{did_you_mean(unknown[0], stored)}; "
            f"it has {', '.join(list(stored)[:12])}."
        )
    if not wanted:
        raise InvalidNetwork(f"{path.name} has no matrix.")
    shapes = {stored[m].shape for m in wanted}
    if len(shapes) > 1:
        raise InvalidNetwork(f"Matrices of {path.name} must have one shape; found {shapes}.")
    rows, columns = shapes.pop()
    origins, destinations = _labels(file, path, (rows, columns), lookup, h5py)
    variables = {}
    for name in wanted:
        if stored[name].dtype.kind not in "fiub":
            raise InvalidNetwork(f"Matrix {name!r} of {path.name} must hold numbers.")
        attributes = {
            str(k): v.item() if isinstance(v, np.generic) else v
            for k, v in stored[name].attrs.items()
            if isinstance(v, str | np.generic)
        }
        values = np.asarray(stored[name][...], dtype=np.float64)
        variables[name] = ((ORIGIN, DESTINATION), values, attributes)
    return xr.Dataset(variables, coords={ORIGIN: origins, DESTINATION: destinations})


def _labels(
    file: Any, path: Path, shape: tuple[int, int], lookup: str | None, h5py: Any
) -> tuple[Any, Any]:
    group = file.get("lookup")
    lists = list(group) if isinstance(group, h5py.Group) else []
    if lookup is None and {ORIGIN, DESTINATION} <= set(lists):
        names = (ORIGIN, DESTINATION)
    elif lookup is None and PLACE_LOOKUP in lists:
        names = (PLACE_LOOKUP, PLACE_LOOKUP)
    elif lookup is None and len(lists) > 1:
        raise InvalidNetwork(
            f"{path.name} has several lists of labels ({', '.join(lists[:8])}); say which by "
            "lookup=."
        )
    elif lookup is not None and lookup not in lists:
        raise UnknownLabel(
            f"{path.name} has no lookup {lookup!r}{did_you_mean(lookup, lists)}; "
            f"it has {', '.join(lists) or 'none'}."
        )
    else:
        names = ((lookup or lists[0]),) * 2 if lists else ("", "")
    made = []
    for name, length in zip(names, shape, strict=True):
        values = list(range(1, length + 1)) if not name else group[name][...].tolist()
        words = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]
        words = [re.sub(r"^(\d+)\.0$", r"\1", w).strip() for w in words]
        if len(words) != length or len(set(words)) < length:
            raise InvalidNetwork(
                f"Lookup {name!r} of {path.name} must have {length} labels, all different; it has "
                f"{len(words)}, of them {len(set(words))} different."
            )
        made.append(np.array(words, dtype=object))
    return made[0], made[1]


def write_omx(data: xr.Dataset, path: str | Path) -> Path:
    """Write the variables over origin and destination into an OMX file; return its path.

    Parameters
    ----------
    data
        A skim or any Dataset; variables of other dimensions are left out. Numbers are kept as they
        are, true and false become 1 and 0.
    path
        File to write, replaced where it is there.

    Raises
    ------
    InvalidNetwork
        No variable over origin and destination.
    """
    h5py = optional("h5py", "omx", "OMX")
    path = Path(path)
    chosen = {str(n): v for n, v in data.data_vars.items() if set(v.dims) == {ORIGIN, DESTINATION}}
    if not chosen:
        raise InvalidNetwork(f"OMX needs a variable over {ORIGIN} and {DESTINATION}; found none.")
    part = path.with_name(path.name + ".part")
    with h5py.File(part, "w") as file:
        file.attrs["OMX_VERSION"] = np.bytes_(VERSION)
        file.attrs["SHAPE"] = np.array([data.sizes[ORIGIN], data.sizes[DESTINATION]], np.int32)
        group = file.create_group("data")
        for name, variable in chosen.items():
            values = variable.transpose(ORIGIN, DESTINATION).to_numpy()
            values = values.astype(np.uint8) if values.dtype == bool else values
            stored = group.create_dataset(
                name, data=values, chunks=True, compression="gzip", compression_opts=1
            )
            for key in ("units", "long_name"):
                if key in variable.attrs:
                    stored.attrs[key] = str(variable.attrs[key])
        labels = [[str(v) for v in data[dim].to_numpy()] for dim in (ORIGIN, DESTINATION)]
        lookups = dict(zip((ORIGIN, DESTINATION), labels, strict=True))
        if labels[0] == labels[1]:
            lookups = {PLACE_LOOKUP: labels[0]}
        group = file.create_group("lookup")
        for name, words in lookups.items():
            group.create_dataset(name, data=np.array([w.encode("utf-8") for w in words]))
    part.replace(path)
    return path
