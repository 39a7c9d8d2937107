"""Real tables, where they lie beside the checkout: world 2011 (41 x 35) and Finland 2014 (19 x 30).

The world table is in whole millions: two industries of Luxembourg come out at minus one, from final
demand alone, and are set to zero. Industries without output and other final demand below zero stay.
Nothing of these tables is part of the repository.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.actors import direct_work, facts_of, pymrio_inverse, solve_work
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size, Skip, Work
from io_tables.table import RegionalTable
from model.leontief import narrow
from model.multipliers import multipliers
from model.solve import Leontief, Solution

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "mrio"
WORLD, FINLAND = Size(41, 35, "quick"), Size(19, 30, "quick")
PYMRIO = "pymrio calc_all"


@dataclass(frozen=True)
class Real:
    """Z, Y and output with labels, and the table made of them."""

    flows: pd.DataFrame
    final: pd.DataFrame
    table: RegionalTable


def _file(name: str) -> Path:
    path = FOLDER / name
    if not path.exists():
        raise Skip(f"the table {name} is not beside this checkout")
    return path


def world() -> Real:
    """World input-output table 2011, 41 economies x 35 industries."""
    stored = np.load(_file("wiot_2011.npz"))
    rows = pd.read_csv(_file("wiot_2011_rows.csv"))
    labels = pd.MultiIndex.from_arrays([rows["country"], rows["industry"]])
    flows = pd.DataFrame(stored["Z"].astype(np.float64), index=labels, columns=labels)
    regions = list(dict.fromkeys(rows["country"]))
    categories = [f"category {k + 1}" for k in range(stored["F"].shape[1] // len(regions))]
    columns = pd.MultiIndex.from_product([regions, categories])
    uses = stored["F"].astype(np.float64)
    uses[stored["Z"].sum(axis=1) + uses.sum(axis=1) < 0] = 0.0
    final = pd.DataFrame(uses, index=labels, columns=columns)
    return Real(flows, final, RegionalTable.from_flows(flows, final, name="world 2011"))


def finland() -> Real:
    """Finland 2014, 19 regions x 30 industries."""
    flows = pd.read_csv(_file("finland2014_19reg_30ind_Z.csv.gz"), index_col=0)
    final = pd.read_csv(_file("finland2014_19reg_30ind_F.csv.gz"), index_col=0)
    labels = pd.MultiIndex.from_tuples([tuple(name.split("|")) for name in flows.index])
    columns = pd.MultiIndex.from_tuples([tuple(name.split("|")) for name in final.columns])
    flows = flows.set_axis(labels, axis=0).set_axis(labels, axis=1)
    final = final.set_axis(labels, axis=0).set_axis(columns, axis=1)
    return Real(flows, final, RegionalTable.from_flows(flows, final, name="Finland 2014"))


TABLES: dict[str, Callable[[], Real]] = {WORLD.label: world, FINLAND.label: finland}


def _prepare(setting: Setting) -> Real:
    return TABLES[setting.size.label]()


def _prepare_table(setting: Setting) -> RegionalTable:
    """The table alone: what it was read from is let go.

    Kernels are loaded here: like imports they are code that every table shares, no memory of a run.
    """
    narrow.load()
    return TABLES[setting.size.label]().table


def _split() -> Actor:
    def run(table: RegionalTable) -> FloatArray:
        found = multipliers(table)
        return np.asarray(found["total"].values.reshape(-1), dtype=np.float64)

    def read(table: RegionalTable, found: FloatArray) -> Answer:
        n = len(found)  # one product with each of the regions' weights, and one with their sum
        columns = table.n_regions + 1
        return Answer(found, Work(2.0 * n * n * columns, 8.0 * n * n, 8.0 * n * n))

    return Actor(_prepare_table, run, read)


def _one_demand() -> Actor:
    def run(table: RegionalTable) -> tuple[Leontief, Solution]:
        system = Leontief(table)
        return system, system.solve(table.f.to_numpy())

    def read(table: RegionalTable, found: tuple[Leontief, Solution]) -> Answer:
        system, solution = found
        x = np.asarray(solution.raise_for_status().x)
        return Answer(x, solve_work(system.operator, solution, 1), facts_of(solution))

    return Actor(_prepare_table, run, read)


def _pymrio(*, transposed: bool) -> Actor:
    def run(real: Real) -> FloatArray:
        inverse = pymrio_inverse(real.flows, real.final)
        if transposed:
            return np.asarray(inverse.sum(axis=0))
        return np.asarray(inverse @ real.final.to_numpy().sum(axis=1))

    def read(real: Real, x: FloatArray) -> Answer:
        return Answer(x, direct_work(len(x), len(x), inverse=True))

    return Actor(_prepare, run, read, needs=("pymrio",))


def _numpy(*, transposed: bool) -> Actor:
    def run(real: Real) -> FloatArray:
        x = real.flows.to_numpy().sum(axis=1) + real.final.to_numpy().sum(axis=1)
        scale = np.divide(1.0, x, out=np.zeros_like(x), where=x > 0)
        matrix = np.eye(len(x)) - real.flows.to_numpy() * scale
        if transposed:
            return np.asarray(np.linalg.inv(matrix).sum(axis=0))
        return np.asarray(np.linalg.solve(matrix, real.final.to_numpy().sum(axis=1)))

    def read(real: Real, x: FloatArray) -> Answer:
        return Answer(x, direct_work(len(x), 1, inverse=transposed))

    return Actor(_prepare, run, read)


def twice_the_input(size: Size) -> float:
    """MB of twice Z and Y of the world table, five categories of final use."""
    return 2 * 8.0 * size.rows * (size.rows + 5 * size.regions) / 1e6


CASES = (
    Case(
        "real/multipliers-split",
        "output multipliers with the intraregional, feedback and spillover split",
        (FINLAND, WORLD),
        {OURS: _split(), PYMRIO: _pymrio(transposed=True), "numpy inv": _numpy(transposed=True)},
        bars=(
            Bar(WORLD.label, "ratio", 5.0, against=PYMRIO, note="pymrio has no split"),
            Bar(WORLD.label, "MB", twice_the_input(WORLD), note="twice the input's memory"),
        ),
    ),
    Case(
        "real/one-demand",
        "output for one demand vector",
        (FINLAND, WORLD),
        {
            OURS: _one_demand(),
            PYMRIO: _pymrio(transposed=False),
            "numpy solve": _numpy(transposed=False),
        },
    ),
)
