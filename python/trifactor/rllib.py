"""Batches as RLlib runs them. Needs the package `ray[rllib]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from trifactor.errors import SettingError
from trifactor.goals import RandomGoals


def make(context: Mapping[str, Any]) -> gym.vector.VectorEnv[Any, Any, Any]:
    """The batch that an `EnvRunner` of RLlib steps: what RLlib calls a vector entry point.

    Register it, and ask for the vector entry point, or RLlib makes environments one by one::

        ray.tune.register_env("trifactor", trifactor.rllib.make)
        config.environment("trifactor", env_config={"id": "trifactor/Reaching-v0"})
        config.env_runners(
            gym_env_vectorize_mode="vector_entry_point", num_envs_per_env_runner=64
        )

    Worlds are reset by the step after the last one, as RLlib expects.

    Args:
        context: `id` of the environment; `random_goals`, whether every episode has a goal of its
            own; `num_envs`, which RLlib adds; further arguments of a `TriFingerVectorEnv`.

    Raises:
        SettingError: there is no `id` or no `num_envs`, or another autoreset mode.
    """
    settings = dict(context)
    name = settings.pop("id", None)
    if name is None:
        raise SettingError("env_config: 'id' is missing; give one such as 'trifactor/Pushing-v0'")
    if "num_envs" not in settings:
        raise SettingError(
            "env_config: RLlib asks for a single environment; set "
            "config.env_runners(gym_env_vectorize_mode='vector_entry_point')"
        )
    random_goals = settings.pop("random_goals", False)
    if settings.setdefault("autoreset_mode", "NextStep") != "NextStep":
        raise SettingError("env_config: leave autoreset_mode away; RLlib needs 'NextStep'")
    envs = gym.make_vec(name, vectorization_mode="vector_entry_point", **settings)
    return RandomGoals(envs) if random_goals else envs
