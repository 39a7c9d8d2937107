"""The table a verb reads, with what is known about its regions: groups, and times between them.

Owns the question: what do "macro_region", "cluster" or "ring" mean for the table that was named?

Public names
------------
``World``         a table, its groupings and, where needed, its network
``open_world``    open it; tables of places get the names of their places
``CLUSTER``, ``RING``   words that stand for groupings of places and for rings of travel time

Terms: a grouping of regions holds whole regions. A grouping of places, such as clusters, holds
whole regions when regions are places; otherwise a region's figures are spread over the groups of
the places inside it by their mass, and this is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from model.errors import ScenarioError
from model.scenario_file.checks import near
from model.sources import (
    embedded_case,
    level_of,
    open_groupings,
    open_network,
    open_table,
)
from model.steps.groupings import OUTSIDE, Groupings, allocation

if TYPE_CHECKING:
    from io_tables.table import RegionalTable
    from model.ledger.groups import Groups
    from networks.network import Network

__all__ = ["CLUSTER", "RING", "World", "open_world"]

CLUSTER, RING = "cluster", "ring"
_SPELLED = {CLUSTER: "clusters", "clusters": "clusters"}
CODES = "region_code"


@dataclass(frozen=True, eq=False)
class World:
    """A table and what is known about its regions.

    Parameters
    ----------
    name
        What the table was asked for as.
    table
        The economy.
    groupings
        Groups of its regions, and of places.
    network
        Name of the network of a file's regions; an embedded table has one of its own.
    """

    name: str
    table: RegionalTable
    groupings: Groupings
    network: str | None = None

    @property
    def known(self) -> list[str]:
        """Groupings there are, those of regions first."""
        names = [*self.groupings.regions["grouping"], *self.groupings.places["grouping"]]
        return [n for n in dict.fromkeys(names) if n not in ("region", "place")]

    def groups(self, by: str) -> tuple[Groups, tuple[str, ...]]:
        """Return the groups of a grouping, and what is to be said about them.

        Parameters
        ----------
        by
            A grouping, "cluster", or a CSV file with columns region, group and perhaps share.

        Raises
        ------
        ScenarioError
            When there is no such grouping, or the file is not one.
        """
        if by.endswith(".csv"):
            return _from_file(Path(by)), ()
        grouping = _SPELLED.get(by, by)
        regions = self.table.regions
        if grouping in set(self.groupings.regions["grouping"]):
            return self.groupings.region_group(grouping, regions), ()
        if grouping not in set(self.groupings.places["grouping"]):
            there = ", ".join(self.known) or "none; a CSV file with columns region, group makes one"
            raise ScenarioError(
                f"there is no grouping '{by}'{near(by, self.known)} of the regions of "
                f"{self.table.name}; there is {there}"
            )
        if self.groupings.of_places:
            codes = [str(code) for code in self.table.data[CODES].values]
            return self.groupings.place_group(grouping, codes).set_axis(regions), ()
        return self._spread(grouping)

    def _spread(self, grouping: str) -> tuple[Groups, tuple[str, ...]]:
        where, mass = self.groupings.place_region, self.groupings.place_mass
        if where is None or mass is None:
            raise ScenarioError(
                f"'{grouping}' groups places, and nothing is known of the places inside the "
                f"regions of {self.table.name}"
            )
        held = self.groupings.place_group(grouping, [str(p) for p in where.index])
        order = self.groupings.group_order(grouping)
        shares = allocation(held, where, mass, order).to_pandas()
        made = {
            str(group): {str(r): float(v) for r, v in row.items() if v > 0}
            for group, row in shares.iterrows()
            if group != OUTSIDE
        }
        note = (
            f"Groups of {grouping} are finer than the regions: figures of a region are spread over "
            "the places inside it by their mass. A table of places computes them instead."
        )
        return made, (note,)

    def opened_network(self, word: str) -> Network:
        """Return the network of the regions; `word` is the option that needs it.

        Raises
        ------
        ScenarioError
            When a table from a file has no network named beside it.
        """
        if self.network is None and embedded_case(self.name) is None:
            raise ScenarioError(
                f"{word} needs times between regions: name a network of theirs with --network"
            )
        found = open_network(self.network or self.name)
        if self.groupings.of_places:
            from model.place_level import tied_to_places

            found = tied_to_places(found)
        return found

    def costs(self, word: str, *, of: str = "minutes", purpose: str = "passenger") -> pd.DataFrame:
        """Return mean minutes or costs (R, R) between regions, those of the table in its order."""
        from networks.skim import skim
        from networks.zones import region_cost

        network = self.opened_network(word)
        trips = skim(network, purpose="freight" if purpose == "freight" else "passenger")
        places = network.nodes.loc[[str(code) for code in trips["origin"].values]]
        lost = sorted(set(self.table.regions) - set(places["region"].astype(str)))
        if lost:
            raise ScenarioError(
                f"{word} needs a place of the network in every region of {self.table.name}; "
                f"{len(lost)} have none: {', '.join(lost[:5])}"
            )
        inside = places["region"].astype(str).isin(self.table.regions)
        kept = places.index[inside].astype(str).tolist()
        trips = trips.sel(origin=kept, destination=kept)
        return region_cost(
            trips, places["population"], places["region"], of=of, order=self.table.regions
        )


def open_world(name: str, *, table_format: str | None = None, network: str | None = None) -> World:
    """Open a table with its groupings; regions that are places get the names of the places.

    Raises
    ------
    ModelError, TableError, NetworkError
        When something cannot be opened.
    """
    table = open_table(name, table_format=table_format)
    groupings = open_groupings(name)
    seam = embedded_case(name)
    finest = seam is not None and level_of(name, seam) == seam.LEVELS[-1]
    if finest or network is not None:
        from model.place_level import (
            groups_of_places,
            is_of_places,
            named_by_places,
            tied_to_places,
        )

        places = open_network(network or name)
        if is_of_places(table, places):
            own = tied_to_places(places).places["region"]
            groupings = replace(groups_of_places(groupings, places), place_region=own)
            table = named_by_places(table, places)
    return World(name, table, groupings, network)


def _from_file(path: Path) -> Groups:
    """Read {group: {region: share}} from a CSV file."""
    if not path.is_file():
        raise ScenarioError(f"there is no file of groups at {path}")
    try:
        rows = pd.read_csv(path, dtype={"region": str, "group": str})
    except (ValueError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} is not a CSV file that can be read: {error}") from error
    if not {"region", "group"} <= set(rows.columns):
        raise ScenarioError(
            f"{path} must have the columns region, group and may have share; found "
            f"{', '.join(map(str, rows.columns))}"
        )
    shares = rows["share"] if "share" in rows else pd.Series(1.0, index=rows.index)
    made: dict[str, dict[str, float]] = {}
    for group, region, share in zip(rows["group"], rows["region"], shares, strict=True):
        made.setdefault(str(group), {})[str(region)] = float(share)
    return made
