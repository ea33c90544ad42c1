"""Worlds and states on disk."""

import copy
import json
import pickle

import gymnasium as gym
import pytest
from conftest import future

import trifactor
from trifactor import FormatError, State, StateError, TriFingerEnv


def near(rng, state):
    """A goal like any other, from a function that a pickle can name."""
    return {"goal_block": {"cartesian_position": [rng.uniform(-0.1, 0.1), 0.0, 0.0325]}}


def test_a_saved_world_and_state_go_on_bit_for_bit(env, tmp_path):
    env.get_state().save(tmp_path / "state.json")
    (tmp_path / "world.json").write_text(json.dumps(env.description()), encoding="utf-8")
    first = future(env)
    for description in (tmp_path / "world.json", str(tmp_path / "world.json"), env.description()):
        again = TriFingerEnv.from_description(description)
        again.set_state(State.load(str(tmp_path / "state.json")))
        assert again.description() == env.description()
        assert future(again) == first


def test_a_world_with_its_own_family_and_settings_is_described_whole(tmp_path):
    family = trifactor.get_family("picking")
    family["name"] = "mine"
    made = gym.make(
        "trifactor/Custom-v0",
        family=family,
        task_params={"tool_block_mass": 0.05},
        physics={"preset": "reference", "passes": 5},
        skip_frame=4,
        max_episode_length=9,
        normalize_actions=False,
        variables_space="space_b",
        overlap="aabb",
        action_mode="delta_joint_positions",
        dtype="float64",
    ).unwrapped
    again = TriFingerEnv.from_description(made.description(), dtype="float64", goal_sampler=near)
    for world in (made, again):
        world.reset(seed=3)
    assert future(again) == future(made)
    assert str(again.get_variable_space_used()) == str(made.get_variable_space_used())
    twin = pickle.loads(pickle.dumps(again))
    assert twin.sample_new_goal() == again.sample_new_goal()
    described = twin.description()
    assert described.pop("code") == ["goal_sampler"]
    assert described == made.description()


def test_what_can_not_be_loaded_is_refused_with_the_reason(env, tmp_path):
    state = json.loads(env.get_state().to_json())
    for change, told in [
        ({"version": 2}, "this release reads version 1"),
        ({"format": "trifactor world"}, "trifactor world"),
        ({"mood": 1.0}, "mood"),
        ({"blocks": [{}] * 9}, "blocks"),
    ]:
        with pytest.raises(FormatError, match=told):
            State.from_json(json.dumps({**state, **change}))
    with pytest.raises(FormatError, match="at robot: missing field `height`"):
        broken = copy.deepcopy(state)
        del broken["robot"]["height"]
        State.from_json(json.dumps(broken))
    with pytest.raises(trifactor.TrifactorError, match="nowhere"):
        State.load(tmp_path / "nowhere.json")

    world = env.description()
    for change, told in [
        ({"version": 2}, "this release reads version 1"),
        ({"format": "trifactor state"}, "trifactor state"),
        ({"config": {**world["config"], "colour": "red"}}, "colour"),
    ]:
        with pytest.raises(FormatError, match=told):
            TriFingerEnv.from_description({**world, **change})
    other = {**world, "config": {**world["config"], "skip_frame": 7}}
    with pytest.raises(StateError, match="world id"):
        TriFingerEnv.from_description(other)
    with pytest.raises(FormatError, match="nowhere"):
        TriFingerEnv.from_description(tmp_path / "nowhere.json")
    with pytest.raises(trifactor.ShapeError, match="int"):
        TriFingerEnv.from_description(7)
