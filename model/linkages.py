"""Linkages: how strongly an industry pulls on those before it and pushes those after it.

Question owned: which industries are key?

Public names
    linkages           backward, forward, total and pure linkages, dispersion, key industries
    plot_key_sectors   power against sensitivity of dispersion, by class

Terms: A (n, n) domestic inputs per money of output, L = (I - A)^-1; B = x^-1 Z (n, n) sales per
money of output, G = (I - B)^-1 = x^-1 L x; f final demand; i a vector of ones. Forward linkages
have two readings in the literature, and the answer says which one it is:

    forward="ghosh"     rows of B and G   (Augustinovics 1970; Miller & Blair 2009, section 12.2.2)
    forward="leontief"  rows of A and L   (Rasmussen 1956: final demand of one for every product)

    direct_backward   i'A                       direct_forward    B i or A i
    backward          i'L                       forward           G i = L x / x, or L i
    power             n i'L / i'L i             sensitivity       n forward / sum forward
    power_cv          s(column of L) / mean     sensitivity_cv    s(row of G or L) / mean
                      s with n - 1 degrees of freedom, within the column (row) itself
    total             i'L / l_jj                output of all industries that goes when j is taken
                                                out completely, per money of output of j
    pure_backward     i' D_r A_rj D_j f_j     = (i'L - l_jj)_j f_j / (l_jj (1 - a_jj))
    pure_forward      D_j A_jr D_r f_r        = (x_j / l_jj - f_j) / (1 - a_jj)
                      D_j = 1 / (1 - a_jj), D_r = (I - A_rr)^-1, r all others; pure_total their sum

An industry is "key" where power and sensitivity are both above one, "backward" or "forward" where
one of them is, "weak" where neither is. The right-hand forms need the diagonal of L and sums over
it, so that no second inverse is formed; without dispersion and pure linkages three solves do.

Source: Rasmussen (1956); Hirschman (1958); Chenery & Watanabe (1958); Guilhoto, Hewings & Sonis
(1996), pure linkages; Miller & Blair (2009), section 12.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from io_tables.table import RegionalTable
from model.errors import ShapeError
from model.grids import grid, grid_coords, ratio
from model.leontief.inverse_pieces import TOLERANCE, column_pieces, own_cells
from model.leontief.products import FloatArray
from model.solve import Leontief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Forward = Literal["ghosh", "leontief"]
CLASSES: Final = ("key", "backward", "forward", "weak")
NAMED: Final = 12
"""Key industries that a figure names."""


def linkages(
    table: RegionalTable,
    *,
    forward: Forward = "ghosh",
    dispersion: bool = True,
    pure: bool = True,
) -> xr.Dataset:
    """Linkages of every industry and the class that follows from them.

    Parameters
    ----------
    table
        The economy, used as given: domestic inputs, imports outside.
    forward
        "ghosh": sales per money of output; "leontief": rows of A and L.
    dispersion
        Whether to give `power_cv` and `sensitivity_cv`, which look at every cell of L.
    pure
        Whether to give `total` and the pure linkages, which need the diagonal of L.

    Returns
    -------
    Dataset over (region, sector): `direct_backward`, `backward`, `direct_forward`, `forward`,
    `power`, `sensitivity`, `key` (key, backward, forward or weak); with `dispersion` `power_cv`,
    `sensitivity_cv`; with `pure` `total` and `pure_backward`, `pure_forward`, `pure_total` in
    money. Industries without output have forward linkages of one (they sell nothing on).
    Attributes: forward, gap (column sums of L against a second solve).

    Raises
    ------
    ShapeError
        For a reading of forward linkages that does not exist.
    NotProductive, NotConverged
        From the solves.
    """
    if forward not in ("ghosh", "leontief"):
        raise ShapeError(f"forward must be 'ghosh' or 'leontief'; found {forward!r}.")
    system = Leontief(table)
    operator, n = system.operator, system.n
    x, f = np.asarray(table.x, dtype=float), np.asarray(table.f, dtype=float)
    ones = np.ones(n)
    ghosh = forward == "ghosh"
    weight = x if ghosh else ones
    backward = _transposed(system, ones)
    reached = np.asarray(
        system.solve(np.column_stack([weight, f]), tolerance=TOLERANCE).raise_for_status().x
    )
    rows, output = reached[:, 0], reached[:, 1]
    ahead = ratio(rows, x, otherwise=1.0) if ghosh else rows
    direct_ahead = operator.matvec(weight)
    direct_ahead = ratio(direct_ahead, x) if ghosh else direct_ahead
    power, sensitivity = n * backward / backward.sum(), n * ahead / ahead.sum()
    one = "money per money"
    by = "sales (Ghosh)" if ghosh else "rows (Leontief)"
    data = {
        "direct_backward": grid(table, operator.rmatvec(ones), one, "direct backward linkage"),
        "backward": grid(table, backward, one, "total backward linkage"),
        "direct_forward": grid(table, direct_ahead, one, f"direct forward linkage, {by}"),
        "forward": grid(table, ahead, one, f"total forward linkage, {by}"),
        "power": grid(table, power, "1", "power of dispersion"),
        "sensitivity": grid(table, sensitivity, "1", f"sensitivity of dispersion, {by}"),
        "key": grid(table, _classes(power, sensitivity), "1", "class by power and sensitivity"),
    }
    gap = 0.0
    if dispersion or pure:
        seen = _Sums(n)
        for columns, piece in column_pieces(system):
            seen.add(columns, piece, weight[columns], dispersion)
        gap = float(np.abs(seen.column - backward).max() / backward.max())
        if dispersion:
            cv = _variation(seen.column, seen.column_square, n)
            data["power_cv"] = grid(table, cv, "1", "spread within the column of L")
            cv = _variation(rows, seen.row_square, n)
            if ghosh:  # a row of G without sales is that of the unit matrix
                cv = np.where(x > 0, cv, np.sqrt(n))
            data["sensitivity_cv"] = grid(table, cv, "1", f"spread within the row, {by}")
        if pure:
            data |= _pure(table, seen.diagonal, backward, output, f, system)
    attrs = {"forward": forward, "table": table.name, "gap": gap}
    return xr.Dataset(data, coords=grid_coords(table), attrs=attrs)


def _transposed(system: Leontief, weights: FloatArray) -> FloatArray:
    solved = system.solve_transposed(weights, tolerance=TOLERANCE).raise_for_status()
    return np.asarray(solved.x)


class _Sums:
    """Sums over the cells of L as its columns pass by."""

    def __init__(self, n: int) -> None:
        self.column, self.column_square = np.empty(n), np.empty(n)
        self.diagonal, self.row_square = np.empty(n), np.zeros(n)

    def add(
        self, columns: NDArray[np.intp], piece: FloatArray, weight: FloatArray, squares: bool
    ) -> None:
        self.column[columns] = piece.sum(axis=0)
        self.diagonal[columns] = piece[columns, np.arange(columns.size)]
        if squares:
            self.column_square[columns] = np.einsum("ij,ij->j", piece, piece)
            self.row_square += np.einsum("ij,ij,j->i", piece, piece, weight**2, optimize=False)


def _variation(total: FloatArray, square: FloatArray, n: int) -> FloatArray:
    """Return the standard deviation (n - 1) over the mean of n numbers, from sum and squares."""
    mean = total / n
    spread = np.sqrt(np.maximum(square - n * mean**2, 0.0) / max(n - 1, 1))
    return ratio(spread, mean)


def _classes(power: FloatArray, sensitivity: FloatArray) -> NDArray[np.str_]:
    pulls, pushes = power > 1.0, sensitivity > 1.0
    return np.select([pulls & pushes, pulls, pushes], CLASSES[:3], CLASSES[3])


def _pure(
    table: RegionalTable,
    diagonal: FloatArray,
    backward: FloatArray,
    output: FloatArray,
    f: FloatArray,
    system: Leontief,
) -> dict[str, tuple[tuple[str, ...], object, dict[str, str]]]:
    alone = 1.0 / (1.0 - own_cells(system))
    behind = (backward - diagonal) * f * alone / diagonal
    ahead = (output / diagonal - f) * alone
    money = table.unit
    return {
        "total": grid(table, backward / diagonal, "money per money", "total linkage"),
        "pure_backward": grid(table, behind, money, "pure backward linkage (GHS)"),
        "pure_forward": grid(table, ahead, money, "pure forward linkage (GHS)"),
        "pure_total": grid(table, behind + ahead, money, "pure total linkage (GHS)"),
    }


def plot_key_sectors(
    data: xr.Dataset, *, region: str | None = None, ax: Axes | None = None
) -> Axes:
    """Scatter power against sensitivity of dispersion, named where both are above one.

    Parameters
    ----------
    data
        What `linkages` returned.
    region
        One region of it; all when left out.
    ax
        Where to draw; a new figure when left out.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(9.5, 6.0), layout="constrained")
    shown = data if region is None else data.sel(region=[region])
    power, sensitivity = shown["power"].values.ravel(), shown["sensitivity"].values.ravel()
    kinds = shown["key"].values.ravel()
    names = [f"{r}, {s}" for r in shown["region"].values for s in shown["sector"].values]
    for kind in CLASSES:
        of = kinds == kind
        ax.scatter(power[of], sensitivity[of], s=14, label=f"{kind} ({of.sum()})")
    keys = np.flatnonzero(kinds == "key")
    strongest = keys[np.argsort(-(power + sensitivity)[keys], kind="stable")][:NAMED]
    rows = np.linspace(0.97, 0.97 - 0.04 * max(len(strongest) - 1, 1), max(len(strongest), 2))
    for row, k in zip(rows, strongest[np.argsort(-sensitivity[strongest])], strict=False):
        ax.annotate(  # beside the axes, one below the other: names never meet
            names[k], (power[k], sensitivity[k]), (1.02, row), textcoords="axes fraction",
            fontsize=7, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "lw": 0.4, "color": "0.6", "relpos": (0.0, 0.5)},
        )  # fmt: skip
    ax.axvline(1.0, lw=0.8, color="0.6")
    ax.axhline(1.0, lw=0.8, color="0.6")
    ax.set_xlabel("power of dispersion (pulls on suppliers)")
    ax.set_ylabel(f"sensitivity of dispersion ({data.attrs['forward']})")
    ax.legend(fontsize=8)
    return ax
