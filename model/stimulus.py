"""A growth pole and the money that goes into it, as demand for production.

Question owned: which regions is a pole, and where does its stimulus land?

Public names
    Pole           a name, its regions and the weights that spread a stimulus over them
    resolve_poles  what a user says, as poles of the table
    pole_demand    final demand that a pole meets, by (region, sector), at origin or at use
    final_purchases    domestic and imported final purchases by place of use
    place_stimulus the stimulus of one pole as demand by place of production

Terms: P the pole's regions. At "origin" the stimulus is demand for what the pole makes; at "use" it
is spending by the pole's residents, part of which buys imports and the rest the table's mix of
producing regions.

    origin   f_i^r given for r in P                       mix: T y + e on the pole's rows
    use      f = T ((1 - mu) y), y_i^s given for s in P   mix: final purchases incl. imports
    mu_i^s   imported / (domestic + imported) final purchases of i in s

Weights only spread a stimulus over regions; a pole is whole regions.

Source: Miller & Blair (2009), section 3.3; the two readings of a stimulus are this model's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from io_tables.errors import UnknownLabel as UnknownTableLabel
from io_tables.labels import did_you_mean, shown
from io_tables.table import RegionalTable
from model.dims import ROW
from model.errors import StimulusError, UnknownLabel
from model.leontief.products import FloatArray, IntArray, Operator

At = Literal["origin", "use"]
PoleLike: TypeAlias = str | Sequence[str] | Mapping[str, float]
Poles: TypeAlias = str | Sequence[str] | Mapping[str, PoleLike]
Stimulus: TypeAlias = float | Mapping[str, float] | pd.Series


@dataclass(frozen=True)
class Pole:
    """Whole regions of a table.

    Attributes
    ----------
    name
        What results call it.
    regions
        Positions of its regions, rising.
    weights
        Shares by region that sum to one; None spreads by the demand mix.
    """

    name: str
    regions: IntArray
    weights: FloatArray | None = None

    def rows(self, table: RegionalTable) -> IntArray:
        """Flat rows of the pole, region-major."""
        sectors = np.arange(table.n_sectors)
        return np.asarray(self.regions[:, None] * table.n_sectors + sectors).reshape(-1)


def resolve_poles(table: RegionalTable, poles: Poles) -> list[Pole]:
    """Find the regions of poles.

    Parameters
    ----------
    poles
        A region; several (each a pole of its own); or {name: region, [regions] or
        {region: weight}}. A region is named as the table names it (name, code or other label); a
        label that several regions share (a group along the region axis) means all of them.

    Raises
    ------
    UnknownLabel
        For regions that the table does not have, with the closest that it has.
    StimulusError
        For a pole without regions, weights that are negative or sum to nothing, and names twice.
    """
    if isinstance(poles, str):
        poles = [poles]
    named = dict(poles) if isinstance(poles, Mapping) else {str(name): name for name in poles}
    if not named or len(named) < len(poles):
        raise StimulusError("poles must be at least one, each with a name of its own.")
    return [_pole(table, str(name), given) for name, given in named.items()]


def _pole(table: RegionalTable, name: str, given: PoleLike) -> Pole:
    labels = [given] if isinstance(given, str) else list(given)
    members = [_regions(table, label) for label in labels]
    if not members:
        raise StimulusError(f"pole {name!r} must have at least one region.")
    regions = np.concatenate(members)
    weights: FloatArray | None = None
    if isinstance(given, Mapping):
        if any(m.size > 1 for m in members):
            raise StimulusError(f"pole {name!r}: weights go with single regions, not with groups.")
        weights = np.array([float(given[label]) for label in labels])
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
            raise StimulusError(f"pole {name!r}: weights must be >= 0 and not all zero.")
        weights = weights / weights.sum()
    order = np.argsort(regions, kind="stable")
    if np.unique(regions).size != regions.size:
        raise StimulusError(f"pole {name!r} names a region twice.")
    return Pole(name, regions[order], None if weights is None else weights[order])


def _regions(table: RegionalTable, label: str) -> IntArray:
    groups: list[str] = []
    for coord in table.data.coords.values():
        if coord.dims != ("region",):
            continue
        values = coord.values.astype(str)
        found = np.flatnonzero(values == str(label))
        if found.size:
            return found
        groups += list(dict.fromkeys(values.tolist()))
    try:
        return np.asarray(table.region_positions([label]))
    except UnknownTableLabel as error:
        hint = did_you_mean(label, groups)
        raise UnknownLabel(
            f"no region of the table is called {label!r}{hint}; it has {shown(table.regions)}."
        ) from error


def pole_demand(
    table: RegionalTable, pole: Pole, *, at: At = "origin", categories: Sequence[str] | None = None
) -> pd.Series[float]:
    """Return final demand of a pole by (region, sector), money.

    At "origin": demand for the pole's products by anybody, exports included. At "use": purchases by
    its residents, imported products included, of all `categories` or of those named.
    """
    rows = pole.rows(table)
    values = table.f.to_numpy() if at == "origin" else sum(final_purchases(table, categories))
    return pd.Series(np.asarray(values)[rows], index=table.labels[rows], name="final_demand")


@dataclass(frozen=True)
class Placed:
    """A stimulus in the flat order of the table; k columns, one per stimulated sector or one.

    Attributes
    ----------
    given
        (n, k) as stated: by place of production ("origin") or of use ("use"), imports included.
    production
        (n, k) demand by place of production.
    imported
        (k,) what goes to imports at once.
    """

    given: FloatArray
    production: FloatArray
    imported: FloatArray


def place_stimulus(
    table: RegionalTable,
    operator: Operator,
    pole: Pole,
    stimulus: Stimulus,
    *,
    at: At = "origin",
    by_sector: bool = False,
    categories: Sequence[str] | None = None,
) -> Placed:
    """Put a pole's stimulus on the rows of the table.

    Parameters
    ----------
    stimulus
        Money spread by the pole's demand mix; Series or mapping of money by sector, each spread by
        the sector's mix over the pole's regions; or Series by (region, sector).
    by_sector
        One column per sector of the table instead of one in all.
    categories
        Categories of final demand whose product mix and share of imports are meant ("use" only);
        None is all of them.

    Raises
    ------
    StimulusError
        For a stimulus outside the pole or on industries without output, a mix that sums to nothing,
        and purchases of a product that the table does not let residents buy.
    UnknownLabel
        For sectors or regions that the table does not have.
    """
    given = _by_row(table, pole, stimulus, at, categories)
    columns = given[:, None]
    if by_sector:
        sector = np.arange(given.size) % table.n_sectors
        columns = np.where(sector[:, None] == np.arange(table.n_sectors), columns, 0.0)
    columns = np.ascontiguousarray(columns)
    if at == "use":
        domestic, imported = final_purchases(table, categories)
        share = _imported_share(domestic, imported)
        production = operator.deliver(np.ascontiguousarray(columns * (1.0 - share)[:, None]))
        _refuse_idle(table, production, "the stimulus reaches")
        return Placed(columns, production, (columns * share[:, None]).sum(axis=0))
    _refuse_idle(table, columns, "the stimulus names")
    return Placed(columns, columns, np.zeros(columns.shape[1]))


def _refuse_idle(table: RegionalTable, production: FloatArray, verb: str) -> None:
    idle = (table.x.to_numpy() <= 0) & (production != 0).any(axis=1)
    if idle.any():
        raise StimulusError(
            f"{verb} industries without output, whose inputs are not known: "
            f"{shown(table.labels[idle].tolist())}. Leave them out or give them to a neighbour."
        )


def _by_row(
    table: RegionalTable, pole: Pole, stimulus: Stimulus, at: At, categories: Sequence[str] | None
) -> FloatArray:
    """Stimulus on all rows (n,)."""
    n_sectors = table.n_sectors
    grid = np.zeros((table.n_regions, n_sectors))
    demand = pole_demand(table, pole, at=at, categories=categories)
    mix: FloatArray = np.asarray(demand).reshape(-1, n_sectors)
    if isinstance(stimulus, Mapping):
        stimulus = pd.Series(stimulus, dtype=float)
    if not isinstance(stimulus, pd.Series):
        amount = float(stimulus)
        grid[pole.regions] = amount * _spread_total(mix, pole)
    elif isinstance(stimulus.index, pd.MultiIndex):
        grid = _exact(table, pole, stimulus)
    else:
        sectors = table.sector_positions(stimulus.index.tolist())
        money = np.zeros(n_sectors)
        np.add.at(money, sectors, stimulus.to_numpy(dtype=float))
        output: FloatArray = np.asarray(table.x).reshape(-1, n_sectors)[pole.regions]
        grid[pole.regions] = money * _spread_sectors(mix, output, pole)
    if not np.isfinite(grid).all():
        raise StimulusError(f"the stimulus of pole {pole.name!r} must be finite.")
    return grid.reshape(-1)


def _spread_total(mix: FloatArray, pole: Pole) -> FloatArray:
    """Shares (regions of the pole, S) that sum to one, by the demand mix."""
    totals = mix.sum(axis=1) if pole.weights is not None else mix.sum(keepdims=True)[0]
    if (totals <= 0).any():
        raise StimulusError(
            f"pole {pole.name!r} has no final demand that a stimulus could follow: name sectors."
        )
    if pole.weights is None:
        return np.asarray(mix / totals)
    return np.asarray(mix / totals[:, None] * pole.weights[:, None])


def _spread_sectors(mix: FloatArray, output: FloatArray, pole: Pole) -> FloatArray:
    """Shares (regions of the pole, S), each column summing to one."""
    if pole.weights is not None:
        return np.broadcast_to(pole.weights[:, None], mix.shape)
    shares = np.maximum(mix, 0.0)
    shares = np.where(shares.sum(axis=0) > 0, shares, output)
    shares = np.where(shares.sum(axis=0) > 0, shares, 1.0)
    return np.asarray(shares / shares.sum(axis=0))


def _exact(table: RegionalTable, pole: Pole, stimulus: pd.Series[float]) -> FloatArray:
    names = list(stimulus.index.names)
    if set(names) == set(ROW) and names != list(ROW):
        stimulus = stimulus.reorder_levels([names.index(name) for name in ROW])
    regions = table.region_positions(stimulus.index.get_level_values(0).tolist())
    sectors = table.sector_positions(stimulus.index.get_level_values(1).tolist())
    outside = ~np.isin(regions, pole.regions) & (stimulus.to_numpy() != 0)
    if outside.any():
        raise StimulusError(
            f"the stimulus of pole {pole.name!r} must lie in its regions; it also names "
            f"{shown(stimulus.index[outside].tolist())}."
        )
    grid = np.zeros((table.n_regions, table.n_sectors))
    np.add.at(grid, (regions, sectors), stimulus.to_numpy(dtype=float))
    return grid


def final_purchases(
    table: RegionalTable, categories: Sequence[str] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return final purchases of domestic and of imported products by place of use, each (n,).

    Imports told without product or without region are spread by domestic purchases; without
    category, by the categories' shares of domestic purchases.
    """
    demand = table.demand
    chosen = demand if categories is None else demand[list(categories)]
    domestic = chosen.to_numpy().sum(axis=1)
    imported = np.zeros_like(domestic)
    if "imported_demand" in table.data:
        block = table.data["imported_demand"]
        if "category" in block.dims:
            block = block if categories is None else block.sel(category=list(categories))
            block = block.sum("category")
        elif categories is not None:
            whole = float(demand.to_numpy().sum())
            block = block * (float(domestic.sum()) / whole if whole else 0.0)
        grid = np.maximum(domestic, 0.0).reshape(table.n_regions, table.n_sectors)
        told = block
        if "sector" not in block.dims:
            told = block.sum([d for d in block.dims if d != "region"])
        axes = tuple(i for i, d in enumerate(("region", "sector")) if d not in told.dims)
        total = grid.sum(axis=axes, keepdims=True)
        shares = np.divide(grid, total, out=np.zeros_like(grid), where=total > 0)
        values = told.transpose(*[d for d in ("region", "sector") if d in told.dims]).values
        for axis in axes:
            values = np.expand_dims(values, axis)
        imported = (shares * values if axes else np.asarray(values)).reshape(-1)
    return domestic, imported


def _imported_share(domestic: FloatArray, imported: FloatArray) -> FloatArray:
    """Share of imports in final purchases (n,): 0 where nothing is bought."""
    home, abroad = np.maximum(domestic, 0.0), np.maximum(imported, 0.0)
    total = home + abroad
    return np.asarray(np.divide(abroad, total, out=np.zeros_like(total), where=total > 0))
