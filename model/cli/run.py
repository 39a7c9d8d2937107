"""The verbs that run something: a scenario file, the demonstration, the benchmarks.

Owns the question: what happens between a scenario file and a finished result folder?

Public names
------------
``run_file``, ``run_demo``    a scenario to a folder; the exit code
``export_demo``               a copy of the shipped scenario
``run_benchmarks``            ``python -m benchmarks`` of a checkout

Progress goes to standard error, what was found and where it lies to standard output.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from model.cli.output import check_new_file, check_output, stoppable, write_result
from model.cli.progress import Progress
from model.errors import NotInThisVersion, OutputRefused, ScenarioError
from model.scenario import Scenario, read_scenario

__all__ = ["export_demo", "run_benchmarks", "run_demo", "run_file"]

RUN_SHARE = 0.75
"""Part of the progress that computing takes; the rest is writing and drawing."""


def run_file(
    path: Path,
    *,
    output: Path | None = None,
    only: str | None = None,
    draws: int | None = None,
    split: bool = False,
) -> int:
    """Run a scenario file into a folder.

    Parameters
    ----------
    path
        The TOML file.
    output
        The result folder; when None, the name of the file in the working folder.
    only
        The one stimulus or edit to run.
    draws
        Draws behind medians and intervals, instead of those of the file.
    split
        Whether to share the joint effect of all channels out, whatever the file says.

    Returns
    -------
    int
        0, or 1 when the run ended without certified numbers.
    """
    scenario = read_scenario(path)
    if only is not None:
        scenario = scenario.with_only(only)
    if draws is not None:
        if draws < 0 or draws == 1:
            raise ScenarioError(f"--draws must be 0 or at least 2; found {draws}")
        scenario = replace(scenario, run=replace(scenario.run, draws=draws))
    if split:
        scenario = replace(scenario, run=replace(scenario.run, split=True))
    return _run(scenario, output or Path(f"{path.stem}-result"))


def run_demo(output: Path) -> int:
    """Run the shipped scenario into a folder; see `run_file`."""
    with as_file(files("model").joinpath("scenarios/demo.toml")) as path:
        return _run(read_scenario(path), output)


def export_demo(target: Path) -> int:
    """Write a copy of the shipped scenario; an existing file is never written over."""
    check_new_file(target)
    text = files("model").joinpath("scenarios/demo.toml").read_text(encoding="utf-8")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputRefused(f"{target} cannot be written: {error}") from error
    sys.stdout.write(f"{target}: change it, then run it with  hinterland run {target}\n")
    return 0


def run_benchmarks(*, quick: bool) -> int:
    """Run the benchmarks of the checkout this package lies in; its exit code.

    Raises
    ------
    NotInThisVersion
        When the package was installed without them.
    """
    root = Path(__file__).resolve().parents[1]
    if not (root / "benchmarks" / "__main__.py").is_file():
        raise NotInThisVersion(
            "the benchmarks are part of a checkout of the repository, not of the installed package"
        )
    words = [sys.executable, "-m", "benchmarks", *(["--quick"] if quick else [])]
    return subprocess.run(words, cwd=root, check=False).returncode


def _run(scenario: Scenario, output: Path) -> int:
    check_output(output)
    progress = Progress(sys.stderr)
    try:
        with stoppable():
            progress("loading", 0.0)
            from model.cli.headlines import headlines  # numpy and the model load here, not before
            from model.run import run

            def tell(step: str, done: float) -> None:
                if (
                    done < 1.0
                ):  # what is done here is not done for who waits: it is yet to be written
                    progress(step, RUN_SHARE * done)

            result = run(scenario, progress=tell)
            if result.status == "failed":
                result.raise_for_status()
            write_result(result, output, progress=progress, start=RUN_SHARE)
    finally:
        progress.close()
    for line in headlines(result):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"\nreport   {output / 'report.html'}\n")
    sys.stdout.write(f"data     {output / 'result.nc'}   tables   {output / 'tables'}\n")
    result.raise_for_status()
    return 0
