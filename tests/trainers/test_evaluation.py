"""Evaluations of models of Stable-Baselines3, after training and during it."""

import gymnasium as gym
import pytest
from stable_baselines3 import PPO

import trifactor

SHORT = {"skip_frame": 3, "max_episode_length": 20}
FEW = {"protocols": "P0,P4", "worlds": 2, "resamples": 20, **SHORT}


def test_a_callback_evaluates_while_a_model_learns(tmp_path):
    env = gym.make("trifactor/Pushing-v0", **SHORT)
    callback = trifactor.evaluation_callback(64, out=tmp_path, **FEW)
    model = PPO("MlpPolicy", env, n_steps=64, batch_size=64, n_epochs=1, device="cpu")
    model.learn(128, callback=callback)
    assert [step for step, _ in callback.history] == [64, 128]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000064", "000000128"]
    last = callback.history[-1][1]
    assert last.policy == "PPO" and last.protocols == ["P0", "P4"]
    # The last evaluation came before the last update; another one of the same model repeats itself.
    scores = [trifactor.evaluate(model, **FEW).mean(metric="return") for _ in range(2)]
    assert scores[0] == scores[1]


def test_a_callback_that_never_comes_is_refused():
    with pytest.raises(trifactor.SettingError, match="every 0"):
        trifactor.evaluation_callback(0)
