"""HTML in small pieces: escaped text, paragraphs, tables, figures.

Owns the question "how does a piece of the report become HTML?". Everything that comes from a
result passes through `text`, so no label can break the page.

- `Markup`: a string that is HTML already.
- `text`, `prose`: escaped text; `prose` also turns ``**words**`` into bold.
- `paragraph`, `bullets`, `heading`: blocks of prose.
- `Column`, `table`: a table with units in its head, a caption that tells how to read it.
- `figure`: an inline SVG with its caption.

Terms: a *numeric* column holds floats, which are right-aligned and written with the same number of
decimals; a *text* column holds strings.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NewType

from model.report.quantities import decimals, hours, power, write

__all__ = [
    "Column",
    "Markup",
    "bullets",
    "figure",
    "heading",
    "join",
    "paragraph",
    "prose",
    "table",
    "text",
]

Markup = NewType("Markup", str)

LONG_TABLE = 45  # rows above which a table scrolls on a screen; on paper it is always whole


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    title
        Head of the column.
    values
        Strings, or floats (then the column is numeric).
    unit
        Unit, shown below the title.
    places
        Decimals; None lets the largest value have three figures.
    signed
        Write a plus sign, for changes.
    form
        How numbers are written: with decimals, minutes as hours and minutes, by power of ten.
    """

    title: str
    values: Sequence[str] | Sequence[float]
    unit: str = ""
    places: int | None = None
    signed: bool = False
    form: Literal["decimal", "clock", "power"] = "decimal"

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers."""
        return not any(isinstance(value, str) for value in self.values)

    def written(self, *, total: bool = False) -> list[str]:
        """Give the cells as text; a total at the end has no say in the decimals."""
        numbers = [value for value in self.values if not isinstance(value, str)]
        if len(numbers) < len(self.values):
            return [str(value) for value in self.values]
        if self.form != "decimal":
            form = hours if self.form == "clock" else power
            return [form(value) for value in numbers]
        judged = numbers[:-1] if total and len(numbers) > 1 else numbers
        places = decimals(judged) if self.places is None else self.places
        return [write(value, places, signed=self.signed) for value in numbers]


def text(value: object) -> Markup:
    """Escape a value for HTML."""
    return Markup(html.escape(str(value), quote=True))


def prose(sentence: str) -> Markup:
    """Escape a sentence; ``**words**`` become bold, and per cent stay with their number."""
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text(sentence))
    return Markup(re.sub(r"(?<=\d) (?=[%‰])", "\u00a0", bold))


def join(pieces: Iterable[Markup]) -> Markup:
    """Put pieces one after the other."""
    return Markup("\n".join(pieces))


def paragraph(sentence: str, kind: str = "") -> Markup:
    """Give a paragraph, with a CSS class when `kind` is given; no sentence gives nothing."""
    if not sentence:
        return Markup("")
    attribute = f' class="{kind}"' if kind else ""
    return Markup(f"<p{attribute}>{prose(sentence)}</p>")


def heading(title: str, level: int, anchor: str = "") -> Markup:
    """Give a heading, with an anchor the table of contents can lead to."""
    attribute = f' id="{text(anchor)}"' if anchor else ""
    return Markup(f"<h{level}{attribute}>{text(title)}</h{level}>")


def bullets(sentences: Iterable[str]) -> Markup:
    """Give a list; no sentence gives nothing."""
    items = "\n".join(f"<li>{prose(sentence)}</li>" for sentence in sentences)
    return Markup(f"<ul>\n{items}\n</ul>" if items else "")


def table(columns: Sequence[Column], caption: str, *, last_is_total: bool = False) -> Markup:
    """Give a table; its caption stands above it and tells how to read it.

    Parameters
    ----------
    columns
        Columns of one length.
    caption
        What the table shows and how to read it.
    last_is_total
        The last row is a total: it is set apart and stays last when a reader sorts.
    """
    count = len(columns[0].values)
    head = "".join(
        f'<th scope="col"{_cell_class(c)}>{text(c.title)}'
        + (f"<span>{text(c.unit)}</span>" if c.unit else "")
        + "</th>"
        for c in columns
    )
    written = [column.written(total=last_is_total) for column in columns]
    rows = [_row(columns, [cells[i] for cells in written]) for i in range(count)]
    total = f"\n<tfoot>{rows.pop()}</tfoot>" if last_is_total and rows else ""
    body = "\n".join(rows)
    scroll = " scroll" if count > LONG_TABLE else ""
    return Markup(
        f'<figure class="table"><figcaption>{prose(caption)}</figcaption>'
        f'<div class="frame{scroll}"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>{total}</table></div></figure>"
    )


def figure(svg: str, caption: str, kind: str = "chart") -> Markup:
    """Give a figure from inline SVG, with its caption below it."""
    return Markup(f'<figure class="{kind}">{svg}<figcaption>{prose(caption)}</figcaption></figure>')


def _cell_class(column: Column) -> str:
    return ' class="n"' if column.numeric else ""


def _row(columns: Sequence[Column], cells: Sequence[str]) -> str:
    out = []
    for position, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        tag = "th" if position == 0 and not column.numeric else "td"
        scope = ' scope="row"' if tag == "th" else ""
        out.append(f"<{tag}{scope}{_cell_class(column)}>{text(cell)}</{tag}>")
    return f"<tr>{''.join(out)}</tr>"
