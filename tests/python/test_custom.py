"""Tasks of one's own: families from files and dictionaries, goals and rewards as functions."""

import copy
import json
import pickle

import gymnasium as gym
import numpy as np
import pytest
from conftest import check, future, untouched

import trifactor
from trifactor import FormatError, SettingError

ID = "trifactor/Custom-v0"


@pytest.fixture
def plank():
    """The dictionary of pushing with a plank beside the block."""
    family = trifactor.get_family("pushing")
    family["name"] = "pushing_beside_a_plank"
    block = copy.deepcopy(family["blocks"][0])
    block.update(name="plank", size=[0.15, 0.03, 0.02], position=[0.0, 0.0, 0.01])
    family["blocks"].append(block)
    family["observation"] += ["plank_cartesian_position", "plank_orientation"]
    return family


def near_the_middle(rng, state):
    """A goal for the block within a centimetre of the middle, drawn in the state's world."""
    x, y = rng.uniform(-0.01, 0.01, 2)
    height = state["goals"][0]["size"][2] / 2
    return {"goal_block": {"cartesian_position": [x, y, height]}}


def farther_along_x(before, after, info):
    """How far along x the block went, in mm."""
    x = [state["blocks"][0]["position"][0] for state in (before, after)]
    return 1000.0 * (x[1] - x[0])


def test_a_dictionary_and_its_file_make_the_same_environment(plank, tmp_path):
    path = tmp_path / "plank.json"
    path.write_text(json.dumps(plank), encoding="utf-8")
    made = [gym.make(ID, family=family) for family in (plank, path, str(path))]
    for env in made:
        env.reset(seed=3)
    assert made[0].unwrapped.get_current_state_variables()["plank"]["mass"] == 0.02
    assert made[0].observation_space.shape == (56 + 3 + 4,)
    assert len({repr(future(env)) for env in made}) == 1


def test_check_env_warns_of_infinite_bounds_alone_for_a_custom_family(plank):
    check(gym.make(ID, family=plank).unwrapped)


def test_a_custom_environment_is_pickled_whole_whatever_becomes_of_its_file(plank, tmp_path):
    path = tmp_path / "plank.json"
    path.write_text(json.dumps(plank), encoding="utf-8")
    env = gym.make(ID, family=path, goal_sampler=near_the_middle).unwrapped
    env.reset(seed=5)
    path.unlink()
    twin = pickle.loads(pickle.dumps(env))
    assert twin.sample_new_goal() == env.sample_new_goal()
    assert future(twin) == future(env)


def test_parameters_of_a_custom_family_are_set(plank):
    world = gym.make(ID, family=plank, task_params={"tool_block_mass": 0.05}).unwrapped
    world.reset(seed=0)
    assert world.get_current_state_variables()["tool_block"]["mass"] == 0.05


def test_changing_the_dictionary_later_changes_no_environment(plank):
    world = gym.make(ID, family=plank).unwrapped
    plank["blocks"].clear()
    world.reset(seed=0)
    assert "plank" in world.get_current_state_variables()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda f: f["blocks"][1].update(size=[0.1, 0.1]), r"blocks\[1\]\.size"),
        (lambda f: f["blocks"][1].update(mass=-1.0), r"blocks\[1\]\.mass"),
        (lambda f: f["blocks"][1].update(weight=1.0), r"blocks\[1\]\.weight"),
        (lambda f: f["blocks"][1].update(name="tool_block"), r"blocks\[1\]\.name"),
        (lambda f: f["ranges"][0].update(variables="brick/mass"), r"ranges\[0\]\.variables"),
        (lambda f: f["goals"][0].pop("shape"), r"goals\[0\]"),
        (lambda f: f.pop("reward"), "reward"),
        (lambda f: f.update(colour="red"), "colour"),
        (lambda f: f.update(blocks={"set"}), "family"),
    ],
)
def test_a_mistake_in_a_family_is_told_with_its_place(plank, change, place):
    change(plank)
    with pytest.raises(FormatError, match=place):
        gym.make(ID, family=plank)


def test_what_is_no_family_is_refused(tmp_path):
    with pytest.raises(SettingError, match="None"):
        gym.make(ID)
    with pytest.raises(SettingError, match="juggling"):
        gym.make(ID, family="juggling")
    with pytest.raises(SettingError, match="juggling"):
        trifactor.get_family("juggling")
    with pytest.raises(FormatError, match="nowhere.json"):
        gym.make(ID, family=tmp_path / "nowhere.json")
    for text in ["", "{", "[]", "7", '"pushing"']:
        path = tmp_path / "broken.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FormatError):
            gym.make(ID, family=path)


def test_goals_of_a_function_are_functions_of_seed_episode_and_step():
    def drawn(seed):
        world = gym.make("trifactor/Pushing-v0", goal_sampler=near_the_middle).unwrapped
        world.reset(seed=seed)
        goals = []
        for _ in range(3):
            with untouched(world):
                goals.append(world.sample_new_goal())
                assert world.sample_new_goal() == goals[-1]
            world.step(np.zeros(9))
            goals.append(world.sample_new_goal())
            world.reset()
        return goals

    first = drawn(1)
    assert first == drawn(1) != drawn(2)
    places = [tuple(goal["goal_block"]["cartesian_position"]) for goal in first]
    assert len(set(places)) == len(places)


def test_a_function_s_goals_move_no_other_draw():
    one, two = (
        gym.make("trifactor/Pushing-v0", goal_sampler=sampler).unwrapped
        for sampler in (None, near_the_middle)
    )
    one.reset(seed=2), two.reset(seed=2)
    two.sample_new_goal()
    first, second = one.do_single_random_intervention(), two.do_single_random_intervention()
    assert repr(first) == repr(second)


def test_a_goal_out_of_space_is_refused_like_any_intervention():
    def outside(rng, state):
        return {"goal_block": {"cylindrical_position": [9.0, 0.0, 0.0325]}}

    world = gym.make("trifactor/Pushing-v0", goal_sampler=outside).unwrapped
    world.reset(seed=0)
    with untouched(world):
        result = world.do_intervention(world.sample_new_goal())
    assert not result.success and isinstance(result.reason, trifactor.OutOfSpaceError)


def test_a_reward_function_pays_what_it_says_of_the_states():
    plain = gym.make("trifactor/Pushing-v0")
    env = trifactor.StateReward(gym.make("trifactor/Pushing-v0"), farther_along_x)
    plain.reset(seed=1), env.reset(seed=1)
    velocity = {"tool_block": {"linear_velocity": [0.2, 0.0, 0.0]}}
    for world in (plain.unwrapped, env.unwrapped):
        assert world.do_intervention(velocity, check_bounds=False).success
    before = env.unwrapped.get_state()
    observation, reward, terminated, truncated, info = env.step(np.zeros(9, np.float32))
    other = plain.step(np.zeros(9, np.float32))
    assert reward == farther_along_x(before, env.unwrapped.get_state(), info) > 1.0
    assert info["family_reward"] == other[1]
    assert observation.tobytes() == other[0].tobytes()
    assert (terminated, truncated) == other[2:4]


def test_only_an_environment_with_states_can_be_paid_by_states():
    with pytest.raises(trifactor.ShapeError, match="CartPole"):
        trifactor.StateReward(gym.make("CartPole-v1"), farther_along_x)


TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


def test_a_goal_with_a_mesh_is_read_from_beside_the_family_and_kept_as_numbers(tmp_path):
    family = trifactor.get_family("pushing")
    family["goals"][0]["mesh"] = {"file": "tetrahedron.obj"}
    (tmp_path / "tetrahedron.obj").write_text(TETRAHEDRON, encoding="utf-8")
    (tmp_path / "family.json").write_text(json.dumps(family), encoding="utf-8")
    world = gym.make(ID, family=tmp_path / "family.json").unwrapped
    (tmp_path / "tetrahedron.obj").unlink()
    world.reset(seed=0)
    twin = pickle.loads(pickle.dumps(world))
    assert future(twin) == future(world)
    again = trifactor.TriFingerEnv.from_description(world.description())
    again.set_state(world.get_state())
    with pytest.raises(FormatError, match=r"goals\[0\]\.mesh\.file.*tetrahedron\.obj"):
        gym.make(ID, family=tmp_path / "family.json")
