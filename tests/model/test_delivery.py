import numpy as np
import pytest

from io_tables.testing import random_table
from model.blocks import Blocks
from model.delivery import Delivery, SectorRoles, transport_share
from model.errors import MissingRoles


@pytest.fixture
def base():
    return Blocks.of(random_table(5, 4, 3, kind="pooled"))


def delivery_of(base, rng, goods=(True, False, True)):
    n = base.output.shape[0]
    return Delivery(
        goods=np.array(goods),
        kappa=np.array([0.1, 0.02, 0.3]),
        freight=rng.uniform(50, 500, (n, n)),
        passenger=rng.uniform(100, 900, (n, n)),
        flows=base.flows,
    )


def test_the_flow_weighted_mean_of_the_factor_is_one_plus_kappa(base):
    delivery = delivery_of(base, np.random.default_rng(0))
    mean = (base.flows * delivery.factor).sum((1, 2)) / base.flows.sum((1, 2))
    np.testing.assert_allclose(mean, 1.0 + delivery.kappa, rtol=1e-13)


def test_unchanged_costs_change_nothing_to_the_last_bit(base):
    delivery = delivery_of(base, np.random.default_rng(1))
    change = delivery.change(delivery.freight.copy(), delivery.passenger.copy())
    assert np.all(change == 1.0)


def test_goods_follow_freight_and_services_follow_passengers(base):
    delivery = delivery_of(base, np.random.default_rng(2))
    change = delivery.change(delivery.freight, 0.5 * delivery.passenger)
    assert np.all(change[[0, 2]] == 1.0)
    assert np.all(change[1] < 1.0)
    by_hand = (1 + 0.02 * 0.5 * delivery.passenger / delivery.mean_cost[1]) / (
        1 + 0.02 * delivery.passenger / delivery.mean_cost[1]
    )
    np.testing.assert_allclose(change[1], by_hand, rtol=1e-14)


def test_uniform_cut_of_all_costs_lowers_each_factor_by_its_transport_part(base):
    delivery = delivery_of(base, np.random.default_rng(3))
    step = 1e-6
    change = delivery.change(delivery.freight * (1 - step), delivery.passenger * (1 - step))
    part = (delivery.factor - 1.0) / delivery.factor
    np.testing.assert_allclose(np.log(change), -step * part, rtol=1e-5)


def test_goods_take_their_share_from_what_their_makers_pay_for_transport(base):
    roles = SectorRoles(("goods", "transport", "service"))
    kappa = transport_share(
        base, roles, goods_scale=2.0, services=np.full(3, 0.02), business_services=np.full(3, 0.04)
    )
    use = base.use + base.imported_use
    by_hand = use[:, 1, 0].sum() / use[:, 0, 0].sum()
    assert kappa == pytest.approx([2.0 * by_hand, 0.02, 0.02])


def test_goods_without_a_transport_sector_are_refused(base):
    roles = SectorRoles(("goods", "service", "business service"))
    with pytest.raises(MissingRoles, match="no sector has the role 'transport'"):
        transport_share(
            base, roles, goods_scale=1.0, services=np.ones(3), business_services=np.ones(3)
        )


def test_a_role_that_does_not_exist_is_named():
    with pytest.raises(MissingRoles, match="magic"):
        SectorRoles(("goods", "magic"))


def test_a_table_without_roles_is_refused_with_the_way_out():
    with pytest.raises(MissingRoles, match="roles=SectorRoles"):
        SectorRoles.of_table(random_table(5, 2, 2, kind="pooled"))
