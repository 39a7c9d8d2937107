"""What a result says about growth poles: the spillover ledger, read by pole, region and sector.

Owns the question "which numbers of the growth-pole page follow from the result, and how?". Pure
functions from the result's dataset to pandas; money in the units of the dataset.

- `own_regions`: which regions belong to which pole.
- `ledger_summary`: the three parts of every pole's effect, with the range of the spillover's share.
- `spillover_by`: spillover by receiving region, or by sector; `total_by_region`: all three parts.
- `exchange`: what each pole gives to and gets from the regions of the others.
- `leakage_shares`: what leaves the chain of production, per unit of stimulus.
- `by_group`: an allocated or computed block (cluster or ring) as shares of a pole's whole effect.
- `agreement`: how far clusters computed between places are from plain allocation.

Terms: *intraregional* is what the pole's own industries set off among themselves; *feedback* what
comes back to the pole through the others; *spillover* what is made outside the pole.
"""

import numpy as np
import pandas as pd
import xarray as xr

from model.report.frames import frame_of

__all__ = [
    "PARTS",
    "agreement",
    "by_group",
    "exchange",
    "leakage_shares",
    "ledger_summary",
    "own_regions",
    "spillover_by",
    "total_by_region",
]

PARTS = ("intraregional", "feedback", "spillover")


def own_regions(data: xr.Dataset) -> pd.DataFrame:
    """Say which regions (rows) belong to which pole (columns): they have an own-pole part."""
    own = data["ledger"].sel(part=["intraregional", "feedback"])
    made = abs(own).sum(["part", "sector", "account"]) > 0
    return frame_of(made, "region", "pole")


def ledger_summary(data: xr.Dataset, account: str) -> pd.DataFrame:
    """Give every pole's effect in one account.

    Returns
    -------
    DataFrame
        Index pole; stimulus, the three parts, total, spillover_share (of the total, 0 to 1) and,
        from the runs with low and high own-region shares, its smallest and largest value (NaN
        when the result has no range).
    """
    parts = data["ledger"].sel(account=account).sum(["region", "sector"])
    frame = pd.DataFrame({part: parts.sel(part=part).to_series() for part in PARTS})
    frame.insert(0, "stimulus", data["stimulus"].to_series().reindex(frame.index))
    frame["total"] = frame[list(PARTS)].sum(axis=1)
    frame["spillover_share"] = frame["spillover"] / frame["total"]
    frame["spillover_share_low"] = np.nan
    frame["spillover_share_high"] = np.nan
    if "ledger_range" in data:
        spread = data["ledger_range"].sel(account=account).sum("region")
        share = spread.sel(part="spillover") / spread.sum("part")
        shares = frame_of(share, "pole", "variant")
        frame["spillover_share_low"] = shares.min(axis=1)
        frame["spillover_share_high"] = shares.max(axis=1)
    return frame


def spillover_by(data: xr.Dataset, dim: str, account: str) -> pd.DataFrame:
    """Give the spillover by ``"region"`` or ``"sector"`` (rows) and pole (columns)."""
    other = "sector" if dim == "region" else "region"
    spill = data["ledger"].sel(account=account, part="spillover").sum(other)
    return frame_of(spill, dim, "pole")


def total_by_region(data: xr.Dataset, account: str) -> pd.DataFrame:
    """Give the sum of the three parts by region (rows) and pole (columns)."""
    total = data["ledger"].sel(account=account).sum(["sector", "part"])
    return frame_of(total, "region", "pole")


def exchange(data: xr.Dataset, account: str) -> pd.DataFrame:
    """Give what the stimulus of one pole (rows) brings to the regions of another (columns).

    The diagonal is the pole's own effect (intraregional and feedback); the column "elsewhere"
    holds the regions that belong to no pole.
    """
    own = own_regions(data)
    total = total_by_region(data, account)
    frame = pd.DataFrame({pole: total[own[pole]].sum() for pole in own.columns})
    frame["elsewhere"] = total[~own.any(axis=1)].sum()
    return frame


def leakage_shares(data: xr.Dataset) -> pd.DataFrame:
    """Give the leakage of every pole (rows) by kind (columns), per unit of stimulus."""
    share = frame_of(data["leakage"] / data["stimulus"], "pole", "kind")
    return share.mask(share.abs() < 1e-12, 0.0)


def by_group(data: xr.Dataset, variable: str, account: str) -> pd.DataFrame:
    """Give a block by cluster or ring as shares (0 to 1) of the pole's whole effect.

    Parameters
    ----------
    variable
        ``"computed_cluster"``, ``"allocated_ring"`` and so on.

    Returns
    -------
    DataFrame
        Rows pole, columns cluster or ring, the three parts summed.
    """
    kind, _, dim = variable.partition("_")
    amount = data[variable].sel(account=account).sum("part")
    # A nested table moves totals a little: its own total counts, not that of the regions.
    whole = data["ledger"].sel(account=account).sum(["region", "sector", "part"])
    return frame_of(amount / (amount.sum(dim) if kind == "computed" else whole), "pole", dim)


def agreement(data: xr.Dataset, account: str) -> tuple[pd.DataFrame, float]:
    """Compare clusters computed between places with plain allocation by weights.

    Returns
    -------
    DataFrame
        By cluster: smallest and largest ratio computed / allocated over the poles.
    float
        Correlation of the two over all poles and clusters.
    """
    computed, plain = (
        frame_of(data[f"{kind}_cluster"].sel(account=account).sum("part"), "pole", "cluster")
        for kind in ("computed", "allocated")
    )
    ratio = (computed / plain).where(plain > 0)
    both = np.corrcoef(computed.to_numpy().ravel(), plain.to_numpy().ravel())[0, 1]
    return pd.DataFrame({"low": ratio.min(), "high": ratio.max()}), float(both)
