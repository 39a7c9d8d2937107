"""Tables as they might be: own shares, decay and noise drawn, and the table balanced again.

Question owned: what other table, with the same totals, is as likely as the one at hand?

Public names
    Draws          how uncertain a table is, in three sources, and parameters beside it
    SOURCES        names of the three: own_share, decay, noise
    TableDrawer    draws of one table, each from a number alone

Terms: z standard normal, one for the table in own_share and decay, one for each cell in noise.

    own_share   odds of the own region in every product and region times exp(a z)
    decay       trade between regions times (c_rs / c_s)^(-d (exp(b z) - 1)), c_s the mean of c_.s
    noise       every cell of use and of trade times exp(s z - s^2 / 2)
    parameter   central (high / central)^(z / 1.645) above the median, (central / low)^(z / 1.645)
                below: its median is central, 90 % lie between low and high

a and b are half the logarithm of the ratio of high to low over 1.645, so that "low" and "high" are
the ends of a 90 % interval. Afterwards use is balanced to each industry's purchases and each
region's purchases of each product, and trade of each product to what regions sell and buy, by
biproportional scaling: output, final demand by place of use, value added, exports and imports are
those of the table at hand. Draw k of a seed does not depend on any other draw.

Source: Wiebe & Lenzen (2016) and Temurshoev (2015) on uncertain input-output tables; Bacharach
(1970) for balancing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.errors import NotConverged, ShapeError
from model.leontief.products import FloatArray

SOURCES: Final = ("own_share", "decay", "noise")
NINETY: Final = 1.6448536269514722
SWEEPS: Final = 5000
TOLERANCE: Final = 2e-10


@dataclass(frozen=True)
class Draws:
    """How uncertain a table is.

    Attributes
    ----------
    own_share
        (low, high) factors on the odds of own shares, the ends of a 90 % interval around 1.
    decay
        (low, high) factors on the elasticity of trade to cost; needs `cost`.
    elasticity
        The elasticity (decay) that the table has.
    cost
        (R, R) cost between regions, own region included, in the table's order; None: decay is
        certain.
    noise
        Standard deviation of ln of a cell; {sector: number} to tell products apart.
    parameters
        {name: (low, central, high)} of elasticities and other numbers > 0 that a reading uses
        beside the table; low and high are the ends of a 90 % interval.
    """

    own_share: tuple[float, float] = (0.5, 2.0)
    decay: tuple[float, float] = (0.5, 2.0)
    elasticity: float = 1.0
    cost: pd.DataFrame | FloatArray | None = None
    noise: float | Mapping[str, float] = 0.1
    parameters: Mapping[str, tuple[float, float, float]] | None = None

    def __post_init__(self) -> None:
        bad = [
            f"{name} must be (low, high) with 0 < low <= 1 <= high; found {pair}"
            for name, pair in (("own_share", self.own_share), ("decay", self.decay))
            if not 0 < pair[0] <= 1 <= pair[1] < np.inf
        ]
        sizes = self.noise.values() if isinstance(self.noise, Mapping) else [self.noise]
        if not all(0 <= s < np.inf for s in sizes):
            bad.append(f"noise must be >= 0; found {self.noise}")
        if not 0 <= self.elasticity < np.inf:
            bad.append(f"elasticity must be >= 0; found {self.elasticity}")
        for name, (low, central, high) in (self.parameters or {}).items():
            if name in SOURCES or not 0 < low <= central <= high < np.inf:
                bad.append(
                    f"parameter {name!r} must be (low, central, high) above zero and rising, under "
                    f"a name of its own; found {(low, central, high)}"
                )
        if bad:
            raise ShapeError("draws of tables: " + "; ".join(bad) + ".")


class TableDrawer:
    """Draws of one pooled table.

    Parameters
    ----------
    table
        A pooled table, or an explicit one, which is pooled first.
    draws
        How uncertain it is.

    Raises
    ------
    ShapeError
        For a cost matrix that does not fit or is not positive.
    """

    def __init__(self, table: RegionalTable, draws: Draws) -> None:
        self.table = table.pooled()
        self.draws = draws
        R, S = self.table.n_regions, self.table.n_sectors
        # use [region, product, industry], bought [region, product]
        self.use = np.ascontiguousarray(
            self.table.data["domestic_use"].values.transpose(1, 0, 2), dtype=np.float64
        )
        final = self.table.demand.to_numpy().sum(axis=1).reshape(R, S)
        self.bought = self.use.sum(axis=2) + final
        self.trade = np.asarray(self.table.trade)
        # money [product, from, to]; only what is positive is moved
        self.flows = self.trade * np.maximum(self.bought.T, 0.0)[:, None, :]
        self.cost = _relative_cost(draws.cost, self.table)
        by_sector = np.zeros(S)
        if isinstance(draws.noise, Mapping):
            where = self.table.sector_positions(draws.noise)
            by_sector[where] = list(draws.noise.values())
        else:
            by_sector[:] = draws.noise
        self.noise = by_sector

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that this table can be drawn from."""
        certain = {
            "own_share": self.draws.own_share == (1.0, 1.0),
            "decay": self.cost is None or self.draws.decay == (1.0, 1.0),
            "noise": not self.noise.any(),
        }
        varied = [n for n, (low, _, high) in self.parameters.items() if low < high]
        return (*(name for name in SOURCES if not certain[name]), *varied)

    @property
    def parameters(self) -> Mapping[str, tuple[float, float, float]]:
        """Numbers that a reading uses beside the table."""
        return self.draws.parameters or {}

    def values(self, seed: int, number: Mapping[str, int]) -> dict[str, float]:
        """Return the parameters of given numbers of draw; the central ones where none is given."""
        out = {}
        for name, (low, central, high) in self.parameters.items():
            out[name] = float(central)
            if name in number:
                z = _rng(seed, name, number).standard_normal()
                end = high if z > 0 else low
                out[name] = float(central * (end / central) ** (abs(z) / NINETY))
        return out

    def factors(self, seed: int, number: Mapping[str, int]) -> dict[str, float]:
        """Return the factor on the odds of own shares and on the decay of given numbers of draw."""
        spreads = {"own_share": self.draws.own_share, "decay": self.draws.decay}
        return {
            name: float(np.exp(_spread(pair) * _rng(seed, name, number).standard_normal()))
            for name, pair in spreads.items()
            if name in number
        }

    def draw(self, seed: int, number: Mapping[str, int]) -> RegionalTable:
        """Return the table of given numbers of draw, one for each source that is not certain.

        Raises
        ------
        NotConverged
            When balancing does not reach the totals.
        """
        if not any(name in number for name in SOURCES):
            return self.table
        use, flows = self.use, self.flows
        trade_factor = np.ones_like(flows)
        own = np.arange(self.table.n_regions)
        factors = self.factors(seed, number)
        if "own_share" in factors:
            trade_factor[:, own, own] *= factors["own_share"]
        if "decay" in factors and self.cost is not None:
            change = self.draws.elasticity * (factors["decay"] - 1.0)
            tilt = np.exp(-change * self.cost)
            tilt[own, own] = 1.0
            trade_factor *= tilt
        if "noise" in number:
            rng = _rng(seed, "noise", number)
            size = self.noise
            of_use = size[None, :, None]
            use = use * np.exp(of_use * rng.standard_normal(use.shape) - of_use**2 / 2)
            of_trade = size[:, None, None]
            trade_factor *= np.exp(of_trade * rng.standard_normal(flows.shape) - of_trade**2 / 2)
            use = _scaled(use, self.use.sum(axis=2), self.use.sum(axis=1), "use")
        moved = flows * trade_factor
        moved = _scaled(moved, flows.sum(axis=2), flows.sum(axis=1), "trade")
        return self._with(use, moved)

    def _with(self, use: FloatArray, flows: FloatArray) -> RegionalTable:
        total = flows.sum(axis=1, keepdims=True)
        share = np.divide(flows, total, out=self.trade.copy(), where=total > 0)
        kept = self.table.data
        new = {"domestic_use": use.transpose(1, 0, 2), "trade_share": share}
        # Variables without coordinates: nothing to align, which is most of the time otherwise.
        data = kept.assign(
            {n: xr.Variable(kept[n].dims, values, kept[n].attrs) for n, values in new.items()}
        )
        return RegionalTable(data, "pooled")


def _rng(seed: int, source: str, number: Mapping[str, int]) -> np.random.Generator:
    # Parameters are told apart by their names, so that their order does not matter.
    place = SOURCES.index(source) if source in SOURCES else len(SOURCES) + crc32(source.encode())
    key = (place, number[source])
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _spread(pair: tuple[float, float]) -> float:
    return float(np.log(pair[1] / pair[0]) / (2 * NINETY))


def _relative_cost(
    cost: pd.DataFrame | FloatArray | None, table: RegionalTable
) -> FloatArray | None:
    """Logarithm of cost relative to its mean over origins (R, R)."""
    if cost is None:
        return None
    if isinstance(cost, pd.DataFrame):
        order = table.region_positions(cost.index.tolist()).tolist()
        columns = table.region_positions(cost.columns.tolist()).tolist()
        values = np.full((table.n_regions, table.n_regions), np.nan)
        values[np.ix_(order, columns)] = cost.to_numpy(dtype=np.float64)
    else:
        values = np.asarray(cost, dtype=np.float64)
    if values.shape != (table.n_regions,) * 2 or not (values > 0).all():
        raise ShapeError(
            f"cost must be ({table.n_regions}, {table.n_regions}), above zero between all regions; "
            f"found shape {values.shape} with {int((~(values > 0)).sum())} entries that are not."
        )
    return np.asarray(np.log(values / values.mean(axis=0)))


def _scaled(
    prior: FloatArray, row_totals: FloatArray, column_totals: FloatArray, what: str
) -> FloatArray:
    """Scale blocks (G, n, m) to their totals (G, n) and (G, m), all blocks at once.

    Blocks that are done are left alone; a block is done when no row misses its total by more than
    the tolerance, relative to it (columns hold after every sweep).
    """
    out = np.array(prior)
    columns = np.ones(column_totals.shape)
    live = np.arange(len(out))
    size = np.maximum(row_totals, np.finfo(np.float64).tiny)
    for _ in range(SWEEPS):
        block, by_column = prior[live], columns[live]
        rows = np.matmul(block, by_column[:, :, None])[:, :, 0]
        r = np.divide(row_totals[live], rows, out=np.zeros_like(rows), where=rows > 0)
        sums = np.matmul(r[:, None, :], block)[:, 0, :]
        c = np.divide(column_totals[live], sums, out=np.zeros_like(sums), where=sums > 0)
        columns[live] = c
        gap = np.abs(r * np.matmul(block, c[:, :, None])[:, :, 0] - row_totals[live])
        done = (gap <= TOLERANCE * size[live]).all(axis=1)
        if done.any():
            at = live[done]
            out[at] = r[done][:, :, None] * prior[at] * c[done][:, None, :]
            live = live[~done]
        if not live.size:
            return out
    raise NotConverged(
        f"{len(live)} blocks of {what} of a drawn table miss their totals after {SWEEPS} sweeps: "
        "draw less widely, or take own shares off their limits."
    )
