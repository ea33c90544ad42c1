"""A TriFinger robot among blocks: every causal variable can be read and set.

Importing this package registers its environments with Gymnasium::

    import gymnasium as gym
    import trifactor

    env = gym.make("trifactor/Pushing-v0", skip_frame=3)
"""

from trifactor import augment
from trifactor._trifactor import State, __version__
from trifactor.causal import Counterfactual, Counterfactuals, counterfactuals
from trifactor.custom import StateReward, get_family
from trifactor.env import InterventionResult, TriFingerEnv
from trifactor.errors import (
    BusyError,
    FormatError,
    ImpossibleError,
    InfeasibleError,
    NotFiniteError,
    OrderError,
    OutOfSpaceError,
    RefusedError,
    SettingError,
    ShapeError,
    StateError,
    TrifactorError,
    UnknownVariableError,
)
from trifactor.evaluation import evaluate, evaluation_callback
from trifactor.goal import TriFingerGoalEnv
from trifactor.goal_vector import TriFingerGoalVectorEnv
from trifactor.goals import RandomGoals
from trifactor.making import make, make_vec
from trifactor.networks import load_network
from trifactor.policies import ScriptedPolicy, scripted_policy
from trifactor.registration import register
from trifactor.saved import load_world, save_world
from trifactor.scores import Comparison, Scores
from trifactor.vector import BatchInterventionResult, Branch, TriFingerVectorEnv

__all__ = [
    "BatchInterventionResult",
    "Branch",
    "BusyError",
    "Comparison",
    "Counterfactual",
    "Counterfactuals",
    "FormatError",
    "ImpossibleError",
    "InfeasibleError",
    "InterventionResult",
    "NotFiniteError",
    "OrderError",
    "OutOfSpaceError",
    "RandomGoals",
    "RefusedError",
    "Scores",
    "ScriptedPolicy",
    "SettingError",
    "ShapeError",
    "State",
    "StateError",
    "StateReward",
    "TriFingerEnv",
    "TriFingerGoalEnv",
    "TriFingerGoalVectorEnv",
    "TriFingerVectorEnv",
    "TrifactorError",
    "UnknownVariableError",
    "__version__",
    "augment",
    "counterfactuals",
    "evaluate",
    "evaluation_callback",
    "get_family",
    "load_network",
    "load_world",
    "make",
    "make_vec",
    "save_world",
    "scripted_policy",
]

register()
