"""The scene and the robot that every engine simulates: numbers only, no engine.

Positions are metres in observation coordinates: the floor's contact plane is z = 0, the centre of
the table is the origin. Angles are radians. A finger's joints are (shoulder, upper, lower).
"""

import math

import numpy as np

TICK = 0.004
REST = np.array([0.0, math.pi / 4, -math.pi / 4] * 3)
LOW = np.array([-1.57, -1.2, -3.0] * 3)
HIGH = np.array([1.0, 1.57, 3.0] * 3)

KP = np.full(9, 10.0)
KD = np.array([0.1, 0.3, 0.001] * 3)
SAFETY_DAMPING = np.array([0.08, 0.08, 0.04] * 3)
MAX_TORQUE = 0.36

BLOCK_SIZE = 0.065
BLOCK_MASS = 0.02
# The block that is worked comes first and lies where the pushing task puts it. The other four lie
# out of its way on the floor, so that five blocks cost more contacts and not another behaviour.
BLOCK_CENTRES = ((0.0, -0.08), (0.09, 0.02), (-0.09, 0.03), (0.03, 0.115), (0.105, 0.105))

BASE_HEIGHT = 0.329
SHOULDER_OFFSET = 0.0455
SIDE_OFFSET = 0.05945
LINK_LENGTH = 0.16
FINGER_YAWS = tuple(math.radians(angle) for angle in (-90.0, -210.0, -330.0))


def starting_state(blocks):
    """The resting robot, `blocks` tool blocks and as many goals, by variable name.

    Each goal lies where the next block starts: inside the arena, as feasibility demands.
    """
    state = {"joint_positions": REST.copy()}
    for index in range(blocks):
        for name, place in (("tool", index), ("goal", (index + 1) % blocks)):
            x, y = BLOCK_CENTRES[place]
            cylindrical = [math.hypot(x, y), math.atan2(y, x), BLOCK_SIZE / 2]
            state[f"{name}_{index}"] = {
                "cylindrical_position": np.array(cylindrical),
                "euler_orientation": np.zeros(3),
            }
    return state


def denormalise(action):
    """Joint targets (9, radians) of a normalised action."""
    return LOW + (np.clip(action, -1.0, 1.0) + 1.0) / 2.0 * (HIGH - LOW)


def normalise(joints):
    """The normalised action whose targets are `joints`, limited to [-1, 1]."""
    return np.clip((joints - LOW) / (HIGH - LOW) * 2.0 - 1.0, -1.0, 1.0)


def _wrap(angle):
    return math.atan2(math.sin(angle), math.cos(angle))


def tip(finger, joints):
    """Position of a fingertip at three joint angles."""
    q0, q1, q2 = joints
    along = -LINK_LENGTH * (math.sin(q1) + math.sin(q1 + q2)) - SHOULDER_OFFSET
    down = -LINK_LENGTH * (math.cos(q1) + math.cos(q1 + q2))
    side = -SIDE_OFFSET * math.cos(q0) + down * math.sin(q0)
    up = SIDE_OFFSET * math.sin(q0) + down * math.cos(q0)
    c, s = math.cos(FINGER_YAWS[finger]), math.sin(FINGER_YAWS[finger])
    return np.array([c * along - s * side, s * along + c * side, up + BASE_HEIGHT])


def joints_of_tip(finger, position):
    """Three joint angles, knee bent outward, that put a fingertip at `position` in closed form.

    A position out of reach is answered with the stretched finger that points at it.
    """
    c, s = math.cos(FINGER_YAWS[finger]), math.sin(FINGER_YAWS[finger])
    x, y, z = position[0], position[1], position[2] - BASE_HEIGHT
    along, side = c * x + s * y + SHOULDER_OFFSET, -s * x + c * y
    down = -math.sqrt(max(side * side + z * z - SIDE_OFFSET**2, 1e-12))
    q0 = _wrap(math.atan2(side, z) - math.atan2(-SIDE_OFFSET, down))
    cosine = (along * along + down * down) / (2 * LINK_LENGTH**2) - 1.0
    q2 = -math.acos(min(1.0, max(-1.0, cosine)))
    q1 = _wrap(math.atan2(-along, -down) - q2 / 2)
    return np.array([q0, q1, q2])
