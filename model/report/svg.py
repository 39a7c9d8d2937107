"""Figures as inline SVG: live text, the same bytes every time, small.

Owns the question "how does a matplotlib figure become part of the page?".

- `drawing_style`: a context in which figures are made and rendered; the reader's own matplotlib
  settings do not reach the report.
- `new_axes`, `new_figure`: a figure without pyplot; `figure_of`: the figure of some axes.
- `render`: the figure as one ``<svg>`` element.

Terms: *live text* is text that stays text (to be searched, copied, read aloud). A *title* of a mark
is what a browser shows when the pointer rests on it. Identifiers in an SVG are those of the whole
page once it is inline; so they are kept only where something refers to them, and salted by name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from model.report.wide_letters import wide_letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["drawing_style", "figure_of", "new_axes", "new_figure", "render"]

WIDTH = 9.6  # inches: 691 units of the SVG, which the page scales to its column
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a8f98",
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": "#40454d",
    "ytick.color": "#40454d",
    "axes.labelcolor": "#22262c",
    "text.color": "#22262c",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "grid.color": "#e3e6ea",
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.5,
    "axes.unicode_minus": True,
}


@contextmanager
def drawing_style(*, wide: bool = False) -> Iterator[None]:
    """Make and render figures with matplotlib's defaults and the report's style, then restore.

    Parameters
    ----------
    wide
        Lay out Chinese letters as wide as they are, see `model.report.wide_letters`.
    """
    import matplotlib

    with ExitStack() as stack:
        stack.enter_context(matplotlib.rc_context())
        matplotlib.rcdefaults()
        style = dict(STYLE)
        if wide:
            style["font.family"] = [*STYLE["font.sans-serif"], stack.enter_context(wide_letters())]
        for key, value in style.items():
            matplotlib.rcParams[key] = value  # type: ignore[index]  # keys are literals in the stub
        yield


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Give an empty figure of `width` x `height` inches that pyplot knows nothing of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def new_axes(height: float, width: float = WIDTH) -> Axes:
    """Give the axes of a new figure."""
    return new_figure(height, width).add_subplot()


def figure_of(ax: Axes) -> Figure:
    """Give the figure that axes stand in."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("axes to draw on must stand in a figure; these were removed from theirs")
    return figure


def render(
    figure: Figure, name: str, label: str, titles: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Render a figure as an ``<svg>`` element without fixed size.

    Parameters
    ----------
    figure
        The figure; its ``gid`` groups can be given titles.
    name
        Salt of the identifiers, unique on the page.
    label
        What the figure shows, for readers who do not see it.
    titles
        For a group of marks (by ``gid``), a title for each mark in drawing order.
    """
    import matplotlib

    buffer = io.StringIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=metadata)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].rstrip()
    for gid, words in (titles or {}).items():
        svg = _with_titles(svg, gid, words)
    svg = _without_idle_ids(svg)
    svg = re.sub(r' (d|x|y|points|transform)="([^"]*)"', _rounded, svg)
    head = re.match(r"<svg[^>]*>", svg)
    view = re.search(r'viewBox="([^"]*)"', svg)
    assert head is not None  # savefig always writes both
    assert view is not None
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{view[1]}" role="img" aria-label="{escape(label)}">' + svg[head.end() :]
    )


def _with_titles(svg: str, gid: str, words: Sequence[str]) -> str:
    """Give the marks of one group a title each, in order; definitions are no marks."""
    start = svg.find(f'<g id="{gid}">')
    if start < 0:
        return svg
    end = start + _group_length(svg[start:])
    remaining = iter(words)

    def titled(mark: re.Match[str]) -> str:
        word = None if mark[1] is None else next(remaining, None)
        if word is None:
            return mark[0]
        return f"<{mark[1]}{mark[2]}><title>{escape(word)}</title></{mark[1]}>"

    marks = r"<defs>.*?</defs>|<(use|path)([^>]*?)/>"
    group = re.sub(marks, titled, svg[start:end], flags=re.DOTALL)
    return svg[:start] + group + svg[end:]


def _group_length(svg: str) -> int:
    """Length of the ``<g>`` element that starts `svg`."""
    depth = 0
    for tag in re.finditer(r"<g[ >]|</g>", svg):
        depth += -1 if tag[0] == "</g>" else 1
        if depth == 0:
            return tag.end()
    return len(svg)


def _without_idle_ids(svg: str) -> str:
    wanted = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    return re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in wanted else "", svg)


def _rounded(attribute: re.Match[str]) -> str:
    """Two decimals are a hundredth of a point: enough, and half the bytes."""
    value = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", attribute[2])
    return f' {attribute[1]}="{value}"'
