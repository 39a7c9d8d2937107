"""Other views of the same growth: who gives to whom, round by round, how far, by which paths.

Owns the question: what else can be read off the growth of poles?

Public names
------------
``exchange_answer``    emitted, received and net positions
``rounds_answer``      how fast it spreads
``decay_answer``       the travel time over which spillovers halve
``paths_answer``       the largest paths behind what regions receive
``blocks_answer``      inside, across the border once, round and back

Each takes a `Setting`: what grows, what is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from model.accounts import Account
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.analysis.draws import Drawing, shown_drawing
from model.cli.analysis.ledger.effects import open_ledger, panels
from model.cli.analysis.ledger.growth import Grown, Growth, account_of_request, grown
from model.cli.text import amount
from model.errors import ScenarioError
from model.ledger.chains import ledger_paths
from model.ledger.distance import Form, fit_decay, plot_decay
from model.ledger.exchange import plot_exchange, spillover_exchange
from model.ledger.rounds import plot_rounds, spillover_rounds
from model.ledger.sure import exchange_uncertainty
from model.ledger.two_blocks import plot_two_blocks, two_blocks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from model.cli.analysis.world import World

__all__ = [
    "Setting",
    "blocks_answer",
    "decay_answer",
    "exchange_answer",
    "open_setting",
    "paths_answer",
    "rounds_answer",
]

POLE = "pole"
FEW = 6
"""Receivers that fit beside each other on a screen."""
FIRST = 5
"""Receivers whose paths are listed when none are named."""


@dataclass(frozen=True, eq=False)
class Setting:
    """What grows, where, and what is counted.

    Parameters
    ----------
    world, grown, account, households
        As in the ledger.
    growth
        The words.
    notes
        What a reader has to know.
    """

    world: World
    growth: Growth
    grown: Grown
    account: Account
    households: bool
    notes: tuple[str, ...]

    @property
    def what(self) -> str:
        """The account in words."""
        return self.account.name.replace("_", " ")

    def told(self) -> tuple[str, ...]:
        """Return what every pole is given, when poles are few, and other notes."""
        words = self.grown.words.items()
        given = [f"{name} is given {text}." for name, text in words] if len(words) <= FEW else []
        return (*given, *self.notes)


def open_setting(world: World, growth: Growth, *, of: str, households: bool) -> Setting:
    """Find poles, stimuli and the account."""
    account, notes = account_of_request(world, of)
    found = grown(growth, world)
    return Setting(world, growth, found, account, households, (*found.notes, *notes))


def exchange_answer(setting: Setting, drawing: Drawing, *, wide: bool) -> Answer:
    """Return what each pole keeps, emits, receives, and has on balance.

    Parameters
    ----------
    wide
        Columns for every receiver, however many.
    """
    table, one = setting.world.table, setting.grown
    found = spillover_exchange(
        table, one.poles, one.stimuli, setting.account, at=one.at, households=setting.households
    )
    flat = found.isel(account=0, drop=True)
    kept = flat["intraregional"] + flat["feedback"] + flat["induced_inside"]
    frame = pd.DataFrame({POLE: flat[POLE].values, "given": flat["stimulus"].values})
    frame["kept"] = kept.values
    for name in ("emitted", "received", "net"):
        frame[name] = flat[name].values
    notes = setting.told()
    if drawing.draws:

        def run(progress: Callable[[str, float], None]) -> xr.Dataset:
            return exchange_uncertainty(
                table, one.poles, one.stimuli, setting.account, at=one.at,
                households=setting.households, draws=drawing.draws, seed=drawing.seed,
                workers=drawing.workers, folder=drawing.resume, progress=progress,
            )  # fmt: skip

        ends, sure = shown_drawing(run, drawing)
        for name in ("emitted", "received", "net"):
            for end in ("low", "high"):
                frame[f"{name}_{end}"] = ends[end].sel(reading=name).values
        notes = (*notes, *sure)
    receivers = [str(r) for r in flat["receiver"].values]
    if wide or len(receivers) <= FEW:
        for name in receivers:
            frame[f"to {name}"] = flat["effect"].sel(receiver=name).values
    frame = frame.sort_values("net", ascending=False)
    first, last = frame.iloc[0], frame.iloc[-1]
    return Answer(
        title=f"who gives {setting.what} to whom, {table.name}",
        frame=frame,
        labels=1,
        units=f"{setting.account.units}; given in {table.unit}",
        reading=(
            f"{first[POLE]} receives {amount(float(first['received']))} from the growth of the "
            f"others and emits {amount(float(first['emitted']))} to all others, on balance "
            f"{amount(float(first['net']))}; {last[POLE]} has {amount(float(last['net']))}. The "
            "rest of the table receives and gives nothing, so net positions sum to zero only where "
            "poles cover the table."
        ),
        notes=notes,
        plot=lambda: plot_exchange(found),
    )


def rounds_answer(setting: Setting) -> Answer:
    """Return the effect by round of orders, in the pole and elsewhere."""
    one = setting.grown
    found = spillover_rounds(
        setting.world.table, one.poles, one.stimuli, setting.account, at=one.at,
        households=setting.households,
    )  # fmt: skip
    effect, there = found["effect"], found["so_far"]
    columns = {
        "in_the_pole": effect.sel(where="in the pole"),
        "elsewhere": effect.sel(where="elsewhere"),
        "share_elsewhere": found["crossed"],
        "so_far_in_the_pole": there.sel(where="in the pole"),
        "so_far_elsewhere": there.sel(where="elsewhere"),
    }
    bare = {name: one.reset_coords(drop=True) for name, one in columns.items()}
    flat = xr.Dataset(bare).to_dataframe()[list(columns)].reset_index()
    until = found["rounds_until"]
    named = []
    for pole in found[POLE].values:
        ends = until.sel(pole=pole, share=0.9)
        inside, away = (
            _rounds(float(ends.sel(where=place))) for place in ("in the pole", "elsewhere")
        )
        named.append(f"{pole}: 90 % is there after {inside} in the pole and {away} elsewhere.")
    second = flat[flat["round"] == 1].iloc[0]
    return Answer(
        title=f"{setting.what} round by round, {setting.world.table.name}",
        frame=flat,
        labels=2,
        units=f"{setting.account.units}; so far: share of the whole of that place",
        reading=(
            "round 0 is what the stimulus itself makes, each further round what its suppliers are "
            f"ordered; in round 1 of {second[POLE]} {100 * float(second['share_elsewhere']):.1f} % "
            "falls outside the pole. A round is an order passed on; a table does not say how long "
            "that takes."
        ),
        notes=(*setting.told(), *named),
        plot=lambda: panels(list(one.poles), lambda name, ax: plot_rounds(found, pole=name, ax=ax)),
    )


def _rounds(value: float) -> str:
    if not np.isfinite(value):
        return "no round"
    return "round 0" if value == 0 else f"{value:.0f} round{'s' if value > 1 else ''}"


def decay_answer(setting: Setting, *, form: Form) -> Answer:
    """Return the travel time over which the spillovers of every pole halve."""
    world, table = setting.world, setting.world.table
    minutes = world.costs("--decay")
    ledger = open_ledger(
        world, setting.growth, of=setting.account.name, households=setting.households
    )
    effects = ledger.effects.sum("sector")
    away = effects.sel(part=[p for p in ledger.parts if p in ("spillover", "induced")]).sum("part")
    made = pd.Series(setting.account.intensity * table.x.to_numpy(), index=table.labels)
    size = made.groupby(level="region").sum()
    fit = fit_decay(away, minutes, size, members=setting.grown.members(table), form=form)
    columns = ["half", "half_low", "half_high", "decay", "decay_se", "r2", "n_regions"]
    frame = fit.frame.reset_index()[[POLE, *columns]]
    first = frame.iloc[0]
    high = float(first["half_high"])
    end = "no end" if not np.isfinite(high) else f"{amount(high)}"
    halves = (
        f"the spillover of {first[POLE]}, relative to the size of regions, halves with every "
        f"{amount(float(first['half']))} minutes of travel (90 %: "
        f"{amount(float(first['half_low']))} to {end})"
        if form == "exponential"
        else f"the spillover of {first[POLE]}, relative to the size of regions, halves when travel "
        f"time grows by the factor {amount(float(first['half']))} (90 %: "
        f"{amount(float(first['half_low']))} to {end})"
    )
    return Answer(
        title=f"decay of {setting.what} with travel time, {form}, {table.name}",
        frame=frame,
        labels=1,
        units="half in minutes" if form == "exponential" else "half a factor of minutes",
        reading=(
            f"{halves}. Where the interval has no end, it need not fall with time at all. It is "
            "the pattern of the table that is described, not growth that was observed."
        ),
        notes=setting.told(),
        plot=lambda: panels(
            list(setting.grown.poles), lambda name, ax: plot_decay(fit, pole=name, ax=ax)
        ),
    )


def paths_answer(setting: Setting, *, count: int, to: tuple[str, ...]) -> Answer:
    """Return the largest paths behind what regions receive from every pole.

    Parameters
    ----------
    count
        Paths for each pole and region.
    to
        Receiving regions; those outside the pole that receive most when none are named.
    """
    if count < 1:
        raise ScenarioError(f"--paths must be at least 1; found {count}")
    if setting.households:
        raise ScenarioError("--paths follows orders between industries: leave --households out")
    table, one = setting.world.table, setting.grown
    table.region_positions(list(to))
    ledger = open_ledger(setting.world, setting.growth, of=setting.account.name, households=False)
    spill = ledger.effects.sum(["sector", "part"])
    members = one.members(table)
    frames = []
    for pole, like in one.poles.items():
        received = spill.sel(pole=pole).to_series()
        away = received.drop(members[pole]).nlargest(FIRST)
        for region in to or tuple(str(name) for name in away.index):
            if not received[region] > 0:
                continue
            paths = ledger_paths(
                table, like, one.stimuli[pole], setting.account, regions=region, at=one.at,
                count=count,
            )  # fmt: skip
            rows = paths.frame.head(count)[["path", "part", "value", "share"]]
            rows.insert(0, "received", paths.total)
            rows.insert(0, "receiver", region)
            rows.insert(0, POLE, pole)
            frames.append(rows)
    if not frames:
        raise ScenarioError("nothing is received there, so there are no paths")
    frame = pd.concat(frames, ignore_index=True)
    frame = frame[[POLE, "receiver", "part", "received", "value", "share", "path"]]
    first = frame.iloc[0]
    return Answer(
        title=f"largest paths of {setting.what} from poles to regions, {table.name}",
        frame=frame,
        labels=3,
        tail=True,
        units=f"{setting.account.units}; share of what is received",
        reading=(
            f"of {amount(float(first['received']))} that {first['receiver']} receives from "
            f"{first[POLE]}, the largest path carries {100 * float(first['share']):.1f} %; it runs "
            "from the industry where the effect arises to the one whose product is demanded."
        ),
        notes=setting.told(),
        plot=lambda: _draw_paths(frame, setting),
    )


def _draw_paths(frame: pd.DataFrame, setting: Setting) -> Axes:
    return plot_rows(
        frame.sort_values("value", ascending=False),
        labels=["path"],
        parts=["value"],
        units=setting.account.units,
        title=f"largest paths of {setting.what}",
        longest=140,
    )


def blocks_answer(setting: Setting) -> Answer:
    """Return the effect by region in three factors: inside, open loop, closed loop."""
    if setting.households:
        raise ScenarioError("--two-blocks is of industries alone: leave --households out")
    table, one = setting.world.table, setting.grown
    found = two_blocks(table, one.poles, one.stimuli, setting.account, at=one.at)
    grid = found["effect"].sum("sector").transpose(POLE, "region", "factor")
    index = pd.MultiIndex.from_product(
        [grid[POLE].values, grid["region"].values], names=[POLE, "region"]
    )
    names = [str(f).replace(" ", "_") for f in grid["factor"].values]
    frame = pd.DataFrame(grid.values.reshape(-1, len(names)), index=index, columns=names)
    frame["total"] = frame.sum(axis=1)
    frame = frame.reset_index()
    order = {name: k for k, name in enumerate(one.poles)}
    frame = frame.sort_values(
        [POLE, "total"],
        key=lambda column: column.map(order) if column.name == POLE else -column,
        kind="stable",
    )
    first = frame.iloc[0]
    gap = float(found["gap"].max())
    return Answer(
        title=f"{setting.what} in two blocks, the pole and the rest, {table.name}",
        frame=frame,
        labels=2,
        units=setting.account.units,
        reading=(
            f"{first[POLE]}, {first['region']}: {amount(float(first['within']))} arise within the "
            f"own block, {amount(float(first['open_loop']))} by crossing the border once, "
            f"{amount(float(first['closed_loop']))} by going round between the blocks and back. "
            "In the pole the closed loop is the feedback of the ledger; each pole is taken against "
            "all else, so figures of several poles do not add up to one form."
        ),
        notes=(*setting.told(), f"Largest gap of the sums: {gap:.1e}."),
        plot=lambda: panels(
            list(one.poles), lambda name, ax: plot_two_blocks(found, pole=name, ax=ax)
        ),
    )
