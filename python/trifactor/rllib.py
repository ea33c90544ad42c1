"""Batches as RLlib runs them. Needs the package `ray[rllib]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import VectorizeMode, load_env_creator
from gymnasium.vector import AutoresetMode

from trifactor.errors import SettingError
from trifactor.goals import RandomGoals
from trifactor.vector import TriFingerVectorEnv

FIXED: dict[str, Any] = {
    "autoreset_mode": AutoresetMode.NEXT_STEP,
    "vectorization_mode": VectorizeMode.VECTOR_ENTRY_POINT,
}
"""Arguments that RLlib's way of stepping decides; their plain values mean the same."""


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
        SettingError: there is no `id` or no `num_envs`, the id makes no batch of this package, or
            another autoreset mode.
    """
    if not isinstance(context, Mapping):
        raise SettingError(f"env_config: expected a dictionary, got {type(context).__name__}")
    settings = dict(context)
    name = settings.pop("id", None)
    if not isinstance(name, str):
        raise SettingError("env_config: 'id' is missing; give one such as 'trifactor/Pushing-v0'")
    if "num_envs" not in settings:
        raise SettingError(
            "env_config: RLlib asks for a single environment; set "
            "config.env_runners(gym_env_vectorize_mode='vector_entry_point')"
        )
    random_goals = settings.pop("random_goals", False)
    if not isinstance(random_goals, bool):
        raise SettingError(f"env_config: random_goals {random_goals!r}: choose True or False")
    for fixed, needed in FIXED.items():
        if settings.pop(fixed, needed) not in (needed, needed.value):
            raise SettingError(f"env_config: leave {fixed} out; RLlib needs '{needed.value}'")
    try:
        entry = gym.spec(name).vector_entry_point
        kind = load_env_creator(entry) if isinstance(entry, str) else entry
    except (gym.error.Error, ImportError, AttributeError) as error:
        raise SettingError(f"env_config: id '{name}': {error}") from error
    if kind is None or (isinstance(kind, type) and not issubclass(kind, TriFingerVectorEnv)):
        raise SettingError(f"env_config: id '{name}' makes no trifactor.TriFingerVectorEnv")
    envs = gym.make_vec(name, **FIXED, **settings)
    return RandomGoals(envs) if random_goals else envs
