"""The world that a policy was trained in, and how its trainer shows observations to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from os import PathLike
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorActionWrapper, VectorObservationWrapper
from gymnasium.wrappers import FrameStackObservation, MaxAndSkipObservation

from trifactor.curriculum.agent import AgentInterventionWrapper, VectorAgentInterventionWrapper
from trifactor.env import TriFingerEnv
from trifactor.errors import SettingError, TrifactorError
from trifactor.goal_vector import TriFingerGoalVectorEnv
from trifactor.registration import FAMILIES
from trifactor.settings import described
from trifactor.vector import TriFingerVectorEnv
from trifactor.wrappers import (
    DeltaAction,
    ObjectSelector,
    ObservationDelay,
    RealisticRobot,
    VectorObservationDelay,
)

Family = str | PathLike[str] | Mapping[str, Any]

ALTERING: tuple[type[Any], ...] = (
    gym.ActionWrapper,
    gym.ObservationWrapper,
    FrameStackObservation,
    MaxAndSkipObservation,
    VectorActionWrapper,
    VectorObservationWrapper,
    DeltaAction,
    ObjectSelector,
    ObservationDelay,
    VectorObservationDelay,
    RealisticRobot,
    AgentInterventionWrapper,
    VectorAgentInterventionWrapper,
)
"""Wrappers between world and policy, which an evaluation does not have."""

FORMS = {
    "family": ("task_params", "starting_state"),
    "task_params": ("starting_state",),
    "observation_mode": ("observe", "pixels", "drop"),
}
"""Settings that belong to another one: who names that one gives up what was inherited of these."""

GOALS = {"observation", "achieved_goal", "desired_goal"}


SHOWN = ("local_masks", "render_mode", "render_size", "render_camera")
"""Settings that decide how a world is shown to people, and no policy depends on."""


@dataclass(frozen=True)
class Trained:
    """The world of a model's training environment."""

    settings: dict[str, Any]
    """The arguments of the environment, with the family."""
    goal_conditioned: bool
    space: gym.Space[Any]
    """Of the environment's observations, before the trainer's wrappers."""
    prepare: Callable[[Any], Any]
    """What the trainer's wrappers make of a batch of observations."""

    def differs_from(self, other: Trained) -> list[str]:
        """The settings that another has otherwise."""
        own = {**self.settings, "goal_conditioned": self.goal_conditioned}
        theirs = {**other.settings, "goal_conditioned": other.goal_conditioned}
        return sorted(n for n in own.keys() | theirs.keys() if own.get(n) != theirs.get(n))


def training_world(policy: object) -> Trained | None:
    """The world in which a model was trained; None for what has no environment of this package.

    Raises:
        SettingError: something stands between that world and the model that an evaluation lacks.
    """
    envs = policy.get_env() if hasattr(policy, "get_env") else None
    if envs is None:
        return None
    base, prepare = _unwrapped(envs)
    batch = getattr(getattr(base, "envs", None), "unwrapped", None)
    if isinstance(batch, TriFingerVectorEnv):
        world: Any = batch._single
        start = batch._native.own_starts()[0]
    else:
        world = base.get_attr("unwrapped", indices=[0])[0]
        start = world._native.own_start() if isinstance(world, TriFingerEnv) else None
    if not isinstance(world, TriFingerEnv):
        return None
    for altering in ALTERING:
        if base.env_is_wrapped(altering, indices=[0])[0]:
            raise _unlike(altering.__name__)
    # Protocols begin in the family's own start, where actions act at once.
    for name, plain in (("action_delay", 0), ("action_smoothing", 1)):
        if start is not None and start["robot"][name] != plain:
            raise _unlike(f"{name} {start['robot'][name]}")
    extras = world._settings.extra_observations
    if extras:
        raise _unlike(f"extra_observations ({', '.join(extras)})")
    settings = described(json.dumps(world.description())).arguments
    # Protocols begin in the family's own start, and no curriculum intervenes in them.
    for name in ("starting_state", "curriculum", *SHOWN):
        settings.pop(name, None)
    goal_conditioned = bool(settings.pop("goal_conditioned"))
    settings["dtype"] = world._settings.dtype
    return Trained(settings, goal_conditioned, base.observation_space, prepare)


def _unwrapped(envs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The innermost environment of a trainer, and what its wrappers do to observations."""
    from stable_baselines3.common import vec_env

    steps: list[Callable[[Any], Any]] = []
    while isinstance(envs, vec_env.VecEnvWrapper):
        if isinstance(envs, vec_env.VecNormalize):
            steps.append(envs.normalize_obs)
        elif isinstance(envs, vec_env.VecTransposeImage):
            steps.append(envs.transpose_observations)
        elif isinstance(envs, vec_env.VecExtractDictObs):
            steps.append(itemgetter(envs.key))
        elif not isinstance(
            envs, vec_env.VecMonitor | vec_env.VecCheckNan | vec_env.VecVideoRecorder
        ):
            raise _unlike(type(envs).__name__)
        envs = envs.venv

    def prepare(seen: Any) -> Any:
        for step in reversed(steps):
            seen = step(seen)
        return seen

    return envs, prepare


def _unlike(what: str) -> SettingError:
    return SettingError(
        f"policy: it was trained behind {what}, which an evaluation cannot repeat; pass a function "
        "of observations that does the same and asks the model, with family= and the other "
        "settings of its world"
    )


@dataclass(frozen=True)
class World:
    """What policies are evaluated in."""

    like: TriFingerVectorEnv
    """A batch of one world like all that follow."""
    arguments: dict[str, Any]
    """What it was made of."""
    trained: dict[str, Trained | None]
    """Of every run, what is known of its training."""

    def prepare(self, run: str, seen: Any) -> Any:
        """Observations as the trainer of a run shows them."""
        trained = self.trained[run]
        return seen if trained is None else trained.prepare(seen)

    def check(self, run: str, policy: object) -> None:
        """Refuse a policy that takes other observations than the world gives, or acts otherwise.

        Raises:
            SettingError: with what both have, and what to pass.
        """
        trained = self.trained[run]
        given = self.like.single_observation_space
        space = trained.space if trained else getattr(policy, "observation_space", None)
        takes = getattr(policy, "takes", None)
        if isinstance(takes, int) and given.shape and takes != int(np.prod(given.shape)):
            space = gym.spaces.Box(-np.inf, np.inf, (takes,))
        if isinstance(space, gym.Space) and not _alike(space, given):
            raise self._other_observations(space)
        actions = getattr(policy, "action_space", None)
        if isinstance(actions, gym.Space) and actions != self.like.single_action_space:
            raise SettingError(
                f"policy: its actions are {actions}, those of the world "
                f"{self.like.single_action_space}; pass normalize_actions=… and action_mode=… as it "
                "was trained"
            )

    def _other_observations(self, space: gym.Space[Any]) -> SettingError:
        given = self.like.single_observation_space
        family = self.like._single.description()["config"]["family"]
        said = f"policy: {_shown(space)}, {family}: {_shown(given)}"
        if _has_goals(space) != _has_goals(given):
            wanted = f"goal_conditioned={_has_goals(space)}"
            return SettingError(f"{said}; pass {wanted}, or leave it out")
        fitting = self._families_of(space)
        hint = f", such as family='{fitting[0]}'" if fitting else ""
        return SettingError(f"{said}; pass family=… and the settings that it was trained with{hint}")

    def _families_of(self, space: gym.Space[Any]) -> list[str]:
        """The families whose observations are in that space, otherwise configured alike."""
        fitting = []
        for family in FAMILIES.values():
            arguments = {**self.arguments, "family": family, "task_params": None}
            try:
                like = type(self.like)(num_envs=1, num_threads=1, **arguments)
            except TrifactorError:
                continue
            if _alike(space, like.single_observation_space):
                fitting.append(family)
        return fitting


def world_of(
    policies: Mapping[str, Any],
    family: Family | None,
    goal_conditioned: bool | None,
    settings: Mapping[str, Any],
) -> World:
    """A world like that of the policies.

    What is named here goes before what a training environment says; where there is none, the
    family is `pushing`.

    Raises:
        SettingError: runs were trained in different worlds, or an argument is refused.
    """
    found = {run: training_world(policy) for run, policy in policies.items()}
    inherited: dict[str, Any] = {}
    trained = _common(found)
    if trained is not None:
        inherited = dict(trained.settings)
        goal_conditioned = trained.goal_conditioned if goal_conditioned is None else goal_conditioned
    named = dict(settings) if family is None else {"family": family, **settings}
    for name, value in named.items():
        if value != inherited.get(name):
            for part in FORMS.get(name, ()):
                inherited.pop(part, None)
    arguments = {"family": "pushing", **inherited, **named}
    if goal_conditioned is None:
        spaces = [getattr(policy, "observation_space", None) for policy in policies.values()]
        goal_conditioned = any(_has_goals(space) for space in spaces)
    kind = TriFingerGoalVectorEnv if goal_conditioned else TriFingerVectorEnv
    return World(kind(num_envs=1, num_threads=1, **arguments), arguments, found)


def _common(found: Mapping[str, Trained | None]) -> Trained | None:
    """The world that all runs were trained in of which one is known."""
    known = [(run, trained) for run, trained in found.items() if trained is not None]
    for run, other in known:
        first, trained = known[0]
        differing = trained.differs_from(other)
        if differing:
            raise SettingError(
                f"policy: runs '{first}' and '{run}' were trained in different worlds "
                f"({', '.join(differing)}); evaluate them one by one"
            )
    return known[0][1] if known else None


def _has_goals(space: object) -> bool:
    return isinstance(space, gym.spaces.Dict) and set(space.spaces) >= GOALS


def _alike(one: gym.Space[Any], other: gym.Space[Any]) -> bool:
    """Whether two spaces have the same form; images may have their channels first or last."""
    if isinstance(one, gym.spaces.Dict) and isinstance(other, gym.spaces.Dict):
        same = set(one.spaces) == set(other.spaces)
        return same and all(_alike(one[key], other[key]) for key in one.spaces)
    if isinstance(one, gym.spaces.Dict) or isinstance(other, gym.spaces.Dict):
        return False
    a, b = one.shape or (), other.shape or ()
    return a == b or (len(a) == 3 and (b[-1:] + b[:-1] == a or a[-1:] + a[:-1] == b))


def _shown(space: gym.Space[Any]) -> str:
    if isinstance(space, gym.spaces.Dict):
        return "{" + ", ".join(f"{key}: {_shown(part)}" for key, part in space.items()) + "}"
    shape = space.shape or ()
    return f"{shape[0]} numbers" if len(shape) == 1 else f"an array of shape {shape}"
