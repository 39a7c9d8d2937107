"""Saying words to the command line in a test, what it is said about, and what must come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model.cli import main


class Answer:
    """Exit code, data and messages of one command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Say = Callable[..., Answer]


def say_with(capsys) -> Say:
    """Run the command line in this process and catch what it says."""

    def run(*words: object) -> Answer:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


def done(answer: Answer) -> Answer:
    """Exit code 0."""
    assert answer.code == 0, answer.err
    return answer


def refused(answer: Answer, *words: str) -> None:
    """Exit code 2, nothing on standard output, and a last line that has the words."""
    assert answer.code == 2
    assert answer.out == ""
    last = answer.err.splitlines()[-1]
    assert last.startswith("hinterland: ")
    for word in words:
        assert word in last


def refused_in_a_line(answer: Answer, *words: str) -> None:
    """One line on standard error, nothing on standard output, exit code 2."""
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("hinterland: ")
    assert answer.err.count("\n") == 1
    for word in words:
        assert word in answer.err


def small_network(folder: Path, *, shortcut_from: int | None = None) -> Path:
    """Write three places in a row by road, and a faster road past the middle one from a year on."""
    folder.mkdir()
    (folder / "nodes.csv").write_text(
        "node,name,kind,region,lon,lat,area_km2,population\n"
        "1,Ahaven,place,North,0.0,50.0,100,1000\n"
        "2,Beton,place,North,1.0,50.0,100,3000\n"
        "3,Cefield,place,South,2.0,50.0,100,6000\n",
        encoding="utf-8",
    )
    shortcut = "" if shortcut_from is None else f"13,1,3,road,100,50,{shortcut_from}\n"
    (folder / "links.csv").write_text(
        "link,from_node,to_node,mode,km,minutes,year_opened\n"
        f"12,1,2,road,80,60,\n23,2,3,road,80,60,\n{shortcut}",
        encoding="utf-8",
    )
    return folder
