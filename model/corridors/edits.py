"""From candidates to edits of links, checked before any long work begins.

Owns the question: can everything on the table be built, alone and together?

Public names
------------
``edit_of``        one candidate as an edit
``edits_of``       many; all that cannot be built is told at once
``edit_of_set``    several candidates built together
``check_names``    names must differ

A candidate that is one line becomes an edit without making a network; any other patch is applied to
the network and compared with it. Sets of lines are merged (`networks.whatif.merging`); each line is
then resolved on the network as it is, so that the order of a set does not matter. Other sets are
patches one after another, in the order of the candidates.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.corridors.candidates import Candidate
from model.errors import ScenarioError
from networks.errors import NetworkError
from networks.network import Network
from networks.patch_apply import apply_patches
from networks.whatif.links import LinkBase, LinkEdit, difference, line_edit
from networks.whatif.merging import merged

__all__ = ["check_names", "edit_of", "edit_of_set", "edits_of"]


def check_names(candidates: Sequence[Candidate]) -> None:
    """Require candidates, and names that differ.

    Raises
    ------
    ScenarioError
        Naming those that are there twice.
    """
    names = [one.name for one in candidates]
    if not names:
        raise ScenarioError("Corridors are compared with each other: there is no candidate.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ScenarioError(
            f"Candidates need names that differ; several are called "
            f"{', '.join(map(repr, twice[:5]))}."
        )


def edit_of(links: LinkBase, candidate: Candidate) -> LinkEdit | Network:
    """Return a candidate as an edit of links; as a network where nodes or parameters differ.

    Raises
    ------
    NetworkError
        For a candidate that cannot be built.
    """
    line = candidate.line
    if line is None:
        return _applied(links, [candidate])
    return line_edit(
        links,
        line.get("mode"),
        line.get("stops"),
        speed_kmh=line.get("speed_kmh"),
        trains_per_day=line.get("trains_per_day"),
        fare_per_km=line.get("fare_per_km"),
        freed_freight_capacity=line.get("freed_freight_capacity", 0.0),
        name=line.get("name"),
    )


def edits_of(links: LinkBase, candidates: Sequence[Candidate]) -> list[LinkEdit | Network]:
    """Return candidates as edits, in their order.

    Raises
    ------
    ScenarioError
        Naming all that cannot be built, and why.
    """
    made: list[LinkEdit | Network] = []
    failures: list[str] = []
    for one in candidates:
        try:
            made.append(edit_of(links, one))
        except NetworkError as error:
            failures.append(f"{one.name}: {str(error).rstrip('.')}")
    if failures:
        more = f"; and {len(failures) - 5} more" if len(failures) > 5 else ""
        raise ScenarioError(
            f"{len(failures)} of {len(candidates)} candidates cannot be built: "
            f"{'; '.join(failures[:5])}{more}."
        )
    return made


def edit_of_set(links: LinkBase, candidates: Sequence[Candidate]) -> LinkEdit | Network:
    """Return candidates built together as one edit.

    Raises
    ------
    NetworkError
        For candidates that cannot be built together.
    """
    if len(candidates) == 1:
        return edit_of(links, candidates[0])
    if all(one.line is not None for one in candidates):
        edits = [edit_of(links, one) for one in candidates]
        whole = merged([one for one in edits if isinstance(one, LinkEdit)])
        if whole is not None:
            return whole
    return _applied(links, candidates)


def _applied(links: LinkBase, candidates: Sequence[Candidate]) -> LinkEdit | Network:
    edited = apply_patches(links.network, [one.patch for one in candidates])
    return difference(links, edited) or edited
