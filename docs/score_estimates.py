"""How near `estimate_table` comes to tables that are known: writes docs/estimate_scores.md.

Two tables with several regions are summed to one, and estimated again from that sum, regional
output and distances alone. Run from a checkout with the source tables beside it:

    python docs/score_estimates.py

Settings are the defaults of the function and their stated low and high values, chosen before the
comparison and the same for both tables; nothing is fitted to the tables that are to be found,
except where a row says that an own share is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from io_tables.aggregate import aggregate
from io_tables.estimate import estimate_table
from io_tables.table import RegionalTable

HERE = Path(__file__).resolve().parent
MRIO = HERE.parents[1] / "shared" / "data" / "mrio"
DETOUR = 1.3

# Latitude, longitude of the largest town, land area in 1000 km2: from general knowledge, rounded.
FINLAND = {
    "Uusimaa": (60.2, 24.9, 9.1), "VarsinSuomi": (60.5, 22.3, 10.7),
    "Satakunta": (61.5, 21.8, 7.8), "KantaHame": (61.0, 24.5, 5.2),
    "Pirkanmaa": (61.5, 23.8, 12.6), "PaijatHame": (61.0, 25.7, 5.1),
    "Kymenlaakso": (60.9, 26.7, 5.1), "EtelaKarjala": (61.1, 28.2, 5.3),
    "EtelaSavo": (61.7, 27.3, 14.3), "PohjSavo": (62.9, 27.7, 16.8),
    "PohjKarjala": (62.6, 29.8, 17.8), "KeskiSuomi": (62.2, 25.7, 16.7),
    "EtelaPohjanm": (62.8, 22.8, 13.4), "Pohjanmaa": (63.1, 21.6, 7.8),
    "KeskiPohjanm": (63.8, 23.1, 5.0), "PohjPohjanm": (65.0, 25.5, 36.8),
    "Kainuu": (64.2, 27.7, 20.2), "Lappi": (66.5, 25.7, 92.7), "Ahvenanmaa": (60.1, 19.9, 1.6),
}  # fmt: skip
# The same for countries, at a centre of population.
COUNTRIES = {
    "AUS": (-34, 149, 7692), "AUT": (48, 16, 84), "BEL": (51, 4, 31), "BGR": (43, 24, 111),
    "BRA": (-22, -46, 8516), "CAN": (44, -79, 9985), "CHN": (33, 114, 9597),
    "CYP": (35, 33, 9), "CZE": (50, 15, 79), "DEU": (51, 9, 358), "DNK": (56, 11, 43),
    "ESP": (40, -3, 506), "EST": (59, 25, 45), "FIN": (61, 25, 338), "FRA": (48, 3, 552),
    "GBR": (52, -1, 244), "GRC": (38, 24, 132), "HUN": (47, 19, 93), "IDN": (-7, 109, 1905),
    "IND": (22, 79, 3287), "IRL": (53, -7, 70), "ITA": (43, 12, 301), "JPN": (36, 138, 378),
    "KOR": (37, 127, 100), "LTU": (55, 24, 65), "LUX": (49.6, 6.1, 3), "LVA": (57, 24, 65),
    "MEX": (20, -100, 1964), "MLT": (36, 14, 0.3), "NLD": (52, 5, 42), "POL": (52, 20, 313),
    "PRT": (40, -8, 92), "ROM": (45, 25, 238), "RUS": (55, 45, 17098), "SVK": (48, 19, 49),
    "SVN": (46, 15, 20), "SWE": (59, 16, 450), "TUR": (40, 32, 784), "TWN": (24, 121, 36),
    "USA": (39, -88, 9834),
}  # fmt: skip
REST_OF_WORLD_KM = 7_000.0
"""From everywhere to the rest of the world, and half of it inside (assumption)."""


@dataclass(frozen=True)
class Known:
    """A table with several regions and the distances between them."""

    name: str
    table: RegionalTable
    km: pd.DataFrame
    remarks: tuple[str, ...]


def distances(places: dict[str, tuple[float, float, float]]) -> pd.DataFrame:
    """Great-circle kilometres times the detour; own region 2/3 of the radius of its area."""
    names = list(places)
    told = np.array([places[n] for n in names], dtype=float)
    lat, lon, area = np.radians(told[:, 0]), np.radians(told[:, 1]), 1000.0 * told[:, 2]
    half = np.sin((lat[:, None] - lat) / 2) ** 2 + (
        np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    km = 2 * 6371.0 * np.arcsin(np.sqrt(half)) * DETOUR
    np.fill_diagonal(km, 2.0 / 3.0 * np.sqrt(area / np.pi) * DETOUR)
    return pd.DataFrame(km, index=names, columns=names)


def finland() -> Known:
    """Finland 2014, 19 regions x 30 industries."""
    Z = pd.read_csv(MRIO / "finland2014_19reg_30ind_Z.csv.gz", index_col=0)
    F = pd.read_csv(MRIO / "finland2014_19reg_30ind_F.csv.gz", index_col=0)
    P = pd.read_csv(MRIO / "finland2014_19reg_30ind_primary.csv", index_col=0)
    pairs = [
        pd.MultiIndex.from_tuples([c.split("|") for c in axis]) for axis in (Z.index, F.columns)
    ]
    Z.index = Z.columns = F.index = pairs[0]
    F.columns = pairs[1]
    exports = F.xs("EXP", axis=1, level=1).sum(axis=1)
    final = F.drop(columns="EXP", level=1)
    va = P[["labour", "capital", "land", "production_tax", "stock_change_residual"]].T
    va.columns = pairs[0]
    table = RegionalTable.from_flows(
        Z, final, Z.sum(axis=1) + F.sum(axis=1), va,
        imports=P["imports"].to_numpy(), taxes=P["product_taxes"].to_numpy(),
        exports=exports.to_numpy(), units="million EUR 2014", year=2014, name="Finland 2014",
    )  # fmt: skip
    return Known(
        "Finland 2014, 19 regions x 30 industries", table, distances(FINLAND).loc[
            table.regions, table.regions
        ],
        (
            "The trade of this table is itself partly estimated (gravity and RAS inside the "
            "regional database it comes from): agreement says that two estimates agree, not that "
            "either is right.",
        ),
    )  # fmt: skip


def countries() -> Known:
    """41 countries 2011, 35 industries."""
    rows = pd.read_csv(MRIO / "wiot_2011_rows.csv")
    data = np.load(MRIO / "wiot_2011.npz")
    by_size = {v.shape: data[k].astype(np.float64) for k, v in data.items() if v.ndim == 2}
    Z, F = by_size[1435, 1435], by_size[1435, 205]
    clipped = float(-np.minimum(F, 0).sum() - np.minimum(Z, 0).sum())
    total = float(Z.sum() + F.sum())
    Z, F = np.maximum(Z, 0.0), np.maximum(F, 0.0)
    output = Z.sum(axis=1) + F.sum(axis=1)
    names, industries = list(dict.fromkeys(rows["country"])), list(dict.fromkeys(rows["industry"]))
    table = RegionalTable.from_flows(
        Z, F, output, regions=names, sectors=industries,
        categories=["households", "non-profit", "government", "investment", "stocks"],
        units="million USD 2011", year=2011, name="41 countries 2011",
    )  # fmt: skip
    km = distances({n: COUNTRIES.get(n, (0, 0, 1)) for n in names})
    rest = names[-1]
    km.loc[rest], km[rest] = REST_OF_WORLD_KM, REST_OF_WORLD_KM
    km.loc[rest, rest] = REST_OF_WORLD_KM / 2
    return Known(
        "41 countries 2011, 35 industries", table, km,
        (
            "Trade rests on customs and balance-of-payments statistics, and regions are countries: "
            "borders keep far more at home than distance alone does.",
            f"Stocks that are run down (negative cells, {100 * clipped / total:.2f} % of all "
            "flows) are left out and output is what the rows then sum to.",
        ),
    )  # fmt: skip


def measures(table: RegionalTable) -> dict[str, np.ndarray]:
    """Flows (S, R, R), multipliers (R * S,) and spillovers (R, R) of value added by pole."""
    pooled = table.pooled()
    R, S = table.n_regions, table.n_sectors
    data = pooled.data
    use = data["domestic_use"].values.sum(axis=2) + data["demand"].values.sum(axis=2).T
    x = table.x.to_numpy()
    A = table.A.to_numpy()
    inverse = np.linalg.inv(np.eye(R * S) - A)
    region = np.repeat(np.arange(R), S)
    member = (region == np.arange(R)[:, None]).astype(float)
    share = np.divide(table.va.to_numpy().sum(axis=0), x, out=np.zeros_like(x), where=x > 0)
    received = member @ (share[:, None] * inverse)  # (region, column)
    weight = np.divide(x, (member @ x)[region], out=np.zeros_like(x), where=x > 0)
    return {
        "flows": pooled.trade * use[:, None, :],
        "multipliers": inverse.sum(axis=0),
        "intraregional": np.array([inverse[region == region[j], j].sum() for j in range(R * S)]),
        "spillovers": (received * weight) @ member.T,
        "output": x,
    }


def compare(found: dict[str, np.ndarray], true: dict[str, np.ndarray]) -> dict[str, float]:
    """Distances of a found table from the true one."""
    R = true["flows"].shape[1]
    other = ~np.eye(R, dtype=bool)
    difference = np.abs(found["flows"] - true["flows"])
    pairs = np.abs(found["flows"].sum(axis=0) - true["flows"].sum(axis=0))
    weight = true["output"] / true["output"].sum()
    spill, given = found["spillovers"] * other, true["spillovers"] * other
    out, sure = spill.sum(axis=0), given.sum(axis=0)
    pole = true["output"].reshape(R, -1).sum(axis=1)
    pole = pole / pole.sum()
    where = 0.5 * np.abs(spill / out - given / sure).sum(axis=0)
    log = [np.log(m["flows"].sum(axis=0)[other] + 1e-9) for m in (found, true)]
    return {
        "own share of use": np.einsum("irr->", found["flows"]) / found["flows"].sum(),
        "flows in the wrong place, %": 50 * difference.sum() / true["flows"].sum(),
        "between regions, all products, % off": 100 * pairs[other].sum()
        / true["flows"].sum(axis=0)[other].sum(),
        "correlation of log flows": float(np.corrcoef(*log)[0, 1]),
        "multipliers, % off": 100 * float(weight @ np.abs(
            found["multipliers"] / true["multipliers"] - 1)),
        "part in own region, % off": 100 * float(weight @ np.abs(
            found["intraregional"] / true["intraregional"] - 1)),
        "spillover per unit": float(pole @ out),
        "spillover of a pole, % off": 100 * float(pole @ np.abs(out / sure - 1)),
        "spillover in the wrong region, %": 100 * float(pole @ where),
    }  # fmt: skip


def score(known: Known) -> pd.DataFrame:
    """Scores of all settings against one table."""
    table = known.table
    true = measures(table)
    national = aggregate(table, regions=dict.fromkeys(table.regions, "all"))
    output = table.x.unstack()[table.sectors].loc[table.regions]
    own = np.einsum("irr->ri", table.pooled().trade)
    by_product = np.einsum("irr->i", true["flows"]) / true["flows"].sum(axis=(1, 2))
    total = float(np.einsum("irr->", true["flows"]) / true["flows"].sum())
    extra = _value_added(table)
    settings: dict[str, dict[str, object]] = {
        "no decay (0)": {"decay": 0.0},
        "decay 0.5": {"decay": 0.5},
        "decay 1 (default)": {},
        "decay 2": {"decay": 2.0},
        "decay 1, one own share told": {"own_share": total},
        "decay 1, own share by product told": {"own_share": by_product},
        "decay 1, own share by region and product told": {"own_share": own},
        "the same, value added by region told": {"own_share": own, **extra},
    }
    rows = {"the given table": compare(true, true)}
    rows["the given table, origins pooled"] = compare(measures(table.pooled()), true)
    for name, options in settings.items():
        found = estimate_table(national, regional_output=output, cost=known.km, **options)
        rows[name] = compare(measures(found), true)
    return pd.DataFrame(rows).T


def _value_added(table: RegionalTable) -> dict[str, object]:
    added = table.va.sum().unstack()[table.sectors].loc[table.regions]
    exports = table.exports.unstack()[table.sectors].loc[table.regions]
    demand = table.demand.groupby(level=0, sort=False).sum().clip(lower=0.0)
    told: dict[str, object] = {"value_added": added, "final_demand": demand}
    return told | ({"exports": exports} if float(exports.to_numpy().sum()) > 0 else {})


def report(known: Known, scores: pd.DataFrame) -> str:
    """One section of the page."""
    lines = [f"## {known.name}", "", *(f"{r}\n" for r in known.remarks)]
    lines += ["| setting | " + " | ".join(scores.columns) + " |"]
    lines += ["|---" * (len(scores.columns) + 1) + "|"]
    for name, row in scores.iterrows():
        cells = [f"{v:.2f}" if abs(v) < 10 else f"{v:.0f}" for v in row]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


HEAD = """# How near estimated tables come to known ones

Written by `docs/score_estimates.py`; do not edit by hand.

`estimate_table` was given the sum of each table over its regions, regional output by sector, and
distances: great circle between main towns times 1.3, 2/3 sqrt(area / pi) x 1.3 inside a region.
The default decay of 1 and its low and high values are those of the embedded case, set beforehand;
no setting was chosen by these scores. Rows that tell more say so.

- *flows in the wrong place*: half the sum of absolute differences of product flows between
  regions (own region included), over all flows.
- *between regions*: absolute differences of flows between different regions, all products
  together, over those flows.
- *multipliers*: absolute relative difference of output multipliers, weighted by output; *part in
  own region*: the same for output in the region itself.
- *spillover*: value added in other regions per unit of demand for the products of a region in
  proportion to its output; weighted by output of the region. *In the wrong region*: half the sum
  of absolute differences of its shares by receiving region.
"""

TAIL = """## What this says

- Distances alone put too little at home. An own share, even one number for the whole economy, is
  worth more than the choice of decay: tell it wherever one is known.
- Output multipliers as a whole depend on technology more than on trade; where their effects fall
  depends on trade.
- Own shares that are told are not always reached: with national technology a region may use more
  of a product than it makes, and then the rest must come from elsewhere (0.75 for 0.87 between
  countries). Telling value added, exports and final demand by region helps there.
- What remains with own shares told is national technology and the pattern between other regions.
  Pooling the origins of a product, which every estimate does, costs little beside that.
"""


def main() -> None:
    """Write the page."""
    if not MRIO.exists():
        raise SystemExit(f"the source tables are not beside this checkout: {MRIO}")
    parts = [HEAD]
    for known in (finland(), countries()):
        parts.append(report(known, score(known)) + "\n")
    (HERE / "estimate_scores.md").write_text("\n".join([*parts, TAIL]), encoding="utf-8")


if __name__ == "__main__":
    main()
