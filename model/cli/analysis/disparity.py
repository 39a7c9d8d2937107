"""The verb ``disparity``: how unequal regions are, and what the growth of poles does to that.

Owns the question: does each part of a spillover narrow or widen the gap?

Public names
------------
``disparity_answer``    indices, with their split between and within groups
``growth_answer``       what the growth of poles does to them, part by part
``groups_answer``       shares of groups: North and South, East, Centre, West, ...
``years_answer``        whether values of a file grow alike: sigma and beta convergence

Indices and parts are those of `model.ledger.gap`, convergence that of `networks.convergence`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from model.accounts import Account
from model.cli.analysis.answer import Answer
from model.cli.analysis.bars import plot_rows
from model.cli.analysis.draws import Drawing, with_interval
from model.cli.analysis.ledger.effects import panels
from model.cli.analysis.ledger.growth import Growth, account_of_request, grown
from model.cli.analysis.world import World
from model.cli.text import amount
from model.errors import ScenarioError
from model.ledger.gap import INDICES, SPLIT, ledger_disparity, plot_disparity
from model.ledger.groups import membership
from model.leontief.products import FloatArray
from model.spillover import spillovers
from networks.convergence import BetaConvergence, beta_convergence, sigma_convergence
from networks.disparity import coefficient_of_variation, gini, theil_parts, theil_t

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from io_tables.table import RegionalTable
    from model.ledger.groups import Groups

__all__ = ["disparity_answer", "groups_answer", "growth_answer", "years_answer"]

POLE, INDEX, CHANGE = "pole", "index", "change"
MACRO_REGION = "macro_region"
NOT_SHOWN = ("region", "place", "poles")
"""Groupings that are no reading of a whole country."""


def disparity_answer(world: World, *, of: str, grouping: str | None) -> Answer:
    """Return indices of an account per head over regions."""
    table = world.table
    account, notes = account_of_request(world, of)
    people, level = _people(table), _level(table, account)
    groups, grouping, told = _groups(world, grouping)
    frame = _indices(level / people, people, _named(table, groups))
    theil = frame[frame[INDEX] == "theil_t"].iloc[0]
    split = 100.0 * float(theil["between"]) / float(theil["value"]) if theil["value"] else 0.0
    return Answer(
        title=f"disparity of {account.name} per head between regions, {table.name}",
        frame=frame,
        labels=1,
        units="1, 0 is equality",
        reading=(
            f"{split:.0f} % of the Theil index lies between the groups of {grouping}; the rest "
            "inside them."
        ),
        notes=(
            "Weighed by population; between and within add up to a Theil index.",
            *notes,
            *told,
        ),
        plot=lambda: plot_rows(
            frame[frame[INDEX].isin(SPLIT)],
            labels=[INDEX],
            parts=["between", "within"],
            units="1",
            title=f"{account.name} per head, by {grouping}",
        ),
    )


def growth_answer(
    world: World, growth: Growth, *, of: str, grouping: str | None, households: bool,
    drawing: Drawing,
) -> Answer:  # fmt: skip
    """Return indices before and after poles grow, and what each part of the ledger adds."""
    table, one = world.table, grown(growth, world)
    account, notes = account_of_request(world, of)
    groups, grouping, told = _groups(world, grouping)

    def measured(given: RegionalTable) -> xr.Dataset:
        return ledger_disparity(
            given, one.poles, one.stimuli, account, at=one.at, households=households,
            groups=groups,
        )  # fmt: skip

    found = measured(table)
    parts = [str(part) for part in found["part"].values]
    rows = []
    for pole in one.poles:
        case = found.sel(pole=pole)
        frame = pd.DataFrame({POLE: pole, INDEX: found[INDEX].values})
        for name in ("before", "after", CHANGE):
            frame[name] = case[name].values
        for part in parts:
            frame[part] = case["share"].sel(part=part).values
        rows.append(frame)
    frame = pd.concat(rows, ignore_index=True)
    sure: tuple[str, ...] = ()
    if drawing.draws:

        def reading(given: RegionalTable) -> xr.DataArray:
            return measured(given)[CHANGE]

        frame, sure = with_interval(frame, drawing, table, reading, ranks=False)
    if len(one.poles) == 1:
        frame = frame.drop(columns=POLE)
    given = tuple(f"{name} is given {words}." for name, words in one.words.items())
    return Answer(
        title=f"what growth does to the disparity of {account.name} per head, {table.name}",
        frame=frame,
        labels=1 if len(one.poles) == 1 else 2,
        units="1, 0 is equality; parts sum to the change, below zero narrows",
        reading=_sentence(found, next(iter(one.poles)), parts),
        notes=(
            *given,
            f"Weighed by population; Theil indices split by {grouping}. A ledger only adds: a gap "
            "narrows when poorer regions gain relatively more.",
            *one.notes,
            *notes,
            *told,
            *sure,
        ),
        plot=lambda: _draw(found, list(one.poles)),
    )


def groups_answer(
    world: World, growth: Growth | None, *, of: str, grouping: str | None, households: bool
) -> Answer:
    """Return the share of every group in an account and in people, and who gains from growth."""
    table = world.table
    account, notes = account_of_request(world, of)
    data = {"people": _people(table), of: _level(table, account)}
    given: tuple[str, ...] = ()
    if growth is not None:
        one = grown(growth, world)
        ledger = spillovers(table, one.poles, one.stimuli, account, one.at, households=households)[
            "ledger"
        ].isel(account=0)
        data["gain"] = ledger.sum([POLE, "sector", "part"]).values
        away = ledger.sel(part="spillover") if not households else (
            ledger.sel(part=["spillover", "induced"]).sum("part")
        )  # fmt: skip
        data["spillover"] = away.sum([POLE, "sector"]).values
        given = tuple(f"{name} is given {words}." for name, words in one.words.items())
        notes = (*one.notes, *notes)
    every = [g for g in dict.fromkeys(world.groupings.regions["grouping"]) if g not in NOT_SHOWN]
    if grouping is None and not every:
        raise ScenarioError(
            f"nothing is known of groups of the regions of {table.name}: name a CSV file with "
            "columns region, group with --grouping"
        )
    frames = []
    for name in [grouping] if grouping is not None else every:
        groups, told = world.groups(name)
        frames.append(_shares(table, groups, data, of).assign(grouping=name))
        notes = (*notes, *told)
    frame = pd.concat(frames, ignore_index=True)
    frame = frame[["grouping", *frame.columns.drop("grouping")]]
    first = frame.iloc[0]
    reading = (
        f"{first['group']} has {100 * first['share_of_people']:.1f} % of the people and "
        f"{100 * first[f'share_of_{of}']:.1f} % of {of}"
    )
    if growth is not None:
        reading += (
            f", and {100 * first['share_of_gain']:.1f} % of what growth makes "
            f"({100 * first['share_of_spillover']:.1f} % of what spills over)"
        )
    return Answer(
        title=f"{of} by group of regions, {table.name}",
        frame=frame,
        labels=2,
        units="shares of 1 in each grouping",
        reading=reading + ".",
        notes=(*given, *notes),
        plot=lambda: plot_rows(
            frame,
            labels=["grouping", "group"],
            parts=[f"share_of_{of}"],
            units="share",
            title=f"{of} by group",
        ),
    )


def years_answer(path: Path, world: World | None, *, grouping: str | None) -> Answer:
    """Return indices of values by year, and whether poorer regions grow faster.

    Parameters
    ----------
    path
        CSV with columns region, year, value (per head) and perhaps population.
    world
        The table whose groupings split Theil's index; none are asked for without it.
    grouping
        Which.
    """
    values, people = _read_years(path)
    years = [float(year) for year in values.columns]
    values = values.set_axis(years, axis=1)
    spread = sigma_convergence(values, people)
    frame = pd.DataFrame({"year": [f"{y:g}" for y in years], "sigma": spread["sigma"].to_numpy()})
    columns = [values[year] for year in years]
    weights = None if people is None else people.to_numpy()
    for name, index in (
        ("coefficient_of_variation", coefficient_of_variation),
        ("gini", gini),
        ("theil_t", theil_t),
    ):
        frame[name] = [index(one.to_numpy(), weights) for one in columns]
    if world is not None and grouping is not None:
        held = _of_regions(world, grouping, list(values.index))
        splits = [theil_parts(one.to_numpy(), held, weights) for one in columns]
        frame["between"] = [one.between for one in splits]
        frame["within"] = [one.within for one in splits]
    first, last = years[0], years[-1]
    found = beta_convergence(values[first], values[last], last - first, people)
    trend = float(spread.attrs["trend"])
    return Answer(
        title=f"convergence of {len(values)} regions, {first:g} to {last:g}, {path.name}",
        frame=frame,
        labels=1,
        units="sigma: standard deviation of logarithms; others 1, 0 is equality",
        reading=(
            f"sigma {'falls' if trend < 0 else 'rises'} by {abs(trend):.4g} a year: regions "
            f"{'grow alike' if trend < 0 else 'drift apart'}; {_beta(found)}"
        ),
        notes=(
            f"Growth a year on ln of the first year: slope {found.slope:.5f} (standard error "
            f"{found.slope_error:.5f}), R2 {found.r_squared:.3f}, {found.places} regions"
            f"{', weighed by population' if people is not None else ', each counting alike'}.",
        ),
        plot=lambda: _draw_years(frame),
    )


def _beta(found: BetaConvergence) -> str:
    if not found.slope < 0:
        return "poorer regions did not grow faster."
    if not np.isfinite(found.speed):
        return "poorer regions grew so much faster that they overtook richer ones."
    return (
        f"poorer regions grew faster, gaps closing by {100 * found.speed:.2f} % a year, half of a "
        f"gap in {found.half_life:.0f} years."
    )


def _read_years(path: Path) -> tuple[pd.DataFrame, pd.Series[float] | None]:
    """Values (region, year) and people by region of the first year."""
    if not path.is_file():
        raise ScenarioError(f"--file: there is no file {path}")
    try:
        rows = pd.read_csv(path, dtype={"region": str})
    except (ValueError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} is not a CSV file that can be read: {error}") from error
    missing = [name for name in ("region", "year", "value") if name not in rows]
    if missing:
        raise ScenarioError(
            f"{path} must have the columns region, year, value; missing: {', '.join(missing)}"
        )
    for name in ("year", "value", *(["population"] if "population" in rows else [])):
        numbers = pd.to_numeric(rows[name], errors="coerce")
        if numbers.isna().any():
            where = rows.loc[numbers.isna(), "region"].astype(str).tolist()[:5]
            raise ScenarioError(f"{path}: {name} must be a number in every row; not so: {where}")
        rows[name] = numbers
    if rows.duplicated(["region", "year"]).any():
        twice = rows.loc[rows.duplicated(["region", "year"]), "region"].tolist()[:5]
        raise ScenarioError(f"{path} tells a region and year twice: {', '.join(twice)}")
    values = rows.pivot_table(index="region", columns="year", values="value", sort=False)
    values = values.sort_index(axis=1)
    holes = [str(r) for r in values.index[values.isna().any(axis=1)]]
    if holes:
        raise ScenarioError(f"{path} must tell every region in every year; not so: {holes[:5]}")
    if values.shape[1] < 2 or len(values) < 3:
        raise ScenarioError(
            f"{path} must tell at least 3 regions in at least 2 years; found {len(values)} and "
            f"{values.shape[1]}"
        )
    if "population" not in rows:
        return values, None
    first = rows[rows["year"] == values.columns[0]].set_index("region")["population"]
    return values, first.reindex(values.index)


def _of_regions(world: World, grouping: str, regions: list[str]) -> list[str]:
    unknown = [region for region in regions if region not in world.table.regions]
    if unknown:
        raise ScenarioError(
            f"--grouping {grouping} groups the regions of {world.table.name}; the file has others: "
            f"{', '.join(unknown[:5])}"
        )
    groups, _ = world.groups(grouping)
    held = dict(zip(world.table.regions, _named(world.table, groups), strict=True))
    return [held[region] for region in regions]


def _groups(world: World, grouping: str | None) -> tuple[Groups | None, str, tuple[str, ...]]:
    """Return groups of whole regions, their name, and what is to be said."""
    if grouping is None:
        if MACRO_REGION not in set(world.groupings.regions["grouping"]):
            return None, "the table, which has none", ()
        grouping = MACRO_REGION
    groups, notes = world.groups(grouping)
    if notes:
        raise ScenarioError(
            f"--grouping {grouping}: an index is split by groups that hold whole regions, and "
            "these hold parts of them; take a table of places, or --shares"
        )
    return groups, grouping, ()


def _named(table: RegionalTable, groups: Groups | None) -> list[str]:
    """Return the group of every region; one for all where there is none."""
    if groups is None:
        return ["all"] * table.n_regions
    names, weights = membership(table.regions, groups)
    return [names[k] for k in weights.argmax(axis=0)]


def _shares(
    table: RegionalTable, groups: Groups, data: dict[str, FloatArray], of: str
) -> pd.DataFrame:
    names, weights = membership(table.regions, groups)
    sums = {name: weights @ values for name, values in data.items()}
    people, level = sums["people"], sums[of]
    frame = pd.DataFrame(
        {
            "group": names,
            "share_of_people": people / people.sum(),
            f"share_of_{of}": level / level.sum(),
            "per_head_over_mean": level / people * people.sum() / level.sum(),
        }
    )
    for name in ("gain", "spillover"):
        if name in sums:
            frame[f"share_of_{name}"] = sums[name] / sums[name].sum()
    return frame.sort_values(f"share_of_{of}", ascending=False)


def _level(table: RegionalTable, account: Account) -> FloatArray:
    """Return an account summed over sectors, (R,)."""
    made = account.intensity * np.asarray(table.x, dtype=float)
    return np.asarray(made.reshape(table.n_regions, -1).sum(axis=1))


def _people(table: RegionalTable) -> FloatArray:
    if "population" not in table.data:
        raise ScenarioError(
            f"disparity is read per head, and {table.name} has no population by region; give "
            "from_flows(population=...) or a column of the table file"
        )
    return np.asarray(table.data["population"].values, dtype=float)


def _indices(per_head: FloatArray, people: FloatArray, groups: list[str]) -> pd.DataFrame:
    rows = []
    for name, index in INDICES.items():
        row: dict[str, object] = {INDEX: name, "value": index(per_head, people)}
        if name in SPLIT:
            split = theil_parts(per_head, groups, people, index=SPLIT[name])
            row |= {"between": split.between, "within": split.within}
        rows.append(row)
    return pd.DataFrame(rows)


def _sentence(found: xr.Dataset, pole: str, parts: list[str]) -> str:
    theil = found.sel(pole=pole, index="theil_t")
    change = float(theil[CHANGE])
    word = "widens" if change > 0 else "narrows" if change < 0 else "does not move"
    told = ", ".join(f"{part} {float(theil['share'].sel(part=part)):+.3g}" for part in parts)
    return (
        f"the growth of {pole} {word} the gap: Theil T {change:+.3g} on "
        f"{amount(float(found['before'].sel(index='theil_t')))}, of which {told}."
    )


def _draw(found: xr.Dataset, poles: list[str]) -> Axes:
    return panels(
        poles, lambda name, ax: plot_disparity(found, pole=name, ax=ax), height=4.8, width=8.0
    )


def _draw_years(frame: pd.DataFrame) -> Axes:
    import matplotlib.pyplot as plt

    ax: Axes = plt.subplots(figsize=(7, 4))[1]
    for name in ("sigma", "coefficient_of_variation", "gini", "theil_t"):
        ax.plot(frame["year"].astype(float), frame[name], marker="o", label=name.replace("_", " "))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("year")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
