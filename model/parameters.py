"""The numbers a run rests on that no table or network gives: values, ranges, units and sources.

Owns the question: which parameters exist, what are their values, and may they take them?

Public names
------------
``Parameters``        frozen set of values; `get`, `by_sector`, `with_values`, `records`
``ParameterSpec``     one row of ``parameters.csv``: default, range, unit, source
``load_parameters``   the shipped defaults

Terms
-----
*low* and *high* bound the range a report shows beside the central value; *minimum* and *maximum*
bound what is accepted at all. *by_sector* parameters also take a table of sectors: ``theta = {
default = 4.0, "Manufacture of textiles" = 5.0 }``. A row with ``assumption`` true has no source
that gives its value.
"""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias

from model.errors import InvalidParameter, UnknownParameter

__all__ = ["ParameterSpec", "ParameterValue", "Parameters", "load_parameters"]

ParameterValue: TypeAlias = float | str | Mapping[str, float]
"""A number, the name of a variant, or numbers by sector with the key ``default``."""


@dataclass(frozen=True, kw_only=True)
class ParameterSpec:
    """One row of the parameters table.

    Parameters
    ----------
    key
        The name a scenario uses.
    kind
        "number", or "choice" of the words `low`, `value`, `high`.
    value, low, high
        Central value and the range shown beside it, in `unit`.
    minimum, maximum
        What is accepted at all; infinite for a choice.
    unit, source, description
        For the reader.
    assumption
        True where no source gives the value.
    by_sector
        True where a table of sectors may be given.
    """

    key: str
    kind: Literal["number", "choice"]
    value: float | str
    low: float | str
    high: float | str
    minimum: float
    maximum: float
    unit: str
    source: str
    assumption: bool
    by_sector: bool
    description: str


@cache
def _specs() -> Mapping[str, ParameterSpec]:
    """Read ``parameters.csv`` once, in its order."""
    text = files("model").joinpath("parameters.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["key"]: _spec(row) for row in csv.DictReader(text.splitlines())})


def _spec(row: Mapping[str, str]) -> ParameterSpec:
    number = row["kind"] == "number"
    value, low, high = (float(row[k]) if number else row[k] for k in ("value", "low", "high"))
    return ParameterSpec(
        key=row["key"],
        kind="number" if number else "choice",
        value=value,
        low=low,
        high=high,
        minimum=float(row["minimum"]) if number else -math.inf,
        maximum=float(row["maximum"]) if number else math.inf,
        unit=row["unit"],
        source=row["source"],
        assumption=row["assumption"] == "true",
        by_sector=row["by_sector"] == "true",
        description=row["description"],
    )


@dataclass(frozen=True)
class Parameters:
    """Values for every parameter: the shipped defaults with some of them set.

    Parameters
    ----------
    changed
        The values that were set, by key. Checked against the table.

    Raises
    ------
    UnknownParameter
        For keys the table does not have, with the nearest one.
    InvalidParameter
        For values of the wrong type or out of bounds; every failure is named.
    """

    changed: Mapping[str, ParameterValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [key for key in self.changed if key not in _specs()]
        failures = check_values(self.changed)
        if unknown:
            raise UnknownParameter("; ".join(failures))
        if failures:
            raise InvalidParameter("; ".join(failures))

    @property
    def keys(self) -> tuple[str, ...]:
        """Every parameter there is, in the order of the table."""
        return tuple(_specs())

    def spec(self, key: str) -> ParameterSpec:
        """Return the row of the table for one parameter.

        Raises
        ------
        UnknownParameter
            When there is no such parameter.
        """
        if key not in _specs():
            raise UnknownParameter(_unknown(key))
        return _specs()[key]

    def get(self, key: str) -> float:
        """Return the value of a number; for one that is set by sector, its default.

        Raises
        ------
        UnknownParameter
            When there is no such parameter.
        InvalidParameter
            When it is a variant by name; read those with `variant`.
        """
        spec = self.spec(key)
        value = self.changed.get(key, spec.value)
        if isinstance(value, Mapping):
            value = value.get("default", spec.value)
        if isinstance(value, str):
            raise InvalidParameter(f"{key} is a variant ({value!r}), not a number; use variant()")
        return float(value)

    def variant(self, key: str) -> str:
        """Return the word a choice is set to."""
        value = self.changed.get(key, self.spec(key).value)
        if not isinstance(value, str):
            raise InvalidParameter(f"{key} is a number, not a variant; use get()")
        return value

    def by_sector(self, key: str, sectors: Iterable[str]) -> tuple[float, ...]:
        """Return one value for each sector, in the order given.

        Raises
        ------
        InvalidParameter
            When the parameter names sectors that are not among `sectors`.
        """
        labels = tuple(sectors)
        default = self.get(key)
        value = self.changed.get(key)
        if not isinstance(value, Mapping):
            return (default,) * len(labels)
        strange = [name for name in value if name != "default" and name not in labels]
        if strange:
            hints = [_hint(name, labels) for name in strange[:5]]
            raise InvalidParameter(f"{key} must name sectors of the table: {'; '.join(hints)}")
        return tuple(float(value.get(label, default)) for label in labels)

    def with_values(self, values: Mapping[str, ParameterValue]) -> Parameters:
        """Return new parameters with `values` set over these."""
        return Parameters({**self.changed, **values})

    def at(self, bound: Literal["low", "high"], *keys: str) -> Parameters:
        """Return new parameters with the named ones at the low or high end of their range.

        A range is relative: a value that was set keeps its distance, ``value * low / default``, so
        the range moves with the value and stays around it; where the default is 0 the end itself
        is taken. Variants by name become "low" or "high".
        """
        moved: dict[str, ParameterValue] = {}
        for key in keys:
            spec = self.spec(key)
            end = spec.low if bound == "low" else spec.high
            value = self.changed.get(key, spec.value)
            if isinstance(end, str) or isinstance(spec.value, str) or spec.value == 0:
                moved[key] = end
            elif isinstance(value, Mapping):
                moved[key] = {name: one * end / spec.value for name, one in value.items()}
            elif isinstance(value, str):
                raise InvalidParameter(f"{key} must be a number; it is {value!r}")
            else:
                moved[key] = value * end / spec.value
        return self.with_values(moved)

    def records(self) -> tuple[dict[str, object], ...]:
        """Return every parameter as a plain record, as a `RunReport` lists assumptions."""
        made: list[dict[str, object]] = []
        for key in self.keys:
            spec = self.spec(key)
            value = self.changed.get(key, spec.value)
            if isinstance(value, Mapping):
                value = ", ".join(f"{name} {one:g}" for name, one in value.items())
            made.append(
                {
                    "name": key,
                    "value": value,
                    "low": spec.low,
                    "high": spec.high,
                    "unit": spec.unit,
                    "source": spec.source,
                    "assumption": spec.assumption,
                }
            )
        return tuple(made)


def load_parameters() -> Parameters:
    """Return the shipped defaults."""
    return Parameters()


def check_values(values: Mapping[str, object]) -> list[str]:
    """Return what is wrong with values for parameters, one sentence for each failure."""
    failures: list[str] = []
    for key, value in values.items():
        spec = _specs().get(key)
        if spec is None:
            failures.append(_unknown(key))
        elif spec.kind == "choice":
            words = dict.fromkeys((spec.low, spec.value, spec.high))
            if value not in words:
                failures.append(
                    f"{key} must be one of {', '.join(map(str, words))}; found {value!r}"
                )
        elif isinstance(value, Mapping) and spec.by_sector:
            for sector, one in value.items():
                failures.extend(_check_number(f"{key} of {sector!r}", one, spec))
        else:
            failures.extend(_check_number(key, value, spec))
    return failures


def _check_number(where: str, value: object, spec: ParameterSpec) -> list[str]:
    rule = f"{where} must be a number from {spec.minimum:g} to {spec.maximum:g} ({spec.unit})"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [f"{rule}; found {value!r}"]
    if not (math.isfinite(value) and spec.minimum <= value <= spec.maximum):
        return [f"{rule}; found {value:g}"]
    return []


def _unknown(key: str) -> str:
    return f"{_hint(key, _specs())} in the parameters table"


def _hint(name: str, known: Iterable[str]) -> str:
    labels = list(known)
    near = difflib.get_close_matches(name, labels, n=1)
    return f"there is no {name!r}" + (f" (did you mean {near[0]!r}?)" if near else "")
