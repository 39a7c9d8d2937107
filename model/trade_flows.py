"""Exports between regions, and the pieces that value-added accounting is made of.

Question owned: what does each region sell to each other one, and what would its own economy need to
make it?

Public names
    Origins          value added by region, imports and the rest, per money of output
    TradeSystem      a table as the decompositions need it: Y^sr, A^sr w, V_s B, own blocks of B

Terms: regions s (seller), r (buyer), t, u; B = (I - A)^-1 of the whole, L_ss = (I - A_ss)^-1 of a
region alone; Y^sr final sales, A^sr inputs; V_s value added per money of output on the rows of s.

    E^sr = Y^sr + A^sr x^r                         E^s* summed over partners, abroad included
    sum_t V_t B + imports' B + rest' B = 1         column by column

Buyers outside the table ("abroad") take final goods only, imports enter like a primary input: what
they do with each other is not in the table. The rest is net taxes and the remainder of columns.

Source: Koopman, Wang & Wei (2014), section I; Borin & Mancini (2019), section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from io_tables.table import RegionalTable
from model.accounts import IMPORTS, leakage_of
from model.leontief.products import FloatArray
from model.solve import Leontief
from model.stressors import final_use_of

TOLERANCE = 1e-11
COLUMNS = 512
"""Unit demands solved at a time when blocks of B are asked for."""


@dataclass(frozen=True)
class Origins:
    """Where the money of one unit of output ends, (N,) each; the four sum to one with A."""

    value_added: FloatArray
    imports: FloatArray
    rest: FloatArray


class TradeSystem:
    """A table with the products that decompositions of exports are made of.

    Parameters
    ----------
    table
        Pooled or explicit, final demand told by place of use.

    Notes
    -----
    Everything is worked out when first asked for. `own_blocks` is the only piece that needs N
    columns of B; it keeps the R diagonal blocks and nothing else.
    """

    def __init__(self, table: RegionalTable) -> None:
        self.table = table
        self.R, self.S = table.n_regions, table.n_sectors
        use = final_use_of(table)
        self.partners = use.destinations
        self.final = use.values.reshape(self.R, self.S, -1)
        """(R, S, D) Y^sr [seller, product, buyer], buyers outside the table last."""
        self.system = Leontief(table)
        self.output = np.asarray(table.x.to_numpy(), dtype=np.float64).reshape(self.R, self.S)

    @property
    def n_partners(self) -> int:
        """Number of buyers, those outside the table included."""
        return len(self.partners)

    @cached_property
    def origins(self) -> Origins:
        """What one money of output is made of besides domestic inputs."""
        kinds, rates = leakage_of(self.table, self.system.operator)
        n = len(self.table.primaries)
        imports = np.zeros(rates.shape[0])
        if IMPORTS in kinds:
            imports = rates[:, kinds.index(IMPORTS)]
        added = rates[:, :n].sum(axis=1)
        return Origins(added, imports, rates.sum(axis=1) - added - imports)

    def solve(self, demand: FloatArray) -> FloatArray:
        """B times demand (R, S, k)."""
        flat = np.ascontiguousarray(demand).reshape(self.R * self.S, -1)
        found = self.system.solve(flat, tolerance=TOLERANCE).raise_for_status().x
        return np.asarray(found).reshape(self.R, self.S, -1)

    def padded(self, by_region: FloatArray) -> FloatArray:
        """(R, S) as one column per region, (R, S, R), zero on the rows of others."""
        out = np.zeros((self.R, self.S, self.R))
        out[np.arange(self.R), :, np.arange(self.R)] = by_region
        return out

    @cached_property
    def content(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """V_t B as (R, R, S) [origin, place of output, product]; imports' B, rest' B as (R, S)."""
        origins = self.origins
        masked = self.padded(origins.value_added.reshape(self.R, self.S)).reshape(-1, self.R)
        weights = np.column_stack([masked, origins.imports, origins.rest])
        found = self.system.solve_transposed(weights, tolerance=TOLERANCE).raise_for_status().x
        grid = np.asarray(found).reshape(self.R, self.S, -1)
        regions = np.ascontiguousarray(grid[:, :, : self.R].transpose(2, 0, 1))
        return regions, grid[:, :, self.R], grid[:, :, self.R + 1]

    @cached_property
    def own_content(self) -> FloatArray:
        """V_s B_ss (R, S)."""
        regions = self.content[0]
        return regions[np.arange(self.R), np.arange(self.R)]

    @cached_property
    def own_blocks(self) -> FloatArray:
        """B_ss (R, S, S)."""
        out = np.empty((self.R, self.S, self.S))
        n, at_once = self.R * self.S, max(COLUMNS // self.S, 1)
        for first in range(0, self.R, at_once):
            group = range(first, min(first + at_once, self.R))
            rows = np.arange(group.start * self.S, group.stop * self.S)
            unit = np.zeros((n, rows.size))
            unit[rows, rows - rows[0]] = 1.0
            found = self.solve(unit).reshape(self.R, self.S, len(group), self.S)
            for k, region in enumerate(group):
                out[region] = found[region, :, k]
        return out

    @cached_property
    def alone(self) -> FloatArray:
        """L_ss (R, S, S): every region closed to the others."""
        rows = np.arange(self.R * self.S).reshape(self.R, self.S)
        blocks = np.stack([self.system.operator.block(own, own) for own in rows])
        return np.asarray(np.linalg.inv(np.eye(self.S) - blocks), dtype=np.float64)

    @cached_property
    def alone_content(self) -> FloatArray:
        """V_s L_ss (R, S)."""
        added = self.origins.value_added.reshape(self.R, self.S)
        return np.asarray(np.einsum("ri,rij->rj", added, self.alone))

    def inputs(self, needs: FloatArray) -> FloatArray:
        """A^sr w^r for w (R, S) the same for all sellers: (R, S, R) [seller, product, buyer]."""
        flat = self.padded(needs).reshape(self.R * self.S, self.R)
        return self.system.operator.matmat(flat).reshape(self.R, self.S, self.R)

    def inputs_by_seller(self, needs: FloatArray) -> FloatArray:
        """A^sr w^(s,r) for w (R, R, S) [seller, buyer, product]: (R, S, R)."""
        out = np.empty((self.R, self.S, self.R))
        rows = np.arange(self.R * self.S)
        for buyer in range(self.R):
            own = rows[buyer * self.S : (buyer + 1) * self.S]
            block = self.system.operator.block(rows, own).reshape(self.R, self.S, self.S)
            out[:, :, buyer] = np.matmul(block, needs[:, buyer, :, None])[:, :, 0]
        return out

    @cached_property
    def exports(self) -> FloatArray:
        """E^sr (R, S, D) [seller, product, buyer]; nothing to the own region."""
        out = np.array(self.final)
        out[:, :, : self.R] += self.inputs(self.output)
        out[np.arange(self.R), :, np.arange(self.R)] = 0.0
        return out

    @cached_property
    def own_final(self) -> FloatArray:
        """Y^ss (R, S)."""
        return np.ascontiguousarray(
            self.final[np.arange(self.R), :, np.arange(self.R)], dtype=np.float64
        )

    @cached_property
    def made_for(self) -> FloatArray:
        """B Y^.u (R, S, D): output of every industry for the final demand of u."""
        return self.solve(self.final)
