"""Policies without learning: experts that make demonstrations, and what they are compared with."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import NativePolicy, policy_names
from trifactor.env import TriFingerEnv
from trifactor.errors import SettingError
from trifactor.vector import TriFingerVectorEnv

NAMES: tuple[str, ...] = tuple(policy_names())
"""The policies that are built in."""


class ScriptedPolicy:
    """Chooses the actions of an environment, or of all worlds of a batch, from their states.

    It reads the true state, not the observation, so it takes any observation and ignores it.
    Wrappers are looked through: one that changes what an action means is to be put around it.
    """

    def __init__(
        self, env: gym.Env[Any, Any] | VectorEnv[Any, Any, Any], name: str = "scripted"
    ) -> None:
        """Make the policy for an environment.

        Args:
            env: whose `action_mode` is `joint_positions`, but for `random`; a wrapped one is
                looked through.
            name: `scripted`, which reaches, pushes, lifts, places and stacks; `mpc`, which
                plans with the true model and takes a minute and more for an episode; `random`,
                which draws every action uniformly from the action space; or `idle`, which stays
                where the episode begins.

        Raises:
            SettingError: the environment is none of this package's, its actions are no joint
                angles, or the name is unknown.
        """
        name = checks.text("name", name)
        inner = getattr(env, "unwrapped", env)
        if not isinstance(inner, (TriFingerEnv, TriFingerVectorEnv)):
            raise SettingError(f"env: {type(inner).__name__} is no environment of trifactor")
        self._env: TriFingerEnv | TriFingerVectorEnv = inner
        self._name = name
        self._policies = self._made()

    def __call__(self, observation: Any = None) -> NDArray[np.float32]:
        """The action for the present state, a row for each world of a batch."""
        if isinstance(self._env, TriFingerEnv):
            return self._policies[0].act(self._env.get_state()).astype(np.float32)
        states = zip(self._policies, self._env.get_states(), strict=True)
        return np.stack([policy.act(state) for policy, state in states]).astype(np.float32)

    def reset(self) -> None:
        """Forget the past; at an episode's first step it is forgotten without that."""
        for policy in self._policies:
            policy.reset()

    def _made(self) -> list[NativePolicy]:
        """A policy for every world."""
        if isinstance(self._env, TriFingerEnv):
            return [NativePolicy(self._env._native, self._name)]
        native = self._env._single._native
        return [NativePolicy(native, self._name) for _ in range(self._env.num_envs)]

    def __getstate__(self) -> dict[str, Any]:
        """The environment, and what is remembered of every world's episode."""
        memories = [policy.memory() for policy in self._policies]
        return {**self.__dict__, "_policies": memories}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Make the policies anew, each with what it remembered."""
        self.__dict__.update(contents)
        self._policies = self._made()
        for policy, memory in zip(self._policies, contents["_policies"], strict=True):
            policy.recall(memory)


def scripted_policy(
    env: gym.Env[Any, Any] | VectorEnv[Any, Any, Any], name: str = "scripted"
) -> ScriptedPolicy:
    """The policy without learning of an environment: see `ScriptedPolicy`."""
    return ScriptedPolicy(env, name)
