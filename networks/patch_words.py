"""Edits as planners say them: "upgrade 成都-重庆 to 350 km/h", "close airport Daxing".

Public names
------------
patch_from_text : a patch from one or more sentences
FORMS : the sentences that are understood

Terms
-----
Places may be given by English or Chinese name or by key, joined by a dash; where a name has a dash
itself, put blanks round the dashes between names. Sentences are parted by ``;``, ``；``,
``。`` or a line end.
"""

import re

from networks.errors import InvalidNetwork
from networks.patch_words_zh import FORMS_ZH, edit_from_chinese
from networks.patches import Edit, Patch, make_edit

FORMS = (
    "upgrade A-B[-C ...] to V km/h [by MODE] [as MODE]",
    "upgrade line NAME to V km/h [as MODE]",
    "close A-B[-C ...] [by MODE]",
    "close line NAME",
    "close airport NAME",
    "close station NAME",
    "build A-B[-C ...] as MODE at V km/h with N trains a day [called NAME]",
)
NUMBER = r"(\d+(?:\.\d+)?)"
MODES = {
    "high-speed rail": "rail_hsr",
    "high-speed line": "rail_hsr",
    "hsr": "rail_hsr",
    "rail": "rail_conventional",
    "railway": "rail_conventional",
    "motorway": "road",
    "expressway": "road",
    "flight": "air",
}
UPGRADE = re.compile(
    rf"upgrade\s+(?P<line>line\s+)?(?P<what>.+?)\s+to\s+{NUMBER}\s*km/?h"
    r"(?:\s+by\s+(?P<mode>[\w -]+?))?(?:\s+as\s+(?P<to>[\w -]+?))?",
    re.IGNORECASE,
)
CLOSE = re.compile(
    r"close\s+(?:(?P<kind>line|airport|station|stop)\s+)?(?P<what>.+?)"
    r"(?:\s+by\s+(?P<mode>[\w -]+?))?",
    re.IGNORECASE,
)
BUILD = re.compile(
    rf"build\s+(?P<what>.+?)\s+as\s+(?P<mode>[\w -]+?)\s+at\s+{NUMBER}\s*km/?h\s+with\s+{NUMBER}"
    r"\s+(?:trains|departures|flights)\s+a\s+day(?:\s+called\s+(?P<name>.+))?",
    re.IGNORECASE,
)


def patch_from_text(text: str, *, name: str | None = None) -> Patch:
    """Return the patch that the sentences tell.

    Parameters
    ----------
    text
        Sentences of ``FORMS`` or, in Chinese, of ``networks.patch_words_zh.FORMS_ZH``.
    name
        What the patch is called; the text itself when left out.

    Raises
    ------
    InvalidNetwork
        A sentence that is not understood; the forms are listed.
    """
    sentences = [s.strip().rstrip(".") for s in re.split(r"[;\n；。]", text) if s.strip()]
    if not sentences:
        raise InvalidNetwork("A patch needs a sentence; found none.")
    edits = tuple(_edit(s) for s in sentences)
    return Patch(name or "; ".join(sentences), edits)


def _stops(text: str) -> list[str]:
    if re.search(r"\s[-–—]\s", text):
        parts = re.split(r"\s[-–—]\s", text)
    else:
        parts = re.split(r"[-–—]", text)
    return [p.strip() for p in parts if p.strip()]


def _mode(word: str | None) -> str | None:
    return None if word is None else MODES.get(word.strip().casefold(), word.strip().casefold())


def _edit(sentence: str) -> Edit:
    if match := UPGRADE.fullmatch(sentence):
        says: dict[str, object] = {"speed_kmh": float(match[3])}
        says |= {"line": match["what"]} if match["line"] else {"between": _stops(match["what"])}
        optional = {"mode": _mode(match["mode"]), "to": _mode(match["to"])}
        return make_edit("upgrade", says | {k: v for k, v in optional.items() if v})
    if match := BUILD.fullmatch(sentence):
        return make_edit(
            "add_line",
            {
                "mode": _mode(match["mode"]),
                "stops": _stops(match["what"]),
                "speed_kmh": float(match[3]),
                "trains_per_day": float(match[4]),
                "name": match["name"],
            },
        )
    if match := CLOSE.fullmatch(sentence):
        kind = (match["kind"] or "").casefold()
        mode = {"mode": _mode(match["mode"])} if match["mode"] else {}
        if kind == "line":
            return make_edit("close", {"line": match["what"], **mode})
        if kind:
            kind = "airport" if kind == "airport" else "station"
            return make_edit("close", {"node": match["what"], "kind": kind, **mode})
        stops = _stops(match["what"])
        if len(stops) > 1:
            return make_edit("close", {"between": stops, **mode})
    if (edit := edit_from_chinese(sentence)) is not None:
        return edit
    forms = "; ".join((*FORMS, *FORMS_ZH))
    raise InvalidNetwork(f"{sentence!r} is not understood. Say one of: {forms}.")
