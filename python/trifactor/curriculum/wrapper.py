"""Curricula of actors for a single environment and for a batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
from gymnasium.vector import VectorEnv

from trifactor import checks
from trifactor.curriculum.actors import Active
from trifactor.curriculum.document import Curriculum
from trifactor.curriculum.spaces import Space
from trifactor.remaking import BatchWrapper


class _Directed:
    """What both wrappers say of the actors in what they wrap."""

    env: Any

    def take_events(self) -> list[Any]:
        """What the actors tried since this was asked last: who, when, what, and why refused.

        Of a batch: a list for every world.
        """
        events: list[Any] = json.loads(self.env.unwrapped._native.take_events())
        return events


class CurriculumWrapper(
    _Directed, gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs
):
    """Lets actors intervene on an environment, or on every world of a batch.

    Actors whose turn comes at once act in their order, each on what the one before it left. What is
    refused is drawn again, five times; then the world stays as it is. Nothing outlives its episode.
    Every draw is a function of seed, episode, step and variable: world i of a batch is what it is
    alone. Where an actor acts within an episode, `info["intervened"]` is true: the reward was paid
    before, the observation is taken after it.
    """

    def __new__(cls, env: Any, *args: Any, **kwargs: Any) -> Any:
        """Make the wrapper; for a batch, that of batches."""
        if isinstance(env, VectorEnv):
            return VectorCurriculumWrapper(env, *args, **kwargs)
        return super().__new__(cls)

    def __init__(
        self,
        env: gym.Env[Any, Any],
        intervention_actors: Sequence[Any] | str = (),
        actives: Sequence[Active] | None = None,
        *,
        space: Space | None = None,
    ) -> None:
        """Wrap an environment or a batch of them.

        Args:
            env: a `TriFingerEnv`, itself wrapped or not.
            intervention_actors: actors of this module, functions of (variables, rng), or objects
                with a method `act` of these; or `"0"`, `"1"`, `"2"`: the paper's curricula.
            actives: when each acts; at the start of every episode where it is left out.
            space: what is allowed, in place of the environment's intervention space.

        Raises:
            SettingError, FormatError, ShapeError: an actor, a space or a schedule can not be meant.
        """
        checks.native(env)
        curriculum = Curriculum(intervention_actors, actives, space)
        gym.utils.RecordConstructorArgs.__init__(self, **curriculum.arguments())
        gym.Wrapper.__init__(self, env)
        inner: Any = env.unwrapped
        inner._direct(curriculum)

    def __getnewargs__(self) -> tuple[Any]:
        """Let copies and pickles know what kind of wrapper it is."""
        return (self.__dict__.get("env"),)


class VectorCurriculumWrapper(_Directed, BatchWrapper):
    """What `CurriculumWrapper` is, for a batch; each world has actors of its own."""

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        intervention_actors: Sequence[Any] | str = (),
        actives: Sequence[Active] | None = None,
        *,
        space: Space | None = None,
    ) -> None:
        """Wrap a batch; arguments and exceptions are those of `CurriculumWrapper`."""
        checks.batch(env)
        curriculum = Curriculum(intervention_actors, actives, space)
        super().__init__(env, **curriculum.arguments())
        inner: Any = env.unwrapped
        inner._direct(curriculum)
