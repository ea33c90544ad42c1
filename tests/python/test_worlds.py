"""The worlds of a batch one by one, batches in pickles, and goals of their own."""

import copy
import json
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import trifactor

MODES = list(AutoresetMode)
LENGTH = 5


def make(name="Pushing", num_envs=3, **settings):
    settings = {"skip_frame": 1, "max_episode_length": LENGTH, "num_threads": 1, **settings}
    return gym.make_vec(f"trifactor/{name}-v0", num_envs=num_envs, **settings)


def single(name="Pushing", **settings):
    settings = {"skip_frame": 1, "max_episode_length": LENGTH, **settings}
    return gym.make(f"trifactor/{name}-v0", **settings).unwrapped


def action(world, step):
    return np.random.default_rng([world, step]).uniform(-1.0, 1.0, 9)


def actions(envs, step):
    return np.stack([action(world, step) for world in range(envs.num_envs)])


def bits(shown):
    if isinstance(shown, dict):
        return [(key, bits(shown[key])) for key in sorted(shown)]
    return np.asarray(shown).tobytes()


def future(envs, steps=LENGTH + 3):
    """What some steps show, resets of a `Disabled` batch among them."""
    shown = []
    for step in range(100, 100 + steps):
        observations, rewards, terminated, truncated, infos = envs.step(actions(envs, step))
        ended = terminated | truncated
        if envs.metadata["autoreset_mode"] == AutoresetMode.DISABLED and ended.any():
            observations, _ = envs.reset(options={"reset_mask": ended})
        shown.append([bits(part) for part in (observations, rewards, ended)])
        shown.append(bits(infos["fractional_success"]))
    return shown


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["Pushing", "ReachingGoal"])
@pytest.mark.parametrize("steps", [0, 2, LENGTH - 1])
def test_a_pickled_batch_goes_on_the_same(name, mode, steps):
    envs = make(name, autoreset_mode=mode, num_threads=2)
    envs.reset(seed=[3, 1, 4])
    assert envs.set_starting_states([None, {"floor_friction": 0.7}, None]).success.all()
    envs.set_attr("level", [1, 2, 3])
    for step in range(steps):
        envs.step(actions(envs, step))
    twin = pickle.loads(pickle.dumps(envs))
    assert twin.get_attr("level") == (1, 2, 3)
    assert twin.get_states() == envs.get_states()
    assert future(twin) == future(envs)
    assert twin.get_current_state_variables(1)["floor_friction"] == 0.7
    envs.close()
    twin.close()


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED])
def test_a_pickled_batch_knows_which_episodes_have_ended(mode):
    envs = make(autoreset_mode=mode)
    envs.reset(seed=0)
    for step in range(LENGTH):
        _, _, _, truncated, _ = envs.step(actions(envs, step))
    assert truncated.all()
    twin = pickle.loads(pickle.dumps(envs))
    if mode == AutoresetMode.DISABLED:
        with pytest.raises(trifactor.TrifactorError, match="episode has ended"):
            twin.step(actions(twin, 0))
    else:
        assert future(twin) == future(envs)


def test_a_fresh_batch_is_pickled_and_an_array_shared_with_the_caller_is_its_own():
    envs = make(copy=False)
    twin = copy.deepcopy(envs)
    first, _ = envs.reset(seed=0)
    before = first.copy()
    second, _ = twin.reset(seed=9)
    assert not np.shares_memory(first, second)
    assert np.array_equal(first, before)
    assert twin.reset(seed=0)[0] is second and np.array_equal(first, second)


def test_a_method_is_called_for_every_world_as_for_an_environment_of_its_own():
    envs, twin = make(), make()
    envs.reset(seed=3)
    twin.reset(seed=3)
    change = {"tool_block": {"mass": 0.05}}
    results = envs.call("do_intervention", change, worlds=[0, 2])
    wanted = twin.do_interventions([change, None, change])
    assert [result.success for result in results] == [True, True]
    assert results[1].observation.tobytes() == wanted.observations[2].tobytes()
    assert envs.get_states() == twin.get_states()
    goals = envs.call("sample_new_goal")
    assert str(goals) == str(tuple(envs.sample_new_goals()))
    for world, state in enumerate(envs.get_states()):
        alone = single()
        alone.set_state(state)
        assert str(alone.sample_new_goal()) == str(goals[world])
    assert envs.get_states() == twin.get_states()
    assert future(envs) == future(twin)


def test_a_starting_state_given_by_a_call_begins_an_episode():
    envs = make(autoreset_mode="Disabled")
    envs.reset(seed=3)
    for step in range(LENGTH):
        envs.step(actions(envs, step))
    envs.call("set_starting_state", {"floor_friction": 0.7})
    envs.step(actions(envs, 0))
    envs.reset()
    assert envs.get_current_state_variables(2)["floor_friction"] == 0.7


def test_a_state_is_set_in_the_worlds_that_were_named():
    envs = make()
    envs.reset(seed=3)
    before = envs.get_states()
    later = before[1].to_dict()
    later["step"] = LENGTH - 1
    later = trifactor.State.from_json(json.dumps(later))
    envs.call("set_state", later, worlds=[1])
    assert envs.get_states() == [before[0], later, before[2]]
    _, _, _, truncated, _ = envs.step(actions(envs, 0))
    assert truncated.tolist() == [False, True, False]
    with pytest.raises(trifactor.StateError):
        envs.call("set_state", single("Reaching").get_state())


def test_a_call_that_fails_in_one_world_changes_none():
    envs = make()
    envs.reset(seed=3, options={"reset_mask": np.array([True, False, True])})
    before = envs.get_states()
    with pytest.raises(trifactor.OrderError):
        envs.call("do_intervention", {"tool_block": {"mass": 0.05}})
    assert envs.get_states() == before
    assert envs.call("do_intervention", {"tool_block": {"mass": 0.05}}, worlds=[0])[0].success
    assert envs.get_states() != before


@pytest.mark.parametrize("name", ["step", "reset", "set_intervention_space", "_intervene", "dt"])
def test_what_is_no_method_of_one_world_is_refused(name):
    envs = make()
    envs.reset(seed=3)
    with pytest.raises(trifactor.SettingError, match="ask the batch"):
        envs.call(name)


def test_attributes_of_the_worlds():
    envs = make()
    assert envs.get_attr("dt") == (0.004,) * 3
    envs.set_attr("level", 5)
    envs.set_attr("name", ["a", "b", "c"])
    assert envs.get_attr("level") == (5, 5, 5)
    assert envs.get_attr("name") == ("a", "b", "c")
    with pytest.raises(AttributeError, match="colour"):
        envs.get_attr("colour")
    with pytest.raises(AttributeError, match="fly"):
        envs.call("fly")
    with pytest.raises(trifactor.SettingError, match="share"):
        envs.set_attr("dt", 0.1)
    with pytest.raises(trifactor.ShapeError):
        envs.set_attr("name", ["a", "b"])
    with pytest.raises(trifactor.ShapeError, match="world 3"):
        envs.call("get_state", worlds=[3])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["Pushing", "ReachingGoal"])
def test_every_episode_of_random_goals_is_that_of_an_environment_given_its_goal(name, mode):
    envs = trifactor.RandomGoals(make(name, autoreset_mode=mode))
    worlds = [single(name) for _ in range(envs.num_envs)]
    goals = set()

    def begin(world, seed=None):
        alone = worlds[world]
        alone.reset(seed=seed)
        goal = alone.sample_new_goal()
        goals.add(str(goal))
        return alone.do_intervention(goal).observation

    def row(observations, world):
        if isinstance(observations, dict):
            return {key: part[world] for key, part in observations.items()}
        return observations[world]

    observations, infos = envs.reset(seed=8)
    for world in range(3):
        assert bits(row(observations, world)) == bits(begin(world, 8 + world))
        assert infos["fractional_success"][world] == worlds[world]._info(False, False)[
            "fractional_success"
        ]
    waiting = np.zeros(3, bool)
    for step in range(2 * LENGTH + 3):
        observations, rewards, _, truncated, infos = envs.step(actions(envs, step))
        for world in range(3):
            seen = row(observations, world)
            if waiting[world]:
                assert bits(seen) == bits(begin(world)) and rewards[world] == 0.0
                continue
            last, reward, _, ended, info = worlds[world].step(action(world, step))
            assert (rewards[world], truncated[world]) == (reward, ended)
            if ended and mode == AutoresetMode.SAME_STEP:
                assert bits(infos["final_obs"][world]) == bits(last)
                final = infos["final_info"]["fractional_success"][world]
                assert final == info["fractional_success"]
                last, info = begin(world), worlds[world]._info(False, False)
            assert bits(seen) == bits(last)
            assert infos["fractional_success"][world] == info["fractional_success"]
        if mode == AutoresetMode.NEXT_STEP:
            waiting = truncated
        elif mode == AutoresetMode.DISABLED and truncated.any():
            observations, infos = envs.reset(options={"reset_mask": truncated})
            for world in np.flatnonzero(truncated):
                assert bits(row(observations, world)) == bits(begin(world))
    # Three worlds, the first episode and two that followed it.
    assert len(goals) == 9
    envs.close()


def test_random_goals_are_of_a_batch():
    with pytest.raises(trifactor.SettingError, match="TriFingerVectorEnv"):
        trifactor.RandomGoals(gym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync"))
