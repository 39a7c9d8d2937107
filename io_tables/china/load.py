"""Where a user gets the embedded economy of China.

Public names:
- `load_china`: the balanced table of 31 provinces (or 341 cities) and 42 sectors, 2020.
- `china_report`: how that of the provinces was estimated, for the same arguments.
- `load_region_groups`: macro-regions, north and south, coast and interior, growth poles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pandas as pd

from io_tables.china.cities import city_notes, nest_cities
from io_tables.china.estimate import Estimate, estimate_table
from io_tables.china.figures import HERE, load_figures
from io_tables.china.overrides import read_override
from io_tables.china.report import EstimateReport
from io_tables.china.sourcing import OwnShare, decays
from io_tables.errors import InvalidTable
from io_tables.table import RegionalTable

Decay = float | Literal["low", "high"] | None


def load_china(
    level: Literal["province", "city"] = "province",
    regional_output: str | Path | pd.DataFrame | None = None,
    *,
    own_share: OwnShare = "central",
    decay: Decay = None,
    city_output: str | Path | pd.DataFrame | None = None,
    city_cost: Mapping[str, pd.DataFrame] | None = None,
) -> RegionalTable:
    """Load the embedded table: China 2020, 31 provinces x 42 sectors, million yuan. An ESTIMATE.

    Exact: national sums (the official table of 2020) and value added by province and nine sectors
    up to one factor per sector. Estimated: sector mix inside industry and other services,
    technology, final demand and own-province shares, from the provincial tables of 2007. Assumed:
    the elasticity of trade to cost. `table.notes` and `china_report` say more.

    Parameters
    ----------
    level
        "province", or "city": 341 cities x 42 sectors (14,322 rows) inside the provinces, regions
        labelled by six-digit code, also found by English and Chinese name. Only population and
        an estimated GDP are known of cities: mines and plants are not located, and the notes of
        the table say so.
    regional_output
        CSV file or frame with columns region, sector, output[, value_added] in million yuan of
        2020: better figures of provincial output. They replace estimated ones; the other
        provinces share what is left of the national figure. Given for all provinces, they are
        scaled to the national figure.
    own_share
        "low", "central" or "high": odds of the own-province shares halved, kept or doubled.
    decay
        Elasticity of trade between provinces to cost: None (1), "low" (0.5), "high" (2) or a
        number >= 0 for all products.
    city_output
        For cities: CSV file or frame with columns city, sector, output in million yuan of 2020.
        Given cells stand; the other cities of the province share the rest.
    city_cost
        For cities: frames "freight" and "passenger" of cost between cities, labelled by code, own
        city included; computed from coordinates when left out.

    Returns
    -------
    Pooled `RegionalTable`; the same object for the same arguments, read-only. Final demand by
    rural households, urban households, government, fixed capital formation and inventory change;
    value added by compensation of employees, net taxes on production, depreciation and operating
    surplus; net taxes on products are zero (inside net taxes on production in the source).

    Raises
    ------
    InvalidTable
        For a level, variant or decay that does not exist, or impossible figures in the file.
    MissingTable, UnreadableTable, UnknownLabel
        For a file that is missing, is no such table, or names unknown provinces or sectors.
    """
    if level == "city":
        if regional_output is None and city_output is None and city_cost is None:
            return _cached_cities(own_share, decay)
        provinces = _estimate("province", regional_output, own_share, decay).table
        return _cities(provinces, decay, city_output, city_cost)
    if city_output is not None or city_cost is not None:
        raise InvalidTable("city_output and city_cost belong to level='city'")
    return _estimate(level, regional_output, own_share, decay).table


def _cities(
    provinces: RegionalTable,
    decay: Decay,
    city_output: str | Path | pd.DataFrame | None,
    city_cost: Mapping[str, pd.DataFrame] | None,
) -> RegionalTable:
    """Split the provinces into cities and spell the trade shares out."""
    nested = nest_cities(
        provinces, decays(load_figures(), decay), city_output=city_output, city_cost=city_cost
    )
    told = city_notes(output_given=city_output is not None, cost_given=city_cost is not None)
    return replace(nested, notes=(*nested.notes, *told)).to_table()


@lru_cache(maxsize=4)
def _cached_cities(own_share: OwnShare, decay: Decay) -> RegionalTable:
    return _cities(_cached(own_share, decay).table, decay, None, None)


def china_report(
    level: Literal["province", "city"] = "province",
    regional_output: str | Path | pd.DataFrame | None = None,
    *,
    own_share: OwnShare = "central",
    decay: Decay = None,
) -> EstimateReport:
    """Report how the table of `load_china` with the same arguments was estimated."""
    return _estimate(level, regional_output, own_share, decay).report


def load_region_groups() -> pd.DataFrame:
    """Load groupings of the 31 provinces: grouping, group, group_zh, region, source.

    Groupings: macro_region (four), north_south, coast_interior, and poles, the four national
    growth poles as sets of whole provinces; a province may lie in none of the poles.
    """
    return pd.read_csv(HERE / "region_groups.csv")


def _estimate(
    level: str,
    regional_output: str | Path | pd.DataFrame | None,
    own_share: OwnShare,
    decay: Decay,
) -> Estimate:
    """Estimate, from the cache when no file is given (a file may have changed)."""
    if level == "city":
        raise InvalidTable("the report is that of the provinces; notes of the table tell of cities")
    if level != "province":
        raise InvalidTable(f"level must be 'province' or 'city'; found {level!r}")
    if regional_output is None:
        return _cached(own_share, decay)
    figures = load_figures()
    override = read_override(regional_output, figures)
    return estimate_table(figures, own_share=own_share, decay=decay, override=override)


@lru_cache(maxsize=12)
def _cached(own_share: OwnShare, decay: Decay) -> Estimate:
    return estimate_table(load_figures(), own_share=own_share, decay=decay)
