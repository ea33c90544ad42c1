"""Batches as Stable-Baselines3 trains on them. Needs the package `stable-baselines3`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from trifactor.errors import SettingError
from trifactor.vector import TriFingerVectorEnv


class SB3VecEnv(VecEnv):
    """A batch as a `VecEnv` of Stable-Baselines3, all worlds in one process.

    A world whose episode ends is reset by the same step, as Stable-Baselines3 expects. Its info
    has the last observation as `terminal_observation`; whether time alone ended the episode as
    `TimeLimit.truncated`, so that algorithms bootstrap there; and `is_success`, which they log.

    `env_method` calls the methods of a `TriFingerEnv`, `do_intervention` among them; `set_attr`
    keeps attributes of your own. Goal-conditioned batches work with `HerReplayBuffer`.
    """

    def __init__(
        self,
        envs: VectorEnv[Any, Any, Any],
        *,
        info_keys: Sequence[str] = ("success", "fractional_success"),
    ) -> None:
        """Take a batch over.

        Args:
            envs: a `TriFingerVectorEnv` with `autoreset_mode="SameStep"`, or a wrapper around one,
                such as `RandomGoals`.
            info_keys: which of a step's infos every world's dictionary has; few keep it quick.

        Raises:
            SettingError: it is none, resets otherwise, or has `copy=False`.
        """
        batch = envs.unwrapped
        if not isinstance(batch, TriFingerVectorEnv):
            raise SettingError(f"SB3VecEnv: give a trifactor.TriFingerVectorEnv, not {batch}")
        if batch.autoreset_mode != AutoresetMode.SAME_STEP:
            mode = batch.autoreset_mode.value
            raise SettingError(f"autoreset_mode '{mode}': SB3VecEnv needs 'SameStep'")
        if not batch.copy:
            raise SettingError("copy=False: Stable-Baselines3 keeps observations; leave it True")
        self.envs = envs
        self.info_keys = tuple(info_keys)
        self._batch = batch
        self._actions: Any = None
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> Any:
        """Begin an episode in every world: of the seeds given since the last reset, or the next."""
        options = next((given for given in self._options if given), None)
        seeds: Any = None if self._seeds == [None] * self.num_envs else self._seeds
        observations, infos = self.envs.reset(seed=seeds, options=options)
        self.reset_infos = self._rows(infos)
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take the actions, which `step_wait` carries out."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Step every world: observations, rewards, whether episodes ended, an info for each."""
        observations, rewards, terminated, truncated, infos = self.envs.step(self._actions)
        ended = terminated | truncated
        rows = self._rows(infos)
        for world in np.flatnonzero(ended).tolist():
            rows[world] = {
                **self._row(infos["final_info"], world),
                "is_success": bool(infos["final_info"]["success"][world]),
                "terminal_observation": infos["final_obs"][world],
                "TimeLimit.truncated": bool(truncated[world] and not terminated[world]),
            }
        return observations, rewards.astype(np.float32), ended, rows

    def close(self) -> None:
        """End the threads."""
        self.envs.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute of the worlds: what `set_attr` put there, or that of a `TriFingerEnv`.

        Raises:
            AttributeError: one of them has none of that name.
        """
        return list(self._batch.get_attr(attr_name, worlds=self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Keep an attribute of your own with worlds.

        Raises:
            SettingError: a `TriFingerEnv` has an attribute of that name, which the worlds share.
        """
        values = {world: value for world in self._get_indices(indices)}
        self._batch.keep_attribute(attr_name, values)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: VecEnvIndices = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """Call a method of a `TriFingerEnv` for worlds; as `TriFingerVectorEnv.call`."""
        worlds = self._get_indices(indices)
        return list(self._batch.call(method_name, *method_args, worlds=worlds, **method_kwargs))

    def env_is_wrapped(
        self, wrapper_class: type[gym.Wrapper[Any, Any, Any, Any]], indices: VecEnvIndices = None
    ) -> list[bool]:
        """Whether single worlds have that wrapper: none has any."""
        return [False for _ in self._get_indices(indices)]

    def _rows(self, infos: dict[str, Any]) -> list[dict[str, Any]]:
        if all(isinstance(infos[key], np.ndarray) and infos[key].ndim == 1 for key in self.info_keys):
            columns = [infos[key].tolist() for key in self.info_keys]
            rows = zip(*columns, strict=True) if columns else [()] * self.num_envs
            return [dict(zip(self.info_keys, row, strict=True)) for row in rows]
        return [self._row(infos, world) for world in range(self.num_envs)]

    def _row(self, infos: dict[str, Any], world: int) -> dict[str, Any]:
        return {key: _of(infos[key], world) for key in self.info_keys}


def _of(column: Any, world: int) -> Any:
    """One world's part of an info: of an array its row, of a dictionary of arrays a dictionary."""
    if isinstance(column, dict):
        return {k: _of(rows, world) for k, rows in column.items() if not k.startswith("_")}
    return column[world]
