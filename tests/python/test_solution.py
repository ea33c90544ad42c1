"""What fills the goals: the privileged information of the reference's tutorials."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest

import trifactor

FAMILIES = trifactor.registration.FAMILIES
KEY = "possible_solution_intervention"


@pytest.mark.parametrize("family", FAMILIES.values())
def test_a_solution_fills_the_goals_or_is_refused_with_the_reason(family):
    envs = trifactor.TriFingerVectorEnv(4, family=family)
    envs.reset(seed=0)
    envs.do_interventions(envs.sample_new_goals())
    before = envs.get_states()
    solutions = envs.call("privileged_solution")
    assert envs.get_states() == before, "asking changes nothing"
    outcome = envs.do_interventions(solutions, check_bounds=False)
    for refused in filter(None, outcome.reasons):
        assert isinstance(refused, trifactor.RefusedError)
    assert outcome.success.any()
    shares = envs.present_infos()["fractional_success"][outcome.success]
    # Goals in the middle of a creative stack have no block.
    assert (shares > (0.0 if family == "creative_stacked_blocks" else 0.99)).all(), shares


def test_blocks_go_to_the_goals_of_their_names_and_fingertips_to_theirs():
    env = trifactor.TriFingerEnv("stacking2")
    env.reset(seed=0)
    solution, variables = env.privileged_solution(), env.get_current_state_variables()
    assert set(solution) == {"tool_block_1", "tool_block_2"}
    for name, pose in solution.items():
        goal = variables[name.replace("tool", "goal")]
        assert set(pose) == {"cartesian_position", "orientation"}
        for attribute, values in pose.items():
            assert np.array_equal(values, goal[attribute])
    env = trifactor.TriFingerGoalEnv("reaching")
    env.reset(seed=0)
    assert set(env.privileged_solution()) == {"joint_positions"}
    _, seen = env.do_intervention(env.privileged_solution(), check_bounds=False)
    np.testing.assert_allclose(seen["achieved_goal"], seen["desired_goal"], atol=1e-9)


@pytest.mark.parametrize("family", ["reaching", "pushing", "general"])
@pytest.mark.parametrize("goal", [False, True])
def test_an_exposed_solution_is_in_every_info(family, goal):
    kind = trifactor.TriFingerGoalEnv if goal else trifactor.TriFingerEnv
    plain, env = kind(family, max_episode_length=3), kind(family, max_episode_length=3)
    env.expose_potential_partial_solution()
    given = kind(family, max_episode_length=3, expose_potential_partial_solution=True)
    for one in (plain, env, given, copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        _, info = one.reset(seed=0)
        keys = set(info)
        assert (KEY in keys) == (one is not plain)
        for _ in range(3):
            _, _, _, _, info = one.step(np.zeros(9))
            assert set(info) == keys
        if one is not plain:
            assert set(info[KEY]) == set(one.privileged_solution())


def test_a_spec_makes_an_environment_that_exposes_it_too():
    env = gym.make("trifactor/Pushing-v0", expose_potential_partial_solution=True)
    again = gym.make(env.spec)
    assert KEY in again.reset(seed=0)[1]


def test_the_tutorials_of_privileged_information_run():
    """The reference's privileged_information/tutorial_one and tutorial_two, and their calls."""
    for family in ("general", "pushing", "reaching"):
        env = trifactor.TriFingerEnv(family, skip_frame=3)
        env.expose_potential_partial_solution()
        env.reset(seed=0)
        for _ in range(2):
            goal = env.sample_new_goal()
            success, _ = env.do_intervention(goal)
            assert success
            for _ in range(3):
                _, _, _, _, info = env.step(env.action_space.low)
            success, _ = env.do_intervention(info[KEY], check_bounds=False)
            assert isinstance(success, bool)
            env.step(env.action_space.low)
        env.close()


def test_a_batch_is_asked_world_by_world():
    envs = gym.make_vec("trifactor/Pushing-v0", num_envs=2)
    envs.reset(seed=0)
    solutions = envs.unwrapped.call("privileged_solution")
    outcome = envs.unwrapped.do_interventions(solutions, check_bounds=False)
    assert outcome.success.all()
    assert (envs.unwrapped.present_infos()["fractional_success"] > 0.99).all()
    with pytest.raises(trifactor.SettingError, match="expose_potential_partial_solution"):
        gym.make_vec("trifactor/Pushing-v0", num_envs=2, expose_potential_partial_solution=True)


@pytest.mark.parametrize("wrong", [1, "yes", None])
def test_it_is_a_switch(wrong):
    with pytest.raises(trifactor.SettingError, match="expose_potential_partial_solution"):
        trifactor.TriFingerEnv("pushing", expose_potential_partial_solution=wrong)
