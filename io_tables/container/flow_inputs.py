"""How flows and final demand, as a user has them, become an explicit table.

Public names: `FlowInputs`, `flows_dataset`, `table_attrs`, `grid_coords`.

Output left out is the row total; value added left out is the remainder of the column,

    v_j = x_j - sum_i Z_ij - imported inputs_j - taxes_j,

and is called "primary inputs and imports, not told apart" when no imports are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import xarray as xr

from io_tables.container import alignment
from io_tables.container.alignment import Frame, Industries
from io_tables.container.checks import Floats, raise_collected
from io_tables.container.flows import cell_variables
from io_tables.dims import (
    CATEGORY,
    IMPORT_PRODUCT,
    ONE_IMPORT,
    PRIMARY,
    REGION,
    REGION_FROM,
    REGION_TO,
    REMAINDER,
    SECTOR,
    SECTOR_FROM,
    SECTOR_TO,
    STRESSOR,
)
from io_tables.errors import InvalidTable
from io_tables.labels import shown

Coords = Mapping[str, tuple[str, Sequence[object]]]
Variables = dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]]
PERSONS = {"units": "persons"}


@dataclass(frozen=True)
class FlowInputs:
    """What `RegionalTable.from_flows` takes, as given."""

    Z: Frame
    Y: Frame
    x: Frame | None
    va: Frame | None
    imports: Frame | None
    final_imports: Frame | None
    taxes: Frame | None
    exports: Frame | None
    population: Frame | None
    employment: Frame | None
    regions: Sequence[str] | None
    sectors: Sequence[str] | None
    categories: Sequence[str] | None
    stressors: pd.DataFrame | None
    stressor_units: Mapping[str, str] | None
    stressor_demand: pd.DataFrame | None
    final_taxes: Frame | None
    discrepancy: Frame | None
    coords: Coords | None
    copy: bool


def table_attrs(
    units: str, year: int | None, name: str, notes: Sequence[str], signed: bool, tolerance: float
) -> dict[str, Any]:
    """Return the attributes of a table's dataset; `units` is moved to the variables."""
    attrs: dict[str, Any] = {
        "units": units,
        "name": name,
        "notes": "\n".join(n.replace("\n", " ") for n in notes),
        "signed": int(signed),
        "balance_tolerance": tolerance,
    }
    return attrs if year is None else {**attrs, "year": int(year)}


def grid_coords(
    regions: Sequence[str], sectors: Sequence[str], extra: Coords | None, pairs: Sequence[str]
) -> dict[str, Any]:
    """Return the coordinates of a grid, the doubled dims in `pairs` among them."""
    coords: dict[str, Any] = {REGION: list(regions), SECTOR: list(sectors)}
    for dim in pairs:
        coords[dim] = list(regions if dim.startswith(REGION) else sectors)
    for name, (dim, labels) in (extra or {}).items():
        coords[name] = (dim, [str(label) for label in labels])
    return coords


def by_region(frame: Frame, regions: Sequence[str], what: str, failures: list[str]) -> Floats:
    """(R,) numbers by region, aligned by label when labelled."""
    if isinstance(frame, pd.Series) and not isinstance(frame.index, pd.RangeIndex):
        frame = frame.set_axis([str(label) for label in frame.index])
        lacking = [r for r in regions if r not in frame.index]
        if lacking:
            failures.append(f"{what} must have every region, missing: {shown(lacking)}")
            return np.zeros(len(regions))
        frame = frame.loc[list(regions)]
    values = np.asarray(frame, dtype=np.float64).reshape(-1)
    if len(values) != len(regions):
        failures.append(f"{what} must have {len(regions)} entries by region, found {len(values)}")
        return np.zeros(len(regions))
    return values


def _final_imports(
    inputs: FlowInputs,
    industries: Industries,
    categories: Sequence[str],
    import_labels: list[str] | None,
    failures: list[str],
) -> tuple[tuple[str, ...], Floats, list[str] | None] | None:
    """Dims, values and (where not by product of the table) row labels of imports for final use."""
    assert inputs.final_imports is not None
    labels, values, columns = alignment.product_rows(
        inputs.final_imports, "final_imports", failures
    )
    sectors = industries.sectors
    if labels is None:
        labels = sectors if len(values) == len(sectors) else [
            ONE_IMPORT if len(values) == 1 else f"{ONE_IMPORT} {k + 1}" for k in range(len(values))
        ]  # fmt: skip
    final = alignment.final_block(
        values, columns, industries, categories, "final_imports", failures
    )
    if final is None:
        return None
    cube = final.values
    by_product = sorted(labels) == sorted(sectors)
    if by_product:
        cube = cube[[labels.index(s) for s in sectors]]
    elif import_labels is not None and import_labels != labels:
        failures.append(
            "imports and final_imports must have the same rows, found "
            f"{shown(import_labels)} and {shown(labels)}"
        )
        return None
    row_dim = SECTOR if by_product else IMPORT_PRODUCT
    if not final.told and len(industries.regions) > 1:
        return (row_dim, CATEGORY), cube[:, 0, :], None if by_product else labels
    return (REGION, row_dim, CATEGORY), cube.transpose(1, 0, 2), None if by_product else labels


def flows_dataset(inputs: FlowInputs, *, attrs: dict[str, Any]) -> xr.Dataset:
    """Build the dataset of an explicit table, every failure of the inputs raised at once."""
    failures: list[str] = []
    subject = f"table {attrs['name'] or 'without a name'}"
    industries = alignment.read_industries(inputs.Z, inputs.regions, inputs.sectors, failures)
    if industries is None:
        raise_collected(InvalidTable, failures, subject)
        raise AssertionError("a grid that cannot be read notes its failure")
    shape = (len(industries.regions), len(industries.sectors))
    sparse = sp.issparse(inputs.Z)
    flows: Any = (
        alignment.sparse_square(inputs.Z, industries, "Z", failures)
        if sparse
        else alignment.square(inputs.Z, industries, "Z", failures, copy=inputs.copy)
    )
    final_flat, columns = alignment.final_rows(inputs.Y, industries, "Y", failures)
    final = alignment.final_block(final_flat, columns, industries, inputs.categories, "Y", failures)
    raise_collected(InvalidTable, failures, subject)
    assert final is not None

    exports = final.exports
    if inputs.exports is not None:
        given = alignment.vector(inputs.exports, industries, "exports", failures)
        if exports is not None:
            failures.append("exports are given twice: as an argument and as a column of Y")
        exports = given
    discrepancy = final.discrepancy
    if inputs.discrepancy is not None:
        given = alignment.vector(inputs.discrepancy, industries, "discrepancy", failures)
        if discrepancy is not None:
            failures.append("discrepancy is given twice: as an argument and as a column of Y")
        discrepancy = given
    outside = [block for block in (exports, discrepancy) if block is not None]
    output = (
        flows.sum(axis=1) + final.values.sum(axis=(1, 2)) + sum(outside)
        if inputs.x is None
        else alignment.vector(inputs.x, industries, "x", failures)
    )
    output = output + 0.0  # a negative zero would become a NaN coefficient elsewhere
    money = {"units": str(attrs["units"])}
    told = final.told or shape[0] == 1
    demand_dims = (REGION, SECTOR, REGION_TO, CATEGORY) if told else (REGION, SECTOR, CATEGORY)
    demand = final.values if told else final.values[:, 0, :]
    kept: Variables = (
        cell_variables(flows, money["units"])
        if sparse
        else {
            "flows": (
                (REGION_FROM, SECTOR_FROM, REGION_TO, SECTOR_TO),
                flows.reshape(*shape, *shape),
                money,
            )
        }
    )
    variables: Variables = {
        **kept,
        "final_demand": (demand_dims, demand.reshape(*shape, *demand.shape[1:]), money),
        "output": ((REGION, SECTOR), output.reshape(shape), money),
    }
    coords = grid_coords(
        industries.regions,
        industries.sectors,
        inputs.coords,
        [REGION_FROM, SECTOR_FROM, REGION_TO, SECTOR_TO],
    )
    coords[CATEGORY] = final.categories
    remainder = output - flows.sum(axis=0)
    if exports is not None:
        variables["exports"] = ((REGION, SECTOR), exports.reshape(shape), money)
    if discrepancy is not None:
        variables["discrepancy"] = ((REGION, SECTOR), discrepancy.reshape(shape), money)
    if inputs.taxes is not None:
        taxes = alignment.vector(inputs.taxes, industries, "taxes", failures)
        variables["taxes"] = ((REGION, SECTOR), taxes.reshape(shape), money)
        remainder = remainder - taxes
    import_labels: list[str] | None = None
    if inputs.imports is not None:
        labels, values = alignment.block(
            inputs.imports, industries, "imports", ONE_IMPORT, failures
        )
        remainder = remainder - values.sum(axis=0)
        bare = not isinstance(inputs.imports, pd.DataFrame) and len(labels) == shape[1] > 1
        if bare or sorted(labels) == sorted(industries.sectors):
            order = range(shape[1]) if bare else [labels.index(s) for s in industries.sectors]
            dim, values = SECTOR_FROM, values[list(order)]
        else:
            dim, import_labels = IMPORT_PRODUCT, labels
            coords[IMPORT_PRODUCT] = labels
        variables["imported_use"] = ((dim, REGION, SECTOR), values.reshape(-1, *shape), money)
    if inputs.final_imports is not None:
        read = _final_imports(inputs, industries, final.categories, import_labels, failures)
        if read is not None:
            variables["imported_demand"] = (read[0], read[1], money)
            if read[2] is not None:
                coords[IMPORT_PRODUCT] = read[2]
    if inputs.va is None:
        primaries = [REMAINDER if inputs.imports is None else "primary inputs"]
        added = remainder[None, :]
    else:
        primaries, added = alignment.block(inputs.va, industries, "va", "value added", failures)
    coords[PRIMARY] = primaries
    variables["value_added"] = ((PRIMARY, REGION, SECTOR), added.reshape(-1, *shape), money)
    add_people(variables, inputs.population, inputs.employment, industries, failures)
    add_stressors(variables, coords, inputs.stressors, inputs.stressor_units, industries, failures)
    add_final_rows(
        variables, coords, inputs.stressor_demand, inputs.final_taxes, industries, money, failures
    )
    raise_collected(InvalidTable, failures, subject)
    absent = industries.absent()
    told_attrs = {key: value for key, value in attrs.items() if key != "units"}
    notes = [str(told_attrs["notes"]), alignment.index_note(inputs.Z, "Z")]
    if absent:
        notes.append(f"industries the source does not have, entered as zero: {shown(absent)}")
    told_attrs["notes"] = "\n".join(n for n in notes if n)
    return xr.Dataset(variables, coords=coords, attrs=told_attrs)


def add_people(
    variables: Variables,
    population: Frame | None,
    employment: Frame | None,
    industries: Industries,
    failures: list[str],
) -> None:
    """Enter population by region, and employment by region or by industry."""
    regions = industries.regions
    if population is not None:
        values = by_region(population, regions, "population", failures)
        variables["population"] = ((REGION,), values, PERSONS)
    if employment is not None:
        if np.size(employment) == len(regions):
            values = by_region(employment, regions, "employment", failures)
            variables["employment"] = ((REGION,), values, PERSONS)
        else:
            flat = alignment.vector(employment, industries, "employment", failures)
            shape = (len(regions), len(industries.sectors))
            variables["employment"] = ((REGION, SECTOR), flat.reshape(shape), PERSONS)


def add_stressors(
    variables: Variables,
    coords: dict[str, Any],
    stressors: pd.DataFrame | None,
    stressor_units: Mapping[str, str] | None,
    industries: Industries,
    failures: list[str],
) -> None:
    """Enter physical accounts by industry with the unit of each row."""
    if stressors is None:
        return
    labels, values = alignment.block(stressors, industries, "stressors", STRESSOR, failures)
    units = dict(stressor_units or {})
    unknown = [label for label in units if label not in labels]
    if unknown:
        failures.append(f"stressor_units name rows that stressors lacks: {shown(unknown)}")
    shape = (len(industries.regions), len(industries.sectors))
    coords[STRESSOR] = labels
    coords["stressor_units"] = (STRESSOR, [units.get(label, "") for label in labels])
    variables["stressor_use"] = (
        (STRESSOR, REGION, SECTOR),
        values.reshape(-1, *shape),
        {"units": "by stressor_units"},
    )


def add_final_rows(
    variables: Variables,
    coords: Mapping[str, Any],
    stressor_demand: pd.DataFrame | None,
    final_taxes: Frame | None,
    industries: Industries,
    money: dict[str, Any],
    failures: list[str],
) -> None:
    """Enter accounts of final use: stressors and product taxes by place of use and category."""
    for name, frame, unit in (
        ("stressor_demand", stressor_demand, {"units": "by stressor_units"}),
        ("final_taxes", final_taxes, money),
    ):
        if frame is None:
            continue
        labels, values, columns = alignment.product_rows(frame, name, failures)
        final = alignment.final_block(values, columns, industries, coords[CATEGORY], name, failures)
        if final is None:
            continue
        if final.categories != coords[CATEGORY]:
            failures.append(
                f"{name} must have the categories of final demand, found {shown(final.categories)}"
            )
            continue
        told = final.told or len(industries.regions) == 1
        dims: tuple[str, ...] = (REGION, CATEGORY) if told else (CATEGORY,)
        cube = final.values if told else final.values[:, 0, :]
        if name == "final_taxes":
            variables[name] = (dims, cube.sum(axis=0), unit)
        elif labels is None or sorted(labels) != sorted(coords.get(STRESSOR, [])):
            failures.append(f"{name} must have the rows of stressors, found {shown(labels or [])}")
        else:
            order = [labels.index(label) for label in coords[STRESSOR]]
            variables[name] = ((STRESSOR, *dims), cube[order], unit)
