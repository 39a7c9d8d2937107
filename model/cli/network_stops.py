"""The verbs ``network catchments`` and ``network hubs``.

Owns the question: which stations and airports serve whom, and which of them are hubs?

Public names
------------
``network_catchments``   pairs of a place and a stop in reach
``network_hubs``         stops with what they serve and their shares
``ReachRequest``         which stops, and how far is in reach
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from model.cli.network_access import dated_network
from model.cli.text import aligned, amount, write, write_json
from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from networks.catchments import Service

__all__ = ["ReachRequest", "network_catchments", "network_hubs"]

Format = Literal["text", "json", "csv"]


@dataclass(frozen=True, kw_only=True)
class ReachRequest:
    """Which stops, and how far is in reach; see ``networks.catchments.catchments``."""

    network: str
    mode: Service = "rail"
    limit: float | None = None
    share: Literal["nearest", "huff"] = "nearest"
    scale: float = 30.0
    year: int | None = None


def network_catchments(
    request: ReachRequest, *, place: str | None = None, output_format: Format = "text"
) -> int:
    """Write the stops within reach of every place, or of one; 0.

    Raises
    ------
    NetworkError
        When the network cannot be read, or a place is not in it.
    """
    from networks.catchments import catchments

    network = dated_network(request.network, request.year)
    table = catchments(
        network, request.mode, limit=request.limit, share=request.share, scale=request.scale
    )
    without = sorted(set(network.places.index) - set(table["place"]))
    if place is not None:
        code = network.resolve([place], kinds=("place",))[0]
        table, without = table[table["place"] == code], [w for w in without if w == code]
    names = [str(network.places.at[code, "name"]) for code in without]
    if _written(table, "pairs", request, output_format, without_a_stop=names):
        return 0
    rows = [
        [str(one["place_name"]), str(one["stop_name"]), str(one["stop"]),
         amount(one["minutes"]), str(one["rank"]), f"{100 * one['share']:.1f} %"]
        for one in table.to_dict("records")
    ]  # fmt: skip
    write(*aligned(("place", "stop", "", "minutes", "rank", "share"), rows, left=3))
    if names:
        shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        write("", f"{len(names)} places have no stop in reach: {shown}")
    return 0


def network_hubs(
    request: ReachRequest,
    *,
    between: bool = False,
    top: int | None = None,
    output_format: Format = "text",
) -> int:
    """Write the stops, most departures first, with their catchments and shares; 0.

    Raises
    ------
    ScenarioError
        Fewer than one stop asked for.
    NetworkError
        When the network cannot be read, or betweenness is asked for and igraph is missing.
    """
    from networks.catchments import hub_shares

    if top is not None and top < 1:
        raise ScenarioError(f"--top must be at least 1; found {top}")
    network = dated_network(request.network, request.year)
    table = hub_shares(
        network,
        request.mode,
        limit=request.limit,
        share=request.share,
        scale=request.scale,
        between=between,
    ).reset_index()
    table = table.head(len(table) if top is None else top)
    if _written(table, "stops", request, output_format):
        return 0
    head = ["", "stop", "", "catchment", "share", "departures", "share", "destinations"]
    rows = []
    for n, one in enumerate(table.to_dict("records"), 1):
        row = [str(n), str(one["name"]), str(one["stop"]), amount(one["catchment"])]
        row += [f"{100 * one['catchment_share']:.1f} %", amount(one["departures"])]
        row += [f"{100 * one['departures_share']:.1f} %", str(one["destinations"])]
        rows.append([*row, f"{100 * one['betweenness']:.1f} %"] if between else row)
    write(*aligned([*head, "passed by"] if between else head, rows, left=3))
    return 0


def _written(
    table: pd.DataFrame,
    what: str,
    request: ReachRequest,
    output_format: Format,
    **more: list[str],
) -> bool:
    """Write CSV or JSON; whether one of them was asked for."""
    if output_format == "csv":
        table.to_csv(sys.stdout, index=False)
    elif output_format == "json":
        about = {"network": request.network, "mode": request.mode, **more}
        write_json({**about, what: table.to_dict("records")})
    return output_format != "text"
