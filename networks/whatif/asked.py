"""Which services a set of cost matrices is made of, and what each of them costs from nothing.

Public names
------------
Asked : one matrix wanted: purpose, what is least, modes, how modes combine
check_words : refuse words that mean nothing
Part : one service at one set of prices
parts_of : the services of a matrix
objective : the matrix of a service by itself, skimmed from nothing
joined : the matrices of services combined as asked
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from networks.combine import APART, Combination
from networks.dims import PURPOSES, LinkMode, MainMode, Purpose
from networks.engine import least_weights
from networks.errors import UnknownLabel
from networks.labels import did_you_mean
from networks.layers import service_layer
from networks.modes import (
    LinkColumns,
    arcs_of,
    chosen_modes,
    own_place,
    prices,
    services,
    value_per_minute,
)
from networks.network import Network
from networks.parameters import Overrides, Parameters
from networks.whatif.combined import Combining, combining

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def check_words(**given: tuple[str, Sequence[str]]) -> None:
    """Raise UnknownLabel for words that are none of those known; by name, word and known words."""
    wrong = [
        f"{name} must be one of {', '.join(known)}; found {word!r}{did_you_mean(str(word), known)}"
        for name, (word, known) in given.items()
        if word not in known
    ]
    if wrong:
        raise UnknownLabel(f"Costs cannot be found as asked: {'; '.join(wrong)}.")


@dataclass(frozen=True)
class Asked:
    """One matrix of costs; the fields mean what they mean in ``networks.skim.skim``."""

    purpose: Purpose = "passenger"
    by: Literal["cost", "minutes"] = "cost"
    modes: Sequence[str] | None = None
    combine: Combination = "least"
    parameters: Overrides | None = None
    unreachable: Literal["raise", "keep"] | None = None

    def __post_init__(self) -> None:
        """Refuse words that mean nothing.

        Raises
        ------
        UnknownLabel
        """
        check_words(
            purpose=(self.purpose, PURPOSES),
            by=(self.by, ("cost", "minutes")),
            combine=(self.combine, get_args(Combination)),
            unreachable=(self.unreachable or "raise", ("raise", "keep")),
        )

    @property
    def strict(self) -> bool:
        """Whether every pair must have a path."""
        return self.modes is None if self.unreachable is None else self.unreachable == "raise"

    def settings(self, network: Network) -> Parameters:
        """Return the parameters of a network with the overrides."""
        if not self.parameters:
            return network.parameters
        return network.parameters.with_values(self.parameters)


@dataclass(frozen=True)
class Part:
    """A service at prices; equal parts have equal matrices."""

    purpose: Purpose
    main: MainMode
    modes: tuple[LinkMode, ...]
    by: str
    costs: tuple[tuple[str, float], ...]  # what sets its parameters apart
    parameters: Parameters = field(compare=False, repr=False)

    @property
    def prices(self) -> Floats:
        """What one unit of each component weighs, (K,)."""
        return prices(self.parameters, self.purpose, self.by)

    def __str__(self) -> str:
        """Return what it is called in reports."""
        return f"{self.purpose} {self.main} ({', '.join(self.modes)}) by {self.by}"


def parts_of(asked: Asked, network: Network, settings: Parameters) -> tuple[Part, ...]:
    """Return the services that a matrix is made of, in the order in which ties are settled.

    Minutes do not depend on what money buys, so matrices of minutes share their services whatever
    the overrides of values and fares.
    """
    chosen = chosen_modes(asked.modes, asked.purpose)
    rows: tuple[tuple[str, float], ...] = ()
    if asked.parameters:
        before, after = network.parameters.table, settings.table
        differs = before["value"].to_numpy() != after["value"].to_numpy()
        names = after[["parameter", "mode", "purpose"]].astype(str).agg(".".join, axis=1)
        rows = tuple(
            (str(name), float(value))
            for name, value in zip(names[differs], after["value"][differs], strict=True)
        )
    return tuple(
        Part(asked.purpose, main, modes, asked.by, rows, settings)
        for main, modes in services(chosen, apart=asked.combine in APART)
    )


def objective(
    part: Part,
    columns: LinkColumns,
    nodes: pd.DataFrame,
    zones: Ints,
    *,
    door: bool = True,
    workers: int | None = None,
) -> Floats:
    """Return the objective of a service between all zones, (Z, Z); infinite without a path.

    Parameters
    ----------
    part
        The service.
    columns, nodes
        Links and nodes of a network.
    zones
        Node position of every zone.
    door
        Whether access, egress and the first wait count.
    workers
        Threads.
    """
    arcs = arcs_of(columns, part.parameters, part.purpose)
    weigh = part.prices
    layer = service_layer(
        arcs, nodes, zones, part.parameters, part.main, part.modes, part.purpose, weigh, door=door
    )
    if layer is None:
        return np.full((len(zones), len(zones)), np.inf)
    return least_weights(layer.core, layer.starts, layer.ends, weigh, workers=workers)


def joined(
    asked: Asked,
    settings: Parameters,
    parts: Sequence[Part],
    objectives: Mapping[Part, Floats],
    area_km2: Floats,
    *,
    door: bool = True,
) -> Combining:
    """Return the matrices of services combined.

    Parameters
    ----------
    asked, settings
        What is wanted, and its parameters.
    parts, objectives
        Its services and their matrices, (Z, Z) each.
    area_km2
        Of every zone, (Z,).
    door
        Whether places to themselves cost both ends of a trip.
    """
    scale = settings.get("logsum_scale", purpose=asked.purpose)
    constants = np.array([settings.get("mode_constant", p.main, asked.purpose, 0.0) for p in parts])
    if asked.by == "minutes":
        scale *= value_per_minute(settings, asked.purpose)
        constants = np.zeros_like(constants)
    weigh = prices(settings, asked.purpose, asked.by)
    return combining(
        [objectives[p] for p in parts],
        own_place(settings, area_km2, asked.purpose, door=door) @ weigh,
        combine=asked.combine,
        mu=scale,
        theta=settings.get("mode_dispersion", purpose=asked.purpose),
        constants=constants,
        mains=[part.main for part in parts],
        nest_ratio=settings.get("nest_ratio", "rail", asked.purpose),
    )
