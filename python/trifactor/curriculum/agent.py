"""The agent as actor, in a single environment and in a batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import VectorEnv
from numpy.typing import ArrayLike, NDArray

from trifactor import checks
from trifactor._trifactor import NativeChoice
from trifactor.curriculum.spaces import Space, space_document
from trifactor.remaking import BatchWrapper, plain


class AgentInterventionWrapper(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """The agent as actor: a policy chooses its own interventions within the allowed space.

    An action has the robot's nine numbers, then one that says whether to intervene (above 0), then
    what to set the chosen variables to: -1 is the low end of what the space allows in the present
    state, 1 the high end. The reward is the step's, the observation is taken after the
    intervention; `info["intervened"]` tells that it was made, `info["intervention_refused"]` is the
    reason why not, an empty text where there is none.
    """

    def __init__(
        self, env: gym.Env[Any, Any], variables: Sequence[str], *, space: Space = "A"
    ) -> None:
        """Wrap a `TriFingerEnv`, on which no other wrapper changes observations.

        Args:
            env: the environment.
            variables: globs over the variables that the agent may set.
            space: what it may set them to.

        Raises:
            SettingError: nothing is left to choose.
            UnknownVariableError: no variable has that name.
        """
        checks.native(env)
        arguments = {"variables": plain(variables), "space": plain(space)}
        gym.utils.RecordConstructorArgs.__init__(self, **arguments)
        gym.Wrapper.__init__(self, env)
        self._variables = checks.texts("variables", variables)
        self._space = json.dumps(space_document(space))
        self._choice = self._choose()
        self.choices: list[tuple[str, int]] = self._choice.variables()
        """The variables in the order of the action's numbers, and how many each takes."""
        robot: Any = env.action_space
        more = np.ones(1 + sum(length for _, length in self.choices), np.float32)
        low, high = np.concatenate([robot.low, -more]), np.concatenate([robot.high, more])
        self.action_space = Box(low, high, dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode, in which the agent has not intervened yet."""
        observation, info = self.env.reset(seed=seed, options=options)
        info["intervention_refused"] = ""
        return observation, info

    def step(self, action: ArrayLike) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take the robot's step, then make the intervention that the action asks for."""
        numbers = checks.numbers("action", action, self.action_space.shape)
        observation, reward, terminated, truncated, info = self.env.step(numbers[:9])
        info["intervention_refused"] = ""
        if numbers[9] > 0.0:
            world: Any = self.env.unwrapped
            refused = self._choice.act(world._native, numbers[10:])
            info["intervention_refused"] = refused or ""
            if refused is None:
                observation, info["intervened"] = observe_anew(world, info), True
        return observation, reward, terminated, truncated, info

    def _choose(self) -> NativeChoice:
        world: Any = self.env.unwrapped
        return NativeChoice(world._native, self._space, self._variables)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the native half."""
        return {**self.__dict__, "_choice": None}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Make the native half anew."""
        self.__dict__.update(contents)
        self._choice = self._choose()


class VectorAgentInterventionWrapper(BatchWrapper):
    """What `AgentInterventionWrapper` is, for a batch."""

    def __init__(
        self, env: VectorEnv[Any, Any, Any], variables: Sequence[str], *, space: Space = "A"
    ) -> None:
        """Wrap a batch; arguments and exceptions are those of `AgentInterventionWrapper`."""
        checks.batch(env)
        super().__init__(env, variables=variables, space=space)
        self._variables = checks.texts("variables", variables)
        self._space = json.dumps(space_document(space))
        self._choice = self._choose()
        self.choices: list[tuple[str, int]] = self._choice.variables()
        robot: Any = env.single_action_space
        more = np.ones(1 + sum(length for _, length in self.choices), np.float32)
        low, high = np.concatenate([robot.low, -more]), np.concatenate([robot.high, more])
        self.single_action_space = Box(low, high, dtype=np.float32)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, env.num_envs)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes, in which the agents have not intervened yet."""
        observations, infos = self.env.reset(seed=seed, options=options)
        infos["intervention_refused"] = _texts([None] * self.num_envs)
        infos["_intervention_refused"] = infos["_success"].copy()
        return observations, infos

    def step(self, actions: ArrayLike) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Take the robots' steps, then make the interventions that the actions ask for."""
        numbers = checks.numbers("actions", actions, self.action_space.shape)
        observations, rewards, terminated, truncated, infos = self.env.step(numbers[:, :9])
        world: Any = self.env.unwrapped
        wanted: NDArray[np.bool_] = numbers[:, 9] > 0.0
        reasons = self._choice.act_each(world._native, numbers[:, 10:].copy(), wanted.tolist())
        refused = np.array([reason is not None for reason in reasons], np.bool_)
        if (wanted & ~refused).any():
            observations = world.observe()
            infos.update(_goals(world.present_infos()))
            infos["intervened"] = infos["intervened"] | (wanted & ~refused)
        infos["intervention_refused"] = _texts(reasons)
        infos["_intervention_refused"] = infos["_success"].copy()
        return observations, rewards, terminated, truncated, infos

    def _choose(self) -> NativeChoice:
        world: Any = self.env.unwrapped
        return NativeChoice(world._single._native, self._space, self._variables)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the native half."""
        return {**self.__dict__, "_choice": None}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Make the native half anew."""
        self.__dict__.update(contents)
        self._choice = self._choose()


def observe_anew(world: Any, info: dict[str, Any]) -> Any:
    """The observation after an intervention from Python; the goals in `info` become those it left."""
    world._follow_scene()
    info.update(_goals(world._info(False, False)))
    return world.observe()


def _texts(reasons: Sequence[str | None]) -> NDArray[np.object_]:
    """Reasons as an array; an empty text where there is none."""
    texts = np.empty(len(reasons), object)
    texts[:] = [reason or "" for reason in reasons]
    return texts


def _goals(info: dict[str, Any]) -> dict[str, Any]:
    return {key: info[key] for key in ("desired_goal", "achieved_goal")}
