"""How a number is written: the unit it is shown in, its digits, its sign.

Owns the question "how does this number read?" for every table, sentence and axis of the report.

- `Scale`, `money_scale`: the unit a set of amounts is shown in, with the factor that leads there.
- `decimals`: how many decimals a column needs to read well.
- `spoken`: a unit as a sentence says it.
- `write`: one number with given decimals; `short`: one number with its own three figures.
- `plain`: a stated number; `power`: a small number by its power of ten.
- `share_scale`: per cent or parts per million.
- `hours`: minutes written as hours and minutes.

Terms: the *units* of an amount start with a magnitude word or none ("million yuan 2020"); a scale
moves along thousand, million, billion, trillion so that the largest amount lies in 1 to 1000. Units
written in Chinese are counted as Chinese counts: in ten thousands and hundred millions.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Scale",
    "decimals",
    "hours",
    "money_scale",
    "plain",
    "power",
    "share_scale",
    "short",
    "spoken",
    "write",
]

MISSING = "–"
MAGNITUDES = ("", "thousand", "million", "billion", "trillion")
CHINESE = {"万亿": 1e12, "亿": 1e8, "万": 1e4, "": 1.0}  # what amounts are shown in
COUNTED = {**CHINESE, "十亿": 1e9, "百万": 1e6, "千": 1e3}  # what they may be given in


@dataclass(frozen=True)
class Scale:
    """A unit to show amounts in: shown = amount x factor, in `unit`."""

    factor: float
    unit: str


def _finite(values: Iterable[float]) -> list[float]:
    return [abs(float(v)) for v in values if math.isfinite(float(v))]


def money_scale(values: Iterable[float], units: str) -> Scale:
    """Choose the magnitude in which the largest of some amounts reads best.

    Parameters
    ----------
    values
        Amounts in `units`; what is not finite is passed over.
    units
        Units of the amounts, for example ``"million yuan 2020"``.
    """
    if re.search("[\u4e00-\u9fff]", units):
        return _chinese_scale(_finite(values), units)
    head, _, tail = units.partition(" ")
    position, rest = (MAGNITUDES.index(head), tail) if head in MAGNITUDES[1:] else (0, units)
    largest = max(_finite(values), default=0.0) * 1000.0**position
    target = min(int(math.log10(largest) // 3), 4) if largest >= 1.0 else 0
    unit = f"{MAGNITUDES[target]} {rest}".strip()
    return Scale(1000.0 ** (position - target), unit)


def _chinese_scale(sizes: list[float], units: str) -> Scale:
    head = next((word for word in sorted(COUNTED, key=len)[::-1] if units.startswith(word)), "")
    largest = max(sizes, default=0.0) * COUNTED[head]
    target = next((word for word, size in CHINESE.items() if largest >= size), "")
    return Scale(COUNTED[head] / CHINESE[target], f"{target}{units.removeprefix(head)}")


def spoken(unit: str) -> str:
    """Shorten a unit for a sentence: without the year of its prices, which the page's head says."""
    unit = re.sub("，.*$", "", unit)
    words = unit.split(" ")
    return " ".join(words[:-1]) if len(words) > 1 and words[-1].isdigit() else unit


def decimals(values: Iterable[float], figures: int = 3) -> int:
    """Count the decimals in which values of one column read well (0 to 6).

    The largest value gets at least `figures` significant figures, the median of those that are not
    zero at least two, the largest never more than six.
    """
    sizes = sorted(value for value in _finite(values) if value > 0.0)
    if not sizes:
        return 0
    top = math.floor(math.log10(sizes[-1]))
    middle = math.floor(math.log10(sizes[len(sizes) // 2]))
    wanted = max(figures - 1 - top, min(1 - middle, 5 - top))
    return min(max(wanted, 0), 6)


def write(value: float, places: int, *, signed: bool = False) -> str:
    """Write one number with `places` decimals; exact zero is "0", what is not finite a dash."""
    if not math.isfinite(value):
        return MISSING
    if value == 0.0:
        return "0"
    text = f"{abs(value):,.{places}f}"
    if float(text.replace(",", "")) == 0.0:
        return text
    sign = "−" if value < 0 else "+" if signed else ""
    return sign + text


def short(value: float, figures: int = 3, *, signed: bool = False) -> str:
    """Write one number on its own with `figures` significant figures."""
    if not math.isfinite(value):
        return MISSING
    if value != 0.0 and abs(value) < 1e-4:
        return f"{value:.1e}".replace("-", "−")
    return write(value, decimals([value], figures), signed=signed)


def plain(value: float) -> str:
    """Write a number somebody stated (a parameter) as it was stated, to six figures."""
    if not math.isfinite(value):
        return MISSING
    return f"{value:,.6g}".replace("-", "−")


def power(value: float) -> str:
    """Write a small number by its power of ten."""
    if not math.isfinite(value):
        return MISSING
    return "0" if value == 0 else f"{value:.1e}".replace("-", "−")


def share_scale(shares: Iterable[float]) -> tuple[float, Literal["percent", "per_million"]]:
    """Choose per cent or, when the largest is below a hundredth of a per cent, parts per million.

    Returns
    -------
    tuple
        Factor from a share (1 is the whole) to what is shown, and the name of the unit.
    """
    largest = max(_finite(shares), default=0.0)
    return (1e6, "per_million") if 0 < largest < 1e-4 else (100.0, "percent")


def hours(minutes: float) -> str:
    """Write a duration in minutes as hours and minutes, ``4:05``; a dash when there is none."""
    if not math.isfinite(minutes):
        return MISSING
    whole = round(abs(minutes))
    sign = "−" if minutes < 0 and whole else ""
    return f"{sign}{whole // 60}:{whole % 60:02d}"
