"""CoDA from Python: steps recorded, samples made, checked and given to a learner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor.augment import RecordReplay, Replay, augment_dataset
from trifactor.errors import OrderError, SettingError, ShapeError
from trifactor.record import Dataset, RecordEpisodes, from_minari, to_minari


def recorded(steps: int, **arguments: Any) -> tuple[Any, Replay]:
    """A pushing environment in which the fingers swing, and what was recorded of it."""
    env = gym.make("trifactor/Pushing-v0", **arguments)
    replay = Replay(env, capacity=steps)
    rng = np.random.default_rng(3)
    env.reset(seed=3)
    action = np.zeros(9, np.float32)
    for i in range(steps):
        if i % 5 == 0:
            action = rng.uniform(-1.0, 1.0, 9).astype(np.float32)
        replay.step(action)
    return env, replay


def test_every_sample_is_what_the_dynamics_make_of_it() -> None:
    """By the cut test and by simulation; blind exchange is wrong often."""
    _, replay = recorded(120)
    assert len(replay) == 120
    for method in ("cut", "simulation"):
        samples = replay.coda(25, method=method, seed=1)
        assert len(samples) == 25
        assert samples.report["accepted"] == 25
        assert all(samples.check(i) == (True, 0.0) for i in range(25)), method
        assert all(len(set(row)) == 2 for row in samples.sources())
    with pytest.raises(SettingError, match="cut, simulation"):
        replay.coda(1, method="wishful")


def test_a_sample_has_the_parts_that_its_sources_name() -> None:
    """Columns of a finger come from the step that is named for it, in all arrays."""
    _, replay = recorded(60)
    rows, samples = replay.arrays(), replay.coda(10)
    made, sources = samples.arrays(), samples.sources()
    assert made["mask"].shape == (10, 7, 4)
    for i in range(10):
        for finger in range(3):
            source, own = sources[i, finger], slice(12 * finger, 12 * finger + 12)
            assert (made["before"][i, own] == rows["before"][source, own]).all()
            assert (made["after"][i, own] == rows["after"][source, own]).all()
            act = slice(3 * finger, 3 * finger + 3)
            assert (made["action"][i, act] == rows["action"][source, act]).all()
            assert (made["mask"][i, finger] == rows["mask"][source, finger]).all()


def alone(seen: Any) -> Any:
    """The only observation of a batch of one."""
    if isinstance(seen, dict):
        return {key: alone(part) for key, part in seen.items()}
    assert seen.shape[0] == 1
    return seen[0]


class Buffer:
    """A buffer with the `add` of Stable-Baselines3's."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: list[tuple[Any, ...]] = []

    def add(
        self, obs: Any, next_obs: Any, action: Any, reward: Any, done: Any, infos: list[Any]
    ) -> None:
        """Keep a row."""
        assert action.shape[0] == reward.shape[0] == done.shape[0] == len(infos) == 1
        self.rows.append((alone(obs), action[0], reward[0], alone(next_obs), done[0]))


@pytest.mark.parametrize("normalize_actions", [True, False])
def test_a_learner_gets_what_it_would_have_seen(normalize_actions: bool) -> None:
    """Set to a sample's state, the environment shows, does and pays what the buffer holds."""
    env, replay = recorded(60, normalize_actions=normalize_actions)
    samples, buffer = replay.coda(8), Buffer()
    samples.add_to(buffer)
    assert len(buffer.rows) == 8
    world: Any = env.unwrapped
    for i, (before, action, reward, after, done) in enumerate(buffer.rows):
        world.set_state(samples.states(i)[0])
        assert (world.observe() == before).all()
        observation, paid, terminated, _, _ = world.step(action)
        # The action went through single precision.
        np.testing.assert_allclose(observation, after, atol=1e-4)
        np.testing.assert_allclose(paid, reward, atol=1e-3)
        assert terminated == done


def appended(variables: Any) -> Any:
    """A number of one's own."""
    return variables["tool_block"]["mass"]


def leaves(seen: Any) -> dict[str, Any]:
    """The arrays of an observation by name, in batches of one taken apart."""
    parts = seen if isinstance(seen, dict) else {"": seen}
    return {key: np.asarray(part) for key, part in parts.items()}


# Every form that observations have; those of "Goal" are dictionaries with two goals.
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "flat": ("Pushing", {}),
    "float64": ("Pushing", {"dtype": "float64"}),
    "appended": ("Pushing", {"extra_observations": {"heavy": (appended, 0.0, 1.0)}}),
    "chosen": ("Pushing", {"observe": ["*/mass", "end_effector_positions"]}),
    "entities": ("Pushing", {"observation_mode": "entities"}),
    "entities and context": ("Pushing", {"observation_mode": "entities", "context": "all"}),
    "pixels": (
        "Pushing",
        {"observation_mode": "pixel", "pixels": {"width": 8, "height": 8, "cameras": [0]}},
    ),
    "goals": ("PushingGoal", {}),
    "goals and entities": ("PushingGoal", {"observation_mode": "entities", "context": "all"}),
    "goals and appended": (
        "PushingGoal",
        {"extra_observations": {"heavy": (appended, 0.0, 1.0)}, "normalize_actions": False},
    ),
    "goals of reaching": ("ReachingGoal", {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_samples_of_every_form_of_observation_go_to_a_buffer(form: str) -> None:
    """A buffer of dictionaries gets dictionaries, each part as the environment shows it."""
    family, settings = FORMS[form]
    env = gym.make(f"trifactor/{family}-v0", **settings)
    replay, rng = Replay(env, capacity=40), np.random.default_rng(2)
    env.reset(seed=2)
    for _ in range(40):
        low, high = env.action_space.low, env.action_space.high
        replay.step(rng.uniform(low, high).astype(np.float32))
    samples, buffer = replay.coda(6), Buffer()
    samples.add_to(buffer)
    assert len(buffer.rows) == 6
    world: Any = env.unwrapped
    for i, (before, action, reward, after, _) in enumerate(buffer.rows):
        assert env.action_space.contains(action)
        for state, shown in zip(samples.states(i), (before, after), strict=True):
            world.set_state(state)
            expected = world.observe()
            assert world.observation_space.contains(shown)
            assert leaves(shown).keys() == leaves(expected).keys()
            for key, part in leaves(expected).items():
                assert part.dtype == leaves(shown)[key].dtype
                assert np.array_equal(part, leaves(shown)[key]), key
        if "goals" in form:
            paid = world.compute_reward(after["achieved_goal"], after["desired_goal"], None)
            assert reward == np.float32(paid)
    learned = samples.learned()
    again = leaves(learned[3])
    assert all((again[key][5] == part).all() for key, part in leaves(buffer.rows[5][3]).items())


def test_no_samples_are_rows_of_the_same_form() -> None:
    """None at all is an answer too."""
    for id in ("Pushing", "PushingGoal"):
        env = gym.make(f"trifactor/{id}-v0")
        replay = Replay(env, capacity=5)
        env.reset(seed=0)
        replay.step(env.action_space.sample())
        before = leaves(replay.coda(0).learned()[0])
        space: Any = env.observation_space
        for key, part in before.items():
            assert part.shape == (0, *(space[key] if key else space).shape)


def test_what_an_agent_would_not_see_do_or_be_paid_is_refused() -> None:
    """By the name of what was called, with the wrapper that is the reason."""
    plain = gym.make("trifactor/Pushing-v0")
    whole = plain.observation_space.shape
    space = gym.spaces.Box(-1.0, 1.0, whole)

    def first(action: Any) -> Any:
        return action[:9]

    wrapped = {
        "TransformObservation": gym.wrappers.TransformObservation(plain, abs, space),
        "TransformAction": gym.wrappers.TransformAction(plain, first, gym.spaces.Box(-1, 1, (10,))),
        "TransformReward": gym.wrappers.TransformReward(plain, lambda reward: 10.0 * reward),
        "StateReward": trifactor.StateReward(plain, lambda before, after, info: 1.0),
    }
    for name, env in wrapped.items():
        replay = Replay(env, capacity=5)
        env.reset(seed=0)
        for _ in range(5):
            replay.step(env.action_space.sample())
        samples = replay.coda(2)
        with pytest.raises(SettingError, match=f"add_to: {name} changes"):
            samples.add_to(Buffer())
        with pytest.raises(SettingError, match=f"learned: {name} changes"):
            samples.learned()
    _, replay = recorded(20)
    samples, buffer = replay.coda(2), Buffer()
    other: Any = buffer
    other.n_envs = 2
    with pytest.raises(SettingError, match="add_to: the buffer is of several"):
        samples.add_to(buffer)
    other.n_envs, other.goal_selection_strategy = 1, "future"
    with pytest.raises(SettingError, match="add_to: Buffer exchanges goals"):
        samples.add_to(buffer)
    assert not buffer.rows


def test_samples_stay_what_they_are_while_steps_are_added() -> None:
    """Also when every step that they were made of has given way."""
    env, replay = recorded(30)
    samples = replay.coda(5)
    seen = [samples.states(i) for i in range(5)]
    env.reset(seed=8)
    env.unwrapped.do_intervention({"tool_block": {"mass": 0.05}})
    for _ in range(60):
        replay.step(env.action_space.sample())
    assert [samples.states(i) for i in range(5)] == seen
    assert all(samples.check(i) == (True, 0.0) for i in range(5))


def test_a_replay_comes_back_from_a_file(tmp_path: Any) -> None:
    """The same samples are made of it."""
    env, replay = recorded(40)
    replay.save(tmp_path / "steps.replay")
    read = Replay.load(env, tmp_path / "steps.replay")
    assert len(read) == 40
    both = [r.coda(5, seed=2).arrays() for r in (replay, read)]
    assert all((both[0][key] == both[1][key]).all() for key in both[0])


class Near:
    """A mask of one's own: fingers near the cube influence it, by their first joints' angles."""

    name, threshold = "near", -0.5

    def scores(self, before: Any, action: Any) -> Any:
        """Give 7 x 4 scores."""
        assert before.shape == (49,)
        assert action.shape == (9,)
        scores = np.full((7, 4), -1.0)
        scores[:3, 3] = -np.abs(before[[0, 12, 24]])
        return scores


def test_a_mask_from_python_is_used_and_held_against_the_truth() -> None:
    """The truth scores one; a mask's own exception comes through."""
    _, replay = recorded(60)
    truth, own = replay.score("simulation"), replay.score(Near())
    assert truth["cuts"] == {"precision": 1.0, "recall": 1.0, "auc": 1.0}
    assert own["entries"]["precision"] < 1.0
    assert 0 < len(replay.coda(10, method=Near())) <= 10
    near: Any = Near()
    near.scores = lambda before, action: np.zeros(5)
    with pytest.raises(ShapeError):
        replay.score(near)
    near.scores = lambda before, action: 1 / 0
    with pytest.raises(ZeroDivisionError):
        replay.coda(1, method=near)
    with pytest.raises(SettingError, match="nulling"):
        replay.score("wishful")


def test_a_recorded_data_set_becomes_a_replay_and_another_data_set(tmp_path: Any) -> None:
    """What was made re-runs bit for bit; the replay is what would have been recorded at once."""
    env = RecordEpisodes(gym.make("trifactor/Pushing-v0"), tmp_path / "real.arrow")
    recording = RecordReplay(env, capacity=100)
    rng = np.random.default_rng(3)
    recording.reset(seed=3)
    for _ in range(40):
        recording.step(rng.uniform(-1.0, 1.0, 9).astype(np.float32))
    recording.close()
    read = Replay.of_dataset(tmp_path / "real.arrow")
    both = [replay.arrays() for replay in (read, recording.replay)]
    assert all((both[0][key] == both[1][key]).all() for key in both[0])
    made, report = augment_dataset(tmp_path / "real.arrow", tmp_path / "made.arrow", 20)
    assert (len(made), report["accepted"]) == (20, 20)
    assert made.verify(num_threads=1).fraction == 1.0


def test_a_minari_data_set_is_augmented(tmp_path: Any, monkeypatch: Any) -> None:
    """From Minari's and back to Minari's: every sample is an episode of one step."""
    import minari

    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "examples")
    from augment_minari import augment

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    env = RecordEpisodes(gym.make("trifactor/Pushing-v0"), tmp_path / "real.arrow")
    env.reset(seed=1)
    for _ in range(30):
        env.step(env.action_space.sample())
    env.close()
    by = {"author": "a test", "author_email": "@", "code_permalink": "a test's"}
    to_minari(tmp_path / "real.arrow", "trifactor/real-v0", **by)
    augment("trifactor/real-v0", "trifactor/made-v0", 12, tmp_path, **by)
    made = minari.load_dataset("trifactor/made-v0")
    assert (made.total_episodes, made.total_steps) == (12, 12)
    back = from_minari(made, tmp_path / "back.arrow")
    assert back.verify(num_threads=1).fraction == 1.0
    assert len(back) == 12
    world: Any = made.recover_environment().unwrapped
    for episode, mine in zip(made.iterate_episodes(), Dataset(tmp_path / "back.arrow"), strict=True):
        world.set_state(mine.states[0])
        assert (world.observe() == episode.observations[0]).all()
        assert (world.step(episode.actions[0])[0] == episode.observations[1]).all()


def test_nothing_is_made_of_nothing() -> None:
    """An empty replay, and an environment that is none of trifactor's, are refused."""
    env = gym.make("trifactor/Pushing-v0")
    with pytest.raises(OrderError):
        Replay(env, capacity=5).coda(1)
    with pytest.raises(SettingError, match="environment of trifactor"):
        Replay(gym.make("CartPole-v1"))
    assert issubclass(SettingError, trifactor.TrifactorError)
