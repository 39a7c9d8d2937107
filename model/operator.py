"""The Leontief operators: one way in for the three forms a coefficient matrix takes.

Question owned: which operator is meant?

Public names
    Operator           the protocol (`model.products`)
    Explicit           A is there, dense or sparse (`model.explicit`)
    PooledOperator     technology by place of use and trade shares by product (`model.pooled`)
    GravityOperator    trade shares from costs, never formed (`model.gravity`)
    HouseholdOperator  any of them with households inside (`model.household_operator`)
    AccountOperator    any of them with accounts beside output (`model.account_operator`)

Rows are flat and region-major in all of them.
"""

from __future__ import annotations

from model.account_operator import AccountOperator
from model.explicit import Explicit
from model.gravity import GravityOperator
from model.household_operator import HouseholdOperator
from model.pooled import PooledOperator
from model.products import FloatArray, IntArray, Operator

__all__ = [
    "AccountOperator",
    "Explicit",
    "FloatArray",
    "GravityOperator",
    "HouseholdOperator",
    "IntArray",
    "Operator",
    "PooledOperator",
]
