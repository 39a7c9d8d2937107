"""Why a corridor is worth exactly nothing, to everybody or for goods.

Owns the question: a zero in the ranking, is it a result or something that was forgotten?

Public names
------------
``REASONS``       code -> sentence
``reasons_of``    codes by purpose for an edit and the costs after it
``zero_reason``   one code for a candidate whose effect is exactly zero
"""

from __future__ import annotations

from collections.abc import Mapping

from networks.dims import LINK_MODES, MODES_OF, Purpose
from networks.modes import ACCESS_MODES
from networks.network import Network
from networks.whatif import Costs, LinkEdit

__all__ = ["REASONS", "reasons_of", "zero_reason"]

REASONS: dict[str, str] = {
    "": "",
    "nothing_built": "it changes no link",
    "mode": "its mode carries none of this purpose",
    "no_goods": (
        "a passenger line carries no goods: say with freed_freight_capacity what it frees on the "
        "lines beside it"
    ),
    "not_places": (
        "none of its stops is a place or the stop of one, and no way of least cost goes over it"
    ),
    "no_way": "no way of least cost between places goes over it: what is there does as well",
    "no_weight": "the pairs of places that it joins better have no weight in the objective",
}
"""Sentences by code; a code is what the pages translate."""
PURPOSES: tuple[Purpose, ...] = ("passenger", "freight")


def reasons_of(edit: LinkEdit | Network, costs: Costs, network: Network) -> dict[Purpose, str]:
    """Return by purpose why no cost differs after an edit; an empty code where some do."""
    made: dict[Purpose, str] = {}
    for purpose in PURPOSES:
        made[purpose] = "" if len(costs.changed[purpose][0]) else _why(edit, purpose, network)
    return made


def _why(edit: LinkEdit | Network, purpose: Purpose, network: Network) -> str:
    if not isinstance(edit, LinkEdit):
        return "no_way"
    if edit.empty:
        return "nothing_built"
    built = {LINK_MODES[k] for part in (edit.fresh, edit.now) for k in part.modes}
    built |= {LINK_MODES[k] for k in edit.gone_modes}
    carried = {mode for group in MODES_OF[purpose].values() for mode in group} | set(ACCESS_MODES)
    if not built & carried:
        return "no_goods" if built == {"rail_hsr"} and purpose == "freight" else "mode"
    nodes = network.nodes if edit.nodes is None else edit.nodes
    stops = nodes.iloc[[*edit.fresh.tails, *edit.fresh.heads]]
    if len(stops) and not ((stops["kind"] == "place") | (stops["parent"].astype(str) != "")).any():
        return "not_places"
    return "no_way"


def zero_reason(reasons: Mapping[Purpose, str]) -> str:
    """Return one code for an effect that is exactly zero."""
    told = [code for code in reasons.values() if code]
    if len(told) < len(reasons):
        return "no_weight"
    weak = ("mode", "no_goods")
    return next((code for code in told if code not in weak), told[0])
