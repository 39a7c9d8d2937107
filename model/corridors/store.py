"""Answers kept on the way, so that a screening that was stopped goes on where it was.

Owns the question: which candidates of this very question are answered already?

Public names
------------
``Store``         answers by candidate, in memory or in a folder
``question_of``   the fingerprint of a model and what is asked of it

A folder belongs to one question: the same table, network, parameters and objective. It holds
``question.json`` and ``answers.jsonl``, one line an answer, written as it comes; a last line that
was cut off is left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model.corridors.candidates import Candidate
from model.corridors.worth import Valuer
from model.errors import ScenarioError
from model.link_values.objectives import AccessObjective
from networks.patches import patch_to_dict

__all__ = ["Store", "key_of", "question_of"]

VERSION = 1
"""Of what an answer holds."""


def question_of(valuer: Valuer) -> str:
    """Return a fingerprint of a calibrated model and of what is asked, as hexadecimal digits."""
    found = hashlib.sha256()
    base, goal = valuer.base, valuer.goal
    blocks, delivery = base.blocks, base.delivery
    arrays = [blocks.output, blocks.trade, blocks.technology, blocks.demand, blocks.imported_demand]
    arrays += [delivery.kappa, delivery.freight, delivery.passenger, base.theta, valuer.chosen]
    arrays += [valuer.travel.base] + ([] if goal.intensity is None else [goal.intensity])
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    for frame in (base.network.nodes, base.network.links, base.network.parameters.table):
        found.update(pd.util.hash_pandas_object(frame.astype(str)).to_numpy().tobytes())
    answers = valuer.answers
    asked = [VERSION, goal.name, _plain(goal.access), answers.closure, *answers.acting.channels]
    asked.append(base.form)
    if answers.economy is not None and answers.economy.wages is not None:
        found.update(np.ascontiguousarray(answers.economy.wages).tobytes())
    if answers.closeness is not None:
        closeness = answers.closeness
        for array in (closeness.elasticity, closeness.decay, closeness.people):
            found.update(np.ascontiguousarray(array).tobytes())
    found.update(json.dumps(asked).encode())
    return found.hexdigest()


def _plain(access: AccessObjective | None) -> list[str]:
    """Return a measure of access as text, values by place in full."""
    if access is None:
        return []
    said = vars(access).values()
    return [one.to_json() if isinstance(one, pd.Series) else repr(one) for one in said]


def key_of(candidate: Candidate) -> str:
    """Return a fingerprint of what a candidate does; its cost and notes do not matter."""
    text = json.dumps(patch_to_dict(candidate.patch), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Store:
    """Answers by fingerprint of the candidate.

    Parameters
    ----------
    folder
        Where answers are kept; in memory alone when None.
    question
        From `question_of`.

    Raises
    ------
    ScenarioError
        When the folder belongs to another question, or holds something else.
    """

    def __init__(self, folder: str | Path | None, question: str) -> None:
        self._answers: dict[str, dict[str, Any]] = {}
        self._file: Path | None = None
        if folder is None:
            return
        where = Path(folder)
        if where.exists() and not where.is_dir():
            raise ScenarioError(f"{where} must be a folder, to go on from; it is a file.")
        head = where / "question.json"
        if head.exists():
            try:
                known = json.loads(head.read_text(encoding="utf-8"))["question"]
            except (ValueError, KeyError) as error:
                raise ScenarioError(f"{head} is damaged: choose another folder.") from error
            if known != question:
                raise ScenarioError(
                    f"{where} keeps the answers to another question (table, network, parameters or "
                    "objective differ): choose another folder, or remove it."
                )
        elif where.exists() and any(where.iterdir()):
            raise ScenarioError(f"{where} holds other files: choose another folder.")
        where.mkdir(parents=True, exist_ok=True)
        head.write_text(json.dumps({"question": question}) + "\n", encoding="utf-8")
        self._file = where / "answers.jsonl"
        if self._file.exists():
            self._read(self._file)

    def _read(self, file: Path) -> None:
        whole = file.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        for number, line in enumerate(kept.splitlines(), start=1):
            try:
                answer = json.loads(line)
                self._answers.setdefault(answer["key"], {}).update(answer)
            except (ValueError, KeyError, TypeError) as error:
                raise ScenarioError(
                    f"{file} is damaged at line {number}: choose another folder, or remove it."
                ) from error
        if len(kept) < len(whole):
            file.write_bytes(kept)

    def get(self, candidate: Candidate) -> dict[str, Any]:
        """Return what is known of a candidate; empty when nothing is."""
        return self._answers.get(key_of(candidate), {})

    def put(self, candidate: Candidate, answer: Mapping[str, Any]) -> None:
        """Keep an answer, numbers to the last digit."""
        line = {"key": key_of(candidate), **answer}
        self._answers.setdefault(line["key"], {}).update(line)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
