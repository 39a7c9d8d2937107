"""Whether a dataset keeps what every table promises.

Public names:
- `Finding`: one thing that does not add up, with where, how much and the tolerance.
- `canonical`: dims in schema order, float64, contiguous, read-only.
- `check_structure`, `check_values`: failures as sentences; a table with one is never built.
- `check_balance`: the accounting identities, as findings.
- `raise_collected`: all failures in one exception.

Identities, with scale_i the sum of absolute terms on both sides of row (or column) i:

    explicit rows     sum_j Z_ij + sum Y_i + e_i + d_i = x_i
    pooled rows       sum_s t_i^rs (sum_j z_ij^s + sum_c y_ic^s) + e_i^r + d_i^r = x_i^r
    columns           domestic inputs + imported inputs + product taxes + value added = x_j
    shares            sum_r t_i^rs = 1

d is the discrepancy that the source itself shows. A gap counts when
|gap_i| > tolerance * scale_i. Rows and shares must hold for a table to be built; columns need not
(a survey may leave a residual), but `check()` names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from io_tables.container.flows import CELL, CELLS, POSITIONS, check_cells, column_sums, row_sums
from io_tables.dims import Kind
from io_tables.errors import TableError
from io_tables.labels import SHOWN, duplicates, shown
from io_tables.schema import SCHEMA

Floats = NDArray[np.float64]

_FLOWS: Final = ("flows", "flow_cells", "domestic_use")
ROW_TOLERANCE: Final = 1e-6
SHARE_TOLERANCE: Final = 1e-9
_COPIES: Final = {
    "region_from": "region",
    "region_to": "region",
    "sector_from": "sector",
    "sector_to": "sector",
}


@dataclass(frozen=True)
class Finding:
    """One thing that does not add up.

    `kind` names the rule ("row_gap", "column_gap", "share_gap", "negative_value_added",
    "flows_without_output", "not_productive", "unit_mismatch", "source_block"), `where` the label
    of the worst place, `found` its size relative to the scale of the rule, `tolerance` what is
    allowed, `message` the sentence for a reader. Findings of level "note" tell what a source
    holds; nothing is wrong with them.
    """

    kind: str
    where: str
    found: float
    tolerance: float
    message: str
    level: Literal["error", "note"] = "error"

    def __str__(self) -> str:
        """Return the sentence."""
        return self.message


def raise_collected(error: type[TableError], failures: Sequence[str], subject: str) -> None:
    """Raise one `error` that lists every failure; do nothing when there is none."""
    if failures:
        raise error(f"{subject}: " + "; ".join(failures))


def canonical(data: xr.Dataset) -> xr.Dataset:
    """Variables in schema order of dims, read-only and contiguous, float64; labels as they are."""
    variables: dict[str, tuple[tuple[str, ...], NDArray[Any], dict[object, object]]] = {}
    for name, variable in data.data_vars.items():
        row = SCHEMA.get(str(name))
        dims = tuple(str(d) for d in variable.dims)
        if row is not None:
            dims = next((choice for choice in row.dims if set(choice) == set(dims)), dims)
        kind = np.int32 if name in POSITIONS else np.float64
        values = np.ascontiguousarray(variable.transpose(*dims).values, dtype=kind).view()
        values.flags.writeable = False
        variables[str(name)] = (dims, values, dict(variable.attrs))
    return xr.Dataset(variables, coords=data.coords, attrs=data.attrs)


def check_structure(data: xr.Dataset, kind: Kind) -> list[str]:
    """Variables, dims and labels: what is missing, unknown, repeated or in another order."""
    failures: list[str] = []
    missing = [n for n, row in SCHEMA.items() if row.needed(kind) and n not in data]
    if missing:
        failures.append(f"a {kind} table needs the variables {', '.join(missing)}")
    parts = [name for name in CELLS if name in data]
    if kind == "explicit" and ("flows" in data) == (parts == list(CELLS)):
        failures.append(f"an explicit table needs flows, or all of {', '.join(CELLS)}, not both")
    for name, variable in data.data_vars.items():
        row = SCHEMA.get(str(name))
        if row is None or not row.allowed(kind):
            failures.append(f"a {kind} table has no variable {name!r}")
        elif not any(set(choice) == set(variable.dims) for choice in row.dims):
            failures.append(
                f"{name} must have dims {' or '.join('(' + ', '.join(c) + ')' for c in row.dims)}, "
                f"found ({', '.join(map(str, variable.dims))})"
            )
        if "units" not in variable.attrs:
            failures.append(f"{name} has no attrs['units']")
    for dim in map(str, data.dims):
        if dim == CELL:
            continue
        if dim not in data.coords:
            failures.append(f"dimension {dim!r} has no labels")
            continue
        labels = data[dim].values.tolist()
        if not labels:
            failures.append(f"dimension {dim!r} is empty")
        twice = duplicates(labels)
        if twice:
            failures.append(f"labels of {dim!r} must be unique, found twice: {shown(twice)}")
        blank = [i for i, v in enumerate(labels) if v is None or str(v).strip() in ("", "nan")]
        if blank:
            failures.append(f"labels of {dim!r} are blank at positions {shown(blank)}")
        twin = _COPIES.get(dim)
        if twin in data.coords and data[twin].values.tolist() != labels:
            failures.append(f"labels of {dim!r} must be those of {twin!r} in the same order")
    return failures


def _cells(data: xr.Dataset, variable: xr.DataArray, bad: NDArray[np.bool_]) -> str:
    """Name the first places where `bad` holds, by their labels, with the values found."""
    where = np.argwhere(bad)
    if variable.dims == (CELL,):
        return _sparse_cells(data, variable.values, where[:, 0])
    places = [
        " / ".join(str(variable[d].values[i]) for d, i in zip(variable.dims, cell, strict=True))
        + f" ({variable.values[tuple(cell)]:.6g})"
        for cell in where[:SHOWN]
    ]
    rest = len(where) - len(places)
    return ", ".join(places) + (f" and {rest} more" if rest > 0 else "")


def _sparse_cells(data: xr.Dataset, values: NDArray[Any], where: NDArray[np.intp]) -> str:
    regions, sectors = data["region"].values, data["sector"].values
    places = []
    for k in where[:SHOWN].tolist():
        ends = [divmod(int(data[name].values[k]), len(sectors)) for name in POSITIONS]
        names = " / ".join(f"{regions[r]} / {sectors[i]}" for r, i in ends)
        places.append(f"{names} ({values[k]:.6g})")
    rest = len(where) - len(places)
    return ", ".join(places) + (f" and {rest} more" if rest > 0 else "")


def check_values(data: xr.Dataset, *, signed: bool = False) -> list[str]:
    """Numbers that no table may have: non-finite ones anywhere, negative ones by the schema.

    With `signed`, negative intermediate flows are allowed (some surveys have them); output and
    trade shares are never negative.
    """
    failures = check_cells(data)
    if failures:
        return failures
    for name, variable in data.data_vars.items():
        # a sum is finite when all its terms are, unless it overflows: look closer only then
        with np.errstate(invalid="ignore", over="ignore"):
            bad = ~np.isfinite(variable.values.sum(keepdims=True))
        if bad.any():
            bad = ~np.isfinite(variable.values)
        if bad.any():
            failures.append(f"{name} must be finite, found at {_cells(data, variable, bad)}")
        keeps_sign = signed and name in _FLOWS
        if SCHEMA[str(name)].bounds != "nonnegative" or keeps_sign:
            continue
        if not variable.values.min(initial=0.0) >= 0:  # negative or not a number
            bad = variable.values < 0
            advice = (
                "; correct the source or pass signed=True to keep negative flows"
                if name in _FLOWS
                else ""
            )
            if bad.any():
                failures.append(
                    f"{name} must not be negative, found at {_cells(data, variable, bad)}{advice}"
                )
    return failures


def _size(values: Floats) -> Floats:
    """Absolute values, without a copy where nothing is negative."""
    return values if values.min(initial=0.0) >= 0 else np.abs(values)


def _row_terms(data: xr.Dataset, kind: Kind) -> tuple[Floats, Floats]:
    """Deliveries by producing (region, sector) and the sum of their absolute values."""
    if kind == "explicit":
        demand = data["final_demand"].values
        axes = tuple(range(2, demand.ndim))
        total = row_sums(data) + demand.sum(axis=axes)
        size = row_sums(data, size=True) + _size(demand).sum(axis=axes)
    else:
        share = data["trade_share"].values
        use = data["domestic_use"].values.sum(axis=2) + data["demand"].values.sum(axis=2).T
        size_use = (
            _size(data["domestic_use"].values).sum(axis=2)
            + _size(data["demand"].values).sum(axis=2).T
        )
        total = np.einsum("irs,is->ri", share, use)
        size = np.einsum("irs,is->ri", share, size_use)
    for name in ("exports", "discrepancy"):
        if name in data:
            total = total + data[name].values
            size = size + np.abs(data[name].values)
    return total, size


def _column_terms(data: xr.Dataset, kind: Kind) -> tuple[Floats, Floats]:
    """Cost by buying (region, sector) and the sum of its absolute parts."""
    own = column_sums(data) if kind == "explicit" else None
    domestic = data["domestic_use"].values.sum(axis=0) if own is None else own
    total, size = domestic.copy(), np.abs(domestic)
    for name in ("imported_use", "value_added"):
        if name in data:
            total += data[name].values.sum(axis=0)
            size += np.abs(data[name].values).sum(axis=0)
    if "taxes" in data:
        total += data["taxes"].values
        size += np.abs(data["taxes"].values)
    return total, size


def _gap_findings(
    rule: str, total: Floats, size: Floats, data: xr.Dataset, tolerance: float, advice: str
) -> list[Finding]:
    output = data["output"].values
    gap = np.abs(total - output)
    scale = size + output
    relative = np.divide(gap, scale, out=np.zeros_like(gap), where=scale > 0)
    bad = np.argwhere(relative > tolerance)
    if not len(bad):
        return []
    bad = bad[np.argsort(-relative[tuple(bad.T)], kind="stable")]
    names = [
        f"{data['region'].values[r]} / {data['sector'].values[i]} "
        f"({total[r, i]:.6g} against output {output[r, i]:.6g})"
        for r, i in bad
    ]
    worst = tuple(bad[0])
    side = "row" if rule == "row_gap" else "column"
    message = (
        f"{side} totals must equal output to {tolerance:g} relative, "
        f"found {relative[worst]:.3g} at {shown(names)}; {advice}"
    )
    where = f"{data['region'].values[worst[0]]} / {data['sector'].values[worst[1]]}"
    return [Finding(rule, where, float(relative[worst]), tolerance, message)]


def check_rows(data: xr.Dataset, kind: Kind, *, tolerance: float = ROW_TOLERANCE) -> list[Finding]:
    """Deliveries of every industry against its output."""
    total, size = _row_terms(data, kind)
    advice = "correct the source, leave x out to take row totals, or raise the tolerance"
    return _gap_findings("row_gap", total, size, data, tolerance, advice)


def check_columns(
    data: xr.Dataset, kind: Kind, *, tolerance: float = ROW_TOLERANCE
) -> list[Finding]:
    """Costs of every industry against its output; a gap is a residual, not a reason to refuse."""
    total, size = _column_terms(data, kind)
    advice = "the gap is carried as a residual wherever costs are split"
    return _gap_findings("column_gap", total, size, data, tolerance, advice)


def check_shares(data: xr.Dataset, *, tolerance: float = SHARE_TOLERANCE) -> list[Finding]:
    """Trade shares of every product bought in every region: they sum to one over the origins."""
    total = data["trade_share"].values.sum(axis=1)
    gap = np.abs(total - 1.0)
    bad = np.argwhere(gap > tolerance)
    if not len(bad):
        return []
    bad = bad[np.argsort(-gap[tuple(bad.T)], kind="stable")]
    names = [
        f"{data['sector'].values[i]} in {data['region'].values[s]} ({total[i, s]:.6g})"
        for i, s in bad
    ]
    worst = tuple(bad[0])
    message = (
        f"trade shares must sum to one over region_from, found {shown(names)}; shares that leave "
        "out a foreign part are converted by io_tables.shares.domestic_shares, which puts the "
        "foreign part into the imports"
    )
    where = f"{data['sector'].values[worst[0]]} in {data['region'].values[worst[1]]}"
    return [Finding("share_gap", where, float(gap[worst]), tolerance, message)]


def check_value_added(data: xr.Dataset) -> list[Finding]:
    """Industries whose value added is negative: their prices and multipliers are suspect."""
    output = data["output"].values
    share = np.divide(
        data["value_added"].values.sum(axis=0), output, out=np.zeros_like(output), where=output > 0
    )
    bad = np.argwhere(share < 0)
    if not len(bad):
        return []
    bad = bad[np.argsort(share[tuple(bad.T)], kind="stable")]
    names = [
        f"{data['region'].values[r]} / {data['sector'].values[i]} ({share[r, i]:.3g} of output)"
        for r, i in bad
    ]
    message = f"value added should not be negative, found {shown(names)}"
    return [
        Finding(
            "negative_value_added", names[0].rsplit(" (", 1)[0], float(share.min()), 0.0, message
        )
    ]


def check_balance(
    data: xr.Dataset, kind: Kind, *, tolerance: float = ROW_TOLERANCE
) -> list[Finding]:
    """All accounting identities that a table of this kind has."""
    shares = check_shares(data) if kind == "pooled" else []
    return [
        *shares,
        *check_rows(data, kind, tolerance=tolerance),
        *check_columns(data, kind, tolerance=tolerance),
        *check_value_added(data),
    ]
