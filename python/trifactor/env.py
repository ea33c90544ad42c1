"""The environment as Gymnasium knows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import ArrayLike, DTypeLike, NDArray

from trifactor._trifactor import NativeEnv, State
from trifactor.causal import Counterfactual, counterfactuals
from trifactor.custom import description_text, family_name_and_document, stream
from trifactor.errors import FormatError, RefusedError, SettingError, ShapeError
from trifactor.observation import Arrangement, Array, Feature, Variables

GoalSampler: TypeAlias = Callable[[np.random.Generator, State], Variables]
"""Draws a new goal for a state from a generator: an intervention, not yet applied."""


class InterventionResult(tuple[bool, Any]):
    """What became of an intervention: unpacks to `success` and the observation after it.

    `reason` is the exception that says why it was refused, or None; it is not raised.
    """

    success: bool
    observation: Any
    reason: RefusedError | None

    def __new__(
        cls, success: bool, observation: Any, reason: RefusedError | None = None
    ) -> InterventionResult:
        """Make the pair and put the reason beside it."""
        self = super().__new__(cls, (success, observation))
        self.success, self.observation, self.reason = success, observation, reason
        return self

    def __getnewargs__(self) -> tuple[bool, Any, RefusedError | None]:
        """Let copies and pickles keep the reason."""
        return self.success, self.observation, self.reason


class TriFingerEnv(gym.Env[Any, Array]):
    """A TriFinger robot among blocks, with interventions on every causal variable.

    Actions are nine numbers, in [-1, 1] unless `normalize_actions=False`; finite ones outside
    are clipped. Structured observations are flat and keep the order, sizes and normalisation of
    the reference (CausalWorld), which does not clip them: `observation_space` is therefore bounded
    by the largest float32 only, and `nominal_observation_space` holds the bounds of the
    normalisation. Where an intervention changes how many blocks there are, the spaces follow,
    unless a maximum is declared.

    Whatever is refused raises an exception below `trifactor.TrifactorError`, or comes back as the
    `.reason` of an intervention, and leaves the environment exactly as it was.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 25}

    _goal_conditioned = False

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
        variables_space: str = "space_a_b",
        physics: str | Mapping[str, Any] = "accurate",
        overlap: str = "volume",
        local_masks: str | None = None,
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
            variables_space: the intervention space in force: `space_a`, `space_b`, `space_a_b`.
            physics: the preset, `accurate` or `reference`; or settings of your own, as in
                `{"preset": "accurate", "substeps": 2}`.
            overlap: what fractional success measures: the exact `volume`, or the reference's
                `aabb`.
            local_masks: whether `info["local_mask"]` has every step's local causal mask, as
                `local_mask` gives it, and `info["mask_pairs"]` what was coupled, as `mask_edges`:
                `sound`, `tight`, or None.
            dtype: of observations, `float32` or `float64`; of `pixel` also `uint8`, which is its
                default.
            render_mode: `rgb_array`, or None. `gymnasium.make` makes `rgb_array_list` and `human`
                of it; the latter needs pygame (`pip install trifactor[human]`) and a display.
            render_size: columns and rows of what `render` draws.
            render_camera: `position` and `target` (m), `up`, `field_of_view` (degrees, vertical);
                None for the reference's overview.

        Raises:
            SettingError: an argument is not one of the values above.
            FormatError: the family is no family; with the place in the document.
        """
        if render_mode not in (None, "rgb_array"):
            known = "choose 'rgb_array' or None; gymnasium.make makes others of it"
            raise SettingError(f"render_mode '{render_mode}': {known}")
        self.render_mode = render_mode
        self._picture = picture_settings(render_size, render_camera)
        if local_masks not in (None, "sound", "tight"):
            raise SettingError(f"local_masks '{local_masks}': choose 'sound', 'tight' or None")
        self._local_masks = local_masks
        images = observation_mode == "pixel"
        self._dtype = _number_type(dtype, images)
        name, document = family_name_and_document(family)
        self._goal_sampler = goal_sampler
        self._arguments: dict[str, Any] = {
            "family": name,
            "document": document,
            "task_params": _to_json("task_params", dict(task_params or {})),
            "skip_frame": _count("skip_frame", skip_frame),
            "action_mode": action_mode,
            "observation_mode": observation_mode,
            "observe": None if observe is None else _globs("observe", observe),
            "pixels": _pixels(images, camera_indicies, pixels),
            "context": context,
            "drop": _globs("drop", drop),
            "max_blocks": None if max_blocks is None else _count("max_blocks", max_blocks),
            "max_entities": None if max_entities is None else _count("max_entities", max_entities),
            "goal_conditioned": self._goal_conditioned,
            "normalize_actions": normalize_actions,
            "normalize_observations": normalize_observations,
            "max_episode_length": (
                None
                if max_episode_length is None
                else _count("max_episode_length", max_episode_length)
            ),
            "variables_space": variables_space,
            "physics": _to_json("physics", physics if isinstance(physics, str) else dict(physics)),
            "overlap": overlap,
        }
        self._extras = dict(extra_observations or {})
        self._native = NativeEnv(**self._arguments)
        self._arrangement = Arrangement(self._native, self._extras)
        # Random interventions since the reset; each takes a stream of its own.
        self._draws = 0
        low, high = self._native.action_space()
        self.action_space = Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)
        self._set_observation_spaces()
        self.metadata = {**self.metadata, "render_fps": max(1, round(1.0 / self.dt))}

    @property
    def dt(self) -> float:
        """Length of a control step, s."""
        return self._native.dt()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in the starting state; return the observation and `info`.

        With a seed it is episode 0 of that seed; without one, the next episode of the seed that
        was given last. Where none ever was, the system chooses one: `np_random_seed` is it.

        Args:
            seed: of all random streams, 0 to 2**64 - 1.
            options: there is none yet; None or empty.

        Raises:
            SettingError: the seed is out of range, or an option is given.
        """
        if options:
            raise SettingError(f"unknown option '{next(iter(options))}'; there is none yet")
        if seed is not None and not (isinstance(seed, int) and 0 <= seed < 2**64):
            raise SettingError(f"seed {seed!r}: choose an integer from 0 to 2**64 - 1")
        first = self._np_random is None
        super().reset(seed=seed)
        if seed is None and first:
            seed = self.np_random_seed % 2**64
        self._native.reset(seed)
        self._draws = 0
        self._follow_scene()
        return self.observe(), self._info(False, False)

    def step(self, action: Array) -> tuple[Any, float, bool, bool, dict[str, Any]]:
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
        try:
            numbers = np.asarray(action, np.float64)
        except (TypeError, ValueError) as error:
            raise ShapeError(f"action: expected 9 numbers, got {action!r}") from error
        if numbers.ndim != 1:
            raise ShapeError(f"action: expected 9 numbers, got an array of shape {numbers.shape}")
        reward, terminated, truncated, intervened = self._native.step(numbers)
        info = self._info(intervened, truncated)
        return self.observe(), reward, terminated, truncated, info

    def observe(self) -> Any:
        """The observation of the present state: an array, or arrays by name."""
        return self._arrangement.observe(self._dtype, self._arguments["normalize_observations"])

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
        """A picture of the present state: an array (rows, columns, 3); None without `render_mode`."""
        return None if self.render_mode is None else self._native.render(*self._picture)

    def do_intervention(
        self, interventions_dict: Variables, check_bounds: bool = True
    ) -> InterventionResult:
        """Set variables within the running episode: all of them, or none.

        Args:
            interventions_dict: values by name.
            check_bounds: whether values must lie in the intervention space in force.

        Raises:
            UnknownVariableError: no variable has that name.
            ShapeError: a value is no number, or too many.
            NotFiniteError: a value is NaN or infinity.
        """
        return self._intervene(self._native.do_intervention, interventions_dict, check_bounds)

    def set_starting_state(
        self, interventions_dict: Variables, check_bounds: bool = True
    ) -> InterventionResult:
        """Set variables in the starting state of every episode from now on, and begin one.

        Arguments and exceptions are those of `do_intervention`.
        """
        return self._intervene(self._native.set_starting_state, interventions_dict, check_bounds)

    def reset_default_state(self) -> None:
        """Make the family's own starting state the starting state again."""
        self._native.reset_default_state()

    def sample_new_goal(self) -> Variables:
        """A random goal, as an intervention; nothing is changed.

        It is a function of the state: asked twice in one state, it is the same goal.
        """
        if self._goal_sampler is None:
            return self._native.sample_new_goal()
        state = self.get_state()
        return self._goal_sampler(stream(state, "goal_sampler"), state)

    def do_single_random_intervention(self) -> tuple[Variables, bool, Any]:
        """Set one variable, drawn from the space in force, to a value drawn from it.

        Returns:
            The intervention, whether it was accepted, and the observation after it.
        """
        intervention = self._native.sample_intervention(self._draws)
        self._draws += 1
        success, observation = self.do_intervention(intervention)
        return intervention, success, observation

    def get_current_state_variables(self) -> Variables:
        """The value of every variable, by the reference's names and in its order."""
        return self._native.variables()

    def variable_table(self) -> list[dict[str, Any]]:
        """Every variable of the present state: what there is to know of it without setting it.

        Returns:
            A dictionary per variable: `path`, `meaning`, `unit`, `shape` (empty for a scalar),
            `default` (a list of numbers), `space_a`, `space_b`, `space_a_b` (`low` and `high`, or
            None where it has no range), `settable`, and `observed`: whether it is in the default
            observation.
        """
        table: list[dict[str, Any]] = json.loads(self._native.variable_table())
        return table

    def local_mask(self, strength: str = "sound") -> NDArray[np.bool_]:
        """What could influence what in the last step: the ground-truth local causal mask.

        Rows are the nodes before the step (fingers, blocks, goals) and then the three fingers'
        actions, columns the nodes after it, in the order of `mask_names`. An entry is the direct
        truth of the solver: which bodies it coupled in every tick, composed in time order.

        Args:
            strength: "sound" counts every pair that was coupled, "tight" those that pushed.

        Raises:
            OrderError: no step led to the present state.
            SettingError: another strength.
        """
        entries, rows, columns = self._native.local_mask(strength)
        return np.array(entries, dtype=np.bool_).reshape(rows, columns)

    def mask_edges(self) -> list[dict[str, Any]]:
        """The pairs of nodes that the solver coupled in the last step.

        Returns:
            A dictionary per pair: `first` and `second` (places in `mask_names`), `tick` (the first,
            from 0), `impulse` (the largest of a tick, N s), `gap` (the smallest, m).

        Raises:
            OrderError: no step led to the present state.
        """
        names = ("first", "second", "tick", "impulse", "gap")
        return [dict(zip(names, edge, strict=True)) for edge in self._native.mask_edges()]

    def feature_mask(self, strength: str = "sound") -> NDArray[np.bool_]:
        """The last step's local mask over the numbers of the observation.

        Rows are the numbers before the step and then the nine of the action, columns the numbers
        after it, as `get_observation_names` names them. Numbers of one node influence each other,
        what is the whole world's (gravity) influences all bodies, time and padding themselves.

        Args:
            strength: as of `local_mask`.

        Raises:
            OrderError: no step led to the present state.
            SettingError: images are observed, or another strength.
        """
        return self._native.feature_mask(strength)

    def counterfactual(
        self,
        state: State,
        actions: ArrayLike,
        do: Variables | None = None,
        *,
        instead: ArrayLike | None = None,
        check_bounds: bool = False,
    ) -> Counterfactual:
        """What would have come of actions, had something been otherwise; nothing is changed here.

        Args:
            state: where they begin: any state of this world, such as a recorded one.
            actions: what was done, of shape (steps, 9).
            do: what is set in that state, as of `do_intervention`.
            instead: other actions in place of those.
            check_bounds: whether values must lie in the intervention space in force.

        Raises:
            RefusedError: the intervention is refused.
            StateError: the state belongs to another world.
            ShapeError: actions are no such array.
        """
        questions = [(do, instead)]
        all_of_them = counterfactuals(self, state, actions, questions, check_bounds=check_bounds)
        answer = all_of_them.counterfactual[0]
        if isinstance(answer, Exception):
            raise answer
        return Counterfactual(all_of_them.factual, answer)

    def get_contacts(self) -> list[dict[str, Any]]:
        """Who pushed on whom in the last step, where, and how hard.

        Returns:
            A dictionary per pair and tick of 4 ms: `first` and `second` (names as
            `get_entity_names` has them), `tick` (from 0), `impulse` (the sum of normal impulses, N s),
            `gap` (m; negative where they penetrate), `place` (world frame, m), `push` (the impulse
            on the second, world frame, N s).

        Raises:
            OrderError: no step led to the present state.
        """
        names = ("first", "second", "tick", "impulse", "gap", "place", "push")
        return [dict(zip(names, contact, strict=True)) for contact in self._native.contacts()]

    def get_link_poses(self) -> dict[str, tuple[list[float], list[float]]]:
        """Where every link of the robot is: its position (m) and quaternion x, y, z, w, by name."""
        return {link: (at, turn) for link, at, turn in self._native.link_poses()}

    def mask_names(self) -> list[str]:
        """The rows of `local_mask`: the nodes, which are its columns too, then the actions."""
        return self._native.mask_names()

    def get_intervention_space_a(self) -> Variables:
        """Space A: an array of low and high bounds for every variable that can be set."""
        return self._native.space("space_a")

    def get_intervention_space_b(self) -> Variables:
        """Space B: an array of low and high bounds for every variable that can be set."""
        return self._native.space("space_b")

    def get_intervention_space_a_b(self) -> Variables:
        """Both spaces joined: an array of low and high bounds for every variable."""
        return self._native.space("space_a_b")

    def get_variable_space_used(self) -> Variables:
        """The intervention space in force."""
        return self._native.space(self._arguments["variables_space"])

    def set_intervention_space(self, variables_space: str) -> None:
        """Choose the intervention space in force: `space_a`, `space_b` or `space_a_b`."""
        self._native.set_variables_space(variables_space)
        self._arguments["variables_space"] = variables_space

    @property
    def tracker(self) -> dict[str, Any]:
        """What was intervened on, when, by whom, and what became of it.

        A dictionary: `total` and, by actor and variable, `counts` of the `accepted` and the
        `refused`; `recent`, the last thousand interventions, each with `by`, `seed`, `episode`,
        `step`, `target` (`state`, or `starting_state`), `values`, and `refused`, the reason, where
        it was.
        """
        tracker: dict[str, Any] = json.loads(self._native.tracker())
        return tracker

    def description(self) -> dict[str, Any]:
        """What this world was made of: family, parameters, configuration, versions.

        A dictionary that JSON can say whole; `from_description` makes the same world of it.
        """
        description: dict[str, Any] = json.loads(self._native.description())
        return description

    @classmethod
    def from_description(
        cls, description: str | PathLike[str] | Mapping[str, Any], **more: Any
    ) -> TriFingerEnv:
        """Make the world that was described; its states continue here.

        Args:
            description: what `description` gave, or the path of a JSON file of it.
            more: keyword arguments that change no world: `goal_sampler`, `extra_observations`,
                `dtype`, `render_mode`.

        Raises:
            SettingError: it is goal-conditioned and this class is not, or the other way round.
            FormatError: it is no description, or one of a format that this release can not read.
            StateError: this release would make another world of it.
        """
        text = description_text(description)
        arguments = json.loads(NativeEnv.arguments(text))
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
        """
        if not isinstance(state, State):
            raise ShapeError(f"state: expected a State, got {type(state).__name__}")
        self._native.set_state(state)
        self._follow_scene()

    def _intervene(
        self, call: Any, interventions_dict: Variables, check_bounds: bool
    ) -> InterventionResult:
        try:
            call(interventions_dict, check_bounds)
        except RefusedError as refusal:
            return InterventionResult(False, self.observe(), refusal)
        self._follow_scene()
        return InterventionResult(True, self.observe())

    def _info(self, intervened: bool, truncated: bool) -> dict[str, Any]:
        info = self._native.info(intervened)
        if self._local_masks is not None and self._native.has_stepped() and not intervened:
            info["local_mask"] = self.local_mask(self._local_masks)
            info["mask_pairs"] = self.mask_edges()
        return info

    def _follow_scene(self) -> None:
        # Interventions of some families change how many blocks there are.
        if self._shape != (*self._arrangement.shape, self._native.goal_len()):
            self._set_observation_spaces()

    def _set_observation_spaces(self) -> None:
        self._shape = (*self._arrangement.shape, self._native.goal_len())
        normalized = self._arguments["normalize_observations"]
        self.observation_space = self._arrangement.space(self._dtype)
        self.nominal_observation_space = self._arrangement.nominal_space(self._dtype, normalized)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the native half, which is rebuilt from its arguments and states."""
        contents = {**self.__dict__, "_native": None, "_arrangement": None}
        return {**contents, "_saved": self._native.save()}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Rebuild the native half and put it into the state it had."""
        contents = dict(contents)
        saved = contents.pop("_saved")
        self.__dict__.update(contents)
        self._native = NativeEnv(**self._arguments)
        self._native.restore(*saved)
        self._arrangement = Arrangement(self._native, self._extras)


def _globs(name: str, globs: Sequence[str]) -> list[str]:
    chosen = list(globs) if not isinstance(globs, str) else [globs]
    for glob in chosen:
        if not isinstance(glob, str):
            raise SettingError(f"{name}: expected names with '*' in them, got {glob!r}")
    return chosen


def picture_settings(
    size: Sequence[int], camera: Mapping[str, Any] | None
) -> tuple[str | None, int, int]:
    """Camera, columns and rows, checked."""
    try:
        width, height = (int(length) for length in size)
    except (TypeError, ValueError) as error:
        raise SettingError(f"render_size {size!r}: expected columns and rows") from error
    if not (1 <= width <= 1365 and 1 <= height <= 1365):
        raise SettingError(f"render_size {size!r}: choose 1 to 1365 columns and rows")
    text = None if camera is None else _to_json("render_camera", dict(camera))
    NativeEnv.check_camera(text)
    return text, width, height


def _pixels(
    images: bool, camera_indicies: Sequence[int] | None, pixels: Mapping[str, Any] | None
) -> str | None:
    if not images:
        for name, given in (("camera_indicies", camera_indicies), ("pixels", pixels)):
            if given is not None:
                raise SettingError(f"{name}: belongs to observation_mode='pixel'")
        return None
    settings = dict(pixels or {})
    if camera_indicies is not None:
        settings["cameras"] = np.asarray(camera_indicies).tolist()
    return _to_json("pixels", settings)


def _number_type(dtype: DTypeLike | None, images: bool) -> np.dtype[Any]:
    if dtype is None:
        return np.dtype(np.uint8 if images else np.float32)
    try:
        chosen = np.dtype(dtype)
    except TypeError:
        chosen = np.dtype(object)
    if chosen not in (np.float32, np.float64) and not (images and chosen == np.uint8):
        known = "'uint8', 'float32' or 'float64'" if images else "'float32' or 'float64'"
        raise SettingError(f"dtype {dtype!r}: choose {known}")
    return chosen


def _count(name: str, value: int) -> int:
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise SettingError(f"{name} {value!r}: choose a whole number of at least 1")
    return int(value)


def _to_json(what: str, value: object) -> str:
    try:
        return json.dumps(value, default=np.ndarray.tolist)
    except (TypeError, ValueError) as error:
        raise FormatError(f"{what}: {error}") from error

