"""Which region of a table a name from elsewhere stands for.

Public names:
- `match_regions`: join the labels of a network, a file or a list to the regions of a table.
- `RegionMatch`: region by label, and what could not be matched on either side.
- `place_spellings`: the spellings of places that the embedded cases ship.

A label is tried as a region of the table, as one of its codes or other coordinates, then without
regard to case, accents, blanks and words such as "province", and then through the spellings: two
spellings of one place stand for each other. What two regions could claim is never guessed.

An embedded case ships its spellings, and the words for kinds of regions that are no part of a name,
as `place_names.csv` in its folder: columns place, kind, spelling; a row of kind "suffix" or "word"
names no place.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Protocol

import pandas as pd

from io_tables.dims import REGION
from io_tables.errors import UnknownLabel
from io_tables.labels import SHOWN, did_you_mean, shown
from io_tables.table import RegionalTable

_SHIPPED: Final = "place_names.csv"
_NO_PLACE: Final = ("suffix", "word")
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


@lru_cache(maxsize=1)
def _shipped() -> tuple[MappingProxyType[str, str], ...]:
    """Rows of the lists of spellings of all embedded cases."""
    folders = sorted((f for f in files("io_tables").iterdir() if f.is_dir()), key=lambda f: f.name)
    lists = [f.joinpath(_SHIPPED) for f in folders]
    texts = [one.read_text(encoding="utf-8") for one in lists if one.is_file()]
    return tuple(
        MappingProxyType(row) for text in texts for row in csv.DictReader(text.splitlines())
    )


@lru_cache(maxsize=1)
def _kind_words() -> tuple[tuple[str, ...], frozenset[str]]:
    """Return endings, longest first, and words that say what kind of region a name is of."""
    endings = [row["spelling"] for row in _shipped() if row["kind"] == "suffix"]
    words = frozenset(row["spelling"] for row in _shipped() if row["kind"] == "word")
    return tuple(sorted(endings, key=len, reverse=True)), words


def fold_name(name: object) -> str:
    """Return a name without case, accents, blanks, hyphens and words for kinds of regions."""
    endings, kinds = _kind_words()
    text = unicodedata.normalize("NFKD", str(name).strip()).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    for ending in endings:
        if text.endswith(ending) and len(text) > len(ending) + 1:
            text = text[: -len(ending)]
            break
    words = [w for w in text.replace("-", " ").replace("'", "").replace("’", "").split() if w]
    kept = [w for w in words if w not in kinds] or words
    return "".join(kept)


@lru_cache(maxsize=1)
def place_spellings() -> MappingProxyType[str, str]:
    """Place by folded spelling, from the shipped lists; ambiguous spellings are left out."""
    rows = [(r["place"], r["spelling"]) for r in _shipped() if r["kind"] not in _NO_PLACE]
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


class HasPlaces(Protocol):
    """A network, for what is asked of it here: its places as a DataFrame, index their codes."""

    @property
    def places(self) -> pd.DataFrame:
        """Columns such as name, name_zh, region, region_code."""


def _spellings_of(labels: object) -> tuple[list[str], list[list[str]]]:
    """Labels, and everything each of them is called."""
    places = getattr(labels, "places", None)
    if isinstance(places, pd.DataFrame):
        labels = places
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
    raise UnknownLabel(
        "labels must be a network, list, Series or DataFrame, found " + type(labels).__name__
    )


def match_regions(
    table: RegionalTable,
    labels: HasPlaces | Iterable[object] | pd.Series | pd.DataFrame,
    *,
    spellings: pd.DataFrame | None = None,
) -> RegionMatch:
    """Join labels from elsewhere to the regions of a table.

    Parameters
    ----------
    table
        The table whose regions are meant.
    labels
        Names, codes or both: a network, whose places are joined; a list; a Series whose values are
        names and whose index is kept; or a DataFrame, index kept. Of a DataFrame and of the places
        of a network the first of the columns region, region_code, region_zh, province, name,
        name_zh, code and the index that is or names one region decides.
    spellings
        Further spellings: a DataFrame with columns `place` and `spelling`. Those of the embedded
        cases are known (provinces in English, in their own language and by code).

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
        claims: list[set[str]] = []
        for word in spoken:
            folded = fold_name(word)
            near = {word} if word in exact else known.get(folded, set())
            claims.append(near or by_place.get(places.get(folded, ""), set()))
        # a column that several regions could claim leaves it to the next one
        hits = next((c for c in claims if len(c) == 1), next((c for c in claims if c), set()))
        if len(hits) == 1:
            matched[label] = next(iter(hits))
        elif hits:
            lost[label] = f" (could be {' or '.join(sorted(hits)[:SHOWN])})"
        else:
            lost[label] = did_you_mean(spoken[0], table.regions)
    used = set(matched.values())
    return RegionMatch(
        pd.Series(matched, dtype=str, name=REGION),
        MappingProxyType(lost),
        tuple(r for r in table.regions if r not in used),
    )
