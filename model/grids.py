"""Flat rows of a table as labelled grids, and blocks of rows by name.

Question owned: how does a flat vector become a labelled variable, and which rows does a block of
regions and sectors mean?

Public names
    grid         (n,) values as an xarray variable over (region, sector), with units
    grid_coords  the coordinates that go with it
    block_rows   flat rows of regions x sectors given by name
    ratio        amount / base, and a stated value where the base is not positive
    draw_largest bars of the industries with the largest values

Terms: rows are flat and region-major, row = region * n_sectors + sector.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from io_tables.table import RegionalTable
from model.dims import REGION, ROW, SECTOR
from model.errors import ShapeError
from model.leontief.products import FloatArray, IntArray
from model.stimulus import resolve_poles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Names: TypeAlias = str | Sequence[str] | None
"""One label, several, or None for all."""
Variable: TypeAlias = tuple[tuple[str, ...], Any, dict[str, str]]


def grid(table: RegionalTable, values: ArrayLike, units: str, meaning: str) -> Variable:
    """Return (n,) values as a variable over (region, sector)."""
    shaped = np.asarray(values).reshape(table.n_regions, table.n_sectors)
    return ROW, shaped, {"units": units, "long_name": meaning}


def grid_coords(table: RegionalTable) -> dict[str, list[str]]:
    """Return the region and sector coordinates of a table."""
    return {REGION: table.regions, SECTOR: table.sectors}


def block_rows(table: RegionalTable, regions: Names, sectors: Names) -> IntArray:
    """Return the flat rows of regions x sectors, rising; None means all of them.

    A region is named as the table names it, or by a group along its region axis.

    Raises
    ------
    UnknownLabel
        For regions and sectors that the table does not have, with the closest ones.
    ShapeError
        When no rows are left.
    """
    places = np.arange(table.n_regions)
    if regions is not None:
        named = [regions] if isinstance(regions, str) else list(regions)
        if not named:
            raise ShapeError("a block must have at least one region; none was named.")
        places = resolve_poles(table, {"block": named})[0].regions
    products = np.arange(table.n_sectors)
    if sectors is not None:
        wanted = [sectors] if isinstance(sectors, str) else list(sectors)
        if not wanted:
            raise ShapeError("a block must have at least one sector; none was named.")
        products = np.unique(table.sector_positions(wanted))
    return np.asarray(places[:, None] * table.n_sectors + products, dtype=np.intp).reshape(-1)


def ratio(amount: ArrayLike, base: ArrayLike, *, otherwise: float = 0.0) -> FloatArray:
    """Return amount / base, and `otherwise` where the base is not positive."""
    top, bottom = np.broadcast_arrays(np.asarray(amount, float), np.asarray(base, float))
    return np.asarray(
        np.divide(top, bottom, out=np.full(top.shape, otherwise), where=bottom > 0), dtype=float
    )


def draw_largest(
    data: xr.Dataset, names: Sequence[str], *, most: int = 20, ax: Axes | None = None
) -> Axes:
    """Bars of the `most` industries whose first variable is largest in size, largest on top.

    Parameters
    ----------
    data
        Variables over (region, sector) of one unit.
    names
        Variables that are drawn beside each other.
    """
    import matplotlib.pyplot as plt

    flat = {name: data[name].transpose(*ROW).values.reshape(-1) for name in names}
    labels = [f"{r} / {s}" for r in data[REGION].values for s in data[SECTOR].values]
    order = np.argsort(-np.abs(flat[names[0]]), kind="stable")[:most][::-1]
    ax = plt.subplots(figsize=(7, 0.3 * len(order) + 1.5))[1] if ax is None else ax
    where, height = np.arange(len(order)), 0.8 / len(names)
    for k, name in enumerate(names):
        shift = (len(names) - 1 - 2 * k) * height / 2
        ax.barh(where + shift, flat[name][order], height=height, label=name.replace("_", " "))
    ax.set_yticks(where, [labels[k] for k in order], fontsize="small")
    ax.axvline(0.0, color="0.3", linewidth=0.8)
    ax.set_xlabel(str(data[names[0]].attrs["units"]))
    ax.legend(frameon=False)
    return ax
