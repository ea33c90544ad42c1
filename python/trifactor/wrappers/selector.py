"""Planning without a robot: an action chooses a block and moves it."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, MultiDiscrete
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from trifactor import checks
from trifactor.errors import SettingError, ShapeError
from trifactor.observation import Array
from trifactor.wrappers.inner import require, single

MOVE = 0.002
"""How far the object selector moves a block in a step, m (reference)."""
TURN = 0.1
"""How far it turns one, rad (reference)."""
RAISED = (-1.56, -0.08, -2.7) * 3
"""Joint angles with the fingers out of the way, rad (reference)."""


class ObjectSelector(gym.Wrapper[Any, Array, Any, Array], RecordConstructorArgs):
    """For planning without a robot: an action chooses a block and moves or turns it a little.

    The reference's planning environment. Actions are three whole numbers: the block; its move (0
    none, 1 and 2 along z up and down, 3 and 4 along x, 5 and 6 along y, by `MOVE`); its turn (0
    none, 1 and 2 about z, 3 and 4 about y, 5 and 6 about x, by `TURN` of the rotation vector).
    The fingers are raised and stay there; observations begin after the robot's numbers. A move
    into something is refused: `info["refused"]` says why, an empty text where nothing was refused,
    and the step is taken without it.
    """

    _MOVES = ((2, 1.0), (2, -1.0), (0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0))
    _TURNS = ((2, 1.0), (2, -1.0), (1, 1.0), (1, -1.0), (0, 1.0), (0, -1.0))
    _ROBOT = ("time_left_for_task", "joint_positions", "joint_velocities", "end_effector_positions")

    def __init__(self, env: gym.Env[Any, Array]) -> None:
        """Wrap an environment with structured observations and blocks that move.

        Args:
            env: whose `action_mode` is `joint_positions`; the reference's has `skip_frame` 1.

        Raises:
            SettingError: its observations or actions are others, it has no such block, or it is
                no environment of this package.
        """
        inner = single(env)
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        require(inner, "observation_mode", "structured", "the object selector")
        require(inner, "action_mode", "joint_positions", "the object selector")
        self._held = inner._native.joint_action(RAISED)
        names = inner.get_current_state_variables()
        self.objects = sorted(name for name in names if name.startswith("tool_"))
        if not self.objects:
            raise SettingError("family: has no block to select")
        self.action_space = MultiDiscrete([len(self.objects), 7, 7])
        space = inner.observation_space
        assert isinstance(space, Box)
        seen = (name.partition("[")[0] for name in inner.get_observation_names())
        self._begin = sum(name in self._ROBOT for name in seen)
        low, high = space.low[self._begin :], space.high[self._begin :]
        self.observation_space = Box(low, high, dtype=low.dtype.type)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Reset, and raise the fingers."""
        _, info = self.env.reset(seed=seed, options=options)
        raised = {"joint_positions": RAISED}
        result = single(self.env).do_intervention(raised, check_bounds=False)
        if result.reason is not None:
            raise result.reason
        info["refused"] = ""
        return result.observation[self._begin :], info

    def step(self, action: Array) -> tuple[Array, Any, bool, bool, dict[str, Any]]:
        """Move and turn the chosen block, then let a control step pass."""
        numbers = checks.numbers("action", action, (3,))
        lengths = (len(self.objects), 7, 7)
        if not ((numbers % 1 == 0) & (numbers >= 0) & (numbers < lengths)).all():
            raise ShapeError(f"action {numbers.tolist()}: expected whole numbers below {lengths}")
        chosen, move, turn = (int(number) for number in numbers)
        inner = single(self.env)
        name = self.objects[chosen]
        block = inner.get_current_state_variables()[name]
        wanted: dict[str, Any] = {}
        if move:
            axis, sign = self._MOVES[move - 1]
            wanted["cartesian_position"] = _shifted(block["cartesian_position"], axis, sign * MOVE)
        if turn:
            axis, sign = self._TURNS[turn - 1]
            wanted["euler_orientation"] = _shifted(block["euler_orientation"], axis, sign * TURN)
        refused = ""
        if wanted:
            result = inner.do_intervention({name: wanted}, check_bounds=False)
            refused = "" if result.reason is None else str(result.reason)
        observation, reward, terminated, truncated, info = self.env.step(self._held)
        info["refused"] = refused
        return observation[self._begin :], reward, terminated, truncated, info


def _shifted(values: Any, axis: int, by: float) -> NDArray[np.float64]:
    shifted = np.array(values, np.float64)
    shifted[axis] += by
    return shifted
