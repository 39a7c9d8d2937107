"""What every province buys, from the country and from abroad, and what it exports.

Public names:
- `estimate_uses`: inputs, final demand and exports by province.
- `Uses`: the result.

Terms: r province of use (R), i product (S), j buying sector (S), c category of final demand.

1. Inputs. For each buyer j one RAS of a (2 S, R) matrix, domestic rows above imported ones, to
   (national rows of column j) and (intermediate inputs n_jr). Prior: the input mix of j in r in
   2007 with a share of the national one of 2020 (a larger one for small industries), split
   between domestic and imported by the national import share of the cell, its odds multiplied by
   the province's openness to imports.
2. Final demand. The same for each category, with province totals = ratio to GDP of 2007 x GDP of
   2020, scaled to the national total. Prior: the product mix of 2007 with a share of the national
   one.
   Both priors are multiplied by (relative growth)^(own share): a province whose output of a
   product has outgrown its GDP by more than the country's did uses more of it, in proportion to
   how far it supplies itself. So the official value added of 2020 in construction or finance
   moves the mix of uses, which has no figures of its own.
3. Inventory change, whose signs no RAS bears, follows the other uses of the same product.
4. Exports. National exports of a product by output times openness, at most 95 % of output.
   Re-exports (imports that leave again) belong to no province's output and are left out.

Openness is goods trade over value added of 2020 relative to the country, to the powers below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from io_tables.china.figures import Figures
from io_tables.china.scaling import fit_totals
from io_tables.china.supply import Supply

MIX_INPUTS = 0.05
"""Share of the national input mix of 2020 in a province's prior (assumption)."""
CREDIBLE_SIZE = 0.1
"""Output of 2007, relative to the mean province, at which a province's own input mix weighs as
much as the national one: columns of tiny industries are mostly error (assumption)."""
ALIEN_MIX = 0.5
"""Half the sum of absolute differences to the pooled mix of 2007 at which a province's mix of a
final demand category is taken for damaged and replaced by the pooled one (assumption)."""
MIX_FINAL = 0.05
"""Share of the national product mix of 2020 in a province's final demand (assumption)."""
IMPORT_TILT = 0.5
"""Power of openness in the odds of an import share (assumption)."""
EXPORT_TILT = 1.0
"""Power of openness in exports per unit of output (assumption)."""
EXPORT_CAP = 0.95
"""Largest share of output that a province may export (assumption)."""
GROWTH_RANGE = 4.0
"""Relative growth of output since 2007 is kept within this factor (assumption)."""
FITTED = ("rural", "urban", "government", "fixed_capital")


@dataclass(frozen=True, eq=False)
class Uses:
    """Uses by province, all at the place of use but `exports`.

    Attributes
    ----------
    domestic, imported
        (S, R, S) intermediate use [product, province, buyer].
    domestic_final, imported_final
        (R, S, 5) final use by category.
    exports
        (R, S) by producing province.
    capped
        Number of cells whose exports met the cap.
    gap
        Largest relative gap of any total that was fitted.
    """

    domestic: np.ndarray
    imported: np.ndarray
    domestic_final: np.ndarray
    imported_final: np.ndarray
    exports: np.ndarray
    capped: int
    gap: float

    @property
    def demand(self) -> np.ndarray:
        """(R, S) domestic products used in a province, all buyers together."""
        total: np.ndarray = self.domestic.sum(axis=2).T + self.domestic_final.sum(axis=2)
        return total


def estimate_uses(figures: Figures, supply: Supply) -> Uses:
    """Estimate inputs, final demand and exports by province.

    Raises
    ------
    InfeasibleMargins, NotConverged
        When totals cannot be met.
    """
    n = figures.national
    tilt = figures.openness**IMPORT_TILT
    growth = _local_growth(figures, supply)
    inputs = _input_prior(figures, supply) * growth.T
    inputs_fit = fit_totals(
        np.concatenate(_split(inputs, n.domestic, n.imported, tilt), axis=1),
        np.concatenate([n.domestic, n.imported]).T,
        supply.intermediate.T,
        what="inputs",
    )
    final, totals = _final_prior(figures, supply, growth)
    fitted = slice(0, len(FITTED))
    split = _split(final, n.domestic_final[:, fitted], n.imported_final[:, fitted], tilt)
    final_fit = fit_totals(
        np.concatenate(split, axis=1),
        np.concatenate([n.domestic_final, n.imported_final])[:, fitted].T,
        totals,
        what="final demand",
    )
    size = len(n.output)
    intermediate = inputs_fit.matrix.transpose(1, 2, 0)
    final_use = final_fit.matrix.transpose(2, 1, 0)
    domestic, imported = intermediate[:size], intermediate[size:]
    exports, capped = _exports(figures, supply)
    return Uses(
        domestic=domestic,
        imported=imported,
        domestic_final=_with_inventories(domestic, final_use[:, :size], n.domestic_final[:, -1]),
        imported_final=_with_inventories(imported, final_use[:, size:], n.imported_final[:, -1]),
        exports=exports,
        capped=capped,
        gap=max(inputs_fit.gap, final_fit.gap),
    )


def _input_prior(figures: Figures, supply: Supply) -> np.ndarray:
    """Prior (S buyers, S products, R) of inputs, imports included."""
    provincial, n = figures.provincial, figures.national
    national = n.domestic + n.imported
    national_share = national / national.sum(axis=0)
    total = provincial.inputs.sum(axis=1, keepdims=True)
    known = total > 0
    share = np.divide(provincial.inputs, total, out=np.zeros_like(provincial.inputs), where=known)
    share = np.where(known, share, national_share)
    repair = figures.sectors["sector_code"].eq("23").to_numpy()
    share[:, repair] = national_share[repair]
    size = provincial.accounts["output"] / (provincial.accounts["output"].mean(axis=0) + 1e-300)
    own = (1 - MIX_INPUTS) * size / (size + CREDIBLE_SIZE)
    share = own[:, None, :] * share + (1 - own[:, None, :]) * national_share
    by_region = share[provincial.position] * supply.intermediate[:, None, :]
    prior: np.ndarray = by_region.transpose(2, 1, 0)
    return prior


def _split(
    prior: np.ndarray, domestic: np.ndarray, imported: np.ndarray, tilt: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Split a prior (B, S, R) into domestic and imported by national shares (S, B), tilted."""
    home = domestic.T[:, :, None]
    abroad = imported.T[:, :, None] * tilt
    both = home + abroad
    share = np.divide(abroad, both, out=np.zeros_like(both), where=both > 0)
    used = (home + imported.T[:, :, None]) > 0
    return prior * (1 - share) * used, prior * share


def _local_growth(figures: Figures, supply: Supply) -> np.ndarray:
    """(R, S) growth of output over growth of GDP since 2007, relative, to the own share."""
    accounts, position = figures.provincial.accounts, figures.provincial.position
    old = accounts["output"][position]
    old_gdp = accounts["value_added"].sum(axis=1)[position]
    now = supply.output / supply.value_added.sum(axis=1)[:, None]
    then = old / old_gdp[:, None]
    known = then > 0
    growth = np.divide(now, then, out=np.ones_like(now), where=known)
    national = np.divide(
        supply.output.sum(axis=0) / supply.value_added.sum(),
        old.sum(axis=0) / old_gdp.sum(),
        out=np.ones(now.shape[1]),
        where=known.any(axis=0),
    )
    relative = np.clip(growth / national, 1 / GROWTH_RANGE, GROWTH_RANGE)
    moved: np.ndarray = np.where(known, relative, 1.0) ** figures.own_shares
    return moved


def _final_prior(
    figures: Figures, supply: Supply, growth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Prior (4, S, R) of final demand, imports included, and province totals (4, R)."""
    accounts, position, n = (
        figures.provincial.accounts,
        figures.provincial.position,
        figures.national,
    )
    expansion = (supply.value_added.sum(axis=1) / accounts["value_added"].sum(axis=1)[position])[
        :, None
    ]
    priors, totals = [], []
    for c, name in enumerate(FITTED):
        old = np.maximum(accounts[name], 0.0)[position]
        national = n.domestic_final[:, c] + n.imported_final[:, c]
        total = old.sum(axis=1, keepdims=True) * expansion
        total = total * (national.sum() / total.sum())
        mix = final_mix(accounts[name])[0][position] * growth
        mix = mix / mix.sum(axis=1, keepdims=True)
        mix = (1 - MIX_FINAL) * mix + MIX_FINAL * national / national.sum()
        priors.append((mix * total).T)
        totals.append(total[:, 0])
    return np.stack(priors), np.stack(totals)


def final_mix(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Product mix (30, S) of a category in 2007, and which provinces (30,) took the pooled one.

    Chongqing, Gansu and Qinghai list fixed capital formation by investing industry instead of by
    product; the household columns of Hainan and Qinghai follow output. Such mixes are far from
    the pooled mix and are replaced by it.
    """
    values = np.maximum(values, 0.0)
    mix = values / values.sum(axis=1, keepdims=True)
    alien = np.zeros(len(mix), dtype=bool)
    for _ in range(3):
        pooled = values[~alien].sum(axis=0)
        pooled = pooled / pooled.sum()
        alien = np.abs(mix - pooled).sum(axis=1) / 2 > ALIEN_MIX
    return np.where(alien[:, None], pooled, mix), alien


def _with_inventories(
    intermediate: np.ndarray, final: np.ndarray, change: np.ndarray
) -> np.ndarray:
    """Append inventory change (S,), spread by the other uses of the product; (R, S, 5)."""
    use = intermediate.sum(axis=2).T + final.sum(axis=2)
    total = use.sum(axis=0)
    share = np.divide(use, total, out=np.zeros_like(use), where=total > 0)
    return np.concatenate([final, (share * change)[:, :, None]], axis=2)


def _exports(figures: Figures, supply: Supply) -> tuple[np.ndarray, int]:
    """Spread national exports by output x openness; what the cap cuts off goes to the others."""
    total = figures.national.exports
    limit = EXPORT_CAP * supply.output
    weight = supply.output * (figures.openness**EXPORT_TILT)[:, None]
    capped = np.zeros(weight.shape, dtype=bool)
    exports = np.zeros_like(weight)
    for _ in range(len(weight)):
        free = np.where(capped, 0.0, weight)
        left = total - np.where(capped, limit, 0.0).sum(axis=0)
        exports = np.where(capped, limit, free / free.sum(axis=0) * left)
        over = (exports > limit) & ~capped
        if not over.any():
            break
        capped |= over
    return exports, int(capped.sum())
