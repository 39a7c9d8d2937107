"""The verb ``lag``: spillovers estimated from data, beside those that the table simulates.

Owns the question: how much of what happens in a region do data say comes from others?

Public names
------------
``lag_answer``    impacts of every variable, and what the table says of the same
``LagWords``      which columns of which file, with which weights

Estimates are those of `model.lag`; regions of the file are those of the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from model.cli.analysis.answer import Answer
from model.cli.analysis.world import World
from model.cli.text import amount
from model.errors import ScenarioError
from model.lag.beside import beside, plot_beside
from model.lag.estimate import fit_lag
from model.lag.impacts import RHO, impacts
from model.lag.weights import SpatialWeights, weights_from_cost, weights_from_table
from model.scenario_file.checks import near

__all__ = ["LagWords", "lag_answer"]

REGION = "region"


@dataclass(frozen=True, kw_only=True)
class LagWords:
    """Which columns of which file, with which weights.

    Parameters
    ----------
    path
        CSV with a column region and columns of numbers.
    outcome, variables
        Columns; all others when no variables are named.
    weights
        "minutes": inverse travel time; "table": purchases from each other.
    nearest
        Keep only the so many nearest.
    durbin
        Variables of others as well.
    method
        As in `fit_lag`.
    """

    path: Path
    outcome: str
    variables: tuple[str, ...] = ()
    weights: Literal["minutes", "table"] = "minutes"
    nearest: int | None = None
    durbin: bool = False
    method: Literal["likelihood", "instruments"] = "likelihood"

    def __post_init__(self) -> None:
        if self.nearest is not None and self.weights == "table":
            raise ScenarioError("--nearest is of travel times: leave it out with --weights table")
        if self.outcome in self.variables:
            raise ScenarioError(f"--outcome and --variable both name {self.outcome}")


def lag_answer(words: LagWords, world: World) -> Answer:
    """Return direct, indirect and total impacts, and the table's own share that is indirect.

    Raises
    ------
    ScenarioError
        For a file or columns that are not as they must be, and regions that are not the table's.
    """
    data, variables = _read(words, world)
    weights = _weights(words, world)
    fit = fit_lag(
        data[words.outcome], data[variables], weights, durbin=words.durbin, method=words.method
    )
    found = impacts(fit.model)
    compared = beside(world.table, fit.model)
    frame = pd.DataFrame({"what": [str(v) for v in found["variable"].values]})
    for kind in ("direct", "indirect", "total"):
        one = found.sel(kind=kind)
        frame[kind] = one["impact"].values
        frame[f"{kind}_low"], frame[f"{kind}_high"] = one["low"].values, one["high"].values
    names = ["indirect_share", "share_low", "share_high", "pattern"]
    shares = compared[names].rename_axis("what").reset_index()
    simulated = compared[["direct", "indirect", "total"]].rename_axis("what").reset_index().head(1)
    frame = pd.concat([frame, simulated], ignore_index=True).merge(shares, on="what", how="left")
    first, own = frame.iloc[0], compared.iloc[0]
    where = fit.frame.index.get_loc(RHO)
    rho, error = (fit.frame[name].to_numpy(dtype=float)[where] for name in ("estimate", "se"))
    low, high = float(first["share_low"]), float(first["share_high"])
    return Answer(
        title=f"{words.outcome} and its neighbours by {words.weights}, {words.path.name}",
        frame=frame,
        labels=1,
        units=f"{words.outcome} per unit of the variable; low and high hold 90 %",
        reading=(
            f"one more of {first['what']} in a region goes with {amount(float(first['direct']))} "
            f"more of {words.outcome} there and {amount(float(first['indirect']))} in others: "
            f"{100 * float(first['indirect_share']):.0f} % lies elsewhere (90 %: "
            f"{100 * low:.0f} to {100 * high:.0f} %). Of demand in the table "
            f"{100 * float(own['indirect_share']):.0f} % does; an estimate also holds what "
            "neighbours have in common, so the two need not agree."
        ),
        notes=(
            f"rho {rho:.3f} (standard error {error:.3f}), "
            f"{fit.n} regions, by {fit.method}; pattern is the rank correlation with the effects "
            "between regions that the table simulates.",
        ),
        plot=lambda: plot_beside(compared),
    )


def _read(words: LagWords, world: World) -> tuple[pd.DataFrame, list[str]]:
    if not words.path.is_file():
        raise ScenarioError(f"there is no file {words.path}")
    try:
        rows = pd.read_csv(words.path, dtype={REGION: str})
    except (ValueError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{words.path} is not a CSV file that can be read: {error}") from error
    columns = [str(c) for c in rows.columns]
    if REGION not in columns:
        raise ScenarioError(f"{words.path} must have a column region; found {', '.join(columns)}")
    variables = list(words.variables) or [c for c in columns if c not in (REGION, words.outcome)]
    for option, name in [("--outcome", words.outcome), *(("--variable", v) for v in variables)]:
        if name not in columns:
            raise ScenarioError(
                f"{option}: {words.path} has no column '{name}' (it has "
                f"{', '.join(c for c in columns if c != REGION)}){near(name, columns)}"
            )
    if not variables:
        raise ScenarioError(f"{words.path} has no column beside the outcome to explain it with")
    regions = world.table.regions
    given = rows[REGION].tolist()
    odd = sorted(set(given) ^ set(regions))
    if odd or len(given) != len(set(given)):
        raise ScenarioError(
            f"{words.path} must tell every region of {world.table.name} once; not so: "
            f"{', '.join(odd[:5]) or 'a region is told twice'}"
        )
    data = rows.set_index(REGION)[[words.outcome, *variables]]
    numbers = data.apply(pd.to_numeric, errors="coerce")
    bad = numbers.index[~np.isfinite(numbers.to_numpy(dtype=float)).all(axis=1)]
    if len(bad):
        raise ScenarioError(
            f"{words.path} must have numbers in every row; not so: {', '.join(bad[:5])}"
        )
    return numbers.loc[regions], variables


def _weights(words: LagWords, world: World) -> SpatialWeights:
    if words.weights == "table":
        return weights_from_table(world.table)
    minutes = world.costs("--weights minutes")
    if words.nearest is None:
        return weights_from_cost(minutes)
    return weights_from_cost(minutes, nearest=words.nearest)
