"""Who solves a Leontief system, and how: hinterland in its forms, and the peers.

Question owned: given an economy and a task, what does each actor get, and what is timed?

Every actor starts from arrays in hand and ends at the answer: building the operator, factors and
certificates is inside the time; drawing the economy and forming the explicit matrix is not. The
peers get the explicit matrix, which is what they can take.

Public names
    Form, POOLED, GRAVITY, EXPLICIT    what hinterland is given
    ours                               hinterland on a task, its method chosen or forced
    numpy_inv, numpy_solve, spsolve, pymrio_all, mario_w    the peers
    probe_of                           the part of an answer that is compared
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve as scipy_spsolve

from benchmarks.case import Actor, Answer, FloatArray, Setting, Skip, Work
from benchmarks.tasks import Mix, Task
from io_tables.synthetic import SyntheticEconomy, synthetic_economy
from model.leontief.choice import Method
from model.leontief.products import Operator
from model.operator import Explicit, GravityOperator, PooledOperator
from model.solve import Leontief, Solution

Form = Callable[[SyntheticEconomy], Callable[[], Operator]]
"""From an economy to what builds its operator from arrays in hand."""
LARGEST_KERNELS = 1.6e9
COLUMNS_AT_ONCE = 128


def economy_of(setting: Setting) -> SyntheticEconomy:
    """Draw the economy of a setting: the same one for every actor."""
    return synthetic_economy(
        setting.size.regions,
        setting.size.sectors,
        spectral_radius=setting.severity.spectral_radius,
        openness=setting.severity.openness,
        decay=setting.severity.decay,
        density=setting.severity.density,
    )


def mix_of(economy: SyntheticEconomy) -> Mix:
    """What a task needs to know of an economy."""
    return Mix(
        economy.n_regions, economy.n_sectors, np.array(economy.demand), economy.final_demand()
    )


def _frozen(array: FloatArray) -> FloatArray:
    array.flags.writeable = False
    return array


def pooled(economy: SyntheticEconomy) -> Callable[[], Operator]:
    technology, trade = _frozen(economy.technology_by_region()), _frozen(economy.trade())
    return lambda: PooledOperator(technology, trade)


def gravity(economy: SyntheticEconomy) -> Callable[[], Operator]:
    needed = 8.0 * np.unique(economy.decay).size * economy.n_regions**2
    if needed > LARGEST_KERNELS:
        raise Skip(
            f"the gravity operator keeps one kernel for each decay: {needed / 1e9:.1f} GB for "
            f"{np.unique(economy.decay).size} decays"
        )
    own = economy.technology.shape[0] == economy.n_regions
    of = None if own and np.array_equal(economy.technology_of, np.arange(economy.n_regions)) else 1
    return lambda: GravityOperator(
        economy.technology,
        economy.cost,
        economy.decay,
        economy.weights,
        technology_of=None if of is None else economy.technology_of,
        home=economy.home,
    )


def explicit(economy: SyntheticEconomy) -> Callable[[], Operator]:
    matrix: Any = economy.coefficients()
    if not sp.issparse(matrix):
        matrix = _frozen(matrix)
    starts = np.arange(economy.n_regions + 1) * economy.n_sectors
    return lambda: Explicit(matrix, region_starts=starts)


@dataclass(frozen=True)
class Problem:
    """What an actor has in hand: a way to its operator, or a matrix, and right-hand sides."""

    mix: Mix
    rhs: FloatArray
    make: Callable[[], Operator] | None = None
    matrix: Any = None


def probe_of(columns: FloatArray) -> FloatArray:
    """At most eight columns, evenly spread: what answers are compared by."""
    if columns.ndim == 1:
        return columns
    return columns[:, np.unique(np.linspace(0, columns.shape[1] - 1, 8).astype(int))]


def product_work(operator: Operator, columns: int) -> Work:
    """One product with k columns: matrices once for each block of columns, vectors both stages."""
    blocks = -(-columns // COLUMNS_AT_ONCE)
    at_once = min(columns, COLUMNS_AT_ONCE)
    stored, vectors = 8.0 * operator.stored, 8.0 * 4 * operator.n
    return Work(
        flops=2.0 * operator.multiplications * columns,
        bytes=stored * blocks + vectors * columns,
        resident=stored + vectors * at_once,
    )


def direct_work(n: int, columns: int, *, inverse: bool = False) -> Work:
    """LU factors and k solves, or the inverse from them; the matrix read and written once."""
    flops = 2.0 * n**3 if inverse else 2.0 / 3.0 * n**3 + 2.0 * n**2 * columns
    return Work(flops, 8.0 * (2.0 * n**2 + 2.0 * n * columns), 8.0 * n**2)


def solve_work(operator: Operator, solution: Solution, columns: int) -> Work:
    """Work of the method that was used: its products, or the factors."""
    if solution.method == "direct":
        return direct_work(operator.n, columns)
    one = product_work(operator, columns if solution.method == "blocked" else 1)
    times = solution.iterations * (1 if solution.method == "blocked" else columns)
    return Work(one.flops * times, one.bytes * times, one.resident)


def traffic(*arrays: FloatArray) -> Work:
    """Every array once through memory: a floor where the least arithmetic is not known."""
    moved = float(sum(array.nbytes for array in arrays))
    return Work(0.0, moved, moved)


def facts_of(solution: Solution) -> dict[str, str | int | float]:
    """What a solution says about itself; a bound relative to the solution."""
    size = np.abs(np.asarray(solution.x)).sum()
    return {
        "method": str(solution.method),
        "iterations": int(solution.iterations),
        "status": str(solution.status),
        "bound": float(solution.error_bound / size) if size else 0.0,
    }


def ours(form: Form, task: Task, method: Method | None = None, largest: int | None = None) -> Actor:
    """hinterland: operator, weights, solution and certificate; the tolerance is 1e-10."""

    def prepare(setting: Setting) -> Problem:
        economy = economy_of(setting)
        mix = mix_of(economy)
        return Problem(mix, task.rhs(mix), make=form(economy))

    def run(problem: Problem) -> tuple[Leontief, Any]:
        assert problem.make is not None
        system = Leontief(problem.make())
        if task.inverse:
            return system, system.inverse()
        solve = system.solve_transposed if task.transposed else system.solve
        return system, solve(problem.rhs, method=method)

    def read(problem: Problem, result: tuple[Leontief, Any]) -> Answer:
        system, found = result
        if task.inverse:
            return Answer(found @ problem.rhs, direct_work(system.n, system.n, inverse=True))
        found.raise_for_status()
        columns = 1 if problem.rhs.ndim == 1 else problem.rhs.shape[1]
        work = solve_work(system.operator, found, columns)
        return Answer(probe_of(found.x), work, facts_of(found))

    return Actor(prepare, run, read, largest=largest)


def product(form: Form, columns: int, times: int) -> Actor:
    """Products with k columns, several in a row: what every iteration is made of."""

    def prepare(setting: Setting) -> tuple[Operator, FloatArray]:
        economy = economy_of(setting)
        operator = form(economy)()
        shape = (economy.n, columns)
        return operator, np.ascontiguousarray(np.random.default_rng(2).random(shape))

    def run(given: tuple[Operator, FloatArray]) -> FloatArray:
        operator, values = given
        for _ in range(times):
            out = operator.matmat(values)
        return out

    def read(given: tuple[Operator, FloatArray], out: FloatArray) -> Answer:
        one = product_work(given[0], columns)
        work = Work(one.flops * times, one.bytes * times, one.resident)
        return Answer(probe_of(out), work, {"products": times, "columns": columns})

    return Actor(prepare, run, read)


def _explicit_problem(task: Task, *, dense: bool) -> Callable[[Setting], Problem]:
    def prepare(setting: Setting) -> Problem:
        economy = economy_of(setting)
        mix = mix_of(economy)
        matrix: Any = economy.coefficients()
        if dense and not isinstance(matrix, np.ndarray):
            matrix = matrix.toarray()
        return Problem(mix, task.rhs(mix), matrix=matrix)

    return prepare


def _from_inverse(task: Task) -> Callable[[Problem, Any], Answer]:
    def read(problem: Problem, found: Any) -> Answer:
        n = problem.mix.n
        answer = np.asarray(found) @ problem.rhs if task.inverse else np.asarray(found)
        return Answer(probe_of(answer), direct_work(n, n, inverse=True))

    return read


def _applied(task: Task, inverse: FloatArray, rhs: FloatArray) -> FloatArray:
    if task.inverse:
        return inverse
    return np.asarray((inverse.T if task.transposed else inverse) @ rhs)


def numpy_inv(task: Task, largest: int) -> Actor:
    """numpy.linalg.inv of I - A, then the product with the right-hand sides."""

    def run(problem: Problem) -> FloatArray:
        inverse = np.linalg.inv(np.eye(problem.mix.n) - problem.matrix)
        return _applied(task, inverse, problem.rhs)

    return Actor(_explicit_problem(task, dense=True), run, _from_inverse(task), largest=largest)


def numpy_solve(task: Task, largest: int) -> Actor:
    """numpy.linalg.solve with I - A, or its transpose, and all right-hand sides at once."""

    def run(problem: Problem) -> FloatArray:
        matrix = problem.matrix.T if task.transposed else problem.matrix
        return np.asarray(np.linalg.solve(np.eye(problem.mix.n) - matrix, problem.rhs))

    def read(problem: Problem, found: FloatArray) -> Answer:
        columns = 1 if found.ndim == 1 else found.shape[1]
        return Answer(probe_of(found), direct_work(problem.mix.n, columns))

    return Actor(_explicit_problem(task, dense=True), run, read, largest=largest)


def spsolve(task: Task, largest: int) -> Actor:
    """scipy.sparse.linalg.spsolve (SuperLU) with sparse I - A."""

    def run(problem: Problem) -> FloatArray:
        matrix = problem.matrix.T if task.transposed else problem.matrix
        identity = sp.identity(problem.mix.n, format="csc")
        return np.asarray(scipy_spsolve(sp.csc_matrix(identity - matrix), problem.rhs))

    def read(problem: Problem, found: FloatArray) -> Answer:
        return Answer(probe_of(found))

    return Actor(_explicit_problem(task, dense=False), run, read, largest=largest)


def labelled_flows(economy_labels: pd.MultiIndex, matrix: FloatArray, f: FloatArray) -> Any:
    """Z and Y as the labelled frames that table packages take."""
    x = np.linalg.solve(np.eye(len(f)) - matrix, f)
    flows = pd.DataFrame(matrix * x, index=economy_labels, columns=economy_labels)
    return flows, pd.DataFrame({("all", "final demand"): f}, index=economy_labels)


def _labels(mix: Mix) -> pd.MultiIndex:
    regions = [f"R{r:04d}" for r in range(mix.n_regions)]
    sectors = [f"S{i:03d}" for i in range(mix.n_sectors)]
    return pd.MultiIndex.from_product([regions, sectors], names=["region", "sector"])


def pymrio_all(task: Task, largest: int) -> Actor:
    """pymrio's calc_all from Z and Y, then the product with its inverse."""
    explicit_problem = _explicit_problem(task, dense=True)

    def prepare(setting: Setting) -> Problem:
        problem = explicit_problem(setting)
        frames = labelled_flows(_labels(problem.mix), problem.matrix, problem.mix.f)
        return Problem(problem.mix, problem.rhs, matrix=frames)

    def run(problem: Problem) -> FloatArray:
        return _applied(task, pymrio_inverse(*problem.matrix), problem.rhs)

    return Actor(prepare, run, _from_inverse(task), needs=("pymrio",), largest=largest)


def pymrio_inverse(flows: pd.DataFrame, final: pd.DataFrame) -> FloatArray:
    """L by pymrio's calc_all."""
    pymrio = import_module("pymrio")  # an optional peer without types
    return np.asarray(pymrio.IOSystem(Z=flows, Y=final).calc_all().L)


def mario_w(task: Task, largest: int) -> Actor:
    """MARIO's Leontief inverse `calc_w` of labelled coefficients, then the product with it."""
    explicit_problem = _explicit_problem(task, dense=True)

    def prepare(setting: Setting) -> Problem:
        problem = explicit_problem(setting)
        labels = _labels(problem.mix)
        frame = pd.DataFrame(problem.matrix, index=labels, columns=labels)
        return Problem(problem.mix, problem.rhs, matrix=frame)

    def run(problem: Problem) -> FloatArray:
        mario = import_module("mario")  # an optional peer, in an environment of its own
        return _applied(task, np.asarray(mario.calc_w(problem.matrix)), problem.rhs)

    return Actor(prepare, run, _from_inverse(task), needs=("mario",), largest=largest)
