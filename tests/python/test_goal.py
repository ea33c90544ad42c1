"""The goal-conditioned environments: convention, pure rewards, hindsight."""

import json
import pickle

import gymnasium as gym
import numpy as np
import pytest
from conftest import check

import trifactor
from trifactor.registration import FAMILIES

FLAT = ["Reaching", "Pushing", "PickAndPlace", "Stacking2"]


def make(name, **arguments):
    """The goal-conditioned environment of a family, reset with seed 1."""
    env = gym.make(f"trifactor/{name}Goal-v0", skip_frame=3, **arguments).unwrapped
    env.reset(seed=1)
    env.action_space.seed(1)
    return env


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_step_pays_what_compute_reward_says_bit_for_bit(name, sparse):
    env = make(name, task_params={"activate_sparse_reward": sparse})
    if name != "Reaching":
        # A goal where the block is, so that the reward is not nothing.
        variables = env.get_current_state_variables()
        tools = {key.replace("tool", "goal", 1): key for key in variables if "tool" in key}
        goal = next(goal for goal in tools if goal in variables)
        place = variables[tools[goal]]["cartesian_position"]
        assert env.do_intervention({goal: {"cartesian_position": place}}, check_bounds=False)
    for _ in range(5):
        seen, reward, terminated, truncated, info = env.step(env.action_space.sample())
        goals = seen["achieved_goal"], seen["desired_goal"]
        assert env.compute_reward(*goals, info).hex() == reward.hex()
        assert env.compute_terminated(*goals, info) is terminated
        assert env.compute_truncated(*goals, info) is truncated
    assert sparse or reward != 0.0


def test_truncation_is_told_by_info():
    env = make("Pushing", max_episode_length=2)
    told = []
    for _ in range(2):
        seen, _, _, truncated, info = env.step(env.action_space.sample())
        goals = seen["achieved_goal"], seen["desired_goal"]
        assert env.compute_truncated(*goals, info) is truncated
        told.append(truncated)
    assert told == [False, True]


@pytest.mark.parametrize("name", FLAT)
def test_any_leading_dimensions_are_rewarded_as_one_by_one(name):
    env = make(name)
    rng = np.random.default_rng(0)
    size = env.observation_space["achieved_goal"].shape[0]
    base = env.observe()["achieved_goal"]
    achieved, desired = (base + rng.uniform(-0.01, 0.01, (4, 5, size)) for _ in range(2))
    batch = env.compute_reward(achieved, desired, {})
    assert batch.shape == (4, 5)
    assert batch.dtype == np.float64
    single = [env.compute_reward(a, d, {}) for a, d in zip(achieved[1], desired[1], strict=True)]
    assert batch[1].tolist() == single
    assert len(set(single)) > 1
    # One desired goal for many achieved ones, other dtypes, other memory orders.
    shared = env.compute_reward(achieved, base, {})
    repeated = np.broadcast_to(base, achieved.shape)
    assert shared.tolist() == env.compute_reward(achieved, repeated, {}).tolist()
    fortran = np.asfortranarray(achieved)
    assert env.compute_reward(fortran, desired, {}).tolist() == batch.tolist()
    rounded = env.compute_reward(achieved.astype(np.float32), desired.astype(np.float32), {})
    # Nine numbers of about 0.1 m or faces of about 0.065 m, each rounded by at most 1e-8 m.
    np.testing.assert_allclose(rounded / env.dt, batch / env.dt, atol=1e-5)
    assert env.compute_terminated(achieved, desired, {}).tolist() == [[False] * 5] * 4
    assert env.compute_reward(achieved[:0], desired[:0], {}).shape == (0, 5)


def test_compute_reward_is_pure():
    env = make("Pushing")
    before = env.get_state()
    achieved, desired = (env.observe()[key] for key in ("achieved_goal", "desired_goal"))
    first = env.compute_reward(achieved, desired, {})
    env.step(env.action_space.sample())
    env.do_intervention({"floor_friction": 0.5})
    assert env.compute_reward(achieved, desired, None) == first
    env.set_state(before)
    assert env.compute_reward(achieved, achieved, {}) == pytest.approx(env.dt)
    assert env.get_state() == before


@pytest.mark.parametrize("name", FAMILIES)
def test_hindsight_turns_a_failure_into_a_success(name):
    env = make(name, task_params={"activate_sparse_reward": True})
    seen, *_ = env.step(env.action_space.sample())
    assert env.compute_reward(seen["achieved_goal"], seen["achieved_goal"], {}) == env.dt
    assert env.compute_reward(seen["achieved_goal"], seen["desired_goal"], {}) == 0.0


def test_a_replay_buffer_relabels_as_her_does():
    # What HerReplayBuffer does with "future" goals: dictionaries of arrays with a row per step,
    # desired goals replaced by later achieved ones, one call with a list of empty infos.
    env = make("Pushing")
    episode = []
    for _ in range(30):
        seen, reward, *_ = env.step(env.action_space.sample())
        episode.append((seen, reward))
    achieved, desired = (
        np.stack([seen[key] for seen, _ in episode]) for key in ("achieved_goal", "desired_goal")
    )
    for key in ("achieved_goal", "desired_goal"):
        assert env.observation_space[key].dtype == achieved.dtype == np.float64
    paid = env.compute_reward(achieved, desired, [{} for _ in episode])
    assert paid.tolist() == [reward for _, reward in episode]
    rng = np.random.default_rng(0)
    later = [rng.integers(step, len(episode)) for step in range(len(episode))]
    relabelled = env.compute_reward(achieved, achieved[later], np.array([{}] * len(episode)))
    assert relabelled.astype(np.float32).shape == (len(episode),)
    assert relabelled[-1] == pytest.approx(env.dt)


@pytest.mark.parametrize("name", ["Reaching", "Pushing", "Picking", "Stacking2"])
def test_the_observation_says_nothing_of_the_goal(name):
    for arguments in ({}, {"observation_mode": "entities", "context": "all"}, {"context": "all"}):
        env, other = make(name, **arguments), make(name, **arguments)
        assert other.do_intervention(other.sample_new_goal()).success
        one, two = env.observe(), other.observe()
        assert one["desired_goal"].tolist() != two["desired_goal"].tolist()
        for key in one.keys() - {"desired_goal"}:
            assert one[key].tobytes() == two[key].tobytes(), key


def test_arrays_that_are_no_goals_are_refused():
    env = make("Pushing")
    goal = env.observe()["desired_goal"]
    for bad in (goal[:9], 1.0, "goal", [[goal[:3]]], goal.reshape(1, 10).repeat(3, 0)[:, :7]):
        with pytest.raises(trifactor.ShapeError):
            env.compute_reward(bad, goal, {})
    with pytest.raises(trifactor.ShapeError):
        env.compute_reward(np.stack([goal] * 2), np.stack([goal] * 3), {})
    with pytest.raises(trifactor.NotFiniteError, match=r"achieved_goal\[0, 0\]"):
        env.compute_reward(goal * np.nan, goal, {})


@pytest.mark.parametrize("name", FAMILIES)
def test_goals_that_are_none_are_worth_nothing_and_refused_by_the_number(name):
    env = make(name, overlap="aabb")
    achieved, desired = (env.observe()[key] for key in ("achieved_goal", "desired_goal"))
    space = env.observation_space["desired_goal"]
    assert achieved in space and desired in space
    for number, bad in ((-1, 0.0), (-1, -0.065), (7, 0.0), (-1, 1e30), (0, -1e300), (2, np.inf)):
        place = number % desired.size
        if name == "Reaching" and abs(bad) < 1e6:
            continue
        wrong = (achieved if name != "Reaching" else desired).copy()
        wrong[number] = bad
        many = np.stack([[achieved, achieved, wrong]] * 2)
        with pytest.raises(trifactor.TrifactorError, match=rf"desired_goal\[0, {place}\]"):
            env.compute_reward(achieved, wrong, {})
        with pytest.raises(trifactor.TrifactorError, match=rf"achieved_goal\[2, {place}\]"):
            env.compute_reward(many, desired, {})
    if name != "Reaching":
        turned = achieved.copy()
        turned[3:7] = 0.0
        for wrong in (turned, np.zeros_like(desired)):
            with pytest.raises(trifactor.ImpossibleError, match="desired_goal"):
                env.compute_reward(achieved, wrong, {})


def test_goals_follow_the_scene_or_are_padded():
    env = make("Towers")
    assert env.observation_space["achieved_goal"].shape == (50,)
    lower = {"number_of_blocks_in_tower": [1, 1, 3]}
    assert env.do_intervention(lower, check_bounds=False).success
    assert env.observation_space["achieved_goal"].shape == (30,)
    assert env.observation_space.contains(env.observe())
    padded = make("Towers", max_blocks=6)
    before = padded.observation_space
    assert before["desired_goal"].shape == (60,)
    assert padded.do_intervention(lower, check_bounds=False).success
    assert padded.observation_space == before
    seen = padded.observe()
    assert before.contains(seen)
    assert not seen["achieved_goal"][30:].any()
    names = padded.get_observation_names()
    assert {key: len(part) for key, part in names.items()} == {
        key: part.size for key, part in seen.items()
    }


def test_a_pickled_goal_environment_has_the_same_future():
    env = make("Stacking2")
    copy = pickle.loads(pickle.dumps(env))
    action = env.action_space.sample()
    one, two = env.step(action), copy.step(action)
    assert one[1] == two[1]
    assert json.dumps({k: v.tolist() for k, v in one[0].items()}) == json.dumps(
        {k: v.tolist() for k, v in two[0].items()}
    )
    assert copy.observation_space == env.observation_space


def test_goals_of_a_family_of_one_s_own_have_the_forms_of_its_meshes(tmp_path):
    family = trifactor.get_family("pushing")
    tetrahedron = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    (tmp_path / "tetrahedron.obj").write_text(tetrahedron, encoding="utf-8")
    family["goals"][0]["mesh"] = {"file": "tetrahedron.obj"}
    (tmp_path / "family.json").write_text(json.dumps(family), encoding="utf-8")
    env = gym.make("trifactor/CustomGoal-v0", family=tmp_path / "family.json").unwrapped
    check(env)
    env.reset(seed=0)
    place = env.get_current_state_variables()["tool_block"]["cartesian_position"]
    assert env.do_intervention({"goal_block": {"cartesian_position": place}}, check_bounds=False)
    seen, reward, *_ = env.step(np.zeros(9))
    goals = seen["achieved_goal"], seen["desired_goal"]
    assert env.compute_reward(*goals, {}) == reward
    # The cube around the tetrahedron fills it, but for what it moved in the step.
    assert reward == pytest.approx(env.dt, rel=1e-2)
    cube = seen["desired_goal"]
    moved = cube.copy()
    moved[:3] += 0.5 * moved[7:]
    # Moved by half an edge along each axis, three of its corners stick out, an eighth of it each.
    share = env.compute_reward(cube, moved, {}) / env.dt
    assert share == pytest.approx(5 / 8, rel=1e-9)
