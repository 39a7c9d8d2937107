"""Which region of a table a name from elsewhere stands for.

Public names:
- `match_regions`: join the labels of a network, a file or a list to the regions of a table.
- `RegionMatch`: region by label, and what could not be matched on either side.
- `place_spellings`: the shipped spellings of provinces (English, Chinese, pinyin, codes).

A label is tried as a region of the table, as one of its codes or other coordinates, then without
regard to case, accents, blanks and words such as "province" or 自治区, and then through the
spellings: two spellings of one place stand for each other. What two regions could claim is never
guessed.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import pandas as pd

from io_tables.dims import REGION
from io_tables.errors import UnknownLabel
from io_tables.labels import did_you_mean, shown
from io_tables.table import RegionalTable

_SUFFIXES: Final = (
    "维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市",
)  # fmt: skip
_WORDS: Final = (
    "uygur", "uyghur", "zhuang", "hui", "autonomous", "region", "province", "municipality",
    "sheng", "shi", "zizhiqu",
)  # fmt: skip
_COLUMNS: Final = (REGION, "region_code", "region_zh", "province", "name", "name_zh", "code")
"""Columns of a DataFrame that may name a region; the first that does decides, the index last."""


@dataclass(frozen=True, eq=False)
class RegionMatch:
    """Regions of a table by the labels that were given.

    Attributes
    ----------
    regions
        Region of the table for every label that was matched, in the order given.
    unmatched_labels
        Labels that stand for no region of the table, or for more than one, with what is known
        of them.
    unmatched_regions
        Regions of the table that no label stands for.
    """

    regions: pd.Series[str]
    unmatched_labels: MappingProxyType[str, str]
    unmatched_regions: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every label and every region has found the other."""
        return not self.unmatched_labels and not self.unmatched_regions

    def raise_for_unmatched(self) -> RegionMatch:
        """Return the match, or raise naming what it lacks.

        Raises
        ------
        UnknownLabel
            When labels or regions are unmatched.
        """
        parts = []
        if self.unmatched_labels:
            labels = [f"{label!r}{why}" for label, why in self.unmatched_labels.items()]
            parts.append(f"labels without a region of the table: {shown(labels)}")
        if self.unmatched_regions:
            parts.append(f"regions without a label: {shown(self.unmatched_regions)}")
        if parts:
            raise UnknownLabel("; ".join(parts))
        return self


def fold_name(name: object) -> str:
    """Return a name without case, accents, blanks, hyphens and words for kinds of regions."""
    text = unicodedata.normalize("NFKD", str(name).strip()).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    for suffix in _SUFFIXES:
        if text.endswith(suffix) and len(text) > len(suffix) + 1:
            text = text[: -len(suffix)]
            break
    words = [w for w in text.replace("-", " ").replace("'", "").replace("’", "").split() if w]
    kept = [w for w in words if w not in _WORDS] or words
    return "".join(kept)


@lru_cache(maxsize=1)
def place_spellings() -> MappingProxyType[str, str]:
    """Place by folded spelling, from the shipped list; ambiguous spellings are left out."""
    text = files("io_tables").joinpath("place_names.csv").read_text(encoding="utf-8")
    rows = [(row["place"], row["spelling"]) for row in csv.DictReader(text.splitlines())]
    return MappingProxyType(_places(rows))


def _places(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for place, spelling in rows:
        for name in (place, spelling):
            found.setdefault(fold_name(name), set()).add(place)
    return {spelling: next(iter(p)) for spelling, p in found.items() if len(p) == 1}


def _candidates(table: RegionalTable) -> dict[str, set[str]]:
    """Regions by the folded form of their labels and coordinates."""
    found: dict[str, set[str]] = {}
    for coord in table.data.coords.values():
        if coord.dims == (REGION,):
            for region, label in zip(table.regions, coord.values.tolist(), strict=True):
                if str(label).strip():
                    found.setdefault(fold_name(label), set()).add(region)
    return found


def _spellings_of(labels: object) -> tuple[list[str], list[list[str]]]:
    """Labels, and everything each of them is called."""
    if isinstance(labels, pd.DataFrame):
        folded = {str(c).casefold(): c for c in labels.columns}
        columns = [folded[c] for c in _COLUMNS if c in folded]
        index = [str(label) for label in labels.index]
        by_row = [[str(v) for v in row] for row in labels[columns].itertuples(index=False)]
        return index, [[*row, label] for label, row in zip(index, by_row, strict=True)]
    if isinstance(labels, pd.Series):
        index = [str(label) for label in labels.index]
        return index, [[str(v)] for v in labels]
    if isinstance(labels, Iterable) and not isinstance(labels, str):
        plain = [str(label) for label in labels]
        return plain, [[label] for label in plain]
    raise UnknownLabel(f"labels must be a list, Series or DataFrame, found {type(labels).__name__}")


def match_regions(
    table: RegionalTable,
    labels: Iterable[object] | pd.Series | pd.DataFrame,
    *,
    spellings: pd.DataFrame | None = None,
) -> RegionMatch:
    """Join labels from elsewhere to the regions of a table.

    Parameters
    ----------
    table
        The table whose regions are meant.
    labels
        Names, codes or both: a list; a Series whose values are names and whose index is kept (the
        region column of the places of a network); or a DataFrame, index kept, of which the first
        of the columns region, region_code, region_zh, province, name, name_zh, code and the index
        that names a region decides.
    spellings
        Further spellings: a DataFrame with columns `place` and `spelling`. Chinese provinces are
        known in English, Chinese and pinyin, and by code.

    Returns
    -------
    Region by label, and what could not be matched; `raise_for_unmatched` makes that an error.

    Raises
    ------
    UnknownLabel
        When `labels` is none of these.
    """
    known = _candidates(table)
    places = dict(place_spellings())
    if spellings is not None:
        places |= _places(zip(spellings["place"], spellings["spelling"], strict=True))
    by_place: dict[str, set[str]] = {}
    for folded, regions in known.items():
        if folded in places:
            by_place.setdefault(places[folded], set()).update(regions)
    exact = set(table.regions)
    matched: dict[str, str] = {}
    lost: dict[str, str] = {}
    names, called = _spellings_of(labels)
    for label, spoken in zip(names, called, strict=True):
        hits: set[str] = set()
        for word in spoken:
            folded = fold_name(word)
            hits = {word} if word in exact else known.get(folded, set())
            hits = hits or by_place.get(places.get(folded, ""), set())
            if hits:
                break
        if len(hits) == 1:
            matched[label] = next(iter(hits))
        elif hits:
            lost[label] = f" (could be {' or '.join(sorted(hits))})"
        else:
            lost[label] = did_you_mean(spoken[0], table.regions)
    used = set(matched.values())
    return RegionMatch(
        pd.Series(matched, dtype=str, name=REGION),
        MappingProxyType(lost),
        tuple(r for r in table.regions if r not in used),
    )
