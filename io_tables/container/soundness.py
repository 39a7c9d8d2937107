"""Whether a balanced table makes economic sense, and what its source left as blocks of its own.

Public names: `check_soundness`, all of the rules below as findings.

- "flows_without_output": an industry buys inputs although its output is zero; its coefficients
  would be infinite, so every solver ignores them.
- "not_productive": no output can satisfy positive final demand (Hawkins & Simon 1949).
- "unit_mismatch": two variables of one table are in different units of money.
- "source_block" (a note): a variable with attrs["source"], shown with its size by region.

Productive means rho(A) < 1. With l_0 = 1 and l_k+1 = A' l_k, A >= 0, some max l_k < 1 proves it
(l_1 are the column sums of A, so one step is nearly always enough), and some v >= 0 with
A' v >= v on its support proves the contrary (Collatz-Wielandt). Negative flows count by size,
and a table that has some is never called unproductive. Neither Z nor A is formed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import xarray as xr

from io_tables.container.checks import Finding, Floats
from io_tables.container.flows import column_sums, matrix_of, smallest
from io_tables.dims import REGION, SECTOR, Kind
from io_tables.labels import SHOWN, shown
from io_tables.schema import SCHEMA

STEPS: Final = 300
"""Powers of A' that are tried before productivity is left open."""


def check_soundness(data: xr.Dataset, kind: Kind) -> list[Finding]:
    """All findings of this module."""
    return [
        *check_units(data),
        *check_idle(data, kind),
        *check_productive(data, kind),
        *source_blocks(data),
    ]


def check_units(data: xr.Dataset) -> list[Finding]:
    """Variables in money must share one unit."""
    units: dict[str, list[str]] = {}
    for name, variable in data.data_vars.items():
        if SCHEMA[str(name)].units == "money":
            units.setdefault(str(variable.attrs["units"]), []).append(str(name))
    if len(units) < 2:
        return []
    found = "; ".join(f"{unit!r} in {', '.join(names)}" for unit, names in units.items())
    message = f"all money of a table must be in one unit, found {found}; convert the odd one first"
    return [Finding("unit_mismatch", next(iter(units)), float(len(units)), 1.0, message)]


def check_idle(data: xr.Dataset, kind: Kind) -> list[Finding]:
    """Industries without output must not buy inputs."""
    output = data["output"].values
    bought = column_sums(data) if kind == "explicit" else data["domestic_use"].values.sum(axis=0)
    bad = np.argwhere((output == 0) & (bought != 0))
    if not len(bad):
        return []
    regions, sectors = data[REGION].values, data[SECTOR].values
    names = [f"{regions[r]} / {sectors[i]} ({bought[r, i]:.6g})" for r, i in bad]
    message = (
        f"industries without output must not buy inputs, found {shown(names)}; correct the source "
        "or set these inputs to zero"
    )
    worst = float(max(abs(bought[r, i]) for r, i in bad))
    return [Finding("flows_without_output", names[0].rsplit(" (", 1)[0], worst, 0.0, message)]


def _transposed(data: xr.Dataset, kind: Kind) -> Callable[[Floats], Floats]:
    """(R, S) -> (R, S): l' |A| without forming A."""
    output = data["output"].values
    inverse = np.divide(1.0, output, out=np.zeros_like(output), where=output > 0)
    if kind == "explicit":
        flows = matrix_of(data)
        if smallest(data) < 0:
            flows = abs(flows)
        return lambda left: (left.reshape(-1) @ flows).reshape(output.shape) * inverse
    share = np.ascontiguousarray(data["trade_share"].values)
    use = np.abs(data["domestic_use"].values).transpose(1, 0, 2)

    def pooled(left: Floats) -> Floats:
        # (i, s) price of product i delivered to s, then by buying industry of s
        delivered = np.matmul(left.T[:, None, :], share)[:, 0, :]
        bought = np.matmul(delivered.T[:, None, :], use)[:, 0, :]
        return np.asarray(bought * inverse)

    return pooled


def check_productive(data: xr.Dataset, kind: Kind) -> list[Finding]:
    """Hawkins-Simon: name the industries that cannot be satisfied."""
    step = _transposed(data, kind)
    left = np.ones(data["output"].shape)
    scale = 0.0  # log of what `left` was divided by
    for _ in range(STEPS):
        following = step(left)
        peak = float(following.max())
        if peak == 0.0 or np.log(peak) + scale < 0.0:
            return []
        core = np.where(left >= 1e-6 * left.max(), left, 0.0)
        ratio = np.divide(step(core), core, out=np.full(core.shape, np.inf), where=core > 0)
        if ratio.min() >= 1.0:
            return [_unproductive(data, core, float(ratio.min()))]
        left, scale = following / peak, scale + np.log(peak)
    message = (
        f"whether the table is productive was not settled in {STEPS} steps; the largest "
        "eigenvalue of A is close to one"
    )
    return [Finding("not_productive", "", 1.0, 1.0, message, "note")]


def _unproductive(data: xr.Dataset, core: Floats, growth: float) -> Finding:
    pooled = "domestic_use" in data
    least = data["domestic_use"].values.min(initial=0.0) if pooled else smallest(data)
    signed = bool(least < 0)
    largest = np.argsort(-core, axis=None, kind="stable")[:SHOWN].tolist()
    order = [k for k in largest if core.reshape(-1)[k] > 0]
    n = core.shape[1]
    names = [f"{data[REGION].values[k // n]} / {data[SECTOR].values[k % n]}" for k in order]
    message = (
        f"production must use up less than it makes, found {growth:.6g} units of input for each "
        f"unit of output in {shown(names)}"
        + ("; with negative flows this is a bound, not a proof" if signed else "")
        + "; correct the inputs of these industries"
    )
    return Finding("not_productive", names[0], growth, 1.0, message, "note" if signed else "error")


def source_blocks(data: xr.Dataset) -> list[Finding]:
    """Size by region of the blocks that a reader kept as its source has them."""
    findings: list[Finding] = []
    for name, variable in data.data_vars.items():
        source = variable.attrs.get("source")
        if not source:
            continue
        along = tuple(d for d in variable.dims if d != REGION)
        size = variable.values.sum(axis=tuple(variable.get_axis_num(d) for d in along))
        gross = float(np.abs(variable.values).sum())
        unit = variable.attrs["units"]
        if np.ndim(size) == 0:
            parts, where = f"{float(size):.6g} in total", ""
        else:
            regions = data[REGION].values
            parts = ", ".join(f"{r} {v:.6g}" for r, v in zip(regions, size, strict=True))
            where = str(regions[int(np.abs(size).argmax())])
        total = float(data["output"].values.sum())
        share = gross / total if total > 0 else 0.0
        message = (
            f"{name} comes from {source} and is a block of its own "
            f"({100 * share:.3g} % of output by size), in {unit}: {parts}"
        )
        findings.append(Finding("source_block", where, share, 0.0, message, "note"))
    return findings
