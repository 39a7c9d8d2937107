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
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from model.cli.analysis import add_analysis_verbs
from model.cli.network_words import add_place_verbs
from model.cli.table_words import EMBEDDED, TABLE_HELP, add_table_verbs
from model.cli.words import (
    Command,
    Family,
    Parser,
    Usage,
    add_family,
    add_formats,
    add_verb,
    chosen_format,
    settle,
)
from model.errors import ModelError, NotInThisVersion
from model.scenario_file.checks import near

__all__ = ["main", "parser"]

DONE, FAILED, BAD_INPUT = 0, 1, 2

_OUTPUT = "folder for the result; an earlier result there is replaced"
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
            raise Usage(f"{arguments.prog} does not know {found}{hint}; see {arguments.prog} -h")
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
    top = Parser(
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
    table = add_family(verbs, "table", "look at, change and make tables")
    add_table_verbs(table)
    network = add_family(verbs, "network", "look at a network")
    _add_network_info(network)
    add_place_verbs(network)
    _add_network_skim(network)
    _add_network_convert(network)
    add_analysis_verbs(verbs)
    _add_corridors(verbs)
    _add_bench(verbs)
    return top


def _add_demo(verbs: Family) -> None:
    made = add_verb(
        verbs, "demo", "run the shipped scenario and write data, tables and report", _demo
    )
    made.add_argument(
        "-o", "--output", type=Path, default=Path("hinterland-demo"), metavar="DIR", help=_OUTPUT
    )
    made.add_argument(
        "--export", type=Path, metavar="FILE", help="write a copy of the scenario and run nothing"
    )
    settle(made)


def _add_run(verbs: Family) -> None:
    made = add_verb(verbs, "run", "run a scenario file and write data, tables and report", _run)
    made.add_argument("scenario", type=Path, metavar="SCENARIO.toml")
    made.add_argument("-o", "--output", type=Path, metavar="DIR", help=_OUTPUT)
    made.add_argument("--only", metavar="NAME", help="run one stimulus or one edit alone")
    made.add_argument(
        "--draws", type=int, metavar="N", help="draws behind medians and intervals; 0 for none"
    )
    made.add_argument(
        "--split",
        action="store_true",
        help="share the joint effect of all channels out over them, without an order",
    )
    settle(made)


def _add_network_info(family: Family) -> None:
    made = add_verb(family, "info", "say what a network holds", _network_info)
    made.add_argument("network", nargs="?", default=EMBEDDED, metavar="NETWORK", help=_NETWORK)
    made.add_argument("--json", action="store_true", help="write JSON")
    settle(made)


def _add_network_skim(family: Family) -> None:
    made = add_verb(family, "skim", "write cost and time between all places", _network_skim)
    made.add_argument("network", nargs="?", default=EMBEDDED, metavar="NETWORK", help=_NETWORK)
    made.add_argument(
        "-o", dest="target", type=Path, required=True, metavar="FILE", help=".omx, .csv or .nc"
    )
    made.add_argument("--purpose", choices=("passenger", "freight"), default="passenger")
    made.add_argument("--mode", action="append", default=[], metavar="MODE", help="such as rail")
    made.add_argument("--ends", choices=("door", "stop"), default="door")
    made.add_argument("--by", choices=("cost", "minutes"), default="cost")
    made.add_argument("--combine", choices=("least", "logsum", "composite"), default="least")
    made.add_argument("--year", type=int, metavar="YEAR", help="what was open then")
    made.add_argument("--replace", action="store_true", help="write over a file that is there")
    settle(made)


def _add_network_convert(family: Family) -> None:
    made = add_verb(family, "convert", "write a network in another format", _network_convert)
    made.add_argument("network", metavar="NETWORK", help=_NETWORK)
    made.add_argument(
        "target", type=Path, metavar="OUT", help="a folder, or a .geojson, .gpkg or .shp file"
    )
    made.add_argument("--from", dest="read_as", metavar="NAME", help="format that is read")
    made.add_argument(
        "--to", dest="write_as", choices=("folder", "gmns", "geo"), help="format that is written"
    )
    made.add_argument("--replace", action="store_true", help="write over a file that is there")
    settle(made)


def _add_corridors(verbs: Family) -> None:
    made = add_verb(
        verbs, "corridors", "rank candidate corridors: which is worth most, for whom", _corridors
    )
    made.add_argument(
        "candidates",
        nargs="?",
        metavar="CANDIDATES",
        help="a .toml or .csv file, or a shipped list (china:plans, china:belts, china:border); "
        "left out: all pairs of places within --band that no direct link joins",
    )
    made.add_argument("--table", default=EMBEDDED, metavar="TABLE", help=TABLE_HELP)
    made.add_argument("--network", default=EMBEDDED, metavar="NETWORK", help=_NETWORK)
    made.add_argument(
        "--mode", choices=("rail_hsr", "rail_conventional", "road", "air"), default="rail_hsr"
    )
    made.add_argument(
        "--band", nargs=2, type=float, default=(100.0, 600.0), metavar=("LOW", "HIGH"), help="km"
    )
    made.add_argument("--speed", type=float, default=300.0, metavar="KMH", help="of pairs")
    made.add_argument("--trains", type=float, default=30.0, metavar="N", help="a day, of pairs")
    made.add_argument(
        "--place", action="append", default=[], metavar="PLACE", help="pairs of these places only"
    )
    made.add_argument("--most", type=int, default=1000, metavar="N", help="pairs at most")
    made.add_argument(
        "--build-costs", type=Path, metavar="FILE", help="CSV: mode, terrain, cost_per_km"
    )
    made.add_argument(
        "--objective",
        default="real_consumption",
        metavar="NAME",
        help="real_consumption, output, value_added, jobs, potential, weighted_mean, ...",
    )
    made.add_argument("--closure", choices=("spending", "real"), default="spending")
    made.add_argument("--prices", choices=("given", "follow costs"), default="given")
    made.add_argument(
        "--channel",
        action="append",
        default=[],
        choices=("price", "productivity", "households"),
        help="what acts beside sourcing; may be given several times",
    )
    made.add_argument("--best", type=int, default=20, metavar="K", help="solved exactly")
    made.add_argument("--budget", type=float, metavar="MONEY", help="for a package of the best")
    made.add_argument(
        "--interactions",
        action="store_true",
        help="what pairs of the best are worth beyond their sum",
    )
    made.add_argument(
        "--draws",
        type=int,
        default=0,
        metavar="N",
        help="draws of parameters, and of an embedded table, for the best",
    )
    made.add_argument("--seed", type=int, default=0, help="of the draws")
    made.add_argument("--workers", type=int, default=1, metavar="N", help="threads")
    made.add_argument(
        "--resume", type=Path, metavar="DIR", help="keep answers here and go on where they stopped"
    )
    made.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder for the files")
    made.add_argument(
        "--language", action="append", default=[], metavar="CODE", help="of the report: en, zh"
    )
    add_formats(made)
    settle(made)


def _add_bench(verbs: Family) -> None:
    made = add_verb(verbs, "bench", "measure speed and size (from a checkout)", _bench)
    made.add_argument("--quick", action="store_true", help="small sizes only")
    settle(made)


def _demo(arguments: argparse.Namespace) -> int:
    from model.cli.run import export_demo, run_demo

    if arguments.export is not None:
        return export_demo(arguments.export)
    return run_demo(arguments.output)


def _run(arguments: argparse.Namespace) -> int:
    from model.cli.run import run_file

    return run_file(
        arguments.scenario,
        output=arguments.output,
        only=arguments.only,
        draws=arguments.draws,
        split=arguments.split,
    )


def _network_info(arguments: argparse.Namespace) -> int:
    from model.cli.network import network_info

    return network_info(arguments.network, output_format=chosen_format(arguments))


def _network_skim(arguments: argparse.Namespace) -> int:
    from model.cli.network_files import SkimRequest, network_skim

    request = SkimRequest(
        network=arguments.network,
        purpose=arguments.purpose,
        modes=tuple(arguments.mode),
        ends=arguments.ends,
        by=arguments.by,
        combine=arguments.combine,
        year=arguments.year,
    )
    return network_skim(request, arguments.target, replace=arguments.replace)


def _network_convert(arguments: argparse.Namespace) -> int:
    from model.cli.network_files import network_convert

    return network_convert(
        arguments.network,
        arguments.target,
        read_as=arguments.read_as,
        write_as=arguments.write_as,
        replace=arguments.replace,
    )


def _corridors(arguments: argparse.Namespace) -> int:
    from model.cli.corridors import CorridorsRequest, corridors

    request = CorridorsRequest(
        candidates=arguments.candidates,
        table=arguments.table,
        network=arguments.network,
        mode=arguments.mode,
        band_km=tuple(arguments.band),
        speed_kmh=arguments.speed,
        trains_per_day=arguments.trains,
        places=tuple(arguments.place),
        most=arguments.most,
        build_costs=arguments.build_costs,
        objective=arguments.objective,
        closure=arguments.closure,
        prices=arguments.prices,
        channels=tuple(arguments.channel),
        best=arguments.best,
        budget=arguments.budget,
        pairwise=arguments.interactions,
        draws=arguments.draws,
        seed=arguments.seed,
        workers=arguments.workers,
        resume=arguments.resume,
        output=arguments.output,
        languages=tuple(arguments.language) or ("en",),
    )
    return corridors(request, output_format=chosen_format(arguments))


def _bench(arguments: argparse.Namespace) -> int:
    from model.cli.run import run_benchmarks

    return run_benchmarks(quick=arguments.quick)
