"""A snapshot is a value."""

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from conftest import future

from trifactor import State


def test_a_state_brings_back_the_same_future(env):
    state = env.get_state()
    first = future(env)
    for seed in range(5):
        future(env, seed=seed)
    env.set_state(state)
    assert env.get_state() == state
    assert future(env) == first


def test_a_state_survives_json_and_pickle_bit_for_bit(env):
    state = env.get_state()
    first = future(env)
    for copied in (State.from_json(state.to_json()), pickle.loads(pickle.dumps(state))):
        assert copied == state
        env.set_state(copied)
        assert future(env) == first


def test_states_compare_by_their_bits(env):
    state = env.get_state()
    assert state == env.get_state() and hash(state) == hash(env.get_state())
    env.step(env.action_space.sample())
    assert state != env.get_state()
    assert state != "a state"
    zero = json.loads(state.to_json())
    zero["robot"]["joint_velocities"][0] = 0.0
    minus = copy.deepcopy(zero)
    minus["robot"]["joint_velocities"][0] = -0.0
    assert State.from_json(json.dumps(zero)) != State.from_json(json.dumps(minus))


def test_a_state_reads_like_a_dictionary(env):
    state = env.get_state()
    assert state["step"] == 10 and "robot" in state and "seed" in state.keys()
    assert dict(state) == state.to_dict() == json.loads(state.to_json())
    assert len(state) == len(state.to_dict())
    state.to_dict()["step"] = 0
    assert state["step"] == 10
    assert "step=10" in repr(state)


def test_a_state_does_not_follow_the_environment(env):
    state = env.get_state()
    before = state.to_json()
    future(env)
    assert state.to_json() == before


def test_threads_step_their_own_environments_at_once(env):
    copies = [copy.deepcopy(env) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        futures = list(pool.map(future, copies))
    assert futures == [future(env)] * 4
    assert all(np.isfinite(each.observe()).all() for each in copies)
