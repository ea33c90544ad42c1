"""What would have come of it: counterfactuals of recorded states and actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trifactor import checks
from trifactor._trifactor import NativeEnv, State
from trifactor._trifactor import counterfactuals as native_counterfactuals
from trifactor.errors import ShapeError, TrifactorError
from trifactor.observation import Variables

if TYPE_CHECKING:
    from trifactor.env import TriFingerEnv


class Difference(NamedTuple):
    """A variable that has another value than in fact."""

    step: int
    """How many actions were taken before."""
    path: str
    """The variable, such as `tool_block/linear_velocity`."""
    factual: list[float]
    """Its value in fact; empty where there is no such variable."""
    counterfactual: list[float]
    """Its value otherwise."""


class Course(NamedTuple):
    """What came of some actions."""

    states: list[State]
    """The state they began in, then the state after each."""
    rewards: NDArray[np.float64]
    success: bool
    """Whether the goal is reached in the last state."""
    fractional_success: float
    differences: list[Difference]
    """Every variable at every step that has another value than in fact."""


class Counterfactual(NamedTuple):
    """What came of it and what would have."""

    factual: Course
    counterfactual: Course


class Counterfactuals(NamedTuple):
    """What came of it and, question by question, what would have."""

    factual: Course
    counterfactual: list[Course | TrifactorError]
    """A course, or why the question was refused; not raised."""


def counterfactuals(
    env: TriFingerEnv,
    state: State,
    actions: ArrayLike,
    questions: Sequence[tuple[Variables | None, ArrayLike | None]],
    *,
    check_bounds: bool = False,
    num_threads: int | None = None,
) -> Counterfactuals:
    """What would have come of actions, had this or that been otherwise: exact, and in parallel.

    Args:
        env: an environment of the world; nothing is changed in it, and actors of a curriculum do
            not act.
        state: where the actions begin: any state of this world, such as a recorded one.
        actions: what was done, of shape (steps, 9), in the units of the environment's actions.
        questions: for each a dictionary of what is set in that state (or None) and the actions in
            place of those (or None).
        check_bounds: whether values must lie in the intervention space in force.
        num_threads: None for as many as the machine runs at once.

    Raises:
        ShapeError: actions are no such array.
        StateError: the state belongs to another world.
    """
    native = checks.native(env)
    return counterfactuals_of(
        native, state, actions, questions, check_bounds=check_bounds, num_threads=num_threads
    )


def counterfactuals_of(
    native: NativeEnv,
    state: State,
    actions: ArrayLike,
    questions: Sequence[tuple[Variables | None, ArrayLike | None]],
    *,
    check_bounds: bool = False,
    num_threads: int | None = None,
) -> Counterfactuals:
    """As `counterfactuals`, of a native environment."""
    asked = []
    for i, question in enumerate(checks.sequence("questions", questions, "questions")):
        pair = checks.sequence(f"questions[{i}]", question, "two: what is set, and other actions")
        if len(pair) != 2:
            raise ShapeError(f"questions[{i}]: expected two members, got {len(pair)}")
        do, instead = pair
        other = None if instead is None else checks.numbers(f"questions[{i}]", instead, ("steps", 9))
        asked.append(({} if do is None else do, other))
    factual, each = native_counterfactuals(
        native,
        checks.state(state),
        checks.numbers("actions", actions, ("steps", 9)),
        asked,
        check_bounds=checks.flag("check_bounds", check_bounds),
        threads=checks.threads(num_threads),
    )
    courses = [one if isinstance(one, TrifactorError) else _course(one) for one in each]
    return Counterfactuals(_course(factual), courses)


def _course(told: Any) -> Course:
    states, rewards, success, fraction, differences = told
    return Course(states, rewards, success, fraction, [Difference(*one) for one in differences])
