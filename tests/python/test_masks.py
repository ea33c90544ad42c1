"""Local masks from Python."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor.errors import OrderError, SettingError


@pytest.fixture
def world() -> Any:
    """A pushing environment after its reset."""
    env: Any = gym.make(
        "trifactor/Pushing-v0", skip_frame=3, normalize_observations=False
    ).unwrapped
    env.reset(seed=0)
    return env


def test_a_step_in_the_air_lets_nothing_influence_another(world: Any) -> None:
    """Free fingers: themselves and their own actions; blocks and goals: themselves."""
    world.step(np.zeros(9, dtype=np.float32))
    mask = world.local_mask()
    assert mask.dtype == np.bool_
    nodes = ["robot_finger_60", "robot_finger_120", "robot_finger_300", "tool_block", "goal_block"]
    assert world.mask_names() == [*nodes, "action_60", "action_120", "action_300"]
    assert (mask == np.vstack([np.eye(5), np.eye(3, 5)]).astype(bool)).all()
    assert world.mask_edges() == []


def test_a_finger_set_into_a_block_influences_it_and_is_influenced(world: Any) -> None:
    """A block put at a fingertip is coupled with that finger, and the edge says so."""
    observation, _ = world.reset()
    first = world.get_observation_names().index("end_effector_positions[0]")
    x, y = observation[first : first + 2]
    # The finger's radius and half the block's edge apart.
    center = [x, y - 0.0325 - 0.0105, 0.0325]
    placed = world.do_intervention(
        {"tool_block": {"cartesian_position": center}}, check_bounds=False
    )
    assert placed.success, placed.reason
    with pytest.raises(OrderError, match="step"):
        world.local_mask()
    world.step(np.zeros(9, dtype=np.float32))
    mask, names = world.local_mask(), world.mask_names()
    finger, block = 0, names.index("tool_block")
    assert mask[finger, block] and mask[block, finger] and mask[names.index("action_60"), block]
    [edge] = world.mask_edges()
    assert (edge["first"], edge["second"], edge["tick"]) == (finger, block, 0)
    assert edge["gap"] < 0.005
    tight = world.local_mask("tight")
    assert (tight <= mask).all()


def test_a_mask_needs_a_step_and_a_known_strength(world: Any) -> None:
    """What can not be told is refused with the reason."""
    with pytest.raises(OrderError, match="step"):
        world.mask_edges()
    world.step(np.zeros(9, dtype=np.float32))
    with pytest.raises(SettingError, match="sound, tight"):
        world.local_mask("loose")
    assert issubclass(trifactor.TrifactorError, Exception)
