"""The trade costs that the embedded table ships, made again from the embedded network.

Owns the question: what does it cost to trade between two provinces, so that the table's trade can
be estimated without the network?

Public names
------------
``trade_costs``   region_from, region_to, freight (yuan per tonne), passenger (yuan per trip)
``main``          writes them into the table's folder: ``python -m model.china.trade_costs``

Least generalised cost between cities at the default parameters, averaged over pairs of cities with
fixed base-year masses (gross product for freight, population for passengers), own province
included. A test holds the shipped file and this equal.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import io_tables.china
from io_tables.china import load_region_groups
from model.costs import Places, RegionCosts, business_value_of_time, skim_network
from model.parameters import load_parameters
from networks.china import load_china_network

__all__ = ["SHIPPED", "main", "trade_costs"]

SHIPPED = Path(io_tables.china.__file__).parent / "odbl" / "trade_costs.csv"
DECIMALS = 4


def trade_costs() -> pd.DataFrame:
    """Return costs between all pairs of provinces, in the order of the shipped file."""
    groups = load_region_groups()
    regions = list(dict.fromkeys(groups.loc[groups["grouping"] == "macro_region", "region"]))
    network = load_china_network(2020)
    places = Places.of(network, regions)
    skims = skim_network(
        network, places.codes, value_of_time=business_value_of_time(load_parameters())
    )
    costs = RegionCosts.of(skims.passenger, skims.freight, places)
    pairs = pd.MultiIndex.from_product([regions, regions], names=["region_from", "region_to"])
    return pd.DataFrame(
        {
            "freight": costs.freight.ravel().round(DECIMALS),
            "passenger": costs.passenger.ravel().round(DECIMALS),
        },
        index=pairs,
    ).reset_index()


def main() -> None:
    """Write the file that the table ships."""
    trade_costs().to_csv(SHIPPED, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
