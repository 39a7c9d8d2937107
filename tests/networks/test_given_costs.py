"""A user's own matrix stands in for a skim; OMX files go out and come in."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cases_networks import random_network
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import accessibility, region_cost, skim
from networks.errors import InvalidNetwork, MissingNetwork, UnknownLabel
from networks.given_costs import as_skim, read_skim
from networks.readers.omx import read_omx, write_omx

h5py = pytest.importorskip("h5py", reason="h5py is not installed")


@pytest.fixture(scope="module")
def skimmed():
    return skim(random_network(3), "freight")


def frame(skimmed, variable="cost"):
    return skimmed[variable].to_pandas()


def mass(skimmed):
    return pd.Series(np.arange(1.0, 8.0), index=skimmed["origin"].to_numpy())


def test_a_skim_given_back_as_a_matrix_measures_the_same(skimmed):
    network = random_network(3)
    for told in (
        as_skim(frame(skimmed)),
        as_skim(skimmed["cost"], network=network),
        as_skim(skimmed),
        as_skim(skimmed["cost"].to_numpy(), places=list(skimmed["origin"].to_numpy())),
        as_skim(frame(skimmed).iloc[::-1, ::-1]),
    ):
        regions = pd.Series(["x", "x", "y", "y", "y", "z", "z"], index=skimmed["origin"].to_numpy())
        old = region_cost(skimmed, mass(skimmed), regions)
        pd.testing.assert_frame_equal(region_cost(told, mass(skimmed), regions), old)
        a = accessibility(skimmed, mass(skimmed), of="cost", beta=1.5)
        b = accessibility(told, mass(skimmed), of="cost", beta=1.5).sel(place=a["place"])
        np.testing.assert_allclose(a, b, rtol=1e-15)


def test_names_bring_coordinates_and_the_own_place_rule(skimmed):
    network = random_network(3)
    named = frame(skimmed).set_axis(list(network.places["name"]), axis=0)
    named = named.set_axis(list(network.places["name_zh"]), axis=1)
    values = named.to_numpy(copy=True)
    np.fill_diagonal(values, [0.0, np.nan, *[7.0] * 5])
    given = as_skim(pd.DataFrame(values, named.index, named.columns), network=network)
    own = np.diag(given["cost"])
    np.testing.assert_allclose(own[:2], np.diag(skimmed["cost"])[:2], rtol=1e-12)
    np.testing.assert_array_equal(own[2:], 7.0)
    assert list(given["origin"].to_numpy()) == list(network.places.index)
    assert "origin_lon" in given.coords
    with pytest.raises(UnknownLabel, match="did you mean 'Place 0'"):
        as_skim(named.rename(index={"Place 0": "Placo 0"}), network=network)


def test_blank_cells_are_pairs_without_a_path(skimmed):
    table = frame(skimmed)
    table.iloc[0, 1] = np.nan
    given = as_skim(table, of="minutes", units={"minutes": "h"})
    assert np.isinf(given["minutes"][0, 1])
    assert not given["reachable"][0, 1]
    assert given["minutes"].attrs["units"] == "h"


@pytest.mark.parametrize("ending", ["omx", "nc", "csv"])
def test_costs_of_a_file_are_those_written(skimmed, tmp_path, ending):
    path = tmp_path / f"costs.{ending}"
    chosen = skimmed[["cost", "minutes"]].drop_vars(
        [c for c in skimmed.coords if c not in ("origin", "destination")]
    )
    if ending == "omx":
        write_omx(skimmed, path)
    elif ending == "nc":
        chosen.to_netcdf(path, engine="h5netcdf")
    else:
        chosen.to_dataframe().to_csv(path)
    found = read_skim(path)
    for variable in ("cost", "minutes"):
        np.testing.assert_array_equal(found[variable], skimmed[variable])
    assert [str(v) for v in found["origin"].to_numpy()] == list(skimmed["origin"].to_numpy())
    one = read_skim(path, variables={"cost": "minutes"})
    np.testing.assert_array_equal(one["cost"], skimmed["minutes"])
    with pytest.raises(UnknownLabel, match="did you mean 'minutes'"):
        read_skim(path, variables={"cost": "minuts"})


def test_wide_csv_is_a_matrix_with_labels(skimmed, tmp_path):
    path = tmp_path / "wide.csv"
    frame(skimmed).to_csv(path)
    np.testing.assert_array_equal(read_skim(path)["cost"], skimmed["cost"])
    np.testing.assert_array_equal(read_skim(path, of="km")["km"], skimmed["cost"])


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_omx_keeps_every_bit_and_both_lists_of_labels(tmp_path_factory, rows, columns, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, columns))
    values[0, 0] = np.inf
    data = xr.Dataset(
        {"m 1": (("origin", "destination"), values, {"units": "min"})},
        coords={"origin": [f"市{k}" for k in range(rows)], "destination": list(range(columns))},
    )
    path = write_omx(data, tmp_path_factory.mktemp("omx") / "a.omx")
    found = read_omx(path)
    np.testing.assert_array_equal(found["m 1"], values)
    assert list(found["origin"].to_numpy()) == [f"市{k}" for k in range(rows)]
    assert list(found["destination"].to_numpy()) == [str(k) for k in range(columns)]
    assert found["m 1"].attrs["units"] == "min"


def test_omx_of_other_tools_is_read_with_their_lookups(tmp_path):
    path = tmp_path / "other.omx"
    with h5py.File(path, "w") as file:
        file.attrs["OMX_VERSION"] = b"0.2"
        file.attrs["SHAPE"] = np.array([2, 2], dtype=np.int32)
        file.create_dataset("data/TIME", data=np.array([[1, 2], [3, 4]], dtype=np.int16))
        file.create_dataset("lookup/taz", data=np.array([10, 20]))
        file.create_dataset("lookup/district", data=np.array([1.0, 2.0]))
    with pytest.raises(InvalidNetwork, match="lookup="):
        read_omx(path)
    assert list(read_omx(path, lookup="taz")["origin"].to_numpy()) == ["10", "20"]
    assert list(read_omx(path, lookup="district")["origin"].to_numpy()) == ["1", "2"]
    with pytest.raises(UnknownLabel, match="did you mean 'TIME'"):
        read_omx(path, ["TIM"], lookup="taz")
    costs = read_skim(path, of="minutes", lookup="taz")
    assert costs["minutes"].dtype == np.float64
    assert float(costs["minutes"].sel(origin="20", destination="10")) == 3.0


def test_bad_files_of_costs_give_one_clear_error(skimmed, tmp_path):
    good = write_omx(skimmed, tmp_path / "good.omx").read_bytes()
    csv = b"origin,destination,cost\na,a,1\na,b,2\n"
    cases = {
        "short.omx": good[:50],
        "half.omx": good[: len(good) // 2],
        "text.omx": b"not HDF5 at all",
        "empty.omx": b"",
        "half.nc": good[: len(good) // 2],
        "twice.csv": csv + b"a,b,3\n",
        "negative.csv": csv + b"b,a,-3\n",
        "latin.csv": csv + "ü,a,3\n".encode("latin-1"),
        "words.csv": b"place,a,b\na,1,x\nb,2,3\n",
        "empty.csv": b"",
        "one.csv": b"a\n1\n",
        "zero.csv": csv + b"\x00",
        "costs.xlsx": b"",
    }
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises((InvalidNetwork, UnknownLabel)):
            read_skim(path)
    with h5py.File(tmp_path / "plain.omx", "w") as file:
        file.create_dataset("x", data=[1.0])
    with pytest.raises(InvalidNetwork, match="no group 'data'"):
        read_omx(tmp_path / "plain.omx")
    with pytest.raises(MissingNetwork):
        read_skim(tmp_path / "none.omx")


def test_a_file_cut_anywhere_never_ends_in_another_error(skimmed, tmp_path):
    whole = write_omx(skimmed[["cost"]], tmp_path / "good.omx").read_bytes()
    path = tmp_path / "cut.omx"
    for share in np.linspace(0, 0.99, 34):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises((InvalidNetwork, UnknownLabel)):
            read_skim(path)


def test_matrices_that_are_no_costs_are_named(skimmed):
    table = frame(skimmed)
    with pytest.raises(UnknownLabel, match="did you mean 'minutes'"):
        as_skim(table, of="minuts")
    with pytest.raises(InvalidNetwork, match="p0 to p1"):
        as_skim(table.mask(np.eye(7, k=1, dtype=bool), -1.0))
    with pytest.raises(InvalidNetwork, match=r"places="):
        as_skim(table.to_numpy())
    with pytest.raises(InvalidNetwork, match=r"more than once: p0"):
        as_skim(table.rename(index={"p1": "p0"}))
    with pytest.raises(InvalidNetwork, match="same places"):
        as_skim({"cost": table, "km": table.iloc[1:]})
    with pytest.raises(InvalidNetwork, match="numbers"):
        as_skim(table.astype(object).mask(table > 0, "far"))
    with pytest.raises(UnknownLabel, match="must have one of"):
        as_skim(xr.Dataset({"other": skimmed["cost"]}))
