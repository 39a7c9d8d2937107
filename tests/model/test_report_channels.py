"""The page on channels: true to its result, complete, and quiet where nothing is told."""

import re

import numpy as np
import pytest
import synthetic_channels
import synthetic_result

from model.report.facts_channels import balance, busiest, by_mode, by_region, groups_of
from model.report.strings import read_strings
from model.report.write import html_of


@pytest.fixture(scope="module")
def result():
    return synthetic_channels.with_channels(synthetic_result.synthetic_result())


@pytest.fixture(scope="module")
def page(result):
    return html_of(result, read_strings())


def section(page):
    return page[page.index('<section id="channels">') : page.index('<section id="made">')]


def test_a_section_stands_between_corridor_and_how_it_was_made(page):
    order = re.findall(r'<section id="(\w+)">', page)
    assert order.index("corridor") < order.index("channels") < order.index("made")


def test_a_run_of_demand_and_sourcing_has_no_such_section():
    page = html_of(synthetic_result.synthetic_result(), read_strings())
    assert '<section id="channels">' not in page


def test_every_channel_is_explained_and_none_is_added_up(page):
    here = section(page)
    for words in ("never added", "Relocation", "Productivity", "Households", "Congestion"):
        assert words in here
    assert "Total" not in here


def test_gains_and_losses_add_up_to_the_effect(result):
    frame = balance(result.data, "value_added")
    total = by_region(result.data, "value_added").sum()
    np.testing.assert_allclose(frame["effect"], total.to_numpy(), rtol=1e-12, atol=1e-9)
    assert (frame["backwash"] <= 0).all()
    assert (frame["spread"] >= 0).all()


def test_a_channel_that_does_not_tell_shows_a_dash_and_not_a_loss(result, page):
    frame = balance(result.data, "real_consumption")
    assert np.isnan(frame.loc["demand", "effect"])
    assert np.isnan(frame.loc["demand", "losers"])
    assert "–" in section(page)


def test_allocated_figures_say_so_and_computed_ones_too():
    base = synthetic_result.synthetic_result()
    for computed, words in ((True, "Computed between places"), (False, "not computed")):
        one = synthetic_channels.with_channels(base, computed=computed)
        frame, found = groups_of(one.data, "ring", "value_added")
        assert found is computed
        assert list(frame.index) == ["in the pole", "up to 1 h"]
        assert words in section(html_of(one, read_strings()))


def test_where_nobody_loses_the_page_says_so():
    one = synthetic_channels.with_channels(synthetic_result.synthetic_result(), losers=False)
    assert "no region loses through any channel" in section(html_of(one, read_strings()))


def test_travel_lists_modes_in_use_and_links_by_their_change(result):
    assert list(by_mode(result.data, "freight").index) == ["road", "rail"]
    frame = busiest(result.data, "passenger", 3)
    assert len(frame) == 3
    assert (frame["change"].abs().diff().dropna() <= 0).all()
