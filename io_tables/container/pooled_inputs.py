"""How use by place of use and trade shares become a pooled table.

Public names: `Block`, `PooledInputs`, `pooled_dataset`. Arrays are taken by position, labelled
DataArrays by their dims; every wrong shape is named at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from io_tables.container.alignment import Frame, Industries
from io_tables.container.checks import Floats, raise_collected
from io_tables.container.flow_inputs import (
    Coords,
    Variables,
    add_final_rows,
    add_people,
    add_stressors,
    grid_coords,
)
from io_tables.dims import (
    CATEGORY,
    IMPORT_PRODUCT,
    ONE_CATEGORY,
    ONE_IMPORT,
    PRIMARY,
    REGION,
    REGION_FROM,
    REGION_TO,
    REMAINDER,
    SECTOR,
    SECTOR_FROM,
)
from io_tables.errors import InvalidTable

Block = ArrayLike | xr.DataArray
Choices = Mapping[tuple[str, ...], tuple[int | None, ...]]
"""Permitted dims with their sizes; None takes any number (categories, kinds of primary input)."""


@dataclass(frozen=True)
class PooledInputs:
    """What `RegionalTable.from_pooled` takes, as given."""

    domestic_use: Block
    trade_share: Block
    demand: Block
    exports: Block
    output: Block
    value_added: Block | None
    imported_use: Block | None
    imported_demand: Block | None
    taxes: Block | None
    population: Frame | None
    employment: Frame | None
    regions: Sequence[str]
    sectors: Sequence[str]
    categories: Sequence[str] | None
    primaries: Sequence[str] | None
    stressors: pd.DataFrame | None
    stressor_units: Mapping[str, str] | None
    stressor_demand: pd.DataFrame | None
    final_taxes: Frame | None
    discrepancy: Block | None
    coords: Coords | None


def _array(
    block: Block,
    choices: Choices,
    what: str,
    failures: list[str],
) -> tuple[tuple[str, ...], Floats]:
    """Dims and a copy of the values, by the first choice of (dims: sizes) that fits."""
    if isinstance(block, xr.DataArray):
        for dims in choices:
            if set(dims) == set(map(str, block.dims)):
                block = block.transpose(*dims)
                break
    values = np.array(block, dtype=np.float64)
    for dims, sizes in choices.items():
        if len(sizes) == values.ndim and all(
            want is None or want == got for want, got in zip(sizes, values.shape, strict=True)
        ):
            return dims, values
    wanted = " or ".join(
        "("
        + ", ".join(f"{d}: {'any' if n is None else n}" for d, n in zip(k, v, strict=True))
        + ")"
        for k, v in choices.items()
    )
    failures.append(f"{what} must have shape {wanted}, found {values.shape}")
    dims, sizes = next(iter(choices.items()))
    return dims, np.zeros([1 if n is None else n for n in sizes])


def _names(
    given: Sequence[str] | None, count: int, one: str, what: str, failures: list[str]
) -> list[str]:
    if given is None:
        return [one] if count == 1 else [f"{what} {k + 1}" for k in range(count)]
    names = [str(n) for n in given]
    if len(names) != count:
        failures.append(f"{what} has {len(names)} labels for {count} entries")
        return [f"{what} {k + 1}" for k in range(count)]
    return names


def pooled_dataset(inputs: PooledInputs, *, attrs: dict[str, Any]) -> xr.Dataset:
    """Build the dataset of a pooled table, every wrong shape raised at once."""
    failures: list[str] = []
    regions, sectors = [str(r) for r in inputs.regions], [str(s) for s in inputs.sectors]
    R, S = len(regions), len(sectors)
    money = {"units": str(attrs["units"])}
    grid: Choices = {(REGION, SECTOR): (R, S)}
    variables: Variables = {}

    def enter(name: str, block: Block, choices: Choices) -> Floats:
        dims, values = _array(block, choices, name, failures)
        variables[name] = (dims, values, money if name != "trade_share" else {"units": "1"})
        return values

    use = enter("domestic_use", inputs.domestic_use, {(SECTOR_FROM, REGION, SECTOR): (S, R, S)})
    enter("trade_share", inputs.trade_share, {(SECTOR, REGION_FROM, REGION_TO): (S, R, R)})
    enter("exports", inputs.exports, grid)
    output = enter("output", inputs.output, grid)
    output += 0.0  # a negative zero would become a NaN coefficient elsewhere
    demand_dims = (REGION, SECTOR, CATEGORY)
    dims, demand = _array(
        inputs.demand, {demand_dims: (R, S, None), (REGION, SECTOR): (R, S)}, "demand", failures
    )
    demand = demand if dims == demand_dims else demand[:, :, None]
    variables["demand"] = (demand_dims, demand, money)
    categories = _names(inputs.categories, demand.shape[2], ONE_CATEGORY, CATEGORY, failures)
    C = len(categories)
    remainder = output - use.sum(axis=0)
    if inputs.taxes is not None:
        remainder = remainder - enter("taxes", inputs.taxes, grid)
    coords = grid_coords(regions, sectors, inputs.coords, [REGION_FROM, REGION_TO, SECTOR_FROM])
    coords[CATEGORY] = categories
    if inputs.discrepancy is not None:
        enter("discrepancy", inputs.discrepancy, grid)
    if inputs.imported_use is not None:
        dims, values = _array(
            inputs.imported_use,
            {(SECTOR_FROM, REGION, SECTOR): (S, R, S), **grid},
            "imported_use",
            failures,
        )
        if values.ndim == 2:
            dims, values = (IMPORT_PRODUCT, REGION, SECTOR), values[None]
            coords[IMPORT_PRODUCT] = [ONE_IMPORT]
        remainder = remainder - values.sum(axis=0)
        variables["imported_use"] = (dims, values, money)
    if inputs.imported_demand is not None:
        choices: Choices = {
            demand_dims: (R, S, C),
            (REGION, CATEGORY): (R, C),
        }
        dims, values = _array(inputs.imported_demand, choices, "imported_demand", failures)
        if values.ndim == 2:
            dims, values = (REGION, IMPORT_PRODUCT, CATEGORY), values[:, None, :]
            coords[IMPORT_PRODUCT] = [ONE_IMPORT]
        variables["imported_demand"] = (dims, values, money)
    if inputs.value_added is None:
        added = remainder[None]
        one = REMAINDER if inputs.imported_use is None else "primary inputs"
    else:
        primary_dims = (PRIMARY, REGION, SECTOR)
        dims, added = _array(
            inputs.value_added, {primary_dims: (None, R, S), **grid}, "value_added", failures
        )
        added, one = (added if dims == primary_dims else added[None]), "value added"
    coords[PRIMARY] = _names(inputs.primaries, len(added), one, PRIMARY, failures)
    variables["value_added"] = ((PRIMARY, REGION, SECTOR), added, money)
    industries = Industries(regions, sectors, np.arange(R * S, dtype=np.intp))
    add_people(variables, inputs.population, inputs.employment, industries, failures)
    add_stressors(variables, coords, inputs.stressors, inputs.stressor_units, industries, failures)
    add_final_rows(
        variables, coords, inputs.stressor_demand, inputs.final_taxes, industries, money, failures
    )
    raise_collected(InvalidTable, failures, f"table {attrs['name'] or 'without a name'}")
    kept = {key: value for key, value in attrs.items() if key != "units"}
    return xr.Dataset(variables, coords=coords, attrs=kept)
