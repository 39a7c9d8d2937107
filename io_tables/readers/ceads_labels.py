"""What rows and columns of a Chinese input-output table are called, in English and in Chinese.

Public names:
- `kind_of`: industry, final, exports, discrepancy, output, imports, primary, stressor, total, note.
- `category_name`, `primary_name`: English names by code, else the source's own.
- `canonical_sectors`: the 42 sectors of the national table by their English or Chinese name.
- `canonical_provinces`: English names of provinces, with codes and Chinese names.

Codes are those of the national tables: two digits for sectors, FU for final use, EX, IM, ERR, GO,
VA001 to VA004, and TIU, TFU, TII, TVA, TI for totals. A name that is not known stays what it is.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal

from io_tables.container.flow_inputs import Coords
from io_tables.errors import UnreadableTable
from io_tables.labels import shown
from io_tables.regions import fold_name, place_spellings

_KINDS: Final = {
    "EX": "exports", "EXP": "exports", "ERR": "discrepancy", "OTH": "discrepancy",
    "OTHER": "discrepancy", "OTHERS": "discrepancy", "GO": "output", "X": "output", "IM": "imports",
    "TIU": "total", "TFU": "total", "TC": "total", "THC": "total", "GCF": "total", "TII": "total",
    "TVA": "total", "TI": "total", "TFC": "total",
}  # fmt: skip
_WORDS: Final = (
    ("discrepancy", ("error", "other", "others", "其他", "误差")),
    ("total", ("total", "合计", "check", "proportion", "gross input", "总投入", "检验")),
    ("output", ("gross output", "总产出", "output")),
    ("exports", ("export", "出口")),
    ("imports", ("import", "进口")),
    ("final", (
        "household consumption", "government consumption", "capital formation", "inventor",
        "居民消费", "政府消费", "资本形成", "存货",
    )),
    ("primary", (
        "compensation of employees", "conpensation", "net taxes on production", "depreciation",
        "operating surplus", "operationg surplus", "劳动者报酬", "生产税净额", "固定资产折旧",
        "营业盈余",
    )),
    ("stressor", ("co2", "emission", "排放")),
)  # fmt: skip
_CATEGORIES: Final = {
    "FU101": "rural household consumption",
    "FU102": "urban household consumption",
    "FU103": "government consumption",
    "FU201": "fixed capital formation",
    "FU202": "inventory change",
}
_CHINESE: Final = {
    "农村居民消费": "FU101", "城镇居民消费": "FU102", "政府消费": "FU103",
    "固定资本形成": "FU201", "存货": "FU202",
}  # fmt: skip
_PRIMARIES: Final = {
    "VA001": "compensation of employees",
    "VA002": "net taxes on production",
    "VA003": "depreciation of fixed capital",
    "VA004": "operating surplus",
}


def kind_of(code: str, name: str, side: Literal["row", "column"]) -> str:
    """Return what a row or column is, by its code or else its name."""
    if re.fullmatch(r"\d{2}", code):
        return "industry"
    if re.fullmatch(r"FU\d{3}", code):
        return "final" if side == "column" else "note"
    if re.fullmatch(r"VA0*[1-4]", code):
        return "primary" if side == "row" else "total"
    if code in _KINDS:
        return _KINDS[code]
    text = name.casefold()
    if not text:
        return "note"
    # a check column says "gross output check", a total "total final use": totals come first
    for kind in ("total", "discrepancy", "output", "exports", "imports", "final", "primary"):
        words = dict(_WORDS)[kind]
        if kind == "discrepancy":
            found = text in words or any(w in text for w in ("error", "误差"))
        else:
            found = any(word in text for word in words)
        if found:
            return kind
    return (
        "stressor" if side == "row" and any(w in text for w in dict(_WORDS)["stressor"]) else "note"
    )


def category_name(code: str, name: str) -> str:
    """Return the English name of a kind of final demand."""
    by_name = next((c for text, c in _CHINESE.items() if text in name), code)
    return _CATEGORIES.get(by_name, " ".join(name.split()) or code)


def primary_name(code: str, name: str) -> str:
    """Return the English name of a kind of value added."""
    digits = re.sub(r"\D", "", code)
    key = f"VA00{int(digits)}" if code.startswith("VA") and digits else ""
    return _PRIMARIES.get(key, " ".join(name.split()) or code)


def _fold(name: str) -> str:
    text = re.sub(r"[^\w]|_", "", name.casefold())
    return re.sub(r"(产品和服务|和服务|服务|产品|业)$", "", text) or text


@lru_cache(maxsize=1)
def _sectors() -> MappingProxyType[str, tuple[str, str, str]]:
    """(English name, code, Chinese name) by folded English and Chinese name."""
    rows = _figures("sectors.csv")
    found: dict[str, tuple[str, str, str]] = {}
    for row in rows:
        entry = (row["sector"], row["sector_code"], row["sector_zh"])
        for name in (row["sector"], row["sector_zh"]):
            found[_fold(name)] = entry
    return MappingProxyType(found)


def _figures(name: str) -> list[dict[str, str]]:
    text = files("io_tables").joinpath("china", "figures", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def canonical_sectors(by_code: dict[str, str]) -> tuple[dict[str, str], Coords]:
    """Return sector labels by the source's codes, and coordinates with codes and Chinese names.

    A sector is known by its English or Chinese name, never by its code alone; other sectors keep
    the name of the source.

    Raises
    ------
    UnreadableTable
        When two codes have the same name.
    """
    known = _sectors()
    entries = {code: known.get(_fold(name)) for code, name in by_code.items()}
    labels = {
        code: entry[0] if entry else " ".join(by_code[code].split()) or code
        for code, entry in entries.items()
    }
    twice = [code for code in labels if list(labels.values()).count(labels[code]) > 1]
    if twice:
        names = shown(f"{code} {labels[code]}" for code in twice)
        raise UnreadableTable(f"sectors with different codes have one name: {names}")
    coords: dict[str, tuple[str, list[object]]] = {"sector_code": ("sector", list(labels))}
    chinese = [entry[2] if entry else "" for entry in entries.values()]
    if all(chinese):
        coords["sector_zh"] = ("sector", list(chinese))
    return labels, coords


def canonical_provinces(provinces: list[str]) -> tuple[dict[str, str], Coords, str]:
    """Return English names by the source's, coordinates, and a note on names that changed.

    Raises
    ------
    UnreadableTable
        When two names stand for one province.
    """
    spellings = place_spellings()
    details = {row["region"]: row for row in _figures("regions.csv")}
    names = {p: spellings.get(fold_name(p), p) for p in provinces}
    twice = [p for p in provinces if list(names.values()).count(names[p]) > 1]
    if twice:
        raise UnreadableTable(f"names that stand for one province: {shown(twice)}")
    changed = [f"{p} as {name}" for p, name in names.items() if p != name]
    note = f"provinces are named in English: {shown(changed)}" if changed else ""
    if not all(name in details for name in names.values()):
        return names, {}, note
    coords: dict[str, tuple[str, list[object]]] = {
        key: ("region", [details[name][key] for name in names.values()])
        for key in ("region_code", "region_zh")
    }
    return names, coords, note
