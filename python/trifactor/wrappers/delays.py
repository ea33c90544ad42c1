"""Wrappers that show things late."""

from __future__ import annotations

from collections import deque
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from trifactor import checks
from trifactor.errors import SettingError
from trifactor.remaking import BatchWrapper, plain
from trifactor.observation import Array


LONGEST_LATENESS = 10_000
"""Control steps that an observation can be late."""


class Late:
    """What was seen in an episode, as far back as is shown."""

    def __init__(self, steps: int, entries: NDArray[np.bool_] | None) -> None:
        """Show what was seen so many steps ago; of the entries, or of all if None."""
        self._entries = entries
        self._seen: deque[Any] = deque(maxlen=steps + 1)

    def begin(self, observation: Any) -> Any:
        """Forget what was seen; what is shown at an episode's beginning."""
        self._seen.clear()
        return self.after(observation)

    def after(self, observation: Any) -> Any:
        """What is shown after a step that led to this observation."""
        self._seen.append(observation)
        if self._entries is None:
            # Users keep what they are given, and may change it.
            return deepcopy(self._seen[0])
        return np.where(self._entries, self._seen[0], observation)


def _length(env: gym.Env[Any, Any]) -> int:
    shape = env.observation_space.shape
    if shape is None or len(shape) != 1:
        raise SettingError("entries: belong to flat observations; pass None to delay all")
    return shape[0]


class ObservationDelay(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Shows what was to be seen some control steps ago, after a reset the first observation.

    Rewards and `info` are not delayed.
    """

    def __init__(
        self, env: gym.Env[Any, Any], steps: int, entries: NDArray[np.bool_] | None = None
    ) -> None:
        """Wrap an environment.

        Args:
            env: any.
            steps: control steps, 0 to `LONGEST_LATENESS`.
            entries: which numbers of a flat observation are late; None for all of any form.

        Raises:
            SettingError: not such a number of steps, or no environment.
        """
        checks.environment(env)
        steps = checks.count("steps", steps, 0, LONGEST_LATENESS)
        if entries is not None:
            entries = checks.mask("entries", entries, _length(env))
        RecordConstructorArgs.__init__(self, steps=steps, entries=plain(entries))
        gym.Wrapper.__init__(self, env)
        self._late = Late(steps, entries)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset, and forget what was seen."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._late.begin(observation), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step; the observation is an earlier one."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._late.after(observation), reward, terminated, truncated, info


class VectorObservationDelay(BatchWrapper):
    """`ObservationDelay` for a batch; it knows each world's resets."""

    def __init__(self, env: VectorEnv[Any, Any, Any], steps: int) -> None:
        """Wrap a batch.

        Args:
            env: any whose observations are arrays; `SameStep` autoreset is refused, as it shows
                two episodes in one step.
            steps: control steps, 0 to `LONGEST_LATENESS`.

        Raises:
            SettingError: that autoreset mode, other observations, or not such a number of steps.
        """
        checks.environment(env)
        super().__init__(env, steps=steps)
        if not isinstance(env.single_observation_space, Box):
            raise SettingError("observation_mode: must give arrays for delays of a batch")
        if env.metadata.get("autoreset_mode") == AutoresetMode.SAME_STEP:
            raise SettingError("autoreset_mode: must be NextStep or Disabled for delays")
        self._steps = checks.count("steps", steps, 0, LONGEST_LATENESS)
        self._seen: list[Any] = []
        self._ended = np.zeros(env.num_envs, np.bool_)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the worlds, or those of the mask, and forget what was seen of them."""
        observations, infos = self.env.reset(seed=seed, options=options)
        mask = (options or {}).get("reset_mask")
        chosen = np.ones(self.num_envs, np.bool_) if mask is None else np.asarray(mask)
        self._ended &= ~chosen
        if not self._seen:
            chosen = np.ones(self.num_envs, np.bool_)
            self._seen = [np.array(observations)] * (self._steps + 1)
        else:
            self._seen[-1] = np.array(observations)
        self._forget(chosen, observations)
        return self._seen[0].copy(), infos

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Step; the observations are earlier ones of the same episodes."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        self._seen = [*self._seen[1:], np.array(observations)]
        # The step after an episode's end began the next one.
        self._forget(self._ended, observations)
        self._ended = np.logical_or(terminated, truncated)
        return self._seen[0].copy(), rewards, terminated, truncated, infos

    def _forget(self, worlds: NDArray[np.bool_], observations: Array) -> None:
        rows = worlds.reshape(-1, *[1] * (observations.ndim - 1))
        self._seen = [np.where(rows, observations, seen) for seen in self._seen]
