"""New goals at every reset of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from trifactor.errors import SettingError
from trifactor.remaking import BatchWrapper
from trifactor.vector import Seeds, TriFingerVectorEnv


class RandomGoals(BatchWrapper):
    """A batch in which every episode has a goal of its own: the paper's curriculum 1.

    Whenever a world begins an episode, by a reset or by an autoreset, its family draws a goal from
    the intervention space in force. The draw is a function of seed and episode, so a seed still
    decides everything. A goal that the world refuses leaves it with the goal of its starting state.
    """

    env: TriFingerVectorEnv

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        """Wrap a batch, in any autoreset mode.

        Raises:
            SettingError: it is no batch of trifactor's, or is wrapped already.
        """
        if not isinstance(env, TriFingerVectorEnv):
            raise SettingError(f"env: RandomGoals wraps a trifactor.TriFingerVectorEnv, not {env}")
        super().__init__(env)
        self._ended = np.zeros(env.num_envs, np.bool_)

    def reset(
        self, *, seed: Seeds = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes, each with a new goal; as `TriFingerVectorEnv.reset`."""
        observations, infos = self.env.reset(seed=seed, options=options)
        mask = (options or {}).get("reset_mask")
        begun = np.ones(self.num_envs, np.bool_) if mask is None else mask
        self._ended &= ~begun
        return self._begin(begun, infos, None if mask is None else begun)

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Take a step; as `TriFingerVectorEnv.step`."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        ended = terminated | truncated
        mode = self.env.autoreset_mode
        if mode == AutoresetMode.SAME_STEP and ended.any():
            observations, infos = self._begin(ended, infos)
        elif mode == AutoresetMode.NEXT_STEP:
            if self._ended.any():
                observations, infos = self._begin(self._ended, infos)
            self._ended = ended
        return observations, rewards, terminated, truncated, infos

    def _begin(
        self,
        begun: NDArray[np.bool_],
        infos: dict[str, Any],
        shown: NDArray[np.bool_] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Draw goals in the worlds that have begun; what is seen then, of all or of those shown."""
        result = self.env.do_interventions(self.env.sample_new_goals(begun))
        # What was said of these worlds is of other goals; how an episode ended stays true.
        news = self.env.present_infos(shown)
        kept = ("truncated", "_truncated")
        return result.observations, {**infos, **{k: news[k] for k in news if k not in kept}}
