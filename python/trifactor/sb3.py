"""Batches as Stable-Baselines3 trains on them. Needs the package `stable-baselines3`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from trifactor import checks
from trifactor.errors import OrderError, SettingError
from trifactor.vector import TriFingerVectorEnv


class SB3VecEnv(VecEnv):
    """A batch as a `VecEnv` of Stable-Baselines3, all worlds in one process.

    A world whose episode ends is reset by the same step, as Stable-Baselines3 expects. Its info
    has the last observation as `terminal_observation`; whether time alone ended the episode as
    `TimeLimit.truncated`, so that algorithms bootstrap there; and `is_success`, which they log.

    `env_method` calls the methods of a `TriFingerEnv`, `do_intervention` among them; `set_attr`
    keeps attributes of your own. Goal-conditioned batches work with `HerReplayBuffer`. A batch that
    was made with `render_mode="rgb_array"` can be drawn, by `VecVideoRecorder` too.
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
            SettingError: it is none, resets otherwise, or has `copy=False`; or a key is no name.
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
        names = checks.sequence("info_keys", info_keys, "names")
        self.info_keys = tuple(checks.text("info_keys", name) for name in names)
        self._batch = batch
        self._actions: Any = None
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)
        self.metadata["render_fps"] = batch.metadata["render_fps"]

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Choose the seeds of the next reset: world i gets `seed + i`; None draws one.

        Raises:
            SettingError: it is no integer from 0 on that leaves room for every world.
        """
        if seed is None:
            return list(super().seed())
        first = checks.seed(seed)
        # So that the last world's is a seed too.
        checks.seed(first + self.num_envs - 1)
        self._seeds = [first + world for world in range(self.num_envs)]
        return self._seeds

    def set_options(
        self, options: list[dict[str, Any]] | dict[str, Any] | None = None
    ) -> None:
        """Keep options for the next reset; a batch has none that its worlds may be given.

        Raises:
            SettingError: an option is given.
        """
        listed: Any = [options or {}] if isinstance(options, dict | None) else options
        if not isinstance(listed, list | tuple) or not all(isinstance(o, dict) for o in listed):
            raise SettingError(f"options {options!r}: expected a dictionary, or one for each world")
        for name in (name for one in listed for name in one):
            raise SettingError(f"options: unknown option '{name}'; worlds have none")

    def reset(self) -> Any:
        """Begin an episode in every world: of the seeds given since the last reset, or the next."""
        seeds: Any = None if self._seeds == [None] * self.num_envs else self._seeds
        observations, infos = self.envs.reset(seed=seeds)
        # Wrappers may tell of steps alone.
        self.reset_infos = self._rows(infos, [key for key in self.info_keys if key in infos])
        self._reset_seeds()
        return observations

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take the actions, which `step_wait` carries out."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Step every world: observations, rewards, whether episodes ended, an info for each.

        Raises:
            OrderError: `step_async` was not called.
            SettingError: infos have none of the `info_keys`.
            ShapeError, NotFiniteError: as of `TriFingerVectorEnv.step`.
        """
        actions, self._actions = self._actions, None
        if actions is None:
            raise OrderError("step_wait: call step_async with the actions first")
        observations, rewards, terminated, truncated, infos = self.envs.step(actions)
        ended = terminated | truncated
        rows = self._rows(infos, self.info_keys)
        # What a wrapper tells of a step, a reset does not change.
        finals = {**infos, **infos.get("final_info", {})}
        for world in np.flatnonzero(ended).tolist():
            rows[world] = {
                **self._row(finals, world, self.info_keys),
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
        """Call a method of a `TriFingerEnv` for worlds; as `TriFingerVectorEnv.call`.

        `render` gives these worlds' pictures.
        """
        worlds = self._get_indices(indices)
        if method_name == "render":
            pictures = self.get_images()
            return [pictures[world] for world in worlds]
        return list(self._batch.call(method_name, *method_args, worlds=worlds, **method_kwargs))

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """Whether the batch, and so every world, has that wrapper, such as `RandomGoals`.

        Raises:
            SettingError: it is no class.
        """
        if not isinstance(wrapper_class, type):
            raise SettingError(f"wrapper_class {wrapper_class!r}: expected a class")
        around: Any = self.envs
        found = False
        while isinstance(around, VectorWrapper) and not found:
            found, around = isinstance(around, wrapper_class), around.env
        return [found for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """A picture of every world's present state; None for each without `render_mode`."""
        pictures = self._batch.render()
        if pictures is None:
            warnings.warn(
                "nothing is drawn: make the batch with render_mode='rgb_array'", stacklevel=2
            )
            return [None] * self.num_envs
        return list(pictures)

    def render(self, mode: str | None = None) -> NDArray[np.uint8] | None:
        """All worlds side by side in one picture.

        Args:
            mode: `rgb_array` returns the picture; `human` shows it in a window, for which
                `opencv-python` must be installed; None is the batch's `render_mode`.

        Raises:
            SettingError: another mode, or no window can be shown.
        """
        if mode not in (None, "rgb_array", "human"):
            raise SettingError(f"mode {mode!r}: choose 'rgb_array', 'human' or None")
        try:
            picture: NDArray[np.uint8] | None = super().render(mode)
        except Exception as error:
            if mode != "human":
                raise
            needed = "opencv-python (not its headless form) and a display"
            raise SettingError(f"mode 'human' needs {needed}: {error}") from error
        return picture

    def _get_indices(self, indices: VecEnvIndices) -> Iterable[int]:
        """The worlds that are meant, checked."""
        if indices is None:
            return range(self.num_envs)
        if not isinstance(indices, str) and isinstance(indices, Iterable):
            listed: list[Any] = list(indices)
        else:
            listed = [indices]
        return [checks.index("indices", world, self.num_envs) for world in listed]

    def _rows(self, infos: dict[str, Any], keys: Sequence[str]) -> list[dict[str, Any]]:
        for key in keys:
            if key not in infos:
                known = ", ".join(name for name in infos if not name.startswith("_"))
                raise SettingError(f"info_keys: no info is named {key!r}; there are {known}")
        if all(isinstance(infos[key], np.ndarray) and infos[key].ndim == 1 for key in keys):
            columns = [infos[key].tolist() for key in keys]
            rows = zip(*columns, strict=True) if columns else [()] * self.num_envs
            return [dict(zip(keys, row, strict=True)) for row in rows]
        return [self._row(infos, world, keys) for world in range(self.num_envs)]

    def _row(self, infos: dict[str, Any], world: int, keys: Sequence[str]) -> dict[str, Any]:
        return {key: _of(infos[key], world) for key in keys}


def _of(column: Any, world: int) -> Any:
    """One world's part of an info: of an array its row, of a dictionary of arrays a dictionary."""
    if isinstance(column, dict):
        return {k: _of(rows, world) for k, rows in column.items() if not k.startswith("_")}
    return column[world]
