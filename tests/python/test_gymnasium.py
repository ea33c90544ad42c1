"""What Gymnasium asks of every environment."""

import pickle
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from conftest import check, future

import trifactor


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_check_env_warns_of_infinite_bounds_alone(env_id, dtype):
    check(gym.make(env_id, dtype=dtype).unwrapped)


def test_spec_leaves_truncation_to_the_environment(env_id):
    spec = gym.spec(env_id)
    assert spec.max_episode_steps is None
    assert spec.nondeterministic is False
    assert isinstance(spec.entry_point, str)
    assert gym.envs.registration.EnvSpec.from_json(spec.to_json()) == spec


def test_spec_of_a_made_environment_is_json(env_id):
    env = gym.make(env_id, physics={"substeps": 2}, task_params={})
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    first, _ = env.reset(seed=1)
    second, _ = again.reset(seed=1)
    assert first.tobytes() == second.tobytes()


def test_two_environments_roll_out_alike(env_id):
    one, two = (gym.make(env_id, skip_frame=3) for _ in range(2))
    for seed in (0, 1):
        first, _ = one.reset(seed=seed)
        second, _ = two.reset(seed=seed)
        assert first.tobytes() == second.tobytes()
        assert future(one) == future(two)
    first, _ = one.reset()
    second, _ = two.reset()
    assert first.tobytes() == second.tobytes()


def test_a_pickled_environment_has_the_same_future(env):
    copy = pickle.loads(pickle.dumps(env))
    assert copy.spec == env.spec
    assert copy.action_space.sample().tobytes() == env.action_space.sample().tobytes()
    assert future(copy) == future(env)
    first, _ = env.reset()
    second, _ = copy.reset()
    assert first.tobytes() == second.tobytes()
    assert copy.np_random.random() == env.np_random.random()
    assert future(copy) == future(env)


def test_a_pickled_environment_keeps_its_starting_state_and_space(env):
    env.set_intervention_space("space_a")
    success, _ = env.set_starting_state({"floor_friction": 0.45})
    assert success
    copy = pickle.loads(pickle.dumps(env))
    copy.reset()
    assert copy.get_current_state_variables()["floor_friction"] == 0.45
    with pytest.raises(trifactor.OutOfSpaceError):
        raise copy.do_intervention({"floor_friction": 0.75}).reason


def test_a_fresh_environment_can_be_pickled(env_id):
    copy = pickle.loads(pickle.dumps(gym.make(env_id)))
    with pytest.raises(gym.error.ResetNeeded):
        copy.unwrapped.step(np.zeros(9))


def test_close_can_be_called_twice(env):
    env.close()
    env.close()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_observations_have_the_dtype_asked_for(env_id, dtype):
    env = gym.make(env_id, dtype=np.dtype(dtype).name).unwrapped
    observation, _ = env.reset(seed=0)
    assert observation.dtype == dtype
    assert env.observation_space.dtype == dtype
    assert env.nominal_observation_space.dtype == dtype
    assert len(env.get_observation_names()) == observation.size
    assert env.step(env.action_space.sample())[0].dtype == dtype


def test_float32_observations_are_the_rounded_float64_ones(env_id):
    single, double = (gym.make(env_id, dtype=dtype) for dtype in ("float32", "float64"))
    single.reset(seed=3)
    double.reset(seed=3)
    for _ in range(20):
        action = single.action_space.sample()
        rounded, *_ = single.step(action)
        exact, *_ = double.step(action)
        np.testing.assert_array_equal(rounded, exact.astype(np.float32))


def test_an_episode_has_the_steps_of_its_seconds(env_id):
    seconds = {"trifactor/Pushing-v0": 10, "trifactor/Reaching-v0": 5}[env_id]
    env = gym.make(env_id, skip_frame=25)
    env.reset(seed=0)
    flags = [env.step(env.action_space.sample())[2:4] for _ in range(seconds * 10)]
    assert flags == [(False, False)] * (seconds * 10 - 1) + [(False, True)]


def test_max_episode_length_counts_steps(env_id):
    env = gym.make(env_id, max_episode_length=4)
    env.reset(seed=0)
    flags = [env.step(env.action_space.sample())[3] for _ in range(4)]
    assert flags == [False, False, False, True]


def test_an_unseeded_reset_draws_a_seed_and_says_which(env_id):
    envs = [gym.make(env_id).unwrapped for _ in range(2)]
    seeds = set()
    for env in envs:
        env.reset()
        assert env.get_state()["seed"] == env.np_random_seed % 2**64
        seeds.add(env.get_state()["seed"])
    assert len(seeds) == 2


def test_resets_without_a_seed_go_on_to_the_next_episode(env):
    env.reset(seed=5)
    assert (env.get_state()["seed"], env.get_state()["episode"]) == (5, 0)
    env.reset()
    assert (env.get_state()["seed"], env.get_state()["episode"]) == (5, 1)


def test_info_has_the_same_keys_and_kinds_from_first_to_last(env_id):
    env = gym.make(env_id)
    _, first = env.reset(seed=0)
    *_, second = env.step(env.action_space.sample())
    assert {"success", "fractional_success", "reward_terms", "desired_goal"} <= set(first)
    assert {name: type(value) for name, value in first.items()} == {
        name: type(value) for name, value in second.items()
    }
    assert first["reward_terms"].keys() == second["reward_terms"].keys()


def test_a_fresh_process_rolls_out_the_same_bits(env_id):
    script = (
        "import gymnasium, trifactor, hashlib\n"
        "from conftest import future\n"
        f"env = gymnasium.make({env_id!r}, skip_frame=3)\n"
        "env.reset(seed=9)\n"
        "print(hashlib.sha256(repr(future(env)).encode()).hexdigest())\n"
    )
    command = [sys.executable, "-c", script]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, cwd=_here())
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout != ""


def _here():
    return __file__.rpartition("/")[0]
