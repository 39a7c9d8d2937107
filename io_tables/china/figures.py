"""The published figures on which the Chinese table rests, as arrays.

Public names:
- `Figures`: every committed figure as labelled axes and plain arrays; `load_figures` reads them.
- `bridge`: carry sums by 2007 sector to 2020 sectors.

Terms: R = 31 provinces in administrative order, S = 42 sectors of 2020, K = 9 sectors of the
provincial accounts, O = 42 sectors of 2007, 30 = provinces with a table of 2007 (Tibet has none).
National figures are in million yuan of 2020 (the official table is in 10,000 yuan); figures of
2007 in 10,000 yuan of 2007, used as structure only, never as a level. Sources: `SOURCES.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures"
CATEGORIES = (
    "rural household consumption",
    "urban household consumption",
    "government consumption",
    "fixed capital formation",
    "inventory change",
)
PRIMARIES = (
    "compensation of employees",
    "net taxes on production",
    "depreciation",
    "operating surplus",
)
TEN_THOUSAND_TO_MILLION = 0.01
HUNDRED_MILLION_TO_MILLION = 100.0


@dataclass(frozen=True, eq=False)
class National:
    """The official national table of 2020 in million yuan.

    Attributes
    ----------
    domestic, imported
        (S, S) intermediate use of domestic and of imported products.
    domestic_final, imported_final
        (S, 5) final use by category of `CATEGORIES`.
    exports, re_exports
        (S,) exports of domestic products; exports of imported ones.
    value_added
        (4, S) by kind of primary input.
    output
        (S,).
    """

    domestic: np.ndarray
    imported: np.ndarray
    domestic_final: np.ndarray
    imported_final: np.ndarray
    exports: np.ndarray
    re_exports: np.ndarray
    value_added: np.ndarray
    output: np.ndarray


@dataclass(frozen=True, eq=False)
class Provincial2007:
    """The 30 provincial tables of 2007, carried to the sectors of 2020 (repair, 23, is zero).

    Attributes
    ----------
    inputs
        (30, S, S) intermediate use [province, product, buyer], imports and inflow included.
    accounts
        Name to (30, S): output, intermediate inputs, the four parts of value added, final use by
        category, entering (imports + inflow), leaving (exports + outflow).
    position
        (R,) row of each of the 31 provinces; Tibet points at Qinghai.
    """

    inputs: np.ndarray
    accounts: dict[str, np.ndarray]
    position: np.ndarray


@dataclass(frozen=True, eq=False)
class Figures:
    """Everything the estimate starts from.

    Attributes
    ----------
    regions, sectors
        Tables of labels, codes and Chinese names; `regions` with population (persons) and goods
        trade (100 million yuan), `sectors` with nine-sector group, cost class and decays.
    nine
        Labels of the nine sectors; `group` is (S,) the nine-sector position of each sector.
    value_added_nine
        (R, 9) official value added of 2020, million yuan, as published.
    own_shares
        (R, S) own-province share of domestic use; `own_reasons` (R, S) why.
    freight_cost, passenger_cost
        (R, R) yuan per tonne and yuan per trip, [from, to], own province included.
    """

    regions: pd.DataFrame
    sectors: pd.DataFrame
    nine: tuple[str, ...]
    group: np.ndarray
    national: National
    value_added_nine: np.ndarray
    provincial: Provincial2007
    own_shares: np.ndarray
    own_reasons: np.ndarray
    freight_cost: np.ndarray
    passenger_cost: np.ndarray

    @property
    def openness(self) -> np.ndarray:
        """(R,) goods trade over value added, relative to the country."""
        trade = self.regions["goods_trade_1e8yuan"].to_numpy(float)
        gdp = self.value_added_nine.sum(axis=1)
        ratio: np.ndarray = (trade / gdp) / (trade.sum() / gdp.sum())
        return ratio


def bridge(sums: np.ndarray, weights: np.ndarray, *, axes: tuple[int, ...]) -> np.ndarray:
    """Carry sums by sector of 2007 to sectors of 2020 along the given axes.

    `weights` (O, S) has row sums of one, so totals are kept.
    """
    for axis in axes:
        sums = np.moveaxis(np.tensordot(sums, weights, axes=(axis, 0)), -1, axis)
    return sums


@lru_cache(maxsize=1)
def load_figures() -> Figures:
    """Read the committed figures; the result is shared, its arrays are read-only."""
    regions = pd.read_csv(FIGURES / "regions.csv", dtype={"region_code": str})
    sectors = pd.read_csv(FIGURES / "sectors.csv", dtype={"sector_code": str})
    nine = pd.read_csv(FIGURES / "value_added_nine_2020.csv").set_index("region")
    nine = nine.loc[regions["region"]]
    labels = tuple(str(name) for name in nine.columns)
    group = np.array([labels.index(name) for name in sectors["nine_sector"]])
    shares = pd.read_csv(FIGURES / "own_shares.csv")
    shape = (len(regions), len(sectors))
    costs = pd.read_csv(HERE / "odbl" / "trade_costs.csv")
    costs = costs.set_index(["region_from", "region_to"])
    pairs = pd.MultiIndex.from_product([regions["region"], regions["region"]])
    freight, passenger = costs.loc[pairs, ["freight", "passenger"]].to_numpy(float).T
    figures = Figures(
        regions=regions,
        sectors=sectors,
        nine=labels,
        group=group,
        national=_national(sectors["sector_code"]),
        value_added_nine=nine.to_numpy(float) * HUNDRED_MILLION_TO_MILLION,
        provincial=_provincial(regions, sectors),
        own_shares=shares["used"].to_numpy(float).reshape(shape),
        own_reasons=shares["reason"].to_numpy(dtype=str).reshape(shape),
        freight_cost=freight.reshape(shape[0], -1),
        passenger_cost=passenger.reshape(shape[0], -1),
    )
    for part in (figures, figures.national, figures.provincial):
        for value in vars(part).values():
            for array in value.values() if isinstance(value, dict) else (value,):
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
    return figures


def _national(codes: pd.Series) -> National:
    """Cut the official table into blocks and split consumption by kind of consumer."""
    table = pd.read_csv(FIGURES / "national_2020.csv", dtype={"code": str})
    sectors = list(codes)
    block = {
        origin: part.set_index("code").loc[sectors]
        for origin, part in table[table["origin"] != "TOT"].groupby("origin")
    }
    rest = table[table["origin"] == "TOT"].set_index("code")
    split = pd.read_csv(FIGURES / "consumption_split_2020.csv", dtype={"sector_code": str})
    parts = split.set_index("sector_code").loc[sectors].to_numpy(float)
    total = parts.sum(axis=1, keepdims=True)
    share = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)

    def final(frame: pd.DataFrame) -> np.ndarray:
        consumption = frame["TC"].to_numpy(float)[:, None] * share
        return np.column_stack([consumption, frame[["FU201", "FU202"]].to_numpy(float)])

    domestic, imported = block["Domestic"], block["Imports"]
    unit = TEN_THOUSAND_TO_MILLION
    return National(
        domestic=domestic[sectors].to_numpy(float) * unit,
        imported=imported[sectors].to_numpy(float) * unit,
        domestic_final=final(domestic) * unit,
        imported_final=final(imported) * unit,
        exports=domestic["EX"].to_numpy(float) * unit,
        re_exports=imported["EX"].to_numpy(float) * unit,
        value_added=rest.loc[["VA001", "VA002", "VA003", "VA004"], sectors].to_numpy(float) * unit,
        output=domestic["GO"].to_numpy(float) * unit,
    )


def _provincial(regions: pd.DataFrame, sectors: pd.DataFrame) -> Provincial2007:
    """Read the tables of 2007 and carry them to the sectors of 2020."""
    concordance = pd.read_csv(FIGURES / "concordance_2007_2020.csv", dtype={"sector_code": str})
    column = {code: k for k, code in enumerate(sectors["sector_code"])}
    weights = np.zeros((42, len(sectors)))
    weights[
        concordance["sector_2007"].to_numpy(int) - 1, concordance["sector_code"].map(column)
    ] = concordance["share"]
    accounts = pd.read_csv(FIGURES / "provincial_accounts_2007.csv")
    raw = {
        str(name): accounts[name].to_numpy(float).reshape(-1, 42) for name in accounts.columns[2:]
    }
    raw["value_added"] = sum(
        (raw[name] for name in ("compensation", "net_taxes", "depreciation", "surplus")),
        np.zeros_like(raw["output"]),
    )
    raw["intermediate_inputs"] = raw["output"] - raw["value_added"]
    raw["entering"] = raw["imports"] + raw["inflow"]
    raw["leaving"] = raw["exports"] + raw["outflow"]
    inputs = pd.read_csv(FIGURES / "provincial_inputs_2007.csv.gz")
    matrix = inputs.iloc[:, 2:].to_numpy(float).reshape(-1, 42, 42)
    present = list(dict.fromkeys(accounts["region"]))
    position = [present.index("Qinghai" if r == "Tibet" else r) for r in regions["region"]]
    return Provincial2007(
        inputs=bridge(np.maximum(matrix, 0.0), weights, axes=(1, 2)),
        accounts={name: bridge(values, weights, axes=(1,)) for name, values in raw.items()},
        position=np.array(position),
    )
