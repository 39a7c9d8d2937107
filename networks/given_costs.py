"""A user's own cost matrix in the place of a skim.

Public names
------------
as_skim : a matrix in memory as the Dataset that accessibility and region means take
read_skim : the same from an OMX, CSV or NetCDF file

Terms
-----
A given matrix is taken as it is: no path is looked for, and what it does not hold (the parts of a
cost) is not there. A blank or infinite cell is a pair without a path. A place to itself costs what
the matrix says; where that is blank or zero and a network is given, the own-place rule of its
parameters is used.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from networks.dims import DESTINATION, ORIGIN, Purpose
from networks.errors import InvalidNetwork, MissingNetwork, UnknownLabel
from networks.labels import did_you_mean
from networks.modes import own_place, prices
from networks.network import Network
from networks.readers.files import read_rows
from networks.readers.omx import read_omx
from networks.schema import units_of

Floats = NDArray[np.float64]
Matrix = pd.DataFrame | xr.DataArray | Floats
VARIABLES = tuple(v for v in units_of("skim") if v not in ("main_mode", "reachable"))
PAIR = (ORIGIN, DESTINATION)


def as_skim(
    matrix: Matrix | xr.Dataset | Mapping[str, Matrix],
    *,
    of: str = "cost",
    places: Sequence[str] | None = None,
    network: Network | None = None,
    purpose: Purpose = "freight",
    units: Mapping[str, str] | None = None,
    name: str = "given costs",
) -> xr.Dataset:
    """Return given costs as a Dataset (origin, destination) like that of ``skim``.

    Parameters
    ----------
    matrix
        One matrix (a frame or DataArray with labels, or an array), several by variable, or a
        Dataset of which the variables that a skim has are taken.
    of
        Variable that a single matrix is: cost, minutes, km, ...
    places
        Labels of rows and columns of an array.
    network
        Gives names and coordinates; labels may then be names, and must all be places of it.
        Without it labels stay as they are.
    purpose
        Kept in ``attrs``; for the own-place rule too.
    units
        Units by variable; those of a skim when left out.
    name
        What the costs are called in ``attrs``.

    Returns
    -------
    Dataset
        The variables, ``reachable``, and names and coordinates where a network is given.

    Raises
    ------
    InvalidNetwork
        Labels that are missing, double or unlike between matrices; negative costs; unknown units.
    UnknownLabel
        A variable that no skim has, or a place that the network does not have.
    """
    if isinstance(matrix, xr.Dataset):
        there = {str(v): matrix[v] for v in matrix.data_vars if v in VARIABLES}
        if not there:
            raise UnknownLabel(
                f"The Dataset must have one of {', '.join(VARIABLES)}; it has "
                f"{', '.join(map(str, matrix.data_vars)) or 'none'}. Say by of= what one matrix is."
            )
        matrix = there
    given: dict[str, Matrix] = (
        {str(v): m for v, m in matrix.items()} if isinstance(matrix, Mapping) else {of: matrix}
    )
    if unknown := [v for v in given if v not in VARIABLES]:
        raise UnknownLabel(
            f"A skim has no variable {unknown[0]!r}{did_you_mean(unknown[0], VARIABLES)}; "
            f"it has {', '.join(VARIABLES)}."
        )
    tables = {v: _labelled(m, v, places) for v, m in given.items()}
    first = next(iter(tables.values()))
    keys = {ORIGIN: [str(k) for k in first.index], DESTINATION: [str(k) for k in first.columns]}
    data: dict[str, Floats] = {}
    for variable, table in tables.items():
        if set(table.index) != set(keys[ORIGIN]) or set(table.columns) != set(keys[DESTINATION]):
            raise InvalidNetwork(
                f"All matrices must have the same places; {variable!r} has others."
            )
        picked = table.loc[keys[ORIGIN], keys[DESTINATION]]
        data[variable] = picked.to_numpy(dtype=np.float64, copy=True)
    _check(data, keys)
    if network is not None:
        keys = {dim: network.resolve(words, kinds=("place",)) for dim, words in keys.items()}
        _check_unique(keys)
        _fill_own(data, keys, network, purpose)
    return _dataset(data, keys, network, purpose, dict(units or {}), name)


def _labelled(matrix: Matrix, variable: str, places: Sequence[str] | None) -> pd.DataFrame:
    """Return a matrix as a frame with text labels."""
    if isinstance(matrix, xr.DataArray):
        if set(matrix.dims) == set(PAIR):
            matrix = matrix.transpose(*PAIR)
        if matrix.ndim != 2 or any(d not in matrix.coords for d in matrix.dims):
            raise InvalidNetwork(f"{variable!r} must have two dimensions with labels.")
        axes = [matrix.coords[d].to_numpy() for d in matrix.dims]
        table = pd.DataFrame(matrix.to_numpy(), axes[0], axes[1])
    elif isinstance(matrix, pd.DataFrame):
        table = matrix.copy()
    else:
        values = np.asarray(matrix, dtype=np.float64)
        if places is None or values.shape != (len(places), len(places)):
            raise InvalidNetwork(
                f"{variable!r} is an array of shape {values.shape}: give places=, a label for each "
                "row and column."
            )
        table = pd.DataFrame(values, list(places), list(places))
    table.index = pd.Index([str(v) for v in table.index])
    table.columns = pd.Index([str(v) for v in table.columns])
    _check_unique({ORIGIN: list(table.index), DESTINATION: list(table.columns)})
    try:
        return table.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidNetwork(f"{variable!r} must hold numbers: {error}.") from error


def _check_unique(keys: Mapping[str, Sequence[str]]) -> None:
    for dim, words in keys.items():
        twice = (
            sorted({w for w in words if list(words).count(w) > 1})
            if (len(set(words)) < len(words))
            else []
        )
        if twice or not words:
            raise InvalidNetwork(
                f"Every {dim} must be there once; given more than once: "
                f"{', '.join(twice[:5]) or 'none, and there is no place at all'}."
            )


def _check(data: dict[str, Floats], keys: dict[str, list[str]]) -> None:
    for variable, values in data.items():
        values[np.isnan(values)] = np.inf
        bad = np.argwhere(values < 0)
        if len(bad):
            where = ", ".join(f"{keys[ORIGIN][i]} to {keys[DESTINATION][j]}" for i, j in bad[:5])
            raise InvalidNetwork(
                f"{variable!r} must not be negative; {len(bad)} cells are: {where}."
            )


def _fill_own(
    data: dict[str, Floats], keys: dict[str, list[str]], network: Network, purpose: Purpose
) -> None:
    """Give places to themselves the own-place cost where the matrix has none."""
    column = {k: j for j, k in enumerate(keys[DESTINATION])}
    own = [(i, column[k]) for i, k in enumerate(keys[ORIGIN]) if k in column]
    if not own:
        return
    rows, columns = np.array(own).T
    area = network.nodes.loc[[keys[ORIGIN][i] for i in rows], "area_km2"].to_numpy(dtype=np.float64)
    inside = own_place(network.parameters, area, purpose, door=True)
    rule = {
        "cost": inside @ prices(network.parameters, purpose, "cost"),
        "minutes": inside @ prices(network.parameters, purpose, "minutes"),
        "km": inside[:, 0],
        "money": inside[:, 1],
    }
    for variable, values in data.items():
        if variable in rule:
            there = values[rows, columns]
            missing = np.isinf(there) | (there == 0.0)
            values[rows, columns] = np.where(missing, rule[variable], there)


def _dataset(
    data: dict[str, Floats],
    keys: dict[str, list[str]],
    network: Network | None,
    purpose: Purpose,
    units: dict[str, str],
    name: str,
) -> xr.Dataset:
    if unknown := [v for v in units if v not in data]:
        raise UnknownLabel(f"units must name the variables given; found {', '.join(unknown)}.")
    usual = units_of("skim")
    coords: dict[str, Any] = {}
    for dim, words in keys.items():
        coords[dim] = (dim, np.array(words, dtype=object))
        if network is not None:
            rows = network.nodes.loc[words]
            for column in ("name", "name_zh"):
                coords[f"{dim}_{column}"] = (dim, rows[column].to_numpy(dtype=object))
            for column in ("lon", "lat"):
                coords[f"{dim}_{column}"] = (dim, rows[column].to_numpy(), {"units": "degrees"})
    variables: dict[str, Any] = {
        v: (PAIR, values, {"units": units.get(v, usual[v])}) for v, values in data.items()
    }
    reachable = np.logical_and.reduce([np.isfinite(values) for values in data.values()])
    variables["reachable"] = (PAIR, reachable)
    attrs: dict[str, Any] = {"network": name, "purpose": purpose, "by": next(iter(data))}
    attrs["given"] = "costs are the user's own: no path was looked for"
    if network is not None:
        attrs["currency"] = network.parameters.currency
        attrs["straight_speed"] = network.parameters.get("straight_speed")
    return xr.Dataset(variables, coords=coords, attrs=attrs)


def read_skim(
    path: str | Path,
    *,
    variables: Mapping[str, str] | None = None,
    of: str = "cost",
    network: Network | None = None,
    purpose: Purpose = "freight",
    lookup: str | None = None,
    units: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Return the costs of a file as a Dataset like that of ``skim``.

    Parameters
    ----------
    path
        ``.omx``; ``.csv`` either long (columns origin, destination and one or more variables; pairs
        that are missing have no path) or wide (first column origins, one column a destination); or
        ``.nc`` with variables over origin and destination.
    variables
        Which matrix or column each variable of the skim is, ``{"cost": "TIME_AM"}``; those that
        have the name of a variable when left out, and where none has and there is one only, ``of``.
    of
        What the only matrix is.
    network, purpose, units
        As for ``as_skim``.
    lookup
        List of labels of an OMX file.

    Raises
    ------
    MissingNetwork
        There is no such file.
    InvalidNetwork
        Another ending, a damaged file, or costs that cannot be taken.
    UnknownLabel
        A matrix, column or place that is not there.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingNetwork(f"There is no file {str(path)!r}.")
    ending = path.suffix.casefold()
    if ending == ".omx":
        source = read_omx(path, lookup=lookup)
    elif ending == ".csv":
        source = _from_csv(path, of)
    elif ending in (".nc", ".nc4"):
        source = _from_netcdf(path)
    else:
        raise InvalidNetwork(f"Costs are read from .omx, .csv or .nc; found {path.name!r}.")
    names = [str(v) for v in source.data_vars]
    chosen = dict(variables or {v: v for v in names if v in VARIABLES})
    if not chosen and len(names) == 1:
        chosen = {of: names[0]}
    if lost := [v for v in chosen.values() if v not in names]:
        raise UnknownLabel(
            f"{path.name} has no matrix {lost[0]!r}{did_you_mean(lost[0], names)}; "
            f"it has {', '.join(names[:12])}."
        )
    if not chosen:
        raise UnknownLabel(
            f"Say by variables= which matrix of {path.name} is the cost; it has "
            f"{', '.join(names[:12]) or 'none'}."
        )
    return as_skim(
        {v: source[m] for v, m in chosen.items()},
        network=network,
        purpose=purpose,
        units=units,
        name=path.name,
    )


def _from_netcdf(path: Path) -> xr.Dataset:
    try:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            source = file.load()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InvalidNetwork(f"{str(path)!r} must be a sound NetCDF file: {error}.") from error
    chosen = [v for v in source.data_vars if set(source[v].dims) == set(PAIR)]
    return source[[v for v in chosen if source[v].dtype.kind in "fiu"]]


def _from_csv(path: Path, of: str) -> xr.Dataset:
    table = read_rows(path.parent, path.name, ())
    assert table is not None  # not optional
    if set(PAIR) <= set(table.columns):
        twice = table.duplicated(list(PAIR))
        if twice.any():
            row = table[twice].iloc[0]
            raise InvalidNetwork(
                f"{path.name} must have every pair once; {row[ORIGIN]} to {row[DESTINATION]} is "
                f"there again, and {int(twice.sum()) - 1} more."
            )
        index = pd.MultiIndex.from_frame(table[list(PAIR)])
        places = {d: np.array(list(dict.fromkeys(table[d])), dtype=object) for d in PAIR}
        wide = {}
        for column in table.columns:
            values = pd.to_numeric(table[column], errors="coerce").astype(np.float64)
            if column in PAIR or (values.isna() & (table[column] != "")).any():
                continue  # names beside the codes
            pairs = pd.Series(values.to_numpy(), index=index)
            wide[str(column)] = (PAIR, pairs.unstack().loc[places[ORIGIN], places[DESTINATION]])
        return xr.Dataset(wide, coords=places)
    labels = table.iloc[:, 0]
    cells = table.iloc[:, 1:]
    try:
        costs = cells.mask(cells == "").astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidNetwork(
            f"{path.name} must have the columns origin and destination, or a column of origins and "
            f"one of numbers for each destination: {error}."
        ) from error
    if not len(costs.columns):
        raise InvalidNetwork(f"{path.name} must have costs; it has one column only.")
    coords = {ORIGIN: labels.to_numpy(dtype=object), DESTINATION: list(cells.columns)}
    return xr.Dataset({of: (PAIR, costs.to_numpy())}, coords=coords)
