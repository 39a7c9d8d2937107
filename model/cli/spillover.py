"""The verb ``spillover``: where the growth of poles ends up, without a scenario file.

Owns the question: of so much given to a pole, how much stays, spreads and leaks?

Public names
------------
``spillover``          what was asked, to standard output; the exit code
``SpilloverRequest``   what is asked

The numbers are those of `model.ledger` and `model.spillover`; nothing is added to them but sums and
shares. Without a view and by region, the ledger is told pole by pole; every other reading is one
table of rows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from model.cli.analysis.answer import Answer, Request, deliver, draw
from model.cli.analysis.draws import Drawing
from model.cli.analysis.ledger.growth import Growth
from model.cli.text import aligned, amount, percent, wrapped, write, write_json
from model.cli.words import Format
from model.errors import ScenarioError

__all__ = ["SpilloverRequest", "View", "spillover"]

MACRO_REGION = "macro_region"
SECTORS_SHOWN = 8
ROWS_SHOWN = 40
REGIONS_SHOWN = 8
"""Regions of each pole when there are several."""

View = Literal["ledger", "exchange", "rounds", "decay", "paths", "two_blocks"]


@dataclass(frozen=True, kw_only=True)
class SpilloverRequest:
    """What is asked of the ledger.

    Parameters
    ----------
    growth
        What grows.
    of
        The account.
    households
        Whether what households earn is spent.
    view, by
        What is read; `by` is of the ledger alone.
    form
        Law of decay.
    paths, to
        Paths for each pole and region, and the regions.
    table, table_format, network
        Embedded name or path, its format, and the network for times.
    drawing
        Draws for intervals; none by default.
    top
        Rows of the text.
    plot
        Where the figure goes.
    """

    growth: Growth
    table: str
    of: str = "value_added"
    households: bool = False
    view: View = "ledger"
    by: str = "region"
    form: Literal["exponential", "power"] = "exponential"
    paths: int = 3
    to: tuple[str, ...] = ()
    table_format: str | None = None
    network: str | None = None
    drawing: Drawing = field(default_factory=Drawing)
    top: int | None = None
    plot: Path | None = None

    def __post_init__(self) -> None:
        if self.view != "ledger" and self.by != "region":
            raise ScenarioError(
                f"--by is a reading of the ledger: it does not go with {_option(self)}"
            )
        if self.to and self.view != "paths":
            raise ScenarioError("--to names the regions whose paths are listed: it needs --paths")
        if self.drawing.draws and self.view not in ("ledger", "exchange"):
            raise ScenarioError(f"--draws goes with the ledger and --exchange, not {_option(self)}")

    def written(self, output_format: Format) -> Request:
        """Return how an answer is written."""
        return Request(
            table=self.table,
            table_format=self.table_format,
            output_format=output_format,
            top=ROWS_SHOWN if self.top is None else self.top,
            plot=self.plot,
        )


def _option(request: SpilloverRequest) -> str:
    return f"--{request.view.replace('_', '-')}"


def spillover(request: SpilloverRequest, *, output_format: Format = "text") -> int:
    """Write what was asked.

    Raises
    ------
    ScenarioError
        For shares that do not sum to one, an amount of zero, unknown poles and sectors, and words
        that do not go together.
    TableError
        When the table cannot be read.
    """
    how = request.written(output_format)
    from model.cli.analysis.world import open_world  # after the words have been checked

    world = open_world(request.table, table_format=request.table_format, network=request.network)
    if request.view == "ledger":
        from model.cli.analysis.ledger.effects import by_answer, open_ledger

        ledger = open_ledger(world, request.growth, of=request.of, households=request.households)
        decay = request.network is not None
        if request.by == "region":
            return _by_region(ledger, request, how, decay=decay)
        return deliver(by_answer(ledger, request.by, request.drawing, decay=decay), how)
    return deliver(_view(request, world, output_format), how)


def _view(request: SpilloverRequest, world: Any, output_format: Format) -> Answer:
    from model.cli.analysis.ledger import views

    setting = views.open_setting(
        world, request.growth, of=request.of, households=request.households
    )
    if request.view == "exchange":
        return views.exchange_answer(setting, request.drawing, wide=output_format != "text")
    if request.view == "rounds":
        return views.rounds_answer(setting)
    if request.view == "decay":
        return views.decay_answer(setting, form=request.form)
    if request.view == "paths":
        return views.paths_answer(setting, count=request.paths, to=request.to)
    return views.blocks_answer(setting)


def _by_region(ledger: Any, request: SpilloverRequest, how: Request, *, decay: bool) -> int:
    """Write the ledger pole by pole: parts, regions, sectors, and where the stimulus ends."""
    from model.cli.analysis.ledger.effects import draw_poles, rows_by

    frame, sure = rows_by(ledger, "region", request.drawing, decay=decay)
    groups = ledger.world.groupings.region_group(MACRO_REGION, list(frame["region"]))
    frame.insert(2, MACRO_REGION, groups.to_numpy())
    poles = [_pole(ledger, frame[frame["pole"] == name], name, sure) for name in ledger.grown.poles]
    if request.plot is not None:
        draw(
            lambda: draw_poles(ledger, frame, "region", interval=bool(request.drawing.draws)),
            request.plot,
            "the ledger",
        )
    if how.output_format == "csv":
        frame.to_csv(sys.stdout, index=False)
    elif how.output_format == "json":
        write_json([one.plain() for one in poles])
    else:
        if len(poles) > 1:
            write(*_summary(poles), "")
        many = len(poles) > 1
        shown = request.top or (REGIONS_SHOWN if many else len(ledger.world.table.regions))
        for one in poles:
            write(*one.lines(shown), "")
    return 0


@dataclass(frozen=True)
class _Pole:
    """One pole: money given, rows by region and part, and what leaves, in the table's unit."""

    name: str
    words: str
    at: str
    of: str
    units: str
    given: float
    money: str
    parts: tuple[str, ...]
    rows: pd.DataFrame
    sectors: pd.Series[float]
    leakage: dict[str, float]
    notes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return what JSON holds."""
        return {
            "pole": self.name,
            "at": self.at,
            "of": self.of,
            "units": self.units,
            "stimulus": self.given,
            "stimulus_units": self.money,
            "given": self.words,
            "regions": self.rows.to_dict("records"),
            "sectors": self.sectors.to_dict(),
            "leakage": self.leakage,
            "notes": list(self.notes),
        }

    def lines(self, most: int) -> list[str]:
        """Return the text: sums, macro-regions, regions, and how to read them."""
        what = self.of.replace("_", " ")
        head = (what, *self._heads, "total", self._share)
        groups = self.rows.groupby(MACRO_REGION, sort=False)[list(self.parts)].sum()
        by_group = [self._row(str(name), row) for name, row in groups.iterrows()]
        order = self.rows.sort_values("total", ascending=False)
        more = len(order) - most
        by_region = [
            [*self._row(str(row["region"]), row), *(amount(float(row[c])) for c in self._ends)]
            for _, row in order.head(most).iterrows()
        ]
        return [
            f"{self.name}: {self.words}; {what} by part, {self.units}",
            "",
            *aligned(head, [self._row("all", self.sums), *([] if len(groups) < 2 else by_group)]),
            "",
            *aligned(("region", *head[1:], *self._ends), by_region),
            *([f"... and {more:,} regions more: --csv has all of them"] if more > 0 else []),
            "",
            *aligned(
                (f"first {SECTORS_SHOWN} sectors", "total", self._share),
                [
                    (str(name), amount(value), percent(value, self._whole))
                    for name, value in self.sectors.nlargest(SECTORS_SHOWN).items()
                ],
            ),
            "",
            *aligned(
                ("where the stimulus ends", "", "of stimulus"),
                [(k, amount(v), percent(v, self.given)) for k, v in self.leakage.items()],
            ),
            "",
            *([*wrapped(self.notes), ""] if self.notes else []),
            *wrapped([self.reading]),
        ]

    @property
    def sums(self) -> pd.Series[float]:
        """Parts over all regions."""
        return self.rows[list(self.parts)].sum()

    @property
    def _heads(self) -> list[str]:
        return ["alone" if part == "intraregional" else part for part in self.parts]

    @property
    def _ends(self) -> list[str]:
        """Columns with the ends of intervals."""
        return [name for name in ("low", "high") if name in self.rows]

    @property
    def _of_money(self) -> bool:
        return self.units == self.money

    @property
    def _share(self) -> str:
        return "of stimulus" if self._of_money else "of total"

    @property
    def _whole(self) -> float:
        return self.given if self._of_money else float(self.sums.sum())

    def _row(self, name: str, parts: pd.Series[float]) -> list[str]:
        total = float(parts[list(self.parts)].sum())
        cells = [amount(float(parts[part])) for part in self.parts]
        return [name, *cells, amount(total), percent(total, self._whole)]

    @property
    def reading(self) -> str:
        """How the sums are read."""
        what = self.of.replace("_", " ")
        if not self._of_money:
            shares = [100.0 * float(v) / self._whole if self._whole else 0.0 for v in self.sums]
            induced = f", {shares[3]:.1f} % by what households spend" if len(shares) > 3 else ""
            return (
                f"How to read it: of {amount(self._whole)} {self.units} of {what}, {shares[0]:.1f} "
                f"% arise in the pole alone, {shares[1]:.1f} % come back to it through other "
                f"regions and {shares[2]:.1f} % arise in other regions{induced}."
            )
        shares = [100.0 * float(v) / self.given for v in self.sums]
        induced = (
            f", and what households spend brings {shares[3]:.1f} more" if len(shares) > 3 else ""
        )
        return (
            f"How to read it: of every 100 put into {self.name}, the pole alone makes "
            f"{shares[0]:.1f} of {what}, {shares[1]:.1f} come back through other regions, and "
            f"{shares[2]:.1f} arise in other regions{induced}."
        )


def _pole(ledger: Any, rows: pd.DataFrame, name: str, sure: tuple[str, ...]) -> _Pole:
    effects, data = ledger.effects.sel(pole=name), ledger.data
    at = "use" if ledger.data.attrs["at"] == "use" else ledger.grown.at
    return _Pole(
        name=name,
        words=ledger.grown.words[name],
        at=at,
        of=ledger.account.name,
        units=ledger.account.units,
        given=ledger.given(name),
        money=ledger.world.table.unit,
        parts=tuple(ledger.parts),
        rows=rows,
        sectors=effects.sum(["region", "part"]).to_series(),
        leakage={
            str(kind): float(data["leakage"].sel(pole=name, kind=kind))
            for kind in data["kind"].values
        },
        notes=(*ledger.notes, *sure),
    )


def _summary(poles: list[_Pole]) -> list[str]:
    """Return the sums of every pole beside each other."""
    first = poles[0]
    head = ("pole", "stimulus", *first._heads, "total", "spills over")
    rows = []
    for one in poles:
        sums = one.sums
        total = float(sums.sum())
        away = percent(float(sums["spillover"]), total)
        cells = [amount(float(sums[part])) for part in one.parts]
        rows.append((one.name, amount(one.given), *cells, amount(total), away))
    return [
        f"{first.of.replace('_', ' ')}, {first.units}; stimulus in {first.money}",
        "",
        *aligned(head, rows),
    ]
