"""From the blocks of a scenario file to the blocks of a scenario, with every failure noted.

Owns the question: which keys, types and ranges may each block have, and what is the default?

Public names
------------
``read_*``    one function a block: takes a `Block`, notes what is wrong, returns the frozen block

Nothing is raised here; see `model.scenario_file.checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Literal, cast

from model.parameters import ParameterValue, check_values
from model.scenario_file.blocks import (
    CHANNELS,
    Channel,
    Closure,
    Edit,
    Groups,
    Place,
    ReportOptions,
    RunOptions,
    Stimulus,
)
from model.scenario_file.checks import Block

__all__ = [
    "read_closure",
    "read_edit",
    "read_groups",
    "read_parameters",
    "read_place",
    "read_report",
    "read_run",
    "read_source",
    "read_stimulus",
]

ALL_CHANNELS = (
    *CHANNELS, "price", "productivity", "households", "relocation", "congestion", "equilibrium"
)  # fmt: skip
BESIDE_SOURCING = ("price", "productivity", "relocation", "congestion", "equilibrium")
MODES = ("rail_hsr", "rail_conventional", "road", "air", "ferry")
EMBEDDED = {"table": ("china:2020", "china:2020:city"), "network": ("china:2020",)}


def read_source(top: Block, key: str, folder: Path | None) -> str:
    """Read where table or network comes from: an embedded one, or a path."""
    known = EMBEDDED[key]
    value = top.text(key, known[0])
    if value.startswith("china:") or value in ("china",):
        return top.choice(key, known[0], known)
    return str((folder or Path.cwd()) / value)


def read_parameters(top: Block) -> dict[str, ParameterValue]:
    """Read values for parameters; keys and ranges are those of the parameters table."""
    block = top.block("parameters")
    values = block.rest()
    for sentence in check_values(values):
        block.wrong(sentence)
    return cast("dict[str, ParameterValue]", values)


def read_closure(block: Block) -> Closure:
    """Read ``[closure]``."""
    closed = block.flag("households", False)
    final = block.choice("final_demand", "spending", ("spending", "real"))
    channels = block.choices("channels", CHANNELS, ALL_CHANNELS)
    if closed and "households" not in channels:
        channels = (*channels, "households")
    if "households" in channels and final == "real":
        block.wrong(
            'households spend what they earn, so final_demand must be "spending" with the channel '
            '"households"; found "real"'
        )
    lonely = [name for name in BESIDE_SOURCING if name in channels]
    if lonely and "sourcing" not in channels:
        block.wrong(
            f'channels {", ".join(lonely)} say what changes beside sourcing: list "sourcing" too'
        )
    if "households" in channels and not {"demand", "sourcing"} & set(channels):
        block.wrong('the channel households answers to others: list "demand" or "sourcing" too')
    made = Closure(
        final_demand=cast(Literal["spending", "real"], final),
        channels=cast("tuple[Channel, ...]", channels),
        households=closed,
    )
    block.close()
    return made


def read_groups(block: Block, folder: Path | None) -> Groups:
    """Read ``[groups]``; a relative path is taken from `folder`."""
    path = block.text("clusters")
    block.close()
    return Groups(clusters=_path(path, folder))


def _path(value: str, folder: Path | None) -> str | None:
    return str((folder or Path.cwd()) / value) if value else None


def read_stimulus(block: Block, folder: Path | None = None) -> Stimulus:
    """Read one ``[[stimulus]]``; relative paths are taken from `folder`."""
    block.need("pole")
    pole = block.shares("pole")
    share = block.number("share_of_final_demand", above=-1.0)
    amount = block.number("amount")
    if block.has("share_of_final_demand") == block.has("amount"):
        block.wrong("must have one of share_of_final_demand and amount, and not both")
    if share == 0.0 or amount == 0.0:
        block.wrong("the stimulus must not be zero; leave the block out for the base year")
    sectors = block.shares("sectors") if block.has("sectors") else "mix"
    if isinstance(sectors, str) and sectors != "mix":
        block.wrong(
            f'sectors must be "mix" or shares by sector such as {{ "X" = 1.0 }}; found {sectors!r}'
        )
    prices = block.choice("prices", "basic", ("basic", "purchaser"))
    margins, taxes = (block.text(key) for key in ("margins", "taxes"))
    if prices == "purchaser" and (amount is None or isinstance(sectors, str)):
        block.wrong(
            'prices = "purchaser" goes with an amount and sectors: shares and the mix of the table '
            "are at basic prices already"
        )
    if prices == "basic" and (margins or taxes):
        block.wrong('margins and taxes are taken out of prices = "purchaser" only')
    at = block.choice("at", "origin", ("origin", "use"))
    made = Stimulus(
        name=block.text("name", pole if isinstance(pole, str) else ", ".join(pole)),
        pole=pole,
        at=cast(Literal["origin", "use"], at),
        share_of_final_demand=share,
        amount=amount,
        sectors=sectors,
        prices=cast(Literal["basic", "purchaser"], prices),
        margins=_path(margins, folder),
        taxes=_path(taxes, folder),
    )
    block.close()
    return made


def read_place(block: Block) -> Place:
    """Read one ``[[place]]``."""
    block.need("code", "name", "lon", "lat", "population")
    made = Place(
        code=block.text("code"),
        name=block.text("name"),
        lon=block.number("lon", low=-180.0, high=180.0) or 0.0,
        lat=block.number("lat", low=-90.0, high=90.0) or 0.0,
        population=block.number("population", low=0.0) or 0.0,
        name_zh=block.text("name_zh"),
        region=block.text("region"),
        area_km2=block.number("area_km2", above=0.0),
        gdp=block.number("gdp", low=0.0),
    )
    block.close()
    return made


def read_edit(block: Block, kind: str, number: int) -> Edit:
    """Read one ``[[add]]``, ``[[change]]`` or ``[[remove]]``."""
    name = block.text("name")
    if kind == "add":
        block.need("mode", "stops", "speed_kmh", "trains_per_day")
        stops = block.texts("stops")
        if block.has("stops") and len(stops) < 2:
            block.wrong(f"stops must name at least two places; found {len(stops)}")
        for here, there in pairwise(stops):
            if here == there:
                block.wrong(
                    f"stops must differ from one to the next; found {here!r} twice in a row"
                )
        made = Edit(
            kind="add",
            name=name or " - ".join([stops[0], stops[-1]] if stops else ["add", str(number)]),
            mode=block.choice("mode", "", MODES),
            stops=stops,
            speed_kmh=block.number("speed_kmh", above=0.0, high=1500.0),
            trains_per_day=block.number("trains_per_day", above=0.0),
            fare_per_km=block.number("fare_per_km", low=0.0),
            freed_freight_capacity=block.number("freed_freight_capacity", low=0.0, high=1.0) or 0.0,
        )
        block.close()
        return made
    block.need("select")
    select = block.take("select")
    if block.has("select") and (not isinstance(select, Mapping) or not select):
        block.wrong(
            f'select must be values by link column such as {{ mode = "road" }}; found {select!r}'
        )
    new = block.rest() if kind == "change" else {}
    if kind == "change" and not new:
        block.wrong("must set at least one link column, such as minutes or trains_per_day")
    block.close()
    return Edit(
        kind="change" if kind == "change" else "remove",
        name=name or f"{kind} {number}",
        select=dict(select) if isinstance(select, Mapping) else {},
        fields=new,
    )


def read_report(block: Block) -> ReportOptions:
    """Read ``[report]``."""
    names = block.take("names_zh") if block.has("names_zh") else {}
    if not isinstance(names, Mapping) or not all(isinstance(one, str) for one in names.values()):
        block.wrong(
            'names_zh must be texts by name such as { "Yangtze line" = "长江线" }; '
            f"found {names!r}"
        )
        names = {}
    made = ReportOptions(
        languages=block.choices("languages", ("en",), ("en", "zh")),
        names_zh={str(name): str(other) for name, other in names.items()},
    )
    block.close()
    return made


def read_run(block: Block) -> RunOptions:
    """Read ``[run]``."""
    made = RunOptions(
        seed=block.integer("seed", 1),
        draws=block.integer("draws", 0),
        split=block.flag("split", False),
    )
    if made.draws == 1:
        block.wrong("draws must be 0 or at least 2: one draw has no interval; found 1")
    block.close()
    return made
