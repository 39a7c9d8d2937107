"""What one corridor is worth, against the model solved plainly, loops by hand and limits."""

import numpy as np
import pytest
from cases_corridors import CANDIDATES, NOTHING, fast, small_model

from model.calibration import respond_to
from model.corridors import Candidate, screen_corridors
from model.corridors.reasons import REASONS
from model.corridors.worth import Valuer
from model.errors import ScenarioError
from model.link_value import AccessObjective, first_order_value, pair_values
from model.scenario import money_multiplier
from networks.accessibility import accessibility
from networks.patch_apply import apply_patches
from networks.patches import Patch, change

RULES = [("spending", "given"), ("spending", "follow costs")]
BY_NAME = {one.name: one for one in CANDIDATES}


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def valuer(model):
    return Valuer.of(model)


def plainly(model, candidate, closure="spending", prices="given"):
    """Skim the edited network anew and respond."""
    network = apply_patches(model.network, [candidate.patch])
    return respond_to(model.calibration, model.skims(network), closure=closure, prices=prices)


def sooner(share):
    """A candidate that takes a share off the time of every road in the middle."""
    edits = tuple(change({"link": f"l{k}"}, minutes=110.0 * (1.0 - share)) for k in range(3, 7))
    return Candidate(Patch(f"{share} off", edits))


@pytest.mark.parametrize(("closure", "prices"), RULES)
@pytest.mark.parametrize("name", ["long", "freed", "road"])
def test_the_exact_value_is_that_of_the_model_solved_on_the_edited_network(
    model, name, closure, prices
):
    valuer = Valuer.of(model, closure=closure, prices=prices)
    found = valuer.worth(valuer.costs(BY_NAME[name]))
    slow = plainly(model, BY_NAME[name], closure, prices)
    assert found.value == pytest.approx(slow.real_consumption.sum(), rel=1e-9)
    np.testing.assert_allclose(found.regions, slow.real_consumption.sum(axis=1), rtol=1e-8)
    assert found.gap < 1e-11
    assert found.value > 0.0


def test_several_corridors_are_worth_what_the_network_with_all_of_them_is(model, valuer):
    chosen = [BY_NAME[name] for name in ("east", "west", "road")]
    network = apply_patches(model.network, [one.patch for one in chosen])
    slow = respond_to(model.calibration, model.skims(network))
    found = valuer.worth(valuer.costs(*chosen))
    assert found.value == pytest.approx(slow.real_consumption.sum(), rel=1e-9)
    again = valuer.worth(valuer.costs(*chosen[::-1]))
    assert again.value == pytest.approx(found.value, rel=1e-13)


def test_lines_and_other_edits_are_valued_together_by_their_patches(model, valuer):
    chosen = [BY_NAME["east"], sooner(0.3)]
    network = apply_patches(model.network, [one.patch for one in chosen])
    slow = respond_to(model.calibration, model.skims(network))
    found = valuer.worth(valuer.costs(*chosen))
    assert found.value == pytest.approx(slow.real_consumption.sum(), rel=1e-9)


@pytest.mark.parametrize("objective", ["output", "value_added"])
def test_objectives_of_output_count_the_regions_that_were_asked_for(model, objective):
    region = model.table.regions[1]
    one = Valuer.of(model, objective, regions=[region], prices="follow costs")
    word = Valuer.of(model, objective, regions=region, prices="follow costs")
    slow = plainly(model, BY_NAME["long"], prices="follow costs")
    expected = getattr(slow, objective)[1].sum()
    for valuer in (one, word):
        value = valuer.worth(valuer.costs(BY_NAME["long"])).value
        assert value == pytest.approx(expected, rel=1e-8)


def test_a_measure_of_access_is_solved_on_the_edited_travel_times(model):
    wanted = AccessObjective("potential")
    valuer = Valuer.of(model, wanted)
    found = valuer.worth(valuer.costs(BY_NAME["long"])).value
    places = model.calibration.places
    people = places.mass("population")

    def mean(network):
        skims = model.skims(network)
        reach = accessibility(skims.fastest, people, "potential", of="minutes").to_numpy()
        return people.to_numpy() @ reach / people.sum()

    edited = apply_patches(model.network, [BY_NAME["long"].patch])
    assert found == pytest.approx(mean(edited) - mean(model.network), rel=1e-9)


def test_the_first_order_value_is_the_gradient_times_the_change_of_costs(model, valuer):
    weights = {str(k): v.values for k, v in pair_values(model.calibration).items()}
    codes = model.calibration.places.codes

    def costs(network):
        skims = model.skims(network)
        return {
            name: getattr(skims, name)["cost"].sel(origin=codes, destination=codes).values
            for name in weights
        }

    before = costs(model.network)
    for one in CANDIDATES:
        after = costs(apply_patches(model.network, [one.patch]))
        expected = first_order_value(weights, before, after)
        assert valuer.first_order(valuer.costs(one)) == pytest.approx(expected, rel=1e-8, abs=1e-9)


def test_the_error_of_the_first_order_is_of_second_order(valuer):
    """Half the improvement leaves a quarter of the error."""
    errors, values = [], []
    for share in (0.04, 0.02, 0.01):
        costs = valuer.costs(sooner(share))
        values.append(valuer.worth(costs).value)
        errors.append(values[-1] - valuer.first_order(costs))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.1)
    assert abs(errors[-1]) < 0.01 * values[-1]


def test_user_benefits_are_the_rule_of_half_over_pairs_of_places_by_hand(model, valuer):
    """Trips and tonnes of every pair of towns, before and after, in plain loops."""
    base = model.calibration
    candidate = BY_NAME["road"]
    costs = valuer.costs(candidate)
    response = plainly(model, candidate)
    found = valuer.users(costs, response)
    places, delivery = base.places, base.delivery
    region = [list(places.regions).index(r) for r in places.region]
    scale = money_multiplier(base.table.unit)
    for purpose, mass in (("passenger", "population"), ("freight", "gdp")):
        weigh = places.mass(mass).tolist()
        whole = [sum(w for w, r in zip(weigh, region, strict=True) if r == k) for k in range(5)]
        old, new = base.ready[purpose].tolist(), costs[purpose].tolist()

        def mean(cost, r, s, weigh=weigh, whole=whole):
            return sum(
                weigh[o] * weigh[d] * cost[o][d] / (whole[r] * whole[s])
                for o in range(10)
                for d in range(10)
                if region[o] == r and region[d] == s
            )

        total = 0.0
        for r in range(5):
            for s in range(5):
                g_old, g_new = mean(old, r, s), mean(new, r, s)
                before = after = 0.0
                for i in range(5):
                    if bool(delivery.goods[i]) != (purpose == "freight"):
                        continue
                    per = delivery.kappa[i] / delivery.mean_cost[i]
                    flow = response.sourcing.quantity_share[i, r, s] * response.bought[s, i]
                    before += base.blocks.flows[i, r, s] / (1.0 + per * g_old) * per
                    after += flow / (1.0 + per * g_new) * per
                total += 0.5 * (before + after) * (g_old - g_new)
        assert found[purpose] == pytest.approx(total, rel=1e-8)
        assert total > 0.0
    assert scale > 0.0


def test_at_given_prices_users_gain_what_buyers_and_makers_save_to_first_order(valuer):
    """The envelope: what is saved on the way is real consumption, or cost that makers save."""
    gaps = []
    for share in (0.02, 0.01, 0.005):
        costs = valuer.costs(sooner(share))
        worth = valuer.worth(costs)
        response = plainly(small_model(), sooner(share))
        saved = worth.value + response.cost_saving.sum()
        gaps.append(abs(sum(worth.users.values()) - saved) / saved)
    assert gaps[2] < 0.01
    assert gaps[0] / gaps[2] == pytest.approx(4.0, rel=0.25)


def test_a_corridor_that_nobody_uses_is_exactly_zero_and_says_why(model):
    nowhere = Candidate(Patch("no edit at all", ()))
    found = screen_corridors(model, [NOTHING, nowhere], best=None)
    for name in ("first_order", "exact", "minutes", "user_benefit", "region_gain", "pairs"):
        assert (found[name].values == 0.0).all(), name
    why = found["zero_reason"].to_series()
    assert why[NOTHING.name] == REASONS["no_way"]
    assert why["no edit at all"] == REASONS["nothing_built"]


def test_a_passenger_line_moves_no_goods_and_says_what_would(model):
    found = screen_corridors(model, [BY_NAME["long"], BY_NAME["freed"]], best=None)
    why = found["reason"].sel(purpose="freight").to_series()
    assert why["long"] == REASONS["no_goods"]
    assert why["freed"] == ""
    goods = found["user_benefit"].sel(purpose="freight").to_series()
    assert goods["long"] == 0.0
    assert goods["freed"] > 0.0
    assert (found["zero_reason"] == "").all()


def test_time_saved_is_that_of_people_and_of_their_clusters(model, valuer):
    costs = valuer.costs(BY_NAME["long"])
    worth = valuer.worth(costs)
    people = model.calibration.places.mass("population").to_numpy()
    before, after = model.calibration.ready["fastest"], costs["fastest"]
    weights = np.outer(people, people) / people.sum() ** 2
    assert worth.minutes == pytest.approx((weights * (after - before)).sum(), rel=1e-12)
    assert valuer.travel.clusters == ("west", "east", "outside")
    assert valuer.travel.chinese == ("西", "东", "outside")
    members = {"west": range(4), "east": range(4, 9), "outside": range(9, 10)}
    for k, towns in enumerate(members.values()):
        own = people[list(towns)]
        reach = (after - before)[list(towns)] @ people / people.sum()
        assert worth.clusters[k] == pytest.approx(own @ reach / own.sum(), rel=1e-11)
        level = before[list(towns)] @ people / people.sum()
        assert valuer.travel.base[k] == pytest.approx(own @ level / own.sum(), rel=1e-11)


def test_winners_and_losers_are_counted_whatever_is_maximised(model):
    found = screen_corridors(model, list(CANDIDATES), "output", prices="follow costs", best=None)
    gain = found["region_gain"].values
    most = np.abs(gain).max(axis=1, keepdims=True)
    np.testing.assert_array_equal(found["losers"], (gain < -1e-9 * most).sum(axis=1))
    np.testing.assert_array_equal(found["gainers"], (gain > 1e-9 * most).sum(axis=1))
    assert (found["gainers"] + found["losers"] <= 5).all()


def test_a_stop_that_is_not_there_is_named_before_anything_is_solved(model):
    wrong = [fast("good", 0, 4), fast("bad", 0, 44), fast("worse", 3, 3)]
    with pytest.raises(
        ScenarioError, match=r"2 of 3 candidates cannot be built: bad: .*p44.*worse"
    ):
        screen_corridors(model, wrong)
