"""The pieces of the report: numbers, projection, labels, facts, figures."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import synthetic_result
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from model.report import (
    plot_changes,
    plot_cumulative,
    plot_heat,
    plot_parts,
    plot_places,
    plot_range,
)
from model.report.facts_access import disparity_frame, weighted_mean
from model.report.facts_corridor import (
    effects,
    levers,
    line_places,
    pair_counts,
    price_change,
    share_shifts,
    times_along,
)
from model.report.facts_poles import exchange, ledger_summary, own_regions
from model.report.figures_map import read_backdrop
from model.report.map_labels import place_labels
from model.report.markup import Column, prose, table
from model.report.projection import fit_projection
from model.report.quantities import (
    decimals,
    hours,
    money_scale,
    plain,
    power,
    share_scale,
    short,
    spoken,
    write,
)
from model.report.svg import new_axes, render


@pytest.fixture(scope="module")
def data():
    return synthetic_result.synthetic_result().data


# numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "units", "unit", "shown"),
    [
        ([12_345.0], "million yuan 2020", "billion yuan 2020", 12.345),
        ([0.5], "million yuan 2020", "thousand yuan 2020", 500.0),
        ([-2_500_000.0, 3.0], "million yuan 2020", "trillion yuan 2020", -2.5),
        ([999.0], "million euro", "million euro", 999.0),
        ([1234.0], "euro", "thousand euro", 1.234),
        ([0.0], "million yuan", "yuan", 0.0),
        ([float("nan"), 7e6], "thousand yuan", "billion yuan", float("nan")),
    ],
)
def test_money_is_shown_in_the_magnitude_that_reads_best(values, units, unit, shown):
    scale = money_scale(values, units)
    assert scale.unit == unit
    assert values[0] * scale.factor == pytest.approx(shown, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-3, 1e12), st.sampled_from(["yuan", "thousand yuan", "million yuan"]))
def test_changing_the_unit_of_money_does_not_change_what_is_shown(amount, units):
    step = {"yuan": 1.0, "thousand yuan": 1e3, "million yuan": 1e6}[units]
    one, other = money_scale([amount], units), money_scale([amount * step], "yuan")
    assert one.unit == other.unit
    assert amount * one.factor == pytest.approx(amount * step * other.factor)


def test_numbers_are_written_with_sign_digits_and_dashes():
    assert write(1234.5, 1) == "1,234.5"
    assert write(-0.25, 2) == "−0.25"
    assert write(0.25, 2, signed=True) == "+0.25"
    assert write(0.0, 3) == "0"
    assert write(-0.0001, 2) == "0.00"
    assert write(float("nan"), 2) == "–"
    assert short(0.012345) == "0.0123"
    assert short(-3e-7) == "−3.0e−07"
    assert plain(350.0) == "350"
    assert plain(-0.02) == "−0.02"
    assert power(2.26e-13) == "2.3e−13"
    assert hours(245) == "4:05"
    assert hours(-0.2) == "0:00"
    assert spoken("billion yuan 2020") == "billion yuan"
    assert spoken("persons") == "persons"


def test_tiny_shares_are_shown_in_parts_per_million():
    assert share_scale([0.02, 1e-9]) == (100.0, "percent")
    assert share_scale([-5e-6, 0.0]) == (1e6, "per_million")
    assert share_scale([0.0]) == (100.0, "percent")


def test_a_column_keeps_figures_of_its_middle_without_swelling_its_top():
    assert decimals([123.0]) == 0
    assert decimals([1.23, 0.4]) == 2
    assert decimals([10.0, 0.03, 0.04]) == 3
    assert decimals([100_000.0, 0.001, 0.002]) == 0
    assert decimals([]) == decimals([0.0]) == 0


def test_a_total_has_no_say_in_the_decimals_and_stays_in_the_foot():
    cells = table([Column("of", ["a", "b", "sum"]), Column("n", [0.12, 0.34, 460.0])], "c")
    assert "460" in cells
    assert "<tfoot>" not in cells
    cells = table(
        [Column("of", ["a", "b", "sum"]), Column("n", [0.12, 0.34, 460.0])],
        "c",
        last_is_total=True,
    )
    assert "0.340" in cells
    assert "460.000" in cells.split("<tfoot>")[1]


def test_prose_escapes_and_keeps_per_cent_with_its_number():
    assert prose("a < **5 %**") == "a &lt; <strong>5\u00a0%</strong>"


# map ----------------------------------------------------------------------------------------------


def cell_area(projection, lon, lat, size):
    """Area of a small quadrilateral on the map (shoelace)."""
    corners_lon = np.array([lon, lon + size, lon + size, lon])
    corners_lat = np.array([lat, lat, lat + size, lat + size])
    x, y = projection(corners_lon, corners_lat)
    return 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


@pytest.mark.parametrize("extent", [(75, 135, 18, 53), (-20, 30, -35, -5), (0, 40, -12, 12)])
def test_equal_areas_on_the_sphere_are_equal_on_the_map(extent):
    west, east, south, north = extent
    projection = fit_projection([west, east], [south, north])
    size = 0.01
    for lon in np.linspace(west, east, 4):
        for lat in np.linspace(south, north, 4):
            sphere = np.radians(size) * np.diff(np.sin(np.radians([lat, lat + size])))[0]
            assert cell_area(projection, lon, lat, size) == pytest.approx(sphere, rel=1e-4)


def test_albers_meets_snyders_worked_example():
    """Snyder (1987), p. 291: phi1 29.5, phi2 45.5, origin 23 N 96 W, point 35 N 75 W, R = 1."""
    from model.report.projection import Projection

    degrees = np.radians([29.5, 45.5, 23.0, -96.0])
    x, y = Projection(*degrees.tolist())([-75.0], [35.0])
    assert x[0] == pytest.approx(0.2952720, abs=1e-7)
    assert y[0] == pytest.approx(0.2416774, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_names_never_lie_on_each_other_nor_outside_the_map(seed, count):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 300, count), rng.uniform(0, 200, count)
    radius = rng.uniform(1, 6, count)
    names = ["n" * int(n) for n in rng.integers(2, 12, count)]
    taken = [(0.0, 0.0, 90.0, 30.0)]
    spots = place_labels(
        names, x, y, radius, font_size=7, frame=(0, 0, 300, 200), taken=taken, limit=25
    )
    assert len(spots) <= 25
    boxes = list(taken)
    for spot in spots:
        width, height = 0.6 * 7 * len(names[spot.position]), 1.15 * 7
        box = (spot.left, spot.bottom, spot.left + width, spot.bottom + height)
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= 300
        assert box[3] <= 200
        for other in boxes:
            apart = box[0] >= other[2] or other[0] >= box[2]
            assert apart or box[1] >= other[3] or other[1] >= box[3]
        boxes.append(box)


def places_of(data):
    columns = ("place_name", "lon", "lat", "population")
    frame = pd.DataFrame({name: data[name].to_series() for name in columns})
    return frame.rename(columns={"place_name": "name"})


def test_a_railway_both_ways_is_drawn_once():
    legs = {
        "lon_from": [1.0, 2.0, 1.0, 1.0],
        "lat_from": [5.0, 6.0, 5.0, 5.0],
        "lon_to": [2.0, 1.0, 2.0, 3.0],
        "lat_to": [6.0, 5.0, 6.0, 6.0],
        "mode": ["rail_hsr", "rail_hsr", "rail_conventional", "rail_hsr"],
    }
    data = xr.Dataset({f"link_{name}": ("link", values) for name, values in legs.items()})
    links = read_backdrop(data).links
    assert links["mode"].tolist() == ["rail_hsr", "rail_conventional", "rail_hsr"]
    assert links["lon_to"].tolist() == [2.0, 2.0, 3.0]


def test_a_map_colours_dots_by_value_and_sizes_them_by_population(data):
    places = places_of(data)
    values = pd.Series(np.linspace(-5, 10, len(places)), index=places.index)
    ax = plot_places(places, values, label="v", kind="change", named=5)
    dots = next(c for c in ax.collections if c.get_gid() == "places")
    areas = dots.get_sizes()
    assert (np.diff(areas) <= 0).all()
    order = places.sort_values("population", ascending=False, kind="stable").index
    share = places.loc[order, "population"].to_numpy() / places["population"].max()
    np.testing.assert_allclose((areas - 7) / 150, share, atol=1e-6)
    red, _green, blue, _alpha = dots.get_facecolors().T
    shown = values[order].to_numpy()
    assert (red[shown > 2] > blue[shown > 2]).all()
    assert (blue[shown < -1] > red[shown < -1]).all()
    assert 0 < len(ax.texts) <= 5


def test_marks_get_their_titles_in_drawing_order(data):
    places = places_of(data)
    ax = plot_places(places, places["population"], label="v", named=0)
    titles = [f"title {i} & more" for i in range(len(places))]
    svg = render(ax.get_figure(), "one", "a map", {"places": titles})
    assert svg.count("<title>") == len(places)
    assert svg.index("title 0 &amp; more") < svg.index("title 39 &amp; more")


# facts --------------------------------------------------------------------------------------------


def test_the_parts_of_the_ledger_add_up_and_belong_to_the_right_regions(data):
    own = own_regions(data)
    assert own.sum().tolist() == [2, 2, 2]
    frame = ledger_summary(data, "output")
    assert frame["total"].tolist() == pytest.approx([29_300, 30_800, 32_300])
    share = frame["spillover"] / frame["total"]
    assert frame["spillover_share"].tolist() == pytest.approx(share.tolist())
    assert (frame["spillover_share_low"] < share).all()
    assert (share < frame["spillover_share_high"]).all()
    flows = exchange(data, "output")
    assert flows.sum(axis=1).tolist() == pytest.approx(frame["total"].tolist())
    inside = frame["intraregional"] + frame["feedback"]
    assert np.diag(flows.iloc[:, :3]).tolist() == pytest.approx(inside.tolist())


def test_changes_are_levels_less_the_base_year(data):
    found = effects(data, "region", "sourcing", ("output", "nothing"))
    assert list(found) == ["output"]
    level = data["output"].sel(channel="sourcing").sum("sector").to_series()
    base = data["output_base"].sum("sector").to_series()
    frame = found["output"]
    np.testing.assert_allclose(frame["change"], level - base, rtol=1e-9)
    np.testing.assert_allclose(frame["percent"], 100 * (level / base - 1), rtol=1e-6)


def test_no_change_is_exactly_zero_despite_rounding(data):
    still = data.copy()
    nearly = (data["output_base"] * (1 + 1e-15)).expand_dims(channel=["sourcing"])
    still = still.drop_dims("channel").assign(output=nearly)
    frame = effects(still, "sector", "sourcing", ("output",))["output"]
    assert (frame["change"] == 0).all()


def test_what_a_channel_does_not_tell_is_no_loss(data):
    silent = data["output"].where(data["channel"] != "demand")
    frame = effects(data.assign(output=silent), "region", "demand", ("output",))["output"]
    assert frame["change"].isna().all()


def test_delivered_prices_are_weighted_by_final_demand():
    weights = xr.DataArray([[1.0, 3.0]], dims=("region", "sector"))
    data = xr.Dataset(
        {"delivered_price": weights.copy(data=[[1.0, 0.96]]), "final_demand_base": weights},
        coords={"region": ["a"], "sector": ["x", "y"]},
    )
    assert price_change(data, "region")["a"] == pytest.approx(-3.0)


def test_share_shifts_come_in_order_of_the_money_they_move(data):
    frame = share_shifts(data, 10)
    assert (frame["moved"].abs().diff().dropna() <= 1e-9).all()
    np.testing.assert_allclose(frame["points"], frame["scenario"] - frame["base"])
    weight = data["final_demand_base"].to_series()
    expected = [row.points / 100 * weight[row.region_to, row.sector] for row in frame.itertuples()]
    np.testing.assert_allclose(frame["moved"], expected)
    same = data.assign(trade_share=data["trade_share_base"])
    assert share_shifts(same, 10).empty


def test_stops_are_matched_by_name_other_name_or_code(data):
    assert line_places(data) == (["100003", "100012", "100025"], ["Elsewhere"])
    legs = data["corridor_from"].copy(data=np.array(["城3", "100012", "x"], dtype=object))
    assert line_places(data.assign(corridor_from=legs))[0] == ["100003", "100012", "100025"]
    times = times_along(data, ["100003", "100012"], "passenger")
    minutes = data["minutes_base"].sel(origin="100003", destination="100012", purpose="passenger")
    assert times["base"].tolist() == [float(minutes)]


def test_pairs_are_counted_both_ways_and_faster_is_not_cheaper(data):
    counts = pair_counts(data, "passenger")
    assert counts["pairs"] == 40 * 39
    minutes = (data["minutes_base"] - data["minutes"]).sel(purpose="passenger").to_numpy()
    assert counts["faster"] == (minutes >= 1).sum()
    assert counts["cheaper"] >= counts["faster"]
    same = data.assign(cost=data["cost_base"])
    assert pair_counts(same, "passenger")["cheaper"] == 0


def test_levers_pair_low_and_high_cases():
    frame = pd.DataFrame({"e": [1.0, 0.5, 3.0, 9.0]}, index=["central", "b low", "b high", "x y"])
    pairs = levers(frame, "e")
    assert pairs.to_dict("index") == {"b": {"low": 0.5, "high": 3.0}}


def test_a_gini_has_no_empty_rows_and_means_pass_over_gaps(data):
    frame = disparity_frame(data)
    assert frame["base"].notna().all()
    assert set(frame[frame["index"] == "gini"]["disparity_part"]) == {"total"}
    values = pd.Series([1.0, np.nan, 3.0])
    assert weighted_mean(values, pd.Series([1.0, 5.0, 1.0])) == 2.0
    assert np.isnan(weighted_mean(values * np.nan, pd.Series([1.0, 5.0, 1.0])))


# figures ------------------------------------------------------------------------------------------


def test_every_chart_draws_on_the_axes_it_is_given():
    shares = pd.DataFrame({"a": [0.6, 0.2], "b": [0.4, 0.8]}, index=["p", "q"])
    values = pd.Series([3.0, -1.0, 0.0], index=["x", "y", "z"])
    calls = [
        lambda ax: plot_parts(shares, label="s", ax=ax),
        lambda ax: plot_heat(shares, label="s", ax=ax, own=shares > 0.7),
        lambda ax: plot_range(shares, 0.5, label="s", ax=ax),
        lambda ax: plot_changes(values, label="s", ax=ax),
        lambda ax: plot_cumulative({"v": values}, values.abs(), label="s", weight_label="w", ax=ax),
    ]
    for call in calls:
        ax = new_axes(3.0)
        assert call(ax) is ax
        assert ax.get_xlabel() == "s"
        assert call(None) is not ax


def test_bars_of_parts_stack_to_one_and_carry_their_range():
    shares = pd.DataFrame({"a": [0.7], "b": [0.3]}, index=["p"])
    spread = (pd.Series([0.25], index=["p"]), pd.Series([0.4], index=["p"]))
    ax = plot_parts(shares, label="s", low_high=spread)
    bars = [bar for bar in ax.patches if bar.get_height() > 0.5]
    assert [bar.get_x() + bar.get_width() for bar in bars] == pytest.approx([0.7, 1.0])
    whisker = ax.collections[0].get_segments()[0]
    assert sorted(whisker[:, 0]) == pytest.approx([0.6, 0.75])


def test_a_cumulative_curve_ends_at_the_whole_weight():
    values = pd.Series([3.0, 1.0, 2.0])
    weights = pd.Series([1.0, 1.0, 2.0])
    ax = plot_cumulative({"v": values}, weights, label="s", weight_label="w")
    x, y = ax.lines[0].get_data()
    assert list(x) == [1, 2, 3]
    assert list(y) == [25, 75, 100]


def test_importing_the_report_loads_neither_matplotlib_nor_pyplot():
    code = "import sys, model.report; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_drawing_a_page_leaves_pyplot_alone():
    code = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "import synthetic_result\n"
        "from model.report.strings import read_strings\n"
        "from model.report.write import html_of\n"
        "html_of(synthetic_result.synthetic_result(n_poles=0, corridor=False), read_strings())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    root = synthetic_result.__file__.rsplit("/tests/", 1)[0]
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=root)
