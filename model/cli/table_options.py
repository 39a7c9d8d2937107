"""Options that several verbs about tables share.

Owns the question: how does a user say which table is read, and where the new one goes?

Public names
------------
``EMBEDDED``, ``TABLE_HELP``   the embedded case, and what TABLE may be
``add_source``, ``add_target``, ``add_replace``, ``add_json``   the options
``target_of``                  where the table goes, in which format, whether it may replace one
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from model.cli.words import Parser

__all__ = [
    "EMBEDDED",
    "TABLE_HELP",
    "add_json",
    "add_replace",
    "add_source",
    "add_target",
    "target_of",
]

EMBEDDED: Final = "china:2020"
TABLE_HELP: Final = f"{EMBEDDED}, {EMBEDDED}:city, or the path of a table"


def add_source(verb: Parser, *, default: bool) -> None:
    """Add the table to read and its format."""
    if default:
        verb.add_argument("table", nargs="?", default=EMBEDDED, metavar="TABLE", help=TABLE_HELP)
    else:
        verb.add_argument("table", metavar="TABLE", help=TABLE_HELP)
    verb.add_argument(
        "--from",
        "--format",
        dest="read_as",
        metavar="NAME",
        help="format of the file that is read, when it cannot be told",
    )


def add_target(verb: Parser, *, option: bool) -> None:
    """Add where the new table goes."""
    about = "file or folder for the table; the name tells the format (.nc, .xlsx, .csv, ...)"
    if option:
        verb.add_argument("-o", dest="target", type=Path, required=True, metavar="OUT", help=about)
    else:
        verb.add_argument("target", type=Path, metavar="OUT", help=about)
    verb.add_argument(
        "--to", dest="write_as", metavar="NAME", help="format of OUT, when its name does not tell"
    )
    add_replace(verb)


def add_replace(verb: Parser) -> None:
    """Add leave to write over what is there."""
    verb.add_argument("--replace", action="store_true", help="write over a table that is there")


def add_json(verb: Parser) -> None:
    """Add JSON for what goes to standard output."""
    verb.add_argument("--json", action="store_true", help="write JSON")


def target_of(arguments: argparse.Namespace) -> tuple[Path, str | None, bool]:
    """Return where the table goes, in which format, and whether it may replace one."""
    return arguments.target, arguments.write_as, arguments.replace
