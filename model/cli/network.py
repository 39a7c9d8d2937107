"""The verbs ``network info`` and ``network access``.

Owns the question: what is in this network, and which of its places are near to people?

Public names
------------
``network_info``     facts to standard output; the exit code
``network_access``   places ranked by accessibility
``AccessRequest``    what is asked of it
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from model.cli.text import aligned, amount, write, write_json
from model.errors import ScenarioError
from model.parameters import load_parameters

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from networks.network import Network

__all__ = ["AccessRequest", "network_access", "network_info"]

Format = Literal["text", "json", "csv"]
AccessMeasure = Literal["weighted_mean", "potential", "daily", "cumulative", "efficiency"]

LOWER_IS_BETTER = ("weighted_mean", "efficiency")


@dataclass(frozen=True, kw_only=True)
class AccessRequest:
    """Which network, which measure, and how many places to show.

    Parameters
    ----------
    network
        Embedded name or folder.
    measure
        "weighted_mean" (to the average person) and "efficiency" (over a straight line): lower is
        better; "potential" (persons over minutes to the power `decay`), "daily" (persons to visit
        and be back) and "cumulative" (persons within `tmax`): higher is better.
    of
        Fastest minutes or least generalised cost.
    tmax, decay
        Limit one way and exponent; those of the parameters table when None.
    top
        The best N places only.
    """

    network: str
    measure: AccessMeasure = "weighted_mean"
    of: Literal["minutes", "cost"] = "minutes"
    tmax: float | None = None
    decay: float | None = None
    top: int | None = None


def network_info(source: str, *, output_format: Format = "text") -> int:
    """Write what a network holds; 0, also when places are cut off."""
    from model.sources import open_network  # loads pandas; a mistyped word is answered before that

    facts = _facts(open_network(source))
    if output_format == "json":
        write_json(facts)
        return 0
    year = f", {facts['year']}" if facts["year"] is not None else ""
    write(f"{facts['name']}{year}")
    write(f"{amount(facts['population'])} persons in {facts['nodes'].get('place', 0)} places", "")
    write(*aligned(("nodes", "number"), [(k, f"{v:,}") for k, v in facts["nodes"].items()]), "")
    rows = [
        (mode, f"{one['links']:,}", amount(one["km"]), amount(one["mean_kmh"]))
        for mode, one in facts["modes"].items()
    ]
    write(*aligned(("mode", "links", "km", "km/h"), rows), "")
    basis = [(status, f"{number:,}") for status, number in facts["link_status"].items()]
    write(*aligned(("times rest on", "links"), basis))
    lost = [f"  {place}: {why}" for place, why in facts["unreachable"].items()]
    write("", *(["places that cannot be reached", *lost] if lost else ["every place is reachable"]))
    if facts["notes"]:
        write("", "notes", *(f"  {note}" for note in facts["notes"]))
    return 0


def network_access(request: AccessRequest, *, output_format: Format = "text") -> int:
    """Write the places ranked by accessibility, best first.

    Raises
    ------
    ScenarioError
        For a number out of range.
    NetworkError
        When the network cannot be read or a place cannot be reached.
    """
    for name, value in (("--tmax", request.tmax), ("--decay", request.decay)):
        if value is not None and not 0 < value < float("inf"):
            raise ScenarioError(f"{name} must be above 0; found {value:g}")
    if request.top is not None and request.top < 1:
        raise ScenarioError(f"--top must be at least 1; found {request.top}")
    values = _values(request)
    ranked = _ranked(request, values)
    unit = str(values.attrs["units"]).replace("mass", "persons")
    if output_format == "csv":
        ranked.rename(columns={"value": f"{request.measure} [{unit}]"}).to_csv(
            sys.stdout, index=False
        )
        return 0
    if output_format == "json":
        about = {"network": request.network, "measure": request.measure, "units": unit}
        write_json({**about, "places": ranked.to_dict("records")})
        return 0
    better = "lower" if request.measure in LOWER_IS_BETTER else "higher"
    write(f"{values.attrs.get('long_name', request.measure)} [{unit}], {better} is better", "")
    rows = [
        [
            str(n),
            str(one["name"]),
            str(one["region"]),
            amount(one["population"]),
            amount(one["value"]),
        ]
        for n, one in enumerate(ranked.to_dict("records"), 1)
    ]
    write(*aligned(("", "place", "region", "persons", request.measure), rows, left=3))
    return 0


def _values(request: AccessRequest) -> xr.DataArray:
    """Return the measure by place code, persons as mass."""
    from model.sources import open_network
    from networks.accessibility import accessibility
    from networks.skim import skim

    network = open_network(request.network)
    parameters = load_parameters()
    travel = skim(
        network,
        by=request.of,
        parameters={"value_of_time": parameters.get("value_of_time")},
    )
    decay = parameters.get("potential_decay") if request.decay is None else request.decay
    limit = parameters.get("daily_minutes") if request.tmax is None else request.tmax
    values = accessibility(
        travel,
        network.places["population"],
        request.measure,
        of=request.of,
        beta=decay if request.measure == "potential" else None,
        cutoff=limit if request.measure in ("daily", "cumulative") else None,
    )
    places = network.places.loc[values["place"].values]
    return values.assign_coords(
        {name: ("place", places[name].to_numpy()) for name in ("name", "region", "population")}
    )


def _ranked(request: AccessRequest, values: xr.DataArray) -> pd.DataFrame:
    """Return code, name, region, population and value, best place first."""
    frame = values.to_dataframe(name="value").reset_index()
    frame = frame.sort_values(
        "value", ascending=request.measure in LOWER_IS_BETTER, kind="stable", ignore_index=True
    )
    columns = ["place", "name", "region", "population", "value"]
    return frame[columns].head(len(frame) if request.top is None else request.top)


def _facts(network: Network) -> dict[str, Any]:
    links = network.links
    modes = {}
    for mode in network.modes:
        one = links[links["mode"] == mode]
        km, hours = float(one["km"].sum()), float(one["minutes"].sum()) / 60.0
        modes[mode] = {"links": len(one), "km": km, "mean_kmh": km / hours if hours else 0.0}
    return {
        "name": network.name,
        "year": network.year,
        "population": float(network.places["population"].sum()),
        "nodes": {str(k): int(v) for k, v in network.nodes["kind"].value_counts().items()},
        "modes": modes,
        "link_status": {str(k): int(v) for k, v in links["status"].value_counts().items()},
        "unreachable": {str(k): str(v) for k, v in network.unreachable().items()},
        "notes": list(network.notes),
    }
