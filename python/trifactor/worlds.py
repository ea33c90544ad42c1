"""The worlds of a batch one by one: methods called, attributes kept, all of it pickled."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import NativeVecEnv, Snapshot
from trifactor.curriculum.document import Curriculum
from trifactor.env import TriFingerEnv
from trifactor.errors import SettingError, ShapeError
from trifactor.observation import Variables

OF_THE_BATCH = (
    "reset",
    "step",
    "close",
    "render",
    "set_intervention_space",
    "do_single_random_intervention",
    "local_mask",
    "mask_edges",
    "feature_mask",
    "get_contacts",
)
"""Methods of a single environment that need more of it than its state."""


class OneByOne:
    """What `TriFingerVectorEnv` does for each of its worlds as if it were a `TriFingerEnv`."""

    num_envs: int
    autoreset_mode: AutoresetMode
    copy: bool
    _single: TriFingerEnv
    _native: NativeVecEnv
    _threads: int
    _seeded: NDArray[Any]
    _buffers: Any
    _alone: TriFingerEnv | None
    _curriculum: Curriculum | None
    _attributes: list[dict[str, Any]]

    def call(
        self, name: str, *args: Any, worlds: Iterable[int] | None = None, **kwargs: Any
    ) -> tuple[Any, ...]:
        """Call a method of `TriFingerEnv` for every world, in turn.

        What the method changes is kept, when it was called for all of them; where one raises,
        nothing changes.

        Args:
            name: of the method.
            args: the same for all.
            worlds: which; all by default.
            kwargs: the same for all.

        Returns:
            What it returned for each.

        Raises:
            AttributeError: there is no such method.
            SettingError: it is one that only the batch can do, such as `step`.
        """
        name = checks.text("name", name)
        method = getattr(TriFingerEnv if name in OF_THE_BATCH else self._single, name)
        if name in OF_THE_BATCH or name.startswith("_") or not callable(method):
            raise SettingError(f"call {name!r}: no method of single worlds; ask the batch itself")
        results = []
        changed: list[Any] = [None] * self.num_envs
        for world in self._chosen(worlds):
            before, ended, seeded, intervened = changed[world] or self._native.save(world)
            env = self._alone_as(before)
            results.append(getattr(env, name)(*args, **kwargs))
            after = env._native.save()
            if after != before:
                given = name == "set_state"
                begun = given or name == "set_starting_state"
                changed[world] = (after, ended and not begun, seeded or given, intervened)
        if any(changed):
            self._native.restore(changed)
            for world, one in enumerate(changed):
                self._seeded[world] |= one is not None and one[2]
        return tuple(results)

    def get_attr(self, name: str, *, worlds: Iterable[int] | None = None) -> tuple[Any, ...]:
        """An attribute of every world: what `set_attr` put there, or that of a `TriFingerEnv`.

        Args:
            name: of the attribute.
            worlds: which; all by default.

        Raises:
            AttributeError: one of them has none of that name.
        """
        name = checks.text("name", name)
        own = [self._attributes[world].get(name, self) for world in self._chosen(worlds)]
        return tuple(getattr(self._single, name) if one is self else one for one in own)

    def set_attr(self, name: str, values: Any) -> None:
        """Keep an attribute of your own with every world, for `get_attr`.

        Args:
            name: no attribute that a `TriFingerEnv` has: those are what the worlds share.
            values: a list or tuple with one for each world, or one for all.

        Raises:
            SettingError: a `TriFingerEnv` has an attribute of that name.
            ShapeError: there is not one for each world.
        """
        if not isinstance(values, list | tuple):
            values = [values] * self.num_envs
        if len(values) != self.num_envs:
            raise ShapeError(f"{name}: expected {self.num_envs} values, got {len(values)}")
        self.keep_attribute(name, dict(enumerate(values)))

    def keep_attribute(self, name: str, values: dict[int, Any]) -> None:
        """Keep an attribute of your own with some worlds, by their index; as `set_attr`."""
        if hasattr(self._single, checks.text("name", name)):
            raise SettingError(
                f"{name}: the worlds of a batch share it; make another batch, or set variables "
                "by do_interventions"
            )
        for world in self._chosen(list(values)):
            self._attributes[world][name] = values[world]

    def sample_new_goals(self, worlds: Sequence[bool] | NDArray[Any] | None = None) -> list[Any]:
        """A random goal for every world, or for those of a mask, as interventions; not yet applied.

        Each is what `sample_new_goal` of a `TriFingerEnv` in that world's state is.
        """
        goals: list[Variables | None] = [None] * self.num_envs
        chosen = None if worlds is None else checks.mask("worlds", worlds, self.num_envs)
        for world in range(self.num_envs):
            if chosen is None or chosen[world]:
                env = self._alone_as(self._native.save(world)[0])
                goals[world] = env.sample_new_goal()
        return goals

    def _chosen(self, worlds: Iterable[int] | None) -> list[int]:
        if worlds is None:
            return list(range(self.num_envs))
        listed = checks.sequence("worlds", worlds, "worlds' numbers")
        return [checks.index("world", world, self.num_envs) for world in listed]

    def _alone_as(self, saved: Snapshot) -> TriFingerEnv:
        """An environment that stands where one world stands."""
        if self._alone is None:
            self._alone = copy.deepcopy(self._single)
        self._alone._native.restore(saved)
        self._alone._follow_scene()
        return self._alone

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the native half, which is rebuilt from where its worlds stand."""
        saved = [self._native.save(world) for world in range(self.num_envs)]
        return {**self.__dict__, "_native": None, "_alone": None, "_buffers": None, "_saved": saved}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Rebuild the native half, with no thread running yet, and put every world in its place."""
        contents = dict(contents)
        saved = contents.pop("_saved")
        self.__dict__.update(contents)
        mode = self.autoreset_mode.value
        self._native = NativeVecEnv(self._single._native, self.num_envs, self._threads, mode)
        if self._curriculum is not None:
            self._native.set_curriculum(self._curriculum.document, self._curriculum.custom)
        self._native.restore(saved)
        self._buffers = None if self.copy else self._new_buffers()

    def _new_buffers(self) -> Any:
        raise NotImplementedError


def refuse_of_batches(settings: Mapping[str, Any]) -> None:
    """Refuse settings that only an environment alone can have.

    Raises:
        SettingError: there is one.
    """
    if settings.get("render_mode") == "human":
        raise SettingError("render_mode 'human': a batch has no window; choose 'rgb_array'")
    if settings.get("expose_potential_partial_solution"):
        raise SettingError(
            "expose_potential_partial_solution: infos of a batch have no interventions; ask its "
            "worlds: call('privileged_solution')"
        )
