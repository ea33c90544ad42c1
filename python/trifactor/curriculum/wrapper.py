"""Curricula of actors for a single environment and for a batch."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper

from trifactor import checks
from trifactor._trifactor import curriculum_document
from trifactor.curriculum.actors import ALWAYS, Active
from trifactor.curriculum.spaces import Space, space_document
from trifactor.errors import SettingError, ShapeError
from trifactor.observation import Variables


class _Curriculum:
    """What a curriculum is for a single environment and for a batch alike."""

    def __init__(
        self,
        actors: Sequence[Any] | str,
        actives: Sequence[Active] | None,
        space: Space | None,
    ) -> None:
        self.custom: list[tuple[str, Callable[..., Any]]] = []
        if isinstance(actors, str):
            if actives is not None or space is not None:
                raise SettingError("a curriculum by name has its own actives and space")
            self.document = curriculum_document(actors)
            return
        actors = checks.sequence("intervention_actors", actors, "actors")
        given = (
            [ALWAYS] * len(actors)
            if actives is None
            else checks.sequence("actives", actives, "schedules")
        )
        if len(given) != len(actors):
            raise ShapeError(f"actives: expected {len(actors)}, one for each actor, got {len(given)}")
        entries = [
            {**self._entry(actor), "active": _active(active)}
            for actor, active in zip(actors, given, strict=True)
        ]
        document: dict[str, Any] = {"actors": entries}
        if space is not None:
            document["space"] = space_document(space)
        self.document = checks.document("curriculum", document)

    def _entry(self, actor: Any) -> dict[str, Any]:
        if isinstance(actor, type):
            raise SettingError(f"intervention_actors: {actor.__name__} is a class; pass one that it made")
        kind = getattr(actor, "_kind", None)
        if kind is None:
            self.custom.append(_custom(actor))
            return {"actor": "custom", "index": len(self.custom) - 1}
        entry = {name.rstrip("_"): value for name, value in asdict(actor).items()}
        entry = {name: value for name, value in entry.items() if value is not None}
        if "space" in entry:
            entry["space"] = space_document(entry["space"])
        return {"actor": kind, **entry}


class _Directed:
    """What both wrappers do with the native half of what they wrap."""

    env: Any
    _curriculum: _Curriculum

    @property
    def _native(self) -> Any:
        return self.env.unwrapped._native

    def _attach(self) -> None:
        self._native.set_curriculum(self._curriculum.document, self._curriculum.custom)

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Give the copy the curriculum, from its beginning."""
        self.__dict__.update(contents)
        self._attach()

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; actors whose turn it is have acted before it is observed."""
        result: tuple[Any, dict[str, Any]] = self.env.reset(seed=seed, options=options)
        self._native.check_curriculum()
        return result

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Take a step; actors whose turn it is have acted before it is observed."""
        result: tuple[Any, Any, Any, Any, dict[str, Any]] = self.env.step(action)
        self._native.check_curriculum()
        return result

    def take_events(self) -> list[Any]:
        """What the actors tried since this was asked last: who, when, what, and why refused.

        Of a batch: a list for every world.
        """
        events: list[Any] = json.loads(self._native.take_events())
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
        gym.utils.RecordConstructorArgs.__init__(
            self, intervention_actors=intervention_actors, actives=actives, space=space
        )
        gym.Wrapper.__init__(self, env)
        self._curriculum = _Curriculum(intervention_actors, actives, space)
        self._attach()

    def __getnewargs__(self) -> tuple[Any]:
        """Let copies and pickles know what kind of wrapper it is."""
        return (self.__dict__.get("env"),)


class VectorCurriculumWrapper(_Directed, VectorWrapper):
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
        super().__init__(env)
        self._curriculum = _Curriculum(intervention_actors, actives, space)
        self._attach()


def _active(active: Active) -> list[int | None]:
    return [_moment(one) for one in checks.sequence("actives", active, "whole numbers")]


def _moment(number: Any) -> int | None:
    if number is None or (isinstance(number, float) and number == math.inf):
        return None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    return checks.count("actives", number, 0)


def _custom(actor: Any) -> tuple[str, Callable[..., Any]]:
    act = getattr(actor, "act", actor)
    if not callable(act):
        known = "pass one of this module, a function, or an object with a method 'act'"
        raise SettingError(f"intervention_actors: {checks.shown(actor)}: {known}")
    name = getattr(actor, "name", None) or getattr(actor, "__name__", type(actor).__name__)
    return str(name), _Asked(act)


@dataclass(frozen=True)
class _Asked:
    """A custom actor as the native half calls it; can be pickled where the actor can."""

    act: Callable[..., Variables | None]

    def __call__(self, variables: Variables, key: tuple[int, ...]) -> Variables | None:
        """Ask the actor, with a generator that is a function of the key."""
        return self.act(variables, np.random.default_rng(list(key)))
