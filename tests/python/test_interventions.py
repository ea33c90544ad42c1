"""Variables are read and set by the reference's names."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest
from conftest import future, untouched

import trifactor

LINKS = [f"robot_finger_{finger}_link_{link}" for finger in (60, 120, 300) for link in range(4)]
HEAD = ["joint_positions", "control_index", "joint_velocities", "robot_height", *LINKS]
HEAD += ["floor_color", "floor_friction", "stage_color", "stage_friction", "gravity"]
OBJECTS = {
    "pushing": ["tool_block", "goal_block"],
    "reaching": ["goal_60", "goal_120", "goal_300"],
}


def family(env):
    return env.spec.kwargs["family"]


def test_variables_carry_the_references_names_in_its_order(env):
    names = list(env.get_current_state_variables())
    expected = HEAD + OBJECTS[family(env)]
    assert [name for name in names if name in expected] == expected


def test_what_counts_is_an_int_and_what_measures_a_float(env):
    variables = env.get_current_state_variables()
    assert type(variables["control_index"]) is int
    assert type(variables["floor_friction"]) is float
    assert variables["joint_positions"].shape == (9,)


def test_a_value_set_is_the_value_read(env):
    before = env.get_current_state_variables()
    success, observation = env.do_intervention({"floor_friction": 0.4, "stage_color": [0, 1, 0.5]})
    assert success
    after = env.get_current_state_variables()
    assert after["floor_friction"] == 0.4
    np.testing.assert_array_equal(after["stage_color"], [0, 1, 0.5])
    changed = {name for name in after if not _same(after[name], before[name])}
    assert changed == {"floor_friction", "stage_color"}
    assert observation.tobytes() == env.observe().tobytes()


def test_paths_and_names_mean_the_same(env):
    twin = copy.deepcopy(env)
    link = "robot_finger_120_link_1"
    assert env.do_intervention({link: {"mass": 0.05}, "stage_friction": 0.5})[0]
    assert twin.do_intervention({f"{link}/mass": 0.05, "stage/friction": np.float32(0.5)})[0]
    assert env.get_state() == twin.get_state()


def test_a_starting_state_lasts_until_the_default_returns(env):
    default = env.get_current_state_variables()["floor_friction"]
    result = env.set_starting_state({"floor_friction": 0.7})
    assert result.success and result.reason is None
    assert env.get_state()["step"] == 0
    env.do_intervention({"floor_friction": 0.3})
    env.reset()
    assert env.get_current_state_variables()["floor_friction"] == 0.7
    env.reset_default_state()
    env.reset()
    assert env.get_current_state_variables()["floor_friction"] == default


def test_a_refused_intervention_says_why_and_changes_nothing(env):
    with untouched(env):
        result = env.do_intervention({"stage_friction": 0.5, "floor_friction": 5.0})
    success, observation = result
    assert not success
    assert observation.tobytes() == env.observe().tobytes()
    assert isinstance(result.reason, trifactor.OutOfSpaceError)
    assert "floor" in str(result.reason) and result.reason.value == [5.0]
    assert result.reason.low == [0.3] and result.reason.high == [0.8]
    again = pickle.loads(pickle.dumps(result))
    assert again.success is False and str(again.reason) == str(result.reason)
    with untouched(env):
        assert not env.set_starting_state({"floor_friction": 5.0}).success


def test_bounds_are_those_of_the_space_in_force(env):
    assert env.do_intervention({"floor_friction": 0.7}).success
    env.set_intervention_space("space_a")
    assert env.do_intervention({"floor_friction": 0.7}).success, "it has that value already"
    assert not env.do_intervention({"floor_friction": 0.71}).success
    assert env.do_intervention({"floor_friction": 0.7}, check_bounds=False).success
    np.testing.assert_array_equal(env.get_variable_space_used()["floor_friction"], [0.3, 0.6])
    env.set_intervention_space("space_b")
    np.testing.assert_array_equal(env.get_variable_space_used()["floor_friction"], [0.6, 0.8])


def test_spaces_are_low_and_high_bounds_by_name(env):
    spaces = [
        env.get_intervention_space_a(),
        env.get_intervention_space_b(),
        env.get_intervention_space_a_b(),
    ]
    for space in spaces:
        assert space["joint_positions"].shape == (2, 9)
        assert space["robot_finger_60_link_0"]["mass"].shape == (2,)
        low, high = space["joint_positions"]
        assert (low < high).all()
    np.testing.assert_array_equal(spaces[0]["floor_friction"], [0.3, 0.6])
    np.testing.assert_array_equal(spaces[2]["floor_friction"], [0.3, 0.8])


def test_a_sampled_goal_can_be_set(env):
    with untouched(env):
        goal = env.sample_new_goal()
    assert all(name.startswith("goal") for name in goal)
    assert env.do_intervention(goal).success


def test_a_random_intervention_sets_one_variable_inside_the_space(env):
    accepted = 0
    for _ in range(20):
        before = env.get_state()
        intervention, success, observation = env.do_single_random_intervention()
        assert len(intervention) == 1
        assert success or env.get_state() == before
        assert observation.tobytes() == env.observe().tobytes()
        accepted += success
        env.step(np.zeros(9))
    assert accepted > 0


def test_the_future_after_an_intervention_is_that_of_its_state(env):
    twin = copy.deepcopy(env)
    env.do_intervention({"floor_friction": 0.35, "robot_finger_60_link_1": {"mass": 0.09}})
    twin.set_state(trifactor.State.from_json(env.get_state().to_json()))
    assert future(env) == future(twin)


def _same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    return np.array_equal(one, other)


def test_the_table_of_variables_says_of_each_what_the_other_calls_say(env):
    table = {row["path"]: row for row in env.variable_table()}
    values, space = env.get_current_state_variables(), env.get_intervention_space_a()
    mass = table["robot_finger_60_link_1/mass"]
    assert mass["default"] == [values["robot_finger_60_link_1"]["mass"]]
    low, high = space["robot_finger_60_link_1"]["mass"]
    assert mass["space_a"] == {"low": [low], "high": [high]}
    assert (mass["unit"], mass["shape"]) == ("kg", [])
    assert mass["settable"] and not mass["observed"] and "inertia" in mass["meaning"]
    joints = table["robot/joint_positions"]
    assert (joints["shape"], joints["observed"]) == ([9], True)
    assert not table["robot/control_index"]["settable"]
    assert table["robot/joint_velocities"]["space_a_b"] is None
    goals = [row for path, row in table.items() if path.startswith("goal")]
    assert goals and all(row["default"] for row in goals)


def test_a_heavy_block_stands_on_a_light_one_or_their_masses_are_refused():
    env = gym.make("trifactor/Stacking2-v0").unwrapped
    env.reset(seed=0)

    def stack(mass):
        def at(height, mass):
            pose = {"cartesian_position": [0.05, 0.05, height], "orientation": [0, 0, 0, 1]}
            return {**pose, "mass": mass}

        blocks = {"tool_block_1": at(0.0325, 0.02), "tool_block_2": at(0.0975, mass)}
        return env.do_intervention(blocks, check_bounds=False)

    refused = stack(40.0)
    assert not refused.success
    for part in ("tool_block_1/mass", "tool_block_2/mass", "40.0", "0.02", "2000", "up to 20 times"):
        assert part in str(refused.reason), refused.reason
    assert stack(0.4).success
    for _ in range(100):
        env.step(np.zeros(9))
    height = env.get_current_state_variables()["tool_block_2"]["cartesian_position"][2]
    assert 0.0975 - height < 1e-3
