"""Episodes on disk from Python: recorded, read, re-run, made again, converted."""

import json
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pyarrow
import pytest
from gymnasium.vector import AutoresetMode

import trifactor
from trifactor.record import Dataset, RecordEpisodes, from_minari, regenerate, to_minari


def make(**settings):
    """A world of short episodes."""
    settings = {"skip_frame": 2, "max_episode_length": 6, **settings}
    return gym.make("trifactor/Pushing-v0", **settings)


def play(env, episodes=3, seed=5):
    """Random actions through some episodes, with an intervention and a refused one in each."""
    rng = np.random.default_rng(seed)
    seen = []
    for episode in range(episodes):
        observation, _ = env.reset(seed=seed if episode == 0 else None)
        seen.append(observation)
        truncated = False
        while not truncated:
            if env.unwrapped.get_state().step == 3:
                env.unwrapped.do_intervention({"tool_block": {"mass": 0.05}})
                env.unwrapped.do_intervention({"tool_block": {"mass": 50.0}})
            action = rng.uniform(-1, 1, 9)
            observation, _, _, truncated, _ = env.step(action)
            seen.append(observation)
    return seen


@pytest.fixture
def recorded(tmp_path):
    """A file of three episodes."""
    path = tmp_path / "episodes.arrow"
    env = RecordEpisodes(make(), path, masks="sound", policy="chance", notes="of a test")
    play(env)
    env.close()
    return path


def test_what_was_done_is_read_back_and_every_transition_agrees(tmp_path):
    path = tmp_path / "episodes.arrow"
    env = RecordEpisodes(make(), path, masks="sound", policy="chance", notes="of a test")
    seen = play(env)
    tracker = env.unwrapped.tracker
    env.close()
    data = Dataset(path)
    assert (len(data), data.closed, data.cut) == (3, True, 0)
    assert (data.policy, data.notes, data.masks) == ("chance", "of a test", "sound")
    kinds = ["reset", "step", "step", "step", "intervention", "step", "step", "step"]
    observations = []
    for number, episode in enumerate(data):
        assert episode.kinds == kinds
        assert [state.episode for state in episode.states] == [number] * len(kinds)
        events = episode.interventions[4]
        assert [event["by"] for event in events] == ["user", "user"]
        assert "refused" not in events[0] and "outside" in events[1]["refused"]
        assert len(list(episode.transitions())) == 6
        del episode.observations[4]  # shown to no one
        observations += episode.observations
    assert all(np.array_equal(a, b) for a, b in zip(observations, seen, strict=True))
    told = []
    verified = data.verify(num_threads=1, progress=told.append)
    assert (verified.transitions, verified.agreed, verified.fraction) == (18, 18, 1.0)
    assert told == [6, 6, 6]
    assert tracker["total"] == {"accepted": 3, "refused": 3}
    assert tracker["counts"]["user"]["tool_block/mass"] == {"accepted": 3, "refused": 3}


def test_recording_changes_nothing_and_needs_no_particular_wrapper(recorded, tmp_path):
    plain = play(make())
    path = tmp_path / "again.arrow"
    same = gym.wrappers.TransformAction(make(), lambda action: action, None)
    env = RecordEpisodes(same, path, masks="sound", policy="chance", notes="of a test")
    assert all(np.array_equal(a, b) for a, b in zip(plain, play(env), strict=True))
    env.close()
    assert path.read_bytes() == recorded.read_bytes()


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_a_batch_is_recorded_in_every_mode_of_its_resets(tmp_path, mode):
    path = tmp_path / "batch.arrow"
    envs = gym.make_vec(
        "trifactor/Pushing-v0",
        num_envs=3,
        vectorization_mode="vector_entry_point",
        autoreset_mode=mode,
        num_threads=2,
        skip_frame=2,
        max_episode_length=5,
    )
    envs = RecordEpisodes(envs, path)
    envs.reset(seed=1)
    rng = np.random.default_rng(0)
    for step in range(15):
        if step == 2:
            envs.unwrapped.do_interventions([None, {"tool_block": {"mass": 0.05}}, None])
        _, _, _, truncated, _ = envs.step(rng.uniform(-1, 1, (3, 9)))
        if mode == AutoresetMode.DISABLED and truncated.any():
            envs.reset(options={"reset_mask": truncated})
    assert [tracker["total"]["accepted"] for tracker in envs.unwrapped.trackers] == [0, 1, 0]
    envs.close()
    data = Dataset(path)
    verified = data.verify(num_threads=1)
    # With NextStep, steps 5 and 11 of each world are resets.
    transitions = 39 if mode == AutoresetMode.NEXT_STEP else 45
    assert verified.agreed == verified.transitions == transitions
    for episode in data:
        assert episode.kinds[0] == "reset"
        assert {state.seed for state in episode.states} == {1 + episode.world}
        assert not episode.truncated[:-1].any()


def test_a_file_is_gone_on_with_and_never_overwritten(recorded):
    with pytest.raises(trifactor.TrifactorError, match="episodes.arrow"):
        RecordEpisodes(make(), recorded)
    env = RecordEpisodes(make(), recorded, append=True, masks="sound", policy="chance")
    play(env, episodes=1, seed=9)
    env.close()
    data = Dataset(recorded)
    assert [episode.states[0].seed for episode in data] == [5, 5, 5, 9]
    for settings, more, named in [
        ({"skip_frame": 3}, {}, "another world"),
        ({}, {"masks": "tight", "policy": "skill"}, "another strength of masks, policy"),
        ({}, {"observations": None}, "another precision of observations"),
    ]:
        own = {"masks": "sound", "policy": "chance", **more}
        with pytest.raises(trifactor.StateError, match=named):
            RecordEpisodes(make(**settings), recorded, append=True, **own)


def test_a_manifest_makes_the_same_file_and_a_tampered_one_is_found(recorded, tmp_path):
    manifest, again = Dataset(recorded).manifest(), tmp_path / "again.arrow"
    regenerate(manifest, again)
    assert again.read_bytes() == recorded.read_bytes()
    bytes_ = bytearray(recorded.read_bytes())
    bytes_[len(bytes_) // 2] ^= 1
    recorded.write_bytes(bytes_)
    with pytest.raises(trifactor.FormatError, match="episode"):
        Dataset(recorded).verify()


def test_a_file_that_was_cut_off_is_verified_only_where_that_is_accepted(recorded):
    assert Dataset(recorded).lost is None and Dataset(recorded).verify().lost is None
    whole = recorded.read_bytes()
    # Of the last episode, of all of them, and of no more than what closes the file.
    for length, left, lost in (
        (len(whole) - 100, 2, "an episode of up to 7 steps is lost"),
        (len(whole) // 4, 0, "bytes"),
        (len(whole) - 8, 3, "ends after a whole episode"),
    ):
        recorded.write_bytes(whole[:length])
        data = Dataset(recorded)
        assert len(data) == left and lost in data.lost
        with pytest.raises(trifactor.FormatError, match="allow_truncated=True") as refused:
            data.verify()
        assert lost in str(refused.value) and str(recorded) in str(refused.value)
        verified = data.verify(allow_truncated=True)
        assert (verified.lost, verified.closed) == (data.lost, False)
        assert verified.transitions == verified.agreed == 6 * left
        command = [sys.executable, "-m", "trifactor", "verify", str(recorded)]
        for more, status in (([], 1), (["--allow-truncated"], 0)):
            told = subprocess.run(command + more, capture_output=True, text=True)
            assert (told.returncode, lost in told.stderr) == (status, True), told.stderr


def test_pyarrow_reads_the_file(recorded):
    with pyarrow.ipc.open_stream(recorded) as stream:
        metadata, table = stream.schema.metadata, stream.read_all()
    assert metadata[b"trifactor.format"] == b"trifactor episodes"
    world = json.loads(metadata[b"trifactor.world"])
    assert trifactor.TriFingerEnv.from_description(world).dt == 0.008
    episodes = list(Dataset(recorded))
    rows = sum(len(episode) for episode in episodes)
    assert table.num_rows == rows
    columns = table.to_pydict()
    for row, (kind, reward) in enumerate(
        (kind, reward) for e in episodes for kind, reward in zip(e.kinds, e.rewards, strict=True)
    ):
        assert columns["kind"][row] == kind
        assert columns["reward"][row] == (reward if kind == "step" else None)
    states = [state for episode in episodes for state in episode.states]
    positions = np.array(columns["joint_positions"])
    assert np.array_equal(positions, [s["robot"]["joint_positions"] for s in states])
    blocks = np.array(columns["blocks"])
    assert np.array_equal(blocks[:, :3], [s["blocks"][0]["position"] for s in states])


LOAD = """
import sys, minari, numpy as np
data = minari.load_dataset("trifactor/test-v0")
env = data.recover_environment()
assert data.total_episodes == 3 and data.total_steps == 18, (data.total_episodes, data.total_steps)
for episode in data.iterate_episodes():
    observation, _ = env.reset(seed=5)
    assert episode.observations.shape == (7, *observation.shape)
    if episode.id == 0:
        assert np.array_equal(episode.observations[0], observation)
        for t in range(3):
            observation, reward, *_ = env.step(episode.actions[t])
            assert reward == episode.rewards[t]
            if t < 2:
                assert np.array_equal(episode.observations[t + 1], observation)
print(type(env.unwrapped).__name__, env.unwrapped.dt)
"""


def test_a_minari_data_set_loads_with_minari_alone_and_recovers_its_world(
    recorded, tmp_path, monkeypatch
):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    by = {"author": "a test", "author_email": "@", "code_permalink": "a test's"}
    to_minari(recorded, "trifactor/test-v0", **by)
    # A process that has heard of this package by the data set only.
    loaded = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == ["TriFingerEnv", "0.008"]

    import minari

    back = from_minari(minari.load_dataset("trifactor/test-v0"), tmp_path / "back.arrow")
    verified = back.verify(num_threads=1)
    # In every episode one step was followed by an intervention.
    assert (verified.transitions, verified.agreed, verified.intervened) == (15, 15, 3)
    for mine, theirs in zip(Dataset(recorded), back, strict=True):
        steps = [row for row, kind in enumerate(mine.kinds) if kind == "step"]
        assert np.array_equal(mine.actions[steps], theirs.actions[1:])
        assert mine.states[-1] == theirs.states[-1]
