"""Which node, line or link a user's word means.

Public names
------------
resolve_nodes : words (code, English or Chinese name) -> node keys
did_you_mean : the tail of a sentence that offers the nearest known word

Terms
-----
A word is looked up as a node key first, then as an English name, then as a Chinese name; case does
not matter. Among several matches a place comes before a stop and a stop before an airport.
"""

import difflib
from collections.abc import Iterable, Sequence

import pandas as pd

from networks.dims import NODE_KINDS
from networks.errors import UnknownLabel


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest known word, or an empty string.

    Parameters
    ----------
    word
        What was asked for.
    known
        What exists.
    """
    by_folded = {k.casefold(): k for k in known if k}
    near = difflib.get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return f" (did you mean {by_folded[near[0]]!r}?)" if near else ""


def resolve_nodes(
    nodes: pd.DataFrame, words: Sequence[str], *, kinds: Sequence[str] = NODE_KINDS
) -> list[str]:
    """Return the node key of every word.

    Parameters
    ----------
    nodes
        The node table of a network.
    words
        Node keys, English names or Chinese names.
    kinds
        Kinds of node that may be meant, best first.

    Raises
    ------
    UnknownLabel
        A word that matches no node, or more than one node of the best kind that it matches. All
        such words are reported at once.
    """
    candidates = nodes[nodes["kind"].isin(list(kinds))]
    rank = {kind: k for k, kind in enumerate(kinds)}
    index: dict[str, list[str]] = {}
    for column in ("name", "name_zh"):
        for key, name in zip(candidates.index, candidates[column], strict=True):
            if name:
                index.setdefault(str(name).casefold(), []).append(str(key))
    keys = set(candidates.index)
    found: list[str] = []
    problems: list[str] = []
    for word in words:
        text = str(word).strip()
        if text in keys:
            found.append(text)
            continue
        matches = list(dict.fromkeys(index.get(text.casefold(), [])))
        if matches:
            best = min(rank[str(candidates.at[m, "kind"])] for m in matches)
            matches = [m for m in matches if rank[str(candidates.at[m, "kind"])] == best]
        if len(matches) == 1:
            found.append(matches[0])
        elif matches:
            rows = candidates.loc[matches[:5], ["name", "region"]].astype(str)
            listed = ", ".join(
                f"{m} ({name}, {region})"
                for m, name, region in zip(rows.index, rows["name"], rows["region"], strict=True)
            )
            problems.append(f"{text!r} is the name of {len(matches)} nodes: {listed}; use a key")
        else:
            known = [*candidates["name"], *candidates["name_zh"], *candidates.index]
            problems.append(f"no {' or '.join(kinds)} {text!r}{did_you_mean(text, known)}")
    if problems:
        shown = "; ".join(problems[:5])
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise UnknownLabel(f"Places and stops must be in the network: {shown}{more}.")
    return found
