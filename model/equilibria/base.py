"""The base year that an equilibrium starts from: who pays whom, as shares and money.

Owns the question: how does a table become the accounts of a general equilibrium, and which tables
cannot?

Public names
------------
``EquilibriumBase``   shares and money of the base year; `EquilibriumBase.of(table)`

Terms: R regions, S sectors (products i, industries j), C categories of final use, K factors. A
*factor* is labour, or labour and the rest of value added. All money in the table's unit.

    cost of an industry    1 = sum_i g_ij + g0_j + sum_k beta_kj + tax_j     (shares of its output)
    income of a region     I_s = sum_j (sum_k beta_kj + tax_j) x_j
    spending of a region   E_s = I_s + D_s        E_s at prices before taxes on final use, which
                                                  are paid and received by the same region
    deficit                D_s = E_s - I_s: what a region buys beyond its income, given

Entries below zero: a run-down of stocks in final use is a stock that the region owns, sold at the
price of the day, the quantity fixed; so is what the source leaves unexplained (discrepancy) and any
export below zero. Inputs, value added and trade below zero are refused.

Source: Caliendo & Parro (2015), Review of Economic Studies 82(1), section 2; Costinot &
Rodriguez-Clare (2014), Handbook of International Economics 4, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from io_tables.container.checks import raise_collected
from io_tables.errors import InvalidTable, UnknownLabel
from io_tables.table import RegionalTable
from model.blocks import Blocks
from model.sealed import sealed

Array = NDArray[np.float64]

__all__ = ["EquilibriumBase"]

COLUMN_TOLERANCE = 1e-6
SHOWN = 5


@dataclass(frozen=True, eq=False)
class EquilibriumBase:
    """Base-year shares and money.

    Attributes
    ----------
    regions, sectors : tuple of str
    unit : str
        Money of the table.
    trade : (S, R, R) array
        Value shares of domestic origins [product, from, to].
    inputs : (R, S, S) array
        g: product (second axis), domestic and imported, bought per unit of output.
    input_home : (R, S, S) array
        Domestic share of each of these cells.
    input_imports : (R, S) array
        g0: imports that the table tells only in total, per unit of output.
    factors : (K, R, S) array
        beta: payments to factors per unit of output; K is 1, or 2 with labour first.
    tax : (R, S) array
        Net taxes on the products bought by an industry, per unit of output.
    output : (R, S) array
        Money.
    final : (R, S, C) array
        Final purchases above zero, domestic and imported, money.
    final_home : (R, S, C) array
        Domestic share of each of these cells.
    final_imports : (R,) array
        Final purchases of imports that the table tells only in total, money.
    stocks : (R, S) array
        Domestic final use below zero, at most 0, money.
    stocks_imported : (R, S) array
        Imported final use below zero, at most 0, money.
    exports : (R, S) array
        At least 0, money, by place of production.
    exports_fixed : (R, S) array
        Discrepancies and exports below zero: fixed quantities, money.
    population : (R,) array or None
        Persons.
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    unit: str
    trade: Array
    inputs: Array
    input_home: Array
    input_imports: Array
    factors: Array
    tax: Array
    output: Array
    final: Array
    final_home: Array
    final_imports: Array
    stocks: Array
    stocks_imported: Array
    exports: Array
    exports_fixed: Array
    population: Array | None

    def __post_init__(self) -> None:
        """Seal the numbers: one base serves many changes."""
        sealed(self)

    @classmethod
    def of(
        cls, table: RegionalTable, *, labour_primaries: Sequence[str] | None = None
    ) -> EquilibriumBase:
        """Read the accounts of a table; an explicit one is pooled first.

        Parameters
        ----------
        table : RegionalTable
        labour_primaries : sequence of str, optional
            Kinds of value added that labour earns; the others are earned by a second factor that
            stays in its region and moves between its industries. Left out, all value added is
            labour's.

        Raises
        ------
        InvalidTable
            For inputs, imports or value added below zero, columns that do not add up, products
            of which less than nothing is used, and regions without income or final purchases.
        UnknownLabel
            For kinds of value added that the table does not have.
        """
        pooled = table if table.kind == "pooled" else table.pooled()
        blocks = Blocks.of(pooled)
        n_regions, n_sectors = blocks.output.shape
        data = pooled.data

        def told(name: str, dims: tuple[str, ...], shape: tuple[int, ...]) -> Array:
            if name not in data or set(data[name].dims) != set(dims):
                return np.zeros(shape)
            return np.asarray(data[name].transpose(*dims).values, dtype=np.float64)

        flat = (n_regions, n_sectors)
        wide = (n_regions, 1, blocks.demand.shape[2])
        totals = ("import_product", "region", "sector")
        import_total = told("imported_use", totals, (1, *flat)).sum(axis=0)
        final_total = told("imported_demand", ("region", "import_product", "category"), wide)
        tax = told("taxes", ("region", "sector"), flat)
        value_added = _value_added(pooled, labour_primaries)
        spent = (blocks.use + blocks.imported_use).sum(axis=1) + import_total + tax
        gap = blocks.output - spent - value_added.sum(axis=0)
        value_added[-1] += np.where(np.abs(gap) <= COLUMN_TOLERANCE * blocks.output, gap, 0.0)
        _refuse(pooled, blocks, import_total, final_total, value_added, gap)

        discrepancy = told("discrepancy", ("region", "sector"), flat)
        exports = blocks.exports - discrepancy
        both = np.maximum(blocks.demand, 0.0) + np.maximum(blocks.imported_demand, 0.0)
        used = blocks.use + blocks.imported_use
        stocks = np.minimum(blocks.demand, 0.0).sum(axis=2)
        sold = np.einsum("irs,si->ri", blocks.trade, blocks.bought) + blocks.exports
        return cls(
            regions=tuple(pooled.regions),
            sectors=tuple(pooled.sectors),
            unit=pooled.unit,
            trade=blocks.trade,
            inputs=_share(used, blocks.output[:, None, :], 0.0),
            input_home=_share(blocks.use, used, 1.0),
            input_imports=_share(import_total, blocks.output, 0.0),
            factors=_share(value_added, blocks.output[None], 0.0),
            tax=_share(tax, blocks.output, 0.0),
            output=blocks.output,
            final=both,
            final_home=_share(np.maximum(blocks.demand, 0.0), both, 1.0),
            final_imports=final_total.sum(axis=(1, 2)),
            stocks=stocks,
            stocks_imported=np.minimum(blocks.imported_demand, 0.0).sum(axis=2),
            exports=np.maximum(exports, 0.0),
            exports_fixed=np.minimum(exports, 0.0) + discrepancy + (blocks.output - sold),
            population=data["population"].values.astype(float) if "population" in data else None,
        )

    @property
    def n_regions(self) -> int:
        """R."""
        return int(self.output.shape[0])

    @property
    def n_sectors(self) -> int:
        """S."""
        return int(self.output.shape[1])

    @property
    def n_factors(self) -> int:
        """K."""
        return int(self.factors.shape[0])

    @property
    def factor_income(self) -> Array:
        """Income of each factor, (K, R)."""
        return np.asarray((self.factors * self.output).sum(axis=2))

    @property
    def tax_revenue(self) -> Array:
        """Net taxes on inputs, (R,)."""
        return np.asarray((self.tax * self.output).sum(axis=1))

    @property
    def purchases(self) -> Array:
        """Final purchases above zero of each region, (R,)."""
        return np.asarray(self.final.sum(axis=(1, 2)) + self.final_imports)

    @property
    def expenditure(self) -> Array:
        """E: final use of each region, stocks run down taken off, (R,)."""
        return np.asarray(self.purchases + (self.stocks + self.stocks_imported).sum(axis=1))

    @property
    def final_use(self) -> Array:
        """Final use of products, stocks run down taken off, (R, S): E but for `final_imports`."""
        return np.asarray(self.final.sum(axis=2) + self.stocks + self.stocks_imported)

    @property
    def deficit(self) -> Array:
        """D = E - income, (R,); sums to what the country imports beyond its exports."""
        return np.asarray(self.expenditure - self.factor_income.sum(axis=0) - self.tax_revenue)

    @property
    def composite(self) -> Array:
        """Domestic product used in each region, money, (R, S)."""
        inputs = np.einsum("rij,rij,rj->ri", self.inputs, self.input_home, self.output)
        return np.asarray(inputs + (self.final * self.final_home).sum(axis=2) + self.stocks)

    @property
    def abroad(self) -> Array:
        """What each region buys from and sells to the rest of the world, money, (R,)."""
        bought = np.einsum("rij,rij,rj->r", self.inputs, 1.0 - self.input_home, self.output)
        bought = bought + (self.input_imports * self.output).sum(axis=1) + self.final_imports
        bought = bought + (self.final * (1.0 - self.final_home)).sum(axis=(1, 2))
        return np.asarray(bought + self.exports.sum(axis=1))

    @property
    def trades_abroad(self) -> bool:
        """Whether anything is bought from or sold to the rest of the world."""
        return bool(self.abroad.any())


def _share(part: Array, whole: Array, otherwise: float) -> Array:
    whole = np.broadcast_to(whole, part.shape)
    out = np.full(part.shape, otherwise)
    return np.asarray(np.divide(part, whole, out=out, where=whole > 0.0))


def _value_added(table: RegionalTable, labour: Sequence[str] | None) -> Array:
    """Value added by factor, (K, R, S)."""
    values = table.data["value_added"].transpose("primary", "region", "sector")
    kinds = [str(kind) for kind in values["primary"].values]
    if labour is None:
        return np.asarray(values.sum("primary").values[None], dtype=np.float64).copy()
    unknown = sorted(set(labour) - set(kinds))
    if unknown or not labour:
        raise UnknownLabel(
            f"labour_primaries must name kinds of value added of table '{table.name}'; found "
            f"{unknown or 'none'}. It has: {', '.join(repr(kind) for kind in kinds)}."
        )
    mine = np.isin(kinds, list(labour))
    made = np.stack([values.values[mine].sum(axis=0), values.values[~mine].sum(axis=0)])
    return np.asarray(made[:1] if mine.all() else made, dtype=np.float64)


def _refuse(
    table: RegionalTable,
    blocks: Blocks,
    import_total: Array,
    final_total: Array,
    value_added: Array,
    gap: Array,
) -> None:
    """Raise once, with everything that keeps a table from having an equilibrium."""
    output, cells = blocks.output, table.labels
    failures = []

    def say(bad: NDArray[np.bool_], rule: str, remedy: str) -> None:
        found = np.flatnonzero(bad.reshape(-1))
        if found.size:
            names = [" / ".join(map(str, cells[row])) for row in found[:SHOWN]]
            more = f" and {found.size - SHOWN} more" if found.size > SHOWN else ""
            failures.append(f"{rule}: {'; '.join(names)}{more}. {remedy}")

    slack = 1e-12 * output
    say(
        (blocks.use.min(axis=1) < 0.0)
        | (blocks.imported_use.min(axis=1) < 0.0)
        | (import_total < 0.0),
        "What an industry buys must not be negative",
        "Move such entries to final use (changes in stocks) or to discrepancy.",
    )
    say(
        np.asarray((value_added < -slack).any(axis=0)),
        "What a factor earns must not be negative in any industry",
        "Aggregate the industry with another one, or let all value added be one factor "
        "(labour_primaries=None).",
    )
    say(
        np.abs(gap) > COLUMN_TOLERANCE * output,
        "Inputs, imports, taxes and value added of an industry must add up to its output",
        "`table.check()` shows the gaps; balance the table first.",
    )
    say(
        blocks.bought < 0.0,
        "A region must not run down more of a product than it uses",
        "Check the changes in stocks of the product there.",
    )
    below = np.flatnonzero(final_total.sum(axis=(1, 2)) < 0.0)[:SHOWN]
    if below.size:
        failures.append(
            "Imports for final use that are told only in total must not be negative; they are in "
            f"{', '.join(table.regions[r] for r in below)}. Give them by product."
        )
    incomes = value_added.sum(axis=2)
    for name, values in (("value added of every factor", incomes), ("final purchases", None)):
        amount = (
            np.maximum(blocks.demand, 0.0).sum(axis=(1, 2))
            + np.maximum(blocks.imported_demand, 0.0).sum(axis=(1, 2))
            if values is None
            else values.min(axis=0)
        )
        empty = [table.regions[r] for r in np.flatnonzero(~(amount > 0.0))[:SHOWN]]
        if empty:
            failures.append(
                f"Every region must have {name} above zero; it is not in {', '.join(empty)}. "
                "Merge the region with a neighbour."
            )
    raise_collected(InvalidTable, failures, f"equilibrium on table {table.name}")
