"""Labels: exact, forgiven, suggested, never guessed."""

from __future__ import annotations

import pytest

from io_tables.errors import UnknownLabel
from io_tables.labels import did_you_mean, positions_of, shown

NAMES = ["Shaanxi", "Shanxi", "Inner Mongolia"]
ALIASES = {"code": ["610000", "140000", "150000"], "zh": ["陕西", "山西", "内蒙古"]}


def test_names_codes_and_chinese_names_are_positions():
    found = positions_of(["Shanxi", "610000", "内蒙古", " shaanxi "], NAMES, aliases=ALIASES)
    assert found.tolist() == [1, 0, 2, 0]
    assert positions_of([], NAMES).tolist() == []


def test_every_unknown_label_is_named_with_the_closest_ones():
    with pytest.raises(UnknownLabel) as caught:
        positions_of(["Shanxy", "Atlantis"], NAMES, aliases=ALIASES, what="region")
    message = str(caught.value)
    assert "unknown region 'Shanxy' (did you mean 'Shanxi'" in message
    assert "unknown region 'Atlantis'; known: Shaanxi" in message


def test_an_alias_of_two_positions_is_refused():
    with pytest.raises(UnknownLabel, match="stands for a, b"):
        positions_of(["X"], ["a", "b"], aliases={"code": ["x", "x"]})


def test_blank_aliases_match_nothing():
    with pytest.raises(UnknownLabel, match="unknown label ''"):
        positions_of([""], ["a", "b"], aliases={"code": ["", "1"]})


def test_messages_show_five_labels_at_most():
    assert shown(range(8)) == "0, 1, 2, 3, 4 and 3 more"
    assert did_you_mean("zzz", ["coal"]) == ""
