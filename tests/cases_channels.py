"""Small economies for tests of channels: who earns, who buys, and what shakes them."""

import numpy as np

from io_tables.testing import random_table
from model.blocks import Blocks
from model.channels.economy import Economy


def economy(seed, n_regions=4, n_sectors=3):
    """A random economy in which part of primary inputs are wages and one category households."""
    blocks = Blocks.of(random_table(seed, n_regions, n_sectors))
    rng = np.random.default_rng(seed)
    categories = blocks.demand.shape[2]
    homes = np.arange(categories) == 0
    spent = blocks.demand[:, :, homes].sum(axis=(1, 2))
    wages = blocks.primary * rng.uniform(0.5, 0.7, (n_regions, 1))
    wages *= np.maximum(1.0, 1.3 * spent / wages.sum(axis=1))[:, None]
    return Economy(
        blocks=blocks,
        theta=rng.uniform(0.5, 8.0, n_sectors),
        regions=tuple(f"r{k}" for k in range(n_regions)),
        sectors=tuple(f"s{k}" for k in range(n_sectors)),
        categories=tuple(f"c{k}" for k in range(categories)),
        unit="money",
        wages=wages,
        household_buys=homes,
        investment_buys=np.arange(categories) == 1,
        population=rng.uniform(1.0, 5.0, n_regions),
    )


def shocks(seed, one):
    rng = np.random.default_rng(seed + 1)
    return (
        np.exp(rng.normal(-0.05, 0.1, one.blocks.trade.shape)),
        np.exp(rng.normal(0.02, 0.05, one.blocks.output.shape)),
    )
