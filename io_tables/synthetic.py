"""Synthetic economies of any size, for benchmarks: seeded, realistic in structure, of known radius.

Question owned: how does anybody get a large economy whose properties are known in advance?

Public names
    synthetic_economy    draw one
    SyntheticEconomy     its arrays, and the forms it can take

Terms: R regions, S sectors, n = R * S rows, region-major; product i, region of production r, of
use s; G groups of regions that share a technology; C classes of products that share a decay.

    k_c(r,s) = cost_rs ^ -decay_c         home_i on the own region
    t_i^rs   = w_i^r k_c(r,s) / denominator_i^s        sum_r t_i^rs = 1
    x        = T (A x + y) + e

The spectral radius of T A is the one asked for to 1e-12 relative (see `synthetic_draw`). The share
of use that comes from other regions is `openness` to 1e-5 on average over use (density one). A
density below one keeps, for each product and destination, the region itself and the largest other
suppliers, whose share of what is bought elsewhere is then shared out among them.

One economy, three forms: gravity (`technology`, `cost`, `decay`, `weights`, `home`,
`technology_of`: the arguments of `GravityOperator`; nothing with S * R * R or n * n numbers is
formed), pooled (`trade()`), explicit (`coefficients()`, sparse when the density is below one).

Source: Chenery (1953), Moses (1955) for the form, Wilson (1967) for trade. Numbers are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, gmres

from io_tables.container.checks import raise_collected
from io_tables.dims import Kind
from io_tables.errors import InvalidTable, NotConverged, NotTold, TableTooLarge
from io_tables.synthetic_draw import (
    KINDS,
    Floats,
    draw_regions,
    draw_sectors,
    draw_technology,
)
from io_tables.synthetic_trade import (
    home_factors,
    keep_largest,
    kernels,
    sparse_coefficients,
    split_density,
)
from io_tables.table import RegionalTable

LARGEST_FORM: Final = 4 * 1024**3
"""Bytes up to which a pooled or explicit form is made."""
OWN_TECHNOLOGIES: Final = 256 * 1024**2
"""Bytes of technology up to which, by default, every region has its own."""
CATEGORIES: Final = ("households", "government", "investment")
_CATEGORY_SHARES: Final = np.array(
    [[0.80, 0.05, 0.15], [0.50, 0.05, 0.45], [0.15, 0.05, 0.80], [0.60, 0.32, 0.08]]
)
"""Of final use by kind of sector and category."""


@dataclass(frozen=True, eq=False)
class SyntheticEconomy:
    """An economy as arrays that are small at any size; all read-only float64.

    Attributes
    ----------
    regions, sectors
        R and S labels.
    kind
        (S,) kind of each sector, position in `KINDS`.
    coordinates
        (R, 2) kilometres.
    population
        (R,) persons.
    technology
        (G, S, S) [group, product, industry] domestic inputs, money per money of output.
    technology_of
        (R,) group of each region.
    cost
        (R, R) [from, to] kilometres, own region included.
    decay
        (S,) exponent of the power kernel by product; C distinct values.
    weights
        (R, S) supply weights by producing region.
    home
        (S,) factor on the own region's kernel.
    demand
        (R, S) final demand of residents by place of use.
    exports
        (R, S) by producing region.
    left_vector
        (S,) q with q' A^g = spectral_radius * q' for every group.
    spectral_radius, openness
        As asked for.
    suppliers
        Regions that supply one product to one destination; R when every region does.
    seed, name
        What it was drawn from, and what it is called.
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    kind: NDArray[np.intp]
    coordinates: Floats
    population: Floats
    technology: Floats
    technology_of: NDArray[np.intp]
    cost: Floats
    decay: Floats
    weights: Floats
    home: Floats
    demand: Floats
    exports: Floats
    left_vector: Floats
    spectral_radius: float
    openness: float
    suppliers: int
    seed: int
    name: str

    @property
    def n_regions(self) -> int:
        """Return R."""
        return len(self.regions)

    @property
    def n_sectors(self) -> int:
        """Return S."""
        return len(self.sectors)

    @property
    def n(self) -> int:
        """Number of rows, R * S."""
        return self.n_regions * self.n_sectors

    @property
    def density(self) -> float:
        """Share of the cells of the explicit matrix that are not zero."""
        filled = np.count_nonzero(self.technology) / self.technology.size
        return float(filled * self.suppliers / self.n_regions)

    def _refuse_large(self, numbers: float, what: str) -> None:
        if 8 * numbers > LARGEST_FORM:
            raise TableTooLarge(
                f"{what} of {self.name} would take {8 * numbers / 2**30:.1f} GiB, more than "
                f"{LARGEST_FORM / 2**30:.0f} GiB; use the gravity form, which forms nothing large"
            )

    def technology_by_region(self) -> Floats:
        """(R, S, S) [region of use, product, industry]."""
        self._refuse_large(self.n_regions * self.n_sectors**2, "the technology by region")
        return np.asarray(self.technology[self.technology_of])

    def trade(self) -> Floats:
        """Trade shares (S, R, R) [product, from, to], summing to one over from.

        Raises
        ------
        TableTooLarge
            Above 4 GiB.
        """
        S, R = self.n_sectors, self.n_regions
        self._refuse_large(S * R * R, "the trade shares")
        out = np.empty((S, R, R))
        own = np.arange(R)
        for members, kernel in kernels(self.cost, self.decay):
            for i in members:
                out[i] = kernel * self.weights[:, i, None]
                out[i, own, own] *= self.home[i]
                if self.suppliers < R:
                    keep_largest(out[i], self.suppliers)
                out[i] /= out[i].sum(axis=0)
        return out

    def coefficients(self) -> Any:
        """Explicit matrix T A (n, n): an array, or a csr_array when the density is below one.

        Raises
        ------
        TableTooLarge
            Above 4 GiB.
        """
        R, S = self.n_regions, self.n_sectors
        self._refuse_large(self.n**2 * self.density, "the explicit matrix")
        trade = self.trade()
        if self.density < 1.0:
            return sparse_coefficients(trade, self.technology, self.technology_of)
        out = np.empty((R, S, R, S))
        for s in range(R):
            block = self.technology[self.technology_of[s]]
            np.multiply(trade[:, :, s].T[:, :, None], block[None], out=out[:, :, s])
        return out.reshape(self.n, self.n)

    def final_demand(self) -> Floats:
        """Return f = T y + e (n,): all final demand by place of production."""
        if self.suppliers < self.n_regions:
            delivered = np.einsum("irs,si->ri", self.trade(), self.demand)
        else:
            delivered = self._delivered()
        return np.asarray(delivered + self.exports).reshape(-1)

    def _delivered(self) -> Floats:
        out = np.empty_like(self.demand)
        own = np.diagonal(self.cost)
        for members, kernel in kernels(self.cost, self.decay):
            weights = self.weights[:, members]
            extra = (self.home[members] - 1.0) * own[:, None] ** -self.decay[members]
            denominator = kernel.T @ weights + extra * weights
            scaled = self.demand[:, members] / denominator
            out[:, members] = weights * (kernel @ scaled + extra * scaled)
        return out

    def table(self, kind: Kind = "pooled") -> RegionalTable:
        """Return the economy as a balanced table with value added, imports, taxes and population.

        Output is solved to 1e-12 relative in every row. The explicit form has the same output,
        technology and trade.

        Raises
        ------
        TableTooLarge
            When the form would take more than 4 GiB.
        NotTold
            When value added of an industry would not be positive.
        """
        R = self.n_regions
        if kind == "explicit":
            self._refuse_large(self.n**2 + self.n * R * len(CATEGORIES), "the explicit table")
        technology, trade = self.technology_by_region(), self.trade()
        inputs = technology.sum(axis=1)
        if float(inputs.max()) >= 1.0:
            raise NotTold(
                f"{self.name} has inputs above output in {int((inputs >= 1.0).sum())} industries: "
                "it has coefficients and demand but no table; ask for a lower spectral radius"
            )
        output = self._output(technology, trade)
        use = technology.transpose(1, 0, 2) * output[None]
        rest = (1.0 - inputs) * output
        imported, taxes = 0.25 * rest, 0.03 * rest
        wages = 0.55 * (rest - imported - taxes)
        value_added = np.stack([wages, rest - imported - taxes - wages])
        demand = self.demand[:, :, None] * _CATEGORY_SHARES[self.kind][None]
        final_imports = 0.1 * demand.sum(axis=1)
        primaries = ("compensation of employees", "other value added")
        about: dict[str, Any] = {
            "regions": self.regions, "sectors": self.sectors, "categories": CATEGORIES,
            "units": "million", "name": self.name, "population": self.population,
            "notes": ("All numbers are invented: drawn at random with a realistic structure.",),
            "coords": {
                "kind": ("sector", [KINDS[k] for k in self.kind]),
                "x_km": ("region", self.coordinates[:, 0]),
                "y_km": ("region", self.coordinates[:, 1]),
            },
        }  # fmt: skip
        if kind == "pooled":
            return RegionalTable.from_pooled(
                use, trade, demand, self.exports, output, value_added=value_added,
                imported_use=imported, imported_demand=final_imports, taxes=taxes,
                primaries=primaries, **about,
            )  # fmt: skip
        by_origin = trade.transpose(1, 0, 2)
        flows = by_origin[:, :, :, None] * use[None]
        final = by_origin[:, :, :, None] * demand.transpose(1, 0, 2)[None]
        return RegionalTable.from_flows(
            flows.reshape(self.n, self.n), final.reshape(self.n, -1), output.reshape(-1),
            value_added.reshape(2, -1), imports=imported.reshape(-1),
            final_imports=final_imports.reshape(1, -1), taxes=taxes.reshape(-1),
            exports=self.exports.reshape(-1), **about,
        )  # fmt: skip

    def _output(self, technology: Floats, trade: Floats) -> Floats:
        """Solve x = T (A x + y) + e (R, S): GMRES, then sweeps until no row moves by 1e-13."""
        R, S = self.n_regions, self.n_sectors
        towards = np.ascontiguousarray(trade)

        def multiply(x: Floats) -> Floats:
            used = np.matmul(technology, x.reshape(R, S, 1))[:, :, 0]
            return np.asarray(np.matmul(towards, used.T[:, :, None])[:, :, 0].T.reshape(-1))

        f = self.final_demand()
        system = LinearOperator((self.n, self.n), lambda x: x.ravel() - multiply(x.ravel()))
        x, _ = gmres(system, f, rtol=1e-13, atol=0.0, restart=60, maxiter=20)
        for _ in range(4000):
            new = f + multiply(x)
            moved = float((np.abs(new - x) / new).max())
            x = new
            if moved <= 1e-13:
                return np.asarray(x).reshape(R, S)
        raise NotConverged(f"output of {self.name} still moves by {moved:.1e} after 4000 sweeps")


def synthetic_economy(
    n_regions: int,
    n_sectors: int,
    *,
    seed: int = 20200101,
    spectral_radius: float = 0.6,
    openness: float = 0.35,
    decay: float | Sequence[float] = 1.5,
    density: float = 1.0,
    technology_groups: int | None = None,
) -> SyntheticEconomy:
    """Draw an economy; the same arguments give the same bits.

    Parameters
    ----------
    n_regions, n_sectors
        R and S; 2,850 x 400 takes some seconds and less than 1 GB.
    seed
        Of the random numbers.
    spectral_radius
        Of the coefficient matrix, between 0 and 1; met to 1e-12 relative. Observed tables have
        0.4 to 0.7.
    openness
        Share of domestic use that comes from other regions, between 0 and 1, on average over use.
    decay
        Exponent(s) of distance. C values split the sectors, in order, into C classes of nearly
        equal size; S values give every product its own.
    density
        Share of the cells of the explicit matrix that are not zero, about: cells are whole.
    technology_groups
        G regions' technologies that differ; every region its own where that takes at most
        256 MiB, otherwise one for each 90 regions.

    Raises
    ------
    InvalidTable
        For arguments out of range, all named at once.
    """
    decays = np.atleast_1d(np.asarray(decay, dtype=np.float64))
    _check(n_regions, n_sectors, spectral_radius, openness, decays, density, technology_groups)
    rng = np.random.default_rng([seed, n_regions, n_sectors])
    sectors = draw_sectors(rng, n_sectors)
    regions = draw_regions(rng, n_regions)
    groups = technology_groups or _default_groups(n_regions, n_sectors)
    filled, suppliers = split_density(density, n_regions)
    technology, q = draw_technology(
        rng, sectors, groups, spectral_radius=spectral_radius, filled=filled
    )
    shape = (n_regions, n_sectors)
    weights = regions.size[:, None] * sectors.size * rng.lognormal(0.0, 0.6, shape)
    demand = regions.size[:, None] * sectors.final * rng.lognormal(0.0, 0.2, shape) * 1e6
    exports = sectors.exported * weights * (demand.sum() / weights.sum())
    by_product = decays[np.arange(n_sectors) * len(decays) // n_sectors]
    home = home_factors(regions, weights, by_product, demand, openness)
    # Neighbours in the east-west direction share a technology.
    of = np.empty(n_regions, dtype=np.intp)
    of[np.argsort(regions.coordinates[:, 0], kind="stable")] = (
        np.arange(n_regions) * groups // n_regions
    )
    for array in (technology, weights, demand, exports, by_product, home, of, q, regions.cost):
        array.flags.writeable = False
    return SyntheticEconomy(
        regions=tuple(f"R{r + 1:04d}" for r in range(n_regions)),
        sectors=sectors.labels,
        kind=sectors.kind,
        coordinates=regions.coordinates,
        population=np.round(regions.size * 1e6),
        technology=technology,
        technology_of=of,
        cost=regions.cost,
        decay=by_product,
        weights=weights,
        home=home,
        demand=demand,
        exports=exports,
        left_vector=q,
        spectral_radius=spectral_radius,
        openness=openness if n_regions > 1 else 0.0,
        suppliers=suppliers,
        seed=seed,
        name=f"synthetic {n_regions} x {n_sectors}, seed {seed}",
    )


def _check(
    n_regions: int,
    n_sectors: int,
    spectral_radius: float,
    openness: float,
    decays: Floats,
    density: float,
    technology_groups: int | None,
) -> None:
    failures = []
    if n_regions < 1 or n_sectors < 1:
        failures.append(f"regions and sectors must be at least 1, found {n_regions}, {n_sectors}")
    for what, value in (("spectral_radius", spectral_radius), ("openness", openness)):
        if not 0.0 < value < 1.0:
            failures.append(f"{what} must lie between 0 and 1, found {value}")
    if not 0.0 < density <= 1.0:
        failures.append(f"density must lie above 0 and at most at 1, found {density}")
    if decays.ndim != 1 or not 1 <= len(decays) <= max(n_sectors, 1):
        failures.append(f"decay must be 1 to {n_sectors} numbers, found shape {decays.shape}")
    if not (np.isfinite(decays).all() and (decays >= 0).all()):
        failures.append(f"decay must be finite and not negative, found {decays[:5].tolist()}")
    if technology_groups is not None and not 1 <= technology_groups <= n_regions:
        failures.append(f"technology_groups must be 1 to {n_regions}, found {technology_groups}")
    raise_collected(InvalidTable, failures, "a synthetic economy")


def _default_groups(n_regions: int, n_sectors: int) -> int:
    own = 8 * n_regions * n_sectors**2 <= OWN_TECHNOLOGIES
    return n_regions if own else max(1, n_regions // 90)
