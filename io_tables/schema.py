"""Which variables a table may have, with which dims, units and bounds.

Public names: `SCHEMA`, the rows of `schema.csv` by variable; `VariableSchema`.

`dims` lists the permitted alternatives in canonical order; `required` is "yes", "no" or the one
kind of table that needs it; `bounds` is "finite" or "nonnegative". The table drives the checks
of `checks.py` and the page of the guide about the data model.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from io_tables.dims import Kind


@dataclass(frozen=True)
class VariableSchema:
    """One row of `schema.csv`."""

    name: str
    kind: str
    dims: tuple[tuple[str, ...], ...]
    units: str
    required: str
    bounds: str
    description: str

    def allowed(self, kind: Kind) -> bool:
        """Whether a table of this kind may have the variable."""
        return self.kind in ("both", kind)

    def needed(self, kind: Kind) -> bool:
        """Whether a table of this kind must have the variable."""
        return self.allowed(kind) and self.required in ("yes", kind)


def _read_schema() -> dict[str, VariableSchema]:
    text = files("io_tables").joinpath("schema.csv").read_text(encoding="utf-8")
    return {
        row["variable"]: VariableSchema(
            name=row["variable"],
            kind=row["kind"],
            dims=tuple(tuple(choice.split()) for choice in row["dims"].split("|")),
            units=row["units"],
            required=row["required"],
            bounds=row["bounds"],
            description=row["description"],
        )
        for row in csv.DictReader(text.splitlines())
    }


SCHEMA: Final = _read_schema()
