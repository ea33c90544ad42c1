"""Recorders of environments: everything that is done with one, or with a batch, in a file."""

from __future__ import annotations

import weakref
from os import PathLike
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import VectorEnv, VectorWrapper

from trifactor import checks
from trifactor._trifactor import NativeEnv, NativeVecEnv
from trifactor.errors import OrderError, SettingError
from trifactor.vector import TriFingerVectorEnv

Path = str | PathLike[str]


class _Recorder:
    """What the recorders of one environment and of a batch have in common."""

    def _begin(self, native: NativeEnv | NativeVecEnv, path: Path, **settings: Any) -> None:
        """Let the environment's native half record from now on."""
        self._native: Any = native
        self._native.record(checks.path("path", path), **settings)
        # Without `close` the file is closed when nobody has the recorder any more.
        self._end: Any = weakref.finalize(self, self._native.end_record)

    def _end_record(self) -> None:
        """Write what was recorded; where that fails, the next call tries again."""
        if self._end is not None:
            self._native.end_record()
            self._end.detach()
            self._end = self._native = None

    def _require_open(self) -> None:
        if self._end is None:
            raise OrderError(
                f"{type(self).__name__} is closed: what follows would not be recorded; make another "
                "one with append=True, or go on with the environment in it"
            )

    def __getstate__(self) -> dict[str, Any]:
        """Refuse to copy an open recorder: its file has one writer.

        Raises:
            OrderError: it is open.
        """
        if self._end is not None:
            raise OrderError(
                f"{type(self).__name__}: an open recorder cannot be copied or pickled, because its "
                "file has one writer; close it first, or copy the environment in it (env.unwrapped)"
            )
        return self.__dict__


class RecordEpisodes(_Recorder, gym.Wrapper[Any, Any, Any, Any]):
    """Records what is done with an environment: every reset, step, intervention and state.

    What is recorded is what the environment itself is given, whatever wrappers stand between. An
    episode is on disk as soon as it has ended; `close` writes the one that has not, and marks the
    end of the file. Of a `TriFingerVectorEnv` this makes a `RecordVectorEpisodes`.

    The file is locked until then: a second recorder of it is refused, in this process and in others.
    A forked process can neither record into its parent's file nor harm it. What cannot be written,
    for want of room on the disk, raises `TrifactorError`, is kept, and is written with what comes
    next.
    """

    def __new__(cls, env: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Choose the wrapper that fits the environment."""
        if isinstance(env, VectorEnv):
            return RecordVectorEpisodes(env, *args, **kwargs)
        return super().__new__(cls)

    def __init__(
        self,
        env: gym.Env[Any, Any],
        path: Path,
        *,
        append: bool = False,
        observations: str | None = "float32",
        masks: str | None = None,
        policy: str = "",
        notes: str = "",
    ) -> None:
        """Begin to record.

        Args:
            env: a `TriFingerEnv`, in any wrappers.
            path: the file to write.
            append: whether to go on with a file of the same world, where there is one; else there
                must be none.
            observations: how exactly observations are kept: `float32`, `float64`, or None for not
                at all (they can be had again from the states). Of extra observations none are.
            masks: `sound` or `tight` to keep the steps' local causal masks.
            policy: the name of what chooses the actions.
            notes: anything else to be kept with the data set.

        Raises:
            SettingError: it is no environment of this package, it is recorded already, or an
                argument has no such value.
            TrifactorError: the file cannot be written, is there already, or another recorder has it
                open.
            StateError: the file to go on with is of another world.
        """
        native = checks.native(env)
        super().__init__(env)
        self._begin(native, path, **_kept(append, observations, masks, policy, notes))

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]
        """The spec of what is recorded: a recorder is no part of the world."""
        return self.env.spec

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode.

        Raises:
            OrderError: the recorder is closed.
        """
        self._require_open()
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step.

        Raises:
            OrderError: the recorder is closed.
            TrifactorError: there is no room on the disk; the step is taken and kept all the same.
        """
        self._require_open()
        return self.env.step(action)

    def close(self) -> None:
        """Write what was recorded and close the file, then the environment.

        Raises:
            TrifactorError: it cannot be written; another call tries again.
        """
        self._end_record()
        super().close()


class RecordVectorEpisodes(_Recorder, VectorWrapper):
    """Records what is done with a batch, in every mode of its resets; see `RecordEpisodes`."""

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        path: Path,
        *,
        append: bool = False,
        observations: str | None = "float32",
        masks: str | None = None,
        policy: str = "",
        notes: str = "",
    ) -> None:
        """Begin to record; the arguments are those of `RecordEpisodes`."""
        own = getattr(env, "unwrapped", env)
        if not isinstance(own, TriFingerVectorEnv):
            raise SettingError(
                f"env: expected a trifactor batch, got {type(own).__name__}; wrap the environments "
                "in it instead, each with a file of its own"
            )
        super().__init__(env)
        kept = _kept(append, observations, masks, policy, notes)
        self._begin(checks.batch(env), path, **kept)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes.

        Raises:
            OrderError: the recorder is closed.
        """
        self._require_open()
        return self.env.reset(seed=seed, options=options)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Take a step of every world; as `RecordEpisodes.step`."""
        self._require_open()
        return self.env.step(actions)

    def close(self, **kwargs: Any) -> None:
        """Write what was recorded and close the file, then the batch; as `RecordEpisodes.close`."""
        self._end_record()
        super().close(**kwargs)


def _kept(append: Any, observations: Any, masks: Any, policy: Any, notes: Any) -> dict[str, Any]:
    """What is kept of a recording, checked."""
    return {
        "append": checks.flag("append", append),
        "observations": checks.choice("observations", observations, ("float32", "float64", None)),
        "masks": checks.choice("masks", masks, ("sound", "tight", None)),
        "policy": checks.text("policy", policy),
        "notes": checks.text("notes", notes),
    }
