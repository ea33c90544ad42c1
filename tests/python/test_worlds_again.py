"""Worlds made again: every wrapper, every setting, every way back, to the last bit or refused."""

import copy
import inspect
import pickle
import random

import gymnasium as gym
import numpy as np
import pytest
from again import CODE, SETTINGS, WRAPPERS, actions, bits, episode, make, states
from gymnasium.envs.registration import EnvSpec

import trifactor
from trifactor import SettingError, TriFingerEnv, TriFingerGoalEnv, TrifactorError
from trifactor.curriculum import (
    CurriculumWrapper,
    GoalActor,
    VectorAgentInterventionWrapper,
    WideningActor,
)
from trifactor.record import Dataset, RecordEpisodes
from trifactor.settings import Settings
from trifactor.wrappers import VectorObservationDelay, delayed_actions, moving_average_actions


def from_spec(env, _folder):
    return gym.make(env.spec)


def from_json(env, _folder):
    return gym.make(EnvSpec.from_json(env.spec.to_json()))


def from_file(env, folder):
    trifactor.save_world(env, folder / "world.json")
    return trifactor.load_world(folder / "world.json")


def from_pickle(env, _folder):
    return pickle.loads(pickle.dumps(env))


def from_copy(env, _folder):
    return copy.deepcopy(env)


WHOLE = {
    "spec": from_spec,
    "json": from_json,
    "file": from_file,
    "pickle": from_pickle,
    "copy": from_copy,
}
"""Ways back to a world in its wrappers."""


def from_description(env, _folder):
    made = TriFingerGoalEnv if isinstance(env.unwrapped, TriFingerGoalEnv) else TriFingerEnv
    return made.from_description(env.unwrapped.description())


def from_own_spec(env, _folder):
    return gym.make(env.unwrapped.spec)


def from_recording(env, folder):
    recorded = RecordEpisodes(env, folder / "episodes.arrow")
    episode(recorded)
    recorded.unwrapped._native.end_record()
    return Dataset(folder / "episodes.arrow").recover_environment()


BARE = {
    "description": from_description,
    "own_spec": from_own_spec,
    "recording": from_recording,
}
"""Ways back to the world within the wrappers."""


def check(setting, wrapper, folder, ways=(*WHOLE, *BARE)):
    """Whether a world comes back, every way; or its code is named."""
    try:
        WRAPPERS[wrapper](make(setting)).close()
    except (SettingError, trifactor.ShapeError):
        # The two do not go together.
        return 0
    code = [CODE[part] for part in (setting, wrapper) if part in CODE]
    for number, way in enumerate(ways):
        here = folder / f"{setting}-{wrapper}-{number}"
        here.mkdir()
        env = WRAPPERS[wrapper](make(setting))
        back = {**WHOLE, **BARE}[way]
        # A reward is no part of the world within.
        bare = [name for name in code if way not in BARE or "StateReward" not in name]
        if bare and way in ("json", "file", "description", "recording"):
            with pytest.raises(TrifactorError, match=bare[0]):
                back(env, here)
            continue
        again = back(env, here)
        inner = env if way in WHOLE else env.unwrapped
        assert episode(again) == episode(inner), f"{setting}, {wrapper}, {way}"
    return len(ways)


def test_every_argument_of_an_environment_has_a_setting_here():
    given = inspect.signature(Settings.__init__).parameters
    assert set(SETTINGS) == set(given) - {"self"}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_world_in_any_wrapper_comes_back_every_way_or_is_refused(wrapper, tmp_path):
    assert check("none", wrapper, tmp_path)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_world_with_any_setting_comes_back_every_way_or_is_refused(setting, tmp_path):
    assert check(setting, "none", tmp_path)


def test_settings_in_wrappers_come_back_every_way_or_are_refused(tmp_path):
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    pairs = [(setting, wrapper) for setting in SETTINGS for wrapper in WRAPPERS]
    for setting, wrapper in rng.sample(pairs, 12):
        check(setting, wrapper, tmp_path, (rng.choice(list(WHOLE)), rng.choice(list(BARE))))


@pytest.mark.sweep
def test_every_setting_in_every_wrapper_comes_back_every_way_or_is_refused(tmp_path):
    done = [check(setting, wrapper, tmp_path) for setting in SETTINGS for wrapper in WRAPPERS]
    assert sum(done) > 1000


@pytest.mark.parametrize("wrapper", ["none", "delayed_actions", "RealisticRobot", "curriculum"])
def test_minari_makes_the_world_that_was_recorded(wrapper, tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    env = WRAPPERS[wrapper](make(max_episode_length=4))
    recorded = RecordEpisodes(env, tmp_path / "episodes.arrow")
    recorded.reset(seed=5)
    for action in actions(recorded, 4):
        recorded.step(action)
    recorded.unwrapped._native.end_record()
    by = {"author": "a test", "author_email": "@", "code_permalink": "a test's"}
    trifactor.record.to_minari(tmp_path / "episodes.arrow", "again/world-v0", **by)
    again = minari.load_dataset("again/world-v0").recover_environment()
    assert episode(again.unwrapped) == episode(env.unwrapped)
    back = trifactor.record.from_minari(minari.load_dataset("again/world-v0"), tmp_path / "back")
    assert episode(back.recover_environment()) == episode(env.unwrapped)


def test_minari_is_refused_a_world_with_code_in_it(tmp_path):
    pytest.importorskip("minari")
    from_recorded = RecordEpisodes(make("goal_sampler"), tmp_path / "episodes.arrow")
    from_recorded.reset(seed=1)
    from_recorded.step(np.zeros(9))
    from_recorded.close()
    with pytest.raises(SettingError, match="goal_sampler"):
        trifactor.record.to_minari(tmp_path / "episodes.arrow", "again/code-v0")


@pytest.mark.parametrize("wrapper", ["none", "delayed_actions", "curriculum"])
def test_a_goal_conditioned_world_comes_back(wrapper, tmp_path):
    for way, back in {**WHOLE, **BARE}.items():
        (tmp_path / way).mkdir()
        env = WRAPPERS[wrapper](make(goal=True))
        again = back(env, tmp_path / way)
        inner = env if way in WHOLE else env.unwrapped
        assert episode(again) == episode(inner), way


def test_code_is_passed_again_or_left_out_by_name():
    extra = SETTINGS["extra_observations"]
    env = make("extra_observations", goal_sampler=SETTINGS["goal_sampler"]).unwrapped
    described = env.description()
    assert described["code"] == ["goal_sampler", "extra_observations: height"]
    for given in ({}, {"goal_sampler": None}):
        with pytest.raises(SettingError, match="extra_observations: height"):
            TriFingerEnv.from_description(described, **given)
    again = TriFingerEnv.from_description(described, goal_sampler=None, extra_observations=extra)
    assert episode(again) == episode(env)
    plain = TriFingerEnv.from_description(described, goal_sampler=None, extra_observations=None)
    assert plain.description()["config"] == described["config"]
    assert "code" not in plain.description()


def test_an_actor_in_code_is_passed_again_or_left_out():
    env = WRAPPERS["custom_actor"](make()).unwrapped
    described = env.description()
    assert described["code"] == ["curriculum: light"]
    curriculum = env.spec.kwargs["curriculum"]
    again = TriFingerEnv.from_description(described, curriculum=curriculum)
    assert episode(again) == episode(env)
    assert episode(TriFingerEnv.from_description(described, curriculum=None)) != episode(env)


def test_a_spec_follows_its_environment_and_a_copy_s_its_own():
    env = make()
    first = env.spec
    twin = copy.deepcopy(env)
    delayed_actions(env, 3)
    moving_average_actions(twin, 2)

    def robot(spec):
        start = spec.kwargs.get("starting_state")
        return start and (start["robot"]["action_delay"], start["robot"]["action_smoothing"])

    assert robot(first) == robot(env.spec) == robot(env.unwrapped.spec) == (3, 1)
    assert robot(twin.spec) == robot(twin.unwrapped.spec) == (0, 2)
    assert EnvSpec.from_json(env.spec.to_json()) == env.spec
    assert pickle.loads(pickle.dumps(env.spec)) == env.spec
    kept = pickle.loads(pickle.dumps(env.spec))
    env.unwrapped.reset_default_state()
    assert robot(kept) == (3, 1)
    assert robot(env.spec) is None
    assert gym.make(env.spec, skip_frame=7).unwrapped.dt == pytest.approx(7 * 0.004)
    assert env.spec.kwargs["skip_frame"] == 2


def test_a_starting_state_is_a_state_a_dictionary_of_one_or_values():
    env = make().unwrapped
    env.set_starting_state({"floor_friction": 0.7})
    state = env.get_state()
    for given in (state, state.to_dict() | {"format": "trifactor state", "version": 1},
                  {"floor_friction": 0.7}, {"floor/friction": 0.7}):
        again = make(starting_state=given)
        assert episode(again.unwrapped) == episode(env)
    fresh = make(starting_state={"floor_friction": 0.7}).unwrapped
    with pytest.raises(trifactor.OrderError):
        fresh.step(np.zeros(9))
    with pytest.raises(trifactor.OutOfSpaceError):
        make(starting_state={"floor_friction": 7.0})
    other = trifactor.TriFingerEnv("picking").get_state()
    with pytest.raises(trifactor.StateError):
        make(starting_state=other)
    for wrong in (3, "heavy", [1.0]):
        with pytest.raises(SettingError, match="starting_state"):
            make(starting_state=wrong)


def test_a_wrapper_that_says_nothing_of_itself_is_named(tmp_path):
    class Mute(gym.Wrapper):
        pass

    with pytest.raises(SettingError, match="Mute"):
        trifactor.save_world(Mute(make()), tmp_path / "world.json")
    with pytest.raises(SettingError, match="CartPole"):
        trifactor.save_world(gym.make("CartPole-v1"), tmp_path / "world.json")


def test_a_file_that_is_no_world_is_refused_with_the_place(tmp_path):
    path = tmp_path / "world.json"
    trifactor.save_world(make(), path)
    text = path.read_text(encoding="utf-8")
    for broken, told in [
        ("{", "Expecting"),
        ("[]", "at format"),
        (text.replace('"trifactor wrapped world"', '"a dream"'), "a dream"),
        (text.replace('"version": 1', '"version": 2', 1), "reads version 1"),
        (text.replace('"spec"', '"wish"'), "at spec"),
        (text.replace("trifactor.env:TriFingerEnv", "nowhere:Nothing"), "nowhere"),
        (text.replace('"skip_frame": 2', '"skip_frames": 2'), "skip_frames"),
    ]:
        assert broken != text
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(trifactor.FormatError, match=told):
            trifactor.load_world(path)
    other = '"skip_frame": 5'.join(text.rsplit('"skip_frame": 2', 1))
    path.write_text(other, encoding="utf-8")
    with pytest.raises(trifactor.StateError, match="world id"):
        trifactor.load_world(path)
    with pytest.raises(trifactor.FormatError, match="nowhere"):
        trifactor.load_world(tmp_path / "nowhere.json")


BATCHES = {
    "none": lambda envs: envs,
    "delayed_actions": lambda envs: delayed_actions(envs, 3),
    "own_starts": lambda envs: own_starts(envs),
    "RandomGoals": trifactor.RandomGoals,
    "VectorObservationDelay": lambda envs: VectorObservationDelay(delayed_actions(envs, 1), 2),
    "curriculum": lambda envs: CurriculumWrapper(
        envs, [GoalActor(), WideningActor(["*/mass"], pace={"width": 0.5})]
    ),
    "VectorAgentInterventionWrapper": lambda envs: VectorAgentInterventionWrapper(
        envs, ["tool_block/mass"]
    ),
    "nested": lambda envs: VectorObservationDelay(CurriculumWrapper(envs, "1"), 1),
}


def own_starts(envs):
    """Worlds that each begin with a friction of their own, one as the family does."""
    wanted = [{"floor_friction": 0.45 + 0.1 * world} for world in range(1, envs.num_envs)]
    envs.set_starting_states([None, *wanted])
    return envs


def batch(**more):
    given = {"skip_frame": 2, "max_episode_length": 3, **more}
    return gym.make_vec(
        "trifactor/Pushing-v0", 3, vectorization_mode="vector_entry_point", **given
    )


MODES_OF_BATCHES = [
    (wrapper, mode)
    for wrapper in BATCHES
    for mode in ("NextStep", "SameStep", "Disabled")
    # Refused: the observation of a step would be of two episodes.
    if mode != "SameStep" or wrapper not in ("VectorObservationDelay", "nested")
]


@pytest.mark.parametrize(("wrapper", "mode"), MODES_OF_BATCHES)
def test_a_batch_in_any_wrapper_comes_back_every_way(wrapper, mode, tmp_path):
    steps = 3 if mode == "Disabled" else 5

    def from_vector_json(envs, _folder):
        return gym.make_vec(EnvSpec.from_json(envs.spec.to_json()))

    ways = {
        "spec": lambda envs, _folder: gym.make_vec(envs.spec),
        "json": from_vector_json,
        "file": from_file,
        "pickle": from_pickle,
        "copy": from_copy,
    }
    for way, back in ways.items():
        envs = BATCHES[wrapper](batch(autoreset_mode=mode, num_threads=1, dtype="float64"))
        again = back(envs, tmp_path)
        assert again.num_envs == 3 and type(again) is type(envs)
        assert episode(again, steps=steps) == episode(envs, steps=steps), way
        if way in ("spec", "json", "file"):
            assert again.spec == envs.spec, way
        again.close()
        envs.close()


def test_a_recorded_batch_whose_worlds_differ_says_so(tmp_path):
    path = tmp_path / "episodes.arrow"
    envs = RecordEpisodes(own_starts(batch()), path)
    envs.reset(seed=1)
    envs.step(np.zeros((3, 9)))
    envs.close()
    data = Dataset(path)
    assert data.verify().fraction == 1.0
    with pytest.raises(SettingError, match="starting_state: each world has its own"):
        data.recover_environment()
    again = data.recover_environment(starting_state=data[1].states[0])
    again.reset(seed=2)
    assert again.get_state() == data[1].states[0]


def test_a_world_that_was_changed_before_it_was_first_reset_is_recorded_so(tmp_path):
    path = tmp_path / "episodes.arrow"
    env = RecordEpisodes(make(), path)
    delayed_actions(env, 3)
    first = episode(env)
    env.close()
    assert episode(Dataset(path).recover_environment()) == first


def test_a_curriculum_is_an_argument_too():
    by_argument = make(curriculum="1")
    by_wrapper = CurriculumWrapper(make(), "1")
    assert episode(by_argument) == episode(by_wrapper)
    events = by_argument.unwrapped.tracker["recent"]
    assert events and bits(events) == bits(by_wrapper.unwrapped.tracker["recent"])
    for wrong in ("7", 3, {"actors": 3}, {"act": []}, {"actors": [{"actor": "nobody"}]}):
        with pytest.raises(TrifactorError):
            make(curriculum=wrong)


def test_the_delay_of_an_environment_is_in_all_that_it_is_made_again_from():
    env = delayed_actions(gym.make("trifactor/Pushing-v0"), 3)
    for again in (gym.make(env.spec), from_description(env, None)):
        again.reset(seed=0)
        assert again.unwrapped.get_current_state_variables()["robot_action_delay"] == 3
    assert states(env)
