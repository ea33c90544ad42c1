"""Actors: they intervene on variables when their turn comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np

from trifactor.curriculum.spaces import Space
from trifactor.observation import Variables

Active: TypeAlias = Sequence[int | float | None]
"""First episode, last episode (None or infinity: for ever), every how many episodes, after how many
control steps (0: at the start); perhaps, as a fifth, every how many control steps again."""

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
    """Sets every colour, pattern, light and camera."""

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
