"""Evaluations from Python: what policies are taken, what comes of them, the report."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor import Scores, evaluate

SHORT = {"skip_frame": 3, "max_episode_length": 20}
METRICS = 8


def still(observations):
    """Holds the middle of the joints' ranges."""
    return np.zeros((len(observations), 9))


def short(policy, **arguments):
    arguments = {"protocols": "P0,P4", "worlds": 3, "resamples": 40, **SHORT, **arguments}
    return evaluate(policy, **arguments)


def test_a_function_is_scored_as_the_environment_scores_it():
    scores = short(still, protocols="P0", worlds=1)
    env = gym.make("trifactor/Pushing-v0", **SHORT).unwrapped
    env.reset(seed=0)
    rewards, infos = [], []
    for _ in range(20):
        _, reward, _, _, info = env.step(np.zeros(9))
        rewards.append(reward)
        infos.append(info)
    assert scores.mean("P0") == infos[-1]["fractional_success"]
    achieved = [info["fractional_success"] for info in infos]
    full = scores.mean("P0", "full_integrated_fractional_success")
    assert full == pytest.approx(np.mean(achieved), abs=1e-12)
    assert scores.mean("P0", "return") == pytest.approx(sum(rewards), abs=1e-12)


def test_the_batch_and_the_threads_reach_no_score():
    def pushing(observations):
        return np.clip(observations[:, 1:10] + 0.2, -1.0, 1.0)

    one = short(pushing, worlds=5, batch_size=1, num_threads=1)
    many = short(pushing, worlds=5, batch_size=4, num_threads=2)
    for protocol in ("P0", "P4"):
        assert np.array_equal(one.episodes(protocol, "return"), many.episodes(protocol, "return"))
    assert one.episodes("P4").shape == (1, 5)


class Model:
    """A model as Stable-Baselines3 has it, which counts its calls in an episode."""

    def __init__(self):
        self.starts = 0

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        assert deterministic
        count = np.zeros(len(episode_start)) if state is None else state
        count = np.where(episode_start, 0, count + 1)
        assert (count < 20).all()
        self.starts += int(episode_start.sum())
        return np.zeros((len(episode_start), 9), np.float32), count


def test_a_model_is_asked_with_its_memory():
    model = Model()
    scores = short(model, worlds=4, batch_size=2, invariance=None)
    assert model.starts == 8
    assert scores.policy == "Model"
    assert scores.document.get("invariance") is None


def test_runs_policies_that_are_built_in_and_progress():
    told = []
    scores = short("idle", progress=lambda *arguments: told.append(arguments))
    assert told == [("P0", 3, 6), ("P4", 6, 6)]
    assert scores.policy == "idle"
    runs = short({"1": still, "2": still}, name="twins")
    assert runs.document["runs"] == ["1", "2"]
    assert runs.summary("P4")["across_runs"]["standard_deviation"] == 0.0
    assert scores.summary("P4")["across_runs"] is None


def test_goal_conditioned_and_entity_observations_arrive_in_their_form():
    seen = []

    def looking(observations):
        seen.append(observations)
        return np.zeros((len(observations["achieved_goal"]), 9))

    short(looking, goal_conditioned=True, protocols="P0")
    assert set(seen[0]) == {"observation", "achieved_goal", "desired_goal"}
    env = gym.make("trifactor/PushingGoal-v0", **SHORT)
    assert seen[0]["desired_goal"].shape == (3, *env.observation_space["desired_goal"].shape)

    def sets(observations):
        assert observations.ndim == 3
        return still(observations)

    short(sets, observation_mode="entities", protocols="P0")


def test_a_policy_that_sees_colours_is_told_from_one_that_does_not():
    def by_colour(observations):
        return np.repeat(observations[:, -1:], 9, axis=1)

    blind = short(still, context="visible").document["invariance"]
    assert blind["share_altered"] == 0.0
    seeing = short(by_colour, observation_mode="custom", observe=["tool_block/color"])
    assert seeing.document["invariance"]["share_altered"] == 1.0


def test_protocols_of_ones_own_and_of_other_families():
    own = {"name": "heavy", "description": "", "start": "nothing except tool_block/mass from B"}
    scores = short(still, protocols=["P0", own, "cross/picking/P0"])
    assert scores.protocols == ["P0", "heavy", "cross/picking/P0"]


def test_scores_are_saved_read_compared_and_reported(tmp_path):
    scores = short("random", out=tmp_path, protocols="P1,P2,P3")
    assert Scores.load(tmp_path / "scores.json").document == scores.document
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "random" in page and "<svg" in page
    origin = scores.document["origin"]
    assert (origin["trifactor"], origin["preset"]) == (trifactor.__version__, "accurate")
    assert origin["engine"] == "native" and origin["collision_detection"].startswith("rapier ")
    for words in ("physics accurate (native solver)", f"trifactor {trifactor.__version__}", "rapier 0."):
        assert words in page, words
    found = scores.compare(short("idle", protocols="P1,P2,P3"))
    assert found["second"] == "idle" and len(found["protocols"]) == 3
    assert isinstance(found, trifactor.Comparison)
    files = scores.report(tmp_path / "both", short("idle", protocols="P1,P2,P3"))
    assert files[0].name == "report.html"
    charts = [path for path in files if path.suffix in (".svg", ".png") and path.parent.name == "both"]
    assert len(charts) == 2 * (METRICS + METRICS - 1)
    shown = sum(len(one["shown"]) for one in scores.document["protocols"])
    assert len(list((tmp_path / "stills").glob("0_P?_*"))) == 3 * shown > 0
    assert page.count("data:image/png") == 2 * shown
    assert "random" in repr(scores)


def test_a_comparison_is_a_table_and_still_the_dictionary():
    first, second = (short(policy, name="PPO") for policy in ("random", "idle"))
    found = first.compare(second)
    # Two of one name are told apart.
    assert (found["first"], found["second"]) == ("PPO (first)", "PPO (second)")
    named = first.named("a <b>").compare(second.named("still"))
    title, head, rule, *rows = str(named).splitlines()
    assert title == "a <b> against still: last_fractional_success"
    assert head.split() == ["protocol", "difference", "interval", "a", "<b>", "better"]
    assert set(rule) == {"-"} and [row.split()[0] for row in rows] == ["P0", "P4", "all"]
    assert max(len(line) for line in str(named).splitlines()) <= 80
    assert repr(named) == str(named)
    for (name, difference, low, high, better), row in zip(named.rows("return"), rows, strict=True):
        of = {one["protocol"]: one["metrics"] for one in named["protocols"]}
        pair = of.get(name, named["overall"])["return"]
        assert (difference, [low, high], better) == (
            pair["difference"],
            pair["interval"],
            pair["better"],
        )
        assert row.split()[0] == name
    page = named._repr_html_()
    assert page.count("<tr>") == 4 and "a &lt;b&gt;" in page and "<b>" not in page
    assert json.loads(json.dumps(named.to_dict())) == dict(named)
    with pytest.raises(trifactor.SettingError, match="choose one of"):
        named.table("beauty")
    with pytest.raises(trifactor.SettingError, match="expected Scores, got dict"):
        first.compare(second.document)
    with pytest.raises(trifactor.SettingError, match="expected Scores, got str"):
        first.report("nowhere", "runs/other/scores.json")


class Spaced(Model):
    """A model that knows its spaces and no environment, as one is that was loaded from a file."""

    def __init__(self, like):
        super().__init__()
        self.observation_space, self.action_space = like.observation_space, like.action_space


@pytest.mark.parametrize(
    ("trained", "evaluated", "said"),
    [
        ("Reaching", {}, "policy: 37 numbers, pushing: 56 numbers; pass family=.*'reaching'"),
        ("PushingGoal", {"goal_conditioned": False}, "pass goal_conditioned=True"),
        ("Pushing", {"goal_conditioned": True}, "pass goal_conditioned=False"),
        ("Pushing", {"observation_mode": "entities"}, r"56 numbers, pushing: an array of shape"),
        ("Pushing", {"normalize_actions": False}, "normalize_actions"),
    ],
)
def test_a_policy_of_other_spaces_is_refused_before_anything_runs(trained, evaluated, said):
    model = Spaced(gym.make(f"trifactor/{trained}-v0", **SHORT))
    with pytest.raises(trifactor.SettingError, match=said):
        short(model, **evaluated)
    assert model.starts == 0


def test_a_policy_of_goals_is_asked_with_goals():
    class Goals(Spaced):
        def predict(self, observation, **more):
            assert set(observation) == {"observation", "achieved_goal", "desired_goal"}
            return super().predict(observation["observation"], **more)

    model = Goals(gym.make("trifactor/PushingGoal-v0", **SHORT))
    scores = short(model, protocols="P0", invariance=None)
    assert scores.document["world"]["config"]["goal_conditioned"]


def test_the_page_lists_every_familys_protocols():
    page = (Path(__file__).parents[2] / "docs/evaluation.md").read_text(encoding="utf-8")
    table = page.split("| family | the reference's protocols |")[1].split("\n\n")[0]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines()[2:]]
    listed = {family: names for families, names in rows for family in families.split(", ")}
    assert set(listed) == set(trifactor.registration.FAMILIES.values())
    for family, names in listed.items():
        own = trifactor.curriculum.get_protocols(family, generated=False)
        expected = ", ".join(one["name"] for one in own) or "none; the generated ones"
        assert names == expected, family


def test_policies_that_are_built_in_have_one_list_of_names():
    names = trifactor.policies.NAMES
    assert names == ("scripted", "mpc", "random", "idle")
    env = gym.make("trifactor/Reaching-v0", **SHORT)
    env.reset(seed=0)
    for name in names:
        if name != "mpc":
            assert env.action_space.contains(trifactor.scripted_policy(env, name)())
    refused = []
    for attempt in (lambda: short("wise"), lambda: trifactor.scripted_policy(env, "wise")):
        with pytest.raises(trifactor.SettingError) as error:
            attempt()
        refused.append(str(error.value))
    assert all(all(name in message for name in names) for message in refused)
    assert all(name in trifactor.evaluate.__doc__ for name in names)


def test_an_idle_policy_stays_and_a_random_one_draws_alike_as_evaluated():
    for name in ("idle", "random"):
        env = gym.make("trifactor/Pushing-v0", **SHORT)
        (world,) = trifactor.curriculum.get_manifest("pushing", "P0", worlds=1)["worlds"]
        env.reset(seed=world["seed"])
        policy = trifactor.scripted_policy(env, name)
        total, ended = 0.0, False
        while not ended:
            _, reward, _, ended, _ = env.step(policy())
            total += reward
        expected = short(name, protocols="P0", worlds=1).mean("P0", "return")
        assert total == pytest.approx(expected, rel=1e-4, abs=1e-6), name


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"protocols": "P99"}, trifactor.SettingError, "P99"),
        ({"worlds": 0}, trifactor.SettingError, "worlds"),
        ({"batch_size": 0}, trifactor.SettingError, "batch_size"),
        ({"confidence": 1.0}, trifactor.SettingError, "confidence"),
        ({"resamples": 0}, trifactor.SettingError, "resamples"),
        ({"policy": {}}, trifactor.SettingError, "empty"),
        ({"policy": "wise"}, trifactor.SettingError, "scripted"),
        ({"policy": "mine.zip"}, trifactor.SettingError, "FILE.safetensors"),
        ({"policy": 5}, trifactor.SettingError, "policy"),
        ({"policy": {"1": 5}}, trifactor.SettingError, "policy"),
        ({"policy": {1: still}}, trifactor.SettingError, "policy"),
        ({"protocols": 5}, trifactor.SettingError, "protocols"),
        ({"protocols": [5]}, trifactor.FormatError, "protocols"),
        ({"protocols": []}, trifactor.SettingError, "protocols"),
        ({"worlds": -1}, trifactor.SettingError, "worlds"),
        ({"worlds": 2.5}, trifactor.SettingError, "worlds"),
        ({"worlds": True}, trifactor.SettingError, "worlds"),
        ({"worlds": 2**70}, trifactor.SettingError, "worlds"),
        ({"seed": -1}, trifactor.SettingError, "seed"),
        ({"seed": 2**64}, trifactor.SettingError, "seed"),
        ({"seed": True}, trifactor.SettingError, "seed"),
        ({"seed": None}, trifactor.SettingError, "seed"),
        ({"out": 5}, trifactor.SettingError, "out"),
        ({"name": 5}, trifactor.SettingError, "name"),
        ({"goal_conditioned": "yes"}, trifactor.SettingError, "goal_conditioned"),
        ({"deterministic": "yes"}, trifactor.SettingError, "deterministic"),
        ({"batch_size": True}, trifactor.SettingError, "batch_size"),
        ({"batch_size": 2**70}, trifactor.SettingError, "batch_size"),
        ({"num_threads": 0}, trifactor.SettingError, "num_threads"),
        ({"num_threads": "all"}, trifactor.SettingError, "num_threads"),
        ({"resamples": -1}, trifactor.SettingError, "resamples"),
        ({"resamples": True}, trifactor.SettingError, "resamples"),
        ({"confidence": "high"}, trifactor.SettingError, "confidence"),
        ({"confidence": float("nan")}, trifactor.SettingError, "confidence"),
        ({"confidence": True}, trifactor.SettingError, "confidence"),
        ({"invariance": 5}, trifactor.SettingError, "invariance"),
        ({"progress": "yes"}, trifactor.SettingError, "progress"),
        ({"family": 5}, trifactor.SettingError, "family"),
        ({"skip_frame": 0}, trifactor.SettingError, "skip_frame"),
        ({"policy": "idle", "action_mode": "joint_torques"}, trifactor.SettingError, "joint_positions"),
        ({"policy": lambda seen: seen}, trifactor.ShapeError, "9"),
        ({"policy": lambda seen: "left"}, trifactor.ShapeError, "numbers"),
        ({"policy": lambda seen: still(seen) * np.nan}, trifactor.NotFiniteError, "NaN"),
        ({"protocols": [{"name": "x"}]}, trifactor.FormatError, "description"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_the_reason(arguments, error, said):
    arguments = {"policy": still, **arguments}
    with pytest.raises(error, match=re.escape(said)):
        short(arguments.pop("policy"), **arguments)


def saved_layers(path, layers, told):
    """A file of safetensors, by its definition: a length, a header in JSON, the numbers."""
    header, data = {"__metadata__": told}, b""
    for name, numbers in layers.items():
        numbers = np.asarray(numbers, "<f4")
        ends = [len(data), len(data) + numbers.nbytes]
        header[name] = {"dtype": "F32", "shape": numbers.shape, "data_offsets": ends}
        data += numbers.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_a_network_is_evaluated_from_its_file_alone(tmp_path):
    width = gym.make("trifactor/Pushing-v0", **SHORT).observation_space.shape[0]
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(8, width)), rng.normal(size=(9, 8))
    layers = {"0.weight": first, "0.bias": np.ones(8), "2.weight": second, "2.bias": np.zeros(9)}
    path = tmp_path / "hand.safetensors"
    saved_layers(path, layers, {"activation": "tanh"})

    def by_hand(observations):
        inner = np.tanh(observations @ first.astype("f4").T.astype(float) + 1.0)
        return np.clip(inner @ second.astype("f4").T.astype(float), -1.0, 1.0)

    found = short(path)
    assert found.policy == "hand" and found.document["invariance"]["share_altered"] == 0.0
    for protocol in found.protocols:
        expected = short(by_hand).episodes(protocol, "return")
        np.testing.assert_allclose(found.episodes(protocol, "return"), expected, atol=1e-6)
    runs = short({"1": str(path), "2": by_hand}, name="both").episodes("P4")
    assert runs.shape == (2, 3)
    saved_layers(path, layers, {})
    with pytest.raises(trifactor.FormatError, match="activation"):
        short(path)
    with pytest.raises(trifactor.ShapeError, match="no dictionary"):
        saved_layers(path, layers, {"activation": "tanh"})
        short(path, goal_conditioned=True)
    with pytest.raises(trifactor.SettingError, match="no such file"):
        short(tmp_path / "other.onnx")
    with pytest.raises(trifactor.SettingError, match=r"\.onnx or \.safetensors"):
        trifactor.load_network("mine.zip")


def test_without_its_runtime_a_graph_is_refused_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "mine.onnx").touch()
    with pytest.raises(ImportError, match=r"pip install trifactor\[onnx\]"):
        short(tmp_path / "mine.onnx")


def test_questions_that_scores_can_not_answer_name_what_they_can():
    scores = short("idle", protocols="P0")
    with pytest.raises(trifactor.SettingError, match="choose one of P0"):
        scores.mean("P4")
    with pytest.raises(trifactor.SettingError, match="last_fractional_success"):
        scores.mean("P0", "beauty")
    with pytest.raises(trifactor.StateError, match="seed 0"):
        scores.compare(short("idle", protocols="P0", seed=1))


@pytest.mark.sweep
def test_a_browser_shows_the_figures_of_the_scores(tmp_path):
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        pytest.skip("no chromium is installed, so the report was not opened in a browser")
    scores = short("random", out=tmp_path, protocols="P1,P2,P3")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    page = (tmp_path / "report.html").as_uri()
    done = subprocess.run(
        [browser, *flags, "--dump-dom", page], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    pattern = (
        r'data-statistic="mean" data-protocol="(P\d)" data-metric="(\w+)" '
        r'data-policy="random" data-value="([^"]+)"'
    )
    cells = re.findall(pattern, done.stdout)
    assert len(cells) == 3 * METRICS
    for protocol, metric, value in cells:
        assert float(value) == scores.mean(protocol, metric)
    assert done.stdout.count("<svg") == 2 * METRICS - 1
    shown = sum(len(one["shown"]) for one in scores.document["protocols"])
    assert done.stdout.count("data:image/") == 3 * shown > 0
    assert json.loads((tmp_path / "scores.json").read_text())["policy"] == "random"
