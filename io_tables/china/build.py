"""Compile the figures of the embedded Chinese economy from the collected source files.

Question owned: which published figures does the 31 x 42 table of 2020 rest on? This script is
their provenance: it reads the source files beside the checkout (`../shared/data`), renames, sums
and checks, and writes small CSV files into `figures/`. It estimates nothing, with one exception
that has a file of its own: `build_own_shares.py` derives the own-province shares of 2007. Users
never run it; the wheel carries its results, not the script.

Run: `python io_tables/china/build.py` from the checkout. Every file it writes, with year, unit,
source and class (official figure, estimate, assumption), is described in `SOURCES.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures"
SHARED = HERE.parents[2] / "shared" / "data"
ECONOMY = SHARED / "economy"

# code, English, Chinese official, Chinese short; administrative code order.
REGIONS = """110000 Beijing 北京市 北京
120000 Tianjin 天津市 天津
130000 Hebei 河北省 河北
140000 Shanxi 山西省 山西
150000 Inner_Mongolia 内蒙古自治区 内蒙古
210000 Liaoning 辽宁省 辽宁
220000 Jilin 吉林省 吉林
230000 Heilongjiang 黑龙江省 黑龙江
310000 Shanghai 上海市 上海
320000 Jiangsu 江苏省 江苏
330000 Zhejiang 浙江省 浙江
340000 Anhui 安徽省 安徽
350000 Fujian 福建省 福建
360000 Jiangxi 江西省 江西
370000 Shandong 山东省 山东
410000 Henan 河南省 河南
420000 Hubei 湖北省 湖北
430000 Hunan 湖南省 湖南
440000 Guangdong 广东省 广东
450000 Guangxi 广西壮族自治区 广西
460000 Hainan 海南省 海南
500000 Chongqing 重庆市 重庆
510000 Sichuan 四川省 四川
520000 Guizhou 贵州省 贵州
530000 Yunnan 云南省 云南
540000 Tibet 西藏自治区 西藏
610000 Shaanxi 陕西省 陕西
620000 Gansu 甘肃省 甘肃
630000 Qinghai 青海省 青海
640000 Ningxia 宁夏回族自治区 宁夏
650000 Xinjiang 新疆维吾尔自治区 新疆"""

NINE = {
    "Agriculture": "农林牧渔业增加值",
    "Industry": "工业增加值",
    "Construction": "建筑业增加值",
    "Wholesale and retail": "批发和零售业增加值",
    "Transport and post": "交通运输、仓储和邮政业增加值",
    "Accommodation and catering": "住宿和餐饮业增加值",
    "Finance": "金融业增加值",
    "Real estate": "房地产业增加值",
    "Other services": "其他行业增加值",
}
SINGLE = {
    "01": "Agriculture",
    "27": "Construction",
    "28": "Wholesale and retail",
    "29": "Transport and post",
    "30": "Accommodation and catering",
    "32": "Finance",
    "33": "Real estate",
}
# Information, leasing and commercial services, research, technical services: sold by people who
# travel to their customers (assumption).
BUSINESS_SERVICES = (31, 34, 35, 36)
# Figures of a provincial table of 2007 by product or sector, in the order of the file written.
ACCOUNTS = {
    "compensation": "劳动者报酬",
    "net_taxes": "生产税净额",
    "depreciation": "固定资产折旧",
    "surplus": "营业盈余",
    "output": "总投入",
    "intermediate_use": "中间使用合计",
    "rural": "农村居民消费",
    "urban": "城镇居民消费",
    "government": "政府消费",
    "fixed_capital": "固定资本形成总额",
    "inventories": "存货增加",
    "exports": "出口",
    "outflow": "调出",
    "imports": "进口",
    "inflow": "调入",
    "error": "其他(误差)",
}
# First and last code of the 135 sectors of 2007 that make up each of the 42 sectors of 2007.
BLOCKS_2007 = [5, 6, 7, 9, 10, 24, 29, 31, 33, 36, 38, 49, 56, 62, 63, 72, 76, 81, 87, 89, 90]
BLOCKS_2007 += [91, 92, 93, 94, 95, 103, 104, 107, 108, 110, 112, 113, 116, 117, 120, 123, 125]
BLOCKS_2007 += [126, 129, 134, 135]
# The 42 sectors of 2020 as last codes of contiguous blocks of the 153 sectors.
BLOCKS_2020 = [5, 6, 7, 9, 11, 26, 31, 34, 36, 40, 42, 53, 60, 65, 66, 73, 78, 83, 89, 95, 96, 98]
BLOCKS_2020 += [99, 100, 101, 102, 108, 110, 122, 124, 129, 132, 133, 135, 136, 138, 141, 143, 144]
BLOCKS_2020 += [146, 151, 153]


def blocks(last: list[int]) -> np.ndarray:
    """0/1 matrix (block, code) of contiguous blocks given by their last 1-based code."""
    member = np.zeros((len(last), last[-1]))
    for row, (low, high) in enumerate(zip([0, *last[:-1]], last, strict=True)):
        member[row, low:high] = 1.0
    return member


def region_table() -> pd.DataFrame:
    """Names and codes of the 31 provinces."""
    rows = [line.split() for line in REGIONS.splitlines()]
    table = pd.DataFrame(rows, columns=["region_code", "region", "region_zh", "short_zh"])
    table["region"] = table["region"].str.replace("_", " ")
    return table[["region", "region_code", "region_zh", "short_zh"]]


def national_table() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the official table of 2020 and the split of consumption of its 153-sector twin."""
    table = pd.read_csv(ECONOMY / "io_national_china" / "china_2020_42.csv.gz", dtype={"Code": str})
    table = table.rename(columns={"Code": "code", "Origin": "origin"})
    domestic = table[table["origin"] == "Domestic"]
    fine = pd.read_csv(ECONOMY / "io_national_china" / "china_2020_153.csv.gz").iloc[:153]
    member = blocks(BLOCKS_2020)
    split = pd.DataFrame(
        member @ fine[["FU101", "FU102", "FU103"]].to_numpy(float),
        columns=["rural", "urban", "government"],
    )
    imported = table[table["origin"] == "Imports"]
    consumption = domestic["TC"].to_numpy() + imported["TC"].to_numpy()
    if not np.allclose(split.sum(axis=1), consumption, rtol=1e-7, atol=1e-3):
        sys.exit("consumption of the 153-sector table does not add up to the 42-sector table")
    split.insert(0, "sector_code", domestic["code"].to_numpy())
    figures = table.drop(columns=["Description", "DescriptionInChinese"])
    sectors = domestic[["Description", "code", "DescriptionInChinese"]].copy()
    sectors.columns = ["sector", "sector_code", "sector_zh"]
    write(figures, "national_2020.csv")
    write(split.round(4), "consumption_split_2020.csv")
    return sectors.reset_index(drop=True), fine


def sector_table(sectors: pd.DataFrame) -> pd.DataFrame:
    """Sectors with their nine-sector group and role: goods follow freight, the rest travel."""
    number = sectors["sector_code"].astype(int)
    other = pd.Series(np.where(number <= 26, "Industry", "Other services"), sectors.index)
    sectors["nine_sector"] = sectors["sector_code"].map(SINGLE).fillna(other)
    goods = (number <= 26) & (number != 23)
    role = np.where(goods, "goods", "service").astype(object)
    role[number == 27] = "construction"
    role[number == 29] = "transport"
    sectors["sector_role"] = np.where(number.isin(BUSINESS_SERVICES), "business service", role)
    # Assumption: an elasticity of trade to generalised cost of one, and the range around it.
    sectors["decay_low"], sectors["decay"], sectors["decay_high"] = 0.5, 1.0, 2.0
    return sectors


def provincial_2007(regions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the 30 provincial tables of 2007: accounts by sector, and intermediate inputs."""
    english = regions.set_index("short_zh")["region"]
    order = [name for name in regions["region"] if name != "Tibet"]
    vectors = pd.read_csv(ECONOMY / "provincial_io_2007" / "vectors.csv.gz")
    vectors["region"] = vectors["province_zh"].map(english)
    wide = vectors.pivot_table(index=["region", "sector_no"], columns="item", values="value")
    wide = wide.loc[order, list(ACCOUNTS.values())]
    wide.columns = list(ACCOUNTS)
    wide.index.names = ["region", "sector_2007"]
    cells = pd.read_csv(ECONOMY / "provincial_io_2007" / "Z.csv.gz")
    cells["region"] = cells["province_zh"].map(english)
    matrix = cells.pivot_table(
        index=["region", "row_sector"], columns="col_sector", values="value_wanyuan_2007"
    )
    full = pd.MultiIndex.from_product([order, range(1, 43)], names=["region", "product_2007"])
    matrix = matrix.reindex(index=full, columns=range(1, 43)).fillna(0.0)
    accounts = wide.round(0).astype(int).reset_index()
    inputs = matrix.round(0).astype(int).reset_index()
    write(accounts, "provincial_accounts_2007.csv")
    write(inputs, "provincial_inputs_2007.csv.gz")
    return accounts, inputs


def concordance(sectors: pd.DataFrame, fine: pd.DataFrame) -> pd.DataFrame:
    """Share of every sector of 2007 that goes to every sector of 2020; shares sum to one."""
    old = pd.read_csv(ECONOMY / "provincial_io_2007" / "sectors.csv", encoding="utf-8-sig")
    national = pd.read_csv(ECONOMY / "io_national_china" / "china_2007_135.csv.gz").iloc[:135]
    output = national["GO"].to_numpy(float)
    general, special = output[63:68].sum(), output[68:72].sum()
    fine_output = fine["GO"].to_numpy(float)
    crafts, other = fine_output[38], fine_output[96]
    target = [*range(1, 16), None, 18, 19, 20, 21, None, 22, 24, 25, 26, 27, 29, 29, 31, 28, 30]
    target += [32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42]
    rows: list[tuple[int, str, float, str]] = [
        (number, f"{new:02d}", 1.0, "same content")
        for number, new in enumerate(target, start=1)
        if new is not None
    ]
    note = "national output of the 135 sectors of 2007"
    rows += [
        (16, "16", general / (general + special), note),
        (16, "17", special / (general + special), note),
    ]
    note = "national output of crafts (039) and other manufacturing (097) in 2020"
    rows += [
        (21, "10", crafts / (crafts + other), note),
        (21, "22", other / (crafts + other), note),
    ]
    table = pd.DataFrame(rows, columns=["sector_2007", "sector_code", "share", "basis"])
    table.insert(
        1, "sector_2007_zh", table["sector_2007"].map(old.set_index("sector_no").iloc[:, 0])
    )
    if set(sectors["sector_code"]) - set(table["sector_code"]) != {"23"}:
        sys.exit("only sector 23 of 2020 may lack a sector of 2007")
    table["share"] = table["share"].round(9)
    return table.sort_values(["sector_2007", "sector_code"])


def national_imports_2007() -> pd.DataFrame:
    """National imports of 2007 by the 42 sectors of 2007 (from the 135-sector table)."""
    national = pd.read_csv(ECONOMY / "io_national_china" / "china_2007_135.csv.gz").iloc[:135]
    imports = blocks(BLOCKS_2007) @ np.abs(national["IM"].to_numpy(float))
    return pd.DataFrame({"sector_2007": range(1, 43), "imports": imports.round(0).astype(int)})


def value_added(regions: pd.DataFrame) -> pd.DataFrame:
    """Official value added of 2020 by province and nine sectors."""
    table = pd.read_csv(ECONOMY / "province_value_added_9sectors_2019_2023.csv")
    table = table[table["year"] == 2020].pivot(index="province_zh", columns="item", values="value")
    table = table.loc[regions["region_zh"]]
    nine = table[list(NINE.values())].set_axis(list(NINE), axis=1).set_axis(regions["region"])
    gap = np.abs(nine.sum(axis=1).to_numpy() / table["地区生产总值"].to_numpy() - 1.0).max()
    if gap > 1e-4:
        sys.exit(f"nine sectors miss provincial GDP by {gap:.1e}")
    return nine.rename_axis("region").reset_index()


def region_figures(regions: pd.DataFrame) -> pd.DataFrame:
    """Add population and total goods trade of 2020 beside the names."""
    people = pd.read_csv(ECONOMY / "province_gdp_population_chartjson.csv")
    people = people[people["year"] == 2020].set_index("province_zh")["population_10k"]
    trade = pd.read_csv(ECONOMY / "province_employment_trade_2015_2024.csv")
    trade = trade[(trade["year"] == 2020) & (trade["item"] == "进出口总额")]
    trade_value = trade.set_index("province_zh")["value"]
    table = regions.copy()
    short = regions["short_zh"]
    table["population"] = (short.map(people) * 10_000).round().astype(int)
    table["goods_trade_1e8yuan"] = short.map(trade_value)
    return table


def write(table: pd.DataFrame, name: str) -> None:
    """Write one committed table; compressed files carry no time stamp, so they are reproducible."""
    compression = {"method": "gzip", "mtime": 0} if name.endswith(".gz") else None
    table.to_csv(FIGURES / name, index=False, compression=compression, lineterminator="\n")
    print(f"{name}: {len(table)} rows, {(FIGURES / name).stat().st_size // 1024} kB")


def main() -> None:
    """Write every figure."""
    if not ECONOMY.exists():
        sys.exit(f"the source files must lie in {SHARED}, beside the checkout; nothing was found")
    FIGURES.mkdir(exist_ok=True)
    regions = region_table()
    sectors, fine = national_table()
    write(sector_table(sectors), "sectors.csv")
    provincial_2007(regions)
    write(concordance(sectors, fine), "concordance_2007_2020.csv")
    write(national_imports_2007(), "national_imports_2007.csv")
    write(value_added(regions), "value_added_nine_2020.csv")
    write(region_figures(regions), "regions.csv")


if __name__ == "__main__":
    main()
