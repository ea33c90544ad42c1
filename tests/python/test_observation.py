"""The forms of an observation: what Gymnasium asks of each, and what each contains."""

import json
import pickle
import re
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from conftest import check

import trifactor
from trifactor.registration import FAMILIES

SIZES = {
    "Reaching": 37,
    "Pushing": 56,
    "Picking": 56,
    "PickAndPlace": 67,
    "Stacking2": 84,
    "Towers": 168,
    "StackedBlocks": 1008,
    "CreativeStackedBlocks": 502,
    "General": 168,
}
FORMS = {
    "structured": {},
    "entities": {"observation_mode": "entities"},
    "context": {"context": "all"},
    "entities with a context": {"observation_mode": "entities", "context": "all"},
    "slots": {"max_blocks": 12, "context": "visible"},
    "padded entities": {"observation_mode": "entities", "max_entities": 40},
    "custom": {"observe": ["*/mass", "robot/joint_*", "end_effector_positions"]},
    "partial": {"drop": ["joint_velocities"]},
}


def height(variables):
    """The height of the first block's centre; at the top so that it can be pickled."""
    return next(value["cartesian_position"][2] for key, value in variables.items() if "tool" in key)


def make(name, **arguments):
    """An environment of a family, reset with seed 1."""
    env = gym.make(f"trifactor/{name}-v0", skip_frame=3, **arguments).unwrapped
    env.reset(seed=1)
    return env


def flat(seen):
    """All numbers of an observation, in a row."""
    parts = seen.values() if isinstance(seen, dict) else [seen]
    return np.concatenate([np.ravel(part) for part in parts])


@pytest.mark.parametrize("form", ["structured", "entities"])
@pytest.mark.parametrize("suffix", ["", "Goal"])
@pytest.mark.parametrize("name", FAMILIES)
def test_check_env_warns_of_infinite_bounds_alone_for_every_id(name, suffix, form):
    check(gym.make(f"trifactor/{name}{suffix}-v0", **FORMS[form]).unwrapped)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", ["", "Goal"])
def test_check_env_warns_of_infinite_bounds_alone_for_every_form(suffix, form):
    for dtype in ("float32", "float64"):
        env = gym.make(f"trifactor/Stacking2{suffix}-v0", dtype=dtype, **FORMS[form])
        check(env.unwrapped)


@pytest.mark.parametrize("name", FAMILIES)
def test_structured_observations_have_the_size_of_the_reference_s(name):
    env = make(name)
    assert env.observation_space.shape == env.observe().shape == (SIZES[name],)
    assert len(set(env.get_observation_names())) == SIZES[name]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", ["", "Goal"])
def test_spaces_names_and_copies_follow_the_scene(suffix, form):
    env = make(f"Towers{suffix}", **FORMS[form])
    first = flat(env.observe())
    for blocks in (7, 2):
        tower = {"number_of_blocks_in_tower": [1, 1, blocks]}
        success, seen = env.do_intervention(tower, check_bounds=False)
        assert success
        assert env.observation_space.contains(seen)
        names = env.get_observation_names()
        assert np.size(flat(names)) == flat(seen).size
        copy = pickle.loads(pickle.dumps(env))
        assert flat(copy.observe()).tobytes() == flat(seen).tobytes()
        assert copy.observation_space == env.observation_space
        fresh = make(f"Towers{suffix}", **FORMS[form])
        fresh.set_state(env.get_state())
        assert flat(fresh.observe()).tobytes() == flat(seen).tobytes()
        assert fresh.observation_space == env.observation_space
        env.step(env.action_space.sample())
    seen, _ = env.reset(seed=1)
    assert flat(seen).tobytes() == first.tobytes()
    assert env.observation_space.contains(seen)


def test_a_declared_maximum_keeps_the_space_or_refuses():
    for form in ("slots", "padded entities"):
        env = make("Towers", **FORMS[form])
        before, state = env.observation_space, env.get_state()
        success, seen = env.do_intervention({"number_of_blocks_in_tower": [1, 1, 9]}, False)
        assert success
        assert env.observation_space == before
        assert before.contains(seen)
        env.set_state(state)
        result = env.do_intervention({"number_of_blocks_in_tower": [2, 2, 9]}, False)
        assert not result.success
        assert "max_" in str(result.reason)
        assert env.get_state() == state


def test_entities_are_a_row_per_finger_block_and_goal():
    env = make("PickAndPlace", observation_mode="entities", normalize_observations=False)
    seen = env.observe()
    names = env.get_observation_names()
    assert seen.shape == (6, 27)
    variables = env.get_current_state_variables()
    fingers = ["robot_finger_60", "robot_finger_120", "robot_finger_300"]
    bodies = [key for key, value in variables.items() if isinstance(value, dict) and "type" in value]
    assert [row[0].removesuffix("_presence") for row in names] == fingers + bodies
    for numbers, row in zip(seen[3:], names[3:], strict=True):
        name = row[0].removesuffix("_presence")
        place = [row.index(f"{name}_position[{i}]") for i in range(3)]
        np.testing.assert_allclose(numbers[place], variables[name]["cartesian_position"], rtol=1e-6)
    kinds = seen[:, 1:5].argmax(axis=1).tolist()
    assert kinds[:3] == [0, 0, 0]
    assert sorted(kinds[3:]) == [1, 2, 3]


def test_the_page_on_observations_lists_the_columns_of_an_entity_set():
    page = (Path(__file__).parents[2] / "docs/observations.md").read_text(encoding="utf-8")
    table = page.partition("## Entity sets")[2].partition("## Goals")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\d)", table, re.MULTILINE)
    listed = [(name, int(count)) for name, count in rows]
    (row, *_) = make("Pushing", observation_mode="entities").get_observation_names()
    columns = [name.removeprefix("robot_finger_60_").partition("[")[0] for name in row]
    assert listed == [(name, columns.count(name)) for name in dict.fromkeys(columns)]


def test_a_context_shows_what_can_only_be_felt():
    env = make("Pushing", context="all", normalize_observations=False, dtype="float64")
    numbers = dict(zip(env.get_observation_names(), env.observe(), strict=True))
    assert numbers["tool_block/mass"] == 0.02
    assert numbers["world/gravity[2]"] == -9.81
    assert env.do_intervention({"floor_friction": 0.7}).success
    numbers = dict(zip(env.get_observation_names(), env.observe(), strict=True))
    assert numbers["floor/friction"] == 0.7
    visible = make("Pushing", context="visible").get_observation_names()
    assert "floor/color[0]" in visible
    assert not [name for name in visible if "mass" in name or "friction" in name]


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("name", ["Towers", "TowersGoal"])
@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_one_s_own_are_appended(name, form, normalized):
    own = {"top": (height, [0.0], [0.5]), "pair": (lambda _: [1.0, 2.0], [0, 2], [4, 2])}
    env = make(name, **FORMS[form], extra_observations=own, normalize_observations=normalized)
    seen = env.observe()
    assert env.observation_space.contains(seen)
    entities = FORMS[form].get("observation_mode") == "entities"
    key = "context" if entities else "observation"
    part = seen[key] if isinstance(seen, dict) else seen
    names = env.get_observation_names()
    names = names[key] if isinstance(names, dict) else names
    assert names[-3:] == ["top", "pair[0]", "pair[1]"]
    top = height(env.get_current_state_variables())
    expected = [4.0 * top - 1.0, -0.5, 2.0] if normalized else [top, 1.0, 2.0]
    np.testing.assert_allclose(part[-3:], expected, rtol=1e-6)


def test_an_environment_with_numbers_of_one_s_own_can_be_pickled():
    env = make("Pushing", extra_observations={"height": (height, 0.0, 0.5)})
    copy = pickle.loads(pickle.dumps(env))
    assert copy.observe().tobytes() == env.observe().tobytes()
    assert copy.get_observation_names()[-1] == "height"


def test_what_can_not_be_observed_is_refused():
    for arguments in (
        {"observation_mode": "pixels"},
        {"observation_mode": "custom"},
        {"observation_mode": "entities", "observe": ["*/mass"]},
        {"observe": ["tool_blok/mass"]},
        {"observe": [1]},
        {"observe": []},
        {"context": "some"},
        {"drop": ["no_such_key"]},
        {"max_blocks": 0},
        {"max_blocks": -1},
        {"max_entities": 4, "observation_mode": "entities"},
        {"max_entities": 40},
        {"extra_observations": {"x": height}},
        {"extra_observations": {"x": (1, 0.0, 1.0)}},
        {"extra_observations": {"x": (height, [0.0], [1.0, 2.0])}},
        {"extra_observations": {"x": (height, -np.inf, np.inf)}},
        {"extra_observations": {"x": (height, 1.0, 0.0)}},
        {"extra_observations": {"joint_positions": (height, 0.0, 1.0)}},
    ):
        with pytest.raises(trifactor.SettingError):
            gym.make("trifactor/Pushing-v0", **arguments)
    for function, error in (
        (lambda _: [1.0, 2.0], trifactor.ShapeError),
        (lambda _: np.nan, trifactor.NotFiniteError),
    ):
        env = gym.make("trifactor/Pushing-v0", extra_observations={"x": (function, 0.0, 1.0)})
        with pytest.raises(error):
            env.reset(seed=0)


def test_the_spec_of_a_form_is_json():
    for arguments in FORMS.values():
        env = gym.make("trifactor/PushingGoal-v0", **arguments)
        again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
        one, two = env.reset(seed=1)[0], again.reset(seed=1)[0]
        assert flat(one).tobytes() == flat(two).tobytes()
        json.dumps(env.unwrapped.get_observation_names())


@pytest.mark.parametrize("form", FORMS)
def test_a_described_world_is_observed_in_the_form_it_was(form):
    for suffix, kind in (("", trifactor.TriFingerEnv), ("Goal", trifactor.TriFingerGoalEnv)):
        env = make(f"Stacking2{suffix}", **FORMS[form])
        again = kind.from_description(json.loads(json.dumps(env.description())))
        again.set_state(env.get_state())
        assert again.observation_space == env.observation_space
        assert flat(again.observe()).tobytes() == flat(env.observe()).tobytes()
        action = env.action_space.sample()
        assert again.step(action)[1] == env.step(action)[1]
    with pytest.raises(trifactor.SettingError, match="TriFingerGoalEnv"):
        trifactor.TriFingerEnv.from_description(env.description())
