"""From the source data to the committed tables of the Chinese network: run me from a checkout.

``python -m networks.china.build`` reads ``../shared/data`` beside the checkout and the tables
compiled by hand in ``networks/china/hand``, and writes

- ``places.csv``, ``groups.csv``, ``rail_stops.csv``, ``rail_links.csv``, ``rail_lines.csv``:
  figures of statistics, of the timetable and of the line list;
- ``border_places.csv``: county towns, ports and passes on the border;
- ``odbl/road_links.csv``, ``odbl/border_links.csv``, ``odbl/airports.csv``, ``odbl/air_links.csv``:
  what derives from OpenStreetMap and OpenFlights.

Where each figure comes from is told in ``SOURCES.md`` and ``odbl/SOURCES.md``.
"""

import sys
from pathlib import Path

import pandas as pd

from networks.china.build_air import build_air
from networks.china.build_border import build_border
from networks.china.build_groups import build_groups
from networks.china.build_places import build_places
from networks.china.build_road import build_road
from networks.china.build_services import build_rail

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "data"
LINK_COLUMNS = [
    "from_node",
    "to_node",
    "mode",
    "line",
    "km",
    "minutes",
    "money",
    "trains_per_day",
    "year_opened",
    "year_closed",
    "status",
    "note",
]


def _keyed(links: pd.DataFrame) -> pd.DataFrame:
    """Return links with stable keys made of mode, line and ends, in the order of the keys."""
    links = links.reindex(columns=LINK_COLUMNS)
    line = links["line"].astype(object).where(links["line"].notna(), "").astype(str)
    corridor = line.str.fullmatch(r"[HC]\d{3} .*")
    short = line.str.split(" ").str[0].where(corridor, line.str.replace(" ", "-"))
    mode = links["mode"].str.replace("rail_", "")
    head = mode.where(line == "", short)
    expressway = links["note"].eq("expressway").map({True: ":expressway", False: ""})
    key = head + ":" + links["from_node"] + ":" + links["to_node"] + expressway
    if key.duplicated().any():
        raise ValueError(f"links given twice: {sorted(key[key.duplicated()])[:5]}")
    return links.set_axis(pd.Index(key, name="link"), axis=0).sort_index(kind="stable")


def build_tables() -> dict[str, str]:
    """Return every table as CSV text, keyed by its name inside this folder."""
    hand = HERE / "hand"
    places = build_places(SHARED, hand)
    stops, rail, lines = build_rail(SHARED, hand, places)
    road = build_road(SHARED, hand, places)
    airports, air = build_air(SHARED, places)
    border, ways = build_border(SHARED, hand, places, stops)
    keyed = {
        "places.csv": places,
        "rail_stops.csv": stops,
        "border_places.csv": border,
        "odbl/airports.csv": airports,
    }
    links = {
        "rail_links.csv": rail,
        "odbl/road_links.csv": road,
        "odbl/border_links.csv": ways,
        "odbl/air_links.csv": air,
    }
    keyed |= {name: _keyed(table).dropna(axis=1, how="all") for name, table in links.items()}
    plain = {"groups.csv": build_groups(SHARED, hand, places), "rail_lines.csv": lines}
    texts = {name: table.to_csv(lineterminator="\n") for name, table in keyed.items()}
    return texts | {n: t.to_csv(index=False, lineterminator="\n") for n, t in plain.items()}


def main() -> None:
    """Build and write every table."""
    if not SHARED.is_dir():
        sys.exit(f"The source data are expected in {SHARED}; they are not there.")
    for name, text in build_tables().items():
        (HERE / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}: {text.count(chr(10)) - 1} rows, {len(text.encode()) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
