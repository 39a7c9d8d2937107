"""How sure: any reading of a table over draws of what is not known about the table.

Question owned: how far does a result move when own shares, decay and cells are drawn anew, does the
order of regions hold, and which of the sources drives it?

Public names
    uncertainty        median, interval, ranks and variance shares of any function of a table
    plot_uncertainty   intervals around medians

Terms: g sources (`model.table_draws`), draw k a table whose sources all have number k; pairs p
of a draw A and an independent one B, and for every set u of sources the table that has u from A
and the rest from B.

    V_u      = E (f_A - f_B)^2 / 2 - E (f_A - f_u)^2 / 2       variance explained by u alone, with
                                                               what its members do together
    share_s  = sum over u without s of |u|! (g-1-|u|)! / g! (V_(u+s) - V_u) / V_all

so that shares sum to one, interactions split evenly. Shares are estimates from the pairs.

Source: Jansen (1999) for V_u; Owen (2014) for Shapley shares of variance.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from math import factorial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.errors import ShapeError
from model.leontief.products import FloatArray
from model.table_draws import Draws, TableDrawer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_SOURCES = 6
"""Sources above which shares of variance would need too many draws."""
BLOCK = 16
"""Draws between two moments at which a run can be taken up again."""
SOURCE = "source"


def uncertainty(
    table: RegionalTable,
    function: Callable[..., Any],
    *,
    uncertain: Draws | None = None,
    draws: int = 1000,
    pairs: int | None = None,
    seed: int = 0,
    interval: float = 0.9,
    rank_along: str | None = None,
    workers: int = 1,
    folder: str | Path | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> xr.Dataset:
    """Evaluate a function of a table over drawn tables.

    Parameters
    ----------
    table
        The table at hand; an explicit one is pooled first.
    function
        Takes a table, and after it a dict of the parameters' values when `uncertain` has any, and
        returns a number, array, Series or DataArray of one shape. With several workers it is called
        from several threads.
    uncertain
        How uncertain the table is; own shares and noise by default (decay needs `cost`).
    draws
        Number of draws for medians, intervals and ranks.
    pairs
        Pairs for the variance shares, each of 2^g - 1 further draws; draws / 10 when left out, 0
        for none.
    seed
        The same seed gives the same bits at any number of workers, resumed or not.
    interval
        Mass of the interval.
    rank_along
        Dimension along which results are ranked; the only one of a result with one dimension.
    workers
        Threads.
    folder
        Where values are kept as they come, so that a run that was stopped goes on where it was;
        the folder belongs to one table, function, seed and size. Without it they are in memory.
    progress
        Called with (step, fraction done).

    Returns
    -------
    Dataset with `central` (of the table at hand), `median`, `low`, `high`, `mean`, `sd` in the
    result's dims and units; `variance_share` (source, ...) where there are pairs, 0 where nothing
    varies; and with ranks: `rank` (1 is largest), `rank_low`, `rank_high`, `rank_kept` (share of
    draws in which the place is the central one), `order_kept` (mean rank correlation).

    Raises
    ------
    ShapeError
        For fewer than two draws, an interval outside 0 to 1, results whose shape changes or that
        are not finite, and a folder of another run.
    NotConverged
        When a drawn table cannot be balanced.
    """
    if draws < 2 or not 0 < interval < 1 or workers < 1:
        raise ShapeError(
            "uncertainty needs at least 2 draws, an interval between 0 and 1 and at least one "
            f"worker; found {draws}, {interval} and {workers}."
        )
    drawer = TableDrawer(table, Draws() if uncertain is None else uncertain)
    pairs = draws // 10 if pairs is None else pairs
    if pairs and len(drawer.sources) > MOST_SOURCES:
        raise ShapeError(
            f"shares of variance between {len(drawer.sources)} sources need "
            f"{2 ** len(drawer.sources) - 1} draws a pair: at most {MOST_SOURCES} sources, or "
            "pairs=0."
        )

    def reading(number: Mapping[str, int]) -> Any:
        drawn = drawer.draw(seed, number) if number else drawer.table
        beside = (drawer.values(seed, number),) if drawer.parameters else ()
        return function(drawn, *beside)

    like = _labelled(reading({}))
    central = np.asarray(like.values, dtype=np.float64).reshape(-1)
    tasks = _Tasks(drawer.sources, draws, pairs)
    store = _store(folder, drawer, tasks, seed, central)

    def run(block: range) -> None:
        values = np.empty((len(block), central.size))
        for k, task in enumerate(block):
            found = np.asarray(_labelled(reading(tasks.numbers(task))).values)
            if found.size != central.size or not np.isfinite(found).all():
                raise ShapeError(
                    f"the function must return {central.size} finite numbers for every table; "
                    f"draw {task} gave shape {found.shape}."
                )
            values[k] = found.reshape(-1)
        store.put(block, values)

    waiting = [b for b in tasks.blocks() if not store.has(b)]
    n_blocks = max(len(tasks.blocks()), 1)
    with ThreadPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(run, waiting), start=n_blocks - len(waiting) + 1):
            if progress is not None:
                progress("draws", done / n_blocks)
    return _summary(like, central, store.values, tasks, interval, rank_along, seed)


@dataclass(frozen=True)
class _Tasks:
    """Which number of draw every source has in every evaluation."""

    sources: tuple[str, ...]
    draws: int
    pairs: int

    @property
    def subsets(self) -> list[tuple[bool, ...]]:
        """Sets of sources taken from A, all but the whole; the empty one (all from B) first."""
        return list(product((False, True), repeat=len(self.sources)))[:-1]

    @property
    def size(self) -> int:
        """Evaluations in all."""
        return self.draws + self.pairs * len(self.subsets)

    def numbers(self, task: int) -> dict[str, int]:
        """Return the number of draw of every source."""
        if task < self.draws:
            return dict.fromkeys(self.sources, task)
        pair, subset = divmod(task - self.draws, len(self.subsets))
        a, b = pair % self.draws, self.draws + pair
        return {
            name: a if shared else b
            for name, shared in zip(self.sources, self.subsets[subset], strict=True)
        }

    def blocks(self) -> list[range]:
        """Tasks a worker takes at a time."""
        return [range(k, min(k + BLOCK, self.size)) for k in range(0, self.size, BLOCK)]


class _Store:
    """Values (tasks, m) and which blocks are there; files when there is a folder."""

    def __init__(self, values: FloatArray, done: Any) -> None:
        self.values, self.done = values, done

    def has(self, block: range) -> bool:
        return bool(self.done[block.start // BLOCK])

    def put(self, block: range, values: FloatArray) -> None:
        self.values[block.start : block.stop] = values
        if isinstance(self.values, np.memmap):
            self.values.flush()
        self.done[block.start // BLOCK] = 1
        if isinstance(self.done, np.memmap):
            self.done.flush()


def _store(
    folder: str | Path | None, drawer: TableDrawer, tasks: _Tasks, seed: int, central: FloatArray
) -> _Store:
    shape, n_blocks = (tasks.size, central.size), len(tasks.blocks())
    if folder is None:
        return _Store(np.empty(shape), np.zeros(n_blocks, dtype=np.uint8))
    where = Path(folder)
    about = {
        "fingerprint": _fingerprint(drawer, central),
        "sources": list(tasks.sources),
        "seed": seed,
        "draws": tasks.draws,
        "pairs": tasks.pairs,
        "shape": list(shape),
    }
    kept = where / "about.json"
    mode = "r+" if kept.exists() else "w+"
    if kept.exists() and json.loads(kept.read_text(encoding="utf-8")) != about:
        raise ShapeError(
            f"{where} holds draws of another run (table, function, seed or size): take another "
            "folder, or remove it."
        )
    where.mkdir(parents=True, exist_ok=True)
    files = [where / "values.npy", where / "done.npy"]
    open_file = np.lib.format.open_memmap
    if mode == "r+":
        values, done = (open_file(f, mode="r+") for f in files)
    else:
        values = open_file(files[0], mode="w+", dtype=np.float64, shape=shape)
        done = open_file(files[1], mode="w+", dtype=np.uint8, shape=(n_blocks,))
        kept.write_text(json.dumps(about), encoding="utf-8")
    return _Store(values, done)


def _fingerprint(drawer: TableDrawer, central: FloatArray) -> str:
    """Digest the table, how it is drawn, and what the function makes of it."""
    digest = hashlib.sha256(repr((drawer.draws.own_share, drawer.draws.decay)).encode())
    digest.update(repr(drawer.draws.elasticity).encode())
    if drawer.parameters:
        digest.update(repr(sorted(drawer.parameters.items())).encode())
    cost = np.zeros(0) if drawer.cost is None else drawer.cost
    for array in (drawer.use, drawer.flows, drawer.bought, drawer.noise, cost, central):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _labelled(found: Any) -> xr.DataArray:
    if isinstance(found, xr.DataArray):
        return found
    if isinstance(found, pd.Series):
        index = found.index
        if isinstance(index, pd.MultiIndex):
            index = pd.Index([" / ".join(map(str, one)) for one in index], name="label")
        name = str(index.name or "label")
        return xr.DataArray(found.to_numpy(), {name: index.to_numpy()}, (name,), found.name)
    if isinstance(found, xr.Dataset | pd.DataFrame):
        raise ShapeError("the function must return one array: choose a variable or a column.")
    return xr.DataArray(np.asarray(found, dtype=np.float64))


def _summary(
    like: xr.DataArray,
    central: FloatArray,
    values: FloatArray,
    tasks: _Tasks,
    interval: float,
    rank_along: str | None,
    seed: int,
) -> xr.Dataset:
    drawn = np.asarray(values[: tasks.draws])
    edges = [(1 - interval) / 2, 0.5, (1 + interval) / 2]
    low, median, high = np.quantile(drawn, edges, axis=0)
    parts = {
        "central": central, "median": median, "low": low, "high": high,
        "mean": drawn.mean(axis=0), "sd": drawn.std(axis=0, ddof=1),
    }  # fmt: skip
    units = {"units": like.attrs.get("units", "")}
    data = {n: (like.dims, v.reshape(like.shape), units) for n, v in parts.items()}
    out = xr.Dataset(data, coords=like.coords)
    if tasks.pairs and tasks.sources:
        shares = _variance_shares(np.asarray(values), tasks)
        out = out.assign_coords({SOURCE: list(tasks.sources)})
        out["variance_share"] = ((SOURCE, *like.dims), shares.reshape(-1, *like.shape), _ONE)
    along = rank_along or (str(like.dims[0]) if like.ndim == 1 else None)
    if along is not None:
        if along not in like.dims:
            raise ShapeError(f"rank_along must be one of {list(like.dims)}; found {along!r}.")
        _add_ranks(out, like, central, drawn, along, interval)
    out.attrs = {
        "draws": tasks.draws,
        "pairs": tasks.pairs,
        "seed": seed,
        "interval": interval,
        "sources": ", ".join(tasks.sources),
    }
    return out


_ONE = {"units": "1"}


def _variance_shares(values: FloatArray, tasks: _Tasks) -> FloatArray:
    """Shapley shares (g, m) of the variance."""
    n_sources, subsets = len(tasks.sources), tasks.subsets
    of_pairs = values[tasks.draws :].reshape(tasks.pairs, len(subsets), -1)
    a = values[np.arange(tasks.pairs) % tasks.draws]
    spread = ((a[:, None, :] - of_pairs) ** 2).mean(axis=0) / 2
    whole = spread[0]
    explained = {s: whole - spread[k] for k, s in enumerate(subsets)}
    explained[(True,) * n_sources] = whole
    shares = np.zeros((n_sources, values.shape[1]))
    for source in range(n_sources):
        for subset in subsets:
            if subset[source]:
                continue
            size = sum(subset)
            weight = factorial(size) * factorial(n_sources - 1 - size) / factorial(n_sources)
            joined = tuple(flag or k == source for k, flag in enumerate(subset))
            shares[source] += weight * (explained[joined] - explained[subset])
    return np.asarray(np.divide(shares, whole, out=np.zeros_like(shares), where=whole > 0))


def _add_ranks(
    out: xr.Dataset,
    like: xr.DataArray,
    central: FloatArray,
    drawn: FloatArray,
    along: str,
    interval: float,
) -> None:
    axis = like.dims.index(along)

    def ranks(grid: FloatArray, at: int) -> FloatArray:
        return np.asarray(
            np.argsort(np.argsort(-grid, axis=at, kind="stable"), axis=at, kind="stable") + 1.0
        )

    first = ranks(central.reshape(like.shape), axis)
    every = ranks(drawn.reshape(-1, *like.shape), axis + 1)
    low, high = np.quantile(every, [(1 - interval) / 2, (1 + interval) / 2], axis=0)
    out["rank"] = (like.dims, first, _ONE)
    out["rank_low"], out["rank_high"] = (like.dims, low, _ONE), (like.dims, high, _ONE)
    out["rank_kept"] = (like.dims, (every == first).mean(axis=0), _ONE)
    n = like.sizes[along]
    squares = ((every - first) ** 2).sum(axis=axis + 1)
    correlation = 1.0 - 6.0 * squares / (n * (n * n - 1.0)) if n > 1 else np.ones(len(every))
    rest = tuple(d for d in like.dims if d != along)
    out["order_kept"] = (rest, np.asarray(correlation).mean(axis=0), _ONE)


def plot_uncertainty(data: xr.Dataset, *, most: int = 40, ax: Axes | None = None) -> Axes:
    """Medians with their intervals and the central value, largest on top.

    Parameters
    ----------
    data
        From `uncertainty`, with one dimension.
    most
        Labels that are drawn.
    """
    import matplotlib.pyplot as plt

    if data["median"].ndim != 1:
        raise ShapeError("intervals are drawn along one dimension: select from the others first.")
    order = np.argsort(-data["median"].values)[:most][::-1]
    ax = plt.subplots(figsize=(7, 0.25 * len(order) + 1.5))[1] if ax is None else ax
    where = np.arange(len(order))
    parts = {n: data[n].values[order] for n in ("low", "median", "high", "central")}
    ax.hlines(where, parts["low"], parts["high"], color="0.6", linewidth=3)
    ax.plot(parts["median"], where, "ko", markersize=4, label="median")
    ax.plot(parts["central"], where, "r|", markersize=9, label="table at hand")
    dim = data["median"].dims[0]
    names = data[dim].values if dim in data.coords else np.arange(data.sizes[dim])
    ax.set_yticks(where, [str(name) for name in names[order]])
    ax.set_xlabel(f"{100 * data.attrs.get('interval', 0.9):g} % interval, "
                  f"{data['median'].attrs.get('units', '')}")  # fmt: skip
    ax.legend(frameon=False)
    return ax
