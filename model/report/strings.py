"""The words of the report: every sentence it can say, in one table per language.

Owns the question "what does the report say, in this language?". Nothing else in the package
holds a sentence; a second language is a second file ``strings_<language>.toml`` with the same keys.

- `Strings`: a table of words; call it with a key and the fields of the sentence.
- `read_strings`: the table of one language; `LANGUAGES`: those there are.

Terms: a *key* is ``section.name``; a *field* is a ``{placeholder}`` in a sentence; a *name* is a
coordinate value of the result (a case, a measure, a part) that may have a wording of its own and is
shown as it stands when it has none. ``**`` around words makes them bold in prose.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

__all__ = ["LANGUAGES", "Strings", "read_strings"]

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Strings:
    """The words of one language.

    Parameters
    ----------
    language
        Language code, for the page's ``lang`` attribute.
    entries
        Flat mapping from ``section.name`` to a sentence with ``{fields}``.
    used
        Keys that were asked for so far (a test holds that none is left over).
    """

    language: str
    entries: Mapping[str, str]
    used: set[str] = field(default_factory=set, compare=False, repr=False)

    def __call__(self, key: str, /, **fields: object) -> str:
        """Give the sentence of a key with its fields filled in.

        Raises
        ------
        KeyError
            No such key in this language, or a field of the sentence was not given.
        """
        self.used.add(key)
        return self.entries[key].format(**fields)

    def name(self, kind: str, value: object) -> str:
        """Give the wording of a coordinate value, or the value itself when it has none."""
        key = f"{kind}.{value}"
        return self(key) if key in self.entries else str(value)

    def has(self, key: str) -> bool:
        """Say whether this language has the key."""
        return key in self.entries

    def listed(self, words: Iterable[str], between: str = "comma") -> str:
        """Put words in a row, parted by the language's ``"comma"`` or ``"semicolon"``."""
        return self(f"word.{between}").join(words)

    def noted(self, what: str, note: str) -> str:
        """Put a note in brackets behind what it is about."""
        return self("word.noted", what=what, note=note)

    def headed(self, head: str, what: str) -> str:
        """Put a head with a colon before what it is about."""
        return self("word.headed", head=head, what=what)

    def sentences(self, *sentences: str) -> str:
        """Put sentences one after the other; empty ones are left out."""
        return self("word.pause").join(one for one in sentences if one)


def _flat(tree: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    entries: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            entries |= _flat(value, f"{prefix}{key}.")
        else:
            entries[f"{prefix}{key}"] = str(value)
    return entries


def read_strings(language: str = "en") -> Strings:
    """Read the words of one language.

    Raises
    ------
    ValueError
        There is no table of words for this language.
    """
    if language not in LANGUAGES:
        raise ValueError(
            f"the report is written in {', '.join(LANGUAGES)}; there are no words for {language!r}"
        )
    source = files(__package__) / f"strings_{language}.toml"
    return Strings(language, _flat(tomllib.loads(source.read_text(encoding="utf-8"))))
