"""The words of the verbs of analysis: options, and the request each of them becomes.

Owns the question: which options does a verb have, and to which argument of the library does each
belong?

Public names
------------
``add_industry_verbs``    declare multipliers, linkages, extract, paths, decompose, prices,
                          footprint and tiva
``add_draws``, ``drawing_of``    ``--draws`` and what goes with it
``declare``, ``finish``, ``request_of``    what every verb of analysis has

Nothing heavy is imported here.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from model.cli.table_words import EMBEDDED, TABLE_HELP
from model.cli.words import Command, Family, Parser, add_formats, add_verb, chosen_format, settle
from model.errors import ScenarioError

if TYPE_CHECKING:
    from model.cli.analysis.answer import Request
    from model.cli.analysis.draws import Drawing
    from model.cli.analysis.prices import Push
    from model.extractions import Each

__all__ = ["add_draws", "add_industry_verbs", "declare", "drawing_of", "finish", "request_of"]

HOW = ("complete", "backward", "forward", "forward_ghosh", "isolated")
METHODS = ("measures", "kww", "wwz", "source", "sink", "circulation")
_ACCOUNT = "output, value_added, jobs, a primary input or a stressor of the table"


def add_industry_verbs(verbs: Family) -> None:
    """Declare the verbs that read industries, prices, footprints and trade."""
    _add_multipliers(verbs)
    _add_linkages(verbs)
    _add_extract(verbs)
    _add_paths(verbs)
    _add_decompose(verbs)
    _add_prices(verbs)
    _add_footprint(verbs)
    _add_tiva(verbs)


def add_draws(verb: Parser) -> None:
    """Add ``--draws``, ``--seed``, ``--workers`` and ``--resume``."""
    verb.add_argument(
        "--draws", type=int, default=0, metavar="N", help="intervals from so many drawn tables"
    )
    verb.add_argument("--seed", type=int, default=0, help="of the draws")
    verb.add_argument("--workers", type=int, default=1, metavar="N", help="threads of the draws")
    verb.add_argument(
        "--resume", type=Path, metavar="DIR", help="keep draws here and go on where they stopped"
    )


def drawing_of(arguments: argparse.Namespace) -> Drawing:
    """Return what the words say about draws."""
    from model.cli.analysis.draws import Drawing

    return Drawing(arguments.draws, arguments.seed, arguments.workers, arguments.resume)


def declare(verbs: Family, name: str, about: str, command: Command) -> Parser:
    """Start a verb that reads a table."""
    made = add_verb(verbs, name, about, command)
    if name != "decompose":
        made.add_argument("table", nargs="?", default=EMBEDDED, metavar="TABLE", help=TABLE_HELP)
    made.add_argument("--table-format", metavar="NAME", help="format of the file")
    return made


def finish(verb: Parser) -> None:
    """Add what every verb of analysis has, last of all."""
    verb.add_argument("--top", type=int, default=15, metavar="N", help="rows of the text")
    verb.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw a figure (.png, .svg or .pdf)"
    )
    add_formats(verb)
    settle(verb)


def request_of(arguments: argparse.Namespace, table: str | None = None) -> Request:
    """Return what the words say about the table and how to write."""
    from model.cli.analysis.answer import Request

    return Request(
        table=arguments.table if table is None else table,
        table_format=arguments.table_format,
        output_format=chosen_format(arguments),
        top=arguments.top,
        plot=arguments.plot,
    )


def _block(verb: Parser) -> None:
    for name in ("region", "sector"):
        verb.add_argument(
            f"--{name}", action="append", default=[], metavar=name.upper(), help="may be repeated"
        )


def _add_multipliers(verbs: Family) -> None:
    made = declare(verbs, "multipliers", "say what demand for an industry sets off", _multipliers)
    made.add_argument("--of", default="output", metavar="ACCOUNT", help=_ACCOUNT)
    made.add_argument(
        "--households", action="store_true", help="type II: households spend what they earn"
    )
    made.add_argument("--by", choices=("industry", "sector", "region"), default="industry")
    view = made.add_mutually_exclusive_group()
    view.add_argument(
        "--kinds",
        action="store_true",
        help="simple, truncated, total, types I and II, ratio and row multipliers",
    )
    view.add_argument("--matrix", action="store_true", help="region by region")
    add_draws(made)
    finish(made)


def _multipliers(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver
    from model.cli.analysis.industries import (
        households_told,
        kinds_answer,
        matrix_answer,
        multipliers_answer,
    )
    from model.cli.analysis.ledger.growth import account_of_request
    from model.cli.analysis.world import open_world

    request, drawing = request_of(arguments), drawing_of(arguments)
    if drawing.draws and (arguments.kinds or arguments.matrix):
        raise ScenarioError("--draws goes with the multipliers and their split alone")
    if arguments.matrix and arguments.by != "industry":
        raise ScenarioError("--matrix is of regions: leave --by out")
    world = open_world(request.table, table_format=request.table_format)
    account, _ = account_of_request(world, arguments.of)
    table, households = world.table, arguments.households
    if arguments.matrix:
        wide = request.output_format != "text"
        answer = matrix_answer(table, account, households=households, wide=wide)
    elif arguments.kinds:
        inside = households or households_told(table)
        answer = kinds_answer(table, account, by=arguments.by, households=inside)
    else:
        answer = multipliers_answer(
            table, of=account, households=households, by=arguments.by, drawing=drawing
        )
    return deliver(answer, request)


def _add_linkages(verbs: Family) -> None:
    made = declare(
        verbs, "linkages", "rank industries by linkages and name the key ones", _linkages
    )
    made.add_argument("--forward", choices=("ghosh", "leontief"), default="ghosh")
    made.add_argument("--by", choices=("industry", "sector", "region"), default="industry")
    made.add_argument("--key", action="store_true", help="key industries only")
    finish(made)


def _linkages(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver, opened
    from model.cli.analysis.industries import linkages_answer

    request = request_of(arguments)
    answer = linkages_answer(
        opened(request), forward=arguments.forward, by=arguments.by, key_only=arguments.key
    )
    return deliver(answer, request)


def _add_extract(verbs: Family) -> None:
    made = declare(verbs, "extract", "say what is lost without an industry or region", _extract)
    _block(made)
    for name in ("to-region", "to-sector"):
        made.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar=name.partition("-")[2].upper(),
            help="take out only what the block sells there",
        )
    made.add_argument(
        "--each",
        choices=("industry", "sector", "region"),
        help="every one in turn; sector when no block is named",
    )
    made.add_argument("--how", choices=HOW, default="complete")
    made.add_argument("--of", default="value_added", metavar="ACCOUNT", help=_ACCOUNT)
    finish(made)


def _extract(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver, opened
    from model.cli.analysis.extract import Block, each_block, one_block

    request = request_of(arguments)
    block = Block(
        tuple(arguments.region),
        tuple(arguments.sector),
        tuple(arguments.to_region),
        tuple(arguments.to_sector),
    )
    named = block != Block()
    if named and arguments.each:
        raise ScenarioError("--each takes out every one in turn: name no block beside it")
    if named:
        answer = one_block(opened(request), block, how=arguments.how, of=arguments.of)
    else:
        each: Each = arguments.each or "sector"
        answer = each_block(opened(request), each=each, how=arguments.how, of=arguments.of)
    return deliver(answer, request)


def _add_paths(verbs: Family) -> None:
    made = declare(verbs, "paths", "list the chains behind a total, largest first", _paths)
    made.add_argument("--of", metavar="ACCOUNT", help=f"{_ACCOUNT}; value_added when left out")
    made.add_argument("--region", metavar="REGION", help="final demand of its residents")
    made.add_argument("--sector", metavar="SECTOR", help="with --region: one unit of its product")
    rule = made.add_mutually_exclusive_group()
    rule.add_argument("--coverage", type=float, metavar="SHARE", help="of the total, such as 0.8")
    rule.add_argument("--count", type=int, metavar="N", help="the N largest; 100 when left out")
    made.add_argument("--depth", type=int, metavar="N", help="most steps from final demand")
    made.add_argument("--tree", action="store_true", help="as a tree, final demand first")
    made.add_argument(
        "--by",
        choices=("both", "region", "sector"),
        default="both",
        help="what a node of a tree or Sankey diagram is",
    )
    made.add_argument("--figure", choices=("bars", "sankey"), default="bars")
    finish(made)


def _paths(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver, opened
    from model.cli.analysis.footprint import stress_of_request
    from model.cli.analysis.paths import paths_answer
    from model.sources import open_stressors

    request = request_of(arguments)
    table = opened(request)
    stressor = stress_of_request(
        table, open_stressors(request.table), arguments.of or "value_added"
    )
    intensity = stressor.intensity(table)
    answer = paths_answer(
        table,
        of=stressor.name if intensity is None else intensity,
        units=None if stressor.units is None else stressor.units[0],
        region=arguments.region,
        sector=arguments.sector,
        coverage=arguments.coverage,
        count=arguments.count,
        depth=arguments.depth,
        figure=arguments.figure,
        tree=arguments.tree,
        by=arguments.by,
    )
    return deliver(answer, request)


def _add_decompose(verbs: Family) -> None:
    made = declare(verbs, "decompose", "say why an account differs between two tables", _decompose)
    made.add_argument("base", nargs="?", metavar="BASE", help=TABLE_HELP)
    made.add_argument(
        "new", nargs="?", metavar="NEW", help="a table with the same regions and sectors"
    )
    made.add_argument("--of", default="output", metavar="ACCOUNT", help=_ACCOUNT)
    made.add_argument("--by", choices=("region", "sector"), default="region")
    made.add_argument("--method", choices=("shapley", "two_polar", "sampled"), default="shapley")
    made.add_argument("--form", choices=("additive", "multiplicative"), default="additive")
    finish(made)


def _decompose(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver, opened
    from model.cli.analysis.change import change_answer

    if arguments.new is None:
        raise ScenarioError(
            "decompose needs two tables, BASE and NEW, of the same regions and sectors: "
            "'hinterland table project' makes one for totals of another year, 'hinterland table "
            "template' shows the shape of your own"
        )
    base, new = (request_of(arguments, name) for name in (arguments.base, arguments.new))
    answer = change_answer(
        opened(base),
        opened(new),
        of=arguments.of,
        by=arguments.by,
        method=arguments.method,
        form=arguments.form,
    )
    return deliver(answer, base)


def _add_prices(verbs: Family) -> None:
    made = declare(verbs, "prices", "say what dearer wages, imports or emissions do", _prices)
    kind = made.add_mutually_exclusive_group(required=True)
    kind.add_argument("--imports", type=float, metavar="SHARE", help="0.1: imports cost 10 %% more")
    kind.add_argument("--primary", type=float, metavar="SHARE", help="value added, or --of, costs")
    kind.add_argument(
        "--stressor-price",
        type=float,
        metavar="MONEY",
        help="on a unit of the stressor --of, in the table's money (million yuan per Mt is yuan "
        "per tonne)",
    )
    made.add_argument("--of", metavar="NAME", help="which primary input or stressor")
    _block(made)
    made.add_argument(
        "--by",
        choices=("industry", "basket"),
        default="industry",
        help="prices of producers, or what baskets of final buyers cost",
    )
    finish(made)


def _push(arguments: argparse.Namespace) -> Push:
    from model.cli.analysis.prices import Push

    regions, sectors = tuple(arguments.region), tuple(arguments.sector)
    if arguments.imports is not None:
        if arguments.of is not None:
            raise ScenarioError("--imports changes the price of all imports: leave --of out")
        return Push("imports", arguments.imports, None, regions, sectors)
    if arguments.primary is not None:
        return Push("primary", arguments.primary, arguments.of, regions, sectors)
    return Push("stressor", arguments.stressor_price, arguments.of, regions, sectors)


def _prices(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from model.cli.analysis.answer import deliver, opened
    from model.cli.analysis.footprint import stress_of_request
    from model.cli.analysis.prices import prices_answer
    from model.sources import open_stressors

    request, push = request_of(arguments), _push(arguments)
    table = opened(request)
    intensity = None
    if push.kind == "stressor":
        found = stress_of_request(table, open_stressors(request.table), push.of)
        push, intensity = replace(push, of=found.name), found.intensity(table)
    return deliver(prices_answer(table, push, by=arguments.by, stressor=intensity), request)


def _add_footprint(verbs: Family) -> None:
    made = declare(verbs, "footprint", "say who emits, and for whom", _footprint)
    made.add_argument("--of", metavar="STRESSOR", help="the first one there is when left out")
    made.add_argument("--per-head", action="store_true", help="amounts per head")
    made.add_argument("--flows", action="store_true", help="from region to region")
    finish(made)


def _footprint(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver, opened
    from model.cli.analysis.footprint import flows_answer, footprint_answer, stress_of_request
    from model.sources import open_stressors

    if arguments.flows and arguments.per_head:
        raise ScenarioError("--flows are amounts between two regions: leave --per-head out")
    request = request_of(arguments)
    table = opened(request)
    stressor = stress_of_request(table, open_stressors(request.table), arguments.of)
    answer = (
        flows_answer(table, stressor)
        if arguments.flows
        else footprint_answer(table, stressor, per_head=arguments.per_head)
    )
    return deliver(answer, request)


def _add_tiva(verbs: Family) -> None:
    made = declare(verbs, "tiva", "split exports by whose value added they carry", _tiva)
    made.add_argument("--method", choices=METHODS, default="measures")
    made.add_argument("--by", choices=("region", "sector", "partner"), default="region")
    finish(made)


def _tiva(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.answer import deliver, opened
    from model.cli.analysis.tiva import tiva_answer

    request = request_of(arguments)
    answer = tiva_answer(opened(request), method=arguments.method, by=arguments.by)
    return deliver(answer, request)
