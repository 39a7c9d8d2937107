"""Which flow a row of a long table is.

Public names:
- `Coding`: labels of a table, and for every variable what its rows say in the four key columns.
- `KEYS`: these columns.
- `coding_of`: the coding of a described table.

    variable         region_from  sector_from       region_to  sector_to
    flows            origin       sector            buyer      sector
    final_demand     origin       sector            place      final:<category>
    exports          origin       sector                       final:exports
    discrepancy      origin       sector                       final:discrepancy
    output           origin       sector                       total:output
    domestic_use                  sector            buyer      sector          (pooled tables)
    demand                        sector            place      final:<category>
    trade_share      origin       sector            place      share:
    imported_use                  import:<product>  buyer      sector
    imported_demand               import:<product>  place      final:<category>
    value_added                   primary:<kind>    buyer      sector
    taxes                         taxes             buyer      sector
    final_taxes                   taxes             place      final:<category>
    stressor_use                  stressor:<name>   buyer      sector
    stressor_demand               stressor:<name>   place      final:<category>
    population                    population        region
    employment                    employment        region     sector, or blank

Where a place is not told its column is blank. A row is told by what its four labels are: a
product and a blank origin is use of the product from anywhere, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from io_tables.container.flows import CELLS, POSITIONS
from io_tables.dims import IMPORT_PRODUCT
from io_tables.errors import InvalidTable
from io_tables.labels import shown

KEYS: Final = ("region_from", "sector_from", "region_to", "sector_to")
FINAL, IMPORT, PRIMARY, STRESSOR = "final:", "import:", "primary:", "stressor:"
PREFIXES: Final = (FINAL, IMPORT, PRIMARY, STRESSOR)
LITERALS: Final = {
    "exports": "final:exports",
    "discrepancy": "final:discrepancy",
    "output": "total:output",
    "share": "share:",
    "taxes": "taxes",
    "population": "population",
    "employment": "employment",
}
_RESERVED: Final = frozenset(LITERALS.values())
Class = str
"""What a label is: "region", "sector", "category", "import", ..., a literal, or "" for a blank."""
Signature = tuple[Class, Class, Class, Class]


def _signature(variable: str, dims: Sequence[str]) -> tuple[Signature, tuple[int, ...]]:
    """Classes of the four columns, and for every dim the column that holds its label."""
    place = "region" if any(d in dims for d in ("region", "region_to")) else ""
    at = {name: KEYS.index(name) for name in KEYS}
    made = {"region": 0, "sector": 1, "region_to": 2, "category": 3, "sector_to": 3}
    bought = {"region": 2, "sector": 3, "category": 3, "sector_from": 1}
    if variable == CELLS[0]:
        return ("region", "sector", "region", "sector"), (0, 1, 2, 3)
    if variable == "flows":
        return ("region", "sector", "region", "sector"), tuple(at[d] for d in dims)
    if variable == "final_demand":
        told = "region" if "region_to" in dims else ""
        return ("region", "sector", told, "category"), tuple(made[d] for d in dims)
    if variable in ("exports", "discrepancy", "output"):
        return ("region", "sector", "", variable), tuple(made[d] for d in dims)
    if variable == "domestic_use":
        return ("", "sector", "region", "sector"), tuple(bought[d] for d in dims)
    if variable == "demand":
        columns = {"region": 2, "sector": 1, "category": 3}
        return ("", "sector", "region", "category"), tuple(columns[d] for d in dims)
    if variable == "trade_share":
        columns = {"sector": 1, "region_from": 0, "region_to": 2}
        return ("region", "sector", "region", "share"), tuple(columns[d] for d in dims)
    if variable == "imported_use":
        columns = {"sector_from": 1, "import_product": 1, "region": 2, "sector": 3}
        return ("", "import", "region", "sector"), tuple(columns[d] for d in dims)
    if variable == "imported_demand":
        columns = {"sector": 1, "import_product": 1, "region": 2, "category": 3}
        return ("", "import", place, "category"), tuple(columns[d] for d in dims)
    rows = {
        "value_added": "primary",
        "taxes": "taxes",
        "final_taxes": "taxes",
        "stressor_use": "stressor",
        "stressor_demand": "stressor",
        "population": "population",
        "employment": "employment",
    }
    last = "sector" if "sector" in dims else "category" if "category" in dims else ""
    columns = {"primary": 1, "stressor": 1, "region": 2, "sector": 3, "category": 3}
    return ("", rows[variable], place, last), tuple(columns[d] for d in dims)


@dataclass(frozen=True)
class Coding:
    """Labels of a table by dim, and the dims of its variables.

    `imports` are the labels of imported products: the sectors, or rows of their own.
    """

    regions: list[str]
    sectors: list[str]
    categories: list[str]
    primaries: list[str]
    imports: list[str]
    stressors: list[str]
    variables: Mapping[str, tuple[str, ...]]

    def check(self) -> None:
        """Refuse labels that a long table could not tell from its own words."""
        odd = [
            s
            for s in self.sectors
            if s.casefold() in _RESERVED or s.casefold().startswith(PREFIXES) or not s
        ]
        if odd:
            raise InvalidTable(
                f"a long table has its own meaning for the sector names {shown(odd)}; rename them"
            )

    @cached_property
    def signatures(self) -> dict[Signature, tuple[str, tuple[int, ...]]]:
        """Variable and column of every dim, by the classes of the four columns."""
        found: dict[Signature, tuple[str, tuple[int, ...]]] = {}
        for variable, dims in self.variables.items():
            signature, columns = _signature(variable, dims)
            found[signature] = (variable, columns)
        return found

    def classes(self, key: str) -> dict[str, tuple[Class, int]]:
        """Class and position of every label that may stand in a column."""
        found: dict[str, tuple[Class, int]] = {"": ("", 0)}
        blocks: list[tuple[Class, str, Iterable[str]]]
        if key.startswith("region"):
            blocks = [("region", "", self.regions)]
        elif key == "sector_from":
            blocks = [
                ("sector", "", self.sectors),
                ("import", IMPORT, self.imports),
                ("primary", PRIMARY, self.primaries),
                ("stressor", STRESSOR, self.stressors),
            ]
            found |= {LITERALS[w]: (w, 0) for w in ("taxes", "population", "employment")}
        else:
            blocks = [("sector", "", self.sectors), ("category", FINAL, self.categories)]
            found |= {LITERALS[w]: (w, 0) for w in ("exports", "discrepancy", "output", "share")}
        for name, prefix, labels in blocks:
            for position, label in enumerate(labels):
                found[prefix + label] = (name, position)
        return found

    def label(self, variable: str, column: int) -> tuple[str, list[str]]:
        """Prefix and labels of what a variable has in a column; one label where it is a word."""
        signature, _ = _signature(variable, self.variables[variable])
        name = signature[column]
        return {
            "region": ("", self.regions),
            "sector": ("", self.sectors),
            "category": (FINAL, self.categories),
            "import": (IMPORT, self.imports),
            "primary": (PRIMARY, self.primaries),
            "stressor": (STRESSOR, self.stressors),
            "": ("", [""]),
        }.get(name, ("", [LITERALS.get(name, name)]))

    def columns_of(self, variable: str) -> tuple[int, ...]:
        """Column that holds the label of every dim of a variable."""
        return _signature(variable, self.variables[variable])[1]


def coding_of(description: Mapping[str, Any]) -> Coding:
    """Return the coding of a description (`io_tables.container.portable`)."""
    labels = {name: coord["labels"] for name, coord in description["coords"].items()}
    variables = {
        name: tuple(one["dims"])
        for name, one in description["variables"].items()
        if name not in POSITIONS  # what these say stands in the rows of the flows
    }
    imports = labels.get(IMPORT_PRODUCT, labels["sector"])
    return Coding(
        labels["region"], labels["sector"], labels.get("category", []),
        labels.get("primary", []), imports, labels.get("stressor", []), variables,
    )  # fmt: skip
