"""Wrappers in Gymnasium's form that change what actions mean and when things are seen."""

from trifactor.wrappers.actions import (
    LONGEST_DELAY,
    LONGEST_WINDOW,
    DeltaAction,
    delayed_actions,
    moving_average_actions,
)
from trifactor.wrappers.delays import ObservationDelay, VectorObservationDelay
from trifactor.wrappers.realistic import (
    ACTION_NOISE,
    BLOCK_FACTORS,
    CAMERA_DELAY,
    OBSERVATION_NOISE,
    RealisticRobot,
)
from trifactor.wrappers.selector import MOVE, RAISED, TURN, ObjectSelector

__all__ = [
    "ACTION_NOISE",
    "BLOCK_FACTORS",
    "CAMERA_DELAY",
    "LONGEST_DELAY",
    "LONGEST_WINDOW",
    "MOVE",
    "OBSERVATION_NOISE",
    "RAISED",
    "TURN",
    "DeltaAction",
    "ObjectSelector",
    "ObservationDelay",
    "RealisticRobot",
    "VectorObservationDelay",
    "delayed_actions",
    "moving_average_actions",
]
