"""The CO2 account of the Chinese provinces, for the industries of the embedded table.

Question owned: what does each industry of `load_china()` emit, and what do households?

Public names
    load_china_emissions    the account, as frames that `model.footprints` takes
    Emissions               its two frames, its units and notes

Terms: emissions of 2019 (Mt CO2, inventories by province and 46 sectors) on the industries of
2020. An inventory sector that covers several industries is spread over them by their output in the
province; two inventory sectors that make up one industry are added. Nothing is known of Tibet:
its entries are NaN, not zero.

Source: `SOURCES.md`; provincial inventories: Shan et al. (2018, 2020), Guan et al. (2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from io_tables.china.figures import FIGURES, load_figures
from io_tables.china.load import load_china
from io_tables.errors import InvalidTable
from io_tables.table import RegionalTable

NAME = "CO2"
UNIT = "Mt CO2"
NOTES = (
    "CO2 of 2019 is set on the industries of 2020.",
    "Inventory sectors wider than an industry (trade with catering, other services, other "
    "manufacturing with repair) are spread by output: equal intensities inside each group.",
    "Emissions are counted where fuel is burnt: power imported from another province is not in "
    "them, it appears in footprints.",
    "Tibet has no inventory: missing, not zero; footprints of others leave out what happens there.",
    "Transport of the inventory includes telecommunication, which is given to transport.",
)


@dataclass(frozen=True)
class Emissions:
    """CO2 of 2019 by industry and by households.

    Attributes
    ----------
    industries
        (1, N) Mt CO2, row "CO2", columns (region, sector) of the table; NaN in Tibet.
    households
        (1, R * C) Mt CO2 burnt by households themselves, columns (region, category); NaN in Tibet.
    unit
        "Mt CO2".
    notes
        What is an estimate or an assumption, one sentence each.
    """

    industries: pd.DataFrame
    households: pd.DataFrame
    unit: str = UNIT
    notes: tuple[str, ...] = NOTES


def load_china_emissions(table: RegionalTable | None = None) -> Emissions:
    """Load CO2 by province and industry, 2019.

    Parameters
    ----------
    table
        A table of the 31 provinces and 42 sectors whose output spreads wide inventory sectors;
        `load_china()` when left out.

    Returns
    -------
    Emissions, ready for `footprints(table, e.industries, final=e.households, units=[e.unit])`.

    Raises
    ------
    InvalidTable
        When the regions or sectors of the table are not those of `load_china()`.
    """
    table = load_china() if table is None else table
    figures = load_figures()
    codes = figures.sectors["sector_code"].tolist()
    if table.regions != figures.regions["region"].tolist() or (
        table.sectors != figures.sectors["sector"].tolist()
    ):
        raise InvalidTable(
            "the CO2 account is that of the 31 provinces and 42 sectors of load_china(); this "
            f"table has {table.n_regions} regions and {table.n_sectors} sectors, or other labels"
        )
    given = pd.read_csv(FIGURES / "co2_2019.csv")
    wide = given.pivot(index="region", columns="inventory_sector", values="mt_co2")
    wide = wide.reindex(table.regions)
    bridge = pd.read_csv(FIGURES / "co2_sectors.csv", dtype=str, keep_default_na=False)
    output = table.x.to_numpy().reshape(table.n_regions, -1)
    emitted = np.zeros((table.n_regions, table.n_sectors))
    made = bridge[bridge["sector_code"] != ""]
    for name, members in made.groupby("inventory_sector", sort=False):
        at = [codes.index(code) for code in members["sector_code"]]
        weights = output[:, at]
        share = weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        idle = weights.sum(axis=1) <= 0
        share[idle] = 1.0 / len(at)
        emitted[:, at] += wide[str(name)].to_numpy()[:, None] * share
    return Emissions(
        pd.DataFrame(emitted.reshape(1, -1), index=_row(), columns=table.labels),
        _households(table, wide, bridge),
    )


def _households(table: RegionalTable, wide: pd.DataFrame, bridge: pd.DataFrame) -> pd.DataFrame:
    columns = pd.MultiIndex.from_product(
        [table.regions, table.categories], names=["region", "category"]
    )
    out = pd.DataFrame(0.0, index=_row(), columns=columns)
    for name, category in bridge.loc[
        bridge["category"] != "", ["inventory_sector", "category"]
    ].itertuples(index=False):
        if category not in table.categories:
            raise InvalidTable(
                f"the table has no category {category!r}, which the household part of the CO2 "
                "account belongs to"
            )
        out.loc[NAME, pd.MultiIndex.from_product([table.regions, [category]])] = wide[
            name
        ].to_numpy()
    return out


def _row() -> pd.Index:
    return pd.Index([NAME], name="stressor", dtype=str)
