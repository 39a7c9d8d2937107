"""How a network is read from a folder of CSV tables.

Public names
------------
read_network : ``nodes.csv``, ``links.csv`` and, where it is there, ``parameters.csv``
"""

from pathlib import Path

import pandas as pd

from networks.errors import InvalidNetwork, MissingNetwork
from networks.network import Network
from networks.parameters import Parameters, read_parameters
from networks.readers.files import read_text, rows_of


def read_network(path: str | Path, *, name: str | None = None, year: int | None = None) -> Network:
    """Return the network of a folder.

    Parameters
    ----------
    path
        Folder with ``nodes.csv`` and ``links.csv`` (columns in ``networks/schema.csv``) and
        optionally ``parameters.csv`` (a whole table; the shipped one is used without it).
    name, year
        Name for reports (the folder's name when left out) and the year the network stands for.

    Raises
    ------
    MissingNetwork
        The folder or one of the two files is not there.
    InvalidNetwork
        The tables cannot be read or do not make a network.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise MissingNetwork(
            f"There is no folder {str(folder)!r}; a network is a folder with nodes.csv and "
            "links.csv."
        )
    lost = [f for f in ("nodes.csv", "links.csv") if not (folder / f).is_file()]
    if lost:
        raise MissingNetwork(f"The network folder {str(folder)!r} must have {' and '.join(lost)}.")
    parameters = Parameters.default()
    if (folder / "parameters.csv").is_file():
        try:
            parameters = read_parameters(folder / "parameters.csv")
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            told = f"{str(folder / 'parameters.csv')!r} must be a CSV table in UTF-8: {error}."
            raise InvalidNetwork(told) from error
    return Network(
        read_table(folder / "nodes.csv"),
        read_table(folder / "links.csv"),
        parameters,
        name=name or folder.name,
        year=year,
    )


def read_table(path: Path) -> pd.DataFrame:
    """Return a CSV file with every cell as text: codes keep their zeros, blanks stay blank.

    Raises
    ------
    InvalidNetwork
        The file is empty, cut off, not in UTF-8 or no CSV.
    """
    return rows_of(read_text(path), str(path))
