"""The environment as Gymnasium knows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box
from numpy.typing import NDArray

from trifactor import checks, warn
from trifactor._trifactor import NativeEnv, State, step_masks
from trifactor.causes import Causes
from trifactor.curriculum.document import Curriculum
from trifactor.custom import description_text
from trifactor.errors import SettingError
from trifactor.interventions import InterventionResult, Interventions
from trifactor.remaking import Making, WorldSpec
from trifactor.observation import Arrangement, Array
from trifactor.settings import GoalSampler, Settings, arguments_of, described
from trifactor.window import Window, available_modes

__all__ = ["GoalSampler", "InterventionResult", "TriFingerEnv"]

if TYPE_CHECKING:
    from typing_extensions import Self, TypeVar

    Seen = TypeVar("Seen", default=Any)
else:
    from typing import TypeVar

    Seen = TypeVar("Seen")


class TriFingerEnv(Interventions, Causes, gym.Env[Seen, Array], Generic[Seen]):
    """A TriFinger robot among blocks, with interventions on every causal variable.

    Actions are nine numbers, in [-1, 1] unless `normalize_actions=False`; finite ones outside
    are clipped. Structured observations are flat and keep the order, sizes and normalisation of
    the reference (CausalWorld), which does not clip them: `observation_space` is therefore infinite
    where nothing bounds a number, and `nominal_observation_space` holds the bounds of the
    normalisation. Where an intervention changes how many blocks there are, the spaces follow,
    unless a maximum is declared. Type checkers take what observations are from an annotation, such
    as `env: TriFingerEnv[NDArray[np.float32]]`; `TriFingerEnv` alone leaves it open.

    Whatever is refused raises an exception below `trifactor.TrifactorError`, or comes back as the
    `.reason` of an intervention, and leaves the environment exactly as it was.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array", "human"], "render_fps": 25}

    _goal_conditioned = False

    @arguments_of(Settings)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        settings = Settings(*args, **kwargs)
        self._settings = settings
        self.render_mode = settings.render_mode
        self._curriculum: Curriculum | None = None
        self._making = Making(self)
        self._native = self._begun_as(settings.starting_state)
        self.spec = self._own_spec()
        self._note_making()
        if settings.curriculum is not None:
            self._direct(settings.curriculum)
        self._arrangement = Arrangement(self._native, settings.extra_observations)
        # Random interventions since the reset; each takes a stream of its own.
        self._draws = 0
        low, high = self._native.action_space()
        self.action_space = Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)
        self._set_observation_spaces()
        self.metadata = {
            **self.metadata,
            "render_modes": available_modes(),
            "render_fps": max(1, round(1.0 / self.dt)),
        }
        self._window = self._new_window()

    @property
    def dt(self) -> float:
        """Length of a control step, s."""
        return self._native.dt()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Seen, dict[str, Any]]:
        """Begin an episode in the starting state; return the observation and `info`.

        With a seed it is episode 0 of that seed; without one, the next episode of the seed that
        was given last. Where none ever was, the system chooses one: `np_random_seed` is it.

        Args:
            seed: of all random streams, 0 to 2**64 - 1.
            options: there is none yet; None or empty.

        Raises:
            SettingError: the seed is out of range, or an option is given.
        """
        checks.no_options(options)
        seed = None if seed is None else checks.seed(seed)
        first = self._np_random is None
        super().reset(seed=seed)
        if seed is None and first:
            seed = self.np_random_seed % 2**64
        self._native.reset(seed)
        if self._curriculum is not None:
            self._native.check_curriculum()
        self._draws = 0
        self._follow_scene()
        if self._window is not None:
            self._window.show(self._picture())
        return self.observe(), self._info(False, False)

    def step(self, action: Array) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """Hold the action for one control step.

        Returns:
            The observation, the reward, whether the task ended the episode, whether time did,
            and `info`: `success`, `fractional_success`, `reward_terms` (raw, by name),
            `desired_goal`, `achieved_goal`, and `intervened`: whether an actor changed a
            variable after the reward was paid, so that this is no transition of the dynamics.

        Raises:
            ShapeError: the action is not nine numbers.
            NotFiniteError: it contains NaN or infinity.
            OrderError: `reset` was never called.
        """
        numbers = checks.numbers("action", action, (9,))
        seen, reward, terminated, truncated, info, outside = self._native.step(numbers, self._kind)
        if outside:
            warn.outside()
        if self._curriculum is not None:
            self._native.check_curriculum()
        self._complete(info, info["intervened"], truncated)
        if self._window is not None:
            self._window.show(self._picture())
        return self._shown(seen), reward, terminated, truncated, info

    def observe(self) -> Seen:
        """The observation of the present state: an array, or arrays by name."""
        seen: Seen = self._shown(self._native.observe(self._kind))
        return seen

    def get_observation_names(self) -> Any:
        """What each number of the observation is: a list, or lists as the arrays are.

        Of pixels: what each image is of.
        """
        return self._arrangement.names()

    def get_entity_names(self) -> list[str]:
        """What the numbers in images of segmentation mean: place i is the entity with number i."""
        return self._native.entity_names()

    @property
    def renderer(self) -> str | None:
        """Who draws the images that are observed, and why it is not who was asked for.

        `software`, `gpu: …` with the device's name, or `software (…)` with the reason where
        `pixels={"renderer": "auto"}` found no graphics processor; None without images.
        """
        return self._native.renderer()

    def render(self) -> NDArray[np.uint8] | None:
        """A picture of the present state: an array (rows, columns, 3); None without `render_mode`.

        With `human` it is in a window already, and None is returned.
        """
        if self.render_mode is None:
            warn.no_render_mode()
        return self._picture() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Close the window, where there is one."""
        if self._window is not None:
            self._window.close()

    def _picture(self) -> NDArray[np.uint8]:
        return self._native.render(*self._settings.picture)

    @property
    def spec(self) -> EnvSpec | None:
        """What `gymnasium.make` makes this world again from, as it is now.

        Its `kwargs` follow what is set later: the starting state, with the delays in it, the
        intervention space, the curriculum. `to_json` refuses functions, which no file holds.
        """
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = None if spec is None else WorldSpec.of(spec, self._making)

    def description(self) -> dict[str, Any]:
        """What this world was made of: family, parameters, configuration, start, versions.

        A dictionary that JSON can say whole; `from_description` makes the same world of it. Under
        `code` it names functions, which no description holds. Of wrappers it says nothing but what
        they set in the world itself; `trifactor.save_world` says all.
        """
        description: dict[str, Any] = json.loads(self._native.description())
        return description

    @classmethod
    def from_description(
        cls, description: str | PathLike[str] | Mapping[str, Any], **more: Any
    ) -> Self:
        """Make the world that was described; its states continue here.

        Args:
            description: what `description` gave, or the path of a JSON file of it.
            more: keyword arguments in place of what is described, such as `render_mode`; and the
                functions that it names under `code`, or None to do without them.

        Raises:
            SettingError: it is goal-conditioned and this class is not, or the other way round; or
                a function that belongs to it is missing.
            FormatError: it is no description, or one of a format that this release cannot read.
            StateError: this release would make another world of it.
        """
        text = description_text(description)
        arguments, code = described(text)
        missing = [part for part in code if part.partition(":")[0] not in more]
        if missing:
            first = missing[0].partition(":")[0]
            raise SettingError(
                f"description: code belongs to it that no description holds: {', '.join(missing)}; "
                f"pass {first}=... again, or {first}=None to do without"
            )
        if arguments.pop("goal_conditioned") != cls._goal_conditioned:
            other = "TriFingerEnv" if cls._goal_conditioned else "TriFingerGoalEnv"
            raise SettingError(f"this is the description of a trifactor.{other}; ask that class")
        env = cls(**{**arguments, **more})
        env._native.check_description(text)
        return env

    def get_state(self) -> State:
        """Everything that can matter to what comes next."""
        return self._native.state()

    def set_state(self, state: State) -> None:
        """Go on from that state, exactly.

        Raises:
            StateError: it belongs to another world (family, parameters, physics, skip_frame).
            ImpossibleError: no world can have one of its numbers; the path says which.
        """
        self._native.set_state(checks.state(state))
        self._follow_scene()

    def _info(self, intervened: bool, truncated: bool) -> dict[str, Any]:
        info = self._native.info(intervened)
        self._complete(info, intervened, truncated)
        return info

    def _complete(self, info: dict[str, Any], intervened: bool, truncated: bool) -> None:
        """Add to an info what not every environment has in it."""
        if self._settings.exposed:
            info["possible_solution_intervention"] = self.privileged_solution()
        strength = self._settings.local_masks
        if strength is not None:
            mask, pairs, known = step_masks(self._native, strength, intervened)
            info["local_mask"], info["mask_pairs"], info["mask_known"] = mask, pairs, known

    def _shown(self, numbers: Array) -> Any:
        """The observation of the present state, of the numbers that the native half gave."""
        return self._arrangement.complete(numbers, self._normalized)

    @property
    def _normalized(self) -> bool:
        return bool(self._settings.config["normalize_observations"])

    def _new_window(self) -> Window | None:
        return Window(self.metadata["render_fps"]) if self.render_mode == "human" else None

    def _build(self) -> NativeEnv:
        text = self._settings.to_json(goal_conditioned=self._goal_conditioned)
        # Numpy takes long to say a type's name.
        self._kind = self._settings.dtype.name
        return NativeEnv(text, self._settings.document)

    def _begun_as(self, start: State | Mapping[str, Any] | None) -> NativeEnv:
        """The native half, before its first reset, with this starting state."""
        native = self._build()
        if isinstance(start, Mapping):
            native.set_starting_state(dict(start), True)
            # Setting it began an episode.
            start, native = native.own_start(), self._build()
        if start is not None:
            native.start_from(start)
        return native

    def _describe_binding(self) -> None:
        settings = self._settings
        self._native.describe_binding(json.dumps(settings.binding()), settings.code())

    def _direct(self, curriculum: Curriculum) -> None:
        """Let a curriculum intervene from the next reset on."""
        self._native.set_curriculum(curriculum.document, curriculum.custom)
        self._curriculum = curriculum
        self._making.changed["curriculum"] = deepcopy(curriculum.argument())

    def _own_spec(self) -> EnvSpec:
        """The spec of an environment that was made without Gymnasium."""
        goal = self._goal_conditioned
        form, vector = ("Goal", "goal_vector") if goal else ("", "vector")
        return EnvSpec(
            f"trifactor/Custom{form}-v0",
            entry_point=f"trifactor.{form.lower() or 'env'}:TriFinger{form}Env",
            vector_entry_point=f"trifactor.{vector}:TriFinger{form}VectorEnv",
            order_enforce=False,
            disable_env_checker=True,
            kwargs=self._settings.arguments(),
        )

    def _note_making(self) -> None:
        made, config = self._making, self._settings.config
        start = self._native.own_start()
        if start is not None or "starting_state" in {**made.given, **made.changed}:
            made.changed["starting_state"] = start
        made.changed["variables_space"] = config["variables_space"]
        if self._settings.exposed:
            made.changed["expose_potential_partial_solution"] = True
        self._describe_binding()
        if self._settings.document is not None:
            made.changed.setdefault("family", json.loads(self._settings.document))

    def _follow_scene(self) -> None:
        # Interventions of some families change how many blocks there are.
        if self._shape != (*self._arrangement.shape, self._native.goal_len()):
            self._set_observation_spaces()

    def _set_observation_spaces(self) -> None:
        self._shape = (*self._arrangement.shape, self._native.goal_len())
        dtype = self._settings.dtype
        self.observation_space = self._arrangement.space(dtype)
        self.nominal_observation_space = self._arrangement.nominal_space(dtype, self._normalized)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the native half, which is rebuilt from its arguments and states."""
        contents = {**self.__dict__, "_native": None, "_arrangement": None, "_window": None}
        return {**contents, "_saved": self._native.save()}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Rebuild the native half and put it where it stood; it records nothing."""
        contents = dict(contents)
        saved = contents.pop("_saved")
        self.__dict__.update(contents)
        self._making.belongs_to(self)
        self._native = self._build()
        self._describe_binding()
        if self._curriculum is not None:
            self._native.set_curriculum(self._curriculum.document, self._curriculum.custom)
        self._native.restore(saved)
        self._arrangement = Arrangement(self._native, self._settings.extra_observations)
        self._window = self._new_window()
