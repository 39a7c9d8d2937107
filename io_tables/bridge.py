"""From what buyers pay to what producers get.

Public names: `bridge`, `Bridged`.

A purchase of product i at purchasers' prices p_i holds taxes less subsidies on the product,
margins of trade and transport, and the product at basic prices. With mu_im the margin of service m
and tau_i the tax in one unit of money at purchasers' prices,

    basic_i = p_i (1 - sum_m mu_im - tau_i)   and, for each service,   basic_m += sum_i p_i mu_im

so that sum basic + sum taxes = sum p: the money is all there, only with other producers. Source:
United Nations (2018), Handbook on Supply and Use Tables, chapter 7; Miller & Blair (2009), 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from io_tables.container.checks import raise_collected
from io_tables.errors import InvalidTable
from io_tables.labels import did_you_mean, shown


class Bridged(NamedTuple):
    """A stimulus at basic prices.

    Attributes
    ----------
    basic
        Money by product, labelled as the stimulus: products net of margins and taxes, margins with
        the services that earn them.
    taxes
        Net taxes on products, labelled as the stimulus; they go to no producer.
    margins
        Margins that were taken out of each product, labelled as the stimulus.
    """

    basic: pd.Series[float]
    taxes: pd.Series[float]
    margins: pd.Series[float]


def _products(index: pd.Index) -> pd.Index:
    """Products of a stimulus by product or by (region, product)."""
    return index.get_level_values(-1).astype(str)


def bridge(
    stimulus: pd.Series[float],
    margins: pd.DataFrame,
    taxes: pd.Series[float] | float = 0.0,
) -> Bridged:
    """Turn a stimulus at purchasers' prices into basic prices.

    Parameters
    ----------
    stimulus
        Money by product, or by (region, product), at purchasers' prices.
    margins
        Margin per unit of money at purchasers' prices: products down, services (products that
        earn the margin) across. Products that are not listed have no margins.
    taxes
        Net taxes on products per unit of money at purchasers' prices, by product or one rate for
        all. Products that are not listed pay none.

    Returns
    -------
    Basic prices, taxes and margins; basic and taxes add up to the stimulus. A service earns its
    margins in the region of the purchase; services that the stimulus does not list are added.

    Raises
    ------
    InvalidTable
        When margins or rates are not finite, margins are negative, margins and taxes are more
        than the price, or products are listed that are unknown on both sides.
    """
    failures: list[str] = []
    products = _products(stimulus.index)
    rates = margins.astype("float64")
    rates.index, rates.columns = rates.index.astype(str), rates.columns.astype(str)
    known = sorted({*products, *rates.index, *rates.columns})
    if not np.isfinite(stimulus.to_numpy(dtype=np.float64)).all():
        failures.append("the stimulus must be finite")
    if rates.index.has_duplicates or rates.columns.has_duplicates:
        failures.append("margins must list every product and service once")
    if not np.isfinite(rates.to_numpy()).all() or (rates.to_numpy() < 0).any():
        failures.append("margins must be finite and not negative")
    if isinstance(taxes, pd.Series):
        tax = taxes.astype("float64")
        tax.index = tax.index.astype(str)
        strange = [p for p in tax.index if p not in known]
        if strange:
            near = did_you_mean(strange[0], known)
            failures.append(f"taxes of unknown products: {shown(strange)}{near}")
    else:
        tax = pd.Series(float(taxes), index=pd.Index(dict.fromkeys(products)))
    if not np.isfinite(tax.to_numpy()).all():
        failures.append("taxes must be finite")
    raise_collected(InvalidTable, failures, "bridge")
    mu = rates.reindex(products, fill_value=0.0).to_numpy()
    tau = tax.reindex(products, fill_value=0.0).to_numpy()
    left = 1.0 - mu.sum(axis=1) - tau
    excess = np.flatnonzero(left < -1e-12).tolist()
    over = [f"{products[k]} ({1 - left[k]:.6g})" for k in excess]
    if over:
        raise InvalidTable(
            f"margins and taxes must not be more than the price, found {shown(dict.fromkeys(over))}"
        )
    paid = stimulus.to_numpy(dtype=np.float64)
    earned = _earned(stimulus.index, paid[:, None] * mu, list(rates.columns))
    own = pd.Series(paid * left, index=stimulus.index)
    basic = own.add(earned, fill_value=0.0) if len(earned) else own
    added = [label for label in earned.index if label not in set(stimulus.index)]
    order = [*stimulus.index, *added]
    index = (
        pd.MultiIndex.from_tuples(order, names=stimulus.index.names)
        if isinstance(stimulus.index, pd.MultiIndex)
        else pd.Index(order, name=stimulus.index.name)
    )
    return Bridged(
        basic.reindex(index).rename("basic"),
        pd.Series(paid * tau, index=stimulus.index, name="taxes"),
        pd.Series(paid * mu.sum(axis=1), index=stimulus.index, name="margins"),
    )


def _earned(index: pd.Index, money: np.ndarray, services: Sequence[str]) -> pd.Series[float]:
    """Margins by the label of the service, in the region of the purchase."""
    found: dict[object, float] = {}
    for row, label in zip(money, index, strict=True):
        for amount, service in zip(row.tolist(), services, strict=True):
            if amount == 0.0:
                continue
            key = (*label[:-1], service) if isinstance(label, tuple) else service
            found[key] = found.get(key, 0.0) + amount
    keys = pd.Index(list(found), name=index.name)
    if isinstance(index, pd.MultiIndex):
        tuples = [key for key in found if isinstance(key, tuple)]
        keys = pd.MultiIndex.from_tuples(tuples, names=index.names) if tuples else index[:0]
    return pd.Series(list(found.values()), index=keys, dtype="float64")
