"""Environments by id, without wrappers, as type checkers know them."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from trifactor import checks
from trifactor.env import TriFingerEnv
from trifactor.errors import SettingError
from trifactor.vector import TriFingerVectorEnv


def make(id: str, **arguments: Any) -> TriFingerEnv[Any]:
    """Make an environment with its own methods at hand: `gymnasium.make`, without the wrappers.

    `gymnasium.make(id).unwrapped` is the same; this has a type, so that editors and type checkers
    know `do_intervention`, `get_state` and the others.

    Args:
        id: of the environment, such as `trifactor/Pushing-v0`.
        arguments: of `TriFingerEnv`.

    Raises:
        SettingError: no TriFinger has that id, or an argument is refused.
    """
    spec = _spec(id)
    made = gym.make(spec, disable_env_checker=True, **arguments).unwrapped
    if not isinstance(made, TriFingerEnv):
        raise SettingError(f"id '{id}': {type(made).__name__} is no TriFingerEnv; use gymnasium.make")
    return made


def make_vec(id: str, num_envs: int = 1, **arguments: Any) -> TriFingerVectorEnv:
    """Make a batch: `gymnasium.make_vec`, with the type of what it makes.

    Args:
        id: of the environment, such as `trifactor/Pushing-v0`.
        num_envs: how many worlds.
        arguments: of `TriFingerVectorEnv`.

    Raises:
        SettingError: no TriFinger has that id, or an argument is refused.
    """
    spec = _spec(id)
    if spec.vector_entry_point is None:
        raise SettingError(f"id '{id}': has no batch; use gymnasium.make_vec")
    num_envs = checks.count("num_envs", num_envs)
    mode = gym.VectorizeMode.VECTOR_ENTRY_POINT
    made: Any = gym.make_vec(spec, num_envs=num_envs, vectorization_mode=mode, **arguments)
    if not isinstance(made.unwrapped, TriFingerVectorEnv):
        raise SettingError(f"id '{id}': {type(made).__name__} is no TriFingerVectorEnv")
    return made.unwrapped


def _spec(id: str) -> gym.envs.registration.EnvSpec:
    try:
        return gym.spec(checks.text("id", id))
    except gym.error.Error as error:
        raise SettingError(f"id '{id}': {error}") from error
