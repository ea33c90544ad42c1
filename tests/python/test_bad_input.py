"""Bad input is named, and leaves the environment exactly as it was."""

import json
import warnings

import gymnasium as gym
import numpy as np
import pytest
from conftest import IDS, untouched

import trifactor
from trifactor import (
    FormatError,
    NotFiniteError,
    OrderError,
    SettingError,
    ShapeError,
    State,
    StateError,
    UnknownVariableError,
)

ACTIONS = [
    (np.zeros(8), ShapeError, "9"),
    (np.zeros((9, 1)), ShapeError, "9"),
    (np.zeros((1, 9)), ShapeError, "9"),
    (0.0, ShapeError, "9"),
    (["x"] * 9, ShapeError, "9"),
    (None, ShapeError, "9"),
    (np.full(9, np.nan), NotFiniteError, "NaN"),
    (np.array([0.0] * 8 + [np.inf]), NotFiniteError, "inf"),
]

INTERVENTIONS = [
    ({"floor_frction": 0.5}, UnknownVariableError, "floor/friction"),
    ({"no_such_block": {"mass": 0.05}}, UnknownVariableError, "no_such_block"),
    ({"robot_finger_60_link_0": {"mss": 0.05}}, UnknownVariableError, "mss"),
    ({"floor_friction": 0.5, "floor/friction": 0.5}, ShapeError, "two spellings"),
    ({"floor_friction": [0.4, 0.5]}, ShapeError, "floor/friction"),
    ({"floor_friction": "slippery"}, ShapeError, "slippery"),
    ({"floor_color": ["red", "green", "blue"]}, ShapeError, "red"),
    ({"floor_friction": None}, ShapeError, "floor/friction"),
    ({"joint_positions": [0.0] * 8}, ShapeError, "joint_positions"),
    ({"joint_positions": np.zeros((3, 3))}, ShapeError, "joint_positions"),
    ({"floor_friction": float("nan")}, NotFiniteError, "floor/friction"),
    ({7: 0.5}, ShapeError, "dictionary"),
    ([("floor_friction", 0.5)], ShapeError, "dictionary"),
    (None, ShapeError, "dictionary"),
]

SETTINGS = [
    {"action_mode": "telepathy"},
    {"observation_mode": "telescope"},
    {"variables_space": "space_c"},
    {"physics": "wishful"},
    {"overlap": "roughly"},
    {"dtype": "int32"},
    {"dtype": "no such type"},
    {"skip_frame": 0},
    {"skip_frame": -3},
    {"skip_frame": 2.5},
    {"max_episode_length": 0},
]


@pytest.mark.parametrize(("action", "error", "words"), ACTIONS)
def test_a_bad_action_is_refused(env, action, error, words):
    with untouched(env), pytest.raises(error, match=words):
        env.step(action)


def test_finite_actions_outside_the_bounds_are_clipped(env):
    state = env.get_state()
    clipped, *_ = env.step(np.ones(9))
    env.set_state(state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wild, *_ = env.step(np.full(9, 1e6))
    assert clipped.tobytes() == wild.tobytes()


@pytest.mark.parametrize("check_bounds", [True, False])
@pytest.mark.parametrize("method", ["do_intervention", "set_starting_state"])
@pytest.mark.parametrize(("intervention", "error", "words"), INTERVENTIONS)
def test_a_bad_intervention_is_refused(env, method, check_bounds, intervention, error, words):
    with untouched(env), pytest.raises(error, match=words):
        getattr(env, method)(intervention, check_bounds)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_bad_setting_is_refused_by_name(env_id, setting):
    name = next(iter(setting))
    with pytest.raises(SettingError, match=str(setting[name])) as caught:
        gym.make(env_id, **setting)
    assert isinstance(caught.value, ValueError)


def test_unknown_parameters_are_refused(env_id):
    with pytest.raises(trifactor.TrifactorError, match="tool_blok_mass"):
        gym.make(env_id, task_params={"tool_blok_mass": 0.05})
    with pytest.raises(FormatError, match="sub_steps"):
        gym.make(env_id, physics={"sub_steps": 2})
    with pytest.raises(FormatError, match="task_params"):
        gym.make(env_id, task_params={"tool_block_mass": object()})


@pytest.mark.parametrize("seed", [-1, 2**64, 0.5, "0"])
def test_a_bad_seed_is_refused(env, seed):
    with untouched(env), pytest.raises(SettingError, match="seed"):
        env.reset(seed=seed)


def test_unknown_options_are_refused(env):
    with untouched(env), pytest.raises(SettingError, match="warp"):
        env.reset(options={"warp": True})


def test_a_step_before_the_first_reset_is_refused(env_id):
    env = gym.make(env_id).unwrapped
    with pytest.raises(OrderError, match="reset") as caught:
        env.step(np.zeros(9))
    assert isinstance(caught.value, gym.error.ResetNeeded)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "{}", '{"seed": -1}', "null"])
def test_malformed_json_is_no_state(text):
    with pytest.raises(FormatError, match="state"):
        State.from_json(text)


def test_a_state_of_another_family_is_refused(env_id):
    states = {}
    for name in IDS:
        other = gym.make(name).unwrapped
        other.reset(seed=0)
        states[name] = other.get_state()
    env = gym.make(env_id).unwrapped
    env.reset(seed=1)
    for name, state in states.items():
        if name != env_id:
            with untouched(env), pytest.raises(StateError):
                env.set_state(state)


def test_a_state_of_other_physics_is_refused(env):
    other = gym.make(env.spec.id, skip_frame=3, physics="reference").unwrapped
    other.reset(seed=0)
    with untouched(env), pytest.raises(StateError):
        env.set_state(other.get_state())


@pytest.mark.parametrize("not_a_state", [None, {}, "{}"])
def test_only_a_state_can_be_set(env, not_a_state):
    with untouched(env), pytest.raises(ShapeError, match="State"):
        env.set_state(not_a_state)


def test_a_state_with_a_piece_missing_or_not_finite_is_refused(env):
    whole = env.get_state().to_dict()
    goals = {**whole, "goals": []}
    with untouched(env), pytest.raises(trifactor.TrifactorError):
        env.set_state(State.from_json(json.dumps(goals)))
    short = {**whole, "robot": {**whole["robot"], "joint_positions": [0.0] * 8}}
    with untouched(env), pytest.raises(trifactor.TrifactorError):
        env.set_state(State.from_json(json.dumps(short)))
    huge = json.dumps(whole).replace('"height": 0.34', '"height": 1e999')
    with untouched(env), pytest.raises(trifactor.TrifactorError):
        env.set_state(State.from_json(huge))


@pytest.mark.parametrize("number", [1e308, -1e308, 1e30, -1.0, 0.0, 5e-324])
@pytest.mark.parametrize(
    "place",
    [
        ("robot", "joint_velocities", 0),
        ("robot", "links", 3, "mass"),
        ("arena", "gravity", 2),
        ("arena", "floor", "friction"),
        ("goals", 0, "size", 1),
    ],
)
def test_an_absurd_number_of_a_state_is_refused_by_its_path_or_steps_to_finite_ones(
    env, place, number
):
    state = env.get_state().to_dict()
    part = state
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = number
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)[1:]
    try:
        state = State.from_json(json.dumps(state))
    except FormatError as error:
        assert path in str(error)
        return
    env.set_state(state)
    assert np.isfinite(env.step(np.zeros(9))[0]).all()
