"""The words of ``hinterland table ...``: verbs, options, and the request each of them becomes.

Owns the question: which options does a verb about tables have, and to which argument of the library
does each belong?

Public names
------------
``add_table_verbs``    declare info, check, convert, aggregate, balance, estimate, nest, template;
                       and what `model.cli.table_more_words` has
``EMBEDDED``, ``TABLE_HELP``   from `model.cli.table_options`

Options bear the names of the library's arguments. Nothing heavy is imported here.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from model.cli.table_more_words import add_more_table_verbs
from model.cli.table_options import (
    EMBEDDED,
    TABLE_HELP,
    add_json,
    add_replace,
    add_source,
    add_target,
    target_of,
)
from model.cli.words import Family, Parser, add_verb, chosen_format, settle

__all__ = ["EMBEDDED", "TABLE_HELP", "add_table_verbs"]

_FIGURES: Final = "one number, or a CSV file of sector and number"


def add_table_verbs(family: Family) -> None:
    """Declare every verb about tables."""
    _add_info(family)
    _add_check(family)
    _add_convert(family)
    _add_aggregate(family)
    _add_balance(family)
    _add_estimate(family)
    _add_nest(family)
    add_more_table_verbs(family)
    _add_template(family)


def _add_info(family: Family) -> None:
    made = add_verb(family, "info", "say what a table holds and whether it balances", _info)
    add_source(made, default=True)
    add_json(made)
    settle(made)


def _add_check(family: Family) -> None:
    made = add_verb(
        family, "check", "list all that does not add up in a table; exit code 1 if any", _check
    )
    add_source(made, default=True)
    made.add_argument(
        "--tolerance", type=float, metavar="T", help="relative gap that is allowed; the table's own"
    )
    add_json(made)
    settle(made)


def _add_convert(family: Family) -> None:
    made = add_verb(family, "convert", "write a table in another format, form or unit", _convert)
    add_source(made, default=False)
    add_target(made, option=False)
    made.add_argument(
        "--kind",
        choices=("explicit", "pooled"),
        help="spell every cell out, or pool the origins of every product",
    )
    made.add_argument("--units", metavar="UNITS", help='other money, such as "billion yuan 2020"')
    made.add_argument(
        "--factor", type=float, metavar="F", help="new units for an old one, between currencies"
    )
    settle(made)


def _add_aggregate(family: Family) -> None:
    made = add_verb(
        family, "aggregate", "sum a table over groups of regions, sectors, categories", _aggregate
    )
    add_source(made, default=False)
    add_target(made, option=False)
    for what in ("regions", "sectors", "categories"):
        made.add_argument(
            f"--{what}",
            type=Path,
            metavar="MAP.csv",
            help="columns label, group and, where labels are split, weight; or labels down, groups "
            "across",
        )
    add_json(made)
    settle(made)


def _add_balance(family: Family) -> None:
    made = add_verb(family, "balance", "scale a matrix to given row and column totals", _balance)
    made.add_argument("matrix", type=Path, metavar="MATRIX.csv", help="labels down and across")
    for what, named in (("rows", "row"), ("columns", "column")):
        made.add_argument(
            f"--{what}",
            f"--{named}-totals",
            type=Path,
            required=True,
            metavar="TOTALS.csv",
            help=f"label and total of every {named}",
        )
    made.add_argument(
        "-o", dest="target", type=Path, required=True, metavar="OUT.csv", help="the new matrix"
    )
    made.add_argument(
        "--method",
        choices=("ras", "gras"),
        default="ras",
        help="gras for matrices with negative cells",
    )
    made.add_argument("--tolerance", type=float, metavar="T", help="largest relative gap")
    made.add_argument("--max-iterations", type=int, metavar="N", help="sweeps before giving up")
    add_replace(made)
    add_json(made)
    settle(made)


def _add_estimate(family: Family) -> None:
    made = add_verb(family, "estimate", "make a table of regions from a national one", _estimate)
    add_source(made, default=False)
    made.add_argument(
        "--output",
        "--regional-output",
        dest="regional_output",
        type=Path,
        required=True,
        metavar="REGIONAL.csv",
        help="output: regions down, sectors across; or columns region, sector, output",
    )
    _costs(made)
    made.add_argument("--kernel", choices=("power", "exponential"), help="law of decay")
    made.add_argument(
        "--own-share",
        metavar="SHARE",
        help="what a region buys from itself: one number, or a CSV file by sector or by region and "
        "sector",
    )
    made.add_argument("--home", metavar="FACTOR", help=f"factor on the own region: {_FIGURES}")
    for name, about in (
        ("value-added", "value added by region and sector"),
        ("final-demand", "size of final demand by region, or by region and category"),
        ("exports", "exports abroad by region and sector"),
        ("population", "persons by region"),
    ):
        made.add_argument(f"--{name}", type=Path, metavar="FILE.csv", help=about)
    made.add_argument(
        "--scale-output", action="store_true", help="scale output to the national figures"
    )
    made.add_argument("--name", default="", metavar="NAME", help="name of the table")
    add_target(made, option=True)
    add_json(made)
    settle(made)


def _add_nest(family: Family) -> None:
    made = add_verb(family, "nest", "split the regions of a table into cities or counties", _nest)
    add_source(made, default=False)
    made.add_argument(
        "places",
        type=Path,
        metavar="PLACES.csv",
        help="columns place, parent (region), size, and perhaps population",
    )
    _costs(made)
    made.add_argument(
        "--gravity",
        action="store_true",
        help="keep trade between places in gravity form (.nc or .npz), for places too many to "
        "spell it out",
    )
    made.add_argument(
        "--preserve",
        choices=("flows", "cells"),
        default="flows",
        help="flows of products between regions, or also every cell of the table",
    )
    for name, about in (
        ("output", "output known by place and sector"),
        ("employment", "employment known by place and sector"),
        ("value-added", "value added by place"),
        ("demand", "size of final demand by place, or by place and category"),
    ):
        made.add_argument(f"--{name}", type=Path, metavar="FILE.csv", help=about)
    made.add_argument("--tolerance", type=float, metavar="T", help="largest relative gap")
    made.add_argument("--max-iterations", type=int, metavar="N", help="passes before giving up")
    add_target(made, option=True)
    add_json(made)
    settle(made)


def _costs(verb: Parser) -> None:
    """Add costs, which product follows which, and decay."""
    verb.add_argument(
        "--cost",
        action="append",
        required=True,
        metavar="COST.csv",
        help="cost from place to place: from down, to across; or columns from, to and one column "
        "for each cost; NAME=FILE for several files",
    )
    verb.add_argument(
        "--cost-of", type=Path, metavar="MAP.csv", help="sector and the cost it follows"
    )
    verb.add_argument("--decay", metavar="DECAY", help=f"of trade with cost: {_FIGURES}")


def _add_template(family: Family) -> None:
    made = add_verb(family, "template", "write an empty workbook or folder to fill", _template)
    made.add_argument(
        "target", type=Path, metavar="OUT.xlsx|FOLDER", help="workbook, or folder of CSV files"
    )
    for what, default in (
        ("regions", "North,South"),
        ("sectors", "Goods,Services"),
        ("categories", "households,government,investment"),
    ):
        made.add_argument(
            f"--{what}",
            default=default,
            metavar="NAMES",
            help="names with commas between them, or a text file with one name a line "
            f"(default {default})",
        )
    made.add_argument(
        "--sheets",
        default="va,imports,exports",
        metavar="NAMES",
        help="sheets beside Z and Y: x, va, imports, final_imports, exports, taxes, discrepancy, "
        "population, employment (default va,imports,exports)",
    )
    add_replace(made)
    settle(made)


def _info(arguments: argparse.Namespace) -> int:
    from model.cli.table import table_info

    return table_info(
        arguments.table, table_format=arguments.read_as, output_format=chosen_format(arguments)
    )


def _check(arguments: argparse.Namespace) -> int:
    from model.cli.table import table_check

    return table_check(
        arguments.table,
        table_format=arguments.read_as,
        tolerance=arguments.tolerance,
        output_format=chosen_format(arguments),
    )


def _convert(arguments: argparse.Namespace) -> int:
    from model.cli.table_change import Conversion, convert

    request = Conversion(kind=arguments.kind, units=arguments.units, factor=arguments.factor)
    return convert(arguments.table, arguments.read_as, request, target_of(arguments))


def _aggregate(arguments: argparse.Namespace) -> int:
    from model.cli.table_change import aggregate_table

    maps = {
        name: getattr(arguments, name)
        for name in ("regions", "sectors", "categories")
        if getattr(arguments, name) is not None
    }
    return aggregate_table(
        arguments.table, arguments.read_as, maps, target_of(arguments), chosen_format(arguments)
    )


def _balance(arguments: argparse.Namespace) -> int:
    from model.cli.table_change import Balancing, balance

    request = Balancing(
        matrix=arguments.matrix,
        row_totals=arguments.rows,
        column_totals=arguments.columns,
        method=arguments.method,
        tolerance=arguments.tolerance,
        max_iterations=arguments.max_iterations,
    )
    return balance(
        request,
        arguments.target,
        replace=arguments.replace,
        output_format=chosen_format(arguments),
    )


def _estimate(arguments: argparse.Namespace) -> int:
    from model.cli.table_make import Estimation, estimate

    request = Estimation(
        national=arguments.table,
        read_as=arguments.read_as,
        regional_output=arguments.regional_output,
        cost=tuple(arguments.cost),
        cost_of=arguments.cost_of,
        decay=arguments.decay,
        kernel=arguments.kernel,
        own_share=arguments.own_share,
        home=arguments.home,
        value_added=arguments.value_added,
        final_demand=arguments.final_demand,
        exports=arguments.exports,
        population=arguments.population,
        scale_output=arguments.scale_output,
        name=arguments.name,
    )
    return estimate(request, target_of(arguments), chosen_format(arguments))


def _nest(arguments: argparse.Namespace) -> int:
    from model.cli.table_make import Nesting, nest_table

    request = Nesting(
        table=arguments.table,
        read_as=arguments.read_as,
        places=arguments.places,
        cost=tuple(arguments.cost),
        cost_of=arguments.cost_of,
        decay=arguments.decay,
        preserve=arguments.preserve,
        output=arguments.output,
        employment=arguments.employment,
        value_added=arguments.value_added,
        demand=arguments.demand,
        tolerance=arguments.tolerance,
        max_iterations=arguments.max_iterations,
        gravity=arguments.gravity,
    )
    return nest_table(request, target_of(arguments), chosen_format(arguments))


def _template(arguments: argparse.Namespace) -> int:
    from model.cli.table_template import template

    return template(
        arguments.target,
        regions=arguments.regions,
        sectors=arguments.sectors,
        categories=arguments.categories,
        sheets=arguments.sheets,
        replace=arguments.replace,
    )
