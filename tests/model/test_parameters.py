"""The parameters table: defaults, bounds, ranges and sectors."""

from __future__ import annotations

import pytest

from model.errors import InvalidParameter, UnknownParameter
from model.parameters import Parameters, load_parameters


def test_every_default_lies_in_its_range_and_its_range_in_its_bounds() -> None:
    defaults = load_parameters()
    for key in defaults.keys:
        spec = defaults.spec(key)
        assert spec.description
        assert spec.unit
        assert spec.source
        if spec.kind == "number":
            low, value, high = float(spec.low), float(spec.value), float(spec.high)
            assert spec.minimum <= low <= value < high <= spec.maximum


def test_the_published_ranges_are_the_ones_shipped() -> None:
    defaults = load_parameters()
    ranges = {
        key: (defaults.spec(key).low, defaults.get(key), defaults.spec(key).high)
        for key in (
            "value_of_time",
            "theta",
            "kappa_services",
            "kappa_business_services",
            "kappa_goods",
        )
    }
    assert ranges == {
        "value_of_time": (15, 30, 60),
        "theta": (2, 4, 8),
        "kappa_services": (0.005, 0.02, 0.05),
        "kappa_business_services": (0.02, 0.04, 0.08),
        "kappa_goods": (0.5, 1, 2),
    }


def test_a_value_set_replaces_the_default_and_nothing_else() -> None:
    changed = load_parameters().with_values({"theta": 6})
    assert changed.get("theta") == 6.0
    assert changed.get("value_of_time") == 30.0
    assert load_parameters().get("theta") == 4.0


def test_a_table_of_sectors_keeps_the_order_asked_and_falls_back_to_its_default() -> None:
    changed = Parameters({"theta": {"default": 3.0, "Steel": 5.0}})
    assert changed.by_sector("theta", ["Coal", "Steel"]) == (3.0, 5.0)
    assert changed.get("theta") == 3.0
    assert Parameters({"theta": {"Steel": 5.0}}).by_sector("theta", ["Coal", "Steel"]) == (4.0, 5.0)
    with pytest.raises(InvalidParameter, match="did you mean 'Steel'"):
        Parameters({"theta": {"Stel": 5.0}}).by_sector("theta", ["Coal", "Steel"])


def test_the_ends_of_a_range_move_with_a_value_that_was_set() -> None:
    assert load_parameters().at("low", "theta").get("theta") == 2.0
    assert Parameters({"theta": 6.0}).at("high", "theta").get("theta") == 12.0
    by_sector = Parameters({"theta": {"default": 4.0, "Steel": 5.0}}).at("low", "theta")
    assert by_sector.by_sector("theta", ["Coal", "Steel"]) == (2.0, 2.5)
    assert load_parameters().at("high", "own_share").variant("own_share") == "high"


def test_a_number_is_not_a_variant_and_a_variant_not_a_number() -> None:
    with pytest.raises(InvalidParameter, match="use variant"):
        load_parameters().get("own_share")
    with pytest.raises(InvalidParameter, match="use get"):
        load_parameters().variant("theta")


def test_unknown_keys_name_the_nearest_one() -> None:
    with pytest.raises(UnknownParameter, match="did you mean 'kappa_goods'"):
        Parameters({"kapa_goods": 1.0})
    with pytest.raises(UnknownParameter, match="did you mean 'theta'"):
        load_parameters().get("teta")


def test_records_say_what_is_an_assumption() -> None:
    records = {
        one["name"]: one for one in Parameters({"theta": {"default": 4.0, "A": 2.0}}).records()
    }
    assert records["kappa_services"]["assumption"] is True
    assert records["theta"]["value"] == "default 4, A 2"
    assert records["value_of_time"]["unit"] == "yuan per hour"
