"""What the wrappers share: the environment within, and checks."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from trifactor.env import TriFingerEnv
from trifactor.errors import SettingError


def single(env: gym.Env[Any, Any]) -> TriFingerEnv:
    """The environment of this package that is wrapped.

    Raises:
        SettingError: it is none of this package's.
    """
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
    if env._arguments[name] != value:
        raise SettingError(f"{name}: must be {value} for {wrapper}")


def count(name: str, value: int, low: int, high: int | None = None) -> int:
    """A whole number between bounds, both allowed.

    Raises:
        SettingError: it is none.
    """
    whole = isinstance(value, (int, np.integer))
    if not whole or value < low or (high is not None and value > high):
        most = "or more" if high is None else f"to {high}"
        raise SettingError(f"{name} = {value!r}: must be a whole number, {low} {most}")
    return int(value)
