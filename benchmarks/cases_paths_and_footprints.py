"""Accounts of a table: ledgers, footprints, value added in exports, paths, draws of tables."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.actors import direct_work, economy_of, traffic
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size, Skip
from benchmarks.cases_real import FINLAND, TABLES, WORLD
from io_tables.table import RegionalTable
from model.export_decomposition import borin_mancini, wang_wei_zhu
from model.footprints import footprints
from model.ledger.exchange import spillover_exchange
from model.paths import Paths, structural_paths
from model.spillover import spillovers
from model.table_draws import Draws
from model.trade_flows import TradeSystem
from model.uncertainty import uncertainty

TINY = Size(6, 8, name="6x8")
CHINA = Size(31, 42, "quick")
HUNDRED = Size(100, 42)
CITIES = Size(341, 42)
TEN_THOUSAND = Size(238, 42, "quick")
PYMRIO = "pymrio calc_all"
DENSE = 4200
N_DRAWS, FEW_DRAWS = 1000, 20
"""Draws, and draws of the smallest size, which is only a smoke run."""


def _table(setting: Setting) -> RegionalTable:
    return economy_of(setting).table()


def _emissions(table: RegionalTable) -> pd.DataFrame:
    """Made-up amounts: what matters is that all actors have the same."""
    rng = np.random.default_rng(7)
    values = rng.lognormal(0.0, 1.0, (1, len(table.labels))) * table.x.to_numpy()
    return pd.DataFrame(values, ["CO2"], table.labels)


def _inverse_work(table: RegionalTable) -> Any:
    n = len(table.labels)
    return direct_work(n, n, inverse=True)


def _footprints(prepare: Any) -> Actor:
    def start(setting: Setting) -> tuple[RegionalTable, pd.DataFrame]:
        table = prepare(setting)
        return table, _emissions(table)

    def run(problem: tuple[RegionalTable, pd.DataFrame]) -> xr.Dataset:
        return footprints(*problem)

    def read(problem: tuple[RegionalTable, pd.DataFrame], found: xr.Dataset) -> Answer:
        names = ("D_cba", "D_pba", "D_imp", "D_exp")
        probe = np.concatenate([found[name].values.reshape(-1) for name in names])
        return Answer(probe, traffic(probe), {"gap": float(found.attrs["gap"])})

    return Actor(start, run, read)


def _pymrio(prepare: Any) -> Actor:
    def start(setting: Setting) -> Any:
        table = prepare(setting)
        if table.exports.to_numpy().any() or table.discrepancy.to_numpy().any():
            raise Skip("its accounts know no buyers outside the table")
        return table.Z, table.Y, _emissions(table)

    def run(frames: Any) -> Any:
        # A system keeps what it has worked out: a new one for every run.
        pymrio = import_module("pymrio")  # an optional peer without types
        flows, final, air = frames
        io = pymrio.IOSystem(Z=flows, Y=final)
        io.air = pymrio.Extension("air", F=air)
        return io.calc_all()

    def read(frames: Any, found: Any) -> Answer:
        names = ("D_cba", "D_pba", "D_imp", "D_exp")
        parts = [getattr(found.air, name).to_numpy().reshape(-1) for name in names]
        n = len(frames[0])
        return Answer(np.concatenate(parts), direct_work(n, n, inverse=True))

    return Actor(start, run, read, needs=("pymrio",), largest=DENSE)


def _real(setting: Setting) -> RegionalTable:
    return TABLES[setting.size.label]().table


def _decomposition(which: Any) -> Actor:
    def run(table: RegionalTable) -> xr.Dataset:
        found: xr.Dataset = which(table)
        return found

    def read(table: RegionalTable, found: xr.Dataset) -> Answer:
        probe = found["exports"].sum("partner").values.reshape(-1)
        return Answer(probe, _inverse_work(table), {"gap": float(found.attrs["gap"])})

    return Actor(_table, run, read)


def _exports_alone() -> Actor:
    def run(table: RegionalTable) -> FloatArray:
        return np.asarray(TradeSystem(table).exports.sum(axis=2).reshape(-1))

    def read(table: RegionalTable, found: FloatArray) -> Answer:
        return Answer(found, traffic(found))

    return Actor(_table, run, read)


def _paths(of: str) -> Actor:
    def run(table: RegionalTable) -> Paths:
        demand = (table.regions[0], table.sectors[5])
        return structural_paths(table, of, demand, coverage=0.9)

    def read(table: RegionalTable, found: Paths) -> Answer:
        facts = {
            "paths": found.n_paths,
            "coverage": round(found.coverage, 4),
            "gap": found.gap,
        }
        return Answer(np.array([found.total]), traffic(np.empty(2 * found.n_paths)), facts)

    return Actor(_table, run, read)


def _four_poles(setting: Setting) -> tuple[RegionalTable, list[str]]:
    economy = economy_of(setting)
    table = economy.table()
    largest = np.argsort(-economy.population, kind="stable")[:4]
    return table, [table.regions[k] for k in largest]


def _ledger(*, by_sector: bool) -> Actor:
    def run(problem: tuple[RegionalTable, list[str]]) -> xr.Dataset:
        table, poles = problem
        return spillovers(table, poles, of="output", by_stimulus_sector=by_sector)

    def read(problem: tuple[RegionalTable, list[str]], found: xr.Dataset) -> Answer:
        probe = found["ledger"].transpose("pole", ..., "part", "region", "sector", "account")
        facts = {"gap": float(np.abs(found["gap"]).max())}
        return Answer(probe.values.reshape(-1), traffic(probe.values), facts)

    return Actor(_four_poles, run, read)


def _ledger_by_inverse() -> Actor:
    """What a table in hand and numpy give: two inverses a pole, stimuli spread by demand."""

    def run(problem: tuple[RegionalTable, list[str]]) -> FloatArray:
        table, poles = problem
        a, f = table.A.to_numpy(), table.f.to_numpy()
        n, n_sectors = len(a), table.n_sectors
        inverse = np.linalg.inv(np.eye(n) - a)
        out = np.zeros((len(poles), n_sectors, 3, n))
        for p, pole in enumerate(poles):
            rows = np.arange(n_sectors) + table.regions.index(pole) * n_sectors
            given = f[rows] / f[rows].sum()
            inside = np.linalg.inv(np.eye(n_sectors) - a[np.ix_(rows, rows)]) * given
            whole = inverse[:, rows] * given
            out[p][:, 2] = whole.T
            out[p][:, 2, rows] = 0.0
            out[p][:, 0, rows] = inside.T
            out[p][:, 1, rows] = (whole[rows] - inside).T
        return out

    def read(problem: tuple[RegionalTable, list[str]], found: FloatArray) -> Answer:
        return Answer(found.reshape(-1), _inverse_work(problem[0]))

    return Actor(_four_poles, run, read)


def _exchange() -> Actor:
    def read(table: RegionalTable, found: xr.Dataset) -> Answer:
        probe = found["effect"].values.reshape(-1)
        return Answer(probe, traffic(probe), {"gap": float(found["gap"].max())})

    return Actor(_table, spillover_exchange, read)


def _how_many(table: RegionalTable) -> int:
    return N_DRAWS if len(table.labels) > TINY.rows else FEW_DRAWS


def _draws() -> Actor:
    def start(setting: Setting) -> tuple[RegionalTable, list[str], FloatArray]:
        economy = economy_of(setting)
        table = economy.table()
        largest = np.argsort(-economy.population, kind="stable")[:4]
        return table, [table.regions[k] for k in largest], np.asarray(economy.cost)

    def run(problem: tuple[RegionalTable, list[str], FloatArray]) -> xr.Dataset:
        table, poles, cost = problem

        def gains(one: RegionalTable) -> xr.DataArray:
            ledger = spillovers(one, poles)["ledger"].isel(account=0)
            return ledger.sum(["sector", "part"])

        return uncertainty(
            table, gains, uncertain=Draws(cost=cost), draws=_how_many(table), pairs=0, workers=2,
            rank_along="region",
        )  # fmt: skip

    def read(problem: Any, found: xr.Dataset) -> Answer:
        probe = found["median"].values.reshape(-1)
        return Answer(probe, traffic(np.empty(_how_many(problem[0]) * probe.size)))

    return Actor(start, run, read)


CASES = (
    Case(
        "accounts/ledger",
        "ledger of four poles, one for each stimulated sector; beside it, inverses by numpy",
        (TINY, CHINA),
        {OURS: _ledger(by_sector=True), "numpy inverse": _ledger_by_inverse()},
        bars=(Bar(CHINA.label, "seconds", 0.05),),
        repeats=9,
    ),
    Case(
        "accounts/ledger-cities",
        "ledger of four poles, the pole's mix of demand",
        (TINY, CITIES),
        {OURS: _ledger(by_sector=False)},
        bars=(Bar(CITIES.label, "seconds", 5.0),),
        repeats=3,
    ),
    Case(
        "accounts/exchange",
        "who gives to whom, every region a pole",
        (TINY, CHINA, CITIES),
        {OURS: _exchange()},
        repeats=3,
    ),
    Case(
        "accounts/footprints",
        "production, consumption, import and export accounts of one stressor",
        (FINLAND, WORLD),
        {OURS: _footprints(_real), PYMRIO: _pymrio(_real)},
        bars=(Bar(WORLD.label, "ratio", 1.5, against=PYMRIO),),
        repeats=5,
    ),
    Case(
        "accounts/footprints-pooled",
        "the same accounts of a pooled table with exports",
        (TINY, CHINA, HUNDRED),
        {OURS: _footprints(_table)},
        repeats=5,
    ),
    Case(
        "accounts/wang-wei-zhu",
        "sixteen terms of bilateral exports; beside it, the exports alone",
        (TINY, CHINA),
        {OURS: _decomposition(wang_wei_zhu), "exports alone": _exports_alone()},
        repeats=3,
    ),
    Case(
        "accounts/borin-mancini",
        "source-based terms of bilateral exports; beside it, the exports alone",
        (TINY, CHINA),
        {OURS: _decomposition(borin_mancini), "exports alone": _exports_alone()},
        repeats=3,
    ),
    Case(
        "accounts/paths-90",
        "structural paths that carry 90 % of one product's output multiplier",
        (TINY, TEN_THOUSAND),
        {OURS: _paths("output")},
        bars=(Bar(TEN_THOUSAND.label, "seconds", 120.0),),
        repeats=1,
    ),
    Case(
        "accounts/draws",
        f"{N_DRAWS} drawn and balanced tables, the ledger of four poles on each",
        (TINY, CHINA),
        {OURS: _draws()},
        bars=(Bar(CHINA.label, "seconds", 60.0),),
        repeats=1,
    ),
)
