"""Data sets of episodes as Minari's, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from os import fspath
from typing import Any

import numpy as np

from trifactor._trifactor import NativeWriter, State
from trifactor.env import TriFingerEnv
from trifactor.errors import FormatError
from trifactor.record import Dataset
from trifactor.recorders import Path


def to_minari(
    dataset: Dataset | Path,
    dataset_id: str,
    *,
    recover: Mapping[str, Any] | None = None,
    **more: Any,
) -> Any:
    """Convert a data set into one of Minari's, which loads with Minari alone.

    Observations have the form of the environment. Where something was set between two steps, the
    observation is the one that the next action was chosen in, and `infos["intervened"]` says so;
    `infos["state"]` are the states as JSON. An episode that broke off ends as truncated, which
    Minari asks for; `infos["broken_off"]` says where. Its `recover_environment` makes the world
    that was recorded; a part of a long episode becomes an episode.

    Args:
        dataset: the data set, or its file.
        dataset_id: Minari's name for the new one, such as `trifactor/pushing/random-v0`.
        recover: arguments of `Dataset.recover_environment`: what the world is to do without where
            code belongs to it, such as `{"goal_sampler": None}`.
        more: further arguments of `minari.create_dataset_from_buffers`, such as `author`.

    Raises:
        ImportError: Minari is not installed.
        SettingError: code belongs to the world, which Minari's file cannot hold.
    """
    import minari
    from minari.data_collector.episode_buffer import EpisodeBuffer

    if not isinstance(dataset, Dataset):
        dataset = Dataset(dataset)
    env = dataset.recover_environment(**(recover or {}))
    buffers = []
    for episode in dataset:
        steps = [row for row, kind in enumerate(episode.kinds) if kind == "step"]
        if not steps:
            continue
        # The rows in which actions were chosen, and the last.
        seen = [row - 1 for row in steps] + [len(episode) - 1]
        observations = []
        for row in seen:
            env.set_state(episode.states[row])
            observations.append(env.observe())
        truncated = episode.truncated[steps]
        broken_off = [False] * len(seen)
        broken_off[-1] = not (truncated[-1] or episode.terminated[steps[-1]])
        truncated[-1] |= broken_off[-1]
        kinds = [episode.kinds[row] for row in seen]
        actions: Any = episode.actions[steps]
        buffers.append(
            EpisodeBuffer(
                seed=episode.states[0].seed,
                observations=_stacked(observations),
                actions=actions,
                rewards=episode.rewards[steps].tolist(),
                terminations=episode.terminated[steps].tolist(),
                truncations=truncated.tolist(),
                infos={
                    "state": [episode.states[row].to_json() for row in seen],
                    "intervened": [kind in ("intervention", "state") for kind in kinds],
                    "broken_off": broken_off,
                    "success": episode.success[seen].tolist(),
                    "fractional_success": episode.fractional_success[seen].tolist(),
                },
            )
        )
    more.setdefault("requirements", ["trifactor"])
    more.setdefault("description", dataset.notes or "Recorded with trifactor")
    more.setdefault("eval_env", env)
    more.setdefault("algorithm_name", dataset.policy or "unknown")
    return minari.create_dataset_from_buffers(dataset_id, buffers, env=env, **more)


def from_minari(dataset: Any, path: Path) -> Dataset:
    """Convert a Minari data set that `to_minari` made, or one with the same `infos`.

    Steps after which something was set are marked `intervened`: Minari keeps one state between two
    steps, and that is no longer the outcome of the dynamics.

    Args:
        dataset: the Minari data set.
        path: the file to write; there must be none yet.

    Raises:
        FormatError: its environment is none of this package, or it has no states.
        TrifactorError: the file cannot be written, or is there already.
    """
    made = dataset.recover_environment().unwrapped
    if not isinstance(made, TriFingerEnv):
        raise FormatError(f"Minari: its environment is a {type(made).__name__}, none of trifactor")
    name = str(dataset.storage.metadata.get("algorithm_name", ""))
    writer = NativeWriter(made._native, fspath(path), name, f"Minari: {dataset.spec.dataset_id}")
    try:
        _write(dataset, writer)
        writer.close()
    except BaseException:
        # It holds no more than a part of what was asked for.
        del writer
        os.unlink(path)
        raise
    return Dataset(path)


def _write(dataset: Any, writer: NativeWriter) -> None:
    """Write every episode of a Minari data set."""
    for episode in dataset.iterate_episodes():
        infos = episode.infos or {}
        if "state" not in infos:
            raise FormatError("Minari: infos have no 'state'; only data sets with states convert")
        states = [State.from_json(_text(state)) for state in infos["state"]]
        outcomes = [
            (bool(success), float(fraction))
            for success, fraction in zip(
                infos["success"], infos["fractional_success"], strict=True
            )
        ]
        broken_off = infos.get("broken_off", [False] * len(states))
        writer.push("reset" if states[0].step == 0 else "state", states[0], outcomes[0], None)
        for step in range(len(states) - 1):
            action = np.asarray(episode.actions[step], np.float64).tolist()
            truncated = bool(episode.truncations[step]) and not broken_off[step + 1]
            flags = (bool(episode.terminations[step]), truncated)
            taken = (action, float(episode.rewards[step]), *flags)
            set_after = bool(infos["intervened"][step + 1])
            writer.push("step", states[step + 1], outcomes[step + 1], taken, set_after)
        writer.end_episode()


def _stacked(observations: list[Any]) -> Any:
    if isinstance(observations[0], dict):
        return {key: _stacked([each[key] for each in observations]) for key in observations[0]}
    return np.stack(observations)


def _text(text: str | bytes) -> str:
    return text.decode() if isinstance(text, bytes) else text
