"""What a run says about itself: assumptions, inputs, versions.

Owns the question: on which numbers, data and software does a result rest?

Public names
------------
``assumption_records``  parameters of model and network with ranges, units and sources
``input_hashes``        SHA-256 of the table's and the network's contents
``versions``            packages that touched the numbers
``CLOSURES``            the closure of final demand in one sentence
"""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from io_tables.table import RegionalTable
from model.parameters import Parameters
from model.results import AssumptionRecord
from networks.network import Network

__all__ = ["CLOSURES", "assumption_records", "input_hashes", "versions"]

CLOSURES = {
    "spending": (
        "Spending: the money each region spends on each product and category stays as it is; "
        "cheaper delivery is read as more real consumption."
    ),
    "real": (
        "Real: the quantities each region buys stay as they are; cheaper delivery is read as "
        "primary inputs saved, so output and value added fall: that is the gain, not a loss."
    ),
}
PACKAGES = ("hinterland", "numpy", "scipy", "pandas", "xarray", "numba", "h5netcdf")


def assumption_records(parameters: Parameters, network: Network) -> tuple[AssumptionRecord, ...]:
    """Return every parameter of the model and of the network's generalised cost."""
    made: list[AssumptionRecord] = []
    for one in parameters.records():
        made.append(
            {
                "name": str(one["name"]),
                "value": _plain(one["value"]),
                "low": _plain(one["low"]),
                "high": _plain(one["high"]),
                "unit": str(one["unit"]),
                "source": str(one["source"]),
                "assumption": bool(one["assumption"]),
                "description": parameters.spec(str(one["name"])).description,
            }
        )
    for _, row in network.parameters.table.iterrows():
        if row["parameter"] == "value_of_time" and row["purpose"] == "passenger":
            continue  # the model's own value replaces it
        where = ", ".join(str(w) for w in (row["mode"], row["purpose"]) if w)
        made.append(
            {
                "name": f"{row['parameter']} ({where})" if where else str(row["parameter"]),
                "value": float(row["value"]),
                "low": float(row["low"]),
                "high": float(row["high"]),
                "unit": str(row["unit"]),
                "source": str(row["source"]),
                "assumption": bool(row["assumption"]),
                "description": str(row["description"]),
            }
        )
    return tuple(made)


def _plain(value: object) -> float | str:
    return float(value) if isinstance(value, int | float) else str(value)


def input_hashes(table: RegionalTable, network: Network) -> dict[str, str]:
    """Return SHA-256 of what the run was computed from: contents, not files."""
    economy = hashlib.sha256()
    for name in sorted(str(n) for n in table.data.variables):
        values = table.data[name].values
        economy.update(name.encode())
        if values.dtype.kind in "fiub":
            economy.update(np.ascontiguousarray(values).tobytes())
        else:
            economy.update("\x1f".join(map(str, values.ravel())).encode())
    ways = hashlib.sha256()
    for frame in (network.nodes, network.links, network.parameters.table):
        ways.update(frame.to_csv(lineterminator="\n").encode())
    return {
        f"table {table.name}": economy.hexdigest(),
        f"network {network.name}": ways.hexdigest(),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that touched the numbers."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a package"
    return found
