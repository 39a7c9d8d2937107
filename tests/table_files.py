"""World and provincial tables as their publishers print them, small, for tests of the readers."""

from __future__ import annotations

import csv

import numpy as np
import openpyxl

PROVINCES = [("Beijing", "北京"), ("Inner Mongolia", "内蒙古"), ("Shaanxi", "陕西")]
SECTORS = [
    ("01", "Agriculture, Forestry, Animal Husbandry and Fishery", "农林牧渔产品和服务"),
    ("02", "Mining and washing of coal", "煤炭采选产品"),
    ("03", "Extraction of something unheard of", "闻所未闻"),
    ("04", "Construction", "建筑"),
]
FINAL = [
    ("FU101", "Rural household consumption", "农村居民消费支出"),
    ("FU102", "Urban household consumption", "城镇居民消费支出"),
    ("FU103", "Government consumption", "政府消费支出"),
    ("FU201", "Fixed capital formation", "固定资本形成总额"),
    ("FU202", "Changes in inventories", "存货变动"),
]
ADDED = [
    ("VA001", "Conpensation of employees", "劳动者报酬"),
    ("VA002", "Net taxes on production", "生产税净额"),
    ("VA003", "Depreciation on the fixed capital", "固定资产折旧"),
    ("VA004", "Operationg surplus", "营业盈余"),
]


def economy(seed=0, regions=3, sectors=4, finals=5):
    """Flows, final demand by place of use, exports, errors, imports, value added, in balance."""
    rng = np.random.default_rng(seed)
    n = regions * sectors
    flows = rng.gamma(0.8, 10.0, (n, n)).round(2)
    final = rng.gamma(0.8, 30.0, (n, regions * finals)).round(2)
    exports = rng.gamma(0.8, 20.0, n).round(2)
    errors = rng.normal(0.0, 3.0, n).round(2)
    output = flows.sum(axis=1) + final.sum(axis=1) + exports + errors
    imports = (0.05 * output).round(2)
    rest = output - flows.sum(axis=0) - imports
    added = np.stack([0.4 * rest, 0.1 * rest, 0.2 * rest, 0.3 * rest])
    return {
        "flows": flows, "final": final, "exports": exports, "errors": errors, "output": output,
        "imports": imports, "added": added,
    }  # fmt: skip


def ceads_rows(e, *, chinese=False, by_product=False, sign=1):
    """Rows of the sheet, with the quirks of the workbooks; provinces are blank where merged."""
    name = 2 if chinese else 1
    provinces = [p[1 if chinese else 0] for p in PROVINCES]
    S, F, n = len(SECTORS), len(FINAL), len(PROVINCES) * len(SECTORS)
    word = (lambda en, zh: zh) if chinese else (lambda en, zh: en)
    tail = [
        (word("Export", "出口"), "EX"), (word("Total Final Use", "最终使用合计"), "TFU"),
        (word("Errors", "其他"), "ERR"), (word("Gross Output", "总产出"), "GO"),
        (word("Proportion of errors in gross output (less than 5%)", "误差合计比例"), ""),
        (word("Gross Output Check", "检验"), ""),
    ]  # fmt: skip
    merged = [x for p in provinces for x in [p, *[None] * (S - 1)]]
    merged_final = [x for p in provinces for x in [p, *[None] * (F - 1)]]
    pad = [None] * len(tail)
    rows = [
        [f"{word('MRIO table of China', '中国多区域投入产出表')} 2020 "
         f"({word('unit: 10,000 yuan', '单位：万元')})"],
        [None, None, None, *merged, None, *merged_final, *pad],
        [None, None, None, *[s[name] for _ in provinces for s in SECTORS],
         word("Total intermediate use", "中间使用合计"),
         *[f[name] for _ in provinces for f in FINAL], *[t[0] for t in tail]],
        [None, None, None, *[s[0] for _ in provinces for s in SECTORS], "TIU",
         *[f[0] for _ in provinces for f in FINAL], *[t[1] for t in tail]],
    ]  # fmt: skip
    for k in range(n):
        r, i = divmod(k, S)
        use = e["final"][k].sum() + e["exports"][k]
        rows.append([
            provinces[r] if i == 0 else None, SECTORS[i][name], int(SECTORS[i][0]),
            *e["flows"][k], e["flows"][k].sum(), *e["final"][k], e["exports"][k], use,
            sign * e["errors"][k], e["output"][k], e["errors"][k] / e["output"][k], 0.0,
        ])  # fmt: skip
    blank = [None] * (len(rows[-1]) - 3 - n)
    if by_product:
        share = np.array([0.5, 0.25, 0.125, 0.125])
        for i, sector in enumerate(SECTORS):
            rows.append([word("Import", "进口") if i == 0 else None, sector[name], sector[0],
                         *(share[i] * e["imports"]), 0.0,
                         *[1.0 + i] * (len(PROVINCES) * F)])  # fmt: skip
    else:
        rows.append([None, word("Imports", "进口"), "IM", *e["imports"], *blank])
    total = e["flows"].sum(axis=0) + e["imports"]
    rows.append([None, word("Total Intermediate Input", "中间投入合计"), "TII", *total, *blank])
    for (code, *names), values in zip(ADDED, e["added"], strict=True):
        rows.append([None, names[name - 1], code, *values, *blank])
    rows.append(
        [None, word("Total Value Added", "增加值合计"), "TVA", *e["added"].sum(axis=0), *blank]
    )
    rows.append([None, word("Total Input", "总投入"), "TI", *e["output"], *blank])
    rows.append([])
    rows.append([None, "CO2 (Mt)", None, *(0.001 * e["output"])])
    rows.append([word("Note: errors are the difference of rows", "注：其他为误差项")])
    return rows


def write_ceads(path, rows, sheet="Table_2020", others=("Note",), merge=True):
    book = openpyxl.Workbook()
    book.active.title = others[0]
    book.active.append(["Please cite the paper."])
    sheet_ = book.create_sheet(sheet)
    for row in rows:
        sheet_.append([v.item() if isinstance(v, np.generic) else v for v in row])
    if merge:
        S = len(SECTORS)
        for r in range(len(PROVINCES)):
            sheet_.merge_cells(start_row=2, end_row=2, start_column=4 + r * S,
                               end_column=3 + (r + 1) * S)  # fmt: skip
            sheet_.merge_cells(start_column=1, end_column=1, start_row=5 + r * S,
                               end_row=4 + (r + 1) * S)  # fmt: skip
    book.save(path)
    return path


def closed(seed=0, regions=("AUS", "AUT", "ROW"), sectors=("A01", "C10-C12"), finals=5):
    """A world without imports from elsewhere: rows and columns balance."""
    rng = np.random.default_rng(seed)
    n = len(regions) * len(sectors)
    flows = rng.gamma(0.8, 10.0, (n, n))
    final = rng.gamma(0.8, 30.0, (n, len(regions) * finals)) + 5.0
    output = flows.sum(axis=1) + final.sum(axis=1)
    taxes = 0.01 * output
    taxes_final = 0.02 * final.sum(axis=0)
    added = output - flows.sum(axis=0) - taxes
    return {
        "regions": list(regions), "sectors": list(sectors), "flows": flows, "final": final,
        "output": output, "taxes": taxes, "taxes_final": taxes_final, "added": added,
        "industries": [(r, s) for r in regions for s in sectors],
    }  # fmt: skip


def write_matrix(path, w, finals, below, *, total=None, reverse=False, corner=""):
    """A matrix in CSV: labels <region>_<code>, rows of `below` under the flows."""
    labels = [f"{r}_{s}" for r, s in w["industries"]]
    columns = [f"{c}_{r}" if reverse else f"{r}_{c}" for r in w["regions"] for c in finals]
    with path.open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines)
        out.writerow([corner, *labels, *columns, *([total] if total else [])])
        for k, label in enumerate(labels):
            end = [w["output"][k]] if total else []
            out.writerow([label, *w["flows"][k], *w["final"][k], *end])
        for label, values, final in below:
            out.writerow([label, *values, *final, *([sum(values)] if total else [])])
    return path


def wiod_rows(w, *, release=2016, rounded=False):
    """Rows of a WIOD sheet: header rows, flows, and the rows below."""
    S = len(w["sectors"])
    first = 57 if release == 2016 else 37
    finals = ["CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN"]
    names = ["Households", "Non-profit", "Government", "Capital", "Inventories"]
    n, K = len(w["industries"]), len(w["regions"]) * 5
    flows, final = (np.rint(w[k]) if rounded else w[k] for k in ("flows", "final"))
    out = np.rint(w["output"]) if rounded else w["output"]
    year = 2014 if release == 2016 else 2011
    rows = [
        [f"Intercountry Input-Output Table {year}"],
        ["current prices"],
        ["(industry-by-industry)", None, None, None, *[s for _, s in w["industries"]],
         *(finals if release == 2016 else [None] * 5) * len(w["regions"]), "GO"],
        ["(millions of US$)", None, None, None, *[f"name of {s}" for _, s in w["industries"]],
         *names * len(w["regions"]), "Total output"],
        [None, None, None, None, *[r for r, _ in w["industries"]],
         *[r for r in w["regions"] for _ in range(5)], "TOT"],
        [None, None, None, None, *[f"c{k % S + 1}" for k in range(n)],
         *[f"c{first + k}" for k in range(5)] * len(w["regions"]), f"c{first + 5}"],
    ]  # fmt: skip
    for k, (region, sector) in enumerate(w["industries"]):
        rows.append(
            [sector, f"name of {sector}", region, f"r{k % S + 1}", *flows[k], *final[k], out[k]]
        )
    zero, none = [0.0] * n, [0.0] * K
    below = [
        ("II_fob", "Total intermediate consumption", flows.sum(axis=0), none),
        ("TXSP", "taxes less subsidies on products", w["taxes"], w["taxes_final"]),
        ("EXP_adj", "Cif/ fob adjustments on exports", zero, none),
        ("PURR", "Direct purchases abroad by residents", zero, [1.0, *none[1:]]),
        ("PURNR", "Purchases on the domestic territory by non-residents ", zero, none),
        ("VA", "Value added at basic prices", w["added"] - 0.5, none),
        ("IntTTM", "International Transport Margins", [0.5] * n, none),
        ("GO", "Output at basic prices", w["output"], none),
    ]
    for k, (code, name, values, ends) in enumerate(below):
        rows.append(
            [code if release == 2016 else None, name, "TOT", f"r{65 + k}", *values, *ends, None]
        )
    return rows


def write_book(path, rows, sheet):
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append([v.item() if isinstance(v, np.generic) else v for v in row])
    book.save(path)
    return path
