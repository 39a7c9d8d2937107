"""Which cities belong together? Builds ``groups.csv``: every grouping, every city in one group.

Public names
------------
build_groups : lists of clusters and provinces -> grouping, group, group_zh, place, weight, source

Terms
-----
Groupings: ``national_poles`` (four), ``clusters`` (nineteen; the poles among them), ``tiers``,
``air_quality_regions``, ``macro_region``, ``north_south``, ``coast_interior``. A city of no group
is "outside". Weights are 1. In ``clusters`` a city that two plans claim goes to the one named
first below: Yuncheng, Handan, Xingtai, Liaocheng and Heze to the Central Plains; Shangrao, Yingtan
and Fuzhou (Jiangxi) to the Middle Yangtze; Wenzhou to the Western Taiwan Strait.
"""

import json
from pathlib import Path

import pandas as pd

CLUSTERS = {
    "京津冀(10市版)": ("Beijing-Tianjin-Hebei", "京津冀"),
    "长三角(2016规划)": ("Yangtze River Delta", "长三角"),
    "珠三角(9市)": ("Pearl River Delta", "粤港澳大湾区"),
    "成渝": ("Chengdu-Chongqing", "成渝"),
    "中原": ("Central Plains", "中原"),
    "长江中游": ("Middle Yangtze", "长江中游"),
    "关中平原": ("Guanzhong Plain", "关中平原"),
    "北部湾": ("Beibu Gulf", "北部湾"),
    "呼包鄂榆": ("Hohhot-Baotou-Ordos-Yulin", "呼包鄂榆"),
    "哈长": ("Harbin-Changchun", "哈长"),
    "兰西": ("Lanzhou-Xining", "兰西"),
}
ORDER = list(CLUSTERS)
POLES = ("京津冀(10市版)", "长三角(2016规划)", "珠三角(9市)", "成渝")
AIR_QUALITY = {
    "京津冀及周边地区": "Beijing-Tianjin-Hebei and surroundings",
    "长三角地区": "Yangtze River Delta",
    "汾渭平原": "Fenwei Plain",
    "成渝地区": "Chengdu-Chongqing",
    "长江中游城市群": "Middle Yangtze",
    "珠三角地区": "Pearl River Delta",
}
# Members of the Beibu Gulf list that are folded into a city of the network.
FOLDED_MEMBERS = {"东方", "澄迈", "临高", "昌江"}
MACRO = {
    ("East", "东部"): "11 12 13 31 32 33 35 37 44 46",
    ("Central", "中部"): "14 34 36 41 42 43",
    ("West", "西部"): "15 45 50 51 52 53 54 61 62 63 64 65",
    ("Northeast", "东北"): "21 22 23",
}
NORTH = "11 12 13 14 15 21 22 23 37 41 61 62 63 64 65"
COAST = "12 13 21 31 32 33 35 37 44 45 46"
# Capitals of provinces and cities planned apart that lie in no national pole.
REGIONAL_CENTRES = (
    "太原 呼和浩特 沈阳 大连 长春 哈尔滨 福州 厦门 南昌 济南 青岛 郑州 武汉 长沙 南宁 海口 贵阳 "
    "昆明 拉萨 西安 兰州 西宁 银川 乌鲁木齐"
)
CODE_LIST = "list found in public program code; not verified against the plan document"
FROM_MEMORY = "plan document as generally known; not verified"


def build_groups(shared: Path, hand: Path, places: pd.DataFrame) -> pd.DataFrame:
    """Return one row per grouping and city.

    Parameters
    ----------
    shared
        Folder of the source data.
    hand
        Folder of the tables compiled by hand.
    places
        The place table with ``name_zh`` and ``name_zh_full``.
    """
    code = {short: key for key, short in places["name_zh"].items()}
    code |= {full: key for key, full in places["name_zh_full"].items()}

    def keys(names: list[str]) -> list[str]:
        if unknown := [n for n in names if n not in code and n not in FOLDED_MEMBERS]:
            raise ValueError(f"group members that are no city: {unknown}")
        return [code[n] for n in names if n in code]

    rows: dict[tuple[str, str], tuple[str, str, str]] = {}

    def put(grouping: str, group: tuple[str, str], members: list[str], source: str) -> None:
        for place in members:
            rows.setdefault((grouping, place), (*group, source))

    listed = pd.read_csv(shared / "city/city_clusters_11.csv").groupby("cluster")["city_zh"]
    members = {name: keys(list(cities)) for name, cities in listed}
    hebei = [key for key in places.index if key[:2] in ("11", "12", "13")]
    for name in POLES:
        whole = name == POLES[0]
        source = "whole of the three provinces (outline of 2015); not verified" if whole else ""
        put(
            "national_poles", CLUSTERS[name], hebei if whole else members[name], source or CODE_LIST
        )
    memory = pd.read_csv(hand / "clusters_more.csv")
    put("clusters", CLUSTERS["中原"], members["中原"], CODE_LIST)
    for name in ORDER:
        put("clusters", CLUSTERS[name], members[name], CODE_LIST)
    for group, zh, cities in memory.itertuples(index=False):
        put("clusters", (group, zh), keys(cities.split()), FROM_MEMORY)
    regions = json.loads((shared / "city/mee_168_city_regions.json").read_text("utf-8"))
    for name, english in AIR_QUALITY.items():
        source = "168 key cities of the Ministry of Ecology and Environment"
        put("air_quality_regions", (english, name), keys(regions[name]), source)
    poles = [place for grouping, place in rows if grouping == "national_poles"]
    put("tiers", ("National pole", "国家级增长极"), poles, "grouping national_poles")
    centres = "capitals of provinces and cities planned apart, outside the poles; assumption"
    put("tiers", ("Regional centre", "区域中心城市"), keys(REGIONAL_CENTRES.split()), centres)
    put("tiers", ("Other city", "其他城市"), list(places.index), "all others")
    for place in places.index:
        province = place[:2]
        macro = next(group for group, text in MACRO.items() if province in text.split())
        north = ("North", "北方") if province in NORTH.split() else ("South", "南方")
        coast = ("Coast", "沿海") if province in COAST.split() else ("Interior", "内陆")
        put("macro_region", macro, [place], "four economic regions, National Bureau of Statistics")
        put("north_south", north, [place], "Qinling-Huaihe line, whole provinces")
        put("coast_interior", coast, [place], "provinces with a sea coast; Beijing has none")
    for grouping in ("national_poles", "clusters", "air_quality_regions"):
        put(grouping, ("outside", "其他"), list(places.index), "in no group")
    table = pd.DataFrame(
        [(g, *values[:2], place, 1.0, values[2]) for (g, place), values in rows.items()],
        columns=["grouping", "group", "group_zh", "place", "weight", "source"],
    )
    return table.sort_values(["grouping", "place"], kind="stable", ignore_index=True)
