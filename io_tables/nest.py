"""How the regions of a table are split into cities or counties.

Public names:
- `nest`: split; `NestedTable`: the result, in the form of a gravity law.

How far multipliers moved is told by `nest_change.nest_change`.

Terms: place m in region P (M places, G regions), product i, category c; sigma shares of output,
delta shares of final demand within the region.

    x_mi = sigma_mi x_Pi, exports, value added, imports alike;  y_mic = delta_mc y_Pic
    use D_mi = sum_j a_ij^P x_mj + y_mi,  supply O_mi = x_mi - e_mi
    t_i^rs = w_ri h_i^PQ k(r,s) / sum_q w_qi h_i^{P(q)Q} k(q,s)

Technology is the region's. `preserve`:

- "flows": weights and block factors are balanced so that supply of places and product flows
  between regions hold: output, value added, final demand and flows of products between regions
  are returned exactly; a single z_ij between regions, and multipliers, move (`nest_change`).
- "cells": also every z_ij^PQ, by giving every place of a region the same share from each region:
  w = O, h = B^PQ / O_P, no decay inside. Multipliers stay; geography is that of the regions.

`NestedTable.to_table()` gives a pooled table again where memory allows, so that places can be
nested once more. Sources: Wilson (1970); Deming & Stephan (1940) for the balancing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from io_tables.container.checks import Floats
from io_tables.errors import InvalidTable, NotConverged, TableTooLarge
from io_tables.nesting.accounts import account_arguments, place_accounts
from io_tables.nesting.balance import balance_blocks
from io_tables.nesting.inputs import Costs, read_costs, read_decays, read_places
from io_tables.nesting.shares import demand_shares, output_shares
from io_tables.table import RegionalTable

Preserve = Literal["flows", "cells"]
TOLERANCE: Final = 1e-11
MAX_PASSES: Final = 2_000
LARGEST_TRADE: Final = 2 * 1024**3
"""Bytes of trade shares up to which places are spelled out as a pooled table."""


@dataclass(frozen=True, eq=False)
class NestedTable:
    """A table of places inside regions; trade between places follows from arrays that are small.

    Attributes
    ----------
    parent
        The table that was split.
    places, parent_of
        (M,) labels and position of the region of each place.
    cost, cost_of, decay
        (C, M, M) costs, (S,) which one a product follows, (S,) decay of the power kernel.
    weights, block_factors
        (M, S) supply weights and (S, G, G) factors between regions.
    output, exports, imports, taxes
        (M, S) money; imports are imported inputs of the industry, all products.
    demand, final_imports
        (M, S, C) domestic and (M, C) imported products for final use, by place of use.
    value_added
        (K, M, S) by kind of primary input.
    preserve, gap, iterations
        What is returned exactly; largest relative gap of a total; passes of the balancing.
    notes
        What is an estimate or an assumption.
    coords, population
        Further labels of the places, by name, and (M,) persons where told.
    accounts
        What the parent holds beside its flows, by name (`io_tables.nesting.accounts`).
    """

    parent: RegionalTable
    places: tuple[str, ...]
    parent_of: NDArray[np.intp]
    cost: Floats
    cost_of: NDArray[np.intp]
    decay: Floats
    weights: Floats
    block_factors: Floats
    output: Floats
    exports: Floats
    imports: Floats
    taxes: Floats
    demand: Floats
    final_imports: Floats
    value_added: Floats
    preserve: Preserve
    gap: float
    iterations: int
    notes: tuple[str, ...]
    coords: Mapping[str, list[str]]
    population: Floats | None = None
    accounts: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def technology(self) -> Floats:
        """(G, S, S) domestic inputs per output, by region; `parent_of` says whose."""
        return self.parent.technology

    def gravity_arguments(self) -> dict[str, Any]:
        """Return the arguments of `GravityOperator`, by name."""
        return {
            "technology": self.technology,
            "cost": self.cost,
            "decay": self.decay,
            "weights": self.weights,
            "kernel": "power",
            "technology_of": self.parent_of,
            "cost_of": self.cost_of,
            "groups": self.parent_of,
            "block_factors": self.block_factors,
        }

    @property
    def labels(self) -> pd.MultiIndex:
        """(place, sector) of the rows, places in order."""
        return pd.MultiIndex.from_product(
            [self.places, self.parent.sectors], names=["region", "sector"]
        )

    def kernel(self, product: int) -> Floats:
        """(M, M) kernel of one product, block factors left out."""
        return np.asarray(self.cost[self.cost_of[product]] ** -self.decay[product])

    def trade(self, product: int) -> Floats:
        """(M, M) trade shares of one product, columns summing to one."""
        law = self.weights[:, product, None] * self.kernel(product)
        law *= self.block_factors[product][np.ix_(self.parent_of, self.parent_of)]
        total = law.sum(axis=0)
        return np.where(total > 0, law / np.where(total > 0, total, 1.0), np.eye(len(law)))

    @property
    def use(self) -> Floats:
        """(M, S) use of domestic products by place."""
        used = _use(self.technology, self.parent_of, self.output)
        return np.asarray(used + self.demand.sum(axis=2))

    def parent_flows(self) -> Floats:
        """(S, G, G) product flows between regions, summed from those between places."""
        G, S = self.parent.n_regions, self.parent.n_sectors
        member = np.zeros((G, len(self.places)))
        member[self.parent_of, np.arange(len(self.places))] = 1.0
        use = self.use
        flows = [member @ (self.trade(i) * use[:, i]) @ member.T for i in range(S)]
        return np.stack(flows)

    def to_table(self) -> RegionalTable:
        """Spell the trade shares out in a pooled table.

        Raises
        ------
        TableTooLarge
            When they would take more than 2 GiB; solve with `gravity_arguments` instead.
        """
        M, S = self.output.shape
        if 8 * M * M * S > LARGEST_TRADE:
            raise TableTooLarge(
                f"trade shares would take {8 * M * M * S / 2**30:.1f} GiB; solve with "
                "GravityOperator(**nested.gravity_arguments())"
            )
        use = (self.technology[self.parent_of] * self.output[:, None, :]).transpose(1, 0, 2)
        parent = self.parent
        imported_use, imported_demand = self._imports_by_product()
        return RegionalTable.from_pooled(
            use, np.stack([self.trade(i) for i in range(S)]), self.demand, self.exports,
            self.output, value_added=self.value_added, imported_use=imported_use,
            imported_demand=imported_demand, taxes=self.taxes, regions=self.places,
            sectors=parent.sectors, categories=parent.categories, primaries=parent.primaries,
            units=parent.unit, year=parent.year, name=f"{parent.name}, {M} places",
            notes=self.notes, tolerance=max(parent.tolerance, 1e-9),
            population=self.population, coords={**self._sector_coords(), **self._place_coords()},
            **account_arguments(parent, self.accounts, self.places),
        )  # fmt: skip

    def _imports_by_product(self) -> tuple[Floats, Floats]:
        """Return imported inputs (S, M, S) and final imports (M, S, C) by product.

        Places split the products that their region imports as the region does, by buyer; where the
        parent tells totals only, they are totals (M, S) and (M, C).
        """
        data = self.parent.data
        used, bought = data.get("imported_use"), data.get("imported_demand")
        if (
            used is None
            or bought is None
            or used.dims != ("sector_from", "region", "sector")
            or bought.dims != ("region", "sector", "category")
        ):
            return self.imports, self.final_imports
        inputs, final = _parts(used.values, axis=0), _parts(bought.values, axis=1)
        return (
            inputs[:, self.parent_of] * self.imports,
            final[self.parent_of] * self.final_imports[:, None, :],
        )

    def _sector_coords(self) -> dict[str, tuple[str, list[Any]]]:
        return {
            str(name): ("sector", coord.values.tolist())
            for name, coord in self.parent.data.coords.items()
            if coord.dims == ("sector",) and name != "sector"
        }

    def _place_coords(self) -> dict[str, tuple[str, list[Any]]]:
        parents = [self.parent.regions[p] for p in self.parent_of]
        return {"parent": ("region", parents)} | {
            name: ("region", values) for name, values in self.coords.items()
        }

    def __repr__(self) -> str:
        """One line."""
        return (
            f"<NestedTable {len(self.places)} places in {self.parent.n_regions} regions x "
            f"{self.parent.n_sectors} sectors, preserves {self.preserve}>"
        )


def nest(
    table: RegionalTable,
    places: pd.DataFrame,
    cost: Costs,
    *,
    preserve: Preserve = "flows",
    decay: float | Mapping[str, float] | pd.Series = 1.0,
    cost_of: Mapping[str, str] | pd.Series | None = None,
    output: pd.DataFrame | None = None,
    employment: pd.DataFrame | None = None,
    value_added: pd.Series | None = None,
    demand: pd.DataFrame | pd.Series | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_PASSES,
) -> NestedTable:
    """Split the regions of a table into places.

    Parameters
    ----------
    table
        Pooled table (of an explicit one, `table.pooled()`).
    places
        Index the labels of M places, columns `parent` (region, by name or code) and `size`
        (population, GDP; any unit). Every region needs a place. A column `population` is carried
        as persons, columns of text as further labels.
    cost
        (M, M) cost from place to place, own place included, all > 0 (power kernel); a frame, an
        array in the order of `places`, or several by name.
    preserve
        "flows" or "cells", as in the module.
    decay
        Elasticity of trade to cost, one number or by sector (an assumption unless estimated).
    cost_of
        Name of the cost each sector's product follows, needed when there are several.
    output, employment
        What is known by place and sector; see `nest_shares`.
    value_added
        (M,) value added of places, any unit: shares are balanced to it within every region.
    demand
        Size of final demand by place, or by place and category; `size` when left out.
    tolerance, max_iterations
        Largest relative gap of supply and of flows between regions; passes.

    Returns
    -------
    `NestedTable`. Solving its gravity law returns the output of the places, and with it that of
    the regions.

    Raises
    ------
    InvalidTable
        For an explicit table, unknown or missing regions, impossible figures.
    NotConverged
        When the totals are not met in `max_iterations` passes.
    """
    if table.kind != "pooled":
        raise InvalidTable("nest needs a pooled table: pass table.pooled()")
    if preserve not in ("flows", "cells"):
        raise InvalidTable(f"preserve must be 'flows' or 'cells', found {preserve!r}")
    parent_of, size = read_places(table, places)
    costs, which = read_costs(table, places.index, cost, cost_of)
    decays = read_decays(table, decay)
    sigma = output_shares(
        table, places.index, parent_of, size,
        output=output, employment=employment, value_added=value_added,
    )  # fmt: skip
    delta = demand_shares(table, places.index, parent_of, size, demand)
    data = table.data
    x = sigma * data["output"].values[parent_of]
    exports = sigma * data["exports"].values[parent_of]
    intermediate = _use(table.technology, parent_of, x)
    final = _final(data["demand"].values, parent_of, delta, intermediate)
    use = intermediate + final.sum(axis=2)
    flows = _flows(table)
    made = flows.sum(axis=2)
    supply = sigma * made.T[parent_of]
    if preserve == "cells":
        over = made[:, :, None]
        factors = np.divide(flows, over, out=np.zeros_like(flows), where=over > 0)
        weights, gap, passes, decays = supply, 0.0, 0, np.zeros_like(decays)
    else:
        pairs, kernel_of = np.unique(np.stack([which, decays], axis=1), axis=0, return_inverse=True)
        kernels = [costs[int(c)] ** -rate for c, rate in pairs]
        weights, factors, gap, passes = balance_blocks(
            kernels, kernel_of.reshape(-1), parent_of, supply, use, flows,
            tolerance=tolerance, max_iterations=max_iterations,
        )  # fmt: skip
        del kernels
        if gap > tolerance:
            raise NotConverged(
                f"totals of places are missed by {gap:.3g} relative after {passes} passes; look "
                "for places that hold nearly all of a region's use or supply of a product"
            )
    top = weights.max(axis=0)
    # A region that uses nothing of a product has no flow to say how it would buy: evenly.
    idle = (flows.sum(axis=1) <= 0)[:, None, :]
    imports, final_imports = _imports(table)
    accounts, lost = place_accounts(table, parent_of, sigma, delta)
    left = [f"left out, since their place is not told: {', '.join(lost)}"] if lost else []
    return NestedTable(
        parent=table,
        places=tuple(str(place) for place in places.index),
        parent_of=parent_of,
        cost=costs,
        cost_of=which,
        decay=decays,
        weights=weights / np.where(top > 0, top, 1.0),
        block_factors=np.where(idle, 1.0, factors),
        output=x,
        exports=exports,
        imports=sigma * imports[parent_of],
        taxes=sigma * table.taxes.to_numpy().reshape(data["output"].shape)[parent_of],
        demand=final,
        final_imports=delta * final_imports[parent_of],
        value_added=data["value_added"].values[:, parent_of] * sigma,
        preserve=preserve,
        gap=gap,
        iterations=passes,
        notes=(*table.notes, *_notes(preserve, decays, output, employment, value_added), *left),
        accounts=accounts,
        coords={
            str(name): [str(v) for v in places[name]]
            for name in places.columns
            if name not in ("parent", "size") and not pd.api.types.is_numeric_dtype(places[name])
        },
        population=places["population"].to_numpy(float) if "population" in places else None,
    )


def _use(technology: Floats, parent_of: NDArray[np.intp], output: Floats) -> Floats:
    """Intermediate use of domestic products by place, (M, S)."""
    out = np.empty_like(output)
    for g in range(len(technology)):
        members = parent_of == g
        out[members] = output[members] @ technology[g].T
    return out


def _final(
    demand: Floats, parent_of: NDArray[np.intp], delta: Floats, intermediate: Floats
) -> Floats:
    """Spread final demand (M, S, C) by sizes; negative cells (stocks) follow the other uses."""
    positive, negative = np.maximum(demand, 0.0), np.minimum(demand, 0.0)
    final = positive[parent_of] * delta[:, None, :]
    if (negative < 0).any():
        use = intermediate + final.sum(axis=2)
        total = np.zeros((len(demand), use.shape[1]))
        np.add.at(total, parent_of, use)
        share = np.divide(use, total[parent_of], out=np.zeros_like(use), where=total[parent_of] > 0)
        final += negative[parent_of] * share[:, :, None]
    return np.asarray(final)


def _parts(block: Floats, axis: int) -> Floats:
    """Shares of a block in its sums over one axis; zero where the sum is."""
    total = block.sum(axis=axis, keepdims=True)
    return np.asarray(np.divide(block, total, out=np.zeros_like(block), where=total != 0))


def _flows(table: RegionalTable) -> Floats:
    """(S, G, G) product flows between regions."""
    data = table.data
    use = data["domestic_use"].values.sum(axis=2) + data["demand"].values.sum(axis=2).T
    return np.asarray(table.trade * np.maximum(use, 0.0)[:, None, :])


def _imports(table: RegionalTable) -> tuple[Floats, Floats]:
    """Sum imported inputs (G, S) and final imports (G, C) over products."""
    data = table.data
    shape = table.n_regions, table.n_sectors
    inputs = data["imported_use"].values.sum(axis=0) if "imported_use" in data else np.zeros(shape)
    final = np.zeros((table.n_regions, len(table.categories)))
    if "imported_demand" in data:
        variable = data["imported_demand"]
        if "region" in variable.dims:
            final = variable.values.sum(axis=1)
        else:  # told for the country only: as domestic final demand
            domestic = np.maximum(data["demand"].values.sum(axis=1), 0.0)
            final = variable.values.sum(axis=0) * domestic / domestic.sum(axis=0)
    return inputs, final


def _notes(
    preserve: str, decays: Floats, output: object, employment: object, value_added: object
) -> tuple[str, ...]:
    low, high = decays.min(), decays.max()
    known = [
        name
        for name, given in (
            ("output", output), ("employment", employment), ("value added", value_added),
        )
        if given is not None
    ]  # fmt: skip
    shares = f"{', '.join(known)} of places, otherwise size" if known else "size"
    trade = (
        f"trade between places by cost, decay {low:g}"
        + (f" to {high:g}" if high > low else "")
        + ", with product flows between regions kept"
        if preserve == "flows"
        else "every place of a region has the same share from each region (all cells kept)"
    )
    return (
        f"ESTIMATE of places inside regions: sectors by {shares}; technology of the region; "
        f"{trade}.",
    )
