"""Names beside the nodes of a Sankey diagram that never overlap.

Question owned: where does the name of a node stand?

Public names
    Node           a bar of the diagram: layer, extent, name
    place_names    draw the names, wrapped and pushed apart
    spread         heights on a line, moved as little as possible so that none overlap
    wrapped        a name in lines that are no wider than the room

Formula
    Centres y_i of names of height h_i, in the order of their nodes at c_i: least sum (y_i - c_i)^2
    with y_i - y_(i-1) >= (h_i + h_(i-1)) / 2 and all within the axes. With o_i the sum of these
    gaps, y_i - o_i is the isotonic regression of c_i - o_i, clipped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

NAME_FROM: Final = 0.1
"""Where a name begins at the right of its node, in distances between layers."""
NAME_ROOM: Final = 0.82
"""Width of a name: the next layer begins at 1 - 0.04."""
LINES: Final = 1.25
"""Room of a name over the height of its letters."""
STYLE: Final[dict[str, Any]] = {"fontsize": "x-small", "va": "center", "linespacing": 1.1}
MARGIN_INCHES: Final = 1.2
WIDE: Final = 0x2E80
"""Letters from here on (Chinese and others) may be parted anywhere."""


class Node(NamedTuple):
    """A bar at x (minus its layer), from low to low + height, in the units of the flows."""

    x: int
    low: float
    height: float
    name: str


def spread(centres: Floats, heights: Floats, *, low: float, high: float) -> Floats:
    """Return centres, moved as little as possible, of names that do not overlap.

    Parameters
    ----------
    centres, heights
        (n,) wanted centres in the order the names shall keep, and heights; one unit.
    low, high
        Where the names must stay; their heights must fit between.
    """
    if not len(centres):
        return np.zeros(0)
    gaps = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2)])
    free = isotonic_regression(centres - gaps).x
    first, last = low + heights[0] / 2, high - heights[-1] / 2 - gaps[-1]
    moved: Floats = np.minimum(np.maximum(free, first), max(first, last)) + gaps
    return moved


def wrapped(name: str, width_of: Callable[[str], float], room: float) -> str:
    """Return a name in lines no wider than the room, parted at blanks and wide letters.

    A word that is wider than the room is broken.
    """
    lines = [""]
    for piece in _pieces(name):
        if width_of((lines[-1] + piece).strip()) <= room:
            lines[-1] += piece
            continue
        if lines[-1].strip():
            lines.append("")
        for letter in piece.lstrip():
            if lines[-1] and width_of(lines[-1] + letter) > room:
                lines.append("")
            lines[-1] += letter
    return "\n".join(line.strip() for line in lines)


def _pieces(name: str) -> list[str]:
    """Words with the blank before them, wide letters one by one."""
    pieces: list[str] = []
    for letter in name:
        alone = letter == " " or ord(letter) >= WIDE
        if alone or not pieces or ord(pieces[-1][-1]) >= WIDE:
            pieces.append(letter)
        else:
            pieces[-1] += letter
    return pieces


def place_names(ax: Axes, nodes: Sequence[Node], *, grow: bool) -> int:
    """Draw the names of all nodes; return how many found no room.

    Parameters
    ----------
    ax
        Axes with their limits set, one unit of x between layers.
    nodes
        Bars, in any order.
    grow
        Whether the figure may become higher, so that every name finds room.
    """
    figure = ax.get_figure(root=True)
    if figure is None or not nodes:
        return 0
    pixels = ax.get_window_extent()
    unit = pixels.width / float(np.ptp(ax.get_xlim()))
    pen = ax.text(0.0, 0.0, "", **STYLE)

    def size(text: str) -> tuple[float, float]:
        pen.set_text(text)
        extent = pen.get_window_extent()
        return float(extent.width), float(extent.height)

    line = size("Ag")[1]
    texts: dict[Node, str] = {}
    heights: dict[Node, float] = {}
    for node in nodes:
        texts[node] = wrapped(node.name, lambda text: size(text)[0], NAME_ROOM * unit)
        heights[node] = max(size(texts[node])[1], line) + (LINES - 1.0) * line
    pen.remove()
    layers = {x: [node for node in nodes if node.x == x] for x in {node.x for node in nodes}}
    needed = max(sum(heights[node] for node in group) for group in layers.values())
    room = float(pixels.height)
    if grow and needed > room:
        width, height = figure.get_size_inches()
        inches = max(height, needed / figure.dpi + 2 * MARGIN_INCHES)
        part = float(inches - 2 * MARGIN_INCHES) / inches
        figure.set_size_inches(width, inches)
        figure.subplots_adjust(bottom=(1 - part) / 2, top=(1 + part) / 2)
        room = float(ax.get_window_extent().height)
    per_pixel = float(np.ptp(ax.get_ylim())) / room
    lost = 0
    for x, group in layers.items():
        kept, filled = [], 0.0
        for node in sorted(group, key=lambda node: -node.height):
            if filled + heights[node] <= room * (1 + 1e-9):
                kept.append(node)
                filled += heights[node]
        lost += len(group) - len(kept)
        kept.sort(key=lambda node: node.low)
        centres = np.array([node.low + node.height / 2 for node in kept])
        high = np.array([heights[node] for node in kept]) * per_pixel
        found = spread(centres, high, low=ax.get_ylim()[0], high=ax.get_ylim()[1])
        for node, centre, y, h in zip(kept, centres, found, high, strict=True):
            if abs(y - centre) > h / 4:
                ax.plot([x + 0.04, x + NAME_FROM - 0.01], [centre, y], color="0.4", linewidth=0.5)
            ax.text(x + NAME_FROM, y, texts[node], **STYLE)
    return lost
