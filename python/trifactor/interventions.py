"""Interventions: what can be set, and setting it, in one environment and in a batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import NativeEnv, NativeVecEnv, partial_solution
from trifactor.custom import stream
from trifactor.errors import RefusedError, ShapeError, TrifactorError
from trifactor.observation import Variables
from trifactor.settings import Settings


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


class BatchInterventionResult(NamedTuple):
    """What became of a batch of interventions."""

    success: NDArray[np.bool_]
    """Whether each was accepted; true where there was none."""
    observations: Any
    """The observations after them."""
    reasons: list[TrifactorError | None]
    """Why each was refused; not raised."""


class Interventions:
    """What `TriFingerEnv` can set, and what it says of what can be set."""

    _native: NativeEnv
    _settings: Settings
    _draws: int

    def observe(self) -> Any:
        """The observation of the present state."""
        raise NotImplementedError

    def _follow_scene(self) -> None:
        raise NotImplementedError

    def _note_making(self) -> None:
        """Note what now makes this world again."""
        raise NotImplementedError

    def do_intervention(
        self, interventions_dict: Variables, check_bounds: bool = True
    ) -> InterventionResult:
        """Set variables within the running episode: all of them, or none.

        Values that the variables have already change nothing.

        Args:
            interventions_dict: values by name.
            check_bounds: whether values must lie in the intervention space in force, unless they
                are there already.

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
        result = self._intervene(self._native.set_starting_state, interventions_dict, check_bounds)
        self._note_making()
        return result

    def reset_default_state(self) -> None:
        """Make the family's own starting state the starting state again."""
        self._native.reset_default_state()
        self._note_making()

    def sample_new_goal(self) -> Variables:
        """A random goal, as an intervention; nothing is changed.

        It is a function of the state: asked twice in one state, it is the same goal.
        """
        sampler = self._settings.goal_sampler
        if sampler is None:
            return self._native.sample_new_goal()
        state = self._native.state()
        return sampler(stream(state, "goal_sampler"), state)

    def privileged_solution(self) -> Variables:
        """An intervention that fills the goals, as far as one is known; nothing is changed.

        Every block `tool_…` goes to the pose of the goal `goal_…` of its name; in reaching the
        joints go where the fingertips are at their goals. It may lie outside the intervention
        space, and is refused where bodies would be in each other's way::

            env.do_intervention(env.privileged_solution(), check_bounds=False)
        """
        return partial_solution(self._native)

    def expose_potential_partial_solution(self) -> None:
        """From the next info on, show `privileged_solution` as `possible_solution_intervention`.

        The reference's method; the constructor's argument of that name does the same.
        """
        self._settings.exposed = True
        self._note_making()

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
        return self._native.space(self._settings.config["variables_space"])

    def set_intervention_space(self, variables_space: str) -> None:
        """Choose the intervention space in force: `space_a`, `space_b` or `space_a_b`."""
        self._native.set_variables_space(checks.text("variables_space", variables_space))
        self._settings.config["variables_space"] = variables_space
        self._note_making()

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

    def _intervene(
        self, call: Any, interventions_dict: Variables, check_bounds: bool
    ) -> InterventionResult:
        try:
            call(interventions_dict, checks.flag("check_bounds", check_bounds))
        except RefusedError as refusal:
            return InterventionResult(False, self.observe(), refusal)
        self._follow_scene()
        return InterventionResult(True, self.observe())


class BatchInterventions:
    """What `TriFingerVectorEnv` can set in its worlds."""

    num_envs: int
    _native: NativeVecEnv

    def observe(self) -> Any:
        """The observations of the present states."""
        raise NotImplementedError

    def do_interventions(
        self, interventions: Sequence[Variables | None], check_bounds: bool = True
    ) -> BatchInterventionResult:
        """Set variables, each world its own; None leaves a world alone.

        Every world's intervention is applied whole or refused, whatever becomes of the others.

        Args:
            interventions: for every world values by name, or None.
            check_bounds: whether values must lie in the intervention space in force.

        Raises:
            ShapeError: it is not one for every world, or a value is no number.
        """
        return self._intervene(self._native.intervene, interventions, check_bounds)

    def set_starting_states(
        self, interventions: Sequence[Variables | None], check_bounds: bool = True
    ) -> BatchInterventionResult:
        """Set variables in the states that later resets return to, and reset those worlds.

        Arguments and exceptions are those of `do_interventions`.
        """
        return self._intervene(self._native.set_starting_states, interventions, check_bounds)

    def get_current_state_variables(self, world: int) -> Variables:
        """The value of every variable of one world."""
        return self._native.variables(checks.index("world", world, self.num_envs))

    @property
    def trackers(self) -> list[dict[str, Any]]:
        """What was intervened on in every world, as `TriFingerEnv.tracker` has it."""
        return [json.loads(tracker) for tracker in self._native.trackers()]

    def _intervene(
        self,
        call: Callable[[Sequence[Variables | None], bool], list[Any]],
        interventions: Sequence[Variables | None],
        check_bounds: bool,
    ) -> BatchInterventionResult:
        wanted = self._one_for_each("interventions", interventions)
        reasons = call(wanted, checks.flag("check_bounds", check_bounds))
        success = np.array([reason is None for reason in reasons], np.bool_)
        return BatchInterventionResult(success, self.observe(), reasons)

    def _one_for_each(self, what: str, given: Any) -> list[Any]:
        each = checks.sequence(what, given, "one for each world")
        if len(each) != self.num_envs:
            raise ShapeError(f"{what}: expected {self.num_envs}, one for each world, got {len(each)}")
        return each
