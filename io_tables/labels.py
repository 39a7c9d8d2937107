"""Which position a label stands for.

Public names:
- `positions_of`: labels to positions, by name, code or any other alias, all failures at once.
- `did_you_mean`: the closest known labels, for messages.
- `duplicates`: labels that occur more than once.

Labels become positions 0..n-1 here, once. A label is tried as it stands, then without regard to
case and surrounding blanks, among the names first and then among the aliases (codes, Chinese
names). An alias that stands for two positions is refused by name, never guessed.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from io_tables.errors import UnknownLabel

SHOWN = 5
"""Labels a message shows at most."""


def shown(labels: Iterable[object]) -> str:
    """Join at most five labels for a message, saying how many more there are."""
    items = [" / ".join(map(str, x)) if isinstance(x, tuple) else str(x) for x in labels]
    rest = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def duplicates(labels: Iterable[object]) -> list[object]:
    """Labels that occur more than once, in the order of their first occurrence."""
    return [label for label, n in Counter(labels).items() if n > 1]


def did_you_mean(label: object, known: Sequence[object]) -> str:
    """Return ' (did you mean ...?)' with up to three close labels, or '' when none is close."""
    names = [str(k) for k in known]
    folded = {name.casefold(): name for name in reversed(names)}  # the first of a spelling counts
    close = difflib.get_close_matches(str(label).casefold(), list(folded), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(repr(folded[c]) for c in close)}?)" if close else ""


def _fold(label: object) -> str:
    return str(label).strip().casefold()


def positions_of(
    wanted: Iterable[object],
    names: Sequence[object],
    *,
    aliases: Mapping[str, Sequence[object]] | None = None,
    what: str = "label",
) -> NDArray[np.intp]:
    """Positions of labels among `names`.

    Parameters
    ----------
    wanted
        Labels to look up; repeated labels are allowed and return repeated positions.
    names
        The n known names, in order.
    aliases
        Further spellings, each a sequence of n labels (codes, names in another language).
    what
        The word a message uses ("region", "sector").

    Returns
    -------
    Positions, one for each wanted label.

    Raises
    ------
    UnknownLabel
        Naming every label that is unknown (with the closest known ones) or ambiguous.
    """
    exact: dict[object, int] = {}
    folded: dict[str, set[int]] = {}
    for position, name in enumerate(names):
        exact.setdefault(name, position)
        folded.setdefault(_fold(name), set()).add(position)
    alias_positions: dict[str, set[int]] = {}
    for spellings in (aliases or {}).values():
        for position, spelling in enumerate(spellings):
            if _fold(spelling):
                alias_positions.setdefault(_fold(spelling), set()).add(position)

    found: list[int] = []
    failures: list[str] = []
    for label in wanted:
        if label in exact:
            found.append(exact[label])
            continue
        hits = folded.get(_fold(label)) or alias_positions.get(_fold(label)) or set()
        if len(hits) == 1:
            found.append(next(iter(hits)))
        elif hits:
            failures.append(
                f"{what} {label!r} stands for {shown(names[h] for h in sorted(hits))}: "
                "use one of these names"
            )
        else:
            known = [*names, *(s for spellings in (aliases or {}).values() for s in spellings)]
            failures.append(f"unknown {what} {label!r}{did_you_mean(label, known)}")
    if failures:
        hint = f"; known: {shown(names)}" if names else ""
        more = f" and {len(failures) - SHOWN} more" if len(failures) > SHOWN else ""
        raise UnknownLabel("; ".join(failures[:SHOWN]) + more + hint)
    return np.asarray(found, dtype=np.intp)
