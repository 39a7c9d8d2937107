"""What is asked of a table again and again: linkages, key sectors, every extraction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import xarray as xr

from benchmarks.actors import direct_work, economy_of
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size
from io_tables.table import RegionalTable
from model.extractions import extractions
from model.linkages import linkages
from model.solve import Leontief

Kind = Literal["pooled", "explicit"]
TINY, CHINA = Size(6, 8), Size(31, 42, "quick")
ONE_IN = 20
"""The peer solves for one extraction in so many; its seconds stand for all."""


def _table(kind: Kind) -> Callable[[Setting], RegionalTable]:
    def prepare(setting: Setting) -> RegionalTable:
        table = economy_of(setting).table(kind)
        Leontief(table)  # what a table works out once, when it is first asked for
        return table

    return prepare


def _dense(setting: Setting) -> tuple[FloatArray, FloatArray, FloatArray]:
    table = _table("pooled")(setting)
    return Leontief(table).operator.dense(), np.array(table.x), np.array(table.f)


def _linkages(kind: Kind) -> Actor:
    names = ("backward", "forward", "power_cv", "sensitivity_cv", "total", "pure_total")

    def read(_: Any, found: xr.Dataset) -> Answer:
        columns = [found[name].values.reshape(-1) for name in names]
        scaled = [column / np.abs(column).max() for column in columns]
        return Answer(np.stack(scaled), direct_work(columns[0].size, 0, inverse=True))

    return Actor(_table(kind), linkages, read)


def _linkages_dense() -> Actor:
    def run(given: tuple[FloatArray, FloatArray, FloatArray]) -> list[FloatArray]:
        matrix, x, f = given
        n = len(x)
        inverse = np.linalg.inv(np.eye(n) - matrix)
        supply = inverse * x / x[:, None]
        own = np.diagonal(inverse)
        backward = inverse.sum(axis=0)
        alone = 1.0 / (1.0 - np.diagonal(matrix))
        pure = (backward - own) * f * alone / own + (x / own - f) * alone
        return [
            backward,
            supply.sum(axis=1),
            inverse.std(axis=0, ddof=1) / inverse.mean(axis=0),
            supply.std(axis=1, ddof=1) / supply.mean(axis=1),
            backward / own,
            pure,
        ]

    def read(_: Any, columns: list[FloatArray]) -> Answer:
        return Answer(np.stack([column / np.abs(column).max() for column in columns]))

    return Actor(_dense, run, read)


def _extractions(kind: Kind) -> Actor:
    def read(_: Any, found: xr.Dataset) -> Answer:
        losses = found["loss"].values.reshape(-1)
        work = direct_work(losses.size, 0, inverse=True)
        return Answer(losses[::ONE_IN], work, {"extractions": losses.size})

    return Actor(_table(kind), extractions, read)


def _one_solve_each() -> Actor:
    def run(given: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
        matrix, x, f = given
        out = []
        for row in range(0, len(x), ONE_IN):
            system, demand = np.eye(len(x)) - matrix, f.copy()
            system[row], system[:, row], demand[row] = 0.0, 0.0, 0.0
            system[row, row] = 1.0
            out.append(x.sum() - np.linalg.solve(system, demand).sum())
        return np.array(out)

    def read(given: tuple[FloatArray, FloatArray, FloatArray], found: FloatArray) -> Answer:
        return Answer(found, facts={"measured": f"{len(found)} of {len(given[1])} solves"})

    return Actor(_dense, run, read, scale=ONE_IN)


CASES = (
    Case(
        "toolbox/linkages",
        "linkages, dispersion, pure linkages and key sectors of every industry",
        (TINY, CHINA),
        {OURS: _linkages("pooled"), "numpy inv": _linkages_dense()},
        bars=(Bar("31x42", "seconds", 0.2),),
    ),
    Case(
        "toolbox/extractions",
        "complete extraction of every industry, one at a time",
        (TINY, CHINA),
        {OURS: _extractions("pooled"), "numpy solve": _one_solve_each()},
        bars=(
            Bar("31x42", "seconds", 1.0),
            Bar("31x42", "ratio", 100.0, against="numpy solve"),
        ),
        repeats=3,
    ),
    Case(
        "toolbox/linkages-explicit",
        "the same linkages of a table whose every cell is its own",
        (TINY, CHINA),
        {OURS: _linkages("explicit"), "numpy inv": _linkages_dense()},
        bars=(Bar("31x42", "seconds", 0.2),),
    ),
    Case(
        "toolbox/extractions-explicit",
        "complete extraction of every industry of a table whose every cell is its own",
        (TINY, CHINA),
        {OURS: _extractions("explicit"), "numpy solve": _one_solve_each()},
        bars=(Bar("31x42", "seconds", 1.0),),
        repeats=3,
    ),
)
