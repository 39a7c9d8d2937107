"""The words of ``hinterland network ...`` about places: options, and the request each verb becomes.

Owns the question: which options do accessibility, catchments, hubs and years have?

Public names
------------
``add_place_verbs``    declare access, catchments, hubs and years
``MEASURES``, ``FORMS``, ``DECAYS``   names of measures, of measures with competition, of decays

Options bear the names of the library's arguments. Nothing heavy is imported here, so the names of
measures stand here once more; a test holds them equal to the library's.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from model.cli.table_options import EMBEDDED
from model.cli.words import Family, Parser, add_formats, add_verb, chosen_format, settle

if TYPE_CHECKING:
    from model.cli.network_stops import ReachRequest

__all__ = ["DECAYS", "FORMS", "MEASURES", "add_place_verbs"]

MEASURES: Final = (
    "weighted_mean",
    "potential",
    "daily",
    "cumulative",
    "interval",
    "closest",
    "efficiency",
    "logsum",
    "effective_density",
)
FORMS: Final = ("two_step", "balanced", "availability", "total_constrained")
DECAYS: Final = (
    "power",
    "exponential",
    "gaussian",
    "logistic",
    "log_logistic",
    "linear",
    "binary",
)
SERVICES: Final = ("rail", "air", "rail_conventional", "rail_hsr")
_NETWORK: Final = f"{EMBEDDED}, or the folder of a network"
_YEAR: Final = "the network as it was in a year"


def add_place_verbs(family: Family) -> None:
    """Declare every verb about the places of a network."""
    _add_access(family)
    _add_catchments(family)
    _add_hubs(family)
    _add_years(family)


def _begin(made: Parser) -> None:
    made.add_argument("network", nargs="?", default=EMBEDDED, metavar="NETWORK", help=_NETWORK)


def _add_access(family: Family) -> None:
    made = add_verb(family, "access", "rank the places by accessibility", _access)
    _begin(made)
    made.add_argument("--measure", default="weighted_mean", choices=(*MEASURES, *FORMS))
    made.add_argument("--of", choices=("minutes", "cost"), default="minutes")
    made.add_argument(
        "--tmax",
        type=float,
        metavar="LIMIT",
        help="one way, for daily and cumulative access; cut-off of a decay that has one",
    )
    made.add_argument(
        "--decay",
        type=float,
        metavar="EXPONENT",
        help="exponent of the potential; steepness of any other decay",
    )
    made.add_argument(
        "--decay-form", choices=DECAYS, help="how mass fades with cost (default: power)"
    )
    made.add_argument("--interval", metavar="LOW:HIGH", help="cut-offs of interval access")
    made.add_argument("--nth", type=int, default=1, metavar="N", help="which nearest, for closest")
    made.add_argument(
        "--straight-speed", type=float, metavar="KMH", help="on the straight line, for efficiency"
    )
    made.add_argument(
        "--mass",
        choices=("population", "gdp"),
        default="population",
        help="what is reached; with competition what is offered",
    )
    made.add_argument(
        "--demand", choices=("population", "gdp"), default="population", help="who competes for it"
    )
    made.add_argument(
        "--mode",
        action="append",
        metavar="MODE",
        help="road, rail, air or a link mode such as rail_hsr; may be repeated",
    )
    made.add_argument("--purpose", choices=("passenger", "freight"), default="passenger")
    made.add_argument(
        "--ends",
        choices=("door", "stop"),
        default="door",
        help="door to door, or station to station",
    )
    made.add_argument("--year", type=int, metavar="YEAR", help=_YEAR)
    made.add_argument(
        "--without-own", action="store_true", help="leave out what a place finds in itself"
    )
    made.add_argument(
        "--passive", action="store_true", help="who can reach the place, not what it can reach"
    )
    made.add_argument(
        "--by",
        metavar="GROUPING",
        help="means over people by region, or by a grouping such as clusters or macro_region, with "
        "disparity between and within",
    )
    made.add_argument("--top", type=int, metavar="N", help="the first N places only")
    add_formats(made)
    settle(made)


def _add_catchments(family: Family) -> None:
    made = add_verb(
        family, "catchments", "say which stations or airports serve each place", _catchments
    )
    _begin(made)
    _add_reach(made)
    made.add_argument("--place", metavar="PLACE", help="this place only")
    add_formats(made)
    settle(made)


def _add_hubs(family: Family) -> None:
    made = add_verb(
        family, "hubs", "rank stations or airports by what they serve, with their shares", _hubs
    )
    _begin(made)
    _add_reach(made)
    made.add_argument(
        "--between", action="store_true", help="also the share of journeys that pass a stop"
    )
    made.add_argument("--top", type=int, metavar="N", help="the first N stops only")
    add_formats(made)
    settle(made)


def _add_reach(made: Parser) -> None:
    made.add_argument("--mode", choices=SERVICES, default="rail", help="what calls at a stop")
    made.add_argument("--limit", type=float, metavar="MINUTES", help="longest way to a stop")
    made.add_argument(
        "--share",
        choices=("nearest", "huff"),
        default="nearest",
        help="a place goes to its nearest stop, or is shared among those in reach",
    )
    made.add_argument(
        "--scale",
        type=float,
        default=30.0,
        metavar="MINUTES",
        help="over which attraction falls by e",
    )
    made.add_argument("--year", type=int, metavar="YEAR", help=_YEAR)


def _add_years(family: Family) -> None:
    made = add_verb(
        family, "years", "say what rail, roads and flights did to access between two years", _years
    )
    _begin(made)
    made.add_argument("--first", type=int, required=True, metavar="YEAR")
    made.add_argument("--last", type=int, metavar="YEAR", help="the network's own when left out")
    made.add_argument(
        "--measure", default="weighted_mean", choices=("weighted_mean", "potential", "daily")
    )
    made.add_argument("--mode", action="append", choices=("road", "rail", "air"), metavar="MODE")
    made.add_argument("--by", metavar="GROUPING", help="place, region, or a grouping")
    add_formats(made)
    settle(made)


def _access(arguments: argparse.Namespace) -> int:
    from model.cli.network_access import AccessRequest, network_access

    request = AccessRequest(
        network=arguments.network,
        measure=arguments.measure,
        of=arguments.of,
        tmax=arguments.tmax,
        decay=arguments.decay,
        decay_form=arguments.decay_form,
        interval=arguments.interval,
        nth=arguments.nth,
        straight_speed=arguments.straight_speed,
        mass=arguments.mass,
        demand=arguments.demand,
        modes=tuple(arguments.mode or ()),
        purpose=arguments.purpose,
        ends=arguments.ends,
        year=arguments.year,
        own_place=not arguments.without_own,
        passive=arguments.passive,
        by=arguments.by,
        top=arguments.top,
    )
    return network_access(request, output_format=chosen_format(arguments))


def _catchments(arguments: argparse.Namespace) -> int:
    from model.cli.network_stops import network_catchments

    return network_catchments(
        _reach(arguments), place=arguments.place, output_format=chosen_format(arguments)
    )


def _hubs(arguments: argparse.Namespace) -> int:
    from model.cli.network_stops import network_hubs

    return network_hubs(
        _reach(arguments),
        between=arguments.between,
        top=arguments.top,
        output_format=chosen_format(arguments),
    )


def _reach(arguments: argparse.Namespace) -> ReachRequest:
    from model.cli.network_stops import ReachRequest

    return ReachRequest(
        network=arguments.network,
        mode=arguments.mode,
        limit=arguments.limit,
        share=arguments.share,
        scale=arguments.scale,
        year=arguments.year,
    )


def _years(arguments: argparse.Namespace) -> int:
    from model.cli.network_years import YearsRequest, network_years

    request = YearsRequest(
        network=arguments.network,
        first=arguments.first,
        last=arguments.last,
        measure=arguments.measure,
        modes=tuple(arguments.mode or ()),
        by=arguments.by,
    )
    return network_years(request, output_format=chosen_format(arguments))
