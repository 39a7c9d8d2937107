"""How one region's table is guessed from the national one when only its output is known.

Public names:
- `location_quotients`: SLQ, CILQ, FLQ, AFLQ as matrices of trading coefficients.
- `cross_hauling`: CHARM, exports and imports of a region with both at once.
- `regionalise`: the table of one region by any of the methods.

Terms, for one region r of a country n: x_i output of sector i, x total output, a_ij national
domestic coefficients, l_ij the part of a need that the region meets itself:

    SLQ_i   = (x_i^r / x^r) / (x_i^n / x^n)               l_ij = min(1, SLQ_i)
    CILQ_ij = SLQ_i / SLQ_j, SLQ_i on the diagonal        l_ij = min(1, CILQ_ij)
    FLQ_ij  = CILQ_ij lambda, lambda = log2(1 + x^r / x^n)^delta
    AFLQ_ij = min(1, FLQ_ij) log2(1 + SLQ_j) where SLQ_j > 1, otherwise FLQ_ij
    CHARM   q_i^r = h_i (x_i^r + d_i^r),  h_i = q_i^n / (x_i^n + d_i^n)

with d use of the product by the region, b = x - d net exports, q cross-hauling: exports
(q + |b| + b) / 2, imports (q + |b| - b) / 2, nationally q = exports + imports - |exports -
imports|. Own shares of AFLQ may exceed one: the region then uses more per output than the country.
Other accounts keep the country's intensities too: stressors and jobs of a sector follow its output,
x_i^r / x_i^n, those of final demand and taxes on it the region's share of that final demand.
SLQ and CILQ see no trade in both directions at once; FLQ corrects for size by an assumed delta.
One region at a time, against the rest: several regions together are `estimate_table`.
Sources: Flegg & Webber (1997, 2000); Flegg & Tohmo (2013); Kronenberg (2009); Miller & Blair
(2009), section 8.2.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from io_tables.container.checks import Floats, raise_collected
from io_tables.dims import IMPORT_PRODUCT
from io_tables.errors import InvalidTable
from io_tables.labels import shown
from io_tables.nesting.accounts import account_arguments
from io_tables.table import RegionalTable

Method = Literal["slq", "cilq", "flq", "aflq", "charm"]
METHODS: Final = ("slq", "cilq", "flq", "aflq", "charm")
DELTA: Final = 0.3
"""Exponent of FLQ that most tests against survey tables found near (an assumption elsewhere)."""


def location_quotients(
    regional: ArrayLike | pd.Series,
    national: ArrayLike | pd.Series,
    *,
    method: Literal["slq", "cilq", "flq", "aflq"] = "flq",
    delta: float = DELTA,
) -> pd.DataFrame:
    """Trading coefficients of a region before the cap at one.

    Parameters
    ----------
    regional, national
        (S,) output or employment of the region and of the country, region included.
    method
        Which quotient.
    delta
        Exponent of FLQ and AFLQ, 0 to 1; 0 makes FLQ equal CILQ.

    Returns
    -------
    (S, S) supplying sector by buying sector. Quotients of a sector the region does not have are 0
    in its row and, CILQ being undefined, those of SLQ in its column.

    Raises
    ------
    InvalidTable
        For negative or missing figures, regional figures above national ones, delta outside 0-1.
    """
    names = regional.index if isinstance(regional, pd.Series) else None
    r = np.asarray(regional, dtype=np.float64).reshape(-1)
    if isinstance(national, pd.Series) and isinstance(regional, pd.Series):
        national = national.reindex(regional.index)
    n = np.asarray(national, dtype=np.float64).reshape(-1)
    names = pd.RangeIndex(len(r)) if names is None else names
    _check_sizes(r, n, names, method, delta)
    share = np.divide(n, n.sum(), out=np.zeros_like(n), where=n > 0)
    simple = np.divide(r / r.sum(), share, out=np.zeros_like(r), where=share > 0)
    across = np.divide(
        simple[:, None], simple, out=np.repeat(simple[:, None], len(r), axis=1), where=simple > 0
    )
    np.fill_diagonal(across, simple)
    if method == "slq":
        values = np.repeat(simple[:, None], len(r), axis=1)
    elif method == "cilq":
        values = across
    else:
        values = across * np.log2(1.0 + r.sum() / n.sum()) ** delta
    if method == "aflq":
        special = np.where(simple > 1.0, np.log2(1.0 + simple), 1.0)
        values = np.where(simple > 1.0, np.minimum(values, 1.0) * special, values)
    return pd.DataFrame(values, index=names, columns=names)


def _check_sizes(r: Floats, n: Floats, names: pd.Index, method: str, delta: float) -> None:
    failures: list[str] = []
    if method not in METHODS[:4]:
        failures.append(f"method must be one of {', '.join(METHODS[:4])}, found {method!r}")
    if not 0.0 <= delta <= 1.0:
        failures.append(f"delta must lie between 0 and 1, found {delta}")
    if r.shape != n.shape:
        failures.append(f"{len(n)} national figures for {len(r)} regional ones")
    else:
        bad = ~(r >= 0) | ~(n >= 0) | (r > n * (1 + 1e-9))
        if bad.any():
            where = [f"{names[i]} ({r[i]:.6g} of {n[i]:.6g})" for i in np.flatnonzero(bad).tolist()]
            failures.append(
                f"regional figures must lie between 0 and national ones: {shown(where)}"
            )
        elif r.sum() <= 0:
            failures.append("the region must produce something")
    raise_collected(InvalidTable, failures, "location quotients")


class CrossHauling(NamedTuple):
    """Exports, imports and cross-hauling (S,) of a region, money of one unit."""

    exports: Floats
    imports: Floats
    cross_hauling: Floats
    heterogeneity: Floats


def cross_hauling(
    output: ArrayLike,
    use: ArrayLike,
    *,
    national_output: ArrayLike,
    national_use: ArrayLike,
    national_exports: ArrayLike,
    national_imports: ArrayLike,
) -> CrossHauling:
    """Estimate exports and imports of a region by CHARM.

    Parameters
    ----------
    output, use
        (S,) regional output, and use by industry and final demand, imports included.
    national_output, national_use, national_exports, national_imports
        (S,) the same of the country with its foreign trade; exports - imports = output - use.

    Returns
    -------
    exports - imports = output - use in every sector; trade of the country itself is reproduced.

    Raises
    ------
    InvalidTable
        When national figures do not balance, or any figure is negative.

    Notes
    -----
    Kronenberg (2009). Trade counts what crosses the border of the region, to
    other regions and abroad together.
    """
    x, d = np.asarray(output, dtype=np.float64), np.asarray(use, dtype=np.float64)
    X, D, E, M = (
        np.asarray(a, dtype=np.float64)
        for a in (national_output, national_use, national_exports, national_imports)
    )
    failures = [
        f"{what} must not be negative"
        for what, a in (("output", x), ("use", d), ("national exports", E), ("national imports", M))
        if not (a >= 0).all()
    ]
    if not np.allclose(E - M, X - D, rtol=0.0, atol=1e-6 * float(np.abs(X).max(initial=1.0))):
        failures.append("national exports less imports must equal output less use")
    raise_collected(InvalidTable, failures, "cross-hauling")
    both = E + M - np.abs(E - M)
    size = X + D
    heterogeneity = np.divide(both, size, out=np.zeros_like(both), where=size > 0)
    hauled = heterogeneity * (x + d)
    volume, balance = hauled + np.abs(x - d), x - d
    return CrossHauling((volume + balance) / 2, (volume - balance) / 2, hauled, heterogeneity)


def regionalise(
    national: RegionalTable,
    regional_output: ArrayLike | pd.Series,
    *,
    method: Method = "flq",
    delta: float = DELTA,
    final_share: ArrayLike | pd.Series | float | None = None,
    name: str = "region",
) -> RegionalTable:
    """Make the table of one region from the national one.

    Parameters
    ----------
    national
        Table with one region.
    regional_output
        (S,) output of the region, at most the national one.
    method
        Location quotients or "charm".
    delta
        Exponent of FLQ and AFLQ.
    final_share
        Part of national final demand that the region's residents buy: one number or by category;
        the region's share of value added when left out.
    name
        Label of the region.

    Returns
    -------
    Explicit table of one region. Exports are what output leaves after own use, to other regions
    and abroad; imports are what needs leave, by product where the country's are, and hold what
    comes from other regions too. Needs, value added, stressors and jobs per output are national;
    stressors and taxes of final demand go by `final_share`. Negative exports, which location
    quotients can give, totals of stressors and what could not be carried are named in the notes.

    Raises
    ------
    InvalidTable
        For a table with several regions, wrong sizes, and CHARM where imports are not by product.
    """
    if national.n_regions != 1:
        raise InvalidTable(f"the national table must have one region, found {national.n_regions}")
    if method not in METHODS:
        raise InvalidTable(f"method must be one of {', '.join(METHODS)}, found {method!r}")
    if isinstance(regional_output, pd.Series):
        at = national.sector_positions(regional_output.index)
        filled = np.zeros(national.n_sectors)
        filled[at] = regional_output.to_numpy(dtype=np.float64)
        regional_output = filled
    x = np.asarray(regional_output, dtype=np.float64).reshape(-1)
    X: Floats = np.asarray(national.x, dtype=np.float64)
    _check_sizes(x, X, pd.Index(national.sectors), "slq", delta)
    growth = np.divide(x, X, out=np.zeros_like(x), where=X > 0)
    share = _final_share(national, growth, final_share)
    needs = _Needs.of(national, growth, share)
    accounts, told = _accounts(national, growth, share, name)
    if method == "charm":
        own, own_final = _charm(national, needs, x)
    else:
        quotient = location_quotients(x, X, method=method, delta=delta).to_numpy()
        limit = np.inf if method == "aflq" else 1.0
        own = needs.domestic * np.minimum(quotient, limit)
        simple = location_quotients(x, X, method="slq").to_numpy()[:, :1]
        own_final = needs.final * np.minimum(simple, 1.0)
    exports = x - own.sum(axis=1) - own_final.sum(axis=1)
    total, total_final = needs.domestic + needs.imported, needs.final + needs.final_imported
    notes = [
        f"ESTIMATE of one region from the national table by {method.upper()}"
        + (f", delta {delta:g} (assumption)." if method in ("flq", "aflq") else "."),
        "Imports and exports include trade with other regions of the country.",
        *told,
    ]
    short = exports < -1e-9 * X.max()
    if short.any():
        where = [f"{national.sectors[i]} ({exports[i]:.4g})" for i in np.flatnonzero(short)]
        notes.append(f"Own use exceeds output, exports are negative: {shown(where)}.")
    return RegionalTable.from_flows(
        own,
        own_final,
        x,
        pd.DataFrame(national.va.to_numpy() * growth, index=national.primaries),
        imports=total - own,
        final_imports=total_final - own_final,
        taxes=national.taxes.to_numpy() * growth,
        exports=exports,
        regions=[name],
        sectors=national.sectors,
        categories=national.categories,
        units=national.unit,
        year=national.year,
        name=f"{name}, {method.upper()} from {national.name}",
        notes=notes,
        **accounts,
    )


def _final_share(
    national: RegionalTable, growth: Floats, told: ArrayLike | pd.Series | float | None
) -> Floats:
    """Part of every category of national final demand that the region buys, (C,)."""
    C = len(national.categories)
    if told is None:
        added = national.va.to_numpy().sum(axis=0)
        return np.full(C, float(added @ growth / added.sum()))
    share: Floats = np.broadcast_to(np.asarray(told, dtype=np.float64), (C,))
    if not ((share >= 0) & (share <= 1)).all():
        raise InvalidTable("final_share must lie between 0 and 1")
    return share


def _accounts(
    national: RegionalTable, growth: Floats, share: Floats, name: str
) -> tuple[dict[str, Any], list[str]]:
    """Stressors, jobs and final taxes at national intensity, as arguments; and notes on them."""
    data, units = national.data, national.stressor_units
    K, S, C = len(units), len(growth), len(share)
    made: dict[str, Floats] = {}
    notes: list[str] = []
    lost = ["population"] if "population" in data else []
    if "employment" in data:
        if data["employment"].size == S:
            made["employment"] = data["employment"].values.reshape(1, S) * growth
        else:
            lost.append("employment, which is not told by sector")
    if "final_taxes" in data:
        made["final_taxes"] = data["final_taxes"].values.reshape(1, C) * share
    if K:
        use = data["stressor_use"].values if "stressor_use" in data else np.zeros((K, 1, S))
        made["stressor_use"] = use.reshape(K, 1, S) * growth
        here, whole = made["stressor_use"].sum(axis=(1, 2)), use.sum(axis=(1, 2))
        if "stressor_demand" in data:
            final = data["stressor_demand"].values.reshape(K, 1, C)
            made["stressor_demand"] = final * share
            here, whole = here + (final * share).sum(axis=(1, 2)), whole + final.sum(axis=(1, 2))
        totals = [
            f"{k} {a:.6g} of {b:.6g} {unit}".rstrip()
            for k, unit, a, b in zip(units.index, units, here, whole, strict=True)
        ]
        notes.append(
            "Stressors per output are those of the country, those of final demand follow its "
            f"share (assumption): {shown(totals)}."
        )
    if lost:
        notes.append(f"Not told for one region by this table, left out: {'; '.join(lost)}.")
    return account_arguments(national, made, [name]), notes


class _Needs(NamedTuple):
    """What the region needs at national technology and taste, (S, S) and (S, C)."""

    domestic: Floats
    imported: Floats
    final: Floats
    final_imported: Floats

    @classmethod
    def of(
        cls,
        national: RegionalTable,
        growth: Floats,
        share: Floats,
    ) -> _Needs:
        S, C = national.n_sectors, len(national.categories)
        data = national.data
        told = [data[n].dims for n in ("imported_use", "imported_demand") if n in data]
        by_product = not any(IMPORT_PRODUCT in dims for dims in told)
        if not by_product:
            raise InvalidTable(
                "imports must be told by product, or left out, to make a region's table"
            )
        zero = np.zeros((S, S))
        imported = data["imported_use"].values.reshape(S, S) if "imported_use" in data else zero
        final = national.demand.to_numpy()
        final_imported = (
            data["imported_demand"].values.reshape(S, C)
            if "imported_demand" in data
            else np.zeros((S, C))
        )
        Z = national.Z.to_numpy()
        return cls(Z * growth, imported * growth, final * share, final_imported * share)


def _charm(national: RegionalTable, needs: _Needs, x: Floats) -> tuple[Floats, Floats]:
    """Own use under CHARM: imports are taken from all buyers of a product alike."""
    whole = _Needs.of(national, np.ones_like(x), np.ones(len(national.categories)))
    use = needs.domestic.sum(axis=1) + needs.imported.sum(axis=1)
    use += needs.final.sum(axis=1) + needs.final_imported.sum(axis=1)
    imports = whole.imported.sum(axis=1) + whole.final_imported.sum(axis=1)
    national_use = whole.domestic.sum(axis=1) + whole.final.sum(axis=1) + imports
    trade = cross_hauling(
        x, use, national_output=national.x.to_numpy(), national_use=national_use,
        national_exports=national.exports.to_numpy(), national_imports=imports,
    )  # fmt: skip
    own_share = np.divide(use - trade.imports, use, out=np.ones_like(use), where=use > 0)
    own = (needs.domestic + needs.imported) * own_share[:, None]
    return own, (needs.final + needs.final_imported) * own_share[:, None]
