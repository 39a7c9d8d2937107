"""The words of ``hinterland table project``, ``regionalise`` and ``supply-use``.

Owns the question: which options do the verbs have that make a table of another year, of one region,
or from supply and use?

Public names
------------
``add_more_table_verbs``    declare the three verbs

Options bear the names of the library's arguments. Nothing heavy is imported here.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model.cli.table_options import add_json, add_source, add_target, target_of
from model.cli.words import Family, add_verb, chosen_format, settle

__all__ = ["add_more_table_verbs"]

MODELS = (
    "product_technology",
    "industry_technology",
    "fixed_industry_sales",
    "fixed_product_sales",
)


def add_more_table_verbs(family: Family) -> None:
    """Declare project, regionalise and supply-use."""
    _add_project(family)
    _add_regionalise(family)
    _add_supply_use(family)


def _add_project(family: Family) -> None:
    made = add_verb(family, "project", "update a table to the totals of another year", _project)
    add_source(made, default=False)
    made.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="TOTALS.csv",
        help="columns region, sector and output of the other year",
    )
    for name, about in (
        ("value-added", "columns region, sector and value added, where known"),
        ("exports", "columns region, sector and exports, where known"),
        ("final-demand", "totals of final demand: regions down, categories across, where known"),
        ("imports", "row of imports and its total, where known"),
    ):
        made.add_argument(f"--{name}", type=Path, metavar="FILE.csv", help=about)
    made.add_argument("--year", type=int, metavar="YEAR", help="year of the new table")
    made.add_argument("--units", metavar="UNITS", help="money of the new totals, when it differs")
    made.add_argument("--tolerance", type=float, metavar="T", help="largest relative gap")
    add_target(made, option=True)
    add_json(made)
    settle(made)


def _add_regionalise(family: Family) -> None:
    made = add_verb(
        family, "regionalise", "make the table of one region from a national one", _regionalise
    )
    add_source(made, default=False)
    made.add_argument(
        "--output",
        "--regional-output",
        dest="output",
        type=Path,
        required=True,
        metavar="OUTPUT.csv",
        help="sector and output of the region",
    )
    made.add_argument(
        "--method",
        choices=("slq", "cilq", "flq", "aflq", "charm"),
        default="flq",
        help="location quotients or CHARM (default flq)",
    )
    made.add_argument("--delta", type=float, metavar="D", help="exponent of flq and aflq, 0 to 1")
    made.add_argument(
        "--final-share",
        metavar="SHARE",
        help="part of national final demand that the region buys: one number, or a CSV file of "
        "category and number",
    )
    made.add_argument("--name", default="region", metavar="NAME", help="name of the region")
    add_target(made, option=True)
    add_json(made)
    settle(made)


def _add_supply_use(family: Family) -> None:
    made = add_verb(
        family, "supply-use", "make an input-output table from supply and use tables", _supply_use
    )
    for name, about in (
        ("make", "make: industries down, products across"),
        ("use", "use: products down, industries across"),
        ("final", "final demand: products down, categories across"),
    ):
        made.add_argument(name, type=Path, metavar=f"{name.upper()}.csv", help=about)
    made.add_argument(
        "--value-added",
        type=Path,
        required=True,
        metavar="FILE.csv",
        help="value added: kinds down, industries across",
    )
    for name, about in (
        ("imports", "imports: products or one row down, industries across"),
        ("taxes", "industry and net taxes on the products it uses"),
    ):
        made.add_argument(f"--{name}", type=Path, metavar="FILE.csv", help=about)
    made.add_argument(
        "--model",
        choices=(*MODELS, "A", "B", "C", "D"),
        default="industry_technology",
        help="the assumption, by name or letter (default industry_technology, B)",
    )
    made.add_argument(
        "--negatives",
        choices=("refuse", "keep"),
        default="refuse",
        help="what to do with negative flows of models A and C (default refuse)",
    )
    made.add_argument("--units", default="money", metavar="UNITS", help="unit of money")
    made.add_argument("--year", type=int, metavar="YEAR", help="year of the flows")
    made.add_argument("--name", default="", metavar="NAME", help="name of the table")
    add_target(made, option=True)
    add_json(made)
    settle(made)


def _project(arguments: argparse.Namespace) -> int:
    from model.cli.table_derive import Projection, project_table

    request = Projection(
        table=arguments.table,
        read_as=arguments.read_as,
        output=arguments.output,
        value_added=arguments.value_added,
        exports=arguments.exports,
        final_demand=arguments.final_demand,
        imports=arguments.imports,
        year=arguments.year,
        units=arguments.units,
        tolerance=arguments.tolerance,
    )
    return project_table(request, target_of(arguments), chosen_format(arguments))


def _regionalise(arguments: argparse.Namespace) -> int:
    from model.cli.table_derive import Region, regionalise_table

    request = Region(
        national=arguments.table,
        read_as=arguments.read_as,
        output=arguments.output,
        method=arguments.method,
        delta=arguments.delta,
        final_share=arguments.final_share,
        name=arguments.name,
    )
    return regionalise_table(request, target_of(arguments), chosen_format(arguments))


def _supply_use(arguments: argparse.Namespace) -> int:
    from model.cli.table_derive import Accounts, table_of_accounts

    request = Accounts(
        make=arguments.make,
        use=arguments.use,
        final_demand=arguments.final,
        value_added=arguments.value_added,
        imports=arguments.imports,
        taxes=arguments.taxes,
        model=arguments.model,
        negatives=arguments.negatives,
        units=arguments.units,
        year=arguments.year,
        name=arguments.name,
    )
    return table_of_accounts(request, target_of(arguments), chosen_format(arguments))
