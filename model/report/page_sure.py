"""The page on how sure a run is, and on what channels are worth when all of them work at once.

Owns the question "what does the report say about draws and about the split of the joint effect?".

- `has_sure`: whether a result has either.
- `write_sure`: fill the section.

Terms: median, low and high as in `model.steps.sure`; shares of the joint effect as in
`model.channel_split`.
"""

from __future__ import annotations

import xarray as xr

from model.report.markup import Column
from model.report.page_gains import scale_of
from model.report.section import Section
from model.results import Result
from model.steps.sure import ALL_REGIONS

__all__ = ["has_sure", "write_sure"]

SHOWN = ("median", "low", "high")
LEVELS = ("real_consumption", "value_added", "output")
PARTS = ("intraregional", "feedback", "spillover")
NAMED = 3
LEAST = 0.005  # a share below it is not worth a word


def has_sure(data: xr.Dataset) -> bool:
    """Say whether a result holds draws or a split."""
    return any(name in data for name in ("ledger_draws", "corridor_draws", "split_output"))


def write_sure(section: Section, result: Result) -> None:
    """Fill the section with what the result holds of draws and of the split."""
    data, say = result.data, section.say
    drawn = next((data[n] for n in ("ledger_draws", "corridor_draws") if n in data), None)
    if drawn is not None:
        about = {key: drawn.attrs[key] for key in ("draws", "seed")}
        section.words(
            say("sure.intro", **about, share=f"{100 * drawn.attrs['interval']:g}"), "lead"
        )
    if "ledger_draws" in data:
        _ledger(section, data)
    if "corridor_draws" in data:
        _edits(section, data)
    if "split_output" in data:
        _split(section, data)


def _ledger(section: Section, data: xr.Dataset) -> None:
    say = section.say
    whole = data["ledger_draws"].sel(drawn_region=ALL_REGIONS, account="value_added")
    drivers = data["ledger_drivers"].sel(drawn_region=ALL_REGIONS, account="value_added")
    pairs = [(pole, part) for pole in whole["pole"].values for part in PARTS]
    rows = [whole.sel(pole=pole, drawn_part=part) for pole, part in pairs]
    columns = [
        Column(say("sure.pole"), [str(pole) for pole, _ in pairs]),
        Column(say("sure.part"), [say.name("part", part) for _, part in pairs]),
        *_interval(section, data, rows),
        Column(
            say("sure.driven"),
            [_driven(section, drivers.sel(pole=pole, drawn_part=part)) for pole, part in pairs],
        ),
    ]
    section.part(say("sure.ledger_title"))
    section.table(columns, say("sure.ledger"))


def _edits(section: Section, data: xr.Dataset) -> None:
    say = section.say
    rows = [data["corridor_draws"].sel(drawn_effect=effect) for effect in LEVELS]
    drivers = [data["corridor_drivers"].sel(drawn_effect=effect) for effect in LEVELS]
    columns = [
        Column(say("sure.effect"), [say.name("effect", effect) for effect in LEVELS]),
        *_interval(section, data, rows, signed=True),
        Column(say("sure.driven"), [_driven(section, one) for one in drivers]),
    ]
    section.part(say("sure.edits_title"))
    section.table(columns, say("sure.edits"))
    section.words(say("sure.alone"), "note")


def _interval(
    section: Section, data: xr.Dataset, rows: list[xr.DataArray], *, signed: bool = False
) -> list[Column]:
    values = {s: [float(one.sel(statistic=s)) for one in rows] for s in SHOWN}
    scale = scale_of(data, [value for column in values.values() for value in column])
    return [
        Column(
            section.say(f"sure.{name}"),
            [value * scale.factor for value in column],
            scale.unit,
            signed=signed,
        )
        for name, column in values.items()
    ]


def _driven(section: Section, shares: xr.DataArray) -> str:
    """Return the largest shares with their names, at most three."""
    say = section.say
    first = shares[(-shares.values).argsort(kind="stable")[:NAMED]]
    told = [
        say.noted(say.name("source", name), f"{100 * min(float(share), 1.0):.0f} %")
        for name, share in zip(first[str(first.dims[0])].values, first.values, strict=True)
        if share > LEAST
    ]
    return say.listed(told)


def _split(section: Section, data: xr.Dataset) -> None:
    say = section.say
    channels = [str(one) for one in data["split_channel"].values]
    names = [*(say.name("channel", one) for one in channels), say("sure.together")]
    columns = [Column(say("corridor.channel"), names)]
    for level in LEVELS:
        shares = data[f"split_{level}"].sum(["region", "sector"]).values.tolist()
        values = [*shares, float(data[f"joint_{level}"].sum())]
        scale = scale_of(data, values)
        columns.append(
            Column(
                say(f"variable.{level}"),
                [v * scale.factor for v in values],
                scale.unit,
                signed=True,
            )
        )
    section.part(say("sure.split_title"))
    section.words(say("sure.split_words"))
    section.table(columns, say("sure.split"), last_is_total=True)
