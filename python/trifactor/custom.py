"""Tasks of one's own: families as JSON or dictionaries, goals and rewards as functions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import State, family_document, resolve_family
from trifactor.errors import FormatError, SettingError, ShapeError

Array: TypeAlias = NDArray[Any]
RewardFunction: TypeAlias = Callable[[State, State, dict[str, Any]], float]
"""What a step is worth: a function of the state before it, the state after it, and `info`."""


def get_family(name: str) -> dict[str, Any]:
    """The document of a built-in task family, as a dictionary to change and to make an env of.

    Raises:
        SettingError: no family has that name.
    """
    document: dict[str, Any] = json.loads(family_document(checks.text("name", name)))
    return document


class StateReward(gym.Wrapper[Array, Array, Array, Array], gym.utils.RecordConstructorArgs):
    """Pays what a function of the states before and after a step says, and nothing else.

    The function also gets `info`, with the family's own raw terms; that of the family's reward is
    put there as `info["family_reward"]`, 0 after a reset. Where an actor intervened within the step
    (`info["intervened"]`), the state after it is the one after the intervention.
    """

    def __init__(self, env: gym.Env[Array, Array], reward_function: RewardFunction) -> None:
        """Wrap a `TriFingerEnv`, itself wrapped or not.

        Args:
            env: the environment.
            reward_function: of (before, after, info); a function of these alone, so that any
                recorded transition can be paid again.

        Raises:
            ShapeError: the environment has no states.
        """
        inner = getattr(env, "unwrapped", env)
        if not hasattr(inner, "get_state"):
            raise ShapeError(f"env: expected a TriFingerEnv, got {type(inner).__name__}")
        reward_function = checks.function("reward_function", reward_function)
        gym.utils.RecordConstructorArgs.__init__(self, reward_function=reward_function)
        gym.Wrapper.__init__(self, env)
        self._reward_function = reward_function

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode; nothing is paid."""
        observation, info = self.env.reset(seed=seed, options=options)
        info["family_reward"] = 0.0
        return observation, info

    def step(self, action: Array) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Hold the action for one control step, and pay what the function says."""
        world: Any = self.env.unwrapped
        before = world.get_state()
        observation, reward, terminated, truncated, info = self.env.step(action)
        info["family_reward"] = reward
        reward = float(self._reward_function(before, world.get_state(), info))
        return observation, reward, terminated, truncated, info


def stream(state: State, name: str) -> np.random.Generator:
    """A generator that is a function of a state's seed, episode and step, and of a name."""
    return np.random.default_rng([state.seed, state.episode, state.step, *name.encode()])


def family_name_and_document(family: object) -> tuple[str, str | None]:
    """A family's name, and its JSON document where it is not built in."""
    if isinstance(family, str) and not family.endswith(".json"):
        return family, None
    check_family(family)
    assert isinstance(family, (str, os.PathLike, Mapping))
    folder = Path() if isinstance(family, Mapping) else Path(os.fspath(family)).parent
    document = resolve_family(_text("family", family), folder)
    return json.loads(document)["name"], document


def check_family(family: object) -> None:
    """Refuse what says no family.

    Raises:
        SettingError: it is no name, path or dictionary.
    """
    if not isinstance(family, (str, os.PathLike, Mapping)):
        known = "pass a name, the path of a JSON file, or a dictionary"
        raise SettingError(f"family {checks.shown(family)}: {known}")


def description_text(description: object) -> str:
    """The JSON of a world's description."""
    if not isinstance(description, (str, os.PathLike, Mapping)):
        kind = type(description).__name__
        raise ShapeError(f"description: expected a dictionary or the path of a file, got {kind}")
    return _text("description", description)


def _text(what: str, document: str | os.PathLike[str] | Mapping[str, Any]) -> str:
    """The JSON text of a dictionary or of a file; it is JSON, whatever it says."""
    if isinstance(document, Mapping):
        return checks.document(what, document)
    path = Path(os.fspath(document))
    try:
        text = path.read_text(encoding="utf-8")
        json.loads(text)
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: {error}") from error
    return text
