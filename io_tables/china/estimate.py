"""How published figures become the 31 x 42 table of China 2020.

Public names:
- `estimate_table`: run the steps and return the balanced pooled table with its report.
- `Estimate`: both.

The steps are separable, so each is a small fit with totals that agree (`supply`, `uses`,
`sourcing`); nothing is balanced in three dimensions and nothing is rescaled afterwards:

    value added -> output -> inputs, final demand, exports -> own shares -> trade

Exact: the national table of 2020 (domestic and import block, final demand by category, exports,
value added by part) and the official value added by province and nine sectors, up to one factor
per sector. Estimated from 2007: structure inside the nine sectors, technology, the mix of final
demand, own-province shares. Assumed: the parameters named in the rooms, and the cost elasticity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from io_tables.china.figures import CATEGORIES, PRIMARIES, Figures
from io_tables.china.overrides import Override
from io_tables.china.report import EstimateReport, build_report
from io_tables.china.sourcing import OwnShare, Sourcing, estimate_sourcing
from io_tables.china.supply import Supply, estimate_supply
from io_tables.china.uses import Uses, estimate_uses
from io_tables.table import RegionalTable

UNITS = "million yuan 2020"
BALANCE = 1e-9
"""Relative tolerance to which rows of the table are checked."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """The table and how it came about."""

    table: RegionalTable
    report: EstimateReport


def estimate_table(
    figures: Figures,
    *,
    own_share: OwnShare = "central",
    decay: float | Literal["low", "high"] | None = None,
    override: Override | None = None,
) -> Estimate:
    """Estimate the table.

    Parameters
    ----------
    figures
        The committed figures.
    own_share
        Variant of the own-province shares: odds halved, as in 2007, or doubled.
    decay
        Elasticity of trade to cost: central, low or high of `sectors.csv`, or one number.
    override
        Better figures of provincial output.

    Raises
    ------
    InvalidTable, InfeasibleMargins, NotConverged
        For unknown variants, and where given figures leave totals that cannot be met.
    """
    supply = estimate_supply(figures, override)
    uses = estimate_uses(figures, supply)
    sourcing = estimate_sourcing(figures, supply, uses, own_share=own_share, decay=decay)
    notes = _notes(figures, own_share, sourcing, override)
    report = build_report(figures, supply, uses, sourcing, variant=own_share, notes=notes)
    return Estimate(table=_table(figures, supply, uses, sourcing, notes), report=report)


def _table(
    figures: Figures, supply: Supply, uses: Uses, sourcing: Sourcing, notes: tuple[str, ...]
) -> RegionalTable:
    """Put the arrays into the container.

    Taxes on products are a block of zeros: the Chinese table is in producers' prices and its net
    taxes on production, a part of value added, include the taxes on products (value-added tax
    payable, consumption tax); none is recorded on inputs.
    """
    regions, sectors = figures.regions, figures.sectors
    source = np.where(
        regions["region"] == "Tibet", "table of Qinghai 2007", "own table of 2007"
    ).tolist()
    return RegionalTable.from_pooled(
        uses.domestic,
        sourcing.trade_share,
        uses.domestic_final,
        uses.exports,
        supply.output,
        value_added=supply.parts,
        imported_use=uses.imported,
        imported_demand=uses.imported_final,
        taxes=np.zeros_like(supply.output),
        population=regions["population"].to_numpy(float),
        regions=list(regions["region"]),
        sectors=list(sectors["sector"]),
        categories=CATEGORIES,
        primaries=PRIMARIES,
        units=UNITS,
        year=2020,
        name="China 2020, 31 provinces x 42 sectors (estimate)",
        notes=notes,
        coords={
            "region_code": ("region", list(regions["region_code"])),
            "region_zh": ("region", list(regions["region_zh"])),
            "technology_source": ("region", source),
            "sector_code": ("sector", list(sectors["sector_code"])),
            "sector_zh": ("sector", list(sectors["sector_zh"])),
            "sector_role": ("sector", list(sectors["sector_role"])),
        },
        tolerance=BALANCE,
    )


def _notes(
    figures: Figures, own_share: str, sourcing: Sourcing, override: Override | None
) -> tuple[str, ...]:
    """Say what is official, what is estimated, what is assumed."""
    low, high = sourcing.decay.min(), sourcing.decay.max()
    exponent = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return (
        "ESTIMATE. No survey of trade between Chinese provinces or of provincial technology in "
        "2020 was available; single cells are uncertain, national sums are exact.",
        "Official: the national 42-sector table of 2020, with consumption by rural households, "
        "urban households and government from its 153-sector twin; value added by province and "
        "nine sectors 2020, scaled sector by sector to the national table (factors in the report).",
        "Estimated from the 30 provincial tables of 2007: sector mix within industry and within "
        "other services, value-added ratios, input mixes, final-demand mixes and levels relative "
        "to GDP (moved by growth of output since 2007), own-province shares of use.",
        f"Assumed: elasticity of trade to cost {exponent}; own-share variant '{own_share}' (low "
        "and high halve and double the odds); exports and import shares tilted by the province's "
        "total trade over GDP; inventory change spread like other uses.",
        "Tibet has no table of 2007: technology and final-demand mix of Qinghai (without coal, "
        "oil and refining), own shares from the median of the other provinces.",
        f"Re-exports ({figures.national.re_exports.sum():,.0f} million yuan of imports that leave "
        "again) are left out. Net taxes on products are zero: the source counts them in net taxes "
        "on production, a part of value added.",
        *(override.notes if override else ()),
    )
