"""Write the groupings of provinces: macro-regions, north and south, coast and interior, poles.

Question owned: which provinces make up the groups that results are summed to? The lists are
administrative and geographical facts; each row says on what its grouping rests.
"""

from __future__ import annotations

import pandas as pd

from io_tables.china.build import HERE, region_table

EAST = "Beijing Tianjin Hebei Shanghai Jiangsu Zhejiang Fujian Shandong Guangdong Hainan"
CENTRAL = "Shanxi Anhui Jiangxi Henan Hubei Hunan"
NORTHEAST = "Liaoning Jilin Heilongjiang"
NORTH = (
    "Beijing Tianjin Hebei Shanxi Inner_Mongolia Liaoning Jilin Heilongjiang Shandong Henan "
    "Shaanxi Gansu Qinghai Ningxia Xinjiang"
)
COAST = "Liaoning Tianjin Hebei Shandong Jiangsu Shanghai Zhejiang Fujian Guangdong Guangxi Hainan"
POLES = {
    ("Beijing-Tianjin-Hebei", "京津冀"): "Beijing Tianjin Hebei",
    ("Yangtze River Delta", "长三角"): "Shanghai Jiangsu Zhejiang Anhui",
    ("Pearl River Delta", "粤港澳大湾区"): "Guangdong",
    ("Chengdu-Chongqing", "成渝"): "Chongqing Sichuan",
}
MACRO = "four economic regions of the National Bureau of Statistics (2011 division)"
HALVES = "Qinling-Huaihe line, whole provinces by their larger part"
SHORE = "provinces with a sea coast; Beijing has none"
PLANS = "regional plans of the State Council, whole provinces; "
PLAN_NOTES = {
    "Pearl River Delta": "all of Guangdong; Hong Kong and Macao lie outside the table",
    "Chengdu-Chongqing": "the plan covers part of both; all of Chongqing and Sichuan stand for it",
}


def main() -> None:
    """Write region_groups.csv."""
    names = list(region_table()["region"])

    def listed(text: str) -> list[str]:
        return [name.replace("_", " ") for name in text.split()]

    def rest(*groups: str) -> list[str]:
        taken = {name for text in groups for name in listed(text)}
        return [name for name in names if name not in taken]

    groups = [
        ("macro_region", "East", "东部", listed(EAST), MACRO),
        ("macro_region", "Central", "中部", listed(CENTRAL), MACRO),
        ("macro_region", "West", "西部", rest(EAST, CENTRAL, NORTHEAST), MACRO),
        ("macro_region", "Northeast", "东北", listed(NORTHEAST), MACRO),
        ("north_south", "North", "北方", listed(NORTH), HALVES),
        ("north_south", "South", "南方", rest(NORTH), HALVES),
        ("coast_interior", "Coast", "沿海", listed(COAST), SHORE),
        ("coast_interior", "Interior", "内陆", rest(COAST), SHORE),
    ]
    groups += [
        ("poles", name, zh, listed(text), PLANS + PLAN_NOTES.get(name, "all of each"))
        for (name, zh), text in POLES.items()
    ]
    rows = [
        (grouping, group, zh, region, source)
        for grouping, group, zh, members, source in groups
        for region in sorted(members, key=names.index)
    ]
    table = pd.DataFrame(rows, columns=["grouping", "group", "group_zh", "region", "source"])
    table.to_csv(HERE / "region_groups.csv", index=False, lineterminator="\n")
    print(table.groupby(["grouping", "group"])["region"].count().to_string())


if __name__ == "__main__":
    main()
