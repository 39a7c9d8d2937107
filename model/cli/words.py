"""How words on the command line become a command: the pieces that every verb is declared with.

Owns the question: what does a mistyped verb or option get for an answer?

Public names
------------
``Parser``, ``Usage``    an argument parser that answers in one line, and what it raises
``add_verb``             one verb of a family
``add_family``           a verb with verbs of its own
``settle``               let a mistyped option find the nearest one
``add_formats``, ``chosen_format``    ``--json`` and ``--csv``
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Literal, NoReturn, TypeAlias

from model.errors import ScenarioError
from model.scenario_file.checks import near

__all__ = [
    "Command",
    "Family",
    "Format",
    "Parser",
    "Usage",
    "add_family",
    "add_formats",
    "add_verb",
    "chosen_format",
    "settle",
]

Command: TypeAlias = Callable[[argparse.Namespace], int]
Format: TypeAlias = Literal["text", "json", "csv"]
Family: TypeAlias = "argparse._SubParsersAction[Parser]"


class Usage(ScenarioError):
    """Words on the command line that make no command."""


class Parser(argparse.ArgumentParser):
    """Answers a mistake with one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Raise `Usage` with the nearest verb or choice."""
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        hint = near(choice[1], re.findall(r"[\w-]+", choice[2])) if choice else ""
        raise Usage(f"{message}{hint}; see {self.prog} -h")


def add_verb(
    family: Family, name: str, about: str, command: Command | None = None, *, later: bool = False
) -> Parser:
    """Add one verb to a family and return its parser."""
    made = family.add_parser(name, help=about, description=about, allow_abbrev=False)
    made.add_argument("--debug", action="store_true", help="show the traceback of an error")
    made.set_defaults(prog=made.prog, later=later, command=command)
    return made


def settle(verb: argparse.ArgumentParser) -> None:
    """Let a mistyped option find the nearest one; called when a verb has all of its own."""
    verb.set_defaults(options=tuple(re.findall(r"--[a-z-]+", verb.format_help())))


def add_family(verbs: Family, name: str, about: str) -> Family:
    """Add a verb that has verbs of its own, and return these."""
    made = add_verb(verbs, name, about)
    family: Family = made.add_subparsers(dest="what", required=True, metavar="VERB")
    return family


def add_formats(verb: argparse.ArgumentParser) -> None:
    """Add ``--json`` and ``--csv``, of which one can be chosen."""
    formats = verb.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="write JSON")
    formats.add_argument("--csv", action="store_true", help="write CSV")


def chosen_format(arguments: argparse.Namespace) -> Format:
    """Return the format of what goes to standard output."""
    return "json" if arguments.json else "csv" if getattr(arguments, "csv", False) else "text"
