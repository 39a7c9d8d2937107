"""How wide a text is when some of its letters are Chinese.

Owns the question "how much room does this text take?" where the drawing font has no such letters.

- `text_width`: width of a text in letters of Latin script.
- `cut`, `wrap`: a text no wider than so many letters, cut or in several lines.
- `wide_letters`: a context in which matplotlib lays out Chinese letters with their true width.

Terms: a *wide* letter takes a square of one font size (Unicode Standard Annex 11, classes W and F);
a Latin letter of a sans-serif font takes 0.6 of it on average. Text in the page's figures stays
text, drawn by the browser with a font of its own; what matplotlib needs is room. So it is given a
font whose wide letters are all one empty square: without it every one counts as 0.6, long names
leave the figure, and a warning about each missing letter follows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from unicodedata import east_asian_width

__all__ = ["LATIN", "cut", "text_width", "wide_letters", "wrap"]

LATIN = 0.6  # width of a mean Latin letter, in font sizes
FAMILY = "Hinterland Wide"
UNITS = 1000  # of a font size, in which the font is measured
BLOCKS = ((0x2E80, 0xA000), (0xF900, 0xFB00), (0xFE30, 0xFE50), (0xFF00, 0xFF61))


def _is_wide(letter: str) -> bool:
    return east_asian_width(letter) in "WF"


def text_width(text: str) -> float:
    """Give the width of a text in mean Latin letters."""
    return sum(1 / LATIN if _is_wide(letter) else 1.0 for letter in text)


def cut(text: str, longest: int) -> str:
    """Cut a text to the width of so many Latin letters; what was cut ends in an ellipsis."""
    if text_width(text) <= longest:
        return text
    end = len(text)
    while text_width(text[:end]) > longest - 1:
        end -= 1
    return f"{text[:end].rstrip()}…"


def wrap(text: str, longest: int) -> str:
    """Break a text into lines no wider than so many Latin letters."""
    wide = any(_is_wide(letter) for letter in text)
    return fill(text, int(longest * LATIN) if wide else longest)


@contextmanager
def wide_letters() -> Iterator[str]:
    """Let matplotlib know a font of empty wide letters; gives its family, forgotten at the end."""
    from matplotlib.font_manager import fontManager

    before = list(fontManager.ttflist)
    with tempfile.TemporaryDirectory() as folder:
        for weight in (400, 700):
            path = Path(folder) / f"{weight}.ttf"
            _write_font(path, weight)
            fontManager.addfont(path)
        try:
            yield FAMILY
        finally:
            fontManager.ttflist[:] = before


def _write_font(path: Path, weight: int) -> None:
    """Write a font that has one empty glyph, a square, for every wide letter."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    made = FontBuilder(UNITS, isTTF=True)
    made.setupGlyphOrder([".notdef", "wide"])
    made.setupCharacterMap({BLOCKS[0][0]: "wide"})
    many = CmapSubtable.newSubtable(13)  # many letters to one glyph, in a few bytes
    many.platformID, many.platEncID, many.language = 3, 10, 0
    many.cmap = {code: "wide" for start, end in BLOCKS for code in range(start, end)}
    made.font["cmap"].tables = [many]
    made.setupGlyf({".notdef": Glyph(), "wide": Glyph()})
    made.setupHorizontalMetrics({".notdef": (600, 0), "wide": (UNITS, 0)})
    made.setupHorizontalHeader(ascent=880, descent=-120)
    made.setupNameTable({"familyName": FAMILY, "styleName": "Bold" if weight > 400 else "Regular"})
    made.setupOS2(usWeightClass=weight)
    made.setupPost()
    made.save(path)
