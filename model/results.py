"""What a run keeps: a labelled dataset, a report on how it was computed, and the question.

Owns the question: what does a finished run hand over, and how does it go to a file and come back?

Public names
------------
``Result``        status, data, report, scenario; written with `to_netcdf`, `to_csv`, `to_html`
``RunStatus``     ok (every solve certified), partial (some step fell short), failed
``RunReport``     solves, identities, closure, assumptions, estimates, inputs, versions, seconds
``SolveRecord``, ``IdentityRecord``, ``AssumptionRecord``, ``ReportTable``   the entries of a report
``read_result``   the way back from NetCDF

Terms
-----
*base* is the year without stimulus and edits; a variable ``v`` with a twin ``v_base`` is a level,
and the effect is their difference. A *channel* acts alone: its level is base plus that one effect;
channels are never summed here. Every variable of ``data`` carries ``units`` and ``long_name``. A
block that a scenario does not have (no stimulus, no edits) leaves its variables out.

The file is NetCDF-4 with lossless compression; scenario and report travel as JSON in its
attributes, so one file is the whole answer.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import xarray as xr

from model.errors import MissingResult, OutputRefused, RunFailed, UnreadableResult
from model.results_csv import write_tables
from model.scenario import Scenario

__all__ = [
    "AssumptionRecord",
    "IdentityRecord",
    "ReportTable",
    "Result",
    "RunReport",
    "RunStatus",
    "SolveRecord",
    "read_result",
]

FORMAT = "hinterland result 1"


class RunStatus(StrEnum):
    """How far a run came."""

    ok = "ok"
    partial = "partial"
    failed = "failed"


class SolveRecord(TypedDict):
    """One linear solve; residual and error bound in the money of the table, NaN where none."""

    what: str
    method: str
    iterations: int
    residual: float
    error_bound: float
    seconds: float


class IdentityRecord(TypedDict):
    """One accounting identity: relative gap found, tolerance asked, and whether it holds."""

    name: str
    gap: float
    tolerance: float
    holds: bool


class AssumptionRecord(TypedDict):
    """One number the run rests on; `assumption` is true where no source gives it."""

    name: str
    value: float | str
    low: float | str
    high: float | str
    unit: str
    source: str
    assumption: bool
    description: NotRequired[str]


class ReportTable(TypedDict):
    """A small table for the reader: title, column heads, rows of numbers or words."""

    title: str
    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """How a result was computed and what it rests on; everything in it can be written as JSON.

    Parameters
    ----------
    solves
        Every solve with method, iterations, residual, bound and seconds.
    identities
        Accounting identities with their relative gaps.
    closure
        What happens to final demand, in one sentence.
    assumptions
        Parameters used, with their ranges, units and sources.
    estimates
        Sentences: what is an estimate in table and network.
    table_report
        Tables about the estimated economy, by key; each is a `ReportTable`.
    zero_effects
        Sentences: which effect is exactly zero, and why.
    inputs
        SHA-256 of every input, by name.
    versions
        Version of every package that touched the numbers.
    seconds
        Wall-clock seconds by step.
    """

    solves: tuple[SolveRecord, ...] = ()
    identities: tuple[IdentityRecord, ...] = ()
    closure: str = ""
    assumptions: tuple[AssumptionRecord, ...] = ()
    estimates: tuple[str, ...] = ()
    table_report: Mapping[str, ReportTable] = field(default_factory=dict)
    zero_effects: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        """Write the report as one JSON object; numbers that are not finite become null."""
        return json.dumps(_plain(asdict(self)), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> RunReport:
        """Read a report written by `to_json`; null numbers come back as NaN.

        Raises
        ------
        UnreadableResult
            When the text is not such a report.
        """
        names = {item.name for item in fields(cls)}
        try:
            raw = json.loads(text)
            unknown = sorted(set(raw) - names)
            if unknown:
                raise ValueError(f"unknown entries {', '.join(unknown[:5])}")
            numbers = {"solves": ("residual", "error_bound"), "identities": ("gap", "tolerance")}
            for key, optional in numbers.items():
                for entry in raw.get(key, []):
                    entry.update({n: math.nan for n in optional if entry.get(n, 0.0) is None})
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in raw.items()
            }
            return cls(**values)
        except (ValueError, TypeError, AttributeError) as error:
            raise UnreadableResult(
                f"the report inside the result cannot be read: {error}"
            ) from error


@dataclass(frozen=True, eq=False)
class Result:
    """Everything one run found. Nothing in it changes after the run.

    Parameters
    ----------
    status
        `RunStatus.ok` when every solve is certified and every identity holds.
    data
        Labelled variables with ``units`` and ``long_name``; see the guide for the list.
    report
        How the numbers were computed and what they rest on.
    scenario
        The question that was asked.
    """

    status: RunStatus
    data: xr.Dataset
    report: RunReport
    scenario: Scenario

    def identical(self, other: Result) -> bool:
        """Tell whether both hold the same numbers, labels, units, report and scenario."""
        return (
            self.status == other.status
            and self.data.identical(other.data)
            and json.loads(self.report.to_json()) == json.loads(other.report.to_json())
            and self.scenario == other.scenario
        )

    def raise_for_status(self) -> Result:
        """Return the result itself when its status is ok.

        Raises
        ------
        RunFailed
            Otherwise, naming the identities that do not hold and the solves without a bound.
        """
        if self.status is RunStatus.ok:
            return self
        broken = [
            f"{one['name']}: gap {one['gap']:.3g}, tolerance {one['tolerance']:.3g}"
            for one in self.report.identities
            if not one["holds"]
        ]
        open_ended = [
            f"{one['what']} has no error bound"
            for one in self.report.solves
            if not math.isfinite(one["error_bound"])
        ]
        found = (
            "; ".join((broken + open_ended)[:5]) or "no identity or solve is named in the report"
        )
        raise RunFailed(f"the run {self.scenario.name!r} ended {self.status.value}: {found}")

    def to_netcdf(self, path: str | Path) -> Path:
        """Write data, report and scenario to one NetCDF file, whole or not at all.

        Raises
        ------
        OutputRefused
            When the file cannot be written there.
        """
        data = _writable(self.data)
        data.attrs.update(
            {
                "hinterland_format": FORMAT,
                "hinterland_status": self.status.value,
                "hinterland_report": self.report.to_json(),
                "hinterland_scenario": json.dumps(self.scenario.to_dict(), ensure_ascii=False),
            }
        )
        encoding = {
            name: {"zlib": True, "complevel": 4, "shuffle": True}
            for name, variable in data.data_vars.items()
            if variable.dtype.kind == "f" and variable.size > 1000
        }
        target = Path(path)
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".nc")
            os.close(handle)
            partial = Path(name)
            try:
                data.to_netcdf(partial, engine="h5netcdf", encoding=encoding)
                partial.chmod(0o644)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise OutputRefused(f"the result cannot be written to {target}: {error}") from error
        return target

    def to_csv(self, folder: str | Path) -> tuple[Path, ...]:
        """Write tidy CSV tables with units in their heads, and ``columns.csv`` about every head.

        Returns
        -------
        tuple of Path
            The files written. Variables a scenario does not have make no file.
        """
        return write_tables(self.data, Path(folder))

    def to_html(self, path: str | Path, language: str = "en") -> Path:
        """Write the report a planner reads: one self-contained page that opens offline.

        Parameters
        ----------
        path
            File to write; replaced when it exists.
        language
            "en" or "zh". Names of regions, sectors and places are those the result holds in it.

        Raises
        ------
        ValueError
            When the report is not written in this language.
        """
        from model.report import write_html  # matplotlib is only loaded when a page is drawn

        return write_html(self, path, language=language)


def read_result(path: str | Path) -> Result:
    """Read what `Result.to_netcdf` wrote; the result is identical to the one written.

    Raises
    ------
    MissingResult
        When there is no such file.
    UnreadableResult
        When the file is not a result of this format.
    """
    source = Path(path)
    if not source.is_file():
        raise MissingResult(f"there is no result file {source}")
    try:
        with xr.open_dataset(source, engine="h5netcdf") as opened:
            data = opened.load()
    except (OSError, ValueError) as error:
        raise UnreadableResult(
            f"{source} is not a NetCDF file that can be read: {error}"
        ) from error
    marks = ("format", "status", "report", "scenario")
    kept = {key: data.attrs.pop(f"hinterland_{key}", None) for key in marks}
    if kept["format"] != FORMAT:
        found = kept["format"] or "a NetCDF file without our marks"
        raise UnreadableResult(f"{source} must be in the format {FORMAT!r}; it is {found!r}")
    return Result(
        status=RunStatus(kept["status"]),
        data=_as_objects(data),
        report=RunReport.from_json(kept["report"]),
        scenario=Scenario.from_dict(json.loads(kept["scenario"])),
    )


def _plain(value: Any) -> Any:
    """Turn numpy scalars, tuples and non-finite numbers into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _writable(data: xr.Dataset) -> xr.Dataset:
    """Copy the dataset shallowly, text as plain object arrays: what NetCDF can hold."""
    return _as_objects(data.copy(deep=False))


def _as_objects(data: xr.Dataset) -> xr.Dataset:
    """Give every text variable the dtype object, so that what is read equals what was written."""
    text = {
        name: (variable.dims, np.asarray(variable.values, dtype=object), variable.attrs)
        for name, variable in data.variables.items()
        if variable.dtype.kind in "OUTS"
    }
    return data.assign_coords({k: v for k, v in text.items() if k in data.coords}).assign(
        {k: v for k, v in text.items() if k not in data.coords}
    )
