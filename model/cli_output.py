"""The folder a run writes: whole or not at all, and never over somebody else's files.

Owns the question: may results go there, and how do they get there in one step?

Public names
------------
``check_output``     refuse before anything is computed
``replacing``        a folder beside the target that takes its name at the end
``write_result``     data, tables, report and scenario of a result into such a folder
``check_new_file``   refuse to write over a file
``NAMES``            what a result folder holds
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model.errors import OutputRefused

if TYPE_CHECKING:
    from model.results import Result

__all__ = ["NAMES", "check_new_file", "check_output", "replacing", "write_result"]

NAMES: Final = ("report.html", "result.nc", "scenario.toml", "tables")
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
def replacing(target: Path) -> Iterator[Path]:
    """Give a new folder beside `target` that becomes `target` when the block ends well.

    An earlier result is moved away only then. Whatever ends the block early, the new folder and the
    parents made for it disappear and the earlier result stays.

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
        check_output(target)
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
        result.to_html(folder / "report.html")
    progress("done", 1.0)


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
