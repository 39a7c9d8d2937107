"""The ledger with households inside: type II less type I, exact, and where the money ends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.testing import random_table
from model.errors import NotProductive
from model.households import Households
from model.ledger.economy import HOUSEHOLD_IMPORTS, SAVING
from model.multipliers import multipliers
from model.spillover import spillovers


def closed_by_hand(table, residence=None):
    """(N, N) with households after all industries, by blocks; spending through trade."""
    R, S = table.n_regions, table.n_sectors
    n = R * S
    a = table.A.to_numpy()
    x = table.x.to_numpy()
    wages = table.va.loc["compensation of employees"].to_numpy()
    earning = np.zeros((R, n))
    for r in range(R):
        earning[r, r * S : (r + 1) * S] = wages[r * S : (r + 1) * S] / x[r * S : (r + 1) * S]
    lives = np.eye(R) if residence is None else residence
    received = lives @ (earning @ x)
    spending = np.zeros((n, R))
    if table.kind == "pooled":
        bought = table.demand["households"].to_numpy().reshape(R, S)
        for s in range(R):
            for r in range(R):
                spending[r * S : (r + 1) * S, s] = table.trade[:, r, s] * bought[s] / received[s]
    else:
        final = table.data["final_demand"].sel(category="households")
        final = final.transpose("region", "sector", "region_to").values.reshape(n, R)
        spending = final / received
    out = np.zeros((n + R, n + R))
    out[:n, :n], out[:n, n:], out[n:, :n] = a, spending, lives @ earning
    return out


def modest(seed, kind):
    """A table whose households spend less than they earn, so that closing it makes sense."""
    table = random_table(seed, 3, 3, kind=kind)
    labour = table.va.loc["compensation of employees"].to_numpy().reshape(3, 3).sum(axis=1)
    spent = table.demand["households"].to_numpy().reshape(3, 3).sum(axis=1)
    return table, pd.Series(2.0 * np.maximum(labour, spent), index=table.regions)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from(["pooled", "explicit"]))
def test_induced_is_the_closed_system_less_the_open_one(seed, kind):
    table, income = modest(seed, kind)
    labour = ("compensation of employees",)
    households = Households(labour, ("households",), income=income)
    data = spillovers(table, ["R0", "R2"], 7.0, ["output", "value_added"], households=households)
    assert list(data["part"].values) == ["intraregional", "feedback", "spillover", "induced"]
    n, a = 9, closed_by_hand(table)
    received = table.va.loc["compensation of employees"].to_numpy().reshape(3, 3).sum(axis=1)
    a[:n, n:] *= received / income.to_numpy()
    for pole in ("R0", "R2"):
        f = np.zeros(n + 3)
        f[:n] = data["stimulus_placed"].sel(pole=pole).values.reshape(-1)
        closed = np.linalg.solve(np.eye(n + 3) - a, f)[:n]
        opened = np.linalg.solve(np.eye(n) - a[:n, :n], f[:n])
        ledger = data["ledger"].sel(pole=pole, account="output")
        assert np.allclose(ledger.sum("part").values.reshape(-1), closed, rtol=1e-8)
        induced = ledger.sel(part="induced").values.reshape(-1)
        assert np.allclose(induced, closed - opened, rtol=1e-7, atol=1e-10)
    assert float(np.abs(data["gap"]).max()) < 1e-10
    assert np.allclose(data["leakage"].sum("kind"), 7.0, rtol=1e-10)
    plain = spillovers(table, ["R0", "R2"], 7.0, ["output", "value_added"])
    assert np.allclose(data["ledger"].isel(part=slice(3)), plain["ledger"], rtol=1e-12)


def test_wages_end_as_imports_saving_and_taxes_of_households():
    table, income = modest(3, "pooled")
    households = Households(("compensation of employees",), ("households",), income=income)
    data = spillovers(table, "R1", 1.0, households=households)
    kinds = set(data["kind"].values.tolist())
    assert {HOUSEHOLD_IMPORTS, SAVING} <= kinds
    assert "compensation of employees" not in kinds
    imported = table.data["imported_demand"].sel(category="households").sum("sector").values
    rate = imported / income.to_numpy()
    # What is induced is spent: goods bought at home, imports, and the rest make up the income.
    assert (data["leakage"].sel(kind=HOUSEHOLD_IMPORTS) > 0).all()
    assert float(data["leakage"].sel(kind=HOUSEHOLD_IMPORTS).sum()) < rate.max()


def test_commuters_take_their_income_home():
    table, income = modest(4, "pooled")
    lives = np.array([[0.7, 0.1, 0.0], [0.3, 0.9, 0.2], [0.0, 0.0, 0.8]])
    frame = pd.DataFrame(lives, index=table.regions, columns=table.regions)
    own = Households(("compensation of employees",), ("households",), income=income)
    commuting = Households(
        ("compensation of employees",), ("households",), income=income, residence=frame
    )
    stays = spillovers(table, "R0", 5.0, "output", households=own)
    leaves = spillovers(table, "R0", 5.0, "output", households=commuting)
    induced = [d["ledger"].sel(part="induced").sum("sector").isel(pole=0, account=0)
               for d in (stays, leaves)]  # fmt: skip
    assert float(induced[0].sel(region="R0")) > float(induced[1].sel(region="R0"))
    assert float(np.abs(leaves["gap"]).max()) < 1e-10


def test_the_ledger_of_one_money_is_the_type_two_multiplier():
    table, income = modest(5, "explicit")
    households = Households(("compensation of employees",), ("households",), income=income)
    money = pd.Series([1.0], index=pd.MultiIndex.from_tuples([("R1", "S2")]))
    data = spillovers(table, "R1", money, "value_added", households=households)
    two = multipliers(table, "value_added", households=households)["total"]
    assert float(data["ledger"].sum()) == pytest.approx(
        float(two.sel(region="R1", sector="S2")), rel=1e-10
    )


def test_households_that_spend_more_than_they_earn_are_named():
    table, _ = modest(6, "pooled")
    income = pd.Series([1e-3, 1e9, 1e9], index=table.regions)
    households = Households(("compensation of employees",), ("households",), income=income)
    with pytest.raises(NotProductive, match="R0"):
        spillovers(table, "R1", 1.0, households=households)
