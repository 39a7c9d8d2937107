"""Patches in files: JSON and TOML.

Public names
------------
read_patches : patches of a file
write_patches : patches into a file, by the ending of its name

Terms
-----
A file has ``schema = 1`` and a list ``patches``; each has name, note and a list ``edits``, each
with ``do`` and what that edit says. Numbers come back to the last bit.
"""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from networks.errors import InvalidNetwork, MissingNetwork
from networks.patches import Patch, patch_from_dict, patch_to_dict

SCHEMA = 1


def write_patches(patches: Sequence[Patch], path: str | Path) -> Path:
    """Write patches as ``.json`` or ``.toml``; return the path.

    Raises
    ------
    InvalidNetwork
        Another ending.
    """
    path = Path(path)
    values = {"schema": SCHEMA, "patches": [patch_to_dict(p) for p in patches]}
    if path.suffix == ".json":
        text = json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    elif path.suffix == ".toml":
        text = _toml(values)
    else:
        raise InvalidNetwork(f"Patches are written as .json or .toml; found {path.name!r}.")
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def read_patches(path: str | Path) -> tuple[Patch, ...]:
    """Return the patches of a ``.json`` or ``.toml`` file.

    Raises
    ------
    MissingNetwork
        There is no such file.
    InvalidNetwork
        It is not in the format; what is wrong is named.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingNetwork(f"There is no file of patches {str(path)!r}.")
    if path.suffix not in (".json", ".toml"):
        raise InvalidNetwork(f"Patches are read from .json or .toml; found {path.name!r}.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # both decoders raise kinds of ValueError
        kind = path.suffix[1:].upper()
        raise InvalidNetwork(f"{str(path)!r} must be {kind} in UTF-8: {error}.") from error
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        found = values.get("schema") if isinstance(values, dict) else type(values).__name__
        raise InvalidNetwork(f"{path.name} must say schema = {SCHEMA}; found {found!r}.")
    patches = values.get("patches")
    if not isinstance(patches, list):
        raise InvalidNetwork(f"{path.name} must have a list 'patches'.")
    return tuple(patch_from_dict(p) for p in patches)


def _toml(values: dict[str, Any]) -> str:
    lines = [f"schema = {values['schema']}", ""]
    for patch in values["patches"]:
        lines += ["[[patches]]", f"name = {_cell(patch['name'])}", f"note = {_cell(patch['note'])}"]
        for edit in patch["edits"]:
            lines += ["", "[[patches.edits]]"]
            lines += [f"{_cell(k)} = {_cell(v)}" for k, v in edit.items()]
        if not patch["edits"]:
            lines.append("edits = []")
        lines.append("")
    if not values["patches"]:
        lines.append("patches = []")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_cell(k)} = {_cell(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_cell(v) for v in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    # JSON text is TOML text but for the one control character that JSON leaves alone
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
