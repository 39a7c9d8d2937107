"""Derive the own-province share of domestic use in 2007, by province and product of 2020.

Question owned: how much of what a province uses of a product, imports left out, comes from the
province itself? The answer is `figures/own_shares.csv` (region, sector, raw, used, reason), an
estimate from the 30 provincial tables of 2007, at their 42 products, carried to 2020's.

With use U, imports + inflow from other provinces E (summed, because some tables merge or swap the
two), and mu_i = national imports_i / sum over provinces of E_i the share of E taken for imports,

    phi = (U - E) / (U - mu E).

Reasons, in the order in which they are tested:
    error        the table's error column exceeds 5 % of output (or of use, where output is zero)
    negative     U - E < 0, or U <= 0
    misplaced    the table lists capital formation by investing industry (construction below 15 %
                 of it: Chongqing, Gansu, Qinghai) and the product is one of those that capital
                 formation buys (over 20 % of its use, in the table or in all tables together)
    netted       exactly one of E and (exports + outflow) is zero: the table shows net flows
    merged       mu >= 1: provincial tables miss these imports, so that E is taken as inflow only
    table        the cell stands as the table gives it
    no table     Tibet: no table of 2007
    no sector    repair (23) did not exist in 2007: the shares of resident services (38)
Cells of the first four kinds, and Tibet, take the product's median over the provinces whose
cell stands. Every share used lies in [0.02, 0.98].
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from io_tables.china.build import FIGURES, write

CONSTRUCTION = 25
LOWEST, HIGHEST = 0.02, 0.98
USE = ["intermediate_use", "rural", "urban", "government", "fixed_capital", "inventories"]


def own_shares_2007(
    accounts: pd.DataFrame, imports: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Raw shares, used shares and reasons, (30, 42) each, and nothing of 2020 in them."""
    cell = {name: accounts[name].to_numpy(float).reshape(30, 42) for name in accounts.columns[2:]}
    use = np.sum([cell[name] for name in USE], axis=0)
    entering = cell["imports"] + cell["inflow"]
    leaving = cell["exports"] + cell["outflow"]
    mu = imports / entering.sum(axis=0)
    merged = mu >= 1.0
    raw = (use - entering) / (use - np.where(merged, 0.0, mu) * entering)
    scale = np.where(cell["output"] > 0, cell["output"], use)
    reason = np.full(raw.shape, "table", dtype=object)
    reason[:, merged] = "merged"
    reason[(entering == 0) != (leaving == 0)] = "netted"
    capital = cell["fixed_capital"]
    by_investor = capital[:, CONSTRUCTION] < 0.15 * capital.sum(axis=1)
    bought = (capital > 0.2 * use) | (capital.sum(axis=0) > 0.2 * use.sum(axis=0))
    reason[by_investor[:, None] & bought] = "misplaced"
    reason[(use - entering < 0) | (use <= 0)] = "negative"
    reason[np.abs(cell["error"]) > 0.05 * scale] = "error"
    stands = np.isin(reason, ["table", "merged"])
    median = np.nanmedian(np.where(stands, raw, np.nan), axis=0)
    used = np.clip(np.where(stands, raw, median), LOWEST, HIGHEST)
    return raw, used, reason


def main() -> None:
    """Write the table of own shares."""
    regions = pd.read_csv(FIGURES / "regions.csv")["region"]
    sectors = pd.read_csv(FIGURES / "sectors.csv", dtype={"sector_code": str})
    accounts = pd.read_csv(FIGURES / "provincial_accounts_2007.csv")
    imports = pd.read_csv(FIGURES / "national_imports_2007.csv")["imports"].to_numpy(float)
    bridge = pd.read_csv(FIGURES / "concordance_2007_2020.csv", dtype={"sector_code": str})
    raw, used, reason = own_shares_2007(accounts, imports)
    accounts = accounts.assign(raw=raw.ravel(), used=used.ravel(), reason=reason.ravel())
    accounts["weight"] = accounts[USE].sum(axis=1).clip(lower=1.0)
    parts = accounts.merge(bridge, on="sector_2007")
    parts["weight"] *= parts["share"]

    def mean(group: pd.DataFrame) -> pd.Series:
        """Use-weighted mean of the parents; the reason is that of the larger parent."""
        weight = group["weight"] / group["weight"].sum()
        main_parent = group["weight"].idxmax()
        return pd.Series(
            {
                "raw": (group["raw"] * weight).sum(),
                "used": (group["used"] * weight).sum(),
                "reason": group.loc[main_parent, "reason"],
            }
        )

    cells = parts.groupby(["region", "sector_code"])[["raw", "used", "reason", "weight"]].apply(
        mean
    )
    rows = []
    for region in regions:
        for code, sector in zip(sectors["sector_code"], sectors["sector"], strict=True):
            source = "38" if code == "23" else code
            if region == "Tibet":
                pool = cells.xs(source, level="sector_code")
                pool = pool[pool["reason"].isin(["table", "merged"])]
                row = (np.nan, pool["used"].median(), "no table")
            else:
                row = tuple(cells.loc[(region, source)])
            if code == "23":
                row = (np.nan, row[1], "no sector")
            rows.append((region, sector, *row))
    table = pd.DataFrame(rows, columns=["region", "sector", "raw", "used", "reason"])
    write(table.round({"raw": 5, "used": 5}), "own_shares.csv")
    print(table["reason"].value_counts().to_string())


if __name__ == "__main__":
    main()
