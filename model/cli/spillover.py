"""The verb ``spillover``: where the growth of a pole ends up, without a scenario file.

Owns the question: of so much money given to a pole, how much stays, spreads and leaks?

Public names
------------
``spillover``          ledger to standard output; the exit code
``SpilloverRequest``   what is asked

The numbers are those of `model.spillover.spillovers`; nothing is added to them but sums and shares.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from model.cli.analysis.draws import Drawing, with_interval
from model.cli.text import aligned, amount, percent, wrapped, write, write_json
from model.errors import ScenarioError
from model.scenario import Scenario, Stimulus

if TYPE_CHECKING:
    import xarray as xr

    from io_tables.table import RegionalTable
    from model.steps.groupings import Groupings

__all__ = ["SpilloverRequest", "spillover"]

PARTS = ("intraregional", "feedback", "spillover")
MACRO_REGION = "macro_region"
SECTORS_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class SpilloverRequest:
    """What is asked of the ledger.

    Parameters
    ----------
    poles
        Names, or "Shanghai=0.6,Jiangsu=0.4".
    sectors
        "mix", or "Construction=0.7,Finance=0.3".
    amount
        Money in the table's currency, not in its unit.
    at
        "origin" or "use", as in a scenario.
    of
        The account.
    table, table_format
        Embedded name or path, and its format.
    drawing
        Draws for intervals of every region's total; none by default.
    """

    poles: tuple[str, ...]
    amount: float
    sectors: str = "mix"
    at: Literal["origin", "use"] = "origin"
    of: str = "value_added"
    table: str
    table_format: str | None = None
    drawing: Drawing = field(default_factory=Drawing)


def spillover(
    request: SpilloverRequest, *, output_format: Literal["text", "json", "csv"] = "text"
) -> int:
    """Write the ledger of every pole asked for.

    Raises
    ------
    ScenarioError
        For shares that do not sum to one, an amount of zero, unknown poles and sectors.
    TableError
        When the table cannot be read.
    """
    stimuli = _stimuli(request)
    from model.sources import open_groupings, open_table  # after the words have been checked

    table = open_table(request.table, table_format=request.table_format)
    groupings = open_groupings(request.table)
    answers = [_answer(table, groupings, one, request) for one in stimuli]
    if output_format == "csv":
        pd.concat([one.rows for one in answers]).to_csv(sys.stdout, index=False)
    elif output_format == "json":
        write_json([one.plain() for one in answers])
    else:
        for one in answers:
            write(*one.lines(), "")
    return 0


@dataclass(frozen=True)
class _Answer:
    """One pole: money given, rows by region and part, and what leaves, in the table's unit."""

    stimulus: Stimulus
    of: str
    unit: str
    given: float
    rows: pd.DataFrame
    sectors: pd.Series[float]
    leakage: dict[str, float]
    sure: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return what JSON holds."""
        return {
            "pole": self.stimulus.name,
            "at": self.stimulus.at,
            "of": self.of,
            "units": self.unit,
            "stimulus": self.given,
            "regions": self.rows.to_dict("records"),
            "sectors": self.sectors.to_dict(),
            "leakage": self.leakage,
            "notes": list(self.sure),
        }

    def lines(self) -> list[str]:
        """Return the text: sums, macro-regions, regions, and how to read them."""
        what = self.of.replace("_", " ")
        whose = "demand for its products" if self.stimulus.at == "origin" else "spending in it"
        sums = self.rows[list(PARTS)].sum()
        head = (what, "alone", "feedback", "spillover", "total", "of stimulus")
        groups = self.rows.groupby(MACRO_REGION, sort=False)[list(PARTS)].sum()
        by_group = [self._row(str(name), row) for name, row in groups.iterrows()]
        order = self.rows.sort_values("total", ascending=False)
        by_region = [
            [*self._row(str(row["region"]), row), *(amount(float(row[c])) for c in self._ends)]
            for _, row in order.iterrows()
        ]
        return [
            f"{self.stimulus.name}: {amount(self.given)} {self.unit} of {whose}; {what} by part",
            "",
            *aligned(head, [self._row("all", sums), *([] if len(groups) < 2 else by_group)]),
            "",
            *aligned(("region", *head[1:], *self._ends), by_region),
            "",
            *aligned(
                (f"first {SECTORS_SHOWN} sectors", "total", "of stimulus"),
                [
                    (str(name), amount(value), percent(value, self.given))
                    for name, value in self.sectors.nlargest(SECTORS_SHOWN).items()
                ],
            ),
            "",
            *aligned(
                ("where the stimulus ends", "", "of stimulus"),
                [(k, amount(v), percent(v, self.given)) for k, v in self.leakage.items()],
            ),
            "",
            *([*wrapped(self.sure), ""] if self.sure else []),
            self._reading(sums, what),
        ]

    @property
    def _ends(self) -> list[str]:
        """Columns with the ends of intervals."""
        return [name for name in ("low", "high") if name in self.rows]

    def _row(self, name: str, parts: pd.Series[float]) -> list[str]:
        total = float(parts[list(PARTS)].sum())
        cells = [amount(float(parts[part])) for part in PARTS]
        return [name, *cells, amount(total), percent(total, self.given)]

    def _reading(self, sums: pd.Series[float], what: str) -> str:
        shares = [100.0 * float(sums[part]) / self.given for part in PARTS]
        return (
            f"How to read it: of every 100 put into {self.stimulus.name}, the pole alone makes "
            f"{shares[0]:.1f} of {what}, {shares[1]:.1f} come back through other regions, and "
            f"{shares[2]:.1f} arise in other regions."
        )


def _stimuli(request: SpilloverRequest) -> tuple[Stimulus, ...]:
    """Check the words by the rules of a scenario file and return its stimuli."""
    sectors = _shares("--sectors", request.sectors)
    blocks = [
        {
            "name": pole,
            "pole": _shares("--pole", pole),
            "amount": request.amount,
            "at": request.at,
            "sectors": sectors,
        }
        for pole in request.poles
    ]
    try:
        return Scenario.from_dict({"name": "spillover", "stimulus": blocks}).stimuli
    except ScenarioError as error:
        sentence = str(error)
        for word in ("sectors", "pole", "amount"):
            sentence = sentence.replace(f": {word}", f": --{word}")
        raise ScenarioError(sentence.replace("[[stimulus]]", "pole")) from error


def _shares(option: str, text: str) -> str | dict[str, float]:
    """Read "A=0.6,B=0.4"; a text without "=" is a name."""
    if "=" not in text:
        return text
    found = re.findall(r"([^=]+)=([^,=]+)(?:,|$)", text)  # names may have commas of their own
    try:
        if ",".join(f"{name}={share}" for name, share in found) != text:
            raise ValueError(text)
        return {name.strip(): float(share) for name, share in found}
    except ValueError as error:
        raise ScenarioError(
            f'{option} must be a name or shares such as "A=0.6,B=0.4"; found {text!r}'
        ) from error


def _answer(
    table: RegionalTable, groupings: Groupings, stimulus: Stimulus, request: SpilloverRequest
) -> _Answer:
    from model.spillover import spillovers

    of = request.of
    pole = groupings.resolve(stimulus.pole, table.regions)
    given = stimulus.amount_in(table.unit)
    money: float | pd.Series[float] = given
    if not isinstance(stimulus.sectors, str):
        table.sector_positions(list(stimulus.sectors))
        money = pd.Series({name: share * given for name, share in stimulus.sectors.items()})

    def ledger(one: RegionalTable) -> xr.Dataset:
        return spillovers(one, {stimulus.name: pole}, money, of=of, at=stimulus.at)

    def reading(one: RegionalTable) -> xr.DataArray:
        return ledger(one)["ledger"].sum(["sector", "part"]).isel(pole=0, account=0, drop=True)

    found = ledger(table)
    rows, sure = with_interval(
        _rows(found, groupings, stimulus.name), request.drawing, table, reading
    )
    return _Answer(
        stimulus=stimulus,
        of=of,
        unit=table.unit,
        given=given,
        rows=rows,
        sectors=found["ledger"].sum(["region", "part"]).isel(pole=0, account=0).to_series(),
        leakage={
            str(kind): float(found["leakage"].sel(kind=kind).sum()) for kind in found["kind"].values
        },
        sure=sure,
    )


def _rows(found: xr.Dataset, groupings: Groupings, name: str) -> pd.DataFrame:
    """Return one row a region: pole, region, macro-region, parts and their total."""
    ledger = found["ledger"].sum("sector").isel(pole=0, account=0)
    regions = [str(one) for one in ledger["region"].values]
    frame = pd.DataFrame({"pole": name, "region": regions})
    frame[MACRO_REGION] = groupings.region_group(MACRO_REGION, regions).to_numpy()
    for part in PARTS:
        frame[part] = ledger.sel(part=part).to_numpy()
    frame["total"] = frame[list(PARTS)].sum(axis=1)
    return frame
