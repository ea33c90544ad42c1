"""Local masks from Python."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor.errors import OrderError, SettingError
from trifactor.record import Dataset, RecordEpisodes


@pytest.fixture
def world() -> Any:
    """A pushing environment after its reset."""
    env: Any = gym.make(
        "trifactor/Pushing-v0", skip_frame=3, normalize_observations=False
    ).unwrapped
    env.reset(seed=0)
    return env


def test_a_step_in_the_air_lets_nothing_influence_another(world: Any) -> None:
    """Free fingers: themselves and their own actions; blocks and goals: themselves."""
    world.step(np.zeros(9, dtype=np.float32))
    mask = world.local_mask()
    assert mask.dtype == np.bool_
    nodes = ["robot_finger_60", "robot_finger_120", "robot_finger_300", "tool_block", "goal_block"]
    assert world.mask_names() == [*nodes, "action_60", "action_120", "action_300"]
    assert (mask == np.vstack([np.eye(5), np.eye(3, 5)]).astype(bool)).all()
    assert world.mask_edges() == []


def test_a_finger_set_into_a_block_influences_it_and_is_influenced(world: Any) -> None:
    """A block put at a fingertip is coupled with that finger, and the edge says so."""
    observation, _ = world.reset()
    first = world.get_observation_names().index("end_effector_positions[0]")
    x, y = observation[first : first + 2]
    # The finger's radius and half the block's edge apart.
    center = [x, y - 0.0325 - 0.0105, 0.0325]
    placed = world.do_intervention(
        {"tool_block": {"cartesian_position": center}}, check_bounds=False
    )
    assert placed.success, placed.reason
    with pytest.raises(OrderError, match="step"):
        world.local_mask()
    world.step(np.zeros(9, dtype=np.float32))
    mask, names = world.local_mask(), world.mask_names()
    finger, block = 0, names.index("tool_block")
    assert mask[finger, block] and mask[block, finger] and mask[names.index("action_60"), block]
    [edge] = world.mask_edges()
    assert (edge["first"], edge["second"], edge["tick"]) == (finger, block, 0)
    assert edge["gap"] < 0.005
    tight = world.local_mask("tight")
    assert (tight <= mask).all()


def test_a_mask_needs_a_step_and_a_known_strength(world: Any) -> None:
    """What can not be told is refused with the reason."""
    with pytest.raises(OrderError, match="step"):
        world.mask_edges()
    world.step(np.zeros(9, dtype=np.float32))
    with pytest.raises(SettingError, match="sound, tight"):
        world.local_mask("loose")
    assert issubclass(trifactor.TrifactorError, Exception)


def test_masks_are_in_info_where_that_was_asked_for() -> None:
    """Off by default; after a step the same as `local_mask`, after a reset not known."""
    plain: Any = gym.make("trifactor/Pushing-v0").unwrapped
    plain.reset(seed=0)
    assert "local_mask" not in plain.step(np.zeros(9))[-1]
    env: Any = gym.make("trifactor/Pushing-v0", local_masks="tight").unwrapped
    _, info = env.reset(seed=0)
    assert not info["mask_known"] and not info["local_mask"].any()
    assert np.isnan(info["mask_pairs"]).all()
    for _ in range(20):
        info = env.step(env.action_space.sample())[-1]
        assert info["mask_known"]
        assert (info["local_mask"] == env.local_mask("tight")).all()
        pairs = np.full((5, 5, 3), np.nan)
        for edge in env.mask_edges():
            numbers = [edge["tick"], edge["impulse"], edge["gap"]]
            pairs[edge["first"], edge["second"]] = pairs[edge["second"], edge["first"]] = numbers
        np.testing.assert_array_equal(info["mask_pairs"], pairs)
    with pytest.raises(SettingError, match="sound"):
        trifactor.TriFingerEnv("pushing", local_masks="loose")


def test_a_batch_has_its_masks_in_one_array() -> None:
    """World by world those of single environments; worlds that were reset instead have none."""
    envs: Any = gym.make_vec(
        "trifactor/Stacking2-v0",
        num_envs=3,
        vectorization_mode="vector_entry_point",
        local_masks="sound",
        max_episode_length=3,
    )
    envs.reset(seed=4)
    alone = [gym.make("trifactor/Stacking2-v0").unwrapped for _ in range(3)]
    rng = np.random.default_rng(0)
    for world, env in enumerate(alone):
        env.reset(seed=4 + world)
    for _ in range(3):
        actions = rng.uniform(-1, 1, (3, 9))
        infos = envs.step(actions)[-1]
        assert infos["local_mask"].shape == (3, 10, 7) and infos["_local_mask"].all()
        assert infos["mask_pairs"].shape == (3, 7, 7, 3)
        for world, env in enumerate(alone):
            env.step(actions[world])
            assert (infos["local_mask"][world] == env.local_mask()).all()  # type: ignore[attr-defined]
    infos = envs.step(actions)[-1]
    assert not infos["_local_mask"].any() and not infos["local_mask"].any()


def test_a_feature_mask_names_the_observations_numbers(world: Any) -> None:
    """Numbers of one node influence each other, other nodes' not without contact."""
    world.step(np.zeros(9))
    mask, names = world.feature_mask(), world.get_observation_names()
    assert mask.shape == (len(names) + 9, len(names))
    velocity, angle = (names.index(f"joint_{what}[4]") for what in ("velocities", "positions"))
    assert mask[angle, velocity] and mask[len(names) + 4, velocity]
    assert not mask[angle, names.index("joint_positions[0]")]
    assert mask[0].sum() == 1, "time is nobody's"


def test_recorded_masks_have_their_pairs(world: Any, tmp_path: Any) -> None:
    """A row with a mask has the pairs that were coupled, five numbers each."""
    recorded: Any = RecordEpisodes(world, tmp_path / "masks.arrow", masks="sound")
    recorded.reset(seed=0)
    recorded.step(np.zeros(9))
    edges = world.mask_edges()
    recorded.close()
    episode = Dataset(tmp_path / "masks.arrow")[0]
    assert episode.pairs[0] is None and episode.pairs[1].shape == (len(edges), 5)
