"""Several edits of one base as one edit, without making a network.

Public names
------------
merged : new lines built together, or None where they are not independent of each other

Terms
-----
Each edit is resolved on the base by itself, so the order of the edits does not matter. Edits are
*independent* when none closes links or adds nodes, no link changes in two of them, and none frees
capacity for goods (changes links) while another lays conventional track that it might free too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from networks.dims import LINK_MODES
from networks.modes import LinkColumns
from networks.whatif.links import LinkEdit

CONVENTIONAL = LINK_MODES.index("rail_conventional")

__all__ = ["merged"]


def merged(edits: Sequence[LinkEdit]) -> LinkEdit | None:
    """Return the edit that does all of several edits of one base.

    Parameters
    ----------
    edits
        As ``line_edit`` makes them, at least one; each becomes a line of its own.

    Returns
    -------
    LinkEdit or None
        None where the edits are not independent (see the module): apply patches one by one then.
    """
    if not edits or any(len(one.gone) or one.new_nodes for one in edits):
        return None
    changed = np.concatenate([one.changed for one in edits])
    if len(np.unique(changed)) < len(changed):
        return None
    laid = [bool((one.fresh.modes == CONVENTIONAL).any()) for one in edits]
    for k, one in enumerate(edits):
        if len(one.changed) and any(laid[:k] + laid[k + 1 :]):
            return None
    fresh, after = [], -1
    for one in edits:
        lines = one.fresh.lines
        own = lines >= 0
        shift = max(0, after + 1 - int(lines[own].min(initial=after + 1)))
        fresh.append(replace(one.fresh, lines=np.where(own, lines + shift, lines)))
        after = max(after, int((lines[own] + shift).max(initial=-1)))
    order = np.argsort(changed)
    return LinkEdit(
        changed=changed[order],
        now=_joined([one.now for one in edits]).at(order),
        fresh=_joined(fresh),
        name=" + ".join(one.name for one in edits),
    )


def _joined(parts: Sequence[LinkColumns]) -> LinkColumns:
    names = LinkColumns.__dataclass_fields__
    return LinkColumns(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))
