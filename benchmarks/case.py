"""What a benchmark case is.

Question owned: what must be said about a measurement before it is made?

Public names
    Size, Severity    what is varied
    Setting           one size and one severity
    Work, Answer      what an actor did and found
    Actor             one way of doing the task: prepare (untimed), run (timed), read (untimed)
    Bar               what a result is held to
    Case              all of it
    Skip              raised by an actor that cannot take part, with the reason
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Level = Literal["quick", "full"]
OURS: Final = "hinterland"
PHYSICAL_LIMIT: Final = "physical limit"
BEST_FORCED: Final = "best forced method"
FORCED: Final = "hinterland, forced "


class Skip(Exception):
    """An actor or a case cannot run here; the message says why."""


@dataclass(frozen=True)
class Size:
    """R regions and S sectors; `name` where a case counts something else."""

    regions: int
    sectors: int
    level: Level = "full"
    name: str = ""

    @property
    def label(self) -> str:
        """The name, or regions x sectors."""
        return self.name or f"{self.regions}x{self.sectors}"

    @property
    def rows(self) -> int:
        return self.regions * self.sectors


@dataclass(frozen=True)
class Severity:
    """How hard the economy is; see `io_tables.synthetic`."""

    spectral_radius: float = 0.6
    openness: float = 0.35
    density: float = 1.0
    decay: tuple[float, ...] = (1.5,)
    level: Level = "quick"

    @property
    def label(self) -> str:
        """What differs from the usual, "" when nothing does."""
        usual = Severity()
        parts = []
        if self.spectral_radius != usual.spectral_radius:
            parts.append(f"spectral radius {self.spectral_radius:g}")
        if self.openness != usual.openness:
            parts.append(f"openness {self.openness:g}")
        if self.density != usual.density:
            parts.append(f"density {100 * self.density:g} %")
        if len(self.decay) > 1:
            parts.append(f"{len(self.decay)} decays")
        return ", ".join(parts)


@dataclass(frozen=True)
class Setting:
    size: Size
    severity: Severity


@dataclass(frozen=True)
class Work:
    """The least an actor's run must do: multiplications and additions, and bytes through memory.

    `resident` is what it goes over again and again: it decides which memory is the limit. Where
    the least is not known, it counts the input read once and the output written once.
    """

    flops: float
    bytes: float
    resident: float


@dataclass(frozen=True)
class Answer:
    """A modest array that all actors must agree on, the work behind it and facts to show."""

    probe: FloatArray
    work: Work | None = None
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Actor:
    """One way of doing the task.

    `run` is timed and gets what `prepare` made; `read` turns its result into an answer. `needs`
    are modules it cannot do without, `largest` the rows above which it is left out. `scale`
    multiplies the seconds of an actor that does only a stated part of the task.
    """

    prepare: Callable[[Setting], Any]
    run: Callable[[Any], Any]
    read: Callable[[Any, Any], Answer]
    needs: tuple[str, ...] = ()
    largest: int | None = None
    scale: float = 1.0


@dataclass(frozen=True)
class Bar:
    """What a result is held to: at least a ratio, at most seconds or MB (1e6 bytes).

    A ratio is the seconds of `against` (a peer, the best forced method or the physical limit)
    over ours.
    """

    size: str
    kind: Literal["ratio", "seconds", "MB"]
    limit: float
    against: str = ""
    severity: str = ""
    note: str = ""


@dataclass(frozen=True)
class Case:
    """A task at several sizes and severities by several actors; ours is first.

    Sizes ascend: the first is that of the smoke run. Answers may differ by `tolerance` times the
    largest number of the answer.
    """

    name: str
    task: str
    sizes: tuple[Size, ...]
    actors: Mapping[str, Actor]
    severities: tuple[Severity, ...] = (Severity(),)
    bars: tuple[Bar, ...] = ()
    tolerance: float = 1e-8
    repeats: int = 5

    @property
    def family(self) -> str:
        return self.name.split("/")[0]

    @property
    def peers(self) -> tuple[str, ...]:
        return tuple(name for name in self.actors if name != OURS)

    def settings(self, mode: Literal["smoke", "quick", "full"]) -> list[Setting]:
        """Sizes and severities of a mode; severities other than the first at one size each."""
        if mode == "smoke":
            return [Setting(self.sizes[0], self.severities[0])]
        wanted = ("quick",) if mode == "quick" else ("quick", "full")
        sizes = [size for size in self.sizes if size.level in wanted]
        severities = [severity for severity in self.severities if severity.level in wanted]
        return [Setting(size, severity) for size in sizes for severity in severities]
