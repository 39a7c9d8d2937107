"""What every province produces, and what each industry pays for.

Public names:
- `estimate_supply`: value added, intermediate inputs, output and parts of value added.
- `Supply`: the result.

Terms: r province (R = 31), i sector (S = 42), k one of nine sectors.

1. Value added. Within each k, RAS of the 2007 pattern to (official value added of r in k, scaled
   by one factor per k to the national table) and (national value added of i). Both hold exactly.
2. Intermediate inputs. With h_ri = intermediate inputs / value added of 2007 (the inverse odds of
   the value-added ratio), n_ri = va_ri h_ri mu_i, and mu_i such that sum_r n_ri is the national
   figure; output x = va + n. Fitting odds rather than the ratio keeps 0 < va < x in every cell.
3. Parts of value added. Net taxes on production, which are negative for two sectors, are spread
   at the sector's national rate there; the other parts (all four where taxes are positive) by
   RAS of 2007 shares to (va_ri) and (national part).

Priors carry a small share of national structure so that a zero of 2007 is not a zero of 2020.
Source: the separable steps are those of a regionalisation with known margins (Miller & Blair
2009, chapter 8).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from io_tables.china.figures import Figures
from io_tables.china.overrides import Override
from io_tables.china.scaling import fit_totals

MIX_STRUCTURE = 0.01
"""Share of the national sector mix in the prior of a province's value added (assumption)."""
MIX_PARTS = 0.05
"""Share of the national split in the prior of the parts of value added (assumption)."""
RATIO_RANGE = 3.0
"""Ratios h of 2007 are kept within this factor of the sector's pooled ratio (assumption)."""
ABSENT_IN_TIBET = ("02", "03", "11")
"""Coal, oil and refining: taken out of Qinghai's pattern where it stands for Tibet's."""
PARTS = ("compensation", "net_taxes", "depreciation", "surplus")


@dataclass(frozen=True, eq=False)
class Supply:
    """Production by province.

    Attributes
    ----------
    value_added, intermediate, output
        (R, S) million yuan; output = value added + intermediate inputs.
    parts
        (4, R, S) value added by kind of primary input.
    nine_factors
        (9,) official value added over the national table, by nine sectors.
    ratios_held
        Number of cells whose ratio of 2007 lay outside `RATIO_RANGE` or was missing.
    gap
        Largest relative gap of any total that was fitted.
    """

    value_added: np.ndarray
    intermediate: np.ndarray
    output: np.ndarray
    parts: np.ndarray
    nine_factors: np.ndarray
    ratios_held: int
    gap: float


def estimate_supply(figures: Figures, override: Override | None = None) -> Supply:
    """Estimate value added, inputs and output by province and sector.

    Parameters
    ----------
    figures
        The committed figures.
    override
        Better figures of output (and value added) for some cells; the others of the same sector
        take up the difference to the national figure.

    Raises
    ------
    InfeasibleMargins, NotConverged
        When the totals of a nine-sector group cannot be met.
    """
    value_added, factors, gap = _value_added(figures)
    ratio, held = _input_ratios(figures)
    totals = figures.national.output - figures.national.value_added.sum(axis=0)
    weighted = value_added * ratio
    intermediate = weighted * (totals / weighted.sum(axis=0))
    if override is not None:
        value_added, intermediate = override.apply(value_added, intermediate, figures.national)
    parts, part_gap = _parts(figures, value_added)
    return Supply(
        value_added=value_added,
        intermediate=intermediate,
        output=value_added + intermediate,
        parts=parts,
        nine_factors=factors,
        ratios_held=held,
        gap=max(gap, part_gap),
    )


def _value_added(figures: Figures) -> tuple[np.ndarray, np.ndarray, float]:
    """Step 1: RAS within each of the nine sectors."""
    national = figures.national.value_added.sum(axis=0)
    prior = np.maximum(figures.provincial.accounts["value_added"], 0.0)
    prior = prior[figures.provincial.position]
    codes = list(figures.sectors["sector_code"])
    _fill_repair(prior, national, codes)
    tibet = list(figures.regions["region"]).index("Tibet")
    prior[tibet, [codes.index(code) for code in ABSENT_IN_TIBET]] = 0.0
    result = np.zeros_like(prior)
    factors = np.zeros(len(figures.nine))
    gap = 0.0
    for k in range(len(figures.nine)):
        members = np.flatnonzero(figures.group == k)
        official = figures.value_added_nine[:, k]
        totals = national[members]
        factors[k] = official.sum() / totals.sum()
        pattern = prior[:, members] / prior[:, members].sum(axis=1, keepdims=True)
        pattern = (1 - MIX_STRUCTURE) * pattern + MIX_STRUCTURE * totals / totals.sum()
        scaled = fit_totals(
            pattern * official[:, None],
            official * (totals.sum() / official.sum()),
            totals,
            what=f"value added in {figures.nine[k]}",
        )
        result[:, members] = scaled.matrix
        gap = max(gap, scaled.gap)
    return result, factors, gap


def _fill_repair(prior: np.ndarray, national: np.ndarray, codes: list[str]) -> None:
    """Give repair (23), which 2007 did not know, its national weight in metal and machinery."""
    metal = [codes.index(f"{code:02d}") for code in range(14, 22)]
    repair = codes.index("23")
    prior[:, repair] = prior[:, metal].sum(axis=1) * national[repair] / national[metal].sum()


def _input_ratios(figures: Figures) -> tuple[np.ndarray, int]:
    """Step 2: intermediate inputs over value added in 2007, held near the pooled ratio."""
    accounts = figures.provincial.accounts
    inputs, added = accounts["intermediate_inputs"], accounts["value_added"]
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = inputs.sum(axis=0) / added.sum(axis=0)
        ratio = inputs / added
    totals = figures.national.output - figures.national.value_added.sum(axis=0)
    pooled = np.where(
        np.isfinite(pooled), pooled, totals / figures.national.value_added.sum(axis=0)
    )
    sound = (inputs > 0) & (added > 0)
    kept = np.clip(np.where(sound, ratio, pooled), pooled / RATIO_RANGE, pooled * RATIO_RANGE)
    repair = added.sum(axis=0) == 0
    held = int(((kept != ratio) & ~repair).sum())
    kept_by_region: np.ndarray = kept[figures.provincial.position]
    return kept_by_region, held


def _parts(figures: Figures, value_added: np.ndarray) -> tuple[np.ndarray, float]:
    """Step 3: compensation, net taxes on production, depreciation, operating surplus."""
    accounts = figures.provincial.accounts
    national = figures.national.value_added
    share = np.maximum(np.stack([accounts[name] for name in PARTS]), 0.0)
    total = share.sum(axis=0)
    national_share = np.maximum(national, 0.0) / np.maximum(national, 0.0).sum(axis=0)
    share = np.divide(share, total, out=np.zeros_like(share), where=total > 0)
    share = (1 - MIX_PARTS) * share + MIX_PARTS * national_share[:, None, :]
    prior = (share[:, figures.provincial.position, :] * value_added).transpose(2, 1, 0)
    totals = national.T.copy()
    rows = value_added.T.copy()
    tax = PARTS.index("net_taxes")
    negative = totals[:, tax] < 0
    prior[negative, :, tax] = 0.0
    sector_total = value_added.sum(axis=0)
    at_rate = rows * (totals[:, tax] / sector_total)[:, None]
    rows[negative] -= at_rate[negative]
    totals[negative, tax] = 0.0
    scaled = fit_totals(prior, rows, totals, what="parts of value added")
    parts = scaled.matrix.transpose(2, 1, 0).copy()
    parts[tax][:, negative] = at_rate[negative].T
    return parts, scaled.gap
