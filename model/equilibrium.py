"""General equilibrium of regions and sectors when delivery, productivity or deficits change.

Owns the question: when wages, prices, trade and, if they may, people all adjust, who is better off?

Public names
------------
``equilibrium``         a table (or a calibrated model) and a change in, `Equilibrium` out
``Equilibrium``         new / base wages, prices, shares; money; welfare by region; certificate
``EquilibriumBase``     the accounts of the base year, to solve many changes of one table
``EquilibriumStatus``   certified, not_unique, infeasible, not_converged

The model (Eaton-Kortum trade with input-output links, exact hat algebra; formulae in
`model.equilibria.point`): industries combine factors and inputs as Cobb-Douglas; buyers choose
origins with elasticity theta by product, imports among them; final purchases of a region (all
categories together) are its income plus a given deficit, split over products in base-year shares.
Competition is perfect, and factors are fully used: this closure answers what happens in the long
run, not what a stimulus does.

Closure, always stated: prices of the rest of the world stay; exports answer their own price with
`export_elasticity` (default 1 + theta: foreigners buy like anybody else); deficits are constant in
the numeraire (default: national value added stays 1, so deficits are constant shares of it);
taxes on inputs are a constant share of output, spent where they are paid; stocks run down and
discrepancies keep their quantity. Agglomeration is off.

Source: Caliendo & Parro (2015), Review of Economic Studies 82(1); Dekle, Eaton & Kortum (2008), IMF
Staff Papers 55(3); Redding & Rossi-Hansberg (2017), Annual Review of Economics 9, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from io_tables.table import RegionalTable
from model.calibration import Calibration
from model.equilibria import inputs
from model.equilibria.base import EquilibriumBase
from model.equilibria.certificate import Certificate, certify
from model.equilibria.closure import Layout, Numeraire, Rules, Shock
from model.equilibria.newton import Outcome, find_equilibrium
from model.equilibria.point import Point
from model.equilibria.result import Equilibrium, EquilibriumStatus
from model.equilibria.shares import home_shares
from model.errors import InvalidParameter, NotInThisVersion
from model.sourcing import SourcingForm

Array = NDArray[np.float64]
Labour = Literal["immobile", "mobile", "partly mobile"]

__all__ = [
    "Equilibrium",
    "EquilibriumBase",
    "EquilibriumStatus",
    "Labour",
    "check_form",
    "equilibrium",
]

TOLERANCE = 1e-10
MAX_ITERATIONS = 60
LOOSE = 1e-6
"""Error of log wages above which clearing markets say too little."""
SAME = 1e-6
"""Difference of log wages up to which two solutions are one."""


@runtime_checkable
class _Calibrated(Protocol):
    """What has a calibration, such as a `SpatialModel`."""

    @property
    def calibration(self) -> Calibration: ...


def equilibrium(
    base: RegionalTable | EquilibriumBase | _Calibrated,
    delivery_change: ArrayLike = 1.0,
    theta: ArrayLike | None = None,
    *,
    labour: Labour = "immobile",
    migration_elasticity: float | None = None,
    labour_primaries: Sequence[str] | None = None,
    deficits: ArrayLike | Literal["given"] = "given",
    productivity: ArrayLike | None = None,
    export_elasticity: ArrayLike | None = None,
    numeraire: Numeraire = "national value added",
    population: ArrayLike | None = None,
    starts: int = 0,
    rng: np.random.Generator | int = 0,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> Equilibrium:
    """Return the equilibrium after a change; no change returns exactly ones.

    Parameters
    ----------
    base : RegionalTable, EquilibriumBase or SpatialModel
        R regions and S sectors. Accounts made once (`EquilibriumBase.of`) serve many changes.
    delivery_change : float or (S, R, R) array
        tau^, new / base delivered-cost factor by [product, from, to]; infinite closes a route.
        Labelled arrays need the dimensions sector, region_from, region_to.
    theta : float or (S,) array, optional
        Trade elasticity by product, at least 0; a `SpatialModel` has its own.
    labour : {"immobile", "mobile", "partly mobile"}
        Whether people stay; move until real wages are as far apart as in the base year; or move
        with `migration_elasticity`.
    migration_elasticity : float, optional
        Percent by which the population of a region grows when its real wage grows by one percent
        against that of the rest; 0 is immobile, infinity mobile.
    labour_primaries : sequence of str, optional
        Kinds of value added that are labour's. The rest then belongs to the region's other factors,
        which do not move between regions. Left out, all value added is earned at the wage.
    deficits : "given" or (R,) array
        Deficits by region, money in the numeraire.
    productivity : float or (R, S) array, optional
        New / base productivity by place of production.
    export_elasticity : float or (S,) array, optional
        Of the quantity of exports in their price; 1 + theta when left out, 0 fixes quantities.
    numeraire : {"national value added", "foreign price"}
        What stays, and what deficits are constant in. A country that trades with nobody has only
        the first.
    population : (R,) array or Series by region, optional
        Residents, in place of the table's.
    starts : int
        Further searches from wages drawn around the base year; a different answer of one of them is
        status `not_unique`.
    rng : Generator or int
        For these draws.
    tolerance : float
        Largest relative gap of any market.
    max_iterations : int
        Newton steps in one stage.

    Returns
    -------
    Equilibrium
        With a status; `raise_for_status` makes it an exception.

    Raises
    ------
    InvalidTable, UnknownLabel, ShapeError, InvalidParameter, Infeasible
        For tables, labels and changes that cannot have an equilibrium.
    """
    _check_search(starts, tolerance, max_iterations)
    known, theta = _base_of(base, theta, labour_primaries)
    if population is not None:
        known = _with_population(known, population)
    elasticities = inputs.by_product(known, theta, "theta")
    mobility = _mobility(known, labour, migration_elasticity)
    _check_numeraire(known, numeraire)
    exports = 1.0 + elasticities if export_elasticity is None else export_elasticity
    rules = Rules(
        theta=elasticities,
        export_elasticity=inputs.by_product(known, exports, "export_elasticity"),
        mobility=mobility,
        numeraire=numeraire,
    )
    shock = Shock(
        log_delivery=inputs.delivery(known, delivery_change, elasticities),
        log_productivity=inputs.productivity(known, productivity),
        deficit=inputs.deficits(known, deficits),
    )
    outcome = find_equilibrium(
        known, rules, shock, tolerance=tolerance, max_iterations=max_iterations
    )
    certificate = certify(
        known, rules, outcome.point, outcome.slopes, known.deficit + shock.deficit
    )
    status, reason = _verdict(rules, outcome, certificate, tolerance)
    if status is EquilibriumStatus.CERTIFIED and starts > 0:
        other = _other_answer(known, rules, shock, outcome, starts, rng, tolerance, max_iterations)
        if other:
            status, reason = EquilibriumStatus.NOT_UNIQUE, other
    return _labelled(known, rules, shock, outcome, certificate, status, reason, tolerance)


def check_form(form: SourcingForm) -> None:
    """Raise NotInThisVersion for another way to choose origins than that of Eaton and Kortum."""
    if form != "ces":
        raise NotInThisVersion(
            f'the equilibrium rests on CES shares (Eaton and Kortum); sourcing_form = "{form}" has '
            'none in this version: take sourcing_form = "ces", or leave the channel out'
        )


def _base_of(
    given: RegionalTable | EquilibriumBase | _Calibrated,
    theta: ArrayLike | None,
    labour_primaries: Sequence[str] | None,
) -> tuple[EquilibriumBase, ArrayLike]:
    """Return the accounts of the base year, and the elasticity given or calibrated."""
    if isinstance(given, _Calibrated):
        calibration = given.calibration
        check_form(calibration.form)
        theta = calibration.theta if theta is None else theta
        given = calibration.table
    if theta is None:
        raise InvalidParameter("theta must be given: a table does not tell how buyers shift.")
    if isinstance(given, EquilibriumBase):
        if labour_primaries is not None:
            raise InvalidParameter(
                "labour_primaries belongs to EquilibriumBase.of when the base is made beforehand."
            )
        return given, theta
    return EquilibriumBase.of(given, labour_primaries=labour_primaries), theta


def _with_population(base: EquilibriumBase, population: ArrayLike) -> EquilibriumBase:
    persons = inputs.by_region(base, population, "population").copy()
    if persons.shape != (base.n_regions,) or not (np.isfinite(persons) & (persons > 0.0)).all():
        raise InvalidParameter(
            f"population must be {base.n_regions} numbers above zero, one a region."
        )
    return replace(base, population=persons)


def _mobility(base: EquilibriumBase, labour: Labour, elasticity: float | None) -> float:
    """Return the elasticity of population that `labour` stands for."""
    if labour not in ("immobile", "mobile", "partly mobile"):
        raise InvalidParameter(
            f"labour must be 'immobile', 'mobile' or 'partly mobile'; found {labour!r}."
        )
    if (labour == "partly mobile") != (elasticity is not None):
        raise InvalidParameter(
            "migration_elasticity is needed with labour='partly mobile', and only there."
        )
    found = {"immobile": 0.0, "mobile": float("inf")}.get(labour, elasticity)
    assert found is not None
    if not found >= 0.0:
        raise InvalidParameter(f"migration_elasticity must be at least 0; found {found:g}.")
    if found > 0.0:
        persons = base.population
        if persons is None or not (persons > 0.0).all():
            raise InvalidParameter(
                "people can move only where population is known and above zero in every region: "
                "pass population=."
            )
    return found


def _check_search(starts: int, tolerance: float, max_iterations: int) -> None:
    if not 0.0 < tolerance < 1.0:
        raise InvalidParameter(
            f"tolerance must lie above 0 and below 1, such as {TOLERANCE:g}; found {tolerance:g}."
        )
    if max_iterations < 1 or starts < 0:
        raise InvalidParameter(
            "an equilibrium takes max_iterations of 1 or more and starts of 0 or more; found "
            f"{max_iterations} and {starts}."
        )


def _check_numeraire(base: EquilibriumBase, numeraire: Numeraire) -> None:
    if numeraire not in ("national value added", "foreign price"):
        raise InvalidParameter(
            f"numeraire must be 'national value added' or 'foreign price'; found {numeraire!r}."
        )
    if numeraire == "foreign price" and not base.trades_abroad:
        raise InvalidParameter(
            "the foreign price measures nothing in a country that trades with nobody: use "
            "numeraire='national value added'."
        )


def _verdict(
    rules: Rules, outcome: Outcome, certificate: Certificate, tolerance: float
) -> tuple[EquilibriumStatus, str]:
    """Return status and reason of a search."""
    if outcome.trouble:
        broke = "nothing to spend" in outcome.trouble
        status = EquilibriumStatus.INFEASIBLE if broke else EquilibriumStatus.NOT_CONVERGED
        return status, outcome.trouble
    if not certificate.residual <= tolerance:
        worst = max(certificate.residuals, key=lambda name: certificate.residuals[name])
        return (
            EquilibriumStatus.NOT_CONVERGED,
            f"{worst} are {certificate.residual:.3g} apart, above the tolerance {tolerance:g}; "
            "rounding in regions much smaller than others can do that: raise the tolerance, or "
            "merge them",
        )
    if certificate.wage_error > LOOSE:
        return (
            EquilibriumStatus.NOT_CONVERGED,
            f"markets clear, but log wages are only known to {certificate.wage_error:.2g}: some "
            "regions hardly trade with the others, so that almost any relative wage clears them. "
            "Take a smaller change, or merge them",
        )
    if certificate.index != 1:
        found = "singular" if certificate.index == 0 else "of the wrong sign (index -1)"
        return (
            EquilibriumStatus.NOT_UNIQUE,
            f"the derivative of the markets is {found}: other equilibria exist or are near. Raise "
            "theta or export_elasticity, or choose labour='immobile'",
        )
    if rules.mobility > 0.0 and rules.mobility * certificate.crowd_pull >= 1.0:
        return (
            EquilibriumStatus.NOT_UNIQUE,
            "people who move raise the real wage where they go by more than the elasticity allows "
            f"({rules.mobility:g} x {certificate.crowd_pull:.3g} >= 1): other equilibria exist. "
            "Lower migration_elasticity",
        )
    return EquilibriumStatus.CERTIFIED, ""


def _other_answer(
    base: EquilibriumBase,
    rules: Rules,
    shock: Shock,
    outcome: Outcome,
    starts: int,
    rng: np.random.Generator | int,
    tolerance: float,
    max_iterations: int,
) -> str:
    """Search again from other wages; say where another answer was found, if one was."""
    layout = Layout.of(base, rules)
    draws = np.random.default_rng(rng)
    here = layout.returns(outcome.point.z)
    for number in range(1, starts + 1):
        z = np.zeros(layout.size)
        z[: layout.n_returns] = draws.normal(0.0, 0.3, layout.n_returns)
        found = find_equilibrium(
            base, rules, shock, tolerance=tolerance, max_iterations=max_iterations, start=z
        )
        if found.trouble:
            continue
        gap = np.abs(layout.returns(found.point.z) - here)
        if gap.max() > SAME:
            region = base.regions[int(gap.argmax()) % base.n_regions]
            return (
                f"start {number} of {starts} ends at another equilibrium: the wage in {region} "
                f"differs by {gap.max():.3g} in logarithms. Raise theta or export_elasticity"
            )
    return ""


def _guarantee(rules: Rules, certificate: Certificate) -> str:
    """Say what is known about uniqueness."""
    if certificate.index != 1:
        return "none"
    said = ["regular, index +1"]
    if certificate.gross_substitutes:
        said.append("gross substitutes in labour at the solution")
    if rules.mobility > 0.0:
        said.append(
            "a region's real wage falls as people come"
            if certificate.crowd_pull < 0.0
            else "people come more slowly than they raise the real wage"
        )
    return "; ".join(said) + ": locally unique"


def _final_by_product(base: EquilibriumBase, rules: Rules, point: Point) -> tuple[Array, Array]:
    """Return final use by place and product, (R, S): money, and at base-year prices."""
    gap = point.log_bundle - point.import_price
    _, log_price = home_shares(base.final_home, gap, rules.theta)
    price = np.exp(log_price + point.import_price)
    growth = point.purchases / base.purchases
    spent = base.final * growth[:, None, None]
    abroad = base.stocks_imported * np.exp(point.import_price)
    money = spent.sum(axis=2) + point.stocks + abroad
    return money, (spent / price).sum(axis=2) + base.stocks + base.stocks_imported


def _labelled(
    base: EquilibriumBase,
    rules: Rules,
    shock: Shock,
    outcome: Outcome,
    certificate: Certificate,
    status: EquilibriumStatus,
    reason: str,
    tolerance: float,
) -> Equilibrium:
    layout, point = Layout.of(base, rules), outcome.point
    returns, people = layout.returns(point.z), np.exp(layout.people(point.z))
    prices = np.exp(point.log_price)
    real = point.purchases / base.purchases / np.exp(point.final_price)
    money, at_base_prices = _final_by_product(base, rules, point)
    return Equilibrium(
        regions=base.regions,
        sectors=base.sectors,
        unit=base.unit,
        numeraire=rules.numeraire,
        wages=np.exp(returns[0]),
        other_return=np.exp(returns[-1]),
        import_price=float(np.exp(point.import_price)),
        mill_prices=prices,
        delivered_prices=np.exp(point.log_bundle),
        consumer_prices=np.exp(point.final_price),
        trade_shares=point.shares,
        output=point.output,
        value_added=base.factors.sum(axis=0) * point.output,
        final_demand=money,
        exports=point.exports + point.exports_fixed,
        real_output=point.output / prices,
        real_consumption_by_product=at_base_prices,
        expenditure=point.expenditure,
        deficit=base.deficit + shock.deficit,
        income=point.earned.sum(axis=0) + (base.tax * point.output).sum(axis=1),
        real_consumption=real,
        welfare=real / people,
        real_wage=np.exp(returns[0] - point.final_price),
        population=people,
        status=status,
        reason=reason,
        guarantee=_guarantee(rules, certificate),
        certificate=certificate,
        iterations=outcome.iterations,
        stages=outcome.stages,
        tolerance=tolerance,
    )
