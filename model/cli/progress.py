"""Showing how far a run has come.

Owns the question: what does somebody who waits see?

Public names
------------
``Progress``    a callback ``(step, fraction)``: a bar on a terminal, one line a step elsewhere
"""

from __future__ import annotations

import time
from typing import Final, TextIO

__all__ = ["Progress"]

BAR: Final = 24


class Progress:
    """Writes progress to a stream; call it with a step's name and the fraction done, 0 to 1.

    Parameters
    ----------
    stream
        Where it goes, standard error as a rule.
    bar
        True draws one line over and over; False writes one line when the step's name changes; None
        asks the stream whether it is a terminal. Lines wait until something is behind, so that a
        wrong input found before then is told in its own line alone.
    """

    def __init__(self, stream: TextIO, *, bar: bool | None = None) -> None:
        self._stream = stream
        self._bar = stream.isatty() if bar is None else bar
        self._began = time.monotonic()
        self._step = ""
        self._held: list[str] = []
        self._width = 0

    def __call__(self, step: str, fraction: float) -> None:
        """Show that `step` is under way with `fraction` of the whole done."""
        done = min(max(fraction, 0.0), 1.0)
        if self._bar:
            filled = round(BAR * done)
            self._draw(f"[{'#' * filled}{'.' * (BAR - filled)}] {done:4.0%}  {step}")
        elif step != self._step:
            elapsed = time.monotonic() - self._began
            self._held.append(f"[{done:4.0%}] {elapsed:5.1f} s  {step}\n")
            if done > 0.0:
                self._stream.writelines(self._held)
                self._stream.flush()
                self._held.clear()
        self._step = step

    def close(self) -> None:
        """Take the bar away, so that what comes next starts on a clean line."""
        if self._bar and self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0

    def _draw(self, line: str) -> None:
        self._stream.write("\r" + line.ljust(self._width))
        self._stream.flush()
        self._width = max(self._width, len(line))
