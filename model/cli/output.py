"""What a verb writes: whole or not at all, and never over somebody else's files.

Owns the question: may results go there, and how do they get there in one step?

Public names
------------
``check_output``     refuse before anything is computed
``replacing``        a folder beside the target that takes its name at the end
``write_result``     data, tables, report and scenario of a result into such a folder
``check_new_file``   refuse to write over a file
``check_target``     refuse to write a table there
``beside``           a path of the same name that takes the place of the target at the end
``stoppable``        a request to terminate unwinds like Ctrl-C
``NAMES``            what a result folder holds: the report in the scenario's first language is
                     ``report.html``, in another ``report.<language>.html``
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from model.errors import OutputRefused

if TYPE_CHECKING:
    from model.results import Result

__all__ = [
    "NAMES",
    "beside",
    "check_new_file",
    "check_output",
    "check_target",
    "replacing",
    "stoppable",
    "write_result",
]

LANGUAGES: Final = ("en", "zh")  # as `model.report.strings`, which loads later
NAMES: Final = (
    *("report.html", "result.nc", "scenario.toml", "tables"),
    *(f"report.{language}.html" for language in LANGUAGES),
)
NETWORK_FOLDERS: Final = (
    {"nodes.csv", "links.csv", "parameters.csv"},
    {"node.csv", "link.csv", "config.csv"},
)
STALE_SECONDS: Final = 3600.0


def check_output(target: Path) -> None:
    """Refuse a folder that cannot be written, or that holds anything but an earlier result.

    Raises
    ------
    OutputRefused
        Naming what stands in the way.
    """
    if target.exists() and not target.is_dir():
        raise OutputRefused(f"{target} is a file; -o needs a folder")
    if target.is_dir():
        foreign = _foreign(target)
        if foreign:
            raise OutputRefused(
                f"{target} holds files that are not a result of ours ({', '.join(foreign[:5])}); "
                "choose another folder with -o"
            )
    nearest = next(one for one in (target.absolute(), *target.absolute().parents) if one.exists())
    for folder in {nearest, nearest if nearest != target.absolute() else nearest.parent}:
        if not folder.is_dir():
            raise OutputRefused(f"{target} cannot be made: {folder} is not a folder")
        try:
            Path(tempfile.mkdtemp(dir=folder, prefix=".")).rmdir()  # the only sure way to know
        except OSError as error:
            raise OutputRefused(
                f"{target} cannot be written: {error.strerror} in {folder}"
            ) from error


def check_new_file(path: Path) -> None:
    """Refuse a file that is there already, or whose folder is not.

    Raises
    ------
    OutputRefused
        Naming the file or folder.
    """
    if path.exists():
        raise OutputRefused(f"{path} is there already; choose another name")
    if not path.absolute().parent.is_dir():
        raise OutputRefused(f"{path} cannot be written: there is no folder {path.parent}")


@contextmanager
def replacing(target: Path, *, check: Callable[[Path], None] = check_output) -> Iterator[Path]:
    """Give a new folder beside `target` that becomes `target` when the block ends well.

    An earlier result is moved away only then. Whatever ends the block early, the new folder and the
    parents made for it disappear and the earlier result stays. `check` refuses a folder that holds
    anything else.

    Raises
    ------
    OutputRefused
        When the folder cannot be made or moved.
    """
    target = target.absolute()
    made = [one for one in target.parents if not one.exists()]
    partial = target.parent / f".{target.name}.{os.getpid()}.partial"
    old = target.parent / f".{target.name}.{os.getpid()}.old"
    done = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        partial.mkdir()
        yield partial
        check(target)
        if target.exists():
            target.rename(old)
        try:
            partial.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        done = True
    except OSError as error:
        if isinstance(error, OutputRefused):
            raise
        raise OutputRefused(f"{target} cannot be written: {error}") from error
    finally:
        for leftover in (partial, old):
            shutil.rmtree(leftover, ignore_errors=True)
        if not done:
            for folder in made:
                with suppress(OSError):
                    folder.rmdir()


def write_result(
    result: Result, target: Path, *, progress: Callable[[str, float], None], start: float = 0.0
) -> None:
    """Write data, tables, report and scenario of a result to `target`, in one step.

    Parameters
    ----------
    result
        What a run returned.
    target
        The folder; an earlier result of ours there is replaced.
    progress
        Told before each part; `start` is the fraction done so far.
    """
    left = 1.0 - start
    with replacing(target) as folder:
        progress("writing the data", start)
        result.to_netcdf(folder / "result.nc")
        (folder / "scenario.toml").write_text(result.scenario.to_toml(), encoding="utf-8")
        progress("writing the tables", start + 0.2 * left)
        result.to_csv(folder / "tables")
        progress("drawing the report", start + 0.4 * left)
        for number, language in enumerate(result.scenario.report.languages):
            name = "report.html" if number == 0 else f"report.{language}.html"
            result.to_html(folder / name, language)
    progress("done", 1.0)


def check_target(target: Path, *, replace: bool) -> None:
    """Refuse a file or folder for a table that is there already or cannot be made.

    Parameters
    ----------
    target
        Where the table goes.
    replace
        Whether an existing file, or a folder that holds nothing but a table, may go.

    Raises
    ------
    OutputRefused
        Naming what stands in the way.
    """
    if target.exists() and not replace:
        raise OutputRefused(f"{target} is there already; choose another name or add --replace")
    if target.is_dir() and not _holds_a_table(target):
        raise OutputRefused(f"{target} is a folder with other things than we write; choose another")
    parent = target.absolute().parent
    if not parent.is_dir():
        raise OutputRefused(f"{target} cannot be written: there is no folder {target.parent}")
    try:
        Path(tempfile.mkdtemp(dir=parent, prefix=".")).rmdir()  # the only sure way to know
    except OSError as error:
        raise OutputRefused(f"{target} cannot be written: {error.strerror} in {parent}") from error


@contextmanager
def beside(target: Path, *, replace: bool) -> Iterator[Path]:
    """Give a path of the same name in a new folder beside `target`; it moves there at the end.

    Whatever ends the block early, nothing new stays and what was at `target` is untouched.

    Raises
    ------
    OutputRefused
        As `check_target`, and when the file cannot be moved.
    """
    check_target(target, replace=replace)
    target = target.absolute()
    _sweep(target)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=".partial"))
    made, old = folder / target.name, folder / ".old"
    try:
        yield made
        check_target(target, replace=replace)
        try:
            if target.is_dir():
                target.rename(old)
            made.replace(target)
        except OSError as error:
            if old.exists():
                old.rename(target)
            raise OutputRefused(f"{target} cannot be written: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a request to terminate unwind like Ctrl-C, so that nothing half-written stays."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _holds_a_table(folder: Path) -> bool:
    """Tell whether a folder is a table or network as we write one, or empty."""
    names = {one.name for one in folder.iterdir()}
    if names in NETWORK_FOLDERS:
        return True
    if not names or names & {"zarr.json", ".zgroup", "file_parameters.json"}:
        return True
    return "about.csv" in names and all(name.endswith(".csv") for name in names)


def _foreign(folder: Path) -> list[str]:
    """Return names in a folder that no result of ours would have."""
    names = sorted(one.name for one in folder.iterdir())
    if names and "result.nc" not in names:
        return names
    tables = folder / "tables"
    inside = sorted(tables.iterdir()) if tables.is_dir() else []
    return [one for one in names if one not in NAMES] + [
        f"tables/{one.name}" for one in inside if one.suffix != ".csv" or not one.is_file()
    ]


def _sweep(target: Path) -> None:
    """Remove what runs that were killed outright left beside the target."""
    for leftover in target.parent.glob(f".{target.name}.*.partial"):
        if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(leftover, ignore_errors=True)
