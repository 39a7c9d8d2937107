"""The verb ``table template``: an empty workbook or folder that becomes a table when filled.

Owns the question: where do which numbers go?

Public names
------------
``template``    write it; the exit code

Sheets are named and laid out as `io_tables.readers` reads them: Z and Y with two header rows and
two label columns, accounts of industries as one row or column. Accounts that many economies lack
or few sources tell (imports, exports, taxes) hold zeros until they are filled.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from io_tables.extras import require
from io_tables.labels import duplicates, shown
from model.cli.output import beside, check_target
from model.cli.text import aligned, write
from model.errors import ScenarioError
from model.scenario_file.checks import near

__all__ = ["template"]

LIMIT: Final = 16_000
"""Columns a sheet of a workbook can hold, about."""
MEANING: Final = {
    "Z": "what industries (rows) sell to industries (columns), domestic products only",
    "Y": "what industries (rows) sell to final demand, domestic products only",
    "x": "output; leave the sheet out and it is what the rows sum to",
    "va": "value added by kind; rows may be renamed and added",
    "imports": "imported inputs by industry, in total; rows may be products instead",
    "final_imports": "imports for final use, in total; rows may be products instead",
    "exports": "exports by producing industry",
    "taxes": "net taxes on products used as inputs, by industry",
    "discrepancy": "what the source leaves between deliveries and output",
    "population": "persons",
    "employment": "persons",
}
ZEROS: Final = frozenset(("imports", "final_imports", "exports", "taxes", "discrepancy"))
"""Sheets that may stay as they are."""
PRIMARIES: Final = ("compensation of employees", "other value added")
Rows = list[list[str]]


def template(
    target: Path,
    *,
    regions: str,
    sectors: str,
    categories: str,
    sheets: str = "va,imports,exports",
    replace: bool = False,
) -> int:
    """Write an empty workbook (.xlsx) or a folder of CSV files.

    Raises
    ------
    ScenarioError
        For names that are missing or told twice, and sheets that are none.
    OutputRefused
        When it cannot be written there.
    """
    if target.suffix not in ("", ".xlsx"):
        raise ScenarioError(
            f"{target}: a template is a workbook (.xlsx) or a folder (a name without suffix)"
        )
    names = {
        what: _names(words, what)
        for what, words in (("regions", regions), ("sectors", sectors), ("categories", categories))
    }
    wanted = _sheets(sheets)
    columns = len(names["regions"]) * max(len(names["sectors"]), len(names["categories"]))
    if target.suffix and columns > LIMIT:
        raise ScenarioError(f"{columns} columns do not fit a workbook; write a folder instead")
    check_target(target, replace=replace)
    pages = {sheet: _page(sheet, **names) for sheet in wanted}
    about = _about(wanted)
    with beside(target, replace=replace) as made:
        if target.suffix:
            _write_book(made, {"about": about, **pages})
        else:
            _write_folder(made, {"about": about, **pages})
    write(*aligned(("sheet", "holds"), [(sheet, MEANING[sheet]) for sheet in wanted], left=2), "")
    write(
        f"{target}: fill it, then  hinterland table check {target}",
        "write 0 where nothing flows; delete a sheet (not Z or Y) for which you have no figures",
    )
    return 0


def _names(words: str, what: str) -> list[str]:
    """Names from a list with commas, or from the lines of a file."""
    path = Path(words)
    if path.suffix in (".txt", ".csv") or path.is_file():
        try:
            parts = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError(f"--{what}: {path} cannot be read: {error}") from error
    else:
        parts = words.split(",")
    names = [part.strip() for part in parts if part.strip()]
    if not names:
        raise ScenarioError(f"--{what} must name at least one")
    twice = duplicates(names)
    if twice:
        raise ScenarioError(f"--{what} must name each once, found twice: {shown(twice)}")
    return names


def _sheets(words: str) -> list[str]:
    names = [part.strip() for part in words.split(",") if part.strip()]
    for name in names:
        if name not in MEANING:
            raise ScenarioError(f"--sheets: there is no sheet {name!r}{near(name, MEANING)}")
    return [name for name in MEANING if name in ("Z", "Y", *names)]


def _page(
    sheet: str, *, regions: Sequence[str], sectors: Sequence[str], categories: Sequence[str]
) -> Rows:
    """Heads and labels of one sheet, numbers left blank."""
    industries = [(r, s) for r in regions for s in sectors]
    final = [(r, c) for r in regions for c in categories]
    across = {"Z": industries, "Y": final, "final_imports": final}.get(sheet, industries)
    empty = "0" if sheet in ZEROS else ""
    blanks = [empty] * len(across)
    if sheet in ("Z", "Y"):
        heads = [["", "", *(r for r, _ in across)], ["region", "sector", *(s for _, s in across)]]
        return heads + [[r, s, *blanks] for r, s in industries]
    if sheet in ("va", "imports", "final_imports"):
        rows = PRIMARIES if sheet == "va" else ("imports",)
        heads = [["", *(r for r, _ in across)], ["kind", *(s for _, s in across)]]
        return heads + [[name, *blanks] for name in rows]
    if sheet in ("population", "employment"):
        return [["region", sheet], *([r, ""] for r in regions)]
    return [["region", "sector", sheet], *([r, s, empty] for r, s in industries)]


def _about(wanted: Sequence[str]) -> Rows:
    rows = [["key", "value"], ["name", "my table"], ["units", "million EUR 2020"], ["year", "2020"]]
    rows += [["help", f"{sheet}: {MEANING[sheet]}"] for sheet in wanted]
    rows += [["help", "write 0 where nothing flows; all money in one unit, at basic prices"]]
    return rows


def _write_folder(folder: Path, pages: dict[str, Rows]) -> None:
    folder.mkdir()
    for name, rows in pages.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows(rows)


def _write_book(path: Path, pages: dict[str, Rows]) -> None:
    openpyxl = require("openpyxl", "excel", "writing a workbook")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in pages.items():
        sheet = book.create_sheet(name)
        for n, row in enumerate(rows, 1):
            for k, text in enumerate(row, 1):
                if text:
                    cell = sheet.cell(n, k, 0 if text == "0" and name in ZEROS else text)
                    if text.startswith("="):  # a label, never a formula
                        cell.data_type = "s"
        if name != "about":
            heads = 2 if name in ("Z", "Y", "va", "imports", "final_imports") else 1
            labels = 2 if rows[heads - 1][:2] == ["region", "sector"] else 1
            sheet.freeze_panes = sheet.cell(heads + 1, labels + 1)
        for k in (1, 2):
            width = max(len(row[k - 1]) for row in rows[:200] if len(row) >= k)
            sheet.column_dimensions["AB"[k - 1]].width = min(60, width + 2)
    book.save(path)
