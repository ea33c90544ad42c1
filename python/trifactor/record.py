"""Episodes on disk: recorded from environments, read back, re-run, converted to and from Minari.

A data set is one Arrow file that `pyarrow` and every data frame library read too; see
`docs/episodes.md` for its columns. `pip install trifactor[data]` brings pyarrow, and
`trifactor[minari]` what the conversions need; nothing else here needs more than the package.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import NativeDataset, State, regenerate
from trifactor.env import TriFingerEnv
from trifactor.errors import FormatError
from trifactor.goal import TriFingerGoalEnv
from trifactor.recorders import Path, RecordEpisodes, RecordVectorEpisodes

__all__ = [
    "Dataset",
    "Difference",
    "Episode",
    "RecordEpisodes",
    "RecordVectorEpisodes",
    "Transition",
    "Verification",
    "from_minari",
    "regenerate",
    "to_minari",
]


@dataclass(frozen=True)
class Transition:
    """One control step of the dynamics alone."""

    state: State
    action: NDArray[np.float64]
    next_state: State
    reward: float
    index: int
    """The step's row in its episode."""


@dataclass(frozen=True)
class Episode:
    """An episode: a row for everything that happened, with the state that it led to."""

    world: int
    """Which world of a batch it was."""
    kinds: list[str]
    """`reset`, `step`, `intervention`, `state` (one was set), `continued` (a long episode)."""
    actions: NDArray[np.float64]
    """Nine numbers a row; NaN where there was no step."""
    rewards: NDArray[np.float64]
    """NaN where there was no step."""
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    intervened: NDArray[np.bool_]
    """Whether an actor intervened within the step, so that it is no transition."""
    success: NDArray[np.bool_]
    fractional_success: NDArray[np.float64]
    observations: list[NDArray[np.float64]]
    """Flat; empty where they were not recorded."""
    masks: list[NDArray[np.bool_] | None]
    """Local causal masks, flat; None where they were not recorded."""
    pairs: list[NDArray[np.float64] | None]
    """What the solver coupled, of shape (pairs, 5): two nodes, the first tick, the largest impulse
    (N s), the smallest gap (m); None where masks were not recorded."""
    interventions: list[list[dict[str, Any]]]
    """Those tried since the row before: `by`, `seed`, `episode`, `step`, `target`, `values`, and
    the reason where one was `refused`."""
    states: list[State]

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.kinds)

    def transitions(self) -> Iterator[Transition]:
        """The steps within which nothing but the dynamics acted."""
        for row in range(1, len(self)):
            if self.kinds[row] == "step" and not self.intervened[row]:
                before, after = self.states[row - 1], self.states[row]
                yield Transition(before, self.actions[row], after, float(self.rewards[row]), row)


@dataclass(frozen=True)
class Difference:
    """A recorded step that came out differently when it was re-run."""

    episode: int
    row: int
    what: str
    largest: float
    """The largest difference of a number that the step moves."""


@dataclass(frozen=True)
class Verification:
    """What came of re-running a data set."""

    episodes: int
    disagreeing: int
    """Episodes with a transition that does not agree."""
    transitions: int
    agreed: int
    """Transitions that agree in every bit."""
    intervened: int
    """Steps with an actor within, which were not re-run."""
    differences: list[Difference]
    """The first hundred."""
    closed: bool
    """Whether the data set was closed; if not, episodes may be missing at its end."""
    lost: str | None = None
    """What is missing at its end, in words; None where it was closed."""

    @property
    def fraction(self) -> float:
        """The share of transitions that agree; 1 where there are none."""
        return self.agreed / self.transitions if self.transitions else 1.0


class Dataset:
    """A data set on disk: a sequence of episodes, each read when it is asked for.

    A copy or a pickle of it holds the file's path, and opens it where it arrives.
    """

    def __init__(self, path: Path) -> None:
        """Open a data set; an incomplete episode at its end is left out.

        Raises:
            FormatError: it is no data set, or of a format that this release cannot read.
            TrifactorError: it cannot be read.
        """
        self.path = checks.path("path", path)
        self._absolute = os.path.abspath(self.path)
        self._native = NativeDataset(self.path)
        world, self.observations, self.masks, self.policy, self.notes = self._native.header()
        self.world: dict[str, Any] = json.loads(world)
        """The description of the world that was recorded."""
        self.closed, self.cut = self._native.end()
        """Whether it was closed, and how many bytes at its end belong to no whole episode."""
        self.lost = self._native.lost()
        """What is missing at its end, in words; None where it was closed."""

    def __reduce__(self) -> tuple[type[Dataset], tuple[str]]:
        """Copies and pickles open the file anew."""
        return type(self), (self._absolute,)

    def __len__(self) -> int:
        """The number of episodes."""
        return len(self._native)

    def __getitem__(self, index: int) -> Episode:
        """Read an episode.

        Raises:
            IndexError: there is none of that number.
            FormatError: it was changed after it was written.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"episode {index} of {len(self)}")
        columns = self._native.episode(index % len(self))
        return Episode(
            world=columns["world"],
            kinds=columns["kind"],
            actions=columns["action"],
            rewards=columns["reward"],
            terminated=columns["terminated"],
            truncated=columns["truncated"],
            intervened=columns["intervened"],
            success=columns["success"],
            fractional_success=columns["fractional_success"],
            observations=columns["observation"],
            masks=columns["mask"],
            pairs=columns["pairs"],
            interventions=[json.loads(events) for events in columns["interventions"]],
            states=columns["state"],
        )

    def __iter__(self) -> Iterator[Episode]:
        """Read the episodes one by one."""
        return (self[index] for index in range(len(self)))

    def recover_environment(self, **more: Any) -> TriFingerEnv:
        """Make the environment that was recorded; `more` is for `from_description`."""
        goal = self.world["config"].get("goal_conditioned", False)
        made = TriFingerGoalEnv if goal else TriFingerEnv
        return made.from_description(self.world, **more)

    def verify(
        self,
        num_threads: int | None = None,
        progress: Callable[[int], Any] | None = None,
        *,
        allow_truncated: bool = False,
    ) -> Verification:
        """Re-run every transition from its state and action, and compare bit for bit.

        Args:
            num_threads: None for as many as the machine runs at once.
            progress: called with the steps of every episode when it is done.
            allow_truncated: whether a file that was cut off or never closed will do; what is left
                of it is re-run, and `Verification.lost` says what is missing.

        Raises:
            FormatError: the file was cut off or never closed; the message says what was lost. Or
                it was changed after it was written.
            StateError: this release would make another world.
        """
        if self.lost is not None and not allow_truncated:
            raise FormatError(
                f"{self.path}: {self.lost}; with allow_truncated=True what is left is enough"
            )
        episodes, disagreeing, transitions, agreed, intervened, differences, closed = (
            self._native.verify(
                checks.threads(num_threads),
                None if progress is None else checks.function("progress", progress),
            )
        )
        told = [Difference(*each) for each in differences]
        return Verification(
            episodes, disagreeing, transitions, agreed, intervened, told, closed, self.lost
        )

    def manifest(self) -> str:
        """From what `regenerate(manifest, path)` makes the same file again, as JSON."""
        return self._native.manifest()


def to_minari(dataset: Dataset | Path, dataset_id: str, **more: Any) -> Any:
    """Convert a data set into one of Minari's; see `trifactor.conversion.to_minari`."""
    from trifactor import conversion

    return conversion.to_minari(dataset, dataset_id, **more)


def from_minari(dataset: Any, path: Path) -> Dataset:
    """Convert a Minari data set with states; see `trifactor.conversion.from_minari`."""
    from trifactor import conversion

    return conversion.from_minari(dataset, path)
