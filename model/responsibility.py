"""Who answers for it: responsibility split between producers, buyers and owners; compensation.

Question owned: how is one total of a stressor shared out over regions, by which rule, and what
would one region then owe another?

Public names
    responsibility      producer, consumer, half and half, shared and income, side by side
    compensation        what regions owe each other at a price
    plot_responsibility the rules side by side

Terms: e = s x amounts by industry, x = A x + y + exports, a_i the share of responsibility that a
seller hands on with its sales, A~ = diag(a) A.

    producer    e
    consumer    m'Y^c, m = L's
    half        the mean of the two
    shared      m~ = (I - A~')^-1 s; seller i keeps m~_i (1 - a_i) x_i, final buyers answer for
                m~_i a_i Y_i^c                                  their sum is s'x
    income      h_i = (L e)_i / x_i per money of output, times the primary inputs of i: the
                responsibility of those who are paid            their sum is s'x

The share handed on is 1 - value added / output unless one number is given. Shares fall on
final sales as on others. A region's industries without output carry nothing.

Source: Gallego & Lenzen (2005) and Lenzen, Murray, Sack & Wiedmann (2007) for shared; Marques,
Rodrigues, Lenzen & Domingos (2012) for income.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.accounts import leakage_of
from model.dims import DESTINATION, REGION, STRESSOR
from model.errors import ShapeError
from model.footprints import TOLERANCE, embodied_flows
from model.leontief.explicit import Explicit
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, Operator
from model.solve import Leontief
from model.stressors import FinalUse, Of, final_use_of, stress_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RULES = ("producer", "consumer", "half", "shared", "income")
OUTSIDE = "outside the table"
"""Foreign buyers, and (by income) what is paid abroad and to the state on products."""


def responsibility(
    table: RegionalTable,
    of: Of = None,
    *,
    final: pd.DataFrame | None = None,
    units: Sequence[str] | None = None,
    handed_on: float | pd.Series[float] | None = None,
) -> xr.DataArray:
    """Split every stressor over regions by five rules.

    Parameters
    ----------
    of, final, units
        Stressors, as in `model.footprints.footprints`. Final demand's own amounts stay with the
        region in every rule.
    handed_on
        Share of responsibility handed on with a sale, 0 to 1: one number, a Series by
        (region, sector), or left out for 1 - value added / output.

    Returns
    -------
    DataArray (stressor, region, rule) in `stressor_units`, region including "outside the table".
    Every rule sums to the same total. 0 handed on makes shared equal producer, 1 consumer.

    Raises
    ------
    ShapeError
        For shares outside 0 to 1.
    """
    stress, use, system = stress_of(table, of, final=final, units=units), final_use_of(table), (
        Leontief(table)
    )  # fmt: skip
    R, S, K = table.n_regions, table.n_sectors, len(stress.names)
    own = np.nan_to_num(stress.final.T)
    weights = system.solve_transposed(stress.intensity, tolerance=TOLERANCE).raise_for_status().x
    producer = np.zeros((K, R + 1))
    producer[:, :R] = stress.amount.T.reshape(K, R, S).sum(axis=2) + own
    consumer = _bought(weights, use, R)
    consumer[:, :R] += own
    shared = _shared(table, system.operator, stress.intensity, use, handed_on)
    shared[:, :R] += own
    income = _income(table, system, stress.amount)
    income[:, :R] += own
    values = np.stack([producer, consumer, 0.5 * (producer + consumer), shared, income], axis=2)
    return xr.DataArray(
        values,
        dims=(STRESSOR, REGION, "rule"),
        coords={
            STRESSOR: stress.names,
            REGION: [*table.regions, OUTSIDE],
            "rule": list(RULES),
            "stressor_units": (STRESSOR, stress.units),
        },
        name="responsibility",
        attrs={
            "units": "see stressor_units",
            "handed_on": "1 - value added / output" if handed_on is None else "given",
            "not_told": stress.not_told(table.regions),
        },
    )


def _bought(weights: FloatArray, use: FinalUse, n_regions: int) -> FloatArray:
    """Weights (N, K) on final purchases: (K, R + 1), everything outside in the last column."""
    all_of_them = weights.T @ use.values
    inside, outside = all_of_them[:, :n_regions], all_of_them[:, n_regions:]
    return np.concatenate([inside, outside.sum(axis=1, keepdims=True)], axis=1)


def _shared(
    table: RegionalTable,
    operator: Operator,
    intensity: FloatArray,
    use: FinalUse,
    handed_on: float | pd.Series[float] | None,
) -> FloatArray:
    R, S = table.n_regions, table.n_sectors
    share = _handed_on(table, handed_on)
    system = Leontief(_scaled_rows(operator, share), labels=table.labels)
    weights = system.solve_transposed(intensity, tolerance=TOLERANCE).raise_for_status().x
    out = _bought(weights * share[:, None], use, R)
    kept = weights * ((1.0 - share) * table.x.to_numpy())[:, None]
    out[:, :R] += kept.T.reshape(-1, R, S).sum(axis=2)
    return out


def _handed_on(table: RegionalTable, given: float | pd.Series[float] | None) -> FloatArray:
    n = len(table.labels)
    if isinstance(given, pd.Series):
        share = np.asarray(given.reindex(table.labels).to_numpy(dtype=np.float64))
    elif given is not None:
        share = np.full(n, float(given))
    else:
        x = table.x.to_numpy()
        paid = table.va.to_numpy().sum(axis=0)
        rate = np.divide(paid, x, out=np.ones(n), where=x > 0)
        share = np.clip(1.0 - rate, 0.0, 1.0)
    bad = ~((share >= 0) & (share <= 1))
    if bad.any():
        raise ShapeError(
            f"shares handed on must lie between 0 and 1 for every industry; they do not at "
            f"{table.labels[bad].tolist()[:5]}."
        )
    return np.asarray(share, dtype=np.float64)


def _scaled_rows(operator: Operator, share: FloatArray) -> Operator:
    """diag(share) A, pooled where A is."""
    if isinstance(operator, PooledOperator):
        by_origin = share.reshape(operator.n_regions, operator.n_sectors).T[:, :, None]
        return PooledOperator(operator.technology, operator.trade * by_origin)
    return Explicit(operator.dense() * share[:, None], region_starts=operator.region_starts)


def _income(table: RegionalTable, system: Leontief, amount: FloatArray) -> FloatArray:
    R, S = table.n_regions, table.n_sectors
    enabled = system.solve(amount, tolerance=TOLERANCE).raise_for_status().x
    rates = leakage_of(table, system.operator)[1]
    paid = rates[:, : len(table.primaries)].sum(axis=1)
    elsewhere = rates[:, len(table.primaries) :].sum(axis=1)
    own = (enabled * paid[:, None]).T.reshape(-1, R, S).sum(axis=2)
    return np.concatenate([own, (enabled.T @ elsewhere)[:, None]], axis=1)


def compensation(
    table: RegionalTable,
    of: Of = None,
    *,
    price: float,
    basis: Literal["net", "excess"] = "net",
    units: Sequence[str] | None = None,
) -> xr.Dataset:
    """Tell what regions owe each other for what happens elsewhere on their account.

    Parameters
    ----------
    of, units
        One stressor or several, as in `model.footprints.footprints`.
    price
        Money per unit of the stressor.
    basis
        "net": c owes o the price of E^oc - E^co where that is positive, E the embodied flow.
        "excess": only of what exceeds the value added that came with it, at the mean intensity e of
        all flows: (E^oc - e V^oc) - (E^co - e V^co).

    Returns
    -------
    Dataset with `embodied` (stressor, origin, destination), `value_added` (origin, destination)
    money, `owed` (stressor, destination [who pays], origin [who is paid]) money, and `balance`
    (stressor, region), money received less paid, which sums to nothing. Buyers abroad are not
    asked. Regions whose amounts are not known neither pay nor receive and are named.

    Source: the matrix of net embodied transfers, Peters & Hertwich (2008); the comparison with
    embodied value added follows Zhang et al. (2018) on provinces of China.
    """
    flows = embodied_flows(table, of, units=units)
    earned = embodied_flows(table, "value_added").isel({STRESSOR: 0}, drop=True)
    inside = {DESTINATION: table.regions}
    amounts = np.nan_to_num(flows.sel(inside).values)
    money = earned.sel(inside).values
    known = ~np.isnan(flows.sel(inside).values).any(axis=2)
    both = known[:, :, None] & known[:, None, :]
    claim = amounts
    if basis == "excess":
        mean = (amounts * both).sum(axis=(1, 2)) / np.maximum(
            (money * both).sum(axis=(1, 2)), np.finfo(np.float64).tiny
        )
        claim = amounts - mean[:, None, None] * money
    net = np.where(both, claim - claim.transpose(0, 2, 1), 0.0)
    owed = price * np.maximum(net, 0.0).transpose(0, 2, 1)
    balance = owed.sum(axis=1) - owed.sum(axis=2)
    return xr.Dataset(
        {
            "embodied": flows,
            "value_added": earned,
            "owed": ((STRESSOR, "payer", "payee"), owed, {"units": table.unit}),
            "balance": ((STRESSOR, REGION), balance, {"units": table.unit}),
        },
        coords={"payer": table.regions, "payee": table.regions, REGION: table.regions},
        attrs={"price": price, "basis": basis, "not_told": flows.attrs["not_told"]},
    )


def plot_responsibility(
    data: xr.DataArray, *, stressor: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the rules side by side, a line of dots for every region.

    Parameters
    ----------
    data
        From `responsibility`.
    stressor
        The first when left out.
    """
    import matplotlib.pyplot as plt

    chosen = str(data[STRESSOR].values[0]) if stressor is None else stressor
    one = data.sel({STRESSOR: chosen}).transpose(REGION, "rule")
    frame = pd.DataFrame(one.values, one[REGION].values, one["rule"].values)
    frame = frame.sort_values("producer")
    ax = plt.subplots(figsize=(7, 0.25 * len(frame) + 1.5))[1] if ax is None else ax
    where = np.arange(len(frame))
    ax.hlines(where, frame.min(axis=1), frame.max(axis=1), color="0.8", zorder=0)
    for rule in frame.columns:
        ax.scatter(frame[rule], where, s=18, label=str(rule))
    ax.set_yticks(where, [str(name) for name in frame.index])
    ax.set_xlabel(f"{chosen}, {data.sel({STRESSOR: chosen})['stressor_units'].values}")
    ax.legend(frameon=False)
    return ax
