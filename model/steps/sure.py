"""How sure a run is: medians and intervals of its ledgers and of what its edits do.

Owns the question: over the tables and parameters that are as likely as those at hand, how far do
the effects of a scenario move, and what drives them?

Public names
------------
``ledger_draws``     ledgers of all stimuli over drawn tables
``corridor_draws``   effects of the edits over drawn parameters and estimates of the table

Terms
-----
Ledgers: own shares, the decay of trade and every cell of the table are drawn and balanced again
(`model.table_draws`); the money of a stimulus stays. Effects of edits: theta, transport shares and
the value of time are drawn over their ranges, and one of the estimates of the table
(`model.drawn_costs`). *central* is the run itself, *low* and *high* the ends of the interval. What
drives a ledger is a share of its variance (Shapley, they sum to 1); what drives an effect of the
edits is the square of the rank correlation with what was drawn: parameters are drawn independently,
so that is the part of the variance of ranks that one accounts for by itself, and the rest is what
they do together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from io_tables.table import RegionalTable
from model.calibration import Calibration, with_table
from model.drawn_costs import PARAMETERS, build_drawn_costs, draw_factors, rank_correlation
from model.response import FinalDemandClosure, Response
from model.spillover import spillovers
from model.steps.base import labelled
from model.steps.poles import ACCOUNTS, AskedStimulus
from model.table_draws import Draws
from model.uncertainty import uncertainty
from networks.network import Network
from networks.whatif.skims import in_order

Array = NDArray[np.float64]
Progress = Callable[[str, float], None]

__all__ = ["ALL_REGIONS", "EFFECTS", "INTERVAL", "STATISTICS", "corridor_draws", "ledger_draws"]

INTERVAL = 0.9
STATISTICS = ("central", "median", "low", "high")
ALL_REGIONS = "all regions"
PAIRS = 10  # draws for each pair of the variance shares
EFFECTS = (
    "real_consumption",
    "cost_saving",
    "value_added",
    "output",
    "goods_real_consumption",
    "services_real_consumption",
)


def ledger_draws(
    table: RegionalTable,
    asked: Sequence[AskedStimulus],
    *,
    draws: int,
    seed: int,
    cost: Array | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Return the ledgers of stimuli over drawn tables.

    Parameters
    ----------
    table : RegionalTable
    asked : sequence of AskedStimulus
    draws, seed : int
    cost : (R, R) array, optional
        Between regions: with it the decay of trade is drawn too.
    workers : int
        Threads; the numbers do not depend on it.
    progress : callable, optional

    Returns
    -------
    Dataset
        `ledger_draws` (pole, drawn_region, drawn_part, account, statistic), region "all regions"
        first and part "all" last; `ledger_rank_kept` (pole, drawn_region, drawn_part, account):
        share of draws in which a region keeps its place; `ledger_drivers` (ledger_source, pole,
        drawn_region, drawn_part, account): shares of variance.
    """

    def read(one: RegionalTable) -> xr.DataArray:
        ledgers = []
        for stimulus in asked:
            name = stimulus.stimulus.name
            found = spillovers(
                one,
                {name: stimulus.pole},
                stimulus.money,
                of=list(ACCOUNTS),
                at=stimulus.stimulus.at,
            ).drop_vars("account_units")
            ledgers.append(found["ledger"].sum("sector"))
        joined = xr.concat(ledgers, dim="pole").transpose("pole", "region", "part", "account")
        joined = joined.sel(region=table.regions)
        whole = joined.sum("region").expand_dims(region=[ALL_REGIONS]).transpose(*joined.dims)
        ledger = xr.concat([whole, joined], dim="region")
        parts = ledger.sum("part").expand_dims(part=["all"]).transpose(*ledger.dims)
        return xr.concat([ledger, parts], dim="part").assign_attrs(units=table.unit)

    found = uncertainty(
        table,
        read,
        draws=draws,
        pairs=max(draws // PAIRS, 1),
        seed=seed,
        interval=INTERVAL,
        rank_along="region",
        uncertain=Draws(cost=cost),
        workers=workers,
        progress=progress,
    )
    found = found.rename(region="drawn_region", part="drawn_part", source="ledger_source")
    dims = ("pole", "drawn_region", "drawn_part", "account")
    levels = xr.concat([found[name] for name in STATISTICS], dim="statistic")
    about = {
        "ledger_draws": (
            levels.transpose(*dims, "statistic"),
            table.unit,
            "effect of a stimulus over drawn tables: median and interval",
        ),
        "ledger_rank_kept": (
            found["rank_kept"].transpose(*dims),
            "1",
            "share of draws in which a region keeps its place by effect",
        ),
        "ledger_drivers": (
            found["variance_share"].transpose("ledger_source", *dims),
            "1",
            "share of the variance that what was drawn accounts for",
        ),
    }
    made = xr.Dataset(
        {
            name: (values.dims, values.values, {"units": unit, "long_name": text})
            for name, (values, unit, text) in about.items()
        },
        coords={name: found[name].values for name in ("ledger_source", *dims)},
    )
    return _marked(made.assign_coords(statistic=list(STATISTICS)), draws, seed)


def corridor_draws(
    base: Calibration,
    network: Network,
    *,
    closure: FinalDemandClosure,
    variants: Mapping[str, RegionalTable],
    draws: int,
    seed: int,
    workers: int = 1,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Return the effects of an edited network over drawn parameters.

    Parameters
    ----------
    base : Calibration
    network : Network
        The edited one.
    closure : {"spending", "real"}
    variants : mapping of str to RegionalTable
        Estimates of the economy, one of which is drawn each time; the one at hand when empty.
    draws, seed : int
    workers : int
        Threads; the numbers do not depend on it.
    progress : callable, optional

    Returns
    -------
    Dataset
        `corridor_draws` (drawn_effect, statistic): national changes through sourcing;
        `corridor_region_draws` (region, statistic): of real consumption; `corridor_drivers`
        (drawn_parameter, drawn_effect); `corridor_interpolation_error` ().
    """
    tell = progress or (lambda what, share: None)
    bases = [with_table(base, one) for one in variants.values()] or [base]
    factors, variant = draw_factors(base.parameters, tables=len(bases), draws=draws, seed=seed)
    drawn = build_drawn_costs(
        base,
        [network],
        factors,
        workers=workers,
        progress=lambda what, share: tell(what, 0.3 * share),
    )

    def one(draw: int) -> Array:
        found = drawn.respond(bases[variant[draw]], factors[draw], closure=closure)[0]
        return _read(base, found)

    values = np.empty((draws, len(EFFECTS) + len(base.table.regions)))
    for draw, found in enumerate(in_order(one, range(draws), workers)):
        values[draw] = found
        tell("effects of the edits over drawn parameters", 0.3 + 0.7 * (draw + 1) / draws)
    still = drawn.respond(base, np.ones(factors.shape[1]), closure=closure)[0]
    low, high = np.quantile(values, [0.5 - INTERVAL / 2, 0.5 + INTERVAL / 2], axis=0)
    levels = np.stack([_read(base, still), np.median(values, axis=0), low, high], axis=-1)
    names, columns = list(PARAMETERS), factors
    if len(bases) > 1:
        names, columns = [*names, "table"], np.column_stack([factors, variant])
    national = len(EFFECTS)
    unit = base.table.unit
    made = xr.Dataset(
        {
            "corridor_draws": labelled(
                levels[:national],
                ("drawn_effect", "statistic"),
                unit,
                "national change through sourcing over drawn parameters: median and interval",
            ),
            "corridor_region_draws": labelled(
                levels[national:],
                ("region", "statistic"),
                unit,
                "change of real consumption over drawn parameters: median and interval",
            ),
            "corridor_drivers": labelled(
                rank_correlation(columns, values[:, :national]) ** 2,
                ("drawn_parameter", "drawn_effect"),
                "1",
                "part of the variance of ranks that a parameter accounts for by itself",
            ),
            "corridor_interpolation_error": labelled(
                np.array(drawn.error),
                (),
                "1",
                "largest relative error of costs between values of time, halfway",
            ),
        }
    ).assign_coords(
        drawn_effect=list(EFFECTS),
        statistic=list(STATISTICS),
        region=base.table.regions,
        drawn_parameter=names,
    )
    return _marked(made, draws, seed)


def _read(base: Calibration, response: Response) -> Array:
    """Return the effects of a response, national ones first, then real consumption by region."""
    goods, real = base.roles.goods, response.real_consumption
    national = [
        real.sum(),
        response.cost_saving.sum(),
        response.value_added.sum(),
        response.output.sum(),
        real[:, goods].sum(),
        real[:, ~goods].sum(),
    ]
    return np.concatenate([national, real.sum(axis=1)])


def _marked(data: xr.Dataset, draws: int, seed: int) -> xr.Dataset:
    for name in data.data_vars:
        data[name].attrs |= {"draws": draws, "seed": seed, "interval": INTERVAL}
    return data
