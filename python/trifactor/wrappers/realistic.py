"""What stands between a policy and a real robot."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils import RecordConstructorArgs

from trifactor import checks
from trifactor.errors import SettingError
from trifactor.observation import Array
from trifactor.wrappers.actions import LONGEST_DELAY, delayed_actions
from trifactor.wrappers.delays import Late
from trifactor.wrappers.inner import require, single

CAMERA_DELAY = 0.09
"""Seconds by which the real platform knows a block's pose late: `camera_delay_steps` of
`trifinger_simulation.TriFingerPlatform`, in steps of a millisecond."""
OBSERVATION_NOISE = 0.002
"""Deviation of the noise on normalised observations in the training that Allshire et al.
(Transferring Dexterous Manipulation from GPU Simulation to a Remote Real-World TriFinger, 2021)
released: `task.randomization_params.observations` of `Trifinger.yaml` in IsaacGymEnvs."""
ACTION_NOISE = 0.02
"""Deviation of the noise on normalised actions there: `actions`, which were torques."""
BLOCK_FACTORS = (0.7, 1.3)
"""Factors on a block's mass and friction there: `rigid_body_properties.mass`, `friction`."""


class RealisticRobot(gym.Wrapper[Any, Array, Any, Array], RecordConstructorArgs):
    """What stands between a policy and a real TriFinger, with numbers from such robots.

    Blocks are seen `CAMERA_DELAY` late, joints at once; observations and actions are noisy
    (`OBSERVATION_NOISE`, `ACTION_NOISE`); every episode has factors on the mass and the friction
    of every block (`BLOCK_FACTORS`). All noise is a function of the seed, the episode and the
    step. What no source gives is a choice, named so: `latency` is one control step, in which a
    policy computes. Gains and torque limit are already the platform's
    (`trifinger_simulation.SimFinger`); vary `robot/position_gain_factor` and its siblings for
    more.
    """

    def __init__(self, env: gym.Env[Any, Array], latency: int | None = 1) -> None:
        """Wrap an environment with flat, normalised observations and normalised actions.

        Args:
            env: the environment; its actions are delayed from now on.
            latency: control steps that an action waits; None for as many as the starting state of
                the environment says, which is what a spec says, because the delay is in that state.

        Raises:
            SettingError: observations or actions are not so, or it is no environment of this
                package.
        """
        inner = single(env)
        if latency is not None:
            latency = checks.count("latency", latency, 0, LONGEST_DELAY)
        RecordConstructorArgs.__init__(self, latency=None)
        gym.Wrapper.__init__(self, env)
        for name in ("normalize_actions", "normalize_observations"):
            require(inner, name, True, "the realistic robot")
        space = inner.observation_space
        if not isinstance(space, Box) or len(space.shape) != 1:
            raise SettingError("observation_mode: must be flat for the realistic robot")
        # Noise leaves every bound.
        self.observation_space = Box(-np.inf, np.inf, space.shape, dtype=space.dtype.type)
        if latency is not None:
            delayed_actions(env, latency)
        names = inner.get_observation_names()
        late = np.array([name.startswith("tool_") for name in names])
        self._late = Late(round(CAMERA_DELAY / inner.dt), late)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Reset, and draw the episode's blocks."""
        observation, info = self.env.reset(seed=seed, options=options)
        inner, rng = single(self.env), self._rng("blocks")
        factors: dict[str, Any] = {}
        for name, block in sorted(inner.get_current_state_variables().items()):
            if name.startswith("tool_"):
                mass, friction = rng.uniform(*BLOCK_FACTORS, 2)
                factors[name] = {
                    "mass": block["mass"] * mass,
                    "friction": block["friction"] * friction,
                }
        if factors:
            result = inner.do_intervention(factors, check_bounds=False)
            if result.reason is not None:
                raise result.reason
            observation = result.observation
        return self._noisy(self._late.begin(observation)), info

    def step(self, action: Array) -> tuple[Array, Any, bool, bool, dict[str, Any]]:
        """Step with noise on the action and on what is seen."""
        chosen = checks.numbers("action", action, (9,))
        noise = self._rng("actions").normal(0.0, ACTION_NOISE, chosen.shape)
        noisy = np.clip(chosen + noise, -1.0, 1.0)
        observation, reward, terminated, truncated, info = self.env.step(noisy)
        return self._noisy(self._late.after(observation)), reward, terminated, truncated, info

    def _noisy(self, observation: Array) -> Array:
        noise = self._rng("observations").normal(0.0, OBSERVATION_NOISE, observation.shape)
        return (observation + noise).astype(observation.dtype)

    def _rng(self, name: str) -> np.random.Generator:
        state = single(self.env).get_state()
        return np.random.default_rng([state.seed, state.episode, state.step, *name.encode()])
