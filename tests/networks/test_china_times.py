"""Are the rail times of the embedded network those that were published?

Band: every published time within 20 per cent, mean absolute error at most 10 per cent. Left out:
Hong Kong, which the timetable lacks; the second Beijing-Shanghai row (an earlier era); and
Wuhan-Guangzhou, whose 180 minutes are of the opening year 2009 at higher speed and without stops
(the timetable of 2020 gives about four hours).
"""

import numpy as np
import pandas as pd
import pytest
from paths import shared

from networks.china import load_china_network
from networks.skim import skim

BAND = 0.20
MEAN_BAND = 0.10
STATIONS = {
    "Beijing South": "Beijing",
    "Beijing West": "Beijing",
    "Shanghai Hongqiao": "Shanghai",
    "Guangzhou South": "Guangzhou",
    "Fuzhou": "Fuzhou (Fujian)",
}


def published() -> pd.DataFrame:
    table = pd.read_csv(shared("data", "rail", "travel_times_seen.csv"))
    kept = ~table["to"].str.contains("Kowloon") & ~table["mode"].str.contains("era")
    kept &= ~((table["from"] == "Wuhan") & (table["to"] == "Guangzhou"))
    return table[kept]


@pytest.fixture(scope="module")
def errors() -> pd.Series:
    table = published()
    china = load_china_network()
    code = {name: key for key, name in china.places["name"].items()}
    found = skim(china, modes=["rail_hsr"], ends="stop", by="minutes", unreachable="keep")
    values = {}
    for a, b, minutes in table[["from", "to", "minutes"]].itertuples(index=False):
        pair = [code[STATIONS.get(end, end)] for end in (a, b)]
        model = float(found["minutes"].sel(origin=pair[0], destination=pair[1]))
        values[f"{a} - {b}"] = model / minutes - 1.0
    return pd.Series(values)


def test_there_are_eleven_published_times_to_compare(errors: pd.Series) -> None:
    assert len(errors) == 11


def test_station_to_station_times_lie_in_the_band(errors: pd.Series) -> None:
    outside = errors[errors.abs() > BAND + 0.005]
    assert outside.empty, outside.round(3).to_dict()


def test_the_mean_error_is_small(errors: pd.Series) -> None:
    assert np.abs(errors).mean() <= MEAN_BAND
