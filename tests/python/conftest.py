"""What the tests share: environments and a way to compare two of them."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import trifactor  # noqa: F401  (registers the ids)

IDS = ["trifactor/Pushing-v0", "trifactor/Reaching-v0"]


@pytest.fixture(params=IDS)
def env_id(request):
    """Every registered id in turn."""
    return request.param


@pytest.fixture
def env(env_id):
    """A fresh environment, reset with seed 7 and taken ten random steps from there."""
    env = gym.make(env_id, skip_frame=3).unwrapped
    env.reset(seed=7)
    env.action_space.seed(7)
    for _ in range(10):
        env.step(env.action_space.sample())
    return env


def future(env, steps=50, seed=11):
    """Observations, rewards and flags of some random actions, as bytes."""
    rng = np.random.default_rng(seed)
    bits = []
    for _ in range(steps):
        action = rng.uniform(-1.0, 1.0, env.action_space.shape)
        observation, reward, terminated, truncated, info = env.step(action)
        flags = (terminated, truncated, info["success"], info["fractional_success"])
        bits.append((observation.tobytes(), reward.hex(), flags))
    return bits


def check(env, allowed=None, **arguments):
    """Run Gymnasium's checker: it may warn of infinite bounds of observations, and of what is
    allowed beside them, and of nothing else."""
    infinite = r".*A Box observation space m(in|ax)imum value is -?infinity"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for message in filter(None, (infinite, allowed)):
            warnings.filterwarnings("ignore", message)
        check_env(env, **arguments)


def untouched(env):
    """A context that fails unless the environment is bit for bit as it was before."""
    return _Untouched(env)


class _Untouched:
    def __init__(self, env):
        self.env = env

    def picture(self):
        native = self.env.unwrapped._native
        observation = self.env.unwrapped.observe()
        return native.state(), native.own_start(), observation.tobytes()

    def __enter__(self):
        self.before = self.picture()

    def __exit__(self, kind, *_):
        # Where the body failed, its own failure is the news.
        if kind is None:
            assert self.picture() == self.before

