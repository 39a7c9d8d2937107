"""From a scenario file to a result in one call.

Owns the question: what is the answer to this scenario?

Public names
------------
``run``    scenario or path in, `Result` out; changes nothing and writes nothing
"""

from __future__ import annotations

from pathlib import Path

from model.results import Result
from model.scenario import Scenario, read_scenario
from model.sources import open_model
from model.steps.sequence import Progress

__all__ = ["run"]


def run(scenario: Scenario | str | Path, *, progress: Progress | None = None) -> Result:
    """Run a scenario on the table and the network that it names.

    Parameters
    ----------
    scenario : Scenario or path of a TOML file
    progress : callable, optional
        Called with what is being done and the share that is behind it, 0 to 1.

    Returns
    -------
    Result
        Status ``ok`` when every solve is certified and every identity holds.

    Raises
    ------
    ScenarioError, NotInThisVersion, ModelError, TableError, NetworkError
        One sentence naming what is wrong and where.
    """
    asked = scenario if isinstance(scenario, Scenario) else read_scenario(scenario)
    if progress is not None:
        progress("opening table and network", 0.0)
    return open_model(asked).run(asked, progress=progress)
