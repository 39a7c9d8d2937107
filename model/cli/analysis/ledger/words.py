"""The words of the verb ``spillover``.

Owns the question: which words ask for the ledger and for its other views?

Public names
------------
``add_spillover_verb``    declare the verb

Nothing heavy is imported here.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

from model.cli.analysis.words import add_draws, drawing_of
from model.cli.table_words import EMBEDDED, TABLE_HELP
from model.cli.words import Family, add_formats, add_verb, chosen_format, settle

__all__ = ["add_spillover_verb"]


def add_spillover_verb(verbs: Family) -> None:
    """Declare ``spillover``."""
    made = add_verb(verbs, "spillover", "say where the growth of a pole ends up", _spillover)
    made.add_argument(
        "--pole",
        action="append",
        default=[],
        metavar="POLE",
        help='a region, a pole, a cluster or "Shanghai=0.6,Jiangsu=0.4"; may be repeated; "all" is '
        "every region; left out: the poles that belong to the table",
    )
    made.add_argument(
        "--amount",
        type=float,
        metavar="MONEY",
        help="stimulus in the table's currency, such as yuan (not million yuan)",
    )
    made.add_argument(
        "--share",
        type=float,
        metavar="SHARE",
        help="instead of an amount, of what the pole has; 0.01 when neither is given",
    )
    made.add_argument(
        "--kind",
        default="demand",
        metavar="KIND",
        help="demand; output (a target for it); investment; or an account that is to be created, "
        "such as value_added or jobs",
    )
    made.add_argument(
        "--sectors",
        default="mix",
        metavar="SHARES",
        help='"mix" (the pole\'s own) or "Construction=0.7,Finance=0.3"',
    )
    made.add_argument(
        "--at",
        choices=("origin", "use"),
        default="origin",
        help="origin: demand for what the pole makes; use: spending by its residents",
    )
    made.add_argument(
        "--of",
        default="value_added",
        metavar="ACCOUNT",
        help="value_added, output, labour_income, jobs, a stressor such as CO2, ...",
    )
    made.add_argument(
        "--households", action="store_true", help="households spend what they earn (induced)"
    )
    made.add_argument(
        "--by",
        default="region",
        metavar="WHAT",
        help="region, sector, pole, cluster, ring (of travel time), macro_region or another "
        "grouping, or a CSV file with columns region, group",
    )
    _add_views(made)
    made.add_argument("--table", default=EMBEDDED, metavar="TABLE", help=TABLE_HELP)
    made.add_argument("--table-format", metavar="NAME", help="format of the file")
    made.add_argument(
        "--network", metavar="NETWORK", help="for times; with --draws decay is drawn as well"
    )
    made.add_argument("--top", type=int, metavar="N", help="rows of the text")
    made.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw a figure (.png, .svg or .pdf)"
    )
    add_draws(made)
    add_formats(made)
    settle(made)


def _add_views(verb: argparse.ArgumentParser) -> None:
    view = verb.add_mutually_exclusive_group()
    view.add_argument("--exchange", action="store_true", help="who gives to whom, net positions")
    view.add_argument("--rounds", action="store_true", help="how fast it spreads, round by round")
    view.add_argument(
        "--decay",
        nargs="?",
        const="exponential",
        choices=("exponential", "power"),
        help="travel time over which spillovers halve",
    )
    view.add_argument("--paths", type=int, metavar="N", help="largest paths to each receiver")
    view.add_argument(
        "--two-blocks", action="store_true", help="inside, across once, round and back"
    )
    verb.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="REGION",
        help="with --paths: the receivers; those that gain most when left out",
    )


def _spillover(arguments: argparse.Namespace) -> int:
    from model.cli.analysis.ledger.growth import Growth
    from model.cli.spillover import SpilloverRequest, View, spillover

    view = next(
        (
            name
            for name in ("exchange", "rounds", "decay", "two_blocks")
            if getattr(arguments, name)
        ),
        "ledger" if arguments.paths is None else "paths",
    )
    growth = Growth(
        poles=tuple(arguments.pole),
        amount=arguments.amount,
        share=arguments.share,
        sectors=arguments.sectors,
        at=arguments.at,
        kind=arguments.kind,
    )
    request = SpilloverRequest(
        growth=growth,
        of=arguments.of,
        households=arguments.households,
        view=cast(View, view),
        by=arguments.by,
        form=arguments.decay or "exponential",
        paths=3 if arguments.paths is None else arguments.paths,
        to=tuple(arguments.to),
        table=arguments.table,
        table_format=arguments.table_format,
        network=arguments.network,
        drawing=drawing_of(arguments),
        top=arguments.top,
        plot=arguments.plot,
    )
    return spillover(request, output_format=chosen_format(arguments))
