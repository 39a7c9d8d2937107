"""Gross exports taken apart: Koopman-Wang-Wei, Wang-Wei-Zhu, Borin-Mancini.

Question owned: of a money of gross exports, how much is value added of whom, absorbed where, and
how much is counted more than once?

Public names
    koopman_wang_wei      nine terms of a region's exports
    wang_wei_zhu          sixteen terms of exports by seller, product and partner
    borin_mancini         source- or sink-based terms by seller, product and partner
    plot_decomposition    stacked shares by region

Terms as in `model.trade_flows`: s seller, r partner, V_s value added coefficients of s, B the whole
inverse, L_ss that of s alone, Y^sr, A^sr, E^sr; # element by element. Foreign content of s is
sum over t other than s of V_t B_ts, and imports from abroad in the same way.

    KWW   V_s B_ss E^s* in six terms, foreign content in three
    WWZ   (V_s B_ss)' # Y^sr, (V_s L_ss)' # A^sr (parts of x^r), (V_t B_ts)' # (...) in sixteen
    BM    A with the exports of inputs of s set to zero has the inverse B(s); (I + K_s) =
          L_ss^-1 B_ss, B_ts = B(s)_ts (I + K_s).
          source  DVA V_s L_ss E^sr, what is left of V_s B_ss E^sr is counted twice
          sink    DVA V_s B_ss (E^sr - A^sr B(s)_rs E^s*), what is left is counted twice

Buyers abroad are one more final destination, imports from abroad one more foreign origin; what
they do with each other is not seen, so nothing comes back from there. `rest` is the content of
net taxes and the remainder of the table's columns, zero where there are none. Terms sum to gross
exports exactly; their relative gap is attrs["gap"].

Source: Koopman, Wang & Wei (2014), eq. 36; Wang, Wei & Zhu (2013), eq. 37; Borin & Mancini (2019),
sections 3 and 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr

from io_tables.table import RegionalTable
from model.dims import REGION, SECTOR
from model.errors import ShapeError
from model.leontief.products import FloatArray
from model.trade_flows import TradeSystem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PARTNER = "partner"
TERM = "term"
REST = "rest"
KWW_TERMS = {
    "DVA_FIN": "own value added in final exports",
    "DVA_INT": "own value added in inputs that the partner absorbs",
    "DVA_INTrex": "own value added in inputs that the partner sells on to third parties",
    "RDV_FIN": "own value added that comes home in final goods",
    "RDV_INT": "own value added that comes home in inputs and is absorbed there",
    "DDC": "double counting of own inputs",
    "FVA_FIN": "foreign content of final exports",
    "FVA_INT": "foreign content of exported inputs that the partner absorbs",
    "FDC": "double counting of foreign inputs",
}
WWZ_TERMS = {
    "DVA_FIN": "own value added in final exports",
    "DVA_INT": "own value added in inputs, absorbed by the partner",
    "DVA_INTrexI1": "... in inputs sold on as inputs, absorbed by third parties at home",
    "DVA_INTrexF": "... in inputs sold on as final goods to third parties",
    "DVA_INTrexI2": "... in inputs sold on as inputs, absorbed after another border",
    "RDV_FIN": "own value added that comes home in final goods from the partner",
    "RDV_FIN2": "... in final goods from third parties",
    "RDV_INT": "... in inputs, absorbed at home",
    "DDC_FIN": "double counting: comes home, leaves again in final exports",
    "DDC_INT": "double counting: comes home, leaves again in inputs",
    "MVA_FIN": "the partner's value added in final exports to it",
    "MVA_INT": "the partner's value added in inputs it absorbs",
    "MDC": "double counting of the partner's value added",
    "OVA_FIN": "third parties' value added in final exports",
    "OVA_INT": "third parties' value added in inputs absorbed by the partner",
    "ODC": "double counting of third parties' value added",
}
BM_TERMS = {
    "DAVAX": "own value added absorbed by the partner without crossing another border",
    "VAX_GVC": "other own value added absorbed elsewhere",
    "REF": "own value added that comes home and is absorbed there",
    "DDC": "own value added counted more than once",
    "FVA": "foreign value added",
    "FDC": "foreign value added counted more than once",
}


def koopman_wang_wei(table: RegionalTable) -> xr.Dataset:
    """Decompose every region's gross exports into the nine terms of Koopman, Wang and Wei.

    Returns
    -------
    Dataset over region with `exports`, `rest` and the nine terms (`KWW_TERMS`), money.

    Raises
    ------
    NotTold
        When the table does not say where final demand is bought.

    Source: Koopman, Wang & Wei (2014), American Economic Review 104(2), eq. 36.
    """
    trade = TradeSystem(table)
    R, own = trade.R, np.arange(trade.R)
    regions, imports, rest = trade.content
    inside = regions[own, own]
    elsewhere = regions.sum(axis=0) - inside + imports
    local = np.einsum("rij,rj->ri", trade.alone, trade.own_final)
    sold = trade.exports.sum(axis=2)
    again = np.einsum("rij,rj->ri", trade.alone, sold)
    final_sales = trade.final.sum(axis=2) - trade.own_final
    absorbed = _off_diagonal(trade.inputs(local))
    counted = _off_diagonal(trade.inputs(again))
    # V_s B_sr on what r sells finally: [origin, seller r, buyer u]
    weight = np.einsum("ori,riu->oru", regions, trade.final)
    others = weight * (1.0 - np.eye(R))[:, :, None]
    at_home = np.einsum("orr->o", others[:, :, :R])
    home = np.einsum("oro->o", others[:, :, :R])
    # B_sr A_rs z_s: inputs that come back to s, valued with V_s B_sr of the partners that send them
    back = {
        name: np.einsum("ori,rio->o", regions, _off_diagonal(trade.inputs(z)))
        for name, z in (("RDV_INT", local), ("DDC", again))
    }
    terms = {
        "DVA_FIN": (inside * final_sales).sum(axis=1),
        "DVA_INT": _partners_own(regions, trade),
        "DVA_INTrex": others.sum(axis=(1, 2)) - at_home - home,
        "RDV_FIN": home,
        **back,
        "FVA_FIN": (elsewhere * final_sales).sum(axis=1),
        "FVA_INT": (elsewhere * absorbed.sum(axis=2)).sum(axis=1),
        "FDC": (elsewhere * counted.sum(axis=2)).sum(axis=1),
        REST: (rest * sold).sum(axis=1),
    }
    exports = sold.sum(axis=1)
    data = {
        name: (REGION, values, {"units": table.unit, "long_name": KWW_TERMS.get(name, REST)})
        for name, values in {"exports": exports, **terms}.items()
    }
    gap = _gap(exports, sum(terms.values()))
    return xr.Dataset(data, {REGION: table.regions}, {"table": table.name, "gap": gap})


def _partners_own(regions: FloatArray, trade: TradeSystem) -> FloatArray:
    """V_s B_sr Y^rr summed over partners r (R,)."""
    weight = np.einsum("ori,ri->or", regions, trade.own_final)
    return np.asarray(weight.sum(axis=1) - np.diagonal(weight))


def wang_wei_zhu(table: RegionalTable) -> xr.Dataset:
    """Decompose exports by seller, product and partner into the terms of Wang, Wei and Zhu.

    Returns
    -------
    Dataset over (region, sector, partner) with `exports`, `rest` and the sixteen terms
    (`WWZ_TERMS`), money; partners the regions and "abroad". Needs the R diagonal blocks of B.

    Raises
    ------
    NotTold
        When the table does not say where final demand is bought.

    Source: Wang, Wei & Zhu (2013), NBER Working Paper 19677, eq. 37 and table A2.
    """
    trade = TradeSystem(table)
    R, D, own = trade.R, trade.n_partners, np.arange(trade.R)
    regions, imports, rest = trade.content
    inside = regions[own, own]
    exports = trade.exports
    input_terms = _wwz_absorption(trade)
    short = trade.alone_content[:, :, None]
    bought = _off_diagonal(trade.inputs(trade.output))
    local = np.einsum("rij,rj->ri", trade.alone, trade.own_final)
    absorbed, counted = _off_diagonal(trade.inputs(local)), _off_diagonal(
        trade.inputs(np.einsum("rij,rj->ri", trade.alone, exports.sum(axis=2)))
    )  # fmt: skip
    final = trade.final.copy()
    final[own, :, own] = 0.0
    # The partner's content of s's products [s, product, partner]; abroad's are imports.
    partners = np.zeros((R, trade.S, D))
    partners[:, :, :R] = regions.transpose(1, 2, 0)
    partners[own, :, own] = 0.0
    if D > R:
        partners[:, :, R] = imports
    third = (regions.sum(axis=0) - inside + imports)[:, :, None] - partners
    terms = {
        "DVA_FIN": inside[:, :, None] * final,
        **{name: _wide(short * part, D) for name, part in input_terms.items()},
        "DDC_INT": _wide((inside[:, :, None] - short) * bought, D),
        "MVA_FIN": partners * final,
        "MVA_INT": partners * _wide(absorbed, D),
        "MDC": partners * _wide(counted, D),
        "OVA_FIN": third * final,
        "OVA_INT": third * _wide(absorbed, D),
        "ODC": third * _wide(counted, D),
    }
    return _bilateral(trade, {**terms, REST: rest[:, :, None] * exports}, WWZ_TERMS)


def _wwz_absorption(trade: TradeSystem) -> dict[str, FloatArray]:
    """A^sr times the parts of x^r by where they are absorbed: eight arrays (R, S, R)."""
    R, own = trade.R, np.arange(trade.R)
    diagonal = trade.padded(trade.own_final)
    totals = trade.padded(trade.final.sum(axis=2))
    solved = trade.solve(np.concatenate([diagonal, totals], axis=2))
    # [place of output r, product, seller t]: B_rt Y^tt and B_rt Y^t*
    at_home, sold = solved[:, :, :R], solved[:, :, R:]
    made = trade.made_for[:, :, :R]
    own_sales = np.einsum("rij,rju->riu", trade.own_blocks, trade.final)
    of_partner = at_home[own, :, own]
    # everything as [seller s, buyer r, product]
    from_s = at_home.transpose(2, 0, 1)
    all_from_s = sold.transpose(2, 0, 1)
    to_s = own_sales[:, :, :R].transpose(2, 0, 1)
    partner_all = sold[own, :, own]
    made_s = made.transpose(2, 0, 1)
    third_home = at_home.sum(axis=2) - of_partner - from_s
    third_all = sold.sum(axis=2) - partner_all - all_from_s
    third_to_s = made_s - to_s - from_s
    parts = {
        "DVA_INT": np.broadcast_to(of_partner, (R, *of_partner.shape)),
        "DVA_INTrexI1": third_home,
        "DVA_INTrexF": partner_all - of_partner - to_s,
        "DVA_INTrexI2": third_all - third_home - third_to_s,
        "RDV_FIN": to_s,
        "RDV_FIN2": third_to_s,
        "RDV_INT": from_s,
        "DDC_FIN": all_from_s - from_s,
    }
    return {name: _off_diagonal(trade.inputs_by_seller(part)) for name, part in parts.items()}


def borin_mancini(
    table: RegionalTable, approach: Literal["source", "sink"] = "source"
) -> xr.Dataset:
    """Decompose bilateral exports as Borin and Mancini do, free of arbitrary double counting.

    Parameters
    ----------
    approach
        "source" books value added where it leaves its region for the first time, "sink" where it
        leaves it for the last time. Totals of a region are the same, partners differ.

    Returns
    -------
    Dataset over (region, sector, partner) with `exports`, `rest`, the terms of `BM_TERMS` and
    `DVA` = DAVAX + VAX_GVC + REF; `GVC` = exports that cross more than one border, exports - DAVAX
    of the source approach. Money. Needs the R diagonal blocks of B.

    Raises
    ------
    NotTold
        When the table does not say where final demand is bought.

    Source: Borin & Mancini (2019), Policy Research Working Paper 8804, sections 3 and 4.
    """
    if approach not in ("source", "sink"):
        raise ShapeError(f"approach must be 'source' or 'sink'; found {approach!r}.")
    trade = TradeSystem(table)
    R, D, own = trade.R, trade.n_partners, np.arange(trade.R)
    regions, imports, rest = trade.content
    inside, short = regions[own, own], trade.alone_content
    elsewhere = regions.sum(axis=0) - inside + imports
    exports = trade.exports
    # (I + K)^-1 = B_ss^-1 L_ss
    undo = np.asarray(np.linalg.solve(trade.own_blocks, trade.alone), dtype=np.float64)
    local = np.einsum("rij,rj->ri", trade.alone, trade.own_final)
    direct = trade.final.copy()
    direct[own, :, own] = 0.0
    direct[:, :, :R] += _off_diagonal(trade.inputs(local))
    made = trade.made_for[:, :, :R].transpose(2, 0, 1)
    if approach == "source":
        kept, foreign = short, np.einsum("si,sij->sj", elsewhere, undo)
        once = exports
        home = _off_diagonal(trade.inputs_by_seller(made))
    else:
        kept, foreign = inside, elsewhere
        again = _through(trade, undo, np.asarray(exports.sum(axis=2)))
        once = exports - _wide(_off_diagonal(trade.inputs_by_seller(again)), D)
        leaving = np.asarray(_off_diagonal(trade.inputs_by_seller(made)).sum(axis=2))
        home = _off_diagonal(trade.inputs_by_seller(made - _through(trade, undo, leaving)))
    own_added = kept[:, :, None] * once
    reflected = _wide(kept[:, :, None] * home, D)
    davax = short[:, :, None] * direct
    foreign_added = foreign[:, :, None] * once
    terms = {
        "DAVAX": davax,
        "VAX_GVC": own_added - reflected - davax,
        "REF": reflected,
        "DDC": inside[:, :, None] * exports - own_added,
        "FVA": foreign_added,
        "FDC": elsewhere[:, :, None] * exports - foreign_added,
        REST: rest[:, :, None] * exports,
    }
    data = _bilateral(trade, terms, BM_TERMS)
    dims, units = (REGION, SECTOR, PARTNER), {"units": table.unit}
    data["DVA"] = (dims, own_added, {**units, "long_name": "own value added, counted once"})
    data["GVC"] = (dims, exports - davax, {**units, "long_name": "crosses more than one border"})
    data.attrs["approach"] = approach
    return data


def _through(trade: TradeSystem, undo: FloatArray, sales: FloatArray) -> FloatArray:
    """B(s)_rs times sales of s (R, S), as [seller s, buyer r, product]."""
    once = trade.padded(np.einsum("sij,sj->si", undo, sales))
    return np.ascontiguousarray(trade.solve(once).transpose(2, 0, 1))


def _off_diagonal(values: FloatArray) -> FloatArray:
    """(R, S, R) with nothing sold to the own region."""
    regions = np.arange(values.shape[0])
    out = np.array(values)
    out[regions, :, regions] = 0.0
    return out


def _wide(values: FloatArray, n_partners: int) -> FloatArray:
    """(R, S, R) with columns of zeros for buyers outside the table."""
    missing = n_partners - values.shape[2]
    return np.pad(values, ((0, 0), (0, 0), (0, missing)))


def _gap(exports: FloatArray, parts: FloatArray | int) -> float:
    size = max(float(np.abs(exports).max(initial=0.0)), np.finfo(np.float64).tiny)
    return float(np.abs(exports - parts).max() / size)


def _bilateral(
    trade: TradeSystem, terms: dict[str, FloatArray], titles: dict[str, str]
) -> xr.Dataset:
    dims, unit = (REGION, SECTOR, PARTNER), trade.table.unit
    data = {
        name: (dims, values, {"units": unit, "long_name": titles.get(name, REST)})
        for name, values in {"exports": trade.exports, **terms}.items()
    }
    coords = {
        REGION: trade.table.regions,
        SECTOR: trade.table.sectors,
        PARTNER: trade.partners,
    }
    gap = _gap(trade.exports, sum(terms.values()))
    return xr.Dataset(data, coords, {"table": trade.table.name, "gap": gap})


def plot_decomposition(data: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Stacked shares of the terms in every region's gross exports.

    Parameters
    ----------
    data
        From any of the three decompositions.
    """
    import matplotlib.pyplot as plt

    left_out = ("exports", "DVA", "GVC")
    names = [str(n) for n in data.data_vars if n not in left_out and np.any(data[n].values)]
    totals = {n: data[n].sum([d for d in data[n].dims if d != REGION]).values for n in names}
    frame = pd.DataFrame(totals, index=data[REGION].values)
    frame = frame.div(frame.sum(axis=1), axis=0).sort_values(names[0])
    ax = plt.subplots(figsize=(8, 0.25 * len(frame) + 1.5))[1] if ax is None else ax
    where, start = np.arange(len(frame)), np.zeros(len(frame))
    colours = plt.get_cmap("tab20")(np.linspace(0, 1, len(names)))
    for name, colour in zip(names, colours, strict=True):
        width = frame[name].to_numpy()
        ax.barh(where, width, left=start, label=name, color=colour)
        start = start + width
    ax.set_yticks(where, [str(name) for name in frame.index])
    ax.set_xlabel("share of gross exports")
    ax.legend(frameon=False, ncols=4, fontsize="small", loc="lower center",
              bbox_to_anchor=(0.5, 1.0))  # fmt: skip
    return ax
