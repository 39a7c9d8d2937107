"""Tables that an immutable object hands out: writing to what was handed out changes nothing.

Public names
------------
KeptTable : a field of a frozen dataclass that holds a DataFrame

Terms
-----
What is handed out is a copy that shares its figures until somebody writes to it (copy on write), so
asking for it costs microseconds whatever its size, and a look-up in its keys is prepared once.
"""

from __future__ import annotations

from typing import Any, overload

import pandas as pd

from networks.errors import InvalidNetwork


class KeptTable:
    """A field that keeps a DataFrame and hands out copies of it.

    Parameters
    ----------
    optional
        Whether the field may be left out; it then holds an empty table.
    """

    def __init__(self, *, optional: bool = False) -> None:
        self.optional = optional
        self.name = ""
        self.kept = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.kept = name, f"_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> KeptTable: ...
    @overload
    def __get__(self, instance: object, owner: type) -> pd.DataFrame: ...
    def __get__(self, instance: object | None, owner: type) -> KeptTable | pd.DataFrame:
        """Return a copy of the table; asked of the class, what a dataclass takes as default."""
        if instance is None:
            if self.optional:
                return self
            raise AttributeError(self.name)  # tells a dataclass that the field must be given
        table: pd.DataFrame = instance.__dict__[self.kept]
        return table.set_axis(table.index.view(), axis=0)

    def __set__(self, instance: Any, value: pd.DataFrame | KeptTable) -> None:
        """Keep a table; the frozen dataclass around it decides when.

        Raises
        ------
        InvalidNetwork
            It is no DataFrame.
        """
        value = pd.DataFrame() if isinstance(value, KeptTable) else value
        if not isinstance(value, pd.DataFrame):
            raise InvalidNetwork(
                f"{self.name} must be a DataFrame; found {type(value).__name__}. From a file comes "
                "a network by read_network."
            )
        instance.__dict__[self.kept] = value
