"""Counterfactuals from Python: exact, batched, refused one by one."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor.errors import ImpossibleError, RefusedError, ShapeError, StateError


@pytest.fixture
def world() -> Any:
    """A pushing environment after its reset."""
    env: Any = gym.make("trifactor/Pushing-v0", skip_frame=3).unwrapped
    env.reset(seed=0)
    return env


def test_a_counterfactual_is_what_a_world_set_so_gives(world: Any) -> None:
    """The same actions from the same state with another mass, bit for bit."""
    state, rng = world.get_state(), np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (20, 9))
    answer = world.counterfactual(state, actions, {"robot_finger_60_link_1": {"mass": 0.05}})
    other: Any = gym.make("trifactor/Pushing-v0", skip_frame=3).unwrapped
    other.reset(seed=0)
    lighter = {"robot_finger_60_link_1": {"mass": 0.05}}
    assert other.do_intervention(lighter, check_bounds=False).success
    for step, action in enumerate(actions):
        _, reward, *_ = other.step(action)
        assert other.get_state() == answer.counterfactual.states[step + 1]
        assert reward == answer.counterfactual.rewards[step]
    assert answer.factual.states[0] == state and answer.factual.differences == []
    first = answer.counterfactual.differences[0]
    assert (first.step, first.path) == (0, "robot_finger_60_link_1/mass")
    assert first.counterfactual == [0.05]
    assert {"robot/joint_velocities"} <= {d.path for d in answer.counterfactual.differences}
    assert world.get_state() == state, "nothing is changed in the environment that was asked"


def test_questions_are_answered_together_and_refused_one_by_one(world: Any) -> None:
    """A refusal is an answer among the others; alone it is raised."""
    state, actions = world.get_state(), np.zeros((4, 9))
    questions = [
        ({"tool_block": {"mass": -1.0}}, None),
        (None, np.ones((4, 9))),
        ({"floor_friction": 0.1}, np.ones((2, 9))),
    ]
    answers = trifactor.counterfactuals(world, state, actions, questions, num_threads=2)
    refused, acted, both = answers.counterfactual
    assert isinstance(refused, ImpossibleError)
    assert [len(one.states) for one in (answers.factual, acted, both)] == [5, 5, 3]
    assert acted.differences[0].step == 1
    assert both.differences[0].path == "floor/friction"
    with pytest.raises(RefusedError, match="mass"):
        world.counterfactual(state, actions, {"tool_block": {"mass": -1.0}})


def test_what_is_no_question_is_refused(world: Any) -> None:
    """Wrong shapes, and states of another world."""
    with pytest.raises(ShapeError, match="steps, 9"):
        world.counterfactual(world.get_state(), np.zeros(9))
    other: Any = gym.make("trifactor/Picking-v0", skip_frame=3).unwrapped
    other.reset(seed=0)
    with pytest.raises(StateError):
        world.counterfactual(other.get_state(), np.zeros((1, 9)))
