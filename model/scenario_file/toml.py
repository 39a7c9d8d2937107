"""Writing a scenario back as TOML that reads the same.

Owns the question: how is a mapping of plain values written as a TOML file? The standard library
reads TOML and does not write it.

Public names
------------
``toml_text``    mapping in, text out: values first, then ``[blocks]``, then ``[[lists of blocks]]``
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["toml_text"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(data: Mapping[str, Any]) -> str:
    """Write a mapping as TOML, one level of blocks deep; deeper mappings become inline tables.

    Parameters
    ----------
    data
        Texts, numbers, booleans, lists, mappings, and lists of mappings.

    Raises
    ------
    TypeError
        For a value that TOML has no form for.
    """
    values: list[str] = []
    blocks: list[str] = []
    for key, value in data.items():
        if isinstance(value, Mapping):
            blocks.append("\n".join([f"[{_key(key)}]", *_pairs(value)]))
        elif _is_blocks(value):
            blocks.extend("\n".join([f"[[{_key(key)}]]", *_pairs(one)]) for one in value)
        else:
            values.append(f"{_key(key)} = {_value(value)}")
    return "\n\n".join(["\n".join(values), *blocks]).strip() + "\n"


def _is_blocks(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)


def _pairs(data: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in data.items()]


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(value: str) -> str:
    # JSON escapes what TOML escapes, except DEL, which TOML wants escaped as well
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_pairs(value)) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    raise TypeError(f"TOML has no form for {type(value).__name__}: {value!r}")
