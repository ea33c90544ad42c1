"""Copies and pickles: they answer what the original answers, and go on as it does."""

import copy
import pickle

import numpy as np
import pytest
from again import WRAPPERS, actions, bits, make, states
from test_worlds_again import BATCHES, batch

from trifactor import TrifactorError
from trifactor.record import Dataset, RecordEpisodes

MODES = {
    "structured": {},
    "entities": {"observation_mode": "entities", "context": "all"},
    "custom": {"observe": ["*/mass", "tool_block/*"]},
    "pixel": {"observation_mode": "pixel", "pixels": {"width": 8, "height": 8}},
    "padded": {"max_blocks": 2},
    "goal": {"goal": True},
    "own family": {"setting": "family"},
    "extra": {"setting": "extra_observations"},
    "masks": {"local_masks": "tight"},
    "drawn": {"render_mode": "rgb_array", "render_size": (32, 24)},
}
"""Every form of an observation, and of an environment."""

MOMENTS = {
    "made": lambda env: None,
    "reset": lambda env: env.reset(seed=8),
    "step": lambda env: (env.reset(seed=8), *(env.step(a) for a in actions(env, 3))),
    "intervention": lambda env: (
        env.reset(seed=8),
        *(env.step(a) for a in actions(env, 2)),
        env.unwrapped.do_intervention({"tool_block": {"mass": 0.05}}, check_bounds=False),
        env.unwrapped.do_intervention({"tool_block": {"mass": 500.0}}),
        env.unwrapped.do_single_random_intervention(),
    ),
    "starting state": lambda env: (
        env.reset(seed=8),
        env.step(actions(env, 1)[0]),
        env.unwrapped.set_starting_state({"floor_friction": 0.7}, check_bounds=False),
    ),
}

GETTERS = (
    "observe",
    "local_mask",
    "mask_edges",
    "feature_mask",
    "get_contacts",
    "mask_names",
    "get_link_poses",
    "get_state",
    "get_current_state_variables",
    "get_variable_space_used",
    "variable_table",
    "sample_new_goal",
    "get_observation_names",
    "get_entity_names",
    "description",
)
ATTRIBUTES = ("tracker", "spec", "dt", "observation_space", "action_space", "render_mode")

COPIES = {"copy": copy.deepcopy, "pickle": lambda env: pickle.loads(pickle.dumps(env))}


def answer(env, name):
    """What a getter says, or why it says nothing."""
    try:
        found = getattr(env, name)
        return bits(found() if callable(found) else found)
    except TrifactorError as error:
        return repr(error)


def answers(env):
    """What every public getter of the environment within says."""
    said = {name: answer(env.unwrapped, name) for name in (*GETTERS, *ATTRIBUTES)}
    if env.render_mode is not None:
        said["picture"] = bits(env.unwrapped.render())
    info = env.unwrapped._info(False, False)
    spaces = (env.observation_space, env.action_space)
    return {**said, "info": bits(info), "spaces": spaces, "wrapped spec": env.spec}


def check(make_one, moment):
    """Whether copies answer as the original and go on as it does."""
    for way, copied in COPIES.items():
        env = make_one()
        MOMENTS[moment](env)
        twin = copied(env)
        found, expected = answers(twin), answers(env)
        for name, said in expected.items():
            assert found[name] == said, f"{way}, {moment}, {name}"
        if moment == "made":
            assert bits(twin.reset(seed=4)) == bits(env.reset(seed=4)), way
        for action in actions(env, 5, seed=6):
            assert bits(twin.step(action)) == bits(env.step(action)), way
            assert states(twin) == states(env), way
        assert answer(twin.unwrapped, "do_single_random_intervention") == answer(
            env.unwrapped, "do_single_random_intervention"
        )
        assert bits(twin.reset()) == bits(env.reset()), way
        assert answers(twin) == answers(env), way


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("mode", MODES)
def test_a_copy_in_any_mode_answers_as_the_original_at_any_moment(mode, moment):
    check(lambda: make(**MODES[mode]), moment)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_copy_in_any_wrapper_answers_as_the_original(wrapper):
    # What is given before the first reset is no moment for every wrapper.
    moment = "intervention" if wrapper == "none" else "step"
    check(lambda: WRAPPERS[wrapper](make()), moment)


@pytest.mark.sweep
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_copy_in_any_wrapper_answers_as_the_original_at_any_moment(wrapper):
    for moment in MOMENTS:
        check(lambda: WRAPPERS[wrapper](make()), moment)


def test_a_copy_leaves_the_original_alone_and_is_left_alone():
    env = make()
    env.reset(seed=1)
    env.step(np.full(9, 0.3))
    twin = copy.deepcopy(env)
    before = answers(env)
    twin.unwrapped.do_intervention({"tool_block": {"mass": 0.05}}, check_bounds=False)
    twin.step(np.full(9, -0.3))
    twin.unwrapped.set_starting_state({"floor_friction": 0.7})
    assert answers(env) == before
    assert answers(twin) != before


MODES_OF_BATCHES = [
    (wrapper, mode)
    for wrapper in BATCHES
    for mode in ("NextStep", "SameStep", "Disabled")
    # Refused: the observation of a step would be of two episodes.
    if mode != "SameStep" or wrapper not in ("VectorObservationDelay", "nested")
]


@pytest.mark.parametrize(("wrapper", "mode"), MODES_OF_BATCHES)
def test_a_copy_of_a_batch_answers_as_the_original(wrapper, mode):
    def said(envs):
        inner = envs.unwrapped
        each = {name: answer(inner, name) for name in ("observe", "mask_pairs", "present_infos")}
        each["masks"] = bits(inner.local_masks("tight"))
        each["trackers"], each["states"] = inner.trackers, states(envs)
        return {**each, "spec": envs.spec}

    for way, copied in COPIES.items():
        for steps in (0, 1, 2):
            envs = BATCHES[wrapper](batch(autoreset_mode=mode, max_episode_length=9))
            envs.reset(seed=7)
            for action in actions(envs, steps):
                envs.step(action)
            envs.unwrapped.do_interventions([{"floor_friction": 0.6}, None, None])
            twin = copied(envs)
            assert said(twin) == said(envs), (way, steps)
            for action in actions(envs, 5, seed=6):
                assert bits(twin.step(action)) == bits(envs.step(action)), (way, steps)
                assert said(twin) == said(envs), (way, steps)
            twin.close()
            envs.close()


def test_a_curriculum_goes_on_in_a_copy_where_it_was():
    from trifactor.curriculum import CurriculumWrapper, WideningActor

    pace = {"window": 1, "widen_from": 0.0, "step": 0.25}
    env = CurriculumWrapper(make(max_episode_length=2), [WideningActor(["*/mass"], pace=pace)])
    env.reset(seed=3)
    for _ in range(2):
        for action in actions(env, 2):
            env.step(action)
        env.reset()
    for copied in COPIES.values():
        twin, other = copied(env), copied(env.unwrapped)
        assert twin.take_events() == copied(env).take_events()
        for world in (twin, other):
            for action in actions(env, 2):
                world.step(action)
            world.reset()
        assert states(twin) == states(other)
    fresh = CurriculumWrapper(make(max_episode_length=2), [WideningActor(["*/mass"], pace=pace)])
    fresh.reset(seed=3)
    fresh.unwrapped.set_state(env.unwrapped.get_state())
    for world in (fresh, env):
        for action in actions(env, 2):
            world.step(action)
        world.reset()
    assert states(fresh) != states(env), "the width matters here"


def test_a_copy_of_what_is_recorded_goes_on_and_records_nothing(tmp_path):
    path = tmp_path / "episodes.arrow"
    env = RecordEpisodes(make(), path)
    env.reset(seed=2)
    env.step(np.zeros(9))
    twins = [copied(env.unwrapped) for copied in COPIES.values()]
    after = bits(env.step(np.ones(9)))
    for twin in twins:
        assert bits(twin.step(np.ones(9))) == after
        twin.close()
    env.close()
    data = Dataset(path)
    assert [len(episode) for episode in data] == [3]
    assert data.verify().fraction == 1.0


def test_a_method_called_for_the_worlds_of_a_batch_leaves_its_trace():
    envs = batch().unwrapped
    envs.reset(seed=1)
    envs.call("do_intervention", {"floor_friction": 0.6})
    assert [tracker["total"]["accepted"] for tracker in envs.trackers] == [1, 1, 1]
    envs.step(np.zeros((3, 9)))
    masks = envs.local_masks()
    envs.call("get_state")
    assert bits(envs.local_masks()) == bits(masks)
