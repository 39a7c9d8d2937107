"""How better figures of provincial output replace estimated ones.

Public names:
- `read_override`: read and check a CSV file (or frame) of region, sector, output[, value_added].
- `Override`: the given cells, and `apply`, which fits the other cells around them.

Terms: million yuan of 2020. For each sector with a given cell:

- output given for some provinces: they stand; the others share what is left of the national
  output in their estimated proportions. Given for all 31: all are scaled by one factor to the
  national output, and the factor is in the notes;
- value added given: it stands, and the odds of the value-added ratio of the other cells are
  multiplied by one number per sector so that national value added is met. Given for all 31, or
  for none: all cells are fitted in this way, from their given or estimated odds.

So the national table stays exact; agreement with the official nine-sector figures of a province
is given up in the sectors touched, and the notes of the table say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from io_tables.china.figures import Figures, National
from io_tables.errors import InvalidTable, MissingTable, UnreadableTable
from io_tables.labels import positions_of, shown

COLUMNS = ("region", "sector", "output")
LARGEST_FACTOR = 2.0
"""A full sector whose sum is off by more than this is refused: its unit is probably wrong."""


@dataclass(frozen=True, eq=False)
class Override:
    """Given cells.

    Attributes
    ----------
    output, value_added
        (R, S) million yuan, NaN where nothing is given.
    source
        Where the figures come from, for the notes.
    notes
        What was done to them.
    """

    output: np.ndarray
    value_added: np.ndarray
    source: str
    notes: tuple[str, ...]

    def apply(
        self, value_added: np.ndarray, intermediate: np.ndarray, national: National
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fit estimated value added and inputs (R, S) around the given cells.

        Raises
        ------
        InvalidTable
            When given value added leaves nothing, or too much, for the other provinces.
        """
        value_added, intermediate = value_added.copy(), intermediate.copy()
        total_added = national.value_added.sum(axis=0)
        problems = []
        for i in np.flatnonzero(np.isfinite(self.output).any(axis=0)):
            output = _fit_output(
                self.output[:, i], value_added[:, i] + intermediate[:, i], national.output[i]
            )
            fixed = np.isfinite(self.value_added[:, i])
            odds = value_added[:, i] / intermediate[:, i]
            if fixed.all():
                ratio = self.value_added[:, i] / self.output[:, i]
                odds, fixed = ratio / (1.0 - ratio), np.zeros_like(fixed)
            added = np.where(fixed, self.value_added[:, i], 0.0)
            left = total_added[i] - added.sum()
            if not 0.0 < left < output[~fixed].sum():
                problems.append(
                    f"value added given for {fixed.sum()} provinces leaves {left:.6g} million "
                    f"yuan of the national figure for the others, whose output is "
                    f"{output[~fixed].sum():.6g} (sector {i + 1:02d})"
                )
                continue
            added[~fixed] = _fit_odds(output[~fixed], odds[~fixed], left)
            value_added[:, i], intermediate[:, i] = added, output - added
        if problems:
            raise InvalidTable(f"{self.source}: " + "; ".join(problems[:5]))
        return value_added, intermediate


def _fit_output(given: np.ndarray, estimated: np.ndarray, total: float) -> np.ndarray:
    """Given outputs, and estimated ones scaled to what is left of the national figure."""
    known = np.isfinite(given)
    if known.all():
        scaled: np.ndarray = given * (total / given.sum())
        return scaled
    rest = np.where(known, 0.0, estimated)
    return np.where(known, given, rest * ((total - np.nansum(given)) / rest.sum()))


def _fit_odds(output: np.ndarray, odds: np.ndarray, total: float) -> np.ndarray:
    """Value added with the odds of va / x times one number, summing to `total`."""

    def added(log_factor: float) -> np.ndarray:
        moved = odds * np.exp(log_factor)
        result: np.ndarray = output * moved / (1.0 + moved)
        return result

    root = brentq(lambda z: added(z).sum() / total - 1.0, -60.0, 60.0, xtol=1e-14)
    values = added(float(root))
    exact: np.ndarray = values * (total / values.sum())
    return exact


def read_override(source: str | Path | pd.DataFrame, figures: Figures) -> Override:
    """Read provincial outputs from a CSV file or a frame.

    Parameters
    ----------
    source
        Columns region, sector, output and optionally value_added (blank where not known), in
        million yuan of 2020. Regions and sectors by English name, code or Chinese name.
    figures
        The committed figures, for labels and national totals.

    Raises
    ------
    MissingTable
        When the file is not there.
    UnreadableTable
        When it is not a CSV file with these columns, or has no rows.
    UnknownLabel
        For provinces or sectors that do not exist.
    InvalidTable
        For duplicate cells and for numbers that cannot be: not finite, negative, value added not
        below output, more than the national output; all failures in one message.
    """
    name, table = _read(source)
    region = positions_of(
        table["region"],
        list(figures.regions["region"]),
        aliases={
            "code": list(figures.regions["region_code"]),
            "name_zh": list(figures.regions["region_zh"]),
            "short_zh": list(figures.regions["short_zh"]),
        },
        what=f"province in {name}",
    )
    sector = positions_of(
        table["sector"],
        list(figures.sectors["sector"]),
        aliases={
            "code": list(figures.sectors["sector_code"]),
            "name_zh": list(figures.sectors["sector_zh"]),
        },
        what=f"sector in {name}",
    )
    output = pd.to_numeric(table["output"], errors="coerce").to_numpy(float)
    added = np.full(len(table), np.nan)
    problems: list[str] = []
    if "value_added" in table:
        added = pd.to_numeric(table["value_added"], errors="coerce").to_numpy(float)
        given = table["value_added"]
        blank = (given.isna() | (given.astype(str).str.strip() == "")).to_numpy(bool)
        _collect(problems, table, np.isnan(added) & ~blank, "value added must be a number or blank")
        _collect(problems, table, added <= 0, "value added must be positive")
        _collect(problems, table, added >= output, "value added must be below output")
    bad = ~(np.isfinite(output) & (output > 0))
    _collect(problems, table, bad, "output must be a positive number")
    repeated = pd.Series(region * len(figures.sectors) + sector).duplicated().to_numpy()
    _collect(problems, table, repeated, "a province and sector may be given once")
    shape = (len(figures.regions), len(figures.sectors))
    cells, cells_added = np.full(shape, np.nan), np.full(shape, np.nan)
    cells[region, sector], cells_added[region, sector] = output, added
    notes: list[str] = []
    if not problems:
        _check_totals(cells, figures, problems, notes)
    if problems:
        raise InvalidTable(f"{name}: " + "; ".join(problems))
    notes.insert(
        0,
        f"output of {len(table)} cells taken from {name}; the other provinces of the sectors "
        "concerned share what is left of the national figure, and the official nine-sector value "
        "added of provinces no longer holds there",
    )
    return Override(output=cells, value_added=cells_added, source=name, notes=tuple(notes))


def _read(source: str | Path | pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Read the frame and say what to call it."""
    if isinstance(source, pd.DataFrame):
        name, table = "the frame given", source.reset_index(drop=True)
    else:
        path = Path(source)
        name = path.name
        if not path.is_file():
            raise MissingTable(f"a file of provincial output must exist; {path} does not")
        try:
            table = pd.read_csv(path, dtype={"region": str, "sector": str})
        except (ValueError, UnicodeDecodeError) as error:
            raise UnreadableTable(
                f"{name} must be a CSV file; reading it failed: {error}"
            ) from None
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise UnreadableTable(
            f"{name} must have the columns region, sector, output[, value_added]; "
            f"{', '.join(missing)} missing, found {shown(table.columns)}"
        )
    if table.empty:
        raise UnreadableTable(f"{name} must have at least one row below the header; it has none")
    return name, table


def _collect(problems: list[str], table: pd.DataFrame, where: np.ndarray, rule: str) -> None:
    """Add one line for a rule that some rows break."""
    if where.any():
        rows = table.loc[where, ["region", "sector", "output"]].itertuples(index=False)
        places = shown(f"{r.region} / {r.sector} ({r.output})" for r in rows)
        problems.append(f"{rule}: {places}")


def _check_totals(
    cells: np.ndarray, figures: Figures, problems: list[str], notes: list[str]
) -> None:
    """Given output must leave room for the other provinces."""
    for i in np.flatnonzero(np.isfinite(cells).any(axis=0)):
        total, given = figures.national.output[i], np.nansum(cells[:, i])
        sector = figures.sectors["sector"][i]
        if np.isfinite(cells[:, i]).all():
            factor = total / given
            if not 1 / LARGEST_FACTOR < factor < LARGEST_FACTOR:
                problems.append(
                    f"outputs of {sector} must sum to about {total:.6g} million yuan of 2020; "
                    f"found {given:.6g}: check the unit"
                )
            notes.append(f"{sector}: outputs given for all provinces, scaled by {factor:.6f}")
        elif given >= total:
            problems.append(
                f"outputs of {sector} must leave something of the national {total:.6g} million "
                f"yuan of 2020 to the other provinces; found {given:.6g}: check the unit"
            )
