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

from trifactor.curriculum.actors import (
    ALWAYS,
    CustomActor,
    FamilyInterpolationActor,
    GoalActor,
    GoalInterventionActorPolicy,
    InterpolationActor,
    JointsActor,
    JointsInterventionActorPolicy,
    PhysicalPropertiesActor,
    PhysicalPropertiesInterventionActorPolicy,
    RandomActor,
    RandomInterventionActorPolicy,
    RigidPoseActor,
    RigidPoseInterventionActorPolicy,
    VisualActor,
    VisualInterventionActorPolicy,
    WideningActor,
)
from trifactor.curriculum.agent import AgentInterventionWrapper, VectorAgentInterventionWrapper
from trifactor.curriculum.protocols import ProtocolWrapper, get_manifest, get_protocols
from trifactor.curriculum.spaces import space_document
from trifactor.curriculum.wrapper import CurriculumWrapper, VectorCurriculumWrapper

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
    "VectorAgentInterventionWrapper",
    "VectorCurriculumWrapper",
    "VisualActor",
    "VisualInterventionActorPolicy",
    "WideningActor",
    "get_manifest",
    "get_protocols",
    "space_document",
]
