"""Samples that augmentation made, as arrays, as states, and as a learner takes them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import NativeSamples, State
from trifactor.custom import StateReward
from trifactor.env import TriFingerEnv
from trifactor.errors import SettingError, StateError


class Buffer(Protocol):
    """A replay buffer as Stable-Baselines3 has it."""

    def add(
        self,
        obs: Any,
        next_obs: Any,
        action: Any,
        reward: Any,
        done: Any,
        infos: list[dict[str, Any]],
    ) -> None:
        """Add a transition of every environment."""


class Samples:
    """Made-up transitions; `report` counts the proposals that were accepted and refused.

    They hold all that they need: steps that are recorded later change none of them, and a copy or a
    pickle is whole.
    """

    def __init__(
        self, native: NativeSamples, report: dict[str, Any], env: gym.Env[Any, Any]
    ) -> None:
        """Take what `Replay.coda` made."""
        self._native, self.report, self._env = native, report, env

    def __len__(self) -> int:
        """How many there are."""
        return len(self._native)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As `Replay.arrays`."""
        return self._native.arrays()

    def sources(self) -> NDArray[np.uint32]:
        """The step that every finger and block comes from, a row per sample."""
        return self._native.sources()

    def states(self, sample: int) -> tuple[State, State]:
        """The states before and after, which an environment can be set to."""
        return self._native.states(checks.index("sample", sample, len(self)))

    def check(self, sample: int) -> tuple[bool, float]:
        """Take a sample's step: whether it comes out bit for bit, and the largest difference."""
        return self._native.check_sample(checks.native(self._env), checks.index("sample", sample, len(self)))

    def learned(self) -> tuple[Any, NDArray[Any], NDArray[Any], Any, NDArray[Any]]:
        """Observations, actions, rewards, next observations, terminated, as an agent has them.

        Observations have the form of the environment's, a row per sample: an array, or a dictionary
        of arrays. Rewards are computed by the task, from the made-up states.

        Raises:
            SettingError: a wrapper changes observations, actions or rewards, so that an agent has
                others.
            StateError: the environment now has other blocks than the samples.
        """
        return self._as_learned("learned")

    def add_to(self, buffer: Buffer) -> None:
        """Add all to a replay buffer of one environment, as Stable-Baselines3 has it.

        Dictionaries of observations go to a buffer of dictionaries, such as `DictReplayBuffer`, with
        achieved and desired goals where the environment is goal-conditioned.

        Raises:
            SettingError: the buffer is of several environments, or exchanges goals within episodes,
                which single transitions do not have; as `learned`.
            StateError: as `learned`.
        """
        if getattr(buffer, "n_envs", 1) != 1:
            raise SettingError("add_to: the buffer is of several environments; use one of n_envs=1")
        if hasattr(buffer, "goal_selection_strategy"):
            raise SettingError(
                f"add_to: {type(buffer).__name__} exchanges goals within episodes, and samples are "
                "of none; use a DictReplayBuffer"
            )
        before, actions, rewards, after, ends = self._as_learned("add_to")
        for i in range(len(self)):
            buffer.add(
                _row(before, i),
                _row(after, i),
                actions[i : i + 1],
                rewards[i : i + 1].astype(np.float32),
                ends[i : i + 1],
                [{}],
            )

    def _as_learned(
        self, call: str
    ) -> tuple[Any, NDArray[Any], NDArray[Any], Any, NDArray[Any]]:
        """What `learned` gives; refusals name the call."""
        own = self._require_plain(call)
        before, after = self._observations(call, own)
        actions, rewards, ends = self._native.outcomes(own._native)
        return before, actions, rewards, after, ends

    def _require_plain(self, call: str) -> TriFingerEnv:
        """The environment itself, where an agent sees, does and is paid what is its own."""
        own = self._env.unwrapped
        assert isinstance(own, TriFingerEnv)
        spaces = (own.observation_space, own.action_space)
        for each in _wrappers(self._env):
            name = type(each).__name__
            if (each.observation_space, each.action_space) != spaces:
                raise SettingError(
                    f"{call}: {name} changes observations or actions; samples have those of the "
                    "environment itself, so make the replay of an environment without it"
                )
            if isinstance(each, (gym.RewardWrapper, StateReward)):
                raise SettingError(
                    f"{call}: {name} changes rewards; samples have those of the task, so make the "
                    "replay of an environment without it"
                )
        return own

    def _observations(self, call: str, own: TriFingerEnv) -> tuple[Any, Any]:
        """What the environment shows before and after every sample's step."""
        space = own.observation_space
        flat = isinstance(space, gym.spaces.Box) and space.dtype == np.float32
        if flat and not own._settings.extra_observations:
            rows = self._native.observations(own._native)
            whole = (len(self), *(space.shape or ()))
            if rows[0].size != np.prod(whole):
                raise _other_scene(call)
            return rows[0].reshape(whole), rows[1].reshape(whole)
        world = copy.deepcopy(own)
        seen: list[list[Any]] = [[], []]
        for i in range(len(self)):
            for state, those in zip(self.states(i), seen, strict=True):
                world.set_state(state)
                those.append(world.observe())
            if world.observation_space != space:
                raise _other_scene(call)
        return _stacked(seen[0], space), _stacked(seen[1], space)


def _wrappers(env: Any) -> Iterator[Any]:
    """The wrappers of an environment, from the outside in."""
    while isinstance(env, gym.Wrapper):
        yield env
        env = env.env


def _other_scene(call: str) -> StateError:
    return StateError(
        f"{call}: the environment now has other blocks than the samples, so that its observations "
        "are of another size; reset it to the scene that was recorded"
    )


def _row(observations: Any, row: int) -> Any:
    """A row of observations, as a batch of one."""
    if isinstance(observations, dict):
        return {key: _row(part, row) for key, part in observations.items()}
    return observations[row : row + 1]


def _stacked(seen: list[Any], space: gym.Space[Any]) -> Any:
    """Observations side by side; also where there are none."""
    if isinstance(space, gym.spaces.Dict):
        return {key: _stacked([each[key] for each in seen], space[key]) for key in space}
    return np.stack(seen) if seen else np.empty((0, *(space.shape or ())), space.dtype)
