"""The verb ``network info``.

Owns the question: what is in this network?

Public names
------------
``network_info``     facts to standard output; the exit code
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from model.cli.text import aligned, amount, write, write_json

if TYPE_CHECKING:
    from networks.network import Network

__all__ = ["network_info"]

Format = Literal["text", "json", "csv"]


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
