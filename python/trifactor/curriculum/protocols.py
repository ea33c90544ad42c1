"""Protocols of evaluation, and the worlds they consist of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from typing import Any, TypeAlias

import gymnasium as gym

from trifactor import checks
from trifactor._trifactor import begin_world, follow_world, protocol_manifest
from trifactor._trifactor import protocols as native_protocols
from trifactor.curriculum.agent import observe_anew
from trifactor.custom import family_name_and_document
from trifactor.remaking import plain

Family: TypeAlias = str | PathLike[str] | Mapping[str, Any]


def get_protocols(family: Family, *, generated: bool = True) -> list[dict[str, Any]]:
    """The protocols of a family: the reference's, then those generated from its variables.

    Returns:
        A dictionary for each: `name`, `description`, `start` (the space drawn from before the
        episode), and perhaps `within` (what is drawn for times in it) and `family` (whose worlds
        they are, where not this one's).
    """
    name, document = family_name_and_document(family)
    all_of_them: list[dict[str, Any]] = json.loads(
        native_protocols(name, document, checks.flag("generated", generated))
    )
    return all_of_them


def get_manifest(
    family: Family, protocol: str | Mapping[str, Any], worlds: int = 200, seed: int = 0
) -> dict[str, Any]:
    """The worlds of a protocol: a function of the arguments, the same for every agent.

    Args:
        family: the task family.
        protocol: its name, such as `P4`; or one of your own: `name`, `description`, `start`.
        worlds: how many.
        seed: that they are drawn from.

    Returns:
        A dictionary that JSON can say: `protocol`, and `worlds` with `family`, `seed`, `start`
        (what to set before the episode), `within` and `refused`.

    Raises:
        UnknownVariableError, SettingError, FormatError: there is no such protocol, or no such seed.
    """
    count, seed = checks.count("worlds", worlds), checks.seed(seed)
    name, document = family_name_and_document(family)
    chosen = protocol if isinstance(protocol, str) else checks.document("protocol", protocol)
    manifest: dict[str, Any] = json.loads(
        protocol_manifest(name, document, chosen, count, seed)
    )
    return manifest


class ProtocolWrapper(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Begins every episode in the next world of a protocol, and intervenes within it as that says.

    The worlds are the same for every agent; after the last comes the first again.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        protocol: str | Mapping[str, Any],
        *,
        worlds: int = 200,
        seed: int = 0,
    ) -> None:
        """Wrap a `TriFingerEnv`, on which no other wrapper changes observations.

        Args:
            env: the environment, of the family that the protocol's worlds are of.
            protocol: its name, such as `P4`; or one of your own: `name`, `description`, `start`.
            worlds: how many worlds.
            seed: that they are drawn from.

        Raises:
            UnknownVariableError, SettingError, FormatError: there is no such protocol.
        """
        checks.native(env)
        arguments = {"protocol": plain(protocol), "worlds": plain(worlds), "seed": plain(seed)}
        gym.utils.RecordConstructorArgs.__init__(self, **arguments)
        gym.Wrapper.__init__(self, env)
        world: Any = env.unwrapped
        settings = world._settings
        family = settings.document and json.loads(settings.document)
        manifest = get_manifest(family or settings.config["family"], protocol, worlds, seed)
        self.worlds: list[dict[str, Any]] = manifest["worlds"]
        self.index = -1
        """The world of the present episode."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin the next world; its seed is its own, whatever is asked for."""
        self.index = (self.index + 1) % len(self.worlds)
        here, world = self.worlds[self.index], self._world
        _, info = self.env.reset(seed=here["seed"], options=options)
        begin_world(world._native, json.dumps(here))
        return observe_anew(world, info), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step; what is due after it has been done before it is observed."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if self.worlds[self.index].get("within"):
            changed = follow_world(self._world._native, json.dumps(self.worlds[self.index]))
            if changed:
                observation, info["intervened"] = observe_anew(self._world, info), True
        return observation, reward, terminated, truncated, info

    @property
    def _world(self) -> Any:
        return self.env.unwrapped
