"""What can be wrong with a table, one exception for each kind; all are `TableError`."""

from __future__ import annotations


class TableError(Exception):
    """Anything wrong with a table or with what was asked of it."""


class InvalidTable(TableError, ValueError):
    """Shapes, labels or values that no table may have; every failure found is in the message."""


class UnbalancedTable(TableError, ValueError):
    """Rows, columns or shares that do not add up within the tolerance."""


class UnknownLabel(TableError, LookupError):
    """Names, codes or categories that the table does not have."""


class InfeasibleMargins(TableError, ValueError):
    """Totals that no non-negative matrix with the given pattern can have."""


class NotConverged(TableError, ArithmeticError):
    """An iteration that stopped before its tolerance; raised by `raise_for_status` only."""


class NotTold(TableError, ValueError):
    """Something the source of the table does not give, such as the place of final use."""


class TableTooLarge(TableError, MemoryError):
    """An explicit matrix was asked for that would not fit in memory."""


class MissingTable(TableError, FileNotFoundError):
    """A file or folder that is not there."""


class UnreadableTable(TableError, ValueError):
    """A file that is there but is not a table in a known format."""


class MissingExtra(TableError, ImportError):
    """A format needs a package that is not installed."""
