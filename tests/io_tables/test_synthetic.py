"""Synthetic economies: the radius asked for, balance, one economy in three forms, same bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from io_tables.errors import InvalidTable, NotTold, TableTooLarge
from io_tables.synthetic import synthetic_economy
from model.operator import GravityOperator
from model.solve import Leontief


def dense(economy):
    matrix = economy.coefficients()
    return matrix.toarray() if economy.density < 1.0 else matrix


@pytest.mark.parametrize("radius", [0.4, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("density", [1.0, 0.1])
def test_the_spectral_radius_is_the_one_asked_for(radius, density):
    economy = synthetic_economy(9, 12, spectral_radius=radius, density=density)
    matrix = dense(economy)
    q = np.tile(economy.left_vector, economy.n_regions)
    np.testing.assert_allclose(q @ matrix, radius * q, rtol=1e-12)
    assert (q > 0).all()
    assert abs(np.abs(np.linalg.eigvals(matrix)).max() - radius) < 1e-9 * radius


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 6),
    st.integers(1, 9),
    st.floats(0.2, 0.97),
    st.floats(0.05, 0.9),
    st.floats(0.02, 1.0),
    st.integers(0, 1000),
)
def test_every_economy_balances_and_has_value_added(regions, sectors, radius, share, density, seed):
    economy = synthetic_economy(
        regions, sectors, spectral_radius=radius, openness=share, density=density, seed=seed
    )
    matrix = dense(economy)
    assert (matrix >= 0).all()
    assert (matrix.sum(axis=0) < 1.0).all()
    table = economy.table()
    assert (table.va.to_numpy() > 0).all()
    row = matrix @ table.x.to_numpy() + economy.final_demand()
    np.testing.assert_allclose(row, table.x.to_numpy(), rtol=1e-11)
    assert not table.check()


def test_the_share_bought_elsewhere_is_the_openness():
    economy = synthetic_economy(20, 15, openness=0.27, decay=[0.8, 1.2, 2.0])
    own = np.diagonal(economy.trade(), axis1=1, axis2=2).T
    bought = economy.demand / economy.demand.sum(axis=0)
    np.testing.assert_allclose((bought * (1.0 - own)).sum(axis=0), 0.27, atol=1e-5)


@pytest.mark.parametrize("density", [1.0, 0.15])
def test_pooled_and_explicit_form_give_the_same_output(density):
    economy = synthetic_economy(7, 11, density=density)
    pooled, explicit = economy.table("pooled"), economy.table("explicit")
    np.testing.assert_allclose(explicit.x, pooled.x, rtol=1e-12)
    np.testing.assert_allclose(explicit.Z, pooled.Z, rtol=1e-11, atol=1e-9)
    f = economy.final_demand()
    wanted = np.linalg.solve(np.eye(economy.n) - dense(economy), f)
    for source in (pooled, explicit, economy.coefficients()):
        np.testing.assert_allclose(Leontief(source).solve(f).x, wanted, rtol=1e-8)
    np.testing.assert_allclose(pooled.f, f, rtol=1e-12)


def test_the_gravity_form_is_the_same_economy():
    economy = synthetic_economy(8, 10, decay=[1.0, 2.0], technology_groups=3)
    operator = GravityOperator(
        economy.technology,
        economy.cost,
        economy.decay,
        economy.weights,
        technology_of=economy.technology_of,
        home=economy.home,
    )
    np.testing.assert_allclose(operator.dense(), economy.coefficients(), rtol=1e-12)
    delivered = operator.deliver(economy.demand.reshape(-1, 1))[:, 0]
    np.testing.assert_allclose(
        delivered + economy.exports.reshape(-1), economy.final_demand(), rtol=1e-12
    )


@pytest.mark.parametrize(("density", "tolerance"), [(0.005, 0.25), (0.05, 0.05), (0.3, 0.02)])
def test_the_density_is_about_the_one_asked_for(density, tolerance):
    economy = synthetic_economy(40, 20, density=density)
    matrix = economy.coefficients()
    assert matrix.nnz / economy.n**2 == pytest.approx(economy.density, rel=1e-12)
    assert economy.density == pytest.approx(density, rel=tolerance)


def test_the_same_seed_gives_the_same_bits_and_another_seed_another_economy():
    one, two, other = (synthetic_economy(6, 8, seed=seed) for seed in (1, 1, 2))
    for name in ("technology", "cost", "weights", "home", "demand", "exports", "coordinates"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes(), name
    assert one.coefficients().tobytes() == two.coefficients().tobytes()
    assert not np.array_equal(one.technology, other.technology)


def test_manufacturing_buys_most_of_itself_and_sizes_are_skewed():
    economy = synthetic_economy(60, 42)
    made = economy.kind == 1
    within = economy.technology.mean(axis=0)
    diagonal = np.diagonal(within)[made] / within[:, made].sum(axis=0)
    assert diagonal.mean() > 4.0 / 42
    bought = within.sum(axis=0)
    assert bought[made].mean() > 1.2 * bought[economy.kind == 3].mean()
    size = economy.weights.sum(axis=1)
    assert size.max() > 4 * np.median(size)


def test_a_large_economy_forms_nothing_large_and_says_so():
    economy = synthetic_economy(1200, 100, technology_groups=13, decay=[1.0, 1.5, 2.0])
    assert economy.technology.shape == (13, 100, 100)
    assert np.isfinite(economy.final_demand()).all()
    with pytest.raises(TableTooLarge, match="explicit matrix"):
        economy.coefficients()
    larger = synthetic_economy(900, 800, technology_groups=2)
    with pytest.raises(TableTooLarge, match="would take"):
        larger.table()


def test_inputs_above_output_make_coefficients_but_no_table():
    economy = synthetic_economy(2, 3, spectral_radius=0.9)
    broken = type(economy)(**{**vars(economy), "technology": economy.technology * 2.5})
    with pytest.raises(NotTold, match="inputs above output"):
        broken.table()


def test_arguments_out_of_range_are_named_at_once():
    with pytest.raises(InvalidTable) as caught:
        synthetic_economy(3, 4, spectral_radius=1.0, openness=0.0, density=2.0, decay=[-1.0])
    message = str(caught.value)
    for word in ("spectral_radius", "openness", "density", "decay"):
        assert word in message
