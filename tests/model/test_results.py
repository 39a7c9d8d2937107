"""Results: what is kept comes back, and tables say what they hold."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_channels
import synthetic_result
import xarray as xr

from model.errors import MissingResult, OutputRefused, RunFailed, UnreadableResult
from model.results import Result, RunReport, RunStatus, read_result
from model.scenario import Scenario

UNIT = "million yuan 2020"


def money(values: object, dims: tuple[str, ...], name: str) -> xr.DataArray:
    return xr.DataArray(
        np.asarray(values, dtype=float), dims=dims, attrs={"units": UNIT, "long_name": name}
    )


def small_result(status: RunStatus = RunStatus.ok, **report: object) -> Result:
    rng = np.random.default_rng(1)
    base = rng.random((2, 2))
    data = xr.Dataset(
        {
            "output": money(
                base[:, :, None] + [0.0, 1.0], ("region", "sector", "channel"), "output"
            ),
            "output_base": money(base, ("region", "sector"), "output"),
            "ledger": money(
                rng.random((1, 2, 2, 3, 1)),
                ("pole", "region", "sector", "part", "account"),
                "ledger",
            ),
            "minutes": xr.DataArray(
                [[[30.0], [90.0]], [[100.0], [30.0]]],
                dims=("origin", "destination", "purpose"),
                attrs={"units": "min", "long_name": "door-to-door minutes"},
            ),
            "minutes_base": xr.DataArray(
                [[[30.0], [100.0]], [[100.0], [30.0]]],
                dims=("origin", "destination", "purpose"),
                attrs={"units": "min", "long_name": "door-to-door minutes"},
            ),
            "disparity": xr.DataArray(
                [[0.5, np.nan]],
                dims=("subject", "disparity_part"),
                attrs={"units": "1", "long_name": "inequality"},
            ),
            "corridor_from": ("corridor_leg", np.array(["上海", "Nanjing"], dtype=object)),
            "extra": xr.DataArray([1.0, 2.0], dims="region", attrs={"units": "persons"}),
        },
        coords={
            "region": ["A", "B"],
            "region_zh": ("region", ["甲", "乙"]),
            "sector": pd.Index(["x", "y"], dtype="str"),
            "channel": ["demand", "sourcing"],
            "pole": ["P"],
            "part": ["intraregional", "feedback", "spillover"],
            "account": ["value_added"],
            "place": ["110000", "310000"],
            "place_name": ("place", ["Beijing", "Shanghai"]),
            "origin": ["110000", "310000"],
            "destination": ["110000", "310000"],
            "purpose": ["passenger"],
            "subject": ["potential"],
            "disparity_part": ["total", "within"],
        },
    )
    scenario = Scenario.from_dict(
        {"name": "small", "stimulus": [{"pole": {"A": 0.5, "B": 0.5}, "amount": 1e9}]}
    )
    solve = {
        "what": "P",
        "method": "krylov",
        "iterations": 3,
        "residual": 1e-12,
        "error_bound": math.nan,
        "seconds": 0.1,
    }
    held = {"name": "rows", "gap": 2.0, "tolerance": 1e-9, "holds": False}
    stated = {"solves": (solve,), "identities": (held,), "closure": "spending", **report}
    return Result(status, data, RunReport(**stated), scenario)


def test_a_result_written_and_read_again_is_identical(tmp_path: Path) -> None:
    first = small_result(
        estimates=("estimated",),
        table_report={"t": {"title": "T", "columns": ["a"], "rows": [[1.5], [None]]}},
        inputs={"table": "0" * 64},
        seconds={"base": 0.25},
    )
    again = read_result(first.to_netcdf(tmp_path / "result.nc"))
    assert again.identical(first)
    assert again.scenario == first.scenario
    assert again.data["output"].attrs == {"units": UNIT, "long_name": "output"}
    assert again.data["output"].dtype == np.float64
    assert again.data["corridor_from"].values.tolist() == ["上海", "Nanjing"]
    assert math.isnan(again.report.solves[0]["error_bound"])


def test_one_number_moved_makes_another_result() -> None:
    first, second = small_result(), small_result()
    assert first.identical(second)
    data = second.data.copy(deep=True)
    data["output"].values[0, 0, 0] += 1e-9
    assert not first.identical(Result(second.status, data, second.report, second.scenario))
    assert not first.identical(small_result(closure="real"))


def test_a_long_report_fits_into_the_file(tmp_path: Path) -> None:
    rows = [[f"region {n}", float(n)] for n in range(20_000)]
    first = small_result(table_report={"t": {"title": "北", "columns": ["a", "b"], "rows": rows}})
    assert read_result(first.to_netcdf(tmp_path / "r.nc")).identical(first)


def test_writing_leaves_no_other_file_and_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "result.nc"
    path.write_text("an earlier file")
    small_result().to_netcdf(path)
    assert [one.name for one in tmp_path.iterdir()] == ["result.nc"]
    assert read_result(path).status is RunStatus.ok
    with pytest.raises(OutputRefused, match="nowhere"):
        small_result().to_netcdf(tmp_path / "nowhere" / "result.nc")


def test_files_that_are_no_results_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingResult, match=r"none\.nc"):
        read_result(tmp_path / "none.nc")
    text = tmp_path / "text.nc"
    text.write_text("no netcdf")
    with pytest.raises(UnreadableResult, match=r"text\.nc"):
        read_result(text)
    other = tmp_path / "other.nc"
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(other, engine="h5netcdf")
    with pytest.raises(UnreadableResult, match="without our marks"):
        read_result(other)


def test_a_status_that_is_not_ok_raises_with_what_failed() -> None:
    assert small_result().raise_for_status().status == "ok"
    with pytest.raises(RunFailed, match=r"rows: gap 2, tolerance 1e-09; P has no error bound"):
        small_result(RunStatus.partial).raise_for_status()


def test_tables_are_tidy_and_carry_units_changes_and_labels(tmp_path: Path) -> None:
    result = small_result()
    written = {path.name: path for path in result.to_csv(tmp_path / "tables")}
    assert {"economy.csv", "ledger.csv", "travel_changes.csv", "columns.csv"} <= set(written)
    economy = pd.read_csv(written["economy.csv"])
    assert list(economy.columns) == [
        "region",
        "region_zh",
        "sector",
        "channel",
        f"output [{UNIT}]",
        f"output_base [{UNIT}]",
        f"output_change [{UNIT}]",
    ]
    assert len(economy) == 8
    chosen = economy[(economy["region"] == "B") & (economy["sector"] == "x")]
    expected = result.data["output"].sel(region="B", sector="x").values
    assert chosen[f"output [{UNIT}]"].to_numpy() == pytest.approx(expected, rel=1e-9)
    assert chosen[f"output_change [{UNIT}]"].to_numpy() == pytest.approx([0.0, 1.0], abs=1e-9)


def test_tables_hold_only_the_pairs_whose_travel_changed(tmp_path: Path) -> None:
    small_result().to_csv(tmp_path)
    (pair,) = pd.read_csv(tmp_path / "travel_changes.csv", dtype={"origin": str}).to_dict("records")
    assert (pair["origin"], pair["destination_name"]) == ("110000", "Shanghai")
    assert pair["minutes_change [min]"] == -10.0


def test_columns_are_explained_and_nothing_is_lost(tmp_path: Path) -> None:
    written = small_result().to_csv(tmp_path)
    with (tmp_path / "columns.csv").open(encoding="utf-8", newline="") as stream:
        about = list(csv.DictReader(stream))
    heads = {
        (path.name, head)
        for path in written
        if path.name != "columns.csv"
        for head in pd.read_csv(path, nrows=0).columns
    }
    assert {(row["file"], row["column"]) for row in about} == heads
    assert any("extra" in head for _, head in heads)
    assert any("corridor_from" in head for _, head in heads)
    change = next(row for row in about if row["column"].startswith("output_change"))
    assert change["meaning"] == "change against the base year: output"
    disparity = pd.read_csv(tmp_path / "disparity.csv")
    assert len(disparity) == 1


def test_a_result_without_blocks_still_makes_tables(tmp_path: Path) -> None:
    full = small_result()
    bare = Result(full.status, full.data[["output_base"]], full.report, full.scenario)
    names = [path.name for path in bare.to_csv(tmp_path)]
    assert names == ["economy.csv", "columns.csv"]


def test_tables_on_the_past_and_on_channels_have_names_of_their_own(tmp_path: Path) -> None:
    result = synthetic_channels.with_channels(synthetic_result.synthetic_result())
    written = {path.stem: path for path in result.to_csv(tmp_path)}
    assert {
        "access_history",
        "access_history_causes",
        "access_history_groups",
        "access_history_groups_causes",
        "access_history_known",
        "disparity_history",
        "disparity_history_causes",
        "channels_by_cluster",
        "channels_by_ring",
        "channels_contraction",
    } <= set(written)
    assert not [name for name in written if name.startswith("by_")]
    heads = list(pd.read_csv(written["access_history"], nrows=1))
    assert heads[:2] == ["place", "place_name"]
    assert heads[-1] == "access_history [min; persons]"
