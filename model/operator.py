"""The Leontief operators: one way in for the three forms a coefficient matrix takes.

Question owned: which operator is meant?

Public names
    Operator           the protocol (`model.leontief.products`)
    Explicit           A is there, dense or sparse (`model.leontief.explicit`)
    PooledOperator     technology by place of use, trade shares (`model.leontief.pooled`)
    GravityOperator    trade shares from costs, never formed (`model.leontief.gravity`)
    HouseholdOperator  any of them with households inside (`model.leontief.household_operator`)
    AccountOperator    any of them with accounts beside output (`model.leontief.account_operator`)

Rows are flat and region-major in all of them.
"""

from __future__ import annotations

from model.leontief.account_operator import AccountOperator
from model.leontief.explicit import Explicit
from model.leontief.gravity import GravityOperator
from model.leontief.household_operator import HouseholdOperator
from model.leontief.pooled import PooledOperator
from model.leontief.products import FloatArray, IntArray, Operator

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
