"""Compile CO2 by province and inventory sector, 2019, and how its sectors meet those of the table.

Question owned: which published emissions does the CO2 account rest on? Totals of all fuels and of
industrial processes ("Scope 1") of the provincial inventories, as published. A sector that a
province's inventory leaves out emits nothing there: the sectors that are listed add up to the
total of the inventory, which is checked. Tibet has no inventory and no rows.

Run: `python -m io_tables.china.build_emissions` from a checkout with the source files beside it.
"""

from __future__ import annotations

import pandas as pd

from io_tables.china.build import FIGURES, SHARED, region_table

YEAR = 2019
# Sector of the inventory: sectors of the 2020 table that it covers, split by output.
COVERS = {
    "Farming, Forestry, Animal Husbandry, Fishery and Water Conservancy": "01",
    "Coal Mining and Dressing": "02",
    "Petroleum and Natural Gas Extraction": "03",
    "Ferrous Metals Mining and Dressing": "04",
    "Nonferrous Metals Mining and Dressing": "04",
    "Nonmetal Minerals Mining and Dressing": "05",
    "Other Minerals Mining and Dressing": "05",
    "Food Processing": "06",
    "Food Production": "06",
    "Beverage Production": "06",
    "Tobacco Processing": "06",
    "Textile Industry": "07",
    "Garments and Other Fiber Products": "08",
    "Leather, Furs, Down and Related Products": "08",
    "Timber Processing, Bamboo, Cane, Palm Fiber & Straw Products": "09",
    "Furniture Manufacturing": "09",
    "Papermaking and Paper Products": "10",
    "Printing and Record Medium Reproduction": "10",
    "Cultural, Educational and Sports Articles": "10",
    "Petroleum Processing and Coking": "11",
    "Raw Chemical Materials and Chemical Products": "12",
    "Medical and Pharmaceutical Products": "12",
    "Chemical Fiber": "12",
    "Rubber Products": "12",
    "Plastic Products": "12",
    "Nonmetal Mineral Products": "13",
    "Smelting and Pressing of Ferrous Metals": "14",
    "Smelting and Pressing of Nonferrous Metals": "14",
    "Metal Products": "15",
    "Ordinary Machinery": "16",
    "Equipment for Special Purposes": "17",
    "Transportation Equipment": "18",
    "Electric Equipment and Machinery": "19",
    "Electronic and Telecommunications Equipment": "20",
    "Instruments, Meters, Cultural and Office Machinery": "21",
    "Other Manufacturing Industry": "22 23",
    "Scrap and waste": "22",
    "Production and Supply of Electric Power, Steam and Hot Water": "24",
    "Production and Supply of Gas": "25",
    "Production and Supply of Tap Water": "26",
    "Construction": "27",
    "Transportation, Storage, Post and Telecommunication Services": "29",
    "Wholesale, Retail Trade and Catering Services": "28 30",
    "Others": "31 32 33 34 35 36 37 38 39 40 41 42",
}
HOUSEHOLDS = {
    "Urban": "urban household consumption",
    "Rural": "rural household consumption",
}
TOTAL = "TotalEmissions"


def main() -> None:
    """Write co2_2019.csv and co2_sectors.csv."""
    raw = pd.read_csv(SHARED / "emissions" / "co2_province_46sectors_2018_2019.csv.gz")
    rows = raw[(raw["year"] == YEAR) & (raw["fuel_or_total"] == "Scope_1_Total")]
    short = region_table().set_index("short_zh")["region"]
    wide = rows.pivot_table(index="province_zh", columns="sector_en", values="value", sort=False)
    wide = wide.set_axis([short[name] for name in wide.index])
    order = [name for name in short if name in wide.index]
    known = [*COVERS, *HOUSEHOLDS]
    unknown = set(wide.columns) - {*known, TOTAL}
    if unknown or len(order) != 30:
        raise SystemExit(f"unknown sectors {sorted(unknown)} or {len(order)} provinces, not 30")
    wide = wide.reindex(index=order, columns=[*known, TOTAL]).fillna(0.0)
    gap = (wide[known].sum(axis=1) - wide[TOTAL]).abs().max()
    if gap > 1e-9:
        raise SystemExit(f"sectors miss the totals of the inventories by {gap} Mt")
    long = wide[known].round(6).rename_axis("region").reset_index()
    long = long.melt("region", var_name="inventory_sector", value_name="mt_co2")
    long["at"] = pd.Categorical(long["region"], order)
    long = long.sort_values("at", kind="stable").drop(columns="at")
    long.to_csv(FIGURES / "co2_2019.csv", index=False, lineterminator="\n")
    bridge = [(name, code, "") for name, codes in COVERS.items() for code in codes.split()]
    bridge += [(name, "", category) for name, category in HOUSEHOLDS.items()]
    frame = pd.DataFrame(bridge, columns=["inventory_sector", "sector_code", "category"])
    frame.to_csv(FIGURES / "co2_sectors.csv", index=False, lineterminator="\n")
    print(f"{long['mt_co2'].sum():.1f} Mt in {len(order)} provinces, largest gap {gap:.1e}")


if __name__ == "__main__":
    main()
