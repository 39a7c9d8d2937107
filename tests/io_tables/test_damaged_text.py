"""Text files and folders that are cut, shuffled, doubled, not numbers, wrongly encoded or huge."""

from __future__ import annotations

import csv
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from table_files import closed, wiod_rows, write_matrix
from tables import full_table

from io_tables.errors import TableError
from io_tables.readers import read_table, write_table
from io_tables.table import RegionalTable
from io_tables.testing import random_table

FIGARO = ["P3_S13", "P3_S14", "P3_S15", "P51G", "P5M"]


def figaro_matrix(folder: Path) -> Path:
    w = closed(regions=("AT", "DE", "FIGW1"), sectors=("A01", "C10T12"))
    below = [("W2_D21X31", w["taxes"], w["taxes_final"]), ("W2_D1", w["added"], [0.0] * 15)]
    path = folder / "matrix_eu-ic-io_ind-by-ind_24ed_2020.csv"
    return write_matrix(path, w, FIGARO, below, corner="rowLabels")


def figaro_flat(folder: Path) -> Path:
    w = closed(regions=("AT", "DE", "FIGW1"), sectors=("A01", "C10T12"))
    columns = [*w["industries"], *((r, c) for r in w["regions"] for c in FIGARO)]
    rows = [(*w["industries"][k], [*w["flows"][k], *w["final"][k]]) for k in range(6)]
    rows.append(("W2", "D21X31", [*w["taxes"], *w["taxes_final"]]))
    rows.append(("W2", "D1", [*w["added"], *[0.0] * 15]))
    path = folder / "flatfile_eu-ic-io_ind-by-ind_2020.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines)
        out.writerow(["icioiRow", "icioiCol", "refArea", "rowPi", "counterpartArea", "colPi",
                      "unit", "obsValue"])  # fmt: skip
        for area, code, values in rows:
            for (buyer, column), value in zip(columns, values, strict=True):
                out.writerow(["", "", area, code, buyer, column, "MIO_EUR", value])
    return path


def wiod_csv(folder: Path) -> Path:
    w = closed()
    path = folder / "WIOT2014_October16_ROW.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines)
        columns = [f"v{r}{k + 1}" for r in w["regions"] for k in range(2)]
        columns += [f"v{r}{3 + c}" for r in w["regions"] for c in range(5)]
        head = ["IndustryCode", "IndustryDescription", "Country", "RNr", "Year"]
        out.writerow([*head, *columns, "TOT"])
        for k, row in enumerate(wiod_rows(w)[6:]):
            number = k % 2 + 1 if k < 6 else 65 + k
            out.writerow([*row[:3], number, 2014, *row[4:-1], row[-1] or 0])
    return path


def tidy(folder: Path) -> Path:
    return write_table(full_table(), folder / "long.csv")


def csv_folder(folder: Path) -> Path:
    return write_table(full_table(), folder / "folder")


def pymrio_folder(folder: Path) -> Path:
    return write_table(random_table(1, 2, 3, kind="explicit"), folder / "mrio", "pymrio")


MADE = [figaro_matrix, figaro_flat, wiod_csv, tidy, csv_folder, pymrio_folder]


def texts(path: Path) -> list[Path]:
    """Files of numbers of a table, the largest two first."""
    if path.is_file():
        return [path]
    found = [p for p in path.rglob("*") if p.suffix in (".csv", ".txt") and p.stem != "about"]
    return sorted(found, key=lambda p: -p.stat().st_size)[:2]


def damages(content: bytes, rng: np.random.Generator) -> dict[str, bytes]:
    lines = content.decode("utf-8").splitlines(keepends=True)
    head = next(k for k, line in enumerate(lines) if not line.startswith("#")) + 2
    body = lines[head:]
    at = int(rng.integers(len(body)))
    cells = body[at].rstrip("\n").split("\t" if "\t" in body[at] else ",")
    mark = "\t" if "\t" in body[at] else ","
    word = mark.join([*cells[:-1], "n.a."]) + "\n"
    shuffled = list(body)
    rng.shuffle(shuffled)

    def text(new: list[str]) -> bytes:
        return "".join([*lines[:head], *new]).encode()

    return {
        "empty": b"",
        "header only": "".join(lines[:head]).encode(),
        "cut early": content[: len(content) // 4],
        "cut late": content[: int(0.9 * len(content))],
        "a row gone": text([*body[:at], *body[at + 1 :]]),
        "a row twice": text([*body[: at + 1], *body[at:]]),
        "rows shuffled": text(shuffled),
        "a word for a number": text([*body[:at], word, *body[at + 1 :]]),
        "a longer row": text([*body[:at], body[at].rstrip("\n") + f"{mark}1{mark}2\n"]),
        "infinity": text([*body[:at], mark.join([*cells[:-1], "inf"]) + "\n", *body[at + 1 :]]),
        "utf-16": content.decode().encode("utf-16"),
        "foreign bytes": content[: len(content) // 2]
        + b"\xff\xfe\x00"
        + content[len(content) // 2 :],
        "zeros": content[: len(content) // 2] + bytes(64),
    }


def same(found: RegionalTable, good: RegionalTable) -> bool:
    """Whether two tables are one, in whatever order."""
    if sorted(found.labels) != sorted(good.labels):
        return False
    order = good.labels
    return bool(
        np.allclose(found.Z.reindex(index=order, columns=order), good.Z, rtol=1e-9)
        and np.allclose(found.x.reindex(order), good.x, rtol=1e-9)
        and np.allclose(found.f.reindex(order), good.f, rtol=1e-9)
    )


def read_or_message(path: Path) -> tuple[RegionalTable | None, str]:
    try:
        return read_table(path), ""
    except TableError as error:
        return None, str(error)


@pytest.mark.parametrize("make", MADE)
def test_a_damaged_file_is_one_clear_error_or_the_same_table(make, tmp_path):
    good = make(tmp_path)
    table = read_table(good)
    for which in range(len(texts(good))):
        source = texts(good)[which]
        for seed in range(2):
            for name, content in damages(source.read_bytes(), np.random.default_rng(seed)).items():
                work = tmp_path / "work"
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir()
                copy = work / good.name
                if good.is_dir():
                    shutil.copytree(good, copy)
                    (copy / source.relative_to(good)).write_bytes(content)
                else:
                    copy.write_bytes(content)
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    found, message = read_or_message(copy)
                where = f"{source.name}: {name}, seed {seed}"
                assert found is None or same(found, table), where
                assert "\n" not in message


@pytest.mark.parametrize("name", ["t.zarr", "t.csv"])
def test_files_missing_from_a_folder_or_cut_to_nothing_are_named(tmp_path, name):
    path = write_table(full_table(), tmp_path / name)
    parts = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    for part in parts:
        content = part.read_bytes()
        part.write_bytes(content[: len(content) // 2])
        found, message = read_or_message(path)
        assert "\n" not in message
        assert found is None or same(found, full_table()), part.name
        part.write_bytes(content)
    assert same(read_table(path), full_table())


def test_one_endless_line_ends(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("region_from,sector_from,region_to,sector_to,value\n" + "1," * 2_000_000)
    with pytest.raises(TableError, match=r"t\.csv"):
        read_table(path)
