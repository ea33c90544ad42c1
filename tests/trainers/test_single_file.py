"""The trainer in one file: the same transitions in every autoreset mode, and that it trains."""

import gymnasium as gym
import numpy as np
import pytest
import torch
import train_single_file
from gymnasium.vector import AutoresetMode

import trifactor


def transitions(mode, count=16):
    """Of every world: what was seen, where the action led, reward and end, as bytes."""
    envs = gym.make_vec(
        "trifactor/Pushing-v0",
        num_envs=3,
        skip_frame=1,
        max_episode_length=5,
        autoreset_mode=mode,
        num_threads=1,
    )
    stepper = train_single_file.Stepper(trifactor.RandomGoals(envs), seed=3)
    rows = [[] for _ in range(3)]
    while min(map(len, rows)) < count:
        # Whatever resets come between, the n-th transition of a world has the same action.
        draws = [np.random.default_rng([i, len(row)]) for i, row in enumerate(rows)]
        seen = stepper.seen
        actions = np.stack([draw.uniform(-1, 1, 9) for draw in draws])
        led_to, reward, terminated, ended, valid = stepper.step(actions)
        for i in np.flatnonzero(valid):
            flags = (float(reward[i]), bool(terminated[i]), bool(ended[i]))
            rows[i].append((seen[i].tobytes(), led_to[i].tobytes(), *flags))
    assert len(stepper.finals) == sum(row[-1] for world in rows for row in world)
    return [world[:count] for world in rows]


def test_every_autoreset_mode_gives_the_same_transitions():
    first, *others = [transitions(mode) for mode in AutoresetMode]
    assert sum(row[-1] for row in first[0]) == 3
    for other in others:
        assert other == first


def test_time_limits_are_bootstrapped_and_ends_cut_the_sums():
    def columns(*numbers, kind=torch.float32):
        return torch.tensor(numbers, dtype=kind).reshape(-1, 1)

    gamma, decay = train_single_file.GAMMA, train_single_file.GAMMA * train_single_file.LAMBDA
    # A step, one cut off by time, one ended by the task, and one that goes on.
    result = train_single_file.advantages(
        columns(1.0, 2.0, 3.0, 4.0),
        columns(0.1, 0.2, 0.3, 0.4),
        columns(0.2, 5.0, 7.0, 6.0),
        columns(False, False, True, False, kind=torch.bool),
        columns(False, True, True, False, kind=torch.bool),
    )
    truncated = 2.0 + gamma * 5.0 - 0.2
    expected = columns(
        1.0 + gamma * 0.2 - 0.1 + decay * truncated,
        truncated,
        3.0 - 0.3,
        4.0 + gamma * 6.0 - 0.4,
    )
    assert torch.allclose(result, expected)


@pytest.mark.parametrize("mode", [mode.value for mode in AutoresetMode])
def test_the_example_trains_in_every_mode(mode):
    arguments = "--worlds 4 --episode-length 10 --rollout 20 --steps 160 --batch-size 40".split()
    curve = train_single_file.main([*arguments, "--autoreset-mode", mode])
    assert len(curve) == 2 and np.isfinite(curve).all()
