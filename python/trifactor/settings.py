"""What an environment is made of: its arguments, checked, and as one document."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeAlias, cast

import numpy as np
from numpy.typing import DTypeLike

from trifactor import checks
from trifactor._trifactor import State, check_camera, read_description
from trifactor.curriculum.document import Curriculum
from trifactor.custom import family_name_and_document
from trifactor.errors import SettingError
from trifactor.observation import Feature, Variables

GoalSampler: TypeAlias = Callable[[np.random.Generator, State], Variables]
"""Draws a new goal for a state from a generator: an intervention, not yet applied."""

Given = ParamSpec("Given")

MOST_BODIES = 1000
"""The most blocks, or entities, that an observation has room for."""

LARGEST_PICTURE = 1365
"""The most columns, and rows, of a picture."""


class Settings:
    """The arguments of an environment: of one alone, and of the worlds of a batch.

    `config` and `document` decide what the world is; the rest is how Python shows it.
    """

    def __init__(
        self,
        family: str | PathLike[str] | Mapping[str, Any] = "pushing",
        *,
        goal_sampler: GoalSampler | None = None,
        task_params: Mapping[str, Any] | None = None,
        skip_frame: int = 10,
        action_mode: str = "joint_positions",
        observation_mode: str = "structured",
        observe: Sequence[str] | None = None,
        camera_indicies: Sequence[int] | None = None,
        pixels: Mapping[str, Any] | None = None,
        context: str = "none",
        drop: Sequence[str] = (),
        extra_observations: Mapping[str, Feature] | None = None,
        max_blocks: int | None = None,
        max_entities: int | None = None,
        normalize_actions: bool = True,
        normalize_observations: bool = True,
        max_episode_length: int | None = None,
        starting_state: State | Mapping[str, Any] | None = None,
        curriculum: str | Mapping[str, Any] | None = None,
        variables_space: str = "space_a_b",
        physics: str | Mapping[str, Any] = "accurate",
        overlap: str = "volume",
        local_masks: str | None = None,
        expose_potential_partial_solution: bool = False,
        dtype: DTypeLike | None = None,
        render_mode: str | None = None,
        render_size: tuple[int, int] = (320, 240),
        render_camera: Mapping[str, Any] | None = None,
    ) -> None:
        """Build the world of a task family.

        Args:
            family: the task family: the name of a built-in one, such as `pushing`; or one of your
                own, as the path of a JSON file or as a dictionary. `get_family` gives the
                dictionary of a built-in one to begin with.
            goal_sampler: draws the goals in place of the family, for a state and from a NumPy
                generator that is a function of the state's seed, episode and step.
            task_params: the family's own parameters, such as `tool_block_mass`.
            skip_frame: physics ticks of 4 ms in a control step.
            action_mode: `joint_positions`, `joint_torques`, `end_effector_positions`, or one of
                these with `delta_` before it.
            observation_mode: `structured`, the family's numbers in a row; `entities`, an array with
                a row for every finger, block and goal; `custom`, what `observe` chooses; or
                `pixel`, what cameras see: the present images, then the goals'.
            observe: globs, in the order of the observation: with a slash, variables by path, such
                as `*/mass` or `tool_block/cartesian_position`; without one, keys of a structured
                observation, such as `end_effector_positions`.
            camera_indicies: of `pixel`: which of the three cameras, in order; the reference's name.
            pixels: of `pixel`: settings by name, in place of the reference's: `cameras` (numbers,
                or dictionaries as `render_camera`), `aim` (`published` or `intended`), `width`,
                `height`, `channels` (of `rgb`, `grey`, `depth`, `segmentation`), `channel_first`,
                `goal_images`, `style` (`samples`, `shadows`, `light`, ...), `renderer`
                (`software`, `gpu`, or `auto`: a graphics processor where there is one).
            context: which parameters of the world are appended: `none`; those that are `visible`
                (sizes, colours); or `all`, with what can only be felt (masses, frictions,
                gravity). Of an entity set's nodes they are columns, of the rest `context`.
            drop: globs over keys (entity sets: over columns) that are left out.
            extra_observations: numbers of your own by name, appended: for each a function of the
                variables (as `get_current_state_variables` gives them), its low and high bounds.
            max_blocks: the most blocks, and the most goals, that there will be; observations are
                padded to that, and structured ones have the same slots in every family.
            max_entities: the most rows of an entity set, which is padded to that.
            normalize_actions: whether actions lie in [-1, 1] instead of rad, N m or m.
            normalize_observations: whether nominal bounds are mapped to [-1, 1].
            max_episode_length: control steps in an episode; None takes the family's seconds.
            starting_state: what resets return to, in place of the family's own start: a state of
                this world, itself or as a dictionary; or values by name, as `set_starting_state`
                takes them, within the intervention space in force.
            curriculum: who intervenes: `"0"`, `"1"`, `"2"`, the paper's curricula; or a dictionary
                with `actors` and perhaps `space`. `CurriculumWrapper` takes actors as objects.
            variables_space: the intervention space in force: `space_a`, `space_b`, `space_a_b`.
            physics: the preset, `accurate` or `reference`; or settings of your own, as in
                `{"preset": "accurate", "substeps": 2}`.
            overlap: what fractional success measures: the exact `volume`, or the reference's
                `aabb`.
            local_masks: whether `info["local_mask"]` has every step's local causal mask, as
                `local_mask` gives it, and `info["mask_pairs"]` what was coupled: an array (nodes,
                nodes, 3) of the first tick, the largest impulse (N s) and the smallest gap (m) of
                every pair, NaN where it was not coupled. `sound`, `tight`, or None. After a reset,
                and where an actor intervened, `info["mask_known"]` is False, the mask False and the
                pairs NaN. With `max_blocks` there is room for that many blocks and goals.
            expose_potential_partial_solution: whether `info["possible_solution_intervention"]` has
                what `privileged_solution` gives; the reference's name.
            dtype: of observations, `float32` or `float64`; of `pixel` also `uint8`, which is its
                default.
            render_mode: `rgb_array`, of which `gymnasium.make` makes `rgb_array_list` too; `human`,
                a window, which needs pygame (`pip install trifactor[human]`) and a display; or
                None. Gymnasium's `RecordVideo` needs moviepy (`pip install trifactor[video]`).
            render_size: columns and rows of what `render` draws.
            render_camera: `position` and `target` (m), `up`, `field_of_view` (degrees, vertical);
                None for the reference's overview.

        Raises:
            SettingError: an argument is not one of the values above.
            FormatError: the family is no family; with the place in the document.
        """
        self.goal_sampler: GoalSampler | None = (
            None if goal_sampler is None else checks.function("goal_sampler", goal_sampler)
        )
        self.extra_observations = _features(extra_observations)
        self.local_masks = checks.choice("local_masks", local_masks, ("sound", "tight", None))
        self.exposed = checks.flag(
            "expose_potential_partial_solution", expose_potential_partial_solution
        )
        images = checks.text("observation_mode", observation_mode) == "pixel"
        self.dtype = _number_type(dtype, images)
        self.render_mode = _render_mode(render_mode)
        self.picture = picture_settings(render_size, render_camera)
        self.starting_state = _start(starting_state)
        self.curriculum = None if curriculum is None else Curriculum.of(curriculum)
        name, self.document = family_name_and_document(family)
        self.config: dict[str, Any] = {
            "family": name,
            "task_params": {} if task_params is None else _dictionary("task_params", task_params),
            "skip_frame": checks.count("skip_frame", skip_frame, high=2**32 - 1),
            "action_mode": checks.text("action_mode", action_mode),
            "observation_mode": _mode(observation_mode, observe, camera_indicies, pixels),
            "context": checks.text("context", context),
            "drop": checks.texts("drop", drop),
            "max_blocks": _count_or_none("max_blocks", max_blocks, MOST_BODIES),
            "max_entities": _count_or_none("max_entities", max_entities, MOST_BODIES),
            "normalize_actions": checks.flag("normalize_actions", normalize_actions),
            "normalize_observations": checks.flag("normalize_observations", normalize_observations),
            "max_episode_length": _count_or_none("max_episode_length", max_episode_length),
            "variables_space": checks.text("variables_space", variables_space),
            "physics": physics if isinstance(physics, str) else _dictionary("physics", physics),
            "overlap": checks.text("overlap", overlap),
        }

    def binding(self) -> dict[str, Any]:
        """What decides how Python shows the world, where it is not the default."""
        camera, *size = self.picture
        usual = _number_type(None, "pixel" in self.config["observation_mode"])
        shown = {
            "dtype": None if self.dtype == usual else self.dtype.name,
            "local_masks": self.local_masks,
            "expose_potential_partial_solution": self.exposed or None,
            "render_mode": self.render_mode,
            "render_size": None if size == [320, 240] else size,
            "render_camera": None if camera is None else json.loads(camera),
        }
        return {name: value for name, value in shown.items() if value is not None}

    def code(self) -> list[str]:
        """What is code and in no description: the argument, and after a colon the name."""
        sampler = [] if self.goal_sampler is None else ["goal_sampler"]
        return sampler + [f"extra_observations: {name}" for name in self.extra_observations]

    def arguments(self) -> dict[str, Any]:
        """The arguments that make the same again, as JSON has them but for functions."""
        config = {**self.config}
        if self.document is not None:
            config["family"] = json.loads(self.document)
        arguments = {**_of_config(config), **self.binding()}
        if self.goal_sampler is not None:
            arguments["goal_sampler"] = self.goal_sampler
        if self.extra_observations:
            arguments["extra_observations"] = dict(self.extra_observations)
        return arguments

    def to_json(self, *, goal_conditioned: bool) -> str:
        """The configuration of the native environment, as JSON."""
        return json.dumps({**self.config, "goal_conditioned": goal_conditioned})


def arguments_of(
    settings: Callable[Given, Settings],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, Given], None]]:
    """Give a constructor the arguments of `Settings`: for type checkers, `help` and editors."""

    def decorate(constructor: Callable[..., None]) -> Any:
        told = cast(Any, constructor)
        told.__signature__ = inspect.signature(Settings.__init__)
        told.__doc__ = Settings.__init__.__doc__
        return told

    return decorate


class Described(NamedTuple):
    """What a description says."""

    arguments: dict[str, Any]
    """Those that make the world, and whether it is `goal_conditioned`."""
    code: list[str]
    """What is missing in them because it is code: the argument, and after a colon the name."""


def described(description: str) -> Described:
    """What a description says, as arguments.

    Raises:
        FormatError: it is no description, or one of a format that this release cannot read.
    """
    text, start = read_description(description)
    said = json.loads(text)
    arguments = {**_of_config(said["config"]), **said.get("binding", {})}
    if "document" in said:
        arguments["family"] = said["document"]
    if start is not None:
        arguments["starting_state"] = start
    if "curriculum" in said:
        arguments["curriculum"] = said["curriculum"]
    return Described(arguments, said.get("code", []))


def picture_settings(size: Any, camera: Mapping[str, Any] | None) -> tuple[str | None, int, int]:
    """Camera, columns and rows of a picture, checked."""
    lengths = checks.sequence("render_size", size, "columns and rows")
    if len(lengths) != 2:
        raise SettingError(f"render_size {checks.shown(size)}: expected columns and rows")
    width, height = (checks.count("render_size", n, high=LARGEST_PICTURE) for n in lengths)
    text = None if camera is None else checks.document("render_camera", camera)
    check_camera(text)
    return text, width, height


def _mode(mode: Any, observe: Any, camera_indicies: Any, pixels: Any) -> Any:
    """The observation as the document has it: a name, or a name with what it chooses."""
    if mode != "pixel":
        for name, given in (("camera_indicies", camera_indicies), ("pixels", pixels)):
            if given is not None:
                raise SettingError(f"{name}: belongs to observation_mode='pixel'")
    elif observe is not None:
        raise SettingError("observe: chooses numbers; of images, `pixels` chooses channels")
    if mode == "pixel":
        chosen = {} if pixels is None else _dictionary("pixels", pixels)
        if camera_indicies is not None:
            cameras = checks.sequence("camera_indicies", camera_indicies, "cameras")
            chosen["cameras"] = [checks.count("camera_indicies", one, 0, 2) for one in cameras]
        return {"pixel": chosen}
    if mode == "entities" and observe is not None:
        raise SettingError(
            "observe: chooses variables; an entity set has its own columns, of which `drop` "
            "leaves some out"
        )
    if mode == "custom" or (mode == "structured" and observe is not None):
        return {"custom": [] if observe is None else checks.texts("observe", observe)}
    return checks.choice("observation_mode", mode, ("structured", "entities", "custom", "pixel"))


def _of_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as arguments."""
    arguments = dict(config)
    mode = arguments["observation_mode"]
    if isinstance(mode, dict):
        [(arguments["observation_mode"], chosen)] = mode.items()
        arguments["observe" if "custom" in mode else "pixels"] = chosen
    return arguments


def _start(given: Any) -> State | dict[str, Any] | None:
    """A state, or values by name."""
    if given is None or isinstance(given, State):
        return given
    values = checks.dictionary("starting_state", given)
    return State.from_json(checks.document("starting_state", values)) if "format" in values else values


def _number_type(dtype: Any, images: bool) -> np.dtype[Any]:
    if dtype is None:
        return np.dtype(np.uint8 if images else np.float32)
    try:
        chosen: np.dtype[Any] = np.dtype(dtype)
    except (TypeError, ValueError):
        chosen = np.dtype(object)
    if chosen not in (np.float32, np.float64) and not (images and chosen == np.uint8):
        known = "'uint8', 'float32' or 'float64'" if images else "'float32' or 'float64'"
        raise SettingError(f"dtype {checks.shown(dtype)}: choose {known}")
    return chosen


def _render_mode(mode: Any) -> str | None:
    if not (mode is None or (isinstance(mode, str) and mode in ("rgb_array", "human"))):
        known = "choose 'rgb_array', 'human' or None; gymnasium.make makes 'rgb_array_list'"
        raise SettingError(f"render_mode {checks.shown(mode)}: {known}")
    return mode


def _dictionary(name: str, value: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(checks.document(name, value))
    return made


def _count_or_none(name: str, value: Any, high: int = checks.MOST) -> int | None:
    return None if value is None else checks.count(name, value, high=high)


def _features(features: Any) -> dict[str, Feature]:
    if features is None:
        return {}
    if not isinstance(features, Mapping):
        raise SettingError(f"extra_observations {checks.shown(features)}: expected a dictionary")
    return {checks.text("extra_observations", name): one for name, one in features.items()}
