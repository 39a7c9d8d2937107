"""The command line: parse, call the library, write. Nothing is computed here.

Owns the question: which verbs are there, and what do their exit codes mean?

Public names
------------
``main``      ``hinterland VERB ...``; returns the exit code
``parser``    the argument parser

Exit codes: 0 done, 1 the run failed, 2 bad input (a wrong word, number, label or file). Errors are
one line on standard error; ``--debug`` adds the traceback. Data go to standard output or to files.
Heavy packages are loaded by the verb that needs them, so that help and mistakes answer at once.
"""

from __future__ import annotations

import argparse
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

from model.errors import ModelError, NotInThisVersion, ScenarioError
from model.scenario_checks import near

__all__ = ["main", "parser"]

Command: TypeAlias = Callable[[argparse.Namespace], int]
Format: TypeAlias = Literal["text", "json", "csv"]
_Family: TypeAlias = "argparse._SubParsersAction[_Parser]"

DONE, FAILED, BAD_INPUT = 0, 1, 2
EMBEDDED = "china:2020"
LATER: dict[tuple[str, ...], str] = {
    ("corridors",): "rank candidate corridors",
    ("table", "convert"): "convert a table between formats",
    ("table", "balance"): "balance a table to new totals",
    ("table", "estimate"): "estimate a multiregional table",
    ("network", "skim"): "write the cost matrices of a network",
    ("network", "convert"): "convert a network between formats",
}
"""Verbs whose method is not built yet."""

MEASURES = ("weighted_mean", "potential", "daily", "cumulative", "efficiency")
_OUTPUT = "folder for the result; an earlier result there is replaced"
_TABLE = f"{EMBEDDED}, or the path of a table"
_NETWORK = f"{EMBEDDED}, or the folder of a network"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code.

    Parameters
    ----------
    argv
        The words after the program's name; those of the process when None.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    debug = "--debug" in words
    try:
        arguments, rest = parser().parse_known_args(words)
        if arguments.later:
            raise NotInThisVersion(f"{arguments.prog.partition(' ')[2]} is not in this version")
        if rest:
            hint = near(rest[0], arguments.options)
            found = " ".join(rest)
            raise _Usage(f"{arguments.prog} does not know {found}{hint}; see {arguments.prog} -h")
        command: Command = arguments.command
        return command(arguments)
    except SystemExit as stop:  # argparse, after help or the version
        return stop.code if isinstance(stop.code, int) else DONE
    except KeyboardInterrupt:
        return _say("stopped; nothing was written", FAILED, debug)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the data has enough of them
        return DONE
    except Exception as error:  # the one place that turns any failure into a line and a code
        return _say(_sentence(error), _code(error), debug)


class _Usage(ScenarioError):
    """Words on the command line that make no command."""


class _Parser(argparse.ArgumentParser):
    """Answers a mistake with one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        hint = near(choice[1], re.findall(r"[\w-]+", choice[2])) if choice else ""
        raise _Usage(f"{message}{hint}; see {self.prog} -h")


def _code(error: Exception) -> int:
    if isinstance(error, NotInThisVersion):
        return BAD_INPUT
    if isinstance(error, RuntimeError | ArithmeticError | MemoryError):
        return FAILED
    bad = _is_ours(error) or isinstance(error, FileNotFoundError | PermissionError)
    return BAD_INPUT if bad else FAILED


def _is_ours(error: Exception) -> bool:
    if isinstance(error, ModelError):
        return True
    from io_tables.errors import TableError  # the packages around these load much more
    from networks.errors import NetworkError

    return isinstance(error, TableError | NetworkError)


def _sentence(error: Exception) -> str:
    words = " ".join(str(error).split())
    if _is_ours(error):
        return words or type(error).__name__
    return f"{type(error).__name__}: {words}; --debug shows where"


def _say(sentence: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc(file=sys.stderr)
    sys.stderr.write(f"hinterland: {sentence}\n")
    return code


def _version() -> str:
    try:
        return metadata.version("hinterland")
    except metadata.PackageNotFoundError:
        return "unknown"


def parser() -> argparse.ArgumentParser:
    """Return the parser of every verb."""
    top = _Parser(
        prog="hinterland",
        description="Who gains, where and in which sectors, when a growth pole grows or a corridor "
        "opens.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"hinterland {_version()}")
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    top.set_defaults(prog=top.prog, later=False, options=())
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_demo(verbs)
    _add_run(verbs)
    table = _add_family(verbs, "table", "look at a table")
    _add_table_info(table)
    network = _add_family(verbs, "network", "look at a network")
    _add_network_info(network)
    _add_network_access(network)
    _add_spillover(verbs)
    _add_bench(verbs)
    for words, about in LATER.items():
        family = {"table": table, "network": network}.get(words[0], verbs)
        _verb(family, words[-1], f"{about} (not in this version)", later=True)
    return top


def _verb(
    family: _Family, name: str, about: str, command: Command | None = None, *, later: bool = False
) -> _Parser:
    """Add one verb to a family and return its parser."""
    made = family.add_parser(name, help=about, description=about, allow_abbrev=False)
    made.add_argument("--debug", action="store_true", help="show the traceback of an error")
    made.set_defaults(prog=made.prog, later=later, command=command)
    return made


def _options(verb: argparse.ArgumentParser) -> None:
    """Let a mistyped option find the nearest one; called when a verb has all of its own."""
    verb.set_defaults(options=tuple(re.findall(r"--[a-z-]+", verb.format_help())))


def _add_family(verbs: _Family, name: str, about: str) -> _Family:
    made = _verb(verbs, name, about)
    family: _Family = made.add_subparsers(dest="what", required=True, metavar="VERB")
    return family


def _add_demo(verbs: _Family) -> None:
    made = _verb(verbs, "demo", "run the shipped scenario and write data, tables and report", _demo)
    made.add_argument(
        "-o", "--output", type=Path, default=Path("hinterland-demo"), metavar="DIR", help=_OUTPUT
    )
    made.add_argument(
        "--export", type=Path, metavar="FILE", help="write a copy of the scenario and run nothing"
    )
    _options(made)


def _add_run(verbs: _Family) -> None:
    made = _verb(verbs, "run", "run a scenario file and write data, tables and report", _run)
    made.add_argument("scenario", type=Path, metavar="SCENARIO.toml")
    made.add_argument("-o", "--output", type=Path, metavar="DIR", help=_OUTPUT)
    made.add_argument("--only", metavar="NAME", help="run one stimulus or one edit alone")
    _options(made)


def _add_table_info(family: _Family) -> None:
    made = _verb(family, "info", "say what a table holds and whether it balances", _table_info)
    made.add_argument("table", nargs="?", default=EMBEDDED, metavar="TABLE", help=_TABLE)
    made.add_argument("--format", metavar="NAME", help="format of the file, when it cannot be told")
    made.add_argument("--json", action="store_true", help="write JSON")
    _options(made)


def _add_network_info(family: _Family) -> None:
    made = _verb(family, "info", "say what a network holds", _network_info)
    made.add_argument("network", nargs="?", default=EMBEDDED, metavar="NETWORK", help=_NETWORK)
    made.add_argument("--json", action="store_true", help="write JSON")
    _options(made)


def _add_network_access(family: _Family) -> None:
    made = _verb(family, "access", "rank the places by accessibility", _network_access)
    made.add_argument("network", nargs="?", default=EMBEDDED, metavar="NETWORK", help=_NETWORK)
    made.add_argument("--measure", default="weighted_mean", choices=MEASURES)
    made.add_argument("--of", choices=("minutes", "cost"), default="minutes")
    made.add_argument(
        "--tmax", type=float, metavar="LIMIT", help="one way, for daily and cumulative access"
    )
    made.add_argument("--decay", type=float, metavar="EXPONENT", help="exponent of the potential")
    made.add_argument("--top", type=int, metavar="N", help="the first N places only")
    _add_formats(made)
    _options(made)


def _add_spillover(verbs: _Family) -> None:
    made = _verb(verbs, "spillover", "say where the growth of a pole ends up", _spillover)
    made.add_argument(
        "--pole",
        action="append",
        required=True,
        metavar="POLE",
        help='a region, a pole or "Shanghai=0.6,Jiangsu=0.4"; may be repeated',
    )
    made.add_argument(
        "--amount",
        type=float,
        required=True,
        metavar="MONEY",
        help="stimulus in the table's currency, such as yuan (not million yuan)",
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
    made.add_argument("--of", choices=("value_added", "output"), default="value_added")
    made.add_argument("--table", default=EMBEDDED, metavar="TABLE", help=_TABLE)
    made.add_argument("--table-format", metavar="NAME", help="format of the file")
    _add_formats(made)
    _options(made)


def _add_bench(verbs: _Family) -> None:
    made = _verb(verbs, "bench", "measure speed and size (from a checkout)", _bench)
    made.add_argument("--quick", action="store_true", help="small sizes only")
    _options(made)


def _add_formats(verb: argparse.ArgumentParser) -> None:
    formats = verb.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="write JSON")
    formats.add_argument("--csv", action="store_true", help="write CSV")


def _format(arguments: argparse.Namespace) -> Format:
    return "json" if arguments.json else "csv" if getattr(arguments, "csv", False) else "text"


def _demo(arguments: argparse.Namespace) -> int:
    from model.cli_run import export_demo, run_demo

    if arguments.export is not None:
        return export_demo(arguments.export)
    return run_demo(arguments.output)


def _run(arguments: argparse.Namespace) -> int:
    from model.cli_run import run_file

    return run_file(arguments.scenario, output=arguments.output, only=arguments.only)


def _table_info(arguments: argparse.Namespace) -> int:
    from model.cli_table import table_info

    return table_info(
        arguments.table, table_format=arguments.format, output_format=_format(arguments)
    )


def _network_info(arguments: argparse.Namespace) -> int:
    from model.cli_network import network_info

    return network_info(arguments.network, output_format=_format(arguments))


def _network_access(arguments: argparse.Namespace) -> int:
    from model.cli_network import AccessRequest, network_access

    request = AccessRequest(
        network=arguments.network,
        measure=arguments.measure,
        of=arguments.of,
        tmax=arguments.tmax,
        decay=arguments.decay,
        top=arguments.top,
    )
    return network_access(request, output_format=_format(arguments))


def _spillover(arguments: argparse.Namespace) -> int:
    from model.cli_spillover import SpilloverRequest, spillover

    request = SpilloverRequest(
        poles=tuple(arguments.pole),
        sectors=arguments.sectors,
        amount=arguments.amount,
        at=arguments.at,
        of=arguments.of,
        table=arguments.table,
        table_format=arguments.table_format,
    )
    return spillover(request, output_format=_format(arguments))


def _bench(arguments: argparse.Namespace) -> int:
    from model.cli_run import run_benchmarks

    return run_benchmarks(quick=arguments.quick)
