"""Stable-Baselines3 on a batch: what it sees, and that it trains."""

import sys
import types
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import train_sb3
from stable_baselines3 import PPO, SAC, HerReplayBuffer
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecVideoRecorder

import trifactor
from trifactor.sb3 import SB3VecEnv

ROOT = Path(__file__).parents[2]

SHORT = {"skip_frame": 1, "max_episode_length": 6}


def make(name="Pushing", num_envs=3, info_keys=("success", "fractional_success"), **settings):
    settings = {**SHORT, "autoreset_mode": "SameStep", "num_threads": 2, **settings}
    envs = gym.make_vec(f"trifactor/{name}-v0", num_envs=num_envs, **settings)
    return SB3VecEnv(envs, info_keys=info_keys)


def bits(shown):
    if isinstance(shown, dict):
        return {key: bits(part) for key, part in shown.items()}
    return np.asarray(shown).tobytes()


@pytest.mark.parametrize("name", ["Pushing", "PushingGoal"])
def test_it_shows_what_its_own_vector_environment_shows(name):
    ours = make(name, info_keys=("success", "fractional_success", "reward_terms", "achieved_goal"))
    theirs = DummyVecEnv([lambda: gym.make(f"trifactor/{name}-v0", **SHORT)] * 3)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert ours.seed(4) == theirs.seed(4)
    assert bits(ours.reset()) == bits(theirs.reset())
    rng = np.random.default_rng(1)
    ends = 0
    for _ in range(14):
        actions = rng.uniform(-1, 1, (3, 9)).astype(np.float32)
        seen, rewards, ended, infos = ours.step(actions)
        wanted, their_rewards, their_ended, their_infos = theirs.step(actions)
        assert bits(seen) == bits(wanted)
        assert (rewards.dtype, rewards.tolist()) == (their_rewards.dtype, their_rewards.tolist())
        assert ended.tolist() == their_ended.tolist()
        for info, their in zip(infos, their_infos, strict=True):
            for key in ("success", "fractional_success", "reward_terms"):
                assert info[key] == their[key]
            assert info["achieved_goal"].tolist() == np.ravel(their["achieved_goal"]).tolist()
            assert info.get("TimeLimit.truncated", False) == their["TimeLimit.truncated"]
            assert ("terminal_observation" in info) == ("terminal_observation" in their)
            if "terminal_observation" in their:
                last, their_last = info["terminal_observation"], their["terminal_observation"]
                assert bits(last) == bits(their_last)
                assert info["is_success"] == their["success"]
                ends += 1
    assert ends == 6
    # Seeds are used once: the next reset begins the next episode.
    assert bits(ours.reset()) == bits(theirs.reset())


def test_methods_and_attributes_of_worlds():
    envs = make()
    envs.seed(0)
    envs.reset()
    change = {"tool_block": {"mass": 0.05}}
    assert [result.success for result in envs.env_method("do_intervention", change, indices=[1])]
    values = envs.env_method("get_current_state_variables")
    assert [value["tool_block"]["mass"] for value in values] == [0.02, 0.05, 0.02]
    envs.set_attr("level", 2, indices=[0, 2])
    assert envs.get_attr("level", indices=2) == [2]
    assert envs.has_attr("dt") and not envs.has_attr("colour") and not envs.has_attr("level")
    assert envs.env_is_wrapped(Monitor) == [False] * 3
    with pytest.raises(trifactor.SettingError, match="share"):
        envs.set_attr("dt", 0.1)


@pytest.mark.parametrize(
    ("settings", "match"),
    [({"autoreset_mode": "NextStep"}, "SameStep"), ({"copy": False}, "copy=False")],
)
def test_a_batch_that_would_be_misunderstood_is_refused(settings, match):
    with pytest.raises(trifactor.SettingError, match=match):
        make(**settings)
    with pytest.raises(trifactor.SettingError, match="TriFingerVectorEnv"):
        SB3VecEnv(gym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync"))


def drawn(num_envs=2, **settings):
    return make(num_envs=num_envs, render_mode="rgb_array", render_size=(32, 24), **settings)


def test_pictures_are_those_of_the_batch():
    envs = drawn()
    envs.reset()
    images = envs.get_images()
    assert [image.shape for image in images] == [(24, 32, 3)] * 2
    for image, own in zip(images, envs.envs.render(), strict=True):
        assert np.array_equal(image, own)
    assert np.array_equal(envs.env_method("render", indices=1)[0], images[1])
    assert envs.render().shape == envs.render("rgb_array").shape == (48, 32, 3)
    assert envs.render_mode == "rgb_array"
    assert envs.metadata == {"render_modes": ["human", "rgb_array"], "render_fps": 250}
    with pytest.raises(trifactor.SettingError, match="mode 'ansi'"):
        envs.render("ansi")


def test_without_a_render_mode_nothing_is_drawn():
    envs = make()
    envs.reset()
    with pytest.warns(UserWarning, match="render_mode"):
        assert envs.get_images() == [None] * 3
    with pytest.warns(UserWarning, match="render_mode"):
        assert envs.render() is None
    assert envs.metadata["render_modes"] == []


def test_a_policy_is_evaluated_while_it_is_drawn():
    class Counting(SB3VecEnv):
        drawn = 0

        def get_images(self):
            self.drawn += 1
            return super().get_images()

    envs = Counting(drawn().envs)
    model = PPO("MlpPolicy", envs, n_steps=8, batch_size=16, n_epochs=1, device="cpu")
    evaluate_policy(model, VecMonitor(envs), n_eval_episodes=2, render=True)
    assert envs.drawn == 6


def test_a_window_shows_all_worlds_and_where_none_can_be_it_is_said(monkeypatch):
    shown = []
    window = types.SimpleNamespace(
        imshow=lambda name, picture: shown.append(picture), waitKey=lambda wait: None
    )
    monkeypatch.setitem(sys.modules, "cv2", window)
    envs = VecMonitor(drawn())
    envs.reset()
    envs.render("human")
    assert np.array_equal(shown[0][:, :, ::-1], envs.render())
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(trifactor.SettingError, match="opencv-python"):
        envs.render("human")


def test_videos_are_recorded(tmp_path):
    recorded = VecVideoRecorder(drawn(), str(tmp_path), lambda step: step == 0, video_length=4)
    recorded.reset()
    for _ in range(5):
        recorded.step(np.zeros((2, 9), np.float32))
    recorded.close()
    (video,) = tmp_path.glob("*.mp4")
    assert video.stat().st_size > 0


def test_gymnasium_records_videos_of_one_world_and_of_a_batch(tmp_path):
    settings = {**SHORT, "render_mode": "rgb_array", "render_size": (32, 24)}
    one = gym.wrappers.RecordVideo(gym.make("trifactor/Pushing-v0", **settings), str(tmp_path / "1"))
    one.reset()
    for _ in range(6):
        one.step(np.zeros(9, np.float32))
    one.close()
    batch = gym.make_vec("trifactor/Pushing-v0", num_envs=2, **settings)
    many = gym.wrappers.vector.RecordVideo(batch, str(tmp_path / "2"), video_length=4)
    many.reset()
    for _ in range(6):
        many.step(np.zeros((2, 9), np.float32))
    many.close()
    for folder in "12":
        assert [video.stat().st_size > 0 for video in (tmp_path / folder).glob("*.mp4")] == [True]


def test_a_wrapper_of_the_batch_is_every_worlds():
    batch = gym.make_vec("trifactor/Pushing-v0", num_envs=2, autoreset_mode="SameStep", **SHORT)
    envs = SB3VecEnv(trifactor.RandomGoals(batch))
    assert envs.env_is_wrapped(trifactor.RandomGoals) == [True, True]
    assert envs.env_is_wrapped(Monitor, indices=0) == [False]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda envs: envs.seed(-1), trifactor.SettingError, "seed"),
        (lambda envs: envs.seed(True), trifactor.SettingError, "seed"),
        (lambda envs: envs.seed(1.5), trifactor.SettingError, "seed"),
        (lambda envs: envs.seed("7"), trifactor.SettingError, "seed"),
        (lambda envs: envs.seed(2**64 - 1), trifactor.SettingError, "seed"),
        (lambda envs: envs.set_options({"level": 1}), trifactor.SettingError, "level"),
        (lambda envs: envs.set_options([{}, {"level": 1}, {}]), trifactor.SettingError, "level"),
        (lambda envs: envs.set_options({"reset_mask": 1}), trifactor.SettingError, "reset_mask"),
        (lambda envs: envs.set_options(3), trifactor.SettingError, "options"),
        (lambda envs: envs.step_wait(), trifactor.OrderError, "step_async"),
        (lambda envs: envs.step(None), trifactor.TrifactorError, "actions"),
        (lambda envs: envs.step(np.zeros((2, 9))), trifactor.ShapeError, "actions"),
        (lambda envs: envs.step("left"), trifactor.ShapeError, "actions"),
        (lambda envs: envs.get_attr("dt", indices=3), trifactor.ShapeError, "indices"),
        (lambda envs: envs.get_attr("dt", indices=[0, -1]), trifactor.ShapeError, "indices"),
        (lambda envs: envs.get_attr("dt", indices="all"), trifactor.ShapeError, "indices"),
        (lambda envs: envs.get_attr("dt", indices=True), trifactor.ShapeError, "indices"),
        (lambda envs: envs.set_attr("mine", 1, indices=1.0), trifactor.ShapeError, "indices"),
        (lambda envs: envs.env_method("step"), trifactor.SettingError, "step"),
        (lambda envs: envs.env_method("reset"), trifactor.SettingError, "reset"),
        (lambda envs: envs.env_method("_info"), trifactor.SettingError, "_info"),
        (lambda envs: envs.env_method("nothing"), AttributeError, "nothing"),
        (lambda envs: envs.env_method("get_state", indices=9), trifactor.ShapeError, "indices"),
        (lambda envs: envs.env_is_wrapped("Monitor"), trifactor.SettingError, "wrapper_class"),
    ],
)
def test_a_call_that_is_refused_names_its_argument_and_changes_nothing(call, error, said):
    envs, untouched = make(), make()
    with pytest.raises(error, match=said):
        call(envs)
    envs.seed(np.int64(3))
    untouched.seed(3)
    assert bits(envs.reset()) == bits(untouched.reset())
    assert envs.get_attr("dt", indices=np.int64(1)) == untouched.get_attr("dt", indices=[1])


@pytest.mark.parametrize("keys", ["success", [1], ("sucess",)])
def test_info_keys_that_no_info_has_are_refused_with_those_that_there_are(keys):
    with pytest.raises(trifactor.SettingError, match="info_keys"):
        envs = make(info_keys=keys)
        envs.reset()
        envs.step(np.zeros((3, 9)))


def test_hindsight_replay_learns_from_relabelled_goals(tmp_path):
    envs = make("ReachingGoal", num_envs=2, max_episode_length=10)
    model = SAC(
        "MultiInputPolicy",
        envs,
        replay_buffer_class=HerReplayBuffer,
        replay_buffer_kwargs={"n_sampled_goal": 4},
        learning_starts=40,
        batch_size=32,
        policy_kwargs={"net_arch": [16]},
        seed=0,
    )
    model.learn(200)
    sample = model.replay_buffer.sample(64)
    seen, after = sample.observations, sample.next_observations
    paid = envs.env_method(
        "compute_reward",
        after["achieved_goal"].numpy(),
        after["desired_goal"].numpy(),
        {},
        indices=[0],
    )
    assert np.allclose(sample.rewards.numpy()[:, 0], paid[0], rtol=1e-4, atol=1e-7)
    wanted = np.unique(seen["desired_goal"].numpy(), axis=0)
    assert len(wanted) > 1, "without relabelling every goal is that of the family"
    model.save(tmp_path / "model")
    again = SAC.load(tmp_path / "model", envs)
    first, second = (one.predict(envs.reset(), deterministic=True)[0] for one in (model, again))
    assert first.shape == second.shape == (2, 9)


def test_a_policy_is_evaluated_on_a_batch():
    envs = VecMonitor(make(), info_keywords=("fractional_success",))
    model = PPO("MlpPolicy", envs, n_steps=8, batch_size=12, n_epochs=1, device="cpu")
    _, lengths = evaluate_policy(model, envs, n_eval_episodes=6, return_episode_rewards=True)
    assert lengths == [6] * 6


def test_what_the_page_shows_runs():
    page = (ROOT / "docs/learning.md").read_text(encoding="utf-8")
    snippets = page.split("```python\n")[1:]
    assert snippets
    for snippet in snippets:
        code = snippet.split("```")[0].replace("100_000", "1").replace("num_envs=64", "num_envs=2")
        exec(compile(code, "learning.md", "exec"), {"__name__": "__main__"})


def test_the_example_trains(tmp_path):
    # Untrained, the mean action hardly moves the fingers; a few thousand steps teach more.
    out = tmp_path / "curve.csv"
    arguments = "--family reaching --steps 32000 --every 16000 --evaluation-worlds 16".split()
    rows = train_sb3.main([*arguments, "--out", str(out)])
    assert [row["steps"] for row in rows] == [0, 16000, 32000]
    assert rows[-1]["return"] > rows[0]["return"]
    assert out.read_text().count("\n") == 4
    train_sb3.main(["--plot", str(tmp_path / "curve.svg"), str(out)])
    assert (tmp_path / "curve.svg").read_text().startswith("<?xml")
