"""Names on a map that do not lie on each other.

Owns the question "which places can be named, and on which side of the dot?". Greedy: places in the
given order; each takes the first of eight positions around its dot that is free and inside the map;
a place with no free position stays unnamed.

- `LabelSpot`: one name that found room.
- `place_labels`: find room for names.

Terms: all lengths are points (1/72 inch) in the frame of the map, y upwards. A *box* is
(left, bottom, right, top).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.report.wide_letters import LATIN, text_width

__all__ = ["LabelSpot", "place_labels"]

GAP = 1.5
# Directions in order of preference: horizontal and vertical, -1, 0 or 1.
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelSpot:
    """One name that found room.

    Parameters
    ----------
    position
        Position of the place in the caller's order.
    left, bottom
        Lower left corner of the name's box.
    """

    position: int
    left: float
    bottom: float


def place_labels(
    names: Sequence[str],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radius: NDArray[np.float64],
    *,
    font_size: float,
    frame: Box,
    taken: Sequence[Box] = (),
    limit: int,
) -> list[LabelSpot]:
    """Find room for at most `limit` names.

    Parameters
    ----------
    names, x, y, radius
        The places in order of importance: name, centre and radius of the dot, shape (places,).
    font_size
        Size of the names.
    frame
        The map; names stay inside.
    taken
        Boxes that are occupied already (a legend).
    limit
        How many names are wanted; also how many of the first dots no name may cover.
    """
    boxes = list(taken)
    dots = [
        (
            float(x[i] - radius[i]),
            float(y[i] - radius[i]),
            float(x[i] + radius[i]),
            float(y[i] + radius[i]),
        )
        for i in range(min(limit, len(names)))
    ]
    spots: list[LabelSpot] = []
    for i in range(len(names)):
        if len(spots) == limit:
            break
        width, height = LATIN * font_size * text_width(names[i]), 1.15 * font_size
        reach = float(radius[i]) + GAP
        own = dots[i] if i < len(dots) else None
        for across, up in DIRECTIONS:
            # A diagonal name starts nearer to the dot, as the corner of its box faces it.
            near = reach * (0.7 if across and up else 1.0)
            left = float(x[i]) + across * near - (1 - across) * width / 2
            bottom = float(y[i]) + up * near - (1 - up) * height / 2
            box = (left, bottom, left + width, bottom + height)
            others = [dot for dot in dots if dot is not own]
            if _inside(box, frame) and not any(_overlap(box, b) for b in (*boxes, *others)):
                boxes.append(box)
                spots.append(LabelSpot(i, left, bottom))
                break
    return spots


def _inside(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
