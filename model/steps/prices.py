"""Stimuli stated at purchasers' prices, turned into basic prices.

Owns the question: how much of what buyers pay reaches the makers of the product, how much trade and
transport, and how much no producer?

Public names
------------
``bridge_stimulus``   money by sector at purchasers' prices, and two files, as `Bridged`

Formula: `io_tables.bridge`. Tables here hold no margins: they are given as files,

    margins   product, <service>, <service>, ...   share of the price each service earns
    taxes     product, rate                        net taxes as a share of the price

with products and services named as the table names its sectors.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from io_tables.bridge import Bridged, bridge
from io_tables.errors import TableError
from io_tables.table import RegionalTable
from model.errors import ScenarioError
from model.scenario import Stimulus

__all__ = ["bridge_stimulus"]


def bridge_stimulus(table: RegionalTable, stimulus: Stimulus, amount: float) -> Bridged:
    """Take margins and taxes out of a stimulus.

    Parameters
    ----------
    table : RegionalTable
    stimulus : Stimulus
        With ``prices = "purchaser"`` and shares by sector.
    amount : float
        At purchasers' prices, in the unit of the table.

    Returns
    -------
    Bridged
        Basic prices by sector (products and the services that earn margins), taxes, margins.

    Raises
    ------
    ScenarioError
        Without a file of margins, for files that cannot be read, and for names that the table does
        not have.
    TableError
        For margins and taxes that cannot be, such as more than the price.
    """
    if stimulus.margins is None:
        raise ScenarioError(
            f"prices = \"purchaser\" needs margins of trade and transport; table '{table.name}' "
            "tells none. Give margins = a CSV file: products down, services that earn the margin "
            "across, cells as shares of the price (and taxes = a CSV file: product, rate), or "
            'state the stimulus at prices = "basic"'
        )
    if isinstance(stimulus.sectors, str):
        raise ScenarioError('prices = "purchaser" needs sectors: shares by sector')
    money = pd.Series({name: share * amount for name, share in stimulus.sectors.items()})
    margins = _read(stimulus.margins, "margins")
    taxes: pd.Series[float] | float = 0.0
    if stimulus.taxes is not None:
        told = _read(stimulus.taxes, "taxes")
        if told.shape[1] != 1:
            raise ScenarioError(
                f"taxes must have two columns, product and rate; {stimulus.taxes} has "
                f"{1 + told.shape[1]}"
            )
        taxes = told.iloc[:, 0]
    try:
        named = [*margins.index, *margins.columns]
        named += [] if isinstance(taxes, float) else list(taxes.index)
        table.sector_positions(list(dict.fromkeys(named)))
    except TableError as error:
        raise ScenarioError(f"margins and taxes: {error}") from error
    if not isinstance(taxes, float):
        taxes = taxes[taxes.index.isin(money.index)]
    return bridge(money, margins, taxes)


def _read(path: str, what: str) -> pd.DataFrame:
    """Read labels down and numbers across; empty cells are 0."""
    source = Path(path)
    if not source.is_file():
        raise ScenarioError(f"there is no file {source} of {what}")
    try:
        frame = pd.read_csv(source, index_col=0).fillna(0.0).astype("float64")
    except (ValueError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ScenarioError(
            f"{source} must be a CSV file with products down and numbers across: {error}"
        ) from error
    frame.index, frame.columns = frame.index.astype(str), frame.columns.astype(str)
    if frame.index.has_duplicates:
        twice = frame.index[frame.index.duplicated()].unique()[:5].tolist()
        raise ScenarioError(f"{source} must list every product once; twice: {', '.join(twice)}")
    return frame
