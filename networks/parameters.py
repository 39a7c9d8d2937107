"""Which numbers the cost of a trip rests on, and how well each is founded.

Public names
------------
Parameters : the frozen table of parameters, with look-up and overrides
read_parameters : a parameters table from a CSV file

Terms
-----
A row is a *parameter* for a *mode* (empty: every mode) and a *purpose* (empty: both). Look-up takes
the most particular row: mode and purpose, then mode, then purpose, then neither. Rows marked
``assumption`` have no source that would settle them; ``low`` and ``high`` are what a run with other
values should try. The shipped table is ``networks/parameters.csv``.
"""

import functools
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from networks.errors import MissingNetwork, ParameterError
from networks.labels import did_you_mean

COLUMNS = (
    "parameter",
    "mode",
    "purpose",
    "value",
    "low",
    "high",
    "unit",
    "source",
    "assumption",
    "description",
)

Overrides = Mapping[str, "float | Mapping[str, float]"]


@dataclass(frozen=True, eq=False)
class Parameters:
    """Parameters of generalised cost: value, range, unit, source and whether it is an assumption.

    Attributes
    ----------
    table : DataFrame
        One row per parameter, mode and purpose; columns as in ``networks/parameters.csv``.
    """

    table: pd.DataFrame

    def __post_init__(self) -> None:
        """Check the table; raise ParameterError naming every bad row."""
        object.__setattr__(self, "table", _checked(self.table))

    @staticmethod
    def default() -> "Parameters":
        """Return the shipped parameters."""
        return _default()

    @functools.cached_property
    def _lookup(self) -> dict[tuple[str, str, str], float]:
        rows = self.table
        return dict(
            zip(
                zip(rows["parameter"], rows["mode"], rows["purpose"], strict=True),
                rows["value"].astype(float),
                strict=True,
            )
        )

    @property
    def currency(self) -> str:
        """The money the table is in, from the unit of the value of time."""
        units = self.table.loc[self.table["parameter"] == "value_of_time", "unit"]
        return str(units.iloc[0]).split("/")[0] if len(units) else "money"

    def get(
        self, parameter: str, mode: str = "", purpose: str = "", default: float | None = None
    ) -> float:
        """Return one value, from the most particular row that fits.

        Parameters
        ----------
        parameter
            Name of the parameter.
        mode
            Link mode or main mode, or empty.
        purpose
            ``"passenger"``, ``"freight"`` or empty.
        default
            What to return where no row fits; without it that is an error.

        Raises
        ------
        ParameterError
            No such parameter, or none for this mode and purpose.
        """
        values = self._lookup
        for key in ((mode, purpose), (mode, ""), ("", purpose), ("", "")):
            if (parameter, *key) in values:
                return values[(parameter, *key)]
        names = sorted(set(self.table["parameter"]))
        if parameter not in names:
            raise ParameterError(
                f"There is no parameter {parameter!r}{did_you_mean(parameter, names)}."
            )
        if default is not None:
            return default
        raise ParameterError(
            f"Parameter {parameter!r} has no row for mode {mode!r} and purpose {purpose!r}: "
            "add the row or a row that leaves mode or purpose empty."
        )

    def with_values(self, overrides: Overrides) -> "Parameters":
        """Return parameters with some values replaced.

        Parameters
        ----------
        overrides
            ``{"value_of_time": 40}`` sets every row of the parameter;
            ``{"fare_per_km": {"rail_hsr": 0.5}}`` sets the rows of one mode,
            ``{"weight_wait": {"passenger": 2}}`` of one purpose and
            ``{"access_minutes": {"rail.freight": 90}}`` of one mode and purpose. One value must not
            mean passengers and goods at once.

        Raises
        ------
        ParameterError
            A parameter, mode or purpose without a row, or a value that is not finite. All are
            reported at once.
        """
        table = self.table.copy()
        value = table["value"].to_numpy(dtype=np.float64, copy=True)
        names = table["parameter"].to_numpy()
        problems: list[str] = []
        for name, given in overrides.items():
            rows = names == name
            if not rows.any():
                problems.append(f"no parameter {name!r}{did_you_mean(name, sorted(set(names)))}")
                continue
            parts = given.items() if isinstance(given, Mapping) else [("", given)]
            for part, number in parts:
                chosen = rows & _fits(table, part)
                if not chosen.any():
                    known = [m or p for m, p in table.loc[rows, ["mode", "purpose"]].to_numpy()]
                    problems.append(f"parameter {name!r} has no row {part!r}; it has {known}")
                    continue
                if not isinstance(given, Mapping) or "." not in part:
                    purposes = sorted(set(table.loc[chosen, "purpose"]) - {""})
                    if len(purposes) > 1:
                        hint = f"{part}." if part else ""
                        problems.append(
                            f"parameter {name!r} means {' and '.join(purposes)} here: say which, "
                            f"as in {{{hint + purposes[-1]!r}: {number!r}}}"
                        )
                        continue
                try:
                    value[chosen] = float(number)
                except (TypeError, ValueError):
                    problems.append(f"parameter {name!r} must be a number; found {number!r}")
        if problems:
            raise ParameterError(f"Parameters must exist and be numbers: {'; '.join(problems)}.")
        table["value"] = value
        return replace(self, table=table)

    def at(self, bound: Literal["low", "value", "high"], *names: str) -> "Parameters":
        """Return parameters with the named ones (all when none is named) at an end of their range.

        Raises
        ------
        ParameterError
            A name without a row.
        """
        known = set(self.table["parameter"])
        if missing := [n for n in names if n not in known]:
            raise ParameterError(
                f"There is no parameter {missing[0]!r}{did_you_mean(missing[0], known)}."
            )
        table = self.table.copy()
        rows = table["parameter"].isin(names) if names else pd.Series(True, index=table.index)
        table["value"] = table["value"].where(~rows, table[bound])
        return replace(self, table=table)

    def assumptions(self) -> pd.DataFrame:
        """Return the rows that no source settles."""
        return self.table[self.table["assumption"]]


def _fits(table: pd.DataFrame, part: str) -> np.ndarray:
    """Return which rows a mode, a purpose or ``mode.purpose`` means; empty means all."""
    if not part:
        return np.ones(len(table), dtype=bool)
    mode, _, purpose = part.partition(".")
    modes, purposes = table["mode"].to_numpy(), table["purpose"].to_numpy()
    if purpose:
        return np.asarray((modes == mode) & (purposes == purpose))
    return np.asarray((modes == mode) | (purposes == mode))


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    if missing := [c for c in COLUMNS if c not in frame.columns]:
        raise ParameterError(f"A parameters table must have the columns {', '.join(missing)}.")
    table = frame.loc[:, list(COLUMNS)].reset_index(drop=True)
    for name in ("parameter", "mode", "purpose", "unit", "source", "description"):
        table[name] = table[name].fillna("").astype(str)
    if table["assumption"].dtype != bool:
        table["assumption"] = table["assumption"].astype(str).str.casefold() == "true"
    problems: list[str] = []
    for name in ("value", "low", "high"):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(np.float64)
        bad = table.loc[~np.isfinite(table[name]), "parameter"]
        if len(bad):
            problems.append(f"{name} must be a finite number; it is not for {', '.join(bad[:5])}")
    twice = table.duplicated(["parameter", "mode", "purpose"])
    if twice.any():
        problems.append(f"given twice: {', '.join(table.loc[twice, 'parameter'][:5])}")
    if (table["low"] > table["high"]).any():
        where = table.loc[table["low"] > table["high"], "parameter"]
        problems.append(f"low must not exceed high; it does for {', '.join(where[:5])}")
    negative = (table["value"] < 0) & (table["parameter"] != "mode_constant")
    if negative.any():
        where = table.loc[negative, "parameter"]
        problems.append(f"value must not be negative; it is for {', '.join(where[:5])}")
    if problems:
        raise ParameterError(f"The parameters table is not sound: {'; '.join(problems)}.")
    return table


def read_parameters(path: str | Path) -> Parameters:
    """Return the parameters of a CSV file with the columns of ``networks/parameters.csv``.

    Raises
    ------
    MissingNetwork
        There is no such file.
    ParameterError
        The table is not sound.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingNetwork(f"There is no parameters file {path}.")
    return Parameters(pd.read_csv(path, keep_default_na=False))


@functools.cache
def _default() -> Parameters:
    source = importlib.resources.files("networks").joinpath("parameters.csv")
    with source.open(encoding="utf-8") as stream:
        return Parameters(pd.read_csv(stream, keep_default_na=False))
