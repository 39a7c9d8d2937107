"""One section of the page: prose, tables and figures in order, numbered.

Owns the question "how is a section put together?". A page module gets a `Section` and fills it; no
page module writes HTML itself.

- `Section`: the growing section.

Terms: the *key* of a caption or sentence is a key of the table of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from model.report import markup
from model.report.markup import Column, Markup
from model.report.strings import Strings
from model.report.svg import render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Section"]


@dataclass
class Section:
    """A section that grows piece by piece.

    Parameters
    ----------
    key
        Anchor, and key of the title among the words.
    numbers
        Number of every section of the page, by key.
    say
        Words.
    """

    key: str
    numbers: Mapping[str, int]
    say: Strings
    pieces: list[Markup] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"table": 0, "figure": 0})

    @property
    def number(self) -> int:
        """Number of this section."""
        return self.numbers[self.key]

    @property
    def title(self) -> str:
        """Title of the section."""
        return self.say(f"section.{self.key}")

    def add(self, piece: Markup) -> None:
        """Add a piece of HTML."""
        self.pieces.append(piece)

    def words(self, sentence: str, kind: str = "") -> None:
        """Add a paragraph."""
        self.add(markup.paragraph(sentence, kind))

    def bullets(self, sentences: Iterable[str]) -> None:
        """Add a list."""
        self.add(markup.bullets(sentences))

    def part(self, title: str) -> None:
        """Begin a part, which the table of contents names."""
        anchor = f"{self.key}-{len(self.parts) + 1}"
        self.parts.append((anchor, title))
        self.add(markup.heading(title, 3, anchor))

    def table(
        self, columns: Sequence[Column], caption: str, *, last_is_total: bool = False
    ) -> None:
        """Add a numbered table."""
        self.add(self._table(columns, caption, last_is_total=last_is_total))

    def tables(self, pairs: Iterable[tuple[Sequence[Column], str]]) -> None:
        """Add small tables side by side."""
        inside = markup.join(self._table(columns, caption) for columns, caption in pairs)
        self.add(Markup(f'<div class="pair">{inside}</div>'))

    def figure(
        self,
        drawing: Figure,
        caption: str,
        alt: str,
        *,
        kind: str = "chart",
        titles: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Add a numbered figure.

        Parameters
        ----------
        alt
            What the figure shows, for readers who do not see it.
        kind
            CSS class: "chart" or "map".
        titles
            See `model.report.svg.render`.
        """
        number = self._number("figure")
        svg = render(drawing, f"figure-{number}", alt, titles)
        words = self.say("page.figure", number=number, caption=caption)
        self.add(markup.figure(svg, words, kind))

    def tiles(self, tiles: Iterable[tuple[str, str]]) -> None:
        """Add a row of large numbers, each with what it is."""
        cells = "".join(
            f'<div class="tile"><b>{markup.text(number)}</b><span>{markup.text(what)}</span></div>'
            for number, what in tiles
        )
        self.add(Markup(f'<div class="tiles">{cells}</div>' if cells else ""))

    def html(self) -> Markup:
        """Give the section as HTML."""
        head = f"{self.number}  {self.title}"
        body = markup.join([markup.heading(head, 2), *self.pieces])
        return Markup(f'<section id="{self.key}">\n{body}\n</section>')

    def _number(self, kind: str) -> str:
        self.counts[kind] += 1
        return f"{self.number}.{self.counts[kind]}"

    def _table(
        self, columns: Sequence[Column], caption: str, *, last_is_total: bool = False
    ) -> Markup:
        words = self.say("page.table", number=self._number("table"), caption=caption)
        return markup.table(columns, words, last_is_total=last_is_total)
