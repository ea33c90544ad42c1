"""The goal-conditioned environment: what is achieved and what is desired, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Dict
from numpy.typing import ArrayLike, NDArray

from trifactor import checks
from trifactor.env import TriFingerEnv
from trifactor.errors import ShapeError
from trifactor.observation import Array, box


class TriFingerGoalEnv(TriFingerEnv[dict[str, Array]]):
    """A TriFinger robot among blocks, whose goal is an input and can be exchanged in hindsight.

    Arguments are those of `TriFingerEnv`. An observation is a dictionary: `observation` says
    nothing of the goals (an entity set with a context puts `context` beside it), and
    `achieved_goal` and `desired_goal` are float64 arrays of one size, in SI units, never
    normalised. They have ten numbers per block, one block after the other: position (3, m),
    orientation (4, quaternion x, y, z, w), size (3, m). Row i is the i-th movable block, and its
    goal; ten zeros where there is none, and no other row stands for none. For reaching they are the
    nine coordinates of the fingertips.

    The reward is the family's without the dense terms, which compare with the state before: the
    share of the goals that is filled times `fractional_reward_weight` (1 where the family has
    none), for reaching the mean coordinate error with a negative sign, or with
    `activate_sparse_reward` 1 in success and else 0; always times `dt`. It is
    `compute_reward(achieved_goal, desired_goal, info)` bit for bit.
    """

    _goal_conditioned = True

    def _shown(self, numbers: Array) -> dict[str, Any]:
        seen = super()._shown(numbers)
        parts = dict(seen) if isinstance(seen, dict) else {"entities": seen}
        achieved, desired = self._native.goals()
        return {
            "observation": parts.pop("entities"),
            **parts,
            "achieved_goal": achieved,
            "desired_goal": desired,
        }

    def get_observation_names(self) -> dict[str, Any]:
        """What each number of the observation is, in lists by the observation's keys."""
        names = super().get_observation_names()
        parts = dict(names) if isinstance(names, dict) else {"entities": names}
        goal = self._native.goal_names()
        return {
            "observation": parts.pop("entities"),
            **parts,
            "achieved_goal": goal,
            "desired_goal": goal,
        }

    def compute_reward(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any
    ) -> float | NDArray[np.float64]:
        """What a step pays that ends with this achieved and this desired.

        A pure function of the two goals; nothing of `info` is used.

        Args:
            achieved_goal: one goal, or goals in an array with any leading dimensions.
            desired_goal: the same; leading dimensions are broadcast.
            info: the step's info, or a list of them.

        Returns:
            A float for one goal, an array with the leading dimensions for several.

        Raises:
            ShapeError: the arrays are no goals, or their leading dimensions do not fit.
            NotFiniteError: one of them contains NaN or infinity; the message names the number by
                its place, `desired_goal[goal, number]`, goals counted over all leading dimensions.
            ImpossibleError: a row is neither ten zeros, which say that there is no block or goal,
                nor a block or goal: an edge is not above 0 or exceeds 0.5 m, a quaternion is zero,
                a coordinate exceeds 1e9 m; or nothing is desired at all.
        """
        achieved, desired, leading = _batched(achieved_goal, desired_goal)
        rewards = self._native.goal_rewards(achieved, desired).reshape(leading)
        return rewards if leading else float(rewards)

    def compute_terminated(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any
    ) -> bool | NDArray[np.bool_]:
        """Whether a step ends the episode that ends like this: never.

        Arguments and the form of what is returned are those of `compute_reward`.
        """
        _, _, leading = _batched(achieved_goal, desired_goal)
        return np.zeros(leading, np.bool_) if leading else False

    def compute_truncated(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any
    ) -> bool | NDArray[np.bool_]:
        """Whether time ended the episode, which the goals do not know: `info["truncated"]`.

        Arguments and the form of what is returned are those of `compute_reward`. An info without
        that key counts as False.
        """
        _, _, leading = _batched(achieved_goal, desired_goal)
        if not leading:
            return bool(info.get("truncated", False))
        flags = [bool(one.get("truncated", False)) for one in np.ravel(np.asarray(info, object))]
        return np.array(flags, np.bool_).reshape(leading)

    def _complete(self, info: dict[str, Any], intervened: bool, truncated: bool) -> None:
        super()._complete(info, intervened, truncated)
        info["truncated"] = truncated

    def _set_observation_spaces(self) -> None:
        super()._set_observation_spaces()
        goal = box(*self._native.goal_space(), np.dtype(np.float64))
        for name in ("observation_space", "nominal_observation_space"):
            seen = getattr(self, name)
            parts = dict(seen.spaces) if isinstance(seen, Dict) else {"entities": seen}
            observation = parts.pop("entities")
            space = {"observation": observation, **parts}
            setattr(self, name, Dict({**space, "achieved_goal": goal, "desired_goal": goal}))


def _batched(
    achieved_goal: ArrayLike, desired_goal: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[int, ...]]:
    """Both as arrays with one goal per row, and the leading dimensions that they had."""
    goals = []
    for name, goal in (("achieved_goal", achieved_goal), ("desired_goal", desired_goal)):
        goals.append(checks.numbers(name, goal))
        if goals[-1].ndim == 0 or goals[-1].shape[-1] == 0:
            raise ShapeError(f"{name}: expected a goal's numbers, got {checks.shown(goal)}")
    achieved, desired = goals
    try:
        leading = np.broadcast_shapes(achieved.shape[:-1], desired.shape[:-1])
    except ValueError as error:
        shapes = f"{achieved.shape} and {desired.shape}"
        raise ShapeError(f"achieved_goal and desired_goal: {shapes} do not fit") from error
    rows = [
        np.ascontiguousarray(np.broadcast_to(goal, (*leading, goal.shape[-1]))).reshape(
            -1, goal.shape[-1]
        )
        for goal in goals
    ]
    return rows[0], rows[1], leading
