"""Observations of pixels, and pictures."""

import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from conftest import check
from gymnasium.spaces import Box
from gymnasium.wrappers import RecordVideo

import trifactor

SMALL = {"width": 32, "height": 24}


def pushing(**settings):
    return gym.make("trifactor/Pushing-v0", observation_mode="pixel", **settings)


def test_images_have_the_shape_and_order_of_the_reference():
    env = pushing()
    observation, _ = env.reset(seed=0)
    assert observation.shape == (6, 128, 128, 3)
    assert observation.dtype == np.uint8
    assert env.observation_space == Box(0, 255, (6, 128, 128, 3), np.uint8)
    names = [f"camera_{i}" for i in range(3)]
    assert env.unwrapped.get_observation_names() == [*names, *(f"goal_{name}" for name in names)]
    # The present images show the red block, the goals' the green goal, and not the other way round.
    pure = {"red": observation[..., 0].astype(int) - observation[..., 1]}
    pure["green"] = -pure["red"]
    seen = {color: (where > 200).any(axis=(1, 2)) for color, where in pure.items()}
    assert seen["red"].tolist() == [True] * 3 + [False] * 3
    assert seen["green"].tolist() == [False] * 3 + [True] * 3

    chosen = pushing(camera_indicies=[2, 0]).reset(seed=0)[0]
    assert (chosen == observation[[2, 0, 5, 3]]).all()


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("channel_first", [False, True])
def test_check_env_is_clean(dtype, channel_first):
    channels = ["rgb", "grey", "depth", "segmentation"]
    pixels = {**SMALL, "channels": channels, "channel_first": channel_first}
    check(pushing(pixels=pixels, dtype=dtype).unwrapped)


def test_floats_are_shares_of_the_bytes():
    bytes_, floats = (
        pushing(pixels=SMALL, dtype=dtype).reset(seed=3)[0] for dtype in ("uint8", "float64")
    )
    assert (bytes_ / 255.0 == floats).all()


def test_goal_images_follow_goals_and_colours_and_survive_copies():
    env = pushing(pixels=SMALL).unwrapped
    first, _ = env.reset(seed=0)
    success, second = env.do_intervention(env.sample_new_goal())
    assert success
    assert (first[:3] == second[:3]).all()
    assert (first[3:] != second[3:]).any(axis=(1, 2, 3)).all()
    success, third = env.do_intervention({"floor_color": [0.9, 0.8, 0.1]}, check_bounds=False)
    assert success
    assert (second != third).any(axis=(1, 2, 3)).all()
    copy = pickle.loads(pickle.dumps(env))
    assert (copy.observe() == third).all()
    again = trifactor.TriFingerEnv.from_description(env.description())
    again.set_state(env.get_state())
    assert (again.observe() == third).all()


def test_light_cameras_and_patterns_are_variables():
    env = pushing(pixels=SMALL).unwrapped
    first, _ = env.reset(seed=0)
    looks = {
        "light": {"intensity": 0.8, "turn": [0.1, 0.0, 0.5]},
        "camera_0": {"shift": [0.01, 0.0, -0.01], "turn": [0.0, 0.02, 0.0]},
        "camera_1": {"field_of_view_factor": 1.05},
        "floor_pattern": 1,
        "tool_block": {"pattern": 1, "pattern_color": [0.5, 0.5, 0.0], "pattern_scale": 0.02},
    }
    success, second = env.do_intervention(looks)
    assert success
    assert (first != second).any(axis=(1, 2, 3)).all()
    variables = env.get_current_state_variables()
    assert variables["light"]["intensity"] == 0.8
    assert variables["camera_0"]["turn"].tolist() == [0.0, 0.02, 0.0]
    assert (variables["floor_pattern"], variables["tool_block"]["pattern"]) == (1, 1)
    saved = trifactor.State.from_json(env.get_state().to_json())
    env.reset(seed=0)
    assert (env.observe() == first).all()
    env.set_state(saved)
    assert (env.observe() == second).all()
    assert not env.do_intervention({"floor_pattern": 4}, check_bounds=False).success


def test_who_draws_is_said():
    assert pushing(pixels=SMALL).unwrapped.renderer == "software"
    assert gym.make("trifactor/Pushing-v0").unwrapped.renderer is None
    chosen = pushing(pixels={**SMALL, "renderer": "auto"}).unwrapped.renderer
    assert chosen.startswith(("gpu: ", "software ("))
    with pytest.raises(trifactor.TrifactorError):
        pushing(pixels={**SMALL, "renderer": "crayon"})


def test_contacts_tell_where_and_how_hard():
    env = gym.make("trifactor/Pushing-v0", skip_frame=1).unwrapped
    env.reset(seed=0)
    with pytest.raises(trifactor.OrderError):
        env.get_contacts()
    env.step(env.action_space.sample())
    on_floor = [c for c in env.get_contacts() if (c["first"], c["second"]) == ("tool_block", "floor")]
    assert len(on_floor) == 1
    # Somewhere below the block, and straight down.
    place = env.get_current_state_variables()["tool_block"]["cartesian_position"]
    assert np.allclose(on_floor[0]["place"], [*place[:2], 0], atol=0.05)
    assert np.allclose(on_floor[0]["push"], [0, 0, -on_floor[0]["impulse"]], rtol=1e-3, atol=1e-9)
    links = env.get_link_poses()
    assert len(links) == 12
    position, quaternion = links["robot_finger_120_link_3"]
    assert len(position) == 3 and np.isclose(np.linalg.norm(quaternion), 1)


def test_segmentation_names_what_is_seen():
    env = pushing(pixels={"channels": ["segmentation"]}).unwrapped
    observation, _ = env.reset(seed=0)
    names = np.array(env.get_entity_names())
    present, goals = set(names[np.unique(observation[:3])]), set(names[np.unique(observation[3:])])
    both = {"floor", "stage", "robot_finger_60", "robot_finger_120", "robot_finger_300"}
    assert present - {"nothing"} == both | {"tool_block"}
    assert goals - {"nothing"} == both | {"goal_block"}


def test_a_goal_conditioned_environment_shows_no_goal():
    env = gym.make("trifactor/PushingGoal-v0", observation_mode="pixel", pixels=SMALL)
    check(env.unwrapped)
    observation, _ = env.reset(seed=0)
    assert observation["observation"].shape == (3, 24, 32, 3)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_batch_is_as_many_single_ones_to_the_last_image(dtype):
    settings = {"observation_mode": "pixel", "pixels": SMALL, "dtype": dtype}
    settings["max_episode_length"] = 3
    envs = gym.make_vec("trifactor/Pushing-v0", 3, autoreset_mode="SameStep", **settings)
    singles = [gym.make("trifactor/Pushing-v0", **settings) for _ in range(3)]
    observations, _ = envs.reset(seed=5)
    assert observations.shape == (3, 6, 24, 32, 3)
    for i, env in enumerate(singles):
        assert (env.reset(seed=5 + i)[0] == observations[i]).all()
    for _ in range(3):
        actions = envs.action_space.sample()
        observations, _, _, _, infos = envs.step(actions)
        seen = [env.step(action)[0] for env, action in zip(singles, actions, strict=True)]
        final = infos.get("final_obs", observations)
        assert all((one == other).all() for one, other in zip(seen, final, strict=True))
    assert "final_obs" in infos
    assert final[0].dtype == np.dtype(dtype)


def test_what_does_not_fit_images_is_refused():
    for settings in (
        {"context": "all"},
        {"drop": ["*"]},
        {"max_blocks": 3},
        {"extra_observations": {"one": (lambda _: 1.0, 0.0, 1.0)}},
        {"camera_indicies": [3]},
        {"camera_indicies": []},
        {"pixels": {"width": 0}},
        {"pixels": {"channels": ["smell"]}},
        {"pixels": {"colour": 1}},
        {"dtype": "int8"},
    ):
        with pytest.raises(trifactor.TrifactorError):
            pushing(**settings)
    for settings in ({"pixels": SMALL}, {"camera_indicies": [0]}, {"dtype": "uint8"}):
        with pytest.raises(trifactor.SettingError):
            gym.make("trifactor/Pushing-v0", **settings)


def test_pictures_are_drawn_and_lists_of_them_collected():
    env = gym.make("trifactor/Pushing-v0", render_mode="rgb_array", skip_frame=5)
    assert env.metadata["render_fps"] == 50
    env.reset(seed=0)
    picture = env.render()
    assert picture.shape == (240, 320, 3)
    assert picture.dtype == np.uint8
    above = {"position": [0, 0, 0.9], "target": [0, 0, 0], "up": [0, 1, 0]}
    settings = {"render_size": (64, 48), "render_camera": above}
    env = gym.make("trifactor/Pushing-v0", render_mode="rgb_array_list", **settings)
    env.reset(seed=0)
    env.step(env.action_space.sample())
    assert [picture.shape for picture in env.render()] == [(48, 64, 3)] * 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert gym.make("trifactor/Pushing-v0").unwrapped.render() is None
    envs = gym.make_vec("trifactor/Pushing-v0", 2, render_mode="rgb_array", render_size=(32, 24))
    envs.reset(seed=0)
    assert [picture.shape for picture in envs.render()] == [(24, 32, 3)] * 2
    for settings in (
        {"render_mode": "ascii"},
        {"render_size": (0, 5)},
        {"render_size": 5},
        {"render_camera": {"position": [0, 0, 0.9], "target": [0, 0, 0]}},
    ):
        with pytest.raises(trifactor.SettingError):
            trifactor.TriFingerEnv("pushing", **settings)


def test_videos_are_recorded(tmp_path):
    pytest.importorskip("moviepy")
    env = gym.make("trifactor/Pushing-v0", render_mode="rgb_array", max_episode_length=5)
    env = RecordVideo(env, str(tmp_path / "videos"), disable_logger=True)
    env.reset(seed=0)
    for _ in range(5):
        env.step(env.action_space.sample())
    env.close()
    assert [path.suffix for path in (tmp_path / "videos").iterdir()] == [".mp4"]
