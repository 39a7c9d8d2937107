"""What a screening leaves behind: NetCDF, CSV, shapes for QGIS, a page in each language.

Owns the question: which files does `hinterland corridors` write?

Public names
------------
``write_screening``    all of them into a folder
``table_of``           one row a candidate
``FILES``              what the folder may hold
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import xarray as xr

from model.corridors.page import Story, write_page
from model.corridors.shapes import write_shapes
from networks.readers.files import MissingPackage

__all__ = ["FILES", "table_of", "write_screening"]

FILES = (
    "corridors.nc", "corridors.csv", "gains.csv", "corridors.geojson", "corridors.gpkg",
    "stability.nc", "stability.csv", "interactions.csv", "package.csv",
    "report.html", "report.zh.html",
)  # fmt: skip


def table_of(data: xr.Dataset) -> pd.DataFrame:
    """Return one row a candidate, best first, user benefits by purpose in columns."""
    flat = data[[n for n, v in data.data_vars.items() if v.dims == ("candidate",)]]
    frame = flat.to_dataframe()
    about = ["zero_reason", "terrain", "note"]
    numbers = [str(name) for name in flat.data_vars if name != "zero_reason"]
    frame = frame[["mode", "stops", *numbers, *about]]
    users = pd.DataFrame(
        data["user_benefit"].values,
        index=frame.index,
        columns=[f"user_benefit_{name}" for name in data["purpose"].values],
    )
    made: pd.DataFrame = pd.concat([frame.drop(columns=about), users, frame[about]], axis=1)
    return made.rename_axis("candidate").reset_index()


def write_screening(story: Story, folder: Path, languages: Sequence[str] = ("en",)) -> list[str]:
    """Write all files of a screening into a folder that is there; return what was left out.

    Parameters
    ----------
    story
        What was found.
    folder
        Where to.
    languages
        Of the pages.
    """
    data, left = story.data, []
    data.to_netcdf(folder / "corridors.nc", engine="h5netcdf")
    table_of(data).to_csv(folder / "corridors.csv", index=False)
    gains = pd.DataFrame(
        data["region_gain"].values, index=data["candidate"].values, columns=data["region"].values
    )
    gains.dropna(how="all").rename_axis("candidate").to_csv(folder / "gains.csv")
    write_shapes(data, story.network, folder / "corridors.geojson")
    try:
        write_shapes(data, story.network, folder / "corridors.gpkg")
    except MissingPackage as error:
        left.append(f"corridors.gpkg: {error}")
    if story.stability is not None:
        story.stability.to_netcdf(folder / "stability.nc", engine="h5netcdf")
        kept = [n for n, v in story.stability.data_vars.items() if v.dims == ("candidate",)]
        story.stability[kept].to_dataframe().to_csv(folder / "stability.csv")
    if story.interaction is not None:
        story.interaction.to_pandas().to_csv(folder / "interactions.csv")
    if story.package is not None:
        story.package.steps.to_csv(folder / "package.csv", index=False)
    for language in languages:
        name = "report.html" if language == "en" else f"report.{language}.html"
        write_page(story, folder / name, language=language)
    return left
