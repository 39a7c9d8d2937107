"""What a reader of the Chinese table should know about how it was estimated.

Public names: `EstimateReport`, `build_report`.

The table is an estimate. The report holds the figures that let a reader judge it: the factors
between official provincial and national value added, every province's net trade beside that of
its table of 2007, and how much trade rests on each treatment of the own-province shares.
Money is million yuan of 2020; ratios are to the province's value added of the same year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from io_tables.china.figures import HUNDRED_MILLION_TO_MILLION, Figures
from io_tables.china.sourcing import Sourcing
from io_tables.china.supply import Supply
from io_tables.china.uses import Uses


@dataclass(frozen=True, eq=False)
class EstimateReport:
    """How the table came about, for judging it.

    Attributes
    ----------
    nine_sector_factors
        Nine sectors: sum of official provincial value added over the national table's.
    net_trade
        By province: value added; net trade with other provinces, net trade abroad and both in
        2020 and both in 2007 (exports + outflow - imports - inflow), all over value added; total
        foreign trade estimated over the official goods trade. Tibet has no 2007.
    own_share_basis
        By reason of the own share (see `own_shares.csv`): cells, domestic use, the own flow and
        the flow from other provinces that rest on it, and domestic use in cells whose own flow
        was cut by what the province makes.
    own_share_of_use
        Goods, construction, services, all: part of domestic use made in the same province, and
        of all use with imports counted as not own.
    gaps
        Largest relative gap of every set of totals that was fitted.
    counts
        Cells held, capped, cut or raised, by name.
    re_exports
        National exports of imported products, which the table leaves out.
    decay
        Exponent of cost by product.
    variant
        The own-share variant.
    notes
        What is official, estimated and assumed, in sentences; the same as in the table.
    """

    nine_sector_factors: pd.Series
    net_trade: pd.DataFrame
    own_share_basis: pd.DataFrame
    own_share_of_use: pd.DataFrame
    gaps: pd.Series
    counts: pd.Series
    re_exports: float
    decay: pd.Series
    variant: str
    notes: tuple[str, ...]


def build_report(
    figures: Figures,
    supply: Supply,
    uses: Uses,
    sourcing: Sourcing,
    *,
    variant: str,
    notes: tuple[str, ...],
) -> EstimateReport:
    """Assemble the report from the steps of the estimate."""
    regions = pd.Index(figures.regions["region"], name="region")
    sectors = pd.Index(figures.sectors["sector"], name="sector")
    return EstimateReport(
        nine_sector_factors=pd.Series(
            supply.nine_factors, pd.Index(figures.nine, name="nine_sector"), name="factor"
        ),
        net_trade=_net_trade(figures, supply, uses, regions),
        own_share_basis=_basis(figures, uses, sourcing),
        own_share_of_use=_own_share_of_use(figures, uses, sourcing),
        gaps=pd.Series(
            {
                "value added and its parts": supply.gap,
                "inputs and final demand": uses.gap,
                "trade": sourcing.gap,
            },
            name="gap",
        ),
        counts=pd.Series(
            {
                "input ratios of 2007 held near the pooled ratio": supply.ratios_held,
                "exports at the cap": uses.capped,
                "own flows cut by what the province makes or uses": int(sourcing.limited.sum()),
                "own flows raised to make trade feasible": int(sourcing.raised.sum()),
            },
            name="cells",
        ),
        re_exports=float(figures.national.re_exports.sum()),
        decay=pd.Series(sourcing.decay, sectors, name="decay"),
        variant=variant,
        notes=notes,
    )


def _net_trade(
    figures: Figures, supply: Supply, uses: Uses, regions: pd.Index[str]
) -> pd.DataFrame:
    """Net trade by province, 2020 beside 2007."""
    added = supply.value_added.sum(axis=1)
    exports = uses.exports.sum(axis=1)
    imports = uses.imported.sum(axis=(0, 2)) + uses.imported_final.sum(axis=(1, 2))
    domestic = (supply.output - uses.exports - uses.demand).sum(axis=1)
    accounts, position = figures.provincial.accounts, figures.provincial.position
    old = (accounts["leaving"] - accounts["entering"]).sum(axis=1) / accounts["value_added"].sum(1)
    official = figures.regions["goods_trade_1e8yuan"].to_numpy(float) * HUNDRED_MILLION_TO_MILLION
    old_by_region = np.where(regions == "Tibet", np.nan, old[position])
    return pd.DataFrame(
        {
            "value_added": added,
            "net_with_provinces": domestic / added,
            "net_abroad": (exports - imports) / added,
            "net_all_2020": (domestic + exports - imports) / added,
            "net_all_2007": old_by_region,
            "trade_over_official": (exports + imports) / official,
        },
        index=regions,
    )


def _basis(figures: Figures, uses: Uses, sourcing: Sourcing) -> pd.DataFrame:
    """Trade value by reason of the own share."""
    use = uses.demand
    frame = pd.DataFrame(
        {
            "reason": figures.own_reasons.ravel(),
            "cells": 1,
            "domestic_use": use.ravel(),
            "own_flow": sourcing.own_flow.ravel(),
            "from_other_provinces": (use - sourcing.own_flow).ravel(),
            "use_where_own_flow_was_cut": np.where(sourcing.limited, use, 0.0).ravel(),
        }
    )
    return frame.groupby("reason").sum().sort_values("domestic_use", ascending=False)


def _own_share_of_use(figures: Figures, uses: Uses, sourcing: Sourcing) -> pd.DataFrame:
    """Own-province share of use in broad classes."""
    code = figures.sectors["sector_code"].astype(int).to_numpy()
    classes = {
        "goods": code <= 26,
        "construction": code == 27,
        "services": code >= 28,
        "all": code > 0,
    }
    imported = uses.imported.sum(axis=2).T + uses.imported_final.sum(axis=2)
    rows = {}
    for name, members in classes.items():
        own, domestic = sourcing.own_flow[:, members].sum(), uses.demand[:, members].sum()
        rows[name] = {
            "of_domestic_use": own / domestic,
            "of_all_use": own / (domestic + imported[:, members].sum()),
        }
    return pd.DataFrame(rows).T.rename_axis("class")
