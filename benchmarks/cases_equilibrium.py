"""General equilibrium after a change of all delivery costs, beside a nested fixed point.

The peer is what papers describe: wages moved by excess demand, prices iterated to unit costs at
every wage, output from one dense solve. It is held to the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.actors import economy_of
from benchmarks.case import OURS, Actor, Answer, Bar, Case, FloatArray, Setting, Size, Work
from io_tables.china import load_china
from model.equilibria.shares import home_shares, origin_shares
from model.equilibrium import Equilibrium, EquilibriumBase, Labour, equilibrium

PROVINCES = Size(31, 42, "quick")
CITIES = Size(341, 42)
THETA = 4.0
TOLERANCE = 1e-10
LONGEST = 2000
PACE = 0.5
"""Share of log excess demand by which a wage of the nested fixed point moves."""


@dataclass(frozen=True)
class Shocked:
    base: EquilibriumBase
    delivery_change: FloatArray


def _prepare(setting: Setting) -> Shocked:
    table = (
        load_china(level="province" if setting.size == PROVINCES else "city")
        if setting.size in (PROVINCES, CITIES)
        else economy_of(setting).table()
    )
    base = EquilibriumBase.of(table)
    rng = np.random.default_rng(0)
    return Shocked(base, np.exp(rng.normal(-0.02, 0.02, base.trade.shape)))


def _ours(labour: Labour) -> Actor:
    def run(shocked: Shocked) -> Equilibrium:
        return equilibrium(shocked.base, shocked.delivery_change, THETA, labour=labour)

    def read(shocked: Shocked, found: Equilibrium) -> Answer:
        found.raise_for_status()
        facts = {"newton steps": found.iterations, "largest residual": found.residual}
        probe = np.concatenate([found.wages, found.welfare])
        return Answer(probe, _work(shocked, found.iterations), facts)

    return Actor(_prepare, run, read)


def _work(shocked: Shocked, steps: int) -> Work:
    """One pass over shares and cells of use for each step: the least any method reads."""
    cells = float(shocked.base.trade.size + shocked.base.inputs.size)
    return Work(10.0 * cells * steps, 8.0 * cells * steps, 8.0 * cells)


def nested_fixed_point(
    base: EquilibriumBase, delivery_change: FloatArray
) -> tuple[FloatArray, FloatArray, int]:
    """Log wages, log real consumption and rounds; national value added is the numeraire."""
    theta = np.full(base.n_sectors, THETA)
    n_regions, n_sectors = base.output.shape
    n = n_regions * n_sectors
    tau = np.log(delivery_change)
    income = base.factor_income[0]
    share = base.final / base.purchases[:, None, None]
    wage, abroad, price = np.zeros(n_regions), 0.0, np.zeros_like(base.output)
    revenue = base.tax_revenue
    rounds = 0
    while rounds < LONGEST:
        rounds += 1
        while True:
            trade, index = origin_shares(base.trade, tau + price.T[:, :, None], theta)
            bundle = index.T
            home, inputs = home_shares(base.input_home, bundle - abroad, theta)
            cost = base.factors[0] * wage[:, None] + np.einsum("rij,rij->rj", base.inputs, inputs)
            cost += (base.inputs.sum(axis=1) + base.input_imports) * abroad
            cost /= 1.0 - base.tax
            moved = np.abs(cost - price).max()
            price = cost
            if moved < 0.01 * TOLERANCE:
                break
        final_home, final = home_shares(base.final_home, bundle - abroad, theta)
        stocks = base.stocks * np.exp(bundle)
        spending = income * np.exp(wage) + revenue + base.deficit
        spending = spending - stocks.sum(axis=1)
        spending -= base.stocks_imported.sum(axis=1) * np.exp(abroad)
        use = np.einsum("ric,ric->ri", share, final_home) * spending[:, None] + stocks
        sold = np.einsum("irs,si->ri", trade, use) + base.exports_fixed * np.exp(price)
        sold += base.exports * np.exp(-THETA * price + (1.0 + THETA) * abroad)
        blocks = (base.inputs * home).transpose(1, 0, 2)
        matrix = trade.transpose(1, 0, 2)[:, :, :, None] * blocks[None]
        output = np.linalg.solve(np.eye(n) - matrix.reshape(n, n), sold.reshape(n))
        made = output.reshape(base.output.shape)
        excess = np.log((base.factors[0] * made).sum(axis=1) / income) - wage
        paid = (base.tax * made).sum(axis=1)
        late = np.abs(paid - revenue) / spending
        revenue = paid
        if max(np.abs(excess).max(), late.max()) < TOLERANCE:
            break
        wage = wage + PACE * excess
        scale = np.log((income * np.exp(wage)).sum() / income.sum())
        wage, abroad, price = wage - scale, abroad - scale, price - scale
    living = np.einsum("ric,ric->r", share, final) + abroad
    return wage, np.log(spending / base.purchases) - living, rounds


def _nested() -> Actor:
    def run(shocked: Shocked) -> tuple[FloatArray, FloatArray, int]:
        return nested_fixed_point(shocked.base, shocked.delivery_change)

    def read(shocked: Shocked, found: tuple[FloatArray, FloatArray, int]) -> Answer:
        return Answer(np.exp(np.concatenate(found[:2])), None, {"rounds": found[2]})

    return Actor(_prepare, run, read, largest=PROVINCES.rows)


CASES = (
    Case(
        "equilibrium/immobile",
        "wages, prices, trade and output after all delivery costs change, to 1e-10",
        (Size(6, 4), PROVINCES, CITIES),
        {OURS: _ours("immobile"), "nested fixed point": _nested()},
        bars=(
            Bar(PROVINCES.label, "seconds", 1.0),
            Bar(PROVINCES.label, "ratio", 10.0, "nested fixed point"),
            Bar(CITIES.label, "seconds", 120.0),
        ),
        tolerance=1e-7,
        repeats=3,
    ),
    Case(
        "equilibrium/mobile",
        "the same with people moving until real wages are even",
        (Size(6, 4), PROVINCES),
        {OURS: _ours("mobile")},
        bars=(Bar(PROVINCES.label, "seconds", 1.0),),
        repeats=3,
    ),
)
