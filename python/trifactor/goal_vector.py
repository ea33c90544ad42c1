"""Many goal-conditioned worlds as one vector environment."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trifactor.env import TriFingerEnv
from trifactor.goal import TriFingerGoalEnv
from trifactor.observation import Array
from trifactor.vector import TriFingerVectorEnv


class TriFingerGoalVectorEnv(TriFingerVectorEnv):
    """Many goal-conditioned worlds: what `TriFingerGoalEnv` is to `TriFingerEnv`."""

    _single_class: ClassVar[type[TriFingerEnv]] = TriFingerGoalEnv
    _single: TriFingerGoalEnv

    def compute_reward(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any
    ) -> float | NDArray[np.float64]:
        """What steps pay that end with these achieved and desired; as `TriFingerGoalEnv` has it."""
        return self._single.compute_reward(achieved_goal, desired_goal, info)

    def compute_terminated(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any
    ) -> bool | NDArray[np.bool_]:
        """Whether steps end the episode that end like this: never."""
        return self._single.compute_terminated(achieved_goal, desired_goal, info)

    def compute_truncated(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any
    ) -> bool | NDArray[np.bool_]:
        """Whether time ended the episodes: `infos["truncated"]`, or of a list of single infos."""
        if isinstance(info, dict) and isinstance(info.get("truncated"), np.ndarray):
            return np.array(info["truncated"], np.bool_)
        return self._single.compute_truncated(achieved_goal, desired_goal, info)

    def _new_buffers(self) -> tuple[Array, ...]:
        goals = [np.empty((self.num_envs, self._lengths[1])) for _ in range(2)]
        return (*super()._new_buffers(), *goals)

    def _shown(self, buffers: tuple[Array, ...]) -> Any:
        self._native.goals_into(buffers[1], buffers[2])
        return self._shown_final(buffers)

    def _shown_final(self, buffers: tuple[Array, ...]) -> Any:
        seen = super()._shown(buffers)
        parts = dict(seen) if isinstance(seen, dict) else {"entities": seen}
        return {
            "observation": parts.pop("entities"),
            **parts,
            "achieved_goal": buffers[1],
            "desired_goal": buffers[2],
        }

    def _infos(
        self, mask: NDArray[np.bool_] | None, truncated: NDArray[np.bool_]
    ) -> dict[str, Any]:
        infos = super()._infos(mask, truncated)
        infos["truncated"], infos["_truncated"] = truncated.copy(), infos["_success"].copy()
        return infos

    def _add_finals(self, infos: dict[str, Any], truncated: NDArray[np.bool_]) -> None:
        super()._add_finals(infos, truncated)
        if "final_info" in infos:
            final = infos["final_info"]
            final["truncated"] = truncated & final["_success"]
            final["_truncated"] = final["_success"].copy()
