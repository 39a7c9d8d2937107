"""What a solve returns: the answer, how sure it is, and how it was found.

Question owned: how is the outcome of a solve told?

Public names
    Status      certified, not_converged, uncertified
    Solution    x with the labels it was asked with, its error bound and its report
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from model.errors import NotConverged, Uncertified
from model.leontief.products import FloatArray


class Status(StrEnum):
    """How a solve ended."""

    CERTIFIED = "certified"
    """The error bound is within the tolerance."""
    NOT_CONVERGED = "not_converged"
    """There is a bound, and it is above the tolerance; `reason` says what stopped it."""
    UNCERTIFIED = "uncertified"
    """A solution without a bound; `reason` says why none can be given."""


@dataclass(frozen=True)
class Solution:
    """The solution of (I - A) x = f, or of (I - A') l = w, and its certificate.

    Attributes
    ----------
    x
        Of the kind and with the labels of what was asked; money (or accounts per money).
    error_bound
        Largest bound over right-hand sides: direct, on sum |x - exact| in money; transposed, on
        max |l - exact|. nan when uncertified.
    residual
        Largest sum |f - (I - A) x| over right-hand sides.
    iterations
        Products with the operator that the hardest right-hand side took; 1 per direct step.
    method
        "direct", "krylov" or "blocked".
    status, reason
        How it ended, and in words why it is not certified.
    seconds
        Wall time.
    tolerance
        What was asked: error_bound <= tolerance * sum |x| (transposed: * max |l|), per column.
    error_bounds
        (k,) the bound of every right-hand side.
    """

    x: Any
    error_bound: float
    residual: float
    iterations: int
    method: str
    status: Status
    reason: str
    seconds: float
    tolerance: float
    error_bounds: FloatArray

    def raise_for_status(self) -> Solution:
        """Return itself when certified.

        Raises
        ------
        NotConverged
            When the bound stays above the tolerance.
        Uncertified
            When there is no bound.
        """
        if self.status is Status.NOT_CONVERGED:
            raise NotConverged(self.reason)
        if self.status is Status.UNCERTIFIED:
            raise Uncertified(self.reason)
        return self
