"""How far an effect carries: the distance over which spillovers halve, and how sure that is.

Question owned: by what law do the spillovers of a pole fall with travel time or cost?

Public names
    fit_decay     decay rate, half-distance, their standard errors and what is explained
    DecayFit      what comes back, one row for each pole
    plot_decay    spillovers per size against cost, with the fitted law

Terms: g_s the spillover in region s outside the pole, m_s its size (value added, output, people),
c_s the least cost from the pole to it; b decay, a level.

    exponential   E g_s = m_s exp(a - b c_s)          half-distance ln 2 / b
    power         E g_s = m_s exp(a - b ln c_s)       factor of cost that halves, 2^(1/b)

"poisson" solves sum (1, c)' (g - E g) = 0: a weighting by expected size that is right for any law
of the errors. "least_squares" minimises sum (g_s / m_s - exp(a - b c_s))^2: regions count alike.
What is fitted is the pattern of a model's own results over regions, not data on growth: standard
errors tell how well one law describes the pattern. They allow for unequal variances: a sandwich in
which every miss is divided by 1 - h, h the region's leverage: large regions draw the law to them.

    se(half) = ln 2 / b^2 se(b)       interval of the half-distance: ln 2 over the ends of b's

Source: Santos Silva & Tenreyro (2006) for Poisson; White (1980) and MacKinnon & White (1985) for
standard errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from scipy.optimize import least_squares
from scipy.special import stdtrit

from io_tables.labels import did_you_mean, shown
from model.dims import POLE, REGION
from model.errors import NotConverged, ShapeError, UnknownLabel
from model.leontief.products import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Form: TypeAlias = Literal["exponential", "power"]
Method: TypeAlias = Literal["poisson", "least_squares"]
STEPS = 200
SMALLEST_SAMPLE = 4


@dataclass(frozen=True, eq=False)
class DecayFit:
    """Fitted decay.

    Attributes
    ----------
    frame
        One row for each pole: decay, decay_se, decay_low, decay_high, half, half_se, half_low,
        half_high (cost over which effects halve, or the factor of cost when the form is "power";
        inf where the decay's interval reaches 0), level, r2 (1 - squared errors over variance of
        what is fitted), n_regions.
    points
        Long table of what was fitted: pole, region, cost, size, effect, per_size, fitted (per
        size).
    form, method, interval
        As asked.
    """

    frame: pd.DataFrame
    points: pd.DataFrame
    form: Form
    method: Method
    interval: float


def fit_decay(
    effects: xr.DataArray,
    cost: pd.DataFrame,
    size: pd.Series[float],
    *,
    members: Mapping[str, Sequence[str]] | None = None,
    form: Form = "exponential",
    method: Method = "poisson",
    interval: float = 0.9,
) -> DecayFit:
    """Fit the decay of spillovers with cost, for every pole.

    Parameters
    ----------
    effects
        (pole, region) or (region): spillovers, as
        `spillovers(...)["ledger"].sel(part="spillover", account=...).sum("sector")`.
    cost
        (R, R) from and to: travel time or cost, above zero for a power law.
    size
        Size of every region, above zero.
    members
        {pole: its regions}; a pole that is not named is the region of its name.
    form
        Law of decay.
    method
        How it is fitted.
    interval
        Mass of the intervals (Student's t with n - 2 degrees of freedom).

    Raises
    ------
    UnknownLabel
        For regions without costs or size, and members that the effects do not have.
    ShapeError
        For fewer than 4 regions outside the pole, costs that do not differ, negative effects or
        sizes that are not positive.
    NotConverged
        When no law of this form fits, as with effects that are all zero but one.
    """
    if form not in ("exponential", "power") or method not in ("poisson", "least_squares"):
        raise ShapeError(
            "form must be 'exponential' or 'power' and method 'poisson' or 'least_squares'; found "
            f"{form!r} and {method!r}."
        )
    if not 0 < interval < 1:
        raise ShapeError(f"interval must lie between 0 and 1; found {interval}.")
    given = effects if POLE in effects.dims else effects.expand_dims(POLE)
    if set(given.dims) != {POLE, REGION}:
        raise ShapeError(
            f"effects must be over pole and region; found {list(effects.dims)}: select or sum."
        )
    square = cost.set_axis(cost.index.astype(str), axis=0).set_axis(
        cost.columns.astype(str), axis=1
    )
    sizes = size.set_axis(size.index.astype(str))
    regions = [str(r) for r in given[REGION].values]
    for what, known in (("cost", list(square.columns)), ("size", list(sizes.index))):
        missing = [r for r in regions if r not in known]
        if missing:
            hint = did_you_mean(missing[0], known)
            raise UnknownLabel(f"every region needs a {what}; missing: {shown(missing)}{hint}.")
    told = {} if members is None else members
    rows, points = [], []
    for pole in given[POLE].values:
        own = [str(m) for m in told.get(str(pole), [str(pole)])]
        lost = [m for m in own if m not in square.index]
        if lost:
            raise UnknownLabel(
                f"pole {str(pole)!r}: no costs from {shown(lost)}. Name its regions in members."
            )
        away = [r for r in regions if r not in own]
        frame = pd.DataFrame(
            {
                "pole": str(pole),
                "region": away,
                "cost": square.loc[own, away].to_numpy(dtype=np.float64).min(axis=0),
                "size": sizes[away].to_numpy(dtype=np.float64),
                "effect": given.sel({POLE: pole, REGION: away}).values,
            }
        )
        _check(frame, form)
        row, fitted = _fit(frame, form, method, interval)
        rows.append({"pole": str(pole), **row})
        frame["per_size"] = frame["effect"] / frame["size"]
        points.append(frame.assign(fitted=fitted))
    return DecayFit(
        pd.DataFrame(rows).set_index("pole"), pd.concat(points, ignore_index=True), form, method,
        interval,
    )  # fmt: skip


def _check(frame: pd.DataFrame, form: Form) -> None:
    failures = []
    if len(frame) < SMALLEST_SAMPLE:
        failures.append(f"at least {SMALLEST_SAMPLE} regions outside the pole, not {len(frame)}")
    for what, bad in (
        ("finite effects >= 0", ~(np.isfinite(frame["effect"]) & (frame["effect"] >= 0))),
        ("sizes > 0", ~(np.isfinite(frame["size"]) & (frame["size"] > 0))),
        (
            "finite costs" if form == "exponential" else "finite costs > 0",
            ~np.isfinite(frame["cost"]) | ((frame["cost"] <= 0) & (form == "power")),
        ),
    ):
        if bad.any():
            failures.append(f"{what}, not so in {shown(frame['region'][bad].tolist())}")
    if not failures and np.ptp(frame["cost"].to_numpy()) == 0:
        failures.append("costs that differ between regions")
    if not failures and not (frame["effect"] > 0).any():
        failures.append("an effect somewhere outside the pole")
    if failures:
        raise ShapeError(f"pole {frame['pole'].iloc[0]!r}: decay needs {'; '.join(failures)}.")


def _fit(
    frame: pd.DataFrame, form: Form, method: Method, interval: float
) -> tuple[dict[str, float], FloatArray]:
    cost = frame["cost"].to_numpy()
    where = cost if form == "exponential" else np.log(cost)
    middle, spread = float(where.mean()), float(where.std())
    design = np.column_stack([np.ones(where.size), (where - middle) / spread])
    effect, size = frame["effect"].to_numpy(), frame["size"].to_numpy()
    if method == "poisson":
        scale = effect.sum()
        beta = _poisson(design, effect / scale, np.log(size / size.sum()))
        fitted = np.exp(design @ beta) * size / size.sum() * scale
        bread = np.linalg.inv(design.T @ (fitted[:, None] * design))
        leverage = np.einsum("ni,ij,nj->n", design, bread, design) * fitted
        scores = design * (effect - fitted)[:, None]
        observed, per_size = effect / size, fitted / size
        level = beta[0] + np.log(scale / size.sum())
        explained = _explained(effect, fitted)
    else:
        observed = effect / size
        unit = observed.mean()
        beta = _least_squares(design, observed / unit)
        per_size = np.exp(design @ beta) * unit
        slope = design * per_size[:, None]
        bread = np.linalg.inv(slope.T @ slope)
        leverage = np.einsum("ni,ij,nj->n", slope, bread, slope)
        scores = slope * (observed - per_size)[:, None]
        level = beta[0] + np.log(unit)
        explained = _explained(observed, per_size)
    n = where.size
    scores = scores / np.maximum(1.0 - leverage, 1e-6)[:, None]
    covariance = bread @ (scores.T @ scores) @ bread
    decay = -float(beta[1]) / spread
    se = float(np.sqrt(covariance[1, 1])) / spread
    reach = float(stdtrit(n - 2, (1 + interval) / 2)) * se
    low, high = decay - reach, decay + reach
    half, half_se = _half(decay, form), _half_slope(decay, form) * se
    return {
        "decay": decay, "decay_se": se, "decay_low": low, "decay_high": high, "half": half,
        "half_se": half_se, "half_low": _half(high, form), "half_high": _half(low, form),
        "level": level + decay * middle, "r2": explained, "n_regions": n,
    }, per_size  # fmt: skip


def _half(decay: float, form: Form) -> float:
    """Cost, or factor of cost, over which effects halve; inf where they do not fall."""
    if decay <= 0:
        return float("inf")
    return float(np.log(2.0) / decay if form == "exponential" else np.exp2(min(1 / decay, 1023.0)))


def _half_slope(decay: float, form: Form) -> float:
    if decay <= 0:
        return float("nan")
    falls = np.log(2.0) / decay**2
    return float(falls if form == "exponential" else falls * _half(decay, form))


def _poisson(design: FloatArray, effect: FloatArray, offset: FloatArray) -> FloatArray:
    """Pseudo maximum likelihood by Newton steps, halved while the likelihood falls."""

    def likelihood(beta: FloatArray) -> float:
        line = design @ beta + offset
        return float(effect @ line - np.exp(line).sum())

    beta = np.zeros(design.shape[1])
    beta[0] = np.log(effect.sum() / np.exp(offset).sum())
    best = likelihood(beta)
    for _ in range(STEPS):
        fitted = np.exp(design @ beta + offset)
        step = np.linalg.solve(design.T @ (fitted[:, None] * design), design.T @ (effect - fitted))
        share = 1.0
        while likelihood(beta + share * step) < best - 1e-15 and share > 1e-10:
            share /= 2
        beta = beta + share * step
        best = likelihood(beta)
        if np.abs(share * step).max() <= 1e-12 * max(np.abs(beta).max(), 1.0):
            return beta
    raise NotConverged(
        f"no decay fits after {STEPS} steps: the effects are too few, or all but one are zero."
    )


def _least_squares(design: FloatArray, observed: FloatArray) -> FloatArray:
    positive = observed > 0
    if positive.sum() < 2:
        raise NotConverged("no decay fits: fewer than two regions have an effect.")
    start = np.linalg.lstsq(design[positive], np.log(observed[positive]), rcond=None)[0]

    def law(beta: FloatArray) -> FloatArray:
        return np.asarray(np.exp(np.minimum(design @ beta, 600.0)))

    def misses(beta: FloatArray) -> FloatArray:
        return law(beta) - observed

    def slopes(beta: FloatArray) -> FloatArray:
        return design * law(beta)[:, None]

    found = least_squares(
        misses,
        start,
        jac=slopes,
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    if not found.success:
        raise NotConverged(f"no decay fits: {found.message}")
    return np.asarray(found.x)


def _explained(observed: FloatArray, fitted: FloatArray) -> float:
    spread = float(((observed - observed.mean()) ** 2).sum())
    return 1.0 - float(((observed - fitted) ** 2).sum()) / spread if spread > 0 else float("nan")


def plot_decay(fit: DecayFit, *, pole: str | None = None, ax: Axes | None = None) -> Axes:
    """Effects per size against cost, with the law fitted to them.

    Parameters
    ----------
    pole
        Which; the first when left out.
    """
    import matplotlib.pyplot as plt

    chosen = str(fit.frame.index[0]) if pole is None else pole
    points = fit.points[fit.points["pole"] == chosen].sort_values("cost")
    row = fit.frame.loc[chosen]
    ax = plt.subplots(figsize=(6, 4))[1] if ax is None else ax
    ax.scatter(points["cost"], points["per_size"], s=12, color="0.3")
    at = np.linspace(points["cost"].min(), points["cost"].max(), 200)
    law = at if fit.form == "exponential" else np.log(at)
    ax.plot(at, np.exp(row["level"] - row["decay"] * law), color="tab:red")
    ax.set_xlabel("cost from the pole")
    ax.set_ylabel("spillover per size of region")
    what = "halves every" if fit.form == "exponential" else "halves when cost grows by the factor"
    ax.set_title(
        f"{chosen}: {what} {row['half']:.3g} "
        f"({100 * fit.interval:g} %: {row['half_low']:.3g} to {row['half_high']:.3g})",
        loc="left", fontsize="medium",
    )  # fmt: skip
    return ax
