"""Accounts of a ledger: labour income, amounts from elsewhere, and sectors in which they lie."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from io_tables.testing import random_table
from model.accounts import account_from, account_of, labour_of
from model.errors import ShapeError, UnknownLabel
from model.ledger.exchange import spillover_exchange
from model.multipliers import multipliers
from model.spillover import spillovers


def test_labour_income_is_the_primary_input_that_is_wages():
    table = random_table(1, 3, 2)
    assert labour_of(table) == ("compensation of employees",)
    data = spillovers(table, "R0", of=["labour_income", "compensation of employees"])
    assert np.array_equal(data["ledger"].isel(account=0), data["ledger"].isel(account=1))
    leak = float(data["leakage"].sel(kind="compensation of employees").sum())
    assert float(data["ledger"].sel(account="labour_income").sum()) == pytest.approx(leak)


def test_amounts_from_elsewhere_are_an_account_with_their_units():
    table = random_table(2, 3, 2)
    rng = np.random.default_rng(3)
    energy = pd.Series(rng.random(6), index=table.labels, name="energy").sample(
        frac=1.0, random_state=1
    )
    account = account_from(table, energy, units="PJ")
    assert (account.name, account.units) == ("energy", "PJ")
    assert np.allclose(account.intensity * table.x, energy[table.labels])
    everything = spillovers(table, {"all": table.regions}, table.f, account)
    assert float(everything["ledger"].sum()) == pytest.approx(float(energy.sum()))
    assert everything["ledger"].attrs["units"] == "PJ"
    series = pd.Series(account.intensity, index=table.labels)
    assert np.allclose(multipliers(table, account)["total"], multipliers(table, series)["total"])
    both = spillovers(table, "R1", of=[account, "output"])
    assert both["account_units"].values.tolist() == ["PJ", table.unit]
    given = spillover_exchange(table, of=account)
    assert given["effect"].attrs["units"] == "PJ"


def test_amounts_that_no_output_carries_are_refused():
    table = random_table(4, 2, 2, zero_industry=True)
    with pytest.raises(ShapeError, match="R1 / S1"):
        account_from(table, pd.Series(1.0, index=table.labels), units="t")
    with pytest.raises(ShapeError, match="finite"):
        account_from(table, pd.Series([1.0, np.nan, 1.0, 0.0], index=table.labels), units="t")
    with pytest.raises(ShapeError, match="4 intensities for 6"):
        account_of(random_table(4, 3, 2), account_of(table, "output"))
    with pytest.raises(UnknownLabel, match="did you mean 'labour_income'"):
        account_of(table, "labor_income")


def test_what_is_emitted_lies_in_the_sectors_of_others():
    table = random_table(5, 4, 3)
    poles = {"A": ["R0", "R1"], "B": ["R2"]}
    given = spillover_exchange(table, poles, 7.0, ["output", "value_added"])
    ledger = spillovers(table, poles, 7.0, ["output", "value_added"])["ledger"].sum("part")
    for name, others in (("A", ["R2", "R3"]), ("B", ["R0", "R1", "R3"])):
        expected = ledger.sel(pole=name, region=others).sum("region")
        assert np.allclose(given["emitted_in"].sel(pole=name), expected, rtol=1e-9)
    from_b = ledger.sel(pole="B", region=["R0", "R1"]).sum("region")
    assert np.allclose(given["received_in"].sel(pole="A"), from_b, rtol=1e-9)
    assert np.allclose(given["emitted_in"].sum("sector"), given["emitted"], rtol=1e-12)
    assert np.allclose(given["received_in"].sum("sector"), given["received"], rtol=1e-12)
