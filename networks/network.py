"""What the map is: places, stops and airports, the links between them, and what moving costs.

Public names
------------
Network : the frozen container, checked when it is made

Terms
-----
A *node* is a place (a zone: a city, a county), a stop or an airport. A *link* joins two nodes by
one mode. Links that name the same ``line`` share their trains: a traveller who stays aboard pays
neither wait nor transfer, one who changes line pays both. A link without a line is a service of its
own. Columns, dtypes, units, defaults and bounds of both tables are in ``networks/schema.csv``; the
parameters of generalised cost are in ``networks/parameters.csv``. Money is in the currency of the
parameters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks import patch
from networks.checks import check_network
from networks.dims import LINK_MODES, NODE_KINDS
from networks.errors import InvalidNetwork, MeasureError, UnknownLabel
from networks.labels import did_you_mean, resolve_nodes
from networks.parameters import Overrides, Parameters
from networks.reach import unreachable_places
from networks.schema import conform
from networks.tables import KeptTable

SHOWN = 12


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes, links and parameters; immutable, every edit returns a new network.

    Tables asked for are copies that cost nothing until they are written to: writing to them leaves
    the network as it is.

    Attributes
    ----------
    nodes : DataFrame
        Index ``node``; columns name, name_zh, kind, region, region_code, lon, lat, area_km2 (km2),
        population (persons), gdp (money per year), parent, note.
    links : DataFrame
        Index ``link``; columns from_node, to_node, mode, line, km, minutes, money, trains_per_day,
        capacity, year_opened, year_closed, bidirectional, freight_factor, source, status, note.
    parameters : Parameters
        Values of time, weights, fares and rules of generalised cost.
    name : str
        What the network is called in reports.
    year : int or None
        The year it stands for.
    notes : tuple of str
        What is an estimate or an assumption, and what was edited.
    other_years : DataFrame
        Links that ``as_of`` left out, and that it brings back when another year is asked for.

    Raises
    ------
    InvalidNetwork
        All that is wrong with the two tables, in one message.
    """

    nodes: KeptTable = KeptTable()  # noqa: RUF009 - a descriptor
    links: KeptTable = KeptTable()  # noqa: RUF009 - a descriptor
    parameters: Parameters = field(default_factory=Parameters.default)
    name: str = "network"
    year: int | None = None
    notes: tuple[str, ...] = ()
    other_years: KeptTable = KeptTable(optional=True)  # noqa: RUF009

    def __post_init__(self) -> None:
        """Give both tables their columns and dtypes, and check them."""
        nodes, problems = conform(self.nodes, "nodes")
        links, more = conform(self.links, "links")
        problems += more
        if not problems:
            problems = check_network(nodes, links)
        if problems:
            shown = "\n".join(f"- {p}" for p in problems[:SHOWN])
            more_text = f"\n- and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
            raise InvalidNetwork(f"{self.name!r} is not a network:\n{shown}{more_text}")
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "links", links)
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def places(self) -> pd.DataFrame:
        """The nodes that are zones, in the order of the node table."""
        return self.nodes[self.nodes["kind"] == "place"]

    @property
    def modes(self) -> tuple[str, ...]:
        """The link modes that occur."""
        return tuple(mode for mode in LINK_MODES if (self.links["mode"] == mode).any())

    def resolve(self, words: Sequence[str], *, kinds: Sequence[str] = NODE_KINDS) -> list[str]:
        """Return node keys for codes, English names or Chinese names.

        Raises
        ------
        UnknownLabel
            Words that mean no node (with the nearest one) or several nodes.
        """
        words = [words] if isinstance(words, str) else words
        return resolve_nodes(self.nodes, words, kinds=kinds)

    def zone_keys(self, zones: Sequence[str] | None) -> list[str]:
        """Return the keys of the places that trips start and end in; all of them for None.

        Raises
        ------
        UnknownLabel
            Words that mean no place, or several.
        MeasureError
            An empty list, or a place that it names twice, by whichever words.
        """
        if zones is None:
            return [str(key) for key in self.places.index]
        words = [zones] if isinstance(zones, str) else [str(word) for word in zones]
        keys = self.resolve(words, kinds=("place",))
        named: dict[str, list[str]] = {}
        for key, word in zip(keys, words, strict=True):
            named.setdefault(key, []).append(word)
        twice = [" and ".join(found) for found in named.values() if len(found) > 1]
        if twice or not keys:
            found = f"twice: {', '.join(twice[:5])}" if twice else "there is none"
            raise MeasureError(
                f"Zones must be places, every one once, and at least one; {found}. Leave zones "
                "out to take all places."
            )
        return keys

    def unreachable(self) -> pd.Series:
        """Return, for every place that is not joined both ways to the rest, the reason.

        Returns
        -------
        Series of str
            Indexed by node; empty for a network in one piece.
        """
        return unreachable_places(self.nodes, self.links)

    def with_links(
        self,
        add: pd.DataFrame | Iterable[Mapping[str, Any]] | None = None,
        change: pd.DataFrame | Iterable[Mapping[str, Any]] | None = None,
        remove: Iterable[str | Mapping[str, Any]] | None = None,
    ) -> "Network":
        """Return a network with links removed, changed and added, in that order.

        Parameters
        ----------
        add
            Rows of new links. ``from_node`` and ``to_node`` may be names; ``km`` may be left out
            (great circle x detour of the mode), ``minutes`` may be left out when ``speed_kmh`` is
            given; the key is made up where there is none.
        change
            A frame indexed by link with the columns to set, or mappings with ``select`` and the
            fields to set (``speed_kmh`` sets minutes).
        remove
            Link keys, or selections.

        Notes
        -----
        A selection is a mapping of ``link``, ``line``, ``mode``, ``from_node``, ``to_node`` or
        ``between`` (two nodes, either way) to a value; all must hold, and one link at least must.

        Raises
        ------
        UnknownLabel
            A link, line or node that is not there.
        InvalidNetwork
            The result is not a network.
        """
        return replace(self, links=patch.edit_links(self, add, change, remove))

    def with_places(self, places: pd.DataFrame | Iterable[Mapping[str, Any]]) -> "Network":
        """Return a network with more nodes (places unless they say their kind).

        Parameters
        ----------
        places
            Rows of the node table; ``code`` may stand for ``node``.

        Raises
        ------
        InvalidNetwork
            A key or name that the network already has, or a bad row.
        """
        return replace(self, nodes=patch.add_nodes(self, places))

    def with_line(
        self,
        mode: str,
        stops: Sequence[str],
        *,
        speed_kmh: float,
        trains_per_day: float,
        fare_per_km: float | None = None,
        name: str | None = None,
        year_opened: float | None = None,
        freed_freight_capacity: float = 0.0,
    ) -> "Network":
        """Return a network with a new line that calls at every stop, both ways.

        Parameters
        ----------
        mode
            Link mode, such as ``"rail_hsr"``.
        stops
            Two or more stops in order: codes, English or Chinese names, or stop nodes.
        speed_kmh
            Design speed. Minutes of a hop = 60 km / (running_share x speed) + stop_minutes, km =
            great circle x detour of the mode (parameters).
        trains_per_day
            Departures a day in each direction.
        fare_per_km
            Money per km; the fare of the mode when left out.
        name
            The ``line`` of the new links; made from the ends when left out.
        year_opened
            First year the line is there; always when left out.
        freed_freight_capacity
            Share (0 to 1) of the capacity of the parallel conventional lines that is freed for
            goods. Their freight rate falls by ``freight_relief`` times this share. With 0 a
            passenger line changes nothing for goods.

        Raises
        ------
        UnknownLabel
            A stop that is not in the network.
        InvalidNetwork
            Fewer than two stops, one stop twice running, a speed or frequency that is not positive,
            or a name that another line has.
        """
        links, note = patch.add_line(
            self,
            mode,
            stops,
            speed_kmh=speed_kmh,
            trains_per_day=trains_per_day,
            fare_per_km=fare_per_km,
            name=name,
            year_opened=year_opened,
            freed_freight_capacity=freed_freight_capacity,
        )
        return replace(self, links=links, notes=(*self.notes, note))

    def with_parameters(self, overrides: Overrides) -> "Network":
        """Return a network with some parameters replaced; see ``Parameters.with_values``."""
        return replace(self, parameters=self.parameters.with_values(overrides))

    def as_of(self, year: int) -> "Network":
        """Return the network of a year: links opened by then and not yet closed.

        A network that is of a year already knows the links of the others: ``as_of`` may go forth
        and back. Edits stay; a link added without a year is there in every one.

        Raises
        ------
        InvalidNetwork
            The year is no number.
        """
        if isinstance(year, bool) or not isinstance(year, int | float | np.number):
            raise InvalidNetwork(f"A year is a whole number such as 2010; found {year!r}.")
        links = pd.concat([self.links, self.other_years]) if len(self.other_years) else self.links
        opened = links["year_opened"].to_numpy()
        closed = links["year_closed"].to_numpy()
        there = ~(opened > year) & ~(closed <= year)
        return self._of_known(links[there], links[~there], year)

    def subset(self, modes: Sequence[str]) -> "Network":
        """Return the network with links of the given link modes only.

        Raises
        ------
        UnknownLabel
            A word that is no link mode.
        """
        known = list(LINK_MODES)
        modes = [modes] if isinstance(modes, str) else modes
        if unknown := [m for m in modes if m not in known]:
            raise UnknownLabel(
                f"There is no link mode {unknown[0]!r}{did_you_mean(unknown[0], known)}; "
                f"the link modes are {', '.join(known)}."
            )
        wanted = list(modes)
        others = self.other_years
        return self._of_known(
            self.links[np.isin(self.links["mode"], wanted)],
            others[np.isin(others["mode"], wanted)] if len(others) else others,
            self.year,
        )

    def with_known_links(self, links: pd.DataFrame) -> "Network":
        """Return the network with a choice of the links it knows, those of other years included.

        Parameters
        ----------
        links
            Rows of ``links`` and of ``as_of(year).links``, each once. They were checked when they
            came in and are not checked again.
        """
        return self._of_known(links, pd.DataFrame(), None)

    def _of_known(
        self, links: pd.DataFrame, other_years: pd.DataFrame, year: int | None
    ) -> "Network":
        """Return this network with links that were checked already."""
        made = object.__new__(Network)
        for one in fields(self):
            object.__setattr__(made, one.name, getattr(self, one.name))
        for name, value in (("links", links), ("other_years", other_years), ("year", year)):
            object.__setattr__(made, name, value)
        return made

    def to_csv(self, folder: str | Path) -> Path:
        """Write ``nodes.csv``, ``links.csv`` and ``parameters.csv`` into a folder; return it."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.nodes.to_csv(folder / "nodes.csv", encoding="utf-8", lineterminator="\n")
        self.links.to_csv(folder / "links.csv", encoding="utf-8", lineterminator="\n")
        self.parameters.table.to_csv(
            folder / "parameters.csv", index=False, encoding="utf-8", lineterminator="\n"
        )
        return folder
