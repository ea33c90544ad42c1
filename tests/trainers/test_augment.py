"""CoDA in the replay buffer of Stable-Baselines3."""

import augment_sb3
import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.buffers import DictReplayBuffer
from stable_baselines3.common.vec_env import DummyVecEnv

import trifactor


def test_an_agent_learns_from_a_buffer_with_made_up_steps():
    """The buffer holds what was taken and what was made; made ones are what the world does."""
    model, augmented = augment_sb3.train(
        120, every=40, ratio=2, batch_size=32, policy_kwargs={"net_arch": [16]}
    )
    buffer, made = model.replay_buffer, augmented.samples
    assert (len(augmented.replay), len(made), augmented.made) == (120, 80, 240)
    assert buffer.size() == 120 + 240
    # The last ones came before the last real step, which is stored after the callback.
    rows = slice(279, 359)
    observations, actions, rewards, following, ends = made.learned()
    assert np.array_equal(buffer.observations[rows, 0], observations)
    assert np.array_equal(buffer.next_observations[rows, 0], following)
    assert np.array_equal(buffer.actions[rows, 0], actions)
    assert np.array_equal(buffer.rewards[rows, 0], rewards.astype(np.float32))
    assert np.array_equal(buffer.dones[rows, 0], ends)
    assert all(made.check(i) == (True, 0.0) for i in range(0, 80, 8))


def test_a_buffer_of_dictionaries_takes_samples_with_goals():
    """Achieved and desired ones, and pays what the environment pays for them."""
    env = gym.make("trifactor/PushingGoal-v0")
    replay = trifactor.augment.Replay(env, capacity=1000)
    env.reset(seed=0)
    for _ in range(200):
        replay.step(env.action_space.sample())
    buffer = DictReplayBuffer(1000, env.observation_space, env.action_space)
    samples = replay.coda(20)
    samples.add_to(buffer)
    assert buffer.size() == 20
    observations, actions, rewards, following, _ = samples.learned()
    for key in ("observation", "achieved_goal", "desired_goal"):
        assert np.array_equal(buffer.observations[key][:20, 0], observations[key])
        assert np.array_equal(buffer.next_observations[key][:20, 0], following[key])
    assert np.array_equal(buffer.actions[:20, 0], actions)
    paid = env.unwrapped.compute_reward(following["achieved_goal"], following["desired_goal"], None)
    assert np.array_equal(rewards, paid)
    assert np.array_equal(buffer.rewards[:20, 0], paid.astype(np.float32))
    assert buffer.sample(8).next_observations["desired_goal"].shape == (8, 10)


def test_a_buffer_that_exchanges_goals_within_episodes_takes_no_samples():
    """They are of no episode."""
    env = gym.make("trifactor/PushingGoal-v0")
    replay = trifactor.augment.Replay(env, capacity=50)
    env.reset(seed=0)
    for _ in range(50):
        replay.step(env.action_space.sample())
    buffer = HerReplayBuffer(
        100, env.observation_space, env.action_space, DummyVecEnv([lambda: env])
    )
    with pytest.raises(trifactor.SettingError, match="HerReplayBuffer exchanges goals"):
        replay.coda(5).add_to(buffer)
