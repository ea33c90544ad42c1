"""The bouncing sprites of the CoDA paper: a tiny second world with true local masks.

Four squares move over the unit square; an action is a click that pushes the nearest one away. The
last `place` of them have to be brought to their targets (Pitis et al. 2020, section 5).
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import NativeSprites
from trifactor.errors import SettingError

SPRITES = 4
"""How many sprites there are."""


class SpriteEnv(gym.Env[NDArray[np.float64], NDArray[np.float32]]):
    """Four sprites: observations are x, y, velocity in x and in y of each; actions a click.

    `info` has the step's true mask as `local_mask`, 5 x 4: what the four sprites and the action
    influenced; `components`, how many groups had nothing to do with each other; and `noise`, what
    was added to the velocity of the sprite that was pushed. After a reset `mask_known` is False:
    the mask is empty, there are no components, and the noise is NaN.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(
        self, place: int = 1, *, sparse: bool = False, render_mode: str | None = None
    ) -> None:
        """Choose the task.

        Args:
            place: how many sprites have to be at their targets, 1 to 4.
            sparse: whether only all of them pay, instead of each its share.
            render_mode: there is none.

        Raises:
            SettingError: an argument is none of these.
        """
        if render_mode is not None:
            raise SettingError(f"render_mode '{render_mode}': there is none; pass None")
        self.render_mode = None
        place = checks.count("place", place, high=SPRITES)
        self._native = NativeSprites(place, checks.flag("sparse", sparse))
        low = np.tile([0.0, 0.0, -0.08, -0.08], SPRITES)
        high = np.tile([1.0, 1.0, 0.08, 0.08], SPRITES)
        # Velocities are rounded to single precision, which may exceed the bound by a little.
        self.observation_space = Box(low - 1e-8, high + 1e-8, dtype=np.float64)
        self.action_space = Box(-1.0, 1.0, (2,), dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Begin an episode; with a seed its first one, without the next of the present seed."""
        checks.no_options(options)
        seed = None if seed is None else checks.seed(seed)
        first = self._np_random is None
        super().reset(seed=seed)
        if seed is None and first:
            seed = self.np_random_seed % 2**64
        return self._native.reset(seed), {
            "local_mask": np.zeros((SPRITES + 1, SPRITES), np.bool_),
            "mask_known": False,
            "components": 0,
            "noise": np.full(2, np.nan),
        }

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Click; episodes have 50 steps and never terminate."""
        numbers = checks.numbers("action", action, (2,))
        state, reward, truncated, mask, components, noise = self._native.step(numbers)
        info = {
            "local_mask": np.array(mask).reshape(SPRITES + 1, SPRITES),
            "mask_known": True,
            "components": components,
            "noise": np.array(noise),
        }
        return state, reward, False, truncated, info
