"""The verb ``network years``: what rail, roads and flights did to access between two years.

Owns the question: through which links did access change, and for whom?

Public names
------------
``network_years``   means by group, with the parts of the change
``YearsRequest``    what is asked of it

Minutes are the least door to door; a change is told with each cause changed first, last, and free
of order (``networks.change``).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from model.cli.network_access import dated_network, group_labels
from model.cli.text import aligned, amount, write, write_json
from model.errors import ScenarioError
from model.parameters import load_parameters

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from networks.dims import MainMode
    from networks.network import Network

__all__ = ["YearsRequest", "network_years"]

Format = Literal["text", "json", "csv"]
UNITS = {"weighted_mean": "min", "potential": "persons per minute", "daily": "persons"}


@dataclass(frozen=True, kw_only=True)
class YearsRequest:
    """Which network and years, which measure, by which modes, for which groups.

    Parameters
    ----------
    network
        Embedded name or folder.
    first, last
        Years; the last is the network's own when None.
    measure
        What is measured of the least minutes.
    modes
        Main modes; all when empty.
    by
        "place", "region" or a grouping; all people together when None.
    """

    network: str
    first: int
    last: int | None = None
    measure: Literal["weighted_mean", "potential", "daily"] = "weighted_mean"
    modes: tuple[MainMode, ...] = ()
    by: str | None = None


def network_years(request: YearsRequest, *, output_format: Format = "text") -> int:
    """Write the level in both years and what each cause adds to the change; 0.

    Raises
    ------
    ScenarioError
        Years in the wrong order, or none that the network knows.
    NetworkError
        When the network cannot be read, or a place is cut off in one of the states.
    """
    network = dated_network(request.network, request.last)
    last = network.year if request.last is None else request.last
    if last is None:
        raise ScenarioError(f"--last must be given: {request.network} is of no year")
    dated_network(request.network, request.first)  # refuses what the network does not know
    if not request.first < last:
        raise ScenarioError(f"--first must be before --last; found {request.first} and {last}")
    table, causes = _table(request, network, last)
    unit = UNITS[request.measure]
    if output_format == "csv":
        table.rename_axis(request.by or "group").to_csv(sys.stdout)
        return 0
    if output_format == "json":
        about = {"network": request.network, "measure": request.measure, "units": unit}
        records = table.rename_axis("group").reset_index().to_dict("records")
        write_json({**about, "groups": records})
        return 0
    write(f"{request.measure} [{unit}], means over people; each change free of order, then")
    write("changed first (all else as in the first year) / last (all else as in the last)", "")
    head = [request.by or "", str(request.first), str(last), "change", *causes]
    rows = []
    for name, one in table.iterrows():
        cells = [str(name), *(amount(float(one[k])) for k in ("first", "last", "change"))]
        for cause in causes:
            first, final = (amount(float(one[f"{cause}_{o}"])) for o in ("first", "last"))
            cells.append(f"{amount(float(one[cause]))} ({first} / {final})")
        rows.append(cells)
    write(*aligned(head, rows))
    return 0


def _table(request: YearsRequest, network: Network, last: int) -> tuple[pd.DataFrame, list[str]]:
    import pandas as pd

    from networks.change import (
        CAUSES,
        FastestOfYears,
        causes_of_modes,
        changed_causes,
        split_change,
    )
    from networks.dims import MAIN_MODES

    fastest = FastestOfYears(network)
    modes = request.modes or MAIN_MODES
    changed = changed_causes(network, (request.first, last))
    causes = [cause for cause in causes_of_modes(modes) if cause in changed]
    people = network.places["population"]

    def value(state: frozenset[str]) -> NDArray[np.float64]:
        years = {cause: last if cause in state else request.first for cause in CAUSES}
        minutes = fastest.minutes(years, modes=modes)
        return _measured(request, minutes["minutes"].to_numpy(), people.to_numpy(dtype=float))

    parts, at = split_change(value, causes)
    columns = {"first": at[frozenset()], "last": at[frozenset(causes)]}
    columns["change"] = columns["last"] - columns["first"]
    for cause in causes:
        columns[cause] = parts["order-free"][cause]
        columns[f"{cause}_first"] = parts["first"][cause]
        columns[f"{cause}_last"] = parts["last"][cause]
    by_place = pd.DataFrame(columns, index=network.places.index)
    if request.by == "place":
        return by_place.set_axis(pd.Index(network.places["name"], name="place")), causes
    if request.by is None:
        labels = pd.Series("all people", index=people.index)
    else:
        labels = group_labels(network, request.network, request.by)
    weighted = by_place.mul(people, axis=0).groupby(labels.to_numpy(), sort=False).sum()
    totals = people.groupby(labels.to_numpy(), sort=False).sum()
    return weighted.div(totals, axis=0), causes


def _measured(
    request: YearsRequest, minutes: NDArray[np.float64], people: NDArray[np.float64]
) -> NDArray[np.float64]:
    import numpy as np

    parameters = load_parameters()
    if request.measure == "potential":
        return np.asarray(minutes ** -parameters.get("potential_decay") @ people)
    if request.measure == "daily":
        back = minutes + minutes.T
        return np.asarray((back <= 2 * parameters.get("daily_minutes")) @ people)
    if not np.isfinite(minutes).all():
        lost = int((~np.isfinite(minutes)).sum())
        raise ScenarioError(
            f"a mean over all people needs a way between all places; {lost} pairs have none by "
            "these modes in one of the years: add a mode, or take --measure potential"
        )
    return np.asarray(minutes @ people / people.sum())
