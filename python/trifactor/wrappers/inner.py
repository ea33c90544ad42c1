"""What the wrappers share: the environment within, and checks."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from trifactor import checks
from trifactor.env import TriFingerEnv
from trifactor.errors import SettingError


def single(env: gym.Env[Any, Any]) -> TriFingerEnv:
    """The environment of this package that is wrapped.

    Raises:
        SettingError: it is none of this package's.
    """
    checks.environment(env)
    inner = env.unwrapped
    if not isinstance(inner, TriFingerEnv):
        raise foreign(inner)
    return inner


def foreign(inner: object) -> SettingError:
    """The refusal of an environment of another package."""
    return SettingError(f"env: {type(inner).__name__} is no environment of trifactor")


def require(env: TriFingerEnv, name: str, value: Any, wrapper: str) -> None:
    """Refuse an environment whose argument of that name has another value.

    Raises:
        SettingError: it has.
    """
    if env._settings.config[name] != value:
        raise SettingError(f"{name}: must be {value} for {wrapper}")
