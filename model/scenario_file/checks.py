"""Reading one block of a scenario: take keys out, check each, remember every failure.

Owns the question: does this mapping have the keys, types and ranges a block may have?

Public names
------------
``Block``       one mapping being read; every getter names what it found wrong in `failures`
``Failures``    the sentences collected, some of them "not in this version"
``near``        "did you mean" for a name among known ones

Nothing is raised here: a reader takes all blocks first and then raises once with everything found.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Block", "Failures", "near"]


@dataclass
class Failures:
    """What was found wrong so far: `wrong` must be mended, `later` has no method yet."""

    wrong: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


def near(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` when a known name is close, else an empty string."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.55)
    return f"; did you mean {found[0]!r}?" if found else ""


class Block:
    """One block of a scenario file while it is read.

    Parameters
    ----------
    raw
        The mapping as TOML gives it; anything else is a failure and reads as empty.
    where
        The name of the block for messages, such as ``[[add]] 2``.
    failures
        Where sentences are collected.
    """

    def __init__(self, raw: Any, where: str, failures: Failures) -> None:
        self.where = where
        self.failures = failures
        self._asked: set[str] = set()
        self._raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            self.wrong(f"must be a block of keys; found {raw!r}")

    def wrong(self, sentence: str) -> None:
        """Note a failure in this block."""
        self.failures.wrong.append(f"{self.where}: {sentence}" if self.where else sentence)

    def later(self, sentence: str) -> None:
        """Note something whose method is not built yet."""
        self.failures.later.append(f"{self.where}: {sentence}" if self.where else sentence)

    def has(self, key: str) -> bool:
        """Tell whether the block has the key."""
        self._asked.add(key)
        return key in self._raw

    def take(self, key: str) -> Any:
        """Return the raw value, or None when absent."""
        self._asked.add(key)
        return self._raw.get(key)

    def rest(self) -> dict[str, Any]:
        """Return, and count as asked for, every key not taken so far."""
        left = {key: value for key, value in self._raw.items() if key not in self._asked}
        self._asked.update(left)
        return left

    def need(self, *keys: str) -> None:
        """Note every key that is missing."""
        missing = [key for key in keys if not self.has(key)]
        if missing:
            self.wrong(f"must have {', '.join(missing)}")

    def text(self, key: str, default: str = "") -> str:
        """Return a text that is not empty."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, str) or not value.strip():
            self.wrong(f"{key} must be a text; found {value!r}")
            return default
        return value

    def choice(
        self, key: str, default: str, allowed: Iterable[str], later: Iterable[str] = ()
    ) -> str:
        """Return one of the allowed words; one of `later` is noted as not in this version."""
        value = self.text(key, default)
        return self._word(key, value, default, tuple(allowed), tuple(later))

    def choices(
        self, key: str, default: tuple[str, ...], allowed: Iterable[str], later: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """Return a list of different allowed words."""
        known, unbuilt = tuple(allowed), tuple(later)
        words = self.texts(key, default)
        if len(set(words)) < len(words):
            self.wrong(f"{key} must name each word once; found {', '.join(words)}")
        return tuple(self._word(key, word, "", known, unbuilt) for word in words)

    def _word(
        self, key: str, value: str, default: str, allowed: tuple[str, ...], later: tuple[str, ...]
    ) -> str:
        if value in allowed or value == default:
            return value
        if value in later:
            self.later(f"{key} = {value!r} is not in this version")
        else:
            hint = near(value, (*allowed, *later))
            self.wrong(f"{key} must be one of {', '.join(allowed)}; found {value!r}{hint}")
        return default

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
            self.wrong(f"{key} must be a list of texts; found {value!r}")
            return default
        return tuple(value)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(f"{key} must be true or false; found {value!r}")
        return default

    def integer(self, key: str, default: int, *, low: int = 0) -> int:
        """Return a whole number of at least `low`."""
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            self.wrong(f"{key} must be a whole number of at least {low}; found {value!r}")
            return default
        return value

    def number(
        self,
        key: str,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        above: float = -math.inf,
    ) -> float | None:
        """Return a finite number with ``low <= number <= high`` and ``number > above``, or None."""
        value = self.take(key)
        if value is None:
            return None
        bounds = [f"above {above:g}"] if above > -math.inf else []
        bounds += [f"at least {low:g}"] if low > -math.inf else []
        bounds += [f"at most {high:g}"] if high < math.inf else []
        rule = f"{key} must be a finite number{' ' if bounds else ''}{' and '.join(bounds)}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(f"{rule}; found {value!r}")
            return None
        if not (math.isfinite(value) and low <= value <= high and value > above):
            self.wrong(f"{rule}; found {value!r}")
            return None
        return float(value)

    def shares(self, key: str) -> str | dict[str, float]:
        """Return a text, or positive weights by name that sum to one."""
        value = self.take(key)
        if not isinstance(value, Mapping):
            return self.text(key)
        good: dict[str, float] = {}
        for name, one in value.items():
            if isinstance(one, bool) or not isinstance(one, int | float) or not 0 < one <= 1:
                self.wrong(
                    f"{key}: the share of {name!r} must be above 0 and at most 1; found {one!r}"
                )
            else:
                good[name] = float(one)
        if len(good) == len(value) and abs(sum(good.values()) - 1.0) > 1e-9:
            self.wrong(f"{key}: the shares must sum to 1; they sum to {sum(good.values()):.10g}")
        return good

    def blocks(self, key: str) -> list[Block]:
        """Return the blocks of a list such as ``[[stimulus]]``, numbered from 1 in messages."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(f"{key} must be a list of blocks, written [[{key}]]; found {value!r}")
            return []
        return [Block(one, f"[[{key}]] {n}", self.failures) for n, one in enumerate(value, 1)]

    def block(self, key: str) -> Block:
        """Return one block such as ``[closure]``; empty when absent."""
        value = self.take(key)
        return Block({} if value is None else value, f"[{key}]", self.failures)

    def close(self) -> None:
        """Note every key nobody asked for."""
        for key in self._raw:
            if key not in self._asked:
                place = "" if self.where else " at the top of the file"
                hint = near(key, self._asked)
                self.wrong(f"there is no key {key!r}{place}{hint} (keys: {_listed(self._asked)})")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
