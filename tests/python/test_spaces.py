"""Observation spaces: infinite where nothing bounds a number, and true elsewhere."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict
from gymnasium.wrappers import RescaleObservation

import trifactor
from trifactor import wrappers
from trifactor.registration import FAMILIES

FORMS = {
    "structured": {},
    "SI units": {"normalize_observations": False},
    "context": {"context": "all"},
    "entities": {"observation_mode": "entities"},
    "entities with a context": {"observation_mode": "entities", "context": "all"},
    "slots": {"max_blocks": 40, "context": "all"},
    "custom": {"observe": ["*/*"]},
    "own numbers": {"extra_observations": {"own": (lambda _: [1e30, -3.0], [0, 1], [1, 2])}},
}
PIXELS = {"width": 16, "height": 12, "channels": ["rgb", "depth"]}


def boxes(space):
    """The boxes of a space."""
    return [box for part in space.values() for box in boxes(part)] if isinstance(space, Dict) else [
        space
    ]


def absurd(env, rng):
    """Interventions to the ends of what is possible, as far as they are accepted."""
    for value in (
        {"tool_block": {"linear_velocity": [900.0, -900.0, 500.0]}},
        {"tool_block": {"angular_velocity": [-900.0, 0.0, 900.0]}},
        {"goal_block": {"size": [0.5, 0.005, 0.5]}},
        {"joint_velocities": [900.0, -900.0, 0.0] * 3},
        {"floor_friction": 10.0},
        {"gravity": [0.0, 0.0, 900.0]},
        {"joint_position_noise": 1.0},
        {"tool_block": {"mass": 1e-6}},
        {"stage_color": [0.0, 1.0, 0.0]},
    ):
        try:
            env.do_intervention(value, check_bounds=False)
        except trifactor.UnknownVariableError:
            continue
        yield env.observe()
        yield env.step(rng.uniform(-1.0, 1.0, 9))[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", ["", "Goal"])
def test_every_observation_lies_in_its_space_and_no_finite_bound_stands_for_none(suffix, form):
    for name in FAMILIES:
        for dtype in ("float32", "float64"):
            env = gym.make(
                f"trifactor/{name}{suffix}-v0", skip_frame=2, dtype=dtype, **FORMS[form]
            ).unwrapped
            space = env.observation_space
            for box in boxes(space):
                bounds = np.concatenate([box.low.ravel(), box.high.ravel()])
                assert not (np.abs(bounds[np.isfinite(bounds)]) > 1e6).any(), name
                assert box.low.dtype == box.dtype
            assert not all(box.is_bounded() for box in boxes(space))
            seen, _ = env.reset(seed=3)
            assert seen in env.observation_space
            rng = np.random.default_rng(3)
            for observation in absurd(env, rng):
                assert observation in env.observation_space, name


@pytest.mark.parametrize("suffix", ["", "Goal"])
def test_pixels_are_bounded_and_goals_beside_them_are_not(suffix):
    env = gym.make(f"trifactor/Pushing{suffix}-v0", observation_mode="pixel", pixels=PIXELS)
    space = env.observation_space
    images = space["observation"] if suffix else space
    assert images.is_bounded()
    if suffix:
        assert not space["achieved_goal"].is_bounded()


@pytest.mark.parametrize("form", ["structured", "entities", "slots"])
@pytest.mark.parametrize("suffix", ["", "Goal"])
def test_a_batch_has_the_bounds_of_its_worlds(suffix, form):
    envs = gym.make_vec(
        f"trifactor/Stacking2{suffix}-v0",
        num_envs=3,
        vectorization_mode="vector_entry_point",
        **FORMS[form],
    )
    single = gym.make(f"trifactor/Stacking2{suffix}-v0", **FORMS[form]).observation_space
    assert envs.single_observation_space == single
    for row, box in zip(boxes(envs.observation_space), boxes(single), strict=True):
        assert (row.low == box.low).all() and (row.high == box.high).all()
    assert envs.reset(seed=0)[0] in envs.observation_space
    envs.close()


def test_goal_arrays_are_bounded_in_quaternions_and_sizes_alone():
    space = gym.make("trifactor/TowersGoal-v0").observation_space["desired_goal"]
    rows = np.reshape([space.low, space.high], (2, -1, 10))
    assert np.isinf(rows[..., :3]).all()
    assert (rows[0, :, 3:7] == -1.0).all() and (rows[1, :, 3:7] == 1.0).all()
    assert (rows[0, :, 7:] == 0.0).all() and (rows[1, :, 7:] == 0.5).all()
    tips = gym.make("trifactor/ReachingGoal-v0").observation_space["achieved_goal"]
    assert np.isinf(tips.low).all() and np.isinf(tips.high).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_rescaling_what_is_unbounded_is_refused_with_gymnasium_s_reason(name):
    env = gym.make(f"trifactor/{name}-v0")
    with pytest.raises((ValueError, AssertionError), match=r"unbounded components|inf"):
        RescaleObservation(env, np.float32(-1.0), np.float32(1.0))
    # What is bounded can be rescaled, and says something afterwards.
    if name != "Reaching":
        drop = ["goal_tower/*"] if name == "Stacking2" else []
        bounded = gym.make(f"trifactor/{name}-v0", observe=["*/orientation", "*/color"], drop=drop)
        rescaled = RescaleObservation(bounded, np.float32(0.0), np.float32(1.0))
        seen, _ = rescaled.reset(seed=0)
        assert seen in rescaled.observation_space
        assert len(set(np.round(seen, 3).tolist())) > 2


def test_noise_leaves_every_bound_and_its_space_says_so():
    env = wrappers.RealisticRobot(gym.make("trifactor/Pushing-v0"))
    space = env.observation_space
    assert isinstance(space, Box) and np.isinf(space.low).all() and np.isinf(space.high).all()
    assert space.dtype == env.reset(seed=0)[0].dtype
    assert env.step(env.action_space.sample())[0] in space
    selector = wrappers.ObjectSelector(gym.make("trifactor/Pushing-v0"))
    assert selector.reset(seed=0)[0] in selector.observation_space
    late = wrappers.ObservationDelay(gym.make("trifactor/Pushing-v0"), 2)
    assert late.observation_space == gym.make("trifactor/Pushing-v0").observation_space
