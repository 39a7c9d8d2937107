"""The ledger as rows: parts of an effect by region, sector, group of regions or ring.

Owns the question: of what a pole is given, how much ends where?

Public names
------------
``Ledger``         effects of all poles, with what is needed to read them by anything
``open_ledger``    compute them
``rows_by``        one row for each pole and region, sector, group or ring
``by_answer``      these rows as an answer
``draw_poles``     bars of such rows, a panel for each pole

Sums over regions and sectors only: the parts of a row are those of `model.spillover.spillovers`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from model.accounts import Account
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.analysis.draws import Drawing, shown_drawing
from model.cli.analysis.ledger.growth import Grown, Growth, account_of_request, grown
from model.cli.analysis.world import RING, World
from model.cli.text import amount
from model.errors import ScenarioError
from model.ledger.groups import by_ring, group_regions
from model.ledger.sure import ledger_uncertainty
from model.spillover import spillovers
from model.table_draws import Draws

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from model.ledger.groups import Groups

__all__ = ["Ledger", "by_answer", "draw_poles", "open_ledger", "rows_by"]

POLE, REGION, SECTOR = "pole", "region", "sector"
ENDS = ("low", "high", "rank_low", "rank_high")


@dataclass(frozen=True, eq=False)
class Ledger:
    """Effects of all poles.

    Parameters
    ----------
    world
        Table and groupings.
    grown
        Poles and stimuli.
    account
        What is counted.
    households
        Whether they are inside.
    data
        From `spillovers`.
    notes
        What a reader has to know.
    """

    world: World
    grown: Grown
    account: Account
    households: bool
    data: xr.Dataset
    notes: tuple[str, ...]

    @property
    def effects(self) -> xr.DataArray:
        """Effects (pole, region, sector, part)."""
        return self.data["ledger"].isel(account=0, drop=True)

    @property
    def parts(self) -> list[str]:
        """Names of the parts."""
        return [str(part) for part in self.effects["part"].values]

    def given(self, pole: str) -> float:
        """Return money given to a pole, in the table's unit, as stated where it is money."""
        stated = self.grown.stimuli[pole]
        if isinstance(stated, float):
            return stated
        return float(self.data["stimulus"].sel(pole=pole))


def open_ledger(world: World, growth: Growth, *, of: str, households: bool) -> Ledger:
    """Compute the ledger of all poles.

    Raises
    ------
    ModelError, TableError
        For words that do not fit the table, and from the solves.
    """
    one = grown(growth, world)
    account, notes = account_of_request(world, of)
    data = spillovers(world.table, one.poles, one.stimuli, account, one.at, households=households)
    return Ledger(world, one, account, households, data, (*one.notes, *notes))


def rows_by(
    ledger: Ledger, by: str, drawing: Drawing, *, decay: bool = False
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return one row for each pole and region, sector, group or ring, with its parts and total.

    Parameters
    ----------
    by
        "region", "sector", "pole" (one row each), "ring", a grouping or a file of groups.
    drawing
        Draws of the table; then there are columns low and high of the total.
    decay
        Draw the decay of trade with cost as well; the network tells the costs.

    Returns
    -------
    Rows, and what is to be said about them.
    """
    effects = ledger.effects
    groups: Groups | None = None
    notes: tuple[str, ...] = ()
    label = _label(by)
    if by == SECTOR:
        grid = effects.sum(REGION)
    elif by == RING:
        minutes = ledger.world.costs("--by ring")
        members = ledger.grown.members(ledger.world.table)
        grid = by_ring(effects.sum(SECTOR), minutes, members)
        notes = ("Rings are door-to-door minutes from the nearest region of the pole.",)
    elif by == REGION:
        grid = effects.sum(SECTOR)
    else:
        regions = ledger.world.table.regions
        everything: Groups = pd.Series("all", index=regions)
        groups, notes = (everything, ()) if by == POLE else ledger.world.groups(by)
        grid = group_regions(effects.sum(SECTOR), groups)
    dim = next(str(d) for d in grid.dims if d not in (POLE, "part"))
    grid = grid.transpose(POLE, dim, "part")
    index = pd.MultiIndex.from_product([grid[POLE].values, grid[dim].values], names=[POLE, label])
    flat = grid.values.reshape(-1, grid.sizes["part"])
    frame = pd.DataFrame(flat, index=index, columns=ledger.parts).reset_index()
    frame["total"] = frame[ledger.parts].sum(axis=1)
    if drawing.draws:
        if by in (SECTOR, RING):
            raise ScenarioError(f"--draws goes with --by region, pole or a grouping, not {by}")
        ends, sure = _drawn(ledger, groups, drawing, decay=decay)
        frame = frame.merge(ends.rename(columns={"place": label}), on=[POLE, label], how="left")
        notes = (*notes, *sure)
    if by == POLE:
        frame = frame.drop(columns=label)
    return frame, notes


def _label(by: str) -> str:
    if by.endswith(".csv"):
        return "group"
    return by if by != POLE else "place"


def _drawn(
    ledger: Ledger, groups: Groups | None, drawing: Drawing, *, decay: bool
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the ends of intervals of every total, by pole and place."""
    cost = None
    if decay:
        cost = ledger.world.costs("--network", of="cost", purpose="freight")
    uncertain = Draws(cost=cost)

    def run(progress: Callable[[str, float], None]) -> xr.Dataset:
        return ledger_uncertainty(
            ledger.world.table,
            ledger.grown.poles,
            ledger.grown.stimuli,
            ledger.account,
            at=ledger.grown.at,
            households=ledger.households,
            groups=groups,
            uncertain=uncertain,
            draws=drawing.draws,
            seed=drawing.seed,
            workers=drawing.workers,
            folder=drawing.resume,
            progress=progress,
        )

    found, sure = shown_drawing(run, drawing, decay=decay)
    dim = REGION if groups is None else "group"
    several = found.sizes[dim] > 1
    wanted = [name for name in ENDS if name in found and (several or not name.startswith("rank"))]
    totals = found[wanted].sel(part="all", drop=True)
    columns = totals.to_dataframe()[wanted].reset_index().rename(columns={dim: "place"})
    spill = found[["low", "high"]].sel(part="spillover", drop=True)
    spill = spill.rename({"low": "spillover_low", "high": "spillover_high"})
    away = spill.to_dataframe()[["spillover_low", "spillover_high"]].reset_index()
    return columns.merge(away.rename(columns={dim: "place"}), on=[POLE, "place"]), sure


def by_answer(ledger: Ledger, by: str, drawing: Drawing, *, decay: bool = False) -> Answer:
    """Return the ledger by anything as an answer; rows of a pole stay together."""
    frame, notes = rows_by(ledger, by, drawing, decay=decay)
    label = None if by == POLE else _label(by)
    if label is not None and by != RING:
        order = {name: k for k, name in enumerate(ledger.grown.poles)}
        frame = frame.sort_values(
            [POLE, "total"],
            key=lambda column: column.map(order) if column.name == POLE else -column,
            kind="stable",
        )
    if by == POLE:
        frame.insert(1, "given", [ledger.given(str(name)) for name in frame[POLE]])
    what = ledger.account.name.replace("_", " ")
    away = "feedback comes back through others, spillover arises in others"
    induced = ", induced by what households spend" if ledger.households else ""
    first = frame.iloc[0]
    where = "" if label is None else f", {first[label]}"
    whole = float(frame.loc[frame[POLE] == first[POLE], "total"].sum())
    part = "" if label is None else f", {100 * float(first['total']) / whole:.1f} % of its total"
    reading = (
        f"{first[POLE]}{where}: {what} {amount(float(first['total']))} {ledger.account.units}"
        f"{part}. Intraregional is what the pole makes by itself, {away}{induced}."
    )
    given = tuple(f"{name} is given {text}." for name, text in ledger.grown.words.items())
    return Answer(
        title=f"{what} by {'pole' if label is None else label.replace('_', ' ')}, "
        f"{ledger.world.table.name}",
        frame=frame,
        labels=1 if label is None else 2,
        units=ledger.account.units,
        reading=reading,
        notes=(*given, *ledger.notes, *notes),
        plot=lambda: draw_poles(ledger, frame, label, interval=bool(drawing.draws)),
    )


def draw_poles(
    ledger: Ledger, frame: pd.DataFrame, label: str | None, *, interval: bool = False
) -> Axes:
    """Draw bars of rows, a panel for each pole, and return the first panel.

    Of regions only those outside the pole are drawn: its own would dwarf them.
    """
    ends = ("low", "high") if interval else None
    if label is None:
        return plot_rows(
            frame, labels=[POLE], parts=ledger.parts, units=ledger.account.units,
            title=ledger.account.name.replace("_", " "), interval=ends,
        )  # fmt: skip
    names = list(ledger.grown.poles)
    members = ledger.grown.members(ledger.world.table)

    def one(name: str, ax: Axes) -> None:
        rows = frame[frame[POLE] == name]
        title, parts = f"{name}: {ledger.grown.words[name]}", ledger.parts
        if label == REGION:
            own = rows[REGION].isin(members[name])
            kept = float(rows.loc[own, "total"].sum())
            share = 100.0 * kept / float(rows["total"].sum())
            rows = rows[~own].sort_values("total", ascending=False)
            parts = [p for p in parts if p in ("spillover", "induced")]
            title = f"{name} keeps {share:.1f} % of {ledger.account.name.replace('_', ' ')}; others"
        plot_rows(
            rows, labels=[label], parts=parts, units=ledger.account.units, title=title,
            interval=ends, ax=ax,
        )  # fmt: skip

    rows = max(int((frame[POLE] == name).sum()) for name in names)
    return panels(names, one, height=0.25 * min(rows, 25) + 1.8)


def panels(
    names: Sequence[str], draw: Callable[[str, Axes], object], *, height: float = 4.0,
    width: float = 7.0, most: int = 6,
) -> Axes:  # fmt: skip
    """Draw one panel a name, two in a row, and return the first; at most so many."""
    import matplotlib.pyplot as plt

    shown = list(names)[:most]
    across = min(2, len(shown))
    down = -(-len(shown) // across)
    figure, grid = plt.subplots(
        down, across, figsize=(width * across, height * down), squeeze=False, layout="constrained"
    )
    axes = list(grid.reshape(-1))
    for name, ax in zip(shown, axes, strict=False):
        draw(name, ax)
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    if len(names) > most:
        figure.supxlabel(f"the first {most} of {len(names)} poles", fontsize="small")
    first: Axes = axes[0]
    return first
