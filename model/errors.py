"""What `model` raises: one base, each leaf also the builtin a caller would expect."""

from __future__ import annotations


class ModelError(Exception):
    """Anything that `model` refuses or cannot do."""


class ShapeError(ModelError, ValueError):
    """Arrays whose shapes do not belong together, or numbers that are not finite."""


class UnknownLabel(ModelError, LookupError):
    """A region, sector, pole or account that the table does not have."""


class StimulusError(ModelError, ValueError):
    """A stimulus that the table cannot carry."""


class NotProductive(ModelError, ValueError):
    """A table with A >= 0 that needs as much of itself as it makes (Hawkins-Simon fails)."""


class NotConverged(ModelError, RuntimeError):
    """A solution whose certificate stays above the tolerance that was asked."""


class Uncertified(ModelError, RuntimeError):
    """A solution without an error bound."""


class TooLarge(ModelError, MemoryError):
    """A matrix that does not fit in memory, named before it is formed."""


class NotInThisVersion(ModelError, NotImplementedError):
    """A method that is named by the interface and not built yet."""


class MissingRoles(ModelError, ValueError):
    """A table that does not say which sectors are goods and which services."""


class UnknownParameter(ModelError, LookupError):
    """A parameter key that the parameters table does not have."""


class InvalidParameter(ModelError, ValueError):
    """A parameter value outside its bounds or of the wrong kind."""


class ScenarioError(ModelError, ValueError):
    """A scenario that cannot be read or does not fit its table and network."""


class MissingScenario(ScenarioError, FileNotFoundError):
    """A scenario file that is not there."""


class MissingResult(ModelError, FileNotFoundError):
    """A result that is not there."""


class UnreadableResult(ModelError, ValueError):
    """A file that is not a result of this model."""


class OutputRefused(ModelError, OSError):
    """A place where a result cannot be written."""


class RunFailed(ModelError, RuntimeError):
    """A run that ended without an answer."""


class NetworkMismatch(ModelError, ValueError):
    """A table and a network whose regions do not meet."""


class NegativeResult(ModelError, ValueError):
    """Output, final demand or inoperability outside what can be, refused unless asked for."""


class Infeasible(ModelError, ValueError):
    """Limits that no allocation can keep."""


class NotUnique(ModelError, ValueError):
    """Forces that feed on themselves so strongly that more than one answer may exist."""
