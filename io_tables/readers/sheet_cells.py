"""Cells of one sheet of an .xlsx workbook, row after row, straight from its XML.

Public names:
- `SheetCells`: what a cell's codes mean in one workbook (shared texts, styles that are dates).
- `scan_rows`: row number and cells of every row of the XML of a sheet.

A sheet is `<sheetData>` with `<row r="7">` with `<c r="B7" s="3" t="s"><v>12</v></c>`: `t` says
what the value is (n number, s shared text, str and inlineStr text, b truth value, e error, d date),
`s` the style, which alone tells that a number is a date. Of a formula the saved value counts.
Memory holds a row and a piece of the file, never the sheet.

Source: ECMA-376 part 1, section 18.3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final
from xml.parsers import expat

PIECE: Final = 1 << 16
"""Bytes of XML parsed at a time."""
MOST_COLUMNS: Final = 16_384
_DIGITS: Final = "0123456789"
_LETTERS: Final = {letter: k + 1 for k, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


@dataclass(frozen=True)
class SheetCells:
    """What the codes of cells mean in one workbook.

    Attributes
    ----------
    texts
        Shared texts, by number.
    date_styles
        Numbers of the styles that show a number as a date or a time.
    date_of
        The date of a number.
    """

    texts: Sequence[str]
    date_styles: Collection[int]
    date_of: Callable[[float], object]

    def value(self, text: str, kind: str, style: str) -> object:
        """Return text, a number, a truth value or a date.

        Raises
        ------
        ValueError, IndexError
            For a number that is none and a shared text that is not there.
        """
        if kind in ("n", ""):
            number = float(text)
            return self.date_of(number) if style and int(style) in self.date_styles else number
        if kind == "s":
            return self.texts[int(text)]
        return bool(int(text)) if kind == "b" else text


def column_of(letters: str) -> int:
    """Return the position of a column, A being 0.

    Raises
    ------
    ValueError
        When it is no column that a sheet may have.
    """
    position = 0
    for letter in letters:
        position = position * 26 + _LETTERS.get(letter, MOST_COLUMNS)
        if position > MOST_COLUMNS:
            break
    if not 1 <= position <= MOST_COLUMNS:
        raise ValueError(f"there is no column {letters[:8]!r}")
    return position - 1


def scan_rows(xml: IO[bytes], cells: SheetCells) -> Iterator[tuple[int, list[Any]]]:
    """Yield number and cells of every row that the XML of a sheet has; absent cells are None.

    Raises
    ------
    ValueError
        When the XML is damaged, or a cell is not what it says.
    """
    # Handlers are called five times a cell: closures over plain variables are twice as fast as
    # methods of an object.
    ready: list[tuple[int, list[Any]]] = []
    columns: dict[str, int] = {}
    row: list[Any] = []
    number, column, phonetic = 0, -1, 0
    kind = style = text = ""
    inside = False
    value, run, cell, line, reading = "v", "t", "c", "row", "rPh"

    def root(name: str, attributes: dict[str, str]) -> None:
        nonlocal value, run, cell, line, reading
        prefix, _, local = name.rpartition(":")
        if local != "worksheet":
            raise ValueError(f"it is a {local}, not a worksheet")
        if prefix:
            value, run, cell, line, reading = (
                f"{prefix}:{tag}" for tag in (value, run, cell, line, reading)
            )
        parser.StartElementHandler = start

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, number, column, kind, style, text, inside, phonetic
        if name == value:
            inside = True
        elif name == cell:
            kind, style, text = attributes.get("t", "n"), attributes.get("s", ""), ""
            place = attributes.get("r")
            if place is None:
                column += 1
                return
            letters = place.rstrip(_DIGITS)
            found = columns.get(letters)
            if found is None:
                found = columns[letters] = column_of(letters)
            if found <= column:
                raise ValueError(f"row {number} tells a cell twice or out of order at {place}")
            column = found
        elif name == line:
            now = int(attributes.get("r", number + 1))
            if now <= number:
                raise ValueError(f"row {now} comes after row {number}")
            number, row, column = now, [], -1
        elif name == run:
            inside = kind == "inlineStr" and not phonetic
        elif name == reading:
            phonetic += 1

    def characters(data: str) -> None:
        nonlocal text
        if inside:
            text += data

    def end(name: str) -> None:
        nonlocal inside, phonetic
        if name in (value, run):
            inside = False
        elif name == cell:
            if not text:
                return
            if column > len(row):
                row.extend([None] * (column - len(row)))
            if kind == "n" and not style:
                row.append(float(text))
            else:
                row.append(cells.value(text, kind, style))
        elif name == line:
            ready.append((number, row))
        elif name == reading:
            phonetic -= 1

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = root
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    try:
        while piece := xml.read(PIECE):
            parser.Parse(piece, False)
            yield from ready
            ready.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ValueError(f"its XML is damaged: {error}") from error
    yield from ready
