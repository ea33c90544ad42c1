"""Many environments at once, as Gymnasium's vector environments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from trifactor import checks, warn
from trifactor._trifactor import NativeVecEnv, State
from trifactor.causes import BatchCauses, Branch
from trifactor.curriculum.document import Curriculum
from trifactor.env import TriFingerEnv
from trifactor.errors import SettingError, ShapeError
from trifactor.interventions import BatchInterventionResult, BatchInterventions
from trifactor.observation import Array
from trifactor.remaking import fixed, plain, unwrapped_spec
from trifactor.worlds import OneByOne, refuse_of_batches

__all__ = [
    "BatchInterventionResult",
    "Branch",
    "Seeds",
    "TriFingerGoalVectorEnv",
    "TriFingerVectorEnv",
]

Seeds = int | Sequence[int | None] | None
"""One for all, of which world i has `seed + i`; or one for each, None for the next episode."""

MOST_WORLDS = 2**20
"""The most worlds of a batch."""


class TriFingerVectorEnv(
    BatchInterventions, BatchCauses, OneByOne, VectorEnv[Any, Array, Any]
):
    """Many worlds of one kind, stepped together on threads of their own.

    World i gives the same bits as a `TriFingerEnv` with its seed, whatever the number of worlds
    and threads. An intervention that would change how many numbers an observation has is refused;
    `max_blocks`, or `max_entities`, makes room for it.

    The interpreter is free while the worlds compute. The threads are started by the first call
    that has work for them, so that a process may fork before; in a child that was forked later
    they are started anew. A batch can be pickled at any time, and goes on the same.
    """

    _single_class: ClassVar[type[TriFingerEnv]] = TriFingerEnv

    def __init__(
        self,
        num_envs: int = 1,
        *,
        num_threads: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        copy: bool = True,
        starting_states: Sequence[State | Mapping[str, Any] | None] | None = None,
        extra_observations: Mapping[str, Any] | None = None,
        goal_sampler: None = None,
        **settings: Any,
    ) -> None:
        """Build the worlds.

        Args:
            num_envs: how many.
            num_threads: that step them; None for as many as the machine runs at once. With one it
                is the caller's.
            autoreset_mode: what becomes of a world whose episode has ended: `NextStep`, `SameStep`
                or `Disabled`.
            copy: whether every call returns an array of its own. Without, observations are
                returned in one array that every call writes into.
            starting_states: the state that each world's resets return to, where they differ: a
                state, itself or as a dictionary, or None for `starting_state`.
            extra_observations: none; functions in Python cannot be called from the threads.
            goal_sampler: none, for the same reason.
            settings: the arguments of `TriFingerEnv`.

        Raises:
            SettingError: an argument is none of the values above.
            FormatError: the family is no family.
        """
        functions = {"extra_observations": extra_observations, "goal_sampler": goal_sampler}
        for name, given in functions.items():
            if given:
                raise SettingError(
                    f"{name}: a batch calls no function in Python; use "
                    "gymnasium.vector.SyncVectorEnv, or do it on the whole batch's arrays"
                )
        num_envs = checks.count("num_envs", num_envs, high=MOST_WORLDS)
        self._threads = checks.threads(num_threads)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError as error:
            known = ", ".join(mode.value for mode in AutoresetMode)
            raise SettingError(
                f"autoreset_mode {checks.shown(autoreset_mode)}: choose {known}"
            ) from error
        refuse_of_batches(settings)
        single = self._single_class(**settings)
        self._single = single
        self._native = NativeVecEnv(
            single._native, num_envs, self._threads, self.autoreset_mode.value
        )
        self.num_envs = num_envs
        if starting_states is not None:
            starts = self._one_for_each("starting_states", starting_states)
            self._native.start_from([None if one is None else _state(one) for one in starts])
        self._curriculum: Curriculum | None = None
        self._alone: TriFingerEnv | None = None
        if single._curriculum is not None:
            self._direct(single._curriculum)
        self._spec = single.spec
        self.num_threads = self._native.threads()
        self.copy = checks.flag("copy", copy)
        self.render_mode = single.render_mode
        self.metadata = {
            **single.metadata,
            "render_modes": ["rgb_array"],
            "autoreset_mode": self.autoreset_mode,
        }
        self.single_action_space = single.action_space
        self.single_observation_space = single.observation_space
        self.action_space = batch_space(single.action_space, num_envs)
        self.observation_space = batch_space(single.observation_space, num_envs)
        self._dtype = single._settings.dtype
        self._lengths = (single._native.observation_len(), single._native.goal_len())
        # Worlds that have a seed: the others draw one at their first reset.
        self._seeded = np.zeros(num_envs, np.bool_)
        self._buffers: tuple[Array, ...] | None = None if self.copy else self._new_buffers()
        self._attributes: list[dict[str, Any]] = [{} for _ in range(num_envs)]

    @property
    def spec(self) -> EnvSpec | None:
        """What `gymnasium.make_vec` makes this batch again from, as it is now.

        Its `kwargs` have the worlds' starting states, with the delays in them, and the curriculum;
        `to_json` refuses functions, which no file holds.
        """
        if self._spec is None:
            return None
        starts = self._native.own_starts()
        same = all(start == starts[0] for start in starts)
        changed: dict[str, Any] = {
            **self._single._making.changed,
            "num_envs": self.num_envs,
            "vectorization_mode": "vector_entry_point",
            "autoreset_mode": self.autoreset_mode,
            "num_threads": self._threads or None,
            "copy": self.copy,
            "starting_state": starts[0] if same else None,
            "starting_states": None if same else starts,
        }
        usual = {"num_threads": None, "copy": True, "starting_state": None, "starting_states": None}
        arguments = plain({**self._spec.kwargs, **changed})
        for name in [name for name in usual if arguments[name] == usual[name]]:
            del arguments[name]
        return fixed(self._spec, arguments)

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = None if spec is None else unwrapped_spec(spec)

    @property
    def dt(self) -> float:
        """Length of a control step, s."""
        return self._single.dt

    def reset(
        self, *, seed: Seeds = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in every world, or in those of `options["reset_mask"]`.

        Args:
            seed: of world 0, from which world i has `seed + i`; or one for each world. Where it is
                None, the next episode of the seed that the world has; a world that has none is
                given one by chance.
            options: `reset_mask`: an array of bool, one for each world.

        Returns:
            The observations of all worlds, and `infos` of those that were reset.

        Raises:
            SettingError: a seed is out of range, or an option is unknown.
            ShapeError: the mask is no such array, or the seeds are not one for each world.
        """
        options = {} if options is None else checks.dictionary("options", options)
        mask = self._mask(options.pop("reset_mask", None))
        if options:
            known = "reset_mask is the only one"
            raise SettingError(f"options: unknown option {next(iter(options))!r}; {known}")
        seeds = self._seeds(seed)
        super().reset(seed=seed if isinstance(seed, int) else None)
        chosen = np.ones(self.num_envs, np.bool_) if mask is None else mask
        for world in np.flatnonzero(chosen & ~self._seeded):
            if seeds[world] is None:
                _ = self.np_random
                seeds[world] = ((self.np_random_seed or 0) + int(world)) % 2**64
        buffers = self._buffers_to_fill()
        self._native.reset(seeds, None if mask is None else mask.tolist(), buffers[0])
        if self._curriculum is not None:
            self._native.check_curriculum()
        self._seeded |= chosen
        truncated = np.zeros(self.num_envs, np.bool_)
        return self._shown(buffers), self._infos(chosen, truncated)

    def step(
        self, actions: ArrayLike
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Hold an action in every world for one control step.

        Args:
            actions: nine numbers for every world.

        Returns:
            Observations, rewards, terminations, truncations, and `infos`: arrays by name, as
            `TriFingerEnv.step` names them, each with a mask `_name` of the worlds that have it.
            With `SameStep`, `final_obs` and `final_info` are of the episodes that ended.

        Raises:
            ShapeError: the actions are not nine numbers for every world.
            NotFiniteError: they contain NaN or infinity; the message names the world.
            OrderError: a world was not reset, or, with `Disabled`, not since its episode ended.
        """
        numbers = checks.numbers("actions", actions, (self.num_envs, 9))
        buffers = self._buffers_to_fill()
        rewards = np.zeros(self.num_envs)
        terminated, truncated = (np.zeros(self.num_envs, np.bool_) for _ in range(2))
        if self._native.step(numbers, buffers[0], rewards, terminated, truncated):
            warn.outside()
        if self._curriculum is not None:
            self._native.check_curriculum()
        same_step = self.autoreset_mode == AutoresetMode.SAME_STEP
        ended = np.logical_and(truncated, False) if same_step else truncated
        infos = self._infos(None, ended)
        if same_step:
            self._add_finals(infos, truncated)
        return self._shown(buffers), rewards, terminated, truncated, infos

    def present_infos(self, worlds: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """What `infos` says of the present states of all worlds, or of those of a mask."""
        chosen = None if worlds is None else checks.mask("worlds", worlds, self.num_envs)
        return self._infos(chosen, np.zeros(self.num_envs, np.bool_))

    def observe(self) -> Any:
        """The observations of the present states."""
        buffers = self._buffers_to_fill()
        self._native.observe_into(buffers[0])
        return self._shown(buffers)

    def get_states(self) -> list[State]:
        """Every world's state."""
        return self._native.states()

    def set_states(self, states: Sequence[State]) -> None:
        """Go on from these states, one for each world; all of them, or none.

        Raises:
            ShapeError: they are not one for each world.
            StateError: one belongs to another kind of world; the message names the world.
        """
        states = self._one_for_each("states", states)
        self._native.set_states([checks.state(state, "states") for state in states])
        self._seeded[:] = True

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """A picture of every world's present state; None without `render_mode`."""
        if self.render_mode is None:
            warn.no_render_mode()
            return None
        picture = self._single._settings.picture
        return tuple(self._native.render(world, *picture) for world in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """End the threads."""
        # Where the constructor refused, Gymnasium closes what was never made.
        if hasattr(self, "_native"):
            self._native.close()

    def _direct(self, curriculum: Curriculum) -> None:
        """Let a curriculum intervene in every world from its next reset on."""
        self._native.set_curriculum(curriculum.document, curriculum.custom)
        self._single._direct(curriculum)
        self._curriculum, self._alone = curriculum, None

    def _new_buffers(self) -> tuple[Array, ...]:
        return (np.empty((self.num_envs, self._lengths[0]), self._dtype),)

    def _buffers_to_fill(self) -> tuple[Array, ...]:
        return self._new_buffers() if self._buffers is None else self._buffers

    def _shown(self, buffers: tuple[Array, ...]) -> Any:
        return self._single._arrangement.arrange(buffers[0])

    def _infos(
        self, mask: NDArray[np.bool_] | None, truncated: NDArray[np.bool_]
    ) -> dict[str, Any]:
        infos = self._native.infos(None if mask is None else mask.tolist())
        strength = self._single._settings.local_masks
        if strength is not None:
            shown = np.ones(self.num_envs, np.bool_) if mask is None else mask
            masks, known = self.local_masks(strength)
            pairs, _ = self.mask_pairs()
            known &= shown
            masks[~known], pairs[~known] = False, np.nan
            infos["local_mask"], infos["_local_mask"] = masks, known
            infos["mask_pairs"], infos["_mask_pairs"] = pairs, known.copy()
            infos["mask_known"], infos["_mask_known"] = known.copy(), shown.copy()
        return infos

    def _add_finals(self, infos: dict[str, Any], truncated: NDArray[np.bool_]) -> None:
        finals = self._native.finals(self._dtype == np.uint8)
        if finals is None:
            return
        worlds, observations, achieved, desired, info = finals
        final, mask = np.full(self.num_envs, None, object), np.zeros(self.num_envs, np.bool_)
        mask[worlds] = True
        buffers = (observations.astype(self._dtype), achieved, desired)
        for row, world in enumerate(worlds):
            final[world] = self._shown_final(tuple(buffer[row] for buffer in buffers))
        infos["final_obs"], infos["_final_obs"] = final, mask
        for name in ("local_mask", "mask_pairs", "mask_known"):
            if name in infos:
                # They are of the step that ended the episode.
                info[name], info[f"_{name}"] = infos[name].copy(), infos[f"_{name}"] & mask
        infos["final_info"], infos["_final_info"] = info, mask.copy()

    def _shown_final(self, buffers: tuple[Array, ...]) -> Any:
        return self._shown(buffers)

    def _mask(self, mask: Any) -> NDArray[np.bool_] | None:
        if mask is None:
            return None
        fits = isinstance(mask, np.ndarray) and mask.shape == (self.num_envs,)
        if not fits or mask.dtype != np.bool_ or not mask.any():
            raise ShapeError(
                f"reset_mask: expected an array of {self.num_envs} bool with one of them true, "
                f"got {mask!r}"
            )
        return np.array(mask, np.bool_)

    def _seeds(self, seed: Seeds) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if checks.integer(seed) is not None or not isinstance(seed, Iterable):
            first = checks.seed(seed)
            return [checks.seed(first + i) for i in range(self.num_envs)]
        seeds = self._one_for_each("seed", seed)
        return [None if each is None else checks.seed(each) for each in seeds]


def _state(given: State | Mapping[str, Any]) -> State:
    """A starting state, itself or as a dictionary."""
    if isinstance(given, State):
        return given
    return State.from_json(checks.document("starting_states", given))
