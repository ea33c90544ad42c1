"""Steps per second of a batch alone, with a policy, and with training.

Needs Stable-Baselines3: `pip install "trifactor[sb3]"`.
"""

from __future__ import annotations

import time
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO

from trifactor import checks
from trifactor.sb3 import SB3VecEnv

COLUMNS = ("environment", "inference", "training")


def training_rates(
    id: str, worlds: int, threads: int, *, steps: int = 50, **settings: Any
) -> dict[str, float]:
    """Steps per second of one batch, by column.

    The policy is a perceptron of two hidden layers of 256; training is Stable-Baselines3's PPO with
    five epochs of minibatches of an eighth of a rollout.

    Args:
        id: of the environment.
        worlds: how many.
        threads: that step them, and that torch uses.
        steps: of every world in each measurement.
        settings: further arguments of a `TriFingerVectorEnv`.

    Raises:
        SettingError: an argument is none of these.
    """
    id = checks.text("id", id)
    worlds, steps = checks.count("worlds", worlds), checks.count("steps", steps)
    threads = checks.count("threads", threads, high=checks.MOST_THREADS)
    torch.set_num_threads(threads)
    settings = {**settings, "num_threads": threads, "autoreset_mode": "SameStep"}
    envs = SB3VecEnv(gym.make_vec(id, num_envs=worlds, **settings))
    model = PPO(
        "MlpPolicy",
        envs,
        n_steps=steps,
        batch_size=max(2, worlds * steps // 8),
        n_epochs=5,
        policy_kwargs={"net_arch": [256, 256]},
        device="cpu",
        seed=0,
    )
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (steps, worlds, 9))

    def environment() -> None:
        envs.reset()
        for action in actions:
            envs.envs.step(action)

    def inference() -> None:
        observations = envs.reset()
        for _ in range(steps):
            action, _ = model.predict(observations)
            observations, *_ = envs.step(action)

    def training() -> None:
        model.learn(worlds * steps, reset_num_timesteps=False)

    rates = {}
    for name, work in zip(COLUMNS, (environment, inference, training), strict=True):
        begun = time.perf_counter()
        work()
        rates[name] = worlds * steps / (time.perf_counter() - begun)
    envs.close()
    return rates
