"""The guide does what it says: blocks are run in order, and what they print is what is printed.

Every ``python`` and ``sh`` block of a page in docs/guide is run, and those of other pages in docs
under a heading that ends in "(runnable)"; a ``text`` block that follows one holds what it prints.
"""

from __future__ import annotations

import re
import shlex
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest

from model.cli import main

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = sorted((DOCS / "guide").glob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
TASKS = [page for page in GUIDE if page.name != "README.md"]


class Block(NamedTuple):
    kind: str
    text: str
    line: int


def runnable(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text[: match.start()]), re.MULTILINE)
        marked = bool(headings) and headings[-1].rstrip().endswith("(runnable)")
        if page in GUIDE or marked:
            found.append(Block(match[1], match[2], text.count("\n", 0, match.start()) + 2))
    return found


PAGES = [page for page in [*GUIDE, *sorted(DOCS.glob("*.md"))] if runnable(page)]


def commands(text: str) -> list[list[str]]:
    lines = text.replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return [one for one in words if one]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_runs_and_prints_what_it_shows(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    printed = ""
    for block in runnable(page):
        where = f"{page.name} line {block.line}"
        if block.kind == "python":
            code = "\n" * (block.line - 1) + block.text
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                exec(compile(code, page.name, "exec"), names)
        elif block.kind == "sh":
            for words in commands(block.text):
                assert words[0] == "hinterland", where
                assert main(words[1:]) == 0, f"{where}: {capsys.readouterr().err}"
        elif block.kind == "text":
            shown = [line.rstrip() for line in block.text.strip().splitlines()]
            assert [line.rstrip() for line in printed.strip().splitlines()] == shown, where
            continue
        else:
            continue
        printed = capsys.readouterr().out


def test_every_task_has_a_page_with_an_example_and_the_guide_leads_to_it():
    index = (DOCS / "guide" / "README.md").read_text(encoding="utf-8")
    assert len(TASKS) >= 9
    for page in TASKS:
        assert f"]({page.name})" in index
        assert any(block.kind == "python" for block in runnable(page)), page.name
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 120, page.name


def test_every_file_the_guide_points_to_exists():
    for page in GUIDE:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} points to {target}"
