"""The verbs ``network skim`` and ``network convert``: cost matrices and networks into files.

Owns the question: how does another program get what is in a network?

Public names
------------
``network_skim``, ``SkimRequest``   cost and time between all places into a file
``network_convert``                 a network in another format
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from model.cli.output import beside, stoppable
from model.cli.text import amount, write
from model.sources import open_network
from networks.combine import Combination
from networks.dims import DESTINATION, ORIGIN, Purpose
from networks.readers import Format, read_network
from networks.readers.writing import WritingFormat, write_network, write_skim
from networks.skim import By, skim

__all__ = ["SkimRequest", "network_convert", "network_skim"]


@dataclass(frozen=True, kw_only=True)
class SkimRequest:
    """Which matrices of which network.

    Parameters
    ----------
    network
        Embedded name or path.
    purpose, modes, ends, by, combine
        As in `hl.skim`.
    year
        The network as it was; the whole of it when None.
    """

    network: str
    purpose: Purpose = "passenger"
    modes: tuple[str, ...] = ()
    ends: Literal["door", "stop"] = "door"
    by: By = "cost"
    combine: Combination = "least"
    year: int | None = None


def network_skim(request: SkimRequest, target: Path, *, replace: bool) -> int:
    """Write the matrices and say what they hold."""
    network = open_network(request.network)
    if request.year is not None:
        network = network.as_of(request.year)
    with stoppable(), beside(target, replace=replace) as unfinished:
        data = skim(
            network,
            request.purpose,
            request.modes or None,
            request.ends,
            by=request.by,
            combine=request.combine,
        )
        write_skim(data, unfinished)
    found = data[request.by].values
    pairs = found[np.isfinite(found)]
    units = str(data[request.by].attrs["units"])
    variables = ", ".join(str(name) for name in data.data_vars)
    write(
        f"{target}: {data.sizes[ORIGIN]} x {data.sizes[DESTINATION]} pairs of {network.name}, "
        f"{request.purpose}, least {request.by}",
        f"  {request.by} {amount(float(pairs.min()))} to {amount(float(pairs.max()))}, median "
        f"{amount(float(np.median(pairs)))} {units}; {found.size - pairs.size:,} pairs without a "
        "path",
        f"  variables: {variables}",
    )
    return 0


def network_convert(
    source: str,
    target: Path,
    *,
    read_as: Format | None,
    write_as: WritingFormat | None,
    replace: bool,
) -> int:
    """Write a network in another format."""
    network = open_network(source) if read_as is None else read_network(source, read_as)
    with stoppable(), beside(target, replace=replace) as unfinished:
        write_network(network, unfinished, write_as)
    write(
        f"{target}: {network.name}, {len(network.nodes):,} nodes and {len(network.links):,} links"
    )
    return 0
