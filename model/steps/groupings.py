"""Which regions and places belong together: poles, clusters, macro-regions, rings.

Owns the question: what does a group name stand for, and how is a region's figure spread over groups
of the places inside it?

Public names
------------
``Groupings``            groupings of regions and of places, as long tables; `resolve` names regions
``read_place_groups`` a user's own `place, group, weight` file
``rings_of``          places by travel time from a pole
``allocation``        (group, region) weights that spread regional figures by place mass

Terms: a *grouping* is a family ("macro_region"), a *group* one of its members ("East"). Figures
spread by `allocation` are called allocated: the economy inside a region is not modelled here.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from model.errors import ScenarioError

__all__ = ["OUTSIDE", "RINGS", "Groupings", "allocation", "read_place_groups", "rings_of"]

OUTSIDE = "outside"
CLUSTERS = "clusters"
INSIDE = "in the pole"
RING_EDGES = ((60.0, "up to 1 h"), (120.0, "1-2 h"), (240.0, "2-4 h"), (480.0, "4-8 h"))
LAST_RING = "8 h and more"
RINGS = (INSIDE, *(name for _, name in RING_EDGES), LAST_RING)

_REGION_COLUMNS = ("grouping", "group", "region")
_PLACE_COLUMNS = ("grouping", "group", "place")


@dataclass(frozen=True)
class Groupings:
    """Groupings of table regions and of network places.

    Attributes
    ----------
    regions : DataFrame
        Columns grouping, group, region (a region may be in many groupings, once in each).
    places : DataFrame
        Columns grouping, group, place.
    place_region, place_mass : Series by place, optional
        Where each place lies and how it weighs. With them a group of places can be a pole.
    of_places : bool
        Every region is one place: a group of places stands for them, and nothing is spread.
    """

    regions: pd.DataFrame
    places: pd.DataFrame
    place_region: pd.Series[str] | None = None
    place_mass: pd.Series[float] | None = None
    of_places: bool = False

    @classmethod
    def empty(cls) -> Groupings:
        """Return groups without any member."""
        return cls(
            pd.DataFrame({c: pd.Series(dtype=object) for c in _REGION_COLUMNS}),
            pd.DataFrame({c: pd.Series(dtype=object) for c in _PLACE_COLUMNS}),
        )

    def region_group(self, grouping: str, regions: Sequence[str]) -> pd.Series[str]:
        """Return the group of each region in one grouping; OUTSIDE where it has none."""
        rows = self.regions[self.regions["grouping"] == grouping]
        found = pd.Series(rows["group"].to_numpy(), index=rows["region"].to_numpy())
        return found.reindex(list(regions)).fillna(OUTSIDE)

    def place_group(self, grouping: str, places: Sequence[str]) -> pd.Series[str]:
        """Return the group of each place in one grouping; OUTSIDE where it has none."""
        rows = self.places[self.places["grouping"] == grouping]
        found = pd.Series(rows["group"].to_numpy(), index=rows["place"].to_numpy())
        return found.reindex(list(places)).fillna(OUTSIDE)

    def group_order(self, grouping: str) -> list[str]:
        """Return the names of the groups of one place grouping, in file order, OUTSIDE last."""
        rows = self.places[self.places["grouping"] == grouping]
        return [g for g in dict.fromkeys(rows["group"]) if g != OUTSIDE] + [OUTSIDE]

    def names(self, column: str) -> dict[str, str]:
        """Return the names of groups in another column, such as ``group_zh``; {} without one."""
        found: dict[str, str] = {}
        for table in (self.places, self.regions):
            if column in table:
                known = table[["group", column]].dropna().astype(str)
                found |= dict(zip(known["group"], known[column], strict=True))
        return {name: other for name, other in found.items() if name != OUTSIDE and other}

    def resolve(
        self, pole: str | Mapping[str, float], regions: Sequence[str]
    ) -> dict[str, float] | list[str]:
        """Name the table regions that a pole stands for.

        Parameters
        ----------
        pole : str or mapping
            A region, a group of regions, {region: weight}, or a group of places: that stands for
            the whole regions it touches, weighed by the mass it has in each. A group that several
            groupings have is taken from "clusters", or else the first of them by name.
        regions : sequence of str
            The table's regions.

        Returns
        -------
        list of str, or dict of region to weight

        Raises
        ------
        ScenarioError
            Naming what was asked and the nearest names there are.
        """
        if not isinstance(pole, str):
            unknown = [name for name in pole if name not in regions]
            if unknown and not self.of_places:
                raise self._unknown(unknown, regions)
            return self._spread(pole, regions) if unknown else dict(pole)
        if pole in regions:
            return [pole]
        known, where, mass = set(regions), self.place_region, self.place_mass
        grouped = set(self.regions.loc[self.regions["group"] == pole, "region"])
        members = [r for r in regions if r in grouped]
        if not members and grouped and where is not None:  # a table of places, a group of regions
            members = [str(p) for p in where.index[where.isin(grouped)] if p in known]
        if members:
            return members
        rows = self.places[self.places["group"] == pole]
        if (rows["grouping"] == CLUSTERS).any():  # the grouping that a pole's name means first
            rows = rows[rows["grouping"] == CLUSTERS]
        places = rows.loc[rows["grouping"] == rows["grouping"].min(), "place"]
        if pole != OUTSIDE and known.issuperset(places) and len(places):  # a table of places
            return [str(p) for p in places]
        if pole != OUTSIDE and len(places) and where is not None and mass is not None:
            weight = mass.reindex(places).groupby(where.reindex(places)).sum()
            if self.of_places:
                return [r for r in regions if r in weight]
            return {str(r): float(weight[r] / weight.sum()) for r in regions if r in weight}
        raise self._unknown([pole], regions)

    def _spread(self, shares: Mapping[str, float], regions: Sequence[str]) -> dict[str, float]:
        """Shares of regions and groups of regions, those of groups spread by the mass of places."""
        where, mass = self.place_region, self.place_mass
        if where is None or mass is None:
            raise self._unknown(list(shares), regions)
        weight = pd.Series(mass.to_numpy(), index=where.reindex(mass.index).to_numpy())
        made: dict[str, float] = {}
        for name, share in shares.items():
            of_group = weight.reindex(list(self.resolve(name, regions)))
            for region, part in (of_group / of_group.sum()).items():
                made[str(region)] = made.get(str(region), 0.0) + share * float(part)
        return made

    def is_finer(self, pole: str | Mapping[str, float], regions: Sequence[str]) -> bool:
        """Tell whether a pole is a group of places, finer than the table."""
        named = set(self.regions["group"]) | set(regions)
        return isinstance(pole, str) and pole not in named and not self.of_places

    def _unknown(self, names: Sequence[str], regions: Sequence[str]) -> ScenarioError:
        groups = [*self.regions["group"], *self.places["group"]]
        known = [*(g for g in dict.fromkeys(groups) if g != OUTSIDE), *regions]
        hints = []
        for name in names[:5]:
            longer = [k for k in known if k.startswith(f"{name} (")]  # names with where they lie
            near = longer or difflib.get_close_matches(name, known, n=1)
            hints.append(
                f"'{name}'"
                + (f" (did you mean {' or '.join(map(repr, near[:5]))}?)" if near else "")
            )
        return ScenarioError(
            "A pole must be a region of the table, a group of regions or a cluster; found "
            f"{', '.join(hints)}."
        )

    def with_places(self, places: pd.DataFrame) -> Groupings:
        """Return groups in which the groupings found in `places` replace the shipped ones."""
        kept = self.places[~self.places["grouping"].isin(set(places["grouping"]))]
        return replace(self, places=pd.concat([kept, places], ignore_index=True))


def read_place_groups(path: str | Path, known: Sequence[str], *, grouping: str) -> pd.DataFrame:
    """Read a user's own grouping of places: a CSV with columns place, group (weight is optional).

    Raises
    ------
    ScenarioError
        When the file, a column or a place is missing; every unknown place is counted.
    """
    source = Path(path)
    if not source.is_file():
        raise ScenarioError(f"There is no file of groups at {source}.")
    try:
        rows = pd.read_csv(source, dtype=str)
    except (ValueError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{source} is not a CSV file that can be read: {error}") from error
    missing = {"place", "group"} - set(rows.columns)
    if missing:
        raise ScenarioError(
            f"{source} must have the columns place, group; {', '.join(sorted(missing))} is missing."
        )
    unknown = [p for p in rows["place"] if p not in set(known)]
    if unknown:
        raise ScenarioError(
            f"{source} names {len(unknown)} places that the network does not have: "
            f"{', '.join(unknown[:5])}. Places are given by their codes."
        )
    return rows.assign(grouping=grouping)[["grouping", "group", "place"]]


def rings_of(minutes: xr.DataArray, members: Sequence[str]) -> pd.Series[str]:
    """Return the ring of each place: in the pole, or its shortest time from any member of it.

    Parameters
    ----------
    minutes : DataArray (origin, destination)
        Door-to-door minutes.
    members : sequence of str
        Places of the pole.
    """
    nearest = minutes.sel(origin=list(members)).min("origin")
    values, codes = nearest.values, nearest["destination"].values
    names = np.full(values.shape, LAST_RING, dtype=object)
    for edge, name in reversed(RING_EDGES):
        names[values < edge] = name
    names[np.isin(codes, list(members))] = INSIDE
    return pd.Series(names, index=codes)


def allocation(
    groups: pd.Series[str], place_region: pd.Series[str], mass: pd.Series[float], order: list[str]
) -> xr.DataArray:
    """Return (group, region) weights: the share of each region's mass that lies in each group.

    Columns sum to one for every region that has places. Multiplying a regional figure by them
    spreads it over the groups in proportion to mass; nothing is gained or lost.
    """
    frame = pd.DataFrame(
        {"group": groups.reindex(place_region.index), "region": place_region, "mass": mass}
    )
    table = frame.pivot_table(
        index="group", columns="region", values="mass", aggfunc="sum", fill_value=0.0
    )
    table = table.reindex(order, fill_value=0.0)
    return xr.DataArray(
        (table / table.sum(axis=0)).to_numpy(),
        dims=("group", "region"),
        coords={"group": order, "region": list(table.columns)},
    )
