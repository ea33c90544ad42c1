"""Wrappers that change what actions mean."""

from __future__ import annotations

from typing import Any, TypeVar

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorEnv

from trifactor import checks
from trifactor.env import TriFingerEnv
from trifactor.observation import Array
from trifactor.vector import TriFingerVectorEnv
from trifactor.wrappers.inner import foreign, require, single

AnyEnv = TypeVar("AnyEnv", gym.Env[Any, Any], VectorEnv[Any, Any, Any])

LONGEST_DELAY = 7
"""Control steps that the robot's queue of actions can hold back."""
LONGEST_WINDOW = 8
"""Actions that the robot can average over; the reference's default window."""


def delayed_actions(env: AnyEnv, steps: int) -> AnyEnv:
    """Let every action wait before it acts; the first acts until the next may.

    The queue is part of the state (`robot/action_delay`), so that a step stays a function of it.
    A later `set_starting_state` keeps the delay, `reset_default_state` ends it.

    Args:
        env: an environment, or a batch; changed, and returned.
        steps: control steps, 0 to `LONGEST_DELAY`.

    Raises:
        SettingError: not such a number, or no environment of this package.
    """
    return _with_robot(env, "action_delay", checks.count("steps", steps, 0, LONGEST_DELAY))


def moving_average_actions(env: AnyEnv, window_size: int = 8) -> AnyEnv:
    """Let the mean of the last actions act, from the first on that makes the window full.

    As the reference's wrapper, but a reset empties the window, and it is part of the state
    (`robot/action_smoothing`).

    Args:
        env: an environment, or a batch; changed, and returned.
        window_size: how many actions, 1 to `LONGEST_WINDOW`.

    Raises:
        SettingError: not such a number, or no environment of this package.
    """
    window = checks.count("window_size", window_size, 1, LONGEST_WINDOW)
    return _with_robot(env, "action_smoothing", window)


class DeltaAction(gym.Wrapper[Any, Array, Any, Array], RecordConstructorArgs):
    """Adds actions to the joint targets last commanded: an action of zeros holds.

    As the reference's wrapper, a delta of 1 in normalised actions is half the range. The modes
    `delta_joint_positions` and so on are the same in one native call, for the other action modes
    too; this is for code that wraps.
    """

    def __init__(self, env: gym.Env[Any, Array]) -> None:
        """Wrap an environment whose `action_mode` is `joint_positions`.

        Raises:
            SettingError: it is another, or no environment of this package.
        """
        inner = single(env)
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        require(inner, "action_mode", "joint_positions", "deltas; the others have delta modes")
        space = inner.action_space
        assert isinstance(space, Box)
        half = (space.high - space.low) / 2.0
        self._bounds = space.low, space.high
        self.action_space = Box(-half, half, dtype=np.float32)

    def step(self, action: Array) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Add the action to the last targets, clip the sum to the bounds, and step."""
        inner = single(self.env)
        target = inner._native.joint_action(inner.get_state()["robot"]["target"])
        delta = checks.numbers("action", action, (9,))
        return self.env.step(np.clip(target + delta, *self._bounds))


def _with_robot(env: AnyEnv, name: str, value: int) -> AnyEnv:
    """Set a variable of the robot in the starting states."""
    inner = getattr(env, "unwrapped", env)
    wanted = {f"robot/{name}": value}
    if isinstance(inner, TriFingerVectorEnv):
        for reason in inner.set_starting_states([wanted] * inner.num_envs, False).reasons:
            if reason is not None:
                raise reason
    elif isinstance(inner, TriFingerEnv):
        result = inner.set_starting_state(wanted, check_bounds=False)
        if result.reason is not None:
            raise result.reason
    else:
        raise foreign(inner)
    return env
