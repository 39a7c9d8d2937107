"""The words of the verbs ``disparity`` and ``lag``.

Owns the question: which words ask how unequal regions are, and what data say of their neighbours?

Public names
------------
``add_gap_verbs``    declare the verbs

Nothing heavy is imported here.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from model.cli.analysis.words import add_draws, declare, drawing_of, finish, request_of
from model.cli.table_words import EMBEDDED, TABLE_HELP
from model.cli.words import Family, add_verb
from model.errors import ScenarioError

if TYPE_CHECKING:
    from model.cli.analysis.answer import Answer
    from model.cli.analysis.ledger.growth import Growth
    from model.cli.analysis.world import World

__all__ = ["add_gap_verbs"]


def add_gap_verbs(verbs: Family) -> None:
    """Declare ``disparity`` and ``lag``."""
    _add_disparity(verbs)
    _add_lag(verbs)


def _add_disparity(verbs: Family) -> None:
    made = declare(
        verbs, "disparity", "say how unequal regions are, and what growth does", _disparity
    )
    made.add_argument(
        "--of", default="value_added", metavar="ACCOUNT", help="value_added, output, jobs, CO2, ..."
    )
    made.add_argument(
        "--grouping",
        metavar="NAME",
        help="macro_region, north_south, coast_interior, another grouping, or a CSV file with "
        "columns region, group; with --shares all of them when left out",
    )
    made.add_argument("--shares", action="store_true", help="shares of the groups instead")
    made.add_argument(
        "--pole", action="append", default=[], metavar="POLE", help="who grows; may be repeated"
    )
    made.add_argument(
        "--amount",
        type=float,
        metavar="MONEY",
        help="final demand for what the pole makes, in the table's currency",
    )
    made.add_argument(
        "--share", type=float, metavar="SHARE", help="of the pole's final demand instead; 0.01"
    )
    made.add_argument(
        "--households", action="store_true", help="households spend what they earn (induced)"
    )
    made.add_argument(
        "--file", type=Path, metavar="FILE", help="CSV with region, year, value: convergence"
    )
    add_draws(made)
    finish(made)


def _add_lag(verbs: Family) -> None:
    made = add_verb(verbs, "lag", "estimate spillovers from data, beside the table's own", _lag)
    made.add_argument("file", type=Path, metavar="FILE", help="CSV: region and columns of numbers")
    made.add_argument("--outcome", required=True, metavar="COLUMN", help="what is explained")
    made.add_argument(
        "--variable",
        action="append",
        default=[],
        metavar="COLUMN",
        help="what explains it; may be repeated; all other columns when left out",
    )
    made.add_argument(
        "--weights",
        choices=("minutes", "table"),
        default="minutes",
        help="neighbours by inverse travel time, or by what regions buy from each other",
    )
    made.add_argument("--nearest", type=int, metavar="N", help="only the N nearest are neighbours")
    made.add_argument("--durbin", action="store_true", help="variables of neighbours as well")
    made.add_argument("--method", choices=("likelihood", "instruments"), default="likelihood")
    made.add_argument("--table", default=EMBEDDED, metavar="TABLE", help=TABLE_HELP)
    made.add_argument("--table-format", metavar="NAME", help="format of the file of the table")
    made.add_argument("--network", metavar="NETWORK", help="for travel times")
    finish(made)


def _lag(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver
    from model.cli.analysis.lag import LagWords, lag_answer
    from model.cli.analysis.world import open_world

    request = request_of(arguments)
    words = LagWords(
        path=arguments.file,
        outcome=arguments.outcome,
        variables=tuple(arguments.variable),
        weights=arguments.weights,
        nearest=arguments.nearest,
        durbin=arguments.durbin,
        method=arguments.method,
    )
    world = open_world(request.table, table_format=request.table_format, network=arguments.network)
    return deliver(lag_answer(words, world), request)


def _disparity(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver
    from model.cli.analysis.world import open_world

    request, drawing = request_of(arguments), drawing_of(arguments)
    growth = _growth(arguments)
    if drawing.draws and (growth is None or arguments.shares):
        raise ScenarioError(
            "--draws needs a --pole here, and no --shares: the account itself is not drawn, what "
            "spills over is"
        )
    if arguments.file is not None and (growth is not None or arguments.shares):
        raise ScenarioError("--file reads values by year: leave --pole and --shares out")
    if arguments.file is not None and arguments.grouping is None:
        from model.cli.analysis.disparity import years_answer

        return deliver(years_answer(arguments.file, None, grouping=None), request)
    world = open_world(request.table, table_format=request.table_format)
    return deliver(_answer(arguments, world, growth), request)


def _growth(arguments: argparse.Namespace) -> Growth | None:
    if not arguments.pole:
        if arguments.amount is not None or arguments.share is not None or arguments.households:
            raise ScenarioError("--amount, --share and --households need a --pole: who grows")
        return None
    from model.cli.analysis.ledger.growth import Growth

    return Growth(poles=tuple(arguments.pole), amount=arguments.amount, share=arguments.share)


def _answer(arguments: argparse.Namespace, world: World, growth: Growth | None) -> Answer:
    from model.cli.analysis import disparity

    of, grouping = arguments.of, arguments.grouping
    if arguments.file is not None:
        return disparity.years_answer(arguments.file, world, grouping=grouping)
    if arguments.shares:
        return disparity.groups_answer(
            world, growth, of=of, grouping=grouping, households=arguments.households
        )
    if growth is None:
        return disparity.disparity_answer(world, of=of, grouping=grouping)
    return disparity.growth_answer(
        world,
        growth,
        of=of,
        grouping=grouping,
        households=arguments.households,
        drawing=drawing_of(arguments),
    )
