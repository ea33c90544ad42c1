"""Counterfactual data augmentation: many transitions made of few, each as true as the data.

CoDA (Pitis et al. 2020) exchanges parts of transitions that had nothing to do with each other::

    replay = trifactor.augment.Replay(env, capacity=100_000)
    env.reset(seed=0)
    for _ in range(1000):
        replay.step(env.action_space.sample())
    samples = replay.coda(5000)
    samples.add_to(model.replay_buffer)  # of Stable-Baselines3, or anything with such an `add`

`RecordReplay` records what an agent does; `augment_dataset` makes a recorded data set of another.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import NativeReplay
from trifactor._trifactor import augment_dataset as native_augment
from trifactor.errors import SettingError
from trifactor.record import Dataset
from trifactor.samples import Samples

__all__ = ["MaskModel", "RecordReplay", "Replay", "Samples", "augment_dataset"]


MOST_SAMPLES = 2**40
"""The most samples that are asked for at once."""


class MaskModel(Protocol):
    """What guesses who influences whom, such as a learned mask."""

    name: str
    """Its name in reports."""
    threshold: float
    """Above which score an entry counts as influence."""

    def scores(self, before: NDArray[np.float64], action: NDArray[np.float64]) -> Any:
        """Give (fingers + blocks + 3 actions) x (fingers + blocks) scores of a step.

        `before` is a row of `Replay.arrays()["before"]`, `action` one of `["action"]`.
        """


class Replay:
    """The steps of one environment, in columns, with what influenced what in each.

    All steps must be of one scene, without action delay and smoothing. When it is full, the oldest
    step gives way.
    """

    def __init__(self, env: gym.Env[Any, Any], capacity: int = 1_000_000) -> None:
        """Record the steps of an environment from now on, as `step` takes them.

        Args:
            env: a trifactor environment, or wrappers around one.
            capacity: the most steps that are kept.

        Raises:
            SettingError: the environment is none of trifactor's, or there is no room.
        """
        self._env, self._native_env = env, checks.native(env)
        capacity = checks.count("capacity", capacity)
        self._native_env.record_sweeps(True)
        self._native = NativeReplay(self._native_env, capacity)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step of the environment and record it; what `env.step` returns."""
        before = self._native_env.state()
        outcome = self._env.step(action)
        self._native.add(self._native_env, before)
        return outcome

    def __getstate__(self) -> dict[str, Any]:
        """The environment and the steps."""
        return {"env": self._env, "native": self._native}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Go on with the steps in the environment's copy."""
        self._env, self._native = contents["env"], contents["native"]
        self._native_env = checks.native(self._env)
        self._native_env.record_sweeps(True)

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self._native)

    def touching_share(self) -> float:
        """The share of steps with a finger and a block, or two blocks, in contact."""
        return self._native.touching_share()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """`before`, `action`, `after`, `goals` and `mask`, a row per step.

        A state has 12 columns per finger (angles, velocities, targets, torques of three joints) and
        13 per block (position, orientation, linear and angular velocity); actions are in physical
        units. A mask is (fingers + blocks + 3 actions) x (fingers + blocks).
        """
        return self._native.arrays()

    def coda(
        self,
        count: int,
        *,
        method: str | MaskModel = "cut",
        tries: int = 2,
        reuse: int = 4,
        sources: int = 2,
        steps: int = 1,
        seed: int = 0,
    ) -> Samples:
        """Make up to `count` transitions of parts of several.

        Args:
            count: how many; with `steps` above 1, how many segments.
            method: what is accepted: `cut`, where no part came near a part from another step, which
                is exact; `simulation`, by taking the step; or one of the controls `distance` (the
                paper's 10 cm), `unchecked` and `blind`; or a mask of your own, for the steps and
                for what is made of them: the paper's algorithm.
            tries: how many choices of parts are tried for the same steps.
            reuse: how often a step that was drawn is used, each time with others. More is faster,
                as the memory is what limits it; 1 makes every pair by itself.
            sources: of how many steps one is made, 2 to 16.
            steps: how many consecutive steps one has.
            seed: of all that is drawn.

        Raises:
            SettingError: an argument is none of these.
            OrderError: there are no steps yet.
        """
        made = self._native.coda(
            self._native_env,
            method=_method("method", method),
            **_draws(count, tries, reuse, sources, steps, seed),
        )
        return Samples(*made, self._env)

    def score(self, model: str | MaskModel) -> dict[str, dict[str, float]]:
        """Hold a mask against the truth: `precision`, `recall` and `auc` of `entries` and `cuts`.

        Entries leave out what everything has on itself; a cut is whether anything joins a body with
        others, which decides whether it can be exchanged alone.

        Args:
            model: `distance` (the paper's 10 cm), `nulling` (the body is taken away and the step
                taken again), `simulation` (the truth), or a mask of your own.

        Raises:
            SettingError: there is no model of that name.
            ShapeError: a model gives another number of scores.
        """
        return self._native.score(self._native_env, _method("model", model))

    def save(self, path: str | PathLike[str]) -> None:
        """Write all steps to a file."""
        self._native.save(Path(checks.path("path", path)))

    @classmethod
    def load(cls, env: gym.Env[Any, Any], path: str | PathLike[str]) -> Replay:
        """Read the steps that `save` wrote, of an environment of the same description."""
        replay = cls(env, 1)
        replay._native = NativeReplay.load(Path(checks.path("path", path)))
        return replay

    @classmethod
    def of_dataset(cls, dataset: Dataset | str | PathLike[str]) -> Replay:
        """Read a recorded data set; its steps are taken again, which must bring the same.

        Raises:
            StateError: a step does not come out as it was recorded.
            OrderError: there are no steps.
        """
        dataset = dataset if isinstance(dataset, Dataset) else Dataset(dataset)
        replay = cls(dataset.recover_environment(), 1)
        replay._native = NativeReplay.read(Path(dataset.path))
        return replay


class RecordReplay(gym.Wrapper[Any, Any, Any, Any]):
    """Records what an agent does into its `replay`."""

    def __init__(self, env: gym.Env[Any, Any], capacity: int) -> None:
        """Begin to record; the arguments are those of `Replay`."""
        super().__init__(env)
        self.replay = Replay(env, capacity)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step and record it."""
        return self.replay.step(action)


def augment_dataset(
    dataset: Dataset | str | PathLike[str],
    output: str | PathLike[str],
    count: int,
    *,
    method: str = "cut",
    tries: int = 2,
    reuse: int = 4,
    sources: int = 2,
    steps: int = 1,
    seed: int = 0,
) -> tuple[Dataset, dict[str, Any]]:
    """Make a data set of `count` samples of another, as `trifactor augment` does.

    Every sample is an episode of its own: a state that was set, and `steps` steps from it.

    Args:
        dataset: what was recorded; every step is taken again as it is read.
        output: the file to write; there must be none yet.
        count: how many samples.
        method: as for `Replay.coda`, by name.
        tries: as for `Replay.coda`.
        reuse: as for `Replay.coda`.
        sources: as for `Replay.coda`.
        steps: as for `Replay.coda`.
        seed: as for `Replay.coda`.

    Returns:
        The new data set, and what came of the proposals.

    Raises:
        StateError: a step does not come out as it was recorded.
        SettingError: an argument has no such value.
        TrifactorError: the file cannot be written, or is there already.
    """
    report = native_augment(
        dataset.path if isinstance(dataset, Dataset) else checks.path("dataset", dataset),
        checks.path("output", output),
        method=checks.text("method", method),
        **_draws(count, tries, reuse, sources, steps, seed),
    )
    return Dataset(output), report


def _draws(
    count: Any, tries: Any, reuse: Any, sources: Any, steps: Any, seed: Any
) -> dict[str, int]:
    """How much is drawn, and how, checked."""
    return {
        "count": checks.count("count", count, 0, MOST_SAMPLES),
        "tries": checks.count("tries", tries),
        "reuse": checks.count("reuse", reuse),
        "sources": checks.count("sources", sources),
        "steps": checks.count("steps", steps),
        "seed": checks.seed(seed),
    }


def _method(name: str, method: Any) -> Any:
    """A method or a model by name, or a mask model of one's own."""
    if isinstance(method, str):
        return method
    parts = ("name", "threshold", "scores")
    if isinstance(method, type) or not all(hasattr(method, part) for part in parts):
        known = "pass a name, or an object with `name`, `threshold` and `scores`"
        raise SettingError(f"{name} {checks.shown(method)}: {known}")
    return method
