"""Evaluations of models of Stable-Baselines3, after training and during it."""

import re

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import PPO, SAC, HerReplayBuffer
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    SubprocVecEnv,
    VecExtractDictObs,
    VecFrameStack,
    VecMonitor,
    VecNormalize,
)

import trifactor
from trifactor import evaluate
from trifactor.sb3 import SB3VecEnv
from trifactor.wrappers import DeltaAction, delayed_actions, moving_average_actions

SHORT = {"skip_frame": 3, "max_episode_length": 20}
FEW = {"protocols": "P0", "worlds": 2, "resamples": 20, "invariance": None}


def ppo(env, policy="MlpPolicy", **settings):
    settings = {"n_steps": 16, "batch_size": 16, "n_epochs": 1, "device": "cpu", **settings}
    return PPO(policy, env, policy_kwargs={"net_arch": [8]}, seed=0, **settings)


def batch(name, num_envs=2, **settings):
    settings = {**SHORT, "autoreset_mode": "SameStep", **settings}
    return SB3VecEnv(gym.make_vec(f"trifactor/{name}-v0", num_envs=num_envs, **settings))


def single(name, **settings):
    return gym.make(f"trifactor/{name}-v0", **{**SHORT, **settings})


def config(scores):
    return scores.document["world"]["config"]


def test_a_callback_evaluates_while_a_model_learns(tmp_path):
    callback = trifactor.evaluation_callback(64, out=tmp_path, **FEW)
    model = ppo(single("Reaching"), n_steps=64, batch_size=64)
    model.learn(128, callback=callback)
    assert [step for step, _ in callback.history] == [64, 128]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000064", "000000128"]
    last = callback.history[-1][1]
    assert last.policy == "PPO" and last.protocols == ["P0"]
    assert (config(last)["family"], config(last)["skip_frame"]) == ("reaching", 3)
    # The last evaluation came before the last update; another one of the same model repeats itself.
    scores = [evaluate(model, **FEW).mean(metric="return") for _ in range(2)]
    assert scores[0] == scores[1]


def test_a_callback_that_never_comes_is_refused():
    with pytest.raises(trifactor.SettingError, match="every 0"):
        trifactor.evaluation_callback(0)


OWN = {**trifactor.get_family("pushing"), "name": "mine"}
WORLDS = {
    "one": lambda: single("Reaching"),
    "a batch": lambda: batch("Picking", normalize_observations=False, max_blocks=2),
    "monitored": lambda: VecMonitor(batch("Reaching", physics="reference", overlap="aabb")),
    "another family's parameters": lambda: batch("Pushing", task_params={"tool_block_mass": 0.05}),
    "a family of one's own": lambda: batch("Custom", family=OWN),
    "chosen variables": lambda: batch("Pushing", observation_mode="custom", observe=["*/mass"]),
    "entities": lambda: single("Reaching", observation_mode="entities", context="all"),
    "torques": lambda: batch("Reaching", action_mode="joint_torques", normalize_actions=False),
    "wrapped": lambda: trifactor.StateReward(single("Reaching"), lambda *_: 0.0),
    "another process": lambda: SubprocVecEnv([lambda: single("Reaching", dtype="float64")]),
}


@pytest.mark.parametrize("name", WORLDS)
def test_a_model_is_evaluated_in_the_world_that_it_was_trained_in(name):
    envs = WORLDS[name]()
    kind = "MultiInputPolicy" if isinstance(envs.observation_space, gym.spaces.Dict) else "MlpPolicy"
    model = ppo(envs, kind)
    # A family of one's own has no protocols of the reference.
    few = {**FEW, "protocols": "joint/mass/A"} if "own" in name else FEW
    scores = evaluate(model, **few)
    inner = model.get_env()
    while hasattr(inner, "venv"):
        inner = inner.venv
    world = inner.get_attr("unwrapped", indices=[0])[0]
    assert config(scores) == world.description()["config"]
    assert scores.document["world"]["world"] == world.description()["world"]
    inner.close()


def test_a_goal_conditioned_model_is_evaluated_with_its_goals():
    model = SAC(
        "MultiInputPolicy",
        batch("ReachingGoal"),
        replay_buffer_class=HerReplayBuffer,
        policy_kwargs={"net_arch": [8]},
        buffer_size=100,
        seed=0,
    )
    scores = evaluate(model, **FEW)
    assert config(scores)["goal_conditioned"] and config(scores)["family"] == "reaching"
    # Its dictionary of observations says so where there is no environment.
    model.env = None
    again = evaluate(model, "reaching", **FEW, **SHORT)
    assert np.array_equal(again.episodes("P0", "return"), scores.episodes("P0", "return"))
    with pytest.raises(trifactor.SettingError, match="pass goal_conditioned=True"):
        evaluate(model, "reaching", goal_conditioned=False, **FEW, **SHORT)


def test_pixels_arrive_as_the_trainer_turns_them():
    pixels = {"width": 36, "height": 36, "cameras": [0]}
    model = ppo(single("Reaching", observation_mode="pixel", pixels=pixels), "MlpPolicy")
    scores = evaluate(model, **FEW)
    assert config(scores)["observation_mode"] != "structured"


def test_observations_are_normalised_as_the_trainer_does():
    envs = VecNormalize(batch("Reaching", num_envs=4), clip_obs=2.0)
    model = ppo(envs)
    model.learn(64)
    statistics = envs.obs_rms.mean.copy()
    scores = evaluate(model, **FEW)
    assert np.array_equal(envs.obs_rms.mean, statistics), "evaluations teach it nothing"

    def by_hand(observations):
        scaled = (observations - envs.obs_rms.mean) / np.sqrt(envs.obs_rms.var + envs.epsilon)
        return model.predict(np.clip(scaled, -2.0, 2.0).astype(np.float32), deterministic=True)[0]

    expected = evaluate(by_hand, "reaching", **FEW, **SHORT)
    assert np.array_equal(scores.episodes("P0", "return"), expected.episodes("P0", "return"))


def test_one_part_of_a_dictionary_is_what_a_model_sees():
    envs = VecExtractDictObs(batch("ReachingGoal"), "observation")
    scores = evaluate(ppo(envs), **FEW)
    assert config(scores)["goal_conditioned"]


def test_what_is_named_goes_before_what_was_trained():
    model = ppo(batch("Pushing", task_params={"tool_block_mass": 0.05}))
    scores = evaluate(model, skip_frame=5, **FEW)
    assert config(scores)["skip_frame"] == 5 and config(scores)["max_episode_length"] == 20
    assert config(scores)["task_params"] == {"tool_block_mass": 0.05}
    other = evaluate(model, "picking", **FEW)
    assert config(other)["family"] == "picking" and config(other)["skip_frame"] == 3
    assert config(other)["task_params"] == {}


def test_runs_of_one_world_are_evaluated_together_and_of_two_worlds_not():
    runs = {"1": ppo(batch("Reaching")), "2": ppo(single("Reaching"))}
    assert evaluate(runs, **FEW).document["runs"] == ["1", "2"]
    runs["2"] = ppo(single("Reaching", skip_frame=4))
    with pytest.raises(trifactor.SettingError, match=r"runs '1' and '2'.*\(skip_frame\)"):
        evaluate(runs, **FEW)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DeltaAction(single("Reaching")), "DeltaAction"),
        (lambda: gym.wrappers.FlattenObservation(single("Reaching")), "ObservationWrapper"),
        (lambda: gym.wrappers.RescaleAction(single("Reaching"), -2.0, 2.0), "ActionWrapper"),
        (lambda: delayed_actions(single("Reaching"), 3), "action_delay 3"),
        (lambda: SB3VecEnv(moving_average_actions(batch("Reaching").envs, 4)), "action_smoothing 4"),
        (lambda: VecFrameStack(batch("Reaching"), 2), "VecFrameStack"),
        (
            lambda: SubprocVecEnv([lambda: DeltaAction(single("Reaching"))]),
            "DeltaAction",
        ),
        (
            lambda: SB3VecEnv(
                gym.wrappers.vector.RescaleAction(batch("Reaching").envs, -2.0, 2.0)
            ),
            "VectorActionWrapper",
        ),
        (
            lambda: single("Reaching", extra_observations={"one": (lambda _: 1.0, 0.0, 1.0)}),
            "extra_observations",
        ),
    ],
)
def test_a_model_behind_what_an_evaluation_lacks_is_refused(make, said):
    model = ppo(make())
    with pytest.raises(trifactor.SettingError, match=said):
        evaluate(model, **FEW)
    model.get_env().close()


def test_a_model_without_its_environment_is_compared_with_the_world_before_anything_runs():
    model = ppo(single("Reaching"))
    model.env = None
    told = []
    said = re.escape("policy: 37 numbers, pushing: 56 numbers; pass family=")
    with pytest.raises(trifactor.SettingError, match=f"{said}.*'reaching'"):
        evaluate(model, progress=lambda *news: told.append(news), **FEW)
    with pytest.raises(trifactor.SettingError, match="normalize_actions"):
        evaluate(model, "reaching", normalize_actions=False, **FEW)
    assert told == []
    assert evaluate(model, "reaching", **FEW, **SHORT).policy == "PPO"
    assert evaluate(model.policy, "reaching", **FEW, **SHORT).policy == "ActorCriticPolicy"


def test_a_model_of_another_package_is_told_from_ours_by_its_observations():
    model = ppo(DummyVecEnv([lambda: gym.make("Pendulum-v1")]))
    with pytest.raises(trifactor.SettingError, match="3 numbers, pushing: 56"):
        evaluate(model, **FEW)
