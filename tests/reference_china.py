"""Slow twin of the Chinese estimate's fits: plain loops, nothing imported from the project."""

from __future__ import annotations

import csv
from pathlib import Path

FIGURES = Path(__file__).resolve().parents[1] / "io_tables" / "china" / "figures"


def ras(
    prior: list[list[float]], rows: list[float], columns: list[float], sweeps: int = 2000
) -> list[list[float]]:
    """Scale rows, then columns, again and again."""
    cells = [list(row) for row in prior]
    for _ in range(sweeps):
        for i, row in enumerate(cells):
            total = sum(row)
            factor = rows[i] / total if total else 0.0
            cells[i] = [value * factor for value in row]
        worst = 0.0
        for j, wanted in enumerate(columns):
            total = sum(row[j] for row in cells)
            factor = wanted / total if total else 0.0
            worst = max(worst, abs(factor - 1.0)) if total else worst
            for row in cells:
                row[j] *= factor
        if worst < 1e-14:
            break
    return cells


def gravity(
    supply: list[float], use: list[float], own: list[float], cost: list[list[float]], decay: float
) -> list[list[float]]:
    """Own flows as given, the rest doubly constrained with a zero diagonal."""
    n = len(supply)
    kernel = [[0.0 if i == j else cost[i][j] ** -decay for j in range(n)] for i in range(n)]
    rest = ras(
        kernel,
        [a - b for a, b in zip(supply, own, strict=True)],
        [a - b for a, b in zip(use, own, strict=True)],
    )
    for i in range(n):
        rest[i][i] = own[i]
    return rest


def rows_of(name: str) -> list[dict[str, str]]:
    """Rows of a committed figure, as text."""
    with (FIGURES / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def national_rows(origin: str) -> list[dict[str, str]]:
    """The 42 rows of the official table with this origin."""
    return [row for row in rows_of("national_2020.csv") if row["origin"] == origin]
