"""Setting variables to the values they have changes nothing, whatever the world is doing."""

import gymnasium as gym
import numpy as np
import pytest
from conftest import untouched

import trifactor

IDS = [f"trifactor/{name}-v0" for name in ("Pushing", "Stacking2", "Towers", "General")]


@pytest.fixture(params=IDS)
def world(request):
    """An environment in motion."""
    env = gym.make(request.param, skip_frame=3).unwrapped
    env.reset(seed=3)
    for _ in range(5):
        env.step(np.random.default_rng(3).uniform(-1.0, 1.0, 9))
    return env


@pytest.mark.parametrize("check_bounds", [True, False])
def test_all_variables_can_be_set_to_what_they_are(world, check_bounds):
    present = world.get_current_state_variables()
    accepted = world.tracker["total"]["accepted"]
    with untouched(world):
        assert world.do_intervention(present, check_bounds).success
        for entity, value in present.items():
            assert world.do_intervention({entity: value}, check_bounds).success, entity
    assert world.tracker["total"]["accepted"] == accepted + 1 + len(present)


def test_a_block_in_flight_given_the_size_it_has_stays_in_flight():
    world = gym.make("trifactor/Pushing-v0").unwrapped
    world.reset(seed=0)
    thrown = {"cartesian_position": [0.0, 0.0, 0.2], "linear_velocity": [0.0, 0.0, 1.0]}
    assert world.do_intervention({"tool_block": thrown}, check_bounds=False).success
    for name in ("tool_block", "goal_block"):
        size = world.get_current_state_variables()[name]["size"]
        with untouched(world):
            assert world.do_intervention({name: {"size": size}}).success


def test_what_bounds_forbid_names_the_way_around_them():
    world = gym.make("trifactor/Pushing-v0").unwrapped
    world.reset(seed=0)
    heavy = world.do_intervention({"tool_block": {"mass": 5.0}})
    assert not heavy.success
    assert "choose a value inside; check_bounds=False lifts the bounds" in str(heavy.reason)
    fast = world.do_intervention({"tool_block": {"linear_velocity": [0.1, 0.0, 0.0]}})
    assert not fast.success
    assert "check_bounds=False" in str(fast.reason)
    assert isinstance(fast.reason, trifactor.RefusedError)
