"""The embedded China case as one: table, network, groups and the report on the estimate.

Owns the question: what does "china:2020" stand for?

Public names: `load_table`, `load_network`, `load_groupings`, `load_stressors`,
`table_report`, `YEARS`, `LEVELS`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, cast

from io_tables.china import china_report, load_china, load_region_groups
from io_tables.china.emissions import load_china_emissions
from io_tables.china.sourcing import OwnShare
from io_tables.table import RegionalTable
from model.results import ReportTable
from model.steps.groupings import Groupings
from model.stressors import Stressors
from networks.china import load_china_groups, load_china_network
from networks.network import Network

Level = Literal["province", "city"]
YEARS = (2020,)
LEVELS = ("province", "city")

__all__ = [
    "LEVELS",
    "YEARS",
    "candidate_lists",
    "load_groupings",
    "load_network",
    "load_network_for",
    "load_stressors",
    "load_table",
    "table_report",
]


def load_table(own_share: str, level: str) -> RegionalTable:
    """Return the table of 2020: 31 provinces ("province") or 341 cities ("city") x 42 sectors.

    `own_share` is "low", "central" or "high". The regions of the city table are city codes.
    """
    return load_china(cast(Level, level), own_share=cast(OwnShare, own_share))


def load_network() -> Network:
    """Return the network of 2020: 341 cities, rail, roads and air."""
    return load_china_network(2020)


def load_stressors(level: str) -> Stressors | None:
    """Return CO2 of the provinces' industries and households; nothing is known of cities."""
    if level != LEVELS[0]:
        return None
    found = load_china_emissions()
    return Stressors(found.industries, found.households, (found.unit,), found.notes)


def candidate_lists() -> dict[str, Path]:
    """Return the shipped lists of corridors: plans, belts, border."""
    folder = Path(str(files("model.china"))) / "corridors"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_network_for(candidates: str) -> Network:
    """Return the network a shipped list is meant for: border towns are places of their own."""
    return load_china_network(2020, places="border") if candidates == "border" else load_network()


@cache
def load_groupings() -> Groupings:
    """Return poles and macro-regions of provinces, clusters and other groups of cities."""
    places = load_china_network(2020).places
    return Groupings(
        regions=load_region_groups(),
        places=load_china_groups(),
        place_region=places["region"],
        place_mass=places["gdp"],
    )


def table_report() -> dict[str, ReportTable]:
    """Return what a reader needs to judge the estimated economy."""
    report = china_report()
    factors = report.nine_sector_factors
    trade = report.net_trade
    basis = report.own_share_basis
    own = report.own_share_of_use
    return {
        "nine_sector_factors": {
            "title": "Provincial value added over the national table, by sector of the accounts",
            "columns": ["sector", "sum of provinces / nation"],
            "rows": [[str(name), float(value)] for name, value in factors.items()],
        },
        "net_trade": {
            "title": (
                "Net trade by province over value added: estimate for 2020 beside the provincial "
                "table of 2007"
            ),
            "columns": [
                "province",
                "with other provinces 2020",
                "abroad 2020",
                "all 2020",
                "all 2007",
            ],
            "rows": [
                [
                    str(region),
                    *(
                        float(row[name])
                        for name in (
                            "net_with_provinces",
                            "net_abroad",
                            "net_all_2020",
                            "net_all_2007",
                        )
                    ),
                ]
                for region, row in trade.iterrows()
            ],
        },
        "own_share_basis": {
            "title": "Domestic use by what its own-province share rests on, million yuan 2020",
            "columns": [
                "treatment",
                "cells",
                "domestic use",
                "own flow",
                "from other provinces",
                "use in cells where the own flow was cut",
            ],
            "rows": [
                [str(reason), int(row["cells"]), *(float(row[c]) for c in basis.columns[1:])]
                for reason, row in basis.iterrows()
            ],
        },
        "own_share_of_use": {
            "title": "Share of use that is made in the same province",
            "columns": ["class", "of domestic use", "of all use"],
            "rows": [
                [str(name), float(row["of_domestic_use"]), float(row["of_all_use"])]
                for name, row in own.iterrows()
            ],
        },
    }
