"""Plain text for a terminal: aligned tables, numbers a reader can take in, JSON.

Owns the question: how do rows and numbers look on standard output?

Public names
------------
``write``          lines to standard output
``write_json``     one JSON document
``aligned``        rows as lines with columns that line up, wide Chinese characters included
``wrapped``        sentences as indented lines of a readable width
``amount``, ``signed``, ``percent``   numbers for a reader
"""

from __future__ import annotations

import json
import math
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["aligned", "amount", "percent", "signed", "wrapped", "write", "write_json"]

WIDTH = 100


def write(*lines: str) -> None:
    """Write lines to standard output."""
    sys.stdout.write("\n".join(lines) + "\n")


def write_json(data: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write one JSON document; numbers that are not finite become null."""
    text = json.dumps(_plain(data), ensure_ascii=False, indent=2, allow_nan=False)
    write(text)


def amount(value: float) -> str:
    """Return a number with thousands separated and about four digits that say something."""
    if not math.isfinite(value):
        return "-"
    size = abs(value)
    if 0 < size < 1e-4:
        return f"{value:.2g}"
    digits = 0 if size >= 1000 or value == 0 else max(0, min(6, 3 - math.floor(math.log10(size))))
    return f"{value:,.{digits}f}"


def signed(value: float) -> str:
    """Return `amount` with its sign, "+" too."""
    text = amount(float(value))
    return text if text.startswith("-") or value == 0 else f"+{text}"


def percent(part: float, whole: float) -> str:
    """Return a share as a percentage with one decimal; "-" when there is no whole."""
    return f"{100.0 * part / whole:.1f} %" if whole and math.isfinite(part) else "-"


def aligned(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> list[str]:
    """Return lines with aligned columns.

    Parameters
    ----------
    head
        Column heads.
    rows
        Cells as text.
    left
        How many leading columns are flush left; the others are flush right.
    """
    table = [list(head), *[list(row) for row in rows]]
    widths = [max(_width(row[n]) for row in table) for n in range(len(head))]
    lines = []
    for row in table:
        cells = [
            cell + " " * (width - _width(cell)) if n < left else " " * (width - _width(cell)) + cell
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def wrapped(sentences: Iterable[str]) -> list[str]:
    """Return sentences as lines of at most 100 characters, each sentence indented by two."""
    return [
        line
        for sentence in sentences
        for line in textwrap.wrap(
            sentence, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False
        )
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):  # numpy scalars
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
