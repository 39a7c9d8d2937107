"""Names of dimensions, kinds, modes and statuses, spelled once for the whole package.

Public names
------------
NODE, LINK, MODE, ORIGIN, DESTINATION, PLACE, REGION : dimension and index names
NODE_KINDS, LINK_MODES, LINK_STATUSES, MAIN_MODES, PURPOSES : closed vocabularies
MODES_OF : which link modes a main mode runs on, by purpose

Terms
-----
A *link mode* says what a link is (``rail_hsr``); a *main mode* says how a trip is made (``rail``:
road access, any train, road egress). A *place* is a node that is a zone; stops and airports are
passed through and are never a zone.
"""

from typing import Literal

NODE = "node"
LINK = "link"
MODE = "mode"
ORIGIN = "origin"
DESTINATION = "destination"
PLACE = "place"
REGION = "region"

NodeKind = Literal["place", "stop", "airport"]
LinkMode = Literal["road", "ferry", "rail_conventional", "rail_hsr", "air", "access"]
LinkStatus = Literal["timetable", "published", "interpolated", "speed", "assumption"]
MainMode = Literal["road", "rail", "air"]
Purpose = Literal["passenger", "freight"]

NODE_KINDS: tuple[NodeKind, ...] = ("place", "stop", "airport")
LINK_MODES: tuple[LinkMode, ...] = (
    "road",
    "ferry",
    "rail_conventional",
    "rail_hsr",
    "air",
    "access",
)
LINK_STATUSES: tuple[LinkStatus, ...] = (
    "timetable",
    "published",
    "interpolated",
    "speed",
    "assumption",
)
MAIN_MODES: tuple[MainMode, ...] = ("road", "rail", "air")
PURPOSES: tuple[Purpose, ...] = ("passenger", "freight")

# A high-speed line and a passenger aircraft carry no goods here: freight never rides on them.
MODES_OF: dict[Purpose, dict[MainMode, tuple[LinkMode, ...]]] = {
    "passenger": {
        "road": ("road", "ferry"),
        "rail": ("rail_conventional", "rail_hsr"),
        "air": ("air",),
    },
    "freight": {"road": ("road", "ferry"), "rail": ("rail_conventional",)},
}
