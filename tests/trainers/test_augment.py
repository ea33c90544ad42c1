"""CoDA in the replay buffer of Stable-Baselines3."""

import augment_sb3
import numpy as np


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
