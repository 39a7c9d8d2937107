"""Edits as planners say them in Chinese: "成都-重庆提速到350公里/小时", "关闭大兴机场".

Public names
------------
edit_from_chinese : the edit of a sentence, None where it is no such sentence
FORMS_ZH : the sentences that are understood

Terms
-----
Places are joined by a dash or by 至. Names of places may be in English too, and keys.
"""

import re

from networks.patches import Edit, make_edit

FORMS_ZH = (
    "A-B[-C ...][的方式]提速到V公里/小时[,改为方式]",
    "线路NAME提速到V公里/小时[,改为方式]",
    "关闭A-B[-C ...][的方式]",
    "关闭线路NAME",
    "关闭NAME机场",
    "关闭NAME站",
    "新建A-B[-C ...]方式,时速V公里,每天N列[,名为NAME]",
)
MODES_ZH = {
    "高速铁路": "rail_hsr",
    "高铁": "rail_hsr",
    "普速铁路": "rail_conventional",
    "普铁": "rail_conventional",
    "铁路": "rail_conventional",
    "高速公路": "road",
    "公路": "road",
    "轮渡": "ferry",
    "航线": "air",
    "航空": "air",
    "航班": "air",
}
MODE = "(?:" + "|".join(MODES_ZH) + ")"
NUMBER = r"(\d+(?:\.\d+)?)"
SPEED = rf"(?:时速)?\s*{NUMBER}\s*(?:公里|千米|km)(?:\s*(?:/|每)\s*(?:小时|h))?"
UPGRADE = re.compile(
    rf"(?:将|把)?\s*(?:(?P<line>线路)\s*(?P<name>.+?)|(?P<what>.+?)\s*(?:的?(?P<mode>{MODE}))?)\s*"
    rf"提速(?:到|至|为)\s*{SPEED}(?:\s*[,，]?\s*改为\s*(?P<to>{MODE}))?",
    re.IGNORECASE,
)
CLOSE = re.compile(
    r"(?:关闭|停用)\s*(?:(?P<line>线路)\s*(?P<name>.+)|机场\s*(?P<airport>.+)|车站\s*(?P<station>.+)"
    rf"|(?P<field>.+?)\s*机场|(?P<stop>[^-–—－]+?)\s*车?站|(?P<what>.+?)\s*(?:的?(?P<mode>{MODE}))?)"
)
BUILD = re.compile(
    rf"(?:新建|修建)\s*(?P<what>.+?)\s*的?(?P<mode>{MODE})\s*[,，]\s*{SPEED}\s*[,，]\s*"
    rf"每[天日]\s*{NUMBER}\s*(?:列|班|趟|对)(?:\s*[,，]\s*(?:名为|称为|叫)\s*(?P<name>.+))?",
    re.IGNORECASE,
)


def _stops(text: str) -> list[str]:
    if re.search(r"\s[-–—－]\s", text):
        parts = re.split(r"\s[-–—－]\s", text)
    else:
        parts = re.split(r"[-–—－至]", text)
    return [p.strip() for p in parts if p.strip()]


def edit_from_chinese(sentence: str) -> Edit | None:
    """Return the edit of a sentence of ``FORMS_ZH``; None where it is of none of these forms."""
    if match := UPGRADE.fullmatch(sentence):
        says: dict[str, object] = {"speed_kmh": float(match[5])}
        says |= {"line": match["name"]} if match["line"] else {"between": _stops(match["what"])}
        optional = {"mode": match["mode"], "to": match["to"]}
        return make_edit("upgrade", says | {k: MODES_ZH[v] for k, v in optional.items() if v})
    if match := BUILD.fullmatch(sentence):
        says = {
            "mode": MODES_ZH[match["mode"]],
            "stops": _stops(match["what"]),
            "speed_kmh": float(match[3]),
            "trains_per_day": float(match[4]),
            "name": match["name"],
        }
        return make_edit("add_line", says)
    match = CLOSE.fullmatch(sentence)
    if match is None:
        return None
    if match["line"]:
        return make_edit("close", {"line": match["name"]})
    if airport := match["airport"] or match["field"]:
        return make_edit("close", {"node": airport, "kind": "airport"})
    if station := match["station"] or match["stop"]:
        return make_edit("close", {"node": station, "kind": "station"})
    stops = _stops(match["what"])
    mode = {"mode": MODES_ZH[match["mode"]]} if match["mode"] else {}
    return make_edit("close", {"between": stops, **mode}) if len(stops) > 1 else None
