"""Which row of the table each number of a user's frame belongs to.

Public names:
- `Industries`: the (region, sector) grid of a table and the industries a source gives.
- `read_industries`: the grid from labelled or bare flows.
- `vector`, `block`, `final_block`: users' frames as full arrays in the order of the grid.

The seam between labels and positions: frames are aligned by label, arrays by position, and
everything after this module is flat arrays over the full grid (N = R * S, region-major).
Failures are appended to a list, so that a user sees all of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from io_tables.container.checks import Floats
from io_tables.dims import (
    CATEGORY,
    DISCREPANCY,
    EXPORTS,
    ONE_CATEGORY,
    ONE_IMPORT,
    REGION,
    SECTOR,
    UNTOLD,
)
from io_tables.errors import UnknownLabel
from io_tables.labels import duplicates, positions_of, shown

Frame = ArrayLike | pd.DataFrame | pd.Series
_OUTSIDE = (EXPORTS, DISCREPANCY)
_REGION_NAMES = frozenset(
    [
        "region",
        "regions",
        "country",
        "area",
        "province",
        "geo",
        "territory",
        "地区",
        "省份",
        "区域",
        "国家",
    ]
)
_SECTOR_NAMES = frozenset(
    [
        "sector",
        "sectors",
        "industry",
        "industries",
        "product",
        "commodity",
        "activity",
        "部门",
        "行业",
        "产业",
    ]
)
ONE_REGION = "all regions"


@dataclass(frozen=True)
class Industries:
    """The grid of a table.

    `given` holds the positions (into the N rows of the grid) of the industries a source gives,
    in its own order; bare arrays are read in that order.
    """

    regions: list[str]
    sectors: list[str]
    given: NDArray[np.intp]

    @property
    def size(self) -> int:
        """N, the rows of the full grid."""
        return len(self.regions) * len(self.sectors)

    def absent(self) -> list[tuple[str, str]]:
        """Industries of the grid that the source does not have."""
        rest = sorted(set(range(self.size)) - set(self.given.tolist()))
        n = len(self.sectors)
        return [(self.regions[p // n], self.sectors[p % n]) for p in rest]

    def positions(self, index: pd.Index, what: str) -> NDArray[np.intp]:
        """Positions of the (region, sector) labels of an index."""
        return _pair_positions(_pairs(index), self.regions, self.sectors, what)


def _is_labelled(frame: object) -> bool:
    return isinstance(frame, pd.DataFrame | pd.Series) and isinstance(frame.index, pd.MultiIndex)


def _level_order(names: Sequence[object]) -> tuple[int, int]:
    """Positions of the region and the sector among the level names of an index."""
    folded = [str(n).strip().casefold() for n in names]
    return (1, 0) if folded[0] in _SECTOR_NAMES or folded[1] in _REGION_NAMES else (0, 1)


def _pairs(index: pd.Index) -> list[tuple[str, str]]:
    """(region, sector) pairs of an index, whatever its levels are called."""
    first, second = _level_order(index.names)
    return [(str(label[first]), str(label[second])) for label in index]


def index_note(frame: Frame, what: str) -> str:
    """Sentence on index names that were taken for (region, sector); '' when they are these."""
    if not isinstance(frame, pd.DataFrame) or not isinstance(frame.index, pd.MultiIndex):
        return ""
    names = list(frame.index.names)
    if names == [REGION, SECTOR] or all(n is None for n in names):
        return ""
    first, second = _level_order(names)
    return f"index names of {what}: {names[first]!r} read as region, {names[second]!r} as sector"


def _pair_positions(
    pairs: Sequence[tuple[str, str]], regions: Sequence[str], sectors: Sequence[str], what: str
) -> NDArray[np.intp]:
    rows = positions_of([r for r, _ in pairs], regions, what="region")
    columns = positions_of([s for _, s in pairs], sectors, what="sector")
    found = rows * len(sectors) + columns
    twice = duplicates(found.tolist())
    if twice:
        labels = [pairs[found.tolist().index(p)] for p in twice]
        raise UnknownLabel(f"{what} has the same industry twice: {shown(labels)}")
    return found


def read_industries(
    Z: Frame, regions: Sequence[str] | None, sectors: Sequence[str] | None, failures: list[str]
) -> Industries | None:
    """Grid of the table from its flows; None (with the failure noted) when it cannot be told."""
    if isinstance(Z, pd.DataFrame) and isinstance(Z.index, pd.MultiIndex):
        pairs = _pairs(Z.index)
        regions = list(dict.fromkeys(r for r, _ in pairs)) if regions is None else list(regions)
        sectors = list(dict.fromkeys(s for _, s in pairs)) if sectors is None else list(sectors)
        try:
            given = _pair_positions(pairs, regions, sectors, "Z")
        except UnknownLabel as error:
            failures.append(f"rows of Z: {error}")
            return None
    else:
        if isinstance(Z, pd.DataFrame) and sectors is None and len(regions or [""]) == 1:
            sectors = [str(label) for label in Z.index]
        if sectors is not None and regions is None and np.shape(Z)[0] == len(sectors):
            regions = [ONE_REGION]
        if regions is None or sectors is None:
            failures.append(
                "an array has no labels: pass regions and sectors, or a DataFrame with "
                "(region, sector) on both sides"
            )
            return None
        given = np.arange(len(regions) * len(sectors), dtype=np.intp)
    regions, sectors = [str(r) for r in regions], [str(s) for s in sectors]
    for what, labels in (("regions", regions), ("sectors", sectors)):
        if duplicates(labels):
            failures.append(f"{what} must be unique, found twice: {shown(duplicates(labels))}")
            return None
    return Industries(regions, sectors, given)


def _numbers(frame: Frame, what: str, failures: list[str]) -> Floats | None:
    try:
        return np.asarray(frame, dtype=np.float64)
    except (TypeError, ValueError) as error:
        failures.append(f"{what} must be numbers: {error}")
        return None


def _by_sector(index: pd.Index, industries: Industries) -> bool:
    """Whether a flat index labels the sectors of a table of one region."""
    if isinstance(index, pd.RangeIndex) or len(industries.regions) > 1:
        return False
    return set(map(str, index)) <= set(industries.sectors)


def _industry_positions(
    index: pd.Index | None, count: int, industries: Industries, what: str, failures: list[str]
) -> NDArray[np.intp] | None:
    """Positions of one axis: by label when it has (region, sector) labels, else by place."""
    if isinstance(index, pd.MultiIndex):
        try:
            found = industries.positions(index, what)
        except UnknownLabel as error:
            failures.append(f"{what}: {error}")
            return None
        lacking = sorted(set(industries.given.tolist()) - set(found.tolist()))
        if lacking:
            n = len(industries.sectors)
            names = [(industries.regions[p // n], industries.sectors[p % n]) for p in lacking]
            failures.append(f"{what} must have every industry of Z, missing: {shown(names)}")
            return None
        return found
    if index is not None and _by_sector(index, industries):
        index = pd.MultiIndex.from_tuples([(industries.regions[0], str(s)) for s in index])
        return _industry_positions(index, count, industries, what, failures)
    if count == len(industries.given):
        return industries.given
    if count == industries.size:
        return np.arange(industries.size, dtype=np.intp)
    failures.append(
        f"{what} must have {len(industries.given)} entries by industry "
        f"({len(industries.regions)} regions x {len(industries.sectors)} sectors), found {count}"
    )
    return None


def vector(frame: Frame, industries: Industries, what: str, failures: list[str]) -> Floats:
    """(N,) numbers by industry; zero where the source has no such industry."""
    full = np.zeros(industries.size)
    if isinstance(frame, pd.DataFrame):
        if frame.shape[1] != 1:
            failures.append(f"{what} must be one column by industry, found {frame.shape[1]}")
            return full
        frame = frame.iloc[:, 0]
    values = _numbers(frame, what, failures)
    if values is None:
        return full
    index = frame.index if isinstance(frame, pd.Series) else None
    values = values.reshape(-1)
    positions = _industry_positions(index, len(values), industries, what, failures)
    if positions is not None:
        full[positions] = values
    return full


def square(
    frame: Frame, industries: Industries, what: str, failures: list[str], *, copy: bool = True
) -> Floats:
    """(N, N) flows between industries; the given array itself when it fits and `copy` is off."""
    values = _numbers(frame, what, failures)
    if values is None:
        return np.zeros((industries.size, industries.size))
    if values.ndim != 2:
        failures.append(f"{what} must be a matrix, found {values.ndim} dimensions")
        return np.zeros((industries.size, industries.size))
    labelled = (frame.index, frame.columns) if isinstance(frame, pd.DataFrame) else (None, None)
    axes = [
        _industry_positions(axis, count, industries, f"{side} of {what}", failures)
        for side, axis, count in zip(("rows", "columns"), labelled, values.shape, strict=True)
    ]
    rows, columns = axes
    if rows is None or columns is None:
        return np.zeros((industries.size, industries.size))
    every = np.arange(industries.size)
    if np.array_equal(rows, every) and np.array_equal(columns, every):
        return np.array(values) if copy else values
    full = np.zeros((industries.size, industries.size))
    full[np.ix_(rows, columns)] = values
    return full


def sparse_square(
    matrix: Any, industries: Industries, what: str, failures: list[str]
) -> sparse.csr_array:
    """(N, N) flows of a sparse matrix, rows and columns in the order of the source."""
    n, given = industries.size, industries.given
    cells = sparse.coo_array(matrix)
    if cells.shape != (len(given), len(given)):
        failures.append(
            f"{what} must be {len(given)} x {len(given)} ({len(industries.regions)} regions x "
            f"{len(industries.sectors)} sectors), found {' x '.join(map(str, cells.shape))}"
        )
        return sparse.csr_array((n, n))
    rows, columns = given[cells.row], given[cells.col]
    return sparse.csr_array((cells.data.astype(np.float64), (rows, columns)), shape=(n, n))


def block(
    frame: Frame, industries: Industries, what: str, row_name: str, failures: list[str]
) -> tuple[list[str], Floats]:
    """(K, N) rows of an account by buying industry, with their K labels."""
    if isinstance(frame, pd.Series) or np.ndim(frame) == 1:
        name = getattr(frame, "name", None)
        label = str(name) if name is not None else row_name
        return [label], vector(frame, industries, what, failures)[None, :]
    values = _numbers(frame, what, failures)
    if values is None or values.ndim != 2:
        failures.append(f"{what} must be a matrix of rows by industry")
        return [row_name], np.zeros((1, industries.size))
    if isinstance(frame, pd.DataFrame):
        labels = [str(label) for label in frame.index]
        columns = frame.columns
    else:
        n = values.shape[0]
        labels = [row_name] if n == 1 else [f"{row_name} {k + 1}" for k in range(n)]
        columns = None
    full = np.zeros((len(labels), industries.size))
    axis = f"columns of {what}"
    positions = _industry_positions(columns, values.shape[1], industries, axis, failures)
    if positions is not None:
        full[:, positions] = values
    return labels, full


@dataclass(frozen=True)
class FinalBlock:
    """Final use as (rows, places of use, categories); places is 1 where it is not told."""

    values: Floats
    categories: list[str]
    told: bool
    exports: Floats | None
    discrepancy: Floats | None


def _split_outside(cube: Floats, names: list[str], told: bool) -> FinalBlock:
    """Take the categories "exports" and "discrepancy" out of final use."""
    out = {key: [c for c, name in enumerate(names) if name.casefold() == key] for key in _OUTSIDE}
    found = {key: cube[:, :, at].sum(axis=(1, 2)) for key, at in out.items() if at}
    if not found:
        return FinalBlock(cube, names, told, None, None)
    kept = [c for c in range(len(names)) if not any(c in at for at in out.values())]
    return FinalBlock(
        cube[:, :, kept],
        [names[c] for c in kept],
        told,
        found.get(EXPORTS),
        found.get(DISCREPANCY),
    )


def _category_names(count: int) -> list[str]:
    return [ONE_CATEGORY] if count == 1 else [f"category {c + 1}" for c in range(count)]


def final_block(
    values: Floats,
    columns: pd.Index | None,
    industries: Industries,
    categories: Sequence[str] | None,
    what: str,
    failures: list[str],
) -> FinalBlock | None:
    """Split the columns of final use into (place of use, category).

    `values` is (K, columns). Labelled columns are (region, category), or categories alone, or
    regions alone; a category "exports" becomes a vector. Bare columns are read by their number:
    R * C with the place of use, C without it.
    """
    regions = industries.regions
    n = len(regions)
    if columns is not None and not isinstance(columns, pd.MultiIndex):
        names = [str(c) for c in columns]
        if isinstance(columns, pd.RangeIndex):
            columns = None
        elif n > 1 and sorted(names) == sorted(regions):
            columns = pd.MultiIndex.from_product([names, [ONE_CATEGORY]], names=[REGION, CATEGORY])
        else:
            columns = pd.MultiIndex.from_product([[UNTOLD], names], names=[REGION, CATEGORY])
    if columns is None:
        width = values.shape[1]
        count = len(categories) if categories is not None else None
        if count is None:
            told = width % n == 0
            count = width // n if told else width
        else:
            told = width == n * count
        if width not in (count, n * count):
            failures.append(
                f"{what} must have {n} x {count} columns (place of use by category) or {count}, "
                f"found {width}"
            )
            return None
        names = list(categories) if categories is not None else _category_names(count)
        return _split_outside(values.reshape(len(values), -1, count), names, told)

    pairs = [(str(label[0]), str(label[1])) for label in columns]
    out = {
        key: [i for i, (_, category) in enumerate(pairs) if category.casefold() == key]
        for key in _OUTSIDE
    }
    keep = [i for i in range(len(pairs)) if not any(i in at for at in out.values())]
    names = list(dict.fromkeys(pairs[i][1] for i in keep))
    if categories is not None:
        names = [str(c) for c in categories if str(c).casefold() not in _OUTSIDE]
    told = not all(pairs[i][0] == UNTOLD for i in keep)
    places = regions if told else [UNTOLD]
    full = np.zeros((len(values), len(places), len(names)))
    try:
        at = positions_of([pairs[i][0] for i in keep], places, what="region")
        by = positions_of([pairs[i][1] for i in keep], names, what="category")
    except UnknownLabel as error:
        failures.append(f"columns of {what}: {error}")
        return None
    for column, place, category in zip(keep, at, by, strict=True):
        full[:, place, category] += values[:, column]
    found = {key: values[:, at].sum(axis=1) for key, at in out.items() if at}
    return FinalBlock(full, names, told or n == 1, found.get(EXPORTS), found.get(DISCREPANCY))


def final_rows(
    frame: Frame, industries: Industries, what: str, failures: list[str]
) -> tuple[Floats, pd.Index | None]:
    """(N, columns) final demand by producing industry, with its column labels if any."""
    if isinstance(frame, pd.Series):
        frame = frame.to_frame(name=ONE_CATEGORY)
    values = _numbers(frame, what, failures)
    if values is None:
        return np.zeros((industries.size, 1)), None
    values = values[:, None] if values.ndim == 1 else values
    labelled = isinstance(frame, pd.DataFrame)
    index = frame.index if isinstance(frame, pd.DataFrame) else None
    rows = _industry_positions(index, len(values), industries, f"rows of {what}", failures)
    full = np.zeros((industries.size, values.shape[1]))
    if rows is not None:
        full[rows] = values
    return full, frame.columns if labelled and isinstance(frame, pd.DataFrame) else None


def product_rows(
    frame: Frame, what: str, failures: list[str]
) -> tuple[list[str] | None, Floats, pd.Index | None]:
    """Rows of imports for final use: (labels or None, (K, columns), column labels or None)."""
    if isinstance(frame, pd.Series):
        columns = frame.index if not isinstance(frame.index, pd.RangeIndex) else None
        return [ONE_IMPORT], frame.to_numpy(dtype=np.float64)[None, :], columns
    values = _numbers(frame, what, failures)
    if values is None:
        return [ONE_IMPORT], np.zeros((1, 1)), None
    if values.ndim == 1:
        return [ONE_IMPORT], values[None, :], None
    if isinstance(frame, pd.DataFrame):
        labels = [str(label) for label in frame.index]
        return labels, values, frame.columns
    return None, values, None
