"""What can go wrong in ``networks``: one base, one leaf per kind of remedy."""


class NetworkError(Exception):
    """Anything ``networks`` refuses to do."""


class InvalidNetwork(NetworkError, ValueError):
    """Tables of nodes or links that do not make a network; every failure is listed."""


class UnknownLabel(NetworkError, LookupError):
    """A place, stop, line or link that the network does not have."""


class UnreachablePlace(NetworkError, ValueError):
    """A place that no path joins to the others."""


class ParameterError(NetworkError, ValueError):
    """A parameter that does not exist, or a value it cannot take."""


class MeasureError(NetworkError, ValueError):
    """A measure, decay or inequality index asked for where it has no meaning."""


class MissingNetwork(NetworkError, FileNotFoundError):
    """A folder or file of a network that is not there."""
