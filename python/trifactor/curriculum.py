"""How the world changes while an agent learns, and in which worlds it is evaluated.

Actors intervene on variables when their turn comes::

    from trifactor.curriculum import CurriculumWrapper, GoalActor, RandomActor

    env = CurriculumWrapper(
        gym.make("trifactor/Pushing-v0"),
        [GoalActor(), RandomActor(variables=["tool_block/mass"])],
        [(0, None, 1, 0), (100, None, 2, 0)],
        space="A except tool_block/mass from B",
    )

`env` may be a batch of environments. The names of the reference's actors mean the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from os import PathLike
from typing import Any, ClassVar, Protocol, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import VectorEnv, VectorWrapper
from numpy.typing import ArrayLike, NDArray

from trifactor._trifactor import (
    NativeChoice,
    curriculum_document,
    parse_space,
    protocol_manifest,
)
from trifactor._trifactor import protocols as native_protocols
from trifactor.custom import family_name_and_document
from trifactor.errors import SettingError, ShapeError, TrifactorError
from trifactor.observation import Variables

Active: TypeAlias = Sequence[int | float | None]
"""First episode, last episode (None or infinity: for ever), every how many episodes, after how many
control steps (0: at the start); perhaps, as a fifth, every how many control steps again."""

Space: TypeAlias = str | Mapping[str, Any]
"""As text, `"A except tool_block/mass from B"`; or, where no text can say it, as a dictionary:
`{"all": "A", "except": {"tool_block/mass": {"low": 0.02, "high": 0.03}}}`."""

ALWAYS: Active = (0, None, 1, 0)
"""At the start of every episode."""


class CustomActor(Protocol):
    """An actor of one's own; a function of the same arguments will do."""

    def act(self, variables: Variables, rng: np.random.Generator) -> Variables | None:
        """What to set now, or None; drawn from a generator that is a function of the moment."""


@dataclass(frozen=True)
class GoalActor:
    """Sets the goals that the task draws."""

    _kind: ClassVar[str] = "goal"


@dataclass(frozen=True)
class RandomActor:
    """Domain randomisation: sets everything that the reference's random actor varies.

    Attributes:
        variables: globs over the variables, in place of the reference's.
        space: what is drawn from, in place of the space in force.
    """

    variables: Sequence[str] | None = None
    space: Space | None = None
    _kind: ClassVar[str] = "random"


@dataclass(frozen=True)
class JointsActor:
    """Sets the joints so that each fingertip is at a random point of the arena."""

    _kind: ClassVar[str] = "joints"


@dataclass(frozen=True)
class RigidPoseActor:
    """Sets positions and rotations of everything whose name begins with `tool`."""

    positions: bool = True
    orientations: bool = True
    _kind: ClassVar[str] = "rigid_pose"


@dataclass(frozen=True)
class PhysicalPropertiesActor:
    """Sets masses, or the friction of what has none, where names begin with `group`."""

    group: str = "tool"
    _kind: ClassVar[str] = "physical_properties"


@dataclass(frozen=True)
class VisualActor:
    """Sets every colour."""

    _kind: ClassVar[str] = "visual"


@dataclass(frozen=True)
class InterpolationActor:
    """Goes from one world to another between two episodes.

    Attributes:
        to: values by path, `{"tool_block/mass": 0.05}`: the last world.
        episodes: the first episode and the last.
        from_: the first world; what it leaves out goes from what the episode begins with.
    """

    to: Mapping[str, Any]
    episodes: tuple[int, int]
    from_: Mapping[str, Any] = field(default_factory=dict)
    _kind: ClassVar[str] = "interpolation"


@dataclass(frozen=True)
class FamilyInterpolationActor:
    """Goes from the start of one task family to that of another with the same blocks and goals."""

    from_family: str
    to_family: str
    episodes: tuple[int, int]
    _kind: ClassVar[str] = "family_interpolation"


@dataclass(frozen=True)
class WideningActor:
    """Draws from a share of a space, which grows as episodes end in success.

    Attributes:
        variables: globs over the variables.
        space: what is drawn from, in place of the space in force.
        pace: any of `window` (episodes that success is averaged over), `widen_from` and `narrow_to`
            (the shares of success from which the range widens, and to which it narrows), `step` and
            `width` (how much, and the width in the beginning, 0 to 1).
    """

    variables: Sequence[str]
    space: Space | None = None
    pace: Mapping[str, float] = field(default_factory=dict)
    _kind: ClassVar[str] = "widening"


GoalInterventionActorPolicy = GoalActor
RandomInterventionActorPolicy = RandomActor
JointsInterventionActorPolicy = JointsActor
RigidPoseInterventionActorPolicy = RigidPoseActor
PhysicalPropertiesInterventionActorPolicy = PhysicalPropertiesActor
VisualInterventionActorPolicy = VisualActor


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
        given = [ALWAYS] * len(actors) if actives is None else list(actives)
        if len(given) != len(actors):
            raise ShapeError(f"actives: expected {len(actors)}, one for each actor, got {len(given)}")
        entries = [
            {**self._entry(actor), "active": _active(active)}
            for actor, active in zip(actors, given, strict=True)
        ]
        document: dict[str, Any] = {"actors": entries}
        if space is not None:
            document["space"] = space_document(space)
        self.document = json.dumps(document, default=np.ndarray.tolist)

    def _entry(self, actor: Any) -> dict[str, Any]:
        kind = getattr(actor, "_kind", None)
        if kind is None:
            self.custom.append(_custom(actor))
            return {"actor": "custom", "index": len(self.custom) - 1}
        entry = {name.rstrip("_"): value for name, value in asdict(actor).items()}
        entry = {name: value for name, value in entry.items() if value is not None}
        if "space" in entry:
            entry["space"] = space_document(entry["space"])
        return {"actor": kind, **entry}


class CurriculumWrapper(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
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
        gym.utils.RecordConstructorArgs.__init__(
            self, intervention_actors=intervention_actors, actives=actives, space=space
        )
        gym.Wrapper.__init__(self, env)
        self._curriculum = _Curriculum(intervention_actors, actives, space)
        self._attach()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; actors whose turn it is have acted before it is observed."""
        result = self.env.reset(seed=seed, options=options)
        self._native.check_curriculum()
        return result

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step; actors whose turn it is have acted before it is observed."""
        result = self.env.step(action)
        self._native.check_curriculum()
        return result

    def take_events(self) -> list[dict[str, Any]]:
        """What the actors tried since this was asked last: who, when, what, and why refused."""
        events: list[dict[str, Any]] = json.loads(self._native.take_events())
        return events

    @property
    def _native(self) -> Any:
        world: Any = self.env.unwrapped
        return world._native

    def _attach(self) -> None:
        self._native.set_curriculum(self._curriculum.document, self._curriculum.custom)

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Give the copy's environment the curriculum, from its beginning."""
        self.__dict__.update(contents)
        self._attach()

    def __getnewargs__(self) -> tuple[Any]:
        """Let copies and pickles know what kind of wrapper it is."""
        return (self.__dict__.get("env"),)


class VectorCurriculumWrapper(VectorWrapper):
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
        super().__init__(env)
        curriculum = _Curriculum(intervention_actors, actives, space)
        self._native.set_curriculum(curriculum.document, curriculum.custom)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes."""
        result = self.env.reset(seed=seed, options=options)
        self._native.check_curriculum()
        return result

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Take a step in every world."""
        result = self.env.step(actions)
        self._native.check_curriculum()
        return result

    def take_events(self) -> list[list[dict[str, Any]]]:
        """What the actors of every world tried since this was asked last."""
        events: list[list[dict[str, Any]]] = json.loads(self._native.take_events())
        return events

    @property
    def _native(self) -> Any:
        world: Any = self.env.unwrapped
        return world._native


class AgentInterventionWrapper(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """The agent as actor: a policy chooses its own interventions within the allowed space.

    An action has the robot's nine numbers, then one that says whether to intervene (above 0), then
    what to set the chosen variables to: -1 is the low end of what the space allows in the present
    state, 1 the high end. The reward is the step's, the observation is taken after the
    intervention; `info["intervened"]` tells that it was made, `info["intervention_refused"]` is the
    reason why not, or None.
    """

    def __init__(
        self, env: gym.Env[Any, Any], variables: Sequence[str], *, space: Space = "A"
    ) -> None:
        """Wrap a `TriFingerEnv`, on which no other wrapper changes observations.

        Args:
            env: the environment.
            variables: globs over the variables that the agent may set.
            space: what it may set them to.

        Raises:
            SettingError: nothing is left to choose.
            UnknownVariableError: no variable has that name.
        """
        gym.utils.RecordConstructorArgs.__init__(self, variables=variables, space=space)
        gym.Wrapper.__init__(self, env)
        self._variables, self._space = list(variables), json.dumps(space_document(space))
        self._choice = self._choose()
        self.choices: list[tuple[str, int]] = self._choice.variables()
        """The variables in the order of the action's numbers, and how many each takes."""
        robot: Any = env.action_space
        more = np.ones(1 + sum(length for _, length in self.choices), np.float32)
        low, high = np.concatenate([robot.low, -more]), np.concatenate([robot.high, more])
        self.action_space = Box(low, high, dtype=np.float32)

    def step(self, action: ArrayLike) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take the robot's step, then make the intervention that the action asks for."""
        numbers = np.asarray(action, np.float64)
        if numbers.shape != self.action_space.shape:
            raise ShapeError(f"action: expected {self.action_space.shape}, got {numbers.shape}")
        observation, reward, terminated, truncated, info = self.env.step(numbers[:9])
        info["intervention_refused"] = None
        if numbers[9] > 0.0:
            world: Any = self.env.unwrapped
            refused = self._choice.act(world._native, numbers[10:])
            info["intervention_refused"] = refused
            if refused is None:
                world._follow_scene()
                observation, info["intervened"] = world.observe(), True
        return observation, reward, terminated, truncated, info

    def _choose(self) -> NativeChoice:
        world: Any = self.env.unwrapped
        return NativeChoice(world._native, self._space, self._variables)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the native half."""
        return {**self.__dict__, "_choice": None}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Make the native half anew."""
        self.__dict__.update(contents)
        self._choice = self._choose()


class VectorAgentInterventionWrapper(VectorWrapper):
    """What `AgentInterventionWrapper` is, for a batch."""

    def __init__(
        self, env: VectorEnv[Any, Any, Any], variables: Sequence[str], *, space: Space = "A"
    ) -> None:
        """Wrap a batch; arguments and exceptions are those of `AgentInterventionWrapper`."""
        super().__init__(env)
        world: Any = env.unwrapped
        document = json.dumps(space_document(space))
        self._choice = NativeChoice(world._single._native, document, list(variables))
        self.choices: list[tuple[str, int]] = self._choice.variables()
        robot: Any = env.single_action_space
        more = np.ones(1 + sum(length for _, length in self.choices), np.float32)
        low, high = np.concatenate([robot.low, -more]), np.concatenate([robot.high, more])
        self.single_action_space = Box(low, high, dtype=np.float32)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, env.num_envs)

    def step(self, actions: ArrayLike) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Take the robots' steps, then make the interventions that the actions ask for."""
        numbers = np.asarray(actions, np.float64)
        if numbers.shape != self.action_space.shape:
            raise ShapeError(f"actions: expected {self.action_space.shape}, got {numbers.shape}")
        observations, rewards, terminated, truncated, infos = self.env.step(numbers[:, :9])
        world: Any = self.env.unwrapped
        wanted: NDArray[np.bool_] = numbers[:, 9] > 0.0
        reasons = self._choice.act_each(world._native, numbers[:, 10:].copy(), wanted.tolist())
        refused = np.array([reason is not None for reason in reasons], np.bool_)
        if (wanted & ~refused).any():
            observations = world.observe()
            infos["intervened"] = infos["intervened"] | (wanted & ~refused)
        reasons_array = np.empty(len(reasons), object)
        reasons_array[:] = reasons
        infos["intervention_refused"] = reasons_array
        infos["_intervention_refused"] = wanted
        return observations, rewards, terminated, truncated, infos


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
        """
        gym.utils.RecordConstructorArgs.__init__(self, protocol=protocol, worlds=worlds, seed=seed)
        gym.Wrapper.__init__(self, env)
        world: Any = env.unwrapped
        arguments = world._arguments
        family = arguments["document"] and json.loads(arguments["document"])
        manifest = get_manifest(family or arguments["family"], protocol, worlds, seed)
        self.worlds: list[dict[str, Any]] = manifest["worlds"]
        self.index = -1
        """The world of the present episode."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin the next world; its seed is its own, whatever is asked for."""
        self.index = (self.index + 1) % len(self.worlds)
        here, world = self.worlds[self.index], self._world
        world.reset_default_state()
        _, info = self.env.reset(seed=here["seed"], options=options)
        result = world.do_intervention(here["start"], check_bounds=False)
        if result.reason is not None:
            raise result.reason
        return result.observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step; what is due after it has been done before it is observed."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if self.worlds[self.index].get("within"):
            changed = self._world._native.follow_world(json.dumps(self.worlds[self.index]))
            if changed:
                observation, info["intervened"] = self._world.observe(), True
        return observation, reward, terminated, truncated, info

    @property
    def _world(self) -> Any:
        return self.env.unwrapped


Family: TypeAlias = str | PathLike[str] | Mapping[str, Any]


def get_protocols(family: Family, *, generated: bool = True) -> list[dict[str, Any]]:
    """The protocols of a family: the reference's, then those generated from its variables.

    Returns:
        A dictionary for each: `name`, `description`, `start` (the space drawn from before the
        episode), and perhaps `within` (what is drawn for times in it) and `family` (whose worlds
        they are, where not this one's).
    """
    name, document = family_name_and_document(family)
    all_of_them: list[dict[str, Any]] = json.loads(native_protocols(name, document, generated))
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
    """
    name, document = family_name_and_document(family)
    chosen = protocol if isinstance(protocol, str) else json.dumps(dict(protocol))
    manifest: dict[str, Any] = json.loads(
        protocol_manifest(name, document, chosen, int(worlds), int(seed))
    )
    return manifest


def space_document(space: Space) -> Any:
    """A space in its one form, checked.

    Raises:
        FormatError: it says nothing that can be meant; with the place.
    """
    text = space if isinstance(space, str) else json.dumps(dict(space), default=np.ndarray.tolist)
    return json.loads(parse_space(text))


def _active(active: Active) -> list[int | None]:
    numbers = [None if n is None or n == float("inf") else n for n in active]
    for number in numbers:
        if number is not None and (number != int(number) or number < 0):
            raise SettingError(f"active {tuple(active)}: {number!r} is no whole number from 0")
    return [None if number is None else int(number) for number in numbers]


def _custom(actor: Any) -> tuple[str, Callable[..., Any]]:
    act = getattr(actor, "act", actor)
    if not callable(act):
        known = "pass one of this module, a function, or an object with a method 'act'"
        raise SettingError(f"actor {actor!r}: {known}")
    name = getattr(actor, "name", None) or getattr(actor, "__name__", type(actor).__name__)

    def call(variables: Variables, key: tuple[int, ...]) -> Variables | None:
        wanted: Variables | None = act(variables, np.random.default_rng(list(key)))
        return wanted

    return str(name), call


__all__ = [
    "ALWAYS",
    "AgentInterventionWrapper",
    "CurriculumWrapper",
    "CustomActor",
    "FamilyInterpolationActor",
    "GoalActor",
    "GoalInterventionActorPolicy",
    "InterpolationActor",
    "JointsActor",
    "JointsInterventionActorPolicy",
    "PhysicalPropertiesActor",
    "PhysicalPropertiesInterventionActorPolicy",
    "ProtocolWrapper",
    "RandomActor",
    "RandomInterventionActorPolicy",
    "RigidPoseActor",
    "RigidPoseInterventionActorPolicy",
    "TrifactorError",
    "VectorAgentInterventionWrapper",
    "VectorCurriculumWrapper",
    "VisualActor",
    "VisualInterventionActorPolicy",
    "WideningActor",
    "get_manifest",
    "get_protocols",
    "space_document",
]
