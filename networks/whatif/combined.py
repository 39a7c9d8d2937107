"""Costs over several services at some pairs of zones, the rest being known.

Public names
------------
Combining, combining : services, how they are combined, and the matrix that makes

Terms
-----
As in ``networks.combine``; a zone to itself is set apart and never looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from networks.choice import composite, logsum
from networks.combine import Combination, nested
from networks.errors import MeasureError
from networks.whatif._kernels import composite_cells

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_THETA = 100.0  # beyond it powers of ratios leave the range of numbers


@dataclass(frozen=True, eq=False)
class Combining:
    """Services combined into one matrix.

    Attributes
    ----------
    combine, mu, theta, constants, mains, nest_ratio
        As ``networks.combine.combine_modes`` takes them.
    matrix
        Of the base, (Z, Z).
    """

    combine: Combination
    mu: float
    theta: float
    constants: Floats
    mains: Sequence[str]
    nest_ratio: float
    matrix: Floats
    _nets: tuple[Floats, ...]  # objective less constant of each service, flat
    _powers: Floats | None  # (M, Z * Z), of the ratio to the base
    _inside: Floats

    def at(self, changes: Sequence[tuple[Ints, Floats] | None]) -> tuple[Ints, Floats]:
        """Return the cells that differ and the matrix there.

        Parameters
        ----------
        changes
            Cells and objective of each service, None where nothing differs.
        """
        given = [(k, *one) for k, one in enumerate(changes) if one is not None and len(one[0])]
        if not given:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        if len(given) == 1:
            cells = given[0][1]
        else:
            marked = np.zeros(self.matrix.size, dtype=np.bool_)
            for _, one, _ in given:
                marked[one] = True
            cells = np.flatnonzero(marked)
        base = self.matrix.ravel()
        if self.combine == "composite" and self._powers is not None and len(given) == 1:
            k, cells, values = given[0]
            if self.constants[k]:
                values = values - self.constants[k]
            if (values <= 0.0).any():
                raise MeasureError(
                    "Costs of alternatives must be positive; the least is "
                    f"{float(values.min()):.6g}. Lower the constants of the modes."
                )
            found = composite_cells(base, self._powers, k, cells, values, self.theta)
        else:
            nets = np.empty((len(self._nets), len(cells)))
            for k, net in enumerate(self._nets):
                nets[k] = net[cells]
            for k, one, values in given:
                nets[k, np.searchsorted(cells, one)] = values - self.constants[k]
            found = _combined(nets, self.combine, self.mu, self.theta, self.mains, self.nest_ratio)
        own = len(self.matrix) + 1
        differs = (found != base[cells]) & (cells % own != 0)
        if not differs.all():
            cells, found = cells[differs], found[differs]
        return cells, found

    def with_cells(self, cells: Ints, values: Floats) -> Floats:
        """Return the matrix with other numbers in some cells."""
        made = self.matrix.copy()
        made.ravel()[cells] = values
        return made


def _combined(
    nets: Floats,
    combine: Combination,
    mu: float,
    theta: float,
    mains: Sequence[str],
    nest_ratio: float,
) -> Floats:
    if combine == "logsum":
        return logsum(nets, mu=mu)
    if combine == "nested":
        return nested(nets, mains, mu=mu, ratio=nest_ratio)
    if combine == "composite":
        return composite(nets, theta=theta)
    least: Floats = nets.min(axis=0)
    if (least < 0).any():
        raise MeasureError(
            f"A cost must not be negative; mode_constant makes {int((least < 0).sum())} so, the "
            f"least {least.min():.6g}. Lower the constants of the modes."
        )
    return least


def combining(
    objectives: Sequence[Floats],
    inside: Floats,
    *,
    combine: Combination,
    mu: float,
    theta: float,
    constants: Floats,
    mains: Sequence[str],
    nest_ratio: float,
) -> Combining:
    """Return services combined.

    Parameters
    ----------
    objectives
        Of each service, (Z, Z).
    inside
        Of places to themselves, (Z,).
    combine, mu, theta, constants, mains, nest_ratio
        As ``networks.combine.combine_modes`` takes them.
    """
    nets = tuple(one - c for one, c in zip(objectives, constants, strict=True))
    for k, net in enumerate(nets):
        np.fill_diagonal(net, np.inf if k else inside)
    stacked = np.stack(nets)
    matrix = _combined(stacked, combine, mu, theta, mains, nest_ratio)
    np.fill_diagonal(matrix, inside)
    powers = None
    if combine == "composite" and theta <= MOST_THETA and np.isfinite(matrix).all():
        powers = ((stacked / matrix) ** -theta).reshape(len(nets), -1)
    matrix.flags.writeable = False
    flat = tuple(net.ravel() for net in nets)
    return Combining(combine, mu, theta, constants, mains, nest_ratio, matrix, flat, powers, inside)
