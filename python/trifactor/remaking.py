"""What environments are made again from: specs that follow them, and wrappers of batches."""

from __future__ import annotations

import copy
import dataclasses
import json
import weakref
from collections.abc import Mapping, Sequence
from enum import Enum
from os import PathLike, fspath
from typing import Any

import numpy as np
from gymnasium.envs.registration import EnvSpec, load_env_creator
from gymnasium.vector import VectorEnv, VectorWrapper

from trifactor._trifactor import State
from trifactor.errors import SettingError

BATCH = "trifactor.remaking:make_batch"
"""What makes a batch in its wrappers, as specs name it."""


class Making:
    """The arguments that make an environment again, shared by all specs of it.

    `given` are those that it was made with, `changed` those that it came by later.
    """

    def __init__(self, owner: object) -> None:
        """Begin with nothing; a copy is made together with the owner's, never alone."""
        self.given: dict[str, Any] = {}
        self.changed: dict[str, Any] = {}
        self.belongs_to(owner)

    def belongs_to(self, owner: object) -> None:
        """Say whose these arguments are."""
        self._owner = weakref.ref(owner)

    def arguments(self) -> dict[str, Any]:
        """The arguments, as JSON can say them but for functions."""
        return {name: plain(value) for name, value in {**self.given, **self.changed}.items()}

    def __deepcopy__(self, memo: dict[int, Any]) -> Making:
        """Stay the same in a copy of a spec; in one of the environment be its own."""
        owner = self._owner()
        if owner is None or id(owner) not in memo:
            return self
        made = Making(memo[id(owner)])
        made.given, made.changed = dict(self.given), dict(self.changed)
        memo[id(self)] = made
        return made

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the owner, who says so again."""
        return {"given": self.given, "changed": self.changed}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Belong to nobody."""
        self.__dict__.update(contents)
        self.belongs_to(type(self))


class WorldSpec(EnvSpec):
    """A spec whose `kwargs` are what its environment is made of now.

    Gymnasium's wrappers keep the spec that they were asked for first; this one follows what is
    changed later. Where `kwargs` are set, it follows no longer.
    """

    _making: Making | None = None
    _fixed: dict[str, Any]

    @classmethod
    def of(cls, spec: EnvSpec, making: Making) -> WorldSpec:
        """The spec of an environment that Gymnasium made."""
        making.given = dict(spec.kwargs)
        fields = [field.name for field in dataclasses.fields(EnvSpec) if field.init]
        made = cls(**{name: getattr(spec, name) for name in fields})
        made._making = making
        return made

    @property
    def kwargs(self) -> dict[str, Any]:
        """The keyword arguments that make the environment as it is now."""
        return self._fixed if self._making is None else self._making.arguments()

    @kwargs.setter
    def kwargs(self, arguments: dict[str, Any]) -> None:
        self._making, self._fixed = None, arguments

    def to_json(self) -> str:
        """The spec as JSON.

        Raises:
            SettingError: functions belong to it, which no file holds; with their names.
        """
        refuse_code(self)
        return super().to_json()

    def __eq__(self, other: object) -> bool:
        """Whether two specs make the same environment."""
        if not isinstance(other, EnvSpec):
            return NotImplemented
        names = [field.name for field in dataclasses.fields(EnvSpec)]
        return all(getattr(self, name) == getattr(other, name) for name in names)

    __hash__ = None  # type: ignore[assignment]


class BatchWrapper(VectorWrapper):
    """A wrapper of batches that stands in their spec, so that `gymnasium.make_vec` makes it again."""

    def __init__(self, env: VectorEnv[Any, Any, Any], **arguments: Any) -> None:
        """Wrap a batch.

        Args:
            env: the batch.
            arguments: those of the constructor, by name.
        """
        super().__init__(env)
        self._saved_kwargs = copy.deepcopy(plain(arguments))

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]
        """The spec of the batch, with this wrapper."""
        spec = copy.deepcopy(self.env.spec)
        if spec is None:
            return None
        arguments = dict(spec.kwargs)
        arguments.setdefault("batch", spec.vector_entry_point)
        name = f"{type(self).__module__}:{type(self).__name__}"
        own = {"entry_point": name, "kwargs": self._saved_kwargs}
        arguments["batch_wrappers"] = [*arguments.get("batch_wrappers", ()), own]
        spec.kwargs, spec.vector_entry_point = arguments, BATCH
        return spec


def make_batch(
    num_envs: int = 1,
    *,
    batch: str,
    batch_wrappers: Sequence[Mapping[str, Any]],
    **arguments: Any,
) -> VectorEnv[Any, Any, Any]:
    """Make a batch in its wrappers, for `gymnasium.make_vec`.

    Args:
        num_envs: how many worlds.
        batch: the entry point of the batch itself.
        batch_wrappers: the wrappers from the inmost: `entry_point`, and `kwargs` beside the batch.
        arguments: those of the batch.
    """
    made: Any = load_env_creator(batch)
    envs = made(num_envs=num_envs, **arguments)
    for wrapper in batch_wrappers:
        entry: Any = load_env_creator(wrapper["entry_point"])
        envs = entry(envs, **wrapper["kwargs"])
    return envs  # type: ignore[no-any-return]


def unwrapped_spec(spec: EnvSpec) -> WorldSpec:
    """The spec of the batch alone, of one that `make_batch` made."""
    arguments = dict(spec.kwargs)
    batch = arguments.pop("batch", spec.vector_entry_point)
    arguments.pop("batch_wrappers", None)
    made = fixed(spec, arguments)
    made.vector_entry_point = batch
    return made


def fixed(spec: EnvSpec, arguments: dict[str, Any]) -> WorldSpec:
    """A spec with these arguments, which follow nothing."""
    fields = [field.name for field in dataclasses.fields(EnvSpec) if field.init]
    return WorldSpec(**{**{name: getattr(spec, name) for name in fields}, "kwargs": arguments})


def plain(value: Any) -> Any:
    """A value as JSON has it, with tuples as lists; what is code stays what it is."""
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, State):
        return json.loads(value.to_json())
    if isinstance(value, Enum):
        return value.value
    return fspath(value) if isinstance(value, PathLike) else value


def refuse_code(spec: EnvSpec) -> None:
    """Refuse a spec to which something belongs that no file holds.

    Raises:
        SettingError: there is such; with its names.
    """
    held = _code("", spec.kwargs)
    for wrapper in spec.additional_wrappers:
        own = ["arguments"] if wrapper.kwargs is None else _code("", wrapper.kwargs)
        held += [f"{name} of {wrapper.name}" for name in own]
    if held:
        raise SettingError(
            f"no file holds {', '.join(held)}: functions are code, and some wrappers do not say "
            "what they were made with; pickle the environment, or make it without and add that "
            "again"
        )


def _code(path: str, value: Any) -> list[str]:
    """Where in a value there is what JSON cannot say."""
    if isinstance(value, Mapping):
        parts = [(f"{path}.{name}" if path else str(name), part) for name, part in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(f"{path}[{place}]", part) for place, part in enumerate(value)]
    else:
        said = value is None or isinstance(value, (str, bool, int, float))
        return [] if said else [path]
    return [name for below, part in parts for name in _code(below, part)]
