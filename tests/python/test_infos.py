"""Infos have one form from the reset on: the same keys, shapes and dtypes, single and in batches."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import trifactor
from trifactor import curriculum, wrappers
from trifactor.registration import FAMILIES
from trifactor.testing import check_vector_env

PLAIN = {"skip_frame": 2, "max_episode_length": 3}
# Every form of what a step tells beside the reward, by the settings that bring it.
SETTINGS = {
    "plain": {},
    "sound masks": {"local_masks": "sound"},
    "tight masks in padded slots": {"local_masks": "tight", "max_blocks": 40},
}
WRAPPED = {
    "none": lambda env: env,
    "curriculum of goals": lambda env: curriculum.CurriculumWrapper(env, "1"),
    "an actor within the episode": lambda env: curriculum.CurriculumWrapper(
        env, [curriculum.VisualActor()], [(0, None, 1, 1)]
    ),
    "the agent as actor": lambda env: curriculum.AgentInterventionWrapper(env, ["floor/friction"]),
    "own reward": lambda env: trifactor.StateReward(env, lambda before, after, info: 1.0),
    "late": lambda env: wrappers.ObservationDelay(env, 1),
}


def form(value):
    """What a value is: its type, or dtype and shape, or the same of what it holds."""
    if isinstance(value, dict):
        return {key: form(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape
    if isinstance(value, (list, tuple)):
        return type(value), len(value)
    return type(value)


def infos_of(env, steps=4):
    """The infos of two episodes: of the resets and of all steps."""
    env.action_space.seed(1)
    for seed in (1, None):
        yield env.reset(seed=seed)[1]
        for _ in range(steps):
            *_, terminated, truncated, info = env.step(env.action_space.sample())
            yield info
            if terminated or truncated:
                break


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("suffix", ["", "Goal"])
def test_infos_of_every_id_have_one_form(suffix, settings):
    for name in FAMILIES:
        env = gym.make(f"trifactor/{name}{suffix}-v0", **PLAIN, **SETTINGS[settings])
        first, *others = infos_of(env)
        for info in others:
            assert form(info) == form(first), name
        masks = {"local_mask", "mask_pairs", "mask_known"}
        assert masks & first.keys() == (masks if settings != "plain" else set())


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("wrapped", WRAPPED)
def test_infos_of_every_wrapper_have_one_form(wrapped, settings):
    for name in ("trifactor/Pushing-v0", "trifactor/PushingGoal-v0"):
        env = WRAPPED[wrapped](gym.make(name, **PLAIN, **SETTINGS[settings]))
        first, *others = infos_of(env)
        for info in others:
            assert form(info) == form(first)


def test_infos_of_the_object_selector_and_of_sprites_have_one_form():
    selector = wrappers.ObjectSelector(gym.make("trifactor/Pushing-v0", **PLAIN))
    for env in (selector, gym.make("trifactor/Sprites-Place1-v0")):
        first, *others = infos_of(env)
        assert all(form(info) == form(first) for info in others)


def test_a_reset_s_mask_is_empty_and_said_not_to_be_known():
    env = gym.make("trifactor/Pushing-v0", local_masks="sound")
    _, info = env.reset(seed=0)
    assert info["mask_known"] is False
    assert info["local_mask"].shape == (8, 5) and not info["local_mask"].any()
    assert info["mask_pairs"].shape == (5, 5, 3) and np.isnan(info["mask_pairs"]).all()
    info = env.step(env.action_space.sample())[4]
    assert info["mask_known"] is True and info["local_mask"].any()


def arrays(infos, worlds):
    """The form of a batch's infos: of every array its dtype and what follows the worlds."""
    found = {}
    for key, value in infos.items():
        if isinstance(value, dict):
            found[key] = arrays(value, worlds)
        else:
            assert len(value) == worlds, key
            found[key] = value.dtype, np.shape(value)[1:]
    return found


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("suffix", ["", "Goal"])
def test_infos_of_every_batch_have_one_form(suffix, mode, settings):
    for name, wrap in (
        ("Pushing", lambda envs: envs),
        ("Stacking2", lambda envs: curriculum.CurriculumWrapper(envs, "1")),
        ("Pushing", trifactor.RandomGoals),
        (
            "Pushing",
            lambda envs: curriculum.VectorAgentInterventionWrapper(envs, ["floor/friction"]),
        ),
    ):
        envs = wrap(
            gym.make_vec(
                f"trifactor/{name}{suffix}-v0",
                num_envs=2,
                vectorization_mode="vector_entry_point",
                autoreset_mode=mode,
                num_threads=1,
                **PLAIN,
                **SETTINGS[settings],
            )
        )
        first = arrays(envs.reset(seed=1)[1], 2)
        finals = {key for end in ("final_obs", "final_info") for key in (end, f"_{end}")}
        envs.action_space.seed(1)
        seen = 0
        for _ in range(7):
            *_, terminated, truncated, infos = envs.step(envs.action_space.sample())
            final = {key: infos.pop(key) for key in finals & infos.keys()}
            assert arrays(infos, 2) == first
            if final:
                seen += 1
                told = arrays(final["final_info"], 2)
                inner = envs.unwrapped._infos(None, truncated)
                assert told.keys() >= arrays(inner, 2).keys()
                for key in told.keys() & first.keys():
                    assert told[key] == first[key], key
            if mode == AutoresetMode.DISABLED and (terminated | truncated).any():
                ended = terminated | truncated
                reset = arrays(envs.reset(options={"reset_mask": ended})[1], 2)
                assert reset == first
        assert (seen > 0) == (mode == AutoresetMode.SAME_STEP)
        envs.close()


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("suffix", ["", "Goal"])
def test_the_checker_of_batches_finds_nothing_where_masks_are_told(suffix, mode):
    check_vector_env(
        gym.make_vec(
            f"trifactor/Pushing{suffix}-v0",
            num_envs=3,
            vectorization_mode="vector_entry_point",
            autoreset_mode=mode,
            skip_frame=2,
            max_episode_length=8,
            local_masks="sound",
        )
    )


@pytest.mark.parametrize("settings", SETTINGS)
def test_gymnasium_gathers_infos_of_single_environments_as_a_batch_has_them(settings):
    made = {"num_envs": 2, **PLAIN, **SETTINGS[settings]}
    sync = gym.make_vec("trifactor/Pushing-v0", vectorization_mode="sync", **made)
    ours = gym.make_vec("trifactor/Pushing-v0", vectorization_mode="vector_entry_point", **made)
    pairs = [(sync.reset(seed=1)[1], ours.reset(seed=1)[1])]
    actions = np.zeros((2, 9), np.float32)
    pairs += [(sync.step(actions)[4], ours.step(actions)[4]) for _ in range(2)]
    for gathered, own in pairs:
        assert gathered.keys() == own.keys()
        for key in ("local_mask", "mask_pairs", "mask_known", "success", "fractional_success"):
            if key in own:
                np.testing.assert_array_equal(gathered[key], own[key], err_msg=key)


def test_minari_collects_infos_with_masks(tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    pytest.importorskip("jax", reason="Minari's collector needs it")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    env = minari.DataCollector(
        gym.make("trifactor/Pushing-v0", **PLAIN, local_masks="sound"), record_infos=True
    )
    steps = 0
    for seed in (1, 2):
        env.reset(seed=seed)
        for _ in range(3):
            env.step(env.action_space.sample())
            steps += 1
    dataset = env.create_dataset("masks-v0", algorithm_name="none")
    episodes = list(dataset.iterate_episodes())
    assert sum(len(episode) for episode in episodes) == steps
    for episode in episodes:
        assert episode.infos["local_mask"].shape == (4, 8, 5)
        assert episode.infos["mask_pairs"].shape == (4, 5, 5, 3)
        assert episode.infos["mask_known"].tolist() == [False, True, True, True]
    env.close()
